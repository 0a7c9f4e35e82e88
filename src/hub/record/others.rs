//! Records that are none of models: the Hub lists data sets, Spaces and papers under most of the same keys.

use super::fields::HubField;
use super::spelling::same_key;
use crate::tables::RawModelRow;

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
/// What records of data sets are called.
pub(super) const OF_DATA_SETS: &str = "data sets";
/// Keys that the Hub's other records have and models have not.
const OF_OTHERS: &[(&str, &str)] = &[
    ("citation", OF_DATA_SETS),
    ("paperswithcode_id", OF_DATA_SETS),
    ("mainSize", OF_DATA_SETS),
    ("sdk", "Spaces"),
    ("runtime", "Spaces"),
    ("subdomain", "Spaces"),
    ("publishedAt", "papers"),
];
/// Begin tags that the Hub gives to data sets.
const TAGS_OF_DATA_SETS: [&str; 2] = ["task_categories:", "size_categories:"];

/// Whether one of these keys is one that only models have.
pub fn has_key_of_models<'k>(mut keys: impl Iterator<Item = &'k str>) -> bool {
    keys.any(|key| HubField::parse(key).is_some_and(|field| OF_MODELS.contains(&field)))
}

/// The key by which a record is told to be of something else than models, and of what.
pub fn kind_of_others<'k>(keys: impl Iterator<Item = &'k str> + Clone) -> Option<(&'k str, &'static str)> {
    let other = |key: &'k str| OF_OTHERS.iter().find(|(other, _)| same_key(key, other)).map(|(_, what)| (key, *what));
    keys.clone().find_map(other).filter(|_| !has_key_of_models(keys))
}

/// The tag by which a row is told to be of a data set.
pub(super) fn tag_of_data_sets(row: &RawModelRow) -> Option<&str> {
    let is_model = row.pipeline_tag.is_some()
        || row.library.is_some()
        || row.safetensors_total.is_some()
        || row.gguf_total.is_some()
        || row.architecture.is_some()
        || !row.safetensors_counts.is_empty()
        || !row.hub_base_models.is_empty();
    let mut tags = row.tags.iter().filter(|_| !is_model).map(String::as_str);
    tags.find(|tag| TAGS_OF_DATA_SETS.iter().any(|begin| tag.starts_with(begin)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_records_are_told_by_their_keys() {
        let kind = |keys: &[&'static str]| kind_of_others(keys.iter().copied());
        assert_eq!(kind(&["id", "likes", "SDK"]), Some(("SDK", "Spaces")));
        assert_eq!(kind(&["id", "tags", "paperswithcode_id"]), Some(("paperswithcode_id", "data sets")));
        assert_eq!(kind(&["id", "pipeline_tag", "sdk"]), None);
        assert_eq!(kind(&["id", "downloads"]), None);
    }
}
