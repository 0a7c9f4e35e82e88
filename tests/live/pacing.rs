//! The Hub's windows, on a clock that costs no time.

use crate::bench::Bench;
use crate::stand_in::faults::{Fault, Plan};
use crate::stand_in::index::Index;
use crate::stand_in::windows::Windows;
use hugging_carbon::hub::live::clock::{Clock, VirtualClock};
use std::sync::Arc;
use std::time::Duration;

/// A window on the bench's clock; each request takes `latency` of its time.
fn windows(clock: &Arc<VirtualClock>, latency: f64) -> Windows {
    let clock = clock.clone();
    Windows::new(move || {
        clock.advance(Duration::from_secs_f64(latency));
        clock.now().as_secs_f64()
    })
}

#[test]
fn three_hundred_thousand_records_within_500_requests_per_5_minutes() {
    let rows = Index::sample(2_000);
    // 1,000 a page need 300 requests, 500 a page need 600: more than a window.
    for (limit, requests, longest) in [(1_000, 300, 160.0), (500, 600, 420.0)] {
        let bench = Bench::new(rows.multiplied(300_000));
        bench.hub.state.gzip.store(false, std::sync::atomic::Ordering::SeqCst);
        bench.hub.windows(windows(&bench.clock, 0.05).limit("api", 500, 300.0, 120.3));
        // A light listing keeps this test short; pages count, not bytes.
        let listing =
            hugging_carbon::hub::live::listing::Listing { limit, expand: vec!["downloads".into()], ..Bench::listing(limit) };
        let (summary, counts) = bench.crawl_with("a", &listing, &mut |_| Ok(())).unwrap();
        assert_eq!(summary.counts.distinct, 300_000);
        assert_eq!((counts.requests, counts.rate_limited, bench.hub.refused_429()), (requests + 1, 0, 0));
        let took = bench.clock.now().as_secs_f64();
        assert!(took < longest, "{limit}: {took}");
    }
}

#[test]
fn a_window_that_is_nearly_used_up_by_others_is_respected() {
    let bench = Bench::new(Index::sample(60));
    bench.hub.windows(windows(&bench.clock, 0.2).limit("api", 20, 300.0, 299.9));
    let (_, counts) = bench.crawl("a", 1).unwrap();
    assert_eq!((counts.requests, counts.rate_limited), (60, 0));
}

#[test]
fn a_429_is_waited_out_for_t_and_a_second() {
    let bench = Bench::new(Index::sample(20));
    bench.hub.plan(Plan::script([Fault::TooMany { reset: 200 }, Fault::TooMany { reset: 70 }]));
    let (_, counts) = bench.crawl("a", 10).unwrap();
    assert_eq!((counts.requests, counts.rate_limited), (5, 2));
    let waited = Duration::from_millis(counts.waited_ms);
    assert!((Duration::from_secs(272)..Duration::from_secs(275)).contains(&waited), "{waited:?}");
}

#[test]
fn limits_without_headers_still_end_well() {
    // A proxy may answer 429 without saying for how long.
    let bench = Bench::new(Index::sample(20));
    bench.hub.plan(Plan::script(std::iter::repeat_n(Fault::Status(429), 8)));
    let (_, counts) = bench.crawl("a", 10).unwrap();
    assert_eq!(counts.rate_limited, 8);
}
