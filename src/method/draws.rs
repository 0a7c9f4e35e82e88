//! One run's chain by draws (docs/method.md, section 6).
//!
//! What rows share (level of MFU, host power, PUE, grid table, regression coefficients) is drawn once per draw number and used by
//! every row; what is a row's own comes from the row's key. Every factor is sampled by strata: draw i of a factor lies in stratum
//! pi(i) of n, where pi is a permutation, so that n draws hold each of n equal shares of the factor's distribution exactly once
//! (Latin hypercube sampling: McKay, Beckman and Conover 1979). The strata's quantiles are the same for every row and computed once:
//! a draw is a look-up where it was an inverse error function, and the error of a quantile falls at the same number of draws
//! (`cargo bench --bench draws` measures both).

use super::assumptions::{LN_10, MFU_MAX};
use super::calibration::Errors;
use super::rng::{Stream, normal_quantile};
use super::simulate::{Compute, LogNormal, Prediction, RunModel, Spread, Start};
use libm::{exp, log};

/// Shuffles that rows choose from; with offset and direction a factor has some hundred thousand orders.
const SHUFFLES: u32 = 64;
/// Grams in a kilogram and watts in a kilowatt, as natural logs.
const LN_1000: f64 = 3.0 * LN_10;
/// Own factors of a row, each with an order of strata of its own.
const COMPUTE: usize = 0;
const MFU: usize = 1;
const POWER: usize = 2;
const CHIP: usize = 3;
const PUE: usize = 4;
const GRID: usize = 5;
const START: usize = 6;
const SIZE: usize = 7;
const PLACE: usize = 8;
const PRODUCT: usize = 9;
const ROLE: usize = 10;
const FACTORS: usize = 11;

/// Draws that all rows share, and the strata of what is a row's own.
#[derive(Clone, Debug)]
pub struct Shared {
    /// Per draw: MFU, host power, PUE, grid.
    normals: Vec<[f64; 4]>,
    /// Standard normal at the middle of each stratum, ascending.
    z: Vec<f64>,
    shuffles: Vec<Vec<u32>>,
    seed: u64,
}

impl Shared {
    /// Shared normals and strata for `draws` draws.
    #[must_use]
    pub fn new(draws: usize, seed: u64) -> Self {
        let z: Vec<f64> = (0..draws).map(|i| normal_quantile(middle(i, draws))).collect();
        let shuffles: Vec<Vec<u32>> = (0..SHUFFLES).map(|i| shuffle(draws, &Stream::new(seed, &format!("shuffle#{i}")))).collect();
        let own: Vec<Vec<u32>> = (0..4).map(|i| shuffle(draws, &Stream::new(seed, &format!("shared#factor{i}")))).collect();
        let normals = (0..draws).map(|i| std::array::from_fn(|factor| z[own[factor][i] as usize])).collect();
        Self { normals, z, shuffles, seed }
    }

    /// Number of draws.
    #[must_use]
    pub fn draws(&self) -> usize {
        self.normals.len()
    }

    /// Orders of strata of a row's own factors.
    fn orders(&self, run_id: &str) -> [Order<'_>; FACTORS] {
        let stream = Stream::new(self.seed, run_id);
        let words: [[u32; 4]; 3] = std::array::from_fn(|block| stream.words(0, u32::try_from(block).unwrap_or(0)));
        std::array::from_fn(|factor| {
            let word = words[factor / 4][factor % 4];
            let n = u32::try_from(self.draws().max(1)).unwrap_or(u32::MAX);
            Order {
                shuffle: &self.shuffles[(word % SHUFFLES) as usize],
                reversed: (word / SHUFFLES).is_multiple_of(2),
                offset: (word / (2 * SHUFFLES) % n) as usize,
            }
        })
    }
}

/// Probability in the middle of stratum `i` of `n`.
fn middle(i: usize, n: usize) -> f64 {
    #[allow(clippy::cast_precision_loss)] // At most 100,000 strata.
    let p = (i as f64 + 0.5) / n as f64;
    p
}

