//! The YAML before the text of a card.
//!
//! It is read with budgets, and what cannot be read takes nothing from the text behind it.

use crate::evidence::card::CardRole;
use crate::evidence::card::parse::markdown::{Block, BlockKind};
use crate::evidence::card::read::candidate::{Card, Fact, RANK_FRONT_MATTER, Spot};
use crate::evidence::card::read::places::provider_in;
use crate::evidence::hardware::Context;
use crate::evidence::index::emissions;
use serde_json::{Map, Value};

/// Largest front matter read, in bytes; the largest of real cards (lists of a thousand languages or metrics) stay below.
const MAX_YAML_BYTES: usize = 256 << 10;
/// Deepest nesting; `model-index` takes eight.
const MAX_DEPTH: usize = 32;
/// Most nodes, before and after aliases are followed.
const MAX_NODES: usize = 50_000;
/// Most aliases: cards have none, and a bomb needs dozens.
const MAX_ALIASES: usize = 8;

/// Front matter and where the text begins.
#[derive(Debug, Default)]
pub struct Front {
    /// Its fields; empty when there are none or they cannot be read.
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
pub fn read(source: &str) -> Front {
    let mut front = Front::default();
    let Some((from, to, after)) = fences(source, 0) else {
        front.body_from = source.len() - source.trim_start_matches('\u{feff}').len();
        return front;
    };
    (front.from, front.to, front.body_from) = (from, to, after);
    let yaml = source.get(from..to).unwrap_or_default();
    match fields(yaml) {
        Some(fields) => front.fields = fields,
        None => {
            front.is_broken = true;
            front.fields = rescued(yaml);
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
    match parse(yaml)? {
        Value::Object(fields) => Some(fields),
        Value::Null => Some(Map::new()),
        _ => None,
    }
}

/// The one call of the YAML crate: text to JSON value, within budgets for depth, nodes, aliases and size. `options!` and `budget!`
/// build its option structs, which cannot be written as literals.
fn parse(yaml: &str) -> Option<Value> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_aliases: MAX_ALIASES,
            max_documents: 1,
            max_total_scalar_bytes: MAX_YAML_BYTES,
        },
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::LastWins,
    };
    serde_saphyr::from_str_with_options::<Value>(yaml, options).ok()
}

/// Plain `key: value` lines of YAML that does not parse, for the keys that matter here.
fn rescued(yaml: &str) -> Map<String, Value> {
    let mut out = Map::new();
    for line in yaml.lines() {
        let Some((key, value)) = line.split_once(": ") else { continue };
        let value = value.trim().trim_matches(['"', '\'']);
        if value.is_empty() || !["base_model", "co2_eq_emissions", "license", "library_name"].contains(&key) {
            continue;
        }
        let parsed = value.parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(Value::Number);
        out.entry(key).or_insert(parsed.unwrap_or_else(|| Value::String(value.to_owned())));
    }
    out
}

