//! Times in prose: of this training on a wall clock or of its devices; not of audio, of a rate, of an inference.

use super::gapped::of_them;
use super::recordings::{has_recordings, is_length_of_data, is_recording};
use super::respective::{is_in_order, share_of_last};
use super::sentence::Sentence;
use super::strangers::is_on_the_tokenizer;
use super::subjects::{Measure, gives_it_to_another};
use super::times_together::{Place, refuse_parts, refuse_rounded, refuse_times_of_each};
use super::{NOT_ITS_TIME, NOT_SAID};
use crate::domain::Field;
use crate::evidence::card::read::candidate::{Card, Spot};
use crate::evidence::card::read::rates::{counts_runs, rate_behind, rate_of_each};
use crate::evidence::card::read::training::is_train;
use crate::evidence::card::read::values::terms_before;
use crate::evidence::quantity::computes::compute_unit;
use crate::evidence::quantity::durations::{Duration, clock, duration, unit_hours};
use crate::evidence::quantity::numbers::quantity;
use crate::evidence::quantity::tokens::{Kind, Token, span, text_at, text_before};
use crate::evidence::vocabulary;

/// Tokens between a time and the word of training it belongs to, at most.
const MOST_TOKENS_BETWEEN: usize = 45;

/// Reads a sentence that holds a unit of time.
pub fn read_times(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) {
    let words = &vocabulary::prose().times;
    // Token behind the last time: the seconds of "2h 30m 57s" are no time of their own.
    let mut read_to = 0;
    let first = card.candidates.len();
    let mut said: Vec<Place> = Vec::new();
    let spot = &spot.refused(goes_on(spot, s).then_some("the training went on"));
    let spot = &spot.refused(is_on_the_tokenizer(&spot.block.text).then_some("work that is no training"));
    for i in 0..s.ts.len() {
        if i < read_to {
            continue;
        }
        if let Some(hours) = clock(s.ts, i) {
            add_clock(card, spot, s, i, hours);
            read_to = i + CLOCK_TOKENS;
            continue;
        }
        let Some(hours) = unit_hours(s.ts, i) else { continue };
        if hours >= 1.0
            && let Some(to) = add_device_hours(card, spot, s, i)
        {
            read_to = to;
            continue;
        }
        let start =
            (i.saturating_sub(REACH).max(read_to)..=i).find_map(|at| duration(s.ts, at).filter(|d| d.to > i).map(|d| (at, d)));
        let Some((at, d)) = start else { continue };
        let is_letter = s.ts.get(i).is_some_and(|t| t.is_any(&words.letters)) && d.to == i + 1;
        // "took 4d": days of one letter behind a verb that says how long something took.
        let took = i.checked_sub(2).and_then(|verb| s.ts.get(verb)).is_some_and(|t| t.is_any(&words.strong))
            && words.letters_taken.contains(&text_at(s.ts, i));
        // "the training time rose to 445.2s": so exact a number of seconds was measured.
        let measured = s.trains()
            && s.ts.get(i).is_some_and(|t| t.glued && t.is("s"))
            && text_at(s.ts, at).contains('.')
            && d.hours > LEAST_MEASURED;
        if is_letter && d.to - at <= 2 && !took && !measured {
            continue;
        }
        read_to = d.to;
        let share = share_of_last(card, s, at);
        let of_order = share.and_then(Result::err);
        let d = Duration { hours: d.hours * share.and_then(Result::ok).unwrap_or(1.0), ..d };
        let reason = of_order.or_else(|| not_the_time(card, s, i, at, d)).or(d.is_range.then_some("a range"));
        let whose = gives_it_to_another(card, s, Measure::Time, at, d.to);
        let spot = spot.after(u8::from(!s.has(&words.firm))).after(standing(s, at)).refused(whose);
        // "A cumulative of 1500 hours of computation": of all devices together.
        let together = s.has(&words.cumulative) && words.computing.contains(&text_at(s.ts, d.to + 1));
        let field = if together { Field::AcceleratorHours } else { Field::WallHours };
        said.push(Place { candidate: card.candidates.len(), from: at, to: d.to });
        card.add(&spot, field, Some(d.hours), s.written(at, d.to), reason);
    }
    if let Some((hours, at)) = of_them(card, s.ts) {
        card.add(spot, Field::AcceleratorHours, Some(hours), s.written(at, at + 1), None);
    }
    refuse_rounded(card, s, &said);
    refuse_times_of_each(card, s, &said);
    refuse_parts(card, first);
}

