//! From what is known of a run to the model that is simulated: which factor comes from where, and what was assumed.
//!
//! `estimate` simulates every run with it, and the largest again for their totals (the draws are keyed by run, so they
//! are the same), and `explain` prints it.

use super::basis::Basis;
use super::chips::{self, Chips};
use super::factors::{self, GridChoice};
use super::fine_tune;
use super::fits::{Fits, LoadedFit};
use super::terms::term_values;
use super::{FactorTables, agents, stated_spread};
use crate::domain::regression::TermValues;
use crate::domain::{
    Flag, Modality, OwnerClass, RegressionId, Run, RunKind, RunShares, SizeWord, TaskGroup, Term, Tier, TrainingStage,
};
use crate::error::{Error, Result};
use crate::method::assumptions as assume;
use crate::method::chain;
use crate::method::simulate::{Compute, LogNormal, Part, Prediction, Response, RunModel, Spread, Start, Stated, pow10};
use crate::reference::PueValue;
use crate::reference::compute_bounds::Bound;
use crate::units::{AcceleratorHours, Day, Flop, FlopPerSecond, Params, Tokens};
use libm::log10;

/// Stated compute within this relative distance of 6 N D was computed that way.
const SAME_FIGURE: f64 = 0.02;

/// A run's model with the provenance of its factors.
#[derive(Debug)]
pub struct Built<'a> {
    /// What is simulated, less the chips (see `chips`).
    pub start: Start,
    /// What is stated beside the start.
    pub stated: Stated,
    /// Compute.
    pub compute: Compute<'a>,
    /// How the compute itself is known: compute, parameters or category, or the tier of the estimate when the chain implies it.
    pub compute_tier: Tier,
    /// What the run may have been, where that is not known.
    pub parts: Vec<Part<'a>>,
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
    pub flags: Vec<Flag>,
}

impl Built<'_> {
    /// The model to simulate.
    #[must_use]
    pub fn model<'b>(&'b self, run_id: &'b str) -> RunModel<'b> {
        RunModel {
            run_id,
            start: self.start,
            stated: self.stated,
            compute: self.compute.clone(),
            mfu: self.mfu,
            parts: &self.parts,
            chips: &self.chips.set,
            pue: self.pue_factor,
            grids: &self.grid.options,
        }
    }
}

/// Trainings on the weights of their own house, and continued pre-trainings, are a share of the pre-training they start from; strangers'
/// fine-tunes follow their own regression.
fn share_stage(run: &Run) -> Option<TrainingStage> {
    let is_release = run.kind == Some(RunKind::PostTraining) && factors::is_released_with_its_base(run);
    run.stage.filter(|stage| is_release || *stage == TrainingStage::Continued)
}

/// Builds the model of a run at a tier.
///
/// # Errors
/// The run lacks the tier's evidence or trained nothing, or a regression it needs is not usable.
pub fn build<'a>(run: &Run, tier: Tier, basis: &'a Basis, tables: &FactorTables) -> Result<Built<'a>> {
    let mixtures = basis.mixtures.as_ref();
    let mut flags = run.flags.clone();
    // Tiers 1 to 3 fix hours, energy or emissions; the compute beside them is the stated one, else what they imply.
    let (compute, compute_tier) = if tier < Tier::Compute && !run.tiers.contains(&Tier::Compute) {
        flags.push(Flag::ComputeImpliedByTheChain);
        (Compute::Implied, tier)
    } else {
        compute(run, tier.max(Tier::Compute), basis, tables, &mut flags)?
    };
    let year = run.date().map(Day::year);
    if year.is_none() {
        flags.push(Flag::TrainedOnUnknown2024Assumed);
    } else if run.trained_on.is_none() {
        flags.push(Flag::TrainedOnAsOfUndatedRepositories);
    }
    let year = year.unwrap_or(assume::ASSUMED_YEAR.0);
    let root = run.root_run_id.as_ref().and_then(|root| basis.roots.get(root));
    let chips = chips::chips(run, (year, compute.central(), root), mixtures, tables, &mut flags);
    let grid = factors::grid(run, year, mixtures, tables, &mut flags);
    let (mfu, mfu_is_fallback) = factors::mfu(run, compute.central(), tables);
    let scale = compute.central().or_else(|| flop_of_hours(run, &chips, mfu.median));
    let (pue, pue_factor) = factors::pue(run, (year, scale), tables, &mut flags);
    let start = start(run, tier, &mut flags)?;
    let stated = stated(run, tier, &mut flags);
    let parts =
        if compute_tier > Tier::Compute { parts((run, tier, year), &chips, basis, tables, &mut flags)? } else { Vec::new() };
    Flag::sort(&mut flags);
    Ok(Built { start, stated, compute, compute_tier, parts, mfu, mfu_is_fallback, chips, pue, pue_factor, grid, flags })
}

