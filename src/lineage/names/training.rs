//! What a name says of how the weights were trained.

use super::stems::stem_with_version;
use super::tokens::{Token, is_context_length, is_date, is_minor_version, tokens};
use crate::domain::{TrainingStage, in_lower_case};
use crate::lineage::vocabulary::vocabulary;

/// Whether a token says the weights were post-trained.
#[must_use]
pub fn says_post_trained(name: &str) -> bool {
    tokens(name).iter().any(|t| vocabulary().tokens.post_trained.contains(&t.as_str()))
}

/// Whether a part of a word says so, where capitals part it or a number follows: `AceInstruct-72B`, `MiniChat-3B`, `llm-jp-3-13b-instruct3`. In
/// front it is as often a name of its own (ChatGLM), and a base may have it too (`GigaChat3-10B-A1.8B-base`). Of 58 names of a wide list that
/// nothing else decides 30 were read by lot: all are of tuned models.
#[must_use]
pub fn says_post_trained_within(name: &str) -> bool {
    let words = &vocabulary().tokens.post_trained_within;
    let is_one = |part: &str| in_lower_case(part, |part| words.contains(&part));
    let without_number = |word: &'_ str| word.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let says = |word: &str| {
        let numbered = without_number(word);
        numbered < word.len() && is_one(&word[..numbered])
            || parts(word).iter().skip(1).any(|part| is_one(&part[..without_number(part)]))
    };
    !says_base(name) && name.split(['-', '_', ' ']).any(says)
}

/// Parts of a word in capitals and small letters: `CantoneseLLMChat` is `Cantonese`, `LLM` and `Chat`.
fn parts(word: &str) -> Vec<&str> {
    let letters: Vec<(usize, char)> = word.char_indices().collect();
    let begins = |at: &usize| {
        let (here, before) = (letters[*at].1, letters[at - 1].1);
        let is_next_small = letters.get(at + 1).is_some_and(|(_, next)| next.is_lowercase());
        here.is_uppercase() && (!before.is_uppercase() || is_next_small)
    };
    let mut starts = vec![0];
    starts.extend((1..letters.len()).filter(begins).map(|at| letters[at].0));
    starts.push(word.len());
    starts.windows(2).map(|pair| &word[pair[0]..pair[1]]).collect()
}

/// Whether a token names a task or data set of fine-tuning.
#[must_use]
pub fn says_task(name: &str) -> bool {
    tokens(name).iter().any(|t| vocabulary().tokens.tasks.contains(&t.as_str()))
}

/// Whether a token is of a task, a data set or a kind of post-training.
#[must_use]
pub fn says_task_or_post_trained(name: &str) -> bool {
    says_task(name) || says_post_trained(name)
}

/// Whether one word of a name is of a task, a data set or a kind of post-training.
pub(super) fn is_of_tuning(token: &str) -> bool {
    let words = &vocabulary().tokens;
    words.tasks.contains(&token) || words.post_trained.contains(&token)
}

/// Whether a token says that the model is a base, without one that says that it was post-trained.
#[must_use]
pub fn says_base(name: &str) -> bool {
    // "base" is also a size: roberta-base-squad2.
    tokens(name).iter().any(|t| vocabulary().tokens.continued.contains(&t.as_str())) && !says_task_or_post_trained(name)
}

/// Whether a word that is not in the base's name says that a pre-training went on: in `Bible-roberta-base` "base" is the base's, and its
/// size.
#[must_use]
pub fn says_it_went_on(name: &str, base: &str) -> bool {
    let of_base = tokens(base);
    let is_own = |t: &&Token| !of_base.contains(t);
    tokens(name).iter().filter(is_own).any(|t| vocabulary().tokens.continued.contains(&t.as_str()))
        && !says_task_or_post_trained(name)
}

