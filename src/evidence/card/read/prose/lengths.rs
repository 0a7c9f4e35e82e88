//! Sides of images and examples seen, in prose; lengths of sequences are in `sequences`.

use super::batches::counted;
use super::counts::of_another;
use super::nearby::any;
use super::sentence::Sentence;
use super::sequences::{may_tell, read_sequences};
use crate::domain::Field;
use crate::evidence::card::read::candidate::{Card, Spot};
use crate::evidence::card::read::rates::rate_behind;
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
    let seen = s.ts.iter().any(tells_seen);
    if !s.has(&words.sides) && !seen && !squares() {
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
        } else if seen && is_sample(t) {
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

/// Tokens between a number of examples and their noun.
const NOUN_REACH: usize = 5;
/// Tokens between the examples and the verb that says that they were seen.
const SEEN_REACH: usize = 5;
/// Fewest examples believed.
const LEAST_SEEN: f64 = 10.0;

/// Whether a word says that something was seen in training: "saw", "vistas"; of scripts without spaces it holds one that does.
fn tells_seen(t: &Token<'_>) -> bool {
    let words = &vocabulary::prose().samples;
    let cjk = || !t.text.is_ascii() && words.seen_cjk.is_within(&t.text);
    t.kind == Kind::Word && (t.is_any(&words.saw) || t.is_any(&words.seen) || t.is_any(&words.shown) || cjk())
}

fn is_sample(t: &Token<'_>) -> bool {
    let words = &vocabulary::prose().samples;
    let cjk = || !t.text.is_ascii() && words.nouns_cjk.is_within(&t.text);
    t.is_any(&vocabulary::recipe().prose.samples) || t.is_any(&words.nouns) || cjk()
}

/// "34B samples seen", "3 billion image-text pairs seen", "the model saw 326,656 images", "326.656 muestras vistas": what is counted stands
/// at `i`.
fn samples_seen(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) {
    let words = &vocabulary::prose().samples;
    let joined = |from: usize, to: usize| span(s.ts, from, to).iter().all(|t| t.kind == Kind::Word || t.is_any(&["-", "~", "≈"]));
    let number = |b: usize| quantity(s.ts, b).filter(|q| q.to <= i && !q.is_word && q.value >= LEAST_SEEN && joined(q.to, i));
    let Some(q) = (i.saturating_sub(NOUN_REACH)..i).find_map(number) else { return };
    let is_counted = !any(span(s.ts, q.to, i), &words.other_units) && !any(span(s.ts, q.to, i), &words.distinct);
    let before = (q.from.saturating_sub(SEEN_REACH)..q.from).rev().find(|at| s.ts.get(*at).is_some_and(tells_seen));
    let saw = before.is_some_and(|at| joined(at, q.from) && !s.ts.get(at).is_some_and(|t| t.is_any(&words.seen_only_behind)));
    let behind = (i + 1..i + 1 + SEEN_REACH).find(|at| s.ts.get(*at).is_some_and(tells_seen));
    let seen = behind.is_some_and(|at| joined(i + 1, at) && !s.ts.get(at).is_some_and(|t| t.is_any(&words.saw_only_before)));
    // "for a total of 167,693 presentations of (example, label)"
    let shown = s.ts.get(i).is_some_and(|t| t.is_any(&words.shown));
    let total = shown && any(span(s.ts, q.from.saturating_sub(3), q.from), &vocabulary::prose().tokens.totals);
    let held_out = any(span(s.ts, q.from.saturating_sub(4), i + 3), &words.held_out);
    if is_counted && (saw || seen || total) && !held_out {
        let spot = spot.refused(rate_behind(s.ts, i + 1)).refused(of_another(card, s, q.from, i + 1));
        card.add_quantity(&spot, Field::TrainSamples, counted(s.ts, &q), s.written(q.from, i + 1), &q);
    }
}
