//! Which row of a table is this model's: by its name, its phase, its size; the last of the points of one training; never the sum.

use super::bases::repo_of;
use super::designators::Designators;
use super::naming::{FULL_NAME, Name, Named};
use super::phases::{Phase, Title, own_phase};
use super::repository::{Repository, name_tokens, size_of};
use super::stages::{Part, STAGES, is_work, parts};
use super::totals::{OTHER_ROW, TOTAL_ROW, is_component, is_total};
use crate::evidence::card::about::CardRole;
use crate::evidence::card::parse::block::Block;
use crate::evidence::card::parse::pair::norm_key;
use crate::evidence::quantity::numbers::first_quantity;
use crate::evidence::quantity::tokens::lex;
use crate::evidence::vocabulary;

/// Longest cell that is a value, in bytes.
const MOST_VALUE_BYTES: usize = 40;
/// Most words of the header of a base's column.
const MOST_BASE_WORDS: usize = 4;
/// Most tokens of a cell that is a value.
const MOST_VALUE_TOKENS: usize = 6;
/// Cells of a row in which its name is looked for.
const NAME_CELLS: usize = 2;
/// A sum of rounded figures differs from the rounded sum by less.
const ROUNDED: f64 = 0.01;
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

    /// Whether a row is a stage of this model's training.
    #[must_use]
    pub fn is_stage(&self, row: usize) -> bool {
        self.reasons.get(row).is_some_and(|why| STAGES.contains(why))
    }
}

/// Finds the row of this model.
#[must_use]
pub fn find_own(own: &Repository, rows: &[&Block]) -> Rows {
    let titles: Vec<Title> = rows.iter().map(|row| Title::read_title(own, row.cells.first().map_or("", String::as_str))).collect();
    let mut totals: Vec<bool> = rows.iter().map(|row| row.cells.first().is_some_and(|c| is_total(c))).collect();
    let scores: Vec<usize> =
        rows.iter().zip(&titles).zip(&totals).map(|((row, title), total)| score(own, row, title, *total)).collect();
    let scores = if rows.iter().any(|row| is_of_base(own, row)) {
        // The table is of the base's family: only a whole name is this model's.
        scores.into_iter().map(|score| if score >= FULL_NAME { score } else { 0 }).collect()
    } else {
        scores
    };
    let joined = joins_the_others(rows).filter(|_| own.role == CardRole::FineTune && own_phase(own) == Some(Phase::FineTuning));
    if let Some(sum) = joined {
        let reasons = vec!["one stage of several"; rows.len()];
        return Rows { own: Some(sum), full_name: false, reasons };
    }
    if let Some(own) = linked_row(own, rows).or_else(|| row_of_size(own, rows)).filter(|i| totals.get(*i) == Some(&false)) {
        return Rows { own: Some(own), full_name: true, reasons: vec![OTHER_ROW; rows.len()] };
    }
    let mut reasons: Vec<&'static str> = totals.iter().map(|total| if *total { TOTAL_ROW } else { OTHER_ROW }).collect();
    let named = scores.iter().any(|s| *s > 0);
    let mut found = unique_best(&scores, 1).or((!named && rows.len() == 1 && !totals.contains(&true)).then_some(0));
    if !named && rows.len() > 1 {
        found = of_phase(own, &titles, &totals);
    }
    if found.is_none() && !named {
        let names: Vec<&str> = rows.iter().map(|row| row.cells.first().map_or("", String::as_str)).collect();
        found = by_designators(own, &names).or_else(|| only_training(own, &titles, &totals));
    }
    let parts_total = if found.is_none() && !named { parts_total(rows, &titles, &totals) } else { None };
    if let Some(total) = parts_total {
        totals = (0..rows.len()).map(|i| i == total).collect();
    }
    if parts_total.is_some() {
        found = totals.iter().position(|total| *total);
        for (reason, _) in reasons.iter_mut().zip(&totals).filter(|(_, total)| !**total) {
            *reason = "one stage of several";
        }
    } else if found.is_none()
        && let Some(parts) = stages_of(own, rows)
    {
        found = parts.iter().position(|part| *part == Part::Total);
        for (reason, part) in reasons.iter_mut().zip(&parts) {
            *reason = part.refusal().unwrap_or(reason);
        }
    }
    let full_name = found.is_some_and(|i| scores.get(i).is_some_and(|s| *s >= FULL_NAME));
    Rows { own: found, full_name, reasons }
}

/// What the rows are of, where they are the stages of one training.
fn stages_of(own: &Repository, rows: &[&Block]) -> Option<Vec<Part>> {
    let names: Vec<&str> = rows.iter().map(|row| row.cells.first().map_or("", String::as_str)).collect();
    let header = rows.first().and_then(|row| row.header.first()).map_or("", String::as_str);
    parts(own, header, &names)
}

