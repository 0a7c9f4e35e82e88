//! A stage is rebuilt for exactly what it declares: one cell of one reference table, one commit of a source.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use common::graph::graph_on;
use common::sample;
use hugging_carbon::engine::{self, Freshness, Reports, Step, Wanted, Workspace};
use hugging_carbon::reference::Reference;
use hugging_carbon::stages;
use std::path::Path;

/// The graph on the sample's records in a data directory, as taken from `revision`.
fn graph(data: &Path, revision: Option<&str>, reference: &Reference) -> Vec<Box<dyn Step>> {
    graph_on(&sample().join("models.jsonl"), data, revision, reference)
}

fn whole() -> Wanted<'static> {
    Wanted { from: None, until: "snapshot" }
}

/// What each stage says of its freshness.
fn told(workspace: &Workspace, graph: &[Box<dyn Step>]) -> Vec<(&'static str, Option<String>)> {
    let why = |freshness| match freshness {
        Freshness::Fresh => None,
        Freshness::Stale(why) => Some(why),
    };
    engine::status(workspace, graph).unwrap().into_iter().map(|(name, fresh, _)| (name, why(fresh))).collect()
}

/// Records and cards are not read again for a figure that only estimates use.
#[test]
fn one_cell_of_pue_csv_leaves_ingest_normalize_and_tier_fresh() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = Workspace { work: dir.path().join("work"), interactive: false, reports: Reports::default() };
    let reference = Reference::load().unwrap();
    let before = graph(dir.path(), None, &reference);
    let ran = engine::run(&workspace, &before, whole(), false).unwrap();
    assert_eq!(ran, stages::NAMES);
    assert!(told(&workspace, &before).iter().all(|(_, why)| why.is_none()));

    let table = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/reference/pue.csv")).unwrap();
    // Google's environmental report: 1.10 in 2021.
    let changed = table.replacen(",2021,1.1,", ",2021,1.11,", 1);
    assert_ne!(changed, table);
    let after = graph(dir.path(), None, &Reference::load_replacing([("pue.csv", changed)]).unwrap());
    let told = told(&workspace, &after);
    for (stage, why) in &told {
        match *stage {
            "fetch" | "ingest" | "normalize" | "tier" => assert_eq!(*why, None, "{stage}"),
            "fit" => assert_eq!(why.as_deref(), Some("reference file pue.csv changed")),
            _ => assert!(why.is_some(), "{stage}"),
        }
    }
    let ran = engine::run(&workspace, &after, whole(), false).unwrap();
    assert_eq!(ran, ["fit", "estimate", "snapshot"]);
}

/// The same bytes at a new commit are another source: what the manifest pins is rebuilt.
#[test]
fn an_undeclared_revision_cannot_stay_in_the_manifest() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = Workspace { work: dir.path().join("work"), interactive: false, reports: Reports::default() };
    let reference = Reference::load().unwrap();
    let manifest = || std::fs::read_to_string(dir.path().join("snapshots/latest/manifest.json")).unwrap();
    engine::run(&workspace, &graph(dir.path(), Some("owner/index@aaaa"), &reference), whole(), false).unwrap();
    assert!(manifest().contains("owner/index@aaaa"));
    let second = graph(dir.path(), Some("owner/index@bbbb"), &reference);
    let ran = engine::run(&workspace, &second, whole(), false).unwrap();
    assert!(manifest().contains("owner/index@bbbb") && !manifest().contains("owner/index@aaaa"), "{ran:?}");
    // The tables follow from the records, which are the same: only what carries the revision ran.
    assert_eq!(ran, ["fetch", "ingest", "snapshot"]);
}

/// What an earlier stage left is rebuilt when something else changed it.
#[test]
fn a_table_that_something_else_changed_is_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = Workspace { work: dir.path().join("work"), interactive: false, reports: Reports::default() };
    let steps = graph(dir.path(), None, &Reference::load().unwrap());
    engine::run(&workspace, &steps, whole(), false).unwrap();
    std::fs::write(workspace.work.join("tiers.parquet"), b"not a table").unwrap();
    let told = told(&workspace, &steps);
    assert_eq!(told[3], ("tier", Some("tiers.parquet was changed by something else".to_owned())));
    // The same bytes come out again, so that nothing behind it runs.
    assert_eq!(engine::run(&workspace, &steps, whole(), false).unwrap(), ["tier"]);
}
