//! Whose a name is: the one answer that prose, tables, lists, keys and headings ask for. Each of them finds its names in its own way; what a
//! name says of this model is decided here.

use super::designators::{Designators, Fit, fit_of, fit_of_glued};
use super::repository::{Repository, name_tokens, size_of};
use crate::evidence::quantity::tokens::{Token, span};
use crate::evidence::vocabulary;

/// Rank of a name that is this model's in full.
pub const FULL_NAME: usize = 100;
/// Most words of a name.
const MOST_WORDS: usize = 12;
/// How much a size makes a name more this model's.
const SIZE_TELLS: usize = 2;
/// Fewest letters that are a part of this model's name: "arabert" of "bert-base-arabertv2".
const LEAST_LETTERS: usize = 4;
/// Fewest letters of a word that two names share.
const SHARED_LETTERS: usize = 3;

/// What a name says of this model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// Whose it is, where its words tell. The bare name of a family tells nothing of its members.
    pub fit: Option<Fit>,
    /// Whether it is this model's whole name, or another that its card gives it.
    pub full: bool,
    /// Its words, where all of them are this model's.
    pub own: usize,
    /// Words that this model's name has, too.
    pub shared: usize,
    /// Whether it has a size.
    sized: bool,
    /// Whether it names no model at all.
    nobody: bool,
    /// Whether it holds words that are neither this model's nor tell members of a family apart.
    strange: bool,
}

/// Whose training a title tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// This model, by so many words of its name.
    Mine(usize),
    /// Another model.
    Other,
    /// Nobody's: it names no model.
    Nobody,
    /// Words that cannot be told.
    Unknown,
}

impl Name {
    /// Reads the words of a name.
    #[must_use]
    pub fn of_words<S: AsRef<str>>(own: &Repository, words: &[S]) -> Self {
        let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        // "org/elk-9b", "Org Elk 9B": its owner before a name is no part of it.
        let owners = words.iter().take_while(|w| own.is_owners(w) && !own.has(w)).count();
        let words = words.get(owners..).filter(|rest| !rest.is_empty()).unwrap_or(&words);
        let letters: String = words.iter().flat_map(|w| w.chars()).filter(|c| c.is_alphanumeric()).collect();
        if letters.is_empty() {
            return Self { nobody: true, ..Self::default() };
        }
        let shared = words.iter().filter(|w| w.len() >= SHARED_LETTERS && own.has(w)).count();
        let sized = words.iter().any(|w| size_of(w).is_some());
        let told = Self { shared, sized, ..Self::default() };
        // "Elk-1.3B" has the letters of "elk-13b".
        let is_whole = letters == own.letters && fit_of(own, words).is_none_or(|fit| fit == Fit::Mine);
        if is_whole || own.is_alias(words) {
            return Self { fit: Some(Fit::Mine), full: true, own: words.len(), ..told };
        }
        if own.is_base_name(words) {
            return Self { fit: Some(Fit::Base), ..told };
        }
        if let Some(fit) = words.iter().find_map(|word| fit_of_glued(own, word)) {
            return Self { fit: Some(fit), own: usize::from(fit == Fit::Mine), ..told };
        }
        let fit = fit_of(own, words);
        if fit.is_some_and(|fit| fit != Fit::Mine) {
            return Self { fit, ..told };
        }
        // "ResNet-50" is "resnet50" in an id.
        let all = words.iter().all(|w| own.is_own_word(w)) || own.has(&letters) || is_part(own, &letters);
        let count = if all && words.len() <= MOST_WORDS { words.len() } else { 0 };
        let strange = !all && words.iter().any(|w| is_strange(own, w));
        Self { fit: with_extra_words(own, words, fit), own: count, strange, ..told }
    }

    /// Reads the name in a cell of a table.
    #[must_use]
    pub fn of_cell(own: &Repository, cell: &str) -> Self {
        let fillers = &vocabulary::card().repository.cell_fillers;
        let words: Vec<String> = name_tokens(cell).into_iter().filter(|t| !fillers.contains(&t.as_str())).collect();
        Self::of_words(own, &words)
    }

    /// How well it names this model: 0 not at all or another, [`FULL_NAME`] in full.
    #[must_use]
    pub fn rank(self) -> usize {
        match self.fit {
            Some(Fit::Base | Fit::Other) => 0,
            _ if self.full => FULL_NAME,
            _ if self.own > 0 => self.own + if self.sized { SIZE_TELLS } else { 0 },
            _ => 0,
        }
    }

    /// Whose a title with such a name is.
    #[must_use]
    pub fn named(self) -> Named {
        match self.fit {
            _ if self.nobody => Named::Nobody,
            Some(Fit::Base | Fit::Other) => Named::Other,
            _ if self.own > 0 => Named::Mine(self.own),
            _ if self.shared > 0 || self.sized => Named::Other,
            _ => Named::Unknown,
        }
    }

    /// Whether it tells this member of the family by nothing but what tells members apart: "2B Dense" beside "8B Dense".
    #[must_use]
    pub fn is_mine_alone(self) -> bool {
        self.fit == Some(Fit::Mine) && !self.strange
    }
}

