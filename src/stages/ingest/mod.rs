//! ingest: the pinned sources' records, typed, sorted by id, one row per id; what cannot be used goes to quarantine.

mod cards;
mod checks;
mod duplicates;
mod evidence;
mod horizon;
mod letters;
mod pinned;
mod renamed;

pub use self::pinned::{Input, InputKind};

use self::checks::Seen;
use self::duplicates::Deduplicator;
use self::letters::Letters;
use self::renamed::Identities;
use super::fetch::{Fetch, PinnedFiles, PinnedSources};
use crate::domain::source::CohortMetric;
use crate::engine::{Facts, Inputs, Outputs, Stage, stage};
use crate::error::{Error, Result};
use crate::hub::{self, Block, FileKind, Parsed, SchemaReport, SourceFile};
use crate::tables::io::{BatchRows, TableReceipt};
use crate::tables::sort::{DEFAULT_BUDGET_BYTES, ExternalSorter};
use crate::tables::{CardReadingRow, QuarantineRow, RawCardRow, RawModelRow, Row, RowBuilders};
use crate::units::TimestampMs;
use arrow::array::RecordBatch;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Longest raw text kept in quarantine, in characters.
const MAX_RAW_CHARS: usize = 2_000;
/// Rows of the quarantine collected before they go to the sorter.
const BATCH_ROWS: usize = 8_192;
/// Rows that one thread brings into columns at a time.
const CHUNK_ROWS: usize = 1_024;
/// Refused records after which a source that has more of them than good ones is read no further: it is something else, and may be
/// endless.
const HOPELESS: u64 = 1_000_000;
/// Reasons shown when there are too many bad records.
const SHOWN_REASONS: usize = 5;
/// Characters of a value shown in a message.
const SHOWN_CHARS: usize = 80;

stage! {
    /// Reads the pinned index and cards into typed, sorted tables.
    struct Ingest = "ingest" version 12
    reads []
    writes [RawModelRow, RawCardRow, CardReadingRow, QuarantineRow]
    follows [Fetch]
}

/// What the stage reads of the configuration.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Largest share of records that may be refused. It decides whether, not what: it is compared with what was refused.
    #[serde(skip)]
    pub max_quarantine_fraction: f64,
    /// Which download count cuts the cohort: an index without it decides nothing. Compared with the counts that the index has.
    #[serde(skip)]
    pub metric: CohortMetric,
    /// Who must have read the cards, where evidence made elsewhere is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence_reader: Option<String>,
}

/// What of the sources the manifest pins.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ingested {
    /// Source files.
    pub inputs: Vec<Input>,
    /// Newest date in the index; none when no record has one.
    pub index_date: Option<String>,
    /// Records read.
    pub records_read: u64,
    /// Records refused and quarantined.
    pub records_refused: u64,
    /// Records passed over because the index has their repository under a newer name.
    #[serde(default)]
    pub records_renamed: u64,
    /// Cards read.
    pub cards_read: u64,
    /// Cards of models that the index does not have.
    pub cards_without_model: u64,
    /// Columns that could not be read, with the records that lack their values.
    #[serde(default)]
    pub unread_columns: BTreeMap<String, u64>,
    /// Largest of the shares that `limits.max_quarantine_fraction` bounds: records refused, records without a usable field, cards under
    /// another id.
    pub refused_share: f64,
    /// Records whose count is above zero, by metric of a cohort.
    pub counted: BTreeMap<CohortMetric, u64>,
}

impl Facts for Ingested {}

impl Stage for Ingest {
    type Settings = Settings;
    type References = ();
    type Facts = Ingested;

    fn run(inputs: &Inputs<'_, Self>, outputs: &mut Outputs<'_, Self>) -> Result<Ingested> {
        let sources = inputs.facts::<Fetch>()?;
        let found = hub::find_files(&sources.index.root)?;
        checks::log_passed_over(&found.passed_over);
        let files = found.files;
        let limit = inputs.settings().max_quarantine_fraction;
        let mut ingester = Ingester::new(outputs)?;
        let mut pinned = Vec::new();
        let mut meter = inputs.meter(files.iter().map(|f| f.bytes).sum(), "ingest");
        let (mut before, mut schemas) = (0, checks::Schemas::default());
        for file in &files {
            let (first, filled) = (ingester.read, ingester.seen.filled());
            let report = read_source(file, |block| {
                meter.set(before + block.bytes_read.min(file.bytes));
                ingester.add_block(file, block)?;
                if ingester.is_hopeless() { ingester.check(limit, &files) } else { Ok(()) }
            })?;
            before += file.bytes;
            schemas.add(file, &report);
            let records = ingester.read - first;
            ingester.seen.add_unreadable(&report.unreadable, records);
            ingester.seen.end_file(&file.name, filled);
            let sha256 = unchanged(&sources.index, &file.name, hub::file_digest(file)?, &file.path)?;
            let revision = sources.index.revision.clone();
            pinned.push(Input { name: file.name.clone(), kind: InputKind::Index, revision, sha256, bytes: file.bytes, records });
        }
        schemas.log();
        ingester.check(limit, &files)?;
        ingester.seen.log_epochs();
        ingester.seen.check(inputs.settings().metric, &sources.index.root)?;
        ingester.seen.log_gaps(inputs.settings().metric);
        ingester.finish(inputs, outputs, pinned, &sources)
    }

