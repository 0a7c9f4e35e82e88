//! One run's chain by its central values, and the model that [`super::draws`] samples (docs/method.md, sections 4 and 6).

use super::calibration::{ErrorLaw, Errors};
use super::chain::{self, LOG10_FLOP_PER_PARAM_TOKEN};
use super::digest::digest_of;
use super::fitting::cholesky;
pub use super::pow10::pow10;
use super::rng::Stream;
use crate::domain::RunKind;
use crate::units::{AcceleratorHours, Flop, FlopPerSecond, GCo2ePerKwh, KgCo2e, Kwh, Watts};
use libm::exp;
use std::borrow::Cow;

/// A log-normal factor: median, own spread and shared spread (standard deviations of the natural log).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogNormal {
    /// Median, in the factor's unit.
    pub median: f64,
    /// Spread that is this row's own.
    pub own_sd: f64,
    /// Spread that all rows share.
    pub shared_sd: f64,
}

impl LogNormal {
    /// A factor with only a spread of its own.
    #[must_use]
    pub fn with_own_spread(median: f64, own_sd: f64) -> Self {
        Self { median, own_sd, shared_sd: 0.0 }
    }
}

/// A possible accelerator of a run.
#[derive(Clone, Debug)]
pub struct Chip {
    /// Canonical name.
    pub name: String,
    /// Probability.
    pub weight: f64,
    /// Dense peak at training precision.
    pub peak: FlopPerSecond,
    /// Rated power.
    pub tdp: Watts,
    /// Power drawn per accelerator with its share of the host, over TDP.
    pub power_ratio: LogNormal,
}

/// A possible grid of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GridOption {
    /// Probability.
    pub weight: f64,
    /// Intensity in g/kWh.
    pub intensity: LogNormal,
}

/// A regression with its coefficients drawn once per draw number.
#[derive(Clone, Debug)]
pub struct SharedFit {
    /// Central coefficients.
    pub central: Vec<f64>,
    /// Coefficients per draw, one draw after the other.
    pub draws: Vec<f64>,
    /// Error of a new observation, as measured on owners held out.
    pub errors: ErrorLaw,
    /// Digest of the coefficients and their draws.
    digest: u64,
}

impl SharedFit {
    /// Draws coefficients from their sampling distribution (normal, HC3 covariance).
    #[must_use]
    pub fn new(name: &str, central: Vec<f64>, covariance: &[Vec<f64>], errors: ErrorLaw, draws: usize, seed: u64) -> Self {
        let factor = cholesky(covariance);
        let stream = Stream::new(seed, &format!("shared#{name}"));
        let draw = |i: u32| -> Vec<f64> {
            let blocks = central.len().div_ceil(4);
            let z: Vec<f64> = (0..blocks).flat_map(|b| stream.normals(i, u32::try_from(b).unwrap_or(0))).collect();
            central.iter().zip(&factor).map(|(c, row)| c + row.iter().zip(&z).map(|(l, z)| l * z).sum::<f64>()).collect()
        };
        let draws = (0..u32::try_from(draws).unwrap_or(u32::MAX)).flat_map(draw).collect();
        Self::with_draws(central, draws, errors)
    }

    /// Of given coefficients: central ones, and those of every draw one after the other.
    #[must_use]
    pub fn with_draws(central: Vec<f64>, draws: Vec<f64>, errors: ErrorLaw) -> Self {
        let digest = digest_of(central.iter().chain(&draws).copied());
        Self { central, draws, errors, digest }
    }

    /// Digest of the coefficients and their draws: what is computed from them alone can be kept under it.
    pub(super) fn digest(&self) -> u64 {
        self.digest
    }

    /// The linear predictor with the central coefficients.
    #[must_use]
    pub fn central_value(&self, terms: &[f64]) -> f64 {
        dot(&self.central, terms)
    }