/// C = H peak MFU 3600, where hours are stated and compute is not: in the middle of the chips it may have had.
fn flop_of_hours(run: &Run, chips: &Chips<'_>, mfu: f64) -> Option<Flop> {
    let log_peak: f64 = chips.set.iter().map(|chip| chip.weight * log10(chip.peak.0)).sum();
    Some(chain::implied_flop(AcceleratorHours(run.hardware.accelerator_hours?), FlopPerSecond(pow10(log_peak)), mfu))
}

/// What the run may have been, where nothing certain tells, and of which year where nothing tells its date: pre-trainings took more from
/// year to year. A training that something states has taken place is not in doubt.
fn parts<'a>(
    (run, tier, year): (&Run, Tier, i32),
    chips: &Chips<'a>,
    basis: &'a Basis,
    tables: &FactorTables,
    flags: &mut Vec<Flag>,
) -> Result<Vec<Part<'a>>> {
    if run.tier() <= Tier::Compute || agents::is_agent(run) {
        return Ok(Vec::new());
    }
    let is_certain = run.shares.is_certain();
    if is_certain && !(run.is_pretraining() && run.by_possible_year().next().is_some()) {
        return Ok(Vec::new());
    }
    flags.extend((!is_certain).then_some(Flag::RoleIsUncertain));
    let tuning = match run.kind {
        Some(RunKind::PostTraining) => RunKind::PostTraining,
        Some(RunKind::Pretraining | RunKind::Continued | RunKind::FineTuning | RunKind::Adapter) | None => RunKind::FineTuning,
    };
    let RunShares { pretraining, continued, tuning: tuned, adapter } = run.shares;
    let stage_of_a_tune = run.stage.filter(|stage| *stage != TrainingStage::Continued);
    let kinds = [
        (RunKind::Pretraining, run.stage, pretraining),
        (tuning, Some(TrainingStage::Continued), continued),
        (tuning, stage_of_a_tune, tuned),
        (RunKind::Adapter, run.stage, adapter),
    ];
    // The flags of the parts are not told, so that no evidence is asked for. Regression: without the owner's name no part had the tokens of
    // its house.
    let mut bare = run.bare();
    bare.owner.name.clone_from(&run.owner.name);
    let possible = kinds.into_iter().filter(|(.., weight)| *weight > 0.0).flat_map(|(kind, stage, weight)| {
        let as_kind = Run { kind: Some(kind), stage, ..bare.clone() };
        let years: Vec<Run> = if kind == RunKind::Pretraining { as_kind.by_possible_year().collect() } else { Vec::new() };
        #[allow(clippy::cast_precision_loss)] // A handful.
        let share = weight / years.len().max(1) as f64;
        let one = years.is_empty().then_some(as_kind);
        years.into_iter().chain(one).map(move |run| (kind, share, run))
    });
    possible
        .map(|(kind, weight, as_kind)| {
            let (compute, _) = compute(&as_kind, tier.max(Tier::Compute), basis, tables, &mut Vec::new())?;
            let (mfu, _) = factors::mfu(&as_kind, compute.central(), tables);
            let year = as_kind.date().map_or(year, Day::year);
            let chips = chips::of_part(run, chips, (Some(kind), year, compute.central()), basis.mixtures.as_ref(), tables);
            let goes_on = kind == tuning && as_kind.stage == Some(TrainingStage::Continued);
            let kind = if goes_on { RunKind::Continued } else { kind };
            Ok(Part { kind, weight, compute, mfu, chips })
        })
        .collect()
}

/// What is stated beside the evidence of a tier, further up the chain than that.
fn stated(run: &Run, tier: Tier, flags: &mut Vec<Flag>) -> Stated {
    let energy = run.known.energy_kwh.filter(|_| tier == Tier::Emissions);
    let hours = run.hardware.accelerator_hours.filter(|_| matches!(tier, Tier::Emissions | Tier::Energy));
    flags.extend(energy.is_some().then_some([Flag::EnergyIsStated, Flag::EnergyTakenAsFacilityEnergy]).into_iter().flatten());
    flags.extend(hours.is_some().then_some(Flag::AcceleratorHoursAreStated));
    Stated {
        energy: energy.map(|kwh| LogNormal::with_own_spread(kwh, assume::REPORTED_ENERGY_SD)),
        hours: hours.map(|hours| LogNormal::with_own_spread(hours, assume::STATED_HOURS_SD)),
    }
}

