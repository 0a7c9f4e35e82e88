//! Files of records and of cards: finding them, telling their kind by content, reading each kind.

pub mod cards;
mod find;
mod json;
mod parquet;
mod recording;
mod source;
mod splitter;

pub use cards::{find_card_files, read_cards};
pub use find::{file_digest, find_files};
pub use json::read_json;
pub use parquet::read_parquet;
pub use recording::{open_recording, read_recording};
pub use source::{Block, FileKind, SchemaReport, SourceFile};

#[cfg(test)]
mod tests;
