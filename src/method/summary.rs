//! Quantiles and means of draws.

use crate::domain::Quantiles;

/// Buffers of [`summarize`], reused between calls.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    /// First bits of each value.
    keys: Vec<i32>,
    /// Bucket of each value.
    buckets: Vec<u16>,
    /// Values of each bucket, and of each block of buckets.
    counts: Vec<u32>,
    blocks: Vec<u32>,
    /// The values of one bucket.
    of_one: Vec<f64>,
}

/// Summarises draws, which are not negative. All zero for no draws.
#[must_use]
pub fn summarize(draws: &[f64], scratch: &mut Scratch) -> Quantiles {
    let [summary] = summarize_all([draws], scratch);
    summary
}

/// Summarises several quantities. Their sums are taken side by side, each in the order of its draws: one addition waits for the one before, and
/// the others fill the time. All zero for a quantity without draws.
#[must_use]
pub fn summarize_all<const N: usize>(draws: [&[f64]; N], scratch: &mut Scratch) -> [Quantiles; N] {
    let sums = sums(draws);
    std::array::from_fn(|at| {
        if draws[at].is_empty() {
            return Quantiles::default();
        }
        let [p05, p50, p95] = quantiles(draws[at], scratch, [0.05, 0.50, 0.95]);
        #[allow(clippy::cast_precision_loss)] // At most 100,000 draws.
        let mean = sums[at] / draws[at].len() as f64;
        Quantiles { p05, p50, p95, mean }
    })
}

/// The sum of each, in the order of its values.
fn sums<const N: usize>(all: [&[f64]; N]) -> [f64; N] {
    let common = all.iter().map(|values| values.len()).min().unwrap_or_default();
    let (begun, left) = (all.map(|values| &values[..common]), all.map(|values| &values[common..]));
    let mut sums = [0.0; N];
    for at in 0..common {
        for (sum, values) in sums.iter_mut().zip(&begun) {
            *sum += values[at];
        }
    }
    for (sum, values) in sums.iter_mut().zip(left) {
        values.iter().for_each(|value| *sum += value);
    }
    sums
}

/// The median alone.
#[must_use]
pub fn median_of(draws: &[f64], scratch: &mut Scratch) -> f64 {
    let [p50] = quantiles(draws, scratch, [0.5]);
    p50
}

/// Buckets between the least value above zero and the greatest of some that are looked at: a quarter of them at least is used. Of 1,000 draws of a factor with a heavy tail
/// some five share one in the middle.
const BUCKETS: usize = 1_024;
const LOG2_BUCKETS: u32 = BUCKETS.ilog2();
/// Buckets whose values are counted together, so that a rank is found in two short walks.
const BLOCK: usize = 32;
/// Values that are looked through at once for those of a bucket.
const LOOKED_AT: usize = 16;
/// Of so many values one is looked at to tell where the buckets lie.
const SAMPLED: usize = 8;

/// The same as [`quantile_sorted`] on values in any order. Bits of positive floats order as their values do (IEEE 754, section 5.10), almost as
/// logarithms would: by their first bits values are counted into buckets, and only the few buckets in which the quantiles lie are sorted.
fn quantiles<const N: usize>(values: &[f64], scratch: &mut Scratch, probabilities: [f64; N]) -> [f64; N] {
    let Some(last) = values.len().checked_sub(1) else { return [f64::NAN; N] };
    count(values, scratch);
    let Scratch { buckets, counts, blocks, of_one, .. } = scratch;
    let (mut gathered, mut below) = (usize::MAX, 0);
    let mut ranked = |rank: usize| {
        if gathered == usize::MAX || rank < below || rank - below >= of_one.len() {
            (gathered, below) = bucket_of(rank, counts, blocks);
            gather(values, buckets, gathered, of_one);
        }
        of_one[rank - below]
    };
    probabilities.map(|p| {
        #[allow(clippy::cast_precision_loss)]
        let position = p * last as f64;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 <= position <= last.
        let rank = position as usize;
        let (low, high) = (ranked(rank), ranked((rank + 1).min(last)));
        #[allow(clippy::cast_precision_loss)]
        let fraction = position - rank as f64;
        low + fraction * (high - low)
    })
}

/// The bucket in which a rank lies, and how many values lie in those before. Every value is in a bucket, so that the counts add up to more
/// than any rank.
fn bucket_of(rank: usize, counts: &[u32], blocks: &[u32]) -> (usize, usize) {
    let (mut block, mut below) = (0, 0);
    while below + blocks[block] as usize <= rank {
        below += blocks[block] as usize;
        block += 1;
    }
    let mut bucket = block * BLOCK;
    while below + counts[bucket] as usize <= rank {
        below += counts[bucket] as usize;
        bucket += 1;
    }
    (bucket, below)
}

