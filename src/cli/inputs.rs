//! What a snapshot was made from, as far as it is at hand: files given or fetched, old crawls, the sample of the binary.

use super::Cli;
use super::compose::fetch_settings;
use super::download::fetch_input;
use hugging_carbon::error::{IoContext, Result};
use hugging_carbon::hub;
use hugging_carbon::hub::FileKind;
use hugging_carbon::hub::live::remote::RepoId;
use hugging_carbon::hub::live::store::Store;
use hugging_carbon::reference::Reference;
use hugging_carbon::stages::fetch::{EMBEDDED_CARDS, EMBEDDED_SAMPLE, found_roots, inputs};
use hugging_carbon::stages::ingest::Input;
use hugging_carbon::stages::snapshot::manifest::{FORMAT_VERSION, Manifest};
use hugging_carbon::store::{sha256_bytes, sha256_file};
use hugging_carbon::tables::batches::find_batch_files;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Inputs that are at hand, by digest.
pub struct AtHand {
    files: BTreeMap<String, PathBuf>,
    recordings: BTreeMap<String, PathBuf>,
    embedded: BTreeMap<String, &'static [u8]>,
    stores: Vec<Store>,
}

impl AtHand {
    /// Looks at the source and the cards, or the evidence, of the command line, and at what was fetched into the data directory and,
    /// if that is another, into the one in which a snapshot lies.
    pub fn look(cli: &Cli, snapshot: Option<&Path>) -> Result<Self> {
        let settings = fetch_settings(cli)?;
        let (mut files, mut recordings) = (BTreeMap::new(), BTreeMap::new());
        let real = |path: &Path| std::fs::canonicalize(path).at_path("cannot read", path);
        let [index_root, cards_root, evidence_root] = found_roots(&settings);
        if let Some(path) = index_root.filter(|p| p.exists()) {
            for file in hub::find_files(&path)?.files {
                let kept = if file.kind == FileKind::Recording { &mut recordings } else { &mut files };
                kept.insert(hub::file_digest(&file)?, real(&file.path)?);
            }
        }
        if let Some(path) = cards_root.filter(|p| p.exists()) {
            for (_, file) in hub::find_card_files(&path)?.files {
                files.insert(sha256_file(&file)?, real(&file)?);
            }
        }
        if let Some(path) = evidence_root.filter(|p| p.exists()) {
            for (_, file) in find_batch_files(&path)? {
                files.insert(sha256_file(&file)?, real(&file)?);
            }
        }
        let mut stores = Vec::new();
        for hub in hubs(settings.hub_dir, snapshot) {
            let Some(store) = inputs::fetched(&hub)? else { continue };
            for (digest, journal) in inputs::recorded(&hub)? {
                if inputs::is_whole(&store, &journal) {
                    recordings.insert(digest, real(&journal)?);
                }
            }
            stores.push(store);
        }
        let embedded = [EMBEDDED_SAMPLE, EMBEDDED_CARDS].map(|bytes| (sha256_bytes(bytes), bytes));
        Ok(Self { files, recordings, embedded: embedded.into(), stores })
    }

    /// Whether an input is at hand.
    pub fn has(&self, input: &Input) -> bool {
        let digest = &input.sha256;
        self.files.contains_key(digest)
            || self.recordings.contains_key(digest)
            || self.embedded.contains_key(digest)
            || self.holder(digest).is_some()
    }

    /// The store that holds what has this digest.
    fn holder(&self, digest: &str) -> Option<&Store> {
        self.stores.iter().find(|store| store.path(digest).exists())
    }

    /// The journal of the crawl that an input is.
    pub fn recording(&self, input: &Input) -> Option<&Path> {
        self.recordings.get(&input.sha256).map(PathBuf::as_path)
    }

    /// Packs a crawl or its cards into a directory for upload; false if the input is neither.
    pub fn pack(&self, input: &Input, into: &Path) -> Result<bool> {
        let digest = &input.sha256;
        if let Some(journal) = self.recordings.get(digest) {
            let Some(store) = self.stores.iter().find(|store| inputs::is_whole(store, journal)) else { return Ok(false) };
            return inputs::pack(store, journal, digest, into).map(|()| true);
        }
        let Some(store) = self.holder(digest) else { return Ok(false) };
        let target = into.join(inputs::file_name(digest));
        fs_err::write(&target, store.get(digest)?).at_path("cannot write", &target).map(|()| true)
    }

    /// Takes what is not at hand from where `publish --with-inputs` put it, into `hub`.
    pub fn fetch_missing(&mut self, cli: &Cli, repo: &RepoId, version: &str, manifest: &Manifest, hub: &Path) -> Result<()> {
        for input in &manifest.inputs {
            if self.has(input) {
                continue;
            }
            let path = fetch_input(cli, repo, version, input, hub)?;
            let path = std::fs::canonicalize(&path).at_path("cannot read", &path)?;
            let kept = if input.name == inputs::RECORDING_NAME { &mut self.recordings } else { &mut self.files };
            kept.insert(input.sha256.clone(), path);
        }
        Ok(())
    }

    /// Lays an input down as `target`; false if it is not at hand.
    pub fn lay_down(&self, input: &Input, target: &Path) -> Result<bool> {
        let digest = &input.sha256;
        if let Some(path) = self.files.get(digest) {
            return link_or_copy(path, target).map(|()| true);
        }
        let stored = self.holder(digest).map(|store| store.get(digest)).transpose()?;
        match stored.as_deref().or_else(|| self.embedded.get(digest).copied()) {
            Some(bytes) => fs_err::write(target, bytes).at_path("cannot write", target).map(|()| true),
            None => Ok(false),
        }
    }
}

/// Where things were fetched to: in the data directory, and in the one whose `snapshots` holds a snapshot. Whoever names that by its path
/// need not name its data directory, too.
fn hubs(own: PathBuf, snapshot: Option<&Path>) -> Vec<PathBuf> {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    let data_dir = snapshot.and_then(real).and_then(|snapshot| snapshot.parent()?.parent().map(Path::to_owned));
    let beside = data_dir.map(|dir| dir.join("hub")).filter(|hub| hub.is_dir() && real(hub) != real(&own));
    [Some(own), beside].into_iter().flatten().collect()
}

/// A link, or a copy where there can be none.
fn link_or_copy(path: &Path, target: &Path) -> Result<()> {
    match std::os::unix::fs::symlink(path, target) {
        Ok(()) => Ok(()),
        Err(_) => fs_err::copy(path, target).map(|_| ()).at_path("cannot create", target),
    }
}

/// How this program differs from the one a snapshot was made with; none if a rebuild can give the same bytes.
pub fn other_program(manifest: &Manifest, reference: &Reference) -> Option<String> {
    if manifest.format_version != FORMAT_VERSION {
        return Some(format!("the snapshot has format {}, this program writes format {FORMAT_VERSION}", manifest.format_version));
    }
    let ours = env!("CARGO_PKG_VERSION");
    if manifest.crate_version != ours {
        return Some(format!("the snapshot was made by hugging-carbon {}, this is {ours}", manifest.crate_version));
    }
    let other: Vec<&str> =
        manifest.reference_files.iter().filter(|(n, d)| reference.digests.get(*n) != Some(d)).map(|(n, _)| n.as_str()).collect();
    (!other.is_empty()).then(|| format!("this build has other reference tables: {}", other.join(", ")))
}
