//! The chain of a tier as lines that a person can redo: every result is that of the numbers printed before it, to the last digit printed.

use super::alternatives::percent;
use super::compute::compute_lines;
use hugging_carbon::domain::number::{step, step_value};
use hugging_carbon::domain::{Beside, PlaceMixture, Run, Step, Tier, Way};
use hugging_carbon::error::Result;
use hugging_carbon::estimation::{Built, Fits};
use hugging_carbon::method::simulate::{Central, Chip, Compute, Start, central};
use std::fmt::Write as _;

/// What the lines have come to, as it is printed.
struct Reckoned {
    flop: f64,
    peak: f64,
    mfu: f64,
    hours: f64,
    power: f64,
    pue: f64,
    energy: f64,
    grid: f64,
    emissions: f64,
}

impl Reckoned {
    fn new(c: &Central, built: &Built<'_>) -> Self {
        Self {
            flop: step_value(c.flop.0),
            peak: step_value(c.peak.0),
            mfu: step_value(built.mfu.median),
            hours: step_value(c.hours.0),
            power: step_value(c.power.0),
            pue: step_value(built.pue.pue),
            energy: step_value(c.energy.0),
            grid: step_value(built.grid.value.gco2e_per_kwh),
            emissions: step_value(c.emissions.0),
        }
    }
}

/// What is known of a run beside the figure of its tier.
fn beside(built: &Built<'_>) -> Beside {
    Beside {
        is_compute_implied: matches!(built.compute, Compute::Implied),
        is_energy_stated: built.stated.energy.is_some(),
        are_hours_stated: built.stated.hours.is_some(),
    }
}

/// The chain at central values, the steps of its tier in their order. `others` has the way in which others than the maker estimated its compute.
pub fn chain(out: &mut String, row: &Run, built: &Built<'_>, fits: &Fits, others: Option<&str>) -> Result<()> {
    let mut r = Reckoned::new(&central(&built.model(&row.run_id)), built);
    let tier = match built.start {
        Start::Emissions(_) => Tier::Emissions,
        Start::Energy(_) => Tier::Energy,
        Start::Hours(_) => Tier::Hardware,
        Start::Compute => Tier::Compute,
    };
    let beside = beside(built);
    for (of, way) in tier.steps(beside) {
        match of {
            Step::Compute if way == Way::Given => r.flop = compute_lines(out, row, built, fits, others)?,
            Step::Compute => implied_compute_line(out, &mut r),
            Step::Utilization => utilization_line(out, built, &r),
            Step::Hours => hours_line(out, built, &mut r, way),
            Step::Power => power_line(out, built, &mut r),
            Step::Overhead => {
                let _ = writeln!(out, "  PUE = {}   {}", step(r.pue), pue_note(built));
            }
            Step::Energy => energy_line(out, built, &mut r, way),
            Step::Grid => grid_line(out, built, &r),
            Step::Emissions => emissions_line(out, built, &mut r),
        }
    }
    let _ = writeln!(
        out,
        "  ATCI = 1000 x M / (C / 1e15) = 1000 x {} / ({} / 1e15) = {} g/PFLOP",
        step(r.emissions),
        step(r.flop),
        step(r.emissions * 1000.0 / (r.flop / 1e15))
    );
    let flags: Vec<&str> = built.flags.iter().filter(|flag| flag.is_taken(tier, beside)).map(|flag| flag.name()).collect();
    if !flags.is_empty() {
        let _ = writeln!(out, "  assumed: {}", flags.join(", "));
    }
    Ok(())
}

fn utilization_line(out: &mut String, built: &Built<'_>, r: &Reckoned) {
    let _ = writeln!(out, "  peak = {} FLOP/s, MFU = {}   {}", step(r.peak), step(r.mfu), chip_note(built));
}

fn grid_line(out: &mut String, built: &Built<'_>, r: &Reckoned) {
    let value = &built.grid.value;
    let is_mixture = matches!(PlaceMixture::parse(&value.place), Some(PlaceMixture::OfYear(_)));
    let likely: Vec<String> = built.grid.places.iter().map(|(place, share)| format!("{place} {share:.2}")).collect();
    let mixed = format!("mean of {}", likely.join(", "));
    let place = if is_mixture {
        "countries of published runs"
    } else if likely.is_empty() {
        value.place.as_str()
    } else {
        &mixed
    };
    let why = if built.grid.is_owner_country {
        "the place of training is not stated: the owner's country, and where its like train"
    } else if built.grid.is_fallback {
        "neither place nor country is known: fallback"
    } else {
        "stated"
    };
    let _ = writeln!(out, "  I = {} g/kWh   {place} {}, {}, {why}", step(r.grid), value.year, value.basis);
}

