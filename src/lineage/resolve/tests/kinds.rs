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

/// Regression: unsloth's copy of Qwen3.5-4B-Base (4.54e9 parameters, which the original's name rounds) was a continued pre-training, 88 t.
#[test]
fn what_is_handed_on_under_its_whole_name_is_a_copy() {
    let placed =
        place(&[named(listed("Qwen/Qwen3.5-4B-Base"), 4e9), named(counted("unsloth/Qwen3.5-4B-Base", 4_539_265_536), 4e9)]);
    assert_eq!((placed[1].base, placed[1].role), (Some(0), Role::Converted));
}

/// Regression: 225 strangers' models that name a base in full were continued pre-trainings, because the base's name has the word: 550 kg for
/// each tune of roberta-base, 170 t on Qwen3-4B-Base.
#[test]
fn a_base_in_a_bases_name_continues_no_pretraining() {
    let large = |id: &str| RepoFacts { rough_params: Some(4_000_000_000), ..named(silent(id), 4e9) };
    let masks = |id: &str| RepoFacts { pipeline_tag: Some("fill-mask".into()), ..silent(id) };
    let placed = place(&[
        RepoFacts { rough_params: Some(4_000_000_000), ..named(listed("Qwen/Qwen3-4B-Base"), 4e9) },
        listed("FacebookAI/roberta-base"),
        large("PetarKal/Qwen3-4B-Base-ascii-art-v7-phase2"),
        large("VLSP/Legal-Qwen3-4B-Base"),
        silent("ddobokki/unsup-simcse-roberta-base"),
        masks("abhi1nandy2/Bible-roberta-base"),
        silent("x/tapt-nbme-roberta-base"),
    ]);
    let roles: Vec<_> = placed[2..7].iter().map(|p| (p.base, p.role)).collect();
    let (tuned, continued) = (Role::Finetuned, Role::Continued);
    let expected = [(Some(0), tuned), (Some(0), continued), (Some(1), tuned), (Some(1), continued), (Some(1), continued)];
    assert_eq!(roles, expected);
}

/// Regression: strangers' coders and models that see on a base of their own namespace were continued pre-trainings of a house's scale.
#[test]
fn strangers_tune_a_speciality() {
    let placed = place(&[
        listed("Qwen/Qwen9-7B"),
        listed("Qwen/Qwen9-Coder-7B"),
        silent("somebody/Alpha-7B"),
        silent("somebody/Alpha-Coder-7B"),
    ]);
    assert_eq!((placed[1].base, placed[1].role), (Some(0), Role::Continued));
    assert_eq!((placed[3].base, placed[3].role), (Some(2), Role::Finetuned));
}

