//! What surrounds the electricity of a run: how much making its hardware emits per device hour, and how much water goes with a kWh
//! (docs/method.md, section 8). Outside the headline: nothing of it enters emissions, energy or compute.

use super::FactorTables;
use super::build::Built;
use super::factors::{YEARS, operator};
use crate::domain::{PlaceMixture, Run};
use crate::method::around::AroundSpreads;
use crate::method::assumptions as assume;
use crate::reference::grid::WORLD;
use crate::reference::{Embodied, Reference, Table, Water, WaterValue};
use crate::units::Day;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The reference tables behind it.
#[derive(Clone, Debug)]
pub struct AroundTables {
    /// Emissions of making hardware.
    pub embodied: Table<Embodied>,
    /// Water per kWh.
    pub water: Table<Water>,
    /// Water off site in litres per kWh of a run of unknown place, by year: the mean over the countries of registry runs.
    mixtures: Arc<BTreeMap<i32, f64>>,
}

impl AroundTables {
    /// Those of a set of reference tables.
    #[must_use]
    pub fn new(reference: &Reference) -> Self {
        let off_site = |year| {
            let (_, shares) = reference.compute_countries.mixture(year)?;
            let of = |country: &str| reference.water.off_site(country, country, year).l_per_kwh;
            Some((year, shares.iter().map(|(country, share)| share * of(country)).sum()))
        };
        Self {
            embodied: reference.embodied.clone(),
            water: reference.water.clone(),
            mixtures: Arc::new(YEARS.filter_map(off_site).collect()),
        }
    }

    /// SHA-256 of every file behind them, by name. The mixtures of places are declared by the tables of factors.
    #[must_use]
    pub fn digests(&self) -> BTreeMap<String, String> {
        let of = [self.embodied.digests(), self.water.digests()];
        of.into_iter().flat_map(|d| d.iter().map(|(n, s)| (n.clone(), s.clone()))).collect()
    }

    /// How far the factors may be from the truth, in draws.
    #[must_use]
    pub fn spreads(&self, draws: usize, seed: u64) -> AroundSpreads {
        AroundSpreads::new(draws, seed, self.embodied.spread_factor(), assume::WATER_SPREAD_FACTOR)
    }
}

/// Factors of a run, with what they rest on.
#[derive(Clone, Debug, PartialEq)]
pub struct Around {
    /// Emissions of making the hardware in kg CO2e per device hour.
    pub embodied_kgco2e_per_hour: f64,
    /// The devices.
    pub embodied_source: String,
    /// Whether the accelerator is not known, or another device stands in for it.
    pub embodied_is_fallback: bool,
    /// Litres consumed on site per kWh at the meter of the facility.
    pub on_site_l_per_kwh: f64,
    /// Litres consumed off site per kWh at the meter of the facility.
    pub off_site_l_per_kwh: f64,
    /// Whose factors they are.
    pub water_source: String,
    /// Whether the average of data centres stands in for the operator, on site.
    pub on_site_is_fallback: bool,
    /// Whether an average of countries stands in, off site. A place that is taken for the stated one shows in the factors of the chain.
    pub off_site_is_fallback: bool,
}

impl Around {
    /// Litres per kWh at the meter of the facility: E_IT x (on + PUE x off) = E x (on / PUE + off).
    #[must_use]
    pub fn water_l_per_kwh(&self) -> f64 {
        self.on_site_l_per_kwh + self.off_site_l_per_kwh
    }
}

/// The factors of a run.
#[must_use]
pub fn around(run: &Run, built: &Built<'_>, tables: &FactorTables, around: &AroundTables) -> Around {
    let year = run.date().map_or(assume::ASSUMED_YEAR.0, Day::year);
    let (mut per_hour, mut stands_in) = (0.0, built.chips.is_fallback);
    for chip in built.chips.set.iter() {
        let Some(rate) = around.embodied.rate(&chip.name) else { continue };
        per_hour += chip.weight * rate.kgco2e_per_hour;
        stands_in |= rate.is_fallback;
    }
    let embodied_source = match built.chips.set.as_ref() {
        [one] => around.embodied.rate(&one.name).map_or_else(String::new, |rate| rate.device.clone()),
        several => format!("weighted mean of {} accelerators with their hosts", several.len()),
    };
    let on_site = around.water.on_site(operator(run, tables), year);
    let off_site = off_site(built, year, tables, around);
    Around {
        embodied_kgco2e_per_hour: per_hour,
        embodied_source,
        embodied_is_fallback: stands_in,
        on_site_l_per_kwh: on_site.l_per_kwh / built.pue.pue,
        off_site_l_per_kwh: off_site.l_per_kwh,
        water_source: format!("on site: {} {}; off site: {} {}", on_site.place, on_site.year, off_site.place, off_site.year),
        on_site_is_fallback: on_site.is_fallback,
        off_site_is_fallback: off_site.is_fallback,
    }
}

