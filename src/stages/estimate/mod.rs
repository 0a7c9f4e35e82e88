//! estimate: FLOP, kWh and kg CO2e of every run through every tier its evidence allows, in parallel, in key order.

use super::merged;
use crate::domain::{Field, Flag, METHOD_VERSION, Quantiles, Run, Tier};
use crate::engine::{Digests, Inputs, Outputs, Reads, Stage, in_blocks, stage};
use crate::error::{Error, Result};
use crate::estimation::{Around, AroundTables, Basis, Built, FactorTables, FitRows, Fits, around, build, six_nd_law};
use crate::method::around::{AroundSpreads, fill};
use crate::method::assumptions::ATCI_BAND_GCO2E_PER_PFLOP;
use crate::method::chain;
use crate::method::draws::{Draws, Shared, simulate};
use crate::method::simulate::{Central, central};
use crate::method::summary::{self, median_of, summarize, summarize_all};
use crate::reference::Reference;
use crate::tables::io::{BatchWriter, TableWriter};
use crate::tables::{
    BacktestRunRow, EstimateByTierRow, EstimateRow, RegressionCovarianceRow, RegressionObservationRow, RegressionRow,
    RegressionTermRow, Row, RowBuilders, TierNumber, TierRow,
};
use crate::units::{Flop, KgCo2e};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;

/// Rows estimated between two writes: results are kept in order, so a block bounds what is held.
const BLOCK_ROWS: usize = 1_024;

stage! {
    /// Estimates every run through every tier its evidence reaches.
    struct Estimation = "estimate" version 8
    reads [
        TierRow,
        RegressionRow,
        RegressionTermRow,
        RegressionCovarianceRow,
        RegressionObservationRow,
        BacktestRunRow,
    ]
    writes [EstimateRow, EstimateByTierRow]
    follows []
}

/// What the stage reads of the configuration.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Settings {
    /// Draws per run.
    pub draws: usize,
    /// Seed of the counter-based generator.
    pub seed: u64,
}

/// The reference tables that factors come from, those of the headline and those of what surrounds it.
#[derive(Clone, Debug)]
pub struct References(pub FactorTables, pub AroundTables);

impl References {
    /// Those of a set of reference tables.
    #[must_use]
    pub fn new(reference: &Reference) -> Self {
        Self(FactorTables::new(reference), AroundTables::new(reference))
    }
}

impl Digests for References {
    fn digests(&self) -> BTreeMap<String, String> {
        merged([&self.0.digests(), &self.1.digests()])
    }
}

/// The regressions, mixtures and pre-trainings that estimates are made with, for any stage that declares their tables.
///
/// # Errors
/// A table is missing, or a regression is not usable.
pub fn basis<S>(inputs: &Inputs<'_, S>, tables: &FactorTables, draws: usize, seed: u64) -> Result<Basis>
where
    S: Stage
        + Reads<TierRow>
        + Reads<RegressionRow>
        + Reads<RegressionTermRow>
        + Reads<RegressionCovarianceRow>
        + Reads<RegressionObservationRow>
        + Reads<BacktestRunRow>,
{
    let rows = FitRows {
        regressions: inputs.rows::<RegressionRow>()?.collect::<Result<_>>()?,
        terms: inputs.rows::<RegressionTermRow>()?.collect::<Result<_>>()?,
        covariances: inputs.rows::<RegressionCovarianceRow>()?.collect::<Result<_>>()?,
        observations: inputs.rows::<RegressionObservationRow>()?.collect::<Result<_>>()?,
    };
    let fits = Fits::from_rows(rows, six_nd_law(inputs.rows::<BacktestRunRow>()?)?, draws, seed)?;
    let started_from = inputs.texts_of::<TierRow>("root_run_id")?;
    Basis::with_roots(fits, tables, inputs.rows_whose::<TierRow>("run_id", &started_from)?.into_iter().map(Run::from))
}

impl Stage for Estimation {
    type Settings = Settings;
    type References = References;
    type Facts = ();

    fn run(inputs: &Inputs<'_, Self>, outputs: &mut Outputs<'_, Self>) -> Result<()> {
        let Settings { draws, seed } = *inputs.settings();
        let References(tables, around) = inputs.references();
        let basis = basis(inputs, tables, draws, seed)?;
        let given = Given::new(tables, around, &basis, draws, seed);
        let mut writers = Writers {
            estimates: outputs.batch_writer::<EstimateRow>()?,
            headlines: <EstimateByTierRow as Row>::Builders::default(),
            by_tier: outputs.writer::<EstimateByTierRow>()?,
        };
        let mut meter = inputs.meter(inputs.row_count::<TierRow>()?, "estimate");
        let mut input = inputs.rows::<TierRow>()?;
        let mut done = 0;
        in_blocks(
            || -> Result<Vec<Run>> { input.by_ref().take(BLOCK_ROWS).map(|row| Ok(row?.into())).collect() },
            // rayon keeps the order of an indexed parallel iterator: the table comes out sorted whatever the thread count.
            |_, block| block.par_iter().map_init(Scratch::default, |scratch, run| estimate_run(&given, run, scratch)).collect(),
            |estimated| {
                done += estimated.len() as u64;
                writers.write(estimated)?;
                meter.set(done);
                Ok(())
            },
        )?;
        outputs.done::<EstimateRow>(writers.estimates.finish()?);
        outputs.done::<EstimateByTierRow>(writers.by_tier.finish()?);
        Ok(())
    }
}

/// Both tables. `estimates` has the columns of `estimates_by_tier`: the same row goes into both.
struct Writers {
    estimates: BatchWriter,
    headlines: <EstimateByTierRow as Row>::Builders,
    by_tier: TableWriter<EstimateByTierRow>,
}

impl Writers {
    /// The rows of a block.
    fn write(&mut self, estimated: Vec<Vec<EstimateByTierRow>>) -> Result<()> {
        if estimated.is_empty() {
            return Ok(());
        }
        for rows in estimated {
            self.headlines.push(headline(&rows)?);
            for row in rows {
                self.by_tier.push(row)?;
            }
        }
        self.estimates.write(&self.headlines.finish()?)
    }
}

/// Every estimate of one run as the stage makes it: one row per tier, the headline first.
///
/// # Errors
/// A regression it needs is not usable.
pub fn estimates_of_run(
    References(tables, around): &References,
    basis: &Basis,
    draws: usize,
    seed: u64,
    run: &Run,
) -> Result<Vec<EstimateByTierRow>> {
    estimate_run(&Given::new(tables, around, basis, draws, seed), run, &mut Scratch::default())
}

/// The headline takes the first tier the evidence reaches.
fn headline(rows: &[EstimateByTierRow]) -> Result<EstimateByTierRow> {
    rows.first().cloned().ok_or_else(|| Error::Internal("a run without any tier".into()))
}

/// What every run is estimated with.
struct Given<'a> {
    tables: &'a FactorTables,
    around: &'a AroundTables,
    basis: &'a Basis,
    shared: Shared,
    spreads: AroundSpreads,
}

