//! Fills one row, field by field: a field that cannot be used becomes null with a [`Problem`] rather than taking its record down.

use super::fields::FieldSet;
use super::ids::{ObjectId, decoded_id, is_row_number, is_valid_id, normalize_base_id};
use super::instants::{INSTANTS, epoch, is_number};
use super::others::{OF_DATA_SETS, tag_of_data_sets};
use super::{Parsed, Problem, empty_row};
use crate::domain::source::EpochUnit;
use crate::tables::{RawModelRow, TimestampMs};
use sonic_rs::to_object_iter;
use std::fmt::Display;

/// Largest count believed (downloads, parameters): above it a number is an upload error.
const MAX_COUNT: f64 = 1e15;

/// Why a record of a private repository is refused.
pub const PRIVATE: &str = "private repository";

/// Collects the fields of one record.
pub struct RecordReader {
    pub(super) row: RawModelRow,
    pub(super) problems: Vec<Problem>,
    pub(super) private: bool,
    epochs: Vec<(&'static str, EpochUnit)>,
    pub(super) object_id: Option<ObjectId>,
}

/// Keys of a record that a message names.
const SHOWN_KEYS: usize = 12;
/// Characters of an id that a message shows.
const SHOWN_CHARS: usize = 100;

/// What is wrong with the id of a record: what stands there, or which keys there are instead.
fn id_remark(id: &str, raw: &str) -> String {
    let by_columns = columns_remark(raw);
    if !by_columns.is_empty() {
        return by_columns.to_owned();
    }
    if is_row_number(id) {
        return format!(": {id} is a number and no owner/name");
    }
    if !id.is_empty() {
        let shown: String = id.chars().take(SHOWN_CHARS).collect();
        return format!(": {shown:?} is no owner/name");
    }
    let mut keys: Vec<String> = to_object_iter(raw).map_while(Result::ok).map(|(key, _)| format!("{key:?}")).collect();
    if keys.is_empty() {
        return String::new();
    }
    if keys.len() > SHOWN_KEYS {
        let more = keys.len() - SHOWN_KEYS;
        keys.truncate(SHOWN_KEYS);
        keys.push(format!("and {more} more"));
    }
    format!(": no text under {NO_KEY_OF_ID} (the keys are: {})", keys.join(", "))
}

/// How a refusal says that a record has no key of the id.
pub const NO_KEY_OF_ID: &str = "a key 'id'";

/// What to do about a table that was written by columns: pandas' `to_json` does so unless it is told otherwise (pandas.DataFrame.to_json,
/// `orient`).
fn columns_remark(raw: &str) -> &'static str {
    // A record never has a list or an object of many ids under a key of the id.
    let plain: String = raw.chars().filter(|c| !c.is_whitespace()).take(MAX_LOOKED_AT).collect();
    let by_columns = ["id", "modelId", "model_id"].iter().any(|key| {
        [format!("{{\"{key}\":{{\"0\":"), format!(",\"{key}\":{{\"0\":"), format!("{{\"{key}\":["), format!(",\"{key}\":[")]
            .iter()
            .any(|begin| plain.contains(begin))
    });
    let is_split = ["{\"columns\":[", "{\"index\":[", "{\"schema\":{\"fields\":["].iter().any(|begin| plain.starts_with(begin));
    if by_columns || is_split {
        ": a table by columns and not by records; with pandas write it by to_json(FILE, orient=\"records\")"
    } else {
        ""
    }
}

/// Characters of a record that are looked at for how it was written.
const MAX_LOOKED_AT: usize = 1 << 16;

impl RecordReader {
    /// A reader for the record at `locator`.
    #[must_use]
    pub fn new(locator: &str) -> Self {
        Self { row: empty_row(locator), problems: Vec::new(), private: false, epochs: Vec::new(), object_id: None }
    }

