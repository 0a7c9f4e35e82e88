//! The manifest: what a snapshot was made from and what it holds.

use super::retention::versions;
use crate::domain::{GroupBy, Quantiles};
use crate::error::{Error, IoContext, Result};
use crate::stages::ingest::Input;
use crate::stages::normalize::CorrectionCounts;
use crate::tables::io::TableReceipt;
use crate::tables::{AggregateRow, TableInfo, published};
use fs_err as fs;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Format of `manifest.json`; raised when a reader must change.
pub const FORMAT_VERSION: u32 = 2;
/// Oldest format that is still read. Format 1 had one document, README.md, pinned as `readme_sha256`.
const OLDEST_FORMAT_VERSION: u32 = 1;

/// Contents of `manifest.json`. It holds no clock time, host, path or token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// `FORMAT_VERSION` of the writer.
    pub format_version: u32,
    /// Newest date in the index.
    pub index_date: String,
    /// Source files: name, sha256, bytes, records.
    pub inputs: Vec<Input>,
    /// Records read and refused.
    pub records: Records,
    /// What the reviewed corrections met; zero in manifests written before they were counted.
    #[serde(default)]
    pub corrections: CorrectionCounts,
    /// SHA-256 of each reference file.
    pub reference_files: BTreeMap<String, String>,
    /// Resolved configuration, without paths.
    pub config: Value,
    /// Version of the method.
    pub method_version: i32,
    /// Version of the crate.
    pub crate_version: String,
    /// Per table: rows, bytes, sha256, key and schema.
    pub tables: BTreeMap<String, TableEntry>,
    /// SHA-256 of each document beside the tables.
    pub documents: BTreeMap<String, String>,
    /// Totals of the configured cohort.
    pub headline: Headline,
}

/// Counts of the ingest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Records {
    /// Read.
    pub read: u64,
    /// Refused and quarantined.
    pub refused: u64,
    /// Passed over because the index has their repository under a newer name.
    #[serde(default)]
    pub renamed: u64,
    /// Columns of the sources that could not be read, with the records that lack their values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unread_columns: BTreeMap<String, u64>,
}

/// Digests of all inputs that the snapshots of a directory were made from: what has to be kept so that they can be rebuilt.
///
/// # Errors
/// The directory or a manifest cannot be read; then it is not known what may go.
pub fn inputs_of_snapshots(snapshots: &Path) -> Result<BTreeSet<String>> {
    let mut digests = BTreeSet::new();
    for version in versions(snapshots)? {
        let path = snapshots.join(&version).join("manifest.json");
        let text = fs::read(&path).at_path("cannot read", &path)?;
        digests.extend(Manifest::parse(&text, &version)?.inputs.into_iter().map(|input| input.sha256));
    }
    Ok(digests)
}

/// One table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TableEntry {
    /// Rows, bytes and digest.
    #[serde(flatten)]
    pub receipt: TableReceipt,
    /// Key columns.
    pub key: Vec<String>,
    /// Column names with Arrow types; `?` marks nullable ones.
    pub schema: Vec<(String, String)>,
}

/// Totals of the configured cohort.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Headline {
    /// Name of the cohort.
    pub cohort: String,
    /// Repositories.
    pub models: i64,
    /// Runs.
    pub runs: i64,
    /// kg CO2e: p05, p50, p95, mean.
    pub emissions_kgco2e: [f64; 4],
    /// kWh.
    pub energy_kwh: [f64; 4],
    /// FLOP.
    pub train_flop: [f64; 4],
    /// g per PFLOP; absent when nothing was trained.
    pub atci_gco2e_per_pflop: Option<[f64; 4]>,
    /// Share of emissions by tier.
    pub share_by_tier: BTreeMap<String, f64>,
    /// Totals of what is documented and of what is imputed; empty in snapshots of older versions.
    #[serde(default)]
    pub by_basis: BTreeMap<String, BasisTotal>,
    /// Beside the total and not in it: the trainings that models of the cohort stand on and whose own repositories are not in it; none where
    /// there are none, and in snapshots of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside: Option<BasisTotal>,
}

