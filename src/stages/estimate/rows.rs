//! The estimates of one run: its draws, and the rows made of them.

use super::References;
use crate::domain::{Field, Flag, METHOD_VERSION, Quantiles, Run, Tier};
use crate::error::Result;
use crate::estimation::{Around, Basis, Built, around, build};
use crate::method::around::{AroundSpreads, fill};
use crate::method::assumptions::ATCI_BAND_GCO2E_PER_PFLOP;
use crate::method::chain;
use crate::method::draws::{Draws, Shared, simulate};
use crate::method::simulate::{Central, central};
use crate::method::summary::{self, median_of, summarize_all};
use crate::stages::estimate::totals::Drawn;
use crate::tables::{EstimateByTierRow, TierNumber};
use crate::units::{Flop, KgCo2e};

/// What every run is estimated with.
pub(super) struct Given<'a> {
    pub(super) references: &'a References,
    pub(super) basis: &'a Basis,
    pub(super) shared: Shared,
    pub(super) spreads: AroundSpreads,
}

impl<'a> Given<'a> {
    pub(super) fn new(references: &'a References, basis: &'a Basis, draws: usize, seed: u64) -> Self {
        Self { references, basis, shared: Shared::new(draws, seed), spreads: references.around.spreads(draws, seed) }
    }
}

/// Buffers reused between the rows of one thread.
#[derive(Default)]
pub(super) struct Scratch {
    draws: Draws,
    atci: Vec<f64>,
    embodied: Vec<f64>,
    water: Vec<f64>,
    summary: summary::Scratch,
}

/// A run of a block: the draws of its headline, what they were drawn from, and its rows, the headline first.
#[derive(Default)]
pub(super) struct Slot<'b> {
    draws: Draws,
    built: Option<Built<'b>>,
    pub(super) rows: Vec<EstimateByTierRow>,
}

impl<'b> Slot<'b> {
    /// Estimates a run through every tier.
    pub(super) fn fill(&mut self, given: &Given<'b>, run: &Run, scratch: &mut Scratch) -> Result<()> {
        self.built = None;
        self.rows.clear();
        if run.tier() == Tier::NoTraining {
            self.rows.push(no_training(run));
            return Ok(());
        }
        let mut further = std::mem::take(&mut scratch.draws);
        for &tier in &run.tiers {
            let is_headline = self.rows.is_empty();
            let draws = if is_headline { &mut self.draws } else { &mut further };
            let (row, built) = estimate(given, run, tier, draws, scratch)?;
            if is_headline {
                self.built = Some(built);
            }
            self.rows.push(row);
        }
        scratch.draws = further;
        Ok(())
    }

    /// The draws of the headline; none where nothing was trained.
    pub(super) fn drawn(&self) -> Option<Drawn<'_, 'b>> {
        self.built.as_ref().map(|built| Drawn { built, draws: &self.draws })
    }
}

/// Every estimate of one run as the stage makes it: one row per tier, the headline first.
///
/// # Errors
/// A regression it needs is not usable.
pub fn estimates_of_run(
    references: &References,
    basis: &Basis,
    draws: usize,
    seed: u64,
    run: &Run,
) -> Result<Vec<EstimateByTierRow>> {
    let mut slot = Slot::default();
    slot.fill(&Given::new(references, basis, draws, seed), run, &mut Scratch::default())?;
    Ok(slot.rows)
}

fn estimate<'b>(
    given: &Given<'b>,
    run: &Run,
    tier: Tier,
    draws: &mut Draws,
    scratch: &mut Scratch,
) -> Result<(EstimateByTierRow, Built<'b>)> {
    let References { factors, around: around_tables, .. } = given.references;
    let built = build(run, tier, given.basis, factors)?;
    let model = built.model(&run.run_id);
    let central = central(&model);
    simulate(&model, &given.shared, draws);
    let around = around(run, &built, factors, around_tables);
    let figures = Figures::new(draws, &around, &given.spreads, scratch);
    let mut row = estimate_row(run, tier, &built, central, &figures);
    surround(&mut row, around, &figures);
    Ok((row, built))
}

/// What the draws of a run are published as.
struct Figures {
    /// FLOP, kWh and kg CO2e.
    quantities: [Quantiles; 3],
    /// None where nothing was trained in any draw.
    atci: Option<Quantiles>,
    hours_p50: f64,
    embodied: Quantiles,
    water: Quantiles,
}

impl Figures {
    /// What surrounds the electricity comes from the hours and the energy of the draws. All sums are taken in one pass.
    fn new(draws: &Draws, around: &Around, spreads: &AroundSpreads, scratch: &mut Scratch) -> Self {
        let Scratch { atci, embodied, water, summary, .. } = scratch;
        atci.clear();
        // A draw in which nothing was trained has no emissions per compute.
        let trained = draws.emissions.iter().zip(&draws.flop).filter(|(_, c)| **c > 0.0);
        atci.extend(trained.map(|(m, c)| chain::atci(KgCo2e(*m), Flop(*c)).0));
        fill(embodied, &draws.hours, around.embodied_kgco2e_per_hour, &spreads.embodied);
        fill(water, &draws.energy, around.water_l_per_kwh(), &spreads.water);
        let all = summarize_all([&draws.flop, &draws.energy, &draws.emissions, atci, embodied, water], summary);
        let [flop, energy, emissions, of_atci, embodied, water] = all;
        Self {
            quantities: [flop, energy, emissions],
            atci: (!atci.is_empty()).then_some(of_atci),
            hours_p50: median_of(&draws.hours, summary),
            embodied,
            water,
        }
    }
}

