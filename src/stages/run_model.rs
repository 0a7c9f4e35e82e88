//! From a row of `tiers` to the model that is simulated: which factor comes from where, and what was assumed.
//!
//! `estimate` simulates every run with it, `snapshot` simulates the cohort again for totals (the draws are keyed by run, so they
//! are the same), and `explain` prints it.

use super::factors::{self, Chips, GridChoice, Mixtures};
use crate::error::{Error, Result};
use crate::method::assumptions as assume;
use crate::method::chain;
use crate::method::simulate::{Compute, LogNormal, Prediction, Response, RunModel, SharedFit, Start, central, pow10};
use crate::pipeline::Context;
use crate::reference::{PueValue, Reference, post_training, registry};
use crate::tables::io::rows;
use crate::tables::{BacktestRow, RegressionCovarianceRow, RegressionRow, RegressionTermRow, TierRow};
use crate::units::{Params, Tokens};
use libm::log10;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::path::Path;

/// Regression of pre-training compute.
pub const COMPUTE_FIT: &str = "compute_from_params";
/// Regression of the tokens of text pre-training.
pub const TOKENS_FIT: &str = "tokens_from_params";
/// Regression of the compute of fine-tunes, post-training and adapters.
pub const FINE_TUNE_FIT: &str = "finetune_compute_from_params";
/// Regression of size on category.
pub const CATEGORY_FIT: &str = "params_from_category";
/// Name of the term that holds the size.
pub const SIZE_TERM: &str = "log10_active_params";

/// A fitted regression as read back from its tables.
#[derive(Debug)]
pub struct LoadedFit {
    /// Names of the terms, the intercept first.
    pub terms: Vec<String>,
    /// Coefficients with their draws.
    pub shared: SharedFit,
    /// Formula with numbers.
    pub formula: String,
}

/// All regressions in use, and the spreads calibrated on the back-test.
#[derive(Debug)]
pub struct Fits {
    fits: BTreeMap<String, LoadedFit>,
    /// Spread of 6 N D against independent compute, in dex.
    pub six_nd_sd_dex: f64,
}

impl Fits {
    /// Reads what `fit` wrote.
    ///
    /// # Errors
    /// A table is missing, or a regression the estimates need was found unusable.
    pub fn load(work: &Path, draws: usize, seed: u64) -> Result<Self> {
        let covariances: Vec<RegressionCovarianceRow> = rows(work)?.collect::<Result<_>>()?;
        let terms: Vec<RegressionTermRow> = rows(work)?.collect::<Result<_>>()?;
        let mut fits = BTreeMap::new();
        for row in rows::<RegressionRow>(work)? {
            let row = row?;
            if !row.used {
                continue;
            }
            // Tables are sorted by term; the intercept sorts among the others, order only has to agree.
            let own: Vec<&RegressionTermRow> = terms.iter().filter(|t| t.regression_id == row.regression_id).collect();
            let covariance = |a: &str, b: &str| {
                covariances
                    .iter()
                    .find(|c| c.regression_id == row.regression_id && c.term_a == a && c.term_b == b)
                    .map_or(0.0, |c| c.covariance)
            };
            let matrix: Vec<Vec<f64>> = own.iter().map(|a| own.iter().map(|b| covariance(&a.term, &b.term)).collect()).collect();
            let sd_dex = row.grouped_cv_rmse.unwrap_or(row.loo_rmse);
            let central = own.iter().map(|t| t.estimate).collect();
            fits.insert(
                row.regression_id.clone(),
                LoadedFit {
                    terms: own.iter().map(|t| t.term.clone()).collect(),
                    shared: SharedFit::new(&row.regression_id, central, &matrix, sd_dex, draws, seed),
                    formula: row.formula,
                },
            );
        }
        let backtest: Vec<BacktestRow> = rows(work)?.collect::<Result<_>>()?;
        let six_nd = backtest.iter().find(|b| b.tier == 4 && b.against == "independent_compute").map(|b| b.robust_sd_dex);
        Ok(Self { fits, six_nd_sd_dex: six_nd.unwrap_or(assume::FLOP_CONFIDENT_SD_DEX) })
    }

