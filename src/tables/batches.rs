//! Batches of other people's files and streams: Parquet and Arrow IPC, told apart by their first bytes, columns brought to the types of a
//! table.

mod stream;

pub use self::stream::open_ipc_stream;
use super::Row;
use crate::error::{Error, IoContext, Result};
use crate::store::input_metadata;
use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::{can_cast_types, cast};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use arrow::ipc::reader::FileReader;
use fs_err as fs;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows of a Parquet file decoded at a time.
const BATCH_ROWS: usize = 4_096;
/// First bytes of an IPC file.
const IPC_FILE: &[u8] = b"ARROW1";
/// First bytes of an IPC stream: the marker that a message follows.
const IPC_STREAM: &[u8] = &[0xff; 4];
/// First bytes of a Parquet file.
const PARQUET: &[u8] = b"PAR1";

/// What a file of batches is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchFileKind {
    /// Parquet.
    Parquet,
    /// Arrow IPC file (Feather version 2).
    IpcFile,
    /// Arrow IPC stream.
    IpcStream,
}

/// What a file is by its first bytes; none if it is no file of batches.
///
/// # Errors
/// It cannot be read.
pub fn batch_file_kind(path: &Path) -> Result<Option<BatchFileKind>> {
    let mut start = Vec::new();
    fs::File::open(path).and_then(|file| file.take(8).read_to_end(&mut start)).at_path("cannot read", path)?;
    let kinds = [(PARQUET, BatchFileKind::Parquet), (IPC_FILE, BatchFileKind::IpcFile), (IPC_STREAM, BatchFileKind::IpcStream)];
    Ok(kinds.into_iter().find(|(bytes, _)| start.starts_with(bytes)).map(|(_, kind)| kind))
}

/// The batches of a file, with its schema.
///
/// # Errors
/// It cannot be opened, or is damaged at its beginning or end.
pub fn open_batches(path: &Path, kind: BatchFileKind) -> Result<Batches> {
    let place = path.display().to_string();
    let file = std::fs::File::open(path).at_path("cannot read", path)?;
    match kind {
        BatchFileKind::Parquet => {
            let broken = |e: parquet::errors::ParquetError| damaged(&place, &e);
            let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(broken)?;
            let schema = Arc::clone(builder.schema());
            let reader = builder.with_batch_size(BATCH_ROWS).build().map_err(broken)?;
            Ok(Batches::new(schema, place, reader))
        }
        BatchFileKind::IpcFile => open_ipc_file(BufReader::new(file), place),
        BatchFileKind::IpcStream => open_ipc_stream(BufReader::new(file), place),
    }
}

fn open_ipc_file<R: Read + Seek + 'static>(reader: R, place: String) -> Result<Batches> {
    let reader = FileReader::try_new(reader, None).map_err(|e| damaged(&place, &e))?;
    Ok(Batches::new(reader.schema(), place, reader))
}

/// The batches of a file or a stream.
pub struct Batches {
    /// Its schema.
    pub schema: Arc<Schema>,
    batches: Box<dyn Iterator<Item = Result<RecordBatch>>>,
}

impl Batches {
    fn new(schema: Arc<Schema>, place: String, batches: impl Iterator<Item = Result<RecordBatch, ArrowError>> + 'static) -> Self {
        Self { schema, batches: Box::new(batches.map(move |batch| batch.map_err(|e| damaged(&place, &e)))) }
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batches.next()
    }
}

fn damaged(place: &str, e: &dyn std::fmt::Display) -> Error {
    let said = e.to_string();
    if let Some(codec) = ["lz4", "zstd"]
        .into_iter()
        .find(|codec| ["compression", "decompression"].iter().any(|way| said.contains(&format!("{codec} IPC {way}"))))
    {
        return Error::input(
            format!("the batches are compressed inside ({codec}), which is not read"),
            place,
            "write them without: pyarrow.ipc.new_stream(SINK, SCHEMA, options=pyarrow.ipc.IpcWriteOptions(compression=None)), polars \
             write_ipc_stream(FILE, compression=\"uncompressed\"), feather.write_feather(TABLE, FILE, compression=\"uncompressed\")",
        );
    }
    Error::input(format!("the batches cannot be read: {e}"), place, "it ends too early or is damaged: write it again whole")
}

