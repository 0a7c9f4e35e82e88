//! Repositories that an index lists under two names: a dump or a crawl that went on across a renaming has the old one and the new one. Both
//! records have one `_id`; the one modified last, then the one read last, is the repository.

use crate::error::Result;
use crate::hub::ObjectId;
use crate::tables::io::{BatchRows, hex};
use crate::tables::sort::ExternalSorter;
use crate::tables::{IdentityRow, RawModelRow, Row, RowBuilders};
use rustc_hash::FxHashMap;
use std::path::Path;

/// Bytes held before identities are spilled: some 400,000 of them.
const BUDGET_BYTES: usize = 64 << 20;
/// Rows collected before they go to the sorter.
const BATCH_ROWS: usize = 8_192;
/// Most names of one repository in one index. An `_id` with more of them is a placeholder and tells nothing.
const MAX_NAMES: usize = 8;
/// Records of which one may have an older name: in a week some hundred of three million repositories are renamed.
const RECORDS_PER_RENAMED_ONE: u64 = 20;
/// Records with an older name from which on their share is looked at.
const ENOUGH_RENAMED: u64 = 20;
/// Examples in the message.
const SHOWN: usize = 5;

/// Which repository each record is.
pub(super) struct Identities {
    builders: <IdentityRow as Row>::Builders,
    sorter: ExternalSorter,
}

/// Records that are passed over, by their place, with the name that the repository has now.
pub(super) struct Renamed(pub(super) FxHashMap<String, String>);

impl Identities {
    pub(super) fn new(spill: &Path) -> Result<Self> {
        let sorter = ExternalSorter::new(IdentityRow::schema(), "object_id", spill, BUDGET_BYTES)?;
        Ok(Self { builders: Default::default(), sorter })
    }

    /// Notes a record.
    pub(super) fn add(&mut self, object_id: Option<ObjectId>, row: &RawModelRow) -> Result<()> {
        let Some(object_id) = object_id else { return Ok(()) };
        self.builders.push(IdentityRow {
            object_id: hex(&object_id),
            model_id: row.model_id.clone(),
            locator: row.locator.clone(),
            last_modified: row.last_modified,
        });
        if self.builders.len() >= BATCH_ROWS {
            self.sorter.push(self.builders.finish()?)?;
        }
        Ok(())
    }

    /// Which records have older names of repositories that the index has under a newer one; says so.
    pub(super) fn settle(mut self) -> Result<Renamed> {
        self.sorter.push(self.builders.finish()?)?;
        let mut settled = Settled::default();
        let mut group = Group::default();
        self.sorter.finish(|batch| {
            for row in BatchRows::<IdentityRow>::new(batch)?.iter() {
                let row = row?;
                if group.rows.first().is_some_and(|first| first.object_id != row.object_id) {
                    settled.add(std::mem::take(&mut group));
                }
                group.push(row);
            }
            Ok(())
        })?;
        settled.add(group);
        if settled.is_no_identity() {
            let (records, of, examples) = (settled.renamed.len(), settled.records, settled.examples.join(", "));
            tracing::warn!(
                records,
                of,
                examples,
                "_id is shared by names of more repositories than are ever renamed: it decides nothing"
            );
            settled.renamed.clear();
        }
        settled.log();
        Ok(Renamed(settled.renamed))
    }
}

impl Renamed {
    /// The name that the repository of a record has now, where the record has an older one.
    pub(super) fn newer_name(&self, locator: &str) -> Option<&str> {
        // Most indexes have none.
        if self.0.is_empty() { None } else { self.0.get(locator).map(String::as_str) }
    }
}

/// The records of one `_id`, in the order in which they were read.
#[derive(Default)]
struct Group {
    names: Vec<String>,
    rows: Vec<IdentityRow>,
}

impl Group {
    fn push(&mut self, row: IdentityRow) {
        if self.is_placeholder() {
            return;
        }
        if !self.names.contains(&row.model_id) {
            self.names.push(row.model_id.clone());
        }
        if self.is_placeholder() {
            // It may stand in every record: one of them is enough to know it by.
            self.rows.truncate(1);
        } else {
            self.rows.push(row);
        }
    }

    fn is_placeholder(&self) -> bool {
        self.names.len() > MAX_NAMES
    }
}

/// What the groups tell.
#[derive(Default)]
struct Settled {
    renamed: FxHashMap<String, String>,
    examples: Vec<String>,
    placeholders: u64,
    /// Records with an `_id`.
    records: u64,
}

impl Settled {
    /// Whether so many records share an `_id` with another name that it is none of a repository: a number of a page, or of a crawl.
    fn is_no_identity(&self) -> bool {
        let renamed = self.renamed.len() as u64;
        renamed >= ENOUGH_RENAMED && renamed * RECORDS_PER_RENAMED_ONE > self.records
    }

