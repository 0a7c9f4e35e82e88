//! A run's compute at a point and in a draw.
//!
//! What a prediction errs by is a run's own and lies at its points; what its coefficients err by is shared and comes with the draw's
//! number. Errors are truncated to the bounds around the central prediction, and a draw ends at them.

use super::error_table::{ErrorTable, rounded_widening};
use super::points::{COMPUTE, Order, PRODUCT, SIZE};
use super::strata::Shared;
use crate::method::assumptions::LN_10;
use crate::method::calibration::Errors;
use crate::method::digest::digest;
use crate::method::rng::normal_quantile;
use crate::method::simulate::{Compute, LogNormal, Prediction, Response, SharedFit, Spread, pow10};
use libm::{exp, log10};
use std::sync::Arc;

/// A tail beyond a ceiling that is rarer than this is not cut: the quantile of the outermost of 100,000 strata would move by less than 0.01
/// standard deviations.
const NEGLIGIBLE: f64 = 1e-7;
/// Steps of the terms for which deviations of coefficients are kept: half a step times a coefficient's standard error (some 0.1 per unit)
/// moves a draw by 0.3 dex / 100 or less.
const STEPS_PER_UNIT: f64 = 20.0;
/// Steps per dex of the bounds for which compute of unknown size is kept; draws end at the exact ones.
const STEPS_PER_DEX: f64 = 50.0;

/// A run's compute as it is drawn.
pub(super) enum Sampler {
    /// Median, and the factor on it by point.
    Table(f64, Arc<[f64]>),
    /// Median, spread, and where it ends.
    Normal(f64, f64, End),
    /// Errors around a stated figure.
    Measured(Between),
    /// What a regression predicts, and by draw what its coefficients make of it.
    Predicted(Between, Arc<[f64]>),
    /// The same of a run of unknown size: median, factor by point, factor by draw, most.
    Category(f64, Arc<[f64]>, Arc<[f64]>, f64),
    /// It follows from the chain.
    Implied,
}

/// Where errors end above.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    /// At this probability: the draws beyond are dealt to all others, and the median moves.
    OfAll(f64),
    /// At this probability: the draws beyond are dealt to those above the median, which stays.
    OfTheUpperHalf(f64),
}

impl End {
    /// The probability at `u`, where the errors begin at `from`.
    fn probability(self, from: f64, u: f64) -> f64 {
        match self {
            Self::OfTheUpperHalf(to) if to > 0.5 && u > 0.5 => 0.5 + (u - 0.5) * (to - 0.5) / 0.5,
            Self::OfTheUpperHalf(to) if to > 0.5 => u,
            Self::OfAll(to) | Self::OfTheUpperHalf(to) => from + u * (to - from),
        }
    }

    fn share(self) -> f64 {
        let (Self::OfAll(to) | Self::OfTheUpperHalf(to)) = self;
        to
    }
}

/// A median with errors between two bounds.
pub(super) struct Between {
    median: f64,
    errors: Arc<ErrorTable>,
    /// Shares of the errors between which they are drawn, the lower one and where they end.
    shares: (f64, End),
    /// FLOP.
    bounds: (f64, f64),
}

impl Between {
    /// Around a median, between bounds given as log10.
    fn new(log_median: f64, (low, high): (f64, f64), factor: f64, errors: Arc<ErrorTable>) -> Self {
        // Where nothing that was seen lies between the bounds the nearer one is taken: the draw ends at it.
        let shares = (errors.share_below(low - log_median), End::OfAll(errors.share_below(high - log_median)));
        Self { median: factor * pow10(log_median), errors, shares, bounds: (factor * pow10(low), factor * pow10(high)) }
    }

    fn flop(&self, u: f64, by_draw: f64) -> f64 {
        let (from, to) = self.shares;
        (self.median * self.errors.factor(to.probability(from, u)) * by_draw).clamp(self.bounds.0, self.bounds.1)
    }
}

