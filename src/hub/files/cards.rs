//! Model cards as files: a directory of READMEs, JSON Lines of `{id, card}` or Parquet with a text column. Kinds are judged by content.

use super::card_object::{is_card_object, read_card_object};
use super::ending::whole_last_line;
use super::find::{file_kind, refused, source_file};
use super::formats::{UNPACK, Unreadable};
use super::guard::{batches, guarded};
use super::json::split_file;
use super::parquet::{Opened, open_parquet};
use super::source::{FileKind, Packing, SourceFile, damaged, open_text};
use super::text::{Decoded, NOT_UTF8, decode};
use super::utf8::unquoted;
use crate::error::{Error, IoContext, Result};
use crate::hub::record::{CACHED_MODEL, RecordReader, decoded_id, is_valid_id, normalize_base_id, same_key, without_bare_words};
use crate::units::TimestampMs;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use fs_err as fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Longest line of a JSON Lines file.
const MAX_LINE_BYTES: u64 = 64 << 20;
/// Largest README read; what lies beyond is cut, as from every card.
const MAX_README_BYTES: u64 = 8 << 20;
/// Names of the id in files of cards, in order of preference.
pub(super) const ID_KEYS: &[&str] = &["id", "modelId"];
/// Names of the text.
pub(super) const TEXT_KEYS: &[&str] = &["card", "modelcard_text", "model_card", "content", "text", "readme", "markdown"];

/// Names of when a card was fetched or changed last: of two cards of a model the newer counts.
const MODIFIED_KEYS: &[&str] = &["lastModified", "modified", "updated_at", "crawled", "crawled_at", "fetched_at"];

/// One card.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// Hub id as the file has it.
    pub id: String,
    /// Front matter and text.
    pub text: String,
    /// File and position.
    pub locator: String,
    /// When it was fetched or changed last, where its record says so.
    pub modified: Option<TimestampMs>,
    /// Bytes of it that are not UTF-8, each read with a sign in its place.
    pub bad_bytes: usize,
}

/// What a file of cards yields: a card, or what could not be used.
pub type Item = std::result::Result<Card, Unusable>;

/// A record without a card.
#[derive(Clone, Debug, PartialEq)]
pub struct Unusable {
    /// File and position.
    pub locator: String,
    /// Why.
    pub reason: String,
    /// The raw text.
    pub raw: String,
}

/// Way out of an archive of cards.
const UNPACK_CARDS: &str = "unpack it and name the directory of READMEs, or the .parquet, .json or .jsonl of cards inside";

/// Streams the cards of one file.
///
/// # Errors
/// The file cannot be read, is damaged, or holds no cards.
pub fn read_cards(name: &str, path: &Path, mut sink: impl FnMut(Item) -> Result<()>) -> Result<()> {
    if is_markdown(name) {
        return sink(readme(name, path)?);
    }
    let kind = file_kind(path)?.map_err(|unreadable| {
        let remedy = if unreadable.remedy == UNPACK { UNPACK_CARDS } else { unreadable.remedy };
        refused(path, &Unreadable { remedy, ..unreadable })
    })?;
    let file = source_file(path, name.to_owned(), kind)?;
    match file.kind {
        FileKind::Parquet => parquet(&file, sink),
        FileKind::JsonLines { packing } if is_card_object(path, packing)? => read_card_object(&file, packing, sink),
        FileKind::JsonLines { packing } => json_lines(&file, packing, sink),
        FileKind::JsonArray { packing } => split_file(path, packing, true, |piece| {
            piece.spans.iter().try_for_each(|(number, span)| {
                sink(json_card(&piece.buffer[span.clone()], &format!("{}:item {number}", file.name)))
            })
        }),
        FileKind::Recording => Err(Error::input(
            "a recorded listing is not read as cards",
            path.display(),
            "write the cards as JSON Lines of {\"id\": ..., \"card\": ...}, as Parquet, or as owner/name/README.md",
        )),
    }
}

/// Whether a file is called a card of its own.
#[must_use]
pub fn is_markdown(name: &str) -> bool {
    name.to_lowercase().ends_with(".md")
}

