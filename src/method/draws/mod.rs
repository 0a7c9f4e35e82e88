//! One run's chain by draws (docs/method.md, section 6).
//!
//! What rows share (level of MFU, host power, PUE, grid table, regression coefficients) is drawn once per draw number and used by
//! every row; what is a row's own comes from the row's key. Every factor is sampled by strata: draw i of a factor lies in stratum
//! pi(i) of n, where pi is a permutation, so that n draws hold each of n equal shares of the factor's distribution exactly once
//! (Latin hypercube sampling: McKay, Beckman and Conover 1979). The strata's quantiles are the same for every row and computed once:
//! a draw of a factor is a look-up, the chain is a product, and the error of a quantile falls at the same number of draws
//! (`cargo bench --bench draws` measures both).

mod compute;
mod strata;

pub use strata::{Factor, Shared};

use self::compute::Sampler;
use self::strata::{CHIP, GRID, MFU, Orders, PLACE, POWER, PUE, ROLE, START};
use super::assumptions::MFU_MAX;
use super::simulate::{LogNormal, Part, RunModel, Start};
use libm::{exp, sqrt};
use std::sync::Arc;

/// Seconds in an hour.
const SECONDS_PER_HOUR: f64 = 3600.0;
/// Watts in a kilowatt, grams in a kilogram.
const PER_KILO: f64 = 1000.0;

/// Draws of one run.
#[derive(Clone, Debug, Default)]
pub struct Draws {
    /// FLOP.
    pub flop: Vec<f64>,
    /// Device hours.
    pub hours: Vec<f64>,
    /// kWh.
    pub energy: Vec<f64>,
    /// kg CO2e.
    pub emissions: Vec<f64>,
}

/// Fills `out` with the draws of one run. Where nothing was trained all four are zero.
pub fn simulate(model: &RunModel<'_>, shared: &Shared, out: &mut Draws) {
    let Draws { flop, hours, energy, emissions } = out;
    for values in [&mut *flop, &mut *hours, &mut *energy, &mut *emissions] {
        values.clear();
        values.reserve(shared.draws());
    }
    each_draw(model, shared, |_, drawn| {
        let chain = drawn.map(Drawn::chain).unwrap_or_default();
        flop.push(chain.flop);
        hours.push(chain.hours);
        energy.push(chain.energy);
        emissions.push(chain.emissions);
    });
}

/// Calls `read` with the number of every draw and what was drawn; with none where nothing was trained.
pub fn each_draw(model: &RunModel<'_>, shared: &Shared, mut read: impl FnMut(usize, Option<&Drawn<'_>>)) {
    let run = Run::new(model, shared);
    for draw in 0..shared.draws() {
        read(draw, run.drawn(draw).as_ref());
    }
}

/// What the chain gives in one draw.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Chain {
    /// FLOP.
    pub flop: f64,
    /// Device hours.
    pub hours: f64,
    /// kWh.
    pub energy: f64,
    /// kg CO2e.
    pub emissions: f64,
}

/// One draw of every factor of a run.
#[derive(Clone, Copy, Debug)]
pub struct Drawn<'a> {
    start: Start,
    /// FLOP, where it is known apart from the chain.
    compute: Option<f64>,
    /// The rung of the chain that is known: kg, kWh or hours.
    first: f64,
    /// FLOP per hour at peak.
    peak: f64,
    mfu: f64,
    /// kW at rated power.
    tdp: f64,
    power_ratio: f64,
    pue: f64,
    /// kg per kWh.
    grid: f64,
    medians: Medians<'a>,
}

/// The laws that the factors of a draw come from.
#[derive(Clone, Copy, Debug)]
struct Medians<'a> {
    mfu: &'a LogNormal,
    power_ratio: &'a LogNormal,
    pue: &'a LogNormal,
    grid: &'a LogNormal,
}

impl Drawn<'_> {
    /// The chain, from the rung that is known to the others.
    #[must_use]
    pub fn chain(&self) -> Chain {
        // No run exceeds what hardware allows, and no facility runs below its own IT load.
        let rate = self.peak * self.mfu.min(MFU_MAX);
        let kwh_per_hour = self.tdp * self.power_ratio * self.pue.max(1.0);
        let (hours, energy, emissions) = match self.start {
            Start::Emissions(_) => (None, self.first / self.grid, self.first),
            Start::Energy(_) => (None, self.first, self.first * self.grid),
            Start::Hours(_) => (Some(self.first), self.first * kwh_per_hour, self.first * kwh_per_hour * self.grid),
            // Every run that starts from compute has one; without it nothing was trained.
            Start::Compute => {
                let hours = self.compute.unwrap_or(0.0) / rate;
                (Some(hours), hours * kwh_per_hour, hours * kwh_per_hour * self.grid)
            }
        };
        let hours = hours.unwrap_or_else(|| self.compute.map_or(energy / kwh_per_hour, |flop| flop / rate));
        Chain { flop: self.compute.unwrap_or(hours * rate), hours, energy, emissions }
    }

    /// The same draw with a factor `z` standard deviations from its median.
    #[must_use]
    pub fn with_factor_at(&self, factor: Factor, z: f64) -> Self {
        let at = |law: &LogNormal| law.median * exp(z * sqrt(law.own_sd * law.own_sd + law.shared_sd * law.shared_sd));
        let mut drawn = *self;
        match factor {
            Factor::Mfu => drawn.mfu = at(self.medians.mfu),
            Factor::Power => drawn.power_ratio = at(self.medians.power_ratio),
            Factor::Pue => drawn.pue = at(self.medians.pue),
            Factor::Grid => drawn.grid = at(self.medians.grid) / PER_KILO,
        }
        drawn
    }
}

