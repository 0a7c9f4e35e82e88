//! What a stage writes: its declared tables, into a directory that becomes visible only when all of them are whole.

use super::stage::{Declared, Writes};
use crate::error::{Error, IoContext, Result};
use crate::tables::Row;
use crate::tables::io::{BatchWriter, TableReceipt, TableWriter, table_path};
use crate::tables::lookup::pick_rows;
use arrow::array::RecordBatch;
use fs_err as fs;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

/// Where a stage writes.
pub struct Outputs<'a, S: Declared> {
    dir: &'a Path,
    receipts: BTreeMap<String, TableReceipt>,
    stage: PhantomData<S>,
}

impl<'a, S: Declared> Outputs<'a, S> {
    pub(super) fn new(dir: &'a Path) -> Self {
        Self { dir, receipts: BTreeMap::new(), stage: PhantomData }
    }

    /// A writer of a declared table, row by row.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn writer<R: Row>(&self) -> Result<TableWriter<R>>
    where
        S: Writes<R>,
    {
        TableWriter::create(self.dir)
    }

    /// A writer of a declared table, batch by batch.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn batch_writer<R: Row>(&self) -> Result<BatchWriter>
    where
        S: Writes<R>,
    {
        BatchWriter::create(&table_path(self.dir, R::NAME), R::schema(), R::KEY)
    }

    /// Notes that a declared table is whole.
    pub fn done<R: Row>(&mut self, receipt: TableReceipt)
    where
        S: Writes<R>,
    {
        self.receipts.insert(R::NAME.to_owned(), receipt);
    }

    /// Writes a declared table from rows that are sorted by its key.
    ///
    /// # Errors
    /// The disk is full or the file cannot be written.
    pub fn write<R: Row>(&mut self, rows: impl IntoIterator<Item = R>) -> Result<()>
    where
        S: Writes<R>,
    {
        let mut writer = self.writer::<R>()?;
        for row in rows {
            writer.push(row)?;
        }
        self.done::<R>(writer.finish()?);
        Ok(())
    }

    /// What `pick` takes from each batch of some columns of a table that this stage has written, in its order; row groups in parallel.
    ///
    /// # Errors
    /// It is not written yet, or lacks a column.
    pub fn picked<R: Row, T: Send>(&self, columns: &[&str], pick: impl Fn(&RecordBatch) -> Vec<T> + Sync) -> Result<Vec<T>>
    where
        S: Writes<R>,
    {
        pick_rows(self.dir, R::NAME, columns, pick)
    }

    /// Files and receipts of the tables written so far.
    #[must_use]
    pub fn written_tables(&self) -> Vec<(&str, PathBuf, &TableReceipt)> {
        self.receipts.iter().map(|(name, receipt)| (name.as_str(), table_path(self.dir, name), receipt)).collect()
    }

    /// A directory of the stage's own for what it spills; it goes away with the stage.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn scratch(&self, name: &str) -> Result<PathBuf> {
        let dir = self.dir.join(name);
        fs::create_dir_all(&dir).at_path("cannot create", &dir)?;
        Ok(dir)
    }

    pub(super) fn receipts(self) -> Result<BTreeMap<String, TableReceipt>> {
        match S::WRITES.iter().find(|table| !self.receipts.contains_key(**table)) {
            Some(missing) => Err(Error::Internal(format!("stage '{}' did not write '{missing}'", S::NAME))),
            None => Ok(self.receipts),
        }
    }
}
