//! One pre-training that two snapshots count under different runs: an index that lacks the base counts it under what was made of it.

use super::read::Side;
use crate::error::Result;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// Runs that are one training, by id.
#[derive(Debug, Default)]
pub struct Regrouped {
    /// From the run of the new snapshot to that of the old.
    pub old_of_new: BTreeMap<String, String>,
}

impl Regrouped {
    /// Whether a run of the old snapshot is counted under another in the new.
    pub fn has_old(&self, run_id: &str) -> bool {
        self.old_of_new.values().any(|old| old == run_id)
    }
}

/// Pairs the pre-trainings that only one snapshot has: the weights of one repository come from the one in the old and from the other in the
/// new. Every run is in one pair at most: the pairs that most repositories speak for go first, then those of the larger runs.
///
/// # Errors
/// A table is missing or damaged.
pub fn regrouped(old: &Side, new: &Side) -> Result<Regrouped> {
    let (of_old, of_new) = (alone(old, new)?, alone(new, old)?);
    if of_old.is_empty() || of_new.is_empty() {
        return Ok(Regrouped::default());
    }
    let (before, after) = (old.carriers(&of_old)?, new.carriers(&of_new)?);
    Ok(paired(&before, &after, |run_id| old.runs.get(run_id).map_or(0.0, |run| run.kg)))
}

/// Pre-trainings of the cohort that the other snapshot does not have at all.
fn alone<'a>(here: &'a Side, there: &Side) -> Result<FxHashSet<&'a str>> {
    let ids = here.runs.keys().map(String::as_str).filter(|id| id.ends_with("#pretraining") && !there.runs.contains_key(*id));
    let ids: FxHashSet<&str> = ids.collect();
    let known = there.run_ids(&ids)?;
    Ok(ids.into_iter().filter(|id| !known.contains(*id)).collect())
}

fn paired(before: &FxHashMap<String, String>, after: &FxHashMap<String, String>, kg: impl Fn(&str) -> f64) -> Regrouped {
    let mut votes: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (model, old) in before {
        if let Some(new) = after.get(model) {
            *votes.entry((old, new)).or_default() += 1;
        }
    }
    let mut votes: Vec<((&str, &str), usize)> = votes.into_iter().collect();
    votes.sort_by(|((a, x), n), ((b, y), m)| m.cmp(n).then(kg(b).total_cmp(&kg(a))).then((a, x).cmp(&(b, y))));
    let (mut pairs, mut taken) = (Regrouped::default(), FxHashSet::default());
    for ((old, new), _) in votes {
        if !pairs.old_of_new.contains_key(new) && taken.insert(old) {
            pairs.old_of_new.insert(new.to_owned(), old.to_owned());
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carriers(rows: &[(&str, &str)]) -> FxHashMap<String, String> {
        rows.iter().map(|(model, run)| ((*model).to_owned(), (*run).to_owned())).collect()
    }

    /// Regression: a pre-training was gone under the chat model and new under the base that the newer index had.
    #[test]
    fn what_one_repository_stands_on_in_both_is_one_training() {
        let before = carriers(&[("a/chat", "a/chat#pretraining"), ("a/gguf", "a/chat#pretraining"), ("b/x", "b/x#pretraining")]);
        let after = carriers(&[("a/chat", "a/base#pretraining"), ("a/gguf", "a/base#pretraining"), ("c/y", "c/y#pretraining")]);
        let pairs = paired(&before, &after, |_| 1.0).old_of_new;
        assert_eq!(pairs, BTreeMap::from([("a/base#pretraining".to_owned(), "a/chat#pretraining".to_owned())]));
        // Two that are one now: the larger is it, the other is gone.
        let before = carriers(&[("a/chat", "a/chat#pretraining"), ("a/code", "a/code#pretraining")]);
        let after = carriers(&[("a/chat", "a/base#pretraining"), ("a/code", "a/base#pretraining")]);
        let pairs = paired(&before, &after, |id| if id.starts_with("a/code") { 9.0 } else { 1.0 });
        assert_eq!(pairs.old_of_new["a/base#pretraining"], "a/code#pretraining");
        assert!(pairs.has_old("a/code#pretraining") && !pairs.has_old("a/chat#pretraining"));
    }
}
