//! Append-only journals: one JSON line per thing done, on disk before the next thing begins.

use crate::error::{Error, IoContext, Result};
use crate::tables::io::sync_directory;
use fs_err as fs;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::TryLockError;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// An open journal. While it is open no other process can open it.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: std::fs::File,
    /// Where each line ends, in bytes.
    ends: Vec<u64>,
}

impl Journal {
    /// Opens or creates the journal at `path` and returns the lines it holds. A last line that a kill tore is cut off.
    ///
    /// # Errors
    /// The file cannot be read or written, another process has it open, or a line that is not the last is not a `T`.
    pub fn open<T: DeserializeOwned>(path: &Path) -> Result<(Self, Vec<T>)> {
        let dir = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(dir).at_path("cannot create", dir)?;
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).truncate(false).open(path).at_path("cannot open", path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::input(
                    "another process is working on this crawl",
                    path.display(),
                    "wait for it, or use another --data-dir",
                ));
            }
            // Some network file systems have no locks; that is no reason not to crawl.
            Err(TryLockError::Error(error)) => tracing::warn!(path = %path.display(), %error, "the journal cannot be locked"),
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).at_path("cannot read", path)?;
        let (lines, ends) = parse(&text, path)?;
        let good = ends.last().copied().unwrap_or(0);
        if good < text.len() as u64 {
            tracing::warn!(path = %path.display(), bytes = text.len() as u64 - good, "a torn last line is cut off");
            file.set_len(good).at_path("cannot truncate", path)?;
            file.sync_data().at_path("cannot sync", path)?;
        }
        file.seek(SeekFrom::Start(good)).at_path("cannot seek in", path)?;
        sync_directory(dir)?;
        Ok((Self { path: path.to_owned(), file, ends }, lines))
    }

    /// Appends a line and syncs it.
    ///
    /// # Errors
    /// The disk is full or the file cannot be written.
    pub fn append<T: Serialize>(&mut self, line: &T) -> Result<()> {
        self.append_all(std::slice::from_ref(line))
    }

    /// Appends lines and syncs them once.
    ///
    /// # Errors
    /// The disk is full or the file cannot be written.
    pub fn append_all<T: Serialize>(&mut self, lines: &[T]) -> Result<()> {
        let start = self.ends.last().copied().unwrap_or(0);
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, line).map_err(|e| Error::Internal(format!("journal line: {e}")))?;
            text.push(b'\n');
            self.ends.push(start + text.len() as u64);
        }
        self.file.write_all(&text).at_path("cannot write", &self.path)?;
        self.file.sync_data().at_path("cannot sync", &self.path)
    }

    /// Keeps the first `lines` lines and drops the rest.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn truncate(&mut self, lines: usize) -> Result<()> {
        self.ends.truncate(lines);
        let end = self.ends.last().copied().unwrap_or(0);
        self.file.set_len(end).at_path("cannot truncate", &self.path)?;
        self.file.seek(SeekFrom::Start(end)).at_path("cannot seek in", &self.path)?;
        self.file.sync_data().at_path("cannot sync", &self.path)
    }
}

/// Reads a journal without opening it for writing.
///
/// # Errors
/// The file cannot be read, or a line that is not the last is not a `T`.
pub fn read_journal<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let text = fs::read(path).at_path("cannot read", path)?;
    parse(&text, path).map(|(lines, _)| lines)
}

/// The lines, and where each ends.
fn parse<T: DeserializeOwned>(text: &[u8], path: &Path) -> Result<(Vec<T>, Vec<u64>)> {
    let (mut lines, mut ends) = (Vec::new(), Vec::new());
    let mut good = 0;
    while let Some(length) = text[good..].iter().position(|b| *b == b'\n') {
        let line = &text[good..good + length];
        match serde_json::from_slice(line) {
            Ok(line) => lines.push(line),
            // The last line may be torn in the middle of a sector, newline and all.
            Err(_) if good + length + 1 == text.len() => break,
            Err(e) => {
                return Err(Error::input(
                    format!("line {} of the journal is damaged: {e}", lines.len() + 1),
                    path.display(),
                    "move the file away to crawl anew; pages that are stored already cost only the request",
                ));
            }
        }
        good += length + 1;
        ends.push(good as u64);
    }
    Ok((lines, ends))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_last_line_is_cut_off_wherever_it_tore() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/er/j.jsonl");
        let (mut journal, lines) = Journal::open::<String>(&path).unwrap();
        assert!(lines.is_empty());
        journal.append(&"one").unwrap();
        journal.append(&"two").unwrap();
        drop(journal);
        let whole = fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let (mut journal, lines) = Journal::open::<String>(&path).unwrap();
            assert_eq!(lines.len(), usize::from(cut >= 6), "{cut}");
            journal.append(&"three").unwrap();
            drop(journal);
            assert_eq!(read_journal::<String>(&path).unwrap().last().map(String::as_str), Some("three"));
        }
    }

    #[test]
    fn a_last_line_of_nonsense_is_cut_off_with_or_without_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("j.jsonl");
        // A power cut may leave a block of zeros, or the end of a line without its middle.
        for torn in [&b"\0\0\0\0"[..], b"\0\0\n", b"\"tw\n", b"\n"] {
            fs::write(&path, [b"\"one\"\n", torn].concat()).unwrap();
            let (mut journal, lines) = Journal::open::<String>(&path).unwrap();
            assert_eq!(lines, ["one"]);
            journal.append(&"two").unwrap();
            drop(journal);
            assert_eq!(read_journal::<String>(&path).unwrap(), ["one", "two"]);
        }
    }

    #[test]
    fn damage_in_the_middle_is_an_error_and_two_writers_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("j.jsonl");
        fs::write(&path, "\"one\"\nnonsense\n\"three\"\n").unwrap();
        assert!(Journal::open::<String>(&path).unwrap_err().to_string().contains("line 2"));
        fs::write(&path, "\"one\"\n").unwrap();
        let (mut first, _) = Journal::open::<String>(&path).unwrap();
        assert!(Journal::open::<String>(&path).unwrap_err().to_string().contains("another process"));
        first.append_all(&["two", "three"]).unwrap();
        first.truncate(2).unwrap();
        first.append(&"four").unwrap();
        drop(first);
        let (mut again, lines) = Journal::open::<String>(&path).unwrap();
        assert_eq!(lines, ["one", "two", "four"]);
        again.truncate(0).unwrap();
        again.append(&"new").unwrap();
        assert_eq!(read_journal::<String>(&path).unwrap(), ["new"]);
    }
}
