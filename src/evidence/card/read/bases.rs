//! The base model that a card names: by a key, by a link, by the words "a fine-tuned version of".

use super::candidate::{Card, RANK_PROSE, Spot};
use super::repository::name_tokens;
use crate::domain::Field;
use crate::evidence::card::about::CardRole;
use crate::evidence::card::parse::block::Link;
use crate::evidence::quantity::tokens::{Kind, Token, is_eastern, span, text_at, text_before};
use crate::evidence::vocabulary::{self, Words};
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// How much a phrase says: after the first kind a plain name is a base, after the second a name with digits or hyphens, after the
/// third only a link to a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// "a fine-tuned version of"
    Plain,
    /// "initialized from"
    Marked,
    /// "based on"
    Linked,
}

/// Longest name of a repository.
const MAX_NAME: usize = 96;
/// Tokens behind a phrase in which the name is looked for.
const REACH_TOKENS: usize = 14;
/// Tokens before a phrase in which it is denied: "not a".
const DENIAL_REACH: usize = 4;
/// Bytes behind a phrase in which a link is looked for.
const REACH_BYTES: usize = 90;

/// The repository that an address on the Hub names.
#[must_use]
pub fn repo_of(address: &str) -> Option<String> {
    let rest = address.split_once("huggingface.co/").or_else(|| address.split_once("hf.co/"))?.1;
    let path = rest.split(['?', '#', ')']).next().unwrap_or(rest);
    let mut parts = path.split('/').filter(|p| !p.is_empty());
    let first = parts.next()?;
    if vocabulary::card().bases.no_owners.contains(&first.to_lowercase().as_str()) || path.len() > 4 * MAX_NAME {
        return None;
    }
    Some(parts.next().map_or_else(|| first.to_owned(), |second| format!("{first}/{second}")))
}

/// Whether a word can be a model's name.
#[must_use]
pub fn is_name(word: &str) -> bool {
    let words = &vocabulary::card().bases;
    let lower = word.to_lowercase();
    let marked = word.contains(|c: char| c.is_ascii_digit() || c == '-' || c == '/') || word.starts_with(char::is_uppercase);
    !word.is_empty()
        && word.len() <= MAX_NAME
        && !words.no_names.contains(&lower.as_str())
        && !words.file_endings.iter().any(|e| lower.ends_with(e))
        && marked
        && word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word.chars().filter(char::is_ascii_alphabetic).count() >= 2
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
}

