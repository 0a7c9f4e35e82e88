//! What a stage's outputs follow from, as digests by name; and whether they still do.

use super::run::Workspace;
use super::stage::{Digests, Stage};
use super::state::{Record, State};
use crate::error::{Error, Result};
use crate::store::sha256_file;
use crate::tables::io::{TABLE_FORMAT, table_path};
use std::collections::BTreeMap;

/// How a stage stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Nothing to do.
    Fresh,
    /// Must be rebuilt, and why.
    Stale(String),
}

/// Parts of a stage's fingerprint: exactly what it declares.
pub(super) fn parts<S: Stage>(
    settings: &S::Settings,
    references: &S::References,
    state: &State,
) -> Result<BTreeMap<String, String>> {
    let settings = serde_json::to_string(settings).map_err(|e| Error::Internal(format!("settings of '{}': {e}", S::NAME)))?;
    let mut parts = BTreeMap::from([
        ("stage version".to_owned(), S::VERSION.to_string()),
        ("hugging-carbon version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("table format".to_owned(), TABLE_FORMAT.to_string()),
        ("settings".to_owned(), settings),
    ]);
    for (name, digest) in references.digests() {
        parts.insert(format!("reference file {name}"), digest);
    }
    let or_absent = |digest: Option<&String>| digest.map_or_else(|| "absent".to_owned(), String::clone);
    for table in S::READS {
        parts.insert(format!("table {table}"), or_absent(state.receipt(table).map(|receipt| &receipt.sha256)));
    }
    for stage in S::FOLLOWS {
        parts.insert(format!("facts of {stage}"), or_absent(state.record(stage).map(|record| &record.facts_sha256)));
    }
    Ok(parts)
}

/// Whether a record was made of the same parts, and its tables are still those it wrote.
pub(super) fn compare(
    record: Option<&Record>,
    parts: &BTreeMap<String, String>,
    writes: &[&str],
    workspace: &Workspace,
) -> Result<Freshness> {
    let Some(record) = record else { return Ok(Freshness::Stale("never finished".into())) };
    let changed = parts
        .iter()
        .find(|(name, value)| record.parts.get(*name) != Some(value))
        .map(|(name, _)| name)
        .or_else(|| record.parts.keys().find(|name| !parts.contains_key(*name)));
    if let Some(name) = changed {
        return Ok(Freshness::Stale(format!("{name} changed")));
    }
    for table in writes {
        let expected = record.outputs.get(*table).map(|receipt| receipt.sha256.clone());
        let found = sha256_file(&table_path(&workspace.work, table)).ok();
        if found.is_none() {
            return Ok(Freshness::Stale(format!("{table}.parquet is missing")));
        }
        if found != expected {
            return Ok(Freshness::Stale(format!("{table}.parquet was changed by something else")));
        }
    }
    Ok(Freshness::Fresh)
}
