//! The words of a name that tell the members of a family apart: size, word of size, version, variant, date. What names a member (a row, a
//! column, a heading, the subject of a clause) is compared with the repository's own name by them.

use super::phases::{Phase, own_phase};
use super::repository::{Repository, size_of};
use crate::evidence::card::about::CardRole;
use crate::evidence::vocabulary;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// Whose figures stand with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// This repository's model.
    Mine,
    /// Its base.
    Base,
    /// Another member of the family.
    Other,
}

impl Fit {
    /// Why a figure with such a name is none of this model's.
    #[must_use]
    pub fn refusal(self) -> Option<&'static str> {
        match self {
            Self::Mine => None,
            Self::Base => Some("base model's figure"),
            Self::Other => Some("another model's figure"),
        }
    }
}

/// Sizes of names that are the same, rounded: `7b1` and "7B".
const SAME_NAMED: std::ops::RangeInclusive<f64> = 0.93..=1.08;
/// Sizes of names that may be the same: nothing is known between.
const MAYBE_SAME: std::ops::RangeInclusive<f64> = 0.8..=1.25;
/// Fewest digits of a number that is a date or another mark: `0824`, `2509`.
const MARK_DIGITS: usize = 3;

/// The designators of a name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Designators {
    sizes: Vec<f64>,
    /// Canonical words of size.
    size_words: Vec<&'static str>,
    /// Digits of versions: `v0.2` is "02".
    versions: Vec<String>,
    /// Words of variants.
    variants: Vec<&'static str>,
    /// Numbers that are dates or other marks.
    marks: Vec<String>,
}

/// What one kind of designators says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Same,
    Differs,
    Nothing,
}

/// The canonical word of a word of size.
#[must_use]
pub fn size_word(word: &str) -> Option<&'static str> {
    static WORDS: LazyLock<FxHashMap<&'static str, &'static str>> = LazyLock::new(|| {
        let classes = &vocabulary::card().designators.size_words;
        classes.iter().flat_map(|(class, words)| words.list().iter().map(|word| (*word, class.as_str()))).collect()
    });
    WORDS.get(word).copied()
}

/// The word of a variant, "base" for all that say that nothing followed the pre-training.
fn variant(word: &str) -> Option<&'static str> {
    let words = vocabulary::card();
    if words.designators.plain.contains(&word) {
        return Some("base");
    }
    let lists = [words.designators.tuned, words.phases.tuned_names];
    lists.into_iter().find_map(|list| list.list().iter().find(|w| **w == word).copied())
}

/// Whether a word is one of size or of a variant.
#[must_use]
pub fn tells_a_member(word: &str) -> bool {
    let words = vocabulary::card();
    let designators = &words.designators;
    size_word(word).is_some()
        || designators.plain.contains(&word)
        || designators.tuned.contains(&word)
        || words.phases.tuned_names.contains(&word)
}

/// The digits of a version: `v0.2`, `3.1`.
fn version(word: &str) -> Option<String> {
    let bare = word.strip_prefix('v').unwrap_or(word);
    let numeric = bare.starts_with(|c: char| c.is_ascii_digit()) && bare.chars().all(|c| c.is_ascii_digit() || c == '.');
    (numeric && (bare.len() < word.len() || bare.contains('.'))).then(|| bare.chars().filter(char::is_ascii_digit).collect())
}

impl Designators {
    /// The designators among the words of a name.
    #[must_use]
    pub fn in_words<S: AsRef<str>>(words: &[S]) -> Self {
        let mut out = Self::default();
        for word in words.iter().map(AsRef::as_ref) {
            if let Some(size) = size_of(word) {
                out.sizes.push(size);
            } else if let Some(version) = version(word) {
                out.versions.push(version);
            } else if word.len() >= MARK_DIGITS && word.bytes().all(|b| b.is_ascii_digit()) {
                out.marks.push(word.to_owned());
            } else {
                out.size_words.extend(size_word(word));
                out.variants.extend(variant(word));
            }
        }
        out
    }

    /// The same with one size.
    #[must_use]
    pub fn with_size(self, size: f64) -> Self {
        Self { sizes: vec![size], ..self }
    }

