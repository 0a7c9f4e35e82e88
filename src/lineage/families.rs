//! Families of language models by the words their names are made of: which pre-training a name points at.
//!
//! `Meta-Llama-3-8B`, `Llama3.1-8B-Finetuned` and `L3.1-8B-Stheno` all name the family llama; the version and the size say which run.

use super::names::{Token, tokens};
use super::vocabulary::{House, vocabulary};
use crate::domain::in_lower_case;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// What a name says of its family.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Named {
    /// Word of the family.
    pub family: &'static str,
    /// Version, or none.
    pub version: Option<String>,
    /// A word in place of a size (`mini`, `nemo`).
    pub kind: Option<&'static str>,
    /// Billions glued to the word (`llama7b`), in tenths.
    pub glued_tenths: Option<i64>,
}

/// Reads the family of a name (without namespace), wherever in it the word stands.
#[must_use]
pub fn named(name: &str) -> Option<Named> {
    let all = tokens(name);
    // "DeepSeek-R1-Distill-Qwen-7B": what was distilled into is what the weights come from.
    let distilled = all.iter().position(|t| t == "distill" || t == "distilled");
    let tokens = &all[distilled.map_or(0, |at| at.min(all.len().saturating_sub(2)) + 1)..];
    let words = &vocabulary().families;
    let is_kind = |t: &&Token| words.kinds.contains(&t.as_str());
    let kind = tokens.iter().filter(is_kind).find_map(|t| words.kinds.list().iter().find(|k| t == *k).copied());
    for (i, token) in tokens.iter().enumerate() {
        if let Some(short) = words.shorthands.iter().find(|short| token == short.token.text()) {
            let (family, version) = (short.family.text(), short.version.text());
            let nemo = version == "nemo";
            return Some(Named {
                family,
                version: (!version.is_empty() && !nemo).then(|| version.to_owned()),
                kind: if nemo { Some("nemo") } else { kind },
                glued_tenths: None,
            });
        }
        for word in houses_beginning_with(token) {
            let Some(rest) = token.strip_prefix(word) else { continue };
            let version = if rest.is_empty() {
                tokens.get(i + 1).and_then(|next| version(next))
            } else if rest.starts_with(|c: char| c.is_ascii_alphabetic()) && !rest.starts_with('v') {
                // "mistralic" and "phoenix" are other words.
                continue;
            } else {
                version(rest).or_else(|| version_before_letters(rest))
            };
            return Some(Named { family: word, version, kind, glued_tenths: glued(rest) });
        }
    }
    None
}

/// Words of the houses that begin with the first letter of a token, in their order.
fn houses_beginning_with(token: &str) -> &'static [&'static str] {
    static WORDS: LazyLock<FxHashMap<u8, Vec<&'static str>>> = LazyLock::new(|| {
        let mut by_letter: FxHashMap<u8, Vec<&'static str>> = FxHashMap::default();
        for word in vocabulary().families.houses.iter().map(|house| house.word.text()) {
            by_letter.entry(word.as_bytes().first().copied().unwrap_or_default()).or_default().push(word);
        }
        by_letter
    });
    token.as_bytes().first().and_then(|letter| WORDS.get(letter)).map_or(&[], Vec::as_slice)
}

/// The version in front of a word that is glued to it: `2.5` of `2.5vl`. One letter makes another version (`3n`) or a size (`7b`).
fn version_before_letters(rest: &str) -> Option<String> {
    let at = rest.find(|c: char| c.is_ascii_alphabetic())?;
    let letters = &rest[at..];
    (letters.len() > 1 && letters.bytes().all(|b| b.is_ascii_alphabetic())).then(|| version(&rest[..at])).flatten()
}

/// Whether letters are glued behind a family's version: `Qwen3Guard` is no generation of the family but a model made of one.
#[must_use]
pub fn says_glued_word(name: &str) -> bool {
    let glued = |token: &Token| {
        houses_beginning_with(token)
            .iter()
            .any(|word| token.strip_prefix(word).is_some_and(|rest| version_before_letters(rest).is_some()))
    };
    tokens(name).iter().any(glued)
}

/// `7b` or `410m` glued to a family's word, in tenths of a billion.
fn glued(rest: &str) -> Option<i64> {
    let number = |unit: char| rest.strip_suffix(unit)?.parse::<f64>().ok();
    let billions = number('b').or_else(|| number('m').map(|millions| millions / 1000.0))?;
    #[allow(clippy::cast_possible_truncation)] // Checked to be below ten thousand.
    (0.05..10_000.0).contains(&billions).then(|| (billions * 10.0).round() as i64)
}

/// `3`, `3.1`, `v3.2`; a size (`7b`) or a date is no version. Minor versions with a leading zero (`v0.3`) name releases of one run.
fn version(token: &str) -> Option<String> {
    let digits = token.strip_prefix('v').unwrap_or(token);
    let short = !digits.is_empty() && digits.len() <= 4 && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    (short && digits.matches('.').count() <= 1 && !digits.starts_with('0') && (digits.len() != 4 || digits.contains('.')))
        .then(|| digits.trim_end_matches(".0").to_owned())
}

