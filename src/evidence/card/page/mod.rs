//! The page docs/cards.md, "What is read from a card": written from the fields, the vocabulary and examples that are really read.

mod examples;
mod places;

use self::examples::{Example, example};
use self::places::places;
use super::tests::card_tables;
use super::{About, CardRole, extract};
use crate::domain::{ClosedSet, Field};
use crate::evidence::Extracted;
use crate::reference::Reference;
use std::path::Path;

const HEAD: &str = "\
# What is read from a card

How to write a model card so that its figures are read, and read right. For every fact: what it means, its unit, where it is looked
for, an example that is accepted and one that is refused, with the reason. Both examples are run through the extractors when this page
is written.

Three rules hold everywhere. A figure needs its unit. It counts only where its line, sentence or heading is about the training of this
model: not of its base, of another size, of an evaluation or an inference. Of several figures that disagree and stand equal none is
taken. What is refused is kept in the table `evidence`, with the reason ([method.md](method.md), section 3).

A key is compared in lower case, without brackets and signs: `per_device_train_batch_size` is \"per device train batch size\". Keys count
in lines `Key: value`, in list items, and in tables of two or three columns. Steps times batch is computed where both are accepted, and
the row says from which parts.

This page is written from the extractors and from `data/vocabulary`. After a change there,
`WRITE_CARDS_PAGE=1 cargo test --release --lib page` writes it anew.
";

/// The rows that a card of `lab/model-7b` gives, with a role.
fn rows(reference: &Reference, card: &str, role: CardRole) -> Vec<Extracted> {
    extract(card_tables(reference), card, &About { model_id: "lab/model-7b", role, base_ids: &[], total_params: None })
}

fn fenced(card: &str) -> String {
    // Longer than any fence inside.
    format!("````markdown\n{}\n````\n", card.trim_end())
}

/// A value with its unit; a bare number where the unit is 1.
fn with_unit(value: f64, unit: &str) -> String {
    let number = if value >= 1e15 { format!("{value:e}") } else { value.to_string() };
    if unit == "1" { number } else { format!("{number} {unit}") }
}

fn section(reference: &Reference, field: Field) -> String {
    let Example { accepted, refused, role } = example(field);
    let mut out = format!("\n## {}\n\n{} Unit: {}.\n\n", field.name(), field.meaning().trim(), field.unit());
    out.push_str("| place | what is looked for |\n| --- | --- |\n");
    for (place, words) in places(field) {
        out.push_str(&format!("| {place} | {words} |\n"));
    }
    let read = rows(reference, accepted, role);
    let row = read.iter().find(|r| r.field == field && r.reject_reason.is_none());
    let row = row.unwrap_or_else(|| panic!("{field}: the example is not accepted: {read:?}"));
    let value = row.value.map_or_else(|| format!("`{}`", row.as_written), |v| with_unit(v, field.unit()));
    out.push_str(&format!("\nRead as {value} ({}):\n\n{}", row.locator, fenced(accepted)));
    let read = rows(reference, refused, role);
    let last = read.iter().rfind(|r| r.field == field && r.reject_reason.is_some());
    let stands = read.iter().find(|r| r.field == field && r.reject_reason.is_none() && r.value == row.value && row.value.is_some());
    assert!(stands.is_none(), "{field}: the refused example is accepted: {read:?}");
    let why = last.and_then(|r| r.reject_reason.as_deref());
    let verdict = why.map_or_else(|| "Not read as such".to_owned(), |why| format!("Refused, \"{why}\""));
    out.push_str(&format!("\n{verdict}:\n\n{}", fenced(refused)));
    out
}

/// The page on disk is what the extractors say. With WRITE_CARDS_PAGE set it is written instead.
#[test]
fn the_page_is_that_of_the_extractors() {
    let reference = Reference::load().unwrap();
    let looked_for = Field::ALL.iter().filter(|field| !places(**field).is_empty());
    let sections: String = looked_for.map(|field| section(&reference, *field)).collect();
    let text = format!("{HEAD}{sections}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cards.md");
    if std::env::var_os("WRITE_CARDS_PAGE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == text,
        "docs/cards.md is not what the extractors say: WRITE_CARDS_PAGE=1 cargo test --release --lib page"
    );
}
