//! Documents of a snapshot say of its files what the files themselves say.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use common::{Workspace, files_of};
use hugging_carbon::tables::io::{open_table, sha256_bytes};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::OnceLock;

/// The sample's snapshot.
fn snapshot() -> &'static PathBuf {
    static SAMPLE: OnceLock<(Workspace, PathBuf)> = OnceLock::new();
    let sample = SAMPLE.get_or_init(|| {
        let workspace = Workspace::new();
        workspace.ok(&["-q", "run"]);
        let snapshot = workspace.snapshot();
        (workspace, snapshot)
    });
    &sample.1
}

fn json(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(snapshot().join(name)).unwrap()).unwrap()
}

/// Columns of every table's file, in order.
fn columns() -> BTreeMap<String, Vec<String>> {
    let tables = files_of(snapshot()).into_iter().filter_map(|(name, _)| Some(name.strip_suffix(".parquet")?.to_owned()));
    tables
        .map(|table| {
            let reader = open_table(&snapshot().join(format!("{table}.parquet"))).unwrap();
            let schema = arrow::record_batch::RecordBatchReader::schema(&reader);
            (table, schema.fields().iter().map(|field| field.name().clone()).collect())
        })
        .collect()
}

fn texts<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|item| item[key].as_str().unwrap()).collect()
}

#[test]
fn the_manifest_pins_every_document() {
    let pinned: BTreeMap<String, String> = serde_json::from_value(json("manifest.json")["documents"].clone()).unwrap();
    let found: BTreeMap<String, String> = files_of(snapshot())
        .into_iter()
        .filter(|(name, _)| !name.ends_with(".parquet") && name != "manifest.json")
        .map(|(name, bytes)| (name, sha256_bytes(&bytes)))
        .collect();
    assert_eq!(pinned, found);
    for name in ["README.md", "report.html", "explorer.html", "CITATION.cff", "croissant.json", "datapackage.json"] {
        assert!(found.contains_key(name), "{name}");
    }
}

#[test]
fn the_data_package_describes_every_file_and_column() {
    let package = json("datapackage.json");
    let files: BTreeMap<String, Vec<u8>> = files_of(snapshot()).into_iter().collect();
    let columns = columns();
    let resources = package["resources"].as_array().unwrap();
    assert_eq!(resources.len(), columns.len());
    for resource in resources {
        let (name, path) = (resource["name"].as_str().unwrap(), resource["path"].as_str().unwrap());
        assert_eq!(resource["hash"], format!("sha256:{}", sha256_bytes(&files[path])), "{name}");
        assert_eq!(resource["bytes"], files[path].len(), "{name}");
        let fields = &resource["schema"]["fields"];
        assert_eq!(texts(fields, "name"), columns[name], "{name}");
        assert!(texts(fields, "description").iter().all(|text| text.ends_with(['.', ')'])), "{name}");
    }
    let estimates = resources.iter().find(|r| r["name"] == "estimates").unwrap();
    let field = |name: &str| {
        let fields = estimates["schema"]["fields"].as_array().unwrap();
        fields.iter().find(|field| field["name"] == name).unwrap().clone()
    };
    assert_eq!(field("energy_kwh_p05")["unit"], "kWh");
    assert_eq!(field("power_w")["unit"], "W");
    assert_eq!(field("pue")["unit"], Value::Null);
    assert_eq!(field("evidence_ids")["type"], "array");
    assert_eq!(field("run_id")["constraints"], serde_json::json!({"required": true, "unique": true}));
}

#[test]
fn croissant_describes_every_file_and_column() {
    let croissant = json("croissant.json");
    let files: BTreeMap<String, Vec<u8>> = files_of(snapshot()).into_iter().collect();
    let mut listed = BTreeSet::new();
    for file in croissant["distribution"].as_array().unwrap() {
        let name = file["contentUrl"].as_str().unwrap();
        assert_eq!(file["sha256"], sha256_bytes(&files[name]), "{name}");
        assert_eq!(file["contentSize"], format!("{} B", files[name].len()), "{name}");
        listed.insert(name.to_owned());
    }
    // Neither itself nor the manifest, which pins it.
    let others: BTreeSet<String> =
        files.into_keys().filter(|name| !["croissant.json", "manifest.json"].contains(&name.as_str())).collect();
    assert_eq!(listed, others);
    let columns = columns();
    let sets = croissant["recordSet"].as_array().unwrap();
    assert_eq!(sets.len(), columns.len());
    for set in sets {
        let name = set["@id"].as_str().unwrap();
        assert_eq!(texts(&set["field"], "name"), columns[name]);
        for field in set["field"].as_array().unwrap() {
            assert_eq!(field["source"]["extract"]["column"], field["name"]);
            assert_eq!(field["source"]["fileObject"]["@id"], format!("{name}.parquet"));
        }
    }
}

/// The version ends with what `sha256sum *.parquet | sha256sum` prints.
#[test]
fn the_version_of_the_citation_can_be_redone_with_sha256sum() {
    let run = std::process::Command::new("sh")
        .args(["-c", "LC_ALL=C; export LC_ALL; sha256sum *.parquet | sha256sum"])
        .current_dir(snapshot())
        .output()
        .unwrap();
    let digest = String::from_utf8(run.stdout).unwrap();
    let citation = std::fs::read_to_string(snapshot().join("CITATION.cff")).unwrap();
    let manifest = json("manifest.json");
    let date = manifest["index_date"].as_str().unwrap();
    let version = format!("{}.{}.0+{}", manifest["method_version"], date.replace('-', ""), &digest[..8]);
    assert!(citation.contains(&format!("\nversion: \"{version}\"\n")), "{version}\n{citation}");
    assert!(citation.contains(&format!("\ndate-released: \"{date}\"\n")), "{citation}");
    assert!(citation.contains("- name: \"The Hugging Carbon contributors\"\n"), "{citation}");
    assert_eq!(json("datapackage.json")["version"], version);
    assert_eq!(json("croissant.json")["version"], version);
}

/// Regression: the fallbacks of the whole index stood on the card of a cohort, and differed from those of the report.
#[test]
fn the_fallbacks_of_the_card_are_those_of_the_cohort() {
    let card = std::fs::read_to_string(snapshot().join("README.md")).unwrap();
    let section = card.split("\n## What rests on fallbacks\n").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let runs = json("manifest.json")["headline"]["runs"].to_string();
    let of: Vec<&str> =
        section.lines().filter(|line| line.contains(" % |")).map(|line| line.split(" | ").nth(2).unwrap()).collect();
    assert!(of.len() == 6 && of.iter().all(|n| *n == runs), "{of:?} of {runs}");
}

/// Regression: "null when nothing was trained: 5th percentile", and a column that has four groupings was said to have fourteen.
#[test]
fn descriptions_say_what_a_column_holds() {
    let package = json("datapackage.json");
    let about = |table: &str, column: &str| {
        let fields =
            package["resources"].as_array().unwrap().iter().find(|r| r["name"] == table).unwrap()["schema"]["fields"].clone();
        fields.as_array().unwrap().iter().find(|f| f["name"] == column).unwrap()["description"].as_str().unwrap().to_owned()
    };
    assert!(about("estimates", "atci_gco2e_per_pflop_p05").starts_with("5th percentile: ATCI"));
    assert!(about("around_electricity", "group_by").ends_with("One of: all, basis, training_year, country."));
    assert!(about("backtest", "kind").contains("by class of owner"));
}
