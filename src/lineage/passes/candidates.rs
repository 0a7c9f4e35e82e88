//! Which nodes others may have been trained from, and which of several it was.

use super::compare::{BASE_MAY_BE_YOUNGER_MS, NAMED_SIZE, relative};
use super::join::is_registered;
use crate::domain::Role;
use crate::lineage::model::{Graph, RepoFacts};
use crate::lineage::{families, names};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;

/// Whether a repository of a family is in a namespace that pre-trains the family.
pub(super) fn is_family_at_home(f: &RepoFacts) -> bool {
    families::named(f.name()).is_some_and(|n| families::is_home(n.family, f.owner()))
}

/// Whether strangers' weights may come from a node: a pre-training by a listed organization, or a registered one.
pub(super) fn is_known_root(graph: &Graph<'_>, i: usize) -> bool {
    let f = graph.node(i);
    (graph.placements[i].role == Role::Pretrained
        || graph.carries_pretraining(i) && (f.registry_kind.is_some() || is_family_at_home(f)))
        && (is_registered(graph, i) || f.listed_owner)
        && (f.registry_kind.is_some() || !names::is_mirror(f.owner()))
}

/// A known root, or a listed owner's base that continues another's: SOLAR was trained from Mistral, and many name it.
pub(super) fn is_known_base(graph: &Graph<'_>, i: usize) -> bool {
    let f = graph.node(i);
    is_known_root(graph, i) || graph.placements[i].role == Role::Continued && f.listed_owner && is_family_at_home(f)
}

/// Whether sizes agree with those of a base, whose size has to be known, if only by what was trained from it.
pub(super) fn size_fits(graph: &Graph<'_>, i: usize, candidate: usize) -> bool {
    let size = graph.shape(candidate).0.or(graph.node(candidate).rough_params);
    match (graph.node(i).rough_params, size) {
        (Some(a), Some(b)) => relative(a, b) <= NAMED_SIZE,
        (None, size) => size.is_some(),
        (Some(_), None) => false,
    }
}

/// Bases that may fit. Those of one size and architecture stand together: whether one of them fits all do, and by its date the best of
/// them is found without looking at the others. Houses release one shape many times.
#[derive(Default)]
pub(super) struct Candidates(Vec<Alike>);

/// Bases of one size and architecture, each kind in the order in which they are taken.
struct Alike {
    /// Those with a date, the newest first, then by id.
    newest: Vec<(i64, usize)>,
    /// The same by id.
    dated: Vec<usize>,
    /// Those without one, by id.
    undated: Vec<usize>,
}

impl Candidates {
    pub(super) fn new(graph: &Graph<'_>, found: &[usize]) -> Self {
        let mut alike: FxHashMap<_, Vec<usize>> = FxHashMap::default();
        for &i in found {
            let (f, (params, shown)) = (graph.node(i), graph.shape(i));
            alike.entry((params, shown, f.rough_params, f.architecture.as_ref())).or_default().push(i);
        }
        Self(alike.into_values().map(|found| Alike::new(graph, found)).collect())
    }

    /// The closest of them to a node, of those that fit. What `fits` asks of one depends on its size and architecture alone.
    pub(super) fn closest(&self, graph: &Graph<'_>, i: usize, fits: impl Fn(usize) -> bool) -> Option<usize> {
        closest_of(graph, i, std::iter::once(self), fits)
    }
}

impl Alike {
    fn new(graph: &Graph<'_>, mut found: Vec<usize>) -> Self {
        found.sort_unstable_by(|a, b| graph.node(*a).model_id.cmp(&graph.node(*b).model_id));
        found.dedup();
        let (dated, undated): (Vec<usize>, Vec<usize>) = found.into_iter().partition(|i| graph.node(*i).created_ms.is_some());
        let mut newest: Vec<(i64, usize)> = dated.iter().filter_map(|i| Some((graph.node(*i).created_ms?, *i))).collect();
        newest.sort_by_key(|(created, _)| Reverse(*created));
        Self { newest, dated, undated }
    }

    fn any(&self) -> Option<usize> {
        self.dated.first().or(self.undated.first()).copied()
    }

