//! Places as people write them: country, state, city, computing site or cloud region, with what had to be assumed.
//!
//! Names are found longest first; what a text says in several parts ("Cambridge, MA, USA") is read together: of all that its names
//! can mean, the most specific place that agrees with the others. Two that agree with nothing are a result with candidates.

use super::hardware::Context;
use super::vocabulary;
use crate::reference::places::{ALPHA_2, Meaning, words};
use crate::reference::{Operators, Places, Regions};

/// The tables that name places.
#[derive(Clone, Copy, Debug)]
pub struct PlaceTables<'a> {
    /// Names of places and cloud regions.
    pub places: &'a Places,
    /// Which country a region of the grid tables lies in.
    pub regions: &'a Regions,
    /// Names of the operators of clouds and sites, and which of them publish a PUE.
    pub operators: &'a Operators,
}

/// What a text says about where a training ran.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// Keys of the grid table: one when settled, several when the text leaves them open, none when it names no place.
    pub grid_places: Vec<String>,
    /// Cloud region, `provider:region`.
    pub cloud_region: Option<String>,
    /// Slug of the operator of the site or cloud.
    pub operator: Option<String>,
    /// Whether the text marks the place as assumed rather than known.
    pub is_assumed: bool,
}

impl Place {
    /// The place, when the text settles it.
    #[must_use]
    pub fn settled(&self) -> Option<&str> {
        if let [one] = self.grid_places.as_slice() { Some(one) } else { None }
    }
}

/// Kinds of names that are words of the language as often as codes (`in`, `us`, `can`): only upper case counts.
const CODE_KINDS: &[&str] = &["state_code", "country_code", ALPHA_2];

/// A name in the text: all it can mean.
struct Mention {
    meanings: Vec<Meaning>,
}

/// Words of the longest operator name looked for.
const MOST_OPERATOR_WORDS: usize = 5;

/// Reads a text.
#[must_use]
pub fn read_place(tables: PlaceTables<'_>, text: &str, context: Context) -> Place {
    // An address holds the region of somebody's bucket, not of a training.
    let text = text.split_whitespace().filter(|w| !w.contains("://")).collect::<Vec<_>>().join(" ");
    let (lower, written) = (words(&text), written_words(&text));
    let mut place =
        Place { is_assumed: lower.iter().any(|w| vocabulary::place().assumed.contains(&w.as_str())), ..Place::default() };
    place.operator = operator(tables, &lower);
    let names_site = context == Context::Field || lower.iter().any(|w| vocabulary::place().near_site.contains(&w.as_str()));
    let mut mentions: Vec<Mention> = Vec::new();
    let mut at = 0;
    while at < lower.len() {
        let longest = tables.places.most_words().min(lower.len() - at);
        let found = (1..=longest).rev().find_map(|n| {
            let window = &lower[at..at + n];
            let is_code = |m: &Meaning| is_code(tables, *m) && !written.get(at).is_some_and(|w| w.chars().all(char::is_uppercase));
            let is_word = n == 1 && !names_site && vocabulary::place().ambiguous_sites.contains(&window[0].as_str());
            let meanings: Vec<Meaning> = tables.places.meanings(&window.join(" ")).to_vec();
            let kept: Vec<Meaning> = meanings
                .into_iter()
                .filter(|m| !is_code(m) && !is_word && fits_operator(tables, *m, window, place.operator.as_deref()))
                .collect();
            (!kept.is_empty()).then_some((n, kept))
        });
        match found {
            Some((n, meanings)) => {
                mentions.push(Mention { meanings });
                at += n;
            }
            None => at += 1,
        }
    }
    drop_chance_codes(tables, &text, &mut mentions);
    settle(tables, &mentions, &mut place);
    place
}

/// Takes away two-letter codes of countries that stand there by chance ("AI cluster in Paris"): a code counts that is a part of the text by
/// itself ("DE", "DE, on AWS"), that agrees with another name ("Berlin, DE"), or that can be a state as well, which it leaves open.
fn drop_chance_codes(tables: PlaceTables<'_>, text: &str, mentions: &mut Vec<Mention>) {
    let is_short = |m: &Meaning| matches!(m, Meaning::Place(i) if tables.places.rows()[*i].kind == ALPHA_2);
    let parts = text.split(|c: char| !c.is_alphanumeric() && !c.is_whitespace()).map(str::trim);
    let alone: Vec<String> = parts.filter(|part| part.chars().all(char::is_uppercase)).map(str::to_lowercase).collect();
    let name = |m: Meaning| match m {
        Meaning::Place(i) => tables.places.rows()[i].name.as_str(),
        Meaning::CloudRegion(_) => "",
    };
    let others: Vec<Vec<Meaning>> =
        mentions.iter().map(|mention| mention.meanings.iter().copied().filter(|m| !is_short(m)).collect()).collect();
    for (at, mention) in mentions.iter_mut().enumerate() {
        let is_state = mention.meanings.iter().any(|m| !is_short(m));
        mention.meanings.retain(|m| {
            let is_part = || alone.iter().any(|part| part == name(*m)) && !vocabulary::place().no_answers.contains(&name(*m));
            let mut rest = others.iter().enumerate().filter(|(other, _)| *other != at).flat_map(|(_, meanings)| meanings);
            !is_short(m) || is_state || is_part() || rest.any(|other| agree(tables, key(tables, *m), key(tables, *other)))
        });
    }
    mentions.retain(|mention| !mention.meanings.is_empty());
}

