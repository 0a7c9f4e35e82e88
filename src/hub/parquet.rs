//! Streaming the hub-stats Parquet schema, whatever integer widths, string types or missing columns a dump comes with.

use super::files::SourceFile;
use super::record::{Parsed, RecordReader, clipped, normalize_base_id};
use super::{Block, SchemaReport};
use crate::error::{Error, IoContext, Result};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, TimeUnit, TimestampMillisecondType};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rayon::prelude::*;
use std::path::Path;
use std::sync::Arc;

/// Rows decoded at a time: a card is some kilobytes, so a batch stays near ten megabytes.
const BATCH_ROWS: usize = 4_096;
/// Columns read, with the type each is brought to.
const COLUMNS: &[(&str, Want)] = &[
    ("id", Want::Text),
    ("createdAt", Want::Instant),
    ("lastModified", Want::Instant),
    ("downloads", Want::Number),
    ("downloadsAllTime", Want::Number),
    ("likes", Want::Number),
    ("tags", Want::Texts),
    ("cardData", Want::Text),
    ("safetensors", Want::AsIs),
    ("gguf", Want::Text),
    ("baseModels", Want::AsIs),
    ("pipeline_tag", Want::Text),
    ("library_name", Want::Text),
    ("gated", Want::Text),
    ("private", Want::Text),
];

/// Columns of the dump that say nothing the others do not.
const NOT_NEEDED: &[&str] = &["_id", "author", "trendingScore", "sha", "disabled"];
/// Known columns beside `id` that a file must have to be taken for a model index.
const MIN_KNOWN_COLUMNS: usize = 2;

#[derive(Clone, Copy, PartialEq)]
enum Want {
    Text,
    Texts,
    Number,
    Instant,
    AsIs,
}

/// Streams the records of a Parquet file to `sink`. Returns how its columns differ from the schema we know.
///
/// # Errors
/// The file is truncated, damaged, or has no `id` column.
pub fn read(file: &SourceFile, mut sink: impl FnMut(Block) -> Result<()>) -> Result<SchemaReport> {
    let damaged = |e: &dyn std::fmt::Display| {
        Error::input(
            format!("the Parquet file is truncated or damaged: {e}"),
            file.path.display(),
            "fetch it again and compare its size and sha256 with the origin's",
        )
    };
    let handle = std::fs::File::open(&file.path).at("cannot read source", &file.path)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(handle).map_err(|e| damaged(&e))?;
    let report = compare(builder.schema().fields(), &file.path)?;
    let wanted = COLUMNS.iter().map(|(name, _)| *name).filter(|n| !report.missing.iter().any(|m| m == n));
    let mask = ProjectionMask::columns(builder.parquet_schema(), wanted);
    let total_rows = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0).max(1);
    let reader = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build().map_err(|e| damaged(&e))?;
    let mut first_row = 0;
    for batch in reader {
        let batch = batch.map_err(|e| damaged(&e))?;
        let rows = batch.num_rows();
        let columns = Columns::new(&batch);
        let records = (0..rows)
            .into_par_iter()
            .map(|row| columns.record(row, &format!("{}:row {}", file.name, first_row + row + 1)))
            .collect();
        first_row += rows;
        sink(Block {
            records,
            // The reader does not tell its offset; rows done over all rows is as good for a progress bar.
            bytes_read: file.bytes.saturating_mul(first_row as u64) / total_rows as u64,
        })?;
    }
    Ok(report)
}

