//! Lines of code as settings.

/// A line `key: value`, `key = value`, `--key value`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting<'c> {
    /// Key; empty when the line begins with none.
    pub key: &'c str,
    /// Value without quotes.
    pub value: &'c str,
    /// Whether it is a flag of a command.
    pub is_flag: bool,
}

/// Reads a line.
#[must_use]
pub fn parse_setting(line: &str) -> Setting<'_> {
    let mut text = line.trim().trim_end_matches('\\').trim().trim_end_matches(',');
    text = text.strip_prefix('{').unwrap_or(text);
    let is_flag = text.starts_with("--");
    text = text.trim_start_matches("--").trim().trim_start_matches(['"', '\'']);
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    let (key, rest) = text.split_at(end);
    let value = rest.trim_matches(|c: char| " \"':=".contains(c));
    let value = value.split(',').next().unwrap_or(value).trim_matches(|c: char| " \"'}".contains(c));
    Setting { key, value: if is_flag && value.is_empty() { "true" } else { value }, is_flag }
}
