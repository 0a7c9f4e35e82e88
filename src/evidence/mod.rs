//! Extractors: from what an index holds to evidence rows with unit, quote and verdict (docs/method.md, section 3).
//!
//! - [`index`]: what a record of the index tells, without its card;
//! - [`card`]: what a model card tells, from bytes to blocks to candidate figures to a decision;
//! - [`hardware`] and [`place`]: texts that name chips or places, wherever they stand;
//! - [`quantity`]: numbers with their units;
//! - [`vocabulary`]: the words all of them look for, which are data.
//!
//! `card` and `index` rest on `hardware`, `place` and `quantity`, all rest on `vocabulary`; inside `card`, `decide` rests on `read` and
//! `read` on `parse`, never the other way.

pub mod card;
pub mod hardware;
pub mod index;
pub mod place;
pub mod quantity;
pub mod vocabulary;

use crate::domain::{EvidenceSource, Field, Role, address};
use crate::tables::EvidenceRow;

pub use crate::domain::MAX_QUOTE_CHARS;

/// Evidence before it is tied to a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Extracted {
    /// `evidence.field`.
    pub field: Field,
    /// Value in canonical unit; none for textual facts.
    pub value: Option<f64>,
    /// Canonical unit.
    pub unit: &'static str,
    /// As the source writes it.
    pub as_written: String,
    /// Kind of source.
    pub source: EvidenceSource,
    /// Place in the source.
    pub locator: String,
    /// Page of the source; none: the repository's card or page, as the kind of source says.
    pub source_url: Option<String>,
    /// Words it was read from.
    pub quote: String,
    /// Extractor.
    pub extractor: &'static str,
    /// 0 to 1.
    pub confidence: f64,
    /// Why it was refused, if it was.
    pub reject_reason: Option<String>,
}

impl Extracted {
    /// The role that a likelihood has for the likeliest, with its probability and the signs it rests on.
    #[must_use]
    pub fn likely_role(role: Role, probability: f64, quote: String, extractor: &'static str) -> Self {
        Self {
            field: Field::Role,
            value: Some(probability),
            unit: Field::Role.unit(),
            as_written: role.name().to_owned(),
            source: EvidenceSource::RoleModel,
            locator: "role_terms".into(),
            source_url: None,
            quote,
            extractor,
            confidence: probability,
            reject_reason: None,
        }
    }

    /// The table row for a model, whose card is that of a commit where the index names one.
    #[must_use]
    pub fn into_row(self, model_id: &str, commit: Option<&str>) -> EvidenceRow {
        let source_url = self.source_url.or_else(|| page_of(self.source, model_id, commit));
        EvidenceRow {
            evidence_id: evidence_id(model_id, self.field, self.extractor),
            model_id: model_id.to_owned(),
            field: self.field,
            value: self.value,
            unit: self.unit.to_owned(),
            value_as_written: clip(self.as_written),
            source: self.source,
            locator: self.locator,
            source_url,
            quote: clip(self.quote),
            extractor: self.extractor.to_owned(),
            confidence: self.confidence,
            accepted: self.reject_reason.is_none(),
            reject_reason: self.reject_reason,
        }
    }
}

/// The page of a repository on which a kind of source can be read again; none for what rests on tables of the project.
fn page_of(source: EvidenceSource, model_id: &str, commit: Option<&str>) -> Option<String> {
    match source {
        EvidenceSource::CardYaml | EvidenceSource::CardText => Some(address::card(model_id, commit)),
        EvidenceSource::HubIndex | EvidenceSource::Config | EvidenceSource::Name => Some(address::repository(model_id)),
        EvidenceSource::Registry
        | EvidenceSource::RepositoryFacts
        | EvidenceSource::Arithmetic
        | EvidenceSource::Lineage
        | EvidenceSource::RoleModel
        | EvidenceSource::Correction => None,
    }
}

/// The key of an evidence row. An extractor yields at most one row per field and model, so the key is readable and unique, and
/// does not depend on which file the index came in.
#[must_use]
pub fn evidence_id(model_id: &str, field: Field, extractor: &str) -> String {
    format!("{model_id}#{field}#{extractor}")
}

fn clip(text: String) -> String {
    if text.len() <= MAX_QUOTE_CHARS && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return text;
    }
    // Quotes reach terminals: escape sequences in a card must not.
    text.chars().filter(|c| !c.is_control()).take(MAX_QUOTE_CHARS).collect()
}
