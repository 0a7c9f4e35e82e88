//! Several pairs on one line: "CO2: 0.6 t; energy: 1.4 MWh; hardware: 4 x A100".

use super::keys::{Key, read_key};
use crate::evidence::card::parse::pair::{norm_key, split_pair};

/// Most words of a key that begins within a line.
const MOST_KEY_WORDS: usize = 5;

/// Whether a key may begin within a line: one of what a training took. Those of a recipe are read setting by setting.
fn begins_a_pair(key: Key) -> bool {
    matches!(
        key,
        Key::Hardware
            | Key::Devices
            | Key::Hours
            | Key::Provider
            | Key::Region
            | Key::Carbon
            | Key::Energy
            | Key::Tokens
            | Key::Flop
    )
}

/// Where the value of the first pair ends, and where the next pair begins: behind a sign that parts them, outside brackets.
#[must_use]
pub fn next_pair(value: &str) -> Option<(usize, usize)> {
    if !value.contains([':', '：', '=']) {
        return None;
    }
    let mut depth = 0_u32;
    for (at, c) in value.char_indices() {
        match c {
            '(' | '[' | '（' => depth += 1,
            ')' | ']' | '）' => depth = depth.saturating_sub(1),
            ';' | '；' | '|' | '•' | ',' | '，' | '、' | '/' | '·' if depth == 0 => {
                let after = at + c.len_utf8();
                let rest = value.get(after..).unwrap_or_default();
                let is_apart = !matches!(c, '/' | '|' | ',') || rest.starts_with(' ');
                let next = after + (rest.len() - rest.trim_start().len());
                if is_apart && !value.get(..at).unwrap_or_default().trim().is_empty() && is_pair(rest.trim_start()) {
                    return Some((at, next));
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether a text begins with a key of a training and its value.
fn is_pair(text: &str) -> bool {
    let Some((key, value)) = split_pair(text).and_then(|(key, value)| Some((text.get(..key)?, text.get(value..)?))) else {
        return false;
    };
    let plain = key.starts_with(|c: char| c.is_alphabetic() || c == '*') && !key.contains([';', ',', '|', '，', '；']);
    let short = key.split_whitespace().count() <= MOST_KEY_WORDS;
    plain && short && !value.trim().is_empty() && read_key(&norm_key(key)).is_some_and(|asked| begins_a_pair(asked.key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_one_line_are_parted_at_the_keys_of_trainings() {
        let first = |value: &'static str| next_pair(value).map(|(to, from)| (&value[..to], &value[from..]));
        assert_eq!(first("0.6 t; energy: 1.4 MWh"), Some(("0.6 t", "energy: 1.4 MWh")));
        assert_eq!(first("0.6 t | Time: 50 h"), Some(("0.6 t ", "Time: 50 h")));
        assert_eq!(first("0.6 t / Energy: 1.4 MWh, epochs: 3"), Some(("0.6 t ", "Energy: 1.4 MWh, epochs: 3")));
        for value in ["0,6 t", "8 (hardware: A100)", "64, learning rate: 1e-4", "3 h, with a seed of 4"] {
            assert_eq!(first(value), None, "{value}");
        }
    }
}
