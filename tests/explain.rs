//! `explain` of snapshots alone, of names, and of trainings that are in no index.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use common::{Workspace, table};
use hugging_carbon::tables::EstimateByTierRow;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// The sample's snapshot in a directory of its own, as somebody downloads it: there is no `data/work`.
fn downloaded() -> &'static (Workspace, String) {
    static SAMPLE: OnceLock<(Workspace, String)> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let made = Workspace::new();
        made.ok(&["-q", "run"]);
        let workspace = Workspace::new();
        let name = made.snapshot().file_name().unwrap().to_string_lossy().into_owned();
        std::fs::create_dir(workspace.path(&name)).unwrap();
        for (file, bytes) in common::files_of(&made.snapshot()) {
            std::fs::write(workspace.path(&name).join(file), bytes).unwrap();
        }
        (workspace, name)
    })
}

fn explain(args: &[&str]) -> Value {
    let (workspace, name) = downloaded();
    let all = [&["explain", "--snapshot", name.as_str(), "--format", "json"], args].concat();
    serde_json::from_str(&workspace.ok(&all).stdout).unwrap()
}

fn figure(explanation: &Value, quantity: &str, part: &str) -> f64 {
    explanation["tiers"][0]["figures"][quantity][part].as_f64().unwrap()
}

fn factor(explanation: &Value, name: &str) -> f64 {
    explanation["tiers"][0]["factors"][name].as_f64().unwrap()
}

#[test]
fn a_downloaded_snapshot_is_enough() {
    let (workspace, name) = downloaded();
    let explanation = explain(&["meta-llama/Llama-3.1-8B"]);
    assert_eq!(explanation["schema"], "hugging-carbon explain 1");
    assert_eq!(explanation["snapshot"], name.as_str());
    assert_eq!(explanation["model"]["role"], "pretrained");
    let rows: Vec<EstimateByTierRow> = table(&workspace.path(name));
    let own: Vec<&EstimateByTierRow> = rows.iter().filter(|row| row.model_id == "meta-llama/Llama-3.1-8B").collect();
    let parts = explanation["tiers"].as_array().unwrap();
    assert_eq!(parts.len(), own.len());
    for (part, row) in parts.iter().zip(own) {
        assert_eq!(part["tier"], row.tier.0.number());
        // Read back from text, the last digit of a number may differ.
        let p95 = part["figures"]["emissions_kgco2e"]["p95"].as_f64().unwrap();
        assert!((p95 / row.emissions_kgco2e.p95 - 1.0).abs() < 1e-12, "{p95} {}", row.emissions_kgco2e.p95);
        assert_eq!(part["factors"]["pue"].as_f64(), row.pue);
        assert!(part["steps"].as_array().unwrap().len() > 3);
    }
    for flag in parts[0]["flags"].as_array().unwrap() {
        assert!(flag["meaning"].as_str().unwrap().len() > 10, "{flag}");
    }
    assert!(!workspace.data().exists(), "nothing is written");
}

#[test]
fn a_name_alone_is_the_most_downloaded_repository_of_that_name() {
    let workspace = Workspace::new();
    let record = |id: &str, downloads: u64| {
        format!(
            "{{\"id\":\"{id}\",\"downloadsAllTime\":{downloads},\"createdAt\":\"2022-03-02T23:29:04.000Z\",\"pipeline_tag\":\"fill-mask\"}}\n"
        )
    };
    let index =
        [("google-bert/bert-base-uncased", 9_000), ("a/bert-base-uncased", 70), ("b/bert-base-uncased-sst", 90_000), ("gpt2", 5)];
    let source = workspace.file("index.jsonl", index.map(|(id, downloads)| record(id, downloads)).concat());
    workspace.ok(&["-q", "run", "--source", source.to_str().unwrap()]);
    let text = workspace.ok(&["explain", "BERT-base-uncased"]).stdout;
    assert!(text.starts_with("google-bert/bert-base-uncased\n  not         a/bert-base-uncased: of the same name"), "{text}");
    assert!(workspace.ok(&["explain", "GPT2"]).stdout.starts_with("gpt2\n"));
    let suggested = |id: &str| {
        let ran = workspace.run(&["explain", id]);
        assert_eq!(ran.status, 1);
        ran.stderr.split("did you mean: ").nth(1).unwrap_or_default().trim().to_owned()
    };
    assert_eq!(suggested("x/bert-base"), "b/bert-base-uncased-sst, google-bert/bert-base-uncased, a/bert-base-uncased");
    assert_eq!(suggested("google-bert/bert-bse-uncasd"), "google-bert/bert-base-uncased, a/bert-base-uncased");
    assert_eq!(suggested("x/entirely-other"), "");
}

