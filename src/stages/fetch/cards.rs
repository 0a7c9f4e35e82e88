//! The cards of the cohort from the live Hub, those that changed since they were fetched last.

use super::{client, patience};
use crate::domain::source::CohortMetric;
use crate::engine::Spinner;
use crate::error::{Error, IoContext, Result};
use crate::hub::files::decode;
use crate::hub::live::cards::{self, CardCounts, CardLine, MAX_CARD_BYTES, Outcome, Wanted};
use crate::hub::live::client::Caps;
use crate::hub::live::environment::Environment;
use crate::hub::live::fetch::Fetcher;
use crate::hub::live::replay::Recording;
use crate::hub::live::store::Store;
use crate::store::write_atomically;
use fs_err as fs;
use serde::Deserialize;
use std::path::{Path, PathBuf};

pub(super) fn card_index(hub: &Path) -> PathBuf {
    hub.join("cards").join("index.jsonl")
}

/// The file of the cohort's cards.
const CARDS_FILE: &str = "cards.jsonl";

/// Whose cards are fetched.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Cohort {
    /// Which download count.
    pub metric: CohortMetric,
    /// Strictly more than this.
    pub min: i64,
}

/// The cards fetched before.
pub(super) fn recorded_cards(hub: &Path) -> Option<PathBuf> {
    Some(hub.join(CARDS_FILE)).filter(|file| file.exists())
}

/// What of a record decides whether its card is wanted.
#[derive(Deserialize)]
struct Candidate {
    id: Option<String>,
    sha: Option<String>,
    downloads: Option<f64>,
    #[serde(rename = "downloadsAllTime")]
    downloads_all_time: Option<f64>,
}

impl Candidate {
    fn wanted(raw: &str, cohort: &Cohort) -> Option<Wanted> {
        let record: Self = serde_json::from_str(raw).ok()?;
        let downloads = match cohort.metric {
            CohortMetric::DownloadsAllTime => record.downloads_all_time,
            CohortMetric::Downloads30d => record.downloads,
        };
        #[allow(clippy::cast_precision_loss)] // Download counts stay far below 2^53.
        let is_in = downloads.is_some_and(|d| d > cohort.min as f64);
        Some(Wanted { id: record.id.filter(|_| is_in)?, sha: record.sha })
    }
}

/// Fetches the cards of the cohort that changed, and writes those that are there as the file that ingest reads.
pub(super) fn fetch_cohort_cards(
    cohort: &Cohort,
    patience_s: u64,
    hub: &Path,
    journal: &Path,
    interactive: bool,
) -> Result<Option<PathBuf>> {
    let environment = Environment::from_process(hub)?;
    if environment.offline {
        return Ok(recorded_cards(hub));
    }
    let file = hub.join(CARDS_FILE);
    let store = Store::open(hub)?;
    let mut wanted: Vec<Wanted> = Vec::new();
    Recording::open(&store, journal)?.each_record(|_, raw| {
        wanted.extend(Candidate::wanted(raw, cohort));
        Ok(())
    })?;
    wanted.sort_by(|a, b| a.id.cmp(&b.id));
    let index = card_index(hub);
    if let Some(dir) = index.parent() {
        fs::create_dir_all(dir).at_path("cannot create", dir)?;
    }
    let client = client(&environment, Caps { max_body: MAX_CARD_BYTES, ..Caps::default() })?;
    let mut fetcher = Fetcher::new(&client, patience(patience_s));
    let progress = Spinner::new(interactive);
    let of = wanted.len();
    let counts = cards::fetch(&mut fetcher, &environment, &store, &index, &wanted, &mut |done| {
        progress.tell(|| format!("fetching cards: {done} of {of}"));
        Ok(())
    })?;
    drop(progress);
    let CardCounts { fetched, unchanged, gated, removed, renamed, oversized, refused } = counts;
    tracing::info!(fetched, unchanged, gated, removed, renamed, oversized, refused, "cards of the cohort");
    write_cards(&file, &store, &index, &wanted)?;
    Ok(recorded_cards(hub))
}

/// The cards as JSON Lines of `{id, card}`, by id: what two nights with the same cards write is the same file.
fn write_cards(file: &Path, store: &Store, index: &Path, wanted: &[Wanted]) -> Result<()> {
    let lines = cards::read_index(index)?;
    let (mut text, mut broken): (Vec<u8>, Option<(u64, String)>) = (Vec::new(), None);
    for want in wanted {
        let held = |line: &&CardLine| matches!(line.outcome, Outcome::Fetched { .. } | Outcome::Renamed { .. });
        let Some(line) = lines.get(&want.id).filter(held) else { continue };
        let body = cards::body(store, line)?;
        let card = decode(&body);
        if card.bad > 0 {
            broken.get_or_insert_with(|| (0, want.id.clone())).0 += 1;
        }
        // Without its words a card says nothing, and what is left of it may say something else.
        if !card.is_readable() {
            continue;
        }
        serde_json::to_writer(&mut text, &serde_json::json!({"id": want.id, "card": card.text}))
            .map_err(|e| Error::Internal(format!("a card as JSON: {e}")))?;
        text.push(b'\n');
    }
    if let Some((cards, example)) = broken {
        tracing::warn!(
            cards,
            example,
            "cards that are not UTF-8: read with a sign in place of a few bytes, and left out where it is more"
        );
    }
    if text.is_empty() && file.exists() {
        return fs::remove_file(file).at_path("cannot remove", file);
    }
    if text.is_empty() {
        return Ok(());
    }
    // The file is another every night; snapshots are rebuilt from the one they were made from.
    store.put(&text)?;
    write_atomically(file, &text)
}
