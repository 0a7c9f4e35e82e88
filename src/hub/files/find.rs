//! Which files a source path means, and what kind each is, judged by content and never by name.

use super::recording::{self, open_recording};
use super::source::{FileKind, SourceFile, damaged, open_buffered};
use crate::error::{Error, IoContext, Result};
use flate2::read::MultiGzDecoder;
use fs_err as fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// The index files at `path`: the file itself, or every index file of a directory, in name order.
///
/// # Errors
/// The path does not exist or cannot be read, a file is empty or of no known kind, or a directory holds no index file.
pub fn find_files(path: &Path) -> Result<Vec<SourceFile>> {
    let metadata = fs::metadata(path).at_path("cannot read source", path)?;
    if !metadata.is_dir() {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        return Ok(vec![recognise(path, name)?]);
    }
    let mut paths = Vec::new();
    list(path, &mut paths)?;
    paths.sort();
    let mut files = Vec::new();
    for file in paths {
        let name = file.strip_prefix(path).unwrap_or(&file).to_string_lossy().into_owned();
        files.push(recognise(&file, name)?);
    }
    if files.is_empty() {
        return Err(Error::input(
            "the source directory holds no index file",
            path.display(),
            "put a models .parquet, .json, .jsonl or .jsonl.gz into it, or point --source at one",
        ));
    }
    Ok(files)
}

/// Files below a directory. Hidden entries are skipped, and so are sub-directories: `data/sample/cards` holds cards, not
/// index files.
fn list(dir: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir).at_path("cannot list source directory", dir)? {
        let entry = entry.at_path("cannot list source directory", dir)?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let file_type = entry.file_type().at_path("cannot read source", entry.path())?;
        if !hidden && (file_type.is_file() || (file_type.is_symlink() && entry.path().is_file())) {
            into.push(entry.path());
        }
    }
    Ok(())
}

pub(super) fn recognise(path: &Path, name: String) -> Result<SourceFile> {
    let bytes = fs::metadata(path).at_path("cannot read source", path)?.len();
    let mut reader = open_buffered(path)?;
    let head = reader.fill_buf().at_path("cannot read source", path)?;
    let kind = if head.is_empty() {
        return Err(Error::input(
            "the file is empty",
            path.display(),
            "fetch it again, or name a .parquet, .json, .jsonl or .jsonl.gz file",
        ));
    } else if head.starts_with(b"PAR1") {
        FileKind::Parquet
    } else if head.starts_with(recording::FIRST_LINE) {
        let bytes = open_recording(path)?.bytes();
        return Ok(SourceFile { path: path.to_owned(), name: recording::NAME.to_owned(), kind: FileKind::Recording, bytes });
    } else if head.starts_with(&[0x1f, 0x8b]) {
        let mut text = BufReader::new(MultiGzDecoder::new(reader));
        json_kind(&mut text, path, true)?
    } else {
        json_kind(&mut reader, path, false)?
    };
    Ok(SourceFile { path: path.to_owned(), name, kind, bytes })
}

fn json_kind(reader: &mut impl BufRead, path: &Path, gzip: bool) -> Result<FileKind> {
    loop {
        let head = reader.fill_buf().map_err(|e| damaged(path, &e))?;
        if head.is_empty() {
            break;
        }
        let skip = head.iter().take_while(|b| b.is_ascii_whitespace() || [0xef, 0xbb, 0xbf].contains(*b)).count();
        match head.get(skip) {
            Some(b'[') => return Ok(FileKind::JsonArray { gzip }),
            Some(b'{') => return Ok(FileKind::JsonLines { gzip }),
            Some(_) => break,
            None => reader.consume(skip),
        }
    }
    Err(Error::input(
        "neither Parquet nor JSON: the content starts with neither PAR1, '{' nor '['",
        path.display(),
        "name a .parquet, .json, .jsonl or .jsonl.gz file, or a directory of only such files",
    ))
}

/// SHA-256 of what a source file holds: of its bytes, or of a recording's pages.
///
/// # Errors
/// It cannot be read.
pub fn file_digest(file: &SourceFile) -> Result<String> {
    match file.kind {
        FileKind::Recording => recording::recording_digest(&file.path),
        FileKind::Parquet | FileKind::JsonLines { .. } | FileKind::JsonArray { .. } => crate::tables::io::sha256_file(&file.path),
    }
}
