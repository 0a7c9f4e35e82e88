//! The four figures published for every quantity.

/// The four figures published for every quantity. In a table it is four columns: `_p05`, `_p50`, `_p95` and `_mean`.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Quantiles {
    /// 5th percentile.
    pub p05: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// Arithmetic mean.
    pub mean: f64,
}

impl Quantiles {
    /// Suffix of each column and what it holds, in the order of [`Self::values`].
    pub const PARTS: [(&'static str, &'static str); 4] =
        [("p05", "5th percentile"), ("p50", "median"), ("p95", "95th percentile"), ("mean", "mean")];

    /// 5th percentile, median, 95th percentile, mean.
    #[must_use]
    pub const fn values(self) -> [f64; 4] {
        [self.p05, self.p50, self.p95, self.mean]
    }

    /// From 5th percentile, median, 95th percentile, mean.
    #[must_use]
    pub const fn from_values([p05, p50, p95, mean]: [f64; 4]) -> Self {
        Self { p05, p50, p95, mean }
    }
}
