//! snapshot: lineages, data tests, and a directory that never changes once it is published.

mod data_tests;
mod documents;
pub mod fallbacks;
mod footprint;
pub mod latest;
mod lineage_totals;
pub mod manifest;
mod publish;
pub mod retention;
mod shrink_guard;
mod trend;
mod verify;

pub use documents::about;
pub use manifest::inputs_of_snapshots;
pub use publish::{Standing, latest_manifest};
pub use verify::{is_version_name, verify_copy, verify_files, version_name};

use self::manifest::{Headline, Manifest, Records};
use super::fetch::Fetch;
use super::ingest::Ingest;
use super::normalize::Normalize;
use super::{merged, vocabulary_digests};
use crate::domain::METHOD_VERSION;
use crate::domain::source::CohortMetric;
use crate::engine::{Digests, Inputs, Outputs, Stage, stage};
use crate::error::{Error, IoContext, Result};
use crate::reference::{MarketBased, Reference, Table};
use crate::store::{sha256_file, sync_directory, write_synced};
use crate::tables::io::{TableReceipt, table_path};
use crate::tables::lookup::rows_of_text;
use crate::tables::{
    AggregateRow, AroundRow, BacktestRow, BacktestRunRow, ComputeBoundRow, EstimateByTierRow, EstimateRow, EvidenceRow, LineageRow,
    ModelFootprintRow, ModelRow, MonthRow, QuarantineRow, RegressionCandidateRow, RegressionCovarianceRow,
    RegressionObservationRow, RegressionRow, RegressionTermRow, RoleReliabilityRow, RoleScoreRow, RoleTermRow, RunRow,
    SensitivityRow, TrendMonthRow, TrendRow, published,
};
use fs_err as fs;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

stage! {
    /// Puts a snapshot together, tests and publishes it.
    struct Publication = "snapshot" version 13
    reads [
        ModelRow,
        RunRow,
        EvidenceRow,
        RegressionRow,
        RegressionTermRow,
        RegressionCovarianceRow,
        RegressionObservationRow,
        RegressionCandidateRow,
        BacktestRow,
        BacktestRunRow,
        EstimateRow,
        EstimateByTierRow,
        AggregateRow,
        AroundRow,
        SensitivityRow,
        MonthRow,
        ComputeBoundRow,
        RoleTermRow,
        RoleScoreRow,
        RoleReliabilityRow,
        QuarantineRow,
    ]
    writes [LineageRow, ModelFootprintRow, TrendMonthRow, TrendRow]
    follows [Fetch, Ingest, Normalize]
}

/// What the stage reads of the configuration.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// The configuration as the manifest pins it.
    pub pinned_config: Value,
    /// Which download count the cohort is cut by.
    pub metric: CohortMetric,
    /// Strictly more than this.
    pub min: i64,
    /// Largest share of models that may be missing against the newest snapshot. It decides whether something is published, not what.
    #[serde(skip)]
    pub max_shrink_fraction: f64,
    /// Directory of the snapshots.
    #[serde(skip)]
    pub snapshots: PathBuf,
    /// Whether `latest` may go back to an older index.
    #[serde(skip)]
    pub may_go_back: bool,
    /// Whether it is a rebuild for an audit: nothing is published then, and nothing says so.
    #[serde(skip)]
    pub is_rebuild: bool,
}

impl Settings {
    /// Name of the configured cohort.
    #[must_use]
    pub fn cohort(&self) -> String {
        self.metric.cohort(self.min)
    }
}

/// The reference tables: what developers report, and for the manifest the digest of every file.
#[derive(Clone, Debug)]
pub struct References {
    /// Market-based emissions as reported.
    pub market_based: Table<Vec<MarketBased>>,
    /// Digest of every reference file.
    pub digests: Table<BTreeMap<String, String>>,
}

impl References {
    /// Those of a set of reference tables.
    #[must_use]
    pub fn new(reference: &Reference) -> Self {
        Self { market_based: reference.market_based.clone(), digests: reference.digests.clone() }
    }
}

impl Digests for References {
    fn digests(&self) -> BTreeMap<String, String> {
        merged([self.digests.digests(), vocabulary_digests()])
    }
}

/// What was published.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Published {
    /// Name of the snapshot.
    pub version: String,
}

impl crate::engine::Facts for Published {}

impl Stage for Publication {
    type Settings = Settings;
    type References = References;
    type Facts = Published;

    fn run(inputs: &Inputs<'_, Self>, outputs: &mut Outputs<'_, Self>) -> Result<Published> {
        let settings = inputs.settings();
        lineage_totals::write_lineage(inputs, outputs)?;
        trend::write_trend(inputs, outputs)?;
        let staging = publish::staging(&settings.snapshots);
        let staged = stage_snapshot(inputs, outputs, &staging);
        if staged.is_err() {
            // Best effort: the next run clears what is left, but a full disk is emptier at once.
            let _ = fs::remove_dir_all(&staging);
        }
        staged
    }

    fn conclude(inputs: &Inputs<'_, Self>, facts: &Published) -> Result<()> {
        let Settings { snapshots, may_go_back, is_rebuild, .. } = inputs.settings();
        publish::publish(snapshots, &facts.version, *may_go_back, *is_rebuild)
    }

