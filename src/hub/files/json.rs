//! Streaming JSON Lines and JSON arrays: a buffer's worth of records at a time, parsed in parallel, in file order.

use super::ending::whole_last_line;
use super::parquet::may_miss;
use super::partitions::partition_values;
use super::source::{Block, FileKind, Packing, SchemaReport, SourceFile, damaged, open_text};
use super::splitter::Splitter;
use crate::error::{Error, Result};
use crate::hub::record::{FieldSet, HubField, Parsed, is_printed_object, is_valid_id, parse_json_record_below};
use rayon::prelude::*;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

/// Bytes of text read between two parallel rounds.
const BLOCK_BYTES: usize = 4 << 20;
/// Longest record accepted; a listing record with a long card is some 100 kB.
const MAX_RECORD_BYTES: usize = 64 << 20;

/// Records of JSON from which on a key that none has is told: of fewer, none may have weights or a base.
const ENOUGH_RECORDS: u64 = 100;
/// Keys that JSON from the Hub leaves out, or that cost little: that no record has one is no news.
const OFTEN_LEFT_OUT: [HubField; 4] = [HubField::Gated, HubField::Private, HubField::Sha, HubField::Config];

/// Streams the records of a JSON file to `sink`. Returns the keys met that this version does not know, sorted, and those that none has.
///
/// # Errors
/// The file cannot be read, is truncated, or a record exceeds 64 MiB.
pub fn read_json(file: &SourceFile, mut sink: impl FnMut(Block) -> Result<()>) -> Result<SchemaReport> {
    let (FileKind::JsonLines { packing } | FileKind::JsonArray { packing }) = file.kind else {
        return Err(Error::Internal("not a JSON file, but it reached the JSON reader".into()));
    };
    let is_array = matches!(file.kind, FileKind::JsonArray { .. });
    let given = partition_values(&file.name);
    let mut unknown = std::collections::BTreeSet::new();
    let (mut stated, mut count) = (FieldSet::default(), 0);
    given.iter().for_each(|(field, _)| stated.insert(*field));
    split_file(&file.path, packing, is_array, |piece| {
        if piece.is_first
            && let Some((reason, remedy)) = if is_array { no_objects(piece) } else { no_lines(piece) }
        {
            return Err(Error::input(reason, file.path.display(), remedy));
        }
        let records = parse(file, piece, &given);
        for parsed in &records {
            unknown.extend(parsed.unknown_keys.iter().cloned());
            stated.extend(parsed.stated);
            count += u64::from(parsed.row.is_some());
        }
        sink(Block { records, bytes_read: piece.bytes_read })
    })?;
    let is_missing = |field: &HubField| may_miss(*field) && !OFTEN_LEFT_OUT.contains(field) && !stated.contains(*field);
    let missing = HubField::ALL.iter().copied().filter(|field| count >= ENOUGH_RECORDS && is_missing(field));
    let missing = missing.map(|field| field.key().to_owned()).collect();
    Ok(SchemaReport { missing, ignored: unknown.into_iter().collect(), ..SchemaReport::default() })
}

/// Whole records of a text.
pub(super) struct Piece<'b> {
    /// Bytes of the text.
    pub buffer: &'b [u8],
    /// Numbers of records or lines, and where they stand.
    pub spans: &'b [(u64, Range<usize>)],
    /// Bytes of the text read so far.
    pub bytes_read: u64,
    /// Whether no record came before it.
    pub is_first: bool,
}

