//! Which files a source path means, and what kind each is, judged by content and never by name.

use super::cache::{cached, is_other_repository};
use super::delta::{REMOVED, files_of_log};
use super::formats::{self, Unreadable};
use super::json::read_json;
use super::kind::{Found, refusal_in_directory};
use super::lakes::refuse_lakes;
use super::parquet::{column_names, read_parquet};
use super::parts::missing_parts;
use super::recording::{self, open_recording};
use super::source::{Block, FileKind, Packing, PassedOver, SourceFile, damaged, open_buffered, open_text};
use crate::error::{Error, IoContext, Result};
use crate::hub::record::has_key_of_models;
use crate::store::input_metadata;
use fs_err as fs;
use serde::de::IgnoredAny;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Most of a file that is looked at for its first record.
const MAX_FIRST_RECORD: u64 = 64 << 20;
/// Records by which a listing of something else is told.
const SAMPLED_RECORDS: usize = 1_000;
/// Bytes of a file by which its format is told.
const MAX_HEAD: usize = 1 << 16;
/// Endings of files that somebody took for an index: where their content is none, something went wrong.
const INDEX_ENDINGS: &[&str] =
    &[".parquet", ".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz", ".json.zst", ".jsonl.zst", ".ndjson.zst"];

/// Endings that tools and editors give to a copy that is unfinished or put aside.
const COPY_ENDINGS: &[&str] =
    &[".tmp", ".temp", ".part", ".partial", ".incomplete", ".crdownload", ".download", ".bak", ".old", ".orig", ".swp", "~"];

/// The files of a source, and what lies beside them.
#[derive(Debug, Default)]
pub struct IndexFiles {
    /// Index files, in name order.
    pub files: Vec<SourceFile>,
    /// What was passed over, in name order.
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
    let metadata = input_metadata(path, "cannot read source")?;
    let mut found = IndexFiles::default();
    if !metadata.is_dir() {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let file = recognise(path, name)?;
        let keys = match file.kind {
            FileKind::Recording => Vec::new(),
            FileKind::Parquet => column_names(path)?,
            FileKind::JsonLines { packing } | FileKind::JsonArray { packing } => first_keys(path, packing)?.unwrap_or_default(),
        };
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        if let Some(reason) = refusal_as_others(&file, &keys) {
            let remedy = "point --source at an index of models: hf models ls --json --expand ..., or hub-stats' models.parquet";
            return Err(Error::input(format!("not a model index: {reason}"), path.display(), remedy));
        }
        found.passed_over = missing_parts([file.name.as_str()].into_iter());
        found.files.push(file);
        return Ok(found);
    }
    Walk { root: path, seen: BTreeSet::new() }.gather(path, &mut found)?;
    found.files.sort_by(|a, b| a.name.cmp(&b.name));
    let missing = missing_parts(found.files.iter().map(|file| file.name.as_str()));
    found.passed_over.extend(missing);
    found.passed_over.sort_by(|a, b| a.name.cmp(&b.name));
    refuse_pointers(path, &found)?;
    if found.files.is_empty() {
        // `datasets.Dataset.save_to_disk` leaves these beside its batches.
        let is_saved = path.join("state.json").is_file() && path.join("dataset_info.json").is_file();
        return Err(Error::input(
            format!("the source directory holds no index file{}", PassedOver::list(&found.passed_over)),
            path.display(),
            if is_saved {
                "write it as Parquet: datasets.load_from_disk(DIR).to_parquet('models.parquet')"
            } else {
                "put a models .parquet, .json, .jsonl, .jsonl.gz or .jsonl.zst into it, or point --source at one"
            },
        ));
    }
    Ok(found)
}

/// Directories of a source, each read once: links may lead round in circles, or twice to one place.
struct Walk<'p> {
    root: &'p Path,
    /// Directories as they really lie.
    seen: BTreeSet<PathBuf>,
}

