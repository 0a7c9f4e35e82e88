//! What the back-test compares estimates with.

use super::{Tier, closed_set};

closed_set! {
    /// The hidden figure that the back-test compares an estimate with.
    enum Comparison {
        /// Reported emissions of the run.
        ReportedEmissions = "reported_emissions",
        /// Energy of the run, where it was measured.
        MeasuredEnergy = "measured_energy",
        /// Stated device hours.
        StatedHours = "stated_hours",
        /// Compute in the table of published runs.
        RegistryCompute = "registry_compute",
        /// Compute of a fine-tune whose card states the samples it saw.
        CardSamples = "card_samples",
        /// Compute that was counted in another way than parameters times tokens.
        IndependentCompute = "independent_compute",
    }
}

impl Comparison {
    /// Tier of the evidence that the comparison hides.
    #[must_use]
    pub const fn tier(self) -> Tier {
        match self {
            Self::ReportedEmissions => Tier::Emissions,
            Self::MeasuredEnergy => Tier::Energy,
            Self::StatedHours => Tier::Hardware,
            Self::RegistryCompute | Self::CardSamples | Self::IndependentCompute => Tier::Compute,
        }
    }
}
