//! What a Hub, a proxy or a network may do wrong, one at a time.

use crate::bench::Bench;
use crate::stand_in::faults::{Fault, Plan};
use crate::stand_in::index::Index;
use hugging_carbon::hub::live::fetch::Patience;
use std::time::{Duration, Instant};

fn bench() -> Bench {
    Bench::new(Index::sample(40))
}

#[test]
fn what_can_be_retried_is_retried() {
    for (fault, gzip) in [
        (Fault::Status(500), true),
        (Fault::Status(502), true),
        (Fault::Status(504), true),
        (Fault::BreakOff(0), true),
        (Fault::BreakOff(60), true),
        (Fault::BreakOff(60), false),
        (Fault::TruncatedGzip, true),
        (Fault::ShortUntilClose, true),
        (Fault::ShortUntilClose, false),
        (Fault::Html, true),
        (Fault::NotJson, false),
        (Fault::Elsewhere, true),
    ] {
        let bench = bench();
        bench.hub.state.gzip.store(gzip, std::sync::atomic::Ordering::SeqCst);
        bench.hub.plan(Plan::script([Fault::Fine, fault.clone(), fault.clone()]));
        let (summary, counts) = bench.crawl("a", 10).unwrap();
        assert_eq!((summary.counts.records, counts.requests, counts.retried), (40, 7, 2), "{fault:?} {gzip}");
        assert!(counts.waited_ms >= 1_000, "{fault:?}: {}", counts.waited_ms);
    }
}