    /// What was read would be refused today: it is read again, and the refusal says why.
    fn outdated(inputs: &Inputs<'_, Self>, facts: &Ingested) -> Result<Option<String>> {
        let Settings { max_quarantine_fraction, metric, .. } = inputs.settings();
        let is_empty = facts.counted.get(metric).is_none_or(|records| *records == 0);
        Ok(if facts.refused_share > *max_quarantine_fraction {
            Some("more was refused than limits.max_quarantine_fraction allows".into())
        } else {
            is_empty.then(|| "its records have no count of cohort.metric".into())
        })
    }
}

/// The digest of a file that was read, if it is the pinned one: a file that changed meanwhile is of two ages.
fn unchanged(pinned: &PinnedFiles, name: &str, sha256: String, path: &Path) -> Result<String> {
    if pinned.files.iter().any(|(n, digest)| n == name && *digest == sha256) {
        return Ok(sha256);
    }
    Err(Error::input(
        format!("source {name} changed while stage 'ingest' was reading it"),
        path.display(),
        "wait until nothing writes to the source any more, then run again",
    ))
}

fn read_source(file: &SourceFile, sink: impl FnMut(Block) -> Result<()>) -> Result<SchemaReport> {
    match file.kind {
        FileKind::Parquet => hub::read_parquet(file, sink),
        FileKind::JsonLines { .. } | FileKind::JsonArray { .. } => hub::read_json(file, sink),
        FileKind::Recording => Ok(SchemaReport { ignored: hub::read_recording(file, sink)?, ..SchemaReport::default() }),
    }
}

/// A field that could not be used in some records.
struct Failing {
    records: u64,
    /// The first of them: its place, the reason and the value.
    example: String,
}

/// A value as a message shows it.
fn shown_value(raw: &str) -> String {
    let short: String = raw.chars().take(SHOWN_CHARS).collect();
    if short.len() < raw.len() { format!("{short} ...") } else { short }
}

/// The form in which a field is wanted.
fn wanted_form(field: &str) -> &'static str {
    match field {
        "createdAt" | "lastModified" => "write instants as ISO 8601 (2024-05-01T12:00:00Z) or as numbers since 1970",
        "downloads" | "downloadsAllTime" | "likes" => "write counts as whole numbers (1234567)",
        "baseModels" => "write {\"relation\": ..., \"models\": [{\"id\": \"owner/name\"}]}, as the Hub does",
        "cardData.base_model" => "write owner/name, or a list of them",
        "safetensors" => "write {\"total\": N, \"parameters\": {\"BF16\": N}}, as the Hub does",
        _ => "mend the source",
    }
}

/// The name of the file in the place of a record.
fn file_of(locator: &str) -> &str {
    locator.rsplit_once(':').map_or(locator, |(name, _)| name)
}

struct Ingester {
    sorter: ExternalSorter,
    quarantined: <QuarantineRow as Row>::Builders,
    quarantine: ExternalSorter,
    read: u64,
    refused: u64,
    reasons: Vec<String>,
    /// Fields that could not be used in some records.
    failing: BTreeMap<String, Failing>,
    /// What the records have of what decides.
    seen: Seen,
    /// Which repository each record is.
    identities: Identities,
    /// Which spelling of each id is kept.
    letters: Letters,
}

impl Ingester {
    fn new(outputs: &Outputs<'_, Ingest>) -> Result<Self> {
        let (spill, quarantine_spill) = (outputs.scratch("spill")?, outputs.scratch("spill-quarantine")?);
        let identities = Identities::new(&outputs.scratch("spill-identities")?)?;
        Ok(Self {
            sorter: ExternalSorter::new(RawModelRow::schema(), "model_id", &spill, DEFAULT_BUDGET_BYTES)?,
            quarantined: Default::default(),
            quarantine: ExternalSorter::new(QuarantineRow::schema(), "locator", &quarantine_spill, DEFAULT_BUDGET_BYTES / 8)?,
            read: 0,
            refused: 0,
            reasons: Vec::new(),
            failing: BTreeMap::new(),
            seen: Seen::default(),
            identities,
            letters: Letters::default(),
        })
    }

