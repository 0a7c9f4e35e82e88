//! `audit`: verify digests, rebuild from the pinned inputs in a clean directory, compare byte for byte.

use super::compose::{Access, Pipeline};
use super::download::RemoteSnapshot;
use super::inputs::{AtHand, other_program};
use super::{Cli, print, resolve};
use hugging_carbon::config::Config;
use hugging_carbon::engine::{Declared, Reports, Wanted};
use hugging_carbon::error::{Error, IoContext, Result};
use hugging_carbon::hub::live::remote::RepoId;
use hugging_carbon::reference::{EXTRA_GRID, Reference};
use hugging_carbon::stages::ingest::{Input, InputKind};
use hugging_carbon::stages::snapshot::latest::snapshot_at;
use hugging_carbon::stages::snapshot::manifest::Manifest;
use hugging_carbon::stages::snapshot::{Publication, is_version_name, verify_files};
use hugging_carbon::store::sha256_file;
use hugging_carbon::tables::io::table_path;
use std::path::{Path, PathBuf};

/// Audits a snapshot.
pub fn audit(cli: &Cli, snapshot: &Path, verify_only: bool, inputs: Option<&str>) -> Result<()> {
    let remote = RemoteSnapshot::parse(snapshot);
    let snapshot = match &remote {
        Some(remote) => remote.download(cli)?,
        None => snapshot_at(snapshot)?,
    };
    let (name, manifest) = verify_files(&snapshot)?;
    if let Some(remote) = remote.as_ref().filter(|remote| is_version_name(&remote.revision) && remote.revision != name) {
        return Err(Error::Verification(format!("the tag {} holds the snapshot {name}", remote.revision)));
    }
    print(&format!(
        "{name}: every file agrees with the manifest, {} tables, {} documents\n",
        manifest.tables.len(),
        manifest.documents.len()
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
    let source = clean.path().join("source");
    let cards = clean.path().join("cards");
    let mut at_hand = AtHand::look(cli)?;
    let inputs = inputs.map(RepoId::parse).transpose()?.or_else(|| remote.as_ref().map(RemoteSnapshot::inputs));
    if let Some(repo) = inputs.filter(|_| manifest.inputs.iter().any(|input| !at_hand.has(input))) {
        at_hand.fetch_missing(cli, &repo, &name, &manifest, &clean.path().join("inputs"))?;
    }
    gather_inputs(&at_hand, &manifest, &source, &cards)?;
    let mut config: Config = {
        let mut pinned = manifest.config.clone();
        pinned["source"]["path"] = serde_json::json!(source);
        Config::from_pinned(pinned).map_err(|e| Error::Verification(format!("manifest.json: config: {e}")))?
    };
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
    config.source.path = recording.map(Path::to_owned).or_else(|| place(InputKind::Index, source));
    config.cards.path = place(InputKind::Cards, cards);
    let pipeline = Pipeline::new(config, reference, clean.path(), Access::default(), Reports::default());
    pipeline.run(Wanted { from: None, until: Publication::NAME }, false)?;
    let rebuilt = pipeline.published()?;
    let mut differing = Vec::new();
    for table in manifest.tables.keys() {
        if sha256_file(&table_path(&snapshot, table))? != sha256_file(&table_path(&rebuilt, table))? {
            differing.push(format!("table '{table}'"));
        }
    }
    for document in manifest.documents.keys().map(String::as_str).chain(["manifest.json"]) {
        if sha256_file(&snapshot.join(document))? != sha256_file(&rebuilt.join(document))? {
            differing.push(document.to_owned());
        }
    }
    if differing.is_empty() {
        return print(&format!("{name}: rebuilt from its pinned inputs, the same bytes\n"));
    }
    Err(Error::Verification(format!("{name}: the rebuild differs in {}", differing.join(", "))))
}

/// Lays the pinned inputs, found by digest, under their pinned names into `into`.
fn gather_inputs(at_hand: &AtHand, manifest: &Manifest, index: &Path, cards: &Path) -> Result<()> {
    for input in manifest.inputs.iter().filter(|input| at_hand.recording(input).is_none()) {
        let into = if input.kind == InputKind::Cards { cards } else { index };
        let target = into.join(safe_name(input)?);
        let parent = target.parent().unwrap_or(into);
        fs_err::create_dir_all(parent).at_path("cannot create", parent)?;
        if !at_hand.lay_down(input, &target)? {
            return Err(Error::input(
                format!("the pinned input '{}' (sha256 {}) is not at hand", input.name, input.sha256),
                "manifest.json",
                "pass the files the snapshot was made from with --source and --cards, or a repository that holds them with --inputs, or use \
                 --verify-only",
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
