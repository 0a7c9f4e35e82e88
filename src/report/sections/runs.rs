//! The largest runs: intervals, and the evidence that each rests on.

use crate::domain::{Beside, ClosedSet, EvidenceSource, Field, GroupBy, Step, Tier, address};
use crate::report::charts::{Figure, Mark, Row, Scale, axis_rows, table};
use crate::report::data::{Data, FACTORS, Largest};
use crate::report::numbers::{
    counted, energy, exact, exact_mass, figure, flop, large_count, mass, mass_interval, mass_tick, percent, scientific,
    significant, tonnes,
};
use crate::report::text::{link, model_link, name, named, page_of, plain, quoted};
use crate::report::words;
use crate::tables::{EstimateRow, EvidenceRow};
use maud::{Markup, html};

pub(super) fn body(data: &Data) -> Markup {
    if data.largest.is_empty() {
        return html! { p { "No run of the cohort was trained." } };
    }
    html! {
        (concentration(data))
        (chart(data))
        h3 #evidence { "How each of them is known" }
        p { "Open a run to see what its figure rests on: each number with the words it was read from, and what was assumed." }
        ol .runs { @for run in &data.largest { li { (one(run)) } } }
    }
}

/// How much the largest decide.
fn concentration(data: &Data) -> Markup {
    let told: Vec<(i64, f64)> = [1, 10, 100, 1000]
        .into_iter()
        .filter_map(|n| {
            let row = data.one(GroupBy::Top, &format!("top_{n}"))?;
            (row.runs == n).then_some((n, row.share_of_total))
        })
        .collect();
    html! {
        p .lead {
            "A few runs decide the total. "
            @for (at, (n, share)) in told.iter().enumerate() {
                @if at > 0 { ", " }
                @if *n == 1 { "The largest is " } @else { "the " (counted(*n)) " largest are " }
                (figure(*share, percent(*share)))
            }
            " of it. Shares and ranks go by the mean, which adds up: the runs' means make the mean total of "
            (figure(data.emissions_kgco2e, exact_mass(data.emissions_kgco2e))) "."
        }
    }
}

fn chart(data: &Data) -> Markup {
    let ends = |l: &Largest| {
        let kg = l.estimate.emissions_kgco2e;
        [kg.p05, kg.p95, kg.mean]
    };
    let scale = Scale::log(data.largest.iter().flat_map(ends));
    let rows: Vec<Row> = data
        .largest
        .iter()
        .map(|l| {
            let kg = l.estimate.emissions_kgco2e;
            Row {
                label: name(&l.model.model_id),
                value: mass(kg.mean),
                more: mass_interval(kg.p05, kg.p95),
                mark: Mark::Point {
                    value: kg.mean,
                    interval: Some([kg.p05, kg.p95]),
                    is_imputed: l.estimate.tier.0 >= Tier::Parameters,
                },
            }
        })
        .collect();
    let first = data.largest.first().map(|l| format!("{}, {}", name(&l.model.model_id), mass(l.estimate.emissions_kgco2e.mean)));
    Figure {
        id: "largest",
        title: "The largest runs of the cohort",
        name: format!("Means with 90 % intervals of {} runs. The first is {}.", rows.len(), first.unwrap_or_default()),
        reading: "Point and figure: mean, by which the runs are ranked, here and in the explorer, because means add up; hollow where the run \
                  is imputed. Line: 90 % interval. Where it is wide the mean lies well above the median, which the table has. The axis is \
                  logarithmic.",
        source: "table estimates",
        caveat: "Where an interval spans a factor of ten or more, the rank says little.",
        chart: axis_rows(&rows, &scale, None, mass_tick),
        table: largest_table(data),
    }
    .markup()
}

fn largest_table(data: &Data) -> Markup {
    let body: Vec<Vec<Markup>> = data
        .largest
        .iter()
        .map(|l| {
            let e = &l.estimate;
            let mut cells = vec![model_link(&l.model.model_id), html! { (e.tier.0.number()) ". " (words::tier(e.tier.0)) }];
            cells.push(figure(e.train_flop.p50, scientific(e.train_flop.p50)));
            cells.extend(e.emissions_kgco2e.values().map(|v| figure(v, tonnes(v))));
            cells
        })
        .collect();
    let head = ["model", "known by", "FLOP, median", "t CO₂e, 5th percentile", "median", "95th percentile", "mean"];
    table("Largest runs", &head, 2, &body)
}

fn one(l: &Largest) -> Markup {
    let (e, kg) = (&l.estimate, l.estimate.emissions_kgco2e);
    let beside = Beside::of_flags(&e.flags);
    html! {
        details {
            summary { strong { (named(&l.model.model_id)) } " " span .range { (mass(kg.mean)) " in the mean, " (words::tier(e.tier.0).to_lowercase()) } }
            p {
                @if let Some((kind, members)) = l.run {
                    (words::run_kind(kind)) @if members > 1 { ", carried by " (counted(members)) " repositories" } ". "
                }
                @if let Some(day) = l.model.trained_on {
                    "Dated " (day.to_string()) @if let Some(source) = l.model.trained_on_source { ", " (words::date(source)) } ". "
                }
                @if let Some(n) = l.model.total_params { (size(n, l.model.active_params)) ". " }
                @if let Some(country) = &l.model.owner_country { "Owner in " (words::place(country)) ". " }
                (link(&address::repository(&l.model.model_id), "Repository"))
                @if let Some(url) = l.model.arxiv_id.as_deref().and_then(address::paper) { ", " (link(&url, "paper")) }
            }
            (quantities(l))
            h4 { "What it rests on" }
            (evidence_list(l.evidence.iter().filter(|row| row.accepted), "Nothing is stated."))
            @if l.evidence.iter().any(|row| !row.accepted) {
                h4 { "What was read and refused" }
                (evidence_list(l.evidence.iter().filter(|row| !row.accepted), ""))
            }
            h4 { "What was assumed" }
            ul {
                @for factor in FACTORS.iter().filter(|factor| factor.carries(&l.stand_ins)) {
                    li .stands-in { (factor.name) ": " (factor.stand_in) }
                }
                @for flag in e.flags.iter().filter(|flag| flag.is_taken(e.tier.0, beside)) { li { (flag.meaning().trim()) } }
            }
        }
    }
}

