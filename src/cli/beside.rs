//! Snapshots beside the one that a command is about: what their manifests state, and which came before.

use hugging_carbon::compare::Edition;
use hugging_carbon::error::{Error, IoContext, Result};
use hugging_carbon::stages::snapshot::latest::snapshot_at;
use hugging_carbon::stages::snapshot::manifest::Manifest;
use hugging_carbon::stages::snapshot::retention::versions;
use hugging_carbon::stages::snapshot::version_name;
use hugging_carbon::store::sha256_bytes;
use std::path::{Path, PathBuf};

/// Word for the newest snapshot of an older index in the same directory.
pub const PREVIOUS: &str = "previous";

/// What a manifest states of a snapshot.
pub fn edition(snapshot: String, manifest: &Manifest) -> Edition {
    Edition {
        snapshot,
        index_date: manifest.index_date.clone(),
        method_version: manifest.method_version,
        cohort: manifest.headline.cohort.clone(),
        models: manifest.headline.models,
    }
}

/// Directory of a snapshot, and what its manifest states. Digests are not compared.
pub fn edition_at(snapshot: &Path) -> Result<(PathBuf, Edition)> {
    let dir = snapshot_at(snapshot)?;
    let path = dir.join("manifest.json");
    let text = fs_err::read(&path).at_path("cannot read", &path)?;
    let manifest = Manifest::parse(&text, &path.display().to_string())?;
    let name = version_name(&manifest, &sha256_bytes(&text));
    Ok((dir, edition(name, &manifest)))
}

/// Snapshots of a directory.
///
/// # Errors
/// There is none.
pub fn all_snapshots(dir: &Path) -> Result<Vec<PathBuf>> {
    let found: Vec<PathBuf> = versions(dir)?.iter().map(|version| dir.join(version)).collect();
    if found.is_empty() {
        return Err(Error::input("no snapshots", dir.display(), "make one: hugging-carbon run"));
    }
    Ok(found)
}

/// The snapshot that `since` names: a directory, or the newest of an older index beside `snapshot`.
///
/// # Errors
/// There is no such snapshot.
pub fn snapshot_since(since: &Path, snapshot: &Path, index_date: &str) -> Result<PathBuf> {
    if since != Path::new(PREVIOUS) {
        return snapshot_at(since);
    }
    let beside = snapshot.parent().unwrap_or(snapshot);
    let mut older = Vec::new();
    for dir in all_snapshots(beside)? {
        let (dir, edition) = edition_at(&dir)?;
        if edition.index_date.as_str() < index_date {
            older.push((edition.index_date, dir));
        }
    }
    older.sort();
    older.pop().map(|(_, dir)| dir).ok_or_else(|| {
        let what = format!("no snapshot of an index before {index_date}");
        Error::input(what, beside.display(), "name the snapshot to compare with: --since DIR")
    })
}
