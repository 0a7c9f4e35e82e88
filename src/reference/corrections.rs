//! Reviewed corrections of the Hub's metadata, each with the value it replaces (docs/method.md, section 3).

use crate::domain::in_lower_case;
use crate::error::{Error, Result};
use rustc_hash::FxHashMap;
use serde::Deserialize;

/// What a correction sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrectedField {
    /// First base model, a Hub id.
    BaseModel,
    /// Role.
    Role,
    /// Total parameters.
    TotalParams,
    /// Active parameters.
    ActiveParams,
}

impl CorrectedField {
    /// The word in `corrections.toml`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BaseModel => "base_model",
            Self::Role => "role",
            Self::TotalParams => "total_params",
            Self::ActiveParams => "active_params",
        }
    }
}

/// What a correction met in the metadata that it corrects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// The value that it expects: it is applied.
    Expected,
    /// Its own value: it is no longer needed.
    AlreadyRight,
    /// A third value: it is applied, and the row says so.
    AnotherValue,
}

/// One correction.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// Hub id.
    pub model_id: String,
    /// What it sets.
    pub field: CorrectedField,
    /// What the index says without it; empty for nothing.
    pub expect: String,
    /// What is right.
    pub value: String,
    /// Why.
    pub reason: String,
    /// Where that is published.
    pub source: String,
}

impl Correction {
    /// How the correction stands to what was found. Ids of the Hub differ in case and are one.
    #[must_use]
    pub fn meeting(&self, found: &str) -> Meeting {
        if found.eq_ignore_ascii_case(&self.value) {
            Meeting::AlreadyRight
        } else if found.eq_ignore_ascii_case(&self.expect) {
            Meeting::Expected
        } else {
            Meeting::AnotherValue
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    correction: Vec<Correction>,
}

/// All corrections, by id and field.
#[derive(Debug)]
pub struct Corrections {
    rows: Vec<Correction>,
    /// Positions of the rows of each model, by its id in lower case.
    by_id: FxHashMap<String, Vec<usize>>,
}

impl Corrections {
    pub(super) fn new(text: &str) -> Result<Self> {
        let fail = |what: String| Error::Internal(format!("corrections.toml: {what}"));
        let File { correction: rows } = toml::from_str(text).map_err(|e| fail(e.to_string()))?;
        let mut by_id: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for (i, row) in rows.iter().enumerate() {
            if row.reason.is_empty() || row.source.is_empty() || row.value.is_empty() || row.value == row.expect {
                return Err(fail(format!("{}: reason, source and a new value are needed", row.model_id)));
            }
            let of_model = by_id.entry(row.model_id.to_lowercase()).or_default();
            if of_model.iter().any(|other| rows[*other].field == row.field) {
                return Err(fail(format!("{} {:?} twice", row.model_id, row.field)));
            }
            of_model.push(i);
        }
        Ok(Self { rows, by_id })
    }

    /// The correction of a field of a model.
    #[must_use]
    pub fn correction(&self, model_id: &str, field: CorrectedField) -> Option<&Correction> {
        let of_model = in_lower_case(model_id, |id| self.by_id.get(id))?;
        of_model.iter().map(|i| &self.rows[*i]).find(|row| row.field == field)
    }

    /// All corrections, in the file's order.
    #[must_use]
    pub fn rows(&self) -> &[Correction] {
        &self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_meets_what_it_expects_its_own_value_or_another() {
        let text = "[[correction]]\nmodel_id = \"a/b\"\nfield = \"base_model\"\nexpect = \"\"\nvalue = \"c/d\"\nreason = \"r\"\nsource = \"s\"\n";
        let corrections = Corrections::new(text).unwrap();
        let meeting = |found| corrections.rows()[0].meeting(found);
        assert_eq!(
            [meeting(""), meeting("C/d"), meeting("e/f")],
            [Meeting::Expected, Meeting::AlreadyRight, Meeting::AnotherValue]
        );
    }

    #[test]
    fn corrections_are_unique_and_reasoned() {
        let one = "[[correction]]\nmodel_id = \"a/b\"\nfield = \"role\"\nexpect = \"merge\"\nvalue = \"finetuned\"\nreason = \"r\"\nsource = \"s\"\n";
        assert_eq!(
            Corrections::new(one).unwrap().correction("A/B", CorrectedField::Role).map(|c| c.value.as_str()),
            Some("finetuned")
        );
        for bad in [one.repeat(2), one.replace("\"r\"", "\"\""), one.replace("role", "mood"), one.replace("merge", "finetuned")] {
            assert!(Corrections::new(&bad).is_err(), "{bad}");
        }
    }
}
