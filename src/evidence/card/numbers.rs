//! Numbers as people write them in cards: separators, powers of ten, scales, ranges, durations.
//!
//! A text is cut once into words, numbers and signs; everything else reads these tokens by position and never looks further than a
//! few of them, so that the work is linear in the text.

use std::borrow::Cow;

/// Kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// ASCII digits with separators and exponent.
    Number,
    /// Letters of one script; `_` inside; `CO2` with what follows is one word.
    Word,
    /// Superscript digits.
    Power,
    /// Anything else that is no space.
    Sign,
}

/// A word, number or sign.
#[derive(Clone, Debug, PartialEq)]
pub struct Token<'t> {
    /// Kind.
    pub kind: Kind,
    /// Lower case.
    pub text: Cow<'t, str>,
    /// First byte in the text.
    pub from: usize,
    /// Byte after the last.
    pub to: usize,
    /// Value of a number that can be read.
    pub value: Option<f64>,
    /// Whether nothing lies between it and the token before.
    pub glued: bool,
    /// Whether it begins with an upper-case letter.
    pub upper: bool,
}

impl Token<'_> {
    /// Whether it is this text, given in lower case.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.text.as_ref() == text
    }

    /// Whether it is one of these.
    #[must_use]
    pub fn is_any(&self, texts: &[&str]) -> bool {
        texts.contains(&self.text.as_ref())
    }
}

/// Text of a token; empty beyond the end.
#[must_use]
pub fn text_at<'a>(ts: &'a [Token<'_>], i: usize) -> &'a str {
    ts.get(i).map_or("", |t| t.text.as_ref())
}

/// Text of the token `back` places before `i`; empty before the start.
#[must_use]
pub fn text_before<'a>(ts: &'a [Token<'_>], i: usize, back: usize) -> &'a str {
    i.checked_sub(back).map_or("", |at| text_at(ts, at))
}

/// The tokens `from..to`, cut to what there is.
#[must_use]
pub fn span<'a, 't>(ts: &'a [Token<'t>], from: usize, to: usize) -> &'a [Token<'t>] {
    let to = to.min(ts.len());
    ts.get(from.min(to)..to).unwrap_or_default()
}

/// Cuts a text.
#[must_use]
pub fn lex(text: &str) -> Vec<Token<'_>> {
    let mut out = Vec::new();
    let mut at = 0;
    let mut glued = false;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        if c.is_whitespace() {
            at += c.len_utf8();
            glued = false;
            continue;
        }
        let from = at;
        let mut value = None;
        let kind = if c.is_ascii_digit() {
            at = number_end(text.as_bytes(), at);
            value = parse_number(text.get(from..at).unwrap_or_default());
            Kind::Number
        } else if c.is_alphabetic() {
            at = word_end(text, at, c.is_ascii());
            Kind::Word
        } else if superscript(c).is_some() {
            let mut number = 0.0;
            while let Some((digit, len)) = next_superscript(text, at) {
                number = number * 10.0 + f64::from(digit);
                at += len;
            }
            value = Some(number);
            Kind::Power
        } else {
            at += c.len_utf8();
            Kind::Sign
        };
        let written = text.get(from..at).unwrap_or_default();
        out.push(Token { kind, text: lower(written), from, to: at, value, glued, upper: c.is_uppercase() });
        glued = true;
    }
    out
}

fn lower(written: &str) -> Cow<'_, str> {
    if written.chars().any(|c| c.is_uppercase() || c == '₂') {
        Cow::Owned(written.to_lowercase().replace('₂', "2"))
    } else {
        Cow::Borrowed(written)
    }
}

fn superscript(c: char) -> Option<u8> {
    Some(match c {
        '⁰' => 0,
        '¹' => 1,
        '²' => 2,
        '³' => 3,
        '⁴' => 4,
        '⁵' => 5,
        '⁶' => 6,
        '⁷' => 7,
        '⁸' => 8,
        '⁹' => 9,
        _ => return None,
    })
}

fn next_superscript(text: &str, at: usize) -> Option<(u8, usize)> {
    let c = text.get(at..)?.chars().next()?;
    superscript(c).map(|digit| (digit, c.len_utf8()))
}

