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
}
