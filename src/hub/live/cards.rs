//! Model cards: README.md at the commit the listing named, fetched once per commit, with the outcome for every id recorded.

use crate::error::{Error, Result};
use crate::hub::live::client::{Answer, Want};
use crate::hub::live::clock::rfc3339;
use crate::hub::live::environment::Environment;
use crate::hub::live::fetch::{Fetched, Fetcher};
use crate::hub::live::journal::{Journal, read_journal};
use crate::hub::live::store::Store;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use url::Url;

/// Largest card in bytes, unless the client is given another cap: [`crate::hub::live::client::Caps::max_body`].
pub const MAX_CARD_BYTES: u64 = 1 << 20;

/// A card that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The model.
    pub id: String,
    /// Its commit; without one the card is taken from `main`, anew each time.
    pub sha: Option<String>,
}

/// What came of asking for a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It is in the store.
    Fetched {
        /// SHA-256 of the card: its name in the store.
        sha256: String,
        /// Size in bytes.
        bytes: u64,
    },
    /// The repository has another name now, under which the card was fetched.
    Renamed {
        /// The new name.
        to: String,
        /// SHA-256 of the card.
        sha256: String,
        /// Size in bytes.
        bytes: u64,
    },
    /// Behind a gate that this token does not open.
    Gated,
    /// No such repository, commit or file any more.
    Removed {
        /// The Hub's reason, such as `EntryNotFound`.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// Over the size cap.
    Oversized,
    /// Another answer that does not change by asking again.
    Refused {
        /// HTTP status, if it came to one.
        status: Option<u16>,
    },
}

/// A line of the index `cards.jsonl`; the last line of an id counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardLine {
    /// The model.
    pub id: String,
    /// The commit that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha: Option<String>,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// When, RFC 3339: run-log data.
    pub fetched_at: String,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CardCounts {
    /// Fetched.
    pub fetched: u64,
    /// Held already for this commit: not asked for.
    pub unchanged: u64,
    /// Gated.
    pub gated: u64,
    /// Removed.
    pub removed: u64,
    /// Fetched under a new name.
    pub renamed: u64,
    /// Over the cap.
    pub oversized: u64,
    /// Refused in another way.
    pub refused: u64,
}

/// Fetches the cards in `wanted` that the index at `index_path` does not hold for their commit. `fetcher` must be one of its own:
/// the Hub counts file requests apart from its API. `observer` is told how many are done.
///
/// # Errors
/// The patience is over or the token is not accepted (exit status 4, everything so far kept), the index is damaged, or the disk is full. What the Hub says
/// about a single card is an outcome and no error.
pub fn fetch(
    fetcher: &mut Fetcher<'_>,
    environment: &Environment,
    store: &Store,
    index_path: &Path,
    wanted: &[Wanted],
    observer: &mut dyn FnMut(u64) -> Result<()>,
) -> Result<CardCounts> {
    let (mut journal, lines) = Journal::open::<CardLine>(index_path)?;
    let mut held: HashMap<String, CardLine> = lines.into_iter().map(|line| (line.id.clone(), line)).collect();
    let mut counts = CardCounts::default();
    for (done, want) in wanted.iter().enumerate() {
        observer(done as u64)?;
        if held.get(&want.id).is_some_and(|line| is_current(line, want, store)) {
            counts.unchanged += 1;
            continue;
        }
        let outcome = fetch_one(fetcher, environment, store, want)?;
        counts.add(&outcome);
        let fetched_at = rfc3339(fetcher.client().clock().calendar());
        let line = CardLine { id: want.id.clone(), sha: want.sha.clone(), outcome, fetched_at };
        journal.append(&line)?;
        held.insert(want.id.clone(), line);
    }
    Ok(counts)
}

/// The cards an index holds: id to line, the last line of each.
///
/// # Errors
/// The index cannot be read or is damaged.
pub fn read_index(index_path: &Path) -> Result<BTreeMap<String, CardLine>> {
    Ok(read_journal::<CardLine>(index_path)?.into_iter().map(|line| (line.id.clone(), line)).collect())
}

