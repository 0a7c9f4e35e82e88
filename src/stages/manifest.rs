//! The manifest pins what a snapshot was made from and what it holds; the dataset card explains it.

use super::fallbacks::Fallback;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::tables::io::TableReceipt;
use crate::tables::{AggregateRow, TableInfo, published};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Format of `manifest.json`; raised when a reader must change.
pub const FORMAT_VERSION: u32 = 1;

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
    /// SHA-256 of README.md.
    pub readme_sha256: String,
    /// Totals of the configured cohort.
    pub headline: Headline,
}

/// Kind of an input that holds records of models.
pub const INDEX_INPUT: &str = "index";
/// Kind of an input that holds cards.
pub const CARDS_INPUT: &str = "cards";

/// One source file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// File name.
    pub name: String,
    /// index or cards.
    pub kind: String,
    /// Dataset repository and commit it was taken at, `owner/name@commit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Digest: of the file, or of a recorded listing's pages.
    pub sha256: String,
    /// Size.
    pub bytes: u64,
    /// Records in it.
    pub records: u64,
}

/// Counts of the ingest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Records {
    /// Read.
    pub read: u64,
    /// Refused and quarantined.
    pub refused: u64,
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
}

impl Headline {
    /// From the rows of `aggregates`; all zero when the cohort is empty.
    #[must_use]
    pub fn new(cohort: &str, rows: &[AggregateRow]) -> Self {
        let of = |group_by: &'static str| rows.iter().filter(move |r| r.cohort == cohort && r.group_by == group_by);
        let all = of("all").next();
        let four = |read: fn(&AggregateRow) -> [f64; 4]| all.map_or([0.0; 4], read);
        Self {
            cohort: cohort.to_owned(),
            models: all.map_or(0, |r| r.models),
            runs: all.map_or(0, |r| r.runs),
            emissions_kgco2e: four(|r| {
                [r.emissions_kgco2e_p05, r.emissions_kgco2e_p50, r.emissions_kgco2e_p95, r.emissions_kgco2e_mean]
            }),
            energy_kwh: four(|r| [r.energy_kwh_p05, r.energy_kwh_p50, r.energy_kwh_p95, r.energy_kwh_mean]),
            train_flop: four(|r| [r.train_flop_p05, r.train_flop_p50, r.train_flop_p95, r.train_flop_mean]),
            atci_gco2e_per_pflop: all.and_then(|r| {
                Some([
                    r.atci_gco2e_per_pflop_p05?,
                    r.atci_gco2e_per_pflop_p50?,
                    r.atci_gco2e_per_pflop_p95?,
                    r.atci_gco2e_per_pflop_mean?,
                ])
            }),
            share_by_tier: of("tier").map(|r| (r.group.clone(), r.share_of_total)).collect(),
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
        let value: Value = serde_json::from_slice(text).map_err(|e| refuse(format!("not JSON: {e}")))?;
        match value.get("format_version").and_then(Value::as_u64) {
            Some(v) if v == u64::from(FORMAT_VERSION) => {}
            Some(v) if v > u64::from(FORMAT_VERSION) => {
                return Err(refuse(format!(
                    "format {v} is newer than this hugging-carbon reads ({FORMAT_VERSION}): install a newer version"
                )));
            }
            other => return Err(refuse(format!("format {other:?} is not {FORMAT_VERSION}"))),
        }
        serde_json::from_value(value).map_err(|e| refuse(e.to_string()))
    }

    /// The configuration as it is pinned: everything but where the source lies.
    #[must_use]
    pub fn pinned_config(config: &Config) -> Value {
        json!({
            "source": config.source.as_pinned(),
            "cohort": config.cohort,
            "limits": config.limits,
            "method": config.method,
        })
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

/// What the dataset card tells.
#[derive(Clone, Copy, Debug)]
pub struct CardFacts<'a> {
    /// Newest date in the index.
    pub index_date: &'a str,
    /// Source files.
    pub inputs: &'a [Input],
    /// Totals of the configured cohort.
    pub headline: &'a Headline,
    /// Rows of each table.
    pub receipts: &'a BTreeMap<String, TableReceipt>,
    /// What stands in for what nothing states.
    pub fallbacks: &'a [Fallback],
    /// Sections on how far the estimates can be trusted.
    pub reliability: &'a str,
    /// SHA-256 of the optional grid table, when one was used.
    pub extra_grid: Option<&'a str>,
}

/// The dataset card: front matter that lets `datasets.load_dataset` find the tables, then what a reader must know.
#[must_use]
pub fn dataset_card(facts: &CardFacts<'_>) -> String {
    use std::fmt::Write as _;
    let CardFacts { index_date, inputs, headline, receipts, fallbacks, reliability, extra_grid } = *facts;
    let mut card = String::from(
        "---\nlicense: cc-by-4.0\npretty_name: Hugging Carbon\ntags:\n- carbon-footprint\n- energy\n- training-compute\nconfigs:\n",
    );
    // `datasets` refuses a configuration without rows: an empty quarantine is a file, not a configuration.
    let has_rows = |info: &TableInfo| receipts.get(info.name).is_some_and(|r| r.rows > 0);
    for info in published().into_iter().filter(has_rows) {
        let default = if info.name == "estimates" { "  default: true\n" } else { "" };
        // Writing to a String cannot fail.
        let _ = write!(card, "- config_name: {0}\n  data_files: {0}.parquet\n{default}", info.name);
    }
    let _ = write!(
        card,
        "---\n\n# Hugging Carbon, index of {index_date}\n\nWhat training the models of the Hugging Face Hub cost in FLOP, kWh and kg \
         CO2e. The unit of account is the training run,\ncounted once however many repositories carry it. Boundary: operational electricity of \
         the final run that produced the\npublished weights (accelerators, hosts, facility overhead), location-based, annual average life-cycle grid \
         factors. Outside it:\nembodied hardware, failed runs and experiments, data preparation, inference, market-based claims.\n\n"
    );
    let [p05, p50, p95, mean] = headline.emissions_kgco2e.map(|kg| kg / 1000.0);
    let _ = write!(
        card,
        "Cohort `{}`: {} models, {} runs, {p50:.0} t CO2e (90 % interval {p05:.0} to {p95:.0}, mean {mean:.0}).\n\n## Made from\n\n| file | what | records | sha256 |\n| --- | --- | --- | --- |\n",
        headline.cohort, headline.models, headline.runs
    );
    for input in inputs {
        let _ = writeln!(card, "| {} | {} | {} | `{}` |", input.name.replace('|', "/"), input.kind, input.records, input.sha256);
    }
    card.push_str(
        "\n## What rests on fallbacks\n\n| what stands in | runs | of | share of emissions |\n| --- | --- | --- | --- |\n",
    );
    for f in fallbacks {
        let _ = writeln!(card, "| {} | {} | {} | {:.1} % |", f.factor, f.runs, f.of_runs, f.share_of_emissions * 100.0);
    }
    card.push_str(reliability);
    card.push_str(SOURCES);
    if let Some(digest) = extra_grid {
        let _ = write!(
            card,
            "\nAn optional grid table (sha256 `{digest}`) was used beside those above: `estimates.grid_source` names it where it speaks, and \
             its own licence applies to those values.\n"
        );
    }
    card.push_str("\n## Tables\n");
    for info in published() {
        let rows = receipts.get(info.name).map_or(0, |r| r.rows);
        let _ = write!(
            card,
            "\n### {}\n\n{} {rows} rows; key: {}.\n\n| column | type | meaning |\n| --- | --- | --- |\n",
            info.name,
            info.about.trim(),
            info.key.join(", ")
        );
        for (field, (_, about)) in info.schema.fields().iter().zip(&info.columns) {
            let _ = writeln!(card, "| {} | {} | {} |", field.name(), field.data_type().to_string().replace('|', "/"), about.trim());
        }
    }
    card
}

/// Sources and licences of everything inside.
const SOURCES: &str = "\n## Sources and licences\n\n| what | source | licence |\n| --- | --- | --- |\n\
| repository metadata | Hugging Face Hub model index (hub-stats dump or listing API) | Apache-2.0 for hub-stats; facts |\n\
| published training runs | Epoch AI, Data on AI Models, epoch.ai/data (editions 2026-03-30 and 2026-07-19) | CC BY 4.0 |\n\
| published training runs | observational scaling laws tables; sloth data v2 | Apache-2.0; MIT |\n\
| tracked fine-tunes | AutoTrain cards as collected in GAISSA-UPC/ML-GAISSALabel (2023-12-31) | Apache-2.0 |\n\
| reported footprints | the models' own papers and cards, cited per row in evidence.quote | facts |\n\
| grid intensity of countries | Our World in Data, from Ember and the Energy Institute | CC BY 4.0 |\n\
| grid intensity of US states | U.S. Energy Information Administration | public domain |\n\
| grid intensity of Chinese provinces | Ministry of Ecology and Environment by way of CodeCarbon | MIT; facts |\n\
| grid intensity of cloud regions | Google Cloud, region carbon data | Apache-2.0 |\n\
| names of places | GeoNames | CC BY 4.0 |\n\
| accelerators, MFU | Epoch AI, ML hardware (2026-07-19); vendors' data sheets | CC BY 4.0; facts |\n\
| power and PUE | Patterson et al. 2021 by way of LLMCarbon; operators' reports; Uptime surveys | Apache-2.0; facts |\n\nEvery row of `evidence` names its source and quotes it; `estimates.grid_source` names the source of each grid value. This dataset is\nlicensed CC BY 4.0: attribute Hugging Carbon and the sources above.\n";
