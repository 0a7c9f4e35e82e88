//! Error of the quantiles of runs and totals against the time their draws take.
//!
//!     cargo bench --bench draws --profile release
//!
//! For each number of draws: what the pipeline does (strata), and as many independent draws, which are a random part of 100,000. The
//! error is the root mean square of the relative error over 200 runs, and over 20 totals of those runs under other seeds.
#![allow(clippy::print_stdout)] // A benchmark speaks.

use hugging_carbon::domain::Quantiles;
use hugging_carbon::method::draws::{Draws, Shared, simulate};
use hugging_carbon::method::simulate::{Chip, Compute, GridOption, LogNormal, RunModel, Spread, Start, Stated};
use hugging_carbon::method::summary::{Scratch, summarize};
use hugging_carbon::units::{FlopPerSecond, Watts};
use std::time::Instant;

const RUNS: usize = 200;
const SEEDS: u64 = 20;
const MANY: usize = 100_000;

fn main() {
    let exact = summary_of(&model_draws(&Shared::new(MANY, 999), "reference").emissions);
    println!("{:>8}  {:>12}  {:>24}  {:>24}", "", "", "error of one run, %", "error of a total, %");
    println!(
        "{:>8}  {:>12}  {:>7} {:>7} {:>8}  {:>7} {:>7} {:>8}",
        "draws", "us per run", "p05", "p95", "mean", "p05", "p95", "mean"
    );
    let total = |shared: &Shared| -> Vec<f64> {
        let mut sums = vec![0.0; shared.draws()];
        for run in 0..RUNS {
            for (sum, kg) in sums.iter_mut().zip(&model_draws(shared, &format!("run{run}")).emissions) {
                *sum += kg;
            }
        }
        sums
    };
    let whole = total(&Shared::new(20_000, 998));
    let exact_total = summary_of(&whole);
    for n in [50, 100, 200, 400, 1_000, 4_000] {
        let shared = Shared::new(n, 1);
        let begun = Instant::now();
        let strata: Vec<Quantiles> =
            (0..RUNS).map(|run| summary_of(&model_draws(&shared, &format!("run{run}")).emissions)).collect();
        #[allow(clippy::cast_precision_loss)]
        let micros = begun.elapsed().as_secs_f64() * 1e6 / RUNS as f64;
        let totals: Vec<Quantiles> = (0..SEEDS).map(|seed| summary_of(&total(&Shared::new(n, seed)))).collect();
        print_line("strata", n, micros, errors(&strata, exact), errors(&totals, exact_total));
        let long = model_draws(&Shared::new(MANY, 3), "independent").emissions;
        let parts: Vec<Quantiles> = long.chunks_exact(n).take(RUNS).map(summary_of).collect();
        let parts_of_total: Vec<Quantiles> = whole.chunks_exact(n).take(RUNS).map(summary_of).collect();
        print_line("independ.", n, f64::NAN, errors(&parts, exact), errors(&parts_of_total, exact_total));
    }
}

fn print_line(what: &str, n: usize, micros: f64, run: [f64; 3], total: [f64; 3]) {
    println!(
        "{n:>8}  {micros:>12.1}  {:>7.2} {:>7.2} {:>8.2}  {:>7.2} {:>7.2} {:>8.2}  {what}",
        run[0], run[1], run[2], total[0], total[1], total[2]
    );
}

fn summary_of(values: &[f64]) -> Quantiles {
    summarize(values, &mut Scratch::default())
}

/// Root mean square of the relative errors of p05, p95 and mean, in percent.
fn errors(got: &[Quantiles], exact: Quantiles) -> [f64; 3] {
    let figure = [|s: &Quantiles| s.p05, |s: &Quantiles| s.p95, |s: &Quantiles| s.mean];
    figure.map(|of| {
        let squares = got.iter().map(|s| (of(s) / of(&exact) - 1.0) * (of(s) / of(&exact) - 1.0)).sum::<f64>();
        #[allow(clippy::cast_precision_loss)]
        let mean = squares / got.len() as f64;
        100.0 * mean.sqrt()
    })
}

/// A run of 1e24 FLOP with half a dex of spread, on one of three chips, on one of two grids.
fn model_draws(shared: &Shared, run_id: &str) -> Draws {
    let chip = |name: &str, weight, peak, tdp| Chip {
        name: name.into(),
        weight,
        peak: FlopPerSecond(peak),
        tdp: Watts(tdp),
        power_ratio: LogNormal { median: 1.3, own_sd: 0.15, shared_sd: 0.08 },
    };
    let chips = [chip("A100", 0.3, 312e12, 400.0), chip("H100", 0.5, 989e12, 700.0), chip("V100", 0.2, 125e12, 300.0)];
    let grid = |weight, median| GridOption { weight, intensity: LogNormal { median, own_sd: 0.35, shared_sd: 0.05 } };
    let grids = [grid(0.6, 380.0), grid(0.4, 560.0)];
    let model = RunModel {
        run_id,
        start: Start::Compute,
        stated: Stated::default(),
        compute: Compute::Known { median: 1e24, spread: Spread::Normal(1.15), log_ceiling: f64::INFINITY },
        mfu: LogNormal { median: 0.34, own_sd: 0.3, shared_sd: 0.1 },
        parts: &[],
        chips: &chips,
        pue: LogNormal { median: 1.1, own_sd: 0.06, shared_sd: 0.02 },
        grids: &grids,
    };
    let mut draws = Draws::default();
    simulate(&model, shared, &mut draws);
    draws
}
