//! PUE by site, operator, class of operator and survey, and the names operators go by.

use crate::error::{Error, Result};
use crate::method::summary::median;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Operator name of the industry survey.
const SURVEY: &str = "survey-average";
/// Years around the one asked for from which a class average takes its members' figures.
const CLASS_REACH_YEARS: i32 = 3;

/// A row of pue.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct PueRow {
    /// Slug.
    pub operator: String,
    /// hyperscaler, colocation, hpc, survey or other.
    pub class: String,
    /// Year.
    pub year: i32,
    /// Facility energy over IT energy.
    pub pue: f64,
    /// Source.
    pub source: String,
    /// Edition of the source.
    pub vintage: String,
    /// Whether it is the figure used of its operator and year.
    pub preferred: bool,
}

/// A row of operators.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct OperatorRow {
    /// Slug; one of pue.csv where a figure is known.
    pub operator: String,
    /// Class.
    pub class: String,
    /// Spellings, joined by `|`.
    pub aliases: String,
    /// Source.
    pub source: String,
}

/// What a run's PUE may rest on, most specific first.
#[derive(Clone, Copy, Debug, Default)]
pub struct PuePlace<'a> {
    /// PUE of the very site or cloud region, with its name and source.
    pub site: Option<(&'a str, f64, &'a str)>,
    /// Operator slug.
    pub operator: Option<&'a str>,
}

/// One PUE.
#[derive(Clone, Debug, PartialEq)]
pub struct PueValue {
    /// Facility energy over IT energy.
    pub pue: f64,
    /// Site, operator, class or survey-average.
    pub operator: String,
    /// Rung of the ladder: site, operator, class or survey.
    pub rung: &'static str,
    /// Year of the value; that of the run for class averages.
    pub year: i32,
    /// Source.
    pub source: String,
}

impl PueValue {
    /// Whether an average stands in for a site or operator nobody stated.
    #[must_use]
    pub fn is_fallback(&self) -> bool {
        matches!(self.rung, "class" | "survey")
    }
}

/// PUE by operator and year.
#[derive(Debug)]
pub struct Pue {
    values: BTreeMap<String, BTreeMap<i32, (f64, String)>>,
    classes: BTreeMap<String, String>,
    /// Words of a spelling to slug, for the place reader.
    aliases: BTreeMap<String, String>,
}

impl Pue {
    pub(super) fn new(rows: Vec<PueRow>, operators: Vec<OperatorRow>) -> Result<Self> {
        let mut values: BTreeMap<String, BTreeMap<i32, (f64, String)>> = BTreeMap::new();
        let mut classes = BTreeMap::new();
        for row in rows {
            if !(1.0..3.0).contains(&row.pue) {
                return Err(Error::Internal(format!("pue.csv: {} {} out of range", row.operator, row.year)));
            }
            classes.insert(row.operator.clone(), row.class);
            if row.preferred && values.entry(row.operator.clone()).or_default().insert(row.year, (row.pue, row.source)).is_some() {
                return Err(Error::Internal(format!("pue.csv: {} {} preferred twice", row.operator, row.year)));
            }
        }
        if !values.contains_key(SURVEY) {
            return Err(Error::Internal(format!("pue.csv: no {SURVEY}")));
        }
        let mut aliases = BTreeMap::new();
        for row in operators {
            for alias in row.aliases.split('|').filter(|a| !a.is_empty()) {
                if aliases.insert(alias.to_owned(), row.operator.clone()).is_some_and(|other| other != row.operator) {
                    return Err(Error::Internal(format!("operators.csv: alias '{alias}' stands in two rows")));
                }
            }
            classes.insert(row.operator, row.class);
        }
        Ok(Self { values, classes, aliases })
    }

    /// Whether an operator has a value.
    #[must_use]
    pub fn has_operator(&self, operator: &str) -> bool {
        self.values.contains_key(operator)
    }

    /// The operator a spelling names; `key` is its words joined by a space, lower case.
    #[must_use]
    pub fn operator_named(&self, key: &str) -> Option<&str> {
        self.aliases.get(key).map(String::as_str)
    }

