//! Which files a source path means, and what kind each is, judged by content and never by name.

use super::delta::{REMOVED, files_of_log};
use super::formats::{self, Unreadable};
use super::kind::{Found, OF_DATA_SETS, refusal_in_directory};
use super::parquet::column_names;
use super::recording::{self, open_recording};
use super::source::{FileKind, Packing, PassedOver, SourceFile, damaged, open_buffered, open_text};
use crate::error::{Error, IoContext, Result};
use fs_err as fs;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Most of a file that is looked at for its first record.
const MAX_FIRST_RECORD: u64 = 64 << 20;
/// Bytes of a file by which its format is told.
const MAX_HEAD: usize = 1 << 16;
/// Endings of files that somebody took for an index: where their content is none, something went wrong.
const INDEX_ENDINGS: &[&str] =
    &[".parquet", ".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz", ".json.zst", ".jsonl.zst", ".ndjson.zst"];

/// The files of a source, and what lies beside them.
#[derive(Debug, Default)]
pub struct IndexFiles {
    /// Index files, in name order.
    pub files: Vec<SourceFile>,
    /// What was passed over, in name order. Hidden files are not mentioned.
    pub passed_over: Vec<PassedOver>,
}

/// The index files at `path`: the file itself, or every index file of a directory, in name order.
///
/// Sub-directories are read where they are partitions (`year=2024`), and where no index file lies above them.
///
/// # Errors
/// The path does not exist or cannot be read, a file that should be an index is empty or of no known kind, or a directory holds
/// no index file.
pub fn find_files(path: &Path) -> Result<IndexFiles> {
    let metadata = fs::metadata(path).at_path("cannot read source", path)?;
    let mut found = IndexFiles::default();
    if !metadata.is_dir() {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        found.files.push(recognise(path, name)?);
        return Ok(found);
    }
    gather(path, path, &mut found)?;
    if let Some(held) = files_of_log(path)? {
        let (kept, removed): (Vec<_>, Vec<_>) = std::mem::take(&mut found.files).into_iter().partition(|f| held.contains(&f.name));
        found.files = kept;
        found.passed_over.extend(removed.into_iter().map(|f| PassedOver { name: f.name, reason: REMOVED.into() }));
    }
    found.files.sort_by(|a, b| a.name.cmp(&b.name));
    found.passed_over.sort_by(|a, b| a.name.cmp(&b.name));
    if found.files.is_empty() {
        return Err(Error::input(
            format!("the source directory holds no index file{}", PassedOver::list(&found.passed_over)),
            path.display(),
            "put a models .parquet, .json, .jsonl, .jsonl.gz or .jsonl.zst into it, or point --source at one",
        ));
    }
    Ok(found)
}

/// The files of one directory, then those of its sub-directories that are part of the index.
fn gather(root: &Path, dir: &Path, found: &mut IndexFiles) -> Result<()> {
    let (files, dirs) = entries(root, dir, found)?;
    let before = found.files.len();
    for (name, path) in files {
        match index_file(&path, &name)? {
            Ok(file) => found.files.push(file),
            Err(reason) => found.passed_over.push(PassedOver { name, reason }),
        }
    }
    let is_partition = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().contains('='));
    let only_partitions = found.files.len() > before || dirs.iter().any(|(_, path)| is_partition(path));
    for (name, path) in dirs {
        if only_partitions && !is_partition(&path) {
            found.passed_over.push(PassedOver { name: format!("{name}/"), reason: "a directory beside index files".into() });
        } else {
            gather(root, &path, found)?;
        }
    }
    Ok(())
}

/// Files with their names below the root.
type Named = Vec<(String, PathBuf)>;

/// Files and directories of a directory. Hidden entries are skipped; those that begin with `_` are a tool's own (`_SUCCESS`).
fn entries(root: &Path, dir: &Path, found: &mut IndexFiles) -> Result<(Named, Named)> {
    let (mut files, mut dirs) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(dir).at_path("cannot list source directory", dir)? {
        let entry = entry.at_path("cannot list source directory", dir)?;
        let path = entry.path();
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        let file_type = entry.file_type().at_path("cannot read source", &path)?;
        match entry.file_name().to_string_lossy() {
            own if own.starts_with('.') => {}
            own if own.starts_with('_') => {
                found.passed_over.push(PassedOver { name, reason: "begins with '_'".into() });
            }
            _ if file_type.is_dir() => dirs.push((name, path)),
            _ if file_type.is_file() || path.is_file() => files.push((name, path)),
            // Links to directories may lead round in circles.
            _ => found.passed_over.push(PassedOver { name, reason: "neither a file nor a directory".into() }),
        }
    }
    files.sort();
    dirs.sort();
    Ok((files, dirs))
}

