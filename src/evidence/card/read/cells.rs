//! Cells of tables of models: a value by what its column holds.

use super::candidate::{Candidate, Card, Spot, candidate};
use super::columns::Column;
use super::data_sizes::BATCH_IN_TOKENS;
use super::keys::Key;
use super::recipe::keys::{RecipeKey, recipe_key};
use super::recipe::{CONTEXT_OF_MODEL, LARGEST_BATCH, LENGTHS, LONGEST_OF_WHOLE_TRAINING, RECIPE, length_in_tokens};
use super::totals::market_based;
use super::values::{MAX_VALUE_TOKENS, header_unit, product, summed, unit_value};
use crate::domain::Field;
use crate::evidence::card::parse::pair::norm_key;
use crate::evidence::hardware::{Context, MOST_DEVICES};
use crate::evidence::quantity::computes::flop_unit;
use crate::evidence::quantity::digits::DecimalSign;
use crate::evidence::quantity::durations::duration_in_value;
use crate::evidence::quantity::numbers::{Quantity, first_quantity, scale};
use crate::evidence::quantity::tokens::{Kind, Token, lex, lex_in, span, text_at};
use crate::evidence::quantity::units::{energy_unit, hours_in, mass_unit};
use crate::evidence::vocabulary;
use std::borrow::Cow;

/// Reason of a batch of one device.
const OF_ONE_DEVICE: &str = "the batch of one device, before accumulation";

/// Adds the batch of a row that states that of one device, steps of accumulation and devices in a column each: their product.
pub fn add_batch_of_row(card: &mut Card<'_>, spot: &Spot<'_>, columns: &[Option<Column>]) {
    let cells = &spot.block.cells;
    let number = |kind: Column| {
        let at = columns.iter().position(|c| *c == Some(kind))?;
        let ts = lex(cells.get(at)?);
        first_quantity(&ts).filter(|q| q.refusal().is_none() && q.value >= 1.0 && q.value.fract() == 0.0).map(|q| q.value)
    };
    let (of_device, repeats) = (number(Column::DeviceBatch), number(Column::Accumulation));
    let Some(batch) = of_device.or_else(|| number(Column::Of(Key::GlobalBatch)).filter(|_| repeats.is_some())) else { return };
    let is_of_row = |c: &&Candidate| c.table == spot.block.table && c.quote == spot.quote;
    let devices = card.candidates.iter().rfind(|c| is_of_row(c) && c.field == Field::AcceleratorCount).and_then(|c| c.value);
    // A batch that is not said to be of one device is multiplied with the steps of accumulation alone.
    let Some(devices) = devices.or(of_device.is_none().then_some(1.0)) else { return };
    let (devices, repeats) = (if of_device.is_some() { devices } else { 1.0 }, repeats.unwrap_or(1.0));
    for c in card.candidates.iter_mut().filter(|c| is_of_row(&&**c) && c.field == Field::BatchSize) {
        c.reason.get_or_insert(Cow::Borrowed(OF_ONE_DEVICE));
    }
    let mut row = candidate(spot, Field::BatchSize, Some(batch * repeats * devices), &batch.to_string(), None);
    row.extractor = Some(RECIPE);
    row.locator = format!("{}: {batch} x {repeats} steps of accumulation x {devices} devices", row.locator);
    card.candidates.push(row);
}

/// Adds what a cell says.
pub fn add_cell(card: &mut Card<'_>, spot: &Spot<'_>, kind: Column, header: &str, cell: &str, sign: DecimalSign) {
    let all = lex_in(cell, sign);
    let ts = span(&all, 0, MAX_VALUE_TOKENS);
    let of_time = matches!(kind, Column::DeviceHours | Column::Time | Column::Of(Key::Hours | Key::Flop));
    if of_time && card.add_devices_and_time(spot, cell, ts, kind == Column::DeviceHours) {
        return;
    }
    add_figure(card, spot, kind, header, (cell, ts));
}

