//! What was looked up of a repository (data/reference/repository_facts.csv), as evidence.

use crate::domain::{EvidenceSource, Field};
use crate::evidence::Extracted;
use crate::reference::repository_facts::RepositoryFact;

/// Extractor of these rows, and the word of their sizes in `params_source`.
pub const EXTRACTOR: &str = "repository_facts";

/// Everything that was looked up, with source and note as quote; `names_a_chip` says whether the hardware is in the table.
#[must_use]
pub fn from_fact(fact: &RepositoryFact, names_a_chip: bool) -> Vec<Extracted> {
    let number = |field: Field, value: Option<f64>| value.map(|value| number(fact, field, value));
    let mut rows: Vec<Extracted> = [
        number(Field::TrainTokens, fact.train_tokens),
        number(Field::TrainSamples, fact.train_samples),
        number(Field::Epochs, fact.epochs),
        number(Field::TrainSteps, fact.train_steps),
        number(Field::BatchSize, fact.batch_size),
        number(Field::SequenceLength, fact.sequence_length),
        number(Field::TrainFlop, fact.train_flop),
        number(Field::AcceleratorCount, fact.accelerator_count),
        number(Field::WallHours, fact.wall_hours),
        number(Field::AcceleratorHours, fact.accelerator_hours),
    ]
    .into_iter()
    .flatten()
    .collect();
    if let Some(text) = &fact.accelerator {
        let mut row = word(fact, Field::Accelerator, text);
        row.reject_reason = (!names_a_chip).then(|| "names no accelerator of the reference table".to_owned());
        rows.push(row);
    }
    rows.extend(fact.base_model.as_ref().map(|base| word(fact, Field::BaseModel, base)));
    rows
}

/// A size that was looked up.
#[must_use]
pub fn size(fact: &RepositoryFact, field: Field, value: f64) -> Extracted {
    number(fact, field, value)
}

fn number(fact: &RepositoryFact, field: Field, value: f64) -> Extracted {
    Extracted { value: Some(value), ..word(fact, field, &format!("{value}")) }
}

fn word(fact: &RepositoryFact, field: Field, text: &str) -> Extracted {
    let note = fact.note.as_deref().map(|note| format!("; {note}")).unwrap_or_default();
    Extracted {
        field,
        value: None,
        unit: field.unit(),
        as_written: text.to_owned(),
        source: EvidenceSource::RepositoryFacts,
        locator: format!("repository_facts.csv:{}", fact.model_id),
        source_url: fact.source_url.clone(),
        quote: format!("{field} {text}; {}, {} ({}){note}", fact.source, fact.vintage, fact.evidence),
        extractor: EXTRACTOR,
        confidence: fact.rating().confidence(),
        reject_reason: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;

    /// The card of all-MiniLM-L6-v2: 100k steps at a batch of 1024 pairs, sequences of 128, on a TPU v3-8.
    #[test]
    fn a_looked_up_training_is_quoted_with_its_source() {
        let reference = Reference::load().unwrap();
        let fact = reference.repository_facts.fact("sentence-transformers/all-MiniLM-L6-v2").unwrap();
        let rows = from_fact(fact, true);
        let of = |field| rows.iter().find(|e| e.field == field).unwrap();
        assert_eq!(of(Field::TrainSamples).value, Some(1.024e8));
        assert_eq!(of(Field::AcceleratorCount).value, Some(4.0));
        assert!(of(Field::TrainSteps).quote.contains("seen") && of(Field::BaseModel).as_written.contains("MiniLM"));
        let refused = from_fact(fact, false);
        assert!(refused.iter().any(|e| e.field == Field::Accelerator && e.reject_reason.is_some()));
    }
}
