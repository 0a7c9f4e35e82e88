//! Pinned files and publishing, through hf-hub.

use crate::bench::{Bench, SECRET};
use crate::stand_in::index::Index;
use crate::stand_in::repos::Repo;
use hugging_carbon::error::Result;
use hugging_carbon::hub::live::dataset::{self, PinnedFile, Progress};
use hugging_carbon::hub::live::environment::Environment;
use hugging_carbon::hub::live::fetch::Fetcher;
use hugging_carbon::hub::live::remote::RepoId;
use hugging_carbon::hub::live::upload::{plan, publish};
use std::sync::{Arc, Mutex};

fn repo() -> RepoId {
    RepoId::parse("owner/hub-stats").unwrap()
}

fn bench(body: &[u8]) -> (Bench, String) {
    let bench = Bench::new(Index::sample(1));
    let mut repo = Repo::default();
    repo.commit("yesterday", &[("models.parquet", b"old")]);
    let oid = repo.commit("today", &[("models.parquet", body)]);
    bench.hub.repos().datasets.insert("owner/hub-stats".into(), repo);
    (bench, oid)
}

fn fetch(bench: &Bench, revision: &str) -> Result<PinnedFile> {
    let client = bench.client();
    let mut fetcher = Fetcher::new(&client, bench.patience);
    let silent: Progress = Arc::new(|_, _| ());
    dataset::fetch(Some(&mut fetcher), &bench.environment(), &repo(), revision, "models.parquet", bench.patience, silent)
}

fn offline(bench: &Bench) -> Environment {
    Environment { offline: true, ..bench.environment() }
}

#[test]
fn main_is_pinned_and_a_warm_cache_needs_no_network() {
    let body: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let (bench, oid) = bench(&body);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let client = bench.client();
    let mut fetcher = Fetcher::new(&client, bench.patience);
    let progress: Progress = Arc::new(move |done, total| log.lock().unwrap().push((done, total)));
    let file =
        dataset::fetch(Some(&mut fetcher), &bench.environment(), &repo(), "main", "models.parquet", bench.patience, progress)
            .unwrap();
    assert_eq!((&file.commit, file.bytes), (&oid, body.len() as u64));
    assert_eq!(file.sha256, hugging_carbon::tables::io::sha256_bytes(&body));
    assert_eq!(std::fs::read(&file.path).unwrap(), body);
    assert_eq!(seen.lock().unwrap().last(), Some(&(body.len() as u64, body.len() as u64)));
    // The same commit again: not fetched again.
    let before = bench.hub.requests();
    assert_eq!(fetch(&bench, &oid).unwrap(), file);
    assert_eq!(bench.hub.requests(), before);
    // Offline: by branch and by commit.
    for revision in ["main", &oid] {
        let silent: Progress = Arc::new(|_, _| ());
        let cached = dataset::fetch(None, &offline(&bench), &repo(), revision, "models.parquet", bench.patience, silent).unwrap();
        assert_eq!(cached, file);
    }
    assert_eq!(bench.hub.requests(), before);
}

#[test]
fn offline_with_a_cold_cache_says_so() {
    let (bench, oid) = bench(b"x");
    for revision in ["main", &oid] {
        let silent: Progress = Arc::new(|_, _| ());
        let error =
            dataset::fetch(None, &offline(&bench), &repo(), revision, "models.parquet", bench.patience, silent).unwrap_err();
        assert!(error.to_string().contains("HF_HUB_OFFLINE"), "{error}");
        assert_eq!(error.exit_status() as u8, 4);
    }
    assert_eq!(bench.hub.requests(), 0);
}

#[test]
fn an_error_page_or_a_short_body_does_not_stay_as_the_file() {
    let body = vec![7_u8; 50_000];
    let (bench, _) = bench(&body);
    // hf-hub 1.0.0 takes both for the file.
    bench.hub.repos().download_faults = vec![Err(404), Ok(1_000), Err(403)];
    let file = fetch(&bench, "main").unwrap();
    assert_eq!(std::fs::read(&file.path).unwrap(), body);
    assert!(bench.hub.repos().download_faults.is_empty());
}

