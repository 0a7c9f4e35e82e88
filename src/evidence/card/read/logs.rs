//! Logs of the tools that measure emissions, in code or in text: `CodeCarbon`'s table and what it prints, carbontracker's pair of measured
//! and predicted figures.

use super::candidate::{Card, Spot, candidate};
use super::passage::Passage;
use super::recipe::introduces_training;
use super::records::{FIGURES, Figure, RANK_LOG, is_use, read_records};
use super::values::unit_value;
use crate::domain::Field;
use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::hardware::Context;
use crate::evidence::quantity::durations::clock;
use crate::evidence::quantity::numbers::first_quantity;
use crate::evidence::quantity::tokens::lex;
use crate::evidence::quantity::units::{energy_unit, mass_unit};
use std::rc::Rc;

/// Rows of a table that are read.
const MAX_ROWS: usize = 2000;

/// A line of a block, with its place in the block's text.
#[derive(Clone, Copy)]
struct Line<'b> {
    block: &'b Block,
    refused: Option<&'static str>,
    text: &'b str,
    from: usize,
}

impl Line<'_> {
    fn spot(&self) -> Spot<'_> {
        let quote = self.block.source_range(self.from, self.from + self.text.len());
        Spot { block: self.block, quote, rank: RANK_LOG, reason: self.refused }
    }
}

/// What one of the tools writes, lower case: without any of it a card holds no log.
const MARKS: [&str; 6] =
    ["energy consumed for ", "consumption for", "carbontracker", "codecarbon", "electricity used since", "energy_consumed"];

/// Whether a card, lower case, may hold a log.
#[must_use]
pub fn may_hold_logs(body: &str) -> bool {
    MARKS.iter().any(|mark| body.contains(mark))
}

/// Reads the logs of a card. Returns which passages are logs, which nothing else reads.
pub fn read_logs(card: &mut Card<'_>, passages: &[Passage<'_>]) -> Vec<bool> {
    let mut is_log = vec![false; passages.len()];
    let mut epochs: Vec<Epochs<'_>> = Vec::new();
    let mut last_used: Option<Line<'_>> = None;
    let mut parts = Parts::default();
    for (at, passage) in passages.iter().enumerate() {
        let lines = lines(passage);
        let before = at.checked_sub(1).and_then(|at| passages.get(at));
        let is_introduced = before.is_some_and(introduces_training);
        if passage.block.kind != BlockKind::TableRow && read_csv(card, &lines, is_introduced) {
            is_log[at] = true;
            continue;
        }
        for line in &lines {
            let lower = line.text.to_lowercase();
            if let Some(found) = epochs_at(*line, &lower) {
                epochs.push(found);
                is_log[at] = true;
            } else if let Some(open) = epochs.last_mut().filter(|open| open.goes_on(line)) {
                is_log[at] |= open.take_line(*line, &lower);
            }
            if is_tracker_line(card, line, &lower) {
                is_log[at] = true;
            }
            parts.take(*line, &lower);
            if is_console_line(&lower) {
                is_log[at] = true;
                if lower.contains("of electricity used since") {
                    last_used = Some(*line);
                }
            }
        }
    }
    add_epochs(card, &epochs);
    if last_used.is_none() {
        parts.add(card);
    }
    add_console(card, last_used);
    read_records(card, passages, &mut is_log);
    is_log
}

fn lines<'b>(passage: &Passage<'b>) -> Vec<Line<'b>> {
    let block = passage.block;
    match block.kind {
        BlockKind::Code | BlockKind::Paragraph | BlockKind::ListItem | BlockKind::Html => {}
        BlockKind::TableRow | BlockKind::Heading | BlockKind::FrontMatter => return Vec::new(),
    }
    let mut at = 0;
    let mut out = Vec::new();
    for text in block.text.split('\n') {
        out.push(Line { block, refused: passage.refused, text, from: at });
        at += text.len() + 1;
    }
    out
}

// carbontracker ----------------------------------------------------------------------------------------------------------------------

/// How much the epochs that carbontracker counted stand behind others.
const EPOCHS: u8 = 20;

/// Figures that carbontracker prints for some epochs.
struct Epochs<'b> {
    predicted: bool,
    epochs: f64,
    headings: Rc<[String]>,
    text: String,
    figures: Vec<(Line<'b>, Field, f64)>,
}

/// "Actual consumption for 1 epoch(s):", "Predicted consumption for 50 epoch(s):".
fn epochs_at<'b>(line: Line<'b>, lower: &str) -> Option<Epochs<'b>> {
    let (what, count) = lower.split_once("consumption for ")?;
    let epochs = first_quantity(&lex(count)).filter(|_| count.contains("epoch"))?.value;
    let (actual, predicted) = (what.contains("actual"), what.contains("predicted"));
    let headings = Rc::clone(&line.block.headings);
    (actual != predicted).then_some(Epochs { predicted, epochs, headings, text: line.text.trim().to_owned(), figures: Vec::new() })
}

