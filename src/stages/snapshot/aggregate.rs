//! Totals of cohorts and groups, draw by draw, so that what rows share stays shared in their sum (docs/method.md, section 6).

use super::ai_act;
use super::around::Surroundings;
use super::sensitivity::Sensitivity;
use super::trend::Months;
use super::{Publication, Settings};
use crate::domain::source::CohortMetric;
use crate::domain::{GroupBy, Quantiles, Run, Tier};
use crate::engine::{Inputs, Outputs};
use crate::error::{Error, Result};
use crate::estimation::{Basis, Built, FactorTables, build};
use crate::method::chain;
use crate::method::draws::{Draws, Shared, simulate};
use crate::method::summary::{Scratch, summarize, summarize_all};
use crate::stages::estimate::basis;
use crate::stages::ingest::Ingest;
use crate::tables::{
    AggregateRow, AroundRow, EstimatePart, EstimateRow, ModelPart, ModelRow, SensitivityRow, TierRow, TrendMonthRow, TrendRow,
};
use crate::units::{Flop, KgCo2e};
use arrow::array::{Array, AsArray};
use arrow::datatypes::{Float64Type, Int64Type};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Rows simulated at a time: 128 x 3 quantities x 1,000 draws x 8 bytes are 3 MB, which every group of the block reads again.
const BLOCK_ROWS: usize = 128;
/// Name of the cohort of a threshold.
#[must_use]
pub fn cohort_name(metric: CohortMetric, min: i64) -> String {
    format!("{}_gt_{min}", metric.name())
}

/// One repository with all that grouping and simulation need.
pub(super) struct Item {
    pub(super) model: ModelPart,
    pub(super) estimate: EstimatePart,
    pub(super) run: Run,
}

impl Item {
    pub(super) fn tier(&self) -> Tier {
        self.estimate.tier.0
    }
}

/// The run of a repository with its draws.
pub(super) struct Drawn<'b> {
    pub(super) built: Built<'b>,
    pub(super) draws: Draws,
}

/// The tables of totals.
pub(super) struct Tables {
    aggregates: Vec<AggregateRow>,
    sensitivity: Vec<SensitivityRow>,
    around: Vec<AroundRow>,
    months: Vec<TrendMonthRow>,
    trends: Vec<TrendRow>,
}

impl Tables {
    /// Writes `aggregates`, `around_electricity`, `sensitivity`, `trend_months` and `trend`.
    pub(super) fn write(self, outputs: &mut Outputs<'_, Publication>) -> Result<()> {
        outputs.write::<AggregateRow>(self.aggregates)?;
        outputs.write::<SensitivityRow>(self.sensitivity)?;
        outputs.write::<AroundRow>(self.around)?;
        outputs.write::<TrendMonthRow>(self.months)?;
        outputs.write::<TrendRow>(self.trends)
    }
}

/// Sums the draws of every run.
pub(super) fn totals(inputs: &Inputs<'_, Publication>) -> Result<Tables> {
    let settings = inputs.settings();
    let tables = &inputs.references().factors;
    let basis = basis(inputs, tables, settings.draws, settings.seed)?;
    let shared = Shared::new(settings.draws, settings.seed);
    let ranks = ranks(inputs)?;
    let mut totals = Totals::new(cohort_names(settings));
    let mut sensitivity = Sensitivity::new(settings);
    let mut surroundings = Surroundings::new(settings, &inputs.references().around, &inputs.references().market_based);
    let mut months = Months::new(settings);
    // The three tables have one row per repository, in the same order.
    let mut items = inputs
        .parts::<ModelPart>()?
        .zip(inputs.parts::<EstimatePart>()?)
        .zip(inputs.rows::<TierRow>()?)
        .map(|((model, estimate), tier)| item(model?, estimate?, tier?));
    let mut next = || -> Result<Vec<Item>> { items.by_ref().take(BLOCK_ROWS).collect() };
    let (mut block, mut first) = (next()?, 0);
    // Buffers of one block serve the next.
    let mut drawn: Vec<Option<Drawn<'_>>> = Vec::new();
    while !block.is_empty() {
        drawn.resize_with(block.len(), Option::default);
        let keys: Vec<Vec<Key>> = block
            .par_iter()
            .zip(&mut drawn)
            .enumerate()
            .map(|(at, (item, drawn))| {
                let buffer = drawn.take().map(|drawn| drawn.draws).unwrap_or_default();
                *drawn = draw(item, &basis, tables, &shared, buffer)?;
                Ok(keys(settings, &ranks, &basis, first + at, item))
            })
            .collect::<Result<_>>()?;
        // Every kind of sum takes the rows in their order; meanwhile the next block is read.
        let (of_cohort, read) = rayon::join(
            || {
                sensitivity.add(&shared, tables, &basis, &block, &drawn)?;
                surroundings.add(tables, &block, &drawn);
                months.add(&block, &drawn);
                Ok::<_, Error>(())
            },
            || {
                totals.add(&keys, &block, &drawn);
                totals.close_owners_before(block.last().and_then(|last| last.model.owner.as_deref()));
                next()
            },
        );
        of_cohort?;
        first += block.len();
        block = read?;
    }
    let (months, trends) = months.finish(settings, inputs.facts::<Ingest>()?.index_date.as_deref());
    Ok(Tables {
        aggregates: totals.finish(),
        sensitivity: sensitivity.finish(settings, &surroundings.embodied()),
        around: surroundings.finish(settings),
        months,
        trends,
    })
}

