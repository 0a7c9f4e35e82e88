//! Where the compute of a training comes from, as lines that a person can redo.

use crate::cli::regression_text::regression_line;
use hugging_carbon::domain::number::{number, step, step_value};
use hugging_carbon::domain::{Flag, Rating, RegressionId, Run, RunKind, TrainingStage};
use hugging_carbon::error::Result;
use hugging_carbon::estimation::fine_tune::{computing_params, flop_per_sample};
use hugging_carbon::estimation::{Built, Fits, compute_fit, counted_flop, is_product};
use hugging_carbon::method::chain::{FLOP_PER_FROZEN_PARAM_TOKEN, FLOP_PER_PARAM_TOKEN, FORWARD_PASSES_OF_A_STEP};
use hugging_carbon::method::simulate::{Compute, Prediction, Response, Spread, pow10};
use std::fmt::Write as _;

/// Where a compute comes from that is not computed here: not all of it is the maker's word. `others` is the way in which others estimated it.
fn who_says_compute(row: &Run, compute: &Compute<'_>, others: Option<&str>) -> String {
    let rating = row.known.train_flop_confidence.map_or(Rating::Unknown, Rating::of_confidence);
    let who = match others {
        Some("hardware") => "estimated by others from chips and hours",
        Some("benchmarks") => "estimated by others from benchmarks",
        Some("third_party") => "estimated by a third party",
        Some(_) => "estimated by others",
        None if is_product(row) => return "stated: 6 N D of its size and tokens".to_owned(),
        None if rating == Rating::Confident => "stated",
        None => "stated, or estimated by others",
    };
    let factor = match compute {
        Compute::Known { spread: Spread::Normal(sd), .. } => pow10(Z_95 * sd / std::f64::consts::LN_10),
        _ => return who.to_owned(),
    };
    let factor = if factor < 9.95 { format!("{factor:.1}") } else { format!("{factor:.0}") };
    format!("{who}: taken as good to a factor of {} nine times in ten", factor.trim_end_matches(".0"))
}

/// Standard deviations of a normal between its median and its 95th percentile.
const Z_95: f64 = 1.645;

/// Where the draws of a stated compute end before its error does: those above its median alone, which stays.
fn cut_line(out: &mut String, compute: &Compute<'_>) {
    let Compute::Known { median, spread, log_ceiling } = compute else { return };
    let above = log_ceiling - libm::log10(*median);
    let room = above.max(libm::log10(2.0));
    let error = match spread {
        Spread::Normal(sd) => Z_95 * sd / std::f64::consts::LN_10,
        Spread::Measured(errors) => {
            let [.., high] = errors.interval();
            high
        }
    };
    if room < error {
        let most = number(pow10(*log_ceiling));
        let _ = writeln!(
            out,
            "  drawn up to {} times as much: more than {most} FLOP is not believed, and the median is kept",
            number(pow10(room))
        );
    }
}

/// The lines of the compute that a chain begins with, and what they come to, as it is printed.
pub(super) fn compute_lines(out: &mut String, row: &Run, built: &Built<'_>, fits: &Fits, others: Option<&str>) -> Result<f64> {
    let stated = step_value(built.compute.central().unwrap_or_default().0);
    let c = match &built.compute {
        Compute::Implied => stated,
        Compute::Known { .. } if built.flags.contains(&Flag::compute_share(TrainingStage::Continued)) => {
            continued_lines(out, row, built, stated)
        }
        Compute::Known { .. } if row.known.train_flop.is_some() => {
            let _ = writeln!(out, "  C = {} FLOP   {}", step(stated), who_says_compute(row, &built.compute, others));
            stated
        }
        Compute::Known { .. } if built.flags.contains(&Flag::ComputeOfAnAgentByItsEnvironment) => {
            let _ = writeln!(
                out,
                "  C = FLOP per step x steps = {} FLOP   of agents that learn in such an environment (agents.csv)",
                step(stated)
            );
            stated
        }
        Compute::Known { .. } if counted_flop(row).is_some() => {
            let per = if row.kind == Some(RunKind::Adapter) { 2.0 } else { FORWARD_PASSES_OF_A_STEP };
            let (f, s) = (row.known.forward_flop.unwrap_or_default(), row.known.train_samples.unwrap_or_default());
            product_line(out, "F x S", per, &[f, s])
        }
        Compute::Known { .. } if row.known.train_tokens.is_none() => {
            let (n, samples) = (row.known.active_params.unwrap_or_default(), row.known.train_samples.unwrap_or_default());
            let (length, per) = (row.known.sample_length.unwrap_or_default().0, flop_per_sample(row, 1.0, 1.0));
            let n = computing_line(out, row, n);
            product_line(out, "N x samples x length", per, &[n, samples, length])
        }
        Compute::Known { .. } => {
            let per = if row.kind == Some(RunKind::Adapter) { FLOP_PER_FROZEN_PARAM_TOKEN } else { FLOP_PER_PARAM_TOKEN };
            let (n, d) = (row.known.active_params.unwrap_or_default(), row.known.train_tokens.unwrap_or_default());
            let n = computing_line(out, row, n);
            product_line(out, "N x D", per, &[n, d])
        }
        Compute::Share { share, of_flop, .. } => {
            let root = row.root_run_id.as_deref().unwrap_or_default();
            let c = step_value(step_value(*share) * step_value(*of_flop));
            let _ = writeln!(
                out,
                "  C = share x C(pre-training) = {} x {} = {} FLOP   share of stage {}, of {root}",
                step(*share),
                step(*of_flop),
                step(c),
                row.stage.map(|stage| stage.name()).unwrap_or_default()
            );
            c
        }
        Compute::Parameters(prediction) => prediction_lines(out, row, prediction, fits)?,
        Compute::Category { size, size_terms, prediction, .. } => {
            let id = RegressionId::ParamsFromCategory;
            regression_line(out, (id, "log10 N"), fits.get(id)?, size, (size_terms, None));
            prediction_lines(out, row, prediction, fits)?
        }
    };
    cut_line(out, &built.compute);
    Ok(c)
}

