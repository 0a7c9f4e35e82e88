//! Streaming JSON Lines and JSON arrays: a buffer's worth of records at a time, parsed in parallel, in file order.

use super::files::{SourceFile, damaged, open_text};
use super::record::{KNOWN_KEYS, Parsed, parse_json_record};
use super::{Block, FileKind};
use crate::error::{Error, Result};
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
pub fn read(file: &SourceFile, mut sink: impl FnMut(Block) -> Result<()>) -> Result<Vec<String>> {
    let (gzip, array) = match file.kind {
        FileKind::JsonLines { gzip } => (gzip, false),
        FileKind::JsonArray { gzip } => (gzip, true),
        FileKind::Parquet | FileKind::Recording => {
            return Err(Error::Internal("not a JSON file, but it reached the JSON reader".into()));
        }
    };
    let mut text = open_text(&file.path, gzip)?;
    let mut splitter = Splitter::new(array);
    let mut buffer: Vec<u8> = Vec::new();
    let mut position = 0_u64;
    let mut unknown = std::collections::BTreeSet::new();
    loop {
        let before = buffer.len();
        let n = (&mut text).take(BLOCK_BYTES as u64).read_to_end(&mut buffer).map_err(|e| damaged(&file.path, &e))?;
        let at_end = n == 0;
        let (spans, consumed) = splitter.split(&buffer, before, at_end);
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
    Ok(unknown.into_iter().filter(|key| !KNOWN_KEYS.contains(&key.as_str())).collect())
}

fn parse(file: &SourceFile, buffer: &[u8], spans: &[(u64, Range<usize>)]) -> Vec<Parsed> {
    let unit = if matches!(file.kind, FileKind::JsonLines { .. }) { "line" } else { "item" };
    spans
        .par_iter()
        .map(|(number, span)| parse_json_record(&buffer[span.clone()], &format!("{}:{unit} {number}", file.name)))
        .collect()
}

/// Finds record boundaries across buffer refills.
struct Splitter {
    array: bool,
    /// Records (array) or lines (JSON Lines) begun so far.
    count: u64,
    /// The array's closing bracket was seen.
    closed: bool,
    /// Something follows the closing bracket.
    trailing: bool,
    opened: bool,
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// Start of the record being scanned, relative to the buffer.
    start: Option<usize>,
}

impl Splitter {
    fn new(array: bool) -> Self {
        Self {
            array,
            count: 0,
            closed: false,
            trailing: false,
            opened: false,
            depth: 0,
            in_string: false,
            escaped: false,
            start: None,
        }
    }

    /// Spans of the complete records in `buffer`, of which `scanned` bytes were seen before, and how many bytes are done with.
    fn split(&mut self, buffer: &[u8], scanned: usize, at_end: bool) -> (Vec<(u64, Range<usize>)>, usize) {
        if self.array { self.split_array(buffer, scanned, at_end) } else { self.split_lines(buffer, scanned, at_end) }
    }

    fn split_lines(&mut self, buffer: &[u8], scanned: usize, at_end: bool) -> (Vec<(u64, Range<usize>)>, usize) {
        let mut spans = Vec::new();
        let mut start = 0;
        let mut line = |span: Range<usize>| {
            self.count += 1;
            let text = buffer[span.clone()].trim_ascii();
            let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
            if !text.is_empty() {
                spans.push((self.count, span));
            }
        };
        for (i, byte) in buffer.iter().enumerate().skip(scanned) {
            if *byte == b'\n' {
                line(start..i);
                start = i + 1;
            }
        }
        if at_end && start < buffer.len() {
            line(start..buffer.len());
            start = buffer.len();
        }
        (spans, start)
    }

    /// A record ends where its brackets balance outside strings, or at the comma after a bare value (which is then refused
    /// by the parser, with its number).
    fn split_array(&mut self, buffer: &[u8], scanned: usize, at_end: bool) -> (Vec<(u64, Range<usize>)>, usize) {
        let mut spans = Vec::new();
        for (i, &byte) in buffer.iter().enumerate().skip(scanned) {
            if self.in_string {
                if self.escaped {
                    self.escaped = false;
                } else if byte == b'\\' {
                    self.escaped = true;
                } else if byte == b'"' {
                    self.in_string = false;
                }
                continue;
            }
            if !self.opened {
                self.opened = byte == b'[';
                continue;
            }
            if self.closed {
                self.trailing |= !byte.is_ascii_whitespace();
                continue;
            }
            match byte {
                b'{' | b'[' => {
                    self.start.get_or_insert(i);
                    self.depth += 1;
                }
                b'}' | b']' if self.depth > 0 => self.depth -= 1,
                b']' | b',' if self.depth == 0 => {
                    if let Some(start) = self.start.take() {
                        self.count += 1;
                        spans.push((self.count, start..i));
                    }
                    self.closed |= byte == b']';
                }
                b'"' => {
                    self.start.get_or_insert(i);
                    self.in_string = true;
                }
                b if !b.is_ascii_whitespace() => {
                    self.start.get_or_insert(i);
                }
                _ => {}
            }
        }
        let consumed = if at_end { buffer.len() } else { self.start.unwrap_or(buffer.len()) };
        if let Some(start) = &mut self.start {
            *start -= consumed.min(*start);
        }
        (spans, consumed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds `text` in pieces of `step` bytes, as a slow source would.
    fn split_in_steps(text: &[u8], array: bool, step: usize) -> (Vec<String>, bool) {
        let mut splitter = Splitter::new(array);
        let mut buffer = Vec::new();
        let mut out = Vec::new();
        let mut chunks = text.chunks(step);
        loop {
            let before = buffer.len();
            let chunk = chunks.next();
            buffer.extend_from_slice(chunk.unwrap_or_default());
            let (spans, consumed) = splitter.split(&buffer, before, chunk.is_none());
            out.extend(spans.iter().map(|(_, s)| String::from_utf8(buffer[s.clone()].trim_ascii().to_vec()).unwrap()));
            buffer.drain(..consumed);
            if chunk.is_none() {
                return (out, splitter.closed);
            }
        }
    }

    proptest! {
        /// Wherever the reads fall, the records are those serde_json writes.
        #[test]
        fn records_do_not_depend_on_where_reads_fall(
            names in prop::collection::vec(r#"[a-z"\\\[\]{},\n]{0,12}"#, 0..12),
            step in 1_usize..40,
        ) {
            let records: Vec<String> =
                names.iter().map(|n| serde_json::json!({"id": n, "list": [1, {"x": n}]}).to_string()).collect();
            let array = format!(" [{}] ", records.join(" , "));
            let (got, closed) = split_in_steps(array.as_bytes(), true, step);
            prop_assert_eq!(&got, &records);
            prop_assert!(closed);
            let lines = records.join("\n");
            prop_assert_eq!(split_in_steps(lines.as_bytes(), false, step).0, records);
        }

        #[test]
        fn an_array_cut_short_is_noticed(cut in 0_usize..30) {
            let whole = br#"[{"id":"a"},{"id":"b","x":[1]}]"#;
            prop_assume!(cut < whole.len());
            prop_assert!(!split_in_steps(&whole[..cut], true, 7).1);
        }
    }
}
