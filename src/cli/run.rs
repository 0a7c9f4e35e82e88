//! `run` and the commands of the stages.

use super::compose::Pipeline;
use super::{Cli, headline, print};
use hugging_carbon::config::Resolved;
use hugging_carbon::engine::{Declared, Wanted};
use hugging_carbon::error::{Error, IoContext, Result};
use hugging_carbon::stages::estimate::Estimation;
use hugging_carbon::stages::fetch::{Fetch, Network};
use hugging_carbon::stages::fit::Fitting;
use hugging_carbon::stages::ingest::Ingest;
use hugging_carbon::stages::snapshot::Publication;
use std::io::Write as _;
use std::path::Path;

/// `run`: every stage that is not fresh; prints the headline once the snapshot is published.
pub fn pipeline(cli: &Cli, until: Option<&str>, force: bool) -> Result<()> {
    if cli.global.verbose {
        print(&settings(&super::resolve(cli)?))?;
    }
    let until = until.unwrap_or(Publication::NAME);
    let pipeline = Pipeline::of_command_line(cli, Network::Use)?;
    logged(&pipeline.work, "run", || pipeline.run(Wanted { from: None, until }, force))?;
    if until == Publication::NAME {
        print(&headline::headline(&pipeline.snapshots)?)?;
    }
    Ok(())
}

/// One stage; the ones before it must have run. To ingest is to fetch first.
pub fn stage(cli: &Cli, name: &'static str, force: bool) -> Result<()> {
    let from = if name == Ingest::NAME { Fetch::NAME } else { name };
    let pipeline = Pipeline::of_command_line(cli, if from == Fetch::NAME { Network::Use } else { Network::Leave })?;
    logged(&pipeline.work, name, || pipeline.run(Wanted { from: Some(from), until: name }, force))?;
    match name {
        Estimation::NAME => print(&headline::fallbacks(&pipeline.work)?),
        Fitting::NAME => print(&headline::regressions(&pipeline.work)?),
        Publication::NAME => print(&headline::headline(&pipeline.snapshots)?),
        _ => Ok(()),
    }
}

fn settings(resolved: &Resolved) -> String {
    let mut out = String::from("Settings\n");
    let rows: Vec<Vec<String>> =
        resolved.origins.iter().map(|(key, (value, origin))| vec![key.clone(), value.clone(), origin.to_string()]).collect();
    out.push_str(&super::text::table(&["key", "value", "from"], &rows, 3));
    out.push('\n');
    out
}

/// Runs `work` and appends a line to the run log: clock times live there and nowhere else.
fn logged(work_dir: &Path, command: &str, work: impl FnOnce() -> Result<Vec<&'static str>>) -> Result<()> {
    let started = jiff::Timestamp::now();
    let result = work();
    let outcome = match &result {
        Ok(ran) => serde_json::json!({"ran": ran}),
        Err(e) => failure(e),
    };
    let written = log(work_dir, command, started, &outcome);
    match (result, written) {
        // The command's own failure says more than that of the log.
        (Err(e), _) | (Ok(_), Err(e)) => Err::<(), Error>(e),
        (Ok(_), Ok(())) => Ok(()),
    }
}

fn failure(e: &Error) -> serde_json::Value {
    serde_json::json!({"error": e.to_string(), "exit_status": e.exit_status() as u8})
}

fn log(work: &Path, command: &str, started: jiff::Timestamp, outcome: &serde_json::Value) -> Result<()> {
    let line = serde_json::json!({
        "command": command,
        "version": env!("CARGO_PKG_VERSION"),
        "started": started.to_string(),
        "finished": jiff::Timestamp::now().to_string(),
        "outcome": outcome,
    });
    let path = work.join("runs.jsonl");
    fs_err::create_dir_all(work).at_path("cannot create", work)?;
    fs_err::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut file| writeln!(file, "{line}"))
        .at_path("cannot write run log", &path)
}
