//! The stages on an index of ../shared/data with other reference tables or settings than the program's.

use hugging_carbon::domain::CohortMetric;
use hugging_carbon::engine::{self, Reports, Wanted, Workspace};
use hugging_carbon::error::Result;
use hugging_carbon::reference::Reference;
use hugging_carbon::stages::fetch::{CardsSource, IndexSource, Network};
use hugging_carbon::stages::{self, estimate, fetch, fit, ingest, normalize, snapshot};
use std::path::Path;

/// Draws: the mean of a total needs no more.
const DRAWS: usize = 400;

/// Settings for an index without cards whose cohort has more than 5,000 downloads, in a data directory.
pub fn settings(index: &Path, data: &Path, metric: CohortMetric) -> stages::Settings {
    let (min, seed) = (5_000, 1);
    stages::Settings {
        fetch: fetch::Settings {
            index: IndexSource::Path { path: index.to_path_buf(), revision: None },
            cards: CardsSource::None,
            hub_dir: data.join("hub"),
            sample_dir: data.join("work/embedded-sample"),
            network: Network::Leave,
            pinned_inputs: None,
        },
        ingest: ingest::Settings { max_quarantine_fraction: 0.05, metric, evidence_reader: None },
        normalize: normalize::Settings { metric, min, certain_roles: false, without_link_passes: Vec::new() },
        fit: fit::Settings { seed },
        estimate: estimate::Settings { draws: DRAWS, seed, metric, min },
        snapshot: snapshot::Settings {
            pinned_config: serde_json::json!({}),
            metric,
            min,
            max_shrink_fraction: 0.05,
            snapshots: data.join("snapshots"),
            may_go_back: false,
        },
    }
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
