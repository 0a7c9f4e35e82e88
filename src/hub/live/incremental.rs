//! Bringing a crawl up to date without taking everything again: the same records as a full crawl of the same Hub.
//!
//! Three passes. *Changed*: everything about what was modified since the previous crawl began, minus an overlap. *Light*: every
//! record that is alive, with all properties that change without a commit ([`crate::hub::record::fields::Listed::Volatile`]); it also decides what has vanished.
//! *Singles*: what is held of a record is sound only if its `lastModified` and `sha` are those of the light pass, for the other
//! properties are functions of the commit; any record for which that does not hold is fetched by its name. So nothing rests on
//! the changed pass being complete: it only saves single requests. The overlap takes again what was committed shortly before the
//! previous crawl, because the Hub reads safetensors and GGUF headers some time after the commit they belong to.

use crate::error::{Error, Result};
use crate::hub::live::client::Want;
use crate::hub::live::clock::rfc3339;
use crate::hub::live::crawl::{Observer, crawl};
use crate::hub::live::environment::Environment;
use crate::hub::live::fetch::{Fetched, Fetcher};
use crate::hub::live::head::{Head, Key};
use crate::hub::live::journal::{Journal, read_journal};
use crate::hub::live::line::{FORMAT, Line};
use crate::hub::live::listing::{Listing, append_expand};
use crate::hub::live::replay::{Recording, Tally};
use crate::hub::live::shelf::{Located, Shelf};
use crate::hub::live::store::Store;
use crate::hub::record::fields::HubField;
use crate::tables::io::hex;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How an update is made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Directory of the four journals `changed`, `light`, `singles` and `merged`.
    pub dir: PathBuf,
    /// Whether the previous crawl has `siblings`; the update then has them, too.
    pub with_siblings: bool,
    /// Records per page.
    pub limit: u32,
    /// How far before the start of the previous crawl the changed pass reaches back.
    pub overlap: Duration,
    /// Most single requests. More than this, and a full crawl is the cheaper way.
    pub max_singles: u64,
}

impl Plan {
    /// The usual plan, with its journals in `dir`.
    #[must_use]
    pub fn new(dir: &Path, with_siblings: bool) -> Self {
        let overlap = Duration::from_secs(6 * 3_600);
        Self { dir: dir.to_owned(), with_siblings, limit: 1_000, overlap, max_singles: 2_000 }
    }
}

/// What an update found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UpdateCounts {
    /// Records alive.
    pub alive: u64,
    /// Of these, held from the previous crawl, with current volatile properties.
    pub held: u64,
    /// Of these, taken from the changed pass.
    pub changed: u64,
    /// Of these, fetched by name.
    pub singles: u64,
    /// Records of the light pass that were gone when they were fetched.
    pub gone: u64,
    /// Records of the previous crawl that are not alive.
    pub vanished: u64,
}

/// A line of the journal of single requests.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Single {
    /// The record's identity in hex.
    key: String,
    id: String,
    /// Its body in the store; none if the Hub says that it is gone.
    sha256: Option<String>,
    fetched_at: String,
}

/// Updates `previous`. Every pass resumes where a kill left it; for a complete update nothing is asked.
///
/// # Errors
/// As [`crawl`]; more single requests would be needed than the plan allows.
pub fn update(
    fetcher: &mut Fetcher<'_>,
    environment: &Environment,
    store: &Store,
    previous: &Recording,
    plan: &Plan,
    observer: Observer<'_>,
) -> Result<(Recording, UpdateCounts)> {
    let started = previous.started_at().and_then(|t| t.parse::<jiff::Timestamp>().ok());
    let started = started.ok_or_else(|| Error::Internal("a recording without the time it began".into()))?;
    let query = Listing::full(plan.with_siblings).query();
    if previous.query() != Some(&query) {
        return Err(Error::input(
            "the previous crawl took other properties than this one",
            previous.query().unwrap_or("unknown"),
            "make a full crawl; the next update can build on it",
        ));
    }
    let overlap = i64::try_from(plan.overlap.as_millis()).unwrap_or(i64::MAX);
    let until = started.as_millisecond().saturating_sub(overlap);
    let mut pass = |name: &str, listing: Listing| -> Result<Recording> {
        let path = plan.dir.join(format!("{name}.jsonl"));
        crawl(fetcher, environment, store, &path, &Listing { limit: plan.limit, ..listing }, observer)?;
        Recording::open(store, &path)
    };
    let changed = pass("changed", Listing::changed_since(until, plan.with_siblings))?;
    let light = pass("light", Listing::light())?;
    let mut shelf = Shelf::new(store, previous, &changed)?;
    let singles = fetch_singles(fetcher, environment, store, plan, &light, &shelf)?;
    merge(fetcher, environment, store, plan, &light, &mut shelf, &singles)
}