fn emissions_line(out: &mut String, built: &Built<'_>, r: &mut Reckoned) {
    let _ = match built.start {
        Start::Emissions(_) => writeln!(out, "  M = {} kg CO2e   reported", step(r.emissions)),
        Start::Energy(_) | Start::Hours(_) | Start::Compute => {
            r.emissions = step_value(r.energy * r.grid / 1000.0);
            writeln!(out, "  M = E x I / 1000 = {} x {} / 1000 = {} kg CO2e", step(r.energy), step(r.grid), step(r.emissions))
        }
    };
}

/// Facility energy: reported, of the device hours, or backwards from reported emissions.
fn energy_line(out: &mut String, built: &Built<'_>, r: &mut Reckoned, way: Way) {
    let _ = match (built.start, way) {
        (Start::Emissions(_), Way::Implied) => {
            r.energy = step_value(1000.0 * r.emissions / r.grid);
            writeln!(out, "  E = 1000 x M / I = 1000 x {} / {} = {} kWh", step(r.emissions), step(r.grid), step(r.energy))
        }
        (Start::Energy(_), _) => writeln!(out, "  E = {} kWh   reported", step(r.energy)),
        (_, Way::Given) => writeln!(out, "  E = {} kWh   stated", step(r.energy)),
        _ => {
            r.energy = step_value(r.hours * r.power * r.pue / 1000.0);
            let (h, p, pue) = (step(r.hours), step(r.power), step(r.pue));
            writeln!(out, "  E = H x P x PUE / 1000 = {h} x {p} x {pue} / 1000 = {} kWh", step(r.energy))
        }
    };
}

/// Device hours: stated, of the compute, or backwards from the energy.
fn hours_line(out: &mut String, built: &Built<'_>, r: &mut Reckoned, way: Way) {
    let _ = match way {
        Way::Given => writeln!(out, "  H = {} device hours   stated; {}", step(r.hours), built.chips.name),
        Way::Implied => {
            r.hours = step_value(1000.0 * r.energy / (r.power * r.pue));
            let (e, p, pue) = (step(r.energy), step(r.power), step(r.pue));
            writeln!(out, "  H = 1000 x E / (P x PUE) = 1000 x {e} / ({p} x {pue}) = {} device hours", step(r.hours))
        }
        Way::Computed | Way::Factor => {
            r.hours = step_value(r.flop / (r.peak * r.mfu * 3600.0));
            let (c, peak, mfu) = (step(r.flop), step(r.peak), step(r.mfu));
            writeln!(out, "  H = C / (peak x MFU x 3600) = {c} / ({peak} x {mfu} x 3600) = {} device hours", step(r.hours))
        }
    };
}

/// Compute that nothing states: what the hours are worth on the chip.
fn implied_compute_line(out: &mut String, r: &mut Reckoned) {
    r.flop = step_value(r.hours * r.peak * r.mfu * 3600.0);
    let (h, peak, mfu) = (step(r.hours), step(r.peak), step(r.mfu));
    let _ = writeln!(
        out,
        "  C = H x peak x MFU x 3600 = {h} x {peak} x {mfu} x 3600 = {} FLOP   implied, nothing states it",
        step(r.flop)
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
        .map(|chip| format!("{} {} ({})", percent(chip.weight), chip.name, step(chip.peak.0)))
        .collect();
    format!("{}{}", named.join(", "), if sorted.len() > NAMED_CHIPS { " and others" } else { "" })
}

/// P = TDP x share x host factor for one chip; a mixture has only its mean.
fn power_line(out: &mut String, built: &Built<'_>, r: &mut Reckoned) {
    let _ = match (built.chips.set.as_ref(), &built.chips.power) {
        ([one], Some(power)) => {
            let factors = [one.tdp.0, power.accelerator_share, power.host_factor].map(step_value);
            r.power = step_value(factors.iter().product());
            let [tdp, share, host] = factors.map(step);
            let p = step(r.power);
            writeln!(out, "  P = TDP x accelerator share x host factor = {tdp} x {share} x {host} = {p} W   {}", power.source)
        }
        _ => writeln!(out, "  P = {} W per accelerator with its share of the host   weighted geometric mean", step(r.power)),
    };
}

fn pue_note(built: &Built<'_>) -> String {
    let fallback = if built.pue.is_fallback() { ", fallback" } else { "" };
    format!("{}, {}{fallback}", built.pue.operator, built.pue.year)
}