/// Whether a word of a name ends in a family's with letters before it, and is none itself: `datagemma`, `t5gemma`, `codellama` are made of
/// the family they name.
#[must_use]
pub fn ends_in_a_family(name: &str) -> bool {
    let houses = &vocabulary().families.houses;
    let is_family = |token: &str| houses.iter().any(|house| token.starts_with(house.word.text()));
    let ends = |token: &str| {
        let letters = token.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        let words = houses.iter().map(|house| house.word.text());
        words.filter(|word| word.len() >= LEAST_FAMILY_LETTERS).any(|word| letters.len() > word.len() && letters.ends_with(word))
    };
    tokens(name).iter().any(|token| !is_family(token) && ends(token))
}

/// Letters of a family's word below which the end of another word is chance.
const LEAST_FAMILY_LETTERS: usize = 4;

/// Whether a word tells another model of the house from the one whose name stands before it (`phi-4-mini`, `DeepSeek-V4-Flash`).
#[must_use]
pub fn is_another_model(word: &str) -> bool {
    let words = &vocabulary().families;
    words.kinds.contains(&word) || words.relatives.contains(&word)
}

/// Whether a namespace is a home of the family.
#[must_use]
pub fn is_home(family: &str, owner: &str) -> bool {
    let is_of = |owner: &str| vocabulary().families.houses.iter().any(|h| h.word.text() == family && h.homes.contains(&owner));
    in_lower_case(owner, is_of)
}

/// Whether a namespace is a home of any family.
#[must_use]
pub fn is_a_home(owner: &str) -> bool {
    in_lower_case(owner, |owner| vocabulary().families.houses.iter().any(|house| house.homes.contains(&owner)))
}

/// The family another namespace's name points at (`RYS-Llama3.1-Large`, `Microsoft_Phi-4`); none at home, and none for words of the
/// house itself (TinyLlama/TinyLlama-1.1B).
#[must_use]
pub fn borrowed(owner: &str, name: &str) -> Option<Named> {
    let named = named(name)?;
    let first = tokens(name).first().cloned().unwrap_or_default();
    // At home a name that begins with the family is the family; "Self-taught-evaluator-llama3.1" is not.
    let at_home = is_home(named.family, owner) && (first.starts_with(named.family) || first == "meta" || first == "open");
    (!at_home).then_some(named)
}

/// Fewest letters that a blended word shares with its family's, and has in all.
const SHARED_LETTERS: usize = 2;
const BLENDED_LETTERS: usize = 5;

/// The family of a word that is blended from the family's and another, with the version behind it: `Qwopus3.5` is Qwen 3.5, taught by
/// Opus. Two shared letters prove little: whoever asks has to find a base of that version and size.
#[must_use]
pub fn blended(name: &str) -> Option<Named> {
    tokens(name).iter().find_map(|token| {
        let letters = token.find(|c: char| !c.is_ascii_lowercase()).map_or(token.as_str(), |at| &token[..at]);
        let version = version(&token[letters.len()..])?;
        let shares = |house: &&House| {
            let word = house.word.text();
            word.len() > SHARED_LETTERS + 1 && word != letters && letters.starts_with(&word[..SHARED_LETTERS])
        };
        let family = vocabulary().families.houses.iter().filter(|_| letters.len() >= BLENDED_LETTERS).find(shares)?;
        Some(Named { family: family.word.text(), version: Some(version), kind: None, glued_tenths: None })
    })
}

/// The name without the words of a speciality, when it has any: `Qwen2.5-Coder-7B` was trained from `Qwen2.5-7B`, `codegemma-7b` from
/// `gemma-7b`.
#[must_use]
pub fn without_speciality(name: &str) -> Option<String> {
    let words = &vocabulary().families;
    let all = tokens(name);
    let mut kept: Vec<&str> = Vec::with_capacity(all.len());
    for token in all.iter() {
        if words.specialities.contains(&token.as_str()) {
            continue;
        }
        if let Some(family) = words.derived.get(token.as_str()) {
            kept.push(family.text());
            continue;
        }
        let plain = words
            .glued_specialities
            .iter()
            .find_map(|s| token.strip_prefix(s))
            .filter(|rest| words.houses.iter().any(|house| rest.starts_with(house.word.text())));
        kept.push(plain.unwrap_or(token));
    }
    (kept.len() != all.len() || kept.iter().zip(all.iter()).any(|(a, b)| *a != b.as_str())).then(|| kept.join("-"))
}

