//! What each stage of a run came to, told while it goes on, so that a run that fails or is ended tells as much as a good one.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How a stage ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageStatus {
    /// It ran, and its tables are recorded.
    Done,
    /// Nothing had to be done.
    Fresh,
    /// It ran into an error.
    Failed,
    /// It was at work when the command ended.
    Interrupted,
    /// The command ended before it.
    NotReached,
}

impl StageStatus {
    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Fresh => "fresh",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::NotReached => "not_reached",
        }
    }
}

/// What a stage came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StageReport {
    /// Name of the stage.
    pub stage: String,
    /// How it ended.
    pub status: StageStatus,
    /// Why it ran, or why it failed.
    pub reason: Option<String>,
    /// How long it took; none if it did not run.
    pub seconds: Option<f64>,
    /// Rows of the tables it wrote.
    pub rows: BTreeMap<String, u64>,
    /// Largest resident memory of the process meanwhile, in bytes; none if it did not run or the system does not tell.
    pub peak_memory_bytes: Option<u64>,
}

impl StageReport {
    /// A stage that did not run.
    #[must_use]
    pub fn idle(stage: &str, status: StageStatus, rows: BTreeMap<String, u64>) -> Self {
        Self { stage: stage.to_owned(), status, reason: None, seconds: None, rows, peak_memory_bytes: None }
    }
}

/// The reports of a run. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Reports(Arc<Mutex<Vec<StageReport>>>);

impl Reports {
    fn lock(&self) -> MutexGuard<'_, Vec<StageReport>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a report in the place of the one of the same stage, or behind all.
    pub(super) fn put(&self, report: StageReport) {
        let mut all = self.lock();
        match all.iter_mut().find(|other| other.stage == report.stage) {
            Some(other) => *other = report,
            None => all.push(report),
        }
    }

    /// The reports so far, in the order of the stages. One that is still at work reads as interrupted.
    #[must_use]
    pub fn list(&self) -> Vec<StageReport> {
        self.lock().clone()
    }
}
