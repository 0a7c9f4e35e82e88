//! The cards' half of ingest: joined to the models of the index by id, without regard to case and by the Hub's redirects.

use super::ingest::MAX_RAW_CHARS;
use crate::error::{IoContext, Result};
use crate::evidence::card;
use crate::hub;
use crate::lineage::names::CANONICAL_OWNERS;
use crate::tables::io::{BatchWriter, TableReceipt, rows, sha256_file, table_path};
use crate::tables::sort::{DEFAULT_BUDGET_BYTES, ExternalSorter};
use crate::tables::{QuarantineRow, RawCardRow, RawModelRow, Row, RowBuilders};
use fs_err as fs;
use rustc_hash::FxHashMap;
use serde_json::{Value, json};
use std::path::Path;

/// Cards collected before they go to the sorter: a card is some kilobytes.
const BATCH_ROWS: usize = 512;

/// What came of the cards.
pub struct Cards {
    /// Receipt of `raw_cards`.
    pub receipt: TableReceipt,
    /// Cards read.
    pub read: u64,
    /// Cards of models that the index does not hold.
    pub without_model: u64,
    /// What could not be used.
    pub unusable: Vec<QuarantineRow>,
}

/// Reads the cards at `path`, if any, beside the `raw_models` already written into `out`.
///
/// # Errors
/// A file cannot be read or written.
pub fn read(path: Option<&Path>, out: &Path, inputs: &mut Vec<Value>) -> Result<Cards> {
    let spill = out.join("spill-cards");
    fs::create_dir_all(&spill).at("cannot create", &spill)?;
    let mut sorter = ExternalSorter::new(RawCardRow::schema(), "model_id", &spill, DEFAULT_BUDGET_BYTES)?;
    let mut builders = <RawCardRow as Row>::Builders::default();
    let (mut read, mut without_model) = (0_u64, 0_u64);
    let mut unusable = Vec::new();
    if let Some(path) = path {
        let models = ids(out)?;
        for (name, file) in hub::find_card_files(path)? {
            let before = read;
            hub::read_cards(&name, &file, |item| {
                read += 1;
                match item {
                    Err(bad) => unusable.push(quarantined(&name, bad)),
                    Ok(found) => match models.get(&found.id.to_lowercase()) {
                        None => without_model += 1,
                        Some(model_id) => {
                            builders.push(RawCardRow {
                                model_id: model_id.clone(),
                                card_id: found.id,
                                locator: found.locator,
                                is_cut: card::is_cut(&found.text),
                                card: card::cut(&found.text).to_owned(),
                            });
                            if builders.len() >= BATCH_ROWS {
                                sorter.push(builders.finish()?)?;
                            }
                        }
                    },
                }
                Ok(())
            })?;
            let bytes = fs::metadata(&file).at("cannot read cards", &file)?.len();
            inputs.push(
                json!({"name": name, "kind": "cards", "sha256": sha256_file(&file)?, "bytes": bytes, "records": read - before}),
            );
        }
        tracing::info!(read, without_model, "cards");
    }
    sorter.push(builders.finish()?)?;
    Ok(Cards { receipt: write(sorter, out)?, read, without_model, unusable })
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
fn ids(out: &Path) -> Result<FxHashMap<String, String>> {
    let mut ids: FxHashMap<String, String> = FxHashMap::default();
    let mut legacy = Vec::new();
    for row in rows::<RawModelRow>(out)? {
        let id = row?.model_id;
        if let Some((owner, name)) = id.split_once('/')
            && CANONICAL_OWNERS.contains(&owner.to_lowercase().as_str())
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

/// One card a model: of several, the one whose own id is the model's, else the last one read.
fn write(sorter: ExternalSorter, out: &Path) -> Result<TableReceipt> {
    let mut writer = BatchWriter::create(&table_path(out, RawCardRow::NAME), RawCardRow::schema())?;
    let mut builders = <RawCardRow as Row>::Builders::default();
    let mut held: Option<RawCardRow> = None;
    sorter.finish(|batch| {
        for i in 0..batch.num_rows() {
            let row = RawCardRow::read(batch, i)?;
            match held.take() {
                Some(before) if before.model_id == row.model_id => {
                    let keep_before = before.card_id == before.model_id && row.card_id != row.model_id;
                    held = Some(if keep_before { before } else { row });
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
    writer.write(&builders.finish()?)?;
    writer.finish()
}