    /// Spellings and the operators they name.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &str)> {
        self.aliases.iter().map(|(alias, operator)| (alias.as_str(), operator.as_str()))
    }

    /// The most specific PUE: of the site, of the operator in the nearest year, of its class, of the survey.
    #[must_use]
    pub fn value(&self, place: &PuePlace<'_>, year: i32) -> PueValue {
        if let Some((site, pue, source)) = place.site {
            return PueValue { pue, operator: site.to_owned(), rung: "site", year, source: source.to_owned() };
        }
        let nearest = |name: &str| self.values.get(name).and_then(|v| v.iter().min_by_key(|(y, _)| (*y - year).abs()));
        if let Some((operator, (found, (pue, source)))) = place.operator.and_then(|o| Some((o, nearest(o)?))) {
            return PueValue { pue: *pue, operator: operator.to_owned(), rung: "operator", year: *found, source: source.clone() };
        }
        let class = place.operator.and_then(|o| self.classes.get(o));
        if let Some((class, pue, n)) = class.and_then(|class| self.class_average(class, year)) {
            let source = format!("median of {n} operators of class {class} in pue.csv");
            return PueValue { pue, operator: format!("class:{class}"), rung: "class", year, source };
        }
        // `new` refuses a table without the survey.
        let (found, (pue, source)) = nearest(SURVEY).map_or((year, (1.58, String::new())), |(y, v)| (*y, v.clone()));
        PueValue { pue, operator: SURVEY.to_owned(), rung: "survey", year: found, source }
    }

    /// Median over the operators of a class, each in its nearest year not further than three away; one operator is no class.
    fn class_average(&self, class: &str, year: i32) -> Option<(String, f64, usize)> {
        let figures: Vec<f64> = self
            .values
            .iter()
            .filter(|(operator, _)| self.classes.get(*operator).is_some_and(|c| c == class))
            .filter_map(|(_, years)| years.iter().min_by_key(|(y, _)| (**y - year).abs()))
            .filter(|(y, _)| (**y - year).abs() <= CLASS_REACH_YEARS)
            .map(|(_, (pue, _))| *pue)
            .collect();
        (figures.len() >= 2).then(|| (class.to_owned(), median(&figures), figures.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;

    #[test]
    fn the_ladder_goes_from_site_to_survey() {
        let pue = Reference::load().unwrap().pue;
        let at = |place: PuePlace<'_>, year| pue.value(&place, year);
        let google = PuePlace { operator: Some("google"), ..PuePlace::default() };
        // Google's environmental report: 1.10 in 2021.
        assert_eq!((at(google, 2021).pue, at(google, 2021).rung), (1.10, "operator"));
        let site = PuePlace { site: Some(("azure:eastus", 1.14, "Microsoft")), operator: Some("microsoft") };
        assert_eq!((at(site, 2023).pue, at(site, 2023).rung), (1.14, "site"));
        let survey = at(PuePlace::default(), 2023);
        assert!(survey.is_fallback() && survey.rung == "survey" && (1.5..1.7).contains(&survey.pue));
    }

    /// Two operators at 1.1 and 1.3 in 2022 make a class of 1.2; a third from 2010 is too old to count in 2022.
    #[test]
    fn a_class_averages_its_operators_of_the_time() {
        let row = |operator: &str, year, pue, class: &str| PueRow {
            operator: operator.into(),
            class: class.into(),
            year,
            pue,
            source: "s".into(),
            vintage: "v".into(),
            preferred: true,
        };
        let rows = vec![
            row("a", 2022, 1.1, "hpc"),
            row("b", 2021, 1.3, "hpc"),
            row("c", 2010, 2.0, "hpc"),
            row(SURVEY, 2022, 1.55, "survey"),
        ];
        let named = OperatorRow { operator: "d".into(), class: "hpc".into(), aliases: "dee".into(), source: "s".into() };
        let pue = Pue::new(rows, vec![named]).unwrap();
        let value = pue.value(&PuePlace { operator: Some("d"), ..PuePlace::default() }, 2022);
        assert!((value.pue - 1.2).abs() < 1e-12 && value.rung == "class", "{value:?}");
        assert_eq!(pue.value(&PuePlace { operator: Some("d"), ..PuePlace::default() }, 2030).rung, "survey");
        assert_eq!(pue.value(&PuePlace { operator: Some("nobody"), ..PuePlace::default() }, 2022).rung, "survey");
    }
}