/// Of the grid the run is counted on; of a mixture of countries their mean, which stands in like the mixture does.
fn off_site(built: &Built<'_>, year: i32, tables: &FactorTables, around: &AroundTables) -> WaterValue {
    let place = built.grid.value.place.as_str();
    if !built.grid.places.is_empty() {
        let of = |country: &str| around.water.off_site(country, country, year);
        let values: Vec<(WaterValue, f64)> = built.grid.places.iter().map(|(country, share)| (of(country), *share)).collect();
        return WaterValue {
            l_per_kwh: values.iter().map(|(value, share)| share * value.l_per_kwh).sum(),
            place: place.to_owned(),
            year: values.first().map_or(year, |(value, _)| value.year),
            is_fallback: values.iter().any(|(value, _)| value.is_fallback),
        };
    }
    if let Some(PlaceMixture::OfYear(_)) = PlaceMixture::parse(place) {
        let year = year.clamp(*YEARS.start(), *YEARS.end());
        if let Some(l_per_kwh) = around.mixtures.get(&year) {
            return WaterValue { l_per_kwh: *l_per_kwh, place: place.to_owned(), year, is_fallback: true };
        }
        return around.water.off_site(WORLD, WORLD, year);
    }
    around.water.off_site(place, tables.grid.country_of(place), year)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Modality, RunKind, Tier};
    use crate::estimation::{Basis, build};

    fn run() -> Run {
        let mut run = Run::new("a/b", RunKind::Pretraining, Modality::Text);
        run.hardware.accelerators = vec!["NVIDIA H100 SXM5 80GB".to_owned()];
        run.hardware.accelerator_hours = Some(1000.0);
        run.trained_on = Day::parse("2024-06-01");
        run.tiers = vec![Tier::Hardware];
        run
    }

    fn of_run(run: &Run) -> Around {
        let reference = Reference::load().unwrap();
        let tables = FactorTables::new(&reference);
        let basis = Basis::without_fits(&tables);
        let built = build(run, Tier::Hardware, &basis, &tables).unwrap();
        around(run, &built, &tables, &AroundTables::new(&reference))
    }

    /// By hand: an H100 and an eighth of its server, (164 + 712.5) / 37,230 kg an hour. Iowa, Ai2's cluster: no water on site, 3.10 L/kWh.
    #[test]
    fn a_run_in_iowa_by_hand() {
        let mut run = run();
        run.place.operator = Some("ai2-augusta".into());
        run.place.grid_place = Some("US-IA".into());
        let around = of_run(&run);
        assert!((around.embodied_kgco2e_per_hour - 876.5 / 37_230.0).abs() < 1e-12, "{around:?}");
        assert!((around.water_l_per_kwh() - 3.10).abs() < 1e-12, "{around:?}");
        assert_eq!((around.embodied_is_fallback, around.on_site_is_fallback, around.off_site_is_fallback), (false, false, false));
    }

    /// Amazon in France, 2024: 0.15 on site over its PUE of 1.15, and 3.67 off site.
    #[test]
    fn on_site_water_is_per_kwh_of_the_computers() {
        let mut run = run();
        run.place.operator = Some("aws".into());
        run.place.grid_place = Some("FRA".into());
        let around = of_run(&run);
        assert!((around.on_site_l_per_kwh - 0.15 / 1.15).abs() < 1e-9, "{around:?}");
        assert!((around.off_site_l_per_kwh - 3.67).abs() < 1e-12, "{around:?}");
    }

    /// Regression: one flag for both was set on 999 rows in 1,000, because hardly any operator is known, and so said nothing of the place.
    #[test]
    fn what_stands_in_on_site_and_off_site_is_told_apart() {
        let mut run = run();
        run.place.grid_place = Some("FRA".into());
        let around = of_run(&run);
        assert_eq!((around.on_site_is_fallback, around.off_site_is_fallback), (true, false), "{around:?}");
        run.place.operator = Some("aws".into());
        run.place.grid_place = Some("ZWE".into());
        let around = of_run(&run);
        assert_eq!((around.on_site_is_fallback, around.off_site_is_fallback), (false, true), "{around:?}");
    }

    #[test]
    fn what_nobody_states_stands_in_and_says_so() {
        let mut run = run();
        run.hardware.accelerators.clear();
        let around = of_run(&run);
        assert!(around.embodied_is_fallback && around.on_site_is_fallback && around.off_site_is_fallback, "{around:?}");
        assert!(
            (0.003..0.05).contains(&around.embodied_kgco2e_per_hour) && (1.0..8.0).contains(&around.water_l_per_kwh()),
            "{around:?}"
        );
    }
}