/// `owner/name/README.md`, `owner/name.md`, `owner--name.md`, or `models--owner--name/snapshots/<commit>/README.md`.
fn id_of(name: &str) -> String {
    let is_readme = |part: &&str| !part.eq_ignore_ascii_case("readme.md");
    let mut parts: Vec<&str> = name.split('/').filter(is_readme).collect();
    // As a copy of the Hub's pages lies: `owner/name/resolve/main/README.md`.
    if parts.len() > 3 && ["resolve", "raw", "blob"].contains(&parts[parts.len() - 2]) {
        parts.truncate(parts.len() - 2);
    }
    if let Some(cached) = parts.iter().find(|part| part.starts_with(CACHED_MODEL)) {
        return decoded_id(cached).unwrap_or_else(|| (*cached).to_owned());
    }
    let last = parts.last().copied().unwrap_or_default();
    let stem = if is_markdown(last) { &last[..last.len() - ".md".len()] } else { last };
    match parts.len() {
        0 => name.to_owned(),
        1 => stem.replacen("--", "/", 1),
        n => format!("{}/{stem}", parts[n - 2]),
    }
}

fn readme(name: &str, path: &Path) -> Result<Item> {
    let mut bytes = Vec::new();
    fs::File::open(path).and_then(|f| f.take(MAX_README_BYTES).read_to_end(&mut bytes)).at_path("cannot read card", path)?;
    Ok(decoded_card(&id_of(name), decode(&bytes), name))
}

/// A card of a text in whatever encoding: one of which next to nothing is left is none.
fn decoded_card(id: &str, decoded: Decoded, locator: &str) -> Item {
    if !decoded.is_readable() {
        return Err(Unusable { locator: locator.to_owned(), reason: NOT_UTF8.to_owned(), raw: decoded.text });
    }
    card_of(id, decoded.text, locator).map(|card| Card { bad_bytes: decoded.bad, ..card })
}

/// A card, if its id is one.
pub(super) fn card_of(id: &str, text: String, locator: &str) -> Item {
    let unusable = |reason: &str| Unusable { locator: locator.to_owned(), reason: reason.to_owned(), raw: id.to_owned() };
    let normal = id.starts_with("http").then(|| normalize_base_id(id)).flatten().or_else(|| decoded_id(id));
    let id = normal.unwrap_or_else(|| id.to_owned());
    if !is_valid_id(&id) {
        return Err(unusable("the card's id is no Hub id"));
    }
    Ok(Card { id, text, locator: locator.to_owned(), modified: None, bad_bytes: 0 })
}

