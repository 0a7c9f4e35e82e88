//! The chain of a tier as lines that a person can redo, each computed from the numbers printed above it.

use crate::cli::regression_text::regression_line;
use crate::cli::text::number;
use hugging_carbon::domain::{RegressionId, Run, RunKind};
use hugging_carbon::error::Result;
use hugging_carbon::estimation::fine_tune::flop_per_sample;
use hugging_carbon::estimation::{Built, Fits, compute_fit, counted_flop};
use hugging_carbon::method::chain::{FLOP_PER_FROZEN_PARAM_TOKEN, FLOP_PER_PARAM_TOKEN, FORWARD_PASSES_OF_A_STEP};
use hugging_carbon::method::simulate::{Central, Compute, Prediction, Response, Start, central, pow10};
use std::fmt::Write as _;

/// The chain at central values, one line a step, each computed from the numbers printed above it.
pub fn chain(out: &mut String, row: &Run, built: &Built<'_>, fits: &Fits) -> Result<()> {
    let c = central(&built.model(&row.run_id));
    let (n, grid) = (number, built.grid.value.gco2e_per_kwh);
    compute_lines(out, row, built, fits)?;
    energy_lines(out, built, &c);
    let place = if built.grid.is_owner_country {
        "the place of training is not stated: the owner's country"
    } else if built.grid.is_fallback {
        "neither place nor country is known: fallback"
    } else {
        "stated"
    };
    let value = &built.grid.value;
    let _ = writeln!(out, "  I = {} g/kWh   {} {}, {}, {place}", n(grid), value.place, value.year, value.basis);
    if let Start::Emissions(m) = built.start {
        let _ = writeln!(out, "  E = 1000 x M / I = 1000 x {} / {} = {} kWh", n(m.median), n(grid), n(c.energy.0));
    } else {
        let _ = writeln!(out, "  M = E x I / 1000 = {} x {} / 1000 = {} kg CO2e", n(c.energy.0), n(grid), n(c.emissions.0));
    }
    if matches!(built.compute, Compute::Implied) {
        implied_lines(out, built, &c);
    }
    let _ = writeln!(
        out,
        "  ATCI = 1000 x M / (C / 1e15) = 1000 x {} / ({} / 1e15) = {} g/PFLOP",
        n(c.emissions.0),
        n(c.flop.0),
        n(c.emissions.0 * 1000.0 / (c.flop.0 / 1e15))
    );
    if !built.flags.is_empty() {
        let flags: Vec<&str> = built.flags.iter().map(|flag| flag.name()).collect();
        let _ = writeln!(out, "  assumed: {}", flags.join(", "));
    }
    Ok(())
}

/// Device hours and energy, as far down as the evidence starts.
fn energy_lines(out: &mut String, built: &Built<'_>, c: &Central) {
    let n = number;
    match built.start {
        Start::Compute => {
            peak_line(out, built, c);
            let _ = writeln!(
                out,
                "  H = C / (peak x MFU x 3600) = {} / ({} x {} x 3600) = {} device hours",
                n(c.flop.0),
                n(c.peak.0),
                n(built.mfu.median),
                n(c.hours.0)
            );
        }
        Start::Hours(h) => {
            let _ = writeln!(out, "  H = {} device hours   stated; {}", n(h.median), built.chips.name);
        }
        Start::Energy(_) | Start::Emissions(_) => {}
    }
    match built.start {
        Start::Compute | Start::Hours(_) => {
            power_lines(out, built, c);
            let _ = writeln!(
                out,
                "  E = H x P x PUE / 1000 = {} x {} x {} / 1000 = {} kWh",
                n(c.hours.0),
                n(c.power.0),
                n(built.pue.pue),
                n(c.energy.0)
            );
        }
        Start::Energy(e) => {
            let _ = writeln!(out, "  E = {} kWh   reported", n(e.median));
        }
        Start::Emissions(m) => {
            let _ = writeln!(out, "  M = {} kg CO2e   reported", n(m.median));
        }
    }
}

/// Compute that nothing states: what the energy implies on the chip, backwards through the chain.
fn implied_lines(out: &mut String, built: &Built<'_>, c: &Central) {
    let n = number;
    if !matches!(built.start, Start::Hours(_)) {
        power_lines(out, built, c);
        let _ = writeln!(
            out,
            "  H = 1000 x E / (P x PUE) = 1000 x {} / ({} x {}) = {} device hours",
            n(c.energy.0),
            n(c.power.0),
            n(built.pue.pue),
            n(c.hours.0)
        );
    }
    peak_line(out, built, c);
    let _ = writeln!(
        out,
        "  C = H x peak x MFU x 3600 = {} x {} x {} x 3600 = {} FLOP   implied, nothing states it",
        n(c.hours.0),
        n(c.peak.0),
        n(built.mfu.median),
        n(c.flop.0)
    );
}

fn peak_line(out: &mut String, built: &Built<'_>, c: &Central) {
    let (peak, mfu) = (number(c.peak.0), number(built.mfu.median));
    let _ = writeln!(out, "  peak = {peak} FLOP/s, MFU = {mfu}   {}", chip_note(built));
}

