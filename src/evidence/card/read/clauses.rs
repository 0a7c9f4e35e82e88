//! Which part of a value of time is the training's: "8 hours for training, 2 hours for evaluation", "300 (pre-training) + 12 (fine-tuning)".

use super::phases::{Phase, Title, own_phase};
use super::rates::{is_sign, of_runs, rate_in};
use super::repository::Repository;
use super::training::is_train;
use super::values::figure;
use crate::evidence::card::about::CardRole;
use crate::evidence::quantity::durations::duration_in_value;
use crate::evidence::quantity::numbers::first_quantity;
use crate::evidence::quantity::tokens::{Kind, Token, lex, span};
use crate::evidence::quantity::units::mass_unit;
use crate::evidence::vocabulary;

/// Words before a number that says what it is of: "fine-tuning 5".
const MOST_WORDS_BEFORE: usize = 4;
/// Words behind "hours of" within which it is said what they were spent on.
const WORDS_OF_WORK: usize = 4;

/// Reason of a figure that stands where the base is told of.
const OF_THE_BASE: &str = "base model's figure";
/// Two figures that differ by less are one, in two units.
const SAME: f64 = 0.1;

/// The part of a value that is the training's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stated<'v> {
    /// The part.
    pub text: &'v str,
    /// Why it cannot be the training's.
    pub reason: Option<&'static str>,
}

/// What a clause of a value tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    /// A training, and its phase where it is named.
    Training(Option<Phase>),
    /// The sum of the others.
    Total,
    /// Something else: an evaluation, work of people, a part of a training.
    Else,
    /// The base, which the reader is sent to: "see base model (4.2 t)".
    Base,
    /// Nobody says.
    Unsaid,
}

/// The part of a value of time that is this model's training.
#[must_use]
pub fn time_of_training<'v>(own: &Repository, value: &'v str) -> Stated<'v> {
    let stated = part_of_training(own, value, &time);
    Stated { reason: stated.reason.or_else(|| against(&lex(stated.text))), ..stated }
}

/// The part of a value with a unit that is this model's training.
#[must_use]
pub fn amount_of_training<'v>(own: &Repository, value: &'v str, unit: fn(&str) -> Option<f64>) -> Stated<'v> {
    let amount = |text: &str| {
        let ts = lex(text);
        (0..ts.len()).find_map(|i| figure(&ts, i, unit)).map(|(value, _, _)| value)
    };
    let stated = part_of_training(own, value, &amount);
    if stated.reason.is_some_and(|why| why != OF_THE_BASE) { Stated { text: value, reason: None } } else { stated }
}

fn part_of_training<'v>(own: &Repository, value: &'v str, amount: &dyn Fn(&str) -> Option<f64>) -> Stated<'v> {
    let amounts: Vec<(&str, f64)> = clauses(value).into_iter().filter_map(|text| Some((text, amount(text)?))).collect();
    let clauses: Vec<(&str, Of)> = amounts.iter().map(|(text, _)| (*text, what(own, text))).collect();
    let whole = Stated { text: value, reason: None };
    if clauses.len() < 2 {
        return whole;
    }
    let only = |fits: &dyn Fn(Of) -> bool| {
        let mut found = clauses.iter().filter(|(_, of)| fits(*of)).map(|(text, _)| *text);
        found.next().filter(|_| found.next().is_none())
    };
    let all = |fits: &dyn Fn(Of) -> bool| clauses.iter().filter(|(_, of)| fits(*of)).count();
    // Whoever trained from scratch and tuned then did both.
    let mine = own_phase(own).filter(|phase| *phase == Phase::FineTuning);
    let trainings = all(&|of| matches!(of, Of::Training(_)));
    let chosen = only(&|of| of == Of::Total)
        .or_else(|| only(&|of| matches!(of, Of::Training(_))))
        .or_else(|| only(&|of| mine.is_some() && of == Of::Training(mine)))
        .or_else(|| only(&|of| of == Of::Unsaid).filter(|_| trainings == 0 && all(&|of| of == Of::Else) > 0));
    match chosen {
        None if all(&|of| of == Of::Base) > 0 => Stated { text: value, reason: Some(OF_THE_BASE) },
        Some(text) => Stated { text, reason: None },
        None if trainings > 1 || differ(&amounts, &clauses) => Stated { text: value, reason: Some("several times, and no total") },
        None if all(&|of| of == Of::Else) == clauses.len() => Stated { text: value, reason: Some("work around the training") },
        None => whole,
    }
}

