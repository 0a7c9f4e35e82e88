//! A recorded crawl as a source file: the journal names the pages, the store holds them.

use super::source::{Block, SourceFile};
use crate::error::{Error, Result};
use crate::hub::live::head::Head;
use crate::hub::live::replay::{Recording, Tally, records};
use crate::hub::live::store::Store;
use crate::hub::record::{Parsed, parse_json_record};
use crate::tables::io::sha256_bytes;
use rayon::prelude::*;
use std::path::Path;

/// How a journal begins.
pub(super) const FIRST_LINE: &[u8] = b"{\"line\":\"start\"";
/// Name of every recording as a source: two crawls of one Hub are one input, whatever their files are called.
pub const NAME: &str = "hub-listing";

/// Opens the recording whose journal is at `path`; its store is in a directory above.
///
/// # Errors
/// The crawl is not complete, or the store is missing.
pub fn open_recording(path: &Path) -> Result<Recording> {
    let real = std::fs::canonicalize(path).map_err(|e| Error::io("cannot read", path, e))?;
    let Some(dir) = real.ancestors().skip(1).find(|dir| dir.join("objects").is_dir()) else {
        return Err(Error::input(
            "the pages of this crawl are missing: no directory objects/ above the journal",
            path.display(),
            "move the journal and its store together",
        ));
    };
    Recording::open(&Store::open(dir)?, &real)
}

/// SHA-256 over the digests of the pages, in order: the content of a recording without its times.
///
/// # Errors
/// As [`open_recording`].
pub fn recording_digest(path: &Path) -> Result<String> {
    let pages: Vec<String> = open_recording(path)?.page_digests().map(str::to_owned).collect();
    Ok(sha256_bytes(pages.join("\n").as_bytes()))
}

/// Streams the records page by page to `sink`, the first of each `_id` only. Returns the keys met that this version does not know.
///
/// # Errors
/// A page is missing or damaged.
pub fn read_recording(file: &SourceFile, mut sink: impl FnMut(Block) -> Result<()>) -> Result<Vec<String>> {
    let mut tally = Tally::default();
    let mut unknown = std::collections::BTreeSet::new();
    let mut position = 0;
    for (page, body) in open_recording(&file.path)?.pages().enumerate() {
        let body = body?;
        let all = records(&body)?;
        // Which come first is decided in order; parsing is not.
        let first: Vec<(usize, &str)> = all
            .iter()
            .enumerate()
            .map(|(item, raw)| (item, raw.get()))
            .filter(|(_, raw)| tally.first_seen(&Head::parse(raw), raw))
            .collect();
        let parsed: Vec<Parsed> = first
            .par_iter()
            .map(|(item, raw)| parse_json_record(raw.as_bytes(), &format!("{NAME}:page {} item {}", page + 1, item + 1)))
            .collect();
        unknown.extend(parsed.iter().flat_map(|p| p.unknown_keys.iter().cloned()));
        position += body.len() as u64;
        sink(Block { records: parsed, bytes_read: position })?;
    }
    Ok(unknown.into_iter().collect())
}
