//! What an author tried, item by item: "try 1: 15 epochs, deleted", "try 3: 40 epochs, this is the file here". Where one of them is said to be
//! what was published, the others are not.

use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::card::read::repository::name_tokens;
use crate::evidence::vocabulary;
use std::rc::Rc;

/// Why no figure of such an item counts.
pub const OTHER_TRY: &str = "another try";

/// The blocks, by number, that tell of tries which were not published.
#[must_use]
pub fn other_tries(blocks: &[Block]) -> Vec<usize> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < blocks.len() {
        let same = |b: &Block| blocks.get(at).is_some_and(|first| Rc::ptr_eq(&first.headings, &b.headings));
        let end = blocks.iter().enumerate().skip(at).find(|(_, b)| !(is_try(b) && same(b))).map_or(blocks.len(), |(end, _)| end);
        let tries = blocks.get(at..end).unwrap_or_default();
        let published: Vec<bool> = tries.iter().map(is_published).collect();
        if tries.len() > 1 && published.iter().filter(|p| **p).count() == 1 {
            out.extend(published.iter().enumerate().filter(|(_, p)| !**p).map(|(n, _)| at + n));
        }
        at = end.max(at + 1);
    }
    out
}

/// Whether an item begins with a word for a try and its number.
fn is_try(b: &Block) -> bool {
    let words = name_tokens(b.text.get(..b.text.char_indices().nth(HEAD).map_or(b.text.len(), |(at, _)| at)).unwrap_or_default());
    let [first, second, ..] = words.as_slice() else { return false };
    let numbered = second.bytes().all(|c| c.is_ascii_digit()) || second.len() == 1;
    b.kind == BlockKind::ListItem && vocabulary::card().headings.numbered_tries.contains(&first.as_str()) && numbered
}

/// Characters of an item in which its label is looked for.
const HEAD: usize = 40;

/// Whether an item says that it is what was published.
fn is_published(b: &Block) -> bool {
    let words = &vocabulary::card().headings.published;
    words.is_within(&b.text.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::parse::markdown::parse_blocks;

    #[test]
    fn tries_that_were_not_published_are_others() {
        let card = "- try 1: 15 epochs, deleted\n- try 2: 200 epochs planned\n- try 3: 40 epochs, **this is the file here**\n- epochs: 3\n";
        let blocks = parse_blocks(card, 0);
        assert_eq!(other_tries(&blocks), [0, 1]);
        assert!(other_tries(&parse_blocks("- run 1: 5 h\n- run 2: 6 h\n", 0)).is_empty());
    }
}
