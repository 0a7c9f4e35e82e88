//! Indexes as people's own scripts leave them, beside the field cases: values as text, lists of other kinds, other listings, pages, objects
//! around the records. Read as the record they are, or refused with the way out; never less in silence.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use common::{Workspace, table};
use hugging_carbon::tables::{RawCardRow, RawModelRow};

const RECORD: &str = r#"{"id":"a/b","createdAt":"2024-05-01T12:00:00Z","downloads":7000,"downloadsAllTime":90000,"gated":"false",
    "tags":["peft","text generation","base_model:c/d"],"library_name":"peft","cardData":{"license":"mit","base_model":["c/d"],
    "co2_eq_emissions":{"emissions":12.5,"source":"codecarbon"}},"safetensors":{"parameters":{"BF16":10},"total":10},
    "baseModels":{"relation":"adapter","models":[{"_id":"1","id":"c/d"}]}}"#;

fn record() -> serde_json::Map<String, serde_json::Value> {
    serde_json::from_str(RECORD).unwrap()
}

/// The rows of an index, without their places.
fn rows(name: &str, content: impl AsRef<[u8]>) -> Vec<RawModelRow> {
    let workspace = Workspace::new();
    workspace.file(name, content);
    workspace.ok(&["-q", "run", "--until", "ingest", "--source", name]);
    let rows: Vec<RawModelRow> = table(&workspace.data().join("work"));
    rows.into_iter().map(|row| RawModelRow { locator: String::new(), ..row }).collect()
}

