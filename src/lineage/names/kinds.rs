//! What kinds of weights a name speaks of beyond bases, tunes and formats: weights that nobody trained, draft heads, uncensored and
//! unquantized copies, models that were taught to see.

use super::memo::Memo;
use super::tokens::{Token, tokens};
use crate::domain::in_lower_case;
use crate::lineage::families;
use crate::lineage::vocabulary::vocabulary;
use crate::vocabulary::Words;
use std::cell::RefCell;
use std::rc::Rc;

thread_local! {
    static PARTS: RefCell<Memo<Rc<[Token]>>> = RefCell::default();
    static SIZE_OF_ANOTHER: RefCell<Memo<Option<&'static str>>> = RefCell::default();
}

/// The parts of a name between hyphens, underscores, spaces and points, lower case.
fn parts(name: &str) -> Rc<[Token]> {
    let split = |name: &str| name.split(['-', '_', ' ', '.']).filter(|p| !p.is_empty()).map(lower).collect();
    PARTS.with_borrow_mut(|parts| parts.get(name, split))
}

fn lower(part: &str) -> Token {
    if !part.is_ascii() {
        return part.to_lowercase().into();
    }
    let mut token = Token::new(part);
    token.make_ascii_lowercase();
    token
}

/// Whether a part is a size in billions.
fn is_size(part: &str) -> bool {
    part.len() > 1 && part.ends_with('b') && part.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether owner or name is that of a test fixture: random weights, a bare configuration, a stand-in.
#[must_use]
pub fn is_untrained(owner: &str, name: &str) -> bool {
    let words = &vocabulary().untrained;
    let is_listed = |owner: &str| words.owners.contains(&owner) || words.owner_endings.iter().any(|ending| owner.ends_with(ending));
    if in_lower_case(owner, is_listed) {
        return true;
    }
    let parts = parts(name);
    let says = |list: Words| parts.iter().any(|p| list.contains(&p.as_str()));
    let random = parts.iter().any(|p| p == "random") && says(words.beside_random);
    let tiny = parts.iter().any(|p| p == "tiny") && says(words.beside_tiny);
    (says(words.words) || random || tiny) && !says(words.trained)
}

/// Whether a name ends in a word of what is no weights: a tokenizer of texts, the logs of a training.
#[must_use]
pub fn says_no_weights(name: &str) -> bool {
    let words = &vocabulary().untrained;
    let parts = parts(name);
    let ends = parts.last().is_some_and(|last| words.no_weights.contains(&last.as_str()));
    ends && !parts.iter().any(|p| words.beside_a_tokenizer.contains(&p.as_str()))
}

/// Whether a name begins with an algorithm of agents and ends in the version of an environment (`ppo-LunarLander-v2`).
#[must_use]
pub fn says_agent(name: &str) -> bool {
    let parts = parts(name);
    let is_version = |p: &Token| p.strip_prefix('v').is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit());
    let begins = parts.first().is_some_and(|first| vocabulary().tokens.agents.contains(&first.as_str()));
    begins && parts.len() > 2 && parts.last().is_some_and(is_version)
}

/// How a name says that the weights draft tokens for a target model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draft {
    /// A head: every size in the name is the target's.
    Head,
    /// A small model of its own: a size behind the word is its own.
    SmallModel,
}

/// Whether the weights draft tokens for a target; `is_fraction` is whether they are known to be a fraction of the size in the name.
#[must_use]
pub fn draft(name: &str, is_fraction: bool) -> Option<Draft> {
    Some(find_draft(&parts(name), name, is_fraction)?.0)
}

