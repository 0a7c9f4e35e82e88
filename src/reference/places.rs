//! Names of places: countries, states, cities, computing sites and cloud regions, to the keys of the grid table.

use super::grid::Grid;
use crate::error::{Error, Result};
use rustc_hash::FxHashMap;
use serde::Deserialize;

/// A row of places.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct PlaceRow {
    /// As people write it, lower case.
    pub name: String,
    /// Key of the grid table.
    pub place: String,
    /// ISO 3166 alpha-3.
    pub country: String,
    /// city, state, state_code, province, country, country_code, alpha_2, site or region.
    pub kind: String,
    /// Slug of the operator of a site.
    pub operator: Option<String>,
    /// Source.
    pub source: String,
    /// Edition of the source.
    pub vintage: String,
}

/// A row of cloud_regions.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct CloudRegionRow {
    /// Operator slug.
    pub provider: String,
    /// The provider's name for it.
    pub region: String,
    /// Other spellings, joined by `|`.
    pub aliases: String,
    /// City or area.
    pub location: String,
    /// ISO 3166 alpha-3.
    pub country: String,
    /// Key of the grid table.
    pub grid_place: String,
    /// PUE of the region.
    pub pue: Option<f64>,
    /// Source of the PUE.
    pub pue_source: Option<String>,
    /// Source.
    pub source: String,
    /// Edition of the source.
    pub vintage: String,
}

/// Kind of the two-letter codes of countries, of which many are codes of states or words, too.
pub const ALPHA_2: &str = "alpha_2";

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A row of places.csv, by position.
    Place(usize),
    /// A row of cloud_regions.csv, by position.
    CloudRegion(usize),
}

/// Names of places.
#[derive(Debug)]
pub struct Places {
    rows: Vec<PlaceRow>,
    regions: Vec<CloudRegionRow>,
    /// Words of a name joined by a space, to all it can mean.
    names: FxHashMap<String, Vec<Meaning>>,
    most_words: usize,
}

/// Words of a name: runs of letters and digits, lower case.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

impl Places {
    pub(super) fn new(rows: Vec<PlaceRow>, regions: Vec<CloudRegionRow>, grid: &Grid) -> Result<Self> {
        let mut names: FxHashMap<String, Vec<Meaning>> = FxHashMap::default();
        let mut most_words = 0;
        let mut add = |name: &str, meaning: Meaning| {
            let words = words(name);
            most_words = most_words.max(words.len());
            let meanings = names.entry(words.join(" ")).or_default();
            if !words.is_empty() && !meanings.contains(&meaning) {
                meanings.push(meaning);
            }
        };
        for (i, row) in rows.iter().enumerate() {
            for key in [&row.place, &row.country] {
                if !grid.has(key) {
                    return Err(Error::Internal(format!("places.csv: {}: '{key}' is in no grid table", row.name)));
                }
            }
            add(&row.name, Meaning::Place(i));
        }
        for (i, row) in regions.iter().enumerate() {
            if !grid.has(&row.grid_place) || !grid.has(&row.country) {
                let (region, place) = (&row.region, &row.grid_place);
                return Err(Error::Internal(format!("cloud_regions.csv: {region}: '{place}' is in no grid table")));
            }
            for alias in row.aliases.split('|').chain([row.region.as_str()]) {
                add(alias, Meaning::CloudRegion(i));
            }
        }
        Ok(Self { rows, regions, names, most_words })
    }

    /// All that a name can mean; `key` is its words joined by a space.
    #[must_use]
    pub fn meanings(&self, key: &str) -> &[Meaning] {
        self.names.get(key).map_or(&[], Vec::as_slice)
    }

    /// The country of a name or an ISO 3166 code, in whatever case: where the words can only mean a country.
    #[must_use]
    pub fn country(&self, text: &str) -> Option<&str> {
        let is_country = |row: &&PlaceRow| ["country", "country_code", ALPHA_2].contains(&row.kind.as_str());
        let places = self.meanings(&words(text).join(" ")).iter().filter_map(|meaning| match meaning {
            Meaning::Place(i) => self.rows.get(*i),
            Meaning::CloudRegion(_) => None,
        });
        places.filter(is_country).map(|row| row.country.as_str()).next()
    }

    /// Words of the longest name.
    #[must_use]
    pub fn most_words(&self) -> usize {
        self.most_words
    }

    /// Rows of places.csv.
    #[must_use]
    pub fn rows(&self) -> &[PlaceRow] {
        &self.rows
    }

    /// Rows of cloud_regions.csv.
    #[must_use]
    pub fn regions(&self) -> &[CloudRegionRow] {
        &self.regions
    }

    /// Name of a cloud region as evidence and estimates write it: `gcp:us-central1`.
    #[must_use]
    pub fn region_key(&self, i: usize) -> String {
        let row = &self.regions[i];
        format!("{}:{}", row.provider, row.region)
    }

    /// Name, PUE and source of a cloud region that publishes its own.
    #[must_use]
    pub fn region_pue(&self, key: &str) -> Option<(&str, f64, &str)> {
        let (provider, region) = key.split_once(':')?;
        let row = self.regions.iter().find(|row| row.provider == provider && row.region == region)?;
        Some((row.region.as_str(), row.pue?, row.pue_source.as_deref().unwrap_or_default()))
    }
}
