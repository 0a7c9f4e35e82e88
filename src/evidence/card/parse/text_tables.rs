//! Tables that are no Markdown: the list tables and grids of reStructuredText, and the grids that programs print.

use super::block::BlockKind;
use super::builder::Builder;
use std::ops::Range;

/// Directive of a table as a list of rows.
const LIST_TABLE: &str = ".. list-table::";
/// Most tables of a card that are looked for.
const MAX_TABLES: usize = 100;
/// Most columns of a grid.
const MAX_COLUMNS: usize = 64;

/// A line with its first byte.
#[derive(Clone, Copy)]
struct Line<'s> {
    text: &'s str,
    from: usize,
}

/// What kind of table stands in a range of the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `.. list-table::`.
    List,
    /// `+---+---+`.
    Grid,
}

/// The ranges of a card, from a byte on, that are such tables, in order.
pub(super) fn text_tables(source: &str, from: usize) -> Vec<(Range<usize>, Form)> {
    let body = source.get(from..).unwrap_or_default();
    if !body.contains(LIST_TABLE) && !body.contains("\n+-") && !body.contains("\n+=") {
        return Vec::new();
    }
    let lines = lines(source, from..source.len());
    let mut out: Vec<(Range<usize>, Form)> = Vec::new();
    let (mut at, mut in_code) = (0, false);
    while let Some(line) = lines.get(at).filter(|_| out.len() < MAX_TABLES) {
        let text = line.text.trim_start();
        in_code ^= text.starts_with("```") || text.starts_with("~~~");
        let behind = if in_code {
            at
        } else if text.starts_with(LIST_TABLE) {
            list_end(&lines, at)
        } else if is_border(line.text) {
            grid_end(&lines, at)
        } else {
            at
        };
        if behind > at + 1 {
            let end = lines.get(behind).map_or(source.len(), |line| line.from);
            out.push((line.from..end, if text.starts_with(LIST_TABLE) { Form::List } else { Form::Grid }));
        }
        at = behind.max(at + 1);
    }
    out
}

/// Reads a table of one form.
pub(super) fn read_text_table(out: &mut Builder<'_>, source: &str, range: Range<usize>, form: Form) {
    let lines = lines(source, range);
    match form {
        Form::List => read_list(out, &lines),
        Form::Grid => read_grid(out, &lines),
    }
}

fn lines(source: &str, range: Range<usize>) -> Vec<Line<'_>> {
    let mut at = range.start;
    let text = source.get(range).unwrap_or_default();
    text.split_inclusive('\n')
        .map(|text| {
            let from = at;
            at += text.len();
            Line { text: text.trim_end_matches(['\n', '\r']), from }
        })
        .collect()
}