/// A permutation of 0..n (Fisher and Yates, by the words of a stream).
fn shuffle(n: usize, stream: &Stream) -> Vec<u32> {
    let mut order: Vec<u32> = (0..u32::try_from(n).unwrap_or(u32::MAX)).collect();
    for i in (1..order.len()).rev() {
        let word = stream.words(u32::try_from(i).unwrap_or(0), 0)[0];
        // The bias of the remainder is below 1e5 / 2^32.
        order.swap(i, word as usize % (i + 1));
    }
    order
}

/// The order in which a factor of a row walks through the strata.
#[derive(Clone, Copy)]
struct Order<'a> {
    shuffle: &'a [u32],
    offset: usize,
    reversed: bool,
}

impl Order<'_> {
    fn at(&self, draw: usize) -> usize {
        let n = self.shuffle.len();
        let at = draw + self.offset;
        let stratum = self.shuffle[if at >= n { at - n } else { at }] as usize;
        if self.reversed { n - 1 - stratum } else { stratum }
    }
}

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
    scratch: Vec<f64>,
}

/// Fills `out` with the draws of one run. The chain is a product, so that its logarithms add; `central` of the same model multiplies.
pub fn simulate(model: &RunModel<'_>, shared: &Shared, out: &mut Draws) {
    let Draws { flop, hours, energy, emissions, scratch } = out;
    for values in [&mut *flop, &mut *hours, &mut *energy, &mut *emissions] {
        values.clear();
        values.reserve(shared.draws());
    }
    let orders = shared.orders(model.run_id);
    let n = shared.draws();
    let rates: Vec<f64> = model.chips.iter().map(|c| log(c.peak.0 * 3600.0)).collect();
    let powers: Vec<f64> = model.chips.iter().map(|c| log(c.tdp.0 * c.power_ratio.median)).collect();
    let grids: Vec<f64> = model.grids.iter().map(|g| log(g.intensity.median)).collect();
    let (ln_pue, start) = (log(model.pue.median), model.start.factor());
    let (ln_start, ln_mfu_max) = (log(start.median), log(MFU_MAX));
    let trained = Trained::options(model);
    for (i, &[s_mfu, s_power, s_pue, s_grid]) in shared.normals.iter().enumerate() {
        let z = |factor: usize| shared.z[orders[factor].at(i)];
        let Some(Trained { compute, mfu, ln_mfu, .. }) = picked(&trained, || middle_of(&orders[ROLE], i, n)) else {
            for values in [&mut *flop, &mut *hours, &mut *energy, &mut *emissions] {
                values.push(0.0);
            }
            continue;
        };
        let chip = pick(model.chips.iter().map(|c| c.weight), middle_of(&orders[CHIP], i, n));
        let place = if grids.len() == 1 { 0 } else { pick(model.grids.iter().map(|g| g.weight), middle_of(&orders[PLACE], i, n)) };
        let (ratio, grid) = (&model.chips[chip].power_ratio, &model.grids[place].intensity);
        let utilization = (ln_mfu + mfu.own_sd * z(MFU) + mfu.shared_sd * s_mfu).min(ln_mfu_max);
        let rate = rates[chip] + utilization;
        let power = powers[chip] + ratio.own_sd * z(POWER) + ratio.shared_sd * s_power;
        // No facility runs below its own IT load.
        let overhead = (ln_pue + model.pue.own_sd * z(PUE) + model.pue.shared_sd * s_pue).max(0.0);
        let intensity = grids[place] + grid.own_sd * z(GRID) + grid.shared_sd * s_grid;
        let to_energy = power + overhead - LN_1000;
        let to_emissions = intensity - LN_1000;
        let stratum = orders[COMPUTE].at(i);
        let of = Stratum { u: middle(stratum, n), z: shared.z[stratum], orders: &orders, draw: i, n };
        let known = compute.log_flop(&of, scratch);
        let first = ln_start + start.own_sd * z(START);
        let (ln_hours, ln_energy, ln_emissions) = match model.start {
            Start::Emissions(_) => (None, first - to_emissions, first),
            Start::Energy(_) => (None, first, first + to_emissions),
            Start::Hours(_) => (Some(first), first + to_energy, first + to_energy + to_emissions),
            // Every run that starts from compute has one; without it nothing was trained.
            Start::Compute => {
                let hours = known.unwrap_or(f64::NEG_INFINITY) - rate;
                (Some(hours), hours + to_energy, hours + to_energy + to_emissions)
            }
        };
        let ln_hours = ln_hours.unwrap_or_else(|| known.map_or(ln_energy - to_energy, |flop| flop - rate));
        flop.push(exp(known.unwrap_or(ln_hours + rate)));
        hours.push(exp(ln_hours));
        energy.push(exp(ln_energy));
        emissions.push(exp(ln_emissions));
    }
}

