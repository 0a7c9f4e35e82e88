//! How far a stated compute may be off: as far as its source rates it, and no farther than what else is known of the same run.
//!
//! A figure is evidence, and evidence does not make an estimate worse than none. What is rated as good to a factor of thirty would, where size
//! and year alone tell a factor of six.

use super::Basis;
use crate::domain::{Rating, Run};
use crate::method::assumptions as assume;
use crate::method::chain;
use crate::method::simulate::{Compute, Prediction};
use crate::reference::registry::flop_sd_dex;
use crate::units::{Params, Tokens};
use libm::{log10, sqrt};

/// Standard deviations of a normal between its median and its 95th percentile.
const Z_95: f64 = 1.645;

/// Spread of a stated compute in dex: the narrowest of what its rating says, of what an estimate of the run without the figure has, and, where
/// size and tokens are stated beside it, of what 6 N D has with the distance of the two. The median stays with the figure: who states one may
/// know of stages, loops and sizes that a regression does not see. Confident figures have their own spread.
#[must_use]
pub fn spread_dex(run: &Run, flop: f64, without: &Compute<'_>, basis: &Basis) -> f64 {
    let rated = flop_sd_dex(run.known.train_flop_confidence.map_or(Rating::Unknown, Rating::of_confidence));
    if rated <= assume::FLOP_CONFIDENT_SD_DEX {
        return rated;
    }
    let of_others = [of_estimate(without), beside_the_product(run, flop, basis)];
    of_others.into_iter().flatten().fold(rated, f64::min).max(assume::FLOP_CONFIDENT_SD_DEX)
}

/// Spread of an estimate by size or share in dex; none where not even the size is known.
fn of_estimate(compute: &Compute<'_>) -> Option<f64> {
    match compute {
        Compute::Parameters(prediction) => Some(of_prediction(prediction)),
        Compute::Share { compute, .. } => Some(compute.own_sd / assume::LN_10),
        Compute::Known { .. } | Compute::Implied | Compute::Category { .. } => None,
    }
}

/// Half of the 90 % interval of a regression on size, as that of a normal.
fn of_prediction(prediction: &Prediction<'_>) -> f64 {
    let half = |[low, _, high]: [f64; 3]| (high - low) / 2.0 / Z_95;
    let of_fit = prediction.widening * half(prediction.fit.errors.near(prediction.terms[prediction.size_position]).interval());
    let of_product = prediction.product_errors.map_or(0.0, |errors| half(errors.interval()));
    sqrt(of_fit * of_fit + of_product * of_product)
}

/// What 6 N D of the stated size and tokens is off by, and how far the figure lies from it.
fn beside_the_product(run: &Run, flop: f64, basis: &Basis) -> Option<f64> {
    let product = chain::training_flop(Params(run.known.active_params?), Tokens(run.known.train_tokens?)).0;
    let (error, apart) = (basis.fits.six_nd_errors(product).rms(), log10(flop / product));
    Some(sqrt(error * error + apart * apart))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Modality, RunKind};
    use crate::estimation::{Basis, FactorTables, Fits};
    use crate::method::calibration::ErrorLaw;
    use crate::method::simulate::{LogNormal, Response, SharedFit};
    use crate::reference::Reference;

    fn run(confidence: Option<f64>, tokens: Option<f64>) -> Run {
        let mut run = Run::new("a/b", RunKind::Pretraining, Modality::Text);
        (run.known.active_params, run.known.train_tokens) = (Some(1e9), tokens);
        run.known.train_flop_confidence = confidence;
        run
    }

    /// Regression: Ouro-1.4B, whose compute was looked up without much trust, had a mean of eight times the figure and an upper end of forty
    /// times what its size and year allow.
    #[test]
    fn a_doubted_figure_is_no_wider_than_none() {
        let errors: Vec<(f64, f64)> = (0..200).map(|i| (9.0, if i % 2 == 0 { 0.5 } else { -0.5 })).collect();
        let six_nd: Vec<(f64, f64)> = (0..100).map(|i| (22.0, if i % 2 == 0 { 0.3 } else { -0.3 })).collect();
        let tables = FactorTables::new(&Reference::load().unwrap());
        let basis = Basis::with_fits(
            Fits::new(std::collections::BTreeMap::new(), ErrorLaw::new(&six_nd)),
            std::sync::Arc::clone(&Basis::without_fits(&tables).mixtures),
        );
        let fit = SharedFit::with_draws(vec![12.0, 0.0], Vec::new(), ErrorLaw::new(&errors));
        let prediction = Prediction {
            fit: &fit,
            response: Response::Tokens,
            terms: vec![1.0, 9.0],
            size_position: 1,
            grows_with_size: None,
            log_length: 0.0,
            house: None,
            widening: 1.0,
            log_bounds: (f64::NEG_INFINITY, f64::INFINITY),
            bounds_exponent: 1.0,
            log_ceiling: 26.0,
            factor: 1.0,
            product_errors: None,
        };
        let by_size = Compute::Parameters(prediction);
        let of = |confidence, tokens, flop, without: &Compute<'_>| spread_dex(&run(confidence, tokens), flop, without, &basis);
        // 0.5 / 1.645 = 0.304.
        assert!((of(None, None, 6e21, &by_size) - 0.5 / Z_95).abs() < 1e-9);
        // Nothing else is known: the rating. A share of 0.4 dex tells more.
        assert_eq!(of(None, None, 6e21, &Compute::Implied), assume::FLOP_SPECULATIVE_SD_DEX);
        let share = Compute::Share {
            compute: LogNormal::with_own_spread(1e21, 0.4 * assume::LN_10),
            share: 0.1,
            of_flop: 1e22,
            log_ceiling: 26.0,
        };
        assert!((of(None, None, 6e21, &share) - 0.4).abs() < 1e-9);
        // 6 x 1e9 x 1e12 = 6e21: twice that is 0.301 apart, and 0.3 is its own error. The root of 0.0906 + 0.09.
        assert!((of(None, Some(1e12), 1.2e22, &Compute::Implied) - 0.425).abs() < 1e-3);
        // Ten times it: what the rating says is narrower.
        assert_eq!(of(None, Some(1e12), 6e22, &Compute::Implied), assume::FLOP_SPECULATIVE_SD_DEX);
        assert_eq!(of(Some(0.9), None, 6e21, &by_size), assume::FLOP_CONFIDENT_SD_DEX);
    }
}
