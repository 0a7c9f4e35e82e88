//! fetch: from what is configured to the files that ingest reads, pinned by digest and, where they come from a repository, by commit.
//!
//! It writes no table. What it tells is which files there are: two runs whose files have the same names, digests and commit are the same
//! to every later stage, wherever the files lie. Everything fetched is below one directory, `<data-dir>/hub`.

mod cards;
mod dataset;
pub mod inputs;
mod listing;

pub use cards::Cohort;
pub use dataset::DatasetFile;

use crate::engine::{self, Inputs, Outputs, Stage, stage};
use crate::error::{Error, IoContext, Result};
use crate::hub;
use crate::hub::live::client::{Caps, Client};
use crate::hub::live::clock::SystemClock;
use crate::hub::live::environment::Environment;
use crate::hub::live::fetch::Patience;
use crate::store::{sha256_bytes, sha256_file, write_atomically};
use crate::tables::batches::find_batch_files;
use fs_err as fs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The sample that is part of the binary: what a run without any configuration reads.
pub const EMBEDDED_SAMPLE: &[u8] = include_bytes!("../../../data/sample/models.jsonl");
/// Its file name, the same as in `data/sample`.
const EMBEDDED_NAME: &str = "models.jsonl";
/// The sample's cards, which state published facts in our own words.
pub const EMBEDDED_CARDS: &[u8] = include_bytes!("../../../data/sample/cards/cards.jsonl");
/// Their file name.
const EMBEDDED_CARDS_NAME: &str = "cards.jsonl";
/// What is said while nothing was fetched.
const NOTHING_YET: &str = "nothing was fetched from the Hub yet";

stage! {
    /// Fetches or finds the index and the cards, and pins them.
    struct Fetch = "fetch" version 1
    reads []
    writes []
    follows []
}

/// What the stage reads.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Where the index comes from.
    pub index: IndexSource,
    /// Where the cards come from.
    pub cards: CardsSource,
    /// Directory of what is fetched.
    #[serde(skip)]
    pub hub_dir: PathBuf,
    /// Directory in which the sample of the binary is laid down.
    #[serde(skip)]
    pub sample_dir: PathBuf,
    /// Whether the network may be used.
    #[serde(skip)]
    pub network: Network,
    /// Digests of the inputs that snapshots were made from: they are kept. None if that is not known; then everything is.
    #[serde(skip)]
    pub pinned_inputs: Option<BTreeSet<String>>,
}

/// Whether the network may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Fetch what is due.
    Use,
    /// Find what was fetched before.
    Leave,
}

/// Where the index comes from.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IndexSource {
    /// The sample of the binary.
    Sample,
    /// A file or directory, and the `owner/name@commit` it was taken at.
    Path {
        /// File or directory. Not part of the fingerprint: the files' digests are.
        #[serde(skip)]
        path: PathBuf,
        /// Repository and commit.
        revision: Option<String>,
    },
    /// The listing of the live Hub.
    Listing(ListingSettings),
    /// A file of a dataset repository.
    Dataset(DatasetFile),
}

/// How the listing is crawled.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ListingSettings {
    /// Records per page.
    pub page_size: u32,
    /// A recording younger than this is not crawled again.
    pub max_age_hours: u64,
    /// Whether a crawl may build on the one before.
    pub incremental: bool,
    /// Seconds without progress after which a fetch gives up.
    pub patience_s: u64,
}

/// Where the cards come from.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CardsSource {
    /// No cards.
    None,
    /// The sample of the binary.
    Sample,
    /// A file or directory.
    Path(#[serde(skip)] PathBuf),
    /// A file or directory of evidence that was made of the cards elsewhere.
    Evidence(#[serde(skip)] PathBuf),
    /// A file of a dataset repository.
    Dataset(DatasetFile),
    /// The live Hub, those of the cohort of the crawled listing.
    Cohort(Cohort),
}

/// The pinned sources.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PinnedSources {
    /// Files of the index.
    pub index: PinnedFiles,
    /// Files of the cards.
    pub cards: Option<PinnedFiles>,
    /// Files of evidence that was made of the cards elsewhere.
    #[serde(default)]
    pub evidence: Option<PinnedFiles>,
    /// Commit of the index, when it is a file of a dataset repository.
    pub commit: Option<String>,
}

/// Files below one path.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PinnedFiles {
    /// File or directory.
    pub root: PathBuf,
    /// Name and SHA-256 of every file.
    pub files: Vec<(String, String)>,
    /// `owner/name@commit`.
    pub revision: Option<String>,
}

impl engine::Facts for PinnedSources {
    /// Of names, digests and commit; where the files lie is no news.
    fn fingerprint(&self) -> Result<String> {
        let files = |pinned: &PinnedFiles| (pinned.files.clone(), pinned.revision.clone());
        let parts = (files(&self.index), self.cards.as_ref().map(files), self.evidence.as_ref().map(files), self.commit.clone());
        Ok(sha256_bytes(&serde_json::to_vec(&parts).map_err(|e| Error::Internal(format!("facts of fetch: {e}")))?))
    }
}

