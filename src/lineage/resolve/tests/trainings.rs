//! One training in several repositories, and one house in several namespaces.

use super::{place, repo, with_base};
use crate::domain::{Role, Rule, RunKind};
use crate::lineage::model::RepoFacts;

fn silent(id: &str, listed_owner: bool) -> RepoFacts {
    RepoFacts { model_id: id.into(), listed_owner, ..RepoFacts::default() }
}

/// Regression: 140 checkpoints of five trainings of BERT were each a continued pre-training; of a stranger's four epochs each was a
/// fine-tune of its own.
#[test]
fn checkpoints_are_stages_of_one_training() {
    let placed = place(&[
        silent("google/multiberts-seed_0", true),
        silent("google/multiberts-seed_0-step_100k", true),
        silent("google/multiberts-seed_1-step_100k", true),
        silent("a/raw-label-epoch-1", false),
        silent("a/raw-label-epoch-2", false),
        // Another owner's, a plan, and rounds of tuning.
        silent("b/raw-label-epoch-3", false),
        silent("a/raw-label-5_epochs", false),
        silent("u/x-SPPO-Iter1", false),
        silent("u/x-SPPO-Iter2", false),
    ]);
    let is_stage =
        |i: usize| (placed[i].role == Role::Converted && placed[i].role_rule == Rule::StageOfATraining).then_some(placed[i].base);
    assert_eq!(is_stage(1), Some(Some(0)));
    assert_eq!(is_stage(3), Some(Some(4)));
    assert_eq!(placed[3].own_run, None);
    for i in [0, 2, 4, 5, 6, 7, 8] {
        assert_eq!(is_stage(i), None, "{i}");
    }
}

/// Regression: 145 checkpoints of five trainings of BERT were each a fine-tune of the first, because their names give steps without a word
/// (`MultiBertGunjanPatrick/multiberts-seed-1-140k`).
#[test]
fn a_series_of_bare_steps_is_one_training() {
    let mut facts: Vec<RepoFacts> = ["0k", "20k", "40k", "60k"].map(|n| silent(&format!("m/bert-seed-1-{n}"), false)).into();
    // The whole training has the name without a number.
    facts.push(silent("m/bert-seed-1", false));
    facts.extend(["100000", "200000", "300000", "400000"].map(|n| silent(&format!("s/electra-64k-{n}-cased"), false)));
    // Contexts, vocabularies, sizes, versions, tunings on more and more examples, and two trainings of different size.
    let others = ["4k", "8k", "32k", "128k"].map(|n| format!("h/Phi-mini-{n}"));
    let others = others.into_iter().chain(["7k", "16k", "28k", "44k"].map(|n| format!("h/roberta-bpe-{n}")));
    let others = others.chain(["1b", "2b", "3b", "4b"].map(|n| format!("h/x-{n}")));
    let others = others.chain(["100", "200", "300", "400"].map(|n| format!("h/bert-finetuned-ner-{n}")));
    let from = facts.len();
    facts.extend(others.map(|id| silent(&id, false)));
    let sized = |n: i64, id: String| RepoFacts { rough_params: Some(n), ..silent(&id, false) };
    facts.extend([100, 200, 300, 400].map(|n| sized(n * 1_000_000, format!("t/ladder-{n}"))));
    let placed = place(&facts);
    let stage_of = |i: usize| (placed[i].role_rule == Rule::StageOfATraining).then_some(placed[i].base).flatten();
    assert_eq!([0, 1, 2, 3].map(stage_of), [Some(4); 4]);
    assert_eq!([5, 6, 7].map(stage_of), [Some(8); 3]);
    assert!(placed[8].own_run.is_some() && placed[5].own_run.is_none());
    for i in [4, 8].into_iter().chain(from..facts.len()) {
        assert_eq!(stage_of(i), None, "{}", facts[i].model_id);
    }
}

/// Regression: CodeLlama was another house's fine-tune of Llama, as flan-t5 of google-t5; a company has several namespaces, a university several
/// groups.
#[test]
fn a_company_is_one_house_in_all_of_its_namespaces() {
    let house =
        |id: &str, day, house: Option<&str>| RepoFacts { house: house.map(Into::into), ..repo(id, "llama", 6_738_415_616, day) };
    let placed = place(&[
        house("meta-llama/Llama-2-7b-hf", 1, Some("Meta AI")),
        with_base(house("codellama/CodeLlama-7b-Instruct-hf", 2, Some("Meta AI")), "meta-llama/Llama-2-7b-hf"),
        house("openvla/openvla-7b", 1, None),
        with_base(house("tatsu-lab/openvla-7b-instruct", 2, None), "openvla/openvla-7b"),
    ]);
    assert_eq!([placed[1].own_run, placed[3].own_run], [Some(RunKind::PostTraining), Some(RunKind::FineTuning)]);
    let owners = crate::reference::Reference::load().unwrap().owners;
    assert_eq!(owners.house("google-t5"), owners.house("Google"));
    assert!(owners.house("google").is_some() && owners.house("mistralai").is_none() && owners.house("tatsu-lab").is_none());
}