/// The only row whose name is a link to this repository, whatever the name is.
fn linked_row(own: &Repository, rows: &[&Block]) -> Option<usize> {
    let is_mine = |row: &&Block| {
        let name = row.cells.first().map_or(0, String::len);
        row.links_between(0, name).iter().filter_map(|link| repo_of(&link.target)).any(|repo| repo.eq_ignore_ascii_case(&own.id))
    };
    let mut mine = rows.iter().enumerate().filter(|(_, row)| is_mine(row)).map(|(i, _)| i);
    let first = mine.next().filter(|_| rows.len() > 1)?;
    mine.next().is_none().then_some(first)
}

/// Whether the row of a fine-tune's card is its base's, by its first cells: "| Llama 2 | 13B |".
fn is_of_base(own: &Repository, row: &Block) -> bool {
    let words = || row.cells.iter().take(NAME_CELLS).flat_map(|cell| name_tokens(cell)).collect::<Vec<String>>();
    own.role == CardRole::FineTune && own.is_base_name(&words())
}

/// The only row of this model's size, where all rows have the name of its family: "| Llama 2 | ... | 13B | ...".
fn row_of_size(own: &Repository, rows: &[&Block]) -> Option<usize> {
    let name = rows.first()?.cells.first().filter(|name| rows.len() > 1 && Name::of_cell(own, name).rank() > 0)?;
    if own.role != CardRole::OwnTraining || rows.iter().any(|row| row.cells.first() != Some(name)) {
        return None;
    }
    let size = |cell: &String| match name_tokens(cell).as_slice() {
        [word] => size_of(word),
        _ => None,
    };
    let sizes: Vec<f64> = rows.iter().map_while(|row| row.cells.iter().skip(1).find_map(size)).collect();
    let mut mine = sizes.iter().enumerate().filter(|(_, size)| own.is_own_size(**size) == Some(true)).map(|(i, _)| i);
    let first = mine.next().filter(|_| sizes.len() == rows.len())?;
    mine.next().is_none().then_some(first)
}

/// How well a row names this model; 0 for a sum, and for another phase of it.
fn score(own: &Repository, row: &Block, title: &Title, is_total: bool) -> usize {
    if is_total {
        return 0;
    }
    if row.cells.first().is_some_and(|cell| is_ours(own, cell)) {
        return FULL_NAME;
    }
    let plain = row.cells.iter().take(NAME_CELLS).map(|c| Name::of_cell(own, c).rank()).max().unwrap_or(0);
    let fits = title.phase.is_none() || own_phase(own).is_none_or(|mine| title.phase == Some(mine));
    if plain >= FULL_NAME || (plain > 0 && title.phase.is_none()) {
        return plain;
    }
    match title.named {
        // "9B Pruning & Distillation": its name without the words for the phase.
        Named::Mine(_) if fits && title.phase.is_some() => Name::of_cell(own, &title.rest).rank().max(plain),
        Named::Mine(_) | Named::Other | Named::Nobody | Named::Unknown => 0,
    }
}

/// The only name that fits by its designators, among names of one family: "2B Dense" beside "8B Dense", "v2-large" beside "v2-base".
fn by_designators(own: &Repository, names: &[&str]) -> Option<usize> {
    let words: Vec<Vec<String>> = names.iter().map(|name| name_tokens(name)).collect();
    // A fine-tune's card has tables of its base's family, too.
    let names_family = |words: &[String]| {
        let tells = |w: &String| (own.has(w) || own.is_owners(w)) && Designators::in_words(&[w.as_str()]).is_empty();
        own.role != CardRole::FineTune || words.iter().any(tells)
    };
    let members = words.iter().filter(|words| Designators::in_words(words).has_size()).count();
    let fits = |name: &str, words: &[String]| names_family(words) && Name::of_cell(own, name).is_mine_alone();
    let mut fitting = names.iter().zip(&words).enumerate().filter(|(_, (name, words))| fits(name, words)).map(|(i, _)| i);
    let first = fitting.next().filter(|_| members > 1)?;
    fitting.next().is_none().then_some(first)
}

/// Whether a cell says that its row is this model's, whatever else it says: "Ours", "LoRA (ours)", "owl-base (this repository)". Of two
/// sizes only one is.
fn is_ours(own: &Repository, cell: &str) -> bool {
    let ours = &vocabulary::keys().columns.ours;
    let says = |text: &str| ours.contains(&norm_key(text).as_str());
    let inside = cell.split(['(', '[']).skip(1).filter_map(|rest| rest.split([')', ']']).next());
    let named = |cell: &str| name_tokens(cell).iter().filter_map(|t| size_of(t)).all(|size| own.is_own_size(size) != Some(false));
    (says(cell) || inside.into_iter().any(says)) && named(cell)
}

