//! Data tests: what must hold of the tables before they are published. A failure stops publication with exit status 3.

use crate::domain::{GroupBy, Quantiles};
use crate::error::{Error, Result};
use crate::tables::frame::{frame, without_partner};
use crate::tables::io::{open_columns, table_path};
use crate::tables::{TableInfo, published};
use arrow::row::{OwnedRow, RowConverter, SortField};
use polars::prelude::{ChunkCompareEq, ChunkCompareIneq, DataFrame};
use std::collections::BTreeMap;
use std::path::Path;

/// Quantities of the headline.
const HEADLINE: &[&str] = &["train_flop", "energy_kwh", "emissions_kgco2e", "atci_gco2e_per_pflop"];
/// Quantities around the electricity.
const AROUND: &[&str] = &["embodied_kgco2e", "water_l"];
/// Tables with quantiles: the column that names a row, and the quantities.
const QUANTILES: &[(&str, &str, &[&str])] = &[
    ("estimates", "run_id", HEADLINE),
    ("estimates", "run_id", AROUND),
    ("estimates_by_tier", "run_id", HEADLINE),
    ("estimates_by_tier", "run_id", AROUND),
    ("aggregates", "group", HEADLINE),
    ("around_electricity", "group", AROUND),
    ("trend_months", "month", &["emissions_kgco2e"]),
];

/// Offending values shown.
const SHOWN: usize = 3;

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
    runs_of_weights(dir)?;
    for (table, first, quantities) in QUANTILES {
        for quantity in *quantities {
            ordered_quantiles(dir, table, first, quantity)?;
        }
    }
    one_estimate_per_model(dir)?;
    lineage_adds_to_its_own(dir)?;
    one_footprint_per_model(dir)?;
    zero_exactly_without_training(dir)?;
    shares_add_up(dir)?;
    bases_add_up(dir, "around_electricity", &["cohort", "group_by", "group"], "embodied_kgco2e_mean")?;
    bases_add_up(dir, "around_electricity", &["cohort", "group_by", "group"], "water_l_mean")?;
    bases_add_up(dir, "trend_months", &["cohort", "month", "basis"], "emissions_kgco2e_mean")
}

fn lineage_adds_to_its_own(dir: &Path) -> Result<()> {
    let [lineage, own] = ["lineage_emissions_kgco2e_mean", "own_emissions_kgco2e_mean"];
    let rows = frame(dir, "lineage", &["model_id", lineage, own])?;
    let less = rows.column(lineage)?.f64()?.lt(rows.column(own)?.f64()?);
    none(&rows.filter(&less)?, "lineage", "a lineage emits at least what its own run did", "model_id")
}

/// The wide table says what `lineage` says, and has the quantiles of a lineage where it is one run.
fn one_footprint_per_model(dir: &Path) -> Result<()> {
    let [mean, p05, p50, p95] = ["mean", "p05", "p50", "p95"].map(|part| format!("lineage_emissions_kgco2e_{part}"));
    let wide = frame(dir, "model_footprint", &["model_id", &mean, &p05, &p50, &p95, "upstream_runs", "own_emissions_kgco2e_mean"])?;
    let models = frame(dir, "models", &["model_id"])?;
    none(&without_partner(&models, "model_id", &wide, "model_id")?, "model_footprint", "every model has a row", "model_id")?;
    let lineage = frame(dir, "lineage", &["model_id", &mean])?;
    // Both are sorted by the same key, which the first tests found unique.
    let differs = wide.column(&mean)?.f64()?.not_equal(lineage.column(&mean)?.f64()?);
    none(&wide.filter(&differs)?, "model_footprint", "means of the lineage are those of lineage", "model_id")?;
    let part = |name: &str| Ok::<_, Error>(wide.column(name)?.f64()?.clone());
    let unordered = part(&p05)?.gt(&part(&p50)?) | part(&p50)?.gt(&part(&p95)?);
    none(&wide.filter(&unordered)?, "model_footprint", "lineage_emissions_kgco2e: p05 <= p50 <= p95", "model_id")?;
    let alone = wide.column("upstream_runs")?.i64()?.equal(0);
    let missing = alone & part(&p50)?.is_null();
    none(&wide.filter(&missing)?, "model_footprint", "a lineage of one run has its quantiles", "model_id")
}

fn zero_exactly_without_training(dir: &Path) -> Result<()> {
    let rows = frame(dir, "estimates", &["run_id", "tier", "emissions_kgco2e_mean"])?;
    let untrained = rows.column("tier")?.i32()?.equal(0);
    let zero = rows.column("emissions_kgco2e_mean")?.f64()?.equal(0.0);
    none(&rows.filter(&untrained.not_equal(&zero))?, "estimates", "emissions are zero exactly in tier 0", "run_id")
}

fn shares_add_up(dir: &Path) -> Result<()> {
    let rows = frame(dir, "aggregates", &["cohort", "group_by", "share_of_total"])?;
    let by_tier = rows.filter(&rows.column("group_by")?.str()?.equal(GroupBy::Tier.name()))?;
    let mut sums: BTreeMap<String, f64> = BTreeMap::new();
    for (cohort, share) in by_tier.column("cohort")?.str()?.iter().zip(by_tier.column("share_of_total")?.f64()?.iter()) {
        *sums.entry(cohort.unwrap_or_default().to_owned()).or_default() += share.unwrap_or_default();
    }
    // A cohort without a single trained run has no shares.
    let wrong: Vec<String> = sums.into_iter().filter(|(_, sum)| *sum != 0.0 && (sum - 1.0).abs() > 1e-9).map(|(c, _)| c).collect();
    if wrong.is_empty() { Ok(()) } else { Err(broken("aggregates", "shares by tier add up to one", wrong.len(), &wrong)) }
}

