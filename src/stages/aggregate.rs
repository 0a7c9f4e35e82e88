//! Totals of cohorts and groups, draw by draw, so that what rows share stays shared in their sum (METHOD.md section 6).

use super::run_model::{Basis, build};
use super::sensitivity::Sensitivity;
use crate::config::CohortMetric;
use crate::error::{Error, Result};
use crate::method::assumptions::{EU_AI_ACT_BAND, EU_AI_ACT_FLOP, FINE_TUNE_MAX_SHARE_OF_PRETRAINING};
use crate::method::chain;
use crate::method::draws::{Draws, Shared, simulate};
use crate::method::summary::summarize;
use crate::pipeline::Context;
use crate::tables::io::{TableReceipt, TableWriter, rows};
use crate::tables::{AggregateRow, EstimateRow, ModelRow, Row, SensitivityRow, TierRow};
use crate::units::{Flop, KgCo2e};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
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
pub(super) struct Item {
    pub(super) model: ModelRow,
    pub(super) estimate: EstimateRow,
    pub(super) tier: TierRow,
}

/// Writes `aggregates` and `sensitivity` into `out`.
///
/// # Errors
/// A table is missing or disagrees with the others.
pub fn run(context: &Context, out: &Path) -> Result<[(String, TableReceipt); 2]> {
    let method = &context.config.method;
    let basis = Basis::load(context)?;
    let shared = Shared::new(method.draws, method.seed);
    let ranks = ranks(context)?;
    let mut totals = Totals::default();
    let mut sensitivity = Sensitivity::new(context);
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
        sensitivity.add(context, &basis, &block)?;
        for (item, draws) in block.iter().zip(&drawn) {
            let groups = groups(item, &basis);
            for cohort in cohorts(context, &item.model) {
                let rank = ranks.get(&cohort).and_then(|of| of.get(&item.estimate.run_id)).copied();
                let top = TOP.iter().filter(|n| rank.is_some_and(|rank| rank < **n)).map(|n| ("top", format!("top_{n}")));
                totals.add(&cohort, groups.iter().cloned().chain(top), draws.as_ref(), shared.draws());
            }
        }
        if let Some(last) = block.last() {
            totals.close_owners_before(last.model.owner.as_deref());
        }
    }
    let mut aggregates = TableWriter::<AggregateRow>::create(out)?;
    for row in totals.finish() {
        aggregates.push(row)?;
    }
    let mut sensitivities = TableWriter::<SensitivityRow>::create(out)?;
    for row in sensitivity.finish(context) {
        sensitivities.push(row)?;
    }
    Ok([(AggregateRow::NAME.to_owned(), aggregates.finish()?), (SensitivityRow::NAME.to_owned(), sensitivities.finish()?)])
}

/// Sizes of the groups of largest runs: the tail is heavy, and a reader should see how much a few runs decide.
const TOP: [usize; 4] = [1, 10, 100, 1000];

/// The largest runs of every cohort by mean emissions, with their rank from zero.
fn ranks(context: &Context) -> Result<BTreeMap<String, FxHashMap<String, usize>>> {
    let most = TOP[TOP.len() - 1];
    let mut by_cohort: BTreeMap<String, Vec<(f64, String)>> = BTreeMap::new();
    let keep_largest = |runs: &mut Vec<(f64, String)>| {
        runs.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        runs.truncate(most);
    };
    for (model, estimate) in rows::<ModelRow>(&context.work)?.zip(rows::<EstimateRow>(&context.work)?) {
        let (model, estimate) = (model?, estimate?);
        if estimate.tier == 0 {
            continue;
        }
        for cohort in cohorts(context, &model) {
            let runs = by_cohort.entry(cohort).or_default();
            runs.push((estimate.emissions_kgco2e_mean, estimate.run_id.clone()));
            if runs.len() >= 64 * most {
                keep_largest(runs);
            }
        }
    }
    Ok(by_cohort
        .into_iter()
        .map(|(cohort, mut runs)| {
            keep_largest(&mut runs);
            (cohort, runs.into_iter().enumerate().map(|(rank, (_, run))| (run, rank)).collect())
        })
        .collect())
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

fn groups(item: &Item, basis: &Basis) -> Vec<(&'static str, String)> {
    let unknown = |value: Option<&str>| value.unwrap_or("unknown").to_owned();
    let mut groups = vec![
        ("all", "all".to_owned()),
        ("training_year", item.model.trained_on.map_or_else(|| "unknown".to_owned(), |d| d.year().to_string())),
        (OWNER, unknown(item.model.owner.as_deref())),
        ("country", unknown(item.model.owner_country.as_deref())),
        ("modality", item.model.modality.clone()),
        ("tier", item.estimate.tier.to_string()),
        ("role", item.model.role.clone()),
        ("accelerator", unknown(item.estimate.accelerator.as_deref())),
        ("license", unknown(item.model.license.as_deref())),
    ];
    if item.estimate.tier > 0 {
        groups.push(("eu_ai_act", eu_ai_act(item, basis)));
    }
    groups
}

/// Where the median compute stands to the thresholds of the EU AI Act; a modification stands to a third of the compute of its base.
fn eu_ai_act(item: &Item, basis: &Basis) -> String {
    let flop = item.estimate.train_flop_p50;
    let near = |threshold: f64| (flop / threshold - 1.0).abs() <= EU_AI_ACT_BAND;
    if item.tier.kind != "pretraining" {
        let base = item.tier.root_run_id.as_ref().and_then(|root| basis.roots.get(root));
        let threshold = base.map(|flop| flop * FINE_TUNE_MAX_SHARE_OF_PRETRAINING);
        return match threshold {
            None => "modification_of_a_base_without_estimate",
            Some(threshold) if near(threshold) => "modification_near_a_third_of_its_base",
            Some(threshold) if flop < threshold => "modification_below_a_third_of_its_base",
            Some(_) => "modification_above_a_third_of_its_base",
        }
        .to_owned();
    }
    let [general, systemic] = EU_AI_ACT_FLOP;
    match flop {
        _ if near(general) => "near_1e23",
        _ if near(systemic) => "near_1e25",
        c if c < general => "below_1e23",
        c if c < systemic => "1e23_to_1e25",
        _ => "above_1e25",
    }
    .to_owned()
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
}

impl Totals {
    fn add(&mut self, cohort: &str, groups: impl Iterator<Item = (&'static str, String)>, draws: Option<&Draws>, n: usize) {
        for (group_by, group) in groups {
            self.open.entry((cohort.to_owned(), group_by, group)).or_default().add(draws, n);
        }
    }

    /// Owners are many and contiguous: after a block only the last one stays open. Ids without namespace are the exception: they lie
    /// scattered between the owners, so the group `unknown` stays open to the end.
    fn close_owners_before(&mut self, last: Option<&str>) {
        let is_done = |k: &&Key| k.1 == OWNER && k.2 != "unknown" && Some(k.2.as_str()) != last;
        let done: Vec<Key> = self.open.keys().filter(is_done).cloned().collect();
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
