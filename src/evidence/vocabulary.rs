//! The words that the extractors look for: a struct for each file of `data/vocabulary` that they read.

use crate::domain::{Modality, SizeWord};
use crate::vocabulary::{lists, tables, word_file};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

#[path = "vocabulary/counts.rs"]
mod counts;
#[path = "vocabulary/origins.rs"]
mod origins;
#[path = "vocabulary/recipes.rs"]
mod recipes;
#[path = "vocabulary/times.rs"]
mod times;
#[path = "vocabulary/whose.rs"]
mod whose;

use self::counts::{
    BatchesProse, EpochsProse, ProgressProse, SamplesProse, StatedProse, StepsProse, TokensProse, UnclaimedProse, UtilizationProse,
};
use self::origins::{Eastern, Merges, Origins};
use self::recipes::Recipe;
use self::times::TimesProse;
use self::whose::{Designators, Downstream, Headings, Phases, Sentences, Subjects, Totals};

pub(super) use crate::vocabulary::{Words, by_word, longest_first};

// units.toml
lists!(Masses { kilogram, gram, tonne, kilotonne, megatonne, pound, milligram });
lists!(Energies { kilowatt_hour, watt_hour, megawatt_hour, gigawatt_hour, terawatt_hour, megajoule, gigajoule, joule });
lists!(TimeUnits { hour, day, week, month, minute, second });
lists!(CjkTimeUnits { hour, day, minute, second, week, month });
lists!(TimeFillers { words });
lists!(OrdinalEnds { words });
lists!(Halved { one, two, three });
lists!(Halves { half, and_half });
lists!(Ranges { joining, closing, opening });
lists!(Languages { decimal_point, decimal_comma, grouping_scales, counted });
lists!(Scales { hundred, thousand, lakh, million, crore, billion, trillion, abbreviated });
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
    repeats: FxHashMap<String, u32>,
    whole_times: FxHashMap<String, u32>,
    time_fillers: TimeFillers,
    ordinal_ends: OrdinalEnds,
    halved: Halved,
    count_words: FxHashMap<String, u32>,
    months: FxHashMap<String, u32>,
});

// hardware.toml
lists!(HardwareKind { aliases, chips });
tables!(Hardware {
    near_chip: Words,
    nordic: Words,
    articles: Words,
    on: Words,
    only: Words,
    pairs: Words,
    part_of: Words,
    part_joins: Words,
    consists: Words,
    total: Words,
    between_count_and_chip: Words,
    machines: Words,
    machines_with: Words,
    particles: Words,
    singles: Words,
    counters: Words,
    counted_cjk: Words,
    devices: Words,
    not_counted: Words,
    common_words: Words,
    memory_units: Words,
    halves: Words,
    each: Words,
    parts: Words,
    several: Words,
    boxes: Words,
    computers: Words,
    needs_its_computer: Words,
    unknown_devices: Words,
    unknown_makers: Words,
    near_slices: Words,
    makers: Vec<Provider>,
    kinds: Vec<HardwareKind>,
});

// place.toml
tables!(Place { assumed: Words, ambiguous_sites: Words, no_answers: Words, near_site: Words, operators: FxHashMap<String, String> });

// index.toml
tables!(Names {
    counted: Words,
    tokens: Words,
    cut_down: Words,
    another_layout: Words,
    ends_of_words: Words,
    before_bert: Words,
    not_before_the_end: Words,
    unversioned: Words,
    versioned: Words,
    versioned_with_decimals: Words,
    sizes: BTreeMap<String, Words>,
});
tables!(Index {
    names: Names,
    expert_architectures: Words,
    dense_architectures: Words,
    not_training: Words,
    generates_nothing: Words,
    tasks: BTreeMap<Modality, Words>,
    libraries: BTreeMap<Modality, Words>,
    architectures: BTreeMap<Modality, Words>,
    layouts_in_names: BTreeMap<String, Words>,
    data_in_names: BTreeMap<String, Words>,
    encoders: Words,
    small_networks: Words,
    size_words: BTreeMap<SizeWord, Words>,
});

// card.toml
lists!(Repository { climate_subjects, footprint_tools, fine_tune_phrases, fine_tune_titles, cell_fillers, no_base_names });
lists!(Logs { calculator });
lists!(Training {
    two_words,
    ends_of_two,
    pre,
    pretraining,
    stems,
    cjk_parts,
    tuning_leads,
    adapters,
    tuned_leads,
    tuned_joins,
    tuned_others,
    methods,
    method_joins,
    verbs,
    late_verbs,
    nouns,
    gerund_leads,
    gerund_objects,
    noun_prepositions
});
lists!(Examples { loaders, placeholder_owners });
lists!(Templates { unfilled, unknown });
lists!(Bases {
    plain,
    marked,
    linked,
    cjk,
    families,
    no_names,
    fillers,
    no_owners,
    file_endings,
    nothing,
    variants,
    denials,
    comparisons,
    advice
});
lists!(DeviceHours {
    devices,
    glued,
    glued_nodes,
    nodes,
    node_joins,
    each_node_cjk,
    nodes_cjk,
    node_counters_cjk,
    device_counters_cjk,
    counting,
    cores,
    fillers,
    key_parts,
    named,
    english_units,
    named_units
});
tables!(NumberFormat { name: String, words: Words });
tables!(NumberCode { name: String, letters: Words, bits: String });
tables!(Precision { formats: Vec<NumberFormat>, codes: Vec<NumberCode> });
tables!(Provider { name: String, spellings: Words });
tables!(Clouds { field_only: Words, joins: Words, near_lambda: Words, serving: Words, providers: Vec<Provider> });
tables!(Card {
    repository: Repository,
    headings: Headings,
    phases: Phases,
    designators: Designators,
    totals: Totals,
    logs: Logs,
    training: Training,
    examples: Examples,
    templates: Templates,
    bases: Bases,
    origins: Origins,
    merges: Merges,
    eastern: Eastern,
    device_hours: DeviceHours,
    precision: Precision,
    clouds: Clouds,
});

