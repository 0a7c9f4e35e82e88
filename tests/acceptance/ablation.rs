//! What each part of method version 2 is worth: the totals of both indexes with one part taken away, the others as they are. CHANGELOG.md
//! has the table. Without item 3, fine-tunes from cards, nothing is estimated: with half of their rows the slope on the size is not
//! significant any more (t of -2.2; -3.6 with all).

use crate::masks::INDEXES;
use crate::pipeline::{ran, reference_rows, settings};
use hugging_carbon::domain::{CohortMetric, GroupBy, LinkPass};
use hugging_carbon::reference::Reference;
use hugging_carbon::stages::normalize;
use hugging_carbon::tables::AggregateRow;
use std::path::Path;

/// A part that is taken away: by a setting, or by emptying reference tables.
struct Part {
    name: &'static str,
    without_tables: &'static [&'static str],
    set: fn(&mut normalize::Settings),
}

const fn tables(name: &'static str, without_tables: &'static [&'static str]) -> Part {
    Part { name, without_tables, set: |_| {} }
}

const fn setting(name: &'static str, set: fn(&mut normalize::Settings)) -> Part {
    Part { name, without_tables: &[], set }
}

const PARTS: &[Part] = &[
    tables("whole", &[]),
    setting("1 roles by rules alone", |settings| settings.certain_roles = true),
    tables("2 without runs of small houses", &["small_runs.csv"]),
    tables("3 without fine-tunes from cards", &["finetunes.csv"]),
    tables("4 without arithmetic beyond text", &["recipes.csv", "architectures.csv"]),
    setting("6 stated bases alone", |settings| {
        settings.without_link_passes = LinkPass::ALL.iter().copied().filter(|pass| *pass != LinkPass::StatedBases).collect();
    }),
    setting("1 and 6", |settings| {
        settings.certain_roles = true;
        settings.without_link_passes = LinkPass::ALL.iter().copied().filter(|pass| *pass != LinkPass::StatedBases).collect();
    }),
    tables("7 without looked-up facts", &["repository_facts.csv"]),
];

/// A table without its rows.
fn emptied(table: &str) -> String {
    reference_rows(table, |_, _| false)
}

fn median_kt(data: &Path, cohort: &str) -> f64 {
    let snapshot = std::fs::canonicalize(data.join("snapshots/latest")).unwrap();
    let rows: Vec<AggregateRow> = crate::common::table(&snapshot);
    rows.iter().find(|r| r.cohort == cohort && r.group_by == GroupBy::All).unwrap().emissions_kgco2e.p50 / 1e6
}

/// Prints the table; what is taken away has to matter on one of the indexes, or it could go.
#[test]
#[ignore = "needs ../shared/data"]
fn each_part_of_the_method_taken_away() {
    let Some(shared) = crate::shared() else { return };
    for (name, cohort) in INDEXES {
        let index = shared.join("data/hub").join(name);
        let metric = if cohort.contains("30d") { CohortMetric::Downloads30d } else { CohortMetric::DownloadsAllTime };
        for part in PARTS {
            let texts = part.without_tables.iter().map(|table| (*table, emptied(table)));
            let reference = Reference::load_replacing(texts).unwrap();
            let dir = tempfile::tempdir().unwrap();
            let mut settings = settings(&index, dir.path(), metric);
            (part.set)(&mut settings.normalize);
            if let Err(why) = ran(dir.path(), settings, &reference, "snapshot") {
                assert_ne!(part.name, "whole", "{why}");
                eprintln!("{name}: {:40} cannot be taken away: {why}", part.name);
                continue;
            }
            let [of_cohort, of_all] = [cohort, "all_models"].map(|cohort| median_kt(dir.path(), cohort));
            eprintln!("{name}: {:40} cohort {of_cohort:8.1} kt, all {of_all:8.1} kt", part.name);
            assert!(of_cohort > 0.0 && of_cohort <= of_all);
        }
    }
}
