//! Dataset repositories: what hf-hub and the Python client need to read a pinned file, and to commit and tag.

use super::State;
use super::http::{Reply, Request};
use super::index::hex;
use base64::Engine as _;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone)]
pub struct Commit {
    pub oid: String,
    pub message: String,
    pub files: BTreeMap<String, Arc<Vec<u8>>>,
}

#[derive(Default)]
pub struct Repo {
    pub commits: Vec<Commit>,
    pub tags: BTreeMap<String, String>,
}

impl Repo {
    fn at(&self, revision: &str) -> Option<&Commit> {
        match revision {
            "main" => self.commits.last(),
            _ => {
                let oid = self.tags.get(revision).map_or(revision, String::as_str);
                self.commits.iter().find(|c| c.oid == oid)
            }
        }
    }

    pub fn commit(&mut self, message: &str, files: &[(&str, &[u8])]) -> String {
        let mut all = self.commits.last().map(|c| c.files.clone()).unwrap_or_default();
        all.extend(files.iter().map(|(path, bytes)| ((*path).to_owned(), Arc::new(bytes.to_vec()))));
        let mut hasher = Sha256::new();
        hasher.update(self.commits.len().to_le_bytes());
        all.iter().for_each(|(path, bytes)| hasher.update(format!("{path}{}", hex(&Sha256::digest(&**bytes)))));
        let oid = hex(&hasher.finalize())[..40].to_owned();
        self.commits.push(Commit { oid: oid.clone(), message: message.to_owned(), files: all });
        oid
    }
}

#[derive(Default)]
pub struct Repos {
    pub datasets: BTreeMap<String, Repo>,
    /// Whether a write without a token is refused.
    pub writes_need_token: bool,
    /// Answers to the next file downloads (GET only): a status, or a body cut to this many bytes with an agreeing length.
    pub download_faults: Vec<Result<usize, u16>>,
}

/// Answers what is about datasets; none for any other path.
pub fn answer(state: &State, request: &Request) -> Option<Reply> {
    let mut repos = state.repos.lock().unwrap();
    if request.path == "/api/repos/create" {
        return Some(create(&mut repos, request));
    }
    if let Some(rest) = request.path.strip_prefix("/api/datasets/") {
        return Some(api(&mut repos, request, rest));
    }
    let rest = request.path.strip_prefix("/datasets/")?;
    let (id, rest) = rest.split_once("/resolve/")?;
    let (revision, file) = rest.split_once('/')?;
    Some(resolve(&mut repos, request, id, revision, file))
}

