//! `snapshots`, `tag` and `forget`: what there is, what is to stay, and what goes.

use super::beside::PREVIOUS;
use super::inputs::{AtHand, other_program};
use super::text::{bytes, number, table};
use super::{Cli, print, resolve};
use hugging_carbon::engine::Lock;
use hugging_carbon::error::{Error, IoContext, Result};
use hugging_carbon::reference::{EXTRA_GRID, Reference};
use hugging_carbon::stages::fetch::inputs;
use hugging_carbon::stages::snapshot::latest::{LATEST, index_date_of, latest_version};
use hugging_carbon::stages::snapshot::manifest::Manifest;
use hugging_carbon::stages::snapshot::retention::{Keep, Tags, Verdict, decide, forget as remove, read_tags, versions, write_tags};
use hugging_carbon::stages::snapshot::{inputs_of_snapshots, is_version_name};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// `snapshots`: one line for each, the newest first.
pub fn list(cli: &Cli) -> Result<()> {
    let snapshots = directory(cli);
    let all = versions(&snapshots)?;
    if all.is_empty() {
        return print(&format!("No snapshot in {} yet: hugging-carbon run\n", snapshots.display()));
    }
    let (latest, tags, at_hand) = (latest_version(&snapshots)?, read_tags(&snapshots)?, AtHand::look(cli, None)?);
    let extra_grid = resolve(cli)?.config.reference.extra_grid;
    let [plain, extended] = [Reference::load()?, Reference::load_with(extra_grid.as_deref())?];
    let mut lines = Vec::new();
    for version in &all {
        let mut own = tags.get(version).cloned().unwrap_or_default();
        if latest.as_ref() == Some(version) {
            own.insert(0, "latest".into());
        }
        let (median, rebuildable) = match read_manifest(&snapshots.join(version)) {
            Ok(manifest) => {
                let reference = if manifest.reference_files.contains_key(EXTRA_GRID) { &extended } else { &plain };
                let why_not = why_not_rebuildable(&manifest, reference, &at_hand);
                let rebuildable = why_not.map_or_else(|| "yes".to_owned(), |why| format!("no: {why}"));
                (number(manifest.headline.emissions_kgco2e[1] / 1e3), rebuildable)
            }
            Err(e) => (String::new(), format!("no: {}", e.to_string().lines().next().unwrap_or_default())),
        };
        let date = index_date_of(version).to_owned();
        lines.push(vec![date, version.clone(), bytes(size(&snapshots.join(version))?), median, own.join(", "), rebuildable]);
    }
    print(&table(&["index", "version", "size", "median t CO2e", "tags", "rebuildable"], &lines, 6))
}

fn directory(cli: &Cli) -> PathBuf {
    cli.global.data_dir.join("snapshots")
}

fn read_manifest(snapshot: &Path) -> Result<Manifest> {
    let path = snapshot.join("manifest.json");
    Manifest::parse(&fs_err::read(&path).at_path("cannot read", &path)?, &snapshot.display().to_string())
}

fn why_not_rebuildable(manifest: &Manifest, reference: &Reference, at_hand: &AtHand) -> Option<String> {
    let missing: Vec<&str> = manifest.inputs.iter().filter(|input| !at_hand.has(input)).map(|input| input.name.as_str()).collect();
    other_program(manifest, reference)
        .or_else(|| (!missing.is_empty()).then(|| format!("its input {} is not at hand (--source, --cards)", missing.join(", "))))
}

/// Bytes of the files of a snapshot.
fn size(snapshot: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs_err::read_dir(snapshot).at_path("cannot list", snapshot)? {
        let entry = entry.at_path("cannot list", snapshot)?;
        sum += entry.metadata().at_path("cannot read", entry.path())?.len();
    }
    Ok(sum)
}

/// Refuses a tag that lists of tags, or who reads them, would take for something else.
///
/// # Errors
/// It is such a one.
fn refuse_odd_tag(tag: &str) -> Result<()> {
    let what = if tag.trim().is_empty() {
        "the tag is empty"
    } else if tag.contains([',', '/', '\\']) || tag.chars().any(|c| c.is_control() || c.is_whitespace()) {
        "the tag has a comma, a slash, a control character or a blank in it"
    } else if tag == LATEST || tag == PREVIOUS || is_version_name(tag) {
        "the tag is what versions are called: it would name two snapshots"
    } else {
        return Ok(());
    };
    Err(Error::usage(what, format!("tag '{}'", tag.escape_debug()), "take a word, such as paper-2026"))
}

