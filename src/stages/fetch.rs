//! Before ingest: from `[source]` and `[cards]` to files it reads: fetch what is due, resume what was interrupted, or name what is held.
//!
//! Everything lives below one directory, `<data-dir>/hub`: `objects/` holds page bodies and cards by digest, `recordings/<time>/` the
//! journals of a crawl or an update, of which the newest complete one is read, `cards.jsonl` the cards of the cohort as the stages read
//! them. Times decide only what is fetched when; no output holds them.

use crate::config::{CohortConfig, CohortMetric, Config, PinnedSource, SourceConfig, SourceKind};
use crate::error::{Error, IoContext, Result};
use crate::hub::live::cards::{self, CardLine, MAX_CARD_BYTES, Outcome, Wanted};
use crate::hub::live::client::{Caps, Client};
use crate::hub::live::clock::SystemClock;
use crate::hub::live::crawl::{Step, crawl};
use crate::hub::live::dataset;
use crate::hub::live::environment::Environment;
use crate::hub::live::fetch::{Fetcher, Patience};
use crate::hub::live::incremental::{Plan, update};
use crate::hub::live::journal::read_journal;
use crate::hub::live::line::Line;
use crate::hub::live::listing::Listing;
use crate::hub::live::remote::RepoId;
use crate::hub::live::replay::Recording;
use crate::hub::live::store::Store;
use crate::tables::io::write_atomically;
use fs_err as fs;
use serde::Deserialize;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Journals of complete crawls that are kept: the current one and the one before, for an audit of the last snapshot.
const KEPT_RECORDINGS: usize = 2;
/// Longest time between two full crawls: an update cannot see what the Hub changes in a record without a commit.
const FULL_EVERY: Duration = Duration::from_secs(7 * 86_400);
/// Time between two lines of the log while a crawl goes on.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// Whether the network may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Fetch what is due.
    Fetch,
    /// Name what was fetched before.
    Held,
}

/// Sets `source.path` and `cards.path` of a configuration whose source is the live Hub. Where nothing was fetched yet and nothing may
/// be, the path stays unset.
///
/// # Errors
/// The Hub refuses or the patience is over (exit status 4), the disk is full, or `HF_HUB_OFFLINE` is set and nothing is held.
pub fn prepare(config: &mut Config, hub: &Path, mode: Mode, interactive: bool) -> Result<()> {
    match config.source.kind {
        SourceKind::File => {}
        SourceKind::HubListing => {
            if config.source.path.is_none() {
                config.source.path = listing(&config.source, hub, mode, interactive)?;
            }
            if config.cards.fetch && config.cards.path.is_none() {
                config.cards.path = cohort_cards(config, hub, mode, interactive)?;
            }
        }
        SourceKind::HubDataset => {
            if config.source.path.is_none() {
                let pinned = config.source.pinned();
                if let Some(held) = pinned_file("index", &pinned, &config.source, hub, mode, interactive)? {
                    config.source.revision = held.commit;
                    config.source.path = Some(held.path);
                }
            }
        }
    }
    if let (Some(pinned), None) = (config.cards.pinned(), &config.cards.path)
        && let Some(held) = pinned_file("cards", &pinned, &config.source, hub, mode, interactive)?
    {
        config.cards.path = Some(held.path);
    }
    Ok(())
}

fn patience(source: &SourceConfig) -> Patience {
    Patience { patience: Duration::from_secs(source.patience_s), ..Patience::default() }
}

fn client(environment: &Environment, caps: Caps) -> Result<Client> {
    Client::new(environment, caps, Arc::new(SystemClock::default()))
}

fn nothing_held(what: &str) -> Error {
    Error::network(
        format!("HF_HUB_OFFLINE is set, and no {what} was fetched before"),
        "the data directory's hub/",
        "run once with the network, or use source.kind = \"file\"",
    )
}

