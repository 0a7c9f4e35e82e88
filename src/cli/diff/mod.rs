//! `diff`: what changed between two snapshots, and why the total did.

mod causes;
mod html;
mod read;
mod text;

use self::causes::{Cause, Part, attribute};
use self::read::Side;
use super::print;
use clap::{Args, ValueEnum};
use hugging_carbon::error::{Error, Result};
use hugging_carbon::stages::snapshot::latest::snapshot_at;
use hugging_carbon::stages::snapshot::manifest::Manifest;
use hugging_carbon::stages::snapshot::verify_files;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Name and version of the JSON; the number changes when a key changes its meaning or goes away.
const SCHEMA: &str = "hugging-carbon diff 1";

/// Which snapshots, and how.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hugging-carbon diff data/snapshots/2026-05-19-1a2b3c4d data/snapshots/latest
  hugging-carbon diff OLD NEW --format json | jq '.causes[0]'
  hugging-carbon diff OLD NEW --format html > why.html")]
pub struct DiffArgs {
    /// Older snapshot directory
    old: PathBuf,
    /// Newer snapshot directory
    new: PathBuf,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// For programs
    Json,
    /// A page that needs nothing else
    Html,
}

/// The change of a cohort's total, split by cause.
#[derive(Debug, Serialize)]
struct Change {
    schema: &'static str,
    old: Total,
    new: Total,
    /// New total less old, kg CO2e (means).
    change_kgco2e: f64,
    /// The largest first; their changes add up to `change_kgco2e`.
    causes: Vec<CauseTotal>,
    /// What every run adds to every cause, the largest of a cause first.
    rows: Vec<Part>,
}

/// One snapshot.
#[derive(Debug, Serialize)]
struct Total {
    snapshot: String,
    method_version: i32,
    cohort: String,
    models: i64,
    runs: usize,
    /// Sum of the means of the cohort's runs.
    emissions_kgco2e: f64,
}

#[derive(Debug, Serialize)]
struct CauseTotal {
    cause: Cause,
    meaning: &'static str,
    /// Runs it changes.
    runs: usize,
    change_kgco2e: f64,
    /// Sum of what goes up.
    up_kgco2e: f64,
    /// Sum of what goes down.
    down_kgco2e: f64,
}

/// Prints what changed between two snapshots.
pub fn diff(args: &DiffArgs) -> Result<()> {
    let (old, new) = (snapshot_at(&args.old)?, snapshot_at(&args.new)?);
    let ((old_version, before), (new_version, after)) = (verify_files(&old)?, verify_files(&new)?);
    let (a, b) = (Side::of_snapshot(&old)?, Side::of_snapshot(&new)?);
    let old = Total::new(old_version, &before, &a);
    let new = Total::new(new_version, &after, &b);
    let change = change(old, new, attribute(&a, &b)?);
    match args.format {
        Format::Text => print(&text::text(&change, &before, &after)),
        Format::Html => print(&html::page(&change)),
        Format::Json => {
            let json = serde_json::to_string_pretty(&change).map_err(|e| Error::Internal(format!("diff: {e}")))?;
            print(&(json + "\n"))
        }
    }
}

impl Total {
    fn new(snapshot: String, manifest: &Manifest, side: &Side) -> Self {
        Self {
            snapshot,
            method_version: manifest.method_version,
            cohort: manifest.headline.cohort.clone(),
            models: manifest.headline.models,
            runs: side.runs.len(),
            emissions_kgco2e: side.total(),
        }
    }
}

/// Sorts what every run adds, and sums it up by cause.
fn change(old: Total, new: Total, mut rows: Vec<Part>) -> Change {
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
            up_kgco2e: 0.0,
            down_kgco2e: 0.0,
        });
        total.runs += 1;
        total.change_kgco2e += row.change_kgco2e;
        total.up_kgco2e += row.change_kgco2e.max(0.0);
        total.down_kgco2e += row.change_kgco2e.min(0.0);
    }
    let mut causes: Vec<CauseTotal> = by_cause.into_values().collect();
    causes.sort_by(|x, y| y.change_kgco2e.abs().total_cmp(&x.change_kgco2e.abs()).then(x.cause.cmp(&y.cause)));
    let change_kgco2e = new.emissions_kgco2e - old.emissions_kgco2e;
    Change { schema: SCHEMA, old, new, change_kgco2e, causes, rows }
}
