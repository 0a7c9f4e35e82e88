//! Keys with points, as `pandas.json_normalize` writes what was nested: `safetensors.total`, `cardData.license`.

use super::fields::HubField;
use super::spelling::same_key;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Signs that tools put between the names of what was nested; the first of them before any other.
const JOINTS: [&str; 5] = [".", "__", "/", ":", "_"];
/// What a part of a nested field may be called where its sign also stands inside names.
const PARTS: &[(HubField, &[&str])] = &[
    (HubField::Safetensors, &["parameters", "total"]),
    (HubField::Gguf, &["total", "architecture"]),
    (HubField::BaseModels, &["relation", "models"]),
    (
        HubField::Config,
        &["model_type", "num_experts_per_token", "num_experts_per_tok", "num_experts", "n_routed_experts", "num_local_experts"],
    ),
    (HubField::CardData, &["license", "base_model_relation", "base_model", "library_name", "pipeline_tag", "co2_eq_emissions"]),
];

/// Keys of cards that flat tables have beside those of the record.
const OF_CARDS: [&str; 4] = ["license", "base_model", "base_model_relation", "co2_eq_emissions"];

/// The field that a key with points is a part of, and the path inside it, with points. Other tools write `safetensors_total`,
/// `card_data__license`, or the keys of a card beside those of the record.
#[must_use]
pub fn part_of(key: &str) -> Option<(HubField, Cow<'_, str>)> {
    if let Some(own) = OF_CARDS.into_iter().find(|own| same_key(own, key)) {
        return Some((HubField::CardData, Cow::Borrowed(own)));
    }
    let is_nested = |field: HubField| PARTS.iter().any(|(known, _)| *known == field);
    let (first, path) = key.split_once('.').unwrap_or_default();
    if let Some(field) = HubField::parse(first).filter(|field| is_nested(*field) && !path.is_empty()) {
        return Some((field, Cow::Borrowed(path)));
    }
    JOINTS.iter().find_map(|joint| {
        key.match_indices(joint).find_map(|(at, _)| {
            let field = HubField::parse(&key[..at])?;
            let (_, parts) = PARTS.iter().find(|(known, _)| *known == field)?;
            path_of(&key[at + joint.len()..], joint, parts).map(|path| (field, path))
        })
    })
}

/// A part that is known, and what is named below it.
fn path_of<'k>(rest: &'k str, joint: &str, parts: &[&str]) -> Option<Cow<'k, str>> {
    parts.iter().find_map(|part| {
        let below = rest.get(..part.len()).filter(|first| same_key(first, part)).map(|_| &rest[part.len()..])?;
        match below.strip_prefix(joint) {
            _ if below.is_empty() => Some(Cow::Owned((*part).to_owned())),
            Some(below) => Some(Cow::Owned(format!("{part}.{below}"))),
            None => None,
        }
    })
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
        for (key, field, path) in [
            ("safetensors.parameters.BF16", HubField::Safetensors, "parameters.BF16"),
            ("card_data.license", HubField::CardData, "license"),
            ("safetensors_total", HubField::Safetensors, "total"),
            ("SAFETENSORS__PARAMETERS__BF16", HubField::Safetensors, "parameters.BF16"),
            ("card_data_base_model", HubField::CardData, "base_model"),
            ("cardData_co2_eq_emissions_emissions", HubField::CardData, "co2_eq_emissions.emissions"),
            ("base_models_relation", HubField::BaseModels, "relation"),
            ("Base_Model", HubField::CardData, "base_model"),
            ("config_num_local_experts", HubField::Config, "num_local_experts"),
            ("config.model_type", HubField::Config, "model_type"),
        ] {
            assert_eq!(part_of(key), Some((field, Cow::Borrowed(path))), "{key}");
        }
        assert_eq!((part_of("card_data_text"), part_of("safetensors_sharded"), part_of("gguf_file")), (None, None, None));
        assert_eq!(
            (part_of("likes.total"), part_of("spaces.x"), part_of("safetensors"), part_of("v1.5")),
            (None, None, None, None)
        );
        let mut parts = Parts::default();
        for (key, json) in
            [("gguf.total", "8000"), ("safetensors.parameters.BF16", "7"), ("safetensors.total", "7"), ("gguf.x", "null")]
        {
            let (field, path) = part_of(key).unwrap();
            parts.add(field, &path, json);
        }
        let objects: Vec<String> = parts.objects().map(|(_, json)| json).collect();
        assert_eq!(objects, [r#"{"parameters":{"BF16":7},"total":7}"#, r#"{"total":8000}"#]);
    }
}