impl Card<'_> {
    /// The base named in a text with the links inside it; a phrase of prose before it says how far it is believed.
    pub fn add_base(
        &mut self,
        spot: &Spot<'_>,
        text: &str,
        links: &[(String, String)],
        prose: Option<Strength>,
        words: usize,
    ) -> bool {
        if prose.is_some() && self.own.role == CardRole::Copy {
            return false;
        }
        let strength = prose.unwrap_or(Strength::Plain);
        if let Some(repo) = self.linked_base(text, links, strength) {
            self.add(spot, Field::BaseModel, None, &repo, None);
            return true;
        }
        if strength == Strength::Linked {
            return false;
        }
        let words: Vec<&str> = text.split_whitespace().take(words).collect();
        let Some(name) = self.named_base(&words, strength) else { return false };
        let spot = if name.contains('/') { *spot } else { spot.after(8) };
        self.add(&spot, Field::BaseModel, None, &name, None);
        true
    }

    /// The repository of the first link that can be the base.
    fn linked_base(&self, text: &str, links: &[(String, String)], strength: Strength) -> Option<String> {
        links.iter().filter(|(label, _)| !label.is_empty()).find_map(|(label, target)| {
            let at = text.find(label.as_str())?;
            let before = text.get(..at).unwrap_or_default().split_whitespace().count();
            if strength == Strength::Linked && before > 3 {
                return None;
            }
            let repo = repo_of(target).filter(|r| !r.eq_ignore_ascii_case(&self.own.id))?;
            (repo.contains('/') || strength < Strength::Linked).then_some(repo)
        })
    }

    /// The first word that is the name of a base, with the words that belong to it.
    fn named_base(&self, words: &[&str], strength: Strength) -> Option<String> {
        let lists = &vocabulary::card().bases;
        for (i, raw) in words.iter().enumerate() {
            let bare = raw.trim_matches(|c: char| "`\"'*,;:()[]".contains(c)).trim_end_matches(['.', ',', ')']);
            let ascii = bare.find(|c: char| !c.is_ascii()).and_then(|at| bare.get(..at)).unwrap_or(bare);
            let lower = ascii.to_lowercase();
            if lists.fillers.contains(&lower.as_str()) || !is_name(ascii) {
                if raw.ends_with(['.', ',', ';']) {
                    return None;
                }
                continue;
            }
            let marked = ascii.contains(|c: char| c.is_ascii_digit() || c == '-' || c == '/');
            let known = ascii.contains('/') || lists.families.iter().any(|f| lower.contains(f));
            let in_prose = strength == Strength::Marked;
            if (in_prose && !marked) || !known || (in_prose && self.own.covers(ascii)) {
                return None;
            }
            let ends = raw.ends_with([',', ';', '.']);
            let next = words.get(i + 1..).unwrap_or_default();
            return Some(if ends { ascii.to_owned() } else { with_variant(ascii, next) });
        }
        None
    }

    /// The base named in a sentence.
    pub fn add_base_in_prose(&mut self, spot: &Spot<'_>, text: &str, links: &[Link], ts: &[Token<'_>], offset: usize) {
        let sentence = &vocabulary::card().bases;
        let has = |words: &Words| ts.iter().any(|t| t.is_any(words));
        if has(&sentence.comparisons) {
            return;
        }
        let advises = has(&sentence.advice);
        for i in 0..ts.len() {
            let Some((strength, to)) = phrase_at(ts, i) else { continue };
            if advises && strength > Strength::Plain {
                continue;
            }
            // "Not based on", "is no fine-tune of".
            if (1..=DENIAL_REACH).any(|back| sentence.denials.contains(&text_before(ts, i, back))) {
                continue;
            }
            let Some(first) = ts.get(to).filter(|t| !t.is_any(&sentence.nothing)) else { continue };
            let end = ts.get((to + REACH_TOKENS).min(ts.len()) - 1).map_or(first.to, |t| t.to);
            let near: Vec<(String, String)> = links
                .iter()
                .filter(|l| (first.from..first.from + REACH_BYTES).contains(&(l.from.saturating_sub(offset))) && l.from >= offset)
                .filter_map(|l| {
                    Some((text.get(l.from.checked_sub(offset)?..l.to.checked_sub(offset)?)?.to_owned(), l.target.clone()))
                })
                .collect();
            let rank = match strength {
                Strength::Plain => 0,
                Strength::Marked => 1,
                Strength::Linked => 2,
            };
            let spot = Spot { rank: RANK_PROSE - 10 + rank, reason: None, ..*spot };
            let behind = text.get(first.from..end).unwrap_or_default();
            let words = if text_at(ts, i).starts_with(is_eastern) { 2 } else { 5 };
            self.add_base(&spot, behind, &near, Some(strength), words);
        }
    }
}

/// "Stable Diffusion", "gpt-2 large", "BERT base".
fn with_variant(name: &str, next: &[&str]) -> String {
    let mut out = name.to_owned();
    for word in next.iter().take(2) {
        let word = word.trim_end_matches(['.', ',']);
        let version = word.starts_with(|c: char| c.is_ascii_digit()) && word.len() <= 5
            || word.trim_start_matches(['v', 'V']).starts_with(|c: char| c.is_ascii_digit()) && word.starts_with(['v', 'V']);
        if !version && !vocabulary::card().bases.variants.contains(&word.to_lowercase().as_str()) {
            break;
        }
        out.push(' ');
        out.push_str(word);
    }
    out
}

/// Phrases before a base, each with what it tells, by their first word.
type Phrases = FxHashMap<&'static str, Vec<(Strength, Vec<&'static str>)>>;

/// The phrases before a base by their first word, in the order of the lists.
fn phrases_by_first_word() -> &'static Phrases {
    static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
        let words = &vocabulary::card().bases;
        let lists = [(Strength::Plain, words.plain), (Strength::Marked, words.marked), (Strength::Linked, words.linked)];
        let mut map = Phrases::default();
        for (strength, phrase) in
            lists.iter().flat_map(|(strength, list)| list.list().iter().map(move |phrase| (*strength, *phrase)))
        {
            let phrase: Vec<&'static str> = phrase.split(' ').collect();
            map.entry(phrase.first().copied().unwrap_or_default()).or_default().push((strength, phrase));
        }
        map
    });
    &PHRASES
}

