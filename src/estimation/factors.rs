//! Which factor of the physical chain comes from where: MFU, PUE and grid of a run (chips: [`super::chips`]), each with its source, and a flag
//! where something stands in for what nothing states (docs/method.md, section 4).

use super::chips::{self, ChipMixtures};
use super::{FactorTables, agents};
use crate::domain::{Flag, GridBasis, PlaceMixture, Run, RunKind, TaskGroup, TrainingStage};
use crate::method::assumptions as assume;
use crate::method::simulate::{GridOption, LogNormal};
use crate::reference::grid::WORLD;
use crate::reference::pue::Rung;
use crate::reference::training_places::Share;
use crate::reference::{GridValue, PuePlace, PueValue};
use crate::units::Flop;
use libm::{exp, log, pow};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Years for which mixtures are kept ready.
pub(super) const YEARS: std::ops::RangeInclusive<i32> = 2012..=2040;
/// Years between a grid value and the training from which a row is flagged.
const GRID_YEARS_APART: i32 = 2;

/// Grid and its source.
#[derive(Clone, Debug)]
pub struct GridChoice<'a> {
    /// Possible places; weights sum to one.
    pub options: Cow<'a, [GridOption]>,
    /// Countries where the owner may have trained, with their probabilities; none where the place is stated, or nothing tells of the owner.
    pub places: &'a [Share],
    /// The value shown: that of the place, or the weighted geometric mean of a mixture.
    pub value: GridValue,
    /// Whether the owner's country stands for a place that nothing states.
    pub is_owner_country: bool,
    /// Whether neither place nor country is known, so that an average of countries stands in.
    pub is_fallback: bool,
}

/// Mixtures by role and year, built once.
#[derive(Debug)]
pub struct Mixtures {
    pub(super) chips: ChipMixtures,
    grids: BTreeMap<i32, (Vec<GridOption>, GridValue)>,
    /// By country of the owner, and by organization where something is known of its places.
    owners: BTreeMap<String, BTreeMap<String, BTreeMap<i32, OwnerPlaces>>>,
}

/// Where an owner may have trained.
#[derive(Debug)]
struct OwnerPlaces {
    shares: Vec<Share>,
    options: Vec<GridOption>,
    value: GridValue,
}

impl Mixtures {
    /// Builds them.
    #[must_use]
    pub fn new(tables: &FactorTables) -> Self {
        let grids = YEARS.filter_map(|year| Some((year, grid_mixture(tables, year)?))).collect();
        let places = &tables.training_places;
        let countries = tables.grid.names().map(|(_, country)| (String::new(), country.to_owned()));
        let houses = places.houses().map(|(organization, country)| (organization.to_owned(), country.to_owned()));
        let of_years = |(organization, country): &(String, String)| {
            let known = Some(organization.as_str()).filter(|name| !name.is_empty());
            YEARS.filter_map(|year| Some((year, owner_places(tables, known, country, year)?))).collect()
        };
        let mut owners: BTreeMap<String, BTreeMap<String, _>> = BTreeMap::new();
        for key in countries.chain(houses) {
            let years = of_years(&key);
            owners.entry(key.0).or_default().insert(key.1, years);
        }
        Self { chips: ChipMixtures::new(tables), grids, owners }
    }

    /// Where an owner of a country may have trained in a year.
    fn owner_places(&self, owner: Option<&str>, country: &str, year: i32, tables: &FactorTables) -> Option<&OwnerPlaces> {
        let organization = owner.and_then(|owner| tables.training_places.organization(owner, &tables.owners));
        let of = |organization: &str| self.owners.get(organization)?.get(country);
        let years = organization.and_then(of).or_else(|| of(""))?;
        years.get(&year.clamp(*YEARS.start(), *YEARS.end()))
    }
}

/// The owner's country and others where its like train, each with its probability.
fn owner_places(tables: &FactorTables, organization: Option<&str>, country: &str, year: i32) -> Option<OwnerPlaces> {
    let shares = tables.training_places.shares(organization, country, year);
    let values: Vec<(&GridValue, f64)> =
        shares.iter().filter_map(|(place, share)| Some((tables.grid.value(place, year)?, *share))).collect();
    let own = tables.grid.value(country, year)?;
    let all: f64 = values.iter().map(|(_, share)| share).sum();
    let mean = exp(values.iter().map(|(value, share)| share / all * log(value.gco2e_per_kwh)).sum());
    let said: Vec<String> = shares.iter().map(|(place, share)| format!("{place} {share:.2}")).collect();
    let value = GridValue {
        gco2e_per_kwh: mean,
        place: PlaceMixture::Around(country.to_owned()).to_string(),
        source: format!("{}; mean of {} (training_places.csv)", own.source, said.join(", ")),
        ..own.clone()
    };
    let option = |(value, share): &(&GridValue, f64)| GridOption {
        weight: share / all,
        // Each is a country as if it were stated; that it may be another one is what the shares say.
        intensity: factor(value, assume::GRID_STATED_COUNTRY_SD),
    };
    let options = values.iter().map(option).collect();
    Some(OwnerPlaces { options, value, shares })
}

