//! One record, as a line of JSON and as a row of Parquet: every field in use is read from both, and they give the same row.

use super::*;
use crate::hub::record::HubField;
use crate::hub::record::fields::Reading;
use crate::tables::RawModelRow;
use ::parquet::arrow::ArrowWriter;
use arrow::array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, MapBuilder, RecordBatch, StringArray, StringBuilder,
    StructArray, TimestampMillisecondArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::Arc;

/// A value of each field that leaves a trace in the row.
fn sample(field: HubField) -> Value {
    match field {
        HubField::ObjectId => json!("65df1e2e0000000000000001"),
        HubField::Id | HubField::ModelId => json!("owner/name"),
        HubField::Author => json!("owner"),
        HubField::CreatedAt => json!("2024-02-28T15:24:14.000Z"),
        HubField::LastModified => json!("2025-01-02T03:04:05.678Z"),
        HubField::Downloads => json!(7),
        HubField::DownloadsAllTime => json!(70),
        HubField::Likes => json!(3),
        HubField::TrendingScore => json!(1),
        HubField::Tags => json!(["pytorch", " base_model:e/f "]),
        HubField::CardData => json!({
            "license": ["mit"], "base_model": "https://huggingface.co/c/d", "base_model_relation": "finetune",
            "library_name": "peft", "pipeline_tag": "fill-mask", "co2_eq_emissions": {"emissions": 12.5},
        }),
        HubField::Safetensors => json!({"parameters": {"F32": 3, "BF16": 10}, "total": 13}),
        HubField::Gguf => json!({"total": 12, "architecture": "llama"}),
        HubField::BaseModels => json!({"relation": "merge", "models": [{"_id": "1", "id": "e/f"}, {"_id": "2", "id": "g/h"}]}),
        HubField::PipelineTag => json!("text-generation"),
        HubField::LibraryName => json!("transformers"),
        HubField::Gated => json!("auto"),
        HubField::Private | HubField::Disabled => json!(false),
        HubField::Sha => json!("0123456789012345678901234567890123456789"),
        HubField::Config => json!({"model_type": "mixtral", "num_local_experts": 8, "num_experts_per_tok": 2}),
        HubField::Siblings => json!([{"rfilename": "model.safetensors"}]),
        HubField::Inference | HubField::MaskToken => json!("x"),
        HubField::Spaces | HubField::WidgetData | HubField::ModelIndex => json!([]),
        HubField::TransformersInfo => json!({}),
        HubField::UsedStorage => json!(1),
    }
}

/// The fields that leave something in the row.
fn in_use() -> impl Iterator<Item = HubField> {
    HubField::ALL.iter().copied().filter(|field| !matches!(field.reading(), Reading::NotNeeded | Reading::ObjectId))
}

/// Those that are read from JSON and from Parquet; the older key of the name says nothing beside the newer one.
fn in_both() -> Vec<HubField> {
    in_use().filter(|field| *field != HubField::ModelId).collect()
}

fn record(fields: &[HubField]) -> Map<String, Value> {
    fields.iter().map(|field| (field.key().to_owned(), sample(*field))).collect()
}

/// The rows of a file without their locators, what was put aside, and what was said of its keys.
fn rows_of(path: &Path) -> (Vec<Option<RawModelRow>>, usize, SchemaReport) {
    let file = find_files(path).unwrap().files.remove(0);
    let (mut rows, mut problems) = (Vec::new(), 0);
    let sink = |block: Block| {
        for parsed in block.records {
            problems += parsed.problems.len();
            rows.push(parsed.row.map(|row| RawModelRow { locator: String::new(), ..row }));
        }
        Ok(())
    };
    let report = match file.kind {
        FileKind::Parquet => read_parquet(&file, sink).unwrap(),
        FileKind::JsonLines { .. } | FileKind::JsonArray { .. } | FileKind::Recording => read_json(&file, sink).unwrap(),
    };
    (rows, problems, report)
}

fn from_json(record: &Map<String, Value>) -> (Option<RawModelRow>, usize, SchemaReport) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("records");
    std::fs::write(&path, format!("{}\n", Value::Object(record.clone()))).unwrap();
    let (mut rows, problems, report) = rows_of(&path);
    assert_eq!(rows.len(), 1);
    (rows.remove(0), problems, report)
}

fn from_parquet(record: &Map<String, Value>) -> (Option<RawModelRow>, usize, SchemaReport) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("records");
    let batch = RecordBatch::try_from_iter(record.iter().map(|(key, value)| (key.as_str(), column(key, value)))).unwrap();
    let mut writer = ArrowWriter::try_new(std::fs::File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let (mut rows, problems, report) = rows_of(&path);
    assert_eq!(rows.len(), 1);
    (rows.remove(0), problems, report)
}

