//! Sides of images and examples seen, in prose; lengths of sequences are in `sequences`.

use super::nearby::any;
use super::sentence::Sentence;
use super::sequences::{may_tell, read_sequences};
use crate::domain::Field;
use crate::evidence::card::read::candidate::{Card, Spot};
use crate::evidence::card::read::recipe::sides::side;
use crate::evidence::quantity::numbers::quantity;
use crate::evidence::quantity::tokens::{Kind, Token, span, text_at, text_before};
use crate::evidence::vocabulary;

/// Words between a resolution and its number, at most.
const REACH: usize = 4;

/// Reads a sentence for lengths, sides and examples.
pub fn read_lengths(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) {
    let words = &vocabulary::recipe().prose;
    let squares = || (1..s.ts.len()).any(|i| is_square(s.ts, i));
    if s.ts.iter().any(may_tell) {
        read_sequences(card, spot, s);
    }
    if !s.has(&words.sides) && !s.has(&["seen"]) && !squares() {
        return;
    }
    // A sentence that names this model in full goes before one about its family.
    let spot = spot.after(if card.own.named_in(s.ts) { 0 } else { 2 });
    let reason = not_of_training(s);
    for (i, t) in s.ts.iter().enumerate().filter(|(_, t)| matches!(t.kind, Kind::Word | Kind::Sign)) {
        if is_square(s.ts, i) && !s.has(&words.sides) {
            add_side(card, &spot.refused(reason).after(1), s, i, (i - 1, i + 2));
        } else if t.is_any(&words.sides) {
            image_side(card, &spot.refused(reason), s, i);
        } else if t.is("seen") {
            samples_seen(card, &spot.refused(reason), s, i);
        }
    }
}

fn not_of_training(s: &Sentence<'_, '_>) -> Option<&'static str> {
    let words = &vocabulary::recipe().prose;
    if s.has(&words.serving) && !s.has(&["trained"]) {
        Some("evaluation or inference")
    } else if !s.trains() && !s.under_training {
        Some("not said of a training")
    } else {
        s.under_evaluation.then_some("evaluation or inference")
    }
}

/// "at resolution 512x512", "512x512 resolution", "a resolution of 384".
fn image_side(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) {
    let words = &vocabulary::recipe().prose;
    let is_unit = matches!(text_at(s.ts, i), "pixels" | "px");
    let mut at = i + 1;
    while at < i + 1 + REACH && (words.joins.contains(&text_at(s.ts, at)) || matches!(text_at(s.ts, at), "`" | "(" | "\"")) {
        at += 1;
    }
    let number = |i: usize| s.ts.get(i).is_some_and(|t| t.kind == Kind::Number && t.value.is_some());
    let times = |i: usize| matches!(text_at(s.ts, i), "x" | "×");
    let (from, to) = if number(at) && !is_unit {
        (at, if times(at + 1) && number(at + 2) { at + 3 } else { at + 1 })
    } else if i >= 3 && number(i - 1) && times(i - 2) && number(i - 3) {
        (i - 3, i)
    } else if is_unit && i >= 1 && number(i - 1) && !matches!(text_before(s.ts, i - 1, 1), "-" | "." | "_") {
        (i - 1, i)
    } else {
        return;
    };
    add_side(card, spot, s, i, (from, to));
}

/// Adds the side that the tokens `from..to` state; `i` is the word that tells it.
fn add_side(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize, (from, to): (usize, usize)) {
    let words = &vocabulary::recipe().prose;
    let limited =
        any(span(s.ts, i.saturating_sub(4), from), &words.limits) || any(span(s.ts, from.saturating_sub(3), from), &words.limits);
    let written = s.written(from, to);
    // "Use slightly higher resolution for better results: 640x640px"
    let advises = s.ts.first().is_some_and(|t| t.is_any(&words.advises)) && !s.trains();
    let reason = advises.then_some("advice to the reader").or(limited.then_some("a limit, or of something else"));
    match side(written) {
        Ok(Some(side)) => card.add(spot, Field::ImageSize, Some(side), written, reason),
        Ok(None) => {}
        Err(why) => card.add(spot, Field::ImageSize, None, written, Some(why)),
    }
}

/// Smallest side that a bare "512x512" can be: less are patches and kernels.
const LEAST_BARE_SIDE: f64 = 96.0;

/// Whether a token is the sign of `512x512`, behind "at" or its like or before "images".
#[must_use]
pub fn is_square(ts: &[Token<'_>], i: usize) -> bool {
    let times = ts.get(i).is_some_and(|t| t.is_any(&["x", "×"]) && t.glued);
    let value = |at: usize| ts.get(at).filter(|t| t.kind == Kind::Number).and_then(|t| t.value);
    let (Some(a), Some(b)) = (i.checked_sub(1).and_then(value), value(i + 1)) else { return false };
    let said = i.checked_sub(2).and_then(|at| ts.get(at)).is_some_and(|t| t.is_any(&["at", "to", "size", "of"]))
        || ts.get(i + 2).is_some_and(|t| t.is_any(&["images", "image", "px", "pixel", "pixels", "crops"]));
    times && said && (a - b).abs() < 0.5 && a >= LEAST_BARE_SIDE
}

/// Tokens between a number of examples and "seen".
const SEEN_REACH: usize = 7;

/// "34B samples seen", "13 billion samples seen".
fn samples_seen(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) {
    if !vocabulary::recipe().prose.samples.contains(&text_before(s.ts, i, 1)) {
        return;
    }
    // "3 billion image-text pairs seen"
    let named = |from: usize| span(s.ts, from, i).iter().all(|t| t.kind == Kind::Word || t.is("-"));
    let found = (i.saturating_sub(SEEN_REACH)..i).find_map(|b| quantity(s.ts, b).filter(|q| q.to < i && !q.is_word && named(q.to)));
    if let Some(q) = found {
        card.add_quantity(spot, Field::TrainSamples, q.value, s.written(q.from, q.to), &q);
    }
}
