//! What a name says of the stage of a training that its weights are of: `step1000`, `checkpoint-5000`, `epoch-3`.

use super::tokens::{Token, is_token_count, tokens};
use crate::lineage::vocabulary::vocabulary;

/// Least number behind a word of rounds that is a step: `iter_0001000`, not the third round of a tuning (`SPPO-Iter3`).
const LEAST_STEP: f64 = 100.0;

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
    let is_stage = words.words.contains(&letters);
    if !is_stage && !words.rounds.contains(&letters) {
        return None;
    }
    let glued = &token[letters.len()..];
    let (n, taken) = if glued.is_empty() { (number(tokens.get(at + 1)?)?, 2) } else { (number(glued)?, 1) };
    (is_stage || n >= LEAST_STEP).then_some((n, taken))
}

/// The furthest stage in a name, in thousandths of what it counts.
#[must_use]
pub fn stage(name: &str) -> Option<u64> {
    let tokens = tokens(name);
    let found = (0..tokens.len()).filter_map(|at| stage_at(&tokens, at)).map(|(n, _)| n);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Digits alone: not negative, and saturating.
    found.map(|n| (n * 1000.0) as u64).max()
}

/// A name without its stages, and without the tokens seen where it has one.
#[must_use]
pub fn without_stage(name: &str) -> String {
    let tokens = tokens(name);
    let has_stage = stage(name).is_some();
    let (mut kept, mut at) = (Vec::with_capacity(tokens.len()), 0);
    while at < tokens.len() {
        if let Some((_, taken)) = stage_at(&tokens, at) {
            at += taken;
            continue;
        }
        let token = tokens[at].as_str();
        if !has_stage || !is_token_count(token) && !vocabulary().training_stages.beside.contains(&token) {
            kept.push(token);
        }
        at += 1;
    }
    kept.join("-")
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
        ] {
            assert_eq!((stage(name), without_stage(name).as_str()), (Some(thousandths), rest), "{name}");
        }
        // Epochs that were planned, rounds of a tuning, experts, words of other things.
        for name in
            ["model_X_100_epochs", "x-epochs15", "Gemma-2-9B-It-SPPO-Iter3", "GLM5.3-Flash-E192", "Step-3.7-Flash", "step3", "x-1T"]
        {
            assert_eq!(stage(name), None, "{name}");
        }
        assert_eq!(without_stage("x-1T"), "x-1t");
    }
}
