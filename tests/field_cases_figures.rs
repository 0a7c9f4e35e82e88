//! Field cases of issue 14: which figure of a card is the run's. Inputs in tests/data/field_cases, made after real cards.
#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp)] // A test that cannot set up its stage has failed.

mod common;

use common::{Workspace, table};
use hugging_carbon::domain::{Field, GroupBy};
use hugging_carbon::tables::{AggregateRow, EvidenceRow, LineageRow};
use std::path::Path;

struct Case {
    evidence: Vec<EvidenceRow>,
    snapshot: std::path::PathBuf,
    _workspace: Workspace,
}

fn case(name: &str, suffix: &str) -> Case {
    let workspace = Workspace::new();
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/field_cases").join(name);
    let file = |stem: &str| dir.join(format!("{stem}{suffix}.jsonl")).to_string_lossy().into_owned();
    workspace.ok(&["-q", "run", "--source", &file("index"), "--cards", &file("cards")]);
    let snapshot = workspace.snapshot();
    Case { evidence: table(&snapshot), snapshot, _workspace: workspace }
}

impl Case {
    fn accepted(&self, model: &str, field: Field) -> Option<&EvidenceRow> {
        self.evidence
            .iter()
            .filter(|e| e.model_id == model && e.field == field && e.accepted)
            .max_by(|a, b| a.confidence.total_cmp(&b.confidence))
    }

    fn value(&self, model: &str, field: Field) -> Option<f64> {
        self.accepted(model, field).and_then(|e| e.value)
    }

    fn is(&self, model: &str, field: Field, right: f64) {
        let got = self.value(model, field);
        assert!(
            got.is_some_and(|v| (v / right - 1.0).abs() < 1e-3),
            "{model} {field}: {got:?}, not {right}\n{}",
            self.all(model, field)
        );
    }

    fn all(&self, model: &str, field: Field) -> String {
        let rows = self.evidence.iter().filter(|e| e.model_id == model && e.field == field);
        rows.map(|e| format!("{:?} {:?} {} {:?}\n", e.value, e.reject_reason, e.value_as_written, e.quote)).collect()
    }
}

#[test]
fn case_01_a_total_with_the_base_in_it_is_not_the_models() {
    let case = case("01-cumulative-mwh", "");
    let (base, own) = ("nv-lab/Nemo-Nano-12B-v2-Base", "nv-lab/Nemo-Nano-9B-v2-Base");
    case.is(base, Field::EnergyKwh, 708_300.0);
    case.is(base, Field::TrainFlop, 1.45e24);
    case.is(own, Field::EnergyKwh, 15_700.0);
    case.is(own, Field::TrainFlop, 3.28e22);
    let lineage: Vec<LineageRow> = table(&case.snapshot);
    let row = lineage.iter().find(|r| r.model_id == own).unwrap();
    assert!((row.lineage_energy_kwh_mean / 724_000.0 - 1.0).abs() < 0.05, "{}", row.lineage_energy_kwh_mean);
}

#[test]
fn case_02_a_chip_that_cannot_have_done_the_compute_is_refused() {
    let case = case("02-petaflop-days", "");
    let model = "lab-x/first-decoder";
    case.is(model, Field::AcceleratorCount, 8.0);
    case.is(model, Field::WallHours, 720.0);
    // Petaflop days are read by the quantities; as soon as they are, the chip is refused.
    if case.value(model, Field::TrainFlop).is_some_and(|flop| flop > 8e19) {
        assert!(case.accepted(model, Field::Accelerator).is_none(), "{}", case.all(model, Field::Accelerator));
    }
}

#[test]
fn case_04_the_result_behind_the_last_equals_sign() {
    for (suffix, model) in [("", "ctrl-lab/segment-control"), ("_b", "ctrl-lab/segment-control-b")] {
        let case = case("04-product-on-the-line", suffix);
        case.is(model, Field::EmissionsKgco2e, 1.29);
        case.is(model, Field::EnergyKwh, 2.26);
        case.is(model, Field::WallHours, 8.0);
        assert!(case.accepted(model, Field::Accelerator).is_some_and(|e| e.value_as_written.contains("TPU")));
    }
}

#[test]
fn case_05_a_grid_factor_and_two_results_are_no_emissions() {
    let case = case("05-grid-factor-two-modes", "");
    let model = "al-lab/core-32b";
    let kg = case.value(model, Field::EmissionsKgco2e);
    assert!(kg.is_none_or(|kg| kg == 298.0), "{}", case.all(model, Field::EmissionsKgco2e));
    case.is(model, Field::AcceleratorCount, 8.0);
    case.is(model, Field::WallHours, 408.0);
}

#[test]
fn case_11_lists_of_phases_and_sizes_are_told_apart() {
    let case = case("11-phases-and-siblings", "");
    for (model, kg, devices, hours) in [
        ("vlm-lab/openvlm-80b", 39_498.0, 512.0, 672.0),
        ("vlm-lab/openvlm-9b", 5_160.0, 128.0, 350.0),
        ("vlm-lab/openvlm-9b-instruct", 1_032.0, 128.0, 70.0),
    ] {
        case.is(model, Field::EmissionsKgco2e, kg);
        case.is(model, Field::AcceleratorCount, devices);
        case.is(model, Field::WallHours, hours);
        assert_eq!(case.value(model, Field::AcceleratorHours), None, "{}", case.all(model, Field::AcceleratorHours));
        let place = case.accepted(model, Field::CloudRegion).or_else(|| case.accepted(model, Field::Country));
        assert!(place.is_none_or(|e| e.value_as_written.contains("US-West")), "{place:?}");
    }
}

#[test]
fn case_27_the_groups_of_the_ai_act_know_what_generates_and_what_modifies() {
    let case = case("27-ai-act-groups", "");
    let rows: Vec<AggregateRow> = table(&case.snapshot);
    let groups: Vec<(&str, i64)> = rows
        .iter()
        .filter(|r| r.cohort == "all_models" && r.group_by == GroupBy::EuAiAct)
        .map(|r| (r.group.as_str(), r.runs))
        .collect();
    let right = [("1e23_to_1e25", 1), ("beyond_the_scope_generates_nothing", 1), ("modification_above_a_third_of_1e23", 1)];
    assert_eq!(groups, right);
}

#[test]
fn case_32_a_prediction_counts_and_one_epoch_never_does() {
    let case = case("32-carbontracker-log", "");
    for model in ["eye-lab/eye-net", "eye-lab/eye-text"] {
        case.is(model, Field::EnergyKwh, 0.105);
        case.is(model, Field::EmissionsKgco2e, 0.015_923);
        case.is(model, Field::WallHours, 1.805_56);
        let kg = case.accepted(model, Field::EmissionsKgco2e).unwrap();
        assert!(kg.value_as_written.contains("predicted for 50 epochs"), "{kg:?}");
        assert!(case.accepted(model, Field::Accelerator).is_some());
        let place = case.accepted(model, Field::Country).or_else(|| case.accepted(model, Field::CloudRegion));
        assert!(place.is_some_and(|e| e.value_as_written.contains("Copenhagen")), "{}", case.all(model, Field::CloudRegion));
    }
}
