//! What a name says of the stage of a training that its weights are of: `step1000`, `checkpoint-5000`, `epoch-3`.

use super::tokens::{Token, is_token_count, tokens};
use super::training::{is_of_tuning, says_task_or_post_trained};
use crate::lineage::vocabulary::vocabulary;

/// Least number behind a word of rounds that is a step: `iter_0001000`, not the third round of a tuning (`SPPO-Iter3`).
const LEAST_STEP: f64 = 100.0;
/// Least number behind a word of phases that is a step: `tinyroberta-squad2-step1` is the first half of a recipe, with a training of its own.
const LEAST_OF_PHASES: f64 = 10.0;
/// Numbers of steps that stand alone in a name are multiples of this; days, hours, seeds and sizes of layers are not.
const ROUND: u64 = 100;

/// The number of a stage with what it counts in: `1431k` is 1,431,000.
fn number(text: &str) -> Option<f64> {
    let (digits, times) = match text.as_bytes().last()? {
        b'k' => (&text[..text.len() - 1], 1e3),
        b'm' => (&text[..text.len() - 1], 1e6),
        _ => (text, 1.0),
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    is_number.then(|| digits.parse::<f64>().ok().map(|n| n * times)).flatten()
}

/// The stage that begins at a token, with the number of its tokens: a word and a number, glued or behind it.
fn stage_at(tokens: &[Token], at: usize) -> Option<(f64, usize)> {
    let words = &vocabulary().training_stages;
    // The first word is the model's own: Step-3.5-Flash is no checkpoint.
    let token = tokens.get(at).filter(|_| at > 0)?.as_str();
    let letters = &token[..token.find(|c: char| c.is_ascii_digit()).unwrap_or(token.len())];
    let least = match (words.words.contains(&letters), words.rounds.contains(&letters)) {
        (_, true) => LEAST_STEP,
        (true, false) if words.phases.contains(&letters) => LEAST_OF_PHASES,
        (true, false) => 0.0,
        (false, false) => return None,
    };
    let glued = &token[letters.len()..];
    let (n, taken) = if glued.is_empty() { (number(tokens.get(at + 1)?)?, 2) } else { (number(glued)?, 1) };
    // Nothing was trained at step 0, whatever counts it.
    (n >= least || n == 0.0).then_some((n, taken))
}

/// The stages in a name, each with its number, its place and the number of its tokens. Words of a tuning behind it say that it is the base's:
/// `multiberts-seed_0-step_1000k_ft_3` was tuned from a checkpoint.
fn stages(tokens: &[Token]) -> Vec<(f64, usize, usize)> {
    let found: Vec<_> = (0..tokens.len()).filter_map(|at| stage_at(tokens, at).map(|(n, taken)| (n, at, taken))).collect();
    let behind = found.last().map_or(tokens.len(), |(_, at, taken)| at + taken);
    if tokens[behind..].iter().any(|token| is_of_tuning(token)) { Vec::new() } else { found }
}

/// A number of steps that stands alone in a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BareSteps {
    /// The number.
    pub steps: u64,
    /// The name with a mark in its place, one for thousands and one for units.
    pub series: String,
    /// The name without it.
    pub rest: String,
}

/// The last number of a name that may count steps: thousands (`140k`), or a round number alone (`100000`). Only the series of them tells
/// whether it does. Of a tuning it counts examples as often.
#[must_use]
pub fn bare_steps(name: &str) -> Option<BareSteps> {
    let tokens = tokens(name);
    let at = (1..tokens.len()).rev().find(|at| bare_number(&tokens[*at]).is_some())?;
    let (number, scale) = bare_number(&tokens[at])?;
    if says_task_or_post_trained(name) {
        return None;
    }
    let with = |mark: Option<&str>| {
        let kept = tokens.iter().enumerate().filter_map(|(i, t)| if i == at { mark } else { Some(t.as_str()) });
        kept.collect::<Vec<_>>().join("-")
    };
    Some(BareSteps { steps: number * scale, series: with(Some(if scale == 1 { "#" } else { "#k" })), rest: with(None) })
}

/// A bare number and what it is counted in.
fn bare_number(token: &str) -> Option<(u64, u64)> {
    let (digits, scale) = token.strip_suffix('k').map_or((token, 1), |digits| (digits, 1000));
    let is_number = digits.len() <= 9 && digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    let n: u64 = if is_number { digits.parse().ok()? } else { return None };
    (scale > 1 || n.is_multiple_of(ROUND)).then_some((n, scale))
}

