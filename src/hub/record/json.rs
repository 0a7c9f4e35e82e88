//! A record as JSON text, as the listing API and files of it have it.

use super::dotted::{Parts, part_of};
use super::fields::{HubField, Reading};
use super::reader::RecordReader;
use super::spelling::counting_entries;
use super::values::{clipped, first_line, first_string, flag_or_word, one_shallow_value, strings, without_bare_words};
use super::{Parsed, Problem};
use sonic_rs::{JsonType, JsonValueTrait, LazyValue};

impl RecordReader {
    /// Reads one key of a record. Returns false for a key this version does not know.
    pub fn json_field(&mut self, key: &str, value: &LazyValue<'_>) -> bool {
        let Some(field) = HubField::parse(key) else { return false };
        self.json_value(field, value);
        true
    }

    /// Reads a value in JSON.
    pub fn json_value(&mut self, field: HubField, value: &LazyValue<'_>) {
        match value.get_type() {
            JsonType::Null => return,
            JsonType::String => return self.text_value(field, value.as_str().unwrap_or_default()),
            _ => {}
        }
        let (key, raw) = (field.key(), value.as_raw_str());
        match field.reading() {
            Reading::NotNeeded => {}
            // Only a text is a name.
            Reading::Id | Reading::OldId => {}
            Reading::Instant(slot) => *slot(&mut self.row) = self.instant_text(key, raw),
            Reading::Count(slot) => *slot(&mut self.row) = self.json_count(key, value),
            Reading::Text(slot) => {
                let slot = slot(&mut self.row);
                *slot = first_string(value).or(slot.take());
            }
            Reading::FlagOrWord(slot) => *slot(&mut self.row) = flag_or_word(value),
            Reading::Texts(slot) => *slot(&mut self.row) = strings(value),
            Reading::Private => self.private |= value.as_bool() == Some(true),
            Reading::Card => self.card(raw),
            Reading::Safetensors => self.safetensors(raw),
            Reading::Gguf => self.gguf(raw),
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

    /// Reads a value that stands as text: a JSON string, or a cell of a text column, which may hold JSON itself.
    pub fn text_value(&mut self, field: HubField, text: &str) {
        let key = field.key();
        match field.reading() {
            Reading::NotNeeded | Reading::Config | Reading::Siblings => {}
            Reading::Id => self.set_id(text),
            Reading::OldId => {
                if self.row.model_id.is_empty() {
                    self.set_id(text);
                }
            }
            Reading::Instant(slot) => *slot(&mut self.row) = self.instant_text(key, text),
            Reading::Count(slot) => *slot(&mut self.row) = self.text_count(key, text, text),
            Reading::Text(slot) => {
                let slot = slot(&mut self.row);
                *slot = clipped(text).or(slot.take());
            }
            Reading::FlagOrWord(slot) => *slot(&mut self.row) = clipped(text),
            Reading::Texts(slot) => {
                let list = text.trim_start().starts_with('[').then(|| nested(text).ok()).flatten();
                *slot(&mut self.row) = list.map_or_else(|| clipped(text).into_iter().collect(), |list| strings(&list));
            }
            Reading::Private => self.private |= text.trim().eq_ignore_ascii_case("true"),
            Reading::Card => self.card(text),
            Reading::Safetensors | Reading::Gguf | Reading::BaseModels => {
                if !["", "null"].contains(&text.trim()) {
                    match nested(&without_bare_words(text)) {
                        Ok(value) => self.json_value(field, &value),
                        Err(why) => self.problem(key, why, text),
                    }
                }
            }
        }
    }

    /// Reads the objects that keys with points make up.
    pub fn parts(&mut self, parts: Parts) {
        for (field, json) in parts.objects() {
            if let Ok(value) = sonic_rs::from_str::<LazyValue<'_>>(&json) {
                self.json_value(field, &value);
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
            JsonType::String => self.text_count(field, value.as_str().unwrap_or_default(), raw),
            _ => {
                self.problem(field, "not a number", raw);
                None
            }
        }
    }

    /// A count that stands as text; an empty one is none.
    fn text_count(&mut self, field: &str, text: &str, raw: &str) -> Option<i64> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        match text.parse::<f64>() {
            Ok(number) => self.count(field, number, raw),
            Err(_) => {
                self.problem(field, "not a number", raw);
                None
            }
        }
    }
}

/// The object or list that a text holds.
fn nested(text: &str) -> Result<LazyValue<'_>, &'static str> {
    one_shallow_value(text.trim())?;
    let value = sonic_rs::from_str::<LazyValue<'_>>(text).map_err(|_| "not a JSON object")?;
    match value.get_type() {
        JsonType::Object | JsonType::Array => Ok(value),
        _ => Err("not a JSON object"),
    }
}

/// Parses one listing record from JSON text.
#[must_use]
pub fn parse_json_record(raw: &[u8], locator: &str) -> Parsed {
    let refuse = |reason: String| Parsed {
        locator: locator.to_owned(),
        problems: vec![Problem { field: "record".into(), reason, raw: String::from_utf8_lossy(raw).into_owned() }],
        ..Parsed::default()
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
    let text = without_bare_words(text);
    let mut reader = RecordReader::new(locator);
    let mut unknown = Vec::new();
    let (entries, wrong) = counting_entries(&text, |key| HubField::parse(key).map(HubField::key));
    if let Some(e) = wrong {
        return refuse(format!("invalid JSON: {}", first_line(&e.to_string())));
    }
    let mut parts = Parts::default();
    for (key, value) in &entries {
        if reader.json_field(key, value) {
            continue;
        }
        match part_of(key) {
            Some((field, path)) => parts.add(field, path, value.as_raw_str()),
            None => unknown.push(key.to_string()),
        }
    }
    reader.parts(parts);
    let mut parsed = reader.finish(&text);
    parsed.unknown_keys = unknown;
    parsed
}
