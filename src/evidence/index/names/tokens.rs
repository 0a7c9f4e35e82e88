//! Tokens seen that a repository's name states: `100B-tokens`, `token-2.5T`, `628Btokens`, `300BT`, and `1T` behind a size.

use super::{Word, active, decimal, words};
use crate::domain::{EvidenceSource, Field};
use crate::evidence::{Extracted, vocabulary};

/// Extractor of these counts.
const EXTRACTOR: &str = "tokens_in_name";
/// Below the lowest of what a card, a table or the registry states: a name rounds, and may tell of a budget.
const CONFIDENCE: f64 = 0.2;

/// Tokens by a name.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTokens {
    /// Their number.
    pub value: f64,
    /// The words read.
    pub as_written: String,
    /// Whether a word says that they are tokens; a `1T` behind a size says so by custom alone.
    pub is_said: bool,
}

/// Evidence of the tokens in a name; with the lowest confidence, so that whatever else states a count goes before it.
#[must_use]
pub fn from_name(model_id: &str, named: &NamedTokens) -> Extracted {
    Extracted {
        field: Field::TrainTokens,
        value: Some(named.value),
        unit: Field::TrainTokens.unit(),
        as_written: named.as_written.clone(),
        source: EvidenceSource::Name,
        locator: "id".into(),
        source_url: None,
        quote: model_id.to_owned(),
        extractor: EXTRACTOR,
        confidence: CONFIDENCE,
        reject_reason: None,
    }
}

/// The tokens that a name states; none where it states two counts, or a part of one ("10B-of-100B-tokens").
#[must_use]
pub fn tokens(model_id: &str) -> Option<NamedTokens> {
    let words = words(model_id.rsplit('/').next().unwrap_or(model_id));
    let said: Vec<(usize, NamedTokens)> = (0..words.len()).filter_map(|at| Some((at, said(&words, at)?))).collect();
    match said.as_slice() {
        [(at, tokens)] => {
            let is_part = at.checked_sub(1).is_some_and(|before| words[before].text.eq_ignore_ascii_case("of"));
            (!is_part).then(|| tokens.clone())
        }
        [] => by_custom(model_id, &words),
        _ => None,
    }
}

