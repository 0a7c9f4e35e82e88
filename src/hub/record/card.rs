//! `cardData`: the front matter of a model's card, as JSON or as the YAML that the author wrote.

use super::ids::normalize_base_id;
use super::reader::RecordReader;
use super::spelling::{counting_entries, same_key};
use super::values::{first_line, first_string, one_shallow_value, strings, without_bare_words};
use super::yaml::{parse_yaml, without_fences};
use sonic_rs::LazyValue;

/// Longest `co2_eq_emissions` value kept, in bytes.
const MAX_CO2_BYTES: usize = 16_384;

/// The keys of a card that a record keeps.
const KEYS: [&str; 6] = ["license", "base_model", "base_model_relation", "library_name", "pipeline_tag", "co2_eq_emissions"];

/// Our spelling of a key of a card.
fn known_key(key: &str) -> Option<&'static str> {
    KEYS.into_iter().find(|known| same_key(key, known))
}

impl RecordReader {
    /// Reads `cardData` given as JSON text, or as YAML, which is what the Hub's command line writes.
    pub fn card(&mut self, text: &str) {
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed == "null" {
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
        self.card_json(&without_bare_words(trimmed), text);
    }

    fn card_json(&mut self, json: &str, raw: &str) {
        let (entries, wrong) = counting_entries(json, known_key);
        for (key, value) in entries {
            if let Some(known) = known_key(&key) {
                self.card_field(known, &value);
            }
        }
        if let Some(e) = wrong {
            self.problem("cardData", format!("not a JSON object: {}", first_line(&e.to_string())), raw);
        }
    }

    fn card_field(&mut self, key: &str, value: &LazyValue<'_>) {
        match key {
            "license" => self.row.card_license = first_string(value),
            "base_model" => self.row.card_base_models = strings(value).iter().filter_map(|s| normalize_base_id(s)).collect(),
            "base_model_relation" => self.row.card_base_relation = first_string(value),
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
        match serde_json::from_str::<serde_json::Value>(raw) {
            Ok(serde_json::Value::Null) => {}
            Ok(value) => self.row.co2_json = Some(value.to_string()),
            Err(e) => self.problem("cardData.co2_eq_emissions", format!("invalid JSON: {e}"), raw),
        }
    }
}
