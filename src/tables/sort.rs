//! Sorting a table larger than memory: sorted runs spilled to disk, then one merge.

use super::io::{BatchWriter, open_table};
use crate::error::{Error, Result};
use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::Schema;
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows of a merged batch.
const MERGE_ROWS: usize = 8_192;
/// Arrow bytes held before a sorted run is spilled.
pub const DEFAULT_BUDGET_BYTES: usize = 256 << 20;

/// Sorts record batches by one non-null string column, ties in order of arrival, within a memory budget.
pub struct ExternalSorter {
    schema: Arc<Schema>,
    key: usize,
    dir: PathBuf,
    budget_bytes: usize,
    held: Vec<RecordBatch>,
    held_bytes: usize,
    spilled: Vec<PathBuf>,
}

impl ExternalSorter {
    /// A sorter on column `key` that spills into `dir` when it holds more than `budget_bytes`.
    ///
    /// # Errors
    /// The schema has no such column.
    pub fn new(schema: Arc<Schema>, key: &str, dir: &Path, budget_bytes: usize) -> Result<Self> {
        let key = schema.index_of(key)?;
        Ok(Self { schema, key, dir: dir.to_owned(), budget_bytes, held: Vec::new(), held_bytes: 0, spilled: Vec::new() })
    }

    /// Takes a batch.
    ///
    /// # Errors
    /// Spilling failed.
    pub fn push(&mut self, batch: RecordBatch) -> Result<()> {
        self.held_bytes += batch.get_array_memory_size();
        self.held.push(batch);
        if self.held_bytes > self.budget_bytes {
            self.spill()?;
        }
        Ok(())
    }

    fn sorted_held(&mut self) -> Result<Sorted> {
        self.held_bytes = 0;
        Sorted::new(std::mem::take(&mut self.held), self.key)
    }

    fn spill(&mut self) -> Result<()> {
        let path = self.dir.join(format!("sort-run-{}.parquet", self.spilled.len()));
        let mut writer = BatchWriter::create(&path, self.schema.clone(), &[])?;
        let sorted = self.sorted_held()?;
        tracing::debug!(rows = sorted.order.len(), run = self.spilled.len(), "sorted run spilled");
        for batch in sorted {
            writer.write(&batch?)?;
        }
        writer.finish()?;
        self.spilled.push(path);
        Ok(())
    }

    /// Hands every row, in order, to `emit` in batches.
    ///
    /// # Errors
    /// Reading a spilled run, or `emit`, failed.
    pub fn finish(mut self, mut emit: impl FnMut(&RecordBatch) -> Result<()>) -> Result<()> {
        let mut last = self.sorted_held()?;
        if self.spilled.is_empty() {
            return last.try_for_each(|batch| emit(&batch?));
        }
        let mut runs: Vec<Cursor> = Vec::new();
        for path in &self.spilled {
            let reader = open_table(path)?;
            runs.push(Cursor::new(Box::new(reader.map(|b| b.map_err(Error::from))), self.key)?);
        }
        runs.push(Cursor::new(Box::new(last), self.key)?);
        merge(runs, &mut emit)?;
        for path in &self.spilled {
            fs_err::remove_file(path).map_err(|e| Error::io("cannot remove", path, e))?;
        }
        Ok(())
    }
}

/// Rows of several batches in their order, handed out a batch at a time. Each is copied once, when it is handed out.
struct Sorted {
    batches: Vec<RecordBatch>,
    /// Batch and row.
    order: Vec<(u32, u32)>,
    at: usize,
}

impl Sorted {
    fn new(batches: Vec<RecordBatch>, key: usize) -> Result<Self> {
        let keys = batches.iter().map(|batch| string_column(batch, key)).collect::<Result<Vec<&StringArray>>>()?;
        let position = |n: usize| u32::try_from(n).map_err(|e| Error::Internal(e.to_string()));
        let mut order: Vec<(u64, u32, u32)> = Vec::with_capacity(keys.iter().map(|keys| keys.len()).sum());
        for (of, keys) in keys.iter().enumerate() {
            let of = position(of)?;
            for row in 0..keys.len() {
                order.push((beginning(keys.value(row)), of, position(row)?));
            }
        }
        // Most keys differ in their beginnings, which lie beside each other in memory. Equal ones stay in order of arrival.
        let text = |of: u32, row: u32| keys[of as usize].value(row as usize);
        order.par_sort_unstable_by(|a, b| {
            let by_text = || text(a.1, a.2).cmp(text(b.1, b.2));
            a.0.cmp(&b.0).then_with(by_text).then((a.1, a.2).cmp(&(b.1, b.2)))
        });
        let order = order.into_iter().map(|(_, of, row)| (of, row)).collect();
        Ok(Self { batches, order, at: 0 })
    }
}

/// The first eight bytes of a text as a number that is ordered like them.
fn beginning(text: &str) -> u64 {
    let mut bytes = [0; 8];
    for (byte, of_text) in bytes.iter_mut().zip(text.bytes()) {
        *byte = of_text;
    }
    u64::from_be_bytes(bytes)
}

