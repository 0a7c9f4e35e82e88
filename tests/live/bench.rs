//! A workspace with a stand-in Hub, a clock of its own and everything a crawl needs.

use crate::stand_in::StandIn;
use crate::stand_in::index::Index;
use hugging_carbon::error::{Error, Result};
use hugging_carbon::hub::live::client::{Caps, Client};
use hugging_carbon::hub::live::clock::VirtualClock;
use hugging_carbon::hub::live::crawl::{Step, Summary, crawl};
use hugging_carbon::hub::live::environment::Environment;
use hugging_carbon::hub::live::fetch::{Counts, Fetcher, Patience};
use hugging_carbon::hub::live::listing::Listing;
use hugging_carbon::hub::live::replay::Recording;
use hugging_carbon::hub::live::store::Store;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// 2026-06-01T00:00:00Z, after everything in the shared index.
pub const NOW: Duration = Duration::from_secs(1_780_272_000);
/// What no file, log or message may hold.
pub const SECRET: &str = "hf_ThisMustNeverBeSeenAnywhere";

pub struct Bench {
    pub hub: StandIn,
    pub dir: tempfile::TempDir,
    pub clock: Arc<VirtualClock>,
    pub caps: Caps,
    pub patience: Patience,
    pub token: Option<&'static str>,
}

impl Bench {
    pub fn new(index: Index) -> Self {
        // fsync costs nothing there, and these tests do it thousands of times.
        let shm = std::path::Path::new("/dev/shm");
        let dir = if shm.is_dir() { tempfile::tempdir_in(shm) } else { tempfile::tempdir() }.unwrap();
        Self {
            hub: StandIn::start(index),
            dir,
            clock: Arc::new(VirtualClock::starting_at(NOW)),
            caps: Caps { idle: Duration::from_secs(5), ..Caps::default() },
            patience: Patience::default(),
            token: None,
        }
    }

    pub fn environment(&self) -> Environment {
        let lookup = |name: &str| match name {
            "HF_ENDPOINT" => Some(self.hub.url.clone()),
            "HF_TOKEN" => self.token.map(ToOwned::to_owned),
            "HF_HOME" => Some(self.dir.path().join("hf").display().to_string()),
            _ => None,
        };
        Environment::from_lookup(lookup, self.dir.path()).unwrap()
    }

    pub fn client(&self) -> Client {
        Client::new(&self.environment(), self.caps, self.clock.clone()).unwrap()
    }

    pub fn store(&self) -> Store {
        Store::open(self.dir.path()).unwrap()
    }

    pub fn journal(&self, name: &str) -> PathBuf {
        self.dir.path().join(format!("{name}.jsonl"))
    }

    /// A listing in pages of `limit`.
    pub fn listing(limit: u32) -> Listing {
        Listing { limit, ..Listing::full(true) }
    }

    pub fn crawl_with(
        &self,
        name: &str,
        listing: &Listing,
        observer: &mut dyn FnMut(Step) -> Result<()>,
    ) -> Result<(Summary, Counts)> {
        let client = self.client();
        let mut fetcher = Fetcher::new(&client, self.patience);
        let summary = crawl(&mut fetcher, &self.environment(), &self.store(), &self.journal(name), listing, observer)?;
        Ok((summary, fetcher.counts()))
    }

    pub fn crawl(&self, name: &str, limit: u32) -> Result<(Summary, Counts)> {
        self.crawl_with(name, &Self::listing(limit), &mut |_| Ok(()))
    }

    pub fn recording(&self, name: &str) -> Recording {
        Recording::open(&self.store(), &self.journal(name)).unwrap()
    }

    pub fn digest(&self, name: &str) -> String {
        self.recording(name).digest().unwrap()
    }
}

/// An observer that stops everything at the `n`th step, as a kill would.
pub fn kill_at(mut n: u64) -> impl FnMut(Step) -> Result<()> {
    move |_| {
        n = n.saturating_sub(1);
        if n == 0 { Err(Error::Internal("killed".into())) } else { Ok(()) }
    }
}
