//! Layers, messages, and that the list of settings, the typed structs and the files on disk say the same.

use super::settings::{Kind, SETTINGS, Value};
use super::*;
use crate::error::Result;
use std::path::Path;

fn with_file(text: &str) -> Result<Resolved> {
    with_file_and(text, |_| None)
}

fn with_file_and(text: &str, environment: impl Fn(&str) -> Option<String>) -> Result<Resolved> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pipeline.toml");
    std::fs::write(&path, text).unwrap();
    resolve(&Overrides { config_file: Some(path), ..Overrides::default() }, environment)
}

#[test]
fn later_layers_win_and_each_setting_names_its_origin() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.toml");
    std::fs::write(&path, "[cohort]\nmin = 10\n[method]\ndraws = 200\n[source]\npath = \"x\"").unwrap();
    let resolved = resolve(&Overrides { config_file: Some(path.clone()), ..Overrides::default() }, |name| {
        (name == "HUGGING_CARBON_METHOD_DRAWS").then(|| "300".to_owned())
    })
    .unwrap();
    assert_eq!(resolved.config.cohort.min, 10);
    assert_eq!(resolved.config.method.draws, 300);
    assert_eq!(resolved.config.source.path, Some(dir.path().join("x")));
    assert_eq!(resolved.origins["cohort.min"].1, Origin::File(path));
    assert_eq!(resolved.origins["limits.max_shrink_fraction"].1, Origin::Default);
    assert_eq!(resolved.origins["method.draws"].1, Origin::Environment("HUGGING_CARBON_METHOD_DRAWS".into()));
}

#[test]
fn a_bad_setting_is_named() {
    for (text, expected) in [
        ("[cohort]\nmni = 3", "unknown key 'cohort.mni'"),
        ("[cohrot]\nmin = 3", "unknown key 'cohrot'"),
        ("[cohort]\nmin = -1", "cannot be negative"),
        ("[limits]\nmax_shrink_fraction = 1.5", "between 0 and 1"),
        ("[limits]\nmax_quarantine_fraction = nan", "between 0 and 1"),
        ("[method]\nversion = 1", "method version 2 only"),
        ("[method]\ndraws = 5", "between 100 and 100000"),
        ("[cohort]\nmetric = \"likes\"", "likes"),
        ("[source]\nkind = \"hub\"", "hub-listing"),
        ("[source]\nkind = \"hub-listing\"\npage_size = 5000", "between 1 and 1000"),
        ("[cards]\nfetch = true", "crawled listing only"),
        ("[cards]\nrepo = \"a/b\"", "needs cards.file"),
        ("[cards]\npath = \"a\"\nevidence = \"b\"", "in the stead of cards"),
        ("[method]\nwithout_link_passes = [\"guesses\"]", "guesses"),
        ("[cohort\n", "pipeline.toml"),
    ] {
        let message = with_file(text).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
}

/// Regression: HUGGING_CARBON_COHORT_MNI=7 was ignored in silence.
#[test]
fn a_misspelt_variable_is_refused() {
    let refused =
        |names: &[&str]| refuse_unknown_variables(names.iter().map(|name| (*name).to_owned())).err().map(|e| e.to_string());
    for name in ["HUGGING_CARBON_COHORT_MNI", "HUGGING_CARBON_COHROT_MIN", "HUGGING_CARBON_COHORT_MIN_"] {
        let message = refused(&["PATH", name]).unwrap();
        assert!(message.contains(name) && message.contains("write HUGGING_CARBON_COHORT_MIN"), "{message}");
    }
    let known: Vec<String> = SETTINGS.iter().map(|setting| setting.variable()).collect();
    let mut fine: Vec<&str> = known.iter().map(String::as_str).collect();
    fine.extend(["HUGGING_CARBON_DATA_DIR", "HUGGING_CARBON_CONFIG", "HUGGING_CARBON_THREADS", "HUGGING_CARBON_LOG_FORMAT"]);
    fine.extend([
        "HUGGING_CARBON_SHARED",
        "HUGGING_CARBON_SNAPSHOT",
        "HUGGING_CARBON_OLD_SNAPSHOT",
        "HUGGING_CARBON_PROGRAM",
        "HUGGING_CARBON_VERSION",
    ]);
    assert_eq!(refused(&fine), None);
}

/// A comma is no decimal sign of a setting, and none is dropped.
#[test]
fn a_comma_in_a_number_of_a_setting_is_refused() {
    for (name, value) in [("HUGGING_CARBON_LIMITS_MAX_SHRINK_FRACTION", "0,05"), ("HUGGING_CARBON_COHORT_MIN", "5,000")] {
        let message = with_file_and("", |asked| (asked == name).then(|| value.to_owned())).unwrap_err().to_string();
        assert!(message.contains(name) && message.contains(value), "{message}");
    }
}

/// What the words of a closed set's setting may be is said as it always was.
#[test]
fn an_unknown_word_is_said_with_those_that_are_known() {
    for (text, expected) in [
        (
            "[source]\nkind = \"hub\"",
            "unknown variant `hub`, expected one of `file`, `hub-listing`, `hub-dataset`\nin `source.kind`",
        ),
        (
            "[cohort]\nmetric = \"likes\"",
            "unknown variant `likes`, expected `downloads_all_time` or `downloads_30d`\nin `cohort.metric`",
        ),
        (
            "[method]\nwithout_link_passes = [\"copies\", \"guesses\"]",
            "unknown variant `guesses`, expected one of `stated_bases`, `copies`, `siblings`, `specialities`, `family_names`, `shapes`\n\
             in `method.without_link_passes`",
        ),
    ] {
        let message = with_file(text).unwrap_err().to_string();
        assert!(message.starts_with(&format!("configuration: {expected}\n  ")), "{message}");
    }
}

/// `run -v` shows what is set and what every snapshot pins; how something is fetched shows only where somebody has set it.
#[test]
fn defaults_that_are_shown_are_those_that_are_pinned() {
    let resolved = with_file("[source]\npage_size = 7").unwrap();
    let keys: Vec<&str> = resolved.origins.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "cohort.metric",
            "cohort.min",
            "limits.max_quarantine_fraction",
            "limits.max_shrink_fraction",
            "method.draws",
            "method.seed",
            "method.version",
            "source.kind",
            "source.page_size"
        ]
    );
    assert_eq!(resolved.config.source.patience_s, 1_800);
    assert_eq!(resolved.config.source.page_size, 7);
}

