//! The repository whose card it is: its name, its size, and what of a text names it.

use crate::evidence::card::about::{About, CardRole};
use crate::evidence::index::names;
use crate::evidence::quantity::tokens::{Token, span};
use crate::evidence::vocabulary;
use rustc_hash::FxHashSet;

/// Lower-case words of letters and digits; a point between digits stays (`2.8b`).
#[must_use]
pub fn name_tokens(text: &str) -> Vec<String> {
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

/// Score of a cell that is this model's name and nothing else.
pub const FULL_NAME: usize = 100;
/// Rounded and exact counts of one model differ by less.
const SAME_SIZE: std::ops::RangeInclusive<f64> = 0.8..=1.25;
/// Most words of a model's name in a cell.
const MAX_NAME_WORDS: usize = 12;

/// What the extractor knows about the repository before it reads.
pub struct Repository {
    /// Id.
    pub id: String,
    /// Words of the name.
    pub tokens: Vec<String>,
    set: FxHashSet<String>,
    /// Letters and digits of the name.
    pub letters: String,
    /// Its total parameters, from its files or its name.
    pub size: Option<f64>,
    /// Role, which the text may lower.
    pub role: CardRole,
    /// Ids of its bases.
    pub bases: Vec<String>,
}

impl Repository {
    /// From the index.
    #[must_use]
    pub fn new(about: &About<'_>) -> Self {
        let tokens = name_tokens(last_part(about.model_id));
        let from_name = names::size(about.model_id).filter(|s| !s.from_expert_layout).and_then(|s| s.total);
        Self {
            id: about.model_id.to_owned(),
            set: tokens.iter().cloned().collect(),
            tokens,
            letters: letters(about.model_id),
            size: about.total_params.or(from_name),
            role: about.role,
            bases: about.base_ids.to_vec(),
        }
    }

    /// Whether a word is one of the name's.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        self.set.contains(word)
    }

    /// Whether all words of a name are this model's own.
    #[must_use]
    pub fn covers(&self, name: &str) -> bool {
        name_tokens(last_part(name)).iter().all(|t| self.has(t))
    }

    /// Whether a sentence names this model in full.
    #[must_use]
    pub fn named_in(&self, ts: &[Token<'_>]) -> bool {
        let joined: String = ts.iter().flat_map(|t| t.text.chars()).filter(|c| c.is_alphanumeric()).collect();
        !self.letters.is_empty() && joined.contains(&self.letters)
    }

    /// Why a number of parameters is not this model's.
    #[must_use]
    pub fn wrong_size(&self, value: f64) -> Option<&'static str> {
        let size = self.size?;
        (!SAME_SIZE.contains(&(value / size))).then_some("not the size of this model")
    }

    /// How well a cell names this model: 0 not at all or another, [`FULL_NAME`] in full.
    #[must_use]
    pub fn score(&self, cell: &str) -> usize {
        let words: Vec<String> =
            name_tokens(cell).into_iter().filter(|t| !vocabulary::card().repository.cell_fillers.contains(&t.as_str())).collect();
        // A word that is not this model's ("chat") makes it another.
        if words.is_empty() || words.len() > MAX_NAME_WORDS || !words.iter().all(|t| self.has(t) || t == "hf") {
            return 0;
        }
        let size = words.iter().find_map(|t| size_of(t));
        let own_size = self.tokens.iter().find_map(|t| size_of(t));
        if let (Some(a), Some(b)) = (size, own_size)
            && (a - b).abs() > 1.0
        {
            return 0;
        }
        if words.concat() == self.tokens.concat() { FULL_NAME } else { words.len() + if size.is_some() { 2 } else { 0 } }
    }

    /// `jina-embeddings-v2-small-en: 33 million parameters` in the card of another size.
    #[must_use]
    pub fn other_in_label(&self, ts: &[Token<'_>]) -> bool {
        let end = ts.iter().take(16).position(|t| t.is(":") || (t.is_any(&["-", "–", "—"]) && !t.glued));
        let Some(end) = end.filter(|end| *end >= 2) else { return false };
        let label: String = span(ts, 0, end).iter().map(|t| format!("{}{}", if t.glued { "" } else { " " }, t.text)).collect();
        let words = name_tokens(&label);
        let shared = words.iter().filter(|t| self.has(t)).count();
        (2..=8).contains(&words.len()) && shared >= 2 && shared < words.len()
    }

    /// Whether a base's name stands before the verb of a fine-tune's sentence.
    #[must_use]
    pub fn base_in(&self, ts: &[Token<'_>]) -> bool {
        let telling = |t: &String| {
            !t.starts_with(|c: char| c.is_ascii_digit())
                && t.len() > 2
                && !self.has(t)
                && !vocabulary::card().repository.no_base_names.contains(&t.as_str())
        };
        self.bases
            .iter()
            .any(|base| name_tokens(last_part(base)).iter().filter(|t| telling(t)).any(|t| ts.iter().any(|word| word.is(t))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(id: &str) -> Repository {
        Repository::new(&About { model_id: id, role: CardRole::OwnTraining, base_ids: &[], total_params: None })
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
        let llama = repository("meta-llama/Llama-2-7b");
        assert_eq!(llama.score("Llama 2 7B"), FULL_NAME);
        assert_eq!(llama.score("Llama 2 70B"), 0);
        assert_eq!(llama.score("Llama-2-7b-chat"), 0);
        assert!(repository("cerebras/Cerebras-GPT-13B").score("13B") > 0);
        let whisper = repository("openai/whisper-large-v2");
        assert!(whisper.score("large-v2") > whisper.score("large"));
        assert_eq!(whisper.score("medium"), 0);
    }
}