fn number_end(bytes: &[u8], from: usize) -> usize {
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let mut at = from;
    while let Some(b) = bytes.get(at) {
        at += match b {
            b'0'..=b'9' => 1,
            b',' | b'.' if digit(at + 1) => 1,
            b'e' | b'E' if digit(at + 1) => 2,
            b'e' | b'E' if matches!(bytes.get(at + 1), Some(b'+' | b'-')) && digit(at + 2) => 3,
            _ => break,
        };
    }
    at
}

fn word_end(text: &str, from: usize, ascii: bool) -> usize {
    let mut at = from;
    let mut chars = text.get(from..).unwrap_or_default().char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        let belongs = if c == '_' {
            ascii && i > 0 && chars.peek().is_some_and(|(_, next)| next.is_ascii_alphabetic())
        } else {
            c.is_alphabetic() && c.is_ascii() == ascii
        };
        if !belongs {
            break;
        }
        at = from + i + c.len_utf8();
    }
    let says_co = at - from >= 2 && text.get(at - 2..at).is_some_and(|end| end.eq_ignore_ascii_case("co"));
    if ascii
        && says_co
        && let Some(two) = text.get(at..).and_then(|rest| rest.chars().next()).filter(|c| matches!(c, '2' | '₂'))
    {
        at += two.len_utf8();
        while text.as_bytes().get(at).is_some_and(u8::is_ascii_alphabetic) {
            at += 1;
        }
    }
    at
}

/// Reads digits with separators and exponent: 1,234.5, 1.234,5, 3.2e23; a lone comma before three digits is a thousands separator.
#[must_use]
pub fn parse_number(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.find(['e', 'E']).map_or((text, ""), |at| text.split_at(at));
    let grouped = |sep: char, part: &str| {
        let mut groups = part.split(sep);
        groups.next().is_some_and(|g| (1..=3).contains(&g.len())) && groups.all(|g| g.len() == 3)
    };
    let (commas, points) = (mantissa.matches(',').count(), mantissa.matches('.').count());
    let plain = match (commas, points) {
        (0, 0 | 1) => mantissa.to_owned(),
        (_, 0) if grouped(',', mantissa) => mantissa.replace(',', ""),
        (1, 0) => mantissa.replace(',', "."),
        (0, _) if grouped('.', mantissa) => mantissa.replace('.', ""),
        (_, 1) if mantissa.rfind('.') > mantissa.rfind(',') => {
            let whole = mantissa.split('.').next()?;
            if !grouped(',', whole) {
                return None;
            }
            mantissa.replace(',', "")
        }
        (1, _) if mantissa.rfind(',') > mantissa.rfind('.') => {
            let whole = mantissa.split(',').next()?;
            if !grouped('.', whole) {
                return None;
            }
            mantissa.replace('.', "").replace(',', ".")
        }
        _ => return None,
    };
    format!("{plain}{exponent}").parse().ok().filter(|v: &f64| v.is_finite())
}

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
    Some(match word {
        "k" | "thousand" => 1e3,
        "m" | "mm" | "mn" | "million" | "millions" | "millones" | "millionen" => 1e6,
        "b" | "bn" | "billion" | "billions" | "milliarden" => 1e9,
        "t" | "trillion" | "trillions" => 1e12,
        _ => return None,
    })
}

/// Scales that stand at the start of a Chinese, Japanese or Korean word, longest first.
const CJK_SCALES: &[(&str, f64)] = &[
    ("万亿", 1e12),
    ("百万", 1e6),
    ("兆", 1e12),
    ("조", 1e12),
    ("亿", 1e8),
    ("億", 1e8),
    ("억", 1e8),
    ("万", 1e4),
    ("萬", 1e4),
    ("만", 1e4),
    ("千", 1e3),
];

