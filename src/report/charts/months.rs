//! A chart of months on a logarithmic axis: points with their intervals, and the line of a trend.

use super::scale::{Scale, percent_of};
use super::years::{framed, px, whisker, y};
use maud::{Markup, html};

/// A month with its figures.
pub(in crate::report) struct MonthMark {
    /// Months since the first one shown.
    pub(in crate::report) at: f64,
    /// Central value.
    pub(in crate::report) value: f64,
    /// Interval.
    pub(in crate::report) interval: [f64; 2],
    /// Whether the trend is fitted on it; else it is drawn hollow.
    pub(in crate::report) is_fitted: bool,
}

/// Months over `span` months; `line` is the trend from place to place with its values; `names` are words along the axis.
pub(in crate::report) fn months(
    marks: &[MonthMark],
    span: f64,
    line: Option<[(f64, f64); 2]>,
    names: &[(f64, String)],
    scale: &Scale,
    name: impl Fn(f64) -> String,
) -> Markup {
    let x = |at: f64| (at + 0.5) / span.max(1.0) * 100.0;
    let drawn = html! {
        @for mark in marks { (whisker(Some(mark.interval), x(mark.at), scale)) }
        @if let Some([from, to]) = line {
            line .reference x1=(percent_of(x(from.0))) x2=(percent_of(x(to.0))) y1=(px(y(scale, from.1))) y2=(px(y(scale, to.1))) {}
        }
        @for mark in marks {
            circle .(if mark.is_fitted { "full" } else { "hollow" }) cx=(percent_of(x(mark.at))) cy=(px(y(scale, mark.value))) r="4" {}
        }
    };
    framed(names.iter().map(|(at, name)| (x(*at), name)), scale, name, &drawn)
}
