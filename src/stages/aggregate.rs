//! Totals of cohorts and groups, draw by draw, so that what rows share stays shared in their sum (METHOD.md section 6).

use super::run_model::{Basis, build};
use crate::config::CohortMetric;
use crate::error::{Error, Result};
use crate::method::chain;
use crate::method::simulate::{Draws, Shared, simulate};
use crate::method::summary::summarize;
use crate::pipeline::Context;
use crate::tables::io::{TableReceipt, TableWriter, rows};
use crate::tables::{AggregateRow, EstimateRow, ModelRow, Row, TierRow};
use crate::units::{Flop, KgCo2e};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

/// Rows simulated at a time: 512 x 3 quantities x 1,000 draws x 8 bytes is 12 MB.
const BLOCK_ROWS: usize = 512;
/// The grouping whose groups are contiguous in key order and are closed as soon as the next one begins.
const OWNER: &str = "owner";

/// Name of the cohort of a threshold.
#[must_use]
pub fn cohort_name(metric: CohortMetric, min: i64) -> String {
    format!("{}_gt_{min}", metric.name())
}

/// One repository with all that grouping and simulation need.
struct Item {
    model: ModelRow,
    estimate: EstimateRow,
    tier: TierRow,
}

/// Writes `aggregates` into `out`.
///
/// # Errors
/// A table is missing or disagrees with the others.
pub fn run(context: &Context, out: &Path) -> Result<TableReceipt> {
    let method = &context.config.method;
    let basis = Basis::load(context)?;
    let shared = Shared::new(method.draws, method.seed);
    let mut totals = Totals::default();
    // The three tables have one row per repository, in the same order.
    let mut items = rows::<ModelRow>(&context.work)?
        .zip(rows::<EstimateRow>(&context.work)?)
        .zip(rows::<TierRow>(&context.work)?)
        .map(|((model, estimate), tier)| item(model?, estimate?, tier?));
    loop {
        let block: Vec<Item> = items.by_ref().take(BLOCK_ROWS).collect::<Result<_>>()?;
        if block.is_empty() {
            break;
        }
        let drawn: Vec<Option<Draws>> = block
            .par_iter()
            .map(|item| {
                if item.estimate.tier == 0 {
                    return Ok(None);
                }
                let mut draws = Draws::default();
                let built = build(&item.tier, item.estimate.tier, &basis, &context.reference)?;
                simulate(&built.model(&item.tier.run_id), &shared, &mut draws);
                Ok(Some(draws))
            })
            .collect::<Result<_>>()?;
        for (item, draws) in block.iter().zip(&drawn) {
            totals.add(item, draws.as_ref(), &cohorts(context, &item.model), shared.draws());
        }
    }
    let mut writer = TableWriter::<AggregateRow>::create(out)?;
    for row in totals.finish() {
        writer.push(row)?;
    }
    writer.finish()
}

fn item(model: ModelRow, estimate: EstimateRow, tier: TierRow) -> Result<Item> {
    if model.model_id != estimate.model_id || model.model_id != tier.model_id {
        return Err(Error::Internal(format!(
            "models, estimates and tiers disagree at {} / {} / {}",
            model.model_id, estimate.model_id, tier.model_id
        )));
    }
    Ok(Item { model, estimate, tier })
}

/// Cohorts a repository belongs to: all, and both readings of the threshold.
fn cohorts(context: &Context, model: &ModelRow) -> Vec<String> {
    let min = context.config.cohort.min;
    let mut names = vec!["all_models".to_owned()];
    for (metric, downloads) in
        [(CohortMetric::DownloadsAllTime, model.downloads_all_time), (CohortMetric::Downloads30d, model.downloads_30d)]
    {
        if downloads.is_some_and(|d| d > min) {
            names.push(cohort_name(metric, min));
        }
    }
    names
}

