//! Tables and lists of the parts of a data set: the examples of the part that is trained on.

use super::notes::Examples;
use super::parts::{counts_examples, one_number};
use crate::domain::Field;
use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::card::parse::pair::norm_key;
use crate::evidence::card::read::candidate::{Card, RANK_PAIR, Spot, candidate};
use crate::evidence::card::read::passage::Passage;
use crate::evidence::vocabulary::{self, Words};

/// Fewest examples of a part that is trained on.
const LEAST: f64 = 10.0;

/// Notes the examples of the only table that states them; where several tables do, nobody says which was trained on.
pub fn read_splits(card: &mut Card<'_>, passages: &[Passage<'_>]) {
    let words = &vocabulary::recipe().splits;
    let is_train = |b: &Block| b.cells.first().is_some_and(|cell| words.train.contains(&norm_key(cell).as_str()));
    let count = |b: &Block| {
        let at = b.header.iter().position(|h| words.counts.contains(&norm_key(h).as_str())).filter(|at| *at > 0)?;
        b.cells.get(at).and_then(|cell| one_number(cell)).map(|q| q.value).filter(|n| *n >= LEAST && n.fract() == 0.0)
    };
    let rows = passages.iter().filter(|p| p.block.kind == BlockKind::TableRow && !p.block.is_header && p.refused.is_none());
    let in_rows = rows.filter(|p| is_train(p.block)).filter_map(|p| count(p.block).map(|n| (p, n)));
    let items = passages.iter().filter(|p| p.block.kind == BlockKind::ListItem && p.refused.is_none());
    let in_items = items.filter_map(|p| counted_item(&p.block.text, &words.train).map(|n| (p, n)));
    let in_items = in_items.filter(|(p, _)| has_held_out(passages, p.block));
    let mut found = in_rows.chain(in_items);
    let (Some((passage, n)), None) = (found.next(), found.next()) else { return };
    let b = passage.block;
    let spot = Spot { block: b, quote: (b.from, b.to), rank: RANK_PAIR, reason: None };
    let row = candidate(&spot, Field::TrainSamples, Some(n), &b.text, None);
    if card.recipe.examples.is_none() {
        card.recipe.examples = Some(Examples { count: n, written: row.written, locator: row.locator, quote: row.quote });
    }
}

/// "Train 29000", "Training: 12.000 Sätze": the number of an item whose label is one of some words.
fn counted_item(text: &str, labels: &Words) -> Option<f64> {
    let at = text.find(|c: char| c.is_ascii_digit())?;
    let (label, value) = text.split_at_checked(at)?;
    let is_one = labels.contains(&norm_key(label).as_str()) && counts_examples(value);
    one_number(value).map(|q| q.value).filter(|n| is_one && *n >= LEAST && n.fract() == 0.0)
}

/// Whether an item of the same list counts a part that is held out: "Valid 1014".
fn has_held_out(passages: &[Passage<'_>], b: &Block) -> bool {
    let items = passages.iter().map(|p| p.block).filter(|other| other.kind == BlockKind::ListItem && other.headings == b.headings);
    items.into_iter().any(|other| counted_item(&other.text, &vocabulary::recipe().splits.held_out).is_some())
}
