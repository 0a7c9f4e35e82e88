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
mod held;
mod kept;
mod points;
mod strata;

pub use held::Held;
pub use strata::{Factor, Shared};

use self::chain_points::{ChainLaws, ChainPoints, Fixed};
use self::compute::Sampler;
use self::points::{Order, ROLE, START};
use super::assumptions::MFU_MAX;
use super::simulate::{Chip, Compute, LogNormal, Part, RunModel, Start, Stated};
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
    by_option: ByOption,
}

/// The draws of a run by what it was in them, those of the first option first. Behind the last are those in which nothing was trained.
#[derive(Clone, Debug, Default)]
struct ByOption {
    draws: Vec<u32>,
    /// Where the draws of each option end.
    ends: Vec<usize>,
    /// The option at every point.
    at_point: Vec<u8>,
}

/// Fills `out` with the draws of one run. Where nothing was trained all four are zero.
pub fn simulate(model: &RunModel<'_>, shared: &Shared, out: &mut Draws) {
    simulate_with(model, shared, None, None, out);
}

/// The same with a factor of the chain that is not drawn but stays at a number of standard deviations from its median. `drawn` are the run's
/// draws with every factor drawn, whose compute stays unless it follows from the chain.
pub fn simulate_fixed(model: &RunModel<'_>, shared: &Shared, fixed: (Factor, f64), drawn: &Draws, out: &mut Draws) {
    simulate_with(model, shared, Some(fixed), Some(&drawn.flop), out);
}

fn simulate_with(model: &RunModel<'_>, shared: &Shared, fixed: Fixed, compute: Option<&[f64]>, out: &mut Draws) {
    for values in [&mut out.flop, &mut out.hours, &mut out.energy, &mut out.emissions] {
        // What is there is of another run, and written over.
        values.resize(shared.draws(), 0.0);
    }
    if let Some(compute) = compute {
        out.flop.copy_from_slice(compute);
    }
    let run = Run { compute_is_drawn: compute.is_some(), ..Run::new(model, shared, fixed) };
    let order = shared.orders.of(model.run_id);
    match run.trained.as_slice() {
        [only] if only.up_to >= 1.0 => run.draw(only, &order, 0..shared.draws(), out),
        options => {
            let mut by_option = std::mem::take(&mut out.by_option);
            run.sort_by_option(&order, &mut by_option);
            let ByOption { draws, ends, .. } = &by_option;
            let mut begin = 0;
            for (option, end) in options.iter().zip(ends) {
                run.draw(option, &order, draws[begin..*end].iter().map(|draw| *draw as usize), out);
                begin = *end;
            }
            out.zero(draws[begin..].iter().map(|draw| *draw as usize));
            out.by_option = by_option;
        }
    }
}

impl Draws {
    /// Draws in which nothing was trained.
    fn zero(&mut self, draws: impl Iterator<Item = usize>) {
        for draw in draws {
            (self.flop[draw], self.hours[draw], self.energy[draw], self.emissions[draw]) = (0.0, 0.0, 0.0, 0.0);
        }
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
    /// Factor on the start by point; empty where the run starts from compute.
    first: Arc<[f64]>,
    /// What is stated beside it, each with its factor by point.
    energy: Option<(f64, Arc<[f64]>)>,
    hours: Option<(f64, Arc<[f64]>)>,
    trained: Vec<Trained>,
    shared: &'a Shared,
    /// Whether compute that does not follow from the chain is there already.
    compute_is_drawn: bool,
}

/// One thing that a run may have been, as it is drawn.
struct Trained {
    /// Probability of this one and those before.
    up_to: f64,
    compute: Sampler,
    /// FLOP in the middle; zero where compute follows from the chain.
    central_flop: f64,
    chain: ChainPoints,
    /// By draw: level of MFU, host power, PUE and grid.
    levels: [Arc<[f64]>; 4],
}

impl<'a> Run<'a> {
    fn new(model: &'a RunModel<'a>, shared: &'a Shared, fixed: Fixed) -> Self {
        let trained = |up_to: f64, compute: &Compute<'_>, mfu: &LogNormal, chips: &[Chip]| {
            let central_flop = compute.central().map_or(0.0, |flop| flop.0);
            let laws = ChainLaws { chips, mfu, pue: &model.pue, grids: model.grids, fixed };
            Trained {
                up_to,
                compute: Sampler::new(compute, shared),
                central_flop,
                chain: laws.points(shared),
                levels: laws.shared(shared),
            }
        };
        let trained = match model.parts {
            [] => vec![trained(1.0, &model.compute, &model.mfu, model.chips)],
            parts => {
                let (mut up_to, mut strata) = (0.0, 0);
                let with_sum = parts.iter().map(|Part { weight, compute, mfu, chips, .. }| {
                    up_to += weight;
                    let before = std::mem::replace(&mut strata, shared.strata_below(up_to));
                    if strata == before { Trained::in_no_draw(up_to) } else { trained(up_to, compute, mfu, chips) }
                });
                with_sum.collect()
            }
        };
        let factor = |stated: LogNormal| (stated.median, shared.own_factor(START, stated.own_sd));
        let Stated { energy, hours } = model.stated;
        Self {
            start: model.start,
            first: match model.start {
                Start::Compute => Arc::new([]),
                of => shared.own_factor(START, of.factor().own_sd),
            },
            energy: energy.map(factor),
            hours: hours.map(factor),
            trained,
            shared,
            compute_is_drawn: false,
        }
    }

    /// Tells for every point what the run is there, by its number; behind the last lies that nothing was trained.
    fn options_at_points(&self, strata: &[u32], options: &mut [u8]) {
        for trained in self.trained.iter().filter(|trained| trained.up_to < 1.0) {
            let end = self.shared.strata_below(trained.up_to);
            for (option, stratum) in options.iter_mut().zip(strata) {
                // A run may have been some ten things.
                *option = option.wrapping_add(u8::from(*stratum >= end));
            }
        }
    }

