//! Which labels of an axis have room: a page does not know how wide it will be drawn, so a label is shown from the width on at which it
//! touches no other.

use super::rows::anchor;

/// Width of a character of a label in pixels: 12 px type, whose digits and letters are at most 0.62 of it in the fonts of the page.
const CHARACTER_PX: f64 = 7.5;
/// Least room between two labels in pixels.
const GAP_PX: f64 = 8.0;
/// Widths of an axis in pixels, with the class of a label that has room from there on. The first is the least that an axis gets; the style
/// has the others.
const WIDTHS: [(f64, &str); 3] = [(128.0, "tick"), (240.0, "tick from-240"), (360.0, "tick from-360")];

/// Left and right end of a label in pixels, on an axis of that width.
fn ends(at: f64, label: &str, width: f64) -> [f64; 2] {
    #[allow(clippy::cast_precision_loss)] // Some dozen characters.
    let length = label.chars().count() as f64 * CHARACTER_PX;
    let x = at / 100.0 * width;
    match anchor(at) {
        "start" => [x, x + length],
        "end" => [x - length, x],
        _ => [x - length / 2.0, x + length / 2.0],
    }
}

/// Rank of a label: powers of ten go before others, the ends of the axis before its middle.
fn rank(at: usize, n: usize, label: &str) -> (bool, bool) {
    let digits = label.chars().filter(char::is_ascii_digit).collect::<String>();
    let is_round = matches!(digits.trim_matches('0'), "" | "1");
    (!is_round, at > 0 && at + 1 < n)
}

/// The class of each label, by the least width of the axis at which it has room; none for one that never has. Places are in percent of the
/// axis, in order.
pub(super) fn thinned(labels: &[(f64, String)]) -> Vec<Option<&'static str>> {
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by_key(|at| rank(*at, labels.len(), &labels[*at].1));
    let mut classes: Vec<Option<&'static str>> = vec![None; labels.len()];
    for (width, class) in WIDTHS {
        for at in &order {
            if classes[*at].is_some() {
                continue;
            }
            let own = ends(labels[*at].0, &labels[*at].1, width);
            let mut shown = (0..labels.len()).filter(|other| classes[*other].is_some());
            let has_room = |other: usize| {
                let theirs = ends(labels[other].0, &labels[other].1, width);
                own[1] + GAP_PX <= theirs[0] || theirs[1] + GAP_PX <= own[0]
            };
            if shown.all(has_room) {
                classes[*at] = Some(class);
            }
        }
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::super::Scale;
    use super::*;
    use crate::report::numbers::{cubic_metres_tick, mass_tick, percent, tick};

    /// "10,000 t20,000 t" at 1280 pixels, and seven such pairs at 390.
    #[test]
    fn labels_of_an_axis_do_not_touch() {
        let of = |scale: &Scale, name: fn(f64) -> String| -> Vec<(f64, String)> {
            scale.ticks().into_iter().map(|t| (scale.position(t), name(t))).collect()
        };
        let axes = [
            of(&Scale::log([5.1e6, 1.9e8]), mass_tick),
            of(&Scale::log([2.0e6, 4.8e8]), mass_tick),
            of(&Scale::log([3.0, 7.0e9]), mass_tick),
            of(&Scale::log([1e5, 9e12]), cubic_metres_tick),
            of(&Scale::log([0.34, 8.0]), tick),
            of(&Scale::linear([2.318e8]), mass_tick),
            of(&Scale::linear([2.5e9]), mass_tick),
            of(&Scale::Linear { max: 1.0, step: 0.25 }, percent),
        ];
        for labels in axes {
            let classes = thinned(&labels);
            for (level, (width, _)) in WIDTHS.iter().enumerate() {
                let seen = WIDTHS.map(|(_, class)| class);
                let shown = labels.iter().zip(&classes).filter(|(_, class)| class.is_some_and(|c| seen[..=level].contains(&c)));
                let shown: Vec<[f64; 2]> = shown.map(|((at, label), _)| ends(*at, label, *width)).collect();
                assert!(shown.len() > 1, "{labels:?} at {width}: an axis needs two labels");
                for pair in shown.windows(2) {
                    assert!(pair[0][1] + GAP_PX <= pair[1][0], "{labels:?} at {width}: {pair:?}");
                }
            }
        }
    }
}
