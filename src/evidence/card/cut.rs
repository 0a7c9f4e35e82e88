//! A card cut once, whatever is asked of it: where its weights come from, and what it states for each repository that may have it.

use super::MAX_CARD_BYTES;
use super::parse::block::Block;
use super::parse::front_matter::{Front, parse_front_matter};
use super::parse::markdown::parse_blocks;
use super::read::headings::mark_headings;
use std::cell::OnceCell;

/// The card up to the cap, at a character boundary.
#[must_use]
pub fn cut(card: &str) -> &str {
    let mut end = card.len().min(MAX_CARD_BYTES);
    while !card.is_char_boundary(end) {
        end -= 1;
    }
    card.get(..end).unwrap_or_default()
}

/// A text in lower case, as the standard library has it: it takes the rest of a text sign by sign once one is no ASCII.
fn lower(text: &str) -> String {
    /// The one letter whose lower case depends on its place in the word.
    const SIGMA: char = 'Σ';
    if text.is_ascii() || text.contains(SIGMA) {
        return text.to_lowercase();
    }
    let mut out = String::with_capacity(text.len());
    for run in text.split_inclusive(|c: char| !c.is_ascii()) {
        let last = run.chars().next_back().filter(|c| !c.is_ascii());
        let plain = run.get(..run.len() - last.map_or(0, char::len_utf8)).unwrap_or_default();
        let from = out.len();
        out.push_str(plain);
        if let Some(ascii) = out.get_mut(from..) {
            ascii.make_ascii_lowercase();
        }
        out.extend(last.into_iter().flat_map(char::to_lowercase));
    }
    out
}

/// A card with its front matter, and its blocks as soon as somebody asks for them.
pub struct CutCard<'a> {
    /// The card up to the cap.
    pub(super) source: &'a str,
    /// Its front matter.
    pub(super) front: Front,
    /// The text behind the front matter in lower case.
    pub(super) body: String,
    blocks: OnceCell<Vec<Block>>,
}

impl<'a> CutCard<'a> {
    /// Cuts a card.
    #[must_use]
    pub fn new(card: &'a str) -> Self {
        let source = cut(card);
        let front = parse_front_matter(source);
        let body = lower(source.get(front.body_from..).unwrap_or_default());
        Self { source, front, body, blocks: OnceCell::new() }
    }

    /// Its blocks, with what the headings above them speak of.
    pub(super) fn blocks(&self) -> &[Block] {
        self.blocks.get_or_init(|| {
            let mut blocks = parse_blocks(self.source, self.front.body_from);
            mark_headings(&mut blocks);
            blocks
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::tests::cards_of_the_kinds;

    #[test]
    fn cards_in_lower_case() {
        let others = ["ÉTÉ İstanbul ẞ ΑΣ ΣΑ", "Größe 5 KWH", "", "訓練 GPU 時間", "CO₂ É"].map(str::to_owned);
        for text in cards_of_the_kinds().into_iter().chain(others) {
            assert_eq!(lower(&text), text.to_lowercase());
        }
    }
}
