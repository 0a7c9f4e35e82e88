//! Around the electricity, outside the headline: making the hardware, water, market-based figures as reported.

use crate::domain::GroupBy;
use crate::report::charts::{Figure, Mark, Row, Scale, axis_rows, table};
use crate::report::data::Data;
use crate::report::numbers::{
    counted, cubic_metres, cubic_metres_tick, figure, interval, mass, mass_interval, percent, tonnes, volume,
};
use crate::report::text::{name, named};
use crate::report::words;
use crate::tables::AroundRow;
use maud::{Markup, html};

/// Countries shown.
const SHOWN: usize = 12;
/// The axis begins at the largest value over this.
const DECADES_SHOWN: f64 = 1e6;

pub(super) fn body(data: &Data) -> Markup {
    let Some(all) = data.around.iter().find(|row| row.group_by == GroupBy::All) else {
        return html! { p { "Nothing was trained in the cohort, or the snapshot was made before these figures were published." } };
    };
    html! {
        p .lead { strong { "Outside the headline." } " None of the figures of this section is part of any other total of this page." }
        (hardware(data, all))
        (water(all))
        (market_based(all))
        (countries(data))
        (groups(data))
    }
}

fn hardware(data: &Data, all: &AroundRow) -> Markup {
    let kg = all.embodied_kgco2e;
    let headline = data.one(GroupBy::All, "all").map_or(0.0, |row| row.emissions_kgco2e.mean);
    html! {
        p {
            "Making accelerators and servers, for the hours that the runs used them: "
            strong { (figure(kg.p50, mass(kg.p50))) } " of CO₂e (90 % interval " (mass_interval(kg.p05, kg.p95)) ")"
            @if headline > 0.0 { ", in the mean " (figure(kg.mean / headline, percent(kg.mean / headline))) " of the headline" }
            ". A device's emissions from cradle to gate, over five years of use at 85 %; published figures of one device differ by a factor \
             of three either way. " (figure(all.embodied_on_fallback_share, percent(all.embodied_on_fallback_share)))
            " rests on accelerators that are not known, or for which no figure was found."
        }
    }
}

fn water(all: &AroundRow) -> Markup {
    let l = all.water_l;
    let on_site = if l.mean > 0.0 { all.water_on_site_l_mean / l.mean } else { 0.0 };
    html! {
        p {
            "Water consumed: " strong { (figure(l.p50, volume(l.p50))) } " (90 % interval "
            (interval(&volume(l.p05), &volume(l.p95))) "), of which " (figure(on_site, percent(on_site)))
            " at the data centres and the rest for making the electricity, at power plants and reservoirs."
            @if let Some(average) = all.water_on_site_on_fallback_share {
                " At the data centres " (share(average)) " rests on an average, because no operator is known or it publishes no figure."
            }
            @if let (Some(average), Some(taken)) = (all.water_off_site_on_fallback_share, all.water_off_site_place_not_stated_share) {
                " For the electricity " (share(average)) " rests on an average of countries, and " (share(taken))
                " on a country that is taken for the place of training, mostly the owner's."
            }
        }
    }
}

fn share(part: f64) -> Markup {
    figure(part, percent(part))
}

/// Whether an average of countries stands in for more than half of what the electricity takes.
fn is_average(row: &AroundRow) -> bool {
    row.water_off_site_on_fallback_share.is_some_and(|share| share > 0.5)
}

fn market_based(all: &AroundRow) -> Markup {
    html! {
        p {
            "Market-based emissions, after contracts and certificates, are shown as developers report them and never estimated: "
            @match all.market_based_kgco2e {
                Some(kg) => {
                    (counted(all.market_based_runs)) (if all.market_based_runs == 1 { " run of the cohort reports " } else { " runs of the cohort report " }) (figure(kg, mass(kg)))
                    " together, where the headline counts "
                    (figure(all.market_based_runs_emissions_kgco2e_mean, mass(all.market_based_runs_emissions_kgco2e_mean)))
                    " by the grids they ran on."
                }
                None => "no run of the cohort reports any that was found."
            }
        }
    }
}

