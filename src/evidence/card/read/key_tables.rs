//! Tables of keys with values that have more columns than two: a group before the key, a unit or a remark behind the value.

use super::designators::Designators;
use super::keys::key_of;
use super::naming::Name;
use super::recipe::keys::recipe_key;
use super::repository::{Repository, name_tokens};
use super::rows::{is_value, own_column};
use crate::evidence::card::parse::block::Block;
use crate::evidence::card::parse::pair::norm_key;
use crate::evidence::vocabulary;

/// Columns in which the keys may stand.
const KEY_COLUMNS: usize = 3;
/// Fewest rows with a key that is known.
const LEAST_KEYS: usize = 2;
/// Of so many rows one at least has a known key.
const ROWS_PER_KEY: usize = 3;
/// Longest cell that is a key, in bytes.
const MOST_KEY_BYTES: usize = 60;

/// Where the keys of a table stand; each value stands behind its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTable {
    /// Column of the keys.
    pub key: usize,
    /// Column of the units of the values, where there is one.
    pub unit: Option<usize>,
}

impl KeyTable {
    /// A table of two columns, or of three with a remark or a unit behind the value.
    #[must_use]
    pub fn plain(header: &[String]) -> Self {
        Self { key: 0, unit: unit_column(header, 2) }
    }

    /// Column of the values.
    #[must_use]
    pub const fn value(self) -> usize {
        self.key + 1
    }
}

/// Whether a column has the units of the values before it: "Unit", "Unidade/Tipo".
fn unit_column(header: &[String], at: usize) -> Option<usize> {
    let units = &vocabulary::keys().columns.units;
    let is_unit = |h: &String| norm_key(h).split([' ', '/']).any(|word| units.contains(&word));
    header.get(at).filter(|h| is_unit(h)).map(|_| at)
}

/// The keys of a table of four columns or more, or of one of three whose keys stand in the second: "| Group | Key | Value | Remark |". None
/// where a column is a model's, or where more than one has values.
#[must_use]
pub fn key_table(own: &Repository, rows: &[&Block]) -> Option<KeyTable> {
    let header = &rows.first()?.header;
    let width = rows.iter().map(|row| row.cells.len()).max()?;
    let is_model = |h: &String| Name::of_cell(own, h).rank() > 0 || Designators::in_words(&name_tokens(h)).has_size();
    if header.iter().any(is_model) || own_column(own, header).is_some() {
        return None;
    }
    let is_key = |cell: &String| {
        let norm = norm_key(cell);
        cell.len() <= MOST_KEY_BYTES && (recipe_key(&norm).is_some() || key_of(&norm).is_some())
    };
    let keys = |at: usize| rows.iter().filter(|row| row.cells.get(at).is_some_and(is_key)).count();
    // Of equal columns the first.
    let (key, known) = (0..KEY_COLUMNS.min(width - 1)).map(|at| (at, keys(at))).rev().max_by_key(|(_, known)| *known)?;
    let is_plain = key == 0 && width <= 3;
    if is_plain || known < LEAST_KEYS || ROWS_PER_KEY * known < rows.len() {
        return None;
    }
    let others = |row: &&&Block| row.cells.iter().enumerate().any(|(at, cell)| at != key && at != key + 1 && is_value(cell));
    let one_value = 2 * rows.iter().filter(others).count() < rows.len();
    one_value.then(|| KeyTable { key, unit: unit_column(header, key + 2) })
}