/// 7e9 parameters and 2e12 tokens: C = 6 x 7e9 x 2e12 = 8.4e22 FLOP, and the grid is that of the stated country.
#[test]
fn flags_are_a_run_of_the_pipeline() {
    let explanation = explain(&["--params", "7e9", "--tokens", "2e12", "--year", "2023", "--country", "France"]);
    assert_eq!((&explanation["model"], &explanation["is_published"]), (&Value::Null, &Value::Bool(false)));
    let steps = explanation["tiers"][0]["steps"].to_string();
    assert!(steps.contains("C = 6 x N x D = 6 x 7.00e9 x 2.00e12 = 8.40e22 FLOP"), "{steps}");
    assert_eq!(explanation["tiers"][0]["factors"]["grid_place"], "FRA");
    let factors = &explanation["tiers"][0]["factors"];
    assert_eq!((&factors["grid_is_owner_country"], &factors["grid_is_fallback"]), (&Value::Bool(false), &Value::Bool(false)));
    let tiers: Vec<i64> = explanation["tiers"].as_array().unwrap().iter().map(|part| part["tier"].as_i64().unwrap()).collect();
    assert_eq!(tiers, [4, 5, 6]);
}

/// Llama 2 7B: 184,320 hours of A100 80GB; energy and emissions by hand from the factors shown.
#[test]
fn stated_hours_make_the_chain_by_hand() {
    let explanation =
        explain(&["--params", "7e9", "--accelerator", "A100 SXM4 80GB", "--hours", "184320", "--year", "2023", "--country", "USA"]);
    assert_eq!(explanation["tiers"][0]["tier_name"], "hardware");
    let kwh = 184_320.0 * factor(&explanation, "power_w") * factor(&explanation, "pue") / 1000.0;
    let kg = kwh * factor(&explanation, "grid_gco2e_per_kwh") / 1000.0;
    assert!((figure(&explanation, "energy_kwh", "p50") / kwh - 1.0).abs() < 0.03, "{kwh}");
    assert!((figure(&explanation, "emissions_kgco2e", "p50") / kg - 1.0).abs() < 0.03, "{kg}");
    // Meta reports 31.22 t at TDP, without the host, the facility and the life cycle of fuels.
    assert!((31_220.0..120_000.0).contains(&kg), "{kg}");
}

/// The same record makes the same figures, alone as in an index: there is one method.
#[test]
fn a_record_makes_the_figures_that_the_index_makes() {
    let (workspace, name) = downloaded();
    let lines = std::fs::read_to_string(common::sample().join("models.jsonl")).unwrap();
    let id = "dalle-mini/dalle-mini";
    let record = lines.lines().find(|line| serde_json::from_str::<Value>(line).unwrap()["id"] == id).unwrap();
    let file = workspace.file("record.json", record);
    let alone = explain(&["--record", file.to_str().unwrap()]);
    assert_eq!(alone["model"]["model_id"], id);
    let rows: Vec<EstimateByTierRow> = table(&workspace.path(name));
    let row = rows.iter().find(|row| row.model_id == id).unwrap();
    for (quantity, q) in
        [("emissions_kgco2e", row.emissions_kgco2e), ("energy_kwh", row.energy_kwh), ("train_flop", row.train_flop)]
    {
        // A number may change in its last digit on its way through the text of JSON.
        for (name, of_index) in [("p05", q.p05), ("mean", q.mean)] {
            assert!((figure(&alone, quantity, name) / of_index - 1.0).abs() < 1e-14, "{quantity} {name}");
        }
    }
}

