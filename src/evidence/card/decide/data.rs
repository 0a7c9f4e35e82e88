//! The size of the data that a model was trained on as the tokens it saw, where nothing says that they were passed over more than once.

use super::accept::Fact;
use super::choose::same;
use crate::domain::Field;
use crate::evidence::card::read::data_sizes::{DATA_SET_SIZE, LEAST_PASSED_ONCE, OF_ONE_EPOCH, TRAINED_ON_DATA, is_data_size};

/// How sure that is.
const CONFIDENCE: f64 = 0.5;

/// Accepts the size of the data as the tokens seen: for one stated epoch, and for data of billions in a card that tells neither epochs nor
/// steps; `trained_itself` says that the card is of a training from scratch.
pub fn accept_data(facts: &mut [Fact], trained_itself: bool) {
    if multiply_by_epochs(facts, trained_itself) {
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
    let place = facts.iter().find(|f| f.row.field == Field::Epochs && f.row.reject_reason.is_none()).map(|f| f.row.locator.clone());
    let is_data = |f: &Fact| {
        let why = f.row.reject_reason.as_deref();
        // "Data set: 14B tokens, one epoch"
        let beside = why == Some(DATA_SET_SIZE) && trained_itself && place.as_ref() == Some(&f.row.locator);
        f.row.field == Field::TrainTokens && (why == Some(TRAINED_ON_DATA) || beside)
    };
    let sizes: Vec<Option<f64>> = facts.iter().filter(|f| is_data(f)).map(|f| f.row.value).collect();
    let Some(first) = sizes.first().copied().filter(|first| first.is_some_and(|v| v >= least)) else { return };
    // "web data (6B tokens) and textbooks (1B tokens)": the sentence counts its parts.
    let is_part = facts.iter().find(|f| is_data(f)).is_some_and(|f| !is_whole(facts, f));
    if !sizes.iter().all(|size| same(*size, first)) || is_part {
        return;
    }
    if let Some(fact) = facts.iter_mut().find(|f| is_data(f)) {
        fact.row.reject_reason = None;
        fact.row.confidence = CONFIDENCE;
    }
}

/// Accepts the tokens of one pass times the epochs, where the card tells one number of each: "300B tokens per epoch", "Epochs: 4"; "the corpus has
/// 300B tokens", "we trained for 4 epochs". Returns whether it did.
fn multiply_by_epochs(facts: &mut [Fact], trained_itself: bool) -> bool {
    let accepted = |field: Field| facts.iter().find(|f| f.row.field == field && f.row.reject_reason.is_none());
    let Some(passes) = accepted(Field::Epochs).filter(|_| accepted(Field::TrainTokens).is_none()) else { return false };
    let Some(epochs) = passes.row.value else { return false };
    let place = passes.row.locator.clone();
    let is_of_one = |f: &Fact| f.row.field == Field::TrainTokens && f.row.reject_reason.as_deref() == Some(OF_ONE_EPOCH);
    // A corpus whose size is all that the card says of it may be that of another.
    let is_passed_over = |f: &Fact| {
        let why = f.row.reject_reason.as_deref().unwrap_or_default();
        let told = why == TRAINED_ON_DATA || (why == DATA_SET_SIZE && f.row.locator == place);
        f.row.field == Field::TrainTokens && told && trained_itself && epochs > 1.0 && is_whole(facts, f)
    };
    let found = facts.iter().position(is_of_one).or_else(|| facts.iter().position(is_passed_over));
    let Some(size) = found.and_then(|at| facts.get(at)).and_then(|f| f.row.value) else { return false };
    let is_size = |f: &&Fact| {
        let why = f.row.reject_reason.as_deref().unwrap_or_default();
        f.row.field == Field::TrainTokens && (why == OF_ONE_EPOCH || is_data_size(why))
    };
    if !facts.iter().filter(is_size).all(|f| same(f.row.value, Some(size))) {
        return false;
    }
    if let Some(fact) = found.and_then(|at| facts.get_mut(at)) {
        fact.row.value = Some(size * epochs);
        fact.row.locator = format!("{}: {size} x {epochs} epochs ({place})", fact.row.locator);
        fact.row.reject_reason = None;
        fact.row.confidence = CONFIDENCE;
    }
    true
}

/// Whether the sentence of a size tells no other size: "web data (6B tokens) and textbooks (1B tokens)" counts its parts.
fn is_whole(facts: &[Fact], size: &Fact) -> bool {
    let other = |f: &&Fact| {
        let of_data = f.row.field == Field::TrainTokens && f.row.reject_reason.as_deref().is_some_and(is_data_size);
        of_data && f.row.quote == size.row.quote && !same(f.row.value, size.row.value)
    };
    !facts.iter().any(|f| other(&f))
}
