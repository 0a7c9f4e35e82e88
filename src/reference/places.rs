//! Where electricity comes from: grid intensity, PUE, and what is known of an owner's place.

use crate::error::{Error, Result};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The place that stands for the world's average.
pub const WORLD: &str = "WORLD";

#[derive(Debug, Deserialize)]
pub(super) struct GridRow {
    place: String,
    name: String,
    year: i32,
    gco2e_per_kwh: f64,
    basis: String,
    source: String,
    is_partial: bool,
}

/// Grid intensity by country and year.
#[derive(Debug)]
pub struct Grid {
    values: BTreeMap<String, BTreeMap<i32, GridValue>>,
    /// Lower-case country name to ISO alpha-3.
    names: BTreeMap<String, String>,
}

/// Ways to write a country that differ from the table's names.
const COUNTRY_ALIASES: &[(&str, &str)] = &[
    ("usa", "USA"),
    ("us", "USA"),
    ("u.s.", "USA"),
    ("united states of america", "USA"),
    ("uk", "GBR"),
    ("great britain", "GBR"),
    ("england", "GBR"),
    ("the netherlands", "NLD"),
    ("korea", "KOR"),
    ("republic of korea", "KOR"),
    ("czech republic", "CZE"),
    ("uae", "ARE"),
    ("russian federation", "RUS"),
    ("türkiye", "TUR"),
];

/// One grid value.
#[derive(Clone, Debug, PartialEq)]
pub struct GridValue {
    /// Grams of CO2 equivalent per kWh.
    pub gco2e_per_kwh: f64,
    /// ISO 3166 alpha-3 or WORLD.
    pub place: String,
    /// Year of the value, which may differ from the year asked for.
    pub year: i32,
    /// lifecycle or direct.
    pub basis: String,
    /// Source.
    pub source: String,
}

impl Grid {
    pub(super) fn new(rows: Vec<GridRow>) -> Result<Self> {
        let mut values: BTreeMap<String, BTreeMap<i32, GridValue>> = BTreeMap::new();
        let mut names: BTreeMap<String, String> =
            COUNTRY_ALIASES.iter().map(|(name, iso)| ((*name).to_owned(), (*iso).to_owned())).collect();
        for row in rows {
            if row.place != WORLD {
                names.insert(row.name.to_lowercase(), row.place.clone());
            }
            if !(row.gco2e_per_kwh > 0.0 && row.gco2e_per_kwh < 2000.0) {
                return Err(Error::Internal(format!("grid_country_year.csv: {} {} out of range", row.place, row.year)));
            }
            // A year of which only some months are in stands for no year: the last whole one is used instead.
            if row.is_partial {
                continue;
            }
            let value = GridValue {
                gco2e_per_kwh: row.gco2e_per_kwh,
                place: row.place.clone(),
                year: row.year,
                basis: row.basis,
                source: row.source,
            };
            if values.entry(row.place.clone()).or_default().insert(row.year, value).is_some() {
                return Err(Error::Internal(format!("grid_country_year.csv: {} {} twice", row.place, row.year)));
            }
        }
        Ok(Self { values, names })
    }

    /// The country that a place text names: one of its comma-separated parts is a country, the last first (`Paris, France`).
    #[must_use]
    pub fn country(&self, text: &str) -> Option<&str> {
        text.split([',', ';', '(', ')'])
            .rev()
            .find_map(|part| self.names.get(&part.trim().trim_end_matches('.').to_lowercase()))
            .map(String::as_str)
    }

    /// The value of a place in a year, or in the nearest year there is.
    #[must_use]
    pub fn value(&self, place: &str, year: i32) -> Option<&GridValue> {
        self.values.get(place)?.iter().min_by_key(|(y, _)| (*y - year).abs()).map(|(_, v)| v)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct PueRow {
    operator: String,
    year: i32,
    pue: f64,
    source: String,
    preferred: bool,
}

/// PUE by operator and year.
#[derive(Debug)]
pub struct Pue {
    values: BTreeMap<String, BTreeMap<i32, (f64, String)>>,
}

/// One PUE.
#[derive(Clone, Debug, PartialEq)]
pub struct PueValue {
    /// Facility energy over IT energy.
    pub pue: f64,
    /// Operator, or survey-average.
    pub operator: String,
    /// Year of the value.
    pub year: i32,
    /// Source.
    pub source: String,
    /// Whether the survey average stands in for an unknown operator.
    pub is_fallback: bool,
}

/// Operator name of the industry survey.
const SURVEY: &str = "survey-average";

impl Pue {
    pub(super) fn new(rows: Vec<PueRow>) -> Result<Self> {
        let mut values: BTreeMap<String, BTreeMap<i32, (f64, String)>> = BTreeMap::new();
        for row in rows.into_iter().filter(|row| row.preferred) {
            if !(1.0..3.0).contains(&row.pue) {
                return Err(Error::Internal(format!("pue.csv: {} {} out of range", row.operator, row.year)));
            }
            values.entry(row.operator).or_default().insert(row.year, (row.pue, row.source));
        }
        if !values.contains_key(SURVEY) {
            return Err(Error::Internal("pue.csv: no survey-average".into()));
        }
        Ok(Self { values })
    }

    /// Whether an operator has a value.
    #[must_use]
    pub fn has_operator(&self, operator: &str) -> bool {
        self.values.contains_key(operator)
    }

    /// The PUE of an operator, or of the survey, in the nearest year there is.
    #[must_use]
    pub fn for_operator(&self, operator: Option<&str>, year: i32) -> PueValue {
        let known = operator.filter(|o| self.has_operator(o));
        let name = known.unwrap_or(SURVEY);
        let nearest = self.values.get(name).and_then(|v| v.iter().min_by_key(|(y, _)| (*y - year).abs()));
        // `new` refuses a table without the survey, so the fallback value below is never met.
        let (found_year, (pue, source)) = nearest.map_or((year, (1.58, String::new())), |(y, v)| (*y, v.clone()));
        PueValue { pue, operator: name.to_owned(), year: found_year, source, is_fallback: known.is_none() }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct OwnerRow {
    owner: String,
    country: String,
    source: String,
    pue_operator: Option<String>,
}

/// What is known of the owners of repositories.
#[derive(Debug)]
pub struct Owners {
    rows: BTreeMap<String, OwnerRow>,
}

impl Owners {
    pub(super) fn new(rows: Vec<OwnerRow>) -> Self {
        Self { rows: rows.into_iter().map(|row| (row.owner.to_lowercase(), row)).collect() }
    }

    /// ISO alpha-3 country of an owner, with its source.
    #[must_use]
    pub fn country(&self, owner: &str) -> Option<(&str, &str)> {
        self.rows.get(&owner.to_lowercase()).map(|row| (row.country.as_str(), row.source.as_str()))
    }

    /// Data centre operator whose PUE an owner's runs are given.
    #[must_use]
    pub fn operator(&self, owner: &str) -> Option<&str> {
        self.rows.get(&owner.to_lowercase())?.pue_operator.as_deref()
    }

    /// All owners with an operator.
    pub fn operators(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rows.values().filter_map(|row| Some((row.owner.as_str(), row.pue_operator.as_deref()?)))
    }
}
