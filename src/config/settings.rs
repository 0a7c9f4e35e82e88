//! The one list of settings. From it come the keys that are known, the environment variables, the built-in defaults, the checks of
//! ranges and words, the repository's `pipeline.toml` and `docs/settings.md`.

use super::METHOD_VERSION;
use crate::domain::{ClosedSet, CohortMetric, LinkPass, SourceKind};

/// A setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Dotted key: section and name.
    pub key: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// The value where nothing is said.
    pub default: Option<Value>,
    /// Whether the manifest of every snapshot states it, whatever the source.
    pub pinned: bool,
    /// Whether `run -v` shows it even where it is the default.
    pub shown: bool,
    /// What it decides, in one sentence.
    pub about: &'static str,
    /// What the repository's own `pipeline.toml` sets it to.
    pub here: Option<Value>,
    /// What that file shows, commented out, where there is no default.
    pub example: Option<Value>,
}

/// What the values of a setting are.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A text.
    Text,
    /// A path; in a file it is relative to the file.
    Path,
    /// True or false.
    Flag,
    /// A whole number.
    Whole(Limits),
    /// A number.
    Number(Limits),
    /// A word of a closed set.
    Word(fn() -> Vec<&'static str>),
    /// Several words of a closed set.
    Words(fn() -> Vec<&'static str>),
}

/// The range of a number.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Least value.
    pub least: f64,
    /// Greatest value.
    pub most: f64,
    /// What is said of a value outside.
    pub refusal: &'static str,
}

/// A value as this list states it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A text, a path or a word.
    Text(&'static str),
    /// True or false.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// Words.
    Words(&'static [&'static str]),
}

impl Setting {
    const fn new(key: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { key, kind, default: None, pinned: false, shown: false, about, here: None, example: None }
    }

    const fn defaults_to(self, value: Value) -> Self {
        Self { default: Some(value), ..self }
    }

    const fn pinned(self) -> Self {
        Self { pinned: true, ..self.shown() }
    }

    const fn shown(self) -> Self {
        Self { shown: true, ..self }
    }

    const fn here(self, value: Value) -> Self {
        Self { here: Some(value), ..self }
    }

    const fn example(self, value: Value) -> Self {
        Self { example: Some(value), ..self }
    }

    /// Section and name.
    #[must_use]
    pub fn split(&self) -> (&'static str, &'static str) {
        self.key.split_once('.').unwrap_or((self.key, ""))
    }

    /// The environment variable that sets it.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("HUGGING_CARBON_{}", self.key.replace('.', "_").to_uppercase())
    }
}

fn words<S: ClosedSet>() -> Vec<&'static str> {
    S::ALL.iter().map(|member| member.word()).collect()
}

const fn whole(least: f64, most: f64, refusal: &'static str) -> Kind {
    Kind::Whole(Limits { least, most, refusal })
}

/// A count that the typed structs hold without a sign: they refuse a negative one before this rule is asked.
const COUNT: Kind = whole(0.0, f64::INFINITY, "must not be negative");
const FRACTION: Kind = Kind::Number(Limits { least: 0.0, most: 1.0, refusal: "a fraction must lie between 0 and 1" });
const VERSION: Kind = whole(METHOD_VERSION as f64, METHOD_VERSION as f64, "this build implements method version 2 only");

