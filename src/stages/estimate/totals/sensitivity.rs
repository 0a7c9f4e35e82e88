//! What the cohort's total becomes when one factor of every run, or one rule, is set otherwise (docs/method.md, section 8).

use super::{Drawn, Item};
use crate::domain::{Quantiles, Run, RunKind, Tier};
use crate::error::Result;
use crate::estimation::{build, is_product};
use crate::method::assumptions::PROGRAMME_SHARE_OF_FINAL_RUNS;
use crate::method::draws::{Draws, Factor, Held, simulate, simulate_fixed};
use crate::method::summary::{Scratch, summarize};
use crate::stages::estimate::Settings;
use crate::stages::estimate::rows::Given;
use crate::tables::SensitivityRow;
use rayon::prelude::*;

/// 5 % of a normal lies below minus this many standard deviations.
const Z_95: f64 = 1.644_853_626_951_472_2;
/// What is set otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Setting {
    Headline,
    /// A factor of every run at this many standard deviations from its median.
    At(Factor, f64),
    /// Mixtures of experts as if all their parameters were active.
    Dense,
    /// Members of runs that only rules put there, as pre-trainings of their own.
    WithoutGrouping,
}

/// Position of the headline among the settings.
const HEADLINE: usize = 0;

const SETTINGS: &[(Setting, &str, &str, &str)] = &[
    (Setting::Headline, "headline", "as published", "every factor drawn"),
    (Setting::At(Factor::Grid, -Z_95), "grid_gco2e_per_kwh", "p05", "the grid of every run at its 5th percentile"),
    (Setting::At(Factor::Grid, Z_95), "grid_gco2e_per_kwh", "p95", "the grid of every run at its 95th percentile"),
    (Setting::At(Factor::Mfu, -Z_95), "mfu", "p05", "the utilization of every run at its 5th percentile"),
    (Setting::At(Factor::Mfu, Z_95), "mfu", "p95", "the utilization of every run at its 95th percentile"),
    (
        Setting::At(Factor::Power, -Z_95),
        "host_power_ratio",
        "p05",
        "power over TDP, hosts included, of every chip at its 5th percentile",
    ),
    (
        Setting::At(Factor::Power, Z_95),
        "host_power_ratio",
        "p95",
        "power over TDP, hosts included, of every chip at its 95th percentile",
    ),
    (Setting::At(Factor::Pue, -Z_95), "pue", "p05", "the facility overhead of every run at its 5th percentile"),
    (Setting::At(Factor::Pue, Z_95), "pue", "p95", "the facility overhead of every run at its 95th percentile"),
    (
        Setting::Dense,
        "active_share",
        "all parameters",
        "mixtures of experts, save those whose compute was counted another way, as if all their parameters were active",
    ),
    (
        Setting::WithoutGrouping,
        "implicit_grouping",
        "off",
        "repositories that only rules made members of a run, as pre-trainings of their own",
    ),
];

/// Scenarios with making the hardware: what the factors are multiplied with.
const HARDWARE: [(&str, f64); 3] = [("as published", 1.0), ("a third of it", 1.0 / 3.0), ("three times it", 3.0)];

/// FLOP and kg CO2e per draw, summed under one setting.
struct Sums {
    flop: Vec<f64>,
    emissions: Vec<f64>,
    /// Draws of a run under the setting, before they are added.
    scratch: Draws,
    /// Its number among the settings of factors.
    factor: Option<usize>,
}

impl Sums {
    fn new(draws: usize, factor: Option<usize>) -> Self {
        Self { flop: vec![0.0; draws], emissions: vec![0.0; draws], scratch: Draws::default(), factor }
    }

    fn add(&mut self, draws: &Draws) {
        add(&mut self.flop, &draws.flop);
        add(&mut self.emissions, &draws.emissions);
    }

    /// Adds a run with a factor held.
    fn add_held(&mut self, fixed: (Factor, f64), given: &Given<'_>, item: &Item<'_>, drawn: Drawn<'_, '_>, held: Option<&Held>) {
        let Drawn { built, draws } = drawn;
        match (held, self.factor) {
            (Some(held), Some(number)) => held.add(number, draws, &mut self.flop, &mut self.emissions),
            _ => {
                let model = built.model(&item.run.run_id);
                self.add_drawn(|out| simulate_fixed(&model, &given.shared, fixed, draws, out));
            }
        }
    }

    /// Adds a run as `fill` draws it.
    fn add_drawn(&mut self, fill: impl FnOnce(&mut Draws)) {
        let mut scratch = std::mem::take(&mut self.scratch);
        fill(&mut scratch);
        self.add(&scratch);
        self.scratch = scratch;
    }
}

fn add(sums: &mut [f64], values: &[f64]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}

/// Sums per setting and draw.
pub(super) struct Sensitivity {
    sums: Vec<Sums>,
    /// Factors that are held, each with where.
    factors: Vec<(Factor, f64)>,
    /// The runs of a block with their factors held, and whether they are of the kind that this is for.
    held: Vec<(bool, Held)>,
}

impl Sensitivity {
    pub(super) fn new(settings: &Settings) -> Self {
        let (mut sums, mut factors) = (Vec::new(), Vec::new());
        for (setting, ..) in SETTINGS {
            let factor = match setting {
                Setting::At(factor, z) => {
                    factors.push((*factor, *z));
                    Some(factors.len() - 1)
                }
                Setting::Headline | Setting::Dense | Setting::WithoutGrouping => None,
            };
            sums.push(Sums::new(settings.draws, factor));
        }
        Self { sums, factors, held: Vec::new() }
    }

