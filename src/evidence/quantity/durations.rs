//! Times as people write them: a number and a unit, several of them, a clock.

use super::numbers::quantity;
use super::tokens::{Kind, Token};
use super::units::hours_in;
use crate::evidence::vocabulary;
use std::sync::LazyLock;

/// Hours in the unit of time that a Chinese, Japanese or Korean word begins with.
fn cjk_hours(word: &str) -> Option<f64> {
    static HOURS: LazyLock<Vec<(&'static str, f64)>> = LazyLock::new(|| {
        let words = &vocabulary::units().cjk_times;
        vocabulary::longest_first(&[
            (words.hour, 1.0),
            (words.day, 24.0),
            (words.minute, 1.0 / 60.0),
            (words.week, 168.0),
            (words.month, 720.0),
        ])
    });
    HOURS.iter().find(|(name, _)| word.starts_with(name)).map(|(_, hours)| *hours)
}

/// Hours in the unit of time at a token. Single letters count only when glued to a number.
#[must_use]
pub fn unit_hours(ts: &[Token<'_>], i: usize) -> Option<f64> {
    let t = ts.get(i).filter(|t| t.kind == Kind::Word)?;
    let word = t.text.as_ref();
    match hours_in(word) {
        Some(hours) => (word.len() > 1 || t.glued).then_some(hours),
        None if !word.is_ascii() => cjk_hours(word),
        None => None,
    }
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

/// The time that begins at a token: `2 weeks`, `nine hours`, `4 days and 9.5 hours`, `1h 20 min`.
#[must_use]
pub fn duration(ts: &[Token<'_>], i: usize) -> Option<Duration> {
    let first = quantity(ts, i)?;
    let mut at = first.to;
    at += usize::from(ts.get(at).is_some_and(|t| t.is("-") && t.glued));
    let mut unit = unit_hours(ts, at)?;
    let mut hours = first.value * unit;
    at += 1;
    loop {
        let next = at + usize::from(ts.get(at).is_some_and(|t| t.is_any(&["and", ","])));
        let Some(more) = quantity(ts, next) else { break };
        if more.is_word && ts.get(next).is_some_and(|t| t.is_any(&["a", "an"])) {
            break;
        }
        let Some(smaller) = unit_hours(ts, more.to).filter(|u| *u < unit) else { break };
        hours += more.value * smaller;
        unit = smaller;
        at = more.to + 1;
    }
    Some(Duration { hours, to: at, is_range: first.is_range })
}

/// `h:mm:ss` at a token, in hours.
#[must_use]
pub fn clock(ts: &[Token<'_>], i: usize) -> Option<f64> {
    let number = |at: usize| ts.get(at).filter(|t| t.kind == Kind::Number).and_then(|t| t.value);
    let colon = |at: usize| ts.get(at).is_some_and(|t| t.is(":") && t.glued);
    let (h, m, s) = (number(i)?, number(i + 2)?, number(i + 4)?);
    let two_digits = ts.get(i + 2).is_some_and(|t| t.text.len() == 2 && t.glued);
    (colon(i + 1) && colon(i + 3) && two_digits).then_some(h + m / 60.0 + s / 3600.0)
}
