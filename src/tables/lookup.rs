//! Looking a few rows up in a table that is sorted by its key, without reading it: row groups by the statistics of their key, pages by its
//! column index where the file has one, then only the pages in which the rows are. And one pass over a few columns, in parallel, where no key leads to the rows.

use super::file::{TableFile, Wanted, unreadable};
use super::io::{BatchRows, parts_of, reader_options, table_path};
use super::{Part, Row};
use crate::error::{Error, Result};
use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::{ArrowPredicateFn, RowFilter, RowSelection, RowSelector};
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::Statistics;
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Rows decoded at a time.
const BATCH_ROWS: usize = 8_192;

/// A table's file with its footer and the places of its pages.
struct Opened(TableFile);

impl Opened {
    fn new(dir: &Path, table: &str) -> Result<Self> {
        TableFile::open(&table_path(dir, table), reader_options().with_page_index_policy(PageIndexPolicy::Optional)).map(Self)
    }

    fn read(&self, wanted: Wanted) -> Result<impl Iterator<Item = Result<RecordBatch>> + '_> {
        Ok(self.0.read(wanted)?.map(|batch| batch.map_err(|e| self.damaged(&e))))
    }

    fn damaged(&self, e: &dyn std::fmt::Display) -> Error {
        unreadable(&self.0.path, e)
    }

    /// Passes only rows whose text in a column is wanted.
    fn filter(&self, column: &str, is_wanted: impl Fn(&str) -> bool + Send + 'static) -> Option<RowFilter> {
        let of_batch = move |batch: RecordBatch| {
            let column = batch.columns().first().and_then(|column| column.as_string_opt::<i32>());
            let column = column.ok_or_else(|| ArrowError::SchemaError("no column of texts".to_owned()))?;
            Ok(column.iter().map(|value| Some(value.is_some_and(&is_wanted))).collect::<BooleanArray>())
        };
        Some(RowFilter::new(vec![Box::new(ArrowPredicateFn::new(self.0.mask(&[column]), of_batch))]))
    }

    /// What `pick` takes of every batch of some columns, row groups in parallel, results in order.
    fn pick<T: Send>(
        &self,
        needed: &[&str],
        columns: &[&str],
        filter: impl Fn() -> Option<RowFilter> + Sync,
        pick: impl Fn(&RecordBatch) -> Vec<T> + Sync,
    ) -> Result<Vec<T>> {
        if let Some(missing) = needed.iter().find(|column| self.0.metadata.schema().field_with_name(column).is_err()) {
            return Err(self.damaged(&format!("no column '{missing}'")));
        }
        let of_group = |group: usize| {
            let (columns, row_groups) = (Some(self.0.mask(columns)), Some(vec![group]));
            let mut taken = Vec::new();
            for batch in self.read(Wanted { columns, row_groups, filter: filter(), batch_rows: BATCH_ROWS, rows: None })? {
                taken.extend(pick(&batch?));
            }
            Ok(taken)
        };
        let picked: Vec<Vec<T>> =
            (0..self.0.metadata.metadata().num_row_groups()).into_par_iter().map(of_group).collect::<Result<_>>()?;
        Ok(picked.into_iter().flatten().collect())
    }

    /// Which of the columns one is.
    fn position(&self, column: &str) -> Option<usize> {
        self.0.metadata.parquet_schema().columns().iter().position(|other| other.name() == column)
    }

    /// Rows of a row group's pages whose keys may lie in the range, which are neighbours; all rows where the file tells no bounds of its pages.
    fn rows_of_pages(&self, group: usize, key: &str, keys: &Range<&str>) -> Range<usize> {
        let metadata = self.0.metadata.metadata();
        let rows = usize::try_from(metadata.row_group(group).num_rows()).unwrap_or(0);
        let index = metadata.page_index_for_row_group(group);
        let column = self.position(key);
        let bounds = column.and_then(|at| index.column_index(at).zip(index.offset_index(at)));
        let Some((ColumnIndexMetaData::BYTE_ARRAY(bounds), places)) = bounds else { return 0..rows };
        let begins: Vec<usize> =
            places.page_locations().iter().map(|page| usize::try_from(page.first_row_index).unwrap_or(0)).collect();
        if bounds.num_pages() != begins.len() as u64 {
            return 0..rows;
        }
        let may_hold = |page: &usize| {
            // Long bounds are cut: below the smallest key and above the largest all the same.
            bounds.min_value(*page).is_some_and(|min| min < keys.end.as_bytes())
                && bounds.max_value(*page).is_some_and(|max| max >= keys.start.as_bytes())
        };
        let mut pages = (0..begins.len()).filter(may_hold);
        let Some(first) = pages.next() else { return 0..0 };
        let last = pages.next_back().unwrap_or(first);
        begins[first]..begins.get(last + 1).copied().unwrap_or(rows)
    }

    /// Row groups whose keys may lie in the range.
    fn row_groups(&self, key: &str, keys: &Range<&str>) -> Vec<usize> {
        let position = self.position(key);
        let may_hold = |group: &usize| {
            let statistics = position.and_then(|at| self.0.metadata.metadata().row_group(*group).column(at).statistics());
            let Some(Statistics::ByteArray(bounds)) = statistics else { return true };
            let begins_below = bounds.min_opt().is_none_or(|min| min.data() < keys.end.as_bytes());
            let ends_above = bounds.max_opt().is_none_or(|max| max.data() >= keys.start.as_bytes());
            begins_below && ends_above
        };
        (0..self.0.metadata.metadata().num_row_groups()).filter(may_hold).collect()
    }
}