    fn add_block(&mut self, file: &SourceFile, block: Block) -> Result<()> {
        let mut rows = Vec::with_capacity(block.records.len());
        for parsed in block.records {
            self.read += 1;
            rows.extend(self.noted(file, parsed)?);
        }
        for batch in in_columns(rows)? {
            self.sorter.push(batch)?;
        }
        Ok(())
    }

    /// The row of a record, if it was not refused, once everything that is to be said of it is noted.
    fn noted(&mut self, file: &SourceFile, parsed: Parsed) -> Result<Option<RawModelRow>> {
        let Parsed { locator, row, problems, epochs, object_id, .. } = parsed;
        self.seen.add_epochs(epochs);
        if row.is_none() {
            self.refused += 1;
        }
        let mut failed: Vec<&str> = Vec::new();
        for problem in &problems {
            // A record counts once for a field, however many of its values are wrong.
            if row.is_some() && !failed.contains(&problem.field.as_str()) {
                failed.push(&problem.field);
                let example = || format!("{locator}: {}: {}", problem.reason, shown_value(&problem.raw));
                self.seen.add_unusable(&problem.field, &example());
                let failing =
                    self.failing.entry(problem.field.clone()).or_insert_with(|| Failing { records: 0, example: example() });
                failing.records += 1;
            }
        }
        for problem in problems {
            if row.is_none() && self.reasons.len() < SHOWN_REASONS {
                self.reasons.push(format!("{locator}: {}", problem.reason));
            }
            self.set_aside(&file.name, format!("{locator} {}", problem.field), problem.reason, &problem.raw)?;
        }
        if let Some(row) = &row {
            self.seen.add_row(row);
            self.letters.add(row);
            self.identities.add(object_id, row)?;
        }
        Ok(row)
    }

    fn set_aside(&mut self, source: &str, locator: String, reason: String, raw: &str) -> Result<()> {
        self.quarantined.push(QuarantineRow {
            source: source.to_owned(),
            locator,
            reason,
            raw: raw.chars().take(MAX_RAW_CHARS).collect(),
        });
        if self.quarantined.len() >= BATCH_ROWS {
            self.quarantine.push(self.quarantined.finish()?)?;
        }
        Ok(())
    }

    /// Whether so much of what was read so far is bad that the rest cannot mend it.
    fn is_hopeless(&self) -> bool {
        self.refused > HOPELESS && self.refused > self.read / 2
    }

    /// The largest share of records that were refused, or lack a usable field.
    #[allow(clippy::cast_precision_loss)] // Counts far below 2^53.
    fn refused_share(&self) -> f64 {
        let most = self.failing.values().map(|failing| failing.records).chain([self.refused]).max().unwrap_or(0);
        most as f64 / self.read.max(1) as f64
    }

    fn check(&self, limit: f64, files: &[SourceFile]) -> Result<()> {
        let place = files.first().map(|f| f.path.display().to_string()).unwrap_or_default();
        if self.read == self.refused {
            return Err(Error::input(
                format!("no usable record in {} read{}", self.read, self.shown()),
                place,
                self.way_out_of_refusals().unwrap_or("check that the source is a Hugging Face model index"),
            ));
        }
        #[allow(clippy::cast_precision_loss)] // A ratio of counts far below 2^53.
        let fraction = self.refused as f64 / self.read as f64;
        if fraction > limit {
            return Err(Error::input(
                format!(
                    "{} of {} records refused ({:.2} %, limit {:.2} %){}",
                    self.refused,
                    self.read,
                    fraction * 100.0,
                    limit * 100.0,
                    self.shown()
                ),
                place,
                self.way_out_of_refusals()
                    .unwrap_or("mend the source, or raise limits.max_quarantine_fraction if these records are expected"),
            ));
        }
        // A field that fails in many records is a change of the source, not a bad record: nulls must not pass for news.
        for (field, Failing { records, example }) in &self.failing {
            #[allow(clippy::cast_precision_loss)]
            let fraction = *records as f64 / self.read as f64;
            if fraction > limit {
                return Err(Error::input(
                    format!(
                        "field '{field}' cannot be used in {records} of {} records ({:.2} %, limit {:.2} %)\n    {example}",
                        self.read,
                        fraction * 100.0,
                        limit * 100.0
                    ),
                    place,
                    format!(
                        "{}, or raise limits.max_quarantine_fraction if this is expected: the values stay unknown",
                        wanted_form(field)
                    ),
                ));
            }
        }
        if self.refused > 0 {
            tracing::warn!(refused = self.refused, read = self.read, "records went to quarantine");
        }
        Ok(())
    }

