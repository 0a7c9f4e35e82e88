//! A stage is rebuilt for exactly what it declares: one cell of one reference table, one commit of a source.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use common::graph::{graph_on, settings};
use common::{Workspace as Directory, sample};
use hugging_carbon::domain::CohortMetric;
use hugging_carbon::engine::{self, Freshness, Reports, Step, Wanted, Workspace};
use hugging_carbon::reference::Reference;
use hugging_carbon::stages;
use hugging_carbon::stages::fetch::IndexSource;
use std::collections::BTreeMap;
use std::path::Path;

/// The graph on the sample's records in a data directory, as taken from `revision`.
fn graph(data: &Path, revision: Option<&str>, reference: &Reference) -> Vec<Box<dyn Step>> {
    graph_on(&sample().join("models.jsonl"), data, revision, reference)
}

fn whole() -> Wanted<'static> {
    Wanted { from: None, until: "snapshot" }
}

/// What each stage says of its freshness.
fn told(workspace: &Workspace, graph: &[Box<dyn Step>]) -> Vec<(&'static str, Option<String>)> {
    let why = |freshness| match freshness {
        Freshness::Fresh => None,
        Freshness::Stale(why) => Some(why),
    };
    engine::status(workspace, graph).unwrap().into_iter().map(|(name, fresh, _)| (name, why(fresh))).collect()
}

/// Records and cards are not read again for a figure that only estimates use.
#[test]
fn one_cell_of_pue_csv_leaves_ingest_normalize_and_tier_fresh() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = Workspace { work: dir.path().join("work"), interactive: false, reports: Reports::default() };
    let reference = Reference::load().unwrap();
    let before = graph(dir.path(), None, &reference);
    let ran = engine::run(&workspace, &before, whole(), false).unwrap();
    assert_eq!(ran, stages::NAMES);
    assert!(told(&workspace, &before).iter().all(|(_, why)| why.is_none()));

    let table = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/reference/pue.csv")).unwrap();
    // Google's environmental report: 1.10 in 2021.
    let changed = table.replacen(",2021,1.1,", ",2021,1.11,", 1);
    assert_ne!(changed, table);
    let after = graph(dir.path(), None, &Reference::load_replacing([("pue.csv", changed)]).unwrap());
    let told = told(&workspace, &after);
    for (stage, why) in &told {
        match *stage {
            "fetch" | "ingest" | "normalize" | "tier" => assert_eq!(*why, None, "{stage}"),
            "fit" => assert_eq!(why.as_deref(), Some("reference file pue.csv changed")),
            _ => assert!(why.is_some(), "{stage}"),
        }
    }
    let ran = engine::run(&workspace, &after, whole(), false).unwrap();
    assert_eq!(ran, ["fit", "estimate", "snapshot"]);
}

/// The same bytes at a new commit are another source: what the manifest pins is rebuilt.
#[test]
fn an_undeclared_revision_cannot_stay_in_the_manifest() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = Workspace { work: dir.path().join("work"), interactive: false, reports: Reports::default() };
    let reference = Reference::load().unwrap();
    let manifest = || std::fs::read_to_string(dir.path().join("snapshots/latest/manifest.json")).unwrap();
    engine::run(&workspace, &graph(dir.path(), Some("owner/index@aaaa"), &reference), whole(), false).unwrap();
    assert!(manifest().contains("owner/index@aaaa"));
    let second = graph(dir.path(), Some("owner/index@bbbb"), &reference);
    let ran = engine::run(&workspace, &second, whole(), false).unwrap();
    assert!(manifest().contains("owner/index@bbbb") && !manifest().contains("owner/index@aaaa"), "{ran:?}");
    // The tables follow from the records, which are the same: only what carries the revision ran.
    assert_eq!(ran, ["fetch", "ingest", "snapshot"]);
}

/// What an earlier stage left is rebuilt when something else changed it.
#[test]
fn a_table_that_something_else_changed_is_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = Workspace { work: dir.path().join("work"), interactive: false, reports: Reports::default() };
    let steps = graph(dir.path(), None, &Reference::load().unwrap());
    engine::run(&workspace, &steps, whole(), false).unwrap();
    std::fs::write(workspace.work.join("tiers.parquet"), b"not a table").unwrap();
    let told = told(&workspace, &steps);
    assert_eq!(told[3], ("tier", Some("tiers.parquet was changed by something else".to_owned())));
    // The same bytes come out again, so that nothing behind it runs.
    assert_eq!(engine::run(&workspace, &steps, whole(), false).unwrap(), ["tier"]);
}

/// Stages that are stale of themselves, not because one before them is.
fn stale_themselves(workspace: &Workspace, graph: &[Box<dyn Step>]) -> Vec<&'static str> {
    let of_itself = |why: &Option<String>| why.as_ref().is_some_and(|why| !why.ends_with("before it is stale"));
    told(workspace, graph).into_iter().filter(|(_, why)| of_itself(why)).map(|(name, _)| name).collect()
}

