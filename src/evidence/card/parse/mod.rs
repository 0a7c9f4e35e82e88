//! From the bytes of a card to blocks.

pub mod front_matter;
mod html;
pub mod markdown;
