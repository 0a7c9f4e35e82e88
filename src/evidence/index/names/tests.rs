//! Names of real repositories with the sizes of their files, and names that state none.

use super::*;
use proptest::prelude::*;

#[track_caller]
fn states(id: &str, total: Option<f64>, active: Option<f64>) {
    let got = size(id);
    let near = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => (a / b - 1.0).abs() < 1e-9,
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    let (got_total, got_active) = got.as_ref().map_or((None, None), |s| (s.total, s.active));
    assert!(near(got_total, total) && near(got_active, active), "{id}: {got:?}");
}

#[test]
fn sizes_in_real_names() {
    for (id, total, active) in [
        ("meta-llama/Llama-3.1-8B-Instruct", 8e9, None),
        ("facebook/opt-350m", 350e6, None),
        ("bigscience/bloom-7b1", 7.1e9, None),
        ("mistralai/Mixtral-8x7B-v0.1", 56e9, Some(14e9)),
        ("Qwen/Qwen3-235B-A22B-Instruct-2507", 235e9, Some(22e9)),
        ("EleutherAI/pythia-1.4b-deduped", 1.4e9, None),
        ("HuggingFaceTB/SmolLM2-1.7B-Instruct", 1.7e9, None),
        ("allenai/OLMoE-1B-7B-0924-Instruct", 7e9, Some(1e9)),
        ("allenai/StdMoE_1b14b_130B", 14e9, Some(1e9)),
        ("Tiiny/SmallThinker-21BA3B-Instruct", 21e9, Some(3e9)),
        ("Nocodedev0/Qwen3.8-2.4T-A95B", 2.4e12, Some(95e9)),
        ("x/Wolf-V4-320B-A18B-bf16", 320e9, Some(18e9)),
        ("x/wolf_v2-lite-14b-a1_9b", 14e9, Some(1.9e9)),
        ("x/wolf-1.5B-300B-tokens", 1.5e9, None),
    ] {
        states(id, Some(total), active);
    }
    states("Qwen/Qwen1.5-MoE-A2.7B", None, Some(2.7e9));
    // Regression: an effective size was none. E4M3 and E5M2 are number formats.
    states("google/gemma-3n-E4B-it", None, Some(4e9));
    states("unsloth/gemma-4-e2b-it-GGUF", None, Some(2e9));
    states("nobody/llama-FP8-E4M3", None, None);
    states("nobody/llama-8B-e5m2", Some(8e9), None);
    states("x/lm-60B-tokens", None, None);
}

/// `stablelm-2-1_6b` was 6 billion, four times too much.
#[test]
fn an_underscore_is_a_decimal_point_where_the_family_writes_so() {
    for (id, total) in [
        ("stabilityai/stablelm-2-1_6b", 1.6e9),
        ("stabilityai/stablelm-2-zephyr-1_6b", 1.6e9),
        ("internlm/internlm2_5-1_8b-chat", 1.8e9),
        ("internlm/internlm2-chat-1_8b", 1.8e9),
        ("Qwen/Qwen-1_8B", 1.8e9),
        ("thomas-yanxin/XinYuan-Qwen2-1_5B", 1.5e9),
        ("apple/OpenELM-1_1B-Instruct", 1.1e9),
        ("Marsouuu/MiniMathExpert-2_61B-ECE-PRYMMAL-Martial", 2.61e9),
        ("TOTORONG/extGemma4-40_5B", 40.5e9),
        ("samueljayasingh/DarkQwen3_5_0_8B", 0.8e9),
        ("x/Qwen2_0_5B", 0.5e9),
        ("x/qwen_2_5_1_5b_instruct", 1.5e9),
        ("x/pythia_2_8b", 2.8e9),
        ("x/bloom_1_7b", 1.7e9),
        ("ContextualAI/archangel_sft-dpo_pythia1-4b", 1.4e9),
        ("ContextualAI/archangel_sft-kto_pythia2-8b", 2.8e9),
    ] {
        states(id, Some(total), None);
    }
}

/// Regression: `phi_2_2_7b` was 7 billion.
#[test]
fn a_decimal_that_the_family_comes_in_is_no_version() {
    for (id, total) in [
        ("x/phi_2_2_7b", 2.7e9),
        ("x/phi_2_7b-chat", 2.7e9),
        ("x/phi-2_7b", 2.7e9),
        ("x/phi3_3_8b", 3.8e9),
        ("x/phi_1_5_1_3b", 1.3e9),
        ("x/exaone_2_4b_sft", 2.4e9),
        ("x/phi_3_7b", 7e9),
        ("x/phi_4_14b", 14e9),
        ("x/llama_2_7b", 7e9),
    ] {
        states(id, Some(total), None);
    }
}

