//! `reference check`: the factor tables, validated, how their rows are known, and what they cover.

use super::text::{count, table};
use super::{Cli, print};
use hugging_carbon::error::{Error, Result};
use hugging_carbon::reference::check::{self, Report};
use std::fmt::Write as _;

/// Prints the report; a problem is exit status 3.
pub fn check(_: &Cli) -> Result<()> {
    let report = check::check();
    print(&readable(&report))?;
    match report.problems() {
        0 => Ok(()),
        n => Err(Error::Verification(format!(
            "the reference tables have {n} problems\n  way out: mend data/reference and build again"
        ))),
    }
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
