//! `pipeline.toml`: every key known, every value in range, and for each the place it came from.
//!
//! A setting is resolved as default < pipeline.toml < `HUGGING_CARBON_*` < flag.

use crate::error::{Error, IoContext, Result};
use crate::lineage::LinkPass;
use fs_err as fs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Version of the method this build implements (METHOD.md). `method.version` pins it.
pub const METHOD_VERSION: i32 = 1;

/// The built-in defaults, which are also the shape of the file.
const DEFAULTS: &str = r#"
[source]
kind = "file"
[cohort]
metric = "downloads_all_time"
min = 5000
[limits]
max_quarantine_fraction = 0.01
max_shrink_fraction = 0.05
[method]
version = 1
draws = 1000
seed = 20260502
"#;

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

/// `[reference]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceConfig {
    /// Grid table of the shape of grid_region_year.csv whose rows go before those of the binary; for tables under share-alike
    /// licences, which stay outside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_grid: Option<PathBuf>,
}

/// `[source]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// Kind of source.
    pub kind: SourceKind,
    /// File or directory; without it the sample that is part of the binary. Set by the program for the other kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// hub-dataset: repository of the ready-made index.
    #[serde(default = "SourceConfig::default_repo")]
    pub repo: String,
    /// hub-dataset: its file.
    #[serde(default = "SourceConfig::default_file")]
    pub file: String,
    /// hub-dataset: branch, tag or commit. What is taken is a commit, and recorded.
    #[serde(default = "PinnedSource::default_revision")]
    pub revision: Option<String>,
    /// hub-listing: records per page.
    #[serde(default = "SourceConfig::default_page_size")]
    pub page_size: u32,
    /// hub-listing: a recording younger than this is not crawled again.
    #[serde(default = "SourceConfig::default_max_age_hours")]
    pub max_age_hours: u64,
    /// hub-listing: whether a crawl may build on the one before.
    #[serde(default = "SourceConfig::default_incremental")]
    pub incremental: bool,
    /// Seconds without progress after which a fetch ends with exit status 4, everything so far kept.
    #[serde(default = "SourceConfig::default_patience_s")]
    pub patience_s: u64,
}

impl SourceConfig {
    fn default_repo() -> String {
        "cfahlgren1/hub-stats".into()
    }
    fn default_file() -> String {
        "models.parquet".into()
    }
    fn default_page_size() -> u32 {
        1_000
    }
    fn default_max_age_hours() -> u64 {
        20
    }
    fn default_incremental() -> bool {
        true
    }
    fn default_patience_s() -> u64 {
        1_800
    }

    /// What of it a snapshot pins: what was taken, not where it lies or how it was fetched.
    #[must_use]
    pub fn as_pinned(&self) -> serde_json::Value {
        match self.kind {
            SourceKind::HubDataset => {
                serde_json::json!({"kind": self.kind, "repo": self.repo, "file": self.file, "revision": self.revision})
            }
            _ => serde_json::json!({"kind": self.kind}),
        }
    }

    /// The file of a hub-dataset source.
    #[must_use]
    pub fn pinned(&self) -> PinnedSource {
        let revision = self.revision.clone().unwrap_or_else(|| "main".into());
        PinnedSource { repo: self.repo.clone(), file: self.file.clone(), revision }
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
    #[allow(clippy::unnecessary_wraps)] // serde wants the field's type.
    fn default_revision() -> Option<String> {
        Some("main".into())
    }
}

/// `[cards]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardsConfig {
    /// File or directory of cards; without it the sample's when the sample is the source, else none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// hub-listing: fetch the cards of the cohort, those that changed since they were fetched last.
    #[serde(default)]
    pub fetch: bool,
    /// Dataset repository of ready-made cards, for example librarian-bots/model_cards_with_metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
    /// Its file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Branch, tag or commit of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
}

impl CardsConfig {
    /// The file of ready-made cards.
    #[must_use]
    pub fn pinned(&self) -> Option<PinnedSource> {
        let revision = self.revision.clone().unwrap_or_else(|| "main".into());
        Some(PinnedSource { repo: self.repo.clone()?, file: self.file.clone()?, revision })
    }
}