/// Fields of evidence that a tier's figures rest on.
fn fields(tier: Tier, compute_tier: Tier) -> Vec<Field> {
    use Field as F;
    let mut fields = vec![F::TrainedOn, F::Country, F::CloudRegion, F::CloudProvider];
    match tier {
        Tier::Emissions => fields.push(F::EmissionsKgco2e),
        Tier::Energy => fields.push(F::EnergyKwh),
        Tier::Hardware => fields.extend([F::AcceleratorHours, F::AcceleratorCount, F::WallHours, F::Accelerator]),
        Tier::NoTraining | Tier::Compute | Tier::Parameters | Tier::Category => fields.extend([F::Accelerator, F::Mfu]),
    }
    match compute_tier {
        Tier::Compute => fields.extend([F::TrainFlop, F::TrainTokens, F::ActiveParams, F::TotalParams]),
        Tier::Parameters => fields.extend([F::ActiveParams, F::TotalParams]),
        Tier::NoTraining | Tier::Emissions | Tier::Energy | Tier::Hardware | Tier::Category => {}
    }
    fields
}

fn estimate_row(run: &Run, tier: Tier, built: &Built<'_>, central: Central, figures: &Figures) -> EstimateByTierRow {
    let mut flags = built.flags.clone();
    let band = ATCI_BAND_GCO2E_PER_PFLOP.0..=ATCI_BAND_GCO2E_PER_PFLOP.1;
    if figures.atci.is_some_and(|atci| !band.contains(&atci.p50)) {
        flags.push(Flag::AtciOutsidePublishedBand);
    }
    Flag::sort(&mut flags);
    let wanted = fields(tier, built.compute_tier);
    let mut evidence_ids: Vec<String> =
        run.chosen.iter().filter(|(field, _)| wanted.contains(field)).map(|(_, id)| id.to_owned()).collect();
    evidence_ids.sort();
    let mut out = filled(run, tier, figures.quantities, figures.atci);
    out.accelerator_hours_p50 = Some(figures.hours_p50);
    provenance(&mut out, built, central);
    out.evidence_ids = evidence_ids;
    out.flags = flags;
    out
}

/// What surrounds the electricity; no other column changes.
fn surround(out: &mut EstimateByTierRow, around: Around, figures: &Figures) {
    (out.embodied_kgco2e, out.water_l) = (Some(figures.embodied), Some(figures.water));
    out.embodied_source = Some(around.embodied_source);
    out.embodied_is_fallback = Some(around.embodied_is_fallback);
    out.water_source = Some(around.water_source);
    out.water_on_site_is_fallback = Some(around.on_site_is_fallback);
    out.water_off_site_is_fallback = Some(around.off_site_is_fallback);
}

/// Value, source and fallback of every factor of the chain.
fn provenance(out: &mut EstimateByTierRow, built: &Built<'_>, central: Central) {
    out.accelerator = Some(built.chips.name.clone());
    out.accelerator_source = Some(built.chips.source.clone());
    out.accelerator_is_fallback = Some(built.chips.is_fallback);
    out.power_w = Some(central.power.0);
    out.power_source = Some(built.chips.power_source.clone());
    out.power_is_fallback = Some(built.chips.power_is_fallback);
    out.mfu = Some(built.mfu.median);
    out.mfu_is_fallback = Some(built.mfu_is_fallback);
    out.pue = Some(built.pue.pue);
    out.pue_source = Some(format!("{} {}: {}", built.pue.operator, built.pue.year, built.pue.source));
    out.pue_is_fallback = Some(built.pue.is_fallback());
    let grid = &built.grid.value;
    out.grid_gco2e_per_kwh = Some(grid.gco2e_per_kwh);
    out.grid_place = Some(grid.place.clone());
    out.grid_year = Some(grid.year);
    out.grid_basis = Some(grid.basis);
    out.grid_source = Some(grid.source.clone());
    out.grid_is_owner_country = Some(built.grid.is_owner_country);
    out.grid_is_fallback = Some(built.grid.is_fallback);
}

fn no_training(run: &Run) -> EstimateByTierRow {
    let mut out = filled(run, Tier::NoTraining, [Quantiles::default(); 3], None);
    out.flags.clone_from(&run.flags);
    out
}

fn filled(run: &Run, tier: Tier, [flop, energy, emissions]: [Quantiles; 3], atci: Option<Quantiles>) -> EstimateByTierRow {
    EstimateByTierRow {
        run_id: run.run_id.clone(),
        model_id: run.model_id.clone(),
        tier: TierNumber(tier),
        tier_name: tier,
        train_flop: flop,
        energy_kwh: energy,
        emissions_kgco2e: emissions,
        atci_gco2e_per_pflop: atci,
        embodied_kgco2e: Some(Quantiles::default()),
        water_l: Some(Quantiles::default()),
        accelerator: None,
        accelerator_source: None,
        accelerator_is_fallback: None,
        accelerator_hours_p50: None,
        power_w: None,
        power_source: None,
        power_is_fallback: None,
        mfu: None,
        mfu_is_fallback: None,
        pue: None,
        pue_source: None,
        pue_is_fallback: None,
        grid_gco2e_per_kwh: None,
        grid_place: None,
        grid_year: None,
        grid_basis: None,
        grid_source: None,
        grid_is_owner_country: None,
        grid_is_fallback: None,
        embodied_source: None,
        embodied_is_fallback: None,
        water_source: None,
        water_on_site_is_fallback: None,
        water_off_site_is_fallback: None,
        evidence_ids: Vec::new(),
        flags: Vec::new(),
        method_version: METHOD_VERSION,
    }
}
