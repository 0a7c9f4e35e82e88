//! The error of a prediction as it was measured on owners that were held out, instead of an assumed normal (docs/method.md, section 6).
//!
//! A regression's held-out errors (log10 of truth over prediction) are kept by class of size, because runs of large models are
//! predicted better than those of small ones; a new run's error is a draw from those of its class. By construction the median is
//! unbiased and a 90 % interval holds 90 % of the held-out rows; [`coverage`] measures it on owners that are in neither the fit nor
//! the errors (split conformal prediction: Vovk, Gammerman and Shafer 2005; by class: Mondrian, ibid. section 4.5).

use super::digest::{digest, digest_of};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Fewest errors a class of size rests on: two lie beyond each end of a 90 % interval of forty. A regression with fewer than twice as
/// many has one class.
pub const MIN_CLASS: usize = 40;
/// Most classes of size.
pub const MAX_CLASSES: usize = 3;
/// Lower and upper probability of the published interval.
pub const INTERVAL: (f64, f64) = (0.05, 0.95);

/// Held-out errors by class of size.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorLaw {
    /// log10 N from which the second, third ... class begins, ascending.
    starts: Vec<f64>,
    /// Errors in dex per class, ascending.
    errors: Vec<Vec<f64>>,
    /// Digest of each class.
    digests: Vec<u64>,
}

impl ErrorLaw {
    /// From pairs of log10 N (predicted, where size is what is predicted) and error in dex. Classes have equal numbers of rows, at least [`MIN_CLASS`], and at most
    /// [`MAX_CLASSES`] exist. Without any error the law is a certain zero.
    #[must_use]
    pub fn new(rows: &[(f64, f64)]) -> Self {
        let mut rows = rows.to_vec();
        rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let classes = (rows.len() / MIN_CLASS).clamp(1, MAX_CLASSES);
        let mut starts = Vec::new();
        let mut errors = Vec::new();
        let mut from = 0;
        for class in 1..=classes {
            // Rows of one size stay in one class.
            let mut to = rows.len() * class / classes;
            while to > from && to < rows.len() && rows[to].0 <= rows[to - 1].0 {
                to += 1;
            }
            if to <= from {
                continue;
            }
            if from > 0 {
                starts.push(rows[from].0);
            }
            let mut of_class: Vec<f64> = rows[from..to].iter().map(|r| r.1).collect();
            of_class.sort_unstable_by(f64::total_cmp);
            errors.push(of_class);
            from = to;
        }
        if errors.is_empty() {
            errors.push(vec![0.0]);
        }
        let digests = errors.iter().map(|of_class| digest_of(of_class.iter().copied())).collect();
        Self { starts, errors, digests }
    }

    /// Digest of all classes.
    #[must_use]
    pub(in crate::method) fn digest(&self) -> u64 {
        digest(self.starts.iter().map(|start| start.to_bits()).chain(self.digests.iter().copied()))
    }

    /// The law of a run of 10^`log_n` parameters.
    #[must_use]
    pub fn near(&self, log_n: f64) -> Errors<'_> {
        let class = self.starts.partition_point(|start| *start <= log_n);
        // `new` makes one class more than there are starts.
        let class = class.min(self.errors.len() - 1);
        Errors(&self.errors[class], self.digests[class])
    }
}

/// Errors of one class, ascending, never empty, with their digest.
#[derive(Clone, Copy, Debug)]
pub struct Errors<'a>(&'a [f64], u64);

impl Errors<'_> {
    /// Digest of the errors: what is computed from them alone can be kept under it.
    #[must_use]
    pub(in crate::method) fn digest(self) -> u64 {
        self.1
    }

    /// Quantile of the errors at `u` in (0, 1): halfway between two errors at the edges of their shares (Hazen's plotting position),
    /// so that n errors speak for the whole range.
    #[must_use]
    pub fn quantile(self, u: f64) -> f64 {
        #[allow(clippy::cast_precision_loss)] // Some thousand errors.
        let position = u * self.0.len() as f64 - 0.5;
        if position <= 0.0 {
            return self.0[0];
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Positive and below the length.
        let below = position as usize;
        let Some(&high) = self.0.get(below + 1) else { return self.0[self.0.len() - 1] };
        #[allow(clippy::cast_precision_loss)]
        let fraction = position - below as f64;
        self.0[below] + fraction * (high - self.0[below])
    }

    /// The inverse of [`Errors::quantile`]: share of errors below `error`.
    #[must_use]
    pub fn share_below(self, error: f64) -> f64 {
        let last = self.0.len() - 1;
        #[allow(clippy::cast_precision_loss)]
        let (n, at) = (self.0.len() as f64, |i: usize| i as f64);
        if error < self.0[0] {
            return 0.0;
        }
        if error >= self.0[last] {
            return 1.0;
        }
        let above = self.0.partition_point(|e| *e <= error);
        let (low, high) = (self.0[above - 1], self.0[above]);
        (at(above - 1) + 0.5 + (error - low) / (high - low)) / n
    }

    /// Smallest and largest error.
    #[must_use]
    pub fn range(self) -> (f64, f64) {
        (self.0[0], self.0[self.0.len() - 1])
    }

    /// Root mean square in dex.
    #[must_use]
    pub fn rms(self) -> f64 {
        #[allow(clippy::cast_precision_loss)]
        let n = self.0.len() as f64;
        libm::sqrt(self.0.iter().map(|e| e * e).sum::<f64>() / n)
    }

    /// 5th percentile, median and 95th percentile in dex.
    #[must_use]
    pub fn interval(self) -> [f64; 3] {
        [INTERVAL.0, 0.5, INTERVAL.1].map(|p| self.quantile(p))
    }
}

