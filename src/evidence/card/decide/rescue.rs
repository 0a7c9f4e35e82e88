//! Figures of which their own sentence does not say that they are a training's, and their neighbours do: "~22h, about $35." behind "Trained with
//! axolotl on 4x A40." Such a figure counts where it is the only one of its field, other figures of the training stand close by under the same
//! heading, and nothing physical speaks against it.

use super::accept::Fact;
use super::choose::{DISAGREE, same};
use super::unclaimed::{OF_TRAINING, fits};
use crate::domain::Field;
use crate::evidence::card::read::candidate::RANK_PROSE;
use crate::evidence::card::read::prose::{NOT_ITS_TIME, NOT_SAID};
use crate::evidence::card::read::rates::rate_in;
use crate::evidence::card::read::training::is_train;
use crate::evidence::card::read::unclaimed::speaks_of_other;
use crate::evidence::quantity::durations::unit_hours;
use crate::evidence::quantity::tokens::{Token, lex};
use crate::evidence::vocabulary;
use crate::reference::Accelerators;
use std::collections::BTreeSet;

/// Lines around a figure within which others of the training stand.
const NEAR: usize = 8;
/// Confidence of what its neighbours tell: below all that a rule accepts.
const CONFIDENCE: f64 = 0.5;
/// Shortest time of a training, in hours.
const LEAST_HOURS: f64 = 0.05;
/// How far rounded hours of devices are from devices times rounded hours.
const ROUNDED: f64 = 1.3;
/// The fields, in the order in which they are taken, and how many others each needs beside it: many things last some time.
const NEEDS: [(Field, usize); 7] = [
    (Field::Accelerator, 2),
    (Field::AcceleratorHours, 1),
    (Field::EnergyKwh, 1),
    (Field::EmissionsKgco2e, 1),
    (Field::Epochs, 1),
    (Field::TrainSteps, 1),
    (Field::WallHours, 2),
];

/// Accepts what only its neighbours make a figure of the training.
pub fn accept_beside(facts: &mut [Fact], accelerators: &Accelerators) {
    for (field, least) in NEEDS {
        let Some(at) = only_unsaid(facts, field) else { continue };
        let Some(fact) = facts.get(at) else { continue };
        let ts = lex(&fact.row.quote);
        if beside(facts, fact) < least || speaks_of_other(&ts) || is_rate(&ts) || !is_long(fact) || !agrees(facts, fact) {
            continue;
        }
        let mut tried = fact.clone();
        tried.row.reject_reason = None;
        tried.row.confidence = CONFIDENCE;
        if !fits(facts, &tried, accelerators) {
            continue;
        }
        accept_with_its_count(facts, at);
    }
}

/// "900,000 steps with length 128 and then 100,000 with length 512", "100 epochs at 5e-5 and 10 more at 1e-5": two figures of one sentence of which
/// the second follows the first are parts of one training, where nothing else is told of their field.
pub fn add_sequels(facts: &mut [Fact]) {
    for field in [Field::TrainSteps, Field::Epochs] {
        let mut all =
            (0..facts.len()).filter(|i| facts.get(*i).is_some_and(|f| f.row.field == field && f.row.reject_reason.is_none()));
        let (Some(a), Some(b), None) = (all.next(), all.next(), all.next()) else { continue };
        let Some((first, second)) = facts.get(a).zip(facts.get(b)) else { continue };
        let Some(sum) = first.row.value.zip(second.row.value).map(|(a, b)| a + b) else { continue };
        if first.row.quote != second.row.quote || first.rank < RANK_PROSE || !follows(first, second) {
            continue;
        }
        let written = format!("{} + {}", first.row.as_written, second.row.as_written);
        if let Some(fact) = facts.get_mut(b) {
            fact.row.reject_reason = Some("one stage of several".to_owned());
        }
        if let Some(fact) = facts.get_mut(a) {
            fact.row.value = Some(sum);
            fact.row.as_written = written;
            fact.row.locator = format!("{}: sum of what followed each other", fact.row.locator);
        }
    }
}

