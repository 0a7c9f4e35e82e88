//! The frame of the page: head, contents, sections, foot.

use super::About;
use super::charts::patterns;
use super::numbers::count;
use super::text::plain;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Style of the pages.
const STYLE: &str = include_str!("style.css");
/// Nothing from elsewhere, and no script, whatever the page should hold.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// A section of the page.
pub(super) struct Section {
    /// Anchor.
    pub(super) id: &'static str,
    /// Heading.
    pub(super) title: &'static str,
    /// Word in the contents.
    pub(super) short: &'static str,
    /// What it holds.
    pub(super) body: Markup,
}

/// The page.
pub(super) fn page(about: &About, sections: &[Section]) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(&format!("Hugging Carbon: what training emitted, {}", plain(&about.index_date)), POLICY, &[]))
            body {
                a .skip href="#content" { "Skip to the figures" }
                (patterns())
                div .frame {
                    nav aria-label="Contents" {
                        p .brand { "Hugging Carbon" }
                        ul { @for section in sections { li { a href={ "#" (section.id) } { (section.short) } } } }
                    }
                    main #content tabindex="-1" {
                        @for (at, section) in sections.iter().enumerate() {
                            section id=(section.id) aria-labelledby={ (section.id) "-title" } {
                                @if at == 0 { h1 id={ (section.id) "-title" } { (section.title) } }
                                @else { h2 id={ (section.id) "-title" } { (section.title) } }
                                (section.body)
                            }
                        }
                    }
                }
                (foot(about))
            }
        }
    }
    .into_string()
        + "\n"
}

/// Head of a page: what it may load, and its styles behind the common one.
pub(super) fn head(title: &str, policy: &str, styles: &[&str]) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy);
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (title) }
            style { (PreEscaped(STYLE)) @for style in styles { (PreEscaped(style)) } }
        }
    }
}

fn foot(about: &About) -> Markup {
    html! {
        footer {
            p {
                "Hugging Carbon, index of " (plain(&about.index_date)) ", edition " code { (about.edition) } ", method "
                (about.method_version) ", program " (about.crate_version) ". The edition is method, date of the index and digest of the tables; the name of the snapshot's directory ends in \
                the digest of its manifest, which covers this page. Figures: CC BY 4.0; the file README.md beside this one names every source \
                and its licence. " (count(i64::try_from(about.records[0]).unwrap_or(i64::MAX)))
                " records were read. The same inputs give this page to the byte."
            }
        }
    }
}
