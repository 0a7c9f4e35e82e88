//! The Hugging Face Hub's model index, as files: what a record looks like and every way it deviates (HUB.md).

pub mod cards;
pub mod files;
pub mod json;
pub mod parquet;
pub mod record;

pub use files::{FileKind, SourceFile, find_files};
pub use record::{Parsed, Problem};

/// What a source file yields, in order: batches of parsed records with a count of what was read.
#[derive(Debug, Default)]
pub struct Block {
    /// Parsed records, in file order.
    pub records: Vec<Parsed>,
    /// Bytes of the file consumed so far, for the progress bar.
    pub bytes_read: u64,
}

/// Differences between a file's columns and the ones we know, reported once per file.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct SchemaReport {
    /// Known columns the file lacks: null in every row.
    pub missing: Vec<String>,
    /// Columns we do not use.
    pub ignored: Vec<String>,
    /// Columns read through a conversion, as `name: type`.
    pub converted: Vec<String>,
}
