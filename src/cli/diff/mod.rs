//! `diff`: what changed between two snapshots, and why the total did.

mod causes;
mod html;
mod read;
mod text;

use self::causes::{Cause, Part, attribute};
use self::read::Side;
use super::print;
use clap::{Args, ValueEnum};
use hugging_carbon::error::{Error, IoContext, Result};
use hugging_carbon::stages::snapshot::manifest::Manifest;
use hugging_carbon::stages::snapshot::verify_files;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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
    let old = fs_err::canonicalize(&args.old).at_path("cannot read snapshot", &args.old)?;
    let new = fs_err::canonicalize(&args.new).at_path("cannot read snapshot", &args.new)?;
    let (before, after) = (verify_files(&old)?, verify_files(&new)?);
    let change = change(&old, &before, &new, &after)?;
    match args.format {
        Format::Text => print(&text::text(&change, &before, &after)),
        Format::Html => print(&html::page(&change)),
        Format::Json => {
            let json = serde_json::to_string_pretty(&change).map_err(|e| Error::Internal(format!("diff: {e}")))?;
            print(&(json + "\n"))
        }
    }
}

fn change(old: &Path, before: &Manifest, new: &Path, after: &Manifest) -> Result<Change> {
    let (a, b) = (Side::read(old)?, Side::read(new)?);
    let mut rows = attribute(&a, &b)?;
    rows.sort_by(|x, y| {
        (x.cause, y.change_kgco2e.abs())
            .partial_cmp(&(y.cause, x.change_kgco2e.abs()))
            .unwrap_or(std::cmp::Ordering::Equal)
            .then_with(|| x.run_id.cmp(&y.run_id))
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
    let total = |path: &Path, manifest: &Manifest, side: &Side| Total {
        snapshot: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        method_version: manifest.method_version,
        cohort: manifest.headline.cohort.clone(),
        models: manifest.headline.models,
        runs: side.runs.len(),
        emissions_kgco2e: side.total(),
    };
    let (old, new) = (total(old, before, &a), total(new, after, &b));
    Ok(Change { schema: SCHEMA, change_kgco2e: new.emissions_kgco2e - old.emissions_kgco2e, old, new, causes, rows })
}
