//! What a name says of how the weights were trained.

use super::tokens::{is_context_length, tokens};
use crate::domain::TrainingStage;
use crate::lineage::vocabulary::vocabulary;

/// Whether a token says the weights were post-trained.
#[must_use]
pub fn says_post_trained(name: &str) -> bool {
    tokens(name).iter().any(|t| vocabulary().tokens.post_trained.contains(&t.as_str()))
}

/// Whether a token names a task or data set of fine-tuning.
#[must_use]
pub fn says_task(name: &str) -> bool {
    tokens(name).iter().any(|t| vocabulary().tokens.tasks.contains(&t.as_str()))
}

/// Whether a token is of a task, a data set or a kind of post-training.
#[must_use]
pub fn says_task_or_post_trained(name: &str) -> bool {
    says_task(name) || says_post_trained(name)
}

/// Whether a token says that the model is a base, without one that says that it was post-trained.
#[must_use]
pub fn says_base(name: &str) -> bool {
    // "base" is also a size: roberta-base-squad2.
    tokens(name).iter().any(|t| vocabulary().tokens.continued.contains(&t.as_str())) && !says_task_or_post_trained(name)
}

/// Whether a token says that this is the base of its family (`-Base`, `-pt`).
#[must_use]
pub fn is_base_of_family(name: &str) -> bool {
    tokens(name).iter().any(|t| vocabulary().tokens.bases.contains(&t.as_str())) && !says_post_trained(name)
}

/// Whether a token states a context length.
#[must_use]
pub fn says_context_length(name: &str) -> bool {
    tokens(name).iter().any(|t| is_context_length(t))
}

/// Whether the name is that of a base trained further on longer texts (`Yi-34B-200K`).
#[must_use]
pub fn says_longer_context(name: &str) -> bool {
    says_context_length(name) && !says_post_trained(name)
}

/// Whether tokens say that the weights were merged.
#[must_use]
pub fn says_merged(name: &str) -> bool {
    tokens(name).iter().any(|t| vocabulary().tokens.merged.contains(&t.as_str()))
}

/// Whether a token says that the model scores answers: a reward model starts from a language model.
#[must_use]
pub fn says_reward_model(name: &str) -> bool {
    tokens(name).iter().any(|t| vocabulary().tokens.reward_models.contains(&t.as_str()))
}

/// Whether a token is a language: japanese-gpt2-small has the layout of GPT-2 and a vocabulary and a training of its own.
#[must_use]
pub fn says_language(name: &str) -> bool {
    tokens(name).iter().any(|t| vocabulary().tokens.languages.contains(&t.as_str()))
}

/// Stage of a post-training by the name: `-SFT`, `-DPO`, `-Thinking`; a release whose name says no more is a chat release.
#[must_use]
pub fn post_training_stage(model_id: &str) -> TrainingStage {
    let name = model_id.rsplit('/').next().unwrap_or(model_id);
    let tokens = tokens(name);
    let stages = &vocabulary().stages;
    let has = |words: &[&str]| tokens.iter().any(|t| words.contains(&t.as_str()));
    if has(&stages.reasoning_distillation) {
        TrainingStage::ReasoningDistillation
    } else if has(&stages.long_rl) {
        TrainingStage::LongRl
    } else if has(&stages.preference) {
        TrainingStage::Preference
    } else if has(&stages.sft) {
        TrainingStage::Sft
    } else {
        TrainingStage::ChatRelease
    }
}
