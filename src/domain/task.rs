//! What a training's samples are: sentences to label, texts to continue, seconds of sound, images.

use super::{Modality, closed_set};

closed_set! {
    /// Group of tasks whose samples are alike. Labels on texts are the baseline of the regressions.
    enum TaskGroup {
        /// Texts to label: classes, tokens, spans, masked words.
        Labels = "labels",
        /// Texts to write from texts: translation, summaries.
        TextToText = "text_to_text",
        /// Texts to continue: chat, instructions, code.
        Generation = "generation",
        /// Pairs of texts to compare.
        Embedding = "embedding",
        /// Sound to write down, to class or to make.
        Speech = "speech",
        /// Images and videos to class, to cut out, to measure.
        Images = "images",
        /// Images and videos to make.
        ImageGeneration = "image_generation",
        /// Texts with images: documents, questions on images, conversations.
        Documents = "documents",
        /// Steps of an environment in which an agent learns to play or to move.
        Control = "control",
        /// Anything else, or unknown.
        Other = "other",
    }
}

impl TaskGroup {
    /// The group of a run whose modality alone is known; a text is one to continue, as most of the Hub are.
    #[must_use]
    pub const fn of_modality(modality: Modality) -> Self {
        match modality {
            Modality::Text => Self::Generation,
            Modality::Embedding => Self::Embedding,
            Modality::Vision | Modality::Video => Self::Images,
            Modality::ImageGeneration => Self::ImageGeneration,
            Modality::Audio => Self::Speech,
            Modality::Multimodal => Self::Documents,
            Modality::Biology | Modality::Other => Self::Other,
        }
    }

    /// The modality of a run whose group alone is known.
    #[must_use]
    pub const fn modality(self) -> Modality {
        match self {
            Self::Labels | Self::TextToText | Self::Generation => Modality::Text,
            Self::Embedding => Modality::Embedding,
            Self::Speech => Modality::Audio,
            Self::Images => Modality::Vision,
            Self::ImageGeneration => Modality::ImageGeneration,
            Self::Documents => Modality::Multimodal,
            Self::Control | Self::Other => Modality::Other,
        }
    }

    /// Whether trainers pack samples to the length they state. Elsewhere a stated length is where samples are cut, and most are shorter.
    #[must_use]
    pub const fn is_packed(self) -> bool {
        match self {
            Self::Generation => true,
            Self::Labels
            | Self::TextToText
            | Self::Embedding
            | Self::Speech
            | Self::Images
            | Self::ImageGeneration
            | Self::Documents
            | Self::Control
            | Self::Other => false,
        }
    }
}
