//! A table's file as the decoder of Parquet reads it: a small one at once, a large one page by page. Most tables are small and have many
//! columns, and each column that is read for itself costs three calls.

use crate::error::{IoContext, Result};
use bytes::Bytes;
use parquet::errors::Result as ParquetResult;
use parquet::file::reader::{ChunkReader, Length};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Largest file that is read at once, in bytes. A few may be open at a time.
const AT_ONCE: usize = 4 << 20;

/// An open table.
pub(super) enum TableFile {
    /// What is in it.
    Whole(Bytes),
    /// Its handle, whose position every reader moves.
    Pages(File),
}

impl TableFile {
    /// Opens a table.
    ///
    /// # Errors
    /// It is missing or cannot be read.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).at_path("cannot read", path)?;
        let bytes = file.metadata().at_path("cannot read", path)?.len();
        let Some(bytes) = usize::try_from(bytes).ok().filter(|bytes| *bytes <= AT_ONCE) else { return Ok(Self::Pages(file)) };
        let mut whole = vec![0; bytes];
        file.read_exact(&mut whole).at_path("cannot read", path)?;
        Ok(Self::Whole(whole.into()))
    }

    /// The same for a reader on another thread: a cloned handle would share its position.
    ///
    /// # Errors
    /// It is missing by now.
    pub(super) fn again(&self, path: &Path) -> Result<Self> {
        Ok(match self {
            Self::Whole(bytes) => Self::Whole(bytes.clone()),
            Self::Pages(_) => Self::Pages(File::open(path).at_path("cannot read", path)?),
        })
    }
}

impl Length for TableFile {
    fn len(&self) -> u64 {
        match self {
            Self::Whole(bytes) => Length::len(bytes),
            Self::Pages(file) => Length::len(file),
        }
    }
}

impl ChunkReader for TableFile {
    type T = Box<dyn Read>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(match self {
            Self::Whole(bytes) => Box::new(ChunkReader::get_read(bytes, start)?),
            Self::Pages(file) => Box::new(file.get_read(start)?),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        match self {
            Self::Whole(bytes) => bytes.get_bytes(start, length),
            Self::Pages(file) => file.get_bytes(start, length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whichever way a file is read, it has the same bytes at the same places, and nothing behind its end.
    #[test]
    fn small_and_large_files_are_read_alike() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("table.parquet");
        let content: Vec<u8> = (0..AT_ONCE + 10).map(|i| u8::try_from(i * 7 % 251).unwrap()).collect();
        for length in [0, 1, 1_000, AT_ONCE, AT_ONCE + 1, content.len()] {
            std::fs::write(&path, &content[..length]).unwrap();
            let file = TableFile::open(&path).unwrap();
            assert_eq!(matches!(file, TableFile::Whole(_)), length <= AT_ONCE);
            for file in [file.again(&path).unwrap(), file] {
                assert_eq!(file.len(), length as u64);
                let from = length / 3;
                assert!(*file.get_bytes(from as u64, length - from).unwrap() == content[from..length]);
                let mut read = Vec::new();
                file.get_read(from as u64).unwrap().read_to_end(&mut read).unwrap();
                assert!(read == content[from..length]);
                assert!(file.get_bytes(from as u64, length - from + 1).is_err());
            }
        }
        std::fs::remove_file(&path).unwrap();
        assert!(TableFile::open(&path).err().unwrap().to_string().contains("table.parquet"));
    }
}