/// One thing that a run may have been, as it is drawn.
struct Trained<'a> {
    weight: f64,
    compute: Sampler<'a>,
    mfu: LogNormal,
    ln_mfu: f64,
}

impl<'a> Trained<'a> {
    /// All that a run may have been; one of weight 1 where its kind is known.
    fn options(model: &'a RunModel<'a>) -> Vec<Self> {
        let option = |weight: f64, compute: &'a Compute<'a>, mfu: LogNormal| Self {
            weight,
            compute: Sampler::new(compute),
            mfu,
            ln_mfu: log(mfu.median),
        };
        if model.parts.is_empty() {
            return vec![option(1.0, &model.compute, model.mfu)];
        }
        model.parts.iter().map(|part| option(part.weight, &part.compute, part.mfu)).collect()
    }
}

/// What a run was in a draw; none when nothing was trained.
fn picked<'a>(trained: &'a [Trained<'a>], u: impl Fn() -> f64) -> Option<&'a Trained<'a>> {
    if let [only] = trained
        && only.weight >= 1.0
    {
        return Some(only);
    }
    let (u, mut cumulative) = (u(), 0.0);
    trained.iter().find(|option| {
        cumulative += option.weight;
        u < cumulative
    })
}

fn middle_of(order: &Order<'_>, draw: usize, n: usize) -> f64 {
    middle(order.at(draw), n)
}

fn pick(weights: impl Iterator<Item = f64>, u: f64) -> usize {
    let mut cumulative = 0.0;
    let mut last = 0;
    for (i, weight) in weights.enumerate() {
        cumulative += weight;
        last = i;
        if u < cumulative {
            return i;
        }
    }
    // Weights sum to one up to rounding; callers never pass an empty mixture.
    last
}

/// Where a draw stands in its compute's strata, and in the orders of the other factors.
struct Stratum<'a> {
    /// Probability in the middle of the stratum.
    u: f64,
    /// Standard normal there.
    z: f64,
    orders: &'a [Order<'a>; FACTORS],
    draw: usize,
    n: usize,
}

impl Stratum<'_> {
    fn middle(&self, factor: usize) -> f64 {
        middle_of(&self.orders[factor], self.draw, self.n)
    }
}

/// What of a run's compute is the same in every draw.
enum Sampler<'a> {
    /// Natural log of the median, spread, and the probabilities between which it is drawn.
    Normal(f64, f64, (f64, f64)),
    /// log10 of the median, measured errors, log10 of the least and the most.
    Measured(f64, Errors<'a>, (f64, f64)),
    Implied,
    Parameters(&'a Prediction<'a>),
    Category(&'a super::simulate::SharedFit, &'a [f64], &'a Prediction<'a>),
}