    /// A regression by name.
    ///
    /// # Errors
    /// It was not fitted or not usable.
    pub fn get(&self, name: &str) -> Result<&LoadedFit> {
        self.fits.get(name).ok_or_else(|| {
            Error::input(
                format!("regression '{name}' is not usable (see the column not_used_reason of regressions)"),
                "regressions.parquet",
                "give the reference registry enough rows for it, then run: hugging-carbon run --force",
            )
        })
    }
}

/// The value of a named term for a run; size is taken from the row.
#[must_use]
pub fn term(name: &str, row: &TierRow) -> f64 {
    let indicator = |is: bool| if is { 1.0 } else { 0.0 };
    match name {
        "intercept" => 1.0,
        SIZE_TERM => row.active_params.map_or(0.0, log10),
        "years_since_2022" => {
            let years = row.trained_on.map_or(assume::ASSUMED_YEAR.1, crate::tables::Day::years_since_2022);
            years.clamp(assume::TREND_YEARS.0, assume::TREND_YEARS.1)
        }
        "not_text" => indicator(row.modality != "text"),
        _ => match name.split_once('=') {
            Some(("modality", value)) => indicator(row.modality == value),
            Some(("kind", value)) => indicator(row.kind == value),
            _ => 0.0,
        },
    }
}

/// Stated compute within this relative distance of 6 N D was computed that way.
const SAME_FIGURE: f64 = 0.02;

/// A run's model with the provenance of its factors.
#[derive(Debug)]
pub struct Built<'a> {
    /// What is simulated, less the chips (see `chips`).
    pub start: Start,
    /// Compute.
    pub compute: Compute<'a>,
    /// Rung the compute itself stands on: 4, 5 or 6, or that of the row when the chain implies it.
    pub compute_tier: i32,
    /// Model FLOP utilization.
    pub mfu: LogNormal,
    /// Whether nothing states the utilization.
    pub mfu_is_fallback: bool,
    /// Chips with their power.
    pub chips: Chips<'a>,
    /// PUE with source.
    pub pue: PueValue,
    /// PUE as a factor.
    pub pue_factor: LogNormal,
    /// Grid with source.
    pub grid: GridChoice<'a>,
    /// Assumptions made here.
    pub flags: Vec<String>,
}

impl Built<'_> {
    /// The model to simulate.
    #[must_use]
    pub fn model<'b>(&'b self, run_id: &'b str) -> RunModel<'b> {
        RunModel {
            run_id,
            start: self.start,
            compute: self.compute.clone(),
            mfu: self.mfu,
            chips: &self.chips.set,
            pue: self.pue_factor,
            grids: &self.grid.options,
        }
    }
}

/// What every run's model is built from, read once.
#[derive(Debug)]
pub struct Basis {
    /// Regressions.
    pub fits: Fits,
    /// Mixtures of chips and places.
    pub mixtures: Mixtures,
    /// Central compute in FLOP of the pre-trainings that others start from, by run id.
    pub roots: FxHashMap<String, f64>,
}

impl Basis {
    /// Reads the regressions, builds the mixtures, and computes the pre-trainings that post-trainings are a share of.
    ///
    /// # Errors
    /// A table is missing, or a regression is not usable.
    pub fn load(context: &Context) -> Result<Self> {
        let method = &context.config.method;
        let fits = Fits::load(&context.work, method.draws, method.seed)?;
        let mut basis = Self { fits, mixtures: Mixtures::new(&context.reference), roots: FxHashMap::default() };
        let mut wanted: FxHashSet<String> = FxHashSet::default();
        for row in rows::<TierRow>(&context.work)? {
            let row = row?;
            if takes_a_share(&row) {
                wanted.extend(row.root_run_id);
            }
        }
        for row in rows::<TierRow>(&context.work)? {
            let row = row?;
            if wanted.contains(&row.run_id) && row.tier > 0 {
                let built = build(&row, row.tier, &basis, &context.reference)?;
                let flop = central(&built.model(&row.run_id)).flop.0;
                basis.roots.insert(row.run_id, flop);
            }
        }
        Ok(basis)
    }
}

/// Trainings on the weights of their own house, and continued pre-trainings, are a share of the pre-training they start from; strangers'
/// fine-tunes follow their own regression.
fn takes_a_share(row: &TierRow) -> bool {
    row.kind == "post_training" || row.stage == post_training::CONTINUED
}

