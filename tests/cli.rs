//! What a person sees: every command on the embedded sample.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use common::{Workspace, text_settings};
use std::sync::OnceLock;

/// One run of the sample, shared by the tests that only read it.
fn sample() -> &'static (Workspace, String) {
    static SAMPLE: OnceLock<(Workspace, String)> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let workspace = Workspace::new();
        let ran = workspace.ok(&["run", "--threads", "2"]);
        (workspace, ran.stdout)
    })
}

fn check(name: &str, text: &str) {
    text_settings().bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn run_prints_the_headline() {
    check("run", &sample().1);
}

/// The README's figures were once those of an earlier method.
#[test]
fn the_readme_shows_what_run_prints() {
    let readme = include_str!("../README.md");
    let printed = &sample().1;
    let headline = &printed[printed.find("Cohort ").unwrap()..printed.find("\n\nShare of emissions").unwrap()];
    assert!(headline.contains("t CO2e") && readme.contains(headline), "README.md should hold:\n{headline}");
}

#[test]
fn a_second_run_has_nothing_to_do_and_says_the_same() {
    let (workspace, first) = sample();
    let again = workspace.ok(&["run"]);
    assert_eq!(&again.stdout, first);
    assert_eq!(again.stderr.matches("fresh, skipped").count(), 7, "{}", again.stderr);
}

#[test]
fn status_shows_stages_tables_and_digests() {
    check("status", &sample().0.ok(&["status"]).stdout);
}

#[test]
fn status_says_why_a_stage_is_stale() {
    let workspace = Workspace::new();
    check("status_before_any_run", &workspace.ok(&["status"]).stdout);
    workspace.ok(&["-q", "run", "--until", "tier"]);
    let config = workspace.file("other.toml", "[cohort]\nmin = 10\n");
    let status = workspace.ok(&["status", "--config", config.to_str().unwrap()]).stdout;
    assert!(status.contains("settings (cohort.min) changed") && status.contains("stage normalize before it is stale"), "{status}");
}

#[test]
fn fit_prints_regressions_and_backtest() {
    check("fit", &sample().0.ok(&["fit"]).stdout);
}

#[test]
fn estimate_prints_what_stands_in() {
    check("estimate", &sample().0.ok(&["estimate"]).stdout);
}

#[test]
fn reference_check_prints_rules_and_coverage() {
    check("reference_check", &Workspace::new().ok(&["reference", "check"]).stdout);
}

/// A grid table of one's own goes before the built-in one, is pinned by digest, and a broken one is refused with its row.
#[test]
fn an_extra_grid_table_speaks_first_and_is_pinned() {
    let workspace = Workspace::new();
    let header = "place,name,country,year,gco2e_per_kwh,basis,flow,source,licence,vintage,note\n";
    let row = |place: &str, g: &str| format!("{place},x,FRA,2022,{g},lifecycle,consumption,test table,none,2026,\n");
    let grid = workspace.file("grid.csv", format!("{header}{}", row("FRA", "12.5")));
    let config = workspace.file("p.toml", "[reference]\nextra_grid = \"grid.csv\"\n");
    let args = ["-q", "run", "--config", config.to_str().unwrap()];
    workspace.ok(&args);
    let snapshot = workspace.snapshot();
    let estimates: Vec<hugging_carbon::tables::EstimateRow> = common::table(&snapshot);
    let bloom = estimates.iter().find(|e| e.model_id == "bigscience/bloom").unwrap();
    assert_eq!((bloom.grid_gco2e_per_kwh, bloom.grid_source.as_deref()), (Some(12.5), Some("test table")));
    let manifest = std::fs::read_to_string(snapshot.join("manifest.json")).unwrap();
    assert!(manifest.contains("\"extra_grid\""), "{manifest}");
    workspace.ok(&["audit", snapshot.to_str().unwrap(), "--config", config.to_str().unwrap()]);
    let without = workspace.run(&["audit", snapshot.to_str().unwrap()]);
    assert!(without.status == 1 && without.stderr.contains("extra_grid"), "{}", without.stderr);
    for (bad, expected) in [(row("FRA", "-1"), "out of range"), (row("FRA", "cold"), "row 2"), (row("FRA", "9").repeat(2), "twice")]
    {
        std::fs::write(&grid, format!("{header}{bad}")).unwrap();
        let ran = workspace.run(&args);
        assert!(ran.status == 1 && ran.stderr.contains(expected) && ran.stderr.contains("grid.csv"), "{}", ran.stderr);
    }
    std::fs::remove_file(&grid).unwrap();
    assert_eq!(workspace.run(&args).status, 1);
}

/// A reported model, a registry model, one with nothing but its size, a merge and a quantized copy.
#[test]
fn explain_reads_as_a_calculation() {
    let workspace = &sample().0;
    for (name, id) in [
        ("reported", "dalle-mini/dalle-mini"),
        ("registry", "meta-llama/Llama-3.1-8B"),
        ("size_only", EXPLAIN_SIZE_ONLY),
        ("merge", EXPLAIN_MERGE),
        ("quantized", EXPLAIN_QUANTIZED),
    ] {
        check(&format!("explain_{name}"), &workspace.ok(&["explain", id]).stdout);
    }
}

#[test]
fn explain_finds_ids_in_any_case_and_suggests_near_ones() {
    let workspace = &sample().0;
    let exact = workspace.ok(&["explain", "dalle-mini/dalle-mini"]).stdout;
    assert_eq!(workspace.ok(&["explain", "Dalle-Mini/DALLE-mini"]).stdout, exact);
    let unknown = workspace.run(&["explain", "nobody/Llama-3.1-8B"]);
    assert_eq!(unknown.status, 1);
    assert!(unknown.stderr.contains("did you mean: meta-llama/Llama-3.1-8B,"), "{}", unknown.stderr);
}

#[test]
fn audit_rebuilds_the_snapshot() {
    let workspace = &sample().0;
    check("audit", &workspace.ok(&["-q", "audit", "data/snapshots/latest"]).stdout);
}

#[test]
fn diff_compares_two_snapshots() {
    let workspace = Workspace::new();
    workspace.ok(&["-q", "run"]);
    let old = workspace.snapshot();
    let config = workspace.file("wide.toml", "[cohort]\nmin = 100\n");
    workspace.ok(&["-q", "run", "--config", config.to_str().unwrap()]);
    let new = workspace.snapshot();
    assert_ne!(old, new);
    check("diff", &workspace.ok(&["diff", old.to_str().unwrap(), new.to_str().unwrap()]).stdout);
    let same = workspace.ok(&["diff", old.to_str().unwrap(), old.to_str().unwrap()]).stdout;
    assert!(same.contains("The emissions of every run are the same.") && !same.contains("changed"), "{same}");
}

#[test]
fn logs_as_text_and_as_json() {
    let workspace = Workspace::new();
    let text = workspace.ok(&["run", "--until", "ingest"]).stderr;
    assert!(text.contains("started stage=\"ingest\"") && text.contains("done stage=\"ingest\""), "{text}");
    let json = workspace.ok(&["--log-format", "json", "run", "--until", "ingest"]).stderr;
    for line in json.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(value["timestamp"].is_string() && value["fields"]["stage"].is_string(), "{line}");
    }
    assert!(workspace.ok(&["-q", "run", "--until", "ingest"]).stderr.is_empty());
}