/// The kind of draft, and the part of the name that says so.
fn find_draft(parts: &[Token], name: &str, is_fraction: bool) -> Option<(Draft, usize)> {
    let words = &vocabulary().drafts;
    let first = |list: Words| parts.iter().position(|p| list.contains(&p.as_str()));
    if let Some(at) = first(words.words) {
        return Some((Draft::Head, at));
    }
    if let Some(at) = parts.iter().position(says_prediction) {
        let a_part = parts.get(at + 1).is_some_and(|next| words.parts.contains(&next.as_str()));
        if a_part || is_fraction {
            return Some((Draft::Head, at));
        }
    }
    let before = |at: usize| at.checked_sub(1).and_then(|before| parts.get(before));
    if let Some(at) = first(words.assistants)
        && before(at).is_some_and(|p| words.before_assistant.contains(&p.as_str()) || is_size(p.trim_start_matches('e')))
    {
        return Some((Draft::Head, at));
    }
    let family = families::named(name);
    if let Some(at) = first(words.beside_family)
        && (family.is_some() || before(at).is_some_and(|p| is_size(p)))
    {
        return Some((Draft::Head, at));
    }
    family?;
    first(words.small_models).map(|at| (Draft::SmallModel, at))
}

/// Whether a part is a word of multi-token prediction, with or without a version (`mtp`, `MTPv2`).
fn says_prediction(part: &Token) -> bool {
    let word = part.trim_end_matches(|c: char| c.is_ascii_digit());
    let list = vocabulary().drafts.prediction;
    list.contains(&word) || word.len() < part.len() && word.strip_suffix('v').is_some_and(|word| list.contains(&word))
}

/// Whether a name says that layers of multi-token prediction lie beside the weights: of the model whose name stands before the word.
#[must_use]
pub fn says_draft_layers(name: &str) -> bool {
    parts(name).iter().any(says_prediction)
}

/// Why a size in the name is another model's; none where it is the repository's own.
#[must_use]
pub fn size_of_another(name: &str) -> Option<&'static str> {
    SIZE_OF_ANOTHER.with_borrow_mut(|known| known.get(name, read_size_of_another))
}

fn read_size_of_another(name: &str) -> Option<&'static str> {
    let parts = parts(name);
    if let Some((kind, at)) = find_draft(&parts, name, false) {
        return match kind {
            Draft::Head => Some("the size in the name is that of the model it drafts for"),
            Draft::SmallModel => {
                (!parts[at..].iter().any(|p| is_size(p))).then_some("the size in the name may be that of the model it drafts for")
            }
        };
    }
    // "AHN-Mamba2-for-Qwen-2.5-Instruct-7B": a module for a model of that size.
    let at = parts.iter().position(|p| p == "for").filter(|at| *at > 0)?;
    let rest = parts[at + 1..].join("-");
    let sized = |parts: &[Token]| parts.iter().any(|p| is_size(p));
    let others = families::named(&rest).is_some() && sized(&parts[at..]) && !sized(&parts[..at]);
    others.then_some("the size in the name is that of the model it is made for")
}

/// The name of the model that a draft, an uncensored or an unquantized copy was made of: what stands before the word that says so, or
/// behind it where it comes first. Without separators, so that `LLaMA3.1-8B` and `Llama-3.1-8B` are one.
#[must_use]
pub fn target(name: &str) -> Option<String> {
    let tokens = tokens(name);
    let says = |token: &Token| {
        let v = vocabulary();
        let d = &v.drafts;
        let drafts = [d.words, d.beside_family, d.small_models, d.assistants];
        let copies = [v.uncensored.words, v.unquantized.words, v.pruned.words];
        let is_listed = |p: &str| drafts.iter().chain(&copies).any(|list| list.contains(&p));
        token.split('.').any(|p| is_listed(p) || says_prediction(&Token::new(p)))
    };
    let at = tokens.iter().position(says)?;
    let behind = &tokens[at + 1..];
    // "DeepSeek-R1-DRAFT-Qwen2.5-0.5B" was made of Qwen2.5-0.5B, not of what it drafts for.
    if vocabulary().drafts.small_models.contains(&tokens[at].as_str()) && families::named(&behind.join("-")).is_some() {
        return Some(squeezed_tokens(behind));
    }
    let kept = if at == 0 { &tokens[tokens.iter().take_while(|t| says(t)).count()..] } else { &tokens[..at] };
    (!kept.is_empty()).then(|| squeezed_tokens(kept))
}

