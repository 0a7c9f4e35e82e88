//! Typed access to the factor tables of `data/reference`, which are part of the binary.
//!
//! Every row names its source and vintage; `data/README.md` describes each file.

pub mod accelerators;
pub mod places;
pub mod power;
pub mod registry;

use crate::error::{Error, Result};
use crate::tables::io::sha256_bytes;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

pub use accelerators::{Accelerator, Accelerators, MixtureRole};
pub use places::{Grid, GridValue, Owners, Pue, PueValue};
pub use power::Power;
pub use registry::{Registry, TrainingRun};

const FILES: &[(&str, &str)] = &[
    ("accelerators.csv", include_str!("../../data/reference/accelerators.csv")),
    ("grid_country_year.csv", include_str!("../../data/reference/grid_country_year.csv")),
    ("mfu.csv", include_str!("../../data/reference/mfu.csv")),
    ("owners.csv", include_str!("../../data/reference/owners.csv")),
    ("power.csv", include_str!("../../data/reference/power.csv")),
    ("pue.csv", include_str!("../../data/reference/pue.csv")),
    ("training_runs.csv", include_str!("../../data/reference/training_runs.csv")),
];

/// All reference tables.
#[derive(Debug)]
pub struct Reference {
    digests: BTreeMap<String, String>,
    /// Accelerators and their aliases.
    pub accelerators: Accelerators,
    /// Grid intensity by country and year.
    pub grid: Grid,
    /// PUE by operator and year.
    pub pue: Pue,
    /// Countries and operators of owners.
    pub owners: Owners,
    /// Measured power over TDP, and MFU of published runs.
    pub power: Power,
    /// Published training runs.
    pub registry: Registry,
}

impl Reference {
    /// Reads the tables that are part of the binary.
    ///
    /// # Errors
    /// A table does not parse; a data test keeps that from being released.
    pub fn load() -> Result<Self> {
        let accelerators = Accelerators::new(read("accelerators.csv")?)?;
        let registry = Registry::new(read("training_runs.csv")?)?;
        Ok(Self {
            digests: FILES.iter().map(|(n, text)| ((*n).to_owned(), sha256_bytes(text.as_bytes()))).collect(),
            grid: Grid::new(read("grid_country_year.csv")?)?,
            pue: Pue::new(read("pue.csv")?)?,
            owners: Owners::new(read("owners.csv")?),
            power: Power::new(&read("power.csv")?, &read("mfu.csv")?)?,
            accelerators: accelerators.with_mixtures(&registry),
            registry,
        })
    }

    /// SHA-256 of every reference file, by name.
    #[must_use]
    pub fn digests(&self) -> &BTreeMap<String, String> {
        &self.digests
    }
}

