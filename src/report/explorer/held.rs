//! Which models the page holds: the largest runs first, as many as fit into its bytes.

use super::inert;
use crate::error::{Error, Result};
use crate::report::text::plain;
use crate::report::words;
use crate::tables::io::parts;
use crate::tables::{DownloadsPart, StandInPart};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Most models that are looked at; none takes so little that more would fit.
const MOST_MODELS: usize = 40_000;
/// Most bytes of models with their texts: 10 MB (10^7) for the page, less what its script, words and causes of a change take.
pub(super) const MOST_BYTES: usize = 9_500_000;

/// Text that is repeated: a cell holds its place in the list.
#[derive(Default)]
pub(super) struct Texts {
    places: BTreeMap<String, usize>,
    list: Vec<String>,
    bytes: usize,
}

impl Texts {
    pub(super) fn place(&mut self, text: &str) -> usize {
        let text = plain(text);
        if let Some(place) = self.places.get(&text) {
            return *place;
        }
        self.bytes += bytes_of(&text);
        self.list.push(text.clone());
        self.places.insert(text, self.list.len() - 1);
        self.list.len() - 1
    }

    /// Takes back every text behind the first `n`.
    fn truncate(&mut self, n: usize) {
        self.list.truncate(n);
        self.places.retain(|_, place| *place < n);
    }
}

/// Bytes of a value in the page, with the comma behind it.
fn bytes_of(value: &impl Serialize) -> usize {
    serde_json::to_string(value).map_or(0, |json| inert(&json).len() + 1)
}

/// Models as lists of values, with the texts they refer to.
pub(super) struct Shelf {
    texts: Texts,
    /// By id.
    models: BTreeMap<String, Vec<Value>>,
    bytes: usize,
    most: usize,
}

impl Shelf {
    pub(super) fn new(most: usize) -> Self {
        Self { texts: Texts::default(), models: BTreeMap::new(), bytes: 0, most }
    }

    /// Puts a model there, unless it has no room: then it is as if it had not been made.
    pub(super) fn put(&mut self, id: &str, make: impl FnOnce(&mut Texts) -> Result<Vec<Value>>) -> Result<bool> {
        let (texts, texts_bytes) = (self.texts.list.len(), self.texts.bytes);
        let values = make(&mut self.texts)?;
        let bytes = bytes_of(&values);
        if self.bytes + bytes + self.texts.bytes > self.most {
            self.texts.truncate(texts);
            self.texts.bytes = texts_bytes;
            return Ok(false);
        }
        self.bytes += bytes;
        self.models.insert(id.to_owned(), values);
        Ok(true)
    }

    /// Texts, and models by their ids.
    pub(super) fn take(self) -> (Vec<String>, Vec<Vec<Value>>) {
        (self.texts.list, self.models.into_values().collect())
    }
}

/// A model of the cohort: what it is ranked by.
struct Candidate {
    /// Mean kg CO2e of its own run.
    kg: f64,
    /// The count of downloads that the cohort is cut by.
    downloads: i64,
    id: String,
}

fn cut(candidates: &mut Vec<Candidate>) {
    candidates.sort_by(|a, b| b.kg.total_cmp(&a.kg).then(b.downloads.cmp(&a.downloads)).then_with(|| a.id.cmp(&b.id)));
    candidates.truncate(MOST_MODELS);
}

/// Ids of the cohort: the largest mean emissions of an own run first, then what is downloaded most; and how many the cohort has.
///
/// # Errors
/// A table is missing, damaged or of another schema.
pub(super) fn ranked(dir: &Path, cohort: &str) -> Result<(Vec<String>, usize)> {
    let by_30_days = words::is_cut_by_30_days(cohort);
    let mut downloads = BTreeMap::new();
    for row in parts::<DownloadsPart>(dir)? {
        let row = row?;
        if row.in_cohort {
            let count = if by_30_days { row.downloads_30d } else { row.downloads_all_time };
            downloads.insert(row.model_id, count.unwrap_or(-1));
        }
    }
    let mut candidates: Vec<Candidate> = Vec::new();
    for row in parts::<StandInPart>(dir)? {
        let row = row?;
        let Some(downloads) = downloads.get(&row.model_id) else { continue };
        candidates.push(Candidate { kg: row.emissions_kgco2e.mean, downloads: *downloads, id: row.model_id });
        if candidates.len() >= 2 * MOST_MODELS {
            cut(&mut candidates);
        }
    }
    cut(&mut candidates);
    Ok((candidates.into_iter().map(|one| one.id).collect(), downloads.len()))
}

/// Names and values of a structure: the names are written once, and so take no room in every model. What is unknown at the end is left
/// out.
pub(super) fn listed(row: &impl Serialize) -> Result<(Vec<String>, Vec<Value>)> {
    let bug = |e: serde_json::Error| Error::Internal(format!("explorer: {e}"));
    let Value::Object(cells) = serde_json::to_value(row).map_err(bug)? else {
        return Err(Error::Internal("explorer: a row is no structure".into()));
    };
    let (names, mut values): (Vec<String>, Vec<Value>) = cells.into_iter().unzip();
    let known =
        values.iter().rposition(|v| !v.is_null() && v.as_array().is_none_or(|list| !list.is_empty())).map_or(0, |at| at + 1);
    values.truncate(known);
    Ok((names, values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// With 12,000 models and much evidence the page grew beyond 10 MB.
    #[test]
    fn models_are_held_as_far_as_their_bytes_fit() {
        let text = |n: usize| format!("<{n:04}> {}", "x".repeat(80));
        let model = |n: usize| move |texts: &mut Texts| Ok(vec![json!(format!("a/{n}")), json!(texts.place(&text(n)))]);
        let mut shelf = Shelf::new(1_000);
        let held: Vec<bool> = (0..20).map(|n| shelf.put(&format!("a/{n}"), model(n)).unwrap()).collect();
        let n = held.iter().position(|is_held| !is_held).unwrap();
        // A text of 87 characters with quotes, comma and ten more for two codes is 100 bytes; a list and its comma ten.
        assert_eq!(n, 1_000 / 110);
        let (texts, models) = shelf.take();
        assert_eq!((texts.len(), models.len()), (n, n), "texts of what is left out go with it");
        let page = inert(&serde_json::to_string(&(texts, models)).unwrap());
        assert!(page.len() <= 1_000 + 4, "{}", page.len());
    }
}
