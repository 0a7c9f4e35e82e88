//! `run` and the six stage commands.

use super::{Cli, context, headline, print};
use hugging_carbon::config::Resolved;
use hugging_carbon::error::{Error, ExitStatus, IoContext, Result};
use hugging_carbon::pipeline::{self, Context, Wanted};
use hugging_carbon::stages::fetch::Mode;
use std::io::Write as _;
use std::path::Path;

/// `run`: every stage that is not fresh; prints the headline once the snapshot is published.
pub fn pipeline(cli: &Cli, until: Option<&str>, force: bool) -> Result<()> {
    if cli.global.verbose {
        print(&settings(&super::resolve(cli)?))?;
    }
    let context = fetched(cli, "run", Mode::Fetch)?;
    logged(&context, "run", || pipeline::run(&context, Wanted::Until(until.unwrap_or("snapshot")), force))?;
    if until.is_none_or(|stage| stage == "snapshot") {
        print(&headline::headline(&context)?)?;
    }
    Ok(())
}

/// One stage; the ones before it must have run.
pub fn stage(cli: &Cli, name: &'static str, force: bool) -> Result<()> {
    let context = fetched(cli, name, if name == "ingest" { Mode::Fetch } else { Mode::Held })?;
    logged(&context, name, || pipeline::run(&context, Wanted::Only(name), force))?;
    match name {
        "estimate" => print(&headline::fallbacks(&context)?),
        "fit" => print(&headline::regressions(&context)?),
        "snapshot" => print(&headline::headline(&context)?),
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

/// The context of a command that may fetch; a failure of the fetch has its line in the run log, too.
fn fetched(cli: &Cli, command: &str, mode: Mode) -> Result<Context> {
    let started = jiff::Timestamp::now();
    context(cli, mode).map(|(context, _)| context).inspect_err(|e| {
        // Only what the Hub or the network did: nothing is touched before the configuration is good. The fetch's own failure says more
        // than that of the log.
        if e.exit_status() != ExitStatus::Network {
            return;
        }
        let _ = log(&cli.global.data_dir.join("work"), command, started, &failure(e));
    })
}

/// Runs `work` and appends a line to the run log: clock times live there and nowhere else.
fn logged(context: &Context, command: &str, work: impl FnOnce() -> Result<Vec<&'static str>>) -> Result<()> {
    let started = jiff::Timestamp::now();
    let result = work();
    let outcome = match &result {
        Ok(ran) => serde_json::json!({"ran": ran}),
        Err(e) => failure(e),
    };
    let written = log(&context.work, command, started, &outcome);
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
    fs_err::create_dir_all(work).at("cannot create", work)?;
    fs_err::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut file| writeln!(file, "{line}"))
        .at("cannot write run log", &path)
}
