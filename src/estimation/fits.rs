//! The fitted regressions as estimates use them, read back from their tables.

use super::fine_tune::SizesSeen;
use super::houses::Houses;
use crate::domain::{Comparison, RegressionId, Run, RunKind, Term};
use crate::error::{Error, Result};
use crate::method::calibration::{ErrorLaw, Errors, MIN_CLASS};
use crate::method::simulate::{House, SharedFit};
use crate::tables::{BacktestRunRow, RegressionCovarianceRow, RegressionObservationRow, RegressionRow, RegressionTermRow};
use libm::log10;
use std::collections::BTreeMap;

/// A fitted regression.
#[derive(Debug)]
pub struct LoadedFit {
    /// Its terms, the intercept first.
    pub terms: Vec<Term>,
    /// Coefficients with their draws.
    pub shared: SharedFit,
    /// The same with the errors of rows that have some of their own, where there are enough of them and of the others; `shared` has the errors
    /// of these then.
    apart: Vec<(Apart, SharedFit)>,
    /// Formula with numbers.
    pub formula: String,
    /// Sizes it has been fitted on.
    pub seen: SizesSeen,
    /// Errors of the houses it has been fitted on; empty where it has no term of time.
    houses: Houses,
}

/// An observation of a regression: the values of its terms, its response, and the error where its owner is left out.
pub type Observed<'a> = (&'a [f64], f64, Option<f64>);

impl LoadedFit {
    /// From its observations; `shared` makes the coefficients with a law of errors.
    pub fn new<'a>(
        terms: Vec<Term>,
        formula: String,
        observed: impl Iterator<Item = Observed<'a>> + Clone,
        shared: impl Fn(ErrorLaw) -> SharedFit,
    ) -> Self {
        let seen = SizesSeen::new(&terms, observed.clone().map(|(values, _, error)| (values, error)));
        let errors = observed.filter_map(|row| Some((apart(&terms, row.0), keyed_error(&terms, row)?)));
        let (mut others, mut of_some) = (ErrorLaw::new(&[]), Vec::new());
        for (group, rows) in groups(errors.collect()) {
            let law = ErrorLaw::new(&rows);
            match group {
                Some(group) => of_some.push((group, shared(law))),
                None => others = law,
            }
        }
        Self { shared: shared(others), apart: of_some, terms, formula, seen, houses: Houses::default() }
    }

    /// The same with what the houses of its observations are off by: house, values of the terms, held-out error.
    #[must_use]
    pub fn with_houses<'a>(mut self, observed: impl Iterator<Item = (&'a str, &'a [f64], Option<f64>)>) -> Self {
        let trainings = observed.filter_map(|(house, values, error)| {
            let (years, log_n) = self.time_and_size(values)?;
            Some((house, [years, log_n, error?]))
        });
        self.houses = Houses::new(trainings);
        self
    }

    /// The house of a training by the values of its terms; none where none of its trainings is known, or the regression has no term of time
    /// and size.
    #[must_use]
    pub fn house(&self, name: &str, values: &[f64]) -> Option<House<'_>> {
        self.houses.house(name, self.time_and_size(values)?)
    }

    fn time_and_size(&self, values: &[f64]) -> Option<(f64, f64)> {
        let value = |is: fn(&Term) -> bool| values.get(self.terms.iter().position(is)?).copied();
        Some((value(|term| *term == Term::Years2022To2026)?, value(|term| term.is_size())?))
    }

    /// Coefficients with the errors of runs of the kind: the size of a pre-training is known to less than a factor of ten, that of a
    /// fine-tune, whose bases are few, to half of it, and that of an encoder, tuned or not, to a factor of two; what a person trains with is
    /// known to half of what a company's training is.
    /// `values` are those of its terms.
    #[must_use]
    pub fn shared_for(&self, run: &Run, values: &[f64]) -> &SharedFit {
        let group = match apart(&self.terms, values) {
            // Some kinds have no term of their own.
            Some(Apart::Pretrainings | Apart::PretrainingsOfTheUnlisted) if !run.is_pretraining() => None,
            Some(Apart::PretrainedEncoders) if !run.is_pretraining() => Some(Apart::Encoders),
            group => group,
        };
        let of = |group: Apart| self.apart.iter().find(|(of, _)| *of == group).map(|(_, shared)| shared);
        group.and_then(|group| of(group).or_else(|| of(group.wider()?))).unwrap_or(&self.shared)
    }
}

