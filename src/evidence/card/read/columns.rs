//! What the columns of a table hold, by their headers.

use super::candidate::Card;
use super::composed::composed;
use super::keys::{Key, key_of};
use super::rates::{is_sign, rate_in};
use super::recipe::keys::{RecipeKey, recipe_key};
use crate::evidence::card::parse::pair::norm_key;
use crate::evidence::quantity::tokens::{Kind, lex, text_at};
use crate::evidence::quantity::units::hours_in;
use crate::evidence::vocabulary::{self, Words};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// A key of [`key_of`](super::keys::key_of).
    Of(Key),
    /// Parameters without embeddings.
    NonEmbedding,
    /// Hours of devices.
    DeviceHours,
    /// Length of the sequences, or the context.
    Length,
    /// Batch of one device.
    DeviceBatch,
    /// Steps of accumulation.
    Accumulation,
    /// A time of anything: it is a training's beside what only a training has.
    Time,
}

/// Longest header that counts devices, in bytes.
const MOST_BYTES: usize = 60;

/// What a column holds, by its header.
#[must_use]
pub fn column(card: &Card<'_>, header: &str) -> Option<Column> {
    let key = norm_key(header);
    let lower = header.to_lowercase().replace('₂', "2");
    let words: Vec<&str> = key.split(' ').filter(|w| !w.is_empty()).collect();
    // Regression: "Energy saved | 1,250 kWh" was the energy of the training.
    let is_spared = lex(header).iter().any(|t| t.is_any(&vocabulary::prose().subjects.saved));
    if words.is_empty() || words.len() > 12 || is_spared {
        return None;
    }
    size_column(&key, &lower, &words).or_else(|| training_column(card, &key, &lower, &words, header))
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
    let is_params = lower.contains("param") && !lower.contains("hyper") && words.len() <= 3 && !is_divided(lower);
    (is_size || is_params).then_some(Column::Of(Key::Params))
}

/// What a training took.
fn training_column(card: &Card<'_>, key: &str, lower: &str, words: &[&str], header: &str) -> Option<Column> {
    let columns = &vocabulary::keys().columns;
    let has = |w: &str| words.contains(&w);
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
    if columns.nodes.contains(&key) {
        return Some(Column::Of(Key::Nodes));
    }
    match recipe_key(key) {
        Some(RecipeKey::Length | RecipeKey::LooseLength | RecipeKey::ModelLength) => return Some(Column::Length),
        Some(RecipeKey::DeviceBatch) => return Some(Column::DeviceBatch),
        Some(RecipeKey::Accumulation) => return Some(Column::Accumulation),
        _ => {}
    }
    // "Pas", "時間", "トークン数": nouns alone, which count beside what only a training has.
    match composed(key).filter(|_| !matches!(key, "steps" | "duration" | "time" | "hours")) {
        Some("steps") => return Some(Column::Of(Key::Steps)),
        Some("duration") => return Some(Column::Time),
        Some("tokens") => return Some(Column::Of(Key::Tokens)),
        _ => {}
    }
    // "训练时长", "批大小", "Passi totali": headers that are keys in another language.
    let key_text = key;
    let is_loose = |key: &str| matches!(key, "steps" | "duration");
    let of_key = || match key_of(composed(key).unwrap_or(key)).filter(|_| !key.is_ascii() || composed(key).is_some())? {
        Key::Batch | Key::GlobalBatch => Some(Column::Of(Key::GlobalBatch)),
        // "Steps" and "time" say too little.
        key @ (Key::Tokens | Key::Steps | Key::Epochs | Key::Hours) if composed(key_text).is_none_or(|c| !is_loose(c)) => {
            Some(Column::Of(key))
        }
        key @ Key::Hardware => Some(Column::Of(key)),
        _ => None,
    };
    if let Some(column) = of_key() {
        return Some(column);
    }
    // A column of rates or of a use is no training's.
    let is_training = |_: &Column| !words.iter().any(|w| columns.not_training.contains(w)) && rate_in(&lex(header)).is_none();
    cost_column(card, key, lower, words, header).filter(is_training)
}

/// What a training cost: emissions, energy, time, hardware; and its base.
fn cost_column(card: &Card<'_>, key: &str, lower: &str, words: &[&str], header: &str) -> Option<Column> {
    let columns = &vocabulary::keys().columns;
    let says = |parts: &Words| parts.is_within(lower);
    if says(&columns.carbon) {
        return Some(Column::Of(Key::Carbon));
    }
    if says(&columns.energy) {
        return Some(Column::Of(Key::Energy));
    }
    if says(&columns.device_hours) || card.is_device_hours_key(key) {
        return Some(Column::DeviceHours);
    }
    if says(&columns.hours) {
        return Some(Column::Of(Key::Hours));
    }
    if let Some(time) = time_column(words) {
        return Some(time);
    }
    if columns.hardware.contains(&key) || counts_devices(card, header) {
        return Some(Column::Of(Key::Hardware));
    }
    columns.base.contains(&key).then_some(Column::Of(Key::Base))
}

