//! The runs of a snapshot's cohort with everything that a change can come from.

use crate::domain::Role;
use crate::error::Result;
use crate::tables::lookup::pick_rows;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int32Type};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A run of the cohort.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunFigures {
    /// Repository that owns it.
    pub model_id: String,
    /// Role of the repository, and its probabilities.
    pub role: String,
    pub shares: Vec<f64>,
    pub tier: i32,
    /// Mean emissions in kg CO2e.
    pub kg: f64,
    /// Factors of the chain; none where the run has none.
    pub flop: Option<f64>,
    pub kwh: Option<f64>,
    pub hours: Option<f64>,
    pub power_w: Option<f64>,
    pub mfu: Option<f64>,
    pub pue: Option<f64>,
    pub grid: Option<f64>,
    pub accelerator: Option<String>,
    pub grid_place: Option<String>,
    pub evidence_ids: Vec<String>,
    pub method_version: i32,
}

/// What a snapshot knows of a repository whose run it does not count.
#[derive(Clone, Debug)]
pub struct Repository {
    pub role: String,
    pub in_cohort: bool,
    pub own_run_id: Option<String>,
    pub stands_on_run_id: Option<String>,
}

/// An observation of a regression, as the bits of its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    pub response: u64,
    pub terms: Vec<u64>,
}

/// Observations of the regressions that are used, by regression and id.
pub type Observations = BTreeMap<String, BTreeMap<String, Observation>>;

/// A snapshot.
pub struct Side {
    dir: PathBuf,
    /// Runs of the cohort by id.
    pub runs: BTreeMap<String, RunFigures>,
}

fn text(batch: &RecordBatch, column: &str, row: usize) -> Option<String> {
    let column = batch.column_by_name(column)?.as_string_opt::<i32>()?;
    column.is_valid(row).then(|| column.value(row).to_owned())
}

fn float(batch: &RecordBatch, column: &str, row: usize) -> Option<f64> {
    let column = batch.column_by_name(column)?.as_primitive_opt::<Float64Type>()?;
    column.is_valid(row).then(|| column.value(row))
}

fn integer(batch: &RecordBatch, column: &str, row: usize) -> Option<i32> {
    let column = batch.column_by_name(column)?.as_primitive_opt::<Int32Type>()?;
    column.is_valid(row).then(|| column.value(row))
}

fn texts(batch: &RecordBatch, column: &str, row: usize) -> Vec<String> {
    let list = batch.column_by_name(column).and_then(|column| column.as_list_opt::<i32>());
    let values = list.map(|list| list.value(row));
    let words = values.as_ref().and_then(|values| values.as_string_opt::<i32>());
    words.map(|words| words.iter().flatten().map(str::to_owned).collect()).unwrap_or_default()
}

/// Columns of `estimates` that a change can be told by.
const FACTORS: [&str; 15] = [
    "run_id",
    "model_id",
    "tier",
    "emissions_kgco2e_mean",
    "train_flop_p50",
    "energy_kwh_p50",
    "accelerator_hours_p50",
    "power_w",
    "mfu",
    "pue",
    "grid_gco2e_per_kwh",
    "accelerator",
    "grid_place",
    "evidence_ids",
    "method_version",
];

impl Side {
    /// Reads the runs of the cohort: of both tables only the columns that are needed.
    ///
    /// # Errors
    /// A table is missing or damaged.
    pub fn of_snapshot(dir: &Path) -> Result<Self> {
        let shares: Vec<String> = Role::ALL.iter().map(|role| format!("p_{role}")).collect();
        let mut columns = vec!["model_id", "role", "in_cohort"];
        columns.extend(shares.iter().map(String::as_str));
        let of_cohort = |batch: &RecordBatch| {
            let in_cohort = batch.column_by_name("in_cohort").and_then(|column| column.as_boolean_opt());
            let rows = (0..batch.num_rows()).filter(|row| in_cohort.is_some_and(|column| column.value(*row)));
            rows.filter_map(|row| {
                let p = shares.iter().filter_map(|share| float(batch, share, row)).collect::<Vec<f64>>();
                Some((text(batch, "model_id", row)?, (text(batch, "role", row)?, p)))
            })
            .collect()
        };
        let cohort: FxHashMap<String, (String, Vec<f64>)> = pick_rows(dir, "models", &columns, of_cohort)?.into_iter().collect();
        let trained = |batch: &RecordBatch| {
            let rows = (0..batch.num_rows()).filter(|row| integer(batch, "tier", *row).is_some_and(|tier| tier > 0));
            rows.filter_map(|row| {
                let model_id = text(batch, "model_id", row)?;
                let (role, shares) = cohort.get(&model_id)?.clone();
                Some((
                    text(batch, "run_id", row)?,
                    figures(batch, row, RunFigures { model_id, role, shares, ..RunFigures::default() }),
                ))
            })
            .collect()
        };
        let runs = pick_rows(dir, "estimates", &FACTORS, trained)?.into_iter().collect();
        Ok(Self { dir: dir.to_owned(), runs })
    }

    /// Sum of the means of the runs, in the order of their ids.
    pub fn total(&self) -> f64 {
        self.runs.values().map(|run| run.kg).sum()
    }

