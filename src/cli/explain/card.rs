//! The `co2_eq_emissions` block of a model card, as the Hub's documentation defines it, from an explanation.

use super::explanation::{Explanation, Figures, TierPart};
use crate::cli::text::number;
use hugging_carbon::domain::{ClosedSet, RunKind, Tier};
use hugging_carbon::error::{Error, Result};
use hugging_carbon::units::GRAMS_PER_KG;
use std::fmt::Write as _;

/// YAML for the front matter of a card, with the basis of its figures in words.
///
/// # Errors
/// The repository trained nothing, so that the block belongs to another card.
pub fn block(explanation: &Explanation) -> Result<String> {
    let Some(part) = explanation.tiers.first() else {
        let carried = explanation.carries.as_ref();
        let remedy = match carried.and_then(|carried| carried.run_id.split_once('#')) {
            Some((root, _)) => format!("leave the block out, or see what its weights took: hugging-carbon explain --card {root}"),
            None => "leave the block out".to_owned(),
        };
        let id = explanation.model.as_ref().map(|model| model.model_id.as_str()).unwrap_or_default();
        return Err(Error::input("the repository trained nothing itself: it has no emissions of its own", id, remedy));
    };
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let kg = part.figures.emissions_kgco2e;
    let mut out = String::from("# Put this into the front matter of README.md, between the two lines of ---.\n");
    let _ = writeln!(out, "# {} kg CO2e, 90 % interval {} to {}.", number(kg.p50), number(kg.p05), number(kg.p95));
    out.push_str("# Whoever trained the model knows better: replace what is estimated by what was metered.\n");
    let _ = writeln!(out, "co2_eq_emissions:\n  emissions: {}  # grams, median", grams(kg.p50));
    let _ = writeln!(out, "  source: {}", quoted(&basis(explanation, part)));
    let _ = writeln!(out, "  training_type: {}", quoted(training_type(explanation)));
    let factors = &part.factors;
    // A place or a chip that only stands in for what nobody states is no statement of the author's.
    let stands_in = [factors.grid_is_owner_country, factors.grid_is_fallback];
    if let (Some(place), [Some(false), Some(false)]) = (&factors.grid_place, stands_in) {
        let _ = writeln!(out, "  geographical_location: {}", quoted(place));
    }
    if let (Some(chip), Some(false)) = (&factors.accelerator, factors.accelerator_is_fallback) {
        let hours = factors.accelerator_hours_p50.filter(|_| part.tier == Tier::Hardware.number());
        let hours = hours.map(|hours| format!(", {} device hours", number(hours))).unwrap_or_default();
        let _ = writeln!(out, "  hardware_used: {}", quoted(&format!("{chip}{hours}")));
    }
    Ok(out)
}

/// Grams with three digits: more would claim what the interval denies.
fn grams(kg: f64) -> String {
    let grams = kg * GRAMS_PER_KG;
    if grams <= 0.0 {
        return "0".to_owned();
    }
    let digit = libm::pow(10.0, libm::floor(libm::log10(grams)) - 2.0);
    let rounded = libm::round(grams / digit) * digit;
    if digit >= 1.0 { format!("{rounded:.0}") } else { format!("{rounded}") }
}

/// Where the figure comes from, for whoever reads the card.
fn basis(explanation: &Explanation, part: &TierPart) -> String {
    let from = match Tier::ALL.iter().find(|tier| tier.number() == part.tier) {
        Some(Tier::Emissions) => "reported emissions of this training",
        Some(Tier::Energy) => "reported energy, times the average grid of the place",
        Some(Tier::Hardware) => "stated device hours, measured power of such chips, PUE, and the average grid of the place",
        Some(Tier::Compute) => "stated compute, through utilization, power, PUE and grid",
        Some(Tier::Parameters) => "the number of parameters: compute by a regression over published runs",
        Some(Tier::Category) => "the kind of model alone: size and compute by regressions over published runs",
        Some(Tier::NoTraining) | None => "nothing that was trained",
    };
    let Figures { emissions_kgco2e: kg, energy_kwh, .. } = part.figures;
    let snapshot = explanation.snapshot.as_ref().map(|name| format!(", snapshot {name}")).unwrap_or_default();
    format!(
        "Hugging Carbon, method {}{snapshot}: from {from} (tier {}, {}). 90 % interval {} to {} kg CO2e; {} kWh (median). \
         Electricity of the final run only, location-based.",
        explanation.method_version,
        part.tier,
        part.tier_name,
        number(kg.p05),
        number(kg.p95),
        number(energy_kwh.p50),
    )
}

/// The Hub knows two types of training.
fn training_type(explanation: &Explanation) -> &'static str {
    let kind = explanation.kind.and_then(RunKind::of_word);
    match kind {
        Some(RunKind::Continued | RunKind::PostTraining | RunKind::FineTuning | RunKind::Adapter) => "fine-tuning",
        Some(RunKind::Pretraining) | None => "pre-training",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grams_have_three_digits() {
        assert_eq!(grams(420_000.0), "420000000");
        assert_eq!(grams(123.456), "123000");
        assert_eq!(grams(0.001_234_5), "1.23");
        assert_eq!(grams(0.0), "0");
    }
}
