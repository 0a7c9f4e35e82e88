//! Reading a crawl back without the network, one page at a time.

use crate::error::{Error, Result};
use crate::hub::live::head::{Head, Key, canonical_digest, fingerprint};
use crate::hub::live::journal::read_journal;
use crate::hub::live::line::{Line, RecordCounts};
use crate::hub::live::store::Store;
use crate::tables::io::hex;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;

/// Which records were seen. 20 bytes a record, so that the whole Hub fits into some 100 MB.
#[derive(Debug, Default)]
pub struct Tally {
    seen: HashMap<Key, u64>,
    counts: RecordCounts,
}

impl Tally {
    /// Counts a record; says whether its `_id` was not seen before.
    pub fn first_seen(&mut self, head: &Head, raw: &str) -> bool {
        self.counts.records += 1;
        let print = fingerprint(raw);
        match self.seen.entry(head.key(raw)) {
            Entry::Vacant(slot) => {
                slot.insert(print);
                self.counts.distinct += 1;
                true
            }
            Entry::Occupied(slot) => {
                self.counts.duplicates += 1;
                self.counts.conflicting += u64::from(*slot.get() != print);
                false
            }
        }
    }

    /// The counts so far.
    #[must_use]
    pub fn counts(&self) -> RecordCounts {
        self.counts
    }
}

/// The records of a page body.
///
/// # Errors
/// It is not a JSON array, which the client has checked before it was stored.
pub fn records(body: &[u8]) -> Result<Vec<&RawValue>> {
    serde_json::from_slice(body).map_err(|e| Error::Internal(format!("a stored page is not a JSON array: {e}")))
}

/// A recorded crawl.
#[derive(Clone, Debug)]
pub struct Recording {
    store: Store,
    lines: Vec<Line>,
}

impl Recording {
    /// Opens the crawl whose journal is at `path`.
    ///
    /// # Errors
    /// There is none, it is damaged, or it is not complete.
    pub fn open(store: &Store, path: &Path) -> Result<Self> {
        let lines: Vec<Line> = read_journal(path)?;
        if !matches!(lines.last(), Some(Line::Finish { .. })) {
            return Err(Error::input(
                "the crawl is not complete",
                path.display(),
                "run `hugging-carbon ingest` with the same source to complete it",
            ));
        }
        Ok(Self { store: store.clone(), lines })
    }

    /// When the crawl began, RFC 3339.
    #[must_use]
    pub fn started_at(&self) -> Option<&str> {
        self.lines.iter().find_map(|line| match line {
            Line::Start { started_at, .. } => Some(started_at.as_str()),
            _ => None,
        })
    }

    /// What was crawled: [`crate::hub::live::listing::Listing::query`].
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.lines.iter().find_map(|line| match line {
            Line::Start { query, .. } => Some(query.as_str()),
            _ => None,
        })
    }

    /// Pages in order, as SHA-256 of their bodies.
    pub fn page_digests(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter_map(|line| match line {
            Line::Page { sha256, .. } => Some(sha256.as_str()),
            _ => None,
        })
    }

    /// Size of all page bodies in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.lines.iter().map(|line| if let Line::Page { bytes, .. } = line { *bytes } else { 0 }).sum()
    }

    /// The raw page bodies in order, byte for byte as they came. One is in memory at a time.
    ///
    /// # Errors
    /// Each item: the body is missing or damaged.
    pub fn pages(&self) -> impl Iterator<Item = Result<Vec<u8>>> {
        self.page_digests().map(|sha256| self.store.get(sha256))
    }

    /// Hands every record to `sink`, the first of each `_id` only.
    ///
    /// # Errors
    /// A body is missing or damaged, or `sink` fails.
    pub fn each_record(&self, mut sink: impl FnMut(&Head, &str) -> Result<()>) -> Result<RecordCounts> {
        let mut tally = Tally::default();
        for page in self.pages() {
            for record in records(&page?)? {
                let head = Head::parse(record.get());
                if tally.first_seen(&head, record.get()) {
                    sink(&head, record.get())?;
                }
            }
        }
        Ok(tally.counts())
    }

    /// SHA-256 over `_id` and canonical digest of every record, sorted by `_id`: equal for two crawls that took the same
    /// records, in whatever order and pages.
    ///
    /// # Errors
    /// A body is missing or damaged.
    pub fn digest(&self) -> Result<String> {
        let mut records: Vec<(Key, [u8; 32])> = Vec::new();
        self.each_record(|head, raw| {
            records.push((head.key(raw), canonical_digest(raw)));
            Ok(())
        })?;
        records.sort_unstable();
        let mut hasher = Sha256::new();
        for (key, digest) in &records {
            hasher.update(key);
            hasher.update(digest);
        }
        Ok(hex(&hasher.finalize()))
    }

    /// The store the pages are in.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }
}
