//! The links between repositories, strongest evidence first: stated bases, copies, siblings, specialities, family names, shapes.
//!
//! Every pass looks at nodes that are still open, groups them by a key in a hash map and walks each group once: near-linear in the
//! number of repositories.

mod by_name;
mod by_shape;

use super::RepoFacts;
use super::families;
use super::graph::Graph;
use super::names;
use super::roles::{Relation, Role};
use super::runs::{RunKind, carries_itself};
pub use crate::domain::LinkPass;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

/// Relative difference of parameter counts within which two repositories can share a run (METHOD.md section 2).
const SAME_SIZE: f64 = 0.005;
/// The same where a name says that they do: a longer vocabulary or a dropped head changes a count by some percent.
const NAMED_SIZE: f64 = 0.10;
/// Above this nobody trains two models of exactly one size and architecture in one namespace: DeepSeek-V3 and R1 share a run.
const UNIQUE_SIZE_PARAMS: i64 = 100_000_000_000;
/// From this size on, a pre-training by somebody who is no listed organization is rarer than a fine-tune without a link.
const LARGE_PARAMS: i64 = 1_000_000_000;
/// A base may have been announced this long before its repository was opened.
const BASE_MAY_BE_YOUNGER_MS: i64 = 14 * 86_400_000;

/// Names of the rules of the passes below that make a repository a member of a run, or no run at all, without a stated link: what
/// `sensitivity` takes away.
pub const IMPLICIT_RULES: &[&str] = &[
    "sibling_same_stem",
    "sibling_same_size_above_100b",
    "speciality_of_a_sibling",
    "names_a_family_of_another_owner",
    "names_a_model_in_full",
    "family_architecture_and_size",
    "same_architecture_and_exact_size",
    "mirror_same_name_and_size",
    "other_format_in_one_namespace",
    "family_architecture_of_an_unlisted_owner",
    "size_of_no_known_pretraining",
];

/// Makes all links but those of the passes left out.
pub(super) fn link(graph: &mut Graph<'_>, without: &[LinkPass]) {
    let does = |pass: LinkPass| !without.contains(&pass);
    if does(LinkPass::StatedBases) {
        stated_bases(graph);
        shapes_of_bases(graph);
        settle_contradictions(graph);
    }
    if does(LinkPass::Copies) {
        copies_by_name(graph);
    }
    if does(LinkPass::Siblings) {
        siblings_by_stem(graph);
        siblings_by_unique_size(graph);
    }
    if does(LinkPass::Specialities) {
        by_name::specialities(graph);
    }
    if does(LinkPass::FamilyNames) {
        by_name::models_by_name(graph);
        by_name::families_by_name(graph);
    }
    if does(LinkPass::Shapes) {
        by_shape::shapes(graph);
        by_shape::exact_shapes(graph);
    }
    by_shape::leftovers(graph);
    carriers(graph);
    cut_cycles(graph);
}

/// Whether no base is known yet of a node that may have one.
fn is_open(graph: &Graph<'_>, i: usize) -> bool {
    let p = &graph.placements[i];
    p.base.is_none() && p.role != Role::Empty && graph.node(i).registry_kind != Some(RunKind::Pretraining)
}

/// Gives a node its base; a role that was only the default becomes a fine-tune.
fn join(graph: &mut Graph<'_>, member: usize, base: usize, rule: &'static str) {
    let (own, of_base) = (graph.node(member).rough_params, graph.shape(base).0);
    // A vocabulary of one's own takes a pre-training to fill.
    let grown_vocabulary = rule == "names_a_family_of_another_owner"
        && matches!((own, of_base), (Some(a), Some(b)) if a > b && relative(a, b) > SAME_SIZE && graph.node(member).params.is_some());
    // A stated link the other way round is better evidence than any rule here.
    if base == member || super::runs::ancestors(&graph.placements, base).any(|a| a == member) {
        return;
    }
    let f = graph.node(member);
    let continues = grown_vocabulary
        || names::names_base(f.name()) && !f.owner().eq_ignore_ascii_case(graph.node(base).owner())
        || f.listed_owner && names::names_longer_context(f.name());
    let p = &mut graph.placements[member];
    if p.role == Role::Pretrained {
        p.role = if continues { Role::Continued } else { Role::Finetuned };
        p.role_rule = rule;
    }
    p.base = Some(base);
    if rule.starts_with("sibling") && graph.placements[base].group_rule == super::runs::SINGLE {
        graph.placements[base].group_rule = rule;
    }
}