/// Whether a name is that of a recipe of a toolkit, which trains from random weights.
#[must_use]
pub fn says_recipe(name: &str) -> bool {
    tokens(name).iter().any(|t| vocabulary().tokens.recipes.contains(&t.as_str())) && !says_task_or_post_trained(name)
}

/// Whether a name calls the model itself a base, or names a way of going on with a pre-training: in `Qwen3-4B-Base-ascii-art` the base is
/// another's.
#[must_use]
pub fn ends_as_a_base(name: &str) -> bool {
    let words = &vocabulary().tokens;
    let all = tokens(name);
    let ends = all.iter().rev().find(|t| !is_date(t) && !is_minor_version(t)).is_some_and(|t| words.bases.contains(&t.as_str()));
    let goes_on = |t: &Token| words.continued.contains(&t.as_str()) && !words.bases.contains(&t.as_str());
    (ends || all.iter().any(goes_on)) && !says_task_or_post_trained(name)
}

/// Whether a token says that this is the base of its family (`-Base`, `-pt`).
#[must_use]
pub fn is_base_of_family(name: &str) -> bool {
    tokens(name).iter().any(|t| vocabulary().tokens.bases.contains(&t.as_str())) && !says_post_trained(name)
}

/// Whether a model is by its name the release of a base of its house: the two names differ in what calls the base one, and in what a
/// release has beside it (`granite-4.1-3b` of `granite-4.1-3b-base`). A language, a field or a longer context tell of more than that.
#[must_use]
pub fn is_release_of(name: &str, base: &str) -> bool {
    let one_model = || stem_with_version(name) == stem_with_version(base);
    let is_longer = || context_length(name) > context_length(base);
    is_base_of_family(base) && !is_base_of_family(name) && one_model() && !is_longer() && !says_it_went_on(name, base)
}

/// Whether a token calls this the result of the pre-training alone, before what came behind it (`-Base-Pretrain`).
#[must_use]
pub fn says_pretrain(name: &str) -> bool {
    tokens(name).iter().any(|t| t == "pretrain")
}

/// Context length in thousands that a name states; none sorts before any.
#[must_use]
pub fn context_length(name: &str) -> Option<u32> {
    tokens(name).iter().filter(|t| is_context_length(t)).find_map(|t| t.strip_suffix('k')?.parse().ok())
}

/// Whether a name says that the weights were fine-tuned, written in one word or two: `bert_cn_finetuning`, `fine-tune-lr`.
#[must_use]
pub fn says_fine_tuned(name: &str) -> bool {
    let letters: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
    in_lower_case(&letters, |letters| letters.contains("finetun"))
}

/// Whether a token states a context length.
#[must_use]
pub fn says_context_length(name: &str) -> bool {
    tokens(name).iter().any(|t| is_context_length(t))
}

/// Whether the name is that of a base trained further on longer texts (`Yi-34B-200K`).
#[must_use]
pub fn says_longer_context(name: &str) -> bool {
    says_context_length(name) && !says_post_trained(name)
}

/// Whether tokens say that the weights were merged, perhaps.
#[must_use]
pub fn says_merged(name: &str) -> bool {
    says_merge_method(name) || tokens(name).iter().any(|t| vocabulary().tokens.merged.contains(&t.as_str()))
}

/// Whether a token is a way or a tool of merging weights (`slerp`, `ties`).
#[must_use]
pub fn says_merge_method(name: &str) -> bool {
    tokens(name).iter().any(|t| vocabulary().tokens.merge_methods.contains(&t.as_str()))
}

/// Whether a word is a kind of model that is trained from nothing (`ppo-LunarLander-v2`, `rumi-jawi-lstm-bahdanau`).
#[must_use]
pub fn says_from_nothing(name: &str) -> bool {
    let words = &vocabulary().tokens.from_nothing;
    tokens(name).iter().flat_map(|t| t.split('.')).any(|t| words.contains(&t))
}

