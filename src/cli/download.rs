//! What the Hub holds of a snapshot: its files, `owner/name@revision`, and the crawl it was made from, taken into the Hub's cache.

use super::Cli;
use hugging_carbon::error::{Error, IoContext, Result};
use hugging_carbon::hub::live::client::{Caps, Client};
use hugging_carbon::hub::live::clock::SystemClock;
use hugging_carbon::hub::live::dataset::{self, PinnedFile};
use hugging_carbon::hub::live::environment::Environment;
use hugging_carbon::hub::live::fetch::{Fetcher, Patience};
use hugging_carbon::hub::live::remote::RepoId;
use hugging_carbon::stages::fetch::inputs;
use hugging_carbon::stages::ingest::Input;
use hugging_carbon::stages::snapshot::manifest::Manifest;
use hugging_carbon::store::sha256_file;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Time without progress after which the Hub is given up: somebody waits for it.
const PATIENCE: Duration = Duration::from_secs(300);

/// Takes files of one repository.
struct Taker<'r> {
    environment: Environment,
    client: Option<Client>,
    repo: &'r RepoId,
}

impl<'r> Taker<'r> {
    fn new(cli: &Cli, repo: &'r RepoId) -> Result<Self> {
        let environment = Environment::from_process(&cli.global.data_dir.join("hub"))?;
        // Offline there is no client: the cache is all there is.
        let client = if environment.offline {
            None
        } else {
            Some(Client::new(&environment, Caps::default(), Arc::new(SystemClock::default()))?)
        };
        Ok(Self { environment, client, repo })
    }

    fn file(&self, revision: &str, name: &str) -> Result<PinnedFile> {
        let patience = Patience { patience: PATIENCE, ..Patience::default() };
        let mut fetcher = self.client.as_ref().map(|client| Fetcher::new(client, patience));
        dataset::fetch(fetcher.as_mut(), &self.environment, self.repo, revision, name, patience, Arc::new(|_, _| ()))
    }
}

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

    /// The repository of its inputs.
    pub fn inputs(&self) -> RepoId {
        inputs_repo(&self.repo)
    }

    /// Downloads its files, or finds them in the cache, and returns the directory they are in.
    pub fn download(&self, cli: &Cli) -> Result<PathBuf> {
        let taker = Taker::new(cli, &self.repo)?;
        let first = taker.file(&self.revision, "manifest.json")?;
        let text = fs_err::read(&first.path).at_path("cannot read", &first.path)?;
        let manifest = Manifest::parse(&text, &format!("{}@{}", self.repo, self.revision))?;
        let tables = manifest.tables.keys().map(|table| format!("{table}.parquet"));
        for name in tables.chain(manifest.documents.keys().cloned()) {
            taker.file(&first.commit, &name)?;
        }
        let dir = first.path.parent().ok_or_else(|| Error::Internal("a file of the cache is in no directory".into()))?;
        Ok(dir.to_owned())
    }
}

/// Where `publish --with-inputs` puts the inputs of what is in a repository.
pub fn inputs_repo(repo: &RepoId) -> RepoId {
    RepoId { owner: repo.owner.clone(), name: format!("{}-inputs", repo.name) }
}

/// Takes an input of a published version by its digest and lays it down below `hub`. Returns the file, or the journal of a crawl.
pub fn fetch_input(cli: &Cli, repo: &RepoId, version: &str, input: &Input, hub: &Path) -> Result<PathBuf> {
    let taker = Taker::new(cli, repo)?;
    if input.name != inputs::RECORDING_NAME {
        let file = taker.file(version, &inputs::file_name(&input.sha256))?.path;
        if sha256_file(&file)? != input.sha256 {
            return Err(Error::Verification(format!("{repo} holds another file than the pinned input {}", input.name)));
        }
        return Ok(file);
    }
    let [journal, pages] = inputs::packed_names(&input.sha256);
    inputs::unpack(&taker.file(version, &journal)?.path, &taker.file(version, &pages)?.path, &input.sha256, hub)
}