    /// Which of some repositories the snapshot has, in the cohort or not.
    pub fn repositories(&self, wanted: &FxHashSet<&str>) -> Result<FxHashMap<String, Repository>> {
        let pick = |batch: &RecordBatch| {
            let ids = batch.column_by_name("model_id").and_then(|column| column.as_string_opt::<i32>());
            let cohort = batch.column_by_name("in_cohort").and_then(|column| column.as_boolean_opt());
            let (Some(ids), Some(cohort)) = (ids, cohort) else { return Vec::new() };
            let rows = (0..ids.len()).filter(|row| wanted.contains(ids.value(*row)));
            rows.filter_map(|row| {
                let (role, own_run_id) = (text(batch, "role", row)?, text(batch, "own_run_id", row));
                let stands_on_run_id = text(batch, "stands_on_run_id", row);
                let repository = Repository { role, own_run_id, stands_on_run_id, in_cohort: cohort.value(row) };
                Some((ids.value(row).to_owned(), repository))
            })
            .collect()
        };
        let columns = ["model_id", "role", "in_cohort", "own_run_id", "stands_on_run_id"];
        Ok(pick_rows(&self.dir, "models", &columns, pick)?.into_iter().collect())
    }

    /// Which of some runs the snapshot has, in the cohort or not.
    pub fn run_ids(&self, wanted: &FxHashSet<&str>) -> Result<FxHashSet<String>> {
        let pick = |batch: &RecordBatch| {
            let ids = batch.column_by_name("run_id").and_then(|column| column.as_string_opt::<i32>());
            let ids = ids.into_iter().flat_map(|ids| ids.iter().flatten());
            ids.filter(|id| wanted.contains(id)).map(str::to_owned).collect()
        };
        Ok(pick_rows(&self.dir, "runs", &["run_id"], pick)?.into_iter().collect())
    }

    /// Repositories whose weights come from some of the runs, with the run.
    pub fn carriers(&self, wanted: &FxHashSet<&str>) -> Result<FxHashMap<String, String>> {
        let pick = |batch: &RecordBatch| {
            let root = |row: &usize| text(batch, "stands_on_run_id", *row).filter(|root| wanted.contains(root.as_str()));
            (0..batch.num_rows()).filter_map(|row| Some((text(batch, "model_id", row)?, root(&row)?))).collect()
        };
        Ok(pick_rows(&self.dir, "models", &["model_id", "stands_on_run_id"], pick)?.into_iter().collect())
    }

    /// What the regressions that are used were fitted on.
    pub fn observations(&self) -> Result<Observations> {
        let used = |batch: &RecordBatch| {
            let is_used = batch.column_by_name("used").and_then(|column| column.as_boolean_opt());
            let rows = (0..batch.num_rows()).filter(|row| is_used.is_some_and(|column| column.value(*row)));
            rows.filter_map(|row| text(batch, "regression_id", row)).collect()
        };
        let used: FxHashSet<String> = pick_rows(&self.dir, "regressions", &["regression_id", "used"], used)?.into_iter().collect();
        let observed = |batch: &RecordBatch| {
            let rows = (0..batch.num_rows()).filter_map(|row| {
                let regression = text(batch, "regression_id", row).filter(|id| used.contains(id))?;
                let terms = batch.column_by_name("terms").and_then(|column| column.as_list_opt::<i32>())?.value(row);
                let terms = terms.as_primitive_opt::<Float64Type>()?.iter().flatten().map(f64::to_bits).collect();
                let response = float(batch, "response", row)?.to_bits();
                Some((regression, text(batch, "observation_id", row)?, Observation { response, terms }))
            });
            rows.collect()
        };
        let columns = ["regression_id", "observation_id", "response", "terms"];
        let mut all = Observations::new();
        for (regression, id, observation) in pick_rows(&self.dir, "regression_observations", &columns, observed)? {
            all.entry(regression).or_default().insert(id, observation);
        }
        Ok(all)
    }

    /// What some rows of evidence say: value, or the words where there is none.
    pub fn evidence(&self, wanted: &FxHashSet<&str>) -> Result<FxHashMap<String, String>> {
        let pick = |batch: &RecordBatch| {
            let rows = (0..batch.num_rows()).filter_map(|row| {
                let id = text(batch, "evidence_id", row).filter(|id| wanted.contains(id.as_str()))?;
                let value = float(batch, "value", row).map(|value| format!("{value:e}"));
                Some((id, value.or_else(|| text(batch, "value_as_written", row)).unwrap_or_default()))
            });
            rows.collect()
        };
        Ok(pick_rows(&self.dir, "evidence", &["evidence_id", "value", "value_as_written"], pick)?.into_iter().collect())
    }
}

fn figures(batch: &RecordBatch, row: usize, of: RunFigures) -> RunFigures {
    let positive = |column: &str| float(batch, column, row).filter(|value| *value > 0.0 && value.is_finite());
    RunFigures {
        tier: integer(batch, "tier", row).unwrap_or_default(),
        kg: float(batch, "emissions_kgco2e_mean", row).unwrap_or_default(),
        flop: positive("train_flop_p50"),
        kwh: positive("energy_kwh_p50"),
        hours: positive("accelerator_hours_p50"),
        power_w: positive("power_w"),
        mfu: positive("mfu"),
        pue: positive("pue"),
        grid: positive("grid_gco2e_per_kwh"),
        accelerator: text(batch, "accelerator", row),
        grid_place: text(batch, "grid_place", row),
        evidence_ids: texts(batch, "evidence_ids", row),
        method_version: integer(batch, "method_version", row).unwrap_or_default(),
        ..of
    }
}
