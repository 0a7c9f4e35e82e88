//! `reference check`: the factor tables, validated, how their rows are known, what they cover, and whether corrections are needed.

use super::print;
use super::text::{count, table};
use hugging_carbon::error::{Error, Result};
use hugging_carbon::hub::record::parse_json_record;
use hugging_carbon::reference::check::{self, Report};
use hugging_carbon::reference::{Meeting, Reference};
use hugging_carbon::stages::fetch::EMBEDDED_SAMPLE;
use hugging_carbon::stages::normalize::{MetCorrection, References, review_corrections};
use hugging_carbon::tables::RawModelRow;
use std::fmt::Write as _;

/// Prints the report; a problem is exit status 3. With `strict`, a correction that is not needed or met another value is a problem, too.
pub fn check(strict: bool) -> Result<()> {
    let report = check::check();
    let stale: Vec<MetCorrection> = corrections()?.into_iter().filter(|met| met.meeting != Meeting::Expected).collect();
    let mut out = readable(&report);
    for met in &stale {
        let _ = writeln!(out, "  {met}");
    }
    print(&out)?;
    match (report.problems(), stale.len()) {
        (0, n) if n > 0 && strict => Err(Error::Verification(format!(
            "{n} reviewed corrections do not meet what they expect\n  way out: review data/reference/corrections.toml and build again"
        ))),
        (0, _) => Ok(()),
        (n, _) => Err(Error::Verification(format!(
            "the reference tables have {n} problems\n  way out: mend data/reference and build again"
        ))),
    }
}

/// What the reviewed corrections meet in the sample: records that are known.
fn corrections() -> Result<Vec<MetCorrection>> {
    let references = References::new(&Reference::load()?);
    let lines = EMBEDDED_SAMPLE.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let records: Vec<RawModelRow> = lines.filter_map(|line| parse_json_record(line, "sample").row).collect();
    Ok(review_corrections(&references, &records))
}

fn readable(report: &Report) -> String {
    let mut out = String::from("Reference tables\n");
    let lines: Vec<Vec<String>> = report
        .tables
        .iter()
        .map(|t| {
            let verdict = if t.problems.is_empty() { "holds".to_owned() } else { format!("{} problems", t.problems.len()) };
            let known = [t.rows, t.evidence.seen, t.evidence.memory, t.evidence.assumption];
            let mut line = vec![t.file.to_owned()];
            line.extend(known.map(|n| count(n as u64)));
            line.push(verdict);
            line
        })
        .collect();
    out.push_str(&table(&["table", "rows", "seen", "memory", "assumption", "rules"], &lines, 1));
    for t in report.tables.iter().filter(|t| !t.problems.is_empty()) {
        for problem in &t.problems {
            let _ = writeln!(out, "  {}: {problem}", t.file);
        }
    }
    for problem in &report.between {
        let _ = writeln!(out, "  {problem}");
    }
    out.push_str("\nCoverage\n");
    let lines: Vec<Vec<String>> = report.coverage.iter().map(|(what, figure)| vec![what.clone(), figure.clone()]).collect();
    out.push_str(&table(&["what", "figure"], &lines, 1));
    out
}
