//! Where published runs were computed: countries by compute, for runs of which nothing tells the place.

use super::{Grid, Registry};
use std::collections::{BTreeMap, BTreeSet};

/// Fewest registry runs with compute that a year's mixture of countries rests on; below it the neighbouring years join.
const MIN_MIXTURE_RUNS: usize = 20;
/// Country codes of one mixture that together carry less than this are left out.
const LEAST_SHARE: f64 = 0.001;

/// Compute per country in a year's registry runs, as shares.
#[derive(Debug)]
pub struct ComputeCountries {
    mixtures: BTreeMap<i32, Vec<(String, f64)>>,
}

impl ComputeCountries {
    /// Learns where registry runs were computed, by the first country of who ran them, weighted by compute (docs/method.md, section 4).
    pub(super) fn new(grid: &Grid, registry: &Registry) -> Self {
        let mut mixtures = BTreeMap::new();
        let runs: Vec<(i32, &str, f64)> = registry
            .runs()
            .iter()
            .filter_map(|r| Some((r.trained_on_day()?.year(), r.country.as_deref()?.split('|').next()?, r.train_flop?)))
            .filter(|(_, country, _)| grid.has(country))
            .collect();
        let years: BTreeSet<i32> = runs.iter().map(|(year, _, _)| *year).collect();
        let (Some(&first), Some(&last)) = (years.first(), years.last()) else { return Self { mixtures } };
        for year in first..=last {
            let reach = (0..=last - first)
                .find(|reach| runs.iter().filter(|(y, _, _)| (y - year).abs() <= *reach).count() >= MIN_MIXTURE_RUNS)
                .unwrap_or(last - first);
            let mut flop: BTreeMap<&str, f64> = BTreeMap::new();
            for (_, country, c) in runs.iter().filter(|(y, _, _)| (y - year).abs() <= reach) {
                *flop.entry(country).or_default() += c;
            }
            let total: f64 = flop.values().sum();
            flop.retain(|_, c| *c / total >= LEAST_SHARE);
            let kept: f64 = flop.values().sum();
            mixtures.insert(year, flop.into_iter().map(|(country, c)| (country.to_owned(), c / kept)).collect());
        }
        Self { mixtures }
    }

    /// Where a run of unknown place and owner's country was computed: countries with probabilities, and the year they were learnt from.
    #[must_use]
    pub fn mixture(&self, year: i32) -> Option<(i32, &[(String, f64)])> {
        self.mixtures.iter().min_by_key(|(y, _)| (*y - year).abs()).map(|(y, shares)| (*y, shares.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use crate::reference::Reference;

    #[test]
    fn the_mixture_of_countries_sums_to_one_and_is_led_by_the_united_states() {
        let countries = Reference::load().unwrap().compute_countries;
        for year in [2016, 2019, 2022, 2024, 2030] {
            let (_, shares) = countries.mixture(year).unwrap();
            assert!((shares.iter().map(|(_, w)| w).sum::<f64>() - 1.0).abs() < 1e-12, "{year}");
        }
        let (_, shares) = countries.mixture(2024).unwrap();
        let share = |country: &str| shares.iter().find(|(c, _)| c == country).map_or(0.0, |(_, w)| *w);
        assert!(share("USA") > share("CHN") && share("CHN") > share("FRA"), "{shares:?}");
    }
}
