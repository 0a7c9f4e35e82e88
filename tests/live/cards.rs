//! Cards and everything that can be the matter with one.

use crate::bench::Bench;
use crate::stand_in::Elsewhere;
use crate::stand_in::faults::{Fault, Plan};
use crate::stand_in::index::{Card, Index};
use crate::stand_in::windows::Windows;
use hugging_carbon::error::Result;
use hugging_carbon::hub::live::cards::{self, CardCounts, Outcome, Wanted};
use hugging_carbon::hub::live::client::Caps;
use hugging_carbon::hub::live::clock::Clock;
use hugging_carbon::hub::live::fetch::{Counts, Fetcher};

fn fetch(bench: &Bench, wanted: &[Wanted]) -> Result<(CardCounts, Counts)> {
    let mut caps = bench.caps;
    caps.max_body = cards::MAX_CARD_BYTES;
    let client =
        hugging_carbon::hub::live::client::Client::new(&bench.environment(), Caps { ..caps }, bench.clock.clone()).unwrap();
    let mut fetcher = Fetcher::new(&client, bench.patience);
    let counts =
        cards::fetch(&mut fetcher, &bench.environment(), &bench.store(), &bench.journal("cards"), wanted, &mut |_| Ok(()))?;
    Ok((counts, fetcher.counts()))
}

fn bench_with(cards: &[Card]) -> (Bench, Vec<Wanted>) {
    let bench = Bench::new(Index::sample(20));
    let mut wanted = Vec::new();
    for (i, card) in cards.iter().enumerate() {
        let (id, sha) = {
            let index = bench.hub.index();
            (index.records[i].id(), index.records[i].text("sha"))
        };
        bench.hub.index().cards.insert(id.clone(), card.clone());
        wanted.push(Wanted { id, sha: Some(sha) });
    }
    (bench, wanted)
}

fn text(s: &str) -> Card {
    Card::Text(s.as_bytes().to_vec())
}

#[test]
fn every_outcome_is_recorded_as_such() {
    let big = Card::Text(vec![b'x'; 2 << 20]);
    let (bench, mut wanted) =
        bench_with(&[text("one"), Card::Gated, Card::Removed, Card::MovedTo("new-owner/new-name".into()), big, Card::Elsewhere]);
    let elsewhere = Elsewhere::start(b"from the file host");
    *bench.hub.state.elsewhere.lock().unwrap() = elsewhere.url.clone();
    bench.hub.index().cards.insert("new-owner/new-name".into(), text("moved"));
    wanted.push(Wanted { id: "no/card".into(), sha: None });
    wanted.push(Wanted { id: "a/../../api".into(), sha: None });
    let (counts, _) = fetch(&bench, &wanted).unwrap();
    assert_eq!(counts, CardCounts { fetched: 2, unchanged: 0, gated: 1, removed: 2, renamed: 1, oversized: 1, refused: 1 });
    let index = cards::read_index(&bench.journal("cards")).unwrap();
    let outcome = |i: usize| index[&wanted[i].id].outcome.clone();
    assert_eq!(cards::body(&bench.store(), &index[&wanted[0].id]).unwrap(), b"one");
    assert_eq!(outcome(1), Outcome::Gated);
    assert_eq!(outcome(2), Outcome::Removed { code: Some("RepoNotFound".into()) });
    assert!(matches!(outcome(3), Outcome::Renamed { to, .. } if to == "new-owner/new-name"));
    assert_eq!(cards::body(&bench.store(), &index[&wanted[3].id]).unwrap(), b"moved");
    assert_eq!(outcome(4), Outcome::Oversized);
    assert_eq!(cards::body(&bench.store(), &index[&wanted[5].id]).unwrap(), b"from the file host");
    assert_eq!(outcome(6), Outcome::Removed { code: Some("EntryNotFound".into()) });
    assert_eq!(outcome(7), Outcome::Refused { status: None });
}