/// "Elapsed 1,278 s. The training goes on.": so far.
fn goes_on(spot: &Spot<'_>, s: &Sentence<'_, '_>) -> bool {
    let words = &vocabulary::prose().times;
    let eastern = || s.ts.iter().any(|t| !t.text.is_ascii() && words.elapsed.is_within(&t.text));
    (s.has(&words.elapsed) && words.going_on.is_within(&spot.block.text.to_lowercase()))
        || (eastern() && words.going_on.is_within(&spot.block.text))
}

/// Times that no model needs to answer, in hours.
const LONG: f64 = 0.5;
/// Shortest time that is told in seconds of one letter, in hours.
const LEAST_MEASURED: f64 = 1.0 / 60.0;

/// Tokens behind a time and "of" within which the training is named.
const TRAINING_BEHIND: usize = 7;

/// How much a time stands behind others: where the clause that it ends does not speak of training, or tells what is always so.
fn standing(s: &Sentence<'_, '_>, at: usize) -> u8 {
    let words = &vocabulary::prose().times;
    let present = span(s.ts, at.saturating_sub(REACH), at).iter().any(|t| t.is_any(&words.present));
    2 * u8::from(!trains_before(s, at)) + 2 * u8::from(present)
}

/// Whether the clause that a time ends speaks of training.
fn trains_before(s: &Sentence<'_, '_>, at: usize) -> bool {
    let ends = (0..at).rev().find(|i| s.ts.get(*i).is_some_and(|t| t.is_any(&[";", "；", "。"]))).unwrap_or(0);
    s.trains.iter().any(|i| (ends..at).contains(i)) || (s.trains() && !s.ts.iter().all(|t| t.text.is_ascii()))
}

/// Tokens behind device hours within which the speed stands that they are reckoned with.
const SPEED: usize = 7;
/// Tokens of `h:mm:ss`.
const CLOCK_TOKENS: usize = 5;
/// Tokens before a unit of time within which its number begins.
const REACH: usize = 6;
/// Tokens around a time within which it is said to be all of it.
const ENDS: usize = 4;

/// A time on a clock; one of the day stands behind other words.
fn add_clock(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, at: usize, hours: f64) {
    let words = &vocabulary::prose().times;
    // "2:02:05 소요": the word that says so stands behind.
    let behind = text_at(s.ts, at + CLOCK_TOKENS);
    let late = !behind.is_ascii() && words.cjk_strong.iter().any(|part| behind.contains(part));
    let strong = s.has(&words.strong) || late || alone(s, at, at + CLOCK_TOKENS);
    let before = text_before(s.ts, at, 1);
    let led =
        late || at == 0 || words.leads.contains(&before) || words.strong.contains(&before) || words.clock_leads.contains(&before);
    let said = s.trains() || s.under_training;
    let reason = (!(strong && led && said)).then_some(NOT_ITS_TIME);
    let whose = gives_it_to_another(card, s, Measure::Time, at, at + CLOCK_TOKENS);
    let spot = spot.after(u8::from(!s.has(&words.firm))).refused(whose);
    card.add(&spot, Field::WallHours, Some(hours), s.written(at, at + CLOCK_TOKENS), reason);
}

/// Whether a time is all that a line under a heading of training holds, but for "about" before it and brackets behind.
fn alone(s: &Sentence<'_, '_>, from: usize, to: usize) -> bool {
    let words = &vocabulary::prose().times;
    let begins = span(s.ts, 0, from).iter().all(|t| t.is_any(&words.approximate));
    s.under_training && begins && (to + 1 >= s.ts.len() || matches!(text_at(s.ts, to), "(" | "（"))
}

