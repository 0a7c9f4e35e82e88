//! `CITATION.cff`: how to cite the snapshot (Citation File Format 1.2.0).

use super::{ABOUT, AUTHOR, KEYWORDS, LICENSE, Sources, TITLE, date, version};
use crate::error::Result;
use std::fmt::Write as _;

/// The file. Every value is quoted as YAML quotes JSON strings, of which it is a superset.
pub(super) fn citation(sources: &Sources<'_>) -> Result<Vec<u8>> {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut text = String::from("cff-version: 1.2.0\ntype: dataset\n");
    // Writing to a String cannot fail.
    let _ = writeln!(text, "message: {}", quoted("If you use these data, please cite them as below, with the version."));
    let _ = writeln!(text, "title: {}", quoted(TITLE));
    let _ = writeln!(text, "abstract: {}", quoted(ABOUT));
    let _ = writeln!(text, "authors:\n- name: {}", quoted(AUTHOR));
    let _ = writeln!(text, "version: {}", quoted(&version(sources.manifest)));
    if let Some(date) = date(sources.manifest) {
        let _ = writeln!(text, "date-released: {}", quoted(date));
    }
    let _ = writeln!(text, "license: {}\nkeywords:", LICENSE[0]);
    for keyword in KEYWORDS {
        let _ = writeln!(text, "- {keyword}");
    }
    Ok(text.into_bytes())
}
