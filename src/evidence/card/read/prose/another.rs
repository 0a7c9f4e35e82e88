//! What makes an amount in prose none of this training: it was spared, granted, could have been, is another paper's, or went into work that
//! is no training.

use super::nearby::any;
use super::sentence::Sentence;
use crate::evidence::card::read::training::is_train;
use crate::evidence::quantity::tokens::{span, text_at};
use crate::evidence::vocabulary;

/// Tokens before an amount within which what is said of it stands.
const REACH: usize = 12;
/// Tokens between an amount and the word right before or behind it.
const NEAR: usize = 4;

/// Why an amount at the tokens `from..to` is none of this training.
#[must_use]
pub fn not_of_this_training(s: &Sentence<'_, '_>, from: usize, to: usize) -> Option<&'static str> {
    let words = &vocabulary::prose().others;
    let before = span(s.ts, from.saturating_sub(REACH), from);
    let near = span(s.ts, from.saturating_sub(NEAR), from);
    let behind = span(s.ts, to, to + NEAR);
    if any(before, &words.spared) || any(behind, &words.less) {
        return Some("what was spared, not what was used");
    }
    if could_have_been(s, from) {
        return Some("what another training would have taken");
    }
    if any(near, &words.granted) || (any(before, &words.granted) && !s.has(&words.used) && !s.trains()) {
        return Some("what was granted, not what was used");
    }
    if is_of_another_paper(s) {
        return Some("another model's figure");
    }
    if is_compared(s, from, to) {
        return Some("a comparison");
    }
    if is_around(s, from, to) {
        return Some("a total that holds more than this training");
    }
    is_other_work(s, from).then_some("work that is no training")
}

/// "Training from scratch would have required 5 MWh".
fn could_have_been(s: &Sentence<'_, '_>, from: usize) -> bool {
    let words = &vocabulary::prose().others;
    (0..from).any(|i| s.ts.get(i).is_some_and(|t| t.is_any(&words.unreal)) && words.unreal_verbs.contains(&text_at(s.ts, i + 1)))
}

/// "BERT emits about 652 kg (Strubell et al., 2019)", unless the paper is named for its method.
fn is_of_another_paper(s: &Sentence<'_, '_>) -> bool {
    let words = &vocabulary::prose().others;
    let cites = s.ts.windows(2).any(|w| matches!(w, [a, b] if a.is("et") && b.is("al")));
    cites && !s.has(&words.own) && !s.has(&words.methods)
}

/// "the yearly consumption (3,500 kWh) of a household".
fn is_compared(s: &Sentence<'_, '_>, from: usize, to: usize) -> bool {
    let words = &vocabulary::prose().others;
    let behind = span(s.ts, to, to + REACH / 2);
    let of_one = behind.first().is_some_and(|t| t.is_any(&[")", "of"])) && any(behind, &words.compared);
    any(span(s.ts, from.saturating_sub(REACH / 2), from), &words.compared) || of_one
}

/// "Including the hyperparameter search, the project consumed 320 kWh"; the final run is named apart.
fn is_around(s: &Sentence<'_, '_>, from: usize, to: usize) -> bool {
    let words = &vocabulary::prose().others;
    let last = |list: &[&str]| (0..from).rev().find(|i| s.ts.get(*i).is_some_and(|t| t.is_any(list)));
    let Some(work) = last(&words.around) else { return false };
    let main = last(&words.main).is_some_and(|main| main > work) || any(span(s.ts, to, to + REACH / 2), &words.main);
    let left_out = any(span(s.ts, work.saturating_sub(NEAR), work), &words.excluded);
    !main && !left_out
}

/// "Tokenizing the corpus took 30 hours", "annotators spent 1,200 hours": no verb of training follows before the amount.
fn is_other_work(s: &Sentence<'_, '_>, from: usize) -> bool {
    let words = &vocabulary::prose().others;
    let Some(work) = (0..from).rev().find(|i| s.ts.get(*i).is_some_and(|t| t.is_any(&words.work))) else { return false };
    let of_data = |i: usize| words.data.contains(&text_at(s.ts, i + 1));
    if any(span(s.ts, work + 1, from), &words.then) {
        return false;
    }
    !(0..from).any(|i| i != work && is_train(s.ts, i) && !of_data(i))
}
