//! The repository whose card it is: its name, its size, and what of a text names it.

use crate::evidence::card::about::{About, CardRole};
use crate::evidence::card::asked::{Answer, Question};
use crate::evidence::card::read::designators::Designators;
use crate::evidence::index::names;
use crate::evidence::quantity::tokens::Token;
use crate::evidence::vocabulary;
use rustc_hash::FxHashSet;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Lower-case words of letters and digits; a point between digits stays (`2.8b`).
#[must_use]
pub fn name_tokens(text: &str) -> Vec<String> {
    if text.is_ascii() { ascii_name_tokens(text) } else { any_name_tokens(text) }
}

fn any_name_tokens(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let point = c == '.' && word.ends_with(|d: char| d.is_ascii_digit()) && chars.peek().is_some_and(char::is_ascii_digit);
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        } else if point {
            word.push(c);
        } else if !word.is_empty() {
            out.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
}

/// The same of a text that is ASCII.
fn ascii_name_tokens(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let is = |at: usize, kind: fn(&u8) -> bool| bytes.get(at).is_some_and(kind);
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let from = at;
        while is(at, u8::is_ascii_alphanumeric)
            || (at > from && bytes.get(at) == Some(&b'.') && is(at - 1, u8::is_ascii_digit) && is(at + 1, u8::is_ascii_digit))
        {
            at += 1;
        }
        if at > from {
            out.push(text.get(from..at).unwrap_or_default().to_ascii_lowercase());
        } else {
            at += 1;
        }
    }
    out
}

/// Letters and digits of the last part of an id, lower case.
#[must_use]
pub fn letters(id: &str) -> String {
    last_part(id).chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn last_part(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// The namespace of an id, lower case.
#[must_use]
pub fn owner(id: &str) -> Option<String> {
    id.split_once('/').map(|(owner, _)| owner.to_lowercase())
}

/// Whether a word of a name tells no member of a family: a family is named with it.
fn tells_no_member(word: &str) -> bool {
    word.len() > 2 && word.starts_with(char::is_alphabetic) && Designators::in_words(&[word]).is_empty()
}

/// Words with the decimals that a name writes with an underscore: `1_8b` is "1.8b" where that is the size the name states.
fn with_decimals(words: Vec<String>, size: Option<f64>) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        let whole = out.last().filter(|whole| whole.bytes().all(|b| b.is_ascii_digit())).map(|whole| format!("{whole}.{word}"));
        match whole.filter(|joined| size.is_some() && size_of(joined) == size) {
            Some(joined) => {
                out.pop();
                out.push(joined);
            }
            None => out.push(word),
        }
    }
    out
}

/// The size a word of a name states: `7b`, `350m`, `7b1`.
#[must_use]
pub fn size_of(token: &str) -> Option<f64> {
    let (number, scale) = match token.strip_suffix('b') {
        Some(number) => (number, 1e9),
        None => match token.strip_suffix('m') {
            Some(number) => (number, 1e6),
            None => {
                let (whole, tenth) = token.split_once('b')?;
                let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
                if !digits(whole) || !digits(tenth) || tenth.len() != 1 {
                    return None;
                }
                return format!("{whole}.{tenth}").parse::<f64>().ok().map(|v| v * 1e9);
            }
        },
    };
    number.starts_with(|c: char| c.is_ascii_digit()).then(|| number.parse::<f64>().ok()).flatten().map(|v| v * scale)
}

/// Rounded and exact counts of one model differ by less.
pub const SAME_SIZE: std::ops::RangeInclusive<f64> = 0.8..=1.25;
/// Most words of a model's name in a cell.
const MAX_NAME_WORDS: usize = 12;

/// What the extractor knows about the repository before it reads. What lineage alone can know (its size, its bases) is asked for by
/// methods, which note the question with its answer: another repository of the same name that answers the same is read the same.
pub struct Repository {
    /// Id.
    pub id: String,
    /// Words of the name.
    pub tokens: Vec<String>,
    set: FxHashSet<String>,
    /// Words of the name of its owner.
    owner: Vec<String>,
    /// Letters and digits of the name.
    pub letters: String,
    /// What tells the name from others of its family.
    designators: Designators,
    /// Which of the words of the name is its family's.
    family: Option<usize>,
    /// The size that its card says is its own.
    declared_size: Option<f64>,
    /// Other names that its card says are its own, in words.
    aliases: Vec<Vec<String>>,
    /// Its total parameters, from its files or its name.
    size: Option<f64>,
    /// Role, which the text may lower.
    pub role: CardRole,
    /// Ids of its bases.
    bases: Vec<String>,
    /// Whether the bases are those that lineage states, not the card's own.
    states_bases: bool,
    /// Whether the card states any.
    card_states_bases: bool,
    /// What was asked so far.
    asked: RefCell<BTreeSet<Answer>>,
    /// What was asked last.
    last_asked: RefCell<Option<Answer>>,
}

