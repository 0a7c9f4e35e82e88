//! How far the trainings of a house lie from the regression of tokens: some train their models longer than others of that size and year.
//!
//! What a house is off by is the mean of the held-out errors of its other trainings, those near in time and size first, shrunk as if some
//! more had an error of zero (an effect of the house as in a model of random intercepts: Gelman and Hill 2007, section 12.2). The errors are of a
//! regression that saw none of the house's trainings.

use crate::method::assumptions::{HOUSE_HALF_LIFE_DEX, HOUSE_HALF_LIFE_YEARS, HOUSE_SHRINKAGE_TRAININGS};
use crate::method::simulate::House;
use libm::exp2;
use std::collections::BTreeMap;

/// Held-out errors of trainings by their house.
#[derive(Debug, Default)]
pub struct Houses(BTreeMap<String, Vec<Training>>);

/// A training of a house.
#[derive(Clone, Copy, Debug)]
struct Training {
    /// On the scale of the regression's term of time.
    years: f64,
    log_n: f64,
    /// log10 of truth over prediction.
    error: f64,
}

impl Houses {
    /// Of trainings: house, years on the scale of the regression's term of time, log10 N, and held-out error in dex.
    pub fn new<'a>(trainings: impl Iterator<Item = (&'a str, [f64; 3])>) -> Self {
        let mut houses: BTreeMap<String, Vec<Training>> = BTreeMap::new();
        for (house, [years, log_n, error]) in trainings {
            houses.entry(house.to_owned()).or_default().push(Training { years, log_n, error });
        }
        Self(houses)
    }

    /// How far a training of a house, of a time and log10 N, is expected from the regression; none where none of it is known.
    #[must_use]
    pub fn house(&self, name: &str, (years, log_n): (f64, f64)) -> Option<House<'_>> {
        let (name, trainings) = self.0.get_key_value(name)?;
        let halvings =
            |of: &Training| (of.years - years).abs() / HOUSE_HALF_LIFE_YEARS + (of.log_n - log_n).abs() / HOUSE_HALF_LIFE_DEX;
        let weight = |training: &Training| exp2(-halvings(training));
        let (weights, errors) =
            trainings.iter().fold((0.0, 0.0), |(w, e), training| (w + weight(training), e + weight(training) * training.error));
        Some(House { name, trainings: trainings.len(), dex: errors / (weights + HOUSE_SHRINKAGE_TRAININGS) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two trainings of the year and size, 0.6 and 0.4 dex above, one of a year before, 0.8, and one of a tenth of the size, 1.2:
    /// (0.6 + 0.4 + 0.8 / 2 + 1.2 / 4) / (2 + 1 / 2 + 1 / 4 + 2) = 1.7 / 4.75.
    #[test]
    fn a_house_is_shrunk_and_its_nearest_trainings_count_most() {
        let rows = [
            ("A", [3.0, 10.0, 0.6]),
            ("A", [3.0, 10.0, 0.4]),
            ("A", [2.0, 10.0, 0.8]),
            ("A", [3.0, 9.0, 1.2]),
            ("B", [3.0, 10.0, -0.9]),
        ];
        let houses = Houses::new(rows.into_iter());
        let a = houses.house("A", (3.0, 10.0)).unwrap();
        assert!((a.dex - 1.7 / 4.75).abs() < 1e-12 && a.trainings == 4 && a.name == "A", "{a:?}");
        // One training moves little: -0.9 / 3.
        assert!((houses.house("B", (3.0, 10.0)).unwrap().dex + 0.3).abs() < 1e-12);
        assert!(houses.house("C", (3.0, 10.0)).is_none());
    }
}