    fn add(&mut self, group: Group) {
        self.records += group.rows.len() as u64;
        if group.is_placeholder() {
            self.placeholders += 1;
            return;
        }
        if group.names.len() < 2 {
            return;
        }
        // Of equal dates the last is taken.
        let Some(name) = group.rows.iter().max_by_key(|row| row.last_modified).map(|row| row.model_id.clone()) else { return };
        for old in group.rows.into_iter().filter(|row| row.model_id != name) {
            if self.examples.len() < SHOWN {
                self.examples.push(format!("{} is {name}", old.model_id));
            }
            self.renamed.insert(old.locator, name.clone());
        }
    }

    fn log(&self) {
        if self.placeholders > 0 {
            let ids = self.placeholders;
            tracing::warn!(ids, "an _id of more names than a repository has is a placeholder and decides nothing");
        }
        if !self.renamed.is_empty() {
            let (records, examples) = (self.renamed.len(), self.examples.join(", "));
            tracing::info!(records, examples, "renamed repositories under an older name: passed over");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::record::empty_row;
    use crate::units::TimestampMs;

    /// Records of `_id`, name and date, as they are read; the places of those passed over.
    fn passed_over(records: &[(u8, &str, Option<i64>)]) -> Vec<(usize, String)> {
        let dir = tempfile::tempdir().unwrap();
        let mut identities = Identities::new(dir.path()).unwrap();
        let rows: Vec<RawModelRow> = records
            .iter()
            .enumerate()
            .map(|(i, (_, name, modified))| RawModelRow {
                model_id: (*name).to_owned(),
                last_modified: modified.map(TimestampMs),
                ..empty_row(&format!("index.jsonl:line {i}"))
            })
            .collect();
        for ((id, _, _), row) in records.iter().zip(&rows) {
            identities.add((*id > 0).then_some([*id; 12]), row).unwrap();
        }
        let renamed = identities.settle().unwrap();
        rows.iter().enumerate().filter_map(|(i, row)| Some((i, renamed.newer_name(&row.locator)?.to_owned()))).collect()
    }

    #[test]
    fn the_newest_name_of_a_repository_is_kept() {
        let day = |n: i64| Some(n * 86_400_000);
        assert_eq!(passed_over(&[(1, "a/new", day(2)), (2, "b/x", day(1)), (1, "a/old", day(1))]), [(2, "a/new".to_owned())]);
        // A renaming is no commit: of one date the later line is the newer name.
        assert_eq!(passed_over(&[(1, "gpt2", day(1)), (1, "openai/gpt2", day(1))]), [(0, "openai/gpt2".to_owned())]);
        assert_eq!(passed_over(&[(1, "a/new", day(1)), (1, "a/old", None)]), [(1, "a/new".to_owned())]);
        // The same name twice is a record that came twice, and no _id tells nothing.
        assert_eq!(passed_over(&[(1, "a/x", day(1)), (1, "a/x", day(2)), (0, "a/y", day(1)), (0, "a/z", day(1))]), []);
        // Two old names.
        let two = [(1, "a/x", day(1)), (1, "a/y", day(3)), (1, "a/x", day(2))];
        assert_eq!(passed_over(&two), [(0, "a/y".to_owned()), (2, "a/y".to_owned())]);
    }

    /// Copies of an index beside each other have every record many times.
    #[test]
    fn many_records_of_two_names_are_no_placeholder() {
        let records: Vec<(u8, &str, Option<i64>)> = (0..24).map(|i| (7, if i < 12 { "a/old" } else { "a/new" }, None)).collect();
        assert_eq!(passed_over(&records).len(), 12);
    }

    /// Regression: half of the models of an index were dropped as older names of others, because its `_id` was none.
    #[test]
    fn an_id_that_many_names_share_in_pairs_is_none() {
        let names: Vec<String> = (0..120).map(|i| format!("a/m{i}")).collect();
        let pairs = |shared: usize| -> Vec<(u8, &str, Option<i64>)> {
            let id = |i: usize| if i < shared { i / 2 } else { i } + 1;
            names.iter().enumerate().map(|(i, name)| (u8::try_from(id(i)).unwrap(), name.as_str(), None)).collect()
        };
        assert_eq!(passed_over(&pairs(120)), []);
        assert_eq!(passed_over(&pairs(12)).len(), 6);
    }

    #[test]
    fn an_id_of_too_many_names_is_a_placeholder() {
        let names: Vec<String> = (0..20).map(|i| format!("a/m{i}")).collect();
        let records: Vec<(u8, &str, Option<i64>)> = names.iter().map(|name| (7, name.as_str(), None)).collect();
        assert_eq!(passed_over(&records), []);
    }
}
