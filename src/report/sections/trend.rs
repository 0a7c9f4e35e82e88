//! Emissions by month, their growth, and how far the growth can be carried on.

use crate::report::About;
use crate::report::charts::{EMISSION_HEADS, Figure, MonthMark, Scale, emission_cells, months, table};
use crate::report::data::Data;
use crate::report::numbers::{counted, factor, figure, mass, mass_interval, mass_tick, percent, significant};
use crate::report::text::named;
use crate::report::words;
use crate::tables::{TrendMonthRow, TrendRow};
use libm::pow;
use maud::{Markup, html};

/// Name of everything together beside documented and imputed.
const ALL: &str = "all";
/// What rows rest on, with words.
const BASES: [(&str, &str); 3] = [(ALL, "All runs"), ("documented", "Documented"), ("imputed", "Imputed")];
/// Months of a year.
const MONTHS: i32 = 12;

pub(super) fn body(data: &Data, about: &About) -> Markup {
    if data.trend_months.is_empty() {
        return html! { p { "No run of the cohort has a date, or the snapshot was made before months were published." } };
    }
    html! { (growth(data)) (recent_downloads(about)) (by_month(data)) (tests(data)) }
}

/// The row fitted on everything.
fn whole<'a>(data: &'a Data, basis: &str) -> Option<&'a TrendRow> {
    data.trend.iter().filter(|row| row.basis == basis).find(|row| row.bears_forecast.is_some())
}

fn growth(data: &Data) -> Markup {
    let Some(all) = whole(data, ALL) else {
        return html! { p .lead { "Too few months have a dated run of the cohort: no trend is fitted below twelve." } };
    };
    let times = |v: f64| figure(v, significant(v));
    html! {
        p .lead {
            "From " (named(&all.fitted_from)) " to " (named(&all.fitted_through)) ", emissions of a month of training grew by a factor of "
            strong { (times(all.growth_per_year)) } " a year (95 % interval " (times(all.growth_per_year_ci95_low)) " to "
            (times(all.growth_per_year_ci95_high)) ")."
            @for (basis, word) in &BASES[1..] {
                @if let Some(row) = whole(data, basis) {
                    " " (word) " runs alone: " (times(row.growth_per_year)) " (" (times(row.growth_per_year_ci95_low)) " to "
                    (times(row.growth_per_year_ci95_high)) ")."
                }
            }
        }
        (forecast(all))
    }
}

/// A cohort that is cut by recent downloads lacks what was downloaded in its time, and the more the older it is.
fn recent_downloads(about: &About) -> Markup {
    html! {
        @if words::is_cut_by_30_days(&about.cohort) {
            p #recent-downloads {
                strong { "The growth is too high. " }
                "This cohort is cut by the downloads of 30 days: models that were downloaded in their time and are no longer are left out, \
                 so that old months are too low as well, and more so the older they are."
            }
        }
    }
}

fn forecast(row: &TrendRow) -> Markup {
    let figures =
        row.forecast_kgco2e_p50.zip(row.forecast_kgco2e_p05.zip(row.forecast_kgco2e_p95)).zip(row.forecast_month.as_ref());
    match figures {
        Some(((central, (low, high)), month)) => html! {
            p {
                "The years held out bear a forecast of one year: " (figure(central, mass(central))) " in " (named(month))
                " (90 % interval " (mass_interval(low, high)) ")."
            }
        },
        None => html! {
            p {
                strong { "No forecast is made. " }
                "One would need at least two years that the trend predicted from the years before, with 80 % of their months inside the \
                 interval and errors within a factor of two; the table of the test shows how far it is from that."
            }
        },
    }
}

/// Year and month of `2024-05`.
fn parts(month: &str) -> Option<(i32, i32)> {
    let (year, month) = month.split_once('-')?;
    Some((year.parse().ok()?, month.parse().ok()?))
}

/// Months since the year 0.
fn count(month: &str) -> i32 {
    parts(month).map_or(0, |(year, month)| year * MONTHS + month - 1)
}

