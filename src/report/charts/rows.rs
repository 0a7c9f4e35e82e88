//! Charts of rows: a label, a mark on an axis, a value.

use super::labels::thinned;
use super::scale::{Scale, percent_of};
use maud::{Markup, html};

/// Height of a row in pixels.
const HEIGHT: u32 = 36;
/// Middle of a row.
const MIDDLE: u32 = HEIGHT / 2;

/// What stands on the axis.
pub(in crate::report) enum Mark {
    /// A bar of two parts from zero, documented and imputed, with the interval of the whole.
    Parts {
        /// Lengths.
        parts: [f64; 2],
        /// Interval.
        interval: Option<[f64; 2]>,
    },
    /// A point with its interval.
    Point {
        /// Where.
        value: f64,
        /// Interval.
        interval: Option<[f64; 2]>,
        /// Whether it is imputed, and drawn hollow.
        is_imputed: bool,
    },
    /// What a cause adds, full, or takes away, empty.
    Step {
        /// Where it begins.
        from: f64,
        /// Where it ends.
        to: f64,
    },
    /// A bar between two values.
    Span {
        /// Ends.
        ends: [f64; 2],
    },
}

/// A row of a chart.
pub(in crate::report) struct Row {
    /// What it is.
    pub(in crate::report) label: String,
    /// Its figure, as text.
    pub(in crate::report) value: String,
    /// A second figure in small type.
    pub(in crate::report) more: String,
    /// On the axis.
    pub(in crate::report) mark: Mark,
}

/// Rows over a common axis; `name` writes a tick; `reference` is a value with a line of its own.
pub(in crate::report) fn axis_rows(rows: &[Row], scale: &Scale, reference: Option<f64>, name: impl Fn(f64) -> String) -> Markup {
    let ticks = scale.ticks();
    let labels: Vec<(f64, String)> = ticks.iter().map(|tick| (scale.position(*tick), name(*tick))).collect();
    html! {
        div .rows {
            @for row in rows {
                div .row {
                    span .label { bdi { (row.label) } }
                    svg .mark width="100%" height=(HEIGHT) { (grid(scale, &ticks, reference)) (mark(&row.mark, scale)) }
                    span .value { (row.value) @if !row.more.is_empty() { " " span .more { (row.more) } } }
                }
            }
            div .row .axis {
                span .label {}
                span .across {
                    svg .mark width="100%" height="20" {
                        @for ((at, label), class) in labels.iter().zip(thinned(&labels)) {
                            @if let Some(class) = class {
                                text class=(class) x=(percent_of(*at)) y="14" text-anchor=(anchor(*at)) { (label) }
                            }
                        }
                    }
                }
                span .value {}
            }
        }
    }
}

/// Words at the ends of an axis stay inside it.
pub(super) fn anchor(position: f64) -> &'static str {
    match position {
        p if p < 4.0 => "start",
        p if p > 94.0 => "end",
        _ => "middle",
    }
}

fn grid(scale: &Scale, ticks: &[f64], reference: Option<f64>) -> Markup {
    html! {
        @for tick in ticks {
            @let x = percent_of(scale.position(*tick));
            line .grid x1=(x) x2=(x) y1="0" y2=(HEIGHT) {}
        }
        @if let Some(value) = reference {
            @let x = percent_of(scale.position(value));
            line .reference x1=(x) x2=(x) y1="0" y2=(HEIGHT) {}
        }
    }
}

fn mark(mark: &Mark, scale: &Scale) -> Markup {
    match mark {
        Mark::Parts { parts: [documented, imputed], interval } => {
            let (first, second) = (scale.position(*documented), scale.position(documented + imputed));
            html! {
                rect .documented x="0" width=(percent_of(first)) y="10" height="16" {}
                rect .imputed x=(percent_of(first)) width=(percent_of(second - first)) y="10" height="16" {}
                (whisker(*interval, scale))
            }
        }
        Mark::Point { value, interval, is_imputed } => html! {
            (whisker(*interval, scale))
            circle .(if *is_imputed { "hollow" } else { "full" }) cx=(percent_of(scale.position(*value))) cy=(MIDDLE) r="6" {}
        },
        Mark::Step { from, to } => {
            let (low, high) = (scale.position(from.min(*to)), scale.position(from.max(*to)));
            let class = if to >= from { "step-up" } else { "step-down" };
            html! { rect class=(class) x=(percent_of(low)) width=(percent_of((high - low).max(0.4))) y="11" height="14" {} }
        }
        Mark::Span { ends: [low, high] } => {
            let (from, to) = (scale.position(low.min(*high)), scale.position(low.max(*high)));
            html! { rect .documented x=(percent_of(from)) width=(percent_of((to - from).max(0.4))) y="11" height="14" {} }
        }
    }
}

fn whisker(interval: Option<[f64; 2]>, scale: &Scale) -> Markup {
    let Some([low, high]) = interval else { return html! {} };
    let (low, high) = (percent_of(scale.position(low)), percent_of(scale.position(high)));
    html! {
        line .halo x1=(low) x2=(high) y1=(MIDDLE) y2=(MIDDLE) {}
        line .whisker x1=(low) x2=(high) y1=(MIDDLE) y2=(MIDDLE) {}
        line .whisker x1=(low) x2=(low) y1=(MIDDLE - 4) y2=(MIDDLE + 4) {}
        line .whisker x1=(high) x2=(high) y1=(MIDDLE - 4) y2=(MIDDLE + 4) {}
    }
}
