//! Values as uploaders write them: clipped texts, strings or lists of strings, and JSON that is looked at before a parser recurses.

use super::lists::written_value;
use memchr::memchr2;
use sonic_rs::{JsonType, JsonValueTrait, LazyValue, to_array_iter, to_object_iter};
use std::borrow::Cow;

/// Longest string kept from a card field.
const MAX_TEXT_CHARS: usize = 2_000;

/// Deepest nesting accepted; real cards stay below twenty. Parsers recurse, and a card of sixty thousand brackets would end the
/// process.
const MAX_DEPTH: u32 = 100;

/// Checks, in one pass over the bytes, that a text is a single JSON value without excessive nesting: a second object behind the
/// first would otherwise vanish.
pub(super) fn one_shallow_value(text: &str) -> Result<(), &'static str> {
    let bytes = text.as_bytes();
    let (mut depth, mut closed, mut at) = (0_u32, false, 0);
    while let Some(byte) = bytes.get(at) {
        if closed && !byte.is_ascii_whitespace() {
            return Err("something follows the JSON value");
        }
        match byte {
            b'"' => at = end_of_string(bytes, at + 1),
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
        at += 1;
    }
    Ok(())
}

/// Where the quote stands that ends a string whose first sign is at `from`; the end of the text if none does.
fn end_of_string(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes[at] == b'"' {
            return at;
        }
        // The sign behind a backslash ends nothing.
        at += 2;
    }
    bytes.len()
}

pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// A text without control characters and of bearable length; none if nothing is left.
pub(in crate::hub) fn clipped(text: &str) -> Option<String> {
    let text = text.trim();
    // Nearly every text is short, and all of it is kept.
    if text.len() <= MAX_TEXT_CHARS && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return (!text.is_empty()).then(|| text.to_owned());
    }
    // Control characters (an escaped NUL among them) have no place in a name, a tag or a licence.
    let text: String = text.chars().filter(|c| !c.is_control()).take(MAX_TEXT_CHARS).collect();
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
        JsonType::Boolean | JsonType::Number => word(value.as_raw_str()),
        _ => first_string(value),
    }
}

/// A word that stands as text; true and false in the spelling of JSON.
pub(super) fn word(text: &str) -> Option<String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "1.0" => Some("true".to_owned()),
        "false" | "0" | "0.0" => Some("false".to_owned()),
        _ => clipped(text),
    }
}

/// Whether a flag, in whatever a store makes of it, says that a repository is private: what is not said to be public is not published.
pub(super) fn is_private(text: &str) -> bool {
    let text = text.trim().trim_matches('"').to_ascii_lowercase();
    !["false", "0", "0.0", "f", "no", "n", "null", "none", "nan", ""].contains(&text.as_str())
}

/// Signs between groups of three digits, and blanks that stand there.
const GROUPING: [char; 7] = [',', '\'', '\u{2019}', ' ', '\u{a0}', '\u{202f}', '\u{2009}'];

/// A number that stands as text, also one whose digits are in groups.
pub(super) fn whole_number(text: &str) -> Result<f64, &'static str> {
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let is_grouped = |sign: char| {
        let mut groups = text.split(sign);
        let first = groups.next().unwrap_or_default();
        is_digits(first) && first.len() <= 3 && !first.starts_with('0') && groups.all(|group| is_digits(group) && group.len() == 3)
    };
    if text.matches('.').count() == 1 && is_grouped('.') {
        return Err("a point before three digits: it may group them or begin a fraction");
    }
    let sign = GROUPING.into_iter().chain(['.']).find(|sign| text.contains(*sign) && is_grouped(*sign));
    let number = sign.map_or_else(|| text.parse(), |sign| text.replace(sign, "").parse());
    number.map_err(|_| "not a number")
}

/// The JSON of an object or list, whether it stands as such or as text in a string, as JSON or as a language prints it.
pub(super) fn nested_json<'a>(value: &'a LazyValue<'_>) -> Cow<'a, str> {
    match value.get_type() {
        JsonType::String => {
            let text = value.as_str().unwrap_or_default();
            Cow::Owned(written_value(text).map_or_else(|| text.to_owned(), |written| written.to_string()))
        }
        _ => Cow::Borrowed(value.as_raw_str()),
    }
}

