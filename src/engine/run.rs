//! Running stages in order.
//!
//! Outputs are written under a temporary name, synced, renamed and only then recorded, so a stage that was interrupted is simply not done.
//! What a stage shows to the world comes last of all, when everything it rests on is on disk.

use super::fingerprint::Freshness;
use super::interrupt::undisturbed;
use super::lock::Lock;
use super::memory::PeakMemory;
use super::report::{Reports, StageReport, StageStatus};
use super::stage::Step;
use super::state::{Record, State};
use crate::error::{Error, IoContext, Result};
use crate::store::{remove_tree, sync_directory};
use crate::tables::io::table_path;
use fs_err as fs;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// How the name of a directory begins that a stage writes into.
const TEMPORARY: &str = "tmp-";

/// Where the stages' tables are.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// `<data-dir>/work`.
    pub work: PathBuf,
    /// Whether progress may be drawn.
    pub interactive: bool,
    /// Where it is told what each stage came to.
    pub reports: Reports,
}

/// Which stages a command wants.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// First stage to run; those before it must be fresh. None for the first of all.
    pub from: Option<&'a str>,
    /// Last stage to run.
    pub until: &'a str,
}

/// Freshness and record of every stage, without running anything. A stage behind a stale one is stale too.
///
/// # Errors
/// The source or the work directory cannot be read.
pub fn status(workspace: &Workspace, graph: &[Box<dyn Step>]) -> Result<Vec<(&'static str, Freshness, Option<Record>)>> {
    let state = State::load(&workspace.work)?;
    let mut stale: Option<&'static str> = None;
    let mut rows = Vec::new();
    for step in graph {
        let mut fresh = step.freshness(workspace, &state)?;
        if let (Freshness::Fresh, Some(earlier)) = (&fresh, stale) {
            fresh = Freshness::Stale(format!("stage {earlier} before it is stale"));
        }
        if fresh != Freshness::Fresh && stale.is_none() {
            stale = Some(step.name());
        }
        rows.push((step.name(), fresh, state.record(step.name()).cloned()));
    }
    Ok(rows)
}

/// The record of a stage that finished here, fresh or not.
///
/// # Errors
/// The work directory cannot be read.
pub fn recorded(workspace: &Workspace, stage: &str) -> Result<Option<Record>> {
    Ok(State::load(&workspace.work)?.record(stage).cloned())
}

