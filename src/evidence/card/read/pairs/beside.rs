//! What stands beside an amount in the value of its key: a time, the chips.

use super::super::candidate::{Card, Spot};
use super::super::keys::{key_of, read_key};
use crate::domain::Field;
use crate::evidence::card::parse::pair::norm_key;
use crate::evidence::hardware::Context;
use crate::evidence::quantity::durations::duration;
use crate::evidence::quantity::tokens::Token;
use crate::evidence::vocabulary;

/// Words between a word for a time and the time.
const MOST_WORDS_BEFORE_TIME: usize = 3;

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

    /// "~0.8 kg CO₂eq (GPU RTX 3080)": the chips in the brackets behind an amount.
    pub(super) fn add_chips_in_brackets(&mut self, spot: &Spot<'_>, value: &str) {
        let inside = value.trim_end().strip_suffix(')').and_then(|value| value.rsplit_once('(')).map(|(_, inside)| inside);
        if let Some(inside) = inside.filter(|inside| inside.len() <= MAX_CHIPS_IN_BRACKETS) {
            self.add_hardware(&spot.after(2), inside, Context::Prose);
        }
    }
}

/// "Epochs / batch size: 8 / 24": two keys with a value each.
pub(super) fn two_keys<'t>(key: &'t str, value: &'t str, norm: &str) -> Option<[(&'t str, &'t str); 2]> {
    let ((first, second), (one, two)) = key.split_once('/').zip(value.split_once('/'))?;
    let is_key = |key: &str| key_of(&norm_key(key)).is_some();
    let are_two = read_key(norm).is_none() && is_key(first) && is_key(second) && !two.contains('/');
    are_two.then_some([(first, one), (second, two)])
}
