//! Sheets in code: a block of keys with values that is no code, as people note their runs: `hardware = 2 x RTX 3060`; and the chips that the
//! variables of a script name: `NODE_TYPE="a100"`.

use super::candidate::{Card, RANK_CODE, Spot};
use super::keys::{Key, read_key};
use super::passage::Passage;
use super::recipe::keys::{RecipeKey, recipe_key};
use crate::evidence::card::parse::pair::{norm_key, split_pair};
use crate::evidence::hardware::Context;
use crate::evidence::vocabulary;

/// Lines of a block that are read.
const MAX_LINES: usize = 400;
/// Standing: behind keys that an author wrote in a list.
const RANK_SHEET: u8 = RANK_CODE + 2;
/// Most words of a key.
const MOST_WORDS: usize = 6;
/// Fewest keys of a sheet.
const LEAST_PAIRS: usize = 3;
/// Fewest keys of a recipe that make a sheet one of a training.
const LEAST_OF_RECIPE: usize = 2;

/// A line of keys with values.
struct Line<'b> {
    key: &'b str,
    value: &'b str,
    /// Bytes of the block's text.
    from: usize,
    to: usize,
}

/// Reads the keys of a block of code; `is_introduced` says that the text before tells that it trained.
pub fn read_noted(card: &mut Card<'_>, passage: &Passage<'_>, is_introduced: bool) {
    let b = passage.block;
    let (mut lines, mut others, mut at) = (Vec::new(), 0, 0);
    for text in b.text.split('\n').take(MAX_LINES) {
        let (from, to) = (at, at + text.len());
        at = to + 1;
        match line_of(text, from) {
            Some(line) => lines.push(line),
            None => others += usize::from(text.chars().any(char::is_alphanumeric) && !text.trim_start().starts_with(['#', '/'])),
        }
    }
    let is_sheet = lines.len() >= LEAST_PAIRS && others == 0;
    let of_recipe = lines.iter().filter(|line| is_key_of_recipe(line.key)).count() >= LEAST_OF_RECIPE;
    let of_training = b.under.training || is_introduced || of_recipe;
    for line in lines.iter().filter(|_| of_training) {
        let Some(kind) = read_key(&norm_key(line.key)).map(|asked| asked.key) else { continue };
        let evaluated = (b.under.evaluation && !b.under.training).then_some("evaluation or inference");
        let reason = passage.refused.or(evaluated);
        let spot = Spot { block: b, quote: b.source_range(line.from, line.to), rank: RANK_SHEET, reason };
        match kind {
            Key::Hardware if is_sheet || is_introduced => {
                let value = line.value.trim_matches(['"', '\'']);
                if value.contains(|c: char| c.is_ascii_alphabetic()) {
                    card.add_hardware(&spot, value, Context::Field);
                }
            }
            // Names of code are settings, which the recipe reads.
            Key::Epochs | Key::Steps | Key::Batch | Key::GlobalBatch if is_sheet && line.key.contains(' ') => {
                card.add_pair_of(&spot, line.key, line.value, &[], of_training);
            }
            Key::Hours | Key::Carbon | Key::Energy | Key::Flop if is_sheet && !is_of_others(line.key) => {
                card.add_pair_of(&spot, line.key, line.value, &[], of_training);
            }
            _ => {}
        }
    }
}

/// A line that is a key with its value and no code.
fn line_of(text: &str, from: usize) -> Option<Line<'_>> {
    let (end, behind) = split_pair(text)?;
    let (key, value) = (text.get(..end)?.trim(), text.get(behind..)?.trim());
    let key = key.strip_prefix("export ").unwrap_or(key).trim_start_matches(['-', '*', '•', ' ']);
    let is_key = key.starts_with(char::is_alphabetic)
        && key.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '/' | '(' | ')'))
        && key.split_whitespace().count() <= MOST_WORDS;
    (is_key && !value.is_empty()).then_some(Line { key, value, from, to: from + text.len() })
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
