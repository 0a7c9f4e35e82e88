//! What a name keeps once words that do not tell models apart are taken away.

use super::formats::{before_file_format, is_of_quantization};
use super::tokens::{Token, is_context_length, is_date, is_minor_version, is_token_count, tokens};
use crate::lineage::vocabulary::vocabulary;

/// The stem that variants of one pre-training share.
#[must_use]
pub fn stem(name: &str) -> String {
    variants_aside(name, is_minor_version)
}

/// The same with minor versions, by which a house tells its models apart (`DeepSeek-V3.2`).
#[must_use]
pub fn stem_with_version(name: &str) -> String {
    variants_aside(name, |_| false)
}

/// What the releases of one line share, and the minor version of this one: `glm-5` and 3 of `GLM-5.3`, `deepseek-v4-flash` and 1 of
/// `DeepSeek-V4.1-Flash`. None without a version.
#[must_use]
pub fn line_and_version(name: &str) -> Option<(String, u32)> {
    let (mut minor, mut is_versioned) = (0, false);
    let line: Vec<String> = stem_with_version(name)
        .split('-')
        .map(|word| {
            let Some((major, point)) = version(word).filter(|_| !is_versioned) else { return word.to_owned() };
            (minor, is_versioned) = (point, true);
            major.to_owned()
        })
        .collect();
    is_versioned.then(|| (line.join("-"), minor))
}

/// The first word with a version of a name, less the letters: `5.3` of `GLM-5.3`, `3` of `v3.0`.
#[must_use]
pub fn version_of_line(name: &str) -> Option<(u32, u32)> {
    tokens(name).iter().find_map(|word| {
        let (major, minor) = version(word)?;
        Some((major.trim_start_matches(|c: char| c.is_ascii_alphabetic()).parse().ok()?, minor))
    })
}

