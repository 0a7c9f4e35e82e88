//! The second reading: figures that no rule has accepted or refused, of units that only one quantity has.
//!
//! People word keys and sentences in ever new ways, and write their units always alike. What a unit makes plain is noted here, unless the words
//! around it speak of something else than a training of this model; whether it counts is decided when all rules have spoken
//! (`decide/unclaimed.rs`).

use super::candidate::{Candidate, Card, RANK_UNCLAIMED, Spot, candidate};
use super::passage::Passage;
use super::prose::sentence::Sentence;
use super::prose::uses::tells_use;
use super::rates::rate_in;
use super::totals::{covers_more, holds_the_search};
use super::training::is_train;
use super::values::{Figure, figure, figures};
use crate::domain::Field;
use crate::evidence::card::parse::block::Block;
use crate::evidence::hardware::{Context, Openness, read_hardware};
use crate::evidence::quantity::computes::{ComputeKind, compute_unit};
use crate::evidence::quantity::durations::duration;
use crate::evidence::quantity::numbers::quantity;
use crate::evidence::quantity::tokens::{Kind, Token, lex, lex_in, span, text_at};
use crate::evidence::quantity::units::{energy_unit, mass_unit};
use crate::evidence::vocabulary;
use crate::vocabulary::Union;
use std::sync::LazyLock;

/// Most figures noted of one card.
const MOST_NOTED: usize = 100;
/// Longest key and longest value that are looked at, in bytes.
const MOST_BYTES: usize = 80;
/// Fewest FLOP of a training.
const LEAST_FLOP: f64 = 1e15;
/// Fewest tokens of a training: less is a length.
const LEAST_TOKENS: f64 = 1e6;
/// Shortest time of a training, in hours: less is the time of an answer.
const LEAST_HOURS: f64 = 0.05;
/// Lengths of sequences that trainings have, in tokens.
const LENGTHS: std::ops::RangeInclusive<f64> = 32.0..=131_072.0;
/// Words between a number of devices and the chip that are no known ones: "16 kartách A100".
const MOST_UNKNOWN: usize = 2;
/// Most devices counted so.
const MOST_DEVICES: f64 = 4096.0;
/// Tokens around a length that say of what it is.
const AROUND: usize = 6;

/// What a figure needs beside it before it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// That the place speaks of training, or one other figure of the training beside it.
    One,
    /// Two other figures of the training beside it: many things last so long.
    Two,
    /// Energy that makes it emissions: nothing names the gas.
    Energy,
}

/// A figure that no rule claimed.
#[derive(Clone, Debug)]
pub struct Unclaimed {
    /// The figure.
    pub candidate: Candidate,
    /// Whether its own place speaks of a training.
    pub of_training: bool,
    /// What it needs.
    pub needs: Needs,
}

/// Whether tokens hold a word that speaks of something else than this training: an evaluation, a use, the base, a plan, work around it.
#[must_use]
pub fn speaks_of_other(ts: &[Token<'_>]) -> bool {
    static OTHER: LazyLock<Union> = LazyLock::new(|| {
        let prose = vocabulary::prose();
        let (times, emissions, subjects) = (&prose.times, &prose.emissions, &prose.subjects);
        Union::new(&[
            emissions.serving,
            emissions.benchmarks,
            emissions.comparisons,
            times.serving,
            times.data,
            times.audio,
            prose.hardware.serving,
            subjects.work,
            subjects.of_base,
            subjects.others,
            subjects.originals,
            subjects.planned,
            subjects.granted,
            subjects.saved,
            subjects.thresholds,
            subjects.search,
            prose.sentences.evaluated,
            prose.rates.factors,
            prose.rates.uses,
        ])
    });
    ts.iter().enumerate().any(|(i, t)| t.kind == Kind::Word && (t.is_any(&*OTHER) || tells_use(ts, i)))
}

/// Notes the rows of a table of keys and values that no rule has read; candidates from `known` on are those of the table.
pub fn note_rows(card: &mut Card<'_>, rows: &[Passage<'_>], known: usize) {
    let is_pair = |row: &&Passage<'_>| row.block.cells.len() == 2;
    if rows.len() < 2 || !rows.iter().all(|row| is_pair(&row)) {
        return;
    }
    let is_read = |b: &Block, c: &Candidate| c.quote == (b.from, b.to);
    let of_table = card.candidates.get(known..).unwrap_or_default();
    let unread: Vec<Passage<'_>> = rows.iter().filter(|row| !of_table.iter().any(|c| is_read(row.block, c))).copied().collect();
    for row in unread.iter().filter(|row| row.refused.is_none()) {
        if let [key, value] = row.block.cells.as_slice() {
            let spot = Spot { block: row.block, quote: (row.block.from, row.block.to), rank: RANK_UNCLAIMED, reason: None };
            note_pair(card, &spot, key, value);
        }
    }
}

