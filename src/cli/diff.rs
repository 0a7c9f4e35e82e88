//! `diff`: what changed between two snapshots.

use super::print;
use super::text::{count, number, table};
use hugging_carbon::error::{IoContext, Result};
use hugging_carbon::stages::snapshot::verify_files;
use hugging_carbon::tables::frame::frame;
use polars::prelude::*;
use std::path::Path;

/// Changes shown.
const TOP: u32 = 10;

/// Prints totals side by side, rows per table, runs that came and went, and the largest changes.
pub fn diff(old: &Path, new: &Path) -> Result<()> {
    let old = fs_err::canonicalize(old).at_path("cannot read snapshot", old)?;
    let new = fs_err::canonicalize(new).at_path("cannot read snapshot", new)?;
    let (before, after) = (verify_files(&old)?, verify_files(&new)?);
    let name = |path: &Path| path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    print(&format!("{} -> {}\n\n", name(&old), name(&new)))?;
    let (a, b) = (&before.headline, &after.headline);
    let mean = |label: &str, x: f64, y: f64| vec![label.to_owned(), number(x), number(y), number(y - x)];
    #[allow(clippy::cast_precision_loss)] // Row counts.
    let mut totals = vec![
        mean("models", a.models as f64, b.models as f64),
        mean("runs", a.runs as f64, b.runs as f64),
        mean("emissions, t CO2e (mean)", a.emissions_kgco2e[3] / 1e3, b.emissions_kgco2e[3] / 1e3),
        mean("energy, MWh (mean)", a.energy_kwh[3] / 1e3, b.energy_kwh[3] / 1e3),
        mean("compute, FLOP (mean)", a.train_flop[3], b.train_flop[3]),
    ];
    if a.cohort != b.cohort {
        totals.insert(0, vec!["cohort".into(), a.cohort.clone(), b.cohort.clone(), String::new()]);
    }
    print(&table(&["headline", "old", "new", "change"], &totals, 1))?;
    let rows: Vec<Vec<String>> = after
        .tables
        .iter()
        .map(|(table, entry)| {
            let old = before.tables.get(table);
            let same = old.is_some_and(|o| o.receipt.sha256 == entry.receipt.sha256);
            vec![
                table.clone(),
                count(old.map_or(0, |o| o.receipt.rows)),
                count(entry.receipt.rows),
                if same { "same bytes" } else { "changed" }.to_owned(),
            ]
        })
        .collect();
    print("\n")?;
    print(&table(&["table", "old rows", "new rows", ""], &rows, 1))?;
    print("\n")?;
    print(&changes(&old, &new)?)
}

fn changes(old: &Path, new: &Path) -> Result<String> {
    let side = |dir: &Path, value: &str, tier: &str| -> Result<LazyFrame> {
        Ok(frame(dir, "estimates", &["run_id", "emissions_kgco2e_mean", "tier"])?.filter(col("tier").gt(lit(0))).select([
            col("run_id"),
            col("emissions_kgco2e_mean").alias(value),
            col("tier").alias(tier),
        ]))
    };
    let anti = |left: LazyFrame, right: LazyFrame| -> Result<usize> {
        Ok(left.join(right, [col("run_id")], [col("run_id")], JoinArgs::new(JoinType::Anti)).collect()?.height())
    };
    let (a, b) = (side(old, "old", "old_tier")?, side(new, "new", "new_tier")?);
    let gone = anti(a.clone(), b.clone())?;
    let came = anti(b.clone(), a.clone())?;
    let sort = SortMultipleOptions::default().with_order_descending_multi([true, false]);
    let difference = col("new") - col("old");
    let largest = a
        .join(b, [col("run_id")], [col("run_id")], JoinArgs::new(JoinType::Inner))
        .with_column((difference.clone() * difference).alias("square"))
        .filter(col("square").gt(lit(0.0)))
        .sort(["square", "run_id"], sort)
        .limit(TOP)
        .collect()?;
    let mut lines = Vec::new();
    for i in 0..largest.height() {
        let float = |name: &str| -> Result<f64> { Ok(largest.column(name)?.f64()?.get(i).unwrap_or(f64::NAN)) };
        let tier = |name: &str| -> Result<i32> { Ok(largest.column(name)?.i32()?.get(i).unwrap_or_default()) };
        lines.push(vec![
            largest.column("run_id")?.str()?.get(i).unwrap_or_default().to_owned(),
            format!("{} -> {}", tier("old_tier")?, tier("new_tier")?),
            number(float("old")? / 1e3),
            number(float("new")? / 1e3),
        ]);
    }
    let mut out = format!("Runs: {came} new, {gone} gone\n");
    if !lines.is_empty() {
        out.push_str("Largest changes of runs in both (mean, t CO2e)\n");
        out.push_str(&table(&["run", "tier", "old", "new"], &lines, 2));
    }
    Ok(out)
}
