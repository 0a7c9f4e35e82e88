//! From a row of `tiers` to the model that is simulated: which factor comes from where, and what was assumed.
//!
//! `estimate` simulates every run with it, `snapshot` simulates the cohort again for totals (the draws are keyed by run, so they
//! are the same), and `explain` prints it.

use super::factors::{self, Chips, GridChoice, Mixtures};
use crate::error::{Error, Result};
use crate::method::assumptions as assume;
use crate::method::calibration::ErrorLaw;
use crate::method::chain;
use crate::method::simulate::{Compute, LogNormal, Prediction, Response, RunModel, SharedFit, Spread, Start, central, pow10};
use crate::pipeline::Context;
use crate::reference::{OwnerClass, PueValue, Reference, post_training, registry};
use crate::tables::io::rows;
use crate::tables::{BacktestRunRow, RegressionCovarianceRow, RegressionObservationRow, RegressionRow, RegressionTermRow, TierRow};
use crate::units::{Params, Tokens};
use libm::log10;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Regression of pre-training compute.
pub const COMPUTE_FIT: &str = "compute_from_params";
/// Regression of the tokens of text pre-training.
pub const TOKENS_FIT: &str = "tokens_from_params";
/// Regression of the compute of fine-tunes, post-training and adapters.
pub const FINE_TUNE_FIT: &str = "finetune_compute_from_params";
/// Regression of the emissions of reported fine-tunes.
pub const FINE_TUNE_EMISSIONS_FIT: &str = "finetune_from_size";
/// Regression of energy on compute.
pub const ENERGY_FIT: &str = "energy_from_compute";
/// Regression of emissions on compute.
pub const EMISSIONS_FIT: &str = "emissions_from_compute";
/// Regression of size on category.
pub const CATEGORY_FIT: &str = "params_from_category";
/// Name of the back-test of 6 N D.
pub const INDEPENDENT_COMPUTE: &str = "independent_compute";
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

/// All regressions in use, and the errors measured in the back-test.
#[derive(Debug)]
pub struct Fits {
    fits: BTreeMap<String, LoadedFit>,
    /// Error of 6 N D against independent compute.
    six_nd: ErrorLaw,
}

impl Fits {
    /// Of regressions by name, and of the errors of 6 N D.
    #[must_use]
    pub fn new(fits: BTreeMap<String, LoadedFit>, six_nd: ErrorLaw) -> Self {
        Self { fits, six_nd }
    }

    /// Reads what `fit` wrote.
    ///
    /// # Errors
    /// A table is missing.
    pub fn load(work: &Path, draws: usize, seed: u64) -> Result<Self> {
        let covariances: Vec<RegressionCovarianceRow> = rows(work)?.collect::<Result<_>>()?;
        let terms: Vec<RegressionTermRow> = rows(work)?.collect::<Result<_>>()?;
        let observations: Vec<RegressionObservationRow> = rows(work)?.collect::<Result<_>>()?;
        let mut fits = BTreeMap::new();
        for row in rows::<RegressionRow>(work)? {
            let row = row?;
            if !row.used {
                continue;
            }
            let id = row.regression_id.as_str();
            let estimate = |term: &String| terms.iter().find(|t| t.regression_id == id && t.term == *term).map(|t| t.estimate);
            let covariance = |a: &String, b: &String| {
                covariances.iter().find(|c| c.regression_id == id && c.term_a == *a && c.term_b == *b).map_or(0.0, |c| c.covariance)
            };
            let matrix: Vec<Vec<f64>> = row.terms.iter().map(|a| row.terms.iter().map(|b| covariance(a, b)).collect()).collect();
            let central: Vec<f64> = row.terms.iter().filter_map(estimate).collect();
            if central.len() != row.terms.len() {
                return Err(Error::Internal(format!("regression {id} lacks a coefficient")));
            }
            let size = row.terms.iter().position(|t| t == SIZE_TERM);
            let errors: Vec<(f64, f64)> = observations
                .iter()
                .filter(|o| o.regression_id == id)
                .filter_map(|o| Some((size.map_or(Some(0.0), |at| o.terms.get(at).copied())?, o.held_out_error?)))
                .collect();
            let shared = SharedFit::new(id, central, &matrix, ErrorLaw::new(&errors), draws, seed);
            fits.insert(id.to_owned(), LoadedFit { terms: row.terms, shared, formula: row.formula });
        }
        let mut six_nd = Vec::new();
        for row in rows::<BacktestRunRow>(work)? {
            let row = row?;
            if row.against == INDEPENDENT_COMPUTE && row.left_out.is_none() {
                six_nd.push((0.0, -row.log10_ratio));
            }
        }
        Ok(Self { fits, six_nd: ErrorLaw::new(&six_nd) })
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
        // Until Chinchilla (Hoffmann et al., March 2022) data sets followed the size of models, since then the year.
        "years_after_2022" => term("years_since_2022", row).max(0.0),
        "not_text" => indicator(row.modality != "text"),
        "academia" => indicator(row.owner_class == OwnerClass::Academia.name()),
        "unlisted_owner" => indicator(row.owner_class == OwnerClass::Unlisted.name()),
        "log10_total_params" => row.total_params.map_or(0.0, log10),
        "log10_train_flop" => row.train_flop.map_or(0.0, log10),
        // Around ten billion parameters, so that square and slope are not the same column.
        "size_squared" => (term(SIZE_TERM, row) - 10.0) * (term(SIZE_TERM, row) - 10.0),
        "size_x_years" => term(SIZE_TERM, row) * term("years_since_2022", row),
        "years_after_mid_2023" => (term("years_since_2022", row) - 1.5).max(0.0),
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
    pub mixtures: Arc<Mixtures>,
    /// Central compute in FLOP of the pre-trainings that others start from, by run id.
    pub roots: FxHashMap<String, f64>,
}

impl Basis {
    /// Of given regressions, without any pre-training that others start from.
    #[must_use]
    pub fn with_fits(fits: Fits, mixtures: Arc<Mixtures>) -> Self {
        Self { fits, mixtures, roots: FxHashMap::default() }
    }

