//! Sums of groups, draw by draw.

use super::{COHORTS, Cohorts, Key};
use crate::domain::{GroupBy, Quantiles};
use crate::method::chain;
use crate::method::draws::Draws;
use crate::method::summary::{Scratch, summarize, summarize_all};
use crate::tables::AggregateRow;
use crate::units::{Flop, KgCo2e};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// A repository as it is summed.
pub(super) struct Row<'a> {
    pub(super) keys: Vec<Key<'a>>,
    /// Those of its estimate.
    pub(super) figures: Figures,
    /// None where nothing was trained.
    pub(super) draws: Option<&'a Draws>,
}

/// What a group is published with: FLOP, kWh, kg CO2e, and g CO2e per PFLOP where something was trained.
pub(super) type Figures = ([Quantiles; 3], Option<Quantiles>);

/// Sums of the rows of a key, draw by draw.
#[derive(Clone, Default)]
struct Sums {
    runs: i64,
    models: i64,
    flop: Vec<f64>,
    energy: Vec<f64>,
    emissions: Vec<f64>,
    /// Those of the last run.
    last: Figures,
}

impl Sums {
    /// Adds rows, each after the one before. Of a run that no other will follow the figures are enough.
    fn add(&mut self, rows: &[&Row<'_>], is_whole: bool) {
        self.models += count(rows.len());
        let drawn: Vec<&Draws> = rows.iter().filter_map(|row| row.draws).collect();
        self.runs += count(drawn.len());
        if let Some(last) = rows.iter().rev().find(|row| row.draws.is_some()) {
            self.last = last.figures;
        }
        if is_whole && self.runs <= 1 {
            return;
        }
        let all = |quantity: fn(&Draws) -> &[f64]| drawn.iter().map(|draws| quantity(draws)).collect::<Vec<_>>();
        add_in_order(&mut self.flop, &all(|draws| &draws.flop));
        add_in_order(&mut self.energy, &all(|draws| &draws.energy));
        add_in_order(&mut self.emissions, &all(|draws| &draws.emissions));
    }

    fn add_sums(&mut self, other: &Self) {
        self.models += other.models;
        self.runs += other.runs;
        if other.runs > 0 {
            self.last = other.last;
        }
        add_in_order(&mut self.flop, &[&other.flop]);
        add_in_order(&mut self.energy, &[&other.energy]);
        add_in_order(&mut self.emissions, &[&other.emissions]);
    }

    /// Of one run they are those of its estimate.
    fn figures(&self) -> Figures {
        if self.runs <= 1 {
            return self.last;
        }
        let mut scratch = Scratch::default();
        let quantities = summarize_all([&self.flop, &self.energy, &self.emissions], &mut scratch);
        let trained = self.emissions.iter().zip(&self.flop).filter(|(_, c)| **c > 0.0);
        let ratios: Vec<f64> = trained.map(|(m, c)| chain::atci(KgCo2e(*m), Flop(*c)).0).collect();
        (quantities, (!ratios.is_empty()).then(|| summarize(&ratios, &mut scratch)))
    }

    fn row(&self, group_by: GroupBy, group: &str) -> AggregateRow {
        let ([train_flop, energy_kwh, emissions_kgco2e], atci_gco2e_per_pflop) = self.figures();
        AggregateRow {
            cohort: String::new(),
            group_by,
            group: group.to_owned(),
            runs: self.runs,
            models: self.models,
            train_flop,
            energy_kwh,
            emissions_kgco2e,
            atci_gco2e_per_pflop,
            share_of_total: 0.0,
        }
    }
}

/// A group's sums by the cohorts of their rows.
type ByCohorts = BTreeMap<Cohorts, Sums>;

/// Sums of every group.
pub(super) struct Totals {
    names: [String; COHORTS],
    open: FxHashMap<(GroupBy, String), ByCohorts>,
    closed: Vec<AggregateRow>,
}

impl Totals {
    pub(super) fn new(names: [String; COHORTS]) -> Self {
        Self { names, open: FxHashMap::default(), closed: Vec::new() }
    }