/// Whether between two figures of a sentence stands a word that makes the second follow the first, and none for another kind of training.
fn follows(first: &Fact, second: &Fact) -> bool {
    let words = vocabulary::prose();
    let quote = &first.row.quote;
    let Some(from) = quote.find(&first.row.as_written).map(|at| at + first.row.as_written.len()) else { return false };
    let Some(between) = quote.get(from..).and_then(|rest| rest.split_once(&second.row.as_written)).map(|(between, _)| between)
    else {
        return false;
    };
    let ts = lex(between);
    let stage = |t: &Token<'_>| t.is_any(&words.sentences.sequels);
    let other = (0..ts.len()).any(|i| is_train(&ts, i)) || ts.iter().any(|t| t.is_any(&words.subjects.sets_against));
    ts.iter().any(stage) && !other && !speaks_of_other(&ts)
}

/// Accepts a figure; with a chip the count that stands with it.
fn accept_with_its_count(facts: &mut [Fact], at: usize) {
    let Some((field, written, locator)) = facts.get(at).map(|f| (f.row.field, f.row.as_written.clone(), f.row.locator.clone()))
    else {
        return;
    };
    let counted = facts.iter().any(|f| f.row.field == Field::AcceleratorCount && f.row.reject_reason.is_none());
    let goes_with = |f: &Fact| {
        field == Field::Accelerator
            && !counted
            && f.row.field == Field::AcceleratorCount
            && is_unsaid(f)
            && f.row.as_written == written
            && f.row.locator == locator
    };
    let all: Vec<usize> = (0..facts.len()).filter(|i| *i == at || facts.get(*i).is_some_and(goes_with)).collect();
    for i in all {
        if let Some(fact) = facts.get_mut(i) {
            fact.row.reject_reason = None;
            fact.row.confidence = CONFIDENCE;
        }
    }
}