/// Adds the device hours of a unit of time. Returns the token behind them, if there are any.
fn add_device_hours(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, unit: usize) -> Option<usize> {
    let words = &vocabulary::prose().times;
    let d = card.device_hours(s.ts, unit)?;
    // "heron-1b needed 32,000 A100-hours"
    let named = || (card.part_is_mine || card.own.named_in(s.ts)) && !s.under_evaluation && !s.has(&words.serving);
    let said = s.trains()
        || s.under_training
        || card.trained_before
        || s.is_recipe
        || s.has(&words.device_hours_said)
        || is_in_order(s.ts)
        || named();
    let vague = s.has(&words.vague) || d.quantity.is_range;
    let reason = if said { vague.then_some("a range") } else { Some(NOT_SAID) };
    let rate = rate_behind(s.ts, d.to).or_else(|| rate_of_each(s.ts, d.quantity.from));
    // "26.1 GPU-hours at 1 TFLOP/s" are reckoned from FLOP.
    let at_speed = text_at(s.ts, d.to) == "at" && (d.to..d.to + SPEED).any(|i| compute_unit(s.ts, i).is_some());
    let rate = rate.or(at_speed.then_some("reckoned, and not measured"));
    let whose = gives_it_to_another(card, s, Measure::Time, d.quantity.from, d.to);
    // "225 runs, median 30.7 minutes per run, 125 GPU-hours in total."
    let of_all = counts_runs(s.ts) && span(s.ts, d.to, d.to + ENDS).iter().any(|t| t.is_any(&words.ends));
    let rate = rate.or(of_all.then_some("a total of several runs"));
    let share = share_of_last(card, s, d.quantity.from);
    let reason = share.and_then(Result::err).or(reason);
    let spot = spot.refused(d.reason).refused(rate).refused(whose).after(if s.has(&words.whole) { 0 } else { 4 });
    let hours = d.hours * (1.0 + terms_before(s.ts, d.quantity.from) / d.quantity.value);
    card.add(
        &spot,
        Field::AcceleratorHours,
        Some(hours * share.and_then(Result::ok).unwrap_or(1.0)),
        s.written(d.quantity.from, d.to),
        reason,
    );
    Some(d.to)
}

/// A time in its sentence.
struct Time<'s, 't> {
    ts: &'s [Token<'t>],
    /// Hours, and the token behind it.
    duration: Duration,
    /// Its first token.
    at: usize,
    /// Its first word.
    first: &'s str,
    /// Its first unit of time.
    unit: &'s str,
    /// Whether that is glued to its number.
    is_glued: bool,
    /// The word before it, and the one before that.
    before: &'s str,
    before_that: &'s str,
    /// The word behind it.
    next: &'s str,
    /// What stands before it, over "about" and its like; empty at the beginning of a sentence.
    lead: &'s str,
    has_lead: bool,
    /// Whether the sentence says how long something took.
    strong: bool,
}

