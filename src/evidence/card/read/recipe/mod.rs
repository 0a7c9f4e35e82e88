//! How a model was trained: batch, steps, epochs, lengths and sizes, from the forms that trainers print and people copy.
//!
//! `parts` collects keys with values from lists, tables and code, `log` reads the results table of a trainer, `loaders` the cards of
//! sentence-transformers, `keras` those of Keras. What several parts give together (the batch of all devices, the steps of all epochs) is
//! a candidate of its own, whose locator says how it was computed.

mod beside;
pub mod commands;
mod evaluations;
mod keras;
pub mod keys;
mod loaders;
mod log;
pub mod notes;
mod parts;
mod settings;
pub mod sides;
mod splits;

#[cfg(test)]
mod tests;

pub use self::beside::TWO_VALUES;
use self::keys::RecipeKey;
use self::log::{End, Log, Plan};
use self::notes::Examples;
use self::parts::{Part, beside_recipe, one_number, parts_of, value_of};
pub use self::parts::{ends_without_progress, introduces_training};
use super::candidate::{Candidate, Card, RANK_PAIR, Spot, candidate};
use super::passage::Passage;
use super::training::{is_pretraining, is_train};
use super::values::sign_of_count;
use crate::domain::Field;
use crate::evidence::card::about::CardRole;
use crate::evidence::card::parse::block::Block;
use crate::evidence::quantity::numbers::{Quantity, quantity};
use crate::evidence::quantity::tokens::{Kind, Token, lex, lex_in, text_before};
use crate::evidence::vocabulary;
use std::borrow::Cow;

/// Extractor of values that several parts of a recipe give together.
pub const RECIPE: &str = "recipe";
/// Lengths of sequences believed, in tokens.
pub const LENGTHS: std::ops::RangeInclusive<f64> = 8.0..=10_000_000.0;
/// Largest batch, in examples: more are tokens. Published trainings went to 163,840 pairs (`CLIP` of LAION, in its card).
pub const LARGEST_BATCH: f64 = 262_144.0;
/// Reason of a length that a model takes.
pub const CONTEXT_OF_MODEL: &str = "what the model takes, not what it was trained on";
/// Reason of a batch that is accumulated.
const BEFORE_ACCUMULATION: &str = "the batch of one device, before accumulation";
/// Reason of a batch of one device.
const OPEN_DEVICES: &str = "the batch is of one device, and their number is not stated";
/// Longest context, in tokens, that is taken for the length of the whole training where nobody says that it was. A judgement: those that
/// publish how they trained (Llama 3, DeepSeek-V3, OLMo 2) pre-trained at 4,096 or 8,192 and came to longer contexts in a short last stage.
pub const LONGEST_OF_WHOLE_TRAINING: f64 = 8192.0;

/// Reads the recipe of a card, after its tables, pairs, code and prose.
pub fn read_recipe(card: &mut Card<'_>, passages: &[Passage<'_>], body: &str) {
    let parts = parts_of(card, passages);
    let tables = log::logs(passages);
    add_lengths_and_sides(card, &parts, passages);
    add_samples(card, &parts, passages);
    add_stated(card, &parts);
    loaders::read_loaders(card, passages, &parts);
    if tables.is_empty() {
        keras::read_keras(card, passages);
    }
    let stated: Vec<&Part<'_>> = parts.iter().filter(|p| !p.is_code()).collect();
    let in_code: Vec<&Part<'_>> = parts.iter().filter(|p| p.is_code()).collect();
    let has_batch = |parts: &[&Part<'_>]| {
        parts.iter().any(|p| matches!(p.key, RecipeKey::TotalBatch | RecipeKey::DeviceBatch | RecipeKey::Batch))
    };
    // The batch of one device asks for the devices that the command lists.
    commands::add_devices(card, passages, &in_code);
    // A trainer's list behind a configuration says the same with the devices of the run.
    add_batch(card, if has_batch(&stated) { &stated } else { &in_code });
    let chosen = if stated.iter().any(|p| matches!(p.key, RecipeKey::Epochs | RecipeKey::Steps)) { &stated } else { &in_code };
    add_steps(card, chosen, &tables, body);
}

