//! What the regressions learn from, in two snapshots: where all of it that is new has one cause, what it moves is told under that cause.
//!
//! A repository whose role is corrected leaves the regressions, too, and moves a little of every imputed run: together that may be more than
//! its own change. It is the correction nevertheless.

use super::causes::Cause;
use super::read::{Observation, Observations, Side};
use crate::error::Result;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// Observations named in a note.
const NAMED: usize = 3;
/// Regressions fitted on every published run that has the figure: what comes in or goes out is a figure that is new or gone.
const OF_STATED_FIGURES: [&str; 2] = ["compute_from_params", "tokens_from_params"];
/// Regressions whose responses are worked out with factors: they are other where a factor is, and tell nothing of it.
const OF_FACTORS: [&str; 2] = ["emissions_from_compute", "energy_from_compute"];
/// The one whose observations are runs of the index.
const OF_THE_INDEX: &str = "params_from_category";

/// Why the regressions changed, if all that changed in what they are fitted on has one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Learned {
    pub cause: Cause,
    /// Which observations.
    pub note: String,
}

/// The one cause of what is new, gone or another in the observations; `own` has the causes of runs by repository.
///
/// # Errors
/// A table is missing or damaged.
pub(super) fn learned(old: &Side, new: &Side, own: &FxHashMap<&str, Cause>) -> Result<Option<Learned>> {
    let (before, after) = (old.observations()?, new.observations()?);
    let changed = changed(&before, &after);
    let of_index: FxHashSet<&str> = changed.iter().filter(|c| c.regression == OF_THE_INDEX).map(|c| model_of(c.id)).collect();
    let (there, here) = (old.repositories(&of_index)?, new.repositories(&of_index)?);
    let mut causes: BTreeMap<Cause, Vec<&str>> = BTreeMap::new();
    for one in &changed {
        let model = model_of(one.id);
        let cause = match (own.get(model), there.get(model), here.get(model)) {
            (Some(cause), ..) => Some(*cause),
            (None, None, Some(_)) => Some(Cause::NewRuns),
            (None, Some(_), None) => Some(Cause::GoneRuns),
            (None, Some(a), Some(b)) => (a.role != b.role).then_some(Cause::Role),
            // A published run: its figure is another, or it is new or gone where figures stand as they are.
            (None, None, None) => (one.is_other_response || OF_STATED_FIGURES.contains(&one.regression)).then_some(Cause::Evidence),
        };
        // What has no cause of its own came in or went out because something else did.
        if let Some(cause) = cause {
            let named = causes.entry(cause).or_default();
            if !named.contains(&model) {
                named.push(model);
            }
        }
    }
    let mut causes = causes.into_iter();
    let (Some((cause, names)), None) = (causes.next(), causes.next()) else { return Ok(None) };
    let more = names.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let names = names.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
    Ok(Some(Learned { cause, note: format!("through the regressions: {names}{more}") }))
}

/// Repository of an observation: a run's id begins with it.
fn model_of(observation: &str) -> &str {
    observation.split_once('#').map_or(observation, |(model, _)| model)
}

struct Changed<'a> {
    regression: &'a str,
    id: &'a str,
    /// In both, with another response.
    is_other_response: bool,
}

fn changed<'a>(before: &'a Observations, after: &'a Observations) -> Vec<Changed<'a>> {
    static NONE: BTreeMap<String, Observation> = BTreeMap::new();
    let mut found = Vec::new();
    let regressions = before.keys().chain(after.keys().filter(|id| !before.contains_key(*id)));
    for regression in regressions.filter(|id| !OF_FACTORS.contains(&id.as_str())) {
        let (a, b) = (before.get(regression).unwrap_or(&NONE), after.get(regression).unwrap_or(&NONE));
        for id in a.keys().chain(b.keys().filter(|id| !a.contains_key(*id))) {
            let (old, new) = (a.get(id), b.get(id));
            if old != new {
                let is_other_response = old.zip(new).is_some_and(|(old, new)| old.response != new.response);
                found.push(Changed { regression, id, is_other_response });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[(&str, &str, u64)]) -> Observations {
        let mut all = Observations::new();
        for (regression, id, response) in rows {
            let observation = Observation { response: *response, terms: vec![1] };
            all.entry((*regression).to_owned()).or_default().insert((*id).to_owned(), observation);
        }
        all
    }

    #[test]
    fn what_is_new_gone_or_another_is_found() {
        let before =
            of(&[("tokens_from_params", "r1", 1), ("tokens_from_params", "r2", 2), ("params_from_category", "a/b#pretraining", 3)]);
        // Another response of a regression that factors make is no cause.
        let after = of(&[
            ("energy_from_compute", "r9", 9),
            ("tokens_from_params", "r1", 1),
            ("tokens_from_params", "r2", 4),
            ("tokens_from_params", "r3", 5),
        ]);
        let found: Vec<(&str, bool)> = changed(&before, &after).iter().map(|c| (c.id, c.is_other_response)).collect();
        assert_eq!(found, [("a/b#pretraining", false), ("r2", true), ("r3", false)]);
        assert_eq!((model_of("a/b#pretraining"), model_of("r2")), ("a/b", "r2"));
    }
}
