//! The parts of a recipe: every key with its value, from lists, two-column tables and code.

use super::beside::{refuse_two_values, tell_loose_keys, tell_whole_batch};
use super::commands::is_command_of_training;
use super::evaluations::{Nesting, is_of_evaluation};
use super::keys::{RecipeKey, recipe_key};
use super::settings::{Setting, settings, settings_in_text};
use crate::evidence::card::about::CardRole;
use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::card::parse::pair::{norm_key, split_pair};
use crate::evidence::card::parse::settings::parse_setting;
use crate::evidence::card::read::candidate::{Card, RANK_CODE, RANK_PAIR, Spot};
use crate::evidence::card::read::factors::batch_in;
use crate::evidence::card::read::key_tables::{KeyTable, key_table};
use crate::evidence::card::read::passage::Passage;
use crate::evidence::card::read::prose::progress::done_part;
use crate::evidence::card::read::rates::is_per_device;
use crate::evidence::card::read::rows::{own_column, value_column};
use crate::evidence::card::read::sheets::is_sheet;
use crate::evidence::card::read::split_dash;
use crate::evidence::card::read::tables::is_shared;
use crate::evidence::card::read::training::is_train;
use crate::evidence::card::read::values::{
    is_row_of_settings, next_setting, product, product_sign, sign_of_count, whole_beside, without_remark,
};
use crate::evidence::quantity::digits::DecimalSign;
use crate::evidence::quantity::numbers::{Quantity, first_quantity, quantity};
use crate::evidence::quantity::tokens::{Kind, lex, lex_in, span};
use crate::evidence::vocabulary;

/// Parts of one card that are kept.
const MAX_PARTS: usize = 400;
/// Lines of a block of code that are read.
const MAX_LINES: usize = 4000;
/// Most cells of a row that is a key with its value and a comment.
const MOST_CELLS: usize = 3;
/// Longest value of a key that is one number, in tokens.
const MAX_VALUE_TOKENS: usize = 12;

/// Key of what a batch is counted in (ESPnet).
const BATCH_TYPE: &str = "batch_type";

/// A key with its value.
#[derive(Clone)]
pub struct Part<'b> {
    /// What the key holds.
    pub key: RecipeKey,
    /// The first number of the value, where there is one.
    pub value: Option<f64>,
    /// The value as the card writes it.
    pub written: String,
    /// Where it stands.
    pub spot: Spot<'b>,
}

impl Part<'_> {
    /// Whether it stands in code, or in text as code does.
    #[must_use]
    pub fn is_code(&self) -> bool {
        self.spot.rank >= RANK_CODE
    }
}

/// All parts of a card.
pub fn parts_of<'b>(card: &Card<'_>, passages: &[Passage<'b>]) -> Vec<Part<'b>> {
    let mut parts = Vec::new();
    // The table that is read, and the column of its values.
    let (mut table, mut column) = (0, Ok(1));
    let (mut is_named, mut keyed) = (false, None);
    for (i, passage) in passages.iter().enumerate() {
        if passage.block.table > 0 && passage.block.table != table {
            table = passage.block.table;
            let rows = passages.get(i..).unwrap_or_default().iter().map(|p| p.block).take_while(|b| b.table == table);
            let rows: Vec<&Block> = rows.filter(|b| !b.is_header).collect();
            column = value_column(&card.own, &rows);
            is_named = rows.first().is_some_and(|row| own_column(&card.own, &row.header) == column.ok());
            keyed = key_table(&card.own, &rows);
        }
        match passage.block.kind {
            BlockKind::Code => {
                let before = i.checked_sub(1).and_then(|at| passages.get(at));
                settings_parts(card, passage, &mut parts, settings, before.is_some_and(introduces_training));
            }
            BlockKind::TableRow => match keyed {
                Some(columns) => keyed_part(passage, columns, &mut parts),
                None => table_parts(passage, (column, is_named), &mut parts),
            },
            BlockKind::Paragraph | BlockKind::ListItem | BlockKind::Html => {
                text_parts(passage, &mut parts);
                settings_parts(card, passage, &mut parts, settings_in_text, false);
            }
            BlockKind::Heading | BlockKind::FrontMatter => {}
        }
        if parts.len() >= MAX_PARTS {
            break;
        }
    }
    steps_of_recipes(&mut parts);
    let repeats: Vec<Part<'b>> = parts.iter().filter_map(accumulation_in).collect();
    parts.extend(repeats);
    parts
}

/// "2 (×8 accumulation)", "4, 8 accumulation steps": the steps of accumulation in the value of a batch, unless its result is told.
fn accumulation_in<'b>(part: &Part<'b>) -> Option<Part<'b>> {
    let is_batch = matches!(part.key, RecipeKey::Batch | RecipeKey::DeviceBatch);
    let ts = lex(&part.written);
    let told = product_sign(&ts).is_some() || whole_beside(&ts).is_some();
    let word = ts.iter().position(|t| t.is_any(&vocabulary::prose().batches.accumulation)).filter(|_| is_batch && !told)?;
    let number = |at: usize| quantity(&ts, at).filter(|q| !q.is_word && q.value.fract() == 0.0 && q.value >= 1.0);
    let first = first_quantity(&ts)?;
    let before = (word.saturating_sub(2)..word).find_map(|at| number(at).filter(|q| q.from >= first.to));
    let behind = || (word + 1..word + 4).find_map(number);
    let n = before.or_else(behind)?;
    Some(Part { key: RecipeKey::Accumulation, value: Some(n.value), ..part.clone() })
}

