//! finetunes.csv against the cards it was read from, and the back-test of fine-tunes as a snapshot publishes it.

use crate::cards::{all_cards, tables};
use crate::common::table;
use crate::{run_on, shared};
use hugging_carbon::domain::{Comparison, Field};
use hugging_carbon::evidence::Extracted;
use hugging_carbon::evidence::card::{About, CardRole, CutCard, extract, said_origin};
use hugging_carbon::reference::Reference;
use hugging_carbon::tables::BacktestRow;

/// Aim of the median error of fine-tunes, in dex, with the rounding of its second place.
const MEDIAN_ERROR: f64 = 0.505;

/// What the card reader gives for every row of the table: samples seen, length, and the base where the row names one.
#[test]
#[ignore = "needs ../shared/data"]
fn the_table_of_fine_tunes_is_what_the_reader_gives() {
    let Some(shared) = shared() else { return };
    let reference = Reference::load().unwrap();
    let cards = all_cards(&shared);
    let bases: std::collections::HashMap<String, String> =
        csv::Reader::from_path(concat!(env!("CARGO_MANIFEST_DIR"), "/data/reference/finetunes.csv"))
            .unwrap()
            .deserialize::<std::collections::HashMap<String, String>>()
            .map(|row| row.unwrap())
            .map(|row| (row["model_id"].clone(), row["base"].clone()))
            .collect();
    let mut wrong = Vec::new();
    for row in reference.fine_tunes.iter() {
        let about = About { model_id: &row.model_id, role: CardRole::FineTune, base_ids: &[], total_params: None };
        let read = extract(tables(&reference), &cards[&row.model_id], &about);
        let value = |field| read.iter().find(|r: &&Extracted| r.field == field && r.reject_reason.is_none()).and_then(|r| r.value);
        let same = |read: Option<f64>, stated: Option<f64>| match (read, stated) {
            (Some(read), Some(stated)) => (read / stated - 1.0).abs() < 1e-3,
            (read, stated) => read.is_none() && stated.is_none(),
        };
        let base = &bases[&row.model_id];
        let said = said_origin(tables(&reference), &row.model_id, &CutCard::new(&cards[&row.model_id])).bases;
        let holds = same(value(Field::TrainSamples), Some(row.samples_seen))
            && same(value(Field::SequenceLength), row.sequence_length)
            && (base.is_empty() || said.iter().any(|b| b.name == *base));
        if !holds {
            wrong.push(row.model_id.as_str());
        }
    }
    eprintln!("finetunes.csv: {} rows, {} not as the reader gives them", reference.fine_tunes.len(), wrong.len());
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// 500 cards held out by owner, size and length known: aim 0.5 dex and 85 to 95 %.
#[test]
#[ignore = "needs ../shared/data"]
fn fine_tunes_held_out_by_owner() {
    let Some((_workspace, snapshot)) = run_on("models_2026-05.parquet") else { return };
    let rows: Vec<BacktestRow> = table(&snapshot);
    for row in rows.iter().filter(|r| r.against == Comparison::CardSamples || r.kind == "fine_tuning") {
        eprintln!(
            "tier {} against {}, {}: n {}, owners {}, bias {:+.2}, median error {:.2} dex, 90 % interval covers {:.0} %",
            row.tier.0.number(),
            row.against,
            row.kind,
            row.n,
            row.owners,
            row.bias_dex,
            row.median_abs_error_dex,
            row.coverage_90.unwrap_or(f64::NAN) * 100.0
        );
    }
    let all = rows.iter().find(|r| r.against == Comparison::CardSamples && r.kind == "all").unwrap();
    assert_eq!(all.n, 500);
    assert!(all.median_abs_error_dex <= MEDIAN_ERROR, "{}", all.median_abs_error_dex);
    assert!((0.85..=0.95).contains(&all.coverage_90.unwrap()), "{:?}", all.coverage_90);
}
