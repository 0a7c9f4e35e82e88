//! Hours of a training: of its devices, or by the clock.

use super::candidate::{Card, Spot};
use super::nodes::devices_per_node;
use super::results::result_from;
use super::values::{MAX_VALUE_TOKENS, summed};
use crate::domain::Field;
use crate::evidence::quantity::durations::{clock, duration_in_value, short_clock, unit_hours};
use crate::evidence::quantity::numbers::{Quantity, first_quantity, quantity, scale, without_scale};
use crate::evidence::quantity::tokens::{Kind, Token, lex, lex_in, span, text_at};
use crate::evidence::quantity::units::hours_in;
use crate::evidence::vocabulary::{self, Words};

/// Hours of a day.
const HOURS_PER_DAY: f64 = 24.0;
/// Tokens before a unit of time within which the number of device hours stands.
const REACH: usize = 10;

/// Device hours and the quantity they were read from.
#[derive(Clone, Copy, Debug)]
pub struct DeviceHours {
    /// Hours.
    pub hours: f64,
    /// Quantity.
    pub quantity: Quantity,
    /// Token after the last.
    pub to: usize,
    /// What they say against themselves.
    pub reason: Option<&'static str>,
}

/// Whether a word of a key is the unit of hours; in Chinese, Japanese and Korean its end is: `単位は時間`.
fn says_hours(word: &str) -> bool {
    hours_in(word).is_some_and(|h| (h - 1.0).abs() < f64::EPSILON)
        || (!word.is_ascii() && vocabulary::units().cjk_times.hour.iter().any(|unit| word.ends_with(unit)))
}

/// Between a number and its unit of time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Between {
    Nothing,
    Device,
    Node,
    Core,
}