/// Notes a value whose key no rule knows, where its unit says what it is.
pub fn note_pair(card: &mut Card<'_>, spot: &Spot<'_>, key: &str, value: &str) {
    let under = spot.block.under;
    let is_long = key.len() > MOST_BYTES || value.len() > MOST_BYTES;
    let has_digit = || value.chars().any(char::is_numeric);
    if spot.reason.is_some() || under.evaluation || under.data || is_long || !has_digit() {
        return;
    }
    let names = lex(key);
    let label = lex(spot.block.label.as_deref().unwrap_or_default());
    let text = format!("{key} {value}").to_lowercase();
    let other = speaks_of_other(&names)
        || speaks_of_other(&label)
        || rate_in(&names).or_else(|| covers_more(&card.own, &text)).or_else(|| holds_the_search(&text)).is_some();
    if other || card.own.base_in(&names) {
        return;
    }
    let all = lex_in(value, card.sign);
    let about = all.iter().take_while(|t| t.is_any(&vocabulary::prose().times.about)).count();
    let ts = span(&all, about, all.len());
    let trains = (0..names.len()).any(|i| is_train(&names, i));
    let of_training = under.training || trains;
    let stated = told_by_unit(card, &names, ts);
    if let Some((field, amount, needs)) = stated {
        note(card, spot, (field, Some(amount), value), of_training, needs);
    } else if let Some((chip, count)) = chips_of(card, value) {
        note(card, spot, (Field::AcceleratorCount, Some(count), &chip), of_training, Needs::One);
        note(card, spot, (Field::Accelerator, None, &chip), of_training, Needs::One);
    }
}

fn note(
    card: &mut Card<'_>,
    spot: &Spot<'_>,
    (field, value, written): (Field, Option<f64>, &str),
    of_training: bool,
    needs: Needs,
) {
    if card.unclaimed.len() < MOST_NOTED {
        card.unclaimed.push(Unclaimed { candidate: candidate(spot, field, value, written, None), of_training, needs });
    }
}

/// What a value is by its unit, where the figure with it is all of the value.
fn told_by_unit(card: &Card<'_>, key: &[Token<'_>], ts: &[Token<'_>]) -> Option<(Field, f64, Needs)> {
    let q = quantity(ts, 0).filter(|q| !q.is_range && !q.is_negative && q.value > 0.0)?;
    let ends = |to: usize| span(ts, to, ts.len()).iter().all(|t| t.is("."));
    if let Some((kwh, _, _)) = figure(ts, 0, energy_unit).filter(|(_, to, q)| ends(*to) && !q.is_rate) {
        return Some((Field::EnergyKwh, kwh, Needs::One));
    }
    if let Some((kg, to, _)) = figure(ts, 0, mass_unit).filter(|(_, _, q)| !q.is_rate) {
        return emissions(key, ts, kg, to);
    }
    if let Some(d) = (0..ts.len()).find_map(|i| card.device_hours(ts, i)).filter(|d| ends(d.to) && d.reason.is_none()) {
        return Some((Field::AcceleratorHours, d.hours, Needs::One));
    }
    let flop = compute_unit(ts, q.to).filter(|unit| unit.kind == ComputeKind::Amount).map(|unit| q.value * unit.flop);
    if let Some(flop) = flop.filter(|flop| *flop >= LEAST_FLOP) {
        return Some((Field::TrainFlop, flop, Needs::One));
    }
    if let Some(d) = duration(ts, 0).filter(|d| ends(d.to) && !d.is_range && d.hours >= LEAST_HOURS) {
        return Some((Field::WallHours, d.hours, Needs::Two));
    }
    tokens(key, ts, q.value, q.to)
}

