//! What the explorer holds of a change since another snapshot.

use crate::compare::{Change, Part, Total};
use crate::report::sections::cause_title;
use crate::report::text::{name, plain};
use crate::report::words;
use serde::Serialize;

/// Runs held of every cause, the largest changes first.
const MOST_RUNS: usize = 50;

/// One snapshot.
#[derive(Serialize)]
struct Side {
    snapshot: String,
    cohort: String,
    method: i32,
    runs: usize,
    kg: f64,
}

/// A cause with its largest runs.
#[derive(Serialize)]
struct Cause {
    title: String,
    meaning: &'static str,
    runs: usize,
    kg: f64,
    rows: Vec<Run>,
}

/// Run, from what to what, older, newer, change.
#[derive(Serialize)]
struct Run(String, String, Option<f64>, Option<f64>, f64);

/// Why the total changed.
#[derive(Serialize)]
pub(super) struct Changes {
    old: Side,
    new: Side,
    kg: f64,
    causes: Vec<Cause>,
}

impl Changes {
    /// Of a change, with numbers as the explorer writes them.
    pub(super) fn new(change: &Change, rounded: fn(f64) -> f64) -> Self {
        let side = |total: &Total| Side {
            snapshot: name(&total.edition.snapshot),
            cohort: words::cohort(&total.edition.cohort),
            method: total.edition.method_version,
            runs: total.runs,
            kg: total.emissions_kgco2e,
        };
        let run = |row: &Part| {
            let known = |kg: Option<f64>| kg.map(rounded);
            Run(name(&row.run_id), plain(&row.note), known(row.old_kgco2e), known(row.new_kgco2e), rounded(row.change_kgco2e))
        };
        let causes = change.causes.iter().map(|cause| Cause {
            title: cause_title(cause.cause),
            meaning: cause.meaning,
            runs: cause.runs,
            kg: rounded(cause.change_kgco2e),
            rows: change.rows.iter().filter(|row| row.cause == cause.cause).take(MOST_RUNS).map(run).collect(),
        });
        Self { old: side(&change.old), new: side(&change.new), kg: change.change_kgco2e, causes: causes.collect() }
    }
}
