//! What one pass took, times the passes: "1.24 kWh per epoch, 5 epochs" is 6.2 kWh, in any language that has a word for epochs.

use super::accept::Fact;
use super::choose::same;
use crate::domain::Field;
use crate::evidence::Extracted;
use crate::evidence::card::read::rates::{RATE, passes_in_phrase};
use crate::evidence::card::read::values::figures;
use crate::evidence::quantity::durations::duration;
use crate::evidence::quantity::tokens::{Token, lex};
use crate::evidence::quantity::units::{energy_unit, mass_unit};

/// Confidence of such a product.
const CONFIDENCE: f64 = 0.5;
/// Passes that are multiplied with: more than one, and no more than small data are passed over.
const PASSES: std::ops::RangeInclusive<f64> = 2.0..=1000.0;
/// Reason of a time that is one of a part of a training.
const RATE_OF_TIME: &str = "a rate or a limit";

/// Adds what all passes took, where one phrase tells what each took and how many there were, and nothing tells what all of them took.
pub fn add_products_of_passes(facts: &mut Vec<Fact>) {
    let epochs = facts.iter().find(|f| f.row.field == Field::Epochs && f.row.reject_reason.is_none()).and_then(|f| f.row.value);
    for field in [Field::EnergyKwh, Field::EmissionsKgco2e, Field::WallHours] {
        if facts.iter().any(|f| f.row.field == field && f.row.reject_reason.is_none()) {
            continue;
        }
        let is_rate = |f: &&Fact| f.row.field == field && matches!(f.row.reject_reason.as_deref(), Some(RATE | RATE_OF_TIME));
        let rates: Vec<&Fact> = facts.iter().filter(is_rate).collect();
        let Some(first) = rates.first() else { continue };
        let passes = passes_of(&first.row).filter(|n| PASSES.contains(n) && n.fract() == 0.0 && epochs.is_none_or(|all| all == *n));
        let Some((passes, value)) = passes.zip(first.row.value) else { continue };
        if !rates.iter().all(|other| same(other.row.value, first.row.value)) {
            continue;
        }
        let row = Extracted {
            value: Some(value * passes),
            as_written: format!("{} x {passes}", first.row.as_written),
            locator: format!("{}: x {passes} epochs", first.row.locator),
            confidence: CONFIDENCE,
            reject_reason: None,
            ..first.row.clone()
        };
        let fact = Fact { row, rank: first.rank, table: 0 };
        facts.push(fact);
    }
}

/// The passes that the phrase of a figure counts in its quote.
fn passes_of(row: &Extracted) -> Option<f64> {
    let ts = lex(&row.quote);
    let is_it = |value: f64| same(Some(value), row.value);
    let by_unit = |unit: fn(&str) -> Option<f64>| -> Vec<(usize, usize)> {
        figures(&ts, 0, unit).into_iter().filter(|f| is_it(f.value)).map(|f| (f.from, f.to)).collect()
    };
    let places = match row.field {
        Field::EnergyKwh => by_unit(energy_unit),
        Field::EmissionsKgco2e => by_unit(mass_unit),
        _ => times(&ts).into_iter().filter(|(_, _, hours)| is_it(*hours)).map(|(from, to, _)| (from, to)).collect(),
    };
    places.first().and_then(|(from, to)| passes_in_phrase(&ts, *from, *to))
}

/// The times of a text: first token, token behind the last, hours.
fn times(ts: &[Token<'_>]) -> Vec<(usize, usize, f64)> {
    (0..ts.len()).filter_map(|i| duration(ts, i).map(|d| (i, d.to, d.hours))).collect()
}

#[cfg(test)]
mod tests {
    use crate::domain::Field;
    use crate::evidence::card::tests::card_tables;
    use crate::evidence::card::{About, CardRole, extract};
    use crate::reference::Reference;

    fn value(text: &str, field: Field) -> Option<f64> {
        let card = format!("# heron\n\n## Training\n\n{text}\n");
        let about = About { model_id: "lab/heron", role: CardRole::OwnTraining, base_ids: &[], total_params: None };
        let rows = extract(card_tables(&Reference::load().unwrap()), &card, &about);
        rows.into_iter().find(|r| r.field == field && r.reject_reason.is_none()).and_then(|r| r.value)
    }

    /// Regression: 1.24 was taken for a number of epochs, which contradicted 5, and both were lost.
    #[test]
    fn a_number_with_its_own_unit_is_never_the_count_of_what_it_is_per() {
        for text in [
            "1,24 kWh por época, 5 épocas.",
            "Consumo: 1,24 kWh por época, 5 épocas.",
            "1.24 kWh per epoch, 5 epochs.",
            "Energy: 1.24 kWh per epoch, 5 epochs.",
            "Wir trainierten 5 Epochen zu je 1,24 kWh.",
            "1,24 кВт·ч на эпоху, 5 эпох.",
        ] {
            assert_eq!(value(text, Field::Epochs), Some(5.0), "{text}");
            assert!(value(text, Field::EnergyKwh).is_some_and(|kwh| (kwh - 6.2).abs() < 1e-9), "{text}");
        }
        // All of it is told beside.
        assert_eq!(value("1.24 kWh per epoch, 5 epochs, 7 kWh in total.", Field::EnergyKwh), Some(7.0));
        // What is told apart is not stated.
        assert_eq!(value("1.24 kWh per epoch on one L4. We trained for 5 epochs.", Field::EnergyKwh), None);
        // A grid is no pass.
        assert_eq!(value("0.4 kg CO2 per kWh, 5 epochs.", Field::EmissionsKgco2e), None);
    }

    #[test]
    fn the_time_of_each_pass_times_the_passes() {
        let text = "Trained for 3 epochs, each about 4 h on 2 L4.";
        assert_eq!((value(text, Field::WallHours), value(text, Field::AcceleratorCount)), (Some(12.0), Some(2.0)));
        assert_eq!(value("Trained for 3 epochs, each about 4 h; 13 hours in total.", Field::WallHours), Some(13.0));
    }
}
