//! `--metrics FILE.prom`: the results of a run for the textfile collector of the Prometheus node exporter.
//!
//! The collector reads `*.prom` files in the text format, without timestamps, and must never meet half a file
//! (<https://github.com/prometheus/node_exporter#textfile-collector>). All are gauges: a file has the last run only.

use super::results::RunResults;
use hugging_carbon::error::{Error, Result};
use hugging_carbon::stages::snapshot::latest_manifest;
use hugging_carbon::stages::snapshot::manifest::Manifest;
use hugging_carbon::store::write_output;
use std::fmt::Write as _;
use std::path::Path;

/// Ending of the files that the collector reads.
const ENDING: &str = "prom";

/// Refuses a name that the collector would not read, before anything is done.
pub fn check_name(file: &Path) -> Result<()> {
    if file.extension().is_some_and(|ending| ending == ENDING) {
        return Ok(());
    }
    Err(Error::input(
        "the textfile collector reads only files that end in .prom",
        file.display(),
        "name it so: --metrics /var/lib/node_exporter/textfile/hugging_carbon.prom",
    ))
}

/// Writes the file.
pub fn write(file: &Path, results: &RunResults, snapshots: &Path) -> Result<()> {
    let manifest = latest_manifest(snapshots).ok().flatten().map(|(_, manifest)| manifest);
    write_output(file, text(results, manifest.as_ref()).as_bytes())
}

/// Metrics under construction.
struct Text(String);

impl Text {
    /// A metric with a value for each set of labels.
    fn metric(&mut self, name: &str, help: &str, values: &[(String, f64)]) {
        if values.is_empty() {
            return;
        }
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP hugging_carbon_{name} {help}\n# TYPE hugging_carbon_{name} gauge");
        for (labels, value) in values {
            let _ = writeln!(self.0, "hugging_carbon_{name}{labels} {value}");
        }
    }

    fn single(&mut self, name: &str, help: &str, value: f64) {
        self.metric(name, help, &[(String::new(), value)]);
    }
}

fn label(name: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{{{name}=\"{value}\"}}")
}

#[allow(clippy::cast_precision_loss)] // Counts, milliseconds and bytes stay far below 2^53.
fn text(results: &RunResults, latest: Option<&Manifest>) -> String {
    let mut out = Text(String::new());
    let seconds = |at: &str| at.parse::<jiff::Timestamp>().map_or(f64::NAN, |at| at.as_millisecond() as f64 / 1e3);
    out.single("run_end_timestamp_seconds", "When the last run ended.", seconds(&results.finished));
    out.single("run_duration_seconds", "How long the last run took.", results.seconds);
    out.single("run_exit_status", "Exit status of the last run; 0 is good.", f64::from(results.exit_status));
    out.single("run_published", "Whether the last run published a new snapshot.", f64::from(u8::from(results.published)));
    if let Some(success) = &results.last_success {
        out.single("last_success_timestamp_seconds", "When the last good run ended.", seconds(&success.finished));
    }
    let stages = |read: fn(&hugging_carbon::engine::StageReport) -> Option<f64>| -> Vec<(String, f64)> {
        results.stages.iter().filter_map(|report| Some((label("stage", &report.stage), read(report)?))).collect()
    };
    out.metric("stage_seconds", "How long a stage took; absent if it did not run.", &stages(|report| report.seconds));
    let peaks = stages(|report| report.peak_memory_bytes.map(|bytes| bytes as f64));
    out.metric("stage_peak_memory_bytes", "Largest resident memory during a stage.", &peaks);
    let states: Vec<(String, f64)> = results
        .stages
        .iter()
        .map(|report| (format!("{{stage=\"{}\",status=\"{}\"}}", report.stage, report.status.name()), 1.0))
        .collect();
    out.metric("stage_status", "How a stage ended, as the label status.", &states);
    let rows: Vec<(String, f64)> =
        results.stages.iter().flat_map(|r| &r.rows).map(|(table, rows)| (label("table", table), *rows as f64)).collect();
    out.metric("table_rows", "Rows of a table.", &rows);
    out.single("hub_requests", "Requests sent to the Hub by the last run.", results.hub.requests as f64);
    out.single("hub_rate_limited", "Of these, answered with status 429.", results.hub.rate_limited as f64);
    out.single("hub_retried", "Of these, tried again for another reason.", results.hub.retried as f64);
    out.single("hub_waited_seconds", "Time the last run waited for the Hub.", results.hub.waited_ms as f64 / 1e3);
    if let Some(rows) = results.quarantined {
        out.single("quarantined_rows", "Records and fields that could not be used.", rows as f64);
    }
    if let (Some(version), Some(manifest)) = (&results.latest, latest) {
        out.metric("snapshot_info", "The newest snapshot, as the label version.", &[(label("version", version), 1.0)]);
        let help = "Begin of the newest day in the index of the newest snapshot.";
        out.single("snapshot_index_timestamp_seconds", help, seconds(&format!("{}T00:00:00Z", manifest.index_date)));
        out.single("snapshot_models", "Models of the cohort.", manifest.headline.models as f64);
        let [low, median, high, _] = manifest.headline.emissions_kgco2e;
        let quantiles = [("0.05", low), ("0.5", median), ("0.95", high)].map(|(q, value)| (label("quantile", q), value));
        out.metric("snapshot_emissions_kgco2e", "Emissions of the cohort.", &quantiles);
    }
    out.0
}
