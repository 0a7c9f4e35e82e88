//! What was fetched before and may be needed again: every snapshot that was made from it can be rebuilt as long as it is kept.

use super::cards::{card_index, recorded_cards};
use super::listing::{complete_journal, recordings};
use crate::error::{Error, IoContext, Result};
pub use crate::hub::files::RECORDING_NAME;
use crate::hub::files::recording_digest;
use crate::hub::live::cards::{self, Outcome};
use crate::hub::live::journal::read_journal;
use crate::hub::live::line::Line;
use crate::hub::live::replay::Recording;
use crate::hub::live::store::Store;
use crate::store::{remove_tree, sha256_file};
use fs_err as fs;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Recordings that are kept whatever needs them: the current one and the one before, which an update builds on.
const KEPT_RECORDINGS: usize = 2;

/// Largest page of a crawl that is unpacked: far above the cap on what is fetched (10 MiB), it only stops a planted file.
const MAX_PAGE_BYTES: u64 = 256 << 20;

/// Complete recordings by the digest that manifests know them by.
///
/// # Errors
/// A journal or the directory cannot be read.
pub fn recorded(hub: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let journals = recordings(hub)?.into_iter().filter_map(|dir| complete_journal(&dir));
    journals.map(|journal| Ok((recording_digest(&journal)?, journal))).collect()
}

/// The store of what was fetched; none if nothing was.
///
/// # Errors
/// It cannot be opened.
pub fn fetched(hub: &Path) -> Result<Option<Store>> {
    if hub.join("objects").is_dir() { Store::open(hub).map(Some) } else { Ok(None) }
}

/// Whether all pages of a recording are there.
#[must_use]
pub fn is_whole(store: &Store, journal: &Path) -> bool {
    Recording::open(store, journal).is_ok_and(|recording| recording.page_digests().all(|page| store.path(page).exists()))
}

/// What was removed, or would be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Recordings of crawls.
    pub recordings: u64,
    /// Pages, cards and files of cards.
    pub objects: u64,
    /// Bytes of these.
    pub bytes: u64,
}

/// Removes recordings that no snapshot was made from, and what only they used. With `dry` it only counts. Not while a crawl runs.
///
/// # Errors
/// Something cannot be read or removed.
pub fn prune(hub: &Path, pinned: &BTreeSet<String>, dry: bool) -> Result<Pruned> {
    let Some(store) = fetched(hub)? else { return Ok(Pruned::default()) };
    let all = recordings(hub)?;
    let newest = all.len().saturating_sub(KEPT_RECORDINGS);
    let mut pruned = Pruned::default();
    // Of cards that may be kept by digest, and of those that an update compares with.
    let mut keep: HashSet<String> = pinned.iter().cloned().collect();
    for (at, dir) in all.iter().enumerate() {
        let is_pinned =
            complete_journal(dir).map(|journal| recording_digest(&journal)).transpose()?.is_some_and(|d| pinned.contains(&d));
        if at < newest && !is_pinned {
            pruned.recordings += 1;
            if !dry {
                remove_tree(dir)?;
            }
            continue;
        }
        for name in ["crawl.jsonl", "merged.jsonl", "changed.jsonl", "light.jsonl"] {
            let path = dir.join(name);
            if path.exists() {
                // Of an unfinished one, too: it is going to be resumed.
                keep.extend(read_journal::<Line>(&path)?.into_iter().filter_map(|line| match line {
                    Line::Page { sha256, .. } => Some(sha256),
                    Line::Start { .. } | Line::Skipped { .. } | Line::Finish { .. } => None,
                }));
            }
        }
    }
    if let Ok(index) = cards::read_index(&card_index(hub)) {
        keep.extend(index.values().filter_map(|line| match &line.outcome {
            Outcome::Fetched { sha256, .. } | Outcome::Renamed { sha256, .. } => Some(sha256.clone()),
            _ => None,
        }));
    }
    if let Some(file) = recorded_cards(hub) {
        keep.insert(sha256_file(&file)?);
    }
    let (objects, bytes) = store.prune(&keep.iter().map(String::as_str).collect(), dry)?;
    Ok(Pruned { objects, bytes, ..pruned })
}

/// Names of the two files that a recorded crawl is packed into: its journal, and its pages one behind the other.
#[must_use]
pub fn packed_names(digest: &str) -> [String; 2] {
    [format!("{digest}.journal.jsonl"), format!("{digest}.pages.zst")]
}

/// Name of the file of any other input.
#[must_use]
pub fn file_name(digest: &str) -> String {
    format!("{digest}.input")
}

