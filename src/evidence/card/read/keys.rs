//! Keys: what a line, a row or a column says its value is.

use super::composed::composed;
use super::data_sizes::OF_ONE_EPOCH;
use super::rates::RATE;
use super::values::figures;
use crate::evidence::quantity::tokens::lex;
use crate::evidence::quantity::units::{energy_unit, hours_in, mass_unit};
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
    /// Number of nodes.
    Nodes,
    /// Devices of one node.
    NodeDevices,
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
    /// Data, which may be told as a number of tokens.
    TokenData,
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
            (words.nodes, Key::Nodes),
            (words.node_devices, Key::NodeDevices),
            (words.hours, Key::Hours),
            (words.provider, Key::Provider),
            (words.region, Key::Region),
            (words.carbon, Key::Carbon),
            (words.energy, Key::Energy),
            (words.tokens, Key::Tokens),
            (words.token_data, Key::TokenData),
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
    KEYS.get(key).or_else(|| KEYS.get(composed(key)?)).copied()
}

/// Whether a key asks for a part of a recipe that is one number.
#[must_use]
pub fn is_of_recipe(norm: &str) -> bool {
    matches!(key_of(norm), Some(Key::Epochs | Key::Steps | Key::Batch | Key::GlobalBatch))
}

/// A key with words around it that change whose figure its value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What it asks for.
    pub key: Key,
    /// Its spelling without the words around it.
    pub norm: String,
    /// Why its value is no figure of the training: "per epoch", "inference".
    pub reason: Option<&'static str>,
}

/// Most words of a key with words around it.
const MAX_QUALIFIED_WORDS: usize = 12;

/// What a key asks for, also with words around it: "estimated energy for training", "CO2 emissions per epoch". Of those only keys of
/// amounts are read: an evaluation has a batch size, too, and nobody takes it for the training's.
#[must_use]
pub fn read_key(norm: &str) -> Option<Asked> {
    if let Some(key) = key_of(norm) {
        return Some(Asked { key, norm: norm.to_owned(), reason: None });
    }
    if let Some(plain) = without_ornaments(norm) {
        return read_key(&plain).filter(|asked| asked.key.is_amount() || asked.key == Key::Hardware);
    }
    if let Some(asked) = tokens_of_epoch(norm).or_else(|| question(norm)) {
        return Some(asked);
    }
    // "Epoch time": the time of one.
    if let Some((part, rest)) = norm.split_once(' ')
        && vocabulary::prose().rates.passes.contains(&part)
        && let Some(key) = key_of(rest).filter(|key| key.is_amount())
    {
        return Some(Asked { key, norm: rest.to_owned(), reason: Some(RATE) });
    }
    let lists = &vocabulary::keys().pairs;
    let spaced = norm.replace('/', " / ");
    let mut words: Vec<&str> = spaced.split(' ').filter(|w| !w.is_empty()).collect();
    if words.len() > MAX_QUALIFIED_WORDS {
        return None;
    }
    let mut reason = None;
    // "CO2 emissions per epoch": what stands before the sign is the key.
    let rates = &vocabulary::prose().rates;
    if let Some(at) = words.iter().position(|w| rates.per.contains(w)).filter(|at| *at > 0) {
        let of_run = words.get(at + 1..).is_some_and(|rest| rest.iter().any(|w| rates.runs.contains(w)));
        reason = (!of_run).then_some(RATE);
        words.truncate(at);
    }
    loop {
        let joined = words.join(" ");
        if let Some(key) = key_of(&joined) {
            return key.is_amount().then_some(Asked { key, norm: joined, reason });
        }
        let around = |w: &&str| lists.neutral.contains(w) || lists.qualified_by_use.contains(w);
        let (first, last) = (words.first().copied(), words.last().copied());
        let dropped = match (last.filter(around), first.filter(around)) {
            (Some(word), _) => {
                words.pop();
                word
            }
            (None, Some(word)) => {
                words.remove(0);
                word
            }
            (None, None) => return None,
        };
        if lists.qualified_by_use.contains(&dropped) {
            reason = Some("evaluation or inference");
        }
    }
}

/// "2. Time to train final model", "CO$_2$eq for final model", "Duration in seconds": a key without its number in a list, with the gas as one
/// word, and without its unit. None where it has none of these.
fn without_ornaments(norm: &str) -> Option<String> {
    let words: Vec<&str> = norm.split(' ').collect();
    let numbered =
        usize::from(words.len() > 2 && words.first().is_some_and(|w| w.len() < 3 && w.bytes().all(|b| b.is_ascii_digit())));
    let unit = words.iter().rposition(|w| *w == "in").filter(|at| *at > 0 && at + 2 == words.len());
    let is_unit =
        |at: usize| words.get(at + 1).is_some_and(|w| hours_in(w).is_some() || mass_unit(w).is_some() || energy_unit(w).is_some());
    let to = unit.filter(|at| is_unit(*at)).unwrap_or(words.len());
    let plain = words.get(numbered..to)?.join(" ");
    let plain = if plain.contains("co 2") { plain.replace("co 2 eq", "co2eq").replace("co 2", "co2") } else { plain };
    (plain != norm).then_some(plain)
}

