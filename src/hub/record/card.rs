//! `cardData`: the front matter of a model's card, as JSON or as the YAML that the author wrote.

use super::lists::{is_nothing, written_value};
use super::printed::parse_printed;
use super::reader::RecordReader;
use super::spelling::{counting_entries, same_key};
use super::values::{each_entry, first_line, first_string, one_shallow_value, without_bare_words};
use super::yaml::{parse_yaml, without_fences};
use sonic_rs::{JsonValueTrait, LazyValue};

/// Longest `co2_eq_emissions` value kept, in bytes.
const MAX_CO2_BYTES: usize = 16_384;

/// The keys of a card that a record keeps.
const KEYS: [&str; 6] = ["license", "base_model", "base_model_relation", "library_name", "pipeline_tag", "co2_eq_emissions"];

/// Our spelling of a key of a card.
fn known_key(key: &str) -> Option<&'static str> {
    KEYS.into_iter().find(|known| same_key(key, known))
}

/// The object that a list of pairs makes: `[["license", "mit"]]` or `[{"key": "license", "value": "mit"}]`; none for anything else.
fn as_object(json: &str) -> Option<String> {
    if !json.trim_start().starts_with('[') {
        return None;
    }
    let mut object = serde_json::Map::new();
    each_entry(json, |key, value| {
        object.insert(key.to_owned(), serde_json::from_str(value.as_raw_str()).unwrap_or_default());
    });
    (!object.is_empty()).then(|| serde_json::Value::Object(object).to_string())
}

impl RecordReader {
    /// Reads `cardData` given as JSON text, or as YAML, which is what the Hub's command line writes.
    pub fn card(&mut self, text: &str) {
        let trimmed = text.trim();
        if is_nothing(trimmed) {
            return;
        }
        if !trimmed.starts_with(['{', '[']) {
            return match parse_yaml(without_fences(trimmed)) {
                Some(serde_json::Value::Null) => {}
                Some(fields @ serde_json::Value::Object(_)) => self.card_json(&fields.to_string(), text),
                _ => self.problem("cardData", "neither a JSON object nor YAML of one", text),
            };
        }
        if let Err(why) = one_shallow_value(trimmed) {
            return self.problem("cardData", why, text);
        }
        let json = without_bare_words(trimmed);
        // Stores without maps keep an object as a list of pairs.
        match as_object(&json) {
            Some(object) => self.card_json(&object, text),
            None => self.card_json(&json, text),
        }
    }

    fn card_json(&mut self, json: &str, raw: &str) {
        let (mut entries, mut wrong) = counting_entries(json, known_key);
        // What Python prints of a dictionary begins as JSON does.
        let printed = wrong.as_ref().and_then(|_| parse_printed(json)).filter(serde_json::Value::is_object).map(|v| v.to_string());
        if let Some(printed) = &printed {
            (entries, wrong) = counting_entries(printed, known_key);
        }
        for (key, value) in entries {
            if let Some(known) = known_key(&key) {
                self.card_field(known, &value);
            }
        }
        if let Some(e) = wrong {
            self.problem("cardData", format!("not a JSON object: {}", first_line(&e.to_string())), raw);
        }
    }

    /// A field; a list or object in it may stand as text, as in maps from text to text.
    fn card_field(&mut self, key: &str, value: &LazyValue<'_>) {
        let written = value.as_str().and_then(written_value).map(|value| value.to_string());
        match written.as_deref().map(sonic_rs::from_str::<LazyValue<'_>>) {
            Some(Ok(inner)) => self.card_value(key, &inner),
            _ => self.card_value(key, value),
        }
    }

    fn card_value(&mut self, key: &str, value: &LazyValue<'_>) {
        match key {
            "license" => self.row.card_license = first_string(value),
            "base_model" => self.card_bases(value),
            "base_model_relation" => self.row.card_base_relation = first_string(value).or(self.row.card_base_relation.take()),
            "library_name" if self.row.library.is_none() => self.row.library = first_string(value),
            "pipeline_tag" if self.row.pipeline_tag.is_none() => self.row.pipeline_tag = first_string(value),
            "co2_eq_emissions" => self.co2(value.as_raw_str()),
            _ => {}
        }
    }

    fn co2(&mut self, raw: &str) {
        if raw.len() > MAX_CO2_BYTES {
            self.problem("cardData.co2_eq_emissions", "longer than 16 KiB", raw);
            return;
        }
        let pairs = as_object(raw);
        match serde_json::from_str::<serde_json::Value>(pairs.as_deref().unwrap_or(raw)) {
            Ok(serde_json::Value::Null) => {}
            Ok(value) => self.row.co2_json = Some(value.to_string()),
            Err(e) => self.problem("cardData.co2_eq_emissions", format!("invalid JSON: {e}"), raw),
        }
    }
}
