//! Links by what names say: specialities of a house's base, families of other houses, models named in full.

use super::{
    FxHashMap, FxHashSet, LARGE_PARAMS, NAMED_SIZE, architectures_agree, can_be_sibling, closest, is_known_base, is_open, join,
    seniority, size_fits, sizes_agree,
};
use crate::lineage::resolve::Graph;
use crate::lineage::roles::Role;
use crate::lineage::runs::RunKind;
use crate::lineage::{RepoFacts, families, names};

/// `Qwen2.5-Coder-7B` without a link stands on `Qwen2.5-7B` of its house: further training on a speciality.
pub(super) fn specialities(graph: &mut Graph<'_>) {
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

/// Bases by family, version and size.
struct FamilyIndex {
    exact: FxHashMap<(String, String), Vec<usize>>,
    any_version: FxHashMap<(String, String), Vec<usize>>,
    by_version: FxHashMap<String, Vec<usize>>,
}

impl FamilyIndex {
    fn new(graph: &Graph<'_>) -> Self {
        let mut index = Self { exact: FxHashMap::default(), any_version: FxHashMap::default(), by_version: FxHashMap::default() };
        for i in (0..graph.len()).filter(|i| is_known_base(graph, *i)) {
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
        let small = f.rough_params.is_none_or(|n| n < LARGE_PARAMS);
        if small && names_language(f.name()) {
            return None;
        }
        let fits = |c: &usize| size_fits(graph, i, *c);
        let same_architecture = |c: &usize| {
            let known = graph.shape(*c).1;
            fits(c) && known.is_none_or(|a| f.architecture.as_ref().is_none_or(|own| own == a))
        };
        let version = format!("{}|{}", named.family, named.version.as_deref().unwrap_or(""));
        // Of the same architecture if there is one; a vision model on a language model has another, a language model has not.
        let may_differ =
            f.architecture.as_deref().is_none_or(|a| !names::is_family_architecture(a) || names::is_vision_architecture(a));
        let pick = |found: Option<&Vec<usize>>| {
            let found = found?;
            let strict = closest(graph, i, found.iter().copied().filter(same_architecture));
            strict.or_else(|| closest(graph, i, found.iter().copied().filter(|c| may_differ && fits(c))))
        };
        for size in families::sizes(&named, f.named_size) {
            let of_version = named.version.as_ref().and_then(|_| self.exact.get(&(version.clone(), size.clone())));
            // Where the version and the size are both said, only they decide: counts differ by tied embeddings.
            let said = |found: &Vec<usize>| closest(graph, i, found.iter().copied());
            let other = || pick(self.any_version.get(&(named.family.to_owned(), size.clone())));
            let found = pick(of_version).or_else(|| of_version.map_or_else(other, said));
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
pub(super) fn families_by_name(graph: &mut Graph<'_>) {
    let index = FamilyIndex::new(graph);
    for i in 0..graph.len() {
        if is_open(graph, i)
            && !(graph.is_absent(i) && graph.node(i).registry_kind.is_some() && graph.placements[i].role == Role::Pretrained)
            && let Some(base) = index.find(graph, i)
        {
            join(graph, i, base, "names_a_family_of_another_owner");
        }
    }
}

/// Fewest tokens and characters by which a model is recognized inside another's name.
const FEWEST_TOKENS: usize = 2;
const FEWEST_CHARS: usize = 8;
/// Words after a model's name that say of what language a new vocabulary is: such a model only borrows the name of a layout.
const LANGUAGES: &[&str] = &[
    "arabic",
    "bengali",
    "chinese",
    "czech",
    "danish",
    "dutch",
    "english",
    "finnish",
    "french",
    "german",
    "greek",
    "hebrew",
    "hindi",
    "hungarian",
    "indonesian",
    "italian",
    "japanese",
    "korean",
    "multilingual",
    "norwegian",
    "persian",
    "polish",
    "portuguese",
    "romanian",
    "russian",
    "spanish",
    "swedish",
    "thai",
    "turkish",
    "ukrainian",
    "vietnamese",
    "bne",
    "ja",
    "ko",
    "zh",
    "de",
    "fr",
    "es",
    "ru",
];

/// Whether a token is a language: japanese-gpt2-small has the layout of GPT-2 and a vocabulary and a training of its own.
pub(super) fn names_language(name: &str) -> bool {
    names::tokens(name).iter().any(|t| LANGUAGES.contains(&t.as_str()))
}

/// Names that hold the full name of another house's model: `SteamSHP-flan-t5-xl`, `distilbert-base-uncased-finetuned-sst2`. Where no
/// size confirms it, the model has to end the name or be followed by a task or a kind of training.
pub(super) fn models_by_name(graph: &mut Graph<'_>) {
    let mut known: FxHashMap<String, usize> = FxHashMap::default();
    let mut longest = 0;
    for i in 0..graph.facts.len() {
        let f = graph.node(i);
        let base = matches!(graph.placements[i].role, Role::Pretrained | Role::Finetuned | Role::Continued);
        let house = (f.listed_owner || f.registry_kind.is_some() || is_canonical(f)) && !names::is_mirror(f.owner());
        let tokens = names::tokens(f.name());
        let name = tokens.join("-");
        if !base || !house || tokens.len() < FEWEST_TOKENS || name.len() < FEWEST_CHARS {
            continue;
        }
        longest = longest.max(tokens.len());
        let at = known.entry(name).or_insert(i);
        if seniority(f) < seniority(graph.node(*at)) {
            *at = i;
        }
    }
    for i in 0..graph.facts.len() {
        if !is_open(graph, i) || graph.node(i).registry_kind.is_some() {
            continue;
        }
        if let Some(base) = named_in_full(graph, &known, longest, i) {
            join(graph, i, base, "names_a_model_in_full");
        }
    }
}

fn is_canonical(f: &RepoFacts) -> bool {
    f.owner().is_empty() || names::CANONICAL_OWNERS.contains(&f.owner().to_lowercase().as_str())
}

/// The model whose name is the longest part of a repository's.
fn named_in_full(graph: &Graph<'_>, known: &FxHashMap<String, usize>, longest: usize, i: usize) -> Option<usize> {
    let f = graph.node(i);
    let tokens = names::tokens(f.name());
    for length in (FEWEST_TOKENS..=tokens.len().min(longest)).rev() {
        for start in 0..=tokens.len() - length {
            let Some(&base) = known.get(&tokens[start..start + length].join("-")) else { continue };
            let b = graph.node(base);
            if base == i
                || b.owner().eq_ignore_ascii_case(f.owner())
                || !architectures_agree(f, b)
                || !sizes_agree(f, b, NAMED_SIZE)
            {
                continue;
            }
            let rest = &tokens[start + length..];
            let same = matches!((f.params, b.params), (Some(a), Some(b)) if a == b);
            let language = names_language(f.name());
            // xlm-roberta-base is no fine-tune of roberta-base: a house's own name has to say that it tuned.
            let house = f.listed_owner || is_canonical(f);
            let told = (rest.is_empty() && !house) || names::names_task_or_post_training(f.name());
            if same || (told && !language && length < tokens.len()) {
                return Some(base);
            }
        }
    }
    None
}
