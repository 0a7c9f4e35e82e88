//! Which nodes others may have been trained from, and which of several it was.

use super::compare::{NAMED_SIZE, old_enough, relative};
use super::join::is_registered;
use crate::domain::Role;
use crate::lineage::model::{Graph, RepoFacts};
use crate::lineage::{families, names};

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

/// Of several bases that fit: the closest by a hundredth of a percent first, then the newest that is old enough, then by id.
pub(super) fn closest(graph: &Graph<'_>, i: usize, candidates: impl Iterator<Item = usize>) -> Option<usize> {
    let f = graph.node(i);
    let rank = |c: usize| {
        let base = graph.node(c);
        #[allow(clippy::cast_possible_truncation)] // At most 10,000.
        let apart = match (f.params, graph.shape(c).0) {
            (Some(a), Some(b)) => (relative(a, b) * 10_000.0).round() as i64,
            _ => 50,
        };
        let age = base.created_ms.map_or(i64::MAX, |created| f.created_ms.map_or(0, |own| own - created));
        (apart, age, base.model_id.as_str())
    };
    candidates.filter(|c| *c != i && old_enough(graph.node(*c), f)).min_by(|a, b| rank(*a).cmp(&rank(*b)))
}
