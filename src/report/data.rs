//! What the report shows, read from the tables of a snapshot.

use crate::domain::{ClosedSet, EvidenceSource, Field, GroupBy, RegressionId, Role, RunKind, Step, Tier, estimated_by_others};
use crate::error::Result;
use crate::tables::io::{parts, rows, table_path};
use crate::tables::lookup::{rows_of_text, rows_whose};
use crate::tables::{
    AggregateRow, AroundRow, BacktestRow, BacktestRunRow, EstimateRow, EvidenceRow, MemberPart, ModelRow, QuarantineRow,
    RegressionCandidateRow, RegressionRow, RegressionTermRow, RoleReliabilityRow, RoleScoreRow, Row, RunRow, SensitivityRow,
    StandInPart, TrendMonthRow, TrendRow,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// Largest runs shown.
const LARGEST: usize = 20;

/// Mean emissions in kg CO2e: documented and imputed.
pub(super) type ByBasis = [f64; 2];

/// A factor that stands in for what nothing states.
#[derive(Clone, Debug, Default)]
pub(super) struct Fallback {
    /// Runs that rest on it.
    pub(super) runs: i64,
    /// Their mean emissions in kg CO2e.
    pub(super) emissions_kgco2e: f64,
}

/// Pre-trainings that repositories of another role carry, because the index does not hold their originals.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Carried {
    pub(super) runs: i64,
    /// Their mean emissions in kg CO2e.
    pub(super) emissions_kgco2e: f64,
}

/// One of the largest runs with what is known of it.
#[derive(Clone, Debug)]
pub(super) struct Largest {
    pub(super) estimate: EstimateRow,
    /// What stands in for what nothing states of it.
    pub(super) stand_ins: StandInPart,
    pub(super) model: ModelRow,
    /// Kind and repositories that carry it.
    pub(super) run: Option<(RunKind, i64)>,
    /// Evidence the estimate rests on, and what was refused.
    pub(super) evidence: Vec<EvidenceRow>,
}

/// Everything the report shows.
#[derive(Debug, Default)]
pub(super) struct Data {
    /// Rows of `aggregates` of the cohort, in their order.
    pub(super) groups: BTreeMap<GroupBy, Vec<AggregateRow>>,
    /// The whole index.
    pub(super) index: Option<AggregateRow>,
    /// Mean emissions of the cohort's groups, by basis.
    pub(super) split: BTreeMap<(GroupBy, String), ByBasis>,
    /// Runs of the cohort.
    pub(super) runs: i64,
    /// Their mean emissions in kg CO2e.
    pub(super) emissions_kgco2e: f64,
    /// Of these: documented compute that others than the makers estimated, in kg CO2e.
    pub(super) estimated_by_others_kgco2e: f64,
    /// Pre-trainings of originals that the index does not hold, by the role of the repository that carries them.
    pub(super) carried: BTreeMap<Role, Carried>,
    /// Factors that stand in, in the order of [`FACTORS`].
    pub(super) fallbacks: [Fallback; FACTOR_COUNT],
    pub(super) largest: Vec<Largest>,
    pub(super) backtest: Vec<BacktestRow>,
    pub(super) backtest_runs: Vec<BacktestRunRow>,
    pub(super) regressions: Vec<RegressionRow>,
    pub(super) terms: BTreeMap<RegressionId, Vec<RegressionTermRow>>,
    pub(super) candidates: BTreeMap<RegressionId, Vec<RegressionCandidateRow>>,
    pub(super) role_scores: Vec<RoleScoreRow>,
    pub(super) role_reliability: Vec<RoleReliabilityRow>,
    pub(super) sensitivity: Vec<SensitivityRow>,
    /// What surrounds the electricity of the cohort.
    pub(super) around: Vec<AroundRow>,
    /// Its emissions by month, and their trend.
    pub(super) trend_months: Vec<TrendMonthRow>,
    pub(super) trend: Vec<TrendRow>,
    /// Rows of quarantine by reason.
    pub(super) quarantine: BTreeMap<String, i64>,
}

/// A factor with what stands in for it, the step that it is taken in, and whether it stands in where it is.
pub(super) struct Factor {
    pub(super) name: &'static str,
    pub(super) stand_in: &'static str,
    step: Step,
    stands_in: fn(&StandInPart) -> Option<bool>,
}

impl Factor {
    const fn new(name: &'static str, stand_in: &'static str, step: Step, stands_in: fn(&StandInPart) -> Option<bool>) -> Self {
        Self { name, stand_in, step, stands_in }
    }

    /// Whether the emissions of an estimate rest on the stand-in. Reported ones do not, whatever energy is reckoned back from them.
    pub(super) fn carries(&self, estimate: &StandInPart) -> bool {
        (self.stands_in)(estimate) == Some(true) && estimate.tier.0.emissions_rest_on(self.step)
    }
}

/// How many factors may stand in.
pub(super) const FACTOR_COUNT: usize = 6;

