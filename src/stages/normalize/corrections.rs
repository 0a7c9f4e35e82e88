//! Reviewed corrections as they meet the records. The Hub is mended, and the registry grows: a correction that no longer meets what it
//! expects is said and counted, and never ends a run.

use super::{References, repo_facts};
use crate::domain::{EvidenceSource, Field, Role, address};
use crate::evidence::Extracted;
use crate::lineage::{self, RepoFacts};
use crate::reference::{CorrectedField, Correction, Corrections, Meeting};
use crate::tables::RawModelRow;
use serde::{Deserialize, Serialize};

/// Extractor of a correction that met a value it does not know: what the tier stage flags.
pub const MET_ANOTHER_VALUE: &str = "correction_met_another_value";

/// A correction, with what it met.
#[derive(Clone, Debug, PartialEq)]
pub struct MetCorrection {
    /// The correction.
    pub correction: Correction,
    /// What the record, or the registry, says without it.
    pub found: String,
    /// How the two stand to each other.
    pub meeting: Meeting,
}

/// How many corrections met what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectionCounts {
    /// Applied as expected.
    pub applied: u64,
    /// No longer needed: the record, or the registry, says the same.
    pub no_longer_needed: u64,
    /// Applied although they met a value they do not know.
    pub met_another_value: u64,
}

impl CorrectionCounts {
    /// Counts, and says in the log what a reviewer has to look at.
    pub(super) fn counted<'a>(met: impl Iterator<Item = &'a MetCorrection>) -> Self {
        let mut counts = Self::default();
        for m in met {
            match m.meeting {
                Meeting::Expected => counts.applied += 1,
                Meeting::AlreadyRight => {
                    counts.no_longer_needed += 1;
                    tracing::info!("{m}");
                }
                Meeting::AnotherValue => {
                    counts.met_another_value += 1;
                    tracing::warn!("{m}");
                }
            }
        }
        counts
    }
}

impl std::fmt::Display for MetCorrection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { correction: Correction { model_id, field, expect, value, .. }, found, meeting } = self;
        let field = field.name();
        match meeting {
            Meeting::Expected => write!(f, "correction of {model_id}, {field}: '{value}' in place of '{expect}'"),
            Meeting::AlreadyRight => {
                write!(f, "correction of {model_id}, {field}, is no longer needed: '{found}' is there already")
            }
            Meeting::AnotherValue => write!(
                f,
                "correction of {model_id}, {field}, expects '{expect}' and met '{found}': '{value}' was applied, review \
                 data/reference/corrections.toml"
            ),
        }
    }
}

impl MetCorrection {
    /// A corrected base as evidence; a corrected role says by its rule where it is from.
    pub(super) fn evidence(&self) -> Option<Extracted> {
        let Correction { field, expect, value, reason, source, .. } = &self.correction;
        let extractor = match self.meeting {
            Meeting::Expected => "correction",
            Meeting::AlreadyRight => return None,
            Meeting::AnotherValue => MET_ANOTHER_VALUE,
        };
        (*field == CorrectedField::BaseModel).then(|| Extracted {
            field: Field::BaseModel,
            value: None,
            unit: Field::BaseModel.unit(),
            as_written: value.clone(),
            source: EvidenceSource::Correction,
            locator: "corrections.toml".into(),
            source_url: address::stated(source),
            quote: format!("in place of {}, expected {}: {reason} ({source})", or_nothing(&self.found), or_nothing(expect)),
            extractor,
            confidence: 1.0,
            reject_reason: None,
        })
    }
}

/// Applies the corrections of a repository; returns what they met.
pub(super) fn apply_corrections(corrections: &Corrections, facts: &mut RepoFacts) -> Vec<MetCorrection> {
    // Few repositories have one, and the rules of a role are many.
    let met = |field, found: &dyn Fn() -> String| {
        let correction = corrections.correction(&facts.model_id, field)?.clone();
        let found = found();
        let meeting = correction.meeting(&found);
        Some(MetCorrection { correction, found, meeting })
    };
    let role = met(CorrectedField::Role, &|| lineage::roles::role(facts).0.name().to_owned());
    let base = met(CorrectedField::BaseModel, &|| facts.base_ids.first().cloned().unwrap_or_default());
    let is_needed = |m: &&MetCorrection| m.meeting != Meeting::AlreadyRight;
    if let Some(m) = role.as_ref().filter(is_needed) {
        facts.corrected_role = Role::parse(&m.correction.value);
        facts.correction_met_another_role = m.meeting == Meeting::AnotherValue;
    }
    if let Some(m) = base.as_ref().filter(is_needed) {
        facts.base_ids = vec![m.correction.value.clone()];
    }
    role.into_iter().chain(base).collect()
}

/// What the corrections meet in records, by id: what `reference check` shows.
#[must_use]
pub fn review_corrections(references: &References, records: &[RawModelRow]) -> Vec<MetCorrection> {
    let mut met: Vec<MetCorrection> =
        records.iter().flat_map(|raw| apply_corrections(&references.corrections, &mut repo_facts(references, raw))).collect();
    met.sort_by(|a, b| {
        let key = |m: &MetCorrection| (m.correction.model_id.clone(), m.correction.field.name());
        key(a).cmp(&key(b))
    });
    met
}

/// A value in quotes, or that there is none.
fn or_nothing(value: &str) -> String {
    if value.is_empty() { "nothing".to_owned() } else { format!("'{value}'") }
}
