//! The Hugging Face Hub's model index: what a record looks like and every way it deviates (HUB.md), as files and as the live Hub.

pub mod cards;
pub mod files;
pub mod json;
pub mod live;
pub mod parquet;
pub mod record;
pub mod recorded;

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

/// SHA-256 of what a source file holds: of its bytes, or of a recording's pages.
///
/// # Errors
/// It cannot be read.
pub fn digest(file: &SourceFile) -> crate::error::Result<String> {
    match file.kind {
        FileKind::Recording => recorded::digest(&file.path),
        _ => crate::tables::io::sha256_file(&file.path),
    }
}
