//! An update gives what a full crawl gives.

use crate::bench::Bench;
use crate::stand_in::faults::{Fault, draw};
use crate::stand_in::index::{Index, Record, odd_records};
use hugging_carbon::error::{Error, Result};
use hugging_carbon::hub::live::crawl::Step;
use hugging_carbon::hub::live::fetch::{Counts, Fetcher};
use hugging_carbon::hub::live::incremental::{Plan, UpdateCounts, update};
use std::time::Duration;

fn bench() -> Bench {
    let mut records = Index::sample(300).records;
    records.extend(odd_records());
    Bench::new(Index::new(records))
}

fn plan(bench: &Bench) -> Plan {
    Plan { limit: 25, ..Plan::new(&bench.dir.path().join("update"), true) }
}

fn run(bench: &Bench, plan: &Plan, observer: &mut dyn FnMut(Step) -> Result<()>) -> Result<(String, UpdateCounts, Counts)> {
    let client = bench.client();
    let mut fetcher = Fetcher::new(&client, bench.patience);
    let (recording, counts) = update(&mut fetcher, &bench.environment(), &bench.store(), &bench.recording("base"), plan, observer)?;
    Ok((recording.digest()?, counts, fetcher.counts()))
}

/// A day on the Hub, in every way a record can change.
fn a_day(index: &mut Index) {
    for (i, record) in index.records.iter_mut().enumerate() {
        record.set("downloads", &format!("{}", i * 17));
        record.set("trendingScore", &format!("{}", i % 5));
        match i % 10 {
            // Without a commit: votes, tags of the Hub's own, gates, settings.
            0 => record.set("likes", "4711"),
            1 => record.set("tags", r#"["transformers","region:us","deploy:azure"]"#),
            2 => record.set("gated", "\"manual\""),
            3 => record.set("pipeline_tag", "null"),
            4 => record.set("disabled", "true"),
            _ => {}
        }
    }
    for i in 0..30 {
        index.commit(i * 7, &format!("2026-06-01T0{}:00:00.000Z", i % 9));
        let value = format!(r#"{{"license":"mit","n":{i}}}"#);
        index.records[i * 7].set("cardData", &value);
    }
    // A commit with an old date, and one that took the card away.
    index.commit(5, "2023-01-01T00:00:00.000Z");
    index.records[5].set("cardData", r#"{"license":"pushed with an old date"}"#);
    index.commit(6, "2026-06-01T05:00:00.000Z");
    index.records[6].set("cardData", "null");
    // A rename: another id, the same _id and sha.
    index.records[8].set("id", "\"renamed/to-this\"");
    index.records[8].set("modelId", "\"renamed/to-this\"");
    index.records[8].set("author", "\"renamed\"");
    for i in [250, 200, 150, 100, 11, 10] {
        index.records.remove(i);
    }
    for i in 0..12 {
        let json = format!(
            r#"{{"_id":"6a3ac600000000000000{i:04x}","id":"new/model-{i}","author":"new","createdAt":"2026-06-01T0{}:30:00.000Z","lastModified":"2026-06-01T0{}:31:00.000Z","sha":"{i:040}","downloads":{i},"tags":[],"cardData":{{"n":{i}}},"siblings":[]}}"#,
            i % 9,
            i % 9
        );
        index.records.push(Record::parse(&json));
    }
    // The Hub read the safetensors header of a commit made just before the last crawl.
    index.records[9].set("safetensors", r#"{"parameters":{"F32":9},"total":9}"#);
    index.changed();
}

/// A bench that crawled a day ago.
fn bench_after_a_day() -> Bench {
    let bench = bench();
    bench.hub.index().commit(9, "2026-05-31T23:30:00.000Z");
    bench.crawl("base", 50).unwrap();
    bench.clock.advance_day();
    a_day(&mut bench.hub.index());
    bench
}

#[test]
fn an_update_equals_a_full_crawl_record_for_record() {
    let bench = bench_after_a_day();
    let (digest, counts, network) = run(&bench, &plan(&bench), &mut |_| Ok(())).unwrap();
    bench.crawl("full", 100).unwrap();
    assert_eq!(digest, bench.digest("full"));
    assert_ne!(digest, bench.digest("base"));
    assert_eq!((counts.alive, counts.vanished), (318, 6));
    assert!(counts.changed >= 43 && counts.held > 230, "{counts:?}");
    // Few are asked for by name: the old-dated commit, and odd records without a sha.
    assert!(counts.singles <= 3, "{counts:?}");
    assert!(network.requests < 25, "{network:?}");
    // Record for record, not only by digest.
    let (mut updated, mut full) = (Vec::new(), Vec::new());
    let canonical = |raw: &str| {
        let mut value: serde_json::Value = serde_json::from_str(raw).unwrap();
        value.sort_all_objects();
        value.to_string()
    };
    let merged =
        hugging_carbon::hub::live::replay::Recording::open(&bench.store(), &bench.dir.path().join("update/merged.jsonl")).unwrap();
    merged
        .each_record(|_, raw| {
            updated.push(canonical(raw));
            Ok(())
        })
        .unwrap();
    bench
        .recording("full")
        .each_record(|_, raw| {
            full.push(canonical(raw));
            Ok(())
        })
        .unwrap();
    updated.sort();
    full.sort();
    assert_eq!(updated, full);
}

#[test]
fn updates_follow_on_updates() {
    let bench = bench();
    bench.crawl("base", 50).unwrap();
    bench.clock.advance_day();
    bench.hub.index().commit(40, "2026-06-01T12:00:00.000Z");
    let first = plan(&bench);
    run(&bench, &first, &mut |_| Ok(())).unwrap();
    bench.clock.advance_day();
    bench.hub.index().commit(41, "2026-06-02T12:00:00.000Z");
    bench.hub.index().records[41].set("cardData", r#"{"second":"night"}"#);
    std::fs::rename(first.dir.join("merged.jsonl"), bench.journal("base")).unwrap();
    let second = Plan { dir: bench.dir.path().join("second"), ..first };
    let (digest, counts, _) = run(&bench, &second, &mut |_| Ok(())).unwrap();
    // Two pages: the first has the one that changed, the second none.
    assert_eq!((counts.changed, counts.singles), (50, 0));
    bench.crawl("full", 100).unwrap();
    assert_eq!(digest, bench.digest("full"));
}

#[test]
fn an_update_survives_faults_and_kills() {
    let reference = bench_after_a_day();
    reference.crawl("full", 50).unwrap();
    let expected = reference.digest("full");
    for seed in 0..20 {
        let bench = bench_after_a_day();
        let kinds = vec![
            Fault::Status(500),
            Fault::BreakOff(50),
            Fault::TruncatedGzip,
            Fault::EmptyPage,
            Fault::Duplicates(2),
            Fault::TooMany { reset: 1 },
        ];
        bench.hub.plan(crate::stand_in::faults::Plan::random(seed, 200, kinds));
        let mut random = seed;
        let digest = loop {
            let steps = 5 + draw(&mut random) % 40;
            match run(&bench, &plan(&bench), &mut crate::bench::kill_at(steps)) {
                Ok((digest, _, _)) => break digest,
                Err(e) => assert!(e.to_string().contains("killed"), "{e}"),
            }
        };
        assert_eq!(digest, expected, "{seed}");
    }
}

#[test]
fn too_many_single_requests_are_refused_with_the_way_out() {
    let bench = bench();
    bench.crawl("base", 50).unwrap();
    bench.clock.advance_day();
    for i in 0..30 {
        bench.hub.index().commit(i, "2020-01-01T00:00:00.000Z");
    }
    let error: Error = run(&bench, &Plan { max_singles: 10, ..plan(&bench) }, &mut |_| Ok(())).unwrap_err();
    assert!(error.to_string().contains("full crawl"), "{error}");
}

#[test]
fn an_update_needs_a_crawl_of_the_same_properties() {
    let bench = bench();
    bench.crawl("base", 50).unwrap();
    let error = run(&bench, &Plan { with_siblings: false, ..plan(&bench) }, &mut |_| Ok(())).unwrap_err();
    assert!(error.to_string().contains("other properties"), "{error}");
}

trait Day {
    fn advance_day(&self);
}
impl Day for hugging_carbon::hub::live::clock::VirtualClock {
    fn advance_day(&self) {
        self.advance(Duration::from_secs(86_400));
    }
}
