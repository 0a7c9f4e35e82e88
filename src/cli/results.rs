//! `run_results.json`: what the last run came to, written whole after every one, also after one that failed or was ended.

use super::metrics;
use hugging_carbon::domain::METHOD_VERSION;
use hugging_carbon::engine::{Declared, Reports, StageReport, StageStatus};
use hugging_carbon::error::{Error, IoContext, Result};
use hugging_carbon::hub::live::fetch::Counts;
use hugging_carbon::stages;
use hugging_carbon::stages::snapshot::{Publication, Standing};
use hugging_carbon::store::write_atomically;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Format of `run_results.json`; raised when a reader must change.
const RESULTS_FORMAT: u32 = 1;
/// Name of the file in the data directory.
const RESULTS_FILE: &str = "run_results.json";

/// The end of the last run that did all it was asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LastSuccess {
    /// When, RFC 3339.
    pub finished: String,
    /// What `latest` was then.
    pub latest: Option<String>,
}

/// What a run came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunResults {
    /// `RESULTS_FORMAT` of the writer.
    pub format: u32,
    /// Id of the run, as in its JSON log.
    pub run_id: String,
    /// The command.
    pub command: String,
    /// Version of the program.
    pub version: String,
    /// Version of the method.
    pub method_version: i32,
    /// When it began, RFC 3339.
    pub started: String,
    /// When it ended.
    pub finished: String,
    /// How long it took.
    pub seconds: f64,
    /// Exit status of the command.
    pub exit_status: i32,
    /// What went wrong; none if nothing did.
    pub error: Option<String>,
    /// Whether a snapshot was published that was not there before.
    pub published: bool,
    /// What `latest` is now.
    pub latest: Option<String>,
    /// Every stage that the command would have reached.
    pub stages: Vec<StageReport>,
    /// What was sent to the Hub.
    pub hub: Counts,
    /// Rows of `quarantine`; none if ingest was not reached.
    pub quarantined: Option<u64>,
    /// The last run of this data directory that succeeded, this one included.
    pub last_success: Option<LastSuccess>,
}

/// What is known when a run begins.
#[derive(Clone, Debug)]
pub struct Begun {
    data_dir: PathBuf,
    metrics: Option<PathBuf>,
    run_id: String,
    command: String,
    until: String,
    started: jiff::Timestamp,
    clock: Instant,
    reports: Reports,
    before: Standing,
}

impl Begun {
    /// A run of stages up to `until`.
    pub fn new(data_dir: &Path, metrics: Option<&Path>, command: &str, until: &str, reports: Reports) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            metrics: metrics.map(Path::to_owned),
            run_id: super::logging::run_id().to_owned(),
            command: command.to_owned(),
            until: until.to_owned(),
            started: jiff::Timestamp::now(),
            clock: Instant::now(),
            reports,
            before: Standing::look(&data_dir.join("snapshots")),
        }
    }

    /// Where the stages report.
    pub fn reports(&self) -> Reports {
        self.reports.clone()
    }

    /// Whether it was to end with a publication.
    pub fn publishes(&self) -> bool {
        self.until == Publication::NAME
    }

    /// What was published since it began, in words.
    pub fn standing(&self) -> String {
        Standing::look(&self.data_dir.join("snapshots")).since(&self.before)
    }

    /// Writes the results, the metrics if they are wanted, and a line of the run log.
    pub fn finish(&self, exit_status: i32, error: Option<String>) -> Result<()> {
        let results = self.results(exit_status, error);
        let path = self.data_dir.join(RESULTS_FILE);
        let mut text = serde_json::to_vec_pretty(&results).map_err(|e| Error::Internal(format!("{RESULTS_FILE}: {e}")))?;
        text.push(b'\n');
        fs_err::create_dir_all(&self.data_dir).at_path("cannot create", &self.data_dir)?;
        write_atomically(&path, &text)?;
        if let Some(file) = &self.metrics {
            metrics::write(file, &results, &self.data_dir.join("snapshots"))?;
        }
        self.log(&results)
    }

    fn results(&self, exit_status: i32, error: Option<String>) -> RunResults {
        let now = Standing::look(&self.data_dir.join("snapshots"));
        let finished = jiff::Timestamp::now().to_string();
        let mut stages = self.reports.list();
        let last = stages::NAMES.iter().position(|name| *name == self.until).unwrap_or(stages::NAMES.len() - 1);
        for name in &stages::NAMES[..=last] {
            if !stages.iter().any(|report| report.stage == *name) {
                stages.push(StageReport::idle(name, StageStatus::NotReached, BTreeMap::new()));
            }
        }
        let before = read_results(&self.data_dir).and_then(|results| results.last_success);
        RunResults {
            format: RESULTS_FORMAT,
            run_id: self.run_id.clone(),
            command: self.command.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            method_version: METHOD_VERSION,
            started: self.started.to_string(),
            seconds: self.clock.elapsed().as_secs_f64(),
            finished: finished.clone(),
            exit_status,
            error,
            published: now.versions.difference(&self.before.versions).next().is_some(),
            quarantined: stages.iter().find_map(|report| report.rows.get("quarantine").copied()),
            stages,
            hub: Counts::of_process(),
            // A command that ends before the publication tells nothing of the nightly run.
            last_success: if exit_status == 0 && self.publishes() {
                Some(LastSuccess { finished, latest: now.latest.clone() })
            } else {
                before
            },
            latest: now.latest,
        }
    }

    /// The history: a line for every run.
    fn log(&self, results: &RunResults) -> Result<()> {
        use std::io::Write as _;
        let ran: Vec<&str> =
            results.stages.iter().filter(|r| r.status == StageStatus::Done).map(|report| report.stage.as_str()).collect();
        let outcome = match &results.error {
            None => serde_json::json!({"ran": ran}),
            Some(error) => serde_json::json!({"ran": ran, "error": error, "exit_status": results.exit_status}),
        };
        let line = serde_json::json!({
            "command": results.command,
            "run_id": results.run_id,
            "version": results.version,
            "started": results.started,
            "finished": results.finished,
            "outcome": outcome,
        });
        let work = self.data_dir.join("work");
        let path = work.join("runs.jsonl");
        fs_err::create_dir_all(&work).at_path("cannot create", &work)?;
        fs_err::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            // In one piece: a log that is cut off ends with a whole line.
            .and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()))
            .at_path("cannot write run log", &path)
    }
}

/// The results of the last run; none if there are none, or of another format.
pub fn read_results(data_dir: &Path) -> Option<RunResults> {
    let results: RunResults = serde_json::from_slice(&fs_err::read(data_dir.join(RESULTS_FILE)).ok()?).ok()?;
    (results.format == RESULTS_FORMAT).then_some(results)
}