fn refused(content: impl AsRef<[u8]>, parts: &[&str]) {
    let workspace = Workspace::new();
    workspace.file("x.json", content);
    let ran = workspace.run(&["run", "--source", "x.json"]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    for part in parts.iter().chain(&["way out"]) {
        assert!(ran.stderr.contains(part), "'{part}' not in:\n{}", ran.stderr);
    }
}

/// Regression: bases, sizes and emissions that stood as other things than the Hub's own were lost without a word.
#[test]
fn values_in_other_forms_are_the_values() {
    let expected = rows("x.jsonl", serde_json::to_string(&record()).unwrap());
    assert_eq!(expected[0].tags.len(), 3);
    assert!(expected[0].co2_json.is_some() && expected[0].hub_base_models == ["c/d"]);
    for (key, value) in [
        ("tags", r#""peft,text generation,base_model:c/d""#),
        ("tags", r#""{peft,\"text generation\",base_model:c/d}""#),
        ("tags", r#""['peft' 'text generation' 'base_model:c/d']""#),
        ("baseModels", r#"{"relation":"adapter","models":"c/d"}"#),
        ("baseModels", r#"{"relation":"adapter","models":[{"name":"c/d"}]}"#),
        ("baseModels", r#"{"adapter":["c/d"]}"#),
        ("baseModels", r#""{'relation': 'adapter', 'models': [{'_id': '1', 'id': 'c/d'}]}""#),
        ("safetensors", r#""SafeTensorsInfo(parameters={'BF16': 10}, total=10)""#),
        (
            "cardData",
            r#""{'license': 'mit', 'base_model': ['c/d'], 'co2_eq_emissions': {'emissions': 12.5, 'source': 'codecarbon'}}""#,
        ),
        (
            "cardData",
            r#"[["license","mit"],["base_model","[\"c/d\"]"],["co2_eq_emissions","{\"emissions\":12.5,\"source\":\"codecarbon\"}"]]"#,
        ),
        ("downloadsAllTime", r#""90,000""#),
        ("downloadsAllTime", r#""90\u202f000""#),
        ("gated", r#""False""#),
        ("id", r#""https://huggingface.co/a/b""#),
    ] {
        let mut other = record();
        other.insert(key.to_owned(), serde_json::from_str(value).unwrap());
        assert_eq!(rows("x.jsonl", serde_json::to_string(&other).unwrap()), expected, "{key} {value}");
    }
    // Flattened, as by dbt and `pandas.json_normalize(sep="_")`.
    let mut flat = record();
    flat.remove("safetensors");
    flat.insert("safetensors_total".to_owned(), 10.into());
    flat.insert("safetensors__parameters__BF16".to_owned(), 10.into());
    assert_eq!(rows("x.jsonl", serde_json::to_string(&flat).unwrap()), expected);
    // Words for nothing are nothing.
    let mut empty = record();
    for key in ["library_name", "pipeline_tag", "baseModels", "safetensors"] {
        empty.insert(key.to_owned(), "nan".into());
    }
    let row = rows("x.jsonl", serde_json::to_string(&empty).unwrap()).remove(0);
    assert_eq!((row.library, row.pipeline_tag, row.safetensors_total), (None, None, None));
}

/// What cannot be told is refused: a field of this kind in every record stops the run by its name.
#[test]
fn values_that_cannot_be_told_stop_the_run() {
    for (key, value, why) in [
        ("downloadsAllTime", r#""90.000""#, "may group them or begin a fraction"),
        ("downloadsAllTime", r#""90k""#, "not a number"),
        ("baseModels", r#"{"parent":"c/d"}"#, "no base model is named"),
        ("baseModels", r#"{"relation":"adapter","models":[{"uid":17}]}"#, "no base model is named"),
        ("safetensors", r#"{"size":10}"#, "neither 'total' nor 'parameters'"),
        ("tags", r#"[1,2]"#, "no list of texts"),
        ("pipeline_tag", r#"{"x":1}"#, "not a text"),
    ] {
        let mut other = record();
        other.insert(key.to_owned(), serde_json::from_str(value).unwrap());
        refused(serde_json::to_string(&other).unwrap(), &[key, "cannot be used in 1 of 1 records", why]);
    }
}

/// Regression: a flag that a store had made a number or a letter let private repositories through.
#[test]
fn what_is_not_said_to_be_public_is_not_published() {
    for private in ["true", "1", "\"1\"", "\"t\"", "\"True\"", "\"yes\""] {
        let mut secret = record();
        secret.insert("id".to_owned(), "secret/x".into());
        secret.insert("private".to_owned(), serde_json::from_str(private).unwrap());
        refused(serde_json::to_string(&secret).unwrap(), &["private repository"]);
    }
    for public in ["false", "0", "\"0\"", "\"f\"", "\"False\"", "\"\"", "null"] {
        let mut open = record();
        open.insert("private".to_owned(), serde_json::from_str(public).unwrap());
        assert_eq!(rows("x.jsonl", serde_json::to_string(&open).unwrap()).len(), 1, "{public}");
    }
}

/// Records of data sets and Spaces beside models, and instead of them.
#[test]
fn listings_of_other_things_are_no_index() {
    let of_data = r#"{"id":"squad/x","created_at":"2024-01-01T00:00:00+00:00","downloads":1,"downloads_all_time":9,"tags":["region:us"]}
{"id":"squad/y","created_at":"2024-01-01T00:00:00+00:00","downloads":1,"downloads_all_time":9,"tags":["size_categories:n<1K"]}"#;
    let of_spaces = r#"{"id":"demo/x","created_at":"2024-01-01T00:00:00+00:00","likes":1,"tags":["gradio"],"sdk":"gradio"}"#;
    refused(of_data, &["records of data sets"]);
    refused(of_spaces, &["records of Spaces"]);
    let models = serde_json::to_string(&record()).unwrap();
    refused(
        format!("{models}\n{of_data}\n"),
        &["squad/y", "record of data sets"].map(|part| if part == "squad/y" { "1 of 3 records refused" } else { part }),
    );
    let workspace = Workspace::new();
    std::fs::create_dir(workspace.path("dir")).unwrap();
    workspace.file("dir/models.jsonl", &models);
    workspace.file("dir/datasets.jsonl", of_data);
    workspace.file("dir/spaces.jsonl", of_spaces);
    let ran = workspace.ok(&["run", "--until", "ingest", "--source", "dir"]);
    assert!(ran.stderr.contains("records of data sets") && ran.stderr.contains("records of Spaces"), "{}", ran.stderr);
    assert_eq!(table::<RawModelRow>(&workspace.data().join("work")).len(), 1);
}

/// Pages one behind the other are read; an object around the records is refused with what takes them out.
#[test]
fn pages_and_objects_around_records() {
    let models = serde_json::to_string(&record()).unwrap();
    let other = models.replace("a/b", "a/z");
    assert_eq!(rows("x.json", format!("[{models}]\n[]\n[{other}]")).len(), 2);
    refused(format!("[{models}]\nlink: <x>; rel=\"next\"\n[{other}]"), &["something follows", "headers"]);
    refused(format!("{{\"models\":[{models}]}}"), &["'models'", "jq -c '.[\"models\"][]'"]);
    refused(format!("{{\n \"total\": 1,\n \"data\": [\n{models}\n]\n}}"), &["'data'", "jq -c '.[\"data\"][]'"]);
    refused(format!("{{\"rows\":[{{\"row_idx\":0,\"row\":{models}}}],\"partial\":false}}"), &["jq -c '.[\"rows\"][].row'"]);
    refused(format!("{{\"a/b\":{models},\"a/z\":{other}}}"), &["by id", "to_entries"]);
}

/// Regression: the value of a partition was read for Parquet alone.
#[test]
fn partitions_of_json_are_columns() {
    let workspace = Workspace::new();
    std::fs::create_dir_all(workspace.path("dir/library_name=diffusers")).unwrap();
    let mut part = record();
    part.remove("library_name");
    workspace.file("dir/library_name=diffusers/part-0.json", serde_json::to_string(&part).unwrap());
    workspace.ok(&["-q", "run", "--until", "ingest", "--source", "dir"]);
    let rows: Vec<RawModelRow> = table(&workspace.data().join("work"));
    assert_eq!(rows[0].library.as_deref(), Some("diffusers"));
}

/// A file whose records lack what decides over them is named with what that costs.
#[test]
fn files_without_what_decides_are_named() {
    let workspace = Workspace::new();
    std::fs::create_dir(workspace.path("dir")).unwrap();
    workspace.file("dir/a.jsonl", serde_json::to_string(&record()).unwrap());
    let mut part = record();
    part.insert("id".to_owned(), "a/z".into());
    part.remove("downloadsAllTime");
    workspace.file("dir/b.jsonl", serde_json::to_string(&part).unwrap());
    let ran = workspace.ok(&["run", "--until", "ingest", "--source", "dir"]);
    let warning = ran.stderr.lines().find(|line| line.contains("without what decides")).unwrap();
    for part in ["WARN", "downloadsAllTime", "records=1 of=2", "b.jsonl", "cohort"] {
        assert!(warning.contains(part), "'{part}' not in: {warning}");
    }
}

/// Regression: a dictionary of cards was one card without an id, and a clone of a fork took the card's name from another remote.
#[test]
fn cards_of_clones_and_dictionaries() {
    let workspace = Workspace::new();
    workspace.file("x.jsonl", serde_json::to_string(&record()).unwrap());
    workspace.file("cards.json", r##"{"a/b": "# B", "c/d": "# D"}"##);
    let ran = workspace.ok(&["run", "--until", "ingest", "--source", "x.jsonl", "--cards", "cards.json"]);
    assert!(ran.stderr.contains("read=2 without_model=1"), "{}", ran.stderr);
    std::fs::create_dir_all(workspace.path("clones/one/.git")).unwrap();
    workspace.file("clones/one/README.md", "# B");
    workspace.file(
        "clones/one/.git/config",
        "[remote \"upstream\"]\n\turl = https://huggingface.co/other/thing\n[remote \"origin\"]\n\turl = https://hf-mirror.com/a/b\n",
    );
    workspace.ok(&["-q", "run", "--until", "ingest", "--source", "x.jsonl", "--cards", "clones"]);
    let cards: Vec<RawCardRow> = table(&workspace.data().join("work"));
    assert_eq!(cards.iter().map(|card| card.card_id.as_str()).collect::<Vec<_>>(), ["a/b"]);
}
