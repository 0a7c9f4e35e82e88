//! Totals of cohorts and groups, draw by draw, so that what rows share stays shared in their sum (docs/method.md, section 6).

use super::ai_act;
use super::sensitivity::Sensitivity;
use super::{Publication, Settings};
use crate::domain::source::CohortMetric;
use crate::domain::{GroupBy, Run, Tier};
use crate::engine::{Inputs, Outputs};
use crate::error::{Error, Result};
use crate::estimation::{Basis, build};
use crate::method::chain;
use crate::method::draws::{Draws, Shared, simulate};
use crate::method::summary::summarize;
use crate::stages::estimate::basis;
use crate::tables::{AggregateRow, EstimateRow, ModelRow, SensitivityRow, TierRow};
use crate::units::{Flop, KgCo2e};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Rows simulated at a time: 512 x 3 quantities x 1,000 draws x 8 bytes is 12 MB.
const BLOCK_ROWS: usize = 512;
/// Name of the cohort of a threshold.
#[must_use]
pub fn cohort_name(metric: CohortMetric, min: i64) -> String {
    format!("{}_gt_{min}", metric.name())
}

/// One repository with all that grouping and simulation need.
pub(super) struct Item {
    pub(super) model: ModelRow,
    pub(super) estimate: EstimateRow,
    pub(super) run: Run,
}

impl Item {
    pub(super) fn tier(&self) -> Tier {
        self.estimate.tier.0
    }
}

/// Writes `aggregates` and `sensitivity`.
pub(super) fn write_totals(inputs: &Inputs<'_, Publication>, outputs: &mut Outputs<'_, Publication>) -> Result<()> {
    let settings = inputs.settings();
    let tables = &inputs.references().factors;
    let basis = basis(inputs, tables, settings.draws, settings.seed)?;
    let shared = Shared::new(settings.draws, settings.seed);
    let ranks = ranks(inputs)?;
    let mut totals = Totals::default();
    let mut sensitivity = Sensitivity::new(settings);
    // The three tables have one row per repository, in the same order.
    let mut items = inputs
        .rows::<ModelRow>()?
        .zip(inputs.rows::<EstimateRow>()?)
        .zip(inputs.rows::<TierRow>()?)
        .map(|((model, estimate), tier)| item(model?, estimate?, tier?));
    loop {
        let block: Vec<Item> = items.by_ref().take(BLOCK_ROWS).collect::<Result<_>>()?;
        if block.is_empty() {
            break;
        }
        let drawn: Vec<Option<Draws>> = block
            .par_iter()
            .map(|item| {
                if item.tier() == Tier::NoTraining {
                    return Ok(None);
                }
                let mut draws = Draws::default();
                let built = build(&item.run, item.tier(), &basis, tables)?;
                simulate(&built.model(&item.run.run_id), &shared, &mut draws);
                Ok(Some(draws))
            })
            .collect::<Result<_>>()?;
        sensitivity.add(tables, &basis, &block)?;
        for (item, draws) in block.iter().zip(&drawn) {
            let groups = groups(item, &basis);
            for cohort in cohorts(settings, &item.model) {
                let rank = ranks.get(&cohort).and_then(|of| of.get(&item.estimate.run_id)).copied();
                let is_top = |n: &&usize| rank.is_some_and(|rank| rank < **n);
                let top = TOP.iter().filter(is_top).map(|n| (GroupBy::Top, format!("top_{n}")));
                totals.add(&cohort, groups.iter().cloned().chain(top), draws.as_ref(), shared.draws());
            }
        }
        if let Some(last) = block.last() {
            totals.close_owners_before(last.model.owner.as_deref());
        }
    }
    outputs.write::<AggregateRow>(totals.finish())?;
    outputs.write::<SensitivityRow>(sensitivity.finish(settings))
}

/// Sizes of the groups of largest runs: the tail is heavy, and a reader should see how much a few runs decide.
const TOP: [usize; 4] = [1, 10, 100, 1000];