/// Every setting has a place in the typed structs, and its default is of its kind and in its range.
#[test]
fn the_list_agrees_with_the_typed_structs() {
    // Evidence goes in the stead of cards: the two are set one after the other.
    let of_evidence = |key: &str| key == "cards.evidence";
    let set = |with_evidence: bool| {
        let wanted = move |key: &str| !key.starts_with("cards.") || of_evidence(key) == with_evidence;
        let resolved = with_file_and("", move |name| {
            let setting = SETTINGS.iter().find(|setting| setting.variable() == name && wanted(setting.key))?;
            Some(match (setting.default.or(setting.here).or(setting.example)?, setting.key) {
                // A word of its own where the list shows none.
                (_, "method.without_link_passes") => "copies".to_owned(),
                // Left out of a manifest where it is false.
                (_, "method.certain_roles") => "true".to_owned(),
                (Value::Text(text), _) => text.to_owned(),
                (Value::Flag(flag), _) => flag.to_string(),
                (Value::Whole(number), _) => number.to_string(),
                (Value::Number(number), _) => number.to_string(),
                (Value::Words(words), _) => words.join(","),
            })
        });
        serde_json::to_value(&resolved.unwrap().config).unwrap()
    };
    let mut keys = Vec::new();
    for json in [set(true), set(false)] {
        for (section, entries) in json.as_object().unwrap() {
            keys.extend(entries.as_object().unwrap().keys().map(|name| format!("{section}.{name}")));
        }
    }
    keys.sort();
    keys.dedup();
    let mut listed: Vec<String> = SETTINGS.iter().map(|setting| setting.key.to_owned()).collect();
    listed.sort();
    assert_eq!(keys, listed);
}

/// A manifest states what was taken, not how it was fetched: the rest has its default.
#[test]
fn a_pinned_configuration_is_read_back() {
    let whole = with_file("[source]\nkind = \"hub-dataset\"\nrevision = \"v1\"").unwrap().config;
    let pinned = serde_json::json!({
        "source": whole.source.as_pinned(), "cohort": whole.cohort, "method": whole.method,
    });
    assert_eq!(Config::from_pinned(pinned.clone()).unwrap(), whole);
    let mut without_seed = pinned.clone();
    without_seed["method"].as_object_mut().unwrap().remove("seed");
    assert!(Config::from_pinned(without_seed).unwrap_err().to_string().contains("missing field `seed`"));
    let mut unknown = pinned;
    unknown["cohort"]["mni"] = serde_json::json!(3);
    assert!(Config::from_pinned(unknown).unwrap_err().to_string().contains("unknown field `mni`"));
}

/// The file and the page on disk are what the list says. With WRITE_SETTINGS set they are written instead.
#[test]
fn the_files_are_those_of_the_list() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, text) in [("pipeline.toml", render::pipeline_toml()), ("docs/settings.md", render::settings_page())] {
        let path = root.join(name);
        if std::env::var_os("WRITE_SETTINGS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        assert!(
            std::fs::read_to_string(&path).unwrap() == text,
            "{name} is not what src/config/settings.rs says: see docs/settings.md"
        );
    }
}

/// The repository's file pins nothing but the defaults, and the sample.
#[test]
fn the_file_sets_the_sample_and_the_defaults() {
    let resolved = with_file(&render::pipeline_toml()).unwrap();
    let mut defaults = with_file("").unwrap().config;
    let dir = resolved.config.source.path.as_ref().and_then(|path| path.parent()?.parent()).unwrap();
    defaults.source.path = Some(dir.join("data/sample"));
    defaults.cards.path = Some(dir.join("data/sample/cards"));
    assert_eq!(resolved.config, defaults);
}

