//! Numbers of parameters in prose.

use super::nearby::{any, before, last};
use super::sentence::Sentence;
use crate::domain::Field;
use crate::evidence::card::about::CardRole;
use crate::evidence::card::read::candidate::{Card, Spot};
use crate::evidence::quantity::numbers::{Quantity, quantity};
use crate::evidence::quantity::tokens::{Kind, Token, span, text_at};
use crate::evidence::vocabulary;

/// Several counts of parameters in one sentence are several models.
#[must_use]
pub fn several_sizes(s: &Sentence<'_, '_>) -> bool {
    let mut first: Option<f64> = None;
    for i in (0..s.ts.len()).filter(|i| s.ts.get(*i).is_some_and(|t| t.kind == Kind::Number)) {
        let Some(q) = quantity(s.ts, i).filter(|q| q.scaled && q.value >= 1e6) else { continue };
        if !span(s.ts, q.to, q.to + 2).iter().any(|t| t.text.starts_with("param")) {
            continue;
        }
        if first.is_some_and(|f| (f - q.value).abs() > 0.0) {
            return true;
        }
        first = Some(q.value);
    }
    false
}

/// What a sentence says about sizes.
#[derive(Clone, Copy)]
pub struct Sizes {
    /// Whether it begins with another model's name.
    pub rival: bool,
    /// Whether it names several sizes.
    pub many: bool,
    /// Whether the word after the number is "model" and not "parameters".
    pub is_word_model: bool,
}

/// Reads the number of parameters before the word at `i`.
pub fn read_parameters(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize, sizes: Sizes) {
    let words = &vocabulary::prose().parameters;
    let q = before(s, i, 5, |q, between| {
        !q.is_word
            && q.value >= 1e5
            && (q.scaled || q.value >= 1e6)
            && between.len() <= if sizes.is_word_model { 0 } else { 3 }
            && !any(between, &words.other_units)
    });
    let Some(q) = q else { return };
    let middle = span(s.ts, q.to, i);
    let left = span(s.ts, q.from.saturating_sub(4), q.from);
    let right = span(s.ts, i + 1, i + 5);
    let starts = |ts: &[Token<'_>]| ts.iter().any(|t| t.text.starts_with("activ"));
    let active = starts(middle) || starts(span(right, 0, 2)) || starts(last(left, 2));
    let reason = if !sizes.rival && card.own.knows_size() {
        if active { None } else { card.own.wrong_size(q.value) }
    } else {
        not_the_size(card, s, sizes, i, &q)
    };
    let field = if active { Field::ActiveParams } else { Field::TotalParams };
    let spot = spot.after(if sizes.is_word_model { 2 } else { 0 }).refused(reason);
    card.add_quantity(&spot, field, q.value, s.written(q.from, i + 1), &q);
}

/// Why a number of parameters may be another's, or a part, where the size of this model is not known.
fn not_the_size(card: &Card<'_>, s: &Sentence<'_, '_>, sizes: Sizes, i: usize, q: &Quantity) -> Option<&'static str> {
    let words = &vocabulary::prose().parameters;
    let middle = span(s.ts, q.to, i);
    let left = span(s.ts, q.from.saturating_sub(4), q.from);
    let named_behind = s.ts.get(i + 1).is_some_and(|t| t.upper) && text_at(s.ts, i) == "parameter";
    let teaches = any(left, &words.teachers) || any(middle, &words.teachers) || any(span(s.ts, i + 1, i + 4), &words.teachers);
    if sizes.rival {
        Some("another model's row")
    } else if teaches {
        Some("another model's figure")
    } else if left.windows(2).any(|w| matches!(w, [up, to] if up.is("up") && to.is("to"))) {
        Some("a limit")
    } else if sizes.many {
        Some("several models")
    } else if s.has(&words.comparisons) {
        Some("a comparison")
    } else if card.own.role == CardRole::FineTune && s.has(&words.base_parts) {
        Some("base model's figure")
    } else if named_behind {
        Some("another model's figure")
    } else {
        (any(left, &words.parts) || any(middle, &words.parts)).then_some("part of the parameters")
    }
}

/// "with 37B activated for each token".
pub fn read_activated(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) {
    let q = before(s, i, 3, |q, between| between.is_empty() && !q.is_word && q.scaled && (1e6..=1e13).contains(&q.value));
    if let Some(q) = q.filter(|_| !any(span(s.ts, i + 1, i + 3), &vocabulary::prose().parameters.after_active)) {
        card.add_quantity(spot, Field::ActiveParams, q.value, s.written(q.from, i + 1), &q);
    }
}