#[test]
fn what_cannot_be_read_is_said_with_the_way_out() {
    let (workspace, name) = downloaded();
    let refused = |args: &[&str], expected: &str, status: i32| {
        let ran = workspace.run(&[&["explain", "--snapshot", name.as_str()], args].concat());
        assert!(ran.status == status && ran.stderr.contains(expected), "{args:?}: {} {}", ran.status, ran.stderr);
    };
    refused(&["--params", "7e9", "--country", "Atlantis"], "no place 'Atlantis'", 2);
    refused(&["--params", "7e9", "--accelerator", "abacus"], "no accelerator 'abacus'", 2);
    refused(&["--params", "-7e9"], "--params", 2);
    refused(&["--params", "7e9", "--kind", "cooking"], "pretraining", 2);
    refused(&["--params", "1e30"], "no size of a model", 2);
    refused(&["--year", "2025"], "nothing tells how large the training was\n  where: --year", 2);
    refused(&["--params", "7B", "--active-params", "9B"], "--active-params", 2);
    refused(&["a/b", "--params", "7e9"], "cannot be used with", 2);
    refused(&[], "required", 2);
    let list: PathBuf = workspace.file("list.json", "[1]");
    refused(&["--record", list.to_str().unwrap()], "not a JSON object", 1);
    let nameless: PathBuf =
        workspace.file("nameless.json", "{\"id\": \"x/<script>\", \"createdAt\": \"2024-05-15T10:42:51.000Z\"}");
    refused(
        &["--record", nameless.to_str().unwrap()],
        "id missing or malformed: \"x/<script>\" is no owner/name\n  where: [DIR]/nameless.json",
        1,
    );
    let fresh = Workspace::new();
    let ran = fresh.run(&["explain", "meta-llama/Llama-3.1-8B"]);
    assert!(ran.status == 1 && ran.stderr.contains("hugging-carbon run") && ran.stderr.contains("--snapshot"), "{}", ran.stderr);
    let other = workspace.run(&["explain", "a/b", "--snapshot", "nothing-here"]);
    assert!(other.status == 1 && other.stderr.contains("nothing-here"), "{}", other.stderr);
}

/// Regression: `--country DE` was Delaware and `FR` was refused. A country is what its codes and names say; a state is reached by its name or
/// as US-DE.
#[test]
fn a_country_is_a_country() {
    for (text, place) in [
        ("DE", "DEU"),
        ("de", "DEU"),
        ("DEU", "DEU"),
        ("Germany", "DEU"),
        ("CA", "CAN"),
        ("IN", "IND"),
        ("FR", "FRA"),
        ("GB", "GBR"),
        ("SG", "SGP"),
        ("US", "USA"),
        ("US-DE", "US-DE"),
        ("us-ca", "US-CA"),
        ("Delaware", "US-DE"),
        ("CA-ON", "CA-ON"),
        ("Oregon, USA", "US-OR"),
    ] {
        let answer = explain(&["--kwh", "1000", "--year", "2023", "--country", text]);
        assert_eq!(answer["tiers"][0]["factors"]["grid_place"], place, "{text}");
    }
}

