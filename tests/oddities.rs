//! One record per oddity of the Hub (tests/data/README.md says what each is and what becomes of it).
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use common::{Workspace, table};
use hugging_carbon::domain::{Field, ParamsSource, Role, TrainedOnSource};
use hugging_carbon::tables::{EvidenceRow, ModelRow, QuarantineRow, RunRow};
use std::path::Path;

struct Odd {
    _workspace: Workspace,
    models: Vec<ModelRow>,
    runs: Vec<RunRow>,
    evidence: Vec<EvidenceRow>,
    quarantine: Vec<QuarantineRow>,
}

fn odd() -> Odd {
    let workspace = Workspace::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/hub_oddities.jsonl");
    // Four of 59 records cannot be used: more than any real index.
    workspace.file("wide.toml", "[limits]\nmax_quarantine_fraction = 0.2\n");
    workspace.ok(&["-q", "run", "--config", "wide.toml", "--source", source.to_str().unwrap()]);
    let snapshot = workspace.snapshot();
    Odd {
        models: table(&snapshot),
        runs: table(&snapshot),
        evidence: table(&snapshot),
        quarantine: table(&snapshot),
        _workspace: workspace,
    }
}

impl Odd {
    fn model(&self, name: &str) -> &ModelRow {
        let id = format!("oddity-lab/{name}");
        self.models.iter().find(|m| m.model_id == id).unwrap_or_else(|| panic!("{id} is missing"))
    }

    fn emissions(&self, name: &str) -> &EvidenceRow {
        let id = format!("oddity-lab/{name}");
        let wanted = |e: &&EvidenceRow| e.model_id == id && e.field == Field::EmissionsKgco2e;
        self.evidence.iter().find(wanted).unwrap_or_else(|| panic!("{id} has no emissions"))
    }
}

#[test]
fn fields_in_every_shape() {
    let odd = odd();
    assert_eq!(odd.model("gated-false").gated.as_deref(), Some("false"));
    assert_eq!(odd.model("gated-auto").gated.as_deref(), Some("auto"));
    assert_eq!(odd.model("gated-manual").gated.as_deref(), Some("manual"));
    assert_eq!(odd.model("license-object").license, None);
    assert!(odd.model("license-list").license.is_some());
    assert_eq!(odd.model("base-model-list").base_model_ids.len(), 2);
    assert_eq!(odd.model("base-model-list").role, Role::Merge);
    assert_eq!(odd.model("base-model-null").base_model_ids.len(), 0);
    assert_eq!(odd.model("downloads-negative").downloads_30d, None);
    assert_eq!(odd.model("downloads-float").downloads_30d, Some(123));
    assert_eq!(odd.model("downloads-beyond-i64").downloads_all_time, None);
    assert_eq!(odd.model("created-at-missing").created_at, None);
    assert_eq!(odd.model("created-at-malformed").created_at, None);
    assert_eq!(odd.model("created-at-floor").trained_on_source, Some(TrainedOnSource::CreatedAtFloor));
    assert_eq!(odd.model("carddata-json-string").license.as_deref(), Some("mit"));
    assert!(odd.models.iter().any(|m| m.model_id == "gpt2-oddity" && m.owner.is_none()));
    for m in &odd.models {
        assert!(!format!("{m:?}").contains("\\0"), "a NUL in {}", m.model_id);
    }
}

#[test]
fn sizes() {
    let odd = odd();
    for name in ["safetensors-without-total", "safetensors-junk-dtypes", "safetensors-total-differs"] {
        assert_eq!(odd.model(name).params_source, Some(ParamsSource::Safetensors), "{name}");
    }
    assert_eq!(odd.model("safetensors-total-differs").total_params, Some(23_572_403_200));
    assert_eq!(odd.model("gguf-object").params_source, Some(ParamsSource::Gguf));
    assert_eq!(odd.model("gguf-json-string").total_params, odd.model("gguf-object").total_params);
    let packed = odd.models.iter().find(|m| m.model_id.contains("480B")).unwrap();
    assert_eq!(packed.total_params, Some(480_000_000_000));
    assert_eq!(packed.active_params, Some(35_000_000_000));
}