#[test]
fn a_slow_drip_is_stopped_by_the_total_cap() {
    let mut bench = bench();
    bench.caps.total = Duration::from_millis(300);
    bench.hub.plan(Plan::script([Fault::Drip(5)]));
    let started = Instant::now();
    let (summary, counts) = bench.crawl("a", 10).unwrap();
    assert_eq!((summary.counts.records, counts.retried), (40, 1));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn silence_is_stopped_by_the_idle_cap() {
    let mut bench = bench();
    bench.caps.idle = Duration::from_millis(200);
    bench.hub.plan(Plan::script([Fault::Drip(1_000)]));
    let (summary, counts) = bench.crawl("a", 10).unwrap();
    assert_eq!((summary.counts.records, counts.retried), (40, 1));
}

#[test]
fn patience_ends_with_exit_status_4_and_the_way_out() {
    let mut bench = bench();
    bench.patience = Patience { patience: Duration::from_secs(100), ..Patience::default() };
    bench.hub.plan(Plan::script([Fault::Fine, Fault::Fine].into_iter().chain(std::iter::repeat_n(Fault::Status(503), 100))));
    let error = bench.crawl("a", 10).unwrap_err();
    assert_eq!(error.exit_status() as u8, 4);
    for part in ["503", "100 s", "the same command again", "/api/models"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    // The two pages are kept.
    bench.hub.plan(Plan::default());
    let (_, counts) = bench.crawl("a", 10).unwrap();
    assert_eq!(counts.requests, 3);
}

#[test]
fn nobody_at_home_is_exit_status_4() {
    let mut bench = bench();
    bench.patience = Patience { patience: Duration::from_secs(3), ..Patience::default() };
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let environment = hugging_carbon::hub::live::environment::Environment::from_lookup(
        |n| (n == "HF_ENDPOINT").then(|| format!("http://{free}")),
        bench.dir.path(),
    )
    .unwrap();
    let client = hugging_carbon::hub::live::client::Client::new(&environment, bench.caps, bench.clock.clone()).unwrap();
    let mut fetcher = hugging_carbon::hub::live::fetch::Fetcher::new(&client, bench.patience);
    let listing = Bench::listing(10);
    let error = hugging_carbon::hub::live::crawl::crawl(
        &mut fetcher,
        &environment,
        &bench.store(),
        &bench.journal("x"),
        &listing,
        &mut |_| Ok(()),
    )
    .unwrap_err();
    assert_eq!(error.exit_status() as u8, 4);
    assert!(error.to_string().contains("cannot connect"), "{error}");
}

#[test]
fn what_cannot_be_retried_ends_at_once() {
    for (status, remedy) in [(401, "set HF_TOKEN"), (403, "access"), (404, "HF_ENDPOINT"), (400, "cursor")] {
        let bench = bench();
        bench.hub.plan(Plan::script([Fault::Status(status)]));
        let error = bench.crawl("a", 10).unwrap_err();
        assert_eq!(error.exit_status() as u8, 4);
        assert!(error.to_string().contains(remedy) && error.to_string().contains(&status.to_string()), "{error}");
        assert_eq!(bench.hub.requests(), 1);
    }
}

#[test]
fn next_links_to_another_host_or_in_a_circle_are_refused() {
    for (fault, expected) in [(Fault::LinkElsewhere, "another host (hub.invalid)"), (Fault::LinkLoop, "already seen")] {
        let bench = bench();
        bench.hub.plan(Plan::script([Fault::Fine, fault]));
        let error = bench.crawl("a", 10).unwrap_err();
        assert_eq!(error.exit_status() as u8, 4);
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_proxy_that_strips_links_does_not_make_one_page_of_the_hub() {
    let bench = bench();
    bench.hub.plan(Plan::script([Fault::Fine, Fault::NoLink, Fault::NoLink]));
    let error = bench.crawl("a", 10).unwrap_err();
    assert!(error.to_string().contains("strips the Link header"), "{error}");
    assert_eq!(error.exit_status() as u8, 4);
    // The page without a link is not taken for the last one afterwards.
    assert_eq!(bench.crawl("a", 10).unwrap().0.counts.distinct, 40);
}

#[test]
fn a_listing_without_end_is_stopped() {
    let bench = bench();
    bench.hub.plan(Plan::script(std::iter::repeat_n(Fault::EmptyPage, 50)));
    let listing = hugging_carbon::hub::live::listing::Listing { max_pages: 20, ..Bench::listing(10) };
    let error = bench.crawl_with("a", &listing, &mut |_| Ok(())).unwrap_err();
    assert!(error.to_string().contains("20 pages and no end"), "{error}");
}

#[test]
fn a_record_of_ten_megabytes_is_passed_by_and_counted() {
    let mut index = Index::sample(40);
    let giant = format!("\"{}\"", "x".repeat(11 << 20));
    index.records[17].set("cardData", &giant);
    let id = index.records[17].id();
    for gzip in [false, true] {
        let bench = Bench::new(Index::new(index.records.clone()));
        bench.hub.state.gzip.store(gzip, std::sync::atomic::Ordering::SeqCst);
        let (summary, _) = bench.crawl("a", 10).unwrap();
        assert_eq!((summary.counts.distinct, summary.counts.skipped), (39, 1));
        bench
            .recording("a")
            .each_record(|head, _| {
                assert_ne!(head.id().unwrap(), id);
                Ok(())
            })
            .unwrap();
        // A resumed crawl knows of it, and another crawl finds the same.
        assert_eq!(bench.crawl("a", 10).unwrap().0, summary);
        bench.crawl("b", 40).unwrap();
        assert_eq!(bench.digest("a"), bench.digest("b"));
    }
}

#[test]
fn pages_that_are_too_large_as_a_rule_cost_few_requests_in_vain() {
    let mut index = Index::sample(200);
    let large = format!("\"{}\"", "x".repeat(300 << 10));
    index.records.iter_mut().for_each(|record| record.set("cardData", &large));
    let bench = Bench::new(Index::new(index.records));
    // 200 records of 300 kB: 34 fit under the cap.
    let (summary, counts) = bench.crawl("a", 100).unwrap();
    assert_eq!((summary.counts.distinct, summary.counts.skipped), (200, 0));
    assert!(counts.requests <= 15, "{counts:?}");
}

#[test]
fn offline_means_no_network() {
    let bench = bench();
    let environment = hugging_carbon::hub::live::environment::Environment::from_lookup(
        |n| match n {
            "HF_ENDPOINT" => Some(bench.hub.url.clone()),
            "HF_HUB_OFFLINE" => Some("yes".into()),
            _ => None,
        },
        bench.dir.path(),
    )
    .unwrap();
    let error = hugging_carbon::hub::live::client::Client::new(&environment, bench.caps, bench.clock.clone()).err().unwrap();
    assert!(error.to_string().contains("HF_HUB_OFFLINE"), "{error}");
}