/// Builds the model of a run at a tier (1 to 6).
///
/// # Errors
/// A regression it needs is not usable.
pub fn build<'a>(row: &TierRow, tier: i32, basis: &'a Basis, reference: &Reference) -> Result<Built<'a>> {
    let mixtures = &basis.mixtures;
    let mut flags = row.flags.clone();
    // Tiers 1 to 3 fix hours, energy or emissions; the compute beside them is the stated one, else what they imply.
    let (compute, compute_tier) = if tier < 4 && !row.available_tiers.contains(&4) {
        flags.push("compute_implied_by_the_chain".into());
        (Compute::Implied, tier)
    } else {
        compute(row, tier.max(4), basis, reference, &mut flags)?
    };
    let year = row.trained_on.map(crate::tables::Day::year);
    if year.is_none() {
        flags.push("trained_on_unknown_2024_assumed".into());
    }
    let year = year.unwrap_or(assume::ASSUMED_YEAR.0);
    let chips = factors::chips(row, year, mixtures, reference, &mut flags);
    let grid = factors::grid(row, year, mixtures, reference, &mut flags);
    let (pue, pue_factor) = factors::pue(row, year, reference, &mut flags);
    let (mfu, mfu_is_fallback) = factors::mfu(row, reference);
    let lognormal = |value: Option<f64>, sd| value.map(|v| LogNormal::own(v, sd));
    let start = match tier {
        1 => lognormal(row.emissions_kgco2e, assume::REPORTED_EMISSIONS_SD).map(Start::Emissions),
        // A tracker meters the machine, a paper the facility; the field does not say which.
        2 => {
            flags.push("energy_taken_as_facility_energy".into());
            lognormal(row.energy_kwh, assume::REPORTED_ENERGY_SD).map(Start::Energy)
        }
        3 => lognormal(row.accelerator_hours, assume::STATED_HOURS_SD).map(Start::Hours),
        _ => Some(Start::Compute),
    };
    flags.sort();
    flags.dedup();
    Ok(Built {
        start: start.ok_or_else(|| Error::Internal(format!("{}: tier {tier} without its evidence", row.run_id)))?,
        compute,
        compute_tier,
        mfu,
        mfu_is_fallback,
        chips,
        pue,
        pue_factor,
        grid,
        flags,
    })
}

fn compute<'a>(
    row: &TierRow,
    wanted: i32,
    basis: &'a Basis,
    reference: &Reference,
    flags: &mut Vec<String>,
) -> Result<(Compute<'a>, i32)> {
    let fits = &basis.fits;
    let known = |median: f64, sd_dex: f64| Compute::Known(LogNormal::own(median, sd_dex * assume::LN_10), log_ceiling(row));
    if wanted == 4 {
        if let Some(flop) = row.train_flop {
            // Compute that is 6 N D of the stated figures has the error of that formula, which the back-test measured.
            let product = row.active_params.zip(row.train_tokens).map(|(n, d)| chain::training_flop(Params(n), Tokens(d)).0);
            if product.is_some_and(|product| (flop / product - 1.0).abs() < SAME_FIGURE) {
                return Ok((known(flop, fits.six_nd_sd_dex), 4));
            }
            let rating = match row.train_flop_confidence {
                Some(c) if c >= 0.9 => Some("confident"),
                Some(c) if c >= 0.6 => Some("likely"),
                _ => None,
            };
            return Ok((known(flop, registry::flop_sd_dex(rating)), 4));
        }
        if let (Some(n), Some(d)) = (row.active_params, row.train_tokens) {
            let flop = if row.kind == "adapter" {
                chain::adapter_flop(Params(n), Tokens(d))
            } else {
                chain::training_flop(Params(n), Tokens(d))
            };
            return Ok((known(flop.0, fits.six_nd_sd_dex), 4));
        }
    }
    if let Some(share) = share(row, basis, reference) {
        flags.push(format!("compute_is_a_{}_share_of_the_pretraining", row.stage));
        return Ok((share, if wanted <= 5 && row.active_params.is_some() { 5 } else { 6 }));
    }
    let factor = if row.kind == "adapter" { chain::FLOP_PER_FROZEN_PARAM_TOKEN / chain::FLOP_PER_PARAM_TOKEN } else { 1.0 };
    if let Some(n) = row.active_params.filter(|_| wanted <= 5) {
        return Ok((Compute::Parameters(prediction(row, n, fits, factor)?), 5));
    }
    flags.push("params_from_category".into());
    let size = fits.get(CATEGORY_FIT)?;
    let size_terms: Vec<f64> = size.terms.iter().map(|name| term(name, row)).collect();
    let central: f64 = size.shared.central.iter().zip(&size_terms).map(|(b, x)| b * x).sum();
    let prediction = prediction(row, pow10(central), fits, factor)?;
    Ok((Compute::Category { size: &size.shared, size_terms, prediction }, 6))
}