/// A value as the column of one row that hub-stats has for it.
fn column(key: &str, value: &Value) -> ArrayRef {
    let text = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text])) };
    match HubField::parse(key).unwrap().reading() {
        Reading::NotNeeded => text(&value.to_string()),
        Reading::ObjectId => text(value.as_str().unwrap()),
        Reading::Id | Reading::OldId | Reading::Text(_) | Reading::FlagOrWord(_) => text(value.as_str().unwrap()),
        Reading::Instant(_) => {
            let instant: jiff::Timestamp = value.as_str().unwrap().parse().unwrap();
            Arc::new(TimestampMillisecondArray::from(vec![instant.as_millisecond()]))
        }
        Reading::Count(_) => Arc::new(Int64Array::from(vec![value.as_i64().unwrap()])),
        Reading::Texts(_) => {
            let texts: Vec<&str> = value.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect();
            list_of(Arc::new(StringArray::from(texts)))
        }
        Reading::Private => Arc::new(BooleanArray::from(vec![value.as_bool().unwrap()])),
        // An object in JSON is JSON in a string there.
        Reading::Card | Reading::Gguf | Reading::Config | Reading::Siblings => text(&value.to_string()),
        Reading::Safetensors => {
            let counts = |counts: &Value| -> ArrayRef {
                let fields = counts.as_object().unwrap().iter();
                struct_of(
                    fields.map(|(name, n)| (name.as_str(), Arc::new(Int64Array::from(vec![n.as_i64()])) as ArrayRef)).collect(),
                )
            };
            let total: ArrayRef = Arc::new(Int64Array::from(vec![value["total"].as_i64()]));
            struct_of(vec![("parameters", counts(&value["parameters"])), ("total", total)])
        }
        Reading::BaseModels => {
            let models = value["models"].as_array().unwrap();
            let texts = |key: &str| -> ArrayRef {
                Arc::new(StringArray::from(models.iter().map(|model| model[key].as_str().unwrap()).collect::<Vec<_>>()))
            };
            let models = list_of(struct_of(vec![("_id", texts("_id")), ("id", texts("id"))]));
            struct_of(vec![("relation", text(value["relation"].as_str().unwrap())), ("models", models)])
        }
    }
}

fn struct_of(columns: Vec<(&str, ArrayRef)>) -> ArrayRef {
    let fields = columns.into_iter().map(|(name, array)| {
        let field: Arc<Field> = Arc::new(Field::new(name, array.data_type().clone(), true));
        (field, array)
    });
    Arc::new(StructArray::from(fields.collect::<Vec<_>>()))
}

fn list_of(items: ArrayRef) -> ArrayRef {
    let item = Arc::new(Field::new("item", items.data_type().clone(), true));
    let list = ListArray::new(item, OffsetBuffer::from_lengths([items.len()]), items, None);
    assert!(matches!(list.data_type(), DataType::List(_)));
    Arc::new(list)
}

#[test]
fn a_record_with_every_field_is_one_row_from_either() {
    let both = record(&in_both());
    let (json_row, json_problems, json_report) = from_json(&both);
    let (parquet_row, parquet_problems, parquet_report) = from_parquet(&both);
    let row = json_row.unwrap();
    assert_eq!(Some(&row), parquet_row.as_ref());
    assert_eq!((json_problems, parquet_problems), (0, 0));
    assert_eq!((json_report, parquet_report), (SchemaReport::default(), SchemaReport::default()));
    assert_eq!(row.tags, ["pytorch", "base_model:e/f"]);
    assert_eq!(row.safetensors_dtypes, ["BF16", "F32"]);
    assert_eq!(row.hub_base_models, ["e/f", "g/h"]);
    assert_eq!((row.pipeline_tag.as_deref(), row.library.as_deref()), (Some("text-generation"), Some("transformers")));
}

#[test]
fn every_field_in_use_leaves_its_trace_in_both() {
    let both = in_both();
    let whole = from_json(&record(&both)).0.unwrap();
    for field in &both {
        let mut without = record(&both);
        match field {
            // Without its name a record is none, and a private one is none with it.
            HubField::Id => {
                assert!(from_json(&record(&both[1..])).0.is_none());
                without.insert(field.key().to_owned(), json!(".."));
            }
            HubField::Private => {
                without.insert(field.key().to_owned(), json!(true));
            }
            _ => {
                without.remove(field.key());
            }
        }
        let (json_row, parquet_row) = (from_json(&without).0, from_parquet(&without).0);
        assert_eq!(json_row, parquet_row, "{field:?}");
        assert_ne!(json_row.as_ref(), Some(&whole), "{field:?}");
    }
}

