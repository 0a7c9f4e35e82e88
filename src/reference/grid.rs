//! Grid intensity by place and year: countries, states and provinces, cloud regions.

use crate::domain::{ClosedSet, GridBasis};
use crate::error::{Error, Result};
use crate::store::sha256_bytes;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The place that stands for the world's average.
pub const WORLD: &str = "WORLD";
/// Smallest direct factor used, in g/kWh. Life-cycle medians of hydro, nuclear and wind power are 24, 12 and 11 g/kWh (IPCC AR5 WG III,
/// annex III, table A.III.2), their direct emissions zero.
const LEAST_DIRECT: f64 = 50.0;

/// A row of grid_country_year.csv, of grid_region_year.csv, or of an optional table of the latter's shape.
#[derive(Clone, Debug, Deserialize)]
pub struct GridRow {
    /// ISO 3166 alpha-3 or WORLD; ISO 3166-2 or provider:region.
    place: String,
    /// English name.
    name: String,
    /// ISO 3166 alpha-3 of the country a region lies in.
    #[serde(default)]
    country: Option<String>,
    year: i32,
    gco2e_per_kwh: f64,
    basis: GridBasis,
    flow: String,
    source: String,
    /// Whether only some months are in.
    #[serde(default)]
    is_partial: bool,
}

impl From<GridRow> for GridValue {
    fn from(row: GridRow) -> Self {
        let GridRow { place, year, gco2e_per_kwh, basis, flow, source, .. } = row;
        Self { gco2e_per_kwh, place, year, basis, flow, source }
    }
}

/// One grid value.
#[derive(Clone, Debug, PartialEq)]
pub struct GridValue {
    /// Grams of CO2 equivalent per kWh.
    pub gco2e_per_kwh: f64,
    /// ISO 3166 alpha-3, ISO 3166-2, provider:region, WORLD, `mixture:<country>` or `mixture:<year>`.
    pub place: String,
    /// Year of the value, which may differ from the year asked for.
    pub year: i32,
    /// What it counts.
    pub basis: GridBasis,
    /// generation or consumption.
    pub flow: String,
    /// Source.
    pub source: String,
}

/// Which country each region of the grid tables lies in: all that readers of places ask of them, whatever the values.
#[derive(Clone, Debug, Default)]
pub struct Regions {
    countries: BTreeMap<String, String>,
}

impl Regions {
    /// The country a place lies in; a country is its own.
    #[must_use]
    pub fn country_of<'a>(&'a self, place: &'a str) -> &'a str {
        self.countries.get(place).map_or(place, String::as_str)
    }

    /// The region of a key, if there is one.
    #[must_use]
    pub fn key(&self, key: &str) -> Option<&str> {
        self.countries.get_key_value(key).map(|(region, _)| region.as_str())
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.countries.len()
    }

    /// SHA-256 of the pairs, whatever file they stand in.
    pub(super) fn digest(&self) -> String {
        let lines: String = self.countries.iter().map(|(region, country)| format!("{region},{country}\n")).collect();
        sha256_bytes(lines.as_bytes())
    }
}

/// SHA-256 of what is read of rows of regions: the same for any order of rows, any line ends and any other columns.
pub(super) fn content_digest(rows: &[GridRow]) -> String {
    let line = |row: &GridRow| {
        let GridRow { place, country, year, gco2e_per_kwh, basis, flow, source, name: _, is_partial: _ } = row;
        format!("{:?}\n", (place, year, country, gco2e_per_kwh, basis.word(), flow, source))
    };
    let mut lines: Vec<String> = rows.iter().map(line).collect();
    lines.sort();
    sha256_bytes(lines.concat().as_bytes())
}

/// Grid intensity by place and year.
#[derive(Debug)]
pub struct Grid {
    values: BTreeMap<String, BTreeMap<i32, GridValue>>,
    regions: Regions,
    /// English names of countries.
    names: Vec<(String, String)>,
}

impl Grid {
    pub(super) fn new(countries: Vec<GridRow>, regions: Vec<GridRow>) -> Result<Self> {
        let mut grid = Self { values: BTreeMap::new(), regions: Regions::default(), names: Vec::new() };
        for row in countries {
            if row.place != WORLD {
                grid.names.push((row.name.clone(), row.place.clone()));
            }
            // A year of which only some months are in stands for no year: the last whole one is used instead.
            if row.is_partial {
                continue;
            }
            grid.insert(row.into(), "grid_country_year.csv")?;
        }
        grid.names.sort();
        grid.names.dedup();
        grid.add_regions(regions, "grid_region_year.csv")?;
        Ok(grid)
    }

