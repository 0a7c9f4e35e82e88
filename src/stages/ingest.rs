//! ingest: the source's records, typed, sorted by id, one row per id; what cannot be used goes to quarantine.

use super::cards;
use crate::config::{Config, SourceKind};
use crate::error::{Error, IoContext, Result};
use crate::hub::{self, Block, FileKind, Parsed, SchemaReport, SourceFile};
use crate::pipeline::{Context, Outcome, Stage};
use crate::tables::io::{BatchWriter, TableReceipt, TableWriter, sha256_bytes, sha256_file, table_path, write_atomically};
use crate::tables::sort::{DEFAULT_BUDGET_BYTES, ExternalSorter};
use crate::tables::{QuarantineRow, RawModelRow, Row, RowBuilders};
use arrow::array::RecordBatch;
use fs_err as fs;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Longest raw text kept in quarantine, in characters.
pub(super) const MAX_RAW_CHARS: usize = 2_000;
/// Rows collected before they go to the sorter.
const BATCH_ROWS: usize = 8_192;
/// Reasons shown when there are too many bad records.
const SHOWN_REASONS: usize = 5;

/// The sample that is part of the binary: what a run without any configuration reads.
pub const EMBEDDED_SAMPLE: &[u8] = include_bytes!("../../data/sample/models.jsonl");
/// Its file name, the same as in `data/sample`.
const EMBEDDED_NAME: &str = "models.jsonl";
/// The sample's cards, which state published facts in our own words.
pub const EMBEDDED_CARDS: &[u8] = include_bytes!("../../data/sample/cards/cards.jsonl");
/// Their file name.
const EMBEDDED_CARDS_NAME: &str = "cards.jsonl";

/// The stage.
#[must_use]
pub fn stage() -> Stage {
    Stage {
        name: "ingest",
        version: 2,
        inputs: &[],
        outputs: &["raw_models", "raw_cards", "quarantine"],
        settings: |config: &Config| json!({"limits.max_quarantine_fraction": config.limits.max_quarantine_fraction}),
        external: source_digests,
        run,
        intact: super::always_intact,
    }
}

/// Where the source is: the configured path, or the embedded sample laid down in the work directory.
fn source_path(context: &Context) -> Result<PathBuf> {
    if let Some(path) = &context.config.source.path {
        return Ok(path.clone());
    }
    if context.config.source.kind != SourceKind::File {
        return Err(Error::input(
            "nothing was fetched from the Hub yet",
            context.work.display(),
            "run: hugging-carbon ingest, or hugging-carbon run",
        ));
    }
    let dir = context.work.join("embedded-sample");
    let file = dir.join(EMBEDDED_NAME);
    if fs::read(&file).ok().as_deref() != Some(EMBEDDED_SAMPLE) {
        fs::create_dir_all(&dir).at("cannot create", &dir)?;
        write_atomically(&file, EMBEDDED_SAMPLE)?;
    }
    Ok(dir)
}

/// Where the cards are: the configured path, the sample's own beside the sample, or nowhere.
fn cards_path(context: &Context) -> Result<Option<PathBuf>> {
    if context.config.cards.path.is_some() || context.config.source.path.is_some() || context.config.source.kind != SourceKind::File
    {
        return Ok(context.config.cards.path.clone());
    }
    let dir = context.work.join("embedded-cards");
    let file = dir.join(EMBEDDED_CARDS_NAME);
    if fs::read(&file).ok().as_deref() != Some(EMBEDDED_CARDS) {
        fs::create_dir_all(&dir).at("cannot create", &dir)?;
        write_atomically(&file, EMBEDDED_CARDS)?;
    }
    Ok(Some(file))
}

fn source_digests(context: &Context) -> Result<BTreeMap<String, String>> {
    let mut digests = BTreeMap::new();
    if context.config.source.path.is_none() && context.config.source.kind != SourceKind::File {
        digests.insert("source".to_owned(), "nothing was fetched from the Hub yet".to_owned());
    } else if context.config.source.path.is_none() {
        // Known without laying the sample down: `status` writes nothing.
        digests.insert(format!("source {EMBEDDED_NAME}"), sha256_bytes(EMBEDDED_SAMPLE));
    } else {
        for file in hub::find_files(&source_path(context)?)? {
            digests.insert(format!("source {}", file.name), hub::file_digest(&file)?);
        }
    }
    match &context.config.cards.path {
        Some(path) => {
            for (name, file) in hub::find_card_files(path)? {
                digests.insert(format!("cards {name}"), sha256_file(&file)?);
            }
        }
        None if context.config.source.path.is_none() && context.config.source.kind == SourceKind::File => {
            digests.insert(format!("cards {EMBEDDED_CARDS_NAME}"), sha256_bytes(EMBEDDED_CARDS));
        }
        None => {}
    }
    Ok(digests)
}

