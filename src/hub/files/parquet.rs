//! Streaming Parquet of the hub-stats kind, whatever tool wrote it: its types, spelling of columns, codecs and partitions.

use super::columns::{Cells, PartCells, is_readable};
use super::guard::{batches, guarded};
use super::kind::{Found, refusal};
use super::partitions::partition_values;
use super::source::{Block, MAX_INFLATION, SchemaReport, SourceFile};
use super::utf8::{REPLACED, json_leaves, with_bytes_for_texts, with_texts};
use crate::error::{Error, IoContext, Result};
use crate::hub::record::dotted::{Parts, part_of};
use crate::hub::record::fields::{HubField, Listed, Reading};
use crate::hub::record::{Parsed, RecordReader};
use crate::tables::Ahead;
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression;
use parquet::file::metadata::ParquetMetaData;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Rows decoded at a time: a card is some kilobytes, so a batch stays near ten megabytes.
const BATCH_ROWS: usize = 4_096;
/// Most rows of a file: the Hub has some 3 million models, and run lengths write a trillion rows in a few bytes.
const MAX_ROWS: i64 = 100_000_000;
/// Most columns of a file: the widest index has some dozens.
const MAX_COLUMNS: usize = 10_000;
/// A chunk of a column below this size is no bomb, in bytes unpacked.
const CHUNK_ANYWAY: i64 = 64 << 20;
/// Nor is one of small values, which are read batch by batch: bytes unpacked per row.
const SMALL_VALUE: i64 = 1 << 10;

/// Whether a field is read from Parquet.
pub(super) const fn is_column(field: HubField) -> bool {
    !matches!(field.reading(), Reading::NotNeeded)
}

/// Whether an index without a field has lost something: most listings come without the files of a repository.
pub(super) fn may_miss(field: HubField) -> bool {
    is_column(field) && !is_id(field) && !is_identity(field) && field.listed() != Listed::OnRequest
}

/// Whether a field names the model.
const fn is_id(field: HubField) -> bool {
    matches!(field.reading(), Reading::Id | Reading::OldId)
}

/// Whether a field tells which repository it is: most indexes lack it, and lose nothing while no repository is renamed.
const fn is_identity(field: HubField) -> bool {
    matches!(field.reading(), Reading::ObjectId)
}

/// Whether a column that is not read is no news: the listing brings it, too, and it says nothing that the others do not.
fn is_needless(field: HubField) -> bool {
    matches!(field.reading(), Reading::NotNeeded) && field.listed() != Listed::Never
}

/// A Parquet file that is open.
pub(super) struct Opened {
    /// Its reader, which has bytes for texts.
    pub builder: ParquetRecordBatchReaderBuilder<std::fs::File>,
    /// The columns as the file declares them.
    pub declared: SchemaRef,
    /// Of each leaf its column, and whether it is of the type JSON.
    pub json: Vec<(usize, bool)>,
}

/// Opens a Parquet file. What Arrow noted of its own types is left aside: large, dictionary and view types of memory are one type of
/// file each, and lists, maps and texts come out the same whoever wrote them.
///
/// # Errors
/// It cannot be opened, is truncated or damaged, declares what no index has, or has a codec that is not read.
pub(super) fn open_parquet(path: &Path) -> Result<Opened> {
    let open = |options: ArrowReaderOptions| {
        let handle = std::fs::File::open(path).at_path("cannot read source", path)?;
        let open = || ParquetRecordBatchReaderBuilder::try_new_with_options(handle, options);
        guarded(path, open)?.map_err(|e| damaged(path, &e))
    };
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder = open(options.clone())?;
    refuse_bombs(builder.metadata(), path)?;
    let columns = builder.metadata().row_groups().iter().flat_map(|group| group.columns());
    if columns.into_iter().any(|column| column.compression() == Compression::LZO) {
        return Err(Error::input(
            "the Parquet file is whole, but compressed with LZO, which is not read",
            path.display(),
            "write it again with zstd or snappy",
        ));
    }
    let declared = Arc::clone(builder.schema());
    let json = json_leaves(builder.parquet_schema());
    let builder = open(options.with_parquet_schema(with_bytes_for_texts(builder.parquet_schema(), path)?))?;
    Ok(Opened { builder, declared, json })
}