fn number_word(word: &str) -> Option<f64> {
    Some(match word {
        "one" | "a" | "an" | "single" => 1.0,
        "two" => 2.0,
        "three" => 3.0,
        "four" => 4.0,
        "five" => 5.0,
        "six" => 6.0,
        "seven" => 7.0,
        "eight" => 8.0,
        "nine" => 9.0,
        "ten" => 10.0,
        "eleven" => 11.0,
        "twelve" => 12.0,
        "fifteen" => 15.0,
        "sixteen" => 16.0,
        "twenty" => 20.0,
        "thirty" => 30.0,
        _ => return None,
    })
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

/// The quantity that begins at a token.
#[must_use]
pub fn quantity(ts: &[Token<'_>], i: usize) -> Option<Quantity> {
    let t = ts.get(i)?;
    let before = i.checked_sub(1).and_then(|b| ts.get(b));
    let (mut value, is_word) = match t.kind {
        Kind::Number => {
            // The 100 of A100 and the 1.5 of v1.5 are names.
            let in_name =
                before.is_some_and(|b| (b.kind == Kind::Word && !b.is("x") && b.text.is_ascii()) || b.is("_") || b.is("/"));
            if t.glued && in_name {
                return None;
            }
            (t.value?, false)
        }
        Kind::Word => (number_word(t.text.as_ref())?, true),
        Kind::Power | Kind::Sign => return None,
    };
    let mut at = i + 1;
    let mut scaled = false;
    if let Some((factor, next)) = power_after(ts, at) {
        value *= factor;
        at = next;
        scaled = true;
    } else if t.is("10") {
        let caret = ts.get(at).is_some_and(|s| s.is("^"));
        let power =
            if caret { ts.get(at + 1).filter(|p| p.kind == Kind::Number) } else { ts.get(at).filter(|p| p.kind == Kind::Power) };
        if let Some(power) = power.and_then(|p| p.value).filter(|p| *p <= MAX_POWER) {
            value = 10_f64.powf(power);
            at += if caret { 2 } else { 1 };
            scaled = true;
        }
    }
    let hyphenated = ts.get(at).is_some_and(|s| s.is("-") && s.glued);
    if hyphenated && ts.get(at + 1).is_some_and(|w| w.text.len() > 2 && scale(w.text.as_ref()).is_some()) {
        at += 1;
    }
    if let Some(word) = ts.get(at).filter(|w| w.kind == Kind::Word) {
        let w = word.text.as_ref();
        if let Some(factor) = scale(w) {
            if w.len() > 2 || (!is_word && (word.glued || (word.upper && w.len() == 1))) {
                value *= factor;
                at += 1;
                scaled = true;
            }
        } else if !w.is_ascii() {
            if let Some((name, factor)) = CJK_SCALES.iter().find(|(name, _)| w.starts_with(name)) {
                value *= factor;
                scaled = true;
                at += usize::from(w == *name);
            }
        } else if w == "w" && word.glued && !is_word {
            // 30w is 300,000 in Chinese cards.
            value *= 1e4;
            at += 1;
            scaled = true;
        }
    }
    if ts.get(at).is_some_and(|s| s.is("+") && s.glued) {
        at += 1;
    }
    Some(Quantity { value, from: i, to: at, scaled, is_word, is_range: is_range(ts, i, at, scaled, is_word) })
        .filter(|q| q.value.is_finite())
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

/// Hours in a unit of time. A month has 30 days.
#[must_use]
pub fn hours_in(word: &str) -> Option<f64> {
    Some(match word {
        "hours" | "hour" | "hrs" | "hr" | "h" | "horas" | "heures" | "stunden" => 1.0,
        "days" | "day" | "d" | "tage" | "jours" | "días" | "dias" => 24.0,
        "weeks" | "week" => 168.0,
        "months" | "month" => 720.0,
        "minutes" | "minute" | "mins" | "min" => 1.0 / 60.0,
        "seconds" | "second" | "secs" | "sec" | "s" => 1.0 / 3600.0,
        _ => return None,
    })
}

const CJK_HOURS: &[(&str, f64)] = &[
    ("小时", 1.0),
    ("小時", 1.0),
    ("時間", 1.0),
    ("시간", 1.0),
    ("天", 24.0),
    ("日", 24.0),
    ("일", 24.0),
    ("分钟", 1.0 / 60.0),
    ("分鐘", 1.0 / 60.0),
    ("周", 168.0),
    ("週", 168.0),
    ("个月", 720.0),
];

/// Hours in the unit of time at a token. Single letters count only when glued to a number.
#[must_use]
pub fn unit_hours(ts: &[Token<'_>], i: usize) -> Option<f64> {
    let t = ts.get(i).filter(|t| t.kind == Kind::Word)?;
    let word = t.text.as_ref();
    match hours_in(word) {
        Some(hours) => (word.len() > 1 || t.glued).then_some(hours),
        None if !word.is_ascii() => CJK_HOURS.iter().find(|(name, _)| word.starts_with(name)).map(|(_, hours)| *hours),
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

#[cfg(test)]
mod tests;
