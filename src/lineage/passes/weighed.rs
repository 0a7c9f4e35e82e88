//! Stated bases that the records contradict: a relation is weighed, not believed.

use super::compare::{BASE_MAY_BE_YOUNGER_MS, seniority};
use crate::domain::{Relation, Role};
use crate::lineage::model::{Graph, RepoFacts};
use crate::lineage::names;
use crate::lineage::roles::role;
use rayon::prelude::*;

/// Drops the stated base of a repository where the base is rather the repository's: it names this one as its own base and is no senior of
/// it, it is a packed or converted copy under this one's name, or it bears this one's whole name and is much younger. What is left is
/// looked at as if no base had been stated.
pub(super) fn weigh_stated_bases(graph: &mut Graph<'_>) {
    let dropped: Vec<usize> = (0..graph.facts.len()).into_par_iter().filter(|i| is_contradicted(graph, *i)).collect();
    for i in dropped {
        let without = RepoFacts { base_ids: Vec::new(), base_count: 0, relation: None, ..graph.node(i).clone() };
        tracing::debug!(model = without.model_id, "the base it states comes from it, or is its copy: taken as having none");
        let (role, rule) = role(&without);
        let placement = &mut graph.placements[i];
        (placement.role, placement.role_rule, placement.base) = (role, rule, None);
    }
}

/// Whether the base of a node comes from the node, as far as records show.
fn is_contradicted(graph: &Graph<'_>, i: usize) -> bool {
    let p = &graph.placements[i];
    let Some(base) = p.base.filter(|_| p.role != Role::Merge) else { return false };
    let (f, b) = (graph.node(i), graph.node(base));
    let states_the_other_way = graph.placements[base].base == Some(i);
    let base_is_packed = graph.placements[base].role.copies_weights();
    if states_the_other_way {
        // Of two that name each other the copy comes from the other one, else the younger.
        return match (base_is_packed, p.role.copies_weights()) {
            (true, false) => true,
            (false, true) => false,
            (true, true) | (false, false) => seniority(f) < seniority(b),
        };
    }
    let same_name = || names::without_format(f.name()) == names::without_format(b.name());
    if base_is_packed && !p.role.copies_weights() && f.relation != Some(Relation::Adapter) && same_name() {
        return true;
    }
    let younger = matches!((f.created_ms, b.created_ms), (Some(own), Some(base)) if base > own + BASE_MAY_BE_YOUNGER_MS);
    younger && !graph.is_absent(base) && extends_name(b.name(), f.name())
}

/// Whether a name is another's with words behind it: a base does not bear the name of what was made of it.
fn extends_name(name: &str, other: &str) -> bool {
    let (long, short) = (names::tokens(name), names::tokens(other));
    long.len() > short.len() && long.starts_with(&short) && !names::is_base_of_family(name)
}
