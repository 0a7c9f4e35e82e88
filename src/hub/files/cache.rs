//! The Hub's cache as a source: a repository lies there once for each revision that was fetched, and `refs/main` tells which is today's.

use super::source::PassedOver;
use crate::error::{Error, IoContext, Result};
use fs_err as fs;
use std::path::{Path, PathBuf};

/// Begin the directories of repositories that hold no index.
const OTHERS: [&str; 3] = ["models--", "spaces--", "kernels--"];

/// A data set in the cache: the revision that counts, and those that do not.
pub(super) struct Cached {
    /// Directory of the revision.
    pub chosen: PathBuf,
    /// The others.
    pub passed_over: Vec<PassedOver>,
}

/// Whether a directory is of a repository in the cache that is no data set.
pub(super) fn is_other_repository(dir: &Path) -> bool {
    let name = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    OTHERS.iter().any(|other| name.starts_with(other)) && dir.join("snapshots").is_dir()
}

/// The data set whose directory in the cache this is, or the directory of its revisions; none for any other directory.
///
/// # Errors
/// There are several revisions, and none is that of `refs/main`; or the directory cannot be read.
pub(super) fn cached(dir: &Path) -> Result<Option<Cached>> {
    let is_repository = |dir: &Path| dir.join("snapshots").is_dir() && (dir.join("refs").is_dir() || dir.join("blobs").is_dir());
    let above = dir.parent().filter(|above| dir.ends_with("snapshots") && is_repository(above));
    let Some(repository) = Some(dir).filter(|dir| is_repository(dir)).or(above) else { return Ok(None) };
    let snapshots = repository.join("snapshots");
    let mut revisions = Vec::new();
    for entry in fs::read_dir(&snapshots).at_path("cannot list the Hub's cache", &snapshots)? {
        let path = entry.at_path("cannot list the Hub's cache", &snapshots)?.path();
        if path.is_dir() {
            revisions.push(path);
        }
    }
    revisions.sort();
    let main = fs::read_to_string(repository.join("refs").join("main")).unwrap_or_default();
    let chosen = match revisions.iter().position(|path| path.ends_with(main.trim()) && !main.trim().is_empty()) {
        None if revisions.len() == 1 => 0,
        Some(at) => at,
        None => {
            let names: Vec<String> =
                revisions.iter().filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect();
            return Err(Error::input(
                format!("the Hub's cache holds {} revisions, and refs/main names none of them: {}", names.len(), names.join(", ")),
                snapshots.display(),
                "point --source at the directory of one, snapshots/REVISION, or fetch the data set again: hf download OWNER/NAME --repo-type dataset",
            ));
        }
    };
    let chosen = revisions.remove(chosen);
    let name = |path: &Path| path.strip_prefix(dir).unwrap_or(path).to_string_lossy().into_owned();
    let passed_over =
        revisions.iter().map(|path| PassedOver::new(format!("{}/", name(path)), "another revision than that of refs/main"));
    Ok(Some(Cached { passed_over: passed_over.collect(), chosen }))
}
