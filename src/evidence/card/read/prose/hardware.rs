//! Hardware in prose: of this training, or of a use of the model.

use super::NOT_SAID;
use super::nearby::any;
use super::sentence::{Sentence, counts_of_a_recipe};
use super::strangers::has_another_set_apart;
use super::subjects::{Measure, gives_it_to_another, is_in_bracket_of_the_base};
use crate::evidence::card::parse::block::Under;
use crate::evidence::card::read::candidate::{Card, Spot};
use crate::evidence::card::read::totals::SEVERAL_MODELS;
use crate::evidence::card::read::training::is_train;
use crate::evidence::hardware::Context;
use crate::evidence::quantity::durations::duration;
use crate::evidence::quantity::tokens::{Kind, Token, is_latin_word, span, text_at, text_before};
use crate::evidence::vocabulary::{self, Words};

/// "The final run used 8 A100", "run on a single H100" under a heading of training: no word of a use.
fn is_what_was_run(s: &Sentence<'_, '_>) -> bool {
    let words = &vocabulary::prose().hardware;
    let all = (0..s.ts.len()).filter(|i| s.ts.get(*i).is_some_and(|t| t.is("run")));
    let mut ran = all.map(|i| {
        let begins = i == 0 && s.under_training && text_at(s.ts, 1) == "on";
        begins || words.ran.contains(&text_before(s.ts, i, 1))
    });
    ran.all(|it| it)
}

/// Whether a word of a script without spaces holds one of a use: "推理用".
fn serves_in(t: &Token<'_>) -> bool {
    let words = &vocabulary::prose().hardware.serving;
    t.kind == Kind::Word
        && !is_latin_word(&t.text)
        && words.list().iter().any(|w| !w.is_ascii() && !is_latin_word(w) && t.text.contains(w))
}

/// Reason of the chips of a model that is neither this one nor its base.
const ANOTHER: &str = "another model's figure";
/// Tokens at the beginning of a clause that hold its subject.
const SUBJECT: usize = 2;
/// Tokens within which a machine and what it consists of are named.
const MACHINE: usize = 6;

/// Reads a sentence that holds a word for hardware: as a whole, or by its clauses where several have chips and something to say of them.
pub fn read_hardware_prose(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) {
    let spot = &spot.refused(has_another_set_apart(card, s).then_some(ANOTHER));
    let around = without_bracket_of_the_base(card, s);
    // What the sentence says of training it says on both sides of the bracket.
    let before = card.trained_before;
    card.trained_before |=
        around.as_ref().is_some_and(|parts| s.trains.iter().any(|i| parts.iter().any(|(from, to)| (*from..*to).contains(i))));
    let clauses = around.unwrap_or_else(|| clauses_with_chips(card, s));
    if clauses.len() < 2 {
        if let Some(own) = own_clause(card, s) {
            return read_one_of(card, spot, s, own);
        }
        return read_clause(card, spot, s, (0, s.ts.len()));
    }
    for clause in clauses {
        read_one_of(card, spot, s, clause);
    }
    card.trained_before = before;
}

/// Reads one clause of a sentence.
fn read_one_of(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, (from, to): (usize, usize)) {
    let trains = s.trains.iter().filter(|i| (from..to).contains(*i)).map(|i| i - from).collect();
    let under = Under { training: s.under_training, evaluation: s.under_evaluation, data: s.under_data, environment: false };
    let clause = Sentence::new(s.text, span(s.ts, from, to), trains, under);
    read_clause(card, spot, &clause, (from, to));
}

/// "I was using a 2080 Ti, and would like to know the normal speed": the clause that says that the chips were used, where another one speaks of
/// speed or of a use.
fn own_clause(card: &Card<'_>, s: &Sentence<'_, '_>) -> Option<(usize, usize)> {
    let words = &vocabulary::prose().hardware;
    let ends = |i: &usize| s.ts.get(*i).is_some_and(|t| t.is_any(&[",", ";", "，", "；"]));
    let chip = (0..s.ts.len()).find(|i| card.is_chip(s.ts, *i) || s.ts.get(*i).is_some_and(|t| t.is_any(&words_of_chips())))?;
    let from = (0..chip).rev().find(ends).map_or(0, |i| i + 1);
    let to = (chip..s.ts.len()).find(ends)?;
    let clause = span(s.ts, from, to);
    let is_use = |t: &Token<'_>| t.is_any(&words.serving) || t.is_any(&words.running);
    let others = span(s.ts, 0, from).iter().chain(span(s.ts, to, s.ts.len()));
    let used = any(clause, &words.used) && !clause.iter().any(is_use) && !any(clause, &words.demands);
    (used && s.trains.is_empty() && others.into_iter().any(is_use)).then_some((from, to))
}

fn words_of_chips() -> Words {
    vocabulary::prose().triggers.bare_chips
}

