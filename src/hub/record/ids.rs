//! Ids of repositories.

/// Identity of a repository, which survives a renaming: the 12 bytes of its `_id`.
pub type ObjectId = [u8; 12];

/// The identity that 24 hexadecimal digits state.
#[must_use]
pub fn object_id(text: &str) -> Option<ObjectId> {
    let text = text.trim();
    // from_str_radix alone would take a sign.
    if text.len() != 24 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut id = ObjectId::default();
    for (byte, digits) in id.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(id)
}

/// Begins the directory of a model in the Hub's cache.
pub const CACHED_MODEL: &str = "models--";
/// Longest id accepted: the Hub allows 96 characters on either side of the slash.
const MAX_ID_CHARS: usize = 193;

/// An id as people write it in `base_model`: a full address is cut down to `owner/name`.
#[must_use]
pub fn normalize_base_id(text: &str) -> Option<String> {
    let mut id = text.trim();
    for prefix in ["https://", "http://", "hf://"] {
        id = id.strip_prefix(prefix).unwrap_or(id);
    }
    for prefix in ["huggingface.co/", "www.huggingface.co/", "hf.co/"] {
        id = id.strip_prefix(prefix).unwrap_or(id);
    }
    id = id.split("/tree/").next().unwrap_or(id).trim_end_matches('/');
    is_valid_id(id).then(|| id.to_owned())
}

/// The id that a directory of the Hub's cache or the name of a file spells: `models--owner--name`, `owner--name`. The Hub has no name with `--`
/// in it (huggingface_hub, `validate_repo_id`), so that it stands for nothing but the `/`.
#[must_use]
pub fn decoded_id(text: &str) -> Option<String> {
    let cached = text.strip_prefix(CACHED_MODEL);
    let rest = cached.unwrap_or(text);
    if rest.contains('/') || cached.is_none() && !rest.contains("--") {
        return None;
    }
    Some(rest.replacen("--", "/", 1)).filter(|id| is_valid_id(id) && !id.contains("--"))
}

/// Whether a text is a number and no name: rows are numbered under `id`, too, and no repository of the Hub without an owner is called so.
pub(super) fn is_row_number(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit())
}

/// Whether `id` is a Hub id: `name` or `owner/name` of letters, digits, `.`, `_` and `-`, and not the directories `.` and `..`.
/// Table keys rely on it: `#`, which joins ids to run kinds and fields, sorts before every character allowed here.
#[must_use]
pub fn is_valid_id(id: &str) -> bool {
    let segment = |s: &str| !["", ".", ".."].contains(&s) && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    id.len() <= MAX_ID_CHARS
        && match id.split_once('/') {
            Some((owner, name)) => segment(owner) && segment(name),
            None => segment(id),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression: an index with ids as the Hub's cache spells them gave a hundredth of its total, without a word.
    #[test]
    fn ids_in_the_spelling_of_the_cache_are_ids() {
        for (text, id) in [
            ("models--owner--name", Some("owner/name")),
            ("owner--na-me.v1", Some("owner/na-me.v1")),
            ("models--gpt2", Some("gpt2")),
            ("owner/name", None),
            ("gpt2", None),
            ("owner__name", None),
            ("a--b--c", None),
            ("--name", None),
            ("models--", None),
        ] {
            assert_eq!(decoded_id(text).as_deref(), id, "{text}");
        }
        assert_eq!(normalize_base_id("hf://owner/name").as_deref(), Some("owner/name"));
        assert!(is_row_number("599") && !is_row_number("gpt2") && !is_row_number(""));
    }
}