/// Factors that may stand in.
pub(super) static FACTORS: [Factor; FACTOR_COUNT] = [
    Factor::new("Country", "those of published runs", Step::Grid, |e| e.grid_is_fallback),
    Factor::new("Place", "the owner's country", Step::Grid, |e| e.grid_is_owner_country),
    Factor::new("Facility overhead", "average of the operator's class or of a survey", Step::Overhead, |e| e.pue_is_fallback),
    Factor::new("Chip", "what runs of that year and kind used", Step::Power, |e| e.accelerator_is_fallback),
    Factor::new("Utilization", "centre of published runs", Step::Utilization, |e| e.mfu_is_fallback),
    Factor::new("Power", "at least in part measured on another vendor's chips", Step::Power, |e| e.power_is_fallback),
];

/// What is summed of a repository of the cohort.
struct Member {
    role: Role,
    groups: [(GroupBy, String); 4],
}

impl Member {
    fn new(model: &MemberPart) -> Self {
        let unknown = |value: Option<&str>| value.unwrap_or("unknown").to_owned();
        let year = model.trained_on.map_or_else(|| "unknown".to_owned(), |day| day.year().to_string());
        Self {
            role: model.role,
            groups: [
                (GroupBy::TrainingYear, year),
                (GroupBy::Owner, unknown(model.owner.as_deref())),
                (GroupBy::Country, unknown(model.owner_country.as_deref())),
                (GroupBy::Modality, model.modality.name().to_owned()),
            ],
        }
    }
}

impl Data {
    /// Reads the tables in `dir` for a cohort.
    ///
    /// # Errors
    /// A table is missing, damaged or of another schema.
    pub(super) fn from_tables(dir: &Path, cohort: &str) -> Result<Self> {
        let mut data = Self { sensitivity: rows(dir)?.collect::<Result<_>>()?, ..Self::default() };
        data.sensitivity.retain(|row| row.cohort == cohort);
        (data.around, data.trend_months, data.trend) = (rows_if_there(dir)?, rows_if_there(dir)?, rows_if_there(dir)?);
        data.take_groups(dir, cohort)?;
        data.take_runs(dir)?;
        data.take_evidence(dir)?;
        data.backtest = rows(dir)?.collect::<Result<_>>()?;
        data.backtest_runs = rows(dir)?.collect::<Result<_>>()?;
        data.regressions = rows(dir)?.collect::<Result<_>>()?;
        data.role_scores = rows(dir)?.collect::<Result<_>>()?;
        data.role_reliability = rows(dir)?.collect::<Result<_>>()?;
        for term in rows::<RegressionTermRow>(dir)? {
            let term = term?;
            data.terms.entry(term.regression_id).or_default().push(term);
        }
        for candidate in rows::<RegressionCandidateRow>(dir)? {
            let candidate = candidate?;
            data.candidates.entry(candidate.regression_id).or_default().push(candidate);
        }
        for row in rows::<QuarantineRow>(dir)? {
            *data.quarantine.entry(row?.reason).or_default() += 1;
        }
        Ok(data)
    }

    fn take_groups(&mut self, dir: &Path, cohort: &str) -> Result<()> {
        for row in rows_of_text::<AggregateRow>(dir, "cohort", cohort)? {
            self.groups.entry(row.group_by).or_default().push(row);
        }
        self.index =
            rows_of_text::<AggregateRow>(dir, "group_by", GroupBy::All.name())?.into_iter().find(|row| row.cohort == "all_models");
        Ok(())
    }

    /// Sums the trained runs of the cohort in the order of their ids, and keeps the largest.
    fn take_runs(&mut self, dir: &Path) -> Result<()> {
        let mut members = BTreeMap::new();
        for model in parts::<MemberPart>(dir)? {
            let model = model?;
            if model.in_cohort {
                members.insert(model.model_id.clone(), Member::new(&model));
            }
        }
        let mut largest: Vec<StandInPart> = Vec::new();
        for estimate in parts::<StandInPart>(dir)? {
            let estimate = estimate?;
            let Some(member) = members.get(&estimate.model_id) else { continue };
            if estimate.tier.0 == Tier::NoTraining {
                continue;
            }
            self.add(member, &estimate);
            largest.push(estimate);
            if largest.len() >= 64 * LARGEST {
                keep_largest(&mut largest);
            }
        }
        keep_largest(&mut largest);
        self.estimated_by_others_kgco2e = of_compute_by_others(dir, |id| members.contains_key(id))?;
        self.take_models(dir, largest)
    }

    fn add(&mut self, member: &Member, estimate: &StandInPart) {
        let kg = estimate.emissions_kgco2e.mean;
        self.runs += 1;
        self.emissions_kgco2e += kg;
        let at = usize::from(estimate.tier.0 >= Tier::Parameters);
        for group in &member.groups {
            self.split.entry(group.clone()).or_default()[at] += kg;
        }
        if member.role != Role::Pretrained && is_pretraining(&estimate.run_id) {
            let carried = self.carried.entry(member.role).or_default();
            carried.runs += 1;
            carried.emissions_kgco2e += kg;
        }
        for (fallback, factor) in self.fallbacks.iter_mut().zip(&FACTORS) {
            if factor.carries(estimate) {
                fallback.runs += 1;
                fallback.emissions_kgco2e += kg;
            }
        }
    }

