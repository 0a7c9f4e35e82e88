//! Rows of a table that is sorted by the repository they are of, one repository after the other.

use super::Row;
use super::io::BatchRows;
use crate::error::Result;
use arrow::array::{Array, StringArray};
use std::ops::Range;
use std::sync::Arc;

/// Rows of one repository, in columns: where they stand in batches.
pub struct Span<R>(Vec<(Arc<BatchRows<R>>, Range<usize>)>);

impl<R: Row> Span<R> {
    /// Every row, in order.
    pub fn rows(&self) -> impl Iterator<Item = Result<R>> + '_ {
        self.0.iter().flat_map(|(batch, rows)| rows.clone().map(move |row| batch.row(row)))
    }
}

/// A table whose rows are taken by repository, in the order of their ids.
pub struct Following<R> {
    batches: Box<dyn Iterator<Item = Result<BatchRows<R>>> + Send>,
    /// The batch that is open, with its ids.
    open: Option<(Arc<BatchRows<R>>, StringArray)>,
    at: usize,
}

impl<R: Row> Following<R> {
    /// Of batches in the order of their column `model_id`.
    #[must_use]
    pub fn new(batches: Box<dyn Iterator<Item = Result<BatchRows<R>>> + Send>) -> Self {
        Self { batches, open: None, at: 0 }
    }

    /// The rows of a repository; those of ids before it are gone.
    ///
    /// # Errors
    /// The table is damaged.
    pub fn of_repository(&mut self, model_id: &str) -> Result<Span<R>> {
        let mut found = Vec::new();
        loop {
            let Some((batch, ids)) = self.open.as_ref().filter(|(_, ids)| self.at < ids.len()) else {
                let Some(batch) = self.batches.next().transpose()? else { return Ok(Span(found)) };
                let ids = batch.texts("model_id")?.clone();
                (self.open, self.at) = (Some((Arc::new(batch), ids)), 0);
                continue;
            };
            let from = self.at;
            while self.at < ids.len() && ids.value(self.at) == model_id {
                self.at += 1;
            }
            if self.at > from {
                found.push((Arc::clone(batch), from..self.at));
            }
            if self.at < ids.len() {
                return Ok(Span(found));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Rule, RunKind};
    use crate::tables::{RowBuilders, RunRow};

    /// However the rows are cut into batches, each repository gets its own, and those without rows get none.
    #[test]
    fn rows_of_a_repository_may_stand_in_several_batches() {
        let ids = ["a/a", "a/a", "b", "d", "d", "d"];
        for size in 1..=ids.len() {
            let batch = |ids: &[&str]| {
                let mut builders = <RunRow as Row>::Builders::default();
                for id in ids {
                    builders.push(RunRow {
                        run_id: format!("{id}#run"),
                        model_id: (*id).to_owned(),
                        kind: RunKind::Pretraining,
                        parent_run_id: None,
                        member_count: 1,
                        group_rule: Rule::SingleRepository,
                    });
                }
                BatchRows::<RunRow>::new(&builders.finish().unwrap())
            };
            let mut batches = vec![batch(&[])];
            batches.extend(ids.chunks(size).map(batch));
            let mut rows = Following::new(Box::new(batches.into_iter()));
            for (id, n) in [("a/a", 2), ("b", 1), ("c", 0), ("d", 3), ("e", 0), ("f", 0)] {
                let of: Vec<RunRow> = rows.of_repository(id).unwrap().rows().collect::<Result<_>>().unwrap();
                assert!(of.len() == n && of.iter().all(|row| row.model_id == id), "{id} {size}");
            }
        }
    }
}
