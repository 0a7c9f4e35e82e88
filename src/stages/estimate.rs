//! estimate: FLOP, kWh and kg CO2e of every run through every tier its evidence allows, in parallel, in key order.

use super::run_model::{Basis, Built, build};
use crate::config::{Config, METHOD_VERSION};
use crate::error::Result;
use crate::method::assumptions::ATCI_BAND_GCO2E_PER_PFLOP;
use crate::method::chain;
use crate::method::draws::{Draws, Shared, simulate};
use crate::method::simulate::{Central, central};
use crate::method::summary::{Summary, median_of, summarize};
use crate::pipeline::{Context, Outcome, Stage};
use crate::tables::io::{BatchWriter, TableWriter, rows, table_path};
use crate::tables::{EstimateByTierRow, EstimateRow, Row, RowBuilders, TierRow};
use crate::units::{Flop, KgCo2e};
use rayon::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// Rows estimated between two writes: results are kept in order, so a block bounds what is held.
const BLOCK_ROWS: usize = 4_096;

/// The stage.
#[must_use]
pub fn stage() -> Stage {
    Stage {
        name: "estimate",
        version: 3,
        inputs: &["tiers", "regressions", "regression_terms", "regression_covariances", "regression_observations", "backtest_runs"],
        outputs: &["estimates", "estimates_by_tier"],
        settings: |config: &Config| json!({"method": config.method}),
        external: super::no_external,
        run,
        intact: super::always_intact,
    }
}

fn run(context: &Context, out: &Path) -> Result<Outcome> {
    let method = &context.config.method;
    let basis = Basis::load(context)?;
    let shared = Shared::new(method.draws, method.seed);
    // `estimates` has the columns of `estimates_by_tier`: the same row goes into both.
    let mut estimates = BatchWriter::create(&table_path(out, EstimateRow::NAME), EstimateRow::schema())?;
    let mut headlines = <EstimateByTierRow as Row>::Builders::default();
    let mut by_tier = TableWriter::<EstimateByTierRow>::create(out)?;
    let total = context.record("tier")?.outputs.get(TierRow::NAME).map_or(0, |r| r.rows);
    let mut meter = context.meter(total, "estimate");
    let mut input = rows::<TierRow>(&context.work)?;
    let mut done = 0;
    loop {
        let block: Vec<TierRow> = input.by_ref().take(BLOCK_ROWS).collect::<Result<_>>()?;
        if block.is_empty() {
            break;
        }
        done += block.len() as u64;
        // rayon keeps the order of an indexed parallel iterator: the table comes out sorted whatever the thread count.
        let estimated: Vec<Vec<EstimateByTierRow>> = block
            .par_iter()
            .map_init(Scratch::default, |scratch, row| estimate_run(context, &basis, &shared, row, scratch))
            .collect::<Result<_>>()?;
        for run in estimated {
            if let Some(headline) = run.first() {
                headlines.push(headline.clone());
            }
            for row in run {
                by_tier.push(row)?;
            }
        }
        estimates.write(&headlines.finish()?)?;
        meter.set(done);
    }
    Ok(Outcome {
        outputs: BTreeMap::from([
            (EstimateRow::NAME.into(), estimates.finish()?),
            (EstimateByTierRow::NAME.into(), by_tier.finish()?),
        ]),
        facts: BTreeMap::new(),
    })
}

/// Buffers reused between the rows of one thread.
#[derive(Default)]
struct Scratch {
    draws: Draws,
    atci: Vec<f64>,
    keys: Vec<u64>,
}

fn estimate_run(
    context: &Context,
    basis: &Basis,
    shared: &Shared,
    row: &TierRow,
    scratch: &mut Scratch,
) -> Result<Vec<EstimateByTierRow>> {
    if row.tier == 0 {
        return Ok(vec![no_training(row)]);
    }
    row.available_tiers
        .iter()
        .map(|&tier| {
            let built = build(row, tier, basis, &context.reference)?;
            let model = built.model(&row.run_id);
            let central = central(&model);
            simulate(&model, shared, &mut scratch.draws);
            Ok(estimate_row(row, tier, &built, central, scratch))
        })
        .collect()
}