/// Refuses a file that costs more than any index by what its footer declares.
fn refuse_bombs(metadata: &ParquetMetaData, path: &Path) -> Result<()> {
    let refuse = |what: String| Err(Error::input(what, path.display(), "fetch it again; it is damaged, or no model index"));
    let rows = metadata.file_metadata().num_rows();
    if !(0..=MAX_ROWS).contains(&rows) {
        return refuse(format!("the Parquet file declares {rows} rows, and at most {MAX_ROWS} are read"));
    }
    let columns = metadata.file_metadata().schema_descr().num_columns();
    if columns > MAX_COLUMNS {
        return refuse(format!("the Parquet file has {columns} columns, and at most {MAX_COLUMNS} are read"));
    }
    for group in metadata.row_groups() {
        for chunk in group.columns() {
            // The reader of Parquet takes for granted that places and sizes are none below zero.
            let places = [Some(chunk.data_page_offset()), chunk.dictionary_page_offset(), Some(chunk.compressed_size())];
            if places.into_iter().flatten().any(|place| place < 0) {
                let column = chunk.column_path();
                return Err(damaged(path, &format!("column {column} has a place or a size below zero")));
            }
            let (packed, unpacked) = (chunk.compressed_size().max(1), chunk.uncompressed_size());
            let is_large = unpacked > CHUNK_ANYWAY && unpacked / group.num_rows().max(1) > SMALL_VALUE;
            if is_large && unpacked / packed > MAX_INFLATION.cast_signed() {
                let column = chunk.column_path();
                return refuse(format!(
                    "column {column} of the Parquet file unpacks {packed} bytes to {unpacked}, as no index does"
                ));
            }
        }
    }
    Ok(())
}

pub(super) fn damaged(path: &Path, e: &dyn std::fmt::Display) -> Error {
    Error::input(
        format!("the Parquet file is truncated or damaged: {e}"),
        path.display(),
        "fetch it again and compare its size and sha256 with the origin's",
    )
}

/// Names of the columns.
///
/// # Errors
/// As [`open_parquet`].
pub(super) fn column_names(path: &Path) -> Result<Vec<String>> {
    Ok(open_parquet(path)?.declared.fields().iter().map(|field| field.name().clone()).collect())
}

/// A batch with texts for bytes, and the columns in which something was none.
type Texts = (RecordBatch, BTreeSet<String>);

