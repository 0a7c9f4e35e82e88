//! Field cases of names and of reviewed corrections (tests/data/field_cases), driven through the binary.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use common::{Workspace, table};
use hugging_carbon::domain::{EvidenceSource, Field, Flag, ParamsSource, Role, Rule, TrainedOnSource};
use hugging_carbon::stages::snapshot::manifest::Manifest;
use hugging_carbon::tables::{EstimateRow, EvidenceRow, ModelRow};
use std::path::{Path, PathBuf};

fn case(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/field_cases").join(file)
}

fn run(source: &Path) -> Workspace {
    let workspace = Workspace::new();
    workspace.ok(&["-q", "run", "--source", source.to_str().unwrap()]);
    workspace
}

fn model(workspace: &Workspace, id: &str) -> ModelRow {
    let models: Vec<ModelRow> = table(&workspace.snapshot());
    models.into_iter().find(|m| m.model_id == id).unwrap_or_else(|| panic!("{id} is missing"))
}

#[test]
fn field_case_21_a_uuid_states_no_size() {
    let workspace = run(&case("21-uuid-names/index.jsonl"));
    let models: Vec<ModelRow> = table(&workspace.snapshot());
    assert_eq!(models.len(), 4);
    for m in models {
        assert_eq!((m.total_params, m.params_source), (None, None), "{}", m.model_id);
    }
}

#[test]
fn field_case_22_underscores_and_experts() {
    let workspace = run(&case("22-underscore-sizes/index.jsonl"));
    for (id, total) in
        [("st-lab/stable-2-1_6b", 1_600_000_000), ("in-lab/intern2_5-1_8b-chat", 1_800_000_000), ("qw-lab/Qw-1_8B", 1_800_000_000)]
    {
        let m = model(&workspace, id);
        assert_eq!((m.total_params, m.params_source), (Some(total), Some(ParamsSource::Name)), "{id}");
    }
    let scout = model(&workspace, "ll-lab/Lla-4-Scout-17B-16E");
    assert_eq!((scout.total_params, scout.active_params), (None, Some(17_000_000_000)));
}

fn manifest(workspace: &Workspace) -> Manifest {
    Manifest::parse(&std::fs::read(workspace.snapshot().join("manifest.json")).unwrap(), "test").unwrap()
}

/// The correction expected no base and found the registry's: exit status 3 for every index with this repository.
#[test]
fn field_case_34_a_correction_whose_value_is_there_ends_no_run() {
    for file in ["index.jsonl", "mended.jsonl"] {
        let source = case("34-correction-and-registry").join(file);
        let workspace = run(&source);
        let m = model(&workspace, "deepseek-ai/deepseek-math-7b-base");
        assert_eq!(m.base_model_ids, ["deepseek-ai/deepseek-coder-7b-base-v1.5"], "{file}");
        assert_eq!(manifest(&workspace).corrections.met_another_value, 0, "{file}");
    }
}

/// The record of a corrected repository, with a base.
fn corrected(base: &str) -> String {
    format!(
        r#"{{"id": "TencentARC/LLaMA-Pro-8B", "createdAt": "2024-01-05T00:00:00.000Z", "lastModified": "2024-06-01T12:00:00.000Z",
        "downloads": 6000, "downloadsAllTime": 60000, "likes": 3, "tags": ["transformers", "safetensors", "llama", "text-generation"],
        "pipeline_tag": "text-generation", "library_name": "transformers", "cardData": {{"base_model": "{base}"}}}}"#
    )
    .replace('\n', " ")
}

#[test]
fn a_correction_that_meets_its_own_value_is_said_and_counted() {
    let workspace = Workspace::new();
    let source = workspace.file("mended.jsonl", corrected("meta-llama/Llama-2-7b-hf"));
    let ran = workspace.ok(&["run", "--source", source.to_str().unwrap()]);
    assert!(ran.stderr.contains("TencentARC/LLaMA-Pro-8B, base_model, is no longer needed"), "{}", ran.stderr);
    assert_eq!(manifest(&workspace).corrections.no_longer_needed, 1);
}

#[test]
fn a_correction_that_meets_a_third_value_is_applied_flagged_and_counted() {
    let workspace = Workspace::new();
    let source = workspace.file("changed.jsonl", corrected("somebody/else"));
    let ran = workspace.ok(&["run", "--source", source.to_str().unwrap()]);
    assert!(ran.stderr.contains("expects '' and met 'somebody/else'"), "{}", ran.stderr);
    assert_eq!(manifest(&workspace).corrections.met_another_value, 2); // Base and role.
    assert_eq!(model(&workspace, "TencentARC/LLaMA-Pro-8B").base_model_ids, ["meta-llama/Llama-2-7b-hf"]);
    let estimates: Vec<EstimateRow> = table(&workspace.snapshot());
    assert!(estimates[0].flags.contains(&Flag::CorrectionMetAnotherValue), "{:?}", estimates[0].flags);
    let evidence: Vec<EvidenceRow> = table(&workspace.snapshot());
    assert!(evidence.iter().any(|e| e.field == Field::BaseModel && e.source == EvidenceSource::Correction && e.accepted));
}

#[test]
fn every_correction_is_needed() {
    Workspace::new().ok(&["-q", "reference", "check", "--strict"]);
}

