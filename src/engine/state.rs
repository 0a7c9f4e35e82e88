//! What is recorded of finished stages, in `data/work/state.json`.

use crate::error::{Error, Result};
use crate::store::write_atomically;
use crate::tables::io::TableReceipt;
use fs_err as fs;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Format of `data/work/state.json`; a state of another format is ignored, which rebuilds everything.
const STATE_FORMAT: u32 = 2;
/// Its name.
const STATE_FILE: &str = "state.json";

/// The record of a finished stage.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Parts of the fingerprint, so that staleness can be explained.
    pub parts: BTreeMap<String, String>,
    /// Receipts of the outputs.
    pub outputs: BTreeMap<String, TableReceipt>,
    /// Facts for later stages.
    pub facts: Value,
    /// Digest of what later stages can learn from the facts.
    pub facts_sha256: String,
}

/// Records of all stages.
#[derive(Debug, Serialize, Deserialize)]
pub struct State {
    format: u32,
    stages: BTreeMap<String, Record>,
}

impl State {
    pub(super) fn load(work: &Path) -> Result<Self> {
        let empty = Self { format: STATE_FORMAT, stages: BTreeMap::new() };
        let path = work.join(STATE_FILE);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(empty),
            Err(e) => return Err(Error::io("cannot read", path, e)),
        };
        // The state only saves work: one that cannot be read, or is of another format, costs a rebuild and nothing else.
        Ok(serde_json::from_slice::<Self>(&text).ok().filter(|state| state.format == STATE_FORMAT).unwrap_or(empty))
    }

    pub(super) fn save(&self, work: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self).map_err(|e| Error::Internal(format!("state: {e}")))?;
        write_atomically(&work.join(STATE_FILE), &text)
    }

    /// The record of a stage.
    #[must_use]
    pub fn record(&self, stage: &str) -> Option<&Record> {
        self.stages.get(stage)
    }

    /// The receipt of a table, whichever stage wrote it.
    #[must_use]
    pub fn receipt(&self, table: &str) -> Option<&TableReceipt> {
        self.stages.values().find_map(|record| record.outputs.get(table))
    }

    pub(super) fn insert(&mut self, stage: &str, record: Record) {
        self.stages.insert(stage.to_owned(), record);
    }

    pub(super) fn forget(&mut self, stage: &str) -> bool {
        self.stages.remove(stage).is_some()
    }
}
