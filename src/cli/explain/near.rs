//! How near an id is to the one that was asked for, told of millions of ids in one pass without allocation.

use std::sync::atomic::{AtomicU8, Ordering};

/// Letters of a name that other names are looked through for.
const LEAST_LETTERS: usize = 3;
/// Letters that may differ in a name that was misspelt.
const MOST_TYPOS: usize = 2;

/// How near an id is to the one that was asked for, the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// The same but for case.
    Same,
    /// The same name, of whatever owner.
    Name,
    /// A name that holds it.
    Holds,
    /// A name with other letters.
    Typo,
}

impl Nearness {
    const ALL: [Self; 4] = [Self::Same, Self::Name, Self::Holds, Self::Typo];
}

/// What is looked for, and what was found so far: where something near is known, the farther is not looked for any more.
pub struct Search {
    /// The id in small letters.
    wanted: String,
    /// Where its name begins.
    name_at: usize,
    /// Letters of its name.
    letters: u64,
    /// The farthest nearness that still counts.
    farthest: AtomicU8,
}

impl Search {
    /// Of an id, or a name without owner.
    pub fn new(wanted: &str) -> Self {
        let wanted = wanted.to_lowercase();
        let name_at = name_begins(wanted.as_bytes());
        let letters = letters(&wanted.as_bytes()[name_at..]);
        Self { name_at, letters, wanted, farthest: AtomicU8::new(Nearness::Typo as u8) }
    }

    /// The farthest nearness that counts beside what was found.
    pub fn farthest(&self) -> Nearness {
        Nearness::ALL[usize::from(self.farthest.load(Ordering::Relaxed))]
    }

    /// How near an id is, and keeps in mind that there is one; none where it is farther than what counts.
    pub fn nearness(&self, id: &str) -> Option<Nearness> {
        let farthest = self.farthest();
        let found = self.compare(id.as_bytes(), farthest)?;
        let farthest = match found {
            Nearness::Same => Nearness::Name,
            // With an owner the name alone may be another one's: names that hold it are shown as well.
            Nearness::Name if self.name_at == 0 => Nearness::Name,
            Nearness::Name | Nearness::Holds => Nearness::Holds,
            Nearness::Typo => Nearness::Typo,
        };
        self.farthest.fetch_min(farthest as u8, Ordering::Relaxed);
        Some(found)
    }

    fn compare(&self, id: &[u8], farthest: Nearness) -> Option<Nearness> {
        let wanted = self.wanted.as_bytes();
        let wanted_name = &wanted[self.name_at..];
        if id.len() == wanted.len() && id.eq_ignore_ascii_case(wanted) {
            return Some(Nearness::Same);
        }
        if wanted_name.is_empty() {
            return None;
        }
        let name = &id[name_begins(id)..];
        if name.len() == wanted_name.len() && name.eq_ignore_ascii_case(wanted_name) {
            Some(Nearness::Name)
        } else if farthest >= Nearness::Holds && wanted_name.len() >= LEAST_LETTERS && holds(name, wanted_name) {
            Some(Nearness::Holds)
        } else if farthest >= Nearness::Typo && wanted_name.len() > 2 * MOST_TYPOS && self.is_misspelt(name) {
            Some(Nearness::Typo)
        } else {
            None
        }
    }

    fn is_misspelt(&self, name: &[u8]) -> bool {
        let wanted = &self.wanted.as_bytes()[self.name_at..];
        if name.len().abs_diff(wanted.len()) > MOST_TYPOS {
            return false;
        }
        // A letter that the other has not is a change of its own.
        let (own, others) = (letters(name), self.letters);
        let most = |of: u64| of.count_ones() as usize <= MOST_TYPOS;
        most(own & !others) && most(others & !own) && differs_by(name, wanted, MOST_TYPOS)
    }
}

/// Where the name begins in an id.
fn name_begins(id: &[u8]) -> usize {
    memchr::memrchr(b'/', id).map_or(0, |slash| slash + 1)
}

/// The bytes that a name has, as bits; some share one.
fn letters(name: &[u8]) -> u64 {
    name.iter().fold(0, |bits, byte| bits | 1 << (byte.to_ascii_lowercase() & 63))
}

