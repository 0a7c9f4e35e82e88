//! `cardData`: the front matter of a model's card, as JSON.

use super::ids::normalize_base_id;
use super::reader::RecordReader;
use super::values::{first_line, first_string, one_shallow_value, strings};
use sonic_rs::to_object_iter;

/// Longest `co2_eq_emissions` value kept, in bytes.
const MAX_CO2_BYTES: usize = 16_384;

impl RecordReader {
    /// Reads `cardData` given as JSON text.
    pub fn card(&mut self, json: &str) {
        let trimmed = json.trim();
        if trimmed.is_empty() || trimmed == "null" {
            return;
        }
        if let Err(why) = one_shallow_value(trimmed) {
            return self.problem("cardData", why, json);
        }
        for entry in to_object_iter(trimmed) {
            let (key, value) = match entry {
                Ok(entry) => entry,
                Err(e) => {
                    self.problem("cardData", format!("not a JSON object: {}", first_line(&e.to_string())), json);
                    return;
                }
            };
            match &*key {
                "license" => self.row.card_license = first_string(&value),
                "base_model" => {
                    let ids: Vec<String> = strings(&value).iter().filter_map(|s| normalize_base_id(s)).collect();
                    self.row.card_base_models = ids;
                }
                "base_model_relation" => self.row.card_base_relation = first_string(&value),
                "library_name" if self.row.library.is_none() => self.row.library = first_string(&value),
                "pipeline_tag" if self.row.pipeline_tag.is_none() => self.row.pipeline_tag = first_string(&value),
                "co2_eq_emissions" => self.co2(value.as_raw_str()),
                _ => {}
            }
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