/// Rows ascend strictly by key, which is sorted and unique in one: neighbours are compared as they stream by, so that a table of
/// millions of keys costs no memory.
fn unique_key(dir: &Path, table: &TableInfo) -> Result<()> {
    let fields = table.key.iter().map(|k| Ok(SortField::new(table.schema.field_with_name(k)?.data_type().clone())));
    let converter = RowConverter::new(fields.collect::<Result<_>>()?)?;
    let mut last: Option<OwnedRow> = None;
    let mut row_number = 0_usize;
    for batch in open_columns(&table_path(dir, table.name), table.key)? {
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
    let orphans = without_partner(&frame(dir, child, &[column])?, column, &frame(dir, parent, &[key])?, key)?;
    none(&orphans, child, &format!("{column} refers to a row of {parent}"), column)
}

/// A run that weights come from is in `runs`, or is that of a model the index lacks.
fn runs_of_weights(dir: &Path) -> Result<()> {
    let (column, suffix) = ("stands_on_run_id", "#pretraining");
    let unknown = without_partner(&frame(dir, "models", &[column])?, column, &frame(dir, "runs", &["run_id"])?, "run_id")?;
    let ids: std::collections::BTreeSet<&str> =
        unknown.column(column)?.str()?.iter().flatten().filter_map(|run| run.strip_suffix(suffix)).collect();
    let models = frame(dir, "models", &["model_id"])?;
    let present = models.column("model_id")?.str()?.iter().flatten().find(|id| ids.contains(id));
    match present {
        None => Ok(()),
        Some(id) => Err(Error::Verification(format!(
            "data test of table 'models': stands_on_run_id refers to a run of runs, or of a model the index lacks; {id} is in the \
             index and owns no pre-training\n  way out: nothing was published; report this with the source"
        ))),
    }
}

fn ordered_quantiles(dir: &Path, table: &str, first: &str, quantity: &str) -> Result<()> {
    let columns = Quantiles::PARTS.map(|(suffix, _)| format!("{quantity}_{suffix}"));
    let [p05, p50, p95, mean] = &columns;
    let rows = frame(dir, table, &[first, p05, p50, p95, mean])?;
    let part = |name: &str| Ok::<_, Error>(rows.column(name)?.f64()?.clone());
    let (p05, p50, p95, mean) = (part(p05)?, part(p50)?, part(p95)?, part(mean)?);
    let unordered = p05.gt(&p50) | p50.gt(&p95) | p05.lt(0.0);
    let bad = unordered | mean.is_infinite() | mean.is_nan();
    none(&rows.filter(&bad)?, table, &format!("{quantity}: 0 <= p05 <= p50 <= p95, all finite"), first)
}

/// Documented and imputed together are all, in means: `keys` are cohort, what rows are told apart by, and where the basis stands.
fn bases_add_up(dir: &Path, table: &str, keys: &[&str; 3], quantity: &str) -> Result<()> {
    let rows = frame(dir, table, &[keys[0], keys[1], keys[2], quantity])?;
    let [cohort, apart, basis] = [rows.column(keys[0])?.str()?, rows.column(keys[1])?.str()?, rows.column(keys[2])?.str()?];
    let mut gaps: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for (((cohort, apart), basis), value) in
        cohort.iter().zip(apart.iter()).zip(basis.iter()).zip(rows.column(quantity)?.f64()?.iter())
    {
        // Of the table by groups, only the whole and its bases.
        let group = match apart.unwrap_or_default() {
            by if by == GroupBy::All.name() || by == GroupBy::Basis.name() => "",
            by if GroupBy::ALL.iter().any(|group| group.name() == by) => continue,
            month => month,
        };
        let value = value.unwrap_or_default();
        let gap = gaps.entry(format!("{} {group}", cohort.unwrap_or_default())).or_default();
        gap.0 += if basis == Some("all") { value } else { -value };
        gap.1 += value;
    }
    let wrong: Vec<String> = gaps.into_iter().filter(|(_, (gap, sum))| gap.abs() > 1e-9 * sum).map(|(key, _)| key).collect();
    let rule = format!("{quantity}: documented and imputed add up to all");
    if wrong.is_empty() { Ok(()) } else { Err(broken(table, &rule, wrong.len(), &wrong)) }
}

fn one_estimate_per_model(dir: &Path) -> Result<()> {
    let models = frame(dir, "models", &["model_id"])?;
    let missing = without_partner(&models, "model_id", &frame(dir, "estimates", &["model_id"])?, "model_id")?;
    none(&missing, "estimates", "every model has an estimate", "model_id")
}

/// Fails unless `offenders` is empty; shows up to three values of `column`.
fn none(offenders: &DataFrame, table: &str, rule: &str, column: &str) -> Result<()> {
    if offenders.height() == 0 {
        return Ok(());
    }
    let values = offenders.column(column)?;
    let shown: Vec<String> =
        (0..offenders.height().min(SHOWN)).filter_map(|i| values.get(i).ok().map(|value| value.to_string())).collect();
    Err(broken(table, rule, offenders.height(), &shown))
}

fn broken(table: &str, rule: &str, rows: usize, shown: &[String]) -> Error {
    Error::Verification(format!(
        "data test of table '{table}': {rule}; broken by {rows} rows, among them {}\n  way out: nothing was published; report this with \
         the source",
        shown.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ")
    ))
}
