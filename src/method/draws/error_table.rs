//! The errors of a prediction as a table of equal shares, so that its quantiles and their inverse are look-ups.

use crate::method::calibration::Errors;
use crate::method::digest::digest;
use crate::method::pow10::pow10;

/// Equal shares that an error law is cut into: an interval's end moves by at most 1/8192 of probability, 0.001 of its own figure at a
/// spread of a factor of ten.
const SHARES: usize = 4_096;
/// Fractional part of the golden ratio: its multiples pair two laws evenly (Kronecker sequence).
const GOLDEN: f64 = 0.618_033_988_749_894_9;
/// Widenings are rounded to this, which moves an interval's end by less than 0.2 %.
const WIDENING_STEP: f64 = 0.002;

/// Errors, ascending: widened measured errors, with those of 6 N D added where tokens or samples are predicted.
#[derive(Debug)]
pub(super) struct ErrorTable {
    /// Dex.
    logs: Vec<f64>,
    /// 10 to the power of them.
    factors: Vec<f64>,
}

/// A widening as it is used.
pub(super) fn rounded_widening(widening: f64) -> f64 {
    (widening / WIDENING_STEP).round() * WIDENING_STEP
}

impl ErrorTable {
    /// Bytes of a table.
    pub(super) const BYTES: usize = 2 * SHARES * size_of::<f64>();

    /// Digest of what a table is computed from.
    pub(super) fn key(errors: Errors<'_>, widening: f64, product: Option<Errors<'_>>) -> u64 {
        digest([errors.digest(), widening.to_bits(), product.map_or(0, Errors::digest)])
    }

    pub(super) fn new(errors: Errors<'_>, widening: f64, product: Option<Errors<'_>>) -> Self {
        let mut logs: Vec<f64> = (0..SHARES)
            .map(|share| {
                #[allow(clippy::cast_precision_loss)]
                let (u, v) = ((share as f64 + 0.5) / SHARES as f64, ((share as f64 + 0.5) * GOLDEN).fract());
                widening * errors.quantile(u) + product.map_or(0.0, |product| product.quantile(v))
            })
            .collect();
        logs.sort_unstable_by(f64::total_cmp);
        let factors = logs.iter().map(|log| pow10(*log)).collect();
        Self { logs, factors }
    }

    /// Share of errors below `dex`.
    pub(super) fn share_below(&self, dex: f64) -> f64 {
        let above = self.logs.partition_point(|log| *log < dex);
        let Some((low, high)) = above.checked_sub(1).map(|at| self.logs[at]).zip(self.logs.get(above)) else {
            return if above == 0 { 0.0 } else { 1.0 };
        };
        // The errors stand in the middles of their shares.
        let fraction = if *high > low { (dex - low) / (high - low) } else { 0.0 };
        #[allow(clippy::cast_precision_loss)]
        let share = (above as f64 - 0.5 + fraction) / SHARES as f64;
        share
    }

    /// Factor at a share of the errors: that of the part it falls into.
    pub(super) fn factor(&self, u: f64) -> f64 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // 0 to 4,096.
        let share = (u * SHARES as f64) as usize;
        self.factors[share.min(SHARES - 1)]
    }
}