/// Kinds of source this version reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// Files on this machine.
    File,
    /// The listing API of the Hub, crawled and recorded.
    HubListing,
    /// A file of a dataset repository, at a commit.
    HubDataset,
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

/// Download counts a cohort can be cut by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CohortMetric {
    /// Since the repository exists.
    DownloadsAllTime,
    /// In the last 30 days.
    Downloads30d,
}

impl CohortMetric {
    /// The column's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DownloadsAllTime => "downloads_all_time",
            Self::Downloads30d => "downloads_30d",
        }
    }
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
    /// Passes of the lineage that are left out, to see what each decides; empty for every published snapshot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_link_passes: Vec<LinkPass>,
}

/// Where a setting came from, for `run -v`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// A command-line flag.
    Flag(&'static str),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => write!(f, "default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => write!(f, "{name}"),
            Self::Flag(flag) => write!(f, "{flag}"),
        }
    }
}

/// A configuration together with the origin of every setting.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The settings.
    pub config: Config,
    /// Dotted key to value and origin.
    pub origins: BTreeMap<String, (String, Origin)>,
}

/// What the command line says about the configuration.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--config`.
    pub config_file: Option<PathBuf>,
    /// `--source`.
    pub source: Option<PathBuf>,
    /// `--cards`.
    pub cards: Option<PathBuf>,
}

/// Reads an environment variable as a TOML value of the key's type.
type ReadValue = fn(&str) -> Option<toml::Value>;

/// Every dotted key with the type its environment variable is read as.
const KEYS: &[(&str, ReadValue)] = &[
    ("source.kind", text),
    ("source.path", text),
    ("source.repo", text),
    ("source.file", text),
    ("source.revision", text),
    ("source.page_size", integer),
    ("source.max_age_hours", integer),
    ("source.incremental", boolean),
    ("source.patience_s", integer),
    ("cards.path", text),
    ("cards.fetch", boolean),
    ("cards.repo", text),
    ("cards.file", text),
    ("cards.revision", text),
    ("cohort.metric", text),
    ("cohort.min", integer),
    ("limits.max_quarantine_fraction", float),
    ("limits.max_shrink_fraction", float),
    ("method.version", integer),
    ("method.draws", integer),
    ("method.seed", integer),
    ("method.without_link_passes", list),
    ("reference.extra_grid", text),
];

fn text(s: &str) -> Option<toml::Value> {
    Some(toml::Value::String(s.to_owned()))
}
fn list(s: &str) -> Option<toml::Value> {
    let words = s.split(',').map(str::trim).filter(|word| !word.is_empty());
    Some(toml::Value::Array(words.map(|word| toml::Value::String(word.to_owned())).collect()))
}
fn boolean(s: &str) -> Option<toml::Value> {
    s.trim().parse().ok().map(toml::Value::Boolean)
}
fn integer(s: &str) -> Option<toml::Value> {
    s.trim().parse().ok().map(toml::Value::Integer)
}
fn float(s: &str) -> Option<toml::Value> {
    s.trim().parse().ok().map(toml::Value::Float)
}

/// Resolves the configuration from all four layers. `environment` looks a variable up.
///
/// # Errors
/// A file that is named but missing, broken TOML, an unknown key, a value of the wrong type or out of range.
pub fn resolve(overrides: &Overrides, environment: impl Fn(&str) -> Option<String>) -> Result<Resolved> {
    let mut layers = Layers::default();
    layers.merge(parse_toml(DEFAULTS, Path::new("built-in defaults"))?, &Origin::Default);
    if let Some((path, text)) = read_file(overrides.config_file.as_deref())? {
        let mut table = parse_toml(&text, &path)?;
        // Keys and types are checked per layer, so that the message can name the file.
        check_keys(&table, &path)?;
        relative_to(&mut table, path.parent().unwrap_or(Path::new("")));
        layers.merge(table, &Origin::File(path));
    }
    for (key, read) in KEYS {
        let name = format!("HUGGING_CARBON_{}", key.replace('.', "_").to_uppercase());
        if let Some(value) = environment(&name) {
            let value = read(&value).ok_or_else(|| {
                Error::Config(format!(
                    "environment variable {name}: '{value}' is neither a number nor true or false, as this setting needs"
                ))
            })?;
            layers.set(key, value, Origin::Environment(name));
        }
    }
    if let Some(path) = &overrides.source {
        layers.set("source.kind", toml::Value::String("file".into()), Origin::Flag("--source"));
        layers.set("source.path", toml::Value::String(path.to_string_lossy().into_owned()), Origin::Flag("--source"));
    }
    if let Some(path) = &overrides.cards {
        layers.set("cards.path", toml::Value::String(path.to_string_lossy().into_owned()), Origin::Flag("--cards"));
    } else if overrides.source.is_some() {
        // The file's cards belong to the file's source.
        layers.unset("cards.path");
    }
    layers.finish()
}