/// The major version with what stands before it, and the minor one, of `5`, `k2.6`, `v4.1`, `qwen3.8`; a size is none.
fn version(word: &str) -> Option<(&str, u32)> {
    let (major, minor) = word.split_once('.').unwrap_or((word, "0"));
    let digits = major.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let is_major = (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let is_minor = (1..=2).contains(&minor.len()) && minor.bytes().all(|b| b.is_ascii_digit());
    (is_major && is_minor).then(|| minor.parse().ok()).flatten().map(|minor| (major, minor))
}

fn variants_aside(name: &str, is_aside: fn(&str) -> bool) -> String {
    let words = &vocabulary().tokens;
    words_without(name, |t| {
        words.variants.contains(&t)
            || is_of_quantization(t)
            || words.converted.contains(&t)
            || is_date(t)
            || is_aside(t)
            || is_token_count(t)
            || is_context_length(t)
    })
}

/// The words of a name that are not aside.
fn words_without(name: &str, is_aside: impl Fn(&str) -> bool) -> String {
    let tokens = tokens(name);
    let kept: Vec<&str> = tokens.iter().map(Token::as_str).filter(|t| !is_aside(t)).collect();
    kept.join("-")
}

/// Words of a name beside the first, its versions, sizes, dates and formats, and what calls it a base: 0 of `Qwen2.5-72B`, `Meta-Llama-3-8B` and
/// `gemma-3-27b-pt`, 1 of `Llama-4-Scout-17B-16E`.
#[must_use]
pub fn words_beside_numbers(name: &str) -> usize {
    let words = &vocabulary().tokens;
    let tokens = tokens(name);
    let is_number = |t: &str| t.contains(|c: char| c.is_ascii_digit());
    let is_plain = |t: &str| words.quantized.contains(&t) || words.converted.contains(&t) || matches!(t, "base" | "pt" | "meta");
    let told = tokens.iter().filter(|t| !is_number(t) && !is_plain(t)).count();
    // The family's own word, unless its version is glued to it.
    told.saturating_sub(usize::from(!tokens.first().is_some_and(|t| is_number(t))))
}

/// The name without format tokens: what a mirror or a quantizer copied.
#[must_use]
pub fn without_format(name: &str) -> String {
    let words = &vocabulary().tokens;
    let is_format = |t: &str| {
        is_of_quantization(t) || words.converted.contains(&t) || words.handed_on.contains(&t) || words.groups.contains(&t)
    };
    let tokens = tokens(name);
    let kept: Vec<&str> = before_file_format(&tokens).iter().map(Token::as_str).filter(|t| !is_format(t)).collect();
    kept.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_share_a_stem_and_models_do_not() {
        for (a, b) in [
            ("Llama-3.1-8B", "Llama-3.1-8B-Instruct"),
            ("Qwen3-235B-A22B", "Qwen3-235B-A22B-Thinking-2507"),
            ("GLM-5", "GLM-5-FP8"),
            ("DeepSeek-R1", "DeepSeek-R1-0528"),
            ("Mistral-7B-v0.1", "Mistral-7B-Instruct-v0.2"),
            ("Yi-1.5-34B", "Yi-1.5-34B-Chat-16K"),
        ] {
            assert_eq!(stem(a), stem(b), "{a} {b}");
        }
        for (a, b) in [
            ("bert-base-uncased", "bert-base-cased"),
            ("whisper-large-v2", "whisper-large-v3"),
            ("Llama-2-7b-hf", "Mistral-7B-v0.1"),
            ("pythia-1.4b", "pythia-1.4b-deduped"),
            ("stable-diffusion-xl-base-1.0", "stable-diffusion-xl-refiner-1.0"),
        ] {
            assert_ne!(stem(a), stem(b), "{a} {b}");
        }
    }

    #[test]
    fn checkpoints_of_one_run_share_a_stem() {
        assert_eq!(stem("TinyLlama-1.1B-intermediate-step-1431k-3T"), stem("TinyLlama-1.1B-Chat-v1.0"));
        assert_ne!(stem("stablelm-3b-4e1t"), stem("stablelm-base-alpha-3b"));
    }

    #[test]
    fn releases_of_a_line_differ_in_their_minor_version() {
        for (name, line, minor) in [
            ("GLM-5.3", "glm-5", 3),
            ("GLM-5", "glm-5", 0),
            ("Kimi-K2.6", "kimi-k2", 6),
            ("DeepSeek-V4.1-Flash", "deepseek-v4-flash", 1),
            // "step" is also a word of checkpoints, which a stem lacks.
            ("Step-3.7-Flash", "3-flash", 7),
            ("Qwen3.8-27B", "qwen3-27b", 8),
            ("granite-4.2-30b", "granite-4-30b", 2),
            ("Phi-4", "phi-4", 0),
        ] {
            assert_eq!(line_and_version(name), Some((line.to_owned(), minor)), "{name}");
        }
        for name in ["TinyLlama-1.1B", "falcon-7b", "bert-base-uncased"] {
            assert_eq!(line_and_version(name), None, "{name}");
        }
    }

    #[test]
    fn words_beside_versions_and_sizes() {
        for (name, words) in [
            ("Qwen2.5-72B", 0),
            ("Meta-Llama-3-8B", 0),
            ("gemma-3-27b-pt", 0),
            ("grok-2", 0),
            ("Qwen3-235B-A22B", 0),
            ("Llama-4-Scout-17B-16E", 1),
            ("Qwen2.5-Coder-7B", 1),
            ("Mistral-Large-Instruct-2407", 2),
        ] {
            assert_eq!(words_beside_numbers(name), words, "{name}");
        }
    }

    #[test]
    fn words_of_formats_come_off() {
        assert_eq!(without_format("Llama-2-7B-Chat-AWQ"), "llama-2-7b-chat");
        assert_eq!(without_format("Boulesis-26B-A4B-9bit"), "boulesis-26b-a4b");
        assert_eq!(without_format("DepthPro-Safetensors"), "depthpro");
        // In front of a name it may be anything.
        assert_eq!(without_format("torch-model-2"), "torch-model-2");
    }
}
