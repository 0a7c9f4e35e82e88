//! One run's chain by draws (docs/method.md, section 6).
//!
//! What rows share (level of MFU, host power, PUE, grid table, regression coefficients) is drawn once per draw number and used by
//! every row. What is a row's own lies at points that fill the joint space of its factors evenly (`points`), and a row walks through
//! them in an order that comes from its key. A draw is a product of look-ups: compute at the point times its shared part, then the
//! chain at the point times what rows share. What depends on the point alone is computed once for all rows with the same chips,
//! places and laws (`cargo bench --bench draws` measures error and time).

mod chain_points;
mod compute;
mod error_table;
mod kept;
mod points;
mod strata;

pub use chain_points::Fixed;
pub use strata::{Factor, Shared};

use self::chain_points::{ChainLaws, ChainPoint};
use self::compute::Sampler;
use self::points::{At, ROLE, START};
use super::assumptions::MFU_MAX;
use super::simulate::{LogNormal, Part, RunModel, Start};
use std::sync::Arc;

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
    simulate_with(model, shared, None, out);
}

/// The same with a factor that is not drawn but stays at a number of standard deviations from its median.
pub fn simulate_with(model: &RunModel<'_>, shared: &Shared, fixed: Fixed, out: &mut Draws) {
    let Draws { flop, hours, energy, emissions } = out;
    for values in [&mut *flop, &mut *hours, &mut *energy, &mut *emissions] {
        values.clear();
        values.reserve(shared.draws());
    }
    let run = Run::new(model, shared, fixed);
    for (draw, at) in shared.orders.of(model.run_id).points().enumerate() {
        let chain = run.drawn(draw, at).unwrap_or_default();
        flop.push(chain.flop);
        hours.push(chain.hours);
        energy.push(chain.energy);
        emissions.push(chain.emissions);
    }
}

/// What the chain gives in one draw.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Chain {
    flop: f64,
    hours: f64,
    energy: f64,
    emissions: f64,
}

/// What of a run is the same in every draw.
struct Run<'a> {
    start: Start,
    first: Arc<[f64]>,
    trained: Vec<Trained>,
    shared: &'a Shared,
}

/// One thing that a run may have been, as it is drawn.
struct Trained {
    /// Probability of this one and those before.
    up_to: f64,
    compute: Sampler,
    /// By point; empty where no chip or no grid is possible.
    chain: Arc<[ChainPoint]>,
    /// By draw: level of MFU, host power, PUE and grid.
    levels: [Arc<[f64]>; 4],
}

impl<'a> Run<'a> {
    fn new(model: &'a RunModel<'a>, shared: &'a Shared, fixed: Fixed) -> Self {
        let trained = |up_to: f64, compute, mfu: &LogNormal| {
            let laws = ChainLaws { chips: model.chips, mfu, pue: &model.pue, grids: model.grids, fixed };
            Trained { up_to, compute: Sampler::new(compute, shared), chain: laws.points(shared), levels: laws.shared(shared) }
        };
        let trained = match model.parts {
            [] => vec![trained(1.0, &model.compute, &model.mfu)],
            parts => {
                let mut up_to = 0.0;
                let with_sum = parts.iter().map(|Part { weight, compute, mfu, .. }| {
                    up_to += weight;
                    trained(up_to, compute, mfu)
                });
                with_sum.collect()
            }
        };
        Self { start: model.start, first: shared.own_factor(START, model.start.factor().own_sd), trained, shared }
    }

    /// A draw; none when nothing was trained in it.
    fn drawn(&self, draw: usize, at: At) -> Option<Chain> {
        let trained = match self.trained.as_slice() {
            [only] if only.up_to >= 1.0 => only,
            options => {
                let u = self.shared.probability(ROLE, at.role);
                options.iter().find(|option| u < option.up_to)?
            }
        };
        let own = trained.chain.get(at.chain)?;
        let [mfu, power, pue, grid] = trained.levels.each_ref().map(|level| level[draw]);
        // No run exceeds what hardware allows, and no facility runs below its own IT load.
        let rate = own.peak * (own.mfu * mfu).min(MFU_MAX);
        let kwh_per_hour = own.power * power * (own.pue * pue).max(1.0);
        let grid = own.grid * grid;
        let compute = trained.compute.flop(self.shared, at.compute, draw);
        let first = self.start.factor().median * self.first[at.start];
        Some(chain(self.start, first, compute, rate, kwh_per_hour, grid))
    }
}

/// The chain from the rung that is known, `first` (kg, kWh or hours), to the others; compute in FLOP, where it is known apart from the chain.
fn chain(start: Start, first: f64, compute: Option<f64>, rate: f64, kwh_per_hour: f64, grid: f64) -> Chain {
    let (hours, energy, emissions) = match start {
        Start::Emissions(_) => (None, first / grid, first),
        Start::Energy(_) => (None, first, first * grid),
        Start::Hours(_) => (Some(first), first * kwh_per_hour, first * kwh_per_hour * grid),
        // Every run that starts from compute has one; without it nothing was trained.
        Start::Compute => {
            let hours = compute.unwrap_or(0.0) / rate;
            (Some(hours), hours * kwh_per_hour, hours * kwh_per_hour * grid)
        }
    };
    let hours = hours.unwrap_or_else(|| compute.map_or(energy / kwh_per_hour, |flop| flop / rate));
    Chain { flop: compute.unwrap_or(hours * rate), hours, energy, emissions }
}

#[cfg(test)]
mod plain;
#[cfg(test)]
mod tests;
