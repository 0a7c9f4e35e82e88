//! What prose counts: tokens, epochs, steps, batches, parameters, FLOP.

use super::NOT_SAID;
use super::batches::{counted, is_batch, read_batch};
use super::compute::{read_flop, read_utilization};
use super::examples::{read_batch_at_once, read_batch_of_steps, read_batch_per_device};
use super::nearby::{any, before, last};
use super::parameters::{Sizes, read_activated, read_parameters, several_sizes};
use super::progress::{is_of_snapshot, read_progress};
use super::respective::share_of_list;
use super::samples::{LEAST_EXAMPLES, passes_over, samples};
use super::sentence::Sentence;
use super::stated::{of_one_pass, stated_behind};
use super::steps::read_batch_of_step;
use super::strangers::is_cited;
use super::subjects::{Measure, gives_it_to_another};
use super::tokens::read_tokens;
use super::topic::turns_away;
use crate::domain::Field;
use crate::evidence::card::about::CardRole;
use crate::evidence::card::parse::block::Block;
use crate::evidence::card::read::candidate::{Candidate, Card, Spot};
use crate::evidence::card::read::factors::read_factors;
use crate::evidence::card::read::naming::begins_with_a_relative;
use crate::evidence::card::read::rates::RATE;
use crate::evidence::card::read::training::is_train;
use crate::evidence::quantity::computes::flop_unit;
use crate::evidence::quantity::durations::unit_hours;
use crate::evidence::quantity::numbers::{Quantity, quantity, without_scale};
use crate::evidence::quantity::tokens::{Kind, Token, is_latin_word, span, text_at};
use crate::evidence::vocabulary::{self, Words};
use std::borrow::Cow;

/// Reads a sentence that holds a word for something counted.
pub fn read_counts(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) {
    let rival = begins_with_a_relative(&card.own, s.ts);
    let own = card.own.named_in(s.ts);
    let many = several_sizes(s);
    let words = vocabulary::prose();
    let known = card.candidates.len();
    let products = read_factors(card, spot, s);
    let is_read = |i: usize| products.iter().any(|(from, to)| (*from..*to).contains(&i));
    for (i, t) in s.ts.iter().enumerate().filter(|(i, t)| t.kind == Kind::Word && !is_read(*i)) {
        // "2.1兆トークン": a scale may stand before the word.
        let rest = without_scale(&t.text);
        let cjk = |starts: &[&str]| !t.text.is_ascii() && starts.iter().any(|w| rest.starts_with(w));
        let is_batch_told = t.is_any(&words.steps.one) && read_batch_of_step(card, spot, s, i)
            || read_batch_at_once(card, spot, s, i)
            || read_batch_of_steps(card, spot, s, i)
            || read_batch_per_device(card, spot, s, i);
        if is_batch_told {
            continue;
        }
        let is_passes = t.is_any(&words.epochs.words) && !(t.is("ep") && t.upper);
        if t.is_any(&words.tokens.words) || cjk(&words.tokens.cjk) {
            read_tokens(card, spot, s, i);
        } else if is_passes || cjk(&words.epochs.cjk) || is_round(s.ts, i) {
            epochs(card, spot, s, i);
            passes_over(card, spot, s, i);
        } else if t.is_any(&words.steps.words)
            || last_step(s.ts, i).is_some()
            || cjk(&words.steps.cjk)
            || is_iterated(s.ts, i, rest)
        {
            steps(card, spot, s, i, own);
        } else if t.is("batches") && are_steps(s, i) {
            steps(card, spot, s, i, own);
            read_batch(card, spot, s, i);
        } else if is_batch(t) {
            read_batch(card, spot, s, i);
        } else if t.is_any(&words.parameters.words) || cjk(&words.parameters.cjk) {
            read_parameters(card, spot, s, i, Sizes { rival, many, is_word_model: false });
        } else if t.is_any(&words.parameters.models) {
            if card.own.knows_size() && (own || s.has(&["this", "our"])) {
                read_parameters(card, spot, s, i, Sizes { rival, many, is_word_model: true });
            }
        } else if t.is_any(&words.samples.nouns) || cjk(&words.samples.counters_cjk) || is_compound(&t.text) {
            samples(card, spot, s, i);
        } else if t.is_any(&words.epochs.times) || vocabulary::units().repeats.contains_key(t.text.as_ref()) {
            repeated(card, spot, s, i);
        } else if t.is("mfu") {
            read_utilization(card, spot, s, i);
        } else if t.is_any(&words.parameters.active) {
            read_activated(card, spot, s, i);
        } else if flop_unit(t.text.as_ref()).is_some() {
            read_flop(card, spot, s, i);
        }
    }
    read_progress(card, spot, s, known);
}