fn read_file(named: Option<&Path>) -> Result<Option<(PathBuf, String)>> {
    let path = named.unwrap_or(Path::new("pipeline.toml"));
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some((path.to_owned(), text))),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && named.is_none() => Ok(None),
        Err(e) => Err(e).at("cannot read configuration", path),
    }
}

fn parse_toml(text: &str, path: &Path) -> Result<toml::Table> {
    text.parse().map_err(|e: toml::de::Error| Error::Config(format!("{}: {}", path.display(), e.to_string().trim_end())))
}

fn check_keys(table: &toml::Table, path: &Path) -> Result<()> {
    let unknown = |key: &str| {
        let known: Vec<&str> = KEYS.iter().map(|(k, _)| *k).collect();
        Error::Config(format!("{}: unknown key '{key}'\n  known keys: {}", path.display(), known.join(", ")))
    };
    for (section, value) in table {
        let Some(entries) = value.as_table() else { return Err(unknown(section)) };
        if !KEYS.iter().any(|(k, _)| k.split('.').next() == Some(section)) {
            return Err(unknown(section));
        }
        for key in entries.keys() {
            let dotted = format!("{section}.{key}");
            if !KEYS.iter().any(|(k, _)| *k == dotted) {
                return Err(unknown(&dotted));
            }
        }
    }
    Ok(())
}

/// A relative path in a file is relative to the file, so that a scheduler may start the tool anywhere.
fn relative_to(table: &mut toml::Table, base: &Path) {
    for (section, key) in [("source", "path"), ("cards", "path"), ("reference", "extra_grid")] {
        if let Some(toml::Value::String(path)) = table.get_mut(section).and_then(|s| s.get_mut(key)) {
            let joined = base.join(&*path).to_string_lossy().into_owned();
            *path = joined;
        }
    }
}

#[derive(Default)]
struct Layers {
    table: toml::Table,
    origins: BTreeMap<String, (String, Origin)>,
}

impl Layers {
    fn merge(&mut self, table: toml::Table, origin: &Origin) {
        for (section, entries) in table {
            if let toml::Value::Table(entries) = entries {
                for (key, value) in entries {
                    self.set(&format!("{section}.{key}"), value, origin.clone());
                }
            }
        }
    }

    fn set(&mut self, dotted: &str, value: toml::Value, origin: Origin) {
        let (section, key) = dotted.split_once('.').unwrap_or((dotted, ""));
        self.origins.insert(dotted.to_owned(), (value.to_string(), origin));
        let entry = self.table.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        if let toml::Value::Table(entries) = entry {
            entries.insert(key.to_owned(), value);
        }
    }

    fn unset(&mut self, dotted: &str) {
        let (section, key) = dotted.split_once('.').unwrap_or((dotted, ""));
        self.origins.remove(dotted);
        if let Some(toml::Value::Table(entries)) = self.table.get_mut(section) {
            entries.remove(key);
        }
    }

    fn finish(self) -> Result<Resolved> {
        let Self { table, origins } = self;
        let config: Config = toml::Value::Table(table)
            .try_into()
            .map_err(|e: toml::de::Error| Error::Config(format!("{}{}", e.to_string().trim_end(), describe(&origins))))?;
        validate(&config, &origins)?;
        Ok(Resolved { config, origins })
    }
}

fn describe(origins: &BTreeMap<String, (String, Origin)>) -> String {
    let set: Vec<String> = origins
        .iter()
        .filter(|(_, (_, origin))| *origin != Origin::Default)
        .map(|(key, (value, origin))| format!("\n  {key} = {value} ({origin})"))
        .collect();
    set.concat()
}