/// Post-training as a share of the pre-training: never zero, and below what would count as a new model.
fn share(row: &TierRow, basis: &Basis, reference: &Reference) -> Option<Compute<'static>> {
    let of_flop = *basis.roots.get(row.root_run_id.as_deref().filter(|_| takes_a_share(row))?)?;
    let share = reference.post_training.of(&row.stage);
    let most = if row.stage == post_training::CONTINUED { 1.0 } else { assume::FINE_TUNE_MAX_SHARE_OF_PRETRAINING };
    Some(Compute::Share {
        compute: LogNormal::own(share.median * of_flop, share.sd_dex * assume::LN_10),
        share: share.median,
        of_flop,
        log_ceiling: log10(most * of_flop),
    })
}

/// Which regression speaks for a run's compute.
#[must_use]
pub fn compute_fit(row: &TierRow) -> (&'static str, Response) {
    let since = row.trained_on.is_none_or(|d| d.year() >= assume::TOKENS_FIT_SINCE_YEAR);
    match row.kind.as_str() {
        "pretraining" if since && speaks_tokens(&row.modality) => (TOKENS_FIT, Response::Tokens),
        "pretraining" => (COMPUTE_FIT, Response::Compute),
        _ => (FINE_TUNE_FIT, Response::Compute),
    }
}

/// Modalities whose training is counted in tokens of text.
#[must_use]
pub fn speaks_tokens(modality: &str) -> bool {
    matches!(modality, "text" | "multimodal")
}

/// log10 of the most FLOP any published run of the kind took.
fn log_ceiling(row: &TierRow) -> f64 {
    log10(if speaks_tokens(&row.modality) { assume::MOST_FLOP_TEXT } else { assume::MOST_FLOP_BEYOND_TEXT })
}

/// The regression's prediction for a run of `n` active parameters, with the bounds of what has been published.
fn prediction<'a>(row: &TierRow, n: f64, fits: &'a Fits, factor: f64) -> Result<Prediction<'a>> {
    let (id, response) = compute_fit(row);
    let loaded = fits.get(id)?;
    let size_position = loaded
        .terms
        .iter()
        .position(|t| t == SIZE_TERM)
        .ok_or_else(|| Error::Internal(format!("regression {id} without a size term")))?;
    let mut terms: Vec<f64> = loaded.terms.iter().map(|name| term(name, row)).collect();
    terms[size_position] = log10(n);
    let (log_bounds, bounds_exponent) = if row.kind != "pretraining" {
        let original = TierRow { kind: "pretraining".into(), ..row.clone() };
        let whole = prediction(&original, n, fits, 1.0)?;
        let slope = whole.fit.central[whole.size_position] + if whole.response == Response::Tokens { 1.0 } else { 0.0 };
        ((f64::NEG_INFINITY, log10(assume::FINE_TUNE_MAX_SHARE_OF_PRETRAINING * whole.central())), slope)
    } else if speaks_tokens(&row.modality) {
        let at = |tokens_per_param: f64| log10(chain::training_flop(Params(n), Tokens(tokens_per_param * n)).0);
        ((at(assume::TOKENS_PER_PARAM.0), at(assume::TOKENS_PER_PARAM.1)), 2.0)
    } else {
        ((f64::NEG_INFINITY, f64::INFINITY), 0.0)
    };
    Ok(Prediction {
        log_ceiling: log_ceiling(row),
        fit: &loaded.shared,
        response,
        terms,
        size_position,
        log_bounds,
        bounds_exponent,
        factor,
    })
}