fn grid_mixture(tables: &FactorTables, year: i32) -> Option<(Vec<GridOption>, GridValue)> {
    let (learnt, shares) = tables.compute_countries.mixture(year)?;
    let values: Vec<(&GridValue, f64)> =
        shares.iter().filter_map(|(country, share)| Some((tables.grid.value(country, year)?, *share))).collect();
    let (first, _) = values.first()?;
    let mean = exp(values.iter().map(|(v, share)| share * log(v.gco2e_per_kwh)).sum());
    let value = GridValue {
        gco2e_per_kwh: mean,
        place: PlaceMixture::OfYear(learnt).to_string(),
        year: first.year,
        basis: first.basis,
        flow: first.flow.clone(),
        source: format!("{}; weighted by compute of {learnt}'s registry runs", first.source),
    };
    let option = |v: &GridValue, weight| GridOption { weight, intensity: factor(v, assume::GRID_OWNER_COUNTRY_SD) };
    Some((values.iter().map(|(v, share)| option(v, *share)).collect(), value))
}

fn factor(value: &GridValue, own_sd: f64) -> LogNormal {
    LogNormal { median: value.gco2e_per_kwh, own_sd, shared_sd: assume::GRID_SHARED_SD }
}

/// The operator whose data centres have TPUs.
pub(super) const GOOGLE: &str = "google";

/// Model FLOP utilization: stated, or the published runs', lower for fine-tunes; and whether it is the latter. A post-training by the
/// house of its base is on the machines and with the code of the pre-training, so that it has that utilization, with the spread of a
/// fine-tune; and so has what the registry calls a continued pre-training, which is of the scale of one. Published ones lie on both sides: EXAONE Deep 0.32, Flan-PaLM 0.30 (data/reference/mfu.csv).
/// Heads, embeddings and speech follow the regression of strangers' fine-tunes, by whomever, and have their utilization, too. What runs on
/// several machines runs in no small batches, and has that of pre-trainings, whatever it starts from: between the two lies, in the
/// logarithm, the probability of several machines for the compute.
#[must_use]
pub fn mfu(run: &Run, compute: Option<Flop>, tables: &FactorTables) -> (LogNormal, bool) {
    if let Some(stated) = run.known.mfu {
        return (LogNormal::with_own_spread(stated, assume::MFU_STATED_SD), false);
    }
    if let Some(of_an_agent) = agents::mfu(run, tables) {
        return (of_an_agent, true);
    }
    let published = tables.power.mfu;
    let of_a_tune = LogNormal { own_sd: assume::FINE_TUNE_MFU_SD, ..published };
    let taken = match run.kind {
        Some(RunKind::Pretraining) => published,
        Some(RunKind::Continued) => of_a_tune,
        Some(RunKind::PostTraining) if is_released_with_its_base(run) || run.stage == Some(TrainingStage::Continued) => of_a_tune,
        None | Some(RunKind::PostTraining | RunKind::FineTuning | RunKind::Adapter) => {
            let on_one_machine = 1.0 - chips::at_scale(compute, tables);
            LogNormal { median: published.median * pow(assume::FINE_TUNE_MFU_FACTOR, on_one_machine), ..of_a_tune }
        }
    };
    (taken, true)
}

/// Whether a training by the house of its base is of the kind that is released with it: the published shares of a pre-training are of
/// models that write, speak of images or make them (post_training.csv). Heads, embeddings and speech see data of their own, whoever trains
/// them.
pub(super) fn is_released_with_its_base(run: &Run) -> bool {
    match run.task {
        TaskGroup::Generation
        | TaskGroup::TextToText
        | TaskGroup::ImageGeneration
        | TaskGroup::Documents
        | TaskGroup::Control
        | TaskGroup::Other => true,
        TaskGroup::Labels | TaskGroup::Embedding | TaskGroup::Speech | TaskGroup::Images => false,
    }
}