/// A time, of a training or of anything: "Training hours", "Wall-clock hours", "Days on 8 V100".
fn time_column(words: &[&str]) -> Option<Column> {
    let columns = &vocabulary::keys().columns;
    // "HR" and "Min" are no hours and minutes by themselves.
    let is_unit = |w: &str| w.len() > 1 && hours_in(w).is_some();
    let is_time = |w: &&str| columns.time.contains(w) || (w.len() > 3 && is_unit(w));
    if !words.iter().any(is_time) {
        return None;
    }
    let words = words.iter().position(|w| *w == "on").filter(|at| *at > 0).and_then(|at| words.get(..at)).unwrap_or(words);
    let of_training = |w: &&str| vocabulary::keys().composed.training.contains(w);
    let is_passed = |w: &&str| is_time(w) || is_unit(w) || columns.time_fillers.contains(w);
    let all = words.iter().any(is_time) && words.iter().all(|w| is_passed(w) || of_training(w));
    let training = words.iter().any(of_training);
    all.then_some(if training { Column::Of(Key::Hours) } else { Column::Time })
}

/// Whether a header names devices or a chip, and says nothing else: "#GPUs (H100)", "Number of TPU v4 chips", "A100s".
fn counts_devices(card: &Card<'_>, header: &str) -> bool {
    let words = &vocabulary::card().device_hours;
    // Of long texts and of those without a digit or a word for devices nothing need be cut.
    let may = header.len() <= MOST_BYTES && header.split(|c: char| !c.is_alphanumeric()).any(|w| w.len() > 2);
    let is_named = |w: &str| words.devices.contains(&w) || words.named.contains(&w);
    let named = || header.to_lowercase().split(|c: char| !c.is_alphabetic()).any(is_named);
    if !may || !(header.bytes().any(|b| b.is_ascii_digit()) || named()) {
        return false;
    }
    let ts = lex(header);
    // "A100" is a word with its number; "TPU v4" names a generation.
    let is_generation = |i: usize| i > 1 && text_at(&ts, i - 1) == "v" && text_at(&ts, i - 2) == "tpu";
    let is_chip = |i: usize| card.is_chip(&ts, i) || (i > 0 && card.is_chip(&ts, i - 1)) || is_generation(i);
    let chips: Vec<bool> = (0..ts.len()).map(is_chip).collect();
    let is_device = |i: usize| ts.get(i).is_some_and(|t| t.is_any(&words.devices) || t.is_any(&words.named));
    let is_passed = |i: usize| {
        let plural = i > 0 && ts.get(i).is_some_and(|t| t.glued && t.is("s")) && chips.get(i - 1) == Some(&true);
        plural || ts.get(i).is_some_and(|t| t.kind == Kind::Sign || t.is_any(&words.fillers) || t.is_any(&words.counting))
    };
    let names = |i: usize| is_device(i) || chips.get(i) == Some(&true);
    (0..ts.len()).any(names) && (0..ts.len()).all(|i| names(i) || is_passed(i))
}

impl Column {
    /// Whether tables of other things have such a column, too.
    #[must_use]
    pub fn is_vague(self, header: &str) -> bool {
        let vague = &vocabulary::keys().vague_keys.steps;
        let is_vague_steps = |key: &str| vague.contains(&key.trim_start_matches("# ")) || composed(key) == Some("steps");
        matches!(self, Self::Time | Self::Length) || (self == Self::Of(Key::Steps) && is_vague_steps(&norm_key(header)))
    }

    /// Whether an evaluation or a use has such a figure, too.
    #[must_use]
    pub fn is_of_a_run(self) -> bool {
        self.is_amount() || matches!(self, Self::Of(Key::Steps | Key::GlobalBatch))
    }

    /// Whether only a table of trainings has such a column.
    #[must_use]
    pub fn tells_training(self, header: &str) -> bool {
        let tokens = self == Self::Of(Key::Tokens) && header.to_lowercase().contains("train");
        let counts = |w: &str| w.starts_with('#') || vocabulary::keys().composed.count.contains(&w);
        let counted = self == Self::Of(Key::Hardware) && header.to_lowercase().split(' ').any(counts);
        let of_recipe = matches!(self, Self::DeviceBatch | Self::Accumulation);
        tokens || counted || of_recipe || (self.is_amount() && self != Self::Time)
    }

    /// Whether it holds what a training took.
    #[must_use]
    pub fn is_amount(self) -> bool {
        match self {
            Self::DeviceHours | Self::Time | Self::Of(Key::Carbon | Key::Energy | Key::Hours | Key::Flop) => true,
            Self::NonEmbedding
            | Self::Length
            | Self::DeviceBatch
            | Self::Accumulation
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
