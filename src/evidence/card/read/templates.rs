//! Values of templates that nobody filled in.

use super::keys::Key;
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

/// "Epochs (upper bound in search)", "Retraining time allowed by policy": a key of what may be.
#[must_use]
pub fn bound_in(key: &str) -> Option<&'static str> {
    let key = key.to_lowercase();
    vocabulary::keys().pairs.bounds.is_within(&key).then_some("a limit")
}

/// "Not reported; a comparable model emitted 25 kg": the figure is another's.
#[must_use]
pub fn unknown(text: &str) -> Option<&'static str> {
    let says = |part: &&str| text.contains(*part);
    vocabulary::card().templates.unknown.iter().any(says).then_some("the card says that it is not known")
}

/// Why the value of an amount says of itself that it is none: an example, a limit, "not reported".
#[must_use]
pub fn doubt(kind: Key, value: &str) -> Option<&'static str> {
    if !kind.is_amount() {
        return None;
    }
    let words = &vocabulary::keys().pairs;
    let lower = value.to_lowercase();
    let ahead = lower.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default();
    let has = |text: &str, list: &[&str]| list.iter().any(|w| text.contains(w));
    if has(ahead, &words.examples) {
        Some("an example")
    } else if has(&lower, &words.not_told)
        || words.not_told_first.iter().any(|w| lower.trim_start_matches(['*', '_', '(']).starts_with(w))
    {
        Some("said not to be known")
    } else if words.limits.iter().any(|w| lower.starts_with(w)) {
        Some("a limit")
    } else {
        None
    }
}

/// "Target: at most 15 minutes": why the whole value of an amount tells of what was planned.
#[must_use]
pub fn planned(kind: Key, whole: &str) -> Option<&'static str> {
    let first = whole.split(|c: char| !c.is_alphanumeric()).find(|w| !w.is_empty())?.to_lowercase();
    (kind.is_amount() && vocabulary::keys().pairs.planned.contains(&first.as_str())).then_some("planned")
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
