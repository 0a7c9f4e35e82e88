//! The total with its interval, documented and imputed.

use crate::domain::tier::{DOCUMENTED, IMPUTED};
use crate::domain::{GroupBy, Quantiles};
use crate::report::About;
use crate::report::charts::{Figure, Mark, Row, Scale, axis_rows, table};
use crate::report::data::Data;
use crate::report::numbers::{
    count, counted, energy, exact_mass, figure, flop, interval as interval_of, mass, mass_interval, mass_tick, percent, scientific,
    significant, tonnes,
};
use crate::report::words;
use crate::tables::AggregateRow;
use maud::{Markup, html};

pub(super) fn body(data: &Data, about: &About) -> Markup {
    let Some(all) = data.one(GroupBy::All, "all") else {
        return html! { p { "No model of this index is " (words::cohort(&about.cohort)) ": there is nothing to add up." } };
    };
    html! {
        (statement(data, all, about))
        (facts(all))
        h2 #stated { "What is stated, and what is not" }
        (parts(data, all))
        (boundary())
    }
}

fn statement(data: &Data, all: &AggregateRow, about: &About) -> Markup {
    let kg = all.emissions_kgco2e;
    let shares = [DOCUMENTED, IMPUTED].map(|basis| data.one(GroupBy::Basis, basis).map_or(0.0, |row| row.share_of_total));
    html! {
        p .total { span .big { (figure(kg.p50, mass(kg.p50))) " CO₂e" } " "
            span .range { "median; 90 % interval: " (interval(kg)) } }
        p .lead {
            "That is the median estimate for the " (counted(all.models)) " models of this index that were " (words::cohort(&about.cohort))
            ", and the " (counted(all.runs)) " training runs they own. " (figure(shares[0], percent(shares[0])))
            " of it is documented: it rests on something that is published about the training: emissions, energy, chips and hours, or compute. \
             The other " (figure(shares[1], percent(shares[1]))) " is imputed from what models of that size, kind and year take. Shares are of \
             the mean total, " (figure(kg.mean, exact_mass(kg.mean))) ": means add up, medians do not."
        }
        (who_says(data, shares[0]))
        (outside(data))
        p { "To look up one model, open " a href="explorer.html" { "the explorer" } " beside this page." }
    }
}

/// What the models of the cohort stand on and what is counted with repositories that are not in it.
fn outside(data: &Data) -> Markup {
    let Some(row) = data.one(GroupBy::Upstream, "outside") else { return html! {} };
    let kg = row.emissions_kgco2e;
    html! {
        p #outside {
            "A training counts with the repository that owns it. Not in the total: " (figure(kg.p50, mass(kg.p50))) " (median; " (interval(kg)) ") of " (counted(row.runs)) (if row.runs == 1 { " training" } else { " trainings" }) " that these models stand \
            on, whose own repositories had fewer downloads."
        }
    }
}

/// How much of what is documented is stated by the makers, and how much others estimated.
fn who_says(data: &Data, documented: f64) -> Markup {
    let estimated = data.estimated_by_others_kgco2e / data.emissions_kgco2e;
    if !(estimated > 0.0 && documented > 0.0) {
        return html! {};
    }
    let stated = (documented - estimated).max(0.0);
    html! {
        p #who-says {
            "Documented is not always stated by the maker. " (figure(estimated, percent(estimated))) " of the mean total rests on compute that others \
             estimated: the registry of published runs grades it as estimated from hardware, from benchmarks, by third parties or in another \
             way. " (figure(stated, percent(stated))) " is what makers state, or is counted from the size and data that they state."
        }
    }
}

/// An interval of emissions with its full values.
fn interval(kg: Quantiles) -> Markup {
    html! { data value=(format!("{:e} {:e}", kg.p05, kg.p95)) { (mass_interval(kg.p05, kg.p95)) } }
}

