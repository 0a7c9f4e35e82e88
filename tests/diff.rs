//! `diff` names the cause of a change, and its causes add up to it.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use common::graph::{change_between, reference_with, snapshot_of};
use common::{Workspace, sample};
use hugging_carbon::compare::Cause;
use hugging_carbon::reference::Reference;
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
    assert!(text.contains("USA -> "), "{text}");
    let page = workspace.ok(&["diff", old.to_str().unwrap(), new.to_str().unwrap(), "--format", "html"]).stdout;
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("id=\"cause-grid\""), "{}", page.len());
    // Regression: the heading of the figure came two levels below that of the page.
    assert!(page.contains("<h1") && page.contains("<h2 class=\"third\"") && !page.contains("<h3"), "{page}");
}

/// Regression: with another seed the whole change was told as that of the regressions, whose tables were the same to the byte.
#[test]
fn another_seed_is_chance_and_no_regression() {
    let workspace = Workspace::new();
    let old = run(&workspace, &[]);
    let config = workspace.file("p.toml", "[method]\nseed = 7\n");
    let new = run(&workspace, &["--config", config.to_str().unwrap()]);
    for table in ["regressions", "regression_terms", "regression_observations"].map(|table| format!("{table}.parquet")) {
        assert_eq!(std::fs::read(old.join(&table)).unwrap(), std::fs::read(new.join(&table)).unwrap(), "{table}");
    }
    let causes = causes(&workspace, &old, &new);
    let names: Vec<&str> = causes.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["draws"], "{causes:?}");
    let text = workspace.ok(&["diff", old.to_str().unwrap(), new.to_str().unwrap()]).stdout;
    assert!(text.contains("method.seed") && text.contains("20260502"), "the setting is named: {text}");
    assert!(!text.contains("-0.0 %"), "{text}");
}

/// One repository less, one whose card states ten times the emissions, and one that lost its downloads: each is named, the largest first.
#[test]
fn records_that_changed_are_named() {
    let workspace = Workspace::new();
    let old = run(&workspace, &["--source", sample().to_str().unwrap(), "--cards", sample().join("cards").to_str().unwrap()]);
    let gone = "xai-org/grok-1";
    let moved = "xai-org/grok-2";
    let lines: Vec<String> = std::fs::read_to_string(sample().join("models.jsonl"))
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
    let new = run(&workspace, &["--source", source.to_str().unwrap(), "--cards", sample().join("cards").to_str().unwrap()]);
    let causes = causes(&workspace, &old, &new);
    let of = |name: &str| causes.iter().find(|(cause, _)| cause == name).map(|(_, kg)| *kg);
    assert!(of("gone_runs").unwrap() < 0.0 && of("out_of_the_cohort").unwrap() < 0.0, "{causes:?}");
    let largest: Vec<&str> = causes.iter().take(2).map(|(cause, _)| cause.as_str()).collect();
    assert!(largest.contains(&"gone_runs") && largest.contains(&"out_of_the_cohort"), "{causes:?}");
}

/// Size, tokens and compute of Qwen2.5-72B in the registry.
const QWEN: &str = "7.27e10,,1.8e13,tokens,1,7.8e24,";

/// The first reviewed correction, and another one before it.
const FIRST_CORRECTION: &str = "[[correction]]\nmodel_id = \"deepseek-ai/DeepSeek-V3.1-Base\"\n";
const GROK: &str = "[[correction]]\nmodel_id = \"xai-org/grok-2\"\nfield = \"role\"\nexpect = \"pretrained\"\nvalue = \"merge\"\n\
                    reason = \"a test\"\nsource = \"a test\"\n\n";

