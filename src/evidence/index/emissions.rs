//! `co2_eq_emissions` of the card, in every shape the Hub knows (docs/hub.md), with the guards that need no lineage.

use crate::domain::{EvidenceSource, Field};
use crate::evidence::quantity::amounts::{parse_energy, parse_mass, parse_number_with_unit};
use crate::evidence::{Extracted, vocabulary};
use crate::units::GRAMS_PER_KG;
use serde_json::{Map, Value};

/// The largest published run emitted 1.1e7 kg (Llama 3.1, all sizes): ten times that is an error, and so is less than a microgram.
const MASSES_KG: std::ops::RangeInclusive<f64> = 1e-9..=1e8;
/// Energies believed, by the same reasoning: a milliwatt-hour to ten terawatt-hours.
const ENERGIES_KWH: std::ops::RangeInclusive<f64> = 1e-6..=1e10;

/// Grams per kWh: below the cleanest grid, above the dirtiest.
const GRID: std::ops::RangeInclusive<f64> = 1.0..=1500.0;

/// What `explain --card` writes as source: to take it for a report would be circular.
const OWN_NAME: &str = "hugging carbon";

/// Evidence in a card's `co2_eq_emissions`, given as JSON text.
#[must_use]
pub fn extract(json: &str) -> Vec<Extracted> {
    let Ok(value) = serde_json::from_str::<Value>(json) else { return Vec::new() };
    let mut rows = Vec::new();
    match &value {
        Value::Number(_) | Value::String(_) => rows.push(emissions(&value, "", "cardData.co2_eq_emissions", json)),
        Value::Object(fields) => from_fields(fields, json, &mut rows),
        Value::Array(items) => {
            // An early draft of the field was a list of one-key objects.
            let mut fields = Map::new();
            for item in items {
                if let Value::Object(pairs) = item {
                    fields.extend(pairs.clone());
                }
            }
            from_fields(&fields, json, &mut rows);
        }
        Value::Bool(_) | Value::Null => {}
    }
    rows
}

fn from_fields(fields: &Map<String, Value>, json: &str, rows: &mut Vec<Extracted>) {
    let text = |key: &str| fields.get(key).map(plain_text).unwrap_or_default();
    let about = format!("{} {}", text("source"), text("training_type"));
    if let Some(value) = fields.get("emissions") {
        rows.push(emissions(value, &about, "cardData.co2_eq_emissions.emissions", json));
    }
    if let Some(value) = fields.get("energy_consumed").filter(|v| !v.is_null()) {
        rows.push(energy(value, &about, json));
    }
    refuse_impossible_grid(fields.get("emissions").is_some_and(Value::is_number), rows);
    for (key, field) in
        [("hardware_used", Field::Accelerator), ("geographical_location", Field::Country), ("hours_used", Field::WallHours)]
    {
        let written = text(key);
        if written.trim().is_empty() {
            continue;
        }
        let hours = (field == Field::WallHours).then(|| parse_number_with_unit(&written).map(|w| w.number)).flatten();
        rows.push(Extracted {
            quote: format!("{key}: {written}"),
            reject_reason: (field == Field::WallHours).then(|| "does not say whether hours are wall or device hours".to_owned()),
            ..stated(field, hours, written, &format!("cardData.co2_eq_emissions.{key}"), json)
        });
    }
}

/// Emissions that are no grid's over the energy beside them, and would be one's a thousand times as large: the author wrote kilograms into a
/// field that is in grams, or grams for another energy. Nobody says which: the energy stays, the emissions are refused with the reason.
fn refuse_impossible_grid(is_number: bool, rows: &mut [Extracted]) {
    let accepted = |field: Field| {
        rows.iter().find(|r| r.field == field && r.reject_reason.is_none()).and_then(|r| r.value).filter(|v| *v > 0.0)
    };
    let Some((kg, kwh)) = accepted(Field::EmissionsKgco2e).zip(accepted(Field::EnergyKwh)) else { return };
    let grams = kg * GRAMS_PER_KG / kwh;
    if !is_number || grams >= *GRID.start() || !GRID.contains(&(grams * GRAMS_PER_KG)) {
        return;
    }
    let why = format!(
        "grams by the Hub's documentation, which over the energy beside them are {grams:.3} g/kWh: no grid has so little, and in kilograms they would fit"
    );
    for row in rows.iter_mut().filter(|r| r.field == Field::EmissionsKgco2e) {
        row.reject_reason.get_or_insert(why.clone());
    }
}

fn plain_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn emissions(value: &Value, about: &str, locator: &str, json: &str) -> Extracted {
    let written = plain_text(value);
    // Grams by the Hub's definition; unit words in the text win.
    let read = match value {
        Value::Number(n) => n.as_f64().map(|g| g / GRAMS_PER_KG).ok_or_else(|| "number out of range".to_owned()),
        Value::String(text) => parse_mass(text, 1.0 / GRAMS_PER_KG).map(|kg| kg.0),
        _ => Err("neither number nor text".to_owned()),
    };
    let reject_reason = match &read {
        Err(why) => Some(why.clone()),
        Ok(kg) => refuse_mass(*kg, about),
    };
    let as_written = if value.is_number() { format!("{written} g") } else { written };
    Extracted { reject_reason, ..stated(Field::EmissionsKgco2e, read.ok().filter(|kg| kg.is_finite()), as_written, locator, json) }
}