/// Whether clauses that say nothing of what they are have different times: "6h for stage 1 and 10h for stage 2".
fn differ(amounts: &[(&str, f64)], clauses: &[(&str, Of)]) -> bool {
    let mut unsaid = amounts.iter().zip(clauses).filter(|(_, (_, of))| *of == Of::Unsaid).map(|((_, value), _)| *value);
    let Some(first) = unsaid.next() else { return false };
    unsaid.any(|other| (other - first).abs() > SAME * first.max(other))
}

/// Why the time of a clause is none of a training: work of people, hours of data, several runs.
fn against(ts: &[Token<'_>]) -> Option<&'static str> {
    let trains = (0..ts.len()).any(|i| is_train(ts, i));
    let includes = |t: &Token<'_>| t.is_any(&["incl", "including", "includes", "inklusive", "incluyendo"]);
    let named = ts.iter().take_while(|t| !includes(t)).any(|t| t.is_any(&vocabulary::keys().pairs.not_training));
    let around = named && !trains;
    of_runs(ts).or_else(|| (around || is_of_something_else(ts)).then_some("work around the training"))
}

/// "60 hours of engineering", "300 hours of speech": hours that no machine trained.
fn is_of_something_else(ts: &[Token<'_>]) -> bool {
    let (words, devices) = (&vocabulary::keys().pairs, &vocabulary::card().device_hours);
    (0..ts.len()).filter_map(|i| duration_in_value(ts, i)).any(|d| {
        let said = span(ts, d.to + 1, d.to + 1 + WORDS_OF_WORK);
        let of_machines = |t: &Token<'_>| {
            t.is_any(&words.work_of_machines) || t.is_any(&devices.named) || t.is_any(&devices.fillers) || t.kind == Kind::Number
        };
        let named = said.first().is_some_and(|t| t.kind == Kind::Word);
        let trains = (d.to..d.to + 1 + WORDS_OF_WORK).any(|i| is_train(ts, i));
        ts.get(d.to).is_some_and(|t| t.is_any(&["of", "de", "di"])) && named && !trains && !said.iter().any(of_machines)
    })
}

/// The clauses of a value: cut at commas, semicolons, "+" and "and" outside brackets and times.
fn clauses(value: &str) -> Vec<&str> {
    let ts = lex(value);
    let mut out = Vec::new();
    let (mut from, mut depth, mut at) = (0, 0_usize, 0);
    while let Some(t) = ts.get(at) {
        if let Some(d) = duration_in_value(&ts, at).filter(|d| d.to > at) {
            at = d.to;
            continue;
        }
        match t.text.as_ref() {
            "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            "," | ";" | "+" | "and" | "plus" | "und" | "et" | "y" | "e" if depth == 0 => {
                out.push(value.get(from..t.from).unwrap_or_default());
                from = t.to;
            }
            _ => {}
        }
        at += 1;
    }
    out.push(value.get(from..).unwrap_or_default());
    out
}

/// The time of a clause, in hours, or its number where that counts nothing else.
fn time(clause: &str) -> Option<f64> {
    let ts = lex(clause);
    // "420 in total"
    let ends = |at: usize| {
        let together = |at: usize| ts.get(at).is_some_and(|t| t.is_any(&vocabulary::keys().pairs.together));
        ts.get(at).is_none_or(|t| t.is("(") || is_sign(t)) || together(at) || together(at + 1)
    };
    // "one RTX 3070"
    let names_chip = ts.iter().any(|t| t.is_any(&vocabulary::prose().times.chip_lines));
    let is_glued = |at: usize| {
        ts.get(at).is_some_and(|t| t.glued) && at.checked_sub(1).and_then(|b| ts.get(b)).is_some_and(|t| t.kind == Kind::Word)
    };
    let bare = || {
        first_quantity(&ts)
            .filter(|q| !names_chip && !is_glued(q.from) && q.from <= MOST_WORDS_BEFORE && ends(q.to))
            .map(|q| q.value)
    };
    (0..ts.len()).find_map(|i| duration_in_value(&ts, i)).map(|d| d.hours).or_else(bare)
}

/// "see base model (4.2 t)", "see Elk-9B: 300 h": whether a clause sends the reader to the base for its figure.
fn is_seen_at_the_base(own: &Repository, ts: &[Token<'_>]) -> bool {
    let words = &vocabulary::prose().subjects;
    let seen = ts.iter().position(|t| t.is_any(&words.see));
    let behind = seen.map(|at| span(ts, at + 1, ts.len())).unwrap_or_default();
    let of_base = behind.iter().any(|t| t.is_any(&words.base)) || own.base_in(behind);
    of_base && (own.role == CardRole::FineTune || own.has_base())
}

/// What a clause tells of.
fn what(own: &Repository, clause: &str) -> Of {
    let ts = lex(clause);
    let pairs = &vocabulary::keys().pairs;
    let has = |list: &[&str]| ts.iter().any(|t| t.is_any(list));
    let words: String = clause.chars().map(|c| if c.is_ascii_digit() { ' ' } else { c }).collect();
    let phase = Title::read_title(own, &words).phase;
    let is_part = clause.trim_start().to_lowercase();
    let is_part = ["of which", "davon", "dont ", "including", "incl"].iter().any(|start| is_part.starts_with(start));
    if is_part {
        Of::Else
    } else if is_seen_at_the_base(own, &ts) {
        Of::Base
    } else if ts.iter().any(|t| t.is_any(&pairs.together)) {
        Of::Total
    } else if phase == Some(Phase::Never) || rate_in(&ts).is_some() || has(&["preparation", "waiting", "queue", "setup"]) {
        Of::Else
    } else if phase.is_some() || (0..ts.len()).any(|i| is_train(&ts, i)) {
        Of::Training(phase)
    } else if has(&pairs.not_training) || has(&pairs.qualified_by_use) || is_of_something_else(&ts) {
        Of::Else
    } else {
        Of::Unsaid
    }
}

/// A key without brackets that hold a rate with its figure: "CO2 (Madrid, 0.17 kg/kWh)" says what was reckoned with, and is no rate itself;
/// "(per 1000 requests)" is one.
#[must_use]
pub fn without_rates_in_brackets(key: &str) -> String {
    without_brackets(key, |_, inside| {
        let ts = lex(inside);
        (0..ts.len()).any(|i| figure(&ts, i, mass_unit).is_some())
    })
}

/// "0.4 GPU hours (3 epochs, 7 min/epoch)": what the brackets count is not what stands before them.
#[must_use]
pub fn without_figures_in_brackets(text: &str) -> String {
    let counts = |text: &str| text.contains(|c: char| c.is_ascii_digit());
    without_brackets(text, |before, inside| counts(inside) && counts(before))
}

/// A text without those of its brackets of which this is true; it is asked for what stands before them, from the last bracket on, and for
/// what they hold.
fn without_brackets(text: &str, is_left_out: impl Fn(&str, &str) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('(') {
        let Some((inside, after)) = behind.split_once(')') else { break };
        out.push_str(before);
        if !is_left_out(before, inside) {
            out.extend(["(", inside, ")"]);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::about::{About, CardRole};

    #[test]
    fn the_part_of_a_value_that_is_the_training() {
        let own = |role| Repository::new(&About { model_id: "x/heron", role, base_ids: &[], total_params: None });
        let (root, tuned) = (own(CardRole::OwnTraining), own(CardRole::FineTune));
        for (value, part) in [
            ("8 hours for training, 2 hours for evaluation", "8 hours for training"),
            ("~10h data preparation, 30h training", "30h training"),
            ("1.5 (training), 0.2 (evaluation)", "1.5 (training)"),
            ("2 days, 4 hours", "2 days, 4 hours"),
            ("roughly 2 days (48 hours)", "roughly 2 days (48 hours)"),
            ("2.5h (incl. evaluation)", "2.5h (incl. evaluation)"),
            ("20 hours, 4 GPUs", "20 hours, 4 GPUs"),
            ("10 h pre-training, 2 h fine-tuning, 12 h in total", "12 h in total"),
        ] {
            let got = time_of_training(&root, value);
            assert_eq!((got.text.trim(), got.reason), (part, None), "{value}");
        }
        let two = "300 h (pre-training) + 12 h (fine-tuning)";
        assert_eq!(time_of_training(&tuned, two).text.trim(), "12 h (fine-tuning)");
        assert!(time_of_training(&root, two).reason.is_some());
        for value in [
            "60 hours of engineering",
            "300 hours of speech",
            "12 hours of labelling",
            "2 h, 5 runs",
            "6h for stage 1 and 10h for stage 2",
            "40 h of annotation work",
        ] {
            assert!(time_of_training(&root, value).reason.is_some(), "{value}");
        }
        let based = |value| amount_of_training(&tuned, value, mass_unit).reason;
        assert_eq!(based("0.003 kg per inference; training: see base model (4.2 t)"), Some(OF_THE_BASE));
        assert_eq!(based("4.2 t, training on 8 A100 (see below)"), None);
        let kg = |value| amount_of_training(&tuned, value, mass_unit).text.trim();
        assert_eq!(kg("1.2 kg for the training, 0.3 kg for the evaluation"), "1.2 kg for the training");
        assert_eq!(kg("7 kg, measured with CodeCarbon"), "7 kg, measured with CodeCarbon");
        for value in ["40 hours of GPU time", "72 hours of continuous training", "30 hours of A100 compute"] {
            assert_eq!(time_of_training(&root, value).reason, None, "{value}");
        }
    }
}
