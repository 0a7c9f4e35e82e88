//! `rows evidence` as an engine drives it, and the pipeline on what it wrote.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use common::arrow_rows::{
    batch, batches, card_batches, evidence_file, ipc_file, parquet, readings, rows_evidence, sample_cards, stream,
};
use common::{Workspace, files_of, sample, table};
use hugging_carbon::tables::{EvidenceRow, QuarantineRow};
use std::path::Path;
use std::sync::Arc;

const SOURCE: &str = "--source";

/// Tables of a snapshot; the manifest and the dataset card name the input and differ.
fn tables(snapshot: &Path) -> Vec<(String, Vec<u8>)> {
    files_of(snapshot).into_iter().filter(|(name, _)| name.ends_with(".parquet")).collect()
}

/// The sample's tables, made by the pipeline from the cards themselves.
fn expected() -> Vec<(String, Vec<u8>)> {
    let workspace = Workspace::new();
    let cards = sample().join("cards");
    workspace.ok(&["-q", "run", SOURCE, sample().to_str().unwrap(), "--cards", cards.to_str().unwrap()]);
    tables(&workspace.snapshot())
}

fn assert_same(snapshot: &Path, expected: &[(String, Vec<u8>)], what: &str) {
    let made = tables(snapshot);
    assert!(made.len() > 15 && made.len() == expected.len());
    for ((name, a), (_, b)) in made.iter().zip(expected) {
        assert!(a == b, "{what}: {name} differs");
    }
}

/// Every table is the same to the byte: from an IPC stream, from a directory of shuffled Parquet and IPC files with notes of an engine
/// beside them; and an audit finds the evidence and rebuilds the snapshot.
#[test]
fn evidence_made_elsewhere_gives_the_same_tables() {
    let expected = expected();
    let workspace = Workspace::new();
    let source = sample();
    let source = source.to_str().unwrap();
    let file = evidence_file(&workspace, "evidence.arrow", &sample_cards());
    workspace.ok(&["-q", "run", SOURCE, source, "--evidence", "evidence.arrow"]);
    let snapshot = workspace.snapshot();
    assert_same(&snapshot, &expected, "stream");
    let manifest = std::fs::read_to_string(snapshot.join("manifest.json")).unwrap();
    assert!(manifest.contains("\"kind\": \"evidence\"") && manifest.contains("evidence.arrow"), "{manifest}");
    let snapshot = snapshot.to_str().unwrap();
    let audited = workspace.ok(&["audit", snapshot, SOURCE, source, "--evidence", "evidence.arrow"]).stdout;
    assert!(audited.contains("the same bytes"), "{audited}");
    let without = workspace.run(&["audit", snapshot, SOURCE, source]);
    assert!(without.status == 1 && without.stderr.contains("--evidence"), "{}", without.stderr);

    let whole = batches(&std::fs::read(file).unwrap());
    let whole = concat_batches(&whole[0].schema(), &whole).unwrap();
    let n = u32::try_from(whole.num_rows()).unwrap();
    let part = |k: u32| {
        let rows: Vec<u32> = (0..n).map(|i| (i * 7_919 + 13) % n).filter(|i| i % 3 == k).collect();
        take_record_batch(&whole, &UInt32Array::from(rows)).unwrap()
    };
    let dealt = Workspace::new();
    std::fs::create_dir_all(dealt.path("made/part=1")).unwrap();
    parquet(&dealt.path("made/part-0.parquet"), &[part(0)]);
    parquet(&dealt.path("made/part=1/part-1.parquet"), &[part(1)]);
    ipc_file(&dealt.path("made/part-2.arrow"), &part(2));
    dealt.file("made/_SUCCESS", "");
    dealt.file("p.toml", format!("[source]\npath = \"{source}\"\n[cards]\nevidence = \"made\"\n"));
    dealt.ok(&["-q", "run", "--config", "p.toml"]);
    assert_same(&dealt.snapshot(), &expected, "directory");
}

/// Another file of evidence is another input: what was made of the first is stale.
#[test]
fn a_change_of_the_evidence_is_seen() {
    let workspace = Workspace::new();
    let mut cards = sample_cards();
    evidence_file(&workspace, "evidence.arrow", &cards);
    let args = ["-q", "run", "--until", "ingest", "--evidence", "evidence.arrow"];
    workspace.ok(&args);
    let status = || workspace.ok(&["status", "--evidence", "evidence.arrow"]).stdout;
    assert!(status().contains("ingest     fresh"), "{}", status());
    cards.pop();
    evidence_file(&workspace, "evidence.arrow", &cards);
    assert!(status().contains("evidence evidence.arrow changed"), "{}", status());
}