/// A phrase that begins at a token, with the token behind it; the first listed wins.
fn phrase_at(ts: &[Token<'_>], i: usize) -> Option<(Strength, usize)> {
    let first = ts.get(i).filter(|t| t.kind == Kind::Word)?;
    if first.text.starts_with(is_eastern) {
        let cjk = &vocabulary::card().bases.cjk;
        return cjk.iter().any(|end| first.text.ends_with(end)).then_some((Strength::Marked, i + 1));
    }
    let phrases = phrases_by_first_word().get(first.text.as_ref())?;
    let stands =
        |phrase: &[&str]| phrase.iter().zip(span(ts, i, i + phrase.len())).filter(|(word, t)| t.is(word)).count() == phrase.len();
    phrases.iter().find(|(_, phrase)| stands(phrase)).map(|(strength, phrase)| (*strength, i + phrase.len()))
}

/// A path in code that names a repository: its words and no placeholder.
#[must_use]
pub fn is_repo(text: &str) -> bool {
    text.contains('/') && is_name(text) && name_tokens(text).len() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Field;
    use crate::evidence::card::read::repository::Repository;
    use crate::evidence::card::tests::card_tables;
    use crate::evidence::card::{About, extract};
    use crate::reference::Reference;

    fn base(id: &str, role: CardRole, card: &str) -> Option<String> {
        let reference = Reference::load().unwrap();
        let about = About { model_id: id, role, base_ids: &[], total_params: None };
        extract(card_tables(&reference), card, &about)
            .into_iter()
            .find(|r| r.field == Field::BaseModel && r.reject_reason.is_none())
            .map(|r| r.as_written)
    }

    #[test]
    fn bases_as_cards_name_them() {
        for (card, expected) in [
            (
                "This model is a fine-tuned version of [distilbert-base-uncased](https://huggingface.co/distilbert-base-uncased) on squad.",
                "distilbert-base-uncased",
            ),
            ("This model is fine-tuned from Phind-CodeLlama-34B-v1 and achieves 73.8%", "Phind-CodeLlama-34B-v1"),
            ("- **Finetuned from model [optional]:** unsloth/phi-4", "unsloth/phi-4"),
            ("Base model: gpt-2 large", "gpt-2 large"),
            (
                "The checkpoint was initialized with the weights of the [SD-v1-2](https://huggingface.co/CompVis/stable-diffusion-v1-2)",
                "CompVis/stable-diffusion-v1-2",
            ),
            ("此模型基于 [bert-base-chinese](https://huggingface.co/bert-base-chinese) 版本", "bert-base-chinese"),
        ] {
            assert_eq!(base("x/mine", CardRole::OwnTraining, card).as_deref(), Some(expected), "{card}");
        }
    }

    #[test]
    fn names_that_are_no_base() {
        for card in [
            "The value of applications built on top of Whisper models suggests much.",
            "768-v-ema.ckpt: Resumed from 512-base-ema.ckpt and trained for 150k steps.",
            "You can fine-tune it for tasks such as [tagging](https://huggingface.co/x/tagging).",
            "Note that the tokenizer is based on [sentencepiece](https://github.com/google/sentencepiece).",
            "- **Finetuned from model [optional]:** [More Information Needed]",
            "It is not a fine-tuned version of [Llama 3](https://huggingface.co/meta-llama/Meta-Llama-3-8B), nor initialized from gpt-2.",
            "Das Modell ist nicht auf Basis von Mistral-7B trainiert.",
        ] {
            assert_eq!(base("openai/whisper-large-v2", CardRole::OwnTraining, card), None, "{card}");
        }
        assert_eq!(repo_of("https://huggingface.co/datasets/squad"), None);
        assert_eq!(repo_of("https://huggingface.co/a/b/blob/main/x"), Some("a/b".into()));
        let about = About { model_id: "a/b", role: CardRole::OwnTraining, base_ids: &[], total_params: None };
        assert!(Repository::new(&about).covers("b"));
    }
}