/// A repository's run with its draws; none where nothing was trained.
fn draw<'b>(item: &Item, basis: &'b Basis, tables: &FactorTables, shared: &Shared, mut draws: Draws) -> Result<Option<Drawn<'b>>> {
    if item.tier() == Tier::NoTraining {
        return Ok(None);
    }
    let built = build(&item.run, item.tier(), basis, tables)?;
    simulate(&built.model(&item.run.run_id), shared, &mut draws);
    Ok(Some(Drawn { built, draws }))
}

/// Groups that a repository belongs to, each with the cohorts it does so in.
fn keys(settings: &Settings, ranks: &[FxHashMap<usize, usize>], basis: &Basis, row: usize, item: &Item) -> Vec<Key> {
    let cohorts = Cohorts::of_downloads(settings, item.model.downloads_all_time, item.model.downloads_30d);
    let tops = ranks.iter().enumerate().filter(|(cohort, _)| cohorts.hold(*cohort)).flat_map(|(cohort, ranks)| {
        let rank = ranks.get(&row).copied();
        let is_top = move |n: &&usize| rank.is_some_and(|rank| rank < **n);
        TOP.iter().filter(is_top).map(move |n| (GroupBy::Top, format!("top_{n}"), Cohorts::only(cohort)))
    });
    groups(item, basis).into_iter().map(|(by, group)| (by, group, cohorts)).chain(tops).collect()
}

/// Sizes of the groups of largest runs: the tail is heavy, and a reader should see how much a few runs decide.
const TOP: [usize; 4] = [1, 10, 100, 1000];

/// The largest runs of every cohort by mean emissions: row and rank, both from zero. Nine bytes a row are held.
fn ranks(inputs: &Inputs<'_, Publication>) -> Result<Vec<FxHashMap<usize, usize>>> {
    let settings = inputs.settings();
    // The two tables have one row per repository, in the same order.
    let cohorts: Vec<Cohorts> = inputs.picked::<ModelRow, _>(&["downloads_all_time", "downloads_30d"], |batch| {
        let column = |name: &str| batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<Int64Type>());
        let columns = [column("downloads_all_time"), column("downloads_30d")];
        let cohorts = |row: usize| {
            let [all_time, last_30d] = columns.map(|column| column.filter(|c| c.is_valid(row)).map(|c| c.value(row)));
            Cohorts::of_downloads(settings, all_time, last_30d)
        };
        (0..batch.num_rows()).map(cohorts).collect()
    })?;
    let means: Vec<f64> = inputs.picked::<EstimateRow, _>(&["emissions_kgco2e_mean"], |batch| {
        let means = batch.columns().first().and_then(|column| column.as_primitive_opt::<Float64Type>());
        means.into_iter().flatten().map(Option::unwrap_or_default).collect()
    })?;
    let of_cohort = |cohort: usize| {
        // Where nothing was trained nothing was emitted.
        let emitted = |row: &usize| cohorts[*row].hold(cohort) && means[*row] > 0.0;
        let mut rows: Vec<usize> = (0..means.len().min(cohorts.len())).filter(emitted).collect();
        let larger_first = |a: &usize, b: &usize| means[*b].total_cmp(&means[*a]).then(a.cmp(b));
        let most = TOP[TOP.len() - 1];
        if rows.len() > most {
            rows.select_nth_unstable_by(most, larger_first);
            rows.truncate(most);
        }
        rows.sort_unstable_by(larger_first);
        rows.into_iter().enumerate().map(|(rank, row)| (row, rank)).collect()
    };
    Ok((0..COHORTS).map(of_cohort).collect())
}