/// Batch, steps and epochs that only a trainer's own words or a configuration state: those of common keys are read as pairs.
fn add_stated(card: &mut Card<'_>, parts: &[Part<'_>]) {
    for p in parts {
        let (field, least) = match p.key {
            RecipeKey::TotalBatch => (Field::BatchSize, 1.0),
            RecipeKey::Steps => (Field::TrainSteps, 10.0),
            RecipeKey::Epochs => (Field::Epochs, 0.0),
            // "batch=16" of a command: the batch, where nothing else states one.
            RecipeKey::Batch
                if p.is_code() && !card.candidates.iter().any(|c| c.field == Field::BatchSize && c.reason.is_none()) =>
            {
                (Field::BatchSize, 1.0)
            }
            RecipeKey::DeviceBatch
            | RecipeKey::Batch
            | RecipeKey::Accumulation
            | RecipeKey::Devices
            | RecipeKey::LocalDevices
            | RecipeKey::Nodes
            | RecipeKey::NodeDevices
            | RecipeKey::LooseSteps
            | RecipeKey::LooseEpochs
            | RecipeKey::Duration
            | RecipeKey::Distributed
            | RecipeKey::Examples
            | RecipeKey::LooseExamples
            | RecipeKey::Samples
            | RecipeKey::Length
            | RecipeKey::LooseLength
            | RecipeKey::ModelLength
            | RecipeKey::Side
            | RecipeKey::LooseSide
            | RecipeKey::Other
            | RecipeKey::Base => continue,
        };
        let is_known = card.candidates.iter().any(|c| c.field == field && c.value == p.value);
        // So many are tokens.
        let of_tokens = field == Field::BatchSize && p.value.is_some_and(|v| v > LARGEST_BATCH);
        if p.value.is_some_and(|v| v >= least) && !is_known && !of_tokens {
            // "--max_epochs 4104 --resume_from_checkpoint base-2164.ckpt": those of the base are counted, too.
            let is_resumed = p.is_code() && field != Field::BatchSize && card.own.role == CardRole::FineTune;
            let resumed = is_resumed && p.spot.block.text.lines().any(resumes);
            card.add(&p.spot, field, p.value, &p.written, resumed.then_some("counted from the start of the base"));
        }
    }
}

/// Whether a line of code goes on from a file of weights.
fn resumes(line: &str) -> bool {
    let is_flag = |word: &str, flag: &str| word.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('='));
    vocabulary::recipe().ends.resumes.iter().any(|flag| line.split_whitespace().any(|word| is_flag(word, flag)))
}