#[test]
fn verbose_run_says_where_each_setting_comes_from() {
    let workspace = Workspace::new();
    workspace.file("pipeline.toml", "[cohort]\nmin = 100\n");
    let output =
        workspace.command().env("HUGGING_CARBON_METHOD_DRAWS", "200").args(["run", "-v", "--until", "ingest"]).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    for line in ["cohort.min                      100                   pipeline.toml", "HUGGING_CARBON_METHOD_DRAWS", "default"] {
        assert!(stdout.contains(line), "{line:?} in\n{stdout}");
    }
}

#[test]
fn wrong_usage_exits_2_and_help_exits_0() {
    let workspace = Workspace::new();
    assert_eq!(workspace.run(&["run", "--until", "nonsense"]).status, 2);
    assert_eq!(workspace.run(&["frobnicate"]).status, 2);
    assert_eq!(workspace.run(&["--threads", "0", "run"]).status, 2);
    check("help", &workspace.ok(&["--help"]).stdout);
    assert!(workspace.ok(&["--version"]).stdout.starts_with("hugging-carbon "));
}

#[test]
fn a_stage_alone_needs_the_ones_before_it() {
    let workspace = Workspace::new();
    let ran = workspace.run(&["tier"]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.stderr.contains("stage 'fetch', which 'tier' builds on, is not fresh") && ran.stderr.contains("run --until tier"),
        "{}",
        ran.stderr
    );
    for stage in ["ingest", "normalize", "tier", "fit", "estimate", "snapshot"] {
        workspace.ok(&["-q", stage]);
    }
    workspace.ok(&["-q", "audit", "data/snapshots/latest"]);
    // Another threshold makes normalize stale: a snapshot of the old tables could not be rebuilt.
    let config = workspace.file("other.toml", "[cohort]\nmin = 10\n");
    let ran = workspace.run(&["snapshot", "--config", config.to_str().unwrap()]);
    assert!(ran.status == 1 && ran.stderr.contains("stage 'normalize'"), "{}", ran.stderr);
}

