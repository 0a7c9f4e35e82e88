//! Records with their cards, chunk by chunk: records stay in columns until the thread that needs one reads it.

use super::Normalize;
use super::read_cards::Card;
use crate::engine::Inputs;
use crate::error::Result;
use crate::tables::io::BatchRows;
use crate::tables::{CardReadingRow, RawCardRow, RawModelRow};
use std::iter::Peekable;
use std::sync::Arc;

/// Models read at a time: with a card of some kilobytes each a block stays near ten megabytes.
const BLOCK_ROWS: usize = 1_024;
/// Models that one thread takes at a time.
const CHUNK_ROWS: usize = 128;

/// Columns that say nothing of the lineage.
pub(super) const UNREAD_FOR_LINEAGE: &[&str] =
    &["locator", "last_modified", "commit", "gated", "config_experts", "config_experts_per_token", "card_license"];
/// Columns that are read for the lineage, which holds what it takes of them.
pub(super) const UNREAD_FOR_ROWS: &[&str] = &[
    "locator",
    "has_weight_files",
    "config_experts_per_token",
    "card_base_models",
    "card_base_relation",
    "hub_base_models",
    "hub_base_relation",
];

/// Some records that follow each other.
pub(super) struct Chunk {
    block: Arc<BatchRows<RawModelRow>>,
    /// Position of the first record in its block, and in the table.
    from: usize,
    first: usize,
    /// The card of each record, if it has one.
    cards: Vec<Option<Card>>,
}

impl Chunk {
    /// Each record with its position in the table and its card.
    pub(super) fn records(&self) -> impl Iterator<Item = (usize, Result<RawModelRow>, Option<&Card>)> {
        self.cards.iter().enumerate().map(|(at, card)| (self.first + at, self.block.row(self.from + at), card.as_ref()))
    }
}

type Stream<T> = Box<dyn Iterator<Item = Result<T>> + Send>;

/// The records from the first to the last.
pub(super) struct Records {
    blocks: Stream<BatchRows<RawModelRow>>,
    cards: Cards,
    read: usize,
}

impl Records {
    /// Those of the stage's inputs, columns that are `unread` left blank.
    pub(super) fn of(inputs: &Inputs<'_, Normalize>, unread: &'static [&'static str]) -> Result<Self> {
        let (texts, readings): (Stream<_>, Stream<_>) = (Box::new(inputs.rows()?), Box::new(inputs.rows()?));
        let cards = Cards { texts: texts.peekable(), readings: readings.peekable() };
        Ok(Self { blocks: Box::new(inputs.row_batches(BLOCK_ROWS, unread)?), cards, read: 0 })
    }

    /// The chunks of the next block; none at the end.
    pub(super) fn next_block(&mut self) -> Result<Vec<Chunk>> {
        let Some(block) = self.blocks.next().transpose()? else { return Ok(Vec::new()) };
        let ids = block.texts("model_id")?;
        let mut cards = Vec::with_capacity(block.len());
        for id in ids {
            cards.push(self.cards.card_of(id.unwrap_or_default())?);
        }
        let block = Arc::new(block);
        let (mut chunks, mut from) = (Vec::new(), 0);
        let mut cards = cards.into_iter();
        while from < block.len() {
            let cards: Vec<Option<Card>> = cards.by_ref().take(CHUNK_ROWS).collect();
            let rows = cards.len();
            chunks.push(Chunk { block: Arc::clone(&block), from, first: self.read + from, cards });
            from += rows;
        }
        self.read += block.len();
        Ok(chunks)
    }
}

/// Cards as texts and as readings made elsewhere, each sorted by id.
struct Cards {
    texts: Peekable<Stream<RawCardRow>>,
    readings: Peekable<Stream<CardReadingRow>>,
}

impl Cards {
    /// The card of a model; models are asked for in the order of their ids.
    fn card_of(&mut self, model_id: &str) -> Result<Option<Card>> {
        if let Some(text) = self.texts.next_if(|card| card.as_ref().map_or(true, |card| card.model_id == model_id)) {
            return text.map(Card::Text).map(Some);
        }
        let mut rows = Vec::new();
        while let Some(row) = self.readings.next_if(|row| row.as_ref().map_or(true, |row| row.model_id == model_id)) {
            rows.push(row?);
        }
        Card::of_rows(rows)
    }
}
