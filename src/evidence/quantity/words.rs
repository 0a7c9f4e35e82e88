//! Where a word ends: letters of one script with the marks that belong to them, and the gas with its markup.

use super::tokens::is_latin;
use super::units::mass_unit;

/// A mark within words that is no letter: the signs that take the vowel from a letter of an Indian script or change it, tones of Thai and Lao,
/// joiners of Persian and others.
#[must_use]
pub const fn joins_letters(c: char) -> bool {
    matches!(
        c,
        '\u{93c}' | '\u{94d}' | '\u{9bc}' | '\u{9cd}' | '\u{a3c}' | '\u{a4d}' | '\u{abc}' | '\u{acd}' | '\u{b3c}' | '\u{b4d}' | '\u{bcd}'
            | '\u{c4d}' | '\u{ccd}' | '\u{d4d}' | '\u{dca}' | '\u{e47}'..='\u{e4e}' | '\u{ec8}'..='\u{ecd}' | '\u{200c}' | '\u{200d}'
    )
}

/// Byte behind a word, and whether its CO2 has markup in it.
#[must_use]
pub(super) fn word_end(text: &str, from: usize, latin: bool) -> (usize, bool) {
    let mut at = from;
    let mut chars = text.get(from..).unwrap_or_default().char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        let belongs = if c == '_' {
            latin && i > 0 && chars.peek().is_some_and(|(_, next)| next.is_ascii_alphabetic())
        } else {
            (c.is_alphabetic() && is_latin(c) == latin) || (!latin && i > 0 && joins_letters(c))
        };
        if !belongs {
            break;
        }
        at = from + i + c.len_utf8();
    }
    let unit = text
        .get(from..at)
        .filter(|_| latin)
        .and_then(|word| word.get(..word.len().checked_sub(2)?).zip(word.get(word.len() - 2..)));
    let Some((unit, _)) = unit.filter(|(_, end)| end.eq_ignore_ascii_case("co")) else { return (at, false) };
    let rest = text.get(at..).unwrap_or_default();
    let opened = rest.trim_start_matches(OPENING);
    let marks = rest.len() - opened.len();
    let Some(two) = opened.chars().next().filter(|c| matches!(c, '2' | '₂' | '²') && marks <= MAX_MARKS) else {
        return (at, false);
    };
    let is_gas = unit.is_empty() || mass_unit(&unit.to_lowercase()).is_some();
    if (marks > 0 || two == '²') && !is_gas {
        return (at, false);
    }
    at += marks + two.len_utf8();
    let rest = text.get(at..).unwrap_or_default();
    let closed = if marks > 0 { rest.len() - rest.trim_start_matches(CLOSING).len() } else { 0 };
    at += closed;
    while text.as_bytes().get(at).is_some_and(u8::is_ascii_alphabetic) {
        at += 1;
    }
    (at, marks > 0 || two == '²')
}

/// Markup between CO and its 2, as in `CO$_2$`, `CO_{2}`, `CO^2`, `CO~2~`, `{CO}_2`.
const OPENING: [char; 6] = ['$', '_', '^', '{', '~', '}'];
/// Markup behind the 2.
const CLOSING: [char; 3] = ['}', '$', '~'];
/// Most signs of it.
const MAX_MARKS: usize = 4;
