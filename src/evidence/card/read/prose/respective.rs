//! "The small, base and large models took 3, 5 and 12 days respectively": of several figures in the order of several models, the one that is this
//! model's.

use super::sentence::Sentence;
use crate::evidence::card::read::candidate::Card;
use crate::evidence::card::read::designators::{Designators, Fit, fit_of};
use crate::evidence::card::read::repository::name_tokens;
use crate::evidence::card::read::stages::{is_of_stage, is_stage_word, number_of};
use crate::evidence::quantity::numbers::quantity;
use crate::evidence::quantity::tokens::{Kind, Token, span, text_at};
use crate::evidence::vocabulary;

/// The first of the characters of Chinese, Japanese and Korean.
const FIRST_EASTERN: u32 = 0x2e80;
/// Figures of one order, at most.
const MOST: usize = 8;

/// Whether a sentence gives its figures in the order of its models.
#[must_use]
pub fn is_in_order(ts: &[Token<'_>]) -> bool {
    let words = &vocabulary::prose().subjects;
    ts.iter().any(|t| t.is_any(&words.respectively) || (!t.text.is_ascii() && words.respectively_cjk.is_within(&t.text)))
}

/// Which share of the last figure of a sentence is this model's, where the sentence gives its figures in the order of its models; `from` is the
/// first token of the last figure. None where there is no order, an error where it cannot be told whose they are.
#[must_use]
pub fn share_of_last(card: &Card<'_>, s: &Sentence<'_, '_>, from: usize) -> Option<Result<f64, &'static str>> {
    if !is_in_order(s.ts) {
        return None;
    }
    let numbers = figures_before(s, from);
    let last = numbers.last().copied().filter(|last| *last > 0.0)?;
    let first = s.ts.first().map_or(0, |t| t.from);
    let text = s.text.get(first..s.ts.last().map_or(first, |t| t.to)).unwrap_or_default();
    let pieces = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '/' | ';' | '、' | '，'));
    // "largeの学習には"
    let latin = |piece: &str| name_tokens(piece.split(|c: char| u32::from(c) >= FIRST_EASTERN).next().unwrap_or_default());
    let named = pieces.map(latin);
    let members: Vec<Option<Fit>> = named
        .filter(|w| !w.is_empty() && w.len() < 4 && Designators::in_words(w).has_size())
        .map(|w| fit_of(&card.own, &w))
        .collect();
    let mut mine = members.iter().enumerate().filter(|(_, fit)| **fit == Some(Fit::Mine)).map(|(at, _)| at);
    let own = mine.next().filter(|_| mine.next().is_none() && members.len() == numbers.len());
    let own = own.or_else(|| named_behind(card, s, from, numbers.len()));
    // "40 and 84 hours for phase 1 and phase 2, respectively": both are of one training.
    let stages = span(s.ts, from, s.ts.len());
    let counted = (0..stages.len()).filter(|i| stages.get(*i).is_some_and(|t| is_stage_word(&t.text)));
    let numbered = counted.filter(|i| stages.get(i + 1).is_some_and(|t| number_of(&t.text).is_some())).count();
    if own.is_none() && numbered == numbers.len() && numbered > 1 && !is_of_stage(&card.own) {
        return Some(Ok(numbers.iter().sum::<f64>() / last));
    }
    Some(own.and_then(|at| numbers.get(at)).map(|n| n / last).ok_or("of several models, in an order that is not known"))
}

/// The same of a number that ends a list of several: "18k, 35k and 10k steps for the tiny, small and base model, respectively". Alone it is of
/// all of them.
#[must_use]
pub fn share_of_list(card: &Card<'_>, s: &Sentence<'_, '_>, from: usize) -> Option<Result<f64, &'static str>> {
    if is_of_both(s, from) {
        return Some(Err("of several trainings"));
    }
    share_of_last(card, s, from).filter(|_| figures_before(s, from).len() > 1)
}

/// Tokens between the last figure and the names behind it, at most: its unit, and "for".
const BEFORE_NAMES: usize = 4;

/// "18k, 2.8k and 10k steps for ASV, ER and IC, respectively": which of so many names behind the last figure is a word of this model's name.
fn named_behind(card: &Card<'_>, s: &Sentence<'_, '_>, from: usize, count: usize) -> Option<usize> {
    let words = &vocabulary::prose().subjects;
    let lead = (from + 1..from + 1 + BEFORE_NAMES)
        .find(|at| s.ts.get(*at).is_some_and(|t| t.is_any(&vocabulary::prose().times.lasting)))?;
    let names = span(s.ts, lead + 1, s.ts.len()).split(|t| t.is(",") || t.is_any(&words.and) || t.is_any(&words.respectively));
    let names: Vec<&[Token<'_>]> = names.filter(|name| !name.is_empty()).take(count).collect();
    let is_own = |name: &&[Token<'_>]| matches!(name, [one] if one.kind == Kind::Word && card.own.has(&one.text));
    let mut mine = names.iter().enumerate().filter(|(_, name)| is_own(name)).map(|(at, _)| at);
    let first = mine.next().filter(|_| names.len() == count && count > 1)?;
    mine.next().is_none().then_some(first)
}

/// "It was run for both 10 and 20 epochs": the second of two figures, each of a training of its own.
fn is_of_both(s: &Sentence<'_, '_>, from: usize) -> bool {
    let words = &vocabulary::prose().subjects;
    let and = from.checked_sub(1).filter(|at| s.ts.get(*at).is_some_and(|t| t.is_any(&words.and)));
    let first = and.and_then(|and| (and.saturating_sub(2)..and).find(|at| quantity(s.ts, *at).is_some_and(|q| q.to == and)));
    first.and_then(|at| at.checked_sub(1)).and_then(|at| s.ts.get(at)).is_some_and(|t| t.is_any(&words.both))
}

/// The numbers that end with the one at a token, joined by commas and "and".
fn figures_before(s: &Sentence<'_, '_>, from: usize) -> Vec<f64> {
    let joins = |at: usize| {
        s.ts.get(at).is_some_and(|t| t.is_any(&[",", "/", "、", "，", "bzw", "."]) || t.is_any(&vocabulary::prose().subjects.and))
    };
    let last = quantity(s.ts, from);
    // "1.1 t, 6.2 t and 30 t": the unit of the last may stand behind each.
    let unit = last.and_then(|q| s.ts.get(q.to)).filter(|t| t.kind == Kind::Word).map(|t| t.text.to_string());
    let is_unit = |b: usize| unit.as_ref().is_some_and(|unit| text_at(s.ts, b) == unit.as_str());
    let mut out: Vec<f64> = last.map(|q| q.value).into_iter().collect();
    let mut at = from;
    while out.len() < MOST {
        let Some(end) = (at.saturating_sub(3)..at).rev().find(|b| !joins(*b)).filter(|b| *b + 1 < at) else { break };
        let end = if is_unit(end) && end > 0 { end - 1 } else { end };
        // "18k, 35k and 10k": the scale belongs to its number.
        let begins = |b: usize| {
            let is_number = span(s.ts, b, b + 1).iter().any(|t| t.kind == Kind::Number || t.value.is_some());
            quantity(s.ts, b).filter(|q| is_number && q.from == b && q.to == end + 1)
        };
        let Some(q) = (end.saturating_sub(1)..=end).find_map(begins) else { break };
        out.insert(0, q.value);
        at = q.from;
    }
    out
}
