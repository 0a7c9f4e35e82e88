//! Which factor of the physical chain comes from where: chip, power, MFU, PUE and grid of a run, each with its source, and a flag
//! where something stands in for what nothing states (METHOD.md section 4).

use crate::method::assumptions as assume;
use crate::method::simulate::{Chip, GridOption, LogNormal};
use crate::reference::grid::WORLD;
use crate::reference::{Accelerator, GridValue, MixtureRole, NodePower, PuePlace, PueValue, Reference};
use crate::tables::TierRow;
use libm::{exp, log};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Years for which mixtures are kept ready.
const YEARS: std::ops::RangeInclusive<i32> = 2012..=2040;
/// Years between a grid value and the training from which a row is flagged.
const GRID_YEARS_APART: i32 = 2;

/// Chips and their source.
#[derive(Clone, Debug)]
pub struct Chips<'a> {
    /// Possible chips; weights sum to one.
    pub set: Cow<'a, [Chip]>,
    /// The chip, the candidates joined by ` | `, or `mixture:<role>:<year>`.
    pub name: String,
    /// What names it.
    pub source: String,
    /// Whether nothing states it.
    pub is_fallback: bool,
    /// Measurements the power rests on.
    pub power_source: String,
    /// Share and host factor, for one chip.
    pub power: Option<NodePower>,
    /// Whether another vendor's measurements stand in for some of the chips.
    pub power_is_fallback: bool,
}

/// Grid and its source.
#[derive(Clone, Debug)]
pub struct GridChoice<'a> {
    /// Possible places; weights sum to one.
    pub options: Cow<'a, [GridOption]>,
    /// The value shown: that of the place, or the weighted geometric mean of a mixture.
    pub value: GridValue,
    /// Whether the place is not the stated one.
    pub is_fallback: bool,
}

/// Mixtures by role and year, built once.
#[derive(Debug)]
pub struct Mixtures {
    chips: BTreeMap<String, (Vec<Chip>, bool)>,
    grids: BTreeMap<i32, (Vec<GridOption>, GridValue)>,
}

impl Mixtures {
    /// Builds them.
    #[must_use]
    pub fn new(reference: &Reference) -> Self {
        let mut chips = BTreeMap::new();
        for (role, name) in [(MixtureRole::Pretraining, "pretraining"), (MixtureRole::FineTuning, "fine_tuning")] {
            for year in YEARS {
                let (_, mixture) = reference.accelerators.mixture(role, year);
                chips.insert(format!("mixture:{name}:{year}"), weighted(reference, mixture));
            }
        }
        let grids = YEARS.filter_map(|year| Some((year, grid_mixture(reference, year)?))).collect();
        Self { chips, grids }
    }

    fn chips(&self, kind: &str, year: i32) -> (String, &(Vec<Chip>, bool)) {
        let role = if kind == "pretraining" { "pretraining" } else { "fine_tuning" };
        let key = format!("mixture:{role}:{}", year.clamp(*YEARS.start(), *YEARS.end()));
        // `new` fills every year of the range for both roles.
        let set = &self.chips[&key];
        (key, set)
    }
}

/// Chips that have a peak and a TDP, and whether some power ratio is another vendor's.
fn weighted(reference: &Reference, chips: Vec<(&Accelerator, f64)>) -> (Vec<Chip>, bool) {
    let usable: Vec<(&Accelerator, f64)> =
        chips.into_iter().filter(|(a, _)| a.training_peak().is_some() && a.tdp().is_some()).collect();
    let total: f64 = usable.iter().map(|(_, w)| w).sum();
    let mut fallback = false;
    let chips = usable
        .into_iter()
        .filter_map(|(a, weight)| {
            let power = reference.power.of(a);
            fallback |= power.is_fallback;
            let name = a.accelerator.clone();
            Some(Chip { name, weight: weight / total, peak: a.training_peak()?, tdp: a.tdp()?, power_ratio: power.ratio })
        })
        .collect();
    (chips, fallback)
}