/// PUE by the ladder site, operator, class of operator, survey; an operator stated by evidence goes before the owner's.
#[must_use]
pub fn pue(run: &Run, (year, compute): (i32, Option<Flop>), tables: &FactorTables, flags: &mut Vec<Flag>) -> (PueValue, LogNormal) {
    let site = run.place.cloud_region.as_deref().and_then(|key| tables.places.region_pue(key));
    let stated = stated_operator(run);
    let place = PuePlace { site, operator: operator(run, tables), at_scale: chips::at_scale(compute, tables) };
    let value = tables.pue.value(&place, year);
    let own_sd = match value.rung {
        Rung::Survey => {
            flags.push(Flag::PueSurveyAverage);
            assume::PUE_SURVEY_SD
        }
        Rung::Class => {
            flags.push(Flag::PueClassAverage);
            assume::PUE_CLASS_SD
        }
        Rung::Operator => {
            flags.extend(stated.is_none().then_some(Flag::PueOfTheOwnersOperator));
            assume::PUE_OPERATOR_SD
        }
        Rung::Site => assume::PUE_OPERATOR_SD,
    };
    let factor = LogNormal { median: value.pue, own_sd, shared_sd: assume::PUE_SHARED_SD };
    (value, factor)
}

/// Who runs the data centre: stated, or named by the chip, else the owner's operator.
#[must_use]
pub fn operator<'a>(run: &'a Run, tables: &'a FactorTables) -> Option<&'a str> {
    stated_operator(run).or_else(|| run.owner.name.as_deref().and_then(|owner| tables.owners.operator(owner)))
}

pub(super) fn stated_operator(run: &Run) -> Option<&str> {
    run.place.operator.as_deref().or_else(|| only_operator(run))
}

/// Chips that only one operator runs name it: TPUs stand in Google's data centres, Trainium in Amazon's.
fn only_operator(run: &Run) -> Option<&'static str> {
    let chips = &run.hardware.accelerators;
    let all = |prefix: &str| !chips.is_empty() && chips.iter().all(|a| a.starts_with(prefix));
    [("Google TPU", GOOGLE), ("AWS ", "aws")].into_iter().find(|(prefix, _)| all(prefix)).map(|(_, operator)| operator)
}