fn read<T: DeserializeOwned>(name: &str) -> Result<Vec<T>> {
    let text = FILES
        .iter()
        .find(|(n, _)| *n == name)
        .map(|(_, text)| *text)
        .ok_or_else(|| Error::Internal(format!("reference file {name} is not embedded")))?;
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .enumerate()
        .map(|(i, row)| row.map_err(|e| Error::Internal(format!("data/reference/{name} row {}: {e}", i + 2))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn reference() -> Reference {
        Reference::load().unwrap()
    }

    #[test]
    fn accelerators_have_keys_aliases_and_plausible_figures() {
        let rows: Vec<Accelerator> = read("accelerators.csv").unwrap();
        assert!(rows.len() >= 60);
        let mut aliases = BTreeSet::new();
        let mut names = BTreeSet::new();
        for row in &rows {
            assert!(names.insert(row.accelerator.clone()), "{} twice", row.accelerator);
            for alias in row.aliases.split('|').filter(|a| !a.is_empty()) {
                assert!(aliases.insert(alias.to_owned()), "alias {alias} in two rows");
            }
            if let Some(peak) = row.training_peak() {
                assert!((0.5e12..2e17).contains(&peak.0), "{}: {} FLOP/s", row.accelerator, peak.0);
                assert!(!row.peak_source.is_empty(), "{} has a peak without source", row.accelerator);
            }
            if let Some(tdp) = row.tdp_w {
                assert!((5.0..30_000.0).contains(&tdp), "{}: {tdp} W", row.accelerator);
                assert!(!row.tdp_source.is_empty(), "{} has a TDP without source", row.accelerator);
            }
        }
    }

    /// NVIDIA data sheets: dense tensor rates, not sparse ones; A100 312, H100 SXM 989 (BF16), V100 125 (FP16), T4 65 (FP16).
    #[test]
    fn peaks_are_the_dense_ones() {
        let reference = reference();
        for (text, tflops) in [("A100 80GB SXM4", 312.0), ("H100 SXM5 80GB", 989.0), ("NVIDIA V100", 125.0), ("Tesla T4", 65.0)] {
            let chip = reference.accelerators.resolve(text).unwrap();
            let peak = chip.training_peak().unwrap().0 / 1e12;
            assert!((peak / tflops - 1.0).abs() < 0.02, "{text}: {peak} against {tflops}");
        }
    }

    /// Our World in Data (Ember): France 2022 near 80 g, Poland above 600, world 2022 near 490.
    #[test]
    fn grid_values_are_in_their_published_range_and_complete() {
        let grid = reference().grid;
        for (place, year, low, high) in [("FRA", 2021, 50.0, 90.0), ("POL", 2020, 600.0, 800.0), ("WORLD", 2022, 450.0, 520.0)] {
            let value = grid.value(place, year).unwrap();
            assert!((low..high).contains(&value.gco2e_per_kwh), "{place} {year}: {}", value.gco2e_per_kwh);
            assert_eq!(value.year, year);
        }
        for year in 2015..=2024 {
            for place in ["USA", "CHN", "DEU", "FRA", "GBR", "CAN", "ARE", "KOR", "JPN", "WORLD"] {
                assert_eq!(grid.value(place, year).map(|v| v.year), Some(year), "{place} {year}");
            }
        }
        assert!(grid.value("XXX", 2020).is_none());
        assert_eq!(grid.value("USA", 2031).map(|v| v.year), Some(2024), "2025 is partial");
    }

    #[test]
    fn pue_stays_at_or_above_one_and_every_owner_operator_exists() {
        let reference = reference();
        for (owner, operator) in reference.owners.operators() {
            assert!(reference.pue.has_operator(operator), "{owner}: {operator}");
        }
        assert_eq!(reference.pue.for_operator(Some("google"), 2021).pue, 1.10);
        let unknown = reference.pue.for_operator(None, 2023);
        assert!(unknown.is_fallback && (1.5..1.7).contains(&unknown.pue));
    }

    #[test]
    fn the_registry_holds_several_hundred_unique_plausible_runs() {
        let registry = reference().registry;
        assert!(registry.runs().len() >= 300);
        let mut ids = BTreeSet::new();
        let mut hub_ids = BTreeSet::new();
        for run in registry.runs() {
            assert!(ids.insert(run.registry_id.clone()), "{} twice", run.registry_id);
            if let Some(id) = &run.hub_id {
                assert!(hub_ids.insert(id.to_lowercase()), "hub id {id} twice");
            }
            let within = |value: Option<f64>, low: f64, high: f64| value.is_none_or(|v| (low..=high).contains(&v));
            assert!(within(run.params, 1e3, 1e14), "{} params", run.registry_id);
            assert!(within(run.train_flop, 1e9, 1e28), "{} flop", run.registry_id);
            assert!(within(run.mfu, 0.005, 0.95), "{} mfu", run.registry_id);
            assert!(!run.source.is_empty() && !run.vintage.is_empty(), "{} source", run.registry_id);
            assert!(["pretraining", "post_training", "fine_tuning"].contains(&run.kind.as_str()), "{}", run.kind);
            if run.open_weights == Some(true) {
                use crate::method::assumptions::{MOST_FLOP_BEYOND_TEXT, MOST_FLOP_TEXT};
                let text = run.modality == "text" || run.modality == "multimodal";
                let most = if text { MOST_FLOP_TEXT } else { MOST_FLOP_BEYOND_TEXT };
                assert!(run.train_flop.unwrap_or(0.0) <= most, "{}", run.registry_id);
            }
            if let (Some(active), Some(total)) = (run.active_params, run.params) {
                assert!(active <= total, "{} active above total", run.registry_id);
            }
        }
    }

    /// Quartiles of the published MFU are 0.28 and 0.46, centre 0.34 (METHOD.md section 4).
    #[test]
    fn mfu_and_power_come_from_the_measured_rows() {
        let power = reference().power;
        assert!((power.mfu.median - 0.34).abs() < 0.03, "{}", power.mfu.median);
        // exp(mean(ln 1.1, ln 1.14, ln 1.3843)) = 1.2017 by pocket calculator.
        assert!((power.ratio("NVIDIA").0.median - 1.2017).abs() < 1e-3);
        // exp(mean(ln .64, ln .5444, ln .6889)) = 0.6215.
        assert!((power.ratio("Google").0.median - 0.6215).abs() < 1e-3);
        assert!(power.ratio("Huawei").1, "no measurement: flagged");
    }
}