#[test]
fn a_damaged_cache_is_seen() {
    let (bench, oid) = bench(b"the right content");
    let file = fetch(&bench, "main").unwrap();
    std::fs::write(std::fs::canonicalize(&file.path).unwrap(), b"the wrong content").unwrap();
    let error = fetch(&bench, &oid).unwrap_err();
    assert!(error.to_string().contains("not that of its name"), "{error}");
}

#[test]
fn what_is_not_there_is_exit_status_4() {
    let (bench, _) = bench(b"x");
    assert_eq!(fetch(&bench, "no-such-branch").unwrap_err().exit_status() as u8, 4);
    bench.hub.repos().datasets.clear();
    let error = fetch(&bench, "main").unwrap_err();
    assert!(error.to_string().contains("404"), "{error}");
    assert!(RepoId::parse("no-owner").is_err() && RepoId::parse("../x").is_err() && RepoId::parse("a/b/c").is_err());
}

fn snapshot(bench: &Bench) -> std::path::PathBuf {
    let dir = bench.dir.path().join("2026-05-31-0123abcd");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("models.parquet"), [1_u8; 3_000]).unwrap();
    std::fs::write(dir.join("manifest.json"), "{}").unwrap();
    std::fs::write(dir.join("README.md"), "---\nlicense: mit\n---\n").unwrap();
    dir
}

#[test]
fn a_snapshot_becomes_one_commit_and_a_tag_and_only_once() {
    let (mut bench, _) = bench(b"x");
    bench.hub.repos().writes_need_token = true;
    let files = plan(&snapshot(&bench)).unwrap();
    assert_eq!(
        files.iter().map(|f| (f.name.as_str(), f.bytes)).collect::<Vec<_>>(),
        [("README.md", 21), ("manifest.json", 2), ("models.parquet", 3_000)]
    );
    let target = RepoId::parse("owner/carbon").unwrap();
    let tag = "2026-05-31-0123abcd";
    assert!(publish(&bench.environment(), &target, &files, tag, true).unwrap_err().to_string().contains("token"));
    bench.token = Some(SECRET);
    let missing = publish(&bench.environment(), &target, &files, tag, false).unwrap_err();
    assert!(missing.to_string().contains("no such repository") && missing.to_string().contains("--create"), "{missing}");
    let published = publish(&bench.environment(), &target, &files, tag, true).unwrap();
    {
        let repos = bench.hub.repos();
        let repo = &repos.datasets["owner/carbon"];
        assert_eq!(repo.commits.len(), 2);
        assert_eq!(repo.commits[1].message, format!("Snapshot {tag}"));
        assert_eq!(repo.tags[tag], repo.commits[1].oid);
        assert_eq!(published.commit.as_ref(), Some(&repo.commits[1].oid));
        for file in &files {
            assert_eq!(*repo.commits[1].files[&file.name], std::fs::read(&file.path).unwrap());
        }
    }
    assert!(!published.was_there);
    // Regression: an error, so that a night that changed nothing failed, and one that had uploaded its inputs could not go on.
    let again = publish(&bench.environment(), &target, &files, tag, true).unwrap();
    assert!(again.was_there && again.commit == published.commit, "{again:?}");
    assert_eq!(bench.hub.repos().datasets["owner/carbon"].commits.len(), 2);
    assert!(!format!("{missing} {missing:?}").contains(SECRET));
}

#[cfg(unix)]
#[test]
fn a_link_in_a_snapshot_is_not_followed() {
    let (bench, _) = bench(b"x");
    let dir = snapshot(&bench);
    std::os::unix::fs::symlink("/etc/passwd", dir.join("link")).unwrap();
    assert!(plan(&dir).unwrap_err().to_string().contains("neither a file"));
}
