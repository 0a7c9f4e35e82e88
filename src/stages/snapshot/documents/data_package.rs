//! `datapackage.json`: the tables as a Frictionless Data Package (specs.frictionlessdata.io, version 1).

use super::{ABOUT, AUTHOR, KEYWORDS, LICENSE, Sources, TITLE, date, json_bytes, version};
use crate::error::Result;
use crate::stages::snapshot::manifest::TableEntry;
use crate::tables::{TableInfo, published};
use arrow::datatypes::DataType;
use serde_json::{Map, Value, json};

/// The package: every table with its fields, their types, descriptions and units.
pub(super) fn data_package(sources: &Sources<'_>) -> Result<Vec<u8>> {
    let manifest = sources.manifest;
    let mut package = Map::new();
    let mut put = |key: &str, value: Value| package.insert(key.to_owned(), value);
    put("profile", json!("data-package"));
    put("name", json!("hugging-carbon"));
    put("title", json!(TITLE));
    put("description", json!(ABOUT));
    put("version", json!(version(manifest)));
    if let Some(date) = date(manifest) {
        put("created", json!(format!("{date}T00:00:00Z")));
    }
    put("licenses", json!([{"name": LICENSE[0], "path": LICENSE[1]}]));
    put("contributors", json!([{"title": AUTHOR, "role": "author"}]));
    put("keywords", json!(KEYWORDS));
    let resources: Vec<Value> =
        published().iter().filter_map(|info| Some(resource(info, manifest.tables.get(info.name)?))).collect();
    put("resources", json!(resources));
    json_bytes(&Value::Object(package))
}

fn resource(info: &TableInfo, entry: &TableEntry) -> Value {
    let fields: Vec<Value> = info.columns().map(|column| field(info, &column)).collect();
    json!({
        "profile": "tabular-data-resource",
        "name": info.name,
        "path": format!("{}.parquet", info.name),
        "description": info.about.trim(),
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "bytes": entry.receipt.bytes,
        "hash": format!("sha256:{}", entry.receipt.sha256),
        "schema": {"fields": fields, "primaryKey": info.key},
    })
}

fn field(info: &TableInfo, column: &crate::tables::ColumnInfo<'_>) -> Value {
    let mut field = Map::new();
    let mut put = |key: &str, value: Value| field.insert(key.to_owned(), value);
    put("name", json!(column.name));
    put("type", json!(type_name(column.data_type)));
    put("description", json!(column.about));
    if let Some(unit) = column.unit {
        put("unit", json!(unit));
    }
    if let Some(source) = column.source {
        put("source", json!(source));
    }
    let is_key = info.key == [column.name];
    match (column.is_nullable, is_key) {
        (true, _) => None,
        (false, false) => put("constraints", json!({"required": true})),
        (false, true) => put("constraints", json!({"required": true, "unique": true})),
    };
    Value::Object(field)
}

/// The word of Table Schema for a column's type.
fn type_name(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Int32 | DataType::Int64 => "integer",
        DataType::Float64 => "number",
        DataType::Boolean => "boolean",
        DataType::Date32 => "date",
        DataType::Timestamp(..) => "datetime",
        DataType::List(_) => "array",
        _ => "string",
    }
}