/// The journal of the listing to read.
fn listing(source: &SourceConfig, hub: &Path, mode: Mode, interactive: bool) -> Result<Option<PathBuf>> {
    let current = current(hub);
    if mode == Mode::Held {
        return Ok(current);
    }
    let environment = Environment::from_process()?;
    if environment.offline {
        return current.map(Some).ok_or_else(|| nothing_held("listing"));
    }
    let unfinished = unfinished(hub, current.as_deref())?;
    if let (Some(journal), None) = (&current, &unfinished)
        && started(journal)?.is_some_and(|at| age(at) < Duration::from_secs(source.max_age_hours * 3_600))
    {
        tracing::info!(max_age_hours = source.max_age_hours, "the recorded listing is recent enough, nothing is fetched");
        return Ok(current);
    }
    let dir = match unfinished {
        Some(dir) => dir,
        None => new_directory(hub)?,
    };
    let client = client(&environment, Caps::default())?;
    let mut fetcher = Fetcher::new(&client, patience(source));
    let store = Store::open(hub)?;
    let journal = take(&mut fetcher, &environment, &store, source, current.as_deref(), &dir, &Progress::new(interactive))?;
    let counts = fetcher.counts();
    tracing::info!(
        requests = counts.requests,
        rate_limited = counts.rate_limited,
        retried = counts.retried,
        waited_s = counts.waited_ms / 1_000,
        "the listing is complete"
    );
    tidy(hub, &store)?;
    Ok(Some(journal))
}

