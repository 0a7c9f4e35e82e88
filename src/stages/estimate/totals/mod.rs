//! Totals of cohorts and groups, draw by draw, so that what rows share stays shared in their sum (docs/method.md, section 6).

mod ai_act;
mod around;
mod months;
mod sensitivity;
mod sums;
mod top;

use self::around::Surroundings;
use self::months::Months;
use self::sensitivity::Sensitivity;
use self::sums::{Figures, Row, Totals};
use self::top::LargestRuns;
use super::{Estimation, Settings, rows};
use crate::domain::source::CohortMetric;
use crate::domain::{ChipMixture, GroupBy, Run, Tier};
use crate::engine::Outputs;
use crate::error::{Error, Result};
use crate::estimation::{Basis, Built};
use crate::method::draws::Draws;
use crate::tables::{AggregateRow, AroundRow, CarriedPart, EstimateByTierRow, ModelPart, MonthRow, SensitivityRow};
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// One repository with its headline estimate, and all else that grouping and simulation need.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    pub(super) model: &'a ModelPart,
    pub(super) run: &'a Run,
    pub(super) estimate: &'a EstimateByTierRow,
}

impl Item<'_> {
    fn tier(&self) -> Tier {
        self.estimate.tier_name
    }
}

/// The run of a repository with its draws.
#[derive(Clone, Copy)]
pub(super) struct Drawn<'a, 'b> {
    pub(super) built: &'a Built<'b>,
    pub(super) draws: &'a Draws,
}

/// What totals are made with.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) settings: &'a Settings,
    /// What the rows are estimated with.
    pub(super) rows: &'a rows::Given<'a>,
}

/// Every kind of total, as rows come in.
pub(super) struct All<'a> {
    given: Given<'a>,
    upstream: Upstream,
    totals: Totals,
    largest: LargestRuns,
    sensitivity: Sensitivity,
    surroundings: Surroundings<'a>,
    months: Months,
}

impl<'a> All<'a> {
    pub(super) fn new(given: Given<'a>, upstream: Upstream) -> Self {
        Self {
            given,
            upstream,
            totals: Totals::new(cohort_names(given.settings)),
            largest: LargestRuns::new(),
            sensitivity: Sensitivity::new(given.settings),
            surroundings: Surroundings::new(given.settings, given.rows),
            months: Months::new(given.settings),
        }
    }

