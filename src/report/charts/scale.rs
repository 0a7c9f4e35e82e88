//! Where a value lies on an axis.

use libm::{ceil, floor, log10, pow};

/// Most ticks of a linear axis, zero included.
const MOST_TICKS: f64 = 5.0;

/// Up to so many decades, an axis has ticks at ones, twos and fives.
const FINE_DECADES: f64 = 2.0;

/// An axis from left to right, or from bottom to top.
#[derive(Clone, Debug)]
pub(in crate::report) enum Scale {
    /// From zero.
    Linear {
        /// Right end.
        max: f64,
        /// Distance of ticks.
        step: f64,
    },
    /// Powers of ten.
    Log {
        /// Exponent of the left end.
        low: f64,
        /// Exponent of the right end.
        high: f64,
    },
}

impl Scale {
    /// From zero to the largest value, with a round distance of ticks.
    pub(in crate::report) fn linear(values: impl IntoIterator<Item = f64>) -> Self {
        let most = values.into_iter().filter(|v| v.is_finite()).fold(0.0, f64::max);
        if most <= 0.0 {
            return Self::Linear { max: 1.0, step: 1.0 };
        }
        let raw = most / (MOST_TICKS - 1.0);
        let magnitude = pow(10.0, floor(log10(raw)));
        let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|s| s * magnitude).find(|s| *s >= raw * 0.999).unwrap_or(raw);
        Self::Linear { max: (most * 1.02).max(step * floor(most / step)), step }
    }

    /// Decades around the values; what is not above zero has no place.
    pub(in crate::report) fn log(values: impl IntoIterator<Item = f64>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.into_iter().filter(|v| v.is_finite() && *v > 0.0) {
            let exponent = log10(value);
            low = low.min(exponent);
            high = high.max(exponent);
        }
        if low > high {
            return Self::Log { low: 0.0, high: 1.0 };
        }
        if high - low > FINE_DECADES {
            let (low, high) = (floor(low), ceil(high));
            return Self::Log { low, high: if high > low { high } else { low + 1.0 } };
        }
        // A short axis ends at a one, two or five.
        let steps = fine(low, high);
        let (low, high) = (steps.first().copied().unwrap_or(low), steps.last().copied().unwrap_or(high));
        Self::Log { low, high: if high > low { high } else { low + 1.0 } }
    }

    /// Position of a value in percent of the axis; beyond its ends is at the end.
    pub(in crate::report) fn position(&self, value: f64) -> f64 {
        let share = match self {
            Self::Linear { max, .. } => value / max,
            Self::Log { low, high } if value > 0.0 => (log10(value) - low) / (high - low),
            Self::Log { .. } => 0.0,
        };
        if share.is_finite() { (share * 100.0).clamp(0.0, 100.0) } else { 0.0 }
    }

    /// Values with a line across.
    pub(in crate::report) fn ticks(&self) -> Vec<f64> {
        let counted = |n: f64| (0..1000).map(f64::from).take_while(move |i| *i <= n);
        match self {
            Self::Linear { max, step } => counted(floor(max / step)).map(|i| i * step).collect(),
            Self::Log { low, high } if high - low <= FINE_DECADES + 1.0 => {
                fine(*low, *high).into_iter().filter(|e| (low - 1e-9..=high + 1e-9).contains(e)).map(|e| pow(10.0, e)).collect()
            }
            Self::Log { low, high } => {
                let every = ceil((high - low) / 7.0).max(1.0);
                counted(floor((high - low) / every)).map(|i| pow(10.0, low + i * every)).collect()
            }
        }
    }
}

/// Exponents of ones, twos and fives from the last at or below `low` to the first at or above `high`.
fn fine(low: f64, high: f64) -> Vec<f64> {
    let steps = [0.0, log10(2.0), log10(5.0)];
    let decades = (0..12).map(f64::from).map(move |i| floor(low) - 1.0 + i);
    let all: Vec<f64> = decades.flat_map(|decade| steps.map(|step| decade + step)).collect();
    let from = all.iter().rposition(|e| *e <= low).unwrap_or_default();
    let to = all.iter().position(|e| *e >= high).unwrap_or(all.len() - 1);
    all.into_iter().skip(from).take((to + 1).saturating_sub(from)).collect()
}

/// A position as SVG writes it.
pub(in crate::report) fn percent_of(position: f64) -> String {
    format!("{position:.2}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_hold_the_values() {
        let scale = Scale::linear([12_000.0, 231_820.0]);
        assert_eq!(scale.ticks(), [0.0, 100_000.0, 200_000.0]);
        assert!((scale.position(115_910.0) - 49.02).abs() < 0.01);
        let scale = Scale::linear([3.9]);
        assert_eq!(scale.ticks(), [0.0, 1.0, 2.0, 3.0]);
        let scale = Scale::log([3.0, 7000.0]);
        assert_eq!(scale.ticks().len(), 5);
        assert!((scale.position(100.0) - 50.0).abs() < 1e-9);
        let scale = Scale::log([0.34, 8.0]);
        let ticks: Vec<i32> = scale.ticks().iter().map(|t| (t * 10.0).round() as i32).collect();
        assert_eq!(ticks, [2, 5, 10, 20, 50, 100]);
        assert_eq!(Scale::log([]).position(-1.0), 0.0);
        assert_eq!(Scale::linear([f64::NAN]).ticks(), [0.0, 1.0]);
    }
}