impl Walk<'_> {
    /// The files of one directory, then those of its sub-directories that are part of the index.
    fn gather(&mut self, dir: &Path, found: &mut IndexFiles) -> Result<()> {
        let name = dir.strip_prefix(self.root).unwrap_or(dir).to_string_lossy().into_owned();
        if !self.seen.insert(fs::canonicalize(dir).at_path("cannot read source", dir)?) {
            found.passed_over.push(PassedOver::new(format!("{name}/"), "a link to a directory that is read already"));
            return Ok(());
        }
        refuse_lakes(dir)?;
        if is_other_repository(dir) {
            found.passed_over.push(PassedOver::new(format!("{name}/"), "no data set of the Hub's cache"));
            return Ok(());
        }
        if let Some(repository) = cached(dir)? {
            found.passed_over.extend(repository.passed_over);
            return self.gather(&repository.chosen, found);
        }
        let mut own = IndexFiles::default();
        self.directory(dir, &mut own)?;
        if let Some(held) = files_of_log(dir)? {
            let below = |file: &str| file.strip_prefix(&name).map_or(file, |rest| rest.trim_start_matches('/')).to_owned();
            let (kept, removed): (Vec<_>, Vec<_>) =
                std::mem::take(&mut own.files).into_iter().partition(|file| held.contains(&below(&file.name)));
            own.files = kept;
            own.passed_over.extend(removed.into_iter().map(|file| PassedOver::new(file.name, REMOVED)));
        }
        found.files.append(&mut own.files);
        found.passed_over.append(&mut own.passed_over);
        Ok(())
    }

    fn directory(&mut self, dir: &Path, found: &mut IndexFiles) -> Result<()> {
        let (files, dirs) = entries(self.root, dir, found)?;
        let before = found.files.len();
        for (name, path) in files {
            match index_file(&path, &name)? {
                Ok(file) => found.files.push(file),
                Err(passed_over) => found.passed_over.push(passed_over),
            }
        }
        let is_partition = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().contains('='));
        let only_partitions = found.files.len() > before || dirs.iter().any(|(_, path)| is_partition(path));
        for (name, path) in dirs {
            if only_partitions && !is_partition(&path) {
                found.passed_over.push(beside_index(&path, &name, "a directory beside index files"));
            } else {
                self.gather(&path, found)?;
            }
        }
        Ok(())
    }
}

/// Refuses a directory in which the pointer of Git LFS stands for a part of a table whose other parts are read. That of another table is a
/// loss, which is told.
fn refuse_pointers(root: &Path, found: &IndexFiles) -> Result<()> {
    let without_numbers = |name: &str| name.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let read: BTreeSet<String> = found.files.iter().map(|file| without_numbers(&file.name)).collect();
    let mut pointers = found.passed_over.iter().filter(|entry| entry.reason.contains(formats::LFS_POINTER));
    match pointers.find(|entry| found.files.is_empty() || read.contains(&without_numbers(&entry.name))) {
        Some(pointer) => Err(Error::input(&pointer.reason, root.join(&pointer.name).display(), formats::FETCH_LFS)),
        None => Ok(()),
    }
}

/// Files that are looked at in a directory beside index files.
const LOOKED_AT: usize = 100;

/// A directory that lies beside index files, as what it is passed over as: a loss where a file for an index is in it, or one level down.
/// What cannot be read there stops nothing: nobody asked for it.
fn beside_index(path: &Path, name: &str, what: &str) -> PassedOver {
    let name = format!("{name}/");
    let inside = |dir: &Path| entries(path, dir, &mut IndexFiles::default()).unwrap_or_default();
    let (mut files, dirs) = inside(path);
    files.extend(dirs.iter().flat_map(|(_, dir)| inside(dir).0));
    let mut files = files.into_iter().filter(|(file, _)| is_called_index(file)).take(LOOKED_AT);
    match files.find(|(file, path)| matches!(index_file(path, file), Ok(Ok(_)))) {
        Some((file, _)) => {
            let reason = format!("{what}, with records in it ({file}): put them beside the others, or name it as source");
            PassedOver { name, reason, is_loss: true }
        }
        None => PassedOver::new(name, what),
    }
}