/// Regression: two models of one house above 1e11 parameters were of one pre-training because their counts differ by less than half a
/// percent, whatever they are called. To the last parameter they still are.
#[test]
fn nearly_one_size_above_100_billion_needs_a_name() {
    let placed = place(&[
        repo("h/Alpha-Large", "moe", 400_000_000_000, 1),
        repo("h/Beta-Max", "moe", 400_400_000_000, 2),
        repo("h/Alpha-Large-Ultra", "moe", 400_400_000_001, 3),
        repo("h/Gamma", "moe", 400_000_000_000, 4),
    ]);
    assert_eq!(placed[1].base, None);
    assert_eq!((placed[2].base, placed[3].base), (Some(0), Some(0)));
    assert_eq!(placed[3].role_rule, Rule::SiblingSameSizeAbove100b);
}

/// Regression: a copy with layers of multi-token prediction was a pre-training of the size in its name (`...-120B-A12B-BF16-MTPv2`, 350 t).
#[test]
fn a_copy_with_draft_layers_stands_on_the_model_it_names() {
    let sized = |id: &str| RepoFacts { named_size: Some(1.2e11), ..silent(id, true) };
    let placed = place(&[
        sized("nvidia/Super-120B-A12B-BF16"),
        sized("nvidia/Super-120B-A12B-BF16-MTPv2"),
        silent("x/Nowhere-27B-MTPLX", false),
    ]);
    assert_eq!((placed[1].base, placed[1].role, placed[1].role_rule), (Some(0), Role::Finetuned, Rule::DraftLayersToken));
    assert_eq!((placed[2].base, placed[2].role), (None, Role::Finetuned));
}

/// Regression: once the version before glued letters was read, Qwen3Guard was a generation of its house, pre-trained anew (180 t, 3 t before).
#[test]
fn a_word_glued_to_a_version_names_no_generation() {
    let counted = |id: &str| RepoFacts { exact_params: Some(8_190_735_360), rough_params: Some(8_190_735_360), ..silent(id, true) };
    let base = RepoFacts { registry_kind: Some(RunKind::Pretraining), ..counted("Qwen/Qwen3-8B-Base") };
    let placed = place(&[base, counted("Qwen/Qwen3Guard-Gen-8B")]);
    assert_eq!((placed[1].base, placed[1].role_rule), (Some(0), Rule::ExactSizeOfAKnownModel));
}

/// Regression: tiny-aya-base-32K, whose table has some hundred words more, was a pre-training of its own beside tiny-aya-base. Bases of two
/// versions and of nearly one size are two.
#[test]
fn a_base_of_a_longer_context_goes_on_from_the_other() {
    let base = |id: &str, n: i64, created_ms: i64| RepoFacts {
        exact_params: Some(n),
        rough_params: Some(n),
        created_ms: Some(created_ms),
        ..silent(id, true)
    };
    let placed = place(&[
        base("CohereLabs/tiny-aya-base", 3_349_227_520, 1),
        base("CohereLabs/tiny-aya-base-32K", 3_350_243_328, 2),
        base("h/Marble-2.0-8b-base", 8_170_835_968, 1),
        base("h/Marble-3.0-8b-base-32k", 8_170_900_000, 2),
    ]);
    assert_eq!((placed[1].base, placed[1].role), (Some(0), Role::Continued));
    assert_eq!((placed[0].base, placed[2].base, placed[3].base), (None, None, None));
}

/// Regression: openthaigpt-1.0.0-70b-chat, Llama 2 tuned by a listed house without a family, had a pre-training of its own: 1,884 t.
#[test]
fn a_chat_model_of_anothers_architecture_carries_no_pretraining() {
    let chat = |id: &str, architecture: &str| RepoFacts { architecture: Some(architecture.into()), ..silent(id, true) };
    let placed = place(&[
        chat("openthaigpt/openthaigpt-1.0.0-70b-chat", "llama"),
        chat("a-house/own-70b-chat", "own"),
        chat("a-house/other-20b-oasst1", "own"),
    ]);
    let runs = [RunKind::FineTuning, RunKind::Pretraining, RunKind::FineTuning];
    assert_eq!([placed[0].own_run, placed[1].own_run, placed[2].own_run], runs.map(Some));
}

/// Regression: gpt-oss-120b-bf16, unpacked by another house, was a pre-training: 488 t.
#[test]
fn a_known_model_in_another_precision_is_a_copy() {
    let original = RepoFacts { registry_kind: Some(RunKind::Pretraining), ..silent("openai/gpt-oss-120b", true) };
    let placed = place(&[original, silent("lmsys/gpt-oss-120b-bf16", true), silent("lmsys/gpt-oss-120b-more", true)]);
    assert_eq!((placed[1].role, placed[1].base), (Role::Converted, Some(0)));
    assert_ne!(placed[2].role, Role::Converted);
}
