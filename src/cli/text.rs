//! How numbers and tables look to a person.

use comfy_table::{CellAlignment, Table, presets};
use hugging_carbon::domain::number::grouped;
pub use hugging_carbon::domain::number::number;

/// A count with thousands separated.
#[allow(clippy::cast_precision_loss)] // Row counts.
pub fn count(n: u64) -> String {
    grouped(n as f64)
}

/// A size: three significant digits of kB, MB or GB (powers of ten).
#[allow(clippy::cast_precision_loss)] // Sizes of files.
pub fn bytes(n: u64) -> String {
    let x = n as f64;
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{} kB", number(x / 1e3)),
        1_000_000..1_000_000_000 => format!("{} MB", number(x / 1e6)),
        _ => format!("{} GB", number(x / 1e9)),
    }
}

/// A share as percent.
pub fn percent(share: f64) -> String {
    hugging_carbon::domain::number::percent(share, 1)
}

/// A plain table: header, rows, columns from `right` on aligned to the right.
pub fn table(header: &[&str], rows: &[Vec<String>], right: usize) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header.iter().copied());
    for row in rows {
        table.add_row(row.iter());
    }
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if i >= right {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.to_string().lines().map(|line| format!("  {}", line.trim_end())).collect();
    lines.join("\n") + "\n"
}
