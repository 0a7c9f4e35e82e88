//! What name tokens say: variants of one run, packed formats, mirrors' namespaces.

/// Tokens that tell variants of one pre-training apart (METHOD.md section 2) and therefore do not belong to its stem.
const VARIANT: &[&str] = &[
    "instruct",
    "chat",
    "it",
    "base",
    "pt",
    "hf",
    "sft",
    "dpo",
    "rlhf",
    "rl",
    "grpo",
    "kto",
    "orpo",
    "thinking",
    "reasoning",
    "preview",
    "beta",
    "alpha",
    "latest",
    "final",
    "aligned",
    "rm",
    "reward",
    "zero",
    "dev",
];
/// Tokens of formats whose weights are packed or of lower precision than the original.
const QUANTIZED: &[&str] = &[
    "gptq",
    "awq",
    "gguf",
    "ggml",
    "exl2",
    "exl3",
    "hqq",
    "aqlm",
    "bnb",
    "int4",
    "int8",
    "4bit",
    "8bit",
    "3bit",
    "2bit",
    "5bit",
    "6bit",
    "w4a16",
    "w8a8",
    "w8a16",
    "fp8",
    "nvfp4",
    "mxfp4",
    "fp4",
    "nf4",
    "q4",
    "q8",
    "quantized",
    "gptqmodel",
    "autoround",
    "imatrix",
    "dynamic",
    "qat",
];
/// Tokens of formats that keep the weights.
const CONVERTED: &[&str] = &["mlx", "onnx", "openvino", "coreml", "ov", "fp16", "bf16", "fp32", "ct2", "tensorrt", "ggjt"];
/// Tokens of post-training: a repository that carries one is not the base of its family.
const POST_TRAINED: &[&str] = &[
    "instruct",
    "chat",
    "it",
    "sft",
    "dpo",
    "rlhf",
    "rl",
    "grpo",
    "kto",
    "orpo",
    "thinking",
    "reasoning",
    "aligned",
    "rm",
    "reward",
    "coder",
    "math",
];
/// Families by the word their names begin with, and the namespaces that pre-train them.
const FAMILIES: &[(&str, &[&str])] = &[
    ("llama", &["meta-llama", "huggyllama", "facebook"]),
    ("codellama", &["codellama", "meta-llama", "facebook"]),
    ("qwen", &["qwen"]),
    ("mistral", &["mistralai"]),
    ("mixtral", &["mistralai"]),
    ("ministral", &["mistralai"]),
    ("gemma", &["google"]),
    ("phi", &["microsoft"]),
    ("deepseek", &["deepseek-ai"]),
    ("falcon", &["tiiuae"]),
    ("yi", &["01-ai"]),
    ("glm", &["zai-org", "thudm"]),
    ("chatglm", &["zai-org", "thudm"]),
    ("kimi", &["moonshotai"]),
    ("internlm", &["internlm"]),
    ("olmo", &["allenai"]),
    ("pythia", &["eleutherai"]),
    ("bloom", &["bigscience"]),
    ("stablelm", &["stabilityai"]),
    ("mpt", &["mosaicml"]),
    ("guanaco", &[]),
    ("vicuna", &[]),
    ("alpaca", &[]),
];
/// Architectures whose pre-trainings above a billion parameters are the work of listed organizations.
const FAMILY_ARCHITECTURES: &[&str] = &[
    "llama",
    "mistral",
    "mixtral",
    "qwen",
    "qwen2",
    "qwen2_moe",
    "qwen3",
    "qwen3_moe",
    "qwen2_5_vl",
    "qwen2_vl",
    "gemma",
    "gemma2",
    "gemma3",
    "gemma3_text",
    "phi",
    "phi3",
    "phi-msft",
    "deepseek_v2",
    "deepseek_v3",
    "cohere",
    "cohere2",
    "falcon",
    "internlm2",
    "yi",
    "mllama",
    "llama4",
    "gpt_neox",
    "stablelm",
    "mpt",
    "glm4",
    "glm4_moe",
    "gpt_oss",
    "starcoder2",
    "llava",
    "llava_next",
    "idefics3",
];
/// Namespaces that exist to re-upload others' weights.
const MIRRORS: &[&str] = &[
    "unsloth",
    "nousresearch",
    "thebloke",
    "huggyllama",
    "mlx-community",
    "bartowski",
    "mradermacher",
    "lmstudio-community",
    "maziyarpanahi",
    "quantfactory",
    "mistral-community",
    "redhatai",
    "neuralmagic",
    "second-state",
    "alpindale",
    "solidrust",
    "ggml-org",
    "onnx-community",
    "lucyknada",
    "cyankiwi",
    "quanttrio",
    "meta-llama-mirror",
];
/// Organizations under which the Hub keeps the models that once had no namespace (`bert-base-uncased`).
pub const CANONICAL_OWNERS: &[&str] =
    &["google-bert", "openai-community", "facebookai", "google-t5", "distilbert", "albert", "xlnet", "transfo-xl", "almanach"];

/// Tokens of a repository name, lower case.
#[must_use]
pub fn tokens(name: &str) -> Vec<String> {
    name.split(['-', '_', ' ']).filter(|t| !t.is_empty()).map(str::to_lowercase).collect()
}

