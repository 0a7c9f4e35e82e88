//! Other inputs of the kinds of the field cases, with their right values: tests/data/field_cases/variants.jsonl. They were written before
//! anybody looked at what the program says of them.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use common::{Workspace, table};
use hugging_carbon::domain::Field;
use hugging_carbon::evidence::Extracted;
use hugging_carbon::evidence::card::{About, CardRole, CardTables, extract};
use hugging_carbon::evidence::place::PlaceTables;
use hugging_carbon::reference::Reference;
use hugging_carbon::tables::ModelRow;
use serde_json::Value;

fn variants(key: &str) -> Vec<Value> {
    let text = std::fs::read_to_string("tests/data/field_cases/variants.jsonl").unwrap();
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.filter(|row| row.get(key).is_some()).collect()
}

fn close(got: f64, right: f64) -> bool {
    (got / right - 1.0).abs() < 0.005
}

fn role(name: &str) -> CardRole {
    match name {
        "fine_tune" => CardRole::FineTune,
        "copy" => CardRole::Copy,
        _ => CardRole::OwnTraining,
    }
}

/// Whether a text names a chip, or the chip a part of the text: "4 x NVIDIA A100 80GB" names "A100".
fn names(text: &str, chip: &str) -> bool {
    let plain = |text: &str| -> String {
        let letters: String = text.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        ["nvidia", "geforce", "tesla"].iter().fold(letters, |text, word| text.replace(word, ""))
    };
    let (text, chip) = (plain(text), plain(chip));
    text.contains(&chip) || chip.contains(&text) || text.contains(&chip.replace("40gb", "").replace("80gb", ""))
}

/// What is wrong with the accepted figures of a card.
fn faults(row: &Value, read: &[Extracted]) -> Vec<String> {
    let accepted = |name: &str| {
        let field = Field::ALL.iter().find(|f| f.name() == name).unwrap_or_else(|| panic!("no field {name}"));
        read.iter().find(|r| r.field == *field && r.reject_reason.is_none())
    };
    let mut faults = Vec::new();
    for (field, right) in row["right"].as_object().unwrap() {
        let got = accepted(field).and_then(|r| r.value);
        let is_right = match (right.as_f64(), right.as_str()) {
            (Some(right), _) => got.is_some_and(|got| close(got, right)),
            (None, Some(name)) => accepted(field).is_some_and(|r| names(&r.as_written, name)),
            (None, None) => accepted(field).is_none(),
        };
        if !is_right {
            let of = |r: &&Extracted| r.field.name() == field;
            let all: Vec<String> =
                read.iter().filter(of).map(|r| format!("{:?} '{}' {:?}", r.value, r.as_written, r.reject_reason)).collect();
            faults.push(format!("{field} is {got:?}, not {right}: {all:?}"));
        }
    }
    for (field, never) in row["never"].as_object().unwrap() {
        let got = accepted(field).and_then(|r| r.value);
        if never.as_array().unwrap().iter().filter_map(Value::as_f64).any(|wrong| got.is_some_and(|got| close(got, wrong))) {
            faults.push(format!("{field} is {got:?}, which is never right"));
        }
    }
    faults
}

#[test]
fn cards_of_the_kinds_of_the_field_cases_are_read_right() {
    let r = Reference::load().unwrap();
    let places = PlaceTables { places: &r.places, regions: &r.regions, operators: &r.operators };
    let tables = CardTables { accelerators: &r.accelerators, places };
    let mut wrong = Vec::new();
    let all = variants("card");
    for row in &all {
        let id = row["id"].as_str().unwrap();
        let base_ids: Vec<String> = row["bases"].as_array().unwrap().iter().map(|b| b.as_str().unwrap().to_owned()).collect();
        let about = About { model_id: id, role: role(row["role"].as_str().unwrap()), base_ids: &base_ids, total_params: None };
        let read = extract(tables, row["card"].as_str().unwrap(), &about);
        wrong.extend(faults(row, &read).into_iter().map(|fault| format!("kind {} {id}: {fault}", row["kind"].as_str().unwrap())));
    }
    assert!(wrong.is_empty(), "{} faults in {} cards:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

#[test]
fn indexes_of_the_kinds_of_the_field_cases_are_read_right() {
    for row in variants("index") {
        let workspace = Workspace::new();
        let file = if row["index"].as_str().unwrap().starts_with('[') { "index.json" } else { "index.jsonl" };
        workspace.file(file, row["index"].as_str().unwrap());
        workspace.ok(&["-q", "run", "--until", "normalize", "--source", file]);
        let models: Vec<ModelRow> = table(&workspace.data().join("work"));
        for (id, right) in row["right"].as_object().unwrap() {
            let model = models.iter().find(|m| m.model_id == *id).unwrap_or_else(|| panic!("{id} is not among the models"));
            for (column, right) in right.as_object().unwrap() {
                let is_right = match column.as_str() {
                    "total_params" => match right.as_f64() {
                        #[allow(clippy::cast_precision_loss)] // Sizes are far below 2^53.
                        Some(right) => model.total_params.is_some_and(|got| close(got as f64, right)),
                        None => model.total_params.is_none(),
                    },
                    "downloads_all_time" => model.downloads_all_time == right.as_i64(),
                    "created_at" => model.created_at.is_some_and(|at| at.day().to_string() == right.as_str().unwrap()),
                    other => panic!("no column {other}"),
                };
                assert!(is_right, "kind {} {id}: {column} is not {right}: {model:?}", row["kind"].as_str().unwrap());
            }
        }
    }
}
