//! Records of `CodeCarbon` outside the table that it writes: JSON, a dictionary of Python or the text of its `EmissionsData`, lines or items
//! of keys with values, a table with its keys.

use super::candidate::{Card, RANK_CODE, Spot, candidate};
use super::metrics::{Stated, values};
use super::passage::Passage;
use crate::domain::Field;
use crate::evidence::card::parse::block::BlockKind;
use crate::evidence::hardware::Context;
use crate::evidence::quantity::tokens::{lex, text_at};
use crate::evidence::quantity::units::{energy_unit, hours_in, mass_unit};
use crate::units::SECONDS_PER_HOUR;
use std::rc::Rc;

/// Standing of a log: behind keys that an author wrote, before prose.
pub(super) const RANK_LOG: u8 = RANK_CODE + 1;
/// Characters behind a number in which its unit stands.
const UNIT_CHARS: usize = 12;

/// A figure of a record.
pub(super) struct Figure {
    /// What it is.
    pub field: Field,
    /// Its key.
    pub key: &'static str,
    /// The unit it has where none is written.
    pub unit: &'static str,
    /// What one of that unit is in ours.
    pub factor: f64,
    /// The same of a unit that is written.
    of_unit: fn(&str) -> Option<f64>,
}

/// Emissions in kg, energy in kWh, duration in seconds.
pub(super) const FIGURES: [Figure; 3] = [
    Figure { field: Field::EmissionsKgco2e, key: "emissions", unit: "kg", factor: 1.0, of_unit: mass_unit },
    Figure { field: Field::EnergyKwh, key: "energy_consumed", unit: "kWh", factor: 1.0, of_unit: energy_unit },
    Figure { field: Field::WallHours, key: "duration", unit: "s", factor: 1.0 / SECONDS_PER_HOUR, of_unit: hours_in },
];

/// A value of a key of a record.
struct Value<'b> {
    passage: Passage<'b>,
    text: &'b str,
    /// Bytes of the block's text from its key on.
    from: usize,
    to: usize,
    /// What stands behind it.
    behind: &'b str,
}

impl<'b> Value<'b> {
    fn stated(passage: &Passage<'b>, stated: &Stated<'b>) -> Self {
        let to = stated.from + stated.text.len();
        let behind = passage.block.text.get(to..).unwrap_or_default();
        Self { passage: *passage, text: stated.text, from: stated.from, to, behind }
    }

    /// A cell of a table, which is quoted with its row.
    fn cell(passage: &Passage<'b>, cell: &'b str) -> Self {
        let end = cell.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | 'e' | '-' | '+'))).unwrap_or(cell.len());
        let (text, behind) = cell.split_at(end);
        Self { passage: *passage, text, from: 0, to: passage.block.text.len(), behind }
    }

    fn spot(&self) -> Spot<'b> {
        let b = self.passage.block;
        Spot { block: b, quote: b.source_range(self.from, self.to), rank: RANK_LOG, reason: self.passage.refused }
    }
}

/// Reads the records of a card; notes which passages hold nothing else.
pub fn read_records(card: &mut Card<'_>, passages: &[Passage<'_>], is_log: &mut [bool]) {
    let mut at = 0;
    while at < passages.len() {
        let count = together(passages.get(at..).unwrap_or_default());
        let group = passages.get(at..at + count).unwrap_or_default();
        let known = is_log.get(at..at + count).is_some_and(|known| known.contains(&true));
        if !known && read_record(card, group) {
            for (i, passage) in group.iter().enumerate().filter(|(_, p)| is_all_record(p)) {
                if let Some(is_log) = is_log.get_mut(at + i) {
                    *is_log = passage.block.kind != BlockKind::TableRow;
                }
            }
        }
        at += count;
    }
}

/// Passages that one record may stand in: the items of a list, the rows of a table, or one block.
fn together(passages: &[Passage<'_>]) -> usize {
    let Some(first) = passages.first().map(|p| p.block) else { return 1 };
    let goes_on = |p: &&Passage<'_>| {
        let b = p.block;
        b.kind == first.kind && b.table == first.table && b.label == first.label && Rc::ptr_eq(&b.headings, &first.headings)
    };
    let several = matches!(first.kind, BlockKind::ListItem | BlockKind::TableRow);
    if several { passages.iter().take_while(goes_on).count().max(1) } else { 1 }
}

/// Whether a passage is a record, or part of one, and no text that quotes one.
fn is_all_record(passage: &Passage<'_>) -> bool {
    let text = &passage.block.text;
    let found = || FIGURES.iter().flat_map(|figure| values(text, figure.key));
    let ends = found().map(|s| s.from + s.text.len()).max();
    match (passage.block.kind, found().map(|s| s.from).min().zip(ends)) {
        (_, None) => false,
        (BlockKind::Code | BlockKind::ListItem | BlockKind::TableRow, Some(_)) => true,
        (_, Some((_, to))) => {
            let begins = text.find(['{', '(']).unwrap_or(0);
            2 * to.saturating_sub(begins) > text.len()
        }
    }
}