impl Iterator for Sorted {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let rows = &self.order[self.at..self.order.len().min(self.at + MERGE_ROWS)];
        self.at += rows.len();
        // Input that is sorted already comes from a few neighbours.
        let first = rows.iter().map(|(of, _)| *of).min()?;
        let last = rows.iter().map(|(of, _)| *of).max()?;
        let batches: Vec<&RecordBatch> = self.batches[first as usize..=last as usize].iter().collect();
        let picks: Vec<(usize, usize)> = rows.iter().map(|(of, row)| ((of - first) as usize, *row as usize)).collect();
        Some(interleave_record_batch(&batches, &picks).map_err(Error::from))
    }
}

fn string_column(batch: &RecordBatch, index: usize) -> Result<&StringArray> {
    batch.column(index).as_string_opt::<i32>().ok_or_else(|| Error::Internal("the sort key is not a string column".into()))
}

type Batches = Box<dyn Iterator<Item = Result<RecordBatch>>>;

/// A position in one sorted run.
struct Cursor {
    batches: Batches,
    current: Option<RecordBatch>,
    row: usize,
    key: usize,
}

impl Cursor {
    fn new(batches: Batches, key: usize) -> Result<Self> {
        let mut cursor = Self { batches, current: None, row: 0, key };
        cursor.next_batch()?;
        Ok(cursor)
    }

    fn next_batch(&mut self) -> Result<()> {
        self.row = 0;
        self.current = None;
        for batch in self.batches.by_ref() {
            let batch = batch?;
            if batch.num_rows() > 0 {
                self.current = Some(batch);
                break;
            }
        }
        Ok(())
    }

    fn key(&self) -> Result<Option<String>> {
        match &self.current {
            Some(batch) => Ok(Some(string_column(batch, self.key)?.value(self.row).to_owned())),
            None => Ok(None),
        }
    }
}

/// Heap entry: smallest key first, earlier run first on a tie, so that arrival order decides.
#[derive(PartialEq, Eq)]
struct Head {
    key: String,
    run: usize,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        other.key.cmp(&self.key).then(other.run.cmp(&self.run))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn merge(mut runs: Vec<Cursor>, emit: &mut impl FnMut(&RecordBatch) -> Result<()>) -> Result<()> {
    let mut heap = BinaryHeap::new();
    for (run, cursor) in runs.iter().enumerate() {
        if let Some(key) = cursor.key()? {
            heap.push(Head { key, run });
        }
    }
    let mut sources: Vec<RecordBatch> = Vec::new();
    let mut source_of_run: Vec<Option<usize>> = vec![None; runs.len()];
    let mut picks: Vec<(usize, usize)> = Vec::with_capacity(MERGE_ROWS);
    while let Some(Head { run, .. }) = heap.pop() {
        let cursor = &mut runs[run];
        let Some(batch) = cursor.current.as_ref() else {
            return Err(Error::Internal("merge met an exhausted run".into()));
        };
        let source = *source_of_run[run].get_or_insert_with(|| {
            sources.push(batch.clone());
            sources.len() - 1
        });
        picks.push((source, cursor.row));
        cursor.row += 1;
        if cursor.row >= batch.num_rows() {
            cursor.next_batch()?;
            source_of_run[run] = None;
        }
        if let Some(key) = cursor.key()? {
            heap.push(Head { key, run });
        }
        if picks.len() >= MERGE_ROWS {
            flush(&mut sources, &mut picks, &mut source_of_run, emit)?;
        }
    }
    if picks.is_empty() { Ok(()) } else { flush(&mut sources, &mut picks, &mut source_of_run, emit) }
}

fn flush(
    sources: &mut Vec<RecordBatch>,
    picks: &mut Vec<(usize, usize)>,
    source_of_run: &mut [Option<usize>],
    emit: &mut impl FnMut(&RecordBatch) -> Result<()>,
) -> Result<()> {
    let references: Vec<&RecordBatch> = sources.iter().collect();
    emit(&interleave_record_batch(&references, picks)?)?;
    sources.clear();
    picks.clear();
    source_of_run.fill(None);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::io::BatchRows;
    use crate::tables::{QuarantineRow, Row, RowBuilders};
    use proptest::prelude::*;

    fn batch(keys: &[String], first: usize) -> RecordBatch {
        let mut builders = <QuarantineRow as Row>::Builders::default();
        for (i, key) in keys.iter().enumerate() {
            builders.push(QuarantineRow {
                source: key.clone(),
                locator: format!("{}", first + i),
                reason: String::new(),
                raw: String::new(),
            });
        }
        builders.finish().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        /// Whatever the budget, the result is std's stable sort of the input.
        #[test]
        fn sorts_like_a_stable_sort_whatever_the_budget(
            batches in prop::collection::vec(prop::collection::vec("[a-c]{0,2}", 0..40), 0..8),
            budget in prop::sample::select(vec![1_usize, 4_000, 1 << 30]),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let mut sorter = ExternalSorter::new(QuarantineRow::schema(), "source", dir.path(), budget).unwrap();
            let mut expected: Vec<(String, String)> = Vec::new();
            for keys in &batches {
                let b = batch(keys, expected.len());
                for (i, key) in keys.iter().enumerate() {
                    let _ = i;
                    expected.push((key.clone(), expected.len().to_string()));
                }
                sorter.push(b).unwrap();
            }
            expected.sort_by(|a, b| a.0.cmp(&b.0));
            let mut got = Vec::new();
            sorter.finish(|b| {
                for row in BatchRows::<QuarantineRow>::new(b)?.iter() {
                    let row = row?;
                    got.push((row.source, row.locator));
                }
                Ok(())
            }).unwrap();
            prop_assert_eq!(got, expected);
        }
    }
}
