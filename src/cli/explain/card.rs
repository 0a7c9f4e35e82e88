//! The `co2_eq_emissions` block of a model card, as the Hub's documentation defines it, from an explanation.
//!
//! What stands in the block is read again as evidence, by this project and by others: only what something states goes into it, and figures of
//! what the block says was trained.

use super::alternatives::percent;
use super::explanation::{Alternative, Explanation, Interval, TierPart};
use crate::cli::text::number;
use hugging_carbon::domain::{ClosedSet, Field, RunKind, Tier};
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
    let kind = explanation.kind.and_then(RunKind::of_word);
    let likely = likeliest(part, kind);
    let (kg, kwh) = likely.map_or((part.figures.emissions_kgco2e, part.figures.energy_kwh), |a| (a.emissions_kgco2e, a.energy_kwh));
    let mut out = String::from("# Put this into the front matter of README.md, between the two lines of ---.\n");
    let _ = writeln!(out, "# {} kg CO2e, 90 % interval {} to {}.", number(kg.p50), number(kg.p05), number(kg.p95));
    if let Some(likely) = likely {
        let (share, word) = (percent(likely.probability), likely.kind.replace('_', "-"));
        let _ = writeln!(
            out,
            "# What was trained is not certain: {word} with {share}. The figures are those of this training if it was that.\n\
             # If it was not, leave the block out."
        );
    }
    out.push_str(
        "# Whoever trained the model knows better. If you have metered it, change two lines: emissions, and source, where the tool or the meter\n\
         # goes. As long as the source names Hugging Carbon the figure is an estimate, and nobody takes it for a report.\n",
    );
    let _ = writeln!(out, "co2_eq_emissions:\n  emissions: {}  # grams, median", grams(kg.p50));
    let _ = writeln!(out, "  source: {}", quoted(&basis(explanation, part, kg, kwh)));
    let _ = writeln!(out, "  training_type: {}", quoted(training_type(kind)));
    let factors = &part.factors;
    // A place or a chip that only stands in for what nobody states is no statement of the author's.
    let stands_in = [factors.grid_is_owner_country, factors.grid_is_fallback];
    if let (Some(place), [Some(false), Some(false)]) = (&factors.grid_place, stands_in) {
        let _ = writeln!(out, "  geographical_location: {}", quoted(place));
    }
    if let Some(hardware) = hardware(explanation, part) {
        let _ = writeln!(out, "  hardware_used: {}", quoted(&hardware));
    }
    Ok(out)
}

/// What the run is if it is of its kind, where that is not certain: the mixture of all that it may have been has no training type.
fn likeliest(part: &TierPart, kind: Option<RunKind>) -> Option<&Alternative> {
    let same = |a: &&Alternative| training_type(RunKind::of_word(a.kind)) == training_type(kind);
    let named = part.may_have_been.iter().find(|a| RunKind::of_word(a.kind) == kind);
    named.or_else(|| part.may_have_been.iter().find(same))
}

/// The chip and its hours as far as something states them. Which variant of a chip it was is often left open: then the words of the evidence
/// are repeated, and nothing is said where there are none.
fn hardware(explanation: &Explanation, part: &TierPart) -> Option<String> {
    let factors = &part.factors;
    let chip = factors.accelerator.as_ref().filter(|_| factors.accelerator_is_fallback == Some(false))?;
    let said = explanation.evidence.iter().filter(|row| row.accepted && row.field == Field::Accelerator.name());
    let said = said.max_by(|a, b| a.confidence.total_cmp(&b.confidence)).map(|row| &row.value_as_written);
    let chip = if chip.contains(" | ") { said? } else { chip };
    let hours = factors.accelerator_hours_p50.filter(|_| part.tier == Tier::Hardware.number());
    Some(format!("{chip}{}", hours.map(|hours| format!(", {} device hours", number(hours))).unwrap_or_default()))
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
fn basis(explanation: &Explanation, part: &TierPart, kg: Interval, kwh: Interval) -> String {
    let from = match Tier::ALL.iter().find(|tier| tier.number() == part.tier) {
        Some(Tier::Emissions) => "reported emissions of this training",
        Some(Tier::Energy) => "reported energy, times the average grid of the place",
        Some(Tier::Hardware) => "stated device hours, measured power of such chips, PUE, and the average grid of the place",
        Some(Tier::Compute) => "stated compute, through utilization, power, PUE and grid",
        Some(Tier::Parameters) => "the number of parameters: compute by a regression over published runs",
        Some(Tier::Category) => "the kind of model alone: size and compute by regressions over published runs",
        Some(Tier::NoTraining) | None => "nothing that was trained",
    };
    let snapshot = explanation.snapshot.as_ref().map(|name| format!(", snapshot {name}")).unwrap_or_default();
    format!(
        "Hugging Carbon, method {}{snapshot}: from {from} (tier {}, {}). 90 % interval {} to {} kg CO2e; {} kWh (median). \
         Electricity of the final run only, location-based.",
        explanation.method_version,
        part.tier,
        part.tier_name,
        number(kg.p05),
        number(kg.p95),
        number(kwh.p50),
    )
}

/// The Hub knows two types of training.
const fn training_type(kind: Option<RunKind>) -> &'static str {
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