impl<'b> Epochs<'b> {
    fn goes_on(&self, line: &Line<'_>) -> bool {
        Rc::ptr_eq(&self.headings, &line.block.headings)
    }

    /// Takes a line of figures. Returns whether it is one.
    fn take_line(&mut self, line: Line<'b>, lower: &str) -> bool {
        let Some((key, value)) = lower.split_once(':') else { return lower.contains("travelled by car") };
        let ts = lex(value);
        let amount = |unit: fn(&str) -> Option<f64>| (0..ts.len()).find_map(|i| unit_value(&ts, i, unit)).map(|(v, _, _)| v);
        let found = match key.trim() {
            "time" => (Field::WallHours, (0..ts.len()).find_map(|i| clock(&ts, i))),
            "energy" => (Field::EnergyKwh, amount(energy_unit)),
            "co2eq" => (Field::EmissionsKgco2e, amount(mass_unit)),
            "this is equivalent to" => return true,
            _ => return false,
        };
        if let (field, Some(value)) = found
            && !self.figures.iter().any(|(_, known, _)| *known == field)
        {
            self.figures.push((line, field, value));
        }
        true
    }
}

/// The prediction for all epochs counts as one, unless all of them were measured; a measurement of some epochs never counts.
fn add_epochs(card: &mut Card<'_>, all: &[Epochs<'_>]) {
    let most = |predicted: bool| all.iter().filter(|e| e.predicted == predicted).map(|e| e.epochs).fold(0.0, f64::max);
    let (planned, measured) = (most(true), most(false));
    // More than one epoch measured, and nothing predicted: all of them.
    let all_measured = planned == 0.0 && measured > 1.0;
    let is_whole = all_measured || (planned > 0.0 && measured >= planned);
    let counts = |e: &Epochs<'_>| {
        if all_measured {
            e.epochs >= measured
        } else if is_whole {
            !e.predicted && e.epochs >= planned
        } else {
            e.predicted && e.epochs >= planned
        }
    };
    // Several trainings in one log: nobody knows which.
    let several = all.iter().filter(|e| counts(e)).count() > 1;
    for e in all {
        let reason = if !counts(e) {
            Some(if e.predicted {
                "a prediction; all epochs were measured"
            } else {
                "measured for some epochs, not for the training"
            })
        } else {
            several.then_some("several trainings in one log")
        };
        if let Some((line, _, _)) = e.figures.first().filter(|_| reason.is_none() && e.epochs > 1.0) {
            card.add(&line.spot().after(EPOCHS), Field::Epochs, Some(e.epochs), &e.text, None);
        }
        for (line, field, value) in &e.figures {
            let note = if e.predicted { format!(" (predicted for {} epochs)", e.epochs) } else { String::new() };
            card.add(&line.spot(), *field, Some(*value), &format!("{}{note}", line.text.trim()), reason);
        }
    }
    if let Some((line, _, _)) = all.first().and_then(|e| e.figures.first()) {
        card.tools.push(candidate(&line.spot(), Field::MeasurementTool, None, "carbontracker", None));
    }
}

/// Lines of carbontracker about chips and place.
fn is_tracker_line(card: &mut Card<'_>, line: &Line<'_>, lower: &str) -> bool {
    if !lower.trim_start().starts_with("carbontracker:") {
        return false;
    }
    let behind =
        |mark: &str| lower.find(mark).and_then(|at| line.text.get(at + mark.len()..)).map(|t| t.trim().trim_end_matches('.'));
    if let Some(chips) = behind("gpu with device(s)") {
        card.add_hardware(&line.spot(), chips, Context::Field);
    } else if let Some(place) = behind("at detected location:") {
        card.add_place(&line.spot(), place);
    }
    true
}

// CodeCarbon -------------------------------------------------------------------------------------------------------------------------

/// "[codecarbon INFO @ 10:00:00] 0.5 kWh of electricity used since the beginning."
fn is_console_line(lower: &str) -> bool {
    lower.trim_start().starts_with("[codecarbon") || lower.contains("of electricity used since the begin")
}

/// What CodeCarbon prints of the parts of a machine: memory, processors, devices.
const PARTS: [&str; 3] = ["energy consumed for ram", "energy consumed for all cpu", "energy consumed for all gpu"];

