//! Releases of one line of a house: minor versions, words within a name, and who carries a pre-training that nobody released.

use super::place;
use crate::domain::{Role, Rule, RunKind};
use crate::lineage::model::RepoFacts;

const DAY_MS: i64 = 86_400_000;
/// 2026-01-01, in days.
const IN_2026: i64 = 20_454;
/// 2024-07-01, in days.
const IN_2024: i64 = 19_905;

fn listed(id: &str, size: Option<i64>, day: i64) -> RepoFacts {
    RepoFacts {
        model_id: id.into(),
        params: size,
        rough_params: size,
        listed_owner: true,
        created_ms: Some(day * DAY_MS),
        ..RepoFacts::default()
    }
}

/// GLM-5.1 to 5.3, MiniMax-M2.1 to M2.7, Kimi-K2.6 and Qwen3.6 were post-trained from the one before; Llama 3.1 and Qwen2.5 of 2024 were
/// not.
#[test]
fn point_releases_of_a_line_stand_on_an_earlier_one_of_their_size() {
    let placed = place(&[
        listed("zai-org/GLM-5", Some(744_000_000_000), IN_2026),
        listed("zai-org/GLM-5.3", None, IN_2026 + 180),
        listed("stepfun-ai/Step-3.5-Flash", Some(199_384_301_376), IN_2026),
        listed("stepfun-ai/Step-3.7-Flash", None, IN_2026 + 100),
        listed("ibm-granite/granite-4.1-30b", Some(32_200_000_000), IN_2026),
        listed("ibm-granite/granite-4.2-30b", Some(30_000_000_000), IN_2026 + 100),
        // Another size, another major version, and a step of 2024.
        listed("ibm-granite/granite-4.2-8b", Some(8_000_000_000), IN_2026 + 100),
        listed("zai-org/GLM-6", Some(744_000_000_001), IN_2026 + 300),
        listed("Qwen/Qwen2-7B", Some(7_615_616_512), IN_2024),
        listed("Qwen/Qwen2.5-7B", Some(7_615_616_512), IN_2024 + 80),
    ]);
    for (at, base) in [(1, 0), (3, 2), (5, 4)] {
        assert_eq!((placed[at].base, placed[at].role_rule), (Some(base), Rule::VariantOfASibling), "{at}");
    }
    for at in [0, 2, 4, 6, 8] {
        assert_eq!((placed[at].base, placed[at].role), (None, Role::Pretrained), "{at}");
    }
    assert_ne!(placed[9].role_rule, Rule::VariantOfASibling);
}

#[test]
fn a_word_within_the_name_of_a_sibling_makes_a_variant_of_it() {
    let placed = place(&[
        listed("ibm-granite/granite-4.1-30b", Some(32_200_000_000), IN_2026),
        listed("ibm-granite/granite-switch-4.1-30b-preview", Some(32_237_998_000), IN_2026 + 9),
        listed("tiiuae/falcon-7b", Some(7_217_189_760), IN_2024),
        listed("tiiuae/falcon-mamba-7b", Some(7_272_665_088), IN_2024 + 9),
    ]);
    assert_eq!((placed[1].base, placed[1].role_rule), (Some(0), Rule::VariantOfASibling));
    assert_eq!((placed[3].base, placed[3].role), (None, Role::Pretrained));
}

/// Bielik-PL-11B-v3.0-Instruct is of Bielik-11B-v3-Base; of two post-trained releases without a base the first carries the pre-training.
#[test]
fn one_release_of_a_line_carries_the_pretraining() {
    let placed = place(&[
        listed("speakleash/Bielik-11B-v3-Base-20250730", Some(11_168_797_000), IN_2026),
        listed("speakleash/Bielik-PL-11B-v3.0-Instruct", Some(11_167_748_000), IN_2026 + 9),
        listed("openbmb/MiniCPM-2B-sft-fp32", Some(2_000_000_000), IN_2024),
        listed("openbmb/MiniCPM-alt-2B-dpo-fp32", Some(2_000_000_000), IN_2024 + 9),
        // Another version, and another size.
        listed("lab/Vega-2-7B-Instruct", Some(7_000_000_000), IN_2024),
        listed("lab/Vega-3-7B-Instruct", Some(7_100_000_000), IN_2026),
        listed("lab/Vega-3-70B-Instruct", Some(70_000_000_000), IN_2026),
    ]);
    assert_eq!((placed[1].root, placed[1].own_run), (Some(0), Some(RunKind::PostTraining)));
    assert_eq!((placed[2].own_run, placed[3].own_run), (Some(RunKind::Pretraining), Some(RunKind::PostTraining)));
    assert!(placed[4..].iter().all(|p| p.own_run == Some(RunKind::Pretraining)));
}

/// What sees, translates, embeds or scores, and what bears a family's name, was made of a language model that is out.
#[test]
fn what_is_made_of_a_language_model_carries_no_pretraining() {
    let with_task =
        |id: &str, task: &str| RepoFacts { pipeline_tag: Some(task.into()), ..listed(id, Some(7_000_000_000), IN_2024) };
    let placed = place(&[
        with_task("OpenGVLab/InternVL-Chat-V1-5", "image-text-to-text"),
        with_task("nvidia/Riva-Translate-4B-Instruct-v1.1", "text-generation"),
        with_task("BSC-LT/salamandraTA-7b-instruct", "translation"),
        with_task("google/datagemma-rig-27b-it", "text-generation"),
        with_task("inceptionai/jais-adapted-13b-chat", "text-generation"),
        with_task("nvidia/HQwen3-8B-Instruct", "text-generation"),
        with_task("lab/Vega-7B-rm", "text-generation"),
        // What is left when the house has a family of its own, or writes only.
        with_task("google/gemma-9-12b-it", "image-text-to-text"),
        with_task("inceptionai/Jais-2-70B-Chat", "text-generation"),
    ]);
    let (made_of_another, may_be_its_own) = placed.split_at(7);
    assert!(made_of_another.iter().all(|p| p.own_run == Some(RunKind::FineTuning)));
    assert!(may_be_its_own.iter().all(|p| p.own_run == Some(RunKind::Pretraining)));
}