/// Dates as people append them: 0528, 2507, 20240611, 240611.
fn is_date(token: &str) -> bool {
    [4, 6, 8].contains(&token.len()) && token.bytes().all(|b| b.is_ascii_digit())
}

/// Context lengths (`32k`, `128K`): variants of one pre-training.
fn is_context_length(token: &str) -> bool {
    token.strip_suffix('k').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// Minor versions (`v0.1`, `v1.1`): repositories of one pre-training. A whole version (`v2`) is another model.
fn is_minor_version(token: &str) -> bool {
    token.strip_prefix('v').is_some_and(|rest| rest.contains('.') && rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}

/// The stem that variants of one pre-training share.
#[must_use]
pub fn stem(name: &str) -> String {
    let kept: Vec<String> = tokens(name)
        .into_iter()
        .filter(|t| {
            let t = t.as_str();
            !(VARIANT.contains(&t)
                || QUANTIZED.contains(&t)
                || CONVERTED.contains(&t)
                || is_date(t)
                || is_minor_version(t)
                || is_context_length(t))
        })
        .collect();
    kept.join("-")
}

/// The name without format tokens: what a mirror or a quantizer copied.
#[must_use]
pub fn without_format(name: &str) -> String {
    let kept: Vec<String> = tokens(name)
        .into_iter()
        .filter(|t| {
            let t = t.as_str();
            !(QUANTIZED.contains(&t) || CONVERTED.contains(&t) || t == "hf" || t == "128g" || t == "32g")
        })
        .collect();
    kept.join("-")
}

/// Whether a token says the weights are packed.
#[must_use]
pub fn names_quantization(name: &str) -> bool {
    tokens(name).iter().any(|t| QUANTIZED.contains(&t.as_str()) && t != "dynamic" && t != "qat")
}

/// Whether a token says only the format changed.
#[must_use]
pub fn names_conversion(name: &str) -> bool {
    tokens(name).iter().any(|t| CONVERTED.contains(&t.as_str()))
}

/// Whether a token says the weights were post-trained.
#[must_use]
pub fn names_post_training(name: &str) -> bool {
    tokens(name).iter().any(|t| POST_TRAINED.contains(&t.as_str()))
}

/// The family another namespace's name begins a token with (`RYS-Llama3.1-Large`, `Microsoft_Phi-4`), if the owner is not its home.
#[must_use]
pub fn borrowed_family(owner: &str, name: &str) -> Option<&'static str> {
    let owner = owner.to_lowercase();
    let tokens = tokens(name);
    FAMILIES
        .iter()
        .find(|(family, homes)| {
            // At home a name that begins with the family is the family; "Self-taught-evaluator-llama3.1" is not.
            let at_home = homes.contains(&owner.as_str()) && tokens.first().is_some_and(|t| t.starts_with(family));
            !at_home
                && tokens
                    .iter()
                    .any(|t| t.strip_prefix(family).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic())))
        })
        .map(|(family, _)| *family)
}

/// Whether an architecture belongs to a family that organizations release and others fine-tune.
#[must_use]
pub fn is_family_architecture(architecture: &str) -> bool {
    FAMILY_ARCHITECTURES.contains(&architecture)
}

/// Whether a token says that the model scores answers: a reward model starts from a language model.
#[must_use]
pub fn names_reward_model(name: &str) -> bool {
    tokens(name).iter().any(|t| t == "rm" || t == "reward" || t == "prm" || t == "orm")
}

/// Whether a namespace re-uploads others' weights.
#[must_use]
pub fn is_mirror(owner: &str) -> bool {
    MIRRORS.contains(&owner.to_lowercase().as_str())
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
    fn families_are_borrowed_by_other_namespaces_only() {
        assert_eq!(borrowed_family("dnhkng", "RYS-Llama3.1-Large"), Some("llama"));
        assert_eq!(borrowed_family("NyxKrage", "Microsoft_Phi-4"), Some("phi"));
        assert_eq!(borrowed_family("nex-agi", "DeepSeek-V3.1-Nex-N1"), Some("deepseek"));
        assert_eq!(borrowed_family("facebook", "Self-taught-evaluator-llama3.1-70B"), Some("llama"));
        assert_eq!(borrowed_family("meta-llama", "Llama-3.1-8B"), None);
        for (owner, name) in [("x", "yield-7b"), ("x", "phoenix-7b"), ("TinyLlama", "TinyLlama-1.1B"), ("x", "mistralic-7b")] {
            assert_eq!(borrowed_family(owner, name), None, "{name}");
        }
        assert!(names_reward_model("AceMath-72B-RM") && !names_reward_model("armor-7b"));
    }

    #[test]
    fn formats_are_seen_as_whole_tokens() {
        assert!(names_quantization("Llama-2-7B-GPTQ") && names_quantization("x-bnb-4bit"));
        assert!(!names_quantization("gptqueen-7b"));
        assert!(names_conversion("whisper-small-onnx"));
        assert_eq!(without_format("Llama-2-7B-Chat-AWQ"), "llama-2-7b-chat");
    }
}
