//! Keys as tools spell them: the Hub's own, snake case, folded to lower case, upper case.

/// Whether two keys are the same word but for case, and for `_` and `-` inside. `_id` is not `id`: the first is another key of the Hub.
#[must_use]
pub fn same_key(a: &str, b: &str) -> bool {
    letters(a).eq(letters(b))
}

fn letters(key: &str) -> impl Iterator<Item = u8> {
    let is_joint = |at: usize, byte: u8| at > 0 && (byte == b'_' || byte == b'-');
    key.bytes().enumerate().filter(move |(at, byte)| !is_joint(*at, *byte)).map(|(_, byte)| byte.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::same_key;

    #[test]
    fn spellings_of_one_word() {
        for (a, b) in [("createdAt", "created_at"), ("cardData", "CARDDATA"), ("model-index", "model_index"), ("_id", "_ID")] {
            assert!(same_key(a, b), "{a} {b}");
        }
        for (a, b) in [("id", "_id"), ("downloads", "downloadsAllTime"), ("id", "ids"), ("", "id")] {
            assert!(!same_key(a, b), "{a} {b}");
        }
    }
}
