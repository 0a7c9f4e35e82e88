//! What surrounds the electricity of a run, in draws: emissions of making the hardware, and water. Outside the headline, which it never
//! enters.
//!
//! Both are an amount of the run (device hours, energy) times a factor of a table. How far the factor is from the truth is one error for
//! all rows, so it is drawn once per draw number and used by every row: totals keep it.

use super::rng::{Stream, normal_quantile};
use libm::{exp, log};

/// 90 % of a normal lie within this many standard deviations.
const Z_95: f64 = 1.644_853_626_951_472_2;

/// Deviations of the factors from their central values, one per draw, log-normal with median one.
#[derive(Clone, Debug)]
pub struct AroundSpreads {
    /// Of the emissions of making hardware.
    pub embodied: Vec<f64>,
    /// Of the water per kWh.
    pub water: Vec<f64>,
}

impl AroundSpreads {
    /// For `draws` draws; 90 % of the deviations lie within the factors, either way.
    #[must_use]
    pub fn new(draws: usize, seed: u64, embodied_factor: f64, water_factor: f64) -> Self {
        let spread = |name: &str, factor| spread(draws, Stream::new(seed, name), factor);
        Self { embodied: spread("around#embodied", embodied_factor), water: spread("around#water", water_factor) }
    }
}

/// The quantiles in the middle of equal strata, in an order of the stream's.
fn spread(draws: usize, stream: Stream, factor: f64) -> Vec<f64> {
    let mut order: Vec<(u32, u32)> = (0..u32::try_from(draws).unwrap_or(u32::MAX)).map(|i| (stream.words(i, 0)[0], i)).collect();
    order.sort_unstable();
    let sd = log(factor) / Z_95;
    #[allow(clippy::cast_precision_loss)] // At most 100,000 draws.
    let n = draws as f64;
    order.into_iter().map(|(_, stratum)| exp(sd * normal_quantile((f64::from(stratum) + 0.5) / n))).collect()
}

/// Fills `out` with amount x rate x spread, draw by draw.
pub fn fill(out: &mut Vec<f64>, amounts: &[f64], rate: f64, spread: &[f64]) {
    out.clear();
    out.extend(amounts.iter().zip(spread).map(|(amount, spread)| amount * rate * spread));
}

/// Adds amount x rate x spread to sums, draw by draw.
pub fn add(sums: &mut [f64], amounts: &[f64], rate: f64, spread: &[f64]) {
    for ((sum, amount), spread) in sums.iter_mut().zip(amounts).zip(spread) {
        *sum += amount * rate * spread;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::summary::{Scratch, summarize};

    /// A factor of 3 either way: of 1,000 draws a twentieth lies above 3 and a twentieth below 1/3, half above one.
    #[test]
    fn nine_in_ten_lie_within_the_factor() {
        let spreads = AroundSpreads::new(1000, 42, 3.0, 2.5);
        let share = |values: &[f64], is: &dyn Fn(f64) -> bool| values.iter().filter(|v| is(**v)).count();
        assert_eq!(share(&spreads.embodied, &|v| v > 3.0), 50);
        assert_eq!(share(&spreads.embodied, &|v| v < 1.0 / 3.0), 50);
        assert_eq!(share(&spreads.water, &|v| v > 2.5), 50);
        assert_eq!(share(&spreads.water, &|v| v > 1.0), 500);
        assert_ne!(spreads.embodied[..10], AroundSpreads::new(1000, 43, 3.0, 2.5).embodied[..10]);
        let mut out = Vec::new();
        fill(&mut out, &vec![1000.0; 1000], 0.02, &spreads.embodied);
        let q = summarize(&out, &mut Scratch::default());
        assert!((q.p50 / 20.0 - 1.0).abs() < 0.01 && (q.p95 / 60.0 - 1.0).abs() < 0.02, "{q:?}");
    }
}
