//! Own and embodied emissions per repository (METHOD.md section 2, "Own versus embodied").

use crate::error::Result;
use crate::pipeline::Context;
use crate::tables::io::{TableReceipt, TableWriter, rows};
use crate::tables::{EstimateRow, LineageRow, ModelRow};
use rustc_hash::{FxHashMap, FxHashSet};
use std::path::Path;

/// Mean FLOP, kWh and kg CO2e of a run.
type Means = [f64; 3];

/// Writes `lineage` into `out`.
///
/// # Errors
/// A table is missing.
pub fn run(context: &Context, out: &Path) -> Result<TableReceipt> {
    // Only runs that somebody stands on are kept: some thousands, whatever the size of the index.
    let mut upstream: FxHashSet<String> = FxHashSet::default();
    for model in rows::<ModelRow>(&context.work)? {
        upstream.extend(model?.upstream_run_ids);
    }
    let mut means: FxHashMap<String, Means> = FxHashMap::default();
    for estimate in rows::<EstimateRow>(&context.work)? {
        let estimate = estimate?;
        if upstream.contains(&estimate.run_id) {
            means.insert(estimate.run_id.clone(), own(&estimate));
        }
    }
    let mut writer = TableWriter::<LineageRow>::create(out)?;
    // Both tables have one row per repository, in the same order.
    for (model, estimate) in rows::<ModelRow>(&context.work)?.zip(rows::<EstimateRow>(&context.work)?) {
        writer.push(row(model?, &estimate?, &means))?;
    }
    writer.finish()
}

fn own(estimate: &EstimateRow) -> Means {
    [estimate.train_flop_mean, estimate.energy_kwh_mean, estimate.emissions_kgco2e_mean]
}

fn row(model: ModelRow, estimate: &EstimateRow, means: &FxHashMap<String, Means>) -> LineageRow {
    let own = own(estimate);
    let mut total = own;
    // In the order of the list, which is sorted: floats add up the same everywhere.
    for upstream in model.upstream_run_ids.iter().filter_map(|id| means.get(id)) {
        for (sum, value) in total.iter_mut().zip(upstream) {
            *sum += value;
        }
    }
    LineageRow {
        model_id: model.model_id,
        own_run_id: model.own_run_id,
        upstream_run_ids: model.upstream_run_ids,
        is_complete: model.lineage_is_complete,
        own_train_flop_mean: own[0],
        own_energy_kwh_mean: own[1],
        own_emissions_kgco2e_mean: own[2],
        lineage_train_flop_mean: total[0],
        lineage_energy_kwh_mean: total[1],
        lineage_emissions_kgco2e_mean: total[2],
    }
}
