//! Charts: SVG of our own, whose marks are placed in percent of their width, so that text keeps its size on every screen.

mod labels;
mod months;
mod rows;
mod scale;
mod years;

pub(super) use months::{MonthMark, months};
pub(super) use rows::{Mark, Row, axis_rows};
pub(super) use scale::Scale;
pub(super) use years::{Column, bins, columns, points};

use super::numbers::{figure, tonnes};
use crate::domain::Quantiles;
use maud::{Markup, html};

/// Level of a figure's heading; either looks the same.
#[derive(Clone, Copy, Debug)]
pub(super) enum Level {
    /// Below the heading of the page.
    Second,
    /// Below that of a section.
    Third,
}

/// A chart with everything that belongs to it.
pub(super) struct Figure<'a> {
    /// Anchor.
    pub(super) id: &'a str,
    /// What it says, in one line.
    pub(super) title: &'a str,
    /// What it shows, for those who do not see it.
    pub(super) name: String,
    /// How to read it.
    pub(super) reading: &'a str,
    /// Tables it is made of.
    pub(super) source: &'a str,
    /// What to be careful about.
    pub(super) caveat: &'a str,
    /// Marks and labels.
    pub(super) chart: Markup,
    /// The same figures as a table.
    pub(super) table: Markup,
}

impl Figure<'_> {
    /// The figure; its table lies behind a heading.
    pub(super) fn markup(&self) -> Markup {
        self.markup_at(Level::Third)
    }

    /// The figure with a heading of some level.
    pub(super) fn markup_at(&self, level: Level) -> Markup {
        html! {
            figure id=(self.id) {
                figcaption {
                    @match level { Level::Second => h2 .third { (self.title) }, Level::Third => h3 { (self.title) } }
                    p .reading { (self.reading) }
                }
                div .chart role="img" aria-label=(self.name) { (self.chart) }
                p .note { "Source: " (self.source) ". " (self.caveat) }
                details { summary { "Table: " (self.title) } (self.table) }
            }
        }
    }
}

/// A table; columns from `right` on hold numbers.
pub(super) fn table(caption: &str, head: &[&str], right: usize, body: &[Vec<Markup>]) -> Markup {
    let class = |at: usize| (at >= right).then_some("number");
    html! {
        div .scroll tabindex="0" role="group" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr { @for (at, cell) in head.iter().enumerate() { th scope="col" class=[class(at)] { (cell) } } } }
                tbody {
                    @for row in body {
                        tr {
                            @for (at, cell) in row.iter().enumerate() {
                                @if at == 0 { th scope="row" class=[class(at)] { (cell) } } @else { td class=[class(at)] { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Heads of the columns of [`emission_cells`].
pub(super) const EMISSION_HEADS: [&str; 6] =
    ["5th percentile", "median", "95th percentile", "mean", "documented, mean", "imputed, mean"];

/// Emissions in t CO2e as cells of a table, with the means of what is documented and what is imputed.
pub(super) fn emission_cells(kg: Quantiles, [documented, imputed]: [f64; 2]) -> [Markup; 6] {
    [kg.p05, kg.p50, kg.p95, kg.mean, documented, imputed].map(|v| figure(v, tonnes(v)))
}

/// What the marks mean.
pub(super) fn legend() -> Markup {
    html! {
        p .legend aria-hidden="true" {
            span { span .swatch .documented {} "documented" }
            span { svg .swatch width="14" height="14" { rect .imputed width="14" height="14" {} } "imputed" }
            span { svg width="26" height="14" { line .whisker x1="1" x2="25" y1="7" y2="7" {} line .whisker x1="1" x2="1" y1="3" y2="11" {}
                line .whisker x1="25" x2="25" y1="3" y2="11" {} } "90 % interval" }
        }
    }
}

/// Patterns that the marks refer to; once a page.
pub(super) fn patterns() -> Markup {
    html! {
        svg .patterns width="0" height="0" aria-hidden="true" {
            defs {
                pattern #hatch width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect .hatch-ground width="6" height="6" {}
                    rect .hatch-line width="2.6" height="6" {}
                }
            }
        }
    }
}
