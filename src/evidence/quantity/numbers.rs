//! Numbers as people write them in cards: powers of ten, scales, ranges.

use super::durations::unit_hours;
use super::tokens::{Kind, Token, is_latin_word, text_before};
use super::units::{energy_unit, mass_unit};
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
    /// Whether it is so much of something else: 0.4 kg per kWh.
    pub is_rate: bool,
    /// Whether a minus stands before it: "CO2: -3 kg".
    pub is_negative: bool,
}

impl Quantity {
    /// Why it is no figure by itself.
    #[must_use]
    pub fn refusal(&self) -> Option<&'static str> {
        if self.is_negative {
            return Some("a negative figure");
        }
        if self.is_rate { Some("a rate") } else { self.is_range.then_some("a range") }
    }
}

/// Largest power of ten believed; the largest published training took some 1e27 FLOP.
const MAX_POWER: f64 = 40.0;

/// Factor of a word for a scale.
#[must_use]
pub fn scale(word: &str) -> Option<f64> {
    static SCALES: LazyLock<FxHashMap<&'static str, f64>> = LazyLock::new(|| {
        let words = &vocabulary::units().scales;
        vocabulary::by_word(&[
            (words.hundred, 1e2),
            (words.thousand, 1e3),
            (words.lakh, 1e5),
            (words.million, 1e6),
            (words.crore, 1e7),
            (words.billion, 1e9),
            (words.trillion, 1e12),
        ])
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
    // The 千 of 千瓦时 and the 兆 of 兆瓦时 are parts of their units.
    if energy_unit(word).is_some() || starts_with_unit(word) {
        return None;
    }
    SCALES.iter().find(|(name, _)| word.starts_with(name)).copied()
}

/// Whether a word begins with a unit of energy or mass in Chinese or Japanese.
fn starts_with_unit(word: &str) -> bool {
    let (energies, masses) = (&vocabulary::units().energies, &vocabulary::units().masses);
    let units = energies.kilowatt_hour.iter().chain(energies.megawatt_hour.iter()).chain(masses.kilogram.iter());
    units.filter(|unit| !unit.is_ascii()).any(|unit| word.starts_with(unit))
}

/// A Chinese, Japanese or Korean word behind the scale that it begins with.
#[must_use]
pub fn without_scale(word: &str) -> &str {
    if word.is_ascii() {
        return word;
    }
    cjk_scale(word).map_or(word, |(name, _)| word.get(name.len()..).unwrap_or_default())
}

fn number_word(word: &str) -> Option<f64> {
    let units = vocabulary::units();
    let halved = || {
        let lists = [(1.5, units.halved.one), (2.5, units.halved.two), (3.5, units.halved.three)];
        lists.into_iter().find(|(_, words)| words.contains(&word)).map(|(number, _)| number)
    };
    units.number_words.get(word).map(|n| f64::from(*n)).or_else(halved)
}