/// Runs the wanted stages that are not fresh (all of them with `force`) and returns the names of those that ran.
///
/// # Errors
/// The first stage that fails stops the run; what was done before it stays done.
pub fn run(workspace: &Workspace, graph: &[Box<dyn Step>], wanted: Wanted<'_>, force: bool) -> Result<Vec<&'static str>> {
    let lock = match Lock::acquire(&workspace.work) {
        Ok(lock) => lock,
        Err(e) if !force && e.is_read_only() && is_done(workspace, graph, wanted)? => {
            tracing::warn!(
                place = %workspace.work.display(),
                "nothing may be written here, and nothing has to be: every stage is fresh"
            );
            return Ok(Vec::new());
        }
        Err(e) => return Err(e),
    };
    clear_temporary(&workspace.work)?;
    let mut ran = Vec::new();
    let mut begun = wanted.from.is_none();
    // Nobody else writes it while the lock is held.
    let mut state = State::load(&workspace.work)?;
    for step in graph {
        begun = begun || wanted.from == Some(step.name());
        let fresh = if force && begun { Ok(Freshness::Stale("--force".into())) } else { step.freshness(workspace, &state) };
        let fresh = fresh.inspect_err(|e| {
            let idle = StageReport::idle(step.name(), StageStatus::Failed, BTreeMap::new());
            workspace.reports.put(StageReport { reason: Some(e.to_string()), ..idle });
        })?;
        match fresh {
            Freshness::Stale(why) if !begun => {
                // A stage on top of a stale one would publish what no rebuild can reproduce.
                return Err(Error::NotFresh {
                    what: format!("stage '{}', which '{}' builds on, is not fresh: {why}", step.name(), wanted.until),
                    place: workspace.work.display().to_string(),
                    remedy: format!(
                        "run the stages before it, too, with the options of the last run: hugging-carbon run --until {}",
                        wanted.until
                    ),
                });
            }
            Freshness::Fresh => {
                if begun {
                    tracing::info!(stage = step.name(), "fresh, skipped");
                }
                let rows = state.record(step.name()).map(rows_written).unwrap_or_default();
                workspace.reports.put(StageReport::idle(step.name(), StageStatus::Fresh, rows));
            }
            Freshness::Stale(why) => {
                tracing::info!(stage = step.name(), why, "started");
                let record = run_reported(step.as_ref(), workspace, &mut state, &lock, &why)?;
                let rows: Vec<String> = record.outputs.iter().map(|(t, r)| format!("{t} {}", r.rows)).collect();
                let seconds = workspace.reports.list().last().and_then(|report| report.seconds).unwrap_or_default();
                tracing::info!(stage = step.name(), seconds = format!("{seconds:.2}"), rows = rows.join(", "), "done");
                ran.push(step.name());
            }
        }
        if step.name() == wanted.until {
            break;
        }
    }
    Ok(ran)
}

/// Whether every wanted stage is fresh, which is reported then. Nothing is written.
fn is_done(workspace: &Workspace, graph: &[Box<dyn Step>], wanted: Wanted<'_>) -> Result<bool> {
    let last = graph.iter().position(|step| step.name() == wanted.until).map_or(graph.len(), |at| at + 1);
    let stages: Vec<_> = status(workspace, graph)?.into_iter().take(last).collect();
    let is_done = stages.iter().all(|(_, freshness, _)| *freshness == Freshness::Fresh);
    for (name, _, record) in stages.iter().filter(|_| is_done) {
        let rows = record.as_ref().map(rows_written).unwrap_or_default();
        workspace.reports.put(StageReport::idle(name, StageStatus::Fresh, rows));
    }
    Ok(is_done)
}

fn rows_written(record: &Record) -> BTreeMap<String, u64> {
    record.outputs.iter().map(|(table, receipt)| (table.clone(), receipt.rows)).collect()
}

/// Runs a stage and reports what it came to, whatever that is.
fn run_reported(step: &dyn Step, workspace: &Workspace, state: &mut State, lock: &Lock, why: &str) -> Result<Record> {
    let (started, peak) = (Instant::now(), PeakMemory::begin());
    // As it stands if the process ends here.
    let mut report = StageReport::idle(step.name(), StageStatus::Interrupted, BTreeMap::new());
    report.reason = Some(why.to_owned());
    workspace.reports.put(report.clone());
    let result = run_step(step, workspace, state, lock);
    report.seconds = Some(started.elapsed().as_secs_f64());
    report.peak_memory_bytes = peak.bytes();
    match &result {
        Ok(record) => (report.status, report.rows) = (StageStatus::Done, rows_written(record)),
        Err(e) => (report.status, report.reason) = (StageStatus::Failed, Some(e.to_string())),
    }
    workspace.reports.put(report);
    result
}

/// Name of the directory a stage writes into.
fn temporary(stage: &str) -> String {
    format!("{TEMPORARY}{stage}")
}

/// Removes what stages that were killed left: they may have filled the disk.
fn clear_temporary(work: &Path) -> Result<()> {
    for entry in fs::read_dir(work).at_path("cannot list", work)? {
        let path = entry.at_path("cannot list", work)?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(TEMPORARY)) && path.is_dir() {
            remove_tree(&path)?;
        }
    }
    Ok(())
}

fn run_step(step: &dyn Step, workspace: &Workspace, state: &mut State, lock: &Lock) -> Result<Record> {
    let into = workspace.work.join(temporary(step.name()));
    fs::create_dir_all(&into).at_path("cannot create", &into)?;
    let result = write_and_show(step, workspace, state, lock, &into);
    if result.is_err() {
        // Best effort: the next run clears what is left, but a full disk is emptier at once.
        let _ = fs::remove_dir_all(&into);
    }
    result
}

fn write_and_show(step: &dyn Step, workspace: &Workspace, state: &mut State, lock: &Lock, into: &Path) -> Result<Record> {
    let record = step.run(workspace, state, into)?;
    lock.check()?;
    // From here until the record is written the outputs on disk may be of two ages: forget the old record first.
    if state.forget(step.name()) {
        state.save(&workspace.work)?;
    }
    for table in step.writes() {
        let from = table_path(into, table);
        fs::rename(&from, table_path(&workspace.work, table)).at_path("cannot rename", &from)?;
    }
    sync_directory(&workspace.work)?;
    state.insert(step.name(), record.clone());
    state.save(&workspace.work)?;
    remove_tree(into)?;
    lock.check()?;
    let _guard = undisturbed();
    step.conclude(workspace, state, &record)?;
    Ok(record)
}
