//! Kinds of training runs, and the stages of post-training.

use super::closed_set;

closed_set! {
    /// Kind of a training run.
    enum RunKind {
        /// From random weights.
        Pretraining = "pretraining",
        /// More pre-training on weights that exist; in the registry only, a run of the index is post_training or fine_tuning then.
        Continued = "continued",
        /// By the owner of the pre-training, on its own weights.
        PostTraining = "post_training",
        /// By somebody else, on their weights.
        FineTuning = "fine_tuning",
        /// Of small added weights, the others frozen.
        Adapter = "adapter",
    }
}

closed_set! {
    /// What a training on weights of one's own house does, by which published shares of the pre-training's compute it is estimated.
    enum TrainingStage {
        /// Continued pre-training.
        Continued = "continued",
        /// Supervised fine-tuning on instructions.
        Sft = "sft",
        /// Preference optimization.
        Preference = "preference",
        /// The post-training of a chat release as a whole.
        ChatRelease = "chat_release",
        /// Long reinforcement learning.
        LongRl = "long_rl",
        /// Distillation of reasoning traces.
        ReasoningDistillation = "reasoning_distillation",
        /// Adapters.
        Adapter = "adapter",
        /// Fine-tuning of a diffusion model.
        DiffusionFinetune = "diffusion_finetune",
    }
}