fn grid_mixture(reference: &Reference, year: i32) -> Option<(Vec<GridOption>, GridValue)> {
    let (learnt, shares) = reference.grid.mixture(year)?;
    let values: Vec<(&GridValue, f64)> =
        shares.iter().filter_map(|(country, share)| Some((reference.grid.value(country, year)?, *share))).collect();
    let (first, _) = values.first()?;
    let mean = exp(values.iter().map(|(v, share)| share * log(v.gco2e_per_kwh)).sum());
    let value = GridValue {
        gco2e_per_kwh: mean,
        place: format!("mixture:{learnt}"),
        year: first.year,
        basis: first.basis.clone(),
        flow: first.flow.clone(),
        source: format!("{}; weighted by compute of {learnt}'s registry runs", first.source),
    };
    let option = |v: &GridValue, weight| GridOption { weight, intensity: factor(v, assume::GRID_OWNER_COUNTRY_SD) };
    Some((values.iter().map(|(v, share)| option(v, *share)).collect(), value))
}

fn factor(value: &GridValue, own_sd: f64) -> LogNormal {
    LogNormal { median: value.gco2e_per_kwh, own_sd, shared_sd: assume::GRID_SHARED_SD }
}

/// The stated chip, the candidates the evidence leaves open, or what runs of that role and year used.
#[must_use]
pub fn chips<'a>(row: &TierRow, year: i32, mixtures: &'a Mixtures, reference: &Reference, flags: &mut Vec<String>) -> Chips<'a> {
    let (set, power_is_fallback) = weighted(reference, reference.accelerators.weights(&row.accelerators));
    if !set.is_empty() {
        if set.len() > 1 {
            flags.push("accelerator_variant_open".into());
        }
        let power = match set.as_slice() {
            [one] => reference.accelerators.get(&one.name).map(|a| reference.power.of(a)),
            _ => None,
        };
        return with_power_flag(
            Chips {
                name: set.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(" | "),
                source: evidence_of(row, "accelerator"),
                is_fallback: false,
                power_source: power.as_ref().map_or_else(|| "measured runs per chip".to_owned(), |p| p.source.clone()),
                power,
                set: set.into(),
                power_is_fallback,
            },
            flags,
        );
    }
    flags.push("accelerator_mixture".into());
    let (name, (set, power_is_fallback)) = mixtures.chips(&row.kind, year);
    with_power_flag(
        Chips {
            name,
            source: "registry runs of that role and year".into(),
            set: set.as_slice().into(),
            is_fallback: true,
            power_source: "measured runs per chip".into(),
            power: None,
            power_is_fallback: *power_is_fallback,
        },
        flags,
    )
}

fn with_power_flag<'a>(chips: Chips<'a>, flags: &mut Vec<String>) -> Chips<'a> {
    if chips.power_is_fallback {
        flags.push("power_ratio_of_another_vendor".into());
    }
    chips
}

fn evidence_of(row: &TierRow, field: &str) -> String {
    let id = row.chosen_evidence.iter().find_map(|chosen| chosen.strip_prefix(field)?.strip_prefix('='));
    id.map_or_else(|| "evidence".to_owned(), |id| format!("evidence {id}"))
}

/// Model FLOP utilization: stated, or the published runs', lower for fine-tunes; and whether it is the latter.
#[must_use]
pub fn mfu(row: &TierRow, reference: &Reference) -> (LogNormal, bool) {
    if let Some(stated) = row.mfu {
        return (LogNormal::own(stated, assume::MFU_STATED_SD), false);
    }
    let published = reference.power.mfu;
    if row.kind == "pretraining" {
        return (published, true);
    }
    (LogNormal { median: published.median * assume::FINE_TUNE_MFU_FACTOR, own_sd: assume::FINE_TUNE_MFU_SD, ..published }, true)
}

