//! Architecture and size of a known base.

use super::candidates::{Candidates, closest_of, is_family_at_home, is_known_base, is_known_root};
use super::compare::{SAME_SIZE, old_enough, same_size, seniority};
use super::groups::groups;
use super::join::{is_open, join};
use crate::domain::{Role, Rule};
use crate::lineage::model::Graph;
use crate::lineage::{families, names};
use rustc_hash::FxHashMap;
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
    let roots: FxHashMap<_, Candidates> = roots.into_iter().map(|(key, found)| (key, Candidates::new(graph, &found))).collect();
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
        let near = (-1..=1).filter_map(|d| roots.get(&(architecture.clone(), bucket(params) + d)));
        if let Some(base) = closest_of(graph, i, near, |c| same_size(graph.shape(c).0, f.params)) {
            join(graph, i, base, Rule::FamilyArchitectureAndSize);
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
        let known = Candidates::new(graph, &known);
        for &i in group.iter().filter(|i| **i != eldest) {
            // Of houses that trained one shape twice (Qwen2-1.5B, Qwen2.5-1.5B) the newest that is old enough.
            let head = known.closest(graph, i, |_| true).unwrap_or(eldest);
            let (f, h) = (graph.node(i), graph.node(head));
            // One owner may pre-train two models of one shape (Qwen2-7B, Qwen2.5-7B), but not an Instruct or Math from scratch.
            let own_shape_again = f.owner() == h.owner() && !names::says_post_trained(f.name());
            // A family's next generation may repeat the shape of another's (Llama 2 7B, LLaMA 7B).
            let next = f.listed_owner && is_family_at_home(f) && graph.placements[i].role == Role::Pretrained;
            if !is_open(graph, i) || f.registry_kind.is_some() || own_shape_again || next || !old_enough(h, f) {
                continue;
            }
            join(graph, i, head, Rule::SameArchitectureAndExactSize);
        }
    }
}
