//! How many runs, and how much of the emissions, rest on each factor that stands in for what nothing states.

use crate::domain::{Step, Tier};
use crate::error::Result;
use crate::tables::frame::{above_zero, frame, with_partner};
use std::path::Path;

/// Columns of `estimates` that say so, with the step that takes the factor and the words for a reader.
const FACTORS: &[(&str, Step, &str)] = &[
    ("accelerator_is_fallback", Step::Power, "accelerator: mixture of what runs of that year and role used"),
    ("power_is_fallback", Step::Power, "power: another vendor's ratio, for the chip or some of its mixture"),
    ("mfu_is_fallback", Step::Utilization, "MFU: centre of published runs"),
    ("pue_is_fallback", Step::Overhead, "PUE: class or survey average"),
    ("grid_is_owner_country", Step::Grid, "grid: owner's country"),
    ("grid_is_fallback", Step::Grid, "grid: countries of registry runs"),
];

/// One factor.
#[derive(Clone, Debug, PartialEq)]
pub struct Fallback {
    /// What stands in.
    pub factor: &'static str,
    /// Runs whose emissions are a product of it.
    pub runs: u64,
    /// Runs of the cohort.
    pub of_runs: u64,
    /// Their share of all mean emissions.
    pub share_of_emissions: f64,
}

/// Counts over the headline estimates of the cohort in `dir`, as the report does.
///
/// # Errors
/// The table is missing or unreadable.
pub fn count_fallbacks(dir: &Path) -> Result<Vec<Fallback>> {
    let mut columns = vec!["model_id", "tier", "emissions_kgco2e_mean"];
    columns.extend(FACTORS.iter().map(|(column, ..)| *column));
    let trained = above_zero(&frame(dir, "estimates", &columns)?, "tier")?;
    let models = frame(dir, "models", &["model_id", "in_cohort"])?;
    let cohort = models.filter(models.column("in_cohort")?.bool()?)?;
    let runs = with_partner(&trained, "model_id", &cohort, "model_id")?;
    let tiers: Vec<Option<Tier>> = runs.column("tier")?.i32()?.iter().map(|tier| tier.and_then(Tier::from_number)).collect();
    let emissions: Vec<f64> = runs.column("emissions_kgco2e_mean")?.f64()?.into_no_null_iter().collect();
    // Summed here, one after the other: polars' own sum is split over threads.
    let total: f64 = emissions.iter().sum();
    FACTORS
        .iter()
        .map(|(column, step, factor)| {
            let stands_in = runs.column(column)?.bool()?.iter();
            let rests: Vec<bool> = stands_in
                .zip(&tiers)
                .map(|(stands_in, tier)| stands_in == Some(true) && tier.is_some_and(|tier| tier.emissions_rest_on(*step)))
                .collect();
            let kg: f64 = emissions.iter().zip(&rests).filter(|(_, rests)| **rests).map(|(kg, _)| kg).sum();
            Ok(Fallback {
                factor,
                runs: rests.iter().filter(|rests| **rests).count() as u64,
                of_runs: rests.len() as u64,
                share_of_emissions: if total > 0.0 { kg / total } else { 0.0 },
            })
        })
        .collect()
}
