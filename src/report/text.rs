//! Text that others wrote, and links: nothing of it becomes markup, hides or turns the line around.

use maud::{Markup, html};

/// Longest text shown of a name; the Hub's limit is 96 characters a part.
const LONGEST_NAME: usize = 200;

/// A text as it may be shown: control characters, marks that change the direction of writing and what is no character become U+FFFD,
/// white space a space. maud escapes what is left.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_whitespace() {
                ' '
            } else if is_shown(c) {
                c
            } else {
                '\u{fffd}'
            }
        })
        .collect()
}

fn is_shown(c: char) -> bool {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let hides = matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{e0000}'..='\u{e0fff}');
    let none = matches!(c, '\u{fdd0}'..='\u{fdef}') || (c as u32) & 0xfffe == 0xfffe;
    !(c.is_control() || turns || hides || none)
}

/// A name, cut if it is longer than any name.
pub(super) fn name(text: &str) -> String {
    let mut shown: String = plain(text).chars().take(LONGEST_NAME).collect();
    if text.chars().count() > LONGEST_NAME {
        shown.push('…');
    }
    shown
}

/// A name, apart from the direction of the text around it.
pub(super) fn named(text: &str) -> Markup {
    html! { bdi { (name(text)) } }
}

/// A path with everything but letters, digits and `-._~/` as percent codes.
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    // A path of dots would leave the place it is put under.
    out.split('/')
        .map(|part| if part.chars().all(|c| c == '.') { part.replace('.', "%2E") } else { part.to_owned() })
        .collect::<Vec<_>>()
        .join("/")
}

/// Page of a repository.
pub(super) fn repository_url(model_id: &str) -> String {
    format!("https://huggingface.co/{}", encoded(model_id))
}

/// Card of a repository.
pub(super) fn card_url(model_id: &str) -> String {
    format!("https://huggingface.co/{}/blob/main/README.md", encoded(model_id))
}

/// Paper of an identifier, if it is one.
pub(super) fn paper_url(arxiv_id: &str) -> Option<String> {
    let (month, number) = arxiv_id.split_once('.')?;
    let digits =
        |text: &str, least: usize, most: usize| (least..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    (digits(month, 4, 4) && digits(number, 4, 5)).then(|| format!("https://arxiv.org/abs/{arxiv_id}"))
}

/// A link; its text is escaped like every other.
pub(super) fn link(url: &str, text: &str) -> Markup {
    html! { a href=(url) rel="noreferrer" { (name(text)) } }
}

/// A repository's name as a link to it.
pub(super) fn model_link(model_id: &str) -> Markup {
    html! { bdi { (link(&repository_url(model_id), model_id)) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_names() {
        assert_eq!(plain("a\u{202e}b\u{0}c\nd\u{feff}"), "a\u{fffd}b\u{fffd}c d\u{fffd}");
        let shown = model_link("x/\"><script>alert(1)</script>").into_string();
        assert!(!shown.contains("<script") && !shown.contains("\"><s"), "{shown}");
        assert!(shown.contains("huggingface.co/x/%22%3E%3Cscript%3Ealert%281%29%3C/script%3E"), "{shown}");
        assert_eq!(repository_url("../../evil"), "https://huggingface.co/%2E%2E/%2E%2E/evil");
        assert_eq!(repository_url("javascript:alert(1)"), "https://huggingface.co/javascript%3Aalert%281%29");
        assert_eq!(paper_url("2407.21783").as_deref(), Some("https://arxiv.org/abs/2407.21783"));
        assert_eq!((paper_url("2407.21783/../x"), paper_url("x")), (None, None));
        assert_eq!(name(&"é".repeat(300)).chars().count(), LONGEST_NAME + 1);
    }
}
