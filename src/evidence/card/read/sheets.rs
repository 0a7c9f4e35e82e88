//! Sheets in code: blocks whose lines are all a key in plain words and its value, as people note what a training took.
//!
//! ```text
//! hardware = 2 x RTX 3090
//! batch size = 2,560
//! wall time : 31 h
//! ```
//!
//! Their batches, steps and epochs are read as settings (`recipe`); this reads hardware, times, energy and emissions.

use super::candidate::{Card, RANK_CODE, Spot};
use super::keys::{Key, read_key};
use super::passage::Passage;
use super::recipe::keys::recipe_key;
use crate::evidence::card::parse::pair::{norm_key, split_pair};

/// Lines of a sheet, at most.
const MOST_LINES: usize = 40;
/// Words of a key, at most.
const MOST_KEY_WORDS: usize = 6;

/// Reads a block of code that is a sheet of a training.
pub fn read_sheet(card: &mut Card<'_>, passage: &Passage<'_>) {
    let b = passage.block;
    let Some(pairs) = pairs_of(&b.text) else { return };
    let asked: Vec<Option<Key>> = pairs.iter().map(|p| read_key(&card.plain_key(p.key).0).map(|asked| asked.key)).collect();
    let is_recipe = |key: &str| recipe_key(&norm_key(key)).is_some();
    let of_recipe = pairs.iter().filter(|p| is_recipe(p.key)).count();
    let of_training = b.under.training || of_recipe > 1;
    for (p, asked) in pairs.iter().zip(asked) {
        let read = matches!(asked, Some(Key::Hardware | Key::Hours | Key::Energy | Key::Carbon));
        if read {
            let spot = Spot { block: b, quote: b.source_range(p.from, p.to), rank: RANK_CODE, reason: passage.refused };
            card.add_pair_of(&spot, p.key, p.value, &[], of_training);
        }
    }
}

/// Whether a block of code is such a sheet.
#[must_use]
pub fn is_sheet(text: &str) -> bool {
    pairs_of(text).is_some()
}

/// A line of a sheet.
struct Line<'c> {
    key: &'c str,
    value: &'c str,
    from: usize,
    to: usize,
}

/// The lines of a block, where each is a key in plain words and a value that is no text of a program.
fn pairs_of(text: &str) -> Option<Vec<Line<'_>>> {
    let mut out = Vec::new();
    let mut at = 0;
    for line in text.split('\n') {
        let (from, to) = (at, at + line.len());
        at = to + 1;
        if line.trim().is_empty() {
            continue;
        }
        let (end, begin) = split_pair(line)?;
        let (key, value) = (line.get(..end)?.trim(), line.get(begin..)?.trim());
        let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '/' | '%' | '(' | ')' | '\'' | '’' | '₂');
        let is_key = key.starts_with(char::is_alphabetic) && key.chars().all(plain) && key.split(' ').count() <= MOST_KEY_WORDS;
        let is_value =
            !value.is_empty() && !value.starts_with(['"', '\'', '{', '[', '(', '=', '$']) && !value.ends_with([';', '{', ',']);
        if !is_key || !is_value || out.len() >= MOST_LINES {
            return None;
        }
        out.push(Line { key, value, from, to });
    }
    (out.len() > 1).then_some(out)
}
