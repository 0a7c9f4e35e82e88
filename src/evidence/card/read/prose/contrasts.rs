//! Figures that a training is set beside: an example, what it is compared with, what was used instead, a limit.

use super::nearby::any;
use crate::evidence::card::read::training::is_train;
use crate::evidence::quantity::numbers::quantity;
use crate::evidence::quantity::tokens::{Kind, Token, span, text_at, text_before};
use crate::evidence::vocabulary::{self, Words};

/// Tokens behind a figure that say something of it.
const BEHIND: usize = 5;
/// Tokens before a figure within which it is told by what everybody knows.
const NEAR: usize = 10;
/// Tokens at the beginning of a clause of which one makes it an example.
const BEGINS: usize = 3;
/// Tokens before a figure of which one says that it was given.
const NEXT_TO: usize = 3;

/// "e.g. 'The building consumed 1,250 MWh in 2022'": what the clause begins with makes it an example.
#[must_use]
pub fn is_example(ts: &[Token<'_>], at: &[usize]) -> bool {
    let words = &vocabulary::prose().subjects;
    let is = |i: usize, list: &Words| ts.get(i).is_some_and(|t| t.is_any(list));
    // "Every example was cut".
    let of_each = |i: &usize| i.checked_sub(1).is_some_and(|before| is(before, &words.each));
    // "We pack samples into sequences" gives none.
    let is_object = |n: usize, i: usize| n > 0 && text_at(ts, i).ends_with('s');
    // "Instance: g5.12xlarge" is a machine.
    let is_machine = |i: usize| {
        let led = i.checked_sub(1).is_some_and(|before| text_at(ts, before) == "for");
        ts.get(i).is_some_and(|t| t.is("instance")) && !led
    };
    let begins = at
        .iter()
        .take(BEGINS)
        .enumerate()
        .any(|(n, i)| is(*i, &words.example) && !of_each(i) && !is_machine(*i) && !is_object(n, *i));
    let for_instance = at.windows(3).any(
        |w| matches!(w, [e, point, g] if text_at(ts, *point) == "." && [e, g].iter().all(|i| is(**i, &words.example_letters))),
    );
    // "Exemple de CNN => Émissions : 3 kg" is one of a kind.
    let of_a_kind = |i: usize| matches!(text_at(ts, i + 1), "de" | "di" | "für") && ts.get(i + 2).is_some_and(|t| t.upper);
    let first = (0..2).any(|i| is(i, &words.example) && !is_machine(i) && !of_a_kind(i));
    let begins = begins && !(0..2).any(of_a_kind);
    begins || for_instance || first
}

/// "Instead of 500 GPU hours for a full run": the figure is what this one is set against.
#[must_use]
pub fn is_set_against(ts: &[Token<'_>], at: &[usize]) -> bool {
    let words = &vocabulary::prose().subjects;
    let Some(first) = at.first().copied() else { return false };
    let of = |i: usize| {
        ts.get(i).is_some_and(|t| t.is_any(&words.against)) && ts.get(i + 1).is_some_and(|t| t.is_any(&words.against_joins))
    };
    // "in contrast to the original, where the model was trained on 8 A100"
    let told_of = words.relatives_of.contains(&text_at(ts, first)) && (0..first).any(&of);
    first.checked_sub(1).is_some_and(&of) || of(first) || told_of
}

/// "15 Stunden anstatt 4 Stunden", "au lieu de 12 heures": the figure is what was not used.
#[must_use]
pub fn is_instead(ts: &[Token<'_>], from: usize) -> bool {
    let words = &vocabulary::prose().progress;
    let near = (from.saturating_sub(NEXT_TO)..from).rev().find(|at| ts.get(*at).is_some_and(|t| t.is_any(&words.instead)));
    near.is_some_and(|at| span(ts, at, from).iter().all(|t| t.kind == Kind::Word))
}

/// Tokens behind an opening bracket or before a figure within which a paper is named that is set beside this training.
const PAPER: usize = 4;

/// "(paper: 256 epochs, 384 GPU-hours)", "（原论文为38小时）", "versus 38 hours in the original": what is set beside the figure that stands before.
#[must_use]
pub fn is_of_the_paper(ts: &[Token<'_>], from: usize) -> bool {
    let words = &vocabulary::prose().subjects;
    let counts = |from: usize, to: usize| span(ts, from, to).iter().any(|t| t.kind == Kind::Number);
    let is_paper = |t: &Token<'_>| t.is_any(&words.papers) || (!t.text.is_ascii() && words.papers_cjk.is_within(&t.text));
    let bracket = (0..from).rev().find(|at| ts.get(*at).is_some_and(|t| t.is_any(&["(", "（", ")", "）"])));
    let open = bracket.filter(|at| ts.get(*at).is_some_and(|t| t.is_any(&["(", "（"])) && counts(0, *at));
    // "the original recipe (600k iterations on 8 A100)"
    let behind = bracket.filter(|at| ts.get(*at).is_some_and(|t| t.is_any(&["(", "（"])));
    let named = behind.is_some_and(|at| {
        let before = span(ts, at.saturating_sub(PAPER - 1), at);
        before.iter().any(is_paper) && !before.iter().any(|t| t.is_any(&words.own_work))
    });
    let in_bracket = named
        || open.is_some_and(|at| {
            let head = span(ts, at + 1, (at + 1 + PAPER).min(from));
            head.iter().take_while(|t| t.kind != Kind::Number).any(is_paper) && !head.iter().any(|t| t.is_any(&words.own_work))
        });
    let against = (from.saturating_sub(NEXT_TO)..from).rev().find(|at| ts.get(*at).is_some_and(|t| t.is_any(&words.versus)));
    in_bracket || against.is_some_and(|at| counts(0, at) && !counts(at, from))
}

/// Words between "than" and the figure that something else took.
const THAN: usize = 5;

/// "4.2 kWh less than the baseline's 10 kWh": what stands behind "than" and a name is of what is compared.
#[must_use]
pub fn is_than(ts: &[Token<'_>], from: usize) -> bool {
    let words = &vocabulary::prose().subjects;
    let than = (from.saturating_sub(THAN + 1)..from).rev().find(|at| words.than.contains(&text_at(ts, *at)));
    than.is_some_and(|at| {
        let between = span(ts, at + 1, from);
        let told = at
            .checked_sub(1)
            .and_then(|before| ts.get(before))
            .is_some_and(|t| t.is_any(&words.compared) || t.is_any(&words.fewer));
        told && between.iter().any(|t| t.kind == Kind::Word && !t.is_any(&words.nearly))
            && !between.iter().any(|t| t.kind == Kind::Number || t.is_any(&[",", ";", ".", ":", "("]))
    })
}

/// "The three epochs took 10 hours each", "zwei Läufe zu 5 Stunden jeweils": each of the passes before, or of the runs.
#[must_use]
pub fn is_of_each_pass(ts: &[Token<'_>], from: usize, to: usize) -> bool {
    let words = vocabulary::prose();
    let each = ts.get(to).is_some_and(|t| t.is_any(&words.rates.each_behind));
    let ends = ts.get(to + 1).is_none_or(|t| t.kind == Kind::Sign || t.is_any(&words.subjects.and));
    let before = span(ts, from.saturating_sub(NEAR), from);
    is_taken_by_each(ts, from)
        || each
            && ends
            && before
                .iter()
                .any(|t| t.is_any(&words.epochs.words) || t.is_any(&words.steps.words) || t.is_any(&words.rates.several_runs))
}

/// "with each epoch (2.6M samples) taking 1,100 seconds": what each pass takes; a bracket may stand between.
fn is_taken_by_each(ts: &[Token<'_>], from: usize) -> bool {
    let words = vocabulary::prose();
    let lead = (from.saturating_sub(NEAR_VERB)..from).rev().find(|i| ts.get(*i).is_some_and(|t| t.is_any(&words.subjects.lasts)));
    let Some(verb) = lead else { return false };
    if is_training_some(ts, verb) {
        return true;
    }
    let closed = verb.checked_sub(1).filter(|at| ts.get(*at).is_some_and(|t| t.is(")")));
    let open = closed.and_then(|close| (0..close).rev().find(|at| ts.get(*at).is_some_and(|t| t.is("("))));
    let noun = open.unwrap_or(verb).checked_sub(1);
    let is_pass = |at: usize| ts.get(at).is_some_and(|t| t.is_any(&words.rates.passes) || t.is_any(&words.epochs.words));
    let each = |at: usize| at > 0 && ts.get(at - 1).is_some_and(|t| t.is_any(&words.rates.one_pass));
    noun.is_some_and(|at| (is_pass(at) && each(at)) || is_each_of_others(ts, at))
}

/// "Training 1,000 batches of data costs 600 minutes": of so many of them.
fn is_training_some(ts: &[Token<'_>], verb: usize) -> bool {
    let words = vocabulary::prose();
    let counted = |i: usize| {
        let noun = quantity(ts, i + 1).filter(|q| !q.is_word).map(|q| q.to);
        noun.is_some_and(|at| at < verb && ts.get(at).is_some_and(|t| t.is("batches") || t.is_any(&words.samples.nouns)))
    };
    (verb.saturating_sub(NEAR)..verb).any(|i| is_train(ts, i) && counted(i))
}

/// Words between "every" and its noun, at most.
const EACH_WORDS: usize = 2;

/// "every future design takes 17 seconds": each of something that is no training, no run and no model; its noun stands at `at`.
fn is_each_of_others(ts: &[Token<'_>], at: usize) -> bool {
    let words = vocabulary::prose();
    let is_each = |i: &usize| ts.get(*i).is_some_and(|t| t.is_any(&words.subjects.each));
    let Some(each) = (at.saturating_sub(1 + EACH_WORDS)..at).rev().find(is_each) else { return false };
    let of_training = |i: usize| {
        is_train(ts, i)
            || ts.get(i).is_some_and(|t| {
                let lists = [&words.rates.runs, &words.rates.several_runs, &words.sentences.run_nouns, &words.subjects.model_nouns];
                t.kind != Kind::Word || t.upper || t.is_any(&words.subjects.and) || lists.iter().any(|list| t.is_any(*list))
            })
    };
    !(each + 1..=at).any(of_training)
}

/// Tokens between a verb and a time, at most.
const NEAR_VERB: usize = 3;

/// "under five days", but not "a little under 1 hour".
#[must_use]
pub fn is_limit(ts: &[Token<'_>], from: usize) -> bool {
    let words = &vocabulary::prose().subjects;
    let fewer = words.than.contains(&text_before(ts, from, 1)) && words.fewer.contains(&text_before(ts, from, 2));
    let under = words.limits.contains(&text_before(ts, from, 1));
    (fewer && !words.nearly.contains(&text_before(ts, from, 3))) || (under && !words.nearly.contains(&text_before(ts, from, 2)))
}

/// "the yearly consumption (3,500 kWh) of a household".
#[must_use]
pub fn is_everyday(ts: &[Token<'_>], from: usize, to: usize) -> bool {
    let words = &vocabulary::prose().subjects;
    let before: Vec<&Token<'_>> = ts
        .get(..from)
        .unwrap_or_default()
        .iter()
        .rev()
        .take(NEAR)
        .take_while(|t| t.kind != Kind::Number && !t.is_any(&[",", ";"]))
        .collect();
    let behind_bracket =
        (text_at(ts, to) == ")" || words.of.contains(&text_at(ts, to))) && any(span(ts, to + 1, to + BEHIND), &words.everyday);
    before.iter().any(|t| t.is_any(&words.everyday)) || behind_bracket
}
