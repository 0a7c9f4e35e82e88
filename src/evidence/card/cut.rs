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
        let body = source.get(front.body_from..).unwrap_or_default().to_lowercase();
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
