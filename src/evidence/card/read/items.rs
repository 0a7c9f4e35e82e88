//! The figures of several models as the value of one key: "7B = 92,160; 13B = 184,320", "Elk-base 3.1 kg / Elk-large 6.4 kg",
//! "92,160 (7B), 184,320 (13B)". Each item is its own model's.

use super::candidate::Card;
use super::designators::{Designators, Fit};
use super::naming::Name;
use super::repository::{Repository, name_tokens, size_of};
use super::totals::is_total;
use super::values::figures;
use crate::evidence::quantity::tokens::{Kind, lex};
use crate::evidence::quantity::units::{energy_unit, mass_unit};
use crate::evidence::vocabulary;
use std::borrow::Cow;

/// Why none of several items counts, where none is named as this model's alone.
pub const SEVERAL_FIGURES: &str = "several figures in one value";
/// Signs between items.
const PARTS: [&str; 8] = [";", "；", " | ", " / ", ", ", "、", "，", " · "];
/// Signs between the label of an item and its figure; a space does where the label is a size.
const SIGNS: [&str; 10] = [" = ", "=", ": ", "：", ":", " → ", " -> ", " – ", " — ", " - "];
/// Longest label, in bytes.
const MOST_LABEL: usize = 40;

/// One item: the words of its label and what stands with it.
struct Item<'v> {
    label: Vec<String>,
    figure: &'v str,
}

/// The item of a value that is this model's, or why none is; nothing where the value is no list of several models' figures.
#[must_use]
pub fn own_item<'v>(own: &Repository, value: &'v str) -> Option<(Cow<'v, str>, Option<&'static str>)> {
    // "3,311,616 hours across all models: 7B = 184,320; 13B = 368,640"
    let behind = value.split_once(": ").map(|(_, behind)| behind);
    let listed =
        [Some(value), behind].into_iter().flatten().find_map(|text| PARTS.iter().find_map(|sign| items_of(own, text, sign)));
    let items = listed.or_else(|| items_in_order(own, value))?;
    // A sum of the models is none of them.
    let models: Vec<&Item<'_>> = items.iter().filter(|item| !is_total(&item.label.join(" "))).collect();
    let whose: Vec<Option<Fit>> = models.iter().map(|item| Name::of_words(own, &item.label).fit).collect();
    let mut mine = models.iter().zip(&whose).filter(|(_, whose)| **whose == Some(Fit::Mine)).map(|(item, _)| item);
    match (mine.next(), mine.next()) {
        (Some(item), None) => {
            // "7B: 5, 13B: 9 days": the unit of the last is that of all.
            let shared = items.last().map(|last| unit(last.figure)).filter(|_| unit(item.figure).is_empty()).unwrap_or_default();
            Some((if shared.is_empty() { item.figure.into() } else { format!("{} {shared}", item.figure).into() }, None))
        }
        (None, _) if whose.iter().all(|whose| whose.is_some()) => {
            Some((value.into(), whose.iter().find_map(|whose| whose.and_then(Fit::refusal))))
        }
        _ => Some((value.into(), Some(SEVERAL_FIGURES))),
    }
}

/// The key that asks for what the unit of an item measures: hours of devices, energy, emissions.
#[must_use]
pub fn key_of_unit(card: &Card<'_>, item: &str) -> Option<&'static str> {
    let ts = lex(item);
    if (0..ts.len()).any(|i| card.device_hours(&ts, i).is_some()) {
        return Some("GPU hours");
    }
    let measures = |unit: fn(&str) -> Option<f64>| figures(&ts, 0, unit).iter().any(|f| !f.quantity.is_rate);
    measures(energy_unit).then_some("Energy").or_else(|| measures(mass_unit).then_some("CO2 emissions"))
}

/// What stands behind the number of an item.
fn unit(figure: &str) -> &str {
    let ts = lex(figure);
    let number = ts.iter().position(|t| t.kind == Kind::Number);
    let behind = number.and_then(|at| ts.get(at)).and_then(|t| figure.get(t.to..)).unwrap_or_default();
    behind.split('(').next().unwrap_or_default().trim()
}

/// The items that a sign parts, where each but sums is a member of a family with a figure, and several are.
fn items_of<'v>(own: &Repository, value: &'v str, sign: &str) -> Option<Vec<Item<'v>>> {
    if !value.contains(sign) {
        return None;
    }
    let items: Vec<Item<'v>> =
        value.split(sign).map(str::trim).filter(|part| !part.is_empty()).map(|part| item_of(own, part)).collect::<Option<_>>()?;
    let models = items.iter().filter(|item| !is_total(&item.label.join(" "))).count();
    (models > 1).then_some(items)
}

