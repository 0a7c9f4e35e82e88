//! Series: many repositories of one owner that one recipe made. What nearly all of them state, the others of them are, too.

use crate::domain::{Modality, in_lower_case};
use crate::evidence::index::facts::{NO_TASK, of_architecture_word, of_library, of_task};
use crate::lineage::RepoFacts;
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The least probability that the next of a series has the task of the others, by the rule of succession: 18 that all have one task, or more of
/// which one in a hundred has another. Of 12,734 repositories of a wide list whose owners show such others, 99.5 % have their task.
const LEAST_ALIKE: f64 = 0.95;
/// So many others whose names differ in numbers alone, all of one task, tell the task of one. Of 6,900 repositories of a wide list with so many or
/// more, 99.5 % have their task, of those with one 97 %.
const LEAST_OF_ONE_NAME: u32 = 2;

/// Repositories by task.
type Counts = FxHashMap<Arc<str>, u32>;

/// Gives records without a task that of their series: of others of their owner whose names differ from theirs in numbers alone, or of nearly
/// everything of an owner who is not listed. What they share is the task; a base is of one size, and a series may have several.
pub(super) fn share_tasks(facts: &mut [RepoFacts]) {
    let silent: Vec<usize> = (0..facts.len()).filter(|i| is_silent(&facts[*i])).collect();
    let mut counts: FxHashMap<u64, Counts> =
        silent.iter().flat_map(|i| keys(&facts[*i])).flatten().map(|key| (key, Counts::default())).collect();
    for f in facts.iter() {
        let Some(task) = f.pipeline_tag.as_ref().filter(|task| &***task != NO_TASK) else { continue };
        for key in keys(f).into_iter().flatten() {
            if let Some(of_key) = counts.get_mut(&key) {
                *of_key.entry(Arc::clone(task)).or_default() += 1;
            }
        }
    }
    for i in silent {
        let [by_name, by_owner] = keys(&facts[i]).map(|key| key.and_then(|key| counts.get(&key)));
        let shared = by_name.and_then(of_one_name).or_else(|| by_owner.and_then(of_nearly_all));
        if let Some(task) = shared.filter(|task| fits(&facts[i], task)) {
            facts[i].series_task = Some(task);
        }
    }
}

/// Whether nothing tells the task of a record, nor a library of one modality its modality.
fn is_silent(f: &RepoFacts) -> bool {
    let is_of_all = |library: &str| of_library(library).is_none_or(|modality| modality == Modality::Text);
    f.pipeline_tag.as_deref().is_none_or(|task| task == NO_TASK) && f.library.as_deref().is_none_or(is_of_all)
}

/// Whether the architecture of a record, where it has one, can have a task.
fn fits(f: &RepoFacts, task: &str) -> bool {
    let known = f.architecture.as_deref().and_then(of_architecture_word);
    known.is_none_or(|modality| modality == of_task(task))
}

/// The series that a repository may belong to: by its name, and by its owner. The houses that are listed release many things.
fn keys(f: &RepoFacts) -> [Option<u64>; 2] {
    if f.owner().is_empty() {
        return [None, None];
    }
    let mut owner = FxHasher::default();
    in_lower_case(f.owner(), |owner_name| owner_name.hash(&mut owner));
    let mut name = owner.clone();
    in_lower_case(f.name(), |text| {
        text.split(|c: char| c.is_ascii_digit()).filter(|part| !matches!(*part, "" | ".")).for_each(|part| part.hash(&mut name))
    });
    [Some(name.finish()), (!f.listed_owner).then(|| owner.finish())]
}

/// The task of all, where they are enough.
fn of_one_name(counts: &Counts) -> Option<Arc<str>> {
    let (task, n) = counts.iter().next().filter(|_| counts.len() == 1)?;
    (*n >= LEAST_OF_ONE_NAME).then(|| Arc::clone(task))
}

/// The task of nearly all.
fn of_nearly_all(counts: &Counts) -> Option<Arc<str>> {
    let all: u32 = counts.values().sum();
    let (task, n) = counts.iter().max_by_key(|(_, n)| **n)?;
    (f64::from(n + 1) / f64::from(all + 2) >= LEAST_ALIKE).then(|| Arc::clone(task))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(id: &str, task: Option<&str>) -> RepoFacts {
        RepoFacts { model_id: id.into(), pipeline_tag: task.map(Arc::from), ..RepoFacts::default() }
    }

    fn tasks(facts: &mut [RepoFacts], ids: &[&str]) -> Vec<Option<String>> {
        share_tasks(facts);
        let of_id = |id: &&str| facts.iter().find(|f| f.model_id == **id).and_then(|f| f.series_task.as_deref().map(str::to_owned));
        ids.iter().map(of_id).collect()
    }

    /// Regression: 37 of the 2,969 repositories of one bot have no task, so that they were of the modality "other" and pre-trainings with
    /// 0.32, where the others are with 0.006.
    #[test]
    fn a_record_without_a_task_has_that_of_its_series() {
        let mut facts: Vec<RepoFacts> =
            (0..18).map(|i| of(&format!("Tweets/{}", "abcdefghijklmnopqr".split_at(i).1), Some("text-generation"))).collect();
        facts.extend([of("tweets/silent", None), of("tweets/other", Some("other")), of("else/silent", None)]);
        let library = |id: &str, library: &str| RepoFacts { library: Some(library.into()), ..of(id, None) };
        let of_architecture = |id: &str, word: &str| RepoFacts { architecture: Some(word.into()), ..of(id, None) };
        facts.extend([library("tweets/pictures", "diffusers"), library("tweets/tuned", "transformers")]);
        facts.extend([of_architecture("tweets/heard", "wav2vec2"), of_architecture("tweets/read", "gpt2")]);
        let text = || Some("text-generation".to_owned());
        let ids =
            ["tweets/silent", "tweets/other", "else/silent", "tweets/pictures", "tweets/tuned", "tweets/heard", "tweets/read"];
        assert_eq!(tasks(&mut facts, &ids), [text(), text(), None, None, text(), None, text()]);
    }

    #[test]
    fn few_or_different_ones_tell_nothing() {
        let mut few: Vec<RepoFacts> =
            (0..17).map(|i| of(&format!("a/{}", "abcdefghijklmnopq".split_at(i).1), Some("fill-mask"))).collect();
        few.push(of("a/silent", None));
        assert_eq!(tasks(&mut few, &["a/silent"]), [None]);
        // A house releases many things, and series of its own.
        let mut house: Vec<RepoFacts> = (0..40).map(|i| of(&format!("b/run-{i}-x"), Some("fill-mask"))).collect();
        house.extend([of("b/run-77-x", None), of("b/silent", None)]);
        house.iter_mut().for_each(|f| f.listed_owner = true);
        assert_eq!(tasks(&mut house, &["b/run-77-x", "b/silent"]), [Some("fill-mask".to_owned()), None]);
        let mut mixed = vec![of("c/x-1", Some("fill-mask")), of("c/x-2", Some("translation")), of("c/x-3", None)];
        assert_eq!(tasks(&mut mixed, &["c/x-3"]), [None]);
    }
}
