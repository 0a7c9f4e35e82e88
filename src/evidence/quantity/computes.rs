//! Training compute: FLOP, and FLOP per second times a time.

use super::tokens::{Kind, Token, text_at};
use super::units::hours_in;
use crate::evidence::vocabulary;
use crate::units::SECONDS_PER_HOUR;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// A unit of compute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ComputeUnit {
    /// FLOP in one of it.
    pub flop: f64,
    /// Token after it.
    pub to: usize,
    /// What it counts.
    pub kind: ComputeKind,
}

/// Whether a unit of compute counts operations or operations per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComputeKind {
    /// Operations.
    Amount,
    /// Operations per second.
    Rate,
    /// "FLOPS" and its like, which are written for both.
    Either,
}

/// FLOP in a unit of them, or FLOP/s in one of those.
#[must_use]
pub fn flop_unit(word: &str) -> Option<f64> {
    static FLOP: LazyLock<FxHashMap<&'static str, f64>> = LazyLock::new(|| {
        let words = &vocabulary::units().computes;
        vocabulary::by_word(&[
            (words.flop, 1.0),
            (words.teraflop, 1e12),
            (words.petaflop, 1e15),
            (words.exaflop, 1e18),
            (words.zettaflop, 1e21),
            (words.yottaflop, 1e24),
            (words.petaflop_per_second, 1e15),
            (words.exaflop_per_second, 1e18),
        ])
    });
    FLOP.get(word).copied()
}

/// The unit of compute that begins at a token: `FLOP`, `petaflop/s-days`, `pfs-days`, `TFLOP/s`.
#[must_use]
pub fn compute_unit(ts: &[Token<'_>], i: usize) -> Option<ComputeUnit> {
    let word = ts.get(i).filter(|t| t.kind == Kind::Word)?;
    let flop = flop_unit(&word.text)?;
    let computes = &vocabulary::units().computes;
    let is_second = |at: usize| matches!(text_at(ts, at), "s" | "sec" | "second");
    let slash = matches!(text_at(ts, i + 1), "/" | "per" | "p") && is_second(i + 2);
    let behind = if slash { i + 3 } else { i + 1 };
    // `-days`, ` days`, `·days`; a sign that only separates is followed by a time of its own.
    let at = behind + usize::from(matches!(text_at(ts, behind), "-" | "–" | "·" | "*" | "×" | "⋅"));
    let time = ts.get(at).filter(|t| t.kind == Kind::Word && (t.text.len() > 1 || at > behind)).and_then(|t| hours_in(&t.text));
    if let Some(hours) = time {
        return Some(ComputeUnit { flop: flop * hours * SECONDS_PER_HOUR, to: at + 1, kind: ComputeKind::Amount });
    }
    let is_rate = slash
        || matches!(text_at(ts, i + 1), "/" | "per")
        || word.is_any(&computes.petaflop_per_second)
        || word.is_any(&computes.exaflop_per_second);
    let kind = if is_rate {
        ComputeKind::Rate
    } else if word.text.ends_with('s') {
        ComputeKind::Either
    } else {
        ComputeKind::Amount
    };
    Some(ComputeUnit { flop, to: behind, kind })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::quantity::numbers::first_quantity;
    use crate::evidence::quantity::tokens::lex;

    #[test]
    fn operations_per_second_times_a_time_are_operations() {
        for (text, flop) in [
            ("3,640 petaflop/s-days", 3640.0 * 8.64e19),
            ("0.96 petaflop days", 0.96 * 8.64e19),
            ("= .96 pfs-days", 0.96 * 8.64e19),
            ("1,830 PF-days", 1830.0 * 8.64e19),
            ("2.5 exaFLOP-days", 2.5 * 8.64e22),
            ("7 petaFLOP/s days", 7.0 * 8.64e19),
            ("12 PFLOPs-days", 12.0 * 8.64e19),
            ("40 exaflop/s-hours", 40.0 * 3.6e21),
            ("3.28e22 FLOP", 3.28e22),
        ] {
            let ts = lex(text);
            let got = first_quantity(&ts).and_then(|q| compute_unit(&ts, q.to).map(|u| (q.value * u.flop, u.kind)));
            let close = got.is_some_and(|(v, kind)| (v / flop - 1.0).abs() < 1e-9 && kind == ComputeKind::Amount);
            assert!(close, "{text}: {got:?}");
        }
    }

    #[test]
    fn operations_per_second_are_a_rate() {
        for text in ["12 TFLOPS/GPU", "312 teraflop/s", "2 PF", "1.1 exaflop per second", "900 TFLOP/s for 3 days"] {
            let ts = lex(text);
            let kind = first_quantity(&ts).and_then(|q| compute_unit(&ts, q.to)).map(|u| u.kind);
            assert_eq!(kind, Some(ComputeKind::Rate), "{text}");
        }
        assert_eq!(compute_unit(&lex("FLOPS"), 0).map(|u| u.kind), Some(ComputeKind::Either));
    }
}