/// The batch of all devices, where it is not stated: batch x accumulation x devices.
fn add_batch(card: &mut Card<'_>, parts: &[&Part<'_>]) {
    add_open_batches(card);
    let accumulated = std::mem::take(&mut card.recipe.accumulated);
    let is_part = |c: &Candidate| c.field == Field::BatchSize && c.value.is_some_and(|v| accumulated.contains(&v));
    for c in card.candidates.iter_mut().filter(|c| is_part(c)) {
        c.reason.get_or_insert(Cow::Borrowed(BEFORE_ACCUMULATION));
    }
    if parts.iter().any(|p| p.key == RecipeKey::TotalBatch && p.value.is_some()) {
        return;
    }
    let get = |key| value_of(parts, key);
    let (Ok(device), Ok(plain), Ok(accumulation), Ok(counted)) =
        (get(RecipeKey::DeviceBatch), get(RecipeKey::Batch), get(RecipeKey::Accumulation), commands::devices_in(parts))
    else {
        card.recipe.refuse_product("several recipes in one card");
        return;
    };
    let Some(batch) = device.or(plain) else { return };
    let number = |p: Option<&Part<'_>>| p.and_then(|p| p.value);
    let distributed = parts.iter().any(|p| p.key == RecipeKey::Distributed && !p.written.eq_ignore_ascii_case("no"));
    let counted = counted.map(|(count, _)| count).or_else(|| device.and(devices_of(card)));
    let (repeats, count) = (number(accumulation).unwrap_or(1.0), counted.unwrap_or(1.0));
    let is_open = counted.is_none() && (distributed || (device.is_some() && batch.is_code()));
    if is_open {
        card.recipe.refuse_product(OPEN_DEVICES);
    }
    let is_stated = card.candidates.iter().any(|c| c.field == Field::BatchSize && c.reason.is_none());
    if repeats <= 1.0 && count <= 1.0 && (is_stated || counted.is_none()) {
        return;
    }
    let value = batch.value.unwrap_or_default();
    let mut row = candidate(&batch.spot, Field::BatchSize, Some(value * repeats * count), &batch.written, None);
    row.extractor = Some(RECIPE);
    row.locator = format!("{}: {value} x {repeats} steps of accumulation x {count} devices", row.locator);
    if is_open {
        row.reason.get_or_insert(Cow::Borrowed(OPEN_DEVICES));
    }
    // The batch before accumulation is no batch of the whole.
    for other in card.candidates.iter_mut().filter(|c| c.field == Field::BatchSize && c.value == batch.value) {
        other.reason.get_or_insert(Cow::Borrowed(BEFORE_ACCUMULATION));
    }
    card.candidates.push(row);
}

/// "Batch size 4 with 8 accumulation steps", and elsewhere one device: their product, where no batch of the whole is stated.
fn add_open_batches(card: &mut Card<'_>) {
    let open = std::mem::take(&mut card.recipe.open_batches);
    let is_stated = card.candidates.iter().any(|c| c.field == Field::BatchSize && c.reason.is_none());
    let alone = devices_of(card).is_some_and(|devices| (devices - 1.0).abs() < 0.5);
    if let ([(batch, repeats, row)], true, false) = (open.as_slice(), alone, is_stated) {
        let mut row = row.clone();
        row.value = Some(batch * repeats);
        row.extractor = Some(RECIPE);
        row.locator = format!("{}: {batch} x {repeats} steps of accumulation x 1 device", row.locator);
        card.candidates.push(row);
    }
}

/// The only number of devices that the card states of its training.
fn devices_of(card: &Card<'_>) -> Option<f64> {
    let mut counts = card.candidates.iter().filter(|c| c.field == Field::AcceleratorCount && c.reason.is_none());
    let first = counts.next()?.value?;
    counts.all(|c| c.value == Some(first)).then_some(first)
}

/// Steps and epochs of the training: where the results table and the plan together say that it ended.
fn add_steps(card: &mut Card<'_>, parts: &[&Part<'_>], tables: &[Log<'_>], body: &str) {
    let (Ok(epochs), Ok(steps)) = (value_of(parts, RecipeKey::Epochs), value_of(parts, RecipeKey::Steps)) else {
        card.recipe.refuse_product("several recipes in one card");
        return;
    };
    let table = match tables {
        [] => return,
        [table] => table,
        _ => {
            card.recipe.refuse_product("several results tables in one card");
            return;
        }
    };
    let Some(last) = table.last().copied() else { return };
    for earlier in table.earlier_tables() {
        for c in card.candidates.iter_mut().filter(|c| c.table == earlier && matches!(c.field, Field::Epochs | Field::TrainSteps)) {
            c.reason.get_or_insert(Cow::Borrowed("the results go on in the next table"));
        }
    }
    let accumulation = value_of(parts, RecipeKey::Accumulation).ok().flatten().and_then(|p| p.value).unwrap_or(1.0);
    let early = vocabulary::recipe().ends.early.iter().any(|w| body.contains(w));
    let plan = Plan { epochs: epochs.and_then(|p| p.value), steps: steps.and_then(|p| p.value), accumulation, early };
    let spot = Spot { block: last.block, quote: (last.block.from, last.block.to), rank: RANK_PAIR, reason: last.refused };
    match table.end(&plan) {
        End::LastRow => {}
        End::Unclear(why) => card.recipe.refuse_product(why),
        End::Planned(total) => {
            if plan.steps.is_some() {
                return;
            }
            let planned = plan.epochs.unwrap_or_default();
            let mut row = candidate(&spot, Field::TrainSteps, Some(total), &last.step.to_string(), None);
            row.extractor = Some(RECIPE);
            row.locator = format!("{}: step {} at epoch {}, scaled to {planned} epochs", row.locator, last.step, last.epoch);
            card.candidates.push(row);
        }
        End::Stopped => {
            let is_plan = |c: &Candidate| {
                (c.field == Field::Epochs && c.value == plan.epochs) || (c.field == Field::TrainSteps && c.value == plan.steps)
            };
            for c in card.candidates.iter_mut().filter(|c| is_plan(c) && c.value.is_some()) {
                c.reason.get_or_insert(Cow::Borrowed("planned: the results table ends before"));
            }
        }
    }
}