/// Regression: `config` and `siblings` of the published index, where one is JSON text and the other a list, were read from JSON alone, so
/// that experts and repositories without weights were known or not by the form of the file.
#[test]
fn settings_and_files_are_read_in_every_form() {
    let whole = from_json(&record(&in_both())).0.unwrap();
    assert_eq!((whole.config_experts, whole.config_experts_per_token, whole.has_weight_files), (Some(8), Some(2), Some(true)));
    let of = |config: ArrayRef, siblings: ArrayRef| {
        let mut rest = record(&in_both());
        rest.remove("config");
        rest.remove("siblings");
        let columns = rest.iter().map(|(key, value)| (key.as_str(), column(key, value)));
        let batch = RecordBatch::try_from_iter([("config", config), ("siblings", siblings)].into_iter().chain(columns)).unwrap();
        rows_of_batch(&batch).unwrap().remove(0).unwrap()
    };
    let text = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text])) };
    let number = |n: i64| -> ArrayRef { Arc::new(Int64Array::from(vec![n])) };
    let settings = struct_of(vec![
        ("model_type", text("mixtral")),
        ("NUM_LOCAL_EXPERTS", number(8)),
        ("num_experts", Arc::new(Int64Array::from(vec![None]))),
        ("num_experts_per_tok", number(2)),
    ]);
    let files = |rfilename: &str| list_of(struct_of(vec![("rfilename", text(rfilename))]));
    assert_eq!(of(settings, files("model.safetensors")), whole);
    let settings = text("{'model_type': 'mixtral', 'num_local_experts': 8, 'num_experts_per_tok': 2}");
    assert_eq!(of(settings.clone(), text("[RepoSibling(rfilename='model.safetensors', size=None)]")), whole);
    assert_eq!(of(settings.clone(), list_of(text("model.safetensors"))), whole);
    assert_eq!(of(settings, files("README.md")).has_weight_files, Some(false));
    // What is no list of files says nothing.
    assert_eq!(of(text("mixtral"), text("3 files")).has_weight_files, None);
}

#[test]
fn columns_that_nobody_needs_are_no_news() {
    let (row, _, report) = from_parquet(&record(HubField::ALL));
    assert_eq!(row, from_json(&record(&in_both())).0);
    let mut ignored = report.ignored.clone();
    ignored.sort();
    assert_eq!(ignored, ["inference", "mask_token", "model-index", "spaces", "transformersInfo", "usedStorage", "widgetData"]);
    assert!(report.missing.is_empty() && report.converted.is_empty(), "{report:?}");
}

#[test]
fn keys_that_are_known_are_never_called_unknown() {
    let mut whole = record(HubField::ALL);
    whole.insert("vibes".to_owned(), json!(1));
    assert_eq!(from_json(&whole).2.ignored, ["vibes"]);
    for value in whole.values_mut() {
        *value = Value::Null;
    }
    assert_eq!(from_json(&whole).2.ignored, ["vibes"]);
}

/// Regression: a Parquet file with the older key was no index, and one whose `id` numbers the rows became models called 0, 1, 2.
#[test]
fn the_model_is_named_by_either_key() {
    let mut old = record(&in_both());
    old.remove("id");
    old.insert("modelId".to_owned(), json!("owner/name"));
    let whole = from_json(&record(&in_both())).0;
    assert_eq!((from_json(&old).0, from_parquet(&old).0), (whole.clone(), whole.clone()));
    for (id, model_id) in [("17", "owner/name"), ("owner/name", "65df1e2e"), ("owner/name", "owner/other"), ("nan", "owner/name")] {
        old.insert("id".to_owned(), json!(id));
        old.insert("modelId".to_owned(), json!(model_id));
        assert_eq!((from_json(&old).0, from_parquet(&old).0), (whole.clone(), whole.clone()), "{id} {model_id}");
    }
    let numbered = |rest: &[HubField]| {
        let ids: ArrayRef = Arc::new(Int64Array::from(vec![7]));
        let rest = record(rest);
        let columns = rest.iter().map(|(key, value)| (key.as_str(), column(key, value)));
        RecordBatch::try_from_iter([("id", ids)].into_iter().chain(columns)).unwrap()
    };
    let fields: Vec<HubField> = in_both().into_iter().filter(|field| *field != HubField::Id).collect();
    assert_eq!(rows_of_batch(&numbered(&[fields.clone(), vec![HubField::ModelId]].concat())).unwrap(), [whole]);
    let said = rows_of_batch(&numbered(&fields)).unwrap_err().to_string();
    assert!(said.contains("column 'id' is of type Int64") && said.contains("owner/name"), "{said}");
}

