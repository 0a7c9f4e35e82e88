//! A record as JSON text, as the listing API and files of it have it.

use super::dotted::{Parts, part_of};
use super::fields::{FieldSet, HubField, Reading};
use super::ids::object_id;
use super::lists::is_nothing;
use super::others::kind_of_others;
use super::printed::parse_printed;
use super::reader::RecordReader;
use super::spelling::counting_entries;
use super::values::{
    clipped, first_line, first_string, flag_or_word, is_private, one_shallow_value, whole_number, without_bare_words, word,
};
use super::{Parsed, Problem};
use sonic_rs::{JsonType, JsonValueTrait, LazyValue};

impl RecordReader {
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
            // Exports of databases write `{"$oid": "..."}`.
            Reading::ObjectId => {
                let id = value.get("$oid").or_else(|| value.get("oid"));
                self.object_id = id.and_then(|id| object_id(id.as_str()?)).or(self.object_id);
            }
            // Only a text is a name: rows are numbered under `id`, too.
            Reading::Id | Reading::OldId => {}
            // `{"$date": ...}` and `{"$numberLong": ...}`.
            Reading::Instant(_) | Reading::Count(_) if extended(value).is_some() => {
                if let Some(inner) = extended(value) {
                    self.json_value(field, &inner);
                }
            }
            Reading::Instant(slot) => *slot(&mut self.row) = self.instant_text(key, raw),
            Reading::Count(slot) => *slot(&mut self.row) = self.json_count(key, value),
            Reading::Text(slot) => {
                let text = first_string(value);
                if text.is_none() && !["[]", "{}", "false"].contains(&raw) {
                    self.problem(key, "not a text", raw);
                }
                let slot = slot(&mut self.row);
                *slot = text.or(slot.take());
            }
            Reading::FlagOrWord(slot) => *slot(&mut self.row) = flag_or_word(value),
            Reading::Texts(slot) => *slot(&mut self.row) = self.texts_value(key, value),
            Reading::Private => self.private |= is_private(raw),
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
                if matches!(value.get_type(), JsonType::Array | JsonType::Object) {
                    self.siblings(raw);
                }
            }
        }
    }

    /// Reads a value that stands as text: a JSON string, or a cell of a text column, which may hold JSON itself.
    pub fn text_value(&mut self, field: HubField, text: &str) {
        let key = field.key();
        if is_nothing(text) {
            return;
        }
        match field.reading() {
            Reading::NotNeeded => {}
            Reading::ObjectId => self.object_id = object_id(text).or(self.object_id),
            Reading::Id => self.offer_id(text, true),
            Reading::OldId => self.offer_id(text, false),
            Reading::Instant(slot) => *slot(&mut self.row) = self.instant_text(key, text),
            Reading::Count(slot) => *slot(&mut self.row) = self.text_count(key, text, text),
            Reading::Text(slot) => {
                let slot = slot(&mut self.row);
                *slot = clipped(text).or(slot.take());
            }
            Reading::FlagOrWord(slot) => *slot(&mut self.row) = word(text),
            Reading::Texts(slot) => *slot(&mut self.row) = self.texts_text(key, text),
            Reading::Private => self.private |= is_private(text),
            Reading::Card => self.card(text),
            Reading::Safetensors | Reading::Gguf | Reading::BaseModels | Reading::Config | Reading::Siblings => {
                self.nested_text(field, text);
            }
        }
    }

    /// Reads an object or list that stands as text: JSON, or what Python prints of one.
    fn nested_text(&mut self, field: HubField, text: &str) {
        let why = match nested(&without_bare_words(text)) {
            Ok(value) => return self.json_value(field, &value),
            Err(why) => why,
        };
        let printed = parse_printed(text).filter(|value| value.is_object() || value.is_array()).map(|value| value.to_string());
        match printed.as_deref().map(sonic_rs::from_str::<LazyValue<'_>>) {
            Some(Ok(value)) => self.json_value(field, &value),
            _ if field == HubField::BaseModels && self.base_models_text(text) => {}
            _ => self.problem(field.key(), why, text),
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
        if is_nothing(text) {
            return None;
        }
        match whole_number(text.trim()) {
            Ok(number) => self.count(field, number, raw),
            Err(why) => {
                self.problem(field, why, raw);
                None
            }
        }
    }
}

/// The value in an object of MongoDB's extended JSON.
fn extended<'v>(value: &'v LazyValue<'_>) -> Option<LazyValue<'v>> {
    if value.get_type() != JsonType::Object {
        return None;
    }
    ["$date", "$numberLong", "$numberInt", "$numberDouble"].into_iter().find_map(|key| value.get(key))
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
    parse_json_record_below(raw, locator, &[])
}

/// Parses one listing record from JSON text. Where it lacks a key of `given`, that value counts: the path of its file states it.
#[must_use]
pub fn parse_json_record_below(raw: &[u8], locator: &str, given: &[(HubField, String)]) -> Parsed {
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
    let filled = entries.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| key.as_ref());
    if let Some((key, what)) = kind_of_others(filled) {
        let parsed = refuse(format!("a record of {what}: it has '{key}' and no key that only models have"));
        return Parsed { other: Some(what), ..parsed };
    }
    // Parts first: what the whole field says goes before them.
    let mut stated = FieldSet::default();
    let mut parts = Parts::default();
    for (key, value) in entries.iter().filter(|(key, _)| HubField::parse(key).is_none()) {
        match part_of(key) {
            Some((field, path)) => {
                if !value.is_null() {
                    stated.insert(field);
                }
                parts.add(field, &path, value.as_raw_str());
            }
            None => unknown.push(key.to_string()),
        }
    }
    reader.parts(parts);
    for (key, value) in &entries {
        if let Some(field) = HubField::parse(key).filter(|_| !value.is_null()) {
            stated.insert(field);
            reader.json_value(field, value);
        }
    }
    for (field, value) in given {
        if !stated.contains(*field) {
            reader.text_value(*field, value);
        }
    }
    let mut parsed = reader.finish(&text);
    parsed.unknown_keys = unknown;
    parsed.stated = stated;
    parsed
}
