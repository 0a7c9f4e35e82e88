//! Sizes that words of a name stand for (data/reference/layouts.csv).

use crate::error::{Error, Result};
use rustc_hash::FxHashMap;
use serde::Deserialize;

/// A row of layouts.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct Layout {
    /// Words of a name in a row, in lower case.
    pub words: String,
    /// Parameters in total.
    pub params: f64,
    /// Tokens of the vocabulary, where the layout is an encoder's.
    pub vocabulary: Option<f64>,
    /// Width of its embeddings.
    pub width: Option<f64>,
    /// Source.
    pub source: String,
    /// Date of the source's edition.
    pub vintage: String,
}

impl Layout {
    /// Parameters of the embeddings of tokens, which are looked up: no FLOP.
    #[must_use]
    pub fn token_embeddings(&self) -> Option<f64> {
        self.vocabulary.zip(self.width).map(|(tokens, width)| tokens * width)
    }
}

/// Layouts by the first of their words.
#[derive(Debug)]
pub struct Layouts {
    rows: Vec<Layout>,
    by_first_word: FxHashMap<String, Vec<usize>>,
}

impl Layouts {
    pub(super) fn new(rows: Vec<Layout>) -> Result<Self> {
        let mut by_first_word: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for (i, row) in rows.iter().enumerate() {
            let first = row.words.split(' ').next().unwrap_or_default();
            if first.is_empty() {
                return Err(Error::Internal(format!("layouts.csv row {}: no words", i + 2)));
            }
            by_first_word.entry(first.to_owned()).or_default().push(i);
        }
        Ok(Self { rows, by_first_word })
    }

    /// Whether a layout begins with a word.
    #[must_use]
    pub fn begins_with(&self, word: &str) -> bool {
        self.by_first_word.contains_key(word)
    }

    /// The row with most words that begin at the first of `words`, with their number.
    #[must_use]
    pub fn beginning(&self, words: &[&str]) -> Option<(usize, &Layout)> {
        let candidates = self.by_first_word.get(*words.first()?)?.iter().map(|i| &self.rows[*i]);
        let length = |row: &Layout| row.words.split(' ').count();
        let fits = |row: &&Layout| length(row) <= words.len() && row.words.split(' ').zip(words).all(|(a, b)| a == *b);
        candidates.filter(fits).map(|row| (length(row), row)).max_by_key(|(length, _)| *length)
    }
}

#[cfg(test)]
mod tests {
    use crate::reference::Reference;

    #[test]
    fn the_longest_row_counts() {
        let layouts = Reference::load().unwrap().layouts;
        let words = |text: &str| layouts.beginning(&text.split(' ').collect::<Vec<_>>()).map(|(n, row)| (n, row.params));
        assert_eq!(words("bert base multilingual cased"), Some((3, 1.78e8)));
        assert_eq!(words("bert base mine"), Some((2, 1.1e8)));
        assert_eq!(words("bert mine"), None);
        assert_eq!(words(""), None);
    }
}
