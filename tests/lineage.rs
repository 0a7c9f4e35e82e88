//! Real repositories of the sample against what their cards and papers say: role, and the run they stand on.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use common::{Workspace, table};
use hugging_carbon::tables::{EstimateRow, EvidenceRow, ModelRow, RunRow, TierRow};

/// Id, role, owner of the pre-training it stands on (empty: not in the sample). Checked by hand against the models' cards.
const FACTS: &[(&str, &str, &str)] = &[
    ("meta-llama/Llama-3.1-8B", "pretrained", "meta-llama/Llama-3.1-8B"),
    ("meta-llama/Llama-3.1-8B-Instruct", "finetuned", "meta-llama/Llama-3.1-8B"),
    ("meta-llama/Llama-3.1-405B", "pretrained", "meta-llama/Llama-3.1-405B"),
    ("deepseek-ai/DeepSeek-V3", "pretrained", "deepseek-ai/DeepSeek-V3"),
    ("deepseek-ai/DeepSeek-R1", "finetuned", "deepseek-ai/DeepSeek-V3"),
    ("deepseek-ai/DeepSeek-R1-0528", "finetuned", "deepseek-ai/DeepSeek-V3"),
    ("Qwen/Qwen3-235B-A22B", "pretrained", "Qwen/Qwen3-235B-A22B"),
    ("Qwen/Qwen3-235B-A22B-Instruct-2507", "finetuned", "Qwen/Qwen3-235B-A22B"),
    ("Qwen/Qwen3-235B-A22B-Thinking-2507", "finetuned", "Qwen/Qwen3-235B-A22B"),
    ("moonshotai/Kimi-K2-Instruct", "finetuned", "moonshotai/Kimi-K2-Base"),
    ("mistralai/Mistral-7B-v0.1", "pretrained", "mistralai/Mistral-7B-v0.1"),
    ("mistralai/Mistral-7B-Instruct-v0.1", "finetuned", "mistralai/Mistral-7B-v0.1"),
    ("HuggingFaceTB/SmolLM2-1.7B", "pretrained", "HuggingFaceTB/SmolLM2-1.7B"),
    ("HuggingFaceTB/SmolLM2-1.7B-Instruct", "finetuned", "HuggingFaceTB/SmolLM2-1.7B"),
    ("google/gemma-7b", "pretrained", "google/gemma-7b"),
    ("google/gemma-7b-it", "finetuned", "google/gemma-7b"),
    ("HuggingFaceH4/zephyr-7b-beta", "finetuned", "mistralai/Mistral-7B-v0.1"),
    ("teknium/OpenHermes-2.5-Mistral-7B", "finetuned", "mistralai/Mistral-7B-v0.1"),
    ("TheBloke/Mistral-7B-Instruct-v0.1-GGUF", "quantized", "mistralai/Mistral-7B-v0.1"),
    ("TheBloke/Llama-2-7B-Chat-GGML", "quantized", "meta-llama/Llama-2-7b-hf"),
    ("unsloth/phi-4-bnb-4bit", "quantized", "microsoft/phi-4"),
    ("mradermacher/DeepSeek-V3-i1-GGUF", "quantized", "deepseek-ai/DeepSeek-V3"),
    ("PrunaAI/google-gemma-7b-HQQ-4bit-smashed", "quantized", "google/gemma-7b"),
    ("ModelCloud/Llama-3.2-1B-Instruct-gptqmodel-4bit-vortex-v1", "quantized", "meta-llama/Llama-3.2-1B"),
    ("lemon07r/Gemma-2-Ataraxy-9B", "merge", ""),
    ("gz987/qwen2.5-7b-cabs-v0.3", "merge", "Qwen/Qwen2.5-7B"),
    ("FuJhen/ft-openhermes-25-mistral-7b-irca-dpo-pairs", "adapter", "mistralai/Mistral-7B-v0.1"),
    ("zai-org/GLM-5", "pretrained", "zai-org/GLM-5"),
    ("dalle-mini/dalle-mini", "pretrained", "dalle-mini/dalle-mini"),
    ("xai-org/grok-1", "pretrained", "xai-org/grok-1"),
];

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

#[test]
fn roles_and_runs_of_known_repositories() {
    let sample = sample();
    let mut wrong = Vec::new();
    for (id, role, stands_on) in FACTS {
        let model = sample.models.iter().find(|m| m.model_id == *id).unwrap_or_else(|| panic!("{id} is not in the sample"));
        let expected = (!stands_on.is_empty()).then(|| format!("{stands_on}#pretraining"));
        if model.role != *role || model.stands_on_run_id != expected {
            wrong.push(format!("{id}: {} ({}) on {:?}", model.role, model.role_rule, model.stands_on_run_id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn dummy_cards_are_empty_and_count_nothing() {
    let sample = sample();
    let empty: Vec<&ModelRow> = sample.models.iter().filter(|m| m.role == "empty").collect();
    assert!(empty.len() >= 20, "the sample holds 25 such repositories, {} found", empty.len());
    assert!(empty.iter().all(|m| m.own_run_id.is_none()));
}

/// One run per trained repository, none without training, and every member counted on the run it stands on.
#[test]
fn runs_and_models_agree() {
    let sample = sample();
    for model in &sample.models {
        let trains = ["pretrained", "continued", "finetuned", "adapter"].contains(&model.role.as_str());
        assert_eq!(model.own_run_id.is_some(), trains, "{}", model.model_id);
    }
    assert_eq!(sample.runs.len(), sample.models.iter().filter(|m| m.own_run_id.is_some()).count());
    for run in sample.runs.iter().filter(|r| r.kind == "pretraining") {
        let standing = sample.models.iter().filter(|m| m.stands_on_run_id.as_ref() == Some(&run.run_id)).count();
        assert_eq!(i64::try_from(standing).unwrap(), run.member_count, "{}", run.run_id);
    }
}

/// Nothing enters an estimate without evidence, and every cited row exists and was accepted.
#[test]
fn every_estimate_cites_accepted_evidence() {
    let sample = sample();
    for estimate in sample.estimates.iter().filter(|e| (1..=5).contains(&e.tier)) {
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
