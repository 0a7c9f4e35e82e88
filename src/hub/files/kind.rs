//! What the keys of a file tell: whether it is an index of models, or of something else that lies beside one.

use super::cards::TEXT_KEYS;
use crate::hub::record::{HubField, has_key_of_models, kind_of_others, same_key};

/// Known columns beside `id` that a Parquet file must have to be taken for a model index.
const MIN_KNOWN_COLUMNS: usize = 2;
/// What records of data sets have, and those of models only where somebody added it.
const OF_DATA_SETS: [&str; 2] = ["description", "task_categories"];

/// Columns that only this program's own tables have, which name models as well.
const OF_SNAPSHOTS: [&str; 3] = ["own_run_id", "safetensors_dtypes", "own_emissions_kgco2e_mean"];

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
    if !has(HubField::Id) && !has(HubField::ModelId) {
        return Some(match found {
            Found::Column => "the Parquet has no column 'id'".to_owned(),
            Found::Key => "the first record has no key 'id'".to_owned(),
        });
    }
    if let Some(key) = keys.iter().find(|key| OF_SNAPSHOTS.contains(key)) {
        return Some(format!("'{key}': a table that this program made, and no index"));
    }
    let of_data_sets = || {
        let key = keys.iter().find(|key| OF_DATA_SETS.iter().any(|other| same_key(key, other)))?;
        (!has_key_of_models(keys.iter().copied())).then_some((*key, "data sets"))
    };
    if let Some((key, what)) = kind_of_others(keys.iter().copied()).or_else(of_data_sets) {
        return Some(format!("'{key}' and no key that only models have: records of {what}"));
    }
    let of_names = [HubField::Id, HubField::ModelId, HubField::ObjectId, HubField::Author];
    let known = fields.iter().filter(|field| !of_names.contains(field)).count();
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
        assert!(refusal(&["model_id", "created_at", "likes", "own_run_id"], Found::Column).is_some_and(|why| why.contains("made")));
        assert_eq!(refusal(&["model_id", "likes", "downloads"], Found::Column), None);
        assert!(refusal(&["_name_or_path", "architectures", "model_type"], Found::Key).is_some());
    }
}
