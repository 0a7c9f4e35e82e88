//! What a name says of the format of the weights: packed, converted, an adapter's.

use super::tokens::{Token, tokens};
use crate::lineage::vocabulary::vocabulary;

/// Whether a token says the weights are packed.
#[must_use]
pub fn says_quantized(name: &str) -> bool {
    let words = &vocabulary().tokens;
    let all = tokens(name);
    let says = |t: &Token| is_of_quantization(t) && !words.not_quantized_alone.contains(&t.as_str());
    // "Llama-8B-4-bit".
    let is_pair = |pair: &[Token]| {
        matches!(pair[1].as_str(), "bit" | "bits") && pair[0].parse::<u32>().is_ok_and(|n| PACKED.contains(&f64::from(n)))
    };
    all.iter().any(says) || all.windows(2).any(is_pair)
}

/// Bits of a weight that was packed. Whose weights have fewer was trained with them: `Falcon3-7B-Instruct-1.58bit`, of a network of three values.
const PACKED: std::ops::RangeInclusive<f64> = 2.0..=9.0;

/// Whether a token is a word of packed weights, or tells the bits of one: `6bit`, `2.9bit`, `4bits`, `6.0bpw`. Of 40 names of a wide list with
/// bits that no list has, 33 were guessed to be fine-tunes and are packed; three were trained with them (EdgeRazor).
pub(super) fn is_of_quantization(token: &str) -> bool {
    let bits = token.strip_suffix("bits").or_else(|| token.strip_suffix("bit"));
    let is_packed =
        bits.is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit()) && n.parse().is_ok_and(|n: f64| PACKED.contains(&n)));
    // An underscore before it may have been read as a point: "exl3_4.0bpw".
    let per_weight = || token.strip_suffix("bpw").is_some_and(|n| n.ends_with(|c: char| c.is_ascii_digit()));
    vocabulary().tokens.quantized.contains(&token) || is_packed || per_weight()
}

/// Whether a token says only the format changed. A data type in a name (`bf16`) says so only beside a base: authors of fine-tunes name
/// theirs, too.
#[must_use]
pub fn says_converted(name: &str, has_base: bool) -> bool {
    let words = &vocabulary().tokens;
    let all = tokens(name);
    let is_pair = |pair: &[Token]| words.converted_pairs.iter().any(|known| known.split(' ').eq(pair.iter().map(Token::as_str)));
    all.iter().any(|t| words.converted.contains(&t.as_str()) && (has_base || !words.number_formats.contains(&t.as_str())))
        || all.windows(2).any(is_pair)
}

/// Whether `name` is `other` with nothing more than format tokens: `Llama-2-7b-hf` of `Llama-2-7b`.
#[must_use]
pub fn is_conversion_of(name: &str, other: &str) -> bool {
    let (a, b) = (tokens(name), tokens(other));
    let words = &vocabulary().tokens;
    let is_format = |t: &Token| words.converted.contains(&t.as_str()) || words.handed_on.contains(&t.as_str());
    let kept = before_file_format(&a);
    let says = kept.len() < a.len() || kept.iter().any(is_format);
    says && a.len() > b.len() && kept.iter().filter(|t| !is_format(t)).eq(b.iter())
}

/// Tokens without a file format or a framework at their end.
pub(super) fn before_file_format(tokens: &[Token]) -> &[Token] {
    match tokens.split_last() {
        Some((last, rest)) if !rest.is_empty() && vocabulary().tokens.file_formats.contains(&last.as_str()) => rest,
        _ => tokens,
    }
}

/// Whether a name ends in a file format or a framework (`bark-safetensors`, `t5-small-pytorch`).
#[must_use]
pub fn ends_in_a_file_format(name: &str) -> bool {
    let all = tokens(name);
    before_file_format(&all).len() < all.len()
}

/// Whether the name is that of a format in which a house or a stranger hands weights on (`OLMo-1B-hf`).
#[must_use]
pub fn says_another_format(name: &str) -> bool {
    tokens(name).last().is_some_and(|t| vocabulary().tokens.handed_on.contains(&t.as_str()))
}

/// Whether a token says that the files are an adapter's.
#[must_use]
pub fn says_adapter(name: &str) -> bool {
    tokens(name).iter().any(|t| vocabulary().tokens.adapters.contains(&t.as_str()))
}

