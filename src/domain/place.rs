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
    place.starts_with(COUNTRIES)
}
