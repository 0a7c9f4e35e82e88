//! Records in every shape the Hub has them, and hostile ones.

use super::*;
use crate::tables::TimestampMs;
use proptest::prelude::*;

fn parse(json: &str) -> Parsed {
    parse_json_record(json.as_bytes(), "test:1")
}

#[test]
fn reads_a_listing_record() {
    let parsed = parse(
        r#"{"id":"a/b","createdAt":"2024-02-28T15:24:14.000Z","downloads":7,"tags":["x"],"gated":"auto",
        "safetensors":{"parameters":{"BF16":10,"miku":3},"total":13},"cardData":{"license":["mit","x"],"base_model":
        "https://huggingface.co/c/d/"},"baseModels":{"relation":"merge","models":[{"_id":"1","id":"e/f"}]}}"#,
    );
    let row = parsed.row.expect("a good record");
    assert!(parsed.problems.is_empty());
    // date -u -d 2024-02-28T15:24:14Z +%s
    assert_eq!(row.created_at, Some(TimestampMs(1_709_133_854_000)));
    assert_eq!(row.downloads_30d, Some(7));
    assert_eq!(row.safetensors_dtypes, ["BF16", "miku"]);
    assert_eq!(row.safetensors_counts, [10, 3]);
    assert_eq!(row.card_license.as_deref(), Some("mit"));
    assert_eq!(row.card_base_models, ["c/d"]);
    assert_eq!(row.hub_base_models, ["e/f"]);
    assert_eq!(row.hub_base_relation.as_deref(), Some("merge"));
    assert_eq!(row.gated.as_deref(), Some("auto"));
}