/// What tells the runs of a version apart: the size in tenths of a billion, a word in its place, or both; `size` is what the name says.
#[must_use]
pub fn sizes(named: &Named, size: Option<f64>) -> Vec<String> {
    #[allow(clippy::cast_possible_truncation)] // Bounded by the name reader: below 1e13.
    let tenths = size.map(|size| (size / 1e8).round() as i64).or(named.glued_tenths);
    named.kind.map(str::to_owned).into_iter().chain(tenths.map(|n| n.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str) -> Option<(&'static str, Option<String>)> {
        named(name).map(|n| (n.family, n.version))
    }

    #[test]
    fn families_and_versions_in_real_names() {
        for (name, family, version) in [
            ("Meta-Llama-3-8B", "llama", Some("3")),
            ("Llama-3.1-8B-Instruct", "llama", Some("3.1")),
            ("RYS-Llama3.1-Large", "llama", Some("3.1")),
            ("L3.1-8B-Stheno", "llama", Some("3.1")),
            ("Llama-2-7b-hf", "llama", Some("2")),
            ("Qwen2.5-7B", "qwen", Some("2.5")),
            ("Mistral-7B-v0.3", "mistral", None),
            ("OpenHermes-2.5-Mistral-7B", "mistral", None),
            ("gemma-2-9b-it", "gemma", Some("2")),
            ("Microsoft_Phi-4", "phi", Some("4")),
            ("MN-12B-Lyra", "mistral", None),
            ("Yi-1.5-34B-Chat", "yi", Some("1.5")),
            // Regression: what is glued behind a version took it away, so that Qwen2.5llamaify was made of Qwen.
            ("openbuddy-qwen2.5llamaify-14b", "qwen", Some("2.5")),
            ("typhoon2-qwen2vl-7b", "qwen", Some("2")),
            ("Moxoff-Phi3Mini-KTO", "phi", Some("3")),
            ("llama3.1-8b-x", "llama", Some("3.1")),
            ("mistral7b-x", "mistral", None),
            // Another model than Gemma 3.
            ("MasriSwitch-Gemma3n-Transcriber", "gemma", None),
        ] {
            assert_eq!(read(name), Some((family, version.map(str::to_owned))), "{name}");
        }
        for name in ["yield-7b", "phoenix-7b", "mistralic-7b", "bert-base-uncased", "optimus-7b"] {
            assert_eq!(read(name), None, "{name}");
        }
    }

    #[test]
    fn sizes_are_glued_in_billions_and_millions() {
        for (name, tenths) in [("mistral7b-x", Some(70)), ("Pythia410m-V0", Some(4)), ("qwen2vl-x", None), ("llama3-x", None)] {
            assert_eq!(named(name).and_then(|named| named.glued_tenths), tenths, "{name}");
        }
    }

    #[test]
    fn families_are_borrowed_by_other_namespaces_only() {
        let family = |owner, name| borrowed(owner, name).map(|n| n.family);
        assert_eq!(family("dnhkng", "RYS-Llama3.1-Large"), Some("llama"));
        assert_eq!(family("nex-agi", "DeepSeek-V3.1-Nex-N1"), Some("deepseek"));
        assert_eq!(family("facebook", "Self-taught-evaluator-llama3.1-70B"), Some("llama"));
        assert_eq!(family("meta-llama", "Meta-Llama-3-8B"), None);
        assert_eq!(family("TinyLlama", "TinyLlama-1.1B"), None);
    }

    #[test]
    fn words_end_in_a_family_they_are_made_of() {
        for name in ["datagemma-rig-27b-it", "t5gemma-xl", "CodeLlama-34b-Instruct", "BLOOMChat-OpenLlama2-7b"] {
            assert!(ends_in_a_family(name), "{name}");
        }
        for name in ["gemma-2-9b-it", "TinyLlama-1.1B-Chat", "Qwen3-8B", "Teuken-7B", "optimus-7b"] {
            assert!(!ends_in_a_family(name), "{name}");
        }
    }

    #[test]
    fn blends_have_a_version_behind_the_word() {
        let family = |name| blended(name).map(|n| (n.family, n.version.unwrap_or_default()));
        assert_eq!(family("Qwopus3.5-27B-v3"), Some(("qwen", "3.5".to_owned())));
        assert_eq!(family("Gemopus4-31B"), Some(("gemma", "4".to_owned())));
        for name in ["Qwen3.5-27B", "OLMoE-1B-7B", "pythia-1.4b", "Falcon3-7B", "granola-3b", "mn-12b"] {
            assert_eq!(family(name), None, "{name}");
        }
    }

    #[test]
    fn specialities_come_off() {
        assert_eq!(without_speciality("Qwen2.5-Coder-7B"), Some("qwen2.5-7b".into()));
        assert_eq!(without_speciality("codegemma-7b-it"), Some("gemma-7b-it".into()));
        assert_eq!(without_speciality("Qwen2.5-7B"), None);
    }

    #[test]
    fn runs_of_a_family_have_keys_of_their_own() {
        let read = |name: &str, size: Option<f64>| named(name).map(|n| (n.version.clone(), sizes(&n, size)));
        assert_eq!(read("Llama-3.1-8B", Some(8e9)), read("Llama-3.1-8B-Tuned", Some(8e9)));
        assert_ne!(read("Meta-Llama-3-8B", Some(8e9)), read("Llama-3.1-8B", Some(8e9)));
        assert_ne!(read("Phi-3-mini-4k-instruct", None), read("Phi-3-medium-4k-instruct", None));
        assert_eq!(read("archangel_sft-dpo_llama7b", None), Some((None, vec!["70".to_owned()])));
        assert_eq!(named("DeepSeek-R1-Distill-Qwen-7B").map(|n| n.family), Some("qwen"));
    }
}