/// Streams the records of a Parquet file to `sink`. Returns how its columns differ from the schema we know.
///
/// # Errors
/// The file is truncated, damaged, or no index of models.
pub fn read_parquet(file: &SourceFile, mut sink: impl FnMut(Block) -> Result<()>) -> Result<SchemaReport> {
    let Opened { builder, declared, json } = open_parquet(&file.path)?;
    let mut plan = Plan::new(declared.fields(), file)?;
    let empty = empty_fields(builder.metadata());
    plan.report.unreadable.retain(|(field, _)| !empty.contains(field));
    // By position: a name with points would be taken for a path.
    let wanted: BTreeSet<&str> = plan.column_names().collect();
    let names = builder.parquet_schema().root_schema().get_fields().iter().map(|field| field.name());
    let roots: Vec<usize> = names.enumerate().filter(|(_, name)| wanted.contains(name)).map(|(at, _)| at).collect();
    let json: Vec<bool> = json.into_iter().filter(|(root, _)| roots.contains(root)).map(|(_, is_json)| is_json).collect();
    let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
    let total_rows = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0).max(1);
    let build = || builder.with_projection(mask).with_batch_size(BATCH_ROWS).build();
    let reader = guarded(&file.path, build)?.map_err(|e| damaged(&file.path, &e))?;
    let mut unreadable = plan.report.unreadable.iter().cloned().collect::<BTreeSet<_>>();
    let mut first_row = 0;
    let path = file.path.clone();
    let read = batches(reader, &file.path).map(move |batch| with_texts(&batch?, &json, &path));
    // A file of one batch is not worth a thread.
    let read: Box<dyn Iterator<Item = Result<Texts>>> =
        if total_rows > BATCH_ROWS { Box::new(Ahead::new("decode an index", read)?) } else { Box::new(read) };
    for batch in read {
        let (batch, broken) = batch?;
        let rows = batch.num_rows();
        let cells = plan.cells(&batch, &mut unreadable);
        let broken = plan.fields_of(&broken);
        let parts = plan.part_cells(&batch, &mut unreadable);
        let records = (0..rows)
            .into_par_iter()
            .map(|row| plan.record(&cells, &parts, &broken, row, &format!("{}:row {}", file.name, first_row + row + 1)))
            .collect();
        first_row += rows;
        sink(Block {
            records,
            // The reader does not tell its offset; rows done over all rows is as good for a progress bar.
            bytes_read: file.bytes.saturating_mul(first_row as u64) / total_rows as u64,
        })?;
    }
    let in_parts: BTreeSet<HubField> = plan.parts.iter().filter_map(|name| part_of(name)).map(|(field, _)| field).collect();
    unreadable.retain(|(field, _)| !in_parts.contains(field));
    let doubled = plan.doubled.iter().map(|(names, differing)| (names.clone(), differing.load(Ordering::Relaxed)));
    Ok(SchemaReport { unreadable: unreadable.into_iter().collect(), doubled: doubled.collect(), ..plan.report })
}

/// The fields whose columns hold nothing in any row, whatever their types: nothing of them can be lost.
fn empty_fields(metadata: &ParquetMetaData) -> BTreeSet<HubField> {
    let (mut all, mut filled) = (BTreeSet::new(), BTreeSet::new());
    for chunk in metadata.row_groups().iter().flat_map(|group| group.columns()) {
        let Some(field) = chunk.column_path().parts().first().and_then(|name| HubField::parse(name)) else { continue };
        all.insert(field);
        let nulls = chunk.statistics().and_then(|statistics| statistics.null_count_opt());
        if nulls.is_none_or(|nulls| i64::try_from(nulls).unwrap_or_default() < chunk.num_values()) {
            filled.insert(field);
        }
    }
    all.difference(&filled).copied().collect()
}

/// Which column feeds which field, and what the path says of every row.
pub(super) struct Plan {
    columns: Vec<(HubField, String)>,
    /// Columns that are parts of a nested field: `safetensors.total`.
    parts: Vec<String>,
    partition: Vec<(HubField, String)>,
    /// Columns of one field, with the rows in which two of them differ.
    doubled: Vec<(String, AtomicU64)>,
    report: SchemaReport,
}

impl Plan {
    fn new(fields: &[Arc<Field>], file: &SourceFile) -> Result<Self> {
        let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
        let refuse = |reason: &str, remedy: &str| {
            let reason = format!("not a model index: {reason} (it has: {})", names[..names.len().min(12)].join(", "));
            Err(Error::input(reason, file.path.display(), remedy))
        };
        if let Some(reason) = refusal(&names, Found::Column) {
            let remedy = "point --source at hub-stats' models.parquet or a file of that schema; the column of the models' names, \
                          owner/name, has to be called id";
            return refuse(&reason, remedy);
        }
        let plan = Self::of_columns(fields, partition_values(&file.name));
        // Rows without a name are no records: an index whose names cannot be read says so once.
        if !plan.columns.iter().any(|(field, _)| is_id(*field)) {
            let of_type = plan.report.unreadable.iter().find(|(field, _)| is_id(*field));
            let reason = of_type.map_or_else(String::new, |(field, kind)| format!("column '{}' is of type {kind}", field.key()));
            return refuse(
                &format!("{reason}, and names of models are texts"),
                "write owner/name of each model as a text column id",
            );
        }
        Ok(plan)
    }

