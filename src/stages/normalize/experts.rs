//! Parameters that a mixture of experts uses per token, where its own record does not state them: those of a model of the same size, else by
//! a regression.

use super::References;
use crate::lineage::RepoFacts;
use crate::method::fitting::{self, MIN_OBSERVATIONS, Observation};
use libm::log10;
use rustc_hash::FxHashMap;

/// Fewest parameters of a model whose size is its own: below, people borrow layouts.
const LEAST_OF_ITS_OWN_SIZE: i64 = 1_000_000_000;
/// Difference in size, relative, within which two mixtures of a house are of one shape: layers of multi-token prediction, a vocabulary, a
/// tower for images.
const ONE_SHAPE: f64 = 0.05;

/// Active parameters that names, facts or the registry state, by the size of the model.
#[derive(Debug, Default)]
pub(super) struct StatedActive {
    /// By the exact count: active parameters and who states them.
    by_count: FxHashMap<i64, (f64, usize)>,
    /// By house: size, active parameters and who states them, by size.
    by_house: FxHashMap<String, Vec<(i64, f64, usize)>>,
}

impl StatedActive {
    /// Of the repositories of an index; `active` is what is stated of each.
    pub(super) fn new(facts: &[RepoFacts], active: &[Option<f64>]) -> Self {
        let mut stated = Self::default();
        for (i, (f, active)) in facts.iter().zip(active).enumerate() {
            let Some((total, active)) = f.rough_params.filter(|n| *n >= LEAST_OF_ITS_OWN_SIZE).zip(*active) else { continue };
            #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
            if active >= total as f64 {
                continue;
            }
            // A registered model, then one of a listed owner, knows its own best.
            let rank = |i: usize| (facts[i].registry_kind.is_none(), !facts[i].listed_owner, i);
            if let Some(count) = f.exact_params {
                let known = stated.by_count.entry(count).or_insert((active, i));
                if rank(i) < rank(known.1) {
                    *known = (active, i);
                }
            }
            if f.listed_owner {
                stated.by_house.entry(house(f)).or_default().push((total, active, i));
            }
        }
        stated.by_house.values_mut().for_each(|models| models.sort_by_key(|(total, _, i)| (*total, *i)));
        stated
    }

    /// Those of another model of exactly this count.
    pub(super) fn of_same_count(&self, f: &RepoFacts) -> Option<(f64, usize)> {
        self.by_count.get(&f.exact_params?).copied()
    }

    /// Those of the model of its house that is nearest in size, and is of one shape.
    pub(super) fn of_house(&self, f: &RepoFacts, total: f64) -> Option<(f64, usize)> {
        let models = self.by_house.get(&house(f)).filter(|_| f.listed_owner)?;
        #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
        let apart = |n: i64| (n as f64 / total - 1.0).abs();
        let near = models.iter().filter(|(n, _, _)| apart(*n) < ONE_SHAPE);
        near.min_by(|a, b| apart(a.0).total_cmp(&apart(b.0)).then(a.2.cmp(&b.2))).map(|(_, active, i)| (*active, *i))
    }
}

fn house(f: &RepoFacts) -> String {
    f.house.as_deref().unwrap_or(f.owner()).to_lowercase()
}

/// Regression of active on total parameters over the registry's mixtures of experts: intercept, slope and n.
pub(super) fn active_on_total(references: &References) -> Option<(f64, f64, usize)> {
    let observations: Vec<Observation> = references
        .registry
        .runs()
        .iter()
        .filter_map(|r| Some((r, r.active_params?, r.params?)))
        .filter(|(_, active, total)| active < total)
        .map(|(r, active, total)| Observation {
            id: r.registry_id.clone(),
            owner: r.organization.clone().unwrap_or_default(),
            response: log10(active),
            terms: vec![1.0, log10(total)],
        })
        .collect();
    let fit = fitting::fit(&["intercept".into(), "log10_total_params".into()], &observations).ok()?;
    (fit.n >= MIN_OBSERVATIONS).then(|| (fit.coefficients[0].estimate, fit.coefficients[1].estimate, fit.n))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression: Qwen3-Coder-Next-Base (79.67e9) and AREX-Base (122.56e9) had three and 1.25 times the active parameters of the models of
    /// their size, A3B and A10B, by the regression.
    #[test]
    fn mixtures_of_one_size_have_the_same_active_parameters() {
        let facts = |id: &str, n: i64, listed_owner: bool| RepoFacts {
            model_id: id.to_owned(),
            rough_params: Some(n),
            exact_params: Some(n),
            listed_owner,
            ..RepoFacts::default()
        };
        let all = [
            facts("Qwen/Qwen3-Next-80B-A3B-Instruct", 81_324_862_720, true),
            facts("Qwen/Qwen3-235B-A22B", 235_093_634_560, true),
            facts("Alibaba-DAMO-Academy/RynnBrain1.1-122B-A10B", 122_562_817_776, false),
        ];
        let stated = StatedActive::new(&all, &[Some(3e9), Some(22e9), Some(10e9)]);
        let next = facts("Qwen/Qwen3-Coder-Next-Base", 79_674_391_296, true);
        assert_eq!(stated.of_house(&next, 79_674_391_296.0), Some((3e9, 0)));
        assert_eq!(stated.of_same_count(&next), None);
        let arex = facts("BAAI/AREX-Base", 122_562_817_776, true);
        assert_eq!(stated.of_same_count(&arex), Some((10e9, 2)));
        assert_eq!(stated.of_house(&arex, 122_562_817_776.0), None);
        // Of another size, and of a stranger.
        assert_eq!(stated.of_house(&facts("Qwen/Qwen-X", 120_000_000_000, true), 1.2e11), None);
        assert_eq!(stated.of_house(&facts("u/Qwen-X", 81_324_862_720, false), 81_324_862_720.0), None);
    }
}
