//! Where houses train, beside where they are (data/reference/training_places.csv).

use super::{Grid, Owners};
use crate::error::{Error, Result};
use crate::method::assumptions::{LEAST_PLACE_SHARE, PLACE_PRIOR_TRAININGS, PLACE_SHRINKAGE_HOUSES};
use libm::exp2;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Countries whose houses are counted apart. In all others together a third of the compute is abroad, by few rows each.
const COUNTED_APART: [&str; 2] = ["CHN", "USA"];

/// A row of training_places.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct PlaceRow {
    /// Who trained.
    pub organization: String,
    /// Where it is, ISO 3166 alpha-3.
    pub country: String,
    /// Where the computer stood, ISO 3166 alpha-3.
    pub place: String,
    /// Year of the training.
    pub year: i32,
    /// Trainings that the row tells of.
    pub runs: f64,
}

/// A country with the probability that a training was there.
pub type Share = (String, f64);

/// Where houses train.
#[derive(Debug)]
pub struct TrainingPlaces {
    /// Rows by organization.
    houses: BTreeMap<String, Vec<PlaceRow>>,
    /// How often a house trains at home, by country; those of the others under an empty key.
    at_home: BTreeMap<&'static str, f64>,
    /// Where houses train that do not train at home.
    abroad: BTreeMap<String, f64>,
}

/// The group of a country whose houses are counted together.
fn group(country: &str) -> &'static str {
    COUNTED_APART.into_iter().find(|c| *c == country).unwrap_or_default()
}

impl TrainingPlaces {
    pub(super) fn new(rows: Vec<PlaceRow>, grid: &Grid) -> Result<Self> {
        let mut houses: BTreeMap<String, Vec<PlaceRow>> = BTreeMap::new();
        for row in rows {
            if let Some(country) = [&row.country, &row.place].into_iter().find(|country| !grid.has(country)) {
                return Err(Error::Internal(format!("training_places.csv: {country} is in no grid table")));
            }
            houses.entry(row.organization.clone()).or_default().push(row);
        }
        let mut counts: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        let mut abroad: BTreeMap<String, f64> = BTreeMap::new();
        for rows in houses.values() {
            let all: f64 = rows.iter().map(|row| row.runs).sum();
            for row in rows {
                let share = row.runs / all;
                let (houses, home) = counts.entry(group(&row.country)).or_default();
                *houses += share;
                if row.place == row.country {
                    *home += share;
                } else {
                    *abroad.entry(row.place.clone()).or_default() += share;
                }
            }
        }
        let (n, home) = counts.values().fold((0.0, 0.0), |(n, home), (more, more_home)| (n + more, home + more_home));
        let of_all = home / n;
        let shrunk = |(houses, home): &(f64, f64)| (home + PLACE_SHRINKAGE_HOUSES * of_all) / (houses + PLACE_SHRINKAGE_HOUSES);
        let at_home = counts.iter().map(|(group, count)| (*group, shrunk(count))).collect();
        let outside: f64 = abroad.values().sum();
        abroad.values_mut().for_each(|share| *share /= outside);
        Ok(Self { houses, at_home, abroad })
    }

    /// Organizations of whose places something is known, with their country.
    pub fn houses(&self) -> impl Iterator<Item = (&str, &str)> {
        self.houses.iter().filter_map(|(name, rows)| Some((name.as_str(), rows.first()?.country.as_str())))
    }

    /// Name under which the places of an owner stand, if any do.
    #[must_use]
    pub fn organization<'a>(&'a self, owner: &str, owners: &Owners) -> Option<&'a str> {
        let known = |name: &str| self.houses.get_key_value(name).map(|(name, _)| name.as_str());
        known(owners.registered_as(owner)).or_else(|| known(owners.organization(owner)?))
    }

    /// Where a training of a year was, by the country of who trained and by what is known of them: likeliest first.
    #[must_use]
    pub fn shares(&self, organization: Option<&str>, country: &str, year: i32) -> Vec<Share> {
        let at_home = self.at_home.get(group(country)).copied().unwrap_or(1.0);
        let mut weights: BTreeMap<&str, f64> = BTreeMap::from([(country, PLACE_PRIOR_TRAININGS * at_home)]);
        let elsewhere: f64 = self.abroad.iter().filter(|(place, _)| *place != country).map(|(_, share)| share).sum();
        for (place, share) in self.abroad.iter().filter(|(place, _)| *place != country) {
            *weights.entry(place).or_default() += PLACE_PRIOR_TRAININGS * (1.0 - at_home) * share / elsewhere;
        }
        for row in organization.and_then(|name| self.houses.get(name)).into_iter().flatten() {
            *weights.entry(&row.place).or_default() += row.runs * exp2(-f64::from((row.year - year).abs()));
        }
        let all: f64 = weights.values().sum();
        weights.retain(|_, weight| *weight / all >= LEAST_PLACE_SHARE);
        let kept: f64 = weights.values().sum();
        let mut shares: Vec<Share> = weights.into_iter().map(|(place, weight)| (place.to_owned(), weight / kept)).collect();
        shares.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        shares
    }

    /// How often houses of a country train at home.
    #[must_use]
    pub fn at_home(&self, country: &str) -> Option<f64> {
        self.at_home.get(group(country)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;

    fn shares(organization: Option<&str>, country: &str, year: i32) -> BTreeMap<String, f64> {
        Reference::load().unwrap().training_places.shares(organization, country, year).into_iter().collect()
    }

    /// Regression: what Mistral and Cohere trained stood in France and Canada, where next to no carbon is emitted, for certain.
    #[test]
    fn a_house_that_rented_abroad_may_have_trained_abroad() {
        let mistral = shares(Some("Mistral AI"), "FRA", 2023);
        assert!(mistral["USA"] > 0.25 && mistral["ITA"] > 0.25 && mistral["FRA"] < 0.5, "{mistral:?}");
        // Its own cluster since 2025.
        assert!(shares(Some("Mistral AI"), "FRA", 2026)["FRA"] > 0.5);
        assert!(shares(Some("Cohere"), "CAN", 2022)["USA"] > 0.7);
    }

    /// By hand from the table: two thirds of the houses outside the United States and China train at home, nine in ten of the others.
    #[test]
    fn most_houses_train_at_home() {
        for (country, low, high) in [("DEU", 0.6, 0.8), ("KOR", 0.6, 0.8), ("USA", 0.8, 0.95), ("CHN", 0.85, 1.0)] {
            let shares = shares(None, country, 2024);
            assert!((low..high).contains(&shares[country]), "{country}: {shares:?}");
            assert!((shares.values().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn every_house_of_the_table_is_found_by_its_namespace() {
        let reference = Reference::load().unwrap();
        let of = |owner: &str| reference.training_places.organization(owner, &reference.owners);
        assert_eq!(of("mistralai"), Some("Mistral AI"));
        assert_eq!(of("facebook"), Some("Meta"));
        assert_eq!(of("LLM360"), Some("Institute of Foundation Models (MBZUAI)"));
        assert_eq!(of("MBZUAI"), None);
        assert_eq!(of("nobody-knows"), None);
    }
}
