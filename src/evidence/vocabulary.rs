//! The words that the extractors look for, as data: `data/vocabulary/*.toml`, whose comments say what each list decides.
//!
//! A new word goes into its list; a new list also needs a field of that name in the struct of its table here, and a rule that reads it.
//! The files are part of the binary and read once. A list keeps the order of its file, which counts where the first word that fits is
//! taken.

use crate::domain::{Modality, SizeWord};
use rustc_hash::FxHashMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::LazyLock;

/// Name and text of every file.
pub const FILES: &[(&str, &str)] = &[
    ("card.toml", include_str!("../../data/vocabulary/card.toml")),
    ("hardware.toml", include_str!("../../data/vocabulary/hardware.toml")),
    ("index.toml", include_str!("../../data/vocabulary/index.toml")),
    ("keys.toml", include_str!("../../data/vocabulary/keys.toml")),
    ("place.toml", include_str!("../../data/vocabulary/place.toml")),
    ("prose.toml", include_str!("../../data/vocabulary/prose.toml")),
    ("recipe.toml", include_str!("../../data/vocabulary/recipe.toml")),
    ("units.toml", include_str!("../../data/vocabulary/units.toml")),
];

/// A list of words in the order of its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words(&'static [&'static str]);

impl Words {
    /// The words for as long as the program runs.
    pub(super) fn list(self) -> &'static [&'static str] {
        self.0
    }
}

