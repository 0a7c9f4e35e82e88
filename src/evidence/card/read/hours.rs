//! Hours of a training: of its devices, or by the clock.

use super::candidate::{Card, Spot};
use super::values::MAX_VALUE_TOKENS;
use crate::domain::Field;
use crate::evidence::quantity::durations::{clock, duration};
use crate::evidence::quantity::numbers::{Quantity, first_quantity, quantity, scale};
use crate::evidence::quantity::tokens::{Kind, Token, lex, span, text_at};
use crate::evidence::quantity::units::hours_in;
use crate::evidence::vocabulary;

/// Hours of a year: more cannot be the wall hours of one training in a form that is often filled with device hours.
const HOURS_PER_YEAR: f64 = 8760.0;

/// Device hours and the quantity they were read from.
#[derive(Clone, Copy, Debug)]
pub struct DeviceHours {
    /// Hours.
    pub hours: f64,
    /// Quantity.
    pub quantity: Quantity,
}

impl Card<'_> {
    /// Device hours that end with the unit of time at `at`: `2.788M H800 GPU hours`. None when no device stands between.
    #[must_use]
    pub fn device_hours(&self, ts: &[Token<'_>], at: usize) -> Option<DeviceHours> {
        let words = &vocabulary::card().device_hours;
        let per_unit = hours_in(text_at(ts, at))?;
        let mut seen = false;
        for j in (at.saturating_sub(10)..at).rev() {
            let t = ts.get(j)?;
            match t.kind {
                Kind::Word if t.is_any(&words.devices) || (t.text.len() <= 2 && self.is_chip(ts, j)) => seen = true,
                Kind::Word if t.is_any(&words.fillers) || scale(t.text.as_ref()).is_some() => {}
                Kind::Sign if t.is_any(&["-", "."]) => {}
                Kind::Number => {
                    let is_memory = ts.get(j + 1).is_some_and(|u| u.is_any(&["gb", "g", "gib"]));
                    if let Some(q) = quantity(ts, j)
                        && !is_memory
                        && seen
                        && q.to <= at
                    {
                        return (q.to < at || q.scaled).then_some(DeviceHours { hours: q.value * per_unit, quantity: q });
                    }
                }
                Kind::Word | Kind::Sign | Kind::Power => return None,
            }
        }
        None
    }

    /// Reads a text that holds hours of training: of devices when it says so, or when no single training lasts so long.
    pub fn add_hours(&mut self, spot: &Spot<'_>, key: &str, value: &str) {
        let words = &vocabulary::card().device_hours;
        let all = lex(value);
        let ts = span(&all, 0, MAX_VALUE_TOKENS);
        let key = key.to_lowercase();
        let range = |is: bool| is.then_some("a range");
        for i in (0..ts.len()).filter(|i| ts.get(*i).is_some_and(|t| t.is_any(&words.units))) {
            if let Some(d) = self.device_hours(ts, i) {
                self.add(spot, Field::AcceleratorHours, Some(d.hours), value, range(d.quantity.is_range));
                return;
            }
        }
        let says_devices = words.key_parts.iter().any(|w| key.contains(w));
        let field = |is_device: bool| if is_device { Field::AcceleratorHours } else { Field::WallHours };
        for i in 0..ts.len() {
            if let Some(hours) = clock(ts, i) {
                self.add(spot, Field::WallHours, Some(hours), value, None);
                return;
            }
            if let Some(d) = duration(ts, i) {
                let named = ts.windows(2).any(|w| matches!(w, [a, b] if a.is_any(&["gpu", "tpu"]) && b.is_any(&words.named_units)));
                self.add(spot, field(says_devices || named), Some(d.hours), value, range(d.is_range));
                return;
            }
        }
        let Some(q) = first_quantity(ts) else { return };
        let hours = if key.contains("hour") {
            q.value
        } else if key.contains("runtime") {
            q.value / crate::units::SECONDS_PER_HOUR
        } else {
            return;
        };
        self.add_quantity(spot, field(says_devices || hours > HOURS_PER_YEAR), hours, value, &q);
    }
}