/// Whether a sentence tells how fast something is: "per epoch", "4,000 sentences a second".
fn is_rate(ts: &[Token<'_>]) -> bool {
    let of_each =
        |i: usize| i > 0 && unit_hours(ts, i).is_some() && ts.get(i - 1).is_some_and(|t| t.is_any(&["a", "per", "/", "each"]));
    rate_in(ts).is_some() || (0..ts.len()).any(of_each)
}

/// Whether a time is not that of an answer or a step.
fn is_long(fact: &Fact) -> bool {
    fact.row.field != Field::WallHours || fact.row.value.is_some_and(|hours| hours >= LEAST_HOURS)
}

/// Whether hours of devices are those of the accepted devices in the accepted time.
fn agrees(facts: &[Fact], fact: &Fact) -> bool {
    let value = |field| facts.iter().find(|f| f.row.field == field && f.row.reject_reason.is_none()).and_then(|f| f.row.value);
    let product = value(Field::WallHours).zip(value(Field::AcceleratorCount)).map(|(hours, devices)| hours * devices);
    let (Field::AcceleratorHours, Some(product), Some(stated)) = (fact.row.field, product, fact.row.value) else { return true };
    (1.0 / ROUNDED..=ROUNDED).contains(&(stated / product))
}

fn is_unsaid(fact: &Fact) -> bool {
    fact.row.reject_reason.as_deref().is_some_and(|why| why == NOT_SAID || why == NOT_ITS_TIME)
}

/// The figure of a field that nothing is said of, where no other is known: it may be told twice, and others are told to be something else.
fn only_unsaid(facts: &[Fact], field: Field) -> Option<usize> {
    let of_field = || facts.iter().enumerate().filter(|(_, f)| f.row.field == field);
    // Where figures disagree, one more is no way out.
    let disagrees = |f: &Fact| f.row.reject_reason.as_deref().is_none_or(|why| why == DISAGREE);
    if of_field().any(|(_, f)| disagrees(f)) {
        return None;
    }
    let (first, fact) = of_field().find(|(_, f)| is_unsaid(f))?;
    let is_same = |f: &Fact| {
        if fact.row.value.is_none() { f.row.as_written == fact.row.as_written } else { same(f.row.value, fact.row.value) }
    };
    of_field().all(|(_, f)| is_unsaid(f) == is_same(f)).then_some(first)
}

/// The heading and the line of a figure; none in tables and front matter.
fn place(fact: &Fact) -> Option<(&str, usize)> {
    let (section, line) = fact.row.locator.rsplit_once("line ")?;
    Some((section, line.parse().ok().filter(|_| fact.table == 0)?))
}

/// How many other fields of the training are told close by.
fn beside(facts: &[Fact], figure: &Fact) -> usize {
    let Some((section, line)) = place(figure) else { return 0 };
    let is_near = |f: &&Fact| {
        f.row.reject_reason.is_none()
            && f.row.field != figure.row.field
            && OF_TRAINING.contains(&f.row.field)
            && place(f).is_some_and(|(other, at)| other == section && at.abs_diff(line) <= NEAR)
    };
    // A chip with its number in the same sentence is as good as two others.
    let counted =
        |f: &Fact| f.row.field == Field::AcceleratorCount && f.row.reject_reason.is_none() && f.row.quote == figure.row.quote;
    let near = facts.iter().filter(is_near).map(|f| f.row.field).collect::<BTreeSet<Field>>().len();
    let of_devices =
        |f: &Fact| f.row.field == Field::AcceleratorHours && f.row.reject_reason.is_none() && f.row.quote == figure.row.quote;
    // "One H100, 5h 12m": a chip and a time in one line, of which nothing is said, are of one run.
    let together = |field: Field| facts.iter().any(|f| f.row.field == field && is_unsaid(f) && f.row.quote == figure.row.quote);
    near + match figure.row.field {
        Field::WallHours => usize::from(facts.iter().any(counted)),
        Field::Accelerator if together(Field::WallHours) => 2,
        Field::Accelerator => usize::from(facts.iter().any(of_devices)),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::Field;
    use crate::evidence::card::tests::card_tables;
    use crate::evidence::card::{About, CardRole, extract};
    use crate::reference::Reference;

    fn value(card: &str, field: Field) -> Option<f64> {
        let about = About { model_id: "lab/wren", role: CardRole::OwnTraining, base_ids: &[], total_params: None };
        let rows = extract(card_tables(&Reference::load().unwrap()), card, &about);
        rows.into_iter().find(|r| r.field == field && r.reject_reason.is_none()).and_then(|r| r.value)
    }

    #[test]
    fn neighbours_tell_whose_a_figure_is() {
        let card = "# wren\n\nTrained w/ axolotl on 4x A40 rented from a cloud. ~22h, about $35. 3 epochs.\n";
        assert_eq!(value(card, Field::WallHours), Some(22.0));
        // Alone nothing is said of it, and far away neither.
        assert_eq!(value("# wren\n\n~22h, about $35.\n", Field::WallHours), None);
        let other = card.replace("~22h, about $35.", "Evaluation: 22h.");
        assert_eq!(value(&other, Field::WallHours), None);
    }

    #[test]
    fn ranges_stay_ranges() {
        let card = "# wren\n\n## Training\n\nTrained on 4x A100. Training took 40 to 60 GPU hours for 3 epochs.\n";
        assert_eq!(value(card, Field::AcceleratorHours), None);
    }

    #[test]
    fn what_follows_is_added() {
        let card = "# wren\n\nThe model was pre-trained for 80,000 steps with length 128 and then 20,000 steps with length 512.\n";
        assert_eq!(value(card, Field::TrainSteps), Some(100_000.0));
        assert_ne!(value(&card.replace("and then", "or"), Field::TrainSteps), Some(100_000.0));
    }

    #[test]
    fn a_chip_and_a_time_of_one_line_are_of_one_run() {
        let card = "# wren\n\nQLoRA, rank 64. One H100 (rented), 5h 12m wall clock, ~$14.\n";
        assert_eq!(value(card, Field::WallHours), Some(5.2));
        assert_eq!(value(&card.replace("5h 12m wall clock", "5h 12m for the evaluation"), Field::WallHours), None);
        // What only neighbours say is no way out where figures disagree.
        let list =
            "# wren\n\n- **GPU:** 1x RTX 4070\n- **Time:** ~90h spread over three weeks\n- **Tokens:** 3.2B\n- **Epochs:** 1\n";
        assert_eq!(value(list, Field::WallHours), Some(90.0));
    }
}
