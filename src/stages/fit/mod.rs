//! fit: regressions declared as data, fitted by one function, each beside the models that were tried and not kept; and the back-test that measures what
//! estimates through every tier are worth.

mod backtest;
mod candidates;
mod card_backtest;
mod counted;
mod declarations;
mod looked_up;
mod roles;
mod samples;

use self::backtest::Fitted;
use self::declarations::{DECLARATIONS, Declaration};
use self::roles::RoleTables;
use self::samples::{Sample, TokensFit, samples, terms_with_categories};
use super::{merged, normalize, vocabulary_digests};
use crate::domain::{OwnerClass, RegressionId, Term};
use crate::engine::{Digests, Inputs, Outputs, Stage, stage};
use crate::error::{Error, Result};
use crate::estimation::{Basis, FactorTables};
use crate::method::calibration::coverage;
use crate::method::fitting::{self, Fit, MIN_OBSERVATIONS, Observation, SIGNIFICANCE};
use crate::method::ols::OlsError;
use crate::method::summary::median;
use crate::reference::compute_bounds::Bound;
use crate::reference::{ComputeBounds, FineTune, Layouts, Reference, Registry, ReportedFineTune, SmallRun, Table, Trainings};
use crate::tables::{
    BacktestRow, BacktestRunRow, ComputeBoundRow, RegressionCandidateRow, RegressionCovarianceRow, RegressionObservationRow,
    RegressionRow, RegressionTermRow, RoleReliabilityRow, RoleScoreRow, RoleTermRow, TierRow,
};
use serde::Serialize;
use std::collections::BTreeMap;

stage! {
    /// Fits the regressions and runs the back-test.
    struct Fitting = "fit" version 13
    reads [TierRow, RoleTermRow]
    writes [
        RegressionRow,
        RegressionTermRow,
        RegressionCovarianceRow,
        RegressionObservationRow,
        RegressionCandidateRow,
        BacktestRow,
        BacktestRunRow,
        ComputeBoundRow,
        RoleScoreRow,
        RoleReliabilityRow,
    ]
    follows []
}

/// What the stage reads of the configuration.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Settings {
    /// Seed of the counter-based generator.
    #[serde(rename = "method.seed")]
    pub seed: u64,
}

/// The reference tables that the stage learns from.
#[derive(Clone, Debug)]
pub struct References {
    /// What factors come from.
    pub factors: FactorTables,
    /// Published runs.
    pub registry: Table<Registry>,
    /// Architectures, data sets and recipes beyond text.
    pub trainings: Table<Trainings>,
    /// Sizes of layouts: names that have one are no rows of the regression of sizes.
    pub layouts: Table<Layouts>,
    /// Fine-tunes whose cards state the samples they saw.
    pub fine_tunes: Table<Vec<FineTune>>,
    /// Fine-tunes with tracked emissions.
    pub reported: Table<Vec<ReportedFineTune>>,
    /// Pre-trainings of small houses.
    pub small_runs: Table<Vec<SmallRun>>,
    /// What labelled records are read with.
    pub records: normalize::References,
}

impl References {
    /// Those of a set of reference tables.
    #[must_use]
    pub fn new(reference: &Reference) -> Self {
        Self {
            factors: FactorTables::new(reference),
            registry: reference.registry.clone(),
            trainings: reference.trainings.clone(),
            layouts: reference.layouts.clone(),
            fine_tunes: reference.fine_tunes.clone(),
            reported: reference.reported.clone(),
            small_runs: reference.small_runs.clone(),
            records: normalize::References::new(reference),
        }
    }
}

impl Digests for References {
    fn digests(&self) -> BTreeMap<String, String> {
        merged([
            &self.factors.digests(),
            self.registry.digests(),
            self.trainings.digests(),
            self.layouts.digests(),
            self.fine_tunes.digests(),
            self.reported.digests(),
            self.small_runs.digests(),
            &self.records.digests(),
            vocabulary_digests(),
        ])
    }
}

impl Stage for Fitting {
    type Settings = Settings;
    type References = References;
    type Facts = ();

