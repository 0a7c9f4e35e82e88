//! Charts of columns: one per year, or per bin of a histogram.

use super::rows::anchor;
use super::scale::{Scale, percent_of};
use maud::{Markup, html};

/// Height of the plot of years in pixels.
const HEIGHT: f64 = 240.0;
/// Height of a histogram.
const BINS_HEIGHT: f64 = 64.0;

/// A year with its figures.
pub(in crate::report) struct Column {
    /// Year.
    pub(in crate::report) label: String,
    /// Documented and imputed, for columns; where the point is, for points.
    pub(in crate::report) parts: [f64; 2],
    /// Interval of the whole.
    pub(in crate::report) interval: Option<[f64; 2]>,
}

/// Left, middle and right of column `at` of `n`, in percent.
#[allow(clippy::cast_precision_loss)] // Some dozen columns.
fn place(at: usize, n: usize) -> [f64; 3] {
    let width = 100.0 / n.max(1) as f64;
    let left = width * at as f64;
    [left + width * 0.16, left + width * 0.5, left + width * 0.84]
}

pub(super) fn y(scale: &Scale, value: f64) -> f64 {
    // A line at the very top would be cut.
    8.0 + (HEIGHT - 8.0) * (1.0 - scale.position(value) / 100.0)
}

/// Columns of two parts with the interval of the whole.
pub(in crate::report) fn columns(years: &[Column], scale: &Scale, name: impl Fn(f64) -> String) -> Markup {
    let marks = html! {
        @for (at, year) in years.iter().enumerate() {
            @let [left, middle, right] = place(at, years.len());
            @let [documented, imputed] = year.parts;
            @let (foot, first, top) = (y(scale, 0.0), y(scale, documented), y(scale, documented + imputed));
            rect .documented x=(percent_of(left)) width=(percent_of(right - left)) y=(px(first)) height=(px(foot - first)) {}
            rect .imputed x=(percent_of(left)) width=(percent_of(right - left)) y=(px(top)) height=(px(first - top)) {}
            (whisker(year.interval, middle, scale))
        }
    };
    framed(labels(years), scale, name, &marks)
}

/// Points joined by lines, with their intervals.
pub(in crate::report) fn points(years: &[Column], scale: &Scale, name: impl Fn(f64) -> String) -> Markup {
    let middle = |at: usize| place(at, years.len())[1];
    let marks = html! {
        @for (at, pair) in years.windows(2).enumerate() {
            line .trend x1=(percent_of(middle(at))) x2=(percent_of(middle(at + 1)))
                y1=(px(y(scale, pair[0].parts[0]))) y2=(px(y(scale, pair[1].parts[0]))) {}
        }
        @for (at, year) in years.iter().enumerate() {
            (whisker(year.interval, middle(at), scale))
            circle .full cx=(percent_of(middle(at))) cy=(px(y(scale, year.parts[0]))) r="5.5" {}
        }
    };
    framed(labels(years), scale, name, &marks)
}

/// The years with the middle of their columns.
fn labels(years: &[Column]) -> impl ExactSizeIterator<Item = (f64, &String)> {
    years.iter().enumerate().map(|(at, year)| (place(at, years.len())[1], &year.label))
}

/// Marks on a grid with its scale, and labels along the axis with their place in percent.
pub(super) fn framed<'l>(
    labels: impl ExactSizeIterator<Item = (f64, &'l String)>,
    scale: &Scale,
    name: impl Fn(f64) -> String,
    marks: &Markup,
) -> Markup {
    let (ticks, shown) = (scale.ticks(), labels.len());
    // On a narrow screen every second label is left out, counted from the last.
    let class = |nth: usize| if (shown - nth).is_multiple_of(2) { "tick every-other" } else { "tick" };
    html! {
        div .years {
            svg .scale width="100%" height=(px(HEIGHT + 26.0)) {
                @for tick in &ticks { text .tick x="100%" y=(px(y(scale, *tick) + 4.0)) text-anchor="end" { (name(*tick)) } }
            }
            svg .plot width="100%" height=(px(HEIGHT + 26.0)) {
                @for tick in &ticks { line .grid x1="0" x2="100%" y1=(px(y(scale, *tick))) y2=(px(y(scale, *tick))) {} }
                (marks)
                @for (nth, (at, label)) in labels.enumerate() {
                    text class=(class(nth)) x=(percent_of(at)) y=(px(HEIGHT + 20.0)) text-anchor="middle" { (label) }
                }
            }
        }
    }
}

/// A vertical interval.
pub(super) fn whisker(interval: Option<[f64; 2]>, at: f64, scale: &Scale) -> Markup {
    let Some([low, high]) = interval else { return html! {} };
    let (x, low, high) = (percent_of(at), px(y(scale, low)), px(y(scale, high)));
    html! {
        line .halo x1=(x) x2=(x) y1=(low) y2=(high) {}
        line .whisker x1=(x) x2=(x) y1=(low) y2=(high) {}
    }
}

/// A histogram: counts of bins, and words along the axis with their place in percent.
#[allow(clippy::cast_precision_loss)] // Counts of rows.
pub(in crate::report) fn bins(counts: &[usize], labels: &[(f64, &str)], band: [f64; 2]) -> Markup {
    let most = counts.iter().copied().max().unwrap_or(1).max(1) as f64;
    let width = 100.0 / counts.len().max(1) as f64;
    html! {
        svg .bins width="100%" height=(px(BINS_HEIGHT + 22.0)) {
            rect .band x=(percent_of(band[0])) width=(percent_of(band[1] - band[0])) y="0" height=(px(BINS_HEIGHT)) {}
            line .reference x1="50%" x2="50%" y1="0" y2=(px(BINS_HEIGHT)) {}
            @for (at, n) in counts.iter().enumerate().filter(|(_, n)| **n > 0) {
                @let height = (BINS_HEIGHT - 4.0) * *n as f64 / most;
                rect .documented x=(percent_of(width * (at as f64 + 0.06))) width=(percent_of(width * 0.88))
                    y=(px(BINS_HEIGHT - height)) height=(px(height)) {}
            }
            line .foot x1="0" x2="100%" y1=(px(BINS_HEIGHT)) y2=(px(BINS_HEIGHT)) {}
            @for (at, label) in labels { text .tick x=(percent_of(*at)) y=(px(BINS_HEIGHT + 16.0)) text-anchor=(anchor(*at)) { (label) } }
        }
    }
}

/// A length in pixels as SVG writes it.
pub(super) fn px(length: f64) -> String {
    format!("{length:.1}")
}
