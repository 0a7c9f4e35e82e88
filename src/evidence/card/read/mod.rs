//! From blocks to candidate figures: front matter, tables, keys with values, code, prose.
//!
//! A candidate carries what its own place says against it (a range, an evaluation, hours of data); whether it is accepted is decided
//! later.

pub mod bases;
pub mod candidate;
mod cells;
mod chip_products;
mod chips;
mod clauses;
mod clouds;
mod clusters;
mod code;
mod columns;
mod composed;
mod consoles;
pub mod data_sizes;
mod dates;
pub mod declared;
pub mod designators;
pub mod eastern_bases;
pub mod factors;
pub mod front_matter;
mod hardware;
pub mod headings;
mod hours;
mod items;
mod key_tables;
pub mod keys;
mod logs;
mod metrics;
pub mod naming;
mod nodes;
mod pairs;
pub mod passage;
pub mod phases;
mod places;
pub mod prose;
pub mod rates;
pub mod recipe;
mod records;
pub mod repository;
mod results;
mod rows;
mod several;
pub mod sheets;
pub mod stages;
pub mod tables;
pub mod templates;
pub mod totals;
pub mod training;
pub mod unclaimed;
pub mod values;

#[cfg(test)]
mod tests;

use self::candidate::{Card, RANK_PAIR, Spot};
use self::passage::Passage;
use self::recipe::commands::is_code_that_trained;
use self::recipe::introduces_training;
use crate::evidence::card::parse::block::BlockKind;
use crate::evidence::card::parse::pair::{norm_key, split_pair};
use crate::evidence::quantity::durations::duration;
use crate::evidence::quantity::tokens::lex;
use crate::evidence::vocabulary;
use std::borrow::Cow;
use std::rc::Rc;

/// Most words of a label at the beginning of a line.
const MAX_LABEL_WORDS: usize = 5;
/// Longest text that is the value of the heading above it, in bytes.
const MAX_HEADED_VALUE: usize = 160;
/// Longest number under the heading that asks for it, with what stands behind it, in bytes: "## Epochs", "6 (of 10 planned)".
const MAX_HEADED_COUNT: usize = 40;
/// Tokens at the beginning of such a text within which its time begins.
const HEADED_WORDS: usize = 4;
/// How much a key of a running paragraph stands behind one of a list.
const PARAGRAPH_KEY: u8 = 3;

/// Reads the text of a card: the tables first, then what stands between them. `body` is all of it in lower case.
pub fn read_passages(card: &mut Card<'_>, passages: &[Passage<'_>], body: &str) {
    tables::read_tables(card, passages);
    let is_log = if logs::may_hold_logs(body) { logs::read_logs(card, passages) } else { vec![false; passages.len()] };
    for passage in passages.iter().filter(|p| p.block.kind == BlockKind::Code) {
        metrics::read_log_times(card, passage);
        consoles::read_console(card, passage);
    }
    let may_be_calculators = code::may_hold_calculators(body);
    let mut last: Option<&Passage<'_>> = None;
    for (passage, _) in passages.iter().zip(is_log).filter(|(_, is_log)| !is_log) {
        // "On 8 H800, 13 hours" behind the command that trained.
        let beside = last.filter(|last| Rc::ptr_eq(&last.block.headings, &passage.block.headings) && last.refused.is_none());
        card.follows_training = beside.is_some_and(|last| is_code_that_trained(passages, last.block));
        let before = last.replace(passage);
        match passage.block.kind {
            BlockKind::TableRow | BlockKind::FrontMatter => {}
            BlockKind::Code => {
                metrics::read_metrics(card, passage);
                sheets::read_sheet(card, passage, before.is_some_and(introduces_training));
                code::read_code(card, passage, may_be_calculators);
            }
            BlockKind::Paragraph | BlockKind::ListItem if metrics::read_metrics(card, passage) => {}
            BlockKind::Heading | BlockKind::Paragraph | BlockKind::ListItem | BlockKind::Html => read_text(card, passage),
        }
    }
    card.add_cluster();
    card.settle_stages();
}

