//! Writing and reading tables: fixed Parquet properties, digests taken while writing.

use super::batches::converted;
use super::beside::{Ahead, Beside};
use super::file::{TableFile, Wanted};
use super::properties::writer_properties;
pub use super::properties::{ROW_GROUP_ROWS, TABLE_FORMAT};
use super::{Part, Row, RowBuilders};
use crate::error::{Error, IoContext, Result};
use crate::store::HashingWriter;
pub use crate::store::{hex, sha256_bytes, sha256_file, sync_directory, write_atomically};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, new_null_array};
use arrow::compute::concat_batches;
use arrow::datatypes::{Field, Schema};
use fs_err as fs;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReader};
use serde::{Deserialize, Serialize};
use std::io::BufWriter;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows handed to the Parquet writer at a time. A table that has more is decoded and encoded on threads of its own.
const BATCH_ROWS: usize = 8_192;
/// Rows decoded at a time ahead of who reads them: with a kilobyte each some megabytes wait.
const ROWS_AHEAD: usize = 1_024;

/// What was written: the digest pins the table in the manifest and in stage fingerprints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableReceipt {
    /// Rows.
    pub rows: u64,
    /// File size in bytes.
    pub bytes: u64,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
}

/// Streams record batches into one Parquet file. A table of several batches is encoded on a thread of its own.
pub struct BatchWriter {
    path: PathBuf,
    encoder: Encoder,
    batches: u64,
    rows: u64,
}

type Sink = ArrowWriter<HashingWriter<BufWriter<fs::File>>>;

/// Where a table is encoded.
enum Encoder {
    Here(Box<Sink>),
    Beside(Beside<RecordBatch, Box<Sink>>),
    /// After an error.
    Ended,
}

impl BatchWriter {
    /// Creates `path`, replacing what is there. Rows come sorted by the columns of `key`; none where they do not.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn create(path: &Path, schema: Arc<Schema>, key: &[&str]) -> Result<Self> {
        let file = fs::File::create(path).at_path("cannot create", path)?;
        let sink = HashingWriter::new(BufWriter::with_capacity(1 << 20, file));
        let properties = writer_properties(&schema, key)?;
        let writer = ArrowWriter::try_new(sink, schema, Some(properties)).map_err(|e| parquet_write_error(path, e))?;
        Ok(Self { path: path.to_owned(), encoder: Encoder::Here(Box::new(writer)), batches: 0, rows: 0 })
    }

    /// Appends a batch.
    ///
    /// # Errors
    /// The disk is full or the file cannot be written; perhaps only when a later batch is written, or at the end.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        self.batches += 1;
        if self.batches == 2 {
            self.hand_over()?;
        }
        match &mut self.encoder {
            Encoder::Here(sink) => sink.write(batch).map_err(|e| parquet_write_error(&self.path, e)),
            Encoder::Beside(thread) => thread.give(batch.clone()),
            Encoder::Ended => Err(Error::Internal(format!("{} was written to after an error", self.path.display()))),
        }
    }

    /// One batch is not worth a thread.
    fn hand_over(&mut self) -> Result<()> {
        let Encoder::Here(sink) = std::mem::replace(&mut self.encoder, Encoder::Ended) else { return Ok(()) };
        let path = self.path.clone();
        let write = move |sink: &mut Box<Sink>, batch: RecordBatch| sink.write(&batch).map_err(|e| parquet_write_error(&path, e));
        self.encoder = Encoder::Beside(Beside::new("encode a table", sink, write)?);
        Ok(())
    }

    /// Writes the footer, syncs the file to disk and returns its receipt.
    ///
    /// # Errors
    /// The disk is full or the file cannot be written.
    pub fn finish(self) -> Result<TableReceipt> {
        let Self { path, encoder, rows, .. } = self;
        let sink = match encoder {
            Encoder::Here(sink) => sink,
            Encoder::Beside(mut thread) => thread.end()?,
            Encoder::Ended => return Err(Error::Internal(format!("{} was ended after an error", path.display()))),
        };
        let sink = sink.into_inner().map_err(|e| parquet_write_error(&path, e))?;
        let (buffer, bytes, sha256) = sink.finish();
        let file = buffer.into_inner().map_err(|e| Error::io("cannot write", &path, e.into_error()))?;
        file.sync_all().at_path("cannot sync", &path)?;
        Ok(TableReceipt { rows, bytes, sha256 })
    }
}

