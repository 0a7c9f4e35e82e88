//! Snapshots beside the one that a command is about: what their manifests state, and which came before.

use hugging_carbon::compare::Edition;
use hugging_carbon::error::{Error, IoContext, Result};
use hugging_carbon::stages::snapshot::latest::{LATEST, index_date_of, snapshot_at};
use hugging_carbon::stages::snapshot::manifest::Manifest;
use hugging_carbon::stages::snapshot::retention::{versions, versions_and_links};
use hugging_carbon::stages::snapshot::version_name;
use hugging_carbon::store::sha256_bytes;
use std::path::{Path, PathBuf};

/// Word for the snapshot that was published before in the same directory.
pub const PREVIOUS: &str = "previous";

/// What a manifest states of a snapshot.
pub fn edition(snapshot: String, manifest: &Manifest) -> Edition {
    Edition {
        snapshot,
        index_date: manifest.index_date.clone(),
        method_version: manifest.method_version,
        cohort: manifest.headline.cohort.clone(),
        models: manifest.headline.models,
        draws: ["seed", "draws"].map(|key| manifest.config["method"][key].as_u64()),
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
    let found: Vec<PathBuf> = versions_and_links(dir)?.iter().map(|version| dir.join(version)).collect();
    if found.is_empty() {
        return Err(Error::input("no snapshots", dir.display(), "make one: hugging-carbon run"));
    }
    Ok(found)
}

/// The snapshot that `since` names: a directory, a version beside `snapshot`, or the one published before `snapshot` in the same directory, also of the same index,
/// as after a new method, correction or card.
///
/// # Errors
/// There is no such snapshot.
pub fn snapshot_since(since: &Path, snapshot: &Path, index_date: &str) -> Result<PathBuf> {
    let beside = snapshot.parent().unwrap_or(snapshot);
    if since != Path::new(PREVIOUS) {
        return snapshot_named(beside, since);
    }
    let newest_first = versions_and_links(beside)?;
    let own = newest_first.iter().position(|version| snapshot.file_name().is_some_and(|name| name == version.as_str()));
    let previous = match own {
        Some(at) => newest_first.get(at + 1),
        // A copy under another name: when it was published is not known, its index is.
        None => newest_first.iter().find(|version| index_date_of(version) < index_date),
    };
    match previous {
        Some(version) => snapshot_at(&beside.join(version)),
        None => {
            let what = format!("no snapshot was published here before that of the index of {index_date}");
            Err(Error::input(what, beside.display(), "name the snapshot to compare with: --since DIR"))
        }
    }
}

/// The snapshot that is meant: a directory, or a version of the data directory.
///
/// # Errors
/// There is neither.
pub fn snapshot_named(snapshots: &Path, named: &Path) -> Result<PathBuf> {
    let is_name = named.components().count() == 1;
    let known = snapshots.join(named);
    match snapshot_at(named) {
        Ok(dir) => Ok(dir),
        Err(_) if is_name && (known.is_dir() || named == Path::new(LATEST)) => snapshot_at(&known),
        Err(_) if is_name => {
            let made = versions(snapshots).unwrap_or_default();
            let remedy = if made.is_empty() {
                "make one with hugging-carbon run, or give the directory of one that was downloaded".to_owned()
            } else {
                format!("give a directory, latest, or one of: {}", made.join(", "))
            };
            Err(Error::input(format!("cannot read snapshot: there is no '{}'", named.display()), snapshots.display(), remedy))
        }
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression: `latest` and a version were no arguments of audit, diff and publish.
    #[test]
    fn a_version_of_the_data_directory_is_a_snapshot() {
        let dir = tempfile::tempdir().unwrap();
        let snapshots = dir.path().join("snapshots");
        let version = "2026-11-28-0123abcd";
        std::fs::create_dir_all(snapshots.join(version)).unwrap();
        std::fs::write(snapshots.join("latest.json"), format!("{{\"version\": \"{version}\"}}")).unwrap();
        for named in [version, "latest"] {
            assert!(snapshot_named(&snapshots, Path::new(named)).unwrap().ends_with(version), "{named}");
        }
        let said = snapshot_named(&snapshots, Path::new("2020-01-01-00000000")).unwrap_err().to_string();
        assert!(said.contains(version) && said.contains("way out"), "{said}");
        assert!(snapshot_named(&snapshots, &snapshots.join("nowhere")).is_err());
    }

    /// Regression: `history` of a directory of links, as caches of downloads have them, found no snapshots. What is removed is still looked for
    /// among directories alone.
    #[cfg(unix)]
    #[test]
    fn links_to_snapshots_are_snapshots_to_readers() {
        let dir = tempfile::tempdir().unwrap();
        let (own, linked) = ("2026-11-28-0123abcd", "2026-11-27-0123abcd");
        for made in [dir.path().join(own), dir.path().join("cache/x")] {
            std::fs::create_dir_all(made).unwrap();
        }
        for (to, name) in [("cache/x", linked), ("cache/x", "latest"), ("nowhere", "2026-11-26-0123abcd")] {
            std::os::unix::fs::symlink(dir.path().join(to), dir.path().join(name)).unwrap();
        }
        assert_eq!(all_snapshots(dir.path()).unwrap(), [own, linked].map(|name| dir.path().join(name)));
        assert_eq!(versions(dir.path()).unwrap(), [own]);
    }
}