/// "We tuned goose (trained on 2T tokens with 1,000 GPUs) on 4 GPUs": what stands around the bracket, where a sentence has one on the base.
fn without_bracket_of_the_base(card: &Card<'_>, s: &Sentence<'_, '_>) -> Option<Vec<(usize, usize)>> {
    let open = s.ts.iter().position(|t| t.is_any(&["(", "（"]))?;
    let close = (open + 1..s.ts.len()).find(|at| s.ts.get(*at).is_some_and(|t| t.is_any(&[")", "）"])))?;
    is_in_bracket_of_the_base(card, s, close).then(|| vec![(0, open), (close + 1, s.ts.len())])
}

/// "The cluster has 2,400 nodes with 4 H100 each": what it consists of, and not what trained.
fn is_whole_machine(s: &Sentence<'_, '_>) -> bool {
    let words = &vocabulary::prose().hardware;
    let subject = s.ts.iter().take(MACHINE).position(|t| t.is_any(&words.machines));
    subject.is_some_and(|at| span(s.ts, at + 1, at + MACHINE).iter().any(|t| t.is_any(&words.consists))) && !s.trains()
}

/// "It was trained on a DGX-1. The server has 4 P100 GPUs": what the one machine has that the sentence before said to have trained.
fn describes_the_machine(card: &Card<'_>, s: &Sentence<'_, '_>) -> bool {
    let words = &vocabulary::prose().hardware;
    let subject = s.ts.iter().take(SUBJECT).position(|t| t.is_any(&words.one_machine));
    let has = subject.is_some_and(|at| span(s.ts, at + 1, at + SUBJECT + 1).iter().any(|t| t.is_any(&words.consists)));
    let serves = s.ts.iter().any(|t| t.is_any(&words.serving) && !t.is_any(&words.one_machine));
    has && card.trained_before && !serves && !s.under_evaluation
}

/// The clauses of a sentence that name chips, each with a verb or another word of its own: "prototyped on a T4, trained on 4 L40S". One
/// alone is the whole sentence.
fn clauses_with_chips(card: &Card<'_>, s: &Sentence<'_, '_>) -> Vec<(usize, usize)> {
    let words = vocabulary::prose();
    let says = |t: &Token<'_>| {
        let lists =
            [&words.hardware.serving, &words.hardware.running, &words.hardware.tried, &words.subjects.took, &words.subjects.work];
        lists.iter().any(|list| t.is_any(*list)) || (!is_latin_word(&t.text) && serves_in(t))
    };
    let mut out: Vec<(usize, usize)> = Vec::new();
    let mut from = 0;
    for i in 0..=s.ts.len() {
        let ends = i == s.ts.len() || s.ts.get(i).is_some_and(|t| t.is_any(&[",", ";", "，", "；"]));
        if !ends {
            continue;
        }
        let named = |at: &usize| card.is_chip(s.ts, *at) || s.ts.get(*at).is_some_and(|t| t.is_any(&words.triggers.hardware));
        let chip = (from..i).find(named);
        let tells = chip.is_some_and(|chip| (from..chip).any(|at| is_train(s.ts, at) || s.ts.get(at).is_some_and(says)));
        match out.last_mut() {
            Some((_, end)) if !tells => *end = i,
            _ => out.push((from, i)),
        }
        from = i + 1;
    }
    out
}

/// Whether the clause of the chips tells of what could be. "May I ask how long it takes on 8 A100?" does not.
fn may_be(card: &Card<'_>, s: &Sentence<'_, '_>) -> bool {
    let words = vocabulary::prose();
    let ends = |i: &usize| {
        let t = s.ts.get(*i);
        t.is_some_and(|t| t.is_any(&[";", "；"]))
            || t.is_some_and(|t| t.is(",")) && s.ts.get(i + 1).is_some_and(|t| t.is_any(&words.subjects.sets_against))
    };
    let chip = (0..s.ts.len()).find(|i| card.is_chip(s.ts, *i)).unwrap_or(0);
    let from = (0..chip).rev().find(ends).unwrap_or(0);
    let to = (chip..s.ts.len()).find(ends).unwrap_or(s.ts.len());
    let is_modal = |i: usize| s.ts.get(i).is_some_and(|t| t.is_any(&words.hardware.modal) && !t.upper);
    (from..to).any(|i| is_modal(i) && text_at(s.ts, i + 1) != "i")
}

/// Tokens before a word for memory within which its size stands.
const MEMORY: usize = 2;