/// Why a time is not that of the training; `unit` is its first unit of time, `at` its first token.
fn not_the_time(card: &Card<'_>, s: &Sentence<'_, '_>, unit: usize, at: usize, duration: Duration) -> Option<&'static str> {
    let words = &vocabulary::prose().times;
    let ts = s.ts;
    let lead_at = (0..at).rev().find(|i| *i == 0 || !ts.get(*i).is_some_and(|t| t.is_any(&words.approximate)));
    let cjk = |w: &str| !w.is_ascii() && words.cjk_strong.iter().any(|part| w.contains(part));
    let time = Time {
        ts,
        duration,
        at,
        first: text_at(ts, at),
        unit: text_at(ts, unit),
        is_glued: ts.get(unit).is_some_and(|t| t.glued),
        before: text_before(ts, at, 1),
        before_that: text_before(ts, at, 2),
        next: text_at(ts, duration.to),
        lead: lead_at.map_or("", |i| lead_of_a_course(ts, i).unwrap_or(text_at(ts, i))),
        has_lead: lead_at.is_some(),
        strong: s.has(&words.strong) || s.words().any(cjk) || alone(s, at, duration.to),
    };
    of_data(s, &time).or_else(|| limited_in_cjk(s, at)).or_else(|| {
        let said = said(card, s, &time);
        of_something_else(said, s, &time).or_else(|| unsaid(said, s, &time))
    })
}

/// "Over the course of 9 days", "im Laufe von 3 Wochen", "en el curso de 4 días": for so long.
fn lead_of_a_course<'t>(ts: &'t [Token<'_>], of: usize) -> Option<&'t str> {
    let words = &vocabulary::prose().times;
    let is_of = ts.get(of).is_some_and(|t| t.is_any(&words.of));
    let course = of.checked_sub(1).filter(|at| is_of && ts.get(*at).is_some_and(|t| t.is_any(&words.courses)));
    course.map(|_| "for")
}

/// Characters before a time in which Chinese, Japanese and Korean say that it is a limit or a plan.
const LEAD_CHARS: usize = 8;

/// "不到一周", "预计耗时400小时": what stands right before a time, in scripts without spaces.
fn limited_in_cjk(s: &Sentence<'_, '_>, at: usize) -> Option<&'static str> {
    let words = &vocabulary::prose().times;
    let before = s.text.get(..s.ts.get(at)?.from)?.trim_end();
    if before.is_ascii() {
        return None;
    }
    if words.limits_cjk.iter().any(|word| before.ends_with(word)) {
        return Some("a rate or a limit");
    }
    let from = before.char_indices().rev().take(LEAD_CHARS).last().map_or(0, |(at, _)| at);
    let lead = before.get(from..).unwrap_or_default().rsplit(['，', ',', '。', '；', '、']).next().unwrap_or_default();
    words.planned_cjk.is_within(lead).then_some("planned")
}

/// Times of recordings, and an `h` that is a name.
fn of_data(s: &Sentence<'_, '_>, time: &Time<'_, '_>) -> Option<&'static str> {
    let words = &vocabulary::prose().times;
    // "We used 17 days of it"
    let of_that = matches!(text_at(time.ts, time.duration.to + 1), "it" | "them" | "that" | "this");
    if words.of.contains(&time.next) && !of_that {
        // "hours of intense computation": the first word that is one or the other decides.
        let what = span(time.ts, time.duration.to + 1, time.duration.to + 5);
        let decides = |t: &&Token<'_>| words.of_training.contains(&t.text.as_ref()) || words.data.contains(&t.text.as_ref());
        let of_chips =
            || (time.duration.to + 1..time.duration.to + 4).any(|i| s.ts.get(i).is_some_and(|t| t.is_any(&words.chip_lines)));
        // "9 hours of fine-tuning data"
        let of_data = what.iter().any(|t| t.is_any(&vocabulary::prose().subjects.data))
            || span(s.ts, time.duration.to + 5, time.duration.to + 7).iter().any(|t| t.is_any(&vocabulary::prose().subjects.data));
        let computes = !of_data && what.iter().find(decides).is_some_and(|t| words.of_training.contains(&t.text.as_ref()));
        if !computes && !of_chips() {
            return Some("hours of data");
        }
    }
    let recorded = is_recording(time.ts, time.at, time.duration.to);
    // "31 hours, generating the samples 2 hours": the next clause has its own subject.
    let near = span(time.ts, time.duration.to, time.duration.to + 4).iter().take_while(|t| !t.is_any(&[",", ";"]));
    if recorded || near.into_iter().any(|t| t.is_any(&words.data)) {
        return Some("hours of data");
    }
    if is_length_of_data(time.ts, time.at) {
        return Some("hours of data");
    }
    let is_hyphenated = time.before == "-" || time.next == "-";
    // "15.25h" is measured, and no name.
    let is_measured = time.duration.to - time.at > 2 || time.first.contains(['.', ',']);
    // "~ 14h for 6 epochs": a name is not about so many hours.
    let said_about = if time.before == "." { time.before_that } else { time.before };
    let is_about = words.about.contains(&said_about) && !time.ts.get(time.duration.to).is_some_and(|t| t.upper);
    if !is_measured
        && !is_about
        && time.unit == "h"
        && time.is_glued
        && (is_hyphenated || !(time.strong || words.hour_letter_leads.contains(&time.lead)))
    {
        return Some("a name");
    }
    // "5,400 hours of speech for 62 hours": the data have their hours, and these are others.
    let is_another = words.leads.contains(&time.lead) && has_recordings(time.ts);
    let is_audio = s.has(&words.audio) && !(time.strong || is_another || words.long_units.contains(&time.unit));
    is_audio.then_some("hours of data")
}

