//! The stage graph: what each stage reads and writes, when it is fresh, and how its outputs appear.
//!
//! A stage is a pure function of what it declares. Its fingerprint covers its name and version, the crate version, the settings
//! it reads, the digests of its input tables and of the reference files. Outputs are written under a temporary name, synced,
//! renamed and only then recorded, so a stage that was interrupted is simply not done.

use crate::config::Config;
use crate::error::{Error, IoContext, Result};
use crate::reference::Reference;
use crate::stages;
use crate::tables::io::{TableReceipt, sha256_file, sync_directory, table_path, write_atomically};
use fs_err as fs;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Format of `data/work/state.json`; a state of another format is ignored, which rebuilds everything.
const STATE_FORMAT: u32 = 1;

/// One stage of the pipeline.
pub struct Stage {
    /// Name, also the subcommand.
    pub name: &'static str,
    /// Raised whenever the stage's logic changes its output.
    pub version: u32,
    /// Tables read.
    pub inputs: &'static [&'static str],
    /// Tables written.
    pub outputs: &'static [&'static str],
    /// The settings the stage reads.
    pub settings: fn(&Config) -> Value,
    /// Digests of inputs that are not tables (the source), by name.
    pub external: fn(&Context) -> Result<BTreeMap<String, String>>,
    /// Reads `context.work`, writes its outputs into the directory given.
    pub run: fn(&Context, &Path) -> Result<Outcome>,
    /// Whether what the stage leaves outside `data/work` is still there.
    pub intact: fn(&Context, &Record) -> bool,
}

/// What a stage produced.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Receipt per output table.
    pub outputs: BTreeMap<String, TableReceipt>,
    /// Facts later stages and the manifest need.
    pub facts: BTreeMap<String, Value>,
}

/// The record of a finished stage.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Parts of the fingerprint, so that staleness can be explained.
    pub parts: BTreeMap<String, String>,
    /// Receipts of the outputs.
    pub outputs: BTreeMap<String, TableReceipt>,
    /// Facts for later stages.
    pub facts: BTreeMap<String, Value>,
}

#[derive(Debug, Serialize, Deserialize)]
struct State {
    format: u32,
    stages: BTreeMap<String, Record>,
}

/// Everything a stage may use.
pub struct Context {
    /// Settings.
    pub config: Config,
    /// `<data-dir>/work`.
    pub work: PathBuf,
    /// `<data-dir>/snapshots`.
    pub snapshots: PathBuf,
    /// Factor tables.
    pub reference: Reference,
    /// Whether progress bars may be drawn.
    pub interactive: bool,
}

impl Context {
    /// A progress meter for `total` units, drawn only on a terminal and only once a second has passed.
    #[must_use]
    pub fn meter(&self, total: u64, what: &'static str) -> Meter {
        Meter::new(self.interactive, total, what)
    }

    /// Facts that an earlier stage recorded.
    ///
    /// # Errors
    /// The stage has not run.
    pub fn facts(&self, stage: &str) -> Result<BTreeMap<String, Value>> {
        Ok(self.record(stage)?.facts)
    }

    /// The record of an earlier stage.
    ///
    /// # Errors
    /// The stage has not run.
    pub fn record(&self, stage: &str) -> Result<Record> {
        load_state(&self.work)?.stages.remove(stage).ok_or_else(|| {
            Error::input(
                format!("stage '{stage}' has not been run"),
                self.work.display(),
                "run the whole pipeline: hugging-carbon run",
            )
        })
    }
}

/// A progress bar that stays silent for work below a second.
pub struct Meter {
    bar: indicatif::ProgressBar,
    started: Instant,
    visible: bool,
}

impl Meter {
    fn new(interactive: bool, total: u64, what: &'static str) -> Self {
        let bar = indicatif::ProgressBar::hidden();
        bar.set_length(total);
        bar.set_message(what);
        if let Ok(style) = indicatif::ProgressStyle::with_template("{msg:12} {bar:40} {percent:>3} %  {eta} left") {
            bar.set_style(style);
        }
        Self { bar, started: Instant::now(), visible: !interactive }
    }

