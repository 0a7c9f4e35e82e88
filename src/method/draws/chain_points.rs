//! The physical chain of a run at every point: chip, utilization, power, PUE and grid. Runs with the same chips or places share their
//! points.

use super::points::{CHIP, GRID, MFU, PLACE, POWER, PUE};
use super::strata::{Factor, Shared};
use crate::method::digest::digest;
use crate::method::simulate::{Chip, GridOption, LogNormal};
use libm::{exp, sqrt};
use std::sync::Arc;

/// Seconds in an hour.
const SECONDS_PER_HOUR: f64 = 3600.0;
/// Watts in a kilowatt, grams in a kilogram.
const PER_KILO: f64 = 1000.0;

/// A factor that is not drawn, and how many standard deviations from its median it stays.
pub(super) type Fixed = Option<(Factor, f64)>;

/// Own factors of the chain at a point; what rows share comes on top.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ChainPoint {
    /// FLOP per hour at peak.
    pub(super) peak: f64,
    /// Model FLOP utilization.
    pub(super) mfu: f64,
    /// kW per device, with its share of the host.
    pub(super) power: f64,
    pub(super) pue: f64,
    /// kg per kWh.
    pub(super) grid: f64,
}

/// Chip of a run at a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ChipPoint {
    /// FLOP per hour at peak.
    peak: f64,
    /// kW per device, with its share of the host.
    power: f64,
}

/// The chain of a run at every point. Chips and places are kept apart, because runs share either much more often than both.
#[derive(Clone, Debug)]
pub(super) struct ChainPoints {
    /// None where no chip is possible.
    chips: Arc<[ChipPoint]>,
    /// kg per kWh; none where no grid is possible.
    grids: Arc<[f64]>,
    mfu: Drawn,
    pue: Drawn,
}

impl ChainPoints {
    /// Of what is not drawn.
    pub(super) fn none() -> Self {
        let fixed = || Drawn { median: 0.0, deviations: Err(1.0) };
        Self { chips: Arc::new([]), grids: Arc::new([]), mfu: fixed(), pue: fixed() }
    }

    /// Whether no chip or no grid is possible.
    pub(super) fn is_empty(&self) -> bool {
        self.chips.is_empty() || self.grids.is_empty()
    }

    /// The factors at a point.
    pub(super) fn at(&self, point: usize) -> ChainPoint {
        let ChipPoint { peak, power } = self.chips[point];
        ChainPoint { peak, mfu: self.mfu.value(point), power, pue: self.pue.value(point), grid: self.grids[point] }
    }
}

/// What the chain of a run is drawn from.
#[derive(Clone, Copy)]
pub(super) struct ChainLaws<'a> {
    pub(super) chips: &'a [Chip],
    pub(super) mfu: &'a LogNormal,
    pub(super) pue: &'a LogNormal,
    pub(super) grids: &'a [GridOption],
    pub(super) fixed: Fixed,
}

fn numbers(law: &LogNormal) -> [f64; 3] {
    [law.median, law.own_sd, law.shared_sd]
}