fn refuse_mass(kg: f64, about: &str) -> Option<String> {
    let about = about.to_lowercase();
    if !kg.is_finite() || kg < 0.0 {
        Some("negative or not finite".into())
    } else if kg == 0.0 || kg == 1.0 / GRAMS_PER_KG {
        Some("placeholder: 0 or 1".into())
    } else if !MASSES_KG.contains(&kg) {
        Some("outside 1e-9 to 1e8 kg".into())
    } else if about.contains(OWN_NAME) {
        Some("an estimate of Hugging Carbon, no report".into())
    } else {
        vocabulary::index()
            .not_training
            .iter()
            .find(|word| about.contains(*word))
            .map(|word| format!("not training: the source says '{word}'"))
    }
}

fn energy(value: &Value, about: &str, json: &str) -> Extracted {
    let written = plain_text(value);
    let read = parse_energy(&written).map(|e| e.0);
    let reject_reason = match &read {
        Err(why) => Some(why.clone()),
        Ok(kwh) if !ENERGIES_KWH.contains(kwh) => Some("outside 1e-6 to 1e10 kWh".into()),
        Ok(_) => refuse_mass(0.5, about),
    };
    let locator = "cardData.co2_eq_emissions.energy_consumed";
    Extracted { reject_reason, ..stated(Field::EnergyKwh, read.ok().filter(|v| v.is_finite()), written, locator, json) }
}

/// What the field states, not refused, with all of the field as its quote.
fn stated(field: Field, value: Option<f64>, as_written: String, locator: &str, json: &str) -> Extracted {
    Extracted {
        field,
        value,
        unit: field.unit(),
        as_written,
        source: EvidenceSource::CardYaml,
        locator: locator.to_owned(),
        source_url: None,
        quote: format!("co2_eq_emissions: {json}"),
        extractor: "co2_eq_emissions",
        confidence: 0.8,
        reject_reason: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(json: &str) -> Extracted {
        extract(json).into_iter().next().unwrap()
    }

    #[test]
    fn every_shape_of_the_field() {
        for (json, kg) in [
            ("0.07293362913158113", 0.000_072_933_629_131_581_13),
            ("\"17g\"", 0.017),
            ("\"0.0002 kg\"", 0.0002),
            (r#"{"emissions": 7540, "source": "MLCo2 Machine Learning Impact calculator"}"#, 7.54),
            (r#"{"emissions": "40.6 kg"}"#, 40.6),
            (r#"[{"emissions": 17},{"source": "x"}]"#, 0.017),
        ] {
            let row = first(json);
            assert_eq!(row.reject_reason, None, "{json}");
            assert!((row.value.unwrap() / kg - 1.0).abs() < 1e-12, "{json}: {:?}", row.value);
        }
    }

    #[test]
    fn what_is_no_training_figure_is_refused_and_kept() {
        for (json, reason) in [
            ("0", "placeholder"),
            ("1", "placeholder"),
            ("-4", "negative"),
            ("1e300", "outside"),
            ("\"nan\"", "no number"),
            ("\"12 kWh\"", "no unit of mass"),
            (r#"{"emissions": 0.69, "source": "Open LLM Leaderboard"}"#, "leaderboard"),
            (r#"{"emissions": 3, "training_type": "inference only"}"#, "inference"),
            (r#"{"emissions": 1360000, "source": "Hugging Carbon, method 2: from the number of parameters"}"#, "an estimate of"),
            (r#"{"emissions": {"a": [1]}}"#, "neither number nor text"),
        ] {
            let row = first(json);
            assert!(row.reject_reason.as_deref().unwrap_or_default().contains(reason), "{json}: {row:?}");
        }
        assert!(extract("true").is_empty() && extract("{broken").is_empty());
    }

    #[test]
    fn kilograms_in_a_field_of_grams_are_refused_and_the_energy_stays() {
        let reason = |json: &str, field: Field| extract(json).into_iter().find(|r| r.field == field).unwrap().reject_reason;
        let json = r#"{"emissions": 5.1, "energy_consumed": 13.2}"#;
        assert!(reason(json, Field::EmissionsKgco2e).unwrap().contains("in kilograms they would fit"));
        assert_eq!(reason(json, Field::EnergyKwh), None);
        for fine in [r#"{"emissions": 5100, "energy_consumed": 13.2}"#, r#"{"emissions": "5.1 kg", "energy_consumed": 13.2}"#] {
            assert_eq!(reason(fine, Field::EmissionsKgco2e), None, "{fine}");
        }
    }

    #[test]
    fn absurd_energy_is_refused() {
        for json in [r#"{"energy_consumed": 1e308}"#, r#"{"energy_consumed": 5e-324}"#, r#"{"energy_consumed": -1}"#] {
            assert!(first(json).reject_reason.is_some(), "{json}");
        }
    }

    #[test]
    fn side_fields_become_evidence_of_their_own() {
        let rows = extract(
            r#"{"emissions": 10, "energy_consumed": 0.02, "hours_used": 1.5, "hardware_used": "1 x RTX 3090",
               "geographical_location": "Paris, France"}"#,
        );
        let field = |field: Field| rows.iter().find(|r| r.field == field).unwrap();
        assert_eq!(field(Field::EnergyKwh).value, Some(0.02));
        assert_eq!(field(Field::Accelerator).as_written, "1 x RTX 3090");
        assert_eq!(field(Field::Country).as_written, "Paris, France");
        assert!(field(Field::WallHours).reject_reason.is_some());
    }
}