/// Rows of a regression that have errors of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Apart {
    /// Pre-trainings, of a regression that tells kinds of runs apart.
    Pretrainings,
    /// Those of them whose owners nobody lists.
    PretrainingsOfTheUnlisted,
    /// Models with an encoder's name, of a regression that tells kinds of runs and words of size apart: encoders come in few sizes.
    Encoders,
    /// Those of them that are pre-trainings.
    PretrainedEncoders,
    /// Those of persons, of a regression that gives them a trend of their own.
    Persons,
}

impl Apart {
    /// The rows that it is a part of.
    const fn wider(self) -> Option<Self> {
        match self {
            Self::PretrainingsOfTheUnlisted => Some(Self::Pretrainings),
            Self::PretrainedEncoders => Some(Self::Encoders),
            Self::Pretrainings | Self::Encoders | Self::Persons => None,
        }
    }
}

/// Which of those that have errors of their own a row of a regression is; none where it tells none apart.
fn apart(terms: &[Term], values: &[f64]) -> Option<Apart> {
    let any = |is: fn(&Term) -> bool| terms.iter().zip(values).any(|(term, value)| is(term) && *value > 0.5);
    if terms.contains(&Term::IsKind(RunKind::FineTuning)) {
        let is_pretraining = !any(|term| matches!(term, Term::IsKind(kind) if *kind != RunKind::Pretraining));
        if any(|term| matches!(term, Term::SaysSize(word) if word.is_encoder())) {
            return Some(if is_pretraining { Apart::PretrainedEncoders } else { Apart::Encoders });
        }
        let group = if any(|term| *term == Term::UnlistedOwner) { Apart::PretrainingsOfTheUnlisted } else { Apart::Pretrainings };
        return is_pretraining.then_some(group);
    }
    let is_persons = terms.contains(&Term::PersonYears2022To2026) && any(|term| *term == Term::UnlistedPerson);
    is_persons.then_some(Apart::Persons)
}

/// Rows by the group whose errors they share. Those of a group are among the wider one's where either has too few of its own; the narrower
/// groups first.
fn groups<R>(rows: Vec<(Option<Apart>, R)>) -> BTreeMap<Option<Apart>, Vec<R>> {
    let mut groups: BTreeMap<Option<Apart>, Vec<R>> = BTreeMap::new();
    for (group, row) in rows {
        groups.entry(group).or_default().push(row);
    }
    let mut narrow: Vec<Apart> = groups.keys().copied().flatten().collect();
    narrow.sort_by_key(|group| group.wider().is_none());
    let others = groups.get(&None).map_or(0, Vec::len);
    for group in narrow {
        let own = groups.get(&Some(group)).map_or(0, Vec::len);
        let wider = group.wider().map_or(others, |wider| groups.get(&Some(wider)).map_or(0, Vec::len));
        if own < MIN_CLASS || wider < MIN_CLASS {
            let moved = groups.remove(&Some(group)).unwrap_or_default();
            groups.entry(group.wider()).or_default().extend(moved);
        }
    }
    groups
}

/// Rows of a regression with what is kept of each, as their errors are drawn together.
pub fn rows_by_errors<'a, R>(terms: &[Term], rows: impl Iterator<Item = (&'a [f64], R)>) -> Vec<Vec<R>> {
    groups(rows.map(|(values, row)| (apart(terms, values), row)).collect()).into_values().collect()
}