fn groups(item: &Item) -> [(&'static str, String); 9] {
    let unknown = |value: Option<&str>| value.unwrap_or("unknown").to_owned();
    [
        ("all", "all".to_owned()),
        ("training_year", item.model.trained_on.map_or_else(|| "unknown".to_owned(), |d| d.year().to_string())),
        (OWNER, unknown(item.model.owner.as_deref())),
        ("country", unknown(item.model.owner_country.as_deref())),
        ("modality", item.model.modality.clone()),
        ("tier", item.estimate.tier.to_string()),
        ("role", item.model.role.clone()),
        ("accelerator", unknown(item.estimate.accelerator.as_deref())),
        ("license", unknown(item.model.license.as_deref())),
    ]
}

type Key = (String, &'static str, String);

#[derive(Default)]
struct Sums {
    runs: i64,
    models: i64,
    flop: Vec<f64>,
    energy: Vec<f64>,
    emissions: Vec<f64>,
}

impl Sums {
    fn add(&mut self, draws: Option<&Draws>, n: usize) {
        self.models += 1;
        let Some(draws) = draws else { return };
        self.runs += 1;
        for (sum, values) in
            [(&mut self.flop, &draws.flop), (&mut self.energy, &draws.energy), (&mut self.emissions, &draws.emissions)]
        {
            sum.resize(n, 0.0);
            for (total, value) in sum.iter_mut().zip(values) {
                *total += value;
            }
        }
    }

    fn row(&self, (cohort, group_by, group): &Key) -> AggregateRow {
        let mut scratch = Vec::new();
        let [flop, energy, emissions] = [&self.flop, &self.energy, &self.emissions].map(|v| summarize(v, &mut scratch));
        let ratios: Vec<f64> = self.emissions.iter().zip(&self.flop).map(|(m, c)| chain::atci(KgCo2e(*m), Flop(*c)).0).collect();
        let atci = (self.runs > 0).then(|| summarize(&ratios, &mut scratch));
        AggregateRow {
            cohort: cohort.clone(),
            group_by: (*group_by).to_owned(),
            group: group.clone(),
            runs: self.runs,
            models: self.models,
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
            share_of_total: 0.0,
        }
    }
}

#[derive(Default)]
struct Totals {
    open: BTreeMap<Key, Sums>,
    closed: Vec<AggregateRow>,
    owner: Option<String>,
}

impl Totals {
    fn add(&mut self, item: &Item, draws: Option<&Draws>, cohorts: &[String], n: usize) {
        let groups = groups(item);
        let owner = &groups[2].1;
        if self.owner.as_ref() != Some(owner) {
            self.close_owner();
            self.owner = Some(owner.clone());
        }
        for cohort in cohorts {
            for (group_by, group) in &groups {
                self.open.entry((cohort.clone(), group_by, group.clone())).or_default().add(draws, n);
            }
        }
    }

    /// Owners are many and contiguous: only one is open at a time. Ids without namespace are the exception: they lie scattered
    /// between the owners, so the group `unknown` stays open to the end.
    fn close_owner(&mut self) {
        let done: Vec<Key> = self.open.keys().filter(|k| k.1 == OWNER && k.2 != "unknown").cloned().collect();
        for key in done {
            if let Some(sums) = self.open.remove(&key) {
                self.closed.push(sums.row(&key));
            }
        }
    }

    fn finish(mut self) -> Vec<AggregateRow> {
        let mut table = std::mem::take(&mut self.closed);
        table.extend(self.open.iter().map(|(key, sums)| sums.row(key)));
        let totals: BTreeMap<String, f64> =
            table.iter().filter(|r| r.group_by == "all").map(|r| (r.cohort.clone(), r.emissions_kgco2e_mean)).collect();
        for row in &mut table {
            let total = totals.get(&row.cohort).copied().unwrap_or_default();
            row.share_of_total = if total > 0.0 { row.emissions_kgco2e_mean / total } else { 0.0 };
        }
        table.sort_by(|a, b| (&a.cohort, &a.group_by, &a.group).cmp(&(&b.cohort, &b.group_by, &b.group)));
        table
    }
}

/// Table name, for the stage's declaration.
pub const TABLE: &str = AggregateRow::NAME;
