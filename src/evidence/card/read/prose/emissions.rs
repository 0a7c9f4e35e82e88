//! Emissions and energy in prose, and the tools that measure them.

use super::respective::{is_in_order, share_of_last};
use super::sentence::Sentence;
use super::subjects::{Measure, gives_it_to_another, ours_behind_contrast};
use crate::domain::Field;
use crate::evidence::card::read::candidate::{Card, Spot, candidate};
use crate::evidence::card::read::totals::market_based;
use crate::evidence::card::read::values::{Figure, figures};
use crate::evidence::quantity::tokens::span;
use crate::evidence::quantity::units::{energy_unit, mass_unit};
use crate::evidence::vocabulary;

/// Reads a sentence that holds a word for emissions.
pub fn read_emissions(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) {
    for Figure { from: at, to: next, value: kg, quantity: q } in figures(s.ts, 0, mass_unit) {
        // "2T tokens" are no tonnes.
        if s.ts.get(next).is_some_and(|t| t.is_any(&vocabulary::prose().tokens.words)) {
            continue;
        }
        // A rate says so itself: it is refused for that and for nothing else.
        let why = || not_the_emissions(card, s, (at, next)).or_else(|| gives_it_to_another(card, s, Measure::Footprint, at, next));
        let share = share_of_last(card, s, at).filter(|_| !q.is_rate);
        let spot = spot.refused(if q.is_rate { None } else { share.and_then(Result::err).or_else(why) });
        let kg = kg * share.and_then(Result::ok).unwrap_or(1.0);
        card.add_quantity(&spot, Field::EmissionsKgco2e, kg, s.written(at, next), &q);
    }
}

/// A product of energy and factor differs from the rounded result by less.
const ROUNDED: f64 = 0.02;

/// "With 0.233 kg/kWh this is 73.4 kg": a mass behind so much per kilowatt-hour is emissions, where it is the energy of the training times
/// that factor.
pub fn read_by_factor(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) {
    let mut factor: Option<f64> = None;
    for Figure { from: at, to: next, value: kg, quantity: q } in figures(s.ts, 0, mass_unit) {
        let per_energy = q.is_rate && span(s.ts, next, next + PER_ENERGY).iter().any(|t| energy_unit(&t.text).is_some());
        if per_energy {
            factor = Some(kg);
        } else if let Some(factor) = factor.filter(|_| !q.is_rate && !q.is_range) {
            let is_product = |kwh: f64| (kwh * factor - kg).abs() <= ROUNDED * kg;
            let told = card.candidates.iter().filter(|c| c.field == Field::EnergyKwh && c.reason.is_none());
            if told.filter_map(|c| c.value).any(is_product) {
                card.add_quantity(&spot.after(1), Field::EmissionsKgco2e, kg, s.written(at, next), &q);
            }
        }
    }
}

/// Tokens behind a mass within which the unit of energy stands that it is per.
const PER_ENERGY: usize = 4;

/// Tokens around a mass within which a word of training says whose it is.
const BESIDE: usize = 2;

