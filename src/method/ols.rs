//! Least squares by Householder QR.
//!
//! Written here rather than taken from a linear algebra crate because those pick their kernels by the CPU they meet (AVX2, FMA,
//! AVX-512), and the published digits of a regression must not depend on the machine that fitted it. Plain scalar Rust with
//! columns scaled to unit length meets the NIST sets (tests below).

use libm::sqrt;

/// A design matrix, row-major.
#[derive(Clone, Debug)]
pub struct Design {
    /// Rows.
    pub n: usize,
    /// Columns.
    pub k: usize,
    /// `n * k` values, row by row.
    pub values: Vec<f64>,
}

impl Design {
    /// A matrix from rows of equal length.
    #[must_use]
    pub fn from_rows(rows: &[Vec<f64>]) -> Self {
        let k = rows.first().map_or(0, Vec::len);
        Self { n: rows.len(), k, values: rows.iter().flat_map(|r| r.iter().copied().take(k)).collect() }
    }

    /// One row.
    #[must_use]
    pub fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.k..(i + 1) * self.k]
    }
}

/// Why a system cannot be solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OlsError {
    /// No more rows than columns.
    #[error("{n} observations cannot determine {k} coefficients with a residual")]
    TooFewRows {
        /// Observations.
        n: usize,
        /// Coefficients.
        k: usize,
    },
    /// A column is a combination of others.
    #[error("the columns are linearly dependent (column {0})")]
    Singular(usize),
    /// A value is infinite or not a number.
    #[error("the data hold a value that is not finite")]
    NotFinite,
}

/// Solution of min |y - X b|.
#[derive(Clone, Debug)]
pub struct Solution {
    /// Coefficients, k.
    pub coefficients: Vec<f64>,
    /// y - X b, n.
    pub residuals: Vec<f64>,
    /// Diagonal of the hat matrix, n.
    pub leverages: Vec<f64>,
    /// Columns of R^-1 Q' with the scaling undone, k rows of n: `b = pseudo_inverse y`.
    pub pseudo_inverse: Vec<Vec<f64>>,
    /// Singular values of X, largest first.
    pub singular_values: Vec<f64>,
}

/// Solves min |y - X b| by Householder QR on columns scaled to unit length.
///
/// # Errors
/// Too few rows, dependent columns or values that are not finite.
pub fn solve(x: &Design, y: &[f64]) -> Result<Solution, OlsError> {
    let (n, k) = (x.n, x.k);
    let Factored { q, r, inverse, scales, coefficients, residuals } = factored(x, y)?;
    let pseudo_inverse: Vec<Vec<f64>> =
        (0..k).map(|j| (0..n).map(|i| (j..k).map(|m| inverse[j][m] * q[m][i]).sum::<f64>() / scales[j]).collect()).collect();
    let leverages = (0..n).map(|i| q.iter().map(|column| column[i] * column[i]).sum()).collect();
    let unscaled: Vec<Vec<f64>> = (0..k).map(|j| (0..k).map(|i| r[i][j] * scales[j]).collect()).collect();
    Ok(Solution { coefficients, residuals, leverages, pseudo_inverse, singular_values: singular_values(unscaled) })
}

/// The coefficients alone, which take half the time.
///
/// # Errors
/// As [`solve`].
pub fn coefficients(x: &Design, y: &[f64]) -> Result<Vec<f64>, OlsError> {
    factored(x, y).map(|factored| factored.coefficients)
}

/// X = Q R with its columns scaled, and what follows at once.
struct Factored {
    q: Vec<Vec<f64>>,
    r: Vec<Vec<f64>>,
    /// Of R.
    inverse: Vec<Vec<f64>>,
    scales: Vec<f64>,
    coefficients: Vec<f64>,
    residuals: Vec<f64>,
}

