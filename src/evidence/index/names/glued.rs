//! Sizes glued to the name of a family: `Mistral7B`, `opt2.7b`, `yoav_gpt_neo1.3B`.

use super::hashes::is_in_hash;
use super::underscores::is_a_family;
use super::{NameSize, Word, decimal};

/// First digits that may be a version of the family: "llama27b" is Llama 2 with 7 billion or a model with 27.
const VERSIONS: &[char] = &['2', '3', '4'];

/// The size glued to a family's name, where one word of the name has one and it can be read in one way. Of the 28 of a wide list whose weights are counted 27 are right to a tenth;
/// the other names two models. Behind other letters a number is as often a version, a task or data (`yolov10b`, `task4b`, `laion2b`).
pub(super) fn glued_to_a_family(words: &[Word<'_>]) -> Option<NameSize> {
    let mut found =
        (0..words.len()).filter(|at| !is_in_hash(words, *at)).filter_map(|at| Some((words[at].text, billions(words[at].text)?)));
    let (text, total) = found.next()?;
    found.next().is_none().then(|| NameSize {
        total: Some(total),
        active: None,
        as_written: text.to_owned(),
        from_expert_layout: false,
    })
}

fn billions(text: &str) -> Option<f64> {
    let rest = text.strip_suffix(['B', 'b'])?;
    let letters = rest.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = rest.get(letters.len()..).filter(|n| !n.starts_with('0') || n.starts_with("0."))?;
    let whole = number.split('.').next().unwrap_or_default();
    let is_two_numbers = whole.len() == 2 && whole.starts_with(VERSIONS) && !whole.ends_with('0');
    let is_size = whole.len() <= 2 && !is_two_numbers && is_a_family(&letters.to_ascii_lowercase());
    decimal(number).filter(|_| is_size).map(|n| n * 1e9)
}

#[cfg(test)]
mod tests {
    use crate::evidence::index::names::size;

    #[test]
    fn sizes_behind_a_family() {
        for (id, billions) in [
            ("UCLA-AGI/Mistral7B-PairRM-SPPO", 7.0),
            ("danurahul/yoav_gpt_neo1.3B_delimiter", 1.3),
            ("a/opt2.7b-tuned", 2.7),
            ("ContextualAI/archangel_sft-dpo_llama13b", 13.0),
            ("Youlln/ECE-Qwen0.5B-FT-V2", 0.5),
            ("titan087/OpenLlama13B-Guanaco", 13.0),
            ("koreallmdev/deepseek70b-7816-merged-bf16", 70.0),
        ] {
            assert_eq!(size(id).and_then(|s| s.total), Some(billions * 1e9), "{id}");
        }
    }

    /// Versions and sizes in one number, versions of detectors, tasks, data, two models, digits of a hash.
    #[test]
    fn letters_before_a_number_that_is_no_size() {
        for id in [
            "a/llama27b-chat",
            "a/gemma29b",
            "jameslahm/yolov10b",
            "JazibEijaz/bert-base-uncased-finetuned-semeval2020-task4b",
            "timm/convnext_base.clip_laion2b_augreg_ft_in12k_in1k_384",
            "bigscience/tr11b-logs",
            "sultan/BioM-ELECTRA-Base-SQuAD2-BioASQ8B",
            "a/deepseek_llama7b_on_pythia1b",
            "bingbangboom/Qwen3006B-transcriber-beta",
            "merve/skops-card-b608657b-540d-427e-9a4b-b5498fcde383",
        ] {
            assert_eq!(size(id).and_then(|s| s.total), None, "{id}");
        }
    }
}
