//! Indexes and cards as other people's tools leave them: field cases 14 to 19 and 23, and more of each kind.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use common::{Ran, Workspace, table};
use hugging_carbon::domain::{Field, ParamsSource, Role, Rule};
use hugging_carbon::tables::{EvidenceRow, ModelRow, QuarantineRow, RawCardRow, RawModelRow};
use std::path::Path;

fn case(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/field_cases").join(name).to_str().unwrap().to_owned()
}

fn run(workspace: &Workspace, source: &str) -> Ran {
    workspace.run(&["run", "--source", source])
}

fn normalized(source: &str) -> Vec<ModelRow> {
    let workspace = Workspace::new();
    workspace.ok(&["-q", "run", "--until", "normalize", "--source", source]);
    table(&workspace.data().join("work"))
}

fn refused(source: &str, parts: &[&str]) {
    let workspace = Workspace::new();
    let ran = run(&workspace, source);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    for part in parts {
        assert!(ran.stderr.contains(part), "'{part}' not in:\n{}", ran.stderr);
    }
}

/// Field case 14: what `hf models ls --json` writes.
#[test]
fn the_command_line_of_the_hub_is_read() {
    let workspace = Workspace::new();
    workspace.ok(&["-q", "run", "--source", &case("14-hf-cli-json/models.json")]);
    let models: Vec<ModelRow> = table(&workspace.snapshot());
    assert_eq!(models.len(), 3);
    assert!(models.iter().all(|m| m.in_cohort && m.downloads_all_time == Some(60_000) && m.created_at.is_some()));
    let evidence: Vec<EvidenceRow> = table(&workspace.snapshot());
    let stated: Vec<Option<f64>> = evidence.iter().filter(|e| e.field == Field::EmissionsKgco2e).map(|e| e.value).collect();
    assert_eq!(stated, [Some(12.5); 3]);
    refused(&case("14-hf-cli-json/models_default.json"), &["downloadsAllTime", "cohort.metric = \"downloads_30d\"", "way out"]);
    refused(&case("14-hf-cli-json/pretty.jsonl"), &["spread over several lines", "jq -c"]);
}

/// A crawl that was killed leaves half of a file beside the whole one.
#[test]
fn an_unfinished_copy_beside_an_index_is_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let text = std::fs::read(case("15-to-json-epoch/models.jsonl")).unwrap();
    std::fs::write(dir.path().join("models.jsonl"), &text).unwrap();
    for copy in ["models.jsonl.tmp", "models.jsonl.part", "models.jsonl~"] {
        std::fs::write(dir.path().join(copy), &text[..text.len() / 2]).unwrap();
    }
    assert_eq!(normalized(&dir.path().display().to_string()), normalized(&case("15-to-json-epoch/models.jsonl")));
}

/// Field case 15: instants as numbers.
#[test]
fn instants_as_numbers_are_the_instants() {
    let expected = normalized(&case("15-to-json-epoch/models.parquet"));
    assert_eq!(normalized(&case("15-to-json-epoch/models.jsonl")), expected);
    let text = std::fs::read_to_string(case("15-to-json-epoch/models.jsonl")).unwrap();
    let workspace = Workspace::new();
    for (created, modified) in [
        ("1714564800123456", "1717243200000000"),
        ("1714564800123000000", "1717243200000000000"),
        ("1714564800.123", "1717243200"),
        ("\"2024-05-01 12:00:00.123+00:00\"", "\"2024-06-01 12:00:00 UTC\""),
    ] {
        let other = text.replace("1714564800123", created).replace("1717243200000", modified);
        let path = workspace.file("other.jsonl", other);
        assert_eq!(normalized(path.to_str().unwrap()), expected, "{created}");
    }
    let ran = run(&workspace, &case("15-to-json-epoch/models.jsonl"));
    assert_eq!(ran.stderr.matches("unit was decided by their range").count(), 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("milliseconds"), "{}", ran.stderr);
}

