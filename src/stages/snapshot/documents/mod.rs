//! Documents of a snapshot: files beside the tables that are made of the tables and of what the manifest states.
//!
//! To add one: a function from [`Sources`] to bytes, and a line in [`DOCUMENTS`]. The manifest pins the digest, `audit` checks it and
//! rebuilds it; nothing else has to know. The same tables and the same manifest must give the same bytes.

mod citation;
mod croissant;
mod data_package;
mod dataset_card;
mod pages;
mod reliability;

pub use pages::about;

use super::manifest::Manifest;
use crate::error::{Error, Result};
use crate::store::{sha256_bytes, write_synced};
use serde_json::Value;
use std::path::Path;

/// Title of the data set.
const TITLE: &str = "Hugging Carbon";
/// What the data set is, in one sentence.
const ABOUT: &str = "What training the models on the Hugging Face Hub costs in FLOP, kWh and kg CO2e, with an interval, a tier and the \
                     evidence for every row.";
/// Who made it.
const AUTHOR: &str = "The Hugging Carbon contributors";
/// Words to find it by.
const KEYWORDS: [&str; 4] = ["carbon footprint", "energy", "training compute", "machine learning"];
/// Licence of snapshots: SPDX identifier and address.
const LICENSE: [&str; 2] = ["CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/"];

/// What a document is made of.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// Directory with every table of the snapshot.
    pub tables: &'a Path,
    /// The manifest; its `documents` are those that stand before this one in the list.
    pub manifest: &'a Manifest,
}

/// File name of a document, and the function that makes its bytes.
type Document = (&'static str, fn(&Sources<'_>) -> Result<Vec<u8>>);

/// Every document, in the order they are made: one may state the digests of those before it.
const DOCUMENTS: [Document; 6] = [
    ("README.md", dataset_card::dataset_card),
    ("report.html", pages::report),
    ("explorer.html", pages::explorer),
    ("CITATION.cff", citation::citation),
    ("datapackage.json", data_package::data_package),
    ("croissant.json", croissant::croissant),
];

/// Makes every document beside the tables in `staging`, and pins it in the manifest.
///
/// # Errors
/// A table is missing, or a document cannot be written.
pub(super) fn write_all(staging: &Path, manifest: &mut Manifest) -> Result<()> {
    for (name, make) in DOCUMENTS {
        let bytes = make(&Sources { tables: staging, manifest })?;
        write_synced(&staging.join(name), &bytes)?;
        manifest.documents.insert(name.to_owned(), sha256_bytes(&bytes));
    }
    Ok(())
}

/// Version of the data in the form of Semantic Versioning: `<method version>.<index date>.0+<digest>`.
///
/// The digest is the beginning of what `sha256sum *.parquet | sha256sum` prints in the snapshot's directory. The name of the snapshot
/// itself cannot stand in a document: it is made of the manifest, which pins the documents.
fn version(manifest: &Manifest) -> String {
    let date: String = manifest.index_date.chars().filter(char::is_ascii_digit).collect();
    let date = if date.is_empty() { "0" } else { &date };
    let lines: String =
        manifest.tables.iter().map(|(table, entry)| format!("{}  {table}.parquet\n", entry.receipt.sha256)).collect();
    format!("{}.{date}.0+{}", manifest.method_version, &sha256_bytes(lines.as_bytes())[..8])
}

/// The index date, unless no record of the index has one.
fn date(manifest: &Manifest) -> Option<&str> {
    manifest.index_date.starts_with(|c: char| c.is_ascii_digit()).then_some(manifest.index_date.as_str())
}

/// JSON as it is published: indented, keys in the order they were given, one line break at the end.
fn json_bytes(value: &Value) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|e| Error::Internal(format!("document: {e}")))?;
    text.push(b'\n');
    Ok(text)
}
