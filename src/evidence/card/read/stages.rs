//! The stages of one training, wherever a card tells them one by one: rows or columns of a table, lists under titles. Stages are parts of one
//! training: what they took adds up. Those before it are its base's, those behind it are of what was made of it.

use super::naming::Named;
use super::phases::{Phase, Title, own_phase};
use super::repository::{Repository, name_tokens};
use super::totals::{OTHER_ROW, is_total};
use crate::evidence::card::parse::pair::norm_key;
use crate::evidence::quantity::units::month_of;
use crate::evidence::vocabulary;

/// Reasons of the figures of one stage of a training, by its number.
pub const STAGES: [&str; 8] = [
    "the first of several stages",
    "the second of several stages",
    "the third of several stages",
    "the fourth of several stages",
    "the fifth of several stages",
    "the sixth of several stages",
    "the seventh of several stages",
    "the eighth of several stages",
];

/// What one of several titles is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A stage of this model's training, by its place among them.
    Stage(usize),
    /// The sum of the others.
    Total,
    /// The training of the base.
    Base,
    /// What was made of this model later, or other work.
    Other,
}

impl Part {
    /// Why what a title tells is not the whole of this model's training; none for a sum.
    #[must_use]
    pub fn refusal(self) -> Option<&'static str> {
        match self {
            Self::Stage(number) => STAGES.get(number).copied(),
            Self::Total => None,
            Self::Base => Some("base model's figure"),
            Self::Other => Some(OTHER_ROW),
        }
    }
}

/// Whether a word counts the stages of a training: "phase".
#[must_use]
pub fn is_stage_word(word: &str) -> bool {
    vocabulary::card().phases.stage_nouns.contains(&word)
}

/// Whether the name of a repository is that of a stage: "mynah-7b-stage2".
#[must_use]
pub fn is_of_stage(own: &Repository) -> bool {
    own.tokens.iter().any(|t| is_stage_word(t.trim_end_matches(|c: char| c.is_ascii_digit())))
}

/// The number that a word beside the noun of a stage says: 2 of "second", "II", "第二", "2".
#[must_use]
pub fn number_of(word: &str) -> Option<usize> {
    let lists = &vocabulary::card().phases;
    let said = [&lists.first, &lists.second_of_stages, &lists.third, &lists.fourth].iter().position(|list| list.contains(&word));
    said.map(|n| n + 1).or_else(|| word.parse().ok().filter(|n| (1..=STAGES.len()).contains(n)))
}

/// The number of a stage in a word of a script without spaces: "第一阶段退火", "1단계".
#[must_use]
pub fn glued(word: &str) -> Option<usize> {
    let lists = &vocabulary::card().phases;
    let noun = lists.stage_nouns.iter().filter(|noun| !noun.is_ascii()).find_map(|noun| Some((word.find(noun)?, noun.len())));
    let (at, len) = noun?;
    let (before, behind) = (word.get(..at)?, word.get(at + len..)?);
    let numbers = [&lists.first, &lists.second_of_stages, &lists.third, &lists.fourth];
    let glued = |w: &&&str| w.chars().all(|c| c.is_ascii_digit() || c >= '\u{2e80}');
    numbers.iter().position(|list| list.iter().filter(glued).any(|n| before.ends_with(n) || behind.starts_with(n))).map(|n| n + 1)
}

/// The number of the stage that a title counts: the 2 of "Stage 2 (8k context)", "Second phase", "第二阶段".
#[must_use]
pub fn ordinal(title: &str) -> Option<usize> {
    let words = name_tokens(title);
    let beside = || {
        let at = words.iter().position(|w| is_stage_word(w))?;
        let behind = words.get(at + 1).and_then(|w| number_of(w));
        behind.or_else(|| at.checked_sub(1).and_then(|before| words.get(before)).and_then(|w| number_of(w)))
    };
    beside().or_else(|| if title.is_ascii() { None } else { glued(title) })
}

