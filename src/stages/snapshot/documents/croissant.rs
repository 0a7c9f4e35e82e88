//! `croissant.json`: the tables as machine-learning tools read them (ML Croissant 1.0, mlcommons.org/croissant).

use super::{ABOUT, AUTHOR, KEYWORDS, LICENSE, Sources, TITLE, date, json_bytes, version};
use crate::error::{IoContext, Result};
use crate::tables::{ColumnInfo, TableInfo, published};
use arrow::datatypes::DataType;
use serde_json::{Value, json};

/// The words of Croissant, as its specification gives them.
const CONTEXT: &str = r#"{
  "@language": "en", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs", "column": "cr:column",
  "conformsTo": "dct:conformsTo", "cr": "http://mlcommons.org/croissant/", "rai": "http://mlcommons.org/croissant/RAI/",
  "data": {"@id": "cr:data", "@type": "@json"}, "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
  "dct": "http://purl.org/dc/terms/", "equivalentProperty": "cr:equivalentProperty",
  "examples": {"@id": "cr:examples", "@type": "@json"}, "extract": "cr:extract",
  "field": "cr:field", "fileProperty": "cr:fileProperty", "fileObject": "cr:fileObject", "fileSet": "cr:fileSet",
  "format": "cr:format", "includes": "cr:includes", "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath",
  "key": "cr:key", "md5": "cr:md5", "parentField": "cr:parentField", "path": "cr:path", "recordSet": "cr:recordSet",
  "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated", "replace": "cr:replace",
  "samplingRate": "cr:samplingRate", "sc": "https://schema.org/", "separator": "cr:separator", "source": "cr:source", "subField": "cr:subField",
  "transform": "cr:transform"
}"#;

/// The description: a file object per file with its digest, a record set per table.
pub(super) fn croissant(sources: &Sources<'_>) -> Result<Vec<u8>> {
    let manifest = sources.manifest;
    let tables: Vec<TableInfo> = published().into_iter().filter(|info| manifest.tables.contains_key(info.name)).collect();
    let mut files = Vec::new();
    for (table, entry) in &manifest.tables {
        let file = format!("{table}.parquet");
        files.push(file_object(&file, "application/x-parquet", entry.receipt.bytes, &entry.receipt.sha256));
    }
    for (document, sha256) in &manifest.documents {
        let path = sources.tables.join(document);
        let bytes = fs_err::metadata(&path).at_path("cannot read", &path)?.len();
        files.push(file_object(document, media_type(document), bytes, sha256));
    }
    let mut value = json!({
        "@context": serde_json::from_str::<Value>(CONTEXT).unwrap_or_default(),
        "@type": "sc:Dataset",
        "name": "hugging-carbon",
        "alternateName": TITLE,
        "description": ABOUT,
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "license": LICENSE[1],
        "creator": {"@type": "sc:Organization", "name": AUTHOR},
        "version": version(manifest),
        "keywords": KEYWORDS,
        "distribution": files,
        "recordSet": tables.iter().map(record_set).collect::<Vec<Value>>(),
    });
    if let Some(date) = date(manifest) {
        value["datePublished"] = json!(date);
        let (year, version) = (date.get(..4).unwrap_or_default(), version(manifest));
        value["citeAs"] = json!(format!(
            "@misc{{hugging-carbon, title={{{TITLE}}}, author={{{{{AUTHOR}}}}}, year={{{year}}}, version={{{version}}}}}"
        ));
    }
    json_bytes(&value)
}

fn file_object(name: &str, format: &str, bytes: u64, sha256: &str) -> Value {
    json!({
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "encodingFormat": format,
        "contentSize": format!("{bytes} B"),
        "sha256": sha256,
    })
}

fn media_type(document: &str) -> &'static str {
    match document.rsplit('.').next() {
        Some("json") => "application/json",
        Some("html") => "text/html",
        Some("md") => "text/markdown",
        Some("cff") => "application/yaml",
        _ => "text/plain",
    }
}

fn record_set(info: &TableInfo) -> Value {
    let key = |column: &&str| json!({"@id": format!("{}/{column}", info.name)});
    json!({
        "@type": "cr:RecordSet",
        "@id": info.name,
        "name": info.name,
        "description": info.about.trim(),
        "key": info.key.iter().map(key).collect::<Vec<Value>>(),
        "field": info.columns().map(|column| field(info.name, &column)).collect::<Vec<Value>>(),
    })
}

fn field(table: &str, column: &ColumnInfo<'_>) -> Value {
    let unit = column.unit.map(|unit| format!(" Unit: {unit}.")).unwrap_or_default();
    let (word, is_list) = match column.data_type {
        DataType::List(item) => (type_name(item.data_type()), true),
        data_type => (type_name(data_type), false),
    };
    let mut field = json!({
        "@type": "cr:Field",
        "@id": format!("{table}/{}", column.name),
        "name": column.name,
        "description": format!("{}{unit}", column.about),
        "dataType": word,
        "source": {"fileObject": {"@id": format!("{table}.parquet")}, "extract": {"column": column.name}},
    });
    if is_list {
        field["repeated"] = json!(true);
    }
    field
}

/// The type of schema.org for a column's.
fn type_name(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Int32 | DataType::Int64 => "sc:Integer",
        DataType::Float64 => "sc:Float",
        DataType::Boolean => "sc:Boolean",
        DataType::Date32 => "sc:Date",
        DataType::Timestamp(..) => "sc:DateTime",
        _ => "sc:Text",
    }
}