/// Regression: these were taken without a word, or dropped behind the name of a flag.
#[test]
fn what_cannot_be_one_training_is_wrong_usage() {
    let (workspace, name) = downloaded();
    for (args, words, place) in [
        (&["--flop", "1e24", "--accelerator", "H100 SXM", "--hours", "1000"][..], "times the peak rate", "--flop, --hours"),
        (&["--params", "7e9", "--tokens", "2e12", "--kwh", "10"], "most efficient chip", "--tokens, --kwh"),
        (
            &["--params", "7e9", "--tokens", "2e12", "--accelerator", "A100 80GB SXM", "--hours", "19200"],
            "are 3.90 times the peak rate",
            "--tokens, --hours",
        ),
        (&["--kwh", "1e9"], "more electricity than any training of this size", "--kwh"),
        (&["--params", "1e9", "--tokens", "1e11", "--kwh", "1e9"], "take on any chip", "--tokens, --kwh"),
        (&["--params", "1e15", "--tokens", "1e18"], "no size of a model", "--params"),
        (&["--params", "7", "--tokens", "2"], "no size of a model", "--params"),
        (&["--params", "7e9", "--kwh", "1e30"], "never spent", "--kwh"),
    ] {
        let ran = workspace.run(&[&["explain", "--snapshot", name.as_str()], args].concat());
        let said = ran.stderr.contains(words) && ran.stderr.contains(place);
        assert!(ran.status == 2 && said && ran.stdout.is_empty(), "{args:?}: {} {}", ran.status, ran.stderr);
    }
    // 8.4e22 FLOP in 80,000 hours of A100 are an MFU of 0.93: possible by what FP8 does, and never published.
    let near = explain(&["--params", "7B", "--tokens", "2T", "--accelerator", "A100 80GB SXM", "--hours", "80000"]);
    assert!(near["stated"].to_string().contains("an MFU of 0.93"), "{}", near["stated"]);
}

/// Regression: a figure that a user stated had the spread of the worst rating, a factor of 30. It has that of makers: a factor of 3.
#[test]
fn a_stated_compute_is_as_sure_as_its_makers() {
    let answer = explain(&["--flop", "1e24", "--year", "2024"]);
    let factor = figure(&answer, "train_flop", "p95") / figure(&answer, "train_flop", "p50");
    assert!((2.8..3.2).contains(&factor), "{factor}");
}

/// What a record lacks is not known: no date, no downloads. It may come from standard input.
#[test]
fn a_record_needs_neither_date_nor_downloads() {
    let (workspace, name) = downloaded();
    let record = "{\"id\": \"somebody/model-7b\", \"tags\": [\"text-generation\"], \"pipeline_tag\": \"text-generation\"}";
    let file = workspace.file("bare.json", record);
    let answer = explain(&["--record", file.to_str().unwrap()]);
    assert_eq!((&answer["model"]["trained_on"], &answer["model"]["downloads_all_time"]), (&Value::Null, &Value::Null));
    let rows = answer["evidence"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["field"] != "trained_on"), "what stands in for a date is no evidence: {rows:?}");
    let text = workspace.ok(&["explain", "--record", file.to_str().unwrap(), "--snapshot", name]).stdout;
    assert!(text.contains("downloads   unknown") && !text.contains("0 of all time"), "{text}");
}

/// Regression: only figures of one card were held against each other.
#[test]
fn figures_of_a_record_that_cannot_be_one_training_are_refused() {
    let (workspace, _) = downloaded();
    let card = "# m\n\n## Training\n\n- Hardware Type: 8 A100 80GB\n- Hours used: 10\n";
    let record = serde_json::json!({
        "id": "somebody/model-7b",
        "createdAt": "2024-05-15T10:42:51.000Z",
        "card": card,
        "cardData": {"co2_eq_emissions": {"emissions": 9e9, "source": "codecarbon", "training_type": "pre-training"}},
    });
    let file = workspace.file("impossible.json", record.to_string());
    let answer = explain(&["--record", file.to_str().unwrap()]);
    // 9,000 t in 80 hours of chips of 400 W are 25,000 times what they can emit.
    let rows = answer["evidence"].as_array().unwrap();
    let row = rows.iter().find(|row| row["field"] == "emissions_kgco2e").unwrap();
    assert_eq!(row["accepted"], false, "{row}");
    assert!(answer["tiers"][0]["tier"].as_i64().unwrap() > 1, "{}", answer["tiers"][0]["tier_name"]);
}

