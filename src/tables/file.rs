//! A table's file as the decoder of Parquet reads it: a small one at once, a large one page by page. Most tables are small and have many
//! columns, and each column that is read for itself costs three calls.

use crate::error::{Error, IoContext, Result};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowFilter, RowSelection,
};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::ChunkReader;
use std::fmt::Display;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Largest file that is read at once, in bytes. A few may be open at a time.
const AT_ONCE: usize = 4 << 20;

/// What of a table is read, and how much at a time.
#[derive(Default)]
pub(super) struct Wanted {
    /// Columns; all if none are named.
    pub columns: Option<ProjectionMask>,
    /// Row groups, likewise.
    pub row_groups: Option<Vec<usize>>,
    /// Rows of them, likewise.
    pub rows: Option<RowSelection>,
    /// What decides on rows.
    pub filter: Option<RowFilter>,
    /// Rows decoded at a time.
    pub batch_rows: usize,
}

type Build = dyn Fn(ArrowReaderMetadata, Wanted) -> Result<ParquetRecordBatchReader> + Send + Sync;

/// A table's file with its footer.
pub(super) struct TableFile {
    pub path: PathBuf,
    pub metadata: ArrowReaderMetadata,
    build: Box<Build>,
}

impl TableFile {
    /// Opens a table.
    ///
    /// # Errors
    /// It is missing, cannot be read, or is no Parquet.
    pub(super) fn open(path: &Path, options: ArrowReaderOptions) -> Result<Self> {
        let file = File::open(path).at_path("cannot read", path)?;
        let bytes = file.metadata().at_path("cannot read", path)?.len();
        let place = path.to_owned();
        let (metadata, build): (_, Box<Build>) = match usize::try_from(bytes) {
            Ok(bytes) if bytes <= AT_ONCE => {
                let whole = file.get_bytes(0, bytes).map_err(|e| cannot_read(path, e))?;
                let metadata = ArrowReaderMetadata::load(&whole, options);
                (metadata, Box::new(move |metadata, wanted| reader(whole.clone(), metadata, wanted, &place)))
            }
            // Opened anew by each: a cloned handle would share its position with readers on other threads.
            _ => (
                ArrowReaderMetadata::load(&file, options),
                Box::new(move |metadata, wanted| {
                    reader(File::open(&place).at_path("cannot read", &place)?, metadata, wanted, &place)
                }),
            ),
        };
        Ok(Self { path: path.to_owned(), metadata: metadata.map_err(|e| unreadable(path, &e))?, build })
    }

    /// Columns by name; those that it lacks are left out.
    pub(super) fn mask(&self, columns: &[&str]) -> ProjectionMask {
        ProjectionMask::columns(self.metadata.parquet_schema(), columns.iter().copied())
    }

    /// Reads what is wanted.
    ///
    /// # Errors
    /// It is missing by now, or damaged.
    pub(super) fn read(&self, wanted: Wanted) -> Result<ParquetRecordBatchReader> {
        (self.build)(self.metadata.clone(), wanted)
    }
}

fn reader<T: ChunkReader + 'static>(
    file: T,
    metadata: ArrowReaderMetadata,
    wanted: Wanted,
    path: &Path,
) -> Result<ParquetRecordBatchReader> {
    let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata).with_batch_size(wanted.batch_rows);
    if let Some(columns) = wanted.columns {
        builder = builder.with_projection(columns);
    }
    if let Some(groups) = wanted.row_groups {
        builder = builder.with_row_groups(groups);
    }
    if let Some(rows) = wanted.rows {
        builder = builder.with_row_selection(rows);
    }
    if let Some(filter) = wanted.filter {
        builder = builder.with_row_filter(filter);
    }
    let built: ParquetResult<ParquetRecordBatchReader> = builder.build();
    built.map_err(|e| unreadable(path, &e))
}

/// What the system said, out of what the Parquet crate wraps it in.
fn cannot_read(path: &Path, e: ParquetError) -> Error {
    let error = match e {
        ParquetError::External(inner) => inner.downcast::<io::Error>().map_or_else(io::Error::other, |e| *e),
        other => io::Error::other(other.to_string()),
    };
    Error::io("cannot read", path, error)
}

/// A table that is none.
pub(super) fn unreadable(path: &Path, e: &dyn Display) -> Error {
    Error::input(
        format!("not a readable Parquet table: {e}"),
        path.display(),
        "rebuild it: hugging-carbon run --force, with the options of the last run",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::io::{TableWriter, reader_options, table_path};
    use crate::tables::{QuarantineRow, Row};

    /// Whichever way a file is read, the same rows come of it.
    #[test]
    fn small_and_large_tables_are_read_alike() {
        let dir = tempfile::tempdir().unwrap();
        let path = table_path(dir.path(), QuarantineRow::NAME);
        // Texts that do not compress: with the last row the file is too large to be read at once.
        let mut state = 1_u64;
        let mut text = |length: usize| -> String {
            std::iter::repeat_with(|| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                char::from(33 + u8::try_from((state >> 33) % 90).unwrap())
            })
            .take(length)
            .collect()
        };
        for (n, length, is_small) in [(0_usize, 0, true), (3, 10, true), (300, 20_000, false)] {
            let mut writer = TableWriter::<QuarantineRow>::create(dir.path()).unwrap();
            let reasons: Vec<String> = (0..n).map(|_| text(length)).collect();
            for (i, reason) in reasons.iter().enumerate() {
                let (source, locator) = ("x".to_owned(), format!("{i}"));
                writer.push(QuarantineRow { source, locator, reason: reason.clone(), raw: String::new() }).unwrap();
            }
            writer.finish().unwrap();
            assert_eq!(std::fs::metadata(&path).unwrap().len() <= AT_ONCE as u64, is_small, "{n}");
            let file = TableFile::open(&path, reader_options()).unwrap();
            for _ in 0..2 {
                let wanted = Wanted { columns: Some(file.mask(&["reason"])), batch_rows: 7, ..Wanted::default() };
                let batches: Vec<_> = file.read(wanted).unwrap().map(Result::unwrap).collect();
                assert!(batches.iter().all(|batch| batch.num_columns() == 1 && batch.num_rows() <= 7));
                let read: Vec<String> = batches
                    .iter()
                    .flat_map(|batch| {
                        let texts = arrow::array::AsArray::as_string::<i32>(batch.column(0));
                        texts.iter().map(|text| text.unwrap().to_owned()).collect::<Vec<_>>()
                    })
                    .collect();
                assert!(read == reasons, "{n}");
            }
        }
        std::fs::remove_file(&path).unwrap();
        assert!(TableFile::open(&path, reader_options()).err().unwrap().to_string().contains("quarantine.parquet"));
    }
}
