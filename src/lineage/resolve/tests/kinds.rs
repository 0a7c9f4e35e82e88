//! Kinds that names and sizes tell: draft heads, copies of every kind, exact sizes, blends; and stated bases that records contradict.

use super::{place, with_base};
use crate::domain::{Relation, Role, Rule, RunKind};
use crate::lineage::model::RepoFacts;

/// A record of which little more than the id is known.
fn silent(id: &str) -> RepoFacts {
    RepoFacts { model_id: id.into(), ..RepoFacts::default() }
}

fn listed(id: &str) -> RepoFacts {
    RepoFacts { listed_owner: true, ..silent(id) }
}

fn counted(id: &str, n: i64) -> RepoFacts {
    RepoFacts { exact_params: Some(n), rough_params: Some(n), ..silent(id) }
}

fn named(mut facts: RepoFacts, size: f64) -> RepoFacts {
    facts.named_size = Some(size);
    facts
}

#[test]
fn draft_heads_stand_on_their_target_and_cost_no_share_of_it() {
    let placed = place(&[
        named(listed("openai/gpt-oss-120b"), 1.2e11),
        named(listed("nvidia/gpt-oss-120b-Eagle3-short-context"), 1.2e11),
        listed("skt/A.X-K2"),
        listed("skt/A.X-K2-EAGLE3"),
        // A stranger's model of the target's name is no better base.
        silent("a/gpt-oss-120b"),
    ]);
    assert_eq!((placed[1].base, placed[1].role, placed[1].role_rule), (Some(0), Role::Finetuned, Rule::DraftHead));
    assert_eq!(placed[1].own_run, Some(RunKind::FineTuning));
    assert_eq!((placed[3].base, placed[3].own_run), (Some(2), Some(RunKind::FineTuning)));
}

#[test]
fn uncensored_unquantized_and_pruned_copies_stand_on_what_they_name() {
    let placed = place(&[
        silent("ornith-ai/Ornith-1.0-35B"),
        silent("x/Ornith-1.0-35B-heretic"),
        listed("google/gemma-3-27b-it"),
        listed("google/gemma-3-27b-it-qat-q4_0-unquantized"),
        listed("tencent/Hy3"),
        silent("y/Hy3-REAP-200B"),
    ]);
    let links: Vec<_> = [1, 3, 5].map(|i| (placed[i].base, placed[i].role_rule)).into();
    assert_eq!(links, [(Some(0), Rule::UncensoredToken), (Some(2), Rule::UnquantizedToken), (Some(4), Rule::PrunedToken)]);
    assert_eq!(placed[3].own_run, Some(RunKind::PostTraining));
}

/// Regression: 9,105 repositories of a listing have, to the last parameter, the size of another and state no base, and the listing has
/// no architectures.
#[test]
fn weights_of_one_exact_size_come_from_one_pretraining() {
    let n = 27_356_728_560;
    let placed = place(&[
        RepoFacts { listed_owner: true, ..named(silent("Qwen/Qwen3.5-27B"), 2.7e10) },
        with_base(counted("a/Qwen3.5-27B-tuned", n), "Qwen/Qwen3.5-27B"),
        counted("b/Lotus", n),
        RepoFacts { listed_owner: true, ..counted("Qwen/Qwen-Image-Bench", n) },
        // Another size, and a size that is no count of a large model.
        counted("c/Other", n + 4096),
        counted("d/small", 109_482_240),
        counted("e/small-too", 109_482_240),
    ]);
    for i in [2, 3] {
        assert_eq!((placed[i].root, placed[i].role_rule), (Some(0), Rule::ExactSizeOfAKnownModel), "{i}");
    }
    assert!([4, 5, 6].iter().all(|i| placed[*i].role == Role::Pretrained));
}

#[test]
fn a_next_generation_of_a_familys_own_may_repeat_a_size() {
    let n = 27_781_427_952;
    let of_qwen = |id: &str, created| RepoFacts { listed_owner: true, created_ms: Some(created), ..counted(id, n) };
    let placed = place(&[of_qwen("Qwen/Qwen3.6-27B", 1), of_qwen("Qwen/Qwen3.8-27B", 2)]);
    assert!(placed.iter().all(|p| p.role == Role::Pretrained));
}

#[test]
fn blended_names_need_version_and_size_of_a_family() {
    let base = || RepoFacts { listed_owner: true, ..named(counted("Qwen/Qwen3.5-27B", 27_356_728_560), 2.7e10) };
    let placed = place(&[base(), named(silent("Jackrong/Qwopus3.5-27B-v3"), 2.7e10), named(silent("x/Qwopus3.5-4B"), 4e9)]);
    assert_eq!((placed[1].base, placed[1].role_rule), (Some(0), Rule::BlendOfAFamilyName));
    assert_eq!(placed[2].base, None);
}

