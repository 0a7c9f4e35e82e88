//! Records of finished crawls by their `_id`, read from the store when they are wanted: some 40 bytes a record in memory.

use crate::error::{Error, Result};
use crate::hub::live::head::{Head, Key, fingerprint};
use crate::hub::live::replay::{Recording, records};
use crate::hub::live::store::Store;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

/// Unpacked pages kept at hand. Crawls in one order ask for pages in that order, with a few of the changed pass in between.
const PAGES_AT_HAND: usize = 24;

/// A record on the shelf.
#[derive(Debug)]
pub struct Located {
    /// The record, raw.
    pub record: String,
    /// Whether it is from the first recording that was added.
    pub is_previous: bool,
}

#[derive(Clone, Copy)]
struct Place {
    page: u32,
    index: u32,
    /// Whether the first recording has the record, too.
    in_previous: bool,
    /// Fingerprint of `lastModified` and `sha`; none if there is no `sha` to go by.
    state: Option<u64>,
}

/// A page with the bounds of its records.
struct Page {
    number: u32,
    body: Vec<u8>,
    bounds: Vec<(usize, usize)>,
}

/// Records of one or more crawls; of several with one `_id`, that of the crawl added last.
pub struct Shelf<'s> {
    store: &'s Store,
    pages: Vec<String>,
    /// Pages below this number are of the first recording.
    previous_pages: usize,
    places: HashMap<Key, Place>,
    at_hand: VecDeque<Page>,
}

impl<'s> Shelf<'s> {
    /// The records of `previous`, and over them those of `changed`.
    ///
    /// # Errors
    /// A page is missing or damaged.
    pub fn new(store: &'s Store, previous: &Recording, changed: &Recording) -> Result<Self> {
        let mut shelf = Self { store, pages: Vec::new(), previous_pages: 0, places: HashMap::new(), at_hand: VecDeque::new() };
        shelf.add(previous, true)?;
        shelf.previous_pages = shelf.pages.len();
        shelf.add(changed, false)?;
        Ok(shelf)
    }

    fn add(&mut self, recording: &Recording, in_previous: bool) -> Result<()> {
        let first = self.pages.len();
        for digest in recording.page_digests() {
            let page = u32::try_from(self.pages.len()).map_err(|_| Error::Internal("too many pages".into()))?;
            self.pages.push(digest.to_owned());
            for (index, record) in (0_u32..).zip(records(&self.store.get(digest)?)?) {
                let head = Head::parse(record.get());
                let place = Place { page, index, in_previous, state: state(&head) };
                match self.places.entry(head.key(record.get())) {
                    Entry::Vacant(slot) => {
                        slot.insert(place);
                    }
                    // Within one recording the first of each `_id` counts, as everywhere.
                    Entry::Occupied(mut slot) if (slot.get().page as usize) < first => {
                        slot.insert(Place { in_previous: slot.get().in_previous, ..place });
                    }
                    Entry::Occupied(_) => {}
                }
            }
        }
        Ok(())
    }

    /// Different records of the first recording.
    #[must_use]
    pub fn previous_records(&self) -> u64 {
        self.places.values().filter(|place| place.in_previous).count() as u64
    }

    /// Whether the first recording has this record.
    #[must_use]
    pub fn is_in_previous(&self, key: &Key) -> bool {
        self.places.get(key).is_some_and(|place| place.in_previous)
    }

    fn place(&self, key: &Key, head: &Head) -> Option<Place> {
        self.places.get(key).copied().filter(|place| place.state.is_some() && place.state == state(head))
    }

    /// Whether a record is held whose `lastModified` and `sha` are those of `head`.
    #[must_use]
    pub fn holds(&self, key: &Key, head: &Head) -> bool {
        self.place(key, head).is_some()
    }

    /// The record that [`Shelf::holds`] speaks of.
    ///
    /// # Errors
    /// Its page is missing or damaged.
    pub fn find(&mut self, key: &Key, head: &Head) -> Result<Option<Located>> {
        let Some(place) = self.place(key, head) else { return Ok(None) };
        let is_previous = (place.page as usize) < self.previous_pages;
        let page = self.page(place.page)?;
        let record = page.bounds.get(place.index as usize).and_then(|(start, end)| page.body.get(*start..*end));
        let record = record.and_then(|bytes| std::str::from_utf8(bytes).ok());
        let record = record.ok_or_else(|| Error::Internal("a record is not where it was".into()))?.to_owned();
        Ok(Some(Located { record, is_previous }))
    }

    fn page(&mut self, number: u32) -> Result<&Page> {
        if let Some(i) = self.at_hand.iter().position(|page| page.number == number) {
            let page = self.at_hand.remove(i);
            self.at_hand.extend(page);
        } else {
            let body = self.store.get(&self.pages[number as usize])?;
            let start = body.as_ptr() as usize;
            let bounds = records(&body)?
                .iter()
                .map(|record| {
                    let from = record.get().as_ptr() as usize - start;
                    (from, from + record.get().len())
                })
                .collect();
            if self.at_hand.len() >= PAGES_AT_HAND {
                self.at_hand.pop_front();
            }
            self.at_hand.push_back(Page { number, body, bounds });
        }
        self.at_hand.back().ok_or_else(|| Error::Internal("a page that was just put at hand is not there".into()))
    }
}

/// What says that the files of a record changed.
fn state(head: &Head) -> Option<u64> {
    head.sha().map(|sha| fingerprint(&format!("{sha} {}", head.last_modified().unwrap_or("-"))))
}