/// Calls `each` with the entries of an object, or of a list of pairs, as stores without maps write one: `{"key": ..., "value": ...}`,
/// `{"dtype": ..., "count": ...}` or `[key, value]`.
pub(super) fn each_entry(json: &str, mut each: impl FnMut(&str, &LazyValue<'_>)) {
    if !json.trim_start().starts_with('[') {
        return to_object_iter(json).flatten().for_each(|(key, value)| each(&key, &value));
    }
    for item in to_array_iter(json).flatten() {
        let (key, value) = match item.get_type() {
            JsonType::Array => (item.get(0), item.get(1)),
            _ => (first_of(&item, &["key", "dtype", "type"]), first_of(&item, &["value", "count", "parameters", "total"])),
        };
        if let (Some(key), Some(value)) = (key.as_ref().and_then(|key| key.as_str()), &value) {
            each(key, value);
        }
    }
}

fn first_of<'v>(item: &'v LazyValue<'_>, keys: &[&str]) -> Option<LazyValue<'v>> {
    keys.iter().find_map(|key| item.get(*key))
}

/// The text with what Python writes for numbers that are none: a bare NaN is no value, a bare Infinity a number beyond every range.
/// Neither is JSON, and one of them in a key that nobody reads must not cost the record.
#[must_use]
pub fn without_bare_words(text: &str) -> Cow<'_, str> {
    if !text.contains("NaN") && !text.contains("Infinity") {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let (mut out, mut from, mut at) = (String::with_capacity(text.len()), 0, 0);
    // What Python prints of a dictionary has its names in single quotes, which stand nowhere in JSON but inside double ones.
    let (mut quote, mut escaped) = (None, false);
    while at < bytes.len() {
        let byte = bytes[at];
        if let Some(end) = quote {
            quote = quote.filter(|_| escaped || byte != end);
            escaped = !escaped && byte == b'\\';
        } else if byte == b'"' || byte == b'\'' {
            quote = Some(byte);
        } else {
            let word =
                [("NaN", "null"), ("Infinity", "1e999")].into_iter().find(|(word, _)| bytes[at..].starts_with(word.as_bytes()));
            if let Some((word, number)) = word.filter(|(word, _)| is_alone(bytes, at..at + word.len())) {
                out.push_str(&text[from..at]);
                out.push_str(number);
                at += word.len();
                from = at;
                continue;
            }
        }
        at += 1;
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// Whether a word is all of a value, but for its sign, and no part of a name that stands without quotes (`BAAI/Infinity-Instruct`).
fn is_alone(bytes: &[u8], word: std::ops::Range<usize>) -> bool {
    let before = bytes[..word.start].trim_ascii_end();
    let before = before.strip_suffix(b"-").map_or(before, <[u8]>::trim_ascii_end);
    let behind = bytes[word.end..].trim_ascii_start();
    before.last().is_none_or(|sign| b":,=[({".contains(sign)) && behind.first().is_none_or(|sign| b",])}".contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quotes behind backslashes end no string, and a string that never ends hides what follows.
    #[test]
    fn one_value_and_nothing_behind_it() {
        for text in [r#"{"a":"\\"}"#, r#"{"a":"}\"{"} "#, r#"["\"#, "", "{", r#"{"a":1}"#] {
            assert_eq!(one_shallow_value(text), Ok(()), "{text}");
        }
        for text in [r#"{"a":"\\"}{"#, r#"{"a":"\""}"x"#, "[]1"] {
            assert_eq!(one_shallow_value(text), Err("something follows the JSON value"), "{text}");
        }
        assert!(one_shallow_value(&"[".repeat(100)).is_ok() && one_shallow_value(&"[".repeat(101)).is_err());
    }

    #[test]
    fn texts_lose_their_edges_and_control_signs_and_nothing_else() {
        for (text, kept) in [
            (" apache-2.0 ", Some("apache-2.0")),
            ("a\tb\u{7f}c", Some("abc")),
            ("modèle\u{85}", Some("modèle")),
            ("\u{a0}x", Some("x")),
            (" \u{1} ", None),
            ("", None),
        ] {
            assert_eq!(clipped(text).as_deref(), kept, "{text:?}");
        }
        assert_eq!(clipped(&"x".repeat(3_000)).map(|text| text.len()), Some(MAX_TEXT_CHARS));
    }

    #[test]
    fn only_bare_words_are_mended() {
        for (text, mended) in [
            (r#"{"a":NaN,"b":[-Infinity, Infinity]}"#, r#"{"a":null,"b":[-1e999, 1e999]}"#),
            (r#"{"a":"NaN","b":"x\\","c":NaN}"#, r#"{"a":"NaN","b":"x\\","c":null}"#),
            (r#"{"a":"\"NaN","Infinity":1}"#, r#"{"a":"\"NaN","Infinity":1}"#),
            // Regression: names in the quotes of Python, and without any, lost the word.
            (r"{'a': 'BAAI/Infinity-Instruct', 'b': nan, 'c': NaN}", r"{'a': 'BAAI/Infinity-Instruct', 'b': nan, 'c': null}"),
            (r#"{'a': "it's NaN", 'b': 'it\'s NaN'}"#, r#"{'a': "it's NaN", 'b': 'it\'s NaN'}"#),
            ("{'a': x/NaN-7b, 'b': Infinity}", "{'a': x/NaN-7b, 'b': 1e999}"),
            (r#"{"a":"it's","b":NaN }"#, r#"{"a":"it's","b":null }"#),
        ] {
            assert_eq!(without_bare_words(text), mended);
        }
    }

    #[test]
    fn entries_of_objects_and_of_lists_of_pairs() {
        for json in [
            r#"{"F32":1,"BF16":2}"#,
            r#"[{"key":"F32","value":1},{"key":"BF16","value":2}]"#,
            r#"[["F32",1],["BF16",2]]"#,
            r#"[{"dtype":"F32","count":1},{"dtype":"BF16","count":2}]"#,
        ] {
            let mut found = Vec::new();
            each_entry(json, |key, value| found.push(format!("{key} {}", value.as_raw_str())));
            assert_eq!(found, ["F32 1", "BF16 2"], "{json}");
        }
    }
}
