//! Crawls that finish, resume and replay.

use crate::bench::{Bench, kill_at};
use crate::stand_in::faults::{Fault, Plan, draw};
use crate::stand_in::index::{Index, Record, odd_records};
use hugging_carbon::hub::live::crawl::Step;
use hugging_carbon::hub::live::journal::{Journal, read_journal};
use hugging_carbon::hub::live::line::Line;
use std::collections::BTreeSet;

fn index(n: usize) -> Index {
    Index::sample(n)
}

#[test]
fn a_crawl_takes_every_record_once_and_replays_byte_for_byte() {
    let bench = Bench::new(index(500));
    let (summary, counts) = bench.crawl("a", 100).unwrap();
    assert_eq!((summary.pages, summary.counts.records, summary.counts.distinct), (5, 500, 500));
    // Five pages, and one request to be sure that the last is the last.
    assert_eq!(counts.requests, 6);
    // Nothing is asked again, and nothing at all for the replay.
    bench.crawl("a", 100).unwrap();
    assert_eq!(bench.hub.requests(), 6);
    let mut ids = BTreeSet::new();
    bench
        .recording("a")
        .each_record(|head, _| {
            ids.insert(head.id().unwrap().to_owned());
            Ok(())
        })
        .unwrap();
    assert_eq!(ids.len(), 500);
    // The bodies are what the Hub sends.
    let first = bench.recording("a").pages().next().unwrap().unwrap();
    let url = bench.hub.log()[0].0.clone();
    let client = bench.client();
    let again =
        client.get(&format!("{}{url}", bench.hub.url).parse().unwrap(), hugging_carbon::hub::live::client::Want::List).unwrap();
    let hugging_carbon::hub::live::client::Outcome::Answer(again) = again.0 else { panic!("{again:?}") };
    assert_eq!(first, again.body);
    // Another page size, the same content.
    bench.crawl("b", 37).unwrap();
    assert_eq!(bench.digest("a"), bench.digest("b"));
}

#[test]
fn the_journal_says_what_was_taken_and_resumes_only_its_own_crawl() {
    let bench = Bench::new(index(30));
    bench.crawl("a", 10).unwrap();
    let lines: Vec<Line> = read_journal(&bench.journal("a")).unwrap();
    assert!(
        matches!(&lines[0], Line::Start { endpoint, query, .. } if *endpoint == bench.hub.url && query.starts_with("sort=createdAt"))
    );
    assert!(matches!(&lines[1], Line::Page { seq: 0, rows: 10, next: Some(_), .. }));
    assert!(matches!(&lines[3], Line::Page { seq: 2, rows: 10, next: None, .. }));
    assert!(matches!(&lines[4], Line::Finish { pages: 3, counts, .. } if counts.distinct == 30));
    let other = hugging_carbon::hub::live::listing::Listing { limit: 10, ..hugging_carbon::hub::live::listing::Listing::light() };
    let error = bench.crawl_with("a", &other, &mut |_| Ok(())).unwrap_err();
    assert!(error.to_string().contains("another crawl"), "{error}");
    // A second run that starts while the first works is refused.
    let first = Journal::open::<Line>(&bench.journal("a")).unwrap();
    assert!(bench.crawl("a", 10).unwrap_err().to_string().contains("another process"));
    drop(first);
}

#[test]
fn a_kill_at_any_step_costs_at_most_the_page_in_flight() {
    let reference = Bench::new(index(60));
    reference.crawl("a", 10).unwrap();
    let digest = reference.digest("a");
    for kill in 1..=25 {
        let bench = Bench::new(index(60));
        let listing = Bench::listing(10);
        let killed = bench.crawl_with("a", &listing, &mut kill_at(kill));
        let before = bench.hub.requests();
        let recorded =
            read_journal::<Line>(&bench.journal("a")).unwrap().iter().filter(|l| matches!(l, Line::Page { .. })).count() as u64;
        assert_eq!(killed.is_err(), kill <= 24, "{kill}");
        // The last page costs two requests.
        assert!(before - recorded <= 1 + u64::from(kill > 21), "{kill}");
        bench.crawl("a", 10).unwrap();
        assert_eq!(bench.hub.requests(), 7 + (before - recorded) - u64::from(recorded == 6), "{kill}");
        assert_eq!(bench.digest("a"), digest, "{kill}");
    }
}