    /// What the linear predictor of `terms` gains in each draw over the central coefficients; empty where none were drawn.
    pub(super) fn deviations(&self, terms: &[f64]) -> impl Iterator<Item = f64> {
        // Most terms stand for categories and are zero.
        let used: Vec<(usize, f64)> = terms.iter().copied().enumerate().filter(|(_, x)| *x != 0.0).collect();
        let central = &self.central;
        let width = central.len().max(1);
        self.draws.chunks_exact(width).map(move |drawn| used.iter().map(|(at, x)| (drawn[*at] - central[*at]) * x).sum())
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// What a regression on size predicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response {
    /// log10 of training compute.
    Compute,
    /// log10 of tokens seen; compute follows as 6 N D.
    Tokens,
    /// log10 of samples seen; compute follows as 6 N x samples x length.
    Samples,
}

/// A regression at work on one run.
#[derive(Clone, Debug)]
pub struct Prediction<'a> {
    /// The regression.
    pub fit: &'a SharedFit,
    /// What it predicts.
    pub response: Response,
    /// Its terms for this run.
    pub terms: Vec<f64>,
    /// Position of log10 N among the terms.
    pub size_position: usize,
    /// Position of another term that grows with log10 N one for one, and counts on top of it.
    pub grows_with_size: Option<usize>,
    /// log10 of the tokens of a sample, where samples are predicted.
    pub log_length: f64,
    /// What the other trainings of the house tell, where tokens are predicted.
    pub house: Option<House<'a>>,
    /// Factor on the measured errors: above one for what the regression has not seen, and for what comes on top of its error.
    pub widening: f64,
    /// log10 of the least and most FLOP believed, infinite for none; draws are truncated to it, not piled up at its ends.
    pub log_bounds: (f64, f64),
    /// Power of N with which the bounds grow: a draw of another size moves them.
    pub bounds_exponent: f64,
    /// log10 of the most FLOP any published run of the kind took: no draw goes beyond, whatever its size.
    pub log_ceiling: f64,
    /// Factor on the prediction (2/3 for adapters).
    pub factor: f64,
    /// Error of 6 N D itself, where tokens are predicted.
    pub product_errors: Option<Errors<'a>>,
}

/// How far the trainings of a house lie from a regression.
#[derive(Clone, Copy, Debug)]
pub struct House<'a> {
    /// Its name in the registry.
    pub name: &'a str,
    /// How many of its trainings are known.
    pub trainings: usize,
    /// log10 of what is expected over what the regression predicts.
    pub dex: f64,
}

impl Prediction<'_> {
    /// log10 of compute in FLOP for a linear predictor and a size, before bounds and factor.
    pub(super) fn log_flop(&self, predicted: f64, log_n: f64) -> f64 {
        match self.response {
            Response::Compute => predicted,
            Response::Tokens => LOG10_FLOP_PER_PARAM_TOKEN + log_n + predicted + self.house.map_or(0.0, |house| house.dex),
            Response::Samples => LOG10_FLOP_PER_PARAM_TOKEN + log_n + predicted + self.log_length,
        }
    }

    /// Dex of the response per dex of N.
    #[must_use]
    pub fn slope(&self) -> f64 {
        self.fit.central[self.size_position] + self.grows_with_size.map_or(0.0, |at| self.fit.central[at])
    }

    /// The central prediction in FLOP.
    #[must_use]
    pub fn central(&self) -> f64 {
        let log_n = self.terms[self.size_position];
        self.factor
            * pow10(
                self.log_flop(self.fit.central_value(&self.terms), log_n)
                    .max(self.log_bounds.0)
                    .min(self.log_bounds.1)
                    .min(self.log_ceiling),
            )
    }
}

/// Error of a stated compute.
#[derive(Clone, Copy, Debug)]
pub enum Spread<'a> {
    /// Standard deviation of the natural log.
    Normal(f64),
    /// As measured in the back-test.
    Measured(Errors<'a>),
}