/// The furthest stage in a name, in thousandths of what it counts.
#[must_use]
pub fn stage(name: &str) -> Option<u64> {
    let tokens = tokens(name);
    let found = stages(&tokens).into_iter().map(|(n, ..)| n);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Digits alone: not negative, and saturating.
    found.map(|n| (n * 1000.0) as u64).max()
}

/// A name without its stages, and without the tokens seen where it has one.
#[must_use]
pub fn without_stage(name: &str) -> String {
    let tokens = tokens(name);
    let stages = stages(&tokens);
    let is_of_a_stage = |i: usize| stages.iter().any(|(_, at, taken)| (*at..at + taken).contains(&i));
    let is_beside = |token: &str| is_token_count(token) || vocabulary().training_stages.beside.contains(&token);
    let kept = tokens.iter().enumerate().filter(|(i, token)| !is_of_a_stage(*i) && (stages.is_empty() || !is_beside(token)));
    kept.map(|(_, token)| token.as_str()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_read_and_counts_of_a_plan_are_not() {
        for (name, thousandths, rest) in [
            ("multiberts-seed_0-step_100k", 100_000_000, "multiberts-seed-0"),
            ("TinyLlama-1.1B-intermediate-step-480k-1T", 480_000_000, "tinyllama-1.1b"),
            ("x-checkpoint-5000", 5_000_000, "x"),
            ("racism-models-raw-label-epoch-2", 2_000, "racism-models-raw-label"),
            ("amber-step1000", 1_000_000, "amber"),
            ("x-iter_0001000", 1_000_000, "x"),
            ("gpt-j-6B-global_step_318500", 318_500_000, "gpt-j-6b"),
            ("neo-1.3B-rev-2000", 2_000_000, "neo-1.3b"),
            ("x-step_0", 0, "x"),
        ] {
            assert_eq!((stage(name), without_stage(name).as_str()), (Some(thousandths), rest), "{name}");
        }
        // Epochs that were planned, rounds of a tuning, phases of a recipe, revisions, experts, words of other things.
        for name in [
            "model_X_100_epochs",
            "x-epochs15",
            "Gemma-2-9B-It-SPPO-Iter3",
            "tinyroberta-squad2-step1",
            "litv2-6B-rev2",
            "GLM5.3-Flash-E192",
            "Step-3.7-Flash",
            "step3",
            "x-1T",
        ] {
            assert_eq!(stage(name), None, "{name}");
        }
        assert_eq!(without_stage("x-1T"), "x-1t");
    }

    /// Regression: 145 fine-tunes of ten checkpoints were stages of one training.
    #[test]
    fn a_stage_before_a_tuning_is_that_of_its_base() {
        for name in ["multiberts-seed_0-step_1000k_ft_3", "scibert_uncased_epoch20-finetuned-ner", "x-checkpoint-500-chat"] {
            assert_eq!(stage(name), None, "{name}");
            assert_eq!(without_stage(name), tokens(name).join("-"), "{name}");
        }
        // The tuning itself has stages, too.
        assert!(stage("Qwen2.5-7B-Instruct-SFT-step-5000").is_some() && stage("roberta-finetuned-koidiom-epoch5").is_some());
    }

    #[test]
    fn numbers_of_steps_stand_alone() {
        let read = |name| bare_steps(name).map(|b| (b.steps, b.series, b.rest));
        let of = |steps, series: &str, rest: &str| Some((steps, series.to_owned(), rest.to_owned()));
        assert_eq!(read("multiberts-seed-1-140k"), of(140_000, "multiberts-seed-1-#k", "multiberts-seed-1"));
        assert_eq!(read("electra-gc4-64k-100000-cased"), of(100_000, "electra-gc4-64k-#-cased", "electra-gc4-64k-cased"));
        // Sizes, versions, layers, a time of the day, a tuning, a seed.
        for name in
            ["Qwen3-8B", "x-7b-v2", "resnet-101", "20220507-092616", "x-ner-1000", "llama-2-7b-chat-32k", "seed-42", "100000"]
        {
            assert_eq!(read(name), None, "{name}");
        }
    }
}