/// A mass of the gas; of one that nothing names the gas of, energy beside it decides.
fn emissions(key: &[Token<'_>], ts: &[Token<'_>], kg: f64, to: usize) -> Option<(Field, f64, Needs)> {
    let words = &vocabulary::prose();
    let is_gas = |t: &Token<'_>| {
        t.text.contains("co2")
            || t.is_any(&words.triggers.carbon)
            || (!t.text.is_ascii() && words.triggers.carbon_within.is_within(&t.text))
    };
    let rest = span(ts, to, ts.len());
    let named = key.iter().chain(ts).any(is_gas);
    let ends = rest.iter().all(|t| is_gas(t) || t.is_any(&words.rates.passed) || t.is("("));
    ends.then_some((Field::EmissionsKgco2e, kg, if named { Needs::One } else { Needs::Energy }))
}

/// Tokens seen: a number of millions with the word behind it or in its key, of no context, vocabulary or data set.
fn tokens(key: &[Token<'_>], ts: &[Token<'_>], value: f64, to: usize) -> Option<(Field, f64, Needs)> {
    let words = &vocabulary::prose().tokens;
    let is_word = |t: &Token<'_>| t.is_any(&words.words) || (!t.text.is_ascii() && words.cjk.iter().any(|w| t.text.contains(w)));
    let rest = span(ts, to, ts.len());
    let named = key.iter().any(is_word) || rest.iter().any(is_word);
    let other = |t: &Token<'_>| {
        let lists =
            [words.lengths, words.lengths_behind, words.corpus, words.data_nouns, words.not_seen_between, words.other_units];
        lists.iter().any(|list| t.is_any(list))
    };
    let ends = rest.iter().all(|t| is_word(t) || t.is("."));
    (named && ends && value >= LEAST_TOKENS && !key.iter().any(other)).then_some((Field::TrainTokens, value, Needs::Two))
}

/// The chip of a value that begins with the number of its devices, and that number: "16 × A100".
fn chips_of(card: &Card<'_>, value: &str) -> Option<(String, f64)> {
    let value = value.trim();
    let begins = value.starts_with(|c: char| c.is_ascii_digit());
    let found = begins.then(|| read_hardware(card.tables.accelerators, value, Context::Field))?;
    let is_one = matches!(found.openness, Openness::Exact | Openness::Variant) && found.names_chip;
    found.count.filter(|_| is_one).map(|n| (value.to_owned(), f64::from(n)))
}

