//! Engine, stages and configuration put together: what each stage reads of the settings, and where its files lie.

use super::{Cli, LogFormat};
use hugging_carbon::config::{Config, LeftAside, Resolved};
use hugging_carbon::domain::source::SourceKind;
use hugging_carbon::engine::{self, Declared, Record, Reports, Step, Wanted, Workspace};
use hugging_carbon::error::{Error, Result};
use hugging_carbon::reference::Reference;
use hugging_carbon::stages::fetch::{
    CardsSource, Cohort, DatasetFile, Fetch, IndexSource, ListingSettings, Network, PinnedSources,
};
use hugging_carbon::stages::snapshot::{Publication, Published};
use hugging_carbon::stages::{self, estimate, fetch, fit, ingest, normalize, snapshot};
use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// The cards of the sample, as the project's own pipeline.toml names them.
const SAMPLE_CARDS: &str = "data/sample/cards";

/// What a command may do besides what the configuration says.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// Whether what is due may be fetched from the Hub.
    pub network: Network,
    /// Whether `latest` may go back to an older index.
    pub may_go_back: bool,
    /// Whether progress may be drawn.
    pub interactive: bool,
    /// Whether it is a rebuild that is compared with a snapshot and thrown away.
    pub is_rebuild: bool,
}

impl Default for Access {
    fn default() -> Self {
        Self { network: Network::Leave, may_go_back: false, interactive: false, is_rebuild: false }
    }
}

/// A data directory with the pipeline that a configuration makes of it.
pub struct Pipeline {
    /// Settings.
    pub config: Config,
    /// Factor tables.
    pub reference: Reference,
    /// `<data-dir>/work`.
    pub work: PathBuf,
    /// `<data-dir>/snapshots`.
    pub snapshots: PathBuf,
    workspace: Workspace,
    graph: Vec<Box<dyn Step>>,
}

impl Pipeline {
    /// Of a configuration, in a data directory.
    pub fn new(config: Config, reference: Reference, data_dir: &Path, access: Access, reports: Reports) -> Self {
        let (work, snapshots) = (data_dir.join("work"), data_dir.join("snapshots"));
        let graph = stages::graph(settings(&config, &reference, data_dir, access), &reference);
        let workspace = Workspace { work: work.clone(), interactive: access.interactive, reports };
        Self { config, reference, work, snapshots, workspace, graph }
    }

    /// Of the command line; `network` says whether what is due may be fetched from the Hub.
    pub fn of_command_line(cli: &Cli, network: Network, may_go_back: bool, reports: Reports) -> Result<Self> {
        let Resolved { config, left_aside, .. } = super::resolve(cli)?;
        // The sample's cards are nobody's loss.
        for LeftAside { setting, value, why } in left_aside.iter().filter(|aside| !aside.value.contains(SAMPLE_CARDS)) {
            tracing::warn!(
                setting,
                value,
                why,
                "left aside: a file's cards belong to its source; --cards or --evidence gives others"
            );
        }
        let interactive = std::io::stderr().is_terminal() && !cli.global.quiet && cli.global.log_format == LogFormat::Text;
        let reference = Reference::load_with(config.reference.extra_grid.as_deref())?;
        Ok(Self::new(
            config,
            reference,
            &cli.global.data_dir,
            Access { network, may_go_back, interactive, is_rebuild: false },
            reports,
        ))
    }

    /// Of the command line, for commands that only look.
    pub fn to_look(cli: &Cli) -> Result<Self> {
        Self::of_command_line(cli, Network::Leave, false, Reports::default())
    }

    /// The snapshot that the last run of the last stage came to.
    pub fn published(&self) -> Result<PathBuf> {
        let facts = engine::recorded(&self.workspace, Publication::NAME)?
            .and_then(|record| serde_json::from_value::<Published>(record.facts).ok());
        let facts =
            facts.ok_or_else(|| Error::input("nothing was published here yet", self.snapshots.display(), "hugging-carbon run"))?;
        Ok(self.snapshots.join(facts.version))
    }

    /// The flags that gave the last run its files, where these settings name others.
    pub fn last_sources(&self) -> Option<String> {
        let record = engine::recorded(&self.workspace, Fetch::NAME).ok()??;
        let last: PinnedSources = serde_json::from_value(record.facts).ok()?;
        let own = self.work.parent().unwrap_or(&self.work);
        let given = |root: &Path| (!root.starts_with(own)).then(|| root.to_owned());
        let index = given(&last.index.root);
        let cards = last.cards.and_then(|pinned| given(&pinned.root));
        let evidence = last.evidence.map(|pinned| pinned.root);
        let is_other =
            index != self.config.source.path || cards != self.config.cards.path || evidence != self.config.cards.evidence;
        let flags = [("--source", index), ("--cards", cards), ("--evidence", evidence)];
        let flags: Vec<String> =
            flags.iter().filter_map(|(flag, path)| Some(format!("{flag} {}", path.as_ref()?.display()))).collect();
        (is_other && !flags.is_empty()).then(|| flags.join(" "))
    }

