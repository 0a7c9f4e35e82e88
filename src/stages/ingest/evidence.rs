//! Evidence that an engine made of the cards (`rows evidence`), joined to the models of the index.

use super::cards::ids;
use super::{Ingest, Input, InputKind, MAX_RAW_CHARS, PinnedFiles, unchanged};
use crate::engine::Outputs;
use crate::error::{Error, IoContext, Result};
use crate::store::sha256_file;
use crate::tables::batches::{as_table, batch_file_kind, find_batch_files, open_batches};
use crate::tables::io::{BatchRows, BatchWriter};
use crate::tables::sort::{DEFAULT_BUDGET_BYTES, ExternalSorter};
use crate::tables::{CardReadingRow, QuarantineRow, Reader, Row, RowBuilders};
use fs_err as fs;
use rustc_hash::FxHashMap;
use std::path::Path;

/// Rows collected before they go to the sorter.
const BATCH_ROWS: usize = 8_192;
/// What to do about evidence that cannot be used.
const MAKE_IT_AGAIN: &str =
    "make it again with this version: hugging-carbon rows evidence < in.arrow > out.arrow (docs/engines.md)";

/// What came of the evidence.
#[derive(Default)]
pub(super) struct Evidence {
    /// Files it came in.
    pub(super) inputs: Vec<Input>,
    /// Rows of the input that could not be used.
    pub(super) unusable: Vec<QuarantineRow>,
    /// Share of the cards that were read under an id in other letters than the index has.
    pub(super) renamed_share: f64,
}

/// Reads the pinned evidence, if any, beside the `raw_models` already written.
pub(super) fn read_evidence(
    pinned: Option<&PinnedFiles>,
    ours: Option<&str>,
    max_refused: f64,
    outputs: &mut Outputs<'_, Ingest>,
) -> Result<Evidence> {
    let mut evidence = Evidence::default();
    let spill = outputs.scratch("spill-evidence")?;
    let mut gathered = Gathered {
        sorter: ExternalSorter::new(CardReadingRow::schema(), "model_id", &spill, DEFAULT_BUDGET_BYTES)?,
        builders: <CardReadingRow as Row>::Builders::default(),
        cards: 0,
        renamed: 0,
        without_model: 0,
    };
    if let (Some(pinned), Some(ours)) = (pinned, ours.and_then(Reader::parse)) {
        let models = ids(outputs)?;
        for (name, file) in find_batch_files(&pinned.root)? {
            let records = gathered.read_file(&name, &file, &ours, &models, &mut evidence.unusable)?;
            let bytes = fs::metadata(&file).at_path("cannot read evidence", &file)?.len();
            let sha256 = unchanged(pinned, &name, sha256_file(&file)?, &file)?;
            evidence.inputs.push(Input { name, kind: InputKind::Evidence, revision: None, sha256, bytes, records });
        }
        if evidence.inputs.iter().all(|input| input.records == 0) {
            let what = "the evidence has no row: what cards state would be missing";
            return Err(Error::input(what, pinned.root.display(), MAKE_IT_AGAIN));
        }
        let rows: u64 = evidence.inputs.iter().map(|input| input.records).sum();
        let Gathered { cards, without_model, .. } = gathered;
        tracing::info!(files = evidence.inputs.len(), rows, cards, without_model, "evidence made elsewhere");
        evidence.renamed_share = renamed_share(gathered.renamed, cards);
        refuse_renamed(gathered.renamed, cards, max_refused, &pinned.root)?;
    }
    let mut writer = outputs.batch_writer::<CardReadingRow>()?;
    gathered.finish(&mut writer)?;
    let receipt = writer.finish()?;
    outputs.done::<CardReadingRow>(receipt);
    Ok(evidence)
}

struct Gathered {
    sorter: ExternalSorter,
    builders: <CardReadingRow as Row>::Builders,
    /// Cards whose first row is there.
    cards: u64,
    /// Cards that were read under an id in other letters than the index has.
    renamed: u64,
    /// Rows of models that the index does not have.
    without_model: u64,
}

impl Gathered {
    /// Reads a file and says how many rows it has.
    fn read_file(
        &mut self,
        name: &str,
        path: &Path,
        ours: &Reader,
        models: &FxHashMap<String, String>,
        unusable: &mut Vec<QuarantineRow>,
    ) -> Result<u64> {
        let place = path.display().to_string();
        let Some(kind) = batch_file_kind(path)? else {
            return Err(Error::input(
                "neither Parquet nor Arrow IPC",
                place,
                "point [cards] evidence at what `rows evidence` wrote",
            ));
        };
        // The same few readers over and over: each is compared once.
        let mut checked = String::new();
        let mut number = 0_u64;
        for batch in open_batches(path, kind)? {
            let batch = batch?;
            let told = Reader::of_metadata(&batch.schema());
            let batch = as_table::<CardReadingRow>(&batch, &place, MAKE_IT_AGAIN)?;
            for row in BatchRows::<CardReadingRow>::new(&batch)?.iter() {
                let row = row?;
                number += 1;
                self.cards += u64::from(row.reading == 0 && row.position == 0 && row.refused.is_none());
                if row.reader != checked {
                    same_reader(ours, &row.reader, told.as_ref(), &format!("{place} row {number}"))?;
                    checked.clone_from(&row.reader);
                }
                self.add(row, &format!("{name}:row {number}"), models, unusable)?;
            }
        }
        Ok(number)
    }