/// A log-normal factor as it is drawn.
struct Law<'a> {
    law: &'a LogNormal,
    own: Arc<[f64]>,
    shared: Arc<[f64]>,
}

impl<'a> Law<'a> {
    fn new(law: &'a LogNormal, shared: &Shared) -> Self {
        Self { law, own: shared.factors(law.own_sd), shared: shared.factors(law.shared_sd) }
    }

    fn drawn(&self, own: usize, shared: usize) -> f64 {
        self.law.median * self.own[own] * self.shared[shared]
    }
}

/// What of a run is the same in every draw.
struct Run<'a> {
    start: Start,
    first: Arc<[f64]>,
    trained: Vec<Trained<'a>>,
    chips: Vec<(f64, Chip<'a>)>,
    pue: Law<'a>,
    grids: Vec<(f64, Law<'a>)>,
    orders: Orders<'a>,
    shared: &'a Shared,
}

/// An accelerator: FLOP per hour at peak, kW at rated power, and power over TDP.
struct Chip<'a> {
    peak: f64,
    tdp: f64,
    ratio: Law<'a>,
}

/// One thing that a run may have been, as it is drawn.
struct Trained<'a> {
    /// Probability of this one and those before.
    up_to: f64,
    compute: Sampler<'a>,
    mfu: Law<'a>,
}

impl<'a> Run<'a> {
    fn new(model: &'a RunModel<'a>, shared: &'a Shared) -> Self {
        let option =
            |up_to: f64, compute, mfu| Trained { up_to, compute: Sampler::new(compute, shared), mfu: Law::new(mfu, shared) };
        let trained = match model.parts {
            [] => vec![option(1.0, &model.compute, &model.mfu)],
            parts => parts
                .iter()
                .zip(cumulative(parts.iter().map(|part| part.weight)))
                .map(|(Part { compute, mfu, .. }, up_to)| option(up_to, compute, mfu))
                .collect(),
        };
        let chip = |chip: &'a super::simulate::Chip| Chip {
            peak: chip.peak.0 * SECONDS_PER_HOUR,
            tdp: chip.tdp.0 / PER_KILO,
            ratio: Law::new(&chip.power_ratio, shared),
        };
        let chips = cumulative(model.chips.iter().map(|c| c.weight)).zip(model.chips.iter().map(chip)).collect();
        let grids = cumulative(model.grids.iter().map(|g| g.weight))
            .zip(model.grids.iter().map(|g| Law::new(&g.intensity, shared)))
            .collect();
        Self {
            start: model.start,
            first: shared.factors(model.start.factor().own_sd),
            trained,
            chips,
            pue: Law::new(&model.pue, shared),
            grids,
            orders: shared.orders(model.run_id),
            shared,
        }
    }

    /// A draw; none when nothing was trained in it.
    fn drawn(&self, draw: usize) -> Option<Drawn<'_>> {
        let (orders, shared) = (&self.orders, self.shared);
        let own = |factor: usize| orders.stratum(factor, draw);
        let trained = match self.trained.as_slice() {
            [only] if only.up_to >= 1.0 => only,
            options => {
                let u = orders.probability(ROLE, draw);
                options.iter().find(|option| u < option.up_to)?
            }
        };
        let chip = pick(&self.chips, || orders.probability(CHIP, draw))?;
        let grid = pick(&self.grids, || orders.probability(PLACE, draw))?;
        Some(Drawn {
            start: self.start,
            compute: trained.compute.flop(orders, draw, shared.draws()),
            first: self.start.factor().median * self.first[own(START)],
            peak: chip.peak,
            mfu: trained.mfu.drawn(own(MFU), shared.stratum(Factor::Mfu, draw)),
            tdp: chip.tdp,
            power_ratio: chip.ratio.drawn(own(POWER), shared.stratum(Factor::Power, draw)),
            pue: self.pue.drawn(own(PUE), shared.stratum(Factor::Pue, draw)),
            grid: grid.drawn(own(GRID), shared.stratum(Factor::Grid, draw)) / PER_KILO,
            medians: Medians { mfu: trained.mfu.law, power_ratio: chip.ratio.law, pue: self.pue.law, grid: grid.law },
        })
    }
}

/// Each weight with all before it.
fn cumulative(weights: impl Iterator<Item = f64>) -> impl Iterator<Item = f64> {
    weights.scan(0.0, |sum, weight| {
        *sum += weight;
        Some(*sum)
    })
}

/// The option of a mixture at a probability, each with the weight of it and those before. Weights sum to one up to rounding, so that the last
/// one has what is left; none of an empty mixture.
fn pick<T>(options: &[(f64, T)], u: impl Fn() -> f64) -> Option<&T> {
    match options {
        [(_, only)] => Some(only),
        [rest @ .., (_, last)] => {
            let u = u();
            Some(rest.iter().find(|(up_to, _)| u < *up_to).map_or(last, |(_, option)| option))
        }
        [] => None,
    }
}

#[cfg(test)]
mod tests;