    /// Adds a block, of which the last row is of that owner. Groups work beside each other; each adds its rows in their order, so that sums
    /// do not depend on threads.
    pub(super) fn add(&mut self, block: &[Row<'_>], last_owner: Option<&str>) {
        let mut rows: BTreeMap<&Key<'_>, Vec<&Row<'_>>> = BTreeMap::new();
        for row in block {
            for key in &row.keys {
                rows.entry(key).or_default().push(row);
            }
        }
        let mut keys = rows.keys().copied().peekable();
        let (mut before, mut alone) = (None, Vec::with_capacity(rows.len()));
        while let Some(key) = keys.next() {
            let is_shared =
                [before, keys.peek().copied()].into_iter().flatten().any(|other: &Key<'_>| (other.0, &other.1) == (key.0, &key.1));
            alone.push(is_done((key.0, &key.1), last_owner) && !is_shared);
            before = Some(key);
        }
        let work: Vec<(&Key<'_>, Sums, Vec<&Row<'_>>, bool)> = rows
            .into_iter()
            .zip(alone)
            .map(|((key, rows), is_alone)| {
                let group = self.open.get_mut(&(key.0, key.1.to_string()));
                // What is open from the block before comes on top.
                let is_whole = is_alone && group.is_none();
                let sums = group.and_then(|group| group.remove(&key.2));
                (key, sums.unwrap_or_default(), rows, is_whole)
            })
            .collect();
        let done: Vec<(&Key<'_>, Sums)> = work
            .into_par_iter()
            .map(|(key, mut sums, rows, is_whole)| {
                sums.add(&rows, is_whole);
                (key, sums)
            })
            .collect();
        for ((group_by, group, cohorts), sums) in done {
            self.open.entry((*group_by, group.to_string())).or_default().insert(*cohorts, sums);
        }
    }

    /// Owners are many and contiguous: after a block only the last one stays open.
    pub(super) fn close_owners_before(&mut self, last: Option<&str>) {
        let is_done = |key: &&(GroupBy, String)| is_done((key.0, &key.1), last);
        let done: Vec<(GroupBy, String)> = self.open.keys().filter(is_done).cloned().collect();
        let groups = done.into_iter().filter_map(|key| self.open.remove_entry(&key)).collect();
        self.close(groups);
    }

    /// Rows of groups that are complete. Cohorts that hold the same rows of a group have the same figures.
    fn close(&mut self, groups: Vec<((GroupBy, String), ByCohorts)>) {
        let names = &self.names;
        let of_group = |((group_by, group), sums): ((GroupBy, String), ByCohorts)| -> Vec<AggregateRow> {
            let mut rows: Vec<(Vec<Cohorts>, AggregateRow)> = Vec::new();
            for (cohort, name) in names.iter().enumerate() {
                let parts: Vec<Cohorts> = sums.keys().copied().filter(|cohorts| cohorts.hold(cohort)).collect();
                let row = match (rows.iter().find(|(of, _)| *of == parts), parts.as_slice()) {
                    (_, []) => continue,
                    (Some((_, row)), _) => row.clone(),
                    (None, [only]) => sums[only].row(group_by, &group),
                    (None, [first, others @ ..]) => {
                        let mut whole = sums[first].clone();
                        others.iter().for_each(|part| whole.add_sums(&sums[part]));
                        whole.row(group_by, &group)
                    }
                };
                rows.push((parts, AggregateRow { cohort: name.clone(), ..row }));
            }
            rows.into_iter().map(|(_, row)| row).collect()
        };
        let rows: Vec<Vec<AggregateRow>> = groups.into_par_iter().map(of_group).collect();
        self.closed.extend(rows.into_iter().flatten());
    }

    pub(super) fn finish(mut self) -> Vec<AggregateRow> {
        let open = std::mem::take(&mut self.open).into_iter().collect();
        self.close(open);
        let mut table = self.closed;
        let totals: BTreeMap<String, f64> =
            table.iter().filter(|r| r.group_by == GroupBy::All).map(|r| (r.cohort.clone(), r.emissions_kgco2e.mean)).collect();
        for row in &mut table {
            let total = totals.get(&row.cohort).copied().unwrap_or_default();
            row.share_of_total = if total > 0.0 { row.emissions_kgco2e.mean / total } else { 0.0 };
        }
        table.sort_by(|a, b| (&a.cohort, a.group_by.name(), &a.group).cmp(&(&b.cohort, b.group_by.name(), &b.group)));
        table
    }
}

/// Whether no row of a later block belongs to a group. Ids without namespace lie scattered between the owners, so that the group `unknown`
/// stays open to the end.
fn is_done((group_by, group): (GroupBy, &str), last_owner: Option<&str>) -> bool {
    group_by == GroupBy::Owner && group != "unknown" && Some(group) != last_owner
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Rows whose draws are added in one pass over the sums.
const AT_ONCE: usize = 4;

/// Adds the draws of rows to sums, each row after the one before; sums that are empty begin with the first row.
fn add_in_order(sums: &mut Vec<f64>, rows: &[&[f64]]) {
    let rows = match rows {
        [first, rest @ ..] if sums.is_empty() => {
            sums.extend_from_slice(first);
            rest
        }
        rows => rows,
    };
    let (fours, rest) = rows.as_chunks::<AT_ONCE>();
    for [a, b, c, d] in fours {
        for ((((sum, a), b), c), d) in sums.iter_mut().zip(*a).zip(*b).zip(*c).zip(*d) {
            *sum = (((*sum + a) + b) + c) + d;
        }
    }
    for row in rest {
        for (sum, value) in sums.iter_mut().zip(*row) {
            *sum += value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 + 2^-53 is 1, twice; 2^-53 + 2^-53 first would be seen. Nine rows are the first, two fours and none left; ten leave one.
    #[test]
    fn rows_are_added_in_their_order_however_many_at_once() {
        let half = 2.0_f64.powi(-53);
        for n in 1..=10_usize {
            let rows: Vec<Vec<f64>> =
                (0..n).map(|row| vec![if row == 0 { 1.0 } else { half }, f64::from(u32::try_from(row).unwrap())]).collect();
            let rows: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
            let mut sums = Vec::new();
            add_in_order(&mut sums, &rows);
            #[allow(clippy::cast_precision_loss)]
            let expected = [1.0, (n * (n - 1) / 2) as f64];
            assert_eq!(sums, expected, "{n}");
        }
    }
}
