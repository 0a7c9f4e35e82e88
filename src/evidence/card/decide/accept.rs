//! A candidate as a row of evidence, accepted unless something speaks against it.

use crate::domain::{EvidenceSource, Field};
use crate::evidence::card::parse::block::BlockKind;
use crate::evidence::card::read::candidate::{Candidate, RANK_PAIR, RANK_PROSE, RANK_UNCLAIMED};
use crate::evidence::{Extracted, MAX_QUOTE_CHARS};
use crate::reference::possible::{MOST_EMISSIONS_KGCO2E, MOST_ENERGY_KWH};

/// Extractor of keys of the front matter.
pub const FRONT_MATTER: &str = "card_front_matter";
/// Extractor of rows of tables.
pub const TABLE: &str = "card_table";
/// Extractor of everything else.
pub const TEXT: &str = "card_text";

/// Most passes over the data believed. A judgement: small data sets are passed over some ten thousand times.
const MOST_EPOCHS: f64 = 1e5;

/// Confidence of what no rule claims, and its unit and its neighbours tell: below all that one accepts.
const UNCLAIMED_CONFIDENCE: f64 = 0.5;

/// Evidence with its standing among others of its field.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The row.
    pub row: Extracted,
    /// Standing: smaller is better.
    pub rank: u8,
    /// Number of the table it stands in; 0 outside tables.
    pub table: usize,
}

/// The row of a candidate of a card.
#[must_use]
pub fn accept(candidate: Candidate, source: &str) -> Fact {
    let Candidate { field, value, written, kind, table, locator, extractor: named, quote: quoted, rank, reason } = candidate;
    let wrong = value.is_some_and(|v| !(v.is_finite() && v > 0.0 && v < 1e40));
    let beyond = value.is_some_and(|v| most(field).is_some_and(|most| v > most));
    let (evidence_source, extractor) = match kind {
        BlockKind::FrontMatter => (EvidenceSource::CardYaml, FRONT_MATTER),
        BlockKind::TableRow => (EvidenceSource::CardText, TABLE),
        BlockKind::Heading | BlockKind::Paragraph | BlockKind::ListItem | BlockKind::Code | BlockKind::Html => {
            (EvidenceSource::CardText, TEXT)
        }
    };
    let row = Extracted {
        field,
        value: value.filter(|v| v.is_finite()),
        unit: field.unit(),
        // Regression: a heading's number was published as written in no way.
        as_written: if written.trim().is_empty() { value.map_or(written, |v| v.to_string()) } else { written },
        source: evidence_source,
        locator,
        source_url: None,
        quote: quote(source, quoted),
        extractor: named.unwrap_or(extractor),
        confidence: match rank {
            0..=RANK_PAIR => 0.8,
            5..RANK_PROSE => 0.7,
            RANK_PROSE..RANK_UNCLAIMED => 0.65,
            _ => UNCLAIMED_CONFIDENCE,
        },
        reject_reason: reason
            .map(Into::into)
            .or_else(|| wrong.then(|| "zero or out of range".to_owned()))
            .or_else(|| beyond.then(|| "more than any training took".to_owned())),
    };
    Fact { row, rank, table }
}

/// What no training has taken.
fn most(field: Field) -> Option<f64> {
    match field {
        Field::EnergyKwh => Some(MOST_ENERGY_KWH),
        Field::EmissionsKgco2e => Some(MOST_EMISSIONS_KGCO2E),
        Field::Epochs => Some(MOST_EPOCHS),
        Field::WallHours
        | Field::AcceleratorHours
        | Field::Accelerator
        | Field::AcceleratorCount
        | Field::TrainFlop
        | Field::TrainTokens
        | Field::TrainSteps
        | Field::BatchSize
        | Field::TrainSamples
        | Field::SequenceLength
        | Field::ImageSize
        | Field::ForwardFlop
        | Field::TotalParams
        | Field::ActiveParams
        | Field::Mfu
        | Field::Precision
        | Field::TrainedOn
        | Field::Role
        | Field::BaseModel
        | Field::Country
        | Field::CloudRegion
        | Field::CloudProvider
        | Field::MeasurementTool => None,
    }
}

/// At most 200 characters of the card, exactly as they stand there.
#[must_use]
pub fn quote(source: &str, (from, to): (usize, usize)) -> String {
    let mut from = from.min(source.len());
    while !source.is_char_boundary(from) {
        from -= 1;
    }
    let mut to = to.clamp(from, source.len());
    while !source.is_char_boundary(to) {
        to += 1;
    }
    source.get(from..to).unwrap_or_default().trim().chars().take(MAX_QUOTE_CHARS).collect()
}