/// Fewest letters of a compound and of the noun that it ends with.
const COMPOUND: (usize, usize) = (9, 6);

/// "Zeilenbildern", "Satzpaaren": a compound that ends with a noun of examples.
fn is_compound(word: &str) -> bool {
    let (least, noun) = COMPOUND;
    word.len() >= least
        && is_latin_word(word)
        && vocabulary::prose().samples.nouns.list().iter().any(|n| n.len() >= noun && n.len() < word.len() && word.ends_with(n))
}

/// "迭代20万次", "更新了20万次": so many times, behind a verb of a step.
fn is_iterated(ts: &[Token<'_>], i: usize, rest: &str) -> bool {
    let verbs = &vocabulary::prose().steps.verbs_cjk;
    let led = || {
        let number = i.checked_sub(1).filter(|at| ts.get(*at).is_some_and(|t| t.kind == Kind::Number));
        number.and_then(|at| at.checked_sub(1)).and_then(|at| ts.get(at)).is_some_and(|t| verbs.is_within(&t.text))
    };
    !rest.is_ascii() && vocabulary::prose().steps.times_cjk.begins(rest) && led()
}

/// Whether "batches" are the steps of a training: "for 70,000 batches with a batch size of 4096".
fn are_steps(s: &Sentence<'_, '_>, i: usize) -> bool {
    let q = i.checked_sub(1).and_then(|at| (at.saturating_sub(1)..=at).find_map(|at| quantity(s.ts, at).filter(|q| q.to == i)));
    q.is_some_and(|q| any(last(span(s.ts, 0, q.from), 2), &["for", "over", "during", "after", "in"]))
}

/// Tokens at the beginning of a sentence within which it calls this model a checkpoint.
const CALLED: usize = 7;

/// "This is an intermediate checkpoint with 1.49T tokens": the sentence calls this model one.
#[must_use]
pub fn is_this_checkpoint(ts: &[Token<'_>]) -> bool {
    let called = ts.iter().take(CALLED).position(|t| t.is_any(&["checkpoint", "snapshot", "ckpt"]));
    ts.first().is_some_and(|t| t.is_any(&["this", "it"])) && ts.get(1).is_some_and(|t| t.is("is")) && called.is_some()
}

/// "This model corresponds to the checkpoint after 190k steps".
fn is_own_checkpoint(card: &Card<'_>, s: &Sentence<'_, '_>, q: &Quantity) -> bool {
    let words = vocabulary::prose();
    let stopped = any(last(span(s.ts, 0, q.from), 2), &["after", "at"]);
    // "This is an intermediate checkpoint with 715K steps"
    let is_this = is_this_checkpoint(s.ts) && any(last(span(s.ts, 0, q.from), 1), &["with", "after", "at", "of"]);
    (is_this && card.own.role == CardRole::OwnTraining)
        || (stopped && s.has(&["checkpoint"]) && s.has(&["this"]) && !s.has(&words.tokens.other_checkpoints))
}

/// Whether a sentence tells a rate of learning, an optimizer or a batch: "800 steps at lr 2e-6" is of a training, wherever it stands.
fn is_beside_recipe(s: &Sentence<'_, '_>) -> bool {
    let words = vocabulary::prose();
    let told = s.has(&words.batches.beside) || s.has(&words.batches.things);
    // "1,000 epochs (~310k steps)": passes and steps together.
    let told = told || (s.has(&words.epochs.words) && s.has(&words.steps.words) && !turns_away(s.ts));
    told && !s.has(&words.steps.sampling) && !s.under_evaluation && !s.has(&["you", "your"])
}

/// Tokens between the verb that ends a run and the number of what was done.
const END_REACH: usize = 5;

/// Whether the token before a number is led by a verb that ended the run: "killed it at", "ended the run after", "остановлено на".
fn ends_run(ts: &[Token<'_>], join: usize) -> bool {
    let words = vocabulary::prose();
    let joins = ts.get(join).is_some_and(|t| t.is_any(&words.epochs.ended_joins));
    let verb = (join.saturating_sub(END_REACH)..join).rev().find(|at| ts.get(*at).is_some_and(|t| t.is_any(&words.epochs.ended)));
    let fills = |t: &Token<'_>| {
        t.is_any(&words.sentences.pronouns)
            || t.is_any(&words.sentences.run_nouns)
            || t.is_any(&["early", "manually", "already"])
            || t.is_any(&vocabulary::card().designators.articles)
    };
    joins && verb.is_some_and(|verb| span(ts, verb + 1, join).iter().all(fills))
}

/// "I killed it at step 1,800", "it ran until step 120,000": the step whose word stands at `i` is the last one.
fn last_step(ts: &[Token<'_>], i: usize) -> Option<Quantity> {
    let words = &vocabulary::prose();
    ts.get(i).filter(|t| t.is_any(&words.steps.one))?;
    let q = quantity(ts, i + 1).filter(|q| !q.is_word && !q.is_range && counted(ts, q) >= LEAST_STEPS)?;
    let join = i.checked_sub(1)?;
    let up_to = text_at(ts, join) == "to" && join > 0 && text_at(ts, join - 1) == "up";
    let until = up_to || ts.get(join).is_some_and(|t| t.is_any(&words.epochs.until));
    (until || ends_run(ts, join) || is_of_snapshot(ts, join)).then_some(q)
}

/// "The schedule was set up for 3,000 steps, but I killed it at step 1,800": more steps of the same block were planned before the last
/// candidate.
fn refuse_planned_steps(card: &mut Card<'_>, block: &Block) {
    let says = |w: &str| vocabulary::prose().epochs.meant.contains(&w);
    if !block.text.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(says) {
        return;
    }
    let Some(done) = card.candidates.last().filter(|c| c.reason.is_none()).cloned() else { return };
    let same = |c: &&mut Candidate| c.field == Field::TrainSteps && c.locator == done.locator && c.value > done.value;
    for planned in card.candidates.iter_mut().filter(same) {
        planned.reason.get_or_insert(Cow::Borrowed(ENDED_BEFORE));
    }
}

/// "but early stopping ended the run after 6": how many of the passes or steps that were planned before were done.
fn done_of_planned(ts: &[Token<'_>], from: usize, nouns: &Words) -> Option<Quantity> {
    let ends = |at: usize| {
        let noun = usize::from(ts.get(at).is_some_and(|t| t.is_any(nouns)));
        ts.get(at + noun).is_none_or(|t| t.kind == Kind::Sign || t.is_any(&["and", "because", "when"]))
    };
    let found = (from..ts.len()).filter(|at| ends_run(ts, *at)).find_map(|at| quantity(ts, at + 1));
    found.filter(|q| !q.is_range && ends(q.to))
}

/// Why steps or epochs are another model's, or planned. What holds more than a training holds no more steps of it, and a citation beside
/// steps is of the optimizer.
pub fn of_another(card: &Card<'_>, s: &Sentence<'_, '_>, from: usize, to: usize) -> Option<&'static str> {
    let why = gives_it_to_another(card, s, Measure::Count, from, to)?;
    let others = why == "another model's figure" && !is_cited(s);
    (others || matches!(why, "planned" | "what another training would have taken" | "base model's figure" | "a comparison"))
        .then_some(why)
}

/// How much what only the sentence before makes a training's stands behind what a sentence says of training itself.
pub fn told_before(s: &Sentence<'_, '_>) -> u8 {
    u8::from(!s.trains() && !s.under_training)
}

/// How much what nothing around it makes a training's stands behind that.
fn told_alone(card: &Card<'_>, s: &Sentence<'_, '_>) -> u8 {
    u8::from(!(s.trains() || s.under_training || card.trained_before))
}

/// "for the other 140,000 steps", "30 epochs, the final 5 of them slowly": a part, where the whole stands beside it.
fn is_further(card: &Card<'_>, s: &Sentence<'_, '_>, field: Field, q: &Quantity) -> bool {
    let words = &vocabulary::prose().steps;
    let led = |list: &Words| any(last(span(s.ts, 0, q.from), 1), list) || any(span(s.ts, q.from + 1, q.from + 3), list);
    let is_whole = |c: &Candidate| c.field == field && c.reason.is_none() && c.value.is_some_and(|all| all > q.value);
    let has_whole = || s.has(&vocabulary::prose().tokens.totals) || card.candidates.iter().any(is_whole);
    led(&words.further) || (led(&words.parts) && has_whole())
}

/// Fewest steps of a training that prose tells without its passes.
const LEAST_STEPS: f64 = 100.0;
/// Reason of what a run was meant to last, where the sentence says where it ended.
const ENDED_BEFORE: &str = "planned: the run ended before";
/// Passes over the data believed.
const MOST_EPOCHS: f64 = 1e5;
/// Tokens before a number of passes within which a word makes them a part of a schedule.
const SCHEDULED: usize = 4;

fn epochs(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) {
    let words = &vocabulary::prose().epochs;
    // "v1.4 anime epoch2" is a name.
    if s.ts.get(i + 1).is_some_and(|t| t.kind == Kind::Number && t.glued && t.text.is_ascii() && is_latin_word(text_at(s.ts, i))) {
        return;
    }
    // "60 epochs with early stopping at epoch 47": where it ended.
    let ended = any(last(span(s.ts, 0, i), 4), &words.stopped);
    if let Some(q) = quantity(s.ts, i + 1).filter(|q| ended && !q.is_word && q.value <= MOST_EPOCHS) {
        card.add_quantity(spot, Field::Epochs, q.value, s.written(i, q.to), &q);
        return;
    }
    let Some(q) = number_of_passes(s, i).filter(|q| !is_price(s.ts, q.from)) else { return };
    let left = span(s.ts, q.from.saturating_sub(5), q.from);
    let ended = s.has(&vocabulary::prose().times.closed);
    let schedule = any(last(left, SCHEDULED), &words.schedule)
        || (left.last().is_some_and(|t| t.is_any(&words.after)) && !s.trains() && !ended);
    let lasts = |at: usize| unit_hours(s.ts, at).is_some() || text_at(s.ts, at) == "ms";
    let recorded = any(span(s.ts, q.from + 1, i), &["eeg", "sleep"])
        || (text_at(s.ts, i + 1) == "of" && (i + 3..i + 5).any(|at| lasts(at) || text_at(s.ts, at) == "s"));
    let timed = || (0..s.ts.len()).any(|at| unit_hours(s.ts, at).is_some());
    let said = s.trains() || s.under_training || card.trained_before;
    // Passes over data are of a training and of nothing else, where the sentence does not turn to the reader.
    let is_default = !s.under_evaluation && !s.has(&words.not_by_default);
    let reason = if recorded {
        Some("epochs of a recording")
    } else if schedule {
        Some("part of a schedule")
    } else if any(left, &vocabulary::prose().subjects.planned) {
        Some("planned")
    } else if any(last(left, 3), &words.limits) {
        Some("a limit")
    } else if s.has(&["early"]) && !any(last(left, 2), &["after"]) {
        Some("planned, with early stopping")
    } else if s.under_evaluation && !s.trains() {
        Some("evaluation")
    } else {
        (!(said || timed() || is_beside_recipe(s) || is_default)).then_some(NOT_SAID)
    };
    let (from, to) = (q.from.min(i), q.to.max(i + 1));
    let spot = spot.refused(of_another(card, s, from, to)).after(told_before(s) + told_alone(card, s));
    let done =
        done_of_planned(s.ts, to, &words.words).filter(|done| done.value < q.value && done.value >= 1.0 && s.has(&words.meant));
    if let Some(done) = done.filter(|_| s.trains() || s.under_training) {
        card.add_quantity(&spot, Field::Epochs, done.value, s.written(done.from, done.to), &done);
        return card.add_quantity(&spot.refused(Some(ENDED_BEFORE)), Field::Epochs, q.value, s.written(from, to), &q);
    }
    let share = share_of_list(card, s, q.from);
    let value = q.value * share.and_then(Result::ok).unwrap_or(1.0);
    let spot =
        spot.refused(share.and_then(Result::err)).refused(reason).after(if is_further(card, s, Field::Epochs, &q) { 2 } else { 0 });
    card.add_quantity(&spot, Field::Epochs, value, s.written(from, to), &q);
}

/// "at a cost of $390 ($80/epoch)": a price is no number of passes.
fn is_price(ts: &[Token<'_>], from: usize) -> bool {
    from.checked_sub(1).and_then(|at| ts.get(at)).is_some_and(|t| t.is_any(&["$", "€", "£", "¥", "usd", "eur"]))
}

/// The number of the passes whose word stands at `i`: before it, behind it, or "single-epoch training".
fn number_of_passes(s: &Sentence<'_, '_>, i: usize) -> Option<Quantity> {
    let words = &vocabulary::prose().epochs;
    // "--max-len 512 --epochs 3": the number of a flag stands behind it.
    let is_dash = |back: usize| i.checked_sub(back).and_then(|at| s.ts.get(at)).is_some_and(|t| t.is("-"));
    if text_at(s.ts, i.saturating_sub(1)) == "--" || (is_dash(1) && is_dash(2)) {
        return quantity(s.ts, i + 1).filter(|q| !q.is_word);
    }
    // "four full sweeps over the training set"
    let full = |between: &[Token<'_>]| between.iter().all(|t| t.is_any(&words.full));
    // "33 minuty na epokę"
    let lasts = |q: &Quantity| (q.to..i).any(|at| unit_hours(s.ts, at).is_some());
    let q = before(s, i, 4, |q, between| !any(between, &words.other_units) && (full(between) || !q.is_word) && !lasts(q));
    // "エポック数は3", "에폭 5": the number stands behind.
    let behind = || {
        let at = (i + 1..i + 4)
            .find(|at| s.ts.get(*at).is_none_or(|t| t.kind == Kind::Number || !t.is_any(&[":", "=", "数", "は", "：", "수"])))?;
        quantity(s.ts, at).filter(|q| !q.is_word && q.value <= MOST_EPOCHS)
    };
    let is_cjk = s.ts.get(i).is_some_and(|t| !is_latin_word(&t.text));
    let q = q.or_else(|| is_cjk.then(behind).flatten()).or_else(|| behind_plural(s.ts, i)).or_else(|| stated_behind(s.ts, i));
    of_one_pass(s.ts, i).or_else(|| q.filter(|q| !is_word_for_any(s, q, i) || is_round(s.ts, i)))
}

/// "Eine Epoche dauerte 3 Stunden", "It would have taken 1.3 hours to run a single epoch": one pass as the subject of a clause, or that of a
/// rate, is no number of them.
fn is_word_for_any(s: &Sentence<'_, '_>, q: &Quantity, i: usize) -> bool {
    if !q.is_word || (q.value - 1.0).abs() > f64::EPSILON {
        return false;
    }
    let is_note = s.ts.get(i + 1).is_none_or(|t| t.kind == Kind::Sign);
    let subject = (q.from == 0 && !is_note) || matches!(text_at(s.ts, q.from), "a" | "an") || is_subject_of_clause(s.ts, q.from, i);
    subject || (!s.trains() && (0..s.ts.len()).any(|at| unit_hours(s.ts, at).is_some()))
}

/// ", and one epoch contains 1000 batches": a word for one and its noun between a sign or a conjunction and a verb.
fn is_subject_of_clause(ts: &[Token<'_>], from: usize, noun: usize) -> bool {
    let words = &vocabulary::prose();
    let begins = from.checked_sub(1).and_then(|at| ts.get(at)).is_some_and(|t| t.is(",") || t.is_any(&words.subjects.and));
    begins
        && ts.get(noun + 1).is_some_and(|t| t.kind == Kind::Word && !t.is_any(&words.epochs.over) && !t.is_any(&words.epochs.joins))
}

/// "Num epochs 3, total steps 1,875": the number behind a noun in the plural, and nothing behind it.
fn behind_plural(ts: &[Token<'_>], i: usize) -> Option<Quantity> {
    // "Total update steps 13,000", "Number of updates 45,000".
    let counting = &vocabulary::prose().steps.counting;
    let label = ts.iter().take(i).rev().take_while(|t| t.is_any(counting)).count();
    let led = i.checked_sub(label + 1).is_none_or(|at| label > 0 || ts.get(at).is_some_and(|t| t.kind == Kind::Sign));
    let plural = matches!(text_at(ts, i), "epochs" | "steps" | "iterations" | "updates");
    let q = quantity(ts, i + 1).filter(|q| led && plural && !q.is_word && !q.is_range)?;
    ts.get(q.to).is_none_or(|t| t.kind == Kind::Sign && !t.is_any(&["-", "/", ":", "×", "%"])).then_some(q)
}

/// Tokens behind "rounds" within which the data stand.
const ROUND: usize = 5;

/// "10 rounds through the data set", "four sweeps over the corpus": passes in other words.
fn is_round(ts: &[Token<'_>], i: usize) -> bool {
    let words = &vocabulary::prose();
    let is = |at: usize, list: &Words| ts.get(at).is_some_and(|t| t.is_any(list));
    // "one pass over 7,200 haiku"
    let counted = || quantity(ts, i + 2).is_some_and(|q| !q.is_word && q.value >= LEAST_EXAMPLES);
    let over_data = || any(span(ts, i + 2, i + ROUND), &words.subjects.data) || counted();
    is(i, &words.epochs.rounds) && is(i + 1, &words.epochs.round_joins) && over_data()
}

/// "The training set was seen ten times", "viermal durchlaufen", "a parcouru cinq fois le corpus": passes, told of the data.
fn repeated(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) {
    let words = &vocabulary::prose();
    let one = vocabulary::units().repeats.get(text_at(s.ts, i)).map(|n| (f64::from(*n), i));
    let before = || {
        let q = (i.saturating_sub(2)..i).find_map(|at| quantity(s.ts, at).filter(|q| q.to == i && !q.is_range))?;
        Some((q.value, q.from))
    };
    let compares = any(span(s.ts, i + 1, i + 2), &words.epochs.not_times);
    let of_data = || s.words().any(|w| words.times.data_stems.iter().any(|stem| w.starts_with(stem)));
    let told = s.has(&words.epochs.passed) && (s.has(&words.subjects.data) || of_data()) && !s.under_evaluation;
    let said = s.trains() || s.under_training || card.trained_before;
    let Some((value, from)) = one.or_else(before).filter(|_| told && said && !compares) else { return };
    if (1.0..=MOST_EPOCHS).contains(&value) {
        let spot = spot.refused(of_another(card, s, from, i + 1)).after(2);
        card.add(&spot, Field::Epochs, Some(value), s.written(from, i + 1), None);
    }
}

/// Whether steps, whose word stands at `i`, are those of a schedule: "every 500 steps", "warmup of 1,000 steps".
fn is_of_schedule(s: &Sentence<'_, '_>, i: usize, q: &Quantity) -> bool {
    let words = &vocabulary::prose().steps;
    let left = span(s.ts, q.from.saturating_sub(7), q.from);
    // "256 instances per batch, and 1M training steps": what stands before a comma has its own rate.
    let comma = left.iter().rposition(|t| t.is(",")).filter(|at| left.iter().skip(*at).all(|t| t.kind == Kind::Word || t.is(",")));
    let apart = comma.filter(|at| any(span(left, 0, *at), &["per", "each"]) && !any(span(left, 0, *at), &["every"]));
    let left = span(left, apart.map_or(0, |at| at + 1), left.len());
    let middle = span(s.ts, q.from + 1, i);
    // Italian "per 20.000 passi" says how long, and no rate.
    let is_english = s.ts.get(i).is_some_and(|t| t.is_any(&["steps", "step", "iterations", "iteration", "updates"]))
        && (s.has(&vocabulary::prose().times.english) || !s.trains());
    let of_schedule = |ts: &[Token<'_>]| ts.iter().any(|t| t.is_any(&words.schedule) && (is_english || !t.is("per")));
    // "4 V100s with 8 images each takes 30 hours for 160k iterations": of the images.
    let far = |t: &Token<'_>| t.is("each");
    // "total steps 5,500 (warmup 500)"
    let ends_label = |t: &Token<'_>| t.is_any(&[",", ";"]) || (t.is("(") && q.from > i);
    // "8 on each GPU for 200,000 iterations"
    let devices = &vocabulary::prose().rates.devices;
    let of_device =
        left.iter().rposition(|t| t.is_any(&["each", "per"])).filter(|at| left.get(at + 1).is_some_and(|t| t.is_any(devices)));
    let left = span(left, of_device.map_or(0, |at| at + 2), left.len());
    let near = last(left, 3);
    left.iter().any(|t| of_schedule(std::slice::from_ref(t)) && !far(t))
        || of_schedule(near)
        || span(s.ts, i + 1, i + 4).iter().take_while(|t| !ends_label(t)).any(|t| t.is_any(&words.schedule))
        || last(left, 2).iter().any(|t| words.schedule_cjk.iter().any(|part| t.text.contains(part)))
        || any(middle, &words.schedule)
        || any(last(left, 3), &["diffusion"])
        || any(middle, &["diffusion"])
}

fn steps(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize, own: bool) {
    let words = &vocabulary::prose().steps;
    if let Some(q) = last_step(s.ts, i) {
        let said = s.trains() || s.under_training || card.trained_before;
        let spot = spot.refused((!said).then_some(NOT_SAID)).after(if own { 0 } else { 2 + told_before(s) });
        let spot = spot.refused(of_another(card, s, i, q.to));
        card.add_quantity(&spot, Field::TrainSteps, counted(s.ts, &q), s.written(i, q.to), &q);
        return refuse_planned_steps(card, spot.block);
    }
    // Few steps are those of a schedule, unless the passes stand beside them.
    let least = if s.has(&vocabulary::prose().epochs.words) { 10.0 } else { LEAST_STEPS };
    let q = before(s, i, 4, |q, between| counted(s.ts, q) >= least && !any(between, &words.other_units));
    let is_stated = q.is_none() && behind_plural(s.ts, i).is_none();
    let behind = || behind_plural(s.ts, i).or_else(|| stated_behind(s.ts, i).filter(|_| is_counted_noun(s.ts, i)));
    let Some(q) = q.or_else(|| behind().filter(|q| counted(s.ts, q) >= least)) else { return };
    // "165k steps; the number of steps is set to 500k": what was done is told already.
    if is_stated && card.candidates.iter().any(|c| c.field == Field::TrainSteps && c.reason.is_none()) {
        return;
    }
    let of_world = any(span(s.ts, q.to, i), &vocabulary::prose().subjects.world_steps)
        || s.ts.get(i.wrapping_sub(1)).is_some_and(|t| t.is_any(&vocabulary::prose().subjects.world_steps));
    let reason = of_world.then_some("steps of a world, not of the optimizer").or_else(|| not_the_steps(card, s, i, &q));
    let ended = s.has(&vocabulary::prose().epochs.meant) && (i + 1..s.ts.len()).any(|at| last_step(s.ts, at).is_some());
    let reason = reason.or(ended.then_some(ENDED_BEFORE));
    // A sentence that names this model in full goes before one about its family.
    let further = if is_further(card, s, Field::TrainSteps, &q) { 2 } else { 0 };
    let spot = spot.after(if own { 0 } else { 2 } + told_before(s) + told_alone(card, s)).refused(reason);
    let share = share_of_list(card, s, q.from);
    let spot = spot.refused(of_another(card, s, q.from, i + 1)).after(further).refused(share.and_then(Result::err));
    let value = counted(s.ts, &q) * share.and_then(Result::ok).unwrap_or(1.0);
    card.add_quantity(&spot, Field::TrainSteps, value, s.written(q.from, i + 1), &q);
}

/// "The number of steps is", "the max training step is": a noun that a number behind it counts; "step: 3,512" is a moment.
fn is_counted_noun(ts: &[Token<'_>], i: usize) -> bool {
    text_at(ts, i).ends_with('s') || i.checked_sub(1).is_some_and(|at| is_train(ts, at))
}

/// Why the steps whose word stands at `i` are none of this training's.
fn not_the_steps(card: &Card<'_>, s: &Sentence<'_, '_>, i: usize, q: &Quantity) -> Option<&'static str> {
    let words = &vocabulary::prose().steps;
    let left = span(s.ts, q.from.saturating_sub(7), q.from);
    let schedule = is_of_schedule(s, i, q);
    // "25 epok po 74 kroki", "3 Epochen zu je 200 Schritten": of each pass.
    let epoch = (q.from.saturating_sub(3)..q.from).rev().find(|at| s.ts.get(*at).is_some_and(|t| !t.is_any(&words.of_each)));
    let of_each =
        epoch.is_some_and(|at| at + 1 < q.from && s.ts.get(at).is_some_and(|t| t.is_any(&vocabulary::prose().epochs.words)));
    if schedule {
        Some("part of a schedule")
    } else if of_each {
        Some(RATE)
    } else if !s.trains() && last(left, 3).windows(2).any(|w| matches!(w, [up, to] if up.is("up") && to.is("to"))) {
        Some("a limit")
    } else if s.under_evaluation && !s.trains() {
        Some("evaluation")
    } else {
        let said = s.trains() || s.under_training || card.trained_before || is_own_checkpoint(card, s, q) || is_beside_recipe(s);
        (!said && !q.from.checked_sub(1).is_some_and(|join| ends_run(s.ts, join))).then_some(NOT_SAID)
    }
}
