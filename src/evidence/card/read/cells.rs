//! Cells of tables of models: a value by what its column holds.

use super::candidate::{Card, Spot};
use super::columns::Column;
use super::keys::Key;
use super::values::{MAX_VALUE_TOKENS, header_unit, unit_value};
use crate::domain::Field;
use crate::evidence::hardware::Context;
use crate::evidence::quantity::computes::flop_unit;
use crate::evidence::quantity::digits::DecimalSign;
use crate::evidence::quantity::numbers::{Quantity, first_quantity, scale};
use crate::evidence::quantity::tokens::{Kind, Token, lex, lex_in, span, text_at};
use crate::evidence::quantity::units::{energy_unit, mass_unit};
use crate::evidence::vocabulary;

/// Adds what a cell says.
pub fn add_cell(card: &mut Card<'_>, spot: &Spot<'_>, kind: Column, header: &str, cell: &str, sign: DecimalSign) {
    let all = lex_in(cell, sign);
    let ts = span(&all, 0, MAX_VALUE_TOKENS);
    let q = first_quantity(ts).map(|q| scaled_by_header(header, q));
    match (kind, q) {
        (Column::Of(Key::Params), Some(q)) if q.scaled || q.value > 1e5 => {
            if vocabulary::keys().columns.file_sizes.contains(&text_at(ts, q.to)) {
                return;
            }
            // An exact count before a rounded one.
            let exact = !q.scaled && q.value > 1e6;
            let spot = Spot { rank: spot.rank - u8::from(exact), ..*spot }.refused(card.own.wrong_size(q.value));
            card.add_quantity(&spot, Field::TotalParams, q.value, cell, &q);
        }
        (Column::NonEmbedding, Some(q)) => {
            card.add_quantity(&spot.refused(Some("non-embedding parameters")), Field::TotalParams, q.value, cell, &q);
        }
        (Column::Of(Key::Active), Some(q)) if q.value > 1e5 => card.add_quantity(spot, Field::ActiveParams, q.value, cell, &q),
        (Column::Of(Key::Flop), _) => add_flop_cell(card, spot, header, cell, ts),
        (Column::Of(Key::Tokens), Some(q)) if q.value >= 1e7 => card.add_quantity(spot, Field::TrainTokens, q.value, cell, &q),
        (Column::Of(Key::Steps), Some(q)) if q.value >= 10.0 => card.add_quantity(spot, Field::TrainSteps, q.value, cell, &q),
        (Column::Of(Key::Epochs), Some(q)) => card.add_quantity(spot, Field::Epochs, q.value, cell, &q),
        (Column::Of(Key::GlobalBatch), Some(q)) => card.add_quantity(spot, Field::BatchSize, q.value, cell, &q),
        // The unit stands in the header or in the cell.
        (Column::Of(Key::Carbon), Some(_)) if has_unit(header, ts, mass_unit) => card.add_carbon(spot, header, cell, ts),
        (Column::Of(Key::Energy), Some(_)) if has_unit(header, ts, energy_unit) => card.add_energy(spot, header, cell, ts),
        (Column::DeviceHours, Some(q)) => {
            let per_unit = if header.to_lowercase().contains("day") { HOURS_PER_DAY } else { 1.0 };
            card.add_quantity(spot, Field::AcceleratorHours, q.value * per_unit, cell, &q);
        }
        (Column::Of(Key::Hours), _) => card.add_hours(spot, header, cell),
        (Column::Of(Key::Hardware), _) => {
            card.add_hardware(spot, cell, Context::Field);
        }
        (Column::Of(Key::Base), _) => {
            let links: Vec<(String, String)> = spot
                .block
                .labelled_links(0, spot.block.text.len())
                .into_iter()
                .filter(|(label, _)| cell.contains(label.as_str()))
                .collect();
            card.add_base(&Spot { reason: None, ..*spot }, cell, &links, None, 6);
        }
        _ => {}
    }
}

/// Hours of a day.
const HOURS_PER_DAY: f64 = 24.0;

/// The number with the scale that its header has in brackets: "GPU hours (k)", "Tokens (B)", "Params [M]", "tokens in billions".
fn scaled_by_header(header: &str, q: Quantity) -> Quantity {
    if q.scaled {
        return q;
    }
    let ts = lex(header);
    let factor = ts.windows(3).find_map(|w| match w {
        [open, word, close] if open.is_any(&["(", "["]) && close.is_any(&[")", "]"]) => scale(&word.text),
        [_, joins, word] if joins.is("in") => scale(&word.text).filter(|_| word.text.len() > 1),
        _ => None,
    });
    factor.map_or(q, |factor| Quantity { value: q.value * factor, scaled: true, ..q })
}

/// Whether the header or the cell names a unit.
fn has_unit(header: &str, ts: &[Token<'_>], unit: fn(&str) -> Option<f64>) -> bool {
    header_unit(header, unit).is_some() || (0..ts.len()).any(|i| unit_value(ts, i, unit).is_some())
}

/// FLOP with the unit of the header, where the cell has none: `Compute [ZFLOP]`, `Training FLOPs (1e21)`.
fn add_flop_cell(card: &mut Card<'_>, spot: &Spot<'_>, header: &str, cell: &str, ts: &[Token<'_>]) {
    let in_cell = ts.iter().any(|t| t.kind == Kind::Word && flop_unit(t.text.as_ref()).is_some());
    let unit = header_unit(header, flop_unit).filter(|unit| !in_cell && *unit > 1.0);
    match unit.zip(first_quantity(ts)) {
        Some((unit, q)) => card.add_quantity(spot, Field::TrainFlop, q.value * unit, cell, &q),
        None => card.add_flop(spot, ts, cell),
    }
}