/// One cell of the table of PUEs, one reviewed correction more, one figure of the registry: each is named first.
#[test]
fn what_changed_in_a_reference_table_is_named_first() {
    let index = sample().join("models.jsonl");
    let dir = tempfile::tempdir().unwrap();
    let old = snapshot_of(&index, dir.path(), &Reference::load().unwrap());
    for (file, from, to, cause, words) in [
        ("pue.csv", "March 2024\",2024,1.2,", "March 2024\",2024,1.4,", Cause::Pue, "1.20 -> 1.40"),
        ("corrections.toml", FIRST_CORRECTION, &format!("{GROK}{FIRST_CORRECTION}"), Cause::Role, "pretrained -> merge"),
        ("training_runs.csv", QWEN, "7.27e10,,1.8e12,tokens,1,7.8e23,", Cause::Evidence, "train_flop 7.8e24 -> 7.8e23"),
    ] {
        let new = snapshot_of(&index, dir.path(), &reference_with(file, from, to));
        let change = change_between(&old, &new);
        let first = change.causes.first().unwrap();
        assert_eq!(first.cause, cause, "{file}: {:?}", change.causes);
        let row = change.rows.iter().find(|row| row.cause == cause).unwrap();
        assert!(row.note.contains(words), "{file}: {row:?}");
        let rest: f64 = change.causes[1..].iter().map(|c| c.change_kgco2e.abs()).sum();
        assert!(rest < 0.2 * first.change_kgco2e.abs(), "{file}: {:?}", change.causes);
    }
}

/// The pages beside an older snapshot tell why, with the figures of `diff`; without it they are the documents.
#[test]
fn pages_made_beside_another_snapshot_tell_what_changed() {
    let workspace = Workspace::new();
    let lines: Vec<String> = std::fs::read_to_string(sample().join("models.jsonl"))
        .unwrap()
        .lines()
        .filter(|line| !line.contains("\"id\":\"xai-org/"))
        .map(str::to_owned)
        .collect();
    let older = workspace.file("older.jsonl", lines.join("\n") + "\n");
    let old = run(&workspace, &["--source", older.to_str().unwrap()]);
    let new = run(&workspace, &["--source", sample().join("models.jsonl").to_str().unwrap()]);
    let causes = causes(&workspace, &old, &new);
    assert_eq!(causes[0].0, "new_runs", "{causes:?}");
    let (page, since) = (workspace.path("page.html"), old.to_str().unwrap());
    let written = |args: &[&str]| {
        workspace.ok(&[args, &[new.to_str().unwrap(), "-o", page.to_str().unwrap()]].concat());
        std::fs::read_to_string(&page).unwrap()
    };
    let all = workspace.data().join("snapshots");
    let report = written(&["report", "--since", since, "--history", all.to_str().unwrap()]);
    assert!(
        report.contains("id=\"cause-new_runs\"") && report.contains("https://huggingface.co/xai-org/grok-1"),
        "{}",
        report.len()
    );
    // Full values stand in `data` elements: those of every cause, and the totals of both snapshots.
    for value in causes.iter().map(|(_, kg)| *kg).chain([headline(&new) - headline(&old)]) {
        let near = |text: &str| text.parse::<f64>().is_ok_and(|shown| (shown - value).abs() <= 1e-9 * headline(&new));
        assert!(report.split("<data value=\"").skip(1).any(|part| near(part.split('"').next().unwrap())), "{value}");
    }
    for snapshot in [&old, &new] {
        assert!(report.contains(&*snapshot.file_name().unwrap().to_string_lossy()));
    }
    let explorer = written(&["explorer", "--since", since]);
    assert!(explorer.contains("\"change\":{\"old\":") && explorer.contains("xai-org/grok-1#pretraining"));
    for name in ["report", "explorer"] {
        assert!(written(&[name]) == std::fs::read_to_string(new.join(format!("{name}.html"))).unwrap(), "{name}");
    }
    // Both are of one index: the one that was published before is the previous one, and nothing came before that.
    let previous = written(&["report", "--since", "previous"]);
    assert!(previous == written(&["report", "--since", since]));
    let ran = workspace.run(&["report", "--since", "previous", since, "-o", page.to_str().unwrap()]);
    assert!(
        ran.status == 1 && ran.stderr.contains("no snapshot was published here before that of the index of 2026-05-19"),
        "{}",
        ran.stderr
    );
}
