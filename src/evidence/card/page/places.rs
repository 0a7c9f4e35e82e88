//! Where a field is looked for, as the vocabulary has it.

use crate::domain::Field;
use crate::evidence::vocabulary;

/// A place with the words that are looked for there.
type Place = (&'static str, String);

const KEYS: &str = "keys of lines and tables";
const COLUMNS: &str = "columns of tables";
const CODE: &str = "code";
const PROSE: &str = "sentences with";
const FRONT: &str = "front matter";
const COMPUTED: &str = "computed";

fn quoted(words: &[&str]) -> String {
    words.iter().map(|w| format!("`{}`", w.replace('|', "\\|"))).collect::<Vec<_>>().join(", ")
}

fn words_at(place: &'static str, words: &[&str]) -> Place {
    (place, quoted(words))
}

/// Keys of pairs, with those that recipes add.
fn keys(words: &[&str], more: &[&str]) -> Place {
    let mut all: Vec<&str> = words.to_vec();
    all.extend(more.iter().filter(|w| !words.contains(w)));
    words_at(KEYS, &all)
}

/// A field beside the emissions in the front matter.
fn co2(key: &str) -> Place {
    (FRONT, format!("`{key}` of `co2_eq_emissions`"))
}

/// The places of a field.
pub fn places(field: Field) -> Vec<Place> {
    let (k, c, p, r) = (&vocabulary::keys().keys, &vocabulary::keys().columns, vocabulary::prose(), &vocabulary::recipe().keys);
    match field {
        Field::EmissionsKgco2e => emissions(),
        Field::EnergyKwh => {
            vec![
                co2("energy_consumed"),
                keys(&k.energy, &[]),
                words_at(COLUMNS, &c.energy),
                words_at(PROSE, &p.emissions.energy_said),
            ]
        }
        Field::Accelerator => hardware(),
        Field::AcceleratorCount => hardware().into_iter().chain(apart()).collect(),
        Field::WallHours => vec![keys(&k.hours, &[]), words_at(COLUMNS, &c.hours), words_at(PROSE, &p.times.strong)],
        Field::AcceleratorHours => vec![
            keys(&k.hours, &[]),
            words_at(COLUMNS, &c.device_hours),
            (PROSE, format!("a number, a device and a unit of time: {}", quoted(&vocabulary::card().device_hours.devices))),
        ],
        Field::TrainFlop => {
            vec![keys(&k.flop, &[]), (COLUMNS, "`flop`".to_owned()), (PROSE, "a number and a unit of FLOP".to_owned())]
        }
        Field::TrainTokens => {
            let seen = format!("{}, with a verb of training or {}", quoted(&p.tokens.words), quoted(&p.tokens.seen));
            let of_data = format!("with a number of tokens as value: {}", quoted(&k.token_data));
            let once =
                "the size of the data trained on, where one epoch is stated, or billions of tokens and neither epochs nor steps";
            vec![keys(&k.tokens, &[]), (KEYS, of_data), words_at(COLUMNS, &c.tokens), (PROSE, seen), (COMPUTED, once.to_owned())]
        }
        Field::TrainSteps => steps(),
        Field::BatchSize => batch(),
        Field::Epochs => epochs(),
        Field::TrainSamples => samples(),
        Field::SequenceLength => lengths(),
        Field::ImageSize => vec![keys(&r.side, &[]), words_at(CODE, &r.side), words_at(PROSE, &vocabulary::recipe().prose.sides)],
        // Of the reference tables, and of the regression on roles; no card is asked for them.
        Field::ForwardFlop | Field::Role => Vec::new(),
        Field::TotalParams => vec![keys(&k.params, &[]), words_at(COLUMNS, &c.params), words_at(PROSE, &p.parameters.words)],
        Field::ActiveParams => vec![keys(&k.active, &[]), (COLUMNS, "`activ`".to_owned()), words_at(PROSE, &p.parameters.active)],
        Field::Mfu => vec![(PROSE, "`mfu` and a share".to_owned())],
        Field::Precision => vec![
            keys(&k.precision, &[]),
            words_at(CODE, &["fp16", "bf16", "mixed_precision", "train_dtype"]),
            words_at(PROSE, &p.triggers.number_formats),
        ],
        Field::Country | Field::CloudRegion => vec![co2("geographical_location"), keys(&k.region, &[])],
        Field::CloudProvider => vec![co2("on_cloud"), keys(&k.provider, &[]), words_at(PROSE, &p.triggers.clouds)],
        Field::TrainedOn => vec![keys(&k.date, &[]), (PROSE, format!("a month and {}", quoted(&p.dates.joins)))],
        Field::BaseModel => base_model(),
        Field::MeasurementTool => vec![co2("source"), words_at(PROSE, &p.triggers.tools)],
    }
}

fn emissions() -> Vec<Place> {
    let k = &vocabulary::keys().keys;
    let c = &vocabulary::keys().columns;
    let p = vocabulary::prose();
    vec![
        (FRONT, "`co2_eq_emissions`, or its `emissions`: grams unless a unit is written".to_owned()),
        keys(&k.carbon, &[]),
        words_at(COLUMNS, &c.carbon),
        words_at(PROSE, &p.emissions.said),
    ]
}

fn hardware() -> Vec<Place> {
    let k = &vocabulary::keys().keys;
    let c = &vocabulary::keys().columns;
    vec![
        co2("hardware_used"),
        keys(&k.hardware, &k.devices),
        words_at(COLUMNS, &c.hardware),
        (PROSE, "a chip of `data/reference/accelerators.csv`, under a heading or with a verb of training".to_owned()),
    ]
}

/// Numbers of devices that stand apart from their chip.
fn apart() -> Vec<Place> {
    let k = &vocabulary::keys().keys;
    vec![
        (COMPUTED, format!("{} x {}", quoted(&k.nodes), quoted(&k.node_devices))),
        (PROSE, "a number of devices, or nodes of so many devices, in a sentence without the chip".to_owned()),
    ]
}

fn base_model() -> Vec<Place> {
    let k = &vocabulary::keys().keys;
    let c = &vocabulary::keys().columns;
    vec![
        (FRONT, "`base_model`".to_owned()),
        keys(&k.base, &[]),
        words_at(COLUMNS, &c.base),
        words_at(CODE, &["--model_name_or_path", "--pretrained_model_name_or_path"]),
        words_at(PROSE, &vocabulary::card().bases.plain),
    ]
}

fn samples() -> Vec<Place> {
    let r = &vocabulary::recipe().keys;
    vec![
        (COMPUTED, "accepted steps x accepted batch of all devices; without steps, examples of one pass x epochs".to_owned()),
        words_at(KEYS, &r.samples),
        (PROSE, format!("{} before `seen`", quoted(&vocabulary::recipe().prose.samples))),
    ]
}

fn steps() -> Vec<Place> {
    let (k, c, r) = (&vocabulary::keys().keys, &vocabulary::keys().columns, &vocabulary::recipe().keys);
    let scaled =
        "the last step of a results table that ends before the stated epochs, scaled to them; batches of a loader x epochs";
    vec![
        keys(&k.steps, &r.steps),
        words_at(CODE, &r.steps),
        (COLUMNS, format!("{}; the last `step` of a results table", quoted(&c.steps))),
        (COMPUTED, scaled.to_owned()),
        words_at(PROSE, &vocabulary::prose().steps.words),
    ]
}

fn batch() -> Vec<Place> {
    let (k, c, r) = (&vocabulary::keys().keys, &vocabulary::keys().columns, &vocabulary::recipe().keys);
    vec![
        keys(&k.global_batch, &r.total_batch),
        (KEYS, format!("of a device or of all: {}", quoted(&k.batch))),
        words_at(CODE, &r.total_batch),
        words_at(COLUMNS, &c.batch),
        (COMPUTED, format!("batch x {} x {}", quoted(&r.accumulation), quoted(&r.devices))),
        (PROSE, "`batch size`".to_owned()),
    ]
}

fn epochs() -> Vec<Place> {
    let (k, c, r) = (&vocabulary::keys().keys, &vocabulary::keys().columns, &vocabulary::recipe().keys);
    vec![
        keys(&k.epochs, &r.epochs),
        words_at(CODE, &r.epochs),
        (COLUMNS, format!("{}; the last `epoch` of a results table", quoted(&c.epochs))),
        words_at(PROSE, &vocabulary::prose().epochs.words),
    ]
}

fn lengths() -> Vec<Place> {
    let (r, prose) = (&vocabulary::recipe().keys, &vocabulary::recipe().prose);
    vec![
        keys(&r.length, &[]),
        (KEYS, format!("beside other keys of a recipe only: {}", quoted(&r.loose_length))),
        words_at(CODE, &r.length),
        (PROSE, format!("{} and {}", quoted(&prose.sequences), quoted(&prose.lengths))),
    ]
}
