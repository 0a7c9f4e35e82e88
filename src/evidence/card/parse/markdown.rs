//! A card as a flat list of blocks: headings, paragraphs, list items, table rows, code, with the headings they stand under and the
//! way back from their text to the bytes of the card.

use crate::evidence::card::parse::html;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use std::rc::Rc;

/// Kind of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// The YAML before the text.
    FrontMatter,
    /// A heading.
    Heading,
    /// A paragraph; indented code counts as one.
    Paragraph,
    /// A paragraph of a list item.
    ListItem,
    /// A row of a Markdown or HTML table.
    TableRow,
    /// A fenced code block.
    Code,
    /// Text inside HTML.
    Html,
}

/// A link in the text of a block.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// First byte of its text.
    pub from: usize,
    /// Byte after its text.
    pub to: usize,
    /// Where it leads.
    pub target: String,
}

/// One block.
#[derive(Clone, Debug)]
pub struct Block {
    /// Kind.
    pub kind: BlockKind,
    /// Headings above it, outermost first; of a heading, itself too.
    pub headings: Rc<[String]>,
    /// Text without markup; cells are joined by ` | `.
    pub text: String,
    /// Cells of the table's header.
    pub header: Rc<[String]>,
    /// Cells of a row.
    pub cells: Vec<String>,
    /// Number of the table, from 1; 0 outside tables.
    pub table: usize,
    /// Whether the row is the table's header.
    pub is_header: bool,
    /// Links in the text.
    pub links: Vec<Link>,
    /// Pairs of a position in the text and the byte of the card it came from, ascending.
    marks: Vec<(usize, usize)>,
    /// First byte in the card.
    pub from: usize,
    /// Byte after the last in the card.
    pub to: usize,
    /// Line in the card, from 1.
    pub line: usize,
}

impl Block {
    /// A block over a range of the card, its text as it stands there.
    #[must_use]
    pub fn plain(kind: BlockKind, source: &str, from: usize, to: usize) -> Self {
        Self {
            kind,
            headings: Rc::from([]),
            text: source.get(from..to).unwrap_or_default().to_owned(),
            header: Rc::from([]),
            cells: Vec::new(),
            table: 0,
            is_header: false,
            links: Vec::new(),
            marks: vec![(0, from)],
            from,
            to,
            line: 1 + source.get(..from).unwrap_or_default().matches('\n').count(),
        }
    }

    /// Links whose text begins in a range of the text.
    #[must_use]
    pub fn links_between(&self, from: usize, to: usize) -> &[Link] {
        let at = |position: usize| self.links.partition_point(|l| l.from < position);
        let end = at(to);
        self.links.get(at(from).min(end)..end).unwrap_or_default()
    }

    /// The bytes of the card that a range of the text came from.
    #[must_use]
    pub fn source_range(&self, from: usize, to: usize) -> (usize, usize) {
        let first = self.marks.partition_point(|(at, _)| *at <= from).saturating_sub(1);
        let last = self.marks.partition_point(|(at, _)| *at < to.max(1)).saturating_sub(1);
        let map = |mark: usize, at: usize| {
            self.marks.get(mark).map_or(self.from, |(text, source)| source + at.saturating_sub(*text)).clamp(self.from, self.to)
        };
        let (start, end) = (map(first, from), map(last, to));
        if start < end { (start, end) } else { (self.from, self.to) }
    }
}

/// Longest title kept of a heading, in characters.
const MAX_TITLE_CHARS: usize = 200;

/// Collects blocks; the HTML reader fills it too.
pub(in crate::evidence::card) struct Builder<'s> {
    source: &'s str,
    /// First bytes of the lines of the card.
    lines: Vec<usize>,
    out: Vec<Block>,
    headings: Vec<(u8, String)>,
    path: Rc<[String]>,
    text: String,
    marks: Vec<(usize, usize)>,
    links: Vec<Link>,
    link: Option<(usize, String)>,
    start: Option<usize>,
    end: usize,
    tables: usize,
    table: usize,
    header: Rc<[String]>,
    cells: Vec<String>,
    cell_from: Option<usize>,
}

impl<'s> Builder<'s> {
    fn new(source: &'s str) -> Self {
        let lines = std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self {
            source,
            lines,
            out: Vec::new(),
            headings: Vec::new(),
            path: Rc::from([]),
            text: String::new(),
            marks: Vec::new(),
            links: Vec::new(),
            link: None,
            start: None,
            end: 0,
            tables: 0,
            table: 0,
            header: Rc::from([]),
            cells: Vec::new(),
            cell_from: None,
        }
    }

