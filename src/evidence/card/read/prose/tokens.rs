//! Tokens in prose: seen in training, or the size of a data set, a context, a batch, a vocabulary.

use super::nearby::{any, before, last};
use super::sentence::Sentence;
use crate::domain::Field;
use crate::evidence::card::read::candidate::{Card, Spot};
use crate::evidence::card::read::rates::rate_behind;
use crate::evidence::card::read::training::is_train_verb;
use crate::evidence::card::read::values::passes_behind;
use crate::evidence::quantity::numbers::{Quantity, quantity};
use crate::evidence::quantity::tokens::{Kind, span, text_at};
use crate::evidence::vocabulary;

/// Fewest tokens of a training: less is a length.
const MIN_TOKENS: f64 = 1e6;
/// Words before a number of tokens within which its verb is looked for.
const VERB_REACH: usize = 24;

/// Reads the number of tokens before the word at `i`.
pub fn read_tokens(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) {
    let words = &vocabulary::prose().tokens;
    let q = before(s, i, 7, |q, between| !q.is_word && q.value >= MIN_TOKENS && !any(between, &words.other_units));
    let Some(q) = q else { return };
    let passes = passes(s, i, &q);
    let reason = not_tokens_seen(s, i, &q)
        // The size of a data set and the passes over it are the tokens seen.
        .filter(|why| passes.is_none() || *why != DATA_SET_SIZE || !(s.trains() || s.under_training));
    let left = span(s.ts, q.from.saturating_sub(16), q.from);
    let spot = spot.after(u8::from(any(left, &words.extra))).refused(reason);
    let Passes { times, from, to } = passes.unwrap_or(Passes { times: 1.0, from: q.from, to: i + 1 });
    card.add_quantity(&spot, Field::TrainTokens, q.value * times, s.written(from, to), &q);
}

/// Why tokens of a data set are refused.
const DATA_SET_SIZE: &str = "data set size";

/// Passes over tokens, and where they are written together.
struct Passes {
    times: f64,
    from: usize,
    to: usize,
}

/// Passes over the data whose tokens are counted: `300B tokens x 4 epochs`, `4 epochs over 300B tokens`. None where the number counts all
/// passes already, or is a part of something else.
fn passes(s: &Sentence<'_, '_>, i: usize, q: &Quantity) -> Option<Passes> {
    let words = &vocabulary::prose().epochs;
    let left = span(s.ts, q.from.saturating_sub(8), q.from);
    if any(left, &words.whole) || any(span(s.ts, i, i + 8), &words.whole) || any(last(left, 2), &words.not_over) {
        return None;
    }
    // "300B tokens of web text for 4 epochs": a few words of data may stand between.
    let behind = (i + 1..i + 6)
        .take_while(|at| s.ts.get(*at).is_some_and(|t| t.kind == Kind::Word || t.is_any(&words.joins)))
        .find_map(|at| passes_behind(s.ts, at));
    if let Some((times, to)) = behind {
        let crossed = s.ts.get(i + 1).is_some_and(|t| t.is_any(&["x", "×", "*"]));
        let over_data = any(last(left, 4), &words.over) || crossed;
        return over_data.then_some(Passes { times, from: q.from, to });
    }
    let epochs = (q.from.saturating_sub(8)..q.from).rev().find(|at| s.ts.get(*at).is_some_and(|t| t.is_any(&words.words)))?;
    let between = span(s.ts, epochs + 1, q.from);
    let over = between.first().is_some_and(|t| t.is_any(&words.over)) && between.iter().all(|t| t.kind == Kind::Word || t.is("~"));
    let n = (epochs.saturating_sub(3)..epochs).find_map(|at| quantity(s.ts, at).filter(|n| n.to == epochs && !n.is_range))?;
    (over && n.value >= 1.0 && !n.scaled).then_some(Passes { times: n.value, from: n.from, to: i + 1 })
}

/// Why a number of tokens is not the number seen in training.
fn not_tokens_seen(s: &Sentence<'_, '_>, i: usize, q: &Quantity) -> Option<&'static str> {
    let words = &vocabulary::prose().tokens;
    let left = span(s.ts, q.from.saturating_sub(16), q.from);
    let right = span(s.ts, i + 1, i + 8);
    let middle = span(s.ts, q.to, i);
    let follows = |n: usize| right.get(n).map_or("", |t| t.text.as_ref());
    let seen = any(last(left, 4), &words.seen)
        || last(left, 3).iter().any(|t| t.text.contains("学习"))
        || (follows(0) == "during" && follows(1) == "training")
        || matches!(follows(0), "seen" | "processed");
    if any(middle, &words.not_seen_between) || (text_at(s.ts, i) == "token" && middle.is_empty() && !q.scaled) {
        return Some("not tokens seen");
    }
    if let Some(why) = rate_behind(s.ts, i + 1) {
        return Some(why);
    }
    let length = any(last(left, 6), &words.lengths) && !seen && !any(last(left, 2), &["total"]);
    if length || any(span(right, 0, 3), &words.lengths_behind) {
        return Some("context, batch or vocabulary");
    }
    let nearest = left.last().map_or("", |t| t.text.as_ref());
    if nearest == "than" || (nearest == "to" && any(left, &["up"])) {
        return Some("a limit");
    }
    if s.is_stage {
        return Some("one stage of several");
    }
    if seen { None } else { not_trained_on(s, i, q) }
}

/// Why a number of tokens that nothing else is said of is not the number of a training: its verb, and what stands between.
fn not_trained_on(s: &Sentence<'_, '_>, i: usize, q: &Quantity) -> Option<&'static str> {
    let words = &vocabulary::prose().tokens;
    let left = span(s.ts, q.from.saturating_sub(16), q.from);
    let right = span(s.ts, i + 1, i + 8);
    let Some(verb) = (q.from.saturating_sub(VERB_REACH)..q.from).rev().find(|at| is_train_verb(s.ts, *at, q.from)) else {
        return Some(DATA_SET_SIZE);
    };
    let between = span(s.ts, verb + 1, q.from);
    let bracketed = any(span(between, 1, between.len()), &["("]) && !any(left, &words.not_bracketed);
    // "on H100 80GB": the gigabytes of a chip, not of a data set.
    let on_chips = s.has(&words.chips);
    let corpus = between.iter().any(|t| t.is_any(&words.corpus) && !(on_chips && t.is("gb"))) && !any(last(left, 2), &["for"]);
    if bracketed || corpus || any(span(right, 0, 2), &words.data_behind) {
        return Some(DATA_SET_SIZE);
    }
    (s.under_evaluation && !s.trains()).then_some("evaluation")
}
