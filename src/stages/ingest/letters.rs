//! Ids that differ in the case of their letters alone: the Hub takes them for one repository, so an index that has both lists it twice. The
//! record modified last, then the one read last, is the repository.

use crate::tables::RawModelRow;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Examples in the message.
const SHOWN: usize = 5;

/// Every id in small letters, with how the record that is kept so far writes it. Digests of 64 bits stand for both: of ten million ids two
/// have one digest by chance once in 370,000 indexes.
#[derive(Default)]
pub(super) struct Letters {
    kept: FxHashMap<u64, Spelling>,
    /// Those that were met in several spellings, with an example of each.
    several: BTreeMap<u64, String>,
}

/// How an id is written, and when the record was modified.
#[derive(Clone, Copy)]
struct Spelling {
    exact: u64,
    modified: Option<i64>,
}

/// Which spelling of ids met in several is kept.
#[derive(Default)]
pub(super) struct Settled(FxHashMap<u64, u64>);

fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

impl Letters {
    /// Notes a record.
    pub(super) fn add(&mut self, row: &RawModelRow) {
        let lower = digest(&row.model_id.to_ascii_lowercase());
        let new = Spelling { exact: digest(&row.model_id), modified: row.last_modified.map(|t| t.0) };
        let held = self.kept.entry(lower).or_insert(new);
        if held.exact != new.exact {
            self.several.entry(lower).or_insert_with(|| row.model_id.clone());
        }
        if new.modified >= held.modified {
            *held = new;
        }
    }

    /// Which spellings are kept; says how many ids came in several.
    pub(super) fn settle(self) -> Settled {
        if !self.several.is_empty() {
            let (ids, mut examples) = (self.several.len(), self.several.values().map(String::as_str).collect::<Vec<_>>());
            examples.sort_unstable();
            examples.truncate(SHOWN);
            let examples = examples.join(", ");
            tracing::info!(
                ids,
                examples,
                "ids in several spellings, which the Hub takes for one: the record modified last is used"
            );
        }
        let kept = &self.kept;
        Settled(self.several.keys().filter_map(|lower| Some((*lower, kept.get(lower)?.exact))).collect())
    }
}

impl Settled {
    /// Whether another spelling of an id is kept.
    pub(super) fn passes_over(&self, id: &str) -> bool {
        // Most indexes have none.
        !self.0.is_empty() && self.0.get(&digest(&id.to_ascii_lowercase())).is_some_and(|kept| *kept != digest(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::record::empty_row;
    use crate::units::TimestampMs;

    fn passed_over(records: &[(&str, Option<i64>)]) -> Vec<String> {
        let mut letters = Letters::default();
        for (at, (id, modified)) in records.iter().enumerate() {
            let last_modified = modified.map(TimestampMs);
            letters.add(&RawModelRow { model_id: (*id).to_owned(), last_modified, ..empty_row(&format!("f:line {at}")) });
        }
        let settled = letters.settle();
        records.iter().filter(|(id, _)| settled.passes_over(id)).map(|(id, _)| (*id).to_owned()).collect()
    }

    /// Regression: ids that differ in case alone were two models, and counted twice.
    #[test]
    fn ids_that_differ_in_case_alone_are_one() {
        assert_eq!(passed_over(&[("Lab/M-7B", Some(2)), ("lab/m-7b", Some(1)), ("lab/m-7", Some(1))]), ["lab/m-7b"]);
        assert_eq!(passed_over(&[("Lab/M", Some(1)), ("lab/m", Some(1))]), ["Lab/M"]);
        assert_eq!(passed_over(&[("Lab/M", Some(1)), ("lab/m", None)]), ["lab/m"]);
        // Three spellings, and one record that came twice.
        assert_eq!(passed_over(&[("a/X", Some(3)), ("A/x", Some(9)), ("a/x", Some(4)), ("a/X", Some(5))]), ["a/X", "a/x", "a/X"]);
        assert_eq!(passed_over(&[("a/x", Some(1)), ("a/x", Some(2)), ("a/y", None)]), [""; 0]);
    }
}
