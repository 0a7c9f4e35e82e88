//! What is said of a source as a whole, and what stops the run: a column that decides who is in the cohort, or when, must not be null
//! everywhere, and a count not zero everywhere.

use super::horizon::{Days, Horizon};
use crate::domain::source::{CohortMetric, EpochUnit};
use crate::error::{Error, Result};
use crate::hub::record::HubField;
use crate::hub::{PassedOver, SchemaReport, SourceFile};
use crate::tables::RawModelRow;
use std::collections::BTreeMap;
use std::path::Path;

/// How many records there are, and how many have what decides.
#[derive(Clone, Copy, Default)]
pub(super) struct Filled {
    rows: u64,
    created: u64,
    downloads_30d: u64,
    downloads_all_time: u64,
    /// Records whose count is above zero.
    counted_30d: u64,
    counted_all_time: u64,
}

impl Filled {
    fn of(self, field: HubField) -> u64 {
        match field {
            HubField::CreatedAt => self.created,
            HubField::Downloads => self.downloads_30d,
            HubField::DownloadsAllTime => self.downloads_all_time,
            _ => self.rows,
        }
    }

    /// Records by which a cohort can be cut: a count of zero is in none.
    const fn counted(self, metric: CohortMetric) -> u64 {
        match metric {
            CohortMetric::DownloadsAllTime => self.counted_all_time,
            CohortMetric::Downloads30d => self.counted_30d,
        }
    }
}

/// Ids without an owner from which on their share is looked at.
const ENOUGH_IDS: u64 = 20;
/// Ids of which one may have none without a word: of the Hub's oldest repositories a few of ten thousand still do.
const IDS_PER_BARE_ONE: u64 = 20;
/// Records of which one may lack what decides over it without a word.
const RECORDS_PER_GAP: u64 = 100;

