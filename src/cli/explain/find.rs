//! Which repository an id means.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use hugging_carbon::error::{Error, Result};
use hugging_carbon::tables::lookup::{rows_between, rows_with};
use hugging_carbon::tables::{ModelRow, Row};
use std::cmp::Reverse;
use std::path::Path;
use std::sync::Arc;

/// Ids suggested for an unknown one, and others of the same name that are shown.
const SUGGESTIONS: usize = 5;
/// Letters of a name that other names are looked through for.
const LEAST_LETTERS: usize = 3;
/// Letters that may differ in a name that was misspelt.
const MOST_TYPOS: usize = 2;

/// The repository, and what else the words could have meant.
pub struct Found {
    /// The repository.
    pub model: ModelRow,
    /// Other repositories of the name, the most downloaded first, if only a name was given.
    pub same_name: Vec<String>,
}

/// How near an id is to the one that was asked for, the nearest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    /// The same but for case.
    Same,
    /// The same name, of whatever owner.
    Name,
    /// A name that holds it.
    Holds,
    /// A name with other letters.
    Typo,
}

struct Near {
    nearness: Nearness,
    downloads: i64,
    id: String,
}

/// The repository with an id, whatever its case; of a name without owner the most downloaded one.
///
/// # Errors
/// There is none; the message suggests ids by their downloads.
pub fn find(dir: &Path, wanted: &str) -> Result<Found> {
    if let Some(model) = exactly(dir, wanted)? {
        return Ok(Found { model, same_name: Vec::new() });
    }
    let near = near_ids(dir, wanted)?;
    let best = match near.first() {
        Some(first) if first.nearness == Nearness::Same => Some(first),
        Some(first) if first.nearness == Nearness::Name && !wanted.contains('/') => Some(first),
        _ => None,
    };
    if let Some(best) = best
        && let Some(model) = exactly(dir, &best.id)?
    {
        let others = near.iter().skip(1).filter(|other| other.nearness == Nearness::Name && best.nearness == Nearness::Name);
        return Ok(Found { same_name: others.take(SUGGESTIONS).map(|other| other.id.clone()).collect(), model });
    }
    let ids: Vec<&str> = near.iter().take(SUGGESTIONS).map(|near| near.id.as_str()).collect();
    let remedy = if ids.is_empty() {
        "check the id, take a snapshot that has it, or give what is known of it: hugging-carbon explain --record FILE".to_owned()
    } else {
        format!("did you mean: {}", ids.join(", "))
    };
    Err(Error::input(format!("no model '{wanted}' in the index"), dir.display(), remedy))
}

/// The repository of exactly this id.
pub fn exactly(dir: &Path, id: &str) -> Result<Option<ModelRow>> {
    Ok(rows_between::<ModelRow>(dir, id..&format!("{id}\0"))?.into_iter().next())
}

/// Ids near the one that was asked for: the nearest first, then by downloads, then by id.
fn near_ids(dir: &Path, wanted: &str) -> Result<Vec<Near>> {
    let wanted: Arc<str> = wanted.to_lowercase().into();
    let columns = ["model_id", "downloads_30d", "downloads_all_time"];
    let pick = |nearness: fn(&str, &str) -> Option<Nearness>| {
        let of = Arc::clone(&wanted);
        let is_near = move |id: &str| nearness(id, &of).is_some();
        rows_with(dir, ModelRow::NAME, ("model_id", is_near), &columns, |batch| near_of_batch(batch, &wanted, nearness))
    };
    // Of millions of ids most are told apart by their end alone; only where none has the name are the others looked through.
    let mut near = pick(same_name)?;
    if near.is_empty() || wanted.contains('/') && near.iter().all(|near| near.nearness != Nearness::Same) {
        near = pick(nearness)?;
    }
    if near.is_empty() {
        near = pick(typo)?;
    }
    near.sort_by(|a, b| (a.nearness, Reverse(a.downloads), &a.id).cmp(&(b.nearness, Reverse(b.downloads), &b.id)));
    Ok(near)
}