/// Grid by the ladder stated region, state or country; owner's country, and where its like train; the countries of registry runs by compute; the world.
#[must_use]
pub fn grid<'a>(run: &Run, year: i32, mixtures: &'a Mixtures, tables: &FactorTables, flags: &mut Vec<Flag>) -> GridChoice<'a> {
    let place = run.place.grid_place.as_deref();
    let is_region = place.is_some_and(|p| tables.grid.country_of(p) != p);
    let stated_sd = if is_region { assume::GRID_STATED_REGION_SD } else { assume::GRID_STATED_COUNTRY_SD };
    let warn = |value: &GridValue, flags: &mut Vec<Flag>| {
        flags.extend(((value.year - year).abs() > GRID_YEARS_APART).then_some(Flag::GridOfAnotherYear));
        flags.extend((value.basis == GridBasis::Direct).then_some(Flag::GridDirectNotLifecycle));
    };
    let single = |place: Option<&str>, sd: f64, fallback: Option<Flag>, flags: &mut Vec<Flag>| {
        let value = place.and_then(|p| tables.grid.value(p, year))?;
        flags.extend(fallback);
        warn(value, flags);
        let options = vec![GridOption { weight: 1.0, intensity: factor(value, sd) }];
        let (options, value, is_fallback) = (options.into(), value.clone(), fallback.is_some());
        Some(GridChoice { options, places: &[], value, is_owner_country: false, is_fallback })
    };
    if let Some(choice) = single(place, stated_sd, None, flags) {
        return choice;
    }
    let of_country = |country: &str| mixtures.owner_places(run.owner.name.as_deref(), country, year, tables);
    if let Some(of_owner) = run.owner.country.as_deref().and_then(of_country) {
        flags.push(Flag::GridOwnerCountry);
        warn(&of_owner.value, flags);
        let (options, value) = (of_owner.options.as_slice().into(), of_owner.value.clone());
        return GridChoice { options, places: &of_owner.shares, value, is_owner_country: true, is_fallback: false };
    }
    if let Some((options, value)) = mixtures.grids.get(&year.clamp(*YEARS.start(), *YEARS.end())) {
        flags.push(Flag::GridCountryMixture);
        let (options, value) = (options.as_slice().into(), value.clone());
        return GridChoice { options, places: &[], value, is_owner_country: false, is_fallback: true };
    }
    single(Some(WORLD), assume::GRID_WORLD_SD, Some(Flag::GridWorldAverage), flags).unwrap_or_else(|| {
        // A data test proves that the world's row exists; a grid of zero would show at once as zero emissions.
        let (place, flow, source) = (String::new(), String::new(), String::new());
        let value = GridValue { gco2e_per_kwh: 0.0, place, year, basis: GridBasis::Lifecycle, flow, source };
        let options = vec![GridOption { weight: 1.0, intensity: factor(&value, 0.0) }];
        GridChoice { options: options.into(), places: &[], value, is_owner_country: false, is_fallback: true }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Modality;
    use crate::reference::Reference;

    /// Regression: one flag said both that the owner's country stands in and that no country is known, and was set on 99.9 % of all runs.
    #[test]
    fn the_owners_country_is_told_from_an_average_of_countries() {
        let tables = FactorTables::new(&Reference::load().unwrap());
        let mixtures = Mixtures::new(&tables);
        let of = |place: Option<&str>, country: Option<&str>| {
            let mut run = Run::new("a/b", RunKind::Pretraining, Modality::Text);
            (run.place.grid_place, run.owner.country) = (place.map(str::to_owned), country.map(str::to_owned));
            let grid = grid(&run, 2024, &mixtures, &tables, &mut Vec::new());
            (grid.is_owner_country, grid.is_fallback)
        };
        assert_eq!(of(Some("FRA"), Some("DEU")), (false, false));
        assert_eq!(of(None, Some("DEU")), (true, false));
        assert_eq!(of(None, None), (false, true));
    }

    /// Regression: what Mistral trained on computers it rented abroad had the grid of France for certain, a seventh of the American one.
    #[test]
    fn the_place_of_an_owner_is_a_mixture() {
        let tables = FactorTables::new(&Reference::load().unwrap());
        let mixtures = Mixtures::new(&tables);
        let mut run = Run::new("mistralai/m", RunKind::Pretraining, Modality::Text);
        (run.owner.name, run.owner.country) = (Some("mistralai".into()), Some("FRA".into()));
        let grid = grid(&run, 2023, &mixtures, &tables, &mut Vec::new());
        assert_eq!(grid.value.place, "mixture:FRA");
        assert!((grid.options.iter().map(|o| o.weight).sum::<f64>() - 1.0).abs() < 1e-12 && grid.options.len() > 2);
        assert!((60.0..330.0).contains(&grid.value.gco2e_per_kwh), "{}", grid.value.gco2e_per_kwh);
    }

    /// Regression: a post-training by the house of the base had 0.17, half of the published median (0.34 then). The middle of the 46 rows by
    /// hand: between 0.3473 (Nemotron-3-8B) and 0.378 (Gopher), so 0.36265; times 0.91 it is 0.33001. Regression: a fine-tune of 1.01e22 FLOP
    /// had twice the utilization of one of 0.99e22.
    #[test]
    fn a_post_training_has_the_utilization_of_its_houses_pre_training() {
        let tables = FactorTables::new(&Reference::load().unwrap());
        let of = |kind, flop: Option<f64>| mfu(&Run::new("a/b", kind, Modality::Text), flop.map(Flop), &tables).0;
        let median = |kind| of(kind, None).median;
        assert!((median(RunKind::Pretraining) - 0.330_011_5).abs() < 1e-9);
        assert!((median(RunKind::PostTraining) - 0.330_011_5).abs() < 1e-9);
        assert!((median(RunKind::FineTuning) - 0.165_005_75).abs() < 1e-9);
        assert!((median(RunKind::Adapter) - 0.165_005_75).abs() < 1e-9);
        let tuned = |flop| of(RunKind::FineTuning, Some(flop)).median;
        // Half of the decades in between: at 10^20.25 FLOP several machines are as likely as one, and 0.33 x sqrt(1/2) = 0.23335.
        assert!((tuned(3e24) - 0.330_011_5).abs() < 1e-9 && (tuned(1e16) - 0.165_005_75).abs() < 1e-9);
        assert!((tuned(1.78e20) - 0.233_353_4).abs() < 1e-6, "{}", tuned(1.78e20));
        assert!((tuned(1.01e22) / tuned(0.99e22) - 1.0).abs() < 0.04);
        assert!(of(RunKind::PostTraining, None).own_sd > of(RunKind::Pretraining, None).own_sd);
    }

    /// Regression: a classifier or an embedding by the house of its base had 0.34, and its sisters by others 0.17, though the compute of
    /// all of them comes from one regression.
    #[test]
    fn heads_and_embeddings_have_one_utilization_whoever_trains_them() {
        let tables = FactorTables::new(&Reference::load().unwrap());
        let of = |kind, task, stage| {
            let run = Run { task, stage, ..Run::new("a/b", kind, Modality::Text) };
            mfu(&run, None, &tables).0.median
        };
        for task in [TaskGroup::Labels, TaskGroup::Embedding, TaskGroup::Speech, TaskGroup::Images] {
            let (at_home, elsewhere) = (of(RunKind::PostTraining, task, None), of(RunKind::FineTuning, task, None));
            assert!((at_home - 0.165_005_75).abs() < 1e-9 && at_home == elsewhere, "{task}: {at_home}");
            // More pre-training on the same weights is a share of it, and of its scale.
            let continued = of(RunKind::PostTraining, task, Some(TrainingStage::Continued));
            assert!((continued - 0.330_011_5).abs() < 1e-9, "{task}: {continued}");
        }
        assert!((of(RunKind::PostTraining, TaskGroup::Documents, None) - 0.330_011_5).abs() < 1e-9);
    }
}