/// The only row of this model's phase, in a table whose rows are phases.
fn of_phase(own: &Repository, titles: &[Title], totals: &[bool]) -> Option<usize> {
    let mine = own_phase(own)?;
    let is_phase = |t: &Title| match t.phase {
        None => false,
        Some(Phase::Never) => true,
        Some(Phase::PreTraining | Phase::FineTuning) => t.named == Named::Nobody,
    };
    let are_phases = titles.iter().zip(totals).all(|(t, total)| *total || is_phase(t));
    let mut rows =
        titles.iter().zip(totals).enumerate().filter(|(_, (t, total))| !**total && t.phase == Some(mine)).map(|(i, _)| i);
    let first = rows.next().filter(|_| are_phases)?;
    rows.next().is_none().then_some(first)
}

/// The only row that is a training, among evaluations, uses and work on data: "Data cleaning", "Training", "Evaluation", "Inference".
fn only_training(own: &Repository, titles: &[Title], totals: &[bool]) -> Option<usize> {
    let is_use = |t: &Title| t.phase == Some(Phase::Never);
    let is_other = |t: &Title| is_use(t) || (t.phase.is_none() && is_work(t));
    let mut rows = titles.iter().zip(totals).enumerate().filter(|(_, (t, total))| !**total && !is_other(t)).map(|(i, _)| i);
    let used = titles.iter().any(is_use);
    let is_training = |t: &Title| match t.phase {
        None => t.named == Named::Nobody || (used && t.named == Named::Unknown),
        Some(Phase::FineTuning) => t.named == Named::Nobody,
        // The pre-training that a fine-tune tells of is its base's.
        Some(Phase::PreTraining) => t.named == Named::Nobody && own_phase(own) == Some(Phase::PreTraining),
        Some(Phase::Never) => false,
    };
    let first = rows.next().filter(|i| titles.get(*i).is_some_and(is_training))?;
    (rows.next().is_none() && titles.iter().any(is_other)).then_some(first)
}

/// The row that sums up parts of a machine: it is called so, or is the sum of the others, most of which are parts.
fn parts_total(rows: &[&Block], titles: &[Title], totals: &[bool]) -> Option<usize> {
    let is_part = |i: usize| rows.get(i).and_then(|row| row.cells.first()).is_some_and(|c| is_component(c));
    let mut called = totals.iter().enumerate().filter(|(_, total)| **total).map(|(i, _)| i);
    let (first, second) = (called.next(), called.next());
    let last = rows.len().checked_sub(1)?;
    let total = if second.is_some() { return None } else { first.unwrap_or(last) };
    let others = || (0..rows.len()).filter(|i| *i != total);
    let parts = others().filter(|i| is_part(*i)).count();
    let names_none =
        |i: usize| titles.get(i).is_some_and(|t| t.phase.is_none() && matches!(t.named, Named::Nobody | Named::Unknown));
    let all = rows.len() > 2 && parts + 1 == rows.len() && first.is_some();
    let most = parts >= 2 && 2 * parts >= last && others().all(|i| is_part(i) || names_none(i)) && is_sum(rows, total);
    (all || most).then_some(total)
}

/// "SFT", "DPO", "SFT + DPO": the last row sums up the others, by its name and its values.
fn joins_the_others(rows: &[&Block]) -> Option<usize> {
    let name = |row: &&Block| row.cells.first().map(|c| norm_key(c)).unwrap_or_default();
    let last = rows.len().checked_sub(1).filter(|last| *last >= 2)?;
    let cell = rows.get(last)?.cells.first()?;
    let parts: Vec<String> = cell.split(['+', '&']).map(norm_key).collect();
    let others: Vec<String> = rows.get(..last)?.iter().map(name).collect();
    (parts == others && is_sum(rows, last)).then_some(last)
}

/// Whether a row is the sum of the others, in one of its columns.
fn is_sum(rows: &[&Block], total: usize) -> bool {
    let value = |row: &Block, c: usize| row.cells.get(c).and_then(|cell| first_quantity(&lex(cell))).map(|q| q.value);
    let width = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    (1..width).any(|c| {
        let values: Vec<f64> = rows.iter().filter_map(|row| value(row, c)).collect();
        let sum = values.iter().enumerate().filter(|(i, _)| *i != total).map(|(_, v)| v).sum::<f64>();
        values.len() == rows.len() && values.get(total).is_some_and(|v| *v > 0.0 && (v / sum - 1.0).abs() < ROUNDED)
    })
}

