use super::durations::{clock, duration};
use super::numbers::{Quantity, first_quantity, quantity};
use super::tokens::lex;
use proptest::prelude::*;

fn first(text: &str) -> Option<Quantity> {
    first_quantity(&lex(text))
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * b.abs()
}

#[test]
fn numbers_as_people_write_them() {
    for (text, value) in [
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("1.234.567", 1_234_567.0),
        ("299,892,736,000 tokens", 299_892_736_000.0),
        ("3.2e23", 3.2e23),
        ("2.3E+22", 2.3e22),
        ("5.3 x 10^21", 5.3e21),
        ("5.3×10²¹ FLOP", 5.3e21),
        ("1.7 x 10e21", 1.7e21),
        ("10^24", 1e24),
        ("1.4T tokens", 1.4e12),
        ("1,500B tokens", 1.5e12),
        ("15 trillion", 1.5e13),
        ("15万亿", 1.5e13),
        ("~30M GPU hours", 3e7),
        ("30w+", 300_000.0),
        ("1550 M", 1.55e9),
        ("1,5", 1.5),
    ] {
        let got = first(text).map(|q| q.value);
        assert!(got.is_some_and(|v| close(v, value)), "{text}: {got:?}");
    }
    assert_eq!(first("A100 and v1.5"), None, "names hold no quantity");
    assert_eq!(first("1,23,4.5,6"), None);
}

#[test]
fn ranges_are_told() {
    for text in ["3-4 days", "10–20 kg", "3 to 4 days"] {
        assert!(first(text).is_some_and(|q| q.is_range), "{text}");
    }
    assert!(!first("8 - A100").is_some_and(|q| q.is_range));
}

#[test]
fn a_point_groups_before_the_scale_of_a_language_that_groups_by_points() {
    for (text, value) in [
        ("se procesaron 120.000 millones de tokens", 1.2e11),
        ("trained on 1.200 Milliarden Token", 1.2e12),
        ("300.000 milhões", 3e11),
        ("trained on 1.125 trillion tokens", 1.125e12),
        ("max_steps = 7_500", 7500.0),
        ("chunks of 2^11 tokens", 2048.0),
    ] {
        assert!(first(text).is_some_and(|q| close(q.value, value)), "{text}: {:?}", first(text));
    }
}

#[test]
fn durations() {
    for (text, hours) in [
        ("2 weeks", 336.0),
        ("nine hours", 9.0),
        ("4 days and 9.5 hours", 105.5),
        ("1h 20 min", 1.0 + 20.0 / 60.0),
        ("102 hours 34 minutes", 102.0 + 34.0 / 60.0),
        ("约", 0.0),
        ("24小时", 24.0),
        ("two months", 1440.0),
    ] {
        let ts = lex(text);
        let got = (0..ts.len()).find_map(|i| duration(&ts, i)).map_or(0.0, |d| d.hours);
        assert!((got - hours).abs() < 1e-9, "{text}: {got}");
    }
    assert_eq!(clock(&lex("1:30:00"), 0), Some(1.5));
    assert_eq!(duration(&lex("5 apples"), 0), None);
}

#[test]
fn co2_is_a_word() {
    let words: Vec<String> = lex("539 tCO2eq of CO₂").iter().map(|t| t.text.to_string()).collect();
    assert_eq!(words, ["539", "tco2eq", "of", "co2"]);
}

proptest! {
    #[test]
    fn any_text_is_cut_and_read_without_panic(text in "\\PC{0,80}") {
        let ts = lex(&text);
        for i in 0..ts.len() + 2 {
            let _ = (quantity(&ts, i), duration(&ts, i), clock(&ts, i));
        }
        for t in &ts {
            prop_assert!(text.get(t.from..t.to).is_some());
        }
    }
}
