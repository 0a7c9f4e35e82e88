//! `history`: the totals of every snapshot, as a series by vintage.

use super::beside::{all_snapshots, edition_at};
use super::text::{count, number, table};
use super::{Cli, print};
use clap::{Args, ValueEnum};
use hugging_carbon::compare::{Point, series};
use hugging_carbon::domain::GroupBy;
use hugging_carbon::error::{Error, Result};
use std::fmt::Write as _;
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
    /// Form of the answer: csv and json have every cohort, quantity and group, text the emissions of each snapshot's headline, without groups that have none
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

/// One block a cohort, the oldest index first. In it the groups by the size of their newest total, each with its snapshots, the oldest first;
/// groups without any emissions are left out.
fn text(points: &[Point]) -> String {
    let shown: Vec<&Point> = points.iter().filter(|point| point.is_headline && point.quantity == "emissions_kgco2e").collect();
    let mut cohorts: Vec<(&str, &str)> = shown.iter().map(|p| (p.index_date.as_str(), p.cohort.as_str())).collect();
    cohorts.sort_unstable();
    let mut out = String::new();
    let mut told = Vec::new();
    for (_, cohort) in cohorts {
        if !told.contains(&cohort) {
            told.push(cohort);
            let _ = writeln!(out, "{}cohort {cohort}, t CO2e", if told.len() > 1 { "\n" } else { "" });
            out.push_str(&block(&shown.iter().copied().filter(|p| p.cohort == cohort).collect::<Vec<_>>()));
        }
    }
    out
}

fn block(points: &[&Point]) -> String {
    // Points come with the newest of a group last.
    let mut groups: Vec<(f64, &str)> = Vec::new();
    for point in points {
        match groups.iter_mut().find(|(_, group)| *group == point.group) {
            Some((mean, _)) => *mean = point.mean,
            None => groups.push((point.mean, &point.group)),
        }
    }
    groups.sort_by(|(a, x), (b, y)| b.total_cmp(a).then(x.cmp(y)));
    let mut rows = Vec::new();
    for (_, group) in groups {
        for p in points.iter().filter(|p| p.group == group && p.mean > 0.0) {
            let tonnes = |kg: f64| number(kg / 1e3);
            let words = [p.group.clone(), p.snapshot.clone(), p.method_version.to_string(), count(p.runs.unsigned_abs())];
            rows.push(words.into_iter().chain([p.p05, p.p50, p.p95, p.mean].map(tonnes)).collect());
        }
    }
    table(&["group", "snapshot", "method", "runs", "p05", "median", "p95", "mean"], &rows, 2)
}

fn csv(points: &[Point]) -> Result<String> {
    let failed = |e: String| Error::Internal(format!("history: {e}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    for point in points {
        writer.serialize(point).map_err(|e| failed(e.to_string()))?;
    }
    String::from_utf8(writer.into_inner().map_err(|e| failed(e.to_string()))?).map_err(|e| failed(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(cohort: &str, group: &str, snapshot: &str, mean: f64) -> Point {
        Point {
            cohort: cohort.to_owned(),
            group_by: "owner",
            group: group.to_owned(),
            quantity: "emissions_kgco2e",
            snapshot: snapshot.to_owned(),
            index_date: snapshot[..10].to_owned(),
            method_version: 2,
            runs: 1,
            p05: mean,
            p50: mean,
            p95: mean,
            mean,
            is_headline: true,
        }
    }

    /// Regression: the table was sorted by the name of the cohort, then of the group, and was full of zeros.
    #[test]
    fn a_cohort_is_a_block_and_the_largest_group_is_first() {
        let (old, new) = ("2026-05-19-a", "2026-06-19-b");
        let text = text(&[
            point("a, wide", "small", "2026-07-19-c", 1e3),
            point("b, narrow", "none", old, 0.0),
            point("b, narrow", "small", old, 9e6),
            point("b, narrow", "small", new, 2e3),
            point("b, narrow", "zlarge", new, 5e6),
        ]);
        let words: Vec<&str> =
            text.split_whitespace().filter(|word| ["b,", "a,", "small", "zlarge", "none"].contains(word)).collect();
        assert_eq!(words, ["b,", "zlarge", "small", "small", "a,", "small"], "{text}");
        assert!(text.find(old).unwrap() < text.rfind(new).unwrap(), "{text}");
    }
}
