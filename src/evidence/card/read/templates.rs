//! Values of templates that nobody filled in.

use crate::evidence::vocabulary;

/// Whether a value is a template's.
#[must_use]
pub fn is_template(value: &str) -> bool {
    let short: String = value.trim().chars().take(80).flat_map(char::to_lowercase).collect();
    let bare = short.trim_matches(|c: char| "*_[]().` ".contains(c));
    bare.is_empty()
        || vocabulary::card().templates.unfilled.contains(&bare)
        || short.contains("information needed")
        || bare.starts_with("unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_no_values() {
        for text in ["[More Information Needed]", "More information needed.", "Unknown", "[optional]", "N/A", ""] {
            assert!(is_template(text), "{text}");
        }
        assert!(!is_template("8 x A100"));
    }
}
