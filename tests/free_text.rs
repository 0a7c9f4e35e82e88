//! Hardware and places as people wrote them, against labels that a reader gave without looking at any program (tests/data/README.md).
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A test that cannot set up its stage has failed.

use hugging_carbon::evidence::hardware::{self, Context, Openness};
use hugging_carbon::evidence::place::{PlaceTables, read_place};
use hugging_carbon::reference::Reference;
use std::collections::BTreeSet;
use std::path::PathBuf;

fn labels(file: &str) -> Vec<csv::StringRecord> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
    csv::Reader::from_path(path).unwrap().records().map(Result::unwrap).collect()
}

/// `A|B+C`: A or B, and C.
fn names(label: &str) -> BTreeSet<&str> {
    label.split(['|', '+']).map(str::trim).filter(|n| !n.is_empty()).collect()
}

/// Where the label is one chip, the reading must hold it and at most its variants; where it is several, the same family set; where it
/// is none, nothing may be read. A count that the label states must be read as such.
#[test]
fn hardware_texts_are_read_as_a_person_reads_them() {
    let reference = Reference::load().unwrap();
    let chips = &reference.accelerators;
    let family = |name: &str| chips.get(name).map_or_else(|| name.to_owned(), |a| a.family().to_owned());
    let (mut wrong, mut wrong_counts, mut n, mut counts) = (Vec::new(), Vec::new(), 0, 0);
    for record in labels("hardware_texts.csv") {
        let (text, label, count) = (&record[1], &record[2], &record[3]);
        n += 1;
        // Sentences of cards are prose, cells of columns are fields.
        let context = if record[0].contains("model_cards") { Context::Prose } else { Context::Field };
        let read = hardware::read_hardware(chips, text, context);
        let got: BTreeSet<String> = read.names().into_iter().collect();
        let families = |names: &BTreeSet<&str>| names.iter().map(|n| family(n)).collect::<BTreeSet<_>>();
        let got_families: BTreeSet<String> = got.iter().map(|n| family(n)).collect();
        let expected = names(label);
        let right = if expected.len() == 1 {
            got_families == families(&expected) && got.contains(*expected.iter().next().unwrap())
        } else {
            got_families == families(&expected)
        };
        if !right {
            wrong.push(format!("{text:?}: read {got:?}, a person reads {label:?}"));
        }
        if let Ok(count) = count.parse::<u32>() {
            counts += 1;
            if read.count != Some(count) {
                wrong_counts.push(format!("{text:?}: read {:?}, a person reads {count}", read.count));
            }
        }
    }
    eprintln!("{} of {n} hardware texts right\n{}", n - wrong.len(), wrong.join("\n"));
    eprintln!("{} of {counts} counts right\n{}", counts - wrong_counts.len(), wrong_counts.join("\n"));
    assert!(wrong.len() * 20 <= n, "at least 95 % of the chips: {} of {n} are wrong", wrong.len());
    assert!(wrong_counts.len() * 20 <= counts, "at least 95 % of the counts: {} of {counts} are wrong", wrong_counts.len());
}

/// The label must be among what is read; where it is one place, nothing else may be. Affiliations name a place that is not the place
/// of training: they test only that the text is read without a wrong place.
#[test]
fn place_texts_are_read_as_a_person_reads_them() {
    let reference = Reference::load().unwrap();
    let tables = PlaceTables { places: &reference.places, regions: &reference.regions, operators: &reference.operators };
    let (mut wrong, mut n) = (Vec::new(), 0);
    for record in labels("place_texts.csv") {
        let (text, label, operator, note) = (&record[1], &record[2], &record[3], &record[4]);
        // Lists of the countries of several organizations are no place text.
        if label.contains('|') && record[0].contains("models_20") || note.contains("affiliation") {
            continue;
        }
        n += 1;
        // "Cloud Provider: AWS" of a card is a field, its sentences are prose.
        let is_prose = record[0].contains("model_cards") && !text.contains(':');
        let read = read_place(tables, text, if is_prose { Context::Prose } else { Context::Field });
        let got: BTreeSet<&str> = read.grid_places.iter().map(String::as_str).collect();
        let places_right = got == names(label);
        let operator_right = operator.is_empty() || read.operator.as_deref() == Some(operator);
        if !places_right || !operator_right {
            wrong.push(format!("{text:?}: read {got:?} {:?}, a person reads {label:?} {operator:?}", read.operator));
        }
    }
    eprintln!("{} of {n} place texts right\n{}", n - wrong.len(), wrong.join("\n"));
    assert!(wrong.len() * 20 <= n, "at least 95 %: {} of {n} are wrong", wrong.len());
}

/// Only an exact reading is a single chip.
#[test]
fn openness_says_how_many_chips_there_are() {
    let reference = Reference::load().unwrap();
    for record in labels("hardware_texts.csv") {
        let read = hardware::read_hardware(&reference.accelerators, &record[1], Context::Field);
        match read.openness {
            Openness::Unnamed => assert!(read.chips.is_empty(), "{}", &record[1]),
            Openness::Exact => assert_eq!(read.chips.len(), 1, "{}", &record[1]),
            Openness::Variant | Openness::Alternatives | Openness::Several => assert!(read.chips.len() > 1, "{}", &record[1]),
        }
    }
}
