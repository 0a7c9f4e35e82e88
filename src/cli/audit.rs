//! `audit`: verify digests, rebuild from the pinned inputs in a clean directory, compare byte for byte.

use super::compose::{Pipeline, fetch_settings};
use super::{Cli, print, resolve};
use hugging_carbon::config::Config;
use hugging_carbon::engine::{Declared, Wanted};
use hugging_carbon::error::{Error, IoContext, Result};
use hugging_carbon::hub;
use hugging_carbon::reference::{EXTRA_GRID, Reference};
use hugging_carbon::stages::fetch::{EMBEDDED_CARDS, EMBEDDED_SAMPLE, Network, found_roots};
use hugging_carbon::stages::ingest::{Input, InputKind};
use hugging_carbon::stages::snapshot::manifest::{FORMAT_VERSION, Manifest};
use hugging_carbon::stages::snapshot::{LATEST, Publication, verify_files};
use hugging_carbon::store::{sha256_bytes, sha256_file};
use hugging_carbon::tables::io::table_path;
use std::path::{Path, PathBuf};

/// Audits a snapshot.
pub fn audit(cli: &Cli, snapshot: &Path, verify_only: bool) -> Result<()> {
    let snapshot = fs_err::canonicalize(snapshot).at_path("cannot read snapshot", snapshot)?;
    let manifest = verify_files(&snapshot)?;
    let name = snapshot.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
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
    same_program(&manifest, &reference)?;
    let clean = tempfile::tempdir().at_path("cannot create", std::env::temp_dir())?;
    let source = clean.path().join("source");
    let cards = clean.path().join("cards");
    gather_inputs(cli, &manifest, &source, &cards)?;
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
    config.source.path = place(InputKind::Index, source);
    config.cards.path = place(InputKind::Cards, cards);
    let pipeline = Pipeline::new(config, reference, clean.path(), Network::Leave, false);
    pipeline.run(Wanted { from: None, until: Publication::NAME }, false)?;
    let rebuilt = pipeline.snapshots.join(LATEST);
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

/// A rebuild only means something with the program and the reference tables the snapshot was made with.
fn same_program(manifest: &Manifest, reference: &Reference) -> Result<()> {
    if manifest.format_version != FORMAT_VERSION {
        return Err(Error::input(
            format!("the snapshot has format {}, this program writes format {FORMAT_VERSION}", manifest.format_version),
            "manifest.json",
            "audit with the build the snapshot was made with, or use --verify-only",
        ));
    }
    let ours = env!("CARGO_PKG_VERSION");
    if manifest.crate_version != ours {
        return Err(Error::input(
            format!("the snapshot was made by hugging-carbon {}, this is {ours}", manifest.crate_version),
            "manifest.json",
            "audit with that version, or use --verify-only",
        ));
    }
    let other: Vec<&str> =
        manifest.reference_files.iter().filter(|(n, d)| reference.digests.get(*n) != Some(d)).map(|(n, _)| n.as_str()).collect();
    if other.is_empty() {
        return Ok(());
    }
    Err(Error::input(
        format!("this build has other reference tables: {}", other.join(", ")),
        "manifest.json",
        "audit with the build (and the reference.extra_grid) the snapshot was made with, or use --verify-only",
    ))
}

/// Lays the pinned inputs, found by digest, under their pinned names into `into`.
fn gather_inputs(cli: &Cli, manifest: &Manifest, index: &Path, cards: &Path) -> Result<()> {
    let mut available: Vec<(String, PathBuf)> = Vec::new();
    let [index_root, cards_root] = found_roots(&fetch_settings(cli)?);
    if let Some(path) = index_root.filter(|p| p.exists()) {
        for file in hub::find_files(&path)?.files {
            available.push((hub::file_digest(&file)?, fs_err::canonicalize(&file.path).at_path("cannot read", &file.path)?));
        }
    }
    if let Some(path) = cards_root.filter(|p| p.exists()) {
        for (_, file) in hub::find_card_files(&path)?.files {
            available.push((sha256_file(&file)?, fs_err::canonicalize(&file).at_path("cannot read", &file)?));
        }
    }
    for input in &manifest.inputs {
        let into = if input.kind == InputKind::Cards { cards } else { index };
        let target = into.join(safe_name(input)?);
        let parent = target.parent().unwrap_or(into);
        fs_err::create_dir_all(parent).at_path("cannot create", parent)?;
        if let Some((_, path)) = available.iter().find(|(digest, _)| *digest == input.sha256) {
            std::os::unix::fs::symlink(path, &target).at_path("cannot create", &target)?;
        } else if sha256_bytes(EMBEDDED_SAMPLE) == input.sha256 {
            fs_err::write(&target, EMBEDDED_SAMPLE).at_path("cannot write", &target)?;
        } else if sha256_bytes(EMBEDDED_CARDS) == input.sha256 {
            fs_err::write(&target, EMBEDDED_CARDS).at_path("cannot write", &target)?;
        } else {
            return Err(Error::input(
                format!("the pinned input '{}' (sha256 {}) is not at hand", input.name, input.sha256),
                "manifest.json",
                "pass the files the snapshot was made from with --source and --cards, or use --verify-only",
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
