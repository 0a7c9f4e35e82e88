//! Which run a repository owns and which it stands on: explicit links, then mirrors, siblings and shared architectures.

use super::RepoFacts;
use super::names;
use super::roles::{Relation, Role, RoleRule, role};
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

/// Relative difference of parameter counts within which two repositories can share a run (METHOD.md section 2).
const SAME_SIZE: f64 = 0.005;
/// Above this nobody trains two models of exactly one size and architecture in one namespace: DeepSeek-V3 and R1 share a run.
const UNIQUE_SIZE_PARAMS: i64 = 100_000_000_000;
/// Longest chain of bases followed.
const MAX_DEPTH: usize = 64;

/// Where a repository stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    /// Role.
    pub role: Role,
    /// Rule that decided the role.
    pub role_rule: RoleRule,
    /// Position of the base in the input, if it is there.
    pub base: Option<usize>,
    /// Kind of the run the repository owns.
    pub own_run: Option<RunKind>,
    /// Position of the repository whose pre-training the weights rest on.
    pub root: Option<usize>,
    /// Position of the nearest ancestor that owns a run.
    pub parent: Option<usize>,
    /// Repositories that rest on the run this one owns, itself included.
    pub members: usize,
    /// Rule that made the group of the run this one owns.
    pub group_rule: &'static str,
}

/// Places every repository. `facts` may be in any order; the result does not depend on it beyond positions.
#[must_use]
pub fn resolve(facts: &[RepoFacts]) -> Vec<Placement> {
    let mut placements: Vec<Placement> = facts
        .iter()
        .map(|f| {
            let (role, role_rule) = role(f);
            Placement {
                role,
                role_rule,
                base: None,
                own_run: None,
                root: None,
                parent: None,
                members: 0,
                group_rule: "single_repository",
            }
        })
        .collect();
    link_stated_bases(facts, &mut placements);
    link_copies_by_name(facts, &mut placements);
    link_to_registered_siblings(facts, &mut placements);
    link_siblings(facts, &mut placements);
    link_same_architecture(facts, &mut placements);
    cut_cycles(facts, &mut placements);
    assign_runs(facts, &mut placements);
    placements
}

/// Base ids to positions: exact, then without regard to case, then legacy ids without a namespace.
fn link_stated_bases(facts: &[RepoFacts], placements: &mut [Placement]) {
    let by_id: FxHashMap<String, usize> = facts.iter().enumerate().map(|(i, f)| (f.model_id.to_lowercase(), i)).collect();
    let legacy: FxHashMap<String, usize> = facts
        .iter()
        .enumerate()
        .filter(|(_, f)| names::CANONICAL_OWNERS.contains(&f.owner().to_lowercase().as_str()))
        .map(|(i, f)| (f.name().to_lowercase(), i))
        .collect();
    // A pre-training whose base repository is not in the index is carried by the registered repository that names it as base.
    let mut carriers: FxHashMap<String, usize> = FxHashMap::default();
    for (i, f) in facts.iter().enumerate() {
        if f.registry_kind == Some(RunKind::Pretraining) {
            for base in f.base_ids.iter().map(|b| b.to_lowercase()).filter(|b| !by_id.contains_key(b)) {
                carriers.entry(base).or_insert(i);
            }
        }
    }
    for (i, f) in facts.iter().enumerate() {
        if placements[i].role == Role::Pretrained || placements[i].role == Role::Empty {
            continue;
        }
        placements[i].base = f
            .base_ids
            .iter()
            .map(|b| b.to_lowercase())
            .filter_map(|b| by_id.get(&b).or_else(|| legacy.get(&b)).or_else(|| carriers.get(&b)).copied())
            .find(|b| *b != i);
    }
}

fn same_size(a: Option<i64>, b: Option<i64>) -> bool {
    match (a, b) {
        #[allow(clippy::cast_precision_loss)]
        (Some(a), Some(b)) if a > 0 && b > 0 => ((a - b).abs() as f64) <= SAME_SIZE * (a.max(b) as f64),
        _ => false,
    }
}

