//! Records of one id, in columns: rows that are alone are copied as they stand.

use crate::error::{Error, Result};
use crate::tables::{RawModelRow, Row};
use arrow::array::{Array, AsArray, RecordBatch, StringArray, TimestampMillisecondArray};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::TimestampMillisecondType;

/// Of several records with one id, keeps the one modified last, then the one read last: while a crawl runs, records move and
/// come twice.
#[derive(Default)]
pub(super) struct Deduplicator {
    /// The last row so far, which the next batch may have again.
    held: Option<RecordBatch>,
}

/// What decides between records of one id.
struct Keys<'b> {
    ids: &'b StringArray,
    locators: &'b StringArray,
    modified: &'b TimestampMillisecondArray,
}

impl<'b> Keys<'b> {
    fn of(batch: &'b RecordBatch) -> Result<Self> {
        let texts = |column: &str| batch.column_by_name(column)?.as_string_opt::<i32>();
        let modified = || batch.column_by_name("last_modified")?.as_primitive_opt::<TimestampMillisecondType>();
        let keys = || Some(Self { ids: texts("model_id")?, locators: texts("locator")?, modified: modified()? });
        keys().ok_or_else(|| Error::Internal(format!("rows of '{}' without their keys", RawModelRow::NAME)))
    }

    fn modified(&self, row: usize) -> Option<i64> {
        self.modified.is_valid(row).then(|| self.modified.value(row))
    }
}

impl Deduplicator {
    /// The rows that are decided with the next batch of rows sorted by id: all but its last id. Adds id and place of what was dropped.
    pub(super) fn pass(&mut self, batch: &RecordBatch, duplicates: &mut Vec<(String, String)>) -> Result<RecordBatch> {
        let batches: Vec<&RecordBatch> = self.held.iter().chain([batch]).collect();
        let keys = batches.iter().map(|batch| Keys::of(batch)).collect::<Result<Vec<Keys<'_>>>>()?;
        let mut kept: Vec<(usize, usize)> = Vec::with_capacity(batch.num_rows() + 1);
        for (of, batch) in batches.iter().enumerate() {
            for new in (0..batch.num_rows()).map(|row| (of, row)) {
                let id = |(of, row): (usize, usize)| keys[of].ids.value(row);
                let modified = |(of, row): (usize, usize)| keys[of].modified(row);
                match kept.last_mut().filter(|held| id(**held) == id(new)) {
                    None => kept.push(new),
                    Some(held) => {
                        let (stays, goes) = if modified(new) >= modified(*held) { (new, *held) } else { (*held, new) };
                        duplicates.push((id(goes).to_owned(), keys[goes.0].locators.value(goes.1).to_owned()));
                        *held = stays;
                    }
                }
            }
        }
        let last = kept.pop();
        let decided = interleave_record_batch(&batches, &kept)?;
        let held = last.map(|(of, row)| batches[of].slice(row, 1));
        self.held = held;
        Ok(decided)
    }

    /// The last row, once there is no other batch.
    pub(super) fn last(self) -> Option<RecordBatch> {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::record::empty_row;
    use crate::tables::io::BatchRows;
    use crate::tables::{RowBuilders, TimestampMs};

    fn batch(rows: &[(&str, i64)], first: usize) -> RecordBatch {
        let mut builders = <RawModelRow as Row>::Builders::default();
        for (at, (id, modified)) in rows.iter().enumerate() {
            // A negative instant stands for none.
            let last_modified = (*modified >= 0).then_some(TimestampMs(*modified));
            builders.push(RawModelRow { model_id: (*id).to_owned(), last_modified, ..empty_row(&format!("f:{}", first + at)) });
        }
        builders.finish().unwrap()
    }

    /// Whatever batches the rows come in, the same are kept, and the same are told.
    #[test]
    fn of_one_id_the_record_modified_last_stays_then_the_one_read_last() {
        let rows = [("a/a", 1), ("a/a", 3), ("a/a", 2), ("b", -1), ("b", -1), ("c", 5), ("d", 7), ("d", -1)];
        for size in 1..=rows.len() {
            let (mut deduplicator, mut kept, mut dropped) = (Deduplicator::default(), Vec::new(), Vec::new());
            let mut take = |batch: &RecordBatch| {
                let rows = BatchRows::<RawModelRow>::new(batch).unwrap();
                kept.extend(rows.iter().map(|row| row.unwrap().locator));
            };
            for (at, rows) in rows.chunks(size).enumerate() {
                take(&deduplicator.pass(&batch(rows, at * size), &mut dropped).unwrap());
            }
            take(&deduplicator.last().unwrap());
            assert_eq!(kept, ["f:1", "f:4", "f:5", "f:6"], "{size}");
            let dropped: Vec<(&str, &str)> = dropped.iter().map(|(id, place)| (id.as_str(), place.as_str())).collect();
            assert_eq!(dropped, [("a/a", "f:0"), ("a/a", "f:2"), ("b", "f:3"), ("d", "f:7")], "{size}");
        }
    }
}
