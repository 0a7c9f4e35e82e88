//! A run with its factors: from what is known of it to what is simulated. Pure: no file, no configuration, no stage.

pub mod agents;
pub mod around;
pub mod basis;
pub mod build;
pub mod chips;
pub mod contradictions;
pub mod factors;
pub mod fine_tune;
pub mod fits;
pub mod houses;
pub mod stated_spread;
pub mod terms;

pub use around::{Around, AroundTables, around};
pub use basis::{Basis, Root};
pub use build::{Built, build, compute_fit, counted_flop, is_product};
pub use chips::at_scale;
pub use contradictions::{Contradiction, implied_efficiency, implied_mfu, product_flop, refuse_contradictions};
pub use factors::Mixtures;
pub use fits::{FitRows, Fits, LoadedFit, six_nd_law};
pub use terms::term_values;

use crate::reference::{
    Accelerators, Agents, ChipUse, ComputeBounds, ComputeCountries, ContinuedRuns, Grid, Owners, Places, PostTraining, Power, Pue,
    Reference, SampleLengths, Table, TrainingPlaces,
};
use std::collections::BTreeMap;

/// The reference tables that factors come from.
#[derive(Clone, Debug)]
pub struct FactorTables {
    /// Accelerators.
    pub accelerators: Table<Accelerators>,
    /// Use of the accelerators in published runs.
    pub chip_use: Table<ChipUse>,
    /// Power over its rating, and utilization.
    pub power: Table<Power>,
    /// Facility overhead.
    pub pue: Table<Pue>,
    /// Owners and whose data centres they use.
    pub owners: Table<Owners>,
    /// Cloud regions with a facility overhead of their own.
    pub places: Table<Places>,
    /// Grid intensity.
    pub grid: Table<Grid>,
    /// Where houses train.
    pub training_places: Table<TrainingPlaces>,
    /// Countries in which published runs were computed.
    pub compute_countries: Table<ComputeCountries>,
    /// The most compute seen of each class of owner.
    pub compute_bounds: Table<ComputeBounds>,
    /// What post-training takes of its pre-training.
    pub post_training: Table<PostTraining>,
    /// Length of samples by task.
    pub sample_lengths: Table<SampleLengths>,
    /// Tokens of continued pre-trainings of persons and universities.
    pub continued_runs: Table<ContinuedRuns>,
    /// How long agents train.
    pub agents: Table<Agents>,
}

impl FactorTables {
    /// Those of a set of reference tables.
    #[must_use]
    pub fn new(reference: &Reference) -> Self {
        Self {
            accelerators: reference.accelerators.clone(),
            chip_use: reference.chip_use.clone(),
            power: reference.power.clone(),
            pue: reference.pue.clone(),
            owners: reference.owners.clone(),
            places: reference.places.clone(),
            grid: reference.grid.clone(),
            training_places: reference.training_places.clone(),
            compute_countries: reference.compute_countries.clone(),
            compute_bounds: reference.compute_bounds.clone(),
            post_training: reference.post_training.clone(),
            sample_lengths: reference.sample_lengths.clone(),
            continued_runs: reference.continued_runs.clone(),
            agents: reference.agents.clone(),
        }
    }

    /// SHA-256 of every file behind them, by name.
    #[must_use]
    pub fn digests(&self) -> BTreeMap<String, String> {
        let of = [
            self.accelerators.digests(),
            self.chip_use.digests(),
            self.power.digests(),
            self.pue.digests(),
            self.owners.digests(),
            self.places.digests(),
            self.grid.digests(),
            self.training_places.digests(),
            self.compute_countries.digests(),
            self.compute_bounds.digests(),
            self.post_training.digests(),
            self.sample_lengths.digests(),
            self.continued_runs.digests(),
            self.agents.digests(),
        ];
        of.into_iter().flat_map(|d| d.iter().map(|(n, s)| (n.clone(), s.clone()))).collect()
    }
}
