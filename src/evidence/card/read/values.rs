//! Values with a unit, and names of number formats.

use super::candidate::{Card, Spot};
use super::repository::name_tokens;
use crate::domain::Field;
use crate::evidence::quantity::numbers::{Quantity, first_quantity, quantity};
use crate::evidence::quantity::tokens::{Kind, Token, lex, text_at};
use crate::evidence::quantity::units::flop_unit;
use crate::evidence::vocabulary;

/// Tokens of a value that are read.
pub const MAX_VALUE_TOKENS: usize = 120;
/// Fewest FLOP of a training: less is one forward pass.
const MIN_TRAIN_FLOP: f64 = 1e15;

impl Card<'_> {
    /// FLOP of a training in the first number of a text.
    pub fn add_flop(&mut self, spot: &Spot<'_>, ts: &[Token<'_>], written: &str) {
        let Some(q) = first_quantity(ts) else { return };
        let value = q.value * flop_unit(text_at(ts, q.to)).unwrap_or(1.0);
        let spot = spot.refused((value < MIN_TRAIN_FLOP).then_some("too few for a training: FLOP of one pass"));
        self.add_quantity(&spot, Field::TrainFlop, value, written, &q);
    }
}

/// A quantity with a unit behind it: value in the unit's base, token after the unit, the quantity.
#[must_use]
pub fn unit_value(ts: &[Token<'_>], i: usize, unit: fn(&str) -> Option<f64>) -> Option<(f64, usize, Quantity)> {
    let q = quantity(ts, i)?;
    let last = text_at(ts, q.to - 1);
    if q.scaled && last == "t" && q.to - 1 > i {
        // 1.2t beside CO2 is tonnes.
        return unit("t").map(|factor| (q.value / 1e12 * factor, q.to, q));
    }
    let mut at = q.to;
    while at < q.to + 2 && ts.get(at).is_some_and(|t| t.is_any(&["(", "-", "metric", "kilo", "of"])) {
        at += 1;
    }
    let factor = ts.get(at).filter(|t| t.kind == Kind::Word).and_then(|t| unit(t.text.as_ref()))?;
    Some((q.value * factor, at + 1, q))
}

/// The unit that a key or header names.
#[must_use]
pub fn header_unit(text: &str, unit: fn(&str) -> Option<f64>) -> Option<f64> {
    lex(text).iter().filter(|t| t.kind == Kind::Word).find_map(|t| unit(t.text.as_ref()))
}

/// Name of a number format in a text.
#[must_use]
pub fn precision_of(text: &str) -> Option<&'static str> {
    let words = name_tokens(text);
    let formats = &vocabulary::card().precision.formats;
    formats.iter().find(|format| words.iter().any(|w| format.words.contains(&w.as_str()))).map(|format| format.name.as_str())
}