impl<'a> Given<'a> {
    fn new(tables: &'a FactorTables, around: &'a AroundTables, basis: &'a Basis, draws: usize, seed: u64) -> Self {
        Self { tables, around, basis, shared: Shared::new(draws, seed), spreads: around.spreads(draws, seed) }
    }
}

/// Buffers reused between the rows of one thread.
#[derive(Default)]
struct Scratch {
    draws: Draws,
    atci: Vec<f64>,
    embodied: Vec<f64>,
    water: Vec<f64>,
    summary: summary::Scratch,
}

fn estimate_run(given: &Given<'_>, run: &Run, scratch: &mut Scratch) -> Result<Vec<EstimateByTierRow>> {
    if run.tier() == Tier::NoTraining {
        return Ok(vec![no_training(run)]);
    }
    run.tiers
        .iter()
        .map(|&tier| {
            let built = build(run, tier, given.basis, given.tables)?;
            let model = built.model(&run.run_id);
            let central = central(&model);
            simulate(&model, &given.shared, &mut scratch.draws);
            let mut row = estimate_row(run, tier, &built, central, scratch);
            surround(&mut row, around(run, &built, given.tables, given.around), &given.spreads, scratch);
            Ok(row)
        })
        .collect()
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

fn estimate_row(run: &Run, tier: Tier, built: &Built<'_>, central: Central, scratch: &mut Scratch) -> EstimateByTierRow {
    let Scratch { draws, atci, summary, .. } = scratch;
    atci.clear();
    // A draw in which nothing was trained has no emissions per compute.
    let trained = draws.emissions.iter().zip(&draws.flop).filter(|(_, c)| **c > 0.0);
    atci.extend(trained.map(|(m, c)| chain::atci(KgCo2e(*m), Flop(*c)).0));
    let quantities = summarize_all([&draws.flop, &draws.energy, &draws.emissions], summary);
    let atci = (!atci.is_empty()).then(|| summarize(atci, summary));
    let hours = median_of(&draws.hours, summary);
    let mut flags = built.flags.clone();
    let band = ATCI_BAND_GCO2E_PER_PFLOP.0..=ATCI_BAND_GCO2E_PER_PFLOP.1;
    if atci.is_some_and(|atci| !band.contains(&atci.p50)) {
        flags.push(Flag::AtciOutsidePublishedBand);
    }
    Flag::sort(&mut flags);
    let wanted = fields(tier, built.compute_tier);
    let mut evidence_ids: Vec<String> =
        run.chosen.iter().filter(|(field, _)| wanted.contains(field)).map(|(_, id)| id.to_owned()).collect();
    evidence_ids.sort();
    let mut out = filled(run, tier, quantities, atci);
    out.accelerator_hours_p50 = Some(hours);
    provenance(&mut out, built, central);
    out.evidence_ids = evidence_ids;
    out.flags = flags;
    out
}

/// What surrounds the electricity, from the hours and the energy of the draws; no other column changes.
fn surround(out: &mut EstimateByTierRow, around: Around, spreads: &AroundSpreads, scratch: &mut Scratch) {
    let Scratch { draws, embodied, water, summary, .. } = scratch;
    fill(embodied, &draws.hours, around.embodied_kgco2e_per_hour, &spreads.embodied);
    fill(water, &draws.energy, around.water_l_per_kwh(), &spreads.water);
    let [embodied, water] = summarize_all([embodied, water], summary);
    (out.embodied_kgco2e, out.water_l) = (Some(embodied), Some(water));
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
