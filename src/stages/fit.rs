//! fit: regressions declared as data, fitted by one function; and the back-test that calibrates the spreads.

use super::run_model::{CATEGORY_FIT, COMPUTE_FIT, FINE_TUNE_FIT, SIZE_TERM, TOKENS_FIT, speaks_tokens, term};
use crate::error::{Error, Result};
use crate::method::assumptions::{FINE_TUNE_MAX_SHARE_OF_PRETRAINING, TOKENS_FIT_SINCE_YEAR};
use crate::method::chain;
use crate::method::ols::OlsError;
use crate::method::regression::{self, Fit, MIN_OBSERVATIONS, Observation, SIGNIFICANCE};
use crate::method::summary::{median, robust_sd};
use crate::pipeline::{Context, Outcome, Stage};
use crate::reference::{PuePlace, Reference, TrainingRun};
use crate::tables::io::{TableWriter, rows};
use crate::tables::{BacktestRow, RegressionCovarianceRow, RegressionRow, RegressionTermRow, Row, TierRow};
use crate::units::{AcceleratorHours, Params, Tokens};
use libm::log10;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// Most index rows a category regression is fitted on: every k-th by id, so that a full index costs no more than a small one.
const MAX_CATEGORY_ROWS: usize = 5_000;
/// Fewest rows a category needs for an indicator of its own; smaller ones share the baseline.
const MIN_CATEGORY_ROWS: usize = 8;
/// Fewest index rows the category regression rests on alone.
const MIN_INDEX_ROWS: usize = 200;
/// 90 % of a normal lies within this many standard deviations.
const Z_90: f64 = 1.644_853_626_951_472_2;

/// A regression as data.
struct Declaration {
    id: &'static str,
    response: &'static str,
    fitted_on: &'static str,
    /// Numeric terms beside the intercept.
    terms: &'static [&'static str],
    /// Categorical terms: column and baseline.
    categories: &'static [(&'static str, &'static str)],
    /// Term whose slope must be significant; none for a table of category means.
    required: Option<&'static str>,
}

const DECLARATIONS: &[Declaration] = &[
    Declaration {
        id: COMPUTE_FIT,
        response: "log10(train_flop)",
        fitted_on: "registry pre-trainings with open weights and compute not derived from 6 N D",
        terms: &[SIZE_TERM, "years_since_2022"],
        categories: &[("modality", "text")],
        required: Some(SIZE_TERM),
    },
    Declaration {
        id: TOKENS_FIT,
        response: "log10(train_tokens)",
        fitted_on: "registry pre-trainings of text and multimodal models since 2020 with open weights and stated tokens",
        terms: &[SIZE_TERM, "years_since_2022"],
        categories: &[],
        required: Some(SIZE_TERM),
    },
    Declaration {
        id: FINE_TUNE_FIT,
        response: "log10(train_flop)",
        fitted_on: "registry fine-tunes and post-trainings below a third of the tokens the token regression gives their size and date; adapters are given 4/6 of it",
        terms: &[SIZE_TERM, "not_text"],
        categories: &[],
        required: Some(SIZE_TERM),
    },
    Declaration {
        id: CATEGORY_FIT,
        response: "log10(active_params)",
        fitted_on: "runs of the index with known parameters, evenly by id, at most 5,000; below 200 the registry's runs join",
        terms: &[],
        categories: &[("kind", "pretraining"), ("modality", "text")],
        required: None,
    },
];

/// The stage.
#[must_use]
pub fn stage() -> Stage {
    Stage {
        name: "fit",
        version: 2,
        inputs: &["models", "runs", "evidence", "tiers"],
        outputs: &["regressions", "regression_terms", "regression_covariances", "backtest"],
        settings: |_| json!({}),
        external: super::no_external,
        run,
        intact: super::always_intact,
    }
}

