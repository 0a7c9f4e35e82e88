//! A key and its value on one line.

use crate::evidence::quantity::joins_letters;

/// Longest key, in characters.
const MAX_KEY_CHARS: usize = 240;
/// Bytes of most keys.
const SHORT_KEY: usize = 32;
/// Most words of a key.
const MAX_KEY_WORDS: usize = 14;

/// A key without brackets, signs and case; one that is all brackets keeps what is in them (`\\(n_{parameters}\\)`).
#[must_use]
pub fn norm_key(key: &str) -> String {
    let outside = strip(key, false);
    if outside.is_empty() { strip(key, true) } else { outside }
}

/// A key without signs and case, and without what stands in brackets unless it is kept.
fn strip(key: &str, keep_brackets: bool) -> String {
    // The characters of ASCII are its bytes.
    if key.is_ascii() { stripped(key.bytes().map(char::from), keep_brackets) } else { stripped(key.chars(), keep_brackets) }
}

fn stripped(key: impl Iterator<Item = char>, keep_brackets: bool) -> String {
    let mut out = String::with_capacity(SHORT_KEY);
    let (mut depth, mut gap) = (0_u32, false);
    for c in key.take(MAX_KEY_CHARS) {
        match c {
            '(' | '[' | '（' if !keep_brackets => depth += 1,
            ')' | ']' | '）' if !keep_brackets => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            // The joiner of Persian stands for a space in keys.
            _ if c.is_alphanumeric() || (joins_letters(c) && c != '\u{200c}') || matches!(c, '#' | '/' | '²' | '₂') => {
                if std::mem::take(&mut gap) && !out.is_empty() {
                    out.push(' ');
                }
                match c {
                    '₂' => out.push('2'),
                    _ if c.is_ascii() => out.push(c.to_ascii_lowercase()),
                    _ => out.extend(c.to_lowercase()),
                }
            }
            _ => gap = true,
        }
    }
    out
}

/// Whether a line begins with a question that an amount answers: "How much time did the training take? 12 hours".
fn asks_how(line: &str) -> bool {
    let text = line.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, ' ' | '.' | ')' | '*' | '-'));
    text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("how "))
}

/// Cuts a line at the colon or equals sign behind its key: byte of the sign and byte behind it.
#[must_use]
pub fn split_pair(line: &str) -> Option<(usize, usize)> {
    // Most lines have none of the signs: one look at their bytes is enough.
    if memchr::memchr3(b':', b'=', b'?', line.as_bytes()).is_none() && (line.is_ascii() || !line.contains('：')) {
        return None;
    }
    cut_at_sign(line)
}

/// The same of a line that may have one of the signs.
fn cut_at_sign(line: &str) -> Option<(usize, usize)> {
    if line.is_ascii() { cut_at(line, line.bytes().map(char::from).enumerate()) } else { cut_at(line, line.char_indices()) }
}

/// The same; `signs` are the line's characters with their bytes.
fn cut_at(line: &str, signs: impl Iterator<Item = (usize, char)>) -> Option<(usize, usize)> {
    let mut depth = 0_u32;
    for (n, (at, c)) in signs.enumerate() {
        if n >= MAX_KEY_CHARS {
            return None;
        }
        match c {
            '(' | '[' | '（' => depth += 1,
            ')' | ']' | '）' => depth = depth.saturating_sub(1),
            ':' | '：' | '=' | '?' if depth == 0 && at > 0 && (c != '?' || asks_how(line)) => {
                let after = at + c.len_utf8();
                let is_address = line.get(after..).is_some_and(|rest| rest.starts_with("//"));
                let few_words = line.get(..at).is_some_and(|key| key.split_whitespace().count() <= MAX_KEY_WORDS);
                if is_address {
                    continue;
                }
                return few_words.then_some((at, after));
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::tests::cards_of_the_kinds;

    #[test]
    fn lines_and_keys_in_ascii_are_cut_as_all_are() {
        for line in cards_of_the_kinds().iter().flat_map(|card| card.lines()) {
            assert_eq!(split_pair(line), cut_at(line, line.char_indices()), "{line}");
            for keep in [false, true] {
                assert_eq!(strip(line, keep), stripped(line.chars(), keep), "{line}");
            }
        }
    }

    #[test]
    fn pairs_are_cut_at_their_sign() {
        let cut = |line: &'static str| split_pair(line).map(|(a, b)| (&line[..a], &line[b..]));
        assert_eq!(cut("Hours used: 72"), Some(("Hours used", " 72")));
        assert_eq!(cut("Carbon (a: b): 3"), Some(("Carbon (a: b)", " 3")));
        assert_eq!(cut("see https://x.y"), None);
        assert_eq!(cut("no pair"), None);
    }
}
