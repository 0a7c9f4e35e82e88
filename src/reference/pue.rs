//! PUE by site, operator, class of operator and survey, and the names operators go by.

use super::Operators;
use crate::error::{Error, Result};
use crate::method::summary::median;
use libm::pow;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Operator name of the industry survey.
const SURVEY: &str = "survey-average";
/// Operator name of the average of public clouds, which trainings on several machines are nearer to than the sites of a survey of the industry.
const PUBLIC_CLOUD: &str = "idc-public-cloud";
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

/// What a run's PUE may rest on, most specific first.
#[derive(Clone, Copy, Debug, Default)]
pub struct PuePlace<'a> {
    /// PUE of the very site or cloud region, with its name and source.
    pub site: Option<(&'a str, f64, &'a str)>,
    /// Operator slug.
    pub operator: Option<&'a str>,
    /// Probability that the training runs on several machines; of those the average of public clouds speaks, where nothing better does.
    pub at_scale: f64,
}

/// How specific a PUE is, most specific first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rung {
    /// Of the very site or cloud region.
    Site,
    /// Of the operator, in the nearest year.
    Operator,
    /// Median of the operators of a class.
    Class,
    /// Average of the industry, or of public clouds.
    Survey,
}

/// One PUE.
#[derive(Clone, Debug, PartialEq)]
pub struct PueValue {
    /// Facility energy over IT energy.
    pub pue: f64,
    /// Site, operator, class, survey-average or idc-public-cloud; of both averages `survey-average+<share>_public_cloud`.
    pub operator: String,
    /// How specific it is.
    pub rung: Rung,
    /// Year of the value; that of the run for class averages.
    pub year: i32,
    /// Source.
    pub source: String,
}

impl PueValue {
    /// Whether an average stands in for a site or operator nobody stated.
    #[must_use]
    pub fn is_fallback(&self) -> bool {
        match self.rung {
            Rung::Class | Rung::Survey => true,
            Rung::Site | Rung::Operator => false,
        }
    }
}

/// PUE by operator and year.
#[derive(Debug)]
pub struct Pue {
    values: BTreeMap<String, BTreeMap<i32, (f64, String)>>,
    classes: BTreeMap<String, String>,
}

impl Pue {
    pub(super) fn new(rows: Vec<PueRow>, operators: &Operators) -> Result<Self> {
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
        if let Some(lacking) = [SURVEY, PUBLIC_CLOUD].into_iter().find(|name| !values.contains_key(*name)) {
            return Err(Error::Internal(format!("pue.csv: no {lacking}")));
        }
        for row in operators.rows() {
            if row.has_pue != values.contains_key(&row.operator) {
                return Err(Error::Internal(format!("operators.csv: {}: has_pue does not agree with pue.csv", row.operator)));
            }
            classes.insert(row.operator.clone(), row.class.clone());
        }
        Ok(Self { values, classes })
    }

    /// Whether an operator has a value.
    #[must_use]
    pub fn has_operator(&self, operator: &str) -> bool {
        self.values.contains_key(operator)
    }

