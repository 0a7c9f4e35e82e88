//! What the cohort's total becomes when one factor of every run, or one rule, is set otherwise (docs/method.md, section 8).

use super::Settings;
use super::aggregate::Item;
use crate::domain::{Quantiles, Run, RunKind, Tier};
use crate::error::Result;
use crate::estimation::{Basis, FactorTables, build, is_product};
use crate::method::assumptions::PROGRAMME_SHARE_OF_FINAL_RUNS;
use crate::method::draws::{Draws, Factor, Shared, simulate, simulate_fixed};
use crate::method::summary::summarize;
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

/// FLOP and kg CO2e per draw.
type Pair = [Vec<f64>; 2];

/// Sums per setting and draw.
pub(super) struct Sensitivity {
    sums: Vec<Pair>,
}

impl Sensitivity {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { sums: SETTINGS.iter().map(|_| [vec![0.0; settings.draws], vec![0.0; settings.draws]]).collect() }
    }

    /// Adds the runs of a block that are in the cohort, in order, by their draws as they are published.
    pub(super) fn add(
        &mut self,
        shared: &Shared,
        tables: &FactorTables,
        basis: &Basis,
        block: &[Item],
        drawn: &[Option<Draws>],
    ) -> Result<()> {
        let drawn: Vec<Vec<Option<Pair>>> = block
            .par_iter()
            .zip(drawn)
            .filter(|(item, _)| item.model.in_cohort)
            .map(|(item, drawn)| draw(shared, tables, basis, item, drawn.as_ref()))
            .collect::<Result<_>>()?;
        self.sums.par_iter_mut().enumerate().for_each(|(setting, sums)| {
            for of_run in &drawn {
                // What a setting does not alter is drawn once, as the headline.
                let Some(pair) = of_run[setting].as_ref().or(of_run[HEADLINE].as_ref()) else { continue };
                for (sum, values) in sums.iter_mut().zip(pair) {
                    for (sum, value) in sum.iter_mut().zip(values) {
                        *sum += value;
                    }
                }
            }
        });
        Ok(())
    }

    /// `embodied` is what making the hardware emitted in kg CO2e, per draw.
    pub(super) fn finish(self, settings: &Settings, embodied: &[f64]) -> Vec<SensitivityRow> {
        let cohort = settings.cohort();
        let mut scratch = Vec::new();
        let totals: Vec<(Quantiles, Quantiles)> =
            self.sums.iter().map(|[flop, emissions]| (summarize(flop, &mut scratch), summarize(emissions, &mut scratch))).collect();
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
            let sum: Vec<f64> = self.sums[HEADLINE][1].iter().zip(embodied).map(|(kg, made)| kg + times * made).collect();
            let kg = summarize(&sum, &mut scratch);
            let note = "outside the headline: with the emissions of making accelerators and servers, for the hours that the runs used \
                        them (data/reference/embodied.csv)";
            table.push(row("embodied_hardware", setting, note, true, flop.p50, kg.p50, kg.mean));
        }
        table.sort_by(|a, b| (&a.cohort, &a.factor, &a.setting).cmp(&(&b.cohort, &b.factor, &b.setting)));
        table
    }
}

/// Draws of a run under every setting that alters it; none for the others, and where nothing is trained.
fn draw(shared: &Shared, tables: &FactorTables, basis: &Basis, item: &Item, headline: Option<&Draws>) -> Result<Vec<Option<Pair>>> {
    let mut drawn: Vec<Option<Pair>> = vec![None; SETTINGS.len()];
    if let Some(headline) = headline {
        let built = build(&item.run, item.tier(), basis, tables)?;
        let model = built.model(&item.run.run_id);
        for (drawn, (setting, ..)) in drawn.iter_mut().zip(SETTINGS) {
            *drawn = match setting {
                Setting::Headline => Some([headline.flop.clone(), headline.emissions.clone()]),
                Setting::At(factor, z) => {
                    let mut draws = Draws::default();
                    simulate_fixed(&model, shared, (*factor, *z), headline, &mut draws);
                    Some([draws.flop, draws.emissions])
                }
                Setting::Dense | Setting::WithoutGrouping => None,
            };
        }
    }
    for (at, (setting, ..)) in SETTINGS.iter().enumerate() {
        if let Some((run, tier)) = altered(item, *setting) {
            let mut draws = Draws::default();
            simulate(&build(&run, tier, basis, tables)?.model(&run.run_id), shared, &mut draws);
            drawn[at] = Some([draws.flop, draws.emissions]);
        }
    }
    Ok(drawn)
}

/// The run and tier of a repository under a setting that alters them.
fn altered(item: &Item, setting: Setting) -> Option<(Run, Tier)> {
    let mut run = item.run.clone();
    let tier = item.tier();
    match setting {
        Setting::Dense if tier >= Tier::Compute && run.known.total_params.is_some_and(|n| run.known.active_params != Some(n)) => {
            // Compute that is a product of the same row is taken again, with all parameters; what was counted another way stays.
            if is_product(&run) {
                run.known.train_flop = None;
            }
            run.known.active_params = run.known.total_params;
            Some((run, tier))
        }
        Setting::WithoutGrouping if item.model.role_rule.is_implicit() && tier != Tier::Emissions => {
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
