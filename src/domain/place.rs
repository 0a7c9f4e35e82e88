//! What a grid value counts, and where.

use super::closed_set;

closed_set! {
    /// What a grid value counts.
    enum GridBasis {
        /// Fuel, plants and their supply chains.
        Lifecycle = "lifecycle",
        /// What the plants emit while they run.
        Direct = "direct",
    }
}

/// What the places of mixtures of countries begin with.
const COUNTRIES: &str = "mixture:";

/// Place of a grid value that is the average of the countries of a year's registry runs: `mixture:<year>`.
#[must_use]
pub fn mixture_of_countries(year: i32) -> String {
    format!("{COUNTRIES}{year}")
}

/// Whether the place of a grid value is one of [`mixture_of_countries`].
#[must_use]
pub fn is_mixture_of_countries(place: &str) -> bool {
    place.starts_with(COUNTRIES) && mixed_around(place).is_none()
}

/// Place of a grid value that is the average of an owner's country and of others where its like train: `mixture:<country>`.
#[must_use]
pub fn mixture_around(country: &str) -> String {
    format!("{COUNTRIES}{country}")
}

/// The owner's country in the place of a grid value that is one of [`mixture_around`].
#[must_use]
pub fn mixed_around(place: &str) -> Option<&str> {
    place.strip_prefix(COUNTRIES).filter(|country| country.starts_with(|c: char| c.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_mixtures_are_told_apart() {
        assert!(is_mixture_of_countries(&mixture_of_countries(2024)) && !is_mixture_of_countries("mixture:FRA"));
        assert_eq!(
            (mixed_around(&mixture_around("FRA")), mixed_around("mixture:2024"), mixed_around("FRA")),
            (Some("FRA"), None, None)
        );
    }
}