/// Whether the name says that the training began at random weights (`normistral-7b-scratch`), and not that it was tuned behind that.
#[must_use]
pub fn says_from_scratch(name: &str) -> bool {
    let all = tokens(name);
    let says = all.iter().any(|t| vocabulary().tokens.from_scratch.contains(&t.as_str()));
    says && all.len() > 1 && !says_task_or_post_trained(name) && !says_fine_tuned(name)
}

/// Whether the name says that a pre-training went on (`Finsight-Qwen3-14B-CPT`, `roberta-tapt-acl-arc`), and not that it was tuned behind that.
#[must_use]
pub fn says_continued(name: &str) -> bool {
    let words = &vocabulary().tokens;
    let all = tokens(name);
    let is_pair = |pair: &[Token]| words.going_on_pairs.iter().any(|known| known.split(' ').eq(pair.iter().map(Token::as_str)));
    let says = all.iter().skip(1).any(|t| words.going_on.contains(&t.as_str())) || all.windows(2).any(is_pair);
    says && !says_task_or_post_trained(name) && !says_fine_tuned(name)
}

/// Fewest and most of a layer's width, which is a multiple of the first.
const WIDTHS: (u32, u32) = (64, 16_384);
/// Most layers.
const LAYERS: u32 = 128;

/// Whether the name tells layers and width (`bert_uncased_L-4_H-256`, `bart-chinese-4-768`): who gives them chose them.
#[must_use]
pub fn says_layers_and_width(name: &str) -> bool {
    let numbers: Vec<Option<u32>> = tokens(name).iter().map(|t| t.trim_start_matches(['l', 'h']).parse().ok()).collect();
    let is_width = |n: u32| n.is_multiple_of(WIDTHS.0) && (WIDTHS.0..=WIDTHS.1).contains(&n);
    numbers.iter().enumerate().any(|(at, layers)| {
        layers.is_some_and(|n| (1..=LAYERS).contains(&n)) && numbers[at + 1..].iter().take(2).any(|next| next.is_some_and(is_width))
    })
}

/// Whether a token says that the model scores answers: a reward model starts from a language model.
#[must_use]
pub fn says_reward_model(name: &str) -> bool {
    tokens(name).iter().any(|t| vocabulary().tokens.reward_models.contains(&t.as_str()))
}

/// Whether a token says that the model was made of a language model for another end: adapted, distilled, taught to translate or to embed.
#[must_use]
pub fn says_made_of_a_language_model(name: &str) -> bool {
    tokens(name).iter().any(|t| vocabulary().tokens.made_of_a_language_model.contains(&t.as_str()))
}

/// Whether a token is a language: japanese-gpt2-small has the layout of GPT-2 and a vocabulary and a training of its own.
#[must_use]
pub fn says_language(name: &str) -> bool {
    tokens(name).iter().any(|t| vocabulary().tokens.languages.contains(&t.as_str()))
}

