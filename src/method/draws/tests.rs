//! Draws of small models whose distributions are known.

use super::compute::truncated;
use super::points::{MFU, PUE};
use super::*;
use crate::domain::RunKind;
use crate::method::calibration::ErrorLaw;
use crate::method::simulate::tests::{h100, model};
use crate::method::simulate::{Chip, Compute, GridOption, Spread, central};
use crate::method::summary::{Scratch, summarize};
use crate::units::{FlopPerSecond, Watts};

/// A chip of a mixture, with the spread of a published node.
pub(super) fn chip(name: &str, weight: f64, peak: f64, tdp: f64) -> Chip {
    Chip {
        name: name.into(),
        weight,
        peak: FlopPerSecond(peak),
        tdp: Watts(tdp),
        power_ratio: LogNormal { median: 1.3, own_sd: 0.15, shared_sd: 0.08 },
    }
}

/// A mixture of two grids.
pub(super) fn grids() -> [GridOption; 2] {
    [(0.6, 380.0), (0.4, 560.0)]
        .map(|(weight, median)| GridOption { weight, intensity: LogNormal { median, own_sd: 0.35, shared_sd: 0.05 } })
}

fn draws_of(model: &RunModel<'_>, n: usize) -> Draws {
    let mut draws = Draws::default();
    simulate(model, &Shared::new(n, 1), &mut draws);
    draws
}

/// Without spread every draw is the central value, from every rung of the chain: logarithms that add against products.
#[test]
fn without_spread_every_draw_is_central() {
    let chips = h100();
    let own = |x| LogNormal::with_own_spread(x, 0.0);
    for start in [Start::Compute, Start::Hours(own(1e5)), Start::Energy(own(1e6)), Start::Emissions(own(1e4))] {
        for (implied, are_stated) in [(false, false), (true, false), (false, true), (true, true)] {
            let mut model = model(&chips, start, 0.0);
            // What is stated beside a rung stays what it is.
            model.stated.energy = (are_stated && matches!(start, Start::Emissions(_))).then(|| own(3e4));
            model.stated.hours = (are_stated && matches!(start, Start::Emissions(_) | Start::Energy(_))).then(|| own(2e5));
            if implied && !matches!(start, Start::Compute) {
                model.compute = Compute::Implied;
            }
            let (c, draws) = (central(&model), draws_of(&model, 100));
            for (got, expected) in
                [(&draws.flop, c.flop.0), (&draws.hours, c.hours.0), (&draws.energy, c.energy.0), (&draws.emissions, c.emissions.0)]
            {
                assert!(got.iter().all(|x| (x / expected - 1.0).abs() < 1e-12), "{start:?}");
            }
        }
    }
}

/// A log-normal's quantiles are exp(+-1.645 sd) and its mean exp(sd^2 / 2): by strata 1,000 draws come within a percent.
#[test]
fn draws_follow_the_log_normal() {
    let chips = h100();
    let s = summarize(&draws_of(&model(&chips, Start::Compute, 0.5), 1000).flop, &mut Scratch::default());
    for (got, expected) in
        [(s.p05, (-1.645_f64 * 0.5).exp()), (s.p50, 1.0), (s.p95, (1.645_f64 * 0.5).exp()), (s.mean, 0.125_f64.exp())]
    {
        assert!((got / 1e24 / expected - 1.0).abs() < 0.01, "{got} {expected}");
    }
}

/// Regression: a ceiling above a stated compute cut its lower tail, too (grok-2's 5th percentile was 1.0e25 where a factor of 30 from
/// 2.96e25 is 1.0e24). The upper half ends half a dex (1.1513 standard deviations) above the median, which stays: it has the probabilities from 0.5 to
/// 0.8752, so that the 95th percentile lies at 0.5 + 0.9 x 0.3752 = 0.8377, exp(0.9850); the 5th is exp(-1.6449), from a table of the normal
/// distribution. Draws are redistributed, not piled up at the end.
#[test]
fn a_ceiling_cuts_the_upper_tail_alone_and_leaves_the_median() {
    let chips = h100();
    let mut model = model(&chips, Start::Compute, 0.0);
    model.compute = Compute::Known { median: 1e24, spread: Spread::Normal(1.0), log_ceiling: 24.5 };
    let draws = draws_of(&model, 1000).flop;
    let s = summarize(&draws, &mut Scratch::default());
    for (got, expected) in [(s.p05, 0.193_0), (s.p50, 1.0), (s.p95, 2.678)] {
        assert!((got / 1e24 / expected - 1.0).abs() < 0.01, "{got} {expected}");
    }
    assert!(draws.iter().all(|x| *x <= 10_f64.powf(24.5)) && draws.iter().any(|x| *x < 10_f64.powf(23.0)));
    // A figure stated at the ceiling may err by a factor of two.
    model.compute = Compute::Known { median: 1e24, spread: Spread::Normal(1.0), log_ceiling: 24.0 };
    let draws = draws_of(&model, 1000).flop;
    assert!(draws.iter().all(|x| *x <= 2e24) && draws.iter().any(|x| *x > 1.9e24));
}

