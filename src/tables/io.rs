//! Writing and reading tables: fixed Parquet properties, digests taken while writing.

use super::batches::converted;
use super::beside::{Ahead, Beside};
use super::{Part, Row, RowBuilders};
use crate::error::{Error, IoContext, Result};
use crate::store::HashingWriter;
pub use crate::store::{hex, sha256_bytes, sha256_file, sync_directory, write_atomically};
use arrow::array::{Array, ArrayRef, RecordBatch, new_null_array};
use arrow::datatypes::{Field, Schema};
use fs_err as fs;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use serde::{Deserialize, Serialize};
use std::io::BufWriter;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows of a row group. Fixed, because the bytes of a table must not depend on memory or threads.
pub const ROW_GROUP_ROWS: usize = 131_072;
/// Version of what Parquet files hold beside their rows; raised when the same rows get other bytes. Part of every fingerprint.
///
/// 2: fields have metadata (description, unit, source).
pub const TABLE_FORMAT: u32 = 2;
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

/// Properties of every Parquet file: zstd 3, fixed row groups, a creator that names the format and not the build.
fn writer_properties() -> Result<WriterProperties> {
    let level = ZstdLevel::try_new(3).map_err(|e| Error::Internal(format!("zstd level: {e}")))?;
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_created_by(format!("hugging-carbon table format {TABLE_FORMAT}"))
        .build())
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
    /// Creates `path`, replacing what is there.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn create(path: &Path, schema: Arc<Schema>) -> Result<Self> {
        let file = fs::File::create(path).at_path("cannot create", path)?;
        let sink = HashingWriter::new(BufWriter::with_capacity(1 << 20, file));
        let writer = ArrowWriter::try_new(sink, schema, Some(writer_properties()?)).map_err(|e| parquet_write_error(path, e))?;
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

/// Streams typed rows into one Parquet file.
pub struct TableWriter<R: Row> {
    builders: R::Builders,
    writer: BatchWriter,
}

impl<R: Row> TableWriter<R> {
    /// Creates `<dir>/<table>.parquet`.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn create(dir: &Path) -> Result<Self> {
        Ok(Self { builders: R::Builders::default(), writer: BatchWriter::create(&table_path(dir, R::NAME), R::schema())? })
    }

    /// Appends a row.
    ///
    /// # Errors
    /// The disk is full or the file cannot be written.
    pub fn push(&mut self, row: R) -> Result<()> {
        self.builders.push(row);
        if self.builders.len() >= BATCH_ROWS {
            let batch = self.builders.finish()?;
            self.writer.write(&batch)?;
        }
        Ok(())
    }

    /// Writes what is left, syncs and returns the receipt.
    ///
    /// # Errors
    /// The disk is full or the file cannot be written.
    pub fn finish(mut self) -> Result<TableReceipt> {
        if !self.builders.is_empty() {
            let batch = self.builders.finish()?;
            self.writer.write(&batch)?;
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
    let file = std::fs::File::open(path).at_path("cannot read", path)?;
    ParquetRecordBatchReaderBuilder::try_new_with_options(file, reader_options())
        .and_then(|b| b.with_batch_size(BATCH_ROWS).build())
        .map_err(|e| unreadable(path, &e))
}

fn unreadable(path: &Path, e: &parquet::errors::ParquetError) -> Error {
    Error::input(format!("not a readable Parquet table: {e}"), path.display(), "rebuild it: hugging-carbon run --force")
}

/// Opens some columns of one of our tables for streaming; columns that it lacks are left out.
///
/// # Errors
/// The file is missing or not Parquet.
pub fn open_columns(path: &Path, columns: &[&str]) -> Result<ParquetRecordBatchReader> {
    let file = std::fs::File::open(path).at_path("cannot read", path)?;
    let builder =
        ParquetRecordBatchReaderBuilder::try_new_with_options(file, reader_options()).map_err(|e| unreadable(path, &e))?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    builder.with_projection(mask).with_batch_size(BATCH_ROWS).build().map_err(|e| unreadable(path, &e))
}

/// Streams the rows of `<dir>/<table>.parquet`.
///
/// # Errors
/// The table is missing, damaged or of another schema.
pub fn rows<R: Row>(dir: &Path) -> Result<impl Iterator<Item = Result<R>> + use<R>> {
    streamed(table_path(dir, R::NAME), None, |batch| Ok(BatchRows::<R>::new(batch)?.iter().collect()))
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
    let columns = columns_of(batch, P::Of::NAME, P::fields().iter())?;
    Ok((0..batch.num_rows()).map(|row| P::from_columns(&columns, row)).collect())
}

/// What is read of every batch of a table, or of some of its columns, in order; of a large table ahead of who asks.
fn streamed<T: Send + 'static>(
    path: PathBuf,
    columns: Option<&[String]>,
    read: impl Fn(&RecordBatch) -> Result<Vec<Result<T>>> + Send + 'static,
) -> Result<Box<dyn Iterator<Item = Result<T>> + Send>> {
    let file = std::fs::File::open(&path).at_path("cannot read", &path)?;
    let mut builder =
        ParquetRecordBatchReaderBuilder::try_new_with_options(file, reader_options()).map_err(|e| unreadable(&path, &e))?;
    if let Some(columns) = columns {
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().map(String::as_str));
        builder = builder.with_projection(mask);
    }
    let is_large = builder.metadata().file_metadata().num_rows() > i64::try_from(BATCH_ROWS).unwrap_or(i64::MAX);
    let reader =
        builder.with_batch_size(if is_large { ROWS_AHEAD } else { BATCH_ROWS }).build().map_err(|e| unreadable(&path, &e))?;
    let parts = reader.map(move |batch| -> Vec<Result<T>> {
        let damaged = |e: arrow::error::ArrowError| {
            Error::input(format!("damaged Parquet table: {e}"), path.display(), "rebuild it: hugging-carbon run --force")
        };
        batch.map_err(damaged).and_then(|batch| read(&batch)).unwrap_or_else(|e| vec![Err(e)])
    });
    let parts: Box<dyn Iterator<Item = Vec<Result<T>>> + Send> =
        if is_large { Box::new(Ahead::new("decode a table", parts)?) } else { Box::new(parts) };
    Ok(Box::new(parts.flatten()))
}

/// The columns of some fields in a batch.
fn columns_of<'f>(batch: &RecordBatch, table: &str, fields: impl Iterator<Item = &'f Field>) -> Result<Vec<ArrayRef>> {
    let column = |field: &Field| {
        let column = match batch.column_by_name(field.name()) {
            Some(column) => converted(column, field.data_type()),
            None => field.is_nullable().then(|| new_null_array(field.data_type(), batch.num_rows())),
        };
        let column = column.filter(|column| field.is_nullable() || column.null_count() == 0);
        column.ok_or_else(|| {
            Error::input(
                format!("table '{table}' lacks column '{}' in the type this version writes", field.name()),
                format!("{table}.parquet"),
                "rebuild it: hugging-carbon run --force",
            )
        })
    };
    fields.map(column).collect()
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
        let columns = columns_of(batch, R::NAME, R::schema().fields().iter().map(AsRef::as_ref))?;
        Ok(Self { columns, rows: batch.num_rows(), row: PhantomData })
    }

    /// Every row, in order.
    pub fn iter(&self) -> impl Iterator<Item = Result<R>> + '_ {
        (0..self.rows).map(|row| R::from_columns(&self.columns, row))
    }
}
