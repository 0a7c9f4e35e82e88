//! Chips by their bare names.

use super::candidate::Card;
use crate::evidence::quantity::tokens::{Kind, Token};

impl Card<'_> {
    /// Whether letters with a number glued to them are a chip.
    #[must_use]
    pub fn is_chip(&self, ts: &[Token<'_>], i: usize) -> bool {
        let (Some(word), Some(number)) = (ts.get(i), ts.get(i + 1)) else { return false };
        word.kind == Kind::Word
            && number.kind == Kind::Number
            && number.glued
            && word.text.len() + number.text.len() <= self.tables.accelerators.longest_alias()
            && self.tables.accelerators.by_alias(&format!("{}{}", word.text, number.text)).is_some()
    }
}