    /// Adds a block of repositories, in order; of those that trained nothing there are no draws. Every kind of sum takes the rows in their
    /// order.
    pub(super) fn add(&mut self, block: &[Item<'_>], drawn: &[Option<Drawn<'_, '_>>]) -> Result<()> {
        let Self { given, upstream, totals, largest, sensitivity, surroundings, months } = self;
        let given = *given;
        let (of_cohort, ()) = rayon::join(
            || {
                sensitivity.add(given.rows, block, drawn)?;
                surroundings.add(block, drawn);
                months.add(block, drawn);
                Ok::<_, Error>(())
            },
            || {
                let rows: Vec<Row<'_>> = block
                    .iter()
                    .zip(drawn)
                    .map(|(item, drawn)| Row {
                        keys: keys(&given, upstream, item),
                        figures: figures(item.estimate),
                        draws: drawn.map(|drawn| drawn.draws),
                    })
                    .collect();
                let last_owner = block.last().and_then(|last| last.model.owner.as_deref());
                totals.add(&rows, last_owner);
                totals.close_owners_before(last_owner);
                block.iter().for_each(|item| largest.add(cohorts(given.settings, downloads(item.model)), item));
            },
        );
        of_cohort
    }

    /// Draws the largest runs again, which are known only now, and writes `aggregates`, `around_electricity`, `sensitivity`
    /// and `months`.
    pub(super) fn write(self, outputs: &mut Outputs<'_, Estimation>) -> Result<()> {
        let Self { given: Given { settings, rows }, upstream: _, mut totals, largest, sensitivity, surroundings, months } = self;
        largest.add_to(&mut totals, rows)?;
        outputs.write::<AggregateRow>(totals.finish())?;
        outputs.write::<SensitivityRow>(sensitivity.finish(settings, &surroundings.embodied()))?;
        outputs.write::<AroundRow>(surroundings.finish(settings))?;
        outputs.write::<MonthRow>(months.finish(settings))
    }
}

/// Groups that a repository belongs to, each with the cohorts it does so in.
fn keys<'a>(given: &Given<'_>, upstream: &Upstream, item: &Item<'a>) -> Vec<Key<'a>> {
    let cohorts = cohorts(given.settings, downloads(item.model));
    let outside =
        upstream.of(&item.run.run_id).without(cohorts).map(|cohorts| (GroupBy::Upstream, Cow::Borrowed(OUTSIDE), cohorts));
    groups(item, given.rows.basis).into_iter().map(|(by, group)| (by, group, cohorts)).chain(outside).collect()
}

/// The group of [`GroupBy::Upstream`].
const OUTSIDE: &str = "outside";

/// The cohorts of the models that stand on a run of another repository, by run.
pub(super) struct Upstream(FxHashMap<String, Cohorts>);

impl Upstream {
    /// Of all repositories.
    pub(super) fn gather(settings: &Settings, models: impl Iterator<Item = Result<CarriedPart>>) -> Result<Self> {
        let mut runs: FxHashMap<String, Cohorts> = FxHashMap::default();
        for model in models {
            let model = model?;
            let cohorts = cohorts(settings, (model.downloads_all_time, model.downloads_30d));
            // What is in no cohort but that of all adds nothing: every run is in that one.
            for run in model.upstream_run_ids.into_iter().filter(|_| cohorts != Cohorts::only(0)) {
                let of = runs.entry(run).or_insert(cohorts);
                of.0 |= cohorts.0;
            }
        }
        Ok(Self(runs))
    }

    fn of(&self, run_id: &str) -> Cohorts {
        self.0.get(run_id).copied().unwrap_or(Cohorts::only(0))
    }
}

fn downloads(model: &ModelPart) -> (Option<i64>, Option<i64>) {
    (model.downloads_all_time, model.downloads_30d)
}

/// All repositories, and both readings of the threshold.
const COHORTS: usize = 3;

fn cohort_names(settings: &Settings) -> [String; COHORTS] {
    ["all_models".to_owned(), CohortMetric::DownloadsAllTime.cohort(settings.min), CohortMetric::Downloads30d.cohort(settings.min)]
}

/// Cohorts that something belongs to, one bit each in the order of [`cohort_names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Cohorts(u8);

impl Cohorts {
    fn only(cohort: usize) -> Self {
        Self(1 << cohort)
    }

    fn hold(self, cohort: usize) -> bool {
        self.0 >> cohort & 1 == 1
    }

    /// Those that the other lacks; none where it lacks none.
    fn without(self, other: Self) -> Option<Self> {
        Some(Self(self.0 & !other.0)).filter(|left| left.0 > 0)
    }
}

fn cohorts(settings: &Settings, (all_time, last_30d): (Option<i64>, Option<i64>)) -> Cohorts {
    let is_above = |downloads: Option<i64>| u8::from(downloads.is_some_and(|d| d > settings.min));
    Cohorts(1 | is_above(all_time) << 1 | is_above(last_30d) << 2)
}

/// What is summed apart: a group, and the cohorts that its rows belong to.
type Key<'a> = (GroupBy, Cow<'a, str>, Cohorts);

/// What the estimate of a repository is published with.
fn figures(estimate: &EstimateByTierRow) -> Figures {
    ([estimate.train_flop, estimate.energy_kwh, estimate.emissions_kgco2e], estimate.atci_gco2e_per_pflop)
}

