//! What the columns of a table hold, by their headers.

use super::keys::Key;
use super::rates::{is_sign, rate_in};
use crate::evidence::card::parse::pair::norm_key;
use crate::evidence::quantity::tokens::lex;
use crate::evidence::vocabulary;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// A key of [`key_of`](super::keys::key_of).
    Of(Key),
    /// Parameters without embeddings.
    NonEmbedding,
    /// Hours of devices.
    DeviceHours,
}

/// What a column holds, by its header.
#[must_use]
pub fn column(header: &str) -> Option<Column> {
    let key = norm_key(header);
    let lower = header.to_lowercase();
    let words: Vec<&str> = key.split(' ').filter(|w| !w.is_empty()).collect();
    if words.is_empty() || words.len() > 12 {
        return None;
    }
    size_column(&key, &lower, &words).or_else(|| training_column(&key, &lower, &words, header))
}

/// Whether a header divides what it names: "FLOPs per token", "tokens/s".
fn is_divided(header: &str) -> bool {
    lex(header).iter().any(is_sign)
}

/// Parameters of any kind.
fn size_column(key: &str, lower: &str, words: &[&str]) -> Option<Column> {
    if lower.contains("embedding") && lower.contains("non") {
        return Some(Column::NonEmbedding);
    }
    if words.iter().any(|w| w.starts_with("activ")) {
        return Some(Column::Of(Key::Active));
    }
    let is_size = vocabulary::keys().columns.params.contains(&key);
    let is_params = lower.contains("param") && words.len() <= 3 && !is_divided(lower);
    (is_size || is_params).then_some(Column::Of(Key::Params))
}

/// What a training took.
fn training_column(key: &str, lower: &str, words: &[&str], header: &str) -> Option<Column> {
    let columns = &vocabulary::keys().columns;
    let has = |w: &str| words.contains(&w);
    let says = |parts: &[&str]| parts.iter().any(|p| lower.contains(p));
    if lower.contains("flop") && !is_divided(lower) && !lower.contains("gflop") && !lower.contains("mflop") {
        return Some(Column::Of(Key::Flop));
    }
    let says_tokens = lower.contains("tokens") && (has("total") || lower.contains("train")) && !is_divided(lower);
    if columns.tokens.contains(&key) || says_tokens {
        return Some(Column::Of(Key::Tokens));
    }
    if columns.steps.contains(&key) {
        return Some(Column::Of(Key::Steps));
    }
    if columns.epochs.contains(&key) {
        return Some(Column::Of(Key::Epochs));
    }
    if columns.batch.contains(&key) {
        return Some(Column::Of(Key::GlobalBatch));
    }
    // A column of rates or of a use is no training's.
    let not_training = words.iter().any(|w| columns.not_training.contains(w)) || rate_in(&lex(header)).is_some();
    if not_training {
        return None;
    }
    if says(&columns.carbon) {
        return Some(Column::Of(Key::Carbon));
    }
    if says(&columns.energy) {
        return Some(Column::Of(Key::Energy));
    }
    if says(&columns.device_hours) {
        return Some(Column::DeviceHours);
    }
    if says(&columns.hours) {
        return Some(Column::Of(Key::Hours));
    }
    if columns.hardware.contains(&key) {
        return Some(Column::Of(Key::Hardware));
    }
    columns.base.contains(&key).then_some(Column::Of(Key::Base))
}

impl Column {
    /// Whether it holds what a training took.
    #[must_use]
    pub fn is_amount(self) -> bool {
        match self {
            Self::DeviceHours | Self::Of(Key::Carbon | Key::Energy | Key::Hours | Key::Flop) => true,
            Self::NonEmbedding
            | Self::Of(
                Key::Hardware
                | Key::Devices
                | Key::Nodes
                | Key::NodeDevices
                | Key::TokenData
                | Key::Provider
                | Key::Region
                | Key::Tokens
                | Key::Epochs
                | Key::Steps
                | Key::GlobalBatch
                | Key::Batch
                | Key::Precision
                | Key::Params
                | Key::Active
                | Key::Base
                | Key::Date,
            ) => false,
        }
    }
}