/// Regression: compute beside stated hours was drawn beyond what its chips do in them. 10,000 hours of an H100 hold 1e4 h x 3,600 s x 989e12
/// FLOP/s x 0.75 = 2.67e22 FLOP; compute that is stated beyond it stays (such a row is flagged).
#[test]
fn stated_hours_bound_the_compute_beside_them() {
    let chips = h100();
    let most = 1e4 * 3600.0 * 989e12 * 0.75;
    let drawn = |median: f64| {
        let mut model = model(&chips, Start::Hours(LogNormal::with_own_spread(1e4, 0.0)), 0.0);
        model.compute = Compute::Known { median, spread: Spread::Normal(1.0), log_ceiling: f64::INFINITY };
        draws_of(&model, 1000)
            .flop
            .into_iter()
            .fold((f64::INFINITY, 0.0), |(least, largest): (f64, f64), x| (least.min(x), largest.max(x)))
    };
    let (least, largest) = drawn(1e22);
    assert!(least < 1e21 && (largest / most - 1.0).abs() < 1e-9, "{least} {largest}");
    let (_, largest) = drawn(1e23);
    assert!((largest / 1e23 - 1.0).abs() < 1e-9, "{largest}");
}

/// A run that was a pre-training of 1e24 FLOP with probability 0.1, a fine-tune of 1e20 with 0.6, and nothing with 0.3: of 1,000 strata
/// 100, 600 and 300. The mean is 0.1 x 1e24 + 0.6 x 1e20, the median the fine-tune's.
#[test]
fn what_a_run_may_have_been_is_drawn_by_its_weights() {
    let chips = h100();
    let mut model = model(&chips, Start::Compute, 0.0);
    let known = |median| Compute::Known { median, spread: Spread::Normal(0.0), log_ceiling: f64::INFINITY };
    let part = |weight, median| Part {
        kind: RunKind::FineTuning,
        weight,
        compute: known(median),
        mfu: LogNormal::with_own_spread(0.4, 0.0),
        chips: (&chips[..]).into(),
    };
    let parts = [part(0.1, 1e24), part(0.6, 1e20)];
    model.parts = &parts;
    let draws = draws_of(&model, 1000);
    let count = |value: f64| draws.flop.iter().filter(|x| (*x / value - 1.0).abs() < 1e-9).count();
    assert_eq!((count(1e24), count(1e20), draws.flop.iter().filter(|x| **x == 0.0).count()), (100, 600, 300));
    let s = summarize(&draws.flop, &mut Scratch::default());
    assert!((s.mean / (0.1 * 1e24 + 0.6 * 1e20) - 1.0).abs() < 1e-9 && (s.p50 / 1e20 - 1.0).abs() < 1e-9);
    assert!(draws.emissions.iter().zip(&draws.flop).all(|(kg, flop)| (*kg == 0.0) == (*flop == 0.0)));
}

/// Errors of -1, 0 and 1 dex between bounds that exclude what lies below 0, half of them: u of 0.001 is a share of 0.5005, position
/// 0.5005 x 3 - 0.5 = 1.0015. Where nothing lies between the bounds the nearer one is taken.
#[test]
fn measured_errors_are_drawn_between_the_bounds() {
    let law = ErrorLaw::new(&[(9.0, -1.0), (9.0, 0.0), (9.0, 1.0)]);
    assert_eq!(truncated(20.0, law.near(9.0), f64::NEG_INFINITY, f64::INFINITY, 0.5), 20.0);
    assert_eq!(truncated(20.0, law.near(9.0), 20.0, 30.0, 0.001), 20.0015);
    assert_eq!(truncated(20.0, law.near(9.0), 25.0, 30.0, 0.5), 25.0);
    assert_eq!(truncated(20.0, law.near(9.0), 10.0, 15.0, 0.5), 15.0);
}