    /// What tiers 1 to 3 need, which ask no regression.
    #[must_use]
    pub fn without_fits(reference: &Reference) -> Self {
        Self::with_fits(Fits::new(BTreeMap::new(), ErrorLaw::new(&[])), Arc::new(Mixtures::new(reference)))
    }

    /// Reads the regressions, builds the mixtures, and computes the pre-trainings that post-trainings are a share of.
    ///
    /// # Errors
    /// A table is missing, or a regression is not usable.
    pub fn load(context: &Context) -> Result<Self> {
        let method = &context.config.method;
        let fits = Fits::load(&context.work, method.draws, method.seed)?;
        let mut basis = Self::with_fits(fits, Arc::new(Mixtures::new(&context.reference)));
        let mut wanted: FxHashSet<String> = FxHashSet::default();
        for row in rows::<TierRow>(&context.work)? {
            let row = row?;
            wanted.extend(row.root_run_id);
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
    let mixtures = basis.mixtures.as_ref();
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
    let known = |median: f64, spread| Compute::Known { median, spread, log_ceiling: log_ceiling(row) };
    let measured = Spread::Measured(fits.six_nd.of(0.0));
    if wanted == 4 {
        if let Some(flop) = row.train_flop {
            // Compute that is 6 N D of the stated figures has the error of that formula, which the back-test measured.
            if is_product(row) {
                return Ok((known(flop, measured), 4));
            }
            let rating = match row.train_flop_confidence {
                Some(c) if c >= 0.9 => Some("confident"),
                Some(c) if c >= 0.6 => Some("likely"),
                _ => None,
            };
            return Ok((known(flop, Spread::Normal(registry::flop_sd_dex(rating) * assume::LN_10)), 4));
        }
        if let (Some(n), Some(d)) = (row.active_params, row.train_tokens) {
            let flop = if row.kind == "adapter" {
                chain::adapter_flop(Params(n), Tokens(d))
            } else {
                chain::training_flop(Params(n), Tokens(d))
            };
            return Ok((known(flop.0, measured), 4));
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

/// Whether the stated compute is 6 N D of the same row.
#[must_use]
pub fn is_product(row: &TierRow) -> bool {
    let product = row.active_params.zip(row.train_tokens).map(|(n, d)| chain::training_flop(Params(n), Tokens(d)).0);
    row.train_flop.zip(product).is_some_and(|(flop, product)| (flop / product - 1.0).abs() < SAME_FIGURE)
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
    matches!(modality, "text" | "embedding" | "multimodal")
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
        product_errors: (response == Response::Tokens).then(|| fits.six_nd.of(0.0)),
    })
}