fn rows_of_batch(batch: &RecordBatch) -> crate::error::Result<Vec<Option<RawModelRow>>> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("records");
    let mut writer = ArrowWriter::try_new(std::fs::File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    let file = find_files(&path)?.files.remove(0);
    let mut rows = Vec::new();
    read_parquet(&file, |block| {
        rows.extend(block.records.into_iter().map(|p| p.row.map(|row| RawModelRow { locator: String::new(), ..row })));
        Ok(())
    })?;
    Ok(rows)
}

/// Regression: columns with points were left out by the projection, without a word.
#[test]
fn columns_with_points_are_parts_of_nested_fields() {
    let whole = record(&in_both());
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for (key, value) in &whole {
        let cells = column(key, value);
        match cells.as_any().downcast_ref::<StructArray>() {
            Some(parts) => {
                let named = parts.column_names().into_iter().map(|name| format!("{key}.{name}"));
                columns.extend(named.zip(parts.columns().iter().cloned()));
            }
            None => columns.push((key.clone(), cells)),
        }
    }
    assert!(columns.iter().any(|(name, _)| name == "safetensors.parameters"));
    let rows = rows_of_batch(&RecordBatch::try_from_iter(columns).unwrap()).unwrap();
    assert_eq!(rows, [from_json(&whole).0]);
}

/// Regression: a map from text to text lost what is nested in its values.
#[test]
fn card_data_as_a_map_of_texts_keep_what_is_nested() {
    let whole = record(&in_both());
    let pairs: Vec<(&str, String)> = whole["cardData"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect();
    let mut map = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for (key, value) in &pairs {
        map.keys().append_value(key);
        map.values().append_value(value);
    }
    map.append(true).unwrap();
    let texts = |pick: fn(&(&str, String)) -> String| -> ArrayRef {
        Arc::new(StringArray::from(pairs.iter().map(pick).collect::<Vec<_>>()))
    };
    let list = list_of(struct_of(vec![("key", texts(|p| p.0.to_owned())), ("value", texts(|p| p.1.clone()))]));
    for cards in [Arc::new(map.finish()) as ArrayRef, list] {
        let columns = whole
            .iter()
            .map(|(key, value)| (key.as_str(), if key == "cardData" { Arc::clone(&cards) } else { column(key, value) }));
        let rows = rows_of_batch(&RecordBatch::try_from_iter(columns).unwrap()).unwrap();
        assert_eq!(rows, [from_json(&whole).0]);
    }
}

/// Regression: every table of `pandas.json_normalize` was warned of a column `safetensors` of no number, whose parts stand beside it.
#[test]
fn a_column_of_nothing_or_beside_its_parts_is_no_loss() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("records");
    let numbers = |values: Vec<Option<f64>>| -> ArrayRef { Arc::new(Float64Array::from(values)) };
    let said = |columns: Vec<(&str, ArrayRef)>| {
        let ids: ArrayRef = Arc::new(StringArray::from(vec!["a/b", "a/c"]));
        let batch = RecordBatch::try_from_iter_with_nullable(
            [("id", ids)].into_iter().chain(columns).map(|(name, cells)| (name, cells, true)),
        );
        let batch = batch.unwrap();
        let mut writer = ArrowWriter::try_new(std::fs::File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        rows_of(&path).2.unreadable
    };
    let likes = numbers(vec![Some(1.0), Some(2.0)]);
    let known = || vec![("likes", Arc::clone(&likes)), ("downloads", Arc::clone(&likes))];
    let nothing = || numbers(vec![None, None]);
    let total = || numbers(vec![Some(7e9), None]);
    assert!(said([known(), vec![("safetensors", nothing()), ("safetensors.total", total())]].concat()).is_empty());
    assert!(said([known(), vec![("gguf", nothing())]].concat()).is_empty());
    assert!(said([known(), vec![("safetensors", total()), ("safetensors.total", total())]].concat()).is_empty());
    // What holds something that is not read is a loss.
    assert_eq!(said([known(), vec![("safetensors", total())]].concat()), [(HubField::Safetensors, "Float64".to_owned())]);
}
