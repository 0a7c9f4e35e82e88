//! Texts of Parquet files that are no UTF-8: the reader of Parquet gives up a file for one such byte, so columns of text are read as bytes
//! and become texts here, with a sign in place of what is none. The fields of such rows are noted by who reads them.

use super::parquet::damaged;
use super::text::decode_text;
use crate::error::Result;
use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, RecordBatch, StringArray, StructArray};
use arrow::datatypes::{DataType, Field, Fields, Schema};
use arrow::error::ArrowError;
use parquet::basic::{ConvertedType, LogicalType, Type as Physical};
use parquet::errors::Result as ParquetResult;
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// The sign in place of what is no text.
pub(super) const REPLACED: char = char::REPLACEMENT_CHARACTER;

/// The same schema with bytes where it has texts.
///
/// # Errors
/// The schema has a shape that Parquet does not allow.
pub(super) fn with_bytes_for_texts(schema: &SchemaDescriptor, path: &Path) -> Result<Arc<SchemaDescriptor>> {
    let root = schema.root_schema();
    let fields: ParquetResult<Vec<TypePtr>> = root.get_fields().iter().map(bytes_for_texts).collect();
    let root = fields.and_then(|fields| Type::group_type_builder(root.name()).with_fields(fields).build());
    Ok(Arc::new(SchemaDescriptor::new(Arc::new(root.map_err(|e| damaged(path, &e))?))))
}

fn bytes_for_texts(field: &TypePtr) -> ParquetResult<TypePtr> {
    let info = field.get_basic_info();
    let id = info.has_id().then(|| info.id());
    if field.is_group() {
        let fields = field.get_fields().iter().map(bytes_for_texts).collect::<ParquetResult<Vec<TypePtr>>>()?;
        let group = Type::group_type_builder(field.name()).with_converted_type(info.converted_type()).with_id(id);
        let group = group.with_logical_type(info.logical_type_ref().cloned()).with_fields(fields);
        return group.with_repetition(info.repetition()).build().map(Arc::new);
    }
    let is_text = matches!(info.converted_type(), ConvertedType::UTF8 | ConvertedType::JSON)
        || matches!(info.logical_type_ref(), Some(LogicalType::String | LogicalType::Json));
    if !is_text || field.get_physical_type() != Physical::BYTE_ARRAY {
        return Ok(Arc::clone(field));
    }
    let bytes = Type::primitive_type_builder(field.name(), Physical::BYTE_ARRAY).with_id(id);
    bytes.with_repetition(info.repetition()).build().map(Arc::new)
}

/// Which leaves of a schema, in its order, are of the type JSON, with the column that each is a part of. DuckDB gives it to every key whose
/// values are of several types, so that a text stands there as JSON writes it, in quotes.
pub(super) fn json_leaves(schema: &SchemaDescriptor) -> Vec<(usize, bool)> {
    let is_json = |leaf: usize| {
        let column = schema.column(leaf);
        column.converted_type() == ConvertedType::JSON || matches!(column.logical_type_ref(), Some(LogicalType::Json))
    };
    (0..schema.num_columns()).map(|leaf| (schema.get_column_root_idx(leaf), is_json(leaf))).collect()
}

/// A value of a column of JSON as the texts of other columns are: without the quotes of a text, and nothing for null.
pub(super) fn unquoted(json: &str) -> Option<Cow<'_, str>> {
    let value = json.trim();
    if value == "null" {
        return None;
    }
    if !value.starts_with('"') {
        return Some(Cow::Borrowed(json));
    }
    Some(serde_json::from_str::<String>(value).map_or(Cow::Borrowed(json), Cow::Owned))
}

/// A batch with texts for bytes, and the columns in which something was none. `json` says of each leaf of the batch whether it is of JSON.
///
/// # Errors
/// The batch cannot be put together again.
pub(super) fn with_texts(batch: &RecordBatch, json: &[bool], path: &Path) -> Result<(RecordBatch, BTreeSet<String>)> {
    let mut broken = BTreeSet::new();
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    let mut leaves = json.iter();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let mut texts = Texts { are_broken: false, leaves };
        let column = texts.of(column).map_err(|e| damaged(path, &e))?;
        leaves = texts.leaves;
        if texts.are_broken {
            broken.insert(field.name().clone());
        }
        fields.push(Field::new(field.name(), column.data_type().clone(), true));
        columns.push(column);
    }
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|e| damaged(path, &e))?;
    Ok((batch, broken))
}

