//! Times as people write them: a number and a unit, several of them, a clock.

use super::numbers::quantity;
use super::tokens::{Kind, Token, text_at, text_before};
use super::units::hours_in;
use crate::evidence::vocabulary;
use std::sync::LazyLock;

/// Hours of a minute.
const MINUTE: f64 = 1.0 / 60.0;
/// Hours of a day.
const DAY: f64 = 24.0;
/// Seconds whose unit may stand apart from them: less are something else as often.
const LEAST_SECONDS_APART: f64 = 100.0;
/// Words between a number and its unit, at most.
const MOST_FILLERS: usize = 4;
/// Most minutes or seconds on a clock.
const MOST_ON_CLOCK: f64 = 60.0;

/// Hours in the unit of time that a Chinese, Japanese or Korean word begins with.
fn cjk_hours(word: &str) -> Option<f64> {
    static HOURS: LazyLock<Vec<(&'static str, f64)>> = LazyLock::new(|| {
        let words = &vocabulary::units().cjk_times;
        vocabulary::longest_first(&[
            (words.hour, 1.0),
            (words.day, DAY),
            (words.minute, MINUTE),
            (words.second, MINUTE / 60.0),
            (words.week, 168.0),
            (words.month, 720.0),
        ])
    });
    HOURS.iter().find(|(name, _)| word.starts_with(name)).map(|(_, hours)| *hours)
}

/// Whether a word is a unit of time in Chinese with "half" behind it.
fn cjk_half(word: &str) -> bool {
    let words = &vocabulary::units().cjk_times;
    let units = words.hour.iter().chain(words.day.iter()).chain(words.week.iter()).chain(words.month.iter());
    units.filter_map(|unit| word.strip_prefix(unit)).any(|rest| rest.starts_with('半'))
}

/// Hours in the unit of time at a token. Single letters count only when glued to a number.
#[must_use]
pub fn unit_hours(ts: &[Token<'_>], i: usize) -> Option<f64> {
    let t = ts.get(i).filter(|t| t.kind == Kind::Word)?;
    let word = t.text.as_ref();
    // "6 h", "10 ч": an hour may stand apart from its number.
    let behind_number = || i.checked_sub(1).and_then(|b| ts.get(b)).is_some_and(|b| b.kind == Kind::Number);
    // "finished in 9482.7 s": many seconds too.
    let behind_seconds =
        || i.checked_sub(1).and_then(|b| ts.get(b)).is_some_and(|b| b.value.is_some_and(|v| v >= LEAST_SECONDS_APART));
    // The words of times are lists and tables of the vocabulary: what it does not know is no time, but in scripts without spaces.
    if word.is_ascii() && !t.is_known() {
        return None;
    }
    match hours_in(word) {
        Some(hours) => (word.chars().count() > 1
            || t.glued
            || (matches!(word, "h" | "ч") && !t.upper && behind_number())
            || (word == "s" && !t.upper && behind_seconds()))
        .then_some(hours),
        None if !word.is_ascii() => cjk_hours(word).or_else(|| whole_time(word)),
        None => whole_time(word),
    }
}

/// Hours of a word that is a time by itself; Korean words have their particles glued to them.
fn whole_time(word: &str) -> Option<f64> {
    let words = &vocabulary::units().whole_times;
    let is_hangul = word.starts_with(|c: char| ('\u{ac00}'..='\u{d7a3}').contains(&c));
    if is_hangul {
        return words
            .iter()
            .filter(|(name, _)| word.starts_with(name.as_str()))
            .max_by_key(|(name, _)| name.len())
            .map(|(_, minutes)| f64::from(*minutes) * MINUTE);
    }
    words.get(word).map(|minutes| f64::from(*minutes) * MINUTE)
}

/// A time with its end and whether it is a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Duration {
    /// Hours.
    pub hours: f64,
    /// Token after the last.
    pub to: usize,
    /// Whether it is one end of a range.
    pub is_range: bool,
}

