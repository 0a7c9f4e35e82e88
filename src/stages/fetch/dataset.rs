//! A file of a dataset repository, pinned at a commit.

use super::{client, patience};
use crate::engine::Spinner;
use crate::error::{Error, IoContext, Result};
use crate::hub::live::client::Caps;
use crate::hub::live::dataset;
use crate::hub::live::environment::Environment;
use crate::hub::live::fetch::Fetcher;
use crate::hub::live::remote::RepoId;
use crate::store::write_atomically;
use fs_err as fs;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file of a dataset repository at a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetFile {
    /// owner/name.
    pub repo: String,
    /// File.
    pub file: String,
    /// Branch, tag or commit, as asked for.
    pub revision: String,
    /// Seconds without progress after which a fetch gives up.
    pub patience_s: u64,
}

/// A pinned file in the cache, and the commit it was taken at.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Pinned {
    repo: String,
    file: String,
    revision: String,
    /// Commit.
    pub(super) commit: Option<String>,
    /// Where it is.
    pub(super) path: PathBuf,
}

fn note(hub: &Path, what: &str) -> PathBuf {
    hub.join(format!("pinned-{what}.json"))
}

/// The file that was pinned before, if it is the one asked for and still there.
pub(super) fn recorded_pin(what: &str, wanted: &DatasetFile, hub: &Path) -> Option<Pinned> {
    let pinned: Pinned = serde_json::from_slice(&fs::read(note(hub, what)).ok()?).ok()?;
    let is_wanted = pinned.repo == wanted.repo && pinned.file == wanted.file && pinned.revision == wanted.revision;
    (is_wanted && pinned.path.exists()).then_some(pinned)
}

/// Fetches the file, or finds it in the cache, and notes its commit.
pub(super) fn fetch_pinned(what: &str, wanted: &DatasetFile, hub: &Path, interactive: bool) -> Result<Pinned> {
    let environment = Environment::from_process(hub)?;
    // Offline there is no client: the cache is all there is.
    let client = if environment.offline { None } else { Some(client(&environment, Caps::default())?) };
    let patience = patience(wanted.patience_s);
    let mut fetcher = client.as_ref().map(|client| Fetcher::new(client, patience));
    let repo = RepoId::parse(&wanted.repo)?;
    let teller = Spinner::new(interactive);
    let progress = Arc::new(move |done: u64, of: u64| teller.tell(|| format!("downloading: {} of {} MB", done >> 20, of >> 20)));
    let file = dataset::fetch(fetcher.as_mut(), &environment, &repo, &wanted.revision, &wanted.file, patience, progress)?;
    tracing::info!(
        repo = wanted.repo,
        commit = file.commit,
        bytes = file.bytes,
        sha256 = file.sha256,
        "pinned file is in the cache"
    );
    fs::create_dir_all(hub).at_path("cannot create", hub)?;
    let pinned = Pinned {
        repo: wanted.repo.clone(),
        file: wanted.file.clone(),
        revision: wanted.revision.clone(),
        commit: Some(file.commit),
        path: file.path,
    };
    let text = serde_json::to_vec_pretty(&pinned).map_err(|e| Error::Internal(format!("note of a pinned file: {e}")))?;
    write_atomically(&note(hub, what), &text)?;
    Ok(pinned)
}
