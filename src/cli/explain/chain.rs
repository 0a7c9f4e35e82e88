//! The chain of a tier as lines that a person can redo, each computed from the numbers printed above it.

use super::alternatives::percent;
use crate::cli::regression_text::regression_line;
use crate::cli::text::number;
use hugging_carbon::domain::{Beside, Flag, Rating, RegressionId, Run, RunKind, Step, Tier, Way};
use hugging_carbon::error::Result;
use hugging_carbon::estimation::fine_tune::{computing_params, flop_per_sample};
use hugging_carbon::estimation::{Built, Fits, compute_fit, counted_flop, is_product};
use hugging_carbon::method::chain::{FLOP_PER_FROZEN_PARAM_TOKEN, FLOP_PER_PARAM_TOKEN, FORWARD_PASSES_OF_A_STEP};
use hugging_carbon::method::simulate::{Central, Chip, Compute, Prediction, Response, Start, central, pow10};
use std::fmt::Write as _;

/// The chain at central values, the steps of its tier in their order, each computed from the numbers printed above it.
pub fn chain(out: &mut String, row: &Run, built: &Built<'_>, fits: &Fits) -> Result<()> {
    let c = central(&built.model(&row.run_id));
    let n = number;
    let tier = match built.start {
        Start::Emissions(_) => Tier::Emissions,
        Start::Energy(_) => Tier::Energy,
        Start::Hours(_) => Tier::Hardware,
        Start::Compute => Tier::Compute,
    };
    let beside = Beside {
        is_compute_implied: matches!(built.compute, Compute::Implied),
        is_energy_stated: built.stated.energy.is_some(),
        are_hours_stated: built.stated.hours.is_some(),
    };
    for (step, way) in tier.steps(beside) {
        match step {
            Step::Compute if way == Way::Given => compute_lines(out, row, built, fits)?,
            Step::Compute => implied_compute_line(out, built, &c),
            Step::Utilization => {
                let _ = writeln!(out, "  peak = {} FLOP/s, MFU = {}   {}", n(c.peak.0), n(built.mfu.median), chip_note(built));
            }
            Step::Hours => hours_line(out, built, &c, way),
            Step::Power => power_line(out, built, &c),
            Step::Overhead => {
                let _ = writeln!(out, "  PUE = {}   {}", n(built.pue.pue), pue_note(built));
            }
            Step::Energy => energy_line(out, built, &c, way),
            Step::Grid => grid_line(out, built),
            Step::Emissions => emissions_line(out, built, &c),
        }
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

fn grid_line(out: &mut String, built: &Built<'_>) {
    let place = if built.grid.is_owner_country {
        "the place of training is not stated: the owner's country"
    } else if built.grid.is_fallback {
        "neither place nor country is known: fallback"
    } else {
        "stated"
    };
    let value = &built.grid.value;
    let _ = writeln!(out, "  I = {} g/kWh   {} {}, {}, {place}", number(value.gco2e_per_kwh), value.place, value.year, value.basis);
}

fn emissions_line(out: &mut String, built: &Built<'_>, c: &Central) {
    let n = number;
    let _ = match built.start {
        Start::Emissions(m) => writeln!(out, "  M = {} kg CO2e   reported", n(m.median)),
        Start::Energy(_) | Start::Hours(_) | Start::Compute => {
            let grid = built.grid.value.gco2e_per_kwh;
            writeln!(out, "  M = E x I / 1000 = {} x {} / 1000 = {} kg CO2e", n(c.energy.0), n(grid), n(c.emissions.0))
        }
    };
}

/// Facility energy: reported, of the device hours, or backwards from reported emissions.
fn energy_line(out: &mut String, built: &Built<'_>, c: &Central, way: Way) {
    let n = number;
    let _ = match (built.start, way) {
        (Start::Emissions(m), Way::Implied) => {
            let grid = built.grid.value.gco2e_per_kwh;
            writeln!(out, "  E = 1000 x M / I = 1000 x {} / {} = {} kWh", n(m.median), n(grid), n(c.energy.0))
        }
        (Start::Energy(e), _) => writeln!(out, "  E = {} kWh   reported", n(e.median)),
        (_, Way::Given) => writeln!(out, "  E = {} kWh   stated", n(c.energy.0)),
        _ => writeln!(
            out,
            "  E = H x P x PUE / 1000 = {} x {} x {} / 1000 = {} kWh",
            n(c.hours.0),
            n(c.power.0),
            n(built.pue.pue),
            n(c.energy.0)
        ),
    };
}

/// Device hours: stated, of the compute, or backwards from the energy.
fn hours_line(out: &mut String, built: &Built<'_>, c: &Central, way: Way) {
    let n = number;
    let _ = match (built.start, way) {
        (_, Way::Given) => writeln!(out, "  H = {} device hours   stated; {}", n(c.hours.0), built.chips.name),
        (_, Way::Implied) => writeln!(
            out,
            "  H = 1000 x E / (P x PUE) = 1000 x {} / ({} x {}) = {} device hours",
            n(c.energy.0),
            n(c.power.0),
            n(built.pue.pue),
            n(c.hours.0)
        ),
        _ => writeln!(
            out,
            "  H = C / (peak x MFU x 3600) = {} / ({} x {} x 3600) = {} device hours",
            n(c.flop.0),
            n(c.peak.0),
            n(built.mfu.median),
            n(c.hours.0)
        ),
    };
}

/// Compute that nothing states: what the hours are worth on the chip.
fn implied_compute_line(out: &mut String, built: &Built<'_>, c: &Central) {
    let n = number;
    let _ = writeln!(
        out,
        "  C = H x peak x MFU x 3600 = {} x {} x {} x 3600 = {} FLOP   implied, nothing states it",
        n(c.hours.0),
        n(c.peak.0),
        n(built.mfu.median),
        n(c.flop.0)
    );
}

fn chip_note(built: &Built<'_>) -> String {
    match built.chips.set.as_ref() {
        [one] => format!("{} (dense)", one.name),
        many if built.chips.is_fallback => {
            format!("{}: weighted geometric mean of {} chips in use then: {}", built.chips.name, many.len(), likeliest_chips(many))
        }
        many => format!("weighted geometric mean of {} candidates: {}", many.len(), built.chips.name),
    }
}

/// Chips of a mixture that are named.
const NAMED_CHIPS: usize = 4;

/// The likeliest chips of a mixture with their shares and peaks.
fn likeliest_chips(chips: &[Chip]) -> String {
    let mut sorted: Vec<&Chip> = chips.iter().collect();
    sorted.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| a.name.cmp(&b.name)));
    let named: Vec<String> = sorted
        .iter()
        .take(NAMED_CHIPS)
        .map(|chip| format!("{} {} ({})", percent(chip.weight), chip.name, number(chip.peak.0)))
        .collect();
    format!("{}{}", named.join(", "), if sorted.len() > NAMED_CHIPS { " and others" } else { "" })
}

