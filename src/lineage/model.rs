//! The types of lineage: facts of a repository, its placement, and the graph of both.

use super::vocabulary::vocabulary;
use super::{families, names};
use crate::domain::{Relation, Role, Rule, RunKind};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// Longest chain of bases followed.
pub(super) const MAX_DEPTH: usize = 64;

/// Words that millions of repositories share (architectures, libraries, tasks), each stored once.
#[derive(Debug, Default)]
pub struct Words(FxHashSet<Arc<str>>);

impl Words {
    /// The one copy of `word`.
    pub fn share(&mut self, word: &str) -> Arc<str> {
        if let Some(known) = self.0.get(word) {
            return Arc::clone(known);
        }
        let new: Arc<str> = Arc::from(word);
        self.0.insert(Arc::clone(&new));
        new
    }
}

impl RepoFacts {
    /// The same with its words stored once for all repositories.
    #[must_use]
    pub fn sharing(mut self, words: &mut Words) -> Self {
        for word in [&mut self.architecture, &mut self.library, &mut self.pipeline_tag].into_iter().flatten() {
            *word = words.share(word);
        }
        self
    }
}

/// What lineage needs to know of a repository.
#[derive(Clone, Debug, Default)]
pub struct RepoFacts {
    /// Hub id.
    pub model_id: String,
    /// Creation in milliseconds; unknown sorts last.
    pub created_ms: Option<i64>,
    /// Architecture (config.model_type, gguf.architecture or the tag that names it).
    pub architecture: Option<Arc<str>>,
    /// Parameters counted from the weights; none when packed or absent.
    pub params: Option<i64>,
    /// The same, or else what the registry or the name says: good to some 10 %.
    pub rough_params: Option<i64>,
    /// Parameters counted from the weights to the last one, also without their types of number; none where somebody rounded.
    pub exact_params: Option<i64>,
    /// Downloads of the last 30 days.
    pub downloads: Option<i64>,
    /// Whether the owner is an organization that trains models itself (data/reference/owners.csv).
    pub listed_owner: bool,
    /// The company behind the owner (data/reference/owners.csv), where it may have other namespaces.
    pub house: Option<Arc<str>>,
    /// Whether all weights are 16- or 32-bit floats.
    pub float_weights: bool,
    /// Whether the index shows a GGUF file.
    pub gguf: bool,
    /// Whether a list of files shows weights; none without such a list.
    pub has_weights: Option<bool>,
    /// Library, lower case.
    pub library: Option<Arc<str>>,
    /// Task.
    pub pipeline_tag: Option<Arc<str>>,
    /// Task of the series that a record without a task belongs to. No sign of its role: what the Hub gives no task is empty more often.
    pub series_task: Option<Arc<str>>,
    /// Base ids as stated.
    pub base_ids: Vec<String>,
    /// Whether the bases are those of the card's text, because nothing else states any.
    pub bases_from_card: bool,
    /// What the card's text calls the repository: a merge, a copy, an adapter, random weights, no weights.
    pub said_role: Option<Role>,
    /// Most bases that one source (card, index or tags) names: a renamed base has two names in two sources.
    pub base_count: usize,
    /// Whether the card says that its training was a fine-tuning.
    pub says_fine_tuning: bool,
    /// Stated relation to the base.
    pub relation: Option<Relation>,
    /// Tags that carry a signal, of the list `signals` in `data/vocabulary/lineage.toml`.
    pub signals: Box<[&'static str]>,
    /// Kind of the registry's run for this id; a continued pre-training of the registry is a fine-tuning with `registry_continued`.
    pub registry_kind: Option<RunKind>,
    /// Whether the registry says that the run continued a pre-training.
    pub registry_continued: bool,
    /// Parameters that the name states.
    pub named_size: Option<f64>,
    /// Role that was looked up.
    pub looked_up_role: Option<Role>,
    /// Role a reviewed correction gives.
    pub corrected_role: Option<Role>,
    /// Whether that correction expected another role than the record's.
    pub correction_met_another_role: bool,
}

impl RepoFacts {
    /// Namespace; empty for legacy ids.
    #[must_use]
    pub fn owner(&self) -> &str {
        self.slash().map_or("", |at| &self.model_id[..at])
    }

