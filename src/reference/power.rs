//! Measured power over TDP, per chip and vendor, and the MFU of published runs: centre and spread from the rows themselves.
//!
//! P = TDP x accelerator share x host factor (docs/method.md, section 4). Publications give the product (system power over TDP) or the
//! share alone (chip power over TDP); the host factor is the one over the other.

use super::Accelerator;
use crate::error::{Error, Result};
use crate::method::assumptions::{MFU_OVER_HOURS, MFU_SHARED_SD, POWER_OWN_SD, POWER_SHARED_SD};
use crate::method::simulate::LogNormal;
use crate::method::summary::quantile_sorted;
use libm::{exp, log, sqrt};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Vendor whose ratio stands in for vendors without a measurement.
const DEFAULT_VENDOR: &str = "NVIDIA";
/// `kind` of rows whose power includes the host.
const HOST_INCLUSIVE: &str = "host_inclusive";
/// `kind` of rows whose power is that of the accelerator alone.
const ACCELERATOR_SHARE: &str = "accelerator_share";

/// A row of power.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct PowerRow {
    /// What was measured; key.
    pub setting: String,
    /// Run it was measured on: its registry id, or a name of its own where the registry lacks it.
    pub run: Option<String>,
    /// Canonical chip.
    pub accelerator: String,
    /// Its vendor.
    pub vendor: String,
    /// Mean power over TDP.
    pub ratio: f64,
    /// host_inclusive or accelerator_share.
    pub kind: String,
    /// Source.
    pub source: String,
    /// Edition of the source.
    pub vintage: String,
}

/// A row of mfu.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct MfuRow {
    /// Published run; key.
    pub model: String,
    /// Model FLOP utilization.
    pub mfu: f64,
    /// Source.
    pub source: String,
    /// Edition of the source.
    pub vintage: String,
}

/// Power of one accelerator with its share of the host, over its TDP.
#[derive(Clone, Debug, PartialEq)]
pub struct NodePower {
    /// The product of share and host factor, with its spread.
    pub ratio: LogNormal,
    /// Mean power of the chip over its TDP.
    pub accelerator_share: f64,
    /// System power over chip power.
    pub host_factor: f64,
    /// What the ratio was measured on.
    pub source: String,
    /// Whether another vendor's measurements stand in.
    pub is_fallback: bool,
}

/// Which rows a rung of the ladder takes, its name, and whether it is a fallback.
type Rung<'a> = (&'a dyn Fn(&PowerRow) -> bool, &'a str, bool);

/// Power ratios and utilization.
#[derive(Debug)]
pub struct Power {
    rows: Vec<PowerRow>,
    /// Model FLOP utilization of pre-training over all its device hours.
    pub mfu: LogNormal,
}

impl Power {
    pub(super) fn new(power: &[PowerRow], mfu: &[MfuRow]) -> Result<Self> {
        let has = |kind: &str| power.iter().any(|row| row.kind == kind && row.vendor == DEFAULT_VENDOR);
        let mut values: Vec<f64> = mfu.iter().map(|row| row.mfu).filter(|m| *m > 0.0 && *m < 1.0).collect();
        if values.len() < 20 || !has(HOST_INCLUSIVE) || !has(ACCELERATOR_SHARE) {
            return Err(Error::Internal("mfu.csv or power.csv holds too few rows".into()));
        }
        values.sort_unstable_by(f64::total_cmp);
        let quartile = |p| quantile_sorted(&values, p);
        Ok(Self {
            rows: power.to_vec(),
            mfu: LogNormal {
                median: MFU_OVER_HOURS * quartile(0.5),
                // The quartiles of a normal lie 0.67449 standard deviations from its centre.
                own_sd: log(quartile(0.75) / quartile(0.25)) / (2.0 * 0.674_49),
                shared_sd: MFU_SHARED_SD,
            },
        })
    }

    /// Power of a chip with its share of the host, over TDP: from measurements of the chip, else of its vendor's chips, else of
    /// NVIDIA's.
    #[must_use]
    pub fn node_power(&self, chip: &Accelerator) -> NodePower {
        self.without(chip, None)
    }

