//! A whole text that is one mass or one energy: the value of a field made for it.

use super::digits::{DecimalSign, number_end, parse_number};
use super::units::{energy_unit, mass_unit};
use crate::units::{KgCo2e, Kwh};

/// A number followed by the word that came with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The number.
    pub number: f64,
    /// The unit word, lower case; empty when there is none.
    pub unit: String,
}

/// Reads the first number of a text and the word after it: `17g`, `0.0002 kg`, `1,234.5 kg CO2`, `~3.2e3 t`.
#[must_use]
pub fn parse_number_with_unit(text: &str) -> Option<Written> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let negative = text[..start].trim_end().ends_with('-');
    let rest = &text[start..];
    let (digits, after) = split_number(rest);
    let number = parse_number(digits, DecimalSign::Unknown)?;
    let unit: String = after.trim_start().chars().take_while(|c| c.is_alphabetic()).collect::<String>().to_lowercase();
    Some(Written { number: if negative { -number } else { number }, unit })
}

/// Splits `1.5e-3kg` into `1.5e-3` and `kg`.
fn split_number(text: &str) -> (&str, &str) {
    text.split_at(number_end(text, 0))
}

/// Refuses a range (`10-20 kg`), a second number (`A100: 30 kg`) and a unit that does not follow its number (`5 (kg)`): reading the
/// first number alone would be wrong a thousandfold.
fn unambiguous(text: &str, written: &Written) -> Result<(), String> {
    let mut rest = text;
    let mut numbers = 0;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        numbers += 1;
        rest = split_number(&rest[start..]).1;
    }
    if numbers > 1 {
        return Err("several numbers".into());
    }
    let stray = written.unit.is_empty() && text.chars().any(|c| c.is_alphabetic() && c != 'e' && c != 'E');
    if stray { Err("words, but no unit behind the number".into()) } else { Ok(()) }
}

/// A mass in kg of a bare number or text; `default_kg` is the size of the unit when none is written.
///
/// # Errors
/// The text holds no number, or a unit that is no mass; the message says which.
pub fn parse_mass(text: &str, default_kg: f64) -> Result<KgCo2e, String> {
    // The 2 of CO2 is no quantity.
    let text = text.to_lowercase().replace("co2", "co").replace("co₂", "co");
    let written = parse_number_with_unit(&text).ok_or_else(|| "no number".to_owned())?;
    unambiguous(&text, &written)?;
    let kg_per_unit = match written.unit.as_str() {
        "" => default_kg,
        // "5 metric tons", "2 kilo": units in a field for a mass, any words in prose.
        "metric" => 1000.0,
        "kilo" => 1.0,
        // "12.5 CO2eq" names no mass unit: the field's own applies.
        u if u.starts_with("co") || u.starts_with("eq") => default_kg,
        // "tCO2eq" without its 2 is "tcoeq".
        u => mass_unit(u.split("co").next().unwrap_or(u)).ok_or_else(|| format!("'{u}' is no unit of mass"))?,
    };
    Ok(KgCo2e(written.number * kg_per_unit))
}

/// An energy in kWh of a bare number (kWh) or text.
///
/// # Errors
/// The text holds no number, or a unit that is no energy.
pub fn parse_energy(text: &str) -> Result<Kwh, String> {
    let written = parse_number_with_unit(text).ok_or_else(|| "no number".to_owned())?;
    unambiguous(text, &written)?;
    let kwh_per_unit = match written.unit.as_str() {
        "" => 1.0,
        "j" => 1.0 / 3.6e6,
        u => energy_unit(u).ok_or_else(|| format!("'{u}' is no unit of energy"))?,
    };
    Ok(Kwh(written.number * kwh_per_unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn masses_as_people_write_them() {
        for (text, kg) in [
            ("17g", 0.017),
            ("17 grams of CO2", 0.017),
            ("0.0002 kg", 0.0002),
            ("1,234.5 kg", 1234.5),
            ("1,234 g", 1.234),
            ("30 000 kg", 30_000.0),
            ("12'500 kg", 12_500.0),
            ("0,046 kg", 0.046),
            ("2,5 kg", 2.5),
            ("~19,000kg", 19_000.0),
            ("539 tCO2eq", 539_000.0),
            ("3.2e3 t", 3_200_000.0),
            ("100 lb", 45.359_237),
            ("40600", 40.6),
            ("12.5 CO2eq", 0.0125),
            ("CO2eq: 540 kg", 540.0),
            ("-3 g", -0.003),
        ] {
            let got = parse_mass(text, 0.001).unwrap().0;
            assert!((got - kg).abs() <= 1e-12 * kg.abs(), "{text}: {got}");
        }
    }

    #[test]
    fn what_is_no_mass_is_refused() {
        for text in [
            "",
            "none",
            "12 kWh",
            "5 hours",
            "1,23,4.5,6 kg",
            "10-20 kg",
            "1.5 - 2 kg",
            "30 0000 kg",
            "30 000 100 kg 5",
            "5 (kg)",
            "A100: 30 kg",
            "CO2eq",
        ] {
            assert!(parse_mass(text, 0.001).is_err(), "{text}");
        }
        assert!(parse_energy("3 kg").is_err());
        assert_eq!(parse_energy("1.5 MWh"), Ok(Kwh(1500.0)));
        assert_eq!(parse_energy("0.25"), Ok(Kwh(0.25)));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_panic(text in ".{0,60}") {
            let _ = parse_mass(&text, 0.001);
            let _ = parse_energy(&text);
        }

        #[test]
        fn numbers_round_trip(n in 0.0_f64..1e12) {
            let written = format!("{n} kg");
            prop_assert!((parse_mass(&written, 0.001).unwrap().0 - n).abs() <= 1e-9 * n.max(1.0));
        }
    }
}