/// Whether a token says that the files are those of a low-rank adapter, and none that it was put into the weights.
#[must_use]
pub fn says_low_rank_adapter(name: &str) -> bool {
    let words = &vocabulary().tokens;
    let all = tokens(name);
    let has = |list: &[&str]| all.iter().any(|t| list.contains(&t.as_str()));
    has(&words.low_rank_adapters) && !has(&words.put_into_the_weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression: of 265 names of the wide list with such a word 121 were fine-tunes, 70 t in the mean.
    #[test]
    fn low_rank_adapters_by_their_name() {
        for name in ["Alpaca-LoRA-65B-elina", "super-cereal-sdxl-lora", "llama-2-70b-guanaco-qlora", "iroiro-lora"] {
            assert!(says_low_rank_adapter(name), "{name}");
        }
        for name in
            ["chimera-beta-test2-lora-merged", "gpt4-alpaca-lora_mlp-65B-HF", "DialoGPT-medium-dora", "LoRaWAN-net", "lorax"]
        {
            assert!(!says_low_rank_adapter(name), "{name}");
        }
    }

    /// Regression: copies packed at bits that no list had were fine-tunes, among them of models of 295 billion parameters.
    #[test]
    fn bits_of_a_weight_say_that_it_is_packed() {
        for name in [
            "Hy3-295B-A21B-prismaquant-gridbook-2.9bit-vllm",
            "Boulesis-26B-A4B-9bit",
            "Kimi-K3-Cubic-2.5Bit",
            "NVIDIA-Nemotron-Nano-9B-v2-4bits",
            "Luffy-DeepSeek-R1-Distill-Llama-8B-4-bit",
            "Llama-3_3-Nemotron-Super-49B-v1_5_exl3_4.0bpw_H6",
            "MiniMax-M2.7-PrismaQuant-3.20bit-vllm",
        ] {
            assert!(says_quantized(name), "{name}");
        }
        // Trained with three values, numbers of a hash, of a game and of words, types of numbers.
        for name in [
            "Falcon3-7B-Instruct-1.58bit",
            "OLMo-Bitnet-1B",
            "x-16bit",
            "rabbit-7b",
            "orbit-3-bitter",
            "8-bitnet",
            "infbit",
            "bpw-7b",
        ] {
            assert!(!says_quantized(name), "{name}");
        }
    }

    #[test]
    fn formats_are_seen_as_whole_tokens() {
        assert!(says_quantized("Llama-2-7B-GPTQ") && says_quantized("x-bnb-4bit"));
        assert!(!says_quantized("gptqueen-7b"));
        // Regression: 62 of RedHatAI's packed models, whose word for it has a point, were fine-tunes or copies by likelihood.
        assert!(says_quantized("Llama-3.2-1B-Instruct-quantized.w8a8") && says_quantized("DeepSeek-R1-quantized.w4a16"));
        assert!(says_converted("whisper-small-onnx", false));
        // Regression: CTranslate2's Whisper, and the copies of ERNIE for Paddle (745 t in the mean), were trainings.
        assert!(says_converted("faster-whisper-large-v3-russian", false) && says_converted("ERNIE-4.5-300B-A47B-Paddle", false));
        assert!(!says_converted("faster-rcnn", false) && !says_converted("whisper-faster", false));
        assert!(says_converted("x-7b-bf16", true) && !says_converted("una-cybertron-7b-v2-bf16", false));
    }

    /// Regression: GitMylo/bark-safetensors was a training of its own, 600 kg in the mean.
    #[test]
    fn a_file_format_at_the_end_is_no_part_of_the_name() {
        for (name, other) in [
            ("bark-safetensors", "bark"),
            ("csm-1b-safetensors", "csm-1b"),
            ("DepthPro-Safetensors", "DepthPro"),
            ("t5-small-pytorch", "t5-small"),
            ("Llama-3.2-1B-flax", "Llama-3.2-1B"),
        ] {
            assert!(is_conversion_of(name, other) && ends_in_a_file_format(name), "{name}");
        }
        for (name, other) in [
            ("wav2vec2-german-flax", "wav2vec2"),
            ("pytorch-resnet34", "resnet34"),
            ("torch-model-2", "model-2"),
            ("safetensors", ""),
            ("m2m100-12B-last-ckpt", "m2m100-12B-last"),
            ("gemma-3-12b-pt", "gemma-3-12b"),
        ] {
            assert!(!is_conversion_of(name, other), "{name}");
        }
        assert!(!ends_in_a_file_format("pytorch-resnet34") && !ends_in_a_file_format("torch"));
    }
}
