//! What becomes of large models that nothing links.

use super::candidates::is_known_root;
use super::compare::{LARGE_PARAMS, relative};
use super::join::is_known_pretraining;
use crate::domain::{Role, Rule};
use crate::lineage::model::{Graph, RepoFacts};
use crate::lineage::{families, names};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// From this size on, layers of smaller models are stacked (two of 7 B make 11 B).
const STACKED_PARAMS: i64 = 9_000_000_000;
/// A longer vocabulary changes a count of that size by less than this.
const STACKED_APART: f64 = 0.03;

/// Sizes of the known pre-trainings of each architecture, ascending.
fn sizes_by_architecture(graph: &Graph<'_>) -> FxHashMap<Arc<str>, Vec<i64>> {
    let mut sizes: FxHashMap<Arc<str>, Vec<i64>> = FxHashMap::default();
    for i in (0..graph.len()).filter(|i| is_known_root(graph, *i)) {
        if let (Some(params), Some(architecture)) = graph.shape(i) {
            sizes.entry(architecture.clone()).or_default().push(params);
        }
    }
    sizes.values_mut().for_each(|ascending| ascending.sort_unstable());
    sizes
}

/// Whether nobody is known to have pre-trained a model of about the size, though smaller ones of the architecture.
fn is_stacked(sizes: &FxHashMap<Arc<str>, Vec<i64>>, f: &RepoFacts) -> bool {
    let (Some(architecture), Some(params)) = (&f.architecture, f.params) else { return false };
    let Some(known) = sizes.get(architecture).filter(|_| params >= STACKED_PARAMS) else { return false };
    let above = known.partition_point(|n| *n < params);
    let near = known[above.saturating_sub(1)..].iter().take(2).any(|n| relative(*n, params) <= STACKED_APART);
    above > 0 && !near
}

/// Parameters from which on a model that sees is a language model's, and not a reader of lines or an encoder.
const SEEING_PARAMS: i64 = 500_000_000;

/// Whether a model was taught to see by somebody without a family of his own: by the task of chat models that see, or by a name. Who
/// trains language models has his own to start from, and some of them see from the start.
fn sees(f: &RepoFacts) -> bool {
    let task = f.pipeline_tag.as_deref() == Some("image-text-to-text");
    let says = || names::says_vision(f.name());
    let small = f.rough_params.is_some_and(|n| n < SEEING_PARAMS);
    let large = f.rough_params.is_some_and(|n| n >= SEEING_PARAMS);
    (task && !small && (!f.listed_owner || says()) || large && says()) && !families::is_a_home(f.owner())
}

/// What is left of large models by nobody in particular is no pre-training: layers of smaller models stacked to a size that nobody
/// trained, or a fine-tune whose link is lost.
pub(super) fn leftovers(graph: &mut Graph<'_>) {
    let sizes = sizes_by_architecture(graph);
    let of = |i: usize| left_over(graph, &sizes, i).map(|decision| (i, decision));
    let left: Vec<(usize, (Role, Rule))> = (0..graph.len()).into_par_iter().filter_map(of).collect();
    for (i, (role, rule)) in left {
        graph.placements[i].role = role;
        graph.placements[i].role_rule = rule;
    }
}

/// What a node is, if it is left of large models; its own role and facts tell.
fn left_over(graph: &Graph<'_>, sizes: &FxHashMap<Arc<str>, Vec<i64>>, i: usize) -> Option<(Role, Rule)> {
    let f = graph.node(i);
    if graph.placements[i].role != Role::Pretrained || f.registry_kind.is_some() || is_known_pretraining(graph, i) {
        return None;
    }
    let large = f.rough_params.is_some_and(|n| n >= LARGE_PARAMS);
    let borrows = || families::borrowed(f.owner(), f.name()).is_some();
    let of_family = !f.listed_owner && f.architecture.as_deref().is_some_and(names::is_family_architecture);
    if of_family && is_stacked(sizes, f) {
        return Some((Role::Merge, Rule::SizeOfNoKnownPretraining));
    }
    let rule = if sees(f) {
        Rule::VisionOnABackbone
    } else if large && of_family {
        Rule::FamilyArchitectureOfAnUnlistedOwner
    } else if (large || f.rough_params.is_none() && !names::says_language(f.name())) && borrows() {
        Rule::FamilyOfAnotherOwnerWithoutABase
    } else {
        return None;
    };
    // Teaching a model of one's own to see is a pre-training of a second kind.
    let continued = names::says_base(f.name()) || rule == Rule::VisionOnABackbone && f.listed_owner;
    Some((if continued { Role::Continued } else { Role::Finetuned }, rule))
}
