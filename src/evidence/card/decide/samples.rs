//! Examples seen in training, computed from what was accepted: steps times the batch of all devices, else examples of a pass times
//! epochs.

use super::accept::{Fact, quote};
use super::choose::same;
use crate::domain::{EvidenceSource, Field};
use crate::evidence::Extracted;
use crate::evidence::card::read::candidate::RANK_PROSE;
use crate::evidence::card::read::recipe::notes::{Examples, RecipeNotes};

/// Extractor of the products.
pub const RECIPE_SAMPLES: &str = "recipe_samples";
/// From this batch on it may be counted in tokens, where the card does not say what it counts.
const MAY_BE_TOKENS: f64 = 65_536.0;

/// Confidence of a rate times its seconds, both of them rounded.
const MEASURED_CONFIDENCE: f64 = 0.7;

/// Adds the examples seen, unless they are stated.
pub fn add_samples(facts: &mut Vec<Fact>, notes: &RecipeNotes, source: &str) {
    if accepted(facts, Field::TrainSamples).is_some() {
        return;
    }
    let product = match (accepted(facts, Field::TrainSteps), accepted(facts, Field::BatchSize)) {
        (Some(steps), Some(batch)) => Some(steps_times_batch(facts, steps, batch, notes)),
        _ => None,
    };
    let passes = || accepted(facts, Field::Epochs).zip(notes.examples.as_ref());
    let row = product.or_else(|| passes().map(|(epochs, examples)| examples_times_epochs(epochs, examples, source)));
    let is_known = row.as_ref().is_some_and(|fact| fact.row.reject_reason.is_none());
    facts.extend(row);
    facts.extend(notes.measured.as_ref().filter(|_| !is_known).map(|examples| measured(examples, source)));
}

/// Examples a second times the seconds, as a trainer printed both.
fn measured(examples: &Examples, source: &str) -> Fact {
    let row = Extracted {
        field: Field::TrainSamples,
        value: Some(examples.count),
        unit: Field::TrainSamples.unit(),
        as_written: number(Some(examples.count)),
        source: EvidenceSource::CardText,
        locator: examples.locator.clone(),
        quote: quote(source, examples.quote),
        extractor: RECIPE_SAMPLES,
        confidence: MEASURED_CONFIDENCE,
        reject_reason: None,
        source_url: None,
    };
    Fact { row, rank: RANK_PROSE, table: 0 }
}

fn accepted(facts: &[Fact], field: Field) -> Option<&Fact> {
    facts.iter().find(|f| f.row.field == field && f.row.reject_reason.is_none() && f.row.value.is_some())
}

fn steps_times_batch(facts: &[Fact], steps: &Fact, batch: &Fact, notes: &RecipeNotes) -> Fact {
    let value = steps.row.value.zip(batch.row.value).map(|(a, b)| a * b);
    let counts_tokens = batch.row.value.is_some_and(|b| b >= MAY_BE_TOKENS) || batch.row.as_written.ends_with(char::is_alphabetic);
    let says_tokens = batch.rank >= RANK_PROSE && batch.row.quote.to_lowercase().contains("tokens per batch");
    let reason = if disputed(facts, steps) {
        Some("several figures of steps: which belong together is not said")
    } else if disputed(facts, batch) {
        Some("several batch sizes: which belong together is not said")
    } else if counts_tokens || says_tokens {
        Some("the batch may be counted in tokens")
    } else {
        notes.no_product
    };
    let by = [&steps.row, &batch.row];
    let locator = format!(
        "train_steps {} ({}) x batch_size {} ({})",
        number(steps.row.value),
        steps.row.locator,
        number(batch.row.value),
        batch.row.locator
    );
    product(value, by, locator, steps.row.quote.clone(), steps.rank.max(batch.rank), reason)
}

fn examples_times_epochs(epochs: &Fact, examples: &Examples, source: &str) -> Fact {
    let value = epochs.row.value.map(|e| e * examples.count);
    let locator = format!(
        "{} examples ({}) x epochs {} ({})",
        examples.count,
        examples.locator,
        number(epochs.row.value),
        epochs.row.locator
    );
    product(value, [&epochs.row, &epochs.row], locator, quote(source, examples.quote), epochs.rank, None)
}

fn product(
    value: Option<f64>,
    by: [&Extracted; 2],
    locator: String,
    quote: String,
    rank: u8,
    reason: Option<&'static str>,
) -> Fact {
    let row = Extracted {
        field: Field::TrainSamples,
        value,
        unit: Field::TrainSamples.unit(),
        as_written: number(value),
        source: EvidenceSource::CardText,
        locator,
        source_url: None,
        quote,
        extractor: RECIPE_SAMPLES,
        confidence: by.iter().map(|row| row.confidence).fold(1.0, f64::min),
        reject_reason: reason.map(str::to_owned),
    };
    Fact { row, rank, table: 0 }
}

/// Whether another figure of the field has the same standing and another value.
fn disputed(facts: &[Fact], chosen: &Fact) -> bool {
    let passed_over = |f: &&Fact| f.row.reject_reason.as_deref().is_some_and(|why| why.starts_with("another figure was chosen"));
    let rival = |f: &Fact| {
        let near = f.rank == chosen.rank || (chosen.rank >= RANK_PROSE && f.rank >= RANK_PROSE);
        near && f.row.field == chosen.row.field && !same(f.row.value, chosen.row.value)
    };
    facts.iter().filter(passed_over).any(rival)
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, |v| v.to_string())
}
