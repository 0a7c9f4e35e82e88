//! Parameters that a mixture of experts uses per token, where its own record does not state them: those of a model of the same size, else by
//! a regression.

use super::References;
use crate::lineage::RepoFacts;
use crate::method::fitting::{self, MIN_OBSERVATIONS, Observation};
use libm::log10;
use rustc_hash::FxHashMap;

/// Fewest parameters of a model whose size is its own: below, people borrow layouts.
const LEAST_OF_ITS_OWN_SIZE: i64 = 1_000_000_000;
/// Relative difference of two figures that are one.
const SAME_FIGURE: f64 = 0.01;
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

/// What is said of the models of one count.
#[derive(Default)]
struct Said {
    /// Active parameters, and who states them.
    active: Vec<(f64, usize)>,
    /// Whether the registry has a pre-training of this count without any.
    is_dense: bool,
}

impl StatedActive {
    /// Of the repositories of an index; `active` is what is stated of each.
    pub(super) fn new(facts: &[RepoFacts], active: &[Option<f64>]) -> Self {
        let mut stated = Self::default();
        let mut said: FxHashMap<i64, Said> = FxHashMap::default();
        for (i, (f, active)) in facts.iter().zip(active).enumerate() {
            let Some(total) = f.rough_params.filter(|n| *n >= LEAST_OF_ITS_OWN_SIZE) else { continue };
            let Some(active) = active else {
                if let Some(count) = f.exact_params.filter(|_| f.registry_kind.is_some()) {
                    said.entry(count).or_default().is_dense = true;
                }
                continue;
            };
            #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
            if *active >= total as f64 {
                continue;
            }
            if let Some(count) = f.exact_params {
                said.entry(count).or_default().active.push((*active, i));
            }
            if f.listed_owner {
                stated.by_house.entry(house(f)).or_default().push((total, *active, i));
            }
        }
        stated.by_house.values_mut().for_each(|models| models.sort_by_key(|(total, _, i)| (*total, *i)));
        stated.by_count = said.into_iter().filter_map(|(count, said)| Some((count, said.believed(facts)?))).collect();
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

impl Said {
    /// What a registered model or a listed owner states of its own, else what two strangers of different names state alike: a name is read wrong
    /// now and then (`llama-3.1-8b-finetuned-a2b1`).
    fn believed(&self, facts: &[RepoFacts]) -> Option<(f64, usize)> {
        if self.is_dense {
            return None;
        }
        let own = |(_, i): &&(f64, usize)| facts[*i].registry_kind.is_some() || facts[*i].listed_owner;
        let agreed = |(active, i): &&(f64, usize)| {
            self.active.iter().any(|(other, j)| (other / active - 1.0).abs() < SAME_FIGURE && !facts[*i].same_owner(&facts[*j]))
        };
        let of_house = self.active.iter().filter(own).min_by_key(|(_, i)| (facts[*i].registry_kind.is_none(), *i));
        of_house.or_else(|| self.active.iter().find(agreed)).copied()
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
            facts("OpenYourMind/Qwopus3.5-122B-A10B", 122_562_817_776, false),
            facts("roscanrares/llama-3.1-8b-finetuned-a2b1", 8_030_261_248, false),
        ];
        let stated = StatedActive::new(&all, &[Some(3e9), Some(22e9), Some(10e9), Some(10e9), Some(2.1e9)]);
        let next = facts("Qwen/Qwen3-Coder-Next-Base", 79_674_391_296, true);
        assert_eq!(stated.of_house(&next, 79_674_391_296.0), Some((3e9, 0)));
        assert_eq!(stated.of_same_count(&next), None);
        let arex = facts("BAAI/AREX-Base", 122_562_817_776, true);
        assert_eq!(stated.of_same_count(&arex), Some((10e9, 2)));
        assert_eq!(stated.of_house(&arex, 122_562_817_776.0), None);
        // One stranger's name made 250 Llamas mixtures.
        assert_eq!(stated.of_same_count(&facts("meta-llama/Llama-Guard-3-8B", 8_030_261_248, true)), None);
        // Of another size, and of a stranger.
        assert_eq!(stated.of_house(&facts("Qwen/Qwen-X", 120_000_000_000, true), 1.2e11), None);
        assert_eq!(stated.of_house(&facts("u/Qwen-X", 81_324_862_720, false), 81_324_862_720.0), None);
    }
}
