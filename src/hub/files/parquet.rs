//! Streaming the hub-stats Parquet schema, whatever integer widths, string types or missing columns a dump comes with.

use super::source::{Block, SchemaReport, SourceFile};
use crate::error::{Error, IoContext, Result};
use crate::hub::record::fields::{HubField, Listed, Reading};
use crate::hub::record::{Parsed, RecordReader, clipped, normalize_base_id};
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
/// Known columns beside `id` that a file must have to be taken for a model index.
const MIN_KNOWN_COLUMNS: usize = 2;

/// The type a column is brought to.
#[derive(Clone, Copy, PartialEq)]
enum Want {
    Text,
    Texts,
    Number,
    Instant,
    AsIs,
}

/// What the column of a field is brought to; none if it is not read from Parquet.
fn want(field: HubField) -> Option<Want> {
    match field.reading() {
        Reading::Id | Reading::Text(_) | Reading::FlagOrWord(_) | Reading::Private | Reading::Card | Reading::Gguf => {
            Some(Want::Text)
        }
        Reading::Texts(_) => Some(Want::Texts),
        Reading::Count(_) => Some(Want::Number),
        Reading::Instant(_) => Some(Want::Instant),
        Reading::Safetensors | Reading::BaseModels => Some(Want::AsIs),
        Reading::NotNeeded | Reading::OldId | Reading::Config | Reading::Siblings => None,
    }
}

/// The columns read, with the type each is brought to.
fn columns() -> impl Iterator<Item = (HubField, Want)> {
    HubField::ALL.iter().filter_map(|field| Some((*field, want(*field)?)))
}

/// Whether a column that is not read is no news: the listing brings it, too, and it says nothing that the others do not.
fn is_needless(field: HubField) -> bool {
    matches!(field.reading(), Reading::NotNeeded) && field.listed() != Listed::Never
}

