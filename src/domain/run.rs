//! Kinds of training runs, and the stages of post-training.

use super::{Field, Flag, Modality, OwnerClass, Role, RoleShares, SizeWord, TaskGroup, Tier, TrainedOnSource, closed_set};
use crate::units::Day;

closed_set! {
    /// Kind of a training run.
    enum RunKind {
        /// From random weights.
        Pretraining = "pretraining",
        /// More pre-training on weights that exist; in the registry only, a run of the index is post_training or fine_tuning then.
        Continued = "continued",
        /// By the owner of the pre-training, on its own weights.
        PostTraining = "post_training",
        /// By somebody else, on their weights.
        FineTuning = "fine_tuning",
        /// Of small added weights, the others frozen.
        Adapter = "adapter",
    }
}

closed_set! {
    /// What a training on weights of one's own house does, by which published shares of the pre-training's compute it is estimated.
    enum TrainingStage {
        /// Continued pre-training.
        Continued = "continued",
        /// Supervised fine-tuning on instructions.
        Sft = "sft",
        /// Preference optimization.
        Preference = "preference",
        /// The post-training of a chat release as a whole.
        ChatRelease = "chat_release",
        /// Long reinforcement learning.
        LongRl = "long_rl",
        /// Distillation of reasoning traces.
        ReasoningDistillation = "reasoning_distillation",
        /// Adapters.
        Adapter = "adapter",
        /// Fine-tuning of a diffusion model.
        DiffusionFinetune = "diffusion_finetune",
    }
}

/// A training run with what is known of it; or a repository that trained nothing, whose kind is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Key of the run; `<model_id>#no_training` for a repository that trained nothing.
    pub run_id: String,
    /// Repository that owns the run.
    pub model_id: String,
    /// Kind; none where nothing was trained.
    pub kind: Option<RunKind>,
    /// Probabilities of what was trained, if anything.
    pub shares: RunShares,
    /// Stage of post-training, by which shares of the pre-training its compute is estimated; none where that does not apply.
    pub stage: Option<TrainingStage>,
    /// Modality.
    pub modality: Modality,
    /// Group of the task, by the Hub's task tag, else by modality.
    pub task: TaskGroup,
    /// Date of training.
    pub trained_on: Option<Day>,
    /// Source of the date.
    pub trained_on_source: Option<TrainedOnSource>,
    /// Years that the training may be of where nothing tells its date, ascending, each as likely as the others.
    pub possible_years: Vec<i32>,
    /// What the name says of the size without a number.
    pub size_word: Option<SizeWord>,
    /// Who trains.
    pub owner: Owner,
    /// Stated figures.
    pub known: Known,
    /// Stated place of training.
    pub place: Site,
    /// Stated hardware.
    pub hardware: Hardware,
    /// Pre-training that the weights come from, when it is another run of the index.
    pub root_run_id: Option<String>,
    /// Tiers that the evidence reaches, the one that knows most first.
    pub tiers: Vec<Tier>,
    /// Evidence behind each figure.
    pub chosen: Chosen,
    /// Assumptions and warnings so far.
    pub flags: Vec<Flag>,
}

impl Run {
    /// A run of which nothing is known but its name and kind.
    #[must_use]
    pub fn new(model_id: &str, kind: RunKind, modality: Modality) -> Self {
        Self {
            run_id: model_id.to_owned(),
            model_id: model_id.to_owned(),
            kind: Some(kind),
            shares: RunShares::certain(Some(kind)),
            stage: None,
            modality,
            task: TaskGroup::of_modality(modality),
            trained_on: None,
            trained_on_source: None,
            possible_years: Vec::new(),
            size_word: None,
            owner: Owner::default(),
            known: Known::default(),
            place: Site::default(),
            hardware: Hardware::default(),
            root_run_id: None,
            tiers: Vec::new(),
            chosen: Chosen::default(),
            flags: Vec::new(),
        }
    }

    /// The tier of the headline: the first that the evidence reaches.
    #[must_use]
    pub fn tier(&self) -> Tier {
        match self.kind {
            None => Tier::NoTraining,
            Some(_) => self.tiers.first().copied().unwrap_or(Tier::Category),
        }
    }

