//! Which snapshot is the newest: the link `latest`, or the file `latest.json` where the file system has no symbolic links.

use crate::error::{Error, IoContext, Result};
use crate::store::{sync_directory, write_synced};
use fs_err as fs;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Name of the link to the newest snapshot.
pub const LATEST: &str = "latest";
/// Name of the file that says which snapshot is the newest where there can be no link.
pub const LATEST_FILE: &str = "latest.json";
/// What will be the link or the file, before it is shown.
const NEW_LINK: &str = ".latest-new";
/// The same for the file.
const NEW_FILE: &str = ".latest-new.json";
/// "Operation not permitted": what file systems without symbolic links answer (exFAT, SMB, drvfs).
const EPERM: i32 = 1;

/// Contents of `latest.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Pointer {
    /// Name of the newest snapshot's directory.
    version: String,
}

/// Version of the newest snapshot by its link or file; none if nothing was published yet. The link goes before the file.
///
/// # Errors
/// `latest` is neither a link nor absent, or `latest.json` does not name a version.
pub fn latest_version(snapshots: &Path) -> Result<Option<String>> {
    let link = snapshots.join(LATEST);
    match fs::read_link(&link) {
        Ok(target) => return Ok(target.file_name().map(|name| name.to_string_lossy().into_owned())),
        Err(e) if e.kind() == ErrorKind::NotFound => {}
        Err(e) if e.kind() == ErrorKind::InvalidInput => {
            return Err(Error::input(
                "'latest' is not a link: something that follows links copied it",
                link.display(),
                "remove it and run again: it is made anew",
            ));
        }
        Err(e) => return Err(Error::io("cannot read", link, e)),
    }
    let file = snapshots.join(LATEST_FILE);
    let text = match fs::read(&file) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::io("cannot read", file, e)),
    };
    let is_plain = |version: &str| !version.is_empty() && !version.starts_with('.') && !version.contains(['/', '\\']);
    match serde_json::from_slice::<Pointer>(&text) {
        Ok(Pointer { version }) if is_plain(&version) => Ok(Some(version)),
        _ => Err(Error::input(
            "it does not name a snapshot",
            file.display(),
            "remove it and run again: it is made anew; it looks like {\"version\": \"2026-11-28-0123abcd\"}",
        )),
    }
}

/// Directory of the newest snapshot.
///
/// # Errors
/// As [`latest_version`].
pub fn latest_snapshot(snapshots: &Path) -> Result<Option<PathBuf>> {
    Ok(latest_version(snapshots)?.map(|version| snapshots.join(version)))
}

/// The snapshot that a path given by a person means: `.../latest` leads on also where only `latest.json` is there.
///
/// # Errors
/// There is no such directory.
pub fn snapshot_at(path: &Path) -> Result<PathBuf> {
    let named = match path.parent() {
        Some(parent) if path.file_name().is_some_and(|name| name == LATEST) && fs::symlink_metadata(path).is_err() => {
            latest_snapshot(parent)?.unwrap_or_else(|| path.to_owned())
        }
        _ => path.to_owned(),
    };
    std::fs::canonicalize(&named).at_path("cannot read snapshot", named)
}

/// Date of the index in the name of a version: all before its digits.
#[must_use]
pub fn index_date_of(version: &str) -> &str {
    version.rsplit_once('-').map_or(version, |(date, _)| date)
}

/// What will name the newest snapshot: on disk, not yet shown.
pub(super) struct NewLatest {
    from: PathBuf,
    to: PathBuf,
    other: PathBuf,
}

impl NewLatest {
    /// Makes the link, or the file where the file system has no links, under a name that nobody reads.
    pub(super) fn prepare(snapshots: &Path, version: &str) -> Result<Self> {
        let [link, file] = [snapshots.join(NEW_LINK), snapshots.join(NEW_FILE)];
        for left in [&link, &file] {
            if fs::symlink_metadata(left).is_ok() {
                fs::remove_file(left).at_path("cannot remove", left)?;
            }
        }
        let [latest, latest_file] = [snapshots.join(LATEST), snapshots.join(LATEST_FILE)];
        match std::os::unix::fs::symlink(version, &link) {
            Ok(()) => Ok(Self { from: link, to: latest, other: latest_file }),
            Err(e) if has_no_links(&e) => {
                tracing::warn!(
                    path = %latest_file.display(),
                    "this file system has no symbolic links: a file names the newest snapshot instead of the link 'latest'; commands and \
                     notebooks read both"
                );
                let text = serde_json::to_vec_pretty(&Pointer { version: version.to_owned() })
                    .map_err(|e| Error::Internal(format!("{LATEST_FILE}: {e}")))?;
                write_synced(&file, &text)?;
                Ok(Self { from: file, to: latest_file, other: latest })
            }
            Err(e) => Err(Error::io("cannot create link", link, e)),
        }
    }

    /// Shows it, and removes what the other way left.
    pub(super) fn show(self, snapshots: &Path) -> Result<()> {
        fs::rename(&self.from, &self.to).at_path("cannot rename", &self.to)?;
        if fs::symlink_metadata(&self.other).is_ok() {
            fs::remove_file(&self.other).at_path("cannot remove", &self.other)?;
        }
        sync_directory(snapshots)
    }
}

fn has_no_links(error: &std::io::Error) -> bool {
    error.raw_os_error() == Some(EPERM) || matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::InvalidInput)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_or_a_file_names_the_newest_and_the_link_goes_first() {
        let dir = tempfile::tempdir().unwrap();
        let snapshots = dir.path();
        assert_eq!(latest_version(snapshots).unwrap(), None);
        fs::write(snapshots.join(LATEST_FILE), "{\"version\": \"2026-01-01-aaaaaaaa\"}").unwrap();
        assert_eq!(latest_version(snapshots).unwrap().as_deref(), Some("2026-01-01-aaaaaaaa"));
        fs::create_dir(snapshots.join("2026-01-01-aaaaaaaa")).unwrap();
        assert!(snapshot_at(&snapshots.join(LATEST)).unwrap().ends_with("2026-01-01-aaaaaaaa"));
        NewLatest::prepare(snapshots, "2026-01-02-bbbbbbbb").unwrap().show(snapshots).unwrap();
        assert_eq!(latest_version(snapshots).unwrap().as_deref(), Some("2026-01-02-bbbbbbbb"));
        assert!(!snapshots.join(LATEST_FILE).exists());
    }

    #[test]
    fn what_names_no_snapshot_is_refused_with_its_path() {
        let dir = tempfile::tempdir().unwrap();
        for bad in ["", "{}", "{\"version\": \"\"}", "{\"version\": \"../x\"}", "{\"version\": \".x\"}"] {
            fs::write(dir.path().join(LATEST_FILE), bad).unwrap();
            assert!(latest_version(dir.path()).unwrap_err().to_string().contains("latest.json"), "{bad}");
        }
        fs::create_dir(dir.path().join(LATEST)).unwrap();
        assert!(latest_version(dir.path()).unwrap_err().to_string().contains("not a link"));
    }

    #[test]
    fn a_version_begins_with_its_index_date() {
        assert_eq!(index_date_of("2026-11-28-0123abcd"), "2026-11-28");
        assert!(index_date_of("2026-11-28-0123abcd") > index_date_of("2026-09-30-fedcba98"));
    }
}