/// Fetches every record of the light pass of which nothing sound is held.
fn fetch_singles(
    fetcher: &mut Fetcher<'_>,
    environment: &Environment,
    store: &Store,
    plan: &Plan,
    light: &Recording,
    shelf: &Shelf<'_>,
) -> Result<HashMap<Key, Option<String>>> {
    let mut wanted: Vec<(Key, String)> = Vec::new();
    light.each_record(|head, raw| {
        let key = head.key(raw);
        // A record without a name cannot be asked for; merge takes it as it is.
        if let (false, Some(id)) = (shelf.holds(&key, head), head.id()) {
            wanted.push((key, id.to_owned()));
        }
        Ok(())
    })?;
    let path = plan.dir.join("singles.jsonl");
    if wanted.len() as u64 > plan.max_singles {
        return Err(Error::input(
            format!("{} records would have to be fetched one by one, more than {}", wanted.len(), plan.max_singles),
            path.display(),
            "make a full crawl instead: it is cheaper now",
        ));
    }
    let (mut journal, lines) = Journal::open::<Single>(&path)?;
    let mut done: HashMap<String, Option<String>> = lines.into_iter().map(|l| (l.key, l.sha256)).collect();
    let expand = Listing::full(plan.with_siblings).expand;
    let mut singles = HashMap::new();
    for (key, id) in wanted {
        let name = hex(&key);
        // A body that is lost is fetched again.
        let known = done.remove(&name).filter(|sha256| sha256.as_ref().is_none_or(|s| store.get(s).is_ok()));
        let sha256 = match known {
            Some(sha256) => sha256,
            None => {
                let sha256 = fetch_single(fetcher, environment, store, &id, &expand)?;
                let fetched_at = rfc3339(fetcher.client().clock().calendar());
                journal.append(&Single { key: name, id, sha256: sha256.clone(), fetched_at })?;
                sha256
            }
        };
        singles.insert(key, sha256);
    }
    Ok(singles)
}

fn fetch_single(
    fetcher: &mut Fetcher<'_>,
    environment: &Environment,
    store: &Store,
    id: &str,
    expand: &[String],
) -> Result<Option<String>> {
    let mut url = environment.url(&["api", "models", id])?;
    append_expand(&mut url, expand);
    match fetcher.fetch(&url, Want::Object)? {
        Fetched::Answer(answer) => store.put(&answer.body).map(Some),
        Fetched::Refused(refusal) if refusal.is_gone() || refusal.is_gated(fetcher.client().has_token()) => Ok(None),
        // A listing passes by what is over the cap, too.
        Fetched::TooLarge { .. } => Ok(None),
        Fetched::Refused(refusal) => Err(fetcher.refusal(refusal, &url)),
    }
}

