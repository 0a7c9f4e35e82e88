//! A number that stands behind its noun: "the number of epochs is set to 15", "as for the number of steps, it was 2,000"; and passes that are
//! told before the training itself: "single-epoch training".

use super::nearby::any;
use crate::evidence::card::read::training::is_train;
use crate::evidence::quantity::numbers::{Quantity, quantity};
use crate::evidence::quantity::tokens::{Kind, Token, span, text_at};
use crate::evidence::vocabulary;

/// Words between a noun and its number, at most.
const REACH: usize = 8;
/// Tokens before the noun within which it is called a number.
const CALLED: usize = 4;
/// Tokens at the beginning of a clause that hold its subject.
const SUBJECT: usize = 3;

/// The number that a sentence states behind the noun at `i`: only words that lead to it stand between, and one of them says that it is.
#[must_use]
pub fn stated_behind(ts: &[Token<'_>], i: usize) -> Option<Quantity> {
    let words = &vocabulary::prose().stated;
    let leads =
        |t: &Token<'_>| t.is_any(&words.verbs) || t.is_any(&words.fillers) || t.is_any(&vocabulary::prose().times.approximate);
    let begins = (0..i).rev().find(|at| ts.get(*at).is_some_and(|t| t.kind == Kind::Sign)).map_or(0, |at| at + 1);
    let called = any(span(ts, i.saturating_sub(CALLED), i), &words.called);
    let left = span(ts, begins.max(i.saturating_sub(SUBJECT)), i);
    // "Best epoch was 163": one of them, and no number of them.
    let is_one = ts.get(i).is_some_and(|t| t.is_any(&vocabulary::prose().rates.passes)) && !(i > 0 && is_train(ts, i - 1));
    let is_subject = !is_one && i < begins + SUBJECT && left.iter().all(|t| t.kind == Kind::Word && t.value.is_none());
    let at = (i + 1..i + 1 + REACH).find(|at| !ts.get(*at).is_some_and(leads))?;
    let said = any(span(ts, i + 1, at), &words.verbs);
    let q =
        quantity(ts, at).filter(|q| said && (called || is_subject) && !q.is_range && q.value.fract() == 0.0 && q.value >= 1.0)?;
    let ends = |t: &Token<'_>| if t.kind == Kind::Sign { !t.is_any(&words.goes_on) } else { t.is_any(&words.ends) };
    ts.get(q.to).is_none_or(ends).then_some(q)
}

/// "Single-epoch training", "one epoch run": one pass, told before the training itself; the word for the pass stands at `i`.
#[must_use]
pub fn of_one_pass(ts: &[Token<'_>], i: usize) -> Option<Quantity> {
    let words = vocabulary::prose();
    let from = i.checked_sub(1 + usize::from(i > 0 && text_at(ts, i - 1) == "-"))?;
    let next = ts.get(i + 1)?;
    let of_run = is_train(ts, i + 1) || next.is_any(&words.sentences.run_nouns) || next.is_any(&words.sentences.runs);
    // "One epoch training takes about 1 min": a rate.
    let is_rate = ts.get(i + 2).is_some_and(|t| t.is_any(&words.times.strong));
    let one = ts.get(from).is_some_and(|t| t.is_any(&words.stated.one)) && of_run && !is_rate;
    one.then_some(Quantity {
        value: 1.0,
        from,
        to: i,
        scaled: false,
        is_word: true,
        is_range: false,
        is_rate: false,
        is_negative: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::quantity::tokens::lex;

    fn value(text: &str) -> Option<f64> {
        let ts = lex(text);
        let noun = ts.iter().position(|t| t.is_any(&["epochs", "epoch"])).unwrap();
        stated_behind(&ts, noun).or_else(|| of_one_pass(&ts, noun)).map(|q| q.value)
    }

    #[test]
    fn numbers_behind_their_noun() {
        for (text, right) in [
            ("In the paper the number of epochs is set to 15.", 15.0),
            ("As for the number of epochs, it's probably 20.", 20.0),
            ("Training epochs were fixed at 40 and the batch at 8.", 40.0),
            ("Single-epoch training may not be enough.", 1.0),
        ] {
            assert_eq!(value(text), Some(right), "{text}");
        }
    }

    #[test]
    fn numbers_of_something_else_behind_the_noun() {
        for text in [
            "The accuracy after 10 epochs is 92, and grows.",
            "One epoch is 500 steps.",
            "Best epoch was 163.",
            "Each epoch is 20 minutes.",
            "The number of epochs is 10-20.",
            "The loss of an epoch was 3.",
            "One epoch training takes about a minute on 4 cards.",
        ] {
            assert_eq!(value(text), None, "{text}");
        }
    }
}
