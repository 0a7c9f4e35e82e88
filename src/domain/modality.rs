//! What a model takes in and gives out.

use super::closed_set;

closed_set! {
    /// What a model takes in and gives out. Text is the baseline of the regressions.
    enum Modality {
        /// Text in, text or labels out.
        Text = "text",
        /// Text in, a vector out.
        Embedding = "embedding",
        /// Images in, labels, boxes or maps out.
        Vision = "vision",
        /// Images out.
        ImageGeneration = "image_generation",
        /// Sound in or out.
        Audio = "audio",
        /// Video in or out.
        Video = "video",
        /// Text with images, sound or video.
        Multimodal = "multimodal",
        /// Proteins, genomes, molecules.
        Biology = "biology",
        /// Anything else, or unknown.
        Other = "other",
    }
}

impl Modality {
    /// Whether training is counted in tokens of text.
    #[must_use]
    pub const fn counts_tokens(self) -> bool {
        match self {
            Self::Text | Self::Embedding | Self::Multimodal => true,
            Self::Vision | Self::ImageGeneration | Self::Audio | Self::Video | Self::Biology | Self::Other => false,
        }
    }
}
