//! `audit`: verify digests, rebuild from the pinned inputs in a clean directory, compare byte for byte.

use super::beside::snapshot_named;
use super::compose::{Access, Pipeline};
use super::download::RemoteSnapshot;
use super::inputs::{AtHand, other_program};
use super::{Cli, print, resolve};
use hugging_carbon::config::{Config, LimitsConfig};
use hugging_carbon::engine::{Declared, Reports, Wanted};
use hugging_carbon::error::{Error, IoContext, Result};
use hugging_carbon::hub::live::remote::RepoId;
use hugging_carbon::reference::{EXTRA_GRID, Reference};
use hugging_carbon::stages::ingest::{Input, InputKind};
use hugging_carbon::stages::snapshot::manifest::Manifest;
use hugging_carbon::stages::snapshot::{Publication, is_version_name, verify_copy, verify_files};
use hugging_carbon::store::sha256_file;
use std::path::{Path, PathBuf};

/// Audits a snapshot.
pub fn audit(cli: &Cli, snapshot: &Path, verify_only: bool, inputs: Option<&str>) -> Result<()> {
    let remote = RemoteSnapshot::parse(snapshot);
    let snapshot = match &remote {
        Some(remote) => remote.download(cli)?,
        None => snapshot_named(&cli.global.data_dir.join("snapshots"), snapshot)?,
    };
    // What is published is whole; who has taken a copy may have left documents behind.
    let (name, manifest, absent) = match &remote {
        Some(_) => verify_files(&snapshot).map(|(name, manifest)| (name, manifest, Vec::new()))?,
        None => verify_copy(&snapshot)?,
    };
    if let Some(remote) = remote.as_ref().filter(|remote| is_version_name(&remote.revision) && remote.revision != name) {
        return Err(Error::Verification(format!("the tag {} holds the snapshot {name}", remote.revision)));
    }
    let left = if absent.is_empty() { String::new() } else { format!("; not in this copy: {}", absent.join(", ")) };
    print(&format!(
        "{name}: every file agrees with the manifest, {} tables, {} documents{left}\n",
        manifest.tables.len(),
        manifest.documents.len() - absent.len()
    ))?;
    if verify_only {
        return Ok(());
    }
    let extra_grid = resolve(cli)?.config.reference.extra_grid;
    let reference = Reference::load_with(extra_grid.as_deref().filter(|_| manifest.reference_files.contains_key(EXTRA_GRID)))?;
    // A rebuild only means something with the program and the reference tables the snapshot was made with.
    if let Some(other) = other_program(&manifest, &reference) {
        return Err(Error::input(other, "manifest.json", "audit with the build it was made with, or use --verify-only"));
    }
    let clean = tempfile::tempdir().at_path("cannot create", std::env::temp_dir())?;
    let mut at_hand = AtHand::look(cli, Some(&snapshot))?;
    let inputs = inputs.map(RepoId::parse).transpose()?.or_else(|| remote.as_ref().map(RemoteSnapshot::inputs));
    if let Some(repo) = inputs.filter(|_| manifest.inputs.iter().any(|input| !at_hand.has(input))) {
        at_hand.fetch_missing(cli, &repo, &name, &manifest, &clean.path().join("inputs"))?;
    }
    let pipeline = Pipeline::new(
        config_of(&manifest, &at_hand, clean.path())?,
        reference,
        clean.path(),
        Access { is_rebuild: true, ..Access::default() },
        Reports::default(),
    );
    pipeline.run(Wanted { from: None, until: Publication::NAME }, false)?;
    let differing = differences(&manifest, &absent, &snapshot, &pipeline.published()?)?;
    if differing.is_empty() {
        return print(&format!("{name}: rebuilt from its pinned inputs, the same bytes\n"));
    }
    Err(Error::Verification(format!("{name}: the rebuild differs in {}", differing.join(", "))))
}

/// The pinned configuration, reading the pinned inputs from a clean directory.
fn config_of(manifest: &Manifest, at_hand: &AtHand, clean: &Path) -> Result<Config> {
    let [source, cards, evidence] = ["source", "cards", "evidence"].map(|name| clean.join(name));
    gather_inputs(at_hand, manifest, |kind| match kind {
        InputKind::Index => &source,
        InputKind::Cards => &cards,
        InputKind::Evidence => &evidence,
    })?;
    let mut pinned = manifest.config.clone();
    pinned["source"]["path"] = serde_json::json!(source);
    let mut config = Config::from_pinned(pinned).map_err(|e| Error::Verification(format!("manifest.json: config: {e}")))?;
    // A single file is given as itself, several as their directory, so that their names come out the same.
    let place = |kind: InputKind, dir: PathBuf| {
        let names: Vec<&str> = manifest.inputs.iter().filter(|i| i.kind == kind).map(|i| i.name.as_str()).collect();
        match names.as_slice() {
            [] => None,
            [one] => Some(dir.join(one)),
            _ => Some(dir),
        }
    };
    // A crawl is read from where it lies: its pages are there.
    let recording = manifest.inputs.iter().find_map(|input| at_hand.recording(input));
    // What was published was within its limits.
    config.limits = LimitsConfig { max_quarantine_fraction: 1.0, max_shrink_fraction: 1.0 };
    config.source.path = recording.map(Path::to_owned).or_else(|| place(InputKind::Index, source));
    config.cards.path = place(InputKind::Cards, cards);
    config.cards.evidence = place(InputKind::Evidence, evidence);
    Ok(config)
}

/// Files of a snapshot that a rebuild gave other bytes, but for documents that are not in this copy.
fn differences(manifest: &Manifest, absent: &[String], snapshot: &Path, rebuilt: &Path) -> Result<Vec<String>> {
    let tables = manifest.tables.keys().map(|table| (format!("{table}.parquet"), format!("table '{table}'")));
    let documents = manifest.documents.keys().filter(|name| !absent.contains(name)).map(String::as_str);
    let documents = documents.chain(["manifest.json"]).map(|name| (name.to_owned(), name.to_owned()));
    let mut differing = Vec::new();
    for (file, shown) in tables.chain(documents) {
        if sha256_file(&snapshot.join(&file))? != sha256_file(&rebuilt.join(&file))? {
            differing.push(shown);
        }
    }
    Ok(differing)
}

/// Lays the pinned inputs, found by digest, under their pinned names into the directory of their kind.
fn gather_inputs<'d>(at_hand: &AtHand, manifest: &Manifest, directory: impl Fn(InputKind) -> &'d Path) -> Result<()> {
    for input in manifest.inputs.iter().filter(|input| at_hand.recording(input).is_none()) {
        let into = directory(input.kind);
        let target = into.join(safe_name(input)?);
        let parent = target.parent().unwrap_or(into);
        fs_err::create_dir_all(parent).at_path("cannot create", parent)?;
        if !at_hand.lay_down(input, &target)? {
            return Err(Error::input(
                format!("the pinned input '{}' (sha256 {}) is not at hand", input.name, input.sha256),
                "manifest.json",
                "pass the files the snapshot was made from with --source and --cards (or --evidence), the data directory that has its crawl with \
                 --data-dir, or a repository that holds them with --inputs, or use --verify-only",
            ));
        }
    }
    Ok(())
}

/// A manifest is input like any other: a name that climbs out of the directory is refused.
fn safe_name(input: &Input) -> Result<&Path> {
    let path = Path::new(&input.name);
    let plain = path.components().all(|c| matches!(c, std::path::Component::Normal(_)));
    if plain && !input.name.is_empty() {
        return Ok(path);
    }
    Err(Error::Verification(format!("manifest.json: input name '{}' is no plain file name", input.name)))
}
