//! Draft heads, uncensored and unquantized copies: the model whose name stands in theirs.

use super::compare::{NAMED_SIZE, old_enough, seniority, sizes_agree};
use super::join::{is_open, is_trained, join};
use crate::domain::Rule;
use crate::lineage::model::{Graph, RepoFacts};
use crate::lineage::names;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

/// The rank of a model among those of one name, least first: no mirror, of somebody listed or registered, the eldest.
type Rank<'a> = (bool, bool, (bool, bool, i64, &'a str));

fn rank(f: &RepoFacts) -> Rank<'_> {
    (names::is_mirror(f.owner()), !f.listed_owner && f.registry_kind.is_none(), seniority(f))
}

/// Whether a rule took a node for one that is made of, or for, the model in its name.
const fn names_its_target(rule: Rule) -> bool {
    matches!(rule, Rule::DraftHead | Rule::UncensoredToken | Rule::UnquantizedToken | Rule::PrunedToken | Rule::DraftLayersToken)
}

/// Links `gpt-oss-120b-Eagle3-v3` to `gpt-oss-120b`, `Ornith-1.0-35B-heretic` to `Ornith-1.0-35B`: to the model of that name in the same
/// namespace, else to the first of that name.
pub(super) fn targets_by_name(graph: &mut Graph<'_>) {
    let wanting: Vec<(usize, String)> = (0..graph.facts.len())
        .filter(|i| names_its_target(graph.placements[*i].role_rule) && is_open(graph, *i))
        .filter_map(|i| Some((i, names::target(graph.node(i).name())?)))
        .collect();
    let wanted: FxHashSet<&str> = wanting.iter().map(|(_, key)| key.as_str()).collect();
    let may_be_target =
        |i: &usize| (graph.is_absent(*i) || is_trained(graph, *i)) && !names_its_target(graph.placements[*i].role_rule);
    let of_name = |i: usize| Some((*wanted.get(names::squeezed(graph.node(i).name()).as_str())?, i));
    let named: Vec<(&str, usize)> = (0..graph.len()).into_par_iter().filter(may_be_target).filter_map(of_name).collect();
    let mut found: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (name, i) in named {
        found.entry(name).or_default().push(i);
    }
    for known in found.values_mut() {
        known.sort_by(|a, b| rank(graph.node(*a)).cmp(&rank(graph.node(*b))));
    }
    let first: FxHashMap<(&str, String), usize> = found
        .iter()
        .flat_map(|(key, known)| known.iter().rev().map(|i| ((*key, graph.node(*i).owner().to_lowercase()), *i)))
        .collect();
    let links: Vec<(usize, usize)> = wanting
        .iter()
        .filter_map(|(i, key)| {
            let f = graph.node(*i);
            let any_size = matches!(graph.placements[*i].role_rule, Rule::DraftHead | Rule::PrunedToken);
            let fits = |c: &usize| {
                let base = graph.node(*c);
                // Of strangers' models of one name another pass tells the original.
                let is_known = graph.placements[*i].role_rule != Rule::DraftLayersToken
                    || base.listed_owner
                    || base.registry_kind.is_some()
                    || base.same_owner(f);
                is_known && old_enough(base, f) && (any_size || sizes_agree(f, base, NAMED_SIZE))
            };
            let at_home = first.get(&(key.as_str(), f.owner().to_lowercase())).copied().filter(fits);
            // Of several only the most senior ones are tried: names like "Qwen3-8B" are borne by hundreds.
            let base = at_home.or_else(|| found.get(key.as_str())?.iter().take(MOST_TRIED).copied().find(fits))?;
            Some((*i, base))
        })
        .collect();
    for (i, base) in links {
        let rule = graph.placements[i].role_rule;
        join(graph, i, base, rule);
    }
}

/// Most models of one name that are tried as a base.
const MOST_TRIED: usize = 8;
