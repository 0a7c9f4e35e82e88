//! A run's compute in a draw.

use super::strata::{COMPUTE, Orders, PRODUCT, SIZE, Shared, middle};
use crate::method::assumptions::LN_10;
use crate::method::calibration::Errors;
use crate::method::rng::normal_quantile;
use crate::method::simulate::{Compute, Prediction, SharedFit, Spread, pow10};
use libm::{exp, log10};
use std::sync::Arc;

/// A tail beyond a ceiling that is rarer than this is not cut: the quantile of the outermost of 100,000 strata would move by less than 0.01
/// standard deviations.
const NEGLIGIBLE: f64 = 1e-7;

/// What of a run's compute is the same in every draw.
pub(super) enum Sampler<'a> {
    /// Median, and the factor on it by stratum.
    Table(f64, Arc<[f64]>),
    /// Median, spread, and the probabilities between which it is drawn.
    Normal(f64, f64, (f64, f64)),
    /// log10 of the median, measured errors, log10 of the least and the most.
    Measured(f64, Errors<'a>, (f64, f64)),
    Implied,
    Parameters(Regressed<'a>),
    /// The regression of size with its terms, and that of compute.
    Category(&'a SharedFit, &'a [f64], Regressed<'a>),
}

impl<'a> Sampler<'a> {
    pub(super) fn new(compute: &'a Compute<'a>, shared: &Shared) -> Self {
        // A figure near or above the ceiling keeps room to err by a factor of two.
        let room = |median: f64, log_ceiling: f64| (log_ceiling - log10(median)).max(log10(2.0));
        let below = |dex: f64, sd: f64| if sd > 0.0 { normal_below(dex * LN_10 / sd) } else { 1.0 };
        let normal = |median: f64, sd: f64, (from, to): (f64, f64)| {
            if from < NEGLIGIBLE && to > 1.0 - NEGLIGIBLE {
                Self::Table(median, shared.factors(sd))
            } else {
                Self::Normal(median, sd, (from, to))
            }
        };
        match compute {
            // What is stated is cut alike on both sides: its tail ends at the ceiling, and its median stays where it was stated.
            Compute::Known { median, spread: Spread::Normal(sd), log_ceiling } => {
                let high = below(room(*median, *log_ceiling), *sd);
                normal(*median, *sd, (1.0 - high, high))
            }
            Compute::Known { median, spread: Spread::Measured(errors), log_ceiling } => {
                let (log_median, room) = (log10(*median), room(*median, *log_ceiling));
                Self::Measured(log_median, *errors, (log_median - room, log_median + room))
            }
            Compute::Share { compute, log_ceiling, .. } => {
                let high = below(room(compute.median, *log_ceiling), compute.own_sd);
                normal(compute.median, compute.own_sd, (0.0, high))
            }
            Compute::Implied => Self::Implied,
            Compute::Parameters(prediction) => Self::Parameters(Regressed::new(prediction)),
            Compute::Category { size, size_terms, prediction } => Self::Category(size, size_terms, Regressed::new(prediction)),
        }
    }

    /// FLOP in a draw; none where it follows from the chain.
    pub(super) fn flop(&self, orders: &Orders<'_>, draw: usize, n: usize) -> Option<f64> {
        let stratum = orders.stratum(COMPUTE, draw);
        let u = middle(stratum, n);
        match self {
            Self::Table(median, factors) => Some(median * factors[stratum]),
            Self::Normal(median, sd, (from, to)) => {
                // 2^-33 is the range of the quantile function.
                let z = normal_quantile((from + u * (to - from)).clamp(1.2e-10, 1.0 - 1.2e-10));
                Some(median * exp(sd * z))
            }
            Self::Measured(median, errors, (low, high)) => Some(pow10(truncated(*median, *errors, *low, *high, u))),
            Self::Implied => None,
            Self::Parameters(regressed) => Some(regressed.flop(regressed.log_n, regressed.errors, orders, draw, u)),
            Self::Category(size, size_terms, regressed) => {
                let centre = size.predict_with_draw(draw, size_terms);
                let log_n = centre + size.errors.near(centre).quantile(orders.probability(SIZE, draw));
                Some(regressed.flop(log_n, regressed.prediction.fit.errors.near(log_n), orders, draw, u))
            }
        }
    }
}

/// A prediction as it is drawn.
pub(super) struct Regressed<'a> {
    prediction: &'a Prediction<'a>,
    /// Terms other than size that are not zero, by position: most stand for categories.
    others: Vec<(usize, f64)>,
    /// log10 N, central where it is drawn.
    log_n: f64,
    /// Errors of that size.
    errors: Errors<'a>,
}

impl<'a> Regressed<'a> {
    fn new(prediction: &'a Prediction<'a>) -> Self {
        let (at_size, log_n) = (prediction.size_position, prediction.terms[prediction.size_position]);
        let others = prediction.terms.iter().copied().enumerate().filter(|(at, x)| *at != at_size && *x != 0.0).collect();
        Self { prediction, others, log_n, errors: prediction.fit.errors.near(log_n) }
    }

    /// The compute predicted in a draw for a size, in FLOP, with an error of the run's class of size.
    fn flop(&self, log_n: f64, errors: Errors<'_>, orders: &Orders<'_>, draw: usize, u: f64) -> f64 {
        let prediction = self.prediction;
        let product = prediction.product_errors.map_or(0.0, |errors| errors.quantile(orders.probability(PRODUCT, draw)));
        let coefficients = prediction.fit.coefficients(draw);
        let predicted =
            coefficients[prediction.size_position] * log_n + self.others.iter().map(|(at, x)| coefficients[*at] * x).sum::<f64>();
        let centre = prediction.log_flop(predicted, log_n) + product;
        let growth = prediction.bounds_exponent * (log_n - self.log_n);
        let high = (prediction.log_bounds.1 + growth).min(prediction.log_ceiling);
        let low = (prediction.log_bounds.0 + growth).min(high);
        // Truncated in units of the widened error.
        let w = prediction.widening;
        prediction.factor * pow10(centre + w * truncated(0.0, errors, (low - centre) / w, (high - centre) / w, u))
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
