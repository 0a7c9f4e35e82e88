//! Repositories, and the models they name that the index lacks, as one graph; the passes in order; the runs.

use super::model::{Graph, IdMap, Placement, RepoFacts, Resolution};
use super::roles::role;
use super::{names, passes, runs};
use crate::domain::{LinkPass, in_lower_case};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// Places every repository. `facts` may be in any order; the result does not depend on it beyond positions. `known` are registered
/// models, taken where the index lacks them; `size_of` reads the size in an id; passes of the linking can be left out to see what they
/// decide.
#[must_use]
pub fn resolve(
    facts: &[RepoFacts],
    known: Vec<RepoFacts>,
    size_of: &dyn Fn(&str) -> Option<f64>,
    without: &[LinkPass],
) -> Resolution {
    let mut by_id = ids_of_index(facts);
    let absent = absent_models(facts, known, size_of, &mut by_id);
    let placement = |f: &RepoFacts| {
        let (role, rule) = role(f);
        Placement::new(role, rule)
    };
    let placements = facts.par_iter().chain(&absent).map(placement).collect();
    let mut graph = Graph { facts, absent, placements, shown_elsewhere: FxHashMap::default(), by_id };
    passes::link(&mut graph, without);
    runs::assign(&mut graph);
    let Graph { absent, placements, .. } = graph;
    Resolution { placements, absent }
}

/// Makes the runs anew, after roles were decided otherwise than by the links.
pub fn assign_runs(facts: &[RepoFacts], resolution: &mut Resolution) {
    let (absent, placements) = (std::mem::take(&mut resolution.absent), std::mem::take(&mut resolution.placements));
    let mut graph = Graph { facts, absent, placements, shown_elsewhere: FxHashMap::default(), by_id: IdMap::default() };
    runs::assign(&mut graph);
    (resolution.absent, resolution.placements) = (graph.absent, graph.placements);
}

#[allow(clippy::cast_possible_truncation)] // Less than 4 billion repositories fit into memory.
fn position(i: usize) -> u32 {
    i as u32
}

/// Positions of the repositories of the index, also by the ids they had, or got, when namespaces became a must.
fn ids_of_index(facts: &[RepoFacts]) -> IdMap {
    let lower: Vec<Box<str>> = facts.par_iter().map(|f| f.model_id.to_lowercase().into()).collect();
    let mut by_id = IdMap::default();
    by_id.reserve(lower.len());
    for (i, id) in lower.into_iter().enumerate() {
        by_id.entry(id).or_insert(position(i));
    }
    // Where the index still has an old id, its new ones.
    for (i, f) in facts.iter().enumerate().filter(|(_, f)| f.owner().is_empty()) {
        for owner in names::canonical_owners() {
            by_id.entry(format!("{owner}/{}", f.name().to_lowercase()).into()).or_insert(position(i));
        }
    }
    // And the other way round, the Hub's own redirects of models that once had no namespace.
    for (i, f) in facts.iter().enumerate() {
        if !f.owner().is_empty() && names::is_canonical(f.owner()) {
            by_id.entry(f.name().to_lowercase().into()).or_insert(position(i));
        }
    }
    by_id
}

/// Models that the index lacks, the registered ones first, then those that are stated as bases; enters them by id.
fn absent_models(
    facts: &[RepoFacts],
    known: Vec<RepoFacts>,
    size_of: &dyn Fn(&str) -> Option<f64>,
    by_id: &mut IdMap,
) -> Vec<RepoFacts> {
    let mut absent: Vec<RepoFacts> =
        known.into_iter().filter(|k| !by_id.contains_key(k.model_id.to_lowercase().as_str())).collect();
    absent.sort_by(|a, b| a.model_id.cmp(&b.model_id));
    for (i, f) in absent.iter().enumerate() {
        by_id.entry(f.model_id.to_lowercase().into()).or_insert(position(facts.len() + i));
    }
    let listed: FxHashMap<String, Option<Arc<str>>> =
        facts.iter().chain(&absent).filter(|f| f.listed_owner).map(|f| (f.owner().to_lowercase(), f.house.clone())).collect();
    for id in missing_bases(facts, &absent, by_id) {
        by_id.insert(id.to_lowercase().into(), position(facts.len() + absent.len()));
        let mut missing = RepoFacts { named_size: size_of(&id), model_id: id, ..RepoFacts::default() };
        let owner = listed.get(&missing.owner().to_lowercase());
        (missing.listed_owner, missing.house) = (owner.is_some(), owner.cloned().flatten());
        absent.push(missing);
    }
    absent
}

/// Ids that are stated as bases and known to nobody, sorted, each in its most common spelling (the first one by bytes of equals).
fn missing_bases(facts: &[RepoFacts], absent: &[RepoFacts], by_id: &IdMap) -> Vec<String> {
    let mut spellings: FxHashMap<String, FxHashMap<&str, usize>> = FxHashMap::default();
    let missing: Vec<&str> = facts
        .par_iter()
        .chain(absent)
        .flat_map_iter(|f| &f.base_ids)
        .map(String::as_str)
        .filter(|id| !in_lower_case(id, |id| by_id.contains_key(id)))
        .collect();
    for id in missing {
        *spellings.entry(id.to_lowercase()).or_default().entry(id).or_default() += 1;
    }
    let mut seen = FxHashSet::default();
    let mut ids: Vec<String> = spellings
        .into_values()
        .filter_map(|counts| counts.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(a.0))).map(|(id, _)| id.to_owned()))
        .filter(|id| seen.insert(id.to_lowercase()))
        .collect();
    ids.sort();
    ids
}

#[cfg(test)]
mod tests;