/// What of the chain the tier's evidence states.
fn start(run: &Run, tier: Tier, flags: &mut Vec<Flag>) -> Result<Start> {
    let lognormal = |value: Option<f64>, sd| value.map(|v| LogNormal::with_own_spread(v, sd));
    let start = match tier {
        Tier::Emissions => lognormal(run.known.emissions_kgco2e, assume::REPORTED_EMISSIONS_SD).map(Start::Emissions),
        // A tracker meters the machine, a paper the facility; the field does not say which.
        Tier::Energy => {
            flags.push(Flag::EnergyTakenAsFacilityEnergy);
            lognormal(run.known.energy_kwh, assume::REPORTED_ENERGY_SD).map(Start::Energy)
        }
        Tier::Hardware => lognormal(run.hardware.accelerator_hours, assume::STATED_HOURS_SD).map(Start::Hours),
        Tier::Compute | Tier::Parameters | Tier::Category => Some(Start::Compute),
        Tier::NoTraining => None,
    };
    start.ok_or_else(|| Error::Internal(format!("{}: tier {} without its evidence", run.run_id, tier.number())))
}

fn compute<'a>(
    run: &Run,
    wanted: Tier,
    basis: &'a Basis,
    tables: &FactorTables,
    flags: &mut Vec<Flag>,
) -> Result<(Compute<'a>, Tier)> {
    let fits = &basis.fits;
    if wanted == Tier::Compute {
        let known = stated_compute(run, basis, tables, flags)
            .or_else(|| fine_tune::compute_of_samples(run, fits, tables, log10(most_flop(run)), flags));
        if let Some(known) = known {
            return Ok((known, Tier::Compute));
        }
    }
    let size = run.known.active_params.filter(|_| wanted <= Tier::Parameters);
    if let Some(of_an_agent) = agents::compute(run, tables, most_flop(run)) {
        flags.push(Flag::ComputeOfAnAgentByItsEnvironment);
        return Ok((of_an_agent, if size.is_some() { Tier::Parameters } else { Tier::Category }));
    }
    if is_continued_by_others(run) {
        flags.push(Flag::compute_share(TrainingStage::Continued));
        let (n, size_sd_dex) = if let Some(n) = size { (n, 0.0) } else { usual_size(run, fits, flags)? };
        let compute = continued_by_others(run, (n, size_sd_dex), basis, tables);
        return Ok((compute, if size.is_some() { Tier::Parameters } else { Tier::Category }));
    }
    if let Some((stage, share)) = share(run, basis, tables) {
        flags.push(Flag::compute_share(stage));
        return Ok((share, if size.is_some() { Tier::Parameters } else { Tier::Category }));
    }
    let is_adapter = run.kind == Some(RunKind::Adapter);
    let factor = if is_adapter { chain::FLOP_PER_FROZEN_PARAM_TOKEN / chain::FLOP_PER_PARAM_TOKEN } else { 1.0 };
    if let Some(n) = size {
        return Ok((Compute::Parameters(regression(run, n, fits, factor, tables, flags)?), Tier::Parameters));
    }
    if run.is_pretraining() && passes_are_known(run) {
        return Ok((Compute::Parameters(prediction(run, 1.0, fits, tables, factor)?), Tier::Category));
    }
    flags.push(Flag::ParamsFromCategory);
    let (size, size_terms, central) = size_of_category(run, fits)?;
    let prediction = regression(run, pow10(central), fits, factor, tables, flags)?;
    let log_most_size = log10(most_params(run));
    let shared = size.shared_for(run, &size_terms);
    Ok((Compute::Category { size: shared, size_terms, log_most_size, prediction }, Tier::Category))
}

/// The law of the size of a run by its category, its terms for the run, and log10 of the central size.
fn size_of_category<'a>(run: &Run, fits: &'a Fits) -> Result<(&'a LoadedFit, Vec<f64>, f64)> {
    let size = fits.get(RegressionId::ParamsFromCategory)?;
    let values = term_values(run);
    let terms: Vec<f64> = size.terms.iter().map(|term| values.value(*term)).collect();
    let central = size.shared.central_value(&terms);
    Ok((size, terms, central))
}