    /// Whether another repository is in the same namespace.
    #[must_use]
    pub fn same_owner(&self, other: &Self) -> bool {
        self.owner().eq_ignore_ascii_case(other.owner())
    }

    /// Whether another repository is of the same company: in the same namespace, or in another of its own (`google` and `google-t5`).
    #[must_use]
    pub fn same_house(&self, other: &Self) -> bool {
        self.same_owner(other) || self.house.is_some() && self.house == other.house
    }

    /// Parameters, counted or else as the name has them.
    #[must_use]
    pub fn size(&self) -> Option<f64> {
        #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
        self.rough_params.map(|n| n as f64).or(self.named_size)
    }

    /// Name without namespace.
    #[must_use]
    pub fn name(&self) -> &str {
        self.slash().map_or(self.model_id.as_str(), |at| &self.model_id[at + 1..])
    }

    /// Task of the record, or of its series.
    #[must_use]
    pub fn task(&self) -> Option<&str> {
        self.series_task.as_deref().or(self.pipeline_tag.as_deref())
    }

    /// Where the namespace ends: asked for some hundred times of every id, and a short way from its beginning.
    fn slash(&self) -> Option<usize> {
        self.model_id.bytes().position(|byte| byte == b'/')
    }
}

/// Where a repository belongs: its base and its runs. Positions below the number of repositories are theirs, those above are of models that are named but
/// absent from the index.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    /// Role.
    pub role: Role,
    /// Rule that decided the role.
    pub role_rule: Rule,
    /// Position of the base.
    pub base: Option<usize>,
    /// Positions of the further bases of a merge.
    pub more_bases: Box<[usize]>,
    /// Kind of the run the repository owns.
    pub own_run: Option<RunKind>,
    /// Position of the repository whose pre-training the weights come from; none when the parents of a merge come from several.
    pub root: Option<usize>,
    /// Position of the nearest ancestor that owns a run.
    pub parent: Option<usize>,
    /// Repositories whose weights come from the run this one owns, itself included; counted by who resolves.
    pub members: usize,
    /// Rule that made the group of the run this one owns.
    pub group_rule: Rule,
}

impl Placement {
    /// A placement without a base or a run, as it is before the links are made.
    pub(super) fn new(role: Role, role_rule: Rule) -> Self {
        Self {
            role,
            role_rule,
            base: None,
            more_bases: Box::default(),
            own_run: None,
            root: None,
            parent: None,
            members: 0,
            group_rule: Rule::SingleRepository,
        }
    }

    /// All bases, the first one first.
    pub fn bases(&self) -> impl Iterator<Item = usize> + '_ {
        self.base.into_iter().chain(self.more_bases.iter().copied())
    }
}

/// Placements of the repositories, in their order, then of the absent models.
#[derive(Debug)]
pub struct Resolution {
    /// One per repository, then one per absent model.
    pub placements: Vec<Placement>,
    /// Models that are named as bases or registered, and are not in the index.
    pub absent: Vec<RepoFacts>,
}

/// Positions by lower-case id, as small as a map of millions can be: there are less than 4 billion repositories.
pub(super) type IdMap = FxHashMap<Box<str>, u32>;

/// The graph while it is linked.
pub(super) struct Graph<'a> {
    /// Repositories of the index.
    pub facts: &'a [RepoFacts],
    /// Absent models.
    pub absent: Vec<RepoFacts>,
    /// Placements of both.
    pub placements: Vec<Placement>,
    /// Parameters and architecture that a copy, or what was trained from it, shows of an original whose files do not.
    pub shown_elsewhere: FxHashMap<usize, (i64, Option<Arc<str>>)>,
    /// Lower-case id, or name of a legacy id without namespace, to position. Spent by the pass of stated bases.
    pub by_id: IdMap,
}

