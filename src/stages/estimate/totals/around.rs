//! Totals of what surrounds the electricity, and the scenario of the headline with it (docs/method.md, section 8). It reads the draws
//! that totals are made of and changes none.

use super::{Drawn, Item};
use crate::domain::{GroupBy, Tier};
use crate::estimation::{Around, around};
use crate::method::around::{AroundSpreads, add};
use crate::method::draws::Draws;
use crate::method::summary::{Scratch, summarize};
use crate::stages::estimate::Settings;
use crate::stages::estimate::rows::Given;
use crate::tables::AroundRow;
use std::collections::BTreeMap;

/// Sums of a group.
struct Sums {
    runs: i64,
    embodied: Vec<f64>,
    embodied_on_fallback: f64,
    water: Vec<f64>,
    on_site: f64,
    off_site: f64,
    on_site_on_fallback: f64,
    off_site_on_fallback: f64,
    place_not_stated: f64,
    market_based: (i64, f64),
    market_based_headline: f64,
}

/// What surrounds the electricity of the configured cohort, by group.
pub(super) struct Surroundings<'a> {
    given: &'a Given<'a>,
    market_based: BTreeMap<&'a str, f64>,
    groups: BTreeMap<(GroupBy, String), Sums>,
    draws: usize,
}

impl<'a> Surroundings<'a> {
    pub(super) fn new(settings: &Settings, given: &'a Given<'a>) -> Self {
        Self {
            given,
            market_based: given.references.market_based.iter().map(|row| (row.model_id.as_str(), row.kgco2e)).collect(),
            groups: BTreeMap::new(),
            draws: settings.draws,
        }
    }

    /// Adds the runs of a block that are in the cohort, in order.
    pub(super) fn add(&mut self, block: &[Item<'_>], drawn: &[Option<Drawn<'_, '_>>]) {
        let Given { references, spreads, .. } = self.given;
        for (item, drawn) in block.iter().zip(drawn) {
            let Some(Drawn { built, draws }) = drawn.as_ref().filter(|_| item.model.in_cohort && item.tier() != Tier::NoTraining)
            else {
                continue;
            };
            // Of all its groups the same; a sum of draws in their order takes its time.
            let means = [mean_of(&draws.hours, &spreads.embodied), mean_of(&draws.energy, &spreads.water)];
            let rates = around(item.run, built, &references.factors, &references.around);
            let is_place_stated = !(built.grid.is_fallback || built.grid.is_owner_country);
            let reported = self.market_based.get(item.model.model_id.as_str()).copied();
            let year = item.model.trained_on.map_or_else(|| "unknown".to_owned(), |day| day.year().to_string());
            let country = item.model.owner_country.clone().unwrap_or_else(|| "unknown".to_owned());
            let keys = [
                (GroupBy::All, "all".to_owned()),
                (GroupBy::Basis, item.tier().basis().to_owned()),
                (GroupBy::TrainingYear, year),
                (GroupBy::Country, country),
            ];
            for key in keys {
                let sums = self.groups.entry(key).or_insert_with(|| Sums::new(self.draws));
                sums.add(
                    &rates,
                    is_place_stated,
                    draws,
                    means,
                    spreads,
                    reported.map(|kg| (kg, item.estimate.emissions_kgco2e.mean)),
                );
            }
        }
    }

    /// Emissions of making the hardware of the cohort in kg CO2e, per draw.
    pub(super) fn embodied(&self) -> Vec<f64> {
        self.groups.get(&(GroupBy::All, "all".to_owned())).map_or_else(|| vec![0.0; self.draws], |sums| sums.embodied.clone())
    }

    pub(super) fn finish(self, settings: &Settings) -> Vec<AroundRow> {
        let cohort = settings.cohort();
        let mut table: Vec<AroundRow> =
            self.groups.into_iter().map(|((by, group), sums)| sums.row(cohort.clone(), by, group)).collect();
        table.sort_by(|a, b| (a.group_by.name(), &a.group).cmp(&(b.group_by.name(), &b.group)));
        table
    }
}

impl Sums {
    fn new(draws: usize) -> Self {
        Self {
            runs: 0,
            embodied: vec![0.0; draws],
            embodied_on_fallback: 0.0,
            water: vec![0.0; draws],
            on_site: 0.0,
            off_site: 0.0,
            on_site_on_fallback: 0.0,
            off_site_on_fallback: 0.0,
            place_not_stated: 0.0,
            market_based: (0, 0.0),
            market_based_headline: 0.0,
        }
    }

    /// Adds a run. `means` are those of hours and energy, each times its spread.
    fn add(
        &mut self,
        rates: &Around,
        is_place_stated: bool,
        draws: &Draws,
        [hours, energy]: [f64; 2],
        spreads: &AroundSpreads,
        reported: Option<(f64, f64)>,
    ) {
        self.runs += 1;
        add(&mut self.embodied, &draws.hours, rates.embodied_kgco2e_per_hour, &spreads.embodied);
        add(&mut self.water, &draws.energy, rates.water_l_per_kwh(), &spreads.water);
        let embodied = hours * rates.embodied_kgco2e_per_hour;
        let (on_site, off_site) = (energy * rates.on_site_l_per_kwh, energy * rates.off_site_l_per_kwh);
        self.on_site += on_site;
        self.off_site += off_site;
        if rates.embodied_is_fallback {
            self.embodied_on_fallback += embodied;
        }
        if rates.on_site_is_fallback {
            self.on_site_on_fallback += on_site;
        }
        if rates.off_site_is_fallback {
            self.off_site_on_fallback += off_site;
        } else if !is_place_stated {
            self.place_not_stated += off_site;
        }
        if let Some((kgco2e, headline)) = reported {
            self.market_based.0 += 1;
            self.market_based.1 += kgco2e;
            self.market_based_headline += headline;
        }
    }

    fn row(self, cohort: String, group_by: GroupBy, group: String) -> AroundRow {
        let mut scratch = Scratch::default();
        let (embodied, water) = (summarize(&self.embodied, &mut scratch), summarize(&self.water, &mut scratch));
        let share = |part: f64, whole: f64| if whole > 0.0 { (part / whole).min(1.0) } else { 0.0 };
        let of_some = |part: f64, whole: f64| (whole > 0.0).then(|| share(part, whole));
        AroundRow {
            cohort,
            group_by,
            group,
            runs: self.runs,
            embodied_kgco2e: embodied,
            embodied_on_fallback_share: share(self.embodied_on_fallback, embodied.mean),
            water_l: water,
            water_on_site_l_mean: self.on_site,
            water_off_site_l_mean: self.off_site,
            water_on_site_on_fallback_share: of_some(self.on_site_on_fallback, self.on_site),
            water_off_site_on_fallback_share: of_some(self.off_site_on_fallback, self.off_site),
            water_off_site_place_not_stated_share: of_some(self.place_not_stated, self.off_site),
            market_based_runs: self.market_based.0,
            market_based_kgco2e: (self.market_based.0 > 0).then_some(self.market_based.1),
            market_based_runs_emissions_kgco2e_mean: self.market_based_headline,
        }
    }
}

/// Mean over the draws of amount times spread.
fn mean_of(amounts: &[f64], spread: &[f64]) -> f64 {
    #[allow(clippy::cast_precision_loss)] // At most 100,000 draws.
    let n = amounts.len().max(1) as f64;
    amounts.iter().zip(spread).map(|(amount, spread)| amount * spread).sum::<f64>() / n
}