fn run(context: &Context, out: &Path) -> Result<Outcome> {
    let files = hub::find_files(&source_path(context)?)?;
    let mut ingester = Ingester::new(out)?;
    let mut inputs = Vec::new();
    let total: u64 = files.iter().map(|f| f.bytes).sum();
    let mut meter = context.meter(total, "ingest");
    let mut before = 0;
    for file in &files {
        let first = ingester.read;
        let report = read_file(file, |block| {
            meter.set(before + block.bytes_read.min(file.bytes));
            ingester.take(file, block)
        })?;
        before += file.bytes;
        log_schema(file, &report);
        let mut input = json!({
            "name": file.name,
            "kind": "index",
            "sha256": hub::file_digest(file)?,
            "bytes": file.bytes,
            "records": ingester.read - first,
        });
        if let Some(revision) = context.config.source.pinned_revision() {
            input["revision"] = json!(revision);
        }
        inputs.push(input);
    }
    let limit = context.config.limits.max_quarantine_fraction;
    ingester.check(limit, &files)?;
    ingester.finish(out, inputs, cards_path(context)?)
}

fn read_file(file: &SourceFile, sink: impl FnMut(Block) -> Result<()>) -> Result<SchemaReport> {
    match file.kind {
        FileKind::Parquet => hub::read_parquet(file, sink),
        FileKind::JsonLines { .. } | FileKind::JsonArray { .. } | FileKind::Recording => {
            let ignored =
                if file.kind == FileKind::Recording { hub::read_recording(file, sink)? } else { hub::read_json(file, sink)? };
            Ok(SchemaReport { ignored, ..SchemaReport::default() })
        }
    }
}

fn log_schema(file: &SourceFile, report: &SchemaReport) {
    let name = &file.name;
    if !report.missing.is_empty() {
        tracing::warn!(file = name, columns = report.missing.join(", "), "columns not in the source, null in every row");
    }
    if !report.converted.is_empty() {
        tracing::warn!(file = name, columns = report.converted.join(", "), "columns of another type, converted");
    }
    if !report.ignored.is_empty() {
        tracing::info!(file = name, columns = report.ignored.join(", "), "columns not used");
    }
}

struct Ingester {
    builders: <RawModelRow as Row>::Builders,
    sorter: ExternalSorter,
    quarantined: <QuarantineRow as Row>::Builders,
    quarantine: ExternalSorter,
    read: u64,
    refused: u64,
    reasons: Vec<String>,
    /// Records per field in which it could not be used.
    failing: BTreeMap<String, u64>,
    newest: Option<i64>,
}

impl Ingester {
    fn new(out: &Path) -> Result<Self> {
        let spill = out.join("spill");
        let quarantine_spill = out.join("spill-quarantine");
        for dir in [&spill, &quarantine_spill] {
            fs::create_dir_all(dir).at("cannot create", dir)?;
        }
        Ok(Self {
            builders: Default::default(),
            sorter: ExternalSorter::new(RawModelRow::schema(), "model_id", &spill, DEFAULT_BUDGET_BYTES)?,
            quarantined: Default::default(),
            quarantine: ExternalSorter::new(QuarantineRow::schema(), "locator", &quarantine_spill, DEFAULT_BUDGET_BYTES / 8)?,
            read: 0,
            refused: 0,
            reasons: Vec::new(),
            failing: BTreeMap::new(),
            newest: None,
        })
    }

    fn take(&mut self, file: &SourceFile, block: Block) -> Result<()> {
        for parsed in block.records {
            self.read += 1;
            self.take_record(file, parsed)?;
        }
        Ok(())
    }

