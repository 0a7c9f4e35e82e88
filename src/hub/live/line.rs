//! The lines of a crawl's journal: what [`crate::hub::live::crawl`] writes and [`crate::hub::live::replay`] reads.

use serde::{Deserialize, Serialize};

/// Version of the journal's lines.
pub const FORMAT: u32 = 1;

/// A line of a crawl's journal. Times are run-log data: nothing published depends on them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum Line {
    /// First line: what is crawled.
    Start {
        /// [`FORMAT`].
        format: u32,
        /// The Hub.
        endpoint: String,
        /// [`Listing::query`], or what else made these pages.
        query: String,
        /// When, RFC 3339.
        started_at: String,
    },
    /// A page that is in the store.
    Page {
        /// Number of the page, from 0.
        seq: u64,
        /// What was asked; never holds a secret.
        url: String,
        /// The next page, unless this is the last.
        next: Option<String>,
        /// SHA-256 of the body: its name in the store.
        sha256: String,
        /// Size of the body in bytes.
        bytes: u64,
        /// Records on it.
        rows: u64,
        /// When, RFC 3339.
        fetched_at: String,
    },
    /// A single record over the size cap, passed by.
    Skipped {
        /// Number of the page, from 0.
        seq: u64,
        /// What was asked.
        url: String,
        /// The next page, unless this is the last.
        next: Option<String>,
        /// When, RFC 3339.
        fetched_at: String,
    },
    /// Last line: the crawl is complete.
    Finish {
        /// When, RFC 3339.
        finished_at: String,
        /// Pages.
        pages: u64,
        /// The counts of everything crawled.
        #[serde(flatten)]
        counts: RecordCounts,
    },
}

/// Counts of a crawl.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordCounts {
    /// Records on all pages.
    pub records: u64,
    /// Different `_id`s among them.
    pub distinct: u64,
    /// Records that came again under an `_id` already seen; the first is kept.
    pub duplicates: u64,
    /// Of these, with other content.
    pub conflicting: u64,
    /// Records over the size cap, passed by.
    pub skipped: u64,
}