    /// Adds text that begins at a byte of the card.
    pub(super) fn push(&mut self, text: &str, from: usize) {
        if text.is_empty() {
            return;
        }
        self.start.get_or_insert(from);
        self.marks.push((self.text.len(), from));
        self.text.push_str(text);
        self.end = self.end.max(from + text.len());
    }

    /// Ends a block.
    pub(super) fn emit(&mut self, kind: BlockKind) {
        let text = std::mem::take(&mut self.text);
        let block = Block {
            kind,
            headings: Rc::clone(&self.path),
            header: if kind == BlockKind::TableRow { Rc::clone(&self.header) } else { Rc::from([]) },
            cells: std::mem::take(&mut self.cells),
            table: if kind == BlockKind::TableRow { self.table } else { 0 },
            is_header: false,
            links: std::mem::take(&mut self.links),
            marks: std::mem::take(&mut self.marks),
            from: self.start.take().unwrap_or(self.end),
            to: self.end.min(self.source.len()),
            line: 0,
            text,
        };
        self.cell_from = None;
        self.link = None;
        if block.text.trim().is_empty() {
            return;
        }
        let line = self.lines.partition_point(|at| *at <= block.from);
        self.out.push(Block { line, ..block });
    }

    pub(super) fn open_table(&mut self) {
        self.tables += 1;
        self.table = self.tables;
        self.header = Rc::from([]);
    }

    pub(super) fn in_table(&self) -> bool {
        self.table > 0
    }

    pub(super) fn close_table(&mut self) {
        self.table = 0;
    }

    pub(super) fn open_cell(&mut self) {
        self.close_cell();
        if !self.cells.is_empty() {
            self.text.push_str(" | ");
        }
        self.cell_from = Some(self.text.len());
    }

    pub(super) fn close_cell(&mut self) {
        if let Some(from) = self.cell_from.take() {
            self.cells.push(self.text.get(from..).unwrap_or_default().trim().to_owned());
        }
    }

    pub(super) fn in_cell(&self) -> bool {
        self.cell_from.is_some()
    }

    /// Ends a row; the first row of header cells is the table's header.
    pub(super) fn close_row(&mut self, is_header: bool) {
        self.close_cell();
        let is_header = is_header && self.header.is_empty();
        if is_header {
            self.header = Rc::from(self.cells.clone());
        }
        let before = self.out.len();
        self.emit(BlockKind::TableRow);
        if self.out.len() > before
            && let Some(row) = self.out.last_mut()
        {
            row.is_header = is_header;
        }
    }

    fn heading(&mut self, level: u8) {
        // Cut: every block under it carries it.
        let title: String = self.text.trim().chars().take(MAX_TITLE_CHARS).collect();
        while self.headings.last().is_some_and(|(l, _)| *l >= level) {
            self.headings.pop();
        }
        self.headings.push((level, title));
        self.path = self.headings.iter().map(|(_, title)| title.clone()).collect();
        self.emit(BlockKind::Heading);
    }
}