/// "a week-long training run".
fn is_long(time: &Time<'_, '_>) -> bool {
    time.next == "-" && vocabulary::prose().times.long.contains(&text_at(time.ts, time.duration.to + 1))
}

/// "three sessions that add up to 26 hours".
fn adds_up(time: &Time<'_, '_>) -> bool {
    let adds = &vocabulary::prose().times.adds;
    span(time.ts, time.at.saturating_sub(REACH), time.at).iter().any(|t| t.is_any(adds))
}

/// Times of no training, of an inference, of a rate, of what could be.
fn of_something_else(said: Said, s: &Sentence<'_, '_>, time: &Time<'_, '_>) -> Option<&'static str> {
    let words = &vocabulary::prose().times;
    if said == Said::Nothing {
        return Some(NOT_SAID);
    }
    // "took 19.28 hours, with 8.57 s/batch on average": so long no answer takes.
    let serves = |t: &Token<'_>| t.is_any(&words.serving) && !(t.is("average") && time.strong && time.duration.hours >= LONG);
    // "1.05 kW on average over the 52 hours of training"
    let of_training = words.of.contains(&time.next) && is_train(time.ts, time.duration.to + 1);
    let elsewhere = s.has(&words.trained) || of_training || is_clause_of_training(s, time);
    if s.ts.iter().any(serves) && !elsewhere {
        return Some("inference");
    }
    // "The three epochs were done after 6.4 hours".
    let closes = s.has(&words.closed) || s.has(&words.done);
    let closed = (words.after.contains(&time.lead) && (closes || is_long(time) || is_of_training_on(time)))
        || (words.later.contains(&time.next) && closes);
    if closed && came_only_so_far(time) {
        return Some("the training went on");
    }
    let nearly_words = &vocabulary::prose().subjects.nearly;
    // "just under 6 hours", "slightly more than 6 hours".
    let nearly = nearly_words.contains(&time.before_that)
        || (words.than.contains(&time.before)
            && words.more.contains(&time.before_that)
            && nearly_words.contains(&text_before(time.ts, time.at, 3)));
    // "Addestrato per 50 minuti": "per" is "for" where nothing is English.
    let is_limit = |w: &str| words.limits.contains(&w) && (!words.limits_in_english.contains(&w) || s.has(&words.english));
    let stands_behind_a_limit = is_limit(time.lead) || is_limit(time.before);
    let limited = (stands_behind_a_limit && !closed && !nearly)
        || rate_behind(time.ts, time.duration.to).is_some()
        || rate_of_each(time.ts, time.at).is_some()
        || (words.limits_before_that.contains(&time.before_that) && !nearly)
        || (words.up.contains(&time.before_that)
            && [time.lead, time.before].iter().any(|w| words.to.contains(w))
            && !adds_up(time))
        || (words.limits_behind.contains(&time.next) && !closed);
    if limited {
        return Some("a rate or a limit");
    }
    if s.has(&words.modal) && !s.has(&words.modal_denied) {
        return Some("not said of this training");
    }
    (words.data_leads.contains(&time.lead) && !time.strong).then_some("hours of data")
}