/// A quarter of the draws on 100 g/kWh, the rest on 400: the central value is 100^0.25 x 400^0.75 = 282.8, the mean 325, exactly,
/// because the strata hold a quarter.
#[test]
fn a_mixture_of_grids_is_drawn_by_its_weights() {
    let chips = h100();
    let grid = |weight, median| GridOption { weight, intensity: LogNormal::with_own_spread(median, 0.0) };
    let grids = [grid(0.25, 100.0), grid(0.75, 400.0)];
    let mut mixed = model(&chips, Start::Compute, 0.0);
    mixed.grids = &grids;
    let c = central(&mixed);
    assert!((c.emissions.0 / c.energy.0 * 1000.0 / 282.842_7 - 1.0).abs() < 1e-6);
    let mean = summarize(&draws_of(&mixed, 1000).emissions, &mut Scratch::default()).mean / c.energy.0 * 1000.0;
    assert!((mean / 325.0 - 1.0).abs() < 1e-9, "{mean}");
}

/// What holding a factor adds to sums is what drawing the run with that factor fixed does, to the last bit: of one thing, and of what may have
/// been two or nothing.
#[test]
fn held_factors_are_those_of_a_run_that_is_drawn_with_them() {
    let chips = [chip("A100", 0.4, 312e12, 400.0), chip("H100", 0.6, 989e12, 700.0)];
    let grids = grids();
    let mfu = |median| LogNormal { median, own_sd: 0.3, shared_sd: 0.1 };
    let mut model = model(&chips, Start::Compute, 0.8);
    (model.grids, model.mfu, model.pue) = (&grids, mfu(0.6), LogNormal { median: 1.02, own_sd: 0.06, shared_sd: 0.02 });
    // The second has chips of its own.
    let of_part = [chip("T4", 0.4, 65e12, 70.0), chip("A100", 0.6, 312e12, 400.0)];
    let part = |weight, median, chips| Part {
        kind: RunKind::FineTuning,
        weight,
        compute: model.compute.clone(),
        mfu: mfu(median),
        chips: std::borrow::Cow::Borrowed(chips),
    };
    let parts = [part(0.3, 0.6, &chips[..]), part(0.5, 0.17, &of_part[..])];
    let settings: Vec<(Factor, f64)> = [Factor::Mfu, Factor::Power, Factor::Pue, Factor::Grid]
        .into_iter()
        .flat_map(|factor| [(factor, -1.6), (factor, 1.6)])
        .collect();
    let shared = Shared::new(1000, 1);
    let (mut held, mut drawn, mut out) = (Held::default(), Draws::default(), Draws::default());
    for parts in [&parts[..], &[]] {
        let model = RunModel { parts, ..model.clone() };
        assert!(Held::is_for(&model));
        simulate(&model, &shared, &mut drawn);
        held.fill(&model, &shared, &settings);
        for (number, setting) in settings.iter().enumerate() {
            simulate_fixed(&model, &shared, *setting, &drawn, &mut out);
            let (mut flop, mut emissions) = (vec![0.0; 1000], vec![0.0; 1000]);
            held.add(number, &drawn, &mut flop, &mut emissions);
            assert_eq!((&flop, &emissions), (&out.flop, &out.emissions), "{setting:?} {}", parts.len());
            assert_ne!(emissions, drawn.emissions, "{setting:?}");
        }
    }
}

/// A buffer that held another run's draws holds nothing of them.
#[test]
fn draws_do_not_depend_on_what_a_buffer_held() {
    let chips = h100();
    let mut model = model(&chips, Start::Compute, 0.5);
    let mut used = draws_of(&model, 500);
    let part = Part {
        kind: RunKind::FineTuning,
        weight: 0.25,
        compute: model.compute.clone(),
        mfu: LogNormal::with_own_spread(0.4, 0.2),
        chips: (&chips[..]).into(),
    };
    model.parts = std::slice::from_ref(&part);
    simulate(&model, &Shared::new(500, 1), &mut used);
    let fresh = draws_of(&model, 500);
    for (used, fresh) in [&used.flop, &used.hours, &used.energy, &used.emissions].into_iter().zip([
        &fresh.flop,
        &fresh.hours,
        &fresh.energy,
        &fresh.emissions,
    ]) {
        assert_eq!(used, fresh);
        assert_eq!(used.iter().filter(|x| **x == 0.0).count(), 375);
    }
}