impl Stage for Fetch {
    type Settings = Settings;
    type References = ();
    type Facts = PinnedSources;

    fn run(inputs: &Inputs<'_, Self>, _outputs: &mut Outputs<'_, Self>) -> Result<PinnedSources> {
        let settings = inputs.settings();
        let (index, commit) = match settings.network {
            Network::Use => fetch_index(settings, inputs.interactive())?,
            Network::Leave => found_index(settings, true)?.ok_or_else(|| {
                Error::input(NOTHING_YET, settings.hub_dir.display(), "run: hugging-carbon ingest, or hugging-carbon run")
            })?,
        };
        let cards = match settings.network {
            Network::Use => fetch_cards(settings, &index.root, inputs.interactive())?,
            Network::Leave => found_cards(settings, true)?,
        };
        Ok(PinnedSources { index, cards, evidence: settings.found_evidence()?, commit })
    }

    fn outdated(inputs: &Inputs<'_, Self>, facts: &PinnedSources) -> Result<Option<String>> {
        let settings = inputs.settings();
        if settings.network == Network::Use && settings.asks_the_hub() {
            return Ok(Some("the Hub is asked for what is due".into()));
        }
        let Some((index, _)) = found_index(settings, false)? else { return Ok(Some(NOTHING_YET.into())) };
        let (cards, evidence) = (found_cards(settings, false)?, settings.found_evidence()?);
        let files = |pinned: &Option<PinnedFiles>| pinned.as_ref().map(|p| p.files.clone()).unwrap_or_default();
        Ok(changed("source", &facts.index.files, &index.files)
            .or_else(|| changed("cards", &files(&facts.cards), &files(&cards)))
            .or_else(|| changed("evidence", &files(&facts.evidence), &files(&evidence))))
    }
}

/// The first file that is not as it was.
fn changed(what: &str, before: &[(String, String)], now: &[(String, String)]) -> Option<String> {
    let differs = |a: &[(String, String)], b: &[(String, String)]| a.iter().find(|file| !b.contains(file)).map(|f| f.0.clone());
    differs(now, before).or_else(|| differs(before, now)).map(|name| format!("{what} {name} changed"))
}

impl Settings {
    fn asks_the_hub(&self) -> bool {
        let index = match self.index {
            IndexSource::Listing(_) | IndexSource::Dataset(_) => true,
            IndexSource::Sample | IndexSource::Path { .. } => false,
        };
        index
            || match self.cards {
                CardsSource::Dataset(_) | CardsSource::Cohort(_) => true,
                CardsSource::None | CardsSource::Sample | CardsSource::Path(_) | CardsSource::Evidence(_) => false,
            }
    }

    /// The sample's index, laid down as a file. Its digest is known without that: looking writes nothing.
    fn sample(&self, lay_down: bool) -> Result<PinnedFiles> {
        let root = self.sample_dir.join("index");
        embedded(root, EMBEDDED_NAME, EMBEDDED_SAMPLE, lay_down)
    }

    /// The evidence, where it is what stands for the cards.
    fn found_evidence(&self) -> Result<Option<PinnedFiles>> {
        let CardsSource::Evidence(root) = &self.cards else { return Ok(None) };
        let files = find_batch_files(root)?.into_iter().map(|(name, file)| Ok((name, sha256_file(&file)?)));
        Ok(Some(PinnedFiles { root: root.clone(), files: files.collect::<Result<_>>()?, revision: None }))
    }

    fn sample_cards(&self, lay_down: bool) -> Result<PinnedFiles> {
        embedded(self.sample_dir.join("cards"), EMBEDDED_CARDS_NAME, EMBEDDED_CARDS, lay_down)
    }
}

fn embedded(root: PathBuf, name: &str, content: &[u8], lay_down: bool) -> Result<PinnedFiles> {
    let file = root.join(name);
    if lay_down && fs::read(&file).ok().as_deref() != Some(content) {
        fs::create_dir_all(&root).at_path("cannot create", &root)?;
        write_atomically(&file, content)?;
    }
    Ok(PinnedFiles { root, files: vec![(name.to_owned(), sha256_bytes(content))], revision: None })
}

fn pin_index(root: &Path, revision: Option<String>) -> Result<PinnedFiles> {
    let files = hub::find_files(root)?.files.into_iter().map(|file| Ok((file.name.clone(), hub::file_digest(&file)?)));
    Ok(PinnedFiles { root: root.to_owned(), files: files.collect::<Result<_>>()?, revision })
}

fn pin_cards(root: &Path) -> Result<PinnedFiles> {
    let files = hub::find_card_files(root)?.files.into_iter().map(|(name, file)| Ok((name, sha256_file(&file)?)));
    Ok(PinnedFiles { root: root.to_owned(), files: files.collect::<Result<_>>()?, revision: None })
}

fn pin_dataset(wanted: &DatasetFile, pinned: dataset::Pinned) -> Result<(PinnedFiles, Option<String>)> {
    let revision = pinned.commit.as_ref().map(|commit| format!("{}@{commit}", wanted.repo));
    Ok((pin_index(&pinned.path, revision)?, pinned.commit))
}

