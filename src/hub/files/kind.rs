//! What the keys of a file tell: whether it is an index of models, or of something else that lies beside one.

use super::cards::TEXT_KEYS;
use crate::hub::record::{HubField, same_key};

/// Known columns beside `id` that a Parquet file must have to be taken for a model index.
const MIN_KNOWN_COLUMNS: usize = 2;
/// Keys that the Hub's records of models have and those of data sets and Spaces have not.
const OF_MODELS: &[HubField] = &[
    HubField::ModelId,
    HubField::PipelineTag,
    HubField::LibraryName,
    HubField::Safetensors,
    HubField::Gguf,
    HubField::BaseModels,
    HubField::Config,
    HubField::TransformersInfo,
    HubField::MaskToken,
    HubField::WidgetData,
    HubField::ModelIndex,
];
/// What front matter and tags of data sets have.
pub(super) const OF_DATA_SETS: &str = "task_categories";
/// Keys of the Hub's other records, which share most of theirs with models.
const OF_OTHERS: &[(&str, &str)] = &[
    ("citation", "data sets"),
    ("paperswithcode_id", "data sets"),
    ("mainSize", "data sets"),
    (OF_DATA_SETS, "data sets"),
    ("description", "data sets"),
    ("sdk", "Spaces"),
    ("runtime", "Spaces"),
    ("subdomain", "Spaces"),
    ("publishedAt", "papers"),
];

/// Where keys were found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Columns of a Parquet file, which has all of them.
    Column,
    /// Keys of the first record of a JSON file, which may have few.
    Key,
}

/// Why a file with these keys is no index of models; nothing if it is one.
pub(super) fn refusal(keys: &[&str], found: Found) -> Option<String> {
    let fields: Vec<HubField> = keys.iter().filter_map(|key| HubField::parse(key)).collect();
    let has = |field: HubField| fields.contains(&field);
    let has_id = has(HubField::Id) || (found == Found::Key && has(HubField::ModelId));
    if !has_id {
        return Some(match found {
            Found::Column => "the Parquet has no column 'id'".to_owned(),
            Found::Key => "the first record has no key 'id'".to_owned(),
        });
    }
    let others = OF_OTHERS.iter().find(|(other, _)| keys.iter().any(|key| same_key(key, other)));
    if let Some((key, what)) = others.filter(|_| !OF_MODELS.iter().any(|field| has(*field))) {
        return Some(format!("'{key}' and no key that only models have: records of {what}"));
    }
    let known = fields.iter().filter(|field| ![HubField::Id, HubField::ObjectId, HubField::Author].contains(field)).count();
    match found {
        Found::Column if known < MIN_KNOWN_COLUMNS => Some("the Parquet has next to none of a model's columns".to_owned()),
        Found::Key if known == 0 => Some("the first record has none of a model's keys beside 'id'".to_owned()),
        Found::Column | Found::Key => None,
    }
}

/// Why a file that lies in a directory is none of its index files: as [`refusal`], and files of cards are none.
pub(super) fn refusal_in_directory(keys: &[&str], found: Found) -> Option<String> {
    let text = keys.iter().find(|key| TEXT_KEYS.iter().any(|known| same_key(key, known)));
    text.map(|key| format!("'{key}' holds texts of cards")).or_else(|| refusal(keys, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_tables_are_told_from_models() {
        let models = ["_id", "id", "author", "cardData", "createdAt", "downloads", "tags", "pipeline_tag", "sdk"];
        assert_eq!(refusal(&models, Found::Column), None);
        for (keys, reason) in [
            (&["id", "author", "cardData", "createdAt", "downloads", "tags", "description"][..], "records of data sets"),
            (&["ID", "likes", "tags", "created_at", "SDK"][..], "records of Spaces"),
            (&["owner", "country", "likes"][..], "no column 'id'"),
            (&["id", "name", "price"][..], "next to none"),
            (&["tier", "against"][..], "no column 'id'"),
        ] {
            assert!(refusal(keys, Found::Column).is_some_and(|why| why.contains(reason)), "{keys:?}");
        }
        assert!(refusal_in_directory(&["id", "card"], Found::Key).is_some_and(|why| why.contains("texts of cards")));
        assert_eq!(refusal_in_directory(&["modelId", "LIKES"], Found::Key), None);
        assert!(refusal(&["_name_or_path", "architectures", "model_type"], Found::Key).is_some());
    }
}
