//! Keys: what a line, a row or a column says its value is.

use crate::evidence::vocabulary;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Chips and their count.
    Hardware,
    /// Count of devices.
    Devices,
    /// Time of training.
    Hours,
    /// Cloud provider.
    Provider,
    /// Cloud region or place.
    Region,
    /// Emissions.
    Carbon,
    /// Energy.
    Energy,
    /// Tokens seen.
    Tokens,
    /// Epochs.
    Epochs,
    /// Optimizer steps.
    Steps,
    /// Global batch.
    GlobalBatch,
    /// Batch, of a device or the whole.
    Batch,
    /// Number format.
    Precision,
    /// Parameters.
    Params,
    /// Active parameters.
    Active,
    /// Base model.
    Base,
    /// Training compute.
    Flop,
    /// Date of training.
    Date,
}

/// What a key asks for, once [`norm_key`](crate::evidence::card::parse::pair::norm_key) made it comparable.
#[must_use]
pub fn key_of(key: &str) -> Option<Key> {
    static KEYS: LazyLock<FxHashMap<&'static str, Key>> = LazyLock::new(|| {
        let words = &vocabulary::keys().keys;
        vocabulary::by_word(&[
            (words.hardware, Key::Hardware),
            (words.devices, Key::Devices),
            (words.hours, Key::Hours),
            (words.provider, Key::Provider),
            (words.region, Key::Region),
            (words.carbon, Key::Carbon),
            (words.energy, Key::Energy),
            (words.tokens, Key::Tokens),
            (words.epochs, Key::Epochs),
            (words.steps, Key::Steps),
            (words.global_batch, Key::GlobalBatch),
            (words.batch, Key::Batch),
            (words.precision, Key::Precision),
            (words.params, Key::Params),
            (words.active, Key::Active),
            (words.base, Key::Base),
            (words.flop, Key::Flop),
            (words.date, Key::Date),
        ])
    });
    KEYS.get(key).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::parse::pair::norm_key;

    #[test]
    fn keys_as_people_write_them() {
        for (written, key) in [
            ("Carbon Emitted (Power consumption x Time x Carbon produced based on location of power grid)", Key::Carbon),
            ("Finetuned from model [optional]", Key::Base),
            ("\\(n_{parameters}\\)", Key::Params),
            ("total_train_batch_size", Key::GlobalBatch),
            ("Pre-training tokens", Key::Tokens),
        ] {
            assert_eq!(key_of(&norm_key(written)), Some(key), "{written}: {}", norm_key(written));
        }
        assert_eq!(key_of(&norm_key("Dataset size")), None);
    }
}
