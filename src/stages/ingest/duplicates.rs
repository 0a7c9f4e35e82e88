//! Records of one id, in columns: rows that are alone are copied as they stand.

use super::renamed::Renamed;
use super::{file_of, letters};
use crate::error::{Error, Result};
use crate::tables::{RawModelRow, Row};
use arrow::array::{Array, AsArray, RecordBatch, StringArray, TimestampMillisecondArray};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::TimestampMillisecondType;
use std::collections::BTreeMap;

/// A record that another one makes superfluous.
#[derive(Debug, PartialEq)]
pub(super) struct Dropped {
    pub model_id: String,
    pub locator: String,
    pub reason: String,
}

/// Of several records with one id, keeps the one modified last, then the one read last: while a crawl runs, records move and
/// come twice. Of a repository under two names, the newer one, and of an id in two spellings, one.
pub(super) struct Deduplicator {
    renamed: Renamed,
    letters: letters::Settled,
    /// The last row so far, which the next batch may have again.
    held: Option<RecordBatch>,
    /// What was passed over.
    pub dropped: Vec<Dropped>,
    /// How many of them have an older name of a repository, or another spelling of its id.
    pub renamed_records: u64,
    /// Records that another file has otherwise, by the file that was passed over and the one that counts.
    across: BTreeMap<(String, String), u64>,
    /// Ids.
    ids: u64,
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

/// Pairs of files that the log names.
const SHOWN_PAIRS: usize = 5;
/// Ids of which one may stand in two files: pages of a listing overlap a little, because records move while they are fetched.
const IDS_PER_USUAL_ONE: u64 = 100;

/// Whether two records differ in anything but their places.
fn differ(a: &RecordBatch, at: usize, b: &RecordBatch, bt: usize) -> bool {
    let columns = a.schema_ref().fields().iter().zip(a.columns().iter().zip(b.columns()));
    let mut others = columns.filter(|(field, _)| field.name() != "locator");
    others.any(|(_, (a, b))| a.slice(at, 1).as_ref() != b.slice(bt, 1).as_ref())
}

/// Why one of two records of an id was kept, by when each was modified.
fn why_kept(stays: Option<i64>, goes: Option<i64>) -> &'static str {
    match (stays, goes) {
        (None, None) => "no record says when it was modified: the one read last was kept",
        (Some(_), None) => "the record that says when it was modified was kept",
        (Some(stays), Some(goes)) if stays == goes => "both were modified at one time: the one read last was kept",
        (_, Some(_)) => "a newer record was kept",
    }
}

impl Deduplicator {
    pub(super) const fn new(renamed: Renamed, letters: letters::Settled) -> Self {
        Self { renamed, letters, held: None, dropped: Vec::new(), renamed_records: 0, across: BTreeMap::new(), ids: 0 }
    }

    /// The rows that are decided with the next batch of rows sorted by id: all but its last id.
    pub(super) fn pass(&mut self, batch: &RecordBatch) -> Result<RecordBatch> {
        let batches: Vec<&RecordBatch> = self.held.iter().chain([batch]).collect();
        let keys = batches.iter().map(|batch| Keys::of(batch)).collect::<Result<Vec<Keys<'_>>>>()?;
        let mut kept: Vec<(usize, usize)> = Vec::with_capacity(batch.num_rows() + 1);
        for (of, batch) in batches.iter().enumerate() {
            for new in (0..batch.num_rows()).map(|row| (of, row)) {
                let id = |(of, row): (usize, usize)| keys[of].ids.value(row);
                let place = |(of, row): (usize, usize)| keys[of].locators.value(row);
                let modified = |(of, row): (usize, usize)| keys[of].modified(row);
                let mut pass_over = |row, reason: String| {
                    self.dropped.push(Dropped { model_id: id(row).to_owned(), locator: place(row).to_owned(), reason });
                };
                if let Some(name) = self.renamed.newer_name(place(new)) {
                    pass_over(new, format!("renamed, the record under the newer name '{name}' was kept"));
                    self.renamed_records += 1;
                    continue;
                }
                if self.letters.passes_over(id(new)) {
                    pass_over(new, "the same id in other letters, the record modified last, or read last, was kept".to_owned());
                    self.renamed_records += 1;
                    continue;
                }
                match kept.last_mut().filter(|held| id(**held) == id(new)) {
                    None => {
                        self.ids += u64::from(!(of == 0 && self.held.is_some()));
                        kept.push(new);
                    }
                    Some(held) => {
                        let (stays, goes) = if modified(new) >= modified(*held) { (new, *held) } else { (*held, new) };
                        *held = stays;
                        let files = (file_of(place(goes)), file_of(place(stays)));
                        if files.0 != files.1 && differ(batches[goes.0], goes.1, batches[stays.0], stays.1) {
                            *self.across.entry((files.0.to_owned(), files.1.to_owned())).or_default() += 1;
                        }
                        pass_over(goes, format!("duplicate id, {}", why_kept(modified(stays), modified(goes))));
                    }
                }
            }
        }
        let last = kept.pop();
        let decided = interleave_record_batch(&batches, &kept)?;
        self.held = last.map(|(of, row)| batches[of].slice(row, 1));
        Ok(decided)
    }