/// Walks of different runs are as good as independent: the mean of 400 correlations of 1,000 draws is 0 within three standard errors
/// (3 / sqrt(400 x 1000)), and none is beyond five (5 / sqrt(1000)).
#[test]
fn walks_of_runs_are_uncorrelated_and_complete() {
    let shared = Shared::new(1000, 7);
    let walk = |run: &str, factor: usize| -> Vec<f64> {
        let order = shared.orders.of(run);
        (0..1000).map(|draw| shared.z[shared.points.strata(factor)[order.chain(draw)] as usize]).collect()
    };
    let mut sorted = walk("a/b", MFU);
    sorted.sort_by(f64::total_cmp);
    assert_eq!(sorted, shared.z, "every stratum once");
    let variance: f64 = shared.z.iter().map(|z| z * z).sum();
    let mut sum = 0.0;
    for k in 0..400 {
        let (a, b) = (walk(&format!("run{k}"), MFU), walk(&format!("run{}", k + 1), if k % 2 == 0 { MFU } else { PUE }));
        let correlation = a.iter().zip(&b).map(|(x, y)| x * y).sum::<f64>() / variance;
        assert!(correlation.abs() < 5.0 / 1000_f64.sqrt(), "{k}: {correlation}");
        sum += correlation;
    }
    assert!((sum / 400.0).abs() < 3.0 / (400.0_f64 * 1000.0).sqrt(), "{}", sum / 400.0);
}

/// Points fill the plane of any two factors more evenly than chance: the 55 correlations of ranks are, in the root mean square, less than
/// half of those of shuffles, which are 1 / sqrt(n); and each factor meets every stratum once, for a round number of draws, a prime one
/// and a tiny one, which is shuffled.
#[test]
fn points_are_even_in_any_two_factors() {
    for (n, most) in [(1000, 0.5), (1009, 0.5), (20, 3.0)] {
        let shared = Shared::new(n, 5);
        let strata = |factor: usize| shared.points.strata(factor);
        #[allow(clippy::cast_precision_loss)]
        let n = n as f64;
        let centred = |stratum: &u32| f64::from(*stratum) - (n - 1.0) / 2.0;
        let variance: f64 = strata(0).iter().map(|s| centred(s) * centred(s)).sum();
        let mut squares = 0.0;
        for a in 0..11 {
            let mut sorted = strata(a).to_vec();
            sorted.sort_unstable();
            assert!(sorted.iter().enumerate().all(|(i, s)| i == *s as usize), "{n}, factor {a}");
            for b in 0..a {
                let correlation = strata(a).iter().zip(strata(b)).map(|(x, y)| centred(x) * centred(y)).sum::<f64>() / variance;
                squares += correlation * correlation;
            }
        }
        let root = (squares / 55.0).sqrt();
        assert!(root < most / n.sqrt(), "{n}: {root}");
    }
}

/// 1e24 FLOP at 0.4 of 989e12 FLOP/s, 0.7 kW, PUE 1.1, 400 g/kWh; each factor with half a unit of spread, a fifth of it shared. With all but
/// one factor without spread, at its median it gives the chain of `central_chain_by_hand`; the utilization at +1 standard deviation
/// (sqrt(0.5^2 + 0.1^2) = 0.5099) divides hours by exp(0.5099) = 1.6651, the grid there multiplies emissions alone, and a PUE far below stays at 1.
#[test]
fn a_fixed_factor_moves_what_follows_from_it_alone() {
    let chips = h100();
    let law = |median, is_drawn: bool| {
        let (own_sd, shared_sd) = if is_drawn { (0.5, 0.1) } else { (0.0, 0.0) };
        LogNormal { median, own_sd, shared_sd }
    };
    let chain = |factor, z| {
        let grids = [GridOption { weight: 1.0, intensity: law(400.0, factor == Factor::Grid) }];
        let mut model = model(&chips, Start::Compute, 0.0);
        (model.mfu, model.pue, model.grids) = (law(0.4, factor == Factor::Mfu), law(1.1, factor == Factor::Pue), &grids);
        let mut draws = Draws::default();
        let shared = Shared::new(50, 3);
        let mut drawn = Draws::default();
        simulate(&model, &shared, &mut drawn);
        simulate_fixed(&model, &shared, (factor, z), &drawn, &mut draws);
        let of = |values: &[f64]| {
            assert!(
                values.iter().all(|x| (x / values[0] - 1.0).abs() < 1e-12),
                "{factor:?} is fixed, and nothing else has a spread"
            );
            values[0]
        };
        [of(&draws.hours), of(&draws.energy), of(&draws.emissions)]
    };
    let close = |got: [f64; 3], expected: [f64; 3]| got.iter().zip(expected).all(|(g, e)| (g / e - 1.0).abs() < 1e-4);
    for factor in [Factor::Mfu, Factor::Power, Factor::Pue, Factor::Grid] {
        assert!(close(chain(factor, 0.0), [702_168.0, 540_669.0, 216_268.0]), "{factor:?}");
    }
    assert!(close(chain(Factor::Mfu, 1.0), [702_168.0 / 1.6651, 540_669.0 / 1.6651, 216_268.0 / 1.6651]));
    assert!(close(chain(Factor::Grid, 1.0), [702_168.0, 540_669.0, 216_268.0 * 1.6651]));
    assert!(close(chain(Factor::Pue, -5.0), [702_168.0, 540_669.0 / 1.1, 216_268.0 / 1.1]));
}

