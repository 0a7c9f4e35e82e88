//! Pre-trainings of small houses, as their cards state them: what persons, groups at universities and small companies train with.

use crate::domain::Modality;
use crate::units::Day;
use serde::Deserialize;

/// A row of small_runs.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct SmallRun {
    /// Hub id.
    pub model_id: String,
    /// What the model takes in and gives out.
    pub modality: Modality,
    /// Parameters.
    pub params: f64,
    /// Tokens seen, each pass counted.
    pub train_tokens: Option<f64>,
    /// Training compute in FLOP, where the card states it.
    pub train_flop: Option<f64>,
    /// YYYY or YYYY-MM.
    pub trained_on: String,
    /// How the tokens follow from what the card states.
    pub derivation: String,
    /// Words of the card.
    pub quote: String,
    /// Source.
    pub source: String,
    /// Crawl of the card.
    pub vintage: String,
    /// seen or memory.
    pub evidence: String,
}

impl SmallRun {
    /// First day of the month, or of the year.
    #[must_use]
    pub fn day(&self) -> Option<Day> {
        let mut parts = self.trained_on.split('-');
        let year = parts.next()?.parse().ok()?;
        let month = parts.next().map_or(Some(1), |month| month.parse().ok())?;
        Day::from_ymd(year, month, 1)
    }

    /// Namespace.
    #[must_use]
    pub fn owner(&self) -> &str {
        self.model_id.split_once('/').map_or(self.model_id.as_str(), |(owner, _)| owner)
    }
}
