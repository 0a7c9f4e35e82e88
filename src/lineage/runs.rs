//! Which run a repository owns and which it comes from, once the links are made.

use super::model::{Graph, MAX_DEPTH};
use super::names;
use crate::domain::{Role, Rule, RunKind};
use rustc_hash::FxHashMap;

/// Roots, owned runs, parents and members.
pub(super) fn assign(graph: &mut Graph<'_>) {
    let heads = heads(graph);
    let roots = all_roots(graph, &heads);
    for (i, root) in roots.into_iter().enumerate() {
        let own_run = own_run(graph, &heads, i, root);
        graph.placements[i].root = root;
        graph.placements[i].own_run = own_run;
    }
    for i in 0..graph.facts.len() {
        let chain: Vec<usize> = graph.ancestors(i).collect();
        if graph.placements[i].role != Role::Merge {
            // A merge has several parents; its lineage is the union of theirs, not one of them.
            let owner = chain.iter().copied().find(|a| *a < graph.facts.len() && graph.placements[*a].own_run.is_some());
            // Members of a head's group start from the run it carries.
            graph.placements[i].parent = owner.or(graph.placements[i].root.filter(|r| *r != i && *r < graph.facts.len()));
        }
        for ancestor in chain {
            if graph.placements[ancestor].own_run.is_some() && graph.placements[ancestor].group_rule == Rule::SingleRepository {
                graph.placements[ancestor].group_rule = Rule::BaseModelLinks;
            }
        }
    }
}

/// Who carries the pre-training of a base that the index lacks: of the repositories of the same namespace whose weights come
/// from it, the registered one, else the earliest; by position of the absent base.
fn heads(graph: &Graph<'_>) -> FxHashMap<usize, usize> {
    let mut heads: FxHashMap<usize, usize> = FxHashMap::default();
    for i in 0..graph.facts.len() {
        let placement = &graph.placements[i];
        if !matches!(placement.role, Role::Finetuned | Role::Continued | Role::Pretrained) {
            continue;
        }
        let Some(base) = graph.ancestors(i).last().filter(|b| graph.is_absent(*b)) else { continue };
        let f = graph.node(i);
        let same_house = graph.node(base).same_owner(f);
        // A model that scores answers is made of one that writes them.
        let scores = f.registry_kind.is_none() && names::says_reward_model(f.name());
        if !same_house || scores || graph.placements[base].role != Role::Pretrained {
            continue;
        }
        let rank = |i: usize| {
            let f = graph.node(i);
            let steps = graph.ancestors(i).count();
            (f.registry_kind != Some(RunKind::Pretraining), steps, f.created_ms.unwrap_or(i64::MAX), f.model_id.clone())
        };
        let head = heads.entry(base).or_insert(i);
        if rank(i) < rank(*head) {
            *head = i;
        }
    }
    heads
}

/// What is known of a node's root while all are looked up.
#[derive(Clone, Copy)]
enum Looked {
    Unseen,
    /// On the current path: a cycle through a merge's further bases ends here without a root.
    Underway,
    Done(Option<usize>),
}

/// The repository whose pre-training each node's weights come from. Each node is looked up once: merges of merges share their parents.
fn all_roots(graph: &Graph<'_>, heads: &FxHashMap<usize, usize>) -> Vec<Option<usize>> {
    let mut seen = vec![Looked::Unseen; graph.len()];
    (0..graph.len()).map(|i| root(graph, heads, i, &mut seen, 0)).collect()
}

/// The root of one node. A chain that is longer than any real one has none.
fn root(graph: &Graph<'_>, heads: &FxHashMap<usize, usize>, i: usize, seen: &mut [Looked], depth: usize) -> Option<usize> {
    match seen[i] {
        Looked::Done(root) => return root,
        Looked::Underway => return None,
        Looked::Unseen => {}
    }
    if depth > MAX_DEPTH {
        return None;
    }
    seen[i] = Looked::Underway;
    let placement = &graph.placements[i];
    let found = match placement.role {
        Role::Pretrained => Some(heads.get(&i).copied().unwrap_or(i)),
        Role::Empty | Role::Untrained => None,
        Role::Merge => {
            // A parent of which nothing is known contradicts nothing; two known ones that differ leave it open.
            let mut roots: Vec<usize> = placement.bases().filter_map(|b| root(graph, heads, b, seen, depth + 1)).collect();
            if roots.iter().any(|r| !is_strangers(graph, *r)) {
                roots.retain(|r| !is_strangers(graph, *r));
            }
            roots.first().copied().filter(|first| roots.iter().all(|r| r == first))
        }
        Role::Continued | Role::Finetuned | Role::Adapter | Role::Quantized | Role::Converted => match placement.base {
            Some(base) => root(graph, heads, base, seen, depth + 1),
            None => graph.carries_pretraining(i).then_some(i),
        },
    };
    seen[i] = Looked::Done(found);
    found
}

/// Whether a root is a model that somebody names as a base and nobody describes: weights of a fine-tuner that are gone, more often than
/// a pre-training.
fn is_strangers(graph: &Graph<'_>, i: usize) -> bool {
    let f = graph.node(i);
    graph.is_absent(i) && !f.listed_owner && f.registry_kind.is_none()
}

/// Kind of the run that a repository owns, by its role and its root.
fn own_run(graph: &Graph<'_>, heads: &FxHashMap<usize, usize>, i: usize, root: Option<usize>) -> Option<RunKind> {
    if graph.is_absent(i) {
        // An absent base owns a run that has no row: nothing of it is estimated. Its members name it.
        return (graph.placements[i].role == Role::Pretrained && !heads.contains_key(&i)).then_some(RunKind::Pretraining);
    }
    let same_house = root.is_some_and(|r| graph.node(r).same_house(graph.node(i)));
    match graph.placements[i].role {
        Role::Pretrained => Some(RunKind::Pretraining),
        Role::Finetuned | Role::Continued | Role::Converted if root == Some(i) => Some(RunKind::Pretraining),
        // A head is trained on its target's answers, and costs nothing of the share that a chat release costs.
        Role::Finetuned if graph.placements[i].role_rule == Rule::DraftHead => Some(RunKind::FineTuning),
        Role::Finetuned | Role::Continued if same_house => Some(RunKind::PostTraining),
        Role::Finetuned | Role::Continued => Some(RunKind::FineTuning),
        Role::Adapter => Some(RunKind::Adapter),
        Role::Merge | Role::Quantized | Role::Converted | Role::Empty | Role::Untrained => None,
    }
}