    /// Adds regions; rows of a later table replace earlier ones of the same place and year.
    ///
    /// # Errors
    /// A value out of range, a place twice in one year, or a country that is not in the table.
    pub(super) fn add_regions(&mut self, rows: Vec<GridRow>, file: &str) -> Result<()> {
        let mut seen: BTreeSet<(String, i32)> = BTreeSet::new();
        for row in rows {
            let country = row.country.clone().unwrap_or_default();
            if !self.values.contains_key(&country) {
                return Err(Error::Internal(format!("{file}: {}: country '{country}' has no row", row.place)));
            }
            if !seen.insert((row.place.clone(), row.year)) {
                return Err(Error::Internal(format!("{file}: {} {} twice", row.place, row.year)));
            }
            if row.place != country {
                self.regions.countries.insert(row.place.clone(), country);
            }
            if let Some(years) = self.values.get_mut(&row.place) {
                years.remove(&row.year);
            }
            self.insert(row.into(), file)?;
        }
        Ok(())
    }

    fn insert(&mut self, value: GridValue, file: &str) -> Result<()> {
        let (place, year) = (value.place.clone(), value.year);
        if !(value.gco2e_per_kwh > 0.0 && value.gco2e_per_kwh < 2000.0) {
            return Err(Error::Internal(format!("{file}: {place} {year}: {} is out of range", value.gco2e_per_kwh)));
        }
        match self.values.entry(place.clone()).or_default().insert(year, value) {
            Some(_) => Err(Error::Internal(format!("{file}: {place} {year} twice"))),
            None => Ok(()),
        }
    }

    /// Whether a place has a value.
    #[must_use]
    pub fn has(&self, place: &str) -> bool {
        self.values.contains_key(place)
    }

    /// The country a place lies in; a country is its own.
    #[must_use]
    pub fn country_of<'a>(&'a self, place: &'a str) -> &'a str {
        self.regions.country_of(place)
    }

    /// The regions, each with its country.
    #[must_use]
    pub fn regions(&self) -> &Regions {
        &self.regions
    }

    /// English names and codes of the countries.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names.iter().map(|(name, place)| (name.as_str(), place.as_str()))
    }

    /// The value of a place in a year, or in the nearest year there is. A direct factor below 50 g/kWh is passed over: on a grid that
    /// clean most of a life-cycle factor is what direct ones leave out.
    #[must_use]
    pub fn value(&self, place: &str, year: i32) -> Option<&GridValue> {
        let counts = |v: &GridValue| v.basis != GridBasis::Direct || v.gco2e_per_kwh >= LEAST_DIRECT;
        let nearest = |(y, v): &(&i32, &GridValue)| ((**y - year).abs(), v.basis == GridBasis::Direct);
        self.values.get(place)?.iter().filter(|(_, v)| counts(v)).min_by_key(nearest).map(|(_, v)| v)
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::GridBasis;
    use crate::reference::Reference;

    /// Our World in Data (Ember): France 2021 near 70 g, Poland 2020 above 600, world 2022 near 490.
    #[test]
    fn countries_are_in_their_published_range_and_complete() {
        let grid = Reference::load().unwrap().grid;
        for (place, year, low, high) in [("FRA", 2021, 50.0, 90.0), ("POL", 2020, 600.0, 800.0), ("WORLD", 2022, 450.0, 520.0)] {
            let value = grid.value(place, year).unwrap();
            assert!((low..high).contains(&value.gco2e_per_kwh), "{place} {year}: {}", value.gco2e_per_kwh);
            assert_eq!(value.year, year);
        }
        for year in 2015..=2024 {
            for place in ["USA", "CHN", "DEU", "FRA", "GBR", "CAN", "ARE", "KOR", "JPN", "WORLD"] {
                assert_eq!(grid.value(place, year).map(|v| v.year), Some(year), "{place} {year}");
            }
        }
        assert!(grid.value("XXX", 2020).is_none());
        assert_eq!(grid.value("USA", 2031).map(|v| v.year), Some(2024), "2025 is partial");
    }

    /// eGRID 2023 (EPA): California 428.5 lb/MWh, West Virginia above 1,900 lb/MWh; Hydro-Quebec below 40 g. One pound is 453.6 g.
    #[test]
    fn regions_differ_from_their_country_the_way_they_are_known_to() {
        let grid = Reference::load().unwrap().grid;
        let g = |place: &str, year| grid.value(place, year).unwrap().gco2e_per_kwh;
        // Google gives Quebec 27 g life-cycle in 2020 and 2 g direct in 2023: the life-cycle figure speaks for 2023, too.
        assert_eq!(grid.value("CA-QC", 2023).map(|v| v.basis), Some(GridBasis::Lifecycle));
        assert!((120.0..260.0).contains(&g("US-CA", 2023)), "{}", g("US-CA", 2023));
        assert!((800.0..1000.0).contains(&g("US-WV", 2023)), "{}", g("US-WV", 2023));
        assert!(g("CA-QC", 2022) < 40.0 && g("CN-NM", 2023) > g("CHN", 2023));
        assert_eq!((grid.country_of("US-CA"), grid.country_of("FRA")), ("USA", "FRA"));
    }
}
