//! Cards per second and megabytes per second of the extractor, with one and two threads, on the cards of ../shared/data.
//!
//!     cargo bench --bench cards
#![allow(clippy::print_stdout, clippy::expect_used)] // A benchmark speaks, and stops when it cannot measure.

use hugging_carbon::evidence::card::{About, CardRole, CardTables, extract};
use hugging_carbon::evidence::place::PlaceTables;
use hugging_carbon::hub::files::cards;
use hugging_carbon::reference::Reference;
use rayon::prelude::*;
use std::path::PathBuf;
use std::time::Instant;

fn main() {
    let shared = std::env::var_os("HUGGING_CARBON_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let path = shared.join("data/cards/model_cards.jsonl.gz");
    if !path.exists() {
        println!("cards: {} is absent; set HUGGING_CARBON_SHARED", path.display());
        return;
    }
    let reference = Reference::load().expect("the tables are part of the binary");
    let places = PlaceTables { places: &reference.places, regions: &reference.regions, operators: &reference.operators };
    let tables = CardTables { accelerators: &reference.accelerators, places };
    let mut all: Vec<cards::Card> = Vec::new();
    cards::read_cards("model_cards.jsonl.gz", &path, |item| {
        all.extend(item);
        Ok(())
    })
    .expect("the cards are readable");
    let bytes: usize = all.iter().map(|card| card.text.len()).sum();
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let begun = Instant::now();
        let rows: usize = pool.install(|| {
            all.par_iter()
                .map(|card| {
                    let about = About { model_id: &card.id, role: CardRole::OwnTraining, base_ids: &[], total_params: None };
                    extract(tables, &card.text, &about).len()
                })
                .sum()
        });
        let seconds = begun.elapsed().as_secs_f64();
        println!(
            "{threads} threads: {} cards, {:.1} MB, {rows} rows of evidence in {seconds:.2} s = {:.0} cards/s, {:.1} MB/s",
            all.len(),
            bytes as f64 / 1e6,
            all.len() as f64 / seconds,
            bytes as f64 / 1e6 / seconds
        );
    }
}