fn json_lines(file: &SourceFile, packing: Packing, mut sink: impl FnMut(Item) -> Result<()>) -> Result<()> {
    let mut reader = BufReader::new(open_text(&file.path, packing)?);
    let mut line = Vec::new();
    let mut number = 0_u64;
    loop {
        line.clear();
        let n = (&mut reader).take(MAX_LINE_BYTES).read_until(b'\n', &mut line).map_err(|e| damaged(&file.path, &e))?;
        if n == 0 {
            return Ok(());
        }
        number += 1;
        if n as u64 == MAX_LINE_BYTES && !line.ends_with(b"\n") {
            return Err(Error::input(
                "a line is longer than 64 MiB",
                format!("{} line {number}", file.path.display()),
                "the file is probably truncated or no file of cards",
            ));
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        if !line.ends_with(b"\n") {
            whole_last_line(&file.path, number, &line)?;
        }
        sink(json_card(&line, &format!("{}:line {number}", file.name)))?;
    }
}

fn json_card(line: &[u8], locator: &str) -> Item {
    let unusable =
        |reason: String| Unusable { locator: locator.to_owned(), reason, raw: String::from_utf8_lossy(line).into_owned() };
    let decoded = decode(line);
    if !decoded.is_readable() {
        return Err(unusable(NOT_UTF8.to_owned()));
    }
    let value: serde_json::Value =
        serde_json::from_str(&without_bare_words(&decoded.text)).map_err(|e| unusable(format!("not JSON: {e}")))?;
    let entries = || value.as_object().into_iter().flatten();
    let field = |keys: &[&str]| {
        let named = |known: &str| entries().find(|(key, value)| same_key(key, known) && value.is_string());
        keys.iter().find_map(|known| named(known)?.1.as_str().map(str::to_owned))
    };
    let id = field(ID_KEYS).ok_or_else(|| unusable("no id".into()))?;
    let text = field(TEXT_KEYS).ok_or_else(|| unusable("no text".into()))?;
    let stamp = |known: &&str| entries().find(|(key, value)| same_key(key, known) && !value.is_null()).map(|(_, value)| value);
    let modified = MODIFIED_KEYS.iter().find_map(stamp).and_then(|value| match value {
        serde_json::Value::String(text) => instant(text),
        other => instant(&other.to_string()),
    });
    card_of(&id, text, locator).map(|card| Card { modified, bad_bytes: decoded.bad, ..card })
}

/// An instant as records have it; nothing for anything else, which decides no more than none.
fn instant(text: &str) -> Option<TimestampMs> {
    RecordReader::new("").instant_text("lastModified", text)
}

fn parquet(file: &SourceFile, mut sink: impl FnMut(Item) -> Result<()>) -> Result<()> {
    let damaged = |e: &dyn std::fmt::Display| {
        Error::input(
            format!("the Parquet file of cards cannot be read: {e}"),
            file.path.display(),
            "fetch it again; it needs a column id (or modelId) and one with the text (card, text or content)",
        )
    };
    let Opened { builder, declared, json } = open_parquet(&file.path)?;
    let columns: Vec<String> = declared.fields().iter().map(|field| field.name().clone()).collect();
    let column = |names: &[&str]| names.iter().find_map(|known| columns.iter().find(|name| same_key(name, known)).cloned());
    let (Some(id), Some(text)) = (column(ID_KEYS), column(TEXT_KEYS)) else {
        return Err(damaged(&"no column of ids, or none of texts"));
    };
    let modified = column(MODIFIED_KEYS);
    // By position: a name with points would be taken for a path.
    let wanted = [Some(&id), Some(&text), modified.as_ref()];
    let roots: Vec<usize> = (0..columns.len()).filter(|at| wanted.contains(&Some(&columns[*at]))).collect();
    let is_json = json.iter().any(|(root, is_json)| *is_json && columns.get(*root) == Some(&text));
    let mask = parquet::arrow::ProjectionMask::roots(builder.parquet_schema(), roots);
    let build = || builder.with_projection(mask).with_batch_size(256).build();
    let reader = guarded(&file.path, build)?.map_err(|e| damaged(&e))?;
    let mut first = 0;
    for batch in batches(reader, &file.path) {
        let batch = batch?;
        let bytes = |name: &str| {
            let column = batch.column_by_name(name).ok_or_else(|| damaged(&"a column vanished"))?;
            as_bytes(column).ok_or_else(|| damaged(&format!("column '{name}' has type {}", column.data_type())))
        };
        let (ids, cards) = (bytes(&id)?, bytes(&text)?);
        let stamps = modified.as_ref().and_then(|name| as_bytes(batch.column_by_name(name)?));
        for row in 0..batch.num_rows() {
            let locator = format!("{}:row {}", file.name, first + row + 1);
            // A model without a card is no loss; a card without a model is.
            let Some(card) = cell(&cards, row) else { continue };
            let mut card = decode(card);
            if is_json {
                card.text = unquoted(&card.text).unwrap_or_default().into_owned();
            }
            let stamp = stamps.as_ref().and_then(|stamps| instant(&String::from_utf8_lossy(cell(stamps, row)?)));
            sink(match cell(&ids, row) {
                Some(id) => decoded_card(&String::from_utf8_lossy(id), card, &locator).map(|card| Card { modified: stamp, ..card }),
                None => Err(Unusable { locator, reason: "no id".into(), raw: card.text }),
            })?;
        }
        first += batch.num_rows();
    }
    Ok(())
}

/// A column as bytes: of its texts, or of what it holds as text.
fn as_bytes(column: &ArrayRef) -> Option<ArrayRef> {
    let is_bytes = matches!(
        column.data_type(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_)
    );
    let texts = if is_bytes { Ok(ArrayRef::clone(column)) } else { cast(column, &DataType::Utf8) };
    cast(&texts.ok()?, &DataType::LargeBinary).ok()
}

fn cell(column: &ArrayRef, row: usize) -> Option<&[u8]> {
    column.as_binary_opt::<i64>().filter(|bytes| bytes.is_valid(row)).map(|bytes| bytes.value(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(name: &str, bytes: &[u8]) -> Result<Vec<Item>> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name.replace('/', "_"));
        std::fs::write(&path, bytes).unwrap();
        let mut items = Vec::new();
        read_cards(name, &path, |item| {
            items.push(item);
            Ok(())
        })?;
        Ok(items)
    }

    #[test]
    fn ids_of_readmes() {
        for (name, id) in [
            ("a/b/README.md", "a/b"),
            ("a/b/readme.MD", "a/b"),
            ("a/b.md", "a/b"),
            ("a--b-c.md", "a/b-c"),
            ("a--b/README.md", "a/b"),
            ("gpt2.md", "gpt2"),
            ("mirror/a/b/README.md", "a/b"),
            ("huggingface.co/a/b/raw/main/README.md", "a/b"),
            ("models--fr-lab--ner-4ent/snapshots/1a54/README.md", "fr-lab/ner-4ent"),
            ("hub/models--solo-gpt/snapshots/1a54/README.md", "solo-gpt"),
        ] {
            assert_eq!(id_of(name), id);
        }
    }

    #[test]
    fn lines_that_are_no_cards_are_set_aside() {
        let items = all(
            "x.jsonl",
            b"{\"id\": \"a/b\", \"card\": \"# B\"}\n\n{\"id\": \"a/c\"}\n{broken\n{\"modelId\": \"..\", \"text\": \"x\"}\n",
        )
        .unwrap();
        assert_eq!(
            items[0],
            Ok(Card { id: "a/b".into(), text: "# B".into(), locator: "x.jsonl:line 1".into(), modified: None, bad_bytes: 0 })
        );
        let reasons: Vec<String> = items[1..].iter().map(|i| i.clone().unwrap_err().reason).collect();
        assert_eq!(reasons[0], "no text");
        assert!(reasons[1].starts_with("not JSON") && reasons[2].contains("no Hub id"), "{reasons:?}");
        assert!(all("x.bin", b"\x00\x01").is_err());
    }

    /// Regression: a dictionary of cards was one card without an id, and an array was refused.
    #[test]
    fn cards_in_one_object_or_array_are_cards() {
        let ids = |items: Vec<Item>| items.into_iter().map(|item| item.map(|card| card.id)).collect::<Vec<_>>();
        let objects: [&[u8]; 3] = [
            br##"{"a/b": "# B", "solo": "# S", "a/c": null}"##,
            b"{\n  \"solo\": \"# S\",\n  \"a/b\": {\"card\": \"# B\", \"likes\": 3}\n}\n",
            br##"[{"id": "a/b", "card": "# B", "likes": NaN}, {"id": "solo", "card": "# S"}]"##,
        ];
        for object in objects {
            let mut found: Vec<String> = ids(all("cards.json", object).unwrap()).into_iter().map(|id| id.unwrap()).collect();
            found.sort();
            assert_eq!(found, ["a/b", "solo"]);
        }
        let odd = all("cards.json", br#"{"a/b": 3, "not an id": "x"}"#).unwrap();
        assert_eq!(odd.iter().filter(|item| item.is_err()).count(), 2);
        assert!(all("cards.json", br##"{"a/b": "# B", "a/c"##).unwrap_err().to_string().contains("truncated or damaged"));
    }

    #[test]
    fn a_lone_byte_costs_its_letter_and_another_encoding_the_card() {
        let items = all("a/b/README.md", b"---\n\xff\xfe\n---\ntext").unwrap();
        assert_eq!((items[0].as_ref().unwrap().id.as_str(), items[0].as_ref().unwrap().bad_bytes), ("a/b", 2));
        // Regression: a card in GBK was read with signs in place of its words, and nothing said so.
        let gbk = b"\xcc\xbc\xc5\xc5\xb7\xc5\xc1\xbf\xa3\xba1234 \xc7\xa7\xbf\xcb";
        let reason = all("a/b/README.md", gbk).unwrap().remove(0).unwrap_err().reason;
        assert!(reason.contains("not UTF-8") && reason.contains("iconv"), "{reason}");
        let items = all("x.jsonl", b"{\"id\": \"a/b\", \"card\": \"# Mod\xe8le\\n8 kWh\"}\n").unwrap();
        assert!(items[0].as_ref().unwrap().text.contains("8 kWh"), "{items:?}");
    }

    /// Regression: of two cards of a model the one read last counted, though the records say which is newer.
    #[test]
    fn a_record_of_a_card_says_when_it_changed() {
        let text = br##"{"id":"models--a--b","card":"# B","crawled":"2024-05-01"}
{"id":"https://huggingface.co/a/b","card":"# B","lastModified":1714564800000}
"##;
        let items: Vec<Card> = all("x.jsonl", text).unwrap().into_iter().map(|item| item.unwrap()).collect();
        assert!(items.iter().all(|card| card.id == "a/b"));
        // date -u -d 2024-05-01 +%s is 1714521600.
        let modified: Vec<i64> = items.iter().map(|card| card.modified.unwrap().0).collect();
        assert_eq!(modified, [1_714_521_600_000, 1_714_564_800_000]);
    }

    #[test]
    fn compressed_lines_are_read() {
        let line = b"{\"id\": \"a/b\", \"card\": \"# B\"}\n";
        let two_frames = [zstd::encode_all(&line[..], 3).unwrap(), zstd::encode_all(&line[..], 3).unwrap()].concat();
        assert_eq!(all("x.jsonl.zst", &two_frames).unwrap().len(), 2);
        let cut = &two_frames[..two_frames.len() - 5];
        assert!(all("x.jsonl.zst", cut).unwrap_err().to_string().contains("truncated or damaged"));
    }
}
