//! Quantiles and means of draws.

use crate::domain::Quantiles;

/// Summarises draws; `scratch` is reused between calls. All zero for no draws.
#[must_use]
pub fn summarize(draws: &[f64], scratch: &mut Vec<u64>) -> Quantiles {
    if draws.is_empty() {
        return Quantiles::default();
    }
    #[allow(clippy::cast_precision_loss)] // At most 100,000 draws.
    let mean = draws.iter().sum::<f64>() / draws.len() as f64;
    let [p05, p50, p95] = quantiles(draws, scratch, [0.05, 0.50, 0.95]);
    Quantiles { p05, p50, p95, mean }
}

/// The median alone.
#[must_use]
pub fn median_of(draws: &[f64], scratch: &mut Vec<u64>) -> f64 {
    let [p50] = quantiles(draws, scratch, [0.5]);
    p50
}

/// A key whose order as an integer is that of the value: comparing integers is several times cheaper, and this is done five times for
/// every estimate (IEEE 754, section 5.10: the order of bit patterns).
fn key(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | (1 << 63) }
}

fn value(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

/// The same as [`quantile_sorted`] on values in any order: selecting order statistics, each among those between the ones before, is several
/// times cheaper than sorting.
fn quantiles<const N: usize>(values: &[f64], scratch: &mut Vec<u64>, probabilities: [f64; N]) -> [f64; N] {
    let Some(last) = values.len().checked_sub(1) else { return [f64::NAN; N] };
    scratch.clear();
    scratch.extend(values.iter().copied().map(key));
    #[allow(clippy::cast_precision_loss)]
    let positions = probabilities.map(|p| p * last as f64);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 <= position <= last.
    let ranks = positions.map(|position| [position as usize, (position as usize + 1).min(last)]);
    place(scratch, 0, ranks.as_flattened());
    std::array::from_fn(|at| {
        let [low, high] = ranks[at].map(|rank| value(scratch[rank]));
        #[allow(clippy::cast_precision_loss)]
        let fraction = positions[at] - ranks[at][0] as f64;
        low + fraction * (high - low)
    })
}

/// Brings what has one of the ranks to its place. `first` is the rank of the first key. The rank nearest to the middle goes first, because it
/// halves what the others are looked for in.
fn place(keys: &mut [u64], first: usize, ranks: &[usize]) {
    let (middle, end) = (first + keys.len() / 2, first + keys.len());
    let Some(rank) = ranks.iter().copied().filter(|rank| (first..end).contains(rank)).min_by_key(|rank| rank.abs_diff(middle))
    else {
        return;
    };
    let (below, _, above) = keys.select_nth_unstable(rank - first);
    place(below, first, ranks);
    place(above, rank + 1, ranks);
}

/// Linear interpolation between order statistics, type 7 of Hyndman and Fan (1996), the default of R and NumPy.
#[must_use]
pub fn quantile_sorted(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    #[allow(clippy::cast_precision_loss)]
    let position = p * last as f64;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 <= position <= last.
    let below = position as usize;
    let above = (below + 1).min(last);
    #[allow(clippy::cast_precision_loss)]
    let fraction = position - below as f64;
    sorted[below] + fraction * (sorted[above] - sorted[below])
}

/// Median of unsorted values; NaN for none.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    quantile_sorted(&sorted, 0.5)
}

/// 1.4826 x median absolute deviation: the standard deviation of a normal sample, robust against outliers
/// (Rousseeuw and Croux 1993).
#[must_use]
pub fn robust_sd(values: &[f64]) -> f64 {
    let centre = median(values);
    let deviations: Vec<f64> = values.iter().map(|v| (v - centre).abs()).collect();
    1.4826 * median(&deviations)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Selection against a full sort, for sizes at which the order statistics of two quantiles meet.
    #[test]
    fn quantiles_of_shuffled_values_are_those_of_sorted_ones() {
        for n in [1_usize, 2, 3, 5, 20, 21, 57, 1000] {
            // 7919 is prime to every n: a permutation.
            #[allow(clippy::cast_precision_loss)]
            let shuffled: Vec<f64> = (0..n).map(|i| ((i * 7919 + 3) % n) as f64 * 0.5).collect();
            let mut sorted = shuffled.clone();
            sorted.sort_unstable_by(f64::total_cmp);
            let got = quantiles(&shuffled, &mut Vec::new(), [0.0, 0.05, 0.5, 0.95, 1.0]);
            assert_eq!(got, [0.0, 0.05, 0.5, 0.95, 1.0].map(|p| quantile_sorted(&sorted, p)), "{n}");
        }
    }

    #[test]
    fn keys_order_as_values_and_come_back() {
        let values = [f64::NEG_INFINITY, -1e300, -1.0, -0.0, 0.0, 1e-310, 1.0, 2.0, 1e300, f64::INFINITY];
        assert!(values.windows(2).all(|w| key(w[0]) < key(w[1])));
        assert!(values.iter().all(|v| value(key(*v)).to_bits() == v.to_bits()));
    }

    /// numpy.quantile([1, 2, 4, 8], [.05, .5, .95]) = 1.15, 3, 7.4 by hand: positions .15, 1.5, 2.85.
    #[test]
    fn quantiles_by_hand() {
        let s = summarize(&[8.0, 1.0, 4.0, 2.0], &mut Vec::new());
        for (got, expected) in [(s.p05, 1.15), (s.p50, 3.0), (s.p95, 7.4), (s.mean, 3.75)] {
            assert!((got - expected).abs() < 1e-12, "{got} {expected}");
        }
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert!((robust_sd(&[1.0, 2.0, 3.0, 4.0, 100.0]) - 1.4826).abs() < 1e-12);
    }
}