#[test]
fn co2_eq_emissions_in_every_shape() {
    let odd = odd();
    for (name, kg) in [
        ("co2-number", 0.0125),
        ("co2-numeric-string", 0.0125),
        ("co2-string-g", 0.017),
        ("co2-string-kg", 0.0002),
        ("co2-mapping", 0.149),
        ("co2-mapping-string-emissions", 0.017),
        ("co2-list-of-one-key-objects", 0.040),
        ("carddata-json-string", 0.0125),
    ] {
        let row = odd.emissions(name);
        assert!((row.value.unwrap() / kg - 1.0).abs() < 0.01, "{name}: {row:?}");
    }
    for name in ["co2-zero", "co2-one", "co2-negative", "co2-nan-string"] {
        let row = odd.emissions(name);
        assert!(!row.accepted && row.reject_reason.is_some(), "{name}");
    }
}

#[test]
fn lineage_that_leads_nowhere_ends() {
    let odd = odd();
    assert_eq!(odd.model("base-missing").stands_on_run_id, None);
    assert_eq!(odd.model("base-missing").base_model_ids.len(), 1, "the stated base is kept");
    assert_eq!(odd.model("base-self").stands_on_run_id, None);
    let case = odd.runs.iter().find(|r| r.model_id == "oddity-lab/base-different-case").unwrap();
    assert!(case.parent_run_id.as_deref().is_some_and(|p| p.starts_with("Oddity-Lab/Case-Base-7B#")), "{case:?}");
    for name in ["base-cycle-a", "base-cycle-b"] {
        assert_eq!(odd.model(name).stands_on_run_id, None, "{name}");
    }
    assert!(odd.runs.iter().all(|r| r.parent_run_id.as_ref() != Some(&r.run_id)));
}

#[test]
fn nothing_is_lost_and_nothing_private_is_kept() {
    let odd = odd();
    let reasons: Vec<&str> = odd.quarantine.iter().map(|q| q.reason.as_str()).collect();
    for reason in ["id missing or malformed", "private repository", "duplicate id", "negative count"] {
        assert!(reasons.iter().any(|r| r.contains(reason)), "{reason} in {reasons:?}");
    }
    assert!(!odd.models.iter().any(|m| m.model_id.contains("private-true")));
    assert!(!odd.quarantine.iter().any(|q| q.raw.contains("private-true")));
    let duplicate = odd.model("duplicate-id");
    assert_eq!(duplicate.downloads_30d, Some(6100), "the record modified last is kept");
    // 59 records: every one is a model, or named in quarantine as a whole.
    let whole = odd.quarantine.iter().filter(|q| q.locator.ends_with(" record")).count();
    assert_eq!(odd.models.len() + whole, 59);
}

/// Regression: DeepSeek-V3-Base was a pre-training with 57 %, because the registry names the chat model that was made from it.
#[test]
fn the_base_of_a_registered_chat_model_is_certainly_the_pretraining() {
    let workspace = Workspace::new();
    let record = |id: &str, base: &str| {
        format!(
            r#"{{"id":"{id}","createdAt":"2024-12-25T12:52:06.000Z","downloads":90000,"tags":["safetensors","deepseek_v3"],"cardData":{{{base}}}}}"#
        )
    };
    let chat = record("deepseek-ai/DeepSeek-V3", r#""base_model":"deepseek-ai/DeepSeek-V3-Base""#);
    let index = [record("deepseek-ai/DeepSeek-V3-Base", ""), chat].join("\n");
    let source = workspace.file("two.jsonl", &index);
    workspace.file("two.toml", "[cohort]\nmetric = \"downloads_30d\"\n");
    workspace.ok(&["-q", "run", "--config", "two.toml", "--source", source.to_str().unwrap()]);
    let models: Vec<ModelRow> = table(&workspace.snapshot());
    let base = models.iter().find(|m| m.model_id == "deepseek-ai/DeepSeek-V3-Base").unwrap();
    assert_eq!((base.role, base.p.share(Role::Pretrained)), (Role::Pretrained, 1.0));
}