/// log10 N and held-out error of a row; where size is what is predicted, errors are those of predictions like it.
fn keyed_error(terms: &[Term], (values, response, error): Observed<'_>) -> Option<(f64, f64)> {
    let error = error?;
    let size = terms.iter().position(|term| term.is_size());
    Some((size.map_or(Some(response - error), |at| values.get(at).copied())?, error))
}

/// Rows of the tables that `fit` wrote.
#[derive(Debug)]
pub struct FitRows {
    /// Regressions.
    pub regressions: Vec<RegressionRow>,
    /// Their coefficients.
    pub terms: Vec<RegressionTermRow>,
    /// Covariances of the coefficients.
    pub covariances: Vec<RegressionCovarianceRow>,
    /// Observations with their held-out errors.
    pub observations: Vec<RegressionObservationRow>,
}

/// All regressions in use, and the errors measured in the back-test.
#[derive(Debug)]
pub struct Fits {
    fits: BTreeMap<RegressionId, LoadedFit>,
    /// Error of 6 N D against independent compute.
    six_nd: ErrorLaw,
}

impl Fits {
    /// Of regressions by name, and of the errors of 6 N D.
    #[must_use]
    pub fn new(fits: BTreeMap<RegressionId, LoadedFit>, six_nd: ErrorLaw) -> Self {
        Self { fits, six_nd }
    }

    /// From the tables that `fit` wrote, with coefficients drawn `draws` times.
    ///
    /// # Errors
    /// A regression lacks a coefficient (a bug).
    pub fn from_rows(rows: FitRows, six_nd: ErrorLaw, draws: usize, seed: u64) -> Result<Self> {
        let FitRows { regressions, terms, covariances, observations } = rows;
        let mut fits = BTreeMap::new();
        for row in regressions.into_iter().filter(|row| row.used) {
            let id = row.regression_id;
            let estimate = |term: &Term| terms.iter().find(|t| t.regression_id == id && t.term == *term).map(|t| t.estimate);
            let covariance = |a: &Term, b: &Term| {
                covariances.iter().find(|c| c.regression_id == id && c.term_a == *a && c.term_b == *b).map_or(0.0, |c| c.covariance)
            };
            let matrix: Vec<Vec<f64>> = row.terms.iter().map(|a| row.terms.iter().map(|b| covariance(a, b)).collect()).collect();
            let central: Vec<f64> = row.terms.iter().filter_map(estimate).collect();
            if central.len() != row.terms.len() {
                return Err(Error::Internal(format!("regression {id} lacks a coefficient")));
            }
            let of_fit: Vec<_> = observations.iter().filter(|o| o.regression_id == id).collect();
            let observed = of_fit.iter().map(|o| (o.terms.as_slice(), o.response, o.held_out_error));
            let shared = |errors| SharedFit::new(id.name(), central.clone(), &matrix, errors, draws, seed);
            // A training is of whoever stands first among its organizations, and of the house that has its repository.
            let by_house = of_fit.iter().flat_map(|o| {
                let names = std::iter::once(o.owner.as_str()).chain(o.house.as_deref());
                names.map(|house| (house, o.terms.as_slice(), o.held_out_error))
            });
            fits.insert(id, LoadedFit::new(row.terms, row.formula, observed, shared).with_houses(by_house));
        }
        Ok(Self { fits, six_nd })
    }

    /// A regression by name.
    ///
    /// # Errors
    /// It was not fitted or not usable.
    pub fn get(&self, id: RegressionId) -> Result<&LoadedFit> {
        self.fits.get(&id).ok_or_else(|| {
            Error::input(
                format!("regression '{id}' is not usable (see the column not_used_reason of regressions)"),
                "regressions.parquet",
                "give the reference registry enough rows for it, then run: hugging-carbon run --force",
            )
        })
    }

