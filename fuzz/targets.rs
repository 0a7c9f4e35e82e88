//! What is fuzzed: for each kind of text or file from outside, the reader of it and what must hold whatever comes.
//!
//! `fuzz/fuzz_targets` hands these to libFuzzer, `tests/fuzz_corpus.rs` hands them every file of `fuzz/corpus`. A reader that panics has
//! failed; so has one that keeps a value it should have refused.

use hugging_carbon::config::{Config, Overrides, resolve};
use hugging_carbon::engine::Record;
use hugging_carbon::evidence::card::{About, CardRole, CardTables, CutCard, extract, said_origin};
use hugging_carbon::evidence::hardware::{Context, read_hardware};
use hugging_carbon::evidence::place::{PlaceTables, read_place};
use hugging_carbon::evidence::quantity::{amounts, computes, digits, durations, numbers, pieces, tokens};
use hugging_carbon::hub::live::head::Head;
use hugging_carbon::hub::live::journal::read_journal;
use hugging_carbon::hub::live::line::Line;
use hugging_carbon::hub::record::{is_valid_id, parse_json_record, parse_yaml};
use hugging_carbon::hub::{Parsed, SourceFile, find_files, read_cards, read_json, read_parquet};
use hugging_carbon::reference::Reference;
use hugging_carbon::stages::snapshot::manifest::Manifest;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// A target: its name, which is that of its corpus, and what it does with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All targets, in the order of the data.
pub const TARGETS: &[Target] = &[
    ("record", record),
    ("index", index),
    ("parquet", parquet),
    ("card", card),
    ("front_matter", front_matter),
    ("quantity", quantity),
    ("hardware", hardware),
    ("place", place),
    ("config", config),
    ("manifest", manifest),
    ("state", state),
    ("journal", journal),
];

static REFERENCE: LazyLock<Reference> = LazyLock::new(|| Reference::load().expect("the tables in the binary are sound"));

fn places() -> PlaceTables<'static> {
    PlaceTables { places: &REFERENCE.places, regions: &REFERENCE.regions, operators: &REFERENCE.operators }
}

/// A file with these bytes, in memory where the system has such a place.
fn as_file<T>(name: &str, bytes: &[u8], read: impl FnOnce(&Path) -> T) -> T {
    static SHARED_MEMORY: LazyLock<PathBuf> = LazyLock::new(|| {
        let memory = PathBuf::from("/dev/shm");
        if memory.is_dir() { memory } else { std::env::temp_dir() }
    });
    let dir = tempfile::tempdir_in(&*SHARED_MEMORY).expect("a directory for one file");
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).expect("a file of a few kilobytes");
    read(&path)
}

/// A record that was read has an id; one that was not says why.
fn check_record(parsed: &Parsed) {
    match &parsed.row {
        Some(row) => assert!(is_valid_id(&row.model_id), "{:?}", row.model_id),
        None => assert!(!parsed.problems.is_empty(), "refused without a reason"),
    }
}

/// One record of the listing API.
pub fn record(data: &[u8]) {
    check_record(&parse_json_record(data, "fuzz:line 1"));
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Head::parse(text);
    }
}

/// An index of whatever kind its content says, and the same file as one of cards.
pub fn index(data: &[u8]) {
    as_file("models", data, |path| {
        for file in find_files(path).map(|found| found.files).unwrap_or_default() {
            read_file(&file);
        }
        let _ = read_cards("models", path, |_| Ok(()));
    });
}

/// A Parquet file, whose first bytes are given so that no run is spent on finding them.
pub fn parquet(data: &[u8]) {
    index(&[b"PAR1", data].concat());
}

fn read_file(file: &SourceFile) {
    let sink = |block: hugging_carbon::hub::Block| {
        block.records.iter().for_each(check_record);
        Ok(())
    };
    let _ = match file.kind {
        hugging_carbon::hub::FileKind::Parquet => read_parquet(file, sink).map(|_| ()),
        hugging_carbon::hub::FileKind::Recording => Ok(()),
        _ => read_json(file, sink).map(|_| ()),
    };
}

/// A model card.
pub fn card(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let tables = CardTables { accelerators: &REFERENCE.accelerators, places: places() };
    let about = About { model_id: "lab/model-7b", role: CardRole::OwnTraining, base_ids: &[], total_params: Some(7e9) };
    for found in extract(tables, &text, &about) {
        let is_sound = found.value.is_none_or(|value| value.is_finite() && value >= 0.0);
        assert!(is_sound || found.reject_reason.is_some(), "{found:?}");
        assert!((0.0..=1.0).contains(&found.confidence), "{found:?}");
    }
    let _ = said_origin(tables, "lab/model-7b", &CutCard::new(&text));
}

/// The YAML of a card, alone and in its place.
pub fn front_matter(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = parse_yaml(&text);
    card(format!("---\n{text}\n---\n").as_bytes());
}

/// Numbers with units.
pub fn quantity(data: &[u8]) {
    let text = &*String::from_utf8_lossy(data);
    for kg in [1.0, 1e-3] {
        if let Ok(mass) = amounts::parse_mass(text, kg) {
            assert!(mass.0.is_finite(), "{mass:?}");
        }
    }
    if let Ok(energy) = amounts::parse_energy(text) {
        assert!(energy.0.is_finite(), "{energy:?}");
    }
    let _ = amounts::parse_number_with_unit(text);
    let _ = pieces::cut_pieces(text);
    for sign in [digits::by_words(text.split_whitespace()), digits::by_column(text.lines())] {
        let _ = digits::parse_number(text, sign);
        let found = tokens::lex_in(text, sign);
        for i in 0..found.len() {
            let _ = numbers::quantity(&found, i);
            let _ = computes::compute_unit(&found, i);
            let _ = durations::duration(&found, i);
            let _ = durations::duration_in_value(&found, i);
            let _ = durations::clock(&found, i);
            let _ = durations::short_clock(&found, i);
        }
        let _ = numbers::first_quantity(&found);
    }
}

/// Texts that name chips.
pub fn hardware(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for context in [Context::Field, Context::Prose] {
        let _ = read_hardware(&REFERENCE.accelerators, &text, context);
    }
}

/// Texts that name places.
pub fn place(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for context in [Context::Field, Context::Prose] {
        let _ = read_place(places(), &text, context);
    }
}

/// `pipeline.toml`, and the configuration that a manifest pins.
pub fn config(data: &[u8]) {
    as_file("pipeline.toml", data, |path| {
        let overrides = Overrides { config_file: Some(path.to_owned()), ..Overrides::default() };
        let _ = resolve(&overrides, |_| None);
    });
    if let Ok(pinned) = serde_json::from_slice(data) {
        let _ = Config::from_pinned(pinned);
    }
}

/// `manifest.json`.
pub fn manifest(data: &[u8]) {
    let _ = Manifest::parse(data, "manifest.json");
}

/// A record of `state.json`.
pub fn state(data: &[u8]) {
    let _ = serde_json::from_slice::<Record>(data);
}

/// The journal of a crawl, and a crawl that lies about its pages.
pub fn journal(data: &[u8]) {
    as_file("crawl.jsonl", data, |path| {
        let _ = read_journal::<Line>(path);
        let objects = path.with_file_name("objects");
        std::fs::create_dir(objects).expect("an empty store");
        let _ = find_files(path);
    });
}