/// docs/nightly.md describes the fields, and that the status is 0 either way.
#[test]
fn status_for_programs_says_what_is_stale_and_who_is_at_work() {
    let workspace = Workspace::new();
    let status = || -> serde_json::Value { serde_json::from_str(&workspace.ok(&["status", "--format", "json"]).stdout).unwrap() };
    let empty = status();
    assert_eq!(
        (&empty["format"], &empty["latest"], &empty["at_work"]),
        (&1.into(), &serde_json::Value::Null, &serde_json::Value::Null)
    );
    assert!(
        empty["stages"]
            .as_array()
            .unwrap()
            .iter()
            .all(|stage| stage["state"] == "stale" && stage["tables"] == serde_json::json!([]))
    );
    workspace.ok(&["-q", "run", "--until", "ingest"]);
    let lease =
        "{\"host\":\"another-host\",\"process\":7,\"started\":\"x/1\",\"taken_at\":\"2026-03-10T00:00:00Z\",\"has_lock\":false}\n";
    std::fs::write(workspace.data().join("work/lease.json"), lease).unwrap();
    let some = status();
    assert_eq!(some["at_work"], serde_json::json!({"host": "another-host", "process": 7, "since": "2026-03-10T00:00:00Z"}));
    let ingest = &some["stages"][1];
    assert_eq!((&ingest["stage"], &ingest["state"], &ingest["why"]), (&"ingest".into(), &"fresh".into(), &serde_json::Value::Null));
    let rows = ingest["tables"].as_array().unwrap().iter().find(|table| table["table"] == "raw_models").unwrap();
    assert!(rows["rows"].as_u64() > Some(100) && rows["sha256"].as_str().unwrap().len() == 64, "{rows}");
    assert_eq!((&some["stages"][2]["state"], some["stages"][2]["why"].is_string()), (&"stale".into(), true));
    let text = workspace.ok(&["status"]).stdout;
    assert!(text.starts_with("Another hugging-carbon is at work here: process 7 on another-host"), "{text}");
}

/// Regression: `status` once laid the embedded sample down in an empty directory.
#[test]
fn status_writes_nothing() {
    let workspace = Workspace::new();
    workspace.ok(&["status"]);
    assert!(!workspace.data().exists());
}

