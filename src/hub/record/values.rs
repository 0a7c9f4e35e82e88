//! Values as uploaders write them: clipped texts, strings or lists of strings, and JSON that is looked at before a parser recurses.

use sonic_rs::{JsonType, JsonValueTrait, LazyValue, to_array_iter};

/// Longest string kept from a card field.
const MAX_TEXT_CHARS: usize = 2_000;

/// Deepest nesting accepted; real cards stay below twenty. Parsers recurse, and a card of sixty thousand brackets would end the
/// process.
const MAX_DEPTH: u32 = 100;

/// Checks, in one pass over the bytes, that a text is a single JSON value without excessive nesting: a second object behind the
/// first would otherwise vanish.
pub(super) fn one_shallow_value(text: &str) -> Result<(), &'static str> {
    let (mut depth, mut in_string, mut escaped, mut closed) = (0_u32, false, false, false);
    for byte in text.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        if closed && !byte.is_ascii_whitespace() {
            return Err("something follows the JSON value");
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                closed = depth == 0;
            }
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err("nested deeper than 100 levels");
        }
    }
    Ok(())
}

pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// A text without control characters and of bearable length; none if nothing is left.
pub(in crate::hub) fn clipped(text: &str) -> Option<String> {
    // Control characters (an escaped NUL among them) have no place in a name, a tag or a licence.
    let text: String = text.trim().chars().filter(|c| !c.is_control()).take(MAX_TEXT_CHARS).collect();
    (!text.is_empty()).then_some(text)
}

/// The first of [`strings`].
pub(super) fn first_string(value: &LazyValue<'_>) -> Option<String> {
    strings(value).into_iter().next()
}

/// A string, or the strings of a list; anything else is no string.
pub(super) fn strings(value: &LazyValue<'_>) -> Vec<String> {
    match value.get_type() {
        JsonType::String => value.as_str().and_then(clipped).into_iter().collect(),
        JsonType::Array => to_array_iter(value.as_raw_str()).flatten().filter_map(|item| item.as_str().and_then(clipped)).collect(),
        _ => Vec::new(),
    }
}

/// A word, or true or false as a word.
pub(super) fn flag_or_word(value: &LazyValue<'_>) -> Option<String> {
    match value.get_type() {
        JsonType::Boolean => Some(value.as_bool()?.to_string()),
        _ => first_string(value),
    }
}