/// An address on the Hub is an id, and a version names a snapshot of the data directory.
#[test]
fn addresses_and_versions_are_understood() {
    let made = Workspace::new();
    made.ok(&["-q", "run"]);
    let version = made.snapshot().file_name().unwrap().to_string_lossy().into_owned();
    for named in [version.as_str(), "latest"] {
        let args = ["explain", "https://huggingface.co/meta-llama/Llama-3.1-8B", "--snapshot", named, "--format", "json"];
        let answer: Value = serde_json::from_str(&made.ok(&args).stdout).unwrap();
        assert_eq!(
            (&answer["model"]["model_id"], &answer["snapshot"]),
            (&"meta-llama/Llama-3.1-8B".into(), &version.as_str().into())
        );
    }
    let ran = made.run(&["explain", "gpt2", "--snapshot", "2020-01-01-00000000"]);
    assert!(ran.status == 1 && ran.stderr.contains(&version) && !ran.stderr.contains("canonicalize"), "{}", ran.stderr);
}

/// Regression: the block held the median of a mixture of trainings under the type of one of them, and chips that were guessed.
#[test]
fn the_block_for_a_card_is_of_one_training_and_of_stated_chips() {
    let (workspace, name) = downloaded();
    let models: Vec<hugging_carbon::tables::ModelRow> = table(&workspace.path(name));
    let is_open = |m: &&hugging_carbon::tables::ModelRow| m.in_cohort && !m.p.is_certain() && m.total_params.is_some();
    let id = models.iter().find(is_open).unwrap().model_id.clone();
    let answer = explain(&[id.as_str()]);
    let likely = answer["tiers"][0]["may_have_been"].as_array().unwrap();
    let one = likely.iter().find(|a| a["kind"] == answer["kind"]).unwrap();
    let block = workspace.ok(&["explain", "--card", &id, "--snapshot", name]).stdout;
    let kg = one["emissions_kgco2e"]["p50"].as_f64().unwrap();
    let line = block.lines().find_map(|line| line.trim().strip_prefix("emissions: ")).unwrap();
    let grams: f64 = line.split(' ').next().unwrap().parse().unwrap();
    assert!((grams / 1000.0 / kg - 1.0).abs() < 0.005, "{grams} g, {kg} kg: {block}");
    assert!(block.contains("# What was trained is not certain"), "{block}");
    assert!(block.contains("change two lines: emissions, and source"), "{block}");
    // "A100" leaves open which one: nothing that was guessed goes into the block.
    let open =
        workspace.ok(&["explain", "--card", "--params", "7e9", "--accelerator", "A100", "--hours", "184320", "--snapshot", name]);
    assert!(!open.stdout.contains("hardware_used"), "{}", open.stdout);
    let one =
        workspace.ok(&["explain", "--card", "--params", "7e9", "--accelerator", "H100 SXM", "--hours", "1e5", "--snapshot", name]);
    assert!(one.stdout.contains("hardware_used: \"NVIDIA H100 SXM"), "{}", one.stdout);
}

/// The Hub's documentation: `emissions` in grams, `source`, `training_type`, `geographical_location`, `hardware_used`.
#[test]
fn the_block_for_a_card_is_what_the_hub_reads() {
    let (workspace, name) = downloaded();
    let block = workspace.ok(&["explain", "--card", "bigscience/bloom", "--snapshot", name]).stdout;
    let yaml: Vec<&str> = block.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(yaml[0], "co2_eq_emissions:");
    let grams: f64 = yaml[1].trim().strip_prefix("emissions: ").unwrap().split(' ').next().unwrap().parse().unwrap();
    let kg = figure(&explain(&["bigscience/bloom"]), "emissions_kgco2e", "p50");
    assert!((grams / 1000.0 / kg - 1.0).abs() < 0.005, "{grams} g, {kg} kg");
    assert!(block.contains("training_type: \"pre-training\"") && block.contains("Hugging Carbon, method"), "{block}");
    // A merge has nothing to state.
    let merge = workspace.run(&["explain", "--card", "gz987/qwen2.5-7b-cabs-v0.3", "--snapshot", name]);
    assert!(merge.status == 1 && merge.stderr.contains("trained nothing"), "{}", merge.stderr);
}

#[test]
fn markdown_has_the_same_figures() {
    let (workspace, name) = downloaded();
    let page = workspace.ok(&["explain", "dalle-mini/dalle-mini", "--format", "md", "--snapshot", name]).stdout;
    assert!(
        page.starts_with("# `dalle-mini/dalle-mini`\n") && page.contains("## Evidence") && page.contains("(headline)"),
        "{page}"
    );
    assert!(page.contains("| kg CO2e | "), "{page}");
}

