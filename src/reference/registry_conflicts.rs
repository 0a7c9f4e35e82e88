//! Rows of the registry whose figures contradict each other or those of their sisters, each with what was decided (registry_conflicts.csv).

use super::TrainingRun;
use crate::domain::{Modality, RunKind};
use crate::error::{Error, Result};
use crate::method::chain;
use crate::units::{Params, Tokens};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Compute this many times off from 6 N D of the same row, or from that of a larger sister, contradicts it.
const CONFLICT: f64 = 5.0;
/// A sister is larger from this many times the parameters on.
const LARGER: f64 = 1.3;

/// How a row was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictCheck {
    /// 6 N D of the row's own figures is five times its compute, or a fifth.
    Product,
    /// A larger model of its house, series and year took less than a fifth.
    Sister,
    /// A regression that knows nothing of its owner misses it by more than 1.5 dex.
    HeldOut,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The figure was wrong and is mended.
    Corrected,
    /// A figure is wrong, or not of this training, and nobody tells the right one: no fit learns from the row.
    Excluded,
    /// The figures are of different things, or right as they are.
    Kept,
}

/// A row of registry_conflicts.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct RegistryConflict {
    /// Which row of the registry.
    pub registry_id: String,
    /// How it was found.
    pub check: ConflictCheck,
    /// What was decided.
    pub decision: Decision,
    /// Why.
    pub reason: String,
}

/// Marks the rows that no fit learns from.
///
/// # Errors
/// A conflict names no row of the registry, or a row twice.
pub(super) fn mark(runs: &mut [TrainingRun], conflicts: &[RegistryConflict]) -> Result<()> {
    let fail = |what: String| Err(Error::Internal(format!("registry_conflicts.csv: {what}")));
    let mut by_id: BTreeMap<&str, Decision> = BTreeMap::new();
    for row in conflicts {
        if by_id.insert(&row.registry_id, row.decision).is_some() {
            return fail(format!("{} stands there twice", row.registry_id));
        }
    }
    for run in runs {
        run.is_excluded = by_id.remove(run.registry_id.as_str()) == Some(Decision::Excluded);
    }
    by_id.keys().next().map_or(Ok(()), |id| fail(format!("{id} is no row of training_runs.csv")))
}

/// Rows whose compute contradicts 6 N D of their own figures, or a larger sister, with the factor between them.
#[must_use]
pub fn found(runs: &[TrainingRun]) -> BTreeMap<&str, (ConflictCheck, f64)> {
    let pretrainings = || runs.iter().filter(|run| run.kind == RunKind::Pretraining);
    let by_sisters = pretrainings().filter_map(|run| {
        let worst = pretrainings().filter_map(|sister| over_larger_sister(run, sister)).fold(0.0, f64::max);
        (worst > CONFLICT).then_some((run.registry_id.as_str(), (ConflictCheck::Sister, worst)))
    });
    let by_product = pretrainings().filter_map(|run| {
        let ratio = product_ratio(run).filter(|ratio| *ratio > CONFLICT || *ratio < 1.0 / CONFLICT)?;
        Some((run.registry_id.as_str(), (ConflictCheck::Product, ratio)))
    });
    by_sisters.chain(by_product).collect()
}

/// 6 N D of a row's own figures over its compute, where what it counts may be tokens.
fn product_ratio(run: &TrainingRun) -> Option<f64> {
    let may_be_tokens = match run.tokens_unit.as_deref() {
        Some("tokens") => true,
        Some("unknown") => {
            !matches!(run.modality, Modality::Vision | Modality::ImageGeneration | Modality::Video | Modality::Audio)
        }
        _ => false,
    };
    let tokens = run.tokens.filter(|_| may_be_tokens)?;
    Some(chain::training_flop(Params(run.effective_params()?), Tokens(tokens)).0 / run.train_flop?)
}

/// Compute of a run over that of a larger sister: of the same first organization, first word of the name and year.
fn over_larger_sister(run: &TrainingRun, sister: &TrainingRun) -> Option<f64> {
    let (of_run, of_sister) = (run.train_flop?, sister.train_flop?);
    if sister.effective_params()? <= LARGER * run.effective_params()? || house(run)? != house(sister)? {
        return None;
    }
    let year = |run: &TrainingRun| run.trained_on_day().map(|day| day.year());
    let is_series = !word(run).is_empty() && word(run) == word(sister);
    (is_series && year(run) == year(sister)).then_some(of_run / of_sister)
}

/// First organization.
fn house(run: &TrainingRun) -> Option<&str> {
    run.organization.as_deref()?.split(',').next()
}

/// First word of the name, letters only.
fn word(run: &TrainingRun) -> &str {
    run.registry_id.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;

    /// Regression: OPT-13B had (about) the compute of OPT-175B, 15 times 6 N D and six times that of OPT-30B, and nobody saw it.
    #[test]
    fn every_conflict_of_the_registry_is_decided() {
        let reference = Reference::load().unwrap();
        let runs = reference.registry.runs();
        let decided = |id: &str| reference.registry_conflicts.iter().find(|row| row.registry_id == id);
        let found_now = found(runs);
        for (id, (check, ratio)) in &found_now {
            let row = decided(id)
                .unwrap_or_else(|| panic!("{id}: {check:?} by a factor of {ratio}, and no row of registry_conflicts.csv"));
            assert_ne!(row.decision, Decision::Corrected, "{id} is not mended");
        }
        for row in reference.registry_conflicts.iter().filter(|row| row.decision != Decision::Corrected) {
            let is_found = found_now.contains_key(row.registry_id.as_str());
            assert!(is_found || row.check == ConflictCheck::HeldOut, "{}: nothing contradicts it", row.registry_id);
        }
        let mut old = runs.iter().find(|run| run.registry_id == "opt-13b").unwrap().clone();
        (old.train_flop, old.tokens, old.tokens_unit) = (Some(3.53e23), Some(1.8e11), Some("unknown".into()));
        let with_it: Vec<TrainingRun> =
            runs.iter().map(|run| if run.registry_id == old.registry_id { old.clone() } else { run.clone() }).collect();
        assert!(found(&with_it).contains_key("opt-13b"));
    }

    /// Regression: six rows of small networks, four of them no trainings of what they name, were the tail of all small models beyond text.
    #[test]
    fn searches_for_architectures_are_no_observations() {
        let reference = Reference::load().unwrap();
        let run = |id: &str| reference.registry.runs().iter().find(|run| run.registry_id == id).unwrap();
        for id in ["mnasnet-a1-plus-ssdlite", "mnasnet-a3", "once-for-all"] {
            assert!(run(id).is_excluded, "{id}");
        }
        assert!(!run("opt-13b").is_excluded);
        // Karras et al. 2021, arXiv 2106.12423: 15.8 and 22.3 million.
        assert_eq!([run("stylegan3-r").params, run("stylegan3-t").params], [Some(1.58e7), Some(2.23e7)]);
    }
}