    /// Date of training, or the middle of the years that it may be of.
    #[must_use]
    pub fn date(&self) -> Option<Day> {
        self.trained_on.or_else(|| middle_of(*self.possible_years.get(self.possible_years.len() / 2)?))
    }

    /// The same run for each of the years that it may be of; none where its date is known, or nothing tells of years.
    pub fn by_possible_year(&self) -> impl Iterator<Item = Self> + '_ {
        let years = self.possible_years.iter().filter(|_| self.trained_on.is_none());
        years.map(|year| Self { trained_on: middle_of(*year), possible_years: Vec::new(), ..self.clone() })
    }

    /// The run without its names, its evidence, its site and what was assumed of it: all that compute is told by, quick to copy.
    #[must_use]
    pub fn bare(&self) -> Self {
        let Self { kind, shares, stage, modality, task, trained_on, trained_on_source, size_word, known, .. } = *self;
        Self {
            run_id: String::new(),
            model_id: String::new(),
            kind,
            shares,
            stage,
            modality,
            task,
            trained_on,
            trained_on_source,
            possible_years: self.possible_years.clone(),
            size_word,
            owner: Owner { name: None, class: self.owner.class, country: None },
            known,
            place: Site::default(),
            hardware: Hardware::default(),
            root_run_id: self.root_run_id.clone(),
            tiers: Vec::new(),
            chosen: Chosen::default(),
            flags: Vec::new(),
        }
    }

    /// Whether it is a pre-training.
    #[must_use]
    pub fn is_pretraining(&self) -> bool {
        self.kind == Some(RunKind::Pretraining)
    }
}

/// The middle of a year.
fn middle_of(year: i32) -> Option<Day> {
    Day::from_ymd(i16::try_from(year).ok()?, 7, 1)
}

/// A repository owns a run if it trained something with at least this probability: one in a hundred keeps the sum over all that are
/// left out below a hundredth of their number, and a hundred draws, the fewest, hold it once.
pub const LEAST_TRAINED: f64 = 0.01;

/// Probabilities of what a run was; what they lack to one is that nothing was trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunShares {
    /// A training from random weights.
    pub pretraining: f64,
    /// More pre-training on weights that exist.
    pub continued: f64,
    /// A fine-tuning of weights that exist.
    pub tuning: f64,
    /// A training of added weights.
    pub adapter: f64,
}

impl RunShares {
    /// Of a kind that is known; none for nothing.
    #[must_use]
    pub fn certain(kind: Option<RunKind>) -> Self {
        let nothing = Self { pretraining: 0.0, continued: 0.0, tuning: 0.0, adapter: 0.0 };
        match kind {
            None => nothing,
            Some(RunKind::Pretraining) => Self { pretraining: 1.0, ..nothing },
            // Of a kind that is known the stage tells what was done.
            Some(RunKind::Continued | RunKind::PostTraining | RunKind::FineTuning) => Self { tuning: 1.0, ..nothing },
            Some(RunKind::Adapter) => Self { adapter: 1.0, ..nothing },
        }
    }

    /// By the roles of the repository that owns the run. One that carries the pre-training of a base nobody released has trained it whatever
    /// its own stage is called.
    #[must_use]
    pub fn of_roles(roles: &RoleShares, kind: Option<RunKind>, carries_pretraining: bool) -> Self {
        if roles.is_certain() {
            return Self::certain(kind);
        }
        let (continued, tuning) = (roles.share(Role::Continued), roles.share(Role::Finetuned));
        let (pretraining, adapter) = (roles.share(Role::Pretrained), roles.share(Role::Adapter));
        // A run that exists was trained with some probability: what carries others' weights may be the likeliest copy.
        let trained = pretraining + continued + tuning + adapter;
        let scale = if trained > 0.0 && trained < LEAST_TRAINED { LEAST_TRAINED / trained } else { 1.0 };
        let all = Self {
            pretraining: pretraining * scale,
            continued: continued * scale,
            tuning: tuning * scale,
            adapter: adapter * scale,
        };
        if carries_pretraining {
            Self { pretraining: all.pretraining + all.continued + all.tuning, continued: 0.0, tuning: 0.0, ..all }
        } else {
            all
        }
    }

