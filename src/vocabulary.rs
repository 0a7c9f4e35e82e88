//! Word lists as data: `data/vocabulary/*.toml`, whose comments say what each list decides.
//!
//! A new word goes into its list; a new list also needs a field of that name in the struct of its table (`src/evidence/vocabulary.rs`,
//! `src/lineage/vocabulary.rs`), and a rule that reads it. The files are part of the binary and read once. A list keeps the order of its
//! file, which counts where the first word that fits is taken.

use aho_corasick::AhoCorasick;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use std::collections::hash_map::Entry;
use std::ops::Deref;
use std::sync::{LazyLock, OnceLock};

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
pub(crate) struct Words {
    list: &'static [&'static str],
    set: &'static Set,
    /// Its number among the lists of all files.
    number: Option<u16>,
    by_first: &'static OnceLock<ByFirst>,
    /// Finds all words in one pass over a text; none if it could not be built.
    within: &'static OnceLock<Option<AhoCorasick>>,
}

/// Words by their first byte: a text is gone through once for all of them.
#[derive(Debug)]
struct ByFirst {
    /// Of every byte, where its words begin; and where the last ends.
    starts: Vec<usize>,
    words: Vec<&'static str>,
}

impl ByFirst {
    fn new(list: &[&'static str]) -> Self {
        let mut words = list.to_vec();
        let first = |word: &str| word.bytes().next().unwrap_or_default();
        words.sort_by_key(|word| first(word));
        let starts = (0..=256_usize).map(|byte| words.partition_point(|word| usize::from(first(word)) < byte)).collect();
        Self { starts, words }
    }

    /// Whether one of the words begins some bytes.
    fn begins(&self, bytes: &[u8]) -> bool {
        let Some(first) = bytes.first().map(|byte| usize::from(*byte)) else { return false };
        let group = self.starts.get(first).zip(self.starts.get(first + 1)).and_then(|(from, to)| self.words.get(*from..*to));
        group.is_some_and(|words| words.iter().any(|word| bytes.starts_with(word.as_bytes())))
    }
}

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

    fn get(&self, word: &str) -> Option<&'static str> {
        let (at, bit) = mark(word);
        if self.marks[at] & bit == 0 { None } else { self.words.get(word).copied() }
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
        self.set.get(word).is_some()
    }

    /// Whether a word is one of them, of which the lists that it stands in are known: asked some hundred times of every word of a card.
    pub(crate) fn holds(self, word: &str, lists: Lists) -> bool {
        self.number.map_or_else(|| self.set.get(word).is_some(), |number| lists.has(number))
    }

    /// Whether one of them begins a word.
    pub(crate) fn begins(self, word: &str) -> bool {
        self.by_first().begins(word.as_bytes())
    }

    /// Whether one of them stands anywhere in a text.
    pub(crate) fn is_within(self, text: &str) -> bool {
        match self.within.get_or_init(|| AhoCorasick::new(self.list).ok()) {
            Some(all) => all.is_match(text),
            None => self.list.iter().any(|word| text.contains(word)),
        }
    }

    fn by_first(self) -> &'static ByFirst {
        self.by_first.get_or_init(|| ByFirst::new(self.list))
    }

    /// The word of the list, if it is one of them.
    pub(crate) fn get(self, word: &str) -> Option<&'static str> {
        self.set.get(word)
    }

    /// The words for as long as the program runs.
    pub(crate) fn list(self) -> &'static [&'static str] {
        self.list
    }
}

impl Deref for Words {
    type Target = [&'static str];

    fn deref(&self) -> &Self::Target {
        self.list
    }
}

/// The lists that a word stands in, a bit each by their numbers: most words stand in none, and some in a hundred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lists(&'static [u64]);

impl Lists {
    /// Whether there are any: the word is one of the vocabulary, or the key of a table of numbers.
    pub(crate) fn are_any(self) -> bool {
        !self.0.is_empty()
    }

    /// Those of some numbers.
    fn new(numbers: &[u16]) -> Self {
        let last = numbers.iter().max().map_or(0, |last| usize::from(*last) / 64 + 1);
        let mut bits = vec![0; last];
        for (place, bit) in numbers.iter().map(|number| Self::place(*number)) {
            bits[place] |= bit;
        }
        Self(bits.leak())
    }

    fn place(number: u16) -> (usize, u64) {
        (usize::from(number) / 64, 1 << (number % 64))
    }

    /// Whether the list of a number is among them.
    fn has(self, number: u16) -> bool {
        let (place, bit) = Self::place(number);
        self.0.get(place).is_some_and(|bits| bits & bit != 0)
    }
}

/// Several lists as one: whether a word stands in any of them is asked at once.
#[derive(Debug)]
pub(crate) struct Union {
    lists: Vec<u64>,
    /// Lists without a number.
    others: Vec<Words>,
}

impl Union {
    /// The union of some lists.
    pub(crate) fn new(all: &[Words]) -> Self {
        let numbers: Vec<u16> = all.iter().filter_map(|words| words.number).collect();
        let others = all.iter().filter(|words| words.number.is_none()).copied().collect();
        Self { lists: Lists::new(&numbers).0.to_vec(), others }
    }

