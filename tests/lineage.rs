//! Real repositories of the sample against what their cards and papers say: role, and the run their weights come from.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // A test that cannot set up its stage has failed.

mod common;

use common::{Workspace, table};
use hugging_carbon::domain::{Role, Rule, RunKind, Tier};
use hugging_carbon::tables::{EstimateRow, EvidenceRow, ModelRow, RunRow, TierRow};

struct Sample {
    _workspace: Workspace,
    models: Vec<ModelRow>,
    runs: Vec<RunRow>,
    evidence: Vec<EvidenceRow>,
    estimates: Vec<EstimateRow>,
    tiers: Vec<TierRow>,
}

fn sample() -> Sample {
    let workspace = Workspace::new();
    workspace.ok(&["-q", "run"]);
    let snapshot = workspace.snapshot();
    Sample {
        models: table(&snapshot),
        runs: table(&snapshot),
        evidence: table(&snapshot),
        estimates: table(&snapshot),
        tiers: table(&workspace.data().join("work")),
        _workspace: workspace,
    }
}

/// Role accuracy, and precision and recall of pairs that share a run, on the hand-checked facts of the sample (tests/data/README.md).
#[test]
fn roles_and_groups_against_hand_checked_facts() {
    let score = common::lineage::score(&sample().models, "seen");
    let enough = score.roles_right >= 0.97 && score.precision >= 0.98 && score.recall >= 0.95;
    assert!(enough, "{score}\n{}", score.wrong.join("\n"));
}

/// Families the issue names: one run each, except SDXL's base and refiner.
#[test]
fn families_come_from_one_run() {
    let sample = sample();
    let root = |id: &str| {
        sample
            .models
            .iter()
            .find(|m| m.model_id == id)
            .unwrap_or_else(|| panic!("{id} is not in the sample"))
            .stands_on_run_id
            .clone()
    };
    for family in [
        &["deepseek-ai/DeepSeek-V3", "deepseek-ai/DeepSeek-R1", "deepseek-ai/DeepSeek-R1-0528"][..],
        &["Qwen/Qwen3-235B-A22B", "Qwen/Qwen3-235B-A22B-Instruct-2507", "Qwen/Qwen3-235B-A22B-Thinking-2507"],
        &["moonshotai/Kimi-K2-Base", "moonshotai/Kimi-K2-Instruct"],
        &["meta-llama/Llama-3.1-8B", "meta-llama/Llama-3.1-8B-Instruct"],
        &["mistralai/Mistral-7B-v0.1", "HuggingFaceH4/zephyr-7b-beta", "teknium/OpenHermes-2.5-Mistral-7B"],
    ] {
        let roots: Vec<Option<String>> = family.iter().map(|id| root(id)).collect();
        assert!(roots[0].is_some() && roots.iter().all(|r| r == &roots[0]), "{family:?}: {roots:?}");
    }
    assert_ne!(root("mistralai/Mistral-7B-v0.1"), root("google/gemma-7b"));
}

/// Every upstream run once, and a merge with the union of its parents'.
#[test]
fn lineages_name_every_upstream_run_once() {
    let sample = sample();
    for model in &sample.models {
        let unique: std::collections::BTreeSet<&String> = model.upstream_run_ids.iter().collect();
        assert_eq!(unique.len(), model.upstream_run_ids.len(), "{}", model.model_id);
        assert!(!model.own_run_id.as_ref().is_some_and(|own| unique.contains(own)), "{}", model.model_id);
        for run in unique {
            assert!(sample.runs.iter().any(|r| r.run_id == *run), "{}: {run}", model.model_id);
        }
    }
    let zephyr = sample.models.iter().find(|m| m.model_id == "HuggingFaceH4/zephyr-7b-beta").unwrap();
    assert!(zephyr.upstream_run_ids.contains(&"mistralai/Mistral-7B-v0.1#pretraining".to_owned()), "{:?}", zephyr.upstream_run_ids);
}

#[test]
fn dummy_cards_are_empty_and_count_nothing() {
    let sample = sample();
    let empty: Vec<&ModelRow> = sample.models.iter().filter(|m| m.role == Role::Empty).collect();
    // What is only likely to be empty and reports a training of its own counts as that training.
    let (certain, likely): (Vec<&ModelRow>, Vec<&ModelRow>) = empty.iter().partition(|m| m.p.is_certain());
    assert!(certain.len() >= 20, "the sample has 25 such repositories, {} found", certain.len());
    assert!(certain.iter().all(|m| m.own_run_id.is_none()));
    let tiers: Vec<&TierRow> = likely.iter().filter_map(|m| sample.tiers.iter().find(|t| t.model_id == m.model_id)).collect();
    assert!(tiers.iter().all(|t| t.tier.0 <= Tier::Compute), "{tiers:?}");
}

/// One run per trained repository, none without training, and every member counted on the run its weights come from.
#[test]
fn runs_and_models_agree() {
    let sample = sample();
    for model in &sample.models {
        let trains = matches!(model.role, Role::Pretrained | Role::Continued | Role::Finetuned | Role::Adapter);
        // The copy by which a registered pre-training is known carries it.
        let trains = trains || model.role_rule == Rule::CopyOfARegisteredPretraining;
        // What is uncertain owns a run if it may have trained something, whatever is likeliest.
        let holds = if model.p.is_certain() { model.own_run_id.is_some() == trains } else { model.own_run_id.is_some() || !trains };
        assert!(holds, "{}", model.model_id);
    }
    assert_eq!(sample.runs.len(), sample.models.iter().filter(|m| m.own_run_id.is_some()).count());
    for run in sample.runs.iter().filter(|r| r.kind == RunKind::Pretraining) {
        // What is likeliest empty or untrained has no weights that come from it.
        let has_weights = |m: &ModelRow| !matches!(m.role, Role::Empty | Role::Untrained);
        let rests = |m: &&ModelRow| {
            m.own_run_id.as_ref() == Some(&run.run_id) || has_weights(m) && m.upstream_run_ids.contains(&run.run_id)
        };
        let resting = sample.models.iter().filter(rests).count();
        assert_eq!(i64::try_from(resting).unwrap(), run.member_count, "{}", run.run_id);
        let standing = sample.models.iter().filter(|m| m.stands_on_run_id.as_ref() == Some(&run.run_id));
        assert!(standing.clone().all(|m| rests(&m) || !has_weights(m)), "{}", run.run_id);
    }
}

/// Nothing enters an estimate without evidence, and every cited row exists and was accepted.
#[test]
fn every_estimate_cites_accepted_evidence() {
    let sample = sample();
    for estimate in sample.estimates.iter().filter(|e| (1..=5).contains(&e.tier.0.number())) {
        assert!(!estimate.evidence_ids.is_empty(), "{}", estimate.run_id);
        for id in &estimate.evidence_ids {
            let row = sample.evidence.iter().find(|e| e.evidence_id == *id).unwrap_or_else(|| panic!("{id} does not exist"));
            assert!(row.accepted && row.model_id == estimate.model_id, "{id}");
            assert!(row.quote.chars().count() <= 200 && !row.quote.is_empty(), "{id}");
        }
    }
}

/// The headline is the lowest tier the evidence reaches.
#[test]
fn the_headline_is_the_lowest_tier() {
    let sample = sample();
    for (estimate, tier) in sample.estimates.iter().zip(&sample.tiers) {
        assert_eq!(estimate.run_id, tier.run_id);
        assert_eq!(Some(&estimate.tier), tier.available_tiers.iter().min());
    }
}