/// Share of rows whose error lies inside the interval that the errors of all other owners give their class; none without a second
/// owner. Rows are owner, log10 N and held-out error in dex.
#[must_use]
pub fn coverage(rows: &[(String, f64, f64)]) -> Option<f64> {
    let mut by_owner: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
    for (owner, log_n, error) in rows {
        by_owner.entry(owner).or_default().push((*log_n, *error));
    }
    if by_owner.len() < 2 {
        return None;
    }
    // In the order in which a law sorts them, which is then done once.
    let mut sorted: Vec<&(String, f64, f64)> = rows.iter().collect();
    sorted.sort_unstable_by(|a, b| a.1.total_cmp(&b.1).then(a.2.total_cmp(&b.2)));
    let inside_of = |(owner, own): (&&str, &Vec<(f64, f64)>)| -> u32 {
        let rest: Vec<(f64, f64)> = sorted.iter().filter(|r| r.0 != **owner).map(|r| (r.1, r.2)).collect();
        let law = ErrorLaw::new(&rest);
        let is_inside = |(log_n, error): &(f64, f64)| {
            let [low, _, high] = law.near(*log_n).interval();
            u32::from((low..=high).contains(error))
        };
        own.iter().map(is_inside).sum()
    };
    let inside: u32 = by_owner.par_iter().map(inside_of).sum();
    #[allow(clippy::cast_precision_loss)]
    Some(f64::from(inside) / rows.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four errors stand at 1/8, 3/8, 5/8 and 7/8; a quarter lies at -1 + (1/4 - 1/8) / (1/4) x 1 = -0.5.
    #[test]
    fn quantiles_by_hand() {
        let law = ErrorLaw::new(&[(9.0, 0.0), (9.0, -1.0), (9.0, 2.0), (9.0, 1.0)]);
        let errors = law.near(9.0);
        for (u, expected) in [(0.01, -1.0), (0.125, -1.0), (0.25, -0.5), (0.5, 0.5), (0.875, 2.0), (0.99, 2.0)] {
            assert!((errors.quantile(u) - expected).abs() < 1e-12, "{u}");
            if (0.125..=0.875).contains(&u) && u < 0.875 {
                assert!((errors.share_below(expected) - u).abs() < 1e-12, "{u}");
            }
        }
        assert_eq!((errors.share_below(-1.1), errors.share_below(2.0)), (0.0, 1.0));
    }

    #[test]
    fn classes_hold_equal_numbers_and_rows_of_one_size_together() {
        let rows: Vec<(f64, f64)> = (0..120).map(|i| (f64::from(i / 10), f64::from(i))).collect();
        let law = ErrorLaw::new(&rows);
        assert_eq!(law.starts, [4.0, 8.0]);
        assert_eq!(law.near(3.9).range(), (0.0, 39.0));
        assert_eq!(law.near(4.0).range(), (40.0, 79.0));
        assert_eq!(law.near(99.0).range(), (80.0, 119.0));
        assert_eq!(ErrorLaw::new(&rows[..79]).errors.len(), 1);
        assert_eq!(ErrorLaw::new(&[]).near(9.0).quantile(0.3), 0.0);
    }

    /// Twenty owners of one row each with errors 1 to 20: without itself, each of 2 to 19 lies inside, 1 and 20 lie outside.
    #[test]
    fn coverage_by_hand() {
        let rows: Vec<(String, f64, f64)> = (1..=20).map(|i| (format!("o{i}"), 9.0, f64::from(i))).collect();
        // Of 19 errors the 5 % quantile lies at position 0.45, the 95 % one at 17.55: the interval cuts 1 and 20, and 2 and 19 remain.
        assert_eq!(coverage(&rows), Some(0.9));
        assert_eq!(coverage(&rows[..1]), None);
    }
}