fn compare(fields: &[Arc<Field>], path: &Path) -> Result<SchemaReport> {
    let find = |name: &str| fields.iter().find(|f| f.name() == name);
    let known_columns = COLUMNS.iter().filter(|(name, _)| *name != "id" && find(name).is_some()).count();
    if find("id").is_none() || known_columns < MIN_KNOWN_COLUMNS {
        let names: Vec<&str> = fields.iter().take(12).map(|f| f.name().as_str()).collect();
        return Err(Error::input(
            format!(
                "not a model index: the Parquet has no column 'id', or next to none of a model's (it has: {})",
                names.join(", ")
            ),
            path.display(),
            "point --source at hub-stats' models.parquet or a file of that schema",
        ));
    }
    let mut report = SchemaReport::default();
    for (name, want) in COLUMNS {
        match find(name) {
            None => report.missing.push((*name).to_owned()),
            Some(field) if !is_expected(*want, field.data_type()) => {
                report.converted.push(format!("{name}: {}", field.data_type()));
            }
            Some(_) => {}
        }
    }
    let known = |name: &str| COLUMNS.iter().any(|(n, _)| *n == name) || NOT_NEEDED.contains(&name);
    report.ignored = fields.iter().map(|f| f.name().clone()).filter(|n| !known(n)).collect();
    Ok(report)
}

fn is_expected(want: Want, data_type: &DataType) -> bool {
    match want {
        Want::Text => matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Boolean),
        Want::Texts => matches!(data_type, DataType::List(_) | DataType::LargeList(_)),
        Want::Number => *data_type == DataType::Int64,
        Want::Instant => matches!(data_type, DataType::Timestamp(_, _) | DataType::Date32 | DataType::Date64),
        Want::AsIs => true,
    }
}

/// The columns of a batch, each cast to the one type we read. A column that cannot be cast is `Err` with its type.
struct Columns {
    text: Vec<(&'static str, Result<ArrayRef, String>)>,
    safetensors: Option<ArrayRef>,
    base_models: Option<ArrayRef>,
}

impl Columns {
    fn new(batch: &RecordBatch) -> Self {
        let mut text = Vec::new();
        for (name, want) in COLUMNS {
            let Some(column) = batch.column_by_name(name) else { continue };
            let target = match want {
                Want::Text => DataType::Utf8,
                Want::Texts => DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
                Want::Number => DataType::Float64,
                Want::Instant if is_expected(Want::Instant, column.data_type()) => DataType::Timestamp(TimeUnit::Millisecond, None),
                Want::Instant => DataType::Utf8,
                Want::AsIs => continue,
            };
            let cast = cast(column, &target).map_err(|_| column.data_type().to_string());
            text.push((*name, cast));
        }
        Self {
            text,
            safetensors: batch.column_by_name("safetensors").cloned(),
            base_models: batch.column_by_name("baseModels").cloned(),
        }
    }

