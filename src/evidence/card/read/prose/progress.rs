//! How far a training came: "45 of 100 epochs done", "target: 300k steps, now at 120k", "50,000 (currently @1,000)". What was done is the
//! figure, what was planned is none. And whose a number without its noun is: "v1 had 40 epochs, this one 25".

use super::batches::counted;
use super::nearby::any;
use super::sentence::Sentence;
use crate::domain::Field;
use crate::evidence::card::read::candidate::{Card, Spot};
use crate::evidence::quantity::numbers::{Quantity, quantity};
use crate::evidence::quantity::tokens::{Kind, Token, is_latin_word, lex, span, text_at};
use crate::evidence::vocabulary::{self, Words};
use std::borrow::Cow;

/// Reason of what was planned, where the text says how far it came.
const PLANNED: &str = "planned: the run came less far";
/// Words between what was done and all of it, or between a marker and its number, at most.
const REACH: usize = 5;
/// Most that all is of what was done: "1.2 of 3T tokens" lacks its scale.
const MOST_TIMES: f64 = 1e5;

/// Whether a token is a noun that is counted.
type IsNoun<'f> = &'f dyn Fn(&Token<'_>) -> bool;

/// What was done of what, in numbers of the same noun.
struct Progress {
    done: Quantity,
    all: Quantity,
    /// Why the other number is none of this training.
    why: &'static str,
}

/// Whether a token is one of some words; those of other scripts may stand within it.
fn is(t: Option<&Token<'_>>, words: &Words) -> bool {
    t.is_some_and(|t| t.is_any(words) || (!is_latin_word(&t.text) && words.iter().any(|w| !w.is_ascii() && t.text.contains(w))))
}

/// Reads how far a training came, in passes, steps and tokens; candidates of the sentence begin at `known`.
pub fn read_progress(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, known: usize) {
    let words = vocabulary::prose();
    if s.ts.iter().filter(|t| t.value.is_some() || t.kind == Kind::Word).count() < 2 {
        return;
    }
    let epoch = |t: &Token<'_>| t.is_any(&words.epochs.words) || begins(t, &words.epochs.cjk);
    let step = |t: &Token<'_>| t.is_any(&words.steps.words) || t.is_any(&words.steps.one) || begins(t, &words.steps.cjk);
    let token = |t: &Token<'_>| t.is_any(&words.tokens.words) || begins(t, &words.tokens.cjk);
    let nouns: [(Field, IsNoun<'_>); 3] = [(Field::Epochs, &epoch), (Field::TrainSteps, &step), (Field::TrainTokens, &token)];
    for (field, noun) in nouns {
        if s.ts.iter().any(noun)
            && let Some(progress) = progress(s.ts, noun)
        {
            add(card, spot, s, field, &progress, known);
        }
    }
}

fn begins(t: &Token<'_>, stems: &Words) -> bool {
    !t.text.is_ascii() && stems.iter().any(|w| t.text.starts_with(w))
}

fn add(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, field: Field, p: &Progress, known: usize) {
    let (done, all) = (counted(s.ts, &p.done), counted(s.ts, &p.all));
    let same = |a: f64, b: f64| (a - b).abs() <= 1e-6 * b.abs();
    for c in card.candidates.iter_mut().skip(known).filter(|c| c.field == field) {
        if c.value.is_some_and(|value| same(value, all) && !same(all, done)) {
            c.reason.get_or_insert(Cow::Borrowed(p.why));
        }
    }
    // The head of the sentence is a plan, and this is no part of it.
    let spot = if spot.reason == Some("planned") { Spot { reason: None, ..*spot } } else { *spot };
    let evaluated = (s.under_evaluation && !s.trains()).then_some("evaluation");
    card.add_quantity(&spot.refused(evaluated), field, done, s.written(p.done.from, p.done.to), &p.done);
}

fn progress(ts: &[Token<'_>], noun: &dyn Fn(&Token<'_>) -> bool) -> Option<Progress> {
    let is_noun = |at: usize| ts.get(at).is_some_and(noun);
    (0..ts.len())
        .filter(|at| starts_number(ts, *at))
        .find_map(|at| part_of_all(ts, at, &is_noun))
        .or_else(|| without_noun(ts, &is_noun))
}

/// Whether a number may begin at a token, and none before it goes on.
fn starts_number(ts: &[Token<'_>], at: usize) -> bool {
    ts.get(at).is_some_and(|t| matches!(t.kind, Kind::Number | Kind::Word))
        && !ts.get(at).is_some_and(|t| t.glued && at > 0 && ts.get(at - 1).is_some_and(|b| b.kind == Kind::Number))
}

/// "45 of 100 epochs", "45 epochs of 100", "step 64,000 of 200,000", "30k out of the planned 100k steps".
fn part_of_all(ts: &[Token<'_>], at: usize, is_noun: &dyn Fn(usize) -> bool) -> Option<Progress> {
    let words = &vocabulary::prose().progress;
    let done = quantity(ts, at).filter(|q| !q.is_range && (!q.is_word || q.value > 1.0))?;
    let join = done.to + usize::from(is_noun(done.to));
    let fills = |at: usize| ts.get(at).is_some_and(|t| t.is_any(&words.fillers));
    let joined = is(ts.get(join), &words.of) || (fills(join) && text_at(ts, join + 1) == "of");
    let from = (join + 1..join + 1 + REACH).find(|at| !fills(*at))?;
    let all =
        quantity(ts, from).filter(|q| joined && !q.is_range && q.value >= done.value && q.value <= MOST_TIMES * done.value)?;
    let behind = (all.to..all.to + 2).find(|at| !fills(*at))?;
    let before = at.checked_sub(1).is_some_and(is_noun);
    let has_noun = is_noun(done.to) || is_noun(behind) || before;
    let led = |back: usize| at.checked_sub(back).is_some_and(|at| is(ts.get(at), &words.not_led));
    // "3/5 epochs" may be two trainings.
    let is_said = text_at(ts, join) != "/" || ts.iter().any(|t| is(Some(t), &words.markers) || is(Some(t), &words.done));
    (has_noun && is_said && !led(1) && !(before && led(2))).then_some(Progress { done, all, why: PLANNED })
}

/// A number without its noun, whose noun stands beside the number of what was planned or of another model.
fn without_noun(ts: &[Token<'_>], is_noun: &dyn Fn(usize) -> bool) -> Option<Progress> {
    let words = &vocabulary::prose().progress;
    let all = (0..ts.len()).find_map(|at| {
        let q = quantity(ts, at).filter(|q| starts_number(ts, at) && !q.is_range && (!q.is_word || is_noun(q.to)))?;
        let behind = is_noun(q.to) || (is_noun(q.to + 1) && ts.get(q.to).is_some_and(|t| t.kind == Kind::Word));
        behind.then_some(q)
    })?;
    let ends = |q: &Quantity| ts.get(q.to).is_none_or(|t| t.kind == Kind::Sign || is(Some(t), &words.done)) || is_noun(q.to);
    let number = |marker: usize, joins: &Words| {
        let at = (marker + 1..marker + 2 + REACH).find(|at| !is(ts.get(*at), joins))?;
        quantity(ts, at).filter(|q| !q.is_range && q.from != all.from && ends(q))
    };
    let smaller = |q: &Quantity| q.value > 0.0 && q.value <= all.value;
    let planned = || {
        let marked = (0..ts.len()).filter(|at| is(ts.get(*at), &words.markers));
        marked.filter_map(|at| number(at, &words.joins)).find(smaller)
    };
    if let Some(done) = planned() {
        return Some(Progress { done, all, why: PLANNED });
    }
    // "instead of the usual three epochs only one"
    let instead = (0..all.from).any(|at| is(ts.get(at), &words.instead));
    let only = || {
        (all.to..ts.len())
            .filter(|at| is(ts.get(*at), &words.only))
            .find_map(|at| quantity(ts, at + 1).or_else(|| one_of(ts, at + 1)).filter(&ends))
    };
    if let Some(done) = instead.then(only).flatten() {
        return Some(Progress { done, all, why: "another model's figure" });
    }
    let clause = |at: usize| {
        at.checked_sub(1).is_none_or(|b| {
            ts.get(b).is_some_and(|t| {
                t.kind == Kind::Sign
                    || t.is_any(&vocabulary::prose().subjects.and)
                    || t.is_any(&vocabulary::prose().subjects.sets_against)
            })
        })
    };
    let ours = (all.to..ts.len()).filter(|at| is(ts.get(*at), &words.ours) && clause(*at));
    let done = ours.filter_map(|at| number(at, &words.our_joins)).find(|q| !q.is_word && !is_noun(q.to))?;
    Some(Progress { done, all, why: "another model's figure" })
}

/// "Only one": an article that stands for the number.
fn one_of(ts: &[Token<'_>], at: usize) -> Option<Quantity> {
    let one = ts.get(at).is_some_and(|t| t.is_any(&vocabulary::prose().rates.one_pass));
    one.then_some(Quantity {
        value: 1.0,
        from: at,
        to: at + 1,
        scaled: false,
        is_word: true,
        is_range: false,
        is_rate: false,
        is_negative: false,
    })
}

/// Whether a clause has a number without a noun, which the clause before it tells: what stands between them is one sentence.
#[must_use]
pub fn is_without_noun(ts: &[Token<'_>]) -> bool {
    let words = &vocabulary::prose().progress;
    let begins = ts.iter().take(2).any(|t| is(Some(t), &words.ours) || is(Some(t), &words.markers));
    let lists = [&words.ours, &words.our_joins, &words.markers, &words.joins, &words.done, &words.only];
    let says_nothing = |t: &Token<'_>| t.kind != Kind::Word || lists.iter().any(|list| is(Some(t), list));
    let numbers = ts.iter().filter(|t| t.kind == Kind::Number).count();
    begins && numbers == 1 && ts.iter().all(says_nothing)
}

/// The part of a value that says how far it came: "50,000 (currently @1,000)", "300k, now at 120k", "20 (stopped at 12)".
#[must_use]
pub fn done_part(value: &str) -> Option<&str> {
    let words = vocabulary::prose();
    if !value.contains(' ') || value.bytes().filter(u8::is_ascii_digit).count() < 2 {
        return None;
    }
    let ts = lex(value);
    let all = (0..ts.len()).find_map(|at| quantity(&ts, at).filter(|q| !q.is_word))?;
    let ended = |at: usize| {
        ts.get(at).is_some_and(|t| t.is_any(&words.epochs.ended))
            && ts.get(at + 1).is_some_and(|t| t.is_any(&words.epochs.ended_joins))
    };
    let marks = (all.to..ts.len()).filter(|at| is(ts.get(*at), &words.progress.markers) || ended(*at));
    let ends = |q: &Quantity| {
        let noun = usize::from(ts.get(q.to).is_some_and(|t| t.is_any(&words.epochs.words) || t.is_any(&words.steps.words)));
        ts.get(q.to + noun).is_none_or(|t| t.kind == Kind::Sign || is(Some(t), &words.progress.done))
    };
    let done = marks.filter_map(|mark| {
        let fills =
            |at: usize| is(ts.get(at), &words.progress.joins) || ts.get(at).is_some_and(|t| t.is_any(&words.epochs.ended_joins));
        let at = (mark + 1..mark + 2 + REACH).find(|at| !fills(*at))?;
        quantity(&ts, at).filter(|q| !q.is_word && !q.is_range && ends(q))
    });
    let q = done.into_iter().find(|q| q.value <= all.value && q.value > 0.0)?;
    span(&ts, q.from, q.to).first().zip(span(&ts, q.from, q.to).last()).and_then(|(a, b)| value.get(a.from..b.to))
}

/// Whether the token before "step" or "epoch" makes its number that of the published weights: "this upload is from step 150k".
#[must_use]
pub fn is_of_snapshot(ts: &[Token<'_>], join: usize) -> bool {
    let words = &vocabulary::prose().progress;
    let noun = (join.saturating_sub(REACH)..=join).rev().find(|at| !ts.get(*at).is_some_and(|t| t.is_any(&words.snapshot_joins)));
    let told = noun.is_some_and(|at| ts.get(at).is_some_and(|t| t.is_any(&words.snapshots)));
    told && noun.is_some_and(|at| any(span(ts, at.saturating_sub(REACH), at), &words.these))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::tests::card_tables;
    use crate::evidence::card::{About, CardRole, extract};
    use crate::reference::Reference;

    fn figure(field: Field, card: &str) -> Option<f64> {
        let bases = ["org/dove-13b".to_owned()];
        let about = About { model_id: "org/dove-13b-x", role: CardRole::FineTune, base_ids: &bases, total_params: None };
        let rows = extract(card_tables(&Reference::load().unwrap()), card, &about);
        rows.into_iter().find(|r| r.field == field && r.reject_reason.is_none()).and_then(|r| r.value)
    }

    #[test]
    fn what_was_done_is_the_figure_and_what_was_planned_is_none() {
        for (field, text, value) in [
            (Field::Epochs, "Still training, 45 of 100 epochs done.", 45.0),
            (Field::TrainSteps, "Target: 300k steps, now at 120k.", 120_000.0),
            (Field::Epochs, "Geplant sind 10 Epochen, bisher sind 4 gelaufen.", 4.0),
            (Field::TrainSteps, "The model will be trained for 500k steps; this upload is from step 150k.", 150_000.0),
            (Field::TrainSteps, "- steps: 50.000 (currently @1.000)", 1000.0),
            (Field::Epochs, "- epochs: 20 (stopped at 12)", 12.0),
            (Field::Epochs, "Most of my LoRAs want 30 epochs; this one needed only 16.", 16.0),
            (Field::Epochs, "Trained for 3 of 3 epochs.", 3.0),
        ] {
            assert_eq!(figure(field, &format!("# d\n\n## Training\n\n{text}\n")), Some(value), "{text}");
        }
    }

    #[test]
    fn a_pick_and_a_part_are_no_progress() {
        for text in [
            "Trained for 20 epochs; the encoder was frozen in 2 of 20 epochs.",
            "Trained for 20 epochs, best 4 of 20 epochs averaged.",
        ] {
            assert_eq!(figure(Field::Epochs, &format!("# d\n\n## Training\n\n{text}\n")), Some(20.0), "{text}");
        }
    }
}
