//! A snapshot of a dataset repository, `owner/name@revision`, taken into the Hub's cache.

use super::Cli;
use hugging_carbon::error::{Error, IoContext, Result};
use hugging_carbon::hub::live::client::{Caps, Client};
use hugging_carbon::hub::live::clock::SystemClock;
use hugging_carbon::hub::live::dataset::{self, PinnedFile};
use hugging_carbon::hub::live::environment::Environment;
use hugging_carbon::hub::live::fetch::{Fetcher, Patience};
use hugging_carbon::hub::live::remote::RepoId;
use hugging_carbon::stages::snapshot::manifest::Manifest;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Time without progress after which the Hub is given up: somebody waits for it.
const PATIENCE: Duration = Duration::from_secs(300);

/// A snapshot in a repository of the Hub.
#[derive(Clone, Debug)]
pub struct RemoteSnapshot {
    repo: RepoId,
    /// Branch, tag or commit.
    pub revision: String,
}

impl RemoteSnapshot {
    /// Reads `owner/name@revision`; none if the text is a path.
    pub fn parse(text: &Path) -> Option<Self> {
        let (repo, revision) = text.to_str().filter(|_| !text.exists())?.split_once('@')?;
        let revision = (!revision.is_empty()).then(|| revision.to_owned())?;
        Some(Self { repo: RepoId::parse(repo).ok()?, revision })
    }

    /// Downloads its files, or finds them in the cache, and returns the directory they are in.
    pub fn download(&self, cli: &Cli) -> Result<PathBuf> {
        let environment = Environment::from_process(&cli.global.data_dir.join("hub"))?;
        let client = if environment.offline {
            None
        } else {
            Some(Client::new(&environment, Caps::default(), Arc::new(SystemClock::default()))?)
        };
        let patience = Patience { patience: PATIENCE, ..Patience::default() };
        let mut fetcher = client.as_ref().map(|client| Fetcher::new(client, patience));
        let mut file = |revision: &str, name: &str| -> Result<PinnedFile> {
            dataset::fetch(fetcher.as_mut(), &environment, &self.repo, revision, name, patience, Arc::new(|_, _| ()))
        };
        let first = file(&self.revision, "manifest.json")?;
        let text = fs_err::read(&first.path).at_path("cannot read", &first.path)?;
        let manifest = Manifest::parse(&text, &format!("{}@{}", self.repo, self.revision))?;
        let tables = manifest.tables.keys().map(|table| format!("{table}.parquet"));
        for name in tables.chain(manifest.documents.keys().cloned()) {
            file(&first.commit, &name)?;
        }
        let dir = first.path.parent().ok_or_else(|| Error::Internal("a file of the cache is in no directory".into()))?;
        Ok(dir.to_owned())
    }
}