/// "Steps" of a table or a list beside a batch and a learning rate are those of the training.
fn steps_of_recipes(parts: &mut [Part<'_>]) {
    let has = |key: RecipeKey, b: &Block| {
        parts.iter().any(|p| p.key == key && !p.is_code() && p.spot.block.headings == b.headings && p.spot.block.table == b.table)
    };
    let is_recipe = |b: &Block| {
        (has(RecipeKey::Batch, b) || has(RecipeKey::TotalBatch, b)) && (has(RecipeKey::Other, b) || has(RecipeKey::Epochs, b))
    };
    let loose: Vec<bool> =
        parts.iter().map(|p| p.key == RecipeKey::LooseSteps && !p.is_code() && is_recipe(p.spot.block)).collect();
    for (p, _) in parts.iter_mut().zip(loose).filter(|(_, loose)| *loose) {
        p.key = RecipeKey::Steps;
    }
}

fn text_parts<'b>(passage: &Passage<'b>, parts: &mut Vec<Part<'b>>) {
    let b = passage.block;
    let mut at = 0;
    for line in b.text.split('\n').take(MAX_LINES) {
        let (from, to) = (at, at + line.len());
        at = to + 1;
        let Some((key, value)) =
            split_pair(line).or_else(|| split_dash(line)).and_then(|(a, z)| Some((line.get(..a)?, line.get(z..)?)))
        else {
            continue;
        };
        let spot = Spot { block: b, quote: b.source_range(from, to), rank: RANK_PAIR, reason: reason(passage) };
        parts.extend(part(key, value, spot));
    }
}

/// Rows of a key, its value in a column, and a comment or the values of others.
fn table_parts<'b>(passage: &Passage<'b>, (column, is_named): (Result<usize, &'static str>, bool), parts: &mut Vec<Part<'b>>) {
    let b = passage.block;
    let at = column.unwrap_or(1);
    let is_row = at > 1 || is_named || is_shared(b) || b.cells.len() <= MOST_CELLS;
    // "| Training | Sequence length | 1024 | 2048 |": a group, then the key.
    let is_key = |cell: &&String| recipe_key(&norm_key(cell)).is_some();
    let grouped = b.cells.get(1).filter(|cell| at > 1 && is_named && is_key(cell) && !b.cells.first().is_some_and(|c| is_key(&c)));
    let key = grouped.or(b.cells.first());
    if let Some((key, value)) = key.zip(b.cells.get(at)).filter(|_| is_row) {
        let unsaid = column.err().filter(|_| !is_shared(b));
        let spot = Spot { block: b, quote: (b.from, b.to), rank: RANK_PAIR, reason: reason(passage).or(unsaid) };
        parts.extend(part(key, value, spot));
    }
}

/// The row of a table of keys.
fn keyed_part<'b>(passage: &Passage<'b>, columns: KeyTable, parts: &mut Vec<Part<'b>>) {
    let b = passage.block;
    if let Some((key, value)) = b.cells.get(columns.key).zip(b.cells.get(columns.value())) {
        parts.extend(part(key, value, Spot { block: b, quote: (b.from, b.to), rank: RANK_PAIR, reason: reason(passage) }));
    }
}

