//! Roles and run groups of the frozen index against the hand-checked facts.

use crate::common::{lineage::score, table};
use crate::run_on;
use hugging_carbon::tables::ModelRow;

#[test]
#[ignore = "needs ../shared/data"]
fn roles_and_groups_on_the_frozen_index() {
    let Some((_workspace, snapshot)) = run_on("models_2026-05.parquet") else { return };
    let models: Vec<ModelRow> = table(&snapshot);
    for (half, role, precision, recall) in [("seen", 0.93, 0.98, 0.90), ("held_out", 0.85, 0.98, 0.85)] {
        let score = score(&models, half);
        eprintln!("{score}");
        assert!(score.roles_right >= role && score.precision >= precision && score.recall >= recall, "{}", score.wrong.join("\n"));
    }
}
