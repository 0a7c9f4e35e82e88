//! A key and its value: lines `Hardware Type: A100`, cells of two-column tables, columns of comparison tables.

mod batches;
mod beside;
mod passes;

use self::beside::two_keys;
use super::candidate::{Card, Spot};
use super::clauses::{Stated, amount_of_training, time_of_training, without_figures_in_brackets, without_rates_in_brackets};
use super::clouds::provider_in;
use super::dates::date_in;
use super::keys::{Asked, Key, by_unit, key_of, read_key, without_each};
use super::prose::NOT_SAID;
use super::prose::progress::done_part;
use super::prose::strangers::is_of_training_of_another;
use super::rates::{is_per_device, rate_in};
use super::results::result_from;
use super::templates::{bound_in, doubt, is_template, planned, unknown};
use super::totals::{covers_more, holds_the_search, is_total, market_based};
use super::training::is_train;
use super::values::{MAX_VALUE_TOKENS, precision_of, states_flop, unit_value};
use crate::domain::Field;
use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::card::parse::pair::{norm_key, split_pair};
use crate::evidence::hardware::Context;
use crate::evidence::quantity::computes::{ComputeKind, compute_unit};
use crate::evidence::quantity::durations::duration;
use crate::evidence::quantity::numbers::{first_quantity, quantity};
use crate::evidence::quantity::tokens::{Token, lex, lex_in, span, text_at};
use crate::evidence::quantity::units::{energy_unit, mass_unit};
use crate::evidence::vocabulary;

/// Words between the beginning of a value and its number, and between that and the word for tokens.
const MOST_WORDS_BEFORE_TOKENS: usize = 3;
/// Share of the trainable parameters that is all of them, in percent.
const ALL_PERCENT: f64 = 99.0;
/// A key that asks for hours of devices.
const DEVICE_HOURS: &str = "gpu hours";

/// A pair while it is read.
struct Pair<'p> {
    /// Key as written.
    key: &'p str,
    /// Key made comparable.
    norm: &'p str,
    /// Value without spaces around it.
    value: &'p str,
    /// All that stands behind the key, of which the value may be a part.
    whole: &'p str,
    /// Tokens of the value.
    ts: &'p [Token<'p>],
    /// Whether a heading above speaks of training.
    about_training: bool,
}

impl Key {
    /// Whether an evaluation or a use has such a figure, too.
    fn is_sided(self) -> bool {
        match self {
            Self::Hardware
            | Self::Hours
            | Self::Carbon
            | Self::Energy
            | Self::Precision
            | Self::Batch
            | Self::GlobalBatch
            | Self::Region
            | Self::Provider => true,
            Self::Devices
            | Self::Nodes
            | Self::NodeDevices
            | Self::TokenData
            | Self::Tokens
            | Self::Epochs
            | Self::Steps
            | Self::Params
            | Self::Active
            | Self::Base
            | Self::Flop
            | Self::Date => false,
        }
    }

    /// The field whose template is worth a refused row when it is left unfilled.
    fn templated(self) -> Option<Field> {
        match self {
            Self::Hardware => Some(Field::Accelerator),
            Self::Hours => Some(Field::WallHours),
            Self::Provider => Some(Field::CloudProvider),
            Self::Region => Some(Field::CloudRegion),
            Self::Carbon => Some(Field::EmissionsKgco2e),
            Self::Energy => Some(Field::EnergyKwh),
            Self::Devices
            | Self::Nodes
            | Self::NodeDevices
            | Self::TokenData
            | Self::Tokens
            | Self::Epochs
            | Self::Steps
            | Self::GlobalBatch
            | Self::Batch
            | Self::Precision
            | Self::Params
            | Self::Active
            | Self::Base
            | Self::Flop
            | Self::Date => None,
        }
    }
}

/// Whether a value has a time in it.
fn tells_a_time(value: &str) -> bool {
    let ts = lex(value);
    (0..ts.len()).any(|i| duration(&ts, i).is_some())
}