fn countries(data: &Data) -> Markup {
    let mut ranked: Vec<&AroundRow> = data.around.iter().filter(|row| row.group_by == GroupBy::Country).collect();
    ranked.sort_by(|a, b| b.water_l.p50.total_cmp(&a.water_l.p50).then_with(|| a.group.cmp(&b.group)));
    ranked.truncate(SHOWN);
    // What reaches far below the largest ends at the end of the axis: it would press all others together.
    let largest = ranked.iter().map(|row| row.water_l.p95).fold(0.0, f64::max);
    let values = ranked.iter().flat_map(|row| [row.water_l.p05, row.water_l.p50, row.water_l.p95]);
    let scale = Scale::log(values.map(|l| l.max(largest / DECADES_SHOWN)));
    let country = |row: &AroundRow| name(&words::group(GroupBy::Country, &row.group));
    let rows: Vec<Row> = ranked
        .iter()
        .map(|row| Row {
            label: country(row),
            value: volume(row.water_l.p50),
            more: interval(&volume(row.water_l.p05), &volume(row.water_l.p95)),
            mark: Mark::Point {
                value: row.water_l.p50,
                interval: Some([row.water_l.p05, row.water_l.p95]),
                is_imputed: is_average(row),
            },
        })
        .collect();
    let said: Vec<String> = ranked.iter().take(3).map(|row| format!("{}: {}", country(row), volume(row.water_l.p50))).collect();
    Figure {
        id: "water",
        title: "Water by country of the owner",
        name: format!("Points of {} countries on a logarithmic axis. {}", ranked.len(), said.join("; ")),
        reading: "Point: median of the water consumed, hollow where an average of countries stands in for more than half of what the \
                  electricity takes. Line: 90 % interval. The axis is logarithmic, in cubic metres (M: millions).",
        source: "table around_electricity, group_by country",
        caveat: "Where no place of training is stated, the owner's country is taken, and others where its like train. Factors of one country differ by more than two, by how \
                 much of a reservoir's evaporation is counted.",
        chart: axis_rows(&rows, &scale, None, cubic_metres_tick),
        table: around_table(GroupBy::Country, &ranked),
    }
    .markup()
}

fn groups(data: &Data) -> Markup {
    let of = |by: GroupBy| -> Vec<&AroundRow> { data.around.iter().filter(|row| row.group_by == by).collect() };
    html! {
        h3 { "Hardware and water by year of training" }
        (around_table(GroupBy::TrainingYear, &of(GroupBy::TrainingYear)))
        p .note {
            "Source: table around_electricity. Litres are those of the computers' energy times (on site + PUE × off site). What it rests on: "
            code { "data/reference/embodied.csv" } " and " code { "wue.csv" } ", each row with its source and how it is known."
        }
    }
}

fn around_table(by: GroupBy, rows: &[&AroundRow]) -> Markup {
    let body: Vec<Vec<Markup>> = rows
        .iter()
        .map(|row| {
            let (kg, l) = (row.embodied_kgco2e, row.water_l);
            let mut cells = vec![named(&words::group(by, &row.group)), counted(row.runs)];
            cells.extend([kg.p05, kg.p50, kg.p95, kg.mean].map(|v| figure(v, tonnes(v))));
            cells.extend([l.p05, l.p50, l.p95, l.mean].map(|v| figure(v, cubic_metres(v))));
            cells
        })
        .collect();
    let head = [
        "group",
        "runs",
        "hardware t CO₂e, 5th percentile",
        "median",
        "95th percentile",
        "mean",
        "water m³, 5th percentile",
        "median",
        "95th percentile",
        "mean",
    ];
    table("Making the hardware in t CO₂e, and water in m³", &head, 1, &body)
}