impl Graph<'_> {
    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.placements.len()
    }

    /// A node's facts.
    pub fn node(&self, i: usize) -> &RepoFacts {
        self.facts.get(i).unwrap_or_else(|| &self.absent[i - self.facts.len()])
    }

    /// Counted parameters and architecture of a node, its own or those shown elsewhere.
    pub fn shape(&self, i: usize) -> (Option<i64>, Option<&Arc<str>>) {
        let f = self.node(i);
        match self.shown_elsewhere.get(&i) {
            Some((params, architecture)) if f.params.is_none() => {
                (Some(*params), architecture.as_ref().or(f.architecture.as_ref()))
            }
            _ => (f.params, f.architecture.as_ref()),
        }
    }

    /// Whether a node is not in the index.
    pub fn is_absent(&self, i: usize) -> bool {
        i >= self.facts.len()
    }

    /// Nearest ancestors first, along first bases.
    pub fn ancestors(&self, from: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.placements[from].base, |i| self.placements[*i].base).take(MAX_DEPTH)
    }

    /// Whether a repository that was not pre-trained itself carries a pre-training: the only release of a listed organization,
    /// whatever its name says of post-training, and the copy by which a registered model is known (huggyllama/llama-7b).
    pub fn carries_pretraining(&self, i: usize) -> bool {
        let f = self.node(i);
        let placement = &self.placements[i];
        let registered = f.registry_kind == Some(RunKind::Pretraining);
        match placement.role {
            Role::Finetuned | Role::Continued => {
                registered || placement.role_rule == Rule::PostTrainingToken && f.listed_owner && may_have_a_base_of_its_own(f)
            }
            Role::Converted => registered && placement.base.is_none(),
            Role::Pretrained | Role::Adapter | Role::Merge | Role::Quantized | Role::Empty | Role::Untrained => false,
        }
    }
}

/// The key of a run: readable, unique, and sorted like its repository because `#` sorts before every character of an id.
#[must_use]
pub fn run_id(model_id: &str, kind: RunKind) -> String {
    format!("{model_id}#{}", kind.name())
}

/// Key of the zero row of a repository that trained nothing.
#[must_use]
pub fn no_training_id(model_id: &str) -> String {
    format!("{model_id}#no_training")
}

/// Whether the name or the task of a model says that it was made of another that is out: it sees, scores, embeds, translates or bears another
/// house's family.
#[must_use]
pub fn shows_a_base_of_another(f: &RepoFacts) -> bool {
    let name = f.name();
    let task = f.pipeline_tag.as_deref().unwrap_or_default();
    let tags = &vocabulary().tags;
    names::says_vision(name)
        || names::says_reward_model(name)
        || names::says_made_of_a_language_model(name)
        || families::borrowed(f.owner(), name).is_some()
        || families::ends_in_a_family(name)
        || tags.head_tasks.contains(&task)
        || tags.tasks_on_a_backbone.contains(&task)
}

/// Whether a post-trained release may be all that a house shows of a pre-training of its own. What sees, translates, embeds, scores or was
/// adapted was made of a language model that is out, and what bears another house's family, or has the architecture of one and is of no house
/// with a family of its own, was made of that house's (openthaigpt-1.0.0-70b-chat of Llama 2, alfred-40b of Falcon).
fn may_have_a_base_of_its_own(f: &RepoFacts) -> bool {
    let is_of_a_family = f.architecture.as_deref().is_some_and(names::is_family_architecture);
    if is_of_a_family && !families::is_a_home(f.owner()) {
        return false;
    }
    let sees = f.pipeline_tag.as_deref().is_some_and(|task| vocabulary().tags.tasks_of_seeing.contains(&task));
    !shows_a_base_of_another(f) && (!sees || families::is_a_home(f.owner()))
}
