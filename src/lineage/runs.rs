//! Which run a repository owns and which it stands on, once the links are made.

use super::resolve::Graph;
use super::roles::{Relation, Role, RoleRule};
use rustc_hash::FxHashMap;

/// Kind of a training run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunKind {
    /// From scratch, or continued on a scale that counts as such.
    Pretraining,
    /// By the owner of the pre-training, on its own weights.
    PostTraining,
    /// By somebody else.
    FineTuning,
    /// On frozen weights.
    Adapter,
}

impl RunKind {
    /// The published word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pretraining => "pretraining",
            Self::PostTraining => "post_training",
            Self::FineTuning => "fine_tuning",
            Self::Adapter => "adapter",
        }
    }

    /// From the published word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pretraining, Self::PostTraining, Self::FineTuning, Self::Adapter].into_iter().find(|k| k.name() == text)
    }
}

/// Longest chain of bases followed.
const MAX_DEPTH: usize = 64;
/// Group rule of a run that nobody else carries.
pub const SINGLE: &str = "single_repository";

/// Where a repository stands. Positions below the number of repositories are theirs, those above are of models that are named but
/// absent from the index.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    /// Role.
    pub role: Role,
    /// Rule that decided the role.
    pub role_rule: RoleRule,
    /// Position of the base.
    pub base: Option<usize>,
    /// Positions of the further bases of a merge.
    pub more_bases: Box<[usize]>,
    /// Kind of the run the repository owns.
    pub own_run: Option<RunKind>,
    /// Position of the repository whose pre-training the weights rest on; none when the parents of a merge rest on several.
    pub root: Option<usize>,
    /// Position of the nearest ancestor that owns a run.
    pub parent: Option<usize>,
    /// Repositories that rest on the run this one owns, itself included; counted by who resolves.
    pub members: usize,
    /// Rule that made the group of the run this one owns.
    pub group_rule: &'static str,
}

impl Placement {
    pub(super) fn new(role: Role, role_rule: RoleRule) -> Self {
        Self {
            role,
            role_rule,
            base: None,
            more_bases: Box::default(),
            own_run: None,
            root: None,
            parent: None,
            members: 0,
            group_rule: SINGLE,
        }
    }

    /// All bases, the first one first.
    pub fn bases(&self) -> impl Iterator<Item = usize> + '_ {
        self.base.into_iter().chain(self.more_bases.iter().copied())
    }
}

/// Nearest ancestors first, along first bases.
pub(super) fn ancestors(placements: &[Placement], from: usize) -> impl Iterator<Item = usize> + '_ {
    std::iter::successors(placements[from].base, |i| placements[*i].base).take(MAX_DEPTH)
}

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
        let chain: Vec<usize> = ancestors(&graph.placements, i).collect();
        if graph.placements[i].role != Role::Merge {
            // A merge has several parents; its lineage is the union of theirs, not one of them.
            let owner = chain.iter().copied().find(|a| *a < graph.facts.len() && graph.placements[*a].own_run.is_some());
            // Members of a head's group start from the run it carries.
            graph.placements[i].parent = owner.or(graph.placements[i].root.filter(|r| *r != i && *r < graph.facts.len()));
        }
        for ancestor in chain {
            if graph.placements[ancestor].own_run.is_some() && graph.placements[ancestor].group_rule == SINGLE {
                graph.placements[ancestor].group_rule = "base_model_links";
            }
        }
    }
}

