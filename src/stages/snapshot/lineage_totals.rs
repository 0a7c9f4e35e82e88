//! Own and embodied emissions per repository (docs/method.md, section 2).

use super::Publication;
use crate::engine::{Inputs, Outputs};
use crate::error::Result;
use crate::tables::{EstimateRow, LineageRow, ModelRow};
use rustc_hash::{FxHashMap, FxHashSet};

/// Mean FLOP, kWh and kg CO2e of a run.
type Means = [f64; 3];

/// Writes `lineage`.
pub(super) fn write_lineage(inputs: &Inputs<'_, Publication>, outputs: &mut Outputs<'_, Publication>) -> Result<()> {
    // Only runs that others start from are kept: some thousands, whatever the size of the index.
    let mut upstream: FxHashSet<String> = FxHashSet::default();
    for model in inputs.rows::<ModelRow>()? {
        upstream.extend(model?.upstream_run_ids);
    }
    let mut means: FxHashMap<String, Means> = FxHashMap::default();
    for estimate in inputs.rows::<EstimateRow>()? {
        let estimate = estimate?;
        if upstream.contains(&estimate.run_id) {
            means.insert(estimate.run_id.clone(), own_means(&estimate));
        }
    }
    let mut writer = outputs.writer::<LineageRow>()?;
    // Both tables have one row per repository, in the same order.
    for (model, estimate) in inputs.rows::<ModelRow>()?.zip(inputs.rows::<EstimateRow>()?) {
        writer.push(row(model?, &estimate?, &means))?;
    }
    outputs.done::<LineageRow>(writer.finish()?);
    Ok(())
}

fn own_means(estimate: &EstimateRow) -> Means {
    [estimate.train_flop.mean, estimate.energy_kwh.mean, estimate.emissions_kgco2e.mean]
}

fn row(model: ModelRow, estimate: &EstimateRow, means: &FxHashMap<String, Means>) -> LineageRow {
    let own = own_means(estimate);
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