/// What each file of data/reference makes stale is what docs/architecture.md says. Regression: any value of a grid table made normalize read
/// all cards anew.
#[test]
fn each_reference_file_makes_stale_what_the_page_says() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = Workspace { work: dir.path().join("work"), interactive: false, reports: Reports::default() };
    let before = graph(dir.path(), None, &Reference::load().unwrap());
    engine::run(&workspace, &before, whole(), false).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in std::fs::read_dir(root.join("data/reference")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".md") {
            continue;
        }
        // Other bytes of the same content: what declares the file is stale.
        let text = std::fs::read_to_string(root.join("data/reference").join(&name)).unwrap().replace('\n', "\r\n");
        let after = graph(dir.path(), None, &Reference::load_replacing([(name.as_str(), text)]).unwrap());
        found.entry(stale_themselves(&workspace, &after).join(", ")).or_default().push(name);
    }
    let mut lines: Vec<String> = found
        .into_iter()
        .map(|(stages, mut files)| {
            files.sort();
            format!("| {} | {stages} |", files.join(", "))
        })
        .collect();
    lines.sort();
    let page = std::fs::read_to_string(root.join("docs/architecture.md")).unwrap();
    for line in &lines {
        assert!(page.contains(line.as_str()), "docs/architecture.md, \"Stages\", should say:\n{}", lines.join("\n"));
    }
}

/// A limit decides whether something is read or published, and not what. Regression: `max_shrink_fraction` raised for one night made two
/// needless snapshots, and `max_quarantine_fraction` read the index again.
#[test]
fn a_limit_makes_nothing_stale_unless_it_refuses_what_was_read() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = Workspace { work: dir.path().join("work"), interactive: false, reports: Reports::default() };
    let index = dir.path().join("index.jsonl");
    let records = std::fs::read_to_string(sample().join("models.jsonl")).unwrap();
    std::fs::write(&index, format!("{records}{{\"no id\": 1}}\n")).unwrap();
    let graph = |limits: [f64; 2], metric| {
        let mut settings =
            settings(IndexSource::Path { path: index.clone(), revision: None }, dir.path(), CohortMetric::DownloadsAllTime, 100);
        [settings.ingest.max_quarantine_fraction, settings.snapshot.max_shrink_fraction] = limits;
        settings.ingest.metric = metric;
        stages::graph(settings, &Reference::load().unwrap())
    };
    let metric = CohortMetric::DownloadsAllTime;
    engine::run(&workspace, &graph([0.05, 0.05], metric), whole(), false).unwrap();
    for limits in [[0.05, 0.5], [0.5, 0.05], [0.9, 0.9]] {
        assert_eq!(told(&workspace, &graph(limits, metric)).into_iter().find(|(_, why)| why.is_some()), None, "{limits:?}");
    }
    let strict = told(&workspace, &graph([0.0, 0.05], metric));
    assert_eq!(strict[1], ("ingest", Some("more was refused than limits.max_quarantine_fraction allows".to_owned())));
    // The other count decides of another cohort, and whether the index has it is known.
    assert_eq!(told(&workspace, &graph([0.05, 0.05], CohortMetric::Downloads30d))[1], ("ingest", None));
}

/// Regression: another order of the rows of `extra_grid`, or other line ends, redid everything from normalize on and made another snapshot; one
/// value made normalize read all cards again.
#[test]
fn of_an_extra_grid_table_its_content_counts() {
    let directory = Directory::new();
    let header = "place,name,country,year,gco2e_per_kwh,basis,flow,source,licence,vintage,note\n";
    let rows = |g: u32| {
        ["US-CA,California,USA", "AFG,Afghanistan,AFG"]
            .map(|place| format!("{place},2022,{g},lifecycle,consumption,test,none,2026,\n"))
    };
    let [california, afghanistan] = rows(200);
    let write = |text: String| directory.file("grid.csv", text);
    directory.file("p.toml", "[reference]\nextra_grid = \"grid.csv\"\n");
    write(format!("{header}{california}{afghanistan}"));
    directory.ok(&["-q", "run", "--config", "p.toml"]);
    let status = || directory.ok(&["status", "--config", "p.toml"]).stdout;
    write(format!("{header}{afghanistan}{california}"));
    assert!(!status().contains("stale"), "{}", status());
    write(format!("{header}{california}{afghanistan}").replace('\n', "\r\n"));
    assert!(!status().contains("stale"), "{}", status());
    write(format!("{header}{california}{}", rows(300)[1]));
    for stage in ["fetch", "ingest", "normalize", "tier"] {
        assert!(
            status().lines().any(|line| line.trim_start().starts_with(stage) && line.contains(" fresh")),
            "{stage}: {}",
            status()
        );
    }
    let ran = directory.ok(&["run", "--config", "p.toml"]);
    assert!(ran.stderr.contains("reference file extra_grid changed"), "{}", ran.stderr);
}
