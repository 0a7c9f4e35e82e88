//! The stages on an index of ../shared/data with other reference tables or settings than the program's.

use super::common;
use hugging_carbon::domain::CohortMetric;
use hugging_carbon::engine::{self, Reports, Wanted, Workspace};
use hugging_carbon::error::Result;
use hugging_carbon::reference::Reference;
use hugging_carbon::stages;
use hugging_carbon::stages::fetch::IndexSource;
use std::path::Path;

/// Draws: the mean of a total needs no more.
const DRAWS: usize = 400;

/// Settings for an index without cards whose cohort has more than 5,000 downloads, in a data directory.
pub fn settings(index: &Path, data: &Path, metric: CohortMetric) -> stages::Settings {
    common::graph::settings(IndexSource::Path { path: index.to_owned(), revision: None }, data, metric, DRAWS)
}

/// Runs the stages in a data directory until one of them.
pub fn run(data: &Path, settings: stages::Settings, reference: &Reference, until: &str) {
    ran(data, settings, reference, until).unwrap();
}

/// The same, with what stopped it.
pub fn ran(data: &Path, settings: stages::Settings, reference: &Reference, until: &str) -> Result<()> {
    let workspace = Workspace { work: data.join("work"), interactive: false, reports: Reports::default() };
    engine::run(&workspace, &stages::graph(settings, reference), Wanted { from: None, until }, false).map(drop)
}

/// A reference file with those of its rows that are kept.
pub fn reference_rows(name: &str, keep: impl Fn(&csv::StringRecord, &csv::StringRecord) -> bool) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/reference").join(name);
    let mut reader = csv::Reader::from_path(path).unwrap();
    let headers = reader.headers().unwrap().clone();
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(&headers).unwrap();
    for record in reader.records().map(Result::unwrap).filter(|record| keep(&headers, record)) {
        out.write_record(&record).unwrap();
    }
    String::from_utf8(out.into_inner().unwrap()).unwrap()
}