impl<'a> Sampler<'a> {
    fn new(compute: &'a Compute<'a>) -> Self {
        // A figure near or above the ceiling keeps room to err by a factor of two.
        let room = |median: f64, log_ceiling: f64| (log_ceiling - libm::log10(median)).max(libm::log10(2.0));
        let below = |dex: f64, sd: f64| if sd > 0.0 { normal_below(dex * LN_10 / sd) } else { 1.0 };
        match compute {
            // What is stated is cut alike on both sides: its tail ends at the ceiling, and its median stays where it was stated.
            Compute::Known { median, spread: Spread::Normal(sd), log_ceiling } => {
                let high = below(room(*median, *log_ceiling), *sd);
                Self::Normal(log(*median), *sd, (1.0 - high, high))
            }
            Compute::Known { median, spread: Spread::Measured(errors), log_ceiling } => {
                let (log_median, room) = (libm::log10(*median), room(*median, *log_ceiling));
                Self::Measured(log_median, *errors, (log_median - room, log_median + room))
            }
            Compute::Share { compute, log_ceiling, .. } => {
                let high = below(room(compute.median, *log_ceiling), compute.own_sd);
                Self::Normal(log(compute.median), compute.own_sd, (0.0, high))
            }
            Compute::Implied => Self::Implied,
            Compute::Parameters(prediction) => Self::Parameters(prediction),
            Compute::Category { size, size_terms, prediction } => Self::Category(size, size_terms, prediction),
        }
    }

    /// Natural log of compute in a draw.
    fn log_flop(&self, of: &Stratum<'_>, scratch: &mut Vec<f64>) -> Option<f64> {
        let Stratum { u, z, draw, .. } = *of;
        match self {
            Self::Normal(median, sd, (from, to)) => {
                // 2^-33 is the range of the quantile function.
                let cut = || normal_quantile((from + u * (to - from)).clamp(1.2e-10, 1.0 - 1.2e-10));
                let z = if *from > 0.0 || *to < 1.0 { cut() } else { z };
                Some(median + sd * z)
            }
            Self::Measured(median, errors, (low, high)) => Some(LN_10 * truncated(*median, *errors, *low, *high, u)),
            Self::Implied => None,
            Self::Parameters(prediction) => Some(predicted(prediction, of, &prediction.terms)),
            Self::Category(size, size_terms, prediction) => {
                scratch.clear();
                scratch.extend_from_slice(&prediction.terms);
                let centre = size.predict_with_draw(draw, size_terms);
                scratch[prediction.size_position] = centre + size.errors.near(centre).quantile(of.middle(SIZE));
                Some(predicted(prediction, of, scratch))
            }
        }
    }
}

/// Natural log of the compute that a regression predicts in a draw, with an error of the run's class of size.
fn predicted(prediction: &Prediction<'_>, of: &Stratum<'_>, terms: &[f64]) -> f64 {
    let log_n = terms[prediction.size_position];
    let product = prediction.product_errors.map_or(0.0, |errors| errors.quantile(of.middle(PRODUCT)));
    let centre = prediction.log_flop(prediction.fit.predict_with_draw(of.draw, terms), log_n) + product;
    let growth = prediction.bounds_exponent * (log_n - prediction.terms[prediction.size_position]);
    let high = (prediction.log_bounds.1 + growth).min(prediction.log_ceiling);
    let low = (prediction.log_bounds.0 + growth).min(high);
    let errors = prediction.fit.errors.near(log_n);
    // Truncated in units of the widened error.
    let w = prediction.widening;
    log(prediction.factor) + LN_10 * (centre + w * truncated(0.0, errors, (low - centre) / w, (high - centre) / w, of.u))
}

/// Centre plus the error at `u` of those that stay between the bounds (log10): draws are redistributed, not piled up at the ends.
fn truncated(centre: f64, errors: Errors<'_>, low: f64, high: f64, u: f64) -> f64 {
    let (least, most) = errors.range();
    if centre + least >= low && centre + most <= high {
        return centre + errors.quantile(u);
    }
    let below = |bound: f64| errors.share_below(bound - centre);
    let (from, to) = (if low > f64::NEG_INFINITY { below(low) } else { 0.0 }, if high < f64::INFINITY { below(high) } else { 1.0 });
    // Where nothing that was seen lies between the bounds the nearer one is taken.
    (centre + errors.quantile(from + u * (to - from))).clamp(low, high)
}

/// Standard normal distribution function.
fn normal_below(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests;