/// Streams the records of a Parquet file to `sink`. Returns how its columns differ from the schema we know.
///
/// # Errors
/// The file is truncated, damaged, or has no `id` column.
pub fn read_parquet(file: &SourceFile, mut sink: impl FnMut(Block) -> Result<()>) -> Result<SchemaReport> {
    let damaged = |e: &dyn std::fmt::Display| {
        Error::input(
            format!("the Parquet file is truncated or damaged: {e}"),
            file.path.display(),
            "fetch it again and compare its size and sha256 with the origin's",
        )
    };
    let handle = std::fs::File::open(&file.path).at_path("cannot read source", &file.path)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(handle).map_err(|e| damaged(&e))?;
    let report = compare(builder.schema().fields(), &file.path)?;
    let wanted = columns().map(|(field, _)| field.key()).filter(|n| !report.missing.iter().any(|m| m == n));
    let mask = ProjectionMask::columns(builder.parquet_schema(), wanted);
    let total_rows = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0).max(1);
    let reader = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build().map_err(|e| damaged(&e))?;
    let mut first_row = 0;
    for batch in reader {
        let batch = batch.map_err(|e| damaged(&e))?;
        let rows = batch.num_rows();
        let cast = Columns::new(&batch);
        let records =
            (0..rows).into_par_iter().map(|row| cast.record(row, &format!("{}:row {}", file.name, first_row + row + 1))).collect();
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
    let known_columns = columns().filter(|(field, _)| *field != HubField::Id && find(field.key()).is_some()).count();
    if find(HubField::Id.key()).is_none() || known_columns < MIN_KNOWN_COLUMNS {
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
    for (known, want) in columns() {
        match find(known.key()) {
            None => report.missing.push(known.key().to_owned()),
            Some(field) if !is_expected(want, field.data_type()) => {
                report.converted.push(format!("{}: {}", known.key(), field.data_type()));
            }
            Some(_) => {}
        }
    }
    let known = |name: &str| HubField::parse(name).is_some_and(|field| want(field).is_some() || is_needless(field));
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
struct Columns(Vec<(HubField, Result<ArrayRef, String>)>);

impl Columns {
    fn new(batch: &RecordBatch) -> Self {
        let cast_to = |column: &ArrayRef, target: &DataType| cast(column, target).map_err(|_| column.data_type().to_string());
        let read = |(field, want): (HubField, Want)| {
            let column = batch.column_by_name(field.key())?;
            let array = match want {
                Want::Text => cast_to(column, &DataType::Utf8),
                Want::Texts => cast_to(column, &DataType::List(Arc::new(Field::new("item", DataType::Utf8, true)))),
                Want::Number => cast_to(column, &DataType::Float64),
                Want::Instant if is_expected(Want::Instant, column.data_type()) => {
                    cast_to(column, &DataType::Timestamp(TimeUnit::Millisecond, None))
                }
                Want::Instant => cast_to(column, &DataType::Utf8),
                Want::AsIs => Ok(Arc::clone(column)),
            };
            Some((field, array))
        };
        Self(columns().filter_map(read).collect())
    }

    fn record(&self, row: usize, locator: &str) -> Parsed {
        let mut reader = RecordReader::new(locator);
        for (field, column) in &self.0 {
            match column {
                Ok(array) if array.is_valid(row) => take_value(&mut reader, *field, array, row),
                Ok(_) => {}
                Err(data_type) => reader.problem(field.key(), format!("column of type {data_type} cannot be read"), ""),
            }
        }
        let raw = reader.row_mut().model_id.clone();
        reader.finish(&raw)
    }
}

/// Takes the value of one field of one row.
fn take_value(reader: &mut RecordReader, field: HubField, array: &ArrayRef, row: usize) {
    let text = array.as_string_opt::<i32>().map(|strings| strings.value(row));
    match field.reading() {
        Reading::NotNeeded | Reading::OldId | Reading::Config | Reading::Siblings => {}
        Reading::Id => {
            if let Some(id) = text {
                reader.set_id(id);
            }
        }
        Reading::Card => {
            if let Some(json) = text {
                reader.card(json);
            }
        }
        Reading::Gguf => {
            if let Some(json) = text {
                reader.gguf(json);
            }
        }
        Reading::Text(slot) => {
            if let Some(text) = text {
                let slot = slot(reader.row_mut());
                *slot = clipped(text).or(slot.take());
            }
        }
        Reading::FlagOrWord(slot) => {
            if let Some(text) = text {
                *slot(reader.row_mut()) = clipped(text);
            }
        }
        Reading::Private => {
            if text == Some("true") {
                reader.set_private();
            }
        }
        Reading::Instant(slot) => {
            let instant = match array.as_primitive_opt::<TimestampMillisecondType>() {
                Some(instants) => reader.instant(field.key(), instants.value(row)),
                None => text.and_then(|text| reader.instant_text(field.key(), text)),
            };
            *slot(reader.row_mut()) = instant;
        }
        Reading::Count(slot) => {
            if let Some(numbers) = array.as_primitive_opt::<Float64Type>() {
                let value = numbers.value(row);
                *slot(reader.row_mut()) = reader.count(field.key(), value, &value.to_string());
            }
        }
        Reading::Texts(slot) => {
            let values = array.as_list_opt::<i32>().map(|list| list.value(row));
            if let Some(strings) = values.as_ref().and_then(|values| values.as_string_opt::<i32>()) {
                *slot(reader.row_mut()) = strings.iter().flatten().filter_map(clipped).collect();
            }
        }
        Reading::Safetensors => safetensors(reader, array, row),
        Reading::BaseModels => base_models(reader, array, row),
    }
}

/// `safetensors` is a struct {parameters: struct or map of dtype to count, total}, or JSON text.
fn safetensors(reader: &mut RecordReader, column: &ArrayRef, row: usize) {
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
    let Some(fields) = column.as_struct_opt() else { return };
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