/// Lengths of sequences and sides of images.
fn add_lengths_and_sides(card: &mut Card<'_>, parts: &[Part<'_>], passages: &[Passage<'_>]) {
    for p in parts {
        match p.key {
            RecipeKey::Length => add_length(card, p, None),
            RecipeKey::LooseLength => {
                // "max_len=128 로 잘라서 학습했습니다": the value says so itself.
                let ts = lex(&p.written);
                let alone = !beside_recipe(parts, p.spot.block) && !(0..ts.len()).any(|i| is_train(&ts, i));
                add_length(card, p, alone.then_some("not said to be the training's"));
            }
            RecipeKey::ModelLength => {
                add_length(card, p, against_context(card, parts, passages, p));
                add_length_of_training(card, p);
            }
            RecipeKey::Side => match sides::side(&p.written) {
                Ok(Some(side)) => card.add(&p.spot, Field::ImageSize, Some(side), &p.written, None),
                Ok(None) => {}
                Err(why) => card.add(&p.spot, Field::ImageSize, None, &p.written, Some(why)),
            },
            RecipeKey::TotalBatch
            | RecipeKey::DeviceBatch
            | RecipeKey::Batch
            | RecipeKey::Accumulation
            | RecipeKey::Devices
            | RecipeKey::LocalDevices
            | RecipeKey::Nodes
            | RecipeKey::NodeDevices
            | RecipeKey::LooseSteps
            | RecipeKey::LooseEpochs
            | RecipeKey::Duration
            | RecipeKey::Distributed
            | RecipeKey::Epochs
            | RecipeKey::Steps
            | RecipeKey::Examples
            | RecipeKey::LooseExamples
            | RecipeKey::Samples
            | RecipeKey::LooseSide
            | RecipeKey::Other
            | RecipeKey::Base => {}
        }
    }
}

/// "Supports up to 32,768 tokens, trained with 4,000 tokens": the length that the value of a context says that it was trained with.
fn add_length_of_training(card: &mut Card<'_>, p: &Part<'_>) {
    let ts = lex_in(&p.written, sign_of_count(&p.written));
    let verb = (1..ts.len()).rfind(|i| is_train(&ts, *i) && !is_pretraining(&ts, &[*i]));
    let joins = |at: &usize| ts.get(*at).is_some_and(|t| t.kind == Kind::Word);
    let number = verb.and_then(|verb| (verb + 1..verb + 1 + LENGTH_BEHIND).find(|at| !joins(at)).filter(|at| *at > verb + 1));
    let Some(q) = number.and_then(|at| quantity(&ts, at)).filter(|q| !q.is_word && !q.is_range) else { return };
    let ends = ts.get(q.to).is_none_or(|t| t.kind == Kind::Sign || t.is_any(&vocabulary::prose().tokens.words));
    let value = length_in_tokens(&ts, &q);
    if ends && LENGTHS.contains(&value) {
        card.add(&p.spot, Field::SequenceLength, Some(value), &p.written, None);
    }
}

/// Tokens between a verb of training and the length that it was done with, at most.
const LENGTH_BEHIND: usize = 4;

