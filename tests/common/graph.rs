//! The stages as a library: for tests that need other reference tables than those of the binary.

use hugging_carbon::compare::{Change, Edition, change};
use hugging_carbon::domain::CohortMetric;
use hugging_carbon::engine::{self, Reports, Step, Wanted, Workspace};
use hugging_carbon::reference::Reference;
use hugging_carbon::stages::fetch::{CardsSource, IndexSource, Network};
use hugging_carbon::stages::snapshot::verify_files;
use hugging_carbon::stages::{self, estimate, fetch, fit, ingest, normalize, snapshot};
use std::path::{Path, PathBuf};

/// Settings for an index without cards whose cohort has more than 5,000 downloads, in a data directory.
pub fn settings(index: IndexSource, data: &Path, metric: CohortMetric, draws: usize) -> stages::Settings {
    let (min, seed) = (5_000, 1);
    stages::Settings {
        fetch: fetch::Settings {
            index,
            cards: CardsSource::None,
            hub_dir: data.join("hub"),
            sample_dir: data.join("work/embedded-sample"),
            network: Network::Leave,
            pinned_inputs: None,
        },
        ingest: ingest::Settings { max_quarantine_fraction: 0.05, metric, evidence_reader: None },
        normalize: normalize::Settings { metric, min, certain_roles: false, without_link_passes: Vec::new() },
        fit: fit::Settings { seed },
        estimate: estimate::Settings { draws, seed, metric, min },
        snapshot: snapshot::Settings {
            is_rebuild: false,
            pinned_config: serde_json::json!({}),
            metric,
            min,
            max_shrink_fraction: 0.05,
            snapshots: data.join("snapshots"),
            may_go_back: false,
        },
    }
}

/// The graph on an index without cards, in a data directory, as taken from `revision`.
pub fn graph_on(index: &Path, data: &Path, revision: Option<&str>, reference: &Reference) -> Vec<Box<dyn Step>> {
    let index = IndexSource::Path { path: index.to_owned(), revision: revision.map(str::to_owned) };
    stages::graph(settings(index, data, CohortMetric::DownloadsAllTime, 100), reference)
}

/// The snapshot of an index with some reference tables; stages that are fresh are not run again.
pub fn snapshot_of(index: &Path, data: &Path, reference: &Reference) -> PathBuf {
    let workspace = Workspace { work: data.join("work"), interactive: false, reports: Reports::default() };
    engine::run(&workspace, &graph_on(index, data, None, reference), Wanted { from: None, until: "snapshot" }, false).unwrap();
    std::fs::canonicalize(data.join("snapshots/latest")).unwrap()
}

/// Why the total changed from one snapshot to another; that the causes add up to the change of the published totals is checked.
pub fn change_between(old: &Path, new: &Path) -> Change {
    let of = |dir: &Path| {
        let (snapshot, manifest) = verify_files(dir).unwrap();
        let (cohort, models) = (manifest.headline.cohort.clone(), manifest.headline.models);
        let draws = ["seed", "draws"].map(|key| manifest.config["method"][key].as_u64());
        let edition =
            Edition { snapshot, index_date: manifest.index_date, method_version: manifest.method_version, cohort, models, draws };
        (edition, manifest.headline.emissions_kgco2e[3])
    };
    let ((before, old_kg), (after, new_kg)) = (of(old), of(new));
    let change = change((old, before), (new, after)).unwrap();
    let (causes, rows): (f64, f64) =
        (change.causes.iter().map(|c| c.change_kgco2e).sum(), change.rows.iter().map(|row| row.change_kgco2e).sum());
    for sum in [causes, rows, change.change_kgco2e] {
        assert!((sum - (new_kg - old_kg)).abs() <= 1e-9 * old_kg.max(new_kg), "{sum} is not {}", new_kg - old_kg);
    }
    change
}

/// A reference file of the checkout with one place changed.
pub fn reference_with(file: &str, from: &str, to: &str) -> Reference {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/reference").join(file);
    let table = std::fs::read_to_string(path).unwrap();
    assert_eq!(table.matches(from).count(), 1, "{file} has '{from}' once");
    Reference::load_replacing([(file, table.replacen(from, to, 1))]).unwrap()
}
