//! The cards' half of ingest: joined to the models of the index by id, without regard to case and by the Hub's redirects.

use super::{Ingest, Input, InputKind, MAX_RAW_CHARS, PinnedFiles};
use crate::engine::Outputs;
use crate::error::{Error, IoContext, Result};
use crate::evidence::card;
use crate::hub;
use crate::lineage::names::canonical_owners;
use crate::store::sha256_file;
use crate::tables::io::{BatchRows, TableReceipt};
use crate::tables::sort::{DEFAULT_BUDGET_BYTES, ExternalSorter};
use crate::tables::{QuarantineRow, RawCardRow, RawModelRow, Row, RowBuilders};
use arrow::array::{AsArray, RecordBatch};
use fs_err as fs;
use rustc_hash::FxHashMap;
use std::path::{Path, PathBuf};

/// Cards collected before they go to the sorter: a card is some kilobytes.
const BATCH_ROWS: usize = 512;
/// Ids of no model of the index that the log shows.
const SHOWN_IDS: usize = 3;

/// What came of the cards.
pub(super) struct Cards {
    /// Files they came in.
    pub(super) inputs: Vec<Input>,
    /// Cards read.
    pub(super) read: u64,
    /// Cards of models that the index does not have.
    pub(super) without_model: u64,
    /// What could not be used.
    pub(super) unusable: Vec<QuarantineRow>,
    /// Cards with bytes that are not UTF-8, and the place of the first.
    broken: Option<(u64, String)>,
}

/// Reads the pinned cards, if any, beside the `raw_models` already written.
pub(super) fn read_cards(pinned: Option<&PinnedFiles>, outputs: &mut Outputs<'_, Ingest>) -> Result<Cards> {
    let spill = outputs.scratch("spill-cards")?;
    let mut sorter = ExternalSorter::new(RawCardRow::schema(), "model_id", &spill, DEFAULT_BUDGET_BYTES)?;
    let mut builders = <RawCardRow as Row>::Builders::default();
    let mut strangers = Vec::new();
    let mut cards = Cards { inputs: Vec::new(), read: 0, without_model: 0, unusable: Vec::new(), broken: None };
    if let Some(pinned) = pinned {
        let models = ids(outputs)?;
        for (name, file) in files(&pinned.root)? {
            let (before, unusable) = (cards.read, cards.unusable.len());
            hub::read_cards(&name, &file, |item| {
                cards.read += 1;
                match item {
                    Err(bad) => cards.unusable.push(quarantined(&name, bad)),
                    Ok(found) => {
                        if found.bad_bytes > 0 {
                            cards.broken.get_or_insert_with(|| (0, found.locator.clone())).0 += 1;
                        }
                        match models.get(&found.id.to_lowercase()) {
                            None => {
                                cards.without_model += 1;
                                if strangers.len() < SHOWN_IDS {
                                    strangers.push(found.id);
                                }
                            }
                            Some(model_id) => {
                                builders.push(RawCardRow {
                                    model_id: model_id.clone(),
                                    card_id: found.id,
                                    locator: found.locator,
                                    is_cut: card::is_cut(&found.text),
                                    card: card::cut(&found.text).to_owned(),
                                    modified: found.modified,
                                });
                                if builders.len() >= BATCH_ROWS {
                                    sorter.push(builders.finish()?)?;
                                }
                            }
                        }
                    }
                }
                Ok(())
            })?;
            let bytes = fs::metadata(&file).at_path("cannot read cards", &file)?.len();
            let (sha256, records) = (sha256_file(&file)?, cards.read - before);
            if records > 0 && (cards.unusable.len() - unusable) as u64 == records && !hub::is_markdown(&name) {
                return Err(no_card(&cards.unusable[unusable..], &file));
            }
            cards.inputs.push(Input { name, kind: InputKind::Cards, revision: None, sha256, bytes, records });
        }
        log(&cards, &strangers);
    }
    sorter.push(builders.finish()?)?;
    let receipt = write(sorter, outputs)?;
    outputs.done::<RawCardRow>(receipt);
    Ok(cards)
}

/// The files of cards below a directory; what is none is said once.
fn files(root: &Path) -> Result<Vec<(String, PathBuf)>> {
    let found = hub::find_card_files(root)?;
    if !found.passed_over.is_empty() {
        let (count, files) = (found.passed_over.len(), hub::PassedOver::line(&found.passed_over));
        tracing::info!(count, files, "passed over among the cards");
    }
    Ok(found.files)
}