/// What the records of all files have.
#[derive(Default)]
pub(super) struct Seen {
    filled: Filled,
    /// Ids without an owner, and the first of them with its place.
    bare: (u64, Option<String>),
    /// Records whose date or count is there and cannot be read, with an example.
    unusable: BTreeMap<HubField, (u64, String)>,
    days: Days,
    /// Files in which no record has a field.
    files_without: BTreeMap<HubField, Vec<String>>,
    newest: Option<i64>,
    /// Instants that were numbers, by key and unit.
    epochs: BTreeMap<(&'static str, EpochUnit), u64>,
    /// Types and records of columns that could not be read.
    unreadable: BTreeMap<HubField, (String, u64)>,
}

/// What decides over a record: its date, and the count that cuts the cohort.
const fn deciding(metric: CohortMetric) -> [(HubField, &'static str); 2] {
    let downloads = match metric {
        CohortMetric::DownloadsAllTime => HubField::DownloadsAllTime,
        CohortMetric::Downloads30d => HubField::Downloads,
    };
    [(HubField::CreatedAt, "the dates of their trainings"), (downloads, "their place in the cohort: they are left out of it")]
}

impl Seen {
    pub(super) fn add_row(&mut self, row: &RawModelRow) {
        self.filled.rows += 1;
        self.filled.created += u64::from(row.created_at.is_some());
        self.filled.downloads_30d += u64::from(row.downloads_30d.is_some());
        self.filled.downloads_all_time += u64::from(row.downloads_all_time.is_some());
        self.filled.counted_30d += u64::from(row.downloads_30d > Some(0));
        self.filled.counted_all_time += u64::from(row.downloads_all_time > Some(0));
        if !row.model_id.contains('/') {
            self.bare.0 += 1;
            self.bare.1.get_or_insert_with(|| format!("{}: {}", row.locator, row.model_id));
        }
        self.days.add(row);
        self.newest = self.newest.max(row.last_modified.max(row.created_at).map(|t| t.0));
    }

    /// Notes a value that cannot be read, if it decides over its record.
    pub(super) fn add_unusable(&mut self, field: &str, example: &str) {
        let decides =
            [HubField::CreatedAt, HubField::Downloads, HubField::DownloadsAllTime].into_iter().find(|known| known.key() == field);
        if let Some(field) = decides {
            self.unusable.entry(field).or_insert_with(|| (0, example.to_owned())).0 += 1;
        }
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

    /// Notes what no record of a file has, by what was filled before it was read.
    pub(super) fn end_file(&mut self, name: &str, before: Filled) {
        for field in [HubField::CreatedAt, HubField::Downloads, HubField::DownloadsAllTime] {
            if self.filled.rows > before.rows && self.filled.of(field) == before.of(field) {
                self.files_without.entry(field).or_default().push(name.to_owned());
            }
        }
    }

    /// Says where more than a hundredth of the records lacks what decides over them: a warning where it is most, or all of a file. What is there
    /// and cannot be read is one always: counts that are shortened (`1.2M`) are the largest.
    pub(super) fn log_gaps(&self, metric: CohortMetric) {
        for (field, lost) in deciding(metric) {
            if let Some((records, example)) = self.unusable.get(&field) {
                let (column, of) = (field.key(), self.filled.rows);
                tracing::warn!(column, records, of, lost, example, "records whose value for what decides over them cannot be read");
            }
            let (records, of) = (self.filled.rows - self.filled.of(field), self.filled.rows);
            if records * RECORDS_PER_GAP > of {
                let files = self.files_without.get(&field).map(|files| named(files)).unwrap_or_default();
                let (column, text) = (field.key(), "records without what decides over them");
                if files.is_empty() && 2 * records < of {
                    tracing::info!(column, records, of, lost, "{text}");
                } else {
                    tracing::warn!(column, records, of, lost, files_without = files, "{text}");
                }
            }
        }
    }

    /// What was filled so far.
    pub(super) const fn filled(&self) -> Filled {
        self.filled
    }

    /// Where the instants of the index end.
    pub(super) fn horizon(&self) -> Horizon {
        self.days.horizon(self.newest)
    }

    /// Columns that could not be read, with the records that lack their values.
    pub(super) fn unread_columns(&self) -> BTreeMap<String, u64> {
        self.unreadable.iter().map(|(field, (_, records))| (field.key().to_owned(), *records)).collect()
    }

    /// Records by which a cohort can be cut, by metric.
    pub(super) fn counted(&self) -> BTreeMap<CohortMetric, u64> {
        CohortMetric::ALL.iter().map(|metric| (*metric, self.filled.counted(*metric))).collect()
    }

    /// Says once which unit was taken for numbers that are instants.
    pub(super) fn log_epochs(&self) {
        for ((column, unit), records) in &self.epochs {
            let unit = unit.name();
            tracing::info!(column, unit, records, "instants are numbers: the unit was decided by their range");
        }
    }

    /// Refuses an index in which what decides is null everywhere, or a count that is zero everywhere: it cuts no cohort either.
    pub(super) fn check(&self, metric: CohortMetric, place: &Path) -> Result<()> {
        if self.filled.rows == 0 {
            return Ok(());
        }
        self.check_ids(place)?;
        if self.filled.created == 0 {
            return Err(self.refuse(
                HubField::CreatedAt,
                "dates of trainings would be unknown",
                place,
                "give every record its createdAt, as ISO 8601 or as a number since 1970",
            ));
        }
        let (field, other) = match metric {
            CohortMetric::DownloadsAllTime => (HubField::DownloadsAllTime, CohortMetric::Downloads30d),
            CohortMetric::Downloads30d => (HubField::Downloads, CohortMetric::DownloadsAllTime),
        };
        if self.filled.counted(metric) > 0 {
            return Ok(());
        }
        let listing = format!("take a listing that has it (expand={})", field.key());
        let remedy = match self.filled.counted(other) {
            0 => listing,
            _ => format!("set cohort.metric = \"{}\", which this index has, or {listing}", other.name()),
        };
        Err(self.refuse(field, &format!("the cohort is cut by {} and would be empty", metric.name()), place, &remedy))
    }

    /// Refuses an index of names without owners: two owners' models of one name would be one, and bases would not be found.
    fn check_ids(&self, place: &Path) -> Result<()> {
        let ((bare, example), of) = (&self.bare, self.filled.rows);
        let example = example.as_deref().unwrap_or_default();
        if *bare < ENOUGH_IDS {
            return Ok(());
        }
        if bare * 2 > of {
            return Err(Error::input(
                format!(
                    "{bare} of {of} ids have no owner ({example}): models of one name would fall together, and bases would not be found"
                ),
                place.display(),
                "write owner/name into 'id', as the Hub does; where the owner stands in a column of its own, join the two; repositories that \
                 once had no owner have one today (openai-community/gpt2)",
            ));
        }
        if bare * IDS_PER_BARE_ONE > of {
            tracing::warn!(ids = bare, of, example, "ids without an owner: 'id' should be owner/name");
        }
        Ok(())
    }

    fn refuse(&self, field: HubField, loss: &str, place: &Path, remedy: &str) -> Error {
        let key = field.key();
        let why = match self.unreadable.get(&field) {
            Some((data_type, _)) => format!("its column has type {data_type}, which is not read"),
            None if self.filled.of(field) == 0 => format!("missing or null in all {} records", self.filled.rows),
            None => format!("0 in all of the {} records that state it", self.filled.of(field)),
        };
        Error::input(format!("no record has '{key}' ({why}): {loss}"), place.display(), remedy)
    }
}

/// Says once what of a directory was not read: a warning where records may be in it.
pub(super) fn log_passed_over(passed_over: &[PassedOver]) {
    let (losses, others): (Vec<PassedOver>, Vec<PassedOver>) = passed_over.iter().cloned().partition(|entry| entry.is_loss);
    if !others.is_empty() {
        let (count, files) = (others.len(), PassedOver::line(&others));
        tracing::info!(count, files, "passed over in the source directory");
    }
    if !losses.is_empty() {
        let (count, files) = (losses.len(), PassedOver::line(&losses));
        tracing::warn!(count, files, "files of the source directory that are not read: the models in them, if any, are missing");
    }
}

/// Names on one line of a log: the first of them, and the number of the others.
fn named(names: &[String]) -> String {
    const NAMED: usize = 40;
    let first = names[..names.len().min(NAMED)].join(", ");
    if names.len() > NAMED { format!("{first}, and {} more", names.len() - NAMED) } else { first }
}

/// How the columns of the files differ from those that are known, each difference with the files that have it.
#[derive(Default)]
pub(super) struct Schemas {
    files: BTreeMap<(Difference, String), Vec<String>>,
    /// Rows in which two columns of one key differ, by their names.
    differing: BTreeMap<String, u64>,
}

/// A kind of difference, in the order in which they are told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    Missing,
    Unreadable,
    Doubled,
    Converted,
    Ignored,
}

impl Schemas {
    pub(super) fn add(&mut self, file: &SourceFile, report: &SchemaReport) {
        let mut add = |what: Difference, columns: String| {
            if !columns.is_empty() {
                self.files.entry((what, columns)).or_default().push(file.name.clone());
            }
        };
        add(Difference::Missing, report.missing.join(", "));
        add(Difference::Converted, report.converted.join(", "));
        add(Difference::Ignored, named(&report.ignored));
        for (field, data_type) in &report.unreadable {
            add(Difference::Unreadable, format!("{} of type {data_type}: {} is lost", field.key(), field.what_it_gives()));
        }
        for (columns, rows) in &report.doubled {
            add(Difference::Doubled, columns.clone());
            *self.differing.entry(columns.clone()).or_default() += rows;
        }
    }

    /// Says each difference once.
    pub(super) fn log(&self) {
        for ((what, columns), files) in &self.files {
            let file = if files.len() == 1 { files[0].clone() } else { format!("{} files, the first {}", files.len(), files[0]) };
            match what {
                Difference::Missing => tracing::warn!(file, columns, "columns not in the source, null in every row"),
                Difference::Unreadable => tracing::warn!(file, columns, "a column of a type that is not read, null in every row"),
                Difference::Doubled => {
                    let differing_rows = self.differing.get(columns).copied().unwrap_or_default();
                    tracing::warn!(
                        file,
                        columns,
                        differing_rows,
                        "columns that are one key in several spellings: the first that says anything counts"
                    );
                }
                Difference::Converted => tracing::info!(file, columns, "columns of another type, converted"),
                Difference::Ignored => tracing::info!(file, columns, "columns not used"),
            }
        }
    }
}
