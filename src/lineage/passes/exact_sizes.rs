//! Weights that have, to the last parameter, the size of weights whose base is known, where no architecture is.

use super::candidates::is_known_root;
use super::compare::{LARGE_PARAMS, NAMED_SIZE, old_enough, relative, seniority};
use super::groups::groups;
use super::join::{is_looked_up_pretraining, is_open, is_trained, join};
use crate::domain::{Role, Rule};
use crate::lineage::model::{Graph, RepoFacts};
use crate::lineage::{families, names};
use rustc_hash::FxHashMap;

/// Most pre-trainings of one size that a member is compared with; there are hardly ever two.
const MOST_HEADS: usize = 4;

/// Two models of a billion parameters or more have one count, to the last parameter, because one was trained from the other, or both
/// from a third: whoever builds a new one chooses layers, widths and a vocabulary of his own. Of a group of one count, those without
/// a base join the pre-training that others of it come from, by their names, links or shapes; else the eldest.
pub(super) fn exact_sizes(graph: &mut Graph<'_>) {
    let same_size = groups(graph.facts.len(), |i| {
        let f = graph.node(i);
        // A head of the target's owner has a size of its own; a copy has its original's, packed or not.
        let counts = is_trained(graph, i) && graph.placements[i].role_rule != Rule::DraftHead;
        f.exact_params.filter(|n| *n >= LARGE_PARAMS && counts)
    });
    for group in same_size {
        let heads = heads(graph, &group);
        let eldest = group.iter().copied().filter(|i| is_open(graph, *i)).min_by_key(|i| seniority(graph.node(*i)));
        for &i in &group {
            if !may_join(graph, i) {
                continue;
            }
            let f = graph.node(i);
            let fits = |h: &usize| *h != i && old_enough(graph.node(*h), f) && !repeats_its_own_shape(graph, i, *h);
            let Some(head) = heads.iter().copied().find(fits).or(eldest.filter(|_| heads.is_empty()).filter(fits)) else {
                continue;
            };
            join(graph, i, head, Rule::ExactSizeOfAKnownModel);
        }
    }
}

/// The pre-trainings that members of a group come from: known ones of its own, and those that members rest on by their names or links.
/// First the registered, then those of a family in its own namespace, then by the number of members that rest on them.
fn heads(graph: &Graph<'_>, group: &[usize]) -> Vec<usize> {
    let mut votes: FxHashMap<usize, usize> = FxHashMap::default();
    for &i in group {
        if is_known_root(graph, i) || is_looked_up_pretraining(graph, i) {
            votes.entry(i).or_default();
        }
        let Some(root) = graph.ancestors(i).last() else { continue };
        let r = graph.node(root);
        // A root of another size was given layers, or images: the count is not its own.
        let size = graph.shape(root).0.or(r.rough_params);
        let fits = size.zip(graph.node(i).exact_params).is_none_or(|(root, own)| relative(root, own) <= NAMED_SIZE);
        if fits && (r.listed_owner || r.registry_kind.is_some() || is_looked_up_pretraining(graph, root)) {
            *votes.entry(root).or_default() += 1;
        }
    }
    let mut voted: Vec<(usize, usize)> = votes.into_iter().collect();
    voted.sort_by_key(|(root, n)| {
        let r = graph.node(*root);
        (r.registry_kind.is_none(), !is_of_its_family(r), std::cmp::Reverse(*n), seniority(r))
    });
    voted.into_iter().map(|(root, _)| root).take(MOST_HEADS).collect()
}

/// Whether the name is that of a generation of a family, in the family's own namespace.
fn is_of_its_family(f: &RepoFacts) -> bool {
    let is_named = families::named(f.name()).is_some_and(|n| n.version.is_some() && families::is_home(n.family, f.owner()));
    is_named && !families::says_glued_word(f.name())
}

/// Whether a member is open: not registered, and no next generation of a house's own family, nor another model of a house with one.
fn may_join(graph: &Graph<'_>, i: usize) -> bool {
    let f = graph.node(i);
    let next = f.listed_owner && is_of_its_family(f) && !names::says_post_trained(f.name());
    is_open(graph, i) && f.registry_kind.is_none() && !(next && graph.placements[i].role == Role::Pretrained)
}

/// One owner may pre-train two models of one shape (`Qwen2-7B`, `Qwen2.5-7B`), but no chat model from scratch, and nothing under a name
/// that is none of the family's (`Qwen-Image-Bench`).
fn repeats_its_own_shape(graph: &Graph<'_>, i: usize, head: usize) -> bool {
    let f = graph.node(i);
    let strange = is_of_its_family(graph.node(head)) && !is_of_its_family(f);
    let trains = graph.placements[i].role == Role::Pretrained && !names::says_post_trained(f.name());
    f.same_owner(graph.node(head)) && trains && !strange
}
