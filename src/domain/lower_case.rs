//! Ids and namespaces in lower case, for look-ups.

/// Longest text that is brought to lower case without memory of its own: an id has 193 characters at most.
const LONGEST: usize = 256;

/// What `read` says of a text in lower case.
pub fn in_lower_case<T>(text: &str, read: impl FnOnce(&str) -> T) -> T {
    let mut buffer = [0; LONGEST];
    if text.is_ascii()
        && let Some(lower) = buffer.get_mut(..text.len())
    {
        lower.copy_from_slice(text.as_bytes());
        lower.make_ascii_lowercase();
        if let Ok(lower) = str::from_utf8(lower) {
            return read(lower);
        }
    }
    read(&text.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_standard_library_has_it() {
        for text in ["", "Qwen/Qwen3-8B", "é/MODÈLE", "ΑΣ", &"Aa".repeat(200), &"A".repeat(LONGEST)] {
            in_lower_case(text, |lower| assert_eq!(lower, text.to_lowercase()));
        }
    }
}