impl Card<'_> {
    /// Reads a pair. Returns whether the key is one of ours.
    pub fn add_pair(&mut self, spot: &Spot<'_>, key: &str, value: &str, links: &[(String, String)]) -> bool {
        self.add_pair_of(spot, key, value, links, spot.block.under.training)
    }

    /// The same; `of_training` says that what stands around it tells of a training, as a heading may.
    pub fn add_pair_of(&mut self, spot: &Spot<'_>, key: &str, value: &str, links: &[(String, String)], of_training: bool) -> bool {
        let each = without_each(key);
        let key = each.as_deref().unwrap_or(key);
        let (norm, passes) = self.plain_key(key);
        if let Some(parts) = two_keys(key, value, &norm) {
            return parts
                .into_iter()
                .fold(false, |known, (key, value)| self.add_pair_of(spot, key, value, links, of_training) || known);
        }
        let hours = || Asked { key: Key::Hours, norm: norm.clone(), reason: None };
        // "Total: 20 hours" behind the times of stages.
        let total = || (of_training && is_total(&norm) && tells_a_time(value)).then(hours);
        let device_hours = || self.is_device_hours_key(&norm).then(hours);
        let asked = read_key(&norm).or_else(device_hours).or_else(total).or_else(|| by_unit(&norm, value));
        let Some(Asked { key: kind, norm, reason }) = asked else { return false };
        let value = value.trim();
        if is_template(value) && !matches!(kind, Key::Devices | Key::GlobalBatch | Key::Active | Key::TokenData) {
            if let Some(field) = kind.templated().filter(|_| !value.is_empty()) {
                self.add(spot, field, None, value, Some("template left unfilled"));
            }
            return true;
        }
        let b = spot.block;
        let stated = match kind {
            Key::Hours => time_of_training(&self.own, value),
            Key::Carbon => amount_of_training(&self.own, value, mass_unit),
            Key::Energy => amount_of_training(&self.own, value, energy_unit),
            Key::Epochs | Key::Steps | Key::Tokens => Stated { text: done_part(value).unwrap_or(value), reason: None },
            _ => Stated { text: value, reason: None },
        };
        let (whole, value, spot) = (value, stated.text, &spot.refused(stated.reason));
        let all = lex_in(value, self.sign);
        let ts = span(&all, 0, MAX_VALUE_TOKENS);
        // What goes on is a training.
        let goes_on = matches!(kind, Key::Epochs | Key::Steps) && value.len() < whole.len();
        let words = lex(key);
        let trains = norm.contains("train") || (0..words.len()).any(|i| is_train(&words, i));
        let about_training = of_training || goes_on || trains;
        let pair = Pair { key, norm: &norm, value, whole, ts, about_training };
        let evaluated = kind.is_sided() && !trains && b.under.evaluation;
        let spot = spot.refused(evaluated.then_some("evaluation or inference"));
        let spot = &spot
            .refused(reason)
            .refused(bound_in(pair.key))
            .refused(self.not_all_of_the_training(kind, &pair))
            .refused(doubt(kind, pair.value))
            .refused(planned(kind, whole));
        // "Time: ~90h" in a list: what stands beside it tells whether it is a training's.
        let unsaid = says_too_little(kind, &pair, spot);
        if unsaid && !(kind == Key::Hours && b.kind == BlockKind::ListItem) {
            return false;
        }
        let spot = &spot.refused(unsaid.then_some(NOT_SAID));
        self.add_value(spot, kind, &pair, links);
        if let Some(epochs) = passes.filter(|_| kind.is_amount()) {
            self.add(&spot.after(2), Field::Epochs, Some(epochs), key, None);
        }
        true
    }

    /// Why key and value of an amount tell of a part of this model's training, or of more than it.
    fn not_all_of_the_training(&self, kind: Key, pair: &Pair<'_>) -> Option<&'static str> {
        match kind {
            Key::Carbon if self.co2_subject && !pair.about_training => Some("CO2 is the model's subject"),
            // "18 t were emitted by the training of GPT-Z"
            Key::Carbon | Key::Energy if is_of_training_of_another(&self.own, pair.ts, 0) => Some("another model's figure"),
            Key::Carbon | Key::Energy | Key::Flop => {
                let plain = without_rates_in_brackets(pair.key);
                let key = lex(&plain);
                let text = format!("{} {}", pair.key, pair.value).to_lowercase();
                rate_in(&key)
                    .or_else(|| market_based(&text))
                    .or_else(|| covers_more(&self.own, &text))
                    .or_else(|| holds_the_search(&text))
                    .or_else(|| unknown(&text))
            }
            // Hours per device are those of the clock.
            Key::Hours => {
                let text = format!("{} {}", pair.key, pair.value).to_lowercase();
                let plain = without_figures_in_brackets(&text);
                let key = lex(&plain);
                let rate = rate_in(&key).filter(|_| !is_per_device(&key));
                // "12 (per run; 5 runs for ablation)"
                let of_run = text.contains("(per run");
                let search = || holds_the_search(&text).filter(|_| !of_run);
                rate.or_else(|| covers_more(&self.own, &text)).or_else(search).or_else(|| unknown(&text))
            }
            Key::Hardware
            | Key::Devices
            | Key::Nodes
            | Key::NodeDevices
            | Key::Provider
            | Key::Region
            | Key::TokenData
            | Key::Tokens
            | Key::Epochs
            | Key::Steps
            | Key::GlobalBatch
            | Key::Batch
            | Key::Precision
            | Key::Params
            | Key::Active
            | Key::Base
            | Key::Date => None,
        }
    }

    fn add_value(&mut self, spot: &Spot<'_>, kind: Key, pair: &Pair<'_>, links: &[(String, String)]) {
        let Pair { key, value, ts, .. } = *pair;
        if matches!(kind, Key::Hours | Key::Hardware | Key::Flop)
            && self.add_devices_and_time(spot, value, ts, self.is_device_hours_key(pair.norm))
        {
            return;
        }
        match kind {
            // "Compute: 7.3e23 FLOP"
            Key::Hardware | Key::Flop if states_flop(ts) => self.add_flop(spot, span(ts, result_from(ts), ts.len()), value),
            Key::Hardware if (0..ts.len()).any(|i| compute_unit(ts, i).is_some_and(|unit| unit.kind == ComputeKind::Amount)) => {
                self.add_flop(spot, span(ts, result_from(ts), ts.len()), value);
            }
            Key::Hardware => self.add_hardware_pair(spot, pair),
            Key::Devices => {
                if let Some(q) = first_quantity(ts).filter(|q| q.value.fract() == 0.0) {
                    self.add(spot, Field::AcceleratorCount, Some(q.value), value, None);
                }
            }
            Key::Hours => self.add_hours_pair(spot, pair),
            Key::Provider => self.add_provider_pair(spot, value),
            Key::Region => self.add_place(spot, value),
            Key::Carbon => {
                self.add_carbon(spot, key, value, ts);
                // "2.5 g (0.045 kWh)"
                if (0..ts.len()).any(|i| unit_value(ts, i, energy_unit).is_some()) {
                    self.add_energy(&spot.after(1), key, value, ts);
                }
                self.add_time_beside(spot, ts, value);
                self.add_chips_in_brackets(spot, value);
            }
            Key::Energy => self.add_energy_pair(spot, pair),
            Key::Tokens | Key::TokenData => self.add_tokens_pair(spot, kind, pair),
            Key::Nodes | Key::NodeDevices => self.add_cluster_pair(spot, kind == Key::Nodes, ts, value),
            // "Total compute: 1,200 GPU hours"
            Key::Flop if (0..ts.len()).any(|i| self.device_hours(ts, i).is_some()) => {
                self.add_hours(spot, key, value);
                self.add_hardware(&spot.after(2), value, Context::Prose);
            }
            Key::Flop => self.add_flop(spot, span(ts, result_from(ts), ts.len()), value),
            Key::Epochs | Key::Steps => self.add_passes_pair(spot, kind, pair),
            Key::Batch | Key::GlobalBatch => self.add_batch_pair(spot, kind, pair),
            Key::Precision => {
                self.add_precision_pair(spot, pair);
                // "bf16 on a 1x 80GB A100 node"
                if let Some((_, on)) = value.split_once(" on ") {
                    self.add_hardware(&spot.after(2), on, Context::Prose);
                }
            }
            Key::Params | Key::Active => self.add_params(spot, kind, key, value, ts),
            Key::Base => {
                self.add_base(&Spot { reason: None, ..*spot }, value, links, None, 6);
            }
            Key::Date => {
                if let Some(date) = date_in(ts) {
                    self.add(spot, Field::TrainedOn, None, &date, None);
                }
            }
        }
    }

    /// Energy with what stands beside it.
    fn add_energy_pair(&mut self, spot: &Spot<'_>, pair: &Pair<'_>) {
        let Pair { key, value, ts, .. } = *pair;
        self.add_energy(spot, key, value, ts);
        self.add_devices_of_power(spot, value, ts);
        self.add_time_beside(spot, ts, value);
        // "1.24 kWh per epoch, 5 epochs"
        self.add_passes_beside(&spot.after(2), ts);
        // "Energy and emissions: 708.3 MWh, 310 tCO2eq"
        if (0..ts.len()).any(|i| unit_value(ts, i, mass_unit).is_some()) {
            self.add_carbon(&spot.after(1), key, value, ts);
        }
    }

    /// A time of training, and the chips that its value or its key name.
    fn add_hours_pair(&mut self, spot: &Spot<'_>, pair: &Pair<'_>) {
        let Pair { key, value, ts, .. } = *pair;
        // `8 h x 4 = 32 GPU hours`
        let from = result_from(ts);
        // "20 days (≈ 200,000 GPU hours)" says it twice.
        let from = if from.checked_sub(2).and_then(|at| ts.get(at)).is_some_and(|t| t.is("(")) { 0 } else { from };
        let result = ts.get(from).and_then(|t| value.get(t.from..)).unwrap_or(value);
        // "210 (per GPU); 420 (combined)"
        let summed = value.len() < pair.whole.len()
            && is_per_device(&lex(pair.whole))
            && ts.iter().any(|t| t.is_any(&vocabulary::keys().pairs.together));
        self.add_hours(spot, if summed { DEVICE_HOURS } else { key }, result);
        // "1.5 days on 4xA6000", "14 ore pe 2 x A100", "18 saat (2 adet A100)"
        let timed = (0..ts.len()).find_map(|i| duration(ts, i)).map(|d| d.to);
        let on = ts.iter().position(|t| t.is_any(&vocabulary::keys().pairs.on)).map(|on| on + 1);
        if let Some(from) = on.or(timed) {
            let chips = ts.get(from).and_then(|t| value.get(t.from..)).unwrap_or_default();
            let chips = chips.trim_start_matches(['(', ' ', ',']).trim_end_matches([')', '.']);
            self.add_hardware(&spot.after(2), chips, Context::Prose);
        }
        // "1xA100, about 8 hours"
        let before = (1..ts.len()).find(|i| duration(ts, *i).is_some()).and_then(|at| value.get(..ts.get(at)?.from));
        if let Some((chips, _)) = before.and_then(|before| before.rsplit_once([',', '，', '、', '/', ':'])) {
            self.add_hardware(&spot.after(2), chips, Context::Prose);
        }
        self.add_passes_beside(&spot.after(2), ts);
        // "H100-hours: 1.2M" names the chip, too.
        if self.is_device_hours_key(pair.norm) {
            self.add_hardware(&spot.after(1), key, Context::Field);
        }
    }

    fn add_hardware_pair(&mut self, spot: &Spot<'_>, pair: &Pair<'_>) {
        let words = &vocabulary::keys().pairs;
        let (ts, value) = (pair.ts, pair.value);
        let serves = ts.iter().any(|t| t.is_any(&words.serving)) && !(0..ts.len()).any(|i| is_train(ts, i));
        let spot = &spot.refused(serves.then_some("inference or requirement"));
        let value = this_ones_chips(value);
        let named = value.len() < 400 && self.add_hardware(spot, value, Context::Field);
        if named {
            if let Some(provider) = provider_in(&value.to_lowercase(), true) {
                self.add(&spot.after(1), Field::CloudProvider, None, provider, None);
            }
            // `256 x H100 SXM5; 301 000 GPU hours`
            if let Some(d) = (0..ts.len()).find_map(|i| self.device_hours(ts, i)) {
                self.add(&spot.after(1), Field::AcceleratorHours, Some(d.hours), value, d.reason.or(d.quantity.refusal()));
            // `8 A100 for 3 days`
            } else if let Some(d) = (0..ts.len()).find_map(|i| duration(ts, i)) {
                self.add(&spot.after(1), Field::WallHours, Some(d.hours), value, d.is_range.then_some("a range"));
            }
        // "Compute: 56 GPU-days"
        } else if let Some(d) = (0..ts.len()).find_map(|i| self.device_hours(ts, i)) {
            self.add(&spot.after(1), Field::AcceleratorHours, Some(d.hours), value, d.reason.or(d.quantity.refusal()));
        } else if words.device_counts.contains(&pair.norm)
            && let Some(q) = first_quantity(ts)
        {
            self.add(spot, Field::AcceleratorCount, Some(q.value), value, None);
        }
    }

    fn add_provider_pair(&mut self, spot: &Spot<'_>, value: &str) {
        let lower = value.to_lowercase();
        let none = vocabulary::keys().pairs.no_cloud.contains(&lower.as_str());
        if !none && !lower.contains("no cloud") {
            let named = provider_in(&lower, false).map(str::to_owned);
            let written = named.unwrap_or_else(|| value.chars().take(60).collect());
            self.add(spot, Field::CloudProvider, None, &written, None);
        }
    }

    fn add_precision_pair(&mut self, spot: &Spot<'_>, pair: &Pair<'_>) {
        let words = &vocabulary::keys().pairs;
        let lower = pair.value.to_lowercase();
        if matches!(pair.norm, "fp16" | "bf16") {
            if words.affirmed.iter().any(|yes| lower.starts_with(yes)) {
                self.add(spot, Field::Precision, None, pair.norm, None);
            }
            return;
        }
        let is_no = words.denied.iter().any(|no| lower.starts_with(no));
        if is_no || (pair.norm == "dtype" && !pair.about_training) {
            return;
        }
        if let Some(name) = precision_of(&lower) {
            self.add(spot, Field::Precision, None, name, None);
        }
    }

    /// `671B total parameters with 37B activated`: both; a file's gigabytes are none.
    fn add_params(&mut self, spot: &Spot<'_>, kind: Key, key: &str, value: &str, ts: &[Token<'_>]) {
        let head: String = value.to_lowercase().chars().take(40).collect();
        let key = key.to_lowercase();
        if kind == Key::Params && (key.contains("non-embed") || key.contains("non embed") || head.contains("non-embed")) {
            if let Some(q) = first_quantity(ts) {
                self.add(spot, Field::TotalParams, Some(q.value), value, Some("non-embedding parameters"));
            }
            return;
        }
        // "Trainable parameters: 4.2M (0.06 %)" are a part of all; without a share they may be all of them.
        let trainable = key.contains("trainable") && !key.contains("non");
        let share = ts.iter().position(|t| t.is("%")).and_then(|at| ts.get(at.checked_sub(1)?)?.value);
        let part = (trainable && share.is_some_and(|share| share < ALL_PERCENT)).then_some("part of the parameters");
        let spot = &spot.after(if trainable { 2 } else { 0 }).refused(part);
        for i in 0..ts.len() {
            let Some(q) = quantity(ts, i).filter(|q| !q.is_word && q.value >= 1e5 && (q.scaled || q.value >= 1e6)) else {
                continue;
            };
            if vocabulary::keys().pairs.file_sizes.contains(&text_at(ts, q.to)) {
                continue;
            }
            let next = span(ts, q.to, q.to + 4);
            let says_total = next.iter().take(2).any(|t| t.is("total"));
            let active = kind == Key::Active || (next.iter().any(|t| t.text.starts_with("activ")) && !says_total);
            if active {
                self.add_quantity(spot, Field::ActiveParams, q.value, value, &q);
            } else {
                let spot = spot.refused(self.own.wrong_size(q.value));
                self.add_quantity(&spot, Field::TotalParams, q.value, value, &q);
            }
            if kind == Key::Active {
                return;
            }
        }
    }
}

