//! What was fetched before and may be needed again: every snapshot that was made from it can be rebuilt as long as it is kept.

use super::cards::{card_index, recorded_cards};
use super::listing::{complete_journal, recordings};
use crate::error::{IoContext, Result};
use crate::hub::files::recording_digest;
use crate::hub::live::cards::{self, Outcome};
use crate::hub::live::journal::read_journal;
use crate::hub::live::line::Line;
use crate::hub::live::replay::Recording;
use crate::hub::live::store::Store;
use crate::store::sha256_file;
use fs_err as fs;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

/// Recordings that are kept whatever needs them: the current one and the one before, which an update builds on.
const KEPT_RECORDINGS: usize = 2;

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
                fs::remove_dir_all(dir).at_path("cannot remove", dir)?;
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