/// A tenth of the draws are a pre-training with its own utilization: fixing the utilization moves it for the parts, too.
#[test]
fn a_fixed_utilization_is_that_of_what_was_drawn() {
    let chips = h100();
    let known = |median| Compute::Known { median, spread: Spread::Normal(0.0), log_ceiling: f64::INFINITY };
    let part = |weight, median, mfu| Part {
        kind: RunKind::FineTuning,
        weight,
        compute: known(median),
        mfu: LogNormal::with_own_spread(mfu, 0.3),
        chips: (&chips[..]).into(),
    };
    let parts = [part(0.1, 1e24, 0.4), part(0.9, 1e20, 0.2)];
    let mut model = model(&chips, Start::Compute, 0.0);
    model.parts = &parts;
    let (shared, mut drawn, mut draws) = (Shared::new(100, 3), Draws::default(), Draws::default());
    simulate(&model, &shared, &mut drawn);
    simulate_fixed(&model, &shared, (Factor::Mfu, 1.0), &drawn, &mut draws);
    assert_eq!(draws.flop, drawn.flop);
    for (flop, hours) in draws.flop.iter().zip(&draws.hours) {
        let mfu = if *flop > 1e22 { 0.4 } else { 0.2 } * 0.3_f64.exp();
        assert!((flop / (hours * 3600.0 * 989e12) / mfu - 1.0).abs() < 1e-9);
    }
}

/// What starts from compute has a loop of its own: its arithmetic is that of the chain for any start, to the last bit, where utilization and
/// PUE meet their bounds too.
#[test]
fn a_run_that_starts_from_compute_follows_the_chain() {
    let chips = [chip("A100", 0.3, 312e12, 400.0), chip("H100", 0.7, 989e12, 700.0)];
    let grids = grids();
    let mut model = model(&chips, Start::Compute, 0.5);
    model.mfu = LogNormal { median: 0.5, own_sd: 0.4, shared_sd: 0.1 };
    model.pue = LogNormal { median: 1.05, own_sd: 0.1, shared_sd: 0.02 };
    model.grids = &grids;
    let (shared, mut draws) = (Shared::new(200, 3), Draws::default());
    simulate(&model, &shared, &mut draws);
    let (run, order) = (Run::new(&model, &shared, None), shared.orders.of(model.run_id));
    let (only, mut bounded) = (&run.trained[0], [0, 0]);
    let [mfu, power, pue, grid] = &only.levels;
    for draw in 0..200 {
        let own = only.chain.at(order.chain(draw));
        let (used, facility) = (own.mfu * mfu[draw], own.pue * pue[draw]);
        let factors = (own.peak * used.min(MFU_MAX), own.power * power[draw] * facility.max(1.0), own.grid * grid[draw]);
        let most = Most { flop_per_hour: own.peak * MFU_MAX, central_flop: 0.0 };
        let expected = chain(Start::Compute, 0.0, (None, None), (Some(draws.flop[draw]), most), factors);
        let Draws { flop, hours, energy, emissions, .. } = &draws;
        assert_eq!(
            Chain { flop: flop[draw], hours: hours[draw], energy: energy[draw], emissions: emissions[draw] },
            expected,
            "{draw}"
        );
        bounded[0] += usize::from(used > MFU_MAX);
        bounded[1] += usize::from(facility < 1.0);
    }
    assert!(bounded.iter().all(|n| *n > 5), "{bounded:?}");
}
