//! Tables in HTML that Markdown would cut: with blank lines between their cells, or begun within a line of text. Their rows are the same
//! whatever their line breaks.

use std::ops::Range;

/// Most such tables of a card that are looked for.
const MAX_TABLES: usize = 100;
/// What begins and what ends a table.
const OPENS: &str = "<table";
/// See [`OPENS`].
const CLOSES: &str = "</table";

/// The ranges of a card, from a byte on, that are such tables, in order.
pub(super) fn html_tables(source: &str, from: usize) -> Vec<Range<usize>> {
    let body = source.get(from..).unwrap_or_default();
    if !has_tag(body, OPENS) {
        return Vec::new();
    }
    let mut out: Vec<Range<usize>> = Vec::new();
    let (mut at, mut in_code) = (from, false);
    for line in body.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let text = line.trim_start();
        in_code ^= text.starts_with("```") || text.starts_with("~~~");
        let is_free = !in_code && out.last().is_none_or(|last| last.end <= start) && out.len() < MAX_TABLES;
        let Some(column) = tag_at(line, OPENS).filter(|_| is_free) else { continue };
        let Some(end) = end_of(source, start + column) else { continue };
        let lead = line.get(..column).unwrap_or_default();
        if is_cut(source.get(start + column..end).unwrap_or_default(), lead) {
            out.push(start + column..end);
        }
    }
    out
}

/// Whether Markdown would cut a table, or takes what stands before it on its line for text.
fn is_cut(table: &str, lead: &str) -> bool {
    let lead = lead.trim();
    let within_text = !lead.is_empty() && !lead.ends_with(['>', '`']) && !lead.starts_with(['<', '|']);
    let mut lines = table.split('\n').map(str::trim);
    let is_markdown = table.contains("\n|") || table.contains("\n```");
    !is_markdown && (within_text || lines.any(str::is_empty))
}

/// Byte behind the end of the table that begins at a byte, with the tables in it.
fn end_of(source: &str, from: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = from;
    while let Some(next) = source.get(at..).and_then(|rest| memchr::memchr(b'<', rest.as_bytes())).map(|next| at + next) {
        let rest = source.get(next..)?;
        if starts_with_tag(rest, OPENS) {
            depth += 1;
        } else if starts_with_tag(rest, CLOSES) {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return rest.find('>').map(|end| next + end + 1);
            }
        }
        at = next + 1;
    }
    None
}

fn has_tag(text: &str, tag: &str) -> bool {
    tag_at(text, tag).is_some()
}

fn tag_at(text: &str, tag: &str) -> Option<usize> {
    memchr::memchr_iter(b'<', text.as_bytes()).find(|at| text.get(*at..).is_some_and(|rest| starts_with_tag(rest, tag)))
}

fn starts_with_tag(text: &str, tag: &str) -> bool {
    text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag))
        && !text.as_bytes().get(tag.len()).is_some_and(u8::is_ascii_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::parse::block::BlockKind;
    use crate::evidence::card::parse::markdown::parse_blocks;

    fn rows(card: &str) -> Vec<String> {
        let rows = parse_blocks(card, 0).into_iter().filter(|b| b.kind == BlockKind::TableRow);
        rows.map(|b| b.cells.join(" | ")).collect()
    }

    /// Regression: tables with a cell a line and blank lines between lost their figures.
    #[test]
    fn rows_are_the_same_whatever_their_line_breaks() {
        let expected = ["Training time | 30 hours", "Energy consumed | 55 kWh"];
        for card in [
            "<table><tr><td>Training time</td><td>30 hours</td></tr><tr><td>Energy consumed</td><td>55 kWh</td></tr></table>",
            "<table>\n  <tr>\n    <td>Training time</td>\n    <td>30 hours</td>\n  </tr>\n  <tr>\n    <td>Energy consumed</td>\n    <td>55 kWh</td>\n  </tr>\n</table>",
            "<table>\n  <tr>\n\n    <td>Training time</td>\n\n    <td>30 hours</td>\n\n  </tr>\n\n  <tr>\n    <td>Energy consumed</td>\n\n    <td>55 kWh</td>\n  </tr>\n</table>",
            "Costs: <table><tr><th>Training time</th><td>30 hours</td></tr><tr><th>Energy consumed</th><td>55 kWh</td></tr></table>",
            "<TABLE>\n\n<TR><TD title=\"a > b\">Training time</TD>\n\n<TD>\n\n30 hours\n\n</TD></TR><TR><TD>Energy consumed</TD><TD><p>55 kWh</p></TD></TR>\n</TABLE>",
            "<table>\n<tr><td>Training time<td>30 hours\n\n<tr><td>Energy consumed<td>55 kWh\n</table>",
            "<div>\n<table>\n\n<tr><td><table>\n\n<tr><td>Training time</td><td>30 hours</td></tr>\n<tr><td>Energy consumed</td><td>55 kWh</td></tr></table></td></tr></table></div>",
        ] {
            let found: Vec<String> = rows(card).into_iter().filter(|row| !row.trim().is_empty()).collect();
            assert_eq!(found, expected, "{card}");
        }
    }

    #[test]
    fn what_is_code_or_open_is_no_table() {
        let code = "```html\n<table>\n\n<tr><td>a</td></tr></table>\n```\n";
        assert!(html_tables(code, 0).is_empty() && html_tables("<table>\n\n<tr>", 0).is_empty());
        assert!(html_tables("<tables>\n\n</tables>", 0).is_empty());
        // Markdown knows these.
        assert!(html_tables("<table>\n<tr><td>a</td></tr>\n</table>", 0).is_empty());
        assert!(html_tables("<table>\n<tr><td>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n</td></tr></table>", 0).is_empty());
    }
}
