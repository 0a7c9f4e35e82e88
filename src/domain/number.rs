//! How a number looks to a person in plain text.

/// Three significant digits; powers of ten from a million on, and below a thousandth.
#[must_use]
pub fn number(x: f64) -> String {
    if x == 0.0 {
        return "0".into();
    }
    let magnitude = x.abs();
    if !magnitude.is_finite() || !(1e-3..1e6).contains(&magnitude) {
        return format!("{x:.2e}");
    }
    if magnitude >= 100.0 {
        return grouped(x.round());
    }
    let decimals = match magnitude {
        10.0.. => 1,
        1.0.. => 2,
        0.1.. => 3,
        0.01.. => 4,
        _ => 5,
    };
    format!("{x:.decimals$}")
}

/// Digits of a number that stands in a calculation to be done again.
const STEP_DIGITS: usize = 5;

/// A number as [`step`] prints it: five significant digits, and all of those before the point below a million. A calculation that goes on
/// with it is the one that a reader of the printed numbers gets.
#[must_use]
pub fn step_value(x: f64) -> f64 {
    let digits = if (1e5..1e6).contains(&x.abs()) { STEP_DIGITS + 1 } else { STEP_DIGITS };
    format!("{x:.*e}", digits - 1).parse().unwrap_or(x)
}

/// A number of a calculation that a reader does again: as [`number`], with five significant digits, and without zeros behind the third.
#[must_use]
pub fn step(x: f64) -> String {
    let value = step_value(x);
    let magnitude = value.abs();
    if value == 0.0 || !magnitude.is_finite() {
        return number(value);
    }
    if !(1e-3..1e6).contains(&magnitude) {
        let text = format!("{value:.*e}", STEP_DIGITS - 1);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", without_zeros(mantissa, 2));
    }
    // Digits before the point; below one the first digit lies that far behind it.
    let first = (-3..6).rev().find(|at| magnitude >= 10_f64.powi(*at)).unwrap_or(-3);
    let behind = |digits: usize| usize::try_from(i32::try_from(digits).unwrap_or(0) - 1 - first).unwrap_or(0);
    let all = format!("{value:.*}", behind(STEP_DIGITS));
    let text = without_zeros(&all, behind(3));
    match text.split_once('.') {
        Some((whole, rest)) => format!("{}.{rest}", grouped(whole.parse().unwrap_or(value.trunc()))),
        None => grouped(value),
    }
}

/// Without the zeros at the end, save so many decimals.
fn without_zeros(text: &str, decimals: usize) -> &str {
    let Some(point) = text.find('.') else { return text };
    let least = if decimals == 0 { point } else { point + 1 + decimals };
    let kept = text.trim_end_matches('0').trim_end_matches('.').len();
    &text[..kept.max(least).min(text.len())]
}

/// A share as percent; what is there and would be shown as zero says so: `under 0.1 %`.
#[must_use]
pub fn percent(share: f64, decimals: usize) -> String {
    let (percent, least) = (share * 100.0, 10_f64.powi(-i32::try_from(decimals).unwrap_or(0)));
    if percent != 0.0 && percent.abs() < least / 2.0 { format!("under {least} %") } else { format!("{percent:.decimals$} %") }
}

/// A whole number with thousands separated by commas.
#[must_use]
pub fn grouped(x: f64) -> String {
    let digits = format!("{:.0}", x.abs());
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(c);
    }
    if x < 0.0 { format!("-{out}") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_a_person_reads_them() {
        for (x, expected) in [
            (0.0, "0"),
            (12_345.6, "12,346"),
            (999_999.0, "999,999"),
            (1.5e24, "1.50e24"),
            (0.000_42, "4.20e-4"),
            (2.347, "2.35"),
            (0.34, "0.340"),
            // Regression: "0.017 x 397 x 1.55 / 1000 = 0.010" could not be redone.
            (0.016_88, "0.0169"),
            (0.010_386, "0.0104"),
            (0.001_234, "0.00123"),
            (-1234.0, "-1,234"),
        ] {
            assert_eq!(number(x), expected);
        }
    }

    #[test]
    fn numbers_of_a_calculation_have_five_digits_and_no_idle_zeros() {
        for (x, expected) in [
            (0.0, "0"),
            (3.084e7, "3.084e7"),
            (3.0837e7, "3.0837e7"),
            (3.8e25, "3.80e25"),
            (969.01, "969.01"),
            (700.0, "700"),
            (1.08, "1.08"),
            (0.330_011_5, "0.33001"),
            (0.822, "0.822"),
            (0.33, "0.330"),
            (40.5, "40.5"),
            (314_489.4, "314,489"),
            (14_399.53, "14,400"),
            (1_234.56, "1,234.6"),
            (999_999.7, "1.00e6"),
            (0.010_386, "0.010386"),
            (0.001_2, "0.00120"),
            (4.2e-4, "4.20e-4"),
            (6.0, "6.00"),
        ] {
            assert_eq!(step(x), expected);
            let read: f64 = expected.replace(',', "").parse().unwrap();
            assert_eq!(step_value(x), read, "what is printed is what is reckoned with");
        }
    }

    /// Regression: "-0.0 %" of a total that lost 11 t, and "0.0 %" of a tier that has some.
    #[test]
    fn what_is_small_is_not_said_to_be_nothing() {
        let said = [0.0, 0.0004, -0.0004, 0.0005, 0.131, -0.2].map(|share| percent(share, 1));
        assert_eq!(said, ["0.0 %", "under 0.1 %", "under 0.1 %", "0.1 %", "13.1 %", "-20.0 %"]);
        assert_eq!([0.001, 0.058].map(|share| percent(share, 0)), ["under 1 %", "6 %"]);
    }
}
