//! How sure the source of a published figure is of it, and what a reported emission counts.

use super::{Field, closed_set};

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

/// How far a compute of the registry is trusted that is the makers' own word, and rated confident. It stays where it is, whatever product of the
/// same row it is near.
pub const WORD_OF_THE_MAKERS: f64 = 0.95;

/// Ways of the registry (column `flop_method`, data/reference/training_runs.md) in which others than the maker estimated a run's compute.
const ESTIMATED_BY_OTHERS: [&str; 4] = ["hardware", "third_party", "benchmarks", "other"];

/// The way in which others than the maker estimated the registry's compute of a run, as its quote has it:
/// `Grok-3: train_flop 4.6e26 (third_party); Epoch AI, ...`; none where the maker states it or it is counted.
#[must_use]
pub fn estimated_by_others(quote: &str) -> Option<&str> {
    let (_, behind) = quote.split_once(&format!(": {} ", Field::TrainFlop.name()))?;
    let way = behind.split(';').next()?.split_once(" (")?.1.strip_suffix(')')?;
    ESTIMATED_BY_OTHERS.contains(&way).then_some(way)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quote_of_the_registry_says_how_compute_came_about() {
        assert_eq!(estimated_by_others("Grok-3: train_flop 4.64e26 (third_party); Epoch AI, 2026"), Some("third_party"));
        assert_eq!(estimated_by_others("A (B): train_flop 1e20 (hardware); Epoch AI (all models), 2026"), Some("hardware"));
        for quote in [
            "A (B): train_flop 1e20 (six_nd); Epoch AI (all models), 2026",
            "A: train_flop 1e20; a paper (2024)",
            "trained for 1e20 FLOP (hardware)",
        ] {
            assert_eq!(estimated_by_others(quote), None);
        }
    }
}