    /// How many sizes there are in numbers.
    #[must_use]
    pub fn count_sizes(&self) -> usize {
        self.sizes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether they name a size, in numbers or in words.
    #[must_use]
    pub fn has_size(&self) -> bool {
        !self.sizes.is_empty() || !self.size_words.is_empty()
    }
}

/// Whether two lists share something; nothing where one is empty.
fn shared<T: PartialEq>(own: &[T], other: &[T]) -> Said {
    if own.is_empty() || other.is_empty() {
        return Said::Nothing;
    }
    if other.iter().any(|o| own.contains(o)) { Said::Same } else { Said::Differs }
}

/// What the sizes of a name say.
fn sizes(own: &Repository, mine: &Designators, other: &Designators) -> Said {
    if other.sizes.is_empty() {
        return Said::Nothing;
    }
    if mine.sizes.is_empty() {
        let known: Vec<bool> = other.sizes.iter().filter_map(|size| own.is_own_size(*size)).collect();
        return match known.as_slice() {
            [] => Said::Nothing,
            all if all.contains(&true) => Said::Same,
            _ => Said::Differs,
        };
    }
    let within =
        |range: &std::ops::RangeInclusive<f64>| other.sizes.iter().any(|o| mine.sizes.iter().any(|m| range.contains(&(o / m))));
    if within(&SAME_NAMED) {
        Said::Same
    } else if within(&MAYBE_SAME) {
        Said::Nothing
    } else {
        Said::Differs
    }
}

/// What the variants of a name say: "instruct" is another's in the card of a base, and may be this one's in that of a fine-tune.
fn variants(own: &Repository, mine: &Designators, other: &Designators) -> Said {
    if other.variants.is_empty() {
        return Said::Nothing;
    }
    let tuned = |d: &Designators| d.variants.iter().any(|v| *v != "base");
    match shared(&mine.variants, &other.variants) {
        Said::Same if tuned(mine) == tuned(other) => Said::Same,
        // "instruct" and "chat" may be two words for one.
        Said::Same | Said::Differs if tuned(mine) && tuned(other) => Said::Nothing,
        Said::Same | Said::Differs => Said::Differs,
        Said::Nothing if tuned(other) => {
            if own_phase(own) == Some(Phase::PreTraining) {
                Said::Differs
            } else {
                Said::Nothing
            }
        }
        Said::Nothing => {
            if own.role == CardRole::FineTune || own.has_base() {
                Said::Differs
            } else {
                Said::Nothing
            }
        }
    }
}

/// Whose a name is by its designators alone; none where they say nothing.
#[must_use]
pub fn fit_of<S: AsRef<str>>(own: &Repository, words: &[S]) -> Option<Fit> {
    let (mine, other) = (own.designators(), Designators::in_words(words));
    // A number that is the size of several is none that tells them apart.
    let plain_size_word = |said: Said| if mine.sizes.is_empty() || said == Said::Same { said } else { Said::Nothing };
    let kinds = [
        sizes(own, mine, &other),
        plain_size_word(shared(&mine.size_words, &other.size_words)),
        shared(&mine.versions, &other.versions),
        shared(&mine.marks, &other.marks),
        variants(own, mine, &other),
    ];
    if kinds.contains(&Said::Differs) {
        return Some(if is_of_base(own, &other, &kinds) { Fit::Base } else { Fit::Other });
    }
    kinds.contains(&Said::Same).then_some(Fit::Mine)
}

/// "The base model" in the card of what was made from it.
fn is_of_base(own: &Repository, other: &Designators, kinds: &[Said; 5]) -> bool {
    let only_variant = kinds.iter().take(4).all(|said| *said != Said::Differs);
    only_variant && other.variants == ["base"] && own.role == CardRole::FineTune
}

/// Fewest letters of a family in one word with a size: "rugpt3large".
const GLUED_FAMILY: usize = 4;

/// Whose a word is that has the name of the family and a word of size in one, as a word of this model's name has: "ruGPT3Large" beside
/// "rugpt3medium".
#[must_use]
pub fn fit_of_glued(own: &Repository, word: &str) -> Option<Fit> {
    own.tokens.iter().find_map(|token| {
        let ends = token.char_indices().filter(|(at, _)| *at >= GLUED_FAMILY);
        let (family, size) = ends.into_iter().find_map(|(at, _)| {
            let (family, end) = (token.get(..at)?, token.get(at..)?);
            size_word(end).filter(|_| end.len() > MARK_DIGITS).map(|size| (family, size))
        })?;
        let other = size_word(word.strip_prefix(family)?)?;
        Some(if other == size { Fit::Mine } else { Fit::Other })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::about::About;
    use crate::evidence::card::read::naming::Name;
    use crate::evidence::card::read::repository::name_tokens;

    fn fit(id: &str, role: CardRole, name: &str) -> Option<Fit> {
        let own = Repository::new(&About { model_id: id, role, base_ids: &[], total_params: None });
        Name::of_words(&own, &name_tokens(name)).fit
    }

    #[test]
    fn members_of_a_family_are_told_apart_by_their_designators() {
        for (id, name, right) in [
            ("org/elk-9b", "Elk-9B", Some(Fit::Mine)),
            ("org/elk-9b", "9B", Some(Fit::Mine)),
            ("org/elk-9b", "Elk-80B", Some(Fit::Other)),
            ("org/elk-9b", "Elk-9B-Instruct", Some(Fit::Other)),
            ("org/elk-9b", "Elk-9B-StoryWriter", Some(Fit::Other)),
            ("org/elk-9b", "Elk", None),
            ("org/elk-v2-9b", "Elk v1", Some(Fit::Other)),
            ("org/elk-9b-0824", "elk-9b-0125", Some(Fit::Other)),
            ("org/elk-large", "Elk small", Some(Fit::Other)),
            ("org/elk-large", "large", Some(Fit::Mine)),
            ("org/bert-base-sv", "bert-base-sv-ner", Some(Fit::Other)),
            ("org/elk2-1_8b", "1.8B", Some(Fit::Mine)),
            ("org/elk2-1_8b", "7B", Some(Fit::Other)),
        ] {
            assert_eq!(fit(id, CardRole::OwnTraining, name), right, "{id} {name}");
        }
        assert_eq!(fit("org/elk-9b-chat", CardRole::FineTune, "base"), Some(Fit::Base));
        assert_eq!(fit("org/elk-9b-v2", CardRole::FineTune, "instruct"), None);
    }
}
