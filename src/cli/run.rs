//! `run` and the commands of the stages.

use super::compose::Pipeline;
use super::results::Begun;
use super::{Cli, headline, metrics, print, signals};
use hugging_carbon::config::Resolved;
use hugging_carbon::engine::{Declared, Reports, Wanted};
use hugging_carbon::error::{Error, Result};
use hugging_carbon::stages::estimate::Estimation;
use hugging_carbon::stages::fetch::{Fetch, Network};
use hugging_carbon::stages::fit::Fitting;
use hugging_carbon::stages::ingest::Ingest;
use hugging_carbon::stages::snapshot::Publication;
use std::path::Path;

/// What a run is asked for besides its settings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// Rebuild what is fresh, too.
    pub force: bool,
    /// Let `latest` go back to an older index.
    pub allow_older: bool,
    /// Where the metrics go.
    pub metrics: Option<&'a Path>,
}

/// `run`: every stage that is not fresh; prints the headline once the snapshot is published.
pub fn pipeline(cli: &Cli, until: Option<&str>, asked: Asked<'_>) -> Result<()> {
    if let Some(file) = asked.metrics {
        metrics::check_name(file)?;
    }
    let until = until.unwrap_or(Publication::NAME);
    let begun = Begun::new(&cli.global.data_dir, asked.metrics, "run", until, Reports::default());
    finished(cli, begun, |reports| {
        let settings = super::resolve(cli)?;
        let pipeline = Pipeline::of_command_line(cli, Network::Use, asked.allow_older, reports)?;
        if cli.global.verbose {
            print(&shown(&settings))?;
        }
        pipeline.run(Wanted { from: None, until }, asked.force)?;
        // What cannot be shown is a failure of the run, and stands in its results.
        if until == Publication::NAME { print(&headline::headline(&pipeline)?) } else { Ok(()) }
    })
}

/// One stage; the ones before it must have run. To ingest is to fetch first.
pub fn stage(cli: &Cli, name: &'static str, asked: Asked<'_>) -> Result<()> {
    let from = if name == Ingest::NAME { Fetch::NAME } else { name };
    let network = if from == Fetch::NAME { Network::Use } else { Network::Leave };
    let begun = Begun::new(&cli.global.data_dir, asked.metrics, name, name, Reports::default());
    let pipeline = finished(cli, begun, |reports| {
        let pipeline = Pipeline::of_command_line(cli, network, asked.allow_older, reports)?;
        let ran = pipeline.run(Wanted { from: Some(from), until: name }, asked.force);
        ran.map_err(|e| with_last_sources(cli, &pipeline, name, e))?;
        Ok(pipeline)
    })?;
    match name {
        Estimation::NAME => print(&headline::fallbacks(&pipeline.work)?),
        Fitting::NAME => print(&headline::regressions(&pipeline.work)?),
        Publication::NAME => print(&headline::headline(&pipeline)?),
        _ => Ok(()),
    }
}

/// Where a stage is refused because it was not given the sources of the last run: the command that gives them.
fn with_last_sources(cli: &Cli, pipeline: &Pipeline, name: &str, error: Error) -> Error {
    let flags = pipeline.last_sources();
    match (error, flags) {
        (Error::NotFresh { what, place, remedy }, Some(flags)) => {
            let dir = cli.global.data_dir.display();
            let again = format!("hugging-carbon {name} {flags} --data-dir {dir}");
            let remedy = format!("give what the last run was given: {again}; or, for other sources, {remedy}");
            Error::NotFresh { what, place, remedy }
        }
        (error, _) => error,
    }
}

/// Does `work` and writes down what it came to, whatever that is: good, failed, or ended by a signal.
fn finished<T>(cli: &Cli, begun: Begun, work: impl FnOnce(Reports) -> Result<T>) -> Result<T> {
    let for_signal = begun.clone();
    signals::on_signal(Box::new(move |status| {
        let standing = for_signal.standing();
        let _ = for_signal.finish(status, Some("ended by a signal".into()));
        format!("; run again to go on\n  published: {standing}")
    }));
    let result = work(begun.reports());
    if !signals::is_not_signalled() {
        // The process is ending; what comes now must not be written over what the signal's thread writes.
        loop {
            std::thread::park();
        }
    }
    // Nothing is written into a directory that a wrong configuration would have made.
    let (status, error) = match &result {
        Ok(_) => (0, None),
        Err(e) => (e.exit_status() as i32, Some(e.to_string())),
    };
    // Regression: a run that was refused because another is at work wrote its failure over what the other had come to.
    let is_busy = matches!(result, Err(Error::Busy { .. }));
    if !is_busy
        && (error.is_none() || cli.global.data_dir.exists())
        && let Err(e) = begun.finish(status, error)
    {
        // It changes nothing of what was done, and the command's own failure says more.
        tracing::warn!(error = %e, "what the run came to could not be written down");
    }
    result.map_err(|cause| match cause {
        cause @ (Error::Config(_) | Error::Internal(_)) => cause,
        cause if begun.publishes() => Error::Unpublished { cause: Box::new(cause), standing: begun.standing() },
        cause => cause,
    })
}

fn shown(resolved: &Resolved) -> String {
    let mut out = String::from("Settings\n");
    let rows: Vec<Vec<String>> =
        resolved.origins.iter().map(|(key, (value, origin))| vec![key.clone(), value.clone(), origin.to_string()]).collect();
    out.push_str(&super::text::table(&["key", "value", "from"], &rows, 3));
    out.push('\n');
    out
}
