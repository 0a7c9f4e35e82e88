//! `publish`: a verified snapshot to a dataset repository of the Hub.

use super::text::table;
use super::{Cli, print};
use hugging_carbon::error::Result;
use hugging_carbon::hub::live::environment::Environment;
use hugging_carbon::hub::live::remote::RepoId;
use hugging_carbon::hub::live::upload::{plan, publish as upload};
use hugging_carbon::stages::snapshot::latest::snapshot_at;
use hugging_carbon::stages::snapshot::verify_files;
use std::path::Path;

/// Uploads a snapshot, or lists what would be.
pub fn publish(cli: &Cli, snapshot: &Path, repo: &str, dry_run: bool, create: bool) -> Result<()> {
    let repo = RepoId::parse(repo)?;
    let snapshot = snapshot_at(snapshot)?;
    // What is damaged here must not be published there.
    let (version, _) = verify_files(&snapshot)?;
    let files = plan(&snapshot)?;
    let bytes: u64 = files.iter().map(|f| f.bytes).sum();
    if dry_run {
        let lines: Vec<Vec<String>> = files.iter().map(|f| vec![f.name.clone(), f.bytes.to_string(), f.sha256.clone()]).collect();
        let listed = table(&["file", "bytes", "sha256"], &lines, 3);
        return print(&format!("{version} to {repo}: {} files, {bytes} bytes, one commit and a tag\n{listed}", files.len()));
    }
    let published = upload(&Environment::from_process(&cli.global.data_dir.join("hub"))?, &repo, &files, &version, create)?;
    let commit = published.commit.as_deref().unwrap_or("main");
    print(&format!(
        "{version} is published in {repo}: {} files, {bytes} bytes, commit {commit}, tag {}\n",
        files.len(),
        published.tag
    ))
}
