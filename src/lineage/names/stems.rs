//! What a name keeps once words that do not tell models apart are taken away.

use super::tokens::{is_context_length, is_date, is_minor_version, is_token_count, tokens};
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

fn variants_aside(name: &str, is_aside: fn(&str) -> bool) -> String {
    let words = &vocabulary().tokens;
    let kept: Vec<String> = tokens(name)
        .iter()
        .filter(|t| {
            let t = t.as_str();
            !(words.variants.contains(&t)
                || words.quantized.contains(&t)
                || words.converted.contains(&t)
                || is_date(t)
                || is_aside(t)
                || is_token_count(t)
                || is_context_length(t))
        })
        .cloned()
        .collect();
    kept.join("-")
}

/// The name without format tokens: what a mirror or a quantizer copied.
#[must_use]
pub fn without_format(name: &str) -> String {
    let words = &vocabulary().tokens;
    let kept: Vec<String> = tokens(name)
        .iter()
        .filter(|t| {
            let t = t.as_str();
            !(words.quantized.contains(&t)
                || words.converted.contains(&t)
                || words.handed_on.contains(&t)
                || words.groups.contains(&t))
        })
        .cloned()
        .collect();
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
    fn words_of_formats_come_off() {
        assert_eq!(without_format("Llama-2-7B-Chat-AWQ"), "llama-2-7b-chat");
    }
}
