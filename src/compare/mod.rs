//! Snapshots beside each other: why the total changed from one to another, and totals of many as a series.
//!
//! Tables are read by columns, so that snapshots of older versions can be compared, too.

mod causes;
mod learned;
mod read;
mod regrouped;
mod series;

pub use causes::{Cause, ONE_OF_SEVERAL, Part};
pub use series::{Point, series};

use crate::error::Result;
use read::Side;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Name and version of the JSON of a [`Change`]; the number changes when a key changes its meaning or goes away.
const SCHEMA: &str = "hugging-carbon diff 1";

/// What the manifest of a snapshot states.
#[derive(Clone, Debug, Serialize)]
pub struct Edition {
    /// Name of the snapshot.
    pub snapshot: String,
    /// Newest date of its index.
    pub index_date: String,
    /// Version of the method.
    pub method_version: i32,
    /// Cohort of the headline.
    pub cohort: String,
    /// Repositories of the cohort.
    pub models: i64,
    /// Seed and number of the draws, as the manifest has them.
    #[serde(skip)]
    pub draws: [Option<u64>; 2],
}

/// The change of a cohort's total, split by cause.
#[derive(Debug, Serialize)]
pub struct Change {
    schema: &'static str,
    /// The older snapshot.
    pub old: Total,
    /// The newer one.
    pub new: Total,
    /// New total less old, kg CO2e (means).
    pub change_kgco2e: f64,
    /// The largest first; their changes add up to `change_kgco2e`.
    pub causes: Vec<CauseTotal>,
    /// What every run adds to every cause, the largest of a cause first.
    pub rows: Vec<Part>,
}

/// One snapshot with its total.
#[derive(Debug, Serialize)]
pub struct Total {
    /// The snapshot.
    #[serde(flatten)]
    pub edition: Edition,
    /// Runs of the cohort.
    pub runs: usize,
    /// Sum of the means of the cohort's runs, kg CO2e.
    pub emissions_kgco2e: f64,
}

/// A cause with what it adds.
#[derive(Debug, Serialize)]
pub struct CauseTotal {
    /// Which.
    pub cause: Cause,
    /// What it means.
    pub meaning: &'static str,
    /// Runs it changes.
    pub runs: usize,
    /// Sum of its changes, kg CO2e.
    pub change_kgco2e: f64,
    /// What of it came through the regressions, kg CO2e.
    pub through_regressions_kgco2e: f64,
    /// Sum of what goes up, kg CO2e.
    pub up_kgco2e: f64,
    /// Sum of what goes down, kg CO2e.
    pub down_kgco2e: f64,
}

/// Why the total of the cohort changed from one snapshot to another, each given as the directory of its tables and what its manifest
/// states.
///
/// # Errors
/// A table is missing or damaged.
pub fn change(old: (&Path, Edition), new: (&Path, Edition)) -> Result<Change> {
    let (a, b) = (Side::of_snapshot(old.0)?, Side::of_snapshot(new.0)?);
    let rows = causes::attribute(&a, &b, old.1.draws != new.1.draws)?;
    let total = |edition, side: &Side| Total { edition, runs: side.runs.len(), emissions_kgco2e: side.total() };
    Ok(summed(total(old.1, &a), total(new.1, &b), rows))
}

/// Sorts what every run adds, and sums it up by cause.
fn summed(old: Total, new: Total, mut rows: Vec<Part>) -> Change {
    rows.sort_by(|x, y| {
        let larger_first = y.change_kgco2e.abs().total_cmp(&x.change_kgco2e.abs());
        x.cause.cmp(&y.cause).then(larger_first).then_with(|| x.run_id.cmp(&y.run_id))
    });
    let mut by_cause: BTreeMap<Cause, CauseTotal> = BTreeMap::new();
    for row in &rows {
        let total = by_cause.entry(row.cause).or_insert_with(|| CauseTotal {
            cause: row.cause,
            meaning: row.cause.meaning(),
            runs: 0,
            change_kgco2e: 0.0,
            through_regressions_kgco2e: 0.0,
            up_kgco2e: 0.0,
            down_kgco2e: 0.0,
        });
        total.runs += 1;
        total.change_kgco2e += row.change_kgco2e;
        if row.is_through_regressions {
            total.through_regressions_kgco2e += row.change_kgco2e;
        }
        total.up_kgco2e += row.change_kgco2e.max(0.0);
        total.down_kgco2e += row.change_kgco2e.min(0.0);
    }
    let mut causes: Vec<CauseTotal> = by_cause.into_values().collect();
    causes.sort_by(|x, y| y.change_kgco2e.abs().total_cmp(&x.change_kgco2e.abs()).then(x.cause.cmp(&y.cause)));
    let change_kgco2e = new.emissions_kgco2e - old.emissions_kgco2e;
    Change { schema: SCHEMA, old, new, change_kgco2e, causes, rows }
}