/// "200k steps are enough to generate a good voice, and it takes 1 day to complete the training": whether the clause of a time speaks of the
/// training and of no use, whatever the others say.
fn is_clause_of_training(s: &Sentence<'_, '_>, time: &Time<'_, '_>) -> bool {
    let ends = |i: &usize| {
        let t = s.ts.get(*i);
        t.is_some_and(|t| t.is_any(&[",", ";", "，", "；"]) || t.is_any(&vocabulary::prose().subjects.and))
    };
    let from = (0..time.at).rev().find(ends).unwrap_or(0);
    let to = (time.duration.to..s.ts.len()).find(ends).unwrap_or(s.ts.len());
    let serves = span(s.ts, from, to).iter().any(|t| t.is_any(&vocabulary::prose().times.serving));
    !serves && s.trains.iter().any(|i| (from..to).contains(i))
}

/// "After 8 hours of training on a Tesla M10 this is the result": how long it was trained for what is shown.
fn is_of_training_on(time: &Time<'_, '_>) -> bool {
    let words = &vocabulary::prose().times;
    let to = time.duration.to;
    words.of.contains(&time.next) && is_train(time.ts, to + 1) && text_at(time.ts, to + 2) == "on"
}

/// "but only 17 epochs were finished after 130 hours": so far the training came.
fn came_only_so_far(time: &Time<'_, '_>) -> bool {
    let words = vocabulary::prose();
    (0..time.at).any(|i| {
        let q = time.ts.get(i).filter(|t| t.is_any(&words.progress.only)).and_then(|_| quantity(time.ts, i + 1));
        q.is_some_and(|q| time.ts.get(q.to).is_some_and(|t| t.is_any(&words.epochs.words) || t.is_any(&words.steps.words)))
    })
}

/// What the text around a time says of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    /// Nothing of a training.
    Nothing,
    /// It stands in a sentence on a training.
    OfTraining,
    /// It is how long the training took.
    ItsTime,
}

/// Tokens at the beginning of a sentence that hold its subject.
const SUBJECT: usize = 3;

