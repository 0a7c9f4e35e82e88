//! `diff`: what changed between two snapshots.

use super::print;
use super::text::{count, number, table};
use hugging_carbon::error::Result;
use hugging_carbon::stages::snapshot::latest::snapshot_at;
use hugging_carbon::stages::snapshot::verify_files;
use hugging_carbon::tables::frame::{above_zero, frame, largest, without_partner};
use polars::prelude::{ChunkCompareIneq, DataFrame, DataFrameJoinOps, Float64Chunked, IntoColumn};
use std::path::Path;

/// Changes shown.
const TOP: usize = 10;

/// Prints totals side by side, rows per table, runs that came and went, and the largest changes.
pub fn diff(old: &Path, new: &Path) -> Result<()> {
    let (old, new) = (snapshot_at(old)?, snapshot_at(new)?);
    let ((old_version, before), (new_version, after)) = (verify_files(&old)?, verify_files(&new)?);
    print(&format!("{old_version} -> {new_version}\n\n"))?;
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

/// Runs that were trained, with tier and mean emissions.
fn trained(snapshot: &Path) -> Result<DataFrame> {
    above_zero(&frame(snapshot, "estimates", &["run_id", "emissions_kgco2e_mean", "tier"])?, "tier")
}

fn changes(old: &Path, new: &Path) -> Result<String> {
    let (a, b) = (trained(old)?, trained(new)?);
    let gone = without_partner(&a, "run_id", &b, "run_id")?.height();
    let came = without_partner(&b, "run_id", &a, "run_id")?.height();
    let mut both = a.inner_join(&b, ["run_id"], ["run_id"])?;
    let difference = both.column("emissions_kgco2e_mean_right")?.f64()? - both.column("emissions_kgco2e_mean")?.f64()?;
    let square: Float64Chunked = &difference * &difference;
    let is_changed = square.gt(0.0);
    both.with_column(square.with_name("square".into()).into_column())?;
    let changed = both.filter(&is_changed)?;
    let largest = largest(&changed, "square", "run_id", TOP)?;
    let mut lines = Vec::new();
    for i in 0..largest.height() {
        let float = |name: &str| -> Result<f64> { Ok(largest.column(name)?.f64()?.get(i).unwrap_or(f64::NAN)) };
        let tier = |name: &str| -> Result<i32> { Ok(largest.column(name)?.i32()?.get(i).unwrap_or_default()) };
        lines.push(vec![
            largest.column("run_id")?.str()?.get(i).unwrap_or_default().to_owned(),
            format!("{} -> {}", tier("tier")?, tier("tier_right")?),
            number(float("emissions_kgco2e_mean")? / 1e3),
            number(float("emissions_kgco2e_mean_right")? / 1e3),
        ]);
    }
    let mut out = format!("Runs: {came} new, {gone} gone\n");
    if !lines.is_empty() {
        out.push_str("Largest changes of runs in both (mean, t CO2e)\n");
        out.push_str(&table(&["run", "tier", "old", "new"], &lines, 2));
    }
    Ok(out)
}