/// Rows whose first key column lies in a range of texts, its end left out.
///
/// # Errors
/// The table is missing, damaged or of another schema.
pub fn rows_between<R: Row>(dir: &Path, keys: Range<&str>) -> Result<Vec<R>> {
    let table = Opened::new(dir, R::NAME)?;
    let key = R::KEY.first().copied().unwrap_or_default();
    let mut found = Vec::new();
    for group in table.row_groups(key, &keys) {
        let rows = positions(&table, group, key, &keys)?;
        if rows.is_empty() {
            continue;
        }
        let count = rows.len();
        let (row_groups, rows) = (Some(vec![group]), Some(selection(&rows)));
        for batch in table.read(Wanted { row_groups, rows, batch_rows: count, ..Wanted::default() })? {
            found.extend(BatchRows::<R>::new(&batch?)?.iter().collect::<Result<Vec<R>>>()?);
        }
    }
    Ok(found)
}

/// Rows of a row group, for its reader.
fn selection(rows: &Range<usize>) -> RowSelection {
    RowSelection::from(vec![RowSelector::skip(rows.start), RowSelector::select(rows.len())])
}

/// Where in a row group the keys of a range are: they are sorted, so they are neighbours.
fn positions(table: &Opened, group: usize, key: &str, keys: &Range<&str>) -> Result<Range<usize>> {
    let (columns, row_groups) = (Some(table.0.mask(&[key])), Some(vec![group]));
    let pages = table.rows_of_pages(group, key, keys);
    if pages.is_empty() {
        return Ok(0..0);
    }
    let (mut at, mut first, mut count) = (pages.start, 0, 0);
    let rows = Some(selection(&pages));
    for batch in table.read(Wanted { columns, row_groups, rows, batch_rows: BATCH_ROWS, ..Wanted::default() })? {
        let batch = batch?;
        let column = batch.columns().first().and_then(|column| column.as_string_opt::<i32>());
        let column = column.ok_or_else(|| table.damaged(&format!("the key '{key}' is no text")))?;
        // Most batches end below the range or begin behind it.
        let rows = column.len();
        let begins_behind = rows > 0 && column.value(0) >= keys.end;
        if begins_behind {
            break;
        }
        if rows > 0 && column.value(rows - 1) >= keys.start {
            for row in (0..rows).filter(|row| keys.contains(&column.value(*row))) {
                if count == 0 {
                    first = at + row;
                }
                count += 1;
            }
        }
        at += rows;
    }
    Ok(first..first + count)
}

