//! A card as a flat list of blocks.

use super::block::{Block, BlockKind};
use super::builder::Builder;
use super::html::parse_html;
use super::html_tables::html_tables;
use super::text_tables::{Form, read_text_table, text_tables};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// Reads the Markdown of a card from a byte on.
#[must_use]
pub fn parse_blocks(source: &str, body_from: usize) -> Vec<Block> {
    let mut markdown = Markdown { out: Builder::new(source), source, html: None, items: 0, images: 0, code: None };
    let mut tables: Vec<(Range<usize>, Option<Form>)> =
        text_tables(source, body_from).into_iter().map(|(range, form)| (range, Some(form))).collect();
    tables.extend(html_tables(source, body_from).into_iter().map(|range| (range, None)));
    tables.sort_by_key(|(range, _)| range.start);
    let mut from = body_from;
    for (range, form) in tables {
        if range.start < from {
            continue;
        }
        markdown.read(from, range.start);
        from = range.end;
        match form {
            Some(form) => read_text_table(&mut markdown.out, source, range, form),
            None => parse_html(&mut markdown.out, source, range.start, range.end),
        }
    }
    markdown.read(from, source.len());
    markdown.out.finish()
}

/// Where code in a line begins, behind its marks.
fn code_from(raw: &str, code: &str) -> usize {
    // One mark, as nearly always.
    if !code.starts_with('`') && raw.get(1..).is_some_and(|rest| rest.starts_with(code)) && raw.starts_with('`') {
        return 1;
    }
    raw.find(code).unwrap_or(0)
}

/// The Markdown while it is read.
struct Markdown<'s> {
    out: Builder<'s>,
    source: &'s str,
    /// HTML that may go on.
    html: Option<(usize, usize)>,
    /// List items that are open.
    items: usize,
    /// Images that are open: their text is none of the card's.
    images: usize,
    /// Kind of the code block that is open.
    code: Option<BlockKind>,
}

