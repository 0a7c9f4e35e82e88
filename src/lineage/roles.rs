//! The role of a repository by ordered, named rules; the first that applies decides.

use super::RepoFacts;
use super::names;
use super::runs::RunKind;

/// What a repository's own training was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Trained from scratch.
    Pretrained,
    /// Continued pre-training.
    Continued,
    /// Fine-tuned, including instruct, chat, RL and distilled.
    Finetuned,
    /// Adapter on frozen weights.
    Adapter,
    /// Merge of several models.
    Merge,
    /// Weights of lower precision.
    Quantized,
    /// Format change or mirror.
    Converted,
    /// No weights.
    Empty,
}

impl Role {
    /// The published word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pretrained => "pretrained",
            Self::Continued => "continued",
            Self::Finetuned => "finetuned",
            Self::Adapter => "adapter",
            Self::Merge => "merge",
            Self::Quantized => "quantized",
            Self::Converted => "converted",
            Self::Empty => "empty",
        }
    }

    /// From the published word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        use Role as R;
        let all = [R::Pretrained, R::Continued, R::Finetuned, R::Adapter, R::Merge, R::Quantized, R::Converted, R::Empty];
        all.into_iter().find(|role| role.name() == text)
    }

    /// Whether the repository's weights are another's, so that its parameters are its base's.
    #[must_use]
    pub fn copies_weights(self) -> bool {
        matches!(self, Self::Quantized | Self::Converted)
    }
}

/// Stated relation to the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// finetune
    Finetune,
    /// adapter
    Adapter,
    /// merge
    Merge,
    /// quantized
    Quantized,
}

impl Relation {
    /// The Hub's word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_lowercase().as_str() {
            "finetune" | "finetuned" | "fine-tune" => Some(Self::Finetune),
            "adapter" => Some(Self::Adapter),
            "merge" => Some(Self::Merge),
            "quantized" | "quantization" => Some(Self::Quantized),
            _ => None,
        }
    }
}

/// Name of the rule that decided a role.
pub type RoleRule = &'static str;

/// Tags that a rule below reads; the others are not kept.
pub const SIGNAL_TAGS: &[&str] = &[
    "autotrain",
    "generated_from_trainer",
    "setfit",
    "trl",
    "axolotl",
    "llama-factory",
    "dreambooth",
    "lora",
    "peft",
    "merge",
    "mergekit",
    "gguf",
    "gptq",
    "awq",
    "exl2",
    "continual-pretraining",
    "continued-pretraining",
    "continual pretraining",
    "continued pretraining",
];
/// Tags that mark the output of a fine-tuning tool.
const FINE_TUNE_TAGS: &[&str] = &["autotrain", "generated_from_trainer", "setfit", "trl", "axolotl", "llama-factory", "dreambooth"];
/// Tasks whose repositories are a task head on somebody's encoder, unless the registry says otherwise.
const HEAD_TASKS: &[&str] = &[
    "text-classification",
    "token-classification",
    "question-answering",
    "zero-shot-classification",
    "table-question-answering",
    "text-ranking",
];
/// Libraries of converted formats.
const CONVERSION_LIBRARIES: &[&str] = &["mlx", "onnx", "openvino", "coreml", "ctranslate2", "transformers.js"];

