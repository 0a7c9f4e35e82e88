//! Examples seen, on 200 cards that the Trainer wrote, against a second computation from the raw text: no Markdown, no extractor, the
//! steps of a pass by least squares over all rows instead of the interval that they allow. It is independent in part only: both hold that
//! a training which ended between two evaluations went on to its plan. The rules were changed after looking at differences on all such
//! cards, so this is a check against later mistakes and no measure on unseen cards.

use crate::cards::{all_cards, tables};
use crate::shared;
use hugging_carbon::domain::Field;
use hugging_carbon::evidence::card::{About, CardRole, extract};
use hugging_carbon::reference::Reference;
use sha2::{Digest, Sha256};

/// Cards compared.
const CARDS: usize = 200;

/// The number of a line `- key: 12`.
fn listed(text: &str, key: &str) -> Option<f64> {
    let begin = format!("- {key}: ");
    text.lines().find_map(|line| line.strip_prefix(&begin)).and_then(|value| value.trim().parse().ok())
}

/// Epoch and step of every row of the first results table.
fn logged(text: &str) -> Vec<(f64, f64)> {
    let cells = |line: &str| line.trim().trim_matches('|').split('|').map(|c| c.trim().to_owned()).collect::<Vec<_>>();
    let mut lines = text.lines().skip_while(|line| !(line.starts_with('|') && line.contains("| Epoch") && line.contains("| Step")));
    let Some(header) = lines.next().map(cells) else { return Vec::new() };
    let column = |name: &str| header.iter().position(|h| h == name);
    let Some((epoch, step)) = column("Epoch").zip(column("Step")) else { return Vec::new() };
    let number = |row: &[String], at: usize| row.get(at).and_then(|c| c.parse::<f64>().ok());
    let rows = lines.skip(1).take_while(|line| line.starts_with('|')).map(cells);
    rows.filter_map(|row| number(&row, epoch).zip(number(&row, step))).collect()
}

/// Examples seen, from the raw text.
fn independent(text: &str) -> Option<f64> {
    let batch = listed(text, "total_train_batch_size").or_else(|| {
        let times = |key| listed(text, key).unwrap_or(1.0);
        Some(listed(text, "train_batch_size")? * times("gradient_accumulation_steps") * times("num_devices"))
    })?;
    let rows = logged(text);
    let last = rows.last()?.1;
    let (xy, xx) = rows.iter().fold((0.0, 0.0), |(xy, xx), (e, s)| (xy + e * s, xx + e * e));
    let mut gaps: Vec<f64> = rows.windows(2).map(|w| w[1].1 - w[0].1).collect();
    gaps.sort_by(f64::total_cmp);
    let gap = gaps.get(gaps.len() / 2).copied().unwrap_or(last);
    let planned = listed(text, "training_steps").or_else(|| Some(listed(text, "num_epochs")? * xy / xx))?;
    let steps = if planned > last && planned - last < 0.999 * gap { planned } else { last };
    Some(steps * batch)
}

#[test]
#[ignore = "needs ../shared/data"]
fn samples_seen_of_trainer_cards() {
    let Some(shared) = shared() else { return };
    let reference = Reference::load().unwrap();
    let mut cards: Vec<(Vec<u8>, String, String, f64)> = all_cards(&shared)
        .into_iter()
        .filter_map(|(id, text)| independent(&text).map(|n| (Sha256::digest(format!("recipes{id}")).to_vec(), id, text, n)))
        .collect();
    cards.sort_by(|a, b| a.0.cmp(&b.0));
    let (mut right, mut refused) = (0, 0);
    for (_, id, text, expected) in cards.iter().take(CARDS) {
        let about = About { model_id: id, role: CardRole::FineTune, base_ids: &[], total_params: None };
        let rows = extract(tables(&reference), text, &about);
        let found = rows.iter().filter(|r| r.field == Field::TrainSamples);
        let accepted = found.clone().find(|r| r.reject_reason.is_none()).and_then(|r| r.value);
        match accepted {
            Some(samples) if (samples / expected - 1.0).abs() <= 0.01 => right += 1,
            Some(samples) => eprintln!("  {id}: read {samples}, computed {expected}"),
            None => {
                refused += 1;
                eprintln!("  {id}: refused {:?}, computed {expected}", found.clone().find_map(|r| r.reject_reason.as_deref()));
            }
        }
    }
    eprintln!("{CARDS} of {} cards with batch and table: {right} right within 1 %, {refused} refused", cards.len());
    // Below the aim, which is 98 % of all: on 2026-11-28 195 were right, 2 differed and 3 were refused.
    assert!(right * 100 >= 98 * (CARDS - refused) && right * 100 >= 95 * CARDS);
}

/// The same on 200 other cards whose samples somebody worked out by hand, reading each card; no rule was written against them. Cards that
/// the reader marked uncertain, and those that state no batch, count neither way.
#[test]
#[ignore = "needs ../shared/data"]
fn samples_seen_of_trainer_cards_checked_by_hand() {
    let Some(shared) = shared() else { return };
    let reference = Reference::load().unwrap();
    let cards = all_cards(&shared);
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/trainer_samples.csv");
    let (mut right, mut refused, mut wrong) = (0, 0, Vec::new());
    for row in csv::Reader::from_path(path).unwrap().deserialize::<std::collections::HashMap<String, String>>() {
        let row = row.unwrap();
        let Ok(by_hand) = row["samples_seen"].parse::<f64>() else { continue };
        if row["uncertain"] != "0" {
            continue;
        }
        let id = &row["model_id"];
        let about = About { model_id: id, role: CardRole::FineTune, base_ids: &[], total_params: None };
        let found = extract(tables(&reference), &cards[id], &about);
        let samples = found.iter().find(|e| e.field == Field::TrainSamples && e.reject_reason.is_none()).and_then(|e| e.value);
        match samples {
            None => refused += 1,
            Some(n) if (n / by_hand - 1.0).abs() <= 0.01 => right += 1,
            Some(n) => wrong.push(format!("{id}: {n} read, {by_hand} by hand ({})", row["why"])),
        }
    }
    let all = right + refused + wrong.len();
    eprintln!(
        "samples by hand: {all} cards, {right} within 1 %, {refused} not read, {} wrong (aim 98 % right)\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    #[allow(clippy::cast_precision_loss)]
    let share = right as f64 / all as f64;
    assert!(all >= 150 && share >= 0.98, "{share}");
}
