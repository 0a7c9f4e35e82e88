//! `report.html` and `explorer.html`: the pages for people, with what they say of a snapshot beside its tables.

use super::{Sources, version};
use crate::error::Result;
use crate::report::{About, Beside, InputFile, explorer_page, report_page};
use crate::stages::snapshot::manifest::Manifest;

/// The report.
pub(super) fn report(sources: &Sources<'_>) -> Result<Vec<u8>> {
    Ok(report_page(sources.tables, &about(sources.manifest), &Beside::default())?.into_bytes())
}

/// The explorer.
pub(super) fn explorer(sources: &Sources<'_>) -> Result<Vec<u8>> {
    Ok(explorer_page(sources.tables, &about(sources.manifest), &Beside::default())?.into_bytes())
}

/// What the pages need of a manifest.
#[must_use]
pub fn about(manifest: &Manifest) -> About {
    About {
        edition: version(manifest),
        index_date: manifest.index_date.clone(),
        cohort: manifest.headline.cohort.clone(),
        inputs: manifest
            .inputs
            .iter()
            .map(|input| InputFile { name: input.name.clone(), records: input.records, sha256: input.sha256.clone() })
            .collect(),
        records: [manifest.records.read, manifest.records.refused],
        method_version: manifest.method_version,
        crate_version: manifest.crate_version.clone(),
        draws: manifest.config.pointer("/method/draws").and_then(serde_json::Value::as_u64).unwrap_or_default(),
    }
}
