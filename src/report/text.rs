//! Text that others wrote, and links: nothing of it becomes markup, hides or turns the line around.

pub(super) use crate::domain::plain::plain;
use crate::domain::{MAX_QUOTE_CHARS, address};
use maud::{Markup, html};

/// Longest text shown of a name; the Hub's limit is 96 characters a part.
const LONGEST_NAME: usize = 200;

/// A name, cut if it is longer than any name.
pub(super) fn name(text: &str) -> String {
    let mut shown: String = plain(text).chars().take(LONGEST_NAME).collect();
    if text.chars().count() > LONGEST_NAME {
        shown.push('…');
    }
    shown
}

/// A quote; one as long as quotes may be was cut there, and says so.
pub(super) fn quoted(text: &str) -> String {
    let mut shown = plain(text);
    if text.chars().count() >= MAX_QUOTE_CHARS {
        shown.push('…');
    }
    shown
}

/// A name, apart from the direction of the text around it.
pub(super) fn named(text: &str) -> Markup {
    html! { bdi { (name(text)) } }
}

/// An address that leads to a page of the web; none for any other.
pub(super) fn page_of(url: Option<&str>) -> Option<String> {
    url.and_then(address::web)
}

/// A link; its text is escaped like every other.
pub(super) fn link(url: &str, text: &str) -> Markup {
    html! { a href=(url) rel="noreferrer" { (name(text)) } }
}

/// A repository's name as a link to it.
pub(super) fn model_link(model_id: &str) -> Markup {
    html! { bdi { (link(&address::repository(model_id), model_id)) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_that_was_cut_says_so() {
        assert_eq!(quoted("trained on 512 chips"), "trained on 512 chips");
        let cut: String = "tokens ".repeat(40).chars().take(MAX_QUOTE_CHARS).collect();
        assert_eq!(quoted(&cut), format!("{cut}…"));
    }

    #[test]
    fn hostile_names_stay_names() {
        let shown = model_link("x/\"><script>alert(1)</script>").into_string();
        assert!(!shown.contains("<script") && !shown.contains("\"><s"), "{shown}");
        assert!(shown.contains("huggingface.co/x/%22%3E%3Cscript%3Ealert%281%29%3C/script%3E"), "{shown}");
        assert_eq!(page_of(Some("javascript:alert(1)")), None);
        assert_eq!(page_of(Some("https://arxiv.org/abs/2407.21783")).as_deref(), Some("https://arxiv.org/abs/2407.21783"));
        assert_eq!(name(&"é".repeat(300)).chars().count(), LONGEST_NAME + 1);
    }
}
