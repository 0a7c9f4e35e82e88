//! Own and embodied emissions per repository (docs/method.md, section 2), and the wide row made of them.

use super::Publication;
use super::footprint::footprint;
use crate::domain::{Quantiles, Tier};
use crate::engine::{Inputs, Outputs};
use crate::error::{Error, Result};
use crate::tables::{LineagePart, LineageRow, ModelFootprintRow, ModelRow, OwnPart, UpstreamPart};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Mean FLOP, kWh and kg CO2e of a run.
type Means = [f64; 3];

/// What a run that others start from adds to them.
struct Upstream {
    means: Means,
    emissions: Quantiles,
}

/// Writes `lineage` and `model_footprint`.
pub(super) fn write_lineage(inputs: &Inputs<'_, Publication>, outputs: &mut Outputs<'_, Publication>) -> Result<()> {
    // Only runs that others start from are kept: some thousands, whatever the size of the index.
    let wanted = inputs.texts_of::<ModelRow>("upstream_run_ids")?;
    let adds = |run: UpstreamPart| {
        let means = [run.train_flop, run.energy_kwh, run.emissions_kgco2e].map(|quantity| quantity.mean);
        (run.run_id, Upstream { means, emissions: run.emissions_kgco2e })
    };
    let upstream: FxHashMap<String, Upstream> =
        inputs.parts_whose::<UpstreamPart>("run_id", &wanted)?.into_iter().map(adds).collect();
    let reported: BTreeMap<&str, f64> =
        inputs.references().market_based.iter().map(|row| (row.model_id.as_str(), row.kgco2e)).collect();
    let mut writer = outputs.writer::<LineageRow>()?;
    let mut wide = outputs.writer::<ModelFootprintRow>()?;
    // Both tables have one row per repository, in the same order.
    for (model, estimate) in inputs.parts::<LineagePart>()?.zip(inputs.parts::<OwnPart>()?) {
        let (model, estimate) = (model?, estimate?);
        if model.model_id != estimate.model_id {
            return Err(Error::Internal(format!("models has {} where estimates has {}", model.model_id, estimate.model_id)));
        }
        let lineage = row(&model, &estimate, &upstream);
        let only = match lineage.upstream_run_ids.as_slice() {
            [one] => upstream.get(one).map(|run| run.emissions),
            _ => None,
        };
        // Of the own run: a repository that trained nothing has none to report.
        let market_based = reported.get(model.model_id.as_str()).copied().filter(|_| estimate.tier.0 != Tier::NoTraining);
        wide.push(footprint(model, estimate, &lineage, only, market_based))?;
        writer.push(lineage)?;
    }
    outputs.done::<LineageRow>(writer.finish()?);
    outputs.done::<ModelFootprintRow>(wide.finish()?);
    Ok(())
}

fn row(model: &LineagePart, estimate: &OwnPart, upstream: &FxHashMap<String, Upstream>) -> LineageRow {
    let own = [estimate.train_flop, estimate.energy_kwh, estimate.emissions_kgco2e].map(|quantity| quantity.mean);
    let mut total = own;
    // In the order of the list, which is sorted: floats add up the same everywhere.
    for run in model.upstream_run_ids.iter().filter_map(|id| upstream.get(id)) {
        for (sum, value) in total.iter_mut().zip(&run.means) {
            *sum += value;
        }
    }
    LineageRow {
        model_id: model.model_id.clone(),
        own_run_id: model.own_run_id.clone(),
        upstream_run_ids: model.upstream_run_ids.clone(),
        is_complete: model.lineage_is_complete,
        own_train_flop_mean: own[0],
        own_energy_kwh_mean: own[1],
        own_emissions_kgco2e_mean: own[2],
        lineage_train_flop_mean: total[0],
        lineage_energy_kwh_mean: total[1],
        lineage_emissions_kgco2e_mean: total[2],
    }
}