/// Sort key for "the original": registered, not a mirror's, earliest, then by id.
fn seniority(f: &RepoFacts) -> (bool, bool, i64, &str) {
    (f.registry_kind.is_none(), names::is_mirror(f.owner()), f.created_ms.unwrap_or(i64::MAX), f.model_id.as_str())
}

/// Copies without a link: the same name in another namespace and, for float weights, the same size and architecture (a mirror);
/// or a quantized or converted repository whose name without format tokens is another's.
fn link_copies_by_name(facts: &[RepoFacts], placements: &mut [Placement]) {
    let mut by_name: FxHashMap<String, Vec<usize>> = FxHashMap::default();
    for (i, f) in facts.iter().enumerate() {
        by_name.entry(names::without_format(f.name())).or_default().push(i);
    }
    let mut groups: Vec<Vec<usize>> = by_name.into_values().filter(|g| g.len() > 1).collect();
    groups.sort();
    for group in groups {
        let Some(&original) = group
            .iter()
            .filter(|i| !placements[**i].role.copies_weights() && placements[**i].role != Role::Empty)
            .min_by_key(|i| seniority(&facts[**i]))
        else {
            continue;
        };
        for &i in &group {
            let f = &facts[i];
            if i == original || placements[i].base.is_some() || f.registry_kind.is_some() {
                continue;
            }
            if placements[i].role.copies_weights() && f.base_ids.is_empty() {
                placements[i].base = Some(original);
            } else if is_open(&placements[i])
                && f.owner() != facts[original].owner()
                && f.architecture == facts[original].architecture
                && same_size(f.params, facts[original].params)
            {
                placements[i].role = Role::Converted;
                placements[i].role_rule = "mirror_same_name_and_size";
                placements[i].base = Some(original);
            }
        }
    }
}

/// Siblings of a registered pre-training: one namespace, one stem, and a size that agrees with the registered one to 10 %, which
/// is how far published and counted sizes differ (Kimi-K2-Base, "1 T", and Kimi-K2-Instruct, 1.026 T).
fn link_to_registered_siblings(facts: &[RepoFacts], placements: &mut [Placement]) {
    let key = |f: &RepoFacts| (f.owner().to_lowercase(), names::stem(f.name()));
    let mut heads: FxHashMap<(String, String), usize> = FxHashMap::default();
    for (i, f) in facts.iter().enumerate() {
        // The registry may list the base as post-training of a model the index lacks (Llama-3.2-90B-Vision): it heads its family.
        let rank =
            |f: &RepoFacts| (f.registry_kind != Some(RunKind::Pretraining), f.created_ms.unwrap_or(i64::MAX), f.model_id.clone());
        if f.registry_kind.is_some() {
            let head = heads.entry(key(f)).or_insert(i);
            if rank(f) < rank(&facts[*head]) {
                *head = i;
            }
        }
    }
    for (i, f) in facts.iter().enumerate() {
        let Some(&head) = heads.get(&key(f)).filter(|h| **h != i) else { continue };
        let unlinked = placements[i].base.is_none() && f.registry_kind.is_none();
        let registered_fine_tune =
            f.registry_kind.is_some_and(|k| k != RunKind::Pretraining) && facts[head].registry_kind == Some(RunKind::Pretraining);
        if (unlinked || registered_fine_tune) && can_be_sibling(&placements[i]) && roughly_same_size(f, &facts[head]) {
            join(placements, i, head, "sibling_of_a_registered_run");
        }
    }
}

/// A repository that may turn out to be a member of another's run: a pre-training by default, or a fine-tune without a base.
fn can_be_sibling(placement: &Placement) -> bool {
    placement.base.is_none() && matches!(placement.role, Role::Pretrained | Role::Finetuned)
}

/// Puts `member` on the run of `head`; a role that was only the default becomes a fine-tune.
fn join(placements: &mut [Placement], member: usize, head: usize, rule: &'static str) {
    if placements[member].role == Role::Pretrained {
        placements[member].role = Role::Finetuned;
        placements[member].role_rule = rule;
    }
    placements[member].base = Some(head);
    placements[head].group_rule = rule;
}

fn roughly_same_size(a: &RepoFacts, b: &RepoFacts) -> bool {
    match (a.rough_params, b.rough_params) {
        #[allow(clippy::cast_precision_loss)]
        (Some(a), Some(b)) if a > 0 && b > 0 => (a as f64 / b as f64 - 1.0).abs() < 0.1,
        _ => false,
    }
}

