//! A record of the listing as raw JSON: its identity, what says that it changed, and its canonical form. Nothing here fails on
//! an odd record: what is odd about it is for ingest to say.

use crate::hub::record::{ObjectId, object_id};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::hash::Hasher;

/// Identity of a record: the 12 bytes of its `_id`, or 12 bytes of a digest where there is no usable one.
pub type Key = ObjectId;

/// The few fields crawling needs. Any of them may be missing or of another type.
#[derive(Debug, Default, Deserialize)]
pub struct Head {
    #[serde(default, rename = "_id")]
    object_id: Value,
    #[serde(default)]
    id: Value,
    #[serde(default, rename = "lastModified")]
    last_modified: Value,
    #[serde(default)]
    sha: Value,
}

impl Head {
    /// Reads the head of a record; of something that is not an object, an empty head.
    #[must_use]
    pub fn parse(raw: &str) -> Self {
        serde_json::from_str(raw).unwrap_or_default()
    }

    /// The repository's name.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_str()
    }

    /// `lastModified` as it is written.
    #[must_use]
    pub fn last_modified(&self) -> Option<&str> {
        self.last_modified.as_str()
    }

    /// `lastModified` in milliseconds since 1970.
    #[must_use]
    pub fn last_modified_ms(&self) -> Option<i64> {
        self.last_modified()?.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
    }

    /// The commit.
    #[must_use]
    pub fn sha(&self) -> Option<&str> {
        self.sha.as_str()
    }

    /// The record's identity: `_id`, else `id`, else its own bytes.
    #[must_use]
    pub fn key(&self, raw: &str) -> Key {
        let text = match (self.object_id.as_str(), self.id()) {
            (Some(text), _) => match object_id(text) {
                Some(key) => return key,
                None => text,
            },
            (None, Some(id)) => id,
            (None, None) => raw,
        };
        let mut key = Key::default();
        key.copy_from_slice(&Sha256::digest(text.as_bytes())[..12]);
        key
    }
}

/// A fingerprint for telling apart two versions of one record within a process; not stored.
#[must_use]
pub fn fingerprint(raw: &str) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(raw.as_bytes());
    hasher.finish()
}

/// SHA-256 of the record with keys sorted and without white space, so that two spellings of one record agree. A record too
/// deeply nested to parse counts as its bytes.
#[must_use]
pub fn canonical_digest(raw: &str) -> [u8; 32] {
    let canonical = match serde_json::from_str::<Value>(raw) {
        Ok(mut value) => {
            value.sort_all_objects();
            value.to_string()
        }
        Err(_) => raw.to_owned(),
    };
    Sha256::digest(canonical.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(raw: &str) -> Key {
        Head::parse(raw).key(raw)
    }

    #[test]
    fn identity_survives_odd_records() {
        assert_eq!(key(r#"{"_id":"69e864fd6b68f7e6cfc63ca3","id":"a/b"}"#)[..2], [0x69, 0xe8]);
        assert_eq!(key(r#"{"_id":"69e864fd6b68f7e6cfc63ca3"}"#), key(r#"{"id":7,"_id":"69e864fd6b68f7e6cfc63ca3","sha":[]}"#));
        // Without a usable _id the name counts, without a name the bytes.
        assert_eq!(key(r#"{"id":"a/b","x":1}"#), key(r#"{"_id":12,"id":"a/b"}"#));
        assert_ne!(key(r#"{"_id":"+9e864fd6b68f7e6cfc63ca3"}"#), key(r#"{"_id":"-9e864fd6b68f7e6cfc63ca3"}"#));
        assert_eq!(key("17"), key("17"));
        assert_ne!(key("17"), key("null"));
    }

    #[test]
    fn canonical_form_is_about_content() {
        assert_eq!(
            canonical_digest(r#"{"b":[1,{"y":2,"x":1.0}],"a":null}"#),
            canonical_digest(r#"{ "a" : null, "b": [1,{"x":1.0,"y":2}]}"#)
        );
        assert_ne!(canonical_digest(r#"{"a":[1,2]}"#), canonical_digest(r#"{"a":[2,1]}"#));
        let deep = "[".repeat(10_000);
        assert_eq!(canonical_digest(&deep), canonical_digest(&deep));
    }

    #[test]
    fn times() {
        assert_eq!(Head::parse(r#"{"lastModified":"1970-01-01T00:00:01.250Z"}"#).last_modified_ms(), Some(1_250));
        assert_eq!(Head::parse(r#"{"lastModified":3}"#).last_modified_ms(), None);
    }
}
