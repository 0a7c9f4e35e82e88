//! How a text of one record a line has to end: with a line end, or behind a whole value. What ends inside one is a download that was cut off,
//! and no bad record among good ones: of what is missing behind it nobody knows.

use crate::error::Error;
use crate::hub::record::without_bare_words;
use serde::de::IgnoredAny;
use std::path::Path;

/// The last line of a file, which no line end closes, if it is whole JSON.
///
/// # Errors
/// It ends inside a value, or is none.
pub(super) fn whole_last_line(path: &Path, number: u64, line: &[u8]) -> Result<(), Error> {
    let text = String::from_utf8_lossy(line);
    let text = without_bare_words(text.trim_start_matches('\u{feff}'));
    let mut values = serde_json::Deserializer::from_str(&text).into_iter::<IgnoredAny>();
    let Some(Err(e)) = values.find(Result::is_err) else { return Ok(()) };
    let what = if e.is_eof() { "ends inside a record" } else { "is no JSON" };
    Err(Error::input(
        format!("the last line has no line end and {what}: the file is truncated"),
        format!("{} line {number}", path.display()),
        "fetch it again and compare its size and sha256 with the origin's; if it is all there, end its last line or take that line out",
    ))
}

#[cfg(test)]
mod tests {
    use crate::hub::files::{Block, find_files, read_cards, read_json};
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    const RECORDS: &str = "{\"id\":\"a/one\",\"likes\":12,\"x\":[{\"y\":\"\\u00e9 \u{1f917}\"},-1.5e3,true,null]}\n{\"id\":\"a/two\",\"likes\":NaN}\n";

    /// Ids of an index with these bytes, or why it is refused.
    fn ids(bytes: &[u8]) -> Result<Vec<String>, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("models.jsonl");
        std::fs::write(&path, bytes).unwrap();
        let mut ids = Vec::new();
        let mut sink = |block: Block| {
            ids.extend(block.records.into_iter().map(|parsed| parsed.row.map_or_else(|| "bad".to_owned(), |row| row.model_id)));
            Ok(())
        };
        let file = find_files(&path).map_err(|e| e.to_string())?.files.remove(0);
        read_json(&file, &mut sink).map_err(|e| e.to_string())?;
        Ok(ids)
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    /// Regression: the record in which a download was cut off went to quarantine, one among many, and a snapshot without it was published.
    #[test]
    fn an_index_cut_off_anywhere_in_a_line_is_refused() {
        let first_end = RECORDS.find('\n').unwrap();
        let whole = RECORDS.trim_end().len();
        for at in 1..RECORDS.len() {
            let got = ids(&RECORDS.as_bytes()[..at]);
            // Cut at the end of a line, before or behind its sign, nothing can be seen.
            let seen = match at {
                at if at == first_end || at == first_end + 1 => Some(1),
                at if at >= whole => Some(2),
                _ => None,
            };
            match seen {
                Some(records) => assert_eq!(got.map(|ids| ids.len()), Ok(records), "{at}"),
                None => {
                    let said = got.unwrap_err();
                    let line = format!("models.jsonl line {}", if at > first_end { 2 } else { 1 });
                    assert!(said.contains("the file is truncated") && said.contains(&line), "{at}: {said}");
                }
            }
        }
    }

    /// Whatever compression is around it; several streams one behind the other are one text.
    #[test]
    fn a_stream_cut_off_anywhere_is_refused() {
        let lines: Vec<&str> = RECORDS.split_inclusive('\n').collect();
        let pack: [fn(&str) -> Vec<u8>; 2] = [gzip, |text| zstd::encode_all(text.as_bytes(), 3).unwrap()];
        for pack in pack {
            let parts: Vec<Vec<u8>> = lines.iter().map(|line| pack(line)).collect();
            let all = parts.concat();
            assert_eq!(ids(&all).unwrap(), ["a/one", "a/two"]);
            for at in 5..all.len() {
                let got = ids(&all[..at]);
                match at == parts[0].len() {
                    true => assert_eq!(got.unwrap(), ["a/one"]),
                    false => assert!(got.is_err(), "{at} of {}: {got:?}", all.len()),
                }
            }
            // A whole stream around a text that was cut off before.
            assert!(ids(&pack(&RECORDS[..RECORDS.len() - 5])).unwrap_err().contains("line 2"));
        }
    }

    #[test]
    fn a_bad_line_in_the_middle_and_a_good_one_without_its_end_are_no_cut() {
        assert_eq!(ids(b"{\"id\":\"a/b\"}\n{\"id\":\"c/\n{\"id\":\"e/f\"}").unwrap(), ["a/b", "bad", "e/f"]);
        assert_eq!(ids(b"{\"id\":\"a/b\"}\n{\"id\":\"c/\n").unwrap(), ["a/b", "bad"]);
        assert_eq!(ids(b"{\"id\":\"a/b\"}\n{\"id\":7}\t \r").unwrap(), ["a/b", "bad"]);
        assert_eq!(ids(b"{\"id\":\"a/b\"}\n   ").unwrap(), ["a/b"]);
        // Too deep is bad and not cut off, however deep.
        let deep = format!("{{\"id\":\"a/b\"}}\n{{\"id\":\"c/d\",\"x\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(ids(deep.as_bytes()).unwrap(), ["a/b", "bad"]);
        assert!(ids(b"{\"id\":\"a/b\"}\n(2 rows)").unwrap_err().contains("line 2"));
    }

    #[test]
    fn a_list_without_its_end_is_refused() {
        let list = br#"[{"id":"a/b","x":[1]},{"id":"c/d"}]"#;
        for at in 1..list.len() {
            let said = ids(&list[..at]).unwrap_err();
            assert!(said.contains("never closes"), "{at}: {said}");
        }
        assert!(ids(b"[{\"id\":\"a/b\"}]\n[{\"id\":\"c/d\"}").unwrap_err().contains("never closes"));
        // An object around the records is refused whole, and so is its beginning.
        let object = br#"{"models":[{"id":"a/b"},{"id":"c/d"}]}"#;
        for at in 1..=object.len() {
            let said = ids(&object[..at]).unwrap_err();
            assert_eq!(said.contains("the file is truncated"), at < object.len(), "{at}: {said}");
        }
    }

    #[test]
    fn a_file_of_cards_cut_off_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cards.jsonl");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            let mut cards = 0;
            read_cards("cards.jsonl", &path, |item| {
                cards += usize::from(item.is_ok());
                Ok(())
            })
            .map(|()| cards)
            .map_err(|e| e.to_string())
        };
        let text = "{\"id\":\"a/b\",\"card\":\"# B\"}\n{\"id\":\"a/c\",\"card\":\"# C\\n8 kWh\"}";
        assert_eq!((read(text), read(&format!("{text}\n{{bad\n"))), (Ok(2), Ok(2)));
        let said = read(&text[..text.len() - 4]).unwrap_err();
        assert!(said.contains("truncated") && said.contains("cards.jsonl line 2"), "{said}");
    }
}
