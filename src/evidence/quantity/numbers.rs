//! Numbers as people write them in cards: powers of ten, scales, ranges.

use super::tokens::{Kind, Token};
use crate::evidence::vocabulary;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// A number with its scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// Value.
    pub value: f64,
    /// First token.
    pub from: usize,
    /// Token after the last.
    pub to: usize,
    /// Whether a scale or power was read.
    pub scaled: bool,
    /// Whether the number is a word.
    pub is_word: bool,
    /// Whether it is one end of a range.
    pub is_range: bool,
}

/// Largest power of ten believed; the largest published training took some 1e27 FLOP.
const MAX_POWER: f64 = 40.0;

/// Factor of a word for a scale.
#[must_use]
pub fn scale(word: &str) -> Option<f64> {
    static SCALES: LazyLock<FxHashMap<&'static str, f64>> = LazyLock::new(|| {
        let words = &vocabulary::units().scales;
        vocabulary::by_word(&[(words.thousand, 1e3), (words.million, 1e6), (words.billion, 1e9), (words.trillion, 1e12)])
    });
    SCALES.get(word).copied()
}

/// The scale at the start of a Chinese, Japanese or Korean word.
fn cjk_scale(word: &str) -> Option<(&'static str, f64)> {
    /// Longest first: ten thousand is the beginning of a trillion.
    static SCALES: LazyLock<Vec<(&'static str, f64)>> = LazyLock::new(|| {
        let words = &vocabulary::units().cjk_scales;
        vocabulary::longest_first(&[
            (words.thousand, 1e3),
            (words.ten_thousand, 1e4),
            (words.million, 1e6),
            (words.hundred_million, 1e8),
            (words.trillion, 1e12),
        ])
    });
    SCALES.iter().find(|(name, _)| word.starts_with(name)).copied()
}

fn number_word(word: &str) -> Option<f64> {
    vocabulary::units().number_words.get(word).map(|n| f64::from(*n))
}

