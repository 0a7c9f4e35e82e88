//! Cards as one JSON object by id: `{"owner/name": "# card"}`, as a dictionary is dumped.

use super::cards::{ID_KEYS, Item, TEXT_KEYS, Unusable, card_of};
use super::find::first_keys;
use super::source::{Packing, SourceFile, damaged, open_text};
use crate::error::{Error, Result};
use crate::hub::record::{HubField, is_valid_id, same_key};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;
use std::cell::Cell;
use std::fmt;
use std::io::Read;
use std::path::Path;
use std::rc::Rc;

/// Bytes of a file that tell its first key.
const MAX_KEY: u64 = 1 << 10;
/// Longest entry: what one card may take, as on a line.
const MAX_ENTRY_BYTES: u64 = 64 << 20;

/// Whether a JSON text is one object whose keys are ids.
///
/// # Errors
/// The file cannot be read.
pub(super) fn is_card_object(path: &Path, packing: Packing) -> Result<bool> {
    let mut head = Vec::new();
    open_text(path, packing)?.take(MAX_KEY).read_to_end(&mut head).map_err(|e| damaged(path, &e))?;
    let head = String::from_utf8_lossy(&head);
    let first = head.trim_start_matches('\u{feff}').trim_start().strip_prefix('{').and_then(|rest| {
        let (key, rest) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
        rest.trim_start().starts_with(':').then(|| key.to_owned())
    });
    let is_id = |key: &str| is_valid_id(key) && HubField::parse(key).is_none() && !is_one_of(TEXT_KEYS, key);
    Ok(match first.filter(|key| is_id(key)) {
        None => false,
        Some(key) if key.contains('/') => true,
        // Old ids look like any other key.
        Some(_) => first_keys(path, packing)?.is_some_and(|keys| {
            keys.iter().all(|key| is_id(key) && !is_one_of(ID_KEYS, key)) && keys.iter().any(|key| key.contains('/'))
        }),
    })
}

fn is_one_of(known: &[&str], key: &str) -> bool {
    known.iter().any(|known| same_key(known, key))
}

/// Streams the cards of such a file.
///
/// # Errors
/// The file is damaged, or an entry is longer than 64 MiB; whatever `sink` gives.
pub(super) fn read_card_object(file: &SourceFile, packing: Packing, sink: impl FnMut(Item) -> Result<()>) -> Result<()> {
    let left = Rc::new(Cell::new(MAX_ENTRY_BYTES));
    let text = Bounded { inner: open_text(&file.path, packing)?, left: Rc::clone(&left) };
    let mut failed = None;
    let mut deserializer = serde_json::Deserializer::from_reader(std::io::BufReader::new(text));
    let read = Entries { name: &file.name, left, sink, failed: &mut failed }.deserialize(&mut deserializer);
    match (failed, read.and_then(|()| deserializer.end())) {
        (Some(error), _) => Err(error),
        (None, Ok(())) => Ok(()),
        (None, Err(e)) => Err(damaged(&file.path, &std::io::Error::other(e))),
    }
}

/// A text of which only so much is read before somebody says to go on.
struct Bounded<R> {
    inner: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let left = self.left.get().checked_sub(n as u64);
        self.left.set(left.ok_or_else(|| std::io::Error::other("an entry is longer than 64 MiB"))?);
        Ok(n)
    }
}

/// What reads the entries one by one.
struct Entries<'a, S> {
    name: &'a str,
    left: Rc<Cell<u64>>,
    sink: S,
    failed: &'a mut Option<Error>,
}

impl<'de, S: FnMut(Item) -> Result<()>> DeserializeSeed<'de> for Entries<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: FnMut(Item) -> Result<()>> Visitor<'de> for Entries<'_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of cards by id")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> std::result::Result<(), A::Error> {
        while let Some((id, value)) = entries.next_entry::<String, Value>()? {
            self.left.set(MAX_ENTRY_BYTES);
            let locator = format!("{}:{id}", self.name);
            let text = match &value {
                Value::Null => continue,
                Value::String(text) => Some(text),
                Value::Object(object) => TEXT_KEYS.iter().find_map(|known| {
                    let (_, text) = object.iter().find(|(key, value)| same_key(key, known) && value.is_string())?;
                    if let Value::String(text) = text { Some(text) } else { None }
                }),
                _ => None,
            };
            let item = match text {
                Some(text) => card_of(&id, text.clone(), &locator),
                None => Err(Unusable { locator, reason: "no text".into(), raw: value.to_string() }),
            };
            if let Err(error) = (self.sink)(item) {
                *self.failed = Some(error);
                return Err(A::Error::custom("the card was not taken"));
            }
        }
        Ok(())
    }
}