const EXPLAIN_SIZE_ONLY: &str = "google/gemma-4-31B";
const EXPLAIN_MERGE: &str = "gz987/qwen2.5-7b-cabs-v0.3";
const EXPLAIN_QUANTIZED: &str = "TheBloke/Mistral-7B-Instruct-v0.1-GGUF";

/// Completions know the commands, man pages are one per command; neither depends on the environment.
#[test]
fn generate_makes_completions_and_man_pages() {
    let workspace = Workspace::new();
    for (shell, word) in [("bash", "complete -F"), ("zsh", "#compdef"), ("fish", "complete -c hugging-carbon")] {
        let script = workspace.ok(&["generate", "completions", shell]).stdout;
        assert!(script.contains(word) && script.contains("explain"), "{shell}: {script}");
    }
    workspace.ok(&["generate", "man", "share/man1"]);
    let page = |name: &str| std::fs::read_to_string(workspace.path(&format!("share/man1/{name}.1"))).unwrap();
    assert!(page("hugging-carbon").contains("hugging\\-carbon\\-explain(1)"), "{}", page("hugging-carbon"));
    assert!(page("hugging-carbon-reference-check").contains("\\-\\-strict"), "{}", page("hugging-carbon-reference-check"));
    workspace.command().args(["generate", "man", "again"]).env("HUGGING_CARBON_THREADS", "3").assert().success();
    let again = std::fs::read_to_string(workspace.path("again/hugging-carbon-run.1")).unwrap();
    assert_eq!(again, page("hugging-carbon-run"));
    let refused = workspace.run(&["generate", "man", "share/man1/hugging-carbon.1/below"]);
    assert!(refused.status == 1 && refused.stderr.contains("below"), "{}", refused.stderr);
}

/// Regression: what a flag states wrongly ended with 1, where the documents say 2.
#[test]
fn wrong_values_of_flags_are_wrong_usage() {
    let workspace = &sample().0;
    for (args, says) in [
        (&["explain", "--params", "7B", "--country", "Atlantis"][..], "Atlantis"),
        (&["explain", "--accelerator", "Quantum 9000", "--hours", "3"], "Quantum 9000"),
        (&["explain", "--params", "7B", "--active-params", "70B"], "--active-params"),
        (&["explain", "--params", "1,500B"], "1,500"),
        (&["explain", "--flop", "1e-3"], "no training"),
        (&["publish", "data/snapshots/latest", "--repo", "bad", "--dry-run"], "owner/name"),
    ] {
        let ran = workspace.run(args);
        assert!(ran.status == 2 && ran.stderr.contains(says), "{args:?}: {} {}", ran.status, ran.stderr);
    }
}

/// Regression: `report -o -` wrote a file called "-".
#[test]
fn a_page_goes_to_standard_output() {
    let workspace = &sample().0;
    for command in ["report", "explorer"] {
        let page = workspace.ok(&[command, "-o", "-"]).stdout;
        assert!(page.starts_with("<!DOCTYPE html>") && page.trim_end().ends_with("</html>"), "{command}");
    }
    assert!(!workspace.path("-").exists());
}

/// Regression: a tag that is not there was taken away in silence, with 0.
#[test]
fn a_tag_that_is_not_there_is_an_error() {
    let ran = sample().0.run(&["tag", "latest", "nosuch", "--delete"]);
    assert!(ran.status == 1 && ran.stderr.contains("no tag 'nosuch'") && ran.stderr.contains("way out"), "{}", ran.stderr);
}

/// Regression: HUGGING_CARBON_COHORT_MNI=7 was ignored in silence.
#[test]
fn a_misspelt_variable_is_refused() {
    let ran = sample().0.command().args(["status"]).env("HUGGING_CARBON_COHORT_MNI", "7").output().unwrap();
    let text = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.code() == Some(1) && text.contains("write HUGGING_CARBON_COHORT_MIN"), "{text}");
}
