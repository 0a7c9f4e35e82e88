//! The back-test of fine-tunes: cards that state the samples they saw, held out by owner, and repositories whose emissions a tool
//! tracked, which no regression of compute has met (docs/method.md, section 7).

use super::References;
use super::backtest::{DRAWS, Fitted, held_out};
use super::samples::{Sample, card_samples, reported_sample};
use crate::domain::{Comparison, RunKind, Tier};
use crate::error::Result;
use crate::estimation::fine_tune::flop_per_sample;
use crate::estimation::{Basis, build};
use crate::method::calibration::ErrorLaw;
use crate::method::draws::{Draws, Shared, simulate};
use crate::method::simulate::pow10;
use crate::method::summary::{Scratch, summarize};
use crate::reference::ReportedFineTune;
use crate::tables::{BacktestRunRow, TierNumber};
use crate::units::GRAMS_PER_KG;
use libm::log10;
use std::collections::{BTreeMap, BTreeSet};

/// Cards that are held out.
const CARDS: usize = 500;
/// Overhead of the facility at the boundary of a software tracker, which sees one machine.
const TRACKER_PUE: f64 = 1.0;

/// A fine-tune with the figure that its estimate is compared with.
struct Hidden {
    sample: Sample,
    against: Comparison,
    truth: f64,
}

/// Every comparison.
pub(super) fn runs(references: &References, seed: u64, fitted: &[Fitted], chain: &Basis) -> Result<Vec<BacktestRunRow>> {
    let mut by_owner: BTreeMap<String, Vec<Hidden>> = BTreeMap::new();
    for hidden in cards(references).into_iter().chain(tracked(references)) {
        by_owner.entry(hidden.sample.owner.clone()).or_default().push(hidden);
    }
    let shared = Shared::new(DRAWS, seed);
    // The truth is 6 N D itself, so that its error is no part of the comparison.
    let no_error = |_: &BTreeSet<&str>| ErrorLaw::new(&[]);
    held_out(&by_owner, fitted, chain, no_error, |hidden, basis| Ok(vec![compare(references, hidden, basis, &shared)?]))
}

/// Cards by id, evenly. Length and size are known on both sides: what is tested is the samples.
fn cards(references: &References) -> Vec<Hidden> {
    let samples = card_samples(references);
    let step = (samples.len() / CARDS).max(1);
    let of = |mut sample: Sample| {
        let (length, _) = sample.run.known.sample_length?;
        sample.run.known.sample_length = Some((length, 0.0));
        let per_sample = flop_per_sample(&sample.run, sample.run.known.active_params?, length);
        Some(Hidden { truth: pow10(sample.response) * per_sample, against: Comparison::CardSamples, sample })
    };
    samples.into_iter().step_by(step).take(CARDS).filter_map(of).collect()
}

/// Repositories with tracked emissions.
fn tracked(references: &References) -> Vec<Hidden> {
    let of = |reported: &ReportedFineTune| {
        let truth = reported.emissions_gco2e / GRAMS_PER_KG;
        Some(Hidden {
            truth,
            against: Comparison::ReportedEmissions,
            sample: reported_sample(&references.factors, reported, truth)?,
        })
    };
    references.reported.iter().filter_map(of).collect()
}

/// The estimate by size and class alone, beside the hidden figure.
fn compare(references: &References, hidden: &Hidden, basis: &Basis, shared: &Shared) -> Result<BacktestRunRow> {
    let Hidden { sample, against, truth } = hidden;
    let tier = Tier::Parameters;
    let mut run = sample.run.clone();
    run.tiers = vec![tier];
    let built = build(&run, tier, basis, &references.factors)?;
    let mut model = built.model(&sample.id);
    let is_tracked = *against == Comparison::ReportedEmissions;
    if is_tracked {
        model.pue.median = TRACKER_PUE;
    }
    let mut draws = Draws::default();
    simulate(&model, shared, &mut draws);
    let estimate = summarize(if is_tracked { &draws.emissions } else { &draws.flop }, &mut Scratch::default());
    Ok(BacktestRunRow {
        tier: TierNumber(tier),
        against: *against,
        run: sample.id.clone(),
        kind: run.kind.unwrap_or(RunKind::FineTuning),
        modality: run.modality,
        owner: sample.owner.clone(),
        owner_class: run.owner.class,
        estimate: estimate.p50,
        estimate_p05: Some(estimate.p05),
        estimate_p95: Some(estimate.p95),
        truth: *truth,
        log10_ratio: log10(estimate.p50 / truth),
        left_out: None,
    })
}