#[test]
fn a_bad_field_is_null_and_noted() {
    for (json, field, reason) in [
        (r#"{"id":"a/b","downloads":-3}"#, "downloads", "negative count"),
        (r#"{"id":"a/b","downloads":1.5}"#, "downloads", "not a whole number"),
        (r#"{"id":"a/b","downloads":1e300}"#, "downloads", "count beyond 1e15"),
        (r#"{"id":"a/b","createdAt":"9999-01-01T00:00:00Z"}"#, "createdAt", "instant outside 2016 to 2035"),
        (r#"{"id":"a/b","cardData":"{broken"}"#, "cardData", "not a JSON object"),
    ] {
        let parsed = parse(json);
        assert!(parsed.row.is_some());
        assert_eq!(parsed.problems.len(), 1, "{:?}", parsed.problems);
        assert_eq!(parsed.problems[0].field, field);
        assert!(parsed.problems[0].reason.starts_with(reason), "{:?}", parsed.problems);
    }
}

#[test]
fn a_record_without_usable_id_or_json_is_refused() {
    for json in [
        r#"{"downloads":3}"#,
        r#"{"id":""}"#,
        r#"{"id":"a/b c"}"#,
        r#"{"id":"a/b/c"}"#,
        r#"{"id":"a#b"}"#,
        r#"{"id":"a/b","tags":["#,
        r#"{"id":"a/b"}{"id":"c/d"}"#,
        r#"{"id":"a/b"} garbage }"#,
        "[]",
    ] {
        let parsed = parse(json);
        assert!(parsed.row.is_none());
        assert_eq!(parsed.problems[0].field, "record");
    }
}

#[test]
fn deep_nesting_is_refused_before_any_parser_recurses() {
    let deep = format!(r#"{{"id":"a/b","cardData":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(parse(&deep).row.is_none());
    let mut reader = RecordReader::new("t");
    reader.set_id("a/b");
    reader.card(&"[".repeat(100_000));
    assert_eq!(reader.finish("").problems.len(), 1);
}

#[test]
fn a_key_that_comes_twice_counts_once_and_a_byte_order_mark_not_at_all() {
    let twice = "\u{feff}{\"id\":\"a/b\",\"safetensors\":{\"parameters\":{\"F32\":5,\"F32\":5}},\
                 \"safetensors\":{\"parameters\":{\"F32\":5}}}";
    assert_eq!(parse(twice).row.map(|r| r.safetensors_counts), Some(vec![5]));
}

/// Regression: whichever spelling came last counted.
#[test]
fn a_key_in_the_hubs_own_spelling_goes_before_another() {
    let own = r#""base_model": "org/base", "license": "mit""#;
    let other = r#""Base_Model": "stranger/other", "LICENSE": "gpl-3.0""#;
    for card in [format!("{{{own}, {other}}}"), format!("{{{other}, {own}}}")] {
        let keys = [r#""downloads": 7"#.to_owned(), r#""Downloads": 900"#.to_owned(), format!(r#""cardData": {card}"#)];
        for order in [[0, 1, 2], [1, 0, 2]] {
            let record = order.map(|i| keys[i].clone()).join(", ");
            let row = parse(&format!(r#"{{"id": "a/b", {record}}}"#)).row.unwrap();
            assert_eq!((row.downloads_30d, row.card_license.as_deref()), (Some(7), Some("mit")), "{record}");
            assert_eq!(row.card_base_models, ["org/base"], "{record}");
        }
    }
    // One that says nothing leaves the word to the other.
    let row = parse(r#"{"id": "a/b", "downloads": null, "DOWNLOADS": 3, "card_data": {"basemodel": "org/base"}}"#).row.unwrap();
    assert_eq!((row.downloads_30d, row.card_base_models), (Some(3), vec!["org/base".to_owned()]));
}

/// Regression: what `pandas.json_normalize` writes was unknown, and sizes and bases were lost.
#[test]
fn keys_with_points_are_parts_of_nested_fields() {
    let row = parse(
        r#"{"id": "a/b", "safetensors.parameters.BF16": 600, "safetensors.total": 600, "cardData.base_model": "org/base",
            "cardData.license": null, "baseModels.relation": "finetune", "note.x": 1}"#,
    );
    assert_eq!(row.unknown_keys, ["note.x"]);
    let row = row.row.unwrap();
    assert_eq!((row.safetensors_total, row.safetensors_counts), (Some(600), vec![600]));
    assert_eq!((row.card_base_models, row.hub_base_relation), (vec!["org/base".to_owned()], Some("finetune".to_owned())));
}

/// Regression: files that were printed as text made every repository one without weights.
#[test]
fn files_are_named_in_objects_and_texts() {
    let weights = |files: &str| parse(&format!(r#"{{"id":"a/b","siblings":{files}}}"#)).row.unwrap().has_weight_files;
    assert_eq!(weights(r#"[{"rfilename":"README.md"},{"rfilename":"model.safetensors"}]"#), Some(true));
    assert_eq!(weights(r#"["RepoSibling(rfilename='model.safetensors', size=None)"]"#), Some(true));
    assert_eq!(weights(r#"["README.md","pytorch_model.bin"]"#), Some(true));
    assert_eq!((weights(r#"["README.md"]"#), weights("[]"), weights("[{}, 3]")), (Some(false), Some(false), None));
}

/// Regression: xai-org/grok-1, whose tensors have no ending, was a repository without weights and its registered pre-training nobody's.
#[test]
fn a_file_of_no_known_kind_may_hold_weights() {
    let weights = |files: &str| parse(&format!(r#"{{"id":"a/b","siblings":{files}}}"#)).row.unwrap().has_weight_files;
    assert_eq!(weights(r#"["README.md","RELEASE","ckpt-0/tensor00000_000"]"#), None);
    assert_eq!(weights(r#"["README.md","model.tar.gz"]"#), None);
    assert_eq!(weights(r#"["README.md","LICENSE","tokenizer.model","training_args.bin","runs/curve.png"]"#), Some(false));
    assert_eq!(weights(r#"["ckpt-0/tensor00000_000","Model.SAFETENSORS"]"#), Some(true));
}

#[test]
fn a_private_repository_is_refused_without_a_trace_of_it() {
    let parsed = parse(r#"{"id":"secret/project","private":true}"#);
    assert!(parsed.row.is_none());
    assert!(!format!("{:?}", parsed.problems).contains("secret"));
}

proptest! {
    /// Hostile bytes never panic, and a refused record is never lost.
    #[test]
    fn any_bytes_end_as_a_row_or_a_problem(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let parsed = parse_json_record(&bytes, "fuzz:1");
        prop_assert!(parsed.row.is_some() || !parsed.problems.is_empty());
    }

    /// Cutting a record anywhere yields a refusal, never half a record.
    #[test]
    fn a_truncated_record_is_refused(cut in 0_usize..95) {
        let whole = br#"{"id":"a/b","downloads":7,"tags":["x","y"],"cardData":{"license":"mit"},"likes":1,"z":null}"#;
        prop_assume!(cut < whole.len());
        let parsed = parse_json_record(&whole[..cut], "fuzz:1");
        prop_assert!(parsed.row.is_none());
    }

    #[test]
    fn counts_round_trip(n in 0_i64..1_000_000_000_000_000) {
        let parsed = parse(&format!(r#"{{"id":"a/b","downloadsAllTime":{n}}}"#));
        prop_assert_eq!(parsed.row.and_then(|r| r.downloads_all_time), Some(n));
    }
}