/// A name without separators and case.
#[must_use]
pub fn squeezed(name: &str) -> String {
    squeezed_tokens(&tokens(name))
}

fn squeezed_tokens(tokens: &[Token]) -> String {
    tokens.concat()
}

/// Whether a word says that the weights were edited or tuned to refuse nothing.
#[must_use]
pub fn says_uncensored(name: &str) -> bool {
    parts(name).iter().any(|p| vocabulary().uncensored.words.contains(&p.as_str()))
}

/// Whether a word says that the weights were prepared for quantization and are in full precision.
#[must_use]
pub fn says_unquantized(name: &str) -> bool {
    parts(name).iter().any(|p| vocabulary().unquantized.words.contains(&p.as_str()))
}

/// Whether a word says that parts of another model were taken away.
#[must_use]
pub fn says_pruned(name: &str) -> bool {
    // REAP20, RAZOR154: with the share that is left behind it.
    let words = &vocabulary().pruned;
    let says = |p: &'_ Token| words.words.contains(&p.trim_end_matches(|c: char| c.is_ascii_digit()));
    let parts = parts(name);
    let is_loss = |at: usize| parts.get(at + 1).is_some_and(|next| words.not_before.contains(&next.as_str()));
    parts.iter().enumerate().any(|(at, part)| says(part) && !is_loss(at))
}

