//! Fine-tunes whose emissions a tool tracked and a card reports: the small end of the Hub.

use crate::domain::Modality;
use crate::units::Day;
use serde::Deserialize;

/// A row of reported_finetunes.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct ReportedFineTune {
    /// Hub id.
    pub model_id: String,
    /// What the model takes in and gives out.
    pub modality: Modality,
    /// Size of the weights in bytes, 32-bit floats.
    pub weight_bytes: f64,
    /// Reported emissions in grams.
    pub emissions_gco2e: f64,
    /// Creation of the repository.
    pub created_on: String,
    /// Source.
    pub source: String,
    /// Date of the source's edition.
    pub vintage: String,
}

/// Bytes of a 32-bit float.
const BYTES_PER_PARAM: f64 = 4.0;

impl ReportedFineTune {
    /// Parameters, four bytes each.
    #[must_use]
    pub fn params(&self) -> f64 {
        self.weight_bytes / BYTES_PER_PARAM
    }

    /// Date.
    #[must_use]
    pub fn day(&self) -> Option<Day> {
        Day::parse(&self.created_on)
    }

    /// Namespace.
    #[must_use]
    pub fn owner(&self) -> &str {
        self.model_id.split_once('/').map_or("", |(owner, _)| owner)
    }
}