/// Rows whose text in a column is wanted, where no order leads to them: that column is passed over, row groups in parallel, and of the
/// others only the pages of the rows that have it are read. `pick` takes what it wants of each batch, in the table's order.
///
/// # Errors
/// The table is missing or damaged, or lacks a column.
pub fn rows_with<T: Send>(
    dir: &Path,
    table: &str,
    (column, is_wanted): (&str, impl Fn(&str) -> bool + Clone + Send + Sync + 'static),
    columns: &[&str],
    pick: impl Fn(&RecordBatch) -> Vec<T> + Sync,
) -> Result<Vec<T>> {
    let table = Opened::new(dir, table)?;
    table.pick(&[&[column], columns].concat(), columns, || table.filter(column, is_wanted.clone()), pick)
}

/// The rows whose text in a column is one of those wanted, in the table's order: of the other columns only the pages of those rows are
/// read, row groups in parallel.
///
/// # Errors
/// The table is missing, damaged or of another schema.
pub fn rows_whose<R: Row>(dir: &Path, column: &str, wanted: &Arc<FxHashSet<String>>) -> Result<Vec<R>> {
    let schema = R::schema();
    let columns: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    picked_whose(dir, R::NAME, column, wanted, &columns, |batch| BatchRows::<R>::new(batch).map(|rows| rows.iter().collect()))
}

/// The rows of one text in a column, likewise.
///
/// # Errors
/// The table is missing, damaged or of another schema.
pub fn rows_of_text<R: Row>(dir: &Path, column: &str, text: &str) -> Result<Vec<R>> {
    rows_whose(dir, column, &Arc::new(std::iter::once(text.to_owned()).collect()))
}

/// The same as [`rows_whose`] of some columns of the rows.
///
/// # Errors
/// The table is missing, damaged or of another schema.
pub fn parts_whose<P: Part>(dir: &Path, column: &str, wanted: &Arc<FxHashSet<String>>) -> Result<Vec<P>> {
    let fields = P::fields();
    let columns: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
    picked_whose(dir, P::Of::NAME, column, wanted, &columns, parts_of)
}

fn picked_whose<T: Send>(
    dir: &Path,
    table: &str,
    column: &str,
    wanted: &Arc<FxHashSet<String>>,
    columns: &[&str],
    read: impl Fn(&RecordBatch) -> Result<Vec<Result<T>>> + Sync,
) -> Result<Vec<T>> {
    let table = Opened::new(dir, table)?;
    let filter = || {
        let wanted = Arc::clone(wanted);
        table.filter(column, move |text| wanted.contains(text))
    };
    let of_batch = |batch: &RecordBatch| read(batch).unwrap_or_else(|e| vec![Err(e)]);
    table.pick(&[column], columns, filter, of_batch)?.into_iter().collect()
}

/// The texts of a column, of texts or of lists of texts, each once.
///
/// # Errors
/// The table is missing or damaged, or lacks the column.
pub fn texts_of(dir: &Path, table: &str, column: &str) -> Result<FxHashSet<String>> {
    let of_batch = |batch: &RecordBatch| -> Vec<String> {
        let Some(cells) = batch.columns().first() else { return Vec::new() };
        let texts = cells.as_list_opt::<i32>().map_or_else(|| cells.clone(), |lists| lists.values().clone());
        let distinct: FxHashSet<&str> = texts.as_string_opt::<i32>().into_iter().flatten().flatten().collect();
        distinct.into_iter().map(str::to_owned).collect()
    };
    Ok(pick_rows(dir, table, &[column], of_batch)?.into_iter().collect())
}

/// Passes over some columns of a table, row groups in parallel, and collects in the table's order what `pick` takes from each batch.
///
/// # Errors
/// The table is missing or damaged, or lacks a column.
pub fn pick_rows<T: Send>(
    dir: &Path,
    table: &str,
    columns: &[&str],
    pick: impl Fn(&RecordBatch) -> Vec<T> + Sync,
) -> Result<Vec<T>> {
    Opened::new(dir, table)?.pick(columns, columns, || None, pick)
}

#[cfg(test)]
mod tests {
    use super::super::QuarantineRow;
    use super::super::io::TableWriter;
    use super::*;
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::{EnabledStatistics, WriterProperties};
    use std::fs::File;

    fn row(key: usize, at: usize) -> QuarantineRow {
        let text = |n: usize| format!("{n:04}");
        QuarantineRow { source: text(key), locator: text(at), reason: String::new(), raw: String::new() }
    }

    /// Writes the table again with pages of ten rows, and with their bounds or without.
    fn rewritten(dir: &Path, statistics: EnabledStatistics) {
        let path = table_path(dir, QuarantineRow::NAME);
        let table = TableFile::open(&path, reader_options()).unwrap();
        let batches: Vec<RecordBatch> =
            table.read(Wanted { batch_rows: 10, ..Wanted::default() }).unwrap().map(Result::unwrap).collect();
        let properties = WriterProperties::builder()
            .set_statistics_enabled(statistics)
            .set_data_page_row_count_limit(10)
            .set_write_batch_size(10)
            .set_max_row_group_row_count(Some(150))
            .build();
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batches[0].schema(), Some(properties)).unwrap();
        batches.iter().for_each(|batch| writer.write(batch).unwrap());
        writer.close().unwrap();
    }

    /// Whatever a file tells of its pages, the same rows are found: keys in the middle of pages, at their ends and over several.
    #[test]
    fn bounds_of_pages_find_the_same_rows() {
        for statistics in [EnabledStatistics::None, EnabledStatistics::Chunk, EnabledStatistics::Page] {
            let dir = tempfile::tempdir().unwrap();
            // Keys 0, 2, 4 ... with one to 25 rows each.
            let all: Vec<QuarantineRow> = (0..40).flat_map(|key| (0..1 + key * 7 % 25).map(move |at| row(2 * key, at))).collect();
            let mut writer = TableWriter::<QuarantineRow>::create(dir.path()).unwrap();
            all.iter().for_each(|row| writer.push(row.clone()).unwrap());
            writer.finish().unwrap();
            rewritten(dir.path(), statistics);
            let table = Opened::new(dir.path(), QuarantineRow::NAME).unwrap();
            let pages = table.rows_of_pages(0, "source", &("0004".."0005"));
            assert_eq!(pages.len() < 150, statistics == EnabledStatistics::Page, "{pages:?}");
            for (from, to) in (0..82).flat_map(|from| [(from, from + 1), (from, from + 9)]) {
                let (from, to) = (format!("{from:04}"), format!("{to:04}"));
                let known: Vec<QuarantineRow> = all.iter().filter(|row| row.source >= from && row.source < to).cloned().collect();
                let found: Vec<QuarantineRow> = rows_between(dir.path(), from.as_str()..to.as_str()).unwrap();
                assert!(found == known, "{from} {to} {statistics:?}: {} of {}", found.len(), known.len());
            }
        }
    }
}
