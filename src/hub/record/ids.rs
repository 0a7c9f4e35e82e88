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

/// Longest id accepted: the Hub allows 96 characters on either side of the slash.
const MAX_ID_CHARS: usize = 193;

/// An id as people write it in `base_model`: a full address is cut down to `owner/name`.
#[must_use]
pub fn normalize_base_id(text: &str) -> Option<String> {
    let mut id = text.trim();
    for prefix in ["https://", "http://"] {
        id = id.strip_prefix(prefix).unwrap_or(id);
    }
    for prefix in ["huggingface.co/", "www.huggingface.co/", "hf.co/"] {
        id = id.strip_prefix(prefix).unwrap_or(id);
    }
    id = id.split("/tree/").next().unwrap_or(id).trim_end_matches('/');
    is_valid_id(id).then(|| id.to_owned())
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
