//! What was read of the last few names, kept by each thread: some twenty rules in a row ask the same of one name, or of two that they
//! compare.

use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};

/// Names kept.
const KEPT: usize = 16;

/// What was read of the last few names, each at a place of its own.
#[derive(Debug)]
pub(crate) struct Memo<T>([Option<(String, T)>; KEPT]);

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| None))
    }
}

impl<T: Clone> Memo<T> {
    /// What `read` says of a name; it is asked once while the name is kept.
    pub(crate) fn get(&mut self, name: &str, read: impl FnOnce(&str) -> T) -> T {
        let mut hasher = FxHasher::default();
        name.hash(&mut hasher);
        #[allow(clippy::cast_possible_truncation)] // Below 16.
        let at = (hasher.finish() % KEPT as u64) as usize;
        match &mut self.0[at] {
            Some((of, known)) if of == name => known.clone(),
            Some((of, known)) => {
                *known = read(name);
                of.clear();
                of.push_str(name);
                known.clone()
            }
            none => {
                let new = read(name);
                *none = Some((name.to_owned(), new.clone()));
                new
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More names than are kept, some twice: each gets what is its own.
    #[test]
    fn what_is_kept_belongs_to_its_name() {
        let mut memo = Memo::default();
        for i in (0..200).chain(0..200) {
            assert_eq!(memo.get(&format!("model-{i}"), |name| name.len()), format!("model-{i}").len());
        }
        assert_eq!(memo.get("model-199", |_| unreachable!("it is kept")), 9);
    }
}
