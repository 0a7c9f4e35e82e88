//! The fitted regressions as estimates use them, read back from their tables.

use super::fine_tune::SizesSeen;
use crate::domain::{Comparison, RegressionId, Term};
use crate::error::{Error, Result};
use crate::method::calibration::{ErrorLaw, Errors};
use crate::method::simulate::SharedFit;
use crate::tables::{BacktestRunRow, RegressionCovarianceRow, RegressionObservationRow, RegressionRow, RegressionTermRow};
use std::collections::BTreeMap;

/// A fitted regression.
#[derive(Debug)]
pub struct LoadedFit {
    /// Its terms, the intercept first.
    pub terms: Vec<Term>,
    /// Coefficients with their draws.
    pub shared: SharedFit,
    /// Formula with numbers.
    pub formula: String,
    /// Sizes it has been fitted on.
    pub seen: SizesSeen,
}

/// Rows of the tables that `fit` wrote.
#[derive(Debug)]
pub struct FitRows {
    /// Regressions.
    pub regressions: Vec<RegressionRow>,
    /// Their coefficients.
    pub terms: Vec<RegressionTermRow>,
    /// Covariances of the coefficients.
    pub covariances: Vec<RegressionCovarianceRow>,
    /// Observations with their held-out errors.
    pub observations: Vec<RegressionObservationRow>,
}

/// All regressions in use, and the errors measured in the back-test.
#[derive(Debug)]
pub struct Fits {
    fits: BTreeMap<RegressionId, LoadedFit>,
    /// Error of 6 N D against independent compute.
    six_nd: ErrorLaw,
}

impl Fits {
    /// Of regressions by name, and of the errors of 6 N D.
    #[must_use]
    pub fn new(fits: BTreeMap<RegressionId, LoadedFit>, six_nd: ErrorLaw) -> Self {
        Self { fits, six_nd }
    }

    /// From the tables that `fit` wrote, with coefficients drawn `draws` times.
    ///
    /// # Errors
    /// A regression lacks a coefficient (a bug).
    pub fn from_rows(rows: FitRows, six_nd: ErrorLaw, draws: usize, seed: u64) -> Result<Self> {
        let FitRows { regressions, terms, covariances, observations } = rows;
        let mut fits = BTreeMap::new();
        for row in regressions.into_iter().filter(|row| row.used) {
            let id = row.regression_id;
            let estimate = |term: &Term| terms.iter().find(|t| t.regression_id == id && t.term == *term).map(|t| t.estimate);
            let covariance = |a: &Term, b: &Term| {
                covariances.iter().find(|c| c.regression_id == id && c.term_a == *a && c.term_b == *b).map_or(0.0, |c| c.covariance)
            };
            let matrix: Vec<Vec<f64>> = row.terms.iter().map(|a| row.terms.iter().map(|b| covariance(a, b)).collect()).collect();
            let central: Vec<f64> = row.terms.iter().filter_map(estimate).collect();
            if central.len() != row.terms.len() {
                return Err(Error::Internal(format!("regression {id} lacks a coefficient")));
            }
            let size = row.terms.iter().position(|t| t.is_size());
            let errors: Vec<(f64, f64)> = observations
                .iter()
                .filter(|o| o.regression_id == id)
                .filter_map(|o| {
                    // Where size is what is predicted, errors are those of predictions like it.
                    let error = o.held_out_error?;
                    Some((size.map_or(Some(o.response - error), |at| o.terms.get(at).copied())?, error))
                })
                .collect();
            let shared = SharedFit::new(id.name(), central, &matrix, ErrorLaw::new(&errors), draws, seed);
            let fitted_on = observations.iter().filter(|o| o.regression_id == id).map(|o| (o.terms.as_slice(), o.held_out_error));
            let seen = SizesSeen::new(&row.terms, fitted_on);
            fits.insert(id, LoadedFit { terms: row.terms, shared, formula: row.formula, seen });
        }
        Ok(Self { fits, six_nd })
    }

    /// A regression by name.
    ///
    /// # Errors
    /// It was not fitted or not usable.
    pub fn get(&self, id: RegressionId) -> Result<&LoadedFit> {
        self.fits.get(&id).ok_or_else(|| {
            Error::input(
                format!("regression '{id}' is not usable (see the column not_used_reason of regressions)"),
                "regressions.parquet",
                "give the reference registry enough rows for it, then run: hugging-carbon run --force",
            )
        })
    }

    /// Errors of 6 N D against compute that was counted in another way.
    #[must_use]
    pub fn six_nd_errors(&self) -> Errors<'_> {
        self.six_nd.near(0.0)
    }
}

/// Errors of 6 N D against compute that was counted in another way, as the back-test measured them.
///
/// # Errors
/// A row cannot be read.
pub fn six_nd_law(backtest_runs: impl Iterator<Item = Result<BacktestRunRow>>) -> Result<ErrorLaw> {
    let mut errors = Vec::new();
    for row in backtest_runs {
        let row = row?;
        if row.against == Comparison::IndependentCompute && row.left_out.is_none() {
            errors.push((0.0, -row.log10_ratio));
        }
    }
    Ok(ErrorLaw::new(&errors))
}
