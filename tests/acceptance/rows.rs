//! Real cards read for every repository that may have them.

use super::shared;
use hugging_carbon::evidence::card::{About, CardRole, CardTables, extract, read_for_all};
use hugging_carbon::evidence::place::PlaceTables;
use hugging_carbon::hub::files::cards;
use hugging_carbon::reference::Reference;
use rayon::prelude::*;

/// What lineage may say of a repository, dealt out by position.
fn abouts<'a>(id: &'a str, at: usize, bases: &'a [Vec<String>]) -> Vec<About<'a>> {
    let sizes =
        [None, Some(2.2e7), Some(1.1e8), Some(3.4e8), Some(1.24e9), Some(7.24e9), Some(8.03e9), Some(1.3e10), Some(7.06e10)];
    let about = |k: usize| About {
        model_id: id,
        role: CardRole::ALL[k % 3],
        base_ids: &bases[(at + k / 3) % bases.len()],
        total_params: sizes[(at * 5 + k) % sizes.len()],
    };
    (0..9).map(about).collect()
}

/// For nine repositories each, 12,929 cards: the reading that holds finds what reading the card for it finds.
#[test]
#[ignore = "needs ../shared/data"]
fn real_cards_have_a_reading_for_whatever_lineage_says() {
    let Some(shared) = shared() else { return };
    let reference = Reference::load().unwrap();
    let places = PlaceTables { places: &reference.places, regions: &reference.regions, operators: &reference.operators };
    let tables = CardTables { accelerators: &reference.accelerators, places };
    let mut all: Vec<cards::Card> = Vec::new();
    cards::read_cards("model_cards.jsonl.gz", &shared.join("data/cards/model_cards.jsonl.gz"), |item| {
        all.extend(item);
        Ok(())
    })
    .unwrap();
    let counted: Vec<(usize, usize, usize, usize)> = all
        .par_iter()
        .enumerate()
        .map(|(at, card)| {
            let hint = About { model_id: &card.id, role: CardRole::OwnTraining, base_ids: &[], total_params: None };
            let made = read_for_all(tables, &card.text, &hint);
            let stated: Vec<String> = made.said_origin.bases.iter().map(|base| base.name.clone()).collect();
            let bases = [
                Vec::new(),
                stated,
                vec!["mistralai/Mistral-7B-v0.1".to_owned()],
                vec!["google-bert/bert-base-uncased".to_owned()],
            ];
            let mut without = 0;
            for about in abouts(&card.id, at, &bases) {
                match made.rows_for(&about) {
                    Some(rows) => assert_eq!(rows, extract(tables, &card.text, &about), "{about:?}"),
                    None => without += 1,
                }
            }
            let contexts = made.readings.iter().map(|reading| reading.contexts.len()).sum();
            let rows = made.readings.iter().map(|reading| reading.rows.len()).sum();
            (without, made.readings.len(), contexts, rows)
        })
        .collect();
    let sum = |of: fn(&(usize, usize, usize, usize)) -> usize| counted.iter().map(of).sum::<usize>();
    let most = counted.iter().map(|c| c.2).max().unwrap_or_default();
    eprintln!(
        "{} cards: {} readings of {} tried, most of a card {most}, {} rows; {} of {} repositories without a reading",
        all.len(),
        sum(|c| c.1),
        sum(|c| c.2),
        sum(|c| c.3),
        sum(|c| c.0),
        9 * all.len()
    );
    // Bases that neither record nor card states: one in a thousand at most is spoken of and has no reading.
    assert!(sum(|c| c.0) * 1_000 <= 9 * all.len());
}
