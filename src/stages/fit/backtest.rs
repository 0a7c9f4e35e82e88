//! The back-test: what better evidence says is hidden, and the run estimated through every later tier (docs/method.md, section 7).
//!
//! Tiers 5 and 6 are estimated by regressions fitted without the run's owner, with errors of the other owners. A figure that was
//! derived from the one under test is listed with the reason and does not count.

use super::References;
use super::samples::{is_from_hours, is_six_nd, owner, published_run};
use crate::domain::{Comparison, EmissionsBasis, OwnerClass, Quantiles, RegressionId, Run, RunKind, Term, Tier};
use crate::error::Result;
use crate::estimation::fits::rows_by_errors;
use crate::estimation::{Basis, Fits, LoadedFit, at_scale, build};
use crate::evidence::index::names;
use crate::method::calibration::ErrorLaw;
use crate::method::chain;
use crate::method::draws::{Draws, Shared, simulate};
use crate::method::fitting::{Observation, coefficients_of};
use crate::method::simulate::{LogNormal, RunModel, SharedFit, pow10};
use crate::method::summary::{Scratch, median, robust_sd, summarize};
use crate::reference::compute_bounds::class_of_run;
use crate::reference::{NodePower, PuePlace, TrainingRun};
use crate::tables::{BacktestRow, BacktestRunRow, TierNumber};
use crate::units::{Flop, Params, Tokens};
use libm::log10;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Draws per estimate: by strata, 400 place the ends of a 90 % interval within two percent.
pub(super) const DRAWS: usize = 400;
/// Folds in which the owners are held out.
const FOLDS: usize = 50;

/// A regression with what it was fitted on.
pub(super) struct Fitted {
    pub(super) id: RegressionId,
    pub(super) terms: Vec<Term>,
    pub(super) observations: Vec<Observation>,
    pub(super) held_out_errors: Vec<Option<f64>>,
    pub(super) is_used: bool,
}

impl Fitted {
    /// Owner, log10 N (of a regression without a term of size the prediction) and held-out error of the observations that have one, as their
    /// errors are drawn together.
    pub(super) fn errors(&self) -> Vec<Vec<(String, f64, f64)>> {
        let size = self.terms.iter().position(|t| t.is_size());
        let of = |(o, e): (&'_ Observation, &Option<f64>)| {
            let error = (*e)?;
            Some((o.owner.clone(), size.map_or(o.response - error, |at| o.terms[at]), error))
        };
        let rows = self.observations.iter().zip(&self.held_out_errors);
        rows_by_errors(&self.terms, rows.filter_map(|row| Some((row.0.terms.as_slice(), of(row)?))))
    }

    /// The regression as owners meet it that are not in it.
    pub(super) fn without(&self, owners: &BTreeSet<&str>) -> Option<LoadedFit> {
        let central = coefficients_of(&self.observations, |_, o| !owners.contains(o.owner.as_str()))?;
        let rest = self.observations.iter().zip(&self.held_out_errors).filter(|(o, _)| !owners.contains(o.owner.as_str()));
        let observed = rest.map(|(o, error)| (o.terms.as_slice(), o.response, *error));
        let shared = |errors| SharedFit::with_draws(central.clone(), Vec::new(), errors);
        Some(LoadedFit::new(self.terms.clone(), String::new(), observed, shared))
    }
}

/// A figure that is hidden.
struct Hidden {
    against: Comparison,
    truth: f64,
    /// Which of the draws it is compared with.
    quantity: Quantity,
}

#[derive(Clone, Copy, PartialEq)]
enum Quantity {
    Flop,
    Hours,
    Energy,
    Emissions,
}

