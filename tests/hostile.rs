//! What costs more than any index does is refused with a message, before it costs anything. `tests/acceptance/hostile.py` does the same
//! with a gigabyte of each, and measures time and memory.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use common::Workspace;
use hugging_carbon::evidence::card::{MAX_CARD_BYTES, cut};
use hugging_carbon::hub::record::{parse_json_record, parse_yaml};
use hugging_carbon::hub::{find_files, read_cards, read_parquet};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::{FileMetaData, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use std::sync::Arc;

/// A Parquet file with these columns.
fn parquet_of(columns: Vec<(String, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let plain = WriterProperties::builder().set_dictionary_enabled(false).build();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(plain)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn index_columns() -> Vec<(String, ArrayRef)> {
    let texts = |values: [&str; 2]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
    vec![
        ("id".into(), texts(["a/b", "c/d"])),
        ("likes".into(), Arc::new(Int64Array::from(vec![1, 2]))),
        ("downloads".into(), Arc::new(Int64Array::from(vec![1, 2]))),
    ]
}

/// The message that a file is refused with.
fn refusal(bytes: &[u8]) -> String {
    let workspace = Workspace::new();
    let path = workspace.file("models.parquet", bytes);
    // A file is refused where it is found, or where it is read.
    let read =
        find_files(&path).and_then(|mut found| read_parquet(&found.files.remove(0), |_| panic!("nothing of it is read")).map(drop));
    let message = read.unwrap_err().to_string();
    assert!(message.contains("models.parquet") && message.contains("way out"), "{message}");
    message
}

#[test]
fn a_parquet_that_declares_a_trillion_rows_is_refused() {
    let bytes = parquet_of(index_columns());
    let workspace = Workspace::new();
    let whole = std::fs::File::open(workspace.file("whole.parquet", &bytes)).unwrap();
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&whole).unwrap();
    let (file, rows) = (metadata.file_metadata(), 1_000_000_000_000);
    let declared = FileMetaData::new(file.version(), rows, None, None, file.schema_descr_ptr(), None);
    let groups = metadata.row_groups().iter().map(|g| g.clone().into_builder().set_num_rows(rows).build().unwrap()).collect();
    // The pages as they were, a footer that lies.
    let footer = u32::from_le_bytes(bytes[bytes.len() - 8..bytes.len() - 4].try_into().unwrap()) as usize;
    let mut lying = bytes[..bytes.len() - 8 - footer].to_vec();
    let mut written = Vec::new();
    ParquetMetaDataWriter::new(&mut written, &ParquetMetaData::new(declared, groups)).finish().unwrap();
    lying.extend(written);
    let message = refusal(&lying);
    assert!(message.contains("declares 1000000000000 rows"), "{message}");
}

#[test]
fn a_parquet_of_a_hundred_thousand_columns_is_refused() {
    let mut columns = index_columns();
    let cells: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    columns.extend((0..100_000).map(|i| (format!("column_{i}"), Arc::clone(&cells))));
    let message = refusal(&parquet_of(columns));
    assert!(message.contains("100003 columns"), "{message}");
}

/// A chunk that unpacks a thousandfold, as its footer says.
#[test]
fn a_parquet_bomb_is_refused() {
    let mut columns = index_columns();
    let long = "a".repeat(40 << 20);
    columns.push(("cardData".into(), Arc::new(StringArray::from(vec![long.as_str(), long.as_str()]))));
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let zstd = parquet::basic::Compression::ZSTD(parquet::basic::ZstdLevel::try_new(1).unwrap());
    let properties = WriterProperties::builder()
        .set_compression(zstd)
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .build();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let message = refusal(&bytes);
    assert!(message.contains("column") && message.contains("unpacks"), "{message}");
}

#[test]
fn a_million_levels_are_refused_where_they_stand() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(1_000_000), close.repeat(1_000_000));
    for value in [deep("[", "]"), deep("{\"a\":", "}")] {
        let parsed = parse_json_record(format!("{{\"id\":\"a/b\",\"cardData\":{value}}}").as_bytes(), "x:line 1");
        assert!(parsed.row.is_none() && parsed.problems[0].reason.contains("nested deeper than 100 levels"));
    }
    assert_eq!(parse_yaml(&deep("[", "]")), None);
    assert_eq!(parse_yaml(&format!("a: {}", "- ".repeat(100_000))), None);
    let workspace = Workspace::new();
    let path = workspace.file("cards.jsonl", format!("{{\"id\":\"a/b\",\"card\":\"x\",\"more\":{}}}\n", deep("[", "]")));
    let mut reasons = Vec::new();
    read_cards("cards.jsonl", &path, |item| {
        reasons.extend(item.err().map(|unusable| unusable.reason));
        Ok(())
    })
    .unwrap();
    assert!(reasons[0].contains("recursion limit"), "{reasons:?}");
}

#[test]
fn of_a_card_of_50_megabytes_the_first_is_read() {
    let workspace = Workspace::new();
    let line = "Trained on 8 A100 GPUs for 3 days. ";
    let path = workspace.file("README.md", line.repeat((50 << 20) / line.len()));
    let mut length = 0;
    read_cards("a/b/README.md", &path, |item| {
        length = item.unwrap().text.len();
        Ok(())
    })
    .unwrap();
    assert_eq!(length, 8 << 20);
    assert_eq!(cut(&line.repeat((50 << 20) / line.len())).len(), MAX_CARD_BYTES);
}