/// The number below a hundred behind "hundred and", and the token behind it.
fn number_in_words_of_rest(ts: &[Token<'_>], i: usize) -> Option<(f64, usize)> {
    let word = |at: usize| {
        ts.get(at).filter(|t| t.kind == Kind::Word && !t.is_any(&["a", "an", "single"])).and_then(|t| number_word(t.text.as_ref()))
    };
    let tens = word(i).filter(|n| *n < 100.0)?;
    let unit_at = i + 1 + usize::from(ts.get(i + 1).is_some_and(|t| t.is("-")));
    let unit = word(unit_at).filter(|n| *n < 10.0 && tens >= 20.0);
    Some(unit.map_or((tens, i + 1), |unit| (tens + unit, unit_at + 1)))
}

/// The number in words that begins at a token, and the token behind it: `nine`, `twenty-four`. The second part of one is no number.
fn number_in_words(ts: &[Token<'_>], i: usize) -> Option<(f64, usize)> {
    let word = |at: usize| ts.get(at).filter(|t| t.kind == Kind::Word).and_then(|t| number_word(t.text.as_ref()));
    let is_tens = |n: f64| n >= 20.0 && n % 10.0 == 0.0;
    let is_unit =
        |at: usize| word(at).filter(|n| (1.0..10.0).contains(n) && !ts.get(at).is_some_and(|t| t.is_any(&["a", "an", "single"])));
    let number = word(i)?;
    let hyphen = |at: usize| ts.get(at).is_some_and(|t| t.is("-"));
    let before = i.checked_sub(if i.checked_sub(1).is_some_and(hyphen) { 2 } else { 1 });
    let continues = (number < 10.0 && before.and_then(word).is_some_and(is_tens))
        || before.is_some_and(|at| {
            let at = if ts.get(at).is_some_and(|t| t.is("and")) { at.checked_sub(1) } else { Some(at) };
            at.and_then(|at| ts.get(at)).is_some_and(|t| t.is_any(&vocabulary::units().scales.hundred))
        });
    if continues {
        return None;
    }
    // "a hundred and twenty", "one hundred"
    if number < 10.0 && ts.get(i + 1).is_some_and(|t| t.is_any(&vocabulary::units().scales.hundred)) {
        let and = i + 2 + usize::from(ts.get(i + 2).is_some_and(|t| t.is("and")));
        let rest = number_in_words_of_rest(ts, and);
        let (more, to) = rest.unwrap_or((0.0, i + 2));
        return Some((number * 100.0 + more, to));
    }
    let unit_at = i + 1 + usize::from(hyphen(i + 1));
    match is_unit(unit_at).filter(|_| is_tens(number)) {
        Some(unit) => Some((number + unit, unit_at + 1)),
        None => Some((number, i + 1)),
    }
}

/// `x 10^21`, `× 10²¹`, and the typo `x 10e21`, which means the same.
fn power_after(ts: &[Token<'_>], i: usize) -> Option<(f64, usize)> {
    // `\times` and `\cdot` of formulas.
    let i = i + usize::from(ts.get(i)?.is("\\") && ts.get(i + 1).is_some_and(|t| t.is_any(&["times", "cdot"])));
    if !ts.get(i)?.is_any(&["x", "×", "*", "·", "times", "cdot"]) {
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
    let closes = ts.get(at - 1).is_some_and(|t| t.is("{")) && ts.get(at + 1).is_some_and(|t| t.is("}"));
    (power <= MAX_POWER).then(|| (10_f64.powf(power), at + 1 + usize::from(closes)))
}

/// A value so far, the token behind it, and whether a scale or power was read.
#[derive(Clone, Copy)]
struct Scaled {
    value: f64,
    to: usize,
    scaled: bool,
}

/// Whether a minus is glued to a number, and to nothing before it: "emitted −3 kg"; "5-7 kg" and "GPT-3" have none.
fn is_negative(ts: &[Token<'_>], i: usize) -> bool {
    let minus = i.checked_sub(1).filter(|_| ts.get(i).is_some_and(|t| t.glued && t.kind == Kind::Number));
    let Some(at) = minus.filter(|at| ts.get(*at).is_some_and(|t| t.is_any(&["-", "−"]) && (*at == 0 || !t.glued))) else {
        return false;
    };
    at.checked_sub(1).and_then(|before| ts.get(before)).is_none_or(|t| t.kind != Kind::Number)
}

/// The quantity that begins at a token.
#[must_use]
pub fn quantity(ts: &[Token<'_>], i: usize) -> Option<Quantity> {
    let Bare { value, to, is_word } = bare_number(ts, i)?;
    let Scaled { value, mut to, scaled } =
        without_error(ts, i, with_scale(ts, with_power(ts, i, Scaled { value, to, scaled: false }), is_word));
    if ts.get(to).is_some_and(|s| s.is("+") && s.glued) {
        to += 1;
    }
    Some(Quantity {
        value,
        from: i,
        to,
        scaled,
        is_word,
        is_range: is_range(ts, i, to),
        is_rate: false,
        is_negative: is_negative(ts, i),
    })
    .filter(|q| q.value.is_finite())
}

/// The value without the error behind it: `42.1 ± 0.8`, `42.1 +/- 0.8`.
fn without_error(ts: &[Token<'_>], i: usize, number: Scaled) -> Scaled {
    let sign = match ts.get(number.to) {
        Some(t) if t.is("±") => 1,
        // "41.3 (±1.2) kg"
        Some(t) if t.is("(") && ts.get(number.to + 1).is_some_and(|t| t.is("±")) => 2,
        Some(t)
            if t.is("+")
                && ts.get(number.to + 1).is_some_and(|t| t.is("/"))
                && ts.get(number.to + 2).is_some_and(|t| t.is("-")) =>
        {
            3
        }
        _ => return number,
    };
    let is_number = |at: usize| ts.get(at).is_some_and(|t| t.kind == Kind::Number);
    let behind = number.to + sign + 1;
    let closes = usize::from(sign == 2 && ts.get(behind).is_some_and(|t| t.is(")")));
    if is_number(i) && is_number(number.to + sign) { Scaled { to: behind + closes, ..number } } else { number }
}

/// A number without scale or power.
#[derive(Clone, Copy)]
struct Bare {
    value: f64,
    to: usize,
    is_word: bool,
}

/// Whether the digits at a token are part of a name: the 100 of A100, the 1.5 of v1.5.
fn in_name(ts: &[Token<'_>], i: usize) -> bool {
    let before = i.checked_sub(1).and_then(|b| ts.get(b));
    ts.get(i).is_some_and(|t| t.glued)
        // "PT2H30M" is a time of ISO 8601.
        && before.is_some_and(|b| (b.kind == Kind::Word && !b.is("x") && !b.is("pt") && is_latin_word(&b.text)) || b.is("_") || b.is("/"))
}

/// "half a billion": the half, and the token of the scale.
fn half_of_a_scale(ts: &[Token<'_>], i: usize) -> Option<(f64, usize)> {
    let is_half = ts.get(i).is_some_and(|t| t.is_any(&vocabulary::units().halves.half));
    let at = i + 1 + usize::from(ts.get(i + 1).is_some_and(|t| t.is_any(&["a", "an", "one", "eine", "un", "una"])));
    (is_half && is_long_scale(ts, at)).then_some((0.5, at))
}

/// Words of "three quarters of a million" before its scale.
const PART_OF_SCALE: usize = 4;

/// "two and a half million": the number, and the token of the scale.
fn and_a_half_of_a_scale(ts: &[Token<'_>], i: usize) -> Option<(f64, usize)> {
    let (number, at) = match ts.get(i)?.kind {
        Kind::Word => number_in_words(ts, i)?,
        Kind::Number | Kind::Power | Kind::Sign => return None,
    };
    let closes = ts.get(at).is_some_and(|t| t.is_any(&vocabulary::units().ranges.closing));
    let half = at + 1 + usize::from(ts.get(at + 1).is_some_and(|t| t.is("a")));
    let is_half = ts.get(half).is_some_and(|t| t.is_any(&vocabulary::units().halves.half));
    (closes && is_half && is_long_scale(ts, half + 1)).then_some((number + 0.5, half + 1))
}

/// "three quarters of a million", "a quarter million": the quarters, and the token of the scale.
fn quarters_of_a_scale(ts: &[Token<'_>], i: usize) -> Option<(f64, usize)> {
    let (number, at) = number_in_words(ts, i).filter(|(n, _)| *n < 4.0)?;
    let is_quarter = ts.get(at).is_some_and(|t| t.is_any(&["quarter", "quarters"]));
    let mut scale = at + 1;
    while ts.get(scale).is_some_and(|t| t.is_any(&["of", "a"])) {
        scale += 1;
    }
    (is_quarter && is_long_scale(ts, scale)).then_some((number / 4.0, scale))
}

/// Whether a scale in words stands at a token: "million", not "m".
fn is_long_scale(ts: &[Token<'_>], at: usize) -> bool {
    ts.get(at).is_some_and(|t| t.text.len() > 2 && scale(&t.text).is_some_and(|factor| factor >= 1e3))
}

/// The number at a token.
fn bare_number(ts: &[Token<'_>], i: usize) -> Option<Bare> {
    let t = ts.get(i)?;
    match t.kind {
        Kind::Number if in_name(ts, i) => None,
        Kind::Number => Some(Bare { value: t.value?, to: i + 1, is_word: false }),
        // What is no number and no half begins none.
        Kind::Word if !t.is_known() || (number_word(&t.text).is_none() && !t.is_any(&vocabulary::units().halves.half)) => None,
        Kind::Word => {
            // The "a million" of "half a million" is no number, nor is the half of "one and a half million".
            let of_a_half = || {
                i.checked_sub(1).is_some_and(|half| half_of_a_scale(ts, half).is_some_and(|(_, to)| to > i))
                    || (i.saturating_sub(PART_OF_SCALE)..i).any(|at| {
                        let whole = and_a_half_of_a_scale(ts, at).or_else(|| quarters_of_a_scale(ts, at));
                        whole.is_some_and(|(_, to)| to > i)
                    })
            };
            let parts = and_a_half_of_a_scale(ts, i).or_else(|| quarters_of_a_scale(ts, i)).or_else(|| half_of_a_scale(ts, i));
            let (value, to) = parts.or_else(|| number_in_words(ts, i)).filter(|_| !of_a_half())?;
            Some(Bare { value, to, is_word: true })
        }
        Kind::Power | Kind::Sign => None,
    }
}

/// The value with the power of ten behind it; `10^21` and `10²¹` are powers themselves.
fn with_power(ts: &[Token<'_>], i: usize, bare: Scaled) -> Scaled {
    let at = bare.to;
    if let Some((factor, next)) = power_after(ts, at) {
        return Scaled { value: bare.value * factor, to: next, scaled: true };
    }
    // "2^11 tokens"
    if ts.get(i).is_some_and(|t| t.is("2")) && ts.get(at).is_some_and(|s| s.is("^") && s.glued) {
        let power = ts.get(at + 1).filter(|p| p.kind == Kind::Number).and_then(|p| p.value);
        if let Some(power) = power.filter(|p| *p <= MAX_POWER && p.fract() == 0.0) {
            return Scaled { value: 2_f64.powf(power), to: at + 2, scaled: true };
        }
    }
    if ts.get(i).is_some_and(|t| t.is("10")) {
        let caret = ts.get(at).is_some_and(|s| s.is("^"));
        let power =
            if caret { ts.get(at + 1).filter(|p| p.kind == Kind::Number) } else { ts.get(at).filter(|p| p.kind == Kind::Power) };
        if let Some(power) = power.and_then(|p| p.value).filter(|p| *p <= MAX_POWER) {
            return Scaled { value: 10_f64.powf(power), to: at + if caret { 2 } else { 1 }, scaled: true };
        }
    }
    bare
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
    // "850 Mio. Token": the point is of the abbreviation.
    let is_short = vocabulary::units().scales.abbreviated.contains(&w);
    let point = usize::from(is_short && ts.get(at + 1).is_some_and(|s| s.is(".") && s.glued) && ts.get(at + 2).is_some());
    if let Some(factor) = scale(w) {
        let is_scale = w.len() > 2 || (!is_word && (word.glued || (word.upper && w.len() == 1)));
        // "37 mil millones": a thousand millions.
        let millions = ts.get(at + 1).filter(|m| m.text.len() > 2 && factor < 1e6).and_then(|m| scale(&m.text));
        return match millions.filter(|more| *more >= 1e6) {
            Some(more) if is_scale => by(factor * more, at + 2),
            _ if is_scale => by(factor, at + 1 + point),
            _ => unscaled,
        };
    }
    if !w.is_ascii() {
        return cjk_scale(w).map_or(unscaled, |(name, factor)| by(factor, at + usize::from(w == name)));
    }
    // 30w is 300,000 in Chinese cards.
    if w == "w" && word.glued && !is_word { by(1e4, at + 1) } else { unscaled }
}

/// Whether a number is one end of a range: `3-4 days`, `3 to 4 days`, `10 kg - 20 kg`, `between 3 and 4`, `two or three`.
fn is_range(ts: &[Token<'_>], from: usize, to: usize) -> bool {
    let unit = ts.get(to).is_some_and(|t| t.kind == Kind::Word && is_unit(ts, to));
    // The "A" of "200,000 A100 hours" joins nothing.
    let is_name = |at: usize| ts.get(at).is_some_and(|t| t.kind == Kind::Word) && ts.get(at + 1).is_some_and(|n| n.glued);
    // "batch 8 - 8 images per batch" says it twice.
    let value = |at: usize| ts.get(at).and_then(|t| t.value.or_else(|| number_word(&t.text)));
    let differs = |other: usize| value(other).is_none() || value(other) != value(from) || to > from + 1;
    [to, to + 1]
        .into_iter()
        .take(1 + usize::from(unit))
        .any(|at| joins(ts, at, from) && !is_name(at) && starts_number(ts, at + 1) && differs(at + 1))
        || from.checked_sub(1).is_some_and(|sign| {
            sign.checked_sub(1)
                .and_then(|last| number_ending(ts, last))
                .is_some_and(|first| joins(ts, sign, first) && differs(first))
        })
}

fn is_unit(ts: &[Token<'_>], at: usize) -> bool {
    let Some(t) = ts.get(at) else { return false };
    unit_hours(ts, at).is_some() || scale(&t.text).is_some() || energy_unit(&t.text).is_some() || mass_unit(&t.text).is_some()
}

/// Whether a token joins the two ends of a range whose first begins at `first`.
fn joins(ts: &[Token<'_>], at: usize, first: usize) -> bool {
    let words = &vocabulary::units().ranges;
    let Some(t) = ts.get(at) else { return false };
    if t.is_any(&["-", "–", "—", "~", "～", "〜"]) {
        return ts.get(at + 1).is_some_and(|next| next.glued == t.glued);
    }
    let opened = || {
        words.opening.contains(&text_before(ts, first, 1))
            || (words.opening.contains(&text_before(ts, first, 2)) && !ts.get(first - 1).is_some_and(|t| t.kind == Kind::Number))
    };
    t.is_any(&words.joining) || (t.is_any(&words.closing) && opened())
}

/// Whether a number other than "a" begins at a token.
fn starts_number(ts: &[Token<'_>], at: usize) -> bool {
    ts.get(at).is_some_and(|t| match t.kind {
        Kind::Number => t.value.is_some(),
        Kind::Word => !t.is_any(&["a", "an", "single"]) && number_word(&t.text).is_some(),
        Kind::Power | Kind::Sign => false,
    })
}

/// The two ends of the range whose second number begins at a token: `48-72`, `3 or 4`, `63.6 to 97.6`.
#[must_use]
pub fn ends_of_range(ts: &[Token<'_>], second: usize) -> Option<(f64, f64)> {
    let sign = second.checked_sub(1)?;
    let first = number_ending(ts, sign.checked_sub(1)?)?;
    let (low, high) = (quantity(ts, first)?, quantity(ts, second)?);
    (joins(ts, sign, first) && low.scaled == high.scaled && low.value < high.value).then_some((low.value, high.value))
}

/// First token of the number that ends with a token, over its unit.
fn number_ending(ts: &[Token<'_>], last: usize) -> Option<usize> {
    let number = |at: usize| starts_number(ts, at) && !in_name(ts, at);
    if number(last) {
        return Some(last);
    }
    last.checked_sub(1).filter(|at| number(*at) && is_unit(ts, last))
}

/// The first quantity written in digits.
#[must_use]
pub fn first_quantity(ts: &[Token<'_>]) -> Option<Quantity> {
    (0..ts.len()).filter(|i| ts.get(*i).is_some_and(|t| t.kind == Kind::Number)).find_map(|i| quantity(ts, i))
}
