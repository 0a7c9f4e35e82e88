//! Model cards: front matter and text to rows of evidence, accepted or refused with a reason.
//!
//! A card is hostile input. It is cut at a cap, parsed once into blocks, and read block by block: keys with values, table rows, code,
//! sentences. Nothing looks at the card as a whole again, so the work is linear in its size. Cards are data, never instructions.

pub mod decide;
pub mod parse;
pub mod read;

#[cfg(test)]
mod tests;

use super::Extracted;
use crate::reference::Reference;
use decide::choose;
use decide::sections::{Own, Sections};
use parse::front_matter;
use parse::markdown as blocks;
use parse::markdown::{Block, BlockKind};
use read::candidate::{Card, RANK_PAIR};
use read::{bases, code, keys, pairs, prose as candidates, tables};

/// Largest card read, in bytes; the largest of 12,000 real ones is smaller.
pub const MAX_CARD_BYTES: usize = 1 << 20;
/// Characters of the text in which the model's subject is looked for.
const SUBJECT_CHARS: usize = 2000;
/// Words that tell a model about climate, whose cards speak of CO2 without emitting any.
const SUBJECT_WORDS: &[&str] = &["climate", "carbon emission", "environmental claim", "esg", "sustainab"];
/// Phrases that make a repository a fine-tune whatever its metadata says.
const FINE_TUNE_PHRASES: &[&str] = &["fine-tuned version of", "finetuned version of", "fine-tuned from", "finetuned from"];
/// How much a key of a running paragraph stands behind one of a list.
const PARAGRAPH_KEY: u8 = 3;

/// What a repository's own training was, as its lineage tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardRole {
    /// Trained from scratch, or unknown.
    OwnTraining,
    /// Started from another model's weights: a fine-tune, an adapter, a continued pre-training.
    FineTune,
    /// Another model's weights: quantized, converted, merged, mirrored.
    Copy,
}

/// What is known about a repository before its card is read.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// Id.
    pub model_id: &'a str,
    /// Role.
    pub role: CardRole,
    /// Ids of its bases.
    pub base_ids: &'a [String],
    /// Total parameters, from its files.
    pub total_params: Option<f64>,
}

/// The card up to the cap, at a character boundary.
#[must_use]
pub fn cut(card: &str) -> &str {
    let mut end = card.len().min(MAX_CARD_BYTES);
    while !card.is_char_boundary(end) {
        end -= 1;
    }
    card.get(..end).unwrap_or_default()
}

/// Whether a card is larger than what is read of it.
#[must_use]
pub fn is_cut(card: &str) -> bool {
    card.len() > MAX_CARD_BYTES
}

/// Evidence in a card. At most one row of a field is accepted; the rest say why not.
#[must_use]
pub fn extract(reference: &Reference, card: &str, about: &About<'_>) -> Vec<Extracted> {
    let source = cut(card);
    let front = front_matter::read(source);
    let mut own = Own::new(about);
    if own.bases.is_empty() {
        own.bases = front.texts("base_model");
    }
    let body = source.get(front.body_from..).unwrap_or_default().to_lowercase();
    if own.role == CardRole::OwnTraining && FINE_TUNE_PHRASES.iter().any(|p| body.contains(p)) {
        own.role = CardRole::FineTune;
    }
    let head: String = about.model_id.to_lowercase().chars().chain([' ']).chain(body.chars().take(SUBJECT_CHARS)).collect();
    let blocks = blocks::blocks(source, front.body_from);
    let sections = Sections::read(&own, &blocks);
    let mut card = Card::new(reference, source, own);
    card.co2_subject = SUBJECT_WORDS.iter().any(|w| head.contains(w));
    front_matter::add(&mut card, &front);
    tables::read(&mut card, &blocks, &sections);
    for b in &blocks {
        let reason = sections.refuse(b);
        match b.kind {
            BlockKind::TableRow | BlockKind::FrontMatter => {}
            BlockKind::Code => code::read(&mut card, b, reason),
            BlockKind::Heading | BlockKind::Paragraph | BlockKind::ListItem | BlockKind::Html => text(&mut card, b, reason),
        }
    }
    choose::choose(&mut card);
    card.facts.into_iter().map(|f| f.row).collect()
}

/// Lines that are pairs are read as such; what lies between them is prose.
fn text(card: &mut Card<'_>, b: &Block, reason: Option<&'static str>) {
    let rank = if b.kind == BlockKind::ListItem { RANK_PAIR } else { RANK_PAIR + PARAGRAPH_KEY };
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    for line in b.text.split('\n') {
        let (from, to) = (at, at + line.len());
        at = to + 1;
        let pair = if b.kind == BlockKind::Heading { None } else { keys::split_pair(line) };
        let parts = pair.and_then(|(key, value)| Some((line.get(..key)?, line.get(value..)?)));
        if let Some((key, value)) = parts {
            let spot = pairs::line_spot(b, from, to, rank, reason);
            if card.add_pair(&spot, key, value, &bases::links_in(b, from, at)) {
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
            candidates::read(card, b, run, from, reason);
        }
    }
}
