//! Bases that cards, tags or the Hub state.

use super::compare::{LARGE_PARAMS, NAMED_SIZE, relative, same_size};
use crate::domain::{Relation, Role, Rule, in_lower_case};
use crate::lineage::model::{Graph, RepoFacts};
use crate::lineage::names;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Base ids to positions. All of a merge's are kept, of every other the first.
pub(super) fn stated_bases(graph: &mut Graph<'_>) {
    // No other pass looks ids up: at millions of repositories their map is worth freeing.
    let by_id = std::mem::take(&mut graph.by_id);
    let find = |id: &String| in_lower_case(id, |id| by_id.get(id).map(|i| *i as usize));
    for i in 0..graph.len() {
        let role = graph.placements[i].role;
        if role.is_without_training() {
            continue;
        }
        let bases: Vec<usize> = graph.node(i).base_ids.iter().filter_map(find).filter(|b| *b != i).collect();
        let Some((first, rest)) = bases.split_first() else { continue };
        if role == Role::Merge {
            graph.placements[i].more_bases = rest.into();
        }
        graph.placements[i].base = Some(*first);
    }
}

/// Counted parameters and architecture.
type Shape = (i64, Option<Arc<str>>);
/// Whether the base's own owner has the shape, and how many have it.
type Votes = (bool, usize);

/// A base whose files show no size has the architecture and size of what was trained from it: that is how the original of a model that
/// is gone, that only the registry knows, or whose weights the Hub does not count, is found. The owner's own weights decide before
/// strangers' (some of which have a longer vocabulary), of those the most common size.
pub(super) fn shapes_of_bases(graph: &mut Graph<'_>) {
    let n = graph.facts.len();
    for (base, shapes) in votes_on_shapes(graph) {
        let rank = |(shape, votes): &(&Shape, &Votes)| (**votes, std::cmp::Reverse(shape.0));
        let Some((params, architecture)) = shapes.iter().max_by_key(rank).map(|(shape, _)| shape.clone()) else { continue };
        if base < n {
            graph.shown_elsewhere.insert(base, (params, architecture));
        } else {
            let absent = &mut graph.absent[base - n];
            absent.params = Some(params);
            absent.rough_params = absent.rough_params.or(Some(params));
            absent.architecture = architecture;
        }
    }
}

/// The shapes of what was trained from each base of unknown size. Dates absent bases on the way.
fn votes_on_shapes(graph: &mut Graph<'_>) -> FxHashMap<usize, BTreeMap<Shape, Votes>> {
    let n = graph.facts.len();
    let mut votes: FxHashMap<usize, BTreeMap<Shape, Votes>> = FxHashMap::default();
    for i in 0..n {
        let p = &graph.placements[i];
        let f = &graph.facts[i];
        let is_draft = p.role_rule == Rule::DraftHead;
        let trained = matches!(p.role, Role::Finetuned | Role::Continued | Role::Merge) && f.float_weights && !is_draft;
        let (Some(params), true) = (f.params, trained && f.architecture.is_some()) else { continue };
        // Merged models have one shape, too.
        for base in graph.placements[i].bases() {
            let b = graph.node(base);
            if b.params.is_none() && b.rough_params.is_none_or(|rough| relative(rough, params) <= NAMED_SIZE) {
                let vote = votes.entry(base).or_default().entry((params, f.architecture.clone())).or_default();
                vote.0 |= b.same_owner(f);
                vote.1 += 1;
            }
            // An absent base is at least as old as the first that was trained from it.
            if base >= n && graph.absent[base - n].registry_kind.is_none() {
                let absent = &mut graph.absent[base - n];
                absent.created_ms = [absent.created_ms, f.created_ms].into_iter().flatten().min();
            }
        }
    }
    votes
}

/// Where a stated relation contradicts names, sizes and owners, these decide.
pub(super) fn settle_contradictions(graph: &mut Graph<'_>) {
    // What decides of a node is its own role, and facts.
    let decided = |i: usize| contradiction(graph, i).map(|decision| (i, decision));
    let decided: Vec<(usize, (Role, Rule))> = (0..graph.facts.len()).into_par_iter().filter_map(decided).collect();
    for (i, (role, rule)) in decided {
        graph.placements[i].role = role;
        graph.placements[i].role_rule = rule;
    }
}

/// What a node is in spite of its stated relation: a "finetune" that is its base's copy by name and size in another namespace, a
/// "quantized" copy in the base's own namespace whose name says nothing of it, a base that is itself a quantized copy.
fn contradiction(graph: &Graph<'_>, i: usize) -> Option<(Role, Rule)> {
    let p = &graph.placements[i];
    let (f, b) = (graph.node(i), graph.node(p.base?));
    let same_house = f.same_owner(b);
    let same_name = || names::without_format(f.name()) == names::without_format(b.name());
    match p.role {
        Role::Finetuned => {
            let copied_weights = f.float_weights && (b.params.is_none() || same_size(f.params, b.params));
            if copied_weights && (!same_house || f.name().len() > b.name().len()) && same_name() {
                return Some((Role::Converted, Rule::CopyOfItsBaseByNameAndSize));
            }
            (!same_house && !f.listed_owner && has_grown(f, b)).then_some((Role::Merge, Rule::LargerThanItsBase))
        }
        Role::Quantized => {
            if p.role_rule == Rule::QuantizedRelation && same_house && !names::is_mirror(f.owner()) && !same_name() {
                return Some((Role::Finetuned, Rule::QuantizedRelationInTheHouseOfItsBase));
            }
            if p.role_rule == Rule::QuantizedRelation && !names::is_mirror(f.owner()) && !holds_name(f.name(), b.name()) {
                return Some((Role::Finetuned, Rule::QuantizedRelationUnderAnotherName));
            }
            let tuned = f.relation == Some(Relation::Finetune) && !same_house && !same_name();
            tuned.then_some((Role::Finetuned, Rule::FinetuneOfAQuantizedCopy))
        }
        Role::Pretrained | Role::Continued | Role::Adapter | Role::Merge | Role::Converted | Role::Empty | Role::Untrained => None,
    }
}

/// Whether a name has every word of another's but those of formats: quantizers keep the name of what they pack.
fn holds_name(name: &str, other: &str) -> bool {
    let (own, words) = (names::tokens(name), names::tokens(&names::without_format(other)));
    words.iter().all(|word| own.contains(word))
}

/// Fine-tuning adds a head or some words to a model, a tenth more is layers that were stacked; twice as much is a wrong link.
fn has_grown(f: &RepoFacts, base: &RepoFacts) -> bool {
    matches!((f.params, base.params), (Some(own), Some(base)) if own > base && relative(own, base) > NAMED_SIZE && own < 2 * base && base >= LARGE_PARAMS)
}
