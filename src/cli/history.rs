//! `history`: the totals of every snapshot, as a series by vintage.

use super::text::{number, table};
use super::{Cli, print};
use clap::{Args, ValueEnum};
use hugging_carbon::domain::{GroupBy, Quantiles};
use hugging_carbon::error::{Error, IoContext, Result};
use hugging_carbon::stages::snapshot::latest::snapshot_at;
use hugging_carbon::stages::snapshot::manifest::Manifest;
use hugging_carbon::stages::snapshot::retention::versions;
use hugging_carbon::stages::snapshot::version_name;
use hugging_carbon::store::sha256_bytes;
use hugging_carbon::tables::AggregateRow;
use hugging_carbon::tables::io::rows;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Which snapshots and groups, and how.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hugging-carbon history
  hugging-carbon history --group-by owner --format csv > owners.csv
  hugging-carbon history downloads/2026-05-19-1a2b3c4d downloads/2026-06-19-5e6f7a8b --format json")]
pub struct HistoryArgs {
    /// Snapshot directories [default: all of the data directory]
    snapshots: Vec<PathBuf>,
    /// Grouping of aggregates: all, owner, country, tier ...
    #[arg(long, value_name = "GROUPING", default_value = "all", value_parser = grouping)]
    group_by: GroupBy,
    /// Form of the answer: csv and json have every cohort and quantity, text the emissions of the configured cohort
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// Comma-separated, with a header
    Csv,
    /// A list of objects
    Json,
}

fn grouping(text: &str) -> std::result::Result<GroupBy, String> {
    use hugging_carbon::domain::ClosedSet as _;
    let words: Vec<&str> = GroupBy::ALL.iter().map(|group_by| group_by.word()).collect();
    GroupBy::of_word(text).ok_or_else(|| format!("one of {} is wanted", words.join(", ")))
}

/// One quantity of one group in one snapshot.
#[derive(Debug, Serialize)]
struct Point {
    cohort: String,
    group_by: &'static str,
    group: String,
    quantity: &'static str,
    snapshot: String,
    index_date: String,
    method_version: i32,
    runs: i64,
    p05: f64,
    p50: f64,
    p95: f64,
    mean: f64,
    #[serde(skip)]
    is_headline: bool,
}

/// Prints the totals of every snapshot, the oldest first.
pub fn history(cli: &Cli, args: &HistoryArgs) -> Result<()> {
    let snapshots = if args.snapshots.is_empty() { all(&cli.global.data_dir.join("snapshots"))? } else { args.snapshots.clone() };
    let mut points = Vec::new();
    for snapshot in &snapshots {
        points.extend(of_snapshot(snapshot, args.group_by)?);
    }
    points.sort_by(|a, b| {
        let key =
            |p: &Point| (p.cohort.clone(), p.group.clone(), p.quantity, p.index_date.clone(), p.method_version, p.snapshot.clone());
        key(a).cmp(&key(b))
    });
    print(&match args.format {
        Format::Text => text(&points),
        Format::Csv => csv(&points)?,
        Format::Json => serde_json::to_string_pretty(&points).map_err(|e| Error::Internal(format!("history: {e}")))? + "\n",
    })
}

/// Snapshots of a data directory.
fn all(dir: &Path) -> Result<Vec<PathBuf>> {
    let found: Vec<PathBuf> = versions(dir)?.iter().map(|version| dir.join(version)).collect();
    if found.is_empty() {
        return Err(Error::input("no snapshots", dir.display(), "make one: hugging-carbon run"));
    }
    Ok(found)
}

fn of_snapshot(snapshot: &Path, group_by: GroupBy) -> Result<Vec<Point>> {
    let snapshot = snapshot_at(snapshot)?;
    let path = snapshot.join("manifest.json");
    let text = fs_err::read(&path).at_path("cannot read", &path)?;
    let manifest = Manifest::parse(&text, &path.display().to_string())?;
    let name = version_name(&manifest, &sha256_bytes(&text));
    let mut points = Vec::new();
    for row in rows::<AggregateRow>(&snapshot)? {
        let row = row?;
        if row.group_by != group_by {
            continue;
        }
        let quantities = [
            ("emissions_kgco2e", Some(row.emissions_kgco2e)),
            ("energy_kwh", Some(row.energy_kwh)),
            ("train_flop", Some(row.train_flop)),
            ("atci_gco2e_per_pflop", row.atci_gco2e_per_pflop),
        ];
        for (quantity, figures) in quantities {
            let Some(Quantiles { p05, p50, p95, mean }) = figures else { continue };
            points.push(Point {
                is_headline: row.cohort == manifest.headline.cohort,
                cohort: row.cohort.clone(),
                group_by: group_by.name(),
                group: row.group.clone(),
                quantity,
                snapshot: name.clone(),
                index_date: manifest.index_date.clone(),
                method_version: manifest.method_version,
                runs: row.runs,
                p05,
                p50,
                p95,
                mean,
            });
        }
    }
    Ok(points)
}

fn text(points: &[Point]) -> String {
    let shown = points.iter().filter(|point| point.is_headline && point.quantity == "emissions_kgco2e");
    let rows: Vec<Vec<String>> = shown
        .map(|p| {
            let tonnes = |kg: f64| number(kg / 1e3);
            let words = [p.cohort.clone(), p.group.clone(), p.snapshot.clone(), p.method_version.to_string(), p.runs.to_string()];
            words.into_iter().chain([p.p05, p.p50, p.p95, p.mean].map(tonnes)).collect()
        })
        .collect();
    let header = ["cohort", "group", "snapshot", "method", "runs", "p05, t CO2e", "median", "p95", "mean"];
    table(&header, &rows, 3)
}

fn csv(points: &[Point]) -> Result<String> {
    let failed = |e: String| Error::Internal(format!("history: {e}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    for point in points {
        writer.serialize(point).map_err(|e| failed(e.to_string()))?;
    }
    String::from_utf8(writer.into_inner().map_err(|e| failed(e.to_string()))?).map_err(|e| failed(e.to_string()))
}
