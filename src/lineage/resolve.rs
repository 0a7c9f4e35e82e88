//! Repositories, and the models they name that the index lacks, as one graph.

use super::RepoFacts;
use super::passes::{self, LinkPass};
use super::names;
use super::roles::role;
use super::runs::{Placement, assign};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// Placements of the repositories, in their order, then of the absent models.
#[derive(Debug)]
pub struct Resolution {
    /// One per repository, then one per absent model.
    pub placements: Vec<Placement>,
    /// Models that are named as bases or registered, and are not in the index.
    pub absent: Vec<RepoFacts>,
}

/// Positions by lower-case id, as small as a map of millions can be: there are less than 4 billion repositories.
pub(super) type IdMap = FxHashMap<Box<str>, u32>;

/// The graph while it is linked.
pub(super) struct Graph<'a> {
    /// Repositories of the index.
    pub facts: &'a [RepoFacts],
    /// Absent models.
    pub absent: Vec<RepoFacts>,
    /// Placements of both.
    pub placements: Vec<Placement>,
    /// Parameters and architecture that a copy, or what was trained from it, shows of an original whose files do not.
    pub shown_elsewhere: FxHashMap<usize, (i64, Option<Arc<str>>)>,
    /// Lower-case id, or name of a legacy id without namespace, to position. Spent by the pass of stated bases.
    pub by_id: IdMap,
}

impl Graph<'_> {
    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.placements.len()
    }

    /// A node's facts.
    pub fn node(&self, i: usize) -> &RepoFacts {
        self.facts.get(i).unwrap_or_else(|| &self.absent[i - self.facts.len()])
    }

    /// Counted parameters and architecture of a node, its own or those shown elsewhere.
    pub fn shape(&self, i: usize) -> (Option<i64>, Option<&Arc<str>>) {
        let f = self.node(i);
        match self.shown_elsewhere.get(&i) {
            Some((params, architecture)) if f.params.is_none() => {
                (Some(*params), architecture.as_ref().or(f.architecture.as_ref()))
            }
            _ => (f.params, f.architecture.as_ref()),
        }
    }

    /// Whether a node is not in the index.
    pub fn is_absent(&self, i: usize) -> bool {
        i >= self.facts.len()
    }
}

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
    #[allow(clippy::cast_possible_truncation)] // Less than 4 billion repositories fit into memory.
    let position = |i: usize| i as u32;
    let mut by_id = IdMap::default();
    for (i, f) in facts.iter().enumerate() {
        by_id.entry(f.model_id.to_lowercase().into()).or_insert(position(i));
    }
    // The Hub's own redirects of models that once had no namespace.
    let legacy: Vec<(String, usize)> = facts
        .iter()
        .enumerate()
        .filter(|(_, f)| names::CANONICAL_OWNERS.contains(&f.owner().to_lowercase().as_str()))
        .map(|(i, f)| (f.name().to_lowercase(), i))
        .collect();
    // And the other way round, where the index still has the old id.
    let old = facts.iter().enumerate().filter(|(_, f)| f.owner().is_empty());
    for (i, f) in old {
        for owner in names::CANONICAL_OWNERS {
            by_id.entry(format!("{owner}/{}", f.name().to_lowercase()).into()).or_insert(position(i));
        }
    }
    for (name, i) in legacy {
        by_id.entry(name.into()).or_insert(position(i));
    }
    let mut absent: Vec<RepoFacts> =
        known.into_iter().filter(|k| !by_id.contains_key(k.model_id.to_lowercase().as_str())).collect();
    absent.sort_by(|a, b| a.model_id.cmp(&b.model_id));
    for (i, f) in absent.iter().enumerate() {
        by_id.entry(f.model_id.to_lowercase().into()).or_insert(position(facts.len() + i));
    }
    let listed: FxHashSet<String> =
        facts.iter().chain(&absent).filter(|f| f.listed_owner).map(|f| f.owner().to_lowercase()).collect();
    for id in missing_bases(facts, &absent, &by_id) {
        by_id.insert(id.to_lowercase().into(), position(facts.len() + absent.len()));
        let mut missing = RepoFacts { named_size: size_of(&id), model_id: id, ..RepoFacts::default() };
        missing.listed_owner = listed.contains(&missing.owner().to_lowercase());
        absent.push(missing);
    }
    let placements = facts
        .iter()
        .chain(&absent)
        .map(|f| {
            let (role, rule) = role(f);
            Placement::new(role, rule)
        })
        .collect();
    let mut graph = Graph { facts, absent, placements, shown_elsewhere: FxHashMap::default(), by_id };
    passes::link(&mut graph, without);
    assign(&mut graph);
    let Graph { absent, placements, .. } = graph;
    Resolution { placements, absent }
}

/// Ids that are stated as bases and known to nobody, sorted, each in its most common spelling (the first one by bytes of equals).
fn missing_bases(facts: &[RepoFacts], absent: &[RepoFacts], by_id: &IdMap) -> Vec<String> {
    let mut spellings: FxHashMap<String, FxHashMap<&str, usize>> = FxHashMap::default();
    for id in facts.iter().chain(absent).flat_map(|f| &f.base_ids) {
        let lower = id.to_lowercase();
        if !by_id.contains_key(lower.as_str()) {
            *spellings.entry(lower).or_default().entry(id).or_default() += 1;
        }
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
