//! Time and memory of the grouping alone, on repositories multiplied from those of the frozen index in ../shared/data.
//!
//!     cargo bench --bench lineage --profile release [-- REPOSITORIES]
//!
//! Every copy has a namespace and a name of its own; every other states its base, the rest has to be grouped by name and shape.
#![allow(clippy::print_stdout, clippy::expect_used)] // A benchmark speaks, and stops when it cannot measure.

use hugging_carbon::evidence::index::names;
use hugging_carbon::hub::{find_files, read_json};
use hugging_carbon::lineage::{RepoFacts, Words, resolve};
use hugging_carbon::reference::Reference;
use hugging_carbon::stages::normalize::{References, repo_facts};
use std::path::PathBuf;
use std::time::Instant;

fn main() {
    let shared = std::env::var_os("HUGGING_CARBON_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let path = shared.join("data/hub/models_2026-05.api.jsonl.gz");
    if !path.exists() {
        println!("lineage: {} is absent; set HUGGING_CARBON_SHARED", path.display());
        return;
    }
    let wanted: usize = std::env::args().filter_map(|a| a.parse().ok()).next().unwrap_or(3_000_000);
    let references = References::new(&Reference::load().expect("the tables are part of the binary"));
    let mut words = Words::default();
    let mut real: Vec<RepoFacts> = Vec::new();
    for file in find_files(&path).expect("the index is readable").files {
        read_json(&file, |block| {
            real.extend(
                block.records.iter().filter_map(|r| r.row.as_ref()).map(|raw| repo_facts(&references, raw).sharing(&mut words)),
            );
            Ok(())
        })
        .expect("the index is readable");
    }
    let facts: Vec<RepoFacts> = (0..wanted).map(|i| copy(&real[i % real.len()], i / real.len())).collect();
    drop(real);
    let facts_mb = peak_mb();
    let begun = Instant::now();
    let resolution = resolve(&facts, Vec::new(), &|id| names::size(id).and_then(|size| size.total), &[]);
    let seconds = begun.elapsed().as_secs_f64();
    let runs = resolution.placements.iter().filter(|p| p.own_run.is_some()).count();
    println!("{wanted} repositories, {runs} runs: {seconds:.1} s, {} MB peak, of which {facts_mb} MB the facts", peak_mb());
}

/// The first copy is the real repository; later ones are by somebody else, with a name that says as much as the real one's.
fn copy(real: &RepoFacts, round: usize) -> RepoFacts {
    let mut facts = real.clone();
    if round > 0 {
        facts.model_id = format!("user{}/{}-v{round}", round * 7919 % 100_003, real.name());
        facts.listed_owner = false;
        facts.registry_kind = None;
        facts.registry_continued = false;
        if round % 2 == 1 && facts.base_ids.is_empty() {
            facts.base_ids.push(real.model_id.clone());
        }
    }
    facts
}

/// Most memory this process has used, in megabytes; zero where the system does not say.
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1024
}