    fn add(
        &mut self,
        row: CardReadingRow,
        locator: &str,
        models: &FxHashMap<String, String>,
        unusable: &mut Vec<QuarantineRow>,
    ) -> Result<()> {
        let source = locator.rsplit_once(':').map_or(locator, |(name, _)| name).to_owned();
        let set_aside = |reason: String, raw: &str| QuarantineRow {
            source,
            locator: format!("{locator} card"),
            reason,
            raw: raw.chars().take(MAX_RAW_CHARS).collect(),
        };
        if let Some(reason) = row.refused {
            unusable.push(set_aside(reason, &row.model_id));
            return Ok(());
        }
        match models.get(&row.model_id.to_lowercase()) {
            None => self.without_model += 1,
            Some(id) if *id == row.model_id => {
                self.builders.push(row);
                if self.builders.len() >= BATCH_ROWS {
                    self.sorter.push(self.builders.finish()?)?;
                }
            }
            // A card is read with its model's name.
            Some(id) if row.position == 0 => {
                self.renamed += 1;
                unusable.push(set_aside(format!("the card was read under another id than the index has: {id}"), &row.model_id));
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// Writes the rows of one card of each model, sorted by model and position.
    fn finish(mut self, writer: &mut BatchWriter) -> Result<()> {
        self.sorter.push(self.builders.finish()?)?;
        let mut model: Vec<CardReadingRow> = Vec::new();
        let mut builders = self.builders;
        let mut several = 0_u64;
        let mut take = |rows: Vec<CardReadingRow>, builders: &mut <CardReadingRow as Row>::Builders| -> Result<()> {
            let (rows, had_others) = one_card(rows)?;
            several += u64::from(had_others);
            rows.into_iter().for_each(|row| builders.push(row));
            Ok(())
        };
        self.sorter.finish(|batch| {
            for row in BatchRows::<CardReadingRow>::new(batch)?.iter() {
                let row = row?;
                if model.first().is_some_and(|first| first.model_id != row.model_id) {
                    take(std::mem::take(&mut model), &mut builders)?;
                }
                model.push(row);
            }
            if builders.len() > 0 { writer.write(&builders.finish()?) } else { Ok(()) }
        })?;
        take(model, &mut builders)?;
        if several > 0 {
            tracing::warn!(
                models = several,
                "the evidence has several cards of a model, of which one was taken: give each model's newest card alone"
            );
        }
        writer.write(&builders.finish()?)
    }
}

#[allow(clippy::cast_precision_loss)] // Counts.
fn renamed_share(renamed: u64, cards: u64) -> f64 {
    renamed as f64 / cards.max(1) as f64
}

/// A card is read with its model's name, so that one read under an id in other letters gives no evidence. Regression: a job that had joined by
/// lower case lost all of it, and the run ended well.
fn refuse_renamed(renamed: u64, cards: u64, max_refused: f64, root: &Path) -> Result<()> {
    if renamed_share(renamed, cards) > max_refused {
        return Err(Error::input(
            format!(
                "{renamed} of {cards} cards were read under ids in other letters than the index has (limits.max_quarantine_fraction)"
            ),
            root.display(),
            "give `rows evidence` the ids as the index spells them: join by lower case if you must, and take the index's column",
        ));
    }
    if renamed > 0 {
        tracing::warn!(
            cards = renamed,
            "cards that were read under ids in other letters than the index has give no evidence: see quarantine"
        );
    }
    Ok(())
}

/// Of several cards of a model the one with the greatest digest, because parts come in any order and say nothing of when a card was written; its
/// rows by position, whole. Tells whether there were several.
fn one_card(mut rows: Vec<CardReadingRow>) -> Result<(Vec<CardReadingRow>, bool)> {
    let Some(taken) = rows.iter().map(|row| row.card_sha256.clone()).max() else { return Ok((rows, false)) };
    let of_all = rows.len();
    rows.retain(|row| row.card_sha256 == taken);
    let had_others = rows.len() < of_all;
    rows.sort_by_key(|row| row.position);
    // A card that came twice: an engine may do a task again.
    rows.dedup_by(|b, a| a == b);
    let is_whole = rows.iter().zip(0..).all(|(row, at)| row.position == at)
        && rows.first().is_some_and(|first| usize::try_from(first.rows_of_card) == Ok(rows.len()));
    if is_whole {
        return Ok((rows, had_others));
    }
    let (model_id, of) = rows.first().map(|row| (row.model_id.clone(), row.rows_of_card)).unwrap_or_default();
    Err(Error::input(
        format!("the evidence of a card is not whole: {} of its {of} rows are there, each with its place", rows.len()),
        format!("{model_id}, in [cards] evidence"),
        "give every row that `rows evidence` wrote: refused ones, those of other readings and those without evidence are needed, too",
    ))
}

/// Refuses readings of another reader.
fn same_reader(ours: &Reader, theirs: &str, told: Option<&Reader>, place: &str) -> Result<()> {
    ours.difference_from(theirs, told).map_or(Ok(()), |what| {
        Err(Error::input(format!("the evidence was read by another reader of cards: {what}"), place, MAKE_IT_AGAIN))
    })
}
