//! Files of records and of cards: finding them, telling their kind by content, reading each kind.

mod cache;
mod card_files;
mod card_object;
mod carded;
pub mod cards;
mod columns;
mod delta;
mod ending;
mod find;
mod formats;
mod guard;
mod json;
mod kind;
mod lakes;
mod origin;
mod parquet;
mod partitions;
mod parts;
mod recording;
mod source;
mod splitter;
mod text;
mod utf8;

pub use card_files::{CardFiles, find_card_files};
pub use carded::{Carded, CardedColumns};
pub use cards::{is_markdown, read_cards};
pub use find::{IndexFiles, file_digest, find_files};
pub use json::read_json;
pub use parquet::read_parquet;
pub use recording::{NAME as RECORDING_NAME, open_recording, read_recording, recording_digest};
pub use source::{Block, FileKind, Packing, PassedOver, SchemaReport, SourceFile};
pub use text::{Decoded, decode, decode_text};

#[cfg(test)]
mod tests;
