//! Why the total changed since another snapshot.

use crate::compare::{Cause, Change, ONE_OF_SEVERAL, Part, Total};
use crate::report::charts::{Figure, Level, Mark, Row, Scale, axis_rows, table};
use crate::report::numbers::{count_of, exact_mass, figure, mass, mass_tick, signed_mass, signed_tonnes, tonnes};
use crate::report::text::{model_link, name, plain};
use crate::report::words;
use maud::{Markup, html};

/// Runs shown of every cause; `diff --format json` has all.
const SHOWN: usize = 50;

pub(super) fn body(change: &Change, level: Level) -> Markup {
    let (old, new) = (&change.old, &change.new);
    html! {
        p .lead {
            "From " (snapshot(old)) " to " (snapshot(new)) " the mean total went from "
            (figure(old.emissions_kgco2e, exact_mass(old.emissions_kgco2e))) " in " (count_of(old.runs)) " runs to "
            (figure(new.emissions_kgco2e, exact_mass(new.emissions_kgco2e))) " in " (count_of(new.runs)) ": "
            (figure(change.change_kgco2e, signed_mass(change.change_kgco2e))) ". The causes below add up to it."
        }
        @if old.edition.cohort != new.edition.cohort {
            p { "The two count different cohorts: models that were " (words::cohort(&old.edition.cohort)) ", and models that were "
                (words::cohort(&new.edition.cohort)) "." }
        }
        @if change.causes.is_empty() {
            p { "The emissions of every run are the same." }
        } @else {
            (waterfall(change, level))
            @for cause in &change.causes {
                (runs_of(change, cause.cause, cause.runs, cause.change_kgco2e))
            }
        }
    }
}

fn snapshot(total: &Total) -> Markup {
    html! { "snapshot " code { (name(&total.edition.snapshot)) } " (method " (total.edition.method_version) ")" }
}

/// A cause in words: `New runs`.
pub(in crate::report) fn title(cause: Cause) -> String {
    match cause {
        Cause::Mfu => "Utilization".to_owned(),
        Cause::Pue => "Facility overhead (PUE)".to_owned(),
        _ => {
            let words = cause.name().replace('_', " ");
            words[..1].to_uppercase() + &words[1..]
        }
    }
}

fn waterfall(change: &Change, level: Level) -> Markup {
    let whole = |total: &Total, which: &str| Row {
        label: format!("{which}, {}", name(&total.edition.index_date)),
        value: mass(total.emissions_kgco2e),
        more: String::new(),
        mark: Mark::Parts { parts: [total.emissions_kgco2e, 0.0], interval: None },
    };
    let mut at = change.old.emissions_kgco2e;
    let mut most = at.max(change.new.emissions_kgco2e);
    let mut rows = vec![whole(&change.old, "Older snapshot")];
    for cause in &change.causes {
        let from = at;
        at += cause.change_kgco2e;
        most = most.max(at);
        rows.push(Row {
            label: title(cause.cause),
            value: signed_mass(cause.change_kgco2e),
            more: format!("{} {}", count_of(cause.runs), if cause.runs == 1 { "run" } else { "runs" }),
            mark: Mark::Step { from, to: at },
        });
    }
    rows.push(whole(&change.new, "Newer snapshot"));
    let said: Vec<String> = change.causes.iter().map(|c| format!("{}: {}", title(c.cause), signed_mass(c.change_kgco2e))).collect();
    let body: Vec<Vec<Markup>> = change
        .causes
        .iter()
        .map(|c| {
            let kg = |kg: f64| figure(kg, signed_tonnes(kg));
            vec![
                html! { a href={ "#cause-" (c.cause.name()) } { (title(c.cause)) } },
                html! { (c.meaning) },
                html! { (count_of(c.runs)) },
                kg(c.change_kgco2e),
                kg(c.up_kgco2e),
                kg(c.down_kgco2e),
                kg(c.through_regressions_kgco2e),
            ]
        })
        .collect();
    Figure {
        id: "causes",
        title: "From total to total, by cause",
        name: format!("Changes of the mean total, the largest first. {}.", said.join("; ")),
        reading: "Each cause begins where the one above it ends. A full bar adds, an empty one takes away. The figures are means: they add up.",
        source: "tables estimates, models, runs and evidence of both snapshots",
        caveat: "A run that changed its role, its tier or its evidence gives its whole change to that; what is left of the others is shared \
                 among the factors of their product by their logarithms. What the regressions move is told under the cause of what they \
                 newly learn from, where that has one cause.",
        chart: axis_rows(&rows, &Scale::linear([most]), None, mass_tick),
        table: table("Causes, t CO₂e", &["cause", "what it is", "runs", "change", "up", "down", "through the regressions"], 2, &body),
    }
    .markup_at(level)
}

fn runs_of(change: &Change, cause: Cause, runs: usize, kg: f64) -> Markup {
    let rows: Vec<&Part> = change.rows.iter().filter(|row| row.cause == cause).take(SHOWN).collect();
    // Runs that only one snapshot counts have nothing to tell of from and to.
    let is_told = rows.iter().any(|row| !row.note.is_empty());
    let head: Vec<&str> = ["run", "from what to what", "older", "newer", "change"]
        .into_iter()
        .filter(|h| is_told || *h != "from what to what")
        .collect();
    let is_part = rows.iter().any(|row| row.is_one_of_several());
    let body: Vec<Vec<Markup>> = rows.into_iter().map(|row| run(row, is_told)).collect();
    let caption = format!("{}: runs, the largest change first, t CO₂e", title(cause));
    html! {
        details id={ "cause-" (cause.name()) } {
            summary { (title(cause)) ": " (signed_mass(kg)) " in " (count_of(runs)) " " (if runs == 1 { "run" } else { "runs" }) }
            (table(&caption, &head, if is_told { 2 } else { 1 }, &body))
            @if is_part { p .note { "Of this table: " (ONE_OF_SEVERAL) "." } }
            @if runs > SHOWN { p .note { "And " (count_of(runs - SHOWN)) " more: " code { "hugging-carbon diff --format json" } "." } }
        }
    }
}

fn run(row: &Part, is_told: bool) -> Vec<Markup> {
    let (model_id, kind) = row.run_id.split_once('#').unwrap_or((&row.run_id, ""));
    let known = |kg: Option<f64>| kg.map_or_else(|| html! { "none" }, |kg| figure(kg, tonnes(kg)));
    let mut cells = vec![html! { (model_link(model_id)) " " span .more { (name(&words::kind_of_id(kind))) } }];
    cells.extend(is_told.then(|| html! { (plain(&row.note)) }));
    cells.extend([known(row.old_kgco2e), known(row.new_kgco2e), figure(row.change_kgco2e, signed_tonnes(row.change_kgco2e))]);
    cells
}