    /// Adds the runs of a block that are in the cohort by their draws as they are published. Settings work beside each other; each adds the
    /// runs in their order.
    pub(super) fn add(&mut self, given: &Given<'_>, block: &[Item<'_>], drawn: &[Option<Drawn<'_, '_>>]) -> Result<()> {
        let rows: Vec<(&Item<'_>, Option<Drawn<'_, '_>>)> =
            block.iter().zip(drawn.iter().copied()).filter(|(item, _)| item.model.in_cohort).collect();
        let Self { sums, factors, held } = self;
        if held.len() < rows.len() {
            held.resize_with(rows.len(), Default::default);
        }
        held.par_iter_mut().zip(&rows).for_each(|((is_held, held), (item, drawn))| {
            let model = drawn.as_ref().map(|drawn| drawn.built.model(&item.run.run_id)).filter(Held::is_for);
            *is_held = model.is_some();
            model.into_iter().for_each(|model| held.fill(&model, &given.shared, factors));
        });
        let held: Vec<Option<&Held>> = held.iter().map(|(is_held, held)| is_held.then_some(held)).collect();
        sums.par_iter_mut().zip(SETTINGS).try_for_each(|(sums, (setting, ..))| {
            for ((item, drawn), held) in rows.iter().zip(&held) {
                match (setting, drawn) {
                    (Setting::At(factor, z), Some(drawn)) => sums.add_held((*factor, *z), given, item, *drawn, *held),
                    (setting, drawn) => match (altered(item, *setting), drawn) {
                        (Some((run, tier)), _) => {
                            let built = build(&run, tier, given.basis, &given.references.factors)?;
                            sums.add_drawn(|out| simulate(&built.model(&run.run_id), &given.shared, out));
                        }
                        // What a setting does not alter is drawn once, as the headline.
                        (None, Some(Drawn { draws, .. })) => sums.add(draws),
                        (None, None) => {}
                    },
                }
            }
            Ok(())
        })
    }

    /// `embodied` is what making the hardware emitted in kg CO2e, per draw.
    pub(super) fn finish(self, settings: &Settings, embodied: &[f64]) -> Vec<SensitivityRow> {
        let cohort = settings.cohort();
        let mut scratch = Scratch::default();
        let totals: Vec<(Quantiles, Quantiles)> =
            self.sums.iter().map(|sums| (summarize(&sums.flop, &mut scratch), summarize(&sums.emissions, &mut scratch))).collect();
        let headline = totals[0].1.mean;
        let row = |factor: &str, setting: &str, note: &str, is_scenario, flop: f64, p50: f64, mean: f64| SensitivityRow {
            cohort: cohort.clone(),
            factor: factor.to_owned(),
            setting: setting.to_owned(),
            is_scenario,
            train_flop_p50: flop,
            emissions_kgco2e_p50: p50,
            emissions_kgco2e_mean: mean,
            ratio_to_headline: if headline > 0.0 { mean / headline } else { 0.0 },
            note: note.to_owned(),
        };
        let mut table: Vec<SensitivityRow> = SETTINGS
            .iter()
            .zip(&totals)
            .map(|((_, factor, setting, note), (flop, kg))| row(factor, setting, note, false, flop.p50, kg.p50, kg.mean))
            .collect();
        let (flop, kg) = totals[0];
        let whole = 1.0 / PROGRAMME_SHARE_OF_FINAL_RUNS;
        table.push(row(
            "programme",
            "with experiments and failed runs",
            "outside the headline: final runs took 18 % of the compute of the programme of Olmo 3 (its report); no other programme has published its own",
            true,
            whole * flop.p50,
            whole * kg.p50,
            whole * kg.mean,
        ));
        for (setting, times) in HARDWARE {
            let sum: Vec<f64> = self.sums[HEADLINE].emissions.iter().zip(embodied).map(|(kg, made)| kg + times * made).collect();
            let kg = summarize(&sum, &mut scratch);
            let note = "outside the headline: with the emissions of making accelerators and servers, for the hours that the runs used \
                        them (data/reference/embodied.csv)";
            table.push(row("embodied_hardware", setting, note, true, flop.p50, kg.p50, kg.mean));
        }
        table.sort_by(|a, b| (&a.cohort, &a.factor, &a.setting).cmp(&(&b.cohort, &b.factor, &b.setting)));
        table
    }
}

/// The run and tier of a repository under a setting that alters them.
fn altered(item: &Item<'_>, setting: Setting) -> Option<(Run, Tier)> {
    let (run, tier) = (item.run, item.tier());
    match setting {
        Setting::Dense if tier >= Tier::Compute && run.known.total_params.is_some_and(|n| run.known.active_params != Some(n)) => {
            let mut run = run.clone();
            // Compute that is a product of the same row is taken again, with all parameters; what was counted another way stays.
            if is_product(&run) {
                run.known.train_flop = None;
            }
            run.known.active_params = run.known.total_params;
            Some((run, tier))
        }
        Setting::WithoutGrouping if item.model.role_rule.is_implicit() && tier != Tier::Emissions => {
            let mut run = run.clone();
            run.kind = Some(RunKind::Pretraining);
            run.stage = None;
            run.root_run_id = None;
            let tier = if run.known.active_params.is_some() { Tier::Parameters } else { Tier::Category };
            run.tiers = vec![tier];
            Some((run, tier))
        }
        Setting::Headline | Setting::At(..) | Setting::Dense | Setting::WithoutGrouping => None,
    }
}
