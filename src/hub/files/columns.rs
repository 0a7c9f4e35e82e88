//! Columns of a batch as values of a record, whatever types a tool gave them: each column is brought to one of four forms once per batch.
//! What is nested goes through JSON, so that structs, maps and lists are read by the code that reads records.

use crate::hub::record::dotted::{Parts, part_of};
use crate::hub::record::fields::{HubField, Reading};
use crate::hub::record::{FILE_KEYS, RecordReader, clipped, is_nothing, is_valid_id, same_key};
use arrow::array::{Array, ArrayRef, AsArray, Float64Array, ListArray, MapArray, StringArray, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Float64Type, Int64Type, TimeUnit, TimestampMillisecondType};
use sonic_rs::LazyValue;
use std::fmt::Write as _;
use std::sync::Arc;

/// The cells of one column.
pub(super) enum Cells {
    /// Nothing in any row.
    Empty,
    /// Texts; also numbers and truth values where the field takes words.
    Texts(ArrayRef),
    /// Instants in milliseconds.
    Instants(ArrayRef),
    /// Numbers.
    Numbers(ArrayRef),
    /// Lists of texts, for a field that is read as such.
    TextLists(ListArray),
    /// Structs, maps and lists of plain cells.
    Nested(ArrayRef),
}

/// Whether a column of this type can hold the field at all.
pub(super) fn is_readable(field: HubField, data_type: &DataType) -> bool {
    let is_nested = |kind: &DataType| matches!(kind, DataType::Struct(_) | DataType::Map(_, _) | DataType::List(_));
    let has = |fields: &Fields, names: &[&str]| fields.iter().any(|f| names.iter().any(|name| same_key(f.name(), name)));
    let of_text = |item: &DataType| is_text(item) || *item == DataType::Null;
    match (field.reading(), data_type) {
        (_, DataType::Null) => true,
        (Reading::Safetensors, DataType::Struct(fields)) => has(fields, &["parameters", "total"]),
        (Reading::Gguf, DataType::Struct(fields)) => has(fields, &["architecture", "total"]),
        (Reading::BaseModels, DataType::Struct(fields)) => has(fields, &["models", "id"]),
        (Reading::BaseModels, DataType::List(item)) => match item.data_type() {
            DataType::Struct(fields) => has(fields, &["models", "id"]),
            item => of_text(item),
        },
        (Reading::Siblings, DataType::List(item)) => match item.data_type() {
            DataType::Struct(fields) => has(fields, &FILE_KEYS),
            item => of_text(item),
        },
        (Reading::Siblings, DataType::Map(_, _)) => true,
        (Reading::Siblings, DataType::Struct(_)) => false,
        (Reading::Safetensors | Reading::Gguf | Reading::Card | Reading::Config, DataType::Map(_, _)) => true,
        (Reading::Card | Reading::Config, DataType::Struct(_)) => true,
        // Pairs, where a store has no maps.
        (Reading::Card, DataType::List(item)) => {
            matches!(item.data_type(), DataType::Struct(fields) if has(fields, &["key"]) && has(fields, &["value"]))
        }
        (
            Reading::Safetensors | Reading::Gguf | Reading::BaseModels | Reading::Card | Reading::Config | Reading::Siblings,
            other,
        ) => is_text(other),
        (Reading::Texts(_), DataType::List(item)) => of_text(item.data_type()) || is_nested(item.data_type()),
        (Reading::Text(_), DataType::List(item)) => of_text(item.data_type()),
        (Reading::Instant(_), other) => !is_nested(other) && !matches!(other, DataType::Boolean),
        (Reading::Count(_), other) => other.is_numeric() || is_text(other),
        (Reading::NotNeeded, _) => false,
        (Reading::ObjectId, DataType::Struct(fields)) => has(fields, &["$oid", "oid"]),
        (Reading::ObjectId, other) => is_text(other),
        // Rows are numbered under these keys, too.
        (Reading::Id | Reading::OldId, other) => is_text(other),
        (Reading::Text(_) | Reading::Texts(_) | Reading::FlagOrWord(_) | Reading::Private, other) => !is_nested(other),
    }
}

/// Whether a field is read from objects and lists alone.
const fn is_nested_only(field: HubField) -> bool {
    matches!(field.reading(), Reading::Safetensors | Reading::Gguf | Reading::BaseModels | Reading::Config | Reading::Siblings)
}

