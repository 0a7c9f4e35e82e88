//! Word lists by which names are told apart, as data: `data/vocabulary/lineage.toml`, whose comments say what each list decides.

use serde::Deserialize;
use std::sync::LazyLock;

/// Name and text of the file.
pub const FILE: (&str, &str) = ("lineage.toml", include_str!("../../data/vocabulary/lineage.toml"));

/// Weights that nobody trained.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Untrained {
    pub(super) owners: Vec<String>,
    pub(super) owner_endings: Vec<String>,
    pub(super) words: Vec<String>,
    pub(super) beside_random: Vec<String>,
    pub(super) trained: Vec<String>,
}

/// Heads and small models that draft for a target.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Drafts {
    pub(super) words: Vec<String>,
    pub(super) beside_family: Vec<String>,
    pub(super) prediction: Vec<String>,
    pub(super) parts: Vec<String>,
    pub(super) small_models: Vec<String>,
    pub(super) assistants: Vec<String>,
    pub(super) before_assistant: Vec<String>,
}

/// A list of words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    pub(super) words: Vec<String>,
}

/// Models that see.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vision {
    pub(super) words: Vec<String>,
    pub(super) endings: Vec<String>,
}

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vocabulary {
    pub(super) untrained: Untrained,
    pub(super) drafts: Drafts,
    pub(super) uncensored: List,
    pub(super) unquantized: List,
    pub(super) pruned: List,
    pub(super) vision: Vision,
}

/// Whether a list has a word.
pub(super) fn has(list: &[String], word: &str) -> bool {
    list.iter().any(|w| w == word)
}

/// The word lists. The file is part of the binary, and a test reads it.
#[allow(clippy::expect_used)]
pub(super) fn vocabulary() -> &'static Vocabulary {
    static VOCABULARY: LazyLock<Vocabulary> =
        LazyLock::new(|| toml::from_str(FILE.1).expect("data/vocabulary/lineage.toml has the tables of src/lineage/vocabulary.rs"));
    &VOCABULARY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_lower_case_and_whole() {
        let v = vocabulary();
        let lists = [&v.untrained.words, &v.drafts.words, &v.drafts.beside_family, &v.uncensored.words, &v.vision.words];
        for word in lists.into_iter().flatten() {
            assert!(word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{word}");
        }
    }
}