fn fetch_index(settings: &Settings, interactive: bool) -> Result<(PinnedFiles, Option<String>)> {
    match &settings.index {
        IndexSource::Sample => Ok((settings.sample(true)?, None)),
        IndexSource::Path { path, revision } => Ok((pin_index(path, revision.clone())?, None)),
        IndexSource::Listing(listing) => {
            let journal = listing::fetch_listing(listing, &settings.hub_dir, interactive)?;
            if let Some(pinned) = &settings.pinned_inputs {
                let pruned = inputs::prune(&settings.hub_dir, pinned, false)?;
                let inputs::Pruned { recordings, objects, bytes } = pruned;
                tracing::debug!(recordings, objects, bytes, "what no snapshot was made from is removed");
            }
            Ok((pin_index(&journal, None)?, None))
        }
        IndexSource::Dataset(wanted) => {
            pin_dataset(wanted, dataset::fetch_pinned("index", wanted, &settings.hub_dir, interactive)?)
        }
    }
}

fn found_index(settings: &Settings, lay_down: bool) -> Result<Option<(PinnedFiles, Option<String>)>> {
    Ok(match &settings.index {
        IndexSource::Sample => Some((settings.sample(lay_down)?, None)),
        IndexSource::Path { path, revision } => Some((pin_index(path, revision.clone())?, None)),
        IndexSource::Listing(_) => match listing::recorded_listing(&settings.hub_dir) {
            Some(journal) => Some((pin_index(&journal, None)?, None)),
            None => None,
        },
        IndexSource::Dataset(wanted) => match dataset::recorded_pin("index", wanted, &settings.hub_dir) {
            Some(pinned) => Some(pin_dataset(wanted, pinned)?),
            None => None,
        },
    })
}

fn fetch_cards(settings: &Settings, index: &Path, interactive: bool) -> Result<Option<PinnedFiles>> {
    match &settings.cards {
        CardsSource::None | CardsSource::Evidence(_) => Ok(None),
        CardsSource::Sample => settings.sample_cards(true).map(Some),
        CardsSource::Path(path) => pin_cards(path).map(Some),
        CardsSource::Dataset(wanted) => {
            let pinned = dataset::fetch_pinned("cards", wanted, &settings.hub_dir, interactive)?;
            pin_cards(&pinned.path).map(Some)
        }
        CardsSource::Cohort(cohort) => {
            let patience_s = match settings.index {
                IndexSource::Listing(listing) => listing.patience_s,
                IndexSource::Sample | IndexSource::Path { .. } | IndexSource::Dataset(_) => 0,
            };
            cards::fetch_cohort_cards(cohort, patience_s, &settings.hub_dir, index, interactive)?
                .map(|file| pin_cards(&file))
                .transpose()
        }
    }
}

/// Where index, cards and evidence are that were given or fetched before; nothing for what is part of the binary.
#[must_use]
pub fn found_roots(settings: &Settings) -> [Option<PathBuf>; 3] {
    let index = match &settings.index {
        IndexSource::Sample => None,
        IndexSource::Path { path, .. } => Some(path.clone()),
        IndexSource::Listing(_) => listing::recorded_listing(&settings.hub_dir),
        IndexSource::Dataset(wanted) => dataset::recorded_pin("index", wanted, &settings.hub_dir).map(|pinned| pinned.path),
    };
    let evidence = match &settings.cards {
        CardsSource::Evidence(root) => Some(root.clone()),
        CardsSource::None | CardsSource::Sample | CardsSource::Path(_) | CardsSource::Dataset(_) | CardsSource::Cohort(_) => None,
    };
    [index, found_cards_root(settings), evidence]
}

fn found_cards_root(settings: &Settings) -> Option<PathBuf> {
    match &settings.cards {
        CardsSource::None | CardsSource::Sample | CardsSource::Evidence(_) => None,
        CardsSource::Path(path) => Some(path.clone()),
        CardsSource::Dataset(wanted) => dataset::recorded_pin("cards", wanted, &settings.hub_dir).map(|pinned| pinned.path),
        CardsSource::Cohort(_) => cards::recorded_cards(&settings.hub_dir),
    }
}

fn found_cards(settings: &Settings, lay_down: bool) -> Result<Option<PinnedFiles>> {
    if let CardsSource::Sample = settings.cards {
        return settings.sample_cards(lay_down).map(Some);
    }
    found_cards_root(settings).map(|root| pin_cards(&root)).transpose()
}

fn patience(seconds: u64) -> Patience {
    Patience { patience: Duration::from_secs(seconds), ..Patience::default() }
}

fn client(environment: &Environment, caps: Caps) -> Result<Client> {
    Client::new(environment, caps, Arc::new(SystemClock::default()))
}

fn nothing_fetched(what: &str) -> Error {
    Error::network(
        format!("HF_HUB_OFFLINE is set, and no {what} was fetched before"),
        "the data directory's hub/",
        "run once with the network, or use source.kind = \"file\"",
    )
}