    /// The published directory is still there and complete, and `latest` points at it or at one of a newer index.
    fn outdated(inputs: &Inputs<'_, Self>, facts: &Published) -> Result<Option<String>> {
        let (snapshots, version) = (&inputs.settings().snapshots, &facts.version);
        if verify_files(&snapshots.join(version)).is_err() {
            return Ok(Some("its snapshot is missing".into()));
        }
        let is_latest = latest::latest_version(snapshots)?.as_ref() == Some(version);
        let stays_behind = !inputs.settings().may_go_back && publish::newer_than(snapshots, version)?.is_some();
        Ok((!is_latest && !stays_behind).then(|| "'latest' does not point at its snapshot".into()))
    }
}

/// Puts the directory together that is going to be published, and tests it.
fn stage_snapshot(inputs: &Inputs<'_, Publication>, outputs: &Outputs<'_, Publication>, staging: &Path) -> Result<Published> {
    let settings = inputs.settings();
    let snapshots = &settings.snapshots;
    publish::clear_leftovers(snapshots)?;
    fs::create_dir_all(staging).at_path("cannot create", staging)?;
    let receipts = collect_tables(inputs, outputs, staging)?;
    // Documents are made of the same tables, and go with them if a test fails.
    let (tested, manifest) = rayon::join(|| data_tests::check(staging), || write_documents(inputs, staging, &receipts));
    tested?;
    let manifest = manifest?;
    shrink_guard::guard_against_nobody(staging, &manifest, settings.metric, settings.min)?;
    shrink_guard::guard_against_shrinking(snapshots, staging, &manifest, settings.max_shrink_fraction)?;
    Ok(Published { version: publish::staged_version(snapshots, &manifest)? })
}

/// Copies every published table into the staged directory, and checks that it is the one its stage wrote.
fn collect_tables(
    inputs: &Inputs<'_, Publication>,
    outputs: &Outputs<'_, Publication>,
    staging: &Path,
) -> Result<BTreeMap<String, TableReceipt>> {
    let mut files: BTreeMap<String, (PathBuf, TableReceipt)> =
        inputs.tables()?.into_iter().map(|table| (table.name.to_owned(), (table.path, table.receipt))).collect();
    for (name, path, receipt) in outputs.written_tables() {
        files.insert(name.to_owned(), (path, receipt.clone()));
    }
    let mut wanted = Vec::new();
    for info in published() {
        let missing = || Error::Internal(format!("the published table '{}' is not among the stage's tables", info.name));
        wanted.push((info.name, files.remove(info.name).ok_or_else(missing)?));
    }
    let copied: Vec<Result<()>> =
        wanted.par_iter().map(|(name, (from, receipt))| collect_table(name, from, receipt, staging)).collect();
    copied.into_iter().collect::<Result<()>>()?;
    Ok(wanted.into_iter().map(|(name, (_, receipt))| (name.to_owned(), receipt)).collect())
}

fn collect_table(name: &str, from: &Path, receipt: &TableReceipt, staging: &Path) -> Result<()> {
    let to = table_path(staging, name);
    fs::copy(from, &to).at_path("cannot copy table into the snapshot", &to)?;
    fs::File::open(&to).and_then(|f| f.sync_all()).at_path("cannot sync", &to)?;
    if receipt.sha256 == sha256_file(&to)? {
        return Ok(());
    }
    Err(Error::Verification(format!(
        "table '{name}' changed after its stage wrote it\n  way out: hugging-carbon run --force, with the options of the last run"
    )))
}

/// Makes the documents, and then the manifest, which pins everything else.
fn write_documents(
    inputs: &Inputs<'_, Publication>,
    staging: &Path,
    receipts: &BTreeMap<String, TableReceipt>,
) -> Result<Manifest> {
    let (settings, references) = (inputs.settings(), inputs.references());
    let ingested = inputs.facts::<Ingest>()?;
    let aggregates: Vec<AggregateRow> = rows_of_text(staging, "cohort", &settings.cohort())?;
    let mut manifest = Manifest {
        format_version: manifest::FORMAT_VERSION,
        index_date: ingested.index_date.unwrap_or_else(|| "undated".to_owned()),
        inputs: ingested.inputs,
        records: Records {
            read: ingested.records_read,
            refused: ingested.records_refused,
            renamed: ingested.records_renamed,
            unread_columns: ingested.unread_columns,
        },
        corrections: inputs.facts::<Normalize>()?.corrections,
        reference_files: (*references.digests).clone(),
        config: pinned_config(&settings.pinned_config, inputs.facts::<Fetch>()?.commit),
        method_version: METHOD_VERSION,
        crate_version: env!("CARGO_PKG_VERSION").to_owned(),
        tables: Manifest::table_entries(receipts),
        documents: BTreeMap::new(),
        headline: Headline::new(&settings.cohort(), &aggregates),
    };
    documents::write_all(staging, &mut manifest)?;
    let mut text = serde_json::to_vec_pretty(&manifest).map_err(|e| Error::Internal(format!("manifest: {e}")))?;
    text.push(b'\n');
    write_synced(&staging.join("manifest.json"), &text)?;
    sync_directory(staging)?;
    Ok(manifest)
}

/// The configuration with the commit that was taken in place of the branch that was asked for.
fn pinned_config(config: &Value, commit: Option<String>) -> Value {
    let mut pinned = config.clone();
    if let (Some(commit), Some(revision)) = (commit, pinned.pointer_mut("/source/revision")) {
        *revision = json!(commit);
    }
    pinned
}
