//! The regressions: what they were fitted on, their errors on owners they have not seen, and what lost against them.

use crate::domain::ClosedSet;
use crate::report::charts::table;
use crate::report::data::Data;
use crate::report::numbers::{counted, factor, figure, percent};
use crate::report::text::{named, plain};
use crate::tables::RegressionRow;
use maud::{Markup, html};

pub(super) fn body(data: &Data) -> Markup {
    let lines: Vec<Vec<Markup>> = data.regressions.iter().map(line).collect();
    let head = [
        "regression",
        "n",
        "R²",
        "typical error on unseen owners",
        "root mean square",
        "held-out rows in the 90 % interval",
        "used",
    ];
    html! {
        p .lead {
            "What nothing states is predicted by least squares on logarithms. The errors are those on owners whose rows were all held out, \
             and these errors are what the intervals are drawn from."
        }
        div .table-block id="fits" {
            h3 { "Errors" }
            (table("Regressions", &head, 1, &lines))
            p .note { "Source: table regressions. Errors are factors: half of the predictions are off by less than the typical one. \
                The share in the interval is of the rows that the regression was fitted on, each predicted without the rows of its owner; the \
                back-test above has that of whole estimates, of runs whose better evidence is hidden." }
        }
        @for row in &data.regressions { (detail(data, row)) }
    }
}

fn line(row: &RegressionRow) -> Vec<Markup> {
    let error = |dex: Option<f64>| dex.map_or_else(|| html! { "–" }, |dex| figure(dex, factor(dex)));
    vec![
        html! { (row.regression_id.meaning().trim().trim_end_matches('.')) },
        counted(row.n),
        figure(row.r2, format!("{:.2}", row.r2)),
        error(row.grouped_cv_median_abs_error),
        error(row.grouped_cv_rmse),
        row.coverage_90.map_or_else(|| html! { "–" }, |c| figure(c, percent(c))),
        html! { (used(row)) },
    ]
}

/// What it is used for: some are published as checks, and no estimate uses them.
const fn used(row: &RegressionRow) -> &'static str {
    match (row.used, row.regression_id.makes_estimates()) {
        (true, _) => "by estimates",
        (false, true) => "no: see below",
        (false, false) => "as a check only",
    }
}

fn detail(data: &Data, row: &RegressionRow) -> Markup {
    let decimal = |v: f64| figure(v, format!("{v:.3}"));
    let terms: Vec<Vec<Markup>> = data
        .terms
        .get(&row.regression_id)
        .into_iter()
        .flatten()
        .map(|t| {
            vec![
                html! { code { (t.term.name()) } },
                decimal(t.estimate),
                decimal(t.std_error_hc3),
                decimal(t.ci95_low),
                decimal(t.ci95_high),
                figure(t.p_value, format!("{:.1e}", t.p_value)),
            ]
        })
        .collect();
    let tried: Vec<Vec<Markup>> = data
        .candidates
        .get(&row.regression_id)
        .into_iter()
        .flatten()
        .map(|c| {
            vec![
                html! { (named(&c.candidate)) @if c.is_kept { " " strong { "(kept)" } } },
                html! { (plain(&c.reason)) },
                counted(c.n),
                figure(c.grouped_cv_rmse, factor(c.grouped_cv_rmse)),
                figure(c.grouped_cv_median_abs_error, factor(c.grouped_cv_median_abs_error)),
            ]
        })
        .collect();
    html! {
        details {
            summary { (row.regression_id.meaning().trim()) }
            p { "Fitted on " (plain(&row.fitted_on)) "." }
            p .formula { code { (plain(&row.formula)) } }
            @if let Some(why) = &row.not_used_reason { p { "Not used: " (plain(why)) } }
            (table("Coefficients, with errors that hold where the spread is uneven (HC3)",
                &["term", "estimate", "standard error", "95 % low", "95 % high", "p"], 1, &terms))
            @if !tried.is_empty() {
                (table("Models that were tried", &["model", "why", "n", "root mean square error", "typical error"], 2, &tried))
            }
            p .note {
                "Residuals: Breusch-Pagan p " (row.breusch_pagan_p_value.map_or_else(|| "–".to_owned(), |p| format!("{p:.2e}")))
                ", Jarque-Bera p " (format!("{:.2e}", row.jarque_bera_p_value)) ", condition number "
                (format!("{:.0}", row.condition_number)) ". A small p says that the spread is uneven, or not normal: intervals are drawn \
                 from the errors themselves and assume neither."
            }
        }
    }
}