/// The lines of a continued pre-training of which nothing but its size is known.
fn continued_lines(out: &mut String, row: &Run, built: &Built<'_>, stated: f64) -> f64 {
    let words = "tokens that such continued pre-trainings have stated (continued_runs.csv)";
    match row.known.active_params.filter(|_| !built.flags.contains(&Flag::ParamsFromCategory)) {
        Some(n) => {
            let d = stated / FLOP_PER_PARAM_TOKEN / step_value(n);
            let _ = writeln!(out, "  D = {} {words}", step(step_value(d)));
            product_line(out, "N x D", FLOP_PER_PARAM_TOKEN, &[n, d])
        }
        None => {
            let _ = writeln!(out, "  C = {} FLOP   6 N D of the size of its category and the {words}", step(stated));
            stated
        }
    }
}

/// C = `per` x the factors, which `words` names.
fn product_line(out: &mut String, words: &str, per: f64, factors: &[f64]) -> f64 {
    let c = step_value(per * factors.iter().copied().map(step_value).product::<f64>());
    let printed: Vec<String> = factors.iter().copied().map(step).collect();
    let _ = writeln!(out, "  C = {per} x {words} = {per} x {} = {} FLOP", printed.join(" x "), step(c));
    c
}

/// Says what of N is only looked up, and returns the rest.
fn computing_line(out: &mut String, row: &Run, n: f64) -> f64 {
    let computing = computing_params(row, n);
    if computing < n {
        let _ = writeln!(
            out,
            "  N = {} - {} = {}   less the embeddings of the vocabulary, which are only looked up",
            step(n),
            step(n - computing),
            step(computing)
        );
    }
    computing
}

fn prediction_lines(out: &mut String, row: &Run, prediction: &Prediction<'_>, fits: &Fits) -> Result<f64> {
    let (id, response) = compute_fit(row);
    let symbol = match response {
        Response::Tokens => "log10 D",
        Response::Samples => "log10 samples",
        Response::Compute => "log10 C",
    };
    let predicted = regression_line(out, (id, symbol), fits.get(id)?, prediction.fit, (&prediction.terms, prediction.house));
    let n = pow10(prediction.terms[prediction.size_position]);
    let per = FLOP_PER_PARAM_TOKEN;
    let raw = match response {
        Response::Compute => {
            let c = step_value(pow10(predicted));
            let _ = writeln!(out, "  C = 10^{predicted} = {} FLOP", step(c));
            c
        }
        Response::Tokens => {
            let n = computing_line(out, row, n);
            product_line(out, "N x D", per, &[n, pow10(predicted)])
        }
        Response::Samples => {
            let length = pow10(prediction.log_length);
            let n = computing_line(out, row, n);
            let flop = product_line(out, "N x samples x length", per, &[n, pow10(predicted), length]);
            if prediction.widening > 1.0 {
                let _ = writeln!(out, "  errors widened {:.2} times, for the length and for sizes not seen", prediction.widening);
            }
            flop
        }
    };
    let (low, high) = prediction.log_bounds;
    let bound = if high < prediction.log_ceiling {
        let why =
            if row.is_pretraining() { "the most tokens of its size" } else { "a third of a pre-training of this size and date" };
        format!("at most {} FLOP ({why})", number(pow10(high)))
    } else {
        format!("at most {} FLOP (the most that was published)", number(pow10(prediction.log_ceiling)))
    };
    let least =
        if low.is_finite() { format!("at least {} FLOP (one token per parameter), ", number(pow10(low))) } else { String::new() };
    let _ = writeln!(out, "  bounded to {least}{bound}");
    let c = prediction.central();
    let looked_up = if response == Response::Compute { 1.0 } else { computing_params(row, n) / n };
    let factor = prediction.factor / looked_up;
    if factor < 1.0 || (c / raw - 1.0).abs() > AS_PRINTED {
        let _ = writeln!(out, "  C = {} FLOP after bounds and the factor {factor:.3}", step(c));
        return Ok(step_value(c));
    }
    Ok(raw)
}

/// Relative difference that five digits of the factors may make.
const AS_PRINTED: f64 = 1e-3;