    fn run(inputs: &Inputs<'_, Self>, outputs: &mut Outputs<'_, Self>) -> Result<()> {
        let references = inputs.references();
        let terms: Vec<RoleTermRow> = inputs.rows::<RoleTermRow>()?.collect::<Result<_>>()?;
        // Neither needs the other.
        let (RoleTables { scores, reliability }, fitted) =
            rayon::join(|| RoleTables::new(&references.records, &terms), || Self::regressions(inputs));
        let (tables, compared) = fitted?;
        let backtest: Vec<BacktestRow> = backtest::summaries(&compared);
        outputs.write(compute_bounds(&references.factors.compute_bounds))?;
        outputs.write(scores)?;
        outputs.write(reliability)?;
        outputs.write(tables.regressions)?;
        outputs.write(tables.terms)?;
        outputs.write(tables.covariances)?;
        outputs.write(tables.observations)?;
        outputs.write(tables.candidates)?;
        outputs.write(backtest)?;
        outputs.write::<BacktestRunRow>(compared)
    }
}

impl Fitting {
    /// The regressions, and every comparison of the back-test, both sorted by key.
    fn regressions(inputs: &Inputs<'_, Self>) -> Result<(Tables, Vec<BacktestRunRow>)> {
        let references = inputs.references();
        let mut tables = Tables::default();
        let mut fitted = Vec::new();
        let mut tokens_fit: Option<TokensFit> = None;
        let chain = Basis::without_fits(&references.factors);
        let mut meter = inputs.meter(DECLARATIONS.len() as u64 + 1, "fit");
        for (done, declaration) in DECLARATIONS.iter().enumerate() {
            let samples = samples(inputs, declaration.id, tokens_fit.as_ref(), &chain)?;
            let (fit, terms, observations) = fit_declared(declaration, &samples)?;
            let mut of =
                Fitted { id: declaration.id, terms, observations, held_out_errors: fit.held_out_errors.clone(), is_used: false };
            let row = regression_row(declaration, &fit, &of);
            of.is_used = row.used;
            tables.regressions.push(row);
            tables.add(declaration, &samples, &fit, &of);
            tables.candidates.extend(candidates::rows(declaration, &references.factors, &samples, &of.observations));
            if declaration.id == RegressionId::TokensFromParams {
                tokens_fit = Some(TokensFit { terms: of.terms.clone(), fit });
            }
            fitted.push(of);
            meter.set(done as u64 + 1);
        }
        let mut compared = backtest::runs(references, inputs.settings().seed, &fitted, &chain)?;
        compared.extend(card_backtest::runs(references, inputs.settings().seed, &fitted, &chain)?);
        compared.sort_by(|a, b| (a.tier, a.against.name(), &a.run).cmp(&(b.tier, b.against.name(), &b.run)));
        tables.sort();
        Ok((tables, compared))
    }
}

