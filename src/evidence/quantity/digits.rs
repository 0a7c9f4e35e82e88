//! Digits with what separates them: groups of three, decimals, exponents.
//!
//! `1,017` is a thousand and seventeen in English and one point zero one seven in French. What is clear by itself is read as it stands
//! (`1,234.5`, `0,046`, `12 500`); for the rest the other numbers of the text decide, then its words, then the card's.

use super::numbers::scale;
use super::tokens::{Kind, Token, ascii_digit};
use super::units::{energy_unit, hours_in, mass_unit};
use crate::evidence::vocabulary;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// What stands between a whole number and its decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DecimalSign {
    /// As in English, Chinese and Japanese.
    Point,
    /// As in French, German, Spanish and most of Europe.
    Comma,
    /// Nothing tells: a lone comma before three digits groups, a point does not.
    #[default]
    Unknown,
}

impl DecimalSign {
    /// This one where it is known, else the other.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match self {
            Self::Point | Self::Comma => self,
            Self::Unknown => other,
        }
    }

    /// The one with more said for it.
    fn by_count(points: usize, commas: usize) -> Self {
        match points.cmp(&commas) {
            std::cmp::Ordering::Greater => Self::Point,
            std::cmp::Ordering::Less => Self::Comma,
            std::cmp::Ordering::Equal => Self::Unknown,
        }
    }
}

/// Spaces, quotes and underscores (of code) that group digits wherever three follow; a plain space does so in some places only.
const GROUPING: [char; 6] = ['\u{a0}', '\u{2009}', '\u{202f}', '\'', '’', '_'];

/// Byte behind the number that begins at a digit or at a point before one.
pub(super) fn number_end(text: &str, from: usize) -> usize {
    let bytes = text.as_bytes();
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let mut at = from;
    let mut plain = true;
    loop {
        at += match bytes.get(at) {
            Some(b'0'..=b'9') => 1,
            Some(b',' | b'.') if digit(at + 1) => {
                plain = false;
                1
            }
            Some(b'e' | b'E') if digit(at + 1) => 2,
            Some(b'e' | b'E') if matches!(bytes.get(at + 1), Some(b'+' | b'-')) && digit(at + 2) => 3,
            _ if plain && can_be_grouped(text, from, at) => match groups_end(text, at) {
                Some(end) => {
                    plain = false;
                    end - at
                }
                None => return at,
            },
            _ => return at,
        };
    }
}

/// Whether digits may be the first group of a number: the 100 of `A100 500` is a name.
fn can_be_grouped(text: &str, from: usize, at: usize) -> bool {
    let free = |c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '/' | '.' | '#');
    (1..=3).contains(&(at - from))
        && !text.get(from..at).is_some_and(|digits| digits.starts_with('0'))
        && text.get(..from).and_then(|before| before.chars().next_back()).is_none_or(free)
}

/// Byte behind the groups of three digits that follow a first one.
fn groups_end(text: &str, first: usize) -> Option<usize> {
    let mut at = first;
    let (mut groups, mut spaces, mut zero) = (0, false, false);
    while let Some(rest) = text.get(at..) {
        let mut chars = rest.chars();
        let Some(sign) = chars.next().filter(|c| *c == ' ' || GROUPING.contains(c)) else { break };
        let digits = chars.take_while(char::is_ascii_digit).take(4).count();
        if digits != 3 {
            break;
        }
        spaces |= sign == ' ';
        // No number begins with a zero: "1 024 på".
        zero |= rest.get(sign.len_utf8()..).is_some_and(|group| group.starts_with('0'));
        groups += 1;
        at += sign.len_utf8() + 3;
    }
    // One plain space may as well stand between two numbers: only a unit behind makes them one.
    let rest = text.get(at..).unwrap_or_default();
    // A cell or a value that is nothing but digits and a space is one number.
    // So is one with a remark in brackets behind it, or the end of a pair: "1 500 (A100); CO2: 0.6 t".
    let ends = rest.trim().is_empty() || rest.trim_start().starts_with(['(', ';', '|', '（', '；']);
    let is_alone = ends && text.get(..first).is_some_and(|before| before.trim().len() <= 3);
    let is_one = groups > 1 || (groups == 1 && (!spaces || zero || is_alone || is_counted(rest)));
    is_one.then_some(at)
}

