//! One scan over the words of a sentence finds what it may speak of; only then is it read closely.

use super::lengths::is_square;
use crate::evidence::card::read::candidate::Card;
use crate::evidence::quantity::durations::{clock, unit_hours};
use crate::evidence::quantity::numbers::without_scale;
use crate::evidence::quantity::tokens::{Kind, Token};
use crate::evidence::quantity::units::energy_unit;
use crate::evidence::vocabulary::{self, Words};
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// What the words of a sentence may speak of.
#[derive(Clone, Copy, Default)]
pub struct Triggers {
    /// Chips.
    pub hardware: bool,
    /// Times.
    pub time: bool,
    /// Emissions.
    pub carbon: bool,
    /// Energy.
    pub energy: bool,
    /// Tokens, epochs, steps, batches, parameters, FLOP, utilization.
    pub counts: bool,
    /// Number formats.
    pub precision: bool,
    /// Months.
    pub month: bool,
    /// Clouds.
    pub cloud: bool,
    /// Tools that measure emissions.
    pub tool: bool,
    /// Base models.
    pub base: bool,
    /// Lengths of sequences, sides of images, examples seen.
    pub lengths: bool,
}

impl Triggers {
    /// Scans a sentence.
    #[must_use]
    pub fn scan(card: &Card<'_>, ts: &[Token<'_>]) -> Self {
        let mut found = Self::default();
        for (i, t) in ts.iter().enumerate() {
            match t.kind {
                Kind::Number => found.hardware |= t.is_any(&vocabulary::prose().triggers.bare_chips),
                Kind::Word => found.word(card, ts, i, t),
                Kind::Sign if t.is("×") => found.lengths |= is_square(ts, i),
                Kind::Sign => found.time |= t.is(":") && t.glued && i.checked_sub(1).is_some_and(|at| clock(ts, at).is_some()),
                Kind::Power => {}
            }
        }
        found
    }

    /// Whether it may speak of anything.
    #[must_use]
    pub fn any(self) -> bool {
        let Self { hardware, time, carbon, energy, counts, precision, month, cloud, tool, base, lengths } = self;
        hardware || time || carbon || energy || counts || precision || month || cloud || tool || base || lengths
    }

    fn word(&mut self, card: &Card<'_>, ts: &[Token<'_>], i: usize, t: &Token<'_>) {
        let word = t.text.as_ref();
        let is_ascii = word.is_ascii();
        // The words of all of these lists are the vocabulary's.
        let of_word = if t.is_known() { by_word(word) } else { Self::default() };
        self.hardware |= of_word.hardware || card.is_chip(ts, i);
        self.hardware |= !is_ascii && vocabulary::prose().triggers.hardware_within.is_within(word);
        self.time |= unit_hours(ts, i).is_some();
        self.carbon |= of_word.carbon || says_carbon(word, is_ascii);
        self.energy |= of_word.energy || (!is_ascii && energy_unit(without_scale(word)).is_some());
        // "bf16" is letters and a number glued to them.
        let is_format = || vocabulary::prose().triggers.number_formats.contains(&word);
        self.precision |= of_word.precision && (!is_format() || ts.get(i + 1).is_some_and(|n| n.glued));
        let has_year = || (i + 1..i + 3).any(|at| ts.get(at).is_some_and(|n| n.kind == Kind::Number && n.text.len() == 4));
        self.month |= of_word.month && (t.upper || has_year());
        self.cloud |= of_word.cloud;
        self.lengths |= of_word.lengths || !is_ascii || (word == "x" && is_square(ts, i));
        self.tool |= of_word.tool;
        self.counts |= of_word.counts || !is_ascii;
        self.base |= of_word.base || !is_ascii;
    }
}

/// Whether a word holds the gas, in any script.
fn says_carbon(word: &str, is_ascii: bool) -> bool {
    // Letters with a 2 among them are few: the others are not searched.
    (word.bytes().any(|b| b == b'2') && word.contains("co2"))
        || (!is_ascii && vocabulary::prose().triggers.carbon_within.is_within(word))
}

