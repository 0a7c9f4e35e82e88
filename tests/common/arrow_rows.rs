//! Arrow IPC streams of cards, as an engine sends them, and what comes back.

use arrow::array::{ArrayRef, LargeStringArray, RecordBatch, StringArray};
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::{FileWriter, StreamWriter};
use hugging_carbon::tables::CardReadingRow;
use hugging_carbon::tables::io::BatchRows;
use std::path::Path;
use std::sync::Arc;

use super::{Ran, Workspace};

/// Ids and cards of the sample.
pub fn sample_cards() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(super::sample().join("cards/cards.jsonl")).unwrap();
    text.lines()
        .map(|line| {
            let card: serde_json::Value = serde_json::from_str(line).unwrap();
            (card["id"].as_str().unwrap().to_owned(), card["card"].as_str().unwrap().to_owned())
        })
        .collect()
}

/// A batch of text columns.
pub fn batch(columns: &[(&str, Vec<Option<&str>>)]) -> RecordBatch {
    let columns = columns.iter().map(|(name, values)| (*name, Arc::new(StringArray::from(values.clone())) as ArrayRef, true));
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

/// Batches of ids and cards, some rows each.
pub fn card_batches(cards: &[(String, String)], rows: usize) -> Vec<RecordBatch> {
    let texts = |part: &[(String, String)], pick: fn(&(String, String)) -> &String| -> ArrayRef {
        Arc::new(LargeStringArray::from_iter_values(part.iter().map(pick)))
    };
    let of = |part: &[(String, String)]| {
        let columns = [("model_id", texts(part, |c| &c.0), true), ("card", texts(part, |c| &c.1), true)];
        RecordBatch::try_from_iter_with_nullable(columns).unwrap()
    };
    cards.chunks(rows).map(of).collect()
}

/// A stream of batches.
pub fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batches[0].schema()).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.into_inner().unwrap()
}

/// `rows evidence` on a stream: what it says, and what it writes.
pub fn rows_evidence(workspace: &Workspace, input: &[u8], args: &[&str]) -> (Ran, Vec<u8>) {
    let output = workspace.command().args(["rows", "evidence"]).args(args).write_stdin(input).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (Ran { status: output.status.code().unwrap_or(-1), stdout: String::new(), stderr }, output.stdout)
}

/// The batches of a stream.
pub fn batches(stream: &[u8]) -> Vec<RecordBatch> {
    StreamReader::try_new(stream, None).unwrap().map(Result::unwrap).collect()
}

/// The rows of a stream of readings.
pub fn readings(stream: &[u8]) -> Vec<CardReadingRow> {
    batches(stream)
        .iter()
        .flat_map(|b| BatchRows::<CardReadingRow>::new(b).unwrap().iter().collect::<Vec<_>>())
        .map(Result::unwrap)
        .collect()
}

/// Evidence of cards, written as a stream to a file of the workspace.
pub fn evidence_file(workspace: &Workspace, name: &str, cards: &[(String, String)]) -> std::path::PathBuf {
    let (ran, made) = rows_evidence(workspace, &stream(&card_batches(cards, 10)), &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    workspace.file(name, made)
}

/// Writes batches as Parquet.
pub fn parquet(path: &Path, batches: &[RecordBatch]) {
    let file = std::fs::File::create(path).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batches[0].schema(), None).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.close().unwrap();
}

/// Writes a batch as an IPC file (Feather).
pub fn ipc_file(path: &Path, batch: &RecordBatch) {
    let file = std::fs::File::create(path).unwrap();
    let mut writer = FileWriter::try_new(file, &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
}
