//! 10^x, of which every draw needs one: a table and a short polynomial where `libm` works for every argument there is.

use super::assumptions::LN_10;
use std::sync::LazyLock;

/// Steps of the table between two powers of two.
const STEPS: usize = 128;
/// Steps per unit of x: 128 log2 10.
#[allow(clippy::cast_precision_loss)]
const STEPS_PER_UNIT: f64 = STEPS as f64 * std::f64::consts::LOG2_10;
/// Natural log of one step.
#[allow(clippy::cast_precision_loss)]
const LN_STEP: f64 = std::f64::consts::LN_2 / STEPS as f64;
/// Added and taken away again this rounds to the nearest integer: 1.5 x 2^52.
const ROUNDER: f64 = 6_755_399_441_055_744.0;
/// Beyond this lie results that are no normal numbers.
const MOST: f64 = 300.0;
/// Bias of the exponent, and its place in the bits of a double (IEEE 754).
const BIAS: i64 = 1023;
const EXPONENT_SHIFT: u32 = 52;

/// 2^(k/128).
static TABLE: LazyLock<[f64; STEPS]> = LazyLock::new(|| {
    #[allow(clippy::cast_precision_loss)]
    std::array::from_fn(|k| libm::exp2(k as f64 / STEPS as f64))
});

/// 10^x, within 1e-13 of its value. 10^x = 2^e 2^(k/128) exp(r), with e and k whole and |r| at most ln 2 / 256 = 0.0027, so that five terms of
/// the series of exp leave 1.2e-15 (Tang, "Table-driven implementation of the exponential function in IEEE floating-point arithmetic",
/// ACM Transactions on Mathematical Software 15, 1989).
#[must_use]
pub fn pow10(x: f64) -> f64 {
    if x.is_nan() || x.abs() > MOST {
        return libm::exp(x * LN_10);
    }
    let steps = x * STEPS_PER_UNIT;
    let whole = (steps + ROUNDER) - ROUNDER;
    let r = (steps - whole) * LN_STEP;
    #[allow(clippy::cast_possible_truncation)] // At most 300 x 425.
    let whole = whole as i64;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to 127; the exponent is that of a normal number.
    let (k, exponent) = (whole.rem_euclid(128) as usize, (whole.div_euclid(128) + BIAS) as u64);
    let series = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r / 24.0)));
    TABLE[k] * series * f64::from_bits(exponent << EXPONENT_SHIFT)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole powers are what a literal says, others what `libm` gives: its exp errs by less than one unit in the last place, and x ln 10 is
    /// rounded before.
    #[test]
    fn powers_of_ten() {
        for (x, expected) in [(0.0, 1.0), (1.0, 10.0), (-3.0, 1e-3), (27.0, 1e27), (-299.0, 1e-299), (299.0, 1e299)] {
            assert!((pow10(x) / expected - 1.0).abs() < 2e-13, "{x}: {}", pow10(x));
        }
        for i in -30_000..=30_000_i32 {
            let x = f64::from(i) * 0.001_037;
            assert!((pow10(x) / libm::exp10(x) - 1.0).abs() < 2e-14, "{x}");
        }
    }

    #[test]
    fn what_is_no_normal_number() {
        assert_eq!((pow10(400.0), pow10(-400.0)), (f64::INFINITY, 0.0));
        assert!(pow10(f64::NAN).is_nan());
        assert_eq!((pow10(f64::INFINITY), pow10(f64::NEG_INFINITY)), (f64::INFINITY, 0.0));
    }
}
