//! What a grid value counts, and where.

use super::closed_set;
use std::fmt;

closed_set! {
    /// What a grid value counts.
    enum GridBasis {
        /// Fuel, plants and their supply chains.
        Lifecycle = "lifecycle",
        /// What the plants emit while they run.
        Direct = "direct",
    }
}

/// A mixture of countries that stands in for the place of a grid value. Its name in tables is `mixture:<year>` or `mixture:<country>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceMixture {
    /// The countries of a year's registry runs.
    OfYear(i32),
    /// An owner's country and others where its like train.
    Around(String),
}

impl PlaceMixture {
    /// What names of mixtures begin with.
    const PREFIX: &str = "mixture:";

    /// The mixture of a name; none where the name is that of a place.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let of = name.strip_prefix(Self::PREFIX)?;
        if let Ok(year) = of.parse() {
            return Some(Self::OfYear(year));
        }
        of.starts_with(|c: char| c.is_ascii_alphabetic()).then(|| Self::Around(of.to_owned()))
    }
}

impl fmt::Display for PlaceMixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OfYear(year) => write!(f, "{}{year}", Self::PREFIX),
            Self::Around(country) => write!(f, "{}{country}", Self::PREFIX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_mixtures_are_read_as_they_are_written() {
        for mixture in [PlaceMixture::OfYear(2024), PlaceMixture::Around("FRA".to_owned())] {
            assert_eq!(PlaceMixture::parse(&mixture.to_string()), Some(mixture));
        }
        assert!(["FRA", "mixture:", "", "US-CA", "mixture:-"].iter().all(|name| PlaceMixture::parse(name).is_none()));
    }
}
