//! A run with one factor of its chain after the other held where it is, for the totals that show what a factor decides.
//!
//! Everything but the held factor is what it was when the run was drawn: compute, hours and energy are taken over, and what the others were
//! in each draw is looked up once for all settings. The figures are those of [`simulate_fixed`](super::simulate_fixed) to the last bit.

use super::chain_points::{ChainLaws, ChainPoint, ChainPoints};
use super::points::ROLE;
use super::{Draws, Factor, MFU_MAX, Run, Shared};
use crate::method::simulate::{Chip, Compute, LogNormal, RunModel, Start};
use libm::{exp, sqrt};

/// What a run that starts from compute was in each draw. Buffers serve one run after the other.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// kW per device with its share of the host, PUE and kg per kWh, by draw.
    power: Vec<f64>,
    pue: Vec<f64>,
    grid: Vec<f64>,
    /// By setting what takes the place of the held factor: FLOP per hour, power, PUE or grid, by draw.
    settings: Vec<(Option<Factor>, Vec<f64>)>,
    /// Option and point of each draw.
    places: Vec<(u8, u32)>,
    at_point: Vec<u8>,
}

impl Held {
    /// Whether a run is of the kind that this is for: it starts from compute that does not follow from the chain.
    #[must_use]
    pub fn is_for(model: &RunModel<'_>) -> bool {
        matches!(model.start, Start::Compute) && !matches!(model.compute, Compute::Implied)
    }

    /// Takes up a run, with factors each at a number of standard deviations from its median.
    pub fn fill(&mut self, model: &RunModel<'_>, shared: &Shared, settings: &[(Factor, f64)]) {
        let run = Run::new(model, shared, None);
        self.place(&run, model, shared);
        let n = shared.draws();
        let trained = |option: u8| run.trained.get(usize::from(option)).filter(|trained| !trained.chain.is_empty());
        let Self { power, pue, grid, places, .. } = self;
        for values in [&mut *power, &mut *pue, &mut *grid] {
            values.clear();
            values.resize(n, 0.0);
        }
        for (draw, (option, point)) in places.iter().enumerate() {
            let Some(trained) = trained(*option) else { continue };
            let (own, [_, host, facility, place]) = (trained.chain.at(*point as usize), &trained.levels);
            power[draw] = own.power * host[draw];
            pue[draw] = (own.pue * facility[draw]).max(1.0);
            grid[draw] = own.grid * place[draw];
        }
        self.settings.resize_with(settings.len(), Default::default);
        for ((factor, z), (of, values)) in settings.iter().zip(&mut self.settings) {
            *of = Some(*factor);
            let at = |law: &LogNormal| law.median * exp(z * sqrt(law.own_sd * law.own_sd + law.shared_sd * law.shared_sd));
            values.clear();
            match factor {
                Factor::Mfu => {
                    let mfus: Vec<f64> = options(model).map(|(law, _)| at(law).min(MFU_MAX)).collect();
                    // Where nothing was trained there is no compute either: any rate but zero will do.
                    values.extend(places.iter().map(|(option, point)| {
                        trained(*option).map_or(1.0, |trained| trained.chain.at(*point as usize).peak * mfus[usize::from(*option)])
                    }));
                }
                Factor::Pue => values.resize(n, at(&model.pue).max(1.0)),
                Factor::Power => take(values, places, &held_points(model, shared, (*factor, *z)), |own| own.power),
                Factor::Grid => take(values, places, &held_points(model, shared, (*factor, *z)), |own| own.grid),
            }
        }
    }

    /// Notes option and point of every draw.
    fn place(&mut self, run: &Run<'_>, model: &RunModel<'_>, shared: &Shared) {
        let order = shared.orders.of(model.run_id);
        self.at_point.clear();
        self.at_point.resize(shared.draws(), 0);
        run.options_at_points(shared.points.strata(ROLE), &mut self.at_point);
        self.places.clear();
        self.places.extend((0..shared.draws()).map(|draw| {
            let point = u32::try_from(order.chain(draw)).unwrap_or(u32::MAX);
            (self.at_point[order.role(draw)], point)
        }));
    }

    /// Adds the FLOP and kg CO2e of the run under a setting to sums, draw by draw.
    pub fn add(&self, setting: usize, drawn: &Draws, flop: &mut [f64], emissions: &mut [f64]) {
        flop.iter_mut().zip(&drawn.flop).for_each(|(sum, flop)| *sum += flop);
        let Some((Some(factor), values)) = self.settings.get(setting) else { return };
        let Self { power, pue, grid, .. } = self;
        let Draws { flop, hours, energy, .. } = drawn;
        let sums = emissions.iter_mut().zip(values);
        match factor {
            Factor::Mfu => {
                for (((((sum, rate), flop), power), pue), grid) in sums.zip(flop).zip(power).zip(pue).zip(grid) {
                    *sum += flop / rate * (power * pue) * grid;
                }
            }
            Factor::Power => {
                for ((((sum, power), hours), pue), grid) in sums.zip(hours).zip(pue).zip(grid) {
                    *sum += hours * (power * pue) * grid;
                }
            }
            Factor::Pue => {
                for ((((sum, pue), hours), power), grid) in sums.zip(hours).zip(power).zip(grid) {
                    *sum += hours * (power * pue) * grid;
                }
            }
            Factor::Grid => {
                for ((sum, grid), energy) in sums.zip(energy) {
                    *sum += energy * grid;
                }
            }
        }
    }
}

/// Utilization and chips of each thing that a run may have been.
fn options<'a>(model: &'a RunModel<'_>) -> impl Iterator<Item = (&'a LogNormal, &'a [Chip])> {
    let only = model.parts.is_empty().then_some((&model.mfu, model.chips));
    model.parts.iter().map(|part| (&part.mfu, part.chips.as_ref())).chain(only)
}

/// Points with a factor of chips or places held, of each thing that a run may have been.
fn held_points(model: &RunModel<'_>, shared: &Shared, fixed: (Factor, f64)) -> Vec<ChainPoints> {
    let points = |(mfu, chips)| {
        let laws = ChainLaws { chips, mfu, pue: &model.pue, grids: model.grids, fixed: Some(fixed) };
        laws.points(shared)
    };
    options(model).map(points).collect()
}

/// The value at each draw's point; zero where nothing was trained.
fn take(values: &mut Vec<f64>, places: &[(u8, u32)], points: &[ChainPoints], value: impl Fn(&ChainPoint) -> f64) {
    let of = |(option, point): &(u8, u32)| {
        let points = points.get(usize::from(*option)).filter(|points| !points.is_empty())?;
        Some(value(&points.at(*point as usize)))
    };
    values.extend(places.iter().map(|place| of(place).unwrap_or_default()));
}