impl Markdown<'_> {
    /// Reads the Markdown between two bytes of the card.
    fn read(&mut self, from: usize, to: usize) {
        let text = self.source.get(from..to).unwrap_or_default();
        for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
            self.event(event, range.start + from, range.end + from);
        }
        self.close_html(BlockKind::Paragraph);
        self.out.emit(BlockKind::Paragraph);
    }

    fn event(&mut self, event: Event<'_>, from: usize, to: usize) {
        match event {
            Event::Start(Tag::HtmlBlock) | Event::Html(_) => {
                // HTML goes on over the blank lines that end a block: a table may hold some.
                self.html = Some(self.html.map_or((from, to), |(start, end)| (start, end.max(to))));
                return;
            }
            Event::End(TagEnd::HtmlBlock) => return,
            _ => {}
        }
        let kind = if self.items > 0 { BlockKind::ListItem } else { BlockKind::Paragraph };
        self.close_html(kind);
        match event {
            Event::Start(tag) => self.open(tag, kind),
            Event::End(tag) => self.close(tag, kind),
            Event::Text(text) if self.images == 0 => self.out.push(&text, from),
            Event::Code(text) if self.images == 0 => {
                let inside = self.source.get(from..to).map_or(0, |raw| code_from(raw, &text));
                self.out.push(&text, from + inside);
            }
            // A line in bold stands over what follows, also without a blank line between.
            Event::SoftBreak | Event::HardBreak if self.images == 0 && self.out.is_label() && !self.out.ends_with_colon() => {
                self.out.emit(kind);
            }
            Event::SoftBreak | Event::HardBreak if self.images == 0 => self.out.push("\n", from),
            Event::InlineHtml(tag) => {
                let tag = tag.to_ascii_lowercase();
                match tag.as_str() {
                    "<b>" | "<strong>" | "<i>" | "<em>" => self.out.open_emphasis(),
                    "</b>" | "</strong>" | "</i>" | "</em>" => self.out.close_emphasis(),
                    _ => {}
                }
                if tag.starts_with("<br") {
                    self.out.push("\n", from);
                } else if tag.starts_with("<sup") {
                    self.out.push("^", from);
                }
            }
            _ => {}
        }
    }

    /// Reads the HTML that came to its end; what stands before it is a block of a kind.
    fn close_html(&mut self, kind: BlockKind) {
        if let Some((start, end)) = self.html.take() {
            self.out.emit(kind);
            parse_html(&mut self.out, self.source, start, end);
        }
    }

    fn open(&mut self, tag: Tag<'_>, kind: BlockKind) {
        match tag {
            Tag::Heading { .. } | Tag::Paragraph | Tag::List(_) => self.out.emit(kind),
            Tag::Item => {
                self.out.emit(kind);
                self.items += 1;
            }
            Tag::CodeBlock(fence) => {
                self.out.emit(kind);
                let indented = matches!(fence, CodeBlockKind::Indented);
                self.code = Some(if indented { BlockKind::Paragraph } else { BlockKind::Code });
            }
            Tag::Table(_) => {
                self.out.emit(kind);
                self.out.open_table();
            }
            Tag::TableCell => self.out.open_cell(),
            Tag::Emphasis | Tag::Strong => self.out.open_emphasis(),
            Tag::Link { dest_url, .. } => self.out.open_link(dest_url.to_string()),
            Tag::Image { .. } => self.images += 1,
            _ => {}
        }
    }

    fn close(&mut self, tag: TagEnd, kind: BlockKind) {
        match tag {
            TagEnd::Heading(level) => self.out.heading(level as u8),
            TagEnd::Paragraph => self.out.emit(kind),
            TagEnd::Item => {
                self.out.emit(BlockKind::ListItem);
                self.items = self.items.saturating_sub(1);
            }
            TagEnd::CodeBlock => self.out.emit(self.code.take().unwrap_or(BlockKind::Code)),
            TagEnd::Table => self.out.close_table(),
            TagEnd::TableCell => self.out.close_cell(),
            TagEnd::TableHead => self.out.close_row(true),
            TagEnd::TableRow => self.out.close_row(false),
            TagEnd::Emphasis | TagEnd::Strong => self.out.close_emphasis(),
            TagEnd::Link => self.out.close_link(),
            TagEnd::Image => self.images = self.images.saturating_sub(1),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(card: &str) -> Vec<(BlockKind, String)> {
        parse_blocks(card, 0).into_iter().map(|b| (b.kind, b.text)).collect()
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
        let all = parse_blocks(card, 0);
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
    fn a_line_in_bold_or_italics_labels_what_follows() {
        let card = "## Impact\n\n*Experiments*\n- **Hours used:** 5\n\n**Pre-training:**\nIt took 3 days.\n\n<b>Final</b>\n\n- Hours used: 7\n\nSee below:\n- one\n\nText.\n\n## Next\n\nText";
        let labels: Vec<(String, Option<String>)> =
            parse_blocks(card, 0).iter().map(|b| (b.text.clone(), b.label.as_deref().map(str::to_owned))).collect();
        let label = |text: &str| labels.iter().find(|(t, _)| t.starts_with(text)).and_then(|(_, l)| l.clone());
        assert_eq!(label("Hours used: 5").as_deref(), Some("Experiments"), "{labels:?}");
        assert_eq!(label("Hours used: 7").as_deref(), Some("Final"), "{labels:?}");
        assert_eq!((label("one").as_deref(), label("Text.").as_deref()), (Some("See below"), Some("Final")), "{labels:?}");
        assert_eq!(labels.last().and_then(|(_, l)| l.clone()), None);
        let split = parse_blocks("**Pre-training**\nIt took 3 days.\n\n**Carbon Emitted**:\n12 kg", 0);
        assert_eq!(split.len(), 3, "{split:?}");
        assert_eq!(split[1].label.as_deref(), Some("Pre-training"));
    }

    #[test]
    fn code_in_a_line_begins_behind_its_marks() {
        for (raw, code) in [("`a`", "a"), ("`` `a` ``", "`a`"), ("``a`b``", "a`b"), ("` a `", " a "), ("`a", "b")] {
            assert_eq!(code_from(raw, code), raw.find(code).unwrap_or(0), "{raw}");
        }
    }

    #[test]
    fn html_tables_are_tables() {
        let card = "<table>\n<tr><th>Model</th><th>GPU hours</th></tr>\n\n<tr><td>7B</td><td>184<br>320</td></tr></table>\n\ntext";
        let got = texts(card);
        assert_eq!(got[1], (BlockKind::TableRow, "7B | 184\n320".to_owned()));
        assert_eq!(got[2].0, BlockKind::Paragraph);
    }

    /// Regression: configurations behind a summary were one line of text.
    #[test]
    fn fences_inside_html_are_code() {
        let card = "<details><summary>expand</summary>\n```yaml\nngpu: 1\n- <blank>\noptim: adam\n```\n</details>\n\ntext\n\n<div>a\n```\nopen: 1";
        let got = texts(card);
        let code: Vec<&str> = got.iter().filter(|(kind, _)| *kind == BlockKind::Code).map(|(_, text)| text.trim()).collect();
        assert_eq!(code, ["ngpu: 1\n- <blank>\noptim: adam", "open: 1"], "{got:?}");
        assert!(
            got.contains(&(BlockKind::Html, "expand".to_owned())) && got.contains(&(BlockKind::Paragraph, "text".to_owned())),
            "{got:?}"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_cut_without_panic_and_every_quote_is_in_the_card(card in "[\\PC\\n|#*<>`-]{0,120}") {
            for block in parse_blocks(&card, 0) {
                let (from, to) = block.source_range(0, block.text.len());
                prop_assert!(from <= to && to <= card.len());
            }
        }
    }
}