/// The texts of a column while they are made.
struct Texts<'j> {
    are_broken: bool,
    /// Whether each of the leaves to come is of JSON.
    leaves: std::slice::Iter<'j, bool>,
}

impl Texts<'_> {
    fn of(&mut self, array: &ArrayRef) -> std::result::Result<ArrayRef, ArrowError> {
        Ok(match array.data_type() {
            DataType::Binary => {
                let texts = self.decoded(array);
                match (self.leaves.next(), texts.as_string_opt::<i32>()) {
                    (Some(true), Some(json)) => Arc::new(json.iter().map(|text| unquoted(text?)).collect::<StringArray>()),
                    _ => texts,
                }
            }
            DataType::List(item) => {
                let list = array.as_list::<i32>();
                let values = self.of(list.values())?;
                let item = Arc::new(Field::new(item.name(), values.data_type().clone(), true));
                Arc::new(ListArray::try_new(item, list.offsets().clone(), values, list.nulls().cloned())?)
            }
            DataType::Struct(_) => Arc::new(self.parts(array.as_struct())?),
            DataType::Map(entries, is_sorted) => {
                let map = array.as_map();
                let pairs = self.parts(map.entries())?;
                let entries = Arc::new(Field::new(entries.name(), pairs.data_type().clone(), false));
                Arc::new(MapArray::try_new(entries, map.offsets().clone(), pairs, map.nulls().cloned(), *is_sorted)?)
            }
            _ => {
                self.leaves.next();
                Arc::clone(array)
            }
        })
    }

    fn parts(&mut self, whole: &StructArray) -> std::result::Result<StructArray, ArrowError> {
        let columns = whole.columns().iter().map(|column| self.of(column)).collect::<std::result::Result<Vec<_>, _>>()?;
        let parts = whole.fields().iter().zip(&columns);
        let fields: Fields = parts.map(|(f, array)| Field::new(f.name(), array.data_type().clone(), f.is_nullable())).collect();
        StructArray::try_new_with_length(fields, columns, whole.nulls().cloned(), whole.len())
    }

    fn decoded(&mut self, array: &ArrayRef) -> ArrayRef {
        let bytes = array.as_binary::<i32>();
        let (offsets, values, nulls) = bytes.clone().into_parts();
        // Nearly every file: what is text already is taken as it lies.
        if let Ok(texts) = StringArray::try_new(offsets, values, nulls) {
            return Arc::new(texts);
        }
        self.are_broken = true;
        Arc::new(bytes.iter().map(|text| text.map(decode_text)).collect::<StringArray>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::files::parquet::read_parquet;
    use crate::hub::files::source::{FileKind, SourceFile};
    use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    /// An index of three models; a tag of the second and the licence in the card of the third are Latin-1.
    fn latin_index(path: &Path) {
        let message = "message m { REQUIRED BYTE_ARRAY id (UTF8); REQUIRED INT64 downloads; REQUIRED BYTE_ARRAY cardData (JSON);
            OPTIONAL group tags (LIST) { REPEATED group list { OPTIONAL BYTE_ARRAY element (UTF8); } } }";
        let schema = Arc::new(parse_message_type(message).unwrap());
        let file = std::fs::File::create(path).unwrap();
        let mut writer = SerializedFileWriter::new(file, schema, Arc::new(WriterProperties::default())).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let texts = |all: &[&[u8]]| all.iter().map(|text| ByteArray::from(text.to_vec())).collect::<Vec<_>>();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&texts(&[b"a/one", b"a/two", b"a/three"]), None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&[1, 2, 3], None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let cards: [&[u8]; 3] = [b"{}", b"{}", b"{\"license\": \"libert\xe9\", \"base_model\": \"org/base\"}"];
        column.typed::<ByteArrayType>().write_batch(&texts(&cards), None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let tags: [&[u8]; 4] = [b"x", b"mod\xe8le", b"base_model:org/base", b"y"];
        column.typed::<ByteArrayType>().write_batch(&texts(&tags), Some(&[3; 4]), Some(&[0, 0, 1, 0])).unwrap();
        column.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();
    }

    /// Regression: one byte that is no UTF-8 cost the file.
    #[test]
    fn texts_that_are_no_utf8_cost_their_letters_and_are_noted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("models.parquet");
        latin_index(&path);
        let bytes = std::fs::metadata(&path).unwrap().len();
        let file = SourceFile { path, name: "models.parquet".into(), kind: FileKind::Parquet, bytes };
        let mut records = Vec::new();
        read_parquet(&file, |block| {
            records.extend(block.records);
            Ok(())
        })
        .unwrap();
        let rows: Vec<_> = records.iter().map(|record| record.row.as_ref().unwrap()).collect();
        assert_eq!(rows.iter().map(|row| row.downloads_30d).collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
        assert_eq!(rows[1].tags, ["mod\u{fffd}le", "base_model:org/base"]);
        assert_eq!(
            (rows[2].card_license.as_deref(), &rows[2].card_base_models),
            (Some("libert\u{fffd}"), &vec!["org/base".into()])
        );
        let noted: Vec<Vec<&str>> = records.iter().map(|r| r.problems.iter().map(|p| p.field.as_str()).collect()).collect();
        assert_eq!(noted, [vec![], vec!["tags"], vec!["cardData"]]);
        assert!(records[1].problems[0].reason.contains("not UTF-8"), "{:?}", records[1].problems);
    }

    /// Regression: in columns that DuckDB gives the type JSON texts stand in quotes, and licences and bases were read with them.
    #[test]
    fn texts_in_columns_of_json_are_texts() {
        let message = "message m { REQUIRED BYTE_ARRAY id (UTF8); OPTIONAL BYTE_ARRAY createdAt (JSON); OPTIONAL BYTE_ARRAY gated (JSON);
            REQUIRED group cardData { OPTIONAL BYTE_ARRAY license (JSON); OPTIONAL BYTE_ARRAY base_model (JSON); } REQUIRED INT64 likes; }";
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("models.parquet");
        let file = std::fs::File::create(&path).unwrap();
        let schema = Arc::new(parse_message_type(message).unwrap());
        let mut writer = SerializedFileWriter::new(file, schema, Arc::new(WriterProperties::default())).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let columns: [(&[&str], Option<&[i16]>); 5] = [
            (&["a/one", "a/two"], None),
            (&["\"2024-05-01T12:00:00Z\"", "1714564800000"], Some(&[1, 1])),
            (&["\"auto\"", "false"], Some(&[1, 1])),
            (&["\"apache-2.0\"", "[\"mit\"]"], Some(&[1, 1])),
            (&["\"c/d\"", "null"], Some(&[1, 1])),
        ];
        for (values, levels) in columns {
            let values: Vec<ByteArray> = values.iter().map(|value| ByteArray::from(value.as_bytes().to_vec())).collect();
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<ByteArrayType>().write_batch(&values, levels, None).unwrap();
            column.close().unwrap();
        }
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&[1, 2], None, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();
        let bytes = std::fs::metadata(&path).unwrap().len();
        let file = SourceFile { path, name: "models.parquet".into(), kind: FileKind::Parquet, bytes };
        let mut rows = Vec::new();
        read_parquet(&file, |block| {
            rows.extend(block.records.into_iter().map(|record| record.row.unwrap()));
            Ok(())
        })
        .unwrap();
        let texts = |row: &crate::tables::RawModelRow| (row.gated.clone(), row.card_license.clone(), row.card_base_models.clone());
        assert_eq!(texts(&rows[0]), (Some("auto".into()), Some("apache-2.0".into()), vec!["c/d".to_owned()]));
        assert_eq!(texts(&rows[1]), (Some("false".into()), Some("mit".into()), vec![]));
        // date -u -d 2024-05-01T12:00:00Z +%s is 1714564800.
        assert!(rows.iter().all(|row| row.created_at.is_some_and(|instant| instant.0 == 1_714_564_800_000)), "{rows:?}");
        assert_eq!(rows.iter().map(|row| row.likes).collect::<Vec<_>>(), [Some(1), Some(2)]);
    }
}