/// Every setting, section by section.
pub const SETTINGS: &[Setting] = &[
    Setting::new(
        "source.kind",
        Kind::Word(words::<SourceKind>),
        "Where the index comes from: files on this machine, a crawl of the Hub's listing API, or a ready-made file of a dataset repository.",
    )
    .defaults_to(Value::Text("file"))
    .pinned(),
    Setting::new(
        "source.path",
        Kind::Path,
        "File or directory of the index; leave it out for what is fetched from the Hub, or for the sample that is part of the binary.",
    )
    .here(Value::Text("data/sample")),
    Setting::new("source.repo", Kind::Text, "hub-dataset: the dataset repository, owner/name.")
        .defaults_to(Value::Text("cfahlgren1/hub-stats")),
    Setting::new("source.file", Kind::Text, "hub-dataset: its file.").defaults_to(Value::Text("models.parquet")),
    Setting::new(
        "source.revision",
        Kind::Text,
        "hub-dataset: branch, tag or commit; it is resolved to a commit, which the manifest records.",
    )
    .defaults_to(Value::Text("main")),
    Setting::new(
        "source.page_size",
        whole(1.0, 1_000.0, "must lie between 1 and 1000, the most that the Hub gives"),
        "hub-listing: records per request.",
    )
    .defaults_to(Value::Whole(1_000)),
    Setting::new("source.max_age_hours", COUNT, "hub-listing: a recorded listing younger than this is not crawled again.")
        .defaults_to(Value::Whole(20)),
    Setting::new(
        "source.incremental",
        Kind::Flag,
        "hub-listing: take what changed since the last crawl, and everything once a week; if false, everything each time.",
    )
    .defaults_to(Value::Flag(true)),
    Setting::new(
        "source.patience_s",
        COUNT,
        "Seconds without progress after which a fetch ends with exit status 4; everything fetched is kept, and the next run goes on.",
    )
    .defaults_to(Value::Whole(1_800)),
    Setting::new(
        "cards.path",
        Kind::Path,
        "Model cards: a directory of READMEs, JSON Lines of {id, card} or Parquet; without it the sample's beside the sample, else none.",
    )
    .here(Value::Text("data/sample/cards")),
    Setting::new(
        "cards.evidence",
        Kind::Path,
        "Evidence that `rows evidence` made of the cards, in their stead: a file or directory of Parquet or Arrow IPC; leave cards.path out.",
    )
    .example(Value::Text("evidence")),
    Setting::new("cards.fetch", Kind::Flag, "hub-listing: fetch the cards of the cohort that changed; leave cards.path out.")
        .defaults_to(Value::Flag(false)),
    Setting::new("cards.repo", Kind::Text, "Dataset repository of ready-made cards, owner/name; leave cards.path out.")
        .example(Value::Text("librarian-bots/model_cards_with_metadata")),
    Setting::new("cards.file", Kind::Text, "The file of cards.repo.").example(Value::Text("data/train-00000-of-00001.parquet")),
    Setting::new("cards.revision", Kind::Text, "Branch, tag or commit of cards.repo; without it main.").example(Value::Text("main")),
    Setting::new("cohort.metric", Kind::Word(words::<CohortMetric>), "The download count that decides which models the headline counts.")
        .defaults_to(Value::Text("downloads_all_time"))
        .pinned(),
    Setting::new(
        "cohort.min",
        whole(0.0, f64::INFINITY, "a download threshold cannot be negative; use 0 for every downloaded model"),
        "The headline counts models with strictly more downloads than this.",
    )
    .defaults_to(Value::Whole(5_000))
    .pinned(),
    Setting::new("limits.max_quarantine_fraction", FRACTION, "Share of records that may be refused before ingest stops.")
        .defaults_to(Value::Number(0.01))
        .shown(),
    Setting::new(
        "limits.max_shrink_fraction",
        FRACTION,
        "Share of models, or of a field of them, that may be missing against the newest snapshot.",
    )
    .defaults_to(Value::Number(0.05))
    .shown(),
    Setting::new("method.version", VERSION, "Version of the method, which must be the one that this build implements.")
        .defaults_to(Value::Whole(METHOD_VERSION as i64))
        .pinned(),
    Setting::new("method.draws", whole(100.0, 100_000.0, "must lie between 100 and 100000"), "Monte Carlo draws per run.")
        .defaults_to(Value::Whole(1_000))
        .pinned(),
    Setting::new("method.seed", COUNT, "Seed of the counter-based generator of random numbers.")
        .defaults_to(Value::Whole(20_260_502))
        .pinned(),
    Setting::new(
        "method.certain_roles",
        Kind::Flag,
        "Roles by the ordered rules alone, as if these were certain, to see what the probabilities decide; false for a published snapshot.",
    )
    .defaults_to(Value::Flag(false)),
    Setting::new(
        "method.without_link_passes",
        Kind::Words(words::<LinkPass>),
        "Passes of the lineage that are left out, to see what each decides; none for a published snapshot.",
    )
    .example(Value::Words(&[])),
    Setting::new(
        "reference.extra_grid",
        Kind::Path,
        "Grid table of the shape of grid_region_year.csv whose rows go before the built-in ones; for tables under share-alike licences.",
    )
    .example(Value::Text("data/share_alike/grid_electricitymaps_zone_year.csv")),
];

/// The setting of a dotted key.
#[must_use]
pub fn find_setting(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}