fn create(repos: &mut Repos, request: &Request) -> Reply {
    if repos.writes_need_token && request.header("authorization").is_none() {
        return Reply::error(401, "Unauthorized");
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let id = format!("{}/{}", text("organization"), text("name"));
    if repos.datasets.contains_key(&id) {
        return Reply::json(409, r#"{"error":"You already created this dataset repo"}"#);
    }
    let mut repo = Repo::default();
    repo.commit("initial commit", &[(".gitattributes", b"*.parquet filter=lfs")]);
    repos.datasets.insert(id.clone(), repo);
    Reply::json(200, &json!({"url": format!("http://{}/datasets/{id}", request.header("host").unwrap()), "name": id}).to_string())
}

fn api(repos: &mut Repos, request: &Request, rest: &str) -> Reply {
    let parts: Vec<&str> = rest.split('/').collect();
    let [owner, name, tail @ ..] = parts.as_slice() else { return Reply::error(404, "RepoNotFound") };
    let is_write = request.method == "POST";
    if is_write && repos.writes_need_token && request.header("authorization").is_none() {
        return Reply::error(401, "Unauthorized");
    }
    let id = format!("{owner}/{name}");
    let Some(repo) = repos.datasets.get_mut(&id) else { return Reply::error(404, "RepoNotFound") };
    match tail {
        [] => info(repo, &id, "main", request.target.contains("blobs=true")),
        ["revision", revision] => info(repo, &id, revision, false),
        ["refs"] => {
            let list = |kind: &str, refs: Vec<(String, String)>| -> Value {
                refs.iter().map(|(n, oid)| json!({"name": n, "ref": format!("refs/{kind}/{n}"), "targetCommit": oid})).collect()
            };
            let main = repo.commits.last().map(|c| ("main".to_owned(), c.oid.clone())).into_iter().collect();
            let tags = repo.tags.clone().into_iter().collect();
            Reply::json(200, &json!({"branches": list("heads", main), "tags": list("tags", tags), "converts": []}).to_string())
        }
        ["preupload", _] => {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let files: Value = body["files"]
                .as_array()
                .unwrap()
                .iter()
                .map(|f| json!({"path": f["path"], "uploadMode": "regular", "shouldIgnore": false}))
                .collect();
            Reply::json(200, &json!({"files": files}).to_string())
        }
        ["commit", "main"] => commit(repo, request, &id),
        ["tag", revision] => {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let tag = body["tag"].as_str().unwrap().to_owned();
            let Some(oid) = repo.at(revision).map(|c| c.oid.clone()) else { return Reply::error(404, "RevisionNotFound") };
            if repo.tags.contains_key(&tag) {
                return Reply::json(409, r#"{"error":"Tag reference exists already"}"#);
            }
            repo.tags.insert(tag, oid);
            Reply::json(200, "{}")
        }
        _ => Reply::error(404, "NotFound"),
    }
}

fn info(repo: &Repo, id: &str, revision: &str, with_blobs: bool) -> Reply {
    let Some(commit) = repo.at(revision) else { return Reply::error(404, "RevisionNotFound") };
    // With `blobs=true` the Hub adds sizes, and the digests of what it keeps as large files.
    let sibling = |(path, bytes): (&String, &Arc<Vec<u8>>)| match path.ends_with(".parquet") {
        _ if !with_blobs => json!({"rfilename": path}),
        false => json!({"rfilename": path, "size": bytes.len()}),
        true => {
            json!({"rfilename": path, "size": bytes.len(), "lfs": {"sha256": hex(&Sha256::digest(&**bytes)), "size": bytes.len()}})
        }
    };
    let siblings: Value = commit.files.iter().map(sibling).collect();
    Reply::json(200, &json!({"_id": "621ffdd236468d709f181d58", "id": id, "sha": commit.oid, "private": false, "gated": false, "disabled": false, "downloads": 1, "likes": 0, "tags": [], "siblings": siblings}).to_string())
}

fn commit(repo: &mut Repo, request: &Request, id: &str) -> Reply {
    let mut summary = String::new();
    let mut files = Vec::new();
    for line in request.body.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
        let line: Value = serde_json::from_slice(line).unwrap();
        let value = &line["value"];
        match line["key"].as_str().unwrap() {
            "header" => {
                summary = value["summary"].as_str().unwrap().to_owned();
                if let Some(parent) = value["parentCommit"].as_str()
                    && repo.commits.last().is_some_and(|c| c.oid != parent)
                {
                    return Reply::json(412, r#"{"error":"A commit has happened since. Please refresh and try again."}"#);
                }
            }
            "file" => {
                let bytes = base64::engine::general_purpose::STANDARD.decode(value["content"].as_str().unwrap()).unwrap();
                files.push((value["path"].as_str().unwrap().to_owned(), bytes));
            }
            other => return Reply::json(400, &format!(r#"{{"error":"{other}"}}"#)),
        }
    }
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    let oid = repo.commit(&summary, &files);
    Reply::json(
        200,
        &json!({"success": true, "commitOid": oid, "commitUrl": format!("http://{}/datasets/{id}/commit/{oid}", request.header("host").unwrap()), "hookOutput": ""}).to_string(),
    )
}

fn resolve(repos: &mut Repos, request: &Request, id: &str, revision: &str, file: &str) -> Reply {
    let Some(repo) = repos.datasets.get(id) else { return Reply::error(404, "RepoNotFound") };
    let Some(commit) = repo.at(revision) else { return Reply::error(404, "RevisionNotFound") };
    let Some(bytes) = commit.files.get(file).cloned() else {
        return Reply::error(404, "EntryNotFound").with("X-Repo-Commit", &commit.oid);
    };
    let etag = format!("\"{}\"", hex(&Sha256::digest(&*bytes)));
    let headers = |reply: Reply| {
        reply
            .with("ETag", &etag)
            .with("X-Linked-Etag", &etag)
            .with("X-Linked-Size", &bytes.len().to_string())
            .with("X-Repo-Commit", &commit.oid)
            .with("Accept-Ranges", "bytes")
    };
    let mut reply = headers(Reply::new(200, "application/octet-stream", bytes.to_vec()));
    if request.method == "GET" {
        if let Some(range) = request.header("range").and_then(|r| r.strip_prefix("bytes=")) {
            let (from, to) = range.split_once('-').unwrap();
            let from: usize = from.parse().unwrap();
            let to = to.parse().map_or(bytes.len(), |to: usize| to + 1).min(bytes.len());
            reply = headers(Reply::new(206, "application/octet-stream", bytes[from..to].to_vec()))
                .with("Content-Range", &format!("bytes {from}-{}/{}", to - 1, bytes.len()));
        }
        if !repos.download_faults.is_empty() {
            match repos.download_faults.remove(0) {
                Ok(length) => reply.body.truncate(length),
                Err(status) => return Reply::error(status, "Broken"),
            }
        }
    }
    reply
}
