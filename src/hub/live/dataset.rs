//! A pinned file of a dataset repository, through the hf-hub crate and its cache.
//!
//! The crate does the transfer and the layout of the cache. Around it: "main" becomes a commit before anything is fetched; a
//! failed transfer is tried again with patience; and what arrived is checked, because hf-hub 1.0.0 neither looks at the status of
//! the final GET nor at the length: an error page or a cut-off body would stay in the cache as the file.

use crate::error::{Error, IoContext, Result};
use crate::hub::live::client::Want;
use crate::hub::live::environment::Environment;
use crate::hub::live::fetch::{Fetched, Fetcher, Patience};
use crate::hub::live::rate_limit::{Backoff, wait};
use crate::hub::live::remote::{self, RepoId};
use crate::store::{sha256_file, sync_directory, write_synced};
use fs_err as fs;
use hf_hub::HFError;
use hf_hub::progress::{DownloadEvent, ProgressEvent, ProgressHandler};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A file, pinned: what the manifest records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedFile {
    /// Where it is, in the cache.
    pub path: PathBuf,
    /// The commit.
    pub commit: String,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
}

/// Told of progress: bytes so far, bytes in all. Called from the transfer's own thread.
pub type Progress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// Takes `file` of `repo` at `revision` (branch, tag or commit). With `HF_HUB_OFFLINE` only the cache is read, and `fetcher` is not
/// needed.
///
/// # Errors
/// Exit status 4: the repository, revision or file does not exist, or the patience is over, or it is not in the cache while
/// offline. What is in the cache is not what the Hub said it is.
pub fn fetch(
    fetcher: Option<&mut Fetcher<'_>>,
    environment: &Environment,
    repo: &RepoId,
    revision: &str,
    file: &str,
    patience: Patience,
    progress: Progress,
) -> Result<PinnedFile> {
    let place = format!("{repo}@{revision}/{file}");
    let folder = environment.hub_cache.join(format!("datasets--{}--{}", repo.owner, repo.name));
    let commit = match fetcher {
        Some(fetcher) if !environment.offline => {
            let commit = resolve(fetcher, environment, repo, revision)?;
            download(fetcher, environment, repo, &commit, file, patience, progress, &place)?;
            if commit != revision {
                // What the crate leaves out when it is given a commit; without it nobody offline knows what "main" was.
                remember(&folder, revision, &commit)?;
            }
            commit
        }
        _ => cached_commit(environment, &folder, revision, &place)?,
    };
    let path = folder.join("snapshots").join(&commit).join(file);
    if !path.exists() {
        return Err(remote::cache_error(&HFError::LocalEntryNotFound { path: file.to_owned() }, environment, place));
    }
    check(&path, commit)
}

/// The commit a revision is at, now.
///
/// # Errors
/// The repository or the revision does not exist, or the patience is over.
pub fn resolve(fetcher: &mut Fetcher<'_>, environment: &Environment, repo: &RepoId, revision: &str) -> Result<String> {
    if is_commit(revision) {
        return Ok(revision.to_owned());
    }
    let mut url = environment.url(&["api", "datasets", &repo.to_string(), "revision"])?;
    // A revision may have slashes, which are part of one segment here.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.push(revision);
    }
    match fetcher.fetch(&url, Want::Object)? {
        Fetched::Answer(answer) => serde_json::from_slice::<serde_json::Value>(&answer.body)
            .ok()
            .and_then(|info| info.get("sha")?.as_str().map(ToOwned::to_owned))
            .filter(|sha| is_commit(sha))
            .ok_or_else(|| Error::network("the Hub names no commit for this revision", &url, "check HF_ENDPOINT")),
        Fetched::Refused(refusal) => Err(fetcher.refusal(refusal, &url)),
        Fetched::TooLarge { .. } => Err(Error::network("an answer over the size cap", &url, "check HF_ENDPOINT")),
    }
}

fn is_commit(revision: &str) -> bool {
    revision.len() == 40 && revision.bytes().all(|b| b.is_ascii_hexdigit())
}

