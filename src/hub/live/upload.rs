//! Uploading a snapshot to a dataset repository: one commit, one tag named as the version.

use crate::error::{Error, IoContext, Result};
use crate::hub::live::environment::Environment;
use crate::hub::live::remote::{self, RepoId};
use crate::tables::io::sha256_file;
use fs_err as fs;
use hf_hub::repository::CommitOperation;
use hf_hub::{HFError, RepoTypeDataset};
use std::path::{Path, PathBuf};

/// A file to upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedFile {
    /// Its path in the repository, with forward slashes.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256, lower-case hex.
    pub sha256: String,
}

/// What was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The commit, if the Hub named it.
    pub commit: Option<String>,
    /// Whether the tag was there before: nothing was uploaded then.
    pub was_there: bool,
}

/// The files of a snapshot, sorted by name: what `--dry-run` lists, and what [`publish`] uploads.
///
/// # Errors
/// The directory is missing or empty, a file cannot be read, or a name is not UTF-8.
pub fn plan(snapshot: &Path) -> Result<Vec<PlannedFile>> {
    let mut files = Vec::new();
    collect(snapshot, "", &mut files)?;
    if files.is_empty() {
        return Err(Error::input("the snapshot has no files", snapshot.display(), "name a directory below data/snapshots"));
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn collect(dir: &Path, prefix: &str, files: &mut Vec<PlannedFile>) -> Result<()> {
    for entry in fs::read_dir(dir).at_path("cannot read", dir)? {
        let entry = entry.at_path("cannot read", dir)?;
        let path = entry.path();
        let name = entry
            .file_name()
            .into_string()
            .map_err(|_| Error::input("a file name that is not UTF-8", path.display(), "remove it: it is no part of a snapshot"))?;
        // Hidden files are the Hub's or the system's, as `audit` has it.
        if name.starts_with('.') {
            continue;
        }
        let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        let kind = entry.file_type().at_path("cannot read", &path)?;
        if kind.is_dir() {
            collect(&path, &name, files)?;
        } else if kind.is_file() {
            let bytes = entry.metadata().at_path("cannot read", &path)?.len();
            let sha256 = sha256_file(&path)?;
            files.push(PlannedFile { name, path, bytes, sha256 });
        } else {
            // Following a link could publish what is outside the snapshot.
            return Err(Error::input("neither a file nor a directory", path.display(), "remove it: it is no part of a snapshot"));
        }
    }
    Ok(())
}

/// Uploads `files` to `repo` in one commit and tags it `tag`. With `create` a missing repository is made (public). Where the tag exists
/// nothing is done: it is named by the digest of what it holds, and what was published never changes.
///
/// # Errors
/// There is no token; the repository is missing; somebody else committed meanwhile; the Hub or the network fails. If the tag alone fails, the message says so and which commit it belongs to.
pub fn publish(environment: &Environment, repo: &RepoId, files: &[PlannedFile], tag: &str, create: bool) -> Result<Published> {
    if environment.offline {
        return Err(Error::input("HF_HUB_OFFLINE is set, and publishing needs the network", repo, "unset HF_HUB_OFFLINE"));
    }
    if environment.token.is_none() {
        return Err(Error::input("publishing needs a token", repo, "set HF_TOKEN to a token with write access to the repository"));
    }
    let client = remote::client(environment)?;
    let repository = remote::repository(&client, repo);
    let refs = match repository.list_refs().send() {
        Err(HFError::RepoNotFound { .. }) if create => {
            client
                .create_repository()
                .repo_id(&repo.to_string())
                .repo_type(RepoTypeDataset)
                .send()
                .map_err(|e| remote::error(&e, repo))?;
            repository.list_refs().send()
        }
        Err(HFError::RepoNotFound { .. }) => {
            let way_out = "make it with --create, or check its name, and that the token may see it";
            return Err(Error::input("there is no such repository", repo, way_out));
        }
        refs => refs,
    };
    let refs = refs.map_err(|e| remote::error(&e, repo))?;
    if let Some(there) = refs.tags.iter().find(|t| t.name == tag) {
        return Ok(Published { commit: Some(there.target_commit.clone()), was_there: true });
    }
    let head = refs.branches.iter().find(|b| b.name == "main").map(|b| b.target_commit.clone());
    let operations = files.iter().map(|f| CommitOperation::add_file(&f.name, &f.path)).collect();
    let commit = repository
        .create_commit()
        .operations(operations)
        .commit_message(format!("Snapshot {tag}"))
        // Refused by the Hub if somebody committed since, rather than mixed with it.
        .maybe_parent_commit(head)
        .send()
        .map_err(|e| remote::error(&e, repo))?
        .commit_oid;
    let revision = commit.as_deref().unwrap_or("main");
    repository.create_tag().tag(tag).revision(revision).message(format!("Snapshot {tag}")).send().map_err(|e| {
        let error = remote::error(&e, repo);
        let reason = error.to_string().lines().next().unwrap_or_default().to_owned();
        Error::network(
            format!("the files are uploaded (commit {revision}), but the tag {tag} could not be set: {reason}"),
            repo,
            "run publish again: it commits the same files once more and tags that",
        )
    })?;
    Ok(Published { commit, was_there: false })
}