/// Where a run's compute comes from.
#[derive(Clone, Debug)]
pub enum Compute<'a> {
    /// Stated, or 6 N D.
    Known {
        /// FLOP.
        median: f64,
        /// Error.
        spread: Spread<'a>,
        /// log10 of the most FLOP believed: the half of the spread that lies above the median does not go beyond.
        log_ceiling: f64,
    },
    /// A share of the compute of the pre-training that the run starts from, with the log10 of the most believed.
    Share {
        /// Share times the pre-training's central compute, with the share's spread.
        compute: LogNormal,
        /// Central share.
        share: f64,
        /// Central compute of the pre-training in FLOP.
        of_flop: f64,
        /// log10 of the most FLOP believed.
        log_ceiling: f64,
    },
    /// What the reported emissions, energy or hours imply through the chain: closer than any regression.
    Implied,
    /// Regression on parameters.
    Parameters(Prediction<'a>),
    /// Regression on parameters that are themselves estimated from the category.
    Category {
        /// log10 N by category.
        size: &'a SharedFit,
        /// Terms of the size regression.
        size_terms: Vec<f64>,
        /// log10 of the largest N that models of the kind have had: no draw goes beyond; infinite where nothing bounds it.
        log_most_size: f64,
        /// Prediction at the central size; a draw replaces the size.
        prediction: Prediction<'a>,
    },
}

impl Compute<'_> {
    /// Central compute; none when it follows from the chain.
    #[must_use]
    pub fn central(&self) -> Option<Flop> {
        match self {
            Self::Known { median, .. } => Some(Flop(*median)),
            Self::Share { compute, .. } => Some(Flop(compute.median)),
            Self::Implied => None,
            Self::Parameters(prediction) | Self::Category { prediction, .. } => Some(Flop(prediction.central())),
        }
    }
}

/// The rung of the chain that is known; what lies below follows from it, compute stands beside it.
#[derive(Clone, Copy, Debug)]
pub enum Start {
    /// Reported emissions in kg.
    Emissions(LogNormal),
    /// Reported facility energy in kWh.
    Energy(LogNormal),
    /// Stated device hours.
    Hours(LogNormal),
    /// Nothing further down than compute.
    Compute,
}

impl Start {
    pub(super) fn factor(self) -> LogNormal {
        match self {
            Self::Emissions(f) | Self::Energy(f) | Self::Hours(f) => f,
            Self::Compute => LogNormal::with_own_spread(0.0, 0.0),
        }
    }

    fn median(self) -> f64 {
        self.factor().median
    }
}

/// What is stated beside the rung that is known, further up the chain: it does not follow backwards. The figures of one report err together,
/// each by its own spread.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stated {
    /// Facility energy in kWh, beside emissions.
    pub energy: Option<LogNormal>,
    /// Device hours, beside emissions or energy.
    pub hours: Option<LogNormal>,
}

/// One thing that a run may have been, where its kind is not known.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// Kind.
    pub kind: RunKind,
    /// Probability.
    pub weight: f64,
    /// Compute if it was this.
    pub compute: Compute<'a>,
    /// Model FLOP utilization if it was this.
    pub mfu: LogNormal,
    /// Possible accelerators if it was this; weights sum to one.
    pub chips: Cow<'a, [Chip]>,
}

/// Everything needed to estimate one run at one tier.
#[derive(Clone, Debug)]
pub struct RunModel<'a> {
    /// Key of the random stream.
    pub run_id: &'a str,
    /// What is known.
    pub start: Start,
    /// What is stated beside it.
    pub stated: Stated,
    /// Compute.
    pub compute: Compute<'a>,
    /// Model FLOP utilization.
    pub mfu: LogNormal,
    /// What the run may have been, each with compute, utilization and chips of its own; what the weights lack to one is that nothing was trained.
    /// None where its kind is known; `compute`, `mfu` and `chips` are those of the likeliest.
    pub parts: &'a [Part<'a>],
    /// Possible accelerators; weights sum to one.
    pub chips: &'a [Chip],
    /// Power usage effectiveness.
    pub pue: LogNormal,
    /// Possible grids; weights sum to one.
    pub grids: &'a [GridOption],
}