/// Total of some runs: those with one basis, or those outside.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BasisTotal {
    /// Repositories.
    pub models: i64,
    /// Runs.
    pub runs: i64,
    /// kg CO2e: p05, p50, p95, mean.
    pub emissions_kgco2e: [f64; 4],
    /// FLOP.
    pub train_flop: [f64; 4],
}

impl Headline {
    /// From the rows of `aggregates`; all zero when the cohort is empty.
    #[must_use]
    pub fn new(cohort: &str, rows: &[AggregateRow]) -> Self {
        let of = |group_by: GroupBy| rows.iter().filter(move |r| r.cohort == cohort && r.group_by == group_by);
        let all = of(GroupBy::All).next();
        let four = |read: fn(&AggregateRow) -> Quantiles| all.map_or([0.0; 4], |row| read(row).values());
        Self {
            cohort: cohort.to_owned(),
            models: all.map_or(0, |r| r.models),
            runs: all.map_or(0, |r| r.runs),
            emissions_kgco2e: four(|r| r.emissions_kgco2e),
            energy_kwh: four(|r| r.energy_kwh),
            train_flop: four(|r| r.train_flop),
            atci_gco2e_per_pflop: all.and_then(|r| Some(r.atci_gco2e_per_pflop?.values())),
            share_by_tier: of(GroupBy::Tier).map(|r| (r.group.clone(), r.share_of_total)).collect(),
            by_basis: of(GroupBy::Basis).map(|r| (r.group.clone(), BasisTotal::of(r))).collect(),
            outside: of(GroupBy::Upstream).next().map(BasisTotal::of),
        }
    }
}

impl BasisTotal {
    fn of(row: &AggregateRow) -> Self {
        Self {
            models: row.models,
            runs: row.runs,
            emissions_kgco2e: row.emissions_kgco2e.values(),
            train_flop: row.train_flop.values(),
        }
    }
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// Not JSON of this format; the message says which side is newer.
    pub fn parse(text: &[u8], place: &str) -> Result<Self> {
        let refuse = |what: String| Error::Verification(format!("manifest.json of {place}: {what}"));
        let mut value: Value = serde_json::from_slice(text).map_err(|e| refuse(format!("not JSON: {e}")))?;
        let newest = u64::from(FORMAT_VERSION);
        match value.get("format_version").and_then(Value::as_u64) {
            Some(v) if (u64::from(OLDEST_FORMAT_VERSION)..=newest).contains(&v) => {}
            Some(v) if v > newest => {
                return Err(refuse(format!(
                    "format {v} is newer than this hugging-carbon reads ({newest}): install a newer version"
                )));
            }
            other => return Err(refuse(format!("format {other:?} is none of {OLDEST_FORMAT_VERSION} to {newest}"))),
        }
        if let Some(readme) = value.get("readme_sha256").cloned() {
            value["documents"] = json!({"README.md": readme});
        }
        let manifest: Self = serde_json::from_value(value).map_err(|e| refuse(e.to_string()))?;
        let names = manifest.documents.keys().chain(manifest.tables.keys());
        match names.into_iter().find(|name| name.contains(['/', '\\']) || name.starts_with('.')) {
            Some(name) => Err(refuse(format!("'{name}' is no plain file name"))),
            None => Ok(manifest),
        }
    }

    /// Entries for the tables, from their receipts.
    #[must_use]
    pub fn table_entries(receipts: &BTreeMap<String, TableReceipt>) -> BTreeMap<String, TableEntry> {
        published()
            .into_iter()
            .filter_map(|info| Some((info.name.to_owned(), entry(&info, receipts.get(info.name)?.clone()))))
            .collect()
    }
}

fn entry(info: &TableInfo, receipt: TableReceipt) -> TableEntry {
    let describe = |field: &arrow::datatypes::FieldRef| {
        let mark = if field.is_nullable() { "?" } else { "" };
        (field.name().clone(), format!("{}{mark}", field.data_type()))
    };
    TableEntry {
        receipt,
        key: info.key.iter().map(|k| (*k).to_owned()).collect(),
        schema: info.schema.fields().iter().map(describe).collect(),
    }
}
