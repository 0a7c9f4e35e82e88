//! Units: what one of them is in the unit that evidence is kept in.

use super::numbers::without_scale;
use super::tokens::{Kind, Token, is_latin_word, text_at};
use crate::evidence::vocabulary;
use crate::units::{GRAMS_PER_KG, KG_PER_POUND};
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// Kilograms in a unit of mass.
#[must_use]
pub fn mass_unit(word: &str) -> Option<f64> {
    static KILOGRAMS: LazyLock<FxHashMap<&'static str, f64>> = LazyLock::new(|| {
        let words = &vocabulary::units().masses;
        vocabulary::by_word(&[
            (words.kilogram, 1.0),
            (words.gram, 1.0 / GRAMS_PER_KG),
            (words.tonne, 1e3),
            (words.kilotonne, 1e6),
            (words.megatonne, 1e9),
            (words.pound, KG_PER_POUND),
            (words.milligram, 1e-6),
        ])
    });
    // "gCO2eqv" is a unit like "g".
    KILOGRAMS.get(word).copied().or_else(|| word.find("co2").and_then(|at| KILOGRAMS.get(word.get(..at)?).copied()))
}

/// Kilowatt-hours in a unit of energy.
#[must_use]
pub fn energy_unit(word: &str) -> Option<f64> {
    static KILOWATT_HOURS: LazyLock<FxHashMap<&'static str, f64>> = LazyLock::new(|| {
        let words = &vocabulary::units().energies;
        vocabulary::by_word(&[
            (words.kilowatt_hour, 1.0),
            (words.watt_hour, 1e-3),
            (words.megawatt_hour, 1e3),
            (words.gigawatt_hour, 1e6),
            (words.terawatt_hour, 1e9),
            (words.megajoule, 1.0 / 3.6),
            (words.gigajoule, 1e3 / 3.6),
            (words.joule, 1.0 / 3.6e6),
        ])
    });
    KILOWATT_HOURS.get(word).copied()
}

/// Factor of the unit at a token, and the token behind it: `kWh`, `kW·h`, `кВт·ч`, `Mg`, `万度` and what else joins a unit to its scale or
/// its gas.
#[must_use]
pub fn unit_at(ts: &[Token<'_>], at: usize, unit: fn(&str) -> Option<f64>) -> Option<(f64, usize)> {
    let t = ts.get(at).filter(|t| t.kind == Kind::Word)?;
    let word = t.text.as_ref();
    // A million grams are a tonne; nobody emits milligrams in a training.
    if t.upper && (word == "mg" || word.starts_with("mgco2")) {
        return unit("tco2").map(|factor| (factor, at + 1));
    }
    let joined = || {
        let is_joined = ts.get(at + 1).is_some_and(|t| t.is_any(&["·", "*", "⋅", "-", "×", "."]) && t.glued)
            && ts.get(at + 2).is_some_and(|t| t.glued);
        let hour = at + 1 + usize::from(is_joined);
        let letter = match text_at(ts, hour) {
            "h" | "hr" | "hrs" | "hour" | "hours" => "h",
            "ч" | "час" | "часа" | "часов" | "год" | "години" | "годин" => "ч",
            _ => return None,
        };
        // "kilowatt hours" begin with their unit, and "300 W h" may be two things.
        let is_power = matches!(word, "kw" | "mw" | "gw" | "квт" | "мвт" | "гвт") || (matches!(word, "w" | "вт") && is_joined);
        unit(&format!("{word}{letter}")).filter(|_| is_power).map(|factor| (factor, hour + 1))
    };
    unit(word).map(|factor| (factor, at + 1)).or_else(joined).or_else(|| {
        let rest = without_scale(word);
        (!word.is_ascii()).then(|| unit_of_beginning(rest, unit)).flatten().map(|factor| (factor, at + 1))
    })
}

/// The unit that a word without spaces begins with: `吨二氧化碳`, `千瓦时的电`.
fn unit_of_beginning(word: &str, unit: fn(&str) -> Option<f64>) -> Option<f64> {
    if is_latin_word(word) {
        return None;
    }
    let ends = word.char_indices().map(|(at, c)| (at + c.len_utf8(), word.get(at + c.len_utf8()..).unwrap_or_default()));
    let fits =
        ends.filter(|(end, rest)| rest.is_empty() || *end > 3 || rest.starts_with(['二', '的', '左', '以', '电', '當', '当']));
    fits.filter_map(|(end, _)| unit(word.get(..end)?)).next_back()
}

/// Hours in a unit of time. A month has 30 days.
#[must_use]
pub fn hours_in(word: &str) -> Option<f64> {
    static HOURS: LazyLock<FxHashMap<&'static str, f64>> = LazyLock::new(|| {
        let words = &vocabulary::units().times;
        vocabulary::by_word(&[
            (words.hour, 1.0),
            (words.day, 24.0),
            (words.week, 168.0),
            (words.month, 720.0),
            (words.minute, 1.0 / 60.0),
            (words.second, 1.0 / 3600.0),
        ])
    });
    HOURS.get(word).copied()
}

/// A number of devices or machines as a word.
#[must_use]
pub fn count_word(word: &str) -> Option<u32> {
    let units = vocabulary::units();
    let in_any_language = || units.number_words.get(word).copied().filter(|n| *n > 1);
    units.count_words.get(word).copied().or_else(in_any_language)
}

/// Number of a month by its name.
#[must_use]
pub fn month_of(word: &str) -> Option<u32> {
    vocabulary::units().months.get(word).copied()
}
