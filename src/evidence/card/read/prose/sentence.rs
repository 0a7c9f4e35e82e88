//! A sentence with what is asked of it again and again.

use crate::evidence::quantity::tokens::{Kind, Token, span};
use crate::evidence::vocabulary;
use rustc_hash::FxHashSet;

/// A sentence while it is read.
pub struct Sentence<'s, 't> {
    /// Its tokens.
    pub ts: &'s [Token<'t>],
    /// The text that the tokens were cut from.
    pub text: &'s str,
    /// Its words.
    pub words: FxHashSet<&'s str>,
    /// Positions of words of training.
    pub trains: Vec<usize>,
    /// Whether a heading above speaks of training.
    pub under_training: bool,
    /// Whether the nearest heading speaks of evaluation or use.
    pub under_evaluation: bool,
    /// Whether it speaks of one stage of several.
    pub is_stage: bool,
}

impl<'s, 't> Sentence<'s, 't> {
    /// The sentence of some tokens of a text and its words of training, under headings that speak of training or of evaluation.
    #[must_use]
    pub fn new(text: &'s str, ts: &'s [Token<'t>], trains: Vec<usize>, under_training: bool, under_evaluation: bool) -> Self {
        let lists = &vocabulary::prose().sentences;
        let words: FxHashSet<&str> = ts.iter().filter(|t| t.kind == Kind::Word).map(|t| t.text.as_ref()).collect();
        let any = |list: &[&str]| list.iter().any(|w| words.contains(w));
        let is_stage = any(&lists.stages) && any(&lists.stage_numbers);
        Self { ts, text, trains, under_training, under_evaluation, is_stage, words }
    }

    /// Whether one of these words occurs.
    #[must_use]
    pub fn has(&self, words: &[&str]) -> bool {
        words.iter().any(|w| self.words.contains(w))
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