const SILENT: &str = r#""createdAt": "2024-05-01T12:00:00.000Z", "lastModified": "2024-06-01T12:00:00.000Z", "downloads": 6000, "downloadsAllTime": 60000, "likes": 3, "tags": ["transformers", "text-generation"], "pipeline_tag": "text-generation", "library_name": "transformers""#;

/// Runs silent records with a card each.
fn with_cards(cards: &[(&str, &str)]) -> Workspace {
    let workspace = Workspace::new();
    let records: Vec<String> = cards.iter().map(|(id, _)| format!(r#"{{"id": "{id}", {SILENT}}}"#)).collect();
    let lines: Vec<String> = cards.iter().map(|(id, card)| serde_json::json!({"id": id, "card": card}).to_string()).collect();
    let source = workspace.file("index.jsonl", records.join("\n"));
    let cards = workspace.file("cards.jsonl", lines.join("\n"));
    workspace.ok(&["-q", "run", "--source", source.to_str().unwrap(), "--cards", cards.to_str().unwrap()]);
    workspace
}

#[test]
fn a_card_gives_the_base_that_the_record_does_not() {
    let workspace = with_cards(&[
        ("a-lab/words-bert", "# Words\n\nA language model trained from scratch with 1.2B parameters."),
        ("b-lab/tuned", "This model is a fine-tuned version of [a-lab/words-bert](https://huggingface.co/a-lab/words-bert)."),
        ("c-lab/matter", "---\nbase_model: a-lab/words-bert\n---\n# Mine"),
        ("d-lab/named", "# D\n\n- **Finetuned from model:** words-bert"),
        ("e-lab/like", "# E\n\nThe architecture is based on [words](https://huggingface.co/a-lab/words-bert)."),
        ("f-lab/unknown", "# F\n\n- **Finetuned from model:** nobody-has-this-7b"),
    ]);
    for id in ["b-lab/tuned", "c-lab/matter", "d-lab/named"] {
        let m = model(&workspace, id);
        assert_eq!(m.base_model_ids, ["a-lab/words-bert"], "{id}");
        assert_eq!((m.role, m.role_rule), (Role::Finetuned, Rule::CardNamesABase), "{id}");
        // What the base itself was is a matter of likelihood: nobody lists its owner.
        let base = model(&workspace, "a-lab/words-bert");
        assert_eq!(m.stands_on_run_id.is_some(), base.role == Role::Pretrained, "{id}");
    }
    for id in ["a-lab/words-bert", "e-lab/like", "f-lab/unknown"] {
        let m = model(&workspace, id);
        assert!(m.base_model_ids.is_empty() && !m.p.is_certain(), "{id}: {:?}", m.base_model_ids);
    }
    let base = model(&workspace, "a-lab/words-bert");
    assert_eq!((base.total_params, base.params_source), (Some(1_200_000_000), Some(ParamsSource::Card)));
}

#[test]
fn a_card_dates_a_training_that_nothing_else_dates_better() {
    let workspace = with_cards(&[
        ("a-lab/dated", "# A\n\n## Training\n\n- **Training date:** March 2024\n"),
        ("b-lab/later", "# B\n\n## Training\n\n- **Training date:** March 2026\n"),
    ]);
    let dated = model(&workspace, "a-lab/dated");
    assert_eq!(dated.trained_on.map(|d| d.to_string()).as_deref(), Some("2024-03-01"));
    assert_eq!(dated.trained_on_source, Some(TrainedOnSource::Card));
    assert_eq!(model(&workspace, "b-lab/later").trained_on_source, Some(TrainedOnSource::CreatedAt));
}

/// A listing knew no size of GLM-5.3, and 753,329,940,480 elements of its copy in BF16: the original was drawn like any model of its house.
#[test]
fn an_original_without_size_has_the_count_of_its_copy_else_of_its_fine_tunes() {
    let workspace = Workspace::new();
    let sized = |id: &str, base: &str, n: i64| {
        format!(
            r#"{{"id": "{id}", "createdAt": "2026-05-01T00:00:00.000Z", "downloadsAllTime": 7000, "tags": ["base_model:{base}"], "safetensors": {{"parameters": {{"BF16": {n}}}, "total": {n}}}}}"#
        )
    };
    let bare = |id: &str| format!(r#"{{"id": "{id}", "createdAt": "2026-04-01T00:00:00.000Z", "downloadsAllTime": 7000}}"#);
    let lines = [
        bare("zai-org/GLM-9.3"),
        bare("zai-org/GLM-9.4"),
        sized("zai-org/GLM-9.3-BF16", "zai-org/GLM-9.3", 753_329_940_480),
        sized("a/tune", "zai-org/GLM-9.3", 753_000_000_123),
        sized("b/tune", "zai-org/GLM-9.4", 321_323_031_390),
        sized("c/tune", "zai-org/GLM-9.4", 321_323_031_390),
        sized("d/longer", "zai-org/GLM-9.4", 321_400_000_001),
    ];
    let source = workspace.file("index.jsonl", lines.join("\n"));
    let workspace = run(&source);
    for (id, n) in [("zai-org/GLM-9.3", 753_329_940_480), ("zai-org/GLM-9.4", 321_323_031_390)] {
        let m = model(&workspace, id);
        assert_eq!((m.total_params, m.params_source), (Some(n), Some(ParamsSource::Derived)), "{id}");
    }
}