    /// Says where two files have records of the same ids that differ: which of them is meant, the files do not tell.
    pub(super) fn log(&self) {
        let records: u64 = self.across.values().sum();
        if records == 0 {
            return;
        }
        let mut pairs: Vec<_> = self.across.iter().collect();
        pairs.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let named = pairs.iter().take(SHOWN_PAIRS).map(|((goes, stays), count)| format!("{count} of {goes} by {stays}"));
        let mut replaced: Vec<String> = named.collect();
        if pairs.len() > SHOWN_PAIRS {
            replaced.push(format!("and {} pairs of files more", pairs.len() - SHOWN_PAIRS));
        }
        let (replaced, ids) = (replaced.join(", "), self.ids);
        let what = "ids with other records in another file: the one modified last counts, then that of the last file by name; point \
                    --source at one crawl if that is not meant";
        if records * IDS_PER_USUAL_ONE > ids {
            tracing::warn!(records, ids, replaced, "{what}");
        } else {
            tracing::info!(records, ids, replaced, "{what}");
        }
    }

    /// The last row, once there is no other batch.
    pub(super) fn last(&mut self) -> Option<RecordBatch> {
        self.held.take()
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
        let rows = [("a/a", 1), ("a/a", 3), ("a/a", 2), ("b", -1), ("b", -1), ("c", 5), ("d", 7), ("d", -1), ("e", 9)];
        for size in 1..=rows.len() {
            let renamed = Renamed([("f:8".to_owned(), "b".to_owned())].into_iter().collect());
            let (mut deduplicator, mut kept) = (Deduplicator::new(renamed, letters::Settled::default()), Vec::new());
            let mut take = |batch: &RecordBatch| {
                let rows = BatchRows::<RawModelRow>::new(batch).unwrap();
                kept.extend(rows.iter().map(|row| row.unwrap().locator));
            };
            for (at, rows) in rows.chunks(size).enumerate() {
                take(&deduplicator.pass(&batch(rows, at * size)).unwrap());
            }
            take(&deduplicator.last().unwrap());
            assert_eq!(kept, ["f:1", "f:4", "f:5", "f:6"], "{size}");
            let dropped: Vec<(&str, &str)> =
                deduplicator.dropped.iter().map(|d| (d.model_id.as_str(), d.locator.as_str())).collect();
            assert_eq!(dropped, [("a/a", "f:0"), ("a/a", "f:2"), ("b", "f:3"), ("d", "f:7"), ("e", "f:8")], "{size}");
            // Regression: it was said of all of them that a newer record was kept.
            let why: Vec<&str> = deduplicator.dropped.iter().map(|d| d.reason.as_str()).collect();
            assert!(why[0].ends_with("a newer record was kept") && why[1].ends_with("a newer record was kept"), "{why:?}");
            assert!(why[2].contains("no record says when") && why[3].contains("the record that says when"), "{why:?}");
            assert!(why_kept(Some(5), Some(5)).contains("at one time"));
            assert_eq!((deduplicator.renamed_records, deduplicator.dropped[4].reason.contains("newer name 'b'")), (1, true));
        }
    }
}
