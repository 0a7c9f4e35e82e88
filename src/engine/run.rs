//! Running stages in order.
//!
//! Outputs are written under a temporary name, synced, renamed and only then recorded, so a stage that was interrupted is simply not done.

use super::fingerprint::Freshness;
use super::lock::Lock;
use super::stage::Step;
use super::state::{Record, State};
use crate::error::{Error, IoContext, Result};
use crate::store::sync_directory;
use crate::tables::io::table_path;
use fs_err as fs;
use std::path::PathBuf;
use std::time::Instant;

/// Where the stages' tables are.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// `<data-dir>/work`.
    pub work: PathBuf,
    /// Whether progress may be drawn.
    pub interactive: bool,
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

/// Runs the wanted stages that are not fresh (all of them with `force`) and returns the names of those that ran.
///
/// # Errors
/// The first stage that fails stops the run; what was done before it stays done.
pub fn run(workspace: &Workspace, graph: &[Box<dyn Step>], wanted: Wanted<'_>, force: bool) -> Result<Vec<&'static str>> {
    let _lock = Lock::acquire(&workspace.work)?;
    let mut ran = Vec::new();
    let mut begun = wanted.from.is_none();
    for step in graph {
        begun = begun || wanted.from == Some(step.name());
        let state = State::load(&workspace.work)?;
        let fresh = if force && begun { Freshness::Stale("--force".into()) } else { step.freshness(workspace, &state)? };
        match fresh {
            Freshness::Stale(why) if !begun => {
                // A stage on top of a stale one would publish what no rebuild can reproduce.
                return Err(Error::input(
                    format!("stage '{}', which '{}' builds on, is not fresh: {why}", step.name(), wanted.until),
                    workspace.work.display(),
                    format!("run the stages before it, too: hugging-carbon run --until {}", wanted.until),
                ));
            }
            Freshness::Fresh if begun => tracing::info!(stage = step.name(), "fresh, skipped"),
            Freshness::Fresh => {}
            Freshness::Stale(why) => {
                tracing::info!(stage = step.name(), why, "started");
                let started = Instant::now();
                let record = run_step(step.as_ref(), workspace, state)?;
                let rows: Vec<String> = record.outputs.iter().map(|(t, r)| format!("{t} {}", r.rows)).collect();
                let seconds = format!("{:.2}", started.elapsed().as_secs_f64());
                tracing::info!(stage = step.name(), seconds, rows = rows.join(", "), "done");
                ran.push(step.name());
            }
        }
        if step.name() == wanted.until {
            break;
        }
    }
    Ok(ran)
}

fn run_step(step: &dyn Step, workspace: &Workspace, mut state: State) -> Result<Record> {
    let temporary = workspace.work.join(format!("tmp-{}", step.name()));
    if temporary.exists() {
        // Left behind by a run that was killed.
        fs::remove_dir_all(&temporary).at_path("cannot clear", &temporary)?;
    }
    fs::create_dir_all(&temporary).at_path("cannot create", &temporary)?;
    let record = step.run(workspace, &state, &temporary)?;
    // From here until the record is written the outputs on disk may be of two ages: forget the old record first.
    if state.forget(step.name()) {
        state.save(&workspace.work)?;
    }
    for table in step.writes() {
        let from = table_path(&temporary, table);
        fs::rename(&from, table_path(&workspace.work, table)).at_path("cannot rename", &from)?;
    }
    sync_directory(&workspace.work)?;
    state.insert(step.name(), record.clone());
    state.save(&workspace.work)?;
    fs::remove_dir_all(&temporary).at_path("cannot clear", &temporary)?;
    Ok(record)
}