    /// The one that [`rank`] puts first, of those that are old enough.
    fn first(&self, graph: &Graph<'_>, i: usize) -> Option<usize> {
        let is_another = |c: &usize| *c != i;
        let dated = match graph.node(i).created_ms {
            Some(own) => {
                let begin = self.newest.partition_point(|(created, _)| *created > own + BASE_MAY_BE_YOUNGER_MS);
                self.newest[begin..].iter().map(|(_, c)| *c).find(is_another)
            }
            None => self.dated.iter().copied().find(is_another),
        };
        dated.or_else(|| self.undated.iter().copied().find(is_another))
    }
}

/// The closest base of several sets.
pub(super) fn closest_of<'a>(
    graph: &Graph<'_>,
    i: usize,
    sets: impl Iterator<Item = &'a Candidates>,
    fits: impl Fn(usize) -> bool,
) -> Option<usize> {
    let fitting = sets.flat_map(|set| &set.0).filter(|alike| alike.any().is_some_and(&fits));
    fitting.filter_map(|alike| alike.first(graph, i)).min_by(|a, b| rank(graph, i, *a).cmp(&rank(graph, i, *b)))
}

/// Of several bases that fit: the closest by a hundredth of a percent first, then the newest that is old enough, then by id.
fn rank<'a>(graph: &'a Graph<'_>, i: usize, candidate: usize) -> (i64, i64, &'a str) {
    let (f, base) = (graph.node(i), graph.node(candidate));
    #[allow(clippy::cast_possible_truncation)] // At most 10,000.
    let apart = match (f.params, graph.shape(candidate).0) {
        (Some(a), Some(b)) => (relative(a, b) * 10_000.0).round() as i64,
        _ => 50,
    };
    let age = base.created_ms.map_or(i64::MAX, |created| f.created_ms.map_or(0, |own| own - created));
    (apart, age, base.model_id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lineage::model::{IdMap, Placement};
    use crate::lineage::passes::compare::old_enough;
    use proptest::prelude::*;
    use std::sync::Arc;

    /// The first of them by [`rank`] that is old enough.
    fn closest(graph: &Graph<'_>, i: usize, candidates: impl Iterator<Item = usize>) -> Option<usize> {
        let is_older = |c: &usize| *c != i && old_enough(graph.node(*c), graph.node(i));
        candidates.filter(is_older).min_by(|a, b| rank(graph, i, *a).cmp(&rank(graph, i, *b)))
    }

    proptest! {
        /// The best of each kind, and of those the best, is the best of all.
        #[test]
        fn sets_give_what_a_walk_over_all_gives(rows in prop::collection::vec((0_i64..4, 0_i64..5, 0_u8..3, 0_u8..4), 2..40), asked in 0_usize..40) {
            const DAY_MS: i64 = 86_400_000;
            let facts: Vec<RepoFacts> = rows
                .iter()
                .enumerate()
                .map(|(at, (params, weeks, architecture, name))| RepoFacts {
                    model_id: format!("o{name}/m{}", (at * 7919) % 101),
                    params: (*params > 0).then_some(1_000_000_000 + params * 3_000_000),
                    rough_params: (*params > 0).then_some(1_000_000_000 + params * 3_000_000),
                    created_ms: (*weeks > 0).then_some(weeks * 10 * DAY_MS),
                    architecture: (*architecture > 0).then(|| Arc::from(format!("a{architecture}"))),
                    ..RepoFacts::default()
                })
                .collect();
            let placements = facts.iter().map(|_| Placement::new(Role::Pretrained, crate::domain::Rule::NoSignOfABase)).collect();
            let graph = Graph { facts: &facts, absent: Vec::new(), placements, shown_elsewhere: FxHashMap::default(), by_id: IdMap::default() };
            let i = asked % facts.len();
            let found: Vec<usize> = (0..facts.len()).filter(|c| c % 5 != 4).collect();
            let fits = |c: usize| facts[c].architecture.as_ref().is_none_or(|a| facts[i].architecture.as_ref().is_none_or(|own| own == a));
            let walked = closest(&graph, i, found.iter().copied().filter(|c| fits(*c)));
            let (one, other) = found.split_at(found.len() / 2);
            let sets = [Candidates::new(&graph, one), Candidates::new(&graph, other)];
            prop_assert_eq!(closest_of(&graph, i, sets.iter(), fits), walked);
            prop_assert_eq!(Candidates::new(&graph, &found).closest(&graph, i, fits), walked);
        }
    }
}
