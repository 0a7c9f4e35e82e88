//! Input that is broken, hostile or absent: what, where, the way out, and the right exit status.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use common::{Workspace, sample, table};
use hugging_carbon::domain::{Field, GroupBy};
use hugging_carbon::tables::{EvidenceRow, ModelRow, QuarantineRow, TableInfo, io::BatchWriter, published};
use std::io::Write;
use std::path::Path;

/// Runs on a source and expects a refusal with exit 1 that says all of `parts`, and nothing published.
fn refused(workspace: &Workspace, source: &str, parts: &[&str]) {
    let ran = workspace.run(&["run", "--source", source]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    for part in parts {
        assert!(ran.stderr.contains(part), "'{part}' not in:\n{}", ran.stderr);
    }
    assert!(ran.stderr.contains("way out"), "{}", ran.stderr);
    assert!(!workspace.data().join("snapshots/latest").exists());
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn sample_bytes() -> Vec<u8> {
    std::fs::read(sample().join("models.jsonl")).unwrap()
}

#[test]
fn a_parquet_of_another_schema_names_its_columns() {
    let workspace = Workspace::new();
    let info: TableInfo = published().into_iter().find(|t| t.name == "backtest").unwrap();
    BatchWriter::create(&workspace.path("other.parquet"), info.schema, &[]).unwrap().finish().unwrap();
    refused(&workspace, "other.parquet", &["no column 'id'", "it has: tier, against", "other.parquet"]);
}

#[test]
fn a_truncated_parquet_is_named() {
    let workspace = Workspace::new();
    workspace.ok(&["-q", "run", "--until", "ingest"]);
    // Any Parquet file cut short will do: the footer is gone.
    let bytes = std::fs::read(workspace.data().join("work/raw_models.parquet")).unwrap();
    workspace.file("cut.parquet", &bytes[..bytes.len() / 2]);
    refused(&workspace, "cut.parquet", &["truncated or damaged", "cut.parquet"]);
}

#[test]
fn one_broken_line_goes_to_quarantine_and_many_stop_the_run() {
    let workspace = Workspace::new();
    let mut lines = sample_bytes();
    lines.extend_from_slice(b"{\"id\":\"broken/line\",\"tags\":[\n");
    workspace.file("one.jsonl", &lines);
    let ran = workspace.ok(&["run", "--source", "one.jsonl"]);
    assert!(ran.stderr.contains("records went to quarantine"), "{}", ran.stderr);
    let quarantined: Vec<QuarantineRow> = table(&workspace.snapshot());
    assert_eq!(quarantined.len(), 1);
    assert_eq!(quarantined[0].locator, "one.jsonl:line 531 record");
    assert!(quarantined[0].raw.contains("broken/line"));

    let workspace = Workspace::new();
    let mut many = sample_bytes();
    for _ in 0..20 {
        many.extend_from_slice(b"not json at all\n");
    }
    workspace.file("many.jsonl", &many);
    refused(&workspace, "many.jsonl", &["20 of 550 records refused (3.64 %, limit 1.00 %)", "many.jsonl:line 531"]);
}

#[test]
fn empty_absent_unknown_and_truncated_files() {
    let workspace = Workspace::new();
    workspace.file("empty.jsonl", "");
    refused(&workspace, "empty.jsonl", &["the file is empty", "empty.jsonl"]);
    workspace.file("blank.jsonl", "\n  \n");
    refused(&workspace, "blank.jsonl", &["the file is empty", "blank.jsonl"]);
    workspace.file("notes.txt", "hello");
    refused(&workspace, "notes.txt", &["neither Parquet nor JSON", "notes.txt"]);
    refused(&workspace, "absent.parquet", &["cannot read source", "absent.parquet"]);
    std::fs::create_dir(workspace.path("nothing")).unwrap();
    refused(&workspace, "nothing", &["holds no index file"]);
    let packed = gzip(&sample_bytes());
    workspace.file("cut.jsonl.gz", &packed[..packed.len() / 2]);
    refused(&workspace, "cut.jsonl.gz", &["truncated or damaged", "cut.jsonl.gz"]);
    workspace.file("cut.json", "[{\"id\":\"a/b\"},{\"id\":\"c/d\"");
    refused(&workspace, "cut.json", &["never closes", "after record 1"]);
    workspace.file("none.json", "[]");
    refused(&workspace, "none.json", &["no usable record"]);
}

/// Regression: of an index whose download was cut off inside a record, the record went to quarantine, 1 of 531 and under the limit, and a
/// snapshot without the rest was published with exit 0.
#[test]
fn an_index_cut_off_in_its_last_line_is_refused_whatever_the_limit() {
    let workspace = Workspace::new();
    let last = b"{\"id\":\"zz/last\",\"createdAt\":\"2024-05-01T12:00:00.000Z\",\"downloads\":9000,\"downloadsAllTime\":9000}";
    let whole = [&sample_bytes()[..], last].concat();
    let cut = &whole[..whole.len() - 20];
    workspace.file("generous.toml", "[limits]\nmax_quarantine_fraction = 0.9\n");
    for (name, bytes) in [
        ("cut.jsonl", cut.to_vec()),
        ("cut.jsonl.gz", gzip(cut)),
        ("cut.jsonl.zst", zstd::encode_all(cut, 3).unwrap()),
        // A stream that ends early, around a text that does not.
        ("stream.jsonl.zst", zstd::encode_all(&whole[..], 3).map(|packed| packed[..packed.len() - 9].to_vec()).unwrap()),
    ] {
        workspace.file(name, bytes);
        let parts: &[&str] =
            if name.starts_with("cut") { &["no line end", "line 531", "fetch it again"] } else { &["truncated or damaged"] };
        refused(&workspace, name, &[&[name][..], parts].concat());
        let ran = workspace.run(&["run", "--config", "generous.toml", "--source", name]);
        assert_eq!(ran.status, 1, "{}", ran.stderr);
    }
    // One of several files, and cards.
    std::fs::create_dir(workspace.path("parts")).unwrap();
    workspace.file("parts/a.jsonl", cut);
    workspace.file("parts/b.jsonl", sample_bytes());
    refused(&workspace, "parts", &["a.jsonl line 531"]);
    workspace.file("cards.jsonl", "{\"id\":\"gpt2\",\"card\":\"# GPT\"}\n{\"id\":\"openai-community/gpt2\",\"card\":\"# G");
    let ran = workspace.run(&["run", "--cards", "cards.jsonl"]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("cards.jsonl line 2"), "{}", ran.stderr);
    assert!(!workspace.data().join("snapshots/latest").exists());
    // What is whole but for its line end is whole; what is bad in the middle stays a matter of the quarantine.
    let bad = b"{\"id\":\"broken/line\",\"tags\":[\n";
    workspace.file("whole.jsonl", [&bad[..], &whole[..]].concat());
    workspace.ok(&["-q", "run", "--source", "whole.jsonl"]);
    assert_eq!(table::<ModelRow>(&workspace.snapshot()).len(), 531);
    let quarantined: Vec<QuarantineRow> = table(&workspace.snapshot());
    assert_eq!(quarantined.iter().map(|row| row.locator.as_str()).collect::<Vec<_>>(), ["whole.jsonl:line 1 record"]);
}

/// Records that were written over several lines: said to be that, and not that the file is truncated, wherever it ends.
#[test]
fn records_over_several_lines_are_no_cut_file() {
    let workspace = Workspace::new();
    let record: serde_json::Value = serde_json::json!({"id": "a/b-7B", "likes": 3, "tags": ["x"]});
    let pretty = serde_json::to_string_pretty(&record).unwrap();
    for text in [format!("{pretty}\n{pretty}\n"), format!("{pretty}\n{pretty}"), pretty[..pretty.len() - 8].to_owned()] {
        workspace.file("pretty.jsonl", text);
        refused(&workspace, "pretty.jsonl", &["spread over several lines", "jq -c"]);
    }
    // A list under a key, one record a line.
    for text in ["{\"models\": [\n{\"id\":\"a/b\"},\n{\"id\":\"c/d\"}\n]}\n", "{\"models\": [\n{\"id\":\"a/b\"},\n{\"id\":\"c/"] {
        workspace.file("object.json", text);
        refused(&workspace, "object.json", &["jq -c"]);
    }
}

/// A format that is known and not read is called by its name, and the message says how to get out of it.
#[test]
fn known_formats_that_are_not_read_are_named() {
    let workspace = Workspace::new();
    let sqlite = [b"SQLite format 3\0", &[0x10, 0, 1, 1][..]].concat();
    workspace.file("models.db", &sqlite);
    refused(&workspace, "models.db", &["an SQLite database, which is not read", "models.db", "duckdb"]);
    workspace.file("models.feather", b"ARROW1\0\0\x10\0\0\0");
    refused(&workspace, "models.feather", &["an Arrow or Feather file", "write_table"]);
    workspace.file("models.parquet", b"PK\x03\x04\x14\0\0\0\x08\0models.jsonl");
    refused(&workspace, "models.parquet", &["a ZIP archive", "unpack it"]);
    let utf16: Vec<u8> = "\u{feff}{\"id\": \"a/b\"}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    workspace.file("powershell.jsonl", &utf16);
    refused(&workspace, "powershell.jsonl", &["text in UTF-16", "iconv"]);
    workspace.file("models.csv", "id,author,downloads\na/b,a,3\n");
    refused(&workspace, "models.csv", &["CSV", "nested values"]);
    // In a directory of cards, likewise.
    workspace.file("cards.jsonl.xz", b"\xfd7zXZ\0\0\x04\xe6\xd6");
    let ran = workspace.run(&["run", "--cards", "cards.jsonl.xz"]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("an xz file, which is not read") && ran.stderr.contains("unpack it"), "{}", ran.stderr);
}

/// Cards as Windows saves them, and with bytes that are no UTF-8: their figures are read all the same.
#[test]
fn cards_of_other_encodings_are_read() {
    let workspace = Workspace::new();
    let record = |id: &str| format!("{{\"id\":\"{id}\",\"createdAt\":\"2024-05-01T12:00:00.000Z\",\"downloadsAllTime\":9000}}\n");
    workspace.file("index.jsonl", record("a/wide") + &record("a/latin"));
    std::fs::create_dir_all(workspace.path("cards/a/wide")).unwrap();
    std::fs::create_dir_all(workspace.path("cards/a/latin")).unwrap();
    let card = "\u{feff}# Modèle\r\n\r\n## Environmental Impact\r\n\r\n- **Energy consumed:** 8 kWh\r\n";
    let wide: Vec<u8> = card.encode_utf16().flat_map(u16::to_le_bytes).collect();
    workspace.file("cards/a/wide/README.md", &wide);
    workspace.file("cards/a/latin/README.md", b"# Mod\xe8le\n\n## Environmental Impact\n\n- **Energy consumed:** 8 kWh\n");
    workspace.ok(&["-q", "run", "--until", "normalize", "--source", "index.jsonl", "--cards", "cards"]);
    let evidence: Vec<EvidenceRow> = table(&workspace.data().join("work"));
    for id in ["a/wide", "a/latin"] {
        let energy = evidence.iter().find(|e| e.model_id == id && e.field == Field::EnergyKwh && e.accepted);
        assert_eq!(energy.and_then(|e| e.value), Some(8.0), "{id}");
    }
}

/// A field that fails in many records is shown with one value that failed.
#[test]
fn a_field_that_cannot_be_used_is_shown_with_an_example() {
    let workspace = Workspace::new();
    let lines: String = (0..40)
        .map(|i| format!("{{\"id\":\"a/m{i}\",\"tags\":[],\"createdAt\":\"the {i}th of May\",\"downloadsAllTime\":9}}\n"))
        .collect();
    workspace.file("dates.jsonl", &lines);
    refused(&workspace, "dates.jsonl", &["field 'createdAt' cannot be used in 40 of 40 records", "the 0th of May", "line 1"]);
}

/// The kind is in the content: the sample as gzip, as an array, under names that lie, gives the same models.
#[test]
fn the_kind_is_recognised_from_content() {
    let workspace = Workspace::new();
    workspace.ok(&["-q", "run", "--until", "normalize"]);
    let expected: Vec<ModelRow> = table(&workspace.data().join("work"));
    let text = String::from_utf8(sample_bytes()).unwrap();
    let array = format!("[\n{}\n]\n", text.trim_end().replace('\n', ",\n"));
    workspace.file("lies.parquet", gzip(text.as_bytes()));
    workspace.file("lies.txt", &array);
    workspace.file("array.json.gz", gzip(array.as_bytes()));
    workspace.file("lines.jsonl.zst", zstd::encode_all(text.as_bytes(), 3).unwrap());
    workspace.file("lies.gz", zstd::encode_all(array.as_bytes(), 3).unwrap());
    std::fs::create_dir(workspace.path("split")).unwrap();
    let (first, second) = text.split_at(text[..text.len() / 2].rfind('\n').unwrap() + 1);
    workspace.file("split/b.jsonl", first);
    workspace.file("split/a.gz", gzip(second.as_bytes()));
    for source in ["lies.parquet", "lies.txt", "array.json.gz", "lines.jsonl.zst", "lies.gz", "split"] {
        workspace.ok(&["-q", "run", "--until", "normalize", "--source", source]);
        assert!(table::<ModelRow>(&workspace.data().join("work")) == expected, "{source}");
    }
}

/// A dump with narrow integers, large strings, text instants, a missing and an extra column: read, and said once.
#[test]
fn an_index_parquet_of_other_widths_is_converted_and_reported_once() {
    use arrow::array::{ArrayRef, Int16Array, Int32Array, LargeStringArray, RecordBatch, StringArray};
    use std::sync::Arc;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(LargeStringArray::from(vec![Some("a/b-7B"), None, Some("c/d")]))),
        ("createdAt", Arc::new(StringArray::from(vec!["2024-02-28T15:24:14.000Z", "2024-02-28T15:24:14.000Z", "never"]))),
        ("downloads", Arc::new(Int32Array::from(vec![Some(7), Some(8), Some(-1)]))),
        ("likes", Arc::new(Int16Array::from(vec![1, 2, 3]))),
        ("pipeline_tag", Arc::new(StringArray::from(vec![Some("text-generation"), None, None]))),
        ("vibes", Arc::new(Int32Array::from(vec![1, 2, 3]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let workspace = Workspace::new();
    let mut writer = BatchWriter::create(&workspace.path("odd.parquet"), batch.schema(), &[]).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    // The file has no counts of all time: a cohort by them would be empty, and the run is refused (tests/field_indexes.rs).
    workspace.file("wide.toml", "[cohort]\nmin = 5\nmetric = \"downloads_30d\"\n[limits]\nmax_quarantine_fraction = 0.5\n");
    let ran = workspace.ok(&["run", "--config", "wide.toml", "--source", "odd.parquet"]);
    for part in ["downloads: Int32", "createdAt: Utf8", "vibes", "tags"] {
        assert_eq!(ran.stderr.matches(part).count(), 1, "{part} in\n{}", ran.stderr);
    }
    let models: Vec<ModelRow> = table(&workspace.snapshot());
    assert_eq!(models.len(), 2);
    assert_eq!((models[0].downloads_30d, models[0].likes), (Some(7), Some(1)));
    assert!(models[0].created_at.is_some() && models[1].created_at.is_none());
    let reasons: Vec<String> = table::<QuarantineRow>(&workspace.snapshot()).into_iter().map(|q| q.reason).collect();
    assert_eq!(reasons.len(), 3, "{reasons:?}");
}

#[cfg(unix)]
#[test]
fn a_directory_without_permission_is_named() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    // Root reads everything: there the binary runs as nobody, from a directory nobody may enter.
    let workspace = Workspace::new();
    let binary = workspace.path("hugging-carbon");
    std::fs::copy(env!("CARGO_BIN_EXE_hugging-carbon"), &binary).unwrap();
    std::fs::set_permissions(workspace.path(""), std::fs::Permissions::from_mode(0o755)).unwrap();
    let locked = workspace.path("locked");
    std::fs::create_dir(&locked).unwrap();
    std::fs::create_dir(workspace.path("out")).unwrap();
    std::fs::set_permissions(workspace.path("out"), std::fs::Permissions::from_mode(0o777)).unwrap();
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o000)).unwrap();
    let mut command = std::process::Command::new(&binary);
    command.current_dir(workspace.path("")).args(["run", "--source", "locked", "--data-dir", "out"]);
    let is_root = std::fs::read_dir(&locked).is_ok();
    if is_root {
        command.uid(65_534).gid(65_534);
    }
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("locked") && stderr.contains("Permission denied") && stderr.contains("way out"), "{stderr}");
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Regression: `run` on a data directory that nobody may write to ended with 1, though all was fresh and published.
#[cfg(unix)]
#[test]
fn a_run_with_nothing_to_do_needs_no_permission_to_write() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let workspace = Workspace::new();
    workspace.ok(&["-q", "run"]);
    let binary = workspace.path("hugging-carbon");
    std::fs::copy(env!("CARGO_BIN_EXE_hugging-carbon"), &binary).unwrap();
    let mode = |path: &Path, mode: u32| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(&workspace.path(""), 0o755);
    let directories = ["", "work", "snapshots"].map(|name| workspace.data().join(name));
    directories.iter().for_each(|directory| mode(directory, 0o555));
    mode(&workspace.data().join("work/.lock"), 0o444);
    let run = |args: &[&str]| {
        let mut command = std::process::Command::new(&binary);
        command.current_dir(workspace.path("")).arg("run").args(args);
        // Root may write everywhere: there the binary runs as nobody.
        if std::fs::File::options().write(true).open(workspace.data().join("work/.lock")).is_ok() {
            command.uid(65_534).gid(65_534);
        }
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        (output.status.code(), text)
    };
    let (status, [stdout, stderr]) = run(&[]);
    assert_eq!(status, Some(0), "{stderr}");
    assert!(stderr.contains("nothing may be written here") && stdout.contains("Snapshot"), "{stdout}{stderr}");
    // What is due cannot be done.
    workspace.file("p.toml", "[cohort]\nmin = 10\n");
    for due in [&["--config", "p.toml"][..], &["--force"]] {
        let (status, [_, stderr]) = run(due);
        assert!(status == Some(1) && stderr.contains("Permission denied"), "{due:?}: {stderr}");
    }
    directories.iter().for_each(|directory| mode(directory, 0o755));
}

