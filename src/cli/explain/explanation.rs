//! What an explanation says, as `--format json` prints it (docs/explain.md). The other forms print the same.

use super::around::AroundPart;
use hugging_carbon::domain::{Flag, Quantiles};
use hugging_carbon::tables::EstimateByTierRow;
use serde::Serialize;
use std::collections::BTreeMap;

/// Name and version of the schema; the number changes when a key changes its meaning or goes away.
pub const SCHEMA: &str = "hugging-carbon explain 1";

/// A model, or a training that is in no index, with how its figures come about.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// Name of the snapshot; null for tables of the data directory.
    pub snapshot: Option<String>,
    /// Version of the method.
    pub method_version: i32,
    /// Draws behind every interval.
    pub draws: usize,
    /// Whether the figures are those of the tables; else they were made now, with their regressions.
    pub is_published: bool,
    /// Other repositories of the name that was given, the most downloaded first.
    pub same_name: Vec<String>,
    /// What was stated on the command line, in words; empty for a repository.
    pub stated: Vec<String>,
    /// Kind of the run; null where nothing was trained.
    pub kind: Option<&'static str>,
    /// The repository; null for what was stated on the command line.
    pub model: Option<Model>,
    /// Its runs and those it builds on; null likewise.
    pub family: Option<Family>,
    /// What was read, accepted or refused.
    pub evidence: Vec<Evidence>,
    /// Every tier the evidence reaches, the headline first; empty where nothing was trained.
    pub tiers: Vec<TierPart>,
    /// For a repository that trained nothing: the pre-training its weights come from, if the index has it.
    pub carries: Option<Carried>,
}

/// A repository.
#[derive(Debug, Serialize)]
pub struct Model {
    pub model_id: String,
    pub role: &'static str,
    pub role_rule: String,
    /// Probability of each role that may be; empty where the role is known.
    pub role_probabilities: BTreeMap<&'static str, f64>,
    pub total_params: Option<i64>,
    pub active_params: Option<i64>,
    pub params_source: Option<String>,
    pub modality: String,
    pub pipeline_tag: Option<String>,
    pub license: Option<String>,
    /// ISO 8601.
    pub trained_on: Option<String>,
    pub trained_on_source: Option<&'static str>,
    /// Years that it may be of where nothing tells the date, each as likely as the others.
    pub possible_years: Vec<i32>,
    pub owner_country: Option<String>,
    pub downloads_all_time: Option<i64>,
    pub downloads_30d: Option<i64>,
    pub in_cohort: bool,
}

/// Runs of a repository and upstream of it.
#[derive(Debug, Default, Serialize)]
pub struct Family {
    pub own_run_id: Option<String>,
    /// Run it started from.
    pub parent_run_id: Option<String>,
    /// Repositories that carry the own run, itself included.
    pub member_count: Option<i64>,
    pub group_rule: Option<String>,
    pub stands_on_run_id: Option<String>,
    pub base_model_ids: Vec<String>,
    pub upstream_run_ids: Vec<String>,
    /// Whether every chain of bases ends in a run of the index.
    pub lineage_is_complete: Option<bool>,
    pub own_emissions_kgco2e_mean: Option<f64>,
    pub lineage_emissions_kgco2e_mean: Option<f64>,
    /// Other repositories on the same pre-training, the most downloaded first; the first twelve.
    pub relatives: Vec<Relative>,
    /// How many there are.
    pub relative_count: usize,
}

#[derive(Debug, Serialize)]
pub struct Relative {
    pub model_id: String,
    pub role: String,
}

/// One number or fact that was read.
#[derive(Debug, Serialize)]
pub struct Evidence {
    pub field: &'static str,
    pub value: Option<f64>,
    /// Null for numbers without a unit and for texts.
    pub unit: Option<String>,
    pub value_as_written: String,
    pub source: String,
    pub locator: String,
    /// Page on which it can be read again; null for what follows from tables of the project alone.
    pub source_url: Option<String>,
    pub quote: String,
    pub confidence: f64,
    pub accepted: bool,
    pub reject_reason: Option<String>,
    /// Of several accepted values of one field one is taken: which, where it is not this one.
    pub passed_over: Option<String>,
    pub evidence_id: String,
}

/// One tier.
#[derive(Debug, Serialize)]
pub struct TierPart {
    pub tier: i32,
    pub tier_name: String,
    pub is_headline: bool,
    /// The calculation at central values, a line a step.
    pub steps: Vec<String>,
    pub figures: Figures,
    /// What was trained if that is not certain, the likeliest first; the figures mix them. Empty where it is.
    pub may_have_been: Vec<Alternative>,
    /// What surrounds the electricity; null for tables of before.
    pub around_electricity: Option<AroundPart>,
    pub factors: Factors,
    pub flags: Vec<FlagText>,
    /// What a reader of the figures must know, in words.
    pub remarks: Vec<String>,
}

/// One thing that a training may have been.
#[derive(Clone, Debug, Serialize)]
pub struct Alternative {
    /// Kind of run.
    pub kind: &'static str,
    pub probability: f64,
    /// Figures if it was that.
    pub train_flop: Interval,
    pub energy_kwh: Interval,
    pub emissions_kgco2e: Interval,
}

/// Figures with their interval.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Figures {
    pub train_flop: Interval,
    pub energy_kwh: Interval,
    pub emissions_kgco2e: Interval,
    pub atci_gco2e_per_pflop: Option<Interval>,
}

/// 5th percentile, median, 95th percentile and mean.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Interval {
    pub p05: f64,
    pub p50: f64,
    pub p95: f64,
    pub mean: f64,
}

