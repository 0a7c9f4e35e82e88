//! One record of the index, tolerant of everything docs/hub.md (section "Fields") lists. [`fields`] is the one list of keys: JSON records,
//! Parquet columns and what a listing asks for follow from it. Nothing here opens a file.

mod card;
pub mod dotted;
pub mod fields;
mod ids;
mod instants;
mod json;
mod lists;
mod objects;
mod others;
mod printed;
mod reader;
mod spelling;
mod values;
mod yaml;

pub use fields::{FieldSet, HubField};
pub use ids::{CACHED_MODEL, ObjectId, decoded_id, is_valid_id, normalize_base_id, object_id};
pub use json::{parse_json_record, parse_json_record_below};
pub(in crate::hub) use lists::is_nothing;
pub(in crate::hub) use objects::FILE_KEYS;
pub use others::{has_key_of_models, kind_of_others};
pub(in crate::hub) use printed::is_printed_object;
pub use reader::{NO_KEY_OF_ID, PRIVATE, RecordReader};
pub use spelling::same_key;
pub(in crate::hub) use values::clipped;
pub use values::without_bare_words;
pub use yaml::{MAX_YAML_BYTES, parse_yaml};

use crate::domain::source::EpochUnit;
use crate::tables::RawModelRow;

/// Why a record or one of its fields could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Field, or `record` when the whole record is refused.
    pub field: String,
    /// Why.
    pub reason: String,
    /// What was found, capped by the writer of the quarantine.
    pub raw: String,
}

/// A record after parsing.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// File and position.
    pub locator: String,
    /// The row, unless the record was refused.
    pub row: Option<RawModelRow>,
    /// What had to be put aside.
    pub problems: Vec<Problem>,
    /// Keys that this version does not know.
    pub unknown_keys: Vec<String>,
    /// Keys that say something, of records in JSON.
    pub stated: FieldSet,
    /// Of what the record is, where it was refused because it is of no model.
    pub other: Option<&'static str>,
    /// Keys whose instants were numbers, with the unit they were taken for.
    pub epochs: Vec<(&'static str, EpochUnit)>,
    /// Which repository it is, whatever its name.
    pub object_id: Option<ObjectId>,
}

/// An empty row for `locator`, to be filled.
#[must_use]
pub fn empty_row(locator: &str) -> RawModelRow {
    RawModelRow {
        model_id: String::new(),
        locator: locator.to_owned(),
        created_at: None,
        last_modified: None,
        commit: None,
        downloads_30d: None,
        downloads_all_time: None,
        likes: None,
        pipeline_tag: None,
        library: None,
        tags: Vec::new(),
        gated: None,
        has_weight_files: None,
        safetensors_dtypes: Vec::new(),
        safetensors_counts: Vec::new(),
        safetensors_total: None,
        gguf_total: None,
        architecture: None,
        config_experts: None,
        config_experts_per_token: None,
        card_license: None,
        card_base_models: Vec::new(),
        card_base_relation: None,
        hub_base_models: Vec::new(),
        hub_base_relation: None,
        co2_json: None,
    }
}

#[cfg(test)]
mod tests;