/// The settings of a block, where two of them tell that it is a recipe, and that it trained this model.
fn settings_parts<'b>(
    card: &Card<'_>,
    passage: &Passage<'b>,
    parts: &mut Vec<Part<'b>>,
    settings: fn(&'b str) -> Vec<Setting<'b>>,
    is_introduced: bool,
) {
    let b = passage.block;
    let mut found = settings_of_lines(passage, settings);
    if found.is_empty() {
        return;
    }
    // Where batches are counted in elements, the batch is a default out of use.
    let counted = &vocabulary::keys().code.counted_batches;
    let setting = |line: &'b str| Some(parse_setting(line)).filter(|s| s.key == BATCH_TYPE && !s.value.is_empty());
    if b.text.split('\n').take(MAX_LINES).find_map(setting).is_some_and(|s| !counted.contains(&s.value)) {
        found.retain(|p| p.key != RecipeKey::Batch);
    }
    if ends_without_progress(&b.text) {
        for p in found.iter_mut().filter(|p| matches!(p.key, RecipeKey::Epochs | RecipeKey::Steps)) {
            p.spot = p.spot.refused(Some("planned, with early stopping"));
        }
    }
    // Passes over each batch of experience of a reinforcement learner are no passes over data.
    let learns_by_trying = vocabulary::recipe().bases.reinforcement.is_within(&b.text);
    if learns_by_trying {
        found.retain(|p| !matches!(p.key, RecipeKey::Epochs | RecipeKey::Steps | RecipeKey::LooseSteps));
    }
    refuse_two_values(&mut found);
    if b.kind == BlockKind::Code {
        tell_whole_batch(&mut found, &b.text);
    }
    let starts_here = |p: &Part<'_>| p.key == RecipeKey::Base && p.written.eq_ignore_ascii_case(&card.own.id);
    if card.own.role != CardRole::Copy && found.iter().any(starts_here) {
        return;
    }
    let mut kinds: Vec<RecipeKey> = found.iter().filter(|p| tells(p.key)).map(|p| p.key).collect();
    let others = kinds.iter().filter(|k| **k == RecipeKey::Other).count();
    kinds.sort_unstable();
    kinds.dedup();
    // The configuration of a launcher holds nothing else.
    let launches = [RecipeKey::Distributed, RecipeKey::Devices].iter().all(|key| found.iter().any(|p| p.key == *key));
    // "epochs: 6", "batch size: 48" of a sheet of notes
    let samples = || lex(&b.text).iter().any(|t| t.is_any(&vocabulary::prose().steps.sampling));
    let notes_batch =
        found.iter().any(|p| p.key == RecipeKey::Batch) && b.kind == BlockKind::Code && is_sheet(&b.text) && !samples();
    let others = others.max(1) + usize::from(notes_batch);
    let least = if learns_by_trying || (launches && b.under.training) {
        0
    } else if b.under.training || is_command_of_training(&b.text) || is_introduced {
        1
    } else {
        2
    };
    if kinds.len() + (others - 1) >= least {
        tell_loose_keys(&mut found);
        parts.extend(found);
    }
}

/// Whether the text before code says that the code trained the model: "The model was trained with", "Training command:".
#[must_use]
pub fn introduces_training(before: &Passage<'_>) -> bool {
    let b = before.block;
    let is_text = matches!(b.kind, BlockKind::Paragraph | BlockKind::ListItem) && b.text.len() <= MAX_INTRODUCTION;
    let lower = b.text.to_lowercase();
    let speaks = || {
        let words = &vocabulary::card().headings.addresses;
        lower.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word))
    };
    let trains = || {
        let ts = lex_in(&b.text, DecimalSign::Unknown);
        (0..ts.len()).any(|i| is_train(&ts, i))
    };
    is_text && before.refused.is_none() && trains() && !speaks()
}

/// Longest text that introduces code, in bytes.
const MAX_INTRODUCTION: usize = 240;

/// The settings of the lines of a block, but for batches in tokens.
fn settings_of_lines<'b>(passage: &Passage<'b>, settings: fn(&'b str) -> Vec<Setting<'b>>) -> Vec<Part<'b>> {
    let b = passage.block;
    let mut found = Vec::new();
    let mut at = 0;
    let mut nesting = Nesting::default();
    for line in b.text.split('\n').take(MAX_LINES) {
        let begin = at;
        at += line.len() + 1;
        if b.kind == BlockKind::Code && nesting.is_in_evaluation(line) {
            continue;
        }
        for s in settings(line) {
            // `model.validation_ds.batch_size=8`
            let before = line.get(..s.from).unwrap_or_default();
            let path = before.rsplit(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))).next();
            if path.is_some_and(|path| path.ends_with('.') && is_of_evaluation(path)) {
                continue;
            }
            // "effective batch=65k tokens/step"
            let is_batch = matches!(s.key, RecipeKey::TotalBatch | RecipeKey::Batch | RecipeKey::DeviceBatch);
            if is_batch && counts_tokens(s.value, line.get(s.to..).unwrap_or_default()) {
                continue;
            }
            let quote = b.source_range(begin + s.from, begin + s.to);
            let spot = Spot { block: b, quote, rank: RANK_CODE, reason: reason(passage) };
            // "train" of code may be a path.
            let key = match s.key {
                RecipeKey::LooseExamples if counts_examples(s.value) => RecipeKey::Examples,
                RecipeKey::LooseExamples => continue,
                key => key,
            };
            let part = Part { key, value: one_number(s.value).map(|q| q.value), written: s.value.to_owned(), spot };
            found.extend(in_its_unit(part));
        }
        if found.len() >= MAX_PARTS {
            break;
        }
    }
    found
}

