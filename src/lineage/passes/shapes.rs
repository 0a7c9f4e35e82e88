//! Links by architecture and size, and what becomes of repositories that nothing links.

use super::family_names::names_language;
use super::{
    FxHashMap, LARGE_PARAMS, SAME_SIZE, closest, groups, is_known_base, is_known_root, is_open, join, old_enough, relative,
    same_size, seniority,
};
use crate::lineage::resolve::Graph;
use crate::lineage::roles::Role;
use crate::lineage::{RepoFacts, families, names};
use std::sync::Arc;

/// Fine-tunes without a link or a telling name: the architecture and, to half a percent, the size of one known base.
pub(super) fn shapes(graph: &mut Graph<'_>) {
    let bucket = |params: i64| {
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
        let bucket = (libm::log(params as f64) / SAME_SIZE).floor() as i64;
        bucket
    };
    let mut roots: FxHashMap<(Arc<str>, i64), Vec<usize>> = FxHashMap::default();
    for i in (0..graph.len()).filter(|i| is_known_base(graph, *i)) {
        if let (Some(params), Some(architecture)) = graph.shape(i)
            && names::is_family_architecture(architecture)
            && params > 0
        {
            roots.entry((architecture.clone(), bucket(params))).or_default().push(i);
        }
    }
    for i in 0..graph.len() {
        let f = graph.node(i);
        let (Some(architecture), Some(params)) = (&f.architecture, f.params) else { continue };
        // A house's own chat release may have the layout of another's base; a listed organization without a family of its own trains on
        // others'.
        let own_family = f.listed_owner && (graph.placements[i].role != Role::Finetuned || families::is_a_home(f.owner()));
        if !is_open(graph, i)
            || own_family
            || f.registry_kind.is_some() && graph.placements[i].role == Role::Pretrained
            || params <= 0
        {
            continue;
        }
        let near = (-1..=1).filter_map(|d| roots.get(&(architecture.clone(), bucket(params) + d))).flatten().copied();
        let fits = near.filter(|c| same_size(graph.shape(*c).0, f.params));
        if let Some(base) = closest(graph, i, fits) {
            join(graph, i, base, "family_architecture_and_size");
        }
    }
}

/// A repository that states no base but has exactly the size and architecture of an earlier pre-training is taken as a fine-tune of
/// it: a from-scratch training repeats an architecture, not a vocabulary to the last row.
pub(super) fn exact_shapes(graph: &mut Graph<'_>) {
    let same_shape = groups(graph.facts.len(), |i| {
        let (params, architecture) = graph.shape(i);
        (graph.placements[i].base.is_none()).then_some((architecture.map(Arc::as_ref)?, params?))
    });
    for group in same_shape {
        let original = |i: &&usize| graph.placements[**i].role == Role::Pretrained;
        let Some(&eldest) = group.iter().filter(original).min_by_key(|i| seniority(graph.node(**i))) else { continue };
        let known: Vec<usize> = group.iter().copied().filter(|i| is_known_root(graph, *i)).collect();
        for &i in group.iter().filter(|i| **i != eldest) {
            // Of houses that trained one shape twice (Qwen2-1.5B, Qwen2.5-1.5B) the newest that is old enough.
            let head = closest(graph, i, known.iter().copied()).unwrap_or(eldest);
            let (f, h) = (graph.node(i), graph.node(head));
            // One owner may pre-train two models of one shape (Qwen2-7B, Qwen2.5-7B), but not an Instruct or Math from scratch.
            let own_shape_again = f.owner() == h.owner() && !names::names_post_training(f.name());
            // A family's next generation may repeat the shape of another's (Llama 2 7B, LLaMA 7B).
            let next = f.listed_owner && families::named(f.name()).is_some_and(|n| families::is_home(n.family, f.owner()));
            let next = next && graph.placements[i].role == Role::Pretrained;
            if !is_open(graph, i) || f.registry_kind.is_some() || own_shape_again || next || !old_enough(h, f) {
                continue;
            }
            join(graph, i, head, "same_architecture_and_exact_size");
        }
    }
}

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
    sizes.values_mut().for_each(|of| of.sort_unstable());
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

/// What is left of large models by nobody in particular is no pre-training: layers of smaller models stacked to a size that nobody
/// trained, or a fine-tune whose link is lost.
pub(super) fn leftovers(graph: &mut Graph<'_>) {
    let sizes = sizes_by_architecture(graph);
    for i in 0..graph.len() {
        let f = graph.node(i);
        if graph.placements[i].role != Role::Pretrained || f.registry_kind.is_some() {
            continue;
        }
        let large = f.rough_params.is_some_and(|n| n >= LARGE_PARAMS);
        let borrows = families::borrowed(f.owner(), f.name()).is_some();
        let of_family = !f.listed_owner && f.architecture.as_deref().is_some_and(names::is_family_architecture);
        if of_family && is_stacked(&sizes, f) {
            graph.placements[i].role = Role::Merge;
            graph.placements[i].role_rule = "size_of_no_known_pretraining";
            continue;
        }
        let rule = if large && of_family {
            "family_architecture_of_an_unlisted_owner"
        } else if borrows && (large || f.rough_params.is_none() && !names_language(f.name())) {
            "names_a_family_of_another_owner"
        } else {
            continue;
        };
        graph.placements[i].role = if names::names_base(f.name()) { Role::Continued } else { Role::Finetuned };
        graph.placements[i].role_rule = rule;
    }
}
