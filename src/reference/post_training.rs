//! What post-training takes of the compute of the pre-training it starts from, by stage, from published runs.

use crate::domain::TrainingStage;
use crate::error::{Error, Result};
use crate::method::simulate::pow10;
use libm::{log10, sqrt};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Fewest published shares that a stage's own centre rests on; below it all stages that are no continued pre-training stand in.
const MIN_SHARES: usize = 5;

/// A row of post_training.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct ShareRow {
    /// Stage.
    pub stage_group: TrainingStage,
    /// Published model.
    pub model: String,
    /// Post-training over pre-training.
    pub share: f64,
    /// Source.
    pub source: String,
}

/// Centre and spread of a stage's shares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// Geometric mean.
    pub median: f64,
    /// Standard deviation of log10.
    pub sd_dex: f64,
    /// Published shares behind it.
    pub n: usize,
}

/// Shares by stage.
#[derive(Debug)]
pub struct PostTraining {
    stages: BTreeMap<TrainingStage, Share>,
    all: Share,
}

fn share(values: &[f64]) -> Share {
    let logs: Vec<f64> = values.iter().map(|v| log10(*v)).collect();
    #[allow(clippy::cast_precision_loss)] // Some dozen rows.
    let n = logs.len() as f64;
    let mean = logs.iter().sum::<f64>() / n;
    let variance = logs.iter().map(|l| (l - mean) * (l - mean)).sum::<f64>() / (n - 1.0).max(1.0);
    Share { median: pow10(mean), sd_dex: sqrt(variance), n: logs.len() }
}

impl PostTraining {
    pub(super) fn new(rows: &[ShareRow]) -> Result<Self> {
        let mut by_stage: BTreeMap<TrainingStage, Vec<f64>> = BTreeMap::new();
        for row in rows {
            if !(row.share > 0.0 && row.share < 5.0) {
                return Err(Error::Internal(format!("post_training.csv: {} {}: share out of range", row.stage_group, row.model)));
            }
            by_stage.entry(row.stage_group).or_default().push(row.share);
        }
        let all: Vec<f64> =
            by_stage.iter().filter(|(stage, _)| **stage != TrainingStage::Continued).flat_map(|(_, v)| v.clone()).collect();
        if all.len() < MIN_SHARES || !by_stage.contains_key(&TrainingStage::Continued) {
            return Err(Error::Internal("post_training.csv holds too few rows".into()));
        }
        let stages = by_stage.into_iter().filter(|(_, v)| v.len() >= MIN_SHARES).map(|(stage, v)| (stage, share(&v))).collect();
        Ok(Self { stages, all: share(&all) })
    }

    /// The share of a stage; that of all stages where fewer than five shares of it are published.
    #[must_use]
    pub fn share(&self, stage: TrainingStage) -> Share {
        self.stages.get(&stage).copied().unwrap_or(self.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;

    /// Shares 0.001, 0.01, 0.1: geometric mean 0.01, standard deviation of log10 exactly 1.
    #[test]
    fn centre_and_spread_by_hand() {
        let s = share(&[0.001, 0.01, 0.1]);
        assert!((s.median - 0.01).abs() < 1e-15 && (s.sd_dex - 1.0).abs() < 1e-12 && s.n == 3, "{s:?}");
    }

    /// Published: DeepSeek-V3's post-training took 5 K of 2,664 K H800 hours (arXiv 2412.19437, table 1), 0.19 %; Olmo 3.1's reasoning a
    /// tenth. Ordinary releases lie well below long reinforcement learning, that below continued pre-training, all below a third.
    #[test]
    fn stages_are_ordered_as_published() {
        let shares = Reference::load().unwrap().post_training;
        let median = |stage| shares.share(stage).median;
        assert!((0.0005..0.01).contains(&median(TrainingStage::ChatRelease)), "{}", median(TrainingStage::ChatRelease));
        assert!(
            median(TrainingStage::Sft) < median(TrainingStage::LongRl)
                && median(TrainingStage::LongRl) < median(TrainingStage::Continued),
            "{shares:?}"
        );
        assert!(median(TrainingStage::Continued) < 1.0 / 3.0);
    }
}
