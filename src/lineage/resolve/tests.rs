//! Placements of small graphs, each after real repositories.

mod kinds;
mod lines;
mod trainings;

use super::resolve;
use crate::domain::{Role, Rule, RunKind};
use crate::lineage::model::{Placement, RepoFacts};

fn repo(id: &str, architecture: &str, params: i64, created_ms: i64) -> RepoFacts {
    RepoFacts {
        model_id: id.into(),
        architecture: Some(architecture.into()),
        params: Some(params),
        rough_params: Some(params),
        listed_owner: true,
        float_weights: true,
        created_ms: Some(created_ms),
        ..RepoFacts::default()
    }
}

fn place(facts: &[RepoFacts]) -> Vec<Placement> {
    resolve(facts, Vec::new(), &|_| None, &[]).placements
}

fn with_base(mut f: RepoFacts, base: &str) -> RepoFacts {
    f.base_ids = vec![base.into()];
    f
}

#[test]
fn siblings_without_links_share_one_pretraining() {
    let facts = [
        repo("Qwen/Qwen3-235B-A22B-Instruct-2507", "qwen3_moe", 235_093_634_560, 30),
        repo("Qwen/Qwen3-235B-A22B", "qwen3_moe", 235_093_634_560, 10),
        repo("deepseek-ai/DeepSeek-V3", "deepseek_v3", 684_531_386_000, 1),
        repo("deepseek-ai/DeepSeek-R1", "deepseek_v3", 684_531_386_000, 2),
    ];
    let placed = place(&facts);
    assert_eq!(placed[0].base, Some(1));
    assert_eq!(placed[0].own_run, Some(RunKind::PostTraining));
    assert_eq!(placed[1].own_run, Some(RunKind::Pretraining));
    assert_eq!(placed[3].root, Some(2));
    assert_eq!(placed[3].role_rule, Rule::SiblingSameSizeAbove100b);
}

/// Llama-2-7b and Mistral-7B share a size class, bert cased and uncased an architecture: none of them is a copy.
#[test]
fn like_models_do_not_merge() {
    let facts = [
        repo("meta-llama/Llama-2-7b-hf", "llama", 6_738_415_616, 1),
        repo("mistralai/Mistral-7B-v0.1", "mistral", 7_241_732_096, 2),
        repo("google-bert/bert-base-uncased", "bert", 110_106_428, 0),
        repo("google-bert/bert-base-cased", "bert", 108_932_934, 0),
    ];
    assert!(place(&facts).iter().all(|p| p.own_run == Some(RunKind::Pretraining)));
}

#[test]
fn mirrors_carry_nothing_and_stand_on_the_original() {
    let facts = [
        repo("unsloth/Llama-3.2-1B", "llama", 1_235_814_400, 1),
        repo("meta-llama/Llama-3.2-1B", "llama", 1_235_814_400, 5),
        RepoFacts { params: None, float_weights: false, gguf: true, ..repo("TheBloke/Llama-3.2-1B-GGUF", "llama", 1, 6) },
    ];
    let placed = place(&facts);
    assert_eq!((placed[0].role, placed[0].root), (Role::Converted, Some(1)));
    assert_eq!((placed[2].role, placed[2].root), (Role::Quantized, Some(1)));
}

#[test]
fn case_legacy_ids_cycles_self_and_missing_bases_all_end() {
    let facts = [
        repo("google-bert/bert-base-uncased", "bert", 110, 0),
        with_base(repo("u/tuned", "bert", 110, 9), "bert-base-uncased"),
        with_base(repo("u/tuned-more", "bert", 110, 9), "U/Tuned"),
        with_base(repo("c/a", "x", 5, 1), "c/b"),
        with_base(repo("c/b", "x", 5, 1), "c/a"),
        with_base(repo("s/self", "x", 6, 1), "s/self"),
        with_base(repo("m/orphan", "x", 7, 1), "gone/away"),
    ];
    let placed = place(&facts);
    assert_eq!(placed[1].root, Some(0));
    assert_eq!((placed[2].root, placed[2].parent), (Some(0), Some(1)));
    assert_eq!((placed[3].base, placed[4].base), (None, Some(3)));
    assert_eq!(placed[5].base, None);
    // The absent base is a node of its own, behind the repositories.
    assert_eq!((placed[6].root, placed[6].own_run), (Some(7), Some(RunKind::FineTuning)));
}

/// Qwen2-7B and Qwen2.5-7B have one shape and are two pre-trainings; Qwen2-Math-72B-Instruct is none.
#[test]
fn one_shape_in_one_namespace() {
    let facts = [
        RepoFacts { registry_kind: Some(RunKind::Pretraining), ..repo("Qwen/Qwen2-72B", "qwen2", 72_706_203_648, 1) },
        RepoFacts { registry_kind: Some(RunKind::Pretraining), ..repo("Qwen/Qwen2.5-72B", "qwen2", 72_706_203_648, 3) },
        repo("Qwen/Qwen2-Math-72B-Instruct", "qwen2", 72_706_203_648, 2),
    ];
    let placed = place(&facts);
    assert_eq!((placed[0].own_run, placed[1].own_run), (Some(RunKind::Pretraining), Some(RunKind::Pretraining)));
    assert_eq!((placed[2].role, placed[2].root), (Role::Finetuned, Some(0)));
}

#[test]
fn a_chain_of_ten_ends_at_its_root() {
    let mut facts = vec![repo("o/m0", "x", 5, 0)];
    for i in 1..=10 {
        facts.push(with_base(repo(&format!("o/m{i}"), "x", 5, i), &format!("o/m{}", i - 1)));
    }
    let placed = place(&facts);
    assert_eq!(placed[10].root, Some(0));
}

