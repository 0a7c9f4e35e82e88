//! The token: sent to the Hub, and to nobody and nothing else.

use crate::bench::{Bench, SECRET};
use crate::stand_in::Elsewhere;
use crate::stand_in::faults::{Fault, Plan};
use crate::stand_in::index::{Card, Index};
use hugging_carbon::hub::live::client::{Outcome, Want};
use hugging_carbon::hub::live::environment::Environment;
use hugging_carbon::hub::live::fetch::Patience;
use std::path::Path;
use std::time::Duration;

fn files_with(dir: &Path, needle: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with(&path, needle));
        } else {
            let raw = std::fs::read(&path).unwrap();
            let plain = zstd::decode_all(&raw[..]).unwrap_or_default();
            if [raw, plain].iter().any(|bytes| bytes.windows(needle.len()).any(|w| w == needle)) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

#[test]
fn the_token_goes_to_the_hub_and_not_past_a_redirect() {
    let mut bench = Bench::new(Index::sample(10));
    bench.token = Some(SECRET);
    let elsewhere = Elsewhere::start(b"[]");
    *bench.hub.state.elsewhere.lock().unwrap() = elsewhere.url.clone();
    bench.hub.index().cards.insert("a/b".into(), Card::Elsewhere);
    let url = bench.environment().url(&["a/b", "resolve", "main", "README.md"]).unwrap();
    let (outcome, _) = bench.client().get(&url, Want::Bytes).unwrap();
    let Outcome::Answer(answer) = outcome else { panic!("{outcome:?}") };
    assert_eq!(answer.body, b"[]");
    assert_eq!(answer.redirects.len(), 1);
    assert_eq!(bench.hub.log()[0].1.as_deref(), Some(&*format!("Bearer {SECRET}")));
    assert_eq!(bench.hub.agents(), [format!("hugging-carbon/{}", env!("CARGO_PKG_VERSION"))]);
    assert_eq!(*elsewhere.seen.lock().unwrap(), [None]);
    // Records are not taken from another host at all.
    bench.hub.plan(Plan::script([Fault::Elsewhere]));
    bench.crawl("a", 10).unwrap();
    assert_eq!(elsewhere.seen.lock().unwrap().len(), 1);
}

#[test]
fn redirects_end() {
    let bench = Bench::new(Index::sample(1));
    bench.hub.index().cards.insert("a/b".into(), Card::MovedTo("a/b".into()));
    let url = bench.environment().url(&["a/b", "resolve", "main", "README.md"]).unwrap();
    let (outcome, _) = bench.client().get(&url, Want::Bytes).unwrap();
    let Outcome::Refused(refusal) = outcome else { panic!("{outcome:?}") };
    assert!(refusal.reason.contains("more than 5 redirects"), "{}", refusal.reason);
    assert_eq!(bench.hub.requests(), 6);
}

#[test]
fn the_token_is_in_no_file_and_no_message() {
    let mut bench = Bench::new(Index::sample(40));
    bench.token = Some(SECRET);
    bench.patience = Patience { patience: Duration::from_secs(20), ..Patience::default() };
    let mut messages = vec![format!("{:?}", bench.environment())];
    for fault in [Fault::Status(401), Fault::Status(403), Fault::LinkElsewhere, Fault::LinkLoop] {
        bench.hub.plan(Plan::script([fault]));
        messages.push(bench.crawl("a", 10).unwrap_err().to_string());
        std::fs::remove_file(bench.journal("a")).unwrap();
    }
    for fault in [Fault::Status(500), Fault::BreakOff(30), Fault::Html, Fault::TooMany { reset: 60 }] {
        bench.hub.plan(Plan::script(std::iter::repeat_n(fault, 40)));
        let error = bench.crawl("a", 10).unwrap_err();
        messages.push(format!("{error} {error:?}"));
    }
    bench.hub.plan(Plan::default());
    bench.crawl("a", 10).unwrap();
    assert!(messages[1].contains("the token is not accepted"), "{}", messages[1]);
    for message in &messages {
        assert!(!message.contains(SECRET) && !message.contains("Bearer"), "{message}");
    }
    assert!(bench.hub.log().iter().all(|(target, _)| !target.contains(SECRET)));
    assert_eq!(files_with(bench.dir.path(), SECRET.as_bytes()), Vec::<String>::new());
}

#[test]
fn a_panic_does_not_show_the_token() {
    let token = hugging_carbon::hub::live::token::Token::new(SECRET, "HF_TOKEN").unwrap();
    let panic = std::panic::catch_unwind(move || panic!("{token:?} {token}")).unwrap_err();
    assert_eq!(panic.downcast_ref::<String>().unwrap(), "[secret] [secret]");
}

/// Regression: the way out named `--data-dir` and `--source`, which have nothing to do with a token.
#[test]
fn a_token_file_that_cannot_be_read_is_named_with_what_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    let lookup = |name: &str| (name == "HF_TOKEN_PATH").then(|| path.to_owned());
    let message = Environment::from_lookup(lookup, dir.path()).unwrap_err().to_string();
    assert!(message.starts_with("cannot read the token file: ") && message.matches(path).count() == 1, "{message}");
    assert!(message.contains("way out: ") && message.contains("HF_TOKEN_PATH") && !message.contains("--source"), "{message}");
}
