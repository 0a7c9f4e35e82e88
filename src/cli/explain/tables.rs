//! Which tables are explained: those of the data directory, or those of a snapshot.

use super::super::Cli;
use super::super::beside::snapshot_named;
use super::super::compose::{Access, Pipeline};
use hugging_carbon::config::{CardsConfig, Config};
use hugging_carbon::domain::source::{CohortMetric, SourceKind};
use hugging_carbon::domain::{METHOD_VERSION, Run};
use hugging_carbon::engine::{Declared, Reports, Wanted};
use hugging_carbon::error::{Error, IoContext, Result};
use hugging_carbon::estimation::{Basis, FactorTables, FitRows, Fits, six_nd_law};
use hugging_carbon::reference::{EXTRA_GRID, Reference};
use hugging_carbon::stages::fit::Fitting;
use hugging_carbon::stages::snapshot::manifest::Manifest;
use hugging_carbon::stages::snapshot::version_name;
use hugging_carbon::store::sha256_bytes;
use hugging_carbon::tables::io::rows;
use hugging_carbon::tables::{RegressionRow, Row};
use std::path::{Path, PathBuf};

/// Below the data directory: the regressions of the built-in sample, fitted for whoever asks of a training that is in no index before any
/// run.
const CALCULATOR: &str = "calculator";

/// On a fresh machine there are no tables yet.
///
/// # Errors
/// That is so.
fn refuse_no_tables(work: &Path) -> Result<()> {
    if has_fits(work) {
        return Ok(());
    }
    let remedy = "make them with hugging-carbon run (of the built-in sample: a minute, no network), or take those of a snapshot: --snapshot DIR";
    Err(Error::input("there are no tables yet", work.display(), remedy))
}

/// Whether the regressions of a directory were fitted.
fn has_fits(work: &Path) -> bool {
    work.join(format!("{}.parquet", RegressionRow::NAME)).is_file()
}

/// The tables that lead to the regressions of the built-in sample, with the method and factor tables of `pipeline`: made when they are first
/// asked for, and again when method or tables have changed. They learn from the registry in
/// the binary and from the documented runs of the sample; of a larger index, from its documented runs as well.
fn fitted_sample(cli: &Cli, pipeline: &Pipeline) -> Result<PathBuf> {
    let dir = cli.global.data_dir.join(CALCULATOR);
    let mut config = pipeline.config.clone();
    (config.source.kind, config.source.path) = (SourceKind::File, None);
    config.cards = CardsConfig::default();
    config.cohort.metric = CohortMetric::DownloadsAllTime;
    if !has_fits(&dir.join("work")) {
        tracing::warn!(
            dir = %dir.display(),
            "there are no tables yet: the regressions of the built-in sample are fitted first, half a minute or more, this once"
        );
    }
    let sample = Pipeline::new(config, pipeline.reference.clone(), &dir, Access::default(), Reports::default());
    // The log of a run is not for whoever asks about one training.
    tracing::subscriber::with_default(tracing::subscriber::NoSubscriber::default(), || {
        sample.run(Wanted { from: None, until: Fitting::NAME }, false)
    })?;
    Ok(sample.work)
}

/// A directory of tables, with what they were made with.
pub struct Tables {
    /// Directory.
    pub dir: PathBuf,
    /// Name of the snapshot; none for the data directory.
    pub snapshot: Option<String>,
    /// Reference tables of this build.
    pub reference: Reference,
    /// Settings they were made with.
    pub config: Config,
}

impl Tables {
    /// Those that the command line names. `is_of_no_index`: a training is asked for that is in none, which needs regressions only.
    pub fn of_command_line(cli: &Cli, snapshot: Option<&Path>, is_of_no_index: bool) -> Result<Self> {
        match snapshot {
            Some(named) => Self::of_snapshot(cli, &snapshot_named(&cli.global.data_dir.join("snapshots"), named)?),
            None => {
                let pipeline = Pipeline::to_look(cli)?;
                let dir = if is_of_no_index && !has_fits(&pipeline.work) {
                    fitted_sample(cli, &pipeline)?
                } else {
                    refuse_no_tables(&pipeline.work)?;
                    pipeline.work.clone()
                };
                let Pipeline { config, reference, .. } = pipeline;
                Ok(Self { dir, snapshot: None, reference, config })
            }
        }
    }

    fn of_snapshot(cli: &Cli, dir: &Path) -> Result<Self> {
        let path = dir.join("manifest.json");
        let text = fs_err::read(&path).at_path("cannot read", &path)?;
        let named = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // Digests are for `audit`: here they would cost more than everything else.
        let manifest = Manifest::parse(&text, &named)?;
        // A downloaded directory may be called anything.
        let name = version_name(&manifest, &sha256_bytes(&text));
        let extra_grid = super::super::resolve(cli)?.config.reference.extra_grid;
        let reference = Reference::load_with(extra_grid.as_deref().filter(|_| manifest.reference_files.contains_key(EXTRA_GRID)))?;
        let config = Config::from_pinned(manifest.config)
            .map_err(|e| Error::Verification(format!("manifest.json of {name}: config: {e}")))?;
        let differs = manifest.reference_files.iter().any(|(file, digest)| reference.digests.get(file) != Some(digest));
        if differs || manifest.method_version != METHOD_VERSION {
            tracing::warn!(
                snapshot = name,
                "made with other reference tables or another method than this build has: its figures are as published, the steps shown \
                 may lead to others"
            );
        }
        Ok(Self { dir: dir.to_owned(), snapshot: Some(name), reference, config })
    }

    /// What estimates of `runs` are made with; the pre-trainings that they start from are among them.
    pub fn basis(&self, factors: &FactorTables, runs: &[Run]) -> Result<Basis> {
        let dir = &self.dir;
        let fit_rows = FitRows {
            regressions: rows(dir)?.collect::<Result<_>>()?,
            terms: rows(dir)?.collect::<Result<_>>()?,
            covariances: rows(dir)?.collect::<Result<_>>()?,
            observations: rows(dir)?.collect::<Result<_>>()?,
        };
        let fits = Fits::from_rows(fit_rows, six_nd_law(rows(dir)?)?, self.config.method.draws, self.config.method.seed)?;
        let started_from = |run: &&Run| runs.iter().any(|other| other.root_run_id.as_ref() == Some(&run.run_id));
        Basis::with_roots(fits, factors, runs.iter().filter(started_from).cloned())
    }
}