/// A duration as what its unit counts: "4800ba", "2ep"; none where it has no such unit.
fn in_its_unit(part: Part<'_>) -> Option<Part<'_>> {
    if part.key != RecipeKey::Duration {
        return Some(part);
    }
    let text = part.written.trim_matches(['"', '\'', '`']);
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '_' | ','))).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let units = &vocabulary::recipe().durations;
    let key = if units.steps.contains(&unit) {
        RecipeKey::Steps
    } else if units.epochs.contains(&unit) {
        RecipeKey::Epochs
    } else {
        units.samples.contains(&unit).then_some(RecipeKey::Samples)?
    };
    let value = number.replace(['_', ','], "").parse().ok()?;
    Some(Part { key, value: Some(value), ..part })
}

/// Whether a value, with what stands behind it, counts tokens.
fn counts_tokens(value: &str, behind: &str) -> bool {
    let words = &vocabulary::prose().tokens.words;
    let is_word = |word: &str| word.split('/').next().is_some_and(|word| words.contains(&word));
    value.split_whitespace().skip(1).any(is_word) || behind.split_whitespace().next().is_some_and(is_word)
}

/// Whether a configuration says that the training ends where it makes no progress: `patience: 4`.
pub fn ends_without_progress(code: &str) -> bool {
    let keys = &vocabulary::recipe().ends.patience;
    let lines = code.split('\n').take(MAX_LINES).map(parse_setting);
    let is_set = |s: &crate::evidence::card::parse::settings::Setting<'_>| {
        keys.contains(&s.key) && s.value.starts_with(|c: char| c.is_ascii_digit())
    };
    lines.into_iter().any(|s| is_set(&s)) || vocabulary::recipe().ends.callbacks.is_within(code)
}

/// Whether a key tells a recipe from an example of use.
fn tells(key: RecipeKey) -> bool {
    match key {
        RecipeKey::TotalBatch
        | RecipeKey::DeviceBatch
        | RecipeKey::Accumulation
        | RecipeKey::Epochs
        | RecipeKey::Steps
        | RecipeKey::Examples
        | RecipeKey::Samples
        | RecipeKey::Other => true,
        RecipeKey::Batch
        | RecipeKey::Devices
        | RecipeKey::LocalDevices
        | RecipeKey::LooseEpochs
        | RecipeKey::LooseSide
        | RecipeKey::LooseExamples
        | RecipeKey::Duration
        | RecipeKey::Nodes
        | RecipeKey::NodeDevices
        | RecipeKey::LooseSteps
        | RecipeKey::Distributed
        | RecipeKey::Length
        | RecipeKey::LooseLength
        | RecipeKey::ModelLength
        | RecipeKey::Side
        | RecipeKey::Base => false,
    }
}