    fn take_models(&mut self, dir: &Path, largest: Vec<StandInPart>) -> Result<()> {
        let wanted = Arc::new(largest.iter().map(|e| e.model_id.clone()).collect());
        let models = rows_whose::<ModelRow>(dir, "model_id", &wanted)?;
        let mut models: BTreeMap<String, ModelRow> = models.into_iter().map(|model| (model.model_id.clone(), model)).collect();
        let estimates = rows_whose::<EstimateRow>(dir, "model_id", &wanted)?;
        let mut estimates: BTreeMap<String, EstimateRow> = estimates.into_iter().map(|e| (e.run_id.clone(), e)).collect();
        let runs: BTreeMap<String, (RunKind, i64)> = rows_whose::<RunRow>(dir, "model_id", &wanted)?
            .into_iter()
            .map(|run| (run.run_id, (run.kind, run.member_count)))
            .collect();
        for stand_ins in largest {
            let Some((model, estimate)) = models.remove(&stand_ins.model_id).zip(estimates.remove(&stand_ins.run_id)) else {
                continue;
            };
            let run = runs.get(&stand_ins.run_id).copied();
            self.largest.push(Largest { estimate, stand_ins, model, run, evidence: Vec::new() });
        }
        Ok(())
    }

    fn take_evidence(&mut self, dir: &Path) -> Result<()> {
        let at: BTreeMap<String, usize> = self.largest.iter().enumerate().map(|(at, l)| (l.model.model_id.clone(), at)).collect();
        for row in rows_whose::<EvidenceRow>(dir, "model_id", &Arc::new(at.keys().cloned().collect()))? {
            let Some(largest) = at.get(&row.model_id).and_then(|at| self.largest.get_mut(*at)) else { continue };
            if !row.accepted || largest.estimate.evidence_ids.contains(&row.evidence_id) {
                largest.evidence.push(row);
            }
        }
        Ok(())
    }

    /// Rows of a grouping.
    pub(super) fn group(&self, by: GroupBy) -> &[AggregateRow] {
        self.groups.get(&by).map_or(&[], Vec::as_slice)
    }

    /// The row of one group.
    pub(super) fn one(&self, by: GroupBy, group: &str) -> Option<&AggregateRow> {
        self.group(by).iter().find(|row| row.group == group)
    }

    /// Rows of a grouping that trained something, the largest mean emissions first.
    pub(super) fn ranked(&self, by: GroupBy) -> Vec<&AggregateRow> {
        let mut ranked: Vec<&AggregateRow> = self.group(by).iter().filter(|row| row.runs > 0).collect();
        ranked.sort_by(|a, b| b.emissions_kgco2e.mean.total_cmp(&a.emissions_kgco2e.mean).then_with(|| a.group.cmp(&b.group)));
        ranked
    }

    /// Mean emissions of a group by basis.
    pub(super) fn by_basis(&self, by: GroupBy, group: &str) -> ByBasis {
        self.split.get(&(by, group.to_owned())).copied().unwrap_or_default()
    }
}

/// Mean emissions of the runs whose estimate rests on compute that others estimated, in kg CO2e.
fn of_compute_by_others(dir: &Path, is_member: impl Fn(&str) -> bool) -> Result<f64> {
    let mut rows = rows_of_text::<EvidenceRow>(dir, "field", Field::TrainFlop.name())?;
    rows.retain(|row| {
        let is_read = row.source == EvidenceSource::Registry && row.accepted;
        is_read && estimated_by_others(&row.quote).is_some() && is_member(&row.model_id)
    });
    let ids: BTreeSet<String> = rows.iter().map(|row| row.evidence_id.clone()).collect();
    let wanted = Arc::new(rows.into_iter().map(|row| row.model_id).collect());
    let estimates = rows_whose::<EstimateRow>(dir, "model_id", &wanted)?;
    let rests_on = |e: &&EstimateRow| e.tier.0 == Tier::Compute && e.evidence_ids.iter().any(|id| ids.contains(id));
    Ok(estimates.iter().filter(rests_on).map(|e| e.emissions_kgco2e.mean).sum())
}

/// Whether a run is a pre-training, by its id.
fn is_pretraining(run_id: &str) -> bool {
    run_id.rsplit_once('#').is_some_and(|(_, kind)| kind == RunKind::Pretraining.word())
}

/// Rows of a table that snapshots of before do not have.
fn rows_if_there<R: Row>(dir: &Path) -> Result<Vec<R>> {
    if table_path(dir, R::NAME).is_file() { rows(dir)?.collect() } else { Ok(Vec::new()) }
}

fn keep_largest(runs: &mut Vec<StandInPart>) {
    runs.sort_by(|a, b| b.emissions_kgco2e.mean.total_cmp(&a.emissions_kgco2e.mean).then_with(|| a.run_id.cmp(&b.run_id)));
    runs.truncate(LARGEST);
}