fn units_of_energy(units: &vocabulary::Units) -> [Words; 8] {
    let energies = &units.energies;
    [
        energies.kilowatt_hour,
        energies.watt_hour,
        energies.megawatt_hour,
        energies.gigawatt_hour,
        energies.terawatt_hour,
        energies.megajoule,
        energies.gigajoule,
        energies.joule,
    ]
}

fn units_of_compute(units: &vocabulary::Units) -> [Words; 8] {
    let computes = &units.computes;
    [
        computes.flop,
        computes.teraflop,
        computes.petaflop,
        computes.exaflop,
        computes.zettaflop,
        computes.yottaflop,
        computes.petaflop_per_second,
        computes.exaflop_per_second,
    ]
}

/// The words for what is counted: what is read closely has to be found first.
fn counted() -> [Words; 6] {
    let words = vocabulary::prose();
    [words.epochs.times, words.epochs.words, words.steps.words, words.tokens.words, words.batches.things, words.batches.words]
}

/// What a word may speak of, wherever it stands.
fn by_word(word: &str) -> Triggers {
    words().get(word).copied().unwrap_or_default()
}

fn words() -> &'static FxHashMap<&'static str, Triggers> {
    static WORDS: LazyLock<FxHashMap<&'static str, Triggers>> = LazyLock::new(|| {
        let (words, units) = (&vocabulary::prose().triggers, vocabulary::units());
        let mut map: FxHashMap<&'static str, Triggers> = FxHashMap::default();
        let mut add = |list: Words, set: fn(&mut Triggers)| {
            for word in list.list() {
                set(map.entry(*word).or_default());
            }
        };
        add(words.hardware, |t| t.hardware = true);
        add(words.carbon, |t| t.carbon = true);
        add(words.energy, |t| t.energy = true);
        add(words.clouds, |t| t.cloud = true);
        add(words.counts, |t| t.counts = true);
        for list in counted() {
            add(list, |t| t.counts = true);
        }
        add(words.bases, |t| t.base = true);
        add(words.tools, |t| t.tool = true);
        add(words.number_formats, |t| t.precision = true);
        for list in units_of_energy(units) {
            add(list, |t| t.energy = true);
        }
        for list in units_of_compute(units) {
            add(list, |t| t.counts = true);
        }
        let recipe = &vocabulary::recipe().prose;
        for list in [
            recipe.lengths,
            recipe.sides,
            recipe.sequences,
            recipe.contexts,
            recipe.sequence_lengths,
            recipe.context_lengths,
            recipe.cut,
            recipe.cut_late,
        ] {
            add(list, |t| t.lengths = true);
        }
        let samples = &vocabulary::prose().samples;
        add(samples.nouns, |t| t.counts = true);
        for list in [samples.saw, samples.seen] {
            add(list, |t| t.lengths = true);
        }
        map.entry("precision").or_default().precision = true;
        for word in units.repeats.keys() {
            map.entry(word.as_str()).or_default().counts = true;
        }
        for month in units.months.keys() {
            map.entry(month.as_str()).or_default().month = true;
        }
        map
    });
    &WORDS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::lists_with;

    /// A word that the vocabulary does not know is not looked up: it knows all of these.
    #[test]
    fn every_word_that_may_speak_is_known() {
        for word in words().keys() {
            assert!(lists_with(word).are_any(), "{word}");
        }
        let units = vocabulary::units();
        let numbers = [&units.number_words, &units.count_words, &units.whole_times, &units.months, &units.repeats];
        for word in numbers.into_iter().flat_map(|table| table.keys()) {
            assert!(lists_with(word).are_any(), "{word}");
        }
    }

    #[test]
    fn the_gas_is_found_in_any_script() {
        for (word, says) in [("kgco2eq", true), ("co2", true), ("二氧化碳排放", true), ("cow", false), ("co₂", false)] {
            assert_eq!(says_carbon(word, word.is_ascii()), says, "{word}");
        }
    }
}