    fn record(&self, row: usize, locator: &str) -> Parsed {
        let mut reader = RecordReader::new(locator);
        for (name, column) in &self.text {
            match column {
                Ok(array) if array.is_valid(row) => set(&mut reader, name, array, row),
                Ok(_) => {}
                Err(data_type) => reader.problem(name, format!("column of type {data_type} cannot be read"), ""),
            }
        }
        if let Some(column) = &self.safetensors {
            safetensors(&mut reader, column, row);
        }
        if let Some(column) = &self.base_models {
            base_models(&mut reader, column, row);
        }
        let raw = reader.row_mut().model_id.clone();
        reader.finish(&raw)
    }
}

fn set(reader: &mut RecordReader, name: &str, array: &ArrayRef, row: usize) {
    if let Some(numbers) = array.as_primitive_opt::<Float64Type>() {
        let value = numbers.value(row);
        let count = reader.count(name, value, &value.to_string());
        match name {
            "downloads" => reader.row_mut().downloads_30d = count,
            "downloadsAllTime" => reader.row_mut().downloads_all_time = count,
            _ => reader.row_mut().likes = count,
        }
        return;
    }
    if let Some(instants) = array.as_primitive_opt::<TimestampMillisecondType>() {
        let value = reader.instant(name, instants.value(row));
        match name {
            "createdAt" => reader.row_mut().created_at = value,
            _ => reader.row_mut().last_modified = value,
        }
        return;
    }
    if let Some(list) = array.as_list_opt::<i32>() {
        let values = list.value(row);
        if let Some(strings) = values.as_string_opt::<i32>() {
            reader.row_mut().tags = strings.iter().flatten().filter_map(clipped).collect();
        }
        return;
    }
    let Some(strings) = array.as_string_opt::<i32>() else { return };
    let value = strings.value(row);
    match name {
        "id" => reader.set_id(value),
        "cardData" => reader.card(value),
        "gguf" => reader.gguf(value),
        "createdAt" => reader.row_mut().created_at = reader.instant_text(name, value),
        "lastModified" => reader.row_mut().last_modified = reader.instant_text(name, value),
        // The index's own column wins over what the card says.
        "pipeline_tag" => reader.row_mut().pipeline_tag = clipped(value).or(reader.row_mut().pipeline_tag.take()),
        "library_name" => reader.row_mut().library = clipped(value).or(reader.row_mut().library.take()),
        "gated" => reader.row_mut().gated = clipped(value),
        "private" if value == "true" => reader.set_private(),
        _ => {}
    }
}

/// `safetensors` is a struct {parameters: struct or map of dtype to count, total}, or JSON text.
fn safetensors(reader: &mut RecordReader, column: &ArrayRef, row: usize) {
    if column.is_null(row) {
        return;
    }
    if let Some(text) = column.as_string_opt::<i32>() {
        return reader.safetensors(text.value(row));
    }
    let Some(fields) = column.as_struct_opt() else { return };
    if let Some(total) = fields.column_by_name("total").and_then(|c| number(c, row)) {
        reader.row_mut().safetensors_total = reader.count("safetensors.total", total, &total.to_string());
    }
    let Some(parameters) = fields.column_by_name("parameters") else { return };
    if parameters.is_null(row) {
        return;
    }
    let mut counts: Vec<(String, f64)> = Vec::new();
    if let Some(by_dtype) = parameters.as_struct_opt() {
        for (name, values) in by_dtype.column_names().iter().zip(by_dtype.columns()) {
            counts.extend(number(values, row).map(|n| ((*name).to_owned(), n)));
        }
    } else if let Some(map) = parameters.as_map_opt() {
        let entries = map.value(row);
        if let Some(keys) = entries.column(0).as_string_opt::<i32>() {
            for i in 0..entries.len() {
                counts.extend(number(entries.column(1), i).map(|n| (keys.value(i).to_owned(), n)));
            }
        }
    }
    for (dtype, value) in counts {
        if let Some(n) = reader.count("safetensors.parameters", value, &value.to_string()) {
            reader.row_mut().safetensors_dtypes.push(dtype);
            reader.row_mut().safetensors_counts.push(n);
        }
    }
}

fn number(column: &ArrayRef, row: usize) -> Option<f64> {
    if column.is_null(row) {
        return None;
    }
    match column.as_primitive_opt::<Int64Type>() {
        // Counts above 2^53 are refused later as beyond 1e15, so the rounding here cannot matter.
        #[allow(clippy::cast_precision_loss)]
        Some(integers) => Some(integers.value(row) as f64),
        None => cast(&column.slice(row, 1), &DataType::Float64).ok()?.as_primitive_opt::<Float64Type>().map(|a| a.value(0)),
    }
}

/// `baseModels` is a struct {relation, models: list of {_id, id}}.
fn base_models(reader: &mut RecordReader, column: &ArrayRef, row: usize) {
    let Some(fields) = column.as_struct_opt().filter(|f| f.is_valid(row)) else { return };
    if let Some(relation) = fields.column_by_name("relation").and_then(|c| c.as_string_opt::<i32>())
        && relation.is_valid(row)
    {
        reader.row_mut().hub_base_relation = Some(relation.value(row).to_owned());
    }
    let Some(models) = fields.column_by_name("models").and_then(|c| c.as_list_opt::<i32>()) else { return };
    if models.is_null(row) {
        return;
    }
    let items = models.value(row);
    let Some(ids) = items.as_struct_opt().and_then(|s| s.column_by_name("id")).and_then(|c| c.as_string_opt::<i32>()) else {
        return;
    };
    let ids: Vec<String> = ids.iter().flatten().filter_map(normalize_base_id).collect();
    reader.row_mut().hub_base_models = ids;
}
