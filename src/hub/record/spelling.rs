//! Keys as tools spell them: the Hub's own, snake case, folded to lower case, upper case.

use sonic_rs::{JsonValueTrait, LazyValue, to_object_iter};
use std::borrow::Cow;

/// Whether two keys are the same word but for case, and for `_`, `-` and blanks inside. `_id` is not `id`: the first is another key of the Hub.
#[must_use]
pub fn same_key(a: &str, b: &str) -> bool {
    let first = |key: &str| key.bytes().next().map(|byte| byte.to_ascii_lowercase());
    // The first sign always counts, and nearly always tells two keys apart.
    a == b || first(a) == first(b) && letters(a).eq(letters(b))
}

fn letters(key: &str) -> impl Iterator<Item = u8> {
    let is_joint = |at: usize, byte: u8| at > 0 && matches!(byte, b'_' | b'-' | b' ');
    key.bytes().enumerate().filter(move |(at, byte)| !is_joint(*at, *byte)).map(|(_, byte)| byte.to_ascii_lowercase())
}

/// An entry of an object.
pub type Entry<'v> = (Cow<'v, str>, LazyValue<'v>);

/// The entries of an object up to the first that is no JSON, and what is wrong with that. Where a key of ours comes in several spellings,
/// the Hub's own counts alone, unless it is null; `own` tells it of a key.
pub fn counting_entries(json: &str, own: impl Fn(&str) -> Option<&'static str>) -> (Vec<Entry<'_>>, Option<sonic_rs::Error>) {
    let (mut entries, mut wrong): (Vec<Entry<'_>>, _) = (Vec::new(), None);
    for entry in to_object_iter(json) {
        match entry {
            Ok((key, value)) => entries.push((key, value)),
            Err(e) => {
                wrong = Some(e);
                break;
            }
        }
    }
    let says = |known: &str| entries.iter().any(|(key, value)| key.as_ref() == known && !value.is_null());
    let is_other = |(key, _): &Entry<'_>| own(key).is_some_and(|known| key.as_ref() != known && says(known));
    // Few objects have any.
    let others: Vec<bool> = entries.iter().map(is_other).collect();
    if others.contains(&true) {
        let mut is_other = others.into_iter();
        entries.retain(|_| !is_other.next().unwrap_or(false));
    }
    (entries, wrong)
}

#[cfg(test)]
mod tests {
    use super::same_key;

    #[test]
    fn spellings_of_one_word() {
        for (a, b) in [
            ("createdAt", "created_at"),
            ("cardData", "CARDDATA"),
            ("model-index", "model_index"),
            ("_id", "_ID"),
            ("createdAt", "Created At"),
        ] {
            assert!(same_key(a, b), "{a} {b}");
        }
        for (a, b) in [("id", "_id"), ("downloads", "downloadsAllTime"), ("id", "ids"), ("", "id")] {
            assert!(!same_key(a, b), "{a} {b}");
        }
    }
}