/// Field case 16: nested columns in every type.
#[test]
fn nested_columns_of_every_type_give_the_same_models() {
    let expected = normalized(&case("16-polars-rewrite/models.parquet"));
    let facts = |m: &ModelRow| (m.model_id.clone(), m.role, m.total_params, m.params_source);
    let sized = |id: &str, role, n| (id.to_owned(), role, Some(n), Some(ParamsSource::Safetensors));
    assert_eq!(facts(&expected[0]), sized("lab-p/alpha", Role::Finetuned, 7_000_000_000));
    // The record says "quantized", and the weights are BF16: docs/method.md, section 2, rule 8.
    assert_eq!((expected[1].role, expected[1].role_rule), (Role::Finetuned, Rule::QuantizedRelationOnFloatWeights));
    assert_eq!(expected[2].total_params, Some(1_500_000_000));
    assert_eq!(expected[0].base_model_ids, ["lab-p/root"]);
    for name in ["models_polars", "models_large", "models_json_columns", "models_map"] {
        assert_eq!(normalized(&case(&format!("16-polars-rewrite/{name}.parquet"))), expected, "{name}");
    }
}

/// Field case 17: every codec.
#[test]
fn every_codec_is_read() {
    let expected = normalized(&case("17-codecs/models_none.parquet"));
    assert_eq!(expected.len(), 4);
    for codec in ["snappy", "zstd", "gzip", "brotli", "lz4", "v2_pages_gzip"] {
        assert_eq!(normalized(&case(&format!("17-codecs/models_{codec}.parquet"))), expected, "{codec}");
    }
}

/// Field case 18: directories as Spark leaves them.
#[test]
fn directories_of_spark_are_read() {
    for dir in ["spark", "hive"] {
        assert_eq!(normalized(&case(&format!("18-spark-directory/{dir}"))).len(), 4, "{dir}");
    }
    let models = normalized(&case("18-spark-directory/spark_int96"));
    // date -u -d 2024-05-01T12:00:00Z +%s, and the 123 ms of the file.
    assert!(models.iter().all(|m| m.created_at.is_some_and(|t| t.0 == 1_714_564_800_123)));
}

/// What lies beside an index is passed over with its reason; a warning where records may be in it.
#[test]
fn what_lies_beside_an_index_is_passed_over_and_named() {
    let workspace = Workspace::new();
    std::fs::create_dir_all(workspace.path("dir/cards")).unwrap();
    let index = "{\"id\":\"a/b\",\"created_at\":\"2024-05-01\",\"downloadsAllTime\":9000,\"likes\":NaN,\"x\":Infinity}\n";
    workspace.file("dir/models.jsonl", index);
    workspace.file("dir/README.md", "# models");
    workspace.file("dir/_SUCCESS", "");
    workspace.file("dir/config.json", "{\n \"model_type\": \"bert\"\n}");
    workspace.file("dir/datasets.jsonl", "{\"id\":\"a/d\",\"likes\":1,\"tags\":[],\"description\":\"x\"}\n");
    workspace.file("dir/cards/cards.jsonl", "{\"id\":\"a/b\",\"card\":\"# B\"}\n");
    let ran = workspace.ok(&["run", "--source", "dir"]);
    for part in ["count=5", "README.md (neither", "_SUCCESS", "config.json", "records of data sets", "cards/"] {
        assert!(ran.stderr.contains(part), "'{part}' not in:\n{}", ran.stderr);
    }
    assert_eq!(table::<ModelRow>(&workspace.snapshot()).len(), 1);
    // Spark writes a part for every task, also where there is nothing to write; of Parquet it is a download that broke off.
    workspace.file("dir/part-2.jsonl", "");
    workspace.file("dir/part-3.csv", "id,likes\na/c,3\n");
    let ran = workspace.ok(&["run", "--force", "--source", "dir"]);
    for part in ["count=2", "part-2.jsonl (the file is empty)", "part-3.csv (a table with separators", "WARN files of the source"] {
        assert!(ran.stderr.contains(part), "'{part}' not in:\n{}", ran.stderr);
    }
    workspace.file("dir/part-4.parquet", "");
    let ran = run(&workspace, "dir");
    assert!(ran.status == 1 && ran.stderr.contains("the file is empty"), "{}", ran.stderr);
}

/// Field case 19: names of columns folded to lower case.
#[test]
fn folded_columns_are_known() {
    let workspace = Workspace::new();
    workspace.ok(&["-q", "run", "--source", &case("19-lowercase-columns/models_hive.parquet")]);
    let models: Vec<ModelRow> = table(&workspace.snapshot());
    assert!(!models.is_empty() && models.iter().all(|m| m.created_at.is_some() && m.downloads_all_time.is_some()));
    assert!(models.iter().any(|m| m.in_cohort));
}

