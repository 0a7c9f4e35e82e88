//! A record as JSON text, as the listing API and files of it have it.

use super::fields::{HubField, Reading};
use super::reader::RecordReader;
use super::values::{first_line, first_string, flag_or_word, one_shallow_value, strings};
use super::{Parsed, Problem};
use sonic_rs::{JsonType, JsonValueTrait, LazyValue, to_object_iter};

impl RecordReader {
    /// Reads one key of a record. Returns false for a key this version does not know.
    pub fn json_field(&mut self, key: &str, value: &LazyValue<'_>) -> bool {
        let Some(field) = HubField::parse(key) else { return false };
        if value.get_type() != JsonType::Null {
            self.json_value(field, value);
        }
        true
    }

    fn json_value(&mut self, field: HubField, value: &LazyValue<'_>) {
        let (key, raw) = (field.key(), value.as_raw_str());
        match field.reading() {
            Reading::NotNeeded => {}
            Reading::Id => self.set_id(value.as_str().unwrap_or_default()),
            Reading::OldId => {
                if self.row.model_id.is_empty() {
                    self.set_id(value.as_str().unwrap_or_default());
                }
            }
            Reading::Instant(slot) => *slot(&mut self.row) = self.instant_text(key, value.as_str().unwrap_or(raw)),
            Reading::Count(slot) => *slot(&mut self.row) = self.json_count(key, value),
            Reading::Text(slot) => {
                let slot = slot(&mut self.row);
                *slot = first_string(value).or(slot.take());
            }
            Reading::FlagOrWord(slot) => *slot(&mut self.row) = flag_or_word(value),
            Reading::Texts(slot) => *slot(&mut self.row) = strings(value),
            Reading::Private => self.private = value.as_bool() == Some(true),
            Reading::Card => match value.get_type() {
                JsonType::String => self.card(&value.as_str().map(str::to_owned).unwrap_or_default()),
                _ => self.card(raw),
            },
            Reading::Safetensors => self.safetensors(raw),
            Reading::Gguf => match value.get_type() {
                JsonType::String => self.gguf(&value.as_str().map(str::to_owned).unwrap_or_default()),
                _ => self.gguf(raw),
            },
            Reading::BaseModels => self.base_models(value),
            Reading::Config => {
                if value.get_type() == JsonType::Object {
                    self.config(raw);
                }
            }
            Reading::Siblings => {
                if value.get_type() == JsonType::Array {
                    self.siblings(raw);
                }
            }
        }
    }

    pub(super) fn json_count(&mut self, field: &str, value: &LazyValue<'_>) -> Option<i64> {
        let raw = value.as_raw_str();
        match value.get_type() {
            JsonType::Null => None,
            JsonType::Number => match value.as_f64() {
                Some(number) => self.count(field, number, raw),
                None => {
                    self.problem(field, "number out of range", raw);
                    None
                }
            },
            JsonType::String => match value.as_str().and_then(|s| s.trim().parse::<f64>().ok()) {
                Some(number) => self.count(field, number, raw),
                None => {
                    self.problem(field, "not a number", raw);
                    None
                }
            },
            _ => {
                self.problem(field, "not a number", raw);
                None
            }
        }
    }
}

/// Parses one listing record from JSON text.
#[must_use]
pub fn parse_json_record(raw: &[u8], locator: &str) -> Parsed {
    let refuse = |reason: String| Parsed {
        locator: locator.to_owned(),
        row: None,
        problems: vec![Problem { field: "record".into(), reason, raw: String::from_utf8_lossy(raw).into_owned() }],
        unknown_keys: Vec::new(),
    };
    let text = match std::str::from_utf8(raw) {
        Ok(text) => text.trim_start_matches('\u{feff}').trim(),
        Err(e) => return refuse(format!("not UTF-8 at byte {}", e.valid_up_to())),
    };
    if !text.ends_with('}') {
        return refuse("not a complete JSON object".into());
    }
    if let Err(why) = one_shallow_value(text) {
        return refuse(why.into());
    }
    let mut reader = RecordReader::new(locator);
    let mut unknown = Vec::new();
    for entry in to_object_iter(text) {
        match entry {
            Ok((key, value)) => {
                if !reader.json_field(&key, &value) {
                    unknown.push(key.to_string());
                }
            }
            Err(e) => return refuse(format!("invalid JSON: {}", first_line(&e.to_string()))),
        }
    }
    let mut parsed = reader.finish(text);
    parsed.unknown_keys = unknown;
    parsed
}
