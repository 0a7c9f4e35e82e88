//! Keys with points, as `pandas.json_normalize` writes what was nested: `safetensors.total`, `cardData.license`.

use super::fields::{HubField, Reading};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The field that a key with points is a part of, and the path inside it.
#[must_use]
pub fn part_of(key: &str) -> Option<(HubField, &str)> {
    let (first, path) = key.split_once('.')?;
    let field = HubField::parse(first)?;
    let is_nested = matches!(field.reading(), Reading::Card | Reading::Safetensors | Reading::Gguf | Reading::BaseModels);
    (is_nested && !path.is_empty()).then_some((field, path))
}

/// The objects that parts make up, by field.
#[derive(Debug, Default)]
pub struct Parts(BTreeMap<HubField, Map<String, Value>>);

impl Parts {
    /// Adds a value in JSON; null says nothing.
    pub fn add(&mut self, field: HubField, path: &str, json: &str) {
        let Ok(value) = serde_json::from_str::<Value>(json) else { return };
        if !value.is_null() {
            insert(self.0.entry(field).or_default(), path, value);
        }
    }

    /// The objects as JSON.
    pub fn objects(self) -> impl Iterator<Item = (HubField, String)> {
        self.0.into_iter().map(|(field, object)| (field, Value::Object(object).to_string()))
    }
}

fn insert(object: &mut Map<String, Value>, path: &str, value: Value) {
    let Some((first, rest)) = path.split_once('.') else {
        object.insert(path.to_owned(), value);
        return;
    };
    if let Value::Object(inner) = object.entry(first).or_insert_with(|| Value::Object(Map::new())) {
        insert(inner, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_objects() {
        assert_eq!(part_of("safetensors.parameters.BF16"), Some((HubField::Safetensors, "parameters.BF16")));
        assert_eq!(part_of("card_data.license"), Some((HubField::CardData, "license")));
        assert_eq!(
            (part_of("likes.total"), part_of("config.x"), part_of("safetensors"), part_of("v1.5")),
            (None, None, None, None)
        );
        let mut parts = Parts::default();
        for (key, json) in
            [("gguf.total", "8000"), ("safetensors.parameters.BF16", "7"), ("safetensors.total", "7"), ("gguf.x", "null")]
        {
            let (field, path) = part_of(key).unwrap();
            parts.add(field, path, json);
        }
        let objects: Vec<String> = parts.objects().map(|(_, json)| json).collect();
        assert_eq!(objects, [r#"{"parameters":{"BF16":7},"total":7}"#, r#"{"total":8000}"#]);
    }
}
