//! Totals of a snapshot as points of a series by vintage.

use super::Edition;
use crate::domain::{GroupBy, Quantiles};
use crate::error::Result;
use crate::tables::AggregateRow;
use crate::tables::io::rows;
use serde::Serialize;
use std::path::PathBuf;

/// One quantity of one group in one snapshot.
#[derive(Clone, Debug, Serialize)]
pub struct Point {
    /// Cohort.
    pub cohort: String,
    /// Grouping.
    pub group_by: &'static str,
    /// Group.
    pub group: String,
    /// emissions_kgco2e, energy_kwh, train_flop or atci_gco2e_per_pflop.
    pub quantity: &'static str,
    /// Name of the snapshot.
    pub snapshot: String,
    /// Newest date of its index.
    pub index_date: String,
    /// Version of the method.
    pub method_version: i32,
    /// Training runs of the group.
    pub runs: i64,
    /// 5th percentile.
    pub p05: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// Mean.
    pub mean: f64,
    /// Whether the cohort is that of the snapshot's headline.
    #[serde(skip)]
    pub is_headline: bool,
}

/// The totals of some snapshots by cohort, group and quantity, the oldest index first.
///
/// # Errors
/// A table is missing, damaged or of another schema.
pub fn series(snapshots: &[(PathBuf, Edition)], group_by: GroupBy) -> Result<Vec<Point>> {
    let mut points = Vec::new();
    for (dir, edition) in snapshots {
        for row in rows::<AggregateRow>(dir)? {
            let row = row?;
            if row.group_by == group_by {
                points.extend(points_of(edition, &row));
            }
        }
    }
    points.sort_by(|a, b| {
        let key =
            |p: &Point| (p.cohort.clone(), p.group.clone(), p.quantity, p.index_date.clone(), p.method_version, p.snapshot.clone());
        key(a).cmp(&key(b))
    });
    Ok(points)
}

fn points_of(edition: &Edition, row: &AggregateRow) -> Vec<Point> {
    let quantities = [
        ("emissions_kgco2e", Some(row.emissions_kgco2e)),
        ("energy_kwh", Some(row.energy_kwh)),
        ("train_flop", Some(row.train_flop)),
        ("atci_gco2e_per_pflop", row.atci_gco2e_per_pflop),
    ];
    let point = |(quantity, figures): (&'static str, Option<Quantiles>)| {
        let Quantiles { p05, p50, p95, mean } = figures?;
        Some(Point {
            is_headline: row.cohort == edition.cohort,
            cohort: row.cohort.clone(),
            group_by: row.group_by.name(),
            group: row.group.clone(),
            quantity,
            snapshot: edition.snapshot.clone(),
            index_date: edition.index_date.clone(),
            method_version: edition.method_version,
            runs: row.runs,
            p05,
            p50,
            p95,
            mean,
        })
    };
    quantities.into_iter().filter_map(point).collect()
}