/// Whether what follows is a unit or a thing that is counted.
fn is_counted(rest: &str) -> bool {
    let rest = rest.strip_prefix([',', '.']).map_or(rest, |decimals| decimals.trim_start_matches(|c: char| c.is_ascii_digit()));
    let rest = rest.trim_start_matches([' ', '\u{a0}', '\u{202f}']);
    let word: String = rest.chars().take_while(|c| c.is_alphabetic()).flat_map(char::to_lowercase).take(24).collect();
    let mass = mass_unit(&word).or_else(|| mass_unit(word.split("co").next().unwrap_or_default()));
    let long = word.len() > 1 && (hours_in(&word).is_some() || scale(&word).is_some());
    long || mass.is_some() || energy_unit(&word).is_some() || vocabulary::units().languages.counted.contains(&word.as_str())
}

/// Whether the value of digits depends on the language: one comma or point before three digits.
fn is_open(text: &str) -> bool {
    let mut parts = text.split([',', '.']);
    let first = parts.next().is_some_and(|whole| (1..=3).contains(&whole.len()) && !whole.starts_with('0'));
    let three = |part: &str| part.len() == 3 && part.bytes().all(|b| b.is_ascii_digit());
    first && parts.next().is_some_and(three) && parts.next().is_none()
}

/// Reads digits with separators and exponent: 1,234.5, 1.234,5, 12 500, 3.2e23.
#[must_use]
pub fn parse_number(text: &str, sign: DecimalSign) -> Option<f64> {
    let (mantissa, exponent) = text.find(['e', 'E']).map_or((text, ""), |at| text.split_at(at));
    let mantissa: String = mantissa.chars().filter(|c| !(*c == ' ' || GROUPING.contains(c))).collect();
    let grouped = |sep: char, part: &str| {
        let mut groups = part.split(sep);
        groups.next().is_some_and(|g| (1..=3).contains(&g.len()) && g != "0") && groups.all(|g| g.len() == 3)
    };
    // "1,50,000": groups of two before the last, as in India.
    let is_lakhs = || {
        let groups: Vec<&str> = mantissa.split(',').collect();
        match groups.as_slice() {
            [first, middle @ .., last] => {
                let whole = last.split('.').next().unwrap_or_default();
                (1..=2).contains(&first.len()) && !middle.is_empty() && middle.iter().all(|g| g.len() == 2) && whole.len() == 3
            }
            _ => false,
        }
    };
    let is_zeros = mantissa.ends_with(",000");
    let (commas, points) = (mantissa.matches(',').count(), mantissa.matches('.').count());
    let plain = match (commas, points) {
        (2.., 0 | 1) if is_lakhs() => mantissa.replace(',', ""),
        (0, 1) if sign == DecimalSign::Comma && exponent.is_empty() && is_open(&mantissa) => mantissa.replace('.', ""),
        (0, 0 | 1) => mantissa,
        // Nobody writes three zeros behind a decimal comma.
        (1, 0) if sign == DecimalSign::Comma && !is_zeros => mantissa.replace(',', "."),
        (_, 0) if grouped(',', &mantissa) => mantissa.replace(',', ""),
        (1, 0) => mantissa.replace(',', "."),
        (0, _) if grouped('.', &mantissa) => mantissa.replace('.', ""),
        (_, 1) if mantissa.rfind('.') > mantissa.rfind(',') => {
            let whole = mantissa.split('.').next()?;
            if !grouped(',', whole) {
                return None;
            }
            mantissa.replace(',', "")
        }
        (1, _) if mantissa.rfind(',') > mantissa.rfind('.') && !is_zeros => {
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

/// Whether a text can hold a number whose value depends on the language: three digits behind a comma or point that a digit stands before, or
/// digits of another script. Where there is none, no sign of decimals makes a difference, and nobody need find it out. A number is a run of the
/// text, so its digits and its sign stand side by side there.
#[must_use]
pub fn may_be_open(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let opens = |at: usize| at > 0 && digit(at - 1) && (at + 1..at + 4).all(digit);
    memchr::memchr2_iter(b',', b'.', bytes).any(opens) || (!text.is_ascii() && text.chars().any(|c| ascii_digit(c).is_some()))
}

/// Reads again the numbers whose value depends on the language, by what their text says of it, else by `sign`.
pub(super) fn settle(ts: &mut [Token<'_>], sign: DecimalSign) {
    let open: Vec<usize> =
        ts.iter().enumerate().filter(|(_, t)| t.kind == Kind::Number && is_open(&t.text)).map(|(i, _)| i).collect();
    if open.is_empty() {
        return;
    }
    let words = ts.iter().filter(|t| t.kind == Kind::Word).map(|t| t.text.as_ref());
    let sign = by_numbers(ts).or(by_words(words)).or(sign);
    for i in open {
        // "7.242B" is how English sizes are written in any language; "1,017 B" is not.
        let english_scale = ts.get(i).is_some_and(|t| t.text.contains('.'))
            && ts.get(i + 1).is_some_and(|w| w.text.len() == 1 && (w.glued || w.upper) && scale(&w.text).is_some());
        // "120.000 millones": the scale says the language of its number.
        let grouped_scale = ts.get(i + 1).is_some_and(|w| vocabulary::units().languages.grouping_scales.contains(&w.text.as_ref()));
        let sign = if grouped_scale { DecimalSign::Comma } else { sign };
        // "300.000 examples": what is counted is whole.
        let sign = if !counts_whole_things(ts, i + 1) {
            sign
        } else if ts.get(i).is_some_and(|t| t.text.contains('.')) {
            DecimalSign::Comma
        } else {
            DecimalSign::Point
        };
        if let Some(t) = ts.get_mut(i).filter(|_| !english_scale) {
            t.value = parse_number(&t.text, sign);
        }
    }
}

/// Words between a number and the noun of what it counts: "300.000 new training examples".
const COUNTED_REACH: usize = 3;

/// Whether a noun of things that are counted whole stands behind a number.
fn counts_whole_things(ts: &[Token<'_>], from: usize) -> bool {
    let words = vocabulary::prose();
    let lists = [&words.samples.nouns, &words.steps.words, &words.tokens.words];
    let near = ts.iter().skip(from).take(COUNTED_REACH).take_while(|t| t.kind == Kind::Word && scale(&t.text).is_none());
    near.into_iter().any(|t| lists.iter().any(|list| t.is_any(*list)))
}

/// What the other numbers of a text say: `2,5 kg`, `0.432 kg`. Only those with a unit: 3.1 may be a version.
fn by_numbers(ts: &[Token<'_>]) -> DecimalSign {
    let (mut points, mut commas) = (0, 0);
    for pair in ts.windows(2) {
        let [number, unit] = pair else { continue };
        let text = number.text.as_ref();
        let decides = number.kind == Kind::Number && text.matches([',', '.']).count() == 1 && !is_open(text);
        let has_unit = unit.is("%")
            || (unit.kind == Kind::Word
                && (hours_in(&unit.text).is_some() || energy_unit(&unit.text).is_some() || mass_unit(&unit.text).is_some()));
        if decides && has_unit {
            *(if text.contains(',') { &mut commas } else { &mut points }) += 1;
        }
    }
    DecimalSign::by_count(points, commas)
}

/// What the words of a text say of its language; they are lower case.
#[must_use]
pub fn by_words<'w>(words: impl Iterator<Item = &'w str>) -> DecimalSign {
    static SIGNS: LazyLock<FxHashMap<&'static str, DecimalSign>> = LazyLock::new(|| {
        let lists = &vocabulary::units().languages;
        vocabulary::by_word(&[(lists.decimal_point, DecimalSign::Point), (lists.decimal_comma, DecimalSign::Comma)])
    });
    let (mut points, mut commas) = (0, 0);
    for word in words {
        let cyrillic = || word.starts_with(|c: char| ('\u{400}'..='\u{4ff}').contains(&c));
        match SIGNS.get(word).copied().unwrap_or_default() {
            DecimalSign::Point => points += 1,
            DecimalSign::Comma => commas += 1,
            DecimalSign::Unknown => commas += usize::from(!word.is_ascii() && cyrillic()),
        }
    }
    DecimalSign::by_count(points, commas)
}

/// What cells say of which nobody can read another way: `6.310,5`, `2,75`.
#[must_use]
pub fn by_cells<'c>(cells: impl Iterator<Item = &'c str>) -> DecimalSign {
    let (mut points, mut commas) = (0, 0);
    for cell in cells {
        let ts = super::tokens::lex(cell);
        for text in ts.iter().filter(|t| t.kind == Kind::Number).map(|t| t.text.as_ref()) {
            let last = text.rfind([',', '.']);
            let decimals = last.map_or(0, |at| text.len() - at - 1);
            let both = text.contains(',') && text.contains('.');
            if let Some(sign) =
                last.and_then(|at| text.as_bytes().get(at)).filter(|_| both || (decimals != 3 && !text.contains('e')))
            {
                *(if *sign == b',' { &mut commas } else { &mut points }) += 1;
            }
        }
    }
    DecimalSign::by_count(points, commas)
}

/// What the numbers of parameters in a column say: who writes `124 M` beside `1,017 B` changes the unit at a thousand, so that the comma
/// is a decimal sign.
#[must_use]
pub fn by_column<'c>(cells: impl Iterator<Item = &'c str>) -> DecimalSign {
    let (mut points, mut commas, mut smallest, mut open) = (0, 0, f64::INFINITY, 0.0_f64);
    for cell in cells {
        let ts = super::tokens::lex(cell);
        let Some((number, factor)) = ts.windows(2).find_map(|pair| match pair {
            [number, unit] if number.kind == Kind::Number => Some((number, scale(&unit.text)?)),
            _ => None,
        }) else {
            continue;
        };
        smallest = smallest.min(factor);
        let text = number.text.as_ref();
        if is_open(text) && text.contains(',') {
            open = open.max(factor);
        } else {
            points += usize::from(text.contains('.'));
            commas += usize::from(text.contains(','));
        }
    }
    DecimalSign::by_count(points, commas).or(if open > smallest { DecimalSign::Comma } else { DecimalSign::Unknown })
}

/// Whether `$` stands before a number that another one ends: "$7680$" is a number, and "$175" money.
pub(super) fn encloses_number(rest: &str) -> bool {
    let inner = rest.get(1..).unwrap_or_default();
    let behind = inner.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
    let ends = behind.strip_prefix('$').is_some_and(|after| !after.starts_with(|c: char| c.is_ascii_digit()));
    ends && behind.len() < inner.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::tests::cards_of_the_kinds;
    use crate::evidence::quantity::tokens::{lex, lex_in};
    use proptest::prelude::*;

    /// Where no number is open, no sign of decimals changes a token.
    fn check_open_numbers(text: &str) {
        if !may_be_open(text) {
            assert_eq!(lex_in(text, DecimalSign::Comma), lex_in(text, DecimalSign::Point), "{text}");
        }
    }

    #[test]
    fn the_language_is_asked_for_open_numbers_alone() {
        cards_of_the_kinds().iter().flat_map(|card| card.lines()).for_each(check_open_numbers);
        assert!(may_be_open("1,500 steps") && may_be_open("١٬٥٠٠") && !may_be_open("1,50 steps, 3 epochs"));
    }

    proptest! {
        #[test]
        fn numbers_that_are_not_open_are_read_the_same(text in "([0-9]|[0-9]{3}|[.,' e٣٫٬]|k|\\PC){0,14}") {
            check_open_numbers(&text);
        }
    }

    fn numbers(text: &str) -> Vec<f64> {
        lex(text).iter().filter(|t| t.kind == Kind::Number).filter_map(|t| t.value).collect()
    }

    #[test]
    fn groups_of_three_are_one_number() {
        for (text, value) in [
            ("12 500 kWh", 12_500.0),
            ("12\u{a0}500 kWh", 12_500.0),
            ("12\u{2009}500 kWh", 12_500.0),
            ("12\u{202f}500 kWh", 12_500.0),
            ("12'500 kWh", 12_500.0),
            ("12’500 kWh", 12_500.0),
            ("1 234 567 steps", 1_234_567.0),
            ("3 400 heures", 3_400.0),
            ("~9 800 gCO2eq", 9_800.0),
            ("12 500,5 kWh", 12_500.5),
            ("7 240", 7_240.0),
            ("0,046 kg", 0.046),
            ("2,40,000 GPU hours", 240_000.0),
            ("1,05,40,000.5 kWh", 10_540_000.5),
            (".96 pfs-days", 0.96),
        ] {
            assert_eq!(numbers(text), [value], "{text}");
        }
    }

    #[test]
    fn two_numbers_side_by_side_stay_two() {
        for (text, values) in [
            ("on 8 100GB nodes", vec![8.0, 100.0]),
            ("A100 500 hours", vec![100.0, 500.0]),
            ("in 2023 500 kWh", vec![2023.0, 500.0]),
            ("epochs 3 200 runs", vec![3.0, 200.0]),
            ("12 5000 kWh", vec![12.0, 5000.0]),
            ("v1.5", vec![1.5]),
        ] {
            assert_eq!(numbers(text), values, "{text}");
        }
    }

    #[test]
    fn the_language_of_the_text_decides() {
        for (text, value) in [
            ("Das Training hat 12.500 kWh verbraucht.", 12_500.0),
            ("1.400 GPU-Stunden", 1_400.0),
            ("Le modèle a 1,017 B de paramètres.", 1.017),
            ("El entrenamiento consumió 3.250 kWh de energía.", 3_250.0),
            ("L'addestramento ha richiesto 2.160 ore.", 2_160.0),
            ("O treinamento levou 1.250 horas.", 1_250.0),
            ("Le modèle a été entraîné sur 300,000 exemples.", 300_000.0),
            ("The training used 12.500 kWh of energy.", 12.5),
            ("It was trained on 1,500 steps.", 1_500.0),
            ("12.500 kWh", 12.5),
            ("1,500B tokens", 1_500.0),
        ] {
            assert_eq!(numbers(text), [value], "{text}");
        }
        assert_eq!(numbers("Das Modell hat 7.242B Parameter."), [7.242]);
        assert_eq!(numbers("12,500 kWh und 2,5 kg")[0], 12.5, "the other number decides");
    }

    #[test]
    fn a_column_that_changes_its_unit_at_a_thousand() {
        let column = |cells: &[&str]| by_column(cells.iter().copied());
        assert_eq!(column(&["124 M", "1,017 B"]), DecimalSign::Comma);
        assert_eq!(column(&["350M", "6,738B"]), DecimalSign::Comma);
        assert_eq!(column(&["1,5 B", "2,304 B"]), DecimalSign::Comma);
        assert_eq!(column(&["1,571B", "395B"]), DecimalSign::Unknown);
        assert_eq!(column(&["6.7B", "1,017B", "125M"]), DecimalSign::Point);
    }
}