#[allow(clippy::cast_precision_loss)] // Counts of parameters, shown with two digits.
fn size(total: i64, active: Option<i64>) -> String {
    match active {
        Some(active) if active != total => {
            format!("{} parameters, {} of them per token", large_count(total as f64), large_count(active as f64))
        }
        Some(_) | None => format!("{} parameters", large_count(total as f64)),
    }
}

fn quantities(l: &Largest) -> Markup {
    let e = &l.estimate;
    let (kg, kwh, c) = (e.emissions_kgco2e, e.energy_kwh, e.train_flop);
    let row = |name: &str, q: crate::domain::Quantiles, shown: fn(f64) -> String| -> Vec<Markup> {
        std::iter::once(html! { (name) }).chain(q.values().map(|v| figure(v, shown(v)))).collect()
    };
    let mut body = vec![row("Emissions", kg, mass), row("Electricity", kwh, energy), row("Compute", c, flop)];
    body.extend(e.atci_gco2e_per_pflop.map(|a| row("Grams of CO₂e per PFLOP", a, significant)));
    html! {
        (table(&format!("Figures of {}", name(&l.model.model_id)), &["quantity", "5th percentile", "median", "95th percentile", "mean"], 1, &body))
        (factors(e))
    }
}

/// The factors that the calculation of the estimate takes: reported emissions take none but to tell of electricity.
fn factors(e: &EstimateRow) -> Markup {
    let steps = e.tier.0.steps(Beside::of_flags(&e.flags));
    let takes = |wanted: Step| steps.iter().any(|(step, _)| *step == wanted);
    html! {
        p .note {
            @if let Some(chip) = e.accelerator.as_deref().filter(|_| takes(Step::Power) || takes(Step::Hours)) {
                "Chip: " (words::chips(chip))
                @if let Some(w) = e.power_w.filter(|_| takes(Step::Power)) { ", " (figure(w, significant(w))) " W with its share of the host" }
                ". "
            }
            @if let Some(mfu) = e.mfu.filter(|_| takes(Step::Utilization)) { "Utilization " (figure(mfu, percent(mfu))) ". " }
            @if let Some(pue) = e.pue.filter(|_| takes(Step::Overhead)) { "PUE " (figure(pue, significant(pue))) ". " }
            @if let (Some(grid), Some(place)) = (e.grid_gco2e_per_kwh.filter(|_| takes(Step::Grid)), e.grid_place.as_deref()) {
                "Grid of " (words::place(place)) @if let Some(year) = e.grid_year { ", " (year) } ": "
                (figure(grid, significant(grid))) " g CO₂e per kWh" @if e.tier.0 == Tier::Emissions { ", from which the electricity follows backwards" } "."
            }
        }
    }
}

fn evidence_list<'a>(rows: impl Iterator<Item = &'a EvidenceRow>, none: &str) -> Markup {
    let rows: Vec<&EvidenceRow> = rows.collect();
    html! {
        @if rows.is_empty() { p { (none) } } @else {
            ul .evidence {
                @for row in rows {
                    li {
                        strong { (words::field(row.field)) } ": " (value(row))
                        blockquote { p { bdi { (quoted(&row.quote)) } } }
                        p .note {
                            (source(row)) ", " bdi { (name(&row.locator)) }
                            @if let Some(why) = &row.reject_reason { ". Refused: " (plain(why)) }
                        }
                    }
                }
            }
        }
    }
}

fn value(row: &EvidenceRow) -> Markup {
    match row.value {
        Some(share) if row.field == Field::Role => {
            html! { (named(&row.value_as_written)) ", " (figure(share, percent(share))) }
        }
        Some(v) if row.field != Field::TrainedOn => {
            html! { (figure(v, exact(v))) @if row.unit != "1" { " " (plain(&row.unit)) } }
        }
        Some(_) | None => named(&row.value_as_written),
    }
}

/// Where it was read, as a link where there is a page to open.
fn source(row: &EvidenceRow) -> Markup {
    let words = words::source(row.source);
    match page_of(row.source_url.as_deref()) {
        None => html! { (words) },
        Some(url) => match row.source {
            EvidenceSource::Registry
            | EvidenceSource::RepositoryFacts
            | EvidenceSource::Arithmetic
            | EvidenceSource::Correction => {
                html! { (words) ", " (link(&url, "its source")) }
            }
            EvidenceSource::HubIndex
            | EvidenceSource::CardYaml
            | EvidenceSource::CardText
            | EvidenceSource::Config
            | EvidenceSource::Name
            | EvidenceSource::Lineage
            | EvidenceSource::RoleModel => link(&url, words),
        },
    }
}
