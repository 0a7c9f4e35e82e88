//! Emissions by year, owner, country, task and tier, and emissions per compute over time.

use crate::domain::{GroupBy, Tier};
use crate::report::charts::{
    Column, EMISSION_HEADS, Figure, Mark, Row, Scale, axis_rows, columns, emission_cells, legend, points, table,
};
use crate::report::data::{ByBasis, Data};
use crate::report::numbers::{count_of, counted, figure, mass, mass_tick, percent, significant, tick};
use crate::report::text::{name, named};
use crate::report::words;
use crate::tables::AggregateRow;
use maud::{Markup, html};

/// Groups shown of owners and countries.
const SHOWN: usize = 15;

const READING: &str = "Bar: mean emissions, so that groups add up to the total. Line: 90 % interval of the group.";

pub(super) fn years(data: &Data) -> Markup {
    html! { (emissions_by_year(data)) (atci_by_year(data)) }
}

pub(super) fn owners_and_countries(data: &Data) -> Markup {
    let owners = Grouping {
        by: GroupBy::Owner,
        id: "owners",
        title: "Emissions by owner",
        caveat: "The owner is the namespace of the repository that owns the run, not who paid for it.",
    };
    let countries = Grouping {
        by: GroupBy::Country,
        id: "countries",
        title: "Emissions by country of the owner",
        caveat: "Where no place of training is stated, the run is counted on the grid of this country: see what rests on averages.",
    };
    html! { (owners.figure(data)) (countries.figure(data)) }
}

pub(super) fn tasks_and_tiers(data: &Data) -> Markup {
    let tasks = Grouping {
        by: GroupBy::Modality,
        id: "tasks",
        title: "Emissions by what the models do",
        caveat: "By the Hub's task tag and library; the registry of published runs goes first.",
    };
    html! { (tasks.figure(data)) (tiers(data)) }
}

/// A grouping with its words.
struct Grouping {
    by: GroupBy,
    id: &'static str,
    title: &'static str,
    caveat: &'static str,
}

impl Grouping {
    fn figure(&self, data: &Data) -> Markup {
        let ranked = data.ranked(self.by);
        let shown: Vec<(&AggregateRow, ByBasis)> =
            ranked.iter().take(SHOWN).map(|row| (*row, data.by_basis(self.by, &row.group))).collect();
        let mut caveat = self.caveat.to_owned();
        if ranked.len() > SHOWN {
            let rest: f64 = ranked.iter().skip(SHOWN).map(|row| row.share_of_total).sum();
            let groups = match ranked.len() - SHOWN {
                1 => "The group not shown is".to_owned(),
                n => format!("The {} groups not shown are", count_of(n)),
            };
            caveat = format!("{groups} {} of the total. {caveat}", percent(rest));
        }
        Figure {
            id: self.id,
            title: self.title,
            name: said(self.by, &shown),
            reading: READING,
            source: "tables aggregates (intervals) and estimates (documented and imputed means)",
            caveat: &caveat,
            chart: html! { (legend()) (bars(self.by, &shown)) },
            table: group_table(self.by, &shown),
        }
        .markup()
    }
}

fn said(by: GroupBy, shown: &[(&AggregateRow, ByBasis)]) -> String {
    let first: Vec<String> = shown
        .iter()
        .take(3)
        .map(|(row, _)| {
            format!(
                "{}: {}, {} of the total",
                name(&words::group(by, &row.group)),
                mass(row.emissions_kgco2e.mean),
                percent(row.share_of_total)
            )
        })
        .collect();
    format!("Bars of {} groups. {}. The table below has the same in figures.", shown.len(), first.join("; "))
}

fn interval(row: &AggregateRow) -> [f64; 2] {
    [row.emissions_kgco2e.p05, row.emissions_kgco2e.p95]
}

fn bars(by: GroupBy, shown: &[(&AggregateRow, ByBasis)]) -> Markup {
    let scale = Scale::linear(shown.iter().flat_map(|(row, _)| [row.emissions_kgco2e.mean, row.emissions_kgco2e.p95]));
    let rows: Vec<Row> = shown
        .iter()
        .map(|(row, parts)| Row {
            label: name(&words::group(by, &row.group)),
            value: mass(row.emissions_kgco2e.mean),
            more: percent(row.share_of_total),
            mark: Mark::Parts { parts: *parts, interval: Some(interval(row)) },
        })
        .collect();
    axis_rows(&rows, &scale, None, mass_tick)
}

fn group_table(by: GroupBy, shown: &[(&AggregateRow, ByBasis)]) -> Markup {
    let body: Vec<Vec<Markup>> = shown
        .iter()
        .map(|(row, parts)| {
            let mut cells = vec![named(&words::group(by, &row.group)), counted(row.models), counted(row.runs)];
            cells.extend(emission_cells(row.emissions_kgco2e, *parts));
            cells.push(figure(row.share_of_total, percent(row.share_of_total)));
            cells.push(row.atci_gco2e_per_pflop.map_or_else(|| html! { "–" }, |a| figure(a.p50, significant(a.p50))));
            cells
        })
        .collect();
    let head = [&["group", "models", "runs"][..], &EMISSION_HEADS, &["share", "g CO₂e per PFLOP"]].concat();
    table("Emissions in t CO₂e", &head, 1, &body)
}