/// P = TDP x share x host factor for one chip; a mixture has only its mean.
fn power_line(out: &mut String, built: &Built<'_>, c: &Central) {
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
}

fn pue_note(built: &Built<'_>) -> String {
    let fallback = if built.pue.is_fallback() { ", fallback" } else { "" };
    format!("{}, {}{fallback}", built.pue.operator, built.pue.year)
}

/// Where a compute comes from that is not computed here: not all of it is the maker's word.
fn who_says_compute(row: &Run) -> &'static str {
    let rating = row.known.train_flop_confidence.map_or(Rating::Unknown, Rating::of_confidence);
    match rating {
        _ if is_product(row) => "stated: 6 N D of its size and tokens",
        Rating::Confident => "stated",
        Rating::Likely => "stated, or estimated by others: good to a factor of 10",
        Rating::Speculative | Rating::Unknown => "estimated by others: good to a factor of 30",
    }
}

fn compute_lines(out: &mut String, row: &Run, built: &Built<'_>, fits: &Fits) -> Result<()> {
    let c = built.compute.central().unwrap_or_default().0;
    match &built.compute {
        Compute::Implied => {}
        Compute::Known { .. } if row.known.train_flop.is_some() => {
            let _ = writeln!(out, "  C = {} FLOP   {}", number(c), who_says_compute(row));
        }
        Compute::Known { .. } if built.flags.contains(&Flag::ComputeOfAnAgentByItsEnvironment) => {
            let _ = writeln!(
                out,
                "  C = FLOP per step x steps = {} FLOP   of agents that learn in such an environment (agents.csv)",
                number(c)
            );
        }
        Compute::Known { .. } if counted_flop(row).is_some() => {
            let per = if row.kind == Some(RunKind::Adapter) { 2.0 } else { FORWARD_PASSES_OF_A_STEP };
            let (f, s) = (row.known.forward_flop.unwrap_or_default(), row.known.train_samples.unwrap_or_default());
            let _ = writeln!(out, "  C = {per} x F x S = {per} x {} x {} = {} FLOP", number(f), number(s), number(c));
        }
        Compute::Known { .. } if row.known.train_tokens.is_none() => {
            let (n, samples) = (row.known.active_params.unwrap_or_default(), row.known.train_samples.unwrap_or_default());
            let (length, per) = (row.known.sample_length.unwrap_or_default().0, flop_per_sample(row, 1.0, 1.0));
            let n = computing_line(out, row, n);
            let _ = writeln!(
                out,
                "  C = {per} x N x samples x length = {per} x {} x {} x {} = {} FLOP",
                number(n),
                number(samples),
                number(length),
                number(c)
            );
        }
        Compute::Known { .. } => {
            let per = if row.kind == Some(RunKind::Adapter) { FLOP_PER_FROZEN_PARAM_TOKEN } else { FLOP_PER_PARAM_TOKEN };
            let (n, d) = (row.known.active_params.unwrap_or_default(), row.known.train_tokens.unwrap_or_default());
            let n = computing_line(out, row, n);
            let _ = writeln!(out, "  C = {per} x N x D = {per} x {} x {} = {} FLOP", number(n), number(d), number(c));
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

/// Says what of N is only looked up, and returns the rest.
fn computing_line(out: &mut String, row: &Run, n: f64) -> f64 {
    let computing = computing_params(row, n);
    if computing < n {
        let _ = writeln!(
            out,
            "  N = {} - {} = {}   less the embeddings of the vocabulary, which are only looked up",
            number(n),
            number(n - computing),
            number(computing)
        );
    }
    computing
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
            let n = computing_line(out, row, n);
            let _ = writeln!(out, "  C = {per} x N x D = {per} x {} x {} = {} FLOP", number(n), number(d), number(per * n * d));
            per * n * d
        }
        Response::Samples => {
            let (samples, length, per) = (pow10(predicted), pow10(prediction.log_length), FLOP_PER_PARAM_TOKEN);
            let n = computing_line(out, row, n);
            let flop = per * n * samples * length;
            let _ = writeln!(
                out,
                "  C = {per} x N x samples x length = {per} x {} x {} x {} = {} FLOP",
                number(n),
                number(samples),
                number(length),
                number(flop)
            );
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
    if factor < 1.0 || (c / raw - 1.0).abs() > 1e-9 {
        let _ = writeln!(out, "  C = {} FLOP after bounds and the factor {factor:.3}", number(c));
    }
    Ok(())
}
