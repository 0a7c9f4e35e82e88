//! The physical chain of a run at every point: chip, utilization, power, PUE and grid. Runs with the same chips, places and factors
//! have the same points.

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

/// What the chain of a run is drawn from.
#[derive(Clone, Copy)]
pub(super) struct ChainLaws<'a> {
    pub(super) chips: &'a [Chip],
    pub(super) mfu: &'a LogNormal,
    pub(super) pue: &'a LogNormal,
    pub(super) grids: &'a [GridOption],
    pub(super) fixed: Fixed,
    /// Digest of the chips and the grids.
    pub(super) options: u64,
}

/// Digest of chips and grids.
pub(super) fn options_key(chips: &[Chip], grids: &[GridOption]) -> u64 {
    let chips_of = chips.iter().flat_map(|c| [c.weight, c.peak.0, c.tdp.0].into_iter().chain(numbers(&c.power_ratio)));
    let grids_of = grids.iter().flat_map(|g| std::iter::once(g.weight).chain(numbers(&g.intensity)));
    digest(std::iter::once(chips.len() as u64).chain(chips_of.chain(grids_of).map(f64::to_bits)))
}

fn numbers(law: &LogNormal) -> [f64; 3] {
    [law.median, law.own_sd, law.shared_sd]
}

impl ChainLaws<'_> {
    /// The points of the chain; none where no chip or no grid is possible.
    pub(super) fn points(&self, shared: &Shared) -> Arc<[ChainPoint]> {
        shared.chains.get(self.key(), || self.compute(shared))
    }

    fn key(&self) -> u64 {
        let fixed = self.fixed.map_or([-1.0, 0.0], |(factor, z)| [f64::from(factor as u8), z]);
        let of_laws = numbers(self.mfu).into_iter().chain(numbers(self.pue)).chain(fixed);
        digest(std::iter::once(self.options).chain(of_laws.map(f64::to_bits)))
    }

    fn compute(&self, shared: &Shared) -> Arc<[ChainPoint]> {
        if self.chips.is_empty() || self.grids.is_empty() {
            return Arc::new([]);
        }
        let (chips, grids) = (options(self.chips, shared, |c| c.weight), options(self.grids, shared, |g| g.weight));
        let (n, strata) = (shared.draws(), |factor: usize| shared.points.strata(factor));
        // Of a chip or place what it is drawn from: its law, and the deviations at every point.
        let drawn = |factor: Factor, own: usize, law: &LogNormal| Drawn {
            median: law.median,
            deviations: match self.fixed {
                Some((fixed, z)) if fixed == factor => Err(exp(z * sqrt(law.own_sd * law.own_sd + law.shared_sd * law.shared_sd))),
                _ => Ok(shared.own_factor(own, law.own_sd)),
            },
        };
        let powers: Vec<Drawn> = self.chips.iter().map(|chip| drawn(Factor::Power, POWER, &chip.power_ratio)).collect();
        let intensities: Vec<Drawn> = self.grids.iter().map(|grid| drawn(Factor::Grid, GRID, &grid.intensity)).collect();
        let (mfu, pue) = (drawn(Factor::Mfu, MFU, self.mfu), drawn(Factor::Pue, PUE, self.pue));
        (0..n)
            .map(|point| {
                let chip = pick(&chips, strata(CHIP)[point]);
                let place = pick(&grids, strata(PLACE)[point]);
                ChainPoint {
                    peak: self.chips[chip].peak.0 * SECONDS_PER_HOUR,
                    mfu: mfu.value(point),
                    power: self.chips[chip].tdp.0 / PER_KILO * powers[chip].value(point),
                    pue: pue.value(point),
                    grid: intensities[place].value(point) / PER_KILO,
                }
            })
            .collect()
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
