//! Tables and text in the HTML of a card: tags are cut out, comments, scripts and styles skipped. One pass, whatever the HTML.

use crate::evidence::card::parse::markdown::{BlockKind, Builder};

/// Entities worth reading; the rest stay as they are.
const ENTITIES: &[(&str, &str)] =
    &[("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", " "), ("&quot;", "\""), ("&#39;", "'"), ("&times;", "×")];
/// Tags that end a paragraph.
const BREAKING: &[&str] = &["p", "li", "div", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "figcaption", "details", "summary"];

/// Reads `source[from..to]`.
pub(super) fn read(b: &mut Builder<'_>, source: &str, from: usize, to: usize) {
    let mut at = from;
    let mut header_cells = false;
    let mut open_row = false;
    while at < to {
        let Some(rest) = source.get(at..to) else { break };
        let next = rest.find(['<', '&']).unwrap_or(rest.len());
        b.push(rest.get(..next).unwrap_or_default(), at);
        at += next;
        let Some(rest) = source.get(at..to).filter(|r| !r.is_empty()) else { break };
        if rest.starts_with('&') {
            let (written, read) = ENTITIES.iter().find(|(e, _)| rest.starts_with(e)).copied().unwrap_or(("&", "&"));
            b.push(read, at);
            at += written.len();
            continue;
        }
        if rest.starts_with("<!--") {
            at += rest.find("-->").map_or(rest.len(), |end| end + 3);
            continue;
        }
        let Some(tag) = Tag::read(rest) else {
            b.push("<", at);
            at += 1;
            continue;
        };
        at += tag.len;
        let name = tag.name.as_str();
        match name {
            "script" | "style" if !tag.closes => {
                // A missing end hides the rest, as in a browser.
                let end = if name == "script" { "</script" } else { "</style" };
                at += source.get(at..to).and_then(|r| r.find(end)).unwrap_or(to - at);
            }
            "table" => {
                if open_row {
                    b.close_row(header_cells);
                    open_row = false;
                } else {
                    b.emit(BlockKind::Html);
                }
                if tag.closes {
                    b.close_table();
                } else {
                    b.open_table();
                }
            }
            "tr" if b.in_table() => {
                if open_row {
                    b.close_row(header_cells);
                } else {
                    b.emit(BlockKind::Html);
                }
                open_row = !tag.closes;
                header_cells = false;
            }
            "td" | "th" if open_row => {
                if tag.closes {
                    b.close_cell();
                } else {
                    b.open_cell();
                    header_cells |= name == "th";
                }
            }
            "br" => b.push("\n", at.saturating_sub(tag.len)),
            "sup" if !tag.closes => b.push("^", at.saturating_sub(tag.len)),
            _ if BREAKING.contains(&name) && !b.in_cell() && !open_row => b.emit(BlockKind::Html),
            _ => {}
        }
    }
    if open_row {
        b.close_row(header_cells);
    } else {
        b.emit(BlockKind::Html);
    }
    b.close_table();
}

struct Tag {
    name: String,
    closes: bool,
    len: usize,
}

/// Longest name of a tag.
const MAX_NAME: usize = 16;

impl Tag {
    fn read(rest: &str) -> Option<Self> {
        let inside = rest.strip_prefix('<')?;
        let (closes, inside) = inside.strip_prefix('/').map_or((false, inside), |r| (true, r));
        let name: String = inside.chars().take_while(char::is_ascii_alphanumeric).take(MAX_NAME).collect();
        if name.is_empty() {
            return None;
        }
        // A tag ends before the next one begins: a text of `<a<a<a` is not searched for its end again and again.
        let end = inside.find(['<', '>']).filter(|end| inside.as_bytes().get(*end) == Some(&b'>'))?;
        Some(Self { name: name.to_ascii_lowercase(), closes, len: rest.len() - inside.len() + end + 1 })
    }
}
