//! Writing and reading tables: fixed Parquet properties, digests taken while writing, atomic appearance of files.

use super::{Row, RowBuilders};
use crate::error::{Error, IoContext, Result};
use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use fs_err as fs;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows of a row group. Fixed, because the bytes of a table must not depend on memory or threads.
pub const ROW_GROUP_ROWS: usize = 131_072;
/// Rows handed to the Parquet writer at a time.
const BATCH_ROWS: usize = 8_192;

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
        .set_created_by("hugging-carbon table format 1".to_owned())
        .build())
}

/// A writer that digests what passes through it.
struct HashingWriter<W> {
    inner: W,
    hasher: Sha256,
    bytes: u64,
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        let n = self.inner.write(buf)?;
        self.hasher.update(&buf[..n]);
        self.bytes += n as u64;
        Ok(n)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

/// Streams record batches into one Parquet file.
pub struct BatchWriter {
    path: PathBuf,
    writer: ArrowWriter<HashingWriter<BufWriter<fs::File>>>,
    rows: u64,
}

impl BatchWriter {
    /// Creates `path`, replacing what is there.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn create(path: &Path, schema: Arc<Schema>) -> Result<Self> {
        let file = fs::File::create(path).at("cannot create", path)?;
        let sink = HashingWriter { inner: BufWriter::with_capacity(1 << 20, file), hasher: Sha256::new(), bytes: 0 };
        let writer = ArrowWriter::try_new(sink, schema, Some(writer_properties()?)).map_err(|e| parquet_write_error(path, e))?;
        Ok(Self { path: path.to_owned(), writer, rows: 0 })
    }

    /// Appends a batch.
    ///
    /// # Errors
    /// The disk is full or the file cannot be written.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        self.writer.write(batch).map_err(|e| parquet_write_error(&self.path, e))
    }

    /// Writes the footer, syncs the file to disk and returns its receipt.
    ///
    /// # Errors
    /// The disk is full or the file cannot be written.
    pub fn finish(self) -> Result<TableReceipt> {
        let Self { path, writer, rows } = self;
        let sink = writer.into_inner().map_err(|e| parquet_write_error(&path, e))?;
        let file = sink.inner.into_inner().map_err(|e| Error::io("cannot write", &path, e.into_error()))?;
        file.sync_all().at("cannot sync", &path)?;
        Ok(TableReceipt { rows, bytes: sink.bytes, sha256: hex(&sink.hasher.finalize()) })
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

/// Opens one of our tables for streaming.
///
/// # Errors
/// The file is missing or not Parquet.
pub fn open_table(path: &Path) -> Result<ParquetRecordBatchReader> {
    let file = std::fs::File::open(path).at("cannot read", path)?;
    ParquetRecordBatchReaderBuilder::try_new(file).and_then(|b| b.with_batch_size(BATCH_ROWS).build()).map_err(|e| {
        Error::input(format!("not a readable Parquet table: {e}"), path.display(), "rebuild it: hugging-carbon run --force")
    })
}

/// Streams the rows of `<dir>/<table>.parquet`.
///
/// # Errors
/// The table is missing, damaged or of another schema.
pub fn rows<R: Row>(dir: &Path) -> Result<impl Iterator<Item = Result<R>> + use<R>> {
    let path = table_path(dir, R::NAME);
    let reader = open_table(&path)?;
    Ok(reader.flat_map(move |batch| {
        let rows: Vec<Result<R>> = match batch {
            Ok(batch) => (0..batch.num_rows()).map(|i| R::read(&batch, i)).collect(),
            Err(e) => vec![Err(Error::input(
                format!("damaged Parquet table: {e}"),
                path.display(),
                "rebuild it: hugging-carbon run --force",
            ))],
        };
        rows
    }))
}

/// SHA-256 of a file, lower-case hex.
///
/// # Errors
/// The file cannot be read.
pub fn sha256_file(path: &Path) -> Result<String> {
    let mut file = fs::File::open(path).at("cannot read", path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0_u8; 1 << 20];
    loop {
        let n = file.read(&mut buffer).at("cannot read", path)?;
        if n == 0 {
            return Ok(hex(&hasher.finalize()));
        }
        hasher.update(&buffer[..n]);
    }
}

/// SHA-256 of bytes, lower-case hex.
#[must_use]
pub fn sha256_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{b:02x}");
        out
    })
}

/// Writes `bytes` to `path` so that a reader sees the old content or the new, never a part: temporary name, sync, rename.
///
/// # Errors
/// The disk is full or the directory cannot be written.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = path.with_extension("tmp");
    let mut file = fs::File::create(&temporary).at("cannot create", &temporary)?;
    file.write_all(bytes).at("cannot write", &temporary)?;
    file.sync_all().at("cannot sync", &temporary)?;
    fs::rename(&temporary, path).at("cannot rename", &temporary)?;
    sync_directory(path.parent().unwrap_or(Path::new(".")))
}

/// Makes renames within a directory durable.
///
/// # Errors
/// The directory cannot be opened or synced.
pub fn sync_directory(dir: &Path) -> Result<()> {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    fs::File::open(dir).and_then(|d| d.sync_all()).at("cannot sync", dir)
}