#[test]
fn two_hundred_crawls_with_faults_and_kills_end_with_the_same_digest() {
    let reference = Bench::new(index(180));
    let (summary, _) = reference.crawl("a", 15).unwrap();
    let digest = reference.digest("a");
    let (mut kills, mut faults, mut torn) = (0, 0, 0);
    for seed in 0..200_u64 {
        let bench = Bench::new(index(180));
        let kinds = Fault::passing(3).into_iter().chain([Fault::Elsewhere]).collect();
        bench.hub.plan(Plan::random(seed, 300, kinds));
        bench.hub.state.gzip.store(seed % 2 == 0, std::sync::atomic::Ordering::SeqCst);
        let mut random = seed + 1_000;
        let summary_here = loop {
            let steps = 1 + draw(&mut random) % 30;
            match bench.crawl_with("a", &Bench::listing(15), &mut kill_at(steps)) {
                Ok((summary, _)) => break summary,
                Err(e) => assert!(e.to_string().contains("killed"), "{seed}: {e}"),
            }
            kills += 1;
            torn += u64::from(tear(&bench, &mut random));
        };
        faults += bench.hub.requests() - summary.pages;
        assert_eq!(summary_here.counts.distinct, 180, "{seed}");
        assert_eq!(summary_here.counts.conflicting, 0, "{seed}");
        assert_eq!(bench.digest("a"), digest, "{seed}");
    }
    println!("{kills} kills, {torn} torn files, {faults} requests in vain in 200 crawls; every one the same digest");
    assert!(kills > 200 && torn > 50 && faults > 1_000);
}

/// Leaves the disk as a power cut might: a torn or half-written last line, a half-written object.
fn tear(bench: &Bench, random: &mut u64) -> bool {
    let path = bench.journal("a");
    let mut text = std::fs::read(&path).unwrap();
    match draw(random) % 4 {
        0 => text.extend_from_slice(b"{\"line\":\"page\",\"seq\":"),
        1 => {
            let cut = 1 + draw(random) as usize % 150;
            text.truncate(text.len().saturating_sub(cut));
        }
        2 => {
            // The object of the last page did not reach the disk.
            let lines: Vec<Line> = read_journal(&path).unwrap();
            if let Some(Line::Page { sha256, .. }) = lines.last() {
                let object = bench.store().path(sha256);
                let bytes = std::fs::read(&object).unwrap();
                std::fs::write(object, &bytes[..bytes.len() / 2]).unwrap();
            }
        }
        _ => return false,
    }
    std::fs::write(&path, text).unwrap();
    true
}

#[test]
fn an_empty_page_with_a_next_link_is_not_the_end() {
    let bench = Bench::new(index(50));
    bench.hub.plan(Plan::script([Fault::Fine, Fault::EmptyPage, Fault::EmptyPage, Fault::Fine, Fault::EmptyPage]));
    let (summary, _) = bench.crawl("a", 10).unwrap();
    assert_eq!((summary.pages, summary.counts.distinct), (8, 50));
}

#[test]
fn records_that_come_twice_count_once_and_the_first_is_kept() {
    let bench = Bench::new(index(40));
    // Between pages 2 and 3 the last record of page 2 gets a download, and comes again.
    bench.hub.before_page(|index, request| {
        if request == 3 {
            let order = index.order("createdAt");
            let record = order[19].1 as usize;
            index.records[record].set("downloads", "123456789");
            index.changed();
        }
    });
    bench.hub.plan(Plan::script([Fault::Fine, Fault::Fine, Fault::Duplicates(3)]));
    let (summary, _) = bench.crawl("a", 10).unwrap();
    assert_eq!((summary.counts.records, summary.counts.distinct), (43, 40));
    assert_eq!((summary.counts.duplicates, summary.counts.conflicting), (3, 1));
    bench
        .recording("a")
        .each_record(|_, raw| {
            assert!(!raw.contains("123456789"));
            Ok(())
        })
        .unwrap();
}