fn facts(all: &AggregateRow) -> Markup {
    let (e, c) = (all.energy_kwh, all.train_flop);
    let fact = |name: &str, value: f64, shown: String, range: String| {
        html! { div { dt { (name) } dd { (figure(value, shown)) span .range { "median; " (range) } } } }
    };
    html! {
        dl .facts {
            (fact("Electricity", e.p50, energy(e.p50), interval_of(&energy(e.p05), &energy(e.p95))))
            (fact("Compute", c.p50, flop(c.p50), interval_of(&scientific(c.p05), &scientific(c.p95))))
            @if let Some(a) = all.atci_gco2e_per_pflop {
                (fact("Emissions per compute", a.p50, format!("{} g/PFLOP", significant(a.p50)), interval_of(&significant(a.p05), &significant(a.p95))))
            }
        }
    }
}

fn parts(data: &Data, all: &AggregateRow) -> Markup {
    let mut rows: Vec<(&str, &AggregateRow)> = vec![("All runs", all)];
    for (name, basis) in [("Documented", DOCUMENTED), ("Imputed", IMPUTED)] {
        rows.extend(data.one(GroupBy::Basis, basis).map(|row| (name, row)));
    }
    let scale = Scale::linear(rows.iter().map(|(_, row)| row.emissions_kgco2e.p95));
    let marks: Vec<Row> = rows
        .iter()
        .map(|(name, row)| Row {
            label: (*name).to_owned(),
            value: mass(row.emissions_kgco2e.p50),
            more: mass_interval(row.emissions_kgco2e.p05, row.emissions_kgco2e.p95),
            mark: Mark::Point {
                value: row.emissions_kgco2e.p50,
                interval: Some([row.emissions_kgco2e.p05, row.emissions_kgco2e.p95]),
                is_imputed: *name == "Imputed",
            },
        })
        .collect();
    let body: Vec<Vec<Markup>> = rows
        .iter()
        .map(|(name, row)| {
            let kg = row.emissions_kgco2e;
            let cells = kg.values().map(|v| figure(v, tonnes(v)));
            [html! { (name) }, counted(row.models), counted(row.runs)].into_iter().chain(cells).collect()
        })
        .collect();
    let idle = all.models - rows.iter().skip(1).map(|(_, row)| row.models).sum::<i64>();
    let caveat = match idle {
        0 => String::new(),
        1 => "One model owns no run and is in neither part. ".to_owned(),
        n => format!("{} models own no run and are in neither part. ", count(n)),
    };
    let caveat = format!("{caveat}Medians of parts do not add up to the median of the whole; means do.");
    let said: Vec<String> = rows
        .iter()
        .map(|(name, row)| {
            let kg = row.emissions_kgco2e;
            format!("{name}: {}, 90 % interval {}", mass(kg.p50), mass_interval(kg.p05, kg.p95))
        })
        .collect();
    Figure {
        id: "parts",
        title: "Documented and imputed emissions",
        name: said.join(". "),
        reading: "Point: median. Line: the interval that holds the figure with a probability of 90 %. Of documented runs \
                  emissions, energy, chips and hours, or compute are published; of imputed ones a size at most.",
        source: "table aggregates, group_by all and basis",
        caveat: &caveat,
        chart: axis_rows(&marks, &scale, None, mass_tick),
        table: table(
            "Emissions in t CO₂e",
            &["part", "models", "runs", "5th percentile", "median", "95th percentile", "mean"],
            1,
            &body,
        ),
    }
    .markup()
}

fn boundary() -> Markup {
    html! {
        div .aside {
            h3 { "What is counted" }
            p {
                "The electricity of the final training run behind the published weights: accelerators, their hosts and the facility \
                 around them, times the average emissions of the grid where it ran in that year. A run counts once, however many \
                 repositories carry its weights."
            }
            p {
                "Not counted: making the hardware, failed runs and experiments, preparing data, using the model, and contracts for \
                 green power. The section on " a href="#sensitivity" { "sensitivity" } " says what experiments would add, that on " a href="#around" { "hardware and water" } " what surrounds the electricity."
            }
        }
    }
}
