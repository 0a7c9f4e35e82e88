//! Devices times hours, written out with what comes of it: "16 H100 x 12 days = 4,608 GPU hours", "4,608 (16 H100 × 288 h)". Whatever order and
//! signs they stand in, three numbers of which one is the product of the others are the parts of one training: none of them is lost.

use super::candidate::{Card, Spot};
use super::results::result_from;
use crate::domain::Field;
use crate::evidence::hardware::{Context, MOST_DEVICES};
use crate::evidence::quantity::durations::duration_in_value;
use crate::evidence::quantity::numbers::{first_quantity, quantity};
use crate::evidence::quantity::tokens::{Kind, Token, span};

/// A product of rounded factors differs from the rounded product by less.
const ROUNDED: f64 = 0.03;
/// Numbers of one value that are compared, at most.
const MOST_NUMBERS: usize = 12;

/// Devices, their time by the clock, and the hours of all of them.
#[derive(Clone, Copy, Debug, PartialEq)]
struct DevicesAndTime {
    devices: f64,
    wall: f64,
    hours: f64,
}

impl Card<'_> {
    /// Adds devices, time and device hours of a value that states all three. Returns whether it does. `says_devices` is whether its key asks
    /// for hours of devices, of which a bare number is then one.
    pub(super) fn add_devices_and_time(&mut self, spot: &Spot<'_>, value: &str, ts: &[Token<'_>], says_devices: bool) -> bool {
        let Some(found) = self.devices_and_time(ts, says_devices) else { return false };
        self.add(spot, Field::AcceleratorHours, Some(found.hours), value, None);
        self.add(&spot.after(1), Field::WallHours, Some(found.wall), value, None);
        self.add(&spot.after(1), Field::AcceleratorCount, Some(found.devices), value, None);
        self.add_hardware(&spot.after(2), value, Context::Prose);
        true
    }

    /// The three numbers, where one is the product of the others.
    fn devices_and_time(&self, ts: &[Token<'_>], says_devices: bool) -> Option<DevicesAndTime> {
        let numbers: Vec<usize> = (0..ts.len()).filter(|i| is_number(ts, *i)).take(MOST_NUMBERS).collect();
        if numbers.len() < 3 {
            return None;
        }
        let times: Vec<f64> =
            numbers.iter().filter_map(|i| duration_in_value(ts, *i)).filter(|d| !d.is_range).map(|d| d.hours).collect();
        let counts: Vec<f64> = numbers.iter().filter_map(|i| counted(ts, *i)).collect();
        let grids = counts.iter().zip(counts.iter().skip(1)).map(|(nodes, each)| nodes * each);
        let devices: Vec<f64> = counts.iter().copied().chain(grids).filter(|n| *n <= f64::from(MOST_DEVICES)).collect();
        let products = self.device_hours_stated(ts, says_devices);
        let fits = |devices: f64, wall: f64, hours: f64| (devices * wall - hours).abs() <= ROUNDED * hours;
        products.iter().find_map(|hours| {
            let parts = times.iter().flat_map(|wall| devices.iter().map(|n| (*n, *wall)));
            let (devices, wall) = parts.into_iter().find(|(n, wall)| *n > 1.0 && fits(*n, *wall, *hours))?;
            Some(DevicesAndTime { devices, wall, hours: *hours })
        })
    }

    /// The hours of devices that a value states: with their unit, as a result, or as its first number where the key asks for them.
    fn device_hours_stated(&self, ts: &[Token<'_>], says_devices: bool) -> Vec<f64> {
        let named = (0..ts.len()).filter_map(|i| self.device_hours(ts, i)).filter(|d| d.reason.is_none()).map(|d| d.hours);
        let from = result_from(ts);
        let result = first_quantity(span(ts, from, ts.len())).filter(|_| from > 0).map(|q| q.value);
        // "960 = 5 days x 24h x 8 GPUs"
        let says = |to: usize| says_devices || ts.get(to).is_some_and(|t| t.is("="));
        let first = first_quantity(ts).filter(|q| q.from == 0 && says(q.to)).map(|q| q.value);
        named.chain(result).chain(first).filter(|hours| *hours > 0.0).collect()
    }
}

/// Whether a number begins at a token, and no part of a name: the 100 of "H100" is none.
fn is_number(ts: &[Token<'_>], at: usize) -> bool {
    let in_name = || at.checked_sub(1).and_then(|before| ts.get(before)).is_some_and(|t| t.kind == Kind::Word);
    ts.get(at).is_some_and(|t| t.kind == Kind::Number && !(t.glued && in_name()))
}

/// A whole number that may count devices.
fn counted(ts: &[Token<'_>], at: usize) -> Option<f64> {
    quantity(ts, at).filter(|q| q.refusal().is_none() && q.value >= 1.0 && q.value.fract() == 0.0).map(|q| q.value)
}

#[cfg(test)]
mod tests {
    use crate::domain::Field;
    use crate::evidence::card::tests::card_tables;
    use crate::evidence::card::{About, CardRole, extract};
    use crate::reference::Reference;

    fn read(line: &str) -> [Option<f64>; 3] {
        let about = About { model_id: "org/m", role: CardRole::OwnTraining, base_ids: &[], total_params: None };
        let rows = extract(card_tables(&Reference::load().unwrap()), &format!("# m\n\n## Training\n\n- {line}\n"), &about);
        let of = |field| rows.iter().find(|r| r.field == field && r.reject_reason.is_none()).and_then(|r| r.value);
        [of(Field::AcceleratorCount), of(Field::WallHours), of(Field::AcceleratorHours)]
    }

    #[test]
    fn time_and_chips_behind_a_product_are_not_lost() {
        for line in [
            "Compute: 16 H100 x 12 days = 4,608 GPU hours",
            "Training time: 12 days x 16 H100 = 4,608 GPU-h",
            "GPU hours: 4,608 (16 H100 x 12 days)",
            "GPU hours: 16 H100 × 288 h = 4,608 h",
            "GPU-Stunden: 16 H100 × 12 Tage = 4.608",
            "Hardware: 2 nodes x 8 H100 x 12 days = 4,608 GPU hours",
        ] {
            assert_eq!(read(line), [Some(16.0), Some(288.0), Some(4608.0)], "{line}");
        }
    }

    #[test]
    fn numbers_that_make_no_product_are_read_one_by_one() {
        // The hours are of more than this run.
        assert_eq!(read("Training time: 3 days on 8 A100 (5,000 GPU hours in all experiments)")[2], None);
        assert_eq!(read("Training time: 30 hours on 4 A100"), [Some(4.0), Some(30.0), None]);
    }
}
