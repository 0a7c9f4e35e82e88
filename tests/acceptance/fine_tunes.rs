//! finetunes.csv against the cards it was read from.

use crate::cards::{all_cards, tables};
use crate::shared;
use hugging_carbon::domain::Field;
use hugging_carbon::evidence::Extracted;
use hugging_carbon::evidence::card::{About, CardRole, extract, said_bases};
use hugging_carbon::reference::Reference;

/// What the reader gives of one card.
struct Read {
    model_id: String,
    base: String,
    samples: f64,
    length: Option<f64>,
}

fn read(reference: &Reference, id: &str, text: &str) -> Option<Read> {
    let about = About { model_id: id, role: CardRole::FineTune, base_ids: &[], total_params: None };
    let rows = extract(tables(reference), text, &about);
    let value = |field| rows.iter().find(|r: &&Extracted| r.field == field && r.reject_reason.is_none()).and_then(|r| r.value);
    let bases = said_bases(tables(reference), id, text);
    Some(Read {
        model_id: id.to_owned(),
        base: match bases.as_slice() {
            [one] => one.name.clone(),
            _ => String::new(),
        },
        samples: value(Field::TrainSamples)?,
        length: value(Field::SequenceLength),
    })
}

#[test]
#[ignore = "needs ../shared/data"]
fn dump() {
    let Some(shared) = shared() else { return };
    let reference = Reference::load().unwrap();
    let mut cards: Vec<(String, String)> = all_cards(&shared).into_iter().collect();
    cards.sort();
    for (id, text) in &cards {
        if let Some(r) = read(&reference, id, text) {
            println!("ROW,{},{},{},{}", r.model_id, r.base, r.samples, r.length.map_or_else(String::new, |l| l.to_string()));
        }
    }
}
