//! Cards read before lineage is known: what `rows evidence` writes and the pipeline takes, and who read them.

use super::{EvidenceRow, table};
use crate::domain::{EvidenceSource, Field};
use arrow::datatypes::Schema;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Format of the rows; raised when their columns or their meaning change.
const FORMAT: u32 = 1;
/// Prefix of the keys in the metadata of a stream's schema.
const METADATA_PREFIX: &str = "hugging-carbon.";

table! {
    /// One row per number or fact found by a reading of a card, and one per reading that found nothing; the first columns are those of
    /// `evidence`, without the page, which follows from the record.
    "card_readings" key("model_id", "reading", "position")
    struct CardReadingRow / CardReadingBuilders {
        /// Key of the row of evidence; null where the reading found nothing.
        evidence_id: Option<String>,
        /// Repository.
        model_id: String,
        /// What is stated.
        field: Option<Field>,
        /// Value in canonical unit; null for textual facts.
        value: Option<f64>,
        /// Canonical unit.
        unit: Option<String>,
        /// As the card writes it.
        value_as_written: Option<String>,
        /// Kind of source.
        source: Option<EvidenceSource>,
        /// Place in the card.
        locator: Option<String>,
        /// Words it was read from, at most 200 characters.
        quote: Option<String>,
        /// Extractor.
        extractor: Option<String>,
        /// 0 to 1.
        confidence: Option<f64>,
        /// Whether it is used.
        accepted: Option<bool>,
        /// Why it is not.
        reject_reason: Option<String>,
        /// Number of the reading; 0 is that of what the record tells of the repository.
        reading: i32,
        /// Place of the row among all of the card's, from 0.
        position: i32,
        /// Rows of the card.
        rows_of_card: i32,
        /// On a reading's first row: roles and answers it holds for.
        contexts: Vec<String>,
        /// On a card's first row: bases it states, `id` or `name` before each.
        said_bases: Vec<String>,
        /// `value_as_written` with its line breaks, where it has any.
        value_as_it_stands: Option<String>,
        /// Whether the card was longer than what is read of it.
        is_cut: bool,
        /// SHA-256 of the card.
        card_sha256: String,
        /// Why the input's row could not be used; all columns of evidence are null then.
        refused: Option<String>,
        /// Who read it.
        reader: String,
    }
}

impl CardReadingRow {
    /// A row without evidence.
    #[must_use]
    pub fn without_evidence(model_id: String, card_sha256: String, reader: String) -> Self {
        Self {
            evidence_id: None,
            model_id,
            field: None,
            value: None,
            unit: None,
            value_as_written: None,
            source: None,
            locator: None,
            quote: None,
            extractor: None,
            confidence: None,
            accepted: None,
            reject_reason: None,
            reading: 0,
            position: 0,
            rows_of_card: 1,
            contexts: Vec::new(),
            said_bases: Vec::new(),
            value_as_it_stands: None,
            is_cut: false,
            card_sha256,
            refused: None,
            reader,
        }
    }

    /// The same with a row of evidence.
    #[must_use]
    pub fn with_evidence(self, row: EvidenceRow) -> Self {
        Self {
            evidence_id: Some(row.evidence_id),
            field: Some(row.field),
            value: row.value,
            unit: Some(row.unit),
            value_as_written: Some(row.value_as_written),
            source: Some(row.source),
            locator: Some(row.locator),
            quote: Some(row.quote),
            extractor: Some(row.extractor),
            confidence: Some(row.confidence),
            accepted: Some(row.accepted),
            reject_reason: row.reject_reason,
            ..self
        }
    }
}

/// Who read a card: what has to be the same for a reading to be this program's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reader {
    parts: BTreeMap<String, String>,
}

impl Reader {
    /// This version of the program with a version of the stage that reads, and the digests of words and tables.
    #[must_use]
    pub fn new(stage_version: u32, digests: BTreeMap<String, String>) -> Self {
        let mut parts = digests;
        parts.insert("format".to_owned(), FORMAT.to_string());
        parts.insert("hugging-carbon".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
        parts.insert("reader".to_owned(), stage_version.to_string());
        Self { parts }
    }

    /// The reader of a text that [`Reader::to_string`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let parts = text.split("; ").map(|part| part.split_once(' ').map(|(name, value)| (name.to_owned(), value.to_owned())));
        parts.collect::<Option<_>>().map(|parts| Self { parts })
    }

    /// What differs from another reader, in words; none where they are the same.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<String> {
        let names: BTreeSet<&String> = self.parts.keys().chain(other.parts.keys()).collect();
        let differing: Vec<String> = names
            .into_iter()
            .filter(|name| self.parts.get(name.as_str()) != other.parts.get(name.as_str()))
            .map(|name| {
                let said = |reader: &Self| reader.parts.get(name.as_str()).cloned().unwrap_or_else(|| "nothing".to_owned());
                format!("{name} is {}, here {}", said(other), said(self))
            })
            .collect();
        (!differing.is_empty()).then(|| differing.join("; "))
    }

    /// The schema of a stream of readings: the columns of [`CardReadingRow`], and the reader as metadata.
    #[must_use]
    pub fn schema(&self) -> Schema {
        use super::Row;
        let metadata: HashMap<String, String> =
            self.parts.iter().map(|(name, value)| (format!("{METADATA_PREFIX}{name}"), value.clone())).collect();
        CardReadingRow::schema().as_ref().clone().with_metadata(metadata)
    }
}

/// Name and value of each part, in the order of the names.
impl std::fmt::Display for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts: Vec<String> = self.parts.iter().map(|(name, value)| format!("{name} {value}")).collect();
        f.write_str(&parts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(version: u32, words: &str) -> Reader {
        Reader::new(version, BTreeMap::from([("vocabulary".to_owned(), words.to_owned())]))
    }

    #[test]
    fn readers_say_what_differs() {
        let ours = reader(9, "aa");
        assert_eq!(Reader::parse(&ours.to_string()).as_ref(), Some(&ours));
        assert_eq!(ours.difference(&reader(9, "aa")), None);
        assert_eq!(ours.difference(&reader(8, "aa")).as_deref(), Some("reader is 8, here 9"));
        let both = ours.difference(&reader(8, "bb")).unwrap();
        assert_eq!(both, "reader is 8, here 9; vocabulary is bb, here aa");
        assert_eq!(Reader::parse("nonsense"), None);
    }

    #[test]
    fn the_first_columns_are_those_of_evidence() {
        use super::super::Row;
        let ours = CardReadingRow::schema();
        let evidence = EvidenceRow::schema();
        let (page, read) = evidence.fields().split_last().unwrap();
        assert_eq!(page.name(), "source_url");
        for (a, b) in read.iter().zip(ours.fields()) {
            assert_eq!((a.name(), a.data_type()), (b.name(), b.data_type()));
        }
        assert_eq!(reader(9, "aa").schema().metadata().get("hugging-carbon.reader").map(String::as_str), Some("9"));
    }
}
