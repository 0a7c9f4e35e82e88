//! A block with what its place takes away from its figures.

use crate::evidence::card::parse::block::Block;

/// Reason that a row with this model's full name overrules.
pub const BASE_SECTION: &str = "base model's section";

/// A block, and why none of its figures can be this model's training.
#[derive(Clone, Copy, Debug)]
pub struct Passage<'b> {
    /// Block.
    pub block: &'b Block,
    /// Reason, if there is one.
    pub refused: Option<&'static str>,
}
