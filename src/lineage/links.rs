//! The links between repositories, strongest evidence first: stated bases, copies, siblings, specialities, family names, shapes.
//!
//! Every pass looks at nodes that are still open, groups them by a key in a hash map and walks each group once: near-linear in the
//! number of repositories.

use super::RepoFacts;
use super::families;
use super::graph::Graph;
use super::names;
use super::roles::{Relation, Role};
use super::runs::RunKind;
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

/// A pass of the linking. An ablation leaves one out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkPass {
    /// Bases that cards, tags or the Hub state.
    StatedBases,
    /// Copies by name: mirrors, formats, quantizers.
    Copies,
    /// Siblings of one namespace by stem or by a size above 100 B.
    Siblings,
    /// Coder, math and vision models on their house's base.
    Specialities,
    /// Names that point at another house's family.
    FamilyNames,
    /// Architecture and size of a known base.
    Shapes,
}

/// Makes all links but those of the passes left out.
pub(super) fn link(graph: &mut Graph<'_>, without: &[LinkPass]) {
    let does = |pass: LinkPass| !without.contains(&pass);
    if does(LinkPass::StatedBases) {
        stated_bases(graph);
        shapes_of_absent_bases(graph);
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
        specialities(graph);
    }
    if does(LinkPass::FamilyNames) {
        families_by_name(graph);
    }
    if does(LinkPass::Shapes) {
        shapes(graph);
        exact_shapes(graph);
    }
    leftovers(graph);
    cut_cycles(graph);
}

/// Whether no base is known yet of a node that may have one.
fn is_open(graph: &Graph<'_>, i: usize) -> bool {
    let p = &graph.placements[i];
    p.base.is_none() && p.role != Role::Empty && graph.node(i).registry_kind != Some(RunKind::Pretraining)
}

