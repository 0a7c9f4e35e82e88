//! Units: what one of them is in the unit that evidence is kept in.

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
    vocabulary::units().count_words.get(word).copied()
}

/// Number of a month by its name.
#[must_use]
pub fn month_of(word: &str) -> Option<u32> {
    vocabulary::units().months.get(word).copied()
}
