//! Fitting a regression by least squares, and everything that is published about the fit; the regressions themselves are declared in
//! `stages/fit/declarations.rs` (docs/method.md, section 5).

use super::ols::{self, Design, OlsError, Solution, solve};
use libm::sqrt;
use rayon::prelude::*;
use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor, StudentsT};
use std::collections::{BTreeMap, BTreeSet};

/// Fewest observations a fit must rest on to be used (docs/method.md, section 5).
pub const MIN_OBSERVATIONS: usize = 20;
/// Significance the required slope must reach.
pub const SIGNIFICANCE: f64 = 0.01;

/// One observation.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Identifier published with the fit.
    pub id: String,
    /// Group held out together in cross-validation.
    pub owner: String,
    /// Response, log10.
    pub response: f64,
    /// Terms, the intercept first.
    pub terms: Vec<f64>,
}

/// A coefficient with its inference.
#[derive(Clone, Debug, PartialEq)]
pub struct Coefficient {
    /// Name of the term.
    pub term: String,
    /// Estimate.
    pub estimate: f64,
    /// HC3 standard error (MacKinnon and White 1985).
    pub std_error: f64,
    /// t statistic.
    pub t: f64,
    /// Two-sided p.
    pub p: f64,
    /// Lower end of the 95 % interval.
    pub ci_low: f64,
    /// Upper end of the 95 % interval.
    pub ci_high: f64,
}

/// A statistic with its p value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Test {
    /// Statistic.
    pub statistic: f64,
    /// p value.
    pub p: f64,
}

/// A fitted regression.
#[derive(Clone, Debug)]
pub struct Fit {
    /// Coefficients, the intercept first.
    pub coefficients: Vec<Coefficient>,
    /// HC3 covariance, k by k.
    pub covariance: Vec<Vec<f64>>,
    /// Observations.
    pub n: usize,
    /// Coefficient of determination.
    pub r2: f64,
    /// Adjusted for k.
    pub r2_adjusted: f64,
    /// F of all slopes; none without slopes.
    pub f: Option<Test>,
    /// Residual standard error.
    pub residual_se: f64,
    /// Breusch-Pagan in Koenker's studentized form; none without slopes.
    pub breusch_pagan: Option<Test>,
    /// Jarque-Bera of the residuals.
    pub jarque_bera: Test,
    /// 2-norm condition number of the design.
    pub condition_number: f64,
    /// Root mean squared leave-one-out error.
    pub loo_rmse: f64,
    /// Per observation, the error when its whole owner is held out, in their order; none where the rest cannot be fitted.
    pub held_out_errors: Vec<Option<f64>>,
}

impl Fit {
    /// Errors of the observations that have one.
    fn errors(&self) -> impl Iterator<Item = f64> + '_ {
        self.held_out_errors.iter().flatten().copied()
    }

    /// Root mean squared error with whole owners held out; none for one owner.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn grouped_cv_rmse(&self) -> Option<f64> {
        root_mean_square(&self.errors().collect::<Vec<_>>())
    }

    /// The central prediction for a row of terms.
    #[must_use]
    pub fn predict(&self, terms: &[f64]) -> f64 {
        self.coefficients.iter().zip(terms).map(|(c, x)| c.estimate * x).sum()
    }
}

/// Fits `observations` on `terms` (names, the intercept first).
///
/// # Errors
/// Too few rows or dependent columns.
pub fn fit(terms: &[String], observations: &[Observation]) -> Result<Fit, OlsError> {
    let design = Design::from_rows(&observations.iter().map(|o| o.terms.clone()).collect::<Vec<_>>());
    let y: Vec<f64> = observations.iter().map(|o| o.response).collect();
    let s = solve(&design, &y)?;
    #[allow(clippy::cast_precision_loss)]
    let (n, k) = (design.n as f64, design.k as f64);
    let df = n - k;
    let sse: f64 = s.residuals.iter().map(|e| e * e).sum();
    let r2 = 1.0 - sse / centred_sum_of_squares(&y);
    let covariance = hc3(&s);
    Ok(Fit {
        coefficients: coefficients(terms, &s, &covariance, df),
        covariance,
        n: design.n,
        r2,
        r2_adjusted: 1.0 - (1.0 - r2) * (n - 1.0) / df,
        f: (design.k > 1).then(|| {
            let statistic = (r2 / (k - 1.0)) / ((1.0 - r2) / df);
            Test { statistic, p: FisherSnedecor::new(k - 1.0, df).map_or(f64::NAN, |d| d.sf(statistic)) }
        }),
        residual_se: sqrt(sse / df),
        breusch_pagan: breusch_pagan(&design, &s.residuals),
        jarque_bera: jarque_bera(&s.residuals),
        condition_number: s.singular_values.first().unwrap_or(&f64::NAN) / s.singular_values.last().unwrap_or(&f64::NAN),
        loo_rmse: sqrt(
            s.residuals.iter().zip(&s.leverages).map(|(e, h)| (e / (1.0 - h).max(1e-12)) * (e / (1.0 - h).max(1e-12))).sum::<f64>()
                / n,
        ),
        held_out_errors: held_out_errors(observations),
    })
}