/// Whether a text of a column begins as something nested does, or names a base, or none says anything.
fn may_be_nested(field: HubField, texts: &ArrayRef) -> bool {
    let Some(texts) = texts.as_string_opt::<i32>() else { return true };
    let mut said = texts.iter().flatten().map(str::trim).filter(|text| !text.is_empty()).peekable();
    // One base, or the first of several.
    let is_name = |text: &str| {
        let first = text.split([',', ';', '|', '\n', ' ']).next().unwrap_or_default().trim();
        field == HubField::BaseModels && first.contains('/') && is_valid_id(first)
    };
    // `SafeTensorsInfo(...)`
    let is_call = |text: &str| text.ends_with(')') && text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.contains('(');
    let begins = |text: &str| text.starts_with(['{', '[', '"']) || text.starts_with("null") || is_call(text) || is_name(text);
    said.peek().is_none() || said.any(begins)
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::Binary)
}

impl Cells {
    /// Brings a column to the form that its field is read in.
    ///
    /// # Errors
    /// The type of the column, if that cannot be done.
    pub(super) fn new(field: HubField, column: &ArrayRef) -> Result<Self, String> {
        if !is_readable(field, column.data_type()) {
            return Err(column.data_type().to_string());
        }
        let cast_to = |target: &DataType| cast(column, target).map_err(|_| column.data_type().to_string());
        Ok(match (field.reading(), column.data_type()) {
            (_, DataType::Null) => Self::Empty,
            (reading, DataType::Struct(_) | DataType::Map(_, _) | DataType::List(_)) => {
                let cells = plain(column)?;
                match cells.as_list_opt::<i32>() {
                    Some(lists) if matches!(reading, Reading::Texts(_)) && *lists.values().data_type() == DataType::Utf8 => {
                        Self::TextLists(lists.clone())
                    }
                    _ => Self::Nested(cells),
                }
            }
            (Reading::Instant(_), DataType::Timestamp(_, _) | DataType::Date32 | DataType::Date64) => {
                Self::Instants(cast_to(&DataType::Timestamp(TimeUnit::Millisecond, None))?)
            }
            (Reading::Count(_), other) if other.is_numeric() => Self::Numbers(cast_to(&DataType::Float64)?),
            _ => {
                let texts = cast_to(&DataType::Utf8)?;
                if is_nested_only(field) && !may_be_nested(field, &texts) {
                    return Err(format!("{}, and no value of it is an object or a list", column.data_type()));
                }
                Self::Texts(texts)
            }
        })
    }

    /// The cell of a row as text, if it holds any.
    pub(super) fn text(&self, row: usize) -> Option<String> {
        match self {
            Self::Texts(array) => array.as_string_opt::<i32>().filter(|texts| texts.is_valid(row)).map(|t| t.value(row).to_owned()),
            Self::Nested(array) => Some(json_of(array, row)),
            Self::TextLists(lists) => Some(json_of(&(Arc::new(lists.clone()) as ArrayRef), row)),
            Self::Empty | Self::Instants(_) | Self::Numbers(_) => None,
        }
    }

    /// Whether the cell of a row says anything.
    pub(super) fn says(&self, row: usize) -> bool {
        match self {
            Self::Empty => false,
            Self::Texts(array) => {
                array.is_valid(row) && array.as_string_opt::<i32>().is_some_and(|texts| !is_nothing(texts.value(row)))
            }
            Self::Numbers(array) => {
                array.is_valid(row) && array.as_primitive_opt::<Float64Type>().is_some_and(|numbers| !numbers.value(row).is_nan())
            }
            Self::Instants(array) | Self::Nested(array) => array.is_valid(row),
            Self::TextLists(lists) => lists.is_valid(row),
        }
    }

    /// Whether two cells that say something say different things; those of different types are not compared.
    pub(super) fn differs(&self, other: &Self, row: usize) -> bool {
        match (self, other) {
            (Self::Instants(a), Self::Instants(b)) | (Self::Numbers(a), Self::Numbers(b)) => {
                a.slice(row, 1).as_ref() != b.slice(row, 1).as_ref()
            }
            _ => std::mem::discriminant(self) == std::mem::discriminant(other) && self.text(row) != other.text(row),
        }
    }

