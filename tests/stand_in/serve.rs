//! The stand-in Hub as a program: `cargo run --release --example stand_in_hub --  [--port N] [--records N] [--quota N] [--dataset FILE] [INDEX]`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "mod.rs"]
mod stand_in;

use stand_in::StandIn;
use stand_in::index::{Card, Index, SAMPLE_INDEX};
use stand_in::repos::Repo;
use stand_in::windows::Windows;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Instant;

fn main() {
    let (mut port, mut records, mut quota, mut source) = ("0".to_owned(), None, None, SAMPLE_INDEX.to_owned());
    let mut dataset: Option<String> = None;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().expect("a value");
        match arg.as_str() {
            "--port" => port = value(),
            "--records" => records = Some(value().parse().unwrap()),
            "--quota" => quota = Some(value().parse().unwrap()),
            "--dataset" => dataset = Some(value()),
            _ => source = arg,
        }
    }
    let mut index = Index::read(Path::new(&source));
    if let Some(n) = records {
        index = index.multiplied(n);
    }
    let card = index.records[0].id();
    index.cards.insert(card, Card::Text(b"---\nlicense: mit\n---\n# A card\n".to_vec()));
    let hub = StandIn::start_at(index, &format!("127.0.0.1:{port}"));
    hub.state.keep_log.store(false, Ordering::SeqCst);
    if let Some(quota) = quota {
        let start = Instant::now();
        hub.windows(Windows::new(move || start.elapsed().as_secs_f64()).limit("api", quota, 300.0, 0.0).limit(
            "resolvers",
            3_000,
            300.0,
            0.0,
        ));
    }
    if let Some(path) = dataset {
        let mut repo = Repo::default();
        repo.commit("daily", &[("models.parquet", &std::fs::read(path).unwrap())]);
        hub.repos().datasets.insert("owner/hub-stats".into(), repo);
    }
    println!("{}", hub.url);
    // Ends with its parent: when standard input closes.
    let mut line = String::new();
    let _ = std::io::stdin().read_line(&mut line);
    println!("{} requests, {} refused with 429", hub.requests(), hub.refused_429());
}