/// What the text says of a time: by its words ("took", "for", "24 hours of training"), by what the sentence tells beside it (a recipe, chips,
/// that it is all of it), and by its place. "Baked for 3 h on a 3090: 2,400 steps" and "It finished in 2 h on a T4" behind a sentence on epochs
/// are told by what stands beside them; "Durata antrenării: 14 ore pe 2 x A100" is a note, or in a language of which the small words are not
/// known: behind a colon, or with chips beside it, a time is that of the training.
fn said(card: &Card<'_>, s: &Sentence<'_, '_>, time: &Time<'_, '_>) -> Said {
    let words = &vocabulary::prose().times;
    let (chips, whole) = (has_chips(card, s), is_whole(s, time));
    let beside = chips || whole;
    let lasting = words.lasting.contains(&time.lead);
    let computes = words.of.contains(&time.next) && words.of_training.contains(&text_at(s.ts, time.duration.to + 1));
    let slang = s.has(&words.slang) || s.words().any(|w| !w.is_ascii() && words.ran_cjk.is_within(w));
    // "After 23 days the loss had flattened and we stopped."
    let ended = words.after.contains(&time.lead) && s.has(&words.closed);
    let under = s.under_training
        && (time.strong || ended || (lasting && s.has(&words.used_for)) || (beside && !s.under_data && !s.under_evaluation));
    let around = card.trained_before && (time.strong || ended || lasting || beside);
    // "BERT took 4 days on 16 TPUs. Heron took 9 hours on one 3090."
    let family = || card.own.family().is_some_and(|family| s.ts.iter().take(SUBJECT).any(|t| t.text.as_ref() == family.as_str()));
    let names_own = time.strong && chips && !s.has(&words.serving) && family();
    // "Se usaron 4 nodos con 4 GPU H100 durante 6 días"
    let used = chips && lasting && s.has(&vocabulary::prose().hardware.used_chips) && !s.has(&words.serving) && !s.under_evaluation;
    if !(s.trains() || s.is_recipe || under || around || used || names_own || (computes && whole) || (slang && chips)) {
        return Said::Nothing;
    }
    // "40 minutes of mlx-lm fine-tuning".
    let of_training = words.of.contains(&time.next)
        && s.trains.iter().any(|i| (time.duration.to + 1..time.duration.to + TRAINING_BEHIND).contains(i));
    let closed = (words.after.contains(&time.lead) && (s.has(&words.closed) || is_long(time) || is_of_training_on(time)))
        || words.later.contains(&time.next);
    // "Training      26 Stunden"
    let named = time.at.checked_sub(1).is_some_and(|before| s.trains.contains(&before));
    let leads = of_training || named || words.leads.contains(&time.lead) || closed || !time.has_lead || !time.lead.is_ascii();
    let place = s.is_recipe || s.under_training || card.trained_before || slang;
    let of_data = || s.under_data || s.has(&words.audio);
    let told = (place && beside) || (s.trains() && (s.under_training || whole));
    let noted = || {
        let of_data = s.words().any(|w| words.data_stems.iter().any(|stem| w.starts_with(stem)));
        let behind_colon = matches!(time.lead, ":" | "：" | "=") && s.trains.iter().any(|i| *i < time.at);
        // "Instruction tuning of this 1B checkpoint alone: 9 hours on 8xH100": all that stands before the colon is a label.
        let is_label = || behind_colon && s.ts.iter().take(time.at).filter(|t| t.kind == Kind::Sign && !t.is("-")).count() == 1;
        s.trains() && (behind_colon || chips) && (!s.has(&words.english) || is_label()) && !of_data
    };
    if time.strong || leads || (told && !of_data()) || noted() { Said::ItsTime } else { Said::OfTraining }
}

/// Whether a sentence names a chip.
fn has_chips(card: &Card<'_>, s: &Sentence<'_, '_>) -> bool {
    let words = vocabulary::prose();
    let lists = [&words.triggers.bare_chips, &vocabulary::card().device_hours.named, &words.times.chip_lines];
    (0..s.ts.len()).any(|i| card.is_chip(s.ts, i) || s.ts.get(i).is_some_and(|t| lists.iter().any(|list| t.is_any(*list))))
}

/// "nine hours all told", "3 hours from start to finish".
fn is_whole(s: &Sentence<'_, '_>, time: &Time<'_, '_>) -> bool {
    let ends = &vocabulary::prose().times.ends;
    span(s.ts, time.duration.to, time.duration.to + ENDS).iter().any(|t| t.is_any(ends))
        || span(s.ts, time.at.saturating_sub(ENDS), time.at).iter().any(|t| t.is_any(ends))
}

/// Times that nothing says to be the training's, or to be all of it.
fn unsaid(said: Said, s: &Sentence<'_, '_>, time: &Time<'_, '_>) -> Option<&'static str> {
    let words = &vocabulary::prose().times;
    if said == Said::OfTraining {
        return Some(NOT_ITS_TIME);
    }
    // "The training took approximately 30 seconds" is one of a few steps.
    let shortest = if time.strong && s.trains() { 10.0 / 3600.0 } else { 1.0 / 60.0 };
    let one = words.one.contains(&time.first) && words.one_of.contains(&time.unit);
    if (one && !time.strong && !words.lasting.contains(&time.lead)) || time.duration.hours < shortest {
        return Some("a rate or a limit");
    }
    // "(11.5 + 11.5 + 4 hours), 27 hours in all".
    if s.is_stage || time.before == "+" {
        return Some("one stage of several");
    }
    let far = s.trains.iter().map(|i| i.abs_diff(time.at)).min().is_some_and(|near| near > MOST_TOKENS_BETWEEN);
    far.then_some(NOT_SAID)
}