/// Stage of a post-training by the name: `-SFT`, `-DPO`, `-Thinking`; a release whose name says no more is a chat release.
#[must_use]
pub fn post_training_stage(model_id: &str) -> TrainingStage {
    let name = model_id.rsplit('/').next().unwrap_or(model_id);
    let tokens = tokens(name);
    let stages = &vocabulary().stages;
    let has = |words: &[&str]| tokens.iter().any(|t| words.contains(&t.as_str()));
    if has(&stages.reasoning_distillation) {
        TrainingStage::ReasoningDistillation
    } else if has(&stages.long_rl) {
        TrainingStage::LongRl
    } else if has(&stages.preference) {
        TrainingStage::Preference
    } else if has(&stages.sft) {
        TrainingStage::Sft
    } else {
        TrainingStage::ChatRelease
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_training_began_with() {
        for name in ["normistral-7b-scratch", "sanbert-from-scratch", "bert-base-uncased-scratch-powo_mgh_pt", "ket5-fromscratch"] {
            assert!(says_from_scratch(name) && !says_continued(name), "{name}");
        }
        for name in [
            "Finsight-Qwen3-14B-CPT",
            "dsp_roberta_base_tapt_imdb_20000",
            "roberta-base-further-pretrained",
            "llama-3-8b-continued-pretraining-th",
        ] {
            assert!(says_continued(name) && !says_from_scratch(name), "{name}");
        }
        // A model's own name, tuned behind it, a repository about scratch.
        for name in
            ["cpt-large", "Finsight-Qwen3-14B-CPT-SFT", "roberta-base-chinese-extractive-qa-scratch", "scratch", "scratchpad-7b"]
        {
            assert!(!says_continued(name) && !says_from_scratch(name), "{name}");
        }
    }

    /// Regression: 58 tuned models of a wide list (340 t) were pre-trainings with up to a half, because what says so is part of a word.
    #[test]
    fn a_part_of_a_word_says_that_a_model_was_tuned() {
        for name in [
            "AceInstruct-72B",
            "llm-jp-3.1-13b-instruct4",
            "MiniChat-2-3B",
            "CantoneseLLMChat-v1.0-72B",
            "VideoChat-R1_7B",
            "CrystalChat",
            "ScaleReasoner-R1",
            "GigaChat3-10B-A1.8B",
        ] {
            assert!(says_post_trained_within(name), "{name}");
        }
        for name in [
            "GigaChat3-10B-A1.8B-base",
            "ChatGLM-6B",
            "chatty-7b",
            "Chatterbox",
            "Instructor-large",
            "InstructBLIP",
            "mychat",
            "Qwen3-8B",
            "GDPO",
        ] {
            assert!(!says_post_trained_within(name), "{name}");
        }
        assert_eq!(parts("CantoneseLLMChat3"), ["Cantonese", "LLM", "Chat3"]);
    }

    #[test]
    fn kinds_that_are_trained_from_nothing() {
        for name in ["rumi-jawi-lstm-bahdanau", "ppo-LunarLander-v2", "lstm.CEBaB.causalm", "ner-english-flair"] {
            assert!(says_from_nothing(name), "{name}");
        }
        for name in ["Qwen3-8B", "algorithm-7b", "vaedra"] {
            assert!(!says_from_nothing(name), "{name}");
        }
    }

    #[test]
    fn fine_tuning_is_said_in_one_word_or_two() {
        for name in ["bert_cn_finetuning", "fine-tune-lr", "Bert-Finetuned2", "my_fine_tuned_model"] {
            assert!(says_fine_tuned(name), "{name}");
        }
        for name in ["fine-7b", "tuner", "refined-web-1b", "finewebtuned"] {
            assert!(!says_fine_tuned(name), "{name}");
        }
    }

    #[test]
    fn a_base_ends_its_name() {
        for name in ["Llama-3.1-PLLuM-8B-base-2412", "Yarn-Mistral-7b-64k", "Llama-Poro-2-8B-base", "GemmaX2-28-9B-Pretrain"] {
            assert!(ends_as_a_base(name), "{name}");
        }
        for name in ["Qwen3-4B-Base-ascii-art-v7-phase2", "qwen3-4b-base-dapo-v4", "Llama-3.1-8B-Storm", "x-7b-base-chat"] {
            assert!(!ends_as_a_base(name), "{name}");
        }
    }

    #[test]
    fn layers_and_width_are_two_numbers_in_a_row() {
        for name in
            ["bert_uncased_L-4_H-256_A-4", "bart-chinese-4-768-cluecorpussmall", "TinyBERT_L-4_H-312_v2", "mMiniLMv2-L12-H384"]
        {
            assert_eq!(says_layers_and_width(name), !name.contains("312"), "{name}");
        }
        for name in ["Qwen2.5-7B", "bert-base-uncased", "Mistral-7B-Instruct-v0.2", "model-2-100"] {
            assert!(!says_layers_and_width(name), "{name}");
        }
    }
}
