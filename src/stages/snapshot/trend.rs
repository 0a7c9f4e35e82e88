//! The months of training and the trend of their emissions (docs/method.md, section 8).

use super::Publication;
use crate::engine::{Inputs, Outputs};
use crate::error::Result;
use crate::method::simulate::pow10;
use crate::method::trend::{HeldOut, Month, Trend, bears_a_forecast, fit_trend};
use crate::stages::ingest::Ingest;
use crate::tables::{MonthRow, TrendMonthRow, TrendRow};
use std::collections::BTreeMap;

/// First whole month in which the Hub dates its repositories: its earliest date is 2022-03-02.
const FIRST_FITTED: (i32, i32) = (2022, 4);

/// Year and month.
type Key = (i32, i32);

/// Writes `trend_months` and `trend`. The month of the newest date of the index is not over.
pub(super) fn write_trend(inputs: &Inputs<'_, Publication>, outputs: &mut Outputs<'_, Publication>) -> Result<()> {
    let cohort = inputs.settings().cohort();
    let end = inputs.facts::<Ingest>()?.index_date.as_deref().and_then(month_of);
    let mut table: Vec<TrendMonthRow> = Vec::new();
    let mut fitted: BTreeMap<String, Vec<Month>> = BTreeMap::new();
    for row in inputs.rows::<MonthRow>()? {
        let MonthRow { cohort, basis, month, runs, emissions_kgco2e, largest_run_share } = row?;
        let key = month_of(&month).filter(|key| *key >= FIRST_FITTED && end.is_some_and(|end| *key < end));
        let key = key.filter(|_| emissions_kgco2e.mean > 0.0);
        if let Some((year, month)) = key {
            fitted.entry(basis.clone()).or_default().push(Month { year, month, kgco2e: emissions_kgco2e.mean });
        }
        let is_fitted = key.is_some();
        table.push(TrendMonthRow { cohort, basis, month, runs, emissions_kgco2e, largest_run_share, is_fitted });
    }
    outputs.write::<TrendMonthRow>(table)?;
    outputs.write::<TrendRow>(fitted.iter().flat_map(|(basis, months)| trends(&cohort, basis, months)))
}

/// `2024-05`.
fn name((year, month): Key) -> String {
    format!("{year:04}-{month:02}")
}

fn month_of(date: &str) -> Option<Key> {
    let mut parts = date.split('-');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Up to every year's end but the last, tested on the next year; and on all months.
fn trends(cohort: &str, basis: &str, months: &[Month]) -> Vec<TrendRow> {
    let years = months.iter().map(|m| m.year);
    let (Some(first), Some(last)) = (years.clone().min(), years.max()) else { return Vec::new() };
    let (mut table, mut tested): (Vec<TrendRow>, Vec<HeldOut>) = (Vec::new(), Vec::new());
    for year in first..last {
        let part: Vec<Month> = months.iter().filter(|m| m.year <= year).copied().collect();
        let next: Vec<Month> = months.iter().filter(|m| m.year == year + 1).copied().collect();
        let Some((trend, held_out)) = fit_trend(&part).and_then(|trend| Some((trend.held_out(&next)?, trend))).map(|(h, t)| (t, h))
        else {
            continue;
        };
        tested.push(held_out);
        table.extend(row(cohort, basis, &part, &trend, Some(held_out)));
    }
    if let Some(trend) = fit_trend(months) {
        let bears = bears_a_forecast(&tested);
        let whole = row(cohort, basis, months, &trend, None);
        table.extend(
            whole.map(|row| TrendRow { bears_forecast: Some(bears), ..row }).map(|row| forecast(row, months, &trend, bears)),
        );
    }
    table
}

/// A year after the last month: as far as the years held out were ahead.
fn forecast(row: TrendRow, months: &[Month], trend: &Trend, bears: bool) -> TrendRow {
    let Some(last) = months.last().filter(|_| bears) else { return row };
    let month = Month { year: last.year + 1, ..*last };
    let [low, central, high] = trend.predict(&month).map(pow10);
    TrendRow {
        forecast_month: Some(name((month.year, month.month))),
        forecast_kgco2e_p05: Some(low),
        forecast_kgco2e_p50: Some(central),
        forecast_kgco2e_p95: Some(high),
        ..row
    }
}

fn row(cohort: &str, basis: &str, months: &[Month], trend: &Trend, held_out: Option<HeldOut>) -> Option<TrendRow> {
    let (first, last) = (months.first()?, months.last()?);
    let [intercept, slope] = trend.fit.coefficients.as_slice() else { return None };
    #[allow(clippy::cast_possible_wrap)] // Some hundred months.
    let count = |n: usize| n as i64;
    #[allow(clippy::cast_precision_loss)]
    let coverage = |h: HeldOut| h.inside_90 as f64 / h.n as f64;
    Some(TrendRow {
        cohort: cohort.to_owned(),
        basis: basis.to_owned(),
        fitted_through: name((last.year, last.month)),
        fitted_from: name((first.year, first.month)),
        n: count(months.len()),
        intercept: intercept.estimate,
        slope_dex_per_year: slope.estimate,
        slope_std_error_hc3_dex_per_year: slope.std_error,
        slope_p_value: slope.p,
        growth_per_year: pow10(slope.estimate),
        growth_per_year_ci95_low: pow10(slope.ci_low),
        growth_per_year_ci95_high: pow10(slope.ci_high),
        r2: trend.fit.r2,
        residual_se: trend.fit.residual_se,
        durbin_watson: trend.durbin_watson,
        held_out_n: held_out.map(|h| count(h.n)),
        held_out_bias_dex: held_out.map(|h| h.bias_dex),
        held_out_median_abs_error_dex: held_out.map(|h| h.median_abs_error_dex),
        held_out_coverage_90: held_out.map(coverage),
        bears_forecast: None,
        forecast_month: None,
        forecast_kgco2e_p05: None,
        forecast_kgco2e_p50: None,
        forecast_kgco2e_p95: None,
    })
}