/// Tells for every value its bucket, and counts the values of each. The first has zeros, and what is below zero, of which there is none
/// among draws. Sums wrap where they cannot overflow: asked for each value whether it did, processors could not take several at once.
fn count(values: &[f64], Scratch { keys, buckets, counts, blocks, .. }: &mut Scratch) {
    keys.clear();
    // Sign, exponent and 20 bits of the fraction.
    #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]
    keys.extend(values.iter().map(|value| (value.to_bits() >> 32) as i32));
    let (least, greatest) = range(keys);
    // Both lie above zero. Values below or above them are in the first or the last bucket.
    let span = greatest.wrapping_sub(least).unsigned_abs();
    // Half the buckets at most, less one for zeros.
    let shift = (u32::BITS - span.leading_zeros()).saturating_sub(LOG2_BUCKETS - 1);
    let first = least.saturating_sub(1 << shift).max(0);
    let most = i32::try_from(BUCKETS - 1).unwrap_or(i32::MAX);
    buckets.clear();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Below the number of buckets.
    buckets.extend(keys.iter().map(|key| (*key).max(first).wrapping_sub(first).wrapping_shr(shift).min(most) as u16));
    counts.clear();
    counts.resize(BUCKETS, 0);
    let of_bucket: &mut [u32] = &mut counts[..BUCKETS];
    for bucket in buckets.iter() {
        // Of a power of two the remainder is what the bucket is; without it every count would be asked whether it is there.
        let count = &mut of_bucket[usize::from(*bucket) % BUCKETS];
        *count = count.wrapping_add(1);
    }
    blocks.clear();
    let (of_blocks, _) = counts.as_chunks::<BLOCK>();
    blocks.extend(of_blocks.iter().map(|block| block.iter().fold(0, |sum: u32, count| sum.wrapping_add(*count))));
}

/// Keys of the least value above zero and of the greatest among some of the values; one for both where there is none. What lies beyond them
/// shares the first or the last bucket.
fn range(keys: &[i32]) -> (i32, i32) {
    let keys = keys.iter().copied().step_by(SAMPLED).filter(|key| *key > 0);
    let (least, greatest) = keys.fold((i32::MAX, 0), |(least, greatest), key| (least.min(key), greatest.max(key)));
    if greatest > 0 { (least, greatest) } else { (1, 1) }
}

