//! What stands beside an amount in the value of its key: a time, the chips.

use super::super::candidate::{Card, Spot};
use crate::domain::Field;
use crate::evidence::hardware::Context;
use crate::evidence::quantity::durations::duration;
use crate::evidence::quantity::numbers::quantity;
use crate::evidence::quantity::tokens::Token;
use crate::evidence::vocabulary;

/// Words between a word for a time and the time.
const MOST_WORDS_BEFORE_TIME: usize = 3;

/// How far a product may be from its rounded factors.
const ROUNDED: f64 = 0.01;

/// Longest text in the brackets behind an amount that names its chips, in bytes.
const MAX_CHIPS_IN_BRACKETS: usize = 40;

impl Card<'_> {
    /// "Total energy: 1.23 kWh, total time 3h 6m": a time that the value goes on with, behind a word for it. "12 kg, 31 hours on 8 A100": or as a
    /// part of its own, with the chips.
    pub(super) fn add_time_beside(&mut self, spot: &Spot<'_>, ts: &[Token<'_>], value: &str) {
        let words = &vocabulary::prose().times.strong;
        let said = (0..ts.len()).filter(|i| ts.get(*i).is_some_and(|t| t.is_any(words)));
        let time = said.flat_map(|i| i + 1..i + 1 + MOST_WORDS_BEFORE_TIME).find_map(|i| duration(ts, i));
        let on = &vocabulary::keys().pairs.on;
        let ends = |at: usize| ts.get(at).is_none_or(|t| t.is_any(&[",", ";", ")", "."]) || t.is_any(on));
        let parts = (0..ts.len()).filter(|i| ts.get(*i).is_some_and(|t| t.is_any(&[",", ";"])));
        let part = || parts.filter_map(|i| duration(ts, i + 1)).find(|d| ends(d.to));
        let Some(d) = time.or_else(part) else { return };
        self.add(&spot.after(2), Field::WallHours, Some(d.hours), value, d.is_range.then_some("a range"));
        let chips = ts.get(d.to).filter(|t| t.is_any(on)).and_then(|t| value.get(t.to..));
        if let Some(chips) = chips.map(|chips| chips.trim().trim_end_matches([')', '.'])) {
            self.add_hardware(&spot.after(2), chips, Context::Prose);
        }
    }

    /// "960 = 5 days x 24h x 8 GPUs": a number before the product of a time and devices is that of the hours of these. Returns whether it is.
    pub(super) fn add_device_hours_before_product(&mut self, spot: &Spot<'_>, ts: &[Token<'_>], value: &str) -> bool {
        let words = &vocabulary::card().device_hours.named;
        let Some(q) = quantity(ts, 0).filter(|q| !q.is_range && ts.get(q.to).is_some_and(|t| t.is("="))) else { return false };
        let time = (q.to..ts.len()).find_map(|i| duration(ts, i));
        let counts = |i: &usize| ts.get(i + 1).is_some_and(|t| t.is_any(words)) && ts.get(*i).is_some_and(|t| t.value.is_some());
        let devices = (q.to..ts.len()).find(counts).and_then(|i| ts.get(i)?.value);
        let Some((time, devices)) = time.zip(devices).filter(|(_, devices)| *devices >= 1.0) else { return false };
        let is_product = (time.hours * devices - q.value).abs() <= ROUNDED * q.value;
        if is_product {
            self.add(spot, Field::AcceleratorHours, Some(q.value), value, None);
            self.add(&spot.after(1), Field::WallHours, Some(time.hours), value, None);
        }
        is_product
    }

    /// "~0.8 kg CO₂eq (GPU RTX 3080)": the chips in the brackets behind an amount.
    pub(super) fn add_chips_in_brackets(&mut self, spot: &Spot<'_>, value: &str) {
        let inside = value.trim_end().strip_suffix(')').and_then(|value| value.rsplit_once('(')).map(|(_, inside)| inside);
        if let Some(inside) = inside.filter(|inside| inside.len() <= MAX_CHIPS_IN_BRACKETS) {
            self.add_hardware(&spot.after(2), inside, Context::Prose);
        }
    }
}
