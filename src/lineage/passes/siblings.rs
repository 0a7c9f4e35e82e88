//! Siblings of one namespace: by the stem of their names, or by a size above 100 B.

use super::compare::{NAMED_SIZE, SAME_SIZE, architectures_agree, old_enough, same_size, seniority, sizes_agree};
use super::groups::groups;
use super::join::{can_be_sibling, is_registered, is_trained, join};
use crate::domain::{Role, Rule};
use crate::lineage::model::{Graph, RepoFacts};
use crate::lineage::names;

/// Above this nobody trains two models of exactly one size and architecture in one namespace: DeepSeek-V3 and R1 share a run.
const UNIQUE_SIZE_PARAMS: i64 = 100_000_000_000;

/// Siblings without links: one namespace and one name stem (which has the size) come from one pre-training, that of the earliest base
/// member. Two that the registry lists as pre-trainings stay apart; a member then joins the one whose name shares most words with its own.
pub(super) fn siblings_by_stem(graph: &mut Graph<'_>) {
    // Also members with a base: they can head a family whose base the index lacks, or be one that others join.
    let families = groups(graph.len(), |i| {
        let f = graph.node(i);
        let key = (!f.owner().is_empty() && is_trained(graph, i)).then(|| (f.owner().to_lowercase(), names::stem(f.name())));
        key.filter(|(_, stem)| !stem.is_empty())
    });
    for group in families {
        let Heads { heads, base_named } = Heads::new(graph, &group);
        for &i in &group {
            if heads.contains(&i) || !can_be_sibling(graph, i) || (is_registered(graph, i) && !base_named) {
                continue;
            }
            let name = graph.node(i).name();
            let shared = |h: &&usize| (names::shared_words(name, graph.node(**h).name()), std::cmp::Reverse(**h));
            if let Some(head) = heads.iter().filter(|h| fits_head(graph, i, **h)).max_by_key(shared).copied() {
                join(graph, i, head, Rule::SiblingSameStem);
            }
        }
    }
}

/// The members of a group that the others were trained from.
struct Heads {
    heads: Vec<usize>,
    /// Whether their names say that they are bases.
    base_named: bool,
}

impl Heads {
    /// Those whose names say that they are bases, else the registered pre-trainings, else the earliest that looks like a base.
    fn new(graph: &Graph<'_>, group: &[usize]) -> Self {
        // A sibling named -Base shows that the others were post-trained, registered or not.
        let is_base = |i: &usize| names::is_base_of_family(graph.node(*i).name());
        let mut heads: Vec<usize> = group.iter().copied().filter(is_base).collect();
        let base_named = !heads.is_empty();
        let all = heads.clone();
        heads.retain(|later| !all.iter().any(|earlier| goes_on_with(graph, *earlier, *later)));
        if heads.is_empty() {
            heads.extend(group.iter().copied().filter(|i| graph.placements[*i].base.is_none() && is_registered(graph, *i)));
        }
        if heads.is_empty() {
            let rank = |i: &usize| {
                let (f, p) = (graph.node(*i), &graph.placements[*i]);
                let base_like = matches!(p.role, Role::Pretrained | Role::Continued);
                let long = names::says_context_length(f.name());
                let age = (f.created_ms.unwrap_or(i64::MAX), f.model_id.as_str());
                (!base_like, names::says_post_trained(f.name()), long, f.registry_kind.is_none(), age)
            };
            heads.extend(group.iter().min_by(|a, b| rank(a).cmp(&rank(b))).copied());
        }
        Self { heads, base_named }
    }
}

/// Whether of two bases of one name and one size the second goes on with the first, to a longer context or, where the sizes are one to the last
/// parameter, behind what its name calls the pre-training: `granite-8b-code-base-4k` and `-128k`, `Mellum2-12B-A2.5B-Base-Pretrain` and `-Base`.
fn goes_on_with(graph: &Graph<'_>, earlier: usize, later: usize) -> bool {
    let (a, b) = (graph.node(earlier), graph.node(later));
    let rank = |f: &RepoFacts| (names::context_length(f.name()), !names::says_pretrain(f.name()));
    let is_longer = names::context_length(b.name()) > names::context_length(a.name());
    let is_counted = a.exact_params.is_some() && b.exact_params.is_some();
    // Regression: tiny-aya-base-32K, which has some more words in its table than tiny-aya-base, was a pre-training of its own.
    let is_one_size = is_counted && (a.exact_params == b.exact_params || is_longer && sizes_agree(a, b, SAME_SIZE));
    let is_one_name = || names::stem_with_version(a.name()) == names::stem_with_version(b.name());
    is_one_size && rank(a) < rank(b) && is_one_name() && old_enough(a, b)
}

/// Whether size and architecture of a member agree with a head's.
fn fits_head(graph: &Graph<'_>, i: usize, head: usize) -> bool {
    let (f, h) = (graph.node(i), graph.node(head));
    let one_is_absent = graph.is_absent(head) || graph.is_absent(i);
    // A registered pre-training is no post-training of a base that came later (Apertus-70B-2509 of Apertus-v1.5-70B-base).
    if is_registered(graph, i) && !old_enough(h, f) {
        return false;
    }
    let rough = one_is_absent || h.registry_kind.is_some() || f.params.is_none() || h.params.is_none();
    sizes_agree(f, h, if rough { NAMED_SIZE } else { SAME_SIZE }) && (one_is_absent || architectures_agree(f, h))
}

/// A counted size that nobody trains twice.
fn large_size(f: &RepoFacts) -> Option<i64> {
    f.params.or(f.exact_params).filter(|n| *n >= UNIQUE_SIZE_PARAMS)
}

/// One namespace, one architecture, one size above 100 B: one pre-training, whatever the names.
pub(super) fn siblings_by_unique_size(graph: &mut Graph<'_>) {
    let houses = groups(graph.facts.len(), |i| {
        let f = graph.node(i);
        let unique = is_trained(graph, i) && large_size(f).is_some();
        unique.then(|| (f.owner().to_lowercase(), f.architecture.clone()))
    });
    for mut group in houses {
        group.sort_by(|a, b| {
            let rank = |i: usize| {
                let f = graph.node(i);
                let role = graph.placements[i].role != Role::Pretrained;
                (!names::is_base_of_family(f.name()), role, names::says_post_trained(f.name()), seniority(f))
            };
            rank(*a).cmp(&rank(*b))
        });
        for position in 1..group.len() {
            let i = group[position];
            if !can_be_sibling(graph, i) || is_registered(graph, i) {
                continue;
            }
            let size = large_size(graph.node(i));
            // Two bases of nearly one size are two generations; to the last parameter, one went on from the other.
            let fits = |h: &usize| {
                let two_bases = [*h, i].iter().all(|m| names::is_base_of_family(graph.node(*m).name()));
                let (f, h) = (graph.node(i), graph.node(*h));
                let known = large_size(h);
                // A size that is only nearly the same is a relation where names and dates say so.
                let is_named_alike = !two_bases && names::shared_words(f.name(), h.name()) > 0 && old_enough(h, f);
                same_size(known, size) && (known == size || is_named_alike)
            };
            let head = group[..position].iter().copied().find(fits);
            if let Some(head) = head {
                join(graph, i, head, Rule::SiblingSameSizeAbove100b);
            }
        }
    }
}
