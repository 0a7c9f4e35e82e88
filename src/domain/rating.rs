//! How sure the source of a published figure is of it, and what a reported emission counts.

use super::closed_set;

closed_set! {
    /// How sure the source of a published run is of its figures, as Epoch AI rates them.
    enum Rating {
        /// Within a factor of 3.
        Confident = "confident",
        /// Within a factor of 10.
        Likely = "likely",
        /// Within a factor of 30.
        Speculative = "speculative",
        /// Not rated.
        Unknown = "unknown",
    }
}

impl Rating {
    /// How far evidence of this rating is trusted, 0 to 1.
    #[must_use]
    pub const fn confidence(self) -> f64 {
        match self {
            Self::Confident => 0.9,
            Self::Likely => 0.6,
            Self::Speculative | Self::Unknown => 0.3,
        }
    }

    /// The rating behind a confidence: the best one that it reaches.
    #[must_use]
    pub fn of_confidence(confidence: f64) -> Self {
        let reached = |rating: &Self| confidence >= rating.confidence();
        [Self::Confident, Self::Likely].into_iter().find(reached).unwrap_or(Self::Unknown)
    }
}

closed_set! {
    /// What a reported emission counts.
    enum EmissionsBasis {
        /// The average emissions of the grid where the electricity was used.
        Location = "location",
        /// What is left after certificates and contracts.
        Market = "market",
    }
}