/// Cuts a JSON text into records, of an array or one a line, and hands them on a buffer at a time.
///
/// # Errors
/// The file cannot be read, is truncated, or a record exceeds 64 MiB; whatever `sink` gives.
pub(super) fn split_file(
    path: &Path,
    packing: Packing,
    is_array: bool,
    mut sink: impl FnMut(&Piece<'_>) -> Result<()>,
) -> Result<()> {
    let mut text = open_text(path, packing)?;
    let mut splitter = Splitter::new(is_array);
    let mut buffer: Vec<u8> = Vec::new();
    let (mut bytes_read, mut is_first) = (0_u64, true);
    loop {
        let before = buffer.len();
        let n = (&mut text).take(BLOCK_BYTES as u64).read_to_end(&mut buffer).map_err(|e| damaged(path, &e))?;
        let at_end = n == 0;
        let (spans, consumed) = splitter.split(&buffer, before, at_end);
        bytes_read += n as u64;
        // What is left at the end of a text of lines has no line end.
        if let (true, false, Some((line, span))) = (at_end, is_array, spans.last()) {
            whole_last_line(path, *line, &buffer[span.clone()])?;
        }
        sink(&Piece { buffer: &buffer, spans: &spans, bytes_read, is_first })?;
        is_first &= spans.is_empty();
        buffer.drain(..consumed);
        if at_end {
            break;
        }
        if buffer.len() > MAX_RECORD_BYTES {
            return Err(Error::input(
                "a record is longer than 64 MiB, or its brackets never close",
                format!("{} record {}", path.display(), splitter.count + 1),
                "write one record a line (`jq -c . FILE > lines.jsonl`); if jq cannot read it, it is truncated: fetch it again",
            ));
        }
    }
    if splitter.trailing {
        return Err(Error::input(
            "something follows the JSON array that is no other array",
            format!("{} after record {}", path.display(), splitter.count),
            "write the records as one array or as JSON Lines; pages one behind the other are read, without headers between them",
        ));
    }
    if is_array && !splitter.closed {
        return Err(Error::input(
            "the JSON array never closes: the file is truncated",
            format!("{} after record {}", path.display(), splitter.count),
            "fetch it again and compare its size and sha256 with the origin's",
        ));
    }
    Ok(())
}

/// Why the items of a list are no records, and the way out: lists, or what Python prints of objects.
fn no_objects(piece: &Piece<'_>) -> Option<(String, String)> {
    let text = piece.buffer.trim_ascii_start().strip_prefix(b"\xef\xbb\xbf").unwrap_or(piece.buffer).trim_ascii_start();
    let first = text.strip_prefix(b"[")?.trim_ascii_start();
    if first.starts_with(b"[") {
        let what = "the records are lists, and nothing tells which value is which";
        return Some((
            what.to_owned(),
            "write them as objects with their keys; with pandas: to_json(FILE, orient=\"records\")".to_owned(),
        ));
    }
    let word = first.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    (word > 0 && first[0].is_ascii_uppercase() && first.get(word) == Some(&b'(')).then(|| {
        let what = "the records are as Python prints its objects, and no JSON";
        let way_out = "write them as JSON: json.dumps([vars(info) for info in LIST], default=str), or hf models ls --json";
        (what.to_owned(), way_out.to_owned())
    })
}

/// Why a text is not one record a line, and the way out: records of several lines, or one object around all of them.
fn no_lines(piece: &Piece<'_>) -> Option<(String, String)> {
    let line = |at: usize| piece.spans.get(at).map(|(_, span)| piece.buffer[span.clone()].trim_ascii());
    if let Some(found) = line(0).and_then(no_record_a_line) {
        return Some(found);
    }
    let around =
        around_records(line(0).filter(|_| piece.spans.len() == 1).or_else(|| Some(piece.buffer).filter(|_| is_spread(piece)))?);
    if let Some((what, jq)) = around {
        return Some((what, format!("take them out: jq -c '{jq}' FILE > lines.jsonl")));
    }
    is_spread(piece).then(|| {
        (
            "the records are spread over several lines: the first line is no record".to_owned(),
            "write one record a line (`jq -c . FILE > lines.jsonl`), or all of them as one array (`jq -s . FILE > array.json`)"
                .to_owned(),
        )
    })
}

/// Why a line is no record a line, and the way out: a comma behind it, as Python prints it, several in one.
fn no_record_a_line(line: &[u8]) -> Option<(String, String)> {
    let found = |what: &str, way_out: &str| Some((what.to_owned(), way_out.to_owned()));
    let is_printed = line.strip_prefix(b"{").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"'"));
    if is_printed && is_printed_object(&String::from_utf8_lossy(line)) {
        return found(
            "the records are as Python prints them, in single quotes, and no JSON",
            "write them as JSON: python3 -c \"import ast, json, sys; [print(json.dumps(ast.literal_eval(line))) for line in sys.stdin]\" \
             < FILE > lines.jsonl",
        );
    }
    let mut values = serde_json::Deserializer::from_slice(line).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    let rest = line.get(values.byte_offset()..).unwrap_or_default().trim_ascii();
    if rest == b"," {
        return found(
            "a comma stands behind each record, and nothing around them makes them a list",
            "put brackets around them: (echo '['; sed '$ s/,[[:space:]]*$//' FILE; echo ']') > models.json",
        );
    }
    rest.starts_with(b"{").then(|| {
        let what = "several records stand on one line: no line end is between them, or one that is a carriage return alone";
        (what.to_owned(), "write one record a line: jq -c . FILE > lines.jsonl".to_owned())
    })
}

/// Whether records of several lines begin the file: the first line opens a record and does not end it, and the next goes on with it, or is
/// one of a list.
fn is_spread(piece: &Piece<'_>) -> bool {
    let line = |at: usize| piece.spans.get(at).map(|(_, span)| piece.buffer[span.clone()].trim_ascii());
    let (Some(first), Some(second)) = (line(0), line(1)) else { return false };
    let is_open = !first.ends_with(b"}") && [b'{', b'[', b','].iter().any(|open| first.ends_with(&[*open]));
    is_open && (!second.starts_with(b"{") || (first.ends_with(b"[") && second.ends_with(b"},")))
}

