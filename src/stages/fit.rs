//! fit: regressions declared as data, fitted by one function, each beside the models that lost; and the back-test that measures what
//! estimates through every tier are worth.

mod backtest;
mod candidates;
mod declarations;
mod samples;

use self::backtest::Fitted;
use self::declarations::{DECLARATIONS, Declaration};
use self::samples::{Sample, samples, term_names};
use super::run_model::{Basis, TOKENS_FIT};
use crate::error::{Error, Result};
use crate::method::calibration::coverage;
use crate::method::ols::OlsError;
use crate::method::regression::{self, Fit, MIN_OBSERVATIONS, Observation, SIGNIFICANCE};
use crate::method::summary::median;
use crate::pipeline::{Context, Outcome, Stage};
use crate::tables::io::TableWriter;
use crate::tables::{
    BacktestRow, BacktestRunRow, RegressionCandidateRow, RegressionCovarianceRow, RegressionObservationRow, RegressionRow,
    RegressionTermRow, Row,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// The stage.
#[must_use]
pub fn stage() -> Stage {
    Stage {
        name: "fit",
        version: 3,
        inputs: &["models", "runs", "evidence", "tiers"],
        outputs: &[
            "regressions",
            "regression_terms",
            "regression_covariances",
            "regression_observations",
            "regression_candidates",
            "backtest",
            "backtest_runs",
        ],
        settings: |config| json!({"seed": config.method.seed}),
        external: super::no_external,
        run,
        intact: super::always_intact,
    }
}

/// What the stage writes of the regressions.
#[derive(Default)]
struct Tables {
    regressions: Vec<RegressionRow>,
    terms: Vec<RegressionTermRow>,
    covariances: Vec<RegressionCovarianceRow>,
    observations: Vec<RegressionObservationRow>,
    candidates: Vec<RegressionCandidateRow>,
}

fn run(context: &Context, out: &Path) -> Result<Outcome> {
    let mut tables = Tables::default();
    let mut fitted = Vec::new();
    let mut tokens_fit: Option<Fit> = None;
    let chain = Basis::without_fits(&context.reference);
    let mut meter = context.meter(DECLARATIONS.len() as u64 + 1, "fit");
    for (done, declaration) in DECLARATIONS.iter().enumerate() {
        let samples = samples(context, declaration.id, tokens_fit.as_ref(), &chain)?;
        let (fit, terms, observations) = fit_declared(declaration, &samples)?;
        let mut of =
            Fitted { id: declaration.id, terms, observations, held_out_errors: fit.held_out_errors.clone(), is_used: false };
        let row = regression_row(declaration, &fit, &of);
        of.is_used = row.used;
        tables.regressions.push(row);
        tables.add(declaration, &fit, &of);
        tables.candidates.extend(candidates::rows(declaration, &samples, &of.observations));
        fitted.push(of);
        if declaration.id == TOKENS_FIT {
            tokens_fit = Some(fit);
        }
        meter.set(done as u64 + 1);
    }
    let compared = backtest::runs(context, &fitted, &chain)?;
    let backtest: Vec<BacktestRow> = backtest::summaries(&compared);
    tables.sort();
    Ok(Outcome {
        outputs: BTreeMap::from([
            write(out, tables.regressions)?,
            write(out, tables.terms)?,
            write(out, tables.covariances)?,
            write(out, tables.observations)?,
            write(out, tables.candidates)?,
            write(out, backtest)?,
            write::<BacktestRunRow>(out, compared)?,
        ]),
        facts: BTreeMap::new(),
    })
}

impl Tables {
    fn add(&mut self, declaration: &Declaration, fit: &Fit, fitted: &Fitted) {
        let id = || declaration.id.to_owned();
        self.terms.extend(fit.coefficients.iter().map(|c| term_row(declaration.id, c)));
        for (a, row) in fit.coefficients.iter().zip(&fit.covariance) {
            self.covariances.extend(fit.coefficients.iter().zip(row).map(|(b, value)| RegressionCovarianceRow {
                regression_id: id(),
                term_a: a.term.clone(),
                term_b: b.term.clone(),
                covariance: *value,
            }));
        }
        self.observations.extend(fitted.observations.iter().zip(&fitted.held_out_errors).map(|(o, error)| {
            RegressionObservationRow {
                regression_id: id(),
                observation_id: o.id.clone(),
                owner: o.owner.clone(),
                response: o.response,
                terms: o.terms.clone(),
                held_out_error: *error,
            }
        }));
    }

    fn sort(&mut self) {
        self.regressions.sort_by(|a, b| a.regression_id.cmp(&b.regression_id));
        self.terms.sort_by(|a, b| (&a.regression_id, &a.term).cmp(&(&b.regression_id, &b.term)));
        self.covariances.sort_by(|a, b| (&a.regression_id, &a.term_a, &a.term_b).cmp(&(&b.regression_id, &b.term_a, &b.term_b)));
        self.observations.sort_by(|a, b| (&a.regression_id, &a.observation_id).cmp(&(&b.regression_id, &b.observation_id)));
        self.candidates.sort_by(|a, b| (&a.regression_id, &a.candidate).cmp(&(&b.regression_id, &b.candidate)));
    }
}

/// Fits a declaration. A category that coincides with another column in these rows (an index of fine-tunes only) says nothing
/// of its own: it is left out.
fn fit_declared(declaration: &Declaration, samples: &[Sample]) -> Result<(Fit, Vec<String>, Vec<Observation>)> {
    let mut names = term_names(declaration.terms, declaration.categories, samples);
    let mut observations: Vec<Observation> = samples.iter().map(|s| s.observe(&names)).collect();
    loop {
        match regression::fit(&names, &observations) {
            Ok(fit) => return Ok((fit, names, observations)),
            // Neither does a class of owners that has no row.
            Err(OlsError::Singular(column)) if column > 0 && Some(names[column].as_str()) != declaration.required => {
                names.remove(column);
                for observation in &mut observations {
                    observation.terms.remove(column);
                }
            }
            Err(e) => {
                return Err(Error::input(
                    format!("regression '{}' cannot be fitted on {} rows: {e}", declaration.id, observations.len()),
                    declaration.fitted_on,
                    "give the index more models with a known size, or the registry more rows",
                ));
            }
        }
    }
}

fn write<R: Row>(out: &Path, rows: Vec<R>) -> Result<(String, crate::tables::io::TableReceipt)> {
    let mut writer = TableWriter::<R>::create(out)?;
    for row in rows {
        writer.push(row)?;
    }
    Ok((R::NAME.to_owned(), writer.finish()?))
}

/// Twelve significant digits: what the p values of different C libraries agree on.
fn rounded(x: f64) -> f64 {
    format!("{x:.11e}").parse().unwrap_or(x)
}

/// The row of `regressions`.
fn regression_row(declaration: &Declaration, fit: &Fit, fitted: &Fitted) -> RegressionRow {
    let significant = match declaration.required {
        Some(required) => fit.coefficients.iter().find(|c| c.term == required).is_some_and(|c| c.p < SIGNIFICANCE),
        // Means of categories claim no slope.
        None => true,
    };
    let not_used_reason = if fit.n < MIN_OBSERVATIONS {
        Some(format!("n = {} is below {MIN_OBSERVATIONS}", fit.n))
    } else if significant {
        None
    } else {
        Some(format!("{} is not significant at {SIGNIFICANCE}", declaration.required.unwrap_or_default()))
    };
    let formula: Vec<String> = fit
        .coefficients
        .iter()
        .map(|c| if c.term == "intercept" { format!("{:.4}", c.estimate) } else { format!("{:+.4} {}", c.estimate, c.term) })
        .collect();
    let mut fitted_ids: Vec<String> = fitted.observations.iter().map(|o| o.id.clone()).collect();
    fitted_ids.sort();
    let errors = fitted.errors();
    let absolute: Vec<f64> = errors.iter().map(|e| e.2.abs()).collect();
    #[allow(clippy::cast_possible_wrap)]
    RegressionRow {
        regression_id: declaration.id.to_owned(),
        response: declaration.response.to_owned(),
        terms: fitted.terms.clone(),
        formula: format!("{} = {}", declaration.response, formula.join(" ")),
        fitted_on: declaration.fitted_on.to_owned(),
        n: fit.n as i64,
        k: fit.coefficients.len() as i64,
        r2: fit.r2,
        r2_adjusted: fit.r2_adjusted,
        f_statistic: fit.f.map(|t| t.statistic),
        f_p_value: fit.f.map(|t| rounded(t.p)),
        residual_se: fit.residual_se,
        breusch_pagan: fit.breusch_pagan.map(|t| t.statistic),
        breusch_pagan_p_value: fit.breusch_pagan.map(|t| rounded(t.p)),
        jarque_bera: fit.jarque_bera.statistic,
        jarque_bera_p_value: rounded(fit.jarque_bera.p),
        condition_number: fit.condition_number,
        loo_rmse: fit.loo_rmse,
        grouped_cv_rmse: fit.grouped_cv_rmse(),
        grouped_cv_median_abs_error: (!absolute.is_empty()).then(|| median(&absolute)),
        coverage_90: coverage(&errors),
        used: not_used_reason.is_none(),
        not_used_reason,
        fitted_ids,
    }
}

fn term_row(id: &str, c: &regression::Coefficient) -> RegressionTermRow {
    RegressionTermRow {
        regression_id: id.to_owned(),
        term: c.term.clone(),
        estimate: c.estimate,
        std_error_hc3: c.std_error,
        t_statistic: c.t,
        p_value: rounded(c.p),
        ci95_low: rounded(c.ci_low),
        ci95_high: rounded(c.ci_high),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_keeps_twelve_digits() {
        assert_eq!(rounded(0.123_456_789_012_345), 0.123_456_789_012);
        assert!(rounded(f64::NAN).is_nan());
    }
}