    /// Whether a word is in one of them, of which the lists that it stands in are known.
    pub(crate) fn holds(&self, word: &str, lists: Lists) -> bool {
        self.lists.iter().zip(lists.0).any(|(a, b)| a & b != 0) || self.others.iter().any(|words| words.set.get(word).is_some())
    }
}

/// The lists that hold a word, which is lower case.
pub(crate) fn lists_with(word: &str) -> Lists {
    NUMBERED.by_word.get(word).copied().unwrap_or_default()
}

/// All lists, numbered in the order of the files.
struct Numbered {
    by_words: FxHashMap<Vec<String>, u16>,
    by_word: FxHashMap<String, Lists>,
}

static NUMBERED: LazyLock<Numbered> = LazyLock::new(|| {
    let mut by_words: FxHashMap<Vec<String>, u16> = FxHashMap::default();
    let mut numbers: FxHashMap<String, Vec<u16>> = FxHashMap::default();
    for (name, _) in FILES {
        add_lists(&toml::Value::Table(read_file(name)), &mut |words| {
            let Ok(number) = u16::try_from(by_words.len()) else { return };
            if let Entry::Vacant(place) = by_words.entry(words) {
                for word in place.key() {
                    numbers.entry(word.clone()).or_default().push(number);
                }
                place.insert(number);
            }
        });
    }
    // Every file is read once: nothing leaks twice.
    let by_word = numbers.into_iter().map(|(word, numbers)| (word, Lists::new(&numbers))).collect();
    Numbered { by_words, by_word }
});

/// Hands on every list of words that a value of a file holds, and the words that numbers are given to.
fn add_lists(value: &toml::Value, add: &mut impl FnMut(Vec<String>)) {
    match value {
        toml::Value::Table(table) if table.values().all(toml::Value::is_integer) => add(table.keys().cloned().collect()),
        toml::Value::Table(table) => table.values().for_each(|value| add_lists(value, add)),
        toml::Value::Array(items) if items.iter().all(toml::Value::is_str) => {
            add(items.iter().filter_map(toml::Value::as_str).map(str::to_owned).collect());
        }
        toml::Value::Array(items) => items.iter().for_each(|item| add_lists(item, add)),
        toml::Value::String(_)
        | toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_) => {}
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Every file is read once: nothing leaks twice.
        let words = Vec::<Word>::deserialize(deserializer)?;
        let list: &[&str] = words.into_iter().map(Word::text).collect::<Vec<&'static str>>().leak();
        let number = NUMBERED.by_words.get(&list.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>()).copied();
        let set = Box::leak(Box::new(Set::new(list)));
        Ok(Self { list, set, number, by_first: Box::leak(Box::default()), within: Box::leak(Box::default()) })
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
    const AS_WRITTEN: &[&str] =
        &["loaders", "chips", "log_times.marks", "headings.logs", "commands.trainers", "commands.visible", "ends.callbacks"];

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
        assert!(words.iter().all(|word| set.get(word) == Some(*word)));
        for other in ["b", "bise", "tp", "bbbe", "è", "instruct "] {
            assert_eq!(set.get(other), None, "{other}");
        }
    }

    #[test]
    fn a_word_knows_the_lists_it_stands_in() {
        let file: toml::Table = toml::from_str(r#"list = ["took", "took off"]"#).unwrap();
        let unknown: Words = file["list"].clone().try_into().unwrap();
        assert!(unknown.holds("took", lists_with("took")) && !unknown.holds("take", lists_with("take")));
        let text = FILES.iter().find(|(name, _)| *name == "prose.toml").unwrap().1;
        let file: toml::Table = toml::from_str(text).unwrap();
        let strong: Words = file["times"]["strong"].clone().try_into().unwrap();
        for word in strong.list() {
            assert!(strong.holds(word, lists_with(word)), "{word}");
        }
        let both = Union::new(&[strong, unknown]);
        for word in strong.list().iter().chain(unknown.list()) {
            assert!(both.holds(word, lists_with(word)), "{word}");
        }
        assert!(strong.list().iter().all(|word| lists_with(word).are_any()));
        assert!(!both.holds("elk", lists_with("elk")) && !both.holds("of", lists_with("of")) && !lists_with("elkhorn").are_any());
        assert!(!strong.holds("elk", lists_with("elk")) && !strong.holds("of", lists_with("of")));
        assert!(strong.begins("tookxyz") && strong.is_within("it took long") && !strong.is_within("it is"));
    }

    #[test]
    fn no_list_is_empty_or_has_a_word_twice_and_words_are_lower_case() {
        for (name, text) in FILES {
            check(name, &toml::Value::Table(toml::from_str(text).unwrap()));
        }
    }
}