fn run(context: &Context, out: &Path) -> Result<Outcome> {
    let mut regressions = Vec::new();
    let mut terms = Vec::new();
    let mut covariances = Vec::new();
    let mut fits: BTreeMap<&str, Fit> = BTreeMap::new();
    for declaration in DECLARATIONS {
        let samples = samples(context, declaration.id, fits.get(TOKENS_FIT))?;
        let (fit, observations) = fit_declared(declaration, samples)?;
        regressions.push(regression_row(declaration, &fit, &observations));
        terms.extend(fit.coefficients.iter().map(|c| term_row(declaration.id, c)));
        for (a, row) in fit.coefficients.iter().zip(&fit.covariance) {
            covariances.extend(fit.coefficients.iter().zip(row).map(|(b, value)| RegressionCovarianceRow {
                regression_id: declaration.id.to_owned(),
                term_a: a.term.clone(),
                term_b: b.term.clone(),
                covariance: *value,
            }));
        }
        fits.insert(declaration.id, fit);
    }
    regressions.sort_by(|a, b| a.regression_id.cmp(&b.regression_id));
    terms.sort_by(|a, b| (&a.regression_id, &a.term).cmp(&(&b.regression_id, &b.term)));
    covariances.sort_by(|a, b| (&a.regression_id, &a.term_a, &a.term_b).cmp(&(&b.regression_id, &b.term_a, &b.term_b)));
    let mut backtest = backtest(&context.reference, &fits);
    backtest.sort_by(|a, b| (a.tier, &a.against, &a.kind).cmp(&(b.tier, &b.against, &b.kind)));
    Ok(Outcome {
        outputs: BTreeMap::from([write(out, regressions)?, write(out, terms)?, write(out, covariances)?, write(out, backtest)?]),
        facts: BTreeMap::new(),
    })
}