fn by_month(data: &Data) -> Markup {
    // Before the Hub dates its repositories, months hold what papers date: they are in the table only.
    let all: Vec<&TrendMonthRow> = data.trend_months.iter().filter(|row| row.basis == ALL).collect();
    let begins = all.iter().find(|row| row.is_fitted).or(all.first()).map_or(0, |row| count(&row.month));
    let shown: Vec<&TrendMonthRow> =
        all.iter().copied().filter(|row| count(&row.month) >= begins && row.emissions_kgco2e.mean > 0.0).collect();
    let ends = shown.last().map_or(begins, |row| count(&row.month));
    let place = |month: &str| f64::from(count(month) - begins);
    let marks: Vec<MonthMark> = shown
        .iter()
        .map(|row| MonthMark {
            at: place(&row.month),
            value: row.emissions_kgco2e.mean,
            interval: [row.emissions_kgco2e.p05, row.emissions_kgco2e.p95],
            is_fitted: row.is_fitted,
        })
        .collect();
    let line = whole(data, ALL).map(|row| [&row.fitted_from, &row.fitted_through].map(|month| (place(month), on_line(row, month))));
    let january = |year: i32| f64::from(year * MONTHS - begins);
    let names: Vec<(f64, String)> =
        (begins / MONTHS..=ends / MONTHS).map(|year| (january(year), year.to_string())).filter(|(at, _)| *at >= 0.0).collect();
    let scale = Scale::log(marks.iter().flat_map(|mark| [mark.value, mark.interval[1], mark.interval[0].max(mark.value / 30.0)]));
    Figure {
        id: "by-month",
        title: "Emissions by month of training",
        name: format!(
            "Points of {} months on a logarithmic axis, from {} to {}. {}",
            shown.len(),
            shown.first().map_or("", |row| row.month.as_str()),
            shown.last().map_or("", |row| row.month.as_str()),
            said(&shown)
        ),
        reading: "Point: mean emissions of the month's runs; hollow where the trend is not fitted on it. Line through a point: 90 % \
                  interval; one that reaches the edge goes on below it. Long line: the trend. The axis is logarithmic.",
        source: "table trend_months; the line from table trend",
        caveat: "A month holds what the cohort has of it: models of the last months had less time to be downloaded, so that their months \
                 are too low. One large run can make a month; the table has its share.",
        chart: months(&marks, f64::from(ends - begins + 1), line, &names, &scale, mass_tick),
        table: month_table(data, &all),
    }
    .markup()
}

/// Emissions of a month on the line, in kg CO2e.
fn on_line(row: &TrendRow, month: &str) -> f64 {
    let years = f64::from(count(month) - 2022 * MONTHS) + 0.5;
    pow(10.0, row.intercept + row.slope_dex_per_year * years / f64::from(MONTHS))
}

fn said(shown: &[&TrendMonthRow]) -> String {
    let largest = shown.iter().max_by(|a, b| a.emissions_kgco2e.mean.total_cmp(&b.emissions_kgco2e.mean));
    largest.map_or_else(String::new, |row| format!("The largest month is {}: {}.", row.month, mass(row.emissions_kgco2e.mean)))
}

fn month_table(data: &Data, all: &[&TrendMonthRow]) -> Markup {
    let mean = |basis: &str, month: &str| {
        let found = data.trend_months.iter().find(|row| row.basis == basis && row.month == month);
        found.map_or(0.0, |row| row.emissions_kgco2e.mean)
    };
    let body: Vec<Vec<Markup>> = all
        .iter()
        .map(|row| {
            let mut cells = vec![named(&row.month), counted(row.runs)];
            cells.extend(emission_cells(row.emissions_kgco2e, ["documented", "imputed"].map(|basis| mean(basis, &row.month))));
            cells.push(figure(row.largest_run_share, percent(row.largest_run_share)));
            cells
        })
        .collect();
    let head = [&["month", "runs"][..], &EMISSION_HEADS, &["share of the largest run"]].concat();
    table("Emissions in t CO₂e", &head, 1, &body)
}

/// Trends up to each year, and how they did on the next.
fn tests(data: &Data) -> Markup {
    let none = || html! { "–" };
    let body: Vec<Vec<Markup>> = BASES
        .iter()
        .flat_map(|(basis, word)| data.trend.iter().filter(move |row| row.basis == *basis).map(move |row| (*word, row)))
        .map(|(word, row)| {
            vec![
                html! { (word) ", to " (named(&row.fitted_through)) },
                counted(row.n),
                figure(row.growth_per_year, significant(row.growth_per_year)),
                figure(row.growth_per_year_ci95_low, significant(row.growth_per_year_ci95_low)),
                figure(row.growth_per_year_ci95_high, significant(row.growth_per_year_ci95_high)),
                row.held_out_n.map_or_else(none, counted),
                row.held_out_bias_dex.map_or_else(none, |v| figure(v, factor(v))),
                row.held_out_median_abs_error_dex.map_or_else(none, |v| figure(v, factor(v))),
                row.held_out_coverage_90.map_or_else(none, |v| figure(v, percent(v))),
            ]
        })
        .collect();
    let head = [
        "fitted on",
        "months",
        "growth a year",
        "from",
        "to",
        "months of the next year",
        "predicted over observed, median",
        "error, median",
        "inside the 90 % interval",
    ];
    html! {
        h3 { "The trend, tested on the year after" }
        p .note {
            "Each line is fitted up to the end of a year and asked for the months of the next, which it has not seen. Least squares of \
             log emissions on the date, with standard errors that allow for unequal variances (HC3). Source: table trend."
        }
        (table("Trends and their test", &head, 1, &body))
    }
}
