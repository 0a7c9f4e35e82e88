//! What a repository's own training was, and the relation to its base that is stated.

use super::closed_set;

closed_set! {
    /// What a repository's own training was.
    enum Role {
        /// Trained from scratch.
        Pretrained = "pretrained",
        /// Continued pre-training.
        Continued = "continued",
        /// Fine-tuned, including instruct, chat, reinforcement learning and distilled.
        Finetuned = "finetuned",
        /// Adapter on frozen weights.
        Adapter = "adapter",
        /// Merge of several models.
        Merge = "merge",
        /// Weights of lower precision.
        Quantized = "quantized",
        /// Format change or mirror.
        Converted = "converted",
        /// No weights.
        Empty = "empty",
        /// Weights that nobody trained: random ones, test fixtures, bare configurations. It has no run, and its figures are zero.
        Untrained = "untrained",
    }
}

impl Role {
    /// Whether the repository's weights are another's, so that its parameters are its base's.
    #[must_use]
    pub const fn copies_weights(self) -> bool {
        match self {
            Self::Quantized | Self::Converted => true,
            Self::Pretrained | Self::Continued | Self::Finetuned | Self::Adapter | Self::Merge | Self::Empty | Self::Untrained => {
                false
            }
        }
    }

    /// Whether there are no trained weights at all, the repository's own or another's.
    #[must_use]
    pub const fn is_without_training(self) -> bool {
        match self {
            Self::Empty | Self::Untrained => true,
            Self::Pretrained
            | Self::Continued
            | Self::Finetuned
            | Self::Adapter
            | Self::Merge
            | Self::Quantized
            | Self::Converted => false,
        }
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
    /// The relation of the Hub's word, or of what people write for it.
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
