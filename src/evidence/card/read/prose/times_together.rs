//! Several times of one sentence: one that the others are parts of, one told roughly and exactly.

use super::sentence::Sentence;
use crate::domain::Field;
use crate::evidence::card::read::candidate::Card;
use crate::evidence::card::read::rates::RATE;
use crate::evidence::quantity::durations::unit_hours;
use crate::evidence::quantity::numbers::quantity;
use crate::evidence::quantity::tokens::text_at;
use crate::evidence::vocabulary;
use std::borrow::Cow;

/// Two times that differ by less are one, told roughly and exactly.
const ROUGHLY: f64 = 0.2;
/// Hours of a day.
const HOURS_OF_A_DAY: f64 = 24.0;
/// Tokens behind the opening bracket within which the exact time begins.
const EXACT: usize = 4;
/// A sum of rounded times differs from the rounded sum by less.
const ROUNDED: f64 = 0.02;

/// A time of a sentence: its candidate and its tokens.
pub struct Place {
    /// Its place among the candidates.
    pub candidate: usize,
    /// Its first token.
    pub from: usize,
    /// The token behind its last.
    pub to: usize,
}

/// "30 hours (three epochs of ten hours each)", "(3 x 10 h)": of two times of a sentence, the one that the other is so many times of is that of a
/// part.
pub fn refuse_times_of_each(card: &mut Card<'_>, s: &Sentence<'_, '_>, said: &[Place]) {
    let hours = |place: &Place| {
        let c = card.candidates.get(place.candidate)?;
        c.value.filter(|_| c.field == Field::WallHours && c.reason.is_none())
    };
    let known: Vec<(&Place, f64)> = said.iter().filter_map(|place| Some((place, hours(place)?))).collect();
    if known.len() < 2 {
        return;
    }
    let in_time = |at: usize| known.iter().any(|(place, _)| (place.from..place.to).contains(&at));
    let of_devices = |to: usize| {
        (to..to + 2)
            .any(|at| card.is_chip(s.ts, at) || s.ts.get(at).is_some_and(|t| t.is_any(&vocabulary::card().device_hours.named)))
    };
    let counts: Vec<f64> = (0..s.ts.len())
        .filter(|at| !in_time(*at))
        .filter_map(|at| quantity(s.ts, at).filter(|q| q.value >= 2.0 && q.value.fract() == 0.0 && !q.scaled && !of_devices(q.to)))
        .map(|q| q.value)
        .collect();
    let is_part = |part: f64| known.iter().any(|(_, all)| counts.iter().any(|n| (n * part - all).abs() <= ROUNDED * all));
    let parts: Vec<usize> = known.iter().filter(|(_, hours)| is_part(*hours)).map(|(place, _)| place.candidate).collect();
    for part in parts {
        if let Some(candidate) = card.candidates.get_mut(part) {
            candidate.reason.get_or_insert(Cow::Borrowed(RATE));
        }
    }
}

/// "the better part of three days (68 hours, to be exact)": the time in the brackets is the exact form of the one before them.
pub fn refuse_rounded(card: &mut Card<'_>, s: &Sentence<'_, '_>, said: &[Place]) {
    for pair in said.windows(2) {
        let [rough, exact] = pair else { continue };
        let in_brackets = matches!(text_at(s.ts, rough.to), "(" | "（") && exact.from <= rough.to + EXACT;
        let known = |place: &Place| card.candidates.get(place.candidate).filter(|c| c.field == Field::WallHours);
        let (Some(a), Some(b)) = (known(rough), known(exact)) else { continue };
        let near = a.value.zip(b.value).is_some_and(|(a, b)| (a - b).abs() <= ROUGHLY * a.max(b));
        // "250 hours (10.5 days)" is told exactly in hours, wherever they stand.
        let unit = |place: &Place| place.to.checked_sub(1).and_then(|at| unit_hours(s.ts, at)).unwrap_or_default();
        let accepted = b.reason.is_none() && unit(rough) >= HOURS_OF_A_DAY && unit(exact) < HOURS_OF_A_DAY;
        if let Some(rough) = card.candidates.get_mut(rough.candidate).filter(|_| in_brackets && near && accepted) {
            rough.reason.get_or_insert(Cow::Borrowed("told exactly behind"));
        }
    }
}

/// "9 h in the first and 7 h in the second, 16 hours in all": of the times of a sentence, those that another is the sum of are its parts.
pub fn refuse_parts(card: &mut Card<'_>, first: usize) {
    let times: Vec<(usize, f64)> = card
        .candidates
        .iter()
        .enumerate()
        .skip(first)
        .filter_map(|(i, c)| Some((i, c.value.filter(|_| c.field == Field::WallHours)?)))
        .collect();
    let all: f64 = times.iter().map(|(_, hours)| hours).sum();
    let sum = times.iter().find(|(_, hours)| times.len() > 2 && (2.0 * hours - all).abs() <= ROUNDED * hours).copied();
    let Some((sum, _)) = sum else { return };
    let why = card.candidates.get(sum).and_then(|c| c.reason.clone()).unwrap_or(Cow::Borrowed("one stage of several"));
    for (part, _) in times.into_iter().filter(|(i, _)| *i != sum) {
        if let Some(candidate) = card.candidates.get_mut(part) {
            candidate.reason.get_or_insert_with(|| why.clone());
        }
    }
}
