//! Examples of one pass in prose: "fine-tuned on 220,000 triplets", "the training set comprises 5,897 conversations".

use super::nearby::{any, before, last};
use super::sentence::Sentence;
use crate::domain::Field;
use crate::evidence::card::read::candidate::{Card, Spot, candidate};
use crate::evidence::card::read::rates::rate_behind;
use crate::evidence::card::read::recipe::notes::Examples;
use crate::evidence::card::read::training::{is_late_train_verb, is_train, is_train_verb};
use crate::evidence::quantity::numbers::{Quantity, quantity};
use crate::evidence::quantity::tokens::{Kind, Token, is_latin_word, span, text_at};
use crate::evidence::quantity::units::hours_in;
use crate::evidence::vocabulary;

/// Tokens between a verb of training and the number of examples behind it.
const EXAMPLES_REACH: usize = 8;
/// Tokens between a number of examples and their noun, at most: "10 million English/French sentence pairs".
const NOUN_REACH: usize = 7;
/// Tokens behind the examples within which a verb of training stands, in languages that put it there.
const LATE_REACH: usize = 8;
/// Fewest examples believed.
pub const LEAST_EXAMPLES: f64 = 10.0;
/// Tokens between data and the number of examples that it holds.
const HOLDS_REACH: usize = 12;
/// Words between a verb that says what data hold and the number.
const HOLDS_WORDS: usize = 4;

/// "Fine-tuned on 220,000 triplets": examples of one pass, which the epochs of the recipe multiply; "for 3 epochs" in the sentence does so at
/// once. What the data hold counts where nothing says what was trained on.
pub fn samples(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) {
    let words = &vocabulary::prose().samples;
    let q = before(s, i, NOUN_REACH, |q, between| {
        (!q.is_word || q.scaled) && q.value >= LEAST_EXAMPLES && !any(between, &words.other_units)
    });
    let Some(q) = q.filter(|q| q.value.fract() == 0.0 && !q.is_range && spot.reason.is_none() && card.recipe.examples.is_none())
    else {
        return;
    };
    let verb = (q.from.saturating_sub(EXAMPLES_REACH)..q.from).rev().find(|at| is_train_verb(s.ts, *at, q.from));
    let joined = |verb: usize| any(span(s.ts, verb + 1, q.from), &words.joins);
    let over = any(last(span(s.ts, 0, q.from), 2), &vocabulary::prose().epochs.over) && s.has(&vocabulary::prose().epochs.words);
    // "El entrenamiento se realizó sobre 292.217 filas"
    let noun = (q.from.saturating_sub(EXAMPLES_REACH)..q.from).any(|at| is_train(s.ts, at));
    // "Fine-tuning de CamemBERT (110M) sur 84 000 paires": a note that begins with training.
    let note = s.trains.first().is_some_and(|at| *at < 2) && any(last(span(s.ts, 0, q.from), 1), &words.joins);
    let done_on = note || (noun && any(last(span(s.ts, 0, q.from), 1), &words.done_on));
    // "52,000개로 파인튜닝했습니다", "auf 12.000 Sätzen trainiert"
    let eastern = s.ts.get(i).is_some_and(|t| !is_latin_word(&t.text));
    let led = eastern || any(last(span(s.ts, 0, q.from), 2), &words.joins);
    let late = led && (i..i + LATE_REACH).any(|at| is_late_train_verb(s.ts, at));
    // "40k recipes, 6 epochs"
    let passes = text_at(s.ts, i + 1) == ","
        && quantity(s.ts, i + 2).is_some_and(|n| s.ts.get(n.to).is_some_and(|t| t.is_any(&vocabulary::prose().epochs.words)));
    let late = late || (passes && q.from == 0 && !s.under_evaluation && (s.trains() || s.under_training || card.trained_before));
    let said = late || verb.is_some_and(joined) || (over && (s.trains() || s.under_training)) || done_on;
    let ends = rate_behind(s.ts, i + 1).is_some() || any(span(s.ts, i + 1, i + 3), &words.held_out);
    let left = span(s.ts, q.from.saturating_sub(4), q.from);
    // "782 357 pairs": the second half of a number.
    let is_part = left.last().is_some_and(|t| t.kind == Kind::Number);
    let held = !said && is_held_by_data(s, &q);
    if !(said || held) || ends || is_part || any(left, &words.held_out) {
        return;
    }
    let row = candidate(spot, Field::TrainSamples, Some(q.value), s.written(q.from, i + 1), None);
    let examples = Examples { count: q.value, written: row.written, locator: row.locator, quote: row.quote };
    if said { card.recipe.examples = Some(examples) } else { card.recipe.tell_of_data(examples) }
}

