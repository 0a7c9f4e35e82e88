//! What the name of an architecture says of the families that use it.

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

/// Whether an architecture belongs to a family that organizations release and others fine-tune.
#[must_use]
pub fn is_family_architecture(architecture: &str) -> bool {
    FAMILY_ARCHITECTURES.contains(&architecture)
}

/// Whether a family architecture sees images through a language model of another name.
#[must_use]
pub fn is_vision_architecture(architecture: &str) -> bool {
    ["llava", "idefics", "mllama"].iter().any(|word| architecture.starts_with(word)) || architecture.ends_with("_vl")
}
