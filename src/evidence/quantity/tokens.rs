//! A text cut into words, numbers and signs.
//!
//! A text is cut once; everything else reads these tokens by position and never looks further than a few of them, so that the work is
//! linear in the text.

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
