//! Stages of one training that sentences tell one by one: "Phase 1 took 21 days. Phase 2 took 3.", "SFT: 96 GPU hours. DPO: 24."

use crate::domain::Field;
use crate::evidence::card::read::candidate::{Candidate, Card};
use crate::evidence::card::read::phases::{Phase, own_phase};
use crate::evidence::card::read::repository::Repository;
use crate::evidence::card::read::stages::{STAGES, glued, is_of_stage, is_stage_word, number_of, ordinal};
use crate::evidence::quantity::tokens::{Kind, Token, span, text_before};
use crate::evidence::vocabulary;

/// What stages add up to.
const SUMS: [Field; 6] =
    [Field::WallHours, Field::AcceleratorHours, Field::EnergyKwh, Field::EmissionsKgco2e, Field::TrainSteps, Field::TrainTokens];
/// What each has its own of, or all the same.
const SHARED: [Field; 2] = [Field::Accelerator, Field::AcceleratorCount];
/// Reasons that a stage overrules: what it says is more.
const VAGUE: [&str; 1] = ["one stage of several"];

/// Which stage a clause tells.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Which {
    /// By its number.
    Number(usize),
    /// By the method: "SFT".
    Method(String),
}

/// A clause that tells a stage: which, under which headings, and its figures.
#[derive(Clone, Debug)]
struct Told {
    which: Which,
    section: usize,
    figures: Vec<usize>,
}

/// The clauses of a card that tell stages.
#[derive(Clone, Debug, Default)]
pub struct StagesTold {
    told: Vec<Told>,
    /// Figures read when the last of them was noted.
    behind: usize,
}