fn factored(x: &Design, y: &[f64]) -> Result<Factored, OlsError> {
    let (n, k) = (x.n, x.k);
    if n <= k || k == 0 || y.len() != n {
        return Err(OlsError::TooFewRows { n, k });
    }
    if !x.values.iter().chain(y).all(|v| v.is_finite()) {
        return Err(OlsError::NotFinite);
    }
    // Column-major copy, scaled.
    let mut a: Vec<Vec<f64>> = (0..k).map(|j| (0..n).map(|i| x.values[i * k + j]).collect()).collect();
    let mut scales = Vec::with_capacity(k);
    for (j, column) in a.iter_mut().enumerate() {
        let norm = sqrt(dot(column, column));
        if norm == 0.0 {
            return Err(OlsError::Singular(j));
        }
        column.iter_mut().for_each(|v| *v /= norm);
        scales.push(norm);
    }
    let (q, r) = householder(a)?;
    let inverse = invert_upper(&r);
    let mut coefficients = vec![0.0; k];
    let mut residuals = y.to_vec();
    // The second pass is one step of iterative refinement: it recovers digits lost to an ill-conditioned R.
    for _ in 0..2 {
        let projected: Vec<f64> = q.iter().map(|column| dot(column, &residuals)).collect();
        for j in (0..k).rev() {
            let correction: f64 = (j..k).map(|m| inverse[j][m] * projected[m]).sum::<f64>() / scales[j];
            coefficients[j] += correction;
        }
        for (i, residual) in residuals.iter_mut().enumerate() {
            *residual = y[i] - dot(x.row(i), &coefficients);
        }
    }
    Ok(Factored { q, r, inverse, scales, coefficients, residuals })
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Length below which what is left of a unit column is rounding error.
const DEPENDENT: f64 = 1e-11;

type Columns = Vec<Vec<f64>>;

/// Thin Q (k columns of n) and R (`r[i][j]`, upper) of a column-major matrix.
fn householder(mut a: Columns) -> Result<(Columns, Vec<Vec<f64>>), OlsError> {
    let k = a.len();
    let n = a.first().map_or(0, Vec::len);
    let mut reflectors: Columns = Vec::with_capacity(k);
    for j in 0..k {
        let mut v: Vec<f64> = a[j][j..].to_vec();
        let norm = sqrt(dot(&v, &v));
        // Columns have unit length: what is left of a dependent one is rounding error, some n times the machine epsilon.
        if norm < DEPENDENT {
            return Err(OlsError::Singular(j));
        }
        v[0] += if v[0] < 0.0 { -norm } else { norm };
        let length = sqrt(dot(&v, &v));
        v.iter_mut().for_each(|x| *x /= length);
        reflect(&v, j, &mut a[j..]);
        reflectors.push(v);
    }
    let r: Vec<Vec<f64>> = (0..k).map(|i| (0..k).map(|j| if i <= j { a[j][i] } else { 0.0 }).collect()).collect();
    let unit = |j: usize| (0..n).map(|i| if i == j { 1.0 } else { 0.0 }).collect();
    let mut q: Columns = (0..k).map(unit).collect();
    for (m, v) in reflectors.iter().enumerate().rev() {
        // A column before this one has zeros where the reflector does something.
        reflect(v, m, &mut q[m..]);
    }
    Ok((q, r))
}

/// Columns whose sums run beside each other: each is as long as if it ran alone, because an addition waits for the one before.
const BESIDE: usize = 4;

/// x - 2 v (v'x) for a unit vector v and what of each column x begins at a row.
fn reflect(v: &[f64], row: usize, columns: &mut [Vec<f64>]) {
    for columns in columns.chunks_mut(BESIDE) {
        let mut dots = [0.0; BESIDE];
        if let [a, b, c, d] = &*columns {
            let beside = a[row..].iter().zip(&b[row..]).zip(&c[row..]).zip(&d[row..]);
            for (v, (((a, b), c), d)) in v.iter().zip(beside) {
                for (dot, x) in dots.iter_mut().zip([a, b, c, d]) {
                    *dot += v * x;
                }
            }
        } else {
            dots.iter_mut().zip(&*columns).for_each(|(sum, column)| *sum = dot(v, &column[row..]));
        }
        for (column, dot) in columns.iter_mut().zip(dots) {
            let twice = 2.0 * dot;
            for (xi, vi) in column[row..].iter_mut().zip(v) {
                *xi -= twice * vi;
            }
        }
    }
}

fn invert_upper(r: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let k = r.len();
    let mut inverse = vec![vec![0.0; k]; k];
    for j in 0..k {
        inverse[j][j] = 1.0 / r[j][j];
        for i in (0..j).rev() {
            let sum: f64 = (i + 1..=j).map(|m| r[i][m] * inverse[m][j]).sum();
            inverse[i][j] = -sum / r[i][i];
        }
    }
    inverse
}

/// Singular values by one-sided Jacobi rotations (Hestenes 1958) of a small column-major matrix, largest first.
fn singular_values(mut columns: Columns) -> Vec<f64> {
    let k = columns.len();
    for _ in 0..60 {
        let mut rotated = false;
        for p in 0..k {
            for q in p + 1..k {
                let (alpha, beta) = (dot(&columns[p], &columns[p]), dot(&columns[q], &columns[q]));
                let gamma = dot(&columns[p], &columns[q]);
                if gamma.abs() <= 1e-15 * sqrt(alpha * beta) {
                    continue;
                }
                rotated = true;
                let zeta = (beta - alpha) / (2.0 * gamma);
                let t = zeta.signum() / (zeta.abs() + sqrt(1.0 + zeta * zeta));
                let c = 1.0 / sqrt(1.0 + t * t);
                let s = c * t;
                let (left, right) = columns.split_at_mut(q);
                for (x, y) in left[p].iter_mut().zip(right[0].iter_mut()) {
                    (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
                }
            }
        }
        if !rotated {
            break;
        }
    }
    let mut values: Vec<f64> = columns.iter().map(|c| sqrt(dot(c, c))).collect();
    values.sort_by(|a, b| b.total_cmp(a));
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Digits of agreement with a certified value (NIST StRD: log relative error).
    fn digits(got: f64, certified: f64) -> f64 {
        -((got - certified).abs() / certified.abs()).max(1e-16).log10()
    }

    fn polynomial(x: &[f64], degree: i32) -> Design {
        Design::from_rows(&x.iter().map(|x| (0..=degree).map(|p| x.powi(p)).collect()).collect::<Vec<_>>())
    }

    /// NIST StRD Norris: 36 observations, linear.
    #[test]
    fn nist_norris() {
        let y = [
            0.1, 338.8, 118.1, 888.0, 9.2, 228.1, 668.5, 998.5, 449.1, 778.9, 559.2, 0.3, 0.1, 778.1, 668.8, 339.3, 448.9, 10.8,
            557.7, 228.3, 998.0, 888.8, 119.6, 0.3, 0.6, 557.6, 339.3, 888.0, 998.5, 778.9, 10.2, 117.6, 228.9, 668.4, 449.2, 0.2,
        ];
        let x = [
            0.2, 337.4, 118.2, 884.6, 10.1, 226.5, 666.3, 996.3, 448.6, 777.0, 558.2, 0.4, 0.6, 775.5, 666.9, 338.0, 447.5, 11.6,
            556.0, 228.1, 995.8, 887.6, 120.2, 0.3, 0.3, 556.8, 339.1, 887.2, 999.0, 779.0, 11.1, 118.3, 229.2, 669.1, 448.9, 0.5,
        ];
        let s = solve(&polynomial(&x, 1), &y).unwrap();
        assert!(digits(s.coefficients[0], -0.262_323_073_774_029) > 9.0);
        assert!(digits(s.coefficients[1], 1.002_116_818_020_45) > 9.0);
        let sd = sqrt(dot(&s.residuals, &s.residuals) / 34.0);
        assert!(digits(sd, 0.884_796_396_144_373) > 9.0);
    }

    /// NIST StRD Longley: seven collinear columns.
    #[test]
    fn nist_longley() {
        let rows = [
            [60_323.0, 83.0, 234_289.0, 2_356.0, 1_590.0, 107_608.0, 1_947.0],
            [61_122.0, 88.5, 259_426.0, 2_325.0, 1_456.0, 108_632.0, 1_948.0],
            [60_171.0, 88.2, 258_054.0, 3_682.0, 1_616.0, 109_773.0, 1_949.0],
            [61_187.0, 89.5, 284_599.0, 3_351.0, 1_650.0, 110_929.0, 1_950.0],
            [63_221.0, 96.2, 328_975.0, 2_099.0, 3_099.0, 112_075.0, 1_951.0],
            [63_639.0, 98.1, 346_999.0, 1_932.0, 3_594.0, 113_270.0, 1_952.0],
            [64_989.0, 99.0, 365_385.0, 1_870.0, 3_547.0, 115_094.0, 1_953.0],
            [63_761.0, 100.0, 363_112.0, 3_578.0, 3_350.0, 116_219.0, 1_954.0],
            [66_019.0, 101.2, 397_469.0, 2_904.0, 3_048.0, 117_388.0, 1_955.0],
            [67_857.0, 104.6, 419_180.0, 2_822.0, 2_857.0, 118_734.0, 1_956.0],
            [68_169.0, 108.4, 442_769.0, 2_936.0, 2_798.0, 120_445.0, 1_957.0],
            [66_513.0, 110.8, 444_546.0, 4_681.0, 2_637.0, 121_950.0, 1_958.0],
            [68_655.0, 112.6, 482_704.0, 3_813.0, 2_552.0, 123_366.0, 1_959.0],
            [69_564.0, 114.2, 502_601.0, 3_931.0, 2_514.0, 125_368.0, 1_960.0],
            [69_331.0, 115.7, 518_173.0, 4_806.0, 2_572.0, 127_852.0, 1_961.0],
            [70_551.0, 116.9, 554_894.0, 4_007.0, 2_827.0, 130_081.0, 1_962.0],
        ];
        let design: Vec<Vec<f64>> = rows.iter().map(|r| [&[1.0], &r[1..]].concat()).collect();
        let y: Vec<f64> = rows.iter().map(|r| r[0]).collect();
        let s = solve(&Design::from_rows(&design), &y).unwrap();
        let certified = [
            -3_482_258.634_595_82,
            15.061_872_271_373_3,
            -0.358_191_792_925_910e-1,
            -2.020_229_803_816_83,
            -1.033_226_867_173_59,
            -0.511_041_056_535_807e-1,
            1_829.151_464_613_55,
        ];
        for (got, certified) in s.coefficients.iter().zip(certified) {
            assert!(digits(*got, certified) > 9.0, "{got} {certified}");
        }
    }

    /// NIST StRD Wampler 1 and 2: exact fifth-degree polynomials.
    #[test]
    fn nist_wampler() {
        let x: Vec<f64> = (0..=20).map(f64::from).collect();
        let y1: Vec<f64> = x.iter().map(|x| (0..=5).map(|p| x.powi(p)).sum()).collect();
        for got in solve(&polynomial(&x, 5), &y1).unwrap().coefficients {
            assert!(digits(got, 1.0) > 9.0, "{got}");
        }
        let y2: Vec<f64> = x.iter().map(|x| (0..=5).map(|p| x.powi(p) * 0.1_f64.powi(p)).sum()).collect();
        for (p, got) in solve(&polynomial(&x, 5), &y2).unwrap().coefficients.into_iter().enumerate() {
            assert!(digits(got, 0.1_f64.powi(p as i32)) > 9.0, "{got}");
        }
    }

    /// diag(3, 4) with a rotation has singular values 4 and 3; two equal columns are refused.
    #[test]
    fn singular_values_and_dependence() {
        let (c, s) = (0.6, 0.8);
        let values = singular_values(vec![vec![3.0 * c, 3.0 * s], vec![-4.0 * s, 4.0 * c]]);
        assert!((values[0] - 4.0).abs() < 1e-12 && (values[1] - 3.0).abs() < 1e-12);
        let twin = Design::from_rows(&[vec![1.0, 1.0], vec![2.0, 2.0], vec![3.0, 3.0]]);
        assert_eq!(solve(&twin, &[1.0, 2.0, 3.0]).unwrap_err(), OlsError::Singular(1));
        // Three hundred rows leave more rounding error behind than three.
        let rows: Vec<Vec<f64>> = (0..300).map(|i| vec![1.0, f64::from(i) * 0.37, 1.0]).collect();
        let y: Vec<f64> = (0..300).map(|i| f64::from(i % 7)).collect();
        assert_eq!(solve(&Design::from_rows(&rows), &y).unwrap_err(), OlsError::Singular(2));
    }
}