    /// Reads the cell of a row.
    pub(super) fn fill(&self, reader: &mut RecordReader, field: HubField, row: usize) {
        match self {
            Self::Texts(array) if array.is_valid(row) => {
                if let Some(texts) = array.as_string_opt::<i32>() {
                    reader.text_value(field, texts.value(row));
                }
            }
            Self::Instants(array) if array.is_valid(row) => {
                if let (Reading::Instant(slot), Some(instants)) =
                    (field.reading(), array.as_primitive_opt::<TimestampMillisecondType>())
                {
                    *slot(reader.row_mut()) = reader.instant(field.key(), instants.value(row));
                }
            }
            Self::Numbers(array) if array.is_valid(row) => {
                if let (Reading::Count(slot), Some(numbers)) = (field.reading(), array.as_primitive_opt::<Float64Type>()) {
                    let value = numbers.value(row);
                    // A number that is none is how pandas writes that there is none.
                    if !value.is_nan() {
                        *slot(reader.row_mut()) = reader.count(field.key(), value, value);
                    }
                }
            }
            Self::TextLists(lists) if lists.is_valid(row) => {
                if let (Reading::Texts(slot), Some(texts)) = (field.reading(), lists.values().as_string_opt::<i32>()) {
                    *slot(reader.row_mut()) = texts_of(texts, lists.value_offsets(), row);
                }
            }
            Self::Nested(array) if array.is_valid(row) => {
                let json = json_of(array, row);
                match sonic_rs::from_str::<LazyValue<'_>>(&json) {
                    Ok(value) => reader.json_value(field, &value),
                    Err(_) => reader.problem(field.key(), "a cell that is no JSON", json),
                }
            }
            Self::Empty | Self::Texts(_) | Self::Instants(_) | Self::Numbers(_) | Self::TextLists(_) | Self::Nested(_) => {}
        }
    }
}

/// The texts of the list in a row, as [`RecordReader`] takes those of a list in JSON.
fn texts_of(texts: &StringArray, offsets: &[i32], row: usize) -> Vec<String> {
    #[allow(clippy::cast_sign_loss)] // Offsets of Arrow are none below zero.
    let items = offsets[row] as usize..offsets[row + 1] as usize;
    items.filter(|item| texts.is_valid(*item)).filter_map(|item| clipped(texts.value(item))).collect()
}

/// A cell of [`plain`] columns as JSON.
fn json_of(column: &ArrayRef, row: usize) -> String {
    let mut json = String::new();
    write_json(&mut json, column, row);
    json
}

/// The cells of a column that is a part of a nested field.
pub(super) struct PartCells {
    name: String,
    cells: ArrayRef,
}

impl PartCells {
    /// Of a column, if its type can be read.
    pub(super) fn new(name: &str, column: &ArrayRef) -> Option<Self> {
        Some(Self { name: name.to_owned(), cells: plain(column).ok()? })
    }

    /// Adds the value of a row to the objects that are made of it.
    pub(super) fn add_to(&self, parts: &mut Parts, row: usize) {
        if let Some((field, path)) = part_of(&self.name).filter(|_| self.cells.is_valid(row)) {
            parts.add(field, &path, &json_of(&self.cells, row));
        }
    }
}