/// The time that begins at a token of a text: `2 weeks`, `nine hours`, `4 days and 9.5 hours`, `1h45min`, `1 day, 4:32:10`.
#[must_use]
pub fn duration(ts: &[Token<'_>], i: usize) -> Option<Duration> {
    Reader { ts, is_value: false }.duration(i)
}

/// The time that begins at a token of a value that is a time and nothing else: `3 h`, `30m` and `4'` too.
#[must_use]
pub fn duration_in_value(ts: &[Token<'_>], i: usize) -> Option<Duration> {
    Reader { ts, is_value: true }.duration(i)
}

/// Share of a unit below which a number of them is whole.
const WHOLE: f64 = 1e-9;

/// Reads a time.
struct Reader<'s, 't> {
    ts: &'s [Token<'t>],
    /// Whether the text is a time and nothing else: then letters and quotes are units of it.
    is_value: bool,
}

/// A number, or one with its unit, and the token behind it.
struct Part {
    value: f64,
    to: usize,
}

impl Reader<'_, '_> {
    fn duration(&self, i: usize) -> Option<Duration> {
        let Leading { part, unit, mut is_range } = self.leading(i)?;
        let (mut hours, mut unit, mut at) = (part.value, unit, part.to);
        let mut parts = 1;
        // "2.5 days, 400M tokens": a fraction goes on with no smaller unit.
        let is_whole = (part.value / unit).fract() < WHOLE;
        loop {
            if let Some((part, to)) = self.and_quarters(at) {
                hours += unit * part;
                at = to;
                break;
            }
            if let Some(to) = self.and_a_half(at) {
                hours += unit / 2.0;
                at = to;
                break;
            }
            // "2 hrs. 30 mins.": the point of an abbreviation.
            let point = self.ts.get(at).is_some_and(|t| t.is(".") && t.glued)
                && self.ts.get(at + 1).is_some_and(|t| t.kind == Kind::Number && !t.glued)
                && self
                    .ts
                    .get(at.saturating_sub(1))
                    .is_some_and(|t| vocabulary::prose().sentences.abbreviations.contains(&t.text.as_ref()));
            at += usize::from(point);
            let next =
                at + usize::from(self.ts.get(at).is_some_and(|t| t.is(",") || t.is_any(&vocabulary::units().ranges.closing)));
            if unit >= DAY
                && let Some(time) = clock_at(self.ts, next).or_else(|| short_clock_at(self.ts, next))
            {
                hours += time.value;
                at = time.to;
                break;
            }
            let Some(more) = self.number(next).filter(|_| is_whole) else { break };
            let Some(smaller) = self.unit_behind(&more, unit, next == at) else { break };
            // "21 days, 504 hours": the same time once more, and no part of it.
            if next > at && more.value * smaller.value >= unit && hours > 0.0 {
                break;
            }
            hours += more.value * smaller.value;
            unit = smaller.value;
            at = smaller.to;
            parts += 1;
        }
        is_range |= parts == 1 && self.is_first_of_range(at);
        Some(Duration { hours, to: at, is_range })
    }

    /// The first number with its unit.
    fn leading(&self, i: usize) -> Option<Leading> {
        let ts = self.ts;
        let words = &vocabulary::units().halves;
        if let Some(hours) =
            ts.get(i).filter(|t| t.kind == Kind::Word).and_then(|t| whole_time(&t.text)).filter(|_| !self.is_behind_number(i))
        {
            return Some(Leading { part: Part { value: hours, to: i + 1 }, unit: hours.min(DAY), is_range: false });
        }
        if ts.get(i).is_some_and(|t| t.is_any(&words.half)) {
            let at = i + 1 + usize::from(ts.get(i + 1).is_some_and(|t| t.is_any(&["a", "an", "of", "-", "'", "’"])));
            let unit = unit_hours(ts, at)?;
            let part = Part { value: unit / 2.0, to: at + 1 };
            return (!self.is_behind_number(i)).then_some(Leading { part, unit, is_range: false });
        }
        if let Some((value, to)) = self.minutes(i) {
            return Some(Leading { part: Part { value: value * MINUTE, to }, unit: MINUTE, is_range: false });
        }
        // "2:30 h"
        if let Some(time) =
            short_clock_at(ts, i).filter(|time| unit_hours(ts, time.to).is_some_and(|unit| (unit - 1.0).abs() < f64::EPSILON))
        {
            return Some(Leading { part: Part { value: time.value, to: time.to + 1 }, unit: 1.0, is_range: false });
        }
        let first = quantity(ts, i)?;
        let (mut value, mut at) = (first.value, first.to);
        // "1 1/2 days"
        if text_at(ts, at) == "1" && text_at(ts, at + 1) == "/" && text_at(ts, at + 2) == "2" && value.fract() == 0.0 {
            value += 0.5;
            at += 3;
        }
        // "two and three quarter hours"
        if let Some((part, behind)) = self.and_quarters(at).filter(|(_, behind)| unit_hours(ts, *behind).is_some()) {
            value += part;
            at = behind;
        }
        // "three quarters of an hour"
        if ts.get(at).is_some_and(|t| t.is_any(&["quarter", "quarters"])) && value < 4.0 {
            let behind = (at + 1..at + 4).find(|at| !ts.get(*at).is_some_and(|t| t.is_any(&["of", "a", "an"])))?;
            let unit = unit_hours(ts, behind)?;
            return Some(Leading { part: Part { value: value / 4.0 * unit, to: behind + 1 }, unit, is_range: false });
        }
        if ts.get(at).is_some_and(|t| t.is("½")) {
            value += 0.5;
            at += 1;
        } else if let Some(to) = self.and_a_half(at).filter(|to| unit_hours(ts, *to).is_some()) {
            value += 0.5;
            at = to;
        }
        // "three-day", Romanian "20 de ore".
        let joins = ts.get(at).is_some_and(|t| {
            (t.is("-") && t.glued) || ((t.is("de") || (first.is_word && t.is_any(&["'", "’"]))) && unit_hours(ts, at + 1).is_some())
        });
        at += usize::from(joins);
        at = self.over_fillers(at);
        let unit = unit_hours(ts, at).or_else(|| self.letter(at))?;
        // "5 天半"
        value += if ts.get(at).is_some_and(|t| !t.text.is_ascii() && cjk_half(&t.text)) { 0.5 } else { 0.0 };
        Some(Leading { part: Part { value: value * unit, to: at + 1 }, unit, is_range: first.is_range })
    }

    /// Token behind words that stand between a number and its unit: "six full days", "10 wall-clock hours".
    fn over_fillers(&self, at: usize) -> usize {
        let words = &vocabulary::units().time_fillers.words;
        let is_filler = |i: usize| self.ts.get(i).is_some_and(|t| t.is_any(words) || (t.is("-") && t.glued));
        let end = (at..at + MOST_FILLERS).find(|i| !is_filler(*i)).unwrap_or(at);
        if end > at && unit_hours(self.ts, end).is_some() { end } else { at }
    }

    fn is_behind_number(&self, i: usize) -> bool {
        i.checked_sub(1).and_then(|b| self.ts.get(b)).is_some_and(|t| t.kind == Kind::Number || t.is("and"))
    }

    /// Minutes whose unit is a letter or a quote: `12m 30s`; in a value `30m` and `4'` too.
    fn minutes(&self, i: usize) -> Option<(f64, usize)> {
        let ts = self.ts;
        let value = ts.get(i).filter(|t| t.kind == Kind::Number && !self.is_glued_to_name(i))?.value?;
        let sign = ts.get(i + 1)?;
        let is_letter = sign.is("m") && sign.glued && !sign.upper;
        let seconds = ts.get(i + 2).is_some_and(|n| n.kind == Kind::Number)
            && ts.get(i + 3).is_some_and(|s| s.is_any(&["s", "sec", "secs", "seconds"]));
        let alone = self.is_value && ts.get(i + 2).is_none_or(|t| t.kind == Kind::Sign && !t.is("/"));
        let is_quote = self.is_value && sign.glued && sign.is_any(&["'", "′", "’"]);
        ((is_letter && (seconds || alone)) || is_quote).then_some((value, i + 2))
    }

    fn is_glued_to_name(&self, i: usize) -> bool {
        self.ts.get(i).is_some_and(|t| t.glued)
            && i.checked_sub(1)
                .and_then(|b| self.ts.get(b))
                .is_some_and(|b| b.kind == Kind::Word && unit_hours(self.ts, i - 1).is_none())
    }

    /// A unit of one letter that stands apart from its number, in a value or before a smaller one.
    fn letter(&self, at: usize) -> Option<f64> {
        // The H of "8 H100" is no hour.
        let t = self.ts.get(at).filter(|t| t.kind == Kind::Word && t.text.len() == 1 && !t.upper)?;
        let unit = hours_in(&t.text)?;
        let followed = self.ts.get(at + 1).is_some_and(|t| t.kind == Kind::Number)
            && self.ts.get(at + 2).is_some_and(|t| t.is("m") || hours_in(&t.text).is_some_and(|smaller| smaller < unit));
        (self.is_value || followed).then_some(unit)
    }

    /// A number behind a first part; the 45 of `1h45min` is no name here.
    fn number(&self, i: usize) -> Option<Part> {
        let t = self.ts.get(i)?;
        if t.kind == Kind::Number {
            return Some(Part { value: t.value?, to: i + 1 });
        }
        let q = quantity(self.ts, i).filter(|_| !t.is_any(&["a", "an"]))?;
        Some(Part { value: q.value, to: q.to })
    }

    /// The unit behind a number, smaller than the one before: its hours, and the token behind it.
    fn unit_behind(&self, number: &Part, before: f64, adjacent: bool) -> Option<Part> {
        let at = number.to;
        let t = self.ts.get(at);
        let is_minute = t.is_some_and(|t| t.is("m") || (t.glued && t.is_any(&["'", "′", "’"])));
        let is_second = before <= MINUTE && t.is_some_and(|t| t.glued && t.is_any(&["\"", "″", "”", "s"]));
        let hours = if is_minute && before > MINUTE {
            Some(MINUTE)
        } else if is_second {
            Some(MINUTE / 60.0)
        } else {
            unit_hours(self.ts, at).or_else(|| t.filter(|t| t.kind == Kind::Word).and_then(|t| hours_in(&t.text)))
        };
        if let Some(hours) = hours {
            return (hours < before).then_some(Part { value: hours, to: at + 1 });
        }
        // `1h45`, `2 h 30`: minutes of two digits.
        let digits = self.ts.get(at - 1).is_some_and(|n| n.text.len() == 2 && n.kind == Kind::Number);
        let is_h = text_before(self.ts, at - 1, 1) == "h";
        let bare = adjacent && digits && is_h && (before - 1.0).abs() < f64::EPSILON && number.value < MOST_ON_CLOCK;
        bare.then_some(Part { value: MINUTE, to: at })
    }

    /// The part of a unit that "and a quarter" or "and three quarters" adds, and the token behind it.
    fn and_quarters(&self, at: usize) -> Option<(f64, usize)> {
        let closes = self.ts.get(at).is_some_and(|t| t.is("and"));
        let part = match text_at(self.ts, at + 1) {
            "a" | "one" => 0.25,
            "three" => 0.75,
            _ => return None,
        };
        let quarter = self.ts.get(at + 2).is_some_and(|t| t.is_any(&["quarter", "quarters"]));
        (closes && quarter).then_some((part, at + 3))
    }

    /// Token behind "and a half".
    fn and_a_half(&self, at: usize) -> Option<usize> {
        let words = &vocabulary::units().halves;
        if self.ts.get(at).is_some_and(|t| t.is_any(&words.and_half)) {
            return Some(at + 1);
        }
        let next = at + 1 + usize::from(text_at(self.ts, at + 1) == "a");
        let next = next + usize::from(text_at(self.ts, at + 1) == "ett");
        let closes = self.ts.get(at).is_some_and(|t| t.is_any(&vocabulary::units().ranges.closing));
        (closes && self.ts.get(next).is_some_and(|t| t.is_any(&words.half))).then_some(next + 1)
    }

    /// `2h to 3h`: another time follows behind a sign for a range.
    fn is_first_of_range(&self, at: usize) -> bool {
        let joins =
            self.ts.get(at).is_some_and(|t| t.is_any(&["-", "–", "—", "~"]) || t.is_any(&vocabulary::units().ranges.joining));
        joins && quantity(self.ts, at + 1).is_some_and(|q| unit_hours(self.ts, q.to).is_some())
    }
}

/// The first part of a time, in hours, and its unit.
struct Leading {
    part: Part,
    unit: f64,
    is_range: bool,
}

/// `h:mm:ss` at a token: hours, and the token behind it.
fn clock_at(ts: &[Token<'_>], i: usize) -> Option<Part> {
    let short = short_clock_at(ts, i)?;
    let colon = ts.get(short.to).is_some_and(|t| t.is(":") && t.glued);
    let seconds = ts.get(short.to + 1).filter(|t| t.kind == Kind::Number && t.glued)?.value?;
    (colon && seconds < MOST_ON_CLOCK).then_some(Part { value: short.value + seconds / 3600.0, to: short.to + 2 })
}

/// `h:mm` at a token, likewise.
fn short_clock_at(ts: &[Token<'_>], i: usize) -> Option<Part> {
    let hours = ts.get(i).filter(|t| t.kind == Kind::Number && t.text.len() <= 4)?.value?;
    let colon = ts.get(i + 1).is_some_and(|t| t.is(":") && t.glued);
    let minutes = ts.get(i + 2).filter(|t| t.kind == Kind::Number && t.glued && t.text.len() == 2)?.value?;
    (colon && minutes < MOST_ON_CLOCK).then_some(Part { value: hours + minutes * MINUTE, to: i + 3 })
}

/// "2024-05-06 20:42:13", "@ 14:02:11": a time of the day.
fn is_time_of_day(ts: &[Token<'_>], i: usize) -> bool {
    let number = |back: usize| i.checked_sub(back).and_then(|at| ts.get(at)).is_some_and(|t| t.kind == Kind::Number);
    let sign = |back: usize| matches!(text_before(ts, i, back), "-" | "/" | ".");
    let dated = number(1) && sign(2) && number(3) && sign(4) && number(5);
    let timed = text_before(ts, i, 1) == "t" && number(2) && sign(3);
    dated || timed || text_before(ts, i, 1) == "@"
}

/// `h:mm:ss` at a token, in hours; none for a time of the day.
#[must_use]
pub fn clock(ts: &[Token<'_>], i: usize) -> Option<f64> {
    clock_at(ts, i).filter(|_| !is_time_of_day(ts, i)).map(|time| time.value)
}

/// `h:mm` at a token, in hours; it may as well be minutes and seconds.
#[must_use]
pub fn short_clock(ts: &[Token<'_>], i: usize) -> Option<f64> {
    short_clock_at(ts, i).map(|time| time.value)
}
