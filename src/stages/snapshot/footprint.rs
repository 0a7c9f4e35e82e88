//! The wide row of a repository, from those of `models`, `estimates` and `lineage`.

use crate::domain::{Quantiles, Tier};
use crate::tables::{LineagePart, LineageRow, ModelFootprintRow, OwnPart};

/// The row. `upstream` is what the upstream run emitted, where there is exactly one that the index has;
/// `market_based_kgco2e` what the developer reports of the own run.
pub(super) fn footprint(
    model: LineagePart,
    own: OwnPart,
    lineage: &LineageRow,
    upstream: Option<Quantiles>,
    market_based_kgco2e: Option<f64>,
) -> ModelFootprintRow {
    let whole = of_one_run(&own, lineage, upstream);
    let part = |read: fn(Quantiles) -> f64| whole.map(read);
    ModelFootprintRow {
        model_id: model.model_id,
        owner: model.owner,
        owner_country: model.owner_country,
        pipeline_tag: model.pipeline_tag,
        modality: model.modality,
        license: model.license,
        downloads_30d: model.downloads_30d,
        downloads_all_time: model.downloads_all_time,
        likes: model.likes,
        in_cohort: model.in_cohort,
        total_params: model.total_params,
        active_params: model.active_params,
        role: model.role,
        trained_on: model.trained_on,
        own_run_id: model.own_run_id,
        stands_on_run_id: model.stands_on_run_id,
        tier: own.tier,
        tier_name: own.tier_name,
        own_train_flop: own.train_flop,
        own_energy_kwh: own.energy_kwh,
        own_emissions_kgco2e: own.emissions_kgco2e,
        atci_gco2e_per_pflop: own.atci_gco2e_per_pflop,
        own_embodied_kgco2e_mean: own.embodied_kgco2e.map(|q| q.mean),
        own_water_l_mean: own.water_l.map(|q| q.mean),
        market_based_kgco2e,
        lineage_train_flop_mean: lineage.lineage_train_flop_mean,
        lineage_energy_kwh_mean: lineage.lineage_energy_kwh_mean,
        lineage_emissions_kgco2e_p05: part(|q| q.p05),
        lineage_emissions_kgco2e_p50: part(|q| q.p50),
        lineage_emissions_kgco2e_p95: part(|q| q.p95),
        lineage_emissions_kgco2e_mean: lineage.lineage_emissions_kgco2e_mean,
        #[allow(clippy::cast_possible_wrap)] // Far below 2^63.
        upstream_runs: lineage.upstream_run_ids.len() as i64,
        lineage_is_complete: lineage.is_complete,
        accelerator: own.accelerator,
        accelerator_is_fallback: own.accelerator_is_fallback,
        pue: own.pue,
        grid_place: own.grid_place,
        grid_gco2e_per_kwh: own.grid_gco2e_per_kwh,
        grid_is_owner_country: own.grid_is_owner_country,
        grid_is_fallback: own.grid_is_fallback,
        flags: own.flags,
        method_version: own.method_version,
    }
}

/// Quantiles of own and upstream together, where that is a single run: quantiles of several do not add up.
fn of_one_run(own: &OwnPart, lineage: &LineageRow, upstream: Option<Quantiles>) -> Option<Quantiles> {
    match lineage.upstream_run_ids.as_slice() {
        [] => Some(own.emissions_kgco2e),
        [_] if own.tier_name == Tier::NoTraining => upstream,
        _ => None,
    }
}
