//! The size of the data that a model was trained on as the tokens it saw, where nothing says that they were passed over more than once.

use super::accept::Fact;
use super::choose::same;
use crate::domain::Field;
use crate::evidence::card::read::data_sizes::{LEAST_PASSED_ONCE, OF_ONE_EPOCH, TRAINED_ON_DATA, is_data_size};

/// How sure that is.
const CONFIDENCE: f64 = 0.5;

/// Accepts the size of the data as the tokens seen: for one stated epoch, and for data of billions in a card that tells neither epochs nor
/// steps; `trained_itself` says that the card is of a training from scratch.
pub fn accept_data(facts: &mut [Fact], trained_itself: bool) {
    if multiply_by_epochs(facts) {
        return;
    }
    let accepted = |field: Field| facts.iter().find(|f| f.row.field == field && f.row.reject_reason.is_none()).map(|f| f.row.value);
    if accepted(Field::TrainTokens).is_some() {
        return;
    }
    let least = match (accepted(Field::Epochs).flatten(), accepted(Field::TrainSteps)) {
        (Some(epochs), _) if (epochs - 1.0).abs() < f64::EPSILON => 0.0,
        (None, None) if trained_itself => LEAST_PASSED_ONCE,
        _ => return,
    };
    let is_data = |f: &Fact| f.row.field == Field::TrainTokens && f.row.reject_reason.as_deref() == Some(TRAINED_ON_DATA);
    let sizes: Vec<Option<f64>> = facts.iter().filter(|f| is_data(f)).map(|f| f.row.value).collect();
    let Some(first) = sizes.first().copied().filter(|first| first.is_some_and(|v| v >= least)) else { return };
    // "web data (6B tokens) and textbooks (1B tokens)": the sentence counts its parts.
    let quote = facts.iter().find(|f| is_data(f)).map(|f| f.row.quote.clone());
    let is_part = |f: &Fact| {
        let of_data = f.row.field == Field::TrainTokens && f.row.reject_reason.as_deref().is_some_and(is_data_size);
        of_data && Some(&f.row.quote) == quote.as_ref() && !same(f.row.value, first)
    };
    if !sizes.iter().all(|size| same(*size, first)) || facts.iter().any(is_part) {
        return;
    }
    if let Some(fact) = facts.iter_mut().find(|f| is_data(f)) {
        fact.row.reject_reason = None;
        fact.row.confidence = CONFIDENCE;
    }
}

/// Accepts the tokens of one epoch times the epochs, where the card tells one number of each: "300B tokens per epoch", "Epochs: 4". Returns
/// whether it did.
fn multiply_by_epochs(facts: &mut [Fact]) -> bool {
    let accepted = |field: Field| facts.iter().find(|f| f.row.field == field && f.row.reject_reason.is_none()).map(|f| f.row.value);
    let Some(epochs) = accepted(Field::Epochs).flatten().filter(|_| accepted(Field::TrainTokens).is_none()) else { return false };
    let is_of_one = |f: &Fact| f.row.field == Field::TrainTokens && f.row.reject_reason.as_deref() == Some(OF_ONE_EPOCH);
    let sizes: Vec<Option<f64>> = facts.iter().filter(|f| is_of_one(f)).map(|f| f.row.value).collect();
    let Some(first) = sizes.first().copied().flatten().filter(|first| sizes.iter().all(|size| same(*size, Some(*first)))) else {
        return false;
    };
    if let Some(fact) = facts.iter_mut().find(|f| is_of_one(f)) {
        fact.row.value = Some(first * epochs);
        fact.row.reject_reason = None;
        fact.row.confidence = CONFIDENCE;
    }
    true
}