/// A file of a directory as an index file, or why it is none.
fn index_file(path: &Path, name: &str) -> Result<std::result::Result<SourceFile, String>> {
    let file = match file_kind(path)? {
        Ok(kind) => source_file(path, name.to_owned(), kind)?,
        Err(unreadable) if is_called_index(name) => return Err(refused(path, &unreadable)),
        Err(unreadable) => return Ok(Err(unreadable.reason)),
    };
    let (keys, found) = match file.kind {
        FileKind::Recording => return Ok(Ok(file)),
        FileKind::Parquet => (column_names(path)?, Found::Column),
        FileKind::JsonLines { packing } | FileKind::JsonArray { packing } => match first_keys(path, packing)? {
            Some(keys) => (keys, Found::Key),
            // What cannot be read is an index that is damaged: its reader says where.
            None => return Ok(Ok(file)),
        },
    };
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    Ok(refusal_in_directory(&keys, found).map_or(Ok(file), Err))
}

/// Whether somebody took a file for an index.
pub(super) fn is_called_index(name: &str) -> bool {
    INDEX_ENDINGS.iter().any(|ending| name.to_lowercase().ends_with(ending))
}

/// The keys of the first record of a JSON file, however many lines it takes; none if it cannot be read.
pub(super) fn first_keys(path: &Path, packing: Packing) -> Result<Option<Vec<String>>> {
    let mut text = BufReader::new(open_text(path, packing)?.take(MAX_FIRST_RECORD));
    loop {
        let head = text.fill_buf().map_err(|e| damaged(path, &e))?;
        match head.iter().position(|byte| *byte == b'{') {
            Some(skip) => {
                text.consume(skip);
                break;
            }
            None if head.is_empty() => return Ok(None),
            None => {
                let all = head.len();
                text.consume(all);
            }
        }
    }
    let mut records = serde_json::Deserializer::from_reader(text).into_iter::<BTreeMap<String, FirstValue>>();
    Ok(records.next().and_then(std::result::Result::ok).map(|record| {
        let tags = record.values().any(FirstValue::has_tag_of_data_sets).then(|| OF_DATA_SETS.to_owned());
        record.into_keys().chain(tags).collect()
    }))
}

/// A value of the first record, of which only texts in a list matter.
#[derive(Deserialize)]
#[serde(untagged)]
enum FirstValue {
    /// Such as its tags.
    Texts(Vec<String>),
    /// Anything else.
    Other(IgnoredAny),
}

impl FirstValue {
    /// Whether it has a tag that the Hub gives to data sets.
    fn has_tag_of_data_sets(&self) -> bool {
        match self {
            Self::Texts(texts) => texts.iter().any(|t| t.starts_with("task_categories:") || t.starts_with("size_categories:")),
            Self::Other(_) => false,
        }
    }
}

pub(super) fn recognise(path: &Path, name: String) -> Result<SourceFile> {
    let kind = file_kind(path)?.map_err(|unreadable| refused(path, &unreadable))?;
    source_file(path, name, kind)
}

fn source_file(path: &Path, name: String, kind: FileKind) -> Result<SourceFile> {
    if kind == FileKind::Recording {
        let bytes = open_recording(path)?.bytes();
        return Ok(SourceFile { path: path.to_owned(), name: recording::NAME.to_owned(), kind, bytes });
    }
    let bytes = fs::metadata(path).at_path("cannot read source", path)?.len();
    Ok(SourceFile { path: path.to_owned(), name, kind, bytes })
}

pub(super) fn refused(path: &Path, Unreadable { reason, remedy }: &Unreadable) -> Error {
    Error::input(reason.clone(), path.display(), *remedy)
}

/// The kind of a file, or why it has none.
pub(super) fn file_kind(path: &Path) -> Result<std::result::Result<FileKind, Unreadable>> {
    let mut reader = open_buffered(path)?;
    let head = reader.fill_buf().at_path("cannot read source", path)?;
    if head.is_empty() {
        Ok(Err(formats::empty()))
    } else if head.starts_with(b"PAR1") {
        Ok(Ok(FileKind::Parquet))
    } else if head.starts_with(recording::FIRST_LINE) {
        Ok(Ok(FileKind::Recording))
    } else {
        let packing = Packing::of_bytes(head);
        let text = packing.unpack(reader).map_err(|e| damaged(path, &e))?;
        json_kind(&mut BufReader::with_capacity(MAX_HEAD, text), path, packing)
    }
}

/// The kind of a text by its first sign; where it is none of JSON, what its first bytes tell.
fn json_kind(reader: &mut impl BufRead, path: &Path, packing: Packing) -> Result<std::result::Result<FileKind, Unreadable>> {
    let mut first = None;
    loop {
        let head = reader.fill_buf().map_err(|e| damaged(path, &e))?;
        if head.is_empty() {
            break;
        }
        let skip = head.iter().take_while(|b| b.is_ascii_whitespace() || [0xef, 0xbb, 0xbf].contains(*b)).count();
        match head.get(skip) {
            Some(b'[') => return Ok(Ok(FileKind::JsonArray { packing })),
            Some(b'{') => return Ok(Ok(FileKind::JsonLines { packing })),
            Some(_) => {
                first = Some(head.to_vec());
                break;
            }
            None => reader.consume(skip),
        }
    }
    Ok(Err(formats::unreadable(&first.unwrap_or_default(), packing != Packing::Plain)))
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
