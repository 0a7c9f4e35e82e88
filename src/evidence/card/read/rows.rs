//! Which row of a table is this model's: by its name, its phase, its size; the last of the points of one training; never the sum.

use super::phases::{Named, Phase, Title, own_phase};
use super::repository::{FULL_NAME, Repository};
use super::totals::{OTHER_ROW, TOTAL_ROW, is_component, is_total};
use crate::evidence::card::about::CardRole;
use crate::evidence::card::parse::block::Block;
use crate::evidence::card::parse::pair::norm_key;
use crate::evidence::quantity::numbers::first_quantity;
use crate::evidence::quantity::tokens::lex;
use crate::evidence::vocabulary;

/// Words of a row that is a stage of a training: "Stage 2".
const STAGE_WORDS: &[&str] = &["stage", "phase", "step", "part", "one", "two", "three", "i", "ii", "iii", "iv"];
/// Cells of a row in which its name is looked for.
const NAME_CELLS: usize = 2;
/// Values of the points of a training grow with its length, within this factor.
const IN_PROPORTION: std::ops::RangeInclusive<f64> = 0.5..=2.0;

/// The rows of a table, and which is this model's.
pub struct Rows {
    /// Number of the row.
    pub own: Option<usize>,
    /// Whether the row has this model's full name.
    pub full_name: bool,
    /// Why each of the others is none of this model's.
    reasons: Vec<&'static str>,
}

impl Rows {
    /// Why a row is none of this model's.
    #[must_use]
    pub fn refuse(&self, row: usize) -> Option<&'static str> {
        (self.own != Some(row)).then(|| self.reasons.get(row).copied().unwrap_or(OTHER_ROW))
    }
}

/// Finds the row of this model.
#[must_use]
pub fn find_own(own: &Repository, rows: &[&Block]) -> Rows {
    let titles: Vec<Title> = rows.iter().map(|row| Title::read_title(own, row.cells.first().map_or("", String::as_str))).collect();
    let totals: Vec<bool> = rows.iter().map(|row| row.cells.first().is_some_and(|c| is_total(c))).collect();
    let scores: Vec<usize> =
        rows.iter().zip(&titles).zip(&totals).map(|((row, title), total)| score(own, row, title, *total)).collect();
    let mut reasons: Vec<&'static str> = totals.iter().map(|total| if *total { TOTAL_ROW } else { OTHER_ROW }).collect();
    let named = scores.iter().any(|s| *s > 0);
    let mut found = unique_best(&scores, 1).or((!named && rows.len() == 1 && !totals.contains(&true)).then_some(0));
    if !named && rows.len() > 1 {
        found = of_phase(own, &titles, &totals);
    }
    if found.is_none() && !named {
        found = only_training(own, &titles, &totals);
    }
    let are_parts = || totals.iter().filter(|total| **total).count() == 1 && rows.len() > 2 && are_components(rows, &totals);
    if found.is_none() && !named && (are_parts() || are_stages_of_one(own, &titles, &totals)) {
        found = totals.iter().position(|total| *total);
        for (reason, _) in reasons.iter_mut().zip(&totals).filter(|(_, total)| !**total) {
            *reason = "one stage of several";
        }
    }
    let full_name = found.is_some_and(|i| scores.get(i).is_some_and(|s| *s >= FULL_NAME));
    Rows { own: found, full_name, reasons }
}

/// How well a row names this model; 0 for a sum, and for another phase of it.
fn score(own: &Repository, row: &Block, title: &Title, is_total: bool) -> usize {
    if is_total {
        return 0;
    }
    let is_ours = |cell: &String| vocabulary::keys().columns.ours.contains(&norm_key(cell).as_str());
    if row.cells.first().is_some_and(is_ours) {
        return FULL_NAME;
    }
    let plain = row.cells.iter().take(NAME_CELLS).map(|c| own.score(c)).max().unwrap_or(0);
    let fits = title.phase.is_none() || own_phase(own).is_none_or(|mine| title.phase == Some(mine));
    if plain >= FULL_NAME || (plain > 0 && title.phase.is_none()) {
        return plain;
    }
    match title.named {
        // "9B Pruning & Distillation": its name without the words for the phase.
        Named::Mine(_) if fits && title.phase.is_some() => own.score(&title.rest).max(plain),
        Named::Mine(_) | Named::Other | Named::Nobody | Named::Unknown => 0,
    }
}