/// Years with training, the unknown one last.
fn trained_years(data: &Data) -> Vec<&AggregateRow> {
    data.group(GroupBy::TrainingYear).iter().filter(|row| row.runs > 0).collect()
}

fn emissions_by_year(data: &Data) -> Markup {
    let shown: Vec<(&AggregateRow, ByBasis)> =
        trained_years(data).into_iter().map(|row| (row, data.by_basis(GroupBy::TrainingYear, &row.group))).collect();
    let scale = Scale::linear(shown.iter().flat_map(|(row, _)| [row.emissions_kgco2e.mean, row.emissions_kgco2e.p95]));
    let years: Vec<Column> = shown
        .iter()
        .map(|(row, parts)| Column { label: row.group.clone(), parts: *parts, interval: Some(interval(row)) })
        .collect();
    let said: Vec<String> = shown.iter().map(|(row, _)| format!("{}: {}", row.group, mass(row.emissions_kgco2e.mean))).collect();
    Figure {
        id: "by-year",
        title: "Emissions by year of training",
        name: format!("Columns of mean emissions. {}", said.join("; ")),
        reading: READING,
        source: "tables aggregates (intervals) and estimates (documented and imputed means)",
        caveat: "The newest year is not over in the index, and older years miss what the Hub never held. The Hub's earliest date is \
                 March 2022: older trainings are dated by papers.",
        chart: html! { (legend()) (columns(&years, &scale, mass_tick)) },
        table: group_table(GroupBy::TrainingYear, &shown),
    }
    .markup()
}

fn atci_by_year(data: &Data) -> Markup {
    let known: Vec<&AggregateRow> =
        trained_years(data).into_iter().filter(|row| row.atci_gco2e_per_pflop.is_some() && row.group != "unknown").collect();
    let of = |row: &AggregateRow| row.atci_gco2e_per_pflop.unwrap_or_default();
    let scale = Scale::log(known.iter().flat_map(|row| [of(row).p05, of(row).p95]));
    let years: Vec<Column> = known
        .iter()
        .map(|row| Column { label: row.group.clone(), parts: [of(row).p50, 0.0], interval: Some([of(row).p05, of(row).p95]) })
        .collect();
    let body: Vec<Vec<Markup>> = known
        .iter()
        .map(|row| {
            let cells = of(row).values().map(|v| figure(v, significant(v)));
            [named(&row.group), counted(row.runs)].into_iter().chain(cells).collect()
        })
        .collect();
    let said: Vec<String> = known.iter().map(|row| format!("{}: {}", row.group, significant(of(row).p50))).collect();
    Figure {
        id: "atci",
        title: "Emissions per compute over time",
        name: format!("Grams of CO₂e per PFLOP, median by year. {}", said.join("; ")),
        reading: "Grams of CO₂e per PFLOP (10¹⁵ floating-point operations): all emissions of a year over all compute of it. Point: \
                  median. Line: 90 % interval. The axis is logarithmic.",
        source: "table aggregates, group_by training_year, atci_gco2e_per_pflop",
        caveat: "A few large runs decide a year. Chips get better over time, and the mix of countries changes too; this figure does not \
                 tell the two apart.",
        chart: points(&years, &scale, tick),
        table: table("Grams of CO₂e per PFLOP", &["year", "runs", "5th percentile", "median", "95th percentile", "mean"], 1, &body),
    }
    .markup()
}

fn tiers(data: &Data) -> Markup {
    let shown: Vec<(&AggregateRow, ByBasis)> = data
        .group(GroupBy::Tier)
        .iter()
        .filter(|row| row.runs > 0)
        .map(|row| {
            let mean = row.emissions_kgco2e.mean;
            let is_imputed = row.group.parse().ok().and_then(Tier::from_number).is_some_and(|tier| tier >= Tier::Parameters);
            (row, if is_imputed { [0.0, mean] } else { [mean, 0.0] })
        })
        .collect();
    Figure {
        id: "tiers",
        title: "Emissions by how they are known",
        name: said(GroupBy::Tier, &shown),
        reading: "Each run is estimated from the best that is known of it, its tier. Tiers 1 to 4 are documented, 5 and 6 imputed. Bar: \
                  mean. Line: 90 % interval.",
        source: "table aggregates, group_by tier",
        caveat: "A lower tier is not always a better figure: what is reported may itself be an estimate.",
        chart: html! { (legend()) (bars(GroupBy::Tier, &shown)) },
        table: group_table(GroupBy::Tier, &shown),
    }
    .markup()
}
