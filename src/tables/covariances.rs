//! The table of what the errors of coefficients have in common.

use super::table;
use crate::domain::{RegressionId, Term};

table! {
    /// HC3 covariance of a regression's coefficients: what estimates need to carry its uncertainty on.
    "regression_covariances" key("regression_id", "term_a", "term_b")
    struct RegressionCovarianceRow / RegressionCovarianceBuilders {
        /// Name of the regression.
        regression_id: RegressionId,
        /// Name of the row's term.
        term_a: Term,
        /// Name of the column's term.
        term_b: Term,
        /// Covariance.
        covariance: f64,
    }
}
