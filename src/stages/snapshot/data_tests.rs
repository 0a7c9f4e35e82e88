//! Data tests: what must hold of the tables before they are published. A failure stops publication with exit status 3.

use crate::error::{Error, Result};
use crate::tables::frame::frame;
use crate::tables::io::{open_table, table_path};
use crate::tables::{TableInfo, published};
use arrow::row::{OwnedRow, RowConverter, SortField};
use polars::prelude::*;
use std::path::Path;

/// Runs every data test on the tables of `dir`.
///
/// # Errors
/// `Verification` names the table, the rule and up to three rows that break it.
pub fn check(dir: &Path) -> Result<()> {
    for table in published() {
        unique_key(dir, &table)?;
    }
    for (child, column, parent, key) in [
        ("models", "own_run_id", "runs", "run_id"),
        ("runs", "model_id", "models", "model_id"),
        ("runs", "parent_run_id", "runs", "run_id"),
        ("evidence", "model_id", "models", "model_id"),
        ("estimates", "model_id", "models", "model_id"),
        ("runs", "run_id", "estimates", "run_id"),
        ("regression_terms", "regression_id", "regressions", "regression_id"),
    ] {
        references(dir, child, column, parent, key)?;
    }
    runs_stood_on(dir)?;
    for table in ["estimates", "estimates_by_tier", "aggregates"] {
        ordered_quantiles(dir, table)?;
    }
    one_estimate_per_model(dir)?;
    let less = col("lineage_emissions_kgco2e_mean").lt(col("own_emissions_kgco2e_mean"));
    let lineage = frame(dir, "lineage", &["model_id", "lineage_emissions_kgco2e_mean", "own_emissions_kgco2e_mean"])?;
    none(lineage.filter(less), "lineage", "a lineage emits at least what its own run did", "model_id")?;
    let wrong_zero = col("tier").eq(lit(0)).neq(col("emissions_kgco2e_mean").eq(lit(0.0)));
    let estimates = frame(dir, "estimates", &["run_id", "tier", "emissions_kgco2e_mean"])?;
    none(estimates.filter(wrong_zero), "estimates", "emissions are zero exactly in tier 0", "run_id")?;
    let shares = frame(dir, "aggregates", &["cohort", "group_by", "share_of_total"])?
        .filter(col("group_by").eq(lit("tier")))
        .group_by([col("cohort")])
        .agg([col("share_of_total").sum().alias("sum")])
        // A cohort without a single trained run has no shares.
        .filter(col("sum").neq(lit(0.0)).and((col("sum") - lit(1.0)).gt(lit(1e-9)).or((col("sum") - lit(1.0)).lt(lit(-1e-9)))));
    none(shares, "aggregates", "shares by tier add up to one", "cohort")
}

/// Rows ascend strictly by key, which is sorted and unique in one: neighbours are compared as they stream by, so that a table of
/// millions of keys costs no memory.
fn unique_key(dir: &Path, table: &TableInfo) -> Result<()> {
    let fields = table.key.iter().map(|k| Ok(SortField::new(table.schema.field_with_name(k)?.data_type().clone())));
    let converter = RowConverter::new(fields.collect::<Result<_>>()?)?;
    let mut last: Option<OwnedRow> = None;
    let mut row_number = 0_usize;
    for batch in open_table(&table_path(dir, table.name))? {
        let batch = batch?;
        let columns = table.key.iter().filter_map(|k| batch.column_by_name(k).cloned()).collect::<Vec<_>>();
        let keys = converter.convert_columns(&columns)?;
        for key in keys.iter() {
            row_number += 1;
            if last.as_ref().is_some_and(|last| last.row() >= key) {
                return Err(Error::Verification(format!(
                    "data test of table '{}': the key ({}) ascends strictly; row {row_number} does not\n  way out: nothing was \
                     published; report this with the source",
                    table.name,
                    table.key.join(", ")
                )));
            }
            last = Some(key.owned());
        }
    }
    Ok(())
}

fn references(dir: &Path, child: &str, column: &str, parent: &str, key: &str) -> Result<()> {
    let args = JoinArgs::new(JoinType::Anti);
    let orphans = frame(dir, child, &[column])?
        .select([col(column).alias("reference")])
        .filter(col("reference").is_not_null())
        .join(frame(dir, parent, &[key])?, [col("reference")], [col(key)], args);
    none(orphans, child, &format!("{column} refers to a row of {parent}"), "reference")
}

/// A run that is stood on is in `runs`, or is that of a model the index lacks.
fn runs_stood_on(dir: &Path) -> Result<()> {
    let anti = || JoinArgs::new(JoinType::Anti);
    let suffix = "#pretraining";
    let stood_on = frame(dir, "models", &["stands_on_run_id"])?
        .select([col("stands_on_run_id").alias("run_id")])
        .filter(col("run_id").is_not_null());
    let unknown = stood_on.join(frame(dir, "runs", &["run_id"])?, [col("run_id")], [col("run_id")], anti()).collect()?;
    let ids: std::collections::BTreeSet<&str> =
        unknown.column("run_id")?.str()?.iter().flatten().filter_map(|run| run.strip_suffix(suffix)).collect();
    let models = frame(dir, "models", &["model_id"])?.collect()?;
    let present = models.column("model_id")?.str()?.iter().flatten().find(|id| ids.contains(id));
    match present {
        None => Ok(()),
        Some(id) => Err(Error::Verification(format!(
            "data test of table 'models': stands_on_run_id refers to a run of runs, or of a model the index lacks; {id} is in the \
             index and owns no pre-training\n  way out: nothing was published; report this with the source"
        ))),
    }
}

fn ordered_quantiles(dir: &Path, table: &str) -> Result<()> {
    let first = if table == "aggregates" { "group" } else { "run_id" };
    for quantity in ["train_flop", "energy_kwh", "emissions_kgco2e", "atci_gco2e_per_pflop"] {
        let c = |suffix: &str| col(format!("{quantity}_{suffix}"));
        let bad = c("p05")
            .gt(c("p50"))
            .or(c("p50").gt(c("p95")))
            .or(c("p05").lt(lit(0.0)))
            .or(c("mean").is_infinite())
            .or(c("mean").is_nan());
        let columns = ["p05", "p50", "p95", "mean"].map(|suffix| format!("{quantity}_{suffix}"));
        let [p05, p50, p95, mean] = &columns;
        none(
            frame(dir, table, &[first, p05, p50, p95, mean])?.filter(bad),
            table,
            &format!("{quantity}: 0 <= p05 <= p50 <= p95, all finite"),
            first,
        )?;
    }
    Ok(())
}

fn one_estimate_per_model(dir: &Path) -> Result<()> {
    let args = JoinArgs::new(JoinType::Anti);
    let missing = frame(dir, "models", &["model_id"])?.join(
        frame(dir, "estimates", &["model_id"])?,
        [col("model_id")],
        [col("model_id")],
        args,
    );
    none(missing, "estimates", "every model has an estimate", "model_id")
}

/// Fails unless `offenders` is empty; shows up to three values of `column`.
fn none(offenders: LazyFrame, table: &str, rule: &str, column: &str) -> Result<()> {
    let found = offenders.select([col(column)]).collect()?;
    if found.height() == 0 {
        return Ok(());
    }
    let shown: Vec<String> =
        (0..found.height().min(3)).filter_map(|i| found.column(column).ok()?.get(i).ok().map(|v| v.to_string())).collect();
    Err(Error::Verification(format!(
        "data test of table '{table}': {rule}; broken by {} rows, among them {}\n  way out: nothing was published; report this with the source",
        found.height(),
        shown.join(", ")
    )))
}