/// The journal of the newest complete recording.
fn current(hub: &Path) -> Option<PathBuf> {
    let complete = |dir: &PathBuf| ["merged.jsonl", "crawl.jsonl"].map(|name| dir.join(name)).into_iter().find(|j| is_complete(j));
    recordings(hub).ok()?.iter().rev().find_map(complete)
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

fn age(at: jiff::Timestamp) -> Duration {
    Duration::try_from(jiff::Timestamp::now().duration_since(at)).unwrap_or_default()
}

fn recordings(hub: &Path) -> Result<Vec<PathBuf>> {
    let dir = hub.join("recordings");
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(&dir).at("cannot list", &dir)? {
        found.push(entry.at("cannot list", &dir)?.path());
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
    let name = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S.%6fZ").to_string();
    let dir = hub.join("recordings").join(name);
    fs::create_dir_all(&dir).at("cannot create", &dir)?;
    Ok(dir)
}

/// Crawls, or updates what is held; goes on with what the directory holds.
fn take(
    fetcher: &mut Fetcher<'_>,
    environment: &Environment,
    store: &Store,
    source: &SourceConfig,
    current: Option<&Path>,
    dir: &Path,
    progress: &Progress,
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
            Ok((_, counts)) => {
                tracing::info!(?counts, "the listing was updated");
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

/// How far a fetch is: a spinner on a terminal, else a line of the log now and then.
struct Progress {
    bar: Option<indicatif::ProgressBar>,
    last: std::sync::Mutex<Instant>,
}

impl Progress {
    fn new(interactive: bool) -> Self {
        Self { bar: interactive.then(indicatif::ProgressBar::new_spinner), last: std::sync::Mutex::new(Instant::now()) }
    }

    fn tell(&self, message: impl FnOnce() -> String) {
        if let Some(bar) = &self.bar {
            bar.set_message(message());
            bar.tick();
        } else if let Ok(mut last) = self.last.lock()
            && last.elapsed() >= LOG_EVERY
        {
            tracing::info!("{}", message());
            *last = Instant::now();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Removes old recordings and what only they held.
fn tidy(hub: &Path, store: &Store) -> Result<()> {
    let all = recordings(hub)?;
    let (old, kept) = all.split_at(all.len().saturating_sub(KEPT_RECORDINGS));
    for dir in old {
        fs::remove_dir_all(dir).at("cannot remove", dir)?;
    }
    let mut keep: HashSet<String> = HashSet::new();
    for dir in kept {
        for name in ["crawl.jsonl", "merged.jsonl", "changed.jsonl", "light.jsonl"] {
            let path = dir.join(name);
            if is_complete(&path) {
                keep.extend(Recording::open(store, &path)?.page_digests().map(str::to_owned));
            }
        }
    }
    if let Ok(index) = cards::read_index(&card_index(hub)) {
        keep.extend(index.values().filter_map(|line| match &line.outcome {
            Outcome::Fetched { sha256, .. } | Outcome::Renamed { sha256, .. } => Some(sha256.clone()),
            _ => None,
        }));
    }
    let removed = store.prune(&keep.iter().map(String::as_str).collect())?;
    tracing::debug!(removed, "objects of old recordings removed");
    Ok(())
}

fn card_index(hub: &Path) -> PathBuf {
    hub.join("cards").join("index.jsonl")
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
    fn wanted(raw: &str, cohort: &CohortConfig) -> Option<Wanted> {
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

/// Fetches the cards of the cohort that changed, and writes those that are held as the file the stages read.
fn cohort_cards(config: &Config, hub: &Path, mode: Mode, interactive: bool) -> Result<Option<PathBuf>> {
    let file = hub.join("cards.jsonl");
    let held = || file.exists().then(|| file.clone());
    let Some(journal) = config.source.path.as_ref().filter(|_| mode == Mode::Fetch) else { return Ok(held()) };
    let environment = Environment::from_process()?;
    if environment.offline {
        return Ok(held());
    }
    let store = Store::open(hub)?;
    let mut wanted: Vec<Wanted> = Vec::new();
    Recording::open(&store, journal)?.each_record(|_, raw| {
        wanted.extend(Candidate::wanted(raw, &config.cohort));
        Ok(())
    })?;
    wanted.sort_by(|a, b| a.id.cmp(&b.id));
    let index = card_index(hub);
    if let Some(dir) = index.parent() {
        fs::create_dir_all(dir).at("cannot create", dir)?;
    }
    let client = client(&environment, Caps { max_body: MAX_CARD_BYTES, ..Caps::default() })?;
    let mut fetcher = Fetcher::new(&client, patience(&config.source));
    let progress = Progress::new(interactive);
    let of = wanted.len();
    let counts = cards::fetch(&mut fetcher, &environment, &store, &index, &wanted, &mut |done| {
        progress.tell(|| format!("fetching cards: {done} of {of}"));
        Ok(())
    })?;
    drop(progress);
    tracing::info!(?counts, "cards of the cohort");
    write_cards(&file, &store, &index, &wanted)?;
    Ok(held())
}

/// The cards as JSON Lines of `{id, card}`, by id: what two nights with the same cards write is the same file.
fn write_cards(file: &Path, store: &Store, index: &Path, wanted: &[Wanted]) -> Result<()> {
    let lines = cards::read_index(index)?;
    let mut text = Vec::new();
    for want in wanted {
        let held = |line: &&CardLine| matches!(line.outcome, Outcome::Fetched { .. } | Outcome::Renamed { .. });
        let Some(line) = lines.get(&want.id).filter(held) else { continue };
        let body = cards::body(store, line)?;
        let card = String::from_utf8_lossy(&body);
        serde_json::to_writer(&mut text, &serde_json::json!({"id": want.id, "card": card}))
            .map_err(|e| Error::Internal(format!("a card as JSON: {e}")))?;
        text.push(b'\n');
    }
    if text.is_empty() && file.exists() {
        return fs::remove_file(file).at("cannot remove", file);
    }
    if text.is_empty() { Ok(()) } else { write_atomically(file, &text) }
}

/// A pinned file that is held: where, and at which commit.
#[derive(Clone, Debug, serde::Serialize, Deserialize)]
struct Held {
    repo: String,
    file: String,
    /// As asked for: a branch, a tag or a commit.
    revision: String,
    commit: Option<String>,
    path: PathBuf,
}

fn pinned_file(
    what: &str,
    pinned: &PinnedSource,
    source: &SourceConfig,
    hub: &Path,
    mode: Mode,
    interactive: bool,
) -> Result<Option<Held>> {
    let note = hub.join(format!("pinned-{what}.json"));
    if mode == Mode::Held {
        let held: Option<Held> = fs::read(&note).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        return Ok(
            held.filter(|h| h.repo == pinned.repo && h.file == pinned.file && h.revision == pinned.revision && h.path.exists())
        );
    }
    let environment = Environment::from_process()?;
    // Offline there is no client: the cache is all there is.
    let client = if environment.offline { None } else { Some(client(&environment, Caps::default())?) };
    let mut fetcher = client.as_ref().map(|client| Fetcher::new(client, patience(source)));
    let repo = RepoId::parse(&pinned.repo)?;
    let teller = Progress::new(interactive);
    let progress = Arc::new(move |done: u64, of: u64| teller.tell(|| format!("downloading: {} of {} MB", done >> 20, of >> 20)));
    let file = dataset::fetch(fetcher.as_mut(), &environment, &repo, &pinned.revision, &pinned.file, patience(source), progress)?;
    tracing::info!(
        repo = pinned.repo,
        commit = file.commit,
        bytes = file.bytes,
        sha256 = file.sha256,
        "pinned file is in the cache"
    );
    fs::create_dir_all(hub).at("cannot create", hub)?;
    let held = Held {
        repo: pinned.repo.clone(),
        file: pinned.file.clone(),
        revision: pinned.revision.clone(),
        commit: Some(file.commit),
        path: file.path,
    };
    let text = serde_json::to_vec_pretty(&held).map_err(|e| Error::Internal(format!("note of a pinned file: {e}")))?;
    write_atomically(&note, &text)?;
    Ok(Some(held))
}