/// Bytes of the lines of a key: its own, and those under it.
fn key_range(source: &str, front: &Front, key: &str) -> (usize, usize) {
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

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Adds what the front matter says.
pub fn add(card: &mut Card<'_>, front: &Front) {
    let block = Block::plain(BlockKind::FrontMatter, card.source, front.from, front.to);
    let before = card.facts.len();
    let copy = (card.own.role == CardRole::Copy).then_some("copy: the base model's figure");
    let source = card.source;
    let spot = |key: &str, reason: Option<&'static str>| Spot {
        block: &block,
        quote: key_range(source, front, key),
        rank: RANK_FRONT_MATTER,
        reason,
    };
    if let Some(first) = front.texts("base_model").first().filter(|b| !b.trim().is_empty()) {
        card.add(&spot("base_model", None), "base_model", None, first, None);
    }
    let co2 = front.fields.get("co2_eq_emissions");
    if let Some(value) = co2 {
        let at = spot("co2_eq_emissions", copy);
        for row in emissions::extract(&value.to_string()) {
            if !matches!(row.field, "emissions_kgco2e" | "energy_kwh") {
                continue;
            }
            let mut fact = card.fact(&at, row.field, row.value, &row.as_written, None);
            // The guards of the field itself come first.
            fact.row.reject_reason = row.reject_reason.or(fact.row.reject_reason);
            card.facts.push(fact);
        }
    }
    // Beside the emissions, or by mistake at the top.
    let merged;
    let side = match co2 {
        Some(Value::Object(fields)) => fields,
        Some(Value::Array(items)) => {
            merged =
                items.iter().filter_map(Value::as_object).flatten().map(|(k, v)| (k.clone(), v.clone())).collect::<Map<_, _>>();
            &merged
        }
        _ => &front.fields,
    };
    let text = |key: &str| side.get(key).or_else(|| front.fields.get(key)).map(plain).filter(|t| !t.trim().is_empty());
    if let Some(hardware) = text("hardware_used") {
        card.add_hardware(&spot("hardware_used", copy), &hardware, Context::Field);
    }
    if let Some(hours) = text("hours_used") {
        card.add_hours(&spot("hours_used", copy), "hours used", &hours);
    }
    if let Some(place) = text("geographical_location") {
        card.add_place(&spot("geographical_location", copy), &place);
    }
    if let Some(provider) = text("on_cloud").or_else(|| text("cloud_provider")).and_then(|t| provider_in(&t.to_lowercase(), false))
    {
        let key = if side.contains_key("on_cloud") { "on_cloud" } else { "cloud_provider" };
        card.add(&spot(key, copy), "cloud_provider", None, provider, None);
    }
    let about = text("source").unwrap_or_default().to_lowercase().replace(' ', "");
    let tool = if about.contains("codecarbon") {
        Some("CodeCarbon")
    } else {
        (about.contains("mlco2") || about.contains("impactcalculator")).then_some("ML CO2 Impact calculator")
    };
    if let Some(tool) = tool.filter(|_| co2.is_some()) {
        card.add(&spot("source", copy), "measurement_tool", None, tool, None);
    }
    for fact in card.facts.iter_mut().skip(before) {
        name_key(fact);
    }
}

/// The key in the locator: `front matter: co2_eq_emissions`.
fn name_key(fact: &mut Fact) {
    let key = match fact.row.field {
        "emissions_kgco2e" => "co2_eq_emissions",
        "energy_kwh" => "co2_eq_emissions.energy_consumed",
        "accelerator" | "accelerator_count" => "hardware_used",
        "wall_hours" | "accelerator_hours" => "hours_used",
        "country" | "cloud_region" => "geographical_location",
        "cloud_provider" => "on_cloud",
        "measurement_tool" => "source",
        other => other,
    };
    fact.row.locator = format!("front matter: {key}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_as_cards_have_them() {
        for card in [
            "---\nlicense: mit\n---\ntext",
            "\u{feff}---\r\nlicense: mit\r\n---\r\ntext",
            "\n\n---\nlicense: mit\n---\n\n---\nlicense: other\n---\ntext",
        ] {
            let front = read(card);
            assert_eq!(front.texts("license"), ["mit"], "{card}");
            assert_eq!(card[front.body_from..].trim(), "text", "{card}");
        }
        for card in ["", "---", "---\nlicense: mit\nno end", "# Title\n\n---\n\ntext", "text"] {
            let front = read(card);
            assert!(front.fields.is_empty() && front.body_from == 0, "{card}");
        }
    }

    #[test]
    fn broken_yaml_keeps_its_plain_lines_and_the_text() {
        let card = "---\nbase_model: a/b\ntags: [x\nco2_eq_emissions: 0.5\n---\n# Text";
        let front = read(card);
        assert!(front.is_broken);
        assert_eq!(front.texts("base_model"), ["a/b"]);
        assert_eq!(&card[front.body_from..], "# Text");
    }

    #[test]
    fn alias_bombs_and_deep_nesting_end_early() {
        let mut bomb = String::from("---\na: &a [x, x, x, x, x, x, x, x, x]\n");
        for (name, inner) in ["b", "c", "d", "e", "f", "g", "h", "i"].iter().zip(["a", "b", "c", "d", "e", "f", "g", "h"]) {
            bomb.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{inner}"); 9].join(", ")));
        }
        bomb.push_str("---\ntext");
        assert!(read(&bomb).is_broken);
        let deep = format!("---\na: {}{}\n---\ntext", "[".repeat(5000), "]".repeat(5000));
        assert!(read(&deep).is_broken);
    }

    #[test]
    fn quotes_are_the_lines_of_the_key() {
        let card = "---\nlicense: mit\nco2_eq_emissions:\n  emissions: 17\n  source: CodeCarbon\ntags:\n- x\n---\n";
        let front = read(card);
        let (from, to) = key_range(card, &front, "co2_eq_emissions");
        assert_eq!(&card[from..to], "co2_eq_emissions:\n  emissions: 17\n  source: CodeCarbon");
    }
}
