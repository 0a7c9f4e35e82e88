//! What the total becomes with one factor or rule set otherwise.

use crate::report::charts::{Figure, Mark, Row, Scale, axis_rows, table};
use crate::report::data::Data;
use crate::report::numbers::{figure, mass, significant, tick, tonnes};
use crate::report::text::{name, named, plain};
use crate::tables::SensitivityRow;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// A factor of the table in words.
fn factor(word: &str) -> String {
    match word {
        "grid_gco2e_per_kwh" => "Emissions of the grids".to_owned(),
        "mfu" => "Utilization of the chips".to_owned(),
        "host_power_ratio" => "Power of chips and hosts".to_owned(),
        "pue" => "Facility overhead (PUE)".to_owned(),
        "active_share" => "Mixtures of experts taken as dense".to_owned(),
        "implicit_grouping" => "Copies and variants counted as trainings".to_owned(),
        "programme" => "With experiments and failed runs".to_owned(),
        "embodied_hardware" => "With making the hardware".to_owned(),
        other => name(other),
    }
}

pub(super) fn body(data: &Data) -> Markup {
    let mut by_factor: BTreeMap<&str, Vec<&SensitivityRow>> = BTreeMap::new();
    for row in data.sensitivity.iter().filter(|row| row.factor != "headline") {
        by_factor.entry(&row.factor).or_default().push(row);
    }
    // Ends of each factor; one that is only set one way is measured from the headline.
    let mut spans: Vec<(&str, [f64; 2])> = by_factor
        .iter()
        .filter(|(_, rows)| rows.iter().all(|row| !row.is_scenario))
        .map(|(factor, rows)| {
            let ratios = || rows.iter().map(|row| row.ratio_to_headline);
            let (low, high) = (ratios().fold(1.0, f64::min), ratios().fold(1.0, f64::max));
            (*factor, [low, high])
        })
        .collect();
    spans.sort_by(|(a, [al, ah]), (b, [bl, bh])| (bh - bl).total_cmp(&(ah - al)).then_with(|| a.cmp(b)));
    let rows: Vec<Row> = spans
        .iter()
        .map(|(word, [low, high])| Row {
            label: factor(word),
            value: format!("{} to {}", significant(*low), significant(*high)),
            more: String::new(),
            mark: Mark::Span { ends: [*low, *high] },
        })
        .collect();
    let scale = Scale::linear(spans.iter().map(|(_, [_, high])| *high));
    let said: Vec<String> = spans
        .iter()
        .map(|(word, [low, high])| format!("{}: {} to {} times", factor(word), significant(*low), significant(*high)))
        .collect();
    html! {
        (scenarios(data))
        (Figure {
            id: "tornado",
            title: "The total with one factor at its 5th or 95th percentile",
            name: format!("Times the headline. {}.", said.join("; ")),
            reading: "Times the headline's mean. Every run's factor is moved at once, as far as 90 % of its own spread reaches; rules are \
                      switched off. The dark line is the headline.",
            source: "table sensitivity",
            caveat: "Moving a factor of all runs together is harsher than what the interval of the headline assumes, where runs differ.",
            chart: axis_rows(&rows, &scale, Some(1.0), tick),
            table: settings(data),
        }.markup())
    }
}

/// Settings of a scenario that only bound it; the table has them.
const WIDER: [&str; 2] = ["a third of it", "three times it"];

fn scenarios(data: &Data) -> Markup {
    html! {
        @for row in data.sensitivity.iter().filter(|row| row.is_scenario && !WIDER.contains(&row.setting.as_str())) {
            p .lead {
                (factor(&row.factor)) ", the total would be about " (figure(row.emissions_kgco2e_mean, mass(row.emissions_kgco2e_mean)))
                ", " (figure(row.ratio_to_headline, significant(row.ratio_to_headline))) " times the mean of the headline; "
                (plain(&row.note)) "."
            }
        }
    }
}

fn settings(data: &Data) -> Markup {
    let body: Vec<Vec<Markup>> = data
        .sensitivity
        .iter()
        .map(|row| {
            vec![
                html! { (if row.factor == "headline" { "Headline".to_owned() } else { factor(&row.factor) }) },
                named(&row.setting),
                html! { (plain(&row.note)) },
                figure(row.emissions_kgco2e_p50, tonnes(row.emissions_kgco2e_p50)),
                figure(row.emissions_kgco2e_mean, tonnes(row.emissions_kgco2e_mean)),
                figure(row.ratio_to_headline, format!("{:.2}", row.ratio_to_headline)),
            ]
        })
        .collect();
    table("Settings", &["factor", "setting", "what", "t CO₂e, median", "mean", "times the headline"], 3, &body)
}