/// `x 10^21`, `× 10²¹`, and the typo `x 10e21`, which means the same.
fn power_after(ts: &[Token<'_>], i: usize) -> Option<(f64, usize)> {
    if !ts.get(i)?.is_any(&["x", "×", "*", "·"]) {
        return None;
    }
    let ten = ts.get(i + 1).filter(|t| t.kind == Kind::Number)?;
    if let Some(exponent) = ten.text.strip_prefix("10e") {
        let power: f64 = exponent.trim_start_matches('+').parse().ok()?;
        return (power.abs() <= MAX_POWER).then(|| (10_f64.powf(power), i + 2));
    }
    if !ten.is("10") {
        return None;
    }
    let mut at = i + 2;
    if let Some(power) = ts.get(at).filter(|t| t.kind == Kind::Power).and_then(|t| t.value) {
        return (power <= MAX_POWER).then(|| (10_f64.powf(power), at + 1));
    }
    while ts.get(at).is_some_and(|t| t.is_any(&["^", "*", "{"])) {
        at += 1;
    }
    let power = ts.get(at).filter(|t| t.kind == Kind::Number && at > i + 2)?.value?;
    (power <= MAX_POWER).then(|| (10_f64.powf(power), at + 1))
}

/// A value so far, the token behind it, and whether a scale or power was read.
#[derive(Clone, Copy)]
struct Scaled {
    value: f64,
    to: usize,
    scaled: bool,
}

/// The quantity that begins at a token.
#[must_use]
pub fn quantity(ts: &[Token<'_>], i: usize) -> Option<Quantity> {
    let (value, is_word) = bare_number(ts, i)?;
    let Scaled { value, mut to, scaled } = with_scale(ts, with_power(ts, i, value), is_word);
    if ts.get(to).is_some_and(|s| s.is("+") && s.glued) {
        to += 1;
    }
    Some(Quantity { value, from: i, to, scaled, is_word, is_range: is_range(ts, i, to, scaled, is_word) })
        .filter(|q| q.value.is_finite())
}

/// The number at a token, and whether it is a word.
fn bare_number(ts: &[Token<'_>], i: usize) -> Option<(f64, bool)> {
    let t = ts.get(i)?;
    let before = i.checked_sub(1).and_then(|b| ts.get(b));
    match t.kind {
        Kind::Number => {
            // The 100 of A100 and the 1.5 of v1.5 are names.
            let in_name =
                before.is_some_and(|b| (b.kind == Kind::Word && !b.is("x") && b.text.is_ascii()) || b.is("_") || b.is("/"));
            if t.glued && in_name {
                return None;
            }
            Some((t.value?, false))
        }
        Kind::Word => Some((number_word(t.text.as_ref())?, true)),
        Kind::Power | Kind::Sign => None,
    }
}

/// The value with the power of ten behind it; `10^21` and `10²¹` are powers themselves.
fn with_power(ts: &[Token<'_>], i: usize, value: f64) -> Scaled {
    let at = i + 1;
    if let Some((factor, next)) = power_after(ts, at) {
        return Scaled { value: value * factor, to: next, scaled: true };
    }
    if ts.get(i).is_some_and(|t| t.is("10")) {
        let caret = ts.get(at).is_some_and(|s| s.is("^"));
        let power =
            if caret { ts.get(at + 1).filter(|p| p.kind == Kind::Number) } else { ts.get(at).filter(|p| p.kind == Kind::Power) };
        if let Some(power) = power.and_then(|p| p.value).filter(|p| *p <= MAX_POWER) {
            return Scaled { value: 10_f64.powf(power), to: at + if caret { 2 } else { 1 }, scaled: true };
        }
    }
    Scaled { value, to: at, scaled: false }
}

/// The value with the word for a scale behind it: `1.4T`, `15 trillion`, `two-million`, `15万亿`, `30w`.
fn with_scale(ts: &[Token<'_>], number: Scaled, is_word: bool) -> Scaled {
    let mut at = number.to;
    let hyphenated = ts.get(at).is_some_and(|s| s.is("-") && s.glued);
    if hyphenated && ts.get(at + 1).is_some_and(|w| w.text.len() > 2 && scale(w.text.as_ref()).is_some()) {
        at += 1;
    }
    let unscaled = Scaled { to: at, ..number };
    let Some(word) = ts.get(at).filter(|w| w.kind == Kind::Word) else { return unscaled };
    let by = |factor: f64, to: usize| Scaled { value: number.value * factor, to, scaled: true };
    let w = word.text.as_ref();
    if let Some(factor) = scale(w) {
        let is_scale = w.len() > 2 || (!is_word && (word.glued || (word.upper && w.len() == 1)));
        return if is_scale { by(factor, at + 1) } else { unscaled };
    }
    if !w.is_ascii() {
        return cjk_scale(w).map_or(unscaled, |(name, factor)| by(factor, at + usize::from(w == name)));
    }
    // 30w is 300,000 in Chinese cards.
    if w == "w" && word.glued && !is_word { by(1e4, at + 1) } else { unscaled }
}

fn is_range(ts: &[Token<'_>], i: usize, to: usize, scaled: bool, is_word: bool) -> bool {
    let number = |at: usize| ts.get(at).is_some_and(|t| t.kind == Kind::Number && t.value.is_some());
    let joins = |t: &Token<'_>| t.is_any(&["-", "–", "—", "~"]);
    let forwards = !is_word
        && number(to + 1)
        && ts.get(to).is_some_and(|sign| {
            (sign.is("to") && !scaled) || (joins(sign) && ts.get(to + 1).is_some_and(|n| n.glued == sign.glued))
        });
    let backwards = ts.get(i).is_some_and(|t| t.glued && t.kind == Kind::Number)
        && i.checked_sub(1).and_then(|b| ts.get(b)).is_some_and(|s| s.glued && s.is_any(&["-", "–", "~"]))
        && i.checked_sub(2).is_some_and(number);
    forwards || backwards
}

/// The first quantity written in digits.
#[must_use]
pub fn first_quantity(ts: &[Token<'_>]) -> Option<Quantity> {
    (0..ts.len()).filter(|i| ts.get(*i).is_some_and(|t| t.kind == Kind::Number)).find_map(|i| quantity(ts, i))
}