impl ChainLaws<'_> {
    /// The points of the chain.
    pub(super) fn points(&self, shared: &Shared) -> ChainPoints {
        ChainPoints {
            chips: self.chip_points(shared),
            grids: self.grid_points(shared),
            mfu: self.drawn(Factor::Mfu, MFU, self.mfu, shared),
            pue: self.drawn(Factor::Pue, PUE, self.pue, shared),
        }
    }

    /// Digest of numbers, and of where a factor stays.
    fn key(&self, factor: Factor, numbers: impl Iterator<Item = f64>) -> u64 {
        let stays = self.fixed.filter(|(fixed, _)| *fixed == factor).map_or([0.0, 0.0], |(_, z)| [1.0, z]);
        digest(numbers.chain(stays).map(f64::to_bits))
    }

    fn chip_points(&self, shared: &Shared) -> Arc<[ChipPoint]> {
        let of_chips = self.chips.iter().flat_map(|c| [c.weight, c.peak.0, c.tdp.0].into_iter().chain(numbers(&c.power_ratio)));
        shared.chips.get(self.key(Factor::Power, of_chips), || {
            if self.chips.is_empty() {
                return Arc::new([]);
            }
            let up_to = options(self.chips, shared, |c| c.weight);
            let powers: Vec<Drawn> =
                self.chips.iter().map(|chip| self.drawn(Factor::Power, POWER, &chip.power_ratio, shared)).collect();
            let strata = shared.points.strata(CHIP).iter().enumerate();
            let of_point = strata.map(|(point, stratum)| {
                let chip = pick(&up_to, *stratum);
                ChipPoint {
                    peak: self.chips[chip].peak.0 * SECONDS_PER_HOUR,
                    power: self.chips[chip].tdp.0 / PER_KILO * powers[chip].value(point),
                }
            });
            of_point.collect()
        })
    }

    fn grid_points(&self, shared: &Shared) -> Arc<[f64]> {
        let of_grids = self.grids.iter().flat_map(|g| std::iter::once(g.weight).chain(numbers(&g.intensity)));
        shared.grids.get(self.key(Factor::Grid, of_grids), || {
            if self.grids.is_empty() {
                return Arc::new([]);
            }
            let up_to = options(self.grids, shared, |g| g.weight);
            let intensities: Vec<Drawn> =
                self.grids.iter().map(|grid| self.drawn(Factor::Grid, GRID, &grid.intensity, shared)).collect();
            let strata = shared.points.strata(PLACE).iter().enumerate();
            strata.map(|(point, stratum)| intensities[pick(&up_to, *stratum)].value(point) / PER_KILO).collect()
        })
    }

    /// What a factor is drawn from: its law, and the deviations at every point.
    fn drawn(&self, factor: Factor, own: usize, law: &LogNormal, shared: &Shared) -> Drawn {
        Drawn {
            median: law.median,
            deviations: match self.fixed {
                Some((fixed, z)) if fixed == factor => Err(exp(z * sqrt(law.own_sd * law.own_sd + law.shared_sd * law.shared_sd))),
                _ => Ok(shared.own_factor(own, law.own_sd)),
            },
        }
    }

    /// The draws of what rows share, per factor; of a fixed factor nothing is drawn. Chips of a set share one spread, and so do grids.
    pub(super) fn shared(&self, shared: &Shared) -> [Arc<[f64]>; 4] {
        let spread = |factor: Factor, law: Option<&LogNormal>| {
            let is_fixed = self.fixed.is_some_and(|(fixed, _)| fixed == factor);
            shared.shared_factor(factor, law.filter(|_| !is_fixed).map_or(0.0, |law| law.shared_sd))
        };
        [
            spread(Factor::Mfu, Some(self.mfu)),
            spread(Factor::Power, self.chips.first().map(|c| &c.power_ratio)),
            spread(Factor::Pue, Some(self.pue)),
            spread(Factor::Grid, self.grids.first().map(|g| &g.intensity)),
        ]
    }
}

/// A factor as it is drawn: its deviation at every point, or the one where it stays.
#[derive(Clone, Debug)]
struct Drawn {
    median: f64,
    deviations: Result<Arc<[f64]>, f64>,
}

impl Drawn {
    fn value(&self, point: usize) -> f64 {
        self.median * self.deviations.as_ref().map_or_else(|fixed| *fixed, |deviations| deviations[point])
    }
}

/// Of each option of a mixture how many strata belong to it and those before.
fn options<T>(all: &[T], shared: &Shared, weight: impl Fn(&T) -> f64) -> Vec<u32> {
    let mut sum = 0.0;
    let with_sum = all.iter().map(|option| {
        sum += weight(option);
        shared.strata_below(sum)
    });
    with_sum.collect()
}

/// The option of a stratum. Weights sum to one up to rounding, so that the last one has what is left.
fn pick(options: &[u32], stratum: u32) -> usize {
    options.iter().position(|up_to| stratum < *up_to).unwrap_or(options.len() - 1)
}