    /// The way out of what the first reasons of refusals have in common.
    fn way_out_of_refusals(&self) -> Option<&'static str> {
        let is_of = |what: &str| !self.reasons.is_empty() && self.reasons.iter().all(|reason| reason.contains(what));
        if is_of("not UTF-8 at byte") {
            Some(
                "write the file in UTF-8: iconv -f ENCODING -t UTF-8 FILE > models.jsonl, with LATIN1, CP1252, GBK or whatever it is in",
            )
        } else if is_of(hub::record::NO_KEY_OF_ID) {
            Some(
                "the key of the models' names, owner/name, has to be called id, and to stand in the record itself: \
                  jq -c '. + {id: .KEY}' FILE > lines.jsonl, or jq -c '.KEY' where the record stands under a key",
            )
        } else if is_of("id missing or malformed: ") {
            Some("write owner/name into 'id', as the Hub does")
        } else {
            None
        }
    }

    fn shown(&self) -> String {
        self.reasons.iter().map(|r| format!("\n    {r}")).collect()
    }

    fn finish(
        mut self,
        inputs: &Inputs<'_, Ingest>,
        outputs: &mut Outputs<'_, Ingest>,
        mut pinned: Vec<Input>,
        sources: &PinnedSources,
    ) -> Result<Ingested> {
        let refused_share = self.refused_share();
        let mut writer = outputs.batch_writer::<RawModelRow>()?;
        let mut deduplicator = Deduplicator::new(self.identities.settle()?, std::mem::take(&mut self.letters).settle());
        let horizon = self.seen.horizon();
        let mut set_aside = Vec::new();
        self.sorter.finish(|batch| writer.write(&deduplicator.pass(&horizon.cut(batch, &mut set_aside)?)?))?;
        if let Some(last) = deduplicator.last() {
            writer.write(&last)?;
        }
        outputs.done::<RawModelRow>(writer.finish()?);
        deduplicator.log();
        horizon.log(&set_aside);
        set_aside.into_iter().for_each(|row| self.quarantined.push(row));
        let records_renamed = deduplicator.renamed_records;
        for dropped in deduplicator.dropped {
            let source = file_of(&dropped.locator).to_owned();
            let locator = format!("{} record", dropped.locator);
            self.quarantined.push(QuarantineRow { source, locator, reason: dropped.reason, raw: dropped.model_id });
        }
        let cards = cards::read_cards(sources.cards.as_ref(), outputs)?;
        let reader = inputs.settings().evidence_reader.as_deref();
        let max_refused = inputs.settings().max_quarantine_fraction;
        let evidence = evidence::read_evidence(sources.evidence.as_ref(), reader, max_refused, outputs)?;
        pinned.extend(cards.inputs.into_iter().chain(evidence.inputs));
        for row in cards.unusable.into_iter().chain(evidence.unusable) {
            self.quarantined.push(row);
        }
        self.quarantine.push(self.quarantined.finish()?)?;
        let receipt = write_quarantine(self.quarantine, outputs)?;
        outputs.done::<QuarantineRow>(receipt);
        Ok(Ingested {
            inputs: pinned,
            index_date: horizon.newest().map(|ms| TimestampMs(ms).day().to_string()),
            records_read: self.read,
            records_refused: self.refused,
            records_renamed,
            cards_read: cards.read,
            cards_without_model: cards.without_model,
            unread_columns: self.seen.unread_columns(),
            refused_share: refused_share.max(evidence.renamed_share),
            counted: self.seen.counted(),
        })
    }
}

/// Rows as batches, which all threads make.
fn in_columns(rows: Vec<RawModelRow>) -> Result<Vec<RecordBatch>> {
    let batch = |rows: Vec<RawModelRow>| {
        let mut builders = <RawModelRow as Row>::Builders::default();
        rows.into_iter().for_each(|row| builders.push(row));
        builders.finish()
    };
    rows.into_par_iter().chunks(CHUNK_ROWS).map(batch).collect()
}

fn write_quarantine(sorter: ExternalSorter, outputs: &Outputs<'_, Ingest>) -> Result<TableReceipt> {
    let mut writer = outputs.writer::<QuarantineRow>()?;
    // Two problems in one field of one record would share a key: they become one row.
    let mut last: Option<QuarantineRow> = None;
    sorter.finish(|batch| {
        for row in BatchRows::<QuarantineRow>::new(batch)?.iter() {
            let row = row?;
            match &mut last {
                Some(previous) if previous.source == row.source && previous.locator == row.locator => {
                    previous.reason = format!("{}; {}", previous.reason, row.reason);
                }
                _ => {
                    if let Some(previous) = last.replace(row) {
                        writer.push(previous)?;
                    }
                }
            }
        }
        Ok(())
    })?;
    if let Some(previous) = last {
        writer.push(previous)?;
    }
    writer.finish()
}