/// What each of several titles under a header is of, where they tell the stages of one training; nothing where they tell of something else.
#[must_use]
pub fn parts(own: &Repository, header: &str, names: &[&str]) -> Option<Vec<Part>> {
    if is_of_stage(own) {
        return None;
    }
    let lists = &vocabulary::card().phases;
    let header = norm_key(header);
    let headed = lists.stage_headers.contains(&header.as_str());
    let titles: Vec<Title> = names.iter().map(|name| Title::read_title(own, name)).collect();
    let mine = own_phase(own);
    let mut parts: Vec<Part> = names.iter().zip(&titles).map(|(name, title)| part_of(name, title, mine)).collect();
    let is_stage = |part: &Part| matches!(part, Part::Stage(_));
    let stages: Vec<(&str, &Title)> = parts
        .iter()
        .zip(names.iter().zip(&titles))
        .filter(|(part, _)| is_stage(part))
        .map(|(_, (name, title))| (*name, title))
        .collect();
    let is_one = |title: &Title| match title.named {
        Named::Nobody => true,
        Named::Unknown => (headed && !is_number(&title.rest)) || tells_a_stage(own, title),
        Named::Other => false,
        Named::Mine(_) => headed,
    };
    let number = |(i, (name, _)): (usize, &(&str, &Title))| {
        ordinal(name).or_else(|| norm_key(name).parse().ok().filter(|_| headed)) == Some(i + 1)
    };
    let counted = stages.iter().enumerate().all(number);
    // "SFT", "DPO" alone may be two models, but not beside their sum or the training of the base.
    let joined = parts.iter().any(|part| matches!(part, Part::Total | Part::Base));
    let phased = joined && stages.iter().all(|(_, t)| t.phase.is_some() && t.named == Named::Nobody);
    // Who has a base, and is not known to have tuned it, may have made any of the phases.
    let one_phase = stages.windows(2).all(|w| matches!(w, [(_, a), (_, b)] if a.phase == b.phase));
    let known = mine.is_some() || !own.has_base() || one_phase;
    let fits = (2..=STAGES.len()).contains(&stages.len()) && known && stages.iter().all(|(_, title)| counted || is_one(title));
    let tuned_only = stages.iter().all(|(_, title)| title.phase == Some(Phase::FineTuning));
    let told = headed || counted || phased || (!tuned_only && stages.iter().all(|(_, title)| tells_a_stage(own, title)));
    if !fits || !told || parts.iter().filter(|part| **part == Part::Total).count() > 1 {
        return None;
    }
    let whole =
        !parts.iter().any(|part| matches!(part, Part::Base)) && !names.iter().zip(&titles).any(|(name, t)| later(name, t, mine));
    number_stages(&mut parts, whole);
    Some(parts)
}

/// Numbers the stages; a sum that holds the base, or what was made of this model, is another's.
fn number_stages(parts: &mut [Part], whole: bool) {
    let mut number = 0;
    for part in parts {
        match part {
            Part::Stage(at) => {
                *at = number;
                number += 1;
            }
            Part::Total if !whole => *part = Part::Other,
            Part::Total | Part::Base | Part::Other => {}
        }
    }
}

/// What a title is of, before its stages are numbered.
fn part_of(name: &str, title: &Title, mine: Option<Phase>) -> Part {
    match (title.phase, mine) {
        _ if is_total(name) => Part::Total,
        (Some(Phase::Never), _) => Part::Other,
        (None, _) if is_work(title) => Part::Other,
        (Some(Phase::PreTraining), Some(Phase::FineTuning)) => Part::Base,
        (Some(Phase::FineTuning), Some(Phase::PreTraining)) => Part::Other,
        _ => Part::Stage(0),
    }
}

/// Whether the words of a title are one number.
fn is_number(rest: &str) -> bool {
    rest.parse::<f64>().is_ok()
}

/// Whether a title is of what was made of a model that was only pre-trained.
fn later(name: &str, title: &Title, mine: Option<Phase>) -> bool {
    !is_total(name) && title.phase == Some(Phase::FineTuning) && mine == Some(Phase::PreTraining)
}

/// Whether a title is of work around a training.
#[must_use]
pub fn is_work(t: &Title) -> bool {
    t.phase.is_none() && t.rest.split(' ').any(|word| vocabulary::card().phases.work.contains(&word))
}

/// Whether the words of a title tell a stage and nothing else: "Annealing", "Stage 2", "March 2024".
fn tells_a_stage(own: &Repository, t: &Title) -> bool {
    let words = || t.rest.split(' ').filter(|w| !w.is_empty());
    let is_month = words().next().is_some_and(|w| month_of(w).is_some());
    let all = words().all(|w| vocabulary::card().phases.stages.contains(&w) || w.parse::<u32>().is_ok() || own.has(w));
    let numbered = words().next().is_some_and(|w| w.parse::<u32>().is_ok()) && t.named != Named::Other;
    // Numbers alone count anything.
    let says = t.phase.is_some() || words().any(|w| w.parse::<u32>().is_err());
    (all || numbered || is_month) && says
}

/// The columns behind the first, where they are the stages of one training.
#[must_use]
pub fn stage_columns(own: &Repository, header: &[String]) -> Option<Vec<Part>> {
    let names: Vec<&str> = header.get(1..)?.iter().map(String::as_str).collect();
    parts(own, "", &names)
}
