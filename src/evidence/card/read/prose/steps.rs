//! Batches that are told of a step or of each device: "512 sequences per update", "every update looked at 256 sequences", "each of the 4 GPUs took 8".

use super::NOT_SAID;
use super::batches::{accumulated, counted, is_device, product, says};
use super::nearby::any;
use super::sentence::Sentence;
use crate::domain::Field;
use crate::evidence::card::read::candidate::{Card, Spot, candidate};
use crate::evidence::card::read::rates::is_sign;
use crate::evidence::card::read::recipe::{LARGEST_BATCH, RECIPE};
use crate::evidence::quantity::numbers::quantity;
use crate::evidence::quantity::tokens::{Kind, Token, span};
use crate::evidence::quantity::units::count_word;
use crate::evidence::vocabulary;

/// Tokens around a word within which numbers belong to it.
const REACH: usize = 4;
/// Words between a step and the examples that it takes, at most.
const TAKES: usize = 4;
/// Tokens before examples within which each device is named.
pub const EACH_REACH: usize = 10;
/// Words between the devices and their examples, at most: "took", "has processed".
const VERB: usize = 3;
/// Tokens between "each" and its devices, at most.
const OF_EACH: usize = 6;
/// Words between examples and the step that they go into, at most.
const INTO_STEP: usize = 5;

/// "512 sequences per update", "1.024 sequências por passo": the batch of all devices, told of the step whose word stands at `i`. Returns
/// whether there is one.
pub fn read_batch_of_step(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) -> bool {
    let words = &vocabulary::prose().batches;
    let noun = i.checked_sub(2).filter(|at| s.ts.get(at + 1).is_some_and(is_sign) && says(s.ts.get(*at), words.sequences));
    let noun = noun.or_else(|| into_each_step(s, i)).or_else(|| taken_by_each_step(s, i));
    let q = noun.and_then(|noun| {
        let found = (noun.saturating_sub(2)..noun).find_map(|at| quantity(s.ts, at).filter(|q| q.to == noun));
        found.filter(|q| !q.is_word && q.value <= LARGEST_BATCH)
    });
    let Some(q) = q else { return false };
    let said = s.trains() || s.under_training || s.is_recipe || card.trained_before;
    // The "every" of "every update looked at 256 sequences" is the step's.
    let (left, behind) = if q.from > i { (i + 1, q.to) } else { (q.from.saturating_sub(REACH), i + 1) };
    let each = span(s.ts, behind, behind + 3).iter().any(is_device) || any(span(s.ts, left, q.from), &words.each);
    let leads = |to: usize| to < q.from && to + VERB >= q.from && span(s.ts, to, q.from).iter().all(|t| t.kind == Kind::Word);
    let of_each_device = (q.from.saturating_sub(EACH_REACH)..q.from).any(|at| device_of_each(s, at).is_some_and(leads));
    let repeats = accumulated(s, &q);
    let product = repeats.filter(|_| of_each_device).and_then(|n| product(card, spot, &q, n));
    if let Some((value, how)) = product.filter(|_| said) {
        let mut row = candidate(spot, Field::BatchSize, Some(value), s.written(q.from, i + 1), q.refusal());
        row.extractor = Some(RECIPE);
        row.locator = format!("{}: {how}", row.locator);
        card.candidates.push(row);
        return true;
    }
    let each = each || of_each_device;
    let reason = each.then_some("evaluation or per-device batch").or((s.under_evaluation && !s.trains()).then_some("evaluation"));
    let reason = reason.or((!said).then_some(NOT_SAID));
    card.add_quantity(&spot.refused(reason), Field::BatchSize, counted(s.ts, &q), s.written(q.from, (i + 1).max(q.to)), &q);
    true
}

/// "Every update looked at 256 sequences": the word for examples.
fn taken_by_each_step(s: &Sentence<'_, '_>, i: usize) -> Option<usize> {
    let is_each = i.checked_sub(1).and_then(|at| s.ts.get(at)).is_some_and(|t| t.is_any(&vocabulary::prose().subjects.each));
    let number = (i + 1..i + 1 + TAKES).find(|at| s.ts.get(*at).is_none_or(|t| t.kind != Kind::Word))?;
    let noun = quantity(s.ts, number).filter(|q| is_each && !q.is_word)?.to;
    says(s.ts.get(noun), vocabulary::prose().batches.sequences).then_some(noun)
}

/// "512 sequences went into every update": the word for examples.
fn into_each_step(s: &Sentence<'_, '_>, i: usize) -> Option<usize> {
    let words = &vocabulary::prose().batches;
    let from = (i.saturating_sub(INTO_STEP)..i).rev().find(|at| !s.ts.get(*at).is_some_and(|t| t.is_any(&words.into_step)))?;
    let is_each = any(span(s.ts, from + 1, i), &words.each);
    (is_each && from + 1 < i && says(s.ts.get(from), words.sequences)).then_some(from)
}

/// "each of the 4 GPUs", "cada una de las dos GPU": the token behind, where one of those begins.
pub fn device_of_each(s: &Sentence<'_, '_>, at: usize) -> Option<usize> {
    let is_each = s.ts.get(at).is_some_and(|t| t.is_any(&vocabulary::prose().subjects.each));
    let passed = |t: &Token<'_>| {
        t.is_any(&vocabulary::prose().batches.of_each)
            || (t.kind == Kind::Number && t.value.is_some())
            || (t.kind == Kind::Word && count_word(&t.text).is_some())
    };
    let to = (at + 1..at + 1 + OF_EACH).find(|to| !s.ts.get(*to).is_some_and(passed))?;
    (is_each && s.ts.get(to).is_some_and(is_device)).then_some(to + 1)
}
