//! Logistic regression of yes or no on one number: log(p / (1 - p)) = a + b x, fitted by Newton's method (iteratively reweighted least
//! squares: McCullagh and Nelder 1989, section 4.4).

use libm::exp;

/// Newton steps at most; some eight are usual.
const MAX_STEPS: usize = 50;
/// Done when a step moves no coefficient by more.
const TOLERANCE: f64 = 1e-12;

/// A fitted regression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Logistic {
    /// Log odds at zero.
    pub intercept: f64,
    /// Log odds per unit.
    pub slope: f64,
}

impl Logistic {
    /// Fits rows of a number and whether it is so. None where the numbers do not differ, or part the two without overlap: then the most
    /// likely slope has no bound.
    #[must_use]
    pub fn fit(rows: &[(f64, bool)]) -> Option<Self> {
        let mut fitted = Self { intercept: 0.0, slope: 0.0 };
        for _ in 0..MAX_STEPS {
            let (mut g, mut h) = ([0.0; 2], [0.0; 3]);
            for (x, is_so) in rows {
                let p = fitted.probability(*x);
                let (missed, weight) = (f64::from(u8::from(*is_so)) - p, p * (1.0 - p));
                g[0] += missed;
                g[1] += missed * x;
                h[0] += weight;
                h[1] += weight * x;
                h[2] += weight * x * x;
            }
            let determinant = h[0] * h[2] - h[1] * h[1];
            let step = [(h[2] * g[0] - h[1] * g[1]) / determinant, (h[0] * g[1] - h[1] * g[0]) / determinant];
            fitted.intercept += step[0];
            fitted.slope += step[1];
            if step.iter().all(|moved| moved.abs() <= TOLERANCE) {
                return Some(fitted);
            }
        }
        None
    }

    /// Probability at a number.
    #[must_use]
    pub fn probability(&self, x: f64) -> f64 {
        1.0 / (1.0 + exp(-(self.intercept + self.slope * x)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With two values of x the fit is the log odds of each: 1 of 4 at 0, 3 of 4 at 1, so ln(1/3) and ln 9.
    #[test]
    fn two_groups_have_their_own_log_odds() {
        let group = |x: f64, of_four: usize| (0..4).map(move |i| (x, i < of_four));
        let rows: Vec<(f64, bool)> = group(0.0, 1).chain(group(1.0, 3)).collect();
        let fitted = Logistic::fit(&rows).unwrap();
        assert!((fitted.intercept + 3.0_f64.ln()).abs() < 1e-12, "{fitted:?}");
        assert!((fitted.slope - 9.0_f64.ln()).abs() < 1e-12, "{fitted:?}");
        assert!((fitted.probability(1.0) - 0.75).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_fitted_is_none() {
        assert_eq!(Logistic::fit(&[(1.0, true), (1.0, false)]), None);
        assert_eq!(Logistic::fit(&[(0.0, false), (1.0, false), (2.0, true), (3.0, true)]), None);
        assert_eq!(Logistic::fit(&[]), None);
    }
}
