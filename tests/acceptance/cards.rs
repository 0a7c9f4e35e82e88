//! The card extractor against labels that readers gave, the repositories with invented cards, and the field in the wild.

use crate::shared;
use hugging_carbon::domain::Field;
use hugging_carbon::evidence::Extracted;
use hugging_carbon::evidence::card::{About, CardRole, CardTables, extract};
use hugging_carbon::evidence::hardware::{self, Context};
use hugging_carbon::evidence::place::PlaceTables;
use hugging_carbon::hub::files::cards;
use hugging_carbon::reference::Reference;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Fields with an aim: precision 0.95, recall 0.85.
const AIMED: &[Field] =
    &[Field::EmissionsKgco2e, Field::EnergyKwh, Field::Accelerator, Field::WallHours, Field::AcceleratorHours, Field::TrainTokens];

pub fn tables(reference: &Reference) -> CardTables<'_> {
    let places = PlaceTables { places: &reference.places, regions: &reference.regions, operators: &reference.operators };
    CardTables { accelerators: &reference.accelerators, places }
}

pub fn all_cards(shared: &Path) -> HashMap<String, String> {
    let mut all = HashMap::new();
    let path = shared.join("data/cards/model_cards.jsonl.gz");
    cards::read_cards("model_cards.jsonl.gz", &path, |item| {
        if let Ok(card) = item {
            all.entry(card.id).or_insert(card.text);
        }
        Ok(())
    })
    .unwrap();
    all
}

fn labels() -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/card_labels.jsonl");
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn role(kind: &str) -> CardRole {
    match kind {
        "quantized_or_converted" | "merge" | "base_quoted" | "copy" => CardRole::Copy,
        "fine_tune" | "adapter" => CardRole::FineTune,
        _ => CardRole::OwnTraining,
    }
}

fn matches(reference: &Reference, fact: &Value, row: &Extracted) -> bool {
    match fact["field"].as_str().unwrap() {
        "accelerator" => {
            let families = |text: &str| -> Vec<String> {
                let read = hardware::read_hardware(&reference.accelerators, text, Context::Field);
                read.chips.iter().map(|c| c.family().to_owned()).collect()
            };
            let (a, b) = (families(fact["text"].as_str().unwrap_or_default()), families(&row.as_written));
            a.iter().any(|family| b.contains(family))
        }
        _ => match (fact["value"].as_f64(), row.value) {
            (Some(a), Some(b)) => (a - b).abs() <= 0.02 * a.abs().max(b.abs()),
            _ => true,
        },
    }
}

/// Labelled cards that are measured together: by half, and by the day they were labelled on (the first day is not written down).
fn batches(labels: &[Value]) -> BTreeSet<(&str, Option<&str>)> {
    labels.iter().map(|l| (l["split"].as_str().unwrap(), l["labelled"].as_str())).collect()
}

/// Precision and recall per field on both halves of the labelled cards, those of each labelling apart; rules were written on `dev` only.
/// `SHOW_DEV=1` prints what is missed and what is wrong in `dev`.
#[test]
#[ignore = "needs ../shared/data"]
fn facts_of_labelled_cards_are_read() {
    let Some(shared) = shared() else { return };
    let reference = Reference::load().unwrap();
    let cards = all_cards(&shared);
    let labels = labels();
    let mut short = Vec::new();
    for (half, labelled_on) in batches(&labels) {
        // Field to labelled, right, accepted.
        let mut scores: BTreeMap<String, [usize; 3]> = BTreeMap::new();
        let shows = half == "dev" && std::env::var_os("SHOW_DEV").is_some();
        for label in labels.iter().filter(|l| l["split"] == half && l["labelled"].as_str() == labelled_on) {
            let id = label["id"].as_str().unwrap();
            let about =
                About { model_id: id, role: role(label["kind"].as_str().unwrap_or_default()), base_ids: &[], total_params: None };
            let rows = extract(tables(&reference), &cards[id], &about);
            let accepted: Vec<&Extracted> = rows.iter().filter(|r| r.reject_reason.is_none()).collect();
            let facts: Vec<&Value> = label["facts"].as_array().unwrap().iter().collect();
            for field in AIMED {
                let of = |f: &&&Value| f["field"] == field.name();
                let score = scores.entry(field.name().to_owned()).or_default();
                let labelled: Vec<&&Value> = facts.iter().filter(of).collect();
                // A reader hesitated: neither right nor wrong.
                let uncertain: Vec<&Value> = label["uncertain"].as_array().unwrap().iter().filter(|f| of(&f)).collect();
                let doubtful = |r: &&&Extracted| {
                    !labelled.iter().any(|f| matches(&reference, f, r)) && uncertain.iter().any(|f| matches(&reference, f, r))
                };
                let found: Vec<&&Extracted> = accepted.iter().filter(|r| r.field == *field && !doubtful(r)).collect();
                let right = found.iter().filter(|r| labelled.iter().any(|f| matches(&reference, f, r))).count();
                if shows && (right < found.len() || right == 0 && !labelled.is_empty()) {
                    eprintln!("{id} {}: labelled {labelled:?}\n    accepted {found:?}", field.name());
                    for r in rows.iter().filter(|r| r.field == *field && r.reject_reason.is_some()) {
                        eprintln!("    refused {:?} {:?} {:?} {:?}", r.value, r.as_written, r.reject_reason, r.quote);
                    }
                }
                score[0] += usize::from(!labelled.is_empty());
                score[1] += right.min(1);
                score[2] += found.len();
            }
        }
        let mut pooled = [0; 3];
        for (field, score) in &scores {
            eprintln!("  {half:9} {field:18} labelled {:3}, right {:3}, accepted {:3}", score[0], score[1], score[2]);
            for (sum, n) in pooled.iter_mut().zip(score) {
                *sum += n;
            }
        }
        let [labelled, right, accepted] = pooled.map(|n| n as f64);
        let of = labelled_on.unwrap_or("the first labelling");
        eprintln!("{half}, {of}: precision {:.3} (aim 0.95), recall {:.3} (aim 0.85)", right / accepted, right / labelled);
        // The half that no rule was written against is the measure; what was seen of it was moved to `dev` (tests/data/README.md).
        if half == "held_out" && (right / labelled < 0.85 || right / accepted < 0.95) {
            short.push(format!("{half}, {of}"));
        }
    }
    assert!(short.is_empty(), "{short:?}");
}