/// Published name of a tier (METHOD.md section 3).
#[must_use]
pub fn tier_name(tier: i32) -> &'static str {
    match tier {
        0 => "no_training",
        1 => "emissions",
        2 => "energy",
        3 => "hardware",
        4 => "compute",
        5 => "parameters",
        _ => "category",
    }
}

/// Fields of evidence that a tier's figures rest on.
fn fields(tier: i32, compute_tier: i32) -> Vec<&'static str> {
    let mut fields = vec!["trained_on", "country", "cloud_region", "cloud_provider"];
    match tier {
        1 => fields.push("emissions_kgco2e"),
        2 => fields.push("energy_kwh"),
        3 => fields.extend(["accelerator_hours", "accelerator_count", "wall_hours", "accelerator"]),
        _ => fields.extend(["accelerator", "mfu"]),
    }
    match compute_tier {
        4 => fields.extend(["train_flop", "train_tokens", "active_params", "total_params"]),
        5 => fields.extend(["active_params", "total_params"]),
        _ => {}
    }
    fields
}

fn estimate_row(row: &TierRow, tier: i32, built: &Built<'_>, central: Central, scratch: &mut Scratch) -> EstimateByTierRow {
    let Scratch { draws, atci, keys } = scratch;
    atci.clear();
    atci.extend(draws.emissions.iter().zip(&draws.flop).map(|(m, c)| chain::atci(KgCo2e(*m), Flop(*c)).0));
    let flop = summarize(&draws.flop, keys);
    let energy = summarize(&draws.energy, keys);
    let emissions = summarize(&draws.emissions, keys);
    let atci = summarize(atci, keys);
    let hours = median_of(&draws.hours, keys);
    let mut flags = built.flags.clone();
    if !(ATCI_BAND_GCO2E_PER_PFLOP.0..=ATCI_BAND_GCO2E_PER_PFLOP.1).contains(&atci.p50) {
        flags.push("atci_outside_published_band".into());
    }
    flags.sort();
    let wanted = fields(tier, built.compute_tier);
    let mut evidence_ids: Vec<String> = row
        .chosen_evidence
        .iter()
        .filter_map(|chosen| chosen.split_once('='))
        .filter(|(field, _)| wanted.contains(field))
        .map(|(_, id)| id.to_owned())
        .collect();
    evidence_ids.sort();
    let mut out = filled(row, tier, [flop, energy, emissions], Some(atci));
    out.accelerator_hours_p50 = Some(hours);
    provenance(&mut out, built, central);
    out.evidence_ids = evidence_ids;
    out.flags = flags;
    out
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
    out.grid_basis = Some(grid.basis.clone());
    out.grid_source = Some(grid.source.clone());
    out.grid_is_fallback = Some(built.grid.is_fallback);
}

fn no_training(row: &TierRow) -> EstimateByTierRow {
    let mut out = filled(row, 0, [Summary::default(); 3], None);
    out.flags.clone_from(&row.flags);
    out
}

fn filled(row: &TierRow, tier: i32, [flop, energy, emissions]: [Summary; 3], atci: Option<Summary>) -> EstimateByTierRow {
    EstimateByTierRow {
        run_id: row.run_id.clone(),
        model_id: row.model_id.clone(),
        tier,
        tier_name: tier_name(tier).to_owned(),
        train_flop_p05: flop.p05,
        train_flop_p50: flop.p50,
        train_flop_p95: flop.p95,
        train_flop_mean: flop.mean,
        energy_kwh_p05: energy.p05,
        energy_kwh_p50: energy.p50,
        energy_kwh_p95: energy.p95,
        energy_kwh_mean: energy.mean,
        emissions_kgco2e_p05: emissions.p05,
        emissions_kgco2e_p50: emissions.p50,
        emissions_kgco2e_p95: emissions.p95,
        emissions_kgco2e_mean: emissions.mean,
        atci_gco2e_per_pflop_p05: atci.map(|s| s.p05),
        atci_gco2e_per_pflop_p50: atci.map(|s| s.p50),
        atci_gco2e_per_pflop_p95: atci.map(|s| s.p95),
        atci_gco2e_per_pflop_mean: atci.map(|s| s.mean),
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
        grid_is_fallback: None,
        evidence_ids: Vec::new(),
        flags: Vec::new(),
        method_version: METHOD_VERSION,
    }
}
