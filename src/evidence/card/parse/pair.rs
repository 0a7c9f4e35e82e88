//! A key and its value on one line.

/// Longest key, in characters.
const MAX_KEY_CHARS: usize = 240;
/// Most words of a key.
const MAX_KEY_WORDS: usize = 14;

/// A key without brackets, signs and case; one that is all brackets keeps what is in them (`\\(n_{parameters}\\)`).
#[must_use]
pub fn norm_key(key: &str) -> String {
    let strip = |keep_brackets: bool| {
        let mut out = String::with_capacity(key.len().min(MAX_KEY_CHARS));
        let mut depth = 0_u32;
        let mut gap = false;
        for c in key.chars().take(MAX_KEY_CHARS) {
            match c {
                '(' | '[' | '（' if !keep_brackets => depth += 1,
                ')' | ']' | '）' if !keep_brackets => depth = depth.saturating_sub(1),
                _ if depth > 0 => {}
                _ if c.is_alphanumeric() || matches!(c, '#' | '/' | '²' | '₂') => {
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
    };
    let outside = strip(false);
    if outside.is_empty() { strip(true) } else { outside }
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
    let mut depth = 0_u32;
    for (n, (at, c)) in line.char_indices().enumerate() {
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

    #[test]
    fn pairs_are_cut_at_their_sign() {
        let cut = |line: &'static str| split_pair(line).map(|(a, b)| (&line[..a], &line[b..]));
        assert_eq!(cut("Hours used: 72"), Some(("Hours used", " 72")));
        assert_eq!(cut("Carbon (a: b): 3"), Some(("Carbon (a: b)", " 3")));
        assert_eq!(cut("see https://x.y"), None);
        assert_eq!(cut("no pair"), None);
    }
}
