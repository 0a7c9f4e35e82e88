//! What a stage can read: exactly what it declares.

use super::progress::Meter;
use super::run::Workspace;
use super::stage::{Follows, Reads, Stage};
use super::state::{Record, State};
use crate::error::{Error, Result};
use crate::tables::io::{BatchRows, TableReceipt, parts, row_batches, rows, table_path};
use crate::tables::lookup::{parts_whose, pick_rows, rows_whose, texts_of};
use crate::tables::{Part, Row};
use arrow::array::RecordBatch;
use rustc_hash::FxHashSet;
use std::path::PathBuf;
use std::sync::Arc;

/// Everything a stage may use.
pub struct Inputs<'a, S: Stage> {
    settings: &'a S::Settings,
    references: &'a S::References,
    workspace: &'a Workspace,
    state: &'a State,
}

/// A declared input table as a file.
#[derive(Clone, Debug)]
pub struct InputTable {
    /// Table name.
    pub name: &'static str,
    /// The file.
    pub path: PathBuf,
    /// Its receipt.
    pub receipt: TableReceipt,
}

impl<'a, S: Stage> Inputs<'a, S> {
    pub(super) fn new(
        settings: &'a S::Settings,
        references: &'a S::References,
        workspace: &'a Workspace,
        state: &'a State,
    ) -> Self {
        Self { settings, references, workspace, state }
    }

    /// The stage's settings.
    #[must_use]
    pub fn settings(&self) -> &'a S::Settings {
        self.settings
    }

    /// The stage's reference tables.
    #[must_use]
    pub fn references(&self) -> &'a S::References {
        self.references
    }

    /// Streams the rows of a declared table.
    ///
    /// # Errors
    /// The table is missing, damaged or of another schema.
    pub fn rows<R: Row>(&self) -> Result<impl Iterator<Item = Result<R>> + use<R, S>>
    where
        S: Reads<R>,
    {
        rows::<R>(&self.workspace.work)
    }

    /// Streams a declared table in columns, at most `rows` rows at a time, from which rows are read where they are needed. Columns that are
    /// `unread` are blank.
    ///
    /// # Errors
    /// The table is missing, damaged or of another schema.
    pub fn row_batches<R: Row>(
        &self,
        rows: usize,
        unread: &'static [&'static str],
    ) -> Result<impl Iterator<Item = Result<BatchRows<R>>> + Send + use<R, S>>
    where
        S: Reads<R>,
    {
        row_batches::<R>(&self.workspace.work, rows, unread)
    }

    /// Streams some columns of a declared table as rows.
    ///
    /// # Errors
    /// The table is missing, damaged or of another schema.
    pub fn parts<P: Part>(&self) -> Result<impl Iterator<Item = Result<P>> + use<P, S>>
    where
        S: Reads<P::Of>,
    {
        parts::<P>(&self.workspace.work)
    }

    /// The rows of a declared table whose text in a column is one of those wanted, in the table's order.
    ///
    /// # Errors
    /// The table is missing, damaged or of another schema.
    pub fn rows_whose<R: Row>(&self, column: &str, wanted: &Arc<FxHashSet<String>>) -> Result<Vec<R>>
    where
        S: Reads<R>,
    {
        rows_whose(&self.workspace.work, column, wanted)
    }

    /// Some columns of the rows of a declared table whose text in a column is one of those wanted, in the table's order.
    ///
    /// # Errors
    /// The table is missing, damaged or of another schema.
    pub fn parts_whose<P: Part>(&self, column: &str, wanted: &Arc<FxHashSet<String>>) -> Result<Vec<P>>
    where
        S: Reads<P::Of>,
    {
        parts_whose(&self.workspace.work, column, wanted)
    }

    /// The texts of a column of a declared table, each once.
    ///
    /// # Errors
    /// The table is missing or damaged, or lacks the column.
    pub fn texts_of<R: Row>(&self, column: &str) -> Result<Arc<FxHashSet<String>>>
    where
        S: Reads<R>,
    {
        texts_of(&self.workspace.work, R::NAME, column).map(Arc::new)
    }

    /// What `pick` takes from each batch of some columns of a declared table, in its order; row groups in parallel.
    ///
    /// # Errors
    /// The table is missing or damaged, or lacks a column.
    pub fn picked<R: Row, T: Send>(&self, columns: &[&str], pick: impl Fn(&RecordBatch) -> Vec<T> + Sync) -> Result<Vec<T>>
    where
        S: Reads<R>,
    {
        pick_rows(&self.workspace.work, R::NAME, columns, pick)
    }

    /// Number of rows of a declared table.
    ///
    /// # Errors
    /// The stage that writes it has not run.
    pub fn row_count<R: Row>(&self) -> Result<u64>
    where
        S: Reads<R>,
    {
        self.table(R::NAME).map(|table| table.receipt.rows)
    }

    /// Every declared table as a file with its receipt.
    ///
    /// # Errors
    /// A stage that writes one has not run.
    pub fn tables(&self) -> Result<Vec<InputTable>> {
        S::READS.iter().map(|name| self.table(name)).collect()
    }

    fn table(&self, name: &'static str) -> Result<InputTable> {
        let receipt = self.state.receipt(name).cloned().ok_or_else(|| self.not_run(name))?;
        Ok(InputTable { name, path: table_path(&self.workspace.work, name), receipt })
    }

    /// Facts of a declared predecessor.
    ///
    /// # Errors
    /// It has not run, or what it recorded is of another version.
    pub fn facts<T: Stage>(&self) -> Result<T::Facts>
    where
        S: Follows<T>,
    {
        let record: &Record = self.state.record(T::NAME).ok_or_else(|| self.not_run(T::NAME))?;
        serde_json::from_value(record.facts.clone()).map_err(|e| Error::Internal(format!("facts of '{}': {e}", T::NAME)))
    }

    fn not_run(&self, what: &str) -> Error {
        Error::input(
            format!("stage '{}' needs '{what}', which is not there yet", S::NAME),
            self.workspace.work.display(),
            "run the whole pipeline: hugging-carbon run",
        )
    }

    /// A progress meter for `total` units, drawn only on a terminal and only once a second has passed.
    #[must_use]
    pub fn meter(&self, total: u64, what: &'static str) -> Meter {
        Meter::new(self.workspace.interactive, total, what)
    }

    /// Whether progress may be drawn.
    #[must_use]
    pub fn interactive(&self) -> bool {
        self.workspace.interactive
    }
}