    /// The row under construction, for columnar sources that fill typed fields themselves.
    pub fn row_mut(&mut self) -> &mut RawModelRow {
        &mut self.row
    }

    /// Notes that `field` could not be used.
    pub fn problem(&mut self, field: &str, reason: impl Into<String>, raw: impl Into<String>) {
        self.problems.push(Problem { field: field.to_owned(), reason: reason.into(), raw: raw.into() });
    }

    /// Marks the repository as private: it is refused.
    pub fn set_private(&mut self) {
        self.private = true;
    }

    /// Takes the id; an unusable one refuses the record when it is finished.
    pub fn set_id(&mut self, id: &str) {
        self.row.model_id = id.trim().to_owned();
    }

    /// Takes the id from one of its two keys. Where they differ, a full name goes before a bare one, and then `id` before the older key:
    /// stores number their rows under either.
    pub(super) fn offer_id(&mut self, id: &str, is_first_key: bool) {
        let id = id.trim();
        let is_address = id.starts_with("http") || id.starts_with("hf://");
        let id = if is_address { normalize_base_id(id) } else { decoded_id(id) }.unwrap_or_else(|| id.to_owned());
        let rank = |id: &str| (!is_row_number(id), id.contains('/'));
        let (held, new) = (rank(&self.row.model_id), rank(&id));
        if self.row.model_id.is_empty() || new > held || (is_first_key && new == held) {
            self.row.model_id = id;
        }
    }

    /// Takes a count (downloads, likes, parameters).
    pub fn count(&mut self, field: &str, value: f64, raw: impl Display) -> Option<i64> {
        if value.fract() == 0.0 && (0.0..=MAX_COUNT).contains(&value) {
            // In range and integral: the cast is exact.
            #[allow(clippy::cast_possible_truncation)]
            return Some(value as i64);
        }
        let reason = if value < 0.0 {
            "negative count"
        } else if value > MAX_COUNT {
            "count beyond 1e15"
        } else {
            "not a whole number"
        };
        self.problem(field, reason, raw.to_string());
        None
    }

    /// Takes an instant in milliseconds.
    pub fn instant(&mut self, field: &str, millis: i64) -> Option<TimestampMs> {
        if INSTANTS.contains(&millis) {
            return Some(TimestampMs(millis));
        }
        self.problem(field, "instant outside 2016 to 2035", millis.to_string());
        None
    }