/// The Parquet crate wraps an I/O error; unwrapping it keeps "disk full" a user's message rather than a bug of ours.
fn parquet_write_error(path: &Path, e: parquet::errors::ParquetError) -> Error {
    let kind = match &e {
        parquet::errors::ParquetError::External(inner) => inner.downcast_ref::<std::io::Error>().map(std::io::Error::kind),
        _ => None,
    };
    Error::io("cannot write", path, std::io::Error::new(kind.unwrap_or(std::io::ErrorKind::Other), e.to_string()))
}

/// Streams typed rows into one Parquet file, row by row or some that are in columns already: the bytes are the same.
pub struct TableWriter<R: Row> {
    builders: R::Builders,
    /// Rows in columns that do not fill a batch yet. They come before those of the builders.
    held: Vec<RecordBatch>,
    held_rows: usize,
    writer: BatchWriter,
}

impl<R: Row> TableWriter<R> {
    /// Creates `<dir>/<table>.parquet`.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn create(dir: &Path) -> Result<Self> {
        let writer = BatchWriter::create(&table_path(dir, R::NAME), R::schema(), R::KEY)?;
        Ok(Self { builders: R::Builders::default(), held: Vec::new(), held_rows: 0, writer })
    }

    /// Appends a row.
    ///
    /// # Errors
    /// The disk is full or the file cannot be written.
    pub fn push(&mut self, row: R) -> Result<()> {
        self.builders.push(row);
        if self.held_rows + self.builders.len() >= BATCH_ROWS { self.hold_built() } else { Ok(()) }
    }

    /// Appends rows that are in columns.
    ///
    /// # Errors
    /// The disk is full or the file cannot be written.
    pub fn append(&mut self, batch: RecordBatch) -> Result<()> {
        self.hold_built()?;
        self.hold(batch)
    }

    fn hold_built(&mut self) -> Result<()> {
        if self.builders.is_empty() {
            return Ok(());
        }
        let built = self.builders.finish()?;
        self.hold(built)
    }

    /// Takes a batch, and writes what fills batches of the size in which every table is written: where pages end depends on it.
    fn hold(&mut self, batch: RecordBatch) -> Result<()> {
        self.held_rows += batch.num_rows();
        self.held.push(batch);
        while self.held_rows >= BATCH_ROWS {
            let mut full = Vec::new();
            let mut missing = BATCH_ROWS;
            let mut rest = Vec::new();
            for batch in self.held.drain(..) {
                let taken = batch.num_rows().min(missing);
                missing -= taken;
                if taken == batch.num_rows() {
                    full.push(batch);
                } else {
                    full.extend((taken > 0).then(|| batch.slice(0, taken)));
                    rest.push(batch.slice(taken, batch.num_rows() - taken));
                }
            }
            self.held = rest;
            self.held_rows -= BATCH_ROWS;
            self.write_together(&full)?;
        }
        Ok(())
    }

    fn write_together(&mut self, batches: &[RecordBatch]) -> Result<()> {
        match batches {
            [] => Ok(()),
            [one] => self.writer.write(one),
            several => self.writer.write(&concat_batches(&R::schema(), several)?),
        }
    }

    /// Writes what is left, syncs and returns the receipt.
    ///
    /// # Errors
    /// The disk is full or the file cannot be written.
    pub fn finish(mut self) -> Result<TableReceipt> {
        self.hold_built()?;
        let rest = std::mem::take(&mut self.held);
        if self.held_rows > 0 {
            self.write_together(&rest)?;
        }
        self.writer.finish()
    }
}

/// `<dir>/<name>.parquet`.
#[must_use]
pub fn table_path(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.parquet"))
}

/// How tables are opened. Whoever wrote one again may have noted large, view or dictionary types of memory, which are one type of file
/// each.
#[must_use]
pub fn reader_options() -> ArrowReaderOptions {
    ArrowReaderOptions::new().with_skip_arrow_metadata(true)
}

/// Opens one of our tables for streaming.
///
/// # Errors
/// The file is missing or not Parquet.
pub fn open_table(path: &Path) -> Result<ParquetRecordBatchReader> {
    TableFile::open(path, reader_options())?.read(Wanted { batch_rows: BATCH_ROWS, ..Wanted::default() })
}

/// Opens some columns of one of our tables for streaming; columns that it lacks are left out.
///
/// # Errors
/// The file is missing or not Parquet.
pub fn open_columns(path: &Path, columns: &[&str]) -> Result<ParquetRecordBatchReader> {
    let file = TableFile::open(path, reader_options())?;
    file.read(Wanted { columns: Some(file.mask(columns)), batch_rows: BATCH_ROWS, ..Wanted::default() })
}