#[test]
fn an_underscore_before_a_size_can_end_a_version() {
    for (id, total) in [
        ("pankajmathur/orca_mini_v9_4_70B", 70e9),
        ("pankajmathur/orca_mini_v9_0_3B-Instruct", 3e9),
        ("pankajmathur/orca_mini_v5_8b_dpo", 8e9),
        ("pankajmathur/model_007_13b_v2", 13e9),
        ("pankajmathur/Al_Dente_v1_8b", 8e9),
        ("bigcode/starcoder2_3b", 3e9),
        ("x/llava_v1_5_7b", 7e9),
        ("x/pythia_410m", 410e6),
        ("rinnic/llama3_2_3B-practice-area-ft-125k-1epochs", 3e9),
        ("Nexesenex/Llama_3.2_1b_AquaSyn_0.11", 1e9),
        ("x/Llama_3_2_1b", 1e9),
        ("SicariusSicariiStuff/LLAMA-3_8B_Unaligned_BETA", 8e9),
        ("CALISTA-INDUSTRY/gemma_3_4B_reasoning_multimodal_en_ft_v2", 4e9),
        ("x/gemma-2_9b", 9e9),
        ("x/qwen2_5_7b", 7e9),
        ("godlikehhd/alpaca_data_ifd_max_2600_3B", 3e9),
        ("FPHam/Free_Sydney_V2_13b_HF", 13e9),
    ] {
        states(id, Some(total), None);
    }
    states("Lego-X/qwen3_5_35b_a3b_ohsdk_200k_rl", Some(35e9), Some(3e9));
}

#[test]
fn names_that_can_be_read_in_two_ways_state_nothing() {
    for id in [
        "x/orca_mini_3_7b",
        "x/internlm2_1_8b",
        "x/llama_1_7b",
        "x/llama3_0_8b",
        "KarlSage/oraculum_alpha_08b",
        "google/t5gemma-2b-2b-ul2",
    ] {
        states(id, None, None);
    }
}

/// Adapters of training services are named by UUID: `12b3` was 12.3 and `123b` was 123 billion.
#[test]
fn digits_of_a_hash_are_no_size() {
    for id in [
        "grad-lab/0a1b2c3d-12b3-4e32-bc9e-9f6278985eb8",
        "grad-lab/7f001d20-123b-4f45-8e58-4128b07cc590",
        "grad-lab/101ecdf0-09ad-4b45-8e58-4128b07cc590",
        "grad-lab/9d7e1f00-55b0-4c11-a111-0123456789ab",
        "x/12345678-1234-4567-a22b-123456789012",
        "x/lora-7F001D20-123B-4F45-8E58-4128B07CC590",
        "x/7f001d20_123b_4f45_8e58_4128b07cc590",
        "x/adapter-9f3c2d-12b3",
        "x/123b-4f45-8e58",
    ] {
        states(id, None, None);
    }
    states("x/llama-7b-3f2a1c9", Some(7e9), None);
    states("x/Llama-2-13b-2023-9f3c2d1", Some(13e9), None);
    states("x/Qwen2.5-0.5B-7f001d20-123b-4f45-8e58-4128b07cc590", Some(5e8), None);
    states("x/facade-7b", Some(7e9), None);
}

/// 17e9 parameters are used per token of Scout, which has 1.09e11: it was a dense model of 17e9.
#[test]
fn a_number_of_experts_leaves_the_total_open() {
    states("meta-llama/Llama-4-Scout-17B-16E-Instruct", None, Some(17e9));
    states("meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8", None, Some(17e9));
    states("x/llama-4-scout-17b-16e", None, Some(17e9));
    states("LanguageBind/MoE-LLaVA-Phi2-2.7B-4e", None, None);
    // Epochs.
    states("x/llama-7b-3e", Some(7e9), None);
}

#[test]
fn of_several_sizes_the_models_own() {
    for (id, total, active) in [
        ("BAAI/Infinity-Instruct-7M-Gen-Llama3_1-8B", 8e9, None),
        ("BAAI/Infinity-Instruct-3M-0625-Yi-1.5-9B", 9e9, None),
        ("Qwen/Qwen2.5-14B-Instruct-1M", 14e9, None),
        ("fla-hub/gla-1.3B-100B", 1.3e9, None),
        ("AETHORIA-AI/TR-HASH-MoE-200M-130B", 2e8, None),
        ("cutelemonlili/Qwen2.5-Coder-1.5B-Instruct_MATH_training_Qwen2.5-32B-Instruct", 1.5e9, None),
        ("Nickyang/Gemma-4-26B-A4B-it-RAZOR-14B-A4B-E64of128", 14e9, Some(4e9)),
        ("sleepyeldrazi/Nemotron-3.5-Lightning-30B-A3B-REAP-20B", 20e9, Some(3e9)),
        ("SearchingMan/FLUX.2-klein-9B-Text-Encoder-Pruned-5.1B", 5.1e9, None),
    ] {
        states(id, Some(total), active);
    }
}