/// Siblings without links: one namespace, one architecture, one size and one stem (or one size above 100 B) rest on one
/// pre-training, that of the earliest base member. Two members that the registry lists as pre-trainings stay apart.
fn link_siblings(facts: &[RepoFacts], placements: &mut [Placement]) {
    let mut groups: FxHashMap<(String, String, String), Vec<usize>> = FxHashMap::default();
    for (i, f) in facts.iter().enumerate() {
        if !can_be_sibling(&placements[i]) {
            continue;
        }
        let (Some(architecture), Some(params)) = (&f.architecture, f.params) else { continue };
        let key = |kind: String| (f.owner().to_owned(), architecture.clone(), kind);
        groups.entry(key(names::stem(f.name()))).or_default().push(i);
        if params >= UNIQUE_SIZE_PARAMS {
            groups.entry(key(format!("#{params}"))).or_default().push(i);
        }
    }
    let mut groups: Vec<((String, String, String), Vec<usize>)> = groups.into_iter().filter(|(_, g)| g.len() > 1).collect();
    groups.sort();
    for (key, mut group) in groups {
        // Base members first: they carry the run.
        group.sort_by_key(|i| {
            let settled = placements[*i].role != Role::Pretrained;
            (settled, names::names_post_training(facts[*i].name()), seniority(&facts[*i]))
        });
        let rule = if key.2.starts_with('#') { "sibling_same_size_above_100b" } else { "sibling_same_stem_and_size" };
        for position in 1..group.len() {
            let i = group[position];
            if !can_be_sibling(&placements[i]) || facts[i].registry_kind == Some(RunKind::Pretraining) {
                continue;
            }
            let head = group[..position]
                .iter()
                .copied()
                .find(|h| placements[*h].role == Role::Pretrained && same_size(facts[*h].params, facts[i].params));
            if let Some(head) = head {
                join(placements, i, head, rule);
            }
        }
    }
}

/// A repository that states no base but has exactly the size and architecture of an earlier pre-training in another namespace
/// is taken as a fine-tune of it: a from-scratch training repeats an architecture, not a vocabulary to the last row.
fn link_same_architecture(facts: &[RepoFacts], placements: &mut [Placement]) {
    let mut groups: FxHashMap<(&str, i64), Vec<usize>> = FxHashMap::default();
    for (i, f) in facts.iter().enumerate() {
        if let (true, Some(architecture), Some(params)) = (is_open(&placements[i]), &f.architecture, f.params) {
            groups.entry((architecture.as_str(), params)).or_default().push(i);
        }
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().filter(|g| g.len() > 1).collect();
    groups.sort();
    for group in groups {
        let original = |i: &&usize| placements[**i].role == Role::Pretrained;
        let Some(&head) = group.iter().filter(original).min_by_key(|i| seniority(&facts[**i])) else { continue };
        for &i in group.iter().filter(|i| **i != head) {
            // One owner may pre-train two models of one shape (Qwen2-7B, Qwen2.5-7B), but not an Instruct or Math from scratch.
            let own_shape_again = facts[i].owner() == facts[head].owner() && !names::names_post_training(facts[i].name());
            if facts[i].registry_kind.is_some() || own_shape_again {
                continue;
            }
            if placements[i].role == Role::Pretrained {
                placements[i].role = Role::Finetuned;
                placements[i].role_rule = "same_architecture_and_exact_size";
            }
            placements[i].base = Some(head);
        }
    }
}

/// Nothing is settled yet: no base is known, and the role is a default or rests on the name or the architecture alone.
fn is_open(placement: &Placement) -> bool {
    placement.base.is_none()
        && (placement.role == Role::Pretrained
            || ["names_a_family_of_another_owner", "family_architecture_of_an_unlisted_owner"].contains(&placement.role_rule))
}

/// Removes one link of every cycle, at the member that comes first by id, so that every chain ends.
fn cut_cycles(facts: &[RepoFacts], placements: &mut [Placement]) {
    // 0 = unseen, 1 = on the current path, 2 = done.
    let mut state = vec![0_u8; placements.len()];
    for start in 0..placements.len() {
        let mut path = Vec::new();
        let mut at = start;
        while state[at] == 0 {
            state[at] = 1;
            path.push(at);
            match placements[at].base {
                Some(base) => at = base,
                None => break,
            }
        }
        if state[at] == 1 && placements[at].base.is_some() {
            let from = path.iter().position(|i| *i == at).unwrap_or(0);
            if let Some(&first) = path[from..].iter().min_by_key(|i| facts[**i].model_id.as_str()) {
                tracing::warn!(model = facts[first].model_id, "base models form a cycle, its first member is taken as having none");
                placements[first].base = None;
            }
        }
        for i in path {
            state[i] = 2;
        }
    }
}

/// Nearest ancestors first.
fn ancestors(placements: &[Placement], from: usize) -> impl Iterator<Item = usize> + '_ {
    std::iter::successors(placements[from].base, |i| placements[*i].base).take(MAX_DEPTH)
}