/// What the pipeline publishes of a card is one of its readings, and where nothing but the record decides, the first.
#[test]
fn what_the_pipeline_publishes_is_one_of_the_readings() {
    let workspace = Workspace::new();
    let (ran, made) = rows_evidence(&workspace, &stream(&card_batches(&sample_cards(), 7)), &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let made = readings(&made);
    let cards = sample().join("cards");
    workspace.ok(&["-q", "run", "--until", "normalize", SOURCE, sample().to_str().unwrap(), "--cards", cards.to_str().unwrap()]);
    let published: Vec<EvidenceRow> = table(&workspace.data().join("work"));
    let (mut first, mut later) = (0, 0);
    for (id, _) in sample_cards() {
        let of_card =
            |e: &&EvidenceRow| e.model_id == id && ["card_text", "card_table", "card_front_matter"].contains(&&*e.extractor);
        let mut expected: Vec<(String, Option<f64>, String)> =
            published.iter().filter(of_card).map(|e| (e.evidence_id.clone(), e.value, e.quote.clone())).collect();
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        let rows = |reading: i32| {
            let own = made.iter().filter(|row| row.model_id == id && row.reading == reading);
            let own = own.filter_map(|row| Some((row.evidence_id.clone()?, row.value, row.quote.clone()?)));
            let mut own: Vec<(String, Option<f64>, String)> = own.collect();
            own.sort_by(|a, b| a.0.cmp(&b.0));
            own
        };
        let last = made.iter().filter(|row| row.model_id == id).map(|row| row.reading).max().unwrap();
        let at = (0..=last).find(|reading| rows(*reading) == expected).unwrap_or_else(|| panic!("{id}: {expected:?}"));
        if at == 0 { first += 1 } else { later += 1 }
    }
    assert!(first + later == 34 && first > 5 * later, "{first} {later}");
}

#[test]
fn any_number_of_threads_and_any_batches_give_the_same_rows() {
    let workspace = Workspace::new();
    let cards = sample_cards();
    let (_, one) = rows_evidence(&workspace, &stream(&card_batches(&cards, 100)), &["--threads", "1"]);
    let (_, two) = rows_evidence(&workspace, &stream(&card_batches(&cards, 100)), &["--threads", "4"]);
    assert!(one == two && !one.is_empty());
    let (_, small) = rows_evidence(&workspace, &stream(&card_batches(&cards, 3)), &["-q"]);
    assert!(readings(&small) == readings(&one));
    let ids: Vec<String> = cards.iter().map(|(id, _)| id.clone()).collect();
    let mut seen: Vec<String> = readings(&one).into_iter().map(|row| row.model_id).collect();
    seen.dedup();
    assert_eq!(seen, ids, "the order of the input");
}

/// A batch without rows gives a stream with a schema: how an engine learns the columns.
#[test]
fn no_rows_give_the_schema_and_who_reads() {
    let workspace = Workspace::new();
    let (ran, made) = rows_evidence(&workspace, &stream(&[batch(&[("id", Vec::new()), ("card", Vec::new())])]), &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let reader = arrow::ipc::reader::StreamReader::try_new(made.as_slice(), None).unwrap();
    let schema = reader.schema();
    assert_eq!(schema.fields().first().unwrap().name(), "evidence_id");
    assert!(schema.metadata().contains_key("hugging-carbon.vocabulary/card.toml"), "{:?}", schema.metadata());
}

/// One row that cannot be used does not stop the stream, and shows in the pipeline's quarantine.
#[test]
fn rows_that_are_no_cards_are_refused_one_by_one() {
    let workspace = Workspace::new();
    let input = batch(&[
        ("modelId", vec![Some("a/b"), Some("../etc"), None, Some("a/c")]),
        ("text", vec![Some("# b"), Some("# x"), Some("# y"), None]),
    ]);
    let (ran, made) = rows_evidence(&workspace, &stream(&[input]), &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let refused: Vec<Option<String>> = readings(&made).into_iter().map(|row| row.refused).collect();
    let expected = [None, Some("row 2: the card's id is no Hub id".to_owned()), Some("row 3: no id".to_owned())];
    assert_eq!(refused, expected);
    workspace.file("evidence.arrow", made);
    workspace.ok(&["-q", "run", SOURCE, sample().to_str().unwrap(), "--evidence", "evidence.arrow"]);
    let quarantined: Vec<QuarantineRow> = table(&workspace.snapshot());
    let reasons: Vec<(&str, &str)> = quarantined.iter().map(|q| (q.locator.as_str(), q.reason.as_str())).collect();
    let expected =
        [("evidence.arrow:row 2 card", "row 2: the card's id is no Hub id"), ("evidence.arrow:row 3 card", "row 3: no id")];
    assert_eq!(reasons, expected);
}

#[test]
fn what_is_no_stream_of_cards_is_refused_with_the_way_out() {
    let workspace = Workspace::new();
    let good = stream(&card_batches(&sample_cards(), 10));
    let number = RecordBatch::try_from_iter([
        ("id", Arc::new(StringArray::from(vec!["a/b"])) as ArrayRef),
        ("card", Arc::new(UInt32Array::from(vec![1])) as ArrayRef),
    ])
    .unwrap();
    for (what, input, parts) in [
        ("nothing", Vec::new(), vec!["is empty"]),
        ("JSON", b"{\"id\": 1}".to_vec(), vec!["no Arrow IPC stream", "docs/engines.md"]),
        ("cut short", good[..good.len() / 2].to_vec(), vec!["ends too early"]),
        (
            "no card",
            stream(&[batch(&[("id", vec![Some("a/b")]), ("likes", vec![None])])]),
            vec!["no column with the card", "id, likes", "modelcard_text"],
        ),
        ("no id", stream(&[batch(&[("name", vec![Some("a/b")]), ("card", vec![None])])]), vec!["no column with the id"]),
        ("number", stream(&[number]), vec!["column 'card' is of type UInt32, not text"]),
    ] {
        let (ran, made) = rows_evidence(&workspace, &input, &[]);
        assert_eq!(ran.status, 1, "{what}: {}", ran.stderr);
        for part in parts.into_iter().chain(["<stdin>", "way out"]) {
            assert!(ran.stderr.contains(part), "{what}: '{part}' not in {}", ran.stderr);
        }
        // Nothing but Arrow goes to stdout.
        assert!(made.is_empty() || made.starts_with(&[0xff; 4]), "{what}");
    }
}

/// The text of a column of every row, replaced.
fn with_text(batch: &RecordBatch, column: &str, replace: impl Fn(&str) -> String) -> RecordBatch {
    let at = batch.schema().index_of(column).unwrap();
    let texts: StringArray = batch.column(at).as_string::<i32>().iter().map(|text| text.map(&replace)).collect();
    let mut columns = batch.columns().to_vec();
    columns[at] = Arc::new(texts);
    RecordBatch::try_new(batch.schema(), columns).unwrap()
}

#[test]
fn evidence_that_is_not_this_readers_or_not_whole_is_refused() {
    let workspace = Workspace::new();
    let made = evidence_file(&workspace, "evidence.arrow", &sample_cards());
    let whole = batches(&std::fs::read(made).unwrap());
    let schema = whole[0].schema();
    let whole = concat_batches(&schema, &whole).unwrap();
    let refused = |name: &str, bytes: Vec<u8>, parts: &[&str]| {
        workspace.file(name, bytes);
        let ran = workspace.run(&["-q", "run", SOURCE, sample().to_str().unwrap(), "--evidence", name]);
        assert_eq!(ran.status, 1, "{name}: {}", ran.stderr);
        for part in parts.iter().chain(&["way out"]) {
            assert!(ran.stderr.contains(part), "{name}: '{part}' not in {}", ran.stderr);
        }
    };
    let part_of_reader = |at: usize, text: &str| {
        let mut parts: Vec<&str> = text.split('/').collect();
        parts[at] = "0f";
        parts.join("/")
    };
    let older = with_text(&whole, "reader", |text| part_of_reader(2, text));
    refused("older.arrow", stream(&[older]), &["another reader of cards: reader is 0f", "older.arrow row 1"]);
    let words = with_text(&whole, "reader", |text| part_of_reader(3, text));
    refused("words.arrow", stream(&[words]), &["words and tables is 0f"]);
    refused("part.arrow", stream(&[whole.slice(0, whole.num_rows() - 1)]), &["not whole"]);
    let renamed = batch(&[("id", vec![Some("a/b")]), ("card", vec![Some("x")])]);
    refused("cards.arrow", stream(&[renamed]), &["no column 'evidence_id'", "rows evidence"]);
    refused("text.arrow", b"hello, this is text".to_vec(), &["neither Parquet nor Arrow IPC", "text.arrow"]);
    refused("absent.parquet", b"PAR1".to_vec(), &["cannot be read", "absent.parquet"]);
    let both = workspace.run(&["run", "--evidence", "evidence.arrow", "--cards", "x"]);
    assert!(both.status == 1 && both.stderr.contains("in the stead of cards"), "{}", both.stderr);
}

/// Regression: the same 590 bytes of `reader` stood in each row, more than all figures together, and questions in each context anew.
#[test]
fn what_is_the_same_in_every_row_is_short() {
    let workspace = Workspace::new();
    let whole = batches(&std::fs::read(evidence_file(&workspace, "evidence.arrow", &sample_cards())).unwrap());
    let bytes =
        |column: &str| whole.iter().map(|batch| batch.column_by_name(column).unwrap().get_array_memory_size()).sum::<usize>();
    let figures: usize = ["evidence_id", "value", "unit", "value_as_written", "locator", "quote"].into_iter().map(bytes).sum();
    assert!(bytes("reader") + bytes("contexts") < figures, "{} {} {figures}", bytes("reader"), bytes("contexts"));
}

/// Evidence as the first format had it, with the whole reader in each row and the questions in each context, is still taken.
#[test]
fn evidence_of_the_first_format_is_still_read() {
    let expected = expected();
    let workspace = Workspace::new();
    let whole = batches(&std::fs::read(evidence_file(&workspace, "new.arrow", &sample_cards())).unwrap());
    let schema = whole[0].schema();
    let whole = concat_batches(&schema, &whole).unwrap();
    let mut parts: Vec<(String, String)> = schema
        .metadata()
        .iter()
        .map(|(name, value)| (name.trim_start_matches("hugging-carbon.").to_owned(), value.clone()))
        .collect();
    parts.retain(|(name, _)| name != "format" && name != "countries_of_grid_regions");
    parts.extend(
        [("format", "1"), ("grid_region_year.csv", "0123456789ab")].map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    parts.sort();
    let reader: Vec<String> = parts.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let old = with_text(&whole, "reader", |_| reader.join("; "));
    let mut columns = old.columns().to_vec();
    let at = schema.index_of("contexts").unwrap();
    columns[at] = Arc::new(long_contexts(&columns[at]));
    let fields: Vec<arrow::datatypes::Field> = schema
        .fields()
        .iter()
        .zip(&columns)
        .map(|(field, column)| arrow::datatypes::Field::new(field.name(), column.data_type().clone(), field.is_nullable()))
        .collect();
    let old = RecordBatch::try_new(Arc::new(arrow::datatypes::Schema::new(fields)), columns).unwrap();
    workspace.file("old.arrow", stream(&[old]));
    workspace.ok(&["-q", "run", SOURCE, sample().to_str().unwrap(), "--evidence", "old.arrow"]);
    assert_same(&workspace.snapshot(), &expected, "first format");
}

/// Contexts with their questions in each, as lists whose elements are called `item`. A card's questions stand before those of its first row.
fn long_contexts(short: &ArrayRef) -> arrow::array::ListArray {
    let mut builder = arrow::array::ListBuilder::new(arrow::array::StringBuilder::new());
    let mut questions: Vec<String> = Vec::new();
    for row in 0..short.len() {
        let texts = short.as_list::<i32>().value(row);
        for text in texts.as_string::<i32>().iter().flatten() {
            if let Some(asked) = text.strip_prefix('?') {
                questions = asked.lines().skip(1).map(str::to_owned).collect();
                continue;
            }
            let (role, answers) = text.split_once(':').unwrap();
            let answers = answers.chars().enumerate().filter(|(_, answer)| *answer != '-');
            let line = |(at, answer): (usize, char)| format!("\n{} {}", if answer == 'y' { "yes" } else { "no" }, questions[at]);
            builder.values().append_value(format!("{role}{}", answers.map(line).collect::<String>()));
        }
        builder.append(true);
    }
    builder.finish()
}

/// A card is read with its model's name, so evidence under another spelling of the id is another reading.
#[test]
fn evidence_under_another_id_goes_to_quarantine() {
    let workspace = Workspace::new();
    let cards: Vec<(String, String)> = vec![("Dalle-Mini/DALLE-mini".to_owned(), "# x".to_owned())];
    evidence_file(&workspace, "evidence.arrow", &cards);
    let source = sample().display().to_string();
    // Regression: a job that had joined by lower case lost all evidence, and nothing said so.
    let refused = workspace.run(&["-q", "run", SOURCE, &source, "--evidence", "evidence.arrow"]);
    assert!(refused.status == 1 && refused.stderr.contains("1 of 1 cards"), "{}", refused.stderr);
    workspace.file("p.toml", "[limits]\nmax_quarantine_fraction = 1.0\n");
    let ran = workspace.ok(&["-q", "run", "--config", "p.toml", SOURCE, &source, "--evidence", "evidence.arrow"]);
    assert!(ran.stderr.contains("in other letters"), "{}", ran.stderr);
    let quarantined: Vec<QuarantineRow> = table(&workspace.snapshot());
    assert_eq!(quarantined.len(), 1);
    assert!(quarantined[0].reason.contains("dalle-mini/dalle-mini"), "{}", quarantined[0].reason);
}

/// Regression: a partition in which nothing had a card came without a type and ended the task; rows without a usable id were no news.
#[test]
fn a_part_without_cards_and_rows_without_ids_are_told_apart() {
    let workspace = Workspace::new();
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["a/b", "c/d"]));
    let none: ArrayRef = Arc::new(arrow::array::NullArray::new(2));
    let batch = RecordBatch::try_from_iter([("id", ids), ("card", none)]).unwrap();
    let (ran, made) = rows_evidence(&workspace, &stream(&[batch]), &[]);
    assert!(ran.status == 0 && readings(&made).is_empty(), "{}", ran.stderr);
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["a/b", ""]));
    let other: ArrayRef = Arc::new(StringArray::from(vec!["x/y", "x/y"]));
    let cards: ArrayRef = Arc::new(StringArray::from(vec!["# x", "# y"]));
    let batch = RecordBatch::try_from_iter([("Id", other), ("id", ids), ("card", cards)]).unwrap();
    let (ran, made) = rows_evidence(&workspace, &stream(&[batch]), &[]);
    assert!(ran.status == 0 && ran.stderr.contains("refused=1"), "{}", ran.stderr);
    // `id` is what is asked for, whatever else folds to it.
    assert!(readings(&made).iter().any(|row| row.model_id == "a/b"));
    let needless = rows_evidence(&workspace, &stream(&card_batches(&sample_cards(), 7)), &["--source", "x"]).0;
    assert!(needless.status == 2 && needless.stderr.contains("--source"), "{}", needless.stderr);
}