/// The values of a key in a group of passages.
fn all_values<'b>(group: &[Passage<'b>], key: &str) -> Vec<Value<'b>> {
    let mut out = Vec::new();
    for passage in group {
        let b = passage.block;
        if b.kind != BlockKind::TableRow {
            out.extend(values(&b.text, key).iter().map(|s| Value::stated(passage, s)));
            continue;
        }
        let column = b.header.iter().position(|h| h.trim() == key).and_then(|c| b.cells.get(c)).filter(|_| !b.is_header);
        let keyed = || b.cells.get(1).filter(|_| b.cells.first().is_some_and(|name| name.trim() == key));
        out.extend(
            column
                .or_else(keyed)
                .map(|cell| Value::cell(passage, cell.trim()))
                .filter(|v| v.text.starts_with(|c: char| c.is_ascii_digit())),
        );
    }
    out
}

/// The first text of a key: `'gpu_model': '2 x A10'`, `country_name=Spain`.
fn text_of<'b>(group: &[Passage<'b>], key: &str) -> Option<(Passage<'b>, &'b str)> {
    group.iter().find_map(|passage| {
        let b = passage.block;
        let column = || b.header.iter().position(|h| h.trim() == key).and_then(|c| b.cells.get(c)).filter(|_| !b.is_header);
        let keyed = || b.cells.get(1).filter(|_| b.cells.first().is_some_and(|name| name.trim() == key));
        let cell = column().or_else(keyed).map(|cell| cell.trim());
        let (_, behind) = b.text.split_once(key)?;
        let said = || {
            let value = behind.trim_start_matches(['\'', '"', ' ', '\t']).strip_prefix([':', '='])?.trim_start();
            match value.chars().next().filter(|c| matches!(c, '\'' | '"')) {
                Some(mark) => value.get(1..)?.split(mark).next(),
                None => value.split([',', '\n', ')', '}']).next().map(str::trim),
            }
        };
        cell.or_else(said).filter(|text| !text.is_empty()).map(|text| (*passage, text))
    })
}

/// Reads the record of a group of passages. Returns whether there is one.
fn read_record(card: &mut Card<'_>, group: &[Passage<'_>]) -> bool {
    let figures: Vec<(&Figure, Vec<Value<'_>>)> = FIGURES.iter().map(|f| (f, all_values(group, f.key))).collect();
    let has = |key: &str| figures.iter().any(|(f, values)| f.key == key && !values.is_empty());
    if !has("energy_consumed") || !(has("emissions") || has("duration")) {
        return false;
    }
    let differ = |values: &Vec<Value<'_>>| values.iter().any(|v| values.first().is_some_and(|first| first.text != v.text));
    let several = figures.iter().any(|(_, values)| differ(values)).then_some("several runs in one log");
    let used = text_of(group, "project_name").is_some_and(|(_, name)| is_use(name)).then_some("evaluation or inference");
    let evaluated = |p: &Passage<'_>| p.block.under.evaluation.then_some("evaluation or inference");
    let against = several.or(used);
    for (figure, values) in &figures {
        let Some(value) = values.first() else { continue };
        let Ok(number) = value.text.trim_end_matches(['.', '-', '+', 'e']).parse::<f64>() else { continue };
        let behind: String = value.behind.chars().take(UNIT_CHARS).take_while(|c| !matches!(c, ',' | '\n' | ')' | '}')).collect();
        let unit = (figure.of_unit)(text_at(&lex(&behind.to_lowercase()), 0));
        let spot = value.spot().refused(against.or_else(|| evaluated(&value.passage)));
        let written = format!("{number} {} ({})", if unit.is_some() { behind.trim() } else { figure.unit }, figure.key);
        card.add(&spot, figure.field, Some(number * unit.unwrap_or(figure.factor)), &written, None);
    }
    let Some(first) = figures.iter().find_map(|(_, values)| values.first()) else { return true };
    let whole = |p: Passage<'_>| (p.block.from, p.block.to);
    if let Some((p, chip)) = text_of(group, "gpu_model") {
        let reason = p.refused.or(against).or_else(|| evaluated(&p));
        card.add_hardware(&Spot { block: p.block, quote: whole(p), rank: RANK_LOG, reason }, chip, Context::Field);
    }
    if let Some((p, place)) = text_of(group, "cloud_region").or_else(|| text_of(group, "country_name")) {
        let reason = p.refused.or(against).or_else(|| evaluated(&p));
        card.add_place(&Spot { block: p.block, quote: whole(p), rank: RANK_LOG, reason }, place);
    }
    card.tools.push(candidate(&first.spot().refused(against), Field::MeasurementTool, None, "CodeCarbon", None));
    true
}

/// Whether a project is called after an evaluation or a use: by a word of its name, and not by letters within one ("latest").
pub(super) fn is_use(project: &str) -> bool {
    let name = project.to_lowercase();
    let mut words = name.split(|c: char| !c.is_alphabetic());
    words.any(|word| {
        ["test", "tests", "testing"].contains(&word) || ["infer", "eval", "bench", "predict"].iter().any(|w| word.starts_with(w))
    })
}
