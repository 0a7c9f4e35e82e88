//! The results table of a trainer: its rows with epoch and step, and where the training ended.
//!
//! The table has a row for every evaluation. A training whose planned end lies before the next evaluation went on to that end: its steps
//! are scaled to the planned epochs. One whose next evaluation is missing was stopped at the last row.

use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::card::parse::pair::norm_key;
use crate::evidence::card::read::passage::Passage;
use crate::evidence::quantity::numbers::first_quantity;
use crate::evidence::quantity::tokens::lex;

/// Widest interval of the steps of a pass that is still scaled, as a share: beyond, the epochs are too coarse.
const MAX_COARSENESS: f64 = 0.02;
/// Epochs beyond the planned ones that are rounding.
const BEYOND: f64 = 0.05;

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row<'b> {
    /// Passes so far.
    pub epoch: f64,
    /// Steps so far.
    pub step: f64,
    /// The row.
    pub block: &'b Block,
    /// Why it cannot be this model's.
    pub refused: Option<&'static str>,
}

/// A results table.
#[derive(Clone, Debug)]
pub struct Log<'b> {
    /// Rows with both numbers, in order.
    pub rows: Vec<Row<'b>>,
    /// Half of the last digit of its epochs.
    half_digit: f64,
}

/// Where a training ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    /// At the last row.
    LastRow,
    /// At the planned end, behind the last row: steps.
    Planned(f64),
    /// At the last row, before the planned end.
    Stopped,
    /// Cannot be told.
    Unclear(&'static str),
}

/// What was planned.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan {
    /// Passes.
    pub epochs: Option<f64>,
    /// Steps.
    pub steps: Option<f64>,
    /// Steps of accumulation; 1 where none are stated.
    pub accumulation: f64,
    /// Whether the card speaks of early stopping.
    pub early: bool,
}

/// The results tables of a card.
pub fn logs<'b>(passages: &[Passage<'b>]) -> Vec<Log<'b>> {
    let mut out: Vec<(usize, Log<'b>)> = Vec::new();
    // The columns of the table that is read.
    let (mut table, mut columns) = (0, None);
    for passage in passages.iter().filter(|p| p.block.kind == BlockKind::TableRow && !p.block.is_header) {
        let b = passage.block;
        if b.table != table {
            let find = |name: &str| b.header.iter().position(|h| norm_key(h) == name);
            (table, columns) = (b.table, find("epoch").zip(find("step")));
        }
        let Some((epoch, step)) = columns else { continue };
        let cell = |at: usize| b.cells.get(at).map(|c| c.trim_matches(['*', ' ', '`']));
        let number = |at: usize| cell(at).and_then(|c| first_quantity(&lex(c))).map(|q| q.value);
        let Some((e, s)) = number(epoch).zip(number(step)) else { continue };
        let decimals = cell(epoch).and_then(|c| c.split_once('.')).map_or(0, |(_, d)| d.len()).clamp(2, 6);
        let half = 0.5 * 10_f64.powi(-i32::try_from(decimals).unwrap_or(2));
        let row = Row { epoch: e, step: s, block: b, refused: passage.refused };
        match out.last_mut() {
            Some((table, log)) if *table == b.table => {
                log.rows.push(row);
                log.half_digit = log.half_digit.min(half);
            }
            _ => out.push((b.table, Log { rows: vec![row], half_digit: half })),
        }
    }
    let mut logs: Vec<Log<'b>> = Vec::new();
    for (_, log) in out {
        match logs.last_mut() {
            Some(before) if before.goes_on_in(&log) => {
                before.half_digit = before.half_digit.min(log.half_digit);
                before.rows.extend(log.rows);
            }
            _ => logs.push(log),
        }
    }
    logs
}

impl<'b> Log<'b> {
    /// The last row.
    #[must_use]
    pub fn last(&self) -> Option<&Row<'b>> {
        self.rows.last()
    }

    /// Whether another table goes on with the passes and steps of this one, at the same pace.
    fn goes_on_in(&self, next: &Self) -> bool {
        let Some((last, first)) = self.last().zip(next.rows.first()) else { return false };
        let pace = |row: &Row<'_>| row.step / row.epoch;
        first.epoch > last.epoch && first.step > last.step && (pace(first) / pace(last) - 1.0).abs() < MAX_COARSENESS
    }

    /// Number of the table that an earlier part of it stands in, if there is one.
    pub fn earlier_tables(&self) -> impl Iterator<Item = usize> {
        let last = self.last().map(|row| row.block.table);
        self.rows.iter().map(|row| row.block.table).filter(move |table| Some(*table) != last)
    }

    /// Where the training ended.
    #[must_use]
    pub fn end(&self, plan: &Plan) -> End {
        let Some(last) = self.last() else { return End::Unclear("no row with a step") };
        let ascends = self.rows.windows(2).all(|w| matches!(w, [a, b] if b.step >= a.step && b.epoch >= a.epoch));
        if !ascends || last.step <= 0.0 {
            return End::Unclear("the steps of the results table go back");
        }
        let interval = self.interval(last.step);
        if let Some(planned) = plan.steps {
            return by_steps(last.step, planned, interval, plan.early);
        }
        let Some(epochs) = plan.epochs else { return End::LastRow };
        if last.epoch > epochs + BEYOND {
            return End::Unclear("the results table goes beyond the stated epochs");
        }
        // One step is this share of a pass; a last pass that accumulation cut short ends just before the stated number.
        let step = last.epoch / last.step;
        if last.epoch + self.half_digit + 1.01 * step * plan.accumulation.min(2.0) >= epochs {
            return End::LastRow;
        }
        let Some((least, most)) = self.steps_of_a_pass() else { return End::Unclear("epochs and steps of the table disagree") };
        if (most - least) / most > MAX_COARSENESS {
            return End::Unclear("the epochs of the results table are too coarse to scale");
        }
        let total = total_steps(last, least, most, epochs, plan.accumulation);
        if least * epochs - last.step >= interval || plan.early {
            return End::Stopped;
        }
        if total <= last.step {
            return End::LastRow;
        }
        End::Planned(total.min(last.step + interval - 1.0).max(last.step))
    }

    /// Steps between the last two evaluations; with one row the steps to it.
    fn interval(&self, last: f64) -> f64 {
        self.rows.iter().rev().map(|r| last - r.step).find(|gap| *gap > 0.0).unwrap_or(last)
    }

    /// Steps of a pass: the interval that all rows allow, whose epochs are rounded.
    fn steps_of_a_pass(&self) -> Option<(f64, f64)> {
        let mut range = (0.0_f64, f64::INFINITY);
        for row in self.rows.iter().rev().filter(|r| r.epoch > 4.0 * self.half_digit) {
            let next = (row.step / (row.epoch + self.half_digit), row.step / (row.epoch - self.half_digit));
            let both = (range.0.max(next.0), range.1.min(next.1));
            // Early rows of a pass that accumulation cuts are a little off: the last ones count.
            if both.0 > both.1 {
                break;
            }
            range = both;
        }
        (range.1.is_finite() && range.0 > 0.0).then_some(range)
    }
}