/// Whether a word says that a language model was taught to see.
#[must_use]
pub fn says_vision(name: &str) -> bool {
    let words = &vocabulary().vision;
    parts(name).iter().any(|p| {
        let letters = p.trim_end_matches(|c: char| c.is_ascii_digit());
        words.words.contains(&letters)
            || words.endings.iter().any(|ending| letters.len() > ending.len() && letters.ends_with(ending))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixtures_are_told_from_models() {
        for id in [
            "hf-internal-testing/tiny-random-gpt2",
            "trl-internal-testing/tiny-Qwen2ForCausalLM-2.5",
            "hf-tiny-model-private/tiny-random-BertModel",
            "yujiepan/llama-3-tiny-random",
            "lysandre/tiny-tapas-random-wtq",
            "EhsanAghazadeh/bert-base-uncased-random-weights",
            "LysandreJik/random-model",
            "Felix92/doctr-dummy-tf-resnet18",
            "Lyon28/caca-1M-untrained",
            "optimum-intel-internal-testing/tiny-random-phi3",
        ] {
            let (owner, name) = id.split_once('/').unwrap();
            assert!(is_untrained(owner, name), "{id}");
        }
        for id in [
            "TinyLlama/TinyLlama-1.1B-Chat-v1.0",
            "PSW/random_sim_del_seed27",
            "aomar85/fine-tuned-arabert-random-negative",
            "avialfont/dummy-finetuned-imdb",
            "nm-testing/tinyllama-oneshot-w4a16-group128-v2",
            "prajjwal1/bert-tiny",
            "Vlasta/humandna_Electra_random",
            "roneneldan/TinyStories-1M",
        ] {
            let (owner, name) = id.split_once('/').unwrap();
            assert!(!is_untrained(owner, name), "{id}");
        }
    }

    #[test]
    fn drafts_are_told_from_models() {
        for name in [
            "EAGLE3-LLaMA3.1-Instruct-8B",
            "EAGLE-LLaMA3-Instruct-8B",
            "gpt-oss-120b-Eagle3-short-context",
            "Qwen3-8B-speculator.eagle3",
            "gpt-oss-120b-DFlash",
            "Qwen3-4B-DFlash-b16",
            "kimi-k2.6-eagle3-mla",
            "gemma-4-31B-it-qat-q4_0-unquantized-assistant",
            "Muse-Glimmer-30B-assistant",
            "DeepSeek-V3-MTP-head",
            "llama3-8b-accelerator",
            "MiniCPM4-8B-Eagle-FRSpec-QAT-cpmcu",
        ] {
            assert_eq!(draft(name, false), Some(Draft::Head), "{name}");
            let sized = name.to_lowercase().contains("k2.6") || name.contains("V3-MTP");
            assert!(sized || size_of_another(name).is_some(), "{name}");
        }
        assert_eq!(draft("DeepSeek-R1-DRAFT-Qwen2.5-0.5B", false), Some(Draft::SmallModel));
        assert_eq!(draft("MiMo-7B-MTP", true), Some(Draft::Head));
        for name in [
            "Eagle2.5-8B",
            "Peagle-9b",
            "CarbonBeagle-11B",
            "Qwen3.8-27B-AWQ-MTP",
            "LFM2.5-350M-home-assistant-sft",
            "OpenHermes-2.5-Mistral-7B",
            "v5-Eagle-7B-HF",
            "Llama-3.1-8B-Instruct",
            "Medusa-7B",
        ] {
            assert_eq!(draft(name, false), None, "{name}");
            assert_eq!(size_of_another(name), None, "{name}");
        }
    }

    /// Regression: a draft head for gpt-oss-120b got 120e9 parameters and 25 kt.
    #[test]
    fn a_size_behind_for_is_anothers_and_a_drafts_own_is_its_own() {
        assert!(size_of_another("AHN-Mamba2-for-Qwen-2.5-Instruct-7B").is_some());
        assert!(size_of_another("Qwen3-32B-draft").is_some());
        assert_eq!(size_of_another("DeepSeek-R1-DRAFT-Qwen2.5-0.5B"), None);
        assert_eq!(size_of_another("M2M100-418M-for-GameTranslation-Finetuned-Zh-En"), None);
        assert_eq!(size_of_another("Qwen2.5-7B-for-code"), None);
    }

    #[test]
    fn targets_are_what_stands_beside_the_word() {
        for (name, of) in [
            ("gpt-oss-120b-Eagle3-short-context", "gpt-oss-120b"),
            ("LLaMA3.1-8B-Instruct-DFlash-UltraChat", "Llama-3.1-8B-Instruct"),
            ("Qwen3-8B-speculator.eagle3", "Qwen3-8B"),
            ("EAGLE3-Llama-3.1-8B-Instruct", "Llama-3.1-8B-Instruct"),
            ("gemma-3-27b-it-qat-q4_0-unquantized", "gemma-3-27b-it"),
            ("Codestral-22B-v0.1-abliterated-v3", "Codestral-22B-v0.1"),
            ("Ornith-1.0-35B-heretic", "Ornith-1.0-35B"),
            ("DeepSeek-R1-DRAFT-Qwen2.5-0.5B", "Qwen2.5-0.5B"),
        ] {
            assert_eq!(target(name), Some(squeezed(of)), "{name}");
        }
        assert_eq!(target("Qwen3-8B"), None);
        assert_eq!(target("heretic"), None);
    }

    #[test]
    fn pruned_models_are_told_by_whole_words() {
        for name in
            ["gpt-oss-120b-reap-48", "Hy3-REAM-100B", "LLaDA2.2-Flash-REAM-50B", "MiMo-V2.6-Flash-REAP50", "gpt-oss-puzzle-88B"]
        {
            assert!(says_pruned(name), "{name}");
        }
        // Regression: models trained from random weights with the loss of the pruned transducer were fine-tunes for certain.
        let loss = "icefall-asr-librispeech-pruned-transducer-stateless5-narrower-2022-05-23";
        for name in ["Reaper-7B", "dreamer-7b", "cream-8b", "Qwen3-8B", loss] {
            assert!(!says_pruned(name), "{name}");
        }
    }

    #[test]
    fn words_of_sight_are_whole_or_end_a_word() {
        for name in
            ["InternVL3-78B", "Qianfan-OCR", "Qwen2.5-VL-7B", "olmOCR-7B", "InternVL3_5-38B", "llava-1.5-7b", "PaddleOCR-VL"]
        {
            assert!(says_vision(name), "{name}");
        }
        for name in ["Qwen3-8B", "evolve-7b", "mediocre-7b", "Llama-3.2-11B"] {
            assert!(!says_vision(name), "{name}");
        }
    }
}
