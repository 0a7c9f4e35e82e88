//! What a dataset repository holds, without downloading it: its files with sizes and digests, its tags, and one small file.

use crate::error::{Error, Result};
use crate::hub::live::client::Want;
use crate::hub::live::environment::Environment;
use crate::hub::live::fetch::{Fetched, Fetcher};
use crate::hub::live::remote::RepoId;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

/// What the Hub says of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldFile {
    /// Size in bytes.
    pub bytes: Option<u64>,
    /// SHA-256, of files that the Hub keeps as large ones.
    pub sha256: Option<String>,
}

/// A dataset repository at the commit of its branch `main`.
#[derive(Clone, Debug)]
pub struct Held {
    /// The commit.
    pub commit: String,
    /// Files by path.
    pub files: BTreeMap<String, HeldFile>,
    /// Tags.
    pub tags: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Info {
    sha: String,
    #[serde(default)]
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
    size: Option<u64>,
    lfs: Option<Large>,
}

#[derive(Deserialize)]
struct Large {
    sha256: Option<String>,
}

#[derive(Deserialize)]
struct Refs {
    #[serde(default)]
    tags: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// Looks at a repository.
///
/// # Errors
/// It does not exist or may not be read, or the Hub does not answer (exit status 4).
pub fn look(fetcher: &mut Fetcher<'_>, environment: &Environment, repo: &RepoId) -> Result<Held> {
    let mut url = environment.url(&["api", "datasets", &repo.to_string()])?;
    url.query_pairs_mut().append_pair("blobs", "true");
    let info: Info = object(fetcher, &url)?;
    let refs: Refs = object(fetcher, &environment.url(&["api", "datasets", &repo.to_string(), "refs"])?)?;
    let held = |file: Sibling| (file.rfilename, HeldFile { bytes: file.size, sha256: file.lfs.and_then(|large| large.sha256) });
    Ok(Held {
        commit: info.sha,
        files: info.siblings.into_iter().map(held).collect(),
        tags: refs.tags.into_iter().map(|tag| tag.name).collect(),
    })
}

/// A small file of a repository at a commit.
///
/// # Errors
/// As [`look`]; or it is over the size cap of the client.
pub fn small_file(
    fetcher: &mut Fetcher<'_>,
    environment: &Environment,
    repo: &RepoId,
    commit: &str,
    file: &str,
) -> Result<Vec<u8>> {
    let url = environment.url(&["datasets", &repo.to_string(), "resolve", commit, file])?;
    body(fetcher, &url, Want::Bytes)
}

fn object<T: DeserializeOwned>(fetcher: &mut Fetcher<'_>, url: &Url) -> Result<T> {
    let text = body(fetcher, url, Want::Object)?;
    serde_json::from_slice(&text).map_err(|e| Error::network(format!("an answer of another form: {e}"), url, "check HF_ENDPOINT"))
}

fn body(fetcher: &mut Fetcher<'_>, url: &Url, want: Want) -> Result<Vec<u8>> {
    match fetcher.fetch(url, want)? {
        Fetched::Answer(answer) => Ok(answer.body),
        Fetched::Refused(refusal) => Err(refusal.into_error(url, fetcher.client().has_token())),
        Fetched::TooLarge { .. } => Err(Error::network("an answer over the size cap", url, "check HF_ENDPOINT")),
    }
}