/// Whether a word of tokens before a count speaks of that count ("1195k-token-2.5T"), and not of what stands before it.
pub(super) fn speaks_of_the_next(words: &[Word<'_>], at: usize) -> bool {
    let is_singular = words.get(at).is_some_and(|w| w.text.eq_ignore_ascii_case("token"));
    is_singular && words.get(at + 1).is_some_and(|next| count(next.text).is_some())
}

fn is_word_of_tokens(text: &str) -> bool {
    vocabulary::index().names.tokens.contains(&text.to_ascii_lowercase().as_str())
}

/// The count of tokens at a word, where a word says that it is one.
fn said(words: &[Word<'_>], at: usize) -> Option<NamedTokens> {
    let text = words[at].text;
    let tokens = |value: f64, as_written: String| Some(NamedTokens { value, as_written, is_said: true });
    // "628Btokens".
    let glued = vocabulary::index().names.tokens.list().iter().find_map(|word| {
        let cut = text.len().checked_sub(word.len())?;
        let (number, end) = text.split_at_checked(cut)?;
        end.eq_ignore_ascii_case(word).then(|| count(number)).flatten()
    });
    if let Some(value) = glued {
        return tokens(value, text.to_owned());
    }
    // "300BT"; beside "1BA" the T is for total.
    if let Some(value) = text.strip_suffix(['T', 't']).filter(|rest| rest.ends_with(['B', 'b'])).and_then(count) {
        let says_active = |w: &Word<'_>| w.text.strip_suffix(['A', 'a']).and_then(count).is_some();
        return if words.iter().any(says_active) { None } else { tokens(value, text.to_owned()) };
    }
    let value = count(text)?;
    if at > 0 && speaks_of_the_next(words, at - 1) {
        return tokens(value, format!("{} {text}", words[at - 1].text));
    }
    let next = words.get(at + 1).filter(|next| is_word_of_tokens(next.text) && !speaks_of_the_next(words, at + 1))?;
    tokens(value, format!("{text} {}", next.text))
}

/// Most trillions of tokens that a name states by custom.
const MOST_TRILLIONS: f64 = 1e14;

/// `TinyLlama-1.1B-intermediate-step-1431k-3T`, `bitnet-b1.58-2B-4T`: trillions behind a size. Alone they are parameters (`Ling-1T`), and so
/// they are before active ones (`2.4T-A95B`).
fn by_custom(model_id: &str, words: &[Word<'_>]) -> Option<NamedTokens> {
    let size = super::size(model_id).filter(|size| !size.from_expert_layout).and_then(|size| size.total)?;
    let is_trillions = |at: &usize| words[*at].text.ends_with(['T', 't']) && count(words[*at].text).is_some();
    let found: Vec<usize> = (1..words.len()).filter(is_trillions).collect();
    let [at] = found.as_slice() else { return None };
    let is_of_size = words.get(at + 1).is_some_and(|next| active(next.text).is_some());
    let value = count(words[*at].text).filter(|n| *n <= MOST_TRILLIONS && *n > size && !is_of_size)?;
    Some(NamedTokens { value, as_written: words[*at].text.to_owned(), is_said: false })
}

/// A number of millions, billions or trillions: `500M`, `100B`, `2.5T`.
fn count(text: &str) -> Option<f64> {
    let (number, scale) = match text.as_bytes().last()? {
        b'M' | b'm' => (&text[..text.len() - 1], 1e6),
        b'B' | b'b' => (&text[..text.len() - 1], 1e9),
        b'T' | b't' => (&text[..text.len() - 1], 1e12),
        _ => return None,
    };
    decimal(number).map(|n| n * scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Rating;
    use crate::evidence::index::names::size;

    fn read(id: &str) -> Option<(f64, bool)> {
        tokens(id).map(|t| (t.value, t.is_said))
    }

    #[test]
    fn tokens_that_a_name_states() {
        for (id, value, is_said) in [
            ("HF1BitLLM/Llama3-8B-1.58-100B-tokens", 1e11, true),
            ("alon-albalak/ODM_1B_params_50B_tokens", 5e10, true),
            ("allegrolab/hubble-1b-100b_toks-injectrange_50_75-hf", 1e11, true),
            ("marin-community/delphi-1e23-25Bparams-628Btokens", 6.28e11, true),
            ("NucleusAI/nucleus-22B-token-500B", 5e11, true),
            ("TinyLlama/TinyLlama-1.1B-intermediate-step-1195k-token-2.5T", 2.5e12, true),
            ("a/ablation-1b-300BT", 3e11, true),
            ("a/x-7b-1T-tokens", 1e12, true),
            ("TinyLlama/TinyLlama-1.1B-intermediate-step-1431k-3T", 3e12, false),
            ("microsoft/bitnet-b1.58-2B-4T", 4e12, false),
            ("ahxt/LiteLlama-460M-1T", 1e12, false),
            ("ib-ssm/mamba2-8b-3t-4k-hf", 3e12, false),
        ] {
            assert_eq!(read(id), Some((value, is_said)), "{id}");
        }
    }

    /// The evidence of most confidence is chosen: a speculative row of the registry goes before a name.
    #[test]
    fn a_stated_count_goes_before_a_name() {
        let id = "alon-albalak/ODM_1B_params_50B_tokens";
        let row = from_name(id, &tokens(id).unwrap());
        assert_eq!((row.value, row.unit), (Some(5e10), Field::TrainTokens.unit()));
        assert!(row.confidence < Rating::Speculative.confidence());
    }

    #[test]
    fn counts_that_are_no_tokens() {
        for id in [
            "inclusionAI/Ling-1T",
            "inclusionAI/Ling-2.6-1T-base",
            "Qwen/Qwen3.8-2.4T-A95B",
            "mlabonne/BigLlama-3.1-1T-Instruct",
            "allura-org/MoE-Girl-1BA-7BT",
            "a/x-7b-10B-of-100B-tokens",
            "a/x-7b-10B-tokens-of-100B-tokens",
            "allenai/FlexOlmo-7x7B-1T",
            "jorge-henao/gpt2-small-spanish-disco-poetry-1t",
            "Qwen/Qwen3-8B",
            "oobabooga/llama-tokenizer",
            "facebook/chameleon-7b",
            "a/token-classification-300m",
        ] {
            assert_eq!(read(id), None, "{id}");
        }
    }

    /// Regression: a size before "token" was no size, and the tokens behind it were: nucleus-22B-token-500B had 500 billion parameters.
    #[test]
    fn a_size_beside_tokens_is_the_size() {
        let total = |id: &str| size(id).and_then(|s| s.total);
        assert_eq!(total("NucleusAI/nucleus-22B-token-500B"), Some(22e9));
        assert_eq!(total("alon-albalak/ODM_1B_params_50B_tokens"), Some(1e9));
        assert_eq!(total("HF1BitLLM/Llama3-8B-1.58-100B-tokens"), Some(8e9));
        assert_eq!(total("marin-community/delphi-1e23-25Bparams-628Btokens"), Some(25e9));
        assert_eq!(total("a/x-100B-tokens"), None);
        assert_eq!(total("a/x-token-100B"), None);
    }
}