/// A short paragraph under a heading that asks for a time is its value, too: "#### Training duration", "About 20 days".
fn read_headed_time(card: &mut Card<'_>, passage: &Passage<'_>) {
    let b = passage.block;
    let is_short =
        b.kind == BlockKind::Paragraph && b.label.is_none() && b.text.len() <= MAX_HEADED_VALUE && !b.text.contains('\n');
    let Some(heading) = b.headings.last().filter(|_| is_short && split_pair(&b.text).is_none()) else { return };
    let key = keys::key_of(&norm_key(heading));
    let is_count = matches!(key, Some(keys::Key::Epochs | keys::Key::Steps | keys::Key::Batch | keys::Key::GlobalBatch));
    if is_count && b.text.len() <= MAX_HEADED_COUNT && b.text.starts_with(|c: char| c.is_ascii_digit()) {
        let spot = Spot { block: b, quote: (b.from, b.to), rank: RANK_PAIR + PARAGRAPH_KEY, reason: passage.refused };
        card.add_pair(&spot, heading, &b.text, &[]);
        return;
    }
    let asks = key == Some(keys::Key::Hours);
    let ts = lex(&b.text);
    let serves = || ts.iter().any(|t| t.is_any(&vocabulary::prose().times.serving));
    // "But I needed 300 hours": a sentence is read as one.
    let is_value = || (0..HEADED_WORDS).any(|at| duration(&ts, at).is_some()) && !prose::is_in_order(&ts);
    if asks && !serves() && is_value() {
        let spot = Spot { block: b, quote: (b.from, b.to), rank: RANK_PAIR + PARAGRAPH_KEY, reason: passage.refused };
        card.add_pair(&spot, heading, &b.text, &[]);
    }
}

/// Lines that are pairs are read as such; what lies between them is prose.
fn read_text(card: &mut Card<'_>, passage: &Passage<'_>) {
    read_headed_time(card, passage);
    let b = passage.block;
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while at < b.text.len() {
        let (from, to) = (at, line_end(&b.text, at));
        let line = b.text.get(from..to).unwrap_or_default();
        at = to + 1;
        let pair = if b.kind == BlockKind::Heading {
            None
        } else {
            split_pair(line).or_else(|| split_columns(line)).or_else(|| split_dash(line))
        };
        let parts = pair.and_then(|(key, value)| Some((line.get(..key)?, line.get(value..)?)));
        if let Some(pair) = parts
            && let Some(behind) = read_pair(card, passage, (from, to), pair, &mut runs)
        {
            at = behind;
            let of_training = keys::is_of_recipe(&norm_key(pair.0)) && passage.refused.is_none() && !b.under.evaluation;
            // "- epochs: 3" tells of a training, with which "- 2x3090 with nvlink" goes on.
            if of_training && b.kind == BlockKind::ListItem {
                card.topic.tell_item(b);
            }
            continue;
        }
        // "Evaluation: 48 hours" is no part of the line above it.
        let begins = parts.is_some_and(|(key, value)| {
            let is_label = line.get(key.len()..).is_some_and(|sign| sign.starts_with([':', '：']));
            is_label && key.split_whitespace().count() <= MAX_LABEL_WORDS && !value.trim().is_empty()
        });
        match runs.last_mut() {
            Some((_, end)) if *end + 1 == from && !begins => *end = to,
            _ => runs.push((from, to)),
        }
    }
    for (from, to) in runs {
        if let Some(run) = b.text.get(from..to) {
            prose::read_prose(card, passage, run, from);
        }
    }
}

