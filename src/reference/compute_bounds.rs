//! The most compute that each class of owner has been seen to spend on a pre-training by a year.

use super::owners::class_of_organization;
use super::{Owners, Registry, SmallRun, TrainingRun};
use crate::domain::{OwnerClass, RunKind};
use crate::method::chain;
use crate::units::{Params, Tokens};
use std::collections::BTreeMap;

/// How far a run may go beyond the largest that its class has shown by its year: a judgement. The largest of a class grew about threefold
/// a year from 2020 to 2025, and what is published lags.
pub const BEYOND_THE_LARGEST: f64 = 3.0;

/// The largest run of a class by a year.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// Its compute in FLOP.
    pub largest_flop: f64,
    /// Which run it is.
    pub largest: String,
    /// Runs of the class up to that year.
    pub n: usize,
}

impl Bound {
    /// The most compute believed of a run of the class in that year, in FLOP.
    #[must_use]
    pub fn most_flop(&self) -> f64 {
        BEYOND_THE_LARGEST * self.largest_flop
    }
}

/// Bounds by class, kind of data and year.
#[derive(Debug)]
pub struct ComputeBounds(BTreeMap<(OwnerClass, bool), BTreeMap<i32, Bound>>);

impl ComputeBounds {
    /// Of the pre-trainings with open weights, or of small houses, whose compute is stated or follows from size and tokens.
    #[must_use]
    pub fn new(owners: &Owners, registry: &Registry, small: &[SmallRun]) -> Self {
        let mut by_class: BTreeMap<(OwnerClass, bool), BTreeMap<i32, Bound>> = BTreeMap::new();
        let mut add = |class: OwnerClass, counts_tokens: bool, year: i32, flop: f64, name: &str| {
            let bound = by_class.entry((class, counts_tokens)).or_default().entry(year).or_insert_with(|| Bound {
                largest_flop: 0.0,
                largest: String::new(),
                n: 0,
            });
            bound.n += 1;
            if flop > bound.largest_flop {
                (bound.largest_flop, bound.largest) = (flop, name.to_owned());
            }
        };
        let open = |run: &&TrainingRun| run.kind == RunKind::Pretraining && run.open_weights == Some(true) && !run.is_excluded;
        for run in registry.runs().iter().filter(open) {
            let product = || Some(chain::training_flop(Params(run.effective_params()?), Tokens(run.seen_tokens()?)).0);
            if let (Some(flop), Some(day)) = (run.train_flop.or_else(product), run.trained_on_day()) {
                add(class_of_run(owners, run), run.modality.counts_tokens(), day.year(), flop, &run.registry_id);
            }
        }
        for run in small {
            let product = || Some(chain::training_flop(Params(run.params), Tokens(run.train_tokens?)).0);
            if let (Some(flop), Some(day)) = (run.train_flop.or_else(product), run.day()) {
                add(owners.class(Some(run.owner())), run.modality.counts_tokens(), day.year(), flop, &run.model_id);
            }
        }
        let mut all = Self(by_class);
        all.accumulate();
        all
    }

    /// What was seen by a year holds for the years after it.
    fn accumulate(&mut self) {
        for years in self.0.values_mut() {
            let mut before: Option<Bound> = None;
            for bound in years.values_mut() {
                if let Some(before) = &before {
                    bound.n += before.n;
                    if before.largest_flop > bound.largest_flop {
                        (bound.largest_flop, bound.largest) = (before.largest_flop, before.largest.clone());
                    }
                }
                before = Some(bound.clone());
            }
        }
    }

    /// The bound of a class by a year: the last one seen by then, else the first that there is.
    #[must_use]
    pub fn bound(&self, class: OwnerClass, counts_tokens: bool, year: i32) -> Option<&Bound> {
        let years = self.0.get(&(class, counts_tokens))?;
        years.range(..=year).next_back().or_else(|| years.iter().next()).map(|(_, bound)| bound)
    }

    /// All bounds: class, whether tokens are counted, year.
    pub fn rows(&self) -> impl Iterator<Item = (OwnerClass, bool, i32, &Bound)> {
        self.0.iter().flat_map(|((class, tokens), years)| years.iter().map(|(year, bound)| (*class, *tokens, *year, bound)))
    }
}

/// Class of a published run's owner: of a pre-training as an index would give it, that of the namespace, where there is one; not where the
/// namespace is nobody's and a listed company trained (Meta's LLaMA lies in `huggyllama`). Fine-tunes that were published are the remarkable
/// ones; whose namespace is not listed trains like an organization all the same, and not like the persons whose cards stand beside them in
/// the fit.
#[must_use]
pub fn class_of_run(owners: &Owners, run: &TrainingRun) -> OwnerClass {
    let namespace = run.hub_id.as_deref().and_then(|id| id.split_once('/')).filter(|_| run.kind == RunKind::Pretraining);
    match namespace {
        Some((owner, _)) => {
            let first = run.organization.as_deref().and_then(|all| all.split(',').next()).unwrap_or_default();
            match owners.class(Some(owner)) {
                OwnerClass::Unlisted if owners.has_company(first) => OwnerClass::Industry,
                class => class,
            }
        }
        None => class_of_organization(run.organization.as_deref().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;

    /// Llama 3.1 405B (Meta 2024, 3.8e25 FLOP) is the largest open dense run of a company by 2024, and no person has come near it.
    #[test]
    fn persons_have_not_trained_what_companies_have() {
        let bounds = Reference::load().unwrap().compute_bounds;
        let most = |class, year| bounds.bound(class, true, year).unwrap();
        assert!((most(OwnerClass::Industry, 2024).largest_flop / 3.8e25 - 1.0).abs() < 0.1);
        assert!(most(OwnerClass::Unlisted, 2024).largest_flop < 1e25);
        // Regression: LLaMA-65B (5.5e23 FLOP) was the largest run of persons, because a copy of it stands for it.
        assert!(most(OwnerClass::Unlisted, 2023).largest_flop < 1e23, "{}", most(OwnerClass::Unlisted, 2023).largest);
        assert!(most(OwnerClass::Industry, 2021).largest_flop < most(OwnerClass::Industry, 2024).largest_flop);
        assert!(most(OwnerClass::Industry, 2024).n > most(OwnerClass::Industry, 2021).n);
        // Before the first run of a class its first bound holds.
        assert!(bounds.bound(OwnerClass::Industry, true, 1900).is_some());
    }
}