/// The column of the values of a table whose rows are keys: the second, or that of this model or its phase where each column is one's.
///
/// # Errors
/// Several columns have values, and none is this model's.
pub fn value_column(own: &Repository, rows: &[&Block]) -> Result<usize, &'static str> {
    let Some(header) = rows.first().map(|row| &row.header) else { return Ok(1) };
    let is_key = |row: &Block| row.cells.first().is_some_and(|cell| !begins_with_a_number(cell));
    let values = |row: &Block| row.cells.iter().skip(1).filter(|c| is_value(c)).take(2).count();
    let several = |row: &&&Block| is_key(row) && values(row) > 1;
    let named_value = header.get(1).is_some_and(|h| norm_key(h).starts_with("value"));
    if let Some(own) = beside_base(own, header) {
        return Ok(own);
    }
    if header.len() < 3 || named_value || 2 * rows.iter().filter(several).count() < rows.len().max(2) {
        return Ok(1);
    }
    own_column(own, header).ok_or("several columns, and which of them is this model's is not said")
}

fn begins_with_a_number(cell: &str) -> bool {
    cell.trim_start_matches(['~', '≈', '$', '`', '*']).starts_with(|c: char| c.is_ascii_digit())
}

/// Whether a cell is a number with little beside it.
#[must_use]
pub fn is_value(cell: &str) -> bool {
    begins_with_a_number(cell) && cell.len() <= MOST_VALUE_BYTES && lex(cell).len() <= MOST_VALUE_TOKENS
}

/// "Original model | Our modification", "v1 | v1.1 (added on top)": the only column beside the base's, in the card of a fine-tune.
#[must_use]
pub fn beside_base(own: &Repository, header: &[String]) -> Option<usize> {
    let of_base = |h: &String| {
        let words = norm_key(h);
        let said = words.split(' ').any(|w| vocabulary::prose().subjects.of_base.contains(&w));
        said && !is_ours(own, h) && words.split(' ').count() <= MOST_BASE_WORDS
    };
    let columns = header.get(1..).filter(|columns| own.role == CardRole::FineTune && columns.len() == 2)?;
    let at = columns.iter().position(|h| !of_base(h))?;
    let is_told = !norm_key(columns.get(at)?).is_empty();
    (is_told && columns.iter().filter(|h| of_base(h)).count() == 1).then_some(at + 1)
}

/// The column that is this model's, its phase's, or the only training among uses.
#[must_use]
pub fn own_column(own: &Repository, header: &[String]) -> Option<usize> {
    let only = |fits: &dyn Fn(&str) -> bool| {
        let mut found = header.iter().enumerate().skip(1).filter(|(_, h)| fits(h)).map(|(i, _)| i);
        found.next().filter(|_| found.next().is_none())
    };
    let scores: Vec<usize> = header.iter().enumerate().map(|(i, h)| if i > 0 { Name::of_cell(own, h).rank() } else { 0 }).collect();
    let titles: Vec<Title> = header.iter().skip(1).map(|h| Title::read_title(own, h)).collect();
    let mine = own_phase(own);
    only(&|h| is_ours(own, h))
        .or_else(|| unique_best(&scores, 1))
        .or_else(|| by_designators(own, &header.iter().map(String::as_str).collect::<Vec<_>>()).filter(|at| *at > 0))
        .or_else(|| only(&|h| mine.is_some() && Title::read_title(own, h).phase == mine))
        .or_else(|| only_training(own, &titles, &vec![false; titles.len()]).map(|i| i + 1))
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
    let words = &vocabulary::keys().columns;
    let name = |row: &Block| row.cells.first().map(|cell| norm_key(cell)).unwrap_or_default();
    // "checkpoint 1", "step-1000", "step10000"
    let is_point = |name: &str| {
        let word = name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, ' ' | ',' | '.' | 'k'));
        word.len() < name.len() && words.points.contains(&word)
    };
    // The last may be called "final".
    let (last, before) = rows.split_last()?;
    let is_final = words.final_points.contains(&name(last).as_str());
    let named = !before.is_empty() && before.iter().all(|row| is_point(&name(row))) && (is_final || is_point(&name(last)));
    if rows.len() < 2 || !(named || words.points.contains(&header.as_str())) {
        return None;
    }
    let number = |row: &&Block| {
        let name = name(row);
        let digits = name.find(|c: char| c.is_ascii_digit()).and_then(|at| name.get(at..)).unwrap_or_default().to_owned();
        first_quantity(&lex(row.cells.first()?)).or_else(|| first_quantity(&lex(&digits))).map(|q| q.value)
    };
    let mut at: Vec<f64> = rows.iter().map_while(number).collect();
    // As far behind the one before it as that is behind its own.
    if is_final
        && at.len() + 1 == rows.len()
        && let [.., a, b] = at.as_slice()
    {
        at.push(2.0 * b - a);
    }
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
    if p0 <= 0.0 || v0 <= 0.0 {
        return true;
    }
    // Between two neighbouring points a figure of each, which stays much the same, is in proportion as well: the nearer of the two it is.
    let (grown, apart) = (v1 / v0, (v1 / v0) / (p1 / p0));
    IN_PROPORTION.contains(&apart) && apart.max(1.0 / apart) < grown
}