/// Every comparison, sorted by key.
pub(super) fn runs(references: &References, seed: u64, fitted: &[Fitted], chain: &Basis) -> Result<Vec<BacktestRunRow>> {
    let mut table: Vec<BacktestRunRow> = references.registry.runs().iter().filter_map(|run| six_nd_row(references, run)).collect();
    let six_nd: Vec<(String, (f64, f64))> =
        table.iter().filter(|r| r.left_out.is_none()).map(|r| (r.owner.clone(), (log10(r.estimate), -r.log10_ratio))).collect();
    let without = |owners: &BTreeSet<&str>| {
        let errors: Vec<(f64, f64)> = six_nd.iter().filter(|r| !owners.contains(r.0.as_str())).map(|r| r.1).collect();
        ErrorLaw::new(&errors)
    };
    for row in &mut table {
        let [low, _, high] = without(&BTreeSet::from([row.owner.as_str()])).near(log10(row.estimate)).interval();
        (row.estimate_p05, row.estimate_p95) = (Some(row.estimate * pow10(low)), Some(row.estimate * pow10(high)));
    }
    let shared = Shared::new(DRAWS, seed);
    let mut by_owner: BTreeMap<String, Vec<&TrainingRun>> = BTreeMap::new();
    for run in references.registry.runs() {
        by_owner.entry(owner(run)).or_default().push(run);
    }
    table.extend(held_out(&by_owner, fitted, chain, without, |run, basis| compare(references, run, basis, &shared))?);
    table.sort_by(|a, b| (a.tier, a.against.name(), &a.run).cmp(&(b.tier, b.against.name(), &b.run)));
    Ok(table)
}

/// What `compare` tells of everything that owners have, by regressions and errors of 6 N D that know nothing of the owner. Owners are held
/// out some at a time: a fit for each would cost more than all the estimates.
pub(super) fn held_out<T: Sync>(
    by_owner: &BTreeMap<String, Vec<T>>,
    fitted: &[Fitted],
    chain: &Basis,
    six_nd_without: impl Fn(&BTreeSet<&str>) -> ErrorLaw + Sync,
    compare: impl Fn(&T, &Basis) -> Result<Vec<BacktestRunRow>> + Sync,
) -> Result<Vec<BacktestRunRow>> {
    let folds = by_owner.len().min(FOLDS);
    let compared: Vec<Vec<BacktestRunRow>> = (0..folds)
        .into_par_iter()
        .map(|fold| {
            let of_fold = || by_owner.iter().skip(fold).step_by(folds);
            let owners: BTreeSet<&str> = of_fold().map(|(owner, _)| owner.as_str()).collect();
            let fits = fitted.iter().filter(|f| f.is_used);
            let fits = fits.filter_map(|f| Some((f.id, f.without(&owners)?))).collect();
            let basis = Basis::with_fits(Fits::new(fits, six_nd_without(&owners)), Arc::clone(&chain.mixtures));
            let mut rows = Vec::new();
            for hidden in of_fold().flat_map(|(_, all)| all) {
                rows.extend(compare(hidden, &basis)?);
            }
            Ok(rows)
        })
        .collect::<Result<_>>()?;
    Ok(compared.into_iter().flatten().collect())
}

/// Tier 4: 6 N D against compute that was counted another way. Rows that the same comparison excludes from fits count here: an error law
/// without its worst errors would be too narrow.
fn six_nd_row(references: &References, run: &TrainingRun) -> Option<BacktestRunRow> {
    let truth = run.train_flop.filter(|c| *c > 0.0)?;
    let tokens = run.seen_tokens().filter(|d| *d > 0.0)?;
    let flop = chain::training_flop(Params(run.effective_params()?), Tokens(tokens)).0;
    let left_out = if is_six_nd(run) {
        Some("compute is 6 N D of the same row")
    } else if run.lacks_active_params() {
        Some("a mixture of experts whose active parameters are not known")
    } else {
        None
    };
    Some(comparison(
        references,
        run,
        Tier::Compute,
        &Hidden { against: Comparison::IndependentCompute, truth, quantity: Quantity::Flop },
        Quantiles { p50: flop, ..Quantiles::default() },
        false,
        left_out.map(str::to_owned),
    ))
}

fn comparison(
    references: &References,
    run: &TrainingRun,
    tier: Tier,
    hidden: &Hidden,
    estimate: Quantiles,
    has_interval: bool,
    left_out: Option<String>,
) -> BacktestRunRow {
    BacktestRunRow {
        tier: TierNumber(tier),
        against: hidden.against,
        run: run.registry_id.clone(),
        kind: run.kind,
        modality: run.modality,
        owner: owner(run),
        owner_class: class_of_run(&references.factors.owners, run),
        estimate: estimate.p50,
        estimate_p05: has_interval.then_some(estimate.p05),
        estimate_p95: has_interval.then_some(estimate.p95),
        truth: hidden.truth,
        log10_ratio: log10(estimate.p50 / hidden.truth),
        left_out,
    }
}