/// Gives a node its base; a role that was only the default becomes a fine-tune.
fn join(graph: &mut Graph<'_>, member: usize, base: usize, rule: &'static str) {
    // A stated link the other way round is better evidence than any rule here.
    if base == member || super::runs::ancestors(&graph.placements, base).any(|a| a == member) {
        return;
    }
    let p = &mut graph.placements[member];
    if p.role == Role::Pretrained {
        p.role = Role::Finetuned;
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

/// An absent base has the architecture and size of what was fine-tuned from it: that is how the original of a model that is gone, or
/// that only the registry knows, is found.
fn shapes_of_absent_bases(graph: &mut Graph<'_>) {
    let n = graph.facts.len();
    for i in 0..n {
        let p = &graph.placements[i];
        let f = &graph.facts[i];
        let trained = matches!(p.role, Role::Finetuned | Role::Continued | Role::Merge) && f.float_weights;
        if !trained || f.params.is_none() || f.architecture.is_none() {
            continue;
        }
        // Merged models have one shape, too.
        for base in p.bases().filter(|b| *b >= n) {
            let absent = &mut graph.absent[base - n];
            let agrees = match (absent.rough_params, f.params) {
                (Some(a), Some(b)) => relative(a, b) <= NAMED_SIZE,
                _ => true,
            };
            if agrees && absent.params.is_none() {
                absent.params = f.params;
                absent.rough_params = absent.rough_params.or(f.params);
                absent.architecture.clone_from(&f.architecture);
            }
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

/// `Qwen2.5-Coder-7B` without a link stands on `Qwen2.5-7B` of its house: further training on a speciality.
fn specialities(graph: &mut Graph<'_>) {
    let key = |f: &RepoFacts, name: &str| (f.owner().to_lowercase(), names::stem(name));
    // Few names have a speciality: only what these can stand on is looked up.
    let special: Vec<(usize, (String, String))> = (0..graph.len())
        .filter(|i| can_be_sibling(graph, *i) && graph.node(*i).registry_kind != Some(RunKind::Pretraining))
        .filter_map(|i| {
            let f = graph.node(i);
            Some((i, key(f, &families::without_speciality(f.name())?)))
        })
        .collect();
    let mut bases: FxHashMap<(String, String), Option<usize>> = special.iter().map(|(_, key)| (key.clone(), None)).collect();
    let owners: FxHashSet<String> = bases.keys().map(|(owner, _)| owner.clone()).collect();
    for i in 0..graph.len() {
        let f = graph.node(i);
        let may_be_base = graph.placements[i].role == Role::Pretrained && owners.contains(&f.owner().to_lowercase());
        if may_be_base
            && families::without_speciality(f.name()).is_none()
            && let Some(known) = bases.get_mut(&key(f, f.name()))
            && known.is_none_or(|known| seniority(f) < seniority(graph.node(known)))
        {
            *known = Some(i);
        }
    }
    for (i, key) in special {
        let Some(base) = bases.get(&key).copied().flatten() else { continue };
        let continued = graph.placements[i].role == Role::Pretrained && !names::names_post_training(graph.node(i).name());
        join(graph, i, base, "speciality_of_a_sibling");
        if continued {
            graph.placements[i].role = Role::Continued;
        }
    }
}

/// Whether strangers' weights may rest on a node: a pre-training by a house of models, or a registered one.
fn is_known_root(graph: &Graph<'_>, i: usize) -> bool {
    let f = graph.node(i);
    graph.placements[i].role == Role::Pretrained
        && (f.registry_kind == Some(RunKind::Pretraining) || f.listed_owner || graph.is_absent(i))
        && (f.registry_kind.is_some() || !names::is_mirror(f.owner()))
}

/// A base must be older than what rests on it, as far as dates are known.
fn old_enough(base: &RepoFacts, f: &RepoFacts) -> bool {
    match (base.created_ms, f.created_ms) {
        (Some(base), Some(own)) => base <= own + BASE_MAY_BE_YOUNGER_MS,
        _ => true,
    }
}

/// Of several bases that fit: exactly the same count first, then the closest by a tenth of a percent, then the newest that is old
/// enough, then by id.
fn closest(graph: &Graph<'_>, i: usize, candidates: impl Iterator<Item = usize>) -> Option<usize> {
    let f = graph.node(i);
    let rank = |c: usize| {
        let base = graph.node(c);
        #[allow(clippy::cast_possible_truncation)] // At most 1000 permille.
        let apart = match (f.params, base.params) {
            (Some(a), Some(b)) => (relative(a, b) * 1000.0).round() as i64,
            _ => 5,
        };
        let age = base.created_ms.map_or(i64::MAX, |created| f.created_ms.map_or(0, |own| own - created));
        (apart, age, base.model_id.as_str())
    };
    candidates.filter(|c| *c != i && old_enough(graph.node(*c), f)).min_by(|a, b| rank(*a).cmp(&rank(*b)))
}

/// Bases by family, version and size.
struct FamilyIndex {
    exact: FxHashMap<(String, String), Vec<usize>>,
    any_version: FxHashMap<(String, String), Vec<usize>>,
    by_version: FxHashMap<String, Vec<usize>>,
}

impl FamilyIndex {
    fn new(graph: &Graph<'_>) -> Self {
        let mut index = Self { exact: FxHashMap::default(), any_version: FxHashMap::default(), by_version: FxHashMap::default() };
        for i in (0..graph.len()).filter(|i| is_known_root(graph, *i)) {
            let f = graph.node(i);
            let Some(named) = families::named(f.name()).filter(|n| families::is_home(n.family, f.owner())) else { continue };
            // A base that differs from its family's text model (coder, vision) is nobody's unless the name says so.
            if families::without_speciality(f.name()).is_some() {
                continue;
            }
            let version = format!("{}|{}", named.family, named.version.as_deref().unwrap_or(""));
            for size in families::sizes(&named, f.named_size) {
                index.any_version.entry((named.family.to_owned(), size.clone())).or_default().push(i);
                index.exact.entry((version.clone(), size)).or_default().push(i);
            }
            index.by_version.entry(version).or_default().push(i);
        }
        index
    }

    /// The base that a name of another house points at.
    fn find(&self, graph: &Graph<'_>, i: usize) -> Option<usize> {
        let f = graph.node(i);
        let named = families::borrowed(f.owner(), f.name())?;
        let fits = |c: &usize| graph.node(*c).rough_params.is_some() && sizes_agree(f, graph.node(*c), NAMED_SIZE);
        let same_architecture = |c: &usize| fits(c) && architectures_agree(f, graph.node(*c));
        let version = format!("{}|{}", named.family, named.version.as_deref().unwrap_or(""));
        // Of the same architecture if there is one; a vision model on a language model has another.
        let pick = |found: Option<&Vec<usize>>| {
            let found = found?;
            let strict = closest(graph, i, found.iter().copied().filter(same_architecture));
            strict.or_else(|| closest(graph, i, found.iter().copied().filter(fits)))
        };
        for size in families::sizes(&named, f.named_size) {
            let of_version = named.version.as_ref().and_then(|_| self.exact.get(&(version.clone(), size.clone())));
            let found = pick(of_version).or_else(|| pick(self.any_version.get(&(named.family.to_owned(), size))));
            if found.is_some() {
                return found;
            }
        }
        // Without a size in the name the counted one has to fit.
        f.rough_params?;
        closest(graph, i, self.by_version.get(&version)?.iter().copied().filter(same_architecture))
    }
}

/// Repositories of other houses whose names point at a family's base.
fn families_by_name(graph: &mut Graph<'_>) {
    let index = FamilyIndex::new(graph);
    for i in 0..graph.len() {
        if is_open(graph, i)
            && !(graph.is_absent(i) && graph.node(i).registry_kind.is_some() && graph.placements[i].role == Role::Pretrained)
            && let Some(base) = index.find(graph, i)
        {
            let continued = graph.placements[i].role == Role::Pretrained && names::names_base(graph.node(i).name());
            join(graph, i, base, "names_a_family_of_another_owner");
            if continued {
                graph.placements[i].role = Role::Continued;
            }
        }
    }
}

/// Fine-tunes without a link or a telling name: the architecture and, to half a percent, the size of one known base.
fn shapes(graph: &mut Graph<'_>) {
    let bucket = |params: i64| {
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
        let bucket = (libm::log(params as f64) / SAME_SIZE).floor() as i64;
        bucket
    };
    let mut roots: FxHashMap<(Arc<str>, i64), Vec<usize>> = FxHashMap::default();
    for i in (0..graph.len()).filter(|i| is_known_root(graph, *i)) {
        let f = graph.node(i);
        if let (Some(architecture), Some(params)) = (&f.architecture, f.params)
            && names::is_family_architecture(architecture)
            && params > 0
        {
            roots.entry((architecture.clone(), bucket(params))).or_default().push(i);
        }
    }
    for i in 0..graph.len() {
        let f = graph.node(i);
        let (Some(architecture), Some(params)) = (&f.architecture, f.params) else { continue };
        if !is_open(graph, i)
            || f.listed_owner
            || f.registry_kind.is_some() && graph.placements[i].role == Role::Pretrained
            || params <= 0
        {
            continue;
        }
        let near = (-1..=1).filter_map(|d| roots.get(&(architecture.clone(), bucket(params) + d))).flatten().copied();
        let fits = near.filter(|c| same_size(graph.node(*c).params, f.params));
        if let Some(base) = closest(graph, i, fits) {
            join(graph, i, base, "family_architecture_and_size");
        }
    }
}

/// A repository that states no base but has exactly the size and architecture of an earlier pre-training is taken as a fine-tune of
/// it: a from-scratch training repeats an architecture, not a vocabulary to the last row.
fn exact_shapes(graph: &mut Graph<'_>) {
    let same_shape = groups(graph.facts.len(), |i| {
        let f = &graph.facts[i];
        (graph.placements[i].base.is_none()).then_some((f.architecture.as_deref()?, f.params?))
    });
    for group in same_shape {
        let original = |i: &&usize| graph.placements[**i].role == Role::Pretrained;
        let Some(&head) = group.iter().filter(original).min_by_key(|i| seniority(graph.node(**i))) else { continue };
        for &i in group.iter().filter(|i| **i != head) {
            let (f, h) = (graph.node(i), graph.node(head));
            // One owner may pre-train two models of one shape (Qwen2-7B, Qwen2.5-7B), but not an Instruct or Math from scratch.
            let own_shape_again = f.owner() == h.owner() && !names::names_post_training(f.name());
            if !is_open(graph, i) || f.registry_kind.is_some() || own_shape_again || !old_enough(h, f) {
                continue;
            }
            join(graph, i, head, "same_architecture_and_exact_size");
        }
    }
}

/// What is left of large models by nobody in particular is a fine-tune of something unknown: a merge of odd depth, a lost link.
fn leftovers(graph: &mut Graph<'_>) {
    for i in 0..graph.len() {
        let f = graph.node(i);
        if graph.placements[i].role != Role::Pretrained || f.registry_kind.is_some() {
            continue;
        }
        let large = f.rough_params.is_some_and(|n| n >= LARGE_PARAMS);
        let borrows = families::borrowed(f.owner(), f.name()).is_some();
        let rule = if large && !f.listed_owner && f.architecture.as_deref().is_some_and(names::is_family_architecture) {
            "family_architecture_of_an_unlisted_owner"
        } else if borrows && (large || f.rough_params.is_none()) {
            "names_a_family_of_another_owner"
        } else {
            continue;
        };
        graph.placements[i].role = if names::names_base(f.name()) { Role::Continued } else { Role::Finetuned };
        graph.placements[i].role_rule = rule;
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