fn chip_note(built: &Built<'_>) -> String {
    match built.chips.set.as_ref() {
        [one] => format!("{} (dense)", one.name),
        many if built.chips.is_fallback => {
            format!("{}: weighted geometric mean of {} chips in use then", built.chips.name, many.len())
        }
        many => format!("weighted geometric mean of {} candidates: {}", many.len(), built.chips.name),
    }
}

/// P = TDP x share x host factor for one chip; a mixture has only its mean. Then the PUE.
fn power_lines(out: &mut String, built: &Built<'_>, c: &Central) {
    let n = number;
    let _ = match (built.chips.set.as_ref(), &built.chips.power) {
        ([one], Some(power)) => writeln!(
            out,
            "  P = TDP x accelerator share x host factor = {} x {} x {} = {} W   {}",
            n(one.tdp.0),
            n(power.accelerator_share),
            n(power.host_factor),
            n(c.power.0),
            power.source
        ),
        _ => writeln!(out, "  P = {} W per accelerator with its share of the host   weighted geometric mean", n(c.power.0)),
    };
    let fallback = if built.pue.is_fallback() { ", fallback" } else { "" };
    let _ = writeln!(out, "  PUE = {}   {}, {}{fallback}", n(built.pue.pue), built.pue.operator, built.pue.year);
}

/// C as a constant times factors.
fn product_line(out: &mut String, per: f64, names: &str, factors: &[f64], c: f64) {
    let factors: Vec<String> = factors.iter().map(|factor| number(*factor)).collect();
    let _ = writeln!(out, "  C = {per} x {names} = {per} x {} = {} FLOP", factors.join(" x "), number(c));
}

fn compute_lines(out: &mut String, row: &Run, built: &Built<'_>, fits: &Fits) -> Result<()> {
    let c = built.compute.central().unwrap_or_default().0;
    match &built.compute {
        Compute::Implied => {}
        Compute::Known { .. } if row.known.train_flop.is_some() => {
            let _ = writeln!(out, "  C = {} FLOP   stated", number(c));
        }
        Compute::Known { .. } if counted_flop(row).is_some() => {
            let per = if row.kind == Some(RunKind::Adapter) { 2.0 } else { FORWARD_PASSES_OF_A_STEP };
            let (f, s) = (row.known.forward_flop.unwrap_or_default(), row.known.train_samples.unwrap_or_default());
            product_line(out, per, "F x S", &[f, s], c);
        }
        Compute::Known { .. } if row.known.train_tokens.is_none() => {
            let (n, samples) = (row.known.active_params.unwrap_or_default(), row.known.train_samples.unwrap_or_default());
            let (length, per) = (row.known.sample_length.unwrap_or_default().0, flop_per_sample(row, 1.0, 1.0));
            product_line(out, per, "N x samples x length", &[n, samples, length], c);
        }
        Compute::Known { .. } => {
            let per = if row.kind == Some(RunKind::Adapter) { FLOP_PER_FROZEN_PARAM_TOKEN } else { FLOP_PER_PARAM_TOKEN };
            let (n, d) = (row.known.active_params.unwrap_or_default(), row.known.train_tokens.unwrap_or_default());
            product_line(out, per, "N x D", &[n, d], c);
        }
        Compute::Share { share, of_flop, .. } => {
            let root = row.root_run_id.as_deref().unwrap_or_default();
            let _ = writeln!(
                out,
                "  C = share x C(pre-training) = {} x {} = {} FLOP   share of stage {}, of {root}",
                number(*share),
                number(*of_flop),
                number(c),
                row.stage.map(|stage| stage.name()).unwrap_or_default()
            );
        }
        Compute::Parameters(prediction) => prediction_lines(out, row, prediction, fits)?,
        Compute::Category { size_terms, prediction, .. } => {
            let id = RegressionId::ParamsFromCategory;
            regression_line(out, id, "log10 N", fits.get(id)?, size_terms);
            prediction_lines(out, row, prediction, fits)?;
        }
    }
    Ok(())
}

fn prediction_lines(out: &mut String, row: &Run, prediction: &Prediction<'_>, fits: &Fits) -> Result<()> {
    let (id, response) = compute_fit(row);
    let symbol = match response {
        Response::Tokens => "log10 D",
        Response::Samples => "log10 samples",
        Response::Compute => "log10 C",
    };
    let predicted = regression_line(out, id, symbol, fits.get(id)?, &prediction.terms);
    let n = pow10(prediction.terms[prediction.size_position]);
    let raw = match response {
        Response::Compute => {
            let _ = writeln!(out, "  C = 10^{predicted:.4} = {} FLOP", number(pow10(predicted)));
            pow10(predicted)
        }
        Response::Tokens => {
            let (d, per) = (pow10(predicted), FLOP_PER_PARAM_TOKEN);
            product_line(out, per, "N x D", &[n, d], per * n * d);
            per * n * d
        }
        Response::Samples => {
            let (samples, length, per) = (pow10(predicted), pow10(prediction.log_length), FLOP_PER_PARAM_TOKEN);
            let flop = per * n * samples * length;
            product_line(out, per, "N x samples x length", &[n, samples, length], flop);
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
    if prediction.factor < 1.0 || (c / raw - 1.0).abs() > 1e-9 {
        let _ = writeln!(out, "  C = {} FLOP after bounds and the factor {:.3}", number(c), prediction.factor);
    }
    Ok(())
}