/// "RTX 2080 Ti, 11 GB VRAM": the memory of a chip by its size, and no requirement.
fn is_memory_of_chip(ts: &[Token<'_>], i: usize) -> bool {
    let words = &vocabulary::prose().hardware;
    let sized = span(ts, i.saturating_sub(MEMORY), i).iter().any(|t| t.kind == Kind::Number);
    ts.get(i).is_some_and(|t| t.is_any(&words.memory)) && sized
}

/// What a clause says against its chips being those of the training.
fn not_the_chips(card: &Card<'_>, s: &Sentence<'_, '_>) -> Option<&'static str> {
    let words = &vocabulary::prose().hardware;
    // "Evaluation on the full suite took 9 hours on 8 A100s": the subject is no training.
    let evaluates = any(span(s.ts, 0, SUBJECT), &vocabulary::prose().subjects.work);
    let is_use = |(i, t): (usize, &Token<'_>)| t.kind == Kind::Word && t.is_any(&words.serving) && !is_memory_of_chip(s.ts, i);
    let serves = s.ts.iter().enumerate().any(is_use) || s.ts.iter().any(serves_in) || evaluates;
    // The "no" of Portuguese is "in the".
    let is_english = s.has(&vocabulary::prose().times.english);
    let denies = |w: &str| words.denying.contains(&w) && is_english;
    let is_run = |(i, t): (usize, &Token<'_>)| t.is_any(&words.running) && !is_memory_of_chip(s.ts, i);
    let words_run = s.ts.iter().enumerate().filter(|(_, t)| t.kind == Kind::Word);
    let runs =
        words_run.filter(|(i, t)| is_run((*i, *t)) || denies(t.text.as_ref())).any(|(_, t)| !(t.is("run") && is_what_was_run(s)));
    if s.trains() {
        // "From 3 May to 17 May": a month.
        let may = may_be(card, s) && !s.has(&words.modal_denied);
        let needs = s.has(&["least"]) && s.has(&words.serving);
        if needs || (s.has(&words.serving_though_training) && !s.has(&["trained"])) {
            Some("inference or requirement")
        } else {
            // "My own two cards were inadequate for training it."
            (may || s.has(&words.unfit)).then_some("not said of this training")
        }
    } else if serves {
        Some("inference or requirement")
    } else if s.under_evaluation {
        Some("evaluation or inference")
    } else if s.has(&words.tried) {
        Some("tried, and not trained")
    } else if runs && !s.is_recipe {
        Some("inference or requirement")
    } else {
        let told = s.is_recipe || s.has(&vocabulary::prose().times.slang);
        let times = told && (0..s.ts.len()).any(|i| duration(s.ts, i).is_some());
        // "One complete run on an M2 Max: 200 iterations, batch 4."
        let beside = card.beside_recipe || counts_of_a_recipe(s.ts);
        let uses = s.has(&words.used) || s.has(&words.used_chips);
        // "Measured with CodeCarbon on an RTX 3080"
        let measured = s.has(&vocabulary::prose().triggers.tools);
        let told = measured || s.under_training || uses || times || card.trained_before || beside;
        (!told).then_some(NOT_SAID)
    }
}

/// Reads a clause: its tokens are those of `s`, from the token `from` of the sentence on.
fn read_clause(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, (from, _): (usize, usize)) {
    let words = &vocabulary::prose().hardware;
    let trains = s.trains();
    let reason = not_the_chips(card, s);
    let text = s.written(0, s.ts.len());
    let described = describes_the_machine(card, s);
    let reason = if described { None } else { reason.or_else(|| is_whole_machine(s).then_some("a whole machine")) };
    // "my MacBook Air (M1) CPU"
    let on_cpu = |i: usize| text_at(s.ts, i) == "m" && (i + 2..i + 4).any(|at| text_at(s.ts, at) == "cpu");
    let reason = reason.or_else(|| (0..s.ts.len()).any(|i| card.is_chip(s.ts, i) && on_cpu(i)).then_some("a processor"));
    let chip = (0..s.ts.len()).find(|i| card.is_chip(s.ts, *i));
    // "GPT-2 training used 32 TPU v3": a name in words is told of by its first.
    let named = |i: &usize| s.ts.get(*i).is_some_and(|t| t.is_any(&vocabulary::prose().triggers.hardware));
    let of = |chip: usize| gives_it_to_another(card, s, Measure::Chips, chip, chip + 1);
    let of_name = || (0..s.ts.len()).find(named).and_then(of).filter(|why| *why == ANOTHER);
    let other = chip.map_or_else(of_name, of);
    let later = 3 * u8::from(!trains) + u8::from(from > 0 && s.has(&words.tried));
    // The chips of a family are those of each of its models, and only their number is not.
    if let Some(chip) = chip.filter(|_| other == Some(SEVERAL_MODELS)) {
        card.add_hardware(&spot.refused(reason).after(later + 1), s.written(chip, chip + 2), Context::Prose);
    }
    // What the machine has stands before what its name says.
    let spot = if described { Spot { rank: spot.rank.saturating_sub(1), ..*spot } } else { spot.after(later) };
    let spot = spot.refused(reason).refused(other);
    card.is_place_of_machine = !trains && !s.has(&words.used) && !s.has(&words.running);
    let is_named = card.add_hardware(&spot, text, Context::Prose);
    card.is_place_of_machine = false;
    if !is_named && spot.reason.is_none() {
        card.add_devices_apart(&spot, s.ts, text);
    }
}
