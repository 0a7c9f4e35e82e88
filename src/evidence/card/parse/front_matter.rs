//! The YAML before the text of a card.
//!
//! It is read with budgets, and what cannot be read takes nothing from the text behind it.

use crate::hub::record::{MAX_YAML_BYTES, parse_yaml};
use serde_json::{Map, Value};

/// The fields that evidence is read from.
pub const BASE_MODEL: &str = "base_model";
/// See [`BASE_MODEL`].
pub const EMISSIONS: &str = "co2_eq_emissions";
/// See [`BASE_MODEL`].
pub const HARDWARE: &str = "hardware_used";
/// See [`BASE_MODEL`].
pub const HOURS: &str = "hours_used";
/// See [`BASE_MODEL`].
pub const PLACE: &str = "geographical_location";
/// See [`BASE_MODEL`].
pub const CLOUD: &str = "on_cloud";
/// See [`BASE_MODEL`].
pub const PROVIDER: &str = "cloud_provider";
/// All of them; any other field is read beside emissions alone.
const FIELDS: [&str; 7] = [BASE_MODEL, EMISSIONS, HARDWARE, HOURS, PLACE, CLOUD, PROVIDER];

/// Front matter and where the text begins.
#[derive(Debug, Default)]
pub struct Front {
    /// Its fields; empty when there are none, when they cannot be read, and when none of those that are asked for can be among them.
    pub fields: Map<String, Value>,
    /// First byte of the YAML in the card.
    pub from: usize,
    /// Byte after the YAML.
    pub to: usize,
    /// First byte of the text.
    pub body_from: usize,
    /// Whether there is front matter that is no YAML.
    pub is_broken: bool,
}

impl Front {
    /// Texts of a field that is a text or a list of them.
    #[must_use]
    pub fn texts(&self, key: &str) -> Vec<String> {
        match self.fields.get(key) {
            Some(Value::String(text)) => vec![text.clone()],
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }
}

/// Splits a card.
#[must_use]
pub fn parse_front_matter(source: &str) -> Front {
    let mut front = Front::default();
    let Some((from, to, after)) = fences(source, 0) else {
        front.body_from = source.len() - source.trim_start_matches('\u{feff}').len();
        return front;
    };
    (front.from, front.to, front.body_from) = (from, to, after);
    let yaml = source.get(from..to).unwrap_or_default();
    if may_hold_evidence(yaml) {
        match fields(yaml) {
            Some(fields) => front.fields = fields,
            None => {
                front.is_broken = true;
                front.fields = rescued(yaml);
            }
        }
    }
    // Tools that put their own before an author's leave two.
    if let Some((from, to, after)) = fences(source, front.body_from) {
        let second = source.get(from..to).and_then(fields).unwrap_or_default();
        if !second.is_empty() {
            front.body_from = after;
            for (key, value) in second {
                front.fields.entry(key).or_insert(value);
            }
        }
    }
    front
}

/// Whether YAML can hold one of the fields that evidence is read from: parsing it all was an eighth of what reading cards took, and most cards have
/// tags and a licence there. A key of YAML stands in its text letter by letter, also where an alias repeats it, but for the escapes of a text in
/// quotes (`"\x62ase_model"`) and for what a tag (`!!binary`) makes of it.
fn may_hold_evidence(yaml: &str) -> bool {
    FIELDS.iter().any(|field| yaml.contains(field)) || yaml.contains(['\\', '!'])
}

/// First byte between the fences, byte after, first byte behind the second fence.
fn fences(source: &str, start: usize) -> Option<(usize, usize, usize)> {
    let rest = source.get(start..)?;
    let text = rest.trim_start_matches(|c: char| c == '\u{feff}' || c.is_whitespace());
    let begin = start + (rest.len() - text.len());
    let mut at = begin;
    let mut from = None;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end();
        match from {
            None if bare == "---" => from = Some(at + line.len()),
            None => return None,
            Some(first) if bare == "---" || bare == "..." => return Some((first, at, at + line.len())),
            Some(first) if at - first > MAX_YAML_BYTES => return None,
            Some(_) => {}
        }
        at += line.len();
    }
    None
}

fn fields(yaml: &str) -> Option<Map<String, Value>> {
    match parse_yaml(yaml)? {
        Value::Object(fields) => Some(fields),
        Value::Null => Some(Map::new()),
        _ => None,
    }
}

/// Plain `key: value` lines of YAML that does not parse, for the keys that matter here.
fn rescued(yaml: &str) -> Map<String, Value> {
    let mut out = Map::new();
    for line in yaml.lines() {
        let Some((key, value)) = line.split_once(": ") else { continue };
        let value = value.trim().trim_matches(['"', '\'']);
        if value.is_empty() || ![BASE_MODEL, EMISSIONS].contains(&key) {
            continue;
        }
        let parsed = value.parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(Value::Number);
        out.entry(key).or_insert(parsed.unwrap_or_else(|| Value::String(value.to_owned())));
    }
    out
}