/// The central size of a run by its category, with the spread of its errors in dex: half of what lies between the ends of the middle 68 %.
fn usual_size(run: &Run, fits: &Fits, flags: &mut Vec<Flag>) -> Result<(f64, f64)> {
    flags.push(Flag::ParamsFromCategory);
    let (size, terms, central) = size_of_category(run, fits)?;
    let errors = size.shared_for(run, &terms).errors.near(central);
    let central = central.min(log10(most_params(run)));
    Ok((pow10(central), (errors.quantile(0.841) - errors.quantile(0.159)) / 2.0))
}

/// Most parameters believed of a run whose size nothing states: those of the largest encoder, of the word of size where there is one, if the
/// name is an encoder's, or the task of a pre-training is one of encoders and translators.
fn most_params(run: &Run) -> f64 {
    let is_named = run.size_word.is_some_and(SizeWord::is_encoder);
    let is_of_encoders = match run.task {
        TaskGroup::Labels | TaskGroup::Embedding | TaskGroup::TextToText => run.is_pretraining(),
        TaskGroup::Generation
        | TaskGroup::Speech
        | TaskGroup::Images
        | TaskGroup::ImageGeneration
        | TaskGroup::Documents
        | TaskGroup::Control
        | TaskGroup::Other => false,
    };
    if is_named || is_of_encoders { most_of_an_encoder(run.size_word) } else { f64::INFINITY }
}

/// Parameters of the largest encoder with a word of size.
const fn most_of_an_encoder(word: Option<SizeWord>) -> f64 {
    let [small, base, large] = assume::LARGEST_ENCODERS_BY_WORD;
    match word {
        Some(SizeWord::Tiny | SizeWord::Small | SizeWord::SmallEncoder) => small,
        Some(SizeWord::Base | SizeWord::BaseEncoder) => base,
        Some(SizeWord::Large | SizeWord::LargeEncoder) => large,
        Some(SizeWord::Huge | SizeWord::HugeEncoder | SizeWord::Encoder) | None => assume::LARGEST_ENCODER,
    }
}

/// Compute that is stated, or the product of stated parameters and tokens.
fn stated_compute<'a>(run: &Run, basis: &'a Basis, tables: &FactorTables, flags: &mut Vec<Flag>) -> Option<Compute<'a>> {
    let fits = &basis.fits;
    // What is stated is not held to what its owner's class has shown; its tail ends at what any published run took, and at the most tokens
    // that are believed of a pre-training which states none.
    let believed = || Some(chain::training_flop(Params(run.known.active_params?), Tokens(assume::MOST_TOKENS)).0);
    let states_no_tokens = run.is_pretraining() && run.modality.counts_tokens() && run.known.train_tokens.is_none();
    let by_tokens = states_no_tokens.then(believed).flatten().unwrap_or(f64::INFINITY);
    let known = |median: f64, spread| Compute::Known { median, spread, log_ceiling: log10(most_flop(run).min(by_tokens)) };
    let measured = |product: f64| Spread::Measured(fits.six_nd_errors(product));
    if let Some(flop) = run.known.train_flop {
        // Compute that somebody got as 6 N D of the stated figures has the error of that formula, which the back-test measured. What the
        // makers state stays where it is, whatever it is near.
        if is_product(run) {
            // Embeddings that are only looked up cost none, whoever multiplied.
            let n = run.known.active_params?;
            fine_tune::flag_embeddings(run, n, flags);
            return Some(known(flop * fine_tune::computing_params(run, n) / n, measured(flop)));
        }
        let without = compute(run, Tier::Parameters, basis, tables, &mut Vec::new()).map_or(Compute::Implied, |known| known.0);
        return Some(known(flop, Spread::Normal(stated_spread::spread_dex(run, flop, &without, basis) * assume::LN_10)));
    }
    if let Some(flop) = counted_flop(run) {
        return Some(known(flop.0, Spread::Normal(assume::FLOP_COUNTED_SD_DEX * assume::LN_10)));
    }
    let (n, d) = (run.known.active_params?, Tokens(run.known.train_tokens?));
    fine_tune::flag_embeddings(run, n, flags);
    let n = Params(fine_tune::computing_params(run, n));
    let is_adapter = run.kind == Some(RunKind::Adapter);
    let flop = if is_adapter { chain::adapter_flop(n, d) } else { chain::training_flop(n, d) };
    Some(known(flop.0, measured(flop.0)))
}