/// Regression: of 1,565 silent transcribers whose names begin with a published model's 1,385 had no base, because a language in a name can be
/// that of a pre-training; they were given a size of their kind, and 220 t.
#[test]
fn what_transcribes_speech_stands_on_the_model_its_name_begins_with() {
    let hears = |facts: RepoFacts| RepoFacts { pipeline_tag: Some("automatic-speech-recognition".into()), ..facts };
    let placed = place(&[
        hears(listed("openai/whisper-small")),
        hears(silent("x/whisper-small-urdu")),
        hears(silent("x/my-whisper-small-urdu")),
        hears(listed("nvidia/whisper-small-hindi")),
        listed("google/bert-base-uncased"),
        silent("y/bert-base-uncased-urdu"),
        hears(listed("facebook/wav2vec2-base")),
        hears(silent("z/wav2vec2-base-timit-demo")),
    ]);
    // The word of its base makes no continued pre-training of it.
    assert_eq!((placed[7].base, placed[7].role), (Some(6), Role::Finetuned));
    assert_eq!((placed[1].base, placed[1].role, placed[1].role_rule), (Some(0), Role::Finetuned, Rule::NamesAModelInFull));
    assert_eq!([2, 3, 5].map(|i| placed[i].base), [None; 3], "elsewhere in a name, by a house, and of text");
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

/// Of 47 records of a wide list with "slerp" in the name and no stated base 34 were called fine-tunes; of 44 with a stated one all are
/// merges. "merged" is a word of adapters, too.
#[test]
fn ways_of_merging_are_merges_for_certain_and_copies_of_merges_are_copies() {
    let placed = place(&[
        silent("invalid-coder/Sakura-SOLAR-CarbonVillain-10.7B-slerp"),
        silent("dizza01/qwen2.5-7b-pdf-merged"),
        silent("x/Alpha-Beta-7B-ties-AWQ"),
        RepoFacts { gguf: true, ..silent("x/Alpha-Beta-7B-dare") },
        listed("allenai/Linear-7B"),
        silent("dnhkng/RYS-XLarge"),
    ]);
    let found: Vec<_> = placed.iter().map(|p| (p.role, p.role_rule)).collect();
    assert_eq!(found[0], (Role::Merge, Rule::MergeMethodToken));
    assert_eq!(found[1], (Role::Merge, Rule::MergeToken));
    assert_eq!(found[2], (Role::Quantized, Rule::QuantizationToken));
    assert_eq!(found[3], (Role::Quantized, Rule::GgufWeights));
    assert_eq!(found[4].0, Role::Pretrained);
    assert_eq!(found[5], (Role::Merge, Rule::MergeMethodToken));
    assert!(Rule::MergeMethodToken.is_certain() && !Rule::MergeToken.is_certain());
}

/// unsloth hands Phi-3 on in the layout of Mistral: another architecture, the same name and size.
#[test]
fn a_mirror_may_hand_weights_on_in_another_layout() {
    let sized = |facts: RepoFacts, architecture: &str| RepoFacts {
        architecture: Some(architecture.into()),
        params: Some(3_821_079_552),
        rough_params: Some(3_821_079_552),
        float_weights: true,
        ..facts
    };
    let placed = place(&[
        sized(listed("microsoft/Phi-3-mini-4k-instruct"), "phi3"),
        sized(silent("unsloth/Phi-3-mini-4k-instruct"), "mistral"),
        sized(silent("somebody/Phi-3-mini-4k-instruct"), "mistral"),
        silent("KnutJaegersberg/Qwen-1_8B-Llamafied"),
    ]);
    assert_eq!((placed[1].role, placed[1].role_rule, placed[1].base), (Role::Converted, Rule::MirrorSameNameAndSize, Some(0)));
    assert_ne!(placed[2].role_rule, Rule::MirrorSameNameAndSize);
    assert_eq!((placed[3].role, placed[3].role_rule), (Role::Converted, Rule::ConversionLibraryOrToken));
}

/// Regression: a copy in another file format or for another framework was a training: GitMylo/bark-safetensors, benjamin/Llama-3.2-1B-flax.
#[test]
fn a_name_with_a_file_format_behind_it_is_a_copy_of_a_known_model() {
    let placed = place(&[
        listed("suno/bark"),
        silent("GitMylo/bark-safetensors"),
        listed("google-t5/t5-small"),
        silent("seduerr/t5-small-pytorch"),
        // Nobody's model of that name is known, and a short name alone tells nothing.
        silent("mlnomad/gelu-d12-chinchilla-261M-pytorch"),
        silent("kp-forks/bark"),
        silent("somebody/small-cam"),
        silent("another/small-cam-pytorch"),
    ]);
    for (at, of) in [(1, 0), (3, 2)] {
        let found = (placed[at].role, placed[at].role_rule, placed[at].base);
        assert_eq!(found, (Role::Converted, Rule::MirrorSameName, Some(of)), "{at}");
    }
    for at in [4, 5, 7] {
        assert_ne!(placed[at].role, Role::Converted, "{at}");
    }
}

/// What somebody looked up as a pre-training stays one: Inkling sees images and its owner has no family, and LEGAL-BERT has another's name.
#[test]
fn looked_up_pretrainings_are_not_overruled() {
    let fact = |facts: RepoFacts| RepoFacts { looked_up_role: Some(Role::Pretrained), ..facts };
    let seeing =
        |id: &str| RepoFacts { pipeline_tag: Some("image-text-to-text".into()), rough_params: Some(975_000_000_000), ..silent(id) };
    let placed = place(&[
        fact(seeing("thinkingmachines/Inkling")),
        seeing("a/unknown-seer"),
        listed("google-bert/bert-base-uncased"),
        fact(silent("nlpaueb/legal-bert-base-uncased-finetuned")),
    ]);
    for at in [0, 3] {
        assert_eq!((placed[at].role, placed[at].role_rule), (Role::Pretrained, Rule::RepositoryFact), "{at}");
    }
    assert_eq!(placed[1].role_rule, Rule::VisionOnABackbone);
}

/// A name with another house's family, version and size and the word of a base: its pre-training was gone on with.
#[test]
fn a_base_named_after_anothers_model_continues_it() {
    let placed = place(&[
        named(RepoFacts { rough_params: Some(8_030_000_000), ..listed("meta-llama/Llama-3.1-8B") }, 8e9),
        named(RepoFacts { rough_params: Some(8_000_000_000), ..silent("CYFRAGOVPL/Llama-3.1-PLLuM-8B-base") }, 8e9),
        named(RepoFacts { rough_params: Some(8_000_000_000), ..silent("x/Storm-Llama3.1-8B") }, 8e9),
        silent("y/llama-thing"),
    ]);
    assert_eq!((placed[1].role, placed[1].role_rule, placed[1].base), (Role::Continued, Rule::BaseTokenOnABase, Some(0)));
    assert_eq!((placed[2].role_rule, placed[2].base), (Rule::NamesAFamilyOfAnotherOwner, Some(0)));
    assert_eq!((placed[3].role_rule, placed[3].base), (Rule::FamilyOfAnotherOwnerWithoutABase, None));
    assert!(Rule::NamesAFamilyOfAnotherOwner.links_to_a_base() && !Rule::FamilyOfAnotherOwnerWithoutABase.links_to_a_base());
}

/// Speciale was made of V3.2, and Magistral 2506 of what its release of September was made of; phi-4-mini is a model of its own.
#[test]
fn variants_of_a_sibling_stand_on_it_or_on_its_base() {
    let sized = |id: &str, n: i64| RepoFacts { params: Some(n), rough_params: Some(n), created_ms: Some(0), ..listed(id) };
    let placed = place(&[
        sized("deepseek-ai/DeepSeek-V3.2", 685_396_921_376),
        listed("deepseek-ai/DeepSeek-V3.2-Speciale"),
        sized("mistralai/Mistral-Small-24B-Base-2501", 23_572_403_200),
        with_base(sized("mistralai/Magistral-Small-2509", 24_011_361_280), "mistralai/Mistral-Small-24B-Base-2501"),
        sized("mistralai/Magistral-Small-2506", 23_572_403_201),
        sized("microsoft/phi-4", 14_659_507_200),
        listed("microsoft/phi-4-mini"),
        sized("LiquidAI/LFM2-2.6B", 2_569_272_320),
        sized("LiquidAI/LFM2-2.6B-Transcript", 2_569_272_321),
        sized("LiquidAI/LFM2-2.6B-Tiny-Extract", 1_000_000_001),
    ]);
    for (at, base) in [(1, 0), (4, 2), (8, 7)] {
        assert_eq!((placed[at].base, placed[at].role_rule), (Some(base), Rule::VariantOfASibling), "{at}");
    }
    for at in [0, 5, 6, 7, 9] {
        assert_eq!((placed[at].base, placed[at].role), (None, Role::Pretrained), "{at}");
    }
    assert!(!Rule::VariantOfASibling.is_certain());
}