/// What a run's own figures say.
fn hidden(run: &TrainingRun) -> Vec<Hidden> {
    let mut hidden = Vec::new();
    let mut add = |against, truth: Option<f64>, quantity| {
        if let Some(truth) = truth.filter(|t| *t > 0.0) {
            hidden.push(Hidden { against, truth, quantity });
        }
    };
    let stated = run.reported_emissions_kgco2e.filter(|_| run.emissions_basis != Some(EmissionsBasis::Market));
    add(Comparison::ReportedEmissions, stated, Quantity::Emissions);
    add(Comparison::MeasuredEnergy, run.energy_kwh, Quantity::Energy);
    add(Comparison::StatedHours, run.accelerator_hours.filter(|_| run.accelerator.is_some()), Quantity::Hours);
    add(Comparison::RegistryCompute, run.train_flop, Quantity::Flop);
    hidden
}

/// Why an estimate through a tier says nothing about a hidden figure: one was made from the other, or they are of different things.
fn left_out(run: &TrainingRun, hidden: &Hidden, tier: Tier) -> Option<String> {
    let from_hours = is_from_hours(run);
    if tier >= Tier::Parameters && run.open_weights != Some(true) {
        return Some("the weights are not open: regressions speak for what is on the Hub".to_owned());
    }
    if tier == Tier::Category && run.hub_id.as_deref().is_some_and(|id| names::size(id).is_some()) {
        return Some("its name states the size: nobody estimates it without".to_owned());
    }
    if run.is_excluded {
        return Some("its figures contradict each other (registry_conflicts.csv)".to_owned());
    }
    match hidden.quantity {
        Quantity::Emissions if run.emissions_caution.is_some() => run.emissions_caution.clone(),
        Quantity::Emissions if tier == Tier::Hardware && !is_measured(run) => {
            Some("the emissions were computed from the same device hours".to_owned())
        }
        Quantity::Energy if !is_measured(run) => Some("the energy is modelled, not measured".to_owned()),
        Quantity::Energy | Quantity::Hours | Quantity::Emissions if tier == Tier::Compute && from_hours => {
            Some("compute was counted from the device hours".to_owned())
        }
        Quantity::Flop if tier >= Tier::Parameters && is_six_nd(run) && run.seen_tokens().is_none() => {
            Some("compute is a product whose factors are not stated".to_owned())
        }
        _ => None,
    }
}

fn is_measured(run: &TrainingRun) -> bool {
    run.energy_basis.as_deref().is_some_and(|basis| basis.starts_with("measured"))
}

/// A run against its own figures, through every later tier that it has evidence for.
fn compare(references: &References, run: &TrainingRun, basis: &Basis, shared: &Shared) -> Result<Vec<BacktestRunRow>> {
    let Some(full) = published_run(&references.factors.accelerators, &references.factors.owners, run) else {
        return Ok(Vec::new());
    };
    let mut rows = Vec::new();
    let mut draws = Draws::default();
    let mut scratch = Scratch::default();
    for hidden in hidden(run) {
        for tier in hidden.against.tier().later() {
            // What continues another run is a share of that run, which a registry row does not hold.
            if tier >= Tier::Parameters && !matches!(run.kind, RunKind::Pretraining | RunKind::FineTuning) {
                continue;
            }
            let Some(known) = evidence_of(&full, tier) else { continue };
            let Ok(built) = build(&known, tier, basis, &references.factors) else { continue };
            let mut model = built.model(&known.run_id);
            let mut chips = model.chips.to_vec();
            if hidden.quantity == Quantity::Energy {
                let power;
                (power, model.pue.median) = at_boundary(references, run, model.pue.median);
                if let (Some(power), [chip]) = (power, chips.as_mut_slice()) {
                    chip.power_ratio = power;
                }
            }
            simulate(&RunModel { chips: &chips, ..model }, shared, &mut draws);
            let values = match hidden.quantity {
                Quantity::Flop => &draws.flop,
                Quantity::Hours => &draws.hours,
                Quantity::Energy => &draws.energy,
                Quantity::Emissions => &draws.emissions,
            };
            let estimate = summarize(values, &mut scratch);
            rows.push(comparison(references, run, tier, &hidden, estimate, true, left_out(run, &hidden, tier)));
        }
    }
    Ok(rows)
}