/// Files with their names below the root.
type Named = Vec<(String, PathBuf)>;

/// Files and directories of a directory. Hidden entries are passed over; those that begin with `_` are a tool's own (`_SUCCESS`).
fn entries(root: &Path, dir: &Path, found: &mut IndexFiles) -> Result<(Named, Named)> {
    let (mut files, mut dirs) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(dir).at_path("cannot list source directory", dir)? {
        let entry = entry.at_path("cannot list source directory", dir)?;
        let path = entry.path();
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        let file_type = entry.file_type().at_path("cannot read source", &path)?;
        match entry.file_name().to_string_lossy() {
            own if own.starts_with('.') => found.passed_over.push(PassedOver::new(name, "hidden")),
            own if own.starts_with('_') => found.passed_over.push(of_a_tool(&path, name, &own)),
            own if COPY_ENDINGS.iter().any(|ending| own.to_lowercase().ends_with(ending)) => {
                found.passed_over.push(PassedOver::new(name, "by its name an unfinished copy or one put aside"));
            }
            _ if path.is_dir() => dirs.push((file_type.is_symlink(), name, path)),
            _ if path.is_file() => files.push((name, path)),
            _ if file_type.is_symlink() => {
                let reason = "a link that leads nowhere".to_owned();
                found.passed_over.push(PassedOver { name, reason, is_loss: true });
            }
            _ => found.passed_over.push(PassedOver::new(name, "neither a file nor a directory")),
        }
    }
    files.sort();
    // What is there itself goes before what is linked.
    dirs.sort();
    Ok((files, dirs.into_iter().map(|(_, name, path)| (name, path)).collect()))
}

/// Directories and files that begin with `_` and are known to hold no records of their own.
const OF_TOOLS: [&str; 7] =
    ["_delta_log", "_temporary", "_spark_metadata", "_symlink_format_manifest", "_change_data", "_metadata", "_common_metadata"];

/// An entry that begins with `_`: a tool's own (`_SUCCESS`), unless records are in it.
fn of_a_tool(path: &Path, name: String, own: &str) -> PassedOver {
    const WHAT: &str = "begins with '_'";
    if OF_TOOLS.contains(&own) {
        PassedOver::new(name, WHAT)
    } else if path.is_dir() && !path.is_symlink() {
        beside_index(path, &name, WHAT)
    } else if is_called_index(own) && matches!(index_file(path, &name), Ok(Ok(_))) {
        PassedOver { name, reason: format!("{WHAT}, with records in it: call it otherwise"), is_loss: true }
    } else {
        PassedOver::new(name, WHAT)
    }
}

