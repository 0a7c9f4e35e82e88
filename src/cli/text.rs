//! How numbers and tables look to a person.

use comfy_table::{CellAlignment, Table, presets};

/// Three significant digits; powers of ten from a million on, and below a thousandth.
pub fn number(x: f64) -> String {
    if x == 0.0 {
        return "0".into();
    }
    let magnitude = x.abs();
    if !magnitude.is_finite() || !(1e-3..1e6).contains(&magnitude) {
        return format!("{x:.2e}");
    }
    if magnitude >= 100.0 {
        return grouped(x.round());
    }
    let decimals = if magnitude >= 10.0 {
        1
    } else if magnitude >= 1.0 {
        2
    } else {
        3
    };
    format!("{x:.decimals$}")
}

/// A whole number with thousands separated by commas.
fn grouped(x: f64) -> String {
    let digits = format!("{:.0}", x.abs());
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(c);
    }
    if x < 0.0 { format!("-{out}") } else { out }
}

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
    format!("{:.1} %", share * 100.0)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_a_person_reads_them() {
        for (x, expected) in [
            (0.0, "0"),
            (12_345.6, "12,346"),
            (999_999.0, "999,999"),
            (1.5e24, "1.50e24"),
            (0.000_42, "4.20e-4"),
            (2.347, "2.35"),
            (0.34, "0.340"),
            (-1234.0, "-1,234"),
        ] {
            assert_eq!(number(x), expected);
        }
    }
}