#[test]
fn mirrors_by_name_are_asked_for_less_than_their_original() {
    let asked = |mut f: RepoFacts, n| {
        f.downloads = Some(n);
        f
    };
    let placed = place(&[
        asked(listed("openai/gpt-oss-120b"), 1_000),
        asked(silent("unsloth/gpt-oss-120b"), 2_000),
        asked(silent("x/gpt-oss-120b"), 10),
        // The maker is not on the list, the copier is.
        asked(silent("answerdotai/ModernBERT-large"), 90_000),
        asked(listed("AI-Sweden-Models/ModernBERT-large"), 50),
        // Several houses train a model of one layout for a language.
        asked(silent("dbmdz/bert-base-german-cased"), 10),
        asked(listed("google-bert/bert-base-german-cased"), 1_000),
    ]);
    for i in [1, 2] {
        assert_eq!((placed[i].base, placed[i].role_rule), (Some(0), Rule::MirrorSameName), "{i}");
    }
    assert!([3, 5].iter().all(|i| placed[*i].base.is_none() && placed[*i].role == Role::Pretrained));
}

#[test]
fn names_that_begin_with_a_strangers_model_were_made_of_it() {
    let asked = |id: &str, n| RepoFacts { downloads: Some(n), ..named(silent(id), 3.5e10) };
    let placed = place(&[
        asked("ornith-ai/Ornith-1.0-35B", 100),
        asked("copier/Ornith-1.0-35B", 10),
        asked("x/Ornith-1.0-35B-MTPLX", 1_000),
        asked("ornith-ai/Ornith-1.5-35B", 10),
    ]);
    assert_eq!((placed[1].base, placed[1].role), (Some(0), Role::Converted));
    assert_eq!((placed[2].base, placed[2].role), (Some(0), Role::Finetuned));
    assert_eq!(placed[3].role, Role::Pretrained);
}

#[test]
fn models_that_see_by_nobody_with_a_family_stand_on_a_backbone() {
    let sees = |mut f: RepoFacts| {
        f.pipeline_tag = Some("image-text-to-text".into());
        f
    };
    let placed = place(&[
        sees(counted("datalab-to/chandra", 8_767_123_696)),
        sees(listed("OpenGVLab/InternVL3-78B")),
        sees(listed("thinkingmachines/Inkling")),
        sees(listed("Qwen/Qwen3.8-27B")),
        // An encoder with a reader's name.
        RepoFacts { rough_params: Some(62_000_000), ..silent("microsoft/tinyocr") },
    ]);
    let roles: Vec<Role> = placed.iter().map(|p| p.role).collect();
    assert_eq!(roles, [Role::Finetuned, Role::Continued, Role::Pretrained, Role::Pretrained, Role::Pretrained]);
}

#[test]
fn fixtures_own_no_run_and_are_nobodys_base() {
    let placed = place(&[
        silent("hf-internal-testing/tiny-random-gpt2"),
        with_base(silent("trl-internal-testing/tiny-Qwen2ForCausalLM-2.5"), "Qwen/Qwen2-7B"),
        silent("x/tiny-random-gpt2"),
    ]);
    assert!(placed[..3].iter().all(|p| p.role == Role::Untrained && p.own_run.is_none() && p.base.is_none() && p.root.is_none()));
}

/// all-MiniLM-L6-v2 is "quantized" of nreimers/MiniLM-L6-H384-uncased by the Hub.
#[test]
fn a_quantized_relation_that_only_the_hub_states_needs_the_bases_name() {
    let quantized =
        |id: &str| RepoFacts { relation: Some(Relation::Quantized), ..with_base(silent(id), "nreimers/MiniLM-L6-H384-uncased") };
    let placed = place(&[
        silent("nreimers/MiniLM-L6-H384-uncased"),
        quantized("sentence-transformers/all-MiniLM-L6-v2"),
        quantized("x/MiniLM-L6-H384-uncased-small"),
    ]);
    assert_eq!((placed[1].role, placed[1].role_rule), (Role::Finetuned, Rule::QuantizedRelationUnderAnotherName));
    assert_eq!(placed[2].role, Role::Quantized);
}

#[test]
fn a_base_that_comes_from_the_repository_is_none() {
    let day = 86_400_000;
    let at = |f: RepoFacts, days: i64| RepoFacts { created_ms: Some(days * day), ..f };
    let placed = place(&[
        // It names its own quantized copy.
        with_base(listed("lab/Nova-7B"), "q/Nova-7B-GGUF"),
        silent("q/Nova-7B-GGUF"),
        // Each names the other.
        with_base(at(listed("lab/Vega-7B"), 1), "m/Vega-7B-tuned"),
        with_base(at(silent("m/Vega-7B-tuned"), 50), "lab/Vega-7B"),
        // It names what was made of it half a year later.
        with_base(at(listed("lab/Rigel-7B"), 1), "lab/Rigel-7B-Instruct"),
        at(listed("lab/Rigel-7B-Instruct"), 200),
        // A base that the Hub got later is a base.
        with_base(at(listed("lab/Deneb-7B"), 1), "lab/Deneb-7B-Base"),
        at(listed("lab/Deneb-7B-Base"), 200),
    ]);
    for i in [0, 2, 4] {
        assert_eq!((placed[i].role, placed[i].base), (Role::Pretrained, None), "{i}");
    }
    assert_eq!((placed[3].base, placed[6].base), (Some(2), Some(7)));
}