fn assign_runs(facts: &[RepoFacts], placements: &mut [Placement]) {
    for i in 0..placements.len() {
        let chain: Vec<usize> = ancestors(placements, i).collect();
        let root = if placements[i].role == Role::Pretrained {
            Some(i)
        } else {
            chain.iter().copied().find(|a| placements[*a].role == Role::Pretrained)
        };
        let own_run = match placements[i].role {
            Role::Pretrained | Role::Continued => Some(RunKind::Pretraining),
            Role::Finetuned if root.is_some_and(|r| facts[r].owner() == facts[i].owner()) => Some(RunKind::PostTraining),
            Role::Finetuned => Some(RunKind::FineTuning),
            Role::Adapter => Some(RunKind::Adapter),
            Role::Merge | Role::Quantized | Role::Converted | Role::Empty => None,
        };
        placements[i].root = root;
        placements[i].own_run = own_run;
    }
    for i in 0..placements.len() {
        let chain: Vec<usize> = ancestors(placements, i).collect();
        if placements[i].role != Role::Merge {
            // A merge has several parents; its lineage is the union of theirs, not one of them.
            placements[i].parent = chain.iter().copied().find(|a| placements[*a].own_run.is_some());
        }
        placements[i].members += usize::from(placements[i].own_run.is_some());
        for ancestor in chain {
            if placements[ancestor].own_run.is_some() {
                placements[ancestor].members += 1;
                if placements[ancestor].group_rule == "single_repository" {
                    placements[ancestor].group_rule = "base_model_links";
                }
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn repo(id: &str, architecture: &str, params: i64, created_ms: i64) -> RepoFacts {
        RepoFacts {
            model_id: id.into(),
            architecture: Some(architecture.into()),
            params: Some(params),
            rough_params: Some(params),
            listed_owner: true,
            float_weights: true,
            created_ms: Some(created_ms),
            ..RepoFacts::default()
        }
    }

    fn with_base(mut f: RepoFacts, base: &str) -> RepoFacts {
        f.base_ids = vec![base.into()];
        f
    }

    #[test]
    fn siblings_without_links_share_one_pretraining() {
        let facts = [
            repo("Qwen/Qwen3-235B-A22B-Instruct-2507", "qwen3_moe", 235_093_634_560, 30),
            repo("Qwen/Qwen3-235B-A22B", "qwen3_moe", 235_093_634_560, 10),
            repo("deepseek-ai/DeepSeek-V3", "deepseek_v3", 684_531_386_000, 1),
            repo("deepseek-ai/DeepSeek-R1", "deepseek_v3", 684_531_386_000, 2),
        ];
        let placed = resolve(&facts);
        assert_eq!(placed[0].base, Some(1));
        assert_eq!(placed[0].own_run, Some(RunKind::PostTraining));
        assert_eq!(placed[1].own_run, Some(RunKind::Pretraining));
        assert_eq!(placed[1].members, 2);
        assert_eq!(placed[3].root, Some(2));
        assert_eq!(placed[3].role_rule, "sibling_same_size_above_100b");
    }

    /// Llama-2-7b and Mistral-7B share a size class, bert cased and uncased an architecture: none of them is a copy.
    #[test]
    fn like_models_do_not_merge() {
        let facts = [
            repo("meta-llama/Llama-2-7b-hf", "llama", 6_738_415_616, 1),
            repo("mistralai/Mistral-7B-v0.1", "mistral", 7_241_732_096, 2),
            repo("google-bert/bert-base-uncased", "bert", 110_106_428, 0),
            repo("google-bert/bert-base-cased", "bert", 108_932_934, 0),
        ];
        assert!(resolve(&facts).iter().all(|p| p.own_run == Some(RunKind::Pretraining)));
    }

    #[test]
    fn mirrors_carry_nothing_and_stand_on_the_original() {
        let facts = [
            repo("unsloth/Llama-3.2-1B", "llama", 1_235_814_400, 1),
            repo("meta-llama/Llama-3.2-1B", "llama", 1_235_814_400, 5),
            RepoFacts { params: None, float_weights: false, gguf: true, ..repo("TheBloke/Llama-3.2-1B-GGUF", "llama", 1, 6) },
        ];
        let placed = resolve(&facts);
        assert_eq!((placed[0].role, placed[0].root), (Role::Converted, Some(1)));
        assert_eq!((placed[2].role, placed[2].root), (Role::Quantized, Some(1)));
        assert_eq!(placed[1].members, 3);
    }

    #[test]
    fn case_legacy_ids_cycles_self_and_missing_bases_all_end() {
        let facts = [
            repo("google-bert/bert-base-uncased", "bert", 110, 0),
            with_base(repo("u/tuned", "bert", 110, 9), "bert-base-uncased"),
            with_base(repo("u/tuned-more", "bert", 110, 9), "U/Tuned"),
            with_base(repo("c/a", "x", 5, 1), "c/b"),
            with_base(repo("c/b", "x", 5, 1), "c/a"),
            with_base(repo("s/self", "x", 6, 1), "s/self"),
            with_base(repo("m/orphan", "x", 7, 1), "gone/away"),
        ];
        let placed = resolve(&facts);
        assert_eq!(placed[1].root, Some(0));
        assert_eq!((placed[2].root, placed[2].parent), (Some(0), Some(1)));
        assert_eq!((placed[3].base, placed[4].base), (None, Some(3)));
        assert_eq!(placed[5].base, None);
        assert_eq!((placed[6].root, placed[6].own_run), (None, Some(RunKind::FineTuning)));
    }

    /// Qwen2-7B and Qwen2.5-7B have one shape and are two pre-trainings; Qwen2-Math-72B-Instruct is none.
    #[test]
    fn one_shape_in_one_namespace() {
        let facts = [
            RepoFacts { registry_kind: Some(RunKind::Pretraining), ..repo("Qwen/Qwen2-72B", "qwen2", 72_706_203_648, 1) },
            RepoFacts { registry_kind: Some(RunKind::Pretraining), ..repo("Qwen/Qwen2.5-72B", "qwen2", 72_706_203_648, 3) },
            repo("Qwen/Qwen2-Math-72B-Instruct", "qwen2", 72_706_203_648, 2),
        ];
        let placed = resolve(&facts);
        assert_eq!((placed[0].own_run, placed[1].own_run), (Some(RunKind::Pretraining), Some(RunKind::Pretraining)));
        assert_eq!((placed[2].role, placed[2].root), (Role::Finetuned, Some(0)));
    }

    #[test]
    fn a_chain_of_ten_ends_at_its_root() {
        let mut facts = vec![repo("o/m0", "x", 5, 0)];
        for i in 1..=10 {
            facts.push(with_base(repo(&format!("o/m{i}"), "x", 5, i), &format!("o/m{}", i - 1)));
        }
        let placed = resolve(&facts);
        assert_eq!(placed[10].root, Some(0));
        assert_eq!(placed[0].members, 11);
    }

    #[test]
    fn tags_state_relation_and_ids_once() {
        let tags: Vec<String> =
            ["base_model:a/b", "base_model:merge:a/b", "base_model:merge:c/d", "x"].iter().map(|t| (*t).to_owned()).collect();
        assert_eq!(from_tags(&tags), (Some(Relation::Merge), vec!["a/b".to_owned(), "c/d".to_owned()]));
    }
}
