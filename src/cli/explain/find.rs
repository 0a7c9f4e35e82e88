//! Which repository an id means.

use super::near::{Nearness, Search};
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

/// The repository, and what else the words could have meant.
pub struct Found {
    /// The repository.
    pub model: ModelRow,
    /// Other repositories of the name, the most downloaded first, if only a name was given.
    pub same_name: Vec<String>,
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

/// Ids near the one that was asked for: the nearest first, then by downloads, then by id. One pass over the ids.
fn near_ids(dir: &Path, wanted: &str) -> Result<Vec<Near>> {
    let search = Arc::new(Search::new(wanted));
    let columns = ["model_id", "downloads_30d", "downloads_all_time"];
    let of_pass = Arc::clone(&search);
    let is_near = move |id: &str| of_pass.nearness(id).is_some();
    let mut near = rows_with(dir, ModelRow::NAME, ("model_id", is_near), &columns, |batch| near_of_batch(batch, &search))?;
    // What was found before something nearer was.
    let farthest = search.farthest();
    near.retain(|near| near.nearness <= farthest);
    near.sort_by(|a, b| (a.nearness, Reverse(a.downloads), &a.id).cmp(&(b.nearness, Reverse(b.downloads), &b.id)));
    Ok(near)
}

fn near_of_batch(batch: &RecordBatch, search: &Search) -> Vec<Near> {
    let Some(ids) = batch.column_by_name("model_id").and_then(|column| column.as_string_opt::<i32>()) else { return Vec::new() };
    (0..ids.len())
        .filter_map(|row| {
            let id = ids.value(row);
            Some(Near { nearness: search.nearness(id)?, downloads: downloads(batch, row), id: id.to_owned() })
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