/// C = 3 F S, where a forward pass and the samples seen are known (data/reference/architectures.csv, recipes.csv); an adapter lacks the
/// gradients of the frozen weights.
#[must_use]
pub fn counted_flop(run: &Run) -> Option<Flop> {
    let whole = chain::sample_training_flop(Flop(run.known.forward_flop?), run.known.train_samples?);
    let is_adapter = run.kind == Some(RunKind::Adapter);
    Some(if is_adapter { Flop(whole.0 * chain::FLOP_PER_FROZEN_PARAM_TOKEN / chain::FLOP_PER_PARAM_TOKEN) } else { whole })
}

/// Whether the compute is 6 N D of the same run, and not the word of its makers.
#[must_use]
pub fn is_product(run: &Run) -> bool {
    if run.known.train_flop_is_the_makers {
        return false;
    }
    let product = || Some(chain::training_flop(Params(run.known.active_params?), Tokens(run.known.train_tokens?)).0);
    run.known.train_flop.zip(product()).is_some_and(|(flop, product)| (flop / product - 1.0).abs() < SAME_FIGURE)
}

/// Post-training as a share of the pre-training: never zero, and below what would count as a new model.
fn share(run: &Run, basis: &Basis, tables: &FactorTables) -> Option<(TrainingStage, Compute<'static>)> {
    let stage = share_stage(run)?;
    let of_flop = basis.roots.get(run.root_run_id.as_deref()?)?.flop;
    let published = tables.post_training.share(stage);
    let (share, sd_dex) = (published.median, published.sd_dex);
    let most = if stage == TrainingStage::Continued { 1.0 } else { assume::FINE_TUNE_MAX_SHARE_OF_PRETRAINING };
    let compute = Compute::Share {
        compute: LogNormal::with_own_spread(share * of_flop, sd_dex * assume::LN_10),
        share,
        of_flop,
        log_ceiling: log10(most * of_flop),
    };
    Some((stage, compute))
}

/// Whether a run is a continued pre-training on the weights of another house, or of whoever is no company. A part of what a house took for its
/// base would be more than any of them has seen.
fn is_continued_by_others(run: &Run) -> bool {
    let is_of_its_house = run.kind == Some(RunKind::PostTraining) && run.owner.class == OwnerClass::Industry;
    run.stage == Some(TrainingStage::Continued) && !is_of_its_house && run.modality.counts_tokens()
}

/// Its compute: that of the tokens which such have stated, with parameters and their spread in dex. It ends at the compute of the base, where
/// that is known.
fn continued_by_others(run: &Run, (n, sd_dex): (f64, f64), basis: &Basis, tables: &FactorTables) -> Compute<'static> {
    let usual = tables.continued_runs.tokens(run.owner.class, n);
    let base = run.root_run_id.as_deref().and_then(|root| basis.roots.get(root)).map_or(f64::INFINITY, |root| root.flop);
    Compute::Known {
        median: chain::training_flop(Params(n), Tokens(usual.median)).0,
        spread: Spread::Normal(usual.sd_dex.hypot(sd_dex) * assume::LN_10),
        log_ceiling: log10(base.min(most_flop(run))),
    }
}

/// Whether the FLOP of a forward pass speaks for a run. A second of sound is no sample like an image or a pair.
fn passes_are_known(run: &Run) -> bool {
    run.known.forward_flop.is_some() && run.modality != Modality::Audio
}

/// Which regression speaks for a run's compute.
#[must_use]
pub fn compute_fit(run: &Run) -> (RegressionId, Response) {
    let since = run.date().is_none_or(|d| d.year() >= assume::TOKENS_FIT_SINCE_YEAR);
    match run.kind {
        Some(RunKind::Pretraining) if passes_are_known(run) => (RegressionId::ComputeFromForwardFlop, Response::Compute),
        Some(RunKind::Pretraining) if since && run.modality.counts_tokens() => (RegressionId::TokensFromParams, Response::Tokens),
        Some(RunKind::Pretraining) => (RegressionId::ComputeFromParams, Response::Compute),
        Some(RunKind::Continued | RunKind::PostTraining | RunKind::FineTuning | RunKind::Adapter) | None => {
            (RegressionId::FinetuneSamplesFromParams, Response::Samples)
        }
    }
}

/// The most FLOP that any published run of the kind took.
fn most_flop(run: &Run) -> f64 {
    if run.modality.counts_tokens() { assume::MOST_FLOP_TEXT } else { assume::MOST_FLOP_BEYOND_TEXT }
}

