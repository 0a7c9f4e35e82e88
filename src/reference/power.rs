//! Measured power over TDP per vendor, and the MFU of published runs: centre and spread from the rows themselves.

use crate::error::{Error, Result};
use crate::method::assumptions::{MFU_SHARED_SD, POWER_OWN_SD, POWER_SHARED_SD};
use crate::method::simulate::LogNormal;
use crate::method::summary::quantile_sorted;
use libm::{exp, log, sqrt};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Vendor whose ratio stands in for vendors without a measurement.
const DEFAULT_VENDOR: &str = "NVIDIA";

#[derive(Debug, Deserialize)]
pub(super) struct PowerRow {
    vendor: String,
    ratio: f64,
    kind: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct MfuRow {
    mfu: f64,
}

/// Power ratios and utilization.
#[derive(Debug)]
pub struct Power {
    ratios: BTreeMap<String, LogNormal>,
    /// Model FLOP utilization of pre-training.
    pub mfu: LogNormal,
}

impl Power {
    pub(super) fn new(power: &[PowerRow], mfu: &[MfuRow]) -> Result<Self> {
        let mut logs: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for row in power.iter().filter(|row| row.kind == "host_inclusive") {
            logs.entry(row.vendor.clone()).or_default().push(log(row.ratio));
        }
        let ratios: BTreeMap<String, LogNormal> = logs
            .into_iter()
            .map(|(vendor, logs)| {
                #[allow(clippy::cast_precision_loss)]
                let n = logs.len() as f64;
                let mean = logs.iter().sum::<f64>() / n;
                let sd = sqrt(logs.iter().map(|l| (l - mean) * (l - mean)).sum::<f64>() / (n - 1.0).max(1.0));
                let own_sd = sd.max(POWER_OWN_SD);
                (vendor, LogNormal { median: exp(mean), own_sd, shared_sd: POWER_SHARED_SD })
            })
            .collect();
        let mut values: Vec<f64> = mfu.iter().map(|row| row.mfu).filter(|m| *m > 0.0 && *m < 1.0).collect();
        if values.len() < 20 || !ratios.contains_key(DEFAULT_VENDOR) {
            return Err(Error::Internal("mfu.csv or power.csv holds too few rows".into()));
        }
        values.sort_unstable_by(f64::total_cmp);
        let quartile = |p| quantile_sorted(&values, p);
        Ok(Self {
            ratios,
            mfu: LogNormal {
                median: quartile(0.5),
                // The quartiles of a normal lie 0.67449 standard deviations from its centre.
                own_sd: log(quartile(0.75) / quartile(0.25)) / (2.0 * 0.674_49),
                shared_sd: MFU_SHARED_SD,
            },
        })
    }

    /// Power drawn per accelerator with its share of the host, over TDP; true when another vendor's ratio stands in.
    #[must_use]
    pub fn ratio(&self, vendor: &str) -> (LogNormal, bool) {
        match self.ratios.get(vendor) {
            Some(ratio) => (*ratio, false),
            None => (self.ratios[DEFAULT_VENDOR], true),
        }
    }
}