/// "384 A100 are reserved for the flagship; this model used 128 A100": the part of a value that is this model's.
fn this_ones_chips(value: &str) -> &str {
    let says = |part: &str, list: &[&str]| lex(part).iter().any(|t| t.is_any(list));
    let words = &vocabulary::prose();
    let is_own = |part: &&str| {
        says(part, &words.subjects.this_one) && says(part, &words.subjects.used) && part.contains(|c: char| c.is_ascii_digit())
    };
    let mut own = value.split(';').filter(is_own);
    own.next().filter(|_| own.next().is_none() && value.contains(';')).map_or(value, str::trim)
}

/// Whether a value is a number of tokens: "4.9T tokens", "about 300 billion tokens".
fn is_number_of_tokens(ts: &[Token<'_>]) -> bool {
    let Some(q) = first_quantity(ts) else { return false };
    let behind = span(ts, q.to, q.to + MOST_WORDS_BEFORE_TOKENS).iter().any(|t| t.is_any(&vocabulary::prose().tokens.words));
    q.from <= MOST_WORDS_BEFORE_TOKENS && behind && (q.scaled || q.value >= 1e7)
}

/// Whether the lines of a paragraph are keys with values, one of them of training: "Training data: ...", "Infrastructure: 4x V100".
fn is_sheet_of_training(b: &Block) -> bool {
    let keys = b.text.split('\n').filter_map(|line| split_pair(line).and_then(|(key, _)| line.get(..key)));
    b.kind == BlockKind::Paragraph && b.text.contains('\n') && keys.into_iter().any(|key| key.to_lowercase().contains("train"))
}

/// Whether the lines of a paragraph are keys with values, one of which only a training has: "Epochs: 150", "GPU: GTX 1660".
fn is_sheet_with_recipe(b: &Block) -> bool {
    let keys = b.text.split('\n').filter_map(|line| split_pair(line).and_then(|(key, _)| line.get(..key)));
    let of_passes = |key: &str| matches!(key_of(&norm_key(key)), Some(Key::Epochs));
    b.kind == BlockKind::Paragraph && b.text.contains('\n') && keys.into_iter().any(of_passes)
}

/// Whether a key says too little by itself, and no heading says more.
fn says_too_little(kind: Key, pair: &Pair<'_>, spot: &Spot<'_>) -> bool {
    let vague = &vocabulary::keys().vague_keys;
    let is_any = |keys: &[&str]| keys.contains(&pair.norm);
    match kind {
        Key::Hardware => {
            let is_list =
                spot.block.kind == BlockKind::ListItem || is_sheet_of_training(spot.block) || is_sheet_with_recipe(spot.block);
            is_any(&vague.hardware) && !pair.about_training && !is_list
        }
        Key::Hours => is_any(&vague.hours) && !pair.about_training && !is_sheet_with_recipe(spot.block),
        Key::Provider => is_any(&vague.provider) && !pair.about_training,
        Key::Region => is_any(&vague.region) && !spot.block.under.environment,
        Key::Steps => is_any(&vague.steps) && !pair.about_training,
        Key::Batch | Key::GlobalBatch => is_any(&vague.batch) && !pair.about_training && !is_sheet_with_recipe(spot.block),
        // Other things have nodes, too.
        Key::Nodes => !pair.about_training,
        Key::TokenData => !is_number_of_tokens(pair.ts),
        Key::Devices
        | Key::NodeDevices
        | Key::Carbon
        | Key::Energy
        | Key::Tokens
        | Key::Epochs
        | Key::Precision
        | Key::Params
        | Key::Active
        | Key::Base
        | Key::Flop
        | Key::Date => false,
    }
}