/// The run with the evidence of one tier only; none when it lacks it. A registry run has no pre-training of its own to take a share of.
fn evidence_of(full: &Run, tier: Tier) -> Option<Run> {
    let mut run = full.clone();
    run.tiers = vec![tier];
    (run.known.emissions_kgco2e, run.known.energy_kwh) = (None, None);
    if tier != Tier::Hardware {
        run.hardware.accelerator_hours = None;
    }
    if tier > Tier::Compute {
        (run.known.train_flop, run.known.train_tokens) = (None, None);
    }
    let has = match tier {
        Tier::Hardware => run.hardware.accelerator_hours.is_some() && !run.hardware.accelerators.is_empty(),
        Tier::Compute => run.known.train_flop.is_some() || (run.known.train_tokens.is_some() && run.known.active_params.is_some()),
        Tier::Parameters => run.known.active_params.is_some(),
        Tier::Category => {
            (run.known.active_params, run.known.total_params) = (None, None);
            true
        }
        Tier::NoTraining | Tier::Emissions | Tier::Energy => false,
    };
    has.then_some(run)
}

/// Power and PUE at the boundary of a measurement: a software tracker sees one machine, some papers the accelerators alone. A run whose
/// own measured power is in power.csv is tested without it.
fn at_boundary(references: &References, run: &TrainingRun, pue: f64) -> (Option<LogNormal>, f64) {
    let chip = run.accelerator.as_deref().and_then(|text| references.factors.accelerators.named(text));
    let power: Option<NodePower> = chip.map(|chip| references.factors.power.without(chip, Some(&run.registry_id)));
    let owner = run.hub_id.as_deref().and_then(|id| id.split_once('/')).map(|(owner, _)| owner);
    let vendor_cloud = chip.filter(|c| c.vendor == "Google").map(|_| "google");
    let operator = owner.and_then(|o| references.factors.owners.operator(o)).or(vendor_cloud);
    let at_scale = at_scale(run.train_flop.map(Flop), &references.factors);
    let place = PuePlace { operator, at_scale, ..PuePlace::default() };
    let pue = run.trained_on_day().map_or(pue, |day| references.factors.pue.value(&place, day.year()).pue);
    let ratio = power.as_ref().map(|p| p.ratio);
    match run.energy_basis.as_deref().unwrap_or_default() {
        b if b.contains("CodeCarbon") => (ratio, 1.0),
        b if b.contains("GPU energy") => {
            let share = power.as_ref().map(|p| p.accelerator_share);
            (ratio.zip(share).map(|(r, share)| LogNormal { median: share, ..r }), pue)
        }
        _ => (ratio, pue),
    }
}

/// The score of every pair of tiers and kind of run, and of all kinds together.
pub(super) fn summaries(table: &[BacktestRunRow]) -> Vec<BacktestRow> {
    let mut groups: BTreeMap<(TierNumber, &str, &str), Vec<&BacktestRunRow>> = BTreeMap::new();
    for row in table {
        for kind in kinds(row) {
            groups.entry((row.tier, row.against.name(), kind)).or_default().push(row);
        }
    }
    groups.into_iter().filter_map(|((tier, _, kind), rows)| summary(tier, kind, &rows)).collect()
}

/// Groups a comparison counts in: all, its kind, and for pre-trainings whether it is of text, and by whom.
fn kinds(row: &BacktestRunRow) -> Vec<&'static str> {
    let mut kinds = vec!["all", row.kind.name()];
    if row.kind == RunKind::Pretraining {
        kinds.push(if row.modality.counts_tokens() { "pretraining of text" } else { "pretraining beyond text" });
        kinds.push(match row.owner_class {
            OwnerClass::Industry => "pretraining by industry",
            OwnerClass::Academia => "pretraining by academia",
            OwnerClass::Unlisted => "pretraining by unlisted owners",
        });
    }
    kinds
}

