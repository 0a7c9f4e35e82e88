//! Tokens seen that the figures of a card tell together: the data set passed over so many times, the stages of one training, steps times a
//! batch in tokens.

use super::accept::Fact;
use super::choose::{DISAGREE, same};
use crate::domain::Field;
use crate::evidence::Extracted;
use crate::evidence::card::read::data_sizes::{BATCH_IN_TOKENS, is_data_size};
use crate::evidence::card::read::prose::NOT_SAID;

/// How far a rounded product may be from its rounded factors.
const ROUNDED: f64 = 0.03;
/// Confidence of figures that confirm each other.
const CONFIDENCE: f64 = 0.7;
/// Fewer tokens may be those of a batch: published trainings went to 60 million (DeepSeek-V3).
const LARGEST_BATCH_IN_TOKENS: f64 = 1e8;
/// Most stages of a training.
const MOST_STAGES: usize = 4;
/// Reason of the tokens of one stage.
const STAGE: &str = "one stage of several";

/// Accepts what two more figures confirm, and adds up stages.
pub fn accept_products(facts: &mut Vec<Fact>) {
    if facts.iter().any(|f| f.row.field == Field::TrainTokens && f.row.reject_reason.is_none()) {
        return;
    }
    accept_steps(facts);
    accept_passes(facts);
    add_stages(facts);
    add_steps_of_tokens(facts);
}

/// "100,000 steps with a batch of 4M tokens": the tokens seen, where the card tells one number of each and no other tokens of the training.
fn add_steps_of_tokens(facts: &mut Vec<Fact>) {
    let is_tokens = |f: &&Fact| f.row.field == Field::TrainTokens;
    let is_told = |why: &str| why == STAGE || why == DISAGREE;
    let told = facts.iter().filter(is_tokens).any(|f| f.row.reject_reason.as_deref().is_none_or(is_told));
    let steps = facts.iter().find(|f| f.row.field == Field::TrainSteps && f.row.reject_reason.is_none());
    let in_tokens = |f: &&Fact| f.row.field == Field::BatchSize && f.row.reject_reason.as_deref() == Some(BATCH_IN_TOKENS);
    let mut batches = facts.iter().filter(in_tokens);
    let Some((steps, batch)) = steps.filter(|_| !told).zip(batches.next()) else { return };
    // "10k steps with a batch of 1M tokens, the other 40k with 4M tokens"
    let of_batch = |f: &Fact| f.row.field == Field::TrainTokens && f.row.quote == batch.row.quote;
    let is_another =
        |f: &Fact| of_batch(f) && f.row.value.is_some_and(|v| v < LARGEST_BATCH_IN_TOKENS) && !same(f.row.value, batch.row.value);
    if !batches.all(|other| same(other.row.value, batch.row.value)) || facts.iter().any(is_another) {
        return;
    }
    let Some(value) = steps.row.value.zip(batch.row.value).map(|(steps, batch)| steps * batch) else { return };
    let row = Extracted {
        field: Field::TrainTokens,
        value: Some(value),
        unit: Field::TrainTokens.unit(),
        as_written: format!("{} x {}", steps.row.as_written, batch.row.as_written),
        locator: format!("{}: steps ({}) x batch in tokens", batch.row.locator, steps.row.locator),
        confidence: CONFIDENCE.min(batch.row.confidence).min(steps.row.confidence),
        reject_reason: None,
        ..batch.row.clone()
    };
    let fact = Fact { row, rank: batch.rank.max(steps.rank), table: 0 };
    facts.push(fact);
}

/// "64k steps with sequences of 4096 tokens, batch size 32. That is about 8.4 billion tokens": what looks like a size of data is the product of
/// what the training did.
fn accept_steps(facts: &mut [Fact]) {
    let accepted = |field| facts.iter().find(|f| f.row.field == field && f.row.reject_reason.is_none()).and_then(|f| f.row.value);
    let parts = [Field::TrainSteps, Field::BatchSize, Field::SequenceLength].map(accepted);
    let [Some(steps), Some(batch), Some(length)] = parts else { return };
    let seen = steps * batch * length;
    let is_product = |f: &&mut Fact| {
        let is_size = f.row.reject_reason.as_deref().is_some_and(|why| is_data_size(why) || why == NOT_SAID);
        f.row.field == Field::TrainTokens && is_size && f.row.value.is_some_and(|tokens| (tokens - seen).abs() <= ROUNDED * seen)
    };
    if let Some(fact) = facts.iter_mut().find(is_product) {
        fact.row.reject_reason = None;
        fact.row.confidence = CONFIDENCE;
    }
}