fn item(model: ModelPart, estimate: EstimatePart, tier: TierRow) -> Result<Item> {
    if model.model_id != estimate.model_id || model.model_id != tier.model_id {
        return Err(Error::Internal(format!(
            "models, estimates and tiers disagree at {} / {} / {}",
            model.model_id, estimate.model_id, tier.model_id
        )));
    }
    Ok(Item { model, estimate, run: tier.into() })
}

/// All repositories, and both readings of the threshold.
const COHORTS: usize = 3;

fn cohort_names(settings: &Settings) -> [String; COHORTS] {
    [
        "all_models".to_owned(),
        cohort_name(CohortMetric::DownloadsAllTime, settings.min),
        cohort_name(CohortMetric::Downloads30d, settings.min),
    ]
}

/// Cohorts that something belongs to, one bit each in the order of [`cohort_names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Cohorts(u8);

impl Cohorts {
    fn of_downloads(settings: &Settings, all_time: Option<i64>, last_30d: Option<i64>) -> Self {
        let is_above = |downloads: Option<i64>| u8::from(downloads.is_some_and(|d| d > settings.min));
        Self(1 | is_above(all_time) << 1 | is_above(last_30d) << 2)
    }

    fn only(cohort: usize) -> Self {
        Self(1 << cohort)
    }

    fn hold(self, cohort: usize) -> bool {
        self.0 >> cohort & 1 == 1
    }
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
fn coverage(model: &ModelPart) -> String {
    let told = [("role", model.p.is_certain()), ("size", model.total_params.is_some()), ("date", model.trained_on.is_some())];
    let words: Vec<&str> = told.iter().filter(|(_, is)| *is).map(|(word, _)| *word).collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join("+") }
}

/// What is summed apart: a group, and the cohorts that its rows belong to.
type Key = (GroupBy, String, Cohorts);

/// What a group is published with: FLOP, kWh, kg CO2e, and g CO2e per PFLOP where something was trained.
type Figures = ([Quantiles; 3], Option<Quantiles>);

/// Sums of the rows of a key, draw by draw.
#[derive(Clone, Default)]
struct Sums {
    runs: i64,
    models: i64,
    flop: Vec<f64>,
    energy: Vec<f64>,
    emissions: Vec<f64>,
    /// Those of the last run.
    last: Figures,
}

impl Sums {
    fn add(&mut self, estimate: &EstimatePart, drawn: Option<&Drawn<'_>>) {
        self.models += 1;
        let Some(Drawn { draws, .. }) = drawn else { return };
        self.runs += 1;
        self.last = ([estimate.train_flop, estimate.energy_kwh, estimate.emissions_kgco2e], estimate.atci_gco2e_per_pflop);
        self.add_values([&draws.flop, &draws.energy, &draws.emissions]);
    }

    fn add_sums(&mut self, other: &Self) {
        self.models += other.models;
        self.runs += other.runs;
        if other.runs > 0 {
            self.last = other.last;
        }
        self.add_values([&other.flop, &other.energy, &other.emissions]);
    }

    fn add_values(&mut self, values: [&[f64]; 3]) {
        for (sum, values) in [&mut self.flop, &mut self.energy, &mut self.emissions].into_iter().zip(values) {
            if sum.is_empty() {
                sum.extend_from_slice(values);
                continue;
            }
            for (total, value) in sum.iter_mut().zip(values) {
                *total += value;
            }
        }
    }

    /// Of one run they are those of its estimate.
    fn figures(&self) -> Figures {
        if self.runs <= 1 {
            return self.last;
        }
        let mut scratch = Scratch::default();
        let quantities = summarize_all([&self.flop, &self.energy, &self.emissions], &mut scratch);
        let trained = self.emissions.iter().zip(&self.flop).filter(|(_, c)| **c > 0.0);
        let ratios: Vec<f64> = trained.map(|(m, c)| chain::atci(KgCo2e(*m), Flop(*c)).0).collect();
        (quantities, (!ratios.is_empty()).then(|| summarize(&ratios, &mut scratch)))
    }