/// log10 of the most FLOP that a pre-training of the owner's class has been seen to take by the year, and what any published run of
/// the kind took.
fn log_ceiling(run: &Run, tables: &FactorTables) -> f64 {
    let (counts_tokens, any) = (run.modality.counts_tokens(), most_flop(run));
    let year = run.date().map_or(i32::MAX, Day::year);
    let of_class = tables.compute_bounds.bound(run.owner.class, counts_tokens, year).map(Bound::most_flop);
    log10(of_class.map_or(any, |most| most.min(any)))
}

/// The regression's prediction with what fine-tunes add: the length of a sample, and a wider error outside the sizes seen.
fn regression<'a>(
    run: &Run,
    n: f64,
    fits: &'a Fits,
    factor: f64,
    tables: &FactorTables,
    flags: &mut Vec<Flag>,
) -> Result<Prediction<'a>> {
    let prediction = prediction(run, n, fits, tables, factor)?;
    match prediction.response {
        Response::Samples => fine_tune::with_length(run, n, prediction, fits, tables, flags),
        Response::Tokens => {
            fine_tune::flag_embeddings(run, n, flags);
            flags.extend(prediction.house.is_some().then_some(Flag::TokensOfTheHouse));
            Ok(Prediction { factor: prediction.factor * fine_tune::computing_params(run, n) / n, ..prediction })
        }
        Response::Compute => Ok(prediction),
    }
}

/// The regression's prediction for a run of `n` active parameters, with the bounds of what has been published.
fn prediction<'a>(run: &Run, n: f64, fits: &'a Fits, tables: &FactorTables, factor: f64) -> Result<Prediction<'a>> {
    let (id, response) = compute_fit(run);
    let loaded = fits.get(id)?;
    let size_position = loaded
        .terms
        .iter()
        .position(|term| term.is_size())
        .ok_or_else(|| Error::Internal(format!("regression {id} without a size term")))?;
    let by_passes = id == RegressionId::ComputeFromForwardFlop;
    let of_run = term_values(run);
    let values = if by_passes { of_run } else { TermValues { log10_active_params: log10(n), ..of_run } };
    let terms: Vec<f64> = loaded.terms.iter().map(|term| values.value(*term)).collect();
    let grows_with_size = loaded.terms.iter().position(|term| *term == Term::PersonSize).filter(|_| values.is_person());
    let (log_bounds, bounds_exponent) = if !run.is_pretraining() {
        // Whoever tunes, what they tune is a company's in most cases.
        let mut original = Run { kind: Some(RunKind::Pretraining), ..run.bare() };
        original.owner.class = OwnerClass::Industry;
        original.known.forward_flop = None;
        let whole = prediction(&original, n, fits, tables, 1.0)?;
        let slope = whole.slope() + if whole.response == Response::Compute { 0.0 } else { 1.0 };
        ((f64::NEG_INFINITY, log10(assume::FINE_TUNE_MAX_SHARE_OF_PRETRAINING * whole.central())), slope)
    } else if run.modality.counts_tokens() && !by_passes {
        let at = |tokens: f64| log10(chain::training_flop(Params(n), Tokens(tokens)).0);
        let (least, most) = (assume::TOKENS_PER_PARAM.0 * n, assume::TOKENS_PER_PARAM.1 * n);
        let exponent = if most > assume::MOST_TOKENS { 1.0 } else { 2.0 };
        ((at(least), at(most.min(assume::MOST_TOKENS))), exponent)
    } else if run.modality == Modality::Audio {
        ((f64::NEG_INFINITY, log10(chain::training_flop(Params(n), Tokens(assume::MOST_POSITIONS_OF_SOUND)).0)), 1.0)
    } else {
        ((f64::NEG_INFINITY, f64::INFINITY), 0.0)
    };
    let house = || loaded.house(tables.owners.registered_as(run.owner.name.as_deref()?), &terms);
    let prediction = Prediction {
        log_ceiling: log_ceiling(run, tables),
        house: if response == Response::Tokens { house() } else { None },
        fit: loaded.shared_for(run, &terms),
        response,
        terms,
        size_position,
        grows_with_size,
        log_length: 0.0,
        widening: 1.0,
        log_bounds,
        bounds_exponent,
        factor,
        product_errors: None,
    };
    let product_errors = (response != Response::Compute).then(|| fits.six_nd_errors(prediction.central()));
    Ok(Prediction { product_errors, ..prediction })
}

#[cfg(test)]
mod tests;