/// Of several operators ("sponsored by Hugging Face & OVHcloud") the one whose data centres have a figure; TPUs stand at Google.
fn operator(tables: PlaceTables<'_>, words: &[String]) -> Option<String> {
    let windows = (1..=MOST_OPERATOR_WORDS).rev().flat_map(|n| words.windows(n));
    let named: Vec<&str> = windows.filter_map(|w| tables.operators.named(&w.join(" "))).collect();
    let known = named.iter().find(|o| tables.operators.has_pue(o)).or(named.first()).map(|o| (*o).to_owned());
    known.or_else(|| words.iter().any(|w| w == "tpu" || w == "tpus").then(|| "google".to_owned()))
}

/// An operator named beside a region settles whose region it is: "us-east" is AWS's or nobody's. A region whose name is plain
/// geography ("East US") is one only where its provider is named.
fn fits_operator(tables: PlaceTables<'_>, meaning: Meaning, window: &[String], operator: Option<&str>) -> bool {
    let Meaning::CloudRegion(i) = meaning else { return true };
    let is_geography = window.len() > 1 && window.iter().all(|w| w.chars().all(char::is_alphabetic));
    operator.map_or(!is_geography, |operator| operator_of(&tables.places.regions()[i].provider) == operator)
}

fn written_words(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect()
}

fn is_code(tables: PlaceTables<'_>, meaning: Meaning) -> bool {
    matches!(meaning, Meaning::Place(i) if CODE_KINDS.contains(&tables.places.rows()[i].kind.as_str()))
}

fn key(tables: PlaceTables<'_>, meaning: Meaning) -> &str {
    match meaning {
        Meaning::Place(i) => &tables.places.rows()[i].place,
        Meaning::CloudRegion(i) => &tables.places.regions()[i].grid_place,
    }
}

/// Whether two keys can be one place: the same, or one the country of the other.
fn agree(tables: PlaceTables<'_>, a: &str, b: &str) -> bool {
    a == b || tables.regions.country_of(a) == b || tables.regions.country_of(b) == a
}

/// How specific a meaning is: cloud regions and sites before cities, those before states and countries.
fn depth(tables: PlaceTables<'_>, meaning: Meaning) -> u8 {
    match meaning {
        Meaning::CloudRegion(_) => 4,
        Meaning::Place(i) => match tables.places.rows()[i].kind.as_str() {
            "site" => 3,
            "city" => 2,
            "state" | "state_code" | "province" => 1,
            _ => 0,
        },
    }
}

fn settle(tables: PlaceTables<'_>, mentions: &[Mention], place: &mut Place) {
    let mut candidates: Vec<(usize, Meaning)> = Vec::new();
    for mention in mentions {
        for &meaning in &mention.meanings {
            let others = mentions.iter().filter(|other| !std::ptr::eq(*other, mention));
            let agreeing =
                others.filter(|other| other.meanings.iter().any(|o| agree(tables, key(tables, meaning), key(tables, *o)))).count();
            candidates.push((agreeing, meaning));
        }
    }
    let Some(most) = candidates.iter().map(|(n, _)| *n).max() else { return };
    let agreeing: Vec<Meaning> = candidates.into_iter().filter(|(n, _)| *n == most).map(|(_, m)| m).collect();
    // "Cambridge" inside "United Kingdom" is the finer of two names for one place; Georgia the state is no finer Georgia the country.
    let finer = |a: Meaning, b: Meaning| depth(tables, a) > depth(tables, b) && agree(tables, key(tables, a), key(tables, b));
    let chosen: Vec<Meaning> = agreeing.iter().copied().filter(|m| !agreeing.iter().any(|other| finer(*other, *m))).collect();
    let mut keys: Vec<String> = chosen.iter().map(|m| key(tables, *m).to_owned()).collect();
    keys.sort();
    keys.dedup();
    place.grid_places = keys;
    if place.grid_places.len() == 1
        && let [first, ..] = chosen.as_slice()
    {
        describe(tables, *first, place);
    }
}

/// Operator and cloud region of a settled place.
fn describe(tables: PlaceTables<'_>, meaning: Meaning, place: &mut Place) {
    match meaning {
        Meaning::Place(i) => place.operator = tables.places.rows()[i].operator.clone().or(place.operator.take()),
        Meaning::CloudRegion(i) => {
            let row = &tables.places.regions()[i];
            place.operator = Some(operator_of(&row.provider).to_owned());
            place.cloud_region = Some(tables.places.region_key(i));
        }
    }
}

/// Slug of pue.csv for a provider of cloud_regions.csv.
fn operator_of(provider: &str) -> &str {
    vocabulary::place().operators.get(provider).map_or(provider, String::as_str)
}

#[cfg(test)]
mod tests;
