//! Cards with their ids, and whatever columns of the index stand beside them, from batches of a stream.

use super::cards::{ID_KEYS, TEXT_KEYS, Unusable};
use super::parquet::{Plan, fill_row};
use crate::error::{Error, Result};
use crate::hub::record::fields::HubField;
use crate::hub::record::{RecordReader, is_valid_id, same_key};
use crate::tables::RawModelRow;
use crate::tables::batches::simplified;
use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Schema};
use std::collections::BTreeSet;

/// What a row of a stream yields: a record as far as it is known with its card, or why it cannot be used.
pub type Carded = std::result::Result<(RawModelRow, String), Unusable>;

/// Which columns of a stream hold what.
pub struct CardedColumns {
    id: String,
    text: String,
    place: String,
    /// Columns of the index that hold something else than their field, as far as batches were read.
    unreadable: BTreeSet<String>,
}

impl CardedColumns {
    /// Finds the columns of id and card.
    ///
    /// # Errors
    /// One is missing, or holds no text.
    pub fn new(schema: &Schema, place: &str) -> Result<Self> {
        let find = |what: &str, keys: &[&str]| {
            let named =
                |is: fn(&str, &str) -> bool| keys.iter().find_map(|key| schema.fields().iter().find(|field| is(field.name(), key)));
            // Of `Id` and `id` the one that is spelt so.
            let found = named(|name, key| name == key).or_else(|| named(same_key));
            let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            let refused = |why: String| {
                Error::input(why, place, format!("name a text column with {what} one of {}; the others may stay", keys.join(", ")))
            };
            let field = found.ok_or_else(|| refused(format!("no column with {what}; the columns are: {}", names.join(", "))))?;
            // A part of a table in which nothing has a card may come without a type.
            if !matches!(simplified(field.data_type()), DataType::Utf8 | DataType::Null) {
                return Err(refused(format!("column '{}' is of type {}, not text", field.name(), field.data_type())));
            }
            Ok(field.name().clone())
        };
        Ok(Self {
            id: find("the id", ID_KEYS)?,
            text: find("the card", TEXT_KEYS)?,
            place: place.to_owned(),
            unreadable: BTreeSet::new(),
        })
    }

    /// The records of a batch with their cards; rows without a card are left out. `first` is the number of its first row.
    ///
    /// # Errors
    /// The batch has other columns than the stream's schema.
    pub fn records(&mut self, batch: &RecordBatch, first: usize) -> Result<Vec<Carded>> {
        let plain = crate::tables::batches::simplify(batch, &self.place)?;
        let schema = plain.schema();
        let plan = Plan::of_columns(schema.fields(), Vec::new());
        let mut unreadable = BTreeSet::new();
        let cells = plan.cells(&plain, &mut unreadable);
        self.unreadable.extend(unreadable.into_iter().map(|(field, _)| field.key().to_owned()));
        let texts = |name: &str| -> Result<StringArray> {
            let column = plain.column_by_name(name).and_then(|column| match column.data_type() {
                DataType::Null => Some(StringArray::new_null(column.len())),
                _ => column.as_string_opt::<i32>().cloned(),
            });
            column.ok_or_else(|| {
                Error::input(format!("a batch has no column '{name}' of text"), &self.place, "write the stream again")
            })
        };
        let (ids, cards) = (texts(&self.id)?, texts(&self.text)?);
        let rows = (0..plain.num_rows()).filter(|row| cards.is_valid(*row));
        let records = rows.map(|row| {
            let locator = format!("row {}", first + row + 1);
            let raw = if ids.is_valid(row) { ids.value(row) } else { "" };
            let unusable = |reason: String| Unusable { locator: locator.clone(), reason, raw: raw.to_owned() };
            if !is_valid_id(raw) {
                return Err(unusable(if raw.is_empty() { "no id" } else { "the card's id is no Hub id" }.to_owned()));
            }
            let mut reader = RecordReader::new(&locator);
            fill_row(&cells, &mut reader, row);
            reader.text_value(HubField::Id, raw);
            let parsed = reader.finish(raw);
            let why = parsed.problems.first().map(|problem| problem.reason.clone()).unwrap_or_default();
            parsed.row.map(|record| (record, cards.value(row).to_owned())).ok_or_else(|| unusable(why))
        });
        Ok(records.collect())
    }

    /// Columns of the index that hold something else than their field, by the Hub's name of the field: nothing of them was read.
    #[must_use]
    pub fn unreadable(&self) -> Vec<&str> {
        self.unreadable.iter().map(String::as_str).collect()
    }
}