/// A record in other spellings and forms is the record.
#[test]
fn spellings_and_forms_give_one_row() {
    let raw = |line: &str| -> RawModelRow {
        let workspace = Workspace::new();
        workspace.file("x.jsonl", format!("{line}\n"));
        workspace.ok(&["-q", "run", "--until", "ingest", "--source", "x.jsonl"]);
        table(&workspace.data().join("work")).remove(0)
    };
    let expected = raw(r#"{"id":"a/b","createdAt":"2024-05-01T12:00:00Z","downloadsAllTime":9000,"tags":["x","y"],
        "cardData":{"license":"mit","base_model":"c/d"},"safetensors":{"parameters":{"BF16":10},"total":10},
        "baseModels":{"relation":"finetune","models":[{"_id":"1","id":"c/d"}]}}"#
        .replace('\n', "")
        .as_str());
    for line in [
        r#"{"ID":"a/b","CREATED_AT":1714564800,"DOWNLOADS_ALL_TIME":"9000","TAGS":"[\"x\",\"y\"]","CARD_DATA":"license: mit\nbase_model: c/d\n","SAFETENSORS":{"PARAMETERS":[{"key":"bf16","value":10}],"TOTAL":10},"BASE_MODELS":{"RELATION":"finetune","MODELS":{"_ID":["1"],"ID":["c/d"]}}}"#,
        r#"{"id":"a/b","createdat":"2024-05-01 12:00:00","downloadsalltime":9000.0,"tags":["x","y"],"carddata":"{\"license\":\"mit\",\"base_model\":\"c/d\"}","safetensors":"{\"parameters\":{\"BF16\":10},\"total\":10}","basemodels":"{\"relation\":\"finetune\",\"models\":[{\"id\":\"c/d\"}]}"}"#,
    ] {
        assert_eq!(raw(line), expected, "{line}");
    }
}

/// Null everywhere is no snapshot without dates: the run stops and says of which column.
#[test]
fn an_index_without_dates_is_refused() {
    let workspace = Workspace::new();
    workspace.file("x.jsonl", "{\"id\":\"a/b\",\"downloadsAllTime\":9000}\n{\"id\":\"a/c\",\"createdAt\":null}\n");
    let ran = run(&workspace, "x.jsonl");
    assert!(
        ran.status == 1 && ran.stderr.contains("no record has 'createdAt'") && ran.stderr.contains("way out"),
        "{}",
        ran.stderr
    );
}

/// Field case 23: the cache of the Hub's own tools.
#[test]
fn cards_in_the_cache_of_the_hub_are_read() {
    let workspace = Workspace::new();
    let (index, cards) = (case("23-cards-in-hf-cache/index.jsonl"), case("23-cards-in-hf-cache/hub"));
    let ran = workspace.ok(&["run", "--source", &index, "--cards", &cards]);
    assert!(ran.stderr.contains("CACHEDIR.TAG"), "{}", ran.stderr);
    let cards: Vec<RawCardRow> = table(&workspace.data().join("work"));
    let ids: Vec<&str> = cards.iter().map(|c| c.model_id.as_str()).collect();
    assert_eq!(ids, ["fr-lab/ner-4ent", "solo-gpt"]);
}