    /// Of columns, whichever they are; the path states the values of `partition`.
    pub(super) fn of_columns(fields: &[Arc<Field>], partition: Vec<(HubField, String)>) -> Self {
        let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
        let (mut columns, mut doubled, mut report) = (Vec::new(), Vec::new(), SchemaReport::default());
        let is_in_path = |known: HubField| partition.iter().any(|(field, _)| *field == known);
        for known in HubField::ALL.iter().copied().filter(|field| is_column(*field)) {
            // The Hub's own spelling goes before another, and that before those behind it.
            let mut named: Vec<&Arc<Field>> = fields.iter().filter(|field| HubField::parse(field.name()) == Some(known)).collect();
            named.sort_by_key(|field| field.name() != known.key());
            if named.is_empty() && !is_in_path(known) && may_miss(known) {
                report.missing.push(known.key().to_owned());
            }
            let (readable, others): (Vec<_>, Vec<_>) = named.into_iter().partition(|field| is_readable(known, field.data_type()));
            // Tools number their rows under this key, too.
            if readable.is_empty() && !is_identity(known) {
                report.unreadable.extend(others.first().map(|field| (known, field.data_type().to_string())));
            }
            for field in &readable {
                if !is_expected(known, field.data_type()) {
                    report.converted.push(format!("{}: {}", field.name(), field.data_type()));
                }
                columns.push((known, field.name().clone()));
            }
            if readable.len() > 1 {
                let names: Vec<&str> = readable.iter().map(|field| field.name().as_str()).collect();
                doubled.push((names.join(", "), AtomicU64::new(0)));
            }
        }
        // One key of the name is enough: what stands under the other is no loss.
        if columns.iter().any(|(field, _)| is_id(*field)) {
            report.unreadable.retain(|(field, _)| !is_id(*field));
        }
        let is_part = |name: &&str| HubField::parse(name).is_none() && part_of(name).is_some();
        let parts: Vec<String> = names.iter().copied().filter(is_part).map(str::to_owned).collect();
        let in_parts = |key: &str| parts.iter().any(|name| part_of(name).is_some_and(|(field, _)| field.key() == key));
        report.missing.retain(|key| !in_parts(key));
        // `pandas.json_normalize` leaves a column of nothing beside the parts of it.
        report.unreadable.retain(|(field, _)| !in_parts(field.key()));
        let is_used = |name: &str| columns.iter().any(|(_, column)| column == name) || parts.iter().any(|part| part == name);
        let is_news =
            |name: &&str| !is_used(name) && HubField::parse(name).is_none_or(|field| !is_column(field) && !is_needless(field));
        report.ignored = names.iter().copied().filter(is_news).map(str::to_owned).collect();
        Self { columns, parts, partition, doubled, report }
    }

