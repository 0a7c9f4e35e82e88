//! Batches that are told by their examples: "2 images per GPU on 8 GPUs", "20,000 steps of 64 sequences each".

use super::NOT_SAID;
use super::batches::{counted, is_device, is_examples, product, says};
use super::sentence::Sentence;
use super::steps::{EACH_REACH, device_of_each};
use crate::domain::Field;
use crate::evidence::card::read::candidate::{Card, Spot, candidate};
use crate::evidence::card::read::rates::is_sign;
use crate::evidence::card::read::recipe::{LARGEST_BATCH, RECIPE};
use crate::evidence::quantity::numbers::{Quantity, quantity};
use crate::evidence::quantity::tokens::{Kind, Token, text_at};
use crate::evidence::vocabulary;

/// Tokens between steps and the examples of each, at most.
const OF_EACH: usize = 4;

/// The number right before a token that counts examples.
fn number_before(s: &Sentence<'_, '_>, i: usize) -> Option<Quantity> {
    let found = (i.saturating_sub(2)..i).find_map(|at| quantity(s.ts, at).filter(|q| q.to == i));
    found.filter(|q| !q.is_word && !q.is_range && q.value.fract() == 0.0 && q.value <= LARGEST_BATCH)
}

/// "2 images per GPU on 8 GPUs": the examples of all devices, where the sentence has one number of them. Returns whether they are told.
pub fn read_batch_per_device(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) -> bool {
    let of_device = s.ts.get(i + 1).is_some_and(is_sign) && s.ts.get(i + 2).is_some_and(is_device);
    let said = s.trains() || s.is_recipe || (s.under_training && !s.under_evaluation);
    if !of_device || !said || !s.ts.get(i).is_some_and(is_examples) {
        return false;
    }
    let accumulates = s.ts.iter().any(|t| t.is_any(&vocabulary::prose().batches.accumulation));
    let found = number_before(s, i).filter(|_| !accumulates).and_then(|q| Some((q, product(card, spot, &q, 1.0)?)));
    let Some((q, (value, how))) = found else { return false };
    let mut row = candidate(spot, Field::BatchSize, Some(value), s.written(q.from, i + 3), q.refusal());
    row.extractor = Some(RECIPE);
    row.locator = format!("{}: {how}", row.locator);
    card.candidates.push(row);
    true
}

/// "20,000 steps of 64 sequences each", "Schritte mit je 64 Sequenzen": the batch, behind the steps whose word stands at `i`. Returns false:
/// the steps are told as well.
pub fn read_batch_of_steps(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) -> bool {
    let words = vocabulary::prose();
    if !s.ts.get(i).is_some_and(|t| t.is_any(&words.steps.words)) || i.checked_sub(1).and_then(|at| quantity(s.ts, at)).is_none() {
        return false;
    }
    let joins = |at: usize| s.ts.get(at).is_some_and(|t| t.kind == Kind::Word && t.is_any(&words.steps.with));
    let number = (i + 1..i + 1 + OF_EACH).find(|at| !joins(*at)).filter(|at| *at > i + 1);
    let q = number.and_then(|at| quantity(s.ts, at)).filter(|q| !q.is_word && !q.is_range && q.value <= LARGEST_BATCH);
    let Some(q) = q.filter(|q| s.ts.get(q.to).is_some_and(is_examples)) else { return false };
    let each = (i + 1..q.from).any(|at| s.ts.get(at).is_some_and(|t| t.is_any(&words.steps.of_each)))
        || s.ts.get(q.to + 1).is_some_and(|t| t.is_any(&words.subjects.each));
    let said = s.trains() || s.under_training || s.is_recipe;
    if each && said && text_at(s.ts, q.to + 1) != "per" {
        card.add_quantity(spot, Field::BatchSize, counted(s.ts, &q), s.written(q.from, q.to + 1), &q);
    }
    false
}

/// "24 images at a time", "32 clips at once", in the text of a training: the batch.
pub fn read_batch_at_once(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) -> bool {
    let words = vocabulary::prose();
    let at_once = text_at(s.ts, i + 1) == "at"
        && (text_at(s.ts, i + 2) == "once" || (matches!(text_at(s.ts, i + 2), "a" | "one") && text_at(s.ts, i + 3) == "time"));
    let counts =
        |t: &Token<'_>| t.is_any(&words.samples.nouns) || t.is_any(&words.samples.single) || says(Some(t), words.batches.sequences);
    let noun = at_once && s.ts.get(i).is_some_and(counts);
    let number = i.checked_sub(1).filter(|_| noun).and_then(|at| quantity(s.ts, at));
    // "a single example at a time"
    let q = number.filter(|q| (!q.is_word || matches!(text_at(s.ts, q.from), "one" | "single")) && q.to == i);
    // "Each of the 4 GPUs took 8 sequences at a time."
    let of_each = |q: &Quantity| (q.from.saturating_sub(EACH_REACH)..q.from).any(|at| device_of_each(s, at).is_some());
    let whole = |q: &Quantity| q.value <= LARGEST_BATCH && !s.has(&words.hardware.serving) && !of_each(q);
    let Some(q) = q.filter(whole) else { return false };
    let said = s.trains() || s.under_training || s.is_recipe || card.trained_before;
    let reason = (s.under_evaluation && !s.trains()).then_some("evaluation").or((!said).then_some(NOT_SAID));
    // "The model was fed one sentence at a time" says less than a batch that is told as one.
    let later = if q.is_word { 4 } else { 1 };
    card.add_quantity(&spot.refused(reason).after(later), Field::BatchSize, counted(s.ts, &q), s.written(q.from, i + 3), &q);
    true
}