fn unknown(value: Option<&str>) -> Cow<'_, str> {
    Cow::Borrowed(value.unwrap_or("unknown"))
}

fn groups<'a>(item: &Item<'a>, basis: &Basis) -> Vec<(GroupBy, Cow<'a, str>)> {
    let Item { model, run, estimate } = *item;
    let mut groups = vec![
        (GroupBy::All, Cow::Borrowed("all")),
        (GroupBy::TrainingYear, model.trained_on.map_or(Cow::Borrowed("unknown"), |d| Cow::Owned(d.year().to_string()))),
        (GroupBy::Owner, unknown(model.owner.as_deref())),
        (GroupBy::Country, unknown(model.owner_country.as_deref())),
        (GroupBy::Modality, Cow::Borrowed(model.modality.name())),
        (GroupBy::Tier, Cow::Owned(item.tier().number().to_string())),
        (GroupBy::Basis, Cow::Borrowed(item.tier().basis())),
        (GroupBy::Coverage, Cow::Owned(coverage(model))),
        (GroupBy::Role, Cow::Borrowed(model.role.name())),
        (GroupBy::Accelerator, estimate.accelerator.as_deref().map_or(Cow::Borrowed("unknown"), chips_of_a_total)),
        (GroupBy::License, unknown(model.license.as_deref())),
    ];
    if item.tier() != Tier::NoTraining {
        let base = run.root_run_id.as_ref().and_then(|root| basis.roots.get(root)).map(|root| root.flop);
        let output = ai_act::Output { modality: model.modality, task: model.pipeline_tag.as_deref() };
        let group = ai_act::group(output, run.kind, estimate.train_flop.p50, base);
        groups.push((GroupBy::EuAiAct, Cow::Borrowed(group)));
    }
    groups
}

/// Chips of a total, by their name: a mixture of two is with the larger part, because a total for each share would be one for each run.
fn chips_of_a_total(accelerator: &str) -> Cow<'_, str> {
    ChipMixture::parse(accelerator).map_or(Cow::Borrowed(accelerator), |mixture| Cow::Owned(mixture.larger_part().to_string()))
}

/// What a record tells of role, size and date.
fn coverage(model: &ModelPart) -> String {
    let told = [("role", model.p.is_certain()), ("size", model.total_params.is_some()), ("date", model.trained_on.is_some())];
    let words: Vec<&str> = told.iter().filter(|(_, is)| *is).map(|(word, _)| *word).collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join("+") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression: a run whose repository has few downloads was nowhere beside the total of the models that stand on it. Cohort 1 is that of all
    /// time, cohort 2 that of 30 days; only what the owner of the run is not in counts.
    #[test]
    fn trainings_outside_a_cohort_that_its_models_stand_on() {
        let settings = Settings { draws: 1, seed: 1, metric: CohortMetric::Downloads30d, min: 5000 };
        let model = |all_time: i64, last_30d: i64, run: &str| {
            Ok(CarriedPart {
                downloads_all_time: Some(all_time),
                downloads_30d: Some(last_30d),
                upstream_run_ids: vec![run.to_owned()],
            })
        };
        let models =
            [model(9000, 10, "a/base#pretraining"), model(10, 6000, "a/base#pretraining"), model(3, 3, "b/base#pretraining")];
        let upstream = Upstream::gather(&settings, models.into_iter()).unwrap();
        let outside = |run: &str, owner: (i64, i64)| {
            let left = upstream.of(run).without(cohorts(&settings, (Some(owner.0), Some(owner.1))));
            left.map_or([false; COHORTS], |left| std::array::from_fn(|cohort| left.hold(cohort)))
        };
        assert_eq!(outside("a/base#pretraining", (100, 100)), [false, true, true]);
        assert_eq!(outside("a/base#pretraining", (6000, 100)), [false, false, true]);
        assert_eq!(outside("b/base#pretraining", (100, 100)), [false; COHORTS]);
    }
}
