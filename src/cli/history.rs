//! `history`: the totals of every snapshot, as a series by vintage.

use super::beside::{all_snapshots, edition_at};
use super::text::{number, table};
use super::{Cli, print};
use clap::{Args, ValueEnum};
use hugging_carbon::compare::{Point, series};
use hugging_carbon::domain::GroupBy;
use hugging_carbon::error::{Error, Result};
use std::path::PathBuf;

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

/// Prints the totals of every snapshot, the oldest first.
pub fn history(cli: &Cli, args: &HistoryArgs) -> Result<()> {
    let snapshots =
        if args.snapshots.is_empty() { all_snapshots(&cli.global.data_dir.join("snapshots"))? } else { args.snapshots.clone() };
    let editions = snapshots.iter().map(|dir| edition_at(dir)).collect::<Result<Vec<_>>>()?;
    let points = series(&editions, args.group_by)?;
    print(&match args.format {
        Format::Text => text(&points),
        Format::Csv => csv(&points)?,
        Format::Json => serde_json::to_string_pretty(&points).map_err(|e| Error::Internal(format!("history: {e}")))? + "\n",
    })
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