/// Names of the subcommands that a help lists.
fn subcommands(help: &str) -> Vec<String> {
    let list = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    let named =
        list.lines().take_while(|line| !line.trim().is_empty()).filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    named.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").map(str::to_owned).collect()
}

/// Every command and every command of a command, as the help itself lists them.
#[test]
fn every_help_has_an_example() {
    let workspace = Workspace::new();
    let mut left: Vec<Vec<String>> = vec![Vec::new()];
    let mut seen = 0;
    while let Some(command) = left.pop() {
        let mut args: Vec<&str> = command.iter().map(String::as_str).collect();
        args.push("--help");
        let help = workspace.ok(&args).stdout;
        let name = format!("hugging-carbon {}", command.join(" "));
        assert!(help.contains("Example") && help.contains(name.trim_end()), "{name}: {help}");
        left.extend(subcommands(&help).into_iter().map(|one| [&command[..], &[one]].concat()));
        seen += 1;
    }
    assert!(seen >= 25, "{seen} helps");
}

/// The schema that programs rely on is that of the answers: a repository that trained, one that did not, one whose role is not certain, a
/// name, a record, and flags.
#[test]
fn the_json_is_that_of_its_schema() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/explain.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (workspace, _) = downloaded();
    let record = workspace.file(
        "one.json",
        "{\"id\": \"x/y\", \"createdAt\": \"2024-05-15T10:42:51.000Z\", \"card\": \"Trained for 3 hours on 8 A100.\"}",
    );
    for args in [
        &["meta-llama/Llama-3.1-405B"][..],
        &["gz987/qwen2.5-7b-cabs-v0.3"],
        &["dalle-mini/dalle-mini"],
        &["Llama-3.1-8B"],
        &["--record", record.to_str().unwrap()],
        &["--params", "7e9", "--tokens", "2e12", "--year", "2023"],
        &["--kwh", "1000"],
    ] {
        let answer = explain(args);
        assert_eq!(common::schema::problems(&answer, &schema), Vec::<String>::new(), "{args:?}");
    }
    let without = serde_json::json!({"schema": "hugging-carbon explain 2", "more": 1});
    let wrong = common::schema::problems(&without, &schema).join("; ");
    assert!(wrong.contains("$.schema: ") && wrong.contains("$.more: the schema") && wrong.contains("tiers is missing"), "{wrong}");
}

/// Every row of evidence leads to a page: the card at the commit of the record, the repository, the registry's source, the paper.
#[test]
fn evidence_has_the_page_it_was_read_on() {
    let (workspace, _) = downloaded();
    let links = |explanation: &Value, field: &str| -> Vec<(String, String)> {
        let rows = explanation["evidence"].as_array().unwrap().iter().filter(|row| row["field"] == field);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        rows.map(|row| (text(&row["source"]), text(&row["source_url"]))).collect()
    };
    let of = |sha: &str| {
        let card = "# Lab 7B\n\nThe model was trained on 300 billion tokens.\n";
        let record = serde_json::json!({"id": "lab/lab-7b", "sha": sha, "createdAt": "2024-05-15T10:42:51.000Z", "card": card,
            "safetensors": {"parameters": {"BF16": 7_000_000_000_i64}, "total": 7_000_000_000_i64}, "pipeline_tag": "text-generation"});
        let file = workspace.file(&format!("{}.json", sha.len()), record.to_string());
        explain(&["--record", file.to_str().unwrap()])
    };
    let commit = "0123456789abcdef0123456789abcdef01234567";
    for (sha, revision) in [(commit, commit), ("../../evil", "main"), ("", "main")] {
        let explanation = of(sha);
        let card = format!("https://huggingface.co/lab/lab-7b/blob/{revision}/README.md");
        assert_eq!(links(&explanation, "train_tokens"), [("card_text".to_owned(), card)]);
        let page = "https://huggingface.co/lab/lab-7b".to_owned();
        assert!(links(&explanation, "total_params").contains(&("hub_index".to_owned(), page)), "{}", explanation["evidence"]);
    }
    let llama = explain(&["meta-llama/Llama-3.1-405B"]);
    let meta = "https://github.com/meta-llama/llama-models/blob/a9c89c4/models/llama3_1/MODEL_CARD.md".to_owned();
    assert!(links(&llama, "emissions_kgco2e").contains(&("registry".to_owned(), meta)), "{}", llama["evidence"]);
    assert!(links(&llama, "train_flop")[0].1.starts_with("https://ai.meta.com/"), "{}", llama["evidence"]);
}

