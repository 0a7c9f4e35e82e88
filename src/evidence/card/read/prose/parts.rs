//! Figures that are a part of another one, or hold several trainings: "592 kWh, of which 40 kWh are idle", "all four came to 2.4 MWh".

use super::nearby::any;
use super::sentence::Sentence;
use crate::evidence::card::read::training::is_train;
use crate::evidence::quantity::tokens::{Kind, Token, span};
use crate::evidence::quantity::units::count_word;
use crate::evidence::vocabulary;

/// Tokens between "of which" and its figure, at most.
const OF_WHICH: usize = 4;
/// Tokens behind a figure that say what part it is.
const BEHIND: usize = 8;
/// Tokens between all of several and the verb behind them.
const VERB: usize = 3;
/// Tokens at the beginning of a clause that hold all of several.
const BEGINS: usize = 12;

/// Why a figure is a part of another, or holds several trainings.
#[must_use]
pub fn part_or_all(s: &Sentence<'_, '_>, from: usize, to: usize) -> Option<&'static str> {
    if is_of_which(s, from, to) {
        return Some("a part of another figure");
    }
    is_of_all(s, from).then_some("a total of several runs")
}

/// Whether a figure is a part of the one before it, and the clause does not say that it is the training's.
fn is_of_which(s: &Sentence<'_, '_>, from: usize, to: usize) -> bool {
    let words = &vocabulary::prose().subjects;
    let before = from.saturating_sub(OF_WHICH)..from;
    let led = before.clone().any(|i| {
        let of = s.ts.get(i).is_some_and(|t| t.is_any(&words.of)) && s.ts.get(i + 1).is_some_and(|t| t.is_any(&words.which));
        of || s.ts.get(i).is_some_and(|t| t.is_any(&words.thereof))
    });
    let ends = (to..to + BEHIND).find(|i| s.ts.get(*i).is_none_or(|t| t.is_any(&[",", ";"])));
    let trains = (from..ends.unwrap_or(to + BEHIND)).any(|i| is_train(s.ts, i));
    let counts_before = span(s.ts, 0, from).iter().any(|t| t.kind == Kind::Number);
    led && counts_before && !trains
}

/// "All four came to 2.4 MWh", "all five together": the subject of a clause is all of several, whatever they are.
fn is_of_all(s: &Sentence<'_, '_>, from: usize) -> bool {
    let words = &vocabulary::prose().subjects;
    let many = |t: &Token<'_>| t.value.or_else(|| count_word(&t.text).map(f64::from)).is_some_and(|n| (2.0..=20.0).contains(&n));
    (from.saturating_sub(BEGINS)..from).any(|i| {
        let all = s.ts.get(i).is_some_and(|t| t.is("all") || t.is_any(&words.all_of));
        let counted = s.ts.get(i + 1).is_some_and(many);
        let behind = span(s.ts, i + 2, i + 2 + VERB);
        all && counted && any(behind, &words.sums)
    })
}