/// A line of a key and its value: where reading goes on behind it; none where the pair says nothing. What is left to be read as prose goes to
/// `runs`.
fn read_pair(
    card: &mut Card<'_>,
    passage: &Passage<'_>,
    (from, mut to): (usize, usize),
    (key, mut value): (&str, &str),
    runs: &mut Vec<(usize, usize)>,
) -> Option<usize> {
    let b = passage.block;
    let rank = if b.kind == BlockKind::ListItem { RANK_PAIR } else { RANK_PAIR + PARAGRAPH_KEY };
    if let Some(is_read) = read_several(card, passage, (from, to), (key, value), runs) {
        return is_read.then_some(to + 1);
    }
    // A value may stand on the line after its key.
    let next = (to + 1, line_end(&b.text, to + 1));
    let below = b.text.get(next.0..next.1).filter(|below| value.trim().is_empty() && !is_pair_of_ours(below));
    if let Some(below) = below.filter(|below| !below.trim().is_empty()) {
        (value, to) = (below, next.1);
    }
    let mut spot = Spot { block: b, quote: b.source_range(from, to), rank, reason: passage.refused };
    // "Hardware: 512 H100 for the 30B, 64 H100 for the 3B".
    let (own_value, refused) = own_value(card, value);
    if refused.is_some() || own_value.len() < value.trim().len() {
        spot = spot.refused(refused);
        if card.add_pair(&spot, key, &own_value, &b.labelled_links(from, to + 1)) {
            return Some(to + 1);
        }
        // "Training cost: 7B = 92,160; 13B = 184,320 GPU-hours": the unit says what is listed.
        if let Some(key) = items::key_of_unit(card, &own_value).filter(|_| items::own_item(&card.own, value.trim()).is_some()) {
            card.add_pair(&spot, key, &own_value, &[]);
            return Some(to + 1);
        }
    }
    // "Trainingsdauer: 5 h. Stromverbrauch: 0,35 kWh.": what follows the first sentence is read as prose.
    if let Some((first, rest)) = next_sentence(value) {
        // Behind several times of one key a further one is of none of them.
        let is_several =
            keys::key_of(&norm_key(key)) == Some(keys::Key::Hours) && clauses::time_of_training(&card.own, first).reason.is_some();
        let next = to - rest.len().min(to);
        let parts = split_pair(rest)
            .filter(|_| is_pair_of_ours(rest))
            .and_then(|(key, value)| Some((rest.get(..key)?, rest.get(value..)?)));
        // "Duration: 9 hours. Epochs: 4. Batch: 16."
        let is_read = parts.is_some_and(|parts| !is_several && read_pair(card, passage, (next, to), parts, runs).is_some());
        if !is_several && !is_read {
            runs.push((next, to));
        }
        value = first;
    }
    if !card.add_pair(&spot, key, value, &b.labelled_links(from, to + 1)) {
        return None;
    }
    read_behind_pair(card, passage, (key, value), to);
    Some(to + 1)
}

/// What follows the value of a key on its line, which ends at `to`, where the key is of a recipe or says that this is a training.
fn read_behind_pair(card: &mut Card<'_>, passage: &Passage<'_>, (key, value): (&str, &str), to: usize) {
    // "batch size: 64, 4 epochs": the sentence goes on.
    let rest = [", ", "、", "，", "; "].iter().filter_map(|sign| value.split_once(sign)).max_by_key(|(_, rest)| rest.len());
    // "Pre-training: 8.1T tokens, 720,000 GPU hours": so does all that a training took.
    let norm = norm_key(key);
    let is_training = || norm.split(' ').all(|word| vocabulary::keys().composed.training.contains(&word));
    if let Some((_, rest)) = rest.filter(|_| keys::is_of_recipe(&norm) || is_training()) {
        card.beside_recipe = true;
        let follows = card.follows_training;
        card.follows_training |= is_training();
        prose::read_prose(card, passage, rest, to - rest.len());
        card.follows_training = follows;
        card.beside_recipe = false;
    }
}

/// The part of a value that is this model's, or why none of it is.
fn own_value<'v>(card: &Card<'_>, value: &'v str) -> (Cow<'v, str>, Option<&'static str>) {
    let is_short = || value.len() <= MAX_HEADED_VALUE && next_sentence(value).is_none();
    items::own_item(&card.own, value.trim()).unwrap_or_else(|| {
        let (part, refused) = if is_short() { prose::own_part(&card.own, value) } else { (value.trim(), None) };
        (part.into(), refused)
    })
}