/// The role by the repository's own facts, before other repositories are looked at.
#[must_use]
pub fn role(facts: &RepoFacts) -> (Role, RoleRule) {
    let name = facts.name();
    let signal = |tag: &str| facts.signals.contains(&tag);
    let library = facts.library.as_deref().unwrap_or_default();
    let has_base = !facts.base_ids.is_empty();
    if let Some(role) = facts.corrected_role {
        return (role, "reviewed_correction");
    }
    if facts.has_weights == Some(false) {
        return (Role::Empty, "no_weights");
    }
    match facts.registry_kind {
        // A registered pre-training is carried by a post-trained repository where the base is not in the index (Qwen3-8B).
        Some(RunKind::Pretraining) if has_base || names::names_post_training(name) => {
            return (Role::Finetuned, if has_base { "base_model_link" } else { "post_training_token" });
        }
        Some(RunKind::Pretraining) => return (Role::Pretrained, "registry_pretraining"),
        Some(_) if facts.registry_continued => return (Role::Continued, "registry_continued"),
        Some(RunKind::PostTraining | RunKind::FineTuning) => return (Role::Finetuned, "registry_fine_tuning"),
        _ => {}
    }
    if facts.relation == Some(Relation::Adapter) || library == "peft" || signal("lora") || signal("peft") {
        return (Role::Adapter, if library == "peft" { "peft_library" } else { "adapter_relation" });
    }
    if has_base && facts.params.is_none() && names::names_adapter(name) {
        return (Role::Adapter, "adapter_token");
    }
    if facts.relation == Some(Relation::Merge) || facts.base_count > 1 {
        return (Role::Merge, "several_bases");
    }
    if signal("mergekit") || (signal("merge") && (has_base || !facts.listed_owner)) {
        return (Role::Merge, "merge_tag");
    }
    if names::names_merge(name) && !facts.listed_owner {
        return (Role::Merge, "merge_token");
    }
    // A fine-tune may ship GGUF beside its weights (google/gemma-7b-it): then the index states the relation.
    let only_gguf = (facts.gguf && facts.params.is_none()) || (signal("gguf") && !facts.float_weights);
    let ships_beside = facts.listed_owner && !names::names_quantization(name);
    if only_gguf && facts.relation != Some(Relation::Finetune) && !ships_beside {
        return (Role::Quantized, "gguf_weights");
    }
    if names::names_quantization(name) || signal("gptq") || signal("awq") || signal("exl2") {
        return (Role::Quantized, "quantization_token");
    }
    if CONVERSION_LIBRARIES.contains(&library) || names::names_conversion(name, has_base) {
        return (Role::Converted, "conversion_library_or_token");
    }
    if facts.relation == Some(Relation::Quantized) {
        // The Hub infers the relation and errs: SmolLM2-1.7B-Instruct is full BF16 and a fine-tune (METHOD.md section 2).
        return if facts.float_weights && !names::is_mirror(facts.owner()) {
            (Role::Finetuned, "quantized_relation_on_float_weights")
        } else {
            (Role::Quantized, "quantized_relation")
        };
    }
    if has_base {
        let longer = facts.listed_owner && names::names_longer_context(name);
        return if names::names_base(name) || longer || says_continued(facts) {
            (Role::Continued, "base_token_on_a_base")
        } else {
            (Role::Finetuned, "base_model_link")
        };
    }
    if facts.says_fine_tuning {
        return (Role::Finetuned, "card_says_fine_tuning");
    }
    if says_continued(facts) {
        return (Role::Continued, "continued_pretraining_tag");
    }
    if FINE_TUNE_TAGS.iter().any(|tag| signal(tag)) {
        let continued = names::names_base(name);
        return (if continued { Role::Continued } else { Role::Finetuned }, "fine_tuning_tool_tag");
    }
    if facts.pipeline_tag.as_deref().is_some_and(|task| HEAD_TASKS.contains(&task)) {
        return (Role::Finetuned, "task_head");
    }
    if names::names_reward_model(name) {
        return (Role::Finetuned, "reward_model_token");
    }
    if names::names_post_training(name) {
        return (Role::Finetuned, "post_training_token");
    }
    if names::names_task(name) {
        return (Role::Finetuned, "task_token");
    }
    (Role::Pretrained, "no_sign_of_a_base")
}

fn says_continued(facts: &RepoFacts) -> bool {
    facts.signals.iter().any(|s| s.starts_with("continu") && s.ends_with("pretraining"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(id: &str) -> RepoFacts {
        RepoFacts { model_id: id.into(), params: Some(1_000_000), float_weights: true, ..RepoFacts::default() }
    }

    #[test]
    fn ordered_rules() {
        let base = || vec!["a/base".to_owned()];
        let cases = [
            (facts("a/new-7B"), Role::Pretrained),
            (RepoFacts { has_weights: Some(false), ..facts("a/none") }, Role::Empty),
            (RepoFacts { base_ids: base(), ..facts("a/tuned") }, Role::Finetuned),
            (RepoFacts { base_ids: base(), relation: Some(Relation::Adapter), ..facts("a/l") }, Role::Adapter),
            (RepoFacts { base_ids: vec!["a/x".into(), "a/y".into()], base_count: 2, ..facts("a/m") }, Role::Merge),
            (RepoFacts { gguf: true, params: None, float_weights: false, ..facts("a/g") }, Role::Quantized),
            (
                // meta-llama/Llama-3.1-8B-Instruct: one base, renamed, under two names.
                RepoFacts { base_ids: vec!["m/Meta-X".into(), "m/X".into()], base_count: 1, ..facts("m/X-Instruct") },
                Role::Finetuned,
            ),
            (RepoFacts { says_fine_tuning: true, ..facts("a/qa") }, Role::Finetuned),
            (RepoFacts { base_ids: base(), library: Some("mlx".into()), ..facts("m/x") }, Role::Converted),
            (
                // HuggingFaceTB/SmolLM2-1.7B-Instruct: relation "quantized" on BF16 weights.
                RepoFacts { base_ids: base(), relation: Some(Relation::Quantized), ..facts("HuggingFaceTB/SmolLM2-1.7B-Instruct") },
                Role::Finetuned,
            ),
            (
                RepoFacts { base_ids: base(), relation: Some(Relation::Quantized), float_weights: false, ..facts("q/x") },
                Role::Quantized,
            ),
            (RepoFacts { signals: Box::new(["autotrain"]), ..facts("u/autotrain-x") }, Role::Finetuned),
            (RepoFacts { registry_kind: Some(RunKind::Pretraining), ..facts("a/new-8B") }, Role::Pretrained),
            // Qwen/Qwen3-8B is registered for the pre-training of Qwen3-8B-Base, which it names as its base.
            (RepoFacts { registry_kind: Some(RunKind::Pretraining), base_ids: base(), ..facts("a/it") }, Role::Finetuned),
            (
                RepoFacts { registry_kind: Some(RunKind::FineTuning), registry_continued: true, ..facts("a/code-7B") },
                Role::Continued,
            ),
            (facts("a/new-7B-Instruct"), Role::Finetuned),
            (facts("u/Alpha-Beta-7B-slerp"), Role::Merge),
        ];
        for (facts, expected) in cases {
            assert_eq!(role(&facts).0, expected, "{}", facts.model_id);
        }
    }
}
