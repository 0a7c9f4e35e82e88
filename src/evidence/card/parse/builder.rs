//! Collects the text of a card into blocks; Markdown and the HTML in it both fill it.

use super::block::{Block, BlockKind, Link, Under};
use super::pair::split_pair;
use crate::evidence::vocabulary;
use std::rc::Rc;

/// Longest title kept of a heading, in characters.
const MAX_TITLE_CHARS: usize = 200;
/// Longest line in bold or italics that is a label of what follows, in characters.
const MAX_LABEL_CHARS: usize = 120;
/// Most words of a plain line that ends with a colon and labels the list behind it.
const MAX_LEAD_WORDS: usize = 12;

/// Collects blocks; the HTML reader fills it too.
pub(super) struct Builder<'s> {
    source: &'s str,
    /// First bytes of the lines of the card.
    lines: Vec<usize>,
    out: Vec<Block>,
    headings: Vec<(u8, String)>,
    path: Rc<[String]>,
    /// The line in bold or italics that stands over what follows, up to the next heading.
    label: Option<Rc<str>>,
    /// The plain line with a colon that stands over the list or table that follows.
    lead: Option<Rc<str>>,
    /// Marks of bold or italics that are open.
    emphasis: u32,
    /// Bytes of the text that are emphasised.
    emphasised: usize,
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

/// "Stage 1", "Phase 2": what stands behind its colon is its title.
fn counts_stages(key: &str) -> bool {
    let lower = key.trim().to_lowercase();
    let words = &vocabulary::card().phases.stage_headers;
    lower.split_once(' ').is_some_and(|(noun, number)| words.contains(&noun) && number.chars().count() <= MAX_ORDINAL)
}

/// Longest ordinal of a stage, in characters.
const MAX_ORDINAL: usize = 3;

impl<'s> Builder<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        let lines = std::iter::once(0).chain(memchr::memchr_iter(b'\n', source.as_bytes()).map(|at| at + 1)).collect();
        Self {
            source,
            lines,
            out: Vec::new(),
            headings: Vec::new(),
            path: Rc::from([]),
            label: None,
            lead: None,
            emphasis: 0,
            emphasised: 0,
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
        if self.emphasis > 0 {
            self.emphasised += solid(text);
        }
        self.end = self.end.max(from + text.len());
    }

    /// Bold or italics begin here.
    pub(super) fn open_emphasis(&mut self) {
        self.emphasis += 1;
    }

    pub(super) fn close_emphasis(&mut self) {
        self.emphasis = self.emphasis.saturating_sub(1);
    }

    /// Whether the text so far is one line in bold or italics that is no key with its value.
    pub(super) fn is_label(&self) -> bool {
        let text = self.text.trim();
        let bare = text.trim_end_matches([':', '：']);
        let is_key = || {
            let parts = split_pair(text).and_then(|(key, value)| Some((text.get(..key)?, text.get(value..)?)));
            parts.is_some_and(|(key, value)| !value.trim().is_empty() && !counts_stages(key))
        };
        self.emphasis == 0
            && self.emphasised >= solid(bare)
            && !text.contains('\n')
            && (1..=MAX_LABEL_CHARS).contains(&text.chars().count())
            && !is_key()
    }

    /// Whether the text so far ends with the colon behind a key or a lead.
    pub(super) fn ends_with_colon(&self) -> bool {
        self.text.trim_end().ends_with([':', '：'])
    }

    /// What a block that ends here is to what follows: its label, the lead of its list, or neither.
    fn take_over(&mut self, kind: BlockKind) {
        let text = self.text.trim();
        let title = || Some(Rc::from(text.trim_end_matches([':', '：']).trim()));
        let is_text = matches!(kind, BlockKind::Paragraph | BlockKind::ListItem);
        if is_text && self.is_label() {
            (self.label, self.lead) = (title(), None);
        } else if kind == BlockKind::Paragraph {
            let is_lead = self.ends_with_colon() && !text.contains('\n') && text.split_whitespace().count() <= MAX_LEAD_WORDS;
            self.lead = if is_lead { title() } else { None };
        }
        (self.emphasis, self.emphasised) = (0, 0);
    }

    /// A link begins here.
    pub(super) fn open_link(&mut self, target: String) {
        self.link = Some((self.text.len(), target));
    }

    pub(super) fn close_link(&mut self) {
        if let Some((from, target)) = self.link.take() {
            self.links.push(Link { from, to: self.text.len(), target });
        }
    }

    /// The blocks so far.
    pub(super) fn finish(self) -> Vec<Block> {
        self.out
    }

    /// Ends a block.
    pub(super) fn emit(&mut self, kind: BlockKind) {
        // A plain line with a colon leads the list behind it, and no paragraph behind that.
        let lead = if kind == BlockKind::Paragraph { None } else { self.lead.clone() };
        let label = lead.or_else(|| self.label.clone());
        if !self.text.trim().is_empty() {
            self.take_over(kind);
        }
        let text = std::mem::take(&mut self.text);
        let block = Block {
            kind,
            headings: Rc::clone(&self.path),
            label,
            under: Under::default(),
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

    /// Ends a heading: what follows stands under it.
    pub(super) fn heading(&mut self, level: u8) {
        // Cut: every block under it carries it.
        let title: String = self.text.trim().chars().take(MAX_TITLE_CHARS).collect();
        while self.headings.last().is_some_and(|(l, _)| *l >= level) {
            self.headings.pop();
        }
        self.headings.push((level, title));
        self.path = self.headings.iter().map(|(_, title)| title.clone()).collect();
        (self.label, self.lead) = (None, None);
        self.emit(BlockKind::Heading);
    }
}

/// Bytes of a text that are no space.
fn solid(text: &str) -> usize {
    text.bytes().filter(|b| !b.is_ascii_whitespace()).count()
}