/// The only row of this model's phase, in a table whose rows are phases.
fn of_phase(own: &Repository, titles: &[Title], totals: &[bool]) -> Option<usize> {
    let mine = own_phase(own)?;
    let are_phases = titles.iter().zip(totals).all(|(t, total)| *total || (t.named == Named::Nobody && t.phase.is_some()));
    let mut rows =
        titles.iter().zip(totals).enumerate().filter(|(_, (t, total))| !**total && t.phase == Some(mine)).map(|(i, _)| i);
    let first = rows.next().filter(|_| are_phases)?;
    rows.next().is_none().then_some(first)
}

/// The only row that is a training, among evaluations and uses: "Training", "Evaluation", "Inference".
fn only_training(own: &Repository, titles: &[Title], totals: &[bool]) -> Option<usize> {
    let is_use = |t: &Title| t.phase == Some(Phase::Never);
    let mut rows = titles.iter().zip(totals).enumerate().filter(|(_, (t, total))| !**total && !is_use(t)).map(|(i, _)| i);
    let is_training = |t: &Title| match t.phase {
        None => t.is_silent(),
        Some(Phase::FineTuning) => t.named == Named::Nobody,
        // The pre-training that a fine-tune tells of is its base's.
        Some(Phase::PreTraining) => t.named == Named::Nobody && own_phase(own) == Some(Phase::PreTraining),
        Some(Phase::Never) => false,
    };
    let first = rows.next().filter(|i| titles.get(*i).is_some_and(is_training))?;
    (rows.next().is_none() && titles.iter().any(is_use) && !own.has_base()).then_some(first)
}

/// Whether all rows but the sum are parts of a machine.
fn are_components(rows: &[&Block], totals: &[bool]) -> bool {
    rows.iter().zip(totals).all(|(row, total)| *total || row.cells.first().is_some_and(|c| is_component(c)))
}

/// Whether the rows are the stages of the pre-training of a model without a base, and one is their sum: the sum is the run.
fn are_stages_of_one(own: &Repository, titles: &[Title], totals: &[bool]) -> bool {
    let is_stage = |t: &Title| {
        let words = || t.rest.split(' ').filter(|w| !w.is_empty());
        let all = words().all(|w| STAGE_WORDS.contains(&w) || w.parse::<u32>().is_ok() || own.has(w));
        all && t.phase.is_none_or(|p| p == Phase::PreTraining) && (words().next().is_some() || t.phase.is_some())
    };
    own.role == CardRole::OwnTraining
        && !own.has_base()
        && own_phase(own) == Some(Phase::PreTraining)
        && totals.iter().filter(|total| **total).count() == 1
        && titles.len() > 2
        && titles.iter().zip(totals).all(|(t, total)| *total || is_stage(t))
}

/// Index of the only highest score.
#[must_use]
pub fn unique_best(scores: &[usize], least: usize) -> Option<usize> {
    let best = scores.iter().copied().max().filter(|s| *s >= least)?;
    let mut at = scores.iter().enumerate().filter(|(_, s)| **s == best).map(|(i, _)| i);
    let first = at.next()?;
    at.next().is_none().then_some(first)
}

/// How far each row has come in a training, where the rows are its points in order.
#[must_use]
pub fn points(rows: &[&Block]) -> Option<Vec<f64>> {
    let header = rows.first().and_then(|row| row.header.first()).map(|h| norm_key(h))?;
    if rows.len() < 2 || !vocabulary::keys().columns.points.contains(&header.as_str()) {
        return None;
    }
    let at: Vec<f64> = rows.iter().map_while(|row| first_quantity(&lex(row.cells.first()?)).map(|q| q.value)).collect();
    (at.len() == rows.len() && at.windows(2).all(|w| matches!(w, [a, b] if a < b))).then_some(at)
}

/// Whether the values of a column add up from point to point: the last is the whole training's.
#[must_use]
pub fn add_up(points: &[f64], values: &[f64]) -> bool {
    let grow = values.windows(2).all(|w| matches!(w, [a, b] if a < b));
    let ends = |all: &[f64]| all.first().copied().zip(all.last().copied());
    let Some(((p0, p1), (v0, v1))) = ends(points).zip(ends(values)) else { return false };
    if points.len() != values.len() || !grow || v0 < 0.0 {
        return false;
    }
    // From a point at nothing on, any growth will do.
    p0 <= 0.0 || v0 <= 0.0 || IN_PROPORTION.contains(&((v1 / v0) / (p1 / p0)))
}