fn reason(passage: &Passage<'_>) -> Option<&'static str> {
    passage.refused.or_else(|| passage.block.under.evaluation.then_some("evaluation or inference"))
}

fn part<'b>(key: &str, value: &str, spot: Spot<'b>) -> Option<Part<'b>> {
    let norm = norm_key(key.trim_matches(|c: char| " -*#•|`".contains(c)));
    // "Batch size (per GPU)"
    let lower = key.to_lowercase();
    let of_device = lower.split_once('(').is_some_and(|(_, inside)| is_per_device(&lex_in(inside, DecimalSign::Unknown)));
    let in_brackets = |says: &dyn Fn(&str) -> bool| {
        lower.split_once('(').is_some_and(|(_, inside)| inside.split(|c: char| !c.is_alphanumeric()).any(says))
    };
    if vocabulary::recipe().keys.devices_in_code.contains(&norm.as_str()) {
        return None;
    }
    // "Batch: micro-batch=2, grad-accum=16" is read setting by setting.
    let key = match recipe_key(&norm)? {
        RecipeKey::Batch | RecipeKey::TotalBatch if is_row_of_settings(value) => return None,
        RecipeKey::Batch if of_device => RecipeKey::DeviceBatch,
        // "max_len (train)" is the training's, "max_len (eval)" is not.
        RecipeKey::LooseLength if in_brackets(&|word| word.starts_with("train")) => RecipeKey::Length,
        RecipeKey::LooseExamples if counts_examples(value) => RecipeKey::Examples,
        RecipeKey::LooseExamples => return None,
        RecipeKey::LooseLength if in_brackets(&|word| vocabulary::prose().batches.other_batches.contains(&word)) => return None,
        key => key,
    };
    let written = value.trim().trim_matches(['`', '*']).trim();
    let passes = matches!(key, RecipeKey::Epochs | RecipeKey::Steps | RecipeKey::LooseSteps);
    let written = if passes { done_part(written).unwrap_or(written) } else { written };
    if written.is_empty() {
        return None;
    }
    // Half an epoch there is, and no half step.
    let number = if key == RecipeKey::Epochs { number_in(written, DecimalSign::Unknown) } else { one_number(written) };
    // "4 (micro) x 24 (accumulation) = 96"
    let is_batch = matches!(key, RecipeKey::Batch | RecipeKey::TotalBatch);
    let (key, batch) = match batch_in(written).filter(|_| is_batch) {
        Some(batch) => (RecipeKey::TotalBatch, Some(batch)),
        None => (key, None),
    };
    in_its_unit(Part { key, value: batch.or(number.map(|q| q.value)), written: written.to_owned(), spot })
}

/// Whether a value is a number of examples and nothing else: "12,000", "40k pairs", "8.500 Sätze".
pub fn counts_examples(value: &str) -> bool {
    let ts = lex_in(value.trim().trim_matches(['*', '`', '~', '≈']), sign_of_count(value));
    let words = vocabulary::prose();
    let Some(q) = first_quantity(&ts).filter(|q| q.from == 0 && !q.is_range && q.value >= LEAST_EXAMPLES) else { return false };
    let rest = span(&ts, q.to, ts.len());
    let nouns = rest.iter().rposition(|t| t.is_any(&words.samples.nouns));
    let of_words = rest.len() <= MOST_NOUNS && rest.iter().all(|t| t.kind == Kind::Word || t.is("-"));
    let others = rest.iter().any(|t| t.is_any(&words.samples.other_units) || t.is_any(&words.tokens.words));
    rest.is_empty() || (nouns == Some(rest.len() - 1) && of_words && !others)
}

/// Fewest examples that a training passes over.
const LEAST_EXAMPLES: f64 = 10.0;
/// Words behind a number of examples, at most: "question-answer pairs".
const MOST_NOUNS: usize = 5;

/// The first number of a short value that is no range; `32 x 8 = 256` is its result.
#[must_use]
pub fn one_number(value: &str) -> Option<Quantity> {
    number_in(value, sign_of_count(value))
}

fn number_in(value: &str, sign: DecimalSign) -> Option<Quantity> {
    let all = lex_in(without_remark(value), sign);
    let all = span(&all, 0, next_setting(&all));
    let behind = product_sign(all).map_or(0, |at| at + 1);
    let ts = all.get(behind..).unwrap_or_default();
    if ts.len() > MAX_VALUE_TOKENS || ts.first().is_some_and(|t| t.is("-")) {
        return None;
    }
    let q = first_quantity(ts).map(|q| Quantity { value: product(ts).unwrap_or(q.value), ..q });
    q.filter(|q| !q.is_range && q.value > 0.0)
}

/// The value of a key: none if it is not stated, an error if it is stated in two ways.
pub fn value_of<'p, 'b>(parts: &'p [&'p Part<'b>], key: RecipeKey) -> Result<Option<&'p Part<'b>>, ()> {
    let mut found: Option<&Part<'b>> = None;
    for p in parts.iter().filter(|p| p.key == key && p.value.is_some() && p.spot.reason.is_none()) {
        match found {
            Some(first) if first.value != p.value => return Err(()),
            Some(_) => {}
            None => found = Some(p),
        }
    }
    Ok(found)
}

/// Blocks that other keys of a recipe stand in, by heading.
#[must_use]
pub fn beside_recipe(parts: &[Part<'_>], b: &Block) -> bool {
    let is_telling = |key: RecipeKey| tells(key) || key == RecipeKey::Batch;
    parts.iter().filter(|p| is_telling(p.key) && p.spot.block.headings == b.headings).take(2).count() >= 2
}
