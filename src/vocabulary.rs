//! Word lists as data: `data/vocabulary/*.toml`, whose comments say what each list decides.
//!
//! A new word goes into its list; a new list also needs a field of that name in the struct of its table (`src/evidence/vocabulary.rs`,
//! `src/lineage/vocabulary.rs`), and a rule that reads it. The files are part of the binary and read once. A list keeps the order of its
//! file, which counts where the first word that fits is taken.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use std::ops::Deref;

/// Name and text of every file.
pub const FILES: &[(&str, &str)] = &[
    ("card.toml", include_str!("../data/vocabulary/card.toml")),
    ("hardware.toml", include_str!("../data/vocabulary/hardware.toml")),
    ("index.toml", include_str!("../data/vocabulary/index.toml")),
    ("keys.toml", include_str!("../data/vocabulary/keys.toml")),
    ("lineage.toml", include_str!("../data/vocabulary/lineage.toml")),
    ("place.toml", include_str!("../data/vocabulary/place.toml")),
    ("prose.toml", include_str!("../data/vocabulary/prose.toml")),
    ("recipe.toml", include_str!("../data/vocabulary/recipe.toml")),
    ("units.toml", include_str!("../data/vocabulary/units.toml")),
];

/// A list of words in the order of its file, and as a set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words(&'static [&'static str], &'static Set);

/// A set of words.
#[derive(Debug)]
struct Set {
    words: FxHashSet<&'static str>,
    /// Marks that words of the set have: most that are asked for have another.
    marks: [u64; 4],
}

impl Set {
    fn new(words: &[&'static str]) -> Self {
        let mut marks = [0; 4];
        for (at, bit) in words.iter().map(|word| mark(word)) {
            marks[at] |= bit;
        }
        Self { words: words.iter().copied().collect(), marks }
    }

    fn contains(&self, word: &str) -> bool {
        let (at, bit) = mark(word);
        self.marks[at] & bit != 0 && self.words.contains(word)
    }
}

/// One of 256 marks of a word, by its length, first and last sign.
fn mark(word: &str) -> (usize, u64) {
    let sign = |byte: Option<&u8>| usize::from(byte.copied().unwrap_or_default());
    let bytes = word.as_bytes();
    let mark = sign(bytes.first()).wrapping_mul(37) ^ sign(bytes.last()).wrapping_mul(11) ^ bytes.len().wrapping_mul(101);
    (mark / 64 % 4, 1 << (mark % 64))
}

impl Words {
    /// Whether a word is one of them: asked some hundred times of every name.
    pub(crate) fn contains(self, word: &&str) -> bool {
        self.1.contains(word)
    }

    /// The words for as long as the program runs.
    pub(crate) fn list(self) -> &'static [&'static str] {
        self.0
    }
}

impl Deref for Words {
    type Target = [&'static str];

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Every file is read once: nothing leaks twice.
        let words = Vec::<Word>::deserialize(deserializer)?;
        let words: &[&str] = words.into_iter().map(Word::text).collect::<Vec<&'static str>>().leak();
        Ok(Self(words, Box::leak(Box::new(Set::new(words)))))
    }
}

/// A word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word(&'static str);

impl Word {
    /// The word for as long as the program runs.
    pub(crate) fn text(self) -> &'static str {
        self.0
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(String::deserialize(deserializer)?.leak()))
    }
}

/// Lists with a value each, by word; of a word in two lists the first counts.
pub(crate) fn by_word<V: Copy>(lists: &[(Words, V)]) -> FxHashMap<&'static str, V> {
    let mut map = FxHashMap::default();
    for (words, value) in lists {
        for word in words.list() {
            map.entry(*word).or_insert(*value);
        }
    }
    map
}

/// Lists with a value each, as pairs, the longest words first: for beginnings of words.
pub(crate) fn longest_first<V: Copy>(lists: &[(Words, V)]) -> Vec<(&'static str, V)> {
    let pairs = lists.iter().flat_map(|(words, value)| words.list().iter().map(|word| (*word, *value)));
    let mut pairs: Vec<(&'static str, V)> = pairs.collect();
    pairs.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    pairs
}

/// Reads a file. That each can be read is a unit test's business, so that a broken one is never released.
pub(crate) fn read_file<T: DeserializeOwned>(name: &str) -> T {
    let text = FILES.iter().find(|(file, _)| *file == name).map_or("", |(_, text)| text);
    toml::from_str(text).unwrap_or_else(|why| panic!("data/vocabulary/{name}: {why}"))
}

/// A table of a file: a field for each of its lists.
macro_rules! lists {
    ($table:ident { $($list:ident),+ $(,)? }) => {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $table {
            $(pub(crate) $list: $crate::vocabulary::Words,)+
        }
    };
}

/// A file, or a table of one: a field for each of its tables.
macro_rules! tables {
    ($file:ident { $($table:ident: $type:ty),+ $(,)? }) => {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $file {
            $(pub(crate) $table: $type,)+
        }
    };
}

/// A file, read when it is asked for first.
macro_rules! word_file {
    ($(#[$about:meta])* $name:ident: $type:ty = $file:literal) => {
        $(#[$about])*
        pub(super) fn $name() -> &'static $type {
            static WORDS: std::sync::LazyLock<$type> = std::sync::LazyLock::new(|| $crate::vocabulary::read_file($file));
            &WORDS
        }
    };
}

pub(crate) use {lists, tables, word_file};

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Lists that are compared with text as it was written.
    const AS_WRITTEN: &[&str] = &["loaders", "chips", "log_times.marks", "headings.logs"];

    fn check(path: &str, value: &toml::Value) {
        match value {
            toml::Value::Table(table) => {
                assert!(!table.is_empty(), "{path} is empty");
                for (key, value) in table {
                    assert_eq!(key, &key.to_lowercase(), "{path}");
                    check(&format!("{path}.{key}"), value);
                }
            }
            toml::Value::Array(items) if items.first().is_some_and(toml::Value::is_table) => {
                items.iter().for_each(|item| check(path, item));
            }
            toml::Value::Array(items) => {
                let words: Vec<&str> = items.iter().map(|item| item.as_str().unwrap()).collect();
                assert!(!words.is_empty() && words.iter().all(|word| !word.trim().is_empty()), "{path}");
                assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len(), "{path} has a word twice");
                if !AS_WRITTEN.iter().any(|list| path.ends_with(list)) {
                    assert!(words.iter().all(|word| *word == word.to_lowercase()), "{path} is not lower case");
                }
            }
            toml::Value::String(_) | toml::Value::Integer(_) => {}
            other => panic!("{path}: {other}"),
        }
    }

    #[test]
    fn a_list_has_its_own_words_alone() {
        let words = ["base", "pt", "é", "", "instruct"];
        let set = Set::new(&words);
        assert!(words.iter().all(|word| set.contains(word)));
        for other in ["b", "bise", "tp", "bbbe", "è", "instruct "] {
            assert!(!set.contains(other), "{other}");
        }
    }

    #[test]
    fn no_list_is_empty_or_has_a_word_twice_and_words_are_lower_case() {
        for (name, text) in FILES {
            check(name, &toml::Value::Table(toml::from_str(text).unwrap()));
        }
    }
}