impl From<Quantiles> for Interval {
    fn from(Quantiles { p05, p50, p95, mean }: Quantiles) -> Self {
        Self { p05, p50, p95, mean }
    }
}

/// Factors of the chain, each with its source and whether it stands in for what nothing states.
#[derive(Debug, Serialize)]
pub struct Factors {
    pub accelerator: Option<String>,
    pub accelerator_source: Option<String>,
    pub accelerator_is_fallback: Option<bool>,
    pub accelerator_hours_p50: Option<f64>,
    pub power_w: Option<f64>,
    pub power_source: Option<String>,
    pub power_is_fallback: Option<bool>,
    pub mfu: Option<f64>,
    pub mfu_is_fallback: Option<bool>,
    pub pue: Option<f64>,
    pub pue_source: Option<String>,
    pub pue_is_fallback: Option<bool>,
    pub grid_gco2e_per_kwh: Option<f64>,
    pub grid_place: Option<String>,
    pub grid_year: Option<i32>,
    pub grid_basis: Option<String>,
    pub grid_source: Option<String>,
    pub grid_is_owner_country: Option<bool>,
    pub grid_is_fallback: Option<bool>,
}

/// An assumption or warning with its meaning.
#[derive(Debug, Serialize)]
pub struct FlagText {
    pub flag: &'static str,
    pub meaning: String,
    /// Whether the calculation takes the factor that it is about.
    #[serde(skip)]
    pub is_taken: bool,
}

/// A pre-training that is counted elsewhere.
#[derive(Debug, Serialize)]
pub struct Carried {
    pub run_id: String,
    #[serde(flatten)]
    pub figures: Figures,
}

impl FlagText {
    /// Of a flag.
    pub fn new(flag: Flag, is_taken: bool) -> Self {
        use hugging_carbon::domain::ClosedSet as _;
        Self { flag: flag.name(), meaning: flag.meaning().trim().to_owned(), is_taken }
    }
}

impl Figures {
    /// Of a row of estimates.
    pub fn of_row(row: &EstimateByTierRow) -> Self {
        Self {
            train_flop: row.train_flop.into(),
            energy_kwh: row.energy_kwh.into(),
            emissions_kgco2e: row.emissions_kgco2e.into(),
            atci_gco2e_per_pflop: row.atci_gco2e_per_pflop.map(Into::into),
        }
    }

    /// What a table of the figures does not tell by itself.
    pub fn remarks(&self) -> Vec<String> {
        let named = [("FLOP", self.train_flop), ("kWh", self.energy_kwh), ("kg CO2e", self.emissions_kgco2e)];
        let far: Vec<&str> = named.iter().filter(|(_, q)| q.mean > q.p95).map(|(name, _)| *name).collect();
        let mut remarks = Vec::new();
        if self.atci_gco2e_per_pflop.is_some_and(|q| q.mean > q.p95) {
            remarks.push(
                "The mean of g/PFLOP lies above its 95th percentile: it is the mean of a ratio, M / C of every draw, and draws of little compute \
                 make it large. It is not mean emissions over mean compute, and nothing to multiply compute by: take the median."
                    .to_owned(),
            );
        }
        if far.is_empty() {
            return remarks;
        }
        remarks.push(format!(
            "The mean of {} lies above its 95th percentile: a few draws out of a hundred are so much larger than the others that they make \
             up most of the mean. The median is what to expect of this one training; the mean is what to add up over many.",
            far.join(" and ")
        ));
        remarks
    }
}

impl Factors {
    /// Of a row of estimates.
    pub fn of_row(row: &EstimateByTierRow) -> Self {
        Self {
            accelerator: row.accelerator.clone(),
            accelerator_source: row.accelerator_source.clone(),
            accelerator_is_fallback: row.accelerator_is_fallback,
            accelerator_hours_p50: row.accelerator_hours_p50,
            power_w: row.power_w,
            power_source: row.power_source.clone(),
            power_is_fallback: row.power_is_fallback,
            mfu: row.mfu,
            mfu_is_fallback: row.mfu_is_fallback,
            pue: row.pue,
            pue_source: row.pue_source.clone(),
            pue_is_fallback: row.pue_is_fallback,
            grid_gco2e_per_kwh: row.grid_gco2e_per_kwh,
            grid_place: row.grid_place.clone(),
            grid_year: row.grid_year,
            grid_basis: row.grid_basis.map(|basis| basis.to_string()),
            grid_source: row.grid_source.clone(),
            grid_is_owner_country: row.grid_is_owner_country,
            grid_is_fallback: row.grid_is_fallback,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nineteen draws of 1 and one of 1,000: the mean, 51, lies above the 95th percentile.
    #[test]
    fn a_mean_beyond_the_interval_is_explained() {
        let plain = Interval { p05: 1.0, p50: 1.0, p95: 1.0, mean: 1.0 };
        let of = |energy_kwh| Figures { train_flop: plain, energy_kwh, emissions_kgco2e: plain, atci_gco2e_per_pflop: None };
        assert!(of(plain).remarks().is_empty());
        let far = of(Interval { mean: 51.0, ..plain }).remarks();
        assert!(far.len() == 1 && far[0].starts_with("The mean of kWh lies above its 95th percentile"), "{far:?}");
        // Regression: the mean of ATCI above its p95 was shown without a word.
        let ratio = Figures { atci_gco2e_per_pflop: Some(Interval { mean: 51.0, ..plain }), ..of(plain) }.remarks();
        assert!(ratio.len() == 1 && ratio[0].contains("mean of a ratio"), "{ratio:?}");
    }
}
