//! The token is in no log line, at any level, of any crate underneath. A process of its own, because the log is global.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::cast_possible_truncation, dead_code)]

#[path = "live/bench.rs"]
mod bench;
#[path = "stand_in/mod.rs"]
mod stand_in;

use bench::{Bench, SECRET};
use hugging_carbon::hub::live::cards::{self, Wanted};
use hugging_carbon::hub::live::dataset;
use hugging_carbon::hub::live::fetch::{Fetcher, Patience};
use hugging_carbon::hub::live::remote::RepoId;
use hugging_carbon::hub::live::upload::{plan, publish};
use stand_in::faults::{Fault, Plan};
use stand_in::index::{Card, Index};
use stand_in::repos::Repo;
use std::io::Write;
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_token_is_in_no_log_line_of_any_crate() {
    let log = Log::default();
    let writer = log.clone();
    // tracing-subscriber takes what crates write through `log`, too.
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .init();
    let mut bench = Bench::new(Index::sample(30));
    bench.token = Some(SECRET);
    let elsewhere = stand_in::Elsewhere::start(b"card");
    *bench.hub.state.elsewhere.lock().unwrap() = elsewhere.url.clone();
    // A crawl with everything that makes it speak.
    bench.hub.plan(Plan::script([
        Fault::Status(500),
        Fault::BreakOff(50),
        Fault::TooMany { reset: 1 },
        Fault::Html,
        Fault::TruncatedGzip,
    ]));
    bench.crawl("a", 10).unwrap();
    bench.patience = Patience { patience: std::time::Duration::from_secs(5), ..Patience::default() };
    bench.hub.plan(Plan::script(std::iter::repeat_n(Fault::Status(503), 20)));
    bench.crawl("b", 10).unwrap_err();
    bench.hub.plan(Plan::script([Fault::Status(401)]));
    bench.crawl("b", 10).unwrap_err();
    bench.hub.plan(Plan::default());
    // Cards, one of them on another host.
    let id = bench.hub.index().records[0].id();
    bench.hub.index().cards.insert(id.clone(), Card::Elsewhere);
    let client = bench.client();
    let mut fetcher = Fetcher::new(&client, bench.patience);
    let wanted = [Wanted { id, sha: None }, Wanted { id: "no/such".into(), sha: None }];
    cards::fetch(&mut fetcher, &bench.environment(), &bench.store(), &bench.journal("cards"), &wanted, &mut |_| Ok(())).unwrap();
    // A pinned file and a publication, through hf-hub, with failures.
    let mut repo = Repo::default();
    repo.commit("today", &[("models.parquet", b"content")]);
    bench.hub.repos().datasets.insert("owner/hub-stats".into(), repo);
    bench.hub.repos().download_faults = vec![Err(500), Err(404)];
    let repo = RepoId::parse("owner/hub-stats").unwrap();
    dataset::fetch(Some(&mut fetcher), &bench.environment(), &repo, "main", "models.parquet", bench.patience, Arc::new(|_, _| ()))
        .unwrap();
    std::fs::create_dir_all(bench.dir.path().join("snapshot")).unwrap();
    std::fs::write(bench.dir.path().join("snapshot/manifest.json"), "{}").unwrap();
    let files = plan(&bench.dir.path().join("snapshot")).unwrap();
    publish(&bench.environment(), &RepoId::parse("owner/carbon").unwrap(), &files, "v1", true).unwrap();
    // Into a repository that is not there, and is not to be made.
    publish(&bench.environment(), &RepoId::parse("owner/nothing").unwrap(), &files, "v1", false).unwrap_err();
    let text = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    for part in ["the Hub did not answer", "hyper", "reqwest", "hf_hub"] {
        assert!(text.contains(part), "the log misses {part}");
    }
    assert!(text.lines().count() > 250, "{}", text.lines().count());
    let line = text.lines().find(|line| line.contains(SECRET) || line.contains("Bearer"));
    assert_eq!(line, None);
    assert!(elsewhere.seen.lock().unwrap().iter().all(Option::is_none));
}
