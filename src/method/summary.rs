//! Quantiles and means of draws.

/// The four figures published for every quantity.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Summary {
    /// 5th percentile.
    pub p05: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// Arithmetic mean.
    pub mean: f64,
}

/// Summarises draws; `scratch` is reused between calls. All zero for no draws.
#[must_use]
pub fn summarize(draws: &[f64], scratch: &mut Vec<f64>) -> Summary {
    if draws.is_empty() {
        return Summary::default();
    }
    scratch.clear();
    scratch.extend_from_slice(draws);
    #[allow(clippy::cast_precision_loss)] // At most 100,000 draws.
    let mean = draws.iter().sum::<f64>() / draws.len() as f64;
    Summary { p05: quantile(scratch, 0.05), p50: quantile(scratch, 0.50), p95: quantile(scratch, 0.95), mean }
}

/// The same as [`quantile_sorted`] on values in any order: selecting two order statistics is several times cheaper than sorting,
/// and this is done five times for every estimate.
fn quantile(values: &mut [f64], p: f64) -> f64 {
    let Some(last) = values.len().checked_sub(1) else { return f64::NAN };
    #[allow(clippy::cast_precision_loss)]
    let position = p * last as f64;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 <= position <= last.
    let below = position as usize;
    let (_, &mut low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    #[allow(clippy::cast_precision_loss)]
    let fraction = position - below as f64;
    low + fraction * (high - low)
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

    /// numpy.quantile([1, 2, 4, 8], [.05, .5, .95]) = 1.15, 3, 7.4 by hand: positions .15, 1.5, 2.85.
    #[test]
    fn quantiles_by_hand() {
        let s = summarize(&[8.0, 1.0, 4.0, 2.0], &mut Vec::new());
        for (got, expected) in [(s.p05, 1.15), (s.p50, 3.0), (s.p95, 7.4), (s.mean, 3.75)] {
            assert!((got - expected).abs() < 1e-12, "{got} {expected}");
        }
        for p in [0.0, 0.05, 0.5, 0.95, 1.0] {
            let mut values: Vec<f64> = (0..57).map(|i| f64::from(i * 31 % 57)).collect();
            let selected = quantile(&mut values, p);
            values.sort_unstable_by(f64::total_cmp);
            assert_eq!(selected, quantile_sorted(&values, p));
        }
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert!((robust_sd(&[1.0, 2.0, 3.0, 4.0, 100.0]) - 1.4826).abs() < 1e-12);
    }
}