/// "0.9 t, 4.1 t for 3B and 13B respectively", "20 and 90 h (3B / 13B)": as many figures as names behind them, in one order.
fn items_in_order<'v>(own: &Repository, value: &'v str) -> Option<Vec<Item<'v>>> {
    let words = &vocabulary::card().designators;
    let value = value.trim_end_matches(['.', ';', ' ']);
    let bracket = || value.strip_suffix(')').and_then(|value| value.split_once('('));
    let of = || words.backward.iter().find_map(|word| value.split_once(&format!(" {word} ")));
    let (figures, names) = of().or_else(bracket)?;
    let said = &vocabulary::prose().subjects.respectively;
    let names: Vec<Vec<String>> = parts_of(names)
        .map(|name| {
            name.split_whitespace().filter(|word| !said.contains(&word.to_lowercase().as_str())).collect::<Vec<_>>().join(" ")
        })
        .filter(|name| !name.is_empty())
        .map(|name| label_of(own, &name))
        .collect::<Option<_>>()?;
    let figures: Vec<&str> = parts_of(figures).collect();
    let begins = |figure: &&str| figure.trim_start_matches(['~', '≈', '<', '>', ' ']).starts_with(|c: char| c.is_ascii_digit());
    let is_order = figures.len() > 1 && figures.len() == names.len() && figures.iter().all(begins);
    is_order.then(|| names.into_iter().zip(figures).map(|(label, figure)| Item { label, figure }).collect())
}

/// The parts of a list with "and" before the last of them.
fn parts_of(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', '/', ';', '、', '，'])
        .filter(|part| !part.trim().is_empty())
        .flat_map(|part| {
            let words = &vocabulary::prose().subjects.and;
            let and = words.iter().find_map(|word| part.split_once(&format!(" {word} ")));
            let (first, second) = and.map_or((part, None), |(first, second)| (first, Some(second)));
            // "1, 2, and 3"
            let first = words.iter().find_map(|word| first.trim_start().strip_prefix(&format!("{word} "))).unwrap_or(first);
            [Some(first), second]
        })
        .flatten()
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// One item: a label before its figure, or behind it in brackets or behind "for".
fn item_of<'v>(own: &Repository, part: &'v str) -> Option<Item<'v>> {
    let words = &vocabulary::card().designators;
    let part = part.trim_end_matches(['.', ';', ',']);
    let first = part.split(' ').next().unwrap_or_default();
    let part = if words.joins.contains(&first.to_lowercase().as_str()) { part.get(first.len()..)?.trim_start() } else { part };
    let signed = SIGNS.iter().filter_map(|sign| part.split_once(sign)).min_by_key(|(label, _)| label.len());
    let spaced = part.split_once(' ').filter(|(label, _)| is_size(label) || label.contains('-') || is_total(label));
    let behind = || {
        let bracket = part.strip_suffix(')').and_then(|part| part.rsplit_once('('));
        let of = || words.backward.iter().find_map(|word| part.rsplit_once(&format!(" {word} ")));
        bracket.or_else(of).map(|(figure, label)| (label, figure))
    };
    [signed, spaced, behind()].into_iter().flatten().find_map(|(label, figure)| {
        let label = label_of(own, label)?;
        let figure = figure.trim();
        let begins = figure.trim_start_matches(['~', '≈', '<', '>', ' ']).starts_with(|c: char| c.is_ascii_digit());
        begins.then_some(Item { label, figure })
    })
}

/// Whether a word is a size in parameters: "7B", "350M".
fn is_size(word: &str) -> bool {
    let letters = word.trim_matches(['*', '(', ')', '`']);
    size_of(&letters.to_lowercase()).is_some()
}