fn validate(config: &Config, origins: &BTreeMap<String, (String, Origin)>) -> Result<()> {
    let refuse = |key: &str, rule: &str| {
        let (value, origin) = origins.get(key).cloned().unwrap_or((String::new(), Origin::Default));
        Err(Error::Config(format!("{key} = {value} (from {origin}): {rule}")))
    };
    if config.cohort.min < 0 {
        return refuse("cohort.min", "a download threshold cannot be negative; use 0 for every downloaded model");
    }
    for (key, value) in [
        ("limits.max_quarantine_fraction", config.limits.max_quarantine_fraction),
        ("limits.max_shrink_fraction", config.limits.max_shrink_fraction),
    ] {
        if !(0.0..=1.0).contains(&value) {
            return refuse(key, "a fraction must lie between 0 and 1");
        }
    }
    if !(1..=1_000).contains(&config.source.page_size) {
        return refuse("source.page_size", "must lie between 1 and 1000, the most that the Hub gives");
    }
    if config.cards.fetch && config.source.kind != SourceKind::HubListing {
        return refuse("cards.fetch", "cards are fetched for a crawled listing only: source.kind = \"hub-listing\"");
    }
    if config.cards.repo.is_some() != config.cards.file.is_some() {
        return refuse("cards.repo", "a repository of cards needs cards.file, and the other way round");
    }
    if config.method.version != METHOD_VERSION {
        return refuse("method.version", "this build implements method version 1 only");
    }
    if !(100..=100_000).contains(&config.method.draws) {
        return refuse("method.draws", "must lie between 100 and 100000");
    }
    for (key, path) in [
        ("source.path", &config.source.path),
        ("cards.path", &config.cards.path),
        ("reference.extra_grid", &config.reference.extra_grid),
    ] {
        if path.as_ref().is_some_and(|p| p.as_os_str().is_empty()) {
            return refuse(key, "the path is empty");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file(text: &str) -> Result<Resolved> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipeline.toml");
        std::fs::write(&path, text).unwrap();
        resolve(&Overrides { config_file: Some(path), source: None, cards: None }, |_| None)
    }

    #[test]
    fn later_layers_win_and_each_setting_names_its_origin() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.toml");
        std::fs::write(&path, "[cohort]\nmin = 10\n[method]\ndraws = 200\n[source]\npath = \"x\"").unwrap();
        let resolved = resolve(&Overrides { config_file: Some(path.clone()), source: None, cards: None }, |name| {
            (name == "HUGGING_CARBON_METHOD_DRAWS").then(|| "300".to_owned())
        })
        .unwrap();
        assert_eq!(resolved.config.cohort.min, 10);
        assert_eq!(resolved.config.method.draws, 300);
        assert_eq!(resolved.config.source.path, Some(dir.path().join("x")));
        assert_eq!(resolved.origins["cohort.min"].1, Origin::File(path));
        assert_eq!(resolved.origins["limits.max_shrink_fraction"].1, Origin::Default);
        assert_eq!(resolved.origins["method.draws"].1, Origin::Environment("HUGGING_CARBON_METHOD_DRAWS".into()));
    }

    #[test]
    fn a_bad_setting_is_named() {
        for (text, expected) in [
            ("[cohort]\nmni = 3", "unknown key 'cohort.mni'"),
            ("[cohrot]\nmin = 3", "unknown key 'cohrot'"),
            ("[cohort]\nmin = -1", "cannot be negative"),
            ("[limits]\nmax_shrink_fraction = 1.5", "between 0 and 1"),
            ("[limits]\nmax_quarantine_fraction = nan", "between 0 and 1"),
            ("[method]\nversion = 2", "method version 1 only"),
            ("[method]\ndraws = 5", "between 100 and 100000"),
            ("[cohort]\nmetric = \"likes\"", "likes"),
            ("[source]\nkind = \"hub\"", "hub-listing"),
            ("[source]\nkind = \"hub-listing\"\npage_size = 5000", "between 1 and 1000"),
            ("[cards]\nfetch = true", "crawled listing only"),
            ("[cards]\nrepo = \"a/b\"", "needs cards.file"),
            ("[method]\nwithout_link_passes = [\"guesses\"]", "guesses"),
            ("[cohort\n", "pipeline.toml"),
        ] {
            let message = with_file(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