    fn take_record(&mut self, file: &SourceFile, parsed: Parsed) -> Result<()> {
        let Parsed { locator, row, problems, .. } = parsed;
        if row.is_none() {
            self.refused += 1;
        }
        for problem in problems {
            if row.is_none() && self.reasons.len() < SHOWN_REASONS {
                self.reasons.push(format!("{locator}: {}", problem.reason));
            }
            if row.is_some() {
                *self.failing.entry(problem.field.clone()).or_default() += 1;
            }
            self.set_aside(&file.name, format!("{locator} {}", problem.field), problem.reason, &problem.raw)?;
        }
        if let Some(row) = row {
            let latest = row.last_modified.max(row.created_at).map(|t| t.0);
            self.newest = self.newest.max(latest);
            self.builders.push(row);
            if self.builders.len() >= BATCH_ROWS {
                self.sorter.push(self.builders.finish()?)?;
            }
        }
        Ok(())
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

    fn check(&self, limit: f64, files: &[SourceFile]) -> Result<()> {
        let place = files.first().map(|f| f.path.display().to_string()).unwrap_or_default();
        if self.read == self.refused {
            return Err(Error::input(
                format!("no usable record in {} read{}", self.read, self.shown()),
                place,
                "check that the source is a Hugging Face model index",
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
                "mend the source, or raise limits.max_quarantine_fraction if these records are expected",
            ));
        }
        // A field that fails in many records is a change of the source, not a bad record: nulls must not pass for news.
        for (field, n) in &self.failing {
            #[allow(clippy::cast_precision_loss)]
            let fraction = *n as f64 / self.read as f64;
            if fraction > limit {
                return Err(Error::input(
                    format!(
                        "field '{field}' cannot be used in {n} of {} records ({:.2} %, limit {:.2} %)",
                        self.read,
                        fraction * 100.0,
                        limit * 100.0
                    ),
                    place,
                    "mend the source, or raise limits.max_quarantine_fraction if this is expected",
                ));
            }
        }
        if self.refused > 0 {
            tracing::warn!(refused = self.refused, read = self.read, "records went to quarantine");
        }
        Ok(())
    }

    fn shown(&self) -> String {
        self.reasons.iter().map(|r| format!("\n    {r}")).collect()
    }

    fn finish(mut self, out: &Path, mut inputs: Vec<Value>, cards: Option<PathBuf>) -> Result<Outcome> {
        self.sorter.push(self.builders.finish()?)?;
        let mut writer = BatchWriter::create(&table_path(out, RawModelRow::NAME), RawModelRow::schema())?;
        let mut duplicates = Vec::new();
        let mut deduplicator = Deduplicator::default();
        let mut builders = <RawModelRow as Row>::Builders::default();
        let sorter = self.sorter;
        sorter.finish(|batch| {
            deduplicator.pass(batch, &mut builders, &mut duplicates)?;
            writer.write(&builders.finish()?)
        })?;
        deduplicator.flush(&mut builders);
        writer.write(&builders.finish()?)?;
        let raw_models = writer.finish()?;
        let rows: Vec<(String, String)> = std::mem::take(&mut duplicates);
        for (id, locator) in rows {
            let source = locator.rsplit_once(':').map_or(locator.as_str(), |(name, _)| name).to_owned();
            self.quarantined.push(QuarantineRow {
                source,
                locator: format!("{locator} record"),
                reason: "duplicate id, a newer record was kept".into(),
                raw: id,
            });
        }
        let cards = cards::read(cards.as_deref(), out, &mut inputs)?;
        for row in cards.unusable {
            self.quarantined.push(row);
        }
        self.quarantine.push(self.quarantined.finish()?)?;
        let quarantine = write_quarantine(self.quarantine, out)?;
        let newest = self.newest.map(|ms| crate::tables::TimestampMs(ms).day().to_string());
        let facts = BTreeMap::from([
            ("inputs".to_owned(), Value::Array(inputs)),
            ("index_date".to_owned(), json!(newest)),
            ("records_read".to_owned(), json!(self.read)),
            ("records_refused".to_owned(), json!(self.refused)),
            ("cards_read".to_owned(), json!(cards.read)),
            ("cards_without_model".to_owned(), json!(cards.without_model)),
        ]);
        Ok(Outcome {
            outputs: BTreeMap::from([
                ("raw_models".into(), raw_models),
                ("raw_cards".into(), cards.receipt),
                ("quarantine".into(), quarantine),
            ]),
            facts,
        })
    }
}

fn write_quarantine(sorter: ExternalSorter, out: &Path) -> Result<TableReceipt> {
    let mut writer = TableWriter::<QuarantineRow>::create(out)?;
    // Two problems in one field of one record would share a key: they become one row.
    let mut last: Option<QuarantineRow> = None;
    sorter.finish(|batch| {
        for i in 0..batch.num_rows() {
            let row = QuarantineRow::read(batch, i)?;
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

/// Of several records with one id, keeps the one modified last, then the one read last: while a crawl runs, records move and
/// come twice.
#[derive(Default)]
struct Deduplicator {
    held: Option<RawModelRow>,
}

impl Deduplicator {
    fn pass(
        &mut self,
        batch: &RecordBatch,
        builders: &mut <RawModelRow as Row>::Builders,
        duplicates: &mut Vec<(String, String)>,
    ) -> Result<()> {
        for i in 0..batch.num_rows() {
            let row = RawModelRow::read(batch, i)?;
            match self.held.take() {
                Some(held) if held.model_id == row.model_id => {
                    let (kept, dropped) = if row.last_modified >= held.last_modified { (row, held) } else { (held, row) };
                    duplicates.push((dropped.model_id, dropped.locator));
                    self.held = Some(kept);
                }
                Some(held) => {
                    builders.push(held);
                    self.held = Some(row);
                }
                None => self.held = Some(row),
            }
        }
        Ok(())
    }

    fn flush(&mut self, builders: &mut <RawModelRow as Row>::Builders) {
        if let Some(held) = self.held.take() {
            builders.push(held);
        }
    }
}
