//! The checks on the real files of ../shared/data (`make acceptance`): both shapes of the frozen index give the same tables.
//!
//! They are ignored by default, because the folder is no part of the project, and say so when it is absent.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A test that cannot set up its stage has failed.

mod ablation;
mod arithmetic;
mod cards;
#[path = "../common/mod.rs"]
mod common;
mod diff;
mod fine_tunes;
mod held_back;
mod hidden_rows;
mod lineage;
mod masks;
mod physical_chain;
mod pipeline;
mod recipes;
mod reliability;
mod roles;
mod rows;

use common::{Workspace, files_of, table};
use hugging_carbon::domain::GroupBy;
use hugging_carbon::tables::{EstimateRow, ModelRow, QuarantineRow, RunRow};
use std::path::PathBuf;

/// The shared folder, or a message and none.
fn shared() -> Option<PathBuf> {
    let named = std::env::var_os("HUGGING_CARBON_SHARED").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"));
    if folder.join("data/hub").is_dir() {
        return Some(std::fs::canonicalize(folder).unwrap());
    }
    eprintln!("acceptance: {} holds no data/hub; set HUGGING_CARBON_SHARED. Nothing was checked.", folder.display());
    None
}

fn run_on(source: &str) -> Option<(Workspace, PathBuf)> {
    let path = shared()?.join("data/hub").join(source);
    let workspace = Workspace::new();
    let ran = workspace.ok(&["run", "--source", path.to_str().unwrap()]);
    eprintln!("{source}\n{}", ran.stdout);
    let snapshot = workspace.snapshot();
    Some((workspace, snapshot))
}

#[test]
#[ignore = "needs ../shared/data"]
fn parquet_and_listing_give_the_same_models_runs_and_estimates() {
    let Some((_a, parquet)) = run_on("models_2026-05.parquet") else { return };
    let Some((_b, listing)) = run_on("models_2026-05.api.jsonl.gz") else { return };
    let models: Vec<ModelRow> = table(&parquet);
    assert_eq!(models.len(), 4_167);
    assert!(models == table::<ModelRow>(&listing));
    assert!(table::<RunRow>(&parquet) == table::<RunRow>(&listing));
    assert!(table::<EstimateRow>(&parquet) == table::<EstimateRow>(&listing));
    assert!(table::<QuarantineRow>(&parquet).is_empty() && table::<QuarantineRow>(&listing).is_empty());
    // The files themselves, byte for byte, where nothing of the source's name enters.
    let bytes = |files: &[(String, Vec<u8>)], name: &str| files.iter().find(|(n, _)| n == name).unwrap().1.clone();
    let (a, b) = (files_of(&parquet), files_of(&listing));
    for name in ["models.parquet", "runs.parquet", "estimates.parquet", "evidence.parquet", "aggregates.parquet"] {
        assert!(bytes(&a, name) == bytes(&b, name), "{name}");
    }
}

#[test]
#[ignore = "needs ../shared/data"]
fn a_real_body_of_the_listing_api_is_read() {
    let Some(shared) = shared() else { return };
    let body = shared.join("data/hub/api_models_response.json");
    let body = body.to_str().unwrap();
    let workspace = Workspace::new();
    // It was asked for without the downloads of all time: the cohort would be empty.
    let refused = workspace.run(&["run", "--source", body]);
    assert_eq!(refused.status, 1);
    assert!(refused.stderr.contains("'downloadsAllTime'") && refused.stderr.contains("downloads_30d"), "{}", refused.stderr);
    workspace.file("month.toml", "[cohort]\nmetric = \"downloads_30d\"\n");
    workspace.ok(&["run", "--source", body, "--config", "month.toml"]);
    assert_eq!(table::<ModelRow>(&workspace.snapshot()).len(), 3);
}

/// 1,463 of the 4,167 rows pass 5,000 downloads of all time, 675 of 30 days (docs/method.md, section 8 names both counts).
#[test]
#[ignore = "needs ../shared/data"]
fn both_readings_of_the_cohort_have_their_known_sizes() {
    let Some((_workspace, snapshot)) = run_on("models_2026-05.parquet") else { return };
    let rows: Vec<hugging_carbon::tables::AggregateRow> = table(&snapshot);
    let models = |cohort: &str| rows.iter().find(|r| r.cohort == cohort && r.group_by == GroupBy::All).unwrap().models;
    assert_eq!(models("downloads_all_time_gt_5000"), 1_463);
    assert_eq!(models("downloads_30d_gt_5000"), 675);
    assert_eq!(models("all_models"), 4_167);
}
