//! What true pre-trainings are given when nothing but their records tells of them (METHOD section 9.10, b): the rows of half of the owners
//! are taken out of the registry, the looked-up facts, the labelled records and the runs of small houses.

use crate::masks::INDEXES;
use crate::pipeline::{reference_rows, run, settings};
use hugging_carbon::domain::{CohortMetric, OwnerClass, RunKind};
use hugging_carbon::reference::{Reference, TrainingRun};
use hugging_carbon::tables::EstimateRow;
use std::collections::BTreeMap;
use std::path::Path;

/// Parts that the owners are dealt into; each is hidden once.
const PARTS: usize = 2;
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
    reference_rows(name, |headers, record| {
        let id = headers.iter().position(|h| h == column).map_or("", |at| &record[at]);
        id.is_empty() || part(id) != hidden
    })
}

/// Mean compute by repository, with the reference tables given.
fn compute(index: &Path, reference: &Reference) -> BTreeMap<String, f64> {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), settings(index, dir.path(), CohortMetric::Downloads30d), reference, "estimate");
    let rows = hugging_carbon::tables::io::rows::<EstimateRow>(&dir.path().join("work")).unwrap().map(Result::unwrap);
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