/// Fits a declaration. A category that coincides with another column in these rows (an index of fine-tunes only) says nothing
/// of its own: it is left out.
fn fit_declared(declaration: &Declaration, samples: Vec<Sample>) -> Result<(Fit, Vec<Observation>)> {
    let mut names = term_names(declaration, &samples);
    let mut observations: Vec<Observation> = samples.into_iter().map(|s| s.observe(&names)).collect();
    loop {
        match regression::fit(&names, &observations) {
            Ok(fit) => return Ok((fit, observations)),
            Err(OlsError::Singular(column)) if column > declaration.terms.len() => {
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

/// A row a regression may learn from: its terms are read like those of any run.
struct Sample {
    id: String,
    owner: String,
    response: f64,
    row: TierRow,
}

impl Sample {
    fn observe(self, names: &[String]) -> Observation {
        Observation {
            id: self.id,
            owner: self.owner,
            response: self.response,
            terms: names.iter().map(|name| term(name, &self.row)).collect(),
        }
    }
}

fn samples(context: &Context, id: &str, tokens_fit: Option<&Fit>) -> Result<Vec<Sample>> {
    let registry = context.reference.registry.runs();
    Ok(match id {
        CATEGORY_FIT => category_samples(context)?,
        _ => registry_samples(registry, id, tokens_fit),
    })
}

fn registry_samples(registry: &[TrainingRun], id: &str, tokens_fit: Option<&Fit>) -> Vec<Sample> {
    let open = |r: &&TrainingRun| r.kind == "pretraining" && r.open_weights == Some(true);
    match id {
        COMPUTE_FIT => {
            registry.iter().filter(open).filter(|r| !is_six_nd(r)).filter_map(|r| registry_sample(r, r.train_flop?)).collect()
        }
        TOKENS_FIT => registry
            .iter()
            .filter(open)
            .filter(|r| speaks_tokens(&r.modality))
            .filter(|r| r.trained_on_day().is_some_and(|d| d.year() >= TOKENS_FIT_SINCE_YEAR))
            .filter_map(|r| registry_sample(r, r.seen_tokens()?))
            .collect(),
        _ => registry
            .iter()
            .filter(|r| r.kind != "pretraining")
            .filter(|r| tokens_fit.is_some_and(|fit| is_fine_tune(r, fit) == Some(true)))
            .filter_map(|r| registry_sample(r, r.train_flop?))
            .collect(),
    }
}

/// Whether a run that started from weights stays below a third of the pre-training its size and date would have taken; above, it
/// is a continued pre-training and teaches nothing about fine-tunes.
fn is_fine_tune(run: &TrainingRun, tokens_fit: &Fit) -> Option<bool> {
    let (n, day) = (run.effective_params()?, run.trained_on_day()?);
    let pretraining = tokens_fit.predict(&[1.0, log10(n), day.years_since_2022()]);
    Some(log10(run.train_flop? / chain::FLOP_PER_PARAM_TOKEN / n) <= pretraining + log10(FINE_TUNE_MAX_SHARE_OF_PRETRAINING))
}

fn is_six_nd(run: &TrainingRun) -> bool {
    run.flop_is_6nd == Some(true) || run.flop_method.as_deref() == Some("six_nd")
}

fn registry_sample(run: &TrainingRun, response: f64) -> Option<Sample> {
    Some(Sample {
        id: run.registry_id.clone(),
        owner: run.organization.clone().unwrap_or_else(|| run.registry_id.clone()),
        response: log10(response),
        row: as_tier_row(run, run.effective_params()?, run.trained_on_day()?),
    })
}

/// A registry row in the shape regressions read their terms from.
fn as_tier_row(run: &TrainingRun, params: f64, day: crate::tables::Day) -> TierRow {
    TierRow {
        run_id: run.registry_id.clone(),
        model_id: run.hub_id.clone().unwrap_or_default(),
        tier: 4,
        available_tiers: Vec::new(),
        kind: run.kind.clone(),
        modality: run.modality.clone(),
        owner_country: None,
        owner: run.organization.clone(),
        trained_on: Some(day),
        trained_on_source: None,
        active_params: Some(params),
        train_tokens: None,
        train_flop: None,
        train_flop_confidence: None,
        emissions_kgco2e: None,
        energy_kwh: None,
        accelerator_hours: None,
        accelerators: Vec::new(),
        mfu: None,
        place: None,
        operator: None,
        cloud_region: None,
        stage: run.kind.clone(),
        root_run_id: None,
        chosen_evidence: Vec::new(),
        stands_on_run_id: None,
        flags: Vec::new(),
    }
}

/// Every k-th run with known parameters, k such that at most `MAX_CATEGORY_ROWS` remain.
fn category_samples(context: &Context) -> Result<Vec<Sample>> {
    let total = context.record("tier")?.outputs.get(TierRow::NAME).map_or(0, |r| r.rows);
    let step = usize::try_from(total).unwrap_or(usize::MAX).div_ceil(MAX_CATEGORY_ROWS).max(1);
    let mut samples = Vec::new();
    for row in rows::<TierRow>(&context.work)?.step_by(step) {
        let row = row?;
        let Some(params) = row.active_params.filter(|_| row.kind != "no_training") else { continue };
        samples.push(Sample {
            id: row.run_id.clone(),
            owner: row.owner.clone().unwrap_or_else(|| row.model_id.clone()),
            response: log10(params),
            row,
        });
    }
    if samples.len() < MIN_INDEX_ROWS {
        let registry = context.reference.registry.runs().iter();
        samples.extend(registry.filter_map(|r| registry_sample(r, r.effective_params()?)));
    }
    Ok(samples)
}

/// The intercept, the numeric terms, and an indicator for each category with enough rows.
fn term_names(declaration: &Declaration, samples: &[Sample]) -> Vec<String> {
    let mut names: Vec<String> = std::iter::once("intercept").chain(declaration.terms.iter().copied()).map(str::to_owned).collect();
    for (column, baseline) in declaration.categories {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for sample in samples {
            let value = if *column == "kind" { &sample.row.kind } else { &sample.row.modality };
            *counts.entry(value.as_str()).or_default() += 1;
        }
        let enough = counts.into_iter().filter(|(value, n)| value != baseline && *n >= MIN_CATEGORY_ROWS);
        names.extend(enough.map(|(value, _)| format!("{column}={value}")));
    }
    names
}

/// Twelve significant digits: what the p values of different C libraries agree on.
fn rounded(x: f64) -> f64 {
    format!("{x:.11e}").parse().unwrap_or(x)
}

fn regression_row(declaration: &Declaration, fit: &Fit, observations: &[Observation]) -> RegressionRow {
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
    let mut fitted_ids: Vec<String> = observations.iter().map(|o| o.id.clone()).collect();
    fitted_ids.sort();
    #[allow(clippy::cast_possible_wrap)]
    RegressionRow {
        regression_id: declaration.id.to_owned(),
        response: declaration.response.to_owned(),
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

/// Estimates against what was hidden from them. Figures derived from the one under test are left out and counted.
fn backtest(reference: &Reference, fits: &BTreeMap<&str, Fit>) -> Vec<BacktestRow> {
    let mut table = Vec::new();
    let pretraining = || reference.registry.runs().iter().filter(|r| r.kind == "pretraining");
    // Tier 3: stated hours and chip against energy that was measured, not multiplied.
    let (energy, circular) = compare(
        pretraining(),
        |r| Some(r.energy_kwh? > 0.0),
        is_measured,
        |r| {
            let chip = reference.accelerators.named(r.accelerator.as_deref()?)?;
            // A run whose own measured power is in power.csv is tested without it.
            let power = reference.power.without(chip, Some(&r.registry_id));
            let owner = r.hub_id.as_deref().and_then(|id| id.split_once('/')).map(|(owner, _)| owner);
            let vendor_cloud = (chip.vendor == "Google").then_some("google");
            let operator = owner.and_then(|o| reference.owners.operator(o)).or(vendor_cloud);
            let pue = reference.pue.value(&PuePlace { operator, ..PuePlace::default() }, r.trained_on_day()?.year()).pue;
            // At the boundary of the measurement: a software tracker sees one machine, some papers the accelerators alone.
            let basis = r.energy_basis.as_deref().unwrap_or_default();
            let (ratio, pue) = match basis {
                b if b.contains("CodeCarbon") => (power.ratio.median, 1.0),
                b if b.contains("GPU energy") => (power.accelerator_share, pue),
                _ => (power.ratio.median, pue),
            };
            let watts = chain::node_power(chip.tdp()?, ratio);
            Some(log10(chain::facility_energy(AcceleratorHours(r.accelerator_hours?), watts, pue).0 / r.energy_kwh?))
        },
    );
    table.extend(summary(3, "measured_energy", "pretraining", &energy, None, circular));
    // Tier 4: 6 N D against compute that was counted another way.
    let (counted, circular) = compare(
        pretraining(),
        |r| Some(r.train_flop? > 0.0 && r.seen_tokens()? > 0.0),
        |r| !is_six_nd(r),
        |r| {
            let flop = chain::training_flop(Params(r.effective_params()?), Tokens(r.seen_tokens()?)).0;
            Some(log10(flop / r.train_flop?))
        },
    );
    table.extend(summary(4, "independent_compute", "pretraining", &counted, None, circular));
    // Tier 5: the regressions against registry compute, whole owners held out.
    for (id, against, kind) in [
        (COMPUTE_FIT, "registry_compute", "pretraining"),
        (TOKENS_FIT, "registry_tokens", "pretraining"),
        (FINE_TUNE_FIT, "registry_compute", "fine_tuning"),
    ] {
        let Some(fit) = fits.get(id) else { continue };
        let ratios: Vec<f64> = fit.grouped_errors.iter().map(|(_, error)| -error).collect();
        table.extend(summary(5, against, kind, &ratios, Some(fit.predictive_sd()), 0));
    }
    table
}

fn is_measured(run: &TrainingRun) -> bool {
    run.energy_basis.as_deref().is_some_and(|basis| basis.starts_with("measured"))
}

/// Log ratios of the rows that qualify and are independent, and how many were left out as circular.
fn compare<'a>(
    runs: impl Iterator<Item = &'a TrainingRun>,
    qualifies: impl Fn(&TrainingRun) -> Option<bool>,
    independent: impl Fn(&TrainingRun) -> bool,
    log_ratio: impl Fn(&TrainingRun) -> Option<f64>,
) -> (Vec<f64>, usize) {
    let (mut ratios, mut circular) = (Vec::new(), 0);
    for run in runs.filter(|r| qualifies(r) == Some(true)) {
        if let Some(ratio) = log_ratio(run) {
            if independent(run) {
                ratios.push(ratio);
            } else {
                circular += 1;
            }
        }
    }
    (ratios, circular)
}

fn summary(tier: i32, against: &str, kind: &str, ratios: &[f64], sd: Option<f64>, circular: usize) -> Option<BacktestRow> {
    if ratios.is_empty() {
        return None;
    }
    let absolute: Vec<f64> = ratios.iter().map(|r| r.abs()).collect();
    #[allow(clippy::cast_precision_loss)]
    let share = |limit: f64| absolute.iter().filter(|a| **a <= limit).count() as f64 / absolute.len() as f64;
    #[allow(clippy::cast_possible_wrap)]
    Some(BacktestRow {
        tier,
        against: against.to_owned(),
        kind: kind.to_owned(),
        n: ratios.len() as i64,
        bias_dex: median(ratios),
        median_abs_error_dex: median(&absolute),
        share_within_2x: share(log10(2.0)),
        share_within_10x: share(1.0),
        robust_sd_dex: robust_sd(ratios),
        coverage_90: sd.map(|sd| share(Z_90 * sd)),
        left_out_circular: circular as i64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The registry is part of the binary: the regressions every estimate rests on must be usable with it.
    #[test]
    fn the_registry_supports_every_regression_on_it() {
        let reference = Reference::load().unwrap();
        let mut tokens_fit: Option<Fit> = None;
        for id in [TOKENS_FIT, COMPUTE_FIT, FINE_TUNE_FIT] {
            let samples = registry_samples(reference.registry.runs(), id, tokens_fit.as_ref());
            let declaration = DECLARATIONS.iter().find(|d| d.id == id).unwrap();
            let names = term_names(declaration, &samples);
            let observations: Vec<Observation> = samples.into_iter().map(|s| s.observe(&names)).collect();
            let fit = regression::fit(&names, &observations).unwrap();
            assert!(regression_row(declaration, &fit, &observations).used, "{id}");
            if id == TOKENS_FIT {
                assert_eq!(names, ["intercept", SIZE_TERM, "years_since_2022"], "is_fine_tune relies on this order");
                tokens_fit = Some(fit);
            }
        }
    }

    #[test]
    fn rounding_keeps_twelve_digits() {
        assert_eq!(rounded(0.123_456_789_012_345), 0.123_456_789_012);
        assert!(rounded(f64::NAN).is_nan());
    }

    /// Ratios 1/2, 1, 20: median 0 dex, |.| = .301, 0, 1.301; two of three within 2x, two within 10x.
    #[test]
    fn summary_by_hand() {
        let row = summary(4, "x", "y", &[log10(0.5), 0.0, log10(20.0)], None, 3).unwrap();
        assert_eq!((row.n, row.bias_dex, row.left_out_circular), (3, 0.0, 3));
        assert!((row.median_abs_error_dex - log10(2.0)).abs() < 1e-12);
        assert!((row.share_within_2x - 2.0 / 3.0).abs() < 1e-12 && (row.share_within_10x - 2.0 / 3.0).abs() < 1e-12);
        assert!(summary(4, "x", "y", &[], None, 0).is_none());
    }
}
