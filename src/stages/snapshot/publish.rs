//! A directory that never changes once it has its name, and the step that makes it the newest.
//!
//! Nothing is shown before everything is on disk: the stage writes and syncs the directory under a hidden name, the engine records its
//! tables, and only then two renames publish it.

use super::latest::{LATEST, NewLatest, index_date_of, latest_snapshot, latest_version};
use super::manifest::Manifest;
use super::retention::versions;
use super::verify::{is_version_name, verify_files, version_name};
use crate::error::{Error, IoContext, Result};
use crate::store::{remove_tree, sha256_file, sync_directory};
use fs_err as fs;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Directory in which a snapshot is put together.
const STAGING: &str = ".staging-new";
/// How the names of directories begin that a killed command left: half-built snapshots, and half-removed ones.
const LEFTOVERS: [&str; 2] = [".staging-", FORGOTTEN];
/// How the name of a snapshot begins that is being removed.
pub(super) const FORGOTTEN: &str = ".forgotten-";

/// Where a snapshot is put together.
pub(super) fn staging(snapshots: &Path) -> PathBuf {
    snapshots.join(STAGING)
}

/// Removes what killed commands left; nobody else works here, the data directory is locked.
pub(super) fn clear_leftovers(snapshots: &Path) -> Result<()> {
    fs::create_dir_all(snapshots).at_path("cannot create", snapshots)?;
    for entry in fs::read_dir(snapshots).at_path("cannot list", snapshots)? {
        let path = entry.at_path("cannot list", snapshots)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if LEFTOVERS.iter().any(|left| name.starts_with(left)) {
            remove_tree(&path)?;
        }
    }
    Ok(())
}

/// The version that the staged directory is. If a snapshot of that name is there already, it has the same content.
pub(super) fn staged_version(snapshots: &Path, manifest: &Manifest) -> Result<String> {
    let version = version_name(manifest, &sha256_file(&staging(snapshots).join("manifest.json"))?);
    let target = snapshots.join(&version);
    if target.exists() {
        verify_files(&target).map_err(|e| {
            Error::Verification(format!(
                "snapshot {version} is already there but damaged: {e}\n  way out: remove {} and run again",
                target.display()
            ))
        })?;
    }
    Ok(version)
}

/// Gives the staged directory its name, and makes it the newest if that does not turn `latest` back to an older index.
pub(super) fn publish(snapshots: &Path, version: &str, may_go_back: bool, is_rebuild: bool) -> Result<()> {
    let (staging, target) = (staging(snapshots), snapshots.join(version));
    let newer = newer_than(snapshots, version)?.filter(|_| !may_go_back);
    // All that can need space comes before anything is shown.
    let latest = if newer.is_none() { Some(NewLatest::prepare(snapshots, version)?) } else { None };
    sync_directory(snapshots)?;
    if target.exists() {
        remove_tree(&staging)?;
    } else {
        fs::rename(&staging, &target).at_path("cannot publish", &target)?;
    }
    if let Some(latest) = latest {
        latest.show(snapshots)?;
    }
    sync_directory(snapshots)?;
    match newer {
        None if is_rebuild => tracing::info!(version, "rebuilt"),
        None => tracing::info!(version, "published"),
        Some(newer) => tracing::warn!(
            version,
            latest = newer,
            "published, and 'latest' stays where it is: its index is newer; to turn it back, add --allow-older"
        ),
    }
    Ok(())
}

/// The snapshot that `latest` names; where it names none that is there, the one with the newest index. Regression: without `latest`, as a copy
/// leaves it that does not take links, an older index with half of the models was published over three snapshots.
pub(super) fn standing_version(snapshots: &Path) -> Result<Option<String>> {
    let named = latest_version(snapshots)?;
    if let Some(latest) = named.as_ref().filter(|latest| snapshots.join(latest).exists()) {
        return Ok(Some(latest.clone()));
    }
    let newest = versions(snapshots)?.into_iter().next();
    let path = snapshots.join(LATEST);
    match (&newest, named) {
        (Some(newest), _) => {
            tracing::warn!(path = %path.display(), newest, "'latest' leads nowhere: the snapshot with the newest index counts as the newest");
        }
        (None, Some(_)) => tracing::warn!(path = %path.display(), "'latest' leads nowhere: nothing to compare the index with"),
        (None, None) => {}
    }
    Ok(newest)
}

/// The newest snapshot, if its index is newer than that of `version`.
pub(super) fn newer_than(snapshots: &Path, version: &str) -> Result<Option<String>> {
    let is_newer = |latest: &String| index_date_of(latest) > index_date_of(version);
    Ok(standing_version(snapshots)?.filter(is_newer))
}

