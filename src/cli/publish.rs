//! `publish`: a verified snapshot to a dataset repository of the Hub.

use super::print;
use super::text::table;
use hugging_carbon::error::{IoContext, Result};
use hugging_carbon::hub::live::environment::Environment;
use hugging_carbon::hub::live::remote::RepoId;
use hugging_carbon::hub::live::upload::{plan, publish as upload};
use hugging_carbon::stages::snapshot::verify_files;
use std::path::Path;

/// Uploads a snapshot, or lists what would be.
pub fn publish(snapshot: &Path, repo: &str, dry_run: bool, create: bool) -> Result<()> {
    let repo = RepoId::parse(repo)?;
    let snapshot = fs_err::canonicalize(snapshot).at_path("cannot read snapshot", snapshot)?;
    // What is damaged here must not be published there.
    verify_files(&snapshot)?;
    let version = snapshot.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let files = plan(&snapshot)?;
    let bytes: u64 = files.iter().map(|f| f.bytes).sum();
    if dry_run {
        let lines: Vec<Vec<String>> = files.iter().map(|f| vec![f.name.clone(), f.bytes.to_string(), f.sha256.clone()]).collect();
        let listed = table(&["file", "bytes", "sha256"], &lines, 3);
        return print(&format!("{version} to {repo}: {} files, {bytes} bytes, one commit and a tag\n{listed}", files.len()));
    }
    let published = upload(&Environment::from_process()?, &repo, &files, &version, create)?;
    let commit = published.commit.as_deref().unwrap_or("main");
    print(&format!(
        "{version} is published in {repo}: {} files, {bytes} bytes, commit {commit}, tag {}\n",
        files.len(),
        published.tag
    ))
}