    /// Runs the wanted stages that are not fresh.
    pub fn run(&self, wanted: Wanted<'_>, force: bool) -> Result<Vec<&'static str>> {
        engine::run(&self.workspace, &self.graph, wanted, force)
    }

    /// Freshness and record of every stage.
    pub fn status(&self) -> Result<Vec<(&'static str, engine::Freshness, Option<Record>)>> {
        engine::status(&self.workspace, &self.graph)
    }
}

/// What fetch reads of the command line, without the network.
pub fn fetch_settings(cli: &Cli) -> Result<fetch::Settings> {
    let config = super::resolve(cli)?.config;
    Ok(fetch_settings_of(&config, &cli.global.data_dir, Access::default()))
}

/// What every stage reads of a configuration.
fn settings(config: &Config, reference: &Reference, data_dir: &Path, access: Access) -> stages::Settings {
    let (cohort, method, limits) = (&config.cohort, &config.method, &config.limits);
    stages::Settings {
        fetch: fetch_settings_of(config, data_dir, access),
        ingest: ingest::Settings {
            max_quarantine_fraction: limits.max_quarantine_fraction,
            metric: cohort.metric,
            evidence_reader: config
                .cards
                .evidence
                .is_some()
                .then(|| normalize::card_reader(&normalize::References::new(reference)).to_string()),
        },
        normalize: normalize::Settings {
            metric: cohort.metric,
            min: cohort.min,
            certain_roles: method.certain_roles,
            without_link_passes: method.without_link_passes.clone(),
        },
        fit: fit::Settings { seed: method.seed },
        estimate: estimate::Settings { draws: method.draws, seed: method.seed, metric: cohort.metric, min: cohort.min },
        snapshot: snapshot::Settings {
            pinned_config: config.as_pinned(),
            metric: cohort.metric,
            min: cohort.min,
            max_shrink_fraction: limits.max_shrink_fraction,
            snapshots: data_dir.join("snapshots"),
            may_go_back: access.may_go_back,
            is_rebuild: access.is_rebuild,
        },
    }
}

/// What the snapshots were made from; none if that cannot be told, and then nothing is removed.
fn pinned_inputs(snapshots: &Path) -> Option<BTreeSet<String>> {
    snapshot::inputs_of_snapshots(snapshots)
        .inspect_err(|error| tracing::warn!(%error, "no old crawl is removed: it is not known which snapshots were made from it"))
        .ok()
}

fn index_source(config: &Config) -> IndexSource {
    let source = &config.source;
    match (&source.path, source.kind) {
        (Some(path), _) => IndexSource::Path { path: path.clone(), revision: source.pinned_revision() },
        (None, SourceKind::File) => IndexSource::Sample,
        (None, SourceKind::HubListing) => IndexSource::Listing(ListingSettings {
            page_size: source.page_size,
            max_age_hours: source.max_age_hours,
            incremental: source.incremental,
            patience_s: source.patience_s,
        }),
        (None, SourceKind::HubDataset) => {
            let pinned = source.pinned();
            IndexSource::Dataset(dataset_file(pinned.repo, pinned.file, pinned.revision, source.patience_s))
        }
    }
}

fn fetch_settings_of(config: &Config, data_dir: &Path, access: Access) -> fetch::Settings {
    fetch::Settings {
        index: index_source(config),
        cards: cards_source(config),
        hub_dir: data_dir.join("hub"),
        sample_dir: data_dir.join("work").join("embedded-sample"),
        network: access.network,
        pinned_inputs: pinned_inputs(&data_dir.join("snapshots")),
    }
}

fn cards_source(config: &Config) -> CardsSource {
    if let Some(path) = &config.cards.evidence {
        return CardsSource::Evidence(path.clone());
    }
    if let Some(path) = &config.cards.path {
        return CardsSource::Path(path.clone());
    }
    if config.cards.fetch && config.source.kind == SourceKind::HubListing {
        return CardsSource::Cohort(Cohort { metric: config.cohort.metric, min: config.cohort.min });
    }
    if let Some(pinned) = config.cards.pinned() {
        return CardsSource::Dataset(dataset_file(pinned.repo, pinned.file, pinned.revision, config.source.patience_s));
    }
    // The sample's cards belong to the sample.
    if config.source.path.is_none() && config.source.kind == SourceKind::File { CardsSource::Sample } else { CardsSource::None }
}

fn dataset_file(repo: String, file: String, revision: String, patience_s: u64) -> DatasetFile {
    DatasetFile { repo, file, revision, patience_s }
}
