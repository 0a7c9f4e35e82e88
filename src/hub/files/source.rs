//! A file of the source, what it yields, and its text: what finding files and reading each kind of them share.

use crate::error::{Error, IoContext, Result};
use crate::hub::record::{HubField, Parsed};
use flate2::read::MultiGzDecoder;
use fs_err as fs;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// Kind of an index file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Apache Parquet (the hub-stats schema).
    Parquet,
    /// One JSON record a line, possibly compressed.
    JsonLines {
        /// How.
        packing: Packing,
    },
    /// A JSON array of records, possibly compressed.
    JsonArray {
        /// How.
        packing: Packing,
    },
    /// Journal of a recorded crawl of the listing API.
    Recording,
}

/// How the text of a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

impl Packing {
    /// Tells it by the first bytes.
    pub(super) fn of_bytes(head: &[u8]) -> Self {
        // A frame, or one that is to be skipped, by which some tools begin.
        let is_zstd = head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
            || matches!(head, [first, 0x2a, 0x4d, 0x18, ..] if (0x50..=0x5f).contains(first));
        if head.starts_with(&[0x1f, 0x8b]) {
            Self::Gzip
        } else if is_zstd {
            Self::Zstd
        } else {
            Self::Plain
        }
    }

    /// The text behind it, up to a limit.
    pub(super) fn unpack(self, packed: BufReader<fs::File>) -> std::io::Result<Box<dyn Read>> {
        let bytes = packed.get_ref().metadata()?.len();
        let left = bytes.saturating_mul(MAX_INFLATION).max(INFLATED_ANYWAY);
        Ok(match self {
            Self::Plain => Box::new(packed),
            Self::Gzip => Box::new(Unpacked { decoder: MultiGzDecoder::new(packed), left }),
            Self::Zstd => Box::new(Unpacked { decoder: zstd::stream::read::Decoder::with_buffer(packed)?, left }),
        })
    }
}

/// One file of the source.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Where it is; never written to any output.
    pub path: PathBuf,
    /// Its name below the source path: what locators show.
    pub name: String,
    /// Recognised kind.
    pub kind: FileKind,
    /// Size in bytes.
    pub bytes: u64,
}

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
    /// Known columns that cannot be read, with their types: null in every row.
    pub unreadable: Vec<(HubField, String)>,
    /// Columns that are one key in several spellings, and the rows in which they differ: the first that says anything counts.
    pub doubled: Vec<(String, u64)>,
}

/// Something in a directory that is neither an index file nor a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// Its name below the directory.
    pub name: String,
    /// Why it was passed over.
    pub reason: String,
    /// Whether there may be something in it that was wanted: another format, or nothing where records were expected.
    pub is_loss: bool,
}

/// Entries named in a message; of more, the number.
const NAMED: usize = 10;

impl PassedOver {
    /// An entry that is no loss.
    #[must_use]
    pub fn new(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { name: name.into(), reason: reason.into(), is_loss: false }
    }

    /// What was passed over as text behind a message: nothing, or the first of them with their reasons and the number of the others.
    #[must_use]
    pub fn list(passed_over: &[Self]) -> String {
        let mut out = String::new();
        for entry in passed_over.iter().take(NAMED) {
            out.push_str(&format!("\n    passed over {}: {}", entry.name, entry.reason));
        }
        if passed_over.len() > NAMED {
            out.push_str(&format!("\n    and {} more", passed_over.len() - NAMED));
        }
        out
    }

    /// The same on one line of a log.
    #[must_use]
    pub fn line(passed_over: &[Self]) -> String {
        let named: Vec<String> = passed_over.iter().take(NAMED).map(|entry| format!("{} ({})", entry.name, entry.reason)).collect();
        let more = passed_over.len().saturating_sub(NAMED);
        if more > 0 { format!("{}, and {more} more", named.join(", ")) } else { named.join(", ") }
    }
}

/// Most that a compressed file may inflate to, as a multiple of itself: texts of records shrink to a tenth or a twentieth, a bomb to a
/// thousandth.
pub(super) const MAX_INFLATION: u64 = 200;
/// What any file may inflate to, in bytes.
const INFLATED_ANYWAY: u64 = 1 << 30;

/// What a decoder gives, up to a limit.
struct Unpacked<D> {
    decoder: D,
    left: u64,
}

impl<D: Read> Read for Unpacked<D> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.decoder.read(buffer)?;
        let bomb = || std::io::Error::other(format!("it inflates to more than {MAX_INFLATION} times its size, as no index does"));
        self.left = self.left.checked_sub(n as u64).ok_or_else(bomb)?;
        Ok(n)
    }
}

pub(super) fn open_buffered(path: &Path) -> Result<BufReader<fs::File>> {
    let file = fs::File::open(path).at_path("cannot read source", path)?;
    Ok(BufReader::with_capacity(1 << 16, file))
}

/// A compressed file that ends early or does not inflate.
pub(super) fn damaged(path: &Path, e: &std::io::Error) -> Error {
    Error::input(
        format!("the file is truncated or damaged: {e}"),
        path.display(),
        "fetch it again and compare its size and sha256 with the origin's",
    )
}

/// Opens the text of a JSON source, unpacking it if needed.
///
/// # Errors
/// The file cannot be opened.
pub fn open_text(path: &Path, packing: Packing) -> Result<Box<dyn Read>> {
    packing.unpack(open_buffered(path)?).map_err(|e| damaged(path, &e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    #[test]
    fn what_is_packed_unpacks_up_to_its_limit_and_no_further() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&[b' '; 5_000]).unwrap();
        let packed = encoder.finish().unwrap();
        let read = |left| {
            let mut out = Vec::new();
            Unpacked { decoder: MultiGzDecoder::new(&packed[..]), left }.read_to_end(&mut out).map(|_| out.len())
        };
        assert_eq!(read(5_000).unwrap(), 5_000);
        assert!(read(4_999).unwrap_err().to_string().contains("200 times its size"));
    }
}
