//! Compute by arithmetic: timm's weights against a computation by hand, and published estimates of others against the tables.

use crate::shared;
use hugging_carbon::method::chain;
use hugging_carbon::method::summary::median;
use hugging_carbon::reference::{Reference, Trainings};
use hugging_carbon::units::Flop;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Weights compared, as the aim has it.
const WEIGHTS: usize = 100;

/// A row of tests/data/timm_recipes.csv: written by hand from papers and cards, not from the tables.
#[derive(Deserialize)]
struct ByHand {
    model_id: String,
    gigamacs: f64,
    images: f64,
    epochs: f64,
    factor: f64,
}

fn compute(trainings: &Trainings, id: &str) -> Option<f64> {
    let named = trainings.named(id, Some("timm"))?;
    Some(chain::sample_training_flop(Flop(named.forward_flop()?), named.samples_seen()?).0)
}

/// Ids of the wide index.
fn wide_ids(shared: &Path) -> BTreeSet<String> {
    let file = std::fs::File::open(shared.join("data/hub/wide_2026-10.api.jsonl.gz")).unwrap();
    let lines = BufReader::new(flate2::read::GzDecoder::new(file)).lines().map(Result::unwrap);
    let id = |line: String| serde_json::from_str::<serde_json::Value>(&line).ok()?.get("id")?.as_str().map(str::to_owned);
    lines.filter_map(id).collect()
}

/// 100 weights, those of the wide index first: within 2x in 80 %.
#[test]
#[ignore = "needs ../shared/data"]
fn timm_weights_against_a_computation_by_hand() {
    let Some(shared) = shared() else { return };
    let trainings = Reference::load().unwrap().trainings;
    let index = wide_ids(&shared);
    let mut by_hand: Vec<ByHand> =
        csv::Reader::from_path("tests/data/timm_recipes.csv").unwrap().deserialize().map(Result::unwrap).collect();
    by_hand.sort_by_key(|row| !index.contains(&row.model_id));
    let (mut within, mut errors, mut of_index) = (0, Vec::new(), 0);
    for row in by_hand.iter().take(WEIGHTS) {
        of_index += usize::from(index.contains(&row.model_id));
        let hand = 3.0 * 2.0 * row.gigamacs * 1e9 * row.images * row.epochs * row.factor;
        let Some(flop) = compute(&trainings, &row.model_id) else {
            eprintln!("  {}: nothing computed, {hand:.2e} by hand", row.model_id);
            continue;
        };
        let ratio = flop / hand;
        errors.push(libm::log10(ratio).abs());
        if (0.5..=2.0).contains(&ratio) {
            within += 1;
        }
        if !(0.8..=1.25).contains(&ratio) {
            eprintln!("  {}: {flop:.2e}, {hand:.2e} by hand, ratio {ratio:.2}", row.model_id);
        }
    }
    let known = index.iter().filter(|id| compute(&trainings, id).is_some());
    let (timm, others): (Vec<&String>, Vec<&String>) = known.partition(|id| id.starts_with("timm/"));
    eprintln!("compute by arithmetic in the wide index: {} of timm, {} of other namespaces", timm.len(), others.len());
    eprintln!(
        "{WEIGHTS} weights, {of_index} of the wide index: {within} within 2x, median error {:.3} dex of {}",
        median(&errors),
        errors.len()
    );
    assert!(within * 100 >= 80 * WEIGHTS && by_hand.len() >= WEIGHTS);
}

/// Published estimates that others made (Epoch AI, CC BY 4.0; the registry has them, or had them before a correction that
/// data/reference/training_runs.md lists) against the tables: hours x peak x assumed utilization on one side, steps on the other.
#[test]
#[ignore = "prints a comparison"]
fn published_estimates_against_the_tables() {
    let trainings = Reference::load().unwrap().trainings;
    let mut ratios = Vec::new();
    for (id, published, how) in [
        ("laion/CLIP-ViT-H-14-laion2B-s32B-b79K", 7.841e22, "hours"),
        ("openai/clip-vit-large-patch14", 1.05e22, "third party, with the stage at 336 pixels"),
        ("facebook/deit-base-patch16-224", 7.884e19, "hours, tensor-core peak, with the stage at 384 pixels"),
        ("facebook/dinov2-giant", 7.418_511e21, "hours x 0.3"),
        ("facebook/dino-vitb16", 2.1e20, "hours, 300 epochs"),
        ("facebook/DiT-XL-2-256", 1.4e21, "figure 9 for 3e6 of 7e6 steps: 6e20"),
        ("facebook/hubert-xlarge-ll60k", 5.54e21, "hours of data taken for hours of devices: corrected"),
        ("facebook/detr-resnet-101", 4e20, "hours x tensor-core peak: corrected"),
        ("openai/whisper-large", 4.207e21, "figure 9 of the paper"),
        ("openai/whisper-large-v2", 1.1e23, "from an estimate of v1 that figure 9 contradicts: corrected"),
        ("openai/whisper-large-v3", 2.7e23, "from an estimate of v1 that figure 9 contradicts: corrected"),
        ("timm/tf_efficientnet_l2.ns_jft_in1k_475", 2.612e22, "hours x 0.33, with the stage at 800 pixels"),
        ("timm/tf_efficientnetv2_xl.in21k", 9.56e19, "hours x 0.3"),
        ("timm/resnetrs420.tf_in1k", 1.763e22, "a hundred times too many images: corrected"),
    ] {
        let flop = compute(&trainings, id).unwrap();
        eprintln!("  {id:45} tables {flop:.2e}, published {published:.2e}, ratio {:.3} ({how})", flop / published);
        if !how.ends_with("corrected") {
            ratios.push(libm::log10(flop / published).abs());
        }
    }
    eprintln!("not contradicted: n = {}, median {:.2} dex", ratios.len(), median(&ratios));
    assert!(median(&ratios) < 0.4);
}

/// Corrected rows of the registry are the tables' own figures.
#[test]
fn corrected_rows_of_the_registry_are_the_arithmetic() {
    let reference = Reference::load().unwrap();
    let mut compared = 0;
    for run in reference.registry.runs().iter().filter(|run| run.source.contains("recipes.csv")) {
        let Some(id) = &run.hub_id else { continue };
        // The rows of Stable Diffusion are the sum of their stages.
        let flop = match run.registry_id.as_str() {
            "stable-diffusion-1.4" => ["v1-1", "v1-2", "v1-4"].iter().map(|v| of_diffusion(&reference, v)).sum(),
            "stable-diffusion-2" => {
                let base = compute(&reference.trainings, "stabilityai/stable-diffusion-2-base");
                base.zip(compute(&reference.trainings, id)).map(|(a, b)| a + b).unwrap()
            }
            _ => compute(&reference.trainings, id).unwrap(),
        };
        let stated = run.train_flop.unwrap();
        assert!((stated / flop - 1.0).abs() < 0.01, "{id}: {stated:e} against {flop:e}");
        compared += 1;
    }
    assert_eq!(compared, 6);
}

fn of_diffusion(reference: &Reference, version: &str) -> f64 {
    compute(&reference.trainings, &format!("CompVis/stable-diffusion-{version}")).unwrap()
}