/// Central values of the chain, each step computed from the one before as a person would.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Central {
    /// Compute.
    pub flop: Flop,
    /// Peak rate; the weighted geometric mean for a mixture.
    pub peak: FlopPerSecond,
    /// Device hours.
    pub hours: AcceleratorHours,
    /// Power per accelerator with host; the weighted geometric mean for a mixture.
    pub power: Watts,
    /// Facility energy.
    pub energy: Kwh,
    /// Emissions.
    pub emissions: KgCo2e,
}

/// One value of every factor of the chain.
struct Factors {
    compute: Option<Flop>,
    /// The known rung: kg, kWh or hours.
    start: f64,
    energy: Option<Kwh>,
    hours: Option<AcceleratorHours>,
    peak: FlopPerSecond,
    power: Watts,
    mfu: f64,
    pue: f64,
    grid: GCo2ePerKwh,
}

/// The chain, from the rung that is known to the others.
fn evaluate(start: Start, f: &Factors) -> Central {
    let (hours, energy, emissions) = match start {
        Start::Emissions(_) => {
            let energy = f.energy.unwrap_or_else(|| chain::implied_energy(KgCo2e(f.start), f.grid));
            (f.hours, energy, KgCo2e(f.start))
        }
        Start::Energy(_) => (f.hours, Kwh(f.start), chain::emissions(Kwh(f.start), f.grid)),
        Start::Hours(_) | Start::Compute => {
            let hours = match start {
                Start::Hours(_) => AcceleratorHours(f.start),
                // `build` gives every run that starts from compute a compute.
                _ => chain::accelerator_hours(f.compute.unwrap_or_default(), f.peak, f.mfu),
            };
            let energy = chain::facility_energy(hours, f.power, f.pue);
            (Some(hours), energy, chain::emissions(energy, f.grid))
        }
    };
    let hours = hours.unwrap_or_else(|| match f.compute {
        Some(flop) => chain::accelerator_hours(flop, f.peak, f.mfu),
        None => chain::implied_hours(energy, f.power, f.pue),
    });
    let flop = f.compute.unwrap_or_else(|| chain::implied_flop(hours, f.peak, f.mfu));
    Central { flop, peak: f.peak, hours, power: f.power, energy, emissions }
}