fn near_of_batch(batch: &RecordBatch, wanted: &str, nearness: fn(&str, &str) -> Option<Nearness>) -> Vec<Near> {
    let Some(ids) = batch.column_by_name("model_id").and_then(|column| column.as_string_opt::<i32>()) else { return Vec::new() };
    (0..ids.len())
        .filter_map(|row| {
            let id = ids.value(row);
            Some(Near { nearness: nearness(id, wanted)?, downloads: downloads(batch, row), id: id.to_owned() })
        })
        .collect()
}

/// Downloads of a row of `models`, of all time where they are known.
pub fn downloads(batch: &RecordBatch, row: usize) -> i64 {
    let count = |name: &str| {
        let column = batch.column_by_name(name)?.as_primitive_opt::<Int64Type>()?;
        column.is_valid(row).then(|| column.value(row))
    };
    count("downloads_all_time").or_else(|| count("downloads_30d")).unwrap_or(0)
}

fn name_of(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// Whether an id is the wanted one but for case, or has its name.
fn same_name(id: &str, wanted: &str) -> Option<Nearness> {
    let name = name_of(wanted).as_bytes();
    let (before, end) = id.as_bytes().split_at_checked(id.len().checked_sub(name.len())?)?;
    let is_name = !name.is_empty() && before.last().is_none_or(|last| *last == b'/') && end.eq_ignore_ascii_case(name);
    is_name.then(|| if id.eq_ignore_ascii_case(wanted) { Nearness::Same } else { Nearness::Name })
}

/// The same, or whether its name holds the wanted one.
fn nearness(id: &str, wanted: &str) -> Option<Nearness> {
    let (name, wanted_name) = (name_of(id), name_of(wanted));
    if id.eq_ignore_ascii_case(wanted) {
        Some(Nearness::Same)
    } else if wanted_name.is_empty() {
        None
    } else if name.eq_ignore_ascii_case(wanted_name) {
        Some(Nearness::Name)
    } else if wanted_name.len() < LEAST_LETTERS {
        None
    } else {
        let (name, letters) = (name.as_bytes(), wanted_name.as_bytes());
        name.windows(letters.len()).any(|part| part.eq_ignore_ascii_case(letters)).then_some(Nearness::Holds)
    }
}

/// Whether a name is the wanted one but for a few letters.
fn typo(id: &str, wanted: &str) -> Option<Nearness> {
    let (name, wanted) = (name_of(id), name_of(wanted));
    let near = name.len().abs_diff(wanted.len()) <= MOST_TYPOS && wanted.len() > 2 * MOST_TYPOS;
    (near && strsim::levenshtein(&name.to_lowercase(), wanted) <= MOST_TYPOS).then_some(Nearness::Typo)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_the_same_name_then_one_that_holds_it() {
        let near = |id| nearness(id, "bert-base").map(|nearness| nearness as u8);
        assert_eq!(near("Bert-Base"), Some(0));
        assert_eq!(near("google/BERT-base"), Some(1));
        assert_eq!(near("google/bert-base-uncased"), Some(2));
        assert_eq!(near("bert-base/other"), None);
        // Told by the end alone, the same comes out.
        for (id, wanted) in [
            ("Bert-Base", "bert-base"),
            ("google/BERT-base", "bert-base"),
            ("a/x", "A/X"),
            ("b/x", "a/x"),
            ("ax", "x"),
            ("x", "a/x"),
            ("é", "xx"),
        ] {
            let (quick, whole) = (same_name(id, wanted), nearness(id, wanted).filter(|near| *near <= Nearness::Name));
            assert!(quick == whole, "{id} {wanted}");
        }
        assert!(nearness("openai/clip-base", "a/b").is_none(), "a letter is in every name");
        assert!(typo("google-bert/bert-base-uncased", "bert-bse-uncasd").is_some());
        assert!(typo("a/gpt2", "gpt3").is_none(), "a short name is another name");
    }
}
