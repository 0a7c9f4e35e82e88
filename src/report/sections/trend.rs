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
/// Durbin-Watson statistic below which months are said to go together: with one term and 54 months the lower and upper bound of the test at
/// 5 % are 1.52 and 1.60 (Savin and White 1977, n 55: 1.528 and 1.601).
const LEAST_DURBIN_WATSON: f64 = 1.5;
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
        (neighbours(all))
        (forecast(all))
    }
}

/// Residuals of neighbouring months that go together make the interval of the growth too narrow: its errors take months for independent.
fn neighbours(row: &TrendRow) -> Markup {
    html! {
        @if row.durbin_watson < LEAST_DURBIN_WATSON {
            p #neighbours {
                strong { "The interval of the growth is too narrow. " }
                "Its errors (HC3) allow for months that scatter differently, and take them for independent. They are not: a month above the \
                 line has neighbours above it (Durbin-Watson " (figure(row.durbin_watson, significant(row.durbin_watson)))
                ", where 2 is independent)."
            }
        }
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

/// Months of the chart.
struct Shown<'a> {
    /// What they rest on.
    basis: &'static str,
    rows: Vec<&'a TrendMonthRow>,
}

impl Shown<'_> {
    fn marks(&self, begins: i32) -> Vec<MonthMark> {
        let mark = |row: &&TrendMonthRow| MonthMark {
            at: f64::from(count(&row.month) - begins),
            value: row.emissions_kgco2e.mean,
            interval: [row.emissions_kgco2e.p05, row.emissions_kgco2e.p95],
            is_fitted: row.is_fitted,
        };
        self.rows.iter().map(mark).collect()
    }
}

/// Everything, and beside each other what is documented and what is imputed, on one scale.
fn month_charts(data: &Data, [begins, ends]: [i32; 2]) -> Markup {
    let place = |month: &str| f64::from(count(month) - begins);
    let charts: Vec<(&str, &str, Vec<MonthMark>)> =
        BASES.iter().map(|(basis, word)| (*basis, *word, shown(data, basis, begins).marks(begins))).collect();
    let january = |year: i32| f64::from(year * MONTHS - begins);
    let names: Vec<(f64, String)> =
        (begins / MONTHS..=ends / MONTHS).map(|year| (january(year), year.to_string())).filter(|(at, _)| *at >= 0.0).collect();
    // The small charts have room for every second year.
    let few: Vec<(f64, String)> = names.iter().rev().step_by(2).rev().cloned().collect();
    let all = charts.iter().flat_map(|(_, _, marks)| marks);
    let scale = Scale::log(all.flat_map(|mark| [mark.value, mark.interval[1], mark.interval[0].max(mark.value / 30.0)]));
    let chart = |basis: &str, marks: &[MonthMark], names: &[(f64, String)]| {
        let line = whole(data, basis).map(|row| {
            let from = if place(&row.fitted_from) < 0.0 { month_at(begins) } else { row.fitted_from.clone() };
            [&from, &row.fitted_through].map(|month| (place(month), on_line(row, month)))
        });
        months(marks, f64::from(ends - begins + 1), line, names, &scale, mass_tick)
    };
    html! {
        @for (basis, _, marks) in charts.iter().take(1) { (chart(basis, marks, &names)) }
        div .small-multiples {
            @for (basis, word, marks) in charts.iter().skip(1) { div id={ "by-month-" (basis) } { p { (word) } (chart(basis, marks, &few)) } }
        }
    }
}

/// Months of a basis from the first one of the chart on.
fn shown<'a>(data: &'a Data, basis: &'static str, begins: i32) -> Shown<'a> {
    let is_shown = |row: &&TrendMonthRow| row.basis == basis && count(&row.month) >= begins && row.emissions_kgco2e.mean > 0.0;
    Shown { basis, rows: data.trend_months.iter().filter(is_shown).collect() }
}

fn by_month(data: &Data) -> Markup {
    // Before the Hub dates its repositories, months hold what papers date: they are in the table only.
    let all: Vec<&TrendMonthRow> = data.trend_months.iter().filter(|row| row.basis == ALL).collect();
    let begins = all.iter().find(|row| row.is_fitted).or(all.first()).map_or(0, |row| count(&row.month));
    let of = [ALL, "documented", "imputed"].map(|basis| shown(data, basis, begins));
    let months = &of[0].rows;
    let ends = months.last().map_or(begins, |row| count(&row.month));
    let [first, last] = [months.first(), months.last()].map(|row| row.map_or("", |row| row.month.as_str()));
    Figure {
        id: "by-month",
        title: "Emissions by month of training",
        name: format!(
            "Points of {} months on a logarithmic axis, from {first} to {last}. {}",
            months.len(),
            of.iter().map(said).collect::<Vec<_>>().join(" ")
        ),
        reading: "Point: mean emissions of the month's runs; hollow where the trend is not fitted on it. Line through a point: 90 % \
                  interval; one that reaches the edge goes on below it. Long line: the trend. The axis is logarithmic, and the same in all three: \
                  all runs, and below them what is documented and what is imputed.",
        source: "table trend_months; the line from table trend",
        caveat: "A month holds what the cohort has of it: models of the last months had less time to be downloaded, so that their months \
                 are too low. One large run can make a month; the table has its share.",
        chart: month_charts(data, [begins, ends]),
        table: month_table(data, &all),
    }
    .markup()
}

/// `2024-05` of months since the year 0.
fn month_at(months: i32) -> String {
    format!("{:04}-{:02}", months.div_euclid(MONTHS), months.rem_euclid(MONTHS) + 1)
}

/// Emissions of a month on the line, in kg CO2e.
fn on_line(row: &TrendRow, month: &str) -> f64 {
    let years = f64::from(count(month) - 2022 * MONTHS) + 0.5;
    pow(10.0, row.intercept + row.slope_dex_per_year * years / f64::from(MONTHS))
}

/// The largest month in words.
fn said(shown: &Shown) -> String {
    let largest = shown.rows.iter().max_by(|a, b| a.emissions_kgco2e.mean.total_cmp(&b.emissions_kgco2e.mean));
    let what = if shown.basis == ALL { String::new() } else { format!(" of what is {}", shown.basis) };
    largest
        .map_or_else(String::new, |row| format!("The largest month{what} is {}: {}.", row.month, mass(row.emissions_kgco2e.mean)))
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