/// Where nothing certain tells what was trained, every kind has its own figures, and their means make up the mean.
#[test]
fn what_a_training_may_have_been_is_told_apart() {
    let (workspace, name) = downloaded();
    let models: Vec<hugging_carbon::tables::ModelRow> = table(&workspace.path(name));
    let id = models.iter().find(|m| m.in_cohort && !m.p.is_certain() && m.total_params.is_some()).unwrap().model_id.clone();
    let explanation = explain(&[id.as_str()]);
    let part = &explanation["tiers"][0];
    let kinds = part["may_have_been"].as_array().unwrap();
    assert!(kinds.len() > 1, "{part}");
    let of = |value: &Value, key: &str| value[key].as_f64().unwrap();
    let mean: f64 = kinds.iter().map(|kind| of(kind, "probability") * of(&kind["emissions_kgco2e"], "mean")).sum();
    let published = figure(&explanation, "emissions_kgco2e", "mean");
    // A thousand draws of a wide spread.
    assert!((mean / published - 1.0).abs() < 0.5, "{mean} is not near {published}: {part}");
    assert!(part["remarks"][0].as_str().unwrap().starts_with("What was trained is not certain."), "{part}");
}

/// Regression: tables that another tool had written again were refused.
#[test]
fn tables_that_were_written_again_are_read() {
    let (workspace, name) = downloaded();
    let again = workspace.path("again").join(name);
    std::fs::create_dir_all(&again).unwrap();
    for (file, bytes) in common::files_of(&workspace.path(name)) {
        std::fs::write(again.join(&file), if file.ends_with(".parquet") { written_again(&bytes) } else { bytes }).unwrap();
    }
    let model = "meta-llama/Llama-3.1-8B";
    let read = |dir: &str| workspace.ok(&["explain", "--snapshot", dir, "--format", "json", model]).stdout;
    assert_eq!(read(&format!("again/{name}")), read(name));
}

/// A table with `element` for the items of lists and large texts, as pyarrow and polars write it.
fn written_again(bytes: &[u8]) -> Vec<u8> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let batches: Vec<RecordBatch> = reader
        .map(|batch| {
            let batch = batch.unwrap();
            let schema = batch.schema();
            let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
                let is_text = *field.data_type() == DataType::Utf8;
                let column = if is_text { cast(column, &DataType::LargeUtf8).unwrap() } else { Arc::clone(column) };
                (field.name().clone(), column, true)
            });
            RecordBatch::try_from_iter_with_nullable(columns).unwrap()
        })
        .collect();
    // A table without rows has no batch.
    let Some(first) = batches.first() else { return bytes.to_vec() };
    let properties = WriterProperties::builder().set_coerce_types(true).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), first.schema(), Some(properties)).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.into_inner().unwrap()
}

/// Regression: of flags it was said that nobody has such a utilization, of the same four figures in a record nothing.
#[test]
fn a_record_is_remarked_on_as_flags_are() {
    let (workspace, name) = downloaded();
    let card = "Trained from scratch on 2 trillion tokens with 64 H100 80GB for 10 days in France.";
    let record = serde_json::json!({"id": "me/my-7b", "pipeline_tag": "text-generation", "safetensors": {"total": 7_000_000_000_u64}, "card": card});
    let file = workspace.file("fast.json", record.to_string());
    let text = workspace.ok(&["explain", "--snapshot", name, "--record", file.to_str().unwrap()]).stdout;
    assert!(text.contains("beware: compute, device hours and chips mean an MFU of 1."), "{text}");
}
