//! Instants written as numbers: the unit is decided by the range that the Hub's instants are in.

use crate::domain::source::EpochUnit;

/// Milliseconds of 2016-01-01 and 2036-01-01: the Hub's first repositories date from 2018, and an instant decades ahead would
/// date the whole snapshot. The range spans less than a factor of a thousand, so that a number is in it in one unit at most.
pub(super) const INSTANTS: std::ops::Range<i64> = 1_451_606_400_000..2_082_758_400_000;

/// Whether a text is a number and nothing else.
pub(super) fn is_number(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit()) && text.parse::<f64>().is_ok()
}

/// Milliseconds since 1970 of a number in the one unit in which it is an instant of the Hub; none if there is no such unit.
pub(super) fn epoch(number: &str) -> Option<(i64, EpochUnit)> {
    let instant = |unit: EpochUnit| {
        let millis = match number.parse::<i64>() {
            Ok(whole) => millis_of(whole, unit)?,
            Err(_) => millis_of_fraction(number.parse().ok()?, unit),
        };
        INSTANTS.contains(&millis).then_some((millis, unit))
    };
    EpochUnit::ALL.iter().copied().find_map(instant)
}

fn millis_of(number: i64, unit: EpochUnit) -> Option<i64> {
    match unit {
        EpochUnit::Seconds => number.checked_mul(1_000),
        EpochUnit::Milliseconds => Some(number),
        EpochUnit::Microseconds => Some(number.div_euclid(1_000)),
        EpochUnit::Nanoseconds => Some(number.div_euclid(1_000_000)),
    }
}

/// Tools that know one kind of number write `1714564800123.0` or `1.714564800123e12`, and seconds with a fraction.
fn millis_of_fraction(number: f64, unit: EpochUnit) -> i64 {
    let per_milli = match unit {
        EpochUnit::Seconds => 1e-3,
        EpochUnit::Milliseconds => 1.0,
        EpochUnit::Microseconds => 1e3,
        EpochUnit::Nanoseconds => 1e6,
    };
    // Seconds with three decimals are not exact in binary: the nearest millisecond is meant. Casting saturates, far from the range.
    #[allow(clippy::cast_possible_truncation)]
    let millis = (number / per_milli + 0.01).floor() as i64;
    millis
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_is_decided_by_the_range() {
        // date -u -d 2024-05-01T12:00:00Z +%s is 1714564800.
        for (number, millis, unit) in [
            ("1714564800", 1_714_564_800_000, EpochUnit::Seconds),
            ("1714564800123", 1_714_564_800_123, EpochUnit::Milliseconds),
            ("1714564800123456", 1_714_564_800_123, EpochUnit::Microseconds),
            ("1714564800123456789", 1_714_564_800_123, EpochUnit::Nanoseconds),
            ("1714564800.123", 1_714_564_800_123, EpochUnit::Seconds),
            ("1.714564800123e12", 1_714_564_800_123, EpochUnit::Milliseconds),
            ("1714564800123.0", 1_714_564_800_123, EpochUnit::Milliseconds),
            ("1714564800123456.0", 1_714_564_800_123, EpochUnit::Microseconds),
        ] {
            assert_eq!(epoch(number), Some((millis, unit)), "{number}");
        }
        for number in ["0", "20240501", "1714564", "-1714564800", "99999999999", "1e300", "9223372036854775807"] {
            assert_eq!(epoch(number), None, "{number}");
        }
        assert!(is_number("1e12") && is_number(" 5".trim()) && !is_number("nan") && !is_number("2024-05-01") && !is_number(""));
    }
}