/// Adds the figure of a cell, as its column has it.
fn add_figure(card: &mut Card<'_>, spot: &Spot<'_>, kind: Column, header: &str, (cell, ts): (&str, &[Token<'_>])) {
    let q = first_quantity(ts).map(|q| if adds_up(kind) { summed(ts, q) } else { q }).map(|q| scaled_by_header(header, q));
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
        (Column::Of(Key::GlobalBatch), Some(q)) if q.value > LARGEST_BATCH || says_tokens(header, ts) => {
            card.add_quantity(&spot.refused(Some(BATCH_IN_TOKENS)), Field::BatchSize, q.value, cell, &q);
        }
        (Column::Of(Key::GlobalBatch), Some(q)) => card.add_quantity(spot, Field::BatchSize, q.value, cell, &q),
        (Column::DeviceBatch, Some(q)) => {
            card.add_quantity(&spot.refused(Some(OF_ONE_DEVICE)), Field::BatchSize, q.value, cell, &q)
        }
        // The unit stands in the header or in the cell.
        (Column::Of(Key::Carbon), Some(_)) if has_unit(header, ts, mass_unit) => {
            card.add_carbon(&spot.refused(market_based(header)), header, cell, ts);
        }
        (Column::Of(Key::Energy), Some(_)) if has_unit(header, ts, energy_unit) => card.add_energy(spot, header, cell, ts),
        (Column::DeviceHours, Some(q)) => {
            // "56 GPU-days", "1,200 h".
            let named = || (0..ts.len()).find_map(|i| card.device_hours(ts, i)).map(|d| d.hours);
            let own = if q.scaled { None } else { duration_in_value(ts, q.from).map(|d| d.hours).or_else(named) };
            let per_unit = header_time(header).unwrap_or(1.0);
            card.add_quantity(spot, Field::AcceleratorHours, own.unwrap_or(q.value * per_unit), cell, &q);
            card.add_hardware(&spot.after(1), header, Context::Field);
        }
        (Column::Length, Some(q)) => add_length_cell(card, spot, header, cell, (ts, &q)),
        (Column::Of(Key::Hours) | Column::Time, _) => add_time_cell(card, spot, header, cell, ts),
        (Column::Of(Key::Nodes), Some(q)) if q.value.fract() == 0.0 && q.value >= 1.0 && spot.reason.is_none() => {
            card.add_part_of_cluster(spot, true, q.value, cell);
        }
        (Column::Of(Key::Hardware), _) => add_devices_cell(card, spot, header, cell, ts),
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

/// Whether terms of a cell are parts of one whole: "300 + 20" hours, tokens or steps.
fn adds_up(kind: Column) -> bool {
    matches!(kind, Column::DeviceHours | Column::Time | Column::Of(Key::Hours | Key::Tokens | Key::Steps))
}

/// Whether a header or a cell counts tokens: "BS (tokens)".
fn says_tokens(header: &str, ts: &[Token<'_>]) -> bool {
    let words = &vocabulary::prose().tokens.words;
    ts.iter().any(|t| t.is_any(words)) || lex(header).iter().any(|t| t.is_any(words))
}

/// A length of sequences; a context is refused where it is longer than whole trainings are.
fn add_length_cell(card: &mut Card<'_>, spot: &Spot<'_>, header: &str, cell: &str, (ts, q): (&[Token<'_>], &Quantity)) {
    let value = length_in_tokens(ts, q);
    let is_context = recipe_key(&norm_key(header)) != Some(RecipeKey::Length);
    let long = is_context && value > LONGEST_OF_WHOLE_TRAINING;
    if LENGTHS.contains(&value) {
        card.add_quantity(&spot.refused(long.then_some(CONTEXT_OF_MODEL)), Field::SequenceLength, value, cell, q);
    }
}

/// A time, whose unit stands in the cell or in the header.
fn add_time_cell(card: &mut Card<'_>, spot: &Spot<'_>, header: &str, cell: &str, ts: &[Token<'_>]) {
    if let Some((_, machine)) = header.split_once(" on ") {
        card.add_hardware(&spot.after(1), machine, Context::Field);
    }
    let bare = first_quantity(ts).filter(|q| q.to == ts.len());
    match bare.zip(header_time(header)) {
        Some((q, hours)) => card.add_quantity(spot, Field::WallHours, q.value * hours, cell, &q),
        None => card.add_hours(spot, header, cell),
    }
}

/// Chips and their number; a bare number counts the devices or the chip that the header names: `#GPUs (H100)`, `A100s`.
fn add_devices_cell(card: &mut Card<'_>, spot: &Spot<'_>, header: &str, cell: &str, ts: &[Token<'_>]) {
    // "4x8": nodes and the devices of each.
    let grid = product(ts).zip(first_quantity(ts)).map(|(value, q)| Quantity { value, to: ts.len(), ..q });
    let bare = first_quantity(ts).filter(|q| q.to == ts.len() && q.from == 0 && q.value.fract() == 0.0 && q.refusal().is_none());
    let Some(q) = grid.or(bare).filter(|q| (1.0..=f64::from(MOST_DEVICES)).contains(&q.value)) else {
        card.add_hardware(spot, cell, Context::Field);
        return;
    };
    let chips = format!("{} x {}", q.value, without_counting(header));
    if !card.add_hardware(spot, &chips, Context::Field) {
        card.add(spot, Field::AcceleratorCount, Some(q.value), cell, None);
    }
}

/// What a header names besides that it counts: `H100` of `#GPUs (H100)`.
fn without_counting(header: &str) -> String {
    let words = &vocabulary::card().device_hours;
    let inside = header.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(inside, _)| inside);
    let named = inside.filter(|text| text.contains(|c: char| c.is_ascii_digit())).unwrap_or(header);
    let said = named.split([' ', '#']).filter(|w| !w.is_empty() && !words.counting.contains(&w.to_lowercase().as_str()));
    said.map(|w| if w.ends_with(|c: char| c.is_ascii_digit() || c == 's') { w.trim_end_matches('s') } else { w })
        .collect::<Vec<_>>()
        .join(" ")
}

/// The parts of a header that its unit or scale stands in: its brackets, and what stands behind a comma or "in".
fn unit_parts(header: &str) -> Vec<&str> {
    let mut parts: Vec<&str> =
        header.split(['(', '[', '（']).skip(1).filter_map(|rest| rest.split([')', ']', '）']).next()).collect();
    parts.extend(header.split(", ").skip(1));
    parts.extend(header.split(" in ").skip(1));
    parts
}

/// Hours of the unit of time that a header names: "Time (s)", "GPU time, days", "Wall-clock hours".
fn header_time(header: &str) -> Option<f64> {
    let in_parts = unit_parts(header).into_iter().find_map(|part| norm_key(part).split(' ').find_map(hours_in));
    in_parts.or_else(|| norm_key(header).split(' ').filter(|w| w.len() > 1).find_map(hours_in))
}

/// The factor of a scale that a header names: "GPU hours (k)", "Tokens [B]", "tokens in billions", "thousand GPU hours", "(x10^3)".
fn header_scale(header: &str) -> Option<f64> {
    let named = |word: &str| scale(word).or_else(|| scale(word.strip_suffix('s').filter(|w| w.len() > 2)?));
    let power = |part: &str| {
        let text = part.trim().trim_start_matches(['x', '×', '*', ' ', '·']);
        let ts = lex(text);
        first_quantity(&ts).filter(|q| q.to == ts.len() && q.from == 0 && q.value >= 1e3 && text.starts_with('1')).map(|q| q.value)
    };
    let in_part = |part: &&str| power(part).or_else(|| norm_key(part).split(' ').find_map(named));
    let lower = header.to_lowercase();
    unit_parts(&lower).iter().find_map(in_part).or_else(|| norm_key(&lower).split(' ').filter(|w| w.len() > 2).find_map(named))
}

/// The number with the scale of its header.
fn scaled_by_header(header: &str, q: Quantity) -> Quantity {
    if q.scaled {
        return q;
    }
    header_scale(header).map_or(q, |factor| Quantity { value: q.value * factor, scaled: true, ..q })
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
