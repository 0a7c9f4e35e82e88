//! What true pre-trainings are given when nothing but their records tells of them (METHOD section 9.10, b): the rows of half of the owners
//! are taken out of the registry, the looked-up facts, the labelled records and the runs of small houses.

use crate::masks::INDEXES;
use hugging_carbon::domain::{OwnerClass, RunKind};
use hugging_carbon::engine::{self, Reports, Wanted, Workspace};
use hugging_carbon::reference::{Reference, TrainingRun};
use hugging_carbon::stages::fetch::{CardsSource, IndexSource, Network};
use hugging_carbon::stages::{self, estimate, fetch, fit, ingest, normalize, snapshot};
use hugging_carbon::tables::EstimateRow;
use std::collections::BTreeMap;
use std::path::Path;

/// Parts that the owners are dealt into; each is hidden once.
const PARTS: usize = 2;
/// Draws: the mean of a total needs no more.
const DRAWS: usize = 400;
/// Files with rows about single models, and the column that has the id.
const FILES: [(&str, &str); 4] = [
    ("training_runs.csv", "hub_id"),
    ("repository_facts.csv", "model_id"),
    ("role_labels.csv", "model_id"),
    ("small_runs.csv", "model_id"),
];

/// Which part the owner of an id belongs to, by the first bytes of its digest.
fn part(id: &str) -> usize {
    let owner = id.split_once('/').map_or(id, |(owner, _)| owner).to_lowercase();
    let digest = hugging_carbon::store::sha256_bytes(owner.as_bytes());
    usize::from_str_radix(&digest[..4], 16).unwrap() % PARTS
}

/// A reference file without the rows of a part of the owners.
fn without(name: &str, column: &str, hidden: usize) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/reference").join(name);
    let mut reader = csv::Reader::from_path(path).unwrap();
    let headers = reader.headers().unwrap().clone();
    let at = headers.iter().position(|h| h == column).unwrap();
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(&headers).unwrap();
    for record in reader.records().map(Result::unwrap).filter(|r| r[at].is_empty() || part(&r[at]) != hidden) {
        out.write_record(&record).unwrap();
    }
    String::from_utf8(out.into_inner().unwrap()).unwrap()
}

/// Mean compute by repository, with the reference tables given.
fn compute(index: &Path, reference: &Reference) -> BTreeMap<String, f64> {
    let dir = tempfile::tempdir().unwrap();
    let (metric, min, seed) = (hugging_carbon::domain::CohortMetric::Downloads30d, 5_000, 1);
    let settings = stages::Settings {
        fetch: fetch::Settings {
            index: IndexSource::Path { path: index.to_path_buf(), revision: None },
            cards: CardsSource::None,
            hub_dir: dir.path().join("hub"),
            sample_dir: dir.path().join("work/embedded-sample"),
            network: Network::Leave,
            pinned_inputs: None,
        },
        ingest: ingest::Settings { max_quarantine_fraction: 0.05, metric, evidence_reader: None },
        normalize: normalize::Settings { metric, min, without_link_passes: Vec::new() },
        fit: fit::Settings { seed },
        estimate: estimate::Settings { draws: DRAWS, seed },
        snapshot: snapshot::Settings {
            pinned_config: serde_json::json!({}),
            metric,
            min,
            draws: DRAWS,
            seed,
            max_shrink_fraction: 0.05,
            snapshots: dir.path().join("snapshots"),
            may_go_back: false,
        },
    };
    let workspace = Workspace { work: dir.path().join("work"), interactive: false, reports: Reports::default() };
    let wanted = Wanted { from: None, until: "estimate" };
    engine::run(&workspace, &stages::graph(settings, reference), wanted, false).unwrap();
    let rows = hugging_carbon::tables::io::rows::<EstimateRow>(&workspace.work).unwrap().map(Result::unwrap);
    rows.map(|row| (row.model_id.to_lowercase(), row.train_flop.mean)).collect()
}

#[test]
#[ignore = "needs ../shared/data"]
fn true_pretrainings_keep_their_compute_without_their_rows() {
    let Some(shared) = crate::shared() else { return };
    let reference = Reference::load().unwrap();
    let is_true =
        |run: &&TrainingRun| run.kind == RunKind::Pretraining && run.open_weights == Some(true) && run.train_flop.is_some();
    let mut missed = Vec::new();
    for (name, _) in INDEXES {
        let index = shared.join("data/hub").join(name);
        let mut sums: BTreeMap<&str, (usize, f64, f64)> = BTreeMap::new();
        for hidden in 0..PARTS {
            let texts = FILES.map(|(file, column)| (file, without(file, column, hidden)));
            let given = compute(&index, &Reference::load_replacing(texts).unwrap());
            for run in reference.registry.runs().iter().filter(is_true) {
                let Some(id) = run.hub_id.as_deref().filter(|id| part(id) == hidden) else { continue };
                let Some(given) = given.get(&id.to_lowercase()) else { continue };
                let class = reference.owners.class(id.split_once('/').map(|(owner, _)| owner));
                let (n, sum, truth) = sums.entry(class.name()).or_default();
                (*n, *sum, *truth) = (*n + 1, *sum + given, *truth + run.train_flop.unwrap_or_default());
            }
        }
        for class in OwnerClass::ALL {
            let Some((n, given, truth)) = sums.get(class.name()) else { continue };
            let ratio = given / truth;
            eprintln!("{name}: {n} pre-trainings by {class}, rows hidden: given {given:.2e} of {truth:.2e} FLOP, ratio {ratio:.2}");
            if !(0.5..=2.0).contains(&ratio) {
                missed.push(format!("{name}, {class}: {ratio:.2}"));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}
