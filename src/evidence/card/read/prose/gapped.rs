//! "The 40B model needed 390k H100 hours, the 9B 70k and the 2B 12k": a part of a sentence that is this model's has a number alone, whose unit
//! stands in another part.

use super::owners::Part;
use crate::domain::Field;
use crate::evidence::card::read::candidate::Card;
use crate::evidence::card::read::designators::Fit;
use crate::evidence::card::read::values::figures;
use crate::evidence::quantity::durations::unit_hours;
use crate::evidence::quantity::numbers::quantity;
use crate::evidence::quantity::tokens::{Kind, Token, span};
use crate::evidence::quantity::units::{energy_unit, mass_unit};

/// Most tokens of such a part.
const MOST_TOKENS: usize = 14;

/// The field, the value and the token of the number of a part that is this model's and has no unit, by the unit of another part.
pub fn figure(card: &Card<'_>, ts: &[Token<'_>], parts: &[Part], own: &Part) -> Option<(Field, f64, usize)> {
    if own.whose != Some(Fit::Mine) || own.to - own.from > MOST_TOKENS || parts.len() < 2 {
        return None;
    }
    // The only number of the part, with nothing that is counted behind it.
    let tokens = span(ts, own.from, own.to);
    let behind_name =
        |at: usize| at.checked_sub(1).is_some_and(|b| tokens.get(b).is_some_and(|t| t.kind == Kind::Word || t.is_any(&[":", "("])));
    let is_size = |at: usize| tokens.get(at + 1).is_some_and(|t| t.glued && t.is_any(&["b", "m"]));
    let numbers: Vec<usize> = (0..tokens.len())
        .filter(|at| tokens.get(*at).is_some_and(|t| t.kind == Kind::Number && !t.glued) && !is_size(*at))
        .collect();
    let [at] = numbers.as_slice() else { return None };
    let q = quantity(tokens, *at).filter(|q| behind_name(*at) && !q.is_range && !q.is_rate)?;
    let ends = tokens.get(q.to).is_none_or(|t| t.kind == Kind::Sign || t.is_any(&["and", "und", "et", "y", "e", "while"]));
    if !ends {
        return None;
    }
    let others = parts.iter().filter(|part| *part != own && part.whose.is_some());
    let (field, factor) = others.into_iter().find_map(|part| unit_of(card, span(ts, part.from, part.to)))?;
    Some((field, q.value * factor, own.from + at))
}

/// What a part counts, and what one of its unit is.
fn unit_of(card: &Card<'_>, ts: &[Token<'_>]) -> Option<(Field, f64)> {
    for i in 0..ts.len() {
        if unit_hours(ts, i).is_some_and(|hours| hours >= 1.0)
            && let Some(d) = card.device_hours(ts, i).filter(|d| d.reason.is_none() && d.quantity.value > 0.0)
        {
            return Some((Field::AcceleratorHours, d.hours / d.quantity.value));
        }
    }
    let unit = |of: fn(&str) -> Option<f64>| {
        let found = figures(ts, 0, of);
        found.first().filter(|f| !f.quantity.is_rate && f.quantity.value > 0.0).map(|f| f.value / f.quantity.value)
    };
    unit(energy_unit)
        .map(|factor| (Field::EnergyKwh, factor))
        .or_else(|| unit(mass_unit).map(|factor| (Field::EmissionsKgco2e, factor)))
}

/// Tokens between device hours and the number that takes them up, at most.
const OF_THEM: usize = 8;

/// "We requested 60,000 GPU-hours and used 41,700 of them": the number behind device hours that takes up their unit, with its token.
#[must_use]
pub fn of_them(card: &Card<'_>, ts: &[Token<'_>]) -> Option<(f64, usize)> {
    (0..ts.len()).find_map(|i| {
        let d = unit_hours(ts, i)
            .filter(|hours| *hours >= 1.0)
            .and_then(|_| card.device_hours(ts, i))
            .filter(|d| d.reason.is_none())?;
        let at = (d.to..d.to + OF_THEM).find(|at| ts.get(*at).is_some_and(|t| t.kind == Kind::Number))?;
        let q = quantity(ts, at).filter(|q| q.from == at && !q.is_range)?;
        let of = ts.get(q.to).is_some_and(|t| t.is("of"))
            && ts.get(q.to + 1).is_some_and(|t| t.is_any(&["them", "these", "those", "it"]));
        let takes_up = of || ts.get(q.to).is_some_and(|t| t.is_any(&["davon", "thereof"]));
        takes_up.then_some((q.value * d.hours / d.quantity.value, at))
    })
}
