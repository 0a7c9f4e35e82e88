//! What changed, for a terminal.

use crate::cli::text::{count, number, percent, table};
use hugging_carbon::compare::{CauseTotal, Change, ONE_OF_SEVERAL, Part};
use hugging_carbon::stages::snapshot::manifest::Manifest;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Rows shown of every cause; `--format json` has all.
const SHOWN: usize = 5;

/// Totals side by side, why they differ, and rows per table. Writing to a String cannot fail.
pub fn text(change: &Change, before: &Manifest, after: &Manifest) -> String {
    let mut out = format!("{} -> {}\n\n", change.old.edition.snapshot, change.new.edition.snapshot);
    out.push_str(&headline(before, after));
    out.push_str(&settings(before, after));
    out.push('\n');
    out.push_str(&why(change));
    out.push('\n');
    out.push_str(&tables(before, after));
    out
}

fn headline(before: &Manifest, after: &Manifest) -> String {
    let (a, b) = (&before.headline, &after.headline);
    let mean = |label: &str, x: f64, y: f64| vec![label.to_owned(), number(x), number(y), number(y - x)];
    let counts = |label: &str, x: i64, y: i64| {
        let sign = if y < x { "-" } else { "" };
        vec![label.to_owned(), count(x.unsigned_abs()), count(y.unsigned_abs()), format!("{sign}{}", count(x.abs_diff(y)))]
    };
    let mut totals = vec![
        counts("models", a.models, b.models),
        counts("runs", a.runs, b.runs),
        mean("emissions, t CO2e (mean)", a.emissions_kgco2e[3] / 1e3, b.emissions_kgco2e[3] / 1e3),
        mean("energy, MWh (mean)", a.energy_kwh[3] / 1e3, b.energy_kwh[3] / 1e3),
        mean("compute, FLOP (mean)", a.train_flop[3], b.train_flop[3]),
    ];
    if a.cohort != b.cohort {
        totals.insert(0, vec!["cohort".into(), a.cohort.clone(), b.cohort.clone(), String::new()]);
    }
    table(&["headline", "old", "new", "change"], &totals, 1)
}

/// Settings that differ, a line each; nothing where none does.
fn settings(before: &Manifest, after: &Manifest) -> String {
    let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
    flat("", &before.config, &mut old);
    flat("", &after.config, &mut new);
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let said = |value: Option<&String>| value.cloned().unwrap_or_else(|| "-".to_owned());
    let lines: Vec<Vec<String>> = keys
        .into_iter()
        .filter(|key| old.get(*key) != new.get(*key))
        .map(|key| vec![key.clone(), said(old.get(key)), said(new.get(key))])
        .collect();
    if lines.is_empty() { String::new() } else { format!("\n{}", table(&["setting", "old", "new"], &lines, 1)) }
}

/// Keys of a tree of settings with their values, `method.seed`.
fn flat(prefix: &str, value: &Value, out: &mut BTreeMap<String, String>) {
    if let Value::Object(fields) = value {
        for (key, value) in fields {
            flat(&if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") }, value, out);
        }
    } else {
        out.insert(prefix.to_owned(), value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
}

fn why(change: &Change) -> String {
    if change.causes.is_empty() {
        return "The emissions of every run are the same.\n".to_owned();
    }
    let tonnes = |kg: f64| number(kg / 1e3);
    let share =
        |kg: f64| if change.old.emissions_kgco2e > 0.0 { percent(kg / change.old.emissions_kgco2e) } else { "-".to_owned() };
    let mut lines: Vec<Vec<String>> = change
        .causes
        .iter()
        .map(|c| {
            let kg = c.change_kgco2e;
            let through = c.through_regressions_kgco2e;
            vec![
                c.cause.name().to_owned(),
                count(c.runs as u64),
                tonnes(kg),
                share(kg),
                tonnes(c.up_kgco2e),
                tonnes(c.down_kgco2e),
                if through == 0.0 { "-".to_owned() } else { tonnes(through) },
            ]
        })
        .collect();
    let sum = |of: fn(&CauseTotal) -> f64| change.causes.iter().map(of).sum::<f64>();
    let (up, down, through) = (sum(|c| c.up_kgco2e), sum(|c| c.down_kgco2e), sum(|c| c.through_regressions_kgco2e));
    let all = change.change_kgco2e;
    lines.push(vec!["all".to_owned(), String::new(), tonnes(all), share(all), tonnes(up), tonnes(down), tonnes(through)]);
    let mut out = String::from("Why the emissions changed (mean, t CO2e; shares of the old total)\n");
    out.push_str(&table(&["cause", "runs", "change", "share", "up", "down", "through regressions"], &lines, 1));
    let shown = |cause: &CauseTotal| {
        let cause = cause.cause;
        change.rows.iter().filter(move |row| row.cause == cause).take(SHOWN)
    };
    for cause in &change.causes {
        let _ = writeln!(out, "\n{}: {}", cause.cause.name(), cause.meaning);
        let kg = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), tonnes);
        let rows: Vec<Vec<String>> = shown(cause)
            .map(|row| {
                vec![row.run_id.clone(), row.note.clone(), kg(row.old_kgco2e), kg(row.new_kgco2e), tonnes(row.change_kgco2e)]
            })
            .collect();
        out.push_str(&table(&["run", "from what to what", "old", "new", "change"], &rows, 2));
        if shown(cause).any(Part::is_one_of_several) {
            let _ = writeln!(out, "  {ONE_OF_SEVERAL}");
        }
        if cause.runs > SHOWN {
            let _ = writeln!(out, "  and {} more (--format json has all)", cause.runs - SHOWN);
        }
    }
    out
}

fn tables(before: &Manifest, after: &Manifest) -> String {
    let row = |(table, entry): (&String, &hugging_carbon::stages::snapshot::manifest::TableEntry)| {
        let old = before.tables.get(table);
        let same = old.is_some_and(|o| o.receipt.sha256 == entry.receipt.sha256);
        vec![
            table.clone(),
            count(old.map_or(0, |o| o.receipt.rows)),
            count(entry.receipt.rows),
            if same { "same bytes" } else { "changed" }.to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = after.tables.iter().map(row).collect();
    table(&["table", "old rows", "new rows", ""], &rows, 1)
}