impl Repository {
    /// From the index.
    #[must_use]
    pub fn new(about: &About<'_>) -> Self {
        let from_name = names::size(about.model_id).filter(|s| !s.from_expert_layout).and_then(|s| s.total);
        let tokens = with_decimals(name_tokens(last_part(about.model_id)), from_name);
        Self {
            id: about.model_id.to_owned(),
            designators: Designators::in_words(&tokens),
            owner: about.model_id.split_once('/').map(|(owner, _)| name_tokens(owner)).unwrap_or_default(),
            family: tokens.iter().position(|t| tells_no_member(t)),
            declared_size: None,
            aliases: Vec::new(),
            set: tokens.iter().cloned().collect(),
            tokens,
            letters: letters(about.model_id),
            size: about.total_params.or(from_name),
            role: about.role,
            bases: about.base_ids.to_vec(),
            states_bases: !about.base_ids.is_empty(),
            card_states_bases: false,
            asked: RefCell::default(),
            last_asked: RefCell::default(),
        }
    }

    /// Takes the bases of the card's front matter where lineage states none.
    pub fn add_bases_of_card(&mut self, bases: Vec<String>) {
        self.card_states_bases = !bases.is_empty();
        if !self.states_bases {
            self.bases = bases;
        }
    }

    /// The word that its family is named with: the first of its name that tells no member of it.
    #[must_use]
    pub fn family(&self) -> Option<&String> {
        self.family.and_then(|at| self.tokens.get(at))
    }

    /// The designators of its name.
    #[must_use]
    pub fn designators(&self) -> &Designators {
        &self.designators
    }

    /// Takes the size that its card says is this model's, of several that its name holds.
    pub fn declare_size(&mut self, size: f64) {
        self.designators = self.designators.clone().with_size(size);
        self.declared_size = Some(size);
    }

    /// Takes another name of this model, in words, that its card states.
    pub fn add_alias(&mut self, words: Vec<String>) {
        if !words.is_empty() && words.len() <= MAX_NAME_WORDS && !self.aliases.contains(&words) {
            self.aliases.push(words);
        }
    }

    /// Whether words are a name that the card says is this model's.
    #[must_use]
    pub fn is_alias<S: AsRef<str>>(&self, words: &[S]) -> bool {
        self.aliases.iter().any(|alias| alias.iter().map(String::as_str).eq(words.iter().map(AsRef::as_ref)))
    }

    fn noted(&self, question: Question, answer: bool) -> bool {
        let asked = Answer { question, answer };
        // The same is asked of one word after the other.
        if self.last_asked.borrow().as_ref() != Some(&asked) {
            self.asked.borrow_mut().insert(asked.clone());
            self.last_asked.replace(Some(asked));
        }
        answer
    }

    /// What was asked of size and bases, with the answers.
    #[must_use]
    pub fn asked(&self) -> Vec<Answer> {
        self.asked.borrow().iter().cloned().collect()
    }

    /// The answer to a question about size or bases, without a note.
    #[must_use]
    pub fn answer(&self, question: &Question) -> bool {
        match question {
            Question::StatesBases => self.states_bases,
            Question::KnowsSize => self.size.is_some(),
            Question::SameSize(value) => self.size.is_some_and(|size| SAME_SIZE.contains(&(value.get() / size))),
            Question::BaseCalled(name) => self.bases.iter().any(|base| letters(base) == *name),
            Question::BaseAmong(words) => self.names_a_base(|t| words.split(' ').any(|word| word == t)),
        }
    }

    /// Whether it has a base, by lineage or by its card.
    #[must_use]
    pub fn has_base(&self) -> bool {
        // What the card states of its bases, it states of every repository.
        self.card_states_bases || self.noted(Question::StatesBases, self.states_bases)
    }

    /// Whether a base has a name, given in letters and digits.
    #[must_use]
    pub fn has_base_called(&self, name: &str) -> bool {
        let is_called = self.bases.iter().any(|base| letters(base) == name);
        if self.noted(Question::StatesBases, self.states_bases) {
            self.noted(Question::BaseCalled(name.to_owned()), is_called);
        }
        is_called
    }

    /// Whether words are the name of a base, as cards and ids write it.
    #[must_use]
    pub fn is_base_name<S: AsRef<str>>(&self, words: &[S]) -> bool {
        let name: String = words.iter().flat_map(|w| w.as_ref().chars()).filter(|c| c.is_alphanumeric()).collect();
        name != self.letters && !name.is_empty() && (self.has_base_called(&name) || self.has_base_called(&format!("{name}hf")))
    }

    /// Whether its size is known.
    #[must_use]
    pub fn knows_size(&self) -> bool {
        self.noted(Question::KnowsSize, self.size.is_some())
    }

    /// Whether a number of parameters is this model's; none where its size is not known.
    #[must_use]
    pub fn is_own_size(&self, value: f64) -> Option<bool> {
        self.knows_size().then(|| {
            let question = Question::SameSize(value.into());
            let answer = self.answer(&question);
            self.noted(question, answer)
        })
    }