impl Deref for Words {
    type Target = [&'static str];

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = Vec::<String>::deserialize(deserializer)?;
        // Every file is read once: nothing leaks twice.
        Ok(Self(words.into_iter().map(|word| &*word.leak()).collect::<Vec<&'static str>>().leak()))
    }
}

/// Lists with a value each, by word; of a word in two lists the first counts.
pub(super) fn by_word<V: Copy>(lists: &[(Words, V)]) -> FxHashMap<&'static str, V> {
    let mut map = FxHashMap::default();
    for (words, value) in lists {
        for word in words.list() {
            map.entry(*word).or_insert(*value);
        }
    }
    map
}

/// Lists with a value each, as pairs, the longest words first: for beginnings of words.
pub(super) fn longest_first<V: Copy>(lists: &[(Words, V)]) -> Vec<(&'static str, V)> {
    let pairs = lists.iter().flat_map(|(words, value)| words.list().iter().map(|word| (*word, *value)));
    let mut pairs: Vec<(&'static str, V)> = pairs.collect();
    pairs.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    pairs
}

/// A table of a file: a field for each of its lists.
macro_rules! lists {
    ($table:ident { $($list:ident),+ $(,)? }) => {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $table {
            $(pub(super) $list: Words,)+
        }
    };
}

/// A file, or a table of one: a field for each of its tables.
macro_rules! tables {
    ($file:ident { $($table:ident: $type:ty),+ $(,)? }) => {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $file {
            $(pub(super) $table: $type,)+
        }
    };
}

// units.toml
lists!(Masses { kilogram, gram, tonne, kilotonne, pound, milligram });
lists!(Energies { kilowatt_hour, watt_hour, megawatt_hour, gigawatt_hour, terawatt_hour, megajoule, gigajoule, joule });
lists!(TimeUnits { hour, day, week, month, minute, second });
lists!(CjkTimeUnits { hour, day, minute, second, week, month });
lists!(Halves { half, and_half });
lists!(Ranges { joining, closing, opening });
lists!(Languages { decimal_point, decimal_comma, counted });
lists!(Scales { hundred, thousand, million, billion, trillion });
lists!(CjkScales { thousand, ten_thousand, million, hundred_million, trillion });
lists!(Computes { flop, teraflop, petaflop, exaflop, zettaflop, yottaflop, petaflop_per_second, exaflop_per_second });
tables!(Units {
    masses: Masses,
    energies: Energies,
    times: TimeUnits,
    cjk_times: CjkTimeUnits,
    halves: Halves,
    ranges: Ranges,
    languages: Languages,
    scales: Scales,
    cjk_scales: CjkScales,
    computes: Computes,
    number_words: FxHashMap<String, u32>,
    count_words: FxHashMap<String, u32>,
    months: FxHashMap<String, u32>,
});

// hardware.toml
lists!(HardwareKind { aliases, chips });
tables!(Hardware {
    near_chip: Words,
    between_count_and_chip: Words,
    machines: Words,
    machines_with: Words,
    devices: Words,
    not_counted: Words,
    common_words: Words,
    memory_units: Words,
    kinds: Vec<HardwareKind>,
});

// place.toml
tables!(Place { assumed: Words, ambiguous_sites: Words, near_site: Words, operators: FxHashMap<String, String> });

// index.toml
lists!(Names { cut_down, unversioned, versioned, versioned_with_decimals });
tables!(Index {
    names: Names,
    expert_architectures: Words,
    not_training: Words,
    tasks: BTreeMap<Modality, Words>,
    libraries: BTreeMap<Modality, Words>,
    size_words: BTreeMap<SizeWord, Words>,
});

// card.toml
lists!(Repository { climate_subjects, fine_tune_phrases, cell_fillers, no_base_names });
lists!(Headings { original, base, continued, evaluation, never_evaluation, training, environment, estimated, version_fillers });
lists!(Phases { never, pre_training, fine_tuning, second, generic, tuned_names });
lists!(Totals { cumulative, inclusive, families, rows });
lists!(Logs { calculator });
lists!(Training { stems, cjk_parts, verbs, nouns, noun_prepositions });
lists!(Examples { loaders, placeholder_owners });
lists!(Templates { unfilled });
lists!(Bases { plain, marked, linked, cjk, families, no_names, fillers, no_owners, file_endings, variants, comparisons, advice });
lists!(DeviceHours { devices, nodes, node_joins, cores, fillers, key_parts, named, english_units, named_units });
tables!(NumberFormat { name: String, words: Words });
tables!(NumberCode { name: String, letters: Words, bits: String });
tables!(Precision { formats: Vec<NumberFormat>, codes: Vec<NumberCode> });
tables!(Provider { name: String, spellings: Words });
tables!(Clouds { field_only: Words, joins: Words, near_lambda: Words, serving: Words, providers: Vec<Provider> });
tables!(Card {
    repository: Repository,
    headings: Headings,
    phases: Phases,
    totals: Totals,
    logs: Logs,
    training: Training,
    examples: Examples,
    templates: Templates,
    bases: Bases,
    device_hours: DeviceHours,
    precision: Precision,
    clouds: Clouds,
});

// keys.toml
lists!(KeySpellings {
    hardware,
    devices,
    hours,
    provider,
    region,
    carbon,
    energy,
    tokens,
    epochs,
    steps,
    global_batch,
    batch,
    precision,
    params,
    active,
    base,
    flop,
    date,
});
lists!(VagueKeys { hardware, hours, provider, region, steps, batch, tokens });
lists!(Pairs {
    serving,
    device_counts,
    no_cloud,
    data_sizes,
    affirmed,
    denied,
    file_sizes,
    neutral,
    qualified_by_use,
    runs,
    parts,
    uses,
    each,
});
lists!(Columns {
    params,
    tokens,
    steps,
    epochs,
    batch,
    carbon,
    energy,
    device_hours,
    hours,
    hardware,
    base,
    of_data,
    file_sizes,
    points,
    not_training
});
lists!(Code { settings, affirmed, counted_batches });
tables!(Keys { keys: KeySpellings, vague_keys: VagueKeys, pairs: Pairs, columns: Columns, code: Code });

// prose.toml
lists!(Triggers { bare_chips, hardware, carbon, clouds, counts, bases, tools, number_formats });
lists!(Sentences { abbreviations, stages, stage_numbers, own_pretraining, own_fine_tuning, other_sizes, this_model, advice });
lists!(HardwareProse { serving, running, modal, modal_denied, serving_though_training, used });
lists!(EmissionsProse { serving, comparisons, said, energy_said, calculators });
lists!(RatesProse { per, whole, passed, factors, barriers });
lists!(TimesProse {
    strong,
    cumulative,
    computing,
    cjk_strong,
    device_hours_said,
    vague,
    whole,
    firm,
    approximate,
    limits,
    limits_before_that,
    limits_behind,
    data,
    of,
    of_training,
    audio,
    long_units,
    hour_letter_leads,
    serving,
    modal,
    modal_denied,
    data_leads,
    leads,
    one,
    one_of,
});
lists!(TokensProse {
    words,
    cjk,
    other_units,
    extra,
    lengths,
    lengths_behind,
    corpus,
    seen,
    not_seen_between,
    not_bracketed,
    chips,
    data_behind,
});
lists!(UtilizationProse { joins, machines, serving });
lists!(EpochsProse { words, joins, over, not_over, whole, cjk, other_units, schedule });
lists!(StepsProse { words, other_units, schedule });
lists!(BatchesProse { joins, other_batches, whole });
lists!(ParametersProse { words, cjk, models, active, other_units, comparisons, parts, base_parts, after_active });
lists!(NumberFormatProse { advice, files });
lists!(DatesProse { joins, of_data });
tables!(Prose {
    triggers: Triggers,
    sentences: Sentences,
    hardware: HardwareProse,
    emissions: EmissionsProse,
    rates: RatesProse,
    times: TimesProse,
    tokens: TokensProse,
    utilization: UtilizationProse,
    epochs: EpochsProse,
    steps: StepsProse,
    batches: BatchesProse,
    parameters: ParametersProse,
    number_format: NumberFormatProse,
    dates: DatesProse,
});

// recipe.toml
lists!(RecipeKeys {
    total_batch,
    device_batch,
    batch,
    accumulation,
    devices,
    distributed,
    epochs,
    steps,
    examples,
    samples,
    length,
    loose_length,
    model_length,
    side,
    others,
});
lists!(RecipeBases { keys });
lists!(RecipeEnds { early });
lists!(RecipeProse { length_heads, lengths, joins, fillers, other_units, sides, limits, serving, samples });
lists!(SentenceTransformers { loader, set_size });
tables!(Recipe {
    keys: RecipeKeys,
    bases: RecipeBases,
    ends: RecipeEnds,
    prose: RecipeProse,
    sentence_transformers: SentenceTransformers,
});

/// Reads a file. That each can be read is a unit test's business, so that a broken one is never released.
fn parse<T: DeserializeOwned>(name: &str) -> T {
    let text = FILES.iter().find(|(file, _)| *file == name).map_or("", |(_, text)| text);
    toml::from_str(text).unwrap_or_else(|why| panic!("data/vocabulary/{name}: {why}"))
}

/// A file, read when it is asked for first.
macro_rules! file {
    ($(#[$about:meta])* $name:ident: $type:ty = $file:literal) => {
        $(#[$about])*
        pub(super) fn $name() -> &'static $type {
            static WORDS: LazyLock<$type> = LazyLock::new(|| parse($file));
            &WORDS
        }
    };
}

file!(
    /// Units, scales and numbers.
    units: Units = "units.toml"
);
file!(
    /// Texts about hardware.
    hardware: Hardware = "hardware.toml"
);
file!(
    /// Texts about places.
    place: Place = "place.toml"
);
file!(
    /// The index's own fields.
    index: Index = "index.toml"
);
file!(
    /// Cards as a whole.
    card: Card = "card.toml"
);
file!(
    /// Keys, columns and settings of cards.
    keys: Keys = "keys.toml"
);
file!(
    /// Sentences of cards.
    prose: Prose = "prose.toml"
);
file!(
    /// Recipes of trainings.
    recipe: Recipe = "recipe.toml"
);

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_is_read() {
        let (units, hardware, place, index) = (units(), hardware(), place(), index());
        let (card, keys, prose) = (card(), keys(), prose());
        assert_eq!(units.months.values().copied().collect::<BTreeSet<_>>(), (1..=12).collect());
        assert!(hardware.near_chip.contains(&"gpu") && place.assumed.contains(&"assumed"));
        assert!(index.tasks[&Modality::Text].contains(&"fill-mask") && card.clouds.providers.len() > 10);
        assert!(keys.keys.hours.contains(&"hours used") && prose.times.strong.contains(&"took"));
        assert!(recipe().keys.length.contains(&"sequence len"));
        assert_eq!(FILES.len(), 8);
    }

    /// Lists that are compared with text as it was written.
    const AS_WRITTEN: &[&str] = &["loaders", "chips"];

    fn check(path: &str, value: &toml::Value) {
        match value {
            toml::Value::Table(table) => {
                assert!(!table.is_empty(), "{path} is empty");
                for (key, value) in table {
                    assert_eq!(key, &key.to_lowercase(), "{path}");
                    check(&format!("{path}.{key}"), value);
                }
            }
            toml::Value::Array(items) if items.first().is_some_and(toml::Value::is_table) => {
                items.iter().for_each(|item| check(path, item));
            }
            toml::Value::Array(items) => {
                let words: Vec<&str> = items.iter().map(|item| item.as_str().unwrap()).collect();
                assert!(!words.is_empty() && words.iter().all(|word| !word.trim().is_empty()), "{path}");
                assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len(), "{path} has a word twice");
                if !AS_WRITTEN.iter().any(|list| path.ends_with(list)) {
                    assert!(words.iter().all(|word| *word == word.to_lowercase()), "{path} is not lower case");
                }
            }
            toml::Value::String(_) | toml::Value::Integer(_) => {}
            other => panic!("{path}: {other}"),
        }
    }

    #[test]
    fn no_list_is_empty_or_has_a_word_twice_and_words_are_lower_case() {
        for (name, text) in FILES {
            check(name, &toml::Value::Table(toml::from_str(text).unwrap()));
        }
    }

    #[test]
    fn a_key_asks_for_one_thing() {
        let text = FILES.iter().find(|(name, _)| *name == "keys.toml").unwrap().1;
        let file: toml::Table = toml::from_str(text).unwrap();
        let lists = file["keys"].as_table().unwrap().values().flat_map(|list| list.as_array().unwrap());
        let spellings: Vec<&str> = lists.map(|word| word.as_str().unwrap()).collect();
        assert_eq!(spellings.iter().collect::<BTreeSet<_>>().len(), spellings.len());
    }
}