    /// Takes an instant in ISO 8601, or as a number since 1970 in the unit that its range tells.
    pub fn instant_text(&mut self, field: &'static str, text: &str) -> Option<TimestampMs> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        if is_number(text) {
            if let Some((millis, unit)) = epoch(text) {
                self.epochs.push((field, unit));
                return Some(TimestampMs(millis));
            }
            // Eight digits are a date without dashes.
            if text.len() != 8 {
                self.problem(field, "a number that is no instant of 2016 to 2035 in s, ms, us or ns since 1970", text);
                return None;
            }
        }
        // Databases write the zone as a word.
        let text = text.strip_suffix(" UTC").unwrap_or(text);
        match text
            .parse::<jiff::Timestamp>()
            .or_else(|e| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).map_err(|_| e))
        {
            Ok(t) => self.instant(field, t.as_millisecond()),
            // Without a zone the Hub means UTC; a date alone is its midnight.
            Err(e) => {
                // The year first: no other order is meant by slashes then.
                let is_slashed = text.get(4..5) == Some("/") && text.get(7..8) == Some("/");
                let dashed = if is_slashed { text.replacen('/', "-", 2) } else { text.to_owned() };
                let civil = dashed.parse::<jiff::civil::DateTime>().ok();
                if let Some(t) = civil.and_then(|c| format!("{c}Z").parse::<jiff::Timestamp>().ok()) {
                    return self.instant(field, t.as_millisecond());
                }
                self.problem(field, format!("not an ISO 8601 instant: {e}"), text);
                None
            }
        }
    }

    /// JSON sources keep the uploader's order of dtypes and Parquet the schema's: one order, so that both read the same.
    fn sort_dtypes(&mut self) {
        if self.row.safetensors_dtypes.len() < 2 {
            return;
        }
        let counts = std::mem::take(&mut self.row.safetensors_counts);
        let mut pairs: Vec<(String, i64)> = std::mem::take(&mut self.row.safetensors_dtypes).into_iter().zip(counts).collect();
        pairs.sort();
        (self.row.safetensors_dtypes, self.row.safetensors_counts) = pairs.into_iter().unzip();
    }

    /// The finished record: refused when it has no usable id or must not be published.
    #[must_use]
    pub fn finish(mut self, raw: &str) -> Parsed {
        let locator = std::mem::take(&mut self.row.locator);
        let tag = tag_of_data_sets(&self.row).map(str::to_owned);
        let why = tag.as_ref().map(|tag| format!("a record of data sets: it has the tag '{tag}' and no key that only models have"));
        let refusal = if self.private {
            // A token that may list private repositories must not leak them into a published table.
            Some((PRIVATE.to_owned(), String::new()))
        } else if !is_valid_id(&self.row.model_id) || is_row_number(&self.row.model_id) {
            Some((format!("id missing or malformed{}", id_remark(&self.row.model_id, raw)), raw.to_owned()))
        } else {
            why.map(|why| (why, raw.to_owned()))
        };
        let other = tag.is_some().then_some(OF_DATA_SETS);
        let row = match refusal {
            Some((reason, raw)) => {
                self.problems = vec![Problem { field: "record".into(), reason, raw }];
                None
            }
            None => {
                self.row.locator.clone_from(&locator);
                self.sort_dtypes();
                Some(self.row)
            }
        };
        let Self { problems, epochs, object_id, .. } = self;
        Parsed { locator, row, problems, unknown_keys: Vec::new(), stated: FieldSet::default(), other, epochs, object_id }
    }
}

#[cfg(test)]
mod tests {
    use super::{columns_remark, id_remark};

    /// Regression: a record without a key 'id' was refused without the keys that it has, and an id without its value.
    #[test]
    fn a_refused_id_is_shown_or_the_keys_that_are_there() {
        let said = id_remark("", r#"{"repo_id":"a/b","model.id":1}"#);
        assert!(said.contains(r#""repo_id", "model.id""#) && said.contains("a key 'id'"), "{said}");
        assert!(id_remark("owner%2Fname", "{}").contains("owner%2Fname"));
        assert!(id_remark("a/b\u{200b}", "{}").contains("\\u{200b}"));
        assert!(id_remark("599", "{}").contains("599 is a number"));
        assert_eq!(id_remark("", ""), "");
    }

    /// Regression: pandas' default JSON gave "id missing or malformed" and no way out. Each as pandas 2.2 writes it.
    #[test]
    fn tables_by_columns_are_named_with_their_way_out() {
        for raw in [
            r#"{"id":{"0":"a\/b","1":"a\/c"},"downloads":{"0":1,"1":2}}"#,
            r#"{"createdAt":{"0":"2024"}, "id": {"0": "a/b"}}"#,
            r#"{"columns":["id","downloads"],"index":[0,1],"data":[["a\/b",1],["a\/c",2]]}"#,
            r#"{"schema":{"fields":[{"name":"index","type":"integer"}]},"data":[{"index":0,"id":"a/b"}]}"#,
            r#"{"id":["a/b","a/c"],"downloads":[1,2]}"#,
        ] {
            assert!(columns_remark(raw).contains("orient=\"records\""), "{raw}");
        }
        for raw in [r#"{"id":7}"#, r#"{"modelId":null,"tags":["id"]}"#, r#"{"_id":{"$oid":"65"},"downloads":1}"#, "\u{e9}"] {
            assert_eq!(columns_remark(raw), "", "{raw}");
        }
    }
}