/// Who carries the pre-training of a base that the index lacks: of the repositories of the same namespace that rest on it, the
/// registered one, else the earliest; by position of the absent base.
fn heads(graph: &Graph<'_>) -> FxHashMap<usize, usize> {
    let mut heads: FxHashMap<usize, usize> = FxHashMap::default();
    for i in 0..graph.facts.len() {
        let placement = &graph.placements[i];
        if !matches!(placement.role, Role::Finetuned | Role::Continued | Role::Pretrained) {
            continue;
        }
        let Some(base) = ancestors(&graph.placements, i).last().filter(|b| graph.is_absent(*b)) else { continue };
        let same_house = graph.node(base).owner().eq_ignore_ascii_case(graph.node(i).owner());
        if !same_house || graph.placements[base].role != Role::Pretrained {
            continue;
        }
        let rank = |at: usize| {
            let f = graph.node(at);
            let steps = ancestors(&graph.placements, at).count();
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

/// The repository whose pre-training each node's weights rest on. Each node is looked up once: merges of merges share their parents.
fn all_roots(graph: &Graph<'_>, heads: &FxHashMap<usize, usize>) -> Vec<Option<usize>> {
    let mut seen = vec![Looked::Unseen; graph.len()];
    (0..graph.len()).map(|i| root(graph, heads, i, &mut seen, 0)).collect()
}

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
    let found = match (placement.role, placement.base) {
        (Role::Pretrained, _) => Some(heads.get(&i).copied().unwrap_or(i)),
        (Role::Empty, _) => None,
        (Role::Merge, _) => {
            // A parent of which nothing is known contradicts nothing; two known ones that differ leave it open.
            let mut roots: Vec<usize> = placement.bases().filter_map(|b| root(graph, heads, b, seen, depth + 1)).collect();
            if roots.iter().any(|r| !is_strangers(graph, *r)) {
                roots.retain(|r| !is_strangers(graph, *r));
            }
            roots.first().copied().filter(|first| roots.iter().all(|r| r == first))
        }
        (_, Some(base)) => root(graph, heads, base, seen, depth + 1),
        (_, None) => carries_itself(graph, i).then_some(i),
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

/// Whether a repository that was not pre-trained itself carries a pre-training: the only release of a listed organization, whatever its
/// name says of post-training, and the copy by which a registered model is known (huggyllama/llama-7b).
pub(super) fn carries_itself(graph: &Graph<'_>, i: usize) -> bool {
    let f = graph.node(i);
    let placement = &graph.placements[i];
    let registered = f.registry_kind == Some(RunKind::Pretraining);
    match placement.role {
        Role::Finetuned | Role::Continued => registered || placement.role_rule == "post_training_token" && f.listed_owner,
        Role::Converted => registered && placement.base.is_none(),
        _ => false,
    }
}

fn own_run(graph: &Graph<'_>, heads: &FxHashMap<usize, usize>, i: usize, root: Option<usize>) -> Option<RunKind> {
    if graph.is_absent(i) {
        // An absent base owns a run that has no row: nothing of it is estimated. Its members name it.
        return (graph.placements[i].role == Role::Pretrained && !heads.contains_key(&i)).then_some(RunKind::Pretraining);
    }
    let same_house = root.is_some_and(|r| graph.node(r).owner().eq_ignore_ascii_case(graph.node(i).owner()));
    match graph.placements[i].role {
        Role::Pretrained => Some(RunKind::Pretraining),
        Role::Finetuned | Role::Continued | Role::Converted if root == Some(i) => Some(RunKind::Pretraining),
        Role::Finetuned | Role::Continued if same_house => Some(RunKind::PostTraining),
        Role::Finetuned | Role::Continued => Some(RunKind::FineTuning),
        Role::Adapter => Some(RunKind::Adapter),
        Role::Merge | Role::Quantized | Role::Converted | Role::Empty => None,
    }
}

/// The relation a list of tags states, and the ids it states it for.
#[must_use]
pub fn from_tags(tags: &[String]) -> (Option<Relation>, Vec<String>) {
    let mut relation = None;
    let mut ids: Vec<String> = Vec::new();
    for tag in tags {
        let Some(rest) = tag.strip_prefix("base_model:") else { continue };
        let id = match rest.split_once(':') {
            Some((word, id)) => {
                relation = relation.or(Relation::parse(word));
                id
            }
            None => rest,
        };
        if !id.is_empty() && !ids.iter().any(|seen| seen.eq_ignore_ascii_case(id)) {
            ids.push(id.to_owned());
        }
    }
    (relation, ids)
}