/// Which snapshots there are, and which is the newest; looked at before and after, it tells what a command that failed has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The newest, as `latest` has it.
    pub latest: Option<String>,
    /// All there are.
    pub versions: BTreeSet<String>,
    /// Whether the directory of snapshots can be listed.
    pub is_there: bool,
}

impl Standing {
    /// What is there now; what cannot be read is not there.
    #[must_use]
    pub fn look(snapshots: &Path) -> Self {
        let listed = fs::read_dir(snapshots);
        let is_there = listed.is_ok();
        let names = listed.into_iter().flatten().flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        let versions = names.filter(|name| is_version_name(name)).collect();
        Self { latest: latest_version(snapshots).ok().flatten(), versions, is_there }
    }

    /// What has happened since `before`, in words.
    #[must_use]
    pub fn since(&self, before: &Self) -> String {
        if before.is_there && !self.is_there {
            let latest =
                before.latest.as_deref().map_or_else(String::new, |latest| format!("; when it began 'latest' was {latest}"));
            return format!("unknown: the snapshots cannot be read any more{latest}");
        }
        let latest = match &self.latest {
            None => "there is no 'latest' yet".to_owned(),
            Some(latest) => format!("'latest' is still {latest}"),
        };
        let new: Vec<&str> = self.versions.difference(&before.versions).map(String::as_str).collect();
        match (self.latest == before.latest, new.as_slice()) {
            (true, []) => format!("nothing; {latest}"),
            (true, new) => format!("{} is complete, but {latest}; the next run mends that", new.join(", ")),
            (false, _) => format!("'latest' is now {}; what failed came after that", self.latest.as_deref().unwrap_or("gone")),
        }
    }
}

/// Manifest of the newest snapshot; none if there is none.
///
/// # Errors
/// `latest` leads nowhere, or its manifest cannot be read.
pub fn latest_manifest(snapshots: &Path) -> Result<Option<(PathBuf, Manifest)>> {
    latest_snapshot(snapshots)?.map(manifest_of).transpose()
}

/// Manifest of the snapshot that a new one is compared with; none if there is none.
///
/// # Errors
/// It cannot be read.
pub(super) fn standing_manifest(snapshots: &Path) -> Result<Option<(PathBuf, Manifest)>> {
    standing_version(snapshots)?.map(|version| manifest_of(snapshots.join(version))).transpose()
}

fn manifest_of(snapshot: PathBuf) -> Result<(PathBuf, Manifest)> {
    let path = snapshot.join("manifest.json");
    let text = fs::read(&path).at_path("cannot read", &path)?;
    let manifest = Manifest::parse(&text, &snapshot.display().to_string())?;
    Ok((snapshot, manifest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression: of a mount that was lost "published: 'latest' is now gone" was said.
    #[test]
    fn what_cannot_be_seen_any_more_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let snapshots = dir.path().join("snapshots");
        fs::create_dir_all(snapshots.join("2026-05-01-aaaaaaaa")).unwrap();
        std::os::unix::fs::symlink("2026-05-01-aaaaaaaa", snapshots.join(LATEST)).unwrap();
        let before = Standing::look(&snapshots);
        fs::rename(&snapshots, dir.path().join("away")).unwrap();
        let said = Standing::look(&snapshots).since(&before);
        assert!(said.starts_with("unknown") && said.contains("2026-05-01-aaaaaaaa"), "{said}");
    }

    /// Regression: a copy without the link, or with one that leads nowhere, let an older index through.
    #[test]
    fn without_latest_the_newest_index_stands() {
        let dir = tempfile::tempdir().unwrap();
        let snapshots = dir.path();
        assert_eq!(standing_version(snapshots).unwrap(), None);
        for version in ["2026-05-01-aaaaaaaa", "2026-05-19-bbbbbbbb"] {
            fs::create_dir(snapshots.join(version)).unwrap();
        }
        let newer = || newer_than(snapshots, "2026-04-24-cccccccc").unwrap();
        assert_eq!(newer().as_deref(), Some("2026-05-19-bbbbbbbb"));
        std::os::unix::fs::symlink("2026-05-20-dddddddd", snapshots.join(LATEST)).unwrap();
        assert_eq!(newer().as_deref(), Some("2026-05-19-bbbbbbbb"));
        fs::remove_file(snapshots.join(LATEST)).unwrap();
        std::os::unix::fs::symlink("2026-05-01-aaaaaaaa", snapshots.join(LATEST)).unwrap();
        assert_eq!(newer().as_deref(), Some("2026-05-01-aaaaaaaa"));
        assert_eq!(newer_than(snapshots, "2026-05-19-bbbbbbbb").unwrap(), None);
    }
}