fn relative(a: i64, b: i64) -> f64 {
    #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
    let (a, b) = (a as f64, b as f64);
    (a - b).abs() / a.max(b).max(1.0)
}

fn same_size(a: Option<i64>, b: Option<i64>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a > 0 && b > 0 && relative(a, b) <= SAME_SIZE)
}

/// Whether sizes do not contradict each other by more than `within`; unknown ones do not.
fn sizes_agree(a: &RepoFacts, b: &RepoFacts, within: f64) -> bool {
    match (a.rough_params, b.rough_params) {
        (Some(a), Some(b)) => relative(a, b) <= within,
        _ => true,
    }
}

/// The same for a base, whose size has to be known, if only by what rests on it.
fn size_fits(graph: &Graph<'_>, i: usize, candidate: usize) -> bool {
    let size = graph.shape(candidate).0.or(graph.node(candidate).rough_params);
    match (graph.node(i).rough_params, size) {
        (Some(a), Some(b)) => relative(a, b) <= NAMED_SIZE,
        (None, size) => size.is_some(),
        (Some(_), None) => false,
    }
}

fn architectures_agree(a: &RepoFacts, b: &RepoFacts) -> bool {
    match (&a.architecture, &b.architecture) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}

/// Sort key for "the original": registered, not a mirror's, earliest, then by id.
fn seniority(f: &RepoFacts) -> (bool, bool, i64, &str) {
    (f.registry_kind.is_none(), names::is_mirror(f.owner()), f.created_ms.unwrap_or(i64::MAX), f.model_id.as_str())
}

