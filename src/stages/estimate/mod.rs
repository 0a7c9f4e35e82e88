//! estimate: FLOP, kWh and kg CO2e of every run through every tier its evidence allows, and their totals, in parallel, in key order.
//!
//! A run is drawn once: its figures are taken of the draws, then totals add them up.

mod rows;
mod totals;

pub use rows::estimates_of_run;

use self::rows::{Given, Scratch, Slot};
use self::totals::{All, Drawn, Item, Upstream};
use super::{merged, vocabulary_digests};
use crate::domain::Run;
use crate::domain::source::CohortMetric;
use crate::engine::{Digests, Inputs, Outputs, Reads, Stage, stage};
use crate::error::{Error, Result};
use crate::estimation::{AroundTables, Basis, FactorTables, FitRows, Fits, six_nd_law};
use crate::reference::{MarketBased, Reference, Table};
use crate::tables::io::{BatchWriter, TableWriter};
use crate::tables::{
    AggregateRow, AroundRow, BacktestRunRow, CarriedPart, EstimateByTierRow, EstimateRow, ModelPart, ModelRow, MonthRow,
    RegressionCovarianceRow, RegressionObservationRow, RegressionRow, RegressionTermRow, Row, RowBuilders, SensitivityRow, TierRow,
};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;

/// Rows estimated at a time: 128 x 4 quantities x 1,000 draws x 8 bytes are 4 MB, which every group of the block reads again.
const BLOCK_ROWS: usize = 128;
/// Headlines handed to the Parquet writer at a time.
const BATCH_ROWS: usize = 1_024;

stage! {
    /// Estimates every run through every tier its evidence reaches, and totals.
    struct Estimation = "estimate" version 13
    reads [
        ModelRow,
        TierRow,
        RegressionRow,
        RegressionTermRow,
        RegressionCovarianceRow,
        RegressionObservationRow,
        BacktestRunRow,
    ]
    writes [EstimateRow, EstimateByTierRow, AggregateRow, AroundRow, SensitivityRow, MonthRow]
    follows []
}

/// What the stage reads of the configuration.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Settings {
    /// Draws per run.
    #[serde(rename = "method.draws")]
    pub draws: usize,
    /// Seed of the counter-based generator.
    #[serde(rename = "method.seed")]
    pub seed: u64,
    /// Which download count the cohort is cut by.
    #[serde(rename = "cohort.metric")]
    pub metric: CohortMetric,
    /// Strictly more than this.
    #[serde(rename = "cohort.min")]
    pub min: i64,
}

impl Settings {
    /// Name of the configured cohort.
    fn cohort(&self) -> String {
        self.metric.cohort(self.min)
    }
}

/// The reference tables that factors come from, those of the headline and those of what surrounds it.
#[derive(Clone, Debug)]
pub struct References {
    /// What factors come from.
    pub factors: FactorTables,
    /// What the factors around the electricity come from.
    pub around: AroundTables,
    /// Market-based emissions as reported.
    pub market_based: Table<Vec<MarketBased>>,
}

impl References {
    /// Those of a set of reference tables.
    #[must_use]
    pub fn new(reference: &Reference) -> Self {
        Self {
            factors: FactorTables::new(reference),
            around: AroundTables::new(reference),
            market_based: reference.market_based.clone(),
        }
    }
}

impl Digests for References {
    fn digests(&self) -> BTreeMap<String, String> {
        merged([&self.factors.digests(), &self.around.digests(), self.market_based.digests(), vocabulary_digests()])
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
        let (settings, references) = (inputs.settings(), inputs.references());
        let basis = basis(inputs, &references.factors, settings.draws, settings.seed)?;
        let given = Given::new(references, &basis, settings.draws, settings.seed);
        let upstream = Upstream::gather(settings, inputs.parts::<CarriedPart>()?)?;
        let mut totals = All::new(totals::Given { settings, rows: &given }, upstream);
        let mut writers = Writers {
            estimates: outputs.batch_writer::<EstimateRow>()?,
            headlines: <EstimateByTierRow as Row>::Builders::default(),
            by_tier: outputs.writer::<EstimateByTierRow>()?,
        };
        estimate_all(inputs, &given, &mut totals, &mut writers)?;
        writers.finish(outputs)?;
        totals.write(outputs)
    }
}

/// Estimates every run, block by block: while one is estimated the one before is written, and while it is added to totals the next one is
/// read.
fn estimate_all(inputs: &Inputs<'_, Estimation>, given: &Given<'_>, totals: &mut All<'_>, writers: &mut Writers) -> Result<()> {
    let mut meter = inputs.meter(inputs.row_count::<TierRow>()?, "estimate");
    // The two tables have one row per repository, in the same order.
    let mut repositories =
        inputs.parts::<ModelPart>()?.zip(inputs.rows::<TierRow>()?).map(|(model, tier)| repository(model?, tier?.into()));
    let mut next = || -> Result<Vec<(ModelPart, Run)>> { repositories.by_ref().take(BLOCK_ROWS).collect() };
    let (mut block, mut estimated, mut done) = (next()?, Vec::new(), 0);
    // Buffers of one block serve the next.
    let mut slots: Vec<Slot<'_>> = Vec::new();
    slots.resize_with(BLOCK_ROWS, Slot::default);
    while !block.is_empty() {
        let (written, filled) = rayon::join(
            || writers.write(std::mem::take(&mut estimated)),
            || {
                let rows = block.par_iter().zip(&mut slots);
                rows.map_init(Scratch::default, |scratch, ((_, run), slot)| slot.fill(given, run, scratch)).collect::<Result<()>>()
            },
        );
        written?;
        filled?;
        let filled = &slots[..block.len()];
        let items: Vec<Item<'_>> = block
            .iter()
            .zip(filled)
            .map(|((model, run), slot)| Ok(Item { model, run, estimate: headline(&slot.rows)? }))
            .collect::<Result<_>>()?;
        let drawn: Vec<Option<Drawn<'_, '_>>> = filled.iter().map(Slot::drawn).collect();
        let (added, read) = rayon::join(|| totals.add(&items, &drawn), &mut next);
        added?;
        done += block.len() as u64;
        meter.set(done);
        estimated = slots[..block.len()].iter_mut().map(|slot| std::mem::take(&mut slot.rows)).collect();
        block = read?;
    }
    writers.write(estimated)
}

/// A repository with its run.
fn repository(model: ModelPart, run: Run) -> Result<(ModelPart, Run)> {
    if model.model_id == run.model_id {
        return Ok((model, run));
    }
    Err(Error::Internal(format!("models has {} where tiers has {}", model.model_id, run.model_id)))
}

/// The headline takes the first tier the evidence reaches.
fn headline(rows: &[EstimateByTierRow]) -> Result<&EstimateByTierRow> {
    rows.first().ok_or_else(|| Error::Internal("a run without any tier".into()))
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
        for rows in estimated {
            self.headlines.push(headline(&rows)?.clone());
            for row in rows {
                self.by_tier.push(row)?;
            }
        }
        if self.headlines.len() >= BATCH_ROWS { self.hand_over() } else { Ok(()) }
    }

    fn hand_over(&mut self) -> Result<()> {
        self.estimates.write(&self.headlines.finish()?)
    }

    fn finish(mut self, outputs: &mut Outputs<'_, Estimation>) -> Result<()> {
        if !self.headlines.is_empty() {
            self.hand_over()?;
        }
        outputs.done::<EstimateRow>(self.estimates.finish()?);
        outputs.done::<EstimateByTierRow>(self.by_tier.finish()?);
        Ok(())
    }
}