fn centred_sum_of_squares(y: &[f64]) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let mean = y.iter().sum::<f64>() / y.len() as f64;
    y.iter().map(|v| (v - mean) * (v - mean)).sum()
}

/// (X'X)^-1 X' diag(e^2 / (1 - h)^2) X (X'X)^-1, by way of the pseudo-inverse.
fn hc3(s: &Solution) -> Vec<Vec<f64>> {
    let weights: Vec<f64> = s
        .residuals
        .iter()
        .zip(&s.leverages)
        .map(|(e, h)| {
            let deleted = e / (1.0 - h).max(1e-12);
            deleted * deleted
        })
        .collect();
    let cell = |a: &[f64], b: &[f64]| a.iter().zip(b).zip(&weights).map(|((x, y), w)| x * y * w).sum();
    s.pseudo_inverse.iter().map(|a| s.pseudo_inverse.iter().map(|b| cell(a, b)).collect()).collect()
}

fn coefficients(terms: &[String], s: &Solution, covariance: &[Vec<f64>], df: f64) -> Vec<Coefficient> {
    let distribution = StudentsT::new(0.0, 1.0, df).ok();
    let critical = distribution.as_ref().map_or(f64::NAN, |d| d.inverse_cdf(0.975));
    terms
        .iter()
        .zip(&s.coefficients)
        .enumerate()
        .map(|(j, (term, &estimate))| {
            let std_error = sqrt(covariance[j][j]);
            let t = estimate / std_error;
            Coefficient {
                term: term.clone(),
                estimate,
                std_error,
                t,
                p: distribution.as_ref().map_or(f64::NAN, |d| 2.0 * d.sf(t.abs())),
                ci_low: estimate - critical * std_error,
                ci_high: estimate + critical * std_error,
            }
        })
        .collect()
}

/// n R2 of the squared residuals on the design (Koenker 1981), chi2 with k - 1 degrees of freedom.
fn breusch_pagan(design: &Design, residuals: &[f64]) -> Option<Test> {
    if design.k < 2 {
        return None;
    }
    let squared: Vec<f64> = residuals.iter().map(|e| e * e).collect();
    let auxiliary = solve(design, &squared).ok()?;
    let r2 = 1.0 - auxiliary.residuals.iter().map(|e| e * e).sum::<f64>() / centred_sum_of_squares(&squared);
    #[allow(clippy::cast_precision_loss)]
    let (statistic, df) = (design.n as f64 * r2, (design.k - 1) as f64);
    Some(Test { statistic, p: ChiSquared::new(df).ok()?.sf(statistic.max(0.0)) })
}

/// n/6 (S^2 + (K - 3)^2 / 4), chi2 with two degrees of freedom (Jarque and Bera 1987).
fn jarque_bera(residuals: &[f64]) -> Test {
    #[allow(clippy::cast_precision_loss)]
    let n = residuals.len() as f64;
    let mean = residuals.iter().sum::<f64>() / n;
    let moment = |power: i32| residuals.iter().map(|e| (0..power).fold(1.0, |p, _| p * (e - mean))).sum::<f64>() / n;
    let m2 = moment(2);
    let skewness = moment(3) / (m2 * sqrt(m2));
    let kurtosis = moment(4) / (m2 * m2);
    let statistic = n / 6.0 * (skewness * skewness + (kurtosis - 3.0) * (kurtosis - 3.0) / 4.0);
    Test {
        statistic,
        // The survival function of chi2 with two degrees of freedom is exp(-x/2).
        p: libm::exp(-statistic / 2.0),
    }
}

/// Root of the mean square; none for no errors.
#[must_use]
pub fn root_mean_square(errors: &[f64]) -> Option<f64> {
    #[allow(clippy::cast_precision_loss)]
    let n = errors.len() as f64;
    (n > 0.0).then(|| sqrt(errors.iter().map(|e| e * e).sum::<f64>() / n))
}

/// Most owners held out one by one; with more, owners are held out in this many folds. A fiftieth of the owners less changes a fit by
/// less than its errors; more folds cost time on every run.
const MAX_FOLDS: usize = 50;

