//! Coder, mathematics and vision models on the base of their own namespace.

use super::compare::seniority;
use super::join::{can_be_sibling, is_registered, join};
use crate::domain::{Role, Rule, in_lower_case};
use crate::lineage::model::{Graph, RepoFacts};
use crate::lineage::{families, names};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

/// `Qwen2.5-Coder-7B` without a link was trained from `Qwen2.5-7B` of its namespace: further training on a speciality.
pub(super) fn specialities(graph: &mut Graph<'_>) {
    let key = |f: &RepoFacts, name: &str| (f.owner().to_lowercase(), names::stem(name));
    // Few names have a speciality: only what these can come from is looked up.
    let special: Vec<(usize, (String, String))> = (0..graph.len())
        .into_par_iter()
        .filter(|i| can_be_sibling(graph, *i) && !is_registered(graph, *i))
        .filter_map(|i| {
            let f = graph.node(i);
            Some((i, key(f, &families::without_speciality(f.name())?)))
        })
        .collect();
    let mut bases: FxHashMap<(String, String), Option<usize>> = special.iter().map(|(_, key)| (key.clone(), None)).collect();
    let owners: FxHashSet<String> = bases.keys().map(|(owner, _)| owner.clone()).collect();
    let may_be_base = |i: &usize| {
        let f = graph.node(*i);
        let of_a_house = || in_lower_case(f.owner(), |owner| owners.contains(owner));
        graph.placements[*i].role == Role::Pretrained && of_a_house() && families::without_speciality(f.name()).is_none()
    };
    let of_key = |i: usize| Some((i, key(graph.node(i), graph.node(i).name()))).filter(|(_, key)| bases.contains_key(key));
    let candidates: Vec<(usize, (String, String))> =
        (0..graph.len()).into_par_iter().filter(may_be_base).filter_map(of_key).collect();
    for (i, key) in candidates {
        if let Some(known) = bases.get_mut(&key)
            && known.is_none_or(|known| seniority(graph.node(i)) < seniority(graph.node(known)))
        {
            *known = Some(i);
        }
    }
    for (i, key) in special {
        let Some(base) = bases.get(&key).copied().flatten() else { continue };
        // Houses go on with the pre-training (Qwen2.5-Coder: 5.5e12 tokens); who is not listed tunes.
        let f = graph.node(i);
        let continued = graph.placements[i].role == Role::Pretrained && f.listed_owner && !names::says_post_trained(f.name());
        join(graph, i, base, Rule::SpecialityOfASibling);
        if continued {
            graph.placements[i].role = Role::Continued;
        }
    }
}