/// Writes the update as a recording like any other, in the order of the light pass.
fn merge(
    fetcher: &Fetcher<'_>,
    environment: &Environment,
    store: &Store,
    plan: &Plan,
    light: &Recording,
    shelf: &mut Shelf<'_>,
    singles: &HashMap<Key, Option<String>>,
) -> Result<(Recording, UpdateCounts)> {
    let path = plan.dir.join("merged.jsonl");
    let (mut journal, _) = Journal::open::<Line>(&path)?;
    let now = || rfc3339(fetcher.client().clock().calendar());
    // When the next update's changed pass has to begin: at the first pass of this one.
    let started_at = read_journal::<Line>(&plan.dir.join("changed.jsonl"))?.into_iter().find_map(|line| match line {
        Line::Start { started_at, .. } => Some(started_at),
        Line::Page { .. } | Line::Skipped { .. } | Line::Finish { .. } => None,
    });
    // The same claim as that of a full crawl, for it is the same records.
    let query = Listing::full(plan.with_siblings).query();
    let endpoint = environment.endpoint_text().to_owned();
    let start = Line::Start { format: FORMAT, endpoint, query, started_at: started_at.unwrap_or_else(now) };
    let mut merged =
        Merged { store, limit: plan.limit as usize, now: &now, lines: vec![start], page: Vec::new(), tally: Tally::default() };
    let mut counts = UpdateCounts { vanished: shelf.previous_records(), ..UpdateCounts::default() };
    light.each_record(|head, raw| {
        let key = head.key(raw);
        let record = match (shelf.find(&key, head)?, singles.get(&key)) {
            (Some(Located { record, is_previous }), _) => {
                *(if is_previous { &mut counts.held } else { &mut counts.changed }) += 1;
                overlay(&record, raw)?
            }
            (None, Some(Some(sha256))) => {
                counts.singles += 1;
                String::from_utf8(store.get(sha256)?).map_err(|_| Error::Internal("a single record is not UTF-8".into()))?
            }
            (None, Some(None)) => {
                counts.gone += 1;
                return Ok(());
            }
            (None, None) => raw.to_owned(),
        };
        counts.alive += 1;
        counts.vanished -= u64::from(shelf.is_in_previous(&key));
        merged.push(record)
    })?;
    // Written in one piece at the end: a merge that was killed is simply made again.
    let lines = merged.finish()?;
    journal.truncate(0)?;
    journal.append_all(&lines)?;
    drop(journal);
    Ok((Recording::open(store, &path)?, counts))
}

/// The pages of an update while they are made, and the lines of its journal.
struct Merged<'m> {
    store: &'m Store,
    /// Records per page.
    limit: usize,
    now: &'m dyn Fn() -> String,
    lines: Vec<Line>,
    page: Vec<String>,
    tally: Tally,
}

impl Merged<'_> {
    fn push(&mut self, record: String) -> Result<()> {
        self.tally.first_seen(&Head::parse(&record), &record);
        self.page.push(record);
        if self.page.len() >= self.limit { self.store_page() } else { Ok(()) }
    }

    fn store_page(&mut self) -> Result<()> {
        let body = format!("[{}]", self.page.join(","));
        let (seq, rows, bytes) = (self.lines.len() as u64 - 1, self.page.len() as u64, body.len() as u64);
        self.page.clear();
        let sha256 = self.store.put(body.as_bytes())?;
        self.lines.push(Line::Page { seq, url: "merged".into(), next: None, sha256, bytes, rows, fetched_at: (self.now)() });
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<Line>> {
        if !self.page.is_empty() {
            self.store_page()?;
        }
        let pages = self.lines.len() as u64 - 1;
        self.lines.push(Line::Finish { finished_at: (self.now)(), pages, counts: self.tally.counts() });
        Ok(self.lines)
    }
}

/// What is held of a record, with every volatile property as the light pass has it: also where it has none any more.
fn overlay(held: &str, light: &str) -> Result<String> {
    let parse = |raw| -> Result<BTreeMap<String, &RawValue>> {
        serde_json::from_str(raw).map_err(|e| Error::Internal(format!("a record that is not an object: {e}")))
    };
    let mut record = parse(held)?;
    record.retain(|key, _| HubField::parse(key).is_none_or(|field| !field.changes_without_commit()));
    record.extend(parse(light)?);
    serde_json::to_string(&record).map_err(|e| Error::Internal(format!("a merged record: {e}")))
}