    /// Work done so far.
    pub fn set(&mut self, done: u64) {
        if !self.visible && self.started.elapsed() > Duration::from_secs(1) {
            self.bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
            self.visible = true;
        }
        self.bar.set_position(done);
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// How a stage stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Nothing to do.
    Fresh,
    /// Must be rebuilt, and why.
    Stale(String),
}

/// Holds the lock of a data directory: two runs into the same directory would tear each other's tables apart.
pub struct Lock {
    _file: std::fs::File,
}

impl Lock {
    /// Takes the lock of `work`, creating the directory.
    ///
    /// # Errors
    /// Another process holds it, or the directory cannot be written.
    pub fn take(work: &Path) -> Result<Self> {
        fs::create_dir_all(work).at("cannot create", work)?;
        let path = work.join(".lock");
        let file = std::fs::File::create(&path).at("cannot create", &path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(std::fs::TryLockError::WouldBlock) => Err(Error::input(
                "another hugging-carbon is running on this data directory",
                work.display(),
                "wait for it to end, or use another --data-dir",
            )),
            Err(std::fs::TryLockError::Error(e)) => Err(Error::io("cannot lock", path, e)),
        }
    }
}

fn state_path(work: &Path) -> PathBuf {
    work.join("state.json")
}

fn load_state(work: &Path) -> Result<State> {
    let empty = State { format: STATE_FORMAT, stages: BTreeMap::new() };
    let path = state_path(work);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(empty),
        Err(e) => return Err(Error::io("cannot read", path, e)),
    };
    // The state only saves work: one that cannot be read, or is of another format, costs a rebuild and nothing else.
    Ok(serde_json::from_slice::<State>(&text).ok().filter(|state| state.format == STATE_FORMAT).unwrap_or(empty))
}

fn save_state(work: &Path, state: &State) -> Result<()> {
    let text = serde_json::to_vec_pretty(state).map_err(|e| Error::Internal(format!("state: {e}")))?;
    write_atomically(&state_path(work), &text)
}

/// The stages in order. Each may read only what an earlier one wrote.
#[must_use]
pub fn stages() -> [Stage; 6] {
    [
        stages::ingest::stage(),
        stages::normalize::stage(),
        stages::tier::stage(),
        stages::fit::stage(),
        stages::estimate::stage(),
        stages::snapshot::stage(),
    ]
}