#[test]
fn names_without_a_size() {
    for id in [
        "google-bert/bert-base-uncased",
        "microsoft/Phi-3-medium-128k-instruct",
        "x/model-4bit",
        "BAAI/bge-m3",
        "x/OLMo-2T",
        "openai/whisper-large-v3",
        "LongSafari/hyenadna-large-1m-seqlen-hf",
        "abhaymin/Ornith-1.5-Cyclos-1M-Uncensored",
        "x/0b",
        "x/b",
    ] {
        assert_eq!(size(id), None, "{id}");
    }
}

proptest! {
    #[test]
    fn any_name_is_read_without_panic(name in ".{0,40}") {
        if let Some(s) = size(&name) {
            prop_assert!(s.total.or(s.active).is_some_and(|n| n.is_finite() && n > 0.0));
        }
    }

    #[test]
    fn no_uuid_states_a_size(digits in "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}") {
        prop_assert_eq!(size(&format!("x/{digits}")), None);
    }
}

/// How many names of the shared indexes agree within 15 % with the size of their files: `make acceptance` data, by hand.
#[test]
#[ignore = "needs the shared indexes (HUGGING_CARBON_SHARED)"]
#[allow(clippy::print_stdout)] // Its result is what it prints.
fn names_agree_with_files() {
    use std::io::{BufRead, BufReader};
    let shared = std::env::var("HUGGING_CARBON_SHARED").unwrap();
    let mut sizes = std::collections::BTreeMap::new();
    for file in ["models_2026-05.api.jsonl.gz", "wide_2026-10.api.jsonl.gz"] {
        let path = std::path::Path::new(&shared).join("data/hub").join(file);
        for line in BufReader::new(flate2::read::MultiGzDecoder::new(fs_err::File::open(path).unwrap())).lines() {
            let Some(raw) = crate::hub::record::parse_json_record(line.unwrap().as_bytes(), "t").row else { continue };
            let weights = crate::evidence::index::params::weights(&raw);
            let total = weights.params.or(raw.safetensors_total.filter(|n| !weights.packed && *n > 0));
            sizes.extend(total.map(|n| (raw.model_id, n)));
        }
    }
    let (mut agree, mut differ, mut silent) = (0, 0, 0);
    for (id, n) in &sizes {
        #[allow(clippy::cast_precision_loss)]
        match size(id).and_then(|s| s.total) {
            Some(total) if (total / *n as f64 - 1.0).abs() <= 0.15 => agree += 1,
            Some(total) => {
                differ += 1;
                println!("{id}: name {total:e}, files {n}");
            }
            None => silent += 1,
        }
    }
    println!("{} sized: {agree} agree, {differ} differ, {silent} without a size in the name", sizes.len());
    assert!(agree > 8_000);
}

/// The last word of size counts; a word inside another is none.
#[test]
fn words_of_size() {
    for (id, expected) in [
        ("openai/whisper-large-v3", Some(SizeWord::Large)),
        ("hf-internal-testing/tiny-random-gpt2", Some(SizeWord::Tiny)),
        ("google/flan-t5-xxl", Some(SizeWord::HugeEncoder)),
        // Regression: RBT3, three layers of RoBERTa, was given the sizes of language models, as were readers of lines of text.
        ("hfl/rbt3", Some(SizeWord::SmallEncoder)),
        ("hfl/minirbt-h256", Some(SizeWord::SmallEncoder)),
        ("openthaigpt/thai-trocr", Some(SizeWord::Encoder)),
        ("facebook/wav2vec2-base-960h", Some(SizeWord::BaseEncoder)),
        ("dbmdz/bert-base-turkish-cased", Some(SizeWord::BaseEncoder)),
        ("DeepPavlov/rubert", Some(SizeWord::Encoder)),
        ("Qwen/Qwen3-14B-Base", Some(SizeWord::Base)),
        ("a/large-to-small", Some(SizeWord::Small)),
        // Regression: behind a word of size "base" is a stage of a language model.
        ("inclusionAI/Ling-lite-base", Some(SizeWord::Small)),
        ("inclusionAI/Ling-plus-base", Some(SizeWord::Large)),
        ("openai/whisper-base", Some(SizeWord::Base)),
        ("google/electra-small-base", Some(SizeWord::BaseEncoder)),
        ("a/smaller-enlarged-database", None),
        ("meta-llama/Llama-3.1-8B", None),
    ] {
        assert_eq!(size_word(id), expected, "{id}");
    }
}

/// Regression: huseinzol05/rumi-jawi-lstm-bahdanau was drawn like any model of text, up to the bound of its year (2.5e19 FLOP in the mean).
#[test]
fn recurrent_networks_and_word_vectors_are_as_small_as_small_encoders() {
    for id in
        ["u/rumi-jawi-lstm-bahdanau", "u/BiLSTM_word_classify", "u/word2vec_wss_100dim", "Gensim/glove-twitter-25", "u/gru-large"]
    {
        assert_eq!(size_word(id), Some(SizeWord::SmallEncoder), "{id}");
    }
    // A head on an encoder has the encoder's size.
    assert_eq!(size_word("u/klue-roberta-LSTM"), Some(SizeWord::Encoder));
    assert_eq!(size_word("u/gruber-7"), None);
}
