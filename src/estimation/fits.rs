//! The fitted regressions as estimates use them, read back from their tables.

use super::fine_tune::SizesSeen;
use super::houses::Houses;
use crate::domain::{Comparison, OwnerClass, RegressionId, Run, RunKind, Term};
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
    apart: Option<SharedFit>,
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
        let errors = observed.filter_map(|row| Some((is_apart(&terms, row.0), keyed_error(&terms, row)?)));
        let (of_some, of_others): (Vec<_>, Vec<_>) = errors.partition(|(is_apart, _)| *is_apart);
        let law = |rows: &[(bool, (f64, f64))]| ErrorLaw::new(&rows.iter().map(|row| row.1).collect::<Vec<_>>());
        let are_apart = of_some.len() >= MIN_CLASS && of_others.len() >= MIN_CLASS;
        let (apart, others) =
            if are_apart { (Some(shared(law(&of_some))), law(&of_others)) } else { (None, law(&[of_some, of_others].concat())) };
        Self { shared: shared(others), apart, terms, formula, seen, houses: Houses::default() }
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
    /// fine-tune, whose bases are few, to half of it; what a person trains with is known to half of what a company's training is.
    #[must_use]
    pub fn shared_for(&self, run: &Run) -> &SharedFit {
        let is_apart = match Apart::by(&self.terms) {
            Some(Apart::Pretrainings) => run.is_pretraining(),
            Some(Apart::UnlistedOwners) => run.owner.class == OwnerClass::Unlisted,
            None => false,
        };
        self.apart.as_ref().filter(|_| is_apart).unwrap_or(&self.shared)
    }
}

/// Rows of a regression that have errors of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Apart {
    /// Pre-trainings, of a regression that tells kinds of runs apart.
    Pretrainings,
    /// Those of owners that nobody lists, of a regression that gives them a trend of their own.
    UnlistedOwners,
}

impl Apart {
    fn by(terms: &[Term]) -> Option<Self> {
        let kinds = terms.contains(&Term::IsKind(RunKind::FineTuning)).then_some(Self::Pretrainings);
        kinds.or_else(|| terms.contains(&Term::UnlistedYears2022To2026).then_some(Self::UnlistedOwners))
    }
}

/// Whether a row of a regression is one of those that have errors of their own; never where it tells none apart.
#[must_use]
pub fn is_apart(terms: &[Term], values: &[f64]) -> bool {
    let any = |is: fn(&Term) -> bool| terms.iter().zip(values).any(|(term, value)| is(term) && *value > 0.5);
    match Apart::by(terms) {
        Some(Apart::Pretrainings) => !any(|term| matches!(term, Term::IsKind(kind) if *kind != RunKind::Pretraining)),
        Some(Apart::UnlistedOwners) => any(|term| *term == Term::UnlistedOwner),
        None => false,
    }
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
            let of_fit = observations.iter().filter(|o| o.regression_id == id);
            let observed = of_fit.map(|o| (o.terms.as_slice(), o.response, o.held_out_error));
            let shared = |errors| SharedFit::new(id.name(), central.clone(), &matrix, errors, draws, seed);
            // A training is of whoever stands first among its organizations, and of the house that has its repository.
            let by_house = observations.iter().filter(|o| o.regression_id == id).flat_map(|o| {
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
    use crate::domain::Modality;

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
        let rms = |fit: &LoadedFit, kind| fit.shared_for(&Run::new("a/b", kind, Modality::Text)).errors.near(9.0).rms();
        let whole = fit(&rows);
        assert!((rms(&whole, RunKind::Pretraining) - 1.0).abs() < 1e-9);
        assert!((rms(&whole, RunKind::FineTuning) - 0.2).abs() < 1e-9);
        // The square root of the mean of 1 and 0.04: too few rows of each speak together.
        let few = fit(&rows[..60]);
        assert!((rms(&few, RunKind::Pretraining) - 0.52_f64.sqrt()).abs() < 1e-9);
        assert_eq!(rms(&few, RunKind::Pretraining), rms(&few, RunKind::Adapter));
        assert!(!is_apart(&[Term::Intercept, Term::Size], &[1.0, 9.0]), "it does not tell kinds apart");
    }

    /// Regression: the tokens of persons' models above a billion parameters had the errors of companies' (71 % of their 90 % intervals covered).
    #[test]
    fn tokens_of_unlisted_owners_have_errors_of_their_own() {
        let terms = vec![Term::Intercept, Term::UnlistedOwner, Term::UnlistedYears2022To2026];
        let values = [[1.0, 0.0, 0.0], [1.0, 1.0, 3.0]];
        let rows = (0..80).map(|i| (values[i % 2].as_slice(), 12.0, Some(if i % 2 == 0 { 0.3 } else { 0.9 })));
        let shared = |errors| SharedFit::with_draws(vec![12.0, 0.0, 0.0], Vec::new(), errors);
        let fit = LoadedFit::new(terms, String::new(), rows, shared);
        let rms = |class| {
            let mut run = Run::new("a/b", RunKind::Pretraining, Modality::Text);
            run.owner.class = class;
            fit.shared_for(&run).errors.near(9.0).rms()
        };
        let classes = [OwnerClass::Unlisted, OwnerClass::Industry, OwnerClass::Academia];
        assert_eq!(classes.map(|class| (rms(class) * 10.0).round()), [9.0, 3.0, 3.0]);
    }
}
