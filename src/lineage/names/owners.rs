//! What a namespace says of the repositories in it.

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

/// Whether a namespace re-uploads others' weights.
#[must_use]
pub fn is_mirror(owner: &str) -> bool {
    MIRRORS.contains(&owner.to_lowercase().as_str())
}

/// Whether the Hub keeps models of a namespace under ids without one, or did so once.
#[must_use]
pub fn is_canonical(owner: &str) -> bool {
    owner.is_empty() || CANONICAL_OWNERS.contains(&owner.to_lowercase().as_str())
}