/// A batch with exactly the columns of a table: other columns are left out, types that mean the same are converted.
///
/// # Errors
/// A column is missing, of a type that does not mean the same, or has a null where the table has none.
pub fn as_table<R: Row>(batch: &RecordBatch, place: &str, remedy: &str) -> Result<RecordBatch> {
    let schema = R::schema();
    let mut columns = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let refused = |what: String| Error::input(what, place, remedy);
        // Some engines write names in capitals.
        let found = batch.schema().fields().iter().position(|given| given.name().eq_ignore_ascii_case(field.name()));
        let column = batch.column_by_name(field.name()).or_else(|| found.map(|at| batch.column(at)));
        let column = column.ok_or_else(|| refused(format!("there is no column '{}'", field.name())))?;
        let column = converted(column, field.data_type()).ok_or_else(|| {
            refused(format!("column '{}' is of type {}, not {}", field.name(), column.data_type(), field.data_type()))
        })?;
        if !field.is_nullable() && column.null_count() > 0 {
            return Err(refused(format!("column '{}' has nulls", field.name())));
        }
        columns.push(column);
    }
    RecordBatch::try_new(schema, columns).map_err(|e| Error::input(format!("columns that do not fit: {e}"), place, remedy))
}

/// A column in another type that means the same; none if it does not.
#[must_use]
pub fn converted(column: &ArrayRef, to: &DataType) -> Option<ArrayRef> {
    if column.data_type() == to {
        return Some(Arc::clone(column));
    }
    let means_the_same = kind_of(column.data_type())? == kind_of(to)? || *column.data_type() == DataType::Null;
    (means_the_same && can_cast_types(column.data_type(), to)).then(|| cast(column, to).ok()).flatten()
}

/// The plain layout of a type: texts and lists of texts of every layout are one.
#[must_use]
pub fn simplified(data_type: &DataType) -> DataType {
    match kind_of(data_type) {
        Some(Kind::Text) => DataType::Utf8,
        Some(Kind::List(item)) if *item == Kind::Text => DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
        _ => data_type.clone(),
    }
}

/// A batch with the columns of another in their plain layouts.
///
/// # Errors
/// A text is too long for its layout.
pub fn simplify(batch: &RecordBatch, place: &str) -> Result<RecordBatch> {
    let too_long = |e: ArrowError| Error::input(format!("a column cannot be converted: {e}"), place, "send smaller batches");
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let plain = simplified(field.data_type());
        columns.push(if plain == *field.data_type() { Arc::clone(column) } else { cast(column, &plain).map_err(too_long)? });
        fields.push(Field::new(field.name(), plain, true));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(too_long)
}

/// What a type holds, whatever its layout.
#[derive(PartialEq, Eq)]
enum Kind {
    Nothing,
    Text,
    Whole,
    Number,
    Instant,
    Flag,
    List(Box<Kind>),
}

fn kind_of(data_type: &DataType) -> Option<Kind> {
    Some(match data_type {
        DataType::Null => Kind::Nothing,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Kind::Text,
        DataType::Dictionary(_, value) => return kind_of(value),
        DataType::Boolean => Kind::Flag,
        DataType::List(item) | DataType::LargeList(item) => Kind::List(Box::new(kind_of(item.data_type())?)),
        DataType::Timestamp(_, _) => Kind::Instant,
        other if other.is_integer() => Kind::Whole,
        other if other.is_floating() => Kind::Number,
        _ => return None,
    })
}

/// The files of batches at a path, by name: the file itself, or all below a directory. Engines leave notes beside them, whose names begin
/// with `_` or `.`.
///
/// # Errors
/// The path cannot be read, or there is no file.
pub fn find_batch_files(path: &Path) -> Result<Vec<(String, PathBuf)>> {
    if !input_metadata(path, "cannot read")?.is_dir() {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        return Ok(vec![(name, path.to_owned())]);
    }
    let (mut open, mut files) = (vec![(String::new(), path.to_owned())], Vec::new());
    while let Some((prefix, dir)) = open.pop() {
        for entry in fs::read_dir(&dir).at_path("cannot list", &dir)? {
            let entry = entry.at_path("cannot list", &dir)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(['_', '.']) {
                continue;
            }
            let full = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            let is_dir = entry.file_type().at_path("cannot read", entry.path())?.is_dir();
            match is_dir {
                true => open.push((full, entry.path())),
                false if entry.path().is_file() => files.push((full, entry.path())),
                // A FIFO among them would be waited for without an end.
                false => {}
            }
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Error::input("the directory holds no file", path.display(), "point at what `rows evidence` wrote"));
    }
    Ok(files)
}
