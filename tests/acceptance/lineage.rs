//! Roles and run groups of the frozen index against the hand-checked facts.

use crate::common::{lineage::score, table};
use crate::run_on;
use hugging_carbon::domain::GroupBy;
use hugging_carbon::tables::ModelRow;

#[test]
#[ignore = "needs ../shared/data"]
fn roles_and_groups_on_the_frozen_index() {
    let Some((_workspace, snapshot)) = run_on("models_2026-05.parquet") else { return };
    let models: Vec<ModelRow> = table(&snapshot);
    for (half, role, precision, recall) in [("seen", 0.97, 0.98, 0.95), ("held_out", 0.90, 0.95, 0.85)] {
        let score = score(&models, half);
        eprintln!("{score}");
        assert!(score.roles_right >= role && score.precision >= precision && score.recall >= recall, "{}", score.wrong.join("\n"));
    }
}

/// Total compute and number of runs of the cohort with each pass of the linking left out: what each of them decides.
#[test]
#[ignore = "needs ../shared/data"]
fn ablation_of_the_link_passes() {
    let Some(shared) = crate::shared() else { return };
    let source = shared.join("data/hub/models_2026-05.parquet");
    let total = |without: &str| {
        let workspace = crate::common::Workspace::new();
        let mut command = workspace.command();
        command.env("HUGGING_CARBON_METHOD_WITHOUT_LINK_PASSES", without);
        command.args(["-q", "run", "--source", source.to_str().unwrap()]).assert().success();
        let rows: Vec<hugging_carbon::tables::AggregateRow> = table(&workspace.snapshot());
        let all = rows.into_iter().find(|r| r.cohort == "downloads_all_time_gt_5000" && r.group_by == GroupBy::All).unwrap();
        eprintln!(
            "  without {without:60} {:>6} runs  {:.3e} FLOP (median)  {:>9.0} t (median)",
            all.runs,
            all.train_flop.p50,
            all.emissions_kgco2e.p50 / 1000.0
        );
        all
    };
    let full = total("");
    for pass in ["stated_bases", "copies", "siblings", "specialities", "family_names", "shapes"] {
        assert!(total(pass).runs >= full.runs - full.runs / 50, "{pass}: leaving links out cannot make many runs one");
    }
    let none = total("stated_bases,copies,siblings,specialities,family_names,shapes");
    assert!(none.train_flop.p50 > full.train_flop.p50);
}