impl Sampler {
    pub(super) fn new(compute: &Compute<'_>, shared: &Shared) -> Self {
        // A figure near or above the ceiling keeps room to err by a factor of two.
        let room = |median: f64, log_ceiling: f64| (log_ceiling - log10(median)).max(log10(2.0));
        let below = |dex: f64, sd: f64| if sd > 0.0 { normal_below(dex * LN_10 / sd) } else { 1.0 };
        let normal = |median: f64, sd: f64, end: End| {
            if end.share() > 1.0 - NEGLIGIBLE {
                Self::Table(median, shared.own_factor(COMPUTE, sd))
            } else {
                Self::Normal(median, sd, end)
            }
        };
        match compute {
            // A ceiling says nothing of how far below a stated figure the truth may lie: of what is stated only the upper half ends at it,
            // and the median stays.
            Compute::Known { median, spread: Spread::Normal(sd), log_ceiling } => {
                normal(*median, *sd, End::OfTheUpperHalf(below(room(*median, *log_ceiling), *sd)))
            }
            Compute::Known { median, spread: Spread::Measured(errors), log_ceiling } => {
                let (log_median, room) = (log10(*median), room(*median, *log_ceiling));
                let bounds = (f64::NEG_INFINITY, log_median + room);
                let between = Between::new(log_median, bounds, 1.0, error_table(shared, *errors, 1.0, None));
                let (from, end) = between.shares;
                Self::Measured(Between { shares: (from, End::OfTheUpperHalf(end.share())), ..between })
            }
            Compute::Share { compute: LogNormal { median, own_sd, .. }, log_ceiling, .. } => {
                normal(*median, *own_sd, End::OfAll(below(room(*median, *log_ceiling), *own_sd)))
            }
            Compute::Implied => Self::Implied,
            Compute::Parameters(prediction) => predicted(prediction, shared),
            Compute::Category { size, size_terms, log_most_size, prediction } => {
                category((size, size_terms, *log_most_size), prediction, shared)
            }
        }
    }

    /// Whether it follows from the chain.
    pub(super) fn is_implied(&self) -> bool {
        matches!(self, Self::Implied)
    }

    /// FLOP of some draws; nothing where it follows from the chain.
    pub(super) fn fill(&self, shared: &Shared, order: &Order<'_>, draws: impl Iterator<Item = usize>, flop: &mut [f64]) {
        match self {
            Self::Table(median, factors) => each(draws, flop, |draw| median * factors[order.compute(draw)]),
            Self::Normal(median, sd, end) => each(draws, flop, |draw| {
                let p = end.probability(0.0, shared.compute[order.compute(draw)]);
                // 2^-33 is the range of the quantile function.
                let z = normal_quantile(p.clamp(1.2e-10, 1.0 - 1.2e-10));
                median * exp(sd * z)
            }),
            Self::Measured(between) => each(draws, flop, |draw| between.flop(shared.compute[order.compute(draw)], 1.0)),
            Self::Predicted(between, by_draw) => {
                each(draws, flop, |draw| between.flop(shared.compute[order.compute(draw)], by_draw[draw]));
            }
            Self::Category(median, by_point, by_draw, most) => {
                each(draws, flop, |draw| (median * by_point[order.compute(draw)] * by_draw[draw]).min(*most));
            }
            Self::Implied => {}
        }
    }
}

/// One loop for every kind: which it is is asked once for all draws.
fn each(draws: impl Iterator<Item = usize>, out: &mut [f64], of_draw: impl Fn(usize) -> f64) {
    for draw in draws {
        out[draw] = of_draw(draw);
    }
}

fn error_table(shared: &Shared, errors: Errors<'_>, widening: f64, product: Option<Errors<'_>>) -> Arc<ErrorTable> {
    let widening = rounded_widening(widening);
    let key = ErrorTable::key(errors, widening, product);
    shared.errors.get(key, || Arc::new(ErrorTable::new(errors, widening, product)))
}

fn predicted(prediction: &Prediction<'_>, shared: &Shared) -> Sampler {
    let log_n = prediction.terms[prediction.size_position];
    let log_median = prediction.log_flop(prediction.fit.central_value(&prediction.terms), log_n);
    let errors = error_table(shared, prediction.fit.errors.near(log_n), prediction.widening, prediction.product_errors);
    let high = prediction.log_bounds.1.min(prediction.log_ceiling);
    let bounds = (prediction.log_bounds.0.min(high), high);
    Sampler::Predicted(
        Between::new(log_median, bounds, prediction.factor, errors),
        by_draw(&[(prediction.fit, &prediction.terms, 1.0)], shared),
    )
}

/// Factor on compute that the coefficients of a draw make, for regressions that are added up, each with its terms and its weight.
fn by_draw(added: &[(&SharedFit, &[f64], f64)], shared: &Shared) -> Arc<[f64]> {
    let rounded: Vec<Vec<f64>> =
        added.iter().map(|(_, terms, weight)| terms.iter().map(|x| step(weight * x, STEPS_PER_UNIT)).collect()).collect();
    let of_fit = |(fit, terms): (&SharedFit, &Vec<f64>)| -> Vec<u64> {
        std::iter::once(fit.digest()).chain(terms.iter().map(|x| x.to_bits())).collect()
    };
    let key = digest(added.iter().map(|(fit, ..)| *fit).zip(&rounded).flat_map(of_fit));
    shared.computes.get(key, || {
        let mut logs = vec![0.0; shared.draws()];
        for ((fit, ..), terms) in added.iter().zip(&rounded) {
            logs.iter_mut().zip(fit.deviations(terms)).for_each(|(log, deviation)| *log += deviation);
        }
        logs.into_iter().map(pow10).collect()
    })
}