fn parts(stage: &Stage, context: &Context, state: &State) -> Result<BTreeMap<String, String>> {
    let mut parts = BTreeMap::from([
        ("stage version".to_owned(), stage.version.to_string()),
        ("hugging-carbon version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("settings".to_owned(), (stage.settings)(&context.config).to_string()),
    ]);
    for (name, digest) in context.reference.digests() {
        parts.insert(format!("reference file {name}"), digest.clone());
    }
    for table in stage.inputs {
        let digest =
            state.stages.values().find_map(|record| record.outputs.get(*table)).map_or("absent", |receipt| receipt.sha256.as_str());
        parts.insert(format!("table {table}"), digest.to_owned());
    }
    for (name, digest) in (stage.external)(context)? {
        parts.insert(name, digest);
    }
    Ok(parts)
}

fn freshness(stage: &Stage, context: &Context, state: &State, parts: &BTreeMap<String, String>) -> Freshness {
    let Some(record) = state.stages.get(stage.name) else {
        return Freshness::Stale("never finished".into());
    };
    let changed = parts
        .iter()
        .find(|(name, value)| record.parts.get(*name) != Some(value))
        .map(|(name, _)| name)
        .or_else(|| record.parts.keys().find(|name| !parts.contains_key(*name)));
    if let Some(name) = changed {
        return Freshness::Stale(format!("{name} changed"));
    }
    for table in stage.outputs {
        let expected = record.outputs.get(*table).map(|receipt| receipt.sha256.clone());
        let found = sha256_file(&table_path(&context.work, table)).ok();
        if found.is_none() {
            return Freshness::Stale(format!("{table}.parquet is missing"));
        }
        if found != expected {
            return Freshness::Stale(format!("{table}.parquet was changed by something else"));
        }
    }
    if !(stage.intact)(context, record) {
        return Freshness::Stale("its snapshot is missing".into());
    }
    Freshness::Fresh
}

/// Freshness and record of every stage, without running anything. A stage behind a stale one is stale too.
///
/// # Errors
/// The source or the work directory cannot be read.
pub fn status(context: &Context) -> Result<Vec<(&'static str, Freshness, Option<Record>)>> {
    let state = load_state(&context.work)?;
    let mut stale: Option<&'static str> = None;
    let mut rows = Vec::new();
    for stage in stages() {
        let mut fresh = freshness(&stage, context, &state, &parts(&stage, context, &state)?);
        if let (Freshness::Fresh, Some(earlier)) = (&fresh, stale) {
            fresh = Freshness::Stale(format!("stage {earlier} before it is stale"));
        }
        if fresh != Freshness::Fresh && stale.is_none() {
            stale = Some(stage.name);
        }
        rows.push((stage.name, fresh, state.stages.get(stage.name).cloned()));
    }
    Ok(rows)
}

/// Which stages a command wants.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// Everything up to and including a stage.
    Until(&'a str),
    /// One stage; those before it must have run.
    Only(&'a str),
}

/// Runs the wanted stages that are not fresh (all of them with `force`) and returns the names of those that ran.
///
/// # Errors
/// The first stage that fails stops the run; what was done before it stays done.
pub fn run(context: &Context, wanted: Wanted<'_>, force: bool) -> Result<Vec<&'static str>> {
    let _lock = Lock::take(&context.work)?;
    let mut ran = Vec::new();
    for stage in stages() {
        let last = matches!(wanted, Wanted::Until(name) | Wanted::Only(name) if name == stage.name);
        if let (Wanted::Only(name), false) = (wanted, last) {
            // A stage on top of a stale one would publish what no rebuild can reproduce.
            let state = load_state(&context.work)?;
            if let Freshness::Stale(why) = freshness(&stage, context, &state, &parts(&stage, context, &state)?) {
                return Err(Error::input(
                    format!("stage '{}', which '{name}' builds on, is not fresh: {why}", stage.name),
                    context.work.display(),
                    format!("run the stages before it, too: hugging-carbon run --until {name}"),
                ));
            }
            continue;
        }
        let state = load_state(&context.work)?;
        let parts = parts(&stage, context, &state)?;
        let fresh = if force { Freshness::Stale("--force".into()) } else { freshness(&stage, context, &state, &parts) };
        match fresh {
            Freshness::Fresh => tracing::info!(stage = stage.name, "fresh, skipped"),
            Freshness::Stale(why) => {
                tracing::info!(stage = stage.name, why, "started");
                let begun = Instant::now();
                let outcome = run_stage(&stage, context, state, parts)?;
                let rows: Vec<String> = outcome.outputs.iter().map(|(t, r)| format!("{t} {}", r.rows)).collect();
                let seconds = format!("{:.2}", begun.elapsed().as_secs_f64());
                tracing::info!(stage = stage.name, seconds, rows = rows.join(", "), "done");
                ran.push(stage.name);
            }
        }
        if last {
            break;
        }
    }
    Ok(ran)
}

fn run_stage(stage: &Stage, context: &Context, mut state: State, parts: BTreeMap<String, String>) -> Result<Record> {
    let temporary = context.work.join(format!("tmp-{}", stage.name));
    if temporary.exists() {
        // Left behind by a run that was killed.
        fs::remove_dir_all(&temporary).at("cannot clear", &temporary)?;
    }
    fs::create_dir_all(&temporary).at("cannot create", &temporary)?;
    let outcome = (stage.run)(context, &temporary)?;
    for (name, digest) in (stage.external)(context)? {
        if parts.get(&name) != Some(&digest) {
            return Err(Error::input(
                format!("{name} changed while stage '{}' was reading it", stage.name),
                context.work.display(),
                "wait until nothing writes to the source any more, then run again",
            ));
        }
    }
    // From here until the record is written the outputs on disk may be of two ages: forget the old record first.
    if state.stages.remove(stage.name).is_some() {
        save_state(&context.work, &state)?;
    }
    for table in stage.outputs {
        let from = table_path(&temporary, table);
        fs::rename(&from, table_path(&context.work, table)).at("cannot rename", &from)?;
    }
    sync_directory(&context.work)?;
    let record = Record { parts, outputs: outcome.outputs, facts: outcome.facts };
    state.stages.insert(stage.name.to_owned(), record.clone());
    save_state(&context.work, &state)?;
    fs::remove_dir_all(&temporary).at("cannot clear", &temporary)?;
    Ok(record)
}