/// PUE by the ladder site, operator, class of operator, survey; an operator stated by evidence goes before the owner's.
#[must_use]
pub fn pue(row: &TierRow, year: i32, reference: &Reference, flags: &mut Vec<String>) -> (PueValue, LogNormal) {
    let owner = row.owner.as_deref().and_then(|o| reference.owners.operator(o));
    let site = row.cloud_region.as_deref().and_then(|key| reference.places.region_pue(key));
    let stated = row.operator.as_deref().or_else(|| only_operator(row));
    let value = reference.pue.value(&PuePlace { site, operator: stated.or(owner) }, year);
    match value.rung {
        "class" => flags.push("pue_class_average".into()),
        "survey" => flags.push("pue_survey_average".into()),
        _ if stated.is_none() && value.rung == "operator" => flags.push("pue_of_the_owners_operator".into()),
        _ => {}
    }
    let own_sd = match value.rung {
        "survey" => assume::PUE_SURVEY_SD,
        "class" => assume::PUE_CLASS_SD,
        _ => assume::PUE_OPERATOR_SD,
    };
    let factor = LogNormal { median: value.pue, own_sd, shared_sd: assume::PUE_SHARED_SD };
    (value, factor)
}

/// Chips that only one operator runs name it: TPUs stand in Google's data centres, Trainium in Amazon's.
fn only_operator(row: &TierRow) -> Option<&'static str> {
    let all = |prefix: &str| !row.accelerators.is_empty() && row.accelerators.iter().all(|a| a.starts_with(prefix));
    [("Google TPU", "google"), ("AWS ", "aws")].into_iter().find(|(prefix, _)| all(prefix)).map(|(_, operator)| operator)
}

/// Grid by the ladder stated region, state or country; owner's country; the countries of registry runs by compute; the world.
#[must_use]
pub fn grid<'a>(
    row: &TierRow,
    year: i32,
    mixtures: &'a Mixtures,
    reference: &Reference,
    flags: &mut Vec<String>,
) -> GridChoice<'a> {
    let place = row.place.as_deref();
    let is_region = place.is_some_and(|p| reference.grid.country_of(p) != p);
    let stated_sd = if is_region { assume::GRID_STATED_REGION_SD } else { assume::GRID_STATED_COUNTRY_SD };
    let single = |place: Option<&str>, sd: f64, fallback: Option<&str>, flags: &mut Vec<String>| {
        let value = place.and_then(|p| reference.grid.value(p, year))?;
        flags.extend(fallback.map(str::to_owned));
        if (value.year - year).abs() > GRID_YEARS_APART {
            flags.push("grid_of_another_year".into());
        }
        if value.basis == "direct" {
            flags.push("grid_direct_not_lifecycle".into());
        }
        let options = vec![GridOption { weight: 1.0, intensity: factor(value, sd) }];
        Some(GridChoice { options: options.into(), value: value.clone(), is_fallback: fallback.is_some() })
    };
    if let Some(choice) = single(place, stated_sd, None, flags) {
        return choice;
    }
    let owner = row.owner_country.as_deref();
    if let Some(choice) = single(owner, assume::GRID_OWNER_COUNTRY_SD, Some("grid_owner_country"), flags) {
        return choice;
    }
    if let Some((options, value)) = mixtures.grids.get(&year.clamp(*YEARS.start(), *YEARS.end())) {
        flags.push("grid_country_mixture".into());
        return GridChoice { options: options.as_slice().into(), value: value.clone(), is_fallback: true };
    }
    single(Some(WORLD), assume::GRID_WORLD_SD, Some("grid_world_average"), flags).unwrap_or_else(|| {
        // A data test proves that the world's row exists; a grid of zero would show at once as zero emissions.
        let (place, basis, flow, source) = (String::new(), String::new(), String::new(), String::new());
        let value = GridValue { gco2e_per_kwh: 0.0, place, year, basis, flow, source };
        GridChoice { options: vec![GridOption { weight: 1.0, intensity: factor(&value, 0.0) }].into(), value, is_fallback: true }
    })
}
