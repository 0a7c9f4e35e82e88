//! A sentence with what is asked of it again and again.

use crate::evidence::card::parse::block::Under;
use crate::evidence::quantity::tokens::{Kind, OneOf, Token, span};
use crate::evidence::vocabulary::{self, Words};
use crate::vocabulary::Union;
use std::sync::LazyLock;

/// Tokens at the beginning of a sentence of which one makes it one on an evaluation.
const EVALUATES: usize = 3;

/// A sentence while it is read.
pub struct Sentence<'s, 't> {
    /// Its tokens.
    pub ts: &'s [Token<'t>],
    /// The text that the tokens were cut from.
    pub text: &'s str,
    /// Positions of words of training.
    pub trains: Vec<usize>,
    /// Whether a heading above speaks of training.
    pub under_training: bool,
    /// Whether the nearest heading speaks of evaluation or use.
    pub under_evaluation: bool,
    /// Whether the nearest heading speaks of data.
    pub under_data: bool,
    /// Whether it tells of passes, steps or a batch, or of a run: what only a training has.
    pub is_recipe: bool,
    /// Whether it speaks of one stage of several.
    pub is_stage: bool,
}

impl<'s, 't> Sentence<'s, 't> {
    /// The sentence of some tokens of a text and its words of training, under headings that speak of training or of evaluation.
    #[must_use]
    pub fn new(text: &'s str, ts: &'s [Token<'t>], trains: Vec<usize>, under: Under) -> Self {
        let lists = &vocabulary::prose().sentences;
        let any = |list: &Words| ts.iter().any(|t| t.kind == Kind::Word && t.is_any(list));
        let is_stage = any(&lists.stages) && any(&lists.stage_numbers);
        let is_recipe = tells_a_recipe(ts);
        let Under { training: under_training, evaluation, data: under_data, .. } = under;
        // "Validated every 500 steps with batch size 8"
        let begins = ts.iter().take(EVALUATES).any(|t| t.is_any(&vocabulary::prose().sentences.evaluated));
        let under_evaluation = evaluation || (begins && trains.is_empty());
        Self { ts, text, trains, under_training, under_evaluation, under_data, is_recipe, is_stage }
    }

    /// Whether one of these words occurs.
    #[must_use]
    pub fn has<L: OneOf + ?Sized>(&self, words: &L) -> bool {
        self.ts.iter().any(|t| t.kind == Kind::Word && t.is_any(words))
    }

    /// Its words.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.ts.iter().filter(|t| t.kind == Kind::Word).map(|t| t.text.as_ref())
    }

    /// Whether it speaks of training.
    #[must_use]
    pub fn trains(&self) -> bool {
        !self.trains.is_empty()
    }

    /// The text of some of its tokens.
    #[must_use]
    pub fn written(&self, from: usize, to: usize) -> &str {
        let tokens = span(self.ts, from, to);
        tokens.first().zip(tokens.last()).and_then(|(a, b)| self.text.get(a.from..b.to)).unwrap_or_default()
    }
}

/// Whether tokens tell of passes, steps or a batch with their number, or of a run that ended: "baked for 3 h, 2,400 steps".
#[must_use]
pub fn tells_a_recipe(ts: &[Token<'_>]) -> bool {
    static TOLD: LazyLock<Union> = LazyLock::new(|| {
        let words = vocabulary::prose();
        let (steps, batches, epochs) = (&words.steps, &words.batches, &words.epochs);
        Union::new(&[batches.accumulation, epochs.words, steps.words, words.sentences.runs])
    });
    // Without one of these words nothing is told.
    ts.iter().any(|t| t.is_any(&*TOLD)) && is_told(ts)
}

/// The same, whatever the words.
fn is_told(ts: &[Token<'_>]) -> bool {
    counts_of_a_recipe(ts) || tells_a_run(ts)
}

/// Whether tokens tell of passes, steps or accumulated gradients with their number.
#[must_use]
pub fn counts_of_a_recipe(ts: &[Token<'_>]) -> bool {
    let words = &vocabulary::prose();
    // "Steps: 32, Sampler: DPM++ 2M Karras, CFG scale: 7.5": how an image was made.
    if ts.iter().any(|t| t.is_any(&words.steps.sampling)) {
        return false;
    }
    let is_number = |i: usize| ts.get(i).is_some_and(|t| t.kind == Kind::Number || t.is_any(&words.rates.one_pass));
    let counted = |i: usize| {
        let before = (1..3).any(|back| i.checked_sub(back).is_some_and(is_number));
        before || is_number(i + 1) || is_number(i + 2)
    };
    // Gradients are accumulated in a training and nowhere else.
    let accumulates = ts.iter().any(|t| t.is_any(&words.batches.accumulation)) && (0..ts.len()).any(is_number);
    let counts = |t: &Token<'_>| t.is_any(&words.epochs.words) || t.is_any(&words.steps.words);
    accumulates || ts.iter().enumerate().any(|(i, t)| counts(t) && counted(i))
}

/// Whether tokens tell of a run that ended.
fn tells_a_run(ts: &[Token<'_>]) -> bool {
    let words = &vocabulary::prose();
    let ends = |i: usize| span(ts, i + 1, i + 4).iter().any(|t| t.is_any(&words.sentences.run_verbs));
    !ts.iter().any(|t| t.is_any(&words.steps.sampling))
        && ts.iter().enumerate().any(|(i, t)| t.is_any(&words.sentences.runs) && ends(i))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::tests::cards_of_the_kinds;
    use crate::evidence::quantity::tokens::lex;

    #[test]
    fn a_recipe_is_told_with_its_words() {
        let cards = cards_of_the_kinds();
        let told = cards.iter().flat_map(|card| card.lines()).filter(|line| {
            let ts = lex(line);
            assert_eq!(tells_a_recipe(&ts), is_told(&ts), "{line}");
            is_told(&ts)
        });
        assert!(told.count() > 100);
    }
}