    /// Whether a word is one of the name's.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        self.set.contains(word)
    }

    /// Whether a word is one of its owner's name.
    #[must_use]
    pub fn is_owners(&self, word: &str) -> bool {
        self.owner.iter().any(|own| own == word)
    }

    /// Whether all words of a name are this model's own.
    #[must_use]
    pub fn covers(&self, name: &str) -> bool {
        name_tokens(last_part(name)).iter().all(|t| self.has(t))
    }

    /// Whether a sentence names this model in full.
    #[must_use]
    pub fn named_in(&self, ts: &[Token<'_>]) -> bool {
        let mut joined = String::new();
        for t in ts {
            if t.text.bytes().all(|b| b.is_ascii_alphanumeric()) {
                joined.push_str(&t.text);
            } else {
                joined.extend(t.text.chars().filter(|c| c.is_alphanumeric()));
            }
        }
        !self.letters.is_empty() && joined.contains(&self.letters)
    }

    /// Why a number of parameters is not this model's.
    #[must_use]
    pub fn wrong_size(&self, value: f64) -> Option<&'static str> {
        (!self.is_own_size(value)?).then_some("not the size of this model")
    }

    /// Whether a word of a name is this model's: one of its own, the size that its card declares, or one with a point that ids lack.
    #[must_use]
    pub fn is_own_word(&self, word: &str) -> bool {
        // "AraBERTv0.2" is "arabertv02" in an id; "hf" is on every name that was converted.
        self.has(word)
            || word == "hf"
            || (self.declared_size.is_some() && size_of(word) == self.declared_size)
            || (word.starts_with(char::is_alphabetic) && word.contains('.') && self.has(&word.replace('.', "")))
    }

    /// Whether a base's name stands before the verb of a fine-tune's sentence.
    #[must_use]
    pub fn base_in(&self, ts: &[Token<'_>]) -> bool {
        let is_in = self.names_a_base(|t| ts.iter().any(|word| word.is(t)));
        if self.noted(Question::StatesBases, self.states_bases) {
            // A word of a name has no space: what has one is none.
            let words: Vec<&str> = ts.iter().map(|t| t.text.as_ref()).filter(|word| !word.contains(char::is_whitespace)).collect();
            self.noted(Question::BaseAmong(words.join(" ")), is_in);
        }
        is_in
    }

    /// Whether a word that tells a base's name from this model's is one of those sought.
    fn names_a_base(&self, is_sought: impl Fn(&str) -> bool) -> bool {
        let telling = |t: &String| {
            !t.starts_with(|c: char| c.is_ascii_digit())
                && t.len() > 2
                && !self.has(t)
                && !vocabulary::card().repository.no_base_names.contains(&t.as_str())
        };
        self.bases.iter().any(|base| name_tokens(last_part(base)).iter().filter(|t| telling(t)).any(|t| is_sought(t)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::read::naming::{FULL_NAME, Name};
    use crate::evidence::card::tests::cards_of_the_kinds;

    fn repository(id: &str) -> Repository {
        Repository::new(&About { model_id: id, role: CardRole::OwnTraining, base_ids: &[], total_params: None })
    }

    #[test]
    fn names_in_ascii_are_cut_as_all_names() {
        for line in cards_of_the_kinds().iter().flat_map(|card| card.lines()).filter(|line| line.is_ascii()) {
            assert_eq!(ascii_name_tokens(line), any_name_tokens(line));
        }
        assert_eq!(ascii_name_tokens(".5 a.5 2.8b 1.x 1..2 3."), ["5", "a", "5", "2.8b", "1", "x", "1", "2", "3"]);
    }

    #[test]
    fn names_and_sizes() {
        assert_eq!(name_tokens("EleutherAI/pythia-2.8b-deduped"), ["eleutherai", "pythia", "2.8b", "deduped"]);
        assert_eq!(size_of("7b1"), Some(7.1e9));
        assert_eq!(size_of("350m"), Some(3.5e8));
        assert_eq!((size_of("base"), size_of("m"), size_of("8bit")), (None, None, None));
    }

    #[test]
    fn a_family_table_gives_this_repo_its_row() {
        let score = |own: &Repository, cell: &str| Name::of_cell(own, cell).rank();
        let llama = repository("meta-llama/Llama-2-7b");
        assert_eq!(score(&llama, "Llama 2 7B"), FULL_NAME);
        assert_eq!(score(&llama, "Llama 2 70B"), 0);
        assert_eq!(score(&llama, "Llama-2-7b-chat"), 0);
        assert!(score(&repository("cerebras/Cerebras-GPT-13B"), "13B") > 0);
        let whisper = repository("openai/whisper-large-v2");
        assert!(score(&whisper, "large-v2") > score(&whisper, "large"));
        assert_eq!(score(&whisper, "medium"), 0);
    }
}
