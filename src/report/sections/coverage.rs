//! What the records of the cohort tell, and what was refused.

use crate::domain::{GroupBy, Role};
use crate::report::About;
use crate::report::charts::table;
use crate::report::data::{Carried, Data};
use crate::report::numbers::{counted, figure, mass, percent, tonnes};
use crate::report::text::named;
use crate::report::words;
use maud::{Markup, html};

/// Reasons of refusal listed.
const REASONS: usize = 12;

pub(super) fn body(data: &Data, about: &About) -> Markup {
    html! {
        p .lead {
            @if let Some(index) = &data.index {
                "The index holds " (counted(index.models)) " repositories and " (counted(index.runs)) " training runs; with all of them, \
                 also those below the threshold, the median is "
                (figure(index.emissions_kgco2e.p50, mass(index.emissions_kgco2e.p50))) " CO₂e. "
            }
            "An index that lacks part of the Hub lacks its runs: the total is that of this index."
        }
        (records(data))
        (roles(data))
        (refused(data, about))
    }
}

fn records(data: &Data) -> Markup {
    let body = rows_of(data, GroupBy::Coverage, |group| words::group(GroupBy::Coverage, group));
    html! {
        div .table-block id="records" {
            h3 { "Records that tell role, size and date" }
            p .reading { "A role is told if something certain decides it; else it is a matter of probabilities." }
            (table("What the records of the cohort tell", &["told", "models", "runs", "t CO₂e, mean", "share of emissions"], 1, &body))
            p .note { "Source: table aggregates, group_by coverage." }
        }
    }
}

fn roles(data: &Data) -> Markup {
    let word = |group: &str| Role::parse(group).map_or_else(|| group.to_owned(), |role| words::role(role).to_owned());
    let body = rows_of(data, GroupBy::Role, word);
    html! {
        div .table-block id="by-role" {
            h3 { "What the repositories are" }
            p .reading { "What is certainly a copy, a merge or quantized weights owns no run and adds nothing, unless it carries the pre-training of an \
                original that the index does not hold. Where the role is a matter of probabilities the likeliest is named here, and the run that \
                the repository may own counts by its probability: so a run may stand beside a role that trains nothing." }
            (table("Repositories of the cohort by role", &["role", "models", "runs", "t CO₂e, mean", "share of emissions"], 1, &body))
            (carried(data))
            p .note { "Source: table aggregates, group_by role." }
        }
    }
}

/// How much of what stands beside a role is the pre-training of somebody else: no training of that role.
fn carried(data: &Data) -> Markup {
    let said = |(role, carried): (&Role, &Carried)| {
        let (runs, kg) = (carried.runs, carried.emissions_kgco2e);
        let share = if data.emissions_kgco2e > 0.0 { kg / data.emissions_kgco2e } else { 0.0 };
        html! {
            li {
                (words::role(*role)) ": " (counted(runs)) " of the runs, " (figure(kg, mass(kg))) " or " (figure(share, percent(share)))
                " of all emissions"
            }
        }
    };
    html! {
        @if !data.carried.is_empty() {
            p { "Not all of it was trained as the role says. Pre-trainings of originals that the index does not hold, with the repository that carries them:" }
            ul #carried { @for one in &data.carried { (said(one)) } }
        }
    }
}

/// Groups with models, runs, emissions and their share, the one of most models first.
fn rows_of(data: &Data, by: GroupBy, word: impl Fn(&str) -> String) -> Vec<Vec<Markup>> {
    let mut rows: Vec<_> = data.group(by).iter().collect();
    rows.sort_by(|a, b| b.models.cmp(&a.models).then_with(|| a.group.cmp(&b.group)));
    rows.iter()
        .map(|row| {
            let kg = row.emissions_kgco2e;
            vec![
                named(&word(&row.group)),
                counted(row.models),
                counted(row.runs),
                figure(kg.mean, tonnes(kg.mean)),
                figure(row.share_of_total, percent(row.share_of_total)),
            ]
        })
        .collect()
}

fn refused(data: &Data, about: &About) -> Markup {
    let mut reasons: Vec<(&String, &i64)> = data.quarantine.iter().collect();
    reasons.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    let body: Vec<Vec<Markup>> = reasons.iter().take(REASONS).map(|(why, n)| vec![named(why), counted(**n)]).collect();
    let [read, refused] = about.records.map(|n| counted(i64::try_from(n).unwrap_or(i64::MAX)));
    html! {
        details #refused {
            summary { "Records and fields that could not be used" }
            p { (read) " records were read, " (refused) " of them refused as a whole. Fields that cannot be used become unknown." }
            @if body.is_empty() { p { "Every field was usable." } } @else {
                (table("Reasons, the most frequent first", &["reason", "rows"], 1, &body))
            }
            p .note { "Source: table quarantine." }
        }
    }
}