/// The values of a bucket, ascending.
fn gather(values: &[f64], buckets: &[u16], wanted: usize, found: &mut Vec<f64>) {
    #[allow(clippy::cast_possible_truncation)] // Below the number of buckets.
    let wanted = wanted as u16;
    found.clear();
    let mut take = |values: &[f64], buckets: &[u16]| {
        found.extend(values.iter().zip(buckets).filter(|(_, bucket)| **bucket == wanted).map(|(value, _)| value));
    };
    let ((values, last_values), (buckets, last_buckets)) = (values.as_chunks::<LOOKED_AT>(), buckets.as_chunks::<LOOKED_AT>());
    for (values, buckets) in values.iter().zip(buckets) {
        // Without a branch for each, processors compare them all at once.
        if buckets.iter().fold(0, |any, bucket| any | u16::from(*bucket == wanted)) != 0 {
            take(values, buckets);
        }
    }
    take(last_values, last_buckets);
    found.sort_unstable_by(f64::total_cmp);
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
    use crate::method::rng::Stream;

    /// Selection against a full sort, for sizes at which the order statistics of two quantiles meet.
    #[test]
    fn quantiles_of_shuffled_values_are_those_of_sorted_ones() {
        for n in [1_usize, 2, 3, 5, 20, 21, 57, 1000] {
            // 7919 is prime to every n: a permutation.
            #[allow(clippy::cast_precision_loss)]
            let shuffled: Vec<f64> = (0..n).map(|i| ((i * 7919 + 3) % n) as f64 * 0.5).collect();
            let mut sorted = shuffled.clone();
            sorted.sort_unstable_by(f64::total_cmp);
            let got = quantiles(&shuffled, &mut Scratch::default(), [0.0, 0.05, 0.5, 0.95, 1.0]);
            assert_eq!(got, [0.0, 0.05, 0.5, 0.95, 1.0].map(|p| quantile_sorted(&sorted, p)), "{n}");
        }
    }

    /// Draws are zeros, or heavy-tailed, or all alike, or span all magnitudes: whatever falls into one bucket, the figure is that of a sort.
    #[test]
    fn quantiles_in_buckets_are_those_of_sorted_values() {
        let mut words = (0..).map(|i| Stream::new(7, "buckets").words(i, 0)[0]);
        let mut uniform = || f64::from(words.next().unwrap()) / f64::from(u32::MAX);
        let mut scratch = Scratch::default();
        for zeros in [0.0, 0.04, 0.3, 0.6, 0.97, 1.0] {
            for spread in [0.0, 1e-12, 0.3, 4.0, 200.0] {
                for n in [1, 2, 7, 100, 1000, 1003] {
                    let values: Vec<f64> = (0..n)
                        .map(|_| if uniform() < zeros { 0.0 } else { 1e20 * (spread * (uniform() + uniform() - 1.0)).exp() })
                        .collect();
                    let mut sorted = values.clone();
                    sorted.sort_unstable_by(f64::total_cmp);
                    let got = quantiles(&values, &mut scratch, [0.0, 0.05, 0.5, 0.95, 1.0]);
                    let expected = [0.0, 0.05, 0.5, 0.95, 1.0].map(|p| quantile_sorted(&sorted, p));
                    assert_eq!(got, expected, "{zeros} {spread} {n}");
                    // Nor is a mean another beside others.
                    #[allow(clippy::cast_precision_loss)]
                    let mean = values.iter().sum::<f64>() / n as f64;
                    assert_eq!(summarize_all([&values, &sorted], &mut scratch)[0].mean, mean);
                }
            }
        }
    }

    /// Where the buckets lie is told by every eighth value. Here these lie in a narrow band, and all others far below or above it: whatever the
    /// buckets are, the figure is that of a sort.
    #[test]
    fn what_was_not_looked_at_may_lie_beyond_the_buckets() {
        for n in [9, 64, 1000, 1003] {
            let values: Vec<f64> = (0..n)
                .map(|i| match i % SAMPLED {
                    0 => 1.0 + f64::from(u32::try_from(i).unwrap()) * 1e-9,
                    odd if odd % 2 == 1 => 1e-30 * f64::from(u32::try_from(i).unwrap()),
                    _ => 1e30 * f64::from(u32::try_from(i).unwrap()),
                })
                .collect();
            let mut sorted = values.clone();
            sorted.sort_unstable_by(f64::total_cmp);
            let got = quantiles(&values, &mut Scratch::default(), [0.0, 0.05, 0.5, 0.95, 1.0]);
            assert_eq!(got, [0.0, 0.05, 0.5, 0.95, 1.0].map(|p| quantile_sorted(&sorted, p)), "{n}");
        }
    }

    /// A draw in which nothing was trained has no emissions per compute: quantities side by side need not be drawn equally often.
    #[test]
    fn quantities_of_other_lengths_stand_beside_each_other() {
        let values: Vec<f64> = (0..1000).map(|i| libm::exp(f64::from(i * 7919 % 1000) / 100.0)).collect();
        let mut scratch = Scratch::default();
        let [all, some, none] = summarize_all([&values, &values[..613], &[]], &mut scratch);
        let by_hand = |values: &[f64]| values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap());
        assert_eq!((all.mean, some.mean), (by_hand(&values), by_hand(&values[..613])));
        assert_eq!((all, some), (summarize(&values, &mut scratch), summarize(&values[..613], &mut scratch)));
        assert_eq!(none, Quantiles::default());
    }

    /// The smallest and the greatest there are, and what no draw is.
    #[test]
    fn quantiles_of_odd_values() {
        let values = [f64::MAX, 5e-324, -1.0, f64::MIN_POSITIVE, 0.0, -0.0];
        let got = quantiles(&values, &mut Scratch::default(), [0.0, 0.2, 0.6, 0.8, 1.0]);
        assert_eq!(got, [-1.0, 0.0, 5e-324, f64::MIN_POSITIVE, f64::MAX]);
    }

    /// numpy.quantile([1, 2, 4, 8], [.05, .5, .95]) = 1.15, 3, 7.4 by hand: positions .15, 1.5, 2.85.
    #[test]
    fn quantiles_by_hand() {
        let s = summarize(&[8.0, 1.0, 4.0, 2.0], &mut Scratch::default());
        for (got, expected) in [(s.p05, 1.15), (s.p50, 3.0), (s.p95, 7.4), (s.mean, 3.75)] {
            assert!((got - expected).abs() < 1e-12, "{got} {expected}");
        }
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert!((robust_sd(&[1.0, 2.0, 3.0, 4.0, 100.0]) - 1.4826).abs() < 1e-12);
    }
}
