//! Emissions of the cohort by month, and their trend (docs/method.md, section 8).

use super::Settings;
use super::aggregate::{Drawn, Item};
use crate::domain::{Tier, TrainedOnSource};
use crate::method::simulate::pow10;
use crate::method::summary::{Scratch, summarize};
use crate::method::trend::{HeldOut, Month, Trend, bears_a_forecast, fit_trend};
use crate::tables::{TrendMonthRow, TrendRow};
use std::collections::BTreeMap;

/// Name of everything together beside documented and imputed.
const ALL: &str = "all";
/// First whole month in which the Hub dates its repositories: its earliest date is 2022-03-02.
const FIRST_FITTED: (i32, i32) = (2022, 4);

/// Year and month.
type Key = (i32, i32);

/// Sums of a month.
struct Sums {
    runs: i64,
    emissions: Vec<f64>,
    largest: f64,
}

/// Emissions by basis and month.
pub(super) struct Months {
    sums: BTreeMap<(&'static str, Key), Sums>,
    draws: usize,
}

impl Months {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { sums: BTreeMap::new(), draws: settings.draws }
    }

    /// Adds the dated runs of a block that are in the cohort, in order.
    pub(super) fn add(&mut self, block: &[Item], drawn: &[Option<Drawn<'_>>]) {
        for (item, drawn) in block.iter().zip(drawn) {
            let Some(drawn) = drawn.as_ref().filter(|_| item.model.in_cohort && item.tier() != Tier::NoTraining) else { continue };
            let is_floor = item.model.trained_on_source == Some(TrainedOnSource::CreatedAtFloor);
            let Some(day) = item.model.trained_on.filter(|_| !is_floor) else { continue };
            let date = day.to_civil();
            let month = (i32::from(date.year()), i32::from(date.month()));
            for basis in [ALL, item.tier().basis()] {
                let new = || Sums { runs: 0, emissions: vec![0.0; self.draws], largest: 0.0 };
                let sums = self.sums.entry((basis, month)).or_insert_with(new);
                sums.runs += 1;
                sums.largest = sums.largest.max(item.estimate.emissions_kgco2e.mean);
                for (sum, kg) in sums.emissions.iter_mut().zip(&drawn.draws.emissions) {
                    *sum += kg;
                }
            }
        }
    }

    /// The months, and their trends. `index_date` is the newest date of the index, `YYYY-MM-DD`: its month is not over.
    pub(super) fn finish(self, settings: &Settings, index_date: Option<&str>) -> (Vec<TrendMonthRow>, Vec<TrendRow>) {
        let cohort = settings.cohort();
        let end = index_date.and_then(month_of);
        let mut scratch = Scratch::default();
        let mut months: Vec<TrendMonthRow> = Vec::new();
        let mut fitted: BTreeMap<&'static str, Vec<Month>> = BTreeMap::new();
        for ((basis, key), sums) in &self.sums {
            let emissions_kgco2e = summarize(&sums.emissions, &mut scratch);
            let is_fitted = *key >= FIRST_FITTED && end.is_some_and(|end| *key < end) && emissions_kgco2e.mean > 0.0;
            if is_fitted {
                let month = Month { year: key.0, month: key.1, kgco2e: emissions_kgco2e.mean };
                fitted.entry(basis).or_default().push(month);
            }
            months.push(TrendMonthRow {
                cohort: cohort.clone(),
                basis: (*basis).to_owned(),
                month: name(*key),
                runs: sums.runs,
                emissions_kgco2e,
                largest_run_share: if emissions_kgco2e.mean > 0.0 { sums.largest / emissions_kgco2e.mean } else { 0.0 },
                is_fitted,
            });
        }
        let trends = fitted.iter().flat_map(|(basis, months)| trends(&cohort, basis, months)).collect();
        (months, trends)
    }
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