/// Tokens between passes and the number of things that they went over.
const OVER_REACH: usize = 3;

/// "8 epochs over 1.4M headlines": what passes go over are examples, whatever they are.
pub fn passes_over(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, epochs: usize) {
    let words = &vocabulary::prose();
    let is_over =
        s.ts.get(epochs + 1).is_some_and(|t| (t.is_any(&words.epochs.over) && !t.is("of")) || t.is_any(&words.samples.passed_over));
    if !is_over || spot.reason.is_some() || card.recipe.examples.is_some() {
        return;
    }
    let passed = |t: &Token<'_>| {
        t.is_any(&words.times.about) || t.is_any(&vocabulary::card().designators.articles) || t.is_any(&["all", "some"])
    };
    let starts = (epochs + 2..epochs + 2 + OVER_REACH).take_while(|at| span(s.ts, epochs + 2, *at).iter().all(passed));
    let q = starts.into_iter().find_map(|at| quantity(s.ts, at).filter(|q| !q.is_word && q.value >= LEAST_EXAMPLES));
    let Some(q) = q.filter(|q| q.value.fract() == 0.0 && !q.is_range && !s.under_evaluation) else { return };
    let counts_else = |t: &Token<'_>| {
        t.is_any(&words.tokens.words)
            || t.is_any(&words.steps.words)
            || t.is_any(&words.samples.other_units)
            || hours_in(&t.text).is_some()
            || t.is_any(&words.times.data)
            || t.is_any(&["repeats", "times", "gpus", "devices"])
    };
    // "1,3 milhão de prontuários"
    let filler = usize::from(s.ts.get(q.to).is_some_and(|t| t.is_any(&["de", "di", "d", "von", "of"])));
    let noun = span(s.ts, q.to + filler, q.to + filler + 2);
    let plural = noun.first().is_some_and(|t| t.kind == Kind::Word && t.text.len() > 3);
    if plural && !noun.iter().any(counts_else) {
        let row = candidate(spot, Field::TrainSamples, Some(q.value), s.written(q.from, q.to + 1), None);
        card.recipe.examples = Some(Examples { count: q.value, written: row.written, locator: row.locator, quote: row.quote });
    }
}

/// "`lab/chats` (cleaned), comprising 5,897 conversations", "the data set consists of 8,120 pairs": what the data of the training hold, where the
/// sentence counts nothing else of them.
fn is_held_by_data(s: &Sentence<'_, '_>, q: &Quantity) -> bool {
    let words = vocabulary::prose();
    let said = (s.under_training || s.under_data || s.trains()) && !s.under_evaluation && !s.has(&words.samples.held_out);
    let from = q.from.saturating_sub(HOLDS_REACH);
    let left = span(s.ts, from, q.from);
    let Some(verb) = left.iter().rposition(|t| t.is_any(&words.samples.holds)).filter(|_| said) else { return false };
    let joins = |t: &Token<'_>| t.kind == Kind::Word || t.is_any(&["~", "≈", "`"]);
    let near = left.iter().skip(verb + 1).all(joins) && left.len() - verb <= HOLDS_WORDS + 1;
    let of_data = s.under_data || any(span(s.ts, 0, from + verb), &words.subjects.data);
    let counts = |at: usize| {
        let n = quantity(s.ts, at).filter(|n| !n.is_word && n.from != q.from && n.value >= LEAST_EXAMPLES)?;
        span(s.ts, n.to, n.to + 3).iter().any(|t| t.is_any(&words.samples.nouns)).then_some(())
    };
    near && of_data && !(0..s.ts.len()).any(|at| !(q.from..q.to).contains(&at) && counts(at).is_some())
}