#[test]
fn a_bad_configuration_is_refused_with_file_and_key() {
    for (text, parts) in [
        ("[cohort]\nminimum = 3\n", ["unknown key 'cohort.minimum'", "bad.toml"]),
        ("[cohort]\nmin = -1\n", ["cohort.min = -1", "bad.toml"]),
        ("[method]\ndraws = \"many\"\n", ["a whole number is wanted", "method.draws"]),
        ("not toml", ["bad.toml", "TOML"]),
    ] {
        let workspace = Workspace::new();
        workspace.file("bad.toml", text);
        let ran = workspace.run(&["run", "--config", "bad.toml"]);
        assert_eq!(ran.status, 1, "{}", ran.stderr);
        for part in parts {
            assert!(ran.stderr.contains(part), "'{part}' not in:\n{}", ran.stderr);
        }
        assert!(!workspace.data().exists(), "nothing is touched before the configuration is good");
    }
    let workspace = Workspace::new();
    assert_eq!(workspace.run(&["run", "--config", "absent.toml"]).status, 1);
}

/// Half a Hub is never published over a whole one.
#[test]
fn a_source_that_shrank_is_not_published() {
    let workspace = Workspace::new();
    workspace.ok(&["-q", "run"]);
    let before = workspace.snapshot();
    let text = String::from_utf8(sample_bytes()).unwrap();
    let half: String = text.lines().take(265).map(|l| format!("{l}\n")).collect();
    workspace.file("half.jsonl", half);
    let ran = workspace.run(&["run", "--source", "half.jsonl"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("265 models, the newest snapshot 530: 50.0 % fewer"), "{}", ran.stderr);
    assert_eq!(workspace.snapshot(), before);
    workspace.ok(&["audit", "--verify-only", "data/snapshots/latest"]);
}

/// Regression: records behind the end of an array, or behind another record on its line, were dropped without a word; a byte order
/// mark cost the first record; sixty thousand brackets ended the process.
#[test]
fn nothing_disappears_between_records() {
    let workspace = Workspace::new();
    workspace.file("two.json", "[{\"id\":\"a/b\",\"likes\":1}]\n{\"id\":\"c/d\"}");
    refused(&workspace, "two.json", &["something follows the JSON array", "after record 1"]);
    let mut lines = b"\xef\xbb\xbf".to_vec();
    lines.extend(sample_bytes());
    lines.extend_from_slice(b"{\"id\":\"zz/one\"}{\"id\":\"zz/two\"}\n");
    lines.extend(format!("{{\"id\":\"zz/deep\",\"cardData\":{}}}\n", "[".repeat(60_000)).into_bytes());
    workspace.file("mixed.jsonl", lines);
    workspace.ok(&["-q", "run", "--source", "mixed.jsonl"]);
    assert_eq!(table::<ModelRow>(&workspace.snapshot()).len(), 530);
    let reasons: Vec<String> = table::<QuarantineRow>(&workspace.snapshot()).into_iter().map(|q| q.reason).collect();
    assert_eq!(reasons, ["something follows the JSON value", "nested deeper than 100 levels"]);
}

/// Regression: in an index of fine-tunes only, the indicator of fine-tuning is the intercept again, and the fit exploded.
#[test]
fn an_index_of_one_kind_only() {
    let workspace = Workspace::new();
    let lines: String = (0..300)
        .map(|i| format!("{{\"id\":\"u{i}/autotrain-{}m\",\"createdAt\":\"2024-05-01T12:00:00Z\",\"tags\":[\"autotrain\"],\"downloadsAllTime\":9000}}\n", 50 + i % 40))
        .collect();
    workspace.file("tunes.jsonl", lines);
    workspace.ok(&["-q", "run", "--source", "tunes.jsonl"]);
}

/// Regression: one absurd record once owned the total.
#[test]
fn one_absurd_record_does_not_own_the_total() {
    let workspace = Workspace::new();
    workspace.ok(&["-q", "run"]);
    let total = || -> f64 {
        let rows: Vec<hugging_carbon::tables::AggregateRow> = table(&workspace.snapshot());
        rows.iter().find(|r| r.cohort == "all_models" && r.group_by == GroupBy::All).unwrap().emissions_kgco2e.mean
    };
    let before = total();
    let mut lines = sample_bytes();
    let common = "\"library_name\":\"timm\",\"downloadsAllTime\":9000";
    for record in [
        format!("{{\"id\":\"x/emissions-66m\",{common},\"cardData\":{{\"co2_eq_emissions\":9e10}}}}"),
        format!("{{\"id\":\"x/energy-66m\",{common},\"cardData\":{{\"co2_eq_emissions\":{{\"energy_consumed\":9e9}}}}}}"),
        format!("{{\"id\":\"x/energy\",{common},\"cardData\":{{\"co2_eq_emissions\":{{\"energy_consumed\":1e308}}}}}}"),
        format!("{{\"id\":\"x/future\",{common},\"tags\":[\"arxiv:9912.00001\"]}}"),
        format!("{{\"id\":\"x/size\",{common},\"safetensors\":{{\"parameters\":{{\"F32\":100000000000000}}}}}}"),
    ] {
        lines.extend(record.into_bytes());
        lines.push(b'\n');
    }
    workspace.file("absurd.jsonl", lines);
    workspace.ok(&["-q", "run", "--source", "absurd.jsonl"]);
    assert!(total() / before < 1.1, "{} against {before}", total());
}

/// Three records are an index, too.
#[test]
fn a_tiny_index_works() {
    let workspace = Workspace::new();
    workspace.file(
        "tiny.jsonl",
        "{\"id\":\"a/b-7B\",\"createdAt\":\"2024-05-01\",\"library_name\":\"transformers\",\"downloads\":9000,\"downloadsAllTime\":9000}\n{\"id\":\"a/c\"}\n{\"id\":\"gpt2\"}\n",
    );
    let ran = workspace.ok(&["-q", "run", "--source", "tiny.jsonl"]);
    // Nobody knows what it is: a fine-tune more likely than a pre-training, and a run either way.
    assert!(ran.stdout.contains("a/b-7B#fine_tuning"), "{}", ran.stdout);
}

/// Regression: a cohort of nobody was published as a result, 0 t of 0 models, and `latest` went to it.
#[test]
fn a_cohort_of_nobody_is_not_published() {
    let index = |downloads: &str| -> String {
        (0..5)
            .map(|i| format!("{{\"id\":\"a/m{i}-1b\",\"createdAt\":\"2024-05-01T12:00:00Z\",\"downloadsAllTime\":{downloads}}}\n"))
            .collect()
    };
    let workspace = Workspace::new();
    workspace.file("zero.jsonl", index("0"));
    refused(&workspace, "zero.jsonl", &["downloadsAllTime", "0 in all of the 5 records"]);
    workspace.file("few.jsonl", index("70"));
    refused(
        &workspace,
        "few.jsonl",
        &["nobody is in the cohort", "the most that a model has is 70", "cohort.min below 70", "published: nothing"],
    );
    workspace.file("few.toml", "[cohort]\nmin = 69\n");
    workspace.ok(&["-q", "run", "--source", "few.jsonl", "--config", "few.toml"]);
    // A record alone may have none: it is asked about and not published.
    workspace.file("record.json", "{\"id\":\"a/b-7b\",\"downloads\":0,\"downloadsAllTime\":0}");
    let text = workspace.ok(&["explain", "--record", "record.json"]).stdout;
    assert!(text.contains("0 of all time, 0 in 30 days; not in the cohort"), "{text}");
}

/// Regression: a cohort without a training was published, 0 t of 50 models.
#[test]
fn a_cohort_of_copies_alone_is_not_published() {
    let workspace = Workspace::new();
    let line = |i: usize| {
        format!(
            "{{\"id\":\"a/m{i}-7B-GGUF\",\"createdAt\":\"2024-05-01T12:00:00Z\",\"downloadsAllTime\":9000,\"tags\":[\"gguf\",\
             \"base_model:quantized:b/m{i}-7B\"],\"baseModels\":{{\"relation\":\"quantized\",\"models\":[{{\"id\":\"b/m{i}-7B\"}}]}}}}\n"
        )
    };
    workspace.file("copies.jsonl", (0..5).map(line).collect::<String>());
    refused(&workspace, "copies.jsonl", &["none of the 5 models of the cohort is a training of its own", "published: nothing"]);
}

/// Regression: pandas' default JSON gave "id missing or malformed" and no way out.
#[test]
fn a_table_by_columns_is_refused_with_the_way_out() {
    let workspace = Workspace::new();
    workspace.file("frame.json", r#"{"id":{"0":"a/b","1":"a/c"},"downloadsAllTime":{"0":9000,"1":9000}}"#);
    refused(&workspace, "frame.json", &["by columns", "orient=\"records\""]);
}
