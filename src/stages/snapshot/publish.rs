//! A directory that never changes once it has its name, the link to the newest, and the check of what is published.

use super::manifest::Manifest;
use crate::error::{Error, IoContext, Result};
use crate::store::{sha256_bytes, sha256_file, sync_directory};
use crate::tables::io::table_path;
use fs_err as fs;
use std::path::Path;

/// Name of the link to the newest snapshot.
pub const LATEST: &str = "latest";
/// Hex digits of the content digest in a version name.
const DIGEST_DIGITS: usize = 8;

/// Removes what killed runs left; nobody else publishes here, the data directory is locked.
pub(super) fn clear_staging(snapshots: &Path) -> Result<()> {
    fs::create_dir_all(snapshots).at_path("cannot create", snapshots)?;
    for entry in fs::read_dir(snapshots).at_path("cannot list", snapshots)? {
        let path = entry.at_path("cannot list", snapshots)?.path();
        if path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(".staging-")) {
            fs::remove_dir_all(&path).at_path("cannot clear", &path)?;
        }
    }
    Ok(())
}

/// Gives the staged directory its name. An existing snapshot of that name has the same content and is left alone.
pub(super) fn publish(snapshots: &Path, staging: &Path, manifest: &Manifest) -> Result<String> {
    let version = version_name(manifest, &sha256_file(&staging.join("manifest.json"))?);
    let target = snapshots.join(&version);
    if target.exists() {
        verify_files(&target).map_err(|e| {
            Error::Verification(format!(
                "snapshot {version} is already there but damaged: {e}\n  way out: remove {} and run again",
                target.display()
            ))
        })?;
        fs::remove_dir_all(staging).at_path("cannot clear", staging)?;
    } else {
        fs::rename(staging, &target).at_path("cannot publish", &target)?;
    }
    sync_directory(snapshots)?;
    point_latest_at(snapshots, &version)?;
    Ok(version)
}

/// `<index date>-<first digits of the manifest's digest>`; the manifest covers everything else by digest.
#[must_use]
pub fn version_name(manifest: &Manifest, manifest_sha256: &str) -> String {
    format!("{}-{}", manifest.index_date, &manifest_sha256[..DIGEST_DIGITS.min(manifest_sha256.len())])
}

fn point_latest_at(snapshots: &Path, version: &str) -> Result<()> {
    let temporary = snapshots.join(".latest-new");
    if fs::symlink_metadata(&temporary).is_ok() {
        fs::remove_file(&temporary).at_path("cannot remove", &temporary)?;
    }
    std::os::unix::fs::symlink(version, &temporary).at_path("cannot create", &temporary)?;
    let latest = snapshots.join(LATEST);
    fs::rename(&temporary, &latest).at_path("cannot rename", &latest)?;
    sync_directory(snapshots)
}

/// Checks every file of a snapshot against its manifest, and the manifest against the directory's name.
///
/// # Errors
/// `Verification` names the file or table that differs, is missing or does not belong there.
pub fn verify_files(snapshot: &Path) -> Result<Manifest> {
    let manifest_path = snapshot.join("manifest.json");
    let text = fs::read(&manifest_path).at_path("cannot read", &manifest_path)?;
    let fail = |what: String| Err(Error::Verification(what));
    let name = snapshot.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let digest = sha256_bytes(&text);
    if !name.ends_with(&format!("-{}", &digest[..DIGEST_DIGITS])) {
        return fail(format!("manifest.json does not belong to {name}: its digest begins with {}", &digest[..DIGEST_DIGITS]));
    }
    let manifest = Manifest::parse(&text, &name)?;
    if name != version_name(&manifest, &digest) {
        return fail(format!("the directory is named {name}, its manifest says {}", version_name(&manifest, &digest)));
    }
    for (table, entry) in &manifest.tables {
        let path = table_path(snapshot, table);
        if !path.exists() {
            return fail(format!("table '{table}': {table}.parquet is missing"));
        }
        if sha256_file(&path)? != entry.receipt.sha256 {
            return fail(format!("table '{table}': {table}.parquet differs from the manifest"));
        }
    }
    for (document, sha256) in &manifest.documents {
        let path = snapshot.join(document);
        if !path.exists() {
            return fail(format!("document {document} is missing"));
        }
        if sha256_file(&path)? != *sha256 {
            return fail(format!("document {document} differs from the manifest"));
        }
    }
    for entry in fs::read_dir(snapshot).at_path("cannot list", snapshot)? {
        let file = entry.at_path("cannot list", snapshot)?.file_name().to_string_lossy().into_owned();
        let known = file == "manifest.json"
            || manifest.documents.contains_key(&file)
            || file.strip_suffix(".parquet").is_some_and(|table| manifest.tables.contains_key(table));
        if !known {
            return fail(format!("{file} does not belong to the snapshot"));
        }
    }
    Ok(manifest)
}
