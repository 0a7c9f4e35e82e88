//! What somebody looked up of the repositories that people ask for first: role, base, size, and how they were trained.

use crate::domain::{Rating, Role, in_lower_case};
use crate::error::{Error, Result};
use crate::units::Day;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A row of repository_facts.csv. Figures are of the repository's own training, in the units of their names.
#[derive(Clone, Debug, Deserialize)]
pub struct RepositoryFact {
    /// Hub id.
    pub model_id: String,
    /// The role.
    pub role: Role,
    /// Hub id of what the weights come from; none for a training from scratch, or where it is not known.
    pub base_model: Option<String>,
    /// Parameters in total.
    pub total_params: Option<f64>,
    /// Parameters used per token, of a mixture of experts.
    pub active_params: Option<f64>,
    /// Tokens seen.
    pub train_tokens: Option<f64>,
    /// Examples seen, each pass counted.
    pub train_samples: Option<f64>,
    /// Passes over the data.
    pub epochs: Option<f64>,
    /// Steps of the optimizer.
    pub train_steps: Option<f64>,
    /// Examples of a step.
    pub batch_size: Option<f64>,
    /// Longest sequence in tokens.
    pub sequence_length: Option<f64>,
    /// Training compute in FLOP.
    pub train_flop: Option<f64>,
    /// Chip.
    pub accelerator: Option<String>,
    /// Chips used at a time.
    pub accelerator_count: Option<f64>,
    /// Duration in hours by the clock.
    pub wall_hours: Option<f64>,
    /// Device hours.
    pub accelerator_hours: Option<f64>,
    /// YYYY or YYYY-MM.
    pub trained_on: Option<String>,
    /// Country of who trained, ISO 3166 alpha-3.
    pub country: Option<String>,
    /// How sure the row is: high or medium.
    pub confidence: FactConfidence,
    /// Source.
    pub source: String,
    /// Address of the source.
    pub source_url: Option<String>,
    /// What a reader should know of the figures.
    pub note: Option<String>,
    /// Day the row was written.
    pub vintage: String,
    /// seen or memory.
    pub evidence: String,
}

/// How sure a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FactConfidence {
    /// The source is about this repository and says it.
    High,
    /// A sibling's figure, or a reading that leaves some doubt.
    Medium,
}

impl RepositoryFact {
    /// Confidence of its figures as evidence, 0 to 1. What was not opened is believed as a likely figure at most: a judgement.
    #[must_use]
    pub fn rating(&self) -> Rating {
        match (self.confidence, self.evidence.as_str()) {
            (FactConfidence::High, "seen") => Rating::Confident,
            (FactConfidence::High, _) | (FactConfidence::Medium, "seen") => Rating::Likely,
            (FactConfidence::Medium, _) => Rating::Speculative,
        }
    }

    /// First day of the month, or of the year, that is stated.
    #[must_use]
    pub fn day(&self) -> Option<Day> {
        let text = self.year_and_month()?;
        if text.matches('-').count() > 1 { Day::parse(&text) } else { Day::parse(&format!("{text}-01")) }
    }

    /// Year, and month where it is stated; January stands for a year alone.
    #[must_use]
    pub fn year_and_month(&self) -> Option<String> {
        let text = self.trained_on.as_deref()?;
        Some(if text.len() == 4 { format!("{text}-01") } else { text.to_owned() })
    }
}

/// The rows by id.
#[derive(Debug)]
pub struct RepositoryFacts(BTreeMap<String, RepositoryFact>);

impl RepositoryFacts {
    pub(super) fn new(rows: Vec<RepositoryFact>) -> Result<Self> {
        let mut by_id = BTreeMap::new();
        for row in rows {
            if let Some(twice) = by_id.insert(row.model_id.to_lowercase(), row) {
                return Err(Error::Internal(format!("repository_facts.csv: {} stands there twice", twice.model_id)));
            }
        }
        Ok(Self(by_id))
    }

    /// The row of a repository.
    #[must_use]
    pub fn fact(&self, model_id: &str) -> Option<&RepositoryFact> {
        in_lower_case(model_id, |id| self.0.get(id))
    }

    /// All rows, by id.
    pub fn rows(&self) -> impl Iterator<Item = &RepositoryFact> {
        self.0.values()
    }
}