/// What it printed last of each part.
#[derive(Default)]
struct Parts<'b> {
    last: [Option<(Line<'b>, f64)>; 3],
}

impl<'b> Parts<'b> {
    fn take(&mut self, line: Line<'b>, lower: &str) {
        let Some(slot) = PARTS.iter().position(|part| lower.contains(part)) else { return };
        let Some((_, value)) = lower.split_once("energy consumed for").and_then(|(_, rest)| rest.split_once(':')) else { return };
        let ts = lex(value);
        let kwh = (0..ts.len()).find_map(|i| unit_value(&ts, i, energy_unit)).map(|(kwh, _, _)| kwh);
        if let (Some(last), Some(kwh)) = (self.last.get_mut(slot), kwh) {
            *last = Some((line, kwh));
        }
    }

    /// The sum of the parts, where it printed no total: it reckons the total so itself.
    fn add(&self, card: &mut Card<'_>) {
        let told: Vec<&(Line<'_>, f64)> = self.last.iter().flatten().collect();
        let [.., (line, _)] = told.as_slice() else { return };
        if told.len() < 2 {
            return;
        }
        let written = told.iter().map(|(_, kwh)| format!("{kwh} kWh")).collect::<Vec<_>>().join(" + ");
        card.add(&line.spot(), Field::EnergyKwh, Some(told.iter().map(|(_, kwh)| kwh).sum()), &written, None);
        card.tools.push(candidate(&line.spot(), Field::MeasurementTool, None, "CodeCarbon", None));
    }
}

/// What CodeCarbon printed last is what the training used; its lines of RAM, CPU and GPU are parts of it.
fn add_console(card: &mut Card<'_>, last: Option<Line<'_>>) {
    let Some(line) = last else { return };
    let text = line.text.rsplit(']').next().unwrap_or(line.text);
    let ts = lex(text);
    if let Some((kwh, _, _)) = (0..ts.len()).find_map(|i| unit_value(&ts, i, energy_unit)) {
        card.add(&line.spot(), Field::EnergyKwh, Some(kwh), text, None);
        card.tools.push(candidate(&line.spot(), Field::MeasurementTool, None, "CodeCarbon", None));
    }
}

/// The table that CodeCarbon writes: emissions in kg, energy in kWh, duration in seconds. Returns whether the lines hold one. What the text
/// before says that it trained is no use, whatever the project is called.
fn read_csv(card: &mut Card<'_>, lines: &[Line<'_>], is_introduced: bool) -> bool {
    let is_header =
        |l: &Line<'_>| l.text.contains("emissions") && l.text.contains("duration") && l.text.contains("energy_consumed");
    let Some(at) = lines.iter().position(is_header) else { return false };
    let Some(header) = lines.get(at) else { return false };
    let columns: Vec<&str> = header.text.split(',').map(str::trim).collect();
    let rows: Vec<(Line<'_>, Vec<String>)> = lines
        .iter()
        .skip(at + 1)
        .take(MAX_ROWS)
        .map(|line| (*line, split_csv(line.text)))
        .take_while(|(_, cells)| cells.len() == columns.len())
        .collect();
    let cell = |cells: &[String], name: &str| {
        columns
            .iter()
            .position(|c| *c == name)
            .and_then(|i| cells.get(i))
            .filter(|c| !c.trim().is_empty())
            .map(|c| c.trim().to_owned())
    };
    let Some((last, cells)) = rows.last() else { return false };
    let runs = |name: &str| rows.iter().any(|(_, other)| cell(other, name) != cell(cells, name));
    let used = ["project_name", "experiment_id"].iter().filter_map(|name| cell(cells, name)).any(|name| is_use(&name));
    let used = used && !is_introduced;
    // One tracker writes its sums again and again under one run_id; several are several runs.
    let reason = if runs("run_id") || runs("project_name") || (rows.len() > 1 && cell(cells, "run_id").is_none()) {
        Some("several runs in one log")
    } else {
        used.then_some("evaluation or inference")
    };
    let spot = last.spot().refused(reason);
    let number = |name: &str| cell(cells, name).and_then(|c| c.parse::<f64>().ok());
    for Figure { field, key, unit, factor, .. } in FIGURES {
        if let Some(value) = number(key) {
            card.add(&spot, field, Some(value * factor), &format!("{value} {unit} ({key})"), None);
        }
    }
    if let Some(chip) = cell(cells, "gpu_model") {
        card.add_hardware(&spot, &chip, Context::Field);
    }
    if let Some(place) = cell(cells, "cloud_region").or_else(|| cell(cells, "country_name")) {
        card.add_place(&spot, &place);
    }
    card.tools.push(candidate(&spot, Field::MeasurementTool, None, "CodeCarbon", None));
    true
}

/// Cells of a line, quoted or not.
fn split_csv(line: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut quoted = false;
    for c in line.trim_end().chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => out.push(String::new()),
            _ => {
                if let Some(cell) = out.last_mut() {
                    cell.push(c);
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests;