/// A file of a directory as an index file, or why it is none.
fn index_file(path: &Path, name: &str) -> Result<std::result::Result<SourceFile, PassedOver>> {
    let passed_over = |reason: String, is_loss: bool| Ok(Err(PassedOver { name: name.to_owned(), reason, is_loss }));
    let file = match file_kind(path)? {
        Ok(kind) => source_file(path, name.to_owned(), kind)?,
        // Of text, Spark writes one for every part of its work, also where there was nothing to write.
        Err(unreadable) if unreadable == formats::empty() && !is_parquet(name) => return passed_over(unreadable.reason, true),
        Err(unreadable) if is_called_index(name) && !unreadable.reason.contains(formats::LFS_POINTER) => {
            return Err(refused(path, &unreadable));
        }
        Err(unreadable) => return passed_over(unreadable.reason, unreadable.is_loss),
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
    match refusal_in_directory(&keys, found) {
        Some(reason) => passed_over(reason, false),
        None => match refusal_as_others(&file, &keys) {
            Some(reason) => passed_over(reason, false),
            None => Ok(Ok(file)),
        },
    }
}

fn is_parquet(name: &str) -> bool {
    name.to_lowercase().ends_with(".parquet")
}

/// Why a file is a listing of something else than models, by its first records: some are of others, and none has what only models have.
fn refusal_as_others(file: &SourceFile, keys: &[&str]) -> Option<String> {
    if has_key_of_models(keys.iter().copied()) {
        return None;
    }
    let (mut other, mut is_of_models) = (None, false);
    let mut left = SAMPLED_RECORDS;
    let sink = |block: Block| {
        for parsed in block.records.into_iter().take(left) {
            left -= 1;
            is_of_models |= parsed.row.is_some_and(|row| row.pipeline_tag.is_some() || row.library.is_some());
            other = other.or(parsed.other);
        }
        // What cannot be read is said by who reads all of it.
        if left > 0 && !is_of_models { Ok(()) } else { Err(Error::Internal(String::new())) }
    };
    match file.kind {
        FileKind::Recording => {}
        FileKind::Parquet => drop(read_parquet(file, sink)),
        FileKind::JsonLines { .. } | FileKind::JsonArray { .. } => drop(read_json(file, sink)),
    }
    other.filter(|_| !is_of_models).map(|what| format!("records of {what}: none of the first has a key that only models have"))
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
    let mut records = serde_json::Deserializer::from_reader(text).into_iter::<BTreeMap<String, IgnoredAny>>();
    Ok(records.next().and_then(std::result::Result::ok).map(|record| record.into_keys().collect()))
}

fn recognise(path: &Path, name: String) -> Result<SourceFile> {
    let kind = file_kind(path)?.map_err(|unreadable| refused(path, &unreadable))?;
    source_file(path, name, kind)
}

pub(super) fn source_file(path: &Path, name: String, kind: FileKind) -> Result<SourceFile> {
    if kind == FileKind::Recording {
        let bytes = open_recording(path)?.bytes();
        return Ok(SourceFile { path: path.to_owned(), name: recording::NAME.to_owned(), kind, bytes });
    }
    let bytes = fs::metadata(path).at_path("cannot read source", path)?.len();
    Ok(SourceFile { path: path.to_owned(), name, kind, bytes })
}

pub(super) fn refused(path: &Path, Unreadable { reason, remedy, .. }: &Unreadable) -> Error {
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
    Ok(Err(first.map_or_else(formats::empty, |first| formats::unreadable(&first, packing != Packing::Plain))))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression: a directory of models beside index files was passed over without a warning.
    #[test]
    fn a_directory_of_models_beside_index_files_is_a_loss() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let record = "{\"id\":\"a/b\",\"likes\":1}\n";
        write("models.jsonl", record);
        write("more/part-0.jsonl", record);
        write("deep/er/part-0.jsonl", record);
        write("cards/cards.jsonl", "{\"id\":\"a/b\",\"card\":\"# b\"}\n");
        write("notes/read.me", "hello");
        // Regression: a directory of a model whose name begins with `_` was lost among hundreds of notices.
        write("_own/part-0.jsonl", record);
        write("_SUCCESS", "");
        write("datasets.parquet", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n");
        let found = find_files(dir.path()).unwrap();
        assert_eq!(found.files.len(), 1);
        let losses: Vec<&str> = found.passed_over.iter().filter(|entry| entry.is_loss).map(|entry| entry.name.as_str()).collect();
        assert_eq!(losses, ["_own/", "datasets.parquet", "deep/", "more/"]);
        assert_eq!(found.passed_over.len(), 7);
        // Regression: the pointer of another table stopped the run; that of a part of this one has to.
        write("models-1.jsonl", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n");
        assert_eq!(find_files(dir.path()).unwrap().files.len(), 1);
        write("models-2.jsonl", record);
        assert!(find_files(dir.path()).unwrap_err().to_string().contains("git lfs pull"));
    }
}
