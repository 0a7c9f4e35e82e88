//! How far the trainings of a house lie from the regression of tokens: some train their models longer than others of that size and year.
//!
//! What a house is off by is the mean of the held-out errors of its other trainings, those near in time first, shrunk as if some more had
//! an error of zero (an effect of the house as in a model of random intercepts: Gelman and Hill 2007, section 12.2). The errors are of a
//! regression that saw none of the house's trainings.

use crate::method::assumptions::{HOUSE_HALF_LIFE_YEARS, HOUSE_SHRINKAGE_TRAININGS};
use crate::method::simulate::House;
use std::collections::BTreeMap;

/// Held-out errors of trainings by their house.
#[derive(Debug, Default)]
pub struct Houses(BTreeMap<String, Vec<Training>>);

/// A training of a house.
#[derive(Clone, Copy, Debug)]
struct Training {
    /// On the scale of the regression's term of time.
    years: f64,
    /// log10 of truth over prediction.
    error: f64,
}

impl Houses {
    /// Of trainings: house, years on the scale of the regression's term of time, and held-out error in dex.
    pub fn new<'a>(trainings: impl Iterator<Item = (&'a str, f64, f64)>) -> Self {
        let mut houses: BTreeMap<String, Vec<Training>> = BTreeMap::new();
        for (house, years, error) in trainings {
            houses.entry(house.to_owned()).or_default().push(Training { years, error });
        }
        Self(houses)
    }

    /// How far a training of a house at a time is expected from the regression; none where none of it is known.
    #[must_use]
    pub fn house(&self, name: &str, years: f64) -> Option<House<'_>> {
        let (name, trainings) = self.0.get_key_value(name)?;
        let weight = |training: &Training| libm::exp2(-(training.years - years).abs() / HOUSE_HALF_LIFE_YEARS);
        let (weights, errors) =
            trainings.iter().fold((0.0, 0.0), |(w, e), training| (w + weight(training), e + weight(training) * training.error));
        Some(House { name, trainings: trainings.len(), dex: errors / (weights + HOUSE_SHRINKAGE_TRAININGS) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two trainings of the year, 0.6 and 0.4 dex above, and one of a year before, 0.8: (0.6 + 0.4 + 0.8 / 2) / (2.5 + 3) = 1.4 / 5.5.
    #[test]
    fn a_house_is_shrunk_and_its_latest_trainings_count_most() {
        let rows = [("A", 3.0, 0.6), ("A", 3.0, 0.4), ("A", 2.0, 0.8), ("B", 3.0, -0.9)];
        let houses = Houses::new(rows.into_iter());
        let a = houses.house("A", 3.0).unwrap();
        assert!((a.dex - 1.4 / 5.5).abs() < 1e-12 && a.trainings == 3 && a.name == "A", "{a:?}");
        // One training moves little: -0.9 / 4.
        assert!((houses.house("B", 3.0).unwrap().dex + 0.225).abs() < 1e-12);
        assert!(houses.house("C", 3.0).is_none());
    }
}