/// Why a mass is not what the training emitted.
fn not_the_emissions(card: &Card<'_>, s: &Sentence<'_, '_>, (from, to): (usize, usize)) -> Option<&'static str> {
    let words = &vocabulary::prose().emissions;
    let trains = s.trains();
    if s.under_data && !trains && !s.is_recipe {
        return Some("not said of a training");
    }
    let stops = |i: &usize| s.ts.get(*i).is_some_and(|t| t.is_any(&[",", ";", "(", ")", "，", "；"]));
    let clause = (0..from).rev().find(stops).map_or(0, |at| at + 1)..(to..s.ts.len()).find(stops).unwrap_or(s.ts.len());
    if let Some(why) = market_based(s.written(clause.start, clause.end)) {
        return Some(why);
    }
    // "10.9 g CO2e training cost"
    let beside = s.trains.iter().any(|i| (from.saturating_sub(BESIDE)..to + BESIDE).contains(i));
    // "Our training run emitted an estimated 410 grams"
    let own_work = trains && s.has(&vocabulary::prose().subjects.own_work) && s.has(&words.emitted);
    if card.co2_subject && !s.under_training && !beside && !own_work {
        Some("CO2 is the model's subject")
    } else if !trains && (s.has(&words.serving) || s.under_evaluation || s.has(&words.benchmarks)) {
        Some("inference or evaluation")
    } else if !trains && !s.under_training && s.has(&words.comparisons) {
        Some("a comparison")
    } else {
        let within = &vocabulary::prose().triggers.carbon_within;
        let eastern = s.words().any(|w| !w.is_ascii() && within.is_within(w));
        let said = trains || s.under_training || card.trained_before || eastern || s.has(&words.said) || told_in_section(card, s);
        (!said).then_some("not said of a training")
    }
}

/// Whether the section of a sentence told of a training, and the sentence tells of no other work.
fn told_in_section(card: &Card<'_>, s: &Sentence<'_, '_>) -> bool {
    let words = vocabulary::prose();
    card.in_trained_section
        && !s.under_evaluation
        && !s.under_data
        && !s.has(&words.emissions.serving)
        && !s.has(&words.subjects.work)
}

/// Tokens before an energy within which a store of it is named: "Battery (5 kWh)".
const CAPACITY: usize = 2;
/// Tokens before an energy within which a verb says that it was generated.
const GENERATES: usize = 4;

/// Tokens before an energy within which it is said to be that of the chips alone: "(without it, 180 MJ, or 50 kWh)".
const ALONE: usize = 9;

/// Reads a sentence that holds a unit of energy.
pub fn read_energy(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) {
    for Figure { from: at, to: next, value: kwh, quantity: q } in figures(s.ts, 0, energy_unit) {
        let words = &vocabulary::prose().emissions;
        let said = s.trains()
            || s.under_training
            || s.is_recipe
            || s.has(&words.energy_said)
            || ours_behind_contrast(s.ts).is_some_and(|ours| at > ours)
            || (card.trained_before && !s.has(&words.serving))
            || is_in_order(s.ts)
            || told_in_section(card, s);
        let share = share_of_last(card, s, at).filter(|_| !q.is_rate);
        let reason = if q.is_rate {
            None
        } else if span(s.ts, at.saturating_sub(GENERATES), at).iter().any(|t| t.is_any(&words.generates)) {
            Some("energy that was generated")
        } else if span(s.ts, at.saturating_sub(CAPACITY), at).iter().any(|t| t.is_any(&words.stores)) {
            Some("a capacity")
        } else if !s.trains() && (s.under_evaluation || s.has(&words.benchmarks) || s.has(&words.serving)) {
            Some("evaluation or inference")
        } else {
            share
                .and_then(Result::err)
                .or_else(|| gives_it_to_another(card, s, Measure::Footprint, at, next))
                .or((!said).then_some("not said of a training"))
        };
        let alone = span(s.ts, at.saturating_sub(ALONE), at).iter().any(|t| t.is_any(&words.alone));
        let spot = spot.refused(reason).after(u8::from(alone));
        let kwh = kwh * share.and_then(Result::ok).unwrap_or(1.0);
        card.add_quantity(&spot, Field::EnergyKwh, kwh, s.written(at, next), &q);
    }
}

/// Reads a sentence that names a tool.
pub fn read_tool(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) {
    let name = if s.has(&["codecarbon"]) {
        "CodeCarbon"
    } else if s.has(&["carbontracker"]) {
        "carbontracker"
    } else if s.has(&["calculator"]) && s.has(&vocabulary::prose().emissions.calculators) {
        "ML CO2 Impact calculator"
    } else {
        return;
    };
    card.tools.push(candidate(spot, Field::MeasurementTool, None, name, None));
}

#[cfg(test)]
mod tests {
    use crate::domain::Field;
    use crate::evidence::card::tests::card_tables;
    use crate::evidence::card::{About, CardRole, extract};
    use crate::reference::Reference;

    #[test]
    fn what_certificates_leave_is_refused() {
        let about = About { model_id: "org/m", role: CardRole::OwnTraining, base_ids: &[], total_params: None };
        let read = |text: &str| {
            let rows = extract(card_tables(&Reference::load().unwrap()), &format!("# m\n\n## Training\n\n{text}\n"), &about);
            rows.into_iter().find(|r| r.field == Field::EmissionsKgco2e && r.reject_reason.is_none()).and_then(|r| r.value)
        };
        let both = "Training took 25 days; location-based emissions are 112 tonnes CO2e, market-based 9 tonnes.";
        assert_eq!(read(both), Some(112_000.0));
        assert_eq!(read("- Market-based emissions: 9 t CO2e"), None);
        assert_eq!(read("| Energy | CO2e (market-based) |\n|---|---|\n| 20 MWh | 9 t |"), None);
        assert_eq!(read("- Emissions: 9 t CO2e"), Some(9_000.0));
    }
}