    /// The most specific PUE: of the site, of the operator in the nearest year, of its class, else the average of the industry and that of
    /// public clouds, by the probability that the training runs on several machines.
    #[must_use]
    pub fn value(&self, place: &PuePlace<'_>, year: i32) -> PueValue {
        if let Some((site, pue, source)) = place.site {
            return PueValue { pue, operator: site.to_owned(), rung: Rung::Site, year, source: source.to_owned() };
        }
        let nearest = |name: &str| self.values.get(name).and_then(|v| v.iter().min_by_key(|(y, _)| (*y - year).abs()));
        if let Some((operator, (found, (pue, source)))) = place.operator.and_then(|o| Some((o, nearest(o)?))) {
            return PueValue {
                pue: *pue,
                operator: operator.to_owned(),
                rung: Rung::Operator,
                year: *found,
                source: source.clone(),
            };
        }
        let class = place.operator.and_then(|o| self.classes.get(o));
        if let Some((class, pue, n)) = class.and_then(|class| self.class_average(class, year)) {
            let source = format!("median of {n} operators of class {class} in pue.csv");
            return PueValue { pue, operator: format!("class:{class}"), rung: Rung::Class, year, source };
        }
        let averages = |name: &'static str| nearest(name).map(|(year, (pue, source))| (name, *year, *pue, source.clone()));
        // `new` refuses a table without either.
        let (survey, cloud) = (averages(SURVEY), averages(PUBLIC_CLOUD));
        let unknown = || (SURVEY, year, 1.58, String::new());
        let (operator, year, pue, source) = match (survey, cloud) {
            (Some((name, year, survey, source)), Some((_, _, cloud, of_cloud))) if place.at_scale > 0.0 && place.at_scale < 1.0 => {
                let pue = pow(survey, 1.0 - place.at_scale) * pow(cloud, place.at_scale);
                (format!("{name}+{:.2}_public_cloud", place.at_scale), year, pue, format!("{source}; {of_cloud}"))
            }
            (survey, cloud) => {
                let (name, year, pue, source) = if place.at_scale > 0.0 { cloud } else { survey }.unwrap_or_else(unknown);
                (name.to_owned(), year, pue, source)
            }
        };
        PueValue { pue, operator, rung: Rung::Survey, year, source }
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
    use crate::reference::operators::OperatorRow;

    #[test]
    fn the_ladder_goes_from_site_to_survey() {
        let pue = Reference::load().unwrap().pue;
        let at = |place: PuePlace<'_>, year| pue.value(&place, year);
        let google = PuePlace { operator: Some("google"), ..PuePlace::default() };
        // Google's environmental report: 1.10 in 2021.
        assert_eq!((at(google, 2021).pue, at(google, 2021).rung), (1.10, Rung::Operator));
        let site = PuePlace { site: Some(("azure:eastus", 1.14, "Microsoft")), operator: Some("microsoft"), ..PuePlace::default() };
        assert_eq!((at(site, 2023).pue, at(site, 2023).rung), (1.14, Rung::Site));
        let survey = at(PuePlace::default(), 2023);
        assert!(survey.is_fallback() && survey.rung == Rung::Survey && (1.5..1.7).contains(&survey.pue));
    }

    /// Regression: a survey of the largest sites of any operator stood for the clusters of every laboratory, 165 kt of the wide index, where
    /// published runs on several machines have 1.08 to 1.28. Uptime 2024: 1.56; IDC, public clouds: 1.25; their geometric mean 1.3964.
    #[test]
    fn trainings_on_several_machines_are_nearer_to_clouds_than_to_a_survey() {
        let pue = Reference::load().unwrap().pue;
        let at = |at_scale| pue.value(&PuePlace { at_scale, ..PuePlace::default() }, 2024);
        assert_eq!([at(0.0).pue, at(1.0).pue], [1.56, 1.25]);
        assert!((at(0.5).pue - 1.3964).abs() < 1e-4 && at(0.5).is_fallback(), "{:?}", at(0.5));
        let names = [0.0, 0.5, 1.0].map(|share| at(share).operator);
        assert_eq!(names, ["survey-average", "survey-average+0.50_public_cloud", "idc-public-cloud"]);
        // A known operator is itself, whatever the scale.
        assert_eq!(pue.value(&PuePlace { operator: Some("meta"), at_scale: 1.0, ..PuePlace::default() }, 2023).pue, 1.08);
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
            row(PUBLIC_CLOUD, 2022, 1.25, "survey"),
        ];
        let named =
            |has_pue| OperatorRow { operator: "d".into(), class: "hpc".into(), aliases: "dee".into(), has_pue, source: "s".into() };
        assert!(Pue::new(rows.clone(), &Operators::new(vec![named(true)]).unwrap()).is_err(), "pue.csv has no figure of d");
        let pue = Pue::new(rows, &Operators::new(vec![named(false)]).unwrap()).unwrap();
        let value = pue.value(&PuePlace { operator: Some("d"), ..PuePlace::default() }, 2022);
        assert!((value.pue - 1.2).abs() < 1e-12 && value.rung == Rung::Class, "{value:?}");
        assert_eq!(pue.value(&PuePlace { operator: Some("d"), ..PuePlace::default() }, 2030).rung, Rung::Survey);
        assert_eq!(pue.value(&PuePlace { operator: Some("nobody"), ..PuePlace::default() }, 2022).rung, Rung::Survey);
    }
}