fn indent(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// Line behind a list table: behind its lines that are indented deeper than its directive.
fn list_end(lines: &[Line<'_>], at: usize) -> usize {
    let outer = lines.get(at).map_or(0, |line| indent(line.text));
    let mut end = at + 1;
    for (i, line) in lines.iter().enumerate().skip(at + 1) {
        if line.text.trim().is_empty() {
            continue;
        }
        if indent(line.text) <= outer {
            break;
        }
        end = i + 1;
    }
    end
}

/// `+-----+=====+`.
fn is_border(text: &str) -> bool {
    let text = text.trim();
    text.len() > 2
        && text.starts_with('+')
        && text.ends_with('+')
        && text.bytes().all(|b| matches!(b, b'+' | b'-' | b'=' | b':'))
        && text.contains(['-', '='])
}

/// Line behind a grid.
fn grid_end(lines: &[Line<'_>], at: usize) -> usize {
    let is_part = |line: &Line<'_>| is_border(line.text) || line.text.trim_start().starts_with('|');
    at + lines.iter().skip(at).take_while(|line| is_part(line)).count()
}

/// Adds a title in bold, as it were, over what follows.
fn add_title(out: &mut Builder<'_>, title: &str, from: usize) {
    if !title.is_empty() {
        out.emit(BlockKind::Paragraph);
        out.open_emphasis();
        out.push(title, from);
        out.close_emphasis();
        out.emit(BlockKind::Paragraph);
    }
}

/// A row that is read: each cell with its first byte.
type Row = Vec<(String, usize)>;

fn add_rows(out: &mut Builder<'_>, rows: Vec<Row>, headers: usize) {
    out.emit(BlockKind::Paragraph);
    out.open_table();
    for (i, row) in rows.into_iter().enumerate() {
        for (text, from) in row {
            out.open_cell();
            out.push(&text, from);
        }
        out.close_row(i < headers);
    }
    out.close_table();
}

fn read_list(out: &mut Builder<'_>, lines: &[Line<'_>]) {
    let Some(first) = lines.first() else { return };
    let title = first.text.split_once(LIST_TABLE).map_or("", |(_, title)| title.trim());
    add_title(out, title, first.from + (first.text.len() - title.len()));
    let mut headers = 0;
    let mut rows: Vec<Row> = Vec::new();
    for line in lines.iter().skip(1) {
        let text = line.text.trim();
        let from = line.from + indent(line.text);
        if let Some(option) = text.strip_prefix(":header-rows:") {
            headers = option.trim().parse().unwrap_or(0);
        } else if let Some(cell) = text.strip_prefix("* -") {
            rows.push(vec![(without_roles(cell), from)]);
        } else if let (Some(cell), Some(row)) = (text.strip_prefix('-'), rows.last_mut()) {
            row.push((without_roles(cell), from));
        } else if let Some((cell, _)) = rows.last_mut().and_then(|row| row.last_mut()).filter(|_| !text.is_empty()) {
            cell.push(' ');
            cell.push_str(&without_roles(text));
        }
    }
    add_rows(out, rows, headers);
}

/// `BERT\ :sub:`base`\ ` without its roles: the words alone.
fn without_roles(cell: &str) -> String {
    let mut text = cell.trim().replace("\\ ", " ");
    text = text.trim_end_matches('\\').to_owned();
    while let Some(at) = text.find(":`") {
        let Some(start) = text.get(..at).and_then(|before| before.rfind(':')) else { break };
        text.replace_range(start..at + 2, "");
    }
    text.replace(['`', '*'], "").trim().to_owned()
}

fn read_grid(out: &mut Builder<'_>, lines: &[Line<'_>]) {
    let borders = lines.iter().filter(|line| is_border(line.text)).count();
    let filled = lines.len() - borders;
    // A border behind each row joins the lines between two of them; else each line is a row.
    let joins = lines.iter().any(|line| line.text.contains('=')) || borders > filled.min(3);
    let headers = lines.iter().position(|line| line.text.trim_start().starts_with("+=")).is_none_or(|at| at > 0);
    let mut rows: Vec<Row> = Vec::new();
    let mut is_open = false;
    for line in lines {
        if is_border(line.text) {
            is_open = false;
            continue;
        }
        let inside = line.text.trim().trim_start_matches('|').trim_end_matches('|');
        let from = line.from + indent(line.text) + 1;
        let cells: Row = inside.split('|').take(MAX_COLUMNS).map(|cell| (cell.trim().to_owned(), from)).collect();
        match rows.last_mut().filter(|_| joins && is_open) {
            Some(row) => {
                for ((cell, _), (more, _)) in row.iter_mut().zip(&cells).filter(|(_, (more, _))| !more.is_empty()) {
                    cell.push(' ');
                    cell.push_str(more);
                }
            }
            None => rows.push(cells),
        }
        is_open = true;
    }
    add_rows(out, rows, usize::from(headers));
}

#[cfg(test)]
mod tests {
    use crate::evidence::card::parse::block::BlockKind;
    use crate::evidence::card::parse::markdown::parse_blocks;

    fn rows(card: &str) -> Vec<(bool, Vec<String>)> {
        let blocks = parse_blocks(card, 0);
        blocks.into_iter().filter(|b| b.kind == BlockKind::TableRow).map(|b| (b.is_header, b.cells)).collect()
    }

    #[test]
    fn tables_of_other_forms_are_tables() {
        let own = |cells: &[&str]| cells.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
        let list = "# E\n\n.. list-table:: Cost\n   :header-rows: 1\n\n   * - Model\n     - GPU hours\n   * - E\\ :sub:`base`\\\n     - 1 200\n\nText\n";
        assert_eq!(rows(list), [(true, own(&["Model", "GPU hours"])), (false, own(&["E base", "1 200"]))]);
        let grid = "# E\n\n+-------+-------+\n| Model | Hours |\n+=======+=======+\n| E     | 12    |\n| base  |       |\n+-------+-------+\n";
        assert_eq!(rows(grid), [(true, own(&["Model", "Hours"])), (false, own(&["E base", "12"]))]);
        let printed = "+---+----+\n| a | b  |\n+---+----+\n| E | 12 |\n| F | 13 |\n+---+----+\n";
        let printed = format!("text\n\n{printed}");
        assert_eq!(rows(&printed), [(true, own(&["a", "b"])), (false, own(&["E", "12"])), (false, own(&["F", "13"]))]);
        assert!(rows("```\n+---+---+\n| a | b |\n+---+---+\n```\n").is_empty());
    }
}
