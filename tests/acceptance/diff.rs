//! Why the total changed, on real indexes: the causes add up, and what was changed is named first.

use crate::common::graph::{change_between, reference_with, snapshot_of};
use crate::{common, shared};
use hugging_carbon::compare::{Cause, Change};
use hugging_carbon::reference::Reference;

/// A correction without which a continued pre-training is a pre-training.
const YI: &str = "model_id = \"01-ai/Yi-1.5-6B\"\nfield = \"role\"\n";

fn print(name: &str, change: &Change) {
    eprintln!("{name}: {:.0} t to {:.0} t", change.old.emissions_kgco2e / 1e3, change.new.emissions_kgco2e / 1e3);
    for cause in &change.causes {
        eprintln!("  {:>12.1} t  {:>6} runs  {}", cause.change_kgco2e / 1e3, cause.runs, cause.cause.name());
    }
}

/// The sample, the frozen and the wide index; then the frozen index with one cell of PUE, one correction and one figure of the registry changed.
#[test]
#[ignore = "needs ../shared/data"]
fn causes_add_up_and_what_changed_is_named_first() {
    let Some(folder) = shared() else { return };
    let hub = folder.join("data/hub");
    let reference = Reference::load().unwrap();
    let dirs: Vec<tempfile::TempDir> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    let frozen = hub.join("models_2026-05.parquet");
    let of = |at: usize, index: &std::path::Path| snapshot_of(index, dirs[at].path(), &reference);
    let sample = of(0, &common::sample().join("models.jsonl"));
    let old = of(1, &frozen);
    let wide = of(2, &hub.join("wide_2026-10.api.jsonl.gz"));
    print("sample to frozen", &change_between(&sample, &old));
    print("frozen to wide", &change_between(&old, &wide));
    for (file, from, to, cause) in [
        ("pue.csv", "constant,2022,1.3,", "constant,2022,1.35,", Cause::Pue),
        ("pue.csv", "google,hyperscaler,fleet,2024,1.09,", "google,hyperscaler,fleet,2024,1.2,", Cause::Pue),
        ("corrections.toml", YI, "model_id = \"nobody/none\"\nfield = \"role\"\n", Cause::Role),
        ("training_runs.csv", "7.27e10,,1.8e13,tokens,1,7.8e24,", "7.27e10,,1.8e12,tokens,1,7.8e23,", Cause::Evidence),
    ] {
        let change = change_between(&old, &snapshot_of(&frozen, dirs[1].path(), &reference_with(file, from, to)));
        print(&format!("frozen, {file}: {from} -> {to}"), &change);
        assert_eq!(change.causes[0].cause, cause, "{file}");
    }
}
