//! Formats that are known by their first bytes and not read: what they are called, and the way out of them.

use crate::hub::record::same_key;

/// Why a file has no kind that is read here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    /// What is wrong with it.
    pub(super) reason: String,
    /// The way out.
    pub(super) remedy: &'static str,
    /// Whether records may be in it that are not read.
    pub(super) is_loss: bool,
}

/// What to give instead, where nothing better is known.
const NAME_AN_INDEX: &str = "name a .parquet, .json, .jsonl, .jsonl.gz or .jsonl.zst file, or a directory with such files";
/// What stands for a file that was not fetched.
pub(super) const LFS_POINTER: &str = "a pointer of Git LFS and not the file itself";
/// Way out of a pointer.
pub(super) const FETCH_LFS: &str = "fetch the file: git lfs pull, or hf download";
/// Way out of a compression or an archive.
pub(super) const UNPACK: &str =
    "unpack it and name the .parquet, .json or .jsonl inside; .gz and .zst of JSON are read as they are";
/// Way out of another table format.
const AS_PARQUET: &str = "write it as Parquet first (DuckDB, pandas, polars or pyarrow read it and write Parquet)";

/// Where the bytes of a format stand, the bytes, its name and the way out.
type Format = (usize, &'static [u8], &'static str, &'static str);

/// The formats; of two that fit the first counts.
const FORMATS: &[Format] = &[
    (
        0,
        b"ARROW1",
        "an Arrow or Feather file",
        "write it as Parquet: pyarrow.parquet.write_table(pyarrow.feather.read_table(FILE), 'models.parquet')",
    ),
    (
        0,
        b"FEA1",
        "a Feather file of version 1",
        "write it as Parquet: pyarrow.parquet.write_table(pyarrow.feather.read_table(FILE), 'models.parquet')",
    ),
    (
        0,
        b"\xff\xff\xff\xff",
        "a stream of Arrow record batches",
        "write it as Parquet: pyarrow.parquet.write_table(pyarrow.ipc.open_stream(FILE).read_all(), 'models.parquet')",
    ),
    (0, b"Obj\x01", "an Avro file", AS_PARQUET),
    (0, b"ORC", "an ORC file", "write it as Parquet: pyarrow.parquet.write_table(pyarrow.orc.read_table(FILE), 'models.parquet')"),
    (
        0,
        b"SQLite format 3\0",
        "an SQLite database",
        "write the table as Parquet: duckdb -c \"install sqlite; attach 'FILE' as db (type sqlite); copy db.TABLE to 'models.parquet'\"",
    ),
    (8, b"DUCK", "a DuckDB database", "write the table as Parquet: duckdb FILE -c \"copy TABLE to 'models.parquet'\""),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel or Office file", AS_PARQUET),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file", AS_PARQUET),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (0, b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (0, b"\xfd7zXZ\0", "an xz file", UNPACK),
    (0, b"BZh", "a bzip2 file", UNPACK),
    (0, b"\x04\x22\x4d\x18", "an LZ4 file", UNPACK),
    (0, b"\xff\x06\0\0sNaPpY", "a Snappy file", UNPACK),
    (257, b"ustar", "a tar archive", UNPACK),
    (0, b"\x80\x02", "a Python pickle", AS_PARQUET),
    (0, b"\x80\x03", "a Python pickle", AS_PARQUET),
    (0, b"\x80\x04", "a Python pickle", AS_PARQUET),
    (0, b"\x80\x05", "a Python pickle", AS_PARQUET),
    (0, b"\x1e", "a JSON text sequence (RFC 7464)", "take the record separators out: tr -d '\\036' < FILE > models.jsonl"),
    (0, b"%PDF-", "a PDF", NAME_AN_INDEX),
    (0, b"version https://git-lfs", LFS_POINTER, FETCH_LFS),
    (0, b"\xff\xfe", "text in UTF-16", "write it in UTF-8: iconv -f UTF-16 -t UTF-8 FILE; PowerShell: Out-File -Encoding utf8"),
    (0, b"\xfe\xff", "text in UTF-16", "write it in UTF-8: iconv -f UTF-16 -t UTF-8 FILE; PowerShell: Out-File -Encoding utf8"),
];

/// Beginnings of the local header of a ZIP archive, and of an empty one.
const ZIP: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

/// What a file is that is neither Parquet nor JSON, by its first bytes; `is_inside` says that a compression was taken off before.
pub(super) fn unreadable(head: &[u8], is_inside: bool) -> Unreadable {
    let (what, remedy) = named(head, is_inside)
        .unwrap_or(("neither Parquet nor JSON: the content starts with neither PAR1, '{' nor '['", NAME_AN_INDEX));
    let is_unknown = what.starts_with("neither");
    let inside = if is_inside { "inside the compression: " } else { "" };
    let not_read = if is_unknown { "" } else { ", which is not read" };
    Unreadable { reason: format!("{inside}{what}{not_read}"), remedy, is_loss: !is_unknown }
}

/// An empty file.
pub(super) fn empty() -> Unreadable {
    Unreadable {
        reason: "the file is empty".to_owned(),
        remedy: "fetch it again, or name a .parquet, .json, .jsonl, .jsonl.gz or .jsonl.zst file",
        is_loss: true,
    }
}

fn named(head: &[u8], is_inside: bool) -> Option<(&'static str, &'static str)> {
    if is_inside && head.starts_with(b"PAR1") {
        return Some(("Parquet", "take the compression off: Parquet compresses its own pages"));
    }
    if ZIP.iter().any(|start| head.starts_with(start)) {
        return Some(zipped(head));
    }
    // "ORC" begins a word as well.
    let is_word = |magic: &[u8]| magic.len() == 3 && head.get(3).is_some_and(|b| b.is_ascii_alphabetic() || *b == b' ');
    let fits = |(at, magic, _, _): &&Format| head.get(*at..).is_some_and(|rest| rest.starts_with(magic)) && !is_word(magic);
    FORMATS.iter().find(fits).map(|(_, _, what, remedy)| (*what, *remedy)).or_else(|| as_text(head))
}

/// Whether an archive is a workbook, by the names of its first files.
fn zipped(head: &[u8]) -> (&'static str, &'static str) {
    let has = |name: &[u8]| head.windows(name.len()).any(|w| w == name);
    if has(b"xl/") || has(b"[Content_Types].xml") {
        ("an Excel workbook", "write the sheet as Parquet: pandas.read_excel(FILE).to_parquet('models.parquet')")
    } else if has(b"opendocument") {
        ("an OpenDocument file", AS_PARQUET)
    } else {
        ("a ZIP archive", UNPACK)
    }
}

/// Texts that are no JSON: pages, and tables with separators.
fn as_text(head: &[u8]) -> Option<(&'static str, &'static str)> {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let starts = |with: &str| text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    if starts("<!doctype html") || starts("<html") {
        return Some(("a web page", "fetch the file itself: on the Hub, its address has /resolve/ and not /blob/"));
    }
    let header = text.lines().next().unwrap_or_default();
    let has_id = |separator: char| {
        let mut cells = header.split(separator).map(|cell| cell.trim().trim_matches('"'));
        header.contains(separator) && cells.any(|cell| same_key(cell, "id") || same_key(cell, "modelId"))
    };
    [',', ';', '\t', '|'].into_iter().any(has_id).then_some((
        "a table with separators (CSV or TSV)",
        "write it as Parquet or JSON Lines, with lists and nested values as such: a CSV holds neither",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_formats_are_named_with_their_way_out() {
        let mut tar = b"models.jsonl".to_vec();
        tar.resize(257, 0);
        tar.extend_from_slice(b"ustar\x0000");
        for (head, what, way_out) in [
            (
                &b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\x13\0\0\0[Content_Types].xml"[..],
                "an Excel workbook",
                "read_excel",
            ),
            (b"PK\x03\x04\x14\0\0\0models.jsonl", "a ZIP archive", "unpack"),
            (b"ARROW1\0\0", "an Arrow or Feather file", "feather"),
            (b"\xff\xff\xff\xff\x10\0\0\0", "a stream of Arrow", "open_stream"),
            (b"Obj\x01\x04\x16avro.schema", "an Avro file", "Parquet"),
            (b"ORC\x08\x03", "an ORC file", "read_table"),
            (b"SQLite format 3\0\x10\0", "an SQLite database", "attach"),
            (b"7z\xbc\xaf\x27\x1c\0\x04", "a 7z archive", "unpack"),
            (b"\xfd7zXZ\0\0\x04", "an xz file", "unpack"),
            (b"BZh91AY&SY", "a bzip2 file", "unpack"),
            (&tar, "a tar archive", "unpack"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n", "Git LFS", "git lfs pull"),
            (b"\xff\xfe{\0\"\0", "text in UTF-16", "iconv"),
            (b"<!DOCTYPE html>\n<html>", "a web page", "/resolve/"),
            (b"id,author,downloads\na/b,a,3\n", "CSV", "nested"),
            (b"\x1e{\"id\":\"a/b\"}", "a JSON text sequence", "tr -d '\\036'"),
            (b"hello", "neither Parquet nor JSON", "name a .parquet"),
        ] {
            let Unreadable { reason, remedy, .. } = unreadable(head, false);
            assert!(reason.contains(what) && remedy.contains(way_out), "{reason}: {remedy}");
            assert_eq!(reason.contains("not read"), what != "neither Parquet nor JSON", "{reason}");
        }
        assert!(unreadable(&tar, true).reason.starts_with("inside the compression: a tar archive"));
        assert!(unreadable(b"PAR1\x15", true).reason.contains("Parquet, which is not read"));
    }
}
