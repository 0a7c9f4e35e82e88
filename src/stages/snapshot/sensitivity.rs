//! What the cohort's total becomes when one factor of every run, or one rule, is set otherwise (docs/method.md, section 8).

use super::Settings;
use super::aggregate::Item;
use crate::domain::{Quantiles, Run, RunKind, Tier};
use crate::error::Result;
use crate::estimation::{Basis, FactorTables, build, is_product};
use crate::method::assumptions::PROGRAMME_SHARE_OF_FINAL_RUNS;
use crate::method::draws::{Draws, Shared, simulate};
use crate::method::simulate::{Chip, GridOption, LogNormal, RunModel};
use crate::method::summary::summarize;
use crate::tables::SensitivityRow;
use libm::{exp, sqrt};
use rayon::prelude::*;

/// 5 % of a normal lies below minus this many standard deviations.
const Z_95: f64 = 1.644_853_626_951_472_2;
/// A factor of the chain.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Factor {
    Mfu,
    Power,
    Pue,
    Grid,
}

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

/// Sums per setting and draw.
pub(super) struct Sensitivity {
    shared: Shared,
    sums: Vec<(Vec<f64>, Vec<f64>)>,
}

impl Sensitivity {
    pub(super) fn new(settings: &Settings) -> Self {
        let shared = Shared::new(settings.draws, settings.seed);
        let zeros = || vec![0.0; shared.draws()];
        let sums = SETTINGS.iter().map(|_| (zeros(), zeros())).collect();
        Self { shared, sums }
    }

    /// Adds the runs of a block that are in the cohort, in order.
    pub(super) fn add(&mut self, tables: &FactorTables, basis: &Basis, block: &[Item]) -> Result<()> {
        let drawn: Vec<Vec<Option<Draws>>> = block
            .par_iter()
            .filter(|item| item.model.in_cohort)
            .map(|item| SETTINGS.iter().map(|(setting, ..)| self.draw(tables, basis, item, *setting)).collect::<Result<_>>())
            .collect::<Result<_>>()?;
        for of_item in drawn {
            for ((flop, emissions), draws) in self.sums.iter_mut().zip(of_item) {
                let Some(draws) = draws else { continue };
                for (sum, value) in flop.iter_mut().zip(&draws.flop).chain(emissions.iter_mut().zip(&draws.emissions)) {
                    *sum += value;
                }
            }
        }
        Ok(())
    }

    fn draw(&self, tables: &FactorTables, basis: &Basis, item: &Item, setting: Setting) -> Result<Option<Draws>> {
        let Some((run, tier)) = altered(item, setting) else { return Ok(None) };
        let built = build(&run, tier, basis, tables)?;
        let model = built.model(&run.run_id);
        let mut draws = Draws::default();
        match setting {
            Setting::At(factor, z) => {
                let (mut chips, mut grids) = (model.chips.to_vec(), model.grids.to_vec());
                let model = with_factor_fixed(model, factor, z, &mut chips, &mut grids);
                simulate(&RunModel { chips: &chips, grids: &grids, ..model }, &self.shared, &mut draws);
            }
            Setting::Headline | Setting::Dense | Setting::WithoutGrouping => simulate(&model, &self.shared, &mut draws),
        }
        Ok(Some(draws))
    }

    pub(super) fn finish(self, settings: &Settings) -> Vec<SensitivityRow> {
        let cohort = settings.cohort();
        let mut scratch = Vec::new();
        let totals: Vec<(Quantiles, Quantiles)> =
            self.sums.iter().map(|(flop, emissions)| (summarize(flop, &mut scratch), summarize(emissions, &mut scratch))).collect();
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
        table.sort_by(|a, b| (&a.cohort, &a.factor, &a.setting).cmp(&(&b.cohort, &b.factor, &b.setting)));
        table
    }
}

/// The run and tier of a repository under a setting; none where it trains nothing.
fn altered(item: &Item, setting: Setting) -> Option<(Run, Tier)> {
    let mut run = item.run.clone();
    let tier = item.tier();
    match setting {
        Setting::Dense if tier >= Tier::Compute => {
            // Compute that is a product of the same row is taken again, with all parameters; what was counted another way stays.
            if is_product(&run) {
                run.known.train_flop = None;
            }
            run.known.active_params = run.known.total_params.or(run.known.active_params);
        }
        Setting::WithoutGrouping if item.model.role_rule.is_implicit() && tier != Tier::Emissions => {
            run.kind = Some(RunKind::Pretraining);
            run.stage = None;
            run.root_run_id = None;
            let tier = if run.known.active_params.is_some() { Tier::Parameters } else { Tier::Category };
            run.tiers = vec![tier];
            return Some((run, tier));
        }
        Setting::Headline | Setting::At(..) | Setting::Dense | Setting::WithoutGrouping => {}
    }
    (tier != Tier::NoTraining).then_some((run, tier))
}

/// The model with a factor fixed.
fn with_factor_fixed<'a>(
    mut model: RunModel<'a>,
    factor: Factor,
    z: f64,
    chips: &mut [Chip],
    grids: &mut [GridOption],
) -> RunModel<'a> {
    let fixed = |f: LogNormal| {
        let sd = sqrt(f.own_sd * f.own_sd + f.shared_sd * f.shared_sd);
        LogNormal::with_own_spread(f.median * exp(z * sd), 0.0)
    };
    match factor {
        Factor::Mfu => model.mfu = fixed(model.mfu),
        Factor::Pue => model.pue = fixed(model.pue),
        Factor::Power => chips.iter_mut().for_each(|chip| chip.power_ratio = fixed(chip.power_ratio)),
        Factor::Grid => grids.iter_mut().for_each(|grid| grid.intensity = fixed(grid.intensity)),
    }
    model
}