/// Errors of predictions from a fit without the observation's owner, in observation order.
#[must_use]
pub fn held_out_errors(observations: &[Observation]) -> Vec<Option<f64>> {
    let owners: BTreeSet<&str> = observations.iter().map(|o| o.owner.as_str()).collect();
    if owners.len() < 2 {
        return vec![None; observations.len()];
    }
    let folds: BTreeMap<&str, usize> = owners.into_iter().enumerate().map(|(i, owner)| (owner, i % MAX_FOLDS)).collect();
    let count = folds.values().max().map_or(0, |f| f + 1);
    // Without a fold a category may be empty: its rows then have no held-out prediction.
    let fitted: Vec<Option<Vec<f64>>> = (0..count)
        .into_par_iter()
        .map(|fold| coefficients_of(observations, |_, o| folds.get(o.owner.as_str()) != Some(&fold)))
        .collect();
    observations
        .iter()
        .map(|o| {
            let coefficients = fitted.get(*folds.get(o.owner.as_str())?)?.as_ref()?;
            Some(o.response - linear(coefficients, &o.terms))
        })
        .collect()
}

fn linear(coefficients: &[f64], terms: &[f64]) -> f64 {
    coefficients.iter().zip(terms).map(|(b, x)| b * x).sum()
}

/// Coefficients of a fit on the observations that are kept, by position and content; none where it cannot be made. A term that none of
/// them has (the indicator of a class whose every owner is left out) says nothing: its coefficient is zero.
pub fn coefficients_of(observations: &[Observation], keep: impl Fn(usize, &Observation) -> bool) -> Option<Vec<f64>> {
    let rest: Vec<&Observation> = observations.iter().enumerate().filter(|(i, o)| keep(*i, o)).map(|(_, o)| o).collect();
    let width = rest.first()?.terms.len();
    let present: Vec<usize> = (0..width).filter(|at| rest.iter().any(|o| o.terms[*at] != 0.0)).collect();
    let design = Design::from_rows(&rest.iter().map(|o| present.iter().map(|at| o.terms[*at]).collect()).collect::<Vec<_>>());
    let y: Vec<f64> = rest.iter().map(|o| o.response).collect();
    let solved = ols::coefficients(&design, &y).ok()?;
    let mut coefficients = vec![0.0; width];
    for (at, value) in present.into_iter().zip(solved) {
        coefficients[at] = value;
    }
    Some(coefficients)
}

/// Number of residuals that the prior of an effect of a family weighs: a judgement. Between 2 and 8 the held-out error of the token
/// regression differs by less than 0.01 dex (registry of 2026-07, releases held out).
pub const FAMILY_SHRINKAGE: f64 = 4.0;

/// Errors when a family's releases of about the same time are held out and its others speak through an effect of the family: the sum of
/// their residuals over their number plus `shrinkage` (best linear unbiased prediction of a random intercept: Robinson 1991).
/// `released` holds family and day per observation; releases within `days` are held out together, because models of one release share
/// their data.
#[must_use]
pub fn family_errors(observations: &[Observation], released: &[(String, i32)], days: i32, shrinkage: f64) -> Vec<Option<f64>> {
    (0..observations.len())
        .into_par_iter()
        .map(|i| {
            let (family, day) = &released[i];
            let near = |j: usize| released[j].0 == *family && (released[j].1 - day).abs() < days;
            let coefficients = coefficients_of(observations, |j, _| !near(j))?;
            let residual = |j: usize| observations[j].response - linear(&coefficients, &observations[j].terms);
            let others: Vec<f64> =
                (0..observations.len()).filter(|j| released[*j].0 == *family && !near(*j)).map(residual).collect();
            #[allow(clippy::cast_precision_loss)]
            let effect = others.iter().sum::<f64>() / (others.len() as f64 + shrinkage);
            Some(residual(i) - effect)
        })
        .collect()
}