/// The words of a label that names a member of a family and nothing else, or the sum of all.
fn label_of(own: &Repository, label: &str) -> Option<Vec<String>> {
    if label.len() > MOST_LABEL {
        return None;
    }
    let words = &vocabulary::card().designators;
    let plain = |w: &String| words.nouns.contains(&w.as_str()) || words.articles.contains(&w.as_str());
    let label: Vec<String> = name_tokens(label).into_iter().filter(|w| !plain(w)).collect();
    let told = Designators::in_words(&label);
    let designates = |w: &String| own.has(w) || !Designators::in_words(&[w.as_str()]).is_empty();
    let is_member = told.has_size() && label.iter().all(designates);
    (is_member || is_total(&label.join(" "))).then_some(label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::about::{About, CardRole};

    fn own(id: &str, value: &str) -> Option<(String, bool)> {
        let own = Repository::new(&About { model_id: id, role: CardRole::OwnTraining, base_ids: &[], total_params: None });
        own_item(&own, value).map(|(part, refused)| (part.into_owned(), refused.is_some()))
    }

    #[test]
    fn each_item_of_a_line_is_its_own_models() {
        for (value, right) in [
            ("7B = 92,160; 13B = 184,320; 70B = 860,160", "184,320"),
            ("7B 16.2 t, 13B 31.4 t, 70B 150 t", "31.4 t"),
            ("7B: 16.2 tCO2eq | 13B: 31.4 tCO2eq | 70B: 150 tCO2eq", "31.4 tCO2eq"),
            ("92,160 (7B), 184,320 (13B), 860,160 (70B)", "184,320"),
            ("92,160 hours for the 7B, 184,320 hours for the 13B, and 860,160 hours for 70B", "184,320 hours"),
            ("Elk-7B: 64x A100; Elk-13B: 128x A100", "128x A100"),
            ("7B = 92,160; 13B = 184,320; total = 276,480", "184,320"),
            ("7B 1.2T, 13B 2.6T, total 3.8T", "2.6T"),
        ] {
            assert_eq!(own("org/elk-13b", value), Some((right.to_owned(), false)), "{value}");
            assert_eq!(own("org/elk-30b", value).map(|(_, refused)| refused), Some(true), "{value}");
            assert_eq!(own("org/elk", value).map(|(_, refused)| refused), Some(true), "{value}");
        }
        assert_eq!(own("org/elk-large", "Elk-base 3.1 kg / Elk-large 6.4 kg"), Some(("6.4 kg".to_owned(), false)));
        // The unit of the last is that of all.
        assert_eq!(own("org/elk-13b", "13B: 5, 70B: 9 days (wall)"), Some(("5 days".to_owned(), false)));
        let behind = "3,311,616 hours across all models: 7B = 184,320; 13B = 368,640; 70B = 1,720,320 GPU-hours (Table 2)";
        assert_eq!(own("org/elk-13b", behind), Some(("368,640 GPU-hours".to_owned(), false)));
    }

    #[test]
    fn as_many_figures_as_names_stand_in_one_order() {
        for (value, right) in [
            ("0.9 t, 4.1 t for 3B and 13B respectively", "4.1 t"),
            ("20, 90 hours for 3B and 13B, respectively", "90 hours"),
            ("20, 90, and 400 hours for the 3B, 13B and 70B models", "90 hours"),
            ("0.9 t and 4.1 t (3B / 13B)", "4.1 t"),
        ] {
            assert_eq!(own("org/elk-13b", value), Some((right.to_owned(), false)), "{value}");
            assert_ne!(own("org/elk-30b", value).map(|(_, refused)| refused), Some(false), "{value}");
        }
        for value in ["8, 16 for 3 days", "1 kg, 2 kg for training and evaluation", "5 h for 13B"] {
            assert_eq!(own("org/elk-13b", value), None, "{value}");
        }
    }

    #[test]
    fn what_is_no_list_of_models_is_left() {
        for value in [
            "1.4T tokens",
            "300B (all)",
            "training: 3 h; evaluation: 2 h",
            "stage 1: 3 h, stage 2: 4 h",
            "512 A100, 3 days",
            "1 kg (training), 2 kg (evaluation)",
            "A100: 5 h; H100: 6 h",
            "0,6 t",
        ] {
            assert_eq!(own("org/elk-13b", value), None, "{value}");
        }
    }
}
