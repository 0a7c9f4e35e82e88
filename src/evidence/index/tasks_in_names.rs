//! The task that words of a name tell: `bert` is tuned to label texts, `wav2vec2` to write speech down.

use super::facts;
use crate::domain::Modality;
use crate::evidence::vocabulary::{self, Words};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// What a name tells of the task of a model of which nothing else tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedTask {
    /// What the model takes in and gives out.
    pub modality: Modality,
    /// Its task; none where words of the name are of several tasks of that modality.
    pub task: Option<&'static str>,
}

/// The task that the words of a name tell: data sets of one task before layouts that are tuned for one mostly. Words of several modalities
/// (`vit-gpt2`) tell nothing.
#[must_use]
pub fn named_task(model_id: &str) -> Option<NamedTask> {
    static LAYOUTS: LazyLock<FxHashMap<&'static str, &'static str>> =
        LazyLock::new(|| by_task(&vocabulary::index().layouts_in_names));
    static DATA: LazyLock<FxHashMap<&'static str, &'static str>> = LazyLock::new(|| by_task(&vocabulary::index().data_in_names));
    let name = model_id.rsplit('/').next().unwrap_or(model_id).to_ascii_lowercase();
    let tasks = |words: &FxHashMap<&'static str, &'static str>| -> BTreeSet<&'static str> {
        name.split(|c: char| !c.is_alphanumeric()).filter_map(|word| words.get(word).copied()).collect()
    };
    let (of_data, of_layouts) = (tasks(&DATA), tasks(&LAYOUTS));
    let mut modalities = of_data.iter().chain(&of_layouts).map(|task| facts::of_task(task));
    let modality = modalities.next()?;
    if modalities.any(|other| other != modality) {
        return None;
    }
    let told = if of_data.is_empty() { &of_layouts } else { &of_data };
    Some(NamedTask { modality, task: told.first().copied().filter(|_| told.len() == 1) })
}

fn by_task(lists: &'static BTreeMap<String, Words>) -> FxHashMap<&'static str, &'static str> {
    vocabulary::by_word(&lists.iter().map(|(task, words)| (*words, task.as_str())).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;

    /// Regression: 5,000 encoders and transcribers of a wide list without a task tag were of the modality "other".
    #[test]
    fn words_of_a_name_tell_the_task() {
        for (id, modality, task) in [
            ("somebody/bert-base-uncased-2", Modality::Text, Some("text-classification")),
            ("somebody/bert-finetuned-squad", Modality::Text, Some("question-answering")),
            ("somebody/wav2vec2-large-xlsr-53-hausa", Modality::Audio, Some("automatic-speech-recognition")),
            ("somebody/t5-small-xsum", Modality::Text, Some("summarization")),
            ("somebody/gpt2-poems", Modality::Text, Some("text-generation")),
            ("somebody/bert-gpt2", Modality::Text, None),
            ("somebody/segformer-b0-sidewalk", Modality::Vision, Some("image-segmentation")),
        ] {
            assert_eq!(named_task(id), Some(NamedTask { modality, task }), "{id}");
        }
        for id in ["bert/something", "a/vit-gpt2", "a/wav2vec2-bart", "a/alberta", "a/Qwen3-8B", "a/Claude-Opus-Distill"] {
            assert_eq!(named_task(id), None, "{id}");
        }
    }

    /// Every task of the lists is one of the Hub's, of which the table has the length of samples; no word is in two tasks' lists.
    #[test]
    fn tasks_of_the_lists_are_known() {
        let lengths = Reference::load().unwrap().sample_lengths;
        for lists in [&vocabulary::index().layouts_in_names, &vocabulary::index().data_in_names] {
            assert!(lists.keys().all(|task| lengths.has(task)), "{:?}", lists.keys());
            let words: Vec<&str> = lists.values().flat_map(|words| words.list().iter().copied()).collect();
            assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len());
        }
    }
}
