//! Streaming JSON Lines and JSON arrays: a buffer's worth of records at a time, parsed in parallel, in file order.

use super::source::{Block, FileKind, SourceFile, damaged, open_text};
use super::splitter::Splitter;
use crate::error::{Error, Result};
use crate::hub::record::{Parsed, parse_json_record};
use rayon::prelude::*;
use std::io::Read;
use std::ops::Range;

/// Bytes of text read between two parallel rounds.
const BLOCK_BYTES: usize = 4 << 20;
/// Longest record accepted; a listing record with a long card is some 100 kB.
const MAX_RECORD_BYTES: usize = 64 << 20;

/// Streams the records of a JSON file to `sink`. Returns the keys met that this version does not know, sorted.
///
/// # Errors
/// The file cannot be read, is truncated, or a record exceeds 64 MiB.
pub fn read_json(file: &SourceFile, mut sink: impl FnMut(Block) -> Result<()>) -> Result<Vec<String>> {
    let (packing, array) = match file.kind {
        FileKind::JsonLines { packing } => (packing, false),
        FileKind::JsonArray { packing } => (packing, true),
        FileKind::Parquet | FileKind::Recording => {
            return Err(Error::Internal("not a JSON file, but it reached the JSON reader".into()));
        }
    };
    let mut text = open_text(&file.path, packing)?;
    let mut splitter = Splitter::new(array);
    let mut buffer: Vec<u8> = Vec::new();
    let mut position = 0_u64;
    let mut unknown = std::collections::BTreeSet::new();
    loop {
        let before = buffer.len();
        let n = (&mut text).take(BLOCK_BYTES as u64).read_to_end(&mut buffer).map_err(|e| damaged(&file.path, &e))?;
        let at_end = n == 0;
        let (spans, consumed) = splitter.split(&buffer, before, at_end);
        if !array && position == 0 && is_spread(&buffer, &spans) {
            return Err(Error::input(
                "the records are spread over several lines: the first line is no record",
                file.path.display(),
                "write one record a line (`jq -c . FILE > lines.jsonl`), or all of them as one array (`jq -s . FILE > array.json`)",
            ));
        }
        let records = parse(file, &buffer, &spans);
        for parsed in &records {
            unknown.extend(parsed.unknown_keys.iter().cloned());
        }
        position += n as u64;
        sink(Block { records, bytes_read: position })?;
        buffer.drain(..consumed);
        if at_end {
            break;
        }
        if buffer.len() > MAX_RECORD_BYTES {
            return Err(Error::input(
                "a record is longer than 64 MiB, or its brackets never close",
                format!("{} record {}", file.path.display(), splitter.count + 1),
                "fetch the file again; it is probably truncated or not a model index",
            ));
        }
    }
    if splitter.trailing {
        return Err(Error::input(
            "something follows the JSON array: two files in one?",
            format!("{} after record {}", file.path.display(), splitter.count),
            "split the file into one array each, or write the records as JSON Lines",
        ));
    }
    if array && !splitter.closed {
        return Err(Error::input(
            "the JSON array never closes: the file is truncated",
            format!("{} after record {}", file.path.display(), splitter.count),
            "fetch it again and compare its size and sha256 with the origin's",
        ));
    }
    Ok(unknown.into_iter().collect())
}

/// Whether records of several lines begin the file: the first line opens a record and does not end it, and the next goes on with it.
fn is_spread(buffer: &[u8], spans: &[(u64, Range<usize>)]) -> bool {
    let line = |at: usize| spans.get(at).map(|(_, span)| buffer[span.clone()].trim_ascii());
    let (Some(first), Some(second)) = (line(0), line(1)) else { return false };
    !first.ends_with(b"}") && !second.starts_with(b"{") && [b'{', b'[', b','].iter().any(|open| first.ends_with(&[*open]))
}

fn parse(file: &SourceFile, buffer: &[u8], spans: &[(u64, Range<usize>)]) -> Vec<Parsed> {
    let unit = if matches!(file.kind, FileKind::JsonLines { .. }) { "line" } else { "item" };
    spans
        .par_iter()
        .map(|(number, span)| parse_json_record(&buffer[span.clone()], &format!("{}:{unit} {number}", file.name)))
        .collect()
}
