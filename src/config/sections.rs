//! The settings as the program uses them: one struct per section of the file. What a setting is, its default and its range are in
//! [`super::settings`]; these structs say nothing of it, and a [`Config`] comes from [`super::resolve`] or [`Config::from_pinned`], which
//! fill the defaults in.

use super::settings::{SETTINGS, Value};
use crate::domain::{CohortMetric, LinkPass, SourceKind};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::PathBuf;

/// The whole configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What is ingested.
    pub source: SourceConfig,
    /// Model cards.
    #[serde(default)]
    pub cards: CardsConfig,
    /// Which models the headline counts.
    pub cohort: CohortConfig,
    /// When a run refuses to go on.
    pub limits: LimitsConfig,
    /// The science.
    pub method: MethodConfig,
    /// Factor tables beside those of the binary.
    #[serde(default)]
    pub reference: ReferenceConfig,
}

impl Config {
    /// The configuration as a manifest pins it: everything that decides what is published, so neither where the source lies nor the limits,
    /// which decide whether.
    #[must_use]
    pub fn as_pinned(&self) -> serde_json::Value {
        json!({
            "source": self.source.as_pinned(),
            "cohort": self.cohort,
            "method": self.method,
        })
    }

    /// Reads the configuration that a manifest pins. What no manifest states, because it decides how something is fetched and not what,
    /// has its default; what every manifest states is required.
    ///
    /// # Errors
    /// A setting that every manifest states is missing, a key is unknown, or a value is of the wrong type.
    pub fn from_pinned(mut pinned: serde_json::Value) -> serde_json::Result<Self> {
        for setting in SETTINGS.iter().filter(|setting| !setting.pinned) {
            let (Some(default), Some(sections)) = (setting.default, pinned.as_object_mut()) else { continue };
            let (section, name) = setting.split();
            if let Some(entries) = sections.entry(section).or_insert_with(|| json!({})).as_object_mut() {
                entries.entry(name).or_insert_with(|| to_json(default));
            }
        }
        serde_json::from_value(pinned)
    }
}

fn to_json(value: Value) -> serde_json::Value {
    match value {
        Value::Text(text) => json!(text),
        Value::Flag(flag) => json!(flag),
        Value::Whole(number) => json!(number),
        Value::Number(number) => json!(number),
        Value::Words(words) => json!(words),
    }
}

/// `[source]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// Kind of source.
    pub kind: SourceKind,
    /// File or directory; without it the sample that is part of the binary. Set by the program for the other kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// hub-dataset: repository of the ready-made index.
    pub repo: String,
    /// hub-dataset: its file.
    pub file: String,
    /// hub-dataset: branch, tag or commit. What is taken is a commit, and recorded.
    pub revision: Option<String>,
    /// hub-listing: records per page.
    pub page_size: u32,
    /// hub-listing: a recording younger than this is not crawled again.
    pub max_age_hours: u64,
    /// hub-listing: whether a crawl may build on the one before.
    pub incremental: bool,
    /// Seconds without progress after which a fetch ends with exit status 4, everything so far kept.
    pub patience_s: u64,
}

impl SourceConfig {
    /// What of it a snapshot pins: what was taken, not where it lies or how it was fetched.
    #[must_use]
    pub fn as_pinned(&self) -> serde_json::Value {
        match self.kind {
            SourceKind::HubDataset => {
                json!({"kind": self.kind, "repo": self.repo, "file": self.file, "revision": self.revision})
            }
            SourceKind::File | SourceKind::HubListing => json!({"kind": self.kind}),
        }
    }

    /// The file of a hub-dataset source.
    #[must_use]
    pub fn pinned(&self) -> PinnedSource {
        PinnedSource::new(&self.repo, &self.file, self.revision.as_deref())
    }

    /// `owner/name@commit` of a hub-dataset source.
    #[must_use]
    pub fn pinned_revision(&self) -> Option<String> {
        let revision = self.revision.as_ref().filter(|_| self.kind == SourceKind::HubDataset)?;
        Some(format!("{}@{revision}", self.repo))
    }
}

/// A file of a dataset repository at a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedSource {
    /// owner/name.
    pub repo: String,
    /// File.
    pub file: String,
    /// Branch, tag or commit.
    pub revision: String,
}

impl PinnedSource {
    fn new(repo: &str, file: &str, revision: Option<&str>) -> Self {
        Self { repo: repo.to_owned(), file: file.to_owned(), revision: revision.unwrap_or("main").to_owned() }
    }
}

/// `[cards]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardsConfig {
    /// File or directory of cards; without it the sample's when the sample is the source, else none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// Evidence that `rows evidence` made of the cards, in their stead: a file or directory of Parquet or Arrow IPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<PathBuf>,
    /// hub-listing: fetch the cards of the cohort, those that changed since they were fetched last.
    pub fetch: bool,
    /// Dataset repository of ready-made cards, for example librarian-bots/model_cards_with_metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
    /// Its file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Branch, tag or commit of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
}

impl CardsConfig {
    /// The file of ready-made cards.
    #[must_use]
    pub fn pinned(&self) -> Option<PinnedSource> {
        Some(PinnedSource::new(self.repo.as_ref()?, self.file.as_ref()?, self.revision.as_deref()))
    }
}

/// `[cohort]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CohortConfig {
    /// Which download count.
    pub metric: CohortMetric,
    /// Threshold: strictly more than this.
    pub min: i64,
}

/// `[limits]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    /// Largest share of records that may be refused before ingest stops.
    pub max_quarantine_fraction: f64,
    /// Largest share of models that may be missing against the previous snapshot.
    pub max_shrink_fraction: f64,
}

/// `[method]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MethodConfig {
    /// Version of the method; must be the one this build implements.
    pub version: i32,
    /// Monte Carlo draws per run.
    pub draws: usize,
    /// Seed of the counter-based generator.
    pub seed: u64,
    /// Whether the ordered rules alone decide roles, to see what the probabilities are worth; false for every published snapshot.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub certain_roles: bool,
    /// Passes of the lineage that are left out, to see what each decides; empty for every published snapshot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_link_passes: Vec<LinkPass>,
}

/// `[reference]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceConfig {
    /// Grid table of the shape of grid_region_year.csv whose rows go before those of the binary; for tables under share-alike
    /// licences, which stay outside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_grid: Option<PathBuf>,
}
