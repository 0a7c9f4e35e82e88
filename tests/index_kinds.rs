//! Indexes as people's own scripts leave them, beside the field cases: values as text, lists of other kinds, other listings, pages, objects
//! around the records. Read as the record they are, or refused with the way out; never less in silence.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use common::{Workspace, table};
use hugging_carbon::tables::{QuarantineRow, RawCardRow, RawModelRow};

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
        ("id", r#""models--a--b""#),
        ("id", r#""a--b""#),
        ("id", r#""hf://a/b""#),
        ("createdAt", r#"{"$date":"2024-05-01T12:00:00Z"}"#),
        ("createdAt", r#""Wed, 01 May 2024 12:00:00 GMT""#),
        ("createdAt", r#""2024/05/01 12:00:00""#),
        ("downloads", r#"{"$numberLong":"7000"}"#),
        ("tags", r#""array(['peft', 'text generation', 'base_model:c/d'], dtype=object)""#),
        ("safetensors", r#"{"total":10,"parameters":[{"dtype":"BF16","count":10}]}"#),
        (
            "cardData",
            r#"{"license":"mit","base_model":[{"id":"c/d"}],"co2_eq_emissions":{"emissions":12.5,"source":"codecarbon"}}"#,
        ),
        (
            "cardData",
            r#"{"license":"mit","base_model":{"model":"c/d"},"co2_eq_emissions":{"emissions":12.5,"source":"codecarbon"}}"#,
        ),
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
        ("cardData", r#"{"base_model":[{"uid":17},{"uid":18}]}"#, "no base model is named"),
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
    refused(format!("{{\"a/b\":{models},\"a/z\":{other}}}"), &["by id", "jq -c '.[]'"]);
    // Regression: of rows by number, as pandas writes them by orient="index", the way out made the numbers the ids.
    refused(format!("{{\"0\":{models},\"1\":{other}}}"), &["by id or number", "jq -c '.[]'"]);
    let without = models.replacen("\"id\":\"a/b\",", "", 1);
    refused(format!("{{\"a/b\":{without}}}"), &["by id", "to_entries[] | {id: .key} + .value"]);
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

/// Lines of an index of `n` models, each with what `more` gives it.
fn lines(n: usize, more: impl Fn(usize) -> (String, String)) -> String {
    let line = |i: usize| {
        let (id, keys) = more(i);
        format!("{{\"id\":\"{id}\",\"createdAt\":\"2024-05-01T12:00:00Z\",\"downloadsAllTime\":9000{keys}}}\n")
    };
    (0..n).map(line).collect()
}

/// Regression: an index of names without owners gave a hundredth of its total, and one of row numbers a tenth, without a word.
#[test]
fn ids_without_owners_or_of_numbers_alone_are_refused() {
    let plain = |i: usize| (format!("model-{i}b"), String::new());
    refused(lines(30, plain), &["30 of 30 ids have no owner", "line 1: model-0b", "owner/name"]);
    let underlined = |i: usize| (format!("owner__model-{i}"), String::new());
    refused(lines(30, underlined), &["have no owner"]);
    let number = |i: usize| (i.to_string(), String::new());
    refused(lines(30, number), &["no usable record", "0 is a number and no owner/name"]);
    // A name beside the number is the id.
    let named = rows("x.jsonl", lines(1, |_| ("17".to_owned(), ",\"modelId\":\"a/b\"".to_owned())));
    assert_eq!(named[0].model_id, "a/b");
    refused("{\"repo\":\"a/b\",\"likes\":1}\n{\"repo\":\"a/c\"}\n", &["a key 'id'", "\"repo\", \"likes\"", "called id"]);
}

/// Regression: one record dated 2034 dated the index and was latest for years.
#[test]
fn a_date_far_behind_all_others_is_put_aside() {
    let workspace = Workspace::new();
    let odd = |i: usize| {
        let key = if i == 7 { ",\"lastModified\":\"2034-05-19T00:00:00Z\"" } else { "" };
        (format!("a/m{i}"), key.to_owned())
    };
    workspace.file("x.jsonl", lines(150, odd));
    let ran = workspace.ok(&["run", "--until", "ingest", "--source", "x.jsonl"]);
    assert!(ran.stderr.contains("index_ends=2024-05-01") && ran.stderr.contains("2034-05-19"), "{}", ran.stderr);
    let work = workspace.data().join("work");
    assert!(table::<RawModelRow>(&work).iter().all(|row| row.last_modified.is_none() && row.created_at.is_some()));
    let aside = table::<QuarantineRow>(&work);
    assert_eq!((aside.len(), aside[0].raw.as_str()), (1, "2034-05-19"), "{aside:?}");
    assert!(aside[0].reason.contains("far behind every other date"));
}

/// Regression: of two columns of one key, as a union of two crawls has them, one was read and the other not even named.
#[test]
fn two_columns_of_one_key_are_read_as_one() {
    use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
    use std::sync::Arc;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(StringArray::from(vec!["a/b", "a/c", "a/d"]))),
        ("created_at", Arc::new(StringArray::from(vec![None, Some("2024-03-01"), Some("2023-01-01")]))),
        ("createdAt", Arc::new(StringArray::from(vec![Some("2024-02-01"), None, Some("2024-04-01")]))),
        ("downloadsAllTime", Arc::new(Int64Array::from(vec![1, 2, 3]))),
        ("likes", Arc::new(Int64Array::from(vec![1, 2, 3]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let workspace = Workspace::new();
    let mut writer =
        hugging_carbon::tables::io::BatchWriter::create(&workspace.path("union.parquet"), batch.schema(), &[]).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    let ran = workspace.ok(&["run", "--until", "ingest", "--source", "union.parquet"]);
    assert!(ran.stderr.contains("createdAt, created_at") && ran.stderr.contains("differing_rows=1"), "{}", ran.stderr);
    let rows: Vec<RawModelRow> = table(&workspace.data().join("work"));
    let days: Vec<String> = rows.iter().map(|row| row.created_at.unwrap().day().to_string()).collect();
    assert_eq!(days, ["2024-02-01", "2024-03-01", "2024-04-01"]);
}

/// Regression: a data set in the Hub's cache was read in all of its revisions, and which one counted was the order of their digests.
#[test]
fn of_the_cache_of_the_hub_the_revision_of_main_is_read() {
    let workspace = Workspace::new();
    let repository = "hub/datasets--lab--index";
    for dir in ["refs", "blobs", "snapshots/999", "snapshots/111"] {
        std::fs::create_dir_all(workspace.path(&format!("{repository}/{dir}"))).unwrap();
    }
    std::fs::create_dir_all(workspace.path("hub/models--a--b/snapshots/1")).unwrap();
    workspace.file("hub/models--a--b/snapshots/1/config.json", "{\"id\":\"x/y\",\"likes\":1}");
    workspace.file(&format!("{repository}/refs/main"), "111");
    workspace.file(&format!("{repository}/snapshots/999/models.jsonl"), lines(1, |_| ("a/old".to_owned(), String::new())));
    workspace.file(&format!("{repository}/snapshots/111/models.jsonl"), lines(1, |_| ("a/new".to_owned(), String::new())));
    for source in ["hub", repository, &format!("{repository}/snapshots")] {
        workspace.ok(&["-q", "run", "--until", "ingest", "--source", source]);
        let rows: Vec<RawModelRow> = table(&workspace.data().join("work"));
        assert_eq!(rows.iter().map(|row| row.model_id.as_str()).collect::<Vec<_>>(), ["a/new"], "{source}");
    }
    workspace.file(&format!("{repository}/refs/main"), "222");
    let ran = workspace.run(&["run", "--source", "hub"]);
    assert!(ran.status == 1 && ran.stderr.contains("refs/main names none of them: 111, 999"), "{}", ran.stderr);
}

/// Regression: the log of a Delta table counted only where the table itself was named, and its removed rows came back one directory above.
#[test]
fn a_table_below_the_source_keeps_its_log() {
    let workspace = Workspace::new();
    std::fs::create_dir_all(workspace.path("lake/models/_delta_log")).unwrap();
    workspace.file("lake/models/a.json", lines(1, |_| ("a/gone".to_owned(), String::new())));
    workspace.file("lake/models/b.json", lines(1, |_| ("a/held".to_owned(), String::new())));
    let log = "{\"add\":{\"path\":\"a.json\"}}\n{\"add\":{\"path\":\"b.json\"}}\n{\"remove\":{\"path\":\"a.json\"}}\n";
    workspace.file(&format!("lake/models/_delta_log/{:020}.json", 0), log);
    workspace.ok(&["-q", "run", "--until", "ingest", "--source", "lake"]);
    let rows: Vec<RawModelRow> = table(&workspace.data().join("work"));
    assert_eq!(rows.iter().map(|row| row.model_id.as_str()).collect::<Vec<_>>(), ["a/held"]);
    std::fs::create_dir_all(workspace.path("lake/.hoodie")).unwrap();
    let ran = workspace.run(&["run", "--source", "lake"]);
    assert!(ran.status == 1 && ran.stderr.contains("Hudi"), "{}", ran.stderr);
}

/// Regression: a linked directory was "neither a file nor a directory", and the models in it were missing.
#[test]
#[cfg(unix)]
fn linked_directories_are_read_once() {
    use std::os::unix::fs::symlink;
    let workspace = Workspace::new();
    for dir in ["store/year=2025", "table/year=2024"] {
        std::fs::create_dir_all(workspace.path(dir)).unwrap();
    }
    workspace.file("store/year=2025/x.jsonl", lines(1, |_| ("a/new".to_owned(), String::new())));
    workspace.file("table/year=2024/x.jsonl", lines(1, |_| ("a/old".to_owned(), String::new())));
    symlink("../store/year=2025", workspace.path("table/year=2025")).unwrap();
    symlink(".", workspace.path("table/round=1")).unwrap();
    symlink("nowhere", workspace.path("table/lost.jsonl")).unwrap();
    let ran = workspace.ok(&["run", "--until", "ingest", "--source", "table"]);
    let rows: Vec<RawModelRow> = table(&workspace.data().join("work"));
    assert_eq!(rows.iter().map(|row| row.model_id.as_str()).collect::<Vec<_>>(), ["a/new", "a/old"]);
    assert!(ran.stderr.contains("leads nowhere"), "{}", ran.stderr);
}

/// Regression: of records that two files have otherwise nothing was said, and parts of a table that are missing were no news.
#[test]
fn files_that_contradict_each_other_or_are_missing_are_told() {
    let workspace = Workspace::new();
    std::fs::create_dir(workspace.path("dir")).unwrap();
    let with = |likes: &'static str| move |i: usize| (format!("a/m{i}"), format!(",\"likes\":{likes}"));
    workspace.file("dir/models-00000-of-00003.jsonl", lines(40, with("1")));
    workspace.file("dir/zz_errors.jsonl", lines(40, with("7")));
    workspace.file("dir/zz_same.jsonl", lines(40, with("7")));
    let ran = workspace.ok(&["run", "--until", "ingest", "--source", "dir"]);
    let warning = ran.stderr.lines().find(|line| line.contains("other records in another file")).unwrap();
    assert!(warning.contains("WARN") && warning.contains("40 of models-00000-of-00003.jsonl by"), "{warning}");
    // The equal copies are no contradiction.
    assert!(warning.contains("records=40 ids=40"), "{warning}");
    assert!(ran.stderr.contains("2 of its 3 parts are not there"), "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("columns not in the source").count(), 0, "{}", ran.stderr);
}

/// Regression: of two cards of a model the one read last counted, also where it is empty or older.
#[test]
fn of_two_cards_the_full_and_the_newer_counts() {
    let workspace = Workspace::new();
    workspace.file("x.jsonl", lines(3, |i| (format!("a/m{i}"), String::new())));
    let card = |id: &str, text: &str, day: &str| format!("{{\"id\":\"{id}\",\"card\":\"{text}\",\"crawled\":\"{day}\"}}\n");
    let cards = card("a/m0", "# full", "2024-01-01") + &card("a/m0", "", "2024-02-01") + &card("a/m1", "# new", "2024-02-01");
    workspace.file("cards.jsonl", cards + &card("a/m1", "# old", "2024-01-01") + &card("a/m2", "# one", "2024-01-01"));
    let ran = workspace.ok(&["run", "--until", "ingest", "--source", "x.jsonl", "--cards", "cards.jsonl"]);
    assert!(ran.stderr.contains("models with several cards") && ran.stderr.contains("cards=2"), "{}", ran.stderr);
    let cards: Vec<RawCardRow> = table(&workspace.data().join("work"));
    assert_eq!(cards.iter().map(|card| card.card.as_str()).collect::<Vec<_>>(), ["# full", "# new", "# one"]);
}

/// Regression: counts that cannot be read, nearly always the largest, were no word worth below the limit of the quarantine.
#[test]
fn counts_that_cannot_be_read_are_told() {
    let workspace = Workspace::new();
    let short = lines(150, |i| (format!("a/m{i}"), String::new())).replacen("9000", "\"1.2M\"", 1);
    workspace.file("x.jsonl", short);
    let ran = workspace.ok(&["run", "--until", "ingest", "--source", "x.jsonl"]);
    let warning = ran.stderr.lines().find(|line| line.contains("cannot be read")).unwrap();
    assert!(warning.contains("WARN") && warning.contains("records=1 of=150") && warning.contains("1.2M"), "{warning}");
}

/// Regression: after a run over a source of its own, the way out of a stage without it was a run over the built-in sample.
#[test]
fn a_stage_without_the_sources_of_the_last_run_is_told_to_give_them() {
    let workspace = Workspace::new();
    workspace.file("x.jsonl", lines(3, |i| (format!("a/m{i}"), String::new())));
    workspace.ok(&["-q", "run", "--until", "ingest", "--source", "x.jsonl"]);
    let ran = workspace.run(&["normalize"]);
    assert!(ran.status == 1 && ran.stderr.contains("hugging-carbon normalize --source x.jsonl"), "{}", ran.stderr);
    workspace.ok(&["-q", "normalize", "--source", "x.jsonl"]);
    for (source, said) in
        [("hf://datasets/a/b", "hub-dataset"), ("https://example.org/m.jsonl", "fetch it first"), ("*.jsonl", "shell")]
    {
        let ran = workspace.run(&["run", "--source", source]);
        assert!(ran.status == 1 && ran.stderr.contains(said), "{source}: {}", ran.stderr);
    }
}