#[test]
fn the_help_says_what_goes_in_and_what_comes_out() {
    let help = Workspace::new().ok(&["rows", "evidence", "--help"]).stdout;
    common::text_settings().bind(|| insta::assert_snapshot!("rows_evidence_help", help));
}

/// Regression: one card without a reading for its repository ended the run.
#[test]
fn a_card_without_a_reading_is_a_matter_of_its_rows() {
    let workspace = Workspace::new();
    let card = "# m\n\nMistral was trained on 2T tokens. We fine-tuned it for 3 epochs on 8 A100 GPUs in 12 hours.\n";
    evidence_file(&workspace, "evidence.arrow", &[("lab/m".to_owned(), card.to_owned())]);
    let bases = r#""baseModels": {"relation": "finetune", "models": [{"id": "mistralai/Mistral-7B-v0.1"}]}"#;
    let record = format!(
        r#"{{"id": "lab/m", "createdAt": "2024-05-01", "downloads": 6000, "downloadsAllTime": 60000, "likes": 1, {bases}}}"#
    );
    workspace.file("index.jsonl", record + "\n");
    let ran = workspace.ok(&["run", "--until", "normalize", SOURCE, "index.jsonl", "--evidence", "evidence.arrow"]);
    assert!(ran.stderr.contains("no reading of this card"), "{}", ran.stderr);
    let rows: Vec<EvidenceRow> = table(&workspace.data().join("work"));
    let of_card: Vec<&EvidenceRow> = rows.iter().filter(|row| row.extractor.starts_with("card_text")).collect();
    assert!(!of_card.is_empty() && of_card.iter().all(|row| row.reject_reason.is_some()), "{of_card:?}");
}