/// `tag`: gives a snapshot a tag, or takes it away.
pub fn tag(cli: &Cli, version: &str, tag: &str, delete: bool) -> Result<()> {
    // What was given before may be taken away, whatever it is.
    if !delete {
        refuse_odd_tag(tag)?;
    }
    let snapshots = directory(cli);
    let _lock = Lock::acquire(&cli.global.data_dir.join("work"))?;
    let version = if version == "latest" { latest_version(&snapshots)?.unwrap_or_default() } else { version.to_owned() };
    if !versions(&snapshots)?.contains(&version) {
        let way_out = "give the version as `hugging-carbon snapshots` shows it, or latest";
        return Err(Error::input(format!("there is no snapshot '{version}'"), snapshots.display(), way_out));
    }
    let mut tags = read_tags(&snapshots)?;
    let own = tags.entry(version.clone()).or_default();
    if delete && !own.iter().any(|other| other == tag) {
        let there = if own.is_empty() { "it has none".to_owned() } else { format!("it has {}", own.join(", ")) };
        let way_out = "see `hugging-carbon snapshots` for the tags there are";
        return Err(Error::input(format!("{version} has no tag '{tag}': {there}"), snapshots.display(), way_out));
    }
    own.retain(|other| other != tag);
    if !delete {
        own.push(tag.to_owned());
    }
    own.sort();
    let text = if own.is_empty() { "no tags".to_owned() } else { format!("tags: {}", own.join(", ")) };
    tags.retain(|_, own| !own.is_empty());
    write_tags(&snapshots, &tags)?;
    print(&format!("{version}: {text}\n"))
}

/// `forget`: lists what is kept and why, and removes the rest if asked to.
pub fn forget(cli: &Cli, keep: &Keep, prune: bool) -> Result<()> {
    let snapshots = directory(cli);
    let hub = cli.global.data_dir.join("hub");
    let _lock = Lock::acquire(&cli.global.data_dir.join("work"))?;
    let (all, latest, tags) = (versions(&snapshots)?, latest_version(&snapshots)?, read_tags(&snapshots)?);
    refuse_unknown_tags(&snapshots, keep, &tags, &all)?;
    let verdicts = decide(&all, latest.as_deref(), &tags, keep);
    let (kept, gone): (Vec<&Verdict>, Vec<&Verdict>) = verdicts.iter().partition(|verdict| !verdict.reasons.is_empty());
    // Read before anything goes: what is not known to be needed by nobody stays.
    let mut needed = BTreeSet::new();
    for verdict in &kept {
        needed.extend(read_manifest(&snapshots.join(&verdict.version))?.inputs.into_iter().map(|input| input.sha256));
    }
    let mut out = String::new();
    let lines: Vec<Vec<String>> = kept.iter().map(|v| vec![v.version.clone(), v.reasons.join(", ")]).collect();
    let _ = write!(out, "Kept: {}\n{}", kept.len(), table(&["version", "why"], &lines, 2));
    let mut lines = Vec::new();
    for verdict in &gone {
        lines.push(vec![verdict.version.clone(), bytes(size(&snapshots.join(&verdict.version))?)]);
        if prune {
            remove(&snapshots, &verdict.version)?;
        }
    }
    let pruned = inputs::prune(&hub, &if prune { inputs_of_snapshots(&snapshots)? } else { needed }, !prune)?;
    let _ = write!(out, "\n{}: {}\n", if prune { "Removed" } else { "Would be removed" }, gone.len());
    if !gone.is_empty() {
        out.push_str(&table(&["version", "size"], &lines, 1));
    }
    let crawls = if pruned.recordings == 1 { "1 crawl".to_owned() } else { format!("{} crawls", pruned.recordings) };
    let _ = writeln!(out, "Inputs of no other snapshot: {crawls}, {} in {} files", bytes(pruned.bytes), pruned.objects);
    if !prune {
        out.push_str("\nNothing was removed. To remove it, add --prune\n");
    }
    print(&out)
}

/// A tag that is spelled wrong would cost the snapshots it was meant to keep.
fn refuse_unknown_tags(snapshots: &Path, keep: &Keep, tags: &Tags, all: &[String]) -> Result<()> {
    match keep.tags.iter().find(|tag| !all.contains(tag) && !tags.values().flatten().any(|other| other == *tag)) {
        Some(tag) => Err(Error::input(
            format!("no snapshot has the tag '{tag}'"),
            snapshots.display(),
            "see `hugging-carbon snapshots` for the tags there are; `hugging-carbon tag` gives one",
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::refuse_odd_tag;
    use hugging_carbon::error::ExitStatus;

    /// Regression: any text was a tag, the name of another snapshot and nothing at all among them.
    #[test]
    fn a_tag_is_a_word_of_its_own() {
        for tag in ["", " ", "a,b", "bad tag/..", "latest", "previous", "2026-11-28-0123abcd", "a\nb", " x", "for review"] {
            assert_eq!(refuse_odd_tag(tag).unwrap_err().exit_status(), ExitStatus::Usage, "{tag:?}");
        }
        for tag in ["paper-2026", "v1.2", "for-review", "2026"] {
            assert!(refuse_odd_tag(tag).is_ok(), "{tag}");
        }
    }
}
