//! The blocks that a card is made of: headings, paragraphs, list items, table rows, code, with the headings they stand under and the way
//! back from their text to the bytes of the card.

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

/// What the headings and the label above a block speak of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Under {
    /// The nearest that says anything speaks of evaluation, use or speed.
    pub evaluation: bool,
    /// One speaks of training, hardware or the environment.
    pub training: bool,
    /// One speaks of environment or compute, where a place is a training's.
    pub environment: bool,
    /// The nearest speaks of data: times under it may be those of recordings.
    pub data: bool,
}

/// One block.
#[derive(Clone, Debug)]
pub struct Block {
    /// Kind.
    pub kind: BlockKind,
    /// Headings above it, outermost first; of a heading, itself too.
    pub headings: Rc<[String]>,
    /// The line in bold or italics, or ending with a colon, that the block stands under; none where only headings stand above.
    pub label: Option<Rc<str>>,
    /// What they speak of; decided once for all blocks under the same headings (`read/headings.rs`).
    pub under: Under,
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
    pub(super) marks: Vec<(usize, usize)>,
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
            label: None,
            under: Under::default(),
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

    /// Links whose text begins in a range of the text, as pairs of text and target.
    #[must_use]
    pub fn labelled_links(&self, from: usize, to: usize) -> Vec<(String, String)> {
        let pair = |l: &Link| (self.text.get(l.from..l.to).unwrap_or_default().to_owned(), l.target.clone());
        self.links_between(from, to).iter().map(pair).collect()
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