/// Lower Cholesky factor of a covariance; a pivot lost to rounding becomes zero (that direction is known exactly).
#[must_use]
pub fn cholesky(covariance: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let k = covariance.len();
    let mut l = vec![vec![0.0; k]; k];
    for i in 0..k {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|m| l[i][m] * l[j][m]).sum();
            l[i][j] = if i == j {
                sqrt((covariance[i][i] - sum).max(0.0))
            } else if l[j][j] > 0.0 {
                (covariance[i][j] - sum) / l[j][j]
            } else {
                0.0
            };
        }
    }
    l
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observations(x: &[f64], y: &[f64]) -> Vec<Observation> {
        x.iter()
            .zip(y)
            .enumerate()
            .map(|(i, (x, y))| Observation { id: i.to_string(), owner: (i % 3).to_string(), response: *y, terms: vec![1.0, *x] })
            .collect()
    }

    fn close(got: f64, expected: f64) {
        assert!((got - expected).abs() <= 1e-8 * expected.abs(), "{got} {expected}");
    }

    /// Expected values from statsmodels 0.15.0 (OLS, cov_type HC3 with use_t, het_breuschpagan, jarque_bera).
    #[test]
    fn agrees_with_statsmodels() {
        let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let y = [1.1, 1.9, 3.2, 3.9, 5.3, 5.8, 7.4, 7.7];
        let f = fit(&["intercept".into(), "x".into()], &observations(&x, &y)).unwrap();
        close(f.coefficients[0].estimate, 0.09642857142857197);
        close(f.coefficients[0].std_error, 0.1851484585498637);
        close(f.coefficients[0].t, 0.5208175762511255);
        close(f.coefficients[0].p, 0.6211476781428688);
        close(f.coefficients[0].ci_low, -0.3566133860183143);
        close(f.coefficients[0].ci_high, 0.5494705288754582);
        close(f.coefficients[1].estimate, 0.9869047619047615);
        close(f.coefficients[1].std_error, 0.055962538651766106);
        close(f.coefficients[1].t, 17.63509636412136);
        close(f.coefficients[1].p, 2.1342572321935978e-06);
        close(f.coefficients[1].ci_low, 0.8499693628575961);
        close(f.coefficients[1].ci_high, 1.1238401609519268);
        close(f.r2, 0.9895606998506821);
        close(f.r2_adjusted, 0.9878208164924625);
        let overall = f.f.unwrap();
        close(overall.statistic, 568.7511724137944);
        close(overall.p, 3.569206620856602e-07);
        close(f.residual_se, 0.26818762681116187);
        let bp = f.breusch_pagan.unwrap();
        close(bp.statistic, 5.040026349434822);
        close(bp.p, 0.02476811327032052);
        close(f.jarque_bera.statistic, 0.7417499241738776);
        close(f.jarque_bera.p, 0.6901302286076259);
        close(f.condition_number, 11.478428240732693);
        close(f.loo_rmse, 0.3213057369847404);
    }

    /// Two owners on y = x and y = x + 1, three rows each: without its owner a row is predicted by the other's line.
    #[test]
    fn held_out_errors_by_hand() {
        let row = |owner: &str, x: f64, y: f64| Observation {
            id: format!("{owner}{x}"),
            owner: owner.into(),
            response: y,
            terms: vec![1.0, x],
        };
        let rows: Vec<Observation> = [1.0, 2.0, 4.0].iter().flat_map(|x| [row("a", *x, *x), row("b", *x, *x + 1.0)]).collect();
        for (o, error) in rows.iter().zip(held_out_errors(&rows)) {
            assert!((error.unwrap() - if o.owner == "a" { -1.0 } else { 1.0 }).abs() < 1e-12);
        }
    }

    /// Intercept only. Family f has 3 (day 0) and 5 (day 500), g has 1 and 1: for the 3, the rest's mean is 7/3, the residual of the 5
    /// is 8/3, its effect (8/3) / (1 + 1) = 4/3, so that the error is 3 - 7/3 - 4/3 = -2/3.
    #[test]
    fn family_errors_by_hand() {
        let rows: Vec<Observation> = [3.0, 5.0, 1.0, 1.0]
            .iter()
            .enumerate()
            .map(|(i, y)| Observation { id: i.to_string(), owner: i.to_string(), response: *y, terms: vec![1.0] })
            .collect();
        let released = [("f", 0), ("f", 500), ("g", 0), ("g", 500)].map(|(family, day)| (family.to_owned(), day));
        let errors = family_errors(&rows, &released, 120, 1.0);
        assert!((errors[0].unwrap() + 2.0 / 3.0).abs() < 1e-12, "{errors:?}");
    }

    /// Three points on y = 1 + 2x, and one of a class of its own: without it the class has no coefficient, and the line stays.
    #[test]
    fn a_term_that_nobody_kept_has_is_zero() {
        let of = |x: f64, class: f64, y: f64| Observation {
            id: String::new(),
            owner: String::new(),
            response: y,
            terms: vec![1.0, x, class],
        };
        let rows = [of(0.0, 0.0, 1.0), of(1.0, 0.0, 3.0), of(2.0, 0.0, 5.0), of(1.0, 1.0, 9.0)];
        let fitted = coefficients_of(&rows, |i, _| i != 3).unwrap();
        assert!((fitted[0] - 1.0).abs() < 1e-12 && (fitted[1] - 2.0).abs() < 1e-12 && fitted[2] == 0.0, "{fitted:?}");
    }

    /// [[4, 2], [2, 5]] = L L' with L = [[2, 0], [1, 2]].
    #[test]
    fn cholesky_by_hand() {
        assert_eq!(cholesky(&[vec![4.0, 2.0], vec![2.0, 5.0]]), vec![vec![2.0, 0.0], vec![1.0, 2.0]]);
    }
}