/// The largest runs of every cohort by mean emissions, with their rank from zero.
fn ranks(inputs: &Inputs<'_, Publication>) -> Result<BTreeMap<String, FxHashMap<String, usize>>> {
    let most = TOP[TOP.len() - 1];
    let mut by_cohort: BTreeMap<String, Vec<(f64, String)>> = BTreeMap::new();
    let keep_largest = |runs: &mut Vec<(f64, String)>| {
        runs.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        runs.truncate(most);
    };
    for (model, estimate) in inputs.rows::<ModelRow>()?.zip(inputs.rows::<EstimateRow>()?) {
        let (model, estimate) = (model?, estimate?);
        if estimate.tier.0 == Tier::NoTraining {
            continue;
        }
        for cohort in cohorts(inputs.settings(), &model) {
            let runs = by_cohort.entry(cohort).or_default();
            runs.push((estimate.emissions_kgco2e.mean, estimate.run_id.clone()));
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
    Ok(Item { model, estimate, run: tier.into() })
}

/// Cohorts a repository belongs to: all, and both readings of the threshold.
fn cohorts(settings: &Settings, model: &ModelRow) -> Vec<String> {
    let min = settings.min;
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

fn groups(item: &Item, basis: &Basis) -> Vec<(GroupBy, String)> {
    let unknown = |value: Option<&str>| value.unwrap_or("unknown").to_owned();
    let mut groups = vec![
        (GroupBy::All, "all".to_owned()),
        (GroupBy::TrainingYear, item.model.trained_on.map_or_else(|| "unknown".to_owned(), |d| d.year().to_string())),
        (GroupBy::Owner, unknown(item.model.owner.as_deref())),
        (GroupBy::Country, unknown(item.model.owner_country.as_deref())),
        (GroupBy::Modality, item.model.modality.name().to_owned()),
        (GroupBy::Tier, item.tier().number().to_string()),
        (GroupBy::Basis, item.tier().basis().to_owned()),
        (GroupBy::Coverage, coverage(&item.model)),
        (GroupBy::Role, item.model.role.name().to_owned()),
        (GroupBy::Accelerator, unknown(item.estimate.accelerator.as_deref())),
        (GroupBy::License, unknown(item.model.license.as_deref())),
    ];
    if item.tier() != Tier::NoTraining {
        let base = item.run.root_run_id.as_ref().and_then(|root| basis.roots.get(root)).copied();
        let output = ai_act::Output { modality: item.model.modality, task: item.model.pipeline_tag.as_deref() };
        let group = ai_act::group(output, item.run.kind, item.estimate.train_flop.p50, base);
        groups.push((GroupBy::EuAiAct, group.to_owned()));
    }
    groups
}

/// What a record tells of role, size and date.
fn coverage(model: &ModelRow) -> String {
    let told = [("role", model.p.is_certain()), ("size", model.total_params.is_some()), ("date", model.trained_on.is_some())];
    let words: Vec<&str> = told.iter().filter(|(_, is)| *is).map(|(word, _)| *word).collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join("+") }
}

type Key = (String, GroupBy, String);

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
        let trained = self.emissions.iter().zip(&self.flop).filter(|(_, c)| **c > 0.0);
        let ratios: Vec<f64> = trained.map(|(m, c)| chain::atci(KgCo2e(*m), Flop(*c)).0).collect();
        let atci = (!ratios.is_empty()).then(|| summarize(&ratios, &mut scratch));
        AggregateRow {
            cohort: cohort.clone(),
            group_by: *group_by,
            group: group.clone(),
            runs: self.runs,
            models: self.models,
            train_flop: flop,
            energy_kwh: energy,
            emissions_kgco2e: emissions,
            atci_gco2e_per_pflop: atci,
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
    fn add(&mut self, cohort: &str, groups: impl Iterator<Item = (GroupBy, String)>, draws: Option<&Draws>, n: usize) {
        for (group_by, group) in groups {
            self.open.entry((cohort.to_owned(), group_by, group)).or_default().add(draws, n);
        }
    }

    /// Owners are many and contiguous: after a block only the last one stays open. Ids without namespace are the exception: they lie
    /// scattered between the owners, so the group `unknown` stays open to the end.
    fn close_owners_before(&mut self, last: Option<&str>) {
        let is_done = |k: &&Key| k.1 == GroupBy::Owner && k.2 != "unknown" && Some(k.2.as_str()) != last;
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
            table.iter().filter(|r| r.group_by == GroupBy::All).map(|r| (r.cohort.clone(), r.emissions_kgco2e.mean)).collect();
        for row in &mut table {
            let total = totals.get(&row.cohort).copied().unwrap_or_default();
            row.share_of_total = if total > 0.0 { row.emissions_kgco2e.mean / total } else { 0.0 };
        }
        table.sort_by(|a, b| (&a.cohort, a.group_by.name(), &a.group).cmp(&(&b.cohort, b.group_by.name(), &b.group)));
        table
    }
}