    /// Errors of 6 N D of that many FLOP against compute that was counted in another way: figures of large trainings agree better.
    #[must_use]
    pub fn six_nd_errors(&self, product: f64) -> Errors<'_> {
        self.six_nd.near(log10(product))
    }
}

/// Errors of 6 N D by its log10 against compute that was counted in another way, as the back-test measured them.
///
/// # Errors
/// A row cannot be read.
pub fn six_nd_law(backtest_runs: impl Iterator<Item = Result<BacktestRunRow>>) -> Result<ErrorLaw> {
    let mut errors = Vec::new();
    for row in backtest_runs {
        let row = row?;
        if row.against == Comparison::IndependentCompute && row.left_out.is_none() {
            errors.push((log10(row.estimate), -row.log10_ratio));
        }
    }
    Ok(ErrorLaw::new(&errors))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Modality, SizeWord};

    /// Regression: the sizes of pre-trainings, which miss by a factor of eight, had the errors of fine-tunes, who are three of four rows and
    /// miss by three. Fifty of each, at 1 dex and at 0.2 dex either way.
    #[test]
    fn sizes_of_pretrainings_have_errors_of_their_own() {
        let terms = vec![Term::Intercept, Term::IsKind(RunKind::FineTuning)];
        let values = [[1.0, 0.0], [1.0, 1.0]];
        let rows: Vec<Observed<'_>> = (0..100)
            .map(|i| {
                let (kind, sign) = (i % 2, if i % 4 < 2 { 1.0 } else { -1.0 });
                (values[kind].as_slice(), 9.0, Some(sign * if kind == 0 { 1.0 } else { 0.2 }))
            })
            .collect();
        let fit = |rows: &[Observed<'_>]| {
            let shared = |errors| SharedFit::with_draws(vec![9.0, 0.0], Vec::new(), errors);
            LoadedFit::new(terms.clone(), String::new(), rows.iter().copied(), shared)
        };
        let rms = |fit: &LoadedFit, kind| fit.shared_for(&Run::new("a/b", kind, Modality::Text), &[]).errors.near(9.0).rms();
        let whole = fit(&rows);
        assert!((rms(&whole, RunKind::Pretraining) - 1.0).abs() < 1e-9);
        assert!((rms(&whole, RunKind::FineTuning) - 0.2).abs() < 1e-9);
        // The square root of the mean of 1 and 0.04: too few rows of each speak together.
        let few = fit(&rows[..60]);
        assert!((rms(&few, RunKind::Pretraining) - 0.52_f64.sqrt()).abs() < 1e-9);
        assert_eq!(rms(&few, RunKind::Pretraining), rms(&few, RunKind::Adapter));
        assert_eq!(apart(&[Term::Intercept, Term::Size], &[1.0, 9.0]), None, "it does not tell kinds apart");
    }

    /// Regression: the sizes of strangers' pre-trainings, which miss by 0.5 dex, had the errors of companies', which miss by 0.9: their mean
    /// compute was twice what it should have been.
    #[test]
    fn sizes_of_unlisted_owners_pretrainings_have_errors_of_their_own() {
        let terms = vec![Term::Intercept, Term::UnlistedOwner, Term::IsKind(RunKind::FineTuning)];
        let values = [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]];
        let rms = [0.9, 0.5, 0.2];
        let rows: Vec<Observed<'_>> =
            (0..180).map(|i| (values[i % 3].as_slice(), 9.0, Some(rms[i % 3] * if i % 6 < 3 { 1.0 } else { -1.0 }))).collect();
        let told = |rows: &[Observed<'_>]| {
            let shared = |errors| SharedFit::with_draws(vec![9.0, 0.0, 0.0], Vec::new(), errors);
            let fit = LoadedFit::new(terms.clone(), String::new(), rows.iter().copied(), shared);
            let of = |kind, at: usize| fit.shared_for(&Run::new("a/b", kind, Modality::Text), &values[at]).errors.near(9.0).rms();
            [of(RunKind::Pretraining, 0), of(RunKind::Pretraining, 1), of(RunKind::FineTuning, 2)]
        };
        let close = |got: [f64; 3], expected: [f64; 3]| got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(close(told(&rows), rms));
        // Thirty of each: the pre-trainings are together, sixty of them, but of the others there are too few: all are one.
        assert_eq!(told(&rows[..90])[0], told(&rows[..90])[2]);
    }

    /// Regression: an encoder's size, known to a factor of two, had the errors of language models', which miss by seven: its mean compute was
    /// several times what it should have been.
    #[test]
    fn sizes_of_encoders_have_errors_of_their_own() {
        let terms = vec![Term::Intercept, Term::SaysSize(SizeWord::Encoder), Term::IsKind(RunKind::FineTuning)];
        let values = [[1.0, 0.0, 0.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]];
        let rms = [0.9, 0.8, 0.4, 0.3];
        let rows: Vec<Observed<'_>> =
            (0..240).map(|i| (values[i % 4].as_slice(), 9.0, Some(rms[i % 4] * if i % 8 < 4 { 1.0 } else { -1.0 }))).collect();
        let told = |rows: &[Observed<'_>]| {
            let shared = |errors| SharedFit::with_draws(vec![9.0, 0.0, 0.0], Vec::new(), errors);
            let fit = LoadedFit::new(terms.clone(), String::new(), rows.iter().copied(), shared);
            let kinds = [RunKind::Pretraining, RunKind::FineTuning];
            [0, 1, 2, 3]
                .map(|at| fit.shared_for(&Run::new("a/b", kinds[at % 2], Modality::Text), &values[at]).errors.near(9.0).rms())
        };
        assert!(told(&rows).iter().zip(rms).all(|(a, b)| (a - b).abs() < 1e-9));
        // Fifteen pre-trained encoders beside sixty tuned ones: encoders are together, and nobody else is among them.
        let few: Vec<Observed<'_>> =
            rows.iter().enumerate().filter(|(i, _)| i % 4 != 2 || i % 16 == 2).map(|(_, row)| *row).collect();
        let of_few = told(&few);
        assert_eq!(of_few[2], of_few[3]);
        assert!(of_few[3] < 0.4 && (of_few[0] - 0.9).abs() < 1e-9 && (of_few[1] - 0.8).abs() < 1e-9);
        // A kind without a term of its own has the errors of tuned encoders.
        let shared = |errors| SharedFit::with_draws(vec![9.0, 0.0, 0.0], Vec::new(), errors);
        let fit = LoadedFit::new(terms.clone(), String::new(), rows.iter().copied(), shared);
        let adapter = Run::new("a/b", RunKind::Adapter, Modality::Text);
        assert!((fit.shared_for(&adapter, &values[2]).errors.near(9.0).rms() - 0.3).abs() < 1e-9);
    }

    /// Regression: the tokens of persons' models above a billion parameters had the errors of companies' (71 % of their 90 % intervals covered).
    #[test]
    fn tokens_of_persons_have_errors_of_their_own() {
        let terms = vec![Term::Intercept, Term::UnlistedPerson, Term::PersonYears2022To2026];
        let values = [[1.0, 0.0, 0.0], [1.0, 1.0, 3.0]];
        let rows = (0..80).map(|i| (values[i % 2].as_slice(), 12.0, Some(if i % 2 == 0 { 0.3 } else { 0.9 })));
        let shared = |errors| SharedFit::with_draws(vec![12.0, 0.0, 0.0], Vec::new(), errors);
        let fit = LoadedFit::new(terms, String::new(), rows, shared);
        let run = Run::new("a/b", RunKind::Pretraining, Modality::Text);
        let rms = |values: &[f64]| (fit.shared_for(&run, values).errors.near(9.0).rms() * 10.0).round();
        assert_eq!([rms(&values[1]), rms(&values[0])], [9.0, 3.0]);
    }
}