/// Most tokens of a value that is measured and nothing else.
const MOST_MEASURED: usize = 9;
/// "GPU-hours by size", "Emissions per model (t)": a key that asks for each model of a family, without the words that say so.
#[must_use]
pub fn without_each(key: &str) -> Option<String> {
    let words = &vocabulary::keys().pairs;
    let lower = key.to_lowercase();
    if lower.len() != key.len() {
        return None;
    }
    let begins = |at: usize| lower.get(..at).is_some_and(|before| before.ends_with([' ', '(', '[']));
    let ends = |at: usize| lower.get(at..).is_none_or(|rest| !rest.starts_with(char::is_alphanumeric));
    words.each_model.iter().find_map(|phrase| {
        let at = lower.find(phrase).filter(|at| *at > 0 && begins(*at) && ends(at + phrase.len()))?;
        let (before, behind) = (key.get(..at)?, key.get(at + phrase.len()..)?);
        // "(by size)": the brackets go with it.
        let (before, behind) = match (before.strip_suffix(['(', '[']), behind.strip_prefix([')', ']'])) {
            (Some(before), Some(behind)) => (before, behind),
            _ => (before, behind),
        };
        Some(format!("{}{behind}", before.trim_end()))
    })
}

/// Tokens before the number of such a value, at most: "ok. 0,39 t".
const MOST_LEADING: usize = 3;
/// Most words of a key that says what its value measures.
const MAX_STEM_WORDS: usize = 6;

/// A key in any language that names an energy or an emission by a part of a word, beside a value in a unit of it: "Spotřeba elektřiny: 1 250
/// kWh".
#[must_use]
pub fn by_unit(norm: &str, value: &str) -> Option<Asked> {
    let lists = vocabulary::keys();
    let words: Vec<&str> = norm.split(' ').filter(|w| !w.is_empty()).collect();
    let turns = |w: &&str| {
        lists.pairs.qualified_by_use.contains(w)
            || lists.pairs.no_amounts.iter().any(|stem| if stem.len() > 3 { w.starts_with(stem) } else { w == stem })
    };
    if words.is_empty() || words.len() > MAX_STEM_WORDS || words.iter().any(turns) {
        return None;
    }
    let ts = lex(value);
    // What says more is read as a sentence.
    if ts.len() > MOST_MEASURED {
        return None;
    }
    let measures = |unit: fn(&str) -> Option<f64>| {
        figures(&ts, 0, unit).first().is_some_and(|f| f.from <= MOST_LEADING && !f.quantity.is_rate)
    };
    let key = if lists.columns.energy.is_within(norm) && measures(energy_unit) {
        Key::Energy
    } else if lists.columns.carbon.is_within(norm) && measures(mass_unit) {
        Key::Carbon
    } else {
        return None;
    };
    Some(Asked { key, norm: norm.to_owned(), reason: None })
}

/// "Tokens per epoch".
fn tokens_of_epoch(norm: &str) -> Option<Asked> {
    let (what, per) = norm.split_once(" per ").or_else(|| norm.split_once('/'))?;
    let words = vocabulary::prose();
    let is_pass = words.rates.passes.contains(&per.trim()) || words.epochs.words.contains(&per.trim());
    let key = key_of(what.trim()).filter(|key| is_pass && *key == Key::Tokens)?;
    Some(Asked { key, norm: norm.to_owned(), reason: Some(OF_ONE_EPOCH) })
}

/// What a question asks for: "How much time does the training of the final model take?", "Where was it trained?".
fn question(norm: &str) -> Option<Asked> {
    let words = &vocabulary::keys().questions;
    let asked = norm.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
    let is_one = |phrases: &[&str]| phrases.iter().any(|phrase| asked.starts_with(phrase));
    if !is_one(&words.begin) {
        return None;
    }
    let all: Vec<&str> = asked.split(' ').collect();
    let has = |list: &[&str]| all.iter().any(|word| list.contains(word));
    let (key, of_training) = if has(&words.carbon) {
        (Key::Carbon, true)
    } else if has(&words.energy) {
        (Key::Energy, true)
    } else if is_one(&words.time) {
        (Key::Hours, true)
    } else if has(&words.hardware) {
        (Key::Hardware, true)
    } else if has(&words.place) {
        (Key::Region, false)
    } else {
        return None;
    };
    // How long the model takes to answer is no training's time.
    if of_training && !has(&words.training) {
        return None;
    }
    let reason = has(&words.more).then_some("a total that holds more than this training");
    Some(Asked { key, norm: asked.to_owned(), reason })
}

impl Key {
    /// Whether it asks for what a training took.
    #[must_use]
    pub fn is_amount(self) -> bool {
        match self {
            Self::Hours | Self::Carbon | Self::Energy | Self::Flop => true,
            Self::Hardware
            | Self::Devices
            | Self::Nodes
            | Self::NodeDevices
            | Self::Provider
            | Self::Region
            | Self::Tokens
            | Self::TokenData
            | Self::Epochs
            | Self::Steps
            | Self::GlobalBatch
            | Self::Batch
            | Self::Precision
            | Self::Params
            | Self::Active
            | Self::Base
            | Self::Date => false,
        }
    }
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

    #[test]
    fn words_around_a_key_of_an_amount() {
        let read = |key: &str| read_key(&norm_key(key)).map(|a| (a.key, a.reason.is_some()));
        for (written, key, refused) in [
            ("Estimate energy and emissions for model training", Key::Energy, false),
            ("Estimated total energy consumption", Key::Energy, false),
            ("CO2 emissions per epoch", Key::Carbon, true),
            ("CO2 emissions per training run", Key::Carbon, false),
            ("Carbon emissions (inference)", Key::Carbon, false),
            ("Inference carbon emissions", Key::Carbon, true),
            ("Evaluation time", Key::Hours, true),
            ("Cumulative compute", Key::Flop, false),
            ("3. How long did the training of the final model take?", Key::Hours, false),
            ("How much CO2 was emitted to train the model?", Key::Carbon, false),
            ("How much time did all training experiments take?", Key::Hours, true),
        ] {
            assert_eq!(read(written), Some((key, refused)), "{written}");
        }
        for written in ["eval batch size", "test loss", "Energy star", "Estimated", "How long does one answer take?"] {
            assert_eq!(read(written), None, "{written}");
        }
    }
}
