//! The total of several snapshots as a series.

use crate::compare::Point;
use crate::report::charts::{Figure, Mark, Row, Scale, axis_rows, table};
use crate::report::numbers::{counted, figure, mass, mass_interval, mass_tick, tonnes};
use crate::report::text::{name, named};
use crate::report::words;
use maud::{Markup, html};

pub(super) fn body(series: &[Point]) -> Markup {
    let points: Vec<&Point> = series.iter().filter(|p| p.is_headline && p.quantity == "emissions_kgco2e").collect();
    let mut cohorts: Vec<&str> = points.iter().map(|p| p.cohort.as_str()).collect();
    cohorts.dedup();
    html! {
        p { "Each snapshot counts what its own index holds, with the method of its own version: a difference is a difference of both." }
        @for (at, cohort) in cohorts.iter().enumerate() {
            (of_cohort(at, cohort, &points.iter().copied().filter(|p| p.cohort == **cohort).collect::<Vec<_>>()))
        }
    }
}

fn of_cohort(at: usize, cohort: &str, points: &[&Point]) -> Markup {
    let rows: Vec<Row> = points
        .iter()
        .map(|p| Row {
            label: name(&p.snapshot),
            value: mass(p.p50),
            more: format!("method {}", p.method_version),
            mark: Mark::Point { value: p.p50, interval: Some([p.p05, p.p95]), is_imputed: false },
        })
        .collect();
    let said: Vec<String> =
        points.iter().map(|p| format!("{}: {}, {}", name(&p.snapshot), mass(p.p50), mass_interval(p.p05, p.p95))).collect();
    let body: Vec<Vec<Markup>> = points
        .iter()
        .map(|p| {
            let cells = [p.p05, p.p50, p.p95, p.mean].map(|kg| figure(kg, tonnes(kg)));
            let known = [named(&p.snapshot), html! { (p.method_version) }, counted(p.runs)];
            known.into_iter().chain(cells).collect()
        })
        .collect();
    Figure {
        id: &format!("series-{at}"),
        title: &format!("Total by snapshot, models {}", words::cohort(cohort)),
        name: format!("Medians with 90 % intervals. {}.", said.join("; ")),
        reading: "Point: median. Line: 90 % interval. The oldest index is at the top.",
        source: "table aggregates of every snapshot, group_by all",
        caveat: "Intervals of two snapshots are not independent: they share factors and, mostly, runs.",
        chart: axis_rows(&rows, &Scale::linear(points.iter().map(|p| p.p95)), None, mass_tick),
        table: table("t CO₂e", &["snapshot", "method", "runs", "5th percentile", "median", "95th percentile", "mean"], 1, &body),
    }
    .markup()
}
