//! Sheets in code: blocks whose lines are all a key in plain words and its value, as people note what a training took; and the chips that the
//! variables of a script name, where the text before says that it trained: `NODE_TYPE="a100"`.
//!
//! ```text
//! hardware = 2 x RTX 3090
//! batch size = 2,560
//! wall time : 31 h
//! ```
//!
//! Their batches, steps and epochs are read as settings (`recipe`); this reads hardware, times, energy, emissions and compute.

use super::candidate::{Card, RANK_CODE, Spot};
use super::keys::{Key, read_key};
use super::passage::Passage;
use super::recipe::keys::{RecipeKey, recipe_key};
use crate::evidence::card::parse::pair::{norm_key, split_pair};
use crate::evidence::hardware::Context;
use crate::evidence::quantity::units::{energy_unit, mass_unit};
use crate::evidence::vocabulary;

/// Lines of a block that are read.
const MOST_LINES: usize = 400;
/// Words of a key, at most.
const MOST_KEY_WORDS: usize = 6;
/// Fewest keys of a sheet whose lines are written as a program's.
const LEAST_PAIRS: usize = 3;
/// Fewest keys of a recipe that make a sheet one of a training.
const LEAST_OF_RECIPE: usize = 2;

/// Reads a block of code that is a sheet of a training; `is_introduced` says that the text before tells that it trained.
pub fn read_sheet(card: &mut Card<'_>, passage: &Passage<'_>, is_introduced: bool) {
    let b = passage.block;
    let block = lines_of(&b.text);
    let is_sheet = block.is_sheet();
    let of_recipe = block.lines.iter().filter(|line| is_key_of_recipe(line.key)).count() >= LEAST_OF_RECIPE;
    let of_training = b.under.training || is_introduced || of_recipe;
    let evaluated = (b.under.evaluation && !b.under.training).then_some("evaluation or inference");
    for line in block.lines.iter().filter(|line| !is_of_others(line.key)) {
        let with_unit = with_unit_in_brackets(line.key);
        let key = with_unit.as_deref().unwrap_or(line.key);
        let Some(kind) = read_key(&card.plain_key(key).0).map(|asked| asked.key) else { continue };
        let spot =
            Spot { block: b, quote: b.source_range(line.from, line.to), rank: RANK_CODE, reason: passage.refused.or(evaluated) };
        match kind {
            Key::Hardware if is_sheet && line.is_plain && of_training => {
                card.add_pair_of(&spot, line.key, line.value, &[], of_training);
            }
            Key::Hardware if of_training && (is_sheet || is_introduced) => {
                let value = line.value.trim_matches(['"', '\'']);
                if value.contains(|c: char| c.is_ascii_alphabetic()) {
                    card.add_hardware(&spot, value, Context::Field);
                }
            }
            Key::Hours | Key::Carbon | Key::Energy | Key::Flop if is_sheet => {
                card.add_pair_of(&spot, key, line.value, &[], of_training);
            }
            _ => {}
        }
    }
}

/// "energy_kwh", "co2_kg": a key that ends with the unit of its value, with the unit in brackets.
fn with_unit_in_brackets(key: &str) -> Option<String> {
    let (name, unit) = key.rsplit_once(['_', ' '])?;
    let lower = unit.to_lowercase();
    let is_unit = lower.len() > 1 && (energy_unit(&lower).is_some() || mass_unit(&lower).is_some());
    (is_unit && read_key(&norm_key(key)).is_none()).then(|| format!("{name} ({unit})"))
}

/// Whether a block of code is such a sheet, and no program.
#[must_use]
pub fn is_sheet(text: &str) -> bool {
    let block = lines_of(text);
    block.is_sheet() && block.lines.iter().all(|line| line.is_plain)
}

/// The lines of a block of code.
struct Lines<'b> {
    lines: Vec<Line<'b>>,
    /// How many hold something else.
    others: usize,
}

impl Lines<'_> {
    /// Whether all are keys with their values: two in plain words, or three.
    fn is_sheet(&self) -> bool {
        let least = if self.lines.iter().all(|line| line.is_plain) { 2 } else { LEAST_PAIRS };
        self.others == 0 && self.lines.len() >= least
    }
}

/// A line that is a key with its value.
struct Line<'b> {
    key: &'b str,
    value: &'b str,
    /// Whether the key is in plain words and the value no text of a program.
    is_plain: bool,
    /// Bytes of the block's text.
    from: usize,
    to: usize,
}

/// The lines of a block; remarks are passed over.
fn lines_of(text: &str) -> Lines<'_> {
    let (mut lines, mut others, mut at) = (Vec::new(), 0, 0);
    for line in text.split('\n').take(MOST_LINES) {
        let (from, to) = (at, at + line.len());
        at = to + 1;
        match line_of(line, from) {
            Some(line) => lines.push(line),
            None => {
                // "run:" over indented keys is their heading.
                let heads = line.trim_end().strip_suffix(':').is_some_and(|key| !key.trim().contains(' '));
                let says = line.chars().any(char::is_alphanumeric) && !line.trim_start().starts_with(['#', '/']);
                others += usize::from(says && !heads);
            }
        }
    }
    Lines { lines, others }
}

fn line_of(text: &str, from: usize) -> Option<Line<'_>> {
    let (end, behind) = split_pair(text)?;
    let (key, value) = (text.get(..end)?.trim(), text.get(behind..)?.trim());
    let key = key.strip_prefix("export ").unwrap_or(key).trim_start_matches(['-', '*', '•', ' ']);
    let is_of_key = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '/' | '%' | '(' | ')' | '\'' | '’' | '₂');
    let is_key = key.starts_with(char::is_alphabetic)
        && key.chars().all(is_of_key)
        && key.split_whitespace().count() <= MOST_KEY_WORDS
        && !value.is_empty();
    let of_program = value.starts_with(['"', '\'', '{', '[', '(', '=', '$']) || value.ends_with([';', '{', ',']);
    is_key.then_some(Line { key, value, is_plain: !key.contains('_') && !of_program, from, to: from + text.len() })
}

/// Whether a key is of a recipe.
fn is_key_of_recipe(key: &str) -> bool {
    recipe_key(&norm_key(key)).is_some_and(|key| !matches!(key, RecipeKey::LooseSteps | RecipeKey::LooseExamples | RecipeKey::Base))
}

/// Whether a key is of a time that was not measured of the whole training.
fn is_of_others(key: &str) -> bool {
    let words = &vocabulary::keys().log_times;
    norm_key(key).split(' ').any(|word| words.others.contains(&word) || words.parts.contains(&word))
}
