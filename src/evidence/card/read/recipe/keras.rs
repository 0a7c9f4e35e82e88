//! Cards that the Keras callback writes: a table with a row for every epoch, numbered from 0.

use crate::domain::Field;
use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::card::parse::pair::norm_key;
use crate::evidence::card::read::candidate::{Card, RANK_PAIR, Spot, candidate};
use crate::evidence::card::read::passage::Passage;
use crate::evidence::card::read::recipe::RECIPE;

/// Adds the epochs of a table without steps whose epochs run from 0 without a gap.
pub fn read_keras(card: &mut Card<'_>, passages: &[Passage<'_>]) {
    let mut rows: Vec<(Passage<'_>, f64)> = Vec::new();
    let (mut table, mut column) = (0, None);
    for passage in passages.iter().filter(|p| p.block.kind == BlockKind::TableRow && !p.block.is_header) {
        let b = passage.block;
        if b.table != table {
            (table, column) = (b.table, epoch_column(b));
        }
        if let Some(n) = column.and_then(|at| b.cells.get(at)).and_then(|c| c.trim().parse::<f64>().ok()) {
            rows.push((*passage, n));
        }
    }
    let one_table = rows.windows(2).all(|w| matches!(w, [(a, _), (b, _)] if a.block.table == b.block.table));
    let from_zero = rows.iter().enumerate().all(|(i, (_, n))| (*n - i as f64).abs() < 1e-9);
    let Some((last, n)) = rows.last().filter(|_| one_table && from_zero) else { return };
    let spot = Spot { block: last.block, quote: (last.block.from, last.block.to), rank: RANK_PAIR + 1, reason: last.refused };
    let mut row = candidate(&spot, Field::Epochs, Some(n + 1.0), &n.to_string(), None);
    row.extractor = Some(RECIPE);
    row.locator = format!("{}: epochs 0 to {n}", row.locator);
    card.candidates.push(row);
}

/// The column of epochs of a table with a loss of training and no steps.
fn epoch_column(b: &Block) -> Option<usize> {
    let names: Vec<String> = b.header.iter().map(|h| norm_key(h)).collect();
    let has_loss = names.iter().any(|h| h.ends_with("train loss") || h.ends_with("training loss"));
    let has_step = names.iter().any(|h| h == "step");
    names.iter().position(|h| h == "epoch").filter(|_| has_loss && !has_step)
}
