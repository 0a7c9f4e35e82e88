//! The tiers: how a figure is known.

use super::closed_set;

closed_set! {
    /// How a run's emissions are known; the lower the number, the less is computed (docs/method.md, section 3).
    enum Tier {
        /// Tier 0: the repository trained nothing; its own figures are zero.
        NoTraining = "no_training",
        /// Tier 1: reported emissions of the run.
        Emissions = "emissions",
        /// Tier 2: reported energy of the run.
        Energy = "energy",
        /// Tier 3: stated accelerator and device hours.
        Hardware = "hardware",
        /// Tier 4: stated compute, or parameters and tokens.
        Compute = "compute",
        /// Tier 5: parameters alone; compute by regression.
        Parameters = "parameters",
        /// Tier 6: none of these; size by category, then compute by regression.
        Category = "category",
    }
}

/// Basis of tiers 1 to 4: something of the training is stated.
pub const DOCUMENTED: &str = "documented";
/// Basis of tiers 5 and 6: size, date and who trains, or less.
pub const IMPUTED: &str = "imputed";

impl Tier {
    /// What the figures of a tier rest on, as `aggregates` groups them; none where nothing was trained.
    #[must_use]
    pub const fn basis(self) -> &'static str {
        match self {
            Self::NoTraining => "none",
            Self::Emissions | Self::Energy | Self::Hardware | Self::Compute => DOCUMENTED,
            Self::Parameters | Self::Category => IMPUTED,
        }
    }

    /// The published number, 0 to 6.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::NoTraining => 0,
            Self::Emissions => 1,
            Self::Energy => 2,
            Self::Hardware => 3,
            Self::Compute => 4,
            Self::Parameters => 5,
            Self::Category => 6,
        }
    }

    /// The tier of a number.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.iter().copied().find(|tier| tier.number() == number)
    }

    /// The tiers of a trained run that know less than this one, the next one first.
    pub fn later(self) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |tier| *tier > self)
    }
}