fn summary(tier: TierNumber, kind: &str, rows: &[&BacktestRunRow]) -> Option<BacktestRow> {
    let against = rows.first()?.against;
    let (counted, circular): (Vec<&BacktestRunRow>, Vec<&BacktestRunRow>) = rows.iter().partition(|r| r.left_out.is_none());
    if counted.is_empty() {
        return None;
    }
    let ratios: Vec<f64> = counted.iter().map(|r| r.log10_ratio).collect();
    let absolute: Vec<f64> = ratios.iter().map(|r| r.abs()).collect();
    #[allow(clippy::cast_precision_loss)]
    let share = |n: usize, of: usize| n as f64 / of as f64;
    let within = |limit: f64| share(absolute.iter().filter(|a| **a <= limit).count(), absolute.len());
    let inside: Vec<bool> = counted.iter().filter_map(|r| Some((r.estimate_p05?..=r.estimate_p95?).contains(&r.truth))).collect();
    let owners: BTreeSet<&str> = counted.iter().map(|r| r.owner.as_str()).collect();
    let of_owner =
        |owner: &&str| median(&counted.iter().filter(|r| r.owner == **owner).map(|r| r.log10_ratio.abs()).collect::<Vec<_>>());
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    Some(BacktestRow {
        tier,
        against,
        kind: kind.to_owned(),
        against_tier: TierNumber(against.tier()),
        n: count(counted.len()),
        owners: count(owners.len()),
        bias_dex: median(&ratios),
        median_abs_error_dex: median(&absolute),
        owner_median_abs_error_dex: median(&owners.iter().map(of_owner).collect::<Vec<_>>()),
        share_within_2x: within(log10(2.0)),
        share_within_10x: within(1.0),
        robust_sd_dex: robust_sd(&ratios),
        coverage_90: (!inside.is_empty()).then(|| share(inside.iter().filter(|i| **i).count(), inside.len())),
        left_out_circular: count(circular.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Modality;

    fn row(run: &str, owner: &str, ratio: f64, truth: f64, left_out: Option<&str>) -> BacktestRunRow {
        BacktestRunRow {
            tier: TierNumber(Tier::Compute),
            against: Comparison::IndependentCompute,
            run: run.into(),
            kind: RunKind::Pretraining,
            modality: Modality::Text,
            owner: owner.into(),
            owner_class: OwnerClass::Industry,
            estimate: ratio * truth,
            estimate_p05: Some(truth * 0.9),
            estimate_p95: Some(truth * if ratio > 10.0 { 0.95 } else { 1.1 }),
            truth,
            log10_ratio: log10(ratio),
            left_out: left_out.map(str::to_owned),
        }
    }

    /// Ratios 1/2, 1, 20: median 0 dex, |.| = .301, 0, 1.301; two of three within 2x, two within 10x; owner a's median is .1505, b's
    /// 1.301, their median .7257; the interval of the 20-fold one misses.
    #[test]
    fn summary_by_hand() {
        let rows = [
            row("1", "a", 0.5, 3.0, None),
            row("2", "a", 1.0, 3.0, None),
            row("3", "b", 20.0, 3.0, None),
            row("4", "b", 9.0, 1.0, Some("x")),
        ];
        let table = summaries(&rows);
        assert_eq!(
            table.iter().map(|r| r.kind.as_str()).collect::<Vec<_>>(),
            ["all", "pretraining", "pretraining by industry", "pretraining of text"]
        );
        let s = &table[0];
        assert_eq!((s.n, s.owners, s.bias_dex, s.left_out_circular), (3, 2, 0.0, 1));
        assert!((s.median_abs_error_dex - log10(2.0)).abs() < 1e-12);
        assert!((s.owner_median_abs_error_dex - (log10(2.0) / 2.0 + log10(20.0)) / 2.0).abs() < 1e-12);
        assert!((s.share_within_2x - 2.0 / 3.0).abs() < 1e-12 && (s.share_within_10x - 2.0 / 3.0).abs() < 1e-12);
        assert!((s.coverage_90.unwrap() - 2.0 / 3.0).abs() < 1e-12);
    }
}
