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

/// The table that is checked in.
const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/reference/finetunes.csv");

/// What the card reader gives for every row of the table: samples seen, length, and the base where the row names one. With
/// `WRITE_FINETUNES` set, samples and lengths that the reader gives otherwise are written into the table; rows whose samples it reads no
/// more stay, and are told.
#[test]
#[ignore = "needs ../shared/data"]
fn the_table_of_fine_tunes_is_what_the_reader_gives() {
    let Some(shared) = shared() else { return };
    let reference = Reference::load().unwrap();
    let cards = all_cards(&shared);
    let mut table = csv::Reader::from_path(TABLE).unwrap();
    let headers = table.headers().unwrap().clone();
    let at = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    for row in table.records() {
        let row = row.unwrap();
        let id = row[at("model_id")].to_owned();
        let about = About { model_id: &id, role: CardRole::FineTune, base_ids: &[], total_params: None };
        let read = extract(tables(&reference), &cards[&id], &about);
        let value = |field| read.iter().find(|r: &&Extracted| r.field == field && r.reject_reason.is_none()).and_then(|r| r.value);
        let (samples, length) = (value(Field::TrainSamples), value(Field::SequenceLength));
        let base = &row[at("base")];
        let said = said_origin(tables(&reference), &id, &CutCard::new(&cards[&id])).bases;
        let names_the_base = base.is_empty() || said.iter().any(|b| b.name == *base);
        let holds = same(samples, &row[at("samples_seen")]) && same(length, &row[at("sequence_length")]);
        if !holds || !names_the_base {
            wrong.push(format!("{id}: {samples:?} of {length:?}, base named {names_the_base}"));
        }
        let with = |column: &str, value: Option<f64>| value.map(|value| (at(column), value.to_string()));
        let read = if samples.is_none() || holds {
            Vec::new()
        } else {
            let length = (at("sequence_length"), length.map(|n| n.to_string()).unwrap_or_default());
            with("samples_seen", samples).into_iter().chain([length]).collect()
        };
        let cell = |(i, cell): (usize, &str)| {
            read.iter().find(|(column, _)| *column == i).map_or(cell.to_owned(), |(_, text)| text.clone())
        };
        rows.push(row.iter().enumerate().map(cell).collect::<Vec<String>>());
    }
    eprintln!("finetunes.csv: {} rows, {} not as the reader gives them: {wrong:#?}", rows.len(), wrong.len());
    if std::env::var_os("WRITE_FINETUNES").is_some() {
        let mut out = csv::Writer::from_path(TABLE).unwrap();
        out.write_record(&headers).unwrap();
        rows.iter().for_each(|row| out.write_record(row).unwrap());
        return out.flush().unwrap();
    }
    assert!(wrong.is_empty(), "write it again with WRITE_FINETUNES=1");
}

/// Whether a figure is that of a cell, to a thousandth; an empty cell is none.
fn same(read: Option<f64>, cell: &str) -> bool {
    match (read, cell.parse::<f64>()) {
        (Some(read), Ok(stated)) => (read / stated - 1.0).abs() < 1e-3,
        (read, stated) => read.is_none() && stated.is_err(),
    }
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