    /// The columns that are read.
    fn column_names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(_, name)| name).chain(&self.parts).map(String::as_str)
    }

    /// The parts of nested fields in a batch; what cannot be read is noted.
    fn part_cells(&self, batch: &RecordBatch, unreadable: &mut BTreeSet<(HubField, String)>) -> Vec<PartCells> {
        let mut cells = Vec::new();
        for name in &self.parts {
            let (Some(column), Some((field, _))) = (batch.column_by_name(name), part_of(name)) else { continue };
            match PartCells::new(name, column) {
                Some(part) => cells.push(part),
                None => {
                    unreadable.insert((field, column.data_type().to_string()));
                }
            }
        }
        cells
    }

    /// The wanted columns of a batch; what turns out to be unreadable only now is noted.
    pub(super) fn cells(&self, batch: &RecordBatch, unreadable: &mut BTreeSet<(HubField, String)>) -> Vec<(HubField, Cells)> {
        let mut cells = Vec::new();
        for (field, name) in &self.columns {
            let Some(column) = batch.column_by_name(name) else { continue };
            match Cells::new(*field, column) {
                Ok(column) => cells.push((*field, column)),
                Err(data_type) => {
                    unreadable.insert((*field, data_type));
                }
            }
        }
        cells
    }

    /// Counts a row in which two columns of one field say different things.
    fn note_differing(&self, cells: &[(HubField, Cells)], row: usize) {
        for (at, (field, column)) in cells.iter().enumerate().filter(|(_, (_, column))| column.says(row)) {
            let others = cells[..at].iter().rev().take_while(|(other, _)| other == field);
            let first = others.filter(|(_, other)| other.says(row)).last();
            if first.is_some_and(|(_, first)| first.differs(column, row)) {
                let of_field = |names: &str| names.split(", ").next().and_then(HubField::parse) == Some(*field);
                if let Some((_, count)) = self.doubled.iter().find(|(names, _)| of_field(names)) {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    /// The fields that some columns feed.
    fn fields_of(&self, names: &BTreeSet<String>) -> Vec<HubField> {
        self.columns.iter().filter(|(_, name)| names.contains(name)).map(|(field, _)| *field).collect()
    }

    fn record(&self, cells: &[(HubField, Cells)], parts: &[PartCells], broken: &[HubField], row: usize, locator: &str) -> Parsed {
        let mut reader = RecordReader::new(locator);
        // Parts first: what the whole field says goes before them.
        if !parts.is_empty() {
            let mut made = Parts::default();
            parts.iter().for_each(|part| part.add_to(&mut made, row));
            reader.parts(made);
        }
        fill_row(cells, &mut reader, row);
        if !self.doubled.is_empty() {
            self.note_differing(cells, row);
        }
        for (field, column) in cells {
            if broken.contains(field)
                && let Some(text) = column.text(row).filter(|text| text.contains(REPLACED))
            {
                reader.problem(field.key(), "not UTF-8: read with a sign in place of what is none", text);
            }
        }
        for (field, value) in &self.partition {
            if !self.columns.iter().any(|(known, _)| known == field) {
                reader.text_value(*field, value);
            }
        }
        let raw = reader.row_mut().model_id.clone();
        reader.finish(&raw)
    }
}

/// Reads the cells of a row; of several columns of one field the first that says anything.
pub(super) fn fill_row(cells: &[(HubField, Cells)], reader: &mut RecordReader, row: usize) {
    let mut before: Option<(HubField, bool)> = None;
    for (field, column) in cells {
        // Columns of one field stand beside each other.
        let is_said = before.is_some_and(|(last, is_said)| last == *field && is_said);
        if !is_said {
            column.fill(reader, *field, row);
        }
        before = Some((*field, is_said || column.says(row)));
    }
}

/// Whether a column has a type that is no news.
fn is_expected(field: HubField, data_type: &DataType) -> bool {
    match field.reading() {
        Reading::Count(_) => matches!(data_type, DataType::Int64 | DataType::Null),
        Reading::Instant(_) => {
            matches!(data_type, DataType::Timestamp(_, _) | DataType::Date32 | DataType::Date64 | DataType::Null)
        }
        Reading::Texts(_) => matches!(data_type, DataType::List(_) | DataType::Null),
        Reading::Id | Reading::OldId | Reading::Text(_) | Reading::FlagOrWord(_) | Reading::Private => {
            matches!(data_type, DataType::Utf8 | DataType::Boolean | DataType::Null)
        }
        Reading::Card | Reading::Safetensors | Reading::Gguf | Reading::BaseModels => true,
        Reading::Config | Reading::Siblings | Reading::NotNeeded | Reading::ObjectId => true,
    }
}
