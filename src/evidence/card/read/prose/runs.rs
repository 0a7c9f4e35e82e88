//! What a sentence tells of runs without a word of training: notes on a run, the paragraph of a tool, several models.

use crate::evidence::quantity::tokens::{Kind, Token, span};
use crate::evidence::quantity::units::count_word;
use crate::evidence::vocabulary;

/// The word of such a sentence that stands for training.
#[must_use]
pub fn told_as_run(ts: &[Token<'_>]) -> Option<usize> {
    green_algorithms(ts).or_else(|| numbered_run(ts)).or_else(|| own_run(ts))
}

/// The verb of the paragraph that green-algorithms.org writes: "This algorithm runs in 48h on 4 GPUs ..., and draws 78 kWh."
fn green_algorithms(ts: &[Token<'_>]) -> Option<usize> {
    let begins = ts.windows(3).take(4).position(|w| matches!(w, [a, b, c] if a.is("algorithm") && b.is("runs") && c.is("in")));
    begins.map(|at| at + 1).filter(|_| ts.iter().any(|t| t.is("draws")))
}

/// The noun of a note on a run: "Run 3 (the one uploaded): 8xH100, 18 hours".
fn numbered_run(ts: &[Token<'_>]) -> Option<usize> {
    let runs = &vocabulary::prose().sentences.run_nouns;
    let named = ts.first().is_some_and(|t| t.is_any(runs)) && ts.get(1).is_some_and(|t| t.kind == Kind::Number);
    (named && ts.iter().any(|t| t.is_any(&[":", "–", "—"]))).then_some(0)
}

/// Tokens of a head that names the author's run, at most.
const RUN_HEAD: usize = 4;

/// The noun of the head of a note on the author's run: "This run: 31 h, one 3090", "Our final job: 8 h".
fn own_run(ts: &[Token<'_>]) -> Option<usize> {
    let words = vocabulary::prose();
    let colon = ts.iter().take(RUN_HEAD + 1).position(|t| t.is_any(&[":", "："]))?;
    let head = span(ts, 0, colon);
    let is_own = head.first().is_some_and(|t| t.is_any(&words.subjects.own_work) || t.is_any(&words.subjects.this_one));
    // "Ours: 14 h on 8 H100"
    if head.len() == 1 && is_own && head.first().is_some_and(|t| t.is_any(&["ours", "mine"])) {
        return Some(0);
    }
    let noun = head.iter().position(|t| t.is_any(&words.sentences.run_nouns) || t.is_any(&words.rates.runs))?;
    (is_own && noun > 0).then_some(noun)
}

/// Tokens between a number and the models that it counts, at most.
const MODELS_WITHIN: usize = 4;

/// Whether a sentence counts several models: "We trained four translation models", "the five checkpoints".
#[must_use]
pub fn counts_models(ts: &[Token<'_>]) -> bool {
    let words = &vocabulary::prose().subjects;
    let many = |t: &Token<'_>| t.value.or_else(|| count_word(&t.text).map(f64::from)).is_some_and(|n| n > 1.0);
    (0..ts.len()).any(|i| {
        // "7B models" are of one size.
        let counted = ts.get(i).is_some_and(many) && !ts.get(i + 1).is_some_and(|t| t.glued);
        let all = i > 0 && ts.get(i - 1).is_some_and(|t| t.is_any(&words.whole));
        counted && (all || span(ts, i + 1, i + MODELS_WITHIN).iter().any(|t| t.is_any(&words.counted_models)))
    })
}
