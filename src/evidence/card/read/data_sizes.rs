//! Sizes of data sets: what they are refused with, which is what the decision asks for.

/// Reason of the size of a data set.
pub const DATA_SET_SIZE: &str = "data set size";

/// Reason of tokens beside which a length, a batch or a vocabulary is told: it may be theirs.
pub const OF_CONTEXT: &str = "context, batch or vocabulary";
/// Reason of the size of the data that the model was trained on, which is the number of tokens seen only where they were passed over
/// once.
pub const TRAINED_ON_DATA: &str = "data set size: trained on, and how often it was passed over is not said here";

/// Reason of a batch that is counted in tokens, which times the steps is the tokens seen.
pub const BATCH_IN_TOKENS: &str = "a batch in tokens";

/// Reason of the tokens of one pass: the card says elsewhere how many there were.
pub const OF_ONE_EPOCH: &str = "tokens of one epoch";

/// Fewest tokens of data that are taken for those seen where nothing is said of passes: pre-trainings on smaller sets passed over them many
/// times (BERT 40 times over 3.3e9 words, as its paper and its steps say), and their cards mostly say steps or epochs. A judgement: of
/// labelled cards, those with 1e9 to 2e9 tokens were read as sizes of data, those with more as tokens seen.
pub const LEAST_PASSED_ONCE: f64 = 2e9;

/// Whether a reason is that of the size of a data set.
#[must_use]
pub fn is_data_size(reason: &str) -> bool {
    reason == DATA_SET_SIZE || reason == TRAINED_ON_DATA
}