    fn row(&self, group_by: GroupBy, group: &str) -> AggregateRow {
        let ([train_flop, energy_kwh, emissions_kgco2e], atci_gco2e_per_pflop) = self.figures();
        AggregateRow {
            cohort: String::new(),
            group_by,
            group: group.to_owned(),
            runs: self.runs,
            models: self.models,
            train_flop,
            energy_kwh,
            emissions_kgco2e,
            atci_gco2e_per_pflop,
            share_of_total: 0.0,
        }
    }
}

/// A group's sums by the cohorts of their rows.
type ByCohorts = BTreeMap<Cohorts, Sums>;

struct Totals {
    names: [String; COHORTS],
    open: FxHashMap<(GroupBy, String), ByCohorts>,
    closed: Vec<AggregateRow>,
}

impl Totals {
    fn new(names: [String; COHORTS]) -> Self {
        Self { names, open: FxHashMap::default(), closed: Vec::new() }
    }

    /// Adds a block. Groups work beside each other; each adds its rows in their order, so that sums do not depend on threads.
    fn add(&mut self, keys: &[Vec<Key>], block: &[Item], drawn: &[Option<Drawn<'_>>]) {
        let mut rows: BTreeMap<&Key, Vec<usize>> = BTreeMap::new();
        for (row, keys) in keys.iter().enumerate() {
            for key in keys {
                rows.entry(key).or_default().push(row);
            }
        }
        let work: Vec<(&Key, Sums, Vec<usize>)> = rows
            .into_iter()
            .map(|(key, rows)| {
                let sums = self.open.get_mut(&(key.0, key.1.clone())).and_then(|group| group.remove(&key.2));
                (key, sums.unwrap_or_default(), rows)
            })
            .collect();
        let done: Vec<(&Key, Sums)> = work
            .into_par_iter()
            .map(|(key, mut sums, rows)| {
                for row in rows {
                    sums.add(&block[row].estimate, drawn[row].as_ref());
                }
                (key, sums)
            })
            .collect();
        for ((group_by, group, cohorts), sums) in done {
            self.open.entry((*group_by, group.clone())).or_default().insert(*cohorts, sums);
        }
    }

    /// Owners are many and contiguous: after a block only the last one stays open. Ids without namespace are the exception: they lie
    /// scattered between the owners, so the group `unknown` stays open to the end.
    fn close_owners_before(&mut self, last: Option<&str>) {
        let is_done = |k: &&(GroupBy, String)| k.0 == GroupBy::Owner && k.1 != "unknown" && Some(k.1.as_str()) != last;
        let done: Vec<(GroupBy, String)> = self.open.keys().filter(is_done).cloned().collect();
        let groups = done.into_iter().filter_map(|key| self.open.remove_entry(&key)).collect();
        self.close(groups);
    }

    /// Rows of groups that are complete. Cohorts that hold the same rows of a group have the same figures.
    fn close(&mut self, groups: Vec<((GroupBy, String), ByCohorts)>) {
        let names = &self.names;
        let of_group = |((group_by, group), sums): ((GroupBy, String), ByCohorts)| -> Vec<AggregateRow> {
            let mut rows: Vec<(Vec<Cohorts>, AggregateRow)> = Vec::new();
            for (cohort, name) in names.iter().enumerate() {
                let parts: Vec<Cohorts> = sums.keys().copied().filter(|cohorts| cohorts.hold(cohort)).collect();
                let row = match (rows.iter().find(|(of, _)| *of == parts), parts.as_slice()) {
                    (_, []) => continue,
                    (Some((_, row)), _) => row.clone(),
                    (None, [only]) => sums[only].row(group_by, &group),
                    (None, [first, others @ ..]) => {
                        let mut whole = sums[first].clone();
                        others.iter().for_each(|part| whole.add_sums(&sums[part]));
                        whole.row(group_by, &group)
                    }
                };
                rows.push((parts, AggregateRow { cohort: name.clone(), ..row }));
            }
            rows.into_iter().map(|(_, row)| row).collect()
        };
        let rows: Vec<Vec<AggregateRow>> = groups.into_par_iter().map(of_group).collect();
        self.closed.extend(rows.into_iter().flatten());
    }

    fn finish(mut self) -> Vec<AggregateRow> {
        let open = std::mem::take(&mut self.open).into_iter().collect();
        self.close(open);
        let mut table = self.closed;
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