/// Whether letters are words of this model's name that follow each other, the last perhaps without its version: "arabert" of
/// "bert-base-arabertv2", and not "metric" of "elk-metrics".
fn is_part(own: &Repository, letters: &str) -> bool {
    if letters.len() < LEAST_LETTERS || !own.letters.contains(letters) {
        return false;
    }
    (0..own.tokens.len()).any(|first| {
        let mut rest = letters;
        for token in own.tokens.iter().skip(first) {
            match (rest.strip_prefix(token.as_str()), token.strip_prefix(rest)) {
                (_, Some("")) => return true,
                (Some(more), _) => rest = more,
                (None, Some(end)) => return end.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit()),
                (None, None) => return false,
            }
        }
        false
    })
}

/// Whether a word is neither this model's nor its owner's, and tells no members of a family apart.
fn is_strange(own: &Repository, word: &str) -> bool {
    let lists = vocabulary::card();
    let passed = lists.designators.architectures.contains(&word) || lists.repository.cell_fillers.contains(&word);
    !(passed || own.is_own_word(word) || own.is_owners(word)) && Designators::in_words(&[word]).is_empty()
}

/// Whose a name is that has words of its own besides designators: with all of this model's words it is another's
/// ("bert-base-cased-ner"), without them nobody's.
fn with_extra_words(own: &Repository, words: &[&str], fit: Option<Fit>) -> Option<Fit> {
    let passed = &vocabulary::card().designators.passed;
    // "Org-Elk-9B" is this one with its owner, "Elk-9B-Writer" another.
    let is_own_word = |w: &str| own.has(w) || own.is_owners(w) || passed.contains(&w);
    let is_extra = |w: &&str| !is_own_word(w) && size_of(w).is_none() && w.len() > 1 && w.chars().all(char::is_alphabetic);
    let holds_all = own.tokens.iter().all(|t| words.contains(&t.as_str()));
    let last_own = words.iter().rposition(|w| own.has(w)).unwrap_or(0);
    let is_longer = words.iter().skip(last_own).any(is_extra);
    if words.iter().any(is_extra) { (holds_all && is_longer).then_some(Fit::Other) } else { fit }
}

/// Tokens at the beginning of a sentence within which a sign makes them a label.
const LABEL: usize = 16;
/// Most words of a label.
const MOST_LABEL_WORDS: usize = 8;

/// "jina-embeddings-v2-small-en: 33 million parameters", in the card of another size: a sentence that begins with the name of a relative.
#[must_use]
pub fn begins_with_a_relative(own: &Repository, ts: &[Token<'_>]) -> bool {
    let end = ts.iter().take(LABEL).position(|t| t.is(":") || (t.is_any(&["-", "–", "—"]) && !t.glued));
    let Some(end) = end.filter(|end| *end >= 2) else { return false };
    let label: String = span(ts, 0, end).iter().map(|t| format!("{}{}", if t.glued { "" } else { " " }, t.text)).collect();
    let words = name_tokens(&label);
    let name = Name::of_words(own, &words);
    (2..=MOST_LABEL_WORDS).contains(&words.len()) && name.own == 0 && name.shared > 1
}

/// Whether letters and digits, cut from a sentence in which names have no ends, may be this model's name.
#[must_use]
pub fn may_be_own(own: &Repository, letters: &str) -> bool {
    let holds = |t: &String| t.len() >= SHARED_LETTERS && t.chars().all(char::is_alphabetic) && letters.contains(t.as_str());
    own.letters.contains(letters) || (!own.letters.is_empty() && letters.contains(&own.letters)) || own.tokens.iter().any(holds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::about::{About, CardRole};

    fn name(id: &str, text: &str) -> Name {
        let own = Repository::new(&About { model_id: id, role: CardRole::OwnTraining, base_ids: &[], total_params: None });
        Name::of_cell(&own, text)
    }

    /// A cell, a title and a clause that hold the same name are one model's.
    #[test]
    fn one_name_is_one_models_wherever_it_stands() {
        for (id, text, fit, named) in [
            ("org/elk-9b", "Elk 9B", Some(Fit::Mine), Named::Mine(2)),
            ("org/elk-9b", "org/elk-9b (this)", Some(Fit::Mine), Named::Mine(2)),
            ("org/elk-9b", "9B", Some(Fit::Mine), Named::Mine(1)),
            ("org/elk-9b", "Elk", None, Named::Mine(1)),
            ("org/elk-9b", "Elk-80B", Some(Fit::Other), Named::Other),
            ("org/elk-9b", "Elk-9B-Chat", Some(Fit::Other), Named::Other),
            ("org/elk-9b", "Llama 80B", Some(Fit::Other), Named::Other),
            ("org/elk-13b", "Elk-1.3B", Some(Fit::Other), Named::Other),
            ("org/elk-9b", "Aurora", None, Named::Unknown),
            ("org/elk-9b", "model", None, Named::Nobody),
            ("org/k6-distilled", "k6 (distilled)", Some(Fit::Mine), Named::Mine(2)),
            ("org/k6-distilled", "k6 (pruned)", None, Named::Unknown),
        ] {
            let name = name(id, text);
            assert_eq!((name.fit, name.named()), (fit, named), "{id}: {text}");
            assert_eq!(name.rank() > 0, matches!(named, Named::Mine(_)), "{id}: {text}");
        }
    }

    #[test]
    fn a_part_of_a_name_is_made_of_its_words() {
        assert_eq!(name("org/bert-base-arabertv2", "AraBERT").named(), Named::Mine(1));
        assert_eq!(name("org/nllb-200", "NLLB200").named(), Named::Mine(1));
        // "Metric" heads a column, and is no model "elk-metrics".
        assert_eq!(name("org/elk-metrics", "Metric").rank(), 0);
    }
}
