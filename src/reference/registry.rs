//! Published training runs: facts with source and vintage, found by Hub id.

use super::registry_conflicts::{self, RegistryConflict};
use crate::domain::{EmissionsBasis, Field, Modality, Rating, RunKind, address, in_lower_case};
use crate::error::{Error, Result};
use crate::method::assumptions::{FLOP_CONFIDENT_SD_DEX, FLOP_LIKELY_SD_DEX, FLOP_SPECULATIVE_SD_DEX, LARGEST_DENSE_PUBLISHED};
use crate::units::Day;
use rustc_hash::FxHashMap;
use serde::Deserialize;

/// One row of training_runs.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct TrainingRun {
    /// Key.
    pub registry_id: String,
    /// Published name.
    pub model: String,
    /// Repository that carries the run.
    pub hub_id: Option<String>,
    /// Hub id, or name, of the model the run started from.
    #[serde(default)]
    pub base_model: Option<String>,
    /// Whether the weights are open.
    pub open_weights: Option<bool>,
    /// Who trained it.
    pub organization: Option<String>,
    /// ISO alpha-3 codes joined by `|`, first listed first.
    pub country: Option<String>,
    /// What the model takes in and gives out.
    pub modality: Modality,
    /// Kind of run: pretraining, continued, post_training or fine_tuning.
    pub kind: RunKind,
    /// Parameters.
    pub params: Option<f64>,
    /// Parameters active per token, for mixtures of experts.
    pub active_params: Option<f64>,
    /// Tokens (or samples) seen.
    pub tokens: Option<f64>,
    /// tokens, images, samples, other or unknown.
    pub tokens_unit: Option<String>,
    /// Passes over the data.
    pub epochs: Option<f64>,
    /// Training compute in FLOP.
    pub train_flop: Option<f64>,
    /// How the compute was obtained.
    pub flop_method: Option<String>,
    /// Whether the compute is 6 N D of the same row.
    pub flop_is_6nd: Option<bool>,
    /// Accelerator as the source writes it.
    pub accelerator: Option<String>,
    /// Devices.
    pub accelerator_count: Option<f64>,
    /// Wall hours.
    pub wall_hours: Option<f64>,
    /// Device hours.
    pub accelerator_hours: Option<f64>,
    /// Model FLOP utilization.
    pub mfu: Option<f64>,
    /// Publication date.
    pub trained_on: Option<String>,
    /// Reported energy.
    pub energy_kwh: Option<f64>,
    /// How the energy was obtained.
    pub energy_basis: Option<String>,
    /// Reported emissions.
    pub reported_emissions_kgco2e: Option<f64>,
    /// What the reported emissions count.
    pub emissions_basis: Option<EmissionsBasis>,
    /// Why the reported figure needs care.
    pub emissions_caution: Option<String>,
    /// How sure the source is of its figures.
    pub confidence: Option<Rating>,
    /// Source.
    pub source: String,
    /// Address of the paper or model.
    pub source_url: Option<String>,
    /// Date of the source's edition.
    pub vintage: String,
    /// Whether its figures are known not to be of the training that it names (registry_conflicts.csv): no fit learns from it.
    #[serde(skip)]
    pub is_excluded: bool,
}

impl TrainingRun {
    /// Date of publication.
    #[must_use]
    pub fn trained_on_day(&self) -> Option<Day> {
        Day::parse(self.trained_on.as_deref()?)
    }

    /// Parameters that count in 6 N D.
    #[must_use]
    pub fn effective_params(&self) -> Option<f64> {
        self.active_params.or(self.params)
    }

    /// Whether this is a mixture of experts of which only the sum of all parameters is known, which no token passes: its name says so, or
    /// it is larger than any dense model.
    #[must_use]
    pub fn lacks_active_params(&self) -> bool {
        let names_experts = || self.registry_id.split(['-', '_', '.']).any(|word| word.contains("moe") || word == "switch");
        self.active_params.is_none() && (names_experts() || self.params.is_some_and(|n| n > LARGEST_DENSE_PUBLISHED))
    }

    /// Tokens seen, when the unit is known to be tokens.
    #[must_use]
    pub fn seen_tokens(&self) -> Option<f64> {
        self.tokens.filter(|_| self.tokens_unit.as_deref() == Some("tokens"))
    }

    /// Page that states a field: what is reported of energy and emissions often has a source of its own.
    #[must_use]
    pub fn page(&self, field: Field) -> Option<String> {
        let is_reported = matches!(field, Field::EmissionsKgco2e | Field::EnergyKwh);
        let named = || address::stated(&self.source);
        if is_reported { named().or_else(|| self.source_url.clone()) } else { self.source_url.clone().or_else(named) }
    }

    /// Spread of the stated compute in dex, by the source's own rating.
    #[must_use]
    pub fn flop_sd_dex(&self) -> f64 {
        flop_sd_dex(self.confidence.unwrap_or(Rating::Unknown))
    }
}

/// Spread of a stated compute in dex, by its rating.
#[must_use]
pub fn flop_sd_dex(rating: Rating) -> f64 {
    match rating {
        Rating::Confident => FLOP_CONFIDENT_SD_DEX,
        Rating::Likely => FLOP_LIKELY_SD_DEX,
        Rating::Speculative | Rating::Unknown => FLOP_SPECULATIVE_SD_DEX,
    }
}

/// The registry.
#[derive(Debug)]
pub struct Registry {
    runs: Vec<TrainingRun>,
    by_hub_id: FxHashMap<String, usize>,
}

impl Registry {
    pub(super) fn new(mut runs: Vec<TrainingRun>, conflicts: &[RegistryConflict]) -> Result<Self> {
        registry_conflicts::mark(&mut runs, conflicts)?;
        let mut by_hub_id = FxHashMap::default();
        for (i, run) in runs.iter().enumerate() {
            if run.trained_on.is_some() && run.trained_on_day().is_none() {
                return Err(Error::Internal(format!("training_runs.csv: {}: trained_on is no date", run.registry_id)));
            }
            if let Some(id) = &run.hub_id {
                by_hub_id.insert(id.to_lowercase(), i);
            }
        }
        Ok(Self { runs, by_hub_id })
    }

    /// All runs, by registry id.
    #[must_use]
    pub fn runs(&self) -> &[TrainingRun] {
        &self.runs
    }

    /// The run that a repository carries.
    #[must_use]
    pub fn by_hub_id(&self, model_id: &str) -> Option<&TrainingRun> {
        self.position(model_id).map(|i| &self.runs[i])
    }

    /// The position of that run in [`Registry::runs`].
    #[must_use]
    pub fn position(&self, model_id: &str) -> Option<usize> {
        in_lower_case(model_id, |id| self.by_hub_id.get(id).copied())
    }
}