fn step(x: f64, per_unit: f64) -> f64 {
    (x * per_unit).round() / per_unit
}

/// Compute of a run whose size is drawn with it. Its bounds grow with the size, and so does the class of its errors.
fn category((size, size_terms, log_most_size): (&SharedFit, &[f64], f64), prediction: &Prediction<'_>, shared: &Shared) -> Sampler {
    let log_n = prediction.terms[prediction.size_position];
    let log_median = prediction.log_flop(prediction.fit.central_value(&prediction.terms), log_n);
    let per_dex = prediction.slope() + if prediction.response == Response::Compute { 0.0 } else { 1.0 };
    let relative = |bound: f64| step(bound - log_median, STEPS_PER_DEX);
    let errors = size.errors.near(size.central_value(size_terms));
    let class = Unsized {
        size: errors,
        // Where nothing that was seen lies below, the least error counts. The cut is set around the central size: a draw whose coefficients
        // tell of larger models lies above it by that much (3 % of the 95th percentile where the cut is half a dex above the centre).
        share_of_sizes: errors.share_below(step(log_most_size - log_n, STEPS_PER_UNIT)),
        prediction,
        per_dex,
        log_n: step(log_n, STEPS_PER_UNIT),
        bounds: (relative(prediction.log_bounds.0), relative(prediction.log_bounds.1)),
        ceiling: relative(prediction.log_ceiling),
        widening: rounded_widening(prediction.widening),
    };
    let by_point = shared.computes.get(class.key(), || class.compute(shared));
    let by_draw = by_draw(&[(prediction.fit, &prediction.terms, 1.0), (size, size_terms, per_dex)], shared);
    let factor = prediction.factor;
    Sampler::Category(factor * pow10(log_median), by_point, by_draw, factor * pow10(prediction.log_ceiling))
}

/// What the compute of runs of unknown size is drawn from, over its median.
struct Unsized<'a> {
    /// Errors of log10 N.
    size: Errors<'a>,
    /// Share of them that stays below the largest size believed.
    share_of_sizes: f64,
    prediction: &'a Prediction<'a>,
    /// Dex of compute per dex of N.
    per_dex: f64,
    /// Central log10 N.
    log_n: f64,
    /// log10 over the median compute.
    bounds: (f64, f64),
    ceiling: f64,
    widening: f64,
}

impl Unsized<'_> {
    fn key(&self) -> u64 {
        let Self { size, share_of_sizes, prediction, per_dex, log_n, bounds, ceiling, widening } = self;
        let digests = [size.digest(), prediction.fit.errors.digest(), prediction.product_errors.map_or(0, Errors::digest)];
        let numbers = [*share_of_sizes, *per_dex, *log_n, bounds.0, bounds.1, *ceiling, *widening, prediction.bounds_exponent];
        digest(digests.into_iter().chain(numbers.map(f64::to_bits)))
    }

    /// Factor on the median at every point.
    fn compute(&self, shared: &Shared) -> Arc<[f64]> {
        let at = |point: usize| {
            let larger = self.size.quantile(self.share_of_sizes * shared.probability(SIZE, point));
            let product = self.prediction.product_errors.map_or(0.0, |e| e.quantile(shared.probability(PRODUCT, point)));
            let centre = self.per_dex * larger + product;
            let growth = self.prediction.bounds_exponent * larger;
            let high = (self.bounds.1 + growth).min(self.ceiling);
            let low = (self.bounds.0 + growth).min(high);
            let errors = self.prediction.fit.errors.near(self.log_n + larger);
            // Truncated in units of the widened error.
            let w = self.widening;
            let error = truncated(0.0, errors, (low - centre) / w, (high - centre) / w, shared.compute[point]);
            pow10(centre + w * error)
        };
        (0..shared.draws()).map(at).collect()
    }
}

/// Centre plus the error at `u` of those that stay between the bounds (log10): draws are redistributed, not piled up at the ends.
pub(super) fn truncated(centre: f64, errors: Errors<'_>, low: f64, high: f64, u: f64) -> f64 {
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