/// Packs a recorded crawl into two files of a directory.
///
/// # Errors
/// A page is missing, or the files cannot be written.
pub fn pack(store: &Store, journal: &Path, digest: &str, into: &Path) -> Result<()> {
    let [journal_file, pages_file] = packed_names(digest).map(|name| into.join(name));
    fs::copy(journal, &journal_file).at_path("cannot copy", &journal_file)?;
    let mut pages = fs::File::create(&pages_file).at_path("cannot create", &pages_file)?;
    let mut seen = HashSet::new();
    for page in Recording::open(store, journal)?.page_digests() {
        if seen.insert(page.to_owned()) {
            // Each object is a whole zstd frame, so that they may stand one behind the other.
            let object = store.path(page);
            let mut object = fs::File::open(&object).at_path("cannot read", &object)?;
            std::io::copy(&mut object, &mut pages).at_path("cannot write", &pages_file)?;
        }
    }
    Ok(())
}

/// Lays a packed crawl down below `hub` and returns its journal.
///
/// # Errors
/// The files are damaged, or are not the crawl of this digest.
pub fn unpack(journal: &Path, pages: &Path, digest: &str, hub: &Path) -> Result<PathBuf> {
    let damaged = |what: &str| Error::input(what, pages.display(), "download it again; it was uploaded by publish --with-inputs");
    let store = Store::open(hub)?;
    let mut reader = BufReader::new(fs::File::open(pages).at_path("cannot read", pages)?);
    while !reader.fill_buf().at_path("cannot read", pages)?.is_empty() {
        let mut page = Vec::new();
        let mut frame = zstd::Decoder::with_buffer(reader).at_path("cannot read", pages)?.single_frame();
        let length =
            (&mut frame).take(MAX_PAGE_BYTES + 1).read_to_end(&mut page).map_err(|_| damaged("the packed pages are damaged"))?;
        if length as u64 > MAX_PAGE_BYTES {
            return Err(damaged("a packed page is larger than any the Hub sends"));
        }
        store.put(&page)?;
        reader = frame.finish();
    }
    let dir = hub.join("recordings").join(digest);
    fs::create_dir_all(&dir).at_path("cannot create", &dir)?;
    let target = dir.join("crawl.jsonl");
    fs::copy(journal, &target).at_path("cannot copy", &target)?;
    if recording_digest(&target)? != digest || !is_whole(&store, &target) {
        return Err(damaged("the packed crawl is not the pinned one"));
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::live::journal::Journal;
    use crate::hub::live::line::{FORMAT, RecordCounts};

    fn line(seq: u64, sha256: String) -> Line {
        Line::Page { seq, url: "u".into(), next: None, sha256, bytes: 1, rows: 1, fetched_at: "t".into() }
    }

    /// Three pages, one of them twice: packed and unpacked elsewhere they are the same crawl, and damage is seen.
    #[test]
    fn a_packed_crawl_is_the_same_crawl_elsewhere() {
        let [here, packed, there] = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let store = Store::open(here.path()).unwrap();
        let pages = [&b"[{\"id\":\"a/b\"}]"[..], b"[]", b"[{\"id\":\"a/b\"}]"].map(|page| store.put(page).unwrap());
        let journal = here.path().join("recordings/1/crawl.jsonl");
        let (mut lines, _) = Journal::open::<Line>(&journal).unwrap();
        let start = Line::Start { format: FORMAT, endpoint: "e".into(), query: "q".into(), started_at: "t".into() };
        lines.append(&start).unwrap();
        for (seq, page) in (0..).zip(pages) {
            lines.append(&line(seq, page)).unwrap();
        }
        lines.append(&Line::Finish { finished_at: "t".into(), pages: 3, counts: RecordCounts::default() }).unwrap();
        drop(lines);
        let digest = recording_digest(&journal).unwrap();
        pack(&store, &journal, &digest, packed.path()).unwrap();
        let [packed_journal, packed_pages] = packed_names(&digest).map(|name| packed.path().join(name));
        let unpacked = unpack(&packed_journal, &packed_pages, &digest, there.path()).unwrap();
        assert_eq!(recording_digest(&unpacked).unwrap(), digest);
        let bodies = |hub: &Path, journal: &Path| -> Vec<Vec<u8>> {
            Recording::open(&Store::open(hub).unwrap(), journal).unwrap().pages().map(Result::unwrap).collect()
        };
        assert_eq!(bodies(there.path(), &unpacked), bodies(here.path(), &journal));
        assert!(unpack(&packed_journal, &packed_pages, &"0".repeat(64), there.path()).is_err());
        let good = fs::read(&packed_pages).unwrap();
        for cut in [1, good.len() / 2, good.len() - 1] {
            let elsewhere = tempfile::tempdir().unwrap();
            fs::write(&packed_pages, &good[..cut]).unwrap();
            assert!(unpack(&packed_journal, &packed_pages, &digest, elsewhere.path()).is_err(), "{cut}");
        }
    }
}
