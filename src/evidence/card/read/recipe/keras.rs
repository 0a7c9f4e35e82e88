//! Cards that the Keras callback writes: a table with a row for every epoch, numbered from 0.

use crate::domain::Field;
use crate::evidence::card::parse::block::BlockKind;
use crate::evidence::card::parse::pair::norm_key;
use crate::evidence::card::read::candidate::{Card, RANK_PAIR, Spot, candidate};
use crate::evidence::card::read::passage::Passage;
use crate::evidence::card::read::recipe::RECIPE;

/// Adds the epochs of a table without steps whose epochs run from 0 without a gap.
pub fn read_keras(card: &mut Card<'_>, passages: &[Passage<'_>]) {
    let mut rows: Vec<(Passage<'_>, f64)> = Vec::new();
    for passage in passages.iter().filter(|p| p.block.kind == BlockKind::TableRow && !p.block.is_header) {
        let b = passage.block;
        let names: Vec<String> = b.header.iter().map(|h| norm_key(h)).collect();
        let Some(epoch) = names.iter().position(|h| h == "epoch") else { continue };
        let has_loss = names.iter().any(|h| h.ends_with("train loss") || h.ends_with("training loss"));
        let number = b.cells.get(epoch).and_then(|c| c.trim().parse::<f64>().ok());
        if let Some(n) = number.filter(|_| has_loss && !names.iter().any(|h| h == "step")) {
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
