//! What all runs share: the points, the draws of shared factors, and whatever was computed for one run and serves others.

use super::chain_points::ChipPoint;
use super::error_table::ErrorTable;
use super::kept::Kept;
use super::points::{COMPUTE, Orders, Points, middle};
use crate::method::digest::digest_of;
use crate::method::rng::normal_quantile;
use libm::exp;
use std::sync::Arc;

/// Bytes that are kept of each kind.
const MOST_BYTES: usize = 64 << 20;
/// Times as many of what regressions predict: there are as many kinds of it as sizes, dates, owners and tasks go together, and each takes as
/// long as two runs' draws.
const OF_COMPUTES: usize = 4;

/// A factor of the chain with a spread that all rows share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    /// Model FLOP utilization.
    Mfu,
    /// Power drawn with the share of the host, over TDP.
    Power,
    /// Power usage effectiveness.
    Pue,
    /// Grid intensity.
    Grid,
}

impl Factor {
    const ALL: [Self; 4] = [Self::Mfu, Self::Power, Self::Pue, Self::Grid];
}

/// Draws that all rows share, and the points of what is a row's own.
#[derive(Debug)]
pub struct Shared {
    /// Standard normal at the middle of each stratum, ascending.
    pub(super) z: Vec<f64>,
    pub(super) points: Points,
    pub(super) orders: Orders,
    /// Probability of compute at every point.
    pub(super) compute: Vec<f64>,
    /// Points of the shared factors, one for each draw.
    levels: Points,
    /// exp(sd z) by draw or by point: a draw of a log-normal factor is a look-up.
    log_normals: Kept<[f64]>,
    /// Compute of regressions by point, and what a coefficient's draw makes of it.
    pub(super) computes: Kept<[f64]>,
    pub(super) chips: Kept<[ChipPoint]>,
    pub(super) grids: Kept<[f64]>,
    pub(super) errors: Kept<ErrorTable>,
}

impl Shared {
    /// Shared normals and points for `draws` draws.
    #[must_use]
    pub fn new(draws: usize, seed: u64) -> Self {
        let most = |bytes_per_draw: usize| MOST_BYTES / (bytes_per_draw * draws.max(1));
        let points = Points::new(draws, seed);
        Self {
            z: (0..draws).map(|i| normal_quantile(middle(i, draws))).collect(),
            compute: points.strata(COMPUTE).iter().map(|stratum| middle(*stratum as usize, draws)).collect(),
            points,
            orders: Orders::new(draws, seed),
            levels: Points::of_factors(Factor::ALL.len(), "shared#factor", draws, seed).shuffled("shared#order", seed),
            log_normals: Kept::new(most(size_of::<f64>())),
            computes: Kept::new(OF_COMPUTES * most(size_of::<f64>())),
            chips: Kept::new(most(size_of::<ChipPoint>())),
            grids: Kept::new(most(size_of::<f64>())),
            errors: Kept::new(MOST_BYTES / ErrorTable::BYTES),
        }
    }

    /// Number of draws.
    #[must_use]
    pub fn draws(&self) -> usize {
        self.z.len()
    }

    /// exp(sd z) of every draw of a shared factor.
    pub(super) fn shared_factor(&self, factor: Factor, sd: f64) -> Arc<[f64]> {
        self.log_normals(self.levels.strata(factor as usize), factor as usize, sd)
    }

    /// How many strata of a factor lie below a probability.
    pub(super) fn strata_below(&self, probability: f64) -> u32 {
        let draws = self.draws();
        let (mut below, mut above) = (0, draws);
        while below < above {
            let at = usize::midpoint(below, above);
            if middle(at, draws) < probability { below = at + 1 } else { above = at }
        }
        u32::try_from(below).unwrap_or(u32::MAX)
    }

    /// exp(sd z) at every point of an own factor.
    pub(super) fn own_factor(&self, factor: usize, sd: f64) -> Arc<[f64]> {
        self.log_normals(self.points.strata(factor), Factor::ALL.len() + factor, sd)
    }

    fn log_normals(&self, strata: &[u32], number: usize, sd: f64) -> Arc<[f64]> {
        let key = digest_of([f64::from(u32::try_from(number).unwrap_or(u32::MAX)), sd]);
        self.log_normals.get(key, || strata.iter().map(|stratum| exp(sd * self.z[*stratum as usize])).collect())
    }

    /// Probability in the middle of the stratum of a point in a factor.
    pub(super) fn probability(&self, factor: usize, point: usize) -> f64 {
        middle(self.points.strata(factor)[point] as usize, self.draws())
    }
}
