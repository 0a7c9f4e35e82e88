//! Names that point at a family of another owner.

use super::candidates::{Candidates, is_known_base, size_fits};
use super::compare::LARGE_PARAMS;
use super::join::{is_open, join};
use crate::domain::{Role, Rule};
use crate::lineage::families::{self, Named};
use crate::lineage::model::Graph;
use crate::lineage::names;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// The known bases of families, in their own namespaces.
struct FamilyIndex {
    /// By family with version, and size.
    exact: FxHashMap<(String, String), Candidates>,
    /// By family and size.
    any_version: FxHashMap<(String, String), Candidates>,
    /// By family with version.
    by_version: FxHashMap<String, Candidates>,
}

/// Family and version of a name as a key.
fn version_key(named: &Named) -> String {
    format!("{}|{}", named.family, named.version.as_deref().unwrap_or(""))
}

impl FamilyIndex {
    fn new(graph: &Graph<'_>) -> Self {
        let mut exact: FxHashMap<(String, String), Vec<usize>> = FxHashMap::default();
        let mut any_version: FxHashMap<(String, String), Vec<usize>> = FxHashMap::default();
        let mut by_version: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for i in (0..graph.len()).filter(|i| is_known_base(graph, *i)) {
            let f = graph.node(i);
            let Some(named) = families::named(f.name()).filter(|n| families::is_home(n.family, f.owner())) else { continue };
            // A base that differs from its family's text model (coder, vision) is nobody's unless the name says so.
            if families::without_speciality(f.name()).is_some() {
                continue;
            }
            let version = version_key(&named);
            for size in families::sizes(&named, f.named_size) {
                any_version.entry((named.family.to_owned(), size.clone())).or_default().push(i);
                exact.entry((version.clone(), size)).or_default().push(i);
            }
            by_version.entry(version).or_default().push(i);
        }
        let sets = |found: Vec<usize>| Candidates::new(graph, &found);
        Self {
            exact: exact.into_iter().map(|(key, found)| (key, sets(found))).collect(),
            any_version: any_version.into_iter().map(|(key, found)| (key, sets(found))).collect(),
            by_version: by_version.into_iter().map(|(key, found)| (key, sets(found))).collect(),
        }
    }

    /// The base that a name of another owner points at.
    fn find(&self, graph: &Graph<'_>, i: usize) -> Option<usize> {
        let f = graph.node(i);
        let Some(named) = families::borrowed(f.owner(), f.name()) else { return self.blended(graph, i) };
        let small = f.rough_params.is_none_or(|n| n < LARGE_PARAMS);
        if small && names::says_language(f.name()) {
            return None;
        }
        let fits = |c: usize| size_fits(graph, i, c);
        let same_architecture = |c: usize| {
            let known = graph.shape(c).1;
            fits(c) && known.is_none_or(|a| f.architecture.as_ref().is_none_or(|own| own == a))
        };
        let version = version_key(&named);
        // Of the same architecture if there is one; a vision model on a language model has another, a language model has not.
        let may_differ =
            f.architecture.as_deref().is_none_or(|a| !names::is_family_architecture(a) || names::is_vision_architecture(a));
        let pick = |found: Option<&Candidates>| {
            let found = found?;
            let strict = found.closest(graph, i, same_architecture);
            strict.or_else(|| found.closest(graph, i, |c| may_differ && fits(c)))
        };
        for size in families::sizes(&named, f.named_size) {
            let of_version = named.version.as_ref().and_then(|_| self.exact.get(&(version.clone(), size.clone())));
            // Where the version and the size are both said, only they decide: counts differ by tied embeddings.
            let said = |found: &Candidates| found.closest(graph, i, |_| true);
            let other = || pick(self.any_version.get(&(named.family.to_owned(), size.clone())));
            let found = pick(of_version).or_else(|| of_version.map_or_else(other, said));
            if found.is_some() {
                return found;
            }
        }
        // Without a size in the name the counted one has to fit.
        f.rough_params?;
        self.by_version.get(&version)?.closest(graph, i, same_architecture)
    }
}

impl FamilyIndex {
    /// The base of a blended name (`Qwopus3.5-27B`): only where version and size are those of one of the family's, and by nobody who is
    /// listed.
    fn blended(&self, graph: &Graph<'_>, i: usize) -> Option<usize> {
        let f = graph.node(i);
        let named = families::blended(f.name()).filter(|_| !f.listed_owner)?;
        let size = families::sizes(&named, f.named_size).pop()?;
        self.exact.get(&(version_key(&named), size))?.closest(graph, i, |c| size_fits(graph, i, c))
    }
}

/// Repositories of other owners whose names point at a family's base.
pub(super) fn families_by_name(graph: &mut Graph<'_>) {
    let index = FamilyIndex::new(graph);
    // At whose base a name points follows from facts: no link that is made here changes it.
    let is_asked = |i: &usize| {
        let i = *i;
        let is_registered =
            graph.is_absent(i) && graph.node(i).registry_kind.is_some() && graph.placements[i].role == Role::Pretrained;
        is_open(graph, i) && !is_registered
    };
    let asked = (0..graph.len()).into_par_iter().filter(is_asked);
    let found: Vec<(usize, usize)> = asked.filter_map(|i| Some((i, index.find(graph, i)?))).collect();
    for (i, base) in found {
        let borrowed = families::borrowed(graph.node(i).owner(), graph.node(i).name()).is_some();
        join(graph, i, base, if borrowed { Rule::NamesAFamilyOfAnotherOwner } else { Rule::BlendOfAFamilyName });
    }
}