/// Whether asking again would give what is held. A gate may open, so that gated cards are asked for again.
fn is_current(line: &CardLine, want: &Wanted, store: &Store) -> bool {
    want.sha.is_some()
        && line.sha == want.sha
        && match &line.outcome {
            Outcome::Fetched { sha256, .. } | Outcome::Renamed { sha256, .. } => store.path(sha256).exists(),
            Outcome::Removed { .. } | Outcome::Oversized => true,
            Outcome::Gated | Outcome::Refused { .. } => false,
        }
}

impl CardCounts {
    fn add(&mut self, outcome: &Outcome) {
        *match outcome {
            Outcome::Fetched { .. } => &mut self.fetched,
            Outcome::Renamed { .. } => &mut self.renamed,
            Outcome::Gated => &mut self.gated,
            Outcome::Removed { .. } => &mut self.removed,
            Outcome::Oversized => &mut self.oversized,
            Outcome::Refused { .. } => &mut self.refused,
        } += 1;
    }
}

fn fetch_one(fetcher: &mut Fetcher<'_>, environment: &Environment, store: &Store, want: &Wanted) -> Result<Outcome> {
    let revision = want.sha.as_deref().unwrap_or("main");
    // Ids come from the listing, which is input: one with dots or empty parts would point elsewhere on the Hub.
    let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    if !want.id.split('/').chain([revision]).all(is_plain) || want.id.split('/').count() > 2 {
        return Ok(Outcome::Refused { status: None });
    }
    let url = environment.url(&[&want.id, "resolve", revision, "README.md"])?;
    Ok(match fetcher.fetch(&url, Want::Bytes)? {
        Fetched::Answer(answer) => stored(environment, store, want, answer)?,
        Fetched::TooLarge { .. } => Outcome::Oversized,
        Fetched::Refused(refusal) if refusal.is_gone() => Outcome::Removed { code: refusal.code },
        Fetched::Refused(refusal) if refusal.is_gated(fetcher.client().has_token()) => Outcome::Gated,
        // A token that is not accepted would make the whole cohort look gated.
        Fetched::Refused(refusal) if refusal.status == Some(401) => return Err(fetcher.refusal(refusal, &url)),
        Fetched::Refused(refusal) => Outcome::Refused { status: refusal.status },
    })
}

fn stored(environment: &Environment, store: &Store, want: &Wanted, answer: Answer) -> Result<Outcome> {
    let bytes = answer.body.len() as u64;
    let sha256 = store.put(&answer.body)?;
    let new_name = answer.redirects.iter().rev().find_map(|url| repository_of(url, &environment.endpoint));
    Ok(match new_name {
        Some(to) if to != want.id => Outcome::Renamed { to, sha256, bytes },
        _ => Outcome::Fetched { sha256, bytes },
    })
}

/// The repository that a file URL of this Hub names: `/{id}/resolve/...` or `/api/resolve-cache/models/{id}/...`.
fn repository_of(url: &Url, endpoint: &Url) -> Option<String> {
    if !crate::hub::live::token::same_origin(url, endpoint) {
        return None;
    }
    let path = url.path().strip_prefix(endpoint.path().trim_end_matches('/')).unwrap_or(url.path());
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match segments.as_slice() {
        ["api", "resolve-cache", "models", owner, name, _, ..] => Some(format!("{owner}/{name}")),
        [owner, name, "resolve", ..] => Some(format!("{owner}/{name}")),
        [name, "resolve", ..] => Some((*name).to_owned()),
        _ => None,
    }
}

/// The body of a card.
///
/// # Errors
/// The line holds none, or the store has lost it.
pub fn body(store: &Store, line: &CardLine) -> Result<Vec<u8>> {
    match &line.outcome {
        Outcome::Fetched { sha256, .. } | Outcome::Renamed { sha256, .. } => store.get(sha256),
        _ => Err(Error::Internal(format!("{} has no card", line.id))),
    }
}
