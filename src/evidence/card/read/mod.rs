//! From blocks to candidate figures: front matter, tables, keys with values, code, prose.
//!
//! A candidate carries what its own place says against it (a range, an evaluation, hours of data); whether it is accepted is decided
//! later.

pub mod bases;
pub mod candidate;
mod chips;
mod clouds;
mod code;
mod dates;
pub mod front_matter;
mod hardware;
mod headings;
mod hours;
mod keys;
mod pairs;
pub mod passage;
mod places;
mod prose;
pub mod repository;
mod tables;
mod templates;
mod training;
mod values;

#[cfg(test)]
mod tests;

use self::candidate::{Card, RANK_PAIR, Spot};
use self::passage::Passage;
use crate::evidence::card::parse::block::BlockKind;
use crate::evidence::card::parse::pair::split_pair;

/// How much a key of a running paragraph stands behind one of a list.
const PARAGRAPH_KEY: u8 = 3;

/// Reads the text of a card: the tables first, then what stands between them.
pub fn read_passages(card: &mut Card<'_>, passages: &[Passage<'_>]) {
    tables::read_tables(card, passages);
    for passage in passages {
        match passage.block.kind {
            BlockKind::TableRow | BlockKind::FrontMatter => {}
            BlockKind::Code => code::read_code(card, passage),
            BlockKind::Heading | BlockKind::Paragraph | BlockKind::ListItem | BlockKind::Html => read_text(card, passage),
        }
    }
}

/// Lines that are pairs are read as such; what lies between them is prose.
fn read_text(card: &mut Card<'_>, passage: &Passage<'_>) {
    let b = passage.block;
    let rank = if b.kind == BlockKind::ListItem { RANK_PAIR } else { RANK_PAIR + PARAGRAPH_KEY };
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    for line in b.text.split('\n') {
        let (from, to) = (at, at + line.len());
        at = to + 1;
        let pair = if b.kind == BlockKind::Heading { None } else { split_pair(line) };
        let parts = pair.and_then(|(key, value)| Some((line.get(..key)?, line.get(value..)?)));
        if let Some((key, value)) = parts {
            let spot = Spot { block: b, quote: b.source_range(from, to), rank, reason: passage.refused };
            if card.add_pair(&spot, key, value, &b.labelled_links(from, at)) {
                continue;
            }
        }
        match runs.last_mut() {
            Some((_, end)) if *end + 1 == from => *end = to,
            _ => runs.push((from, to)),
        }
    }
    for (from, to) in runs {
        if let Some(run) = b.text.get(from..to) {
            prose::read_prose(card, passage, run, from);
        }
    }
}