/// Hours in the unit that a key has in brackets: "duration (s)", "time [min]".
fn unit_in_brackets(key: &[Token<'_>]) -> Option<f64> {
    key.windows(3)
        .find_map(|w| match w {
            [open, unit, close] if open.is_any(&["(", "["]) && close.is_any(&[")", "]"]) => hours_in(&unit.text),
            _ => None,
        })
        .or_else(|| {
            // "Duration (in seconds)", "Duration in seconds"
            key.windows(2).find_map(|w| match w {
                [lead, unit] if lead.is("in") => hours_in(&unit.text),
                _ => None,
            })
        })
}

/// Token behind a node that is glued to its unit of time by a hyphen: `heures-nœuds`, `horas-nodo`.
fn node_behind(ts: &[Token<'_>], at: usize) -> Option<usize> {
    let hyphen = ts.get(at + 1).is_some_and(|t| t.is("-") && t.glued);
    let english = ts.get(at).is_some_and(|t| t.is_any(&vocabulary::card().device_hours.english_units));
    let node = ts.get(at + 2).is_some_and(|t| t.is_any(&vocabulary::card().device_hours.nodes));
    (hyphen && node && !english).then_some(at + 3)
}

/// Whether a number is glued by a hyphen to the name of a chip before it: "A100-40".
fn is_of_the_chip(ts: &[Token<'_>], at: usize, is_chip: impl Fn(usize) -> bool) -> bool {
    let glued = |at: usize| ts.get(at).is_some_and(|t| t.glued);
    let hyphen = at.checked_sub(1).filter(|sign| glued(at) && glued(*sign) && ts.get(*sign).is_some_and(|t| t.is("-")));
    hyphen.is_some_and(|sign| (sign.saturating_sub(2)..sign).any(|name| is_chip(name) && (name + 1..sign).all(glued)))
}

impl Card<'_> {
    /// Device hours with the unit of time at `at`: `2.788M H800 GPU hours`, `1.400 heures GPU`, `500 node-hours on 8xA100 nodes`. None
    /// when no device is named.
    #[must_use]
    pub fn device_hours(&self, ts: &[Token<'_>], at: usize) -> Option<DeviceHours> {
        let words = &vocabulary::card().device_hours;
        // The H of "8 GPU H100" is no hour.
        if text_at(ts, at) == "h" && ts.get(at + 1).is_some_and(|t| t.kind == Kind::Number && t.glued) {
            return None;
        }
        let glued = ts.get(at).and_then(|t| {
            let is = |list: &Words, between| t.is_any(list).then_some(between);
            is(&words.glued, Between::Device).or_else(|| is(&words.glued_nodes, Between::Node))
        });
        let per_unit = hours_in(text_at(ts, at)).or_else(|| unit_hours(ts, at)).filter(|hours| *hours >= 1.0)?;
        let (q, between) = self.before_unit(ts, at)?;
        let between = glued.unwrap_or(between);
        let (between, to) = match between {
            // "heures-nœuds", "horas-nodo"
            Between::Nothing => match node_behind(ts, at) {
                Some(to) => (Between::Node, to),
                None => (Between::Device, self.device_behind(ts, at)?),
            },
            Between::Device | Between::Node | Between::Core => (between, at + 1),
        };
        let (per_node, reason) = match between {
            Between::Nothing | Between::Device => (1.0, None),
            Between::Node => match self.chips_per_node(ts) {
                Some(chips) => (chips, None),
                None => (1.0, Some("hours of nodes, and no number of chips in one")),
            },
            Between::Core => {
                let of_chips = ts.iter().any(|t| t.is_any(&["tpu", "tpus"]));
                (1.0, (!of_chips).then_some("hours of processor cores"))
            }
        };
        Some(DeviceHours { hours: q.value * per_unit * per_node, quantity: q, to, reason })
    }

    fn chips_per_node(&self, ts: &[Token<'_>]) -> Option<f64> {
        devices_per_node(ts, |i| self.is_chip(ts, i))
    }

    /// The number before a unit of time, and what stands between.
    fn before_unit(&self, ts: &[Token<'_>], at: usize) -> Option<(Quantity, Between)> {
        let words = &vocabulary::card().device_hours;
        let mut seen = Between::Nothing;
        for j in (at.saturating_sub(REACH)..at).rev() {
            let t = ts.get(j)?;
            match t.kind {
                // The s of "688 L40S-hours".
                Kind::Word if t.glued && t.text.len() <= 2 && j >= 2 && self.is_chip(ts, j - 2) => {}
                Kind::Word if t.is_any(&words.nodes) => seen = Between::Node,
                Kind::Word if t.is_any(&words.cores) => seen = if seen == Between::Nothing { Between::Core } else { seen },
                Kind::Word
                    if t.is_any(&words.devices) || t.text.starts_with("tpu") || (t.text.len() <= 2 && self.is_chip(ts, j)) =>
                {
                    seen = if seen == Between::Nothing { Between::Device } else { seen };
                }
                // "half a million GPU hours", "two million GPU hours"
                Kind::Word if quantity(ts, j).is_some_and(|q| q.is_word && q.scaled && q.to <= at) => {
                    return quantity(ts, j).map(|q| (q, seen));
                }
                // "two and a half million", "three quarters of a million"
                Kind::Word if t.is_any(&vocabulary::units().halves.half) || t.is_any(&["and", "of", "quarter", "quarters"]) => {}
                Kind::Word if t.is_any(&words.fillers) || t.is("a") || scale(t.text.as_ref()).is_some() => {}
                // "278.8 万 H800 GPU 小时"
                Kind::Word if !t.text.is_ascii() && without_scale(&t.text).is_empty() => {}
                Kind::Sign if t.is_any(&["-", ".", "·", "*", "×"]) => {}
                // The 40 of "2,400 A100-40 GPU hours" is of the chip.
                Kind::Number if is_of_the_chip(ts, j, |at| self.is_chip(ts, at)) => {
                    seen = if seen == Between::Nothing { Between::Device } else { seen };
                }
                Kind::Number => {
                    let is_memory = ts.get(j + 1).is_some_and(|u| u.is_any(&["gb", "g", "gib"]));
                    if let Some(q) = quantity(ts, j).filter(|q| !is_memory && q.to <= at) {
                        let fits = seen == Between::Nothing || q.to < at || q.scaled;
                        return fits.then_some((q, seen));
                    }
                }
                Kind::Word | Kind::Sign | Kind::Power => return None,
            }
        }
        None
    }

    /// Token behind a device that follows its unit of time: `heures GPU`, `horas de GPU`, `hours of GPU time`.
    fn device_behind(&self, ts: &[Token<'_>], at: usize) -> Option<usize> {
        let words = &vocabulary::card().device_hours;
        let mut j = at + 1;
        while j < at + 3 && ts.get(j).is_some_and(|t| t.is_any(&["-", "de", "di", "of"])) {
            j += 1;
        }
        // "1,200 hours of A100 time"
        let chip = j > at + 1 && self.is_chip(ts, j);
        // "64 horas-H100", "64 heures-A100"
        let is_glued = |at: usize| ts.get(at).is_some_and(|t| t.glued);
        if chip && text_at(ts, j - 1) == "-" && is_glued(j - 1) && is_glued(j) {
            return Some(
                (j + 1..ts.len())
                    .find(|to| !(is_glued(*to) && ts.get(*to).is_some_and(|t| t.kind != Kind::Sign)))
                    .unwrap_or(ts.len()),
            );
        }
        if chip && ts.get(j + 2).is_some_and(|t| t.is_any(&["time", "compute", "usage"])) {
            return Some(j + 3);
        }
        let named = ts.get(j).is_some_and(|t| t.is_any(&words.named));
        let english = ts.get(at).is_some_and(|t| t.is_any(&words.english_units));
        let timed = ts.get(j + 1).is_some_and(|t| t.is_any(&["time", "compute", "usage"]));
        (named && (!english || (timed && j > at + 1))).then_some(j + 1)
    }

    /// Whether a key asks for device hours: `GPU hours`, `H100-hours`.
    #[must_use]
    pub fn is_device_hours_key(&self, key: &str) -> bool {
        // Most keys have no word of time: they are not cut.
        if key.is_ascii() && !key.split(|c: char| !c.is_ascii_alphabetic()).any(|word| hours_in(word).is_some()) {
            return false;
        }
        let ts = lex(key);
        let words = &vocabulary::card().device_hours;
        let Some(unit) = (0..ts.len()).find(|i| unit_hours(&ts, *i).is_some_and(|hours| hours >= 1.0)) else { return false };
        let is_device = |i: usize| ts.get(i).is_some_and(|t| t.is_any(&words.named)) || self.is_chip(&ts, i);
        let before = (0..unit).any(is_device);
        let known = ts.iter().enumerate().all(|(i, t)| {
            i == unit
                || is_device(i)
                || (i > 0 && self.is_chip(&ts, i - 1))
                || t.kind == Kind::Sign
                || t.is_any(&words.fillers)
                || t.is_any(&["of", "in", "training", "used", "de"])
        });
        (before || self.device_behind(&ts, unit).is_some()) && known
    }

    /// Reads a text that holds hours of training: of devices when it says so, or when no single training lasts so long.
    pub fn add_hours(&mut self, spot: &Spot<'_>, key: &str, value: &str) {
        let all = lex_in(value, self.sign);
        let ts = span(&all, 0, MAX_VALUE_TOKENS);
        let key = key.to_lowercase();
        for i in (0..ts.len()).filter(|i| unit_hours(ts, *i).is_some() || ts.get(*i).is_some_and(|t| t.is("h"))) {
            if let Some(d) = self.device_hours(ts, i) {
                self.add(spot, Field::AcceleratorHours, Some(d.hours), value, d.reason.or(d.quantity.refusal()));
                // "20 days (200,000 GPU hours)": the clock's stand before.
                self.add_time(&spot.after(1), span(ts, 0, d.quantity.from), value, false);
                return;
            }
        }
        let says_devices =
            vocabulary::card().device_hours.key_parts.iter().any(|w| key.contains(w)) || self.is_device_hours_key(&key);
        if !self.add_time(spot, ts, value, says_devices) {
            self.add_bare_hours(spot, &key, ts, value, says_devices);
        }
    }

    /// A time with its units, or on a clock. Returns whether there is one.
    fn add_time(&mut self, spot: &Spot<'_>, ts: &[Token<'_>], value: &str, says_devices: bool) -> bool {
        let words = &vocabulary::card().device_hours;
        for i in 0..ts.len() {
            if let Some(hours) = clock(ts, i) {
                self.add(spot, Field::WallHours, Some(hours), value, None);
                return true;
            }
            // "GPU hours: 3.3m" are millions and no minutes.
            let is_letter = says_devices && ts.get(i + 1).is_some_and(|t| t.is("m"));
            if let Some(d) = duration_in_value(ts, i).filter(|_| !is_letter) {
                let named = ts.windows(2).any(|w| matches!(w, [a, b] if a.is_any(&["gpu", "tpu"]) && b.is_any(&words.named_units)));
                let of_devices = says_devices || named;
                let field = if of_devices { Field::AcceleratorHours } else { Field::WallHours };
                self.add(spot, field, Some(d.hours), value, d.is_range.then_some("a range"));
                return true;
            }
        }
        false
    }

    /// A number whose unit is in its key.
    fn add_bare_hours(&mut self, spot: &Spot<'_>, key: &str, ts: &[Token<'_>], value: &str, says_devices: bool) {
        let Some(q) = first_quantity(span(ts, result_from(ts), ts.len())).or_else(|| first_quantity(ts)) else { return };
        let q = summed(ts, q);
        // "trained for 12 epochs" is no number of hours.
        if span(ts, q.to, q.to + 2).iter().any(|t| t.is_any(&vocabulary::keys().pairs.counted)) {
            return;
        }
        let key_words = lex(key);
        let in_hours = key.contains("hour") || key_words.iter().any(|t| says_hours(&t.text));
        let time = short_clock(ts, q.from);
        let (hours, reason) = match (in_hours, time) {
            (true, Some(time)) => (time, None),
            (true, None) => (q.value, q.refusal()),
            (false, Some(time)) => (time, Some("h:mm or m:ss")),
            // "GPU days: 64"
            (false, None) if says_devices && key_words.iter().any(|t| t.is_any(&["day", "days"])) => {
                (q.value * HOURS_PER_DAY, q.refusal())
            }
            // "duration (s)": the unit is in brackets.
            (false, None) if unit_in_brackets(&key_words).is_some() => {
                (q.value * unit_in_brackets(&key_words).unwrap_or(1.0), q.refusal())
            }
            (false, None) if key.contains("runtime") => (q.value / crate::units::SECONDS_PER_HOUR, q.refusal()),
            (false, None) => return,
        };
        let field = if says_devices { Field::AcceleratorHours } else { Field::WallHours };
        self.add(spot, field, Some(hours), value, reason);
    }
}
