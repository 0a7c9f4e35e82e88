//! Tables and text in the HTML of a card: tags are cut out, comments, scripts and styles skipped. One pass, whatever the HTML.

use super::block::BlockKind;
use super::builder::Builder;

/// Entities worth reading; the rest stay as they are.
const ENTITIES: &[(&str, &str)] = &[
    ("&amp;", "&"),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&nbsp;", "\u{a0}"),
    ("&#160;", "\u{a0}"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&apos;", "'"),
    ("&times;", "×"),
    ("&#215;", "×"),
    ("&thinsp;", "\u{2009}"),
    ("&#8201;", "\u{2009}"),
    ("&#x2009;", "\u{2009}"),
    ("&#8239;", "\u{202f}"),
    ("&#x202F;", "\u{202f}"),
    ("&ensp;", " "),
    ("&emsp;", " "),
    ("&ndash;", "–"),
    ("&mdash;", "—"),
    ("&minus;", "-"),
    ("&middot;", "·"),
    ("&sdot;", "⋅"),
    ("&asymp;", "≈"),
    ("&approx;", "≈"),
    ("&sim;", "~"),
    ("&sup2;", "²"),
    ("&#8322;", "₂"),
    ("&deg;", "°"),
    ("&eacute;", "é"),
    ("&euro;", "€"),
];
/// Tags that end a paragraph.
const BREAKING: &[&str] = &["p", "li", "div", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "figcaption", "details", "summary"];

/// A line that opens or closes a block of code.
const FENCE: &str = "\n```";

/// Reads `source[from..to]`.
pub(super) fn parse_html(out: &mut Builder<'_>, source: &str, from: usize, to: usize) {
    let mut html = Html { out, header_cells: false, open_row: false, rows: 0, cells: 0, bold_cells: 0 };
    let mut at = from;
    while at < to {
        let Some(rest) = source.get(at..to) else { break };
        let next = rest.find(['<', '&']).unwrap_or(rest.len());
        if let Some(fence) = rest.get(..next).and_then(|text| text.find(FENCE)).filter(|_| !html.open_row) {
            html.out.push(rest.get(..fence).unwrap_or_default(), at);
            at = html.code(source, at + fence, to);
            continue;
        }
        html.out.push(rest.get(..next).unwrap_or_default(), at);
        at += next;
        let Some(rest) = source.get(at..to).filter(|r| !r.is_empty()) else { break };
        if rest.starts_with('&') {
            let (written, read) = ENTITIES.iter().find(|(e, _)| rest.starts_with(e)).copied().unwrap_or(("&", "&"));
            html.out.push(read, at);
            at += written.len();
            continue;
        }
        if rest.starts_with("<!--") {
            at += rest.find("-->").map_or(rest.len(), |end| end + 3);
            continue;
        }
        let Some(tag) = Tag::parse(rest) else {
            html.out.push("<", at);
            at += 1;
            continue;
        };
        at += tag.len;
        match tag.name.as_str() {
            "script" | "style" if !tag.closes => {
                // A missing end hides the rest, as in a browser.
                let end = if tag.name == "script" { "</script" } else { "</style" };
                at += source.get(at..to).and_then(|r| r.find(end)).unwrap_or(to - at);
            }
            _ => html.tag(&tag, at.saturating_sub(tag.len)),
        }
    }
    html.close_row_or_text();
    html.out.close_table();
}

/// The HTML while it is read.
struct Html<'b, 's> {
    out: &'b mut Builder<'s>,
    /// Whether the row has a cell of a header.
    header_cells: bool,
    /// Whether a row is open.
    open_row: bool,
    /// Rows of the table so far.
    rows: usize,
    /// Cells of the row, and those of them in bold.
    cells: usize,
    bold_cells: usize,
}

impl Html<'_, '_> {
    /// Code between fences inside HTML, with no blank line before them: Markdown knows none there, and its authors mean it. Returns the byte
    /// behind it.
    fn code(&mut self, source: &str, fence: usize, to: usize) -> usize {
        let line_end = |at: usize| source.get(at..to).and_then(|rest| rest.find('\n')).map_or(to, |end| at + end);
        let from = line_end(fence + FENCE.len());
        let end = source.get(from..to).and_then(|rest| rest.find(FENCE)).map_or(to, |end| from + end);
        self.out.emit(BlockKind::Html);
        self.out.push(source.get(from..end).unwrap_or_default(), from);
        self.out.emit(BlockKind::Code);
        line_end((end + FENCE.len()).min(to))
    }

    /// A tag that begins at a byte of the card.
    fn tag(&mut self, tag: &Tag, from: usize) {
        match tag.name.as_str() {
            "table" => {
                self.close_row_or_text();
                self.open_row = false;
                if tag.closes {
                    self.out.close_table();
                } else {
                    self.out.open_table();
                }
                self.rows = 0;
            }
            "tr" if self.out.in_table() => {
                self.close_row_or_text();
                self.open_row = !tag.closes;
                self.header_cells = false;
                (self.cells, self.bold_cells) = (0, 0);
            }
            "td" | "th" if self.open_row => {
                if tag.closes {
                    self.out.close_cell();
                } else {
                    self.out.open_cell();
                    self.cells += 1;
                    self.header_cells |= tag.name == "th";
                }
            }
            "strong" | "b" if !tag.closes && self.out.in_cell() => self.bold_cells = self.cells.min(self.bold_cells + 1),
            // A term and its description are a key and its value.
            "dt" if !tag.closes && !self.out.in_cell() && !self.open_row => self.out.emit(BlockKind::Html),
            "dt" if !self.out.in_cell() && !self.open_row && !self.out.ends_with_colon() => self.out.push(": ", from),
            "dd" if tag.closes && !self.out.in_cell() && !self.open_row => self.out.emit(BlockKind::Html),
            "br" => self.out.push("\n", from),
            "sup" if !tag.closes => self.out.push("^", from),
            name if BREAKING.contains(&name) && !self.out.in_cell() && !self.open_row => self.out.emit(BlockKind::Html),
            _ => {}
        }
    }

    fn close_row_or_text(&mut self) {
        if self.open_row {
            // A first row in bold, but for the corner, is a header that nobody marked as one.
            let is_bold = self.rows == 0 && self.cells > 1 && self.bold_cells + 1 >= self.cells;
            self.out.close_row(self.header_cells || is_bold);
            self.rows += usize::from(self.cells > 0);
            (self.cells, self.bold_cells) = (0, 0);
        } else {
            self.out.emit(BlockKind::Html);
        }
    }
}

struct Tag {
    name: String,
    closes: bool,
    len: usize,
}

/// Longest name of a tag.
const MAX_NAME: usize = 16;

impl Tag {
    fn parse(rest: &str) -> Option<Self> {
        let inside = rest.strip_prefix('<')?;
        let (closes, inside) = inside.strip_prefix('/').map_or((false, inside), |r| (true, r));
        let name: String = inside.chars().take_while(char::is_ascii_alphanumeric).take(MAX_NAME).collect();
        if name.is_empty() {
            return None;
        }
        // A tag ends before the next one begins: a text of `<a<a<a` is not searched for its end again and again.
        let end = tag_end(inside)?;
        Some(Self { name: name.to_ascii_lowercase(), closes, len: rest.len() - inside.len() + end + 1 })
    }
}

/// Longest tag with its attributes that is looked through for its end, in bytes.
const MAX_TAG: usize = 2000;

/// Byte of the sign that ends a tag: none of its attributes', `title="a > b"`.
fn tag_end(inside: &str) -> Option<usize> {
    let mut quoted: Option<u8> = None;
    for (at, c) in inside.bytes().take(MAX_TAG).enumerate() {
        match (quoted, c) {
            (Some(sign), _) if c == sign => quoted = None,
            (Some(_), b'<') | (None, b'<') => break,
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') if at > 0 && inside.as_bytes().get(at - 1) == Some(&b'=') => quoted = Some(c),
            _ => {}
        }
    }
    inside.find(['<', '>']).filter(|end| inside.as_bytes().get(*end) == Some(&b'>'))
}