    /// Whether one thing is known to have been trained, or nothing.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        let Self { pretraining, continued, tuning, adapter } = *self;
        let all = [pretraining, continued, tuning, adapter];
        all.contains(&1.0) || all.iter().sum::<f64>() == 0.0
    }
}

/// Who trains.
#[derive(Clone, Debug, PartialEq)]
pub struct Owner {
    /// Namespace.
    pub name: Option<String>,
    /// Class.
    pub class: OwnerClass,
    /// Country, ISO 3166 alpha-3.
    pub country: Option<String>,
}

impl Default for Owner {
    fn default() -> Self {
        Self { name: None, class: OwnerClass::Industry, country: None }
    }
}

/// Stated figures of a run, in the units of their names.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Known {
    /// Total parameters.
    pub total_params: Option<f64>,
    /// Active parameters.
    pub active_params: Option<f64>,
    /// Tokens seen.
    pub train_tokens: Option<f64>,
    /// FLOP of the forward passes that one training sample takes.
    pub forward_flop: Option<f64>,
    /// Samples seen, each pass over the data counted.
    pub train_samples: Option<f64>,
    /// Tokens of a sample (data/reference/sample_lengths.md), with the standard deviation of its log10.
    pub sample_length: Option<(f64, f64)>,
    /// Parameters of the embeddings of tokens that are only looked up, which costs no FLOP: those that no output layer tells words with.
    pub token_embeddings: Option<f64>,
    /// Training compute.
    pub train_flop: Option<f64>,
    /// Confidence of the stated compute, 0 to 1.
    pub train_flop_confidence: Option<f64>,
    /// Whether the compute is the word of who trained, and not reckoned by others.
    pub train_flop_is_the_makers: bool,
    /// Reported emissions.
    pub emissions_kgco2e: Option<f64>,
    /// Reported energy at the source's boundary.
    pub energy_kwh: Option<f64>,
    /// Model FLOP utilization.
    pub mfu: Option<f64>,
}

/// Stated place of training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Site {
    /// Key of the grid tables.
    pub grid_place: Option<String>,
    /// Operator of the site or cloud.
    pub operator: Option<String>,
    /// Cloud region, `provider:region`.
    pub cloud_region: Option<String>,
}

/// Stated hardware.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hardware {
    /// Canonical names of the accelerator; several when the text leaves the variant or the choice open.
    pub accelerators: Vec<String>,
    /// Device hours.
    pub accelerator_hours: Option<f64>,
}

/// The row of evidence behind each figure, by field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chosen(Vec<(Field, String)>);

impl Chosen {
    /// Notes the evidence behind a field.
    pub fn choose(&mut self, field: Field, evidence_id: &str) {
        self.0.push((field, evidence_id.to_owned()));
    }

    /// Takes the evidence behind a field away.
    pub fn forget(&mut self, field: Field) {
        self.0.retain(|(chosen, _)| *chosen != field);
    }

    /// Identifier of the evidence behind a field.
    #[must_use]
    pub fn evidence(&self, field: Field) -> Option<&str> {
        self.0.iter().find(|(chosen, _)| *chosen == field).map(|(_, id)| id.as_str())
    }

    /// Fields with the evidence behind each.
    pub fn iter(&self) -> impl Iterator<Item = (Field, &str)> {
        self.0.iter().map(|(field, id)| (*field, id.as_str()))
    }

    /// From fields and identifiers in the same order.
    #[must_use]
    pub fn from_columns(fields: Vec<Field>, ids: Vec<String>) -> Self {
        Self(fields.into_iter().zip(ids).collect())
    }

    /// Fields and identifiers in the same order.
    #[must_use]
    pub fn into_columns(self) -> (Vec<Field>, Vec<String>) {
        self.0.into_iter().unzip()
    }
}