    /// Sorts the draws by what the run was in them.
    fn sort_by_option(&self, order: &Order<'_>, ByOption { draws, ends, at_point }: &mut ByOption) {
        let n = self.shared.draws();
        ends.clear();
        // Every stratum is met once, so that their number is how many draws an option has.
        ends.extend(self.trained.iter().map(|option| self.shared.strata_below(option.up_to) as usize));
        at_point.clear();
        at_point.resize(n, 0);
        self.options_at_points(self.shared.points.strata(ROLE), at_point);
        let mut next: Vec<usize> = std::iter::once(0).chain(ends.iter().copied()).collect();
        draws.clear();
        draws.resize(n, 0);
        for (number, draw) in (0..).zip(0..n) {
            let next = &mut next[usize::from(at_point[order.role(draw)])];
            draws[*next] = number;
            *next += 1;
        }
    }

    /// Fills in those draws in which the run was this; the others stay as they are.
    fn draw(&self, trained: &Trained, order: &Order<'_>, draws: impl Iterator<Item = usize> + Clone, out: &mut Draws) {
        if trained.chain.is_empty() {
            out.zero(draws);
            return;
        }
        let Draws { flop, hours, energy, emissions, .. } = out;
        if !self.compute_is_drawn {
            trained.compute.fill(self.shared, order, draws.clone(), flop);
        }
        let has_compute = !trained.compute.is_implied();
        if has_compute && matches!(self.start, Start::Compute) {
            trained.follow_compute(order, draws, out);
            return;
        }
        let [mfu, power, pue, grid] = trained.levels.each_ref().map(AsRef::as_ref);
        let median = self.start.factor().median;
        let drawn = |stated: &Option<(f64, Arc<[f64]>)>, draw| stated.as_ref().map(|(median, own)| median * own[order.start(draw)]);
        for draw in draws {
            let own = trained.chain.at(order.chain(draw));
            // No run exceeds what hardware allows, and no facility runs below its own IT load.
            let rate = own.peak * (own.mfu * mfu[draw]).min(MFU_MAX);
            let kwh_per_hour = own.power * power[draw] * (own.pue * pue[draw]).max(1.0);
            let first = self.first.get(order.start(draw)).map_or(0.0, |own| median * own);
            let compute = has_compute.then_some(flop[draw]);
            let stated = (drawn(&self.energy, draw), drawn(&self.hours, draw));
            let most = Most { flop_per_hour: own.peak * MFU_MAX, central_flop: trained.central_flop };
            let chain = chain(self.start, first, stated, (compute, most), (rate, kwh_per_hour, own.grid * grid[draw]));
            flop[draw] = chain.flop;
            hours[draw] = chain.hours;
            energy[draw] = chain.energy;
            emissions[draw] = chain.emissions;
        }
    }
}

impl Trained {
    /// One so unlikely that it has no draw: nothing of it is looked up.
    fn in_no_draw(up_to: f64) -> Self {
        let nothing: Arc<[f64]> = Arc::new([]);
        Self {
            up_to,
            compute: Sampler::Implied,
            central_flop: 0.0,
            chain: ChainPoints::none(),
            levels: std::array::from_fn(|_| Arc::clone(&nothing)),
        }
    }

    /// The chain of a run that starts from compute, from the compute that is drawn already: what nearly all are, and every draw of
    /// them. The arithmetic is that of [`chain`].
    fn follow_compute(&self, order: &Order<'_>, draws: impl Iterator<Item = usize>, out: &mut Draws) {
        let Draws { flop, hours, energy, emissions, .. } = out;
        let [mfu, power, pue, grid] = self.levels.each_ref().map(AsRef::as_ref);
        for draw in draws {
            let own = self.chain.at(order.chain(draw));
            let rate = own.peak * (own.mfu * mfu[draw]).min(MFU_MAX);
            let kwh_per_hour = own.power * power[draw] * (own.pue * pue[draw]).max(1.0);
            let device_hours = flop[draw] / rate;
            let kwh = device_hours * kwh_per_hour;
            (hours[draw], energy[draw], emissions[draw]) = (device_hours, kwh, kwh * (own.grid * grid[draw]));
        }
    }
}

/// What bounds compute where device hours are stated: FLOP in an hour at the utilization that no training has exceeded, and the FLOP that is
/// stated itself, which stays whatever the hours say (such rows are flagged).
#[derive(Clone, Copy)]
struct Most {
    flop_per_hour: f64,
    central_flop: f64,
}

impl Most {
    fn of_hours(self, hours: f64) -> f64 {
        (hours * self.flop_per_hour).max(self.central_flop)
    }
}

/// The chain from the rung that is known, `first` (kg, kWh or hours), to the others; energy and hours stated beside it, and compute in FLOP,
/// where it is known apart from the chain, with its bound; factors: FLOP per hour, kWh per hour, kg per kWh.
fn chain(
    start: Start,
    first: f64,
    (stated_energy, stated_hours): (Option<f64>, Option<f64>),
    (compute, most): (Option<f64>, Most),
    (rate, kwh_per_hour, grid): (f64, f64, f64),
) -> Chain {
    let known_hours = if matches!(start, Start::Hours(_)) { Some(first) } else { stated_hours };
    let compute = compute.map(|flop| known_hours.map_or(flop, |hours| flop.min(most.of_hours(hours))));
    let (hours, energy, emissions) = match start {
        Start::Emissions(_) => (stated_hours, stated_energy.unwrap_or(first / grid), first),
        Start::Energy(_) => (stated_hours, first, first * grid),
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