/// Whether a token is the noun of a stage, and which one it is: "phase 1", "second stage", "第二阶段"; the tokens of the mention.
fn numbered_at(ts: &[Token<'_>], i: usize) -> Option<(usize, usize, usize)> {
    let t = ts.get(i).filter(|t| t.kind == Kind::Word)?;
    if is_stage_word(&t.text) {
        let behind = ts.get(i + 1).filter(|next| !next.glued || next.kind == Kind::Number).and_then(|next| number_of(&next.text));
        // "1 stage" counts stages, "first stage" is one.
        let is_ordinal =
            |w: &str| !w.starts_with(|c: char| c.is_ascii_digit()) && !matches!(w, "one" | "two" | "three" | "four" | "i");
        let before = || Some(text_before(ts, i, 1)).filter(|w| is_ordinal(w)).and_then(number_of);
        return behind.map(|n| (n, i, i + 2)).or_else(|| before().map(|n| (n, i.saturating_sub(1), i + 1)));
    }
    if t.text.is_ascii() {
        return None;
    }
    // "第1段階": the digit is a token of its own.
    let digit = ts.get(i.checked_sub(1)?).filter(|d| d.kind == Kind::Number && t.glued && starts_with_a_stage(&t.text));
    let apart = digit.and_then(|d| number_of(&d.text)).map(|n| (n, i - 1, i + 1));
    apart.or_else(|| glued(&t.text).map(|n| (n, i, i + 1)))
}

/// Whether a word of a script without spaces begins with the noun of a stage.
fn starts_with_a_stage(word: &str) -> bool {
    vocabulary::card().phases.stage_nouns.iter().any(|noun| !noun.is_ascii() && word.starts_with(noun))
}

/// The method that a clause is about, which begins with it and a sign or a verb: "SFT: 96 GPU hours", "DPO took 24".
fn method_at(own: &Repository, ts: &[Token<'_>], i: usize) -> Option<Which> {
    let lists = vocabulary::card();
    let t = ts.get(i).filter(|t| t.kind == Kind::Word)?;
    let begins = i == 0 || ts.get(i - 1).is_some_and(|t| t.is_any(&[",", ";", ".", "|", "-", "•", "("]));
    let sign = ts.get(i + 1).is_some_and(|next| next.is_any(&[":", "：", "–", "—"]) || next.is_any(&lists.designators.verbs));
    if !begins {
        return None;
    }
    let is_method = t.is_any(&lists.phases.fine_tuning) && is_short(&t.text) && own_phase(own) == Some(Phase::FineTuning);
    (is_method && sign && !own.has(&t.text)).then(|| Which::Method(t.text.to_string()))
}

/// Longest name of a method by its letters.
const SHORT: usize = 5;

/// Whether a word is the letters of a method: "dpo".
fn is_short(word: &str) -> bool {
    word.len() <= SHORT && word.is_ascii()
}

/// The stages that tokens tell, with the tokens of each mention.
fn mentions(own: &Repository, ts: &[Token<'_>]) -> Vec<(Which, usize, usize)> {
    let mut out: Vec<(Which, usize, usize)> = Vec::new();
    for i in 0..ts.len() {
        if let Some((number, from, to)) = numbered_at(ts, i) {
            out.push((Which::Number(number), from, to));
        } else if let Some(which) = method_at(own, ts, i) {
            out.push((which, i, i + 1));
        }
    }
    out
}

/// The bytes of a text that are of each stage that its tokens tell, where they tell several: from a mention to the next, or, where figures stand
/// before the first and none behind the last, from one to the next behind it ("60k steps in stage 1 and 20k in stage 2").
fn regions(ts: &[Token<'_>], told: &[(Which, usize, usize)]) -> Vec<(Which, usize, usize)> {
    let counts = |from: usize, to: usize| span(ts, from, to).iter().any(|t| t.kind == Kind::Number);
    let ends = |at: usize| ts.get(at).or(ts.last()).map_or(0, |t| t.from);
    let Some((first, last)) = told.first().zip(told.last()) else { return Vec::new() };
    let behind = counts(0, first.1) && !counts(last.2, ts.len());
    let byte_behind = ts.last().map_or(0, |t| t.to);
    let mut from = if behind { ts.first().map_or(0, |t| t.from) } else { ends(first.1) };
    let mut out = Vec::new();
    for (n, (which, _, to)) in told.iter().enumerate() {
        let next = told.get(n + 1);
        let end = if behind { next.map_or(byte_behind, |_| ends(*to)) } else { next.map_or(byte_behind, |next| ends(next.1)) };
        out.push((which.clone(), from, end));
        from = end;
    }
    out
}

/// Tokens behind a figure within which it is said to be all of it.
const ENDS: usize = 3;

/// Where each figure of a sentence stands in its text, but for those that are said to be of all: "2.5 trillion tokens in all".
fn places(text: &str, ts: &[Token<'_>], figures: &[Candidate]) -> Vec<(usize, usize)> {
    let Some((from, to)) = ts.first().map(|t| t.from).zip(ts.last().map(|t| t.to)) else { return Vec::new() };
    let mut seen: Vec<(&str, Field, usize)> = Vec::new();
    let mut out = Vec::new();
    for (i, figure) in figures.iter().enumerate() {
        let known = seen.iter().rev().find(|(written, field, _)| *written == figure.written && *field == figure.field);
        let start = known.map_or(from, |(_, _, behind)| *behind);
        let Some(at) = text.get(start..to).and_then(|rest| rest.find(figure.written.as_str())).map(|at| start + at) else {
            continue;
        };
        let behind = at + figure.written.len();
        seen.push((&figure.written, figure.field, behind));
        let of_all = ts.iter().filter(|t| t.from >= behind).take(ENDS).any(|t| t.is_any(&vocabulary::prose().times.ends));
        if !of_all {
            out.push((i, at));
        }
    }
    out
}

impl Card<'_> {
    /// Notes the stages that a sentence of a text tells, with the figures that were read of it: those from `known` on.
    pub fn note_stage(&mut self, (text, ts): (&str, &[Token<'_>]), section: usize, titles: &[&str], known: usize, goes_on: bool) {
        let found = mentions(&self.own, ts);
        let is_one = found.windows(2).all(|w| matches!(w, [(a, ..), (b, ..)] if a == b));
        let figures: Vec<usize> = (known..self.candidates.len()).collect();
        if found.len() > 1 && !is_one {
            let regions = regions(ts, &found);
            for (which, ..) in &found {
                self.stages.told.push(Told { which: which.clone(), section, figures: Vec::new() });
            }
            for (figure, place) in places(text, ts, self.candidates.get(known..).unwrap_or_default()) {
                let region = regions.iter().find(|(_, from, to)| (*from..*to).contains(&place));
                if let Some((which, ..)) = region {
                    self.stages.told.push(Told { which: which.clone(), section, figures: vec![known + figure] });
                }
            }
            self.stages.behind = self.candidates.len();
            return;
        }
        let before = || self.stages.told.last().filter(|last| last.section == section && self.stages.behind == known);
        let which = match found.first() {
            Some((which, ..)) => Some(which.clone()),
            None if goes_on => before().map(|last| last.which.clone()),
            None => titles.iter().find_map(|title| ordinal(title)).map(Which::Number),
        };
        if let Some(which) = which {
            let places = places(text, ts, self.candidates.get(known..).unwrap_or_default());
            let figures = figures.into_iter().filter(|i| places.iter().any(|(at, _)| known + at == *i)).collect();
            self.stages.told.push(Told { which, section, figures });
            self.stages.behind = self.candidates.len();
        }
    }

    /// Gives the figures of stages their numbers, where a card tells several of one training.
    pub fn settle_stages(&mut self) {
        let StagesTold { told, .. } = std::mem::take(&mut self.stages);
        if is_of_stage(&self.own) {
            return;
        }
        let numbered = told.iter().filter_map(|t| if let Which::Number(n) = t.which { Some((n, t)) } else { None });
        self.settle(&numbered.collect::<Vec<_>>());
        let mut sections: Vec<usize> = told.iter().map(|t| t.section).collect();
        sections.dedup();
        for section in sections {
            let here = || told.iter().filter(move |t| t.section == section);
            let mut names: Vec<&Which> = Vec::new();
            for t in here().filter(|t| matches!(t.which, Which::Method(_))) {
                if !names.contains(&&t.which) {
                    names.push(&t.which);
                }
            }
            let number = |t: &&Told| names.iter().position(|name| **name == t.which).map(|n| n + 1);
            let all: Vec<(usize, &Told)> = here().filter_map(|t| Some((number(&t)?, t))).collect();
            self.settle(&all);
        }
    }

    /// Gives each figure that two stages state the number of its stage.
    fn settle(&mut self, told: &[(usize, &Told)]) {
        let mut all: Vec<usize> = told.iter().map(|(n, _)| *n).collect();
        all.sort_unstable();
        all.dedup();
        for field in SUMS.into_iter().chain(SHARED) {
            let stages = if SHARED.contains(&field) { 0 } else { all.len() };
            let plain = |why: Option<&str>| why.is_none_or(|why| VAGUE.contains(&why));
            let is = |c: &Candidate| c.field == field && plain(c.reason.as_deref());
            let of = |(_, t): &&(usize, &Told)| t.figures.iter().any(|i| self.candidates.get(*i).is_some_and(is));
            let mut numbers: Vec<usize> = told.iter().filter(of).map(|(n, _)| *n).collect();
            numbers.sort_unstable();
            numbers.dedup();
            // A figure of one of two stages is no more than that, whatever the other took.
            if numbers.is_empty() || stages.max(numbers.len()) < 2 || numbers.last().is_some_and(|last| *last > STAGES.len()) {
                continue;
            }
            for (n, t) in told {
                for i in &t.figures {
                    if let Some(c) = self.candidates.get_mut(*i).filter(|c| is(c)) {
                        c.reason = STAGES.get(n - 1).map(|why| (*why).into());
                    }
                }
            }
        }
    }
}
