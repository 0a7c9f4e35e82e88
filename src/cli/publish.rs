//! `publish`: a verified snapshot to a dataset repository of the Hub.

use super::beside::snapshot_named;
use super::download::inputs_repo;
use super::inputs::AtHand;
use super::text::table;
use super::{Cli, print};
use hugging_carbon::error::{Error, IoContext, Result};
use hugging_carbon::hub::live::environment::Environment;
use hugging_carbon::hub::live::remote::RepoId;
use hugging_carbon::hub::live::upload::{PlannedFile, plan, publish as upload};
use hugging_carbon::stages::snapshot::manifest::Manifest;
use hugging_carbon::stages::snapshot::verify_files;
use std::path::Path;

/// How a snapshot is uploaded.
#[derive(Clone, Copy, Debug)]
pub struct Upload {
    /// List what would be uploaded, and upload nothing.
    pub dry_run: bool,
    /// Make repositories that do not exist.
    pub create: bool,
    /// Upload the recorded crawl, too.
    pub with_inputs: bool,
}

/// Uploads a snapshot, or lists what would be.
pub fn publish(cli: &Cli, snapshot: &Path, repo: &str, how: Upload) -> Result<()> {
    let repo = RepoId::parse(repo)?;
    let snapshot = snapshot_named(&cli.global.data_dir.join("snapshots"), snapshot)?;
    // What is damaged here must not be published there.
    let (version, manifest) = verify_files(&snapshot)?;
    let files = plan(&snapshot)?;
    // Inputs first: whoever sees the snapshot finds what it was made from.
    if how.with_inputs {
        let at_hand = AtHand::look(cli, Some(&snapshot))?;
        publish_inputs(cli, &at_hand, &manifest, &version, &inputs_repo(&repo), how)?;
    }
    print(&one(cli, &files, &version, &repo, how)?)
}

/// Uploads or lists the files of one repository; says which.
fn one(cli: &Cli, files: &[PlannedFile], version: &str, repo: &RepoId, how: Upload) -> Result<String> {
    let bytes: u64 = files.iter().map(|f| f.bytes).sum();
    if how.dry_run {
        let lines: Vec<Vec<String>> = files.iter().map(|f| vec![f.name.clone(), f.bytes.to_string(), f.sha256.clone()]).collect();
        let listed = table(&["file", "bytes", "sha256"], &lines, 3);
        return Ok(format!("{version} to {repo}: {} files, {bytes} bytes, one commit and a tag\n{listed}", files.len()));
    }
    let environment = Environment::from_process(&cli.global.data_dir.join("hub"))?;
    let published = upload(&environment, repo, files, version, how.create)?;
    let commit = published.commit.as_deref().unwrap_or("main");
    if published.was_there {
        return Ok(format!("{version} was published in {repo} before: commit {commit}, nothing is uploaded\n"));
    }
    let count = files.len();
    Ok(format!("{version} is published in {repo}: {count} files, {bytes} bytes, commit {commit}, tag {version}\n"))
}

/// Uploads the crawl and the cards that a snapshot was made from. What came from a file or a dataset is found there, by its digest.
fn publish_inputs(cli: &Cli, at_hand: &AtHand, manifest: &Manifest, version: &str, repo: &RepoId, how: Upload) -> Result<()> {
    let packed = tempfile::tempdir().at_path("cannot create", std::env::temp_dir())?;
    for input in &manifest.inputs {
        if !at_hand.pack(input, packed.path())? {
            let from = input.revision.as_deref().unwrap_or("a file of this machine");
            print(&format!("{}: not uploaded, it is no crawl of this data directory but {from}\n", input.name))?;
        }
    }
    let files = plan(packed.path()).map_err(|_| {
        Error::input(
            format!("{version} was made from no crawl that is at hand"),
            cli.global.data_dir.join("hub").display(),
            "publish without --with-inputs, or in the data directory it was made in",
        )
    })?;
    print(&one(cli, &files, version, repo, how)?)
}