#[allow(clippy::too_many_arguments)] // One caller; a struct would only rename them.
fn download(
    fetcher: &Fetcher<'_>,
    environment: &Environment,
    repo: &RepoId,
    commit: &str,
    file: &str,
    patience: Patience,
    progress: Progress,
    place: &str,
) -> Result<()> {
    let clock = fetcher.client().clock();
    let mut backoff = Backoff::new(patience.first, patience.longest, patience.patience, clock.now(), 0);
    let repository = remote::repository(&remote::client(environment)?, repo);
    let told = Arc::new(Told { progress, total: AtomicU64::new(u64::MAX), best: AtomicU64::new(0) });
    let mut best = 0;
    loop {
        let result = repository.download_file().filename(file).revision(commit).progress(Arc::clone(&told)).send();
        let reason = match result {
            Ok(path) => {
                let expected = told.total.load(Ordering::SeqCst);
                let length = fs::metadata(&path).at_path("cannot read", &path)?.len();
                if expected == u64::MAX || length == expected {
                    return Ok(());
                }
                forget(&path)?;
                format!("{length} bytes instead of {expected}")
            }
            Err(e) if remote::is_transient(&e) => {
                remote::error(&e, place).to_string().lines().next().unwrap_or_default().to_owned()
            }
            Err(e) => return Err(remote::cache_error(&e, environment, place)),
        };
        // Getting further than before is progress, even though the crate begins a plain file anew each time.
        let reached = told.best.load(Ordering::SeqCst);
        if reached > best {
            best = reached;
            backoff.progress(clock.now());
        }
        let pause: Duration = backoff.failed(None, &reason, place, clock.now())?;
        tracing::warn!(reason, wait_ms = pause.as_millis() as u64, "the download failed, trying again");
        wait(clock, pause);
    }
}

/// Removes a file that is not what it should be from the cache: the link and what it points at.
fn forget(path: &Path) -> Result<()> {
    let blob = std::fs::canonicalize(path).at_path("cannot read", path)?;
    fs::remove_file(path).at_path("cannot remove", path)?;
    if blob != path {
        fs::remove_file(&blob).at_path("cannot remove", &blob)?;
    }
    Ok(())
}

struct Told {
    progress: Progress,
    total: AtomicU64,
    best: AtomicU64,
}

impl ProgressHandler for Told {
    fn on_progress(&self, event: &ProgressEvent) {
        let ProgressEvent::Download(event) = event else { return };
        let done = match event {
            DownloadEvent::Start { total_bytes, .. } => {
                self.total.store(*total_bytes, Ordering::SeqCst);
                0
            }
            DownloadEvent::Progress { files } => files.iter().map(|f| f.bytes_completed).max().unwrap_or(0),
            DownloadEvent::AggregateProgress { bytes_completed, .. } => *bytes_completed,
            DownloadEvent::Complete => return,
        };
        self.best.fetch_max(done, Ordering::SeqCst);
        (self.progress)(done, self.total.load(Ordering::SeqCst));
    }
}

/// Writes `refs/<revision>`, as the official clients do.
fn remember(folder: &Path, revision: &str, commit: &str) -> Result<()> {
    if revision.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
        return Ok(());
    }
    let path = folder.join("refs").join(revision);
    let dir = path.parent().unwrap_or(folder);
    fs::create_dir_all(dir).at_path("cannot create", dir)?;
    // The cache is shared with other programs: each writes under a name of its own.
    let temporary = dir.join(format!(".hugging-carbon-{}", std::process::id()));
    write_synced(&temporary, commit.as_bytes())?;
    fs::rename(&temporary, &path).at_path("cannot rename to", &path)?;
    sync_directory(dir)
}

fn cached_commit(environment: &Environment, folder: &Path, revision: &str, place: &str) -> Result<String> {
    if is_commit(revision) {
        return Ok(revision.to_owned());
    }
    let text = fs::read_to_string(folder.join("refs").join(revision)).unwrap_or_default();
    Some(text.trim().to_owned())
        .filter(|commit| is_commit(commit))
        .ok_or_else(|| remote::cache_error(&HFError::LocalEntryNotFound { path: revision.to_owned() }, environment, place))
}

/// Digests the file. In the cache a large file is named by its SHA-256, which then must agree.
fn check(path: &Path, commit: String) -> Result<PinnedFile> {
    let bytes = fs::metadata(path).at_path("cannot read", path)?.len();
    let sha256 = sha256_file(path)?;
    let blob = std::fs::canonicalize(path).at_path("cannot read", path)?;
    let name = blob.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    if name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit()) && name != sha256 {
        return Err(Error::input(
            format!("the file in the cache has SHA-256 {sha256} and not that of its name"),
            blob.display(),
            "remove that file and run again",
        ));
    }
    Ok(PinnedFile { path: path.to_owned(), commit, sha256, bytes })
}