/// Says once what came of the cards.
fn log(cards: &Cards, strangers: &[String]) {
    if strangers.is_empty() {
        tracing::info!(read = cards.read, without_model = cards.without_model, "cards");
    } else {
        let examples = strangers.join(", ");
        tracing::info!(read = cards.read, without_model = cards.without_model, examples, "cards, some of no model of the index");
    }
    if cards.read > 0 && cards.read == cards.without_model {
        tracing::warn!("no card belongs to a model of the index: their ids do not match");
    }
    if let Some((cards, example)) = &cards.broken {
        tracing::warn!(cards, example, "cards with a few bytes that are not UTF-8: read with a sign in place of each");
    }
    if let Some(first) = cards.unusable.first() {
        let (unusable, of, example) = (cards.unusable.len(), cards.read, format!("{}: {}", first.locator, first.reason));
        tracing::warn!(unusable, of, example, "records without a usable card: they are in quarantine");
    }
}

/// A file of which no record is a card.
fn no_card(unusable: &[QuarantineRow], file: &Path) -> Error {
    let first = unusable.first().map(|row| format!(": {}: {}", row.locator, row.reason)).unwrap_or_default();
    Error::input(
        format!("none of {} records is a card{first}", unusable.len()),
        file.display(),
        "write the cards as JSON Lines of {\"id\": ..., \"card\": ...}, as Parquet, or as owner/name/README.md",
    )
}

fn quarantined(source: &str, bad: hub::files::cards::Unusable) -> QuarantineRow {
    QuarantineRow {
        source: source.to_owned(),
        locator: format!("{} card", bad.locator),
        reason: bad.reason,
        raw: bad.raw.chars().take(MAX_RAW_CHARS).collect(),
    }
}

/// Lower-case ids of the index, and the names that once had no namespace.
pub(super) fn ids(outputs: &Outputs<'_, Ingest>) -> Result<FxHashMap<String, String>> {
    let mut ids: FxHashMap<String, String> = FxHashMap::default();
    let mut legacy = Vec::new();
    let texts = |batch: &RecordBatch| -> Vec<String> {
        let texts = batch.columns().first().and_then(|column| column.as_string_opt::<i32>());
        texts.into_iter().flatten().flatten().map(str::to_owned).collect()
    };
    for id in outputs.picked::<RawModelRow, String>(&["model_id"], texts)? {
        if let Some((owner, name)) = id.split_once('/')
            && canonical_owners().contains(&owner.to_lowercase().as_str())
        {
            legacy.push((name.to_lowercase(), id.clone()));
        }
        ids.entry(id.to_lowercase()).or_insert(id);
    }
    for (name, id) in legacy {
        ids.entry(name).or_insert(id);
    }
    Ok(ids)
}

/// What decides between several cards of a model: one that says anything, then one under the model's own id, then the newer, where their
/// records say when they are of.
fn rank(card: &RawCardRow) -> (bool, bool, Option<i64>) {
    (!card.card.trim().is_empty(), card.card_id == card.model_id, card.modified.map(|t| t.0))
}

/// One card a model: the first by [`rank`], else the last one read.
fn write(sorter: ExternalSorter, outputs: &Outputs<'_, Ingest>) -> Result<TableReceipt> {
    let mut writer = outputs.batch_writer::<RawCardRow>()?;
    let mut builders = <RawCardRow as Row>::Builders::default();
    let mut held: Option<RawCardRow> = None;
    // Cards that another one replaces, and the places of the first two.
    let mut again: (u64, Option<String>) = (0, None);
    sorter.finish(|batch| {
        for row in BatchRows::<RawCardRow>::new(batch)?.iter() {
            let row = row?;
            match held.take() {
                Some(before) if before.model_id == row.model_id => {
                    let (stays, goes) = if rank(&before) > rank(&row) { (before, row) } else { (row, before) };
                    if stays.card != goes.card {
                        again.0 += 1;
                        again.1.get_or_insert_with(|| format!("{} by {}", goes.locator, stays.locator));
                    }
                    held = Some(stays);
                }
                before => {
                    if let Some(before) = before {
                        builders.push(before);
                    }
                    held = Some(row);
                }
            }
        }
        if builders.len() > 0 { writer.write(&builders.finish()?) } else { Ok(()) }
    })?;
    if let Some(last) = held {
        builders.push(last);
    }
    if let (cards, Some(example)) = again {
        tracing::warn!(
            cards,
            example,
            "models with several cards that differ: one that says anything counts, then the newer, then the last read"
        );
    }
    writer.write(&builders.finish()?)?;
    writer.finish()
}
