//! The pages of a snapshot for people: the report, for a reader who wants the figures, how they are known, and how far they can be
//! trusted; and the explorer, for one who looks for a model.
//!
//! They are made of the published tables and what the manifest states, and of nothing else: no clock, no network. Every figure of
//! the report stands in a `data` element with its full value. Names and quotes are other people's text: [`text`] takes away what is no plain
//! character, maud escapes the rest, and the pages forbid scripts but the explorer's own, and anything from elsewhere.

mod charts;
mod data;
mod explorer;
mod numbers;
mod page;
mod sections;
mod text;
mod words;

use crate::compare::{Change, Point};
use crate::error::Result;
use data::Data;
pub use explorer::explorer_page;
use std::path::Path;

/// What a manifest states of the tables.
#[derive(Clone, Debug)]
pub struct About {
    /// Version of the data as documents state it.
    pub edition: String,
    /// Newest date of the index.
    pub index_date: String,
    /// Cohort of the headline.
    pub cohort: String,
    /// Source files.
    pub inputs: Vec<InputFile>,
    /// Records read and refused.
    pub records: [u64; 2],
    /// Version of the method.
    pub method_version: i32,
    /// Version of the crate.
    pub crate_version: String,
    /// Draws per run.
    pub draws: u64,
}

/// A source file.
#[derive(Clone, Debug)]
pub struct InputFile {
    /// File name.
    pub name: String,
    /// Records.
    pub records: u64,
    /// SHA-256.
    pub sha256: String,
}

/// What a page tells of other snapshots. A document of a snapshot tells nothing of them: it follows from the snapshot alone, so that
/// whoever has the inputs makes the same bytes.
#[derive(Debug, Default)]
pub struct Beside {
    /// Why the total changed since another one.
    pub change: Option<Change>,
    /// Totals of several as a series; empty for none.
    pub series: Vec<Point>,
}

/// The page `report.html` of the tables in a directory, beside other snapshots if there are any.
///
/// # Errors
/// A table is missing, damaged or of another schema.
pub fn report_page(tables: &Path, about: &About, beside: &Beside) -> Result<String> {
    let data = Data::from_tables(tables, &about.cohort)?;
    Ok(page::page(about, &sections::all(&data, about, beside)))
}

/// A page of a change alone; `about` is the newer snapshot.
#[must_use]
pub fn change_page(change: &Change, about: &About) -> String {
    page::page(about, &[sections::changes_alone(change)])
}