/// What each class of owner has been seen to spend, by key.
fn compute_bounds(bounds: &ComputeBounds) -> Vec<ComputeBoundRow> {
    let row = |(owner_class, counts_tokens, year, bound): (OwnerClass, bool, i32, &Bound)| ComputeBoundRow {
        owner_class,
        counts_tokens,
        year,
        largest_flop: bound.largest_flop,
        most_flop: bound.most_flop(),
        largest_run: bound.largest.clone(),
        n: i64::try_from(bound.n).unwrap_or(i64::MAX),
    };
    let mut rows: Vec<ComputeBoundRow> = bounds.rows().map(row).collect();
    rows.sort_by_key(|row| (row.owner_class.name(), row.counts_tokens, row.year));
    rows
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

impl Tables {
    fn add(&mut self, declaration: &Declaration, samples: &[Sample], fit: &Fit, fitted: &Fitted) {
        let regression_id = declaration.id;
        self.terms.extend(fitted.terms.iter().zip(&fit.coefficients).map(|(term, c)| term_row(regression_id, *term, c)));
        for (term_a, row) in fitted.terms.iter().zip(&fit.covariance) {
            self.covariances.extend(fitted.terms.iter().zip(row).map(|(term_b, value)| RegressionCovarianceRow {
                regression_id,
                term_a: *term_a,
                term_b: *term_b,
                covariance: *value,
            }));
        }
        let observed = fitted.observations.iter().zip(samples).zip(&fitted.held_out_errors);
        self.observations.extend(observed.map(|((o, sample), error)| RegressionObservationRow {
            regression_id,
            observation_id: o.id.clone(),
            owner: o.owner.clone(),
            house: sample.house.clone(),
            response: o.response,
            terms: o.terms.clone(),
            held_out_error: *error,
        }));
    }

    /// By key, that is by the words that stand for regressions and terms.
    fn sort(&mut self) {
        self.regressions.sort_by_key(|row| row.regression_id.name());
        self.terms.sort_by_key(|row| (row.regression_id.name(), row.term.name()));
        self.covariances.sort_by_key(|row| (row.regression_id.name(), row.term_a.name(), row.term_b.name()));
        self.observations
            .sort_by(|a, b| (a.regression_id.name(), &a.observation_id).cmp(&(b.regression_id.name(), &b.observation_id)));
        self.candidates.sort_by(|a, b| (a.regression_id.name(), &a.candidate).cmp(&(b.regression_id.name(), &b.candidate)));
    }
}

/// Fits a declaration. A category that coincides with another column in these rows (an index of fine-tunes only) says nothing
/// of its own: it is left out.
fn fit_declared(declaration: &Declaration, samples: &[Sample]) -> Result<(Fit, Vec<Term>, Vec<Observation>)> {
    let mut terms = terms_with_categories(declaration.terms, declaration.categories, samples);
    let mut observations: Vec<Observation> = samples.iter().map(|s| s.observe(&terms)).collect();
    loop {
        let names: Vec<String> = terms.iter().map(|term| term.name()).collect();
        match fitting::fit(&names, &observations) {
            Ok(fit) => return Ok((fit, terms, observations)),
            // Neither does a class of owners that has no row.
            Err(OlsError::Singular(column)) if column > 0 && Some(terms[column]) != declaration.required => {
                terms.remove(column);
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

/// Twelve significant digits: what the p values of different C libraries agree on.
fn rounded(x: f64) -> f64 {
    format!("{x:.11e}").parse().unwrap_or(x)
}

/// The row of `regressions`.
fn regression_row(declaration: &Declaration, fit: &Fit, fitted: &Fitted) -> RegressionRow {
    let significant = match declaration.required {
        Some(required) => fit.coefficients.iter().find(|c| c.term == required.name()).is_some_and(|c| c.p < SIGNIFICANCE),
        // Means of categories claim no slope.
        None => true,
    };
    let not_used_reason = if fit.n < MIN_OBSERVATIONS {
        Some(format!("n = {} is below {MIN_OBSERVATIONS}", fit.n))
    } else if significant {
        None
    } else {
        Some(format!("{} is not significant at {SIGNIFICANCE}", declaration.required.map(Term::name).unwrap_or_default()))
    };
    let is_check = !declaration.id.makes_estimates();
    let not_used_reason = not_used_reason.or_else(|| is_check.then(|| "a check: no estimate is made with it".to_owned()));
    let formula: Vec<String> = fit
        .coefficients
        .iter()
        .map(|c| if c.term == "intercept" { format!("{:.4}", c.estimate) } else { format!("{:+.4} {}", c.estimate, c.term) })
        .collect();
    let mut fitted_ids: Vec<String> = fitted.observations.iter().map(|o| o.id.clone()).collect();
    fitted_ids.sort();
    let errors = fitted.errors();
    let absolute: Vec<f64> = errors.iter().flatten().map(|e| e.2.abs()).collect();
    #[allow(clippy::cast_possible_wrap)]
    RegressionRow {
        regression_id: declaration.id,
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
        coverage_90: coverage_of_kinds(&errors),
        used: not_used_reason.is_none(),
        not_used_reason,
        fitted_ids,
    }
}

/// Share of rows inside the interval of those like them, as estimates take it.
fn coverage_of_kinds(errors: &[Vec<(String, f64, f64)>]) -> Option<f64> {
    #[allow(clippy::cast_precision_loss)] // Some thousand rows.
    let inside = |rows: &Vec<(String, f64, f64)>| Some(coverage(rows)? * rows.len() as f64);
    let all: usize = errors.iter().map(Vec::len).sum();
    #[allow(clippy::cast_precision_loss)]
    Some(errors.iter().map(inside).sum::<Option<f64>>()? / all as f64)
}

fn term_row(regression_id: RegressionId, term: Term, c: &fitting::Coefficient) -> RegressionTermRow {
    RegressionTermRow {
        regression_id,
        term,
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