/// Streams the rows of `<dir>/<table>.parquet`.
///
/// # Errors
/// The table is missing, damaged or of another schema.
pub fn rows<R: Row>(dir: &Path) -> Result<impl Iterator<Item = Result<R>> + use<R>> {
    streamed(table_path(dir, R::NAME), None, |batch| Ok(BatchRows::<R>::new(batch)?.iter().collect()))
}

/// Streams a table in columns, at most `rows` rows at a time, from which rows are read where they are needed. Columns that are `unread`
/// are not decoded: in the rows they are null, zero or empty, and who names them must not look at them.
///
/// # Errors
/// The table is missing, damaged or of another schema.
pub fn row_batches<R: Row>(
    dir: &Path,
    rows: usize,
    unread: &'static [&'static str],
) -> Result<impl Iterator<Item = Result<BatchRows<R>>> + Send + use<R>> {
    let schema = R::schema();
    let columns = schema.fields().iter().map(|field| field.name()).filter(|name| !unread.contains(&name.as_str()));
    let columns: Vec<String> = columns.cloned().collect();
    decoded(table_path(dir, R::NAME), Some(&columns), Some(rows), move |batch| BatchRows::<R>::with_unread(batch, unread))
}

/// Streams some columns of a table as rows.
///
/// # Errors
/// The table is missing, damaged or of another schema.
pub fn parts<P: Part>(dir: &Path) -> Result<impl Iterator<Item = Result<P>> + use<P>> {
    let fields = P::fields();
    let names: Vec<String> = fields.iter().map(|field| field.name().clone()).collect();
    streamed(table_path(dir, P::Of::NAME), Some(&names), parts_of::<P>)
}

/// The parts of the rows of a batch.
///
/// # Errors
/// A column is missing, of a type that does not mean the same, or has a null where the table has none.
pub(super) fn parts_of<P: Part>(batch: &RecordBatch) -> Result<Vec<Result<P>>> {
    let columns = P::fields().iter().map(|field| column_of(batch, P::Of::NAME, field)).collect::<Result<Vec<ArrayRef>>>()?;
    Ok((0..batch.num_rows()).map(|row| P::from_columns(&columns, row)).collect())
}

/// What is read of every batch of a table, or of some of its columns, item by item.
fn streamed<T: Send + 'static>(
    path: PathBuf,
    columns: Option<&[String]>,
    read: impl Fn(&RecordBatch) -> Result<Vec<Result<T>>> + Send + 'static,
) -> Result<Box<dyn Iterator<Item = Result<T>> + Send>> {
    let parts = decoded(path, columns, None, read)?;
    Ok(Box::new(parts.flat_map(|part| part.unwrap_or_else(|e| vec![Err(e)]))))
}

/// What is read of every batch of a table, or of some of its columns, in order; of a large table ahead of who asks.
fn decoded<T: Send + 'static>(
    path: PathBuf,
    columns: Option<&[String]>,
    batch_rows: Option<usize>,
    read: impl Fn(&RecordBatch) -> Result<T> + Send + 'static,
) -> Result<Box<dyn Iterator<Item = Result<T>> + Send>> {
    let file = TableFile::open(&path, reader_options())?;
    let mask = |columns: &[String]| file.mask(&columns.iter().map(String::as_str).collect::<Vec<_>>());
    let is_large = file.metadata.metadata().file_metadata().num_rows() > i64::try_from(BATCH_ROWS).unwrap_or(i64::MAX);
    let batch_rows = batch_rows.unwrap_or(if is_large { ROWS_AHEAD } else { BATCH_ROWS });
    let reader = file.read(Wanted { columns: columns.map(mask), batch_rows, ..Wanted::default() })?;
    let parts = reader.map(move |batch| -> Result<T> {
        let damaged = |e: arrow::error::ArrowError| {
            Error::input(
                format!("damaged Parquet table: {e}"),
                path.display(),
                "rebuild it: hugging-carbon run --force, with the options of the last run",
            )
        };
        batch.map_err(damaged).and_then(|batch| read(&batch))
    });
    Ok(if is_large { Box::new(Ahead::new("decode a table", parts)?) } else { Box::new(parts) })
}

/// The column of a field in a batch.
fn column_of(batch: &RecordBatch, table: &str, field: &Field) -> Result<ArrayRef> {
    let column = match batch.column_by_name(field.name()) {
        Some(column) => converted(column, field.data_type()),
        None => field.is_nullable().then(|| new_null_array(field.data_type(), batch.num_rows())),
    };
    let column = column.filter(|column| field.is_nullable() || column.null_count() == 0);
    column.ok_or_else(|| {
        Error::input(
            format!("table '{table}' lacks column '{}' in the type this version writes", field.name()),
            format!("{table}.parquet"),
            "rebuild it: hugging-carbon run --force, with the options of the last run",
        )
    })
}

