//! Fine-tunes whose own cards state how many samples they saw, and how long samples of a task are.

use crate::domain::{Modality, RunKind, TaskGroup};
use crate::error::{Error, Result};
use crate::units::Day;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Standard deviation of log10 of a stated length of packed samples: what is packed fills it, what is not fills a tenth to a half.
const STATED_LENGTH_SD_DEX: f64 = 0.35;

/// What of the weights a fine-tune changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// All of them.
    Full,
    /// Small added weights, the others frozen.
    Adapter,
}

/// A row of finetunes.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct FineTune {
    /// Hub id.
    pub model_id: String,
    /// Parameters of the base.
    pub params: f64,
    /// Samples seen, each pass counted: steps times the batch of all devices.
    pub samples_seen: f64,
    /// Stated length of a sample in tokens.
    pub sequence_length: Option<f64>,
    /// The Hub's word for the task.
    pub task: String,
    /// What is trained.
    pub method: Method,
    /// Date of the training.
    pub trained_on: Option<String>,
}

impl FineTune {
    /// Namespace.
    #[must_use]
    pub fn owner(&self) -> &str {
        self.model_id.split_once('/').map_or("", |(owner, _)| owner)
    }

    /// Date; none where the card tells none.
    #[must_use]
    pub fn day(&self) -> Option<Day> {
        self.trained_on.as_deref().and_then(Day::parse)
    }

    /// Kind of run.
    #[must_use]
    pub fn kind(&self) -> RunKind {
        match self.method {
            Method::Full => RunKind::FineTuning,
            Method::Adapter => RunKind::Adapter,
        }
    }
}

/// A row of sample_lengths.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct SampleLength {
    /// The Hub's word for the task, or `any` with a modality.
    pub task: String,
    /// Its group.
    pub task_group: TaskGroup,
    /// Multiply-adds of a forward pass over one sample, divided by the parameters: for a transformer on text, its tokens. Median.
    pub length: f64,
    /// Standard deviation of its log10.
    pub sd_dex: f64,
    /// Side in pixels of the square images that the length is for.
    pub image_side: Option<f64>,
}

impl SampleLength {
    /// Length of a sample with the standard deviation of its log10, and whether the run itself states it. A stated length counts where
    /// samples are packed to it; elsewhere samples are cut there, so that it can only lower what is usual. Images grow with the square of
    /// a stated side in pixels.
    #[must_use]
    pub fn length(&self, stated: Option<f64>, side: Option<f64>) -> (f64, f64, bool) {
        if let (Some(side), Some(usual)) = (side, self.image_side) {
            return (self.length * (side / usual) * (side / usual), self.sd_dex, false);
        }
        match stated {
            Some(stated) if self.task_group.is_packed() => (stated, STATED_LENGTH_SD_DEX, true),
            Some(stated) => (self.length.min(stated), self.sd_dex, false),
            None => (self.length, self.sd_dex, false),
        }
    }
}

/// How long samples are, by task.
#[derive(Debug)]
pub struct SampleLengths {
    rows: BTreeMap<String, SampleLength>,
    /// Those of a run whose task nothing tells, by modality.
    by_modality: BTreeMap<Modality, SampleLength>,
    /// That of the modality "other".
    other: SampleLength,
}

impl SampleLengths {
    pub(super) fn new(rows: Vec<SampleLength>) -> Result<Self> {
        let mut by_modality: BTreeMap<Modality, SampleLength> = BTreeMap::new();
        for modality in Modality::ALL {
            let key = format!("any {modality}");
            let row = rows.iter().find(|row| row.task == key);
            let row = row.ok_or_else(|| Error::Internal(format!("sample_lengths.csv: no row '{key}'")))?;
            if row.task_group != TaskGroup::of_modality(*modality) {
                return Err(Error::Internal(format!("sample_lengths.csv: '{key}' is of another group than its modality")));
            }
            by_modality.insert(*modality, row.clone());
        }
        let other = by_modality.get(&Modality::Other).cloned();
        let other = other.ok_or_else(|| Error::Internal("sample_lengths.csv: no row 'any other'".into()))?;
        Ok(Self { rows: rows.into_iter().map(|row| (row.task.clone(), row)).collect(), by_modality, other })
    }

    /// What samples of a task are like; where the Hub states none, or one that the table lacks, those of the modality.
    #[must_use]
    pub fn usual(&self, task: Option<&str>, modality: Modality) -> &SampleLength {
        let of_task = task.and_then(|task| self.rows.get(task));
        of_task.or_else(|| self.by_modality.get(&modality)).unwrap_or(&self.other)
    }

    /// Whether the table has a task.
    #[must_use]
    pub fn has(&self, task: &str) -> bool {
        self.rows.contains_key(task)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;
    use std::collections::BTreeSet;

    /// A stated length of 2,048 counts for packed chat, lowers nothing of a classifier's 80 tokens, and 32 does; an image of 448 pixels
    /// is four of 224.
    #[test]
    fn lengths_by_hand() {
        let lengths = Reference::load().unwrap().sample_lengths;
        let of = |task: &str, stated, side| lengths.usual(Some(task), Modality::Text).length(stated, side);
        assert_eq!(of("text-generation", Some(2048.0), None), (2048.0, STATED_LENGTH_SD_DEX, true));
        let usual = lengths.usual(Some("text-classification"), Modality::Text);
        assert_eq!(of("text-classification", Some(512.0), None), (usual.length, usual.sd_dex, false));
        assert_eq!(of("text-classification", Some(32.0), None), (32.0, usual.sd_dex, false));
        let image = lengths.usual(Some("image-classification"), Modality::Vision);
        assert_eq!(of("image-classification", None, Some(448.0)).0, 4.0 * image.length);
        // A task that the table lacks is read by its modality.
        assert_eq!(lengths.usual(Some("new-task"), Modality::Audio).task, "any audio");
        assert_eq!(lengths.usual(None, Modality::Text).task_group, TaskGroup::Generation);
    }

    #[test]
    fn fine_tunes_are_unique_and_plausible() {
        let reference = Reference::load().unwrap();
        assert!(reference.fine_tunes.len() >= 2_000);
        let ids: BTreeSet<&str> = reference.fine_tunes.iter().map(|r| r.model_id.as_str()).collect();
        assert_eq!(ids.len(), reference.fine_tunes.len());
        for row in reference.fine_tunes.iter() {
            assert!(!row.owner().is_empty() && reference.sample_lengths.has(&row.task), "{}", row.model_id);
            assert!(row.trained_on.is_none() || row.day().is_some(), "{}", row.model_id);
        }
    }
}