/// Whether a name holds letters, which are small.
fn holds(name: &[u8], letters: &[u8]) -> bool {
    let first = letters.first().copied().unwrap_or_default();
    name.windows(letters.len()).any(|part| part[0].to_ascii_lowercase() == first && part.eq_ignore_ascii_case(letters))
}

/// Whether `a` becomes `b`, whose letters are small, by at most so many letters put in, taken out or changed: what both begin with is the
/// same in the shortest way, and each change leaves three ways on.
fn differs_by(a: &[u8], b: &[u8], most: usize) -> bool {
    let same = a.iter().zip(b).take_while(|(a, b)| a.to_ascii_lowercase() == **b).count();
    let (a, b) = (&a[same..], &b[same..]);
    let ((Some(_), Some(_)), true) = ((a.first(), b.first()), most > 0) else { return a.len().max(b.len()) <= most };
    a.len().abs_diff(b.len()) <= most
        && (differs_by(&a[1..], &b[1..], most - 1) || differs_by(&a[1..], b, most - 1) || differs_by(a, &b[1..], most - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(id: &str, wanted: &str) -> Option<Nearness> {
        Search::new(wanted).nearness(id)
    }

    #[test]
    fn the_nearest_is_the_same_name_then_one_that_holds_it() {
        for (id, wanted, nearness) in [
            ("Bert-Base", "bert-base", Some(Nearness::Same)),
            ("google/BERT-base", "bert-base", Some(Nearness::Name)),
            ("google/bert-base-uncased", "bert-base", Some(Nearness::Holds)),
            ("bert-base/other", "bert-base", None),
            ("a/x", "A/X", Some(Nearness::Same)),
            ("b/x", "a/x", Some(Nearness::Name)),
            ("x", "a/x", Some(Nearness::Name)),
            ("ax", "x", None),
            ("é", "xx", None),
            ("a/b", "a/", None),
            ("google-bert/bert-base-uncased", "bert-bse-uncasd", Some(Nearness::Typo)),
        ] {
            assert_eq!(near(id, wanted), nearness, "{id} {wanted}");
        }
        assert!(near("openai/clip-base", "a/b").is_none(), "a letter is in every name");
        assert!(near("a/gpt2", "gpt3").is_none(), "a short name is another name");
    }

    #[test]
    fn what_is_farther_than_what_was_found_is_not_looked_for() {
        let search = Search::new("bert-base");
        let found = |id| search.nearness(id);
        assert_eq!(found("a/bert-bsae"), Some(Nearness::Typo));
        assert_eq!((found("a/bert-base-b"), search.farthest()), (Some(Nearness::Holds), Nearness::Holds));
        assert_eq!(found("a/bert-bsae"), None);
        assert_eq!((found("a/bert-base"), search.farthest()), (Some(Nearness::Name), Nearness::Name));
        assert_eq!(found("a/bert-base-b"), None);
        let search = Search::new("me/bert-base");
        assert_eq!((search.nearness("a/bert-base"), search.farthest()), (Some(Nearness::Name), Nearness::Holds));
    }

    /// The distance by its definition, of every pair of words of up to five letters out of three.
    #[test]
    fn a_few_letters_are_those_of_levenshtein() {
        let mut words: Vec<String> = vec![String::new()];
        let mut at = 0;
        while words[at].len() < 5 {
            let longer = ["a", "b", "c"].map(|letter| words[at].clone() + letter);
            words.extend(longer);
            at += 1;
        }
        for a in words.iter().step_by(3) {
            for b in words.iter().step_by(2) {
                let known = strsim::levenshtein(a, b) <= MOST_TYPOS;
                assert_eq!(differs_by(a.to_uppercase().as_bytes(), b.as_bytes(), MOST_TYPOS), known, "{a} {b}");
                let most = |of: u64| of.count_ones() as usize <= MOST_TYPOS;
                let (own, others) = (letters(a.as_bytes()), letters(b.as_bytes()));
                assert!(!known || most(own & !others) && most(others & !own), "{a} {b}");
            }
        }
    }
}
