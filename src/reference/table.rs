//! A reference table with the digests of the files it was made of.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

/// A table, shared by those who read it, with the SHA-256 of every file behind it: whoever declares the table declares the files.
#[derive(Debug)]
pub struct Table<T> {
    content: Arc<T>,
    digests: Arc<BTreeMap<String, String>>,
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self { content: Arc::clone(&self.content), digests: Arc::clone(&self.digests) }
    }
}

impl<T> Table<T> {
    /// A table made of files with these digests, by name.
    #[must_use]
    pub fn new(content: T, digests: BTreeMap<String, String>) -> Self {
        Self { content: Arc::new(content), digests: Arc::new(digests) }
    }

    /// A table made of other tables.
    pub(super) fn derived<'a>(content: T, of: impl IntoIterator<Item = &'a BTreeMap<String, String>>) -> Self {
        Self::new(content, of.into_iter().flat_map(|d| d.iter().map(|(n, s)| (n.clone(), s.clone()))).collect())
    }

    /// SHA-256 of the files behind it, by name.
    #[must_use]
    pub fn digests(&self) -> &BTreeMap<String, String> {
        &self.digests
    }
}

impl<T> Deref for Table<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.content
    }
}
