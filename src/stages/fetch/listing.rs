//! The listing of the live Hub: crawled, updated or resumed into a recording.
//!
//! `<data-dir>/hub/objects/` keeps page bodies and cards by digest, `recordings/<time>/` the journals of a crawl or an update, of which the
//! newest complete one is read. Times decide only what is fetched when; no output contains them.

use super::{ListingSettings, client, nothing_fetched, patience};
use crate::engine::Spinner;
use crate::error::{Error, IoContext, Result};
use crate::hub::live::client::Caps;
use crate::hub::live::crawl::{Step, crawl};
use crate::hub::live::environment::Environment;
use crate::hub::live::fetch::Fetcher;
use crate::hub::live::incremental::{Plan, UpdateCounts, update};
use crate::hub::live::journal::read_journal;
use crate::hub::live::line::Line;
use crate::hub::live::listing::Listing;
use crate::hub::live::replay::Recording;
use crate::hub::live::store::Store;
use crate::store::write_atomically;
use fs_err as fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest time between two full crawls: an update cannot see what the Hub changes in a record without a commit.
const FULL_EVERY: Duration = Duration::from_secs(7 * 86_400);

/// The journal of the listing to read.
pub(super) fn fetch_listing(source: &ListingSettings, hub: &Path, interactive: bool) -> Result<PathBuf> {
    let current = recorded_listing(hub);
    let environment = Environment::from_process(hub)?;
    if environment.offline {
        return current.ok_or_else(|| nothing_fetched("listing"));
    }
    let unfinished = unfinished(hub, current.as_deref())?;
    if let (Some(journal), None) = (&current, &unfinished)
        && started(journal)?.is_some_and(|at| age(at) < Duration::from_secs(source.max_age_hours * 3_600))
    {
        tracing::info!(max_age_hours = source.max_age_hours, "the recorded listing is recent enough, nothing is fetched");
        return Ok(journal.clone());
    }
    let dir = match unfinished {
        Some(dir) => dir,
        None => new_directory(hub)?,
    };
    let client = client(&environment, Caps::default())?;
    let mut fetcher = Fetcher::new(&client, patience(source.patience_s));
    let store = Store::open(hub)?;
    let journal =
        crawl_or_update(&mut fetcher, &environment, &store, source, current.as_deref(), &dir, &Spinner::new(interactive))?;
    let counts = fetcher.counts();
    tracing::info!(
        requests = counts.requests,
        rate_limited = counts.rate_limited,
        retried = counts.retried,
        waited_s = counts.waited_ms / 1_000,
        "the listing is complete"
    );
    Ok(journal)
}

/// The journal of the newest complete recording.
pub(super) fn recorded_listing(hub: &Path) -> Option<PathBuf> {
    recordings(hub).ok()?.iter().rev().find_map(|dir| complete_journal(dir))
}

/// The journal of a recording that is read, if it is complete.
pub(super) fn complete_journal(dir: &Path) -> Option<PathBuf> {
    ["merged.jsonl", "crawl.jsonl"].map(|name| dir.join(name)).into_iter().find(|journal| is_complete(journal))
}

fn is_complete(journal: &Path) -> bool {
    journal.exists() && read_journal::<Line>(journal).is_ok_and(|lines| matches!(lines.last(), Some(Line::Finish { .. })))
}

fn started(journal: &Path) -> Result<Option<jiff::Timestamp>> {
    let lines = read_journal::<Line>(journal)?;
    Ok(lines.iter().find_map(|line| match line {
        Line::Start { started_at, .. } => started_at.parse().ok(),
        _ => None,
    }))
}

/// Time since `at`. What lies in the future was recorded while the clock was wrong: it is as old as can be.
fn age(at: jiff::Timestamp) -> Duration {
    Duration::try_from(jiff::Timestamp::now().duration_since(at)).unwrap_or(Duration::MAX)
}

pub(super) fn recordings(hub: &Path) -> Result<Vec<PathBuf>> {
    let dir = hub.join("recordings");
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(&dir).at_path("cannot list", &dir)? {
        found.push(entry.at_path("cannot list", &dir)?.path());
    }
    found.sort();
    Ok(found)
}

/// The newest directory, if its crawl was interrupted.
fn unfinished(hub: &Path, current: Option<&Path>) -> Result<Option<PathBuf>> {
    let newest = recordings(hub)?.pop();
    Ok(newest.filter(|dir| current.is_none_or(|journal| journal.parent() != Some(dir))))
}

fn new_directory(hub: &Path) -> Result<PathBuf> {
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S.%6fZ").to_string();
    // Names are in the order of the crawls, also when the clock went back.
    let newest = recordings(hub)?.pop().and_then(|dir| Some(dir.file_name()?.to_string_lossy().into_owned()));
    let name = match newest {
        Some(newest) if newest >= now => format!("{newest}+"),
        _ => now,
    };
    let dir = hub.join("recordings").join(name);
    fs::create_dir_all(&dir).at_path("cannot create", &dir)?;
    Ok(dir)
}

/// Crawls, or updates what was recorded; goes on with what the directory has.
fn crawl_or_update(
    fetcher: &mut Fetcher<'_>,
    environment: &Environment,
    store: &Store,
    source: &ListingSettings,
    current: Option<&Path>,
    dir: &Path,
    progress: &Spinner,
) -> Result<PathBuf> {
    let mut observe = |step| {
        if let Step::Recorded { pages, records } = step {
            progress.tell(|| format!("crawling: {pages} pages, {records} records"));
        }
        Ok(())
    };
    let full = dir.join("crawl.jsonl");
    let base = current.filter(|_| source.incremental && !full.exists());
    if let Some(journal) = base
        && let Some(since) = full_since(journal)?.filter(|since| age(*since) < FULL_EVERY)
    {
        let previous = Recording::open(store, journal)?;
        let plan = Plan { limit: source.page_size, ..Plan::new(dir, false) };
        match update(fetcher, environment, store, &previous, &plan, &mut observe) {
            Ok((_, UpdateCounts { alive, held, changed, singles, gone, vanished })) => {
                tracing::info!(alive, held, changed, singles, gone, vanished, "the listing was updated");
                write_atomically(&dir.join("full_since"), since.to_string().as_bytes())?;
                return Ok(dir.join("merged.jsonl"));
            }
            Err(e @ Error::Input { .. }) => tracing::warn!(reason = %e, "no update is possible, everything is crawled"),
            Err(e) => return Err(e),
        }
    }
    let listing = Listing { limit: source.page_size, ..Listing::full(false) };
    let summary = crawl(fetcher, environment, store, &full, &listing, &mut observe)?;
    tracing::info!(pages = summary.pages, records = summary.counts.records, duplicates = summary.counts.duplicates, "crawled");
    Ok(full)
}

/// When the full crawl began that a recording rests on.
fn full_since(journal: &Path) -> Result<Option<jiff::Timestamp>> {
    let noted = journal.with_file_name("full_since");
    match fs::read_to_string(&noted) {
        Ok(text) => Ok(text.trim().parse().ok()),
        Err(_) => started(journal),
    }
}
