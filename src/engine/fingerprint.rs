//! What a stage's outputs follow from, as digests by name; and whether they still do.

use super::run::Workspace;
use super::stage::{Digests, Stage};
use super::state::{Record, State};
use crate::error::{Error, Result};
use crate::store::sha256_file;
use crate::tables::io::{TABLE_FORMAT, table_path};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

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
        (SETTINGS.to_owned(), settings),
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

/// Name of the part that holds the settings.
const SETTINGS: &str = "settings";
/// How the names of parts that are tables begin.
const TABLE: &str = "table ";
/// Changed tables that are named; more are counted. They follow from what else is named, here or of a stage before.
const NAMED: usize = 4;

/// What changed from one set of parts to another, in words; none if nothing did.
fn changes(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Option<String> {
    let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let changed = names.into_iter().filter(|name| before.get(*name) != now.get(*name));
    let (mut tables, mut named): (Vec<String>, Vec<String>) = changed.cloned().partition(|name| name.starts_with(TABLE));
    if let (Some(at), Some(before), Some(now)) =
        (named.iter().position(|name| name == SETTINGS), before.get(SETTINGS), now.get(SETTINGS))
    {
        let settings = changed_settings(before, now);
        if !settings.is_empty() {
            named[at] = format!("{SETTINGS} ({})", settings.join(", "));
        }
    }
    let more = tables.len().saturating_sub(NAMED);
    tables.truncate(NAMED);
    named.extend(tables);
    match (named.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(format!("{} changed", named.join(", "))),
        (false, 1) => Some(format!("{} and 1 more table changed", named.join(", "))),
        (false, more) => Some(format!("{} and {more} more tables changed", named.join(", "))),
    }
}

/// Names of the settings that differ, as `section.key` where the manifest pins them so.
fn changed_settings(before: &str, now: &str) -> Vec<String> {
    let read = |text: &str| {
        let mut leaves = BTreeMap::new();
        settings_in(&serde_json::from_str(text).unwrap_or_default(), "", &mut leaves);
        leaves
    };
    let (before, now) = (read(before), read(now));
    let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let changed: Vec<&String> = names.into_iter().filter(|name| before.get(*name) != now.get(*name)).collect();
    let is_said_better = |name: &str| changed.iter().any(|other| other.ends_with(&format!(".{name}")));
    changed.iter().filter(|name| !is_said_better(name)).map(|name| (**name).clone()).collect()
}

/// Every setting with its value, by its path.
fn settings_in(value: &Value, path: &str, leaves: &mut BTreeMap<String, Value>) {
    let Some(fields) = value.as_object() else {
        if !path.is_empty() {
            leaves.insert(path.to_owned(), value.clone());
        }
        return;
    };
    for (key, value) in fields {
        let key = if path.is_empty() || path == "pinned_config" { key.clone() } else { format!("{path}.{key}") };
        settings_in(value, &key, leaves);
    }
}

/// Whether a record was made of the same parts, and its tables are still those it wrote.
pub(super) fn compare(
    record: Option<&Record>,
    parts: &BTreeMap<String, String>,
    writes: &[&str],
    workspace: &Workspace,
) -> Result<Freshness> {
    let Some(record) = record else { return Ok(Freshness::Stale("never finished".into())) };
    if let Some(changed) = changes(&record.parts, parts) {
        return Ok(Freshness::Stale(changed));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(settings: &str, pue: &str, water: &str) -> BTreeMap<String, String> {
        let of = [(SETTINGS, settings), ("reference file pue.csv", pue), ("reference file wue.csv", water)];
        of.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn every_part_that_changed_is_named() {
        let before = parts(r#"{"draws":1000,"seed":1}"#, "a", "b");
        let changed = |now| changes(&before, &now);
        assert_eq!(changed(before.clone()), None);
        assert_eq!(changed(parts(r#"{"draws":1000,"seed":1}"#, "c", "b")).unwrap(), "reference file pue.csv changed");
        let both = changed(parts(r#"{"draws":500,"seed":1}"#, "c", "d")).unwrap();
        assert_eq!(both, "reference file pue.csv, reference file wue.csv, settings (draws) changed");
        let less = changes(&before, &BTreeMap::new()).unwrap();
        assert_eq!(less, "reference file pue.csv, reference file wue.csv, settings changed");
        // Regression: the one setting that had changed was one of "3 more", behind tables that had changed with it.
        let many = |i: usize| (0..i).map(|i| (format!("table {i}"), String::new())).chain([("versions".to_owned(), String::new())]);
        let said = |i| changes(&BTreeMap::new(), &many(i).collect()).unwrap();
        assert_eq!(said(7), "versions, table 0, table 1, table 2, table 3 and 3 more tables changed");
        assert_eq!(said(5), "versions, table 0, table 1, table 2, table 3 and 1 more table changed");
    }

    /// The snapshot's settings hold some twice: as the stage uses them, and as the manifest pins them.
    #[test]
    fn a_setting_is_named_once_with_its_section() {
        let of = |draws: u32, min: u32| {
            format!(r#"{{"draws":{draws},"min":{min},"pinned_config":{{"method":{{"draws":{draws}}},"cohort":{{"min":{min}}}}}}}"#)
        };
        assert_eq!(changed_settings(&of(1000, 5000), &of(500, 5000)), ["method.draws"]);
        assert_eq!(changed_settings(&of(1000, 5000), &of(500, 1)), ["cohort.min", "method.draws"]);
        assert_eq!(changed_settings("", r#"{"seed":1}"#), ["seed"]);
    }
}
