//! Operators of data centres and computing sites, and the names they go by.

use crate::error::{Error, Result};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A row of operators.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct OperatorRow {
    /// Slug.
    pub operator: String,
    /// Class.
    pub class: String,
    /// Spellings, joined by `|`.
    pub aliases: String,
    /// Whether pue.csv has a figure of the operator's own.
    pub has_pue: bool,
    /// Source.
    pub source: String,
}

/// Operators by any spelling.
#[derive(Debug)]
pub struct Operators {
    rows: Vec<OperatorRow>,
    /// Words of a spelling, joined by a space, to slug.
    aliases: BTreeMap<String, String>,
    with_pue: BTreeSet<String>,
}

impl Operators {
    pub(super) fn new(rows: Vec<OperatorRow>) -> Result<Self> {
        let mut aliases = BTreeMap::new();
        for row in &rows {
            for alias in row.aliases.split('|').filter(|a| !a.is_empty()) {
                if aliases.insert(alias.to_owned(), row.operator.clone()).is_some_and(|other| other != row.operator) {
                    return Err(Error::Internal(format!("operators.csv: alias '{alias}' stands in two rows")));
                }
            }
        }
        let with_pue = rows.iter().filter(|row| row.has_pue).map(|row| row.operator.clone()).collect();
        Ok(Self { rows, aliases, with_pue })
    }

    /// All operators, in the file's order.
    #[must_use]
    pub fn rows(&self) -> &[OperatorRow] {
        &self.rows
    }

    /// Whether a figure of the operator's own is known.
    #[must_use]
    pub fn has_pue(&self, operator: &str) -> bool {
        self.with_pue.contains(operator)
    }

    /// The operator a spelling names; `key` is its words joined by a space, lower case.
    #[must_use]
    pub fn named(&self, key: &str) -> Option<&str> {
        self.aliases.get(key).map(String::as_str)
    }
}