/// Bytes of the lines of a key: its own, and those under it.
#[must_use]
pub fn key_range(source: &str, front: &Front, key: &str) -> (usize, usize) {
    let yaml = source.get(front.from..front.to).unwrap_or_default();
    let mut at = front.from;
    let mut found: Option<(usize, usize, usize)> = None;
    for line in yaml.split_inclusive('\n') {
        let bare = line.trim_start_matches([' ', '-']);
        let indent = line.len() - bare.len();
        let is_key = bare.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':'));
        match found {
            None if is_key => found = Some((at, at + line.trim_end().len(), indent)),
            Some((from, _, depth)) => {
                let belongs = indent > depth || (line.starts_with('-') && depth == 0);
                if !belongs || line.trim().is_empty() {
                    break;
                }
                found = Some((from, at + line.trim_end().len(), depth));
            }
            None => {}
        }
        at += line.len();
    }
    found.map_or((front.from, front.to), |(from, to, _)| (from, to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::tests::cards_of_the_kinds;
    use proptest::prelude::*;

    #[test]
    fn fences_as_cards_have_them() {
        for card in [
            "---\nbase_model: mit\n---\ntext",
            "\u{feff}---\r\nbase_model: mit\r\n---\r\ntext",
            "\n\n---\nbase_model: mit\n---\n\n---\nbase_model: other\n---\ntext",
            "---\nlicense: x\n---\n---\nbase_model: mit\n---\ntext",
        ] {
            let front = parse_front_matter(card);
            assert_eq!(front.texts("base_model"), ["mit"], "{card}");
            assert_eq!(card[front.body_from..].trim(), "text", "{card}");
        }
        for card in ["", "---", "---\nlicense: mit\nno end", "# Title\n\n---\n\ntext", "text"] {
            let front = parse_front_matter(card);
            assert!(front.fields.is_empty() && front.body_from == 0, "{card}");
        }
    }

    #[test]
    fn broken_yaml_keeps_its_plain_lines_and_the_text() {
        let card = "---\nbase_model: a/b\ntags: [x\nco2_eq_emissions: 0.5\n---\n# Text";
        let front = parse_front_matter(card);
        assert!(front.is_broken);
        assert_eq!(front.texts("base_model"), ["a/b"]);
        assert_eq!(&card[front.body_from..], "# Text");
    }

    #[test]
    fn alias_bombs_and_deep_nesting_end_early() {
        let mut bomb = String::from("---\nbase_model: x\na: &a [x, x, x, x, x, x, x, x, x]\n");
        for (name, inner) in ["b", "c", "d", "e", "f", "g", "h", "i"].iter().zip(["a", "b", "c", "d", "e", "f", "g", "h"]) {
            bomb.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{inner}"); 9].join(", ")));
        }
        bomb.push_str("---\ntext");
        assert!(parse_front_matter(&bomb).is_broken);
        let deep = format!("---\nbase_model: x\na: {}{}\n---\ntext", "[".repeat(5000), "]".repeat(5000));
        assert!(parse_front_matter(&deep).is_broken);
    }

    /// What is left unparsed has none of the fields that evidence is read from.
    fn check_left_out(yaml: &str) {
        let found = fields(yaml).unwrap_or_default();
        assert!(may_hold_evidence(yaml) || !FIELDS.iter().any(|field| found.contains_key(*field)), "{yaml}");
    }

    #[test]
    fn front_matter_that_is_left_out_has_no_evidence() {
        for card in cards_of_the_kinds() {
            if let Some((from, to, _)) = fences(&card, 0) {
                check_left_out(&card[from..to]);
            }
        }
        assert!(
            may_hold_evidence("\"base\\x5fmodel\": a/b") && fields("\"base\\x5fmodel\": a/b").unwrap().contains_key(BASE_MODEL)
        );
        assert!(!may_hold_evidence("license: mit\ntags:\n- base\n"));
    }

    proptest! {
        #[test]
        fn fields_are_not_composed(yaml in "(base|_model|base_model|hours_used|\\\\x5f|\"|: |\n|- |&a |\\*a|<<|\\? |[{},' #|>!]|\n  ){0,14}") {
            check_left_out(&yaml);
        }
    }

    #[test]
    fn quotes_are_the_lines_of_the_key() {
        let card = "---\nlicense: mit\nco2_eq_emissions:\n  emissions: 17\n  source: CodeCarbon\ntags:\n- x\n---\n";
        let front = parse_front_matter(card);
        let (from, to) = key_range(card, &front, "co2_eq_emissions");
        assert_eq!(&card[from..to], "co2_eq_emissions:\n  emissions: 17\n  source: CodeCarbon");
    }
}
