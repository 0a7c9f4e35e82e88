//! Underscores in names: a decimal point (`stablelm-2-1_6b`), or what separates a version from a size (`orca_mini_v9_4_70B`).

use super::Word;
use crate::evidence::vocabulary;

/// How the words before a size belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// The size is the word alone.
    Whole,
    /// The number before it is its whole part.
    Decimal(String),
    /// Both are possible.
    Unclear,
}

/// Sizes of two digits that families come in: "2_13b" is no 2.13 billion.
const USUAL: &[&str] = &["13", "14", "20", "22", "27", "30", "32", "33", "34", "35", "40", "65", "70", "72"];

/// What a family's names carry.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    /// Sizes with a decimal, never a version (Pythia).
    Unversioned,
    /// Versions with a minor number (Llama).
    Versioned,
    /// Both; of numbers below 2 the decimal (Qwen 1_8B, 0_5B).
    Both,
    /// Not known.
    Other,
}

/// Whether the words before the size at a position belong to it.
pub(super) fn reading(words: &[Word<'_>], at: usize) -> Reading {
    let digits = words[at].text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    if digits.contains('.') || !is_number(digits) {
        return Reading::Whole;
    }
    if let Some(whole) = glued_to_a_family(words, at) {
        return Reading::Decimal(whole);
    }
    // The numbers before the size that underscores join to it.
    let mut from = at;
    while from > 0 && words[from].underscored && is_number(words[from - 1].text) {
        from -= 1;
    }
    let Some(whole) = words.get(from..at).and_then(<[_]>::last).map(|w| w.text) else { return Reading::Whole };
    if whole.len() > 2 || (whole.len() == 2 && whole.starts_with('0')) || digits.len() > 2 {
        // "007_13b", "max_2600_3B", "2_410m".
        return Reading::Whole;
    }
    let head = from.checked_sub(1).and_then(|i| words.get(i)).map(|w| w.text.to_ascii_lowercase());
    let joined = from > 0 && words[from].underscored || words.get(at + 1).is_some_and(|w| w.underscored);
    let name = Before { head: head.as_deref().unwrap_or_default(), numbers: at - from, whole };
    if is_size_of_family(name.head, &format!("{whole}.{digits}")) {
        return Reading::Decimal(whole.to_owned());
    }
    let verdict = if joined { name.among_underscores() } else { name.between_hyphens() };
    match (verdict, digits.len()) {
        (Some(true), 2) if whole != "0" && USUAL.contains(&digits) => Reading::Whole,
        (None, 2) if USUAL.contains(&digits) => Reading::Whole,
        (Some(true), _) => Reading::Decimal(whole.to_owned()),
        (Some(false), _) => Reading::Whole,
        (None, _) => Reading::Unclear,
    }
}

/// What stands before a size: the word before its numbers, how many they are, and the last of them.
struct Before<'a> {
    head: &'a str,
    numbers: usize,
    whole: &'a str,
}

impl Before<'_> {
    /// Whether the number is the size's whole part in `...-1_6b-...`, where hyphens separate; none when both are possible.
    fn between_hyphens(&self) -> Option<bool> {
        let family = family(self.head.trim_end_matches(is_digit_or_point));
        let bare = !self.head.ends_with(|c: char| c.is_ascii_digit());
        match (self.numbers, family) {
            (1, _) if self.whole == "0" => Some(true),
            // "Llama-3_8B", "Qwen-2_7B"; "Qwen2-1_5B" has its version already.
            (1, Family::Versioned) if bare => (self.whole != "1").then_some(false),
            (1, Family::Both) if bare => Some(self.whole == "1"),
            (1, Family::Unversioned | Family::Versioned | Family::Both | Family::Other) => Some(true),
            _ => self.among_underscores(),
        }
    }

    /// The same in `..._1_6b`, where underscores separate too.
    fn among_underscores(&self) -> Option<bool> {
        let bare = self.head.trim_end_matches(is_digit_or_point);
        let family = family(bare);
        let has_major = bare.len() < self.head.len();
        let small = self.whole == "0" || self.whole == "1";
        match (has_major, self.numbers) {
            // "v9_4_70B", "v9_0_3B".
            (true, 1) if bare == "v" => Some(false),
            (true, 1) => match family {
                Family::Versioned => (self.whole != "0").then_some(false),
                Family::Both => Some(small),
                Family::Unversioned | Family::Other => None,
            },
            // "Qwen3_5_0_8B".
            (true, 2) if bare != "v" => Some(true),
            (false, 1) => match family {
                Family::Unversioned => Some(true),
                Family::Both => Some(small),
                Family::Versioned => (self.whole != "1").then_some(self.whole == "0"),
                Family::Other => (self.whole == "0").then_some(true),
            },
            (false, 2) => match family {
                Family::Versioned => (self.whole != "0").then_some(false),
                Family::Both => Some(small),
                Family::Unversioned | Family::Other => None,
            },
            (false, 3) => (family == Family::Versioned || family == Family::Both).then_some(true),
            _ => None,
        }
    }
}

/// `pythia1-4b`: the whole part stands at the family's name.
fn glued_to_a_family(words: &[Word<'_>], at: usize) -> Option<String> {
    let before = words.get(at.checked_sub(1)?)?.text.to_ascii_lowercase();
    let name = before.trim_end_matches(|c: char| c.is_ascii_digit());
    let whole = before.get(name.len()..).filter(|n| (1..=2).contains(&n.len()))?;
    let one_digit = words[at].text.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic);
    (one_digit && family(name) == Family::Unversioned).then(|| whole.to_owned())
}

/// The family that a word names or ends with ("DarkQwen"; "yi" must stand alone): the longest of those listed.
fn family(word: &str) -> Family {
    let names = &vocabulary::index().names;
    let lists = [
        (Family::Unversioned, names.unversioned),
        (Family::Versioned, names.versioned),
        (Family::Both, names.versioned_with_decimals),
    ];
    let named = |f: &str| word == f || f.len() >= 4 && word.ends_with(f);
    lists
        .into_iter()
        .flat_map(|(kind, families)| families.list().iter().map(move |f| (kind, *f)))
        .filter(|(_, f)| named(f))
        .max_by_key(|(_, f)| f.len())
        .map_or(Family::Other, |(kind, _)| kind)
}

/// Whether a word is the name of a family, or ends with one.
pub(super) fn is_a_family(word: &str) -> bool {
    family(word) != Family::Other
}

/// Whether the family that a word names comes in a size, in billions.
fn is_size_of_family(head: &str, size: &str) -> bool {
    let family = head.trim_end_matches(is_digit_or_point);
    vocabulary::index().names.sizes.get(family).is_some_and(|sizes| sizes.contains(&size))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_digit_or_point(c: char) -> bool {
    c.is_ascii_digit() || c == '.'
}
