//! The wide table: what an analyst wants of a repository without joins.

use super::cell::TierNumber;
use super::table;
use crate::domain::{Flag, Modality, Quantiles, Role, Tier};
use crate::units::Day;

table! {
    /// One wide row per repository: what it is, how it is known, what its own training took, and what its weights took with everything
    /// upstream. Only columns `own_` may be summed over repositories, and only means add up exactly.
    "model_footprint" key("model_id")
    struct ModelFootprintRow / ModelFootprintBuilders {
        /// Hub id, `owner/name`.
        model_id: String,
        /// Namespace of the id; null for legacy ids without one.
        owner: Option<String>,
        /// ISO 3166 alpha-3 code of the owner's country; null when unknown.
        owner_country: Option<String>,
        /// The Hub's task tag.
        pipeline_tag: Option<String>,
        /// What the model takes in and gives out.
        modality: Modality,
        /// Licence identifier as the card or the tags state it.
        license: Option<String>,
        /// Downloads in the 30 days before the index was taken.
        downloads_30d: Option<i64>,
        /// Downloads since the repository exists.
        downloads_all_time: Option<i64>,
        /// Likes.
        likes: Option<i64>,
        /// Whether the repository passes the cohort threshold of the configuration.
        in_cohort: bool,
        /// Parameters (count).
        total_params: Option<i64>,
        /// Parameters used per token (count).
        active_params: Option<i64>,
        /// What the repository's own training was.
        role: Role,
        /// Best known date of the training.
        trained_on: Option<Day>,
        /// Training run that produced this repository's own weights; null where there was no training.
        own_run_id: Option<String>,
        /// Pre-training run the weights rest on; null when it is unknown or there are several.
        stands_on_run_id: Option<String>,
        /// 0 to 6, how the own training is known (docs/method.md, section 3); 0 where nothing was trained.
        tier: TierNumber,
        /// Name of the tier.
        tier_name: Tier,
        /// Training compute of the own run in FLOP.
        own_train_flop: Quantiles,
        /// Facility energy of the own run in kWh.
        own_energy_kwh: Quantiles,
        /// Emissions of the own run in kg CO2e.
        own_emissions_kgco2e: Quantiles,
        /// ATCI of the own run, emissions per unit of compute, in g CO2e per PFLOP; null when nothing was trained.
        atci_gco2e_per_pflop: Option<Quantiles>,
        /// Emissions of making the hardware of the own run in kg CO2e, mean; outside the headline.
        own_embodied_kgco2e_mean: Option<f64>,
        /// Water consumed for the own run in litres, mean; outside the headline.
        own_water_l_mean: Option<f64>,
        /// Market-based emissions of the own run in kg CO2e as its developer reports them; never estimated, null where none were found.
        market_based_kgco2e: Option<f64>,
        /// Mean training compute of the own run and all upstream in FLOP.
        lineage_train_flop_mean: f64,
        /// Mean facility energy of the own run and all upstream in kWh.
        lineage_energy_kwh_mean: f64,
        /// Emissions of the own run and all upstream in kg CO2e: 5th percentile; null where it is more than one run, whose quantiles do
        /// not add up.
        lineage_emissions_kgco2e_p05: Option<f64>,
        /// Emissions of the own run and all upstream in kg CO2e: median; null where it is more than one run.
        lineage_emissions_kgco2e_p50: Option<f64>,
        /// Emissions of the own run and all upstream in kg CO2e: 95th percentile; null where it is more than one run.
        lineage_emissions_kgco2e_p95: Option<f64>,
        /// Emissions of the own run and all upstream in kg CO2e: mean.
        lineage_emissions_kgco2e_mean: f64,
        /// Runs of the index upstream of it.
        upstream_runs: i64,
        /// Whether every chain of bases ends in a run of the index; else the lineage is a lower bound.
        lineage_is_complete: bool,
        /// Accelerator of the own run, as in `estimates`.
        accelerator: Option<String>,
        /// Whether the accelerator is a mixture because nothing states it.
        accelerator_is_fallback: Option<bool>,
        /// Power usage effectiveness, central value.
        pue: Option<f64>,
        /// Place of the grid value: ISO 3166 alpha-3, ISO 3166-2, a cloud region, `mixture:<country>` or `mixture:<year>`.
        grid_place: Option<String>,
        /// Grid intensity in g CO2e per kWh, central value.
        grid_gco2e_per_kwh: Option<f64>,
        /// Whether nothing states the place of training: the owner's country, and others where its like train.
        grid_is_owner_country: Option<bool>,
        /// Whether an average of countries stands in for the grid, because neither place nor country is known.
        grid_is_fallback: Option<bool>,
        /// Assumptions and warnings, sorted.
        flags: Vec<Flag>,
        /// Version of the method.
        method_version: i32,
    }
}
