//! Who trains.

use super::closed_set;

closed_set! {
    /// Who trains: what companies spend on a model of a size is another order than what universities and persons do.
    enum OwnerClass {
        /// A company, alone or with others.
        Industry = "industry",
        /// Universities, institutes and academies without a company.
        Academia = "academia",
        /// Nobody that owners.csv lists: a person, mostly.
        Unlisted = "unlisted",
    }
}

/// Words of a namespace that laboratories, companies and communities give themselves.
const LABORATORY_WORDS: &[&str] = &[
    "agi",
    "ai",
    "community",
    "consortium",
    "foundation",
    "group",
    "hub",
    "institute",
    "intelligence",
    "lab",
    "labs",
    "llm",
    "llms",
    "lm",
    "ml",
    "models",
    "nlp",
    "org",
    "project",
    "research",
    "science",
    "team",
    "university",
];
/// What their names end with, written together with another word.
const LABORATORY_ENDINGS: &[&str] = &["agi", "ai", "lab", "labs", "llm", "nlp", "research"];

/// Whether a namespace is named like a laboratory, a company or a community: 45 % of the listed ones are, and 2 % of the 901 unlisted owners of
/// finetunes.csv, half of whom are laboratories by their names (NbAiLab, Finnish-NLP).
#[must_use]
pub fn is_named_like_a_laboratory(namespace: &str) -> bool {
    let is_word = |word: &str| LABORATORY_WORDS.iter().any(|known| known.eq_ignore_ascii_case(word));
    let lower = namespace.to_ascii_lowercase();
    words(namespace).any(is_word) || lower.starts_with("open") || LABORATORY_ENDINGS.iter().any(|ending| lower.ends_with(ending))
}

/// Words of a namespace: letters between other signs, and from one capital to the next (`NeTS-lab`, `AnswerDotAI`, `HPLTResearch`).
fn words(namespace: &str) -> impl Iterator<Item = &str> {
    let bytes = namespace.as_bytes();
    let is = |at: usize, of: fn(&u8) -> bool| bytes.get(at).is_some_and(of);
    let begins = move |at: usize| {
        let after_small = at > 0 && is(at - 1, |b| !b.is_ascii_uppercase());
        is(at, u8::is_ascii_uppercase) && (after_small || is(at + 1, u8::is_ascii_lowercase))
    };
    let mut from = 0;
    std::iter::from_fn(move || {
        while from < bytes.len() && !is(from, u8::is_ascii_alphabetic) {
            from += 1;
        }
        let first = from;
        if first == bytes.len() {
            return None;
        }
        from += 1;
        while is(from, u8::is_ascii_alphabetic) && !begins(from) {
            from += 1;
        }
        namespace.get(first..from)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_namespace() {
        let of = |name: &'static str| words(name).collect::<Vec<_>>();
        assert_eq!(of("NeTS-lab"), ["Ne", "TS", "lab"]);
        assert_eq!(of("HPLTResearch9x"), ["HPLT", "Research", "x"]);
        assert_eq!((of(""), of("-é-"), of("a")), (vec![], vec![], vec!["a"]));
    }

    #[test]
    fn laboratories_are_told_from_persons_by_their_names() {
        for name in
            ["answerdotai", "fla-hub", "utter-project", "orai-nlp", "openeurollm", "NeTS-lab", "GEB-AGI", "SomeTeam", "KBLab"]
        {
            assert!(is_named_like_a_laboratory(name), "{name}");
        }
        for name in ["BrianGuo", "tim-lawson", "xTimeCrystal", "kaitlyn", "", "huggingtweets", "m-a-p", "collabora"] {
            assert!(!is_named_like_a_laboratory(name), "{name}");
        }
    }
}