/// "CO2: 0.6 t; energy: 1.4 MWh": each pair is read as if it stood alone. Whether one of them says something; none where there is one alone.
fn read_several(
    card: &mut Card<'_>,
    passage: &Passage<'_>,
    (from, to): (usize, usize),
    (key, value): (&str, &str),
    runs: &mut Vec<(usize, usize)>,
) -> Option<bool> {
    keys::read_key(&norm_key(key))?;
    let (end, next) = several::next_pair(value)?;
    let (first, rest) = value.get(..end).zip(value.get(next..))?;
    let (next_key, next_value) = split_pair(rest).and_then(|(k, v)| Some((rest.get(..k)?, rest.get(v..)?)))?;
    let (behind, first_to) = (to - rest.len().min(to), to - (value.len() - end).min(to));
    let is_read = read_pair(card, passage, (from, first_to), (key, first), runs).is_some();
    let next_read = read_pair(card, passage, (behind, to), (next_key, next_value), runs).is_some();
    Some(is_read || next_read)
}

/// Spaces that make a gap between two columns.
const GAP: &str = "   ";

/// "gpu        P100": a key of ours and its value in columns that spaces make.
fn split_columns(line: &str) -> Option<(usize, usize)> {
    let text = line.trim_start();
    let gap = text.find(GAP)? + (line.len() - text.len());
    let (key, rest) = (line.get(..gap)?, line.get(gap..)?);
    let value = rest.trim_start();
    let is_two = !value.is_empty() && !value.contains(GAP);
    (is_two && keys::read_key(&norm_key(key)).is_some()).then(|| (gap, line.len() - value.len()))
}

/// Longest value behind a dash, in bytes.
const MAX_DASHED: usize = 60;

/// "Epochs - 16", "Batch size – 32": a key of ours and a value that begins with a number, with a dash between them.
#[must_use]
pub fn split_dash(line: &str) -> Option<(usize, usize)> {
    let (at, sign) = [" - ", " – ", " — ", " → ", " => "].iter().filter_map(|sign| Some((line.find(sign)?, *sign))).min()?;
    let (key, value) = (line.get(..at)?, line.get(at + sign.len()..)?.trim_start());
    let is_short = key.split_whitespace().count() <= MAX_LABEL_WORDS && value.len() <= MAX_DASHED;
    let begins = value.trim_start_matches(['*', '`', '~', '≈']).starts_with(|c: char| c.is_ascii_digit());
    let norm = norm_key(key);
    let is_key = || keys::read_key(&norm).is_some() || recipe::keys::recipe_key(&norm).is_some();
    (is_short && begins && !key.contains(|c: char| c.is_ascii_digit()) && is_key()).then(|| (at, line.len() - value.len()))
}

/// The first sentence of a value and what follows it, where that has a figure of its own.
fn next_sentence(value: &str) -> Option<(&str, &str)> {
    let at = value.match_indices(". ").find(|(at, _)| {
        let rest = value.get(at + 2..).unwrap_or_default();
        rest.starts_with(char::is_uppercase) && rest.contains(|c: char| c.is_ascii_digit()) && rest.contains(' ')
    });
    let (at, _) = at?;
    let before = value.get(..at)?;
    let abbreviations = &vocabulary::prose().sentences.abbreviations;
    let last = before.split(|c: char| !c.is_alphabetic()).next_back().unwrap_or_default().to_lowercase();
    let is_short = last.chars().count() == 1 || abbreviations.contains(&last.as_str());
    (!is_short && before.contains(|c: char| c.is_ascii_digit())).then(|| value.get(at + 2..).map(|rest| (before, rest))).flatten()
}

fn line_end(text: &str, from: usize) -> usize {
    text.get(from..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| from + at)
}

/// Whether a line is a key of ours with its value.
fn is_pair_of_ours(line: &str) -> bool {
    let key = split_pair(line).and_then(|(key, _)| line.get(..key));
    key.is_some_and(|key| keys::read_key(&norm_key(key)).is_some())
}