/// Reads the Markdown of a card from a byte on.
#[must_use]
pub fn blocks(source: &str, body_from: usize) -> Vec<Block> {
    let body = source.get(body_from..).unwrap_or_default();
    let mut b = Builder::new(source);
    let mut html: Option<(usize, usize)> = None;
    let mut items = 0_usize;
    let mut images = 0_usize;
    let mut code: Option<BlockKind> = None;
    for (event, range) in Parser::new_ext(body, Options::ENABLE_TABLES).into_offset_iter() {
        let (from, to) = (range.start + body_from, range.end + body_from);
        match event {
            Event::Start(Tag::HtmlBlock) | Event::Html(_) => {
                // HTML goes on over the blank lines that end a block: a table may hold some.
                html = Some(html.map_or((from, to), |(start, end)| (start, end.max(to))));
                continue;
            }
            Event::End(TagEnd::HtmlBlock) => continue,
            _ => {}
        }
        let kind = if items > 0 { BlockKind::ListItem } else { BlockKind::Paragraph };
        if let Some((start, end)) = html.take() {
            b.emit(kind);
            html::read(&mut b, source, start, end);
        }
        match event {
            Event::Start(Tag::Heading { .. } | Tag::Paragraph | Tag::List(_)) => b.emit(kind),
            Event::End(TagEnd::Heading(level)) => b.heading(level as u8),
            Event::End(TagEnd::Paragraph) => b.emit(kind),
            Event::Start(Tag::Item) => {
                b.emit(kind);
                items += 1;
            }
            Event::End(TagEnd::Item) => {
                b.emit(BlockKind::ListItem);
                items = items.saturating_sub(1);
            }
            Event::Start(Tag::CodeBlock(fence)) => {
                b.emit(kind);
                code = Some(if matches!(fence, CodeBlockKind::Indented) { BlockKind::Paragraph } else { BlockKind::Code });
            }
            Event::End(TagEnd::CodeBlock) => b.emit(code.take().unwrap_or(BlockKind::Code)),
            Event::Start(Tag::Table(_)) => {
                b.emit(kind);
                b.open_table();
            }
            Event::End(TagEnd::Table) => b.close_table(),
            Event::Start(Tag::TableCell) => b.open_cell(),
            Event::End(TagEnd::TableCell) => b.close_cell(),
            Event::End(TagEnd::TableHead) => b.close_row(true),
            Event::End(TagEnd::TableRow) => b.close_row(false),
            Event::Start(Tag::Link { dest_url, .. }) => b.link = Some((b.text.len(), dest_url.to_string())),
            Event::End(TagEnd::Link) => {
                if let Some((at, target)) = b.link.take() {
                    let link = Link { from: at, to: b.text.len(), target };
                    b.links.push(link);
                }
            }
            Event::Start(Tag::Image { .. }) => images += 1,
            Event::End(TagEnd::Image) => images = images.saturating_sub(1),
            Event::Text(text) if images == 0 => b.push(&text, from),
            Event::Code(text) if images == 0 => {
                let inside = source.get(from..to).and_then(|raw| raw.find(&*text)).unwrap_or(0);
                b.push(&text, from + inside);
            }
            Event::SoftBreak | Event::HardBreak if images == 0 => b.push("\n", from),
            Event::InlineHtml(tag) => {
                let tag = tag.to_ascii_lowercase();
                if tag.starts_with("<br") {
                    b.push("\n", from);
                } else if tag.starts_with("<sup") {
                    b.push("^", from);
                }
            }
            _ => {}
        }
    }
    if let Some((start, end)) = html {
        b.emit(BlockKind::Paragraph);
        html::read(&mut b, source, start, end);
    }
    b.emit(BlockKind::Paragraph);
    b.out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(card: &str) -> Vec<(BlockKind, String)> {
        blocks(card, 0).into_iter().map(|b| (b.kind, b.text)).collect()
    }

    #[test]
    fn what_cards_are_made_of() {
        let card = "# Llama\n\n## Training\nUsed **8** [A100](https://x.y) GPUs\nfor `3 days`.\n\n- **Hours used:** 72\n  - inner\n\n| Model | Params |\n|--|--|\n| 7B | 6.7B |\n\n```\nfp16: true\n```\n";
        let got = texts(card);
        let expected = [
            (BlockKind::Heading, "Llama"),
            (BlockKind::Heading, "Training"),
            (BlockKind::Paragraph, "Used 8 A100 GPUs\nfor 3 days."),
            (BlockKind::ListItem, "Hours used: 72"),
            (BlockKind::ListItem, "inner"),
            (BlockKind::TableRow, "Model | Params"),
            (BlockKind::TableRow, "7B | 6.7B"),
            (BlockKind::Code, "fp16: true\n"),
        ];
        assert_eq!(got, expected.map(|(k, t)| (k, t.to_owned())));
        let all = blocks(card, 0);
        let prose = &all[2];
        assert_eq!(prose.headings.as_ref(), ["Llama", "Training"]);
        assert_eq!((prose.line, prose.links[0].target.as_str()), (4, "https://x.y"));
        let at = prose.text.find("3 days").unwrap();
        let (from, to) = prose.source_range(at, at + 6);
        assert_eq!(&card[from..to], "3 days");
        assert_eq!(all[6].header.as_ref(), ["Model", "Params"]);
        assert!(all[5].is_header && !all[6].is_header);
    }

    #[test]
    fn html_tables_are_tables() {
        let card = "<table>\n<tr><th>Model</th><th>GPU hours</th></tr>\n\n<tr><td>7B</td><td>184<br>320</td></tr></table>\n\ntext";
        let got = texts(card);
        assert_eq!(got[1], (BlockKind::TableRow, "7B | 184\n320".to_owned()));
        assert_eq!(got[2].0, BlockKind::Paragraph);
    }

    proptest! {
        #[test]
        fn any_text_is_cut_without_panic_and_every_quote_is_in_the_card(card in "[\\PC\\n|#*<>`-]{0,120}") {
            for block in blocks(&card, 0) {
                let (from, to) = block.source_range(0, block.text.len());
                prop_assert!(from <= to && to <= card.len());
            }
        }
    }
}
