//! Where a sentence ends.

use crate::evidence::quantity::tokens::{Kind, Token, text_before};
use crate::evidence::vocabulary;

/// Tokens of a sentence that are read together; a longer one is cut.
const MAX_SENTENCE: usize = 120;

/// Token behind the sentence that begins at a token.
#[must_use]
pub fn sentence_end(ts: &[Token<'_>], text: &str, from: usize) -> usize {
    let mut depth = 0_usize;
    for (i, t) in ts.iter().enumerate().skip(from) {
        match t.text.as_ref() {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        let next = ts.get(i + 1);
        let ends = t.kind == Kind::Sign
            && (t.is_any(&["。", "！", "？"])
                || (t.is_any(&[".", "!", "?"])
                    && next.is_none_or(|n| !n.glued)
                    && !(i > from
                        && !ends_with_a_unit(ts, i)
                        && vocabulary::prose().sentences.abbreviations.contains(&text_before(ts, i, 1)))));
        let gap = next.and_then(|n| text.get(t.to..n.from)).is_some_and(|between| between.len() > 1 && between.contains("\n\n"));
        let ends = ends && !(depth > 0 && closes(ts, text, i + 1));
        if ends || gap || i - from >= MAX_SENTENCE {
            return i + 1;
        }
    }
    ts.len()
}

/// Tokens behind a sign within brackets in which these close.
const BRACKET: usize = 40;

/// "(almost what one would need! it is also more than X saw)": whether a bracket that is open closes soon, in the same paragraph.
fn closes(ts: &[Token<'_>], text: &str, from: usize) -> bool {
    let next = (from..(from + BRACKET).min(ts.len())).find(|i| ts.get(*i).is_some_and(|t| t.is_any(&["(", ")"])));
    let paragraph =
        |to: &Token<'_>| ts.get(from).and_then(|t| text.get(t.from..to.from)).is_some_and(|between| !between.contains('\n'));
    next.and_then(|i| ts.get(i)).is_some_and(|t| t.is(")") && paragraph(t))
}

/// "It took 52h. If you use larger models": a unit that is glued to its number, and a capital behind the point, end a sentence.
fn ends_with_a_unit(ts: &[Token<'_>], point: usize) -> bool {
    let is_number = |at: usize| ts.get(at).is_some_and(|t| t.kind == Kind::Number);
    let unit = point.checked_sub(1).filter(|at| ts.get(*at).is_some_and(|t| t.kind == Kind::Word && t.glued));
    let next_begins = ts.get(point + 1).is_some_and(|t| t.kind == Kind::Word && t.upper && t.text.is_ascii());
    next_begins && unit.and_then(|at| at.checked_sub(1)).is_some_and(is_number)
}
