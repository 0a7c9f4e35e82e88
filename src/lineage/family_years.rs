//! Since when there is the generation of a family that a name states (`siglip2`, `Gemma 3`): what is made of it is no older.

use super::families;
use super::names::tokens;
use std::collections::{BTreeMap, BTreeSet};

/// Fewest letters of the word of a family that no list has: shorter ones number anything (`ep3`, `v2`).
const LEAST_LETTERS: usize = 3;
/// Most digits before the point of a generation's number: longer ones are sizes, depths, resolutions and dates.
const MOST_DIGITS: usize = 2;

/// First years of families and their generations, by the pre-trainings that something dates.
#[derive(Debug, Default)]
pub struct FamilyYears(BTreeMap<String, i32>);

impl FamilyYears {
    /// Of names of dated pre-trainings with their years: the first year of each generation counts.
    pub fn new<'a>(dated: impl Iterator<Item = (&'a str, i32)>) -> Self {
        let mut years: BTreeMap<String, i32> = BTreeMap::new();
        for (name, year) in dated {
            for generation in stated(name) {
                let first = years.entry(generation).or_insert(year);
                *first = year.min(*first);
            }
        }
        Self(years)
    }

    /// The first year of what a repository's name (without namespace) states, the latest of several; none where nothing dates it.
    #[must_use]
    pub fn least(&self, name: &str) -> Option<i32> {
        stated(name).iter().filter_map(|generation| self.0.get(generation)).max().copied()
    }
}

/// What a name states: the generation it begins with, and the family of language models that it names anywhere, with and without version.
/// Shorthands (`MN-12B`) are too short to date what they end by chance (`msmarco-es-mnrl-mn`).
fn stated(name: &str) -> BTreeSet<String> {
    let in_full = name.to_lowercase();
    let named = families::named(name).filter(|named| in_full.contains(named.family));
    let family = named.iter().map(|named| named.family.to_owned());
    let version = named.iter().filter_map(|named| Some(format!("{}{}", named.family, named.version.as_deref()?)));
    family.chain(version).chain(first_generation(name)).collect()
}

/// Word and number that a name begins with, glued (`siglip2-so400m`, `dinov2-base`) or beside each other (`SigLIP 2`, `dino-v2`).
fn first_generation(name: &str) -> Option<String> {
    let all = tokens(name);
    let first = all.first()?;
    let letters = first.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(first.len());
    let (word, glued) = first.split_at(letters);
    let (word, number) = match glued {
        "" => (word, all.get(1)?.as_str()),
        _ => (word.strip_suffix('v').unwrap_or(word), glued),
    };
    let number = number.strip_prefix('v').unwrap_or(number);
    (word.len() >= LEAST_LETTERS && is_generation(number)).then(|| format!("{word}{}", number.trim_end_matches(".0")))
}

/// `2`, `3.1`: no size (`7b`), date or depth.
fn is_generation(number: &str) -> bool {
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    digits(whole, MOST_DIGITS) && digits(part, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_in_real_names() {
        let first = |name: &str| first_generation(name).unwrap_or_default();
        for (name, generation) in [
            ("siglip2-x256-explicit-content", "siglip2"),
            ("SigLIP 2", "siglip2"),
            ("dinov2-base", "dino2"),
            ("DINO v2", "dino2"),
            ("Falcon3-7B-Base", "falcon3"),
            ("Phi-3.5-mini", "phi3.5"),
            ("ERNIE 3.0 Titan", "ernie3"),
            ("resnet-152", ""),
            ("v2-large", ""),
            ("ep3-bert", ""),
            ("llama-7b", ""),
            ("bert-20220301", ""),
            ("albert-base-v2", ""),
        ] {
            assert_eq!(first(name), generation, "{name}");
        }
    }

    /// Regression: a fine-tune of SigLIP 2, which is of 2025, without a date and a stated base could be of 2020.
    #[test]
    fn a_name_is_no_older_than_the_family_it_states() {
        let dated = [("SigLIP 2", 2025), ("siglip-so400m", 2023), ("Qwen2.5-7B", 2024), ("Qwen-7B", 2023), ("Qwen2.5-72B", 2025)];
        let years = FamilyYears::new(dated.into_iter());
        assert_eq!(years.least("siglip2-x256-explicit-content"), Some(2025));
        assert_eq!(years.least("my-tuned-Qwen2.5-7B"), Some(2024), "the first of a generation counts");
        assert_eq!(years.least("my-tuned-qwen1.8b"), Some(2023), "a version that nothing dates is no older than its family");
        assert_eq!(
            FamilyYears::new([("Mistral-7B", 2023)].into_iter()).least("roberta-es-mnrl-mn"),
            None,
            "a shorthand dates nothing"
        );
        assert_eq!(years.least("like-siglip2"), None, "words that no list has name anything where they do not begin a name");
        assert_eq!(years.least("bert-base-uncased-finetuned"), None);
    }
}