/// The columns of a batch, found once, from which rows are read.
pub struct BatchRows<R> {
    columns: Vec<ArrayRef>,
    rows: usize,
    row: PhantomData<R>,
}

impl<R: Row> BatchRows<R> {
    /// Finds the columns of `R` in a batch, and brings them to its types where a tool that wrote the table again has given them others. A
    /// column that may be null and that an older version did not write is unknown in every row.
    ///
    /// # Errors
    /// A column is missing, of a type that does not mean the same, or has a null where the table has none.
    pub fn new(batch: &RecordBatch) -> Result<Self> {
        Self::with_unread(batch, &[])
    }

    fn with_unread(batch: &RecordBatch, unread: &[&str]) -> Result<Self> {
        let column = |field: &Arc<Field>| match unread.contains(&field.name().as_str()) {
            true => Ok(new_null_array(field.data_type(), batch.num_rows())),
            false => column_of(batch, R::NAME, field),
        };
        let columns = R::schema().fields().iter().map(column).collect::<Result<Vec<ArrayRef>>>()?;
        Ok(Self { columns, rows: batch.num_rows(), row: PhantomData })
    }

    /// Every row, in order.
    pub fn iter(&self) -> impl Iterator<Item = Result<R>> + '_ {
        (0..self.rows).map(|row| self.row(row))
    }

    /// One row.
    ///
    /// # Errors
    /// A cell holds what this version does not know.
    pub fn row(&self, row: usize) -> Result<R> {
        R::from_columns(&self.columns, row)
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The texts of a column.
    ///
    /// # Errors
    /// The table has no such column of texts (a bug).
    pub fn texts(&self, column: &str) -> Result<&StringArray> {
        let texts = R::schema().index_of(column).ok().and_then(|at| self.columns.get(at)?.as_string_opt::<i32>());
        texts.ok_or_else(|| Error::Internal(format!("table '{}' has no texts '{column}'", R::NAME)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::QuarantineRow;

    fn row(i: usize) -> QuarantineRow {
        let text = |what: &str| format!("{what} {i}");
        QuarantineRow { source: text("file"), locator: text("line"), reason: text("why"), raw: text("raw") }
    }

    fn batch(rows: std::ops::Range<usize>) -> RecordBatch {
        let mut builders = <QuarantineRow as Row>::Builders::default();
        rows.for_each(|i| builders.push(row(i)));
        builders.finish().unwrap()
    }

    /// Where pages end must not tell how rows were handed over, or the number of threads would show in the bytes.
    #[test]
    fn rows_in_columns_of_any_length_make_the_same_file_as_one_row_after_the_other() {
        let dir = tempfile::tempdir().unwrap();
        for n in [0, 1, BATCH_ROWS, 3 * BATCH_ROWS + 5] {
            let written = |hand_over: &dyn Fn(&mut TableWriter<QuarantineRow>)| {
                let mut writer = TableWriter::create(dir.path()).unwrap();
                hand_over(&mut writer);
                writer.finish().unwrap()
            };
            let by_row = written(&|writer| (0..n).for_each(|i| writer.push(row(i)).unwrap()));
            for step in [1_000, 5_000, 2 * BATCH_ROWS + 1] {
                let in_columns = written(&|writer| {
                    (0..n).step_by(step).for_each(|i| writer.append(batch(i..n.min(i + step))).unwrap());
                });
                let mixed = written(&|writer| {
                    let half = n / 2;
                    writer.append(batch(0..half)).unwrap();
                    (half..n).for_each(|i| writer.push(row(i)).unwrap());
                });
                assert_eq!((&in_columns, &mixed), (&by_row, &by_row), "{n} {step}");
            }
        }
    }

    #[test]
    fn columns_that_are_not_read_are_blank() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = TableWriter::create(dir.path()).unwrap();
        writer.push(row(1)).unwrap();
        writer.finish().unwrap();
        let mut batches = row_batches::<QuarantineRow>(dir.path(), 10, &["raw", "reason"]).unwrap();
        let rows: Vec<QuarantineRow> = batches.next().unwrap().unwrap().iter().map(Result::unwrap).collect();
        assert_eq!(rows, [QuarantineRow { raw: String::new(), reason: String::new(), ..row(1) }]);
    }
}