/// Base ids to positions. All of a merge's are kept, of every other the first.
fn stated_bases(graph: &mut Graph<'_>) {
    // No other pass looks ids up: at millions of repositories their map is worth freeing.
    let by_id = std::mem::take(&mut graph.by_id);
    let find = |id: &String| by_id.get(id.to_lowercase().as_str()).map(|i| *i as usize);
    for i in 0..graph.len() {
        let role = graph.placements[i].role;
        if role == Role::Empty {
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
/// Whether the house itself has the shape, and how many have it.
type Votes = (bool, usize);

/// A base whose files show no size has the architecture and size of what was trained from it: that is how the original of a model that
/// is gone, that only the registry knows, or whose weights the Hub does not count, is found. The house's own weights decide before
/// strangers' (some of which have a longer vocabulary), of those the most common size.
fn shapes_of_bases(graph: &mut Graph<'_>) {
    let n = graph.facts.len();
    let mut votes: FxHashMap<usize, BTreeMap<Shape, Votes>> = FxHashMap::default();
    for i in 0..n {
        let p = &graph.placements[i];
        let f = &graph.facts[i];
        let trained = matches!(p.role, Role::Finetuned | Role::Continued | Role::Merge) && f.float_weights;
        let (Some(params), true) = (f.params, trained && f.architecture.is_some()) else { continue };
        // Merged models have one shape, too.
        for base in graph.placements[i].bases() {
            let b = graph.node(base);
            if b.params.is_none() && b.rough_params.is_none_or(|rough| relative(rough, params) <= NAMED_SIZE) {
                let vote = votes.entry(base).or_default().entry((params, f.architecture.clone())).or_default();
                vote.0 |= b.owner().eq_ignore_ascii_case(f.owner());
                vote.1 += 1;
            }
            // An absent base is at least as old as the first that rests on it.
            if base >= n && graph.absent[base - n].registry_kind.is_none() {
                let absent = &mut graph.absent[base - n];
                absent.created_ms = [absent.created_ms, f.created_ms].into_iter().flatten().min();
            }
        }
    }
    for (base, shapes) in votes {
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

/// Where a stated relation contradicts names, sizes and owners: a "finetune" that is its base's copy by name and size in another
/// namespace, a "quantized" copy in the base's own house whose name says nothing of it, a base that is itself a quantized copy.
fn settle_contradictions(graph: &mut Graph<'_>) {
    for i in 0..graph.facts.len() {
        let Some(base) = graph.placements[i].base else { continue };
        let (f, b) = (graph.node(i), graph.node(base));
        let p = &graph.placements[i];
        let same_house = f.owner().eq_ignore_ascii_case(b.owner());
        let same_name = names::without_format(f.name()) == names::without_format(b.name());
        let copied_weights = f.float_weights && (b.params.is_none() || same_size(f.params, b.params));
        let (role, rule) = match p.role {
            Role::Finetuned if same_name && copied_weights && (!same_house || f.name().len() > b.name().len()) => {
                (Role::Converted, "copy_of_its_base_by_name_and_size")
            }
            Role::Quantized if p.role_rule == "quantized_relation" && same_house && !names::is_mirror(f.owner()) && !same_name => {
                (Role::Finetuned, "quantized_relation_in_the_house_of_its_base")
            }
            Role::Finetuned if !same_house && !f.listed_owner && grown(f, b) => (Role::Merge, "larger_than_its_base"),
            Role::Quantized if f.relation == Some(Relation::Finetune) && !same_name && !same_house => {
                (Role::Finetuned, "finetune_of_a_quantized_copy")
            }
            _ => continue,
        };
        graph.placements[i].role = role;
        graph.placements[i].role_rule = rule;
    }
}

/// Fine-tuning adds a head or some words to a model, a tenth more is layers that were stacked; twice as much is a wrong link.
fn grown(f: &RepoFacts, base: &RepoFacts) -> bool {
    matches!((f.params, base.params), (Some(own), Some(base)) if own > base && relative(own, base) > NAMED_SIZE && own < 2 * base && base >= LARGE_PARAMS)
}

/// Groups of two nodes or more that share a key, ordered by key, each in order of position. Keys are made anew where their hashes meet
/// instead of being held: millions of them are not worth the memory.
fn groups<K: Ord + Hash>(n: usize, key: impl Fn(usize) -> Option<K>) -> Vec<Vec<usize>> {
    let mut hashes: Vec<(u64, usize)> = (0..n).filter_map(|i| key(i).map(|k| (FxBuildHasher.hash_one(&k), i))).collect();
    hashes.sort_unstable();
    let mut groups: BTreeMap<K, Vec<usize>> = BTreeMap::new();
    for same_hash in hashes.chunk_by(|a, b| a.0 == b.0).filter(|run| run.len() > 1) {
        for (_, i) in same_hash {
            if let Some(k) = key(*i) {
                groups.entry(k).or_default().push(*i);
            }
        }
    }
    groups.into_values().filter(|group| group.len() > 1).collect()
}

/// Copies without a link: the same name in another namespace and, for float weights, the same size and architecture (a mirror);
/// or a quantized or converted repository whose name without format tokens is another's.
fn copies_by_name(graph: &mut Graph<'_>) {
    for group in groups(graph.len(), |i| Some(names::without_format(graph.node(i).name()))) {
        let is_original = |i: &&usize| !graph.placements[**i].role.copies_weights() && graph.placements[**i].role != Role::Empty;
        // In one house the name without a format comes first: Llama-2-7b before Llama-2-7b-hf.
        let rank = |i: &usize| {
            let f = graph.node(*i);
            (names::is_mirror(f.owner()), !f.listed_owner && f.registry_kind.is_none(), f.name().len(), seniority(f))
        };
        let Some(original) = group.iter().filter(is_original).min_by(|a, b| rank(a).cmp(&rank(b))).copied() else { continue };
        for &i in group.iter().filter(|i| **i != original) {
            let (f, o) = (graph.node(i), graph.node(original));
            let same_house = f.owner().eq_ignore_ascii_case(o.owner());
            if graph.placements[i].base.is_some() || graph.is_absent(i) {
                continue;
            }
            if graph.placements[i].role.copies_weights() {
                graph.placements[i].base = Some(original);
            } else if same_house && names::names_conversion_of(f.name(), o.name()) && sizes_agree(f, o, NAMED_SIZE) {
                convert(graph, i, original, "other_format_in_one_namespace");
            } else if is_open(graph, i) && !same_house && architectures_agree(f, o) && same_size(f.params, o.params) {
                convert(graph, i, original, "mirror_same_name_and_size");
            }
        }
    }
}

fn convert(graph: &mut Graph<'_>, i: usize, original: usize, rule: &'static str) {
    graph.placements[i].role = Role::Converted;
    graph.placements[i].role_rule = rule;
    graph.placements[i].base = Some(original);
    if let (Some(params), architecture) = graph.shape(i)
        && graph.node(original).params.is_none()
    {
        let shape = (params, architecture.cloned());
        graph.shown_elsewhere.entry(original).or_insert(shape);
    }
}

/// A node that may turn out to be a member of another's run in its own house.
fn can_be_sibling(graph: &Graph<'_>, i: usize) -> bool {
    let p = &graph.placements[i];
    p.base.is_none() && matches!(p.role, Role::Pretrained | Role::Finetuned | Role::Continued)
}

fn is_registered(graph: &Graph<'_>, i: usize) -> bool {
    graph.node(i).registry_kind == Some(RunKind::Pretraining)
}

/// Siblings without links: one namespace and one name stem (which holds the size) rest on one pre-training, that of the earliest base
/// member. Two that the registry lists as pre-trainings stay apart; a member then joins the one whose name shares most words with its own.
fn siblings_by_stem(graph: &mut Graph<'_>) {
    // Also members with a base: they can head a family whose base the index lacks, or be one that others join.
    let of_family = |i: usize| matches!(graph.placements[i].role, Role::Pretrained | Role::Finetuned | Role::Continued);
    let families = groups(graph.len(), |i| {
        let f = graph.node(i);
        let key = (!f.owner().is_empty() && of_family(i)).then(|| (f.owner().to_lowercase(), names::stem(f.name())));
        key.filter(|(_, stem)| !stem.is_empty())
    });
    for group in families {
        // A sibling named -Base shows that the others were post-trained, registered or not.
        let bases = |i: &usize| names::is_base_of_family(graph.node(*i).name());
        let mut heads: Vec<usize> = group.iter().copied().filter(bases).collect();
        let base_named = !heads.is_empty();
        if heads.is_empty() {
            heads.extend(group.iter().copied().filter(|i| graph.placements[*i].base.is_none() && is_registered(graph, *i)));
        }
        if heads.is_empty() {
            let rank = |i: &usize| {
                let (f, p) = (graph.node(*i), &graph.placements[*i]);
                let base_like = matches!(p.role, Role::Pretrained | Role::Continued);
                let long = names::names_context_length(f.name());
                (!base_like, names::names_post_training(f.name()), long, f.registry_kind.is_none(), seniority_of(f))
            };
            heads.extend(group.iter().min_by(|a, b| rank(a).cmp(&rank(b))).copied());
        }
        for &i in &group {
            if heads.contains(&i) || !can_be_sibling(graph, i) || (is_registered(graph, i) && !base_named) {
                continue;
            }
            let f = graph.node(i);
            let fits = |h: &&usize| {
                let head = graph.node(**h);
                let within = if graph.is_absent(**h)
                    || graph.is_absent(i)
                    || head.registry_kind.is_some()
                    || f.params.is_none()
                    || head.params.is_none()
                {
                    NAMED_SIZE
                } else {
                    SAME_SIZE
                };
                sizes_agree(f, head, within) && (graph.is_absent(**h) || graph.is_absent(i) || architectures_agree(f, head))
            };
            let shared = |h: &&usize| (names::shared_words(f.name(), graph.node(**h).name()), std::cmp::Reverse(**h));
            if let Some(head) = heads.iter().filter(fits).max_by_key(shared).copied() {
                join(graph, i, head, "sibling_same_stem");
            }
        }
    }
}

fn seniority_of(f: &RepoFacts) -> (i64, &str) {
    (f.created_ms.unwrap_or(i64::MAX), f.model_id.as_str())
}

/// One namespace, one architecture, one size above 100 B: one pre-training, whatever the names.
fn siblings_by_unique_size(graph: &mut Graph<'_>) {
    let houses = groups(graph.facts.len(), |i| {
        let f = graph.node(i);
        let trained = matches!(graph.placements[i].role, Role::Pretrained | Role::Finetuned | Role::Continued);
        let unique = trained && f.params.is_some_and(|n| n >= UNIQUE_SIZE_PARAMS);
        unique.then(|| Some((f.owner().to_lowercase(), f.architecture.clone()?))).flatten()
    });
    for mut group in houses {
        group.sort_by(|a, b| {
            let rank = |i: usize| {
                let f = graph.node(i);
                (graph.placements[i].role != Role::Pretrained, names::names_post_training(f.name()), seniority(f))
            };
            rank(*a).cmp(&rank(*b))
        });
        for position in 1..group.len() {
            let i = group[position];
            if !can_be_sibling(graph, i) || graph.node(i).registry_kind == Some(RunKind::Pretraining) {
                continue;
            }
            let head = group[..position].iter().copied().find(|h| same_size(graph.node(*h).params, graph.node(i).params));
            if let Some(head) = head {
                join(graph, i, head, "sibling_same_size_above_100b");
            }
        }
    }
}

/// Whether strangers' weights may rest on a node: a pre-training by a house of models, or a registered one.
fn is_known_root(graph: &Graph<'_>, i: usize) -> bool {
    let f = graph.node(i);
    let at_home = || families::named(f.name()).is_some_and(|n| families::is_home(n.family, f.owner()));
    (graph.placements[i].role == Role::Pretrained || carries_itself(graph, i) && (f.registry_kind.is_some() || at_home()))
        && (f.registry_kind == Some(RunKind::Pretraining) || f.listed_owner)
        && (f.registry_kind.is_some() || !names::is_mirror(f.owner()))
}

/// A known root, or a house's base that continues another: SOLAR stands on Mistral, and many name it.
fn is_known_base(graph: &Graph<'_>, i: usize) -> bool {
    let f = graph.node(i);
    let at_home = || families::named(f.name()).is_some_and(|n| families::is_home(n.family, f.owner()));
    is_known_root(graph, i) || graph.placements[i].role == Role::Continued && f.listed_owner && at_home()
}

/// A base must be older than what rests on it, as far as dates are known.
fn old_enough(base: &RepoFacts, f: &RepoFacts) -> bool {
    match (base.created_ms, f.created_ms) {
        (Some(base), Some(own)) => base <= own + BASE_MAY_BE_YOUNGER_MS,
        _ => true,
    }
}

/// Of several bases that fit: the closest by a hundredth of a percent first, then the newest that is old
/// enough, then by id.
fn closest(graph: &Graph<'_>, i: usize, candidates: impl Iterator<Item = usize>) -> Option<usize> {
    let f = graph.node(i);
    let rank = |c: usize| {
        let base = graph.node(c);
        #[allow(clippy::cast_possible_truncation)] // At most 10,000.
        let apart = match (f.params, graph.shape(c).0) {
            (Some(a), Some(b)) => (relative(a, b) * 10_000.0).round() as i64,
            _ => 50,
        };
        let age = base.created_ms.map_or(i64::MAX, |created| f.created_ms.map_or(0, |own| own - created));
        (apart, age, base.model_id.as_str())
    };
    candidates.filter(|c| *c != i && old_enough(graph.node(*c), f)).min_by(|a, b| rank(*a).cmp(&rank(*b)))
}

/// Registered pre-trainings that are known by a copy only: of a mirror, or in the format of a library.
fn carriers(graph: &mut Graph<'_>) {
    for i in 0..graph.facts.len() {
        let f = &graph.facts[i];
        let copy = names::is_mirror(f.owner()) || names::names_another_format(f.name());
        if copy && graph.placements[i].role_rule == "registry_pretraining" {
            graph.placements[i].role = Role::Converted;
            graph.placements[i].role_rule = "copy_of_a_registered_pretraining";
        }
    }
}

/// Removes one link of every cycle, at the member that comes first by id, so that every chain ends.
fn cut_cycles(graph: &mut Graph<'_>) {
    // 0 = unseen, 1 = on the current path, 2 = done.
    let mut state = vec![0_u8; graph.len()];
    for start in 0..graph.len() {
        let mut path = Vec::new();
        let mut at = start;
        while state[at] == 0 {
            state[at] = 1;
            path.push(at);
            match graph.placements[at].base {
                Some(base) => at = base,
                None => break,
            }
        }
        if state[at] == 1 && graph.placements[at].base.is_some() {
            let from = path.iter().position(|i| *i == at).unwrap_or(0);
            if let Some(&first) = path[from..].iter().min_by_key(|i| graph.node(**i).model_id.as_str()) {
                tracing::warn!(
                    model = graph.node(first).model_id,
                    "base models form a cycle, its first member is taken as having none"
                );
                graph.placements[first].base = None;
            }
        }
        for i in path {
            state[i] = 2;
        }
    }
}