/// The chain at the medians of its factors.
#[must_use]
pub fn central(model: &RunModel<'_>) -> Central {
    let mean_log = |value: fn(&Chip) -> f64| exp(model.chips.iter().map(|c| c.weight * libm::log(value(c))).sum());
    let factors = Factors {
        compute: model.compute.central(),
        start: model.start.median(),
        energy: model.stated.energy.map(|energy| Kwh(energy.median)),
        hours: model.stated.hours.map(|hours| AcceleratorHours(hours.median)),
        peak: FlopPerSecond(mean_log(|c| c.peak.0)),
        power: Watts(mean_log(|c| chain::node_power(c.tdp, c.power_ratio.median).0)),
        mfu: model.mfu.median,
        pue: model.pue.median,
        grid: GCo2ePerKwh(exp(model.grids.iter().map(|g| g.weight * libm::log(g.intensity.median)).sum())),
    };
    evaluate(model.start, &factors)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::method) fn h100() -> Vec<Chip> {
        vec![Chip {
            name: "H100".into(),
            weight: 1.0,
            peak: FlopPerSecond(989e12),
            tdp: Watts(700.0),
            power_ratio: LogNormal::with_own_spread(1.0, 0.0),
        }]
    }

    const FOUR_HUNDRED: [GridOption; 1] =
        [GridOption { weight: 1.0, intensity: LogNormal { median: 400.0, own_sd: 0.0, shared_sd: 0.0 } }];

    pub(in crate::method) fn model(chips: &[Chip], start: Start, sd: f64) -> RunModel<'_> {
        RunModel {
            run_id: "a/b#pretraining",
            start,
            stated: Stated::default(),
            compute: Compute::Known { median: 1e24, spread: Spread::Normal(sd), log_ceiling: f64::INFINITY },
            mfu: LogNormal::with_own_spread(0.4, 0.0),
            parts: &[],
            chips,
            pue: LogNormal::with_own_spread(1.1, 0.0),
            grids: &FOUR_HUNDRED,
        }
    }

    /// 1e24 / (989e12 x 0.4 x 3600) = 702,168 h; x 0.7 kW x 1.1 = 540,669 kWh; x 0.4 kg = 216,268 kg.
    #[test]
    fn central_chain_by_hand() {
        let chips = h100();
        let c = central(&model(&chips, Start::Compute, 0.0));
        assert!((c.hours.0 / 702_168.0 - 1.0).abs() < 1e-5);
        assert!((c.energy.0 / 540_669.0 - 1.0).abs() < 1e-5);
        assert!((c.emissions.0 / 216_268.0 - 1.0).abs() < 1e-5);
    }

    /// 1000 kg on a 400 g/kWh grid is 2500 kWh, whatever the compute.
    #[test]
    fn reported_emissions_fix_energy_not_compute() {
        let chips = h100();
        let c = central(&model(&chips, Start::Emissions(LogNormal::with_own_spread(1000.0, 0.0)), 0.0));
        assert!((c.energy.0 - 2500.0).abs() < 1e-9);
        assert_eq!(c.emissions.0, 1000.0);
        assert_eq!(c.flop.0, 1e24);
    }

    /// 216,268 kg through the chain of `central_chain_by_hand` backwards is 1e24 FLOP again.
    #[test]
    fn compute_implied_by_reported_emissions() {
        let chips = h100();
        let mut model = model(&chips, Start::Emissions(LogNormal::with_own_spread(216_268.0, 0.0)), 0.0);
        model.compute = Compute::Implied;
        let c = central(&model);
        assert!((c.flop.0 / 1e24 - 1.0).abs() < 1e-5);
        assert!((c.hours.0 / 702_168.0 - 1.0).abs() < 1e-5);
    }

    /// BLOOM (Luccioni, Viguier and Ligozat 2022, arXiv 2211.02001, table 4 and section 4): 24.69 t, 433,196 kWh and 1,082,990 A100 hours are
    /// published side by side. None is made of another, and 1,082,990 h x 312e12 x 0.4 x 3600 = 4.866e23 FLOP.
    #[test]
    fn figures_stated_beside_emissions_stay() {
        let mut chips = h100();
        (chips[0].peak, chips[0].tdp) = (FlopPerSecond(312e12), Watts(400.0));
        let exact = |value| LogNormal::with_own_spread(value, 0.0);
        let mut model = model(&chips, Start::Emissions(exact(24_690.0)), 0.0);
        model.compute = Compute::Implied;
        model.stated = Stated { energy: Some(exact(433_196.0)), hours: Some(exact(1_082_990.0)) };
        let c = central(&model);
        assert_eq!((c.emissions.0, c.energy.0, c.hours.0), (24_690.0, 433_196.0, 1_082_990.0));
        assert!((c.flop.0 / 4.866e23 - 1.0).abs() < 1e-3);
        // Hours beside energy alone: emissions follow from the energy, 433,196 kWh x 0.4 kg.
        model.start = Start::Energy(exact(433_196.0));
        let c = central(&model);
        assert_eq!((c.energy.0, c.hours.0), (433_196.0, 1_082_990.0));
        assert!((c.emissions.0 / 173_278.4 - 1.0).abs() < 1e-9);
    }
}