/// mlx-community/Mistral-Small-24B-Instruct-2501-bf16 names an instruct model that the index lacks; its sibling -Base-2501 is there.
#[test]
fn a_copy_of_an_absent_sibling_stands_on_the_base() {
    let mut copy =
        with_base(repo("mlx-community/Small-24B-Instruct-2501-bf16", "mistral", 5, 9), "mistralai/Small-24B-Instruct-2501");
    copy.library = Some("mlx".into());
    let facts = [
        RepoFacts {
            registry_kind: Some(RunKind::Pretraining),
            ..repo("mistralai/Small-24B-Base-2501", "mistral", 23_572_403_200, 1)
        },
        RepoFacts { params: None, rough_params: Some(24_000_000_000), ..copy },
    ];
    let placed = place(&facts);
    assert_eq!((placed[1].role, placed[1].root), (Role::Converted, Some(0)));
    assert_eq!((placed[2].role, placed[2].base), (Role::Finetuned, Some(0)));
}

/// The registry knows LLaMA 7B by huggyllama's copy, which trained nothing and carries the run.
#[test]
fn the_copy_by_which_a_registered_pretraining_is_known_carries_it() {
    let facts = [RepoFacts { registry_kind: Some(RunKind::Pretraining), ..repo("huggyllama/llama-7b", "llama", 6_738_417_664, 1) }];
    let placed = place(&facts);
    assert_eq!((placed[0].role, placed[0].own_run, placed[0].root), (Role::Converted, Some(RunKind::Pretraining), Some(0)));
}

/// Llama-2-7b shows no weights that the Hub counts; its copy -hf does, and CodeUp-Llama-2-7b-hf is found by them. LLaMA 7B has the same
/// layout and is another run.
#[test]
fn a_base_has_the_shape_of_its_copy() {
    let facts = [
        RepoFacts { registry_kind: Some(RunKind::Pretraining), ..repo("huggyllama/llama-7b", "llama", 6_738_417_664, 1) },
        RepoFacts {
            params: None,
            architecture: None,
            rough_params: Some(7_000_000_000),
            ..repo("meta-llama/Llama-2-7b", "x", 1, 5)
        },
        repo("meta-llama/Llama-2-7b-hf", "llama", 6_738_415_616, 6),
        RepoFacts { listed_owner: false, ..repo("u/Magicoder-S-CL", "llama", 6_738_415_616, 9) },
    ];
    let placed = place(&facts);
    assert_eq!((placed[1].own_run, placed[2].root), (Some(RunKind::Pretraining), Some(1)));
    assert_eq!((placed[3].role, placed[3].root), (Role::Finetuned, Some(1)));
}

/// stanfordnlp/SteamSHP-flan-t5-xl says in full what it was tuned from; a model of a language only borrows the name of a layout.
#[test]
fn a_name_in_full_is_a_link() {
    let of = |id: &str| RepoFacts { params: None, rough_params: None, architecture: None, ..repo(id, "t5", 1, 9) };
    let facts = [
        of("google/flan-t5-xl"),
        of("stanfordnlp/SteamSHP-flan-t5-xl"),
        of("FacebookAI/roberta-base"),
        of("u/roberta-base-squad2"),
        of("u/roberta-base-bne"),
    ];
    let placed = place(&facts);
    assert_eq!((placed[1].base, placed[1].role), (Some(0), Role::Finetuned));
    assert_eq!(placed[3].base, Some(2));
    assert_eq!((placed[4].base, placed[4].role), (None, Role::Pretrained));
}

/// jebcarter/psyonic-cetacean-20B: nobody pre-trained a Llama of 20 B.
#[test]
fn layers_stacked_to_a_size_of_nobodys_are_a_merge() {
    let by = |id: &str, params: i64| RepoFacts { listed_owner: false, ..repo(id, "llama", params, 9) };
    let facts = [
        repo("meta-llama/Llama-2-13b", "llama", 13_015_864_320, 1),
        by("j/psyonic-cetacean-20B", 19_994_362_880),
        by("j/other", 13_015_864_320),
    ];
    let placed = place(&facts);
    assert_eq!((placed[1].role, placed[1].own_run), (Role::Merge, None));
    assert_eq!((placed[2].role, placed[2].root), (Role::Finetuned, Some(0)));
}

/// A parent that is gone and that nobody describes does not leave the run of a merge open (mergekit-model_stock-nzjnheg).
#[test]
fn a_strangers_absent_parent_contradicts_nothing() {
    let mut merge = repo("u/merged", "qwen2", 7_615_616_512, 9);
    merge.base_ids = vec!["Qwen/Qwen2.5-7B".into(), "gone/tune".into()];
    merge.base_count = 2;
    let placed = place(&[repo("Qwen/Qwen2.5-7B", "qwen2", 7_615_616_512, 1), merge]);
    assert_eq!((placed[1].role, placed[1].root), (Role::Merge, Some(0)));
}

/// 01-ai/Yi-34B-200K was trained further on longer texts.
#[test]
fn a_longer_context_is_continued_pretraining() {
    let facts = [repo("01-ai/Yi-34B", "llama", 34_388_917_248, 1), repo("01-ai/Yi-34B-200K", "llama", 34_388_917_248, 2)];
    let placed = place(&facts);
    assert_eq!((placed[1].role, placed[1].root), (Role::Continued, Some(0)));
}
