//! FLOP of a training in prose, and the utilization it reached.

use super::nearby::before;
use super::sentence::Sentence;
use super::subjects::{Measure, gives_it_to_another};
use crate::domain::Field;
use crate::evidence::card::read::candidate::{Card, Spot};
use crate::evidence::card::read::values::MOST_FLOP_PER_SECOND;
use crate::evidence::quantity::computes::{ComputeKind, compute_unit};
use crate::evidence::quantity::numbers::quantity;
use crate::evidence::quantity::tokens::{Kind, text_at};
use crate::evidence::vocabulary;

/// Shares that a training's MFU can be; the highest published are near 0.7 (data/reference/mfu.csv).
const MFU_RANGE: (f64, f64) = (0.01, 0.8);
/// Fewest FLOP in prose: the first convolutional networks took more, one pass of a large model takes less.
const MIN_FLOP: f64 = 1e17;

/// Fewest where the sentence says that they are all of a training's.
const LEAST_TOLD: f64 = 1e15;

/// Reads the FLOP before the unit at `i`.
pub fn read_flop(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) {
    let Some(unit) = compute_unit(s.ts, i) else { return };
    let Some(q) = before(s, i, 7, |q, between| !q.is_word && between.iter().all(|t| t.kind == Kind::Word)) else { return };
    let value = q.value * unit.flop;
    let reason = if unit.kind == ComputeKind::Rate {
        Some("a rate")
    } else if value < if is_told(card, s) { LEAST_TOLD } else { MIN_FLOP } {
        Some("a rate or one pass")
    } else if unit.kind == ComputeKind::Either && value < MOST_FLOP_PER_SECOND && may_be_rate(s, i, unit.flop) {
        Some("may be a rate: FLOP per second")
    } else {
        gives_it_to_another(card, s, Measure::Count, q.from, unit.to)
            .or((!s.trains() && !s.under_training && !is_told(card, s)).then_some("not said of a training"))
    };
    card.add_quantity(&spot.refused(reason), Field::TrainFlop, value, s.written(q.from, unit.to), &q);
}

/// "The compute budget was 1.9e20 FLOPs", behind a text on a training or in a sentence that tells a recipe.
fn is_told(card: &Card<'_>, s: &Sentence<'_, '_>) -> bool {
    let sums = s.has(&vocabulary::prose().tokens.totals) || s.has(&vocabulary::prose().utilization.sums);
    (s.is_recipe || card.trained_before || sums) && !s.under_evaluation && !s.has(&vocabulary::prose().subjects.thresholds)
}

/// Whether "FLOPS" may be operations per second: with a prefix and no small s at its end, or beside a machine.
fn may_be_rate(s: &Sentence<'_, '_>, i: usize, flop: f64) -> bool {
    let is_amount = s.written(i, i + 1).ends_with("Ps");
    (flop > 1.0 && !is_amount) || s.has(&vocabulary::prose().utilization.machines)
}

/// Model FLOP utilization: the share before its name (`41 % MFU`, `41 % model FLOPs utilization (MFU)`), or behind (`an MFU of 0.41`).
pub fn read_utilization(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) {
    let words = &vocabulary::prose().utilization;
    let share = |at: usize| {
        let q = quantity(s.ts, at).filter(|q| !q.is_word && !q.scaled)?;
        let percent = matches!(text_at(s.ts, q.to), "%" | "percent");
        let value = if percent { q.value / 100.0 } else { q.value };
        // A bare number above 1 is something else.
        (MFU_RANGE.0..=MFU_RANGE.1).contains(&value).then_some((value, q))
    };
    let behind = || (i + 1..s.ts.len().min(i + 6)).find_map(share);
    let ahead = || (i.saturating_sub(8)..i).rev().find_map(share).filter(|(_, q)| matches!(text_at(s.ts, q.to), "%" | "percent"));
    let names_it = words.joins.contains(&text_at(s.ts, i + 1));
    let found = if names_it { behind() } else { ahead().or_else(behind) };
    let Some((value, q)) = found else { return };
    let reason = s.has(&words.serving).then_some("inference").or((s.under_evaluation && !s.trains()).then_some("evaluation"));
    card.add_quantity(&spot.refused(reason), Field::Mfu, value, s.written(q.from.min(i), q.to.max(i + 1)), &q);
}