#[test]
fn a_nightly_run_fetches_what_changed() {
    let (bench, mut wanted) = bench_with(&[text("one"), text("two"), Card::Gated, Card::Removed]);
    fetch(&bench, &wanted).unwrap();
    // The gate is tried again, the rest is not asked for.
    let (counts, network) = fetch(&bench, &wanted).unwrap();
    assert_eq!((counts.unchanged, counts.gated, network.requests), (3, 1, 1));
    bench.hub.index().commit(1, "2026-05-31T12:00:00.000Z");
    bench.hub.index().cards.insert(wanted[1].id.clone(), text("two, revised"));
    wanted[1].sha = Some(bench.hub.index().records[1].text("sha"));
    let (counts, network) = fetch(&bench, &wanted).unwrap();
    assert_eq!((counts.fetched, counts.unchanged, network.requests), (1, 2, 2));
    let index = cards::read_index(&bench.journal("cards")).unwrap();
    assert_eq!(cards::body(&bench.store(), &index[&wanted[1].id]).unwrap(), b"two, revised");
    // A lost body is fetched again.
    let Outcome::Fetched { sha256, .. } = &index[&wanted[0].id].outcome else { panic!() };
    std::fs::remove_file(bench.store().path(sha256)).unwrap();
    assert_eq!(fetch(&bench, &wanted).unwrap().0.fetched, 1);
}

#[test]
fn faults_are_retried_and_an_interrupted_run_goes_on() {
    let (mut bench, wanted) = bench_with(&[text("one"), text("two"), text("three")]);
    bench.hub.plan(Plan::script([Fault::Status(502), Fault::BreakOff(40), Fault::Fine, Fault::TruncatedGzip]));
    let (counts, network) = fetch(&bench, &wanted).unwrap();
    assert_eq!((counts.fetched, network.retried), (3, 3));
    std::fs::remove_file(bench.journal("cards")).unwrap();
    bench.patience.patience = std::time::Duration::from_secs(10);
    bench.hub.plan(Plan::script([Fault::Fine, Fault::Fine].into_iter().chain(std::iter::repeat_n(Fault::Status(500), 50))));
    assert_eq!(fetch(&bench, &wanted).unwrap_err().exit_status() as u8, 4);
    bench.hub.plan(Plan::default());
    let (counts, _) = fetch(&bench, &wanted).unwrap();
    assert_eq!((counts.unchanged, counts.fetched), (2, 1));
}

#[test]
fn a_token_that_is_not_accepted_does_not_make_everything_look_gated() {
    let (mut bench, wanted) = bench_with(&[text("one")]);
    bench.hub.plan(Plan::script([Fault::Status(401)]));
    assert_eq!(fetch(&bench, &wanted).unwrap().0.gated, 1);
    bench.token = Some(crate::bench::SECRET);
    bench.hub.plan(Plan::script([Fault::Status(401)]));
    let error = fetch(&bench, &wanted).unwrap_err();
    assert!(error.to_string().contains("the token is not accepted"), "{error}");
    assert_eq!(cards::read_index(&bench.journal("cards")).unwrap().len(), 1);
    assert_eq!(fetch(&bench, &wanted).unwrap().0.fetched, 1);
}

#[test]
fn file_requests_keep_within_their_own_window() {
    let (bench, wanted) = bench_with(&(0..20).map(|i| text(&i.to_string())).collect::<Vec<_>>());
    let clock = bench.clock.clone();
    let windows = Windows::new(move || {
        clock.advance(std::time::Duration::from_millis(50));
        clock.now().as_secs_f64()
    });
    // The API's window is empty; that is not the resolvers' concern.
    bench.hub.windows(windows.limit("api", 0, 300.0, 0.0).limit("resolvers", 10, 300.0, 0.0));
    let (counts, network) = fetch(&bench, &wanted).unwrap();
    assert_eq!((counts.fetched, network.requests, network.rate_limited), (20, 20, 0));
}