/// Of models that report the field, how often the text's own figure agrees with it; where they differ, what was decided.
#[test]
#[ignore = "needs ../shared/data"]
fn reported_emissions_agree_with_their_field_or_say_why_not() {
    let Some(shared) = shared() else { return };
    let reference = Reference::load().unwrap();
    let path = shared.join("data/cards/reported_co2_2023-12-31.csv");
    let (mut n, mut agree, mut stated) = (0, 0, 0);
    for row in csv::Reader::from_path(path).unwrap().deserialize::<HashMap<String, String>>() {
        let row = row.unwrap();
        let Ok(grams) = row["co2_eq_emissions"].parse::<f64>() else { continue };
        n += 1;
        let about = About { model_id: &row["modelId"], role: CardRole::OwnTraining, base_ids: &[], total_params: None };
        let found = extract(tables(&reference), &row["modelcard_text"], &about);
        let Some(text) = found.iter().find(|r| r.field == Field::EmissionsKgco2e && r.reject_reason.is_none()) else { continue };
        stated += 1;
        let kg = text.value.unwrap_or_default();
        if (kg * 1000.0 / grams - 1.0).abs() < 0.05 {
            agree += 1;
        } else {
            eprintln!("  {}: the field has {grams} g, the text {kg} kg: {}", row["modelId"], text.quote);
        }
    }
    eprintln!("{n} reporting models, {stated} with a figure of their own in the text, {agree} of them the field's");
    assert!(stated > 700 && agree as f64 >= 0.97 * stated as f64);
}

/// Cards are hostile: truncated, spliced, with random bytes, with lines of ten megabytes, with alias bombs. None may panic or be slow.
#[test]
#[ignore = "needs ../shared/data"]
fn ten_thousand_mutated_cards_are_read_or_refused() {
    let Some(shared) = shared() else { return };
    let reference = Reference::load().unwrap();
    let cards: Vec<String> = {
        let mut all: Vec<(String, String)> = all_cards(&shared).into_iter().collect();
        all.sort();
        all.into_iter().map(|(_, text)| text).collect()
    };
    let about = About { model_id: "a/b-7B", role: CardRole::OwnTraining, base_ids: &[], total_params: Some(7e9) };
    // A linear congruential generator: the test must not differ between runs.
    let mut state = 20_260_502_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    let mut slowest = (0.0_f64, 0);
    for n in 0..10_000 {
        let mut bytes = cards[random(cards.len())].clone().into_bytes();
        for _ in 0..=random(3) {
            let at = random(bytes.len());
            match random(5) {
                0 => bytes.truncate(at),
                1 => {
                    let other = cards[random(cards.len())].as_bytes();
                    let from = random(other.len());
                    bytes.splice(at.min(bytes.len())..at.min(bytes.len()), other[from..].iter().copied());
                }
                2 => (0..20).for_each(|_| {
                    let at = random(bytes.len());
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = random(256) as u8;
                    }
                }),
                3 => {
                    let word = ["| ", "**", "[", "`", "> ", "<td>", "1e9 ", "- ", "GPU hours 7 "][random(9)];
                    bytes.splice(at.min(bytes.len())..at.min(bytes.len()), word.repeat(2_000).into_bytes());
                }
                _ => {}
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        let begun = std::time::Instant::now();
        let rows = extract(tables(&reference), &text, &about);
        let seconds = begun.elapsed().as_secs_f64();
        assert!(rows.iter().all(|r| r.value.is_none_or(f64::is_finite)), "card {n}");
        if seconds > slowest.0 {
            slowest = (seconds, text.len());
        }
    }
    eprintln!("10,000 mutated cards; the slowest took {:.3} s for {} bytes", slowest.0, slowest.1);
    let bomb = format!("---\na: &a [x]\nb: &b [{}]\nc: [{}]\n---\nTrained for 5 hours.", "*a,".repeat(500), "*b,".repeat(500));
    for text in [
        "GPU ".repeat(2_600_000),
        "7".repeat(10_000_000),
        "| a ".repeat(2_500_000),
        bomb,
        "[".repeat(1_000_000),
        "> ".repeat(500_000),
    ] {
        let begun = std::time::Instant::now();
        let read = extract(tables(&reference), &text, &about).len();
        eprintln!(
            "  {:>10} bytes of {:?}: {read} rows, {:.2} s",
            text.len(),
            &text[..text.len().min(8)],
            begun.elapsed().as_secs_f64()
        );
    }
}
