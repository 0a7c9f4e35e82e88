//! Instants that no other record of the index comes near: one wrong date must not be the date of the index, or of its models.

use crate::error::Result;
use crate::tables::{QuarantineRow, RawModelRow};
use crate::units::TimestampMs;
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::compute::nullif;
use arrow::datatypes::TimestampMillisecondType;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// Days of a year.
const YEAR_DAYS: i64 = 366;
/// A gap without any instant behind which those that follow are none: so many days at least, so many times the longest gap in the year before
/// it, and so many records for each that has such an instant. Of more it is a change of the source, and of an index of fewer records nothing
/// can be told. Behind a whole year without any, one in a hundred may be wrong; a nightly crawl ends with records of its own day, so that one a
/// month ahead stands out, and dated every snapshot until then.
const GAPS: [Gap; 2] =
    [Gap { days: YEAR_DAYS, times: 0, records_per_wrong_one: 100 }, Gap { days: 31, times: 3, records_per_wrong_one: 500 }];
/// Columns with instants, as records call them.
const COLUMNS: [(&str, &str); 2] = [("created_at", "createdAt"), ("last_modified", "lastModified")];

/// What a gap must be.
struct Gap {
    days: i64,
    times: i64,
    records_per_wrong_one: u64,
}

/// The instants of an index, counted by day.
#[derive(Default)]
pub(super) struct Days {
    records: u64,
    days: BTreeMap<i64, u64>,
}

/// Where the instants of an index end, if some lie far behind the others.
#[derive(Clone, Copy, Default)]
pub(super) struct Horizon {
    /// The last instant that counts, in milliseconds.
    end: Option<i64>,
    /// The newest that counts.
    newest: Option<i64>,
}

impl Days {
    pub(super) fn add(&mut self, row: &RawModelRow) {
        self.records += 1;
        for instant in [row.created_at, row.last_modified].into_iter().flatten() {
            *self.days.entry(instant.0.div_euclid(DAY_MS)).or_default() += 1;
        }
    }

    /// The horizon: the other instants decide, and no clock, so that a rebuild comes to the same.
    pub(super) fn horizon(&self, newest: Option<i64>) -> Horizon {
        let days: Vec<(i64, u64)> = self.days.iter().map(|(day, count)| (*day, *count)).collect();
        let (mut beyond, mut last) = (0, None);
        for at in (1..days.len()).rev() {
            beyond += days[at].1;
            let (day, gap) = (days[at - 1].0, days[at].0 - days[at - 1].0);
            let is_one = |of: &Gap| {
                gap > of.days
                    && beyond * of.records_per_wrong_one <= self.records
                    && gap > of.times * longest_gap(&days[..at], day - YEAR_DAYS)
            };
            if GAPS.iter().any(is_one) {
                last = Some(day);
            }
            if beyond * GAPS[0].records_per_wrong_one > self.records {
                break;
            }
        }
        let end = last.map(|day| (day + 1) * DAY_MS - 1);
        Horizon { end, newest: end.map_or(newest, |end| newest.map(|newest| newest.min(end))) }
    }
}

/// Days of the longest gap between days with instants since one.
fn longest_gap(days: &[(i64, u64)], since: i64) -> i64 {
    days.windows(2).rev().take_while(|pair| pair[0].0 >= since).map(|pair| pair[1].0 - pair[0].0).max().unwrap_or(1)
}

impl Horizon {
    /// Newest instant that counts, in milliseconds; only its day is known where some were cut off.
    pub(super) const fn newest(self) -> Option<i64> {
        self.newest
    }

    /// The rows without instants behind the horizon, and what is set aside.
    pub(super) fn cut(self, batch: &RecordBatch, set_aside: &mut Vec<QuarantineRow>) -> Result<RecordBatch> {
        let Some(end) = self.end else { return Ok(batch.clone()) };
        let schema = batch.schema();
        let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
        let locators = batch.column_by_name("locator").and_then(|column| column.as_string_opt::<i32>());
        for (name, key) in COLUMNS {
            let at = schema.index_of(name)?;
            let Some(instants) = columns[at].as_primitive_opt::<TimestampMillisecondType>() else { continue };
            let is_beyond = |row: usize| instants.is_valid(row) && instants.value(row) > end;
            let beyond: Vec<usize> = (0..batch.num_rows()).filter(|row| is_beyond(*row)).collect();
            if beyond.is_empty() {
                continue;
            }
            for row in &beyond {
                let locator = locators.map(|locators| locators.value(*row)).unwrap_or_default();
                set_aside.push(QuarantineRow {
                    source: super::file_of(locator).to_owned(),
                    locator: format!("{locator} {key}"),
                    reason: format!("far behind every other date of the index, which ends on {}", TimestampMs(end).day()),
                    raw: TimestampMs(instants.value(*row)).day().to_string(),
                });
            }
            let mask: BooleanArray = (0..batch.num_rows()).map(|row| Some(is_beyond(row))).collect();
            columns[at] = nullif(&(Arc::new(instants.clone()) as ArrayRef), &mask)?;
        }
        Ok(RecordBatch::try_new(schema, columns)?)
    }

    /// Says how many instants were set aside.
    pub(super) fn log(self, set_aside: &[QuarantineRow]) {
        if let (Some(end), Some(first)) = (self.end, set_aside.first()) {
            let (dates, index_ends, example) =
                (set_aside.len(), TimestampMs(end).day(), format!("{}: {}", first.locator, first.raw));
            tracing::warn!(dates, %index_ends, example, "dates far behind all others: they are in quarantine");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::record::empty_row;

    fn horizon(days: &[i64]) -> Option<i64> {
        let mut all = Days::default();
        for day in days {
            all.add(&RawModelRow { created_at: Some(TimestampMs(day * DAY_MS)), ..empty_row("f:1") });
        }
        all.horizon(days.iter().max().map(|day| day * DAY_MS)).newest().map(|newest| newest / DAY_MS)
    }

    /// Regression: one date of 2034 dated the index, and no later one was published as the newest for years.
    #[test]
    fn a_date_far_behind_all_others_does_not_date_the_index() {
        let usual: Vec<i64> = (19_000..19_600).collect();
        let with = |more: &[i64]| horizon(&[&usual[..], more].concat());
        assert_eq!(with(&[]), Some(19_599));
        assert_eq!(with(&[23_500]), Some(19_599));
        assert_eq!(with(&[23_500, 21_000, 23_501]), Some(19_599));
        // Regression: of a crawl that ends on its own day one record ten months ahead dated the index, and no later night was the newest.
        assert_eq!(with(&[19_900]), Some(19_599));
        assert_eq!(with(&[19_631]), Some(19_599));
        // Within a month, and of so many that it is no slip.
        assert_eq!(with(&[19_630]), Some(19_630));
        assert_eq!(with(&[19_900, 19_901]), Some(19_901));
        assert_eq!(with(&[23_500; 7]), Some(23_500));
        // An index with some gaps of five weeks may have one of three months.
        let sparse: Vec<i64> = usual.iter().copied().filter(|day| day % 70 < 35 || *day < 19_300).collect();
        let newest = *sparse.last().unwrap();
        assert_eq!(horizon(&[&sparse[..], &[newest + 90]].concat()), Some(newest + 90));
        // Of a few records nothing can be told: somebody chose them.
        assert_eq!(horizon(&[17_000, 18_000, 19_600]), Some(19_600));
    }
}
