//! From repositories to training runs (METHOD.md section 2): what each repository's own training was, and which run its weights
//! rest on. Pure functions over facts; the rule that decided is always part of the answer.

pub mod families;
pub mod names;
mod passes;
mod resolve;
pub mod roles;
pub mod runs;

pub use passes::{IMPLICIT_RULES, LinkPass};
pub use resolve::{Resolution, resolve};
pub use roles::{Relation, Role, RoleRule};
pub use runs::{Placement, RunKind};

use rustc_hash::FxHashSet;
use std::sync::Arc;

/// Words that millions of repositories share (architectures, libraries, tasks), each held once.
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
    /// Whether the owner is an organization that trains models itself (data/reference/owners.csv).
    pub listed_owner: bool,
    /// Whether all weights are 16- or 32-bit floats.
    pub float_weights: bool,
    /// Whether the index shows a GGUF file.
    pub gguf: bool,
    /// Whether anything shows that there are weights; `Some(false)` when a file listing shows none.
    pub has_weights: Option<bool>,
    /// Library, lower case.
    pub library: Option<Arc<str>>,
    /// Task.
    pub pipeline_tag: Option<Arc<str>>,
    /// Base ids as stated.
    pub base_ids: Vec<String>,
    /// Most bases that one source (card, index or tags) names: a renamed base stands under two names in two sources.
    pub base_count: usize,
    /// Whether the card says that its training was a fine-tuning.
    pub says_fine_tuning: bool,
    /// Stated relation to the base.
    pub relation: Option<Relation>,
    /// Tags that carry a signal, of [`roles::SIGNAL_TAGS`].
    pub signals: Box<[&'static str]>,
    /// Kind of the registry's run for this id.
    pub registry_kind: Option<RunKind>,
    /// Whether the registry says that the run continued a pre-training.
    pub registry_continued: bool,
    /// Parameters that the name states.
    pub named_size: Option<f64>,
    /// Role a reviewed correction gives.
    pub corrected_role: Option<Role>,
}

impl RepoFacts {
    /// Namespace; empty for legacy ids.
    #[must_use]
    pub fn owner(&self) -> &str {
        self.model_id.split_once('/').map_or("", |(owner, _)| owner)
    }

    /// Name without namespace.
    #[must_use]
    pub fn name(&self) -> &str {
        self.model_id.split_once('/').map_or(self.model_id.as_str(), |(_, name)| name)
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
