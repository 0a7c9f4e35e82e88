//! `diff` names the cause of a change, and its causes add up to it.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use common::Workspace;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn run(workspace: &Workspace, args: &[&str]) -> PathBuf {
    workspace.ok(&[&["-q", "run"], args].concat());
    workspace.snapshot()
}

fn headline(snapshot: &Path) -> f64 {
    let manifest: Value = serde_json::from_slice(&std::fs::read(snapshot.join("manifest.json")).unwrap()).unwrap();
    manifest["headline"]["emissions_kgco2e"][3].as_f64().unwrap()
}

/// Name and change of every cause, the largest first; that they add up is checked.
fn causes(workspace: &Workspace, old: &Path, new: &Path) -> Vec<(String, f64)> {
    let text = workspace.ok(&["diff", old.to_str().unwrap(), new.to_str().unwrap(), "--format", "json"]).stdout;
    let diff: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(diff["schema"], "hugging-carbon diff 1");
    let kg = |value: &Value| value["change_kgco2e"].as_f64().unwrap();
    let causes: Vec<(String, f64)> =
        diff["causes"].as_array().unwrap().iter().map(|cause| (cause["cause"].as_str().unwrap().to_owned(), kg(cause))).collect();
    let rows: f64 = diff["rows"].as_array().unwrap().iter().map(kg).sum();
    let change = headline(new) - headline(old);
    let scale = headline(new).max(headline(old));
    for sum in [causes.iter().map(|(_, kg)| kg).sum::<f64>(), rows, kg(&diff)] {
        assert!((sum - change).abs() <= 1e-9 * scale, "{sum} is not {change}");
    }
    causes
}

/// Another intensity of one country's grid: the grid is named first, and nothing else matters.
#[test]
fn another_grid_value_is_named_first() {
    let workspace = Workspace::new();
    let old = run(&workspace, &[]);
    let row = "USA,x,USA,2024,500,lifecycle,consumption,test table,none,2026,\n";
    workspace.file("grid.csv", format!("place,name,country,year,gco2e_per_kwh,basis,flow,source,licence,vintage,note\n{row}"));
    let config = workspace.file("p.toml", "[reference]\nextra_grid = \"grid.csv\"\n");
    let new = run(&workspace, &["--config", config.to_str().unwrap()]);
    let causes = causes(&workspace, &old, &new);
    assert_eq!(causes[0].0, "grid", "{causes:?}");
    let rest: f64 = causes[1..].iter().map(|(_, kg)| kg.abs()).sum();
    assert!(rest < 0.02 * causes[0].1.abs(), "{causes:?}");
    let text = workspace.ok(&["diff", old.to_str().unwrap(), new.to_str().unwrap()]).stdout;
    assert!(text.contains("(USA -> USA)"), "{text}");
    let page = workspace.ok(&["diff", old.to_str().unwrap(), new.to_str().unwrap(), "--format", "html"]).stdout;
    assert!(page.starts_with("<!doctype html>") && page.contains("<h2 id=\"grid\">"), "{page}");
}

/// One repository less, one whose card states ten times the emissions, and one that lost its downloads: each is named, the largest first.
#[test]
fn records_that_changed_are_named() {
    let workspace = Workspace::new();
    let old = run(
        &workspace,
        &["--source", common::sample().to_str().unwrap(), "--cards", common::sample().join("cards").to_str().unwrap()],
    );
    let gone = "xai-org/grok-1";
    let moved = "xai-org/grok-2";
    let lines: Vec<String> = std::fs::read_to_string(common::sample().join("models.jsonl"))
        .unwrap()
        .lines()
        .filter_map(|line| {
            let mut record: Value = serde_json::from_str(line).unwrap();
            let id = record["id"].as_str().unwrap().to_owned();
            if id == moved {
                record["downloadsAllTime"] = 1.into();
            }
            (id != gone).then(|| record.to_string())
        })
        .collect();
    let source = workspace.file("models.jsonl", lines.join("\n") + "\n");
    let new = run(&workspace, &["--source", source.to_str().unwrap(), "--cards", common::sample().join("cards").to_str().unwrap()]);
    let causes = causes(&workspace, &old, &new);
    let of = |name: &str| causes.iter().find(|(cause, _)| cause == name).map(|(_, kg)| *kg);
    assert!(of("gone_runs").unwrap() < 0.0 && of("out_of_the_cohort").unwrap() < 0.0, "{causes:?}");
    let largest: Vec<&str> = causes.iter().take(2).map(|(cause, _)| cause.as_str()).collect();
    assert!(largest.contains(&"gone_runs") && largest.contains(&"out_of_the_cohort"), "{causes:?}");
}