/// The same cells with one type of text, two of numbers and truth values at the bottom.
fn plain(column: &ArrayRef) -> Result<ArrayRef, String> {
    let unreadable = || column.data_type().to_string();
    let inner = |array: &ArrayRef| plain(array).map(|array| (Arc::new(Field::new("item", array.data_type().clone(), true)), array));
    let to = |target: &DataType| cast(column, target).map_err(|_| unreadable());
    match column.data_type() {
        DataType::Struct(fields) => {
            let parts = column.as_struct().columns().iter().map(plain).collect::<Result<Vec<_>, _>>()?;
            let fields =
                fields.iter().zip(&parts).map(|(f, array)| Field::new(f.name(), array.data_type().clone(), true)).collect();
            let array = StructArray::try_new_with_length(fields, parts, column.nulls().cloned(), column.len());
            array.map(|array| Arc::new(array) as ArrayRef).map_err(|_| unreadable())
        }
        DataType::List(_) => {
            let list = column.as_list::<i32>();
            let (field, values) = inner(list.values())?;
            let array = ListArray::try_new(field, list.offsets().clone(), values, list.nulls().cloned());
            array.map(|array| Arc::new(array) as ArrayRef).map_err(|_| unreadable())
        }
        DataType::Map(entries, is_sorted) => {
            let map = column.as_map();
            let (keys, values) = (to_text(map.keys())?, plain(map.values())?);
            let fields: Fields =
                vec![Field::new("key", DataType::Utf8, false), Field::new("value", values.data_type().clone(), true)].into();
            let pairs = StructArray::try_new(fields.clone(), vec![keys, values], None).map_err(|_| unreadable())?;
            let entries = Arc::new(Field::new(entries.name(), DataType::Struct(fields), false));
            let array = MapArray::try_new(entries, map.offsets().clone(), pairs, map.nulls().cloned(), *is_sorted);
            array.map(|array| Arc::new(array) as ArrayRef).map_err(|_| unreadable())
        }
        DataType::Null | DataType::Boolean => Ok(Arc::clone(column)),
        DataType::UInt64 => to(&DataType::Float64),
        other if other.is_integer() => to(&DataType::Int64),
        other if other.is_numeric() => to(&DataType::Float64),
        _ => to(&DataType::Utf8),
    }
}

fn to_text(column: &ArrayRef) -> Result<ArrayRef, String> {
    cast(column, &DataType::Utf8).map_err(|_| column.data_type().to_string())
}

/// Writes a cell of [`plain`] columns as JSON. A field without a value is left out of its object: a schema has the fields of all rows.
fn write_json(out: &mut String, column: &ArrayRef, row: usize) {
    if column.is_null(row) || *column.data_type() == DataType::Null {
        out.push_str("null");
    } else if let Some(fields) = column.as_struct_opt() {
        let filled = fields.column_names().into_iter().zip(fields.columns());
        let filled = filled.filter(|(_, cells)| cells.is_valid(row) && *cells.data_type() != DataType::Null);
        write_object(out, filled.map(|(name, cells)| (name, cells, row)));
    } else if let Some(list) = column.as_list_opt::<i32>() {
        let items = list.value(row);
        out.push('[');
        for item in 0..items.len() {
            if item > 0 {
                out.push(',');
            }
            write_json(out, &items, item);
        }
        out.push(']');
    } else if let Some(map) = column.as_map_opt() {
        let entries = map.value(row);
        let keys: Option<&StringArray> = entries.column(0).as_string_opt::<i32>();
        let filled = (0..entries.len()).filter(|i| entries.column(1).is_valid(*i));
        write_object(out, filled.filter_map(|i| Some((keys?.value(i), entries.column(1), i))));
    } else if let Some(texts) = column.as_string_opt::<i32>() {
        write_text(out, texts.value(row));
    } else if let Some(numbers) = column.as_primitive_opt::<Int64Type>() {
        let _ = write!(out, "{}", numbers.value(row));
    } else if let Some(numbers) = column.as_primitive_opt::<Float64Type>() {
        write_number(out, numbers, row);
    } else if let Some(flags) = column.as_boolean_opt() {
        out.push_str(if flags.value(row) { "true" } else { "false" });
    } else {
        out.push_str("null");
    }
}

fn write_object<'a>(out: &mut String, entries: impl Iterator<Item = (&'a str, &'a ArrayRef, usize)>) {
    out.push('{');
    for (i, (name, cells, row)) in entries.enumerate() {
        if i > 0 {
            out.push(',');
        }
        write_text(out, name);
        out.push(':');
        write_json(out, cells, row);
    }
    out.push('}');
}

fn write_text(out: &mut String, text: &str) {
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&serde_json::Value::from(text).to_string());
    }
}

/// A number that is none is no value; one beyond every range stays beyond every range. Whole numbers are written as such.
fn write_number(out: &mut String, numbers: &Float64Array, row: usize) {
    let value = numbers.value(row);
    let _ = match value {
        _ if value.is_nan() => write!(out, "null"),
        _ if value.is_infinite() => write!(out, "{}1e999", if value < 0.0 { "-" } else { "" }),
        _ => write!(out, "{value}"),
    };
}
