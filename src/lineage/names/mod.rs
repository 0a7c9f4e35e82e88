//! What name tokens say: variants of one run, packed formats, mirrors' namespaces.

/// Tokens that tell variants of one pre-training apart (METHOD.md section 2) and therefore do not belong to its stem.
const VARIANT: &[&str] = &[
    "meta",
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
    "think",
    "thinking",
    "reasoning",
    "rlvr",
    "rlvr1",
    "rlvr2",
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
    "mt",
    "intermediate",
    "step",
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
    "qad",
    "quanto",
    "smashed",
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
    "think",
    "thinking",
    "rlvr",
    "rlvr1",
    "rlvr2",
    "reasoning",
    "aligned",
    "rm",
    "reward",
    "distill",
    "distilled",
    "reasoner",
    "flan",
    "bloomz",
    "mt0",
];
/// Tokens of data sets and tasks that models are fine-tuned on, where nothing else says so.
const TASKS: &[&str] = &[
    "ner",
    "pos",
    "qa",
    "squad",
    "squad2",
    "docvqa",
    "cnn",
    "xsum",
    "samsum",
    "summarization",
    "mnli",
    "nli",
    "sst",
    "sst2",
    "mrpc",
    "stsb",
    "emotion",
    "emotions",
    "sentiment",
    "detector",
    "classifier",
    "classification",
    "toxicity",
    "toxic",
    "paraphrase",
    "paraphraser",
    "finetuned",
    "finetune",
    "tuned",
    "ft",
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
/// Tokens of repositories that continue a pre-training, where the family's name is another's or a link is stated.
const CONTINUED: &[&str] = &["base", "sheared", "minitron", "prolong", "yarn", "pose", "cpt", "longlora", "pretrain", "pretrained"];
/// Tokens of merged weights.
const MERGED: &[&str] = &[
    "merge",
    "merged",
    "slerp",
    "ties",
    "dare",
    "della",
    "frankenmerge",
    "passthrough",
    "franken",
    "mergekit",
    "linear",
    "breadcrumbs",
    "rys",
    "upscaled",
    "upscale",
    "stacked",
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
    "llava-hf",
    "meta-llama-mirror",
];
/// Organizations under which the Hub keeps the models that once had no namespace (`bert-base-uncased`).
pub const CANONICAL_OWNERS: &[&str] =
    &["google-bert", "openai-community", "facebookai", "google-t5", "distilbert", "albert", "xlnet", "transfo-xl", "almanach"];

/// Tokens of a repository name, lower case. A version written with an underscore (`llama-3_1`, `internlm2_5`) is one.
#[must_use]
pub fn tokens(name: &str) -> Vec<String> {
    let bytes = name.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let alphanumeric = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let is_point = |at: usize| {
        let alone = at >= 1 && digit(at - 1) && !(at >= 2 && digit(at - 2));
        bytes[at] == b'_' && alone && digit(at + 1) && !alphanumeric(at + 2)
    };
    let mut tokens = vec![String::new()];
    for (at, c) in name.char_indices() {
        match (c, tokens.last_mut()) {
            ('_', Some(token)) if is_point(at) => token.push('.'),
            ('-' | '_' | ' ', _) => tokens.push(String::new()),
            (_, Some(token)) => token.extend(c.to_lowercase()),
            (_, None) => {}
        }
    }
    tokens.retain(|t| !t.is_empty());
    tokens
}

/// Dates as people append them: 0528, 2507, 20240611, 240611.
fn is_date(token: &str) -> bool {
    [4, 6, 8].contains(&token.len()) && token.bytes().all(|b| b.is_ascii_digit())
}

/// Context lengths (`32k`, `128K`): variants of one pre-training.
fn is_context_length(token: &str) -> bool {
    token.strip_suffix('k').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// Tokens seen (`3T`), as checkpoints of one run are named by.
fn is_token_count(token: &str) -> bool {
    token.strip_suffix('t').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
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
                || is_token_count(t)
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
    tokens(name).iter().any(|t| QUANTIZED.contains(&t.as_str()) && !["dynamic", "qat", "qad"].contains(&t.as_str()))
}

/// Whether a token says only the format changed. A data type in a name (`bf16`) says so only beside a base: authors of fine-tunes name
/// theirs, too.
#[must_use]
pub fn names_conversion(name: &str, has_base: bool) -> bool {
    let is_dtype = |t: &str| ["fp16", "bf16", "fp32"].contains(&t);
    tokens(name).iter().any(|t| CONVERTED.contains(&t.as_str()) && (has_base || !is_dtype(t)))
}

/// Whether a token says that this is the base of its family (`-Base`, `-pt`).
#[must_use]
pub fn is_base_of_family(name: &str) -> bool {
    tokens(name).iter().any(|t| t == "base" || t == "pt" || t == "pretrain") && !names_post_training(name)
}

/// Whether a token states a context length.
#[must_use]
pub fn names_context_length(name: &str) -> bool {
    tokens(name).iter().any(|t| is_context_length(t))
}

/// Whether the name is that of a base trained further on longer texts (`Yi-34B-200K`).
#[must_use]
pub fn names_longer_context(name: &str) -> bool {
    names_context_length(name) && !names_post_training(name)
}

/// Whether a token says the weights were post-trained.
#[must_use]
pub fn names_post_training(name: &str) -> bool {
    tokens(name).iter().any(|t| POST_TRAINED.contains(&t.as_str()))
}

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

/// Whether `name` is `other` with nothing more than format tokens: `Llama-2-7b-hf` of `Llama-2-7b`.
#[must_use]
pub fn names_conversion_of(name: &str, other: &str) -> bool {
    let (a, b) = (tokens(name), tokens(other));
    let is_format = |t: &String| CONVERTED.contains(&t.as_str()) || t == "hf";
    a.len() > b.len() && a.iter().filter(|t| !is_format(t)).eq(b.iter()) && a.iter().any(is_format)
}

/// Whether the name is that of a format in which a house or a stranger hands weights on (`OLMo-1B-hf`).
#[must_use]
pub fn names_another_format(name: &str) -> bool {
    tokens(name).last().is_some_and(|t| t == "hf")
}

/// Whether a token says that the files are an adapter's.
#[must_use]
pub fn names_adapter(name: &str) -> bool {
    tokens(name).iter().any(|t| ["adapter", "adapters", "lora", "loras"].contains(&t.as_str()))
}

/// Whether a token is of a task, a data set or a kind of post-training.
#[must_use]
pub fn names_task_or_post_training(name: &str) -> bool {
    names_task(name) || names_post_training(name)
}

/// Whether a token says that the model is a base, without one that says that it was post-trained.
#[must_use]
pub fn names_base(name: &str) -> bool {
    // "base" is also a size: roberta-base-squad2.
    tokens(name).iter().any(|t| CONTINUED.contains(&t.as_str())) && !names_task_or_post_training(name)
}

/// Stage of a post-training by the name: `-SFT`, `-DPO`, `-Thinking`; a release whose name says no more is a chat release.
#[must_use]
pub fn post_training_stage(model_id: &str) -> &'static str {
    let name = model_id.rsplit('/').next().unwrap_or(model_id);
    let tokens = tokens(name);
    let has = |words: &[&str]| tokens.iter().any(|t| words.contains(&t.as_str()));
    if has(&["distill", "distilled"]) {
        "reasoning_distillation"
    } else if has(&["thinking", "think", "reasoning", "reasoner", "r1", "qwq", "grpo", "rl", "rlvr", "zero"]) {
        "long_rl"
    } else if has(&["dpo", "kto", "orpo", "simpo", "rlhf", "ppo", "rm", "reward"]) {
        "preference"
    } else if has(&["sft"]) {
        "sft"
    } else {
        "chat_release"
    }
}

/// Whether a token names a task or data set of fine-tuning.
#[must_use]
pub fn names_task(name: &str) -> bool {
    tokens(name).iter().any(|t| TASKS.contains(&t.as_str()))
}

/// Whether tokens say that the weights were merged.
#[must_use]
pub fn names_merge(name: &str) -> bool {
    tokens(name).iter().any(|t| MERGED.contains(&t.as_str()))
}

/// Words that two names share.
#[must_use]
pub fn shared_words(a: &str, b: &str) -> usize {
    let b = tokens(b);
    tokens(a).iter().filter(|t| b.contains(t)).count()
}

/// Whether a token says that the model scores answers: a reward model starts from a language model.
#[must_use]
pub fn names_reward_model(name: &str) -> bool {
    tokens(name).iter().any(|t| ["rm", "reward", "prm", "orm", "cost"].contains(&t.as_str()))
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
    fn versions_with_an_underscore_are_one_token() {
        assert_eq!(tokens("naps-llama-3_1-instruct"), ["naps", "llama", "3.1", "instruct"]);
        assert_eq!(tokens("internlm2_5-20b-chat"), ["internlm2.5", "20b", "chat"]);
        assert_eq!(tokens("chemeng_16_4_100_1_x"), ["chemeng", "16", "4", "100", "1", "x"]);
        assert_eq!(tokens("Llama_3_8b"), ["llama", "3", "8b"]);
        assert_eq!(stem("TinyLlama-1.1B-intermediate-step-1431k-3T"), stem("TinyLlama-1.1B-Chat-v1.0"));
        assert_ne!(stem("stablelm-3b-4e1t"), stem("stablelm-base-alpha-3b"));
    }

    #[test]
    fn formats_are_seen_as_whole_tokens() {
        assert!(names_quantization("Llama-2-7B-GPTQ") && names_quantization("x-bnb-4bit"));
        assert!(!names_quantization("gptqueen-7b"));
        assert!(names_conversion("whisper-small-onnx", false));
        assert!(names_conversion("x-7b-bf16", true) && !names_conversion("una-cybertron-7b-v2-bf16", false));
        assert_eq!(without_format("Llama-2-7B-Chat-AWQ"), "llama-2-7b-chat");
    }
}
