//! What is said of a source as a whole, and what stops the run: a column that decides who is in the cohort, or when, must not be null
//! everywhere.

use crate::domain::source::{CohortMetric, EpochUnit};
use crate::error::{Error, Result};
use crate::hub::record::HubField;
use crate::hub::{PassedOver, SchemaReport, SourceFile};
use crate::tables::RawModelRow;
use std::collections::BTreeMap;
use std::path::Path;

/// What the records of all files have.
#[derive(Default)]
pub(super) struct Seen {
    rows: u64,
    created: u64,
    downloads_30d: u64,
    downloads_all_time: u64,
    newest: Option<i64>,
    /// Instants that were numbers, by key and unit.
    epochs: BTreeMap<(&'static str, EpochUnit), u64>,
    /// Types and records of columns that could not be read.
    unreadable: BTreeMap<HubField, (String, u64)>,
}

impl Seen {
    pub(super) fn add_row(&mut self, row: &RawModelRow) {
        self.rows += 1;
        self.created += u64::from(row.created_at.is_some());
        self.downloads_30d += u64::from(row.downloads_30d.is_some());
        self.downloads_all_time += u64::from(row.downloads_all_time.is_some());
        self.newest = self.newest.max(row.last_modified.max(row.created_at).map(|t| t.0));
    }

    pub(super) fn add_epochs(&mut self, epochs: Vec<(&'static str, EpochUnit)>) {
        for epoch in epochs {
            *self.epochs.entry(epoch).or_default() += 1;
        }
    }

    pub(super) fn add_unreadable(&mut self, columns: &[(HubField, String)], records: u64) {
        for (field, data_type) in columns {
            self.unreadable.entry(*field).or_insert_with(|| (data_type.clone(), 0)).1 += records;
        }
    }

    /// Newest instant of the index, in milliseconds.
    pub(super) const fn newest(&self) -> Option<i64> {
        self.newest
    }

    /// Columns that could not be read, with the records that lack their values.
    pub(super) fn unread_columns(&self) -> BTreeMap<String, u64> {
        self.unreadable.iter().map(|(field, (_, records))| (field.key().to_owned(), *records)).collect()
    }

    /// Says once which unit was taken for numbers that are instants.
    pub(super) fn log_epochs(&self) {
        for ((column, unit), records) in &self.epochs {
            let unit = unit.name();
            tracing::info!(column, unit, records, "instants are numbers: the unit was decided by their range");
        }
    }

    /// Refuses an index in which what decides is null everywhere.
    pub(super) fn check(&self, metric: CohortMetric, place: &Path) -> Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        if self.created == 0 {
            return Err(self.refuse(
                HubField::CreatedAt,
                "dates of trainings would be unknown",
                place,
                "give every record its createdAt, as ISO 8601 or as a number since 1970",
            ));
        }
        let (field, filled, other, filled_other) = match metric {
            CohortMetric::DownloadsAllTime => {
                (HubField::DownloadsAllTime, self.downloads_all_time, CohortMetric::Downloads30d, self.downloads_30d)
            }
            CohortMetric::Downloads30d => {
                (HubField::Downloads, self.downloads_30d, CohortMetric::DownloadsAllTime, self.downloads_all_time)
            }
        };
        if filled > 0 {
            return Ok(());
        }
        let listing = format!("take a listing that has it (expand={})", field.key());
        let remedy = match filled_other {
            0 => listing,
            _ => format!("set cohort.metric = \"{}\", which this index has, or {listing}", other.name()),
        };
        Err(self.refuse(field, &format!("the cohort is cut by {} and would be empty", metric.name()), place, &remedy))
    }

    fn refuse(&self, field: HubField, loss: &str, place: &Path, remedy: &str) -> Error {
        let key = field.key();
        let why = match self.unreadable.get(&field) {
            Some((data_type, _)) => format!("its column has type {data_type}, which is not read"),
            None => format!("missing or null in all {} records", self.rows),
        };
        Error::input(format!("no record has '{key}' ({why}): {loss}"), place.display(), remedy)
    }
}

/// Says once what of a directory was not read.
pub(super) fn log_passed_over(passed_over: &[PassedOver]) {
    if !passed_over.is_empty() {
        let (count, files) = (passed_over.len(), PassedOver::line(passed_over));
        tracing::info!(count, files, "passed over in the source directory");
    }
}

/// Names on one line of a log: the first of them, and the number of the others.
fn named(names: &[String]) -> String {
    const NAMED: usize = 40;
    let first = names[..names.len().min(NAMED)].join(", ");
    if names.len() > NAMED { format!("{first}, and {} more", names.len() - NAMED) } else { first }
}

/// Says once how the columns of a file differ from those that are known.
pub(super) fn log_schema(file: &SourceFile, report: &SchemaReport) {
    let name = &file.name;
    if !report.missing.is_empty() {
        tracing::warn!(file = name, columns = report.missing.join(", "), "columns not in the source, null in every row");
    }
    if !report.converted.is_empty() {
        tracing::warn!(file = name, columns = report.converted.join(", "), "columns of another type, converted");
    }
    for (field, data_type) in &report.unreadable {
        let (column, lost) = (field.key(), field.what_it_gives());
        tracing::warn!(file = name, column, data_type, lost, "a column of a type that is not read, null in every row");
    }
    if !report.ignored.is_empty() {
        tracing::info!(file = name, columns = named(&report.ignored), "columns not used");
    }
}