/// Regression: a repository that was renamed while a dump was taken stood in it twice, and was counted twice.
#[test]
fn a_renamed_repository_counts_once() {
    let line = |id: &str, object_id: &str, modified: &str, downloads: u32| {
        format!(
            r#"{{"_id":{object_id},"id":"{id}","createdAt":"2024-05-01T12:00:00.000Z","lastModified":"{modified}T12:00:00.000Z","downloads":{downloads},"downloadsAllTime":{downloads},"tags":[]}}"#
        )
    };
    let (first, second, third) =
        (r#""65df1e2e0000000000000001""#, r#"{"$oid":"65df1e2e0000000000000002"}"#, r#""65df1e2e0000000000000003""#);
    let lines = [
        line("lab/new-7b", first, "2024-06-02", 60_002),
        line("lab/old-7b", first, "2024-06-01", 60_001),
        // A renaming alone is no commit: the later line is the newer name.
        line("heron", second, "2024-06-01", 60_003),
        line("lab/heron", second, "2024-06-01", 60_004),
        line("lab/other", third, "2024-06-01", 60_005),
    ];
    let workspace = Workspace::new();
    let path = workspace.file("models.jsonl", lines.join("\n"));
    let ran = workspace.ok(&["run", "--source", path.to_str().unwrap()]);
    assert!(ran.stderr.contains("lab/old-7b is lab/new-7b, heron is lab/heron"), "{}", ran.stderr);
    let models: Vec<ModelRow> = table(&workspace.snapshot());
    let kept: Vec<(&str, Option<i64>)> = models.iter().map(|m| (m.model_id.as_str(), m.downloads_all_time)).collect();
    assert_eq!(kept, [("lab/heron", Some(60_004)), ("lab/new-7b", Some(60_002)), ("lab/other", Some(60_005))]);
    let quarantined: Vec<QuarantineRow> = table(&workspace.snapshot());
    let passed_over: Vec<(&str, &str)> = quarantined.iter().map(|q| (q.locator.as_str(), q.reason.as_str())).collect();
    assert_eq!(
        passed_over,
        [
            ("models.jsonl:line 2 record", "renamed, the record under the newer name 'lab/new-7b' was kept"),
            ("models.jsonl:line 3 record", "renamed, the record under the newer name 'lab/heron' was kept"),
        ]
    );
    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(workspace.snapshot().join("manifest.json")).unwrap()).unwrap();
    assert_eq!((&manifest["records"]["read"], &manifest["records"]["renamed"]), (&5.into(), &2.into()));
}

/// Regression: ids that differ in case alone were two models; the Hub takes them for one.
#[test]
fn ids_in_two_spellings_count_once() {
    let line = |id: &str, modified: &str, downloads: u32| {
        format!(
            r#"{{"id":"{id}","createdAt":"2024-05-01T12:00:00.000Z","lastModified":"{modified}T12:00:00.000Z","downloads":9000,"downloadsAllTime":{downloads}}}"#
        )
    };
    let lines = [
        line("Lab/Heron-7B", "2024-06-02", 60_001),
        line("lab/heron-7b", "2024-06-01", 60_002),
        line("lab/other-7b", "2024-06-01", 60_003),
    ];
    let workspace = Workspace::new();
    let path = workspace.file("models.jsonl", lines.join("\n"));
    let ran = workspace.ok(&["run", "--source", path.to_str().unwrap()]);
    assert!(ran.stderr.contains("ids in several spellings"), "{}", ran.stderr);
    let models: Vec<ModelRow> = table(&workspace.snapshot());
    let kept: Vec<&str> = models.iter().map(|m| m.model_id.as_str()).collect();
    assert_eq!(kept, ["Lab/Heron-7B", "lab/other-7b"]);
    let quarantined: Vec<QuarantineRow> = table(&workspace.snapshot());
    assert!(quarantined.len() == 1 && quarantined[0].reason.contains("in other letters"), "{}", quarantined[0].reason);
    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(workspace.snapshot().join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["records"]["renamed"], 1);
}

/// Regression: hidden files were neither counted nor named, beside an index and among cards.
#[test]
fn hidden_files_are_named() {
    let workspace = Workspace::new();
    for dir in ["dir", "cards", "cards/a", "cards/a/b"] {
        std::fs::create_dir(workspace.path(dir)).unwrap();
    }
    workspace.file("dir/models.jsonl", "{\"id\":\"a/b\",\"createdAt\":\"2024-05-01\",\"downloadsAllTime\":9000}\n");
    workspace.file("dir/.models.jsonl.crc", "crc");
    workspace.file("cards/a/b/README.md", "# b");
    workspace.file("cards/a/b/.hidden", "x");
    workspace.file("cards/stranger--model.md", "# c");
    let ran = workspace.ok(&["run", "--until", "ingest", "--source", "dir", "--cards", "cards"]);
    for part in [".models.jsonl.crc (hidden)", "a/b/.hidden (hidden)", "without_model=1", "stranger/model"] {
        assert!(ran.stderr.contains(part), "'{part}' not in:\n{}", ran.stderr);
    }
}