fn by_steps(last: f64, planned: f64, interval: f64, early: bool) -> End {
    if planned < last {
        End::Unclear("the results table goes beyond the stated steps")
    } else if planned - last < 0.5 {
        End::LastRow
    } else if planned - last < interval && !early {
        End::Planned(planned)
    } else {
        End::Stopped
    }
}

/// Steps of the planned passes. With accumulation a pass ends with its last whole step.
fn total_steps(last: &Row<'_>, least: f64, most: f64, epochs: f64, accumulation: f64) -> f64 {
    let measured = (last.step / last.epoch).clamp(least, most);
    let whole = measured.round();
    let pass = if (least..=most).contains(&whole) {
        whole
    } else if accumulation > 1.0 {
        measured.floor()
    } else {
        measured
    };
    (pass * epochs - 1e-6).ceil()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(rows: &[(f64, f64)], plan: Plan) -> End {
        let block = Block::plain(BlockKind::TableRow, "", 0, 0);
        let rows = rows.iter().map(|(epoch, step)| Row { epoch: *epoch, step: *step, block: &block, refused: None }).collect();
        Log { rows, half_digit: 0.005 }.end(&plan)
    }

    fn epochs(epochs: f64) -> Plan {
        Plan { epochs: Some(epochs), accumulation: 1.0, ..Plan::default() }
    }

    #[test]
    fn where_trainings_end() {
        let steps = |steps: f64| Plan { steps: Some(steps), accumulation: 1.0, ..Plan::default() };
        // The last evaluation is the end.
        assert_eq!(end(&[(1.0, 170.0), (3.0, 510.0)], epochs(3.0)), End::LastRow);
        assert_eq!(end(&[(0.99, 110.0), (1.99, 220.0), (2.98, 330.0)], Plan { accumulation: 4.0, ..epochs(3.0) }), End::LastRow);
        assert_eq!(end(&[(0.96, 18.0), (3.84, 72.0), (4.8, 90.0)], Plan { accumulation: 4.0, ..epochs(5.0) }), End::LastRow);
        // Between two evaluations; a pass of 11 steps is no pass of 10 because its epochs are rounded.
        let eleven = Plan { accumulation: 2.0, ..epochs(70.0) };
        assert_eq!(end(&[(18.18, 200.0), (36.36, 400.0), (54.55, 600.0)], eleven), End::Planned(770.0));
        assert_eq!(end(&[(9.41, 800.0), (18.82, 1600.0), (28.24, 2400.0)], epochs(30.0)), End::Planned(2550.0));
        assert_eq!(end(&[(0.53, 500.0), (1.06, 1000.0), (1.6, 1500.0)], epochs(2.0)), End::Planned(1878.0));
        assert_eq!(end(&[(1.0, 1000.0), (2.0, 3000.0)], steps(4000.0)), End::Planned(4000.0));
        // Stopped: the next evaluation is missing.
        assert_eq!(end(&[(1.0, 5.0), (19.0, 95.0), (20.0, 100.0)], epochs(50.0)), End::Stopped);
        assert_eq!(end(&[(1.0, 1000.0), (2.0, 2000.0)], steps(12_000.0)), End::Stopped);
        assert_eq!(end(&[(9.41, 800.0), (18.82, 1600.0), (28.24, 2400.0)], Plan { early: true, ..epochs(30.0) }), End::Stopped);
        // Nothing planned.
        assert_eq!(end(&[(1.0, 170.0)], Plan::default()), End::LastRow);
    }

    #[test]
    fn tables_that_tell_nothing() {
        for (rows, plan) in [
            (vec![(1.0, 500.0), (0.5, 250.0)], epochs(1.0)),
            (vec![(2.0, 500.0), (9.86, 11_500.0)], epochs(5.0)),
            (vec![(0.01, 50.0), (0.02, 100.0)], epochs(1.0)),
        ] {
            assert!(matches!(end(&rows, plan), End::Unclear(_)), "{rows:?}");
        }
    }
}