    /// The same, with the measurement of one registry run left out, so that it can be tested on what it has not seen.
    #[must_use]
    pub fn without(&self, chip: &Accelerator, run: Option<&str>) -> NodePower {
        let rows: Vec<&PowerRow> = self.rows.iter().filter(|row| run.is_none() || row.run.as_deref() != run).collect();
        let of = |kind: &str, fits: &dyn Fn(&PowerRow) -> bool| -> Vec<&PowerRow> {
            rows.iter().copied().filter(|row| row.kind == kind && fits(row)).collect()
        };
        let rungs: [Rung<'_>; 3] = [
            (&|row| row.accelerator == chip.accelerator, chip.accelerator.as_str(), false),
            (&|row| row.vendor == chip.vendor, chip.vendor.as_str(), false),
            (&|row| row.vendor == DEFAULT_VENDOR, DEFAULT_VENDOR, true),
        ];
        let measured = |kind: &str| {
            rungs.iter().find_map(|(fits, name, fallback)| {
                let found = of(kind, fits);
                (!found.is_empty()).then(|| (centre(&found), *name, *fallback))
            })
        };
        // `new` refuses tables without NVIDIA rows of both kinds; leaving one out keeps others.
        let ((product, sd, n), name, is_fallback) =
            measured(HOST_INCLUSIVE).unwrap_or(((1.0, POWER_OWN_SD, 0), DEFAULT_VENDOR, true));
        let share = measured(ACCELERATOR_SHARE).map_or(product, |((share, _, _), _, _)| share);
        NodePower {
            ratio: LogNormal { median: product, own_sd: sd.max(POWER_OWN_SD), shared_sd: POWER_SHARED_SD },
            accelerator_share: share,
            host_factor: product / share,
            source: format!("{n} measured {} on {name}", if n == 1 { "run" } else { "runs" }),
            is_fallback,
        }
    }

    /// All measurements.
    #[must_use]
    pub fn rows(&self) -> &[PowerRow] {
        &self.rows
    }
}

/// Geometric mean over chips of the geometric mean of each chip's rows, standard deviation of the logs over all rows, and their
/// number: four runs on one chip are not four chips.
fn centre(rows: &[&PowerRow]) -> (f64, f64, usize) {
    let mut by_chip: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for row in rows {
        by_chip.entry(&row.accelerator).or_default().push(log(row.ratio));
    }
    let chips: Vec<f64> = by_chip.values().map(|logs| mean(logs)).collect();
    let centre = mean(&chips);
    let all: Vec<f64> = by_chip.into_values().flatten().collect();
    #[allow(clippy::cast_precision_loss)]
    let variance = all.iter().map(|l| (l - centre) * (l - centre)).sum::<f64>() / (all.len() as f64 - 1.0).max(1.0);
    (exp(centre), sqrt(variance), all.len())
}

fn mean(values: &[f64]) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let n = values.len() as f64;
    values.iter().sum::<f64>() / n
}

#[cfg(test)]
mod tests {
    use crate::reference::Reference;

    /// Quartiles of the published MFU are 0.30 and 0.46, centre 0.363; over all device hours it is 0.91 of that (docs/method.md, section 4).
    #[test]
    fn mfu_comes_from_published_runs() {
        let power = Reference::load().unwrap().power;
        assert!((power.mfu.median - 0.330).abs() < 0.001, "{}", power.mfu.median);
    }

    /// By pocket calculator from power.csv. TPU v3: T5 310, Meena 289, GShard 288, Switch 245 W over 450 W, geometric mean
    /// (0.6889 x 0.6422 x 0.64 x 0.5444)^(1/4) = 0.6265. Share of the chip alone 220 / 450 = 0.4889, so the host factor is 1.2815.
    /// V100: (1.10 x 1.14)^(1/2) = 1.1198. H100 has one measurement, 969 / 700 = 1.3843.
    #[test]
    fn power_ratios_by_hand() {
        let reference = Reference::load().unwrap();
        let of = |name: &str| reference.power.node_power(reference.accelerators.named(name).unwrap());
        let tpu = of("TPU v3");
        assert!((tpu.ratio.median - 0.6265).abs() < 5e-4, "{tpu:?}");
        assert!((tpu.accelerator_share - 0.4889).abs() < 5e-4 && (tpu.host_factor - 1.2815).abs() < 2e-3, "{tpu:?}");
        // ln 0.6889 = -0.37266, ln 0.6422 = -0.44286, ln 0.64 = -0.44629, ln 0.5444 = -0.60807; mean -0.46747; squared deviations
        // 0.00899 + 0.00061 + 0.00045 + 0.01977 = 0.02981; over 3, square root: 0.0997, below the floor of 0.15.
        assert!((tpu.ratio.own_sd - 0.15).abs() < 1e-12, "{tpu:?}");
        assert!((of("NVIDIA V100 SXM2 32GB").ratio.median - 1.1198).abs() < 5e-4);
        assert!((of("H100 SXM5 80GB").ratio.median - 1.3843).abs() < 5e-4);
        // Other NVIDIA chips: the geometric mean of the two chips, (1.1198 x 1.3843)^(1/2) = 1.2450.
        let rtx = of("RTX 3090");
        assert!((rtx.ratio.median - 1.2450).abs() < 5e-4 && !rtx.is_fallback, "{rtx:?}");
        let ascend = of("Ascend 910B");
        assert!(ascend.is_fallback && (ascend.ratio.median - 1.2450).abs() < 5e-4, "{ascend:?}");
    }

    /// Without Switch the other three give (0.6889 x 0.6422 x 0.64)^(1/3) = 0.6566.
    #[test]
    fn a_measurement_can_be_left_out() {
        let reference = Reference::load().unwrap();
        let tpu = reference.accelerators.named("TPU v3").unwrap();
        let power = reference.power.without(tpu, Some("switch"));
        assert!((power.ratio.median - 0.6566).abs() < 5e-4, "{power:?}");
    }
}