/// Notes what a sentence says of the training and no rule has read; candidates from `known` on are those of the sentence.
pub fn note_sentence(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, known: usize) {
    if spot.reason.is_some() || s.under_evaluation || !(s.trains() || s.under_training || card.trained_before) {
        return;
    }
    let has = |card: &Card<'_>, field: Field| card.candidates.get(known..).unwrap_or_default().iter().any(|c| c.field == field);
    let spot = Spot { rank: RANK_UNCLAIMED, ..*spot };
    if !has(card, Field::SequenceLength)
        && s.trains()
        && let Some((length, from, to)) = length_of(s)
    {
        note(card, &spot, (Field::SequenceLength, Some(length), s.written(from, to)), true, Needs::One);
    }
    if !has(card, Field::EmissionsKgco2e) && has(card, Field::EnergyKwh) {
        // "Spotřeba 1 250 kWh a uhlíková stopa 440 kg": a mass beside energy, of a grid that there may be.
        let masses: Vec<Figure> =
            figures(s.ts, 0, mass_unit).into_iter().filter(|f| !f.quantity.is_rate && f.quantity.refusal().is_none()).collect();
        if let ([mass], false) = (masses.as_slice(), speaks_of_other(s.ts)) {
            note(card, &spot, (Field::EmissionsKgco2e, Some(mass.value), s.written(mass.from, mass.to)), true, Needs::Energy);
        }
    }
    if !has(card, Field::AcceleratorCount)
        && s.trains()
        && let Some((devices, from, to)) = devices_of(card, s.ts)
    {
        note(card, &spot, (Field::AcceleratorCount, Some(devices), s.written(from, to)), true, Needs::One);
    }
}

/// "512 tokens" in a sentence on a training, without a word that makes them those of an answer, a vocabulary, a batch or a context: so few are
/// the length of what is trained on.
fn length_of(s: &Sentence<'_, '_>) -> Option<(f64, usize, usize)> {
    let words = vocabulary::prose();
    let is_word = |t: &Token<'_>| {
        t.is_any(&words.tokens.words) || (!t.text.is_ascii() && words.tokens.cjk.iter().any(|w| t.text.starts_with(w)))
    };
    let other = |t: &Token<'_>| {
        let lists = [
            words.tokens.totals,
            words.tokens.data_nouns,
            words.tokens.used,
            words.tokens.seen,
            words.rates.per,
            words.tokens.corpus,
            words.tokens.other_trained,
        ];
        t.is_any(&words.unclaimed.of_use) || lists.iter().any(|list| t.is_any(list))
    };
    let number = |i: usize| {
        let q = quantity(s.ts, i).filter(|q| !q.is_word && !q.is_range && (!q.scaled || text_at(s.ts, q.to - 1) == "k"))?;
        let joined = q.to + usize::from(text_at(s.ts, q.to) == "-");
        let value = if q.scaled { q.value / 1000.0 * 1024.0 } else { q.value };
        let around = span(s.ts, i.saturating_sub(AROUND), joined + AROUND);
        let fits = s.ts.get(joined).is_some_and(is_word) && LENGTHS.contains(&value) && value.fract() == 0.0;
        (fits && !around.iter().any(other)).then_some((value, i, joined + 1))
    };
    let mut all = (0..s.ts.len()).filter(|i| s.ts.get(*i).is_some_and(|t| t.kind == Kind::Number)).filter_map(number);
    let first = all.next()?;
    all.all(|(value, _, _)| (value - first.0).abs() < 0.5).then_some(first)
}

/// "16 kartách A100", "32 Hygon DCU": a number before a chip, with words between that nobody knows.
fn devices_of(card: &Card<'_>, ts: &[Token<'_>]) -> Option<(f64, usize, usize)> {
    let chip = (0..ts.len()).find(|i| card.is_chip(ts, *i))?;
    let number =
        (chip.saturating_sub(MOST_UNKNOWN + 1)..chip).rev().find(|i| ts.get(*i).is_some_and(|t| t.kind == Kind::Number))?;
    let n = ts.get(number)?.value.filter(|n| n.fract() == 0.0 && (1.0..=MOST_DEVICES).contains(n))?;
    let between = span(ts, number + 1, chip);
    let is_unknown = |t: &Token<'_>| t.kind == Kind::Word && !t.is_known() && !t.glued;
    let stands_alone = !ts.get(number).is_some_and(|t| t.glued);
    (!between.is_empty() && between.iter().all(is_unknown) && stands_alone).then_some((n, number, chip + 1))
}