#[test]
fn records_may_come_and_go_while_the_crawl_runs() {
    let bench = Bench::new(index(100));
    bench.hub.before_page(|index, request| {
        let mut random = request;
        // Two vanish, one is born.
        for _ in 0..2 {
            let gone = draw(&mut random) as usize % index.records.len();
            index.records.remove(gone);
        }
        let mut born =
            Record::parse(&format!(r#"{{"id":"new/born-{request}","createdAt":"2026-06-01T00:00:0{}.000Z"}}"#, request % 10));
        born.set("_id", &format!("\"6a3ac600{request:016x}\""));
        index.records.push(born);
        index.changed();
    });
    let (summary, _) = bench.crawl("a", 10).unwrap();
    // The cursor is a place in the order, so that nothing that stayed is missed and nothing comes twice.
    assert_eq!(summary.counts.duplicates, 0);
    let mut taken = BTreeSet::new();
    bench
        .recording("a")
        .each_record(|head, _| {
            taken.insert(head.id().unwrap().to_owned());
            Ok(())
        })
        .unwrap();
    let missing: Vec<String> =
        bench.hub.index().records.iter().map(Record::id).filter(|id| !taken.contains(id) && !id.starts_with("new/")).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn odd_records_pass_as_they_are() {
    let mut records = index(30).records;
    records.extend(odd_records());
    let bench = Bench::new(Index::new(records));
    let (summary, _) = bench.crawl("a", 7).unwrap();
    assert_eq!(summary.counts.distinct, 42);
    let mut text = String::new();
    bench
        .recording("a")
        .each_record(|_, raw| {
            text.push_str(raw);
            Ok(())
        })
        .unwrap();
    for odd in [
        r#""miku":3"#,
        r#""downloads":-5"#,
        r#""gated":true"#,
        r#"[{"emissions":3},{"source":"x"}]"#,
        r#""lastModified":12"#,
        "99999999999999999999999",
    ] {
        assert!(text.contains(odd), "{odd}");
    }
    assert_eq!(bench.digest("a").len(), 64);
}

#[test]
fn a_damaged_object_is_fetched_again_on_the_next_run() {
    let bench = Bench::new(index(50));
    bench.crawl("a", 10).unwrap();
    let digest = bench.digest("a");
    let lines: Vec<Line> = read_journal(&bench.journal("a")).unwrap();
    let Line::Page { sha256, .. } = &lines[3] else { panic!() };
    std::fs::write(bench.store().path(sha256), b"not what it was").unwrap();
    assert!(bench.recording("a").digest().unwrap_err().to_string().contains("damaged"));
    bench.crawl("a", 10).unwrap();
    assert_eq!(bench.digest("a"), digest);
    assert_eq!(bench.hub.requests(), 6 + 4);
}

#[test]
fn an_unfinished_crawl_is_not_replayed() {
    let bench = Bench::new(index(50));
    bench.crawl_with("a", &Bench::listing(10), &mut kill_at(9)).unwrap_err();
    let error = hugging_carbon::hub::live::replay::Recording::open(&bench.store(), &bench.journal("a")).unwrap_err();
    assert!(error.to_string().contains("not complete"), "{error}");
}

#[test]
fn steps_are_told_in_order() {
    let bench = Bench::new(index(10));
    let mut steps = Vec::new();
    bench
        .crawl_with("a", &Bench::listing(10), &mut |step| {
            steps.push(step);
            Ok(())
        })
        .unwrap();
    assert_eq!(steps, [Step::Asking, Step::Fetched, Step::Stored, Step::Recorded { pages: 1, records: 10 }]);
}