/// Regression: the word that the table and the file name was refused, and only downloads30d accepted.
#[test]
fn both_download_counts_are_accepted_as_they_are_written() {
    for metric in CohortMetric::ALL {
        let text = format!("[cohort]\nmetric = \"{}\"", metric.name());
        assert_eq!(with_file(&text).unwrap().config.cohort.metric, *metric);
    }
}

/// Regression: a value of another type was refused in the words of the program's own types ("expected i64"), without a way out.
#[test]
fn a_value_of_another_type_is_refused_with_what_is_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pipeline.toml");
    for setting in SETTINGS {
        let (section, key) = setting.key.split_once('.').unwrap();
        let wrong = if matches!(setting.kind, Kind::Flag) { "7" } else { "true" };
        std::fs::write(&path, format!("[{section}]\n{key} = {wrong}\n")).unwrap();
        let overrides = Overrides { config_file: Some(path.clone()), ..Overrides::default() };
        let said = resolve(&overrides, |_| None).unwrap_err().to_string();
        assert!(said.contains(&format!("{} = {wrong} (from ", setting.key)) && said.contains("wanted"), "{said}");
        for word in ["i64", "u64", "f64", "invalid type"] {
            assert!(!said.contains(word), "{said}");
        }
    }
    std::fs::write(&path, "[source]\nkind = file\n").unwrap();
    let overrides = Overrides { config_file: Some(path), ..Overrides::default() };
    let said = resolve(&overrides, |_| None).unwrap_err().to_string();
    assert!(said.contains("way out: texts stand in quotes"), "{said}");
}

/// Regression: `--source` dropped the cards of file and variable alike, and nothing said so.
#[test]
fn cards_that_a_flag_puts_aside_are_told_and_those_of_a_variable_stay() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pipeline.toml");
    std::fs::write(&path, "[cards]\npath = \"cards\"\n").unwrap();
    let overrides = Overrides { config_file: Some(path), source: Some("x.jsonl".into()), ..Overrides::default() };
    let of_file = resolve(&overrides, |_| None).unwrap();
    assert_eq!(of_file.config.cards.path, None);
    let [LeftAside { setting, value, why }] = of_file.left_aside.as_slice() else { panic!("{:?}", of_file.left_aside) };
    assert!(setting == "cards.path" && value.contains("cards") && why.contains("--source"), "{setting} {value} {why}");
    let of_variable = resolve(&overrides, |name| (name == "HUGGING_CARBON_CARDS_PATH").then(|| "mine".to_owned())).unwrap();
    assert_eq!(of_variable.config.cards.path.as_deref(), Some(Path::new("mine")));
    assert!(of_variable.left_aside.is_empty());
}

/// Regression: `HUGGING_CARBON_CARDS_EVIDENCE` over `cards.path` of a file was refused, where `--evidence` was taken: no value of a variable unset
/// the other of the two.
#[test]
fn a_variable_puts_the_other_cards_of_a_file_aside() {
    for (file, variable, said) in [
        ("[cards]\npath = \"cards\"\n", "HUGGING_CARBON_CARDS_EVIDENCE", "cards.path"),
        ("[cards]\nevidence = \"made\"\n", "HUGGING_CARBON_CARDS_PATH", "cards.evidence"),
    ] {
        let resolved = with_file_and(file, |name| (name == variable).then(|| "mine".to_owned())).unwrap();
        let cards = &resolved.config.cards;
        assert_eq!(cards.path.iter().chain(&cards.evidence).collect::<Vec<_>>(), [Path::new("mine")], "{variable}");
        let [LeftAside { setting, why, .. }] = resolved.left_aside.as_slice() else { panic!("{:?}", resolved.left_aside) };
        assert!(setting == said && why.contains(variable), "{setting} {why}");
    }
    let both = |name: &str| ["HUGGING_CARBON_CARDS_PATH", "HUGGING_CARBON_CARDS_EVIDENCE"].contains(&name).then(|| "x".to_owned());
    assert!(with_file_and("", both).is_err());
}

/// Limits decide whether something is published: no version has them, and manifests of earlier versions, which have, are still read.
#[test]
fn limits_are_in_no_manifest() {
    let strict = with_file("[limits]\nmax_shrink_fraction = 0.5").unwrap().config;
    let lenient = with_file("").unwrap().config;
    assert_eq!(strict.as_pinned(), lenient.as_pinned());
    let mut earlier = lenient.as_pinned();
    earlier["limits"] = serde_json::json!({"max_quarantine_fraction": 0.01, "max_shrink_fraction": 0.5});
    assert_eq!(Config::from_pinned(earlier).unwrap().limits.max_shrink_fraction, 0.5);
}

/// Regression: "shapes,copies" and "copies,shapes,copies" made two snapshots of the same tables.
#[test]
fn passes_that_are_left_out_are_a_set() {
    let pinned = |text: &str| {
        let resolved = with_file_and("", |name| (name == "HUGGING_CARBON_METHOD_WITHOUT_LINK_PASSES").then(|| text.to_owned()));
        resolved.unwrap().config.as_pinned()
    };
    assert_eq!(pinned("shapes,copies"), pinned("copies,shapes,copies"));
    assert_ne!(pinned("shapes"), pinned("copies"));
}
