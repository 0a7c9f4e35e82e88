//! Cards read before lineage is known: what `rows evidence` writes and the pipeline takes, and who read them.

use super::{EvidenceRow, table};
use crate::domain::{EvidenceSource, Field};
use crate::store::sha256_bytes;
use arrow::datatypes::Schema;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Format of the rows; raised when their columns or their meaning change.
///
/// 2: `reader` is short, and the questions of a card stand in its `contexts` once. Rows of format 1 are still read.
const FORMAT: u32 = 2;
/// Parts of a reader as rows of format 1 wrote it that say nothing of whether cards are read alike: values of the grid tables stand in no
/// reading. Nor does the format itself, or what countries regions lie in, which those rows did not tell.
const IS_NO_DIFFERENCE: [&str; 5] =
    ["format", "grid_country_year.csv", "grid_region_year.csv", "extra_grid", "countries_of_grid_regions"];
/// Between the parts of [`Reader::short`].
const SHORT_SEPARATOR: char = '/';
/// What the parts of [`Reader::short`] are.
const SHORT_PARTS: [&str; 4] = ["hugging-carbon", "format", "reader", "words and tables"];
/// Hexadecimal digits of the last of them: twelve are 48 bits, and what stands in a row 80,000 times should be short.
const SHORT_DIGITS: usize = 12;
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
        /// On a reading's first row: roles and answers it holds for; on a card's first row what was asked before them.
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
        /// Who read it: versions of the program, of these columns and of the reader, and a digest of words and tables.
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
        // A name ends at its first blank where a reader is written as text.
        let mut parts: BTreeMap<String, String> =
            digests.into_iter().map(|(name, digest)| (name.replace([' ', ';'], "_"), digest)).collect();
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

    /// As a row names it: what decides whether a card is read alike, in few letters.
    #[must_use]
    pub fn short(&self) -> String {
        let [program, format, reader, _] = SHORT_PARTS;
        let of = |name: &str| self.parts.get(name).map_or("", String::as_str);
        let rest = self.parts.iter().filter(|(name, _)| ![program, format, reader].contains(&name.as_str()));
        let rest: String = rest.map(|(name, value)| format!("{name} {value}\n")).collect();
        [of(program), of(format), of(reader), &sha256_bytes(rest.as_bytes())[..SHORT_DIGITS]].join(&SHORT_SEPARATOR.to_string())
    }

    /// What differs in the reader that a row names, in words; none where cards are read alike. `told` is the reader that the file tells of in
    /// the metadata of its schema, where an engine has kept them.
    #[must_use]
    pub fn difference_from(&self, row: &str, told: Option<&Self>) -> Option<String> {
        if let Some(told) = told.filter(|told| told.short() == row) {
            return self.difference(told, &[]);
        }
        let (ours, theirs) = (self.short(), row.split(SHORT_SEPARATOR).collect::<Vec<_>>());
        let ours: Vec<&str> = ours.split(SHORT_SEPARATOR).collect();
        if theirs.len() == ours.len() {
            let differing = SHORT_PARTS.iter().zip(theirs.iter().zip(ours)).filter(|(_, (theirs, ours))| *theirs != ours);
            let said: Vec<String> = differing.map(|(name, (theirs, ours))| format!("{name} is {theirs}, here {ours}")).collect();
            return (!said.is_empty()).then(|| said.join("; "));
        }
        match Self::parse(row) {
            Some(whole) => self.difference(&whole, &IS_NO_DIFFERENCE),
            None => Some(format!("'{row}' names no reader")),
        }
    }

    /// What differs from another reader but for some parts, in words; none where they are the same.
    fn difference(&self, other: &Self, but_for: &[&str]) -> Option<String> {
        let names: BTreeSet<&String> = self.parts.keys().chain(other.parts.keys()).collect();
        let differing: Vec<String> = names
            .into_iter()
            .filter(|name| !but_for.contains(&name.as_str()) && self.parts.get(name.as_str()) != other.parts.get(name.as_str()))
            .map(|name| {
                let said = |reader: &Self| reader.parts.get(name.as_str()).cloned().unwrap_or_else(|| "nothing".to_owned());
                format!("{name} is {}, here {}", said(other), said(self))
            })
            .collect();
        (!differing.is_empty()).then(|| differing.join("; "))
    }

    /// The reader that a schema's metadata tell of; none if they tell of none.
    #[must_use]
    pub fn of_metadata(schema: &Schema) -> Option<Self> {
        let part = |(name, value): (&String, &String)| Some((name.strip_prefix(METADATA_PREFIX)?.to_owned(), value.clone()));
        let parts: BTreeMap<String, String> = schema.metadata().iter().filter_map(part).collect();
        (!parts.is_empty()).then_some(Self { parts })
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
        let other = |version, words| {
            let other = reader(version, words);
            ours.difference_from(&other.short(), Reader::of_metadata(&other.schema()).as_ref())
        };
        assert_eq!(other(9, "aa"), None);
        assert_eq!(other(8, "aa").as_deref(), Some("reader is 8, here 9"));
        assert_eq!(other(8, "bb").as_deref(), Some("reader is 8, here 9; vocabulary is bb, here aa"));
        // Spark drops the metadata.
        assert_eq!(ours.difference_from(&ours.short(), None), None);
        let said = ours.difference_from(&reader(8, "bb").short(), None).unwrap();
        assert!(said.starts_with("reader is 8, here 9; words and tables is "), "{said}");
        let odd = Reader::new(9, BTreeMap::from([("two words; more".to_owned(), "aa".to_owned())]));
        assert_eq!(Reader::parse(&odd.to_string()).as_ref(), Some(&odd));
        assert_eq!(Reader::parse("nonsense"), None);
        assert_eq!(ours.difference_from("nonsense", None).as_deref(), Some("'nonsense' names no reader"));
        assert!(ours.short().len() < 32, "{}", ours.short());
    }

    /// Rows of the first format have the whole text in every row, and digests of grid tables, whose values no reading has.
    #[test]
    fn rows_of_the_first_format_are_still_taken() {
        let ours = reader(9, "aa");
        let first = |version: u32| {
            let program = env!("CARGO_PKG_VERSION");
            format!("format 1; grid_region_year.csv ff; hugging-carbon {program}; reader {version}; vocabulary aa")
        };
        assert_eq!(ours.difference_from(&first(9), None), None);
        assert_eq!(ours.difference_from(&first(8), None).as_deref(), Some("reader is 8, here 9"));
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