/// Whether a text is one object around the records, without an id of its own: a list under a key, or records by id. Then what it is, and
/// what takes them out.
fn around_records(text: &[u8]) -> Option<(String, String)> {
    let object: BTreeMap<String, Around> = serde_json::Deserializer::from_slice(text).into_iter().next()?.ok()?;
    if object.keys().any(|key| matches!(HubField::parse(key), Some(HubField::Id | HubField::ModelId))) {
        return None;
    }
    // The files of a record that lacks its id are no records.
    let mut others = object.iter().filter(|(key, _)| HubField::parse(key).is_none());
    let list = others.find_map(|(key, value)| match value {
        Around::List(items) => items.first().and_then(Option::as_ref).map(|item| (key, item)),
        _ => None,
    });
    if let Some((key, item)) = list {
        let inside = if item.contains_key("row") { ".row" } else { "" };
        return Some((format!("the records stand in a list under '{key}' of one object"), format!(".[\"{key}\"][]{inside}")));
    }
    let is_by_id = object.iter().all(|(key, value)| is_valid_id(key) && matches!(value, Around::Object(_)));
    if !is_by_id || object.is_empty() {
        return None;
    }
    // Under what the records are found their own ids go before it: pandas numbers its rows (`to_json`, orient="index").
    let has_id = |value: &Around| {
        let is_id = |key: &String| matches!(HubField::parse(key), Some(HubField::Id | HubField::ModelId));
        matches!(value, Around::Object(record) if record.keys().any(is_id))
    };
    let found = if object.values().all(has_id) {
        ("the records stand in one object, by id or number", ".[]")
    } else {
        ("the records stand in one object, by id", "to_entries[] | {id: .key} + .value")
    };
    Some((found.0.to_owned(), found.1.to_owned()))
}

/// A value of an object that may stand around records.
#[derive(Deserialize)]
#[serde(untagged)]
enum Around {
    /// A list, of which the objects matter.
    List(Vec<Option<BTreeMap<String, IgnoredAny>>>),
    /// An object.
    Object(BTreeMap<String, IgnoredAny>),
    /// Anything else.
    Other(#[allow(dead_code)] IgnoredAny),
}

fn parse(file: &SourceFile, piece: &Piece<'_>, given: &[(HubField, String)]) -> Vec<Parsed> {
    let unit = if matches!(file.kind, FileKind::JsonLines { .. }) { "line" } else { "item" };
    let record = |(number, span): &(u64, Range<usize>)| {
        parse_json_record_below(&piece.buffer[span.clone()], &format!("{}:{unit} {number}", file.name), given)
    };
    piece.spans.par_iter().map(record).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::files::find_files;

    /// Regression: keys that no record of JSON has were not told, unlike columns that a Parquet file lacks.
    #[test]
    fn keys_that_no_record_has_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("models.jsonl");
        let missing = |records: u64, more: &str| {
            let line = |n| {
                format!(
                    "{{\"id\":\"a/m{n}\",\"created_at\":\"2024-05-01\",\"lastModified\":\"2024-05-01\",\"downloads\":1,\
                     \"downloadsAllTime\":2,\"likes\":0,\"tags\":[],\"pipeline_tag\":\"x\",\"library_name\":\"y\",\"gguf\":null{more}}}\n"
                )
            };
            std::fs::write(&path, (0..records).map(line).collect::<String>()).unwrap();
            read_json(&find_files(&path).unwrap().files[0], |_| Ok(())).unwrap().missing
        };
        assert_eq!(missing(ENOUGH_RECORDS, ""), ["cardData", "safetensors", "gguf", "baseModels"]);
        assert_eq!(missing(ENOUGH_RECORDS, ",\"safetensors.total\":7,\"license\":\"mit\",\"baseModels\":[]"), ["gguf"]);
        assert!(missing(ENOUGH_RECORDS - 1, "").is_empty());
    }

    /// Regression: records in these writings went to quarantine one by one, or with a way out that does not help.
    #[test]
    fn records_in_other_writings_have_a_way_out_that_helps() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("models.jsonl");
        let said = |text: &str| {
            std::fs::write(&path, text).unwrap();
            let file = find_files(&path).map_err(|e| e.to_string())?.files.remove(0);
            read_json(&file, |_| Ok(())).map(|_| ()).map_err(|e| e.to_string())
        };
        let (one, two) = (r#"{"id":"a/b","likes":1}"#, r#"{"id":"a/c","likes":2}"#);
        for (text, way_out) in [
            (format!("{one},\n{two}\n"), "echo '['"),
            (format!("{one}{two}\n"), "jq -c ."),
            (format!("{one} {two}"), "jq -c ."),
            (format!("{one}\r{two}\r"), "jq -c ."),
            ("{'id': 'a/b', 'likes': 1}\n{'id': 'a/c', 'likes': None}\n".to_owned(), "ast.literal_eval"),
            (format!("\u{1e}{one}\n\u{1e}{two}\n"), "tr -d '\\036'"),
        ] {
            let said = said(&text).unwrap_err();
            assert!(said.contains(way_out), "{text:?}: {said}");
        }
        assert_eq!(said(&format!("{one}\r\n{two}\r\n")), Ok(()));
    }
}
