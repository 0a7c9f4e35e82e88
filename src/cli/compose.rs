//! Engine, stages and configuration put together: what each stage reads of the settings, and where its files lie.

use super::{Cli, LogFormat};
use hugging_carbon::config::{Config, Resolved};
use hugging_carbon::domain::source::SourceKind;
use hugging_carbon::engine::{self, Record, Step, Wanted, Workspace};
use hugging_carbon::error::Result;
use hugging_carbon::reference::Reference;
use hugging_carbon::stages::fetch::{CardsSource, Cohort, DatasetFile, IndexSource, ListingSettings, Network};
use hugging_carbon::stages::{self, estimate, fetch, fit, ingest, normalize, snapshot};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

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
    pub fn new(config: Config, reference: Reference, data_dir: &Path, network: Network, interactive: bool) -> Self {
        let (work, snapshots) = (data_dir.join("work"), data_dir.join("snapshots"));
        let graph = stages::graph(settings(&config, data_dir, network), &reference);
        let workspace = Workspace { work: work.clone(), interactive };
        Self { config, reference, work, snapshots, workspace, graph }
    }

    /// Of the command line; `network` says whether what is due may be fetched from the Hub.
    pub fn of_command_line(cli: &Cli, network: Network) -> Result<Self> {
        let Resolved { config, .. } = super::resolve(cli)?;
        let interactive = std::io::stderr().is_terminal() && !cli.global.quiet && cli.global.log_format == LogFormat::Text;
        let reference = Reference::load_with(config.reference.extra_grid.as_deref())?;
        Ok(Self::new(config, reference, &cli.global.data_dir, network, interactive))
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
    Ok(settings(&config, &cli.global.data_dir, Network::Leave).fetch)
}

/// What every stage reads of a configuration.
fn settings(config: &Config, data_dir: &Path, network: Network) -> stages::Settings {
    let (cohort, method, limits) = (&config.cohort, &config.method, &config.limits);
    stages::Settings {
        fetch: fetch::Settings {
            index: index_source(config),
            cards: cards_source(config),
            hub_dir: data_dir.join("hub"),
            sample_dir: data_dir.join("work").join("embedded-sample"),
            network,
        },
        ingest: ingest::Settings { max_quarantine_fraction: limits.max_quarantine_fraction, metric: cohort.metric },
        normalize: normalize::Settings {
            metric: cohort.metric,
            min: cohort.min,
            without_link_passes: method.without_link_passes.clone(),
        },
        fit: fit::Settings { seed: method.seed },
        estimate: estimate::Settings { draws: method.draws, seed: method.seed },
        snapshot: snapshot::Settings {
            pinned_config: config.as_pinned(),
            metric: cohort.metric,
            min: cohort.min,
            draws: method.draws,
            seed: method.seed,
            max_shrink_fraction: limits.max_shrink_fraction,
            snapshots: data_dir.join("snapshots"),
        },
    }
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

fn cards_source(config: &Config) -> CardsSource {
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