fn add_length(card: &mut Card<'_>, p: &Part<'_>, against: Option<&'static str>) {
    let Some(q) = one_number(&p.written) else { return };
    let ts = lex(&p.written);
    let no_tokens = ts.iter().any(|t| t.is_any(&vocabulary::recipe().prose.other_units)).then_some("a length in another unit");
    let value = length_in_tokens(&ts, &q);
    if LENGTHS.contains(&value) {
        card.add(&p.spot, Field::SequenceLength, Some(value), &p.written, no_tokens.or(against));
    }
}

/// A length in tokens: the thousands of "8k" are of 1,024.
#[must_use]
pub fn length_in_tokens(ts: &[Token<'_>], q: &Quantity) -> f64 {
    let thousands = q.value / 1e3;
    let of_two = q.scaled && text_before(ts, q.to, 1) == "k" && thousands.fract() == 0.0 && (1.0..=4096.0).contains(&thousands);
    let is_power = |n: f64| (0..13).any(|power| (n - f64::from(1_u32 << power)).abs() < f64::EPSILON);
    if of_two && is_power(thousands) { thousands * 1024.0 } else { q.value }
}

/// Why the context of a model is not the length of its training: beside the recipe of a training it is, unless it is longer than whole
/// trainings are.
fn against_context(card: &Card<'_>, parts: &[Part<'_>], passages: &[Passage<'_>], p: &Part<'_>) -> Option<&'static str> {
    let short = one_number(&p.written).is_some_and(|q| length_in_tokens(&lex(&p.written), &q) <= LONGEST_OF_WHOLE_TRAINING);
    let told = p.spot.block.under.training || beside_recipe(parts, p.spot.block) || beside_amounts(card, passages, p.spot.block);
    // "--context_length 4096" of the command that trained
    let is_command = p.is_code() && p.spot.block.text.contains("--") && commands::is_command_of_training(&p.spot.block.text);
    (!(short && told && (!p.is_code() || is_command))).then_some(CONTEXT_OF_MODEL)
}

/// Whether the list or table that a block stands in states what a training took: tokens, steps, hours.
fn beside_amounts(card: &Card<'_>, passages: &[Passage<'_>], b: &Block) -> bool {
    let same = |p: &&Passage<'_>| {
        p.block.headings == b.headings && p.block.label == b.label && p.block.table == b.table && p.block.kind == b.kind
    };
    let from = passages.iter().find(same).map_or(b.from, |p| p.block.from);
    let to = passages.iter().rev().find(same).map_or(b.to, |p| p.block.to);
    let tells = |field: Field| {
        matches!(field, Field::TrainTokens | Field::TrainSteps | Field::BatchSize | Field::WallHours | Field::AcceleratorHours)
    };
    let within = |c: &&Candidate| c.kind == b.kind && c.table == b.table && c.quote.0 >= from && c.quote.1 <= to;
    card.candidates.iter().filter(within).any(|c| tells(c.field) && c.reason.is_none())
}

/// Examples seen, where they are stated, and examples of one pass.
fn add_samples(card: &mut Card<'_>, parts: &[Part<'_>], passages: &[Passage<'_>]) {
    for p in parts.iter().filter(|p| p.key == RecipeKey::Samples) {
        if let Some(q) = one_number(&p.written) {
            card.add_quantity(&p.spot, Field::TrainSamples, q.value, &p.written, &q);
        }
    }
    let all: Vec<&Part<'_>> = parts.iter().collect();
    splits::read_splits(card, passages);
    if let Ok(Some(p)) = value_of(&all, RecipeKey::Examples) {
        let row = candidate(&p.spot, Field::TrainSamples, p.value, &p.written, None);
        let count = p.value.unwrap_or_default();
        card.recipe.examples = Some(Examples { count, written: row.written, locator: row.locator, quote: row.quote });
    }
    if card.recipe.examples.is_none() && card.recipe.measured.is_none() {
        card.recipe.examples = card.recipe.of_data.take().flatten();
    }
}