/// "About 38M tokens" and "12 epochs over the corpus, thus 456M tokens": the larger of two sizes is the smaller times the epochs.
fn accept_passes(facts: &mut [Fact]) {
    let epochs: Vec<f64> = facts.iter().filter(|f| f.row.field == Field::Epochs).filter_map(|f| f.row.value).collect();
    let is_size = |f: &Fact| f.row.field == Field::TrainTokens && f.row.reject_reason.as_deref().is_some_and(is_data_size);
    let sizes: Vec<f64> = facts.iter().filter(|f| is_size(f)).filter_map(|f| f.row.value).collect();
    let is_product = |seen: f64| {
        let of = |size: &f64| epochs.iter().any(|n| *n > 1.0 && (size * n - seen).abs() <= ROUNDED * seen);
        sizes.iter().any(of)
    };
    let mut seen: Vec<f64> = sizes.iter().copied().filter(|seen| is_product(*seen)).collect();
    seen.dedup();
    let [seen] = seen.as_slice() else { return };
    if let Some(fact) = facts.iter_mut().find(|f| is_size(f) && f.row.value == Some(*seen)) {
        fact.row.reject_reason = None;
        fact.row.confidence = CONFIDENCE;
    }
}

/// "In the first stage 9.5T tokens ..., in the second 2.1T": the training saw the sum, where one paragraph tells all of its stages.
fn add_stages(facts: &mut Vec<Fact>) {
    let is_stage = |f: &&Fact| f.row.field == Field::TrainTokens && f.row.reject_reason.as_deref() == Some(STAGE);
    let mut stages: Vec<&Fact> = Vec::new();
    for fact in facts.iter().filter(is_stage) {
        if !stages.iter().any(|other| other.row.value == fact.row.value) {
            stages.push(fact);
        }
    }
    let Some(last) = stages.last().filter(|_| (2..=MOST_STAGES).contains(&stages.len())) else { return };
    let same_place = |fact: &&Fact| fact.row.locator == last.row.locator;
    if !stages.iter().all(same_place) {
        return;
    }
    let written: Vec<&str> = stages.iter().map(|f| f.row.as_written.as_str()).collect();
    let row = Extracted {
        value: stages.iter().map(|f| f.row.value).sum(),
        as_written: written.join(" + "),
        locator: format!("{}: sum of the stages", last.row.locator),
        confidence: CONFIDENCE.min(last.row.confidence),
        reject_reason: None,
        ..last.row.clone()
    };
    let fact = Fact { row, rank: last.rank, table: last.table };
    facts.push(fact);
}

#[cfg(test)]
mod tests {
    use crate::domain::Field;
    use crate::evidence::card::tests::card_tables;
    use crate::evidence::card::{About, CardRole, extract};
    use crate::reference::Reference;

    fn tokens(card: &str) -> Option<f64> {
        let about = About { model_id: "org/m", role: CardRole::OwnTraining, base_ids: &[], total_params: None };
        let rows = extract(card_tables(&Reference::load().unwrap()), card, &about);
        rows.into_iter().find(|r| r.field == Field::TrainTokens && r.reject_reason.is_none()).and_then(|r| r.value)
    }

    #[test]
    fn the_data_set_times_its_epochs_is_what_was_seen() {
        let card = "# m\n\n## Data\n\nAbout 38M tokens of poems.\n\n## Training\n\nWe ran 12 epochs. This makes 456M tokens of the corpus.\n";
        assert_eq!(tokens(card), Some(456e6));
        assert_eq!(tokens(&card.replace("456M", "100M")), None);
    }

    #[test]
    fn steps_times_a_batch_in_tokens_is_what_was_seen() {
        let card = "# m\n\n## Training\n\nPre-trained for 100,000 steps with a batch of 4M tokens.\n";
        assert_eq!(tokens(card), Some(4e11));
        // Where the tokens are told, they are these.
        assert_eq!(tokens(&card.replace("tokens.", "tokens. It saw 300B tokens in total.")), Some(3e11));
        assert_eq!(tokens(&card.replace("4M tokens", "512 sequences")), None);
    }

    #[test]
    fn stages_of_one_paragraph_add_up() {
        let card = "# m\n\nIn the first stage it is trained on 9.5 trillion tokens. During the second stage it is further trained on 2.1 trillion tokens of better data.\n";
        assert_eq!(tokens(card), Some(11.6e12));
    }

    #[test]
    fn what_steps_batch_and_length_make_is_what_was_seen() {
        let card = "# m\n\nThe model was trained for 64k steps with sequences of 4096 tokens, batch size 32. That is about 8.4 billion tokens.\n";
        let about = About { model_id: "org/m", role: CardRole::OwnTraining, base_ids: &[], total_params: None };
        let read = |card: &str| {
            let rows = extract(card_tables(&Reference::load().unwrap()), card, &about);
            rows.into_iter().find(|r| r.field == Field::TrainTokens && r.reject_reason.is_none()).and_then(|r| r.value)
        };
        assert_eq!(read(card), Some(8.4e9));
        assert_eq!(read(&card.replace("8.4 billion", "2.1 billion")), None);
    }
}