// keys.toml
lists!(KeySpellings {
    hardware,
    devices,
    nodes,
    node_devices,
    hours,
    provider,
    region,
    carbon,
    energy,
    tokens,
    token_data,
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
lists!(Composed {
    nothing,
    count,
    training,
    most,
    whole,
    device,
    node,
    accumulation,
    epochs,
    steps,
    batch,
    size,
    length,
    sequence,
    examples,
    tokens,
    time,
});
lists!(VagueKeys { hardware, hours, provider, region, steps, batch, tokens });
lists!(Pairs {
    planned,
    serving,
    device_counts,
    together,
    no_cloud,
    explains,
    data_sizes,
    on,
    affirmed,
    denied,
    file_sizes,
    examples,
    not_told,
    not_told_first,
    limits,
    each_model,
    no_amounts,
    bounds,
    not_training,
    counted,
    work_of_machines,
    neutral,
    qualified_by_use
});
lists!(Columns {
    params,
    tokens,
    nodes,
    steps,
    epochs,
    batch,
    carbon,
    energy,
    device_hours,
    hours,
    time,
    units,
    time_fillers,
    hardware,
    base,
    of_data,
    ours,
    file_sizes,
    points,
    final_points,
    not_training,
    speeds
});
lists!(Questions { begin, time, carbon, energy, hardware, place, training, more });
lists!(LogTimes { marks, ended, parts, others });
lists!(Code { settings, affirmed, counted_batches });
tables!(Keys {
    keys: KeySpellings,
    composed: Composed,
    vague_keys: VagueKeys,
    pairs: Pairs,
    questions: Questions,
    columns: Columns,
    log_times: LogTimes,
    code: Code
});

// prose.toml
lists!(Triggers {
    bare_chips,
    hardware,
    hardware_within,
    carbon,
    carbon_within,
    energy,
    clouds,
    counts,
    bases,
    tools,
    number_formats
});
lists!(HardwareProse {
    demands,
    memory,
    unfit,
    tried,
    used_chips,
    machines,
    one_machine,
    consists,
    serving,
    running,
    denying,
    ran,
    modal,
    modal_denied,
    serving_though_training,
    used
});
lists!(EmissionsProse { emitted, stores, alone, generates, serving, benchmarks, comparisons, said, energy_said, calculators });
lists!(Rates {
    per_behind,
    per,
    articles,
    periods,
    also_on,
    passed,
    fillers,
    no_rate,
    runs,
    parts,
    devices,
    uses,
    passes,
    one_pass,
    one_pass_cjk,
    passes_led,
    ends_of_each,
    of_the_whole,
    several,
    several_runs,
    together,
    factors,
    barriers,
    results,
    equals,
    each_behind,
});
lists!(ParametersProse { words, cjk, models, active, other_units, comparisons, parts, teachers, base_parts, after_active });
lists!(NumberFormatProse { advice, files });
lists!(DatesProse { nouns, joins, of_data });
tables!(Prose {
    triggers: Triggers,
    sentences: Sentences,
    hardware: HardwareProse,
    emissions: EmissionsProse,
    rates: Rates,
    downstream: Downstream,
    subjects: Subjects,
    times: TimesProse,
    tokens: TokensProse,
    utilization: UtilizationProse,
    unclaimed: UnclaimedProse,
    epochs: EpochsProse,
    progress: ProgressProse,
    stated: StatedProse,
    steps: StepsProse,
    samples: SamplesProse,
    batches: BatchesProse,
    parameters: ParametersProse,
    number_format: NumberFormatProse,
    dates: DatesProse,
});

word_file!(
    /// Units, scales and numbers.
    units: Units = "units.toml"
);
word_file!(
    /// Texts about hardware.
    hardware: Hardware = "hardware.toml"
);
word_file!(
    /// Texts about places.
    place: Place = "place.toml"
);
word_file!(
    /// The index's own fields.
    index: Index = "index.toml"
);
word_file!(
    /// Cards as a whole.
    card: Card = "card.toml"
);
word_file!(
    /// Keys, columns and settings of cards.
    keys: Keys = "keys.toml"
);
word_file!(
    /// Sentences of cards.
    prose: Prose = "prose.toml"
);
word_file!(
    /// Recipes of trainings.
    recipe: Recipe = "recipe.toml"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::FILES;
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
