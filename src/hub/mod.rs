//! The Hugging Face Hub's model index (docs/hub.md): what a record is, records and cards as files, and the live Hub.

pub mod files;
pub mod live;
pub mod record;

pub use files::{
    Block, FileKind, PassedOver, SchemaReport, SourceFile, file_digest, find_card_files, find_files, is_markdown, read_cards,
    read_json, read_parquet, read_recording,
};
pub use record::{ObjectId, Parsed, Problem};
