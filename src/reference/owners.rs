//! What is known of the owners of repositories: country, and whose data centres they train in.

use serde::Deserialize;
use std::collections::BTreeMap;

/// A row of owners.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct OwnerRow {
    /// Namespace.
    pub owner: String,
    /// ISO 3166 alpha-3.
    pub country: String,
    /// Source.
    pub source: String,
    /// Operator slug.
    pub pue_operator: Option<String>,
}

/// The owners.
#[derive(Debug)]
pub struct Owners {
    rows: BTreeMap<String, OwnerRow>,
}

impl Owners {
    pub(super) fn new(rows: Vec<OwnerRow>) -> Self {
        Self { rows: rows.into_iter().map(|row| (row.owner.to_lowercase(), row)).collect() }
    }

    /// ISO alpha-3 country of an owner, with its source.
    #[must_use]
    pub fn country(&self, owner: &str) -> Option<(&str, &str)> {
        self.rows.get(&owner.to_lowercase()).map(|row| (row.country.as_str(), row.source.as_str()))
    }

    /// Data centre operator whose PUE an owner's runs are given.
    #[must_use]
    pub fn operator(&self, owner: &str) -> Option<&str> {
        self.rows.get(&owner.to_lowercase())?.pue_operator.as_deref()
    }

    /// All owners, by namespace.
    pub fn rows(&self) -> impl Iterator<Item = &OwnerRow> {
        self.rows.values()
    }
}
