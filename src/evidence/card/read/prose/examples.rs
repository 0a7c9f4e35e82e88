//! Batches that are told by their examples: "2 images per GPU on 8 GPUs", "20,000 steps of 64 sequences each".

use super::batches::{counted, is_device, is_examples, product};
use super::sentence::Sentence;
use crate::domain::Field;
use crate::evidence::card::read::candidate::{Card, Spot, candidate};
use crate::evidence::card::read::rates::is_sign;
use crate::evidence::card::read::recipe::{LARGEST_BATCH, RECIPE};
use crate::evidence::quantity::numbers::{Quantity, quantity};
use crate::evidence::quantity::tokens::{Kind, text_at};
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
